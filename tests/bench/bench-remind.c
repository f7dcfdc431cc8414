/*
 * What a step of the reminder policy costs, and what it costs when wall times are resolved anew.
 *
 * Prints "name steps seconds ns" lines, as bench-schedule does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/remind.h"

enum { STEPS = 2000000, PLANS = 100000 };

#define MONDAY (UINT64_C(1795392000) * USEC_PER_SEC) /* 2026-11-23 00:00 UTC */

static double now_s(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void report(const char *name, double n, double seconds) {
        printf("%s %.0f %.3f %.0f\n", name, n, seconds, seconds / n * 1e9);
}

int main(void) {
        RemindConfig c = {
                .enabled = true,
                .learning = true,
                .fade = true,
                .weekday = { { 600, 810, 990 }, 3 },
                .weekend = { { 660 }, 1 },
                .slot_window = 90 * USEC_PER_MIN,
                .quiet_from_min = 1200,
                .quiet_until_min = 480,
                .budget = 3,
                .total_budget = 8,
                .min_gap = 2 * USEC_PER_HOUR,
                .min_due = 5,
                .overdue_any = USEC_PER_DAY,
                .settle = 2 * USEC_PER_MIN,
                .engaged = USEC_PER_HOUR,
                .catchup = 20,
                .day_starts_min = 240,
        };
        Zone *berlin;
        RemindState s;
        double begin;
        uint64_t sum = 0;

        if (zone_from_rule("CET-1CEST,M3.5.0,M10.5.0/3", &berlin) < 0)
                return 1;
        c.zone = berlin;
        remind_init(&s);
        (void) remind_step(&s, &c, MONDAY, &(RemindEvent){ REMIND_SERVER, .server = true });

        /* A month of counts and reviews, a second apart: what a session of grading causes. */
        begin = now_s();
        for (unsigned i = 0; i < STEPS; i++) {
                RemindEvent ev = { i % 2 ? REMIND_REVIEWED : REMIND_COUNTS, .due = 5 + i % 50,
                                   .worth = true, .learning = i % 3,
                                   .next_due_real = MONDAY + i * USEC_PER_SEC + USEC_PER_HOUR };

                sum += remind_step(&s, &c, MONDAY + i * USEC_PER_SEC, &ev).next_real;
        }
        report("step", STEPS, now_s() - begin);

        begin = now_s();
        for (unsigned i = 0; i < PLANS; i++)
                sum += remind_step(&s, &c, MONDAY + i * USEC_PER_MIN, &(RemindEvent){ REMIND_ZONE })
                               .next_real;
        report("step-with-a-new-plan", PLANS, now_s() - begin);

        zone_free(berlin);
        return sum == 0;
}
