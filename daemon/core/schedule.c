/*
 * Answers: memory from core/fsrs, days from core/interval, and in between the steps and the order
 * of the buttons. The rules are listed in schedule.h.
 */
#include "core/schedule.h"

#include <assert.h>
#include <math.h>

#include "core/fsrs.h"
#include "core/interval.h"
#include "util/usec.h"

enum { DAY_S = 86400 };

/* One decision: what was given, and what all four answers share. */
typedef struct Decision {
        const Preset *preset;
        const CardSched *before;
        const Moment *now;
        uint64_t seed;
        const Siblings *siblings;
        Memory memory[GRADE_COUNT];
        double interval_days[GRADE_COUNT]; /* as the model wants them */
} Decision;

typedef struct Steps {
        const uint32_t *s;
        size_t n;
} Steps;

static int32_t elapsed_days(const CardSched *before, const Moment *now) {
        int64_t elapsed;

        if (before->last_day == CARD_NO_DAY)
                return 0;

        elapsed = (int64_t) now->day - before->last_day;
        return elapsed < 0 ? 0 : elapsed > INT32_MAX ? INT32_MAX : (int32_t) elapsed;
}

static Memory memory_of(const CardSched *card) {
        return (Memory){ card->stability_days, card->difficulty };
}

static void decision_init(Decision *d) {
        const Preset *preset = d->preset;
        FsrsParams params = fsrs_params(preset->w, preset->short_term);
        double per_stability = fsrs_interval(&params, 1, preset->desired_retention);

        fsrs_next_all(&params, memory_of(d->before), elapsed_days(d->before, d->now), d->memory);
        for (size_t i = 0; i < GRADE_COUNT; i++)
                d->interval_days[i] = d->memory[i].stability_days * per_stability;
}

static int32_t fuzzed(const Decision *d, double interval_days, int32_t minimum) {
        int32_t maximum = d->preset->max_interval_days;

        if (minimum < 1)
                minimum = 1;
        if (!d->preset->fuzz)
                return interval_round(interval_days, minimum, maximum);
        return interval_fuzz(interval_days, minimum, maximum, d->seed, d->now->day, d->siblings);
}

static int32_t rounded(const Decision *d, Grade g) {
        return interval_round(d->interval_days[g - 1], 1, d->preset->max_interval_days);
}

/* What every answer does, whatever comes next. */
static CardSched answered(const Decision *d, Grade g) {
        CardSched after = *d->before;

        after.stability_days = d->memory[g - 1].stability_days;
        after.difficulty = d->memory[g - 1].difficulty;
        after.last_ms = d->now->at_ms;
        after.last_day = d->now->day;
        after.reps++;
        if (d->before->state == CARD_REVIEW && g == GRADE_AGAIN)
                after.lapses++;
        return after;
}

static void put_on_day(CardSched *card, const Moment *now, int32_t days) {
        card->due_day = now->day + days;
        card->due_ms = CARD_NO_MS;
        card->interval_days = days;
        card->interval_s = 0;
}

static void put_at_instant(CardSched *card, const Moment *now, int32_t seconds) {
        card->due_day = CARD_NO_DAY;
        card->due_ms = now->at_ms + seconds * MSEC_PER_SEC;
        card->interval_days = 0;
        card->interval_s = seconds;
}

static CardSched to_review(const Decision *d, Grade g, int32_t days) {
        CardSched after = answered(d, g);

        after.state = CARD_REVIEW;
        after.step = 0;
        put_on_day(&after, d->now, days);
        return after;
}

/* A step that reaches the beginning of another day is due by day, from that day's beginning on. */
static CardSched to_step(const Decision *d, Grade g, CardState state, size_t step,
                         uint32_t delay_s) {
        CardSched after = answered(d, g);
        int64_t due_ms = d->now->at_ms + delay_s * MSEC_PER_SEC;

        after.state = state;
        after.step = (uint32_t) step;
        if (due_ms >= d->now->next_day_ms)
                put_on_day(&after, d->now,
                           (int32_t) ((due_ms - d->now->next_day_ms) / MSEC_PER_DAY + 1));
        else
                put_at_instant(&after, d->now, (int32_t) delay_s);
        return after;
}

/* Hard at the first step: between Again's delay and Good's. Above a day only whole days. */
static uint32_t hard_delay(const Steps *steps, size_t step) {
        uint64_t first = steps->s[0], delay;

        if (step > 0)
                return steps->s[step];
        if (steps->n > 1)
                delay = (first + steps->s[1]) / 2;
        else
                delay = first * 3 / 2 < first + DAY_S ? first * 3 / 2 : first + DAY_S;
        if (delay > DAY_S)
                delay = (delay + DAY_S / 2) / DAY_S * DAY_S;
        return (uint32_t) delay;
}

