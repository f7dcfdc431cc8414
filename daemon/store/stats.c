/*
 * Reviews are read in one pass over an index that holds all that is asked of them (review_at),
 * and counted here: grouping a million rows in SQL takes three times as long.
 */
#include "store/stats.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/card.h"
#include "store/deck.h"
#include "store/preset.h"
#include "store/stmt.h"
#include "util/text.h"
#include "util/usec.h"

enum {
        MATURE_DAYS = 21,
        CARDS_MAX = 1 << 28, /* beyond it an array by card number would not be reasonable */
};

/* ---- decks ---- */

/* The numbers of a deck and those below it, as a JSON array; "" for all decks. */
static int deck_numbers(Store *store, int64_t deck, char **ret) {
        _cleanup_(textbuf_done) TextBuf list = {};
        const Deck *decks;
        size_t n;
        int r;

        if (deck != STATS_ALL_DECKS) {
                r = deck_list(store, &decks, &n);
                if (r != 0)
                        return r;

                textbuf_addf(&list, "[%lld", (long long) deck);
                for (size_t i = 0; i < n; i++)
                        if (decks[i].id != deck && deck_is_below(store, decks[i].id, deck))
                                textbuf_addf(&list, ",%lld", (long long) decks[i].id);
                textbuf_addc(&list, ']');
        }
        return textbuf_take(&list, ret);
}

/* ?N is the JSON array of deck_numbers(). */
#define IN_DECKS(n)                                                                                \
        "(?" #n " = '' OR deck IN (SELECT value FROM json_each(iif(?" #n " = '', '[]', ?" #n "))))"

enum {
        SQL_MAX_CARD,
        SQL_CARDS_OF,
        SQL_CARD_DECKS,
        SQL_REVIEWS,
        SQL_REVIEW_CARDS,
        SQL_CARDS,
        SQL_TALLY,
        SQL_WAITING,
};
static const Sql sql[] = {
        [SQL_MAX_CARD] = { "SELECT max(id) FROM card" },
        [SQL_CARDS_OF] = { "SELECT id FROM card INDEXED BY card_deck WHERE deck IN"
                           " (SELECT value FROM json_each(?))" },
        [SQL_CARD_DECKS] = { "SELECT id, deck FROM card INDEXED BY card_deck" },
        [SQL_REVIEWS] = { "SELECT card, at_ms, tz_min, day_starts_min, grade, took_ms, was, undone"
                          " FROM review INDEXED BY review_at WHERE at_ms >= ? ORDER BY at_ms" },
        [SQL_REVIEW_CARDS] = { "SELECT deck, sum(n) FROM tally WHERE queue = 3 AND " IN_DECKS(
                1) " GROUP BY deck" },
        [SQL_CARDS] = { "SELECT state, interval, suspended, buried_day, stability FROM card"
                        " WHERE queue <> 0 AND " IN_DECKS(1) },
        [SQL_TALLY] = { "SELECT day, sum(n) FROM tally WHERE queue = 3 AND " IN_DECKS(
                1) " GROUP BY day" },
        /* The few that are not counted by the day they are due. */
        [SQL_WAITING] = { "SELECT due_day, due_ms, buried_day FROM card WHERE queue IN (2, 5) AND"
                          " state <> 0 AND " IN_DECKS(1) },
};

/* ---- reviews ---- */

typedef struct Review {
        int64_t card;
        int32_t day;
        int grade;
        uint32_t took_ms;
        CardState was;
        bool first_today; /* of this card */
} Review;

/* Reads reviews day by day in order of time. `last` is a value by card: the day it was seen last. */
typedef struct Reader {
        Store *store;
        sqlite3_stmt *st;
        int32_t *last;
        int64_t n_last;
        int32_t first_day, today;
} Reader;

#define NOT_WANTED INT32_MAX /* in Reader.last: the card is in another deck */

static void reader_done(Reader *r) {
        stmt_resetp(&r->st);
        free(r->last);
}

