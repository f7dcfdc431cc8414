/*
 * From an interval in days that the model gives to a whole number of days: rounding, bounds, fuzz,
 * siblings. The fuzz keeps cards learned together from staying together; it is drawn from the card and
 * its number of reviews, not from a clock, so that a preview, the answer and a replay agree.
 */
#pragma once

#include "core/types.h"

/*
 * Seed of a card's next interval: its key (the bytes of its identity, the same on every device)
 * and the number of reviews before. FNV-1a over the key, mixed with the count by splitmix64's finaliser.
 */
uint64_t interval_seed(const void *card_key, size_t len, uint32_t reps);

/* One more mixing of two numbers: for random orders. */
uint64_t interval_mix(uint64_t a, uint64_t b);

/*
 * Nearest day, halves up, at least `minimum`, at most `maximum` (which wins). Rounded to 1e-4 days
 * first: an interval that is exactly half a day but for the last bits goes up on every machine.
 */
int32_t interval_round(double interval_days, int32_t minimum, int32_t maximum);

/*
 * Days the fuzz may choose from, both included. The width is 1 + 15 % of what lies between 2.5 and 7 days
 * + 10 % between 7 and 20 + 5 % above; never below 2; then cut to [minimum, maximum], and when that
 * leaves one day above 2, the next is added (Anki).
 */
void interval_fuzz_range(double interval_days, int32_t minimum, int32_t maximum, int32_t *ret_lower,
                         int32_t *ret_upper);

/*
 * A day from the fuzz range. Intervals below 2.5 days are only rounded. Days on which a sibling is due
 * (today + interval) are left out when any other is in the range.
 */
int32_t interval_fuzz(double interval_days, int32_t minimum, int32_t maximum, uint64_t seed,
                      int32_t today, const Siblings *siblings);

/*
 * Least days for an answer in REVIEW: last + 1 when the interval grows, last when it does not but its
 * fuzz range reaches it, else 0.
 */
int32_t interval_minimum(double interval_days, int32_t last_interval_days, int32_t maximum,
                         bool fuzz);
