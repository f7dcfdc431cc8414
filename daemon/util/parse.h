/*
 * Strict readers of small values: the whole string must be the value. All return 0 or -EINVAL
 * (-ERANGE for a number outside [min, max]).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

int parse_int(const char *s, int64_t min, int64_t max, int64_t *ret);
int parse_double(const char *s, double min, double max,
                 double *ret);            /* "." decimal point in every locale; no inf, nan, hex */
int parse_bool(const char *s, bool *ret); /* yes no true false on off 1 0, any case */
int parse_duration_s(
        const char *s,
        int64_t *
                ret); /* "90s" "10m" "2h" "1d" "1h30m"; a bare number is minutes; >= 0; units from large to small */
int parse_clock_min(const char *s, unsigned *ret); /* "04:00" -> minutes since midnight, 0..1439 */
int parse_date(const char *s, int *ret_year, int *ret_month,
               int *ret_day); /* "2026-11-23", a real date */

/*
 * "2d", "3h", "1.5h", "10m", "45s", "1.5mo", "2.3y": how long, rounded, in at most 6 characters, for
 * buttons and tables. A month is 30 days, a year 365. `out` is returned.
 */
const char *format_duration_short(int64_t seconds, char out[static 16]);
