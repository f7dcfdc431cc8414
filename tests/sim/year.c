/*
 * Events in the order of time. What must hold is checked against this file's own notes and its own
 * reading of the clock, not against the state of the policy.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/civil.h"
#include "sim.h"

enum { FIRST_DATE = 20454 /* 2026-01-01 */, BATCH = 5 };

#define CARD_TIMEOUT (10 * USEC_PER_MIN)
#define ANSWER_TAKES (11 * USEC_PER_SEC)

typedef struct World {
        Year *y;
        Learner learner;
        Collection collection;
        CollectionCounts counts;
        RemindState state;
        const Zone *zone;
        usec_t boot, offset; /* now_real = boot + offset: the clock can be set */
        usec_t deadline_real, count_real, batch_real, react_real, study_real;
        bool here, suspended, dnd, zone_news;
        int32_t today_date; /* the next one to plan is after it */
        size_t next_act;

        /* A reminder on screen, and what will be done about it. */
        bool up;
        RemindKind up_kind;
        Reaction reaction;
        unsigned to_answer, answered, to_study;
        size_t mark;

        /* This file's own notes, for what must hold. */
        usec_t last_asked_real, hush_until_real, away_since_real, back_real;
        int32_t budget_day;
        unsigned asked_today, notices_today, given_back, asked_on_day, since_back;
        int32_t asked_day;
        RemindDecision decision;
        bool verbose;
} World;

static usec_t now(const World *w) {
        return w->boot + w->offset;
}

static void local(const World *w, int32_t *ret_date, int32_t *ret_seconds) {
        int64_t local_s = sim_local_s(w->zone, now(w));

        *ret_date = (int32_t) (local_s / 86400);
        *ret_seconds = (int32_t) (local_s % 86400);
}

static int local_minute(const World *w) {
        int32_t date, seconds;

        local(w, &date, &seconds);
        return seconds / 60;
}

static void breach(World *w, const char *what) {
        int32_t date, seconds;

        local(w, &date, &seconds);
        if (w->y->violations++ < 5)
                printf("  %s, seed %" PRIu64 ", day %d %02d:%02d: %s\n", w->learner.name,
                       w->y->seed, date - FIRST_DATE, seconds / 3600, seconds / 60 % 60, what);
}

static void hold(World *w, bool holds, const char *what) {
        if (!holds)
                breach(w, what);
}

static size_t mark(World *w, MarkKind kind) {
        int32_t date, seconds;

        local(w, &date, &seconds);
        if (!w->y->marks || w->y->n_marks == MARKS_MAX)
                return MARKS_MAX;
        w->y->marks[w->y->n_marks] =
                (Mark){ (int16_t) (date - FIRST_DATE), (int16_t) (seconds / 60), (uint8_t) kind };
        return w->y->n_marks++;
}

static void remark(World *w, MarkKind kind) {
        if (w->mark < MARKS_MAX && w->y->marks)
                w->y->marks[w->mark].kind = (uint8_t) kind;
}

static bool in_quiet_hours(const World *w) {
        unsigned from = w->learner.config.quiet_from_min, until = w->learner.config.quiet_until_min;
        unsigned m = (unsigned) local_minute(w);

        return from != until && (from < until ? m >= from && m < until : m >= from || m < until);
}

/*
 * The learner's day as far as it has come: flying west brings no new budget. A clock that was set back makes
 * nothing lie in the future.
 */
static void roll_notes(World *w) {
        int64_t starts_s = w->learner.config.day_starts_min * 60;
        int32_t day = (int32_t) ((sim_local_s(w->zone, now(w)) - starts_s) / 86400);

        if (w->last_asked_real > now(w))
                w->last_asked_real = now(w);
        if (w->back_real > now(w))
                w->back_real = now(w);
        if (day == w->budget_day || day + 1 == w->budget_day)
                return;
        w->budget_day = day;
        w->asked_today = w->notices_today = w->given_back = 0;
}

/* By instants: in the hour that comes twice a wall time says too little. */
static bool in_paced_hours(const World *w) {
        const RemindConfig *c = &w->learner.config;
        int32_t date;
        int64_t from_s, until_s;

        civil_local(w->zone, (int64_t) (now(w) / USEC_PER_SEC), &date, NULL);
        from_s = civil_resolve(w->zone, date, (int32_t) c->pace_from_min * 60, NULL);
        until_s = civil_resolve(w->zone, date, (int32_t) c->pace_until_min * 60, NULL);
        return now(w) >= (usec_t) from_s * USEC_PER_SEC && now(w) < (usec_t) until_s * USEC_PER_SEC;
}

static void asked(World *w);

