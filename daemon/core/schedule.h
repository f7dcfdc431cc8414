/*
 * What an answer does to a card. Pure: told the time, the preset, a seed and the siblings' days.
 *
 * The memory model is core/fsrs.h, days and fuzz are core/interval.h. Around them the rules are
 * Anki's (26.08; behaviour only), also where the other FSRS schedulers differ:
 *
 *   - elapsed time is a difference of learner's days (ts-fsrs: of UTC dates; py-fsrs: whole 24 h),
 *     never below 0; on the day of the last review the same-day formulas are used;
 *   - Hard on the first step waits the mean of the first two delays, or 1.5 times the only one (at
 *     most a day longer, and in whole days when longer than a day); Hard on a later step waits that
 *     step's own delay (ts-fsrs: the first steps' mean everywhere, in whole minutes);
 *   - a step that reaches into another day, of whatever length, leaves the card LEARNING or
 *     RELEARNING, due from the beginning of that day (ts-fsrs: REVIEW when >= 1 day);
 *   - the first stability is floored at 0.001, not at 0.1 (ts-fsrs);
 *   - in REVIEW hard >= 1, good >= hard + 1, easy >= good + 1 days; leaving the steps, easy >=
 *     good + 1, and good is not raised; at the maximum interval they meet (ts-fsrs passes it);
 *   - an interval that grows is at least the last one + 1; one that does not but whose fuzz range
 *     still reaches the last one is at least the last one: fuzz alone never shortens;
 *   - without relearning steps Again in REVIEW gives the interval of the new stability, unfuzzed;
 *   - no intervals below a day but by steps (Anki has them behind an option that is off).
 *
 * Unlike Anki: delays of steps are not fuzzed, so that what a button promises is what happens.
 * Preset.short_term false is ts-fsrs's long-term scheduler: no steps, every button at least a day
 * more than the one before it.
 */
#pragma once

#include "core/types.h"

/*
 * What the learner was promised by a review, as recorded with it. One of the intervals is > 0, the
 * other is 0.
 */
typedef struct Outcome {
        uint32_t reps_before; /* reviews of the card that counted before this one */
        CardState state;      /* after it; never CARD_NEW */
        uint32_t step;
        int32_t interval_days;
        int32_t interval_s;
} Outcome;

/*
 * Answers a card. `before` may be CARD_SCHED_NEW. `fuzz_seed` is interval_seed(card, before->reps);
 * siblings may be NULL. `ret_after` may be `before`.
 *
 * Stability and difficulty come out as the model gives them; what is kept goes through memory_round()
 * (schedule_replay() does), which changes no interval.
 *
 * An instant before the last review's (clock set back, merged logs) counts as the same day.
 */
void schedule_answer(const Preset *preset, const CardSched *before, const Moment *now, Grade grade,
                     uint64_t fuzz_seed, const Siblings *siblings, CardSched *ret_after);

/* All four at once, [grade - 1]; each exactly what schedule_answer() with the same arguments gives. */
void schedule_preview(const Preset *preset, const CardSched *before, const Moment *now,
                      uint64_t fuzz_seed, const Siblings *siblings,
                      CardSched ret_after[static GRADE_COUNT]);

/* The promise an answer makes: to be recorded with the review. */
Outcome schedule_outcome(const CardSched *before, const CardSched *after);

/*
 * Folds one recorded review. Memory comes from FSRS; state, step and due from the record when it
 * still fits: as many reviews went before as when it was made, and it is well-formed. Otherwise
 * (a merged review came before it, one was undone, no record) from schedule_answer() without siblings.
 * Stability and difficulty are rounded by memory_round(). Returns whether the record was followed.
 */
bool schedule_replay(const Preset *preset, const CardSched *before, const Moment *now, Grade grade,
                     const Outcome *recorded, uint64_t fuzz_seed, CardSched *ret_after);

/*
 * Back to NEW: what was learned counts no more. reps and lapses are kept (Anki's default), so that
 * seeds and records count on.
 */
void schedule_reset(const CardSched *before, CardSched *ret_after);

/*
 * Puts a card on a day (now->day or later). The interval of a REVIEW card stays (as in Anki); one that
 * was NEW or in steps becomes REVIEW with the days until then (>= 1) as its interval, and a NEW one the
 * memory that would have given that interval.
 */
void schedule_set_due(const Preset *preset, const CardSched *before, const Moment *now,
                      int32_t due_day, CardSched *ret_after);

/*
 * A REVIEW card from another program whose reviews are not known: last interval, ease (2.5 = 250 %)
 * and due day. Memory by fsrs_from_sm2() at the preset's retention, rounded.
 */
void schedule_seed(const Preset *preset, int32_t interval_days, double ease, int32_t due_day,
                   uint32_t reps, uint32_t lapses, CardSched *ret_after);

/*
 * Whether the step from before to after makes the card a leech: a lapse that reaches the threshold,
 * or half a threshold (rounded up) more, and so on, as in Anki.
 */
bool schedule_is_leech(const Preset *preset, const CardSched *before, const CardSched *after);

/* Whether a card is due: by day, or by instant. A NEW card is not. */
bool schedule_is_due(const CardSched *card, const Moment *now);
