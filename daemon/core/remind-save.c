/*
 * What the policy keeps over restarts, as numbers under names. Everything else of its state is told
 * anew at the start. Nothing breaks when a number is lost: at worst a reminder comes that would not have.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/remind-private.h"

typedef struct Number {
        const char *name;
        size_t offset;
        enum { NUMBER_REAL, NUMBER_DAY, NUMBER_COUNT, NUMBER_FLAG } type;
} Number;

#define ROW(name, field, type)                                                                     \
        { "remind." name, offsetof(RemindState, field), type }

static const Number numbers[] = {
        ROW("last-asked", last_asked_real, NUMBER_REAL),
        ROW("last-seen", last_seen_real, NUMBER_REAL),
        ROW("due-since", due_since_real, NUMBER_REAL),
        ROW("hush-until", hush_until_real, NUMBER_REAL),
        ROW("day", day, NUMBER_DAY),
        ROW("skip-day", skip_day, NUMBER_DAY),
        ROW("finished-day", finished_day, NUMBER_DAY),
        ROW("asked-day", asked_day, NUMBER_DAY),
        ROW("asked-today", asked_today, NUMBER_COUNT),
        ROW("notices-today", notices_today, NUMBER_COUNT),
        ROW("used-date", used_date, NUMBER_DAY),
        ROW("used-minute", used_minute, NUMBER_COUNT),
        ROW("points", points, NUMBER_COUNT),
        ROW("points-day", points_day, NUMBER_DAY),
        ROW("laters", laters, NUMBER_COUNT),
        ROW("later", later, NUMBER_FLAG),
        ROW("back", back, NUMBER_FLAG),
};

enum { N_NUMBERS = sizeof(numbers) / sizeof(numbers[0]), COUNT_MAX = 1000000, DAY_MAX = 10000000 };

static int64_t number_get(const RemindState *s, const Number *n) {
        const char *at = (const char *) s + n->offset;

        switch (n->type) {
        case NUMBER_REAL:
                return (int64_t) * (const usec_t *) at;
        case NUMBER_DAY:
                return *(const int32_t *) at;
        case NUMBER_COUNT:
                return *(const uint32_t *) at;
        case NUMBER_FLAG:
                return *(const bool *) at;
        }
        return 0;
}

static void number_set(RemindState *s, const Number *n, int64_t value) {
        char *at = (char *) s + n->offset;

        switch (n->type) {
        case NUMBER_REAL:
                if (value >= 0)
                        *(usec_t *) at = (usec_t) value;
                break;
        case NUMBER_DAY:
                if (value == REMIND_NO_DATE || (value >= 0 && value <= DAY_MAX))
                        *(int32_t *) at = (int32_t) value;
                break;
        case NUMBER_COUNT:
                if (value >= 0 && value <= COUNT_MAX)
                        *(uint32_t *) at = (uint32_t) value;
                break;
        case NUMBER_FLAG:
                *(bool *) at = value == 1;
                break;
        }
}

/* A record in one number: 16 bits each of shown, used, dismissed, then 5 + 3 bits of study days. */
static int64_t record_pack(const RemindRecord *r) {
        return (int64_t) ((uint64_t) r->shown | (uint64_t) r->used << 16 |
                          (uint64_t) r->dismissed << 32 | (uint64_t) r->unprompted << 48 |
                          (uint64_t) r->n_days << 53);
}

static void record_unpack(RemindRecord *r, int64_t value) {
        uint64_t v = (uint64_t) value;

        r->shown = v & UINT16_MAX;
        r->used = v >> 16 & UINT16_MAX;
        r->dismissed = v >> 32 & UINT16_MAX;
        r->unprompted = v >> 48 & 31;
        r->n_days = v >> 53 & 7;
}

static void record_name(unsigned minute, char out[static 32]) {
        (void) snprintf(out, 32, "remind.slot.%02u%02u", minute / 60 % 24, minute % 60);
}

static void hours_name(size_t i, char out[static 32]) {
        (void) snprintf(out, 32, "remind.hours.%02zu", i);
}

static int64_t hours_pack(const uint16_t hours[static 3]) {
        return (int64_t) ((uint64_t) hours[0] | (uint64_t) hours[1] << 16 |
                          (uint64_t) hours[2] << 32);
}

int remind_save(const RemindState *s, RemindState *kept, RemindPut put, void *userdata) {
        char name[32];
        int r;

        for (size_t i = 0; i < N_NUMBERS; i++) {
                int64_t value = number_get(s, &numbers[i]);

                if (value == number_get(kept, &numbers[i]))
                        continue;
                r = put(numbers[i].name, value, userdata);
                if (r != 0)
                        return r;
                number_set(kept, &numbers[i], value);
        }
        for (size_t i = 0; i < REMIND_RECORDS; i++) {
                const RemindRecord *mine = &s->records[i];
                RemindRecord *other = &kept->records[i];

                if (!mine->in_use || (other->in_use && other->minute == mine->minute &&
                                      record_pack(other) == record_pack(mine)))
                        continue;
                record_name(mine->minute, name);
                r = put(name, record_pack(mine), userdata);
                if (r != 0)
                        return r;
                *other = *mine;
        }
        for (size_t i = 0; i < 24; i += 3) {
                if (hours_pack(&s->hours[i]) == hours_pack(&kept->hours[i]))
                        continue;
                hours_name(i, name);
                r = put(name, hours_pack(&s->hours[i]), userdata);
                if (r != 0)
                        return r;
                memcpy(&kept->hours[i], &s->hours[i], 3 * sizeof(s->hours[0]));
        }
        return 0;
}

static int load_slots(RemindState *s, const RemindConfig *c, const RemindSlots *slots,
                      RemindGet get, void *userdata) {
        char name[32];
        int r;

        for (size_t i = 0; i < slots->n; i++) {
                RemindRecord *record = remind_record(s, c, slots->minute[i]);
                int64_t value = 0;

                record_name(slots->minute[i], name);
                r = get(name, &value, userdata);
                if (r != 0)
                        return r;
                if (record)
                        record_unpack(record, value);
        }
        return 0;
}

int remind_load(RemindState *s, const RemindConfig *c, RemindGet get, void *userdata) {
        char name[32];
        int r;

        for (size_t i = 0; i < N_NUMBERS; i++) {
                int64_t value = number_get(s, &numbers[i]);

                r = get(numbers[i].name, &value, userdata);
                if (r != 0)
                        return r;
                number_set(s, &numbers[i], value);
        }

        r = load_slots(s, c, &c->weekday, get, userdata);
        if (r == 0)
                r = load_slots(s, c, &c->weekend, get, userdata);
        for (size_t i = 0; r == 0 && i < 24; i += 3) {
                int64_t value = 0;

                hours_name(i, name);
                r = get(name, &value, userdata);
                for (size_t j = 0; j < 3; j++)
                        s->hours[i + j] = (uint64_t) value >> 16 * j & UINT16_MAX;
        }
        return r;
}
