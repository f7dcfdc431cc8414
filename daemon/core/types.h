/*
 * What the schedule talks about: grades, states of a card, a preset, a card's place in the schedule.
 *
 * Plain data, no I/O. Where a value comes from and what it means is written here; what happens to
 * it is in core/schedule.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Grade {
        GRADE_AGAIN = 1,
        GRADE_HARD = 2,
        GRADE_GOOD = 3,
        GRADE_EASY = 4,
} Grade;

enum { GRADE_COUNT = 4 };

static inline bool grade_valid(int64_t grade) {
        return grade >= GRADE_AGAIN && grade <= GRADE_EASY;
}

/* The numbers are stored: never renumber. */
typedef enum CardState {
        CARD_NEW = 0,
        CARD_LEARNING = 1,
        CARD_REVIEW = 2,
        CARD_RELEARNING = 3,
} CardState;

/* "new", "learning", "review", "relearning"; NULL for what is no state. */
const char *card_state_name(CardState state);
/* "again", "hard", "good", "easy"; NULL for what is no grade. */
const char *grade_name(Grade grade);

/* What FSRS knows about a card. stability_days 0 means: nothing yet. */
typedef struct Memory {
        double stability_days; /* 0, or 0.001 .. 36500 */
        double difficulty;     /* 1 .. 10 */
} Memory;

/*
 * An instant as the schedule sees it. Made by day_moment() from what a review records (instant
 * and offset from UTC), so that the answer given live and the fold agree.
 */
typedef struct Moment {
        int64_t at_ms;       /* UTC */
        int32_t day;         /* learner's day at that instant */
        int64_t next_day_ms; /* instant at which day + 1 begins, > at_ms */
} Moment;

#define CARD_NO_DAY INT32_MIN
#define CARD_NO_MS  INT64_MIN

/*
 * Where a card stands. Of due_day and due_ms exactly one is in force for a card that was seen, the
 * other is CARD_NO_DAY or CARD_NO_MS; a NEW card has neither. due_ms is used by (re)learning steps
 * that end within the day in which they began; all else is due by day, learning steps included
 * (as in Anki: a step that reaches into another day is due from the beginning of that day).
 */
typedef struct CardSched {
        CardState state;
        uint32_t step;         /* LEARNING, RELEARNING: index of the step it waits for; else 0 */
        double stability_days; /* 0 when nothing is known: NEW */
        double difficulty;     /* 0 when nothing is known */
        int32_t due_day;
        int32_t last_day; /* learner's day of the last review that counts, CARD_NO_DAY before */
        int64_t due_ms;
        int64_t last_ms;       /* instant of that review, CARD_NO_MS before the first */
        int32_t interval_days; /* last interval when it was by day, else 0 */
        int32_t interval_s;    /* last interval when it was within a day, else 0 */
        uint32_t reps;         /* reviews that count */
        uint32_t lapses;       /* Again in state REVIEW */
} CardSched;                   /* no padding: equal cards are equal bytes */

_Static_assert(sizeof(CardSched) == 64, "CardSched has padding");

/* A card nobody has seen. */
#define CARD_SCHED_NEW                                                                             \
        ((CardSched){ .due_day = CARD_NO_DAY,                                                      \
                      .due_ms = CARD_NO_MS,                                                        \
                      .last_ms = CARD_NO_MS,                                                       \
                      .last_day = CARD_NO_DAY })

/* Days on which siblings of the card are due (cards of the same note), in any order. May be empty. */
typedef struct Siblings {
        const int32_t *due_days;
        size_t n;
} Siblings;

enum {
        FSRS_WEIGHTS = 21,
        PRESET_STEPS_MAX = 8,
        PRESET_STEP_MAX_S = 365 * 86400,
        PRESET_INTERVAL_MAX = 36500,
        PRESET_PER_DAY_MAX = 9999,
};

#define PRESET_RETENTION_MIN 0.70
#define PRESET_RETENTION_MAX 0.97

/* The numbers of these are stored: never renumber. */
typedef enum LeechAction {
        LEECH_TAG = 0,
        LEECH_SUSPEND = 1, /* tags as well */
} LeechAction;

typedef enum ReviewOrder {
        REVIEW_ORDER_RISK = 0, /* most at risk of being forgotten first */
        REVIEW_ORDER_DUE = 1,  /* longest due first */
        REVIEW_ORDER_RANDOM = 2,
        REVIEW_ORDER_DECK = 3, /* deck by deck, longest due first inside */
} ReviewOrder;

typedef enum NewOrder {
        NEW_ORDER_POSITION = 0, /* as they were added */
        NEW_ORDER_RANDOM = 1,
        NEW_ORDER_DECK = 2, /* deck by deck, by position inside */
} NewOrder;

typedef enum NewMix {
        NEW_MIX_EVENLY = 0,
        NEW_MIX_AFTER_REVIEWS = 1,
        NEW_MIX_BEFORE_REVIEWS = 2,
} NewMix;

/*
 * How the cards of a deck are scheduled. Filled by preset_init() and then changed field by field;
 * preset_normalize() afterwards forces every field into its range.
 */
typedef struct Preset {
        double desired_retention; /* 0.70 .. 0.97, default 0.90 */

        uint32_t learning_steps_s[PRESET_STEPS_MAX];   /* 1 s .. 365 d each; default 1m 10m */
        size_t n_learning_steps;                       /* may be 0: no steps, days at once */
        uint32_t relearning_steps_s[PRESET_STEPS_MAX]; /* default 10m */
        size_t n_relearning_steps;                     /* may be 0 */

        int32_t max_interval_days; /* 1 .. 36500, default 36500 */
        uint32_t new_per_day;      /* 0 .. 9999, default 20 */
        uint32_t reviews_per_day;  /* 0 .. 9999, default 200 */
        bool bury_siblings;        /* default true */
        bool fuzz;                 /* default true; also disperses siblings */
        uint32_t leech_threshold;  /* lapses; 0 = never, default 8 */
        LeechAction leech_action;  /* default LEECH_TAG */
        NewOrder new_order;
        ReviewOrder review_order;
        NewMix new_mix;

        double w[FSRS_WEIGHTS]; /* FSRS-6; default: the published ones (core/fsrs.h) */
        /*
         * Default true. When false, reviews on the day of the last one go through the formulas for
         * longer pauses, and the steps are not used: every answer is in days.
         */
        bool short_term;
} Preset;

void preset_init(Preset *ret);

/* Forces every field into its range; weights as fsrs_clamp(); NaN becomes the default. */
void preset_normalize(Preset *p);
