#include "store/stats.h"

#include "tests/store/sample.h"

static void review(Sample *s, int64_t card, int64_t at_ms, int grade, int was, int64_t took_ms,
                   int undone) {
        static int seq;
        _cleanup_free_ char *sql = NULL;

        sql = text_format(
                "INSERT OR IGNORE INTO writer (id, name) VALUES (9, 'w');"
                "INSERT INTO review (card, at_ms, writer, seq, hash, hlc, tz_min, day_starts_min,"
                " grade, took_ms, mode, was, n, state, step, interval, undone) VALUES (%lld, %lld,"
                " 9, %d, 0, 0, 60, 240, %d, %lld, 0, %d, 0, 2, 0, 1, %d)",
                (long long) card, (long long) at_ms, ++seq, grade, (long long) took_ms, was,
                undone);
        sample_sql(s, sql);
}

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

/* Days begin at 04:00, one hour east of UTC: at 03:00 UTC, 9 hours before NOW_MS. */
static Sample collection(void) {
        Sample s = sample_new();

        sample_sql(&s, "INSERT INTO deck (id, uuid, known, name, parent, preset) VALUES"
                       " (2, randomblob(16), 1, 'A', NULL, 1), (3, randomblob(16), 1, 'B', 2, 1)");
        for (int64_t i = 1; i <= 4; i++)
                sample_note(&s, i, i == 4 ? 1 : i <= 2 ? 2 : 3, "x", "");

        /* Today: card 1 failed and asked again, card 2 passed, card 3 is learning, card 4 was undone. */
        review(&s, 1, NOW_MS, GRADE_AGAIN, CARD_REVIEW, 1000, 0);
        review(&s, 1, NOW_MS + HOUR, GRADE_GOOD, CARD_RELEARNING, 2000, 0);
        review(&s, 2, NOW_MS - 9 * HOUR, GRADE_HARD, CARD_REVIEW, 3000, 0);
        review(&s, 3, NOW_MS + 1, GRADE_GOOD, CARD_LEARNING, 4000, 0);
        review(&s, 4, NOW_MS + 2, GRADE_EASY, CARD_REVIEW, 5000, 1);
        /* A millisecond before today began. */
        review(&s, 2, NOW_MS - 9 * HOUR - 1, GRADE_EASY, CARD_REVIEW, 10, 0);
        /* Three days ago, the same card passes early on in REVIEW twice: the first time counts. */
        review(&s, 4, NOW_MS - 3 * DAY, GRADE_AGAIN, CARD_REVIEW, 0, 0);
        review(&s, 4, NOW_MS - 3 * DAY + HOUR, GRADE_GOOD, CARD_REVIEW, 0, 0);
        /* Outside of what is asked for, and in the future. */
        review(&s, 1, NOW_MS - 10 * DAY, GRADE_GOOD, CARD_REVIEW, 0, 0);
        review(&s, 1, NOW_MS + 2 * DAY, GRADE_GOOD, CARD_REVIEW, 0, 0);
        return s;
}

TEST(days_are_counted_as_the_reviews_recorded_them)
{
        Sample s = collection();
        StatsReviews stats;
        const StatsDay *today, *yesterday, *third;

        REQUIRE(stats_reviews(s.store, STATS_ALL_DECKS, TODAY, 5, &stats) == 0);
        REQUIRE(stats.n_days == 5);
        today = &stats.days[4];
        yesterday = &stats.days[3];
        third = &stats.days[1];

        CHECK_INT(TODAY, today->day);
        CHECK_INT(4, today->reviews);
        CHECK_INT(1, today->grades[GRADE_AGAIN - 1]);
        CHECK_INT(1, today->grades[GRADE_HARD - 1]);
        CHECK_INT(2, today->grades[GRADE_GOOD - 1]);
        CHECK_INT(0, today->grades[GRADE_EASY - 1]);
        CHECK_INT(10000, today->took_ms);
        CHECK_INT(3, today->cards);
        CHECK_INT(2, today->retention_asked);
        CHECK_INT(1, today->retention_passed);

        CHECK_INT(1, yesterday->reviews);
        CHECK_INT(1, yesterday->retention_passed);
        CHECK_INT(0, stats.days[2].reviews);
        CHECK_INT(TODAY - 2, stats.days[2].day);

        CHECK_INT(2, third->reviews);
        CHECK_INT(1, third->cards);
        CHECK_INT(1, third->retention_asked);
        CHECK_INT(0, third->retention_passed);

        CHECK_INT(7, stats.total.reviews);
        CHECK_INT(4, stats.total.retention_asked);
        CHECK_INT(2, stats.total.retention_passed);
        CHECK_INT(3, stats.steadiness.days_active);
        CHECK_INT(2, stats.steadiness.current_run);
        CHECK_INT(2, stats.steadiness.longest_run);
        stats_reviews_done(&stats);
        sample_done(&s);
}

