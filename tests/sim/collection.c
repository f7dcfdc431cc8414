/* Cards under the real schedule; the learner remembers with the probability the model gives. */
#include <string.h>

#include "core/day.h"
#include "core/fsrs.h"
#include "core/interval.h"
#include "core/queue.h"
#include "sim.h"

enum { DAY_STARTS_MIN = DAY_STARTS_DEFAULT_MIN };

void dice_init(Dice *d, uint64_t seed) {
        d->x = seed * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x123456789abcdef);
        for (int i = 0; i < 8; i++)
                (void) dice(d);
}

uint64_t dice(Dice *d) {
        d->x ^= d->x << 13, d->x ^= d->x >> 7, d->x ^= d->x << 17;
        return d->x * UINT64_C(0x2545f4914f6cdd1d);
}

int64_t dice_in(Dice *d, int64_t from, int64_t until) {
        return from + (int64_t) ((dice(d) >> 20) % (uint64_t) (until - from + 1));
}

bool dice_percent(Dice *d, unsigned percent) {
        return dice_in(d, 0, 99) < percent;
}

void collection_init(Collection *c) {
        memset(c, 0, sizeof(*c));
        preset_init(&c->preset);
        c->preset.new_per_day = COLLECTION_NEW_PER_DAY;
        c->day = INT32_MIN;
        c->last = SIZE_MAX;
        for (size_t i = 0; i < COLLECTION_CARDS; i++)
                c->cards[i] = CARD_SCHED_NEW;
}

static Moment moment(const Zone *zone, usec_t now_real) {
        int64_t at_ms = (int64_t) (now_real / USEC_PER_MSEC);
        int64_t east_s = sim_local_s(zone, now_real) - at_ms / MSEC_PER_SEC;

        return day_moment(at_ms, (int) (east_s / 60), DAY_STARTS_MIN);
}

/* Those that are due by now or will be within the day. */
static void find_due(Collection *c, const Moment *now) {
        if (now->day != c->day) {
                c->day = now->day;
                c->new_today = 0;
                c->due_known = false;
        }
        if (c->due_known)
                return;

        c->n_due = 0;
        for (size_t i = 0; i < c->first_new; i++)
                if (c->cards[i].due_ms != CARD_NO_MS || c->cards[i].due_day <= now->day)
                        c->due[c->n_due++] = i;
        c->due_known = true;
}

static uint32_t new_left(const Collection *c) {
        uint32_t left =
                COLLECTION_NEW_PER_DAY > c->new_today ? COLLECTION_NEW_PER_DAY - c->new_today : 0;
        size_t there = COLLECTION_CARDS - c->first_new;

        return there < left ? (uint32_t) there : left;
}

void collection_counts(Collection *c, const Zone *zone, usec_t now_real, CollectionCounts *ret) {
        Moment now = moment(zone, now_real);
        int64_t oldest_ms = INT64_MAX, next_ms = now.next_day_ms;

        find_due(c, &now);
        *ret = (CollectionCounts){ .due = new_left(c) };

        for (size_t i = 0; i < c->n_due; i++) {
                const CardSched *card = &c->cards[c->due[i]];
                int64_t since_ms;

                if (!schedule_is_due(card, &now)) {
                        if (card->due_ms < next_ms)
                                next_ms = card->due_ms;
                        continue;
                }
                since_ms = card->due_ms != CARD_NO_MS
                                   ? card->due_ms
                                   : now.next_day_ms - (now.day - card->due_day + 1) * MSEC_PER_DAY;
                if (since_ms < oldest_ms)
                        oldest_ms = since_ms;
                ret->due++;
                ret->learning += card->state == CARD_LEARNING || card->state == CARD_RELEARNING;
        }
        ret->oldest_real =
                oldest_ms > 0 && oldest_ms < INT64_MAX ? (usec_t) oldest_ms * USEC_PER_MSEC : 0;
        ret->next_real = (usec_t) next_ms * USEC_PER_MSEC;
}

bool collection_review(Collection *c, const Zone *zone, usec_t now_real, Dice *d) {
        Moment now = moment(zone, now_real);
        QueueCard queue[COLLECTION_CARDS + 1];
        size_t index[COLLECTION_CARDS + 1], n = 0, pick, i;
        QueueContext context = { .now = now };
        CardSched *card;
        double recall;
        Grade grade;

        find_due(c, &now);
        for (size_t k = 0; k < c->n_due; k++) {
                const CardSched *s = &c->cards[c->due[k]];

                if (!schedule_is_due(s, &now))
                        continue;
                index[n] = c->due[k];
                queue[n++] = (QueueCard){ .card = (int64_t) c->due[k] + 1,
                                          .state = s->state,
                                          .due_day = s->due_day,
                                          .due_ms = s->due_ms,
                                          .stability_days = s->stability_days,
                                          .last_day = s->last_day,
                                          .last_ms = s->last_ms,
                                          .preset = &c->preset,
                                          .limit = SIZE_MAX };
        }
        if (new_left(c) > 0) {
                index[n] = c->first_new;
                queue[n++] = (QueueCard){ .card = (int64_t) c->first_new + 1,
                                          .state = CARD_NEW,
                                          .due_day = CARD_NO_DAY,
                                          .due_ms = CARD_NO_MS,
                                          .last_ms = CARD_NO_MS,
                                          .position = (int64_t) c->first_new,
                                          .preset = &c->preset,
                                          .limit = SIZE_MAX };
        }
        pick = queue_next(&context, queue, n);
        if (pick == QUEUE_NONE)
                return false;

        i = index[pick];
        card = &c->cards[i];
        if (card->state == CARD_NEW) {
                c->first_new++;
                c->new_today++;
        }
        recall = card->state == CARD_NEW || card->stability_days <= 0
                         ? 0.6
                         : 1.0 - queue_risk(&c->preset, card->stability_days, card->last_day,
                                            now.day) *
                                           (1.0 - c->preset.desired_retention);
        grade = dice_in(d, 0, 999) >= (int64_t) (recall * 1000) ? GRADE_AGAIN
                : dice_percent(d, 12)                           ? GRADE_HARD
                : dice_percent(d, 90)                           ? GRADE_GOOD
                                                                : GRADE_EASY;
        schedule_answer(&c->preset, card, &now, grade, interval_seed(&i, sizeof(i), card->reps),
                        NULL, card);
        c->due_known = false;
        c->last = i;
        return true;
}
