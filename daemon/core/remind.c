#include "core/remind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/civil.h"

/* Between two askings, whatever is set: a card that cannot be shown must not be tried without end. */
#define LEAST_GAP USEC_PER_MIN

void remind_init(RemindState *s) {
        memset(s, 0, sizeof(*s));
}

/* Instant of a wall time, `days` after the local date of now. */
static usec_t wall_real(const RemindConfig *c, usec_t now_real, unsigned minute, int days) {
        int32_t day, seconds;
        int64_t at_s;

        civil_local(c->zone, (int64_t) (now_real / USEC_PER_SEC), &day, &seconds);
        at_s = civil_resolve(c->zone, day + days, (int32_t) minute * 60, NULL);
        return at_s > 0 ? (usec_t) at_s * USEC_PER_SEC : 0;
}

static usec_t next_wall_real(const RemindConfig *c, usec_t now_real, unsigned minute) {
        for (int days = 0; days < 3; days++) {
                usec_t at = wall_real(c, now_real, minute, days);

                if (at > now_real)
                        return at;
        }
        return USEC_INFINITY;
}

bool remind_is_quiet(const RemindConfig *c, usec_t now_real, usec_t *ret_end_real) {
        unsigned from = c->quiet_from_min, until = c->quiet_until_min, minute;
        int32_t day, seconds;
        bool quiet;

        *ret_end_real = USEC_INFINITY;
        if (from == until)
                return false;

        civil_local(c->zone, (int64_t) (now_real / USEC_PER_SEC), &day, &seconds);
        minute = (unsigned) seconds / 60;
        quiet = from < until ? minute >= from && minute < until : minute >= from || minute < until;
        if (quiet)
                *ret_end_real = next_wall_real(c, now_real, until);
        return quiet;
}

usec_t remind_next_quiet(const RemindConfig *c, usec_t now_real) {
        if (c->quiet_from_min == c->quiet_until_min)
                return USEC_INFINITY;
        return next_wall_real(c, now_real, c->quiet_from_min);
}

/* An instant in the future can only come from a clock that was set back since. */
static usec_t not_after(usec_t at_real, usec_t now_real) {
        return at_real < now_real ? at_real : now_real;
}

static void take(RemindState *s, const RemindConfig *c, usec_t now_real, const RemindEvent *ev) {
        switch (ev->kind) {
        case REMIND_START:
                s->settled_real = now_real + c->settle;
                break;
        case REMIND_COUNTS:
                s->due = ev->due;
                s->oldest_due_real = ev->oldest_due_real;
                s->next_due_real = ev->next_due_real;
                break;
        case REMIND_REVIEWED:
                s->last_review_real = now_real;
                break;
        case REMIND_SHOWN:
                s->last_asked_real = now_real;
                s->on_screen = true;
                break;
        case REMIND_GONE:
                /* What was on screen was asked until now: put off after hours, it is not asked again at once. */
                s->on_screen = false;
                s->last_asked_real = now_real;
                break;
        case REMIND_SERVER:
                s->server = ev->server;
                break;
        case REMIND_TIME:
                break;
        }

        s->last_asked_real = not_after(s->last_asked_real, now_real);
        s->last_review_real = not_after(s->last_review_real, now_real);
        if (s->settled_real > now_real + c->settle)
                s->settled_real = now_real + c->settle;
}

static RemindDecision later(RemindVerdict verdict, usec_t next_real) {
        return (RemindDecision){ verdict, next_real };
}

static usec_t after(usec_t at_real, usec_t now_real) {
        return at_real > now_real ? at_real : USEC_INFINITY;
}

/* More cards become due, or the oldest has waited long enough to be worth it alone. */
static usec_t next_worth(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        usec_t next = after(s->next_due_real, now_real);

        if (s->due > 0 && s->oldest_due_real > 0 && c->overdue_any > 0) {
                usec_t overdue = after(s->oldest_due_real + c->overdue_any, now_real);

                if (overdue < next)
                        next = overdue;
        }
        return next;
}