static void feed(World *w, RemindEvent ev) {
        const RemindConfig *c = &w->learner.config;
        RemindDecision d;
        usec_t t = now(w);

        roll_notes(w);
        d = remind_step(&w->state, c, t, &ev);
        w->y->steps++;
        w->y->missed += d.missed_min >= 0;
        w->y->told += d.tell;
        w->deadline_real = d.next_real;
        w->decision = d;
        hold(w, d.next_real > t, "the deadline is not ahead");
        if (w->verbose && (d.tell || d.missed_min >= 0)) {
                char out[REMIND_SENTENCE_SIZE];
                int32_t date, seconds;

                local(w, &date, &seconds);
                remind_sentence(&w->state, c, t, &d, out, sizeof(out));
                printf("day %3d %02d:%02d  %s\n", date - FIRST_DATE, seconds / 3600,
                       seconds / 60 % 60, d.tell ? out : "(a slot passed in sleep)");
        }
        if (d.verdict == REMIND_ASK)
                asked(w);
}

static void recount(World *w) {
        RemindDeck all;
        size_t deck;
        RemindEvent ev = { REMIND_COUNTS };

        collection_counts(&w->collection, w->zone, now(w), &w->counts);
        all = (RemindDeck){ .due = w->counts.due };
        ev.due = w->counts.due;
        ev.learning = w->counts.learning;
        ev.worth = remind_worth(&w->learner.config, &all, 1, &deck);
        ev.oldest_due_real = w->counts.oldest_real;
        ev.next_due_real = w->counts.next_real;
        w->count_real = w->counts.next_real;
        feed(w, ev);
}

static void check_asked(World *w, const RemindDecision *d) {
        const RemindConfig *c = &w->learner.config;
        usec_t t = now(w), gap = d->kind == REMIND_KIND_PACED ? c->pace : c->min_gap;

        hold(w, !in_quiet_hours(w), "asked in quiet hours");
        hold(w, !w->up, "two reminders live");
        hold(w, w->counts.due > 0, "asked with nothing due");
        hold(w, !w->suspended, "asked in sleep");
        hold(w, t >= w->hush_until_real, "asked while hushed");
        hold(w, !w->learner.told || w->here, "asked a locked screen");
        hold(w, !w->learner.told || !w->dnd, "asked in do not disturb");

        if (d->kind == REMIND_KIND_PACED)
                hold(w, in_paced_hours(w), "a paced card out of its hours");
        if (d->kind == REMIND_KIND_LEARNING)
                hold(w, t - w->state.last_review_real < 20 * USEC_PER_MIN,
                     "learning out of review");
        if (d->kind != REMIND_KIND_PACED)
                hold(w, w->notices_today < c->total_budget, "over the total budget");
        if (d->kind == REMIND_KIND_DUE)
                hold(w, w->asked_today < c->budget + w->given_back, "over budget");
        if (d->kind == REMIND_KIND_LEARNING)
                return;

        hold(w, w->last_asked_real == 0 || t - w->last_asked_real >= gap, "within the gap");
        hold(w,
             w->back_real == 0 || t < w->back_real || t - w->back_real > 2 * USEC_PER_HOUR ||
                     w->since_back == 0 || c->min_gap < 2 * USEC_PER_HOUR ||
                     d->kind == REMIND_KIND_PACED,
             "reminders queued over an absence");
        w->since_back++;
}

static void asked(World *w) {
        RemindDecision d = w->decision;
        int32_t date, seconds;

        check_asked(w, &d);
        w->up = true;
        w->up_kind = d.kind;
        w->to_answer = d.cards ? d.cards : BATCH;
        w->answered = 0;

        local(w, &date, &seconds);
        if (d.kind == REMIND_KIND_LEARNING)
                w->y->learning++;
        else {
                w->last_asked_real = now(w);
                w->y->shown++;
                w->y->shown_first += date - FIRST_DATE < 90;
                w->y->shown_last += date - FIRST_DATE >= YEAR_DAYS - 90;
                if (date != w->asked_day) {
                        w->asked_day = date;
                        w->asked_on_day = 0;
                }
                if (++w->asked_on_day > w->y->max_a_day)
                        w->y->max_a_day = w->asked_on_day;
                w->mark = mark(w, MARK_EXPIRED);
        }
        if (d.kind != REMIND_KIND_PACED)
                w->notices_today++;
        if (d.kind == REMIND_KIND_DUE)
                w->asked_today++;

        w->reaction = w->here ? learner_reaction(&w->learner, now(w), w->zone) : REACT_IGNORE;
        w->react_real =
                now(w) + (w->reaction == REACT_IGNORE
                                  ? CARD_TIMEOUT
                                  : (usec_t) dice_in(&w->learner.dice, 5, 400) * USEC_PER_SEC);
        feed(w, (RemindEvent){ REMIND_SHOWN });
}

