/*
 * FSRS-6. The letters and the order of the formulas are the published ones, so that the two can be
 * read side by side.
 */
#include "core/fsrs.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* The same in fsrs-rs 6.6, ts-fsrs 5.4, py-fsrs 6.3 and fsrs-optimizer 6.5. */
const double fsrs_default_weights[FSRS_WEIGHTS] = {
        0.212,  1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001,  1.8722, 0.1666, 0.796,
        1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
};

/* w17 and w18 up to 2, less with several relearning steps; w19 from 0 without same-day formulas. */
static const struct {
        double low, high;
} bounds[FSRS_WEIGHTS] = {
        { 0.001, 100 }, { 0.001, 100 }, { 0.001, 100 },  { 0.001, 100 }, { 1, 10 },
        { 0.001, 4 },   { 0.001, 4 },   { 0.001, 0.75 }, { 0, 4.5 },     { 0, 0.8 },
        { 0.001, 3.5 }, { 0.001, 5 },   { 0.001, 0.25 }, { 0.001, 0.9 }, { 0, 4 },
        { 0, 1 },       { 1, 6 },       { 0, 2 },        { 0, 2 },       { 0.01, 0.8 },
        { 0.1, 0.8 },
};

static double clamp(double x, double low, double high) {
        return x < low ? low : x > high ? high : x;
}

/*
 * With D = 1, R = 0.7, S = 1 a lapse gives w11 (2^w13 - 1) exp(0.3 w14), and each of n good steps multiplies
 * that by exp(w17 w18): the product is to stay at or below 1.
 */
static double same_day_ceiling(const double w[static FSRS_WEIGHTS], size_t n) {
        double per_step;

        if (n <= 1)
                return 2;

        per_step = -(log(w[11]) + log(pow(2, w[13]) - 1) + 0.3 * w[14]) / (double) n;
        return fmin(2, sqrt(fmax(0.01, per_step)));
}

void fsrs_clamp(double w[static FSRS_WEIGHTS], size_t n_relearning_steps, bool short_term) {
        double ceiling;

        for (size_t i = 0; i < FSRS_WEIGHTS; i++) {
                if (isnan(w[i]))
                        w[i] = fsrs_default_weights[i];
                w[i] = clamp(w[i], i == 19 && !short_term ? 0 : bounds[i].low, bounds[i].high);
        }

        ceiling = same_day_ceiling(w, n_relearning_steps);
        w[17] = fmin(w[17], ceiling);
        w[18] = fmin(w[18], ceiling);
}

int fsrs_migrate(const double *w, size_t n, size_t n_relearning_steps, bool short_term,
                 double ret_w[static FSRS_WEIGHTS]) {
        double v[FSRS_WEIGHTS] = { 0 };

        assert(w || n == 0);

        if (n != 0 && n != 17 && n != 19 && n != FSRS_WEIGHTS)
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                if (!isfinite(w[i]))
                        return -EINVAL;

        if (n == 0)
                memcpy(v, fsrs_default_weights, sizeof(v));
        else
                memcpy(v, w, n * sizeof(*w));
        if (n == 17) {
                /* Version 4.5 counted difficulty by another line; 5 has an exponential through the same ends. */
                v[4] = v[5] * 2 + v[4];
                v[5] = log(v[5] * 3 + 1) / 3;
                v[6] = v[6] + 0.5;
        }
        if (n == 17 || n == 19)
                v[20] = FSRS_DECAY_BEFORE6;

        fsrs_clamp(v, n_relearning_steps, short_term);
        memcpy(ret_w, v, sizeof(v));
        return 0;
}

/* D0(g), unclamped. */
static double first_difficulty(const double w[static FSRS_WEIGHTS], Grade g) {
        return w[4] - exp(w[5] * ((int) g - 1)) + 1;
}

FsrsParams fsrs_params(const double w[static FSRS_WEIGHTS], bool short_term) {
        FsrsParams p = { .short_term = short_term };

        memcpy(p.w, w, sizeof(p.w));
        p.decay = -w[20];
        p.factor = pow(0.9, 1 / p.decay) - 1;
        p.exp_w8 = exp(w[8]);
        p.d0_easy = first_difficulty(w, GRADE_EASY);
        p.s_lapse = exp(w[17] * w[18]);
        return p;
}

double fsrs_retrievability(const FsrsParams *p, double elapsed_days, double stability_days) {
        double t = fmax(elapsed_days, 0);

        return pow(1 + p->factor * t / stability_days, p->decay);
}

double fsrs_interval(const FsrsParams *p, double stability_days, double retention) {
        return stability_days / p->factor * (pow(retention, 1 / p->decay) - 1);
}

Memory fsrs_first(const FsrsParams *p, Grade grade) {
        return (Memory){
                .stability_days = clamp(p->w[grade - 1], FSRS_S_MIN, FSRS_S0_MAX),
                .difficulty = clamp(first_difficulty(p->w, grade), FSRS_D_MIN, FSRS_D_MAX),
        };
}

