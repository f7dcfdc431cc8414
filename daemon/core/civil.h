/*
 * Dates, weekdays, and the instant of a wall time. Proleptic Gregorian, days since 1970-01-01.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/zone.h"

typedef struct CivilDate {
        int32_t year; /* -9999 .. 9999 where it comes from text */
        int month;    /* 1 .. 12 */
        int mday;     /* 1 .. 31 */
} CivilDate;

bool civil_leap_year(int32_t year);
int civil_days_in_month(int32_t year, int month);
bool civil_valid(const CivilDate *date);

/* `date` need not be valid in mday: 0 and 32 March are 29 February or 28 February, and 1 April. */
int32_t civil_to_day(const CivilDate *date);
CivilDate civil_from_day(int32_t day);

/* 1 = Monday .. 7 = Sunday (ISO 8601). */
int civil_weekday(int32_t day);

/* ISO 8601 week: 1 .. 53, and the year it belongs to. */
int civil_iso_week(int32_t day, int32_t *ret_year);

typedef enum CivilResolution {
        CIVIL_PLAIN = 0,
        CIVIL_SHIFTED = 1,  /* the wall time does not exist; the instant is later by the gap */
        CIVIL_REPEATED = 2, /* the wall time comes twice; the instant is the first */
} CivilResolution;

/*
 * The instant (seconds UTC) at which wall clocks in `zone` show `seconds` after midnight of `day`;
 * seconds may be outside a day. RFC 5545 3.3.5: a repeated time is the first of the two, a time in a gap is
 * read with the offset before it. `ret_how` may be NULL.
 */
int64_t civil_resolve(const Zone *zone, int32_t day, int32_t seconds, CivilResolution *ret_how);

/* What clocks in `zone` show at an instant: day number, and seconds after midnight. */
void civil_local(const Zone *zone, int64_t at_s, int32_t *ret_day, int32_t *ret_seconds);