/* NEW, LEARNING and RELEARNING: steps, then out of them. */
static void decide_steps(const Decision *d, CardState state, const Steps *steps, size_t step,
                         CardSched ret[static GRADE_COUNT]) {
        int32_t good;

        if (steps->n > 0 && step >= steps->n)
                step = steps->n - 1; /* the preset has fewer steps than it had */

        if (steps->n > 0)
                ret[0] = to_step(d, GRADE_AGAIN, state, 0, steps->s[0]);
        else if (state == CARD_RELEARNING)
                ret[0] = to_review(d, GRADE_AGAIN, rounded(d, GRADE_AGAIN));
        else
                ret[0] = to_review(d, GRADE_AGAIN, fuzzed(d, rounded(d, GRADE_AGAIN), 1));

        if (steps->n > 0)
                ret[1] = to_step(d, GRADE_HARD, state, step, hard_delay(steps, step));
        else if (state == CARD_RELEARNING)
                ret[1] = to_review(d, GRADE_HARD, rounded(d, GRADE_HARD));
        else
                ret[1] = to_review(d, GRADE_HARD, fuzzed(d, rounded(d, GRADE_HARD), 1));

        good = fuzzed(d, rounded(d, GRADE_GOOD), 1);
        if (step + 1 < steps->n)
                ret[2] = to_step(d, GRADE_GOOD, state, step + 1, steps->s[step + 1]);
        else
                ret[2] = to_review(d, GRADE_GOOD, good);

        ret[3] = to_review(d, GRADE_EASY, fuzzed(d, rounded(d, GRADE_EASY), good + 1));
}

static int32_t at_least_last(const Decision *d, Grade g, int32_t minimum) {
        int32_t from_last = interval_minimum(d->interval_days[g - 1], d->before->interval_days,
                                             d->preset->max_interval_days, d->preset->fuzz);

        return from_last > minimum ? from_last : minimum;
}

static void decide_passing(const Decision *d, CardSched ret[static GRADE_COUNT], int32_t least) {
        int32_t minimum = least, days;

        for (Grade g = GRADE_HARD; g <= GRADE_EASY; g++) {
                days = fuzzed(d, d->interval_days[g - 1], at_least_last(d, g, minimum));
                ret[g - 1] = to_review(d, g, days);
                minimum = days + 1;
        }
}

static void decide_review(const Decision *d, CardSched ret[static GRADE_COUNT]) {
        const Preset *preset = d->preset;

        if (preset->n_relearning_steps > 0)
                ret[0] = to_step(d, GRADE_AGAIN, CARD_RELEARNING, 0, preset->relearning_steps_s[0]);
        else
                ret[0] = to_review(d, GRADE_AGAIN, rounded(d, GRADE_AGAIN));
        decide_passing(d, ret, 1);
}

static void decide_long_term(const Decision *d, CardSched ret[static GRADE_COUNT]) {
        int32_t again = rounded(d, GRADE_AGAIN), hard = rounded(d, GRADE_HARD);

        ret[0] = to_review(d, GRADE_AGAIN, again < hard ? again : hard);
        decide_passing(d, ret, ret[0].interval_days + 1);
}

void schedule_preview(const Preset *preset, const CardSched *before, const Moment *now,
                      uint64_t fuzz_seed, const Siblings *siblings,
                      CardSched ret_after[static GRADE_COUNT]) {
        Decision d = {
                .preset = preset,
                .before = before,
                .now = now,
                .seed = fuzz_seed,
                .siblings = siblings,
        };
        Steps learning = { preset->learning_steps_s, preset->n_learning_steps };
        Steps relearning = { preset->relearning_steps_s, preset->n_relearning_steps };

        assert(now->next_day_ms > now->at_ms);

        decision_init(&d);
        if (!preset->short_term) {
                decide_long_term(&d, ret_after);
                return;
        }
        switch (before->state) {
        case CARD_NEW:
                decide_steps(&d, CARD_LEARNING, &learning, 0, ret_after);
                break;
        case CARD_LEARNING:
                decide_steps(&d, CARD_LEARNING, &learning, before->step, ret_after);
                break;
        case CARD_RELEARNING:
                decide_steps(&d, CARD_RELEARNING, &relearning, before->step, ret_after);
                break;
        case CARD_REVIEW:
                decide_review(&d, ret_after);
                break;
        }
}

void schedule_answer(const Preset *preset, const CardSched *before, const Moment *now, Grade grade,
                     uint64_t fuzz_seed, const Siblings *siblings, CardSched *ret_after) {
        CardSched after[GRADE_COUNT];

        assert(grade_valid(grade));

        /* One path for both: what a button showed is what happens. */
        schedule_preview(preset, before, now, fuzz_seed, siblings, after);
        *ret_after = after[grade - 1];
}

Outcome schedule_outcome(const CardSched *before, const CardSched *after) {
        return (Outcome){
                .reps_before = before->reps,
                .state = after->state,
                .step = after->step,
                .interval_days = after->interval_days,
                .interval_s = after->interval_s,
        };
}

