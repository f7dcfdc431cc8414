/*
 * Verdicts as sentences, each with the figures that it was made from, so that a silence can be
 * understood without knowing the rules.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/civil.h"
#include "core/remind-private.h"

/* "22 minutes", "3 hours", "1 minute": rounded down, at least a minute. */
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

static const char *times(uint32_t n, char out[static 32]) {
        (void) snprintf(out, 32, n == 1 ? "once" : n == 2 ? "twice" : "%u times", n);
        return out;
}

static const char *date(int32_t day, char out[static 32]) {
        CivilDate d = civil_from_day(day);

        (void) snprintf(out, 32, "%04d-%02d-%02d", d.year, d.month, d.mday);
        return out;
}

/* "14:30" today, else "2026-12-01 08:00". */
static const char *wall(const RemindConfig *c, usec_t now_real, usec_t at_real,
                        char out[static 48]) {
        int32_t today, day, seconds;
        char buf[32];

        civil_local(c->zone, (int64_t) (now_real / USEC_PER_SEC), &today, NULL);
        civil_local(c->zone, (int64_t) (at_real / USEC_PER_SEC), &day, &seconds);
        (void) snprintf(out, 48, "%s%s%02d:%02d", day == today ? "" : date(day, buf),
                        day == today ? "" : " ", seconds / 3600, seconds / 60 % 60);
        return out;
}

/* What comes before the colon: "13:30 not asked". */
static const char *who(const RemindDecision *d, bool asked, char out[static 32]) {
        const char *what = d->kind == REMIND_KIND_LEARNING ? "In your pause"
                           : d->kind == REMIND_KIND_PACED  ? "Paced card"
                                                           : NULL;

        if (d->chance_min >= 0)
                (void) snprintf(out, 32, "%02d:%02d %s", d->chance_min / 60, d->chance_min % 60,
                                asked ? "asked" : "not asked");
        else if (what)
                (void) snprintf(out, 32, "%s %s", what, asked ? "asked" : "not asked");
        else
                (void) snprintf(out, 32, "%s", asked ? "Asked" : "Not asked");
        return out;
}

static void asked(const RemindState *s, const RemindDecision *d, char *out, size_t size) {
        char a[32], b[32];

        (void) who(d, true, a);
        if (d->back)
                (void) snprintf(out, size, "%s: back after an absence, beginning with %u of %u.", a,
                                d->cards, s->due);
        else if (d->kind == REMIND_KIND_LEARNING)
                (void) snprintf(out, size, "%s: %u %s ready again.", a, s->learning,
                                s->learning == 1 ? "card is" : "cards are");
        else
                (void) snprintf(out, size, "%s: %s.", a, cards(s->due, b));
}

