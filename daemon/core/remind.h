/*
 * When to ask. A pure machine: it is told what is due, what the learner did, what is known of the
 * desktop and what time it is, and answers whether to ask now, why not, and when to look again. It
 * never polls: the deadline is the next instant at which its answer can change by time alone.
 *
 * A reminder needs a *chance*. Chances are, of these kinds:
 *   - due: a slot of the day (10:00, with a window of 90 minutes), once each; what is not used lapses
 *     and nothing is carried over but by Later;
 *   - paced: with `pace` set, one card every so often within chosen hours, instead of slots;
 *   - learning: a card of a learning step has become ready within the review that the learner has just
 *     paused.
 * Every chance passes one gate (remind.c), whose verdict has a sentence (remind-text.c). What the learner does
 * with reminders changes how many there are (remind-habit.c); wall times are resolved once a
 * day (remind-plan.c).
 *
 * What is not known (REMIND_UNKNOWN) never holds a reminder back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/usec.h"
#include "util/zone.h"

enum {
        REMIND_SLOTS_MAX = 8, /* of a day */
        REMIND_RECORDS = 16,  /* times of day of which figures are kept */
        REMIND_HOLIDAYS_MAX = 32,
        REMIND_DECKS_MAX = 16,
        REMIND_SENTENCE_SIZE = 200,
};

/* Wall times in minutes after midnight, ascending. */
typedef struct RemindSlots {
        uint16_t minute[REMIND_SLOTS_MAX];
        size_t n;
} RemindSlots;

/* Learner's days, both ends included. */
typedef struct RemindHoliday {
        int32_t first_day, last_day;
} RemindHoliday;

typedef struct RemindConfig {
        bool enabled;
        bool learning; /* ask cards of learning steps in a paused review */
        bool fade;     /* be silent at slots before which the learner reviews unprompted */
        RemindSlots weekday, weekend; /* weekend: Saturday and Sunday */
        usec_t slot_window;
        unsigned quiet_from_min; /* wall time, minutes; equal to quiet_until_min: never quiet */
        unsigned quiet_until_min;
        uint32_t budget;       /* due reminders a day, >= 1 */
        uint32_t total_budget; /* of due and learning together, >= 1; paced cards have their pace */
        usec_t min_gap;        /* between two due reminders */
        uint32_t min_due;      /* >= 1 */
        usec_t overdue_any;    /* a card that waits this long is enough alone; 0 = never */
        usec_t settle;         /* after start, unlocking, coming back, waking up */
        usec_t engaged;        /* silent this long after a review */
        uint32_t catchup;      /* cards of the first reminder after an absence, >= 1 */
        usec_t pace;           /* 0: slots */
        unsigned pace_from_min, pace_until_min; /* from < until */
        RemindHoliday holidays[REMIND_HOLIDAYS_MAX];
        size_t n_holidays;
        int day_starts_min;
        const Zone *zone;
} RemindConfig;

typedef enum RemindFact { REMIND_UNKNOWN, REMIND_NO, REMIND_YES } RemindFact;

/* What is known of the desktop. All zero: nothing. */
typedef struct RemindFacts {
        RemindFact active; /* the session is the one in front */
        RemindFact locked;
        RemindFact idle;       /* nobody has touched anything for some minutes */
        RemindFact dnd;        /* the notification server holds back */
        RemindFact presenting; /* fullscreen or shared screen */
        RemindFact busy;       /* a calendar says so */
} RemindFacts;

typedef enum RemindKind {
        REMIND_KIND_DUE,
        REMIND_KIND_PACED,
        REMIND_KIND_LEARNING,
        REMIND_KIND_CALLED, /* the learner called for a card; passes no gate */
} RemindKind;

typedef enum RemindVerdict {
        REMIND_ASK,
        REMIND_NO_CHANCE, /* between chances */
        REMIND_OFF,
        REMIND_NOTHING_DUE,
        REMIND_HUSHED,
        REMIND_HOLIDAY,
        REMIND_NOT_TODAY, /* the learner said so */
        REMIND_ON_SCREEN,
        REMIND_NO_SERVER,
        REMIND_INACTIVE,
        REMIND_LOCKED,
        REMIND_IDLE,
        REMIND_DND,
        REMIND_PRESENTING,
        REMIND_BUSY,
        REMIND_SETTLING,
        REMIND_QUIET,
        REMIND_FINISHED, /* all that was due today is done */
        REMIND_REVIEWED_RECENTLY,
        REMIND_ASKED_RECENTLY,
        REMIND_TOO_FEW,
        REMIND_FADED,
        REMIND_OVER_BUDGET,
        REMIND_PAUSED, /* most reminders were dismissed: one in three days */
        REMIND_OVER_TOTAL,
} RemindVerdict;