static bool outcome_fits(const Outcome *o, const CardSched *before) {
        if (!o || o->reps_before != before->reps)
                return false;
        if (o->interval_days < 0 || o->interval_days > PRESET_INTERVAL_MAX || o->interval_s < 0 ||
            o->interval_s > PRESET_STEP_MAX_S || (o->interval_days > 0) == (o->interval_s > 0))
                return false;

        switch (o->state) {
        case CARD_NEW:
                return false;
        case CARD_LEARNING:
        case CARD_RELEARNING:
                return o->step < PRESET_STEPS_MAX;
        case CARD_REVIEW:
                return o->step == 0 && o->interval_days > 0;
        }
        return false;
}

static CardSched follow(const Preset *preset, const CardSched *before, const Moment *now,
                        Grade grade, const Outcome *recorded) {
        Decision d = { .preset = preset, .before = before, .now = now };
        FsrsParams params = fsrs_params(preset->w, preset->short_term);
        CardSched after;

        d.memory[grade - 1] =
                fsrs_next(&params, memory_of(before), elapsed_days(before, now), grade);
        after = answered(&d, grade);
        after.state = recorded->state;
        after.step = recorded->step;
        if (recorded->interval_days > 0)
                put_on_day(&after, now, recorded->interval_days);
        else
                put_at_instant(&after, now, recorded->interval_s);
        return after;
}

bool schedule_replay(const Preset *preset, const CardSched *before, const Moment *now, Grade grade,
                     const Outcome *recorded, uint64_t fuzz_seed, CardSched *ret_after) {
        bool fits = outcome_fits(recorded, before);
        CardSched after;
        Memory m;

        assert(grade_valid(grade));

        if (fits)
                after = follow(preset, before, now, grade, recorded);
        else
                schedule_answer(preset, before, now, grade, fuzz_seed, NULL, &after);

        m = memory_round(memory_of(&after));
        after.stability_days = m.stability_days;
        after.difficulty = m.difficulty;
        *ret_after = after;
        return fits;
}

void schedule_reset(const CardSched *before, CardSched *ret_after) {
        CardSched after = CARD_SCHED_NEW;

        after.reps = before->reps;
        after.lapses = before->lapses;
        *ret_after = after;
}

void schedule_set_due(const Preset *preset, const CardSched *before, const Moment *now,
                      int32_t due_day, CardSched *ret_after) {
        CardSched after = *before;
        int64_t days;

        if (due_day < now->day)
                due_day = now->day;
        days = (int64_t) due_day - now->day;
        if (days > PRESET_INTERVAL_MAX) {
                days = PRESET_INTERVAL_MAX;
                due_day = now->day + PRESET_INTERVAL_MAX;
        }
        if (days < 1)
                days = 1;

        if (!(before->stability_days > 0)) {
                FsrsParams params = fsrs_params(preset->w, preset->short_term);
                double per_stability = fsrs_interval(&params, 1, preset->desired_retention);
                Memory m = fsrs_first(&params, GRADE_GOOD);

                m.stability_days =
                        fmin(fmax((double) days / per_stability, FSRS_S_MIN), FSRS_S_MAX);
                m = memory_round(m);
                after.stability_days = m.stability_days;
                after.difficulty = m.difficulty;
                after.last_ms = now->at_ms;
                after.last_day = now->day;
        }
        if (before->state != CARD_REVIEW)
                after.interval_days = (int32_t) days;
        after.state = CARD_REVIEW;
        after.step = 0;
        after.interval_s = 0;
        after.due_day = due_day;
        after.due_ms = CARD_NO_MS;
        *ret_after = after;
}

void schedule_seed(const Preset *preset, int32_t interval_days, double ease, int32_t due_day,
                   uint32_t reps, uint32_t lapses, CardSched *ret_after) {
        FsrsParams params = fsrs_params(preset->w, preset->short_term);
        CardSched after = CARD_SCHED_NEW;
        Memory m;

        if (interval_days < 1)
                interval_days = 1;
        if (interval_days > PRESET_INTERVAL_MAX)
                interval_days = PRESET_INTERVAL_MAX;
        m = memory_round(fsrs_from_sm2(&params, interval_days, ease, preset->desired_retention));

        after.state = CARD_REVIEW;
        after.stability_days = m.stability_days;
        after.difficulty = m.difficulty;
        after.due_day = due_day;
        after.last_day = due_day - interval_days;
        after.interval_days = interval_days;
        after.reps = reps;
        after.lapses = lapses;
        *ret_after = after;
}

bool schedule_is_leech(const Preset *preset, const CardSched *before, const CardSched *after) {
        uint32_t threshold = preset->leech_threshold;

        if (threshold == 0 || after->lapses <= before->lapses || after->lapses < threshold)
                return false;
        return (after->lapses - threshold) % ((threshold + 1) / 2) == 0;
}

bool schedule_is_due(const CardSched *card, const Moment *now) {
        if (card->state == CARD_NEW)
                return false;
        if (card->due_ms != CARD_NO_MS)
                return card->due_ms <= now->at_ms;
        return card->due_day != CARD_NO_DAY && card->due_day <= now->day;
}