static double next_difficulty(const FsrsParams *p, double D, Grade g) {
        const double *w = p->w;
        double delta = -w[6] * ((int) g - 3);
        double damped = D + delta * (10 - D) / 9;

        return clamp(w[7] * p->d0_easy + (1 - w[7]) * damped, FSRS_D_MIN, FSRS_D_MAX);
}

/* A success adds this share of S, before w15 and w16. */
static double recall_gain(const FsrsParams *p, double S, double D, double R) {
        const double *w = p->w;

        return p->exp_w8 * (11 - D) * pow(S, -w[9]) * (exp(w[10] * (1 - R)) - 1);
}

static double recall_stability(const FsrsParams *p, double S, double gain, Grade g) {
        double hard = g == GRADE_HARD ? p->w[15] : 1;
        double easy = g == GRADE_EASY ? p->w[16] : 1;

        return S * (1 + gain * hard * easy);
}

static double lapse_stability(const FsrsParams *p, double S, double D, double R) {
        const double *w = p->w;
        double after = w[11] * pow(D, -w[12]) * (pow(S + 1, w[13]) - 1) * exp(w[14] * (1 - R));

        return fmin(after, S / p->s_lapse);
}

static double same_day_stability(const FsrsParams *p, double S, double s_w19, Grade g) {
        const double *w = p->w;
        double increase = exp(w[17] * ((int) g - 3 + w[18])) * s_w19;

        if (g >= GRADE_HARD)
                increase = fmax(increase, 1);
        return S * increase;
}

static bool is_same_day(const FsrsParams *p, int32_t elapsed_days) {
        return p->short_term && elapsed_days <= 0;
}

static Memory after(const FsrsParams *p, Memory m, double S, Grade g) {
        return (Memory){
                .stability_days = clamp(S, FSRS_S_MIN, FSRS_S_MAX),
                .difficulty = next_difficulty(p, m.difficulty, g),
        };
}

Memory fsrs_next(const FsrsParams *p, Memory before, int32_t elapsed_days, Grade grade) {
        double S = before.stability_days, D = before.difficulty, R;

        assert(grade_valid(grade));

        if (!(S > 0))
                return fsrs_first(p, grade);
        if (is_same_day(p, elapsed_days))
                return after(p, before, same_day_stability(p, S, pow(S, -p->w[19]), grade), grade);

        R = fsrs_retrievability(p, elapsed_days, S);
        if (grade == GRADE_AGAIN)
                return after(p, before, lapse_stability(p, S, D, R), grade);
        return after(p, before, recall_stability(p, S, recall_gain(p, S, D, R), grade), grade);
}

void fsrs_next_all(const FsrsParams *p, Memory before, int32_t elapsed_days,
                   Memory ret[static GRADE_COUNT]) {
        double S = before.stability_days, D = before.difficulty, R, gain, s_w19;

        if (!(S > 0)) {
                for (Grade g = GRADE_AGAIN; g <= GRADE_EASY; g++)
                        ret[g - 1] = fsrs_first(p, g);
        } else if (is_same_day(p, elapsed_days)) {
                s_w19 = pow(S, -p->w[19]);
                for (Grade g = GRADE_AGAIN; g <= GRADE_EASY; g++)
                        ret[g - 1] = after(p, before, same_day_stability(p, S, s_w19, g), g);
        } else {
                R = fsrs_retrievability(p, elapsed_days, S);
                gain = recall_gain(p, S, D, R);
                ret[0] = after(p, before, lapse_stability(p, S, D, R), GRADE_AGAIN);
                for (Grade g = GRADE_HARD; g <= GRADE_EASY; g++)
                        ret[g - 1] = after(p, before, recall_stability(p, S, gain, g), g);
        }
}

Memory fsrs_from_sm2(const FsrsParams *p, double interval_days, double ease, double retention) {
        const double *w = p->w;
        double S = fmax(interval_days, FSRS_S_MIN) * p->factor / (pow(retention, 1 / p->decay) - 1);
        double D;

        S = clamp(S, FSRS_S_MIN, FSRS_S_MAX);
        D = 11 - (ease - 1) / (p->exp_w8 * pow(S, -w[9]) * (exp((1 - retention) * w[10]) - 1));
        return (Memory){
                .stability_days = S,
                .difficulty = isfinite(D) ? clamp(D, FSRS_D_MIN, FSRS_D_MAX) : FSRS_D_MAX,
        };
}

Memory memory_round(Memory m) {
        return (Memory){
                .stability_days = m.stability_days > 0
                                          ? fmax(round(m.stability_days * 1e4) / 1e4, FSRS_S_MIN)
                                          : 0,
                .difficulty = round(m.difficulty * 1e4) / 1e4,
        };
}
