/*
 * The review log, read-only. For statistics over many rows go through review_each().
 */
#pragma once

#include "core/schedule.h"
#include "store/store.h"

/* How a review came about. Stored: never renumber. */
typedef enum ReviewMode {
        REVIEW_MODE_ASKED = 0, /* in its turn */
        REVIEW_MODE_AHEAD = 1, /* before it was due, on request */
        REVIEW_MODE_IMPORTED = 2,
} ReviewMode;

typedef struct Review {
        int64_t card;
        int64_t at_ms; /* with clock fixes */
        int tz_min;
        int day_starts_min;
        Grade grade;
        uint32_t took_ms; /* 0: unknown */
        ReviewMode mode;
        CardState was;   /* state of the card that was asked, as its writer saw it */
        Outcome outcome; /* as its writer promised */
        bool undone;
} Review;

/*
 * Calls f for each review that counts with since_ms <= at < until_ms, by time. f returns 0 to go on;
 * anything else ends it and is returned.
 */
int review_each(Store *store, int64_t since_ms, int64_t until_ms,
                int (*f)(const Review *review, void *userdata), void *userdata);

/* Reviews that count since the learner's day began. */
int review_count_today(Store *store, const When *when, uint32_t *ret);

/* Instant of the newest review that counts, 0 = none. */
int review_last(Store *store, int64_t *ret_ms);