static int reader_init(Reader *reader, Store *store, int64_t deck, int32_t first_day,
                       int32_t today) {
        _cleanup_free_ char *decks = NULL;
        int64_t max_card;
        int r;

        *reader = (Reader){ .store = store, .first_day = first_day, .today = today };

        r = stmt_int(store, &sql[SQL_MAX_CARD], 0, &max_card, "");
        if (r < 0)
                return r;
        if (max_card < 0 || max_card >= CARDS_MAX)
                return -EFBIG;

        reader->n_last = max_card + 1;
        reader->last = malloc((size_t) reader->n_last * sizeof(*reader->last));
        if (!reader->last)
                return -ENOMEM;

        for (int64_t i = 0; i < reader->n_last; i++)
                reader->last[i] = deck == STATS_ALL_DECKS ? CARD_NO_DAY : NOT_WANTED;

        if (deck != STATS_ALL_DECKS) {
                _cleanup_stmt_ sqlite3_stmt *st = NULL;

                r = deck_numbers(store, deck, &decks);
                if (r != 0)
                        return r;

                r = stmt_query(store, &sql[SQL_CARDS_OF], &st, "t", decks);
                if (r < 0)
                        return r;

                while ((r = stmt_step(store, st)) > 0) {
                        int64_t card = sqlite3_column_int64(st, 0);

                        if (card > 0 && card < reader->n_last)
                                reader->last[card] = CARD_NO_DAY;
                }
                if (r < 0)
                        return r;
        }

        /* A day of slack for offsets from UTC and the beginning of the day. */
        return stmt_query(store, &sql[SQL_REVIEWS], &reader->st, "i",
                          ((int64_t) first_day - 2) * MSEC_PER_DAY);
}

/* 1: a review of these days; 0: no more. */
static int reader_next(Reader *reader, Review *ret) {
        int r;

        while ((r = stmt_step(reader->store, reader->st)) > 0) {
                sqlite3_stmt *st = reader->st;
                int64_t card = sqlite3_column_int64(st, 0), local;

                if (sqlite3_column_int(st, 7) != 0 || card <= 0 || card >= reader->n_last ||
                    reader->last[card] == NOT_WANTED)
                        continue;

                /* day_of_review(), here since it is asked a million times. */
                local = sqlite3_column_int64(st, 1) +
                        (sqlite3_column_int64(st, 2) - sqlite3_column_int64(st, 3)) * MSEC_PER_MIN;
                *ret = (Review){
                        .card = card,
                        .day = (int32_t) (local / MSEC_PER_DAY - (local % MSEC_PER_DAY < 0)),
                        .grade = sqlite3_column_int(st, 4),
                        .took_ms = (uint32_t) sqlite3_column_int64(st, 5),
                        .was = (CardState) sqlite3_column_int(st, 6),
                };
                if (ret->day < reader->first_day || ret->day > reader->today ||
                    !grade_valid(ret->grade))
                        continue;

                ret->first_today = reader->last[card] != ret->day;
                reader->last[card] = ret->day;
                return 1;
        }
        return r;
}

void stats_reviews_done(StatsReviews *stats) {
        free(stats->days);
        *stats = (StatsReviews){};
}

static void count(StatsDay *day, const Review *review) {
        day->reviews++;
        day->grades[review->grade - 1]++;
        day->took_ms += review->took_ms;
        day->cards += review->first_today;
        if (review->first_today && review->was == CARD_REVIEW) {
                day->retention_asked++;
                day->retention_passed += review->grade != GRADE_AGAIN;
        }
}

static void add_day(StatsDay *total, const StatsDay *day) {
        total->reviews += day->reviews;
        for (size_t g = 0; g < GRADE_COUNT; g++)
                total->grades[g] += day->grades[g];
        total->took_ms += day->took_ms;
        total->cards += day->cards;
        total->retention_asked += day->retention_asked;
        total->retention_passed += day->retention_passed;
}

static int steadiness(StatsReviews *stats, int32_t today) {
        _cleanup_free_ int32_t *days = calloc(stats->n_days + 1, sizeof(*days));
        size_t n = 0;

        if (!days)
                return -ENOMEM;

        for (size_t i = stats->n_days; i > 0; i--)
                if (stats->days[i - 1].reviews > 0)
                        days[n++] = stats->days[i - 1].day;
        forecast_steadiness(days, n, today, &stats->steadiness);
        return 0;
}

