/*
 * The learner's day: properties over every change of the offset of 26 zones from 2020 to 2038, over
 * travel and year ends.
 */
#include "tests/check.h"

#include <time.h>

#include "core/civil.h"
#include "core/day.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static const char *const zones[] = {
        "UTC",
        "Europe/Berlin",
        "Europe/Dublin",
        "Europe/London",
        "Europe/Moscow",
        "America/New_York",
        "America/St_Johns",
        "America/Sao_Paulo",
        "America/Santiago",
        "America/Havana",
        "America/Nuuk",
        "America/Asuncion",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "Asia/Gaza",
        "Asia/Beirut",
        "Asia/Tokyo",
        "Africa/Casablanca",
        "Africa/Cairo",
        "Antarctica/Troll",
        "Australia/Lord_Howe",
        "Australia/Sydney",
        "Pacific/Auckland",
        "Pacific/Chatham",
        "Pacific/Apia",
};

static const int starts[] = { 0, 90, 120, 150, 180, 240, 1439 };

#define FROM_S INT64_C(1577836800) /* 2020-01-01 */
#define TO_S   INT64_C(2145916800) /* 2038-01-01 */

static usec_t real(int64_t at_s) {
        return (usec_t) at_s * USEC_PER_SEC;
}

/* Every minute around every change; f gets the instant. Returns the number of changes. */
static size_t around_changes(const Zone *zone, int64_t from_s, int64_t to_s,
                             void (*f)(const Zone *zone, int64_t at_s, int starts_min)) {
        int64_t change_s = from_s;
        int32_t offset;
        size_t n = 0;

        while (zone_next_change(zone, change_s, &change_s, &offset) && change_s < to_s) {
                n++;
                for (size_t i = 0; i < ELEMENTS(starts); i++)
                        for (int64_t t = change_s - 26 * HOUR_S; t <= change_s + 26 * HOUR_S;
                             t += 7 * 60)
                                f(zone, t, starts[i]);
                for (size_t i = 0; i < ELEMENTS(starts); i++)
                        for (int64_t t = change_s - 2 * HOUR_S; t <= change_s + 5 * HOUR_S; t += 60)
                                f(zone, t, starts[i]);
        }
        return n;
}

static void check_within_its_day(const Zone *zone, int64_t at_s, int starts_min) {
        int32_t day = day_number(zone, real(at_s), starts_min);

        if (day_start(zone, day, starts_min) > real(at_s) ||
            day_start(zone, day + 1, starts_min) <= real(at_s))
                CHECK_FAIL("%s %" PRIi64 " starts %d: day %d", zone_name(zone), at_s, starts_min,
                           day);
}

TEST(every_instant_lies_between_the_start_of_its_day_and_of_the_next)
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(zones); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;

                if (zone_load(zones[i], &zone) < 0) {
                        CHECK_FAIL("no zone %s", zones[i]);
                        continue;
                }
                n += around_changes(zone, FROM_S, TO_S, check_within_its_day);
                for (int64_t t = FROM_S; t < TO_S; t += 1234567)
                        check_within_its_day(zone, t, 240);
        }
        CHECK(n > 400);
}

TEST(day_numbers_never_go_down_and_pass_each_day_of_18_years)
{
        for (size_t i = 0; i < ELEMENTS(zones); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                int32_t last;

                REQUIRE(zone_load(zones[i], &zone) == 0);
                last = day_number(zone, real(FROM_S), 240);
                for (int64_t t = FROM_S; t < TO_S; t += 3001) {
                        int32_t day = day_number(zone, real(t), 240);

                        if (day != last && day != last + 1)
                                CHECK_FAIL("%s %" PRIi64 ": %d after %d", zones[i], t, day, last);
                        last = day;
                }
        }
}

/* Days begin at the wall time of day-starts, but where the zone has no such time: then later. */
static void check_starts_on_the_clock(const Zone *zone, int64_t at_s, int starts_min) {
        int32_t day = day_number(zone, real(at_s), starts_min), shown_day, shown_s;
        int64_t start_s = (int64_t) (day_start(zone, day, starts_min) / USEC_PER_SEC);

        civil_local(zone, start_s, &shown_day, &shown_s);
        if (shown_day != day || shown_s != starts_min * 60) {
                CivilResolution how;

                civil_resolve(zone, day, starts_min * 60, &how);
                if (how != CIVIL_SHIFTED)
                        CHECK_FAIL("%s day %d starts %d", zone_name(zone), day, shown_s);
        }
}

TEST(days_begin_when_the_clock_shows_day_starts)
{
        for (size_t i = 0; i < ELEMENTS(zones); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;

                REQUIRE(zone_load(zones[i], &zone) == 0);
                around_changes(zone, FROM_S, FROM_S + 4 * 366 * (int64_t) DAY_S,
                               check_starts_on_the_clock);
        }
}

/* Live and recorded agree but within the change of the offset around the beginning of a day. */
static void check_recorded_agrees(const Zone *zone, int64_t at_s, int starts_min) {
        int32_t live = day_number(zone, real(at_s), starts_min);
        int64_t at_ms = at_s * MSEC_PER_SEC, near_s;
        int32_t recorded = day_of_review(at_ms, day_tz_min(zone, at_ms), starts_min);

        if (live == recorded)
                return;
        near_s = (int64_t) (day_start(zone, live > recorded ? live : recorded, starts_min) /
                            USEC_PER_SEC);
        if (llabs(at_s - near_s) > 3 * HOUR_S || abs(live - recorded) > 1)
                CHECK_FAIL("%s %" PRIi64 " starts %d: %d and %d", zone_name(zone), at_s, starts_min,
                           live, recorded);
}