static RemindDecision decide(const RemindState *s, const RemindConfig *c, usec_t now_real) {
        bool waited_long = s->oldest_due_real > 0 && c->overdue_any > 0 &&
                           s->oldest_due_real + c->overdue_any <= now_real;
        usec_t asked_gap = c->min_gap > LEAST_GAP ? c->min_gap : LEAST_GAP;
        usec_t quiet_end_real;

        if (!c->enabled)
                return later(REMIND_OFF, USEC_INFINITY);
        if (s->on_screen)
                return later(REMIND_ON_SCREEN, USEC_INFINITY);
        if (s->due == 0)
                return later(REMIND_NOTHING_DUE, next_worth(s, c, now_real));
        if (s->due < c->min_due && !waited_long)
                return later(REMIND_TOO_FEW, next_worth(s, c, now_real));
        if (!s->server)
                return later(REMIND_NO_SERVER, USEC_INFINITY);
        if (s->settled_real > now_real)
                return later(REMIND_SETTLING, s->settled_real);
        if (remind_is_quiet(c, now_real, &quiet_end_real))
                return later(REMIND_QUIET, quiet_end_real);
        if (s->last_asked_real > 0 && s->last_asked_real + asked_gap > now_real)
                return later(REMIND_ASKED_RECENTLY, s->last_asked_real + asked_gap);
        if (s->last_review_real > 0 && s->last_review_real + c->min_gap > now_real)
                return later(REMIND_REVIEWED_RECENTLY, s->last_review_real + c->min_gap);
        return later(REMIND_ASK, USEC_INFINITY);
}

RemindDecision remind_step(RemindState *s, const RemindConfig *c, usec_t now_real,
                           const RemindEvent *ev) {
        take(s, c, now_real, ev);
        return decide(s, c, now_real);
}

/* "22 minutes", "3 hours", "1 minute": for sentences, rounded down, at least a minute. */
static const char *span(usec_t us, char out[static 32]) {
        uint64_t minutes = us / USEC_PER_MIN, n;
        const char *unit;

        if (minutes >= 120) {
                n = minutes / 60;
                unit = "hour";
        } else {
                n = minutes ? minutes : 1;
                unit = "minute";
        }
        (void) snprintf(out, 32, "%" PRIu64 " %s%s", n, unit, n == 1 ? "" : "s");
        return out;
}

static const char *cards(uint32_t n, char out[static 32]) {
        (void) snprintf(out, 32, n == 1 ? "%u card is due" : "%u cards are due", n);
        return out;
}

void remind_sentence(const RemindState *s, const RemindConfig *c, usec_t now_real,
                     RemindVerdict verdict, char *out, size_t size) {
        char a[32], b[32];

        switch (verdict) {
        case REMIND_ASK:
                (void) snprintf(out, size, "Asked: %s.", cards(s->due, a));
                break;
        case REMIND_OFF:
                (void) snprintf(out, size, "Not asked: reminders are off ([remind] enabled = no).");
                break;
        case REMIND_NOTHING_DUE:
                (void) snprintf(out, size, "Not asked: nothing is due.");
                break;
        case REMIND_TOO_FEW:
                (void) snprintf(out, size, "Not asked: %s, fewer than min-due (%u).",
                                cards(s->due, a), c->min_due);
                break;
        case REMIND_ON_SCREEN:
                (void) snprintf(out, size, "Not asked: a card is on screen.");
                break;
        case REMIND_NO_SERVER:
                (void) snprintf(out, size, "Not asked: no notification server answers; %s.",
                                cards(s->due, a));
                break;
        case REMIND_SETTLING:
                (void) snprintf(out, size, "Not asked: the session has just begun.");
                break;
        case REMIND_QUIET:
                (void) snprintf(out, size, "Not asked: quiet hours until %02u:%02u; %s.",
                                c->quiet_until_min / 60, c->quiet_until_min % 60, cards(s->due, a));
                break;
        case REMIND_ASKED_RECENTLY:
                (void) snprintf(out, size, "Not asked: you were asked %s ago (min-gap is %s).",
                                span(now_real - s->last_asked_real, a), span(c->min_gap, b));
                break;
        case REMIND_REVIEWED_RECENTLY:
                (void) snprintf(out, size, "Not asked: you reviewed %s ago (min-gap is %s).",
                                span(now_real - s->last_review_real, a), span(c->min_gap, b));
                break;
        }
}
