/*
 * Habits. Each is a few lines: when somebody is at the machine, when they study unasked, and what they
 * do about a reminder. Times are local wall times of the zone they are in.
 */
#include <stdlib.h>
#include <string.h>

#include "core/civil.h"
#include "sim.h"

const char *const habit_names[HABITS] = {
        "steady",    "weekend", "absent",   "dismisser", "shifts",
        "traveller", "sleeper", "mornings", "paced",     "chaos",
};

static Zone *zones[ZONES];

const Zone *sim_zone(size_t i) {
        static const char *const rules[ZONES] = {
                "CET-1CEST,M3.5.0,M10.5.0/3",   /* Berlin */
                "EST5EDT,M3.2.0,M11.1.0",       /* New York */
                "JST-9",                        /* Tokyo */
                "IST-5:30",                     /* Kolkata */
                "AEST-10AEDT,M10.1.0,M4.1.0/3", /* Sydney */
        };

        if (!zones[i] && zone_from_rule(rules[i], &zones[i]) < 0)
                abort();
        return zones[i];
}

void sim_zones_free(void) {
        for (size_t i = 0; i < ZONES; i++)
                zones[i] = zone_free(zones[i]);
}

int64_t sim_local_s(const Zone *zone, usec_t at_real) {
        static const Zone *last_zone;
        static int64_t last_quarter = -1;
        static int32_t offset_s;
        int64_t at_s = (int64_t) (at_real / USEC_PER_SEC);

        if (zone != last_zone || at_s / 900 != last_quarter) {
                last_zone = zone;
                last_quarter = at_s / 900;
                offset_s = zone_offset_at(zone, at_s);
        }
        return at_s + offset_s;
}

static void config_default(RemindConfig *c) {
        *c = (RemindConfig){
                .enabled = true,
                .learning = true,
                .fade = true,
                .weekday = { { 10 * 60, 13 * 60 + 30, 16 * 60 + 30 }, 3 },
                .weekend = { { 11 * 60 }, 1 },
                .slot_window = 90 * USEC_PER_MIN,
                .quiet_from_min = 20 * 60,
                .quiet_until_min = 8 * 60,
                .budget = 3,
                .total_budget = 8,
                .min_gap = 2 * USEC_PER_HOUR,
                .min_due = 5,
                .overdue_any = 24 * USEC_PER_HOUR,
                .settle = 2 * USEC_PER_MIN,
                .engaged = 60 * USEC_PER_MIN,
                .catchup = 20,
                .day_starts_min = 4 * 60,
                .zone = sim_zone(0),
        };
}

static void random_slots(Dice *d, RemindSlots *s) {
        unsigned minute = 0;

        s->n = 0;
        while (s->n < REMIND_SLOTS_MAX) {
                minute += (unsigned) dice_in(d, 5, 700);
                if (minute >= 1440)
                        break;
                s->minute[s->n++] = (uint16_t) minute;
        }
}

/* Any settings one can write: the rules hold with all of them. */
static void config_random(RemindConfig *c, Dice *d) {
        random_slots(d, &c->weekday);
        random_slots(d, &c->weekend);
        c->learning = dice_percent(d, 70);
        c->fade = dice_percent(d, 70);
        c->slot_window = (usec_t) dice_in(d, 1, 300) * USEC_PER_MIN;
        c->quiet_from_min = (unsigned) dice_in(d, 0, 1439);
        c->quiet_until_min =
                dice_percent(d, 20) ? c->quiet_from_min : (unsigned) dice_in(d, 0, 1439);
        c->budget = (uint32_t) dice_in(d, 1, 8);
        c->total_budget = (uint32_t) dice_in(d, 1, 12);
        c->min_gap = (usec_t) dice_in(d, 0, 400) * USEC_PER_MIN;
        c->min_due = (uint32_t) dice_in(d, 1, 20);
        c->engaged = (usec_t) dice_in(d, 0, 200) * USEC_PER_MIN;
        c->overdue_any = (usec_t) dice_in(d, 1, 100) * USEC_PER_HOUR;
        c->catchup = (uint32_t) dice_in(d, 1, 50);
        c->pace = 0;
        if (dice_percent(d, 20)) {
                c->pace = (usec_t) dice_in(d, 5, 120) * USEC_PER_MIN;
                c->pace_from_min = (unsigned) dice_in(d, 0, 700);
                c->pace_until_min = c->pace_from_min + (unsigned) dice_in(d, 30, 700);
        }
}