/* Why not, without its beginning and its full stop. */
static void reason(const RemindState *s, const RemindConfig *c, usec_t now_real,
                   const RemindDecision *d, char *out, size_t size) {
        char a[48], b[32];

        switch (d->verdict) {
        case REMIND_ASK:
                break;
        case REMIND_NO_CHANCE:
                if (d->next_real == USEC_INFINITY)
                        (void) snprintf(out, size, "there is no slot");
                else
                        (void) snprintf(out, size, "the next chance to look is at %s",
                                        wall(c, now_real, d->next_real, a));
                break;
        case REMIND_OFF:
                (void) snprintf(out, size, "reminders are off ([remind] enabled = no)");
                break;
        case REMIND_NOTHING_DUE:
                (void) snprintf(out, size, "nothing is due");
                break;
        case REMIND_HUSHED:
                (void) snprintf(out, size, "hushed until %s (ebb hush off lifts it)",
                                wall(c, now_real, s->hush_until_real, a));
                break;
        case REMIND_HOLIDAY:
                (void) snprintf(out, size, "holiday until %s",
                                s->plan.holiday ? date(s->plan.holiday->last_day, b) : "its end");
                break;
        case REMIND_NOT_TODAY:
                (void) snprintf(out, size, "you said not today");
                break;
        case REMIND_ON_SCREEN:
                (void) snprintf(out, size, "a card is on screen");
                break;
        case REMIND_NO_SERVER:
                (void) snprintf(out, size, "no notification server answers; %s", cards(s->due, b));
                break;
        case REMIND_INACTIVE:
                (void) snprintf(out, size, "your session is not the one in front");
                break;
        case REMIND_LOCKED:
                (void) snprintf(out, size, "the screen is locked");
                break;
        case REMIND_IDLE:
                (void) snprintf(out, size, "nobody is at the keyboard");
                break;
        case REMIND_DND:
                (void) snprintf(out, size, "the desktop is set to do not disturb");
                break;
        case REMIND_PRESENTING:
                (void) snprintf(out, size, "the screen is shared or something fills it");
                break;
        case REMIND_BUSY:
                (void) snprintf(out, size, "your calendar says busy");
                break;
        case REMIND_SETTLING:
                (void) snprintf(out, size, "you have only just come (settle is %s)",
                                span(c->settle, b));
                break;
        case REMIND_QUIET:
                (void) snprintf(out, size, "quiet hours until %02u:%02u; %s",
                                c->quiet_until_min / 60, c->quiet_until_min % 60, cards(s->due, b));
                break;
        case REMIND_FINISHED:
                (void) snprintf(out, size, "all that was due today is done");
                break;
        case REMIND_REVIEWED_RECENTLY:
                (void) snprintf(out, size, "you reviewed %s ago",
                                span(now_real - s->last_review_real, b));
                break;
        case REMIND_ASKED_RECENTLY:
                (void) snprintf(out, size, "you were asked %s ago (min-gap is %s)",
                                span(now_real - s->last_asked_real, a), span(c->min_gap, b));
                break;
        case REMIND_TOO_FEW:
                (void) snprintf(out, size, "%s, fewer than min-due (%u)", cards(s->due, b),
                                c->min_due);
                break;
        case REMIND_FADED:
                (void) snprintf(out, size, "you mostly review before it by yourself");
                break;
        case REMIND_OVER_BUDGET:
                if (remind_level(s) > 0)
                        (void) snprintf(out, size,
                                        "asked %s today, and you sent reminders away lately",
                                        times(s->asked_today, b));
                else
                        (void) snprintf(out, size, "asked %s today (budget is %u)",
                                        times(s->asked_today, b), c->budget);
                break;
        case REMIND_PAUSED:
                (void) snprintf(out, size,
                                "you sent most reminders away, so they come every third day; "
                                "fewer, other times, or off: [remind]");
                break;
        case REMIND_OVER_TOTAL:
                (void) snprintf(out, size, "%u reminders today (total-budget is %u)",
                                s->notices_today, c->total_budget);
                break;
        }
}

void remind_sentence(const RemindState *s, const RemindConfig *c, usec_t now_real,
                     const RemindDecision *d, char *out, size_t size) {
        char why[REMIND_SENTENCE_SIZE] = "", a[32];

        if (d->verdict == REMIND_ASK) {
                asked(s, d, out, size);
                return;
        }
        reason(s, c, now_real, d, why, sizeof(why));
        (void) snprintf(out, size, "%s: %s.", who(d, false, a), why);
}

void remind_sentence_missed(const RemindDecision *d, char *out, size_t size) {
        (void) snprintf(out, size, "%02d:%02d passed while the machine slept or ebbd did not run.",
                        d->missed_min / 60, d->missed_min % 60);
}

void remind_sentence_advice(const RemindState *s, const RemindDecision *d, char *out, size_t size) {
        unsigned best = 0, shown = 0, of_use = 0;

        for (unsigned h = 1; h < 24; h++)
                if (s->hours[h] > s->hours[best])
                        best = h;
        for (size_t i = 0; i < REMIND_RECORDS; i++)
                if (s->records[i].in_use && s->records[i].minute == d->advice_min) {
                        shown = s->records[i].shown;
                        of_use = s->records[i].used;
                }

        if (s->hours[best] > 0)
                (void) snprintf(out, size,
                                "%02d:%02d was of use %u of %u times; most reviews of your own "
                                "begin after %02u:00. Another time may suit you: [remind] slots.",
                                d->advice_min / 60, d->advice_min % 60, of_use, shown, best);
        else
                (void) snprintf(out, size,
                                "%02d:%02d was of use %u of %u times. Another time may suit you: "
                                "[remind] slots.",
                                d->advice_min / 60, d->advice_min % 60, of_use, shown);
}
