/*
 * The memory model against what ts-fsrs and fsrs-rs answer (tests/data/fsrs6.json), and what must hold
 * for any weights.
 */
#include "tests/check.h"

#include <errno.h>

#include "core/fsrs.h"
#include "tests/unit/vectors.h"

static FsrsParams defaults(void) {
        return fsrs_params(fsrs_default_weights, true);
}

TEST(memory_follows_both_peers_over_1038_reviews)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        const Json *root = json_root(doc), *chain;
        size_t n_chains = 0, n_steps = 0;

        REQUIRE(doc);
        JSON_FOREACH(chain, c, json_get(root, "memory")) {
                const Json *seq = json_get(chain, "seq"), *ts = json_get(chain, "ts");
                const Json *rs = json_get(chain, "rs");
                double w[FSRS_WEIGHTS], retention = json_double(json_get(chain, "dr"), NAN);
                FsrsParams p;
                Memory m = { 0 };

                vectors_weights(root, (size_t) json_int(json_get(chain, "p"), 99), w);
                p = fsrs_params(w, true);
                n_chains++;
                for (size_t i = 0; i < json_length(seq); i++, n_steps++) {
                        const Json *step = json_at(seq, i);
                        int32_t elapsed = (int32_t) vectors_number(step, 0);
                        Grade grade = (Grade) vectors_number(step, 1);
                        Memory all[GRADE_COUNT];

                        fsrs_next_all(&p, m, elapsed, all);
                        m = fsrs_next(&p, m, elapsed, grade);
                        CHECK(memcmp(&m, &all[grade - 1], sizeof(m)) == 0);
                        CHECK_NEAR(vectors_number(json_at(ts, i), 0), m.stability_days, 1e-5);
                        CHECK_NEAR(vectors_number(json_at(ts, i), 1), m.difficulty, 1e-5);
                        CHECK_NEAR(vectors_number(json_at(rs, i), 0), m.stability_days, 2e-5);
                        CHECK_NEAR(vectors_number(json_at(rs, i), 1), m.difficulty, 2e-5);
                        CHECK_NEAR(vectors_number(json_at(rs, i), 2),
                                   fsrs_interval(&p, m.stability_days, retention), 2e-5);
                }
        }
        CHECK_INT(150, n_chains);
        CHECK_INT(1038, n_steps);
}

TEST(retrievability_follows_the_peers_curve)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        const Json *root = json_root(doc), *row;
        size_t n = 0;

        REQUIRE(doc);
        JSON_FOREACH(row, i, json_get(root, "curve")) {
                double w[FSRS_WEIGHTS], r;
                FsrsParams p;

                vectors_weights(root, (size_t) vectors_number(row, 0), w);
                p = fsrs_params(w, true);
                r = fsrs_retrievability(&p, vectors_number(row, 2), vectors_number(row, 1));
                /* Printed to 8 places, from a factor rounded to 8 places. */
                if (!(fabs(r - vectors_number(row, 3)) <= 1.5e-8))
                        CHECK_FAIL("row %zu: %.10f, expected %.8f", i, r, vectors_number(row, 3));
                n++;
        }
        CHECK_INT(120, n);
}

TEST(weights_of_older_versions_migrate_as_in_the_peers)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        const Json *root = json_root(doc), *row;
        size_t n = 0;

        REQUIRE(doc);
        JSON_FOREACH(row, i, json_get(root, "migrate")) {
                const Json *in = json_get(row, "in"), *out = json_get(row, "out");
                size_t n_steps = (size_t) json_int(json_get(row, "relearning_steps"), 0);
                double w[FSRS_WEIGHTS], migrated[FSRS_WEIGHTS];

                REQUIRE(json_length(in) <= FSRS_WEIGHTS);
                for (size_t k = 0; k < json_length(in); k++)
                        w[k] = vectors_number(in, k);
                /* Row 1 comes out with w19 = 0, which only the bounds without same-day formulas allow. */
                CHECK_INT(0, fsrs_migrate(w, json_length(in), n_steps, vectors_number(out, 19) != 0,
                                          migrated));
                for (size_t k = 0; k < FSRS_WEIGHTS; k++)
                        CHECK_NEAR(vectors_number(out, k), migrated[k], 1e-7);
                n++;
        }
        CHECK_INT(6, n);
}

TEST(weights_of_another_number_or_not_finite_are_refused)
{
        double w[25], out[FSRS_WEIGHTS] = { 42 };

        for (size_t i = 0; i < 25; i++)
                w[i] = 1;
        for (size_t n = 1; n < 25; n++)
                if (n != 17 && n != 19 && n != 21)
                        CHECK_INT(-EINVAL, fsrs_migrate(w, n, 1, true, out));
        w[5] = NAN;
        CHECK_INT(-EINVAL, fsrs_migrate(w, 21, 1, true, out));
        w[5] = INFINITY;
        CHECK_INT(-EINVAL, fsrs_migrate(w, 17, 1, true, out));
        CHECK_NEAR(42, out[0], 0);
        CHECK_INT(0, fsrs_migrate(NULL, 0, 1, true, out));
        CHECK(memcmp(out, fsrs_default_weights, sizeof(out)) == 0);
}

TEST(clamp_forces_any_bytes_into_bounds)
{
        double w[FSRS_WEIGHTS] = { NAN, INFINITY, -INFINITY, 1e300, -1e300 };

        w[17] = w[18] = 7;
        w[19] = 0;
        fsrs_clamp(w, 1, true);
        CHECK_NEAR(0.212, w[0], 0);
        CHECK_NEAR(100, w[1], 0);
        CHECK_NEAR(0.001, w[2], 0);
        CHECK_NEAR(1, w[4], 0);
        CHECK_NEAR(2, w[17], 0);
        CHECK_NEAR(0.01, w[19], 0);
        w[19] = 0;
        fsrs_clamp(w, 1, false);
        CHECK_NEAR(0, w[19], 0);
}