TEST(a_deck_counts_with_those_below_it)
{
        static const struct {
                int64_t deck;
                uint32_t reviews;
        } rows[] = { { 1, 0 }, { 2, 4 }, { 3, 1 } };
        Sample s = collection();

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                StatsReviews stats;

                REQUIRE(stats_reviews(s.store, rows[i].deck, TODAY, 1, &stats) == 0);
                CHECK_INT(rows[i].reviews, stats.total.reviews);
                stats_reviews_done(&stats);
        }
        sample_done(&s);
}

TEST(reviews_are_told_apart_by_deck)
{
        Sample s = collection();
        StatsDeck *decks = NULL;
        size_t n;

        REQUIRE(stats_by_deck(s.store, TODAY - 4, &decks, &n) == 0);
        REQUIRE(n == 3);
        CHECK_INT(1, decks[0].deck);
        CHECK_INT(2, decks[0].reviews);
        CHECK_INT(1, decks[0].again);
        CHECK_INT(2, decks[1].deck);
        CHECK_INT(5, decks[1].reviews); /* one is two days ahead */
        CHECK_INT(3, decks[1].retention_passed);
        CHECK_INT(4, decks[1].retention_asked);
        CHECK_INT(3, decks[2].deck);
        CHECK_INT(4000, decks[2].took_ms);
        free(decks);
        sample_done(&s);
}

TEST(desired_retention_is_weighted_by_review_cards)
{
        Sample s = collection();
        StatsReviews stats;

        REQUIRE(stats_reviews(s.store, STATS_ALL_DECKS, TODAY, 1, &stats) == 0);
        CHECK_NEAR(0, stats.desired_retention, 1e-9);
        stats_reviews_done(&stats);

        sample_sql(
                &s,
                "INSERT INTO preset (id, uuid, known, name, json) VALUES"
                " (2, randomblob(16), 1, 'P', '{\"desired-retention\":0.8}');"
                "INSERT INTO deck (id, uuid, known, name, preset) VALUES (7, randomblob(16), 1, 'C', 2);"
                "DELETE FROM tally; INSERT INTO tally (queue, day, deck, n) VALUES"
                " (3, 20780, 1, 30), (3, 20790, 7, 10), (1, 0, 7, 100)");
        (void) store_free(s.store);
        sample_open(&s);
        REQUIRE(stats_reviews(s.store, STATS_ALL_DECKS, TODAY, 1, &stats) == 0);
        CHECK_NEAR(0.875, stats.desired_retention, 1e-9);
        stats_reviews_done(&stats);
        REQUIRE(stats_reviews(s.store, 7, TODAY, 1, &stats) == 0);
        CHECK_NEAR(0.8, stats.desired_retention, 1e-9);
        stats_reviews_done(&stats);
        sample_done(&s);
}

TEST(an_empty_collection_has_zeros)
{
        Sample s = sample_new();
        StatsReviews stats;
        StatsCards cards;
        StatsDeck *decks = NULL;
        Forecast forecast;
        size_t n;

        REQUIRE(stats_reviews(s.store, STATS_ALL_DECKS, TODAY, 30, &stats) == 0);
        CHECK_INT(30, stats.n_days);
        CHECK_INT(0, stats.total.reviews);
        stats_reviews_done(&stats);
        CHECK_INT(0, stats_cards(s.store, STATS_ALL_DECKS, TODAY, &cards));
        CHECK_INT(0, cards.total);
        CHECK_INT(0, stats_by_deck(s.store, TODAY, &decks, &n));
        CHECK_INT(0, n);
        free(decks);
        CHECK_INT(0, stats_forecast(s.store, STATS_ALL_DECKS, &now, 30, &forecast));
        CHECK_INT(0, forecast.total);
        sample_done(&s);
}

