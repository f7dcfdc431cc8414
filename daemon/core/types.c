/*
 * Names of grades and states, and presets at their defaults and within their ranges.
 */
#include "core/types.h"

#include <math.h>
#include <string.h>

#include "core/fsrs.h"

const char *card_state_name(CardState state) {
        switch (state) {
        case CARD_NEW:
                return "new";
        case CARD_LEARNING:
                return "learning";
        case CARD_REVIEW:
                return "review";
        case CARD_RELEARNING:
                return "relearning";
        }
        return NULL;
}

const char *grade_name(Grade grade) {
        switch (grade) {
        case GRADE_AGAIN:
                return "again";
        case GRADE_HARD:
                return "hard";
        case GRADE_GOOD:
                return "good";
        case GRADE_EASY:
                return "easy";
        }
        return NULL;
}

void preset_init(Preset *ret) {
        memset(ret, 0, sizeof(*ret));
        ret->desired_retention = 0.90;
        ret->learning_steps_s[0] = 60;
        ret->learning_steps_s[1] = 600;
        ret->n_learning_steps = 2;
        ret->relearning_steps_s[0] = 600;
        ret->n_relearning_steps = 1;
        ret->max_interval_days = PRESET_INTERVAL_MAX;
        ret->new_per_day = 20;
        ret->reviews_per_day = 200;
        ret->bury_siblings = true;
        ret->fuzz = true;
        ret->leech_threshold = 8;
        ret->short_term = true;
        memcpy(ret->w, fsrs_default_weights, sizeof(ret->w));
}

static void normalize_steps(uint32_t steps_s[static PRESET_STEPS_MAX], size_t *n) {
        if (*n > PRESET_STEPS_MAX)
                *n = PRESET_STEPS_MAX;
        for (size_t i = 0; i < *n; i++) {
                if (steps_s[i] < 1)
                        steps_s[i] = 1;
                if (steps_s[i] > PRESET_STEP_MAX_S)
                        steps_s[i] = PRESET_STEP_MAX_S;
        }
        /* What lies beyond the last step means nothing: zero, so that equal presets are equal bytes. */
        for (size_t i = *n; i < PRESET_STEPS_MAX; i++)
                steps_s[i] = 0;
}

void preset_normalize(Preset *p) {
        if (isnan(p->desired_retention))
                p->desired_retention = 0.90;
        p->desired_retention =
                fmin(fmax(p->desired_retention, PRESET_RETENTION_MIN), PRESET_RETENTION_MAX);
        normalize_steps(p->learning_steps_s, &p->n_learning_steps);
        normalize_steps(p->relearning_steps_s, &p->n_relearning_steps);
        if (p->max_interval_days < 1)
                p->max_interval_days = 1;
        if (p->max_interval_days > PRESET_INTERVAL_MAX)
                p->max_interval_days = PRESET_INTERVAL_MAX;
        if (p->new_per_day > PRESET_PER_DAY_MAX)
                p->new_per_day = PRESET_PER_DAY_MAX;
        if (p->reviews_per_day > PRESET_PER_DAY_MAX)
                p->reviews_per_day = PRESET_PER_DAY_MAX;
        if (p->leech_threshold > PRESET_PER_DAY_MAX)
                p->leech_threshold = PRESET_PER_DAY_MAX;
        if ((unsigned) p->leech_action > LEECH_SUSPEND)
                p->leech_action = LEECH_TAG;
        if ((unsigned) p->new_order > NEW_ORDER_DECK)
                p->new_order = NEW_ORDER_POSITION;
        if ((unsigned) p->review_order > REVIEW_ORDER_DECK)
                p->review_order = REVIEW_ORDER_RISK;
        if ((unsigned) p->new_mix > NEW_MIX_BEFORE_REVIEWS)
                p->new_mix = NEW_MIX_EVENLY;
        fsrs_clamp(p->w, p->n_relearning_steps, p->short_term);
}