static void gone(World *w, RemindGone how) {
        w->up = false;
        w->react_real = w->batch_real = USEC_INFINITY;
        feed(w, (RemindEvent){ REMIND_GONE, .how = how });
}

static bool review(World *w, bool unprompted) {
        if (!collection_review(&w->collection, w->zone, now(w), &w->learner.dice))
                return false;
        w->y->reviews++;
        if (unprompted) {
                w->y->unprompted++;
                mark(w, MARK_REVIEW);
        }
        feed(w, (RemindEvent){ REMIND_REVIEWED });
        recount(w);
        return true;
}

static void react(World *w) {
        w->react_real = USEC_INFINITY;
        switch (w->reaction) {
        case REACT_USE:
                w->y->used += w->up_kind != REMIND_KIND_LEARNING;
                if (w->up_kind != REMIND_KIND_LEARNING)
                        remark(w, MARK_USED);
                w->batch_real = now(w);
                return;
        case REACT_DISMISS:
                w->y->dismissed += w->up_kind != REMIND_KIND_LEARNING;
                if (w->up_kind != REMIND_KIND_LEARNING)
                        remark(w, MARK_DISMISSED);
                gone(w, REMIND_GONE_DISMISSED);
                return;
        case REACT_LATER:
                w->y->later += w->up_kind != REMIND_KIND_LEARNING;
                w->given_back++;
                if (w->up_kind != REMIND_KIND_LEARNING)
                        remark(w, MARK_LATER);
                gone(w, REMIND_GONE_LATER);
                return;
        case REACT_NOT_TODAY:
                w->y->dismissed += w->up_kind != REMIND_KIND_LEARNING;
                if (w->up_kind != REMIND_KIND_LEARNING)
                        remark(w, MARK_DISMISSED);
                gone(w, REMIND_GONE_NOT_TODAY);
                return;
        case REACT_IGNORE:
                w->y->expired += w->answered == 0 && w->up_kind != REMIND_KIND_LEARNING;
                w->given_back += !w->here && w->learner.told;
                gone(w, REMIND_GONE_EXPIRED);
                return;
        }
}

/* One card of the reminder's batch. */
static void batch(World *w) {
        w->batch_real = USEC_INFINITY;
        if (w->answered == w->to_answer || !review(w, false)) {
                gone(w, REMIND_GONE_DONE);
                return;
        }
        w->answered++;
        w->batch_real = now(w) + ANSWER_TAKES;
}

static void study(World *w) {
        w->study_real = USEC_INFINITY;
        if (w->to_study == 0 || w->up || !review(w, true))
                return;
        w->to_study--;
        w->study_real = now(w) + ANSWER_TAKES;
}

static void tell_presence(World *w) {
        RemindEvent ev = { REMIND_PRESENCE };

        if (!w->learner.told || w->suspended)
                return;
        ev.facts.active = REMIND_YES;
        ev.facts.locked = w->here ? REMIND_NO : REMIND_YES;
        ev.facts.idle = w->here ? REMIND_NO : REMIND_YES;
        ev.facts.dnd = w->dnd ? REMIND_YES : REMIND_NO;
        ev.facts.presenting = REMIND_NO;
        feed(w, ev);
}

static void come(World *w, bool here) {
        if (here == w->here)
                return;
        w->here = here;
        if (here && now(w) > w->away_since_real + 36 * USEC_PER_HOUR) {
                w->back_real = now(w);
                w->since_back = 0;
        }
        if (!here) {
                w->away_since_real = now(w);
                w->to_study = 0;
                if (w->up && w->reaction != REACT_IGNORE) {
                        /* They went before they did anything. */
                        w->reaction = REACT_IGNORE;
                        w->react_real = now(w) + CARD_TIMEOUT;
                        w->batch_real = USEC_INFINITY;
                }
        }
        tell_presence(w);
}

static void zone_changed(World *w) {
        w->zone_news = false;
        feed(w, (RemindEvent){ REMIND_ZONE });
        recount(w);
}

