/*
 * When to ask. A pure machine: it is told what is due, what the learner did and what time it is, and
 * answers whether to ask now, why not, and when to look again. It never polls: the deadline is
 * the next instant at which its answer can change by time alone.
 *
 * The rule: enough cards are due (or one has waited long), the last asking and the last review are
 * min_gap ago, it is not in quiet hours, nothing is on screen, a notification server answers, and the
 * session has settled after the start. One gate, one verdict with its reason for every chance.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/usec.h"
#include "util/zone.h"

typedef struct RemindConfig {
        bool enabled;
        uint32_t min_due;        /* >= 1 */
        usec_t min_gap;          /* since the last asking and the last review */
        usec_t overdue_any;      /* a card that waits this long is enough alone; 0 = never */
        usec_t settle;           /* after the start */
        unsigned quiet_from_min; /* wall time, minutes; equal to quiet_until_min: never quiet */
        unsigned quiet_until_min;
        const Zone *zone;
} RemindConfig;

/* Kept over restarts: last_asked_real. The rest is told again. */
typedef struct RemindState {
        uint32_t due;
        usec_t oldest_due_real;  /* since when the oldest of them waits; 0 = unknown */
        usec_t next_due_real;    /* when more become due; 0 = never */
        usec_t last_asked_real;  /* 0 = never */
        usec_t last_review_real; /* 0 = never */
        usec_t settled_real;     /* nothing before this */
        bool on_screen;
        bool server;
} RemindState;

typedef enum RemindEventKind {
        REMIND_START,
        REMIND_COUNTS,   /* due, oldest_due_real, next_due_real */
        REMIND_REVIEWED, /* anywhere */
        REMIND_SHOWN,    /* a batch or popup has begun */
        REMIND_GONE,     /* nothing is on screen any more */
        REMIND_SERVER,   /* server */
        REMIND_TIME, /* the deadline came, the clock was set, the zone changed, the machine woke */
} RemindEventKind;

typedef struct RemindEvent {
        RemindEventKind kind;
        uint32_t due;
        usec_t oldest_due_real, next_due_real;
        bool server;
} RemindEvent;

typedef enum RemindVerdict {
        REMIND_ASK,
        REMIND_OFF,
        REMIND_NOTHING_DUE,
        REMIND_TOO_FEW,
        REMIND_ON_SCREEN,
        REMIND_NO_SERVER,
        REMIND_SETTLING,
        REMIND_QUIET,
        REMIND_ASKED_RECENTLY,
        REMIND_REVIEWED_RECENTLY,
} RemindVerdict;

typedef struct RemindDecision {
        RemindVerdict verdict;
        usec_t next_real; /* look again then, with REMIND_TIME; USEC_INFINITY: only an event changes it. Always > now. */
} RemindDecision;

void remind_init(RemindState *s);

/* REMIND_ASK means: begin a batch now, and tell REMIND_SHOWN. */
RemindDecision remind_step(RemindState *s, const RemindConfig *config, usec_t now_real,
                           const RemindEvent *event);

/*
 * The reason as a sentence, for `ebb why`: "Not asked: 3 cards are due, fewer than min-due (5).".
 * At most 160 bytes; always written.
 */
void remind_sentence(const RemindState *s, const RemindConfig *config, usec_t now_real,
                     RemindVerdict verdict, char *out, size_t size);

/* Whether a wall time lies in quiet hours, and the instant at which these end (> now). */
bool remind_is_quiet(const RemindConfig *config, usec_t now_real, usec_t *ret_end_real);

/* The next beginning of quiet hours, > now; USEC_INFINITY without quiet hours. */
usec_t remind_next_quiet(const RemindConfig *config, usec_t now_real);