TEST(recorded_days_agree_with_live_ones_but_around_a_change)
{
        for (size_t i = 0; i < ELEMENTS(zones); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;

                REQUIRE(zone_load(zones[i], &zone) == 0);
                around_changes(zone, FROM_S, FROM_S + 4 * 366 * (int64_t) DAY_S,
                               check_recorded_agrees);
                /* Away from changes they agree always: no zone here changes on 10 January or July. */
                for (int32_t year = 2020; year < 2038; year++)
                        for (int month = 1; month <= 7; month += 6)
                                for (int minute = 0; minute < 1440; minute += 5) {
                                        int64_t at_s =
                                                civil_to_day(&(CivilDate){ year, month, 10 }) *
                                                        (int64_t) DAY_S +
                                                minute * 60;

                                        CHECK_INT(day_number(zone, real(at_s), 240),
                                                  day_of_review(at_s * 1000,
                                                                day_tz_min(zone, at_s * 1000),
                                                                240));
                                }
        }
}

/* Worked by hand: 04:00 in Berlin is 03:00 UTC in winter. */
TEST(the_day_begins_at_four_not_at_midnight_also_at_the_year_end)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        int32_t new_year = civil_to_day(&(CivilDate){ 2027, 1, 1 });
        int64_t four_s = new_year * (int64_t) DAY_S + 3 * HOUR_S;

        REQUIRE(zone_load("Europe/Berlin", &zone) == 0);
        CHECK_INT(new_year - 1, day_number(zone, real(four_s) - 1, 240));
        CHECK_INT(new_year, day_number(zone, real(four_s), 240));
        CHECK_INT(real(four_s), day_start(zone, new_year, 240));
        CHECK_INT(new_year, day_of_review(four_s * 1000, 60, 240));
        CHECK_INT(new_year - 1, day_of_review(four_s * 1000 - 1, 60, 240));
        /* 26 February + 4 days over a leap day. */
        CHECK_INT(day_of_review(1582682400000, 0, 240) + 4,
                  day_of_review(1582682400000 + 4 * MSEC_PER_DAY, 0, 240));
}

/* 29 March 2026 in Berlin has 23 hours, 25 October has 25. */
TEST(days_of_a_clock_change_are_an_hour_shorter_or_longer)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        int32_t spring = civil_to_day(&(CivilDate){ 2026, 3, 28 });
        int32_t autumn = civil_to_day(&(CivilDate){ 2026, 10, 24 });

        REQUIRE(zone_load("Europe/Berlin", &zone) == 0);
        CHECK_INT(23 * USEC_PER_HOUR,
                  day_start(zone, spring + 1, 240) - day_start(zone, spring, 240));
        CHECK_INT(25 * USEC_PER_HOUR,
                  day_start(zone, autumn + 1, 240) - day_start(zone, autumn, 240));
}

/* Samoa went from 29 to 31 December 2011: the 30th is a day of no length. */
TEST(a_day_a_zone_left_out_is_empty)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        int32_t left_out = civil_to_day(&(CivilDate){ 2011, 12, 30 });

        REQUIRE(zone_load("Pacific/Apia", &zone) == 0);
        CHECK_INT(day_start(zone, left_out, 240), day_start(zone, left_out + 1, 240));
        for (int64_t t = (left_out - 2) * (int64_t) DAY_S; t < (left_out + 3) * (int64_t) DAY_S;
             t += 60) {
                CHECK(day_number(zone, real(t), 240) != left_out);
                check_within_its_day(zone, t, 240);
        }
}

/*
 * Berlin to New York and back: the recorded offset numbers each review by the wall the learner
 * looked at, on whichever device it is folded.
 */
TEST(a_traveller_counts_days_by_the_clock_on_the_wall)
{
        int64_t berlin_ms = civil_to_day(&(CivilDate){ 2026, 11, 26 }) * MSEC_PER_DAY +
                            22 * 60 * MSEC_PER_MIN; /* 23:00 in Berlin, 17:00 in New York */
        int32_t day = day_of_review(berlin_ms, 60, 240);

        CHECK_INT(day, day_of_review(berlin_ms, -300, 240));
        CHECK_INT(day + 1, day_of_review(berlin_ms + 6 * 60 * MSEC_PER_MIN, 60, 240));
        CHECK_INT(day, day_of_review(berlin_ms + 6 * 60 * MSEC_PER_MIN, -300, 240));
        /* Over the date line the number can go back: a schedule then counts no day as passed. */
        CHECK_INT(day_of_review(berlin_ms, 13 * 60, 240) - 1,
                  day_of_review(berlin_ms, -10 * 60, 240));
}

TEST(a_moment_knows_its_day_and_when_the_next_begins)
{
        for (int tz_min = -720; tz_min <= 840; tz_min += 45)
                for (int64_t at_ms = -3 * MSEC_PER_DAY; at_ms < 3 * MSEC_PER_DAY;
                     at_ms += 17 * MSEC_PER_MIN) {
                        Moment m = day_moment(at_ms, tz_min, 240);

                        CHECK_INT(at_ms, m.at_ms);
                        CHECK(m.next_day_ms > at_ms && m.next_day_ms <= at_ms + MSEC_PER_DAY);
                        CHECK_INT(m.day, day_of_review(m.next_day_ms - 1, tz_min, 240));
                        CHECK_INT(m.day + 1, day_of_review(m.next_day_ms, tz_min, 240));
                }
}

TEST(the_beginning_of_time_is_no_trap)
{
        CHECK_INT(0, day_start(zone_utc(), -5, 240));
        CHECK_INT(-1, day_number(zone_utc(), 0, 240));
        CHECK_INT(0, day_number(zone_utc(), 4 * USEC_PER_HOUR, 240));
        CHECK_INT(-1, day_of_review(-1, 0, 0));
}

CHECK_MAIN