void learner_init(Learner *l, HabitKind kind, uint64_t seed) {
        *l = (Learner){ .kind = kind, .name = habit_names[kind] };
        dice_init(&l->dice, seed * HABITS + (uint64_t) kind);
        l->told = dice_percent(&l->dice, 60);
        config_default(&l->config);
        if (kind == HABIT_PACED) {
                l->config.pace = 20 * USEC_PER_MIN;
                l->config.pace_from_min = 9 * 60;
                l->config.pace_until_min = 18 * 60;
        }
        if (kind == HABIT_CHAOS)
                config_random(&l->config, &l->dice);
}

static void act(Learner *l, int32_t date, const Zone *zone, int minute, ActKind kind, int64_t n) {
        Act a = { .kind = kind, .n = n };
        size_t i;

        if (l->n_acts == ACTS_MAX)
                return;
        a.at_real = (usec_t) civil_resolve(zone, date,
                                           minute * 60 + (int32_t) dice_in(&l->dice, 0, 59), NULL) *
                    USEC_PER_SEC;
        for (i = l->n_acts++; i > 0 && l->acts[i - 1].at_real > a.at_real; i--)
                l->acts[i] = l->acts[i - 1];
        l->acts[i] = a;
}

/* At the machine, give or take half an hour, with pauses; asleep or off outside. */
static void stay(Learner *l, int32_t date, const Zone *zone, int from, int until) {
        int at = from + (int) dice_in(&l->dice, -20, 30),
            end = until + (int) dice_in(&l->dice, -20, 30);

        while (at + 10 < end) {
                int leave = at + (int) dice_in(&l->dice, 30, 150);

                if (leave > end)
                        leave = end;
                act(l, date, zone, at, ACT_COME, 0);
                act(l, date, zone, leave, ACT_LEAVE, 0);
                at = leave + (int) dice_in(&l->dice, 5, 25);
        }
}

static void awake(Learner *l, int32_t date, const Zone *zone, int from, int until) {
        act(l, date, zone, from, ACT_WAKE, 0);
        act(l, date, zone, until, ACT_SUSPEND, 0);
}

static void chaos(Learner *l, int32_t date, const Zone *zone) {
        static const ActKind kinds[] = {
                ACT_COME,    ACT_LEAVE, ACT_COME,  ACT_LEAVE,  ACT_SUSPEND,
                ACT_WAKE,    ACT_WAKE,  ACT_STUDY, ACT_DND_ON, ACT_DND_OFF,
                ACT_DND_OFF, ACT_ZONE,  ACT_HUSH,  ACT_CLOCK,  ACT_CONFIG
        };
        Dice *d = &l->dice;

        for (int64_t k = dice_in(d, 0, 30); k > 0; k--) {
                ActKind kind =
                        kinds[dice_in(d, 0, (int64_t) (sizeof(kinds) / sizeof(kinds[0])) - 1)];
                int64_t n = 0;

                switch (kind) {
                case ACT_STUDY:
                        n = dice_in(d, 1, 30);
                        break;
                case ACT_ZONE:
                        if (!dice_percent(d, 10))
                                continue;
                        n = dice_in(d, 0, ZONES - 1);
                        break;
                case ACT_HUSH:
                        if (!dice_percent(d, 20))
                                continue;
                        n = dice_in(d, 0, 3000);
                        break;
                case ACT_CLOCK:
                        if (!dice_percent(d, 10))
                                continue;
                        n = dice_in(d, -3000, 3000);
                        break;
                case ACT_CONFIG:
                        if (!dice_percent(d, 5))
                                continue;
                        break;
                default:
                        break;
                }
                act(l, date, zone, (int) dice_in(d, 0, 1439), kind, n);
        }
}

static void shifts(Learner *l, int32_t date, int day_of_year, const Zone *zone, bool weekend) {
        Dice *d = &l->dice;

        switch (weekend ? 3 : day_of_year / 7 % 3) {
        case 0: /* early: home in the afternoon */
                stay(l, date, zone, 15 * 60, 19 * 60);
                break;
        case 1: /* late: at the machine in the morning and near midnight */
                stay(l, date, zone, 9 * 60, 12 * 60);
                stay(l, date, zone, 22 * 60 + 30, 23 * 60 + 50);
                break;
        case 2: /* night: sleeps until the afternoon */
                stay(l, date, zone, 1 * 60, 5 * 60);
                stay(l, date, zone, 16 * 60, 20 * 60);
                break;
        default:
                stay(l, date, zone, 11 * 60, 15 * 60);
                break;
        }
        if (dice_percent(d, 15))
                act(l, date, zone, (int) dice_in(d, 17 * 60, 19 * 60), ACT_STUDY,
                    dice_in(d, 5, 20));
}

