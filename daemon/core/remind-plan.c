/*
 * Wall times near now, resolved once a day: the windows of the slots, the paced hours, the learner's day
 * and whether it is a holiday. Between two plans the policy only compares instants, whatever zones and
 * summer times do; a change of the zone or of the settings makes a new plan.
 */
#include <string.h>

#include "core/civil.h"
#include "core/day.h"
#include "core/remind-private.h"

static usec_t wall_real(const RemindConfig *c, int32_t date, unsigned minute) {
        int64_t at_s = civil_resolve(c->zone, date, (int32_t) minute * 60, NULL);

        return at_s > 0 ? (usec_t) at_s * USEC_PER_SEC : 0;
}

const RemindSlots *remind_slots_of(const RemindConfig *c, int32_t day) {
        return civil_weekday(day) >= 6 ? &c->weekend : &c->weekday;
}

static void plan_windows(RemindPlan *p, const RemindConfig *c, int32_t date) {
        const RemindSlots *slots = remind_slots_of(c, date);

        for (size_t i = 0; i < slots->n; i++) {
                RemindWindow *w = &p->windows[p->n_windows++];

                w->start_real = wall_real(c, date, slots->minute[i]);
                w->end_real = w->start_real + c->slot_window;
                w->date = date;
                w->minute = slots->minute[i];

                /* Two times in the hour that summer time leaves out can change places. */
                for (; w > p->windows && w[-1].start_real > w->start_real; w--) {
                        RemindWindow swap = w[-1];

                        w[-1] = *w;
                        *w = swap;
                }
        }
}

void remind_plan(RemindState *s, const RemindConfig *c, usec_t now_real) {
        RemindPlan *p = &s->plan;
        int64_t change_s;
        usec_t midnight_real;
        int32_t date, offset_s;

        if (now_real >= p->from_real && now_real < p->until_real)
                return;

        civil_local(c->zone, (int64_t) (now_real / USEC_PER_SEC), &date, NULL);

        *p = (RemindPlan){ .from_real = now_real };
        p->day = day_number(c->zone, now_real, c->day_starts_min);
        for (int32_t next = p->day + 1; p->day_ends_real <= now_real; next++)
                p->day_ends_real = day_start(c->zone, next, c->day_starts_min);

        /* The date ends at a midnight that may not exist, or may come twice: never at or before now. */
        midnight_real = wall_real(c, date + 1, 0);
        if (midnight_real <= now_real)
                midnight_real = now_real + USEC_PER_HOUR;
        p->until_real = midnight_real < p->day_ends_real ? midnight_real : p->day_ends_real;

        p->offset_s = zone_offset_at(c->zone, (int64_t) (now_real / USEC_PER_SEC));
        if (zone_next_change(c->zone, (int64_t) (now_real / USEC_PER_SEC), &change_s, &offset_s) &&
            (usec_t) change_s * USEC_PER_SEC < p->until_real)
                p->until_real = (usec_t) change_s * USEC_PER_SEC;

        for (size_t i = 0; i < c->n_holidays; i++)
                if (p->day >= c->holidays[i].first_day && p->day <= c->holidays[i].last_day)
                        p->holiday = &c->holidays[i];

        if (c->pace > 0) {
                p->pace_from_real = wall_real(c, date, c->pace_from_min);
                p->pace_until_real = wall_real(c, date, c->pace_until_min);
                p->next_pace_real = wall_real(c, date + 1, c->pace_from_min);
                return;
        }
        for (int32_t d = date - 1; d <= date + 1; d++)
                plan_windows(p, c, d);
}

const RemindWindow *remind_window_at(const RemindPlan *p, usec_t now_real) {
        for (size_t i = p->n_windows; i > 0; i--) {
                const RemindWindow *w = &p->windows[i - 1];

                if (w->start_real <= now_real && now_real < w->end_real)
                        return w;
        }
        return NULL;
}

usec_t remind_next_window(const RemindPlan *p, const RemindConfig *c, usec_t now_real) {
        for (size_t i = 0; i < p->n_windows; i++)
                if (p->windows[i].start_real > now_real)
                        return p->windows[i].start_real;
        return c->weekday.n + c->weekend.n > 0 ? p->until_real : USEC_INFINITY;
}

unsigned remind_wall_minute(const RemindPlan *p, usec_t now_real) {
        int64_t local_s = (int64_t) (now_real / USEC_PER_SEC) + p->offset_s;

        return (unsigned) (local_s % 86400) / 60;
}

bool remind_is_quiet(const RemindPlan *p, const RemindConfig *c, usec_t now_real,
                     usec_t *ret_end_real) {
        unsigned from = c->quiet_from_min, until = c->quiet_until_min;
        unsigned minute = remind_wall_minute(p, now_real);
        int32_t date;

        *ret_end_real = USEC_INFINITY;
        if (from == until)
                return false;
        if (from < until ? minute < from || minute >= until : minute < from && minute >= until)
                return false;

        civil_local(c->zone, (int64_t) (now_real / USEC_PER_SEC), &date, NULL);
        for (int32_t d = date; d <= date + 2 && *ret_end_real == USEC_INFINITY; d++)
                if (wall_real(c, d, until) > now_real)
                        *ret_end_real = wall_real(c, d, until);
        return true;
}
