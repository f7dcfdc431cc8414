/*
 * The machine and its one gate. Every chance passes gate(), which asks its guards in order; the first
 * that holds gives the verdict, and says until when it holds. The deadline is the nearest instant at
 * which a guard lets go within the chance, the chance ends, or another begins.
 */
#include "core/remind.h"

#include <string.h>

#include "core/civil.h"
#include "core/day.h"
#include "core/remind-private.h"

enum { PAUSED_DAYS = 3, RIPE_CARDS_MAX = 5 };

/* Between two askings, whatever is set: a card that cannot be shown must not be tried without end. */
#define LEAST_GAP USEC_PER_MIN

/* Nothing answered for so long: a review is paused; for so long: it is over. */
#define PAUSE_BEGINS (2 * USEC_PER_MIN)
#define PAUSE_ENDS   (20 * USEC_PER_MIN)

/* A timer that comes so late was held up by a sleeping machine. */
#define SLEPT (1 * USEC_PER_MIN)

void remind_init(RemindState *s) {
        memset(s, 0, sizeof(*s));
        s->day = s->skip_day = s->finished_day = s->asked_day = s->used_date = REMIND_NO_DATE;
        s->prompted = -1;
        s->told = REMIND_NO_CHANCE;
        s->last_next_real = USEC_INFINITY;
}

