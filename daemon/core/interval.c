/*
 * Whole days out of the model's: see interval.h. The fuzz is Anki's, the mixing is our own.
 */
#include "core/interval.h"

#include <assert.h>
#include <math.h>

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x) {
        x += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

uint64_t interval_mix(uint64_t a, uint64_t b) {
        return mix(mix(a) ^ b);
}

uint64_t interval_seed(const void *card_key, size_t len, uint32_t reps) {
        const unsigned char *key = card_key;
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < len; i++)
                hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
        return interval_mix(hash, reps);
}

static int32_t clamp(double days, int32_t low, int32_t high) {
        return days >= high ? high : days <= low ? low : (int32_t) days;
}

static double to_1e4(double days) {
        return round(days * 1e4) / 1e4;
}

int32_t interval_round(double interval_days, int32_t minimum, int32_t maximum) {
        if (minimum > maximum)
                minimum = maximum;
        return clamp(floor(to_1e4(interval_days) + 0.5), minimum, maximum);
}

static double fuzz_delta(double days) {
        static const struct {
                double start, end, factor;
        } ranges[] = {
                { 2.5, 7, 0.15 },
                { 7, 20, 0.10 },
                { 20, INFINITY, 0.05 },
        };
        double delta = 1;

        for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
                delta += ranges[i].factor * fmax(fmin(days, ranges[i].end) - ranges[i].start, 0);
        return delta;
}

void interval_fuzz_range(double interval_days, int32_t minimum, int32_t maximum, int32_t *ret_lower,
                         int32_t *ret_upper) {
        double days, delta;
        int32_t lower, upper;

        if (minimum > maximum)
                minimum = maximum;
        days = fmin(fmax(to_1e4(interval_days), minimum), maximum);
        delta = fuzz_delta(days);

        lower = interval_round(fmax(floor(to_1e4(days - delta) + 0.5), 2), minimum, maximum);
        upper = interval_round(days + delta, minimum, maximum);
        if (upper < lower)
                upper = lower;
        if (upper == lower && upper > 2 && upper < maximum)
                upper++;

        *ret_lower = lower;
        *ret_upper = upper;
}

static bool is_taken(int32_t day, const Siblings *siblings) {
        for (size_t i = 0; i < siblings->n; i++)
                if (siblings->due_days[i] == day)
                        return true;
        return false;
}

/* The k-th of n days; k by the upper bits, without division's bias mattering at these sizes. */
static int32_t pick(uint64_t seed, int32_t n) {
        return (int32_t) (((seed >> 32) * (uint64_t) n) >> 32);
}

int32_t interval_fuzz(double interval_days, int32_t minimum, int32_t maximum, uint64_t seed,
                      int32_t today, const Siblings *siblings) {
        double days = fmin(fmax(interval_days, fmin(minimum, maximum)), maximum);
        int32_t lower, upper, n_free = 0, k;

        if (to_1e4(days) < 2.5)
                return interval_round(days, minimum, maximum);

        interval_fuzz_range(interval_days, minimum, maximum, &lower, &upper);
        if (!siblings || siblings->n == 0)
                return lower + pick(seed, upper - lower + 1);

        for (int32_t d = lower; d <= upper; d++)
                n_free += !is_taken(today + d, siblings);
        if (n_free == 0)
                return lower + pick(seed, upper - lower + 1);

        k = pick(seed, n_free);
        for (int32_t d = lower;; d++)
                if (!is_taken(today + d, siblings) && k-- == 0)
                        return d;
}

int32_t interval_minimum(double interval_days, int32_t last_interval_days, int32_t maximum,
                         bool fuzz) {
        double days = to_1e4(interval_days);
        int32_t reach = interval_round(days, 0, maximum);

        if (reach > last_interval_days)
                return last_interval_days + 1;
        if (fuzz && days >= 2.5)
                reach = interval_round(days + fuzz_delta(days), 0, maximum);
        return reach >= last_interval_days ? last_interval_days : 0;
}