static void carry_out(World *w, const Act *a) {
        RemindConfig *c = &w->learner.config;

        switch (a->kind) {
        case ACT_COME:
                if (!w->suspended)
                        come(w, true);
                break;
        case ACT_LEAVE:
                come(w, false);
                break;
        case ACT_SUSPEND:
                come(w, false);
                w->suspended = true;
                break;
        case ACT_WAKE:
                if (!w->suspended)
                        break;
                w->suspended = false;
                if (w->zone_news)
                        zone_changed(w);
                else
                        feed(w, (RemindEvent){ REMIND_TIME });
                tell_presence(w);
                break;
        case ACT_STUDY:
                if (w->suspended || w->up)
                        break;
                come(w, true);
                w->to_study = (unsigned) a->n;
                w->study_real = now(w);
                break;
        case ACT_DND_ON:
        case ACT_DND_OFF:
                w->dnd = a->kind == ACT_DND_ON;
                tell_presence(w);
                break;
        case ACT_ZONE:
                w->zone = c->zone = sim_zone((size_t) a->n);
                if (w->suspended)
                        w->zone_news = true;
                else
                        zone_changed(w);
                break;
        case ACT_HUSH:
                if (w->suspended)
                        break;
                w->hush_until_real = a->n ? now(w) + (usec_t) a->n * USEC_PER_MIN : 0;
                feed(w, (RemindEvent){ REMIND_HUSH, .until_real = w->hush_until_real });
                break;
        case ACT_CLOCK:
                w->offset += (usec_t) a->n * USEC_PER_MIN;
                if (!w->suspended)
                        feed(w, (RemindEvent){ REMIND_TIME });
                break;
        case ACT_CONFIG:
                if (w->suspended)
                        break;
                c->budget = 1 + c->budget % 5;
                c->weekday.n = c->weekday.n > 1 ? c->weekday.n - 1 : c->weekday.n;
                feed(w, (RemindEvent){ REMIND_CONFIG });
                hold(w,
                     w->decision.verdict != REMIND_ASK || w->decision.kind == REMIND_KIND_LEARNING,
                     "asked because the settings changed");
                break;
        }
}

/* The earliest of what can happen, on the clock; timers of the daemon stand still in sleep. */
static usec_t next_time(World *w) {
        usec_t next = USEC_INFINITY, at;
        const usec_t timers[] = { w->deadline_real, w->count_real, w->react_real, w->batch_real,
                                  w->study_real };

        for (size_t i = 0; !w->suspended && i < sizeof(timers) / sizeof(timers[0]); i++)
                if (timers[i] < next)
                        next = timers[i];

        /* Planned by the boot clock, so that setting the clock neither skips nor repeats a day. */
        at = w->next_act < w->learner.n_acts ? w->learner.acts[w->next_act].at_real + w->offset
                                             : USEC_INFINITY;
        return at < next ? at : next;
}

static void step(World *w, usec_t t) {
        if (t > now(w))
                w->boot = t - w->offset;

        if (w->next_act < w->learner.n_acts &&
            w->learner.acts[w->next_act].at_real + w->offset <= now(w)) {
                Act a = w->learner.acts[w->next_act++];

                carry_out(w, &a);
                return;
        }
        if (w->batch_real <= now(w))
                batch(w);
        else if (w->react_real <= now(w))
                react(w);
        else if (w->study_real <= now(w))
                study(w);
        else if (w->count_real <= now(w))
                recount(w);
        else
                feed(w, (RemindEvent){ REMIND_TIME });
}

void year_live(Year *y, HabitKind kind, uint64_t seed, bool verbose) {
        World *w = calloc(1, sizeof(*w));
        usec_t midnight;

        if (!w)
                abort();
        *w = (World){ .y = y, .verbose = verbose, .asked_day = INT32_MIN, .budget_day = INT32_MIN };
        y->kind = kind;
        y->seed = seed;
        learner_init(&w->learner, kind, seed);
        collection_init(&w->collection);
        remind_init(&w->state);
        w->zone = w->learner.config.zone;
        w->deadline_real = w->count_real = w->react_real = w->batch_real = w->study_real =
                USEC_INFINITY;
        w->mark = MARKS_MAX;

        w->boot = (usec_t) civil_resolve(w->zone, FIRST_DATE, 0, NULL) * USEC_PER_SEC;
        w->away_since_real = now(w);
        feed(w, (RemindEvent){ REMIND_START });
        feed(w, (RemindEvent){ REMIND_SERVER, .server = true });
        tell_presence(w);
        recount(w);

        for (int day = 0; day < YEAR_DAYS; day++) {
                learner_plan(&w->learner, FIRST_DATE + day, day, w->zone);
                w->next_act = 0;
                midnight = (usec_t) civil_resolve(w->zone, FIRST_DATE + day + 1, 0, NULL) *
                           USEC_PER_SEC;
                for (unsigned n = 0; n < 5000; n++) {
                        usec_t t = next_time(w);

                        if (t == USEC_INFINITY || (t > now(w) && t - w->offset >= midnight))
                                break;
                        hold(w, n < 4999, "the day never ends");
                        step(w, t);
                }
                if (w->boot < midnight)
                        w->boot = midnight;
                if (!w->here)
                        mark(w, MARK_AWAY);
                y->days_without += w->asked_day != FIRST_DATE + day;
        }
        y->due_at_end = w->counts.due;
        free(w);
}
