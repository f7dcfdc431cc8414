/*
 * The memory model: FSRS-6, 21 weights, as published by open-spaced-repetition; letters as there.
 *
 * State is stability S (days until the probability of recall has fallen to 0.9) and difficulty D. Vectors from two
 * independent implementations: tests/data/fsrs6.json. Where those disagree (first stability below 0.1,
 * ceiling of the same-day weights) this follows fsrs-rs 6.6, which is what Anki runs.
 *
 * No rounding here: memory_round() is a step of its own, taken by the fold after each review.
 */
#pragma once

#include "core/types.h"

#define FSRS_S_MIN         0.001
#define FSRS_S_MAX         36500.0
#define FSRS_D_MIN         1.0
#define FSRS_D_MAX         10.0
#define FSRS_S0_MAX        100.0
#define FSRS_DECAY_BEFORE6 0.5

extern const double fsrs_default_weights[FSRS_WEIGHTS];

/* Weights and what is derived from them once. Plain data; filled by fsrs_params(). */
typedef struct FsrsParams {
        double w[FSRS_WEIGHTS];
        bool short_term;
        double decay;   /* -w20 */
        double factor;  /* 0.9^(1/decay) - 1 */
        double exp_w8;  /* exp(w8) */
        double d0_easy; /* D0(4), unclamped */
        double s_lapse; /* exp(w17*w18): a lapse divides S by at least this */
} FsrsParams;

/* `w` as they are: clamped before, by fsrs_clamp(). */
FsrsParams fsrs_params(const double w[static FSRS_WEIGHTS], bool short_term);

/*
 * Forces weights into the published bounds. With more than one relearning step w17 and w18 are bounded
 * further, so that a lapse and its steps never raise S. NaN becomes the default.
 */
void fsrs_clamp(double w[static FSRS_WEIGHTS], size_t n_relearning_steps, bool short_term);

/*
 * Weights of an older version to FSRS-6: 17 (4.5), 19 (5) or 21 of them, none for the defaults;
 * then fsrs_clamp(). 0, or -EINVAL for another number or a value that is not finite.
 */
int fsrs_migrate(const double *w, size_t n, size_t n_relearning_steps, bool short_term,
                 double ret_w[static FSRS_WEIGHTS]);

/*
 * Probability of recall after a pause. elapsed_days >= 0 (below counts as 0), may be a fraction;
 * stability_days > 0. In (0, 1], 1 at no pause.
 */
double fsrs_retrievability(const FsrsParams *p, double elapsed_days, double stability_days);

/* Days until the probability of recall has fallen to `retention` (in (0, 1)); may be a fraction. */
double fsrs_interval(const FsrsParams *p, double stability_days, double retention);

/* Memory after the first review. */
Memory fsrs_first(const FsrsParams *p, Grade grade);

/*
 * Memory after a review. elapsed_days: whole days since the last one, 0 for the same day (other
 * formulas, unless short_term is off). A memory of stability 0 is none: as fsrs_first().
 */
Memory fsrs_next(const FsrsParams *p, Memory before, int32_t elapsed_days, Grade grade);

/* All four, [grade - 1]; shares what they have in common. The same bits as fsrs_next(). */
void fsrs_next_all(const FsrsParams *p, Memory before, int32_t elapsed_days,
                   Memory ret[static GRADE_COUNT]);

/*
 * Memory for a card of which only SM-2's interval (days, >= 0) and ease (2.5 = 250 %) are known, assuming
 * that interval was chosen for `retention`.
 */
Memory fsrs_from_sm2(const FsrsParams *p, double interval_days, double ease, double retention);

/*
 * S and D to 1e-4, S not below FSRS_S_MIN. Taken after every step of the fold, so that machines whose last
 * bits differ (libm variants, fused multiply-add) keep the same state.
 */
Memory memory_round(Memory m);