/* Figures of one time of day. Kept over restarts. */
typedef struct RemindRecord {
        uint16_t minute;
        uint16_t shown, used, dismissed; /* halved together before they overflow */
        uint8_t unprompted; /* bit 0: the last study day; set: reviewed enough before */
        uint8_t n_days;     /* how many of the bits count, 0 .. 5 */
        uint8_t before;     /* unprompted reviews today, in the hours before */
        bool in_use;
} RemindRecord;

/* One slot of one date. */
typedef struct RemindWindow {
        usec_t start_real, end_real;
        int32_t date; /* local date, days since 1970 */
        uint16_t minute;
} RemindWindow;

/* Wall times near now, resolved; valid for from_real <= now < until_real. */
typedef struct RemindPlan {
        usec_t from_real, until_real;
        int32_t offset_s; /* of the zone, all the time of the plan */
        int32_t day;      /* learner's */
        usec_t day_ends_real;
        RemindWindow windows[3 * REMIND_SLOTS_MAX]; /* ascending by start */
        size_t n_windows;
        usec_t pace_from_real, pace_until_real; /* of this date */
        usec_t next_pace_real;                  /* when the paced hours begin next, > until_real */
        const RemindHoliday *holiday;           /* that `day` is in; NULL */
} RemindPlan;

/* What a reminder may belong to. */
typedef struct RemindChance {
        RemindKind kind;
        usec_t start_real, end_real;
        int32_t date;
        int minute; /* of the slot; -1: none */
} RemindChance;

/* Open, but changed by remind_step() only. What is kept over restarts: remind_save(). */
typedef struct RemindState {
        RemindPlan plan;
        RemindFacts facts;
        bool server;
        usec_t settled_real; /* nothing before this */
        usec_t last_step_real, last_next_real;

        uint32_t due;
        uint32_t learning;      /* of them, in learning steps */
        bool worth;             /* enough of them, see remind_worth() */
        usec_t oldest_due_real; /* since when the oldest of them waits; 0 = unknown: new cards */
        usec_t due_since_real;  /* since when there was always something due; 0 = nothing is */
        usec_t next_due_real;   /* when more become due; 0 = never */

        usec_t last_review_real; /* 0 = never; told at the start */
        uint32_t reviews_today;
        usec_t last_asked_real; /* due or paced; 0 = never */
        usec_t last_seen_real;  /* the learner gave a sign of life */
        usec_t looked_real;     /* chances up to here have been judged */
        usec_t hush_until_real;
        int32_t day;      /* of the counters below */
        int32_t skip_day; /* Not today */
        int32_t finished_day;
        int32_t asked_day;      /* of the last due reminder */
        uint32_t asked_today;   /* due */
        uint32_t notices_today; /* due and learning */
        int32_t used_date;      /* the slot that was last used */
        uint32_t used_minute;
        uint32_t points; /* remind-habit.c */
        int32_t points_day;
        uint32_t laters;    /* running */
        bool later;         /* the next slot keeps a promise: fewer cards than min-due will do */
        bool back;          /* after an absence */
        bool back_told;     /* and the reminder that says so has come */
        bool unseen;        /* a reminder expired while nobody was there */
        usec_t retry_real;  /* the chance for it, from then on for a window; 0 = none */
        usec_t closed_real; /* chances that opened before this are void: the settings changed */

        RemindChance chosen; /* of the last REMIND_ASK */
        bool on_screen;
        RemindKind on_screen_kind;
        usec_t shown_real;
        int16_t prompted;        /* record of the slot whose reminder may still be answered; -1 */
        bool prompted_dismissed; /* it was, but a review may still follow from it */
        bool learning_refused;   /* until the next review */

        RemindVerdict told;
        usec_t told_chance_real;
        RemindRecord records[REMIND_RECORDS];
        uint16_t hours[24]; /* unprompted reviews by hour of day */
} RemindState;