bool remind_worth(const RemindConfig *c, const RemindDeck *decks, size_t n, size_t *ret_deck) {
        uint32_t together = 0;
        uint64_t best = 0;
        bool worth = false;

        *ret_deck = 0;
        for (size_t i = 0; i < n; i++) {
                uint64_t share;

                if (decks[i].min_due == 0)
                        together += decks[i].due;
                else if (decks[i].due >= decks[i].min_due)
                        worth = true;

                share = (uint64_t) decks[i].due * 1000 /
                        (decks[i].min_due ? decks[i].min_due : c->min_due);
                if (share > best) {
                        best = share;
                        *ret_deck = i;
                }
        }
        return worth || together >= c->min_due;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* An instant in the future can only come from a clock that was set back since. */
static void not_after(usec_t *at_real, usec_t now_real) {
        if (*at_real > now_real)
                *at_real = now_real;
}

static void clock_set_back(RemindState *s, const RemindConfig *c, usec_t now_real) {
        not_after(&s->last_asked_real, now_real);
        not_after(&s->last_review_real, now_real);
        not_after(&s->last_seen_real, now_real);
        not_after(&s->shown_real, now_real);
        not_after(&s->closed_real, now_real);
        not_after(&s->looked_real, now_real);
        not_after(&s->due_since_real, now_real);
        if (s->settled_real > now_real + c->settle)
                s->settled_real = now_real + c->settle;
}

static void settle(RemindState *s, const RemindConfig *c, usec_t now_real) {
        s->settled_real = now_real + c->settle;
}

static bool somebody(const RemindFacts *f) {
        return f->active != REMIND_NO && f->locked == REMIND_NO && f->idle == REMIND_NO;
}

static void presence(RemindState *s, const RemindConfig *c, usec_t now_real,
                     const RemindFacts *facts) {
        bool nobody = remind_nobody(&s->facts);

        s->facts = *facts;
        if (!nobody || remind_nobody(facts))
                return;

        settle(s, c, now_real);
        if (s->unseen && s->asked_day == s->plan.day) {
                s->retry_real = s->settled_real;
                if (s->retry_real < s->last_asked_real + c->min_gap)
                        s->retry_real = s->last_asked_real + c->min_gap;
        }
        s->unseen = false;
}

static void counts(RemindState *s, usec_t now_real, const RemindEvent *ev) {
        s->due = ev->due;
        s->learning = ev->learning;
        s->worth = ev->worth;
        s->oldest_due_real = ev->oldest_due_real;
        s->next_due_real = ev->next_due_real;
        if (s->due == 0)
                s->due_since_real = 0;
        else if (s->due_since_real == 0)
                s->due_since_real = now_real;

        if (s->due == 0 && s->reviews_today > 0)
                s->finished_day = s->plan.day;
}

static void take(RemindState *s, const RemindConfig *c, usec_t now_real, const RemindEvent *ev) {
        switch (ev->kind) {
        case REMIND_START:
                s->last_review_real = ev->last_review_real;
                s->reviews_today = ev->reviews;
                settle(s, c, now_real);
                break;
        case REMIND_CONFIG:
                s->closed_real = now_real;
                s->retry_real = 0;
                break;
        case REMIND_COUNTS:
                counts(s, now_real, ev);
                break;
        case REMIND_REVIEWED:
                remind_reviewed(s, c, now_real);
                break;
        case REMIND_SHOWN:
                remind_shown(s, c, now_real, ev->called);
                break;
        case REMIND_GONE:
                remind_gone(s, now_real, ev->how);
                break;
        case REMIND_SERVER:
                s->server = ev->server;
                break;
        case REMIND_PRESENCE:
                presence(s, c, now_real, &ev->facts);
                break;
        case REMIND_HUSH:
                s->hush_until_real = ev->until_real;
                break;
        case REMIND_ZONE:
        case REMIND_TIME:
                break;
        }
}

/* ---- chances --------------------------------------------------------------------------------- */

static usec_t later_of(usec_t a, usec_t b) {
        return a > b ? a : b;
}

static usec_t earlier_of(usec_t a, usec_t b) {
        return a < b ? a : b;
}

static usec_t after(usec_t at_real, usec_t now_real) {
        return at_real > now_real ? at_real : USEC_INFINITY;
}

/* Who sends cards away gets them at twice the distance, at each level. */
static usec_t next_paced(const RemindState *s, const RemindConfig *c) {
        usec_t since = later_of(s->last_asked_real, s->last_review_real);

        since = later_of(since, s->closed_real);
        return later_of(s->plan.pace_from_real, since + (c->pace << remind_level(s)));
}

static bool find_chance(const RemindState *s, const RemindConfig *c, usec_t now_real,
                        RemindChance *ret) {
        const RemindWindow *w;
        usec_t at;

        if (c->pace > 0) {
                at = next_paced(s, c);
                if (now_real < at || now_real >= s->plan.pace_until_real)
                        return false;
                *ret = (RemindChance){ REMIND_KIND_PACED, at, s->plan.pace_until_real, 0, -1 };
                return true;
        }

        w = remind_window_at(&s->plan, now_real);
        if (w && w->start_real >= s->closed_real &&
            !(w->date == s->used_date && w->minute == s->used_minute)) {
                *ret = (RemindChance){ REMIND_KIND_DUE, w->start_real, w->end_real, w->date,
                                       w->minute };
                return true;
        }

        if (s->retry_real > 0 && now_real >= s->retry_real &&
            now_real < s->retry_real + c->slot_window) {
                *ret = (RemindChance){ REMIND_KIND_DUE, s->retry_real,
                                       s->retry_real + c->slot_window, 0, -1 };
                return true;
        }
        return false;
}

/* When a chance can begin next by time alone. */
static usec_t next_chance(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        usec_t at, next;

        if (c->pace > 0) {
                at = next_paced(s, c);
                if (at > now_real && at < s->plan.pace_until_real)
                        return at;
                return later_of(s->plan.next_pace_real, now_real + USEC_PER_MIN);
        }
        next = remind_next_window(&s->plan, c, now_real);
        if (s->retry_real > 0)
                next = earlier_of(next, after(s->retry_real, now_real));
        return next;
}

/* ---- the gate -------------------------------------------------------------------------------- */

typedef struct Held {
        RemindVerdict verdict;
        usec_t until_real; /* when it may be otherwise; USEC_INFINITY: an event must come */
} Held;

static Held held(RemindVerdict verdict, usec_t until_real) {
        return (Held){ verdict, until_real };
}

/* What holds back whatever is asked, of whatever kind. */
static Held gate_any(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        usec_t quiet_end_real;

        if (!c->enabled)
                return held(REMIND_OFF, USEC_INFINITY);
        if (s->hush_until_real > now_real)
                return held(REMIND_HUSHED, s->hush_until_real);
        if (s->due == 0)
                return held(REMIND_NOTHING_DUE, after(s->next_due_real, now_real));
        if (s->plan.holiday)
                return held(REMIND_HOLIDAY, s->plan.day_ends_real);
        if (s->skip_day == s->plan.day)
                return held(REMIND_NOT_TODAY, s->plan.day_ends_real);
        if (remind_is_quiet(&s->plan, c, now_real, &quiet_end_real))
                return held(REMIND_QUIET, quiet_end_real);
        if (s->on_screen)
                return held(REMIND_ON_SCREEN, USEC_INFINITY);
        if (!s->server)
                return held(REMIND_NO_SERVER, USEC_INFINITY);
        if (s->facts.active == REMIND_NO)
                return held(REMIND_INACTIVE, USEC_INFINITY);
        if (s->facts.locked == REMIND_YES)
                return held(REMIND_LOCKED, USEC_INFINITY);
        if (s->facts.idle == REMIND_YES)
                return held(REMIND_IDLE, USEC_INFINITY);
        if (s->facts.dnd == REMIND_YES)
                return held(REMIND_DND, USEC_INFINITY);
        if (s->facts.presenting == REMIND_YES)
                return held(REMIND_PRESENTING, USEC_INFINITY);
        if (s->facts.busy == REMIND_YES)
                return held(REMIND_BUSY, USEC_INFINITY);
        if (s->settled_real > now_real)
                return held(REMIND_SETTLING, s->settled_real);
        return held(REMIND_ASK, 0);
}

/*
 * Since when something waits. New cards have no due date: they wait since there has always been
 * something to ask, or a learner with three cards would never be asked for the first time.
 */
static usec_t waits_since(const RemindState *s) {
        if (s->oldest_due_real > 0 && s->oldest_due_real < s->due_since_real)
                return s->oldest_due_real;
        return s->due_since_real;
}

static bool waited_long(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        return c->overdue_any > 0 && s->due > 0 && waits_since(s) + c->overdue_any <= now_real;
}

/* Whether more become due, or the oldest will have waited long, by time alone. */
static usec_t next_worth(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        usec_t next = after(s->next_due_real, now_real);

        if (s->due > 0 && c->overdue_any > 0)
                next = earlier_of(next, after(waits_since(s) + c->overdue_any, now_real));
        return next;
}

static Held gate_due(const RemindState *s, const RemindConfig *c, usec_t now_real,
                     const RemindChance *chance) {
        usec_t asked_gap = later_of(c->min_gap, LEAST_GAP);

        if (s->last_review_real > 0 && s->last_review_real + c->engaged > now_real)
                return held(REMIND_REVIEWED_RECENTLY, s->last_review_real + c->engaged);
        if (s->finished_day == s->plan.day)
                return held(REMIND_FINISHED, s->plan.day_ends_real);
        if (s->last_asked_real > 0 && s->last_asked_real + asked_gap > now_real)
                return held(REMIND_ASKED_RECENTLY, s->last_asked_real + asked_gap);
        if (remind_level(s) == 3 && s->asked_day != REMIND_NO_DATE &&
            s->plan.day - s->asked_day < PAUSED_DAYS && s->asked_day <= s->plan.day)
                return held(REMIND_PAUSED, s->plan.day_ends_real);
        if (s->asked_today >= remind_budget(s, c))
                return held(REMIND_OVER_BUDGET, s->plan.day_ends_real);
        if (s->notices_today >= c->total_budget)
                return held(REMIND_OVER_TOTAL, s->plan.day_ends_real);
        if (!s->worth && !waited_long(s, c, now_real) && !s->later)
                return held(REMIND_TOO_FEW, next_worth(s, c, now_real));
        if (c->fade && chance->minute >= 0 && !s->later && !s->back &&
            remind_faded(s, (unsigned) chance->minute))
                return held(REMIND_FADED, USEC_INFINITY);
        return held(REMIND_ASK, 0);
}

/* A card of a learning step is ready, in a review that was paused just now. */
static Held gate_learning(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        usec_t since_real = s->last_review_real;

        if (!c->learning || c->pace > 0 || s->learning == 0 || s->learning_refused ||
            since_real == 0 || since_real + PAUSE_ENDS <= now_real || remind_level(s) > 0)
                return held(REMIND_NO_CHANCE, USEC_INFINITY);
        if (since_real + PAUSE_BEGINS > now_real)
                return held(REMIND_NO_CHANCE, since_real + PAUSE_BEGINS);
        if (s->notices_today >= c->total_budget)
                return held(REMIND_OVER_TOTAL, USEC_INFINITY);
        return held(REMIND_ASK, 0);
}

static RemindDecision decide(RemindState *s, const RemindConfig *c, usec_t now_real) {
        RemindDecision d = { .chance_min = -1, .missed_min = -1, .advice_min = -1 };
        Held any = gate_any(s, c, now_real), due = { REMIND_NO_CHANCE, USEC_INFINITY };
        Held learning = gate_learning(s, c, now_real);
        RemindChance chance;
        bool open;

        open = find_chance(s, c, now_real, &chance);
        if (open) {
                d.chance_min = chance.minute;
                d.kind = chance.kind;
                due = any;
                if (any.verdict == REMIND_ASK && chance.kind == REMIND_KIND_DUE)
                        due = gate_due(s, c, now_real, &chance);
        }

        if (!(open && due.verdict == REMIND_ASK) && learning.verdict == REMIND_ASK &&
            any.verdict == REMIND_ASK) {
                open = true;
                chance = (RemindChance){ REMIND_KIND_LEARNING, now_real, now_real, 0, -1 };
                d.chance_min = -1;
                d.kind = REMIND_KIND_LEARNING;
                due = learning;
        }

        d.verdict = due.verdict;
        d.discreet = s->facts.dnd != REMIND_NO || s->facts.presenting != REMIND_NO;
        d.next_real = next_chance(s, c, now_real);
        if (d.verdict == REMIND_ASK) {
                s->chosen = chance;
                d.back = d.kind == REMIND_KIND_DUE && s->back;
                d.cards = d.kind == REMIND_KIND_PACED ? 1
                          : d.kind == REMIND_KIND_LEARNING
                                  ? (s->learning < RIPE_CARDS_MAX ? s->learning : RIPE_CARDS_MAX)
                          : d.back ? (s->due < c->catchup ? s->due : c->catchup)
                                   : 0;
        } else if (open) {
                d.next_real = earlier_of(d.next_real, due.until_real);
                d.next_real = earlier_of(d.next_real, after(chance.end_real, now_real));
        }
        if (learning.until_real < d.next_real && learning.until_real > now_real)
                d.next_real = learning.until_real;

        /* With reminders off, or nothing ever to ask, the clock changes nothing. */
        if (!c->enabled || (s->due == 0 && s->next_due_real == 0))
                d.next_real = USEC_INFINITY;

        d.tell = open && (d.verdict != s->told || chance.start_real != s->told_chance_real);
        if (open) {
                s->told = d.verdict;
                s->told_chance_real = chance.start_real;
        }
        return d;
}

/* Slots that ended since the last step with nobody to judge them: the newest of them. */
static int missed(const RemindState *s, usec_t now_real) {
        int minute = -1;

        if (s->looked_real == 0)
                return -1;
        for (size_t i = 0; i < s->plan.n_windows; i++) {
                const RemindWindow *w = &s->plan.windows[i];

                if (w->start_real > s->looked_real && w->end_real <= now_real &&
                    w->start_real >= s->closed_real)
                        minute = w->minute;
        }
        return minute;
}

RemindDecision remind_step(RemindState *s, const RemindConfig *c, usec_t now_real,
                           const RemindEvent *ev) {
        bool slept = s->last_next_real != USEC_INFINITY && now_real > s->last_next_real + SLEPT;
        RemindDecision d;
        int missed_min;

        if (ev->kind == REMIND_CONFIG || ev->kind == REMIND_ZONE)
                s->plan.until_real = 0;
        clock_set_back(s, c, now_real);
        remind_plan(s, c, now_real);
        remind_day_begins(s, c);
        if (slept)
                settle(s, c, now_real);
        if (remind_absent(s, now_real) && !s->back_told)
                s->back = true;
        take(s, c, now_real, ev);
        if (somebody(&s->facts))
                remind_seen(s, now_real);

        missed_min = missed(s, now_real);
        d = decide(s, c, now_real);
        if (!d.tell && d.verdict == REMIND_NO_CHANCE &&
            (ev->kind == REMIND_START || ev->kind == REMIND_CONFIG || ev->kind == REMIND_HUSH)) {
                Held any = gate_any(s, c, now_real);

                d.tell = true;
                d.verdict = any.verdict != REMIND_ASK ? any.verdict : REMIND_NO_CHANCE;
        }
        d.missed_min = c->enabled && s->due > 0 ? missed_min : -1;
        if (ev->kind == REMIND_SHOWN && s->prompted >= 0 &&
            remind_is_of_little_use(&s->records[s->prompted]))
                d.advice_min = s->records[s->prompted].minute;

        s->looked_real = now_real;
        s->last_step_real = now_real;
        s->last_next_real = d.next_real;
        return d;
}