TEST(cards_are_counted_by_state)
{
        Sample s = sample_new();
        StatsCards c;

        for (int64_t i = 1; i <= 9; i++)
                sample_note(&s, i, 1, "x", "");
        sample_sql(
                &s,
                "UPDATE card SET state = 1, queue = 2 WHERE id = 2;"
                "UPDATE card SET state = 3, queue = 2 WHERE id = 3;"
                "UPDATE card SET state = 2, queue = 3, interval = 20, stability = 5 WHERE id = 4;"
                "UPDATE card SET state = 2, queue = 3, interval = 21, stability = 3 WHERE id = 5;"
                "UPDATE card SET state = 2, queue = 4, suspended = 1, interval = 99, stability = 80"
                " WHERE id = 6;"
                "UPDATE card SET queue = 5, buried_day = 20781 WHERE id = 7;"
                "UPDATE card SET buried_day = 20780 WHERE id = 8;"
                "UPDATE card SET queue = 0 WHERE id = 9;");
        REQUIRE(stats_cards(s.store, STATS_ALL_DECKS, TODAY, &c) == 0);
        CHECK_INT(8, c.total);
        CHECK_INT(3, c.fresh);
        CHECK_INT(1, c.learning);
        CHECK_INT(1, c.relearning);
        CHECK_INT(1, c.young);
        CHECK_INT(2, c.mature);
        CHECK_INT(1, c.suspended);
        CHECK_INT(1, c.buried);
        CHECK_NEAR(5, c.stability_median, 1e-9);
        REQUIRE(stats_cards(s.store, 99, TODAY, &c) == 0);
        CHECK_INT(0, c.total);
        sample_done(&s);
}

/* Against sorting, on values with many ties. */
TEST(the_median_is_the_middle_of_the_sorted_values)
{
        Sample s = sample_new();
        StatsCards c;

        sample_sql(
                &s,
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2001)"
                " INSERT INTO note (id, uuid, known) SELECT i, randomblob(16), 1 FROM n;"
                "INSERT INTO card (id, note, ord, queue, state, stability) SELECT id, id, 0, 3, 2,"
                " abs(random()) % 37 / 7.0 FROM note");
        REQUIRE(stats_cards(s.store, STATS_ALL_DECKS, TODAY, &c) == 0);
        CHECK_INT(
                1,
                sample_int(&s, NULL,
                           "SELECT count(*) BETWEEN 1 AND 1000 FROM card WHERE stability <"
                           " (SELECT stability FROM card ORDER BY stability LIMIT 1 OFFSET 1000)"));
        /* 1000 of 2001 values are before the middle one. */
        sample_sql(&s,
                   "CREATE TEMP TABLE m AS SELECT stability s FROM card ORDER BY stability LIMIT 1"
                   " OFFSET 1000");
        CHECK_NEAR((double) sample_int(&s, NULL, "SELECT CAST(round(s * 7) AS INTEGER) FROM m") /
                           7.0,
                   c.stability_median, 1e-9);
        sample_done(&s);
}

TEST(the_forecast_puts_each_card_on_the_day_it_is_asked)
{
        Sample s = sample_new();
        Forecast f;

        for (int64_t i = 1; i <= 5; i++)
                sample_note(&s, i, 1, "x", "");
        sample_sql(
                &s,
                /* Within today, beyond today, by day; buried until tomorrow though due; new and buried. */
                "UPDATE card SET state = 1, queue = 2, due_ms = 1795435200000 WHERE id = 1;"
                "UPDATE card SET state = 1, queue = 2, due_ms = 1795492800000 WHERE id = 2;"
                "UPDATE card SET state = 3, queue = 2, due_day = 20782 WHERE id = 3;"
                "UPDATE card SET state = 2, queue = 5, due_day = 20770, buried_day = 20781 WHERE id = 4;"
                "UPDATE card SET queue = 5, buried_day = 20781 WHERE id = 5;"
                "DELETE FROM tally; INSERT INTO tally (queue, day, deck, n) VALUES (3, 20770, 1, 7),"
                " (3, 20780, 1, 5), (3, 20809, 1, 2), (3, 20810, 1, 3), (3, 20781, 99, 50), (1, 0, 1, 9);");
        REQUIRE(stats_forecast(s.store, 1, &now, 30, &f) == 0);
        CHECK_INT(30, f.days);
        CHECK_INT(13, f.due[0]);
        CHECK_INT(7, f.overdue);
        CHECK_INT(2, f.due[1]);
        CHECK_INT(1, f.due[2]);
        CHECK_INT(2, f.due[29]);
        CHECK_INT(3, f.later);
        CHECK_INT(21, f.total);
        REQUIRE(stats_forecast(s.store, STATS_ALL_DECKS, &now, 30, &f) == 0);
        CHECK_INT(52, f.due[1]);
        sample_done(&s);
}

CHECK_MAIN