typedef enum RemindEventKind {
        REMIND_START,    /* last_review_real, reviews: of today */
        REMIND_CONFIG,   /* the settings changed: never a reason to ask at once */
        REMIND_ZONE,     /* the zone is another, or loaded anew */
        REMIND_COUNTS,   /* due, learning, worth, oldest_due_real, next_due_real */
        REMIND_REVIEWED, /* anywhere */
        REMIND_SHOWN,    /* what was decided last is on screen; `called`: the learner's own wish */
        REMIND_GONE,     /* nothing is on screen any more; how */
        REMIND_SERVER,   /* server */
        REMIND_PRESENCE, /* facts */
        REMIND_HUSH,     /* until_real; 0 lifts it */
        REMIND_TIME,     /* the deadline came, the clock was set, the machine woke */
} RemindEventKind;

typedef enum RemindGone {
        REMIND_GONE_DONE, /* the batch is through */
        REMIND_GONE_DISMISSED,
        REMIND_GONE_EXPIRED,
        REMIND_GONE_LATER,
        REMIND_GONE_NOT_TODAY,
        REMIND_GONE_TAKEN, /* not by the learner: nothing left to ask, or hushed */
} RemindGone;

typedef struct RemindEvent {
        RemindEventKind kind;
        uint32_t due, learning;
        bool worth;
        usec_t oldest_due_real, next_due_real;
        usec_t last_review_real;
        uint32_t reviews;
        bool server, called;
        RemindGone how;
        RemindFacts facts;
        usec_t until_real;
} RemindEvent;

typedef struct RemindDecision {
        RemindVerdict verdict;
        RemindKind kind;
        usec_t next_real; /* look again then, with REMIND_TIME; USEC_INFINITY: only an event changes it. Always > now. */
        uint32_t cards; /* ASK: in this batch; 0 = as many as a batch has */
        bool back;      /* ASK: the first after an absence: say how many, not how many wait */
        bool discreet; /* whether the screen is seen by others, or disturbing is unwanted, is unknown */
        bool tell;     /* a chance was judged in a new way: worth a line */
        int chance_min; /* wall time of the slot, minutes; -1: none */
        int missed_min; /* a slot that passed while the machine slept or was off; -1: none */
        int advice_min; /* a slot that is hardly ever used; -1: none */
} RemindDecision;

void remind_init(RemindState *s);

/* REMIND_ASK means: begin now, and tell REMIND_SHOWN. */
RemindDecision remind_step(RemindState *s, const RemindConfig *config, usec_t now_real,
                           const RemindEvent *event);

/*
 * The verdict of a decision as a sentence, for `ebb why`: "13:30 not asked: you reviewed 22 minutes
 * ago.". Fits REMIND_SENTENCE_SIZE; always written.
 */
void remind_sentence(const RemindState *s, const RemindConfig *config, usec_t now_real,
                     const RemindDecision *d, char *out, size_t size);
void remind_sentence_missed(const RemindDecision *d, char *out, size_t size);
void remind_sentence_advice(const RemindState *s, const RemindDecision *d, char *out, size_t size);

/* 0 .. 3: how much the reminders are held back because they were dismissed. */
unsigned remind_level(const RemindState *s);

/*
 * Whether enough is due. Decks with a threshold of their own (min_due > 0) count alone, the others
 * together against min-due. *ret_deck: index of the deck that is most of it, relative to its threshold; 0
 * when nothing is due.
 */
typedef struct RemindDeck {
        uint32_t due, min_due;
} RemindDeck;
bool remind_worth(const RemindConfig *config, const RemindDeck *decks, size_t n, size_t *ret_deck);

/*
 * What is kept over restarts, as numbers under names; slots are named by their time. remind_save() calls
 * `put` for each that differs from `kept`, and makes `kept` equal. remind_load() asks `get` for
 * each, which leaves *value alone when it has none; what cannot be is passed over.
 */
typedef int (*RemindPut)(const char *name, int64_t value, void *userdata);
typedef int (*RemindGet)(const char *name, int64_t *value, void *userdata);
int remind_save(const RemindState *s, RemindState *kept, RemindPut put, void *userdata);
int remind_load(RemindState *s, const RemindConfig *config, RemindGet get, void *userdata);
