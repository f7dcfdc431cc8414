/*
 * What will be due, day by day, and how steadily somebody learned: from counts to figures. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FORECAST_DAYS_MAX = 366 };

typedef struct Forecast {
        int32_t today;
        uint32_t days;                   /* length of due[], 1 .. FORECAST_DAYS_MAX */
        uint32_t due[FORECAST_DAYS_MAX]; /* [0] is today, what is overdue included */
        uint32_t overdue;                /* due before today */
        uint32_t later;                  /* due after the last of these days */
        uint64_t total;
} Forecast;

/* `days` is forced into 1 .. FORECAST_DAYS_MAX. */
void forecast_init(Forecast *f, int32_t today, uint32_t days);

/* `n` cards are due on a day. Counts stay at their largest value when they would overflow. */
void forecast_add(Forecast *f, int32_t due_day, uint32_t n);

/*
 * Days on which something was reviewed, in descending order without repetition. A run of days
 * counts up to today, or to yesterday while today has none yet.
 */
typedef struct Steadiness {
        uint32_t days_active; /* of those looked at */
        uint32_t current_run; /* days in a row up to now */
        uint32_t longest_run; /* of those looked at */
} Steadiness;

void forecast_steadiness(const int32_t *days, size_t n, int32_t today, Steadiness *ret);
