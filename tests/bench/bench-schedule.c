/*
 * Scheduling decisions per second: one card after another answered over years, fuzz on, default preset.
 *
 *   answer   schedule_answer(): all four grades decided, one taken
 *   replay   schedule_replay() with the record that fits: what a fold does for each review
 *   next     fsrs_next() alone: the memory model
 *
 * Prints "name decisions seconds ns" lines; bench-schedule.sh puts ts-fsrs beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "core/fsrs.h"
#include "core/interval.h"
#include "core/schedule.h"

enum { CARDS = 20000, REVIEWS = 50 };

static double now_s(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *x) {
        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        return *x;
}

/* Mostly Good, as learners do. */
static Grade next_grade(uint64_t *x) {
        uint64_t n = next_random(x) % 10;

        return n < 1 ? GRADE_AGAIN : n < 2 ? GRADE_HARD : n < 9 ? GRADE_GOOD : GRADE_EASY;
}

/* Reviewed when due, so that learning steps and years both occur. */
static int64_t next_time(const CardSched *card, int64_t at_ms) {
        return at_ms + (card->interval_s ? card->interval_s * INT64_C(1000)
                                         : card->interval_days * MSEC_PER_DAY);
}

static void report(const char *name, double seconds) {
        double n = (double) CARDS * REVIEWS;

        printf("%s %.0f %.3f %.0f\n", name, n, seconds, seconds / n * 1e9);
}

int main(void) {
        static Grade grades[CARDS][REVIEWS];
        static Outcome outcomes[CARDS][REVIEWS];
        static int64_t times[CARDS][REVIEWS];
        uint64_t x = 88172645463325252u;
        FsrsParams params;
        double start, sum = 0;
        Preset p;

        preset_init(&p);
        for (size_t c = 0; c < CARDS; c++)
                for (size_t i = 0; i < REVIEWS; i++)
                        grades[c][i] = next_grade(&x);

        start = now_s();
        for (size_t c = 0; c < CARDS; c++) {
                int64_t at_ms = INT64_C(1795392000000) + (int64_t) c * 1000;
                CardSched card = CARD_SCHED_NEW, before;

                for (size_t i = 0; i < REVIEWS; i++) {
                        Moment now = day_moment(at_ms, 60, DAY_STARTS_DEFAULT_MIN);

                        before = card;
                        schedule_answer(&p, &card, &now, grades[c][i], interval_mix(c, card.reps),
                                        NULL, &card);
                        outcomes[c][i] = schedule_outcome(&before, &card);
                        times[c][i] = at_ms;
                        at_ms = next_time(&card, at_ms);
                }
                sum += card.stability_days;
        }
        report("answer", now_s() - start);

        start = now_s();
        for (size_t c = 0; c < CARDS; c++) {
                CardSched card = CARD_SCHED_NEW;

                for (size_t i = 0; i < REVIEWS; i++) {
                        Moment now = day_moment(times[c][i], 60, DAY_STARTS_DEFAULT_MIN);

                        if (!schedule_replay(&p, &card, &now, grades[c][i], &outcomes[c][i], 0,
                                             &card))
                                return 1;
                }
                sum += card.stability_days;
        }
        report("replay", now_s() - start);

        params = fsrs_params(p.w, true);
        start = now_s();
        for (size_t c = 0; c < CARDS; c++) {
                Memory m = { 0 };

                for (size_t i = 0; i < REVIEWS; i++)
                        m = fsrs_next(&params, m, (int32_t) i, grades[c][i]);
                sum += m.stability_days;
        }
        report("next", now_s() - start);

        /* So that nothing is left out as unused. */
        return sum > 0 ? 0 : 1;
}
