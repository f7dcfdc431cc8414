/* What the files of the reminder policy share. For everyone else: core/remind.h. */
#pragma once

#include "core/remind.h"

/* ---- remind-plan.c ---- */

enum { REMIND_NO_DATE = INT32_MIN };

/* Makes the plan of now; a no-op while the one there is in force. */
void remind_plan(RemindState *s, const RemindConfig *c, usec_t now_real);

/* The window that is open at now, NULL when none is; of overlapping ones the later. */
const RemindWindow *remind_window_at(const RemindPlan *p, usec_t now_real);

/* The beginning of the next window, or when to plan anew to find it; USEC_INFINITY without slots. */
usec_t remind_next_window(const RemindPlan *p, const RemindConfig *c, usec_t now_real);

/* Minutes after midnight on the wall, now. */
unsigned remind_wall_minute(const RemindPlan *p, usec_t now_real);

/* Whether now lies in quiet hours, and the instant at which these end (> now). */
bool remind_is_quiet(const RemindPlan *p, const RemindConfig *c, usec_t now_real,
                     usec_t *ret_end_real);

/* The slots of a day, by its weekday. */
const RemindSlots *remind_slots_of(const RemindConfig *c, int32_t day);

/* ---- remind-habit.c ---- */

/* The record of a time of day; made when there is none. NULL when all are taken by slots in force. */
RemindRecord *remind_record(RemindState *s, const RemindConfig *c, unsigned minute);

/* Counters begin anew; study days are told to the records, points fade. */
void remind_day_begins(RemindState *s, const RemindConfig *c);

void remind_reviewed(RemindState *s, const RemindConfig *c, usec_t now_real);
void remind_shown(RemindState *s, const RemindConfig *c, usec_t now_real, bool called);
void remind_gone(RemindState *s, usec_t now_real, RemindGone how);

/* A sign of life. */
void remind_seen(RemindState *s, usec_t now_real);

/* Nobody has been seen, and nothing reviewed, for days. */
bool remind_absent(const RemindState *s, usec_t now_real);

bool remind_faded(const RemindState *s, unsigned minute);

bool remind_is_of_little_use(const RemindRecord *r);

/* Due reminders a day at the level of now. */
uint32_t remind_budget(const RemindState *s, const RemindConfig *c);

/* Nobody can be at the machine. */
static inline bool remind_nobody(const RemindFacts *f) {
        return f->locked == REMIND_YES || f->idle == REMIND_YES || f->active == REMIND_NO;
}
