/*
 * The review in a notification, as a pure state machine: question, answer, grade, next card, for a
 * batch of cards, then one closing line. It knows nothing of the bus, the store or the screen: it is
 * told what happened and answers what to do. Bringing a card back when the server restarts is the
 * notifier's (desktop/notifier.h).
 *
 * Rules it keeps (why: docs of the notification servers differ on every one of these):
 *   - one live notification at most; each showing has its own generation, and whatever arrives for
 *     another generation is ignored (stale buttons, doubled signals, clicks in a history list);
 *   - the default action (a click on the body) never grades: it shows the answer, and on an answer it
 *     brings the card back, because many servers close what was clicked;
 *   - closing without an action means later, never a grade;
 *   - a grade counts once: after it was sent, nothing of that card is listened to until its result is known.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/usec.h"

typedef enum AskPhase {
        ASK_IDLE,
        ASK_FETCHING, /* waiting for ASK_CARD or ASK_NO_CARD */
        ASK_QUESTION,
        ASK_ANSWER,
        ASK_GRADING, /* waiting for ASK_GRADED, ASK_STALE or ASK_NOT_SAVED */
        ASK_CLOSING, /* the closing line is on screen */
} AskPhase;

typedef struct AskConfig {
        unsigned batch;        /* cards in one go, >= 1 */
        usec_t card_timeout;   /* an unanswered card leaves after this; 0 = never */
        usec_t closing_expire; /* how long the closing line stays */
} AskConfig;

typedef struct AskState {
        AskPhase phase;
        uint32_t generation; /* of what is on screen; only ever grows */
        int64_t card;
        uint64_t revision;
        unsigned position;    /* 1-based, of the card on screen */
        unsigned total;       /* of this batch, shrinks when fewer are due */
        unsigned graded;      /* in this batch */
        unsigned recalled;    /* of them not Again */
        unsigned grade;       /* GRADING: the grade that was sent */
        bool server;          /* a notification server answers */
        usec_t question_boot; /* when the question was first shown */
        usec_t deadline_boot; /* next ASK_TIME; USEC_INFINITY = none */
} AskState;

typedef enum AskEventKind {
        ASK_BEGIN,     /* start a batch; `available` cards could be asked */
        ASK_CARD,      /* the fetched card */
        ASK_NO_CARD,   /* nothing (more) to ask */
        ASK_SHOW,      /* button or command "show answer" */
        ASK_GRADE,     /* button or command with `grade` */
        ASK_LATER,     /* button or command */
        ASK_DEFAULT,   /* click on the body */
        ASK_CLOSED,    /* the notification went without an action */
        ASK_GRADED,    /* the grade is committed */
        ASK_STALE,     /* the card had changed: nothing was graded */
        ASK_NOT_SAVED, /* the store refused: nothing was graded */
        ASK_CHANGED,   /* the card on screen was changed or graded elsewhere */
        ASK_SERVER_UP,
        ASK_SERVER_GONE,
        ASK_TIME, /* deadline_boot has come */
} AskEventKind;

typedef struct AskEvent {
        AskEventKind kind;
        /* For what comes from the screen: the generation it belongs to; 0 = a command, meant for what is up. */
        uint32_t generation;
        unsigned grade;     /* ASK_GRADE: 1..4 */
        int64_t card;       /* ASK_CARD */
        uint64_t revision;  /* ASK_CARD */
        unsigned available; /* ASK_BEGIN, ASK_CARD: cards that could be asked, this one included */
} AskEvent;

typedef enum AskEffectKind {
        ASK_DO_FETCH,
        ASK_DO_SHOW_QUESTION,
        ASK_DO_SHOW_ANSWER,
        ASK_DO_SHOW_PROBLEM, /* the answer again, saying that the grade was not saved */
        ASK_DO_SHOW_CLOSING,
        ASK_DO_CLOSE,
        ASK_DO_GRADE,
        ASK_DO_DISMISSED, /* the learner sent the card away or pressed Later */
        ASK_DO_EXPIRED,   /* nobody answered */
        ASK_DO_FINISHED,  /* the batch is through */
} AskEffectKind;

enum { ASK_MAX_EFFECTS = 4 };

typedef struct AskEffect {
        AskEffectKind kind;
        unsigned grade;
        uint32_t took_ms;
} AskEffect;

typedef struct AskEffects {
        AskEffect list[ASK_MAX_EFFECTS];
        unsigned n;
} AskEffects;

void ask_init(AskState *s);

/* Takes one event at `now_boot`; ret_effects is always written. Events that do not fit the phase do nothing. */
void ask_step(AskState *s, const AskConfig *config, usec_t now_boot, const AskEvent *event,
              AskEffects *ret_effects);

static inline bool ask_is_busy(const AskState *s) {
        return s->phase != ASK_IDLE && s->phase != ASK_CLOSING;
}