/* Mean over REVIEW cards of what their decks' presets aim at. */
static int desired_retention(Store *store, int64_t deck, double *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ char *decks = NULL;
        double sum = 0, cards = 0;
        int r;

        r = deck_numbers(store, deck, &decks);
        if (r != 0)
                return r;

        r = stmt_query(store, &sql[SQL_REVIEW_CARDS], &st, "t", decks);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                const PresetRow *preset;
                double n = sqlite3_column_double(st, 1);

                r = preset_of_deck(store, sqlite3_column_int64(st, 0), &preset);
                if (r != 0)
                        return r;

                sum += n * preset->preset.desired_retention;
                cards += n;
        }
        if (r < 0)
                return r;

        *ret = cards > 0 ? sum / cards : 0;
        return 0;
}

int stats_reviews(Store *store, int64_t deck, int32_t today, uint32_t n_days, StatsReviews *ret) {
        _cleanup_(stats_reviews_done) StatsReviews stats = {};
        _cleanup_(reader_done) Reader reader = {};
        Review review;
        int r;

        assert(store);
        assert(ret);

        if (n_days < 1)
                n_days = 1;
        if (n_days > STATS_DAYS_MAX)
                n_days = STATS_DAYS_MAX;

        stats.days = calloc(n_days, sizeof(*stats.days));
        if (!stats.days)
                return -ENOMEM;

        stats.n_days = n_days;
        for (uint32_t i = 0; i < n_days; i++)
                stats.days[i].day = (int32_t) (today - (int64_t) n_days + 1 + i);

        r = reader_init(&reader, store, deck, stats.days[0].day, today);
        if (r != 0)
                return r;

        while ((r = reader_next(&reader, &review)) > 0)
                count(&stats.days[review.day - stats.days[0].day], &review);
        if (r < 0)
                return r;

        stats.total.day = today;
        for (uint32_t i = 0; i < n_days; i++)
                add_day(&stats.total, &stats.days[i]);

        r = steadiness(&stats, today);
        if (r < 0)
                return r;

        r = desired_retention(store, deck, &stats.desired_retention);
        if (r != 0)
                return r;

        *ret = stats;
        stats = (StatsReviews){};
        return 0;
}

int stats_by_deck(Store *store, int32_t first_day, StatsDeck **ret, size_t *ret_n) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_(reader_done) Reader reader = {};
        _cleanup_free_ StatsDeck *rows = NULL;
        _cleanup_free_ int32_t *place = NULL; /* by card: its deck's place in rows */
        size_t n = 0, cap = 0;
        Review review;
        int r;

        assert(store);
        assert(ret);
        assert(ret_n);

        r = reader_init(&reader, store, STATS_ALL_DECKS, first_day, INT32_MAX);
        if (r != 0)
                return r;

        place = calloc((size_t) reader.n_last, sizeof(*place));
        if (!place)
                return -ENOMEM;

        /* In order of the index: deck by deck. */
        r = stmt_query(store, &sql[SQL_CARD_DECKS], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                int64_t card = sqlite3_column_int64(st, 0), deck = sqlite3_column_int64(st, 1);

                if (n == 0 || rows[n - 1].deck != deck) {
                        if (n == cap) {
                                StatsDeck *more;

                                cap = cap ? 2 * cap : 16;
                                more = reallocarray(rows, cap, sizeof(*more));
                                if (!more)
                                        return -ENOMEM;
                                rows = more;
                        }
                        rows[n++] = (StatsDeck){ .deck = deck };
                }
                if (card > 0 && card < reader.n_last)
                        place[card] = (int32_t) n;
        }
        if (r < 0)
                return r;

        while ((r = reader_next(&reader, &review)) > 0) {
                StatsDeck *row;

                if (place[review.card] == 0)
                        continue;

                row = &rows[place[review.card] - 1];
                row->reviews++;
                row->again += review.grade == GRADE_AGAIN;
                row->took_ms += review.took_ms;
                if (review.first_today && review.was == CARD_REVIEW) {
                        row->retention_asked++;
                        row->retention_passed += review.grade != GRADE_AGAIN;
                }
        }
        if (r < 0)
                return r;

        /* Decks nothing was reviewed in are left out. */
        cap = n;
        n = 0;
        for (size_t i = 0; i < cap; i++)
                if (rows[i].reviews > 0)
                        rows[n++] = rows[i];

        *ret = TAKE_PTR(rows);
        *ret_n = n;
        return 0;
}

