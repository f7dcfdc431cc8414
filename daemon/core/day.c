/*
 * Day numbers, by zone for live questions and by recorded offset for the fold.
 */
#include "core/day.h"

#include "core/civil.h"

static int64_t floor_div(int64_t a, int64_t b) {
        return a / b - (a % b < 0);
}

static int64_t start_s(const Zone *zone, int32_t day, int day_starts_min) {
        return civil_resolve(zone, day, day_starts_min * 60, NULL);
}

usec_t day_start(const Zone *zone, int32_t day, int day_starts_min) {
        int64_t at_s = start_s(zone, day, day_starts_min);

        return at_s < 0 ? 0 : (usec_t) at_s * USEC_PER_SEC;
}

int32_t day_number(const Zone *zone, usec_t at_real, int day_starts_min) {
        int64_t at_s = (int64_t) (at_real / USEC_PER_SEC);
        int32_t day;

        civil_local(zone, at_s, &day, NULL);

        /* The largest whose start is not after: begin where a day can begin early, across a date line. */
        day += 2;
        while (start_s(zone, day, day_starts_min) > at_s)
                day--;
        return day;
}

int32_t day_of_review(int64_t at_ms, int tz_min, int day_starts_min) {
        return (int32_t) floor_div(at_ms + (tz_min - day_starts_min) * MSEC_PER_MIN, MSEC_PER_DAY);
}

Moment day_moment(int64_t at_ms, int tz_min, int day_starts_min) {
        int32_t day = day_of_review(at_ms, tz_min, day_starts_min);

        return (Moment){
                .at_ms = at_ms,
                .day = day,
                .next_day_ms = ((int64_t) day + 1) * MSEC_PER_DAY -
                               (tz_min - day_starts_min) * MSEC_PER_MIN,
        };
}

int day_tz_min(const Zone *zone, int64_t at_ms) {
        return (int) floor_div(zone_offset_at(zone, floor_div(at_ms, MSEC_PER_SEC)), 60);
}
