/*
 * Whole days: rounding and fuzz against ts-fsrs (tests/data/fsrs6.json), Anki's bounds, siblings.
 */
#include "tests/check.h"

#include "core/fsrs.h"
#include "core/interval.h"
#include "tests/unit/vectors.h"

TEST(intervals_are_the_days_the_peer_gives)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        const Json *root = json_root(doc), *row;
        size_t n = 0;

        REQUIRE(doc);
        JSON_FOREACH(row, i, json_get(root, "interval")) {
                double w[FSRS_WEIGHTS], days;
                FsrsParams p;

                vectors_weights(root, (size_t) vectors_number(row, 0), w);
                p = fsrs_params(w, true);
                days = fsrs_interval(&p, vectors_number(row, 2), vectors_number(row, 1));
                CHECK_INT(vectors_number(row, 3), interval_round(days, 1, 36500));
                n++;
        }
        CHECK_INT(180, n);
}

/* The peer's rule for an interval that grows is a minimum here: the pause that was kept, + 1. */
TEST(fuzz_ranges_are_those_of_the_peer)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        const Json *row;
        size_t n = 0;

        REQUIRE(doc);
        JSON_FOREACH(row, i, json_get(json_root(doc), "fuzz")) {
                int32_t interval = (int32_t) vectors_number(row, 0), lower, upper;
                int32_t elapsed = (int32_t) vectors_number(row, 1);

                interval_fuzz_range(interval, interval > elapsed ? elapsed + 1 : 1, 36500, &lower,
                                    &upper);
                if (lower != vectors_number(row, 2) || upper != vectors_number(row, 3))
                        CHECK_FAIL("%d after %d: %d to %d, expected %g to %g", interval, elapsed,
                                   lower, upper, vectors_number(row, 2), vectors_number(row, 3));
                n++;
        }
        CHECK_INT(72, n);
}

TEST(halves_round_up_and_bounds_hold)
{
        CHECK_INT(3, interval_round(2.5, 1, 100));
        CHECK_INT(3, interval_round(2.49999999, 1, 100)); /* 2.5 but for the last bits */
        CHECK_INT(2, interval_round(2.4999, 1, 100));
        CHECK_INT(1, interval_round(0.001, 1, 100));
        CHECK_INT(100, interval_round(1e12, 1, 100));
        CHECK_INT(7, interval_round(3, 7, 100));
        CHECK_INT(5, interval_round(3, 7, 5)); /* the maximum wins */
}

TEST(intervals_below_two_and_a_half_days_are_not_fuzzed)
{
        for (uint64_t seed = 0; seed < 1000; seed++) {
                CHECK_INT(1, interval_fuzz(0.3, 1, 36500, interval_mix(seed, 1), 0, NULL));
                CHECK_INT(2, interval_fuzz(2.4, 1, 36500, interval_mix(seed, 1), 0, NULL));
        }
}

/* 60 days: 1 + 0.15*4.5 + 0.1*13 + 0.05*40 = 4.975, so 55 .. 65, worked by hand. */
TEST(fuzz_reaches_every_day_of_its_range_and_no_other)
{
        unsigned seen[80] = { 0 };

        for (uint64_t seed = 0; seed < 11000; seed++) {
                int32_t days = interval_fuzz(60, 1, 36500, interval_mix(seed, 7), 0, NULL);

                REQUIRE(days >= 55 && days <= 65);
                seen[days]++;
        }
        for (int d = 55; d <= 65; d++)
                CHECK(seen[d] > 800 && seen[d] < 1200);
}

TEST(fuzz_stays_between_minimum_and_maximum)
{
        for (uint64_t seed = 0; seed < 200; seed++)
                for (int32_t minimum = 1; minimum < 70; minimum += 9)
                        for (int32_t maximum = minimum; maximum < 80; maximum += 7) {
                                int32_t days = interval_fuzz(60, minimum, maximum,
                                                             interval_mix(seed, 3), 0, NULL);

                                CHECK(days >= minimum && days <= maximum);
                        }
        CHECK_INT(10, interval_fuzz(60, 20, 10, 1, 0, NULL));
}

TEST(one_day_ranges_get_a_second_day)
{
        int32_t lower, upper;

        interval_fuzz_range(3, 4, 36500, &lower, &upper); /* raised to 4: 3 .. 5, cut at 4 */
        CHECK_INT(4, lower);
        CHECK_INT(5, upper);
        interval_fuzz_range(9, 11, 11, &lower, &upper);
        CHECK_INT(11, lower);
        CHECK_INT(11, upper);
}

TEST(days_of_siblings_are_avoided_while_another_is_free)
{
        int32_t days[] = { 1000 + 55, 1000 + 56, 1000 + 60, 1000 + 65, 2000 };
        int32_t all[] = { 1012, 1013, 1014, 1008, 1009, 1010, 1011, 1007 };
        Siblings some = { days, 5 }, full = { all, 8 };
        unsigned seen[80] = { 0 };

        for (uint64_t seed = 0; seed < 7000; seed++)
                seen[interval_fuzz(60, 1, 36500, interval_mix(seed, 9), 1000, &some)]++;
        for (int d = 0; d < 80; d++)
                if (d < 57 || d == 60 || d > 64)
                        CHECK_INT(0, seen[d]);
                else
                        CHECK(seen[d] > 850 && seen[d] < 1150);

        /* 10 days: 8 .. 12, all taken: as without siblings. */
        for (uint64_t seed = 0; seed < 100; seed++)
                CHECK_INT(interval_fuzz(10, 1, 36500, interval_mix(seed, 2), 1000, NULL),
                          interval_fuzz(10, 1, 36500, interval_mix(seed, 2), 1000, &full));
}

TEST(an_interval_that_grows_is_at_least_a_day_longer)
{
        CHECK_INT(31, interval_minimum(30.6, 30, 36500, true)); /* 31 */
        CHECK_INT(31, interval_minimum(300, 30, 36500, true));
        CHECK_INT(31, interval_minimum(300, 30, 36500, false));
}

/* 28 days: 1 + 0.675 + 1.3 + 0.4 = 3.375, so the fuzz reaches 31; without fuzz it is 28. */
TEST(an_interval_whose_fuzz_reaches_the_last_is_not_shorter)
{
        CHECK_INT(30, interval_minimum(28, 30, 36500, true));
        CHECK_INT(31, interval_minimum(28, 31, 36500, true));
        CHECK_INT(0, interval_minimum(28, 32, 36500, true));
        CHECK_INT(0, interval_minimum(28, 30, 36500, false));
        CHECK_INT(28, interval_minimum(28, 28, 36500, false));
        CHECK_INT(0, interval_minimum(2, 3, 36500, true)); /* below 2.5 there is no fuzz */
}

TEST(seeds_differ_by_card_and_by_review_and_repeat)
{
        uint64_t seeds[2000];
        unsigned equal = 0, low = 0;

        for (uint32_t i = 0; i < 2000; i++) {
                char key[16] = { 0 };

                snprintf(key, sizeof(key), "note/%u", i / 20);
                seeds[i] = interval_seed(key, sizeof(key), i % 20);
                CHECK(seeds[i] == interval_seed(key, sizeof(key), i % 20));
                low += (seeds[i] >> 63) == 0;
                for (uint32_t k = 0; k < i; k++)
                        equal += seeds[k] == seeds[i];
        }
        CHECK_INT(0, equal);
        CHECK(low > 900 && low < 1100);
}

CHECK_MAIN