/* ---- cards ---- */

/* The k-th smallest; puts the values in another order. Hoare's selection. */
static double select_kth(double *values, size_t n, size_t k) {
        size_t low = 0, high = n - 1;

        while (low < high) {
                double pivot = values[low + (high - low) / 2];
                size_t i = low, j = high;

                for (;;) {
                        while (values[i] < pivot)
                                i++;
                        while (values[j] > pivot)
                                j--;
                        if (i >= j)
                                break;

                        double swap = values[i];

                        values[i++] = values[j];
                        values[j--] = swap;
                }
                if (k <= j)
                        high = j;
                else
                        low = j + 1;
        }
        return values[k];
}

int stats_cards(Store *store, int64_t deck, int32_t today, StatsCards *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ double *stabilities = NULL;
        _cleanup_free_ char *decks = NULL;
        StatsCards stats = {};
        size_t n = 0, cap = 0;
        int r;

        assert(store);
        assert(ret);

        r = deck_numbers(store, deck, &decks);
        if (r != 0)
                return r;

        r = stmt_query(store, &sql[SQL_CARDS], &st, "t", decks);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                bool mature = sqlite3_column_int64(st, 1) >= MATURE_DAYS;

                stats.total++;
                stats.suspended += sqlite3_column_int(st, 2) != 0;
                stats.buried += stmt_int_or(st, 3, CARD_NO_DAY) > today;
                switch ((CardState) sqlite3_column_int(st, 0)) {
                case CARD_NEW:
                        stats.fresh++;
                        continue;
                case CARD_LEARNING:
                        stats.learning++;
                        continue;
                case CARD_RELEARNING:
                        stats.relearning++;
                        continue;
                case CARD_REVIEW:
                        break;
                }
                stats.mature += mature;
                stats.young += !mature;

                if (n == cap) {
                        double *more;

                        cap = cap ? 2 * cap : 1024;
                        more = reallocarray(stabilities, cap, sizeof(*more));
                        if (!more)
                                return -ENOMEM;
                        stabilities = more;
                }
                stabilities[n++] = sqlite3_column_double(st, 4);
        }
        if (r < 0)
                return r;

        if (n > 0)
                stats.stability_median = select_kth(stabilities, n, (n - 1) / 2);
        *ret = stats;
        return 0;
}

int stats_forecast(Store *store, int64_t deck, const Moment *now, uint32_t n_days, Forecast *ret) {
        _cleanup_stmt_ sqlite3_stmt *reviews = NULL, *others = NULL;
        _cleanup_free_ char *decks = NULL;
        int r;

        assert(store);
        assert(now);
        assert(ret);

        forecast_init(ret, now->day, n_days);

        r = deck_numbers(store, deck, &decks);
        if (r != 0)
                return r;

        r = stmt_query(store, &sql[SQL_TALLY], &reviews, "t", decks);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, reviews)) > 0)
                forecast_add(ret, sqlite3_column_int(reviews, 0),
                             (uint32_t) sqlite3_column_int64(reviews, 1));
        if (r < 0)
                return r;

        r = stmt_query(store, &sql[SQL_WAITING], &others, "t", decks);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, others)) > 0) {
                int64_t day = stmt_int_or(others, 0, now->day);
                int64_t due_ms = stmt_int_or(others, 1, 0);
                int64_t buried_day = stmt_int_or(others, 2, CARD_NO_DAY);

                /* A step is never longer than the day it began in, but "today" may be over by then. */
                if (due_ms >= now->next_day_ms)
                        day = now->day + 1;
                forecast_add(ret, (int32_t) (day > buried_day ? day : buried_day), 1);
        }
        return r;
}
