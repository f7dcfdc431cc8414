/*
 * Figures about the collection and the learner's reviews. Numbers only; words are the client's.
 *
 * Days are learner's days, as recorded with each review. Reviews that were undone do not count.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/forecast.h"
#include "core/types.h"
#include "store/store.h"

/* `deck` 0 means all; else that deck and those below it. */
enum { STATS_ALL_DECKS = 0, STATS_DAYS_MAX = 3660 };

typedef struct StatsDay {
        int32_t day;
        uint32_t reviews;
        uint32_t grades[GRADE_COUNT]; /* [grade - 1] */
        uint64_t took_ms;
        uint32_t cards; /* different cards */
        /* True retention: the first review a day of each card that was in REVIEW before it. */
        uint32_t retention_asked;
        uint32_t retention_passed; /* not Again */
} StatsDay;

typedef struct StatsReviews {
        StatsDay *days; /* oldest first, today last; days without reviews are there, with zeros */
        size_t n_days;
        StatsDay total;           /* of those days; `cards` is the sum over days */
        double desired_retention; /* of the presets in use, weighted by review cards; 0: no cards */
        Steadiness steadiness;
} StatsReviews;

/* The last n_days days up to `today` (1 .. STATS_DAYS_MAX). */
int stats_reviews(Store *store, int64_t deck, int32_t today, uint32_t n_days, StatsReviews *ret);
void stats_reviews_done(StatsReviews *stats);

typedef struct StatsCards {
        uint64_t total; /* cards of notes that are there */
        uint64_t fresh; /* NEW */
        uint64_t learning;
        uint64_t young;  /* REVIEW, interval below 21 days */
        uint64_t mature; /* REVIEW, 21 days and more */
        uint64_t relearning;
        uint64_t suspended; /* these and the buried are counted under their state as well */
        uint64_t buried;
        double stability_median; /* of REVIEW cards; 0 when there is none */
} StatsCards;

int stats_cards(Store *store, int64_t deck, int32_t today, StatsCards *ret);

/* Cards due on each of the next days; learning cards are due today or on their day. */
int stats_forecast(Store *store, int64_t deck, const Moment *now, uint32_t n_days, Forecast *ret);

typedef struct StatsDeck {
        int64_t deck;
        uint32_t reviews, again;
        uint64_t took_ms;
        uint32_t retention_asked, retention_passed;
} StatsDeck;

/* Reviews since `first_day` by the deck the card is in now, subdecks apart; by deck number. Caller frees. */
int stats_by_deck(Store *store, int32_t first_day, StatsDeck **ret, size_t *ret_n);
