/*
 * A simulated year: a learner with habits, a small collection under the real schedule and queue, and
 * the real reminder policy between them. No daemon, no store, no clock.
 *
 *   collection.c  the cards
 *   learner.c     who is at the machine when, and what they do about a reminder
 *   year.c        events in the order of time, and what must hold at each of them
 *   report.c      what the learner saw, as a table and as a picture
 */
#pragma once

#include <stdio.h>

#include "core/remind.h"
#include "core/schedule.h"

/* ---- random numbers -------------------------------------------------------------------------- */

typedef struct Dice {
        uint64_t x;
} Dice;

void dice_init(Dice *d, uint64_t seed);
uint64_t dice(Dice *d);
/* A whole number in [from, until]. */
int64_t dice_in(Dice *d, int64_t from, int64_t until);
/* True in so many cases of a hundred. */
bool dice_percent(Dice *d, unsigned percent);

/* ---- the collection -------------------------------------------------------------------------- */

enum { COLLECTION_CARDS = 250, COLLECTION_NEW_PER_DAY = 4 };

typedef struct Collection {
        CardSched cards[COLLECTION_CARDS];
        Preset preset;
        size_t first_new;
        uint32_t new_today;
        int32_t day;
        size_t last;
        size_t due[COLLECTION_CARDS]; /* the cards that can be due today */
        size_t n_due;
        bool due_known;
} Collection;

typedef struct CollectionCounts {
        uint32_t due, learning;
        usec_t oldest_real, next_real;
} CollectionCounts;

void collection_init(Collection *c);
void collection_counts(Collection *c, const Zone *zone, usec_t now_real, CollectionCounts *ret);
/* Asks the next card and answers it as a learner would who remembers as FSRS says. False: nothing. */
bool collection_review(Collection *c, const Zone *zone, usec_t now_real, Dice *dice);

/* ---- the learner ----------------------------------------------------------------------------- */

typedef enum HabitKind {
        HABIT_STEADY,
        HABIT_WEEKEND,
        HABIT_ABSENT,
        HABIT_DISMISSER,
        HABIT_SHIFTS,
        HABIT_TRAVELLER,
        HABIT_SLEEPER,
        HABIT_MORNINGS,
        HABIT_PACED,
        HABIT_CHAOS,
} HabitKind;
enum { HABITS = HABIT_CHAOS + 1 };

typedef enum Reaction {
        REACT_USE,
        REACT_DISMISS,
        REACT_LATER,
        REACT_NOT_TODAY,
        REACT_IGNORE
} Reaction;

typedef enum ActKind {
        ACT_COME, /* to the machine */
        ACT_LEAVE,
        ACT_SUSPEND,
        ACT_WAKE,
        ACT_STUDY, /* n cards, unprompted */
        ACT_DND_ON,
        ACT_DND_OFF,
        ACT_ZONE,  /* n */
        ACT_HUSH,  /* n minutes */
        ACT_CLOCK, /* n minutes, either way */
        ACT_CONFIG,
} ActKind;

typedef struct Act {
        usec_t at_real;
        ActKind kind;
        int64_t n;
} Act;

enum { ACTS_MAX = 64, ZONES = 5 };

typedef struct Learner {
        HabitKind kind;
        const char *name;
        Dice dice;
        bool told; /* whether the desktop tells who is there */
        RemindConfig config;
        Act acts[ACTS_MAX]; /* of one date, ascending */
        size_t n_acts;
} Learner;

extern const char *const habit_names[HABITS];

const Zone *sim_zone(size_t i); /* 0 .. ZONES - 1 */
void sim_zones_free(void);
/* Seconds since 1970-01-01 00:00 on the wall. Zones change at quarters of an hour only. */
int64_t sim_local_s(const Zone *zone, usec_t at_real);

void learner_init(Learner *l, HabitKind kind, uint64_t seed);
/* What happens on a date (day of the year from 0) in a zone. */
void learner_plan(Learner *l, int32_t date, int day_of_year, const Zone *zone);
Reaction learner_reaction(Learner *l, usec_t now_real, const Zone *zone);

/* ---- the year -------------------------------------------------------------------------------- */

enum { YEAR_DAYS = 365, MARKS_MAX = 40000 };

typedef enum MarkKind {
        MARK_REVIEW,
        MARK_USED,
        MARK_DISMISSED,
        MARK_LATER,
        MARK_EXPIRED,
        MARK_AWAY
} MarkKind;

typedef struct Mark {
        int16_t day;    /* of the year */
        int16_t minute; /* local */
        uint8_t kind;
} Mark;

typedef struct Year {
        HabitKind kind;
        uint64_t seed;
        unsigned shown, used, dismissed, later, expired, learning;
        unsigned shown_first, shown_last; /* in the first and the last 90 days */
        unsigned max_a_day, days_without; /* with something due all day */
        unsigned reviews, unprompted;
        unsigned steps, missed, told;
        unsigned due_at_end, violations;
        Mark *marks; /* NULL: none are kept */
        size_t n_marks;
} Year;

/* Lives the year; prints and counts each breach of what must hold. */
void year_live(Year *y, HabitKind kind, uint64_t seed, bool verbose);

/* ---- the report ------------------------------------------------------------------------------ */

void report_head(FILE *f);
void report_row(FILE *f, const char *name, const Year *years, size_t n);
int report_svg(const char *path, const Year *y);
