#include "core/ask.h"

#include <string.h>

void ask_init(AskState *s) {
        memset(s, 0, sizeof(*s));
        s->deadline_boot = USEC_INFINITY;
}

static AskEffect *effect(AskEffects *fx, AskEffectKind kind) {
        AskEffect *e = &fx->list[fx->n++];

        *e = (AskEffect){ .kind = kind };
        return e;
}

static void rest(AskState *s) {
        s->phase = ASK_IDLE;
        s->card = 0;
        s->deadline_boot = USEC_INFINITY;
}

static usec_t deadline_after(usec_t now_boot, usec_t span) {
        return span ? now_boot + span : USEC_INFINITY;
}

/* Puts something new on the screen: a new generation, and its own time to live. */
static void show(AskState *s, AskPhase phase, AskEffectKind what, usec_t deadline_boot,
                 AskEffects *fx) {
        s->phase = phase;
        s->generation++;
        s->deadline_boot = deadline_boot;
        effect(fx, what);
}

static void show_card(AskState *s, const AskConfig *config, AskPhase phase, usec_t now_boot,
                      AskEffects *fx) {
        show(s, phase, phase == ASK_QUESTION ? ASK_DO_SHOW_QUESTION : ASK_DO_SHOW_ANSWER,
             deadline_after(now_boot, config->card_timeout), fx);
}

static void fetch(AskState *s, AskEffects *fx) {
        s->phase = ASK_FETCHING;
        s->card = 0;
        s->deadline_boot = USEC_INFINITY;
        effect(fx, ASK_DO_FETCH);
}

/* The batch is over: a last line when anything was graded, else just an empty screen. */
static void finish(AskState *s, const AskConfig *config, usec_t now_boot, AskEffects *fx) {
        s->card = 0;
        effect(fx, ASK_DO_FINISHED);
        if (s->graded > 0 && s->server) {
                show(s, ASK_CLOSING, ASK_DO_SHOW_CLOSING, now_boot + config->closing_expire, fx);
                return;
        }
        effect(fx, ASK_DO_CLOSE);
        rest(s);
}

static void begin(AskState *s, const AskConfig *config, unsigned available, AskEffects *fx) {
        if (ask_is_busy(s) || !s->server)
                return;

        s->position = 0;
        s->graded = s->recalled = 0;
        s->total = available < config->batch ? available : config->batch;
        fetch(s, fx);
}

static void card_arrived(AskState *s, const AskConfig *config, usec_t now_boot, const AskEvent *ev,
                         AskEffects *fx) {
        unsigned left;

        if (s->phase != ASK_FETCHING)
                return;

        s->card = ev->card;
        s->revision = ev->revision;
        s->position++;
        s->question_boot = now_boot;

        /* Fewer may be left than were due at the start, and Again can bring cards back. */
        left = ev->available ? ev->available : 1;
        s->total = s->position - 1 + left < config->batch ? s->position - 1 + left : config->batch;
        if (s->total < s->position)
                s->total = s->position;

        show_card(s, config, ASK_QUESTION, now_boot, fx);
}

static void grade(AskState *s, usec_t now_boot, unsigned g, AskEffects *fx) {
        usec_t took = now_boot - s->question_boot;
        AskEffect *e;

        /* Whoever walked away for an hour did not think for an hour. */
        if (took > 10 * USEC_PER_MIN)
                took = 10 * USEC_PER_MIN;

        s->phase = ASK_GRADING;
        s->deadline_boot = USEC_INFINITY;
        e = effect(fx, ASK_DO_GRADE);
        e->grade = s->grade = g;
        e->took_ms = (uint32_t) (took / USEC_PER_MSEC);
        s->graded++;
        s->recalled += g > 1;
}

static void grade_failed(AskState *s, const AskConfig *config, usec_t now_boot, AskEventKind why,
                         AskEffects *fx) {
        s->graded--;
        s->recalled -= s->grade > 1;

        if (why == ASK_STALE) {
                s->position--;
                fetch(s, fx);
                return;
        }
        show(s, ASK_ANSWER, ASK_DO_SHOW_PROBLEM, deadline_after(now_boot, config->card_timeout),
             fx);
}

static void leave(AskState *s, AskEffectKind why, AskEffects *fx) {
        effect(fx, ASK_DO_CLOSE);
        if (why != ASK_DO_CLOSE)
                effect(fx, why);
        rest(s);
}

void ask_step(AskState *s, const AskConfig *config, usec_t now_boot, const AskEvent *ev,
              AskEffects *fx) {
        bool card_up = s->phase == ASK_QUESTION || s->phase == ASK_ANSWER;

        *fx = (AskEffects){};

        if (ev->generation != 0 && ev->generation != s->generation)
                return;

        switch (ev->kind) {
        case ASK_BEGIN:
                begin(s, config, ev->available, fx);
                break;

        case ASK_CARD:
                card_arrived(s, config, now_boot, ev, fx);
                break;

        case ASK_NO_CARD:
                if (s->phase == ASK_FETCHING)
                        finish(s, config, now_boot, fx);
                break;

        case ASK_SHOW:
                if (s->phase == ASK_QUESTION)
                        show_card(s, config, ASK_ANSWER, now_boot, fx);
                break;

        case ASK_DEFAULT:
                /* Most servers close what was clicked, so the card is shown anew in either phase. */
                if (card_up)
                        show_card(s, config, ASK_ANSWER, now_boot, fx);
                else if (s->phase == ASK_CLOSING)
                        leave(s, ASK_DO_CLOSE, fx);
                break;

        case ASK_GRADE:
                /* A command may grade from the question; a button exists on the answer only. */
                if (s->phase == ASK_ANSWER || (s->phase == ASK_QUESTION && ev->generation == 0))
                        grade(s, now_boot, ev->grade, fx);
                break;

        case ASK_LATER:
                if (card_up)
                        leave(s, ASK_DO_DISMISSED, fx);
                break;

        case ASK_CLOSED:
                if (card_up)
                        leave(s, ASK_DO_DISMISSED, fx);
                else if (s->phase == ASK_CLOSING)
                        rest(s);
                break;

        case ASK_GRADED:
                if (s->phase != ASK_GRADING)
                        break;
                if (s->position >= config->batch)
                        finish(s, config, now_boot, fx);
                else
                        fetch(s, fx);
                break;

        case ASK_STALE:
        case ASK_NOT_SAVED:
                if (s->phase == ASK_GRADING)
                        grade_failed(s, config, now_boot, ev->kind, fx);
                break;

        case ASK_CHANGED:
                if (card_up) {
                        s->position--;
                        fetch(s, fx);
                }
                break;

        case ASK_SERVER_UP:
                s->server = true;
                break;

        case ASK_SERVER_GONE:
                s->server = false;
                /* A card stays wanted until its time is up: servers restart. */
                if (s->phase == ASK_CLOSING)
                        leave(s, ASK_DO_CLOSE, fx);
                break;

        case ASK_TIME:
                if (s->deadline_boot == USEC_INFINITY || now_boot < s->deadline_boot)
                        break;
                if (card_up)
                        leave(s, ASK_DO_EXPIRED, fx);
                else if (s->phase == ASK_CLOSING)
                        leave(s, ASK_DO_CLOSE, fx);
                break;
        }
}
