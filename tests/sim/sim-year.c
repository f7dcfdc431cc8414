/*
 * A simulated year for each habit, over many seeds, with the real policy and schedule.
 *
 * Each seed is one life, the habits take turns.
 *
 *   sim-year [--seeds N] [--seed N] [--habit NAME] [--verbose] [--pictures FOLDER]
 *
 * What must hold at each step is in year.c. What a year should look like is here: the claims below are
 * about the sum of all seeds of a habit.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim.h"

enum { SEEDS_DEFAULT = 40, SEEDS_MAX = 100000 };

typedef struct Options {
        uint64_t first;
        size_t seeds;
        const char *habit, *pictures;
        bool verbose;
} Options;

typedef struct Sum {
        double shown, last, max, used, unprompted, violations, reviews, steps;
} Sum;

static int passed, failed;

static void claim(const char *name, const char *what, bool holds) {
        passed += holds;
        failed += !holds;
        printf("%s %s_%s\n", holds ? "ok" : "FAIL", name, what);
}

static Sum sum_of(const Year *years, size_t n) {
        Sum s = {};

        for (size_t i = 0; i < n; i++) {
                s.shown += years[i].shown / (double) YEAR_DAYS / (double) n;
                s.last += years[i].shown_last / 90.0 / (double) n;
                s.used += years[i].used / (double) n;
                s.violations += years[i].violations;
                s.steps += years[i].steps;
                if (years[i].max_a_day > s.max)
                        s.max = years[i].max_a_day;
        }
        return s;
}

static void claims(HabitKind kind, const Year *years, size_t n) {
        Sum s = sum_of(years, n);
        const char *name = habit_names[kind];

        claim(name, "year_keeps_every_rule", s.violations == 0);
        switch (kind) {
        case HABIT_STEADY:
        case HABIT_ABSENT:
        case HABIT_TRAVELLER:
        case HABIT_SLEEPER:
                claim(name, "learner_is_asked_about_once_or_twice_a_day",
                      s.shown > 0.5 && s.shown < 2.5);
                break;
        case HABIT_DISMISSER:
                claim(name, "is_left_almost_alone", s.last <= 0.36);
                claim(name, "still_gets_a_way_back", s.last >= 0.25);
                break;
        case HABIT_MORNINGS:
                claim(name, "learner_is_asked_less_than_once_a_day", s.shown < 1);
                break;
        case HABIT_PACED:
                claim(name, "learner_is_asked_more_than_slots_would", s.shown > 3);
                break;
        case HABIT_WEEKEND:
        case HABIT_SHIFTS:
                claim(name, "learner_is_asked_at_most_once_a_day_or_so",
                      s.shown > 0.1 && s.shown < 1.6);
                break;
        case HABIT_CHAOS:
                break;
        }
}

static void picture(const Options *o, HabitKind kind) {
        static Mark marks[MARKS_MAX];
        Year y = { .marks = marks };
        char path[4096];

        (void) mkdir(o->pictures, 0777);
        year_live(&y, kind, o->first, false);
        (void) snprintf(path, sizeof(path), "%s/year-%s.svg", o->pictures, habit_names[kind]);
        if (report_svg(path, &y) < 0) {
                printf("FAIL cannot write %s\n", path);
                failed++;
        }
}

static void live(const Options *o, HabitKind kind, FILE *table) {
        size_t n = o->habit ? o->seeds : (o->seeds + HABITS - 1) / HABITS;
        Year *years = calloc(n, sizeof(*years));

        if (!years)
                abort();
        for (size_t i = 0; i < n; i++)
                year_live(&years[i], kind, o->first + i, o->verbose);
        claims(kind, years, n);
        report_row(table, habit_names[kind], years, n);
        if (o->pictures)
                picture(o, kind);
        free(years);
}

static int usage(void) {
        fprintf(stderr,
                "usage: sim-year [--seeds N] [--seed N] [--habit NAME] [--verbose] [--pictures "
                "FOLDER]\n");
        return 2;
}

int main(int argc, char **argv) {
        Options o = { .first = 1, .seeds = SEEDS_DEFAULT };
        char *text = NULL;
        size_t len;
        FILE *table;

        for (int i = 1; i < argc; i++) {
                const char *value = i + 1 < argc ? argv[i + 1] : NULL;

                if (strcmp(argv[i], "--verbose") == 0) {
                        o.verbose = true;
                        continue;
                }
                if (!value)
                        return usage();
                if (strcmp(argv[i], "--seeds") == 0)
                        o.seeds = strtoull(value, NULL, 10);
                else if (strcmp(argv[i], "--seed") == 0)
                        o.first = strtoull(value, NULL, 10);
                else if (strcmp(argv[i], "--habit") == 0)
                        o.habit = value;
                else if (strcmp(argv[i], "--pictures") == 0)
                        o.pictures = value;
                else
                        return usage();
                i++;
        }
        if (o.seeds < 1 || o.seeds > SEEDS_MAX)
                return usage();

        table = open_memstream(&text, &len);
        if (!table)
                abort();
        report_head(table);
        printf("%zu years from seed %" PRIu64 "\n", o.seeds, o.first);
        for (int k = 0; k < HABITS; k++)
                if (!o.habit || strcmp(o.habit, habit_names[k]) == 0)
                        live(&o, (HabitKind) k, table);
        fclose(table);
        printf("\n%s\n%d passed, %d failed\n", text, passed, failed);
        free(text);
        sim_zones_free();
        return failed ? 1 : 0;
}