void learner_plan(Learner *l, int32_t date, int day_of_year, const Zone *zone) {
        bool weekend = civil_weekday(date) >= 6;
        Dice *d = &l->dice;

        l->n_acts = 0;
        switch (l->kind) {
        case HABIT_ABSENT:
                /* Three weeks with the machine off, later one with it on and nobody there. */
                if (day_of_year == 120)
                        act(l, date, zone, 60, ACT_SUSPEND, 0);
                if (day_of_year == 141)
                        act(l, date, zone, 8 * 60 + 30, ACT_WAKE, 0);
                if ((day_of_year >= 120 && day_of_year < 141) ||
                    (day_of_year >= 250 && day_of_year < 257))
                        return;
                __attribute__((fallthrough));
        case HABIT_STEADY:
        case HABIT_DISMISSER:
        case HABIT_PACED:
                stay(l, date, zone, weekend ? 10 * 60 : 9 * 60, weekend ? 12 * 60 : 12 * 60 + 30);
                if (!weekend)
                        stay(l, date, zone, 13 * 60 + 15, 17 * 60 + 45);
                if (dice_percent(d, 50))
                        stay(l, date, zone, 20 * 60, 22 * 60);
                if (l->kind != HABIT_DISMISSER && dice_percent(d, 20))
                        act(l, date, zone, (int) dice_in(d, 18 * 60, 21 * 60), ACT_STUDY,
                            dice_in(d, 5, 25));
                if (!weekend && dice_percent(d, 15)) {
                        act(l, date, zone, 14 * 60, ACT_DND_ON, 0);
                        act(l, date, zone, 15 * 60 + 10, ACT_DND_OFF, 0);
                }
                break;
        case HABIT_WEEKEND:
                if (!weekend) {
                        stay(l, date, zone, 9 * 60, 17 * 60);
                } else {
                        stay(l, date, zone, 10 * 60, 18 * 60);
                        if (dice_percent(d, 40))
                                act(l, date, zone, (int) dice_in(d, 14 * 60, 17 * 60), ACT_STUDY,
                                    dice_in(d, 20, 60));
                }
                break;
        case HABIT_SHIFTS:
                shifts(l, date, day_of_year, zone, weekend);
                break;
        case HABIT_TRAVELLER:
                if (day_of_year % 30 == 17)
                        act(l, date, zone, (int) dice_in(d, 0, 23) * 60, ACT_ZONE,
                            (day_of_year / 30 + 1) % ZONES);
                stay(l, date, zone, 8 * 60 + 30, 18 * 60);
                break;
        case HABIT_SLEEPER:
                /* Open for eight hours in three pieces. */
                awake(l, date, zone, 8 * 60 + 50, 11 * 60 + 10);
                awake(l, date, zone, 14 * 60 + 40, 17 * 60 + 20);
                awake(l, date, zone, 19 * 60, 22 * 60);
                stay(l, date, zone, 9 * 60 + 10, 10 * 60 + 50);
                stay(l, date, zone, 15 * 60, 17 * 60);
                break;
        case HABIT_MORNINGS:
                stay(l, date, zone, 8 * 60 + 15, 17 * 60);
                if (dice_percent(d, day_of_year < 250 ? 92 : 30))
                        act(l, date, zone, (int) dice_in(d, 8 * 60 + 50, 9 * 60 + 30), ACT_STUDY,
                            dice_in(d, 8, 12));
                break;
        case HABIT_CHAOS:
                chaos(l, date, zone);
                break;
        }
}

Reaction learner_reaction(Learner *l, usec_t now_real, const Zone *zone) {
        Dice *d = &l->dice;
        int32_t date = (int32_t) (sim_local_s(zone, now_real) / 86400);

        switch (l->kind) {
        case HABIT_DISMISSER:
                return REACT_DISMISS;
        case HABIT_WEEKEND:
                if (civil_weekday(date) < 6)
                        return dice_percent(d, 50) ? REACT_IGNORE : REACT_DISMISS;
                break;
        case HABIT_CHAOS:
                return (Reaction) dice_in(d, REACT_USE, REACT_IGNORE);
        default:
                break;
        }
        /* 20 to 50 % of notifications are left alone anyway (Pradhan et al. 2017). */
        return dice_percent(d, 30)   ? REACT_IGNORE
               : dice_percent(d, 75) ? REACT_USE
               : dice_percent(d, 50) ? REACT_LATER
               : dice_percent(d, 90) ? REACT_DISMISS
                                     : REACT_NOT_TODAY;
}