/* What the bound on w17 and w18 is for: D = 1, R = 0.7, S = 1, a lapse, then n good steps the same day. */
TEST(a_lapse_and_its_relearning_steps_never_raise_stability)
{
        for (size_t n = 2; n <= 8; n++) {
                double w[FSRS_WEIGHTS];
                FsrsParams p;
                double s;

                memcpy(w, fsrs_default_weights, sizeof(w));
                w[11] = 1.2;
                w[17] = w[18] = 2;
                fsrs_clamp(w, n, true);
                p = fsrs_params(w, true);
                s = w[11] * (pow(2, w[13]) - 1) * exp(0.3 * w[14]);
                for (size_t i = 0; i < n; i++)
                        s *= exp(p.w[17] * p.w[18]);
                /* Where even the floor of 0.01 is too much for the weights, the bound cannot hold. */
                if (w[17] > 0.1 + 1e-9)
                        CHECK(s <= 1 + 1e-9);
                else
                        CHECK_NEAR(0.1, w[17], 1e-9);
        }
}

TEST(stability_is_the_days_until_nine_in_ten_is_left)
{
        for (double decay = 0.1; decay <= 0.8; decay += 0.1) {
                double w[FSRS_WEIGHTS];
                FsrsParams p;

                memcpy(w, fsrs_default_weights, sizeof(w));
                w[20] = decay;
                p = fsrs_params(w, true);
                CHECK_NEAR(0.9, fsrs_retrievability(&p, 37, 37), 1e-12);
                CHECK_NEAR(37, fsrs_interval(&p, 37, 0.9), 1e-9);
                CHECK_NEAR(1, fsrs_retrievability(&p, 0, 0.001), 0);
                CHECK_NEAR(1, fsrs_retrievability(&p, -5, 3), 0);
                for (double r = 0.7; r < 0.98; r += 0.01)
                        CHECK_NEAR(r, fsrs_retrievability(&p, fsrs_interval(&p, 12, r), 12), 1e-9);
        }
}

TEST(better_grades_leave_more_stability_and_less_difficulty)
{
        FsrsParams p = defaults();

        for (int32_t elapsed = 0; elapsed < 400; elapsed = elapsed * 2 + 1)
                for (double s = 0.01; s < 2000; s *= 3)
                        for (double d = 1; d <= 10; d += 3) {
                                Memory m[GRADE_COUNT];

                                fsrs_next_all(&p, (Memory){ s, d }, elapsed, m);
                                for (int g = 0; g < 3; g++) {
                                        CHECK(m[g].stability_days <= m[g + 1].stability_days);
                                        CHECK(m[g].difficulty >= m[g + 1].difficulty);
                                }
                                CHECK(m[0].stability_days <= s);
                                CHECK(m[1].stability_days >= s);
                        }
}

TEST(state_stays_in_its_bounds_whatever_is_answered)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        uint64_t x = 88172645463325252u;

        REQUIRE(doc);
        for (size_t set = 0; set < 6; set++) {
                double w[FSRS_WEIGHTS];
                FsrsParams p;
                Memory m = { 0 };

                vectors_weights(json_root(doc), set, w);
                p = fsrs_params(w, set % 2);
                for (int i = 0; i < 20000; i++) {
                        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                        m = fsrs_next(&p, m, (int32_t) (x >> 20) % 50000, 1 + x % 4);
                        if (i % 3)
                                m = memory_round(m);
                        CHECK(m.stability_days >= FSRS_S_MIN && m.stability_days <= FSRS_S_MAX);
                        CHECK(m.difficulty >= FSRS_D_MIN && m.difficulty <= FSRS_D_MAX);
                }
        }
}

TEST(rounding_keeps_four_decimals_and_the_floor)
{
        Memory m = memory_round((Memory){ 2.30654999, 5.00005001 });

        CHECK_NEAR(2.3065, m.stability_days, 0);
        CHECK_NEAR(5.0001, m.difficulty, 0);
        CHECK_NEAR(0.001, memory_round((Memory){ 0.00101, 1 }).stability_days, 0);
        CHECK_NEAR(0, memory_round((Memory){ 0, 0 }).stability_days, 0);
        m = memory_round(m);
        CHECK_NEAR(2.3065, m.stability_days, 0);
}

/*
 * The formula worked through for the defaults with python3's floats: interval 10 days at 90 %, where S is the
 * interval, D = 11 - 1.5 / (e^1.8722 * 10^-0.1666 * (e^(0.1 * 0.796) - 1)).
 */
TEST(sm2_interval_and_ease_become_stability_and_difficulty)
{
        FsrsParams p = defaults();
        Memory m = fsrs_from_sm2(&p, 10, 2.5, 0.9);

        CHECK_NEAR(10, m.stability_days, 1e-9);
        CHECK_NEAR(6.9140552358, m.difficulty, 1e-8);
        CHECK_NEAR(FSRS_D_MAX, fsrs_from_sm2(&p, 10, 1.0, 0.9).difficulty, 0);
        CHECK_NEAR(FSRS_D_MIN, fsrs_from_sm2(&p, 1000, 9.0, 0.9).difficulty, 0);
        CHECK_NEAR(FSRS_S_MIN, fsrs_from_sm2(&p, 0, 2.5, 0.9).stability_days, 1e-12);
        CHECK_NEAR(FSRS_S_MAX, fsrs_from_sm2(&p, 1e9, 2.5, 0.9).stability_days, 0);
}

CHECK_MAIN
