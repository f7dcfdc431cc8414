/*
 * What the learner's habits do to reminders: dismissals hold them back, reviews bring them back, and a
 * slot before which somebody reviews anyway falls silent. Counts only, one line of reasoning each, and
 * all of it can be read in the record: nothing here guesses.
 */
#include <string.h>

#include "core/civil.h"
#include "core/remind-private.h"

enum {
        LEVEL_POINTS = 3, /* of dismissals for each level */
        LEVEL_MAX = 3,
        POINTS_MAX = 12,      /* so that the way back is never long */
        POINTS_FADE_DAYS = 7, /* a point is forgotten after so many days without another */
        REVIEWS_FORGIVE = 5,  /* in a day: all points are forgotten */
        LATERS_RUNNING = 3,   /* as good as a dismissal */
        FADE_REVIEWS = 5,     /* unprompted, before a slot: it was not needed that day */
        FADE_OF_DAYS = 5,
        FADE_DAYS = 4,
        ADVICE_SHOWN = 20,
        ADVICE_PERCENT = 15,
};

#define FADE_BEFORE  (3 * USEC_PER_HOUR)
#define USED_WITHIN  (1 * USEC_PER_HOUR) /* a review so soon after a reminder follows from it */
#define ABSENT_AFTER (3 * USEC_PER_DAY)

static bool in_force(const RemindConfig *c, unsigned minute) {
        for (size_t i = 0; i < c->weekday.n; i++)
                if (c->weekday.minute[i] == minute)
                        return true;
        for (size_t i = 0; i < c->weekend.n; i++)
                if (c->weekend.minute[i] == minute)
                        return true;
        return false;
}

static RemindRecord *find(const RemindState *s, unsigned minute) {
        for (size_t i = 0; i < REMIND_RECORDS; i++)
                if (s->records[i].in_use && s->records[i].minute == minute)
                        return (RemindRecord *) &s->records[i];
        return NULL;
}

RemindRecord *remind_record(RemindState *s, const RemindConfig *c, unsigned minute) {
        RemindRecord *r = find(s, minute);

        for (size_t i = 0; !r && i < REMIND_RECORDS; i++)
                if (!s->records[i].in_use || !in_force(c, s->records[i].minute)) {
                        r = &s->records[i];
                        *r = (RemindRecord){ .minute = (uint16_t) minute, .in_use = true };
                }
        return r;
}

unsigned remind_level(const RemindState *s) {
        unsigned level = s->points / LEVEL_POINTS;

        return level < LEVEL_MAX ? level : LEVEL_MAX;
}

uint32_t remind_budget(const RemindState *s, const RemindConfig *c) {
        switch (remind_level(s)) {
        case 0:
                return c->budget;
        case 1:
                return (2 * c->budget + 2) / 3;
        default:
                return (c->budget + 2) / 3;
        }
}

static void add_point(RemindState *s) {
        if (s->points < POINTS_MAX)
                s->points++;
        s->points_day = s->plan.day;
}

static void take_points(RemindState *s, uint32_t n) {
        s->points -= n < s->points ? n : s->points;
}

bool remind_faded(const RemindState *s, unsigned minute) {
        const RemindRecord *r = find(s, minute);

        return r && __builtin_popcount(r->unprompted) >= FADE_DAYS;
}

/* Whether a slot of the day that ended was needed, if it was a day of study at all. */
static void tell_records(RemindState *s, const RemindConfig *c) {
        const RemindSlots *slots = remind_slots_of(c, s->day);

        for (size_t i = 0; i < slots->n; i++) {
                RemindRecord *r = remind_record(s, c, slots->minute[i]);

                if (!r || s->reviews_today == 0)
                        continue;
                r->unprompted = (uint8_t) (r->unprompted << 1 | (r->before >= FADE_REVIEWS)) &
                                ((1 << FADE_OF_DAYS) - 1);
                if (r->n_days < FADE_OF_DAYS)
                        r->n_days++;
        }
        for (size_t i = 0; i < REMIND_RECORDS; i++)
                s->records[i].before = 0;
}

void remind_day_begins(RemindState *s, const RemindConfig *c) {
        int32_t day = s->plan.day;

        /*
         * Flying west, or a clock set back a little, brings yesterday again: its counters go on. Further
         * back, the clock was wrong before.
         */
        if (day == s->day || day + 1 == s->day)
                return;

        if (c->pace == 0)
                tell_records(s, c);
        s->day = day;
        s->asked_today = s->notices_today = s->reviews_today = 0;

        if (s->points_day > day)
                s->points_day = day;
        while (s->points > 0 && day - s->points_day >= POINTS_FADE_DAYS) {
                s->points--;
                s->points_day += POINTS_FADE_DAYS;
        }
        if (s->asked_day > day)
                s->asked_day = REMIND_NO_DATE;
}

void remind_seen(RemindState *s, usec_t now_real) {
        s->last_seen_real = now_real;
        s->back_told = false;
}

bool remind_absent(const RemindState *s, usec_t now_real) {
        return s->last_review_real > 0 && now_real - s->last_review_real >= ABSENT_AFTER &&
               now_real - s->last_seen_real >= ABSENT_AFTER;
}

static void count_unprompted(RemindState *s, const RemindConfig *c, usec_t now_real) {
        unsigned hour;

        for (size_t i = 0; i < s->plan.n_windows; i++) {
                const RemindWindow *w = &s->plan.windows[i];
                RemindRecord *r;

                if (now_real >= w->start_real || now_real + FADE_BEFORE < w->start_real)
                        continue;
                r = remind_record(s, c, w->minute);
                if (r && r->before < UINT8_MAX)
                        r->before++;
        }

        hour = remind_wall_minute(&s->plan, now_real) / 60;
        if (++s->hours[hour] == UINT16_MAX)
                for (size_t i = 0; i < 24; i++)
                        s->hours[i] /= 2;
}

/* The first review after a reminder: it was of use, and one level of holding back goes. */
static void used(RemindState *s) {
        RemindRecord *r = &s->records[s->prompted];

        r->used++;
        if (s->prompted_dismissed) {
                r->dismissed--;
                take_points(s, 1);
        }
        take_points(s, LEVEL_POINTS);
        s->prompted = -1;
        s->prompted_dismissed = false;
}

void remind_reviewed(RemindState *s, const RemindConfig *c, usec_t now_real) {
        bool follows = s->last_asked_real > 0 && now_real - s->last_asked_real <= USED_WITHIN;

        s->last_review_real = now_real;
        s->learning_refused = false;
        s->back = s->later = s->unseen = false;
        s->laters = 0;
        s->retry_real = 0;
        remind_seen(s, now_real);

        if (s->prompted >= 0 && follows)
                used(s);
        if (!follows && !(s->on_screen && s->on_screen_kind != REMIND_KIND_CALLED))
                count_unprompted(s, c, now_real);

        if (++s->reviews_today >= REVIEWS_FORGIVE)
                s->points = 0;
}

void remind_shown(RemindState *s, const RemindConfig *c, usec_t now_real, bool called) {
        const RemindChance *chance = &s->chosen;
        RemindRecord *r;

        s->on_screen = true;
        s->on_screen_kind = called ? REMIND_KIND_CALLED : chance->kind;
        s->shown_real = now_real;
        if (called) {
                remind_seen(s, now_real);
                return;
        }
        if (chance->kind == REMIND_KIND_LEARNING) {
                s->notices_today++;
                return;
        }

        s->last_asked_real = now_real;
        s->asked_day = s->plan.day;
        s->back_told = s->back;
        s->later = s->back = s->unseen = false;
        s->retry_real = 0;
        s->prompted = -1;
        s->prompted_dismissed = false;
        if (chance->kind == REMIND_KIND_PACED)
                return;

        s->asked_today++;
        s->notices_today++;
        if (chance->minute < 0)
                return;

        s->used_date = chance->date;
        s->used_minute = (uint32_t) chance->minute;
        r = remind_record(s, c, (unsigned) chance->minute);
        if (!r)
                return;
        if (r->shown == UINT16_MAX)
                r->shown /= 2, r->used /= 2, r->dismissed /= 2;
        r->shown++;
        s->prompted = (int16_t) (r - s->records);
}

/* The figures of a slot that is seldom of use are worth a line, each time as many have been shown. */
bool remind_is_of_little_use(const RemindRecord *r) {
        return r->shown > 0 && r->shown % ADVICE_SHOWN == 0 &&
               r->used * 100u < r->shown * (unsigned) ADVICE_PERCENT;
}

static void dismissed(RemindState *s) {
        if (s->prompted >= 0) {
                s->records[s->prompted].dismissed++;
                s->prompted_dismissed = true;
        }
        s->laters = 0;
        add_point(s);
}

/* Nobody sat there: it does not count, and comes once more when somebody does. */
static void expired(RemindState *s) {
        s->back_told = false;
        if (!remind_nobody(&s->facts)) {
                add_point(s);
                return;
        }
        if (s->on_screen_kind == REMIND_KIND_DUE) {
                s->unseen = true;
                if (s->asked_today > 0)
                        s->asked_today--;
        }
}

static void later(RemindState *s) {
        if (s->on_screen_kind != REMIND_KIND_DUE)
                return;

        s->later = true;
        if (++s->laters >= LATERS_RUNNING) {
                s->laters = 0;
                add_point(s);
        } else if (s->asked_today > 0)
                s->asked_today--;
}

void remind_gone(RemindState *s, usec_t now_real, RemindGone how) {
        bool was_up = s->on_screen, answered = s->last_review_real > s->shown_real;

        s->on_screen = false;
        if (!was_up)
                return;
        if (how != REMIND_GONE_EXPIRED && how != REMIND_GONE_TAKEN)
                remind_seen(s, now_real);
        if (how == REMIND_GONE_NOT_TODAY)
                s->skip_day = s->plan.day;
        if (s->on_screen_kind == REMIND_KIND_LEARNING && !(answered && how == REMIND_GONE_DONE))
                s->learning_refused = true;

        /* What was on screen was asked until now: put off after hours, it is not asked again at once. */
        if (s->on_screen_kind == REMIND_KIND_DUE || s->on_screen_kind == REMIND_KIND_PACED)
                s->last_asked_real = now_real;

        /* Leaving after some cards is no refusal, and what the learner called for can be sent away. */
        if (s->on_screen_kind == REMIND_KIND_CALLED || answered)
                return;

        switch (how) {
        case REMIND_GONE_DISMISSED:
                dismissed(s);
                break;
        case REMIND_GONE_EXPIRED:
                expired(s);
                break;
        case REMIND_GONE_LATER:
                later(s);
                break;
        case REMIND_GONE_NOT_TODAY:
        case REMIND_GONE_DONE:
        case REMIND_GONE_TAKEN:
                break;
        }
}
