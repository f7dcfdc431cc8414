/*
 * Dates against the C library's, wall times against the cases of RFC 5545 and of real zones. The
 * full comparison over many zones is tests/unit/zones-peer.py.
 */
#include "tests/check.h"

#include <time.h>

#include "core/civil.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static int32_t day_of(int32_t year, int month, int mday) {
        return civil_to_day(&(CivilDate){ year, month, mday });
}

static int64_t utc(int year, int month, int mday, int hour, int minute) {
        struct tm tm = { .tm_year = year - 1900,
                         .tm_mon = month - 1,
                         .tm_mday = mday,
                         .tm_hour = hour,
                         .tm_min = minute };

        return timegm(&tm);
}

TEST(days_and_dates_agree_with_the_c_library_for_ten_thousand_years)
{
        for (int32_t day = day_of(-2000, 1, 1); day < day_of(8000, 1, 1); day += 13) {
                time_t t = (time_t) day * DAY_S;
                CivilDate d = civil_from_day(day);
                struct tm tm;

                gmtime_r(&t, &tm);
                if (d.year != tm.tm_year + 1900 || d.month != tm.tm_mon + 1 ||
                    d.mday != tm.tm_mday || civil_to_day(&d) != day ||
                    civil_weekday(day) != (tm.tm_wday ? tm.tm_wday : 7))
                        CHECK_FAIL("day %d", day);
        }
        CHECK_INT(0, day_of(1970, 1, 1));
        CHECK_INT(20780, day_of(2026, 11, 23));
        CHECK_INT(1, civil_weekday(20780));
}

TEST(iso_weeks_agree_with_the_c_library)
{
        for (int32_t day = day_of(1999, 1, 1); day < day_of(2042, 1, 1); day++) {
                time_t t = (time_t) day * DAY_S;
                int32_t year = 0;
                int week = civil_iso_week(day, &year);
                struct tm tm;
                char expected[16], text[16];

                gmtime_r(&t, &tm);
                strftime(expected, sizeof(expected), "%G-%V", &tm);
                snprintf(text, sizeof(text), "%d-%02d", year, week);
                CHECK_STR(expected, text);
        }
}

TEST(dates_that_do_not_exist_are_invalid)
{
        CHECK(civil_valid(&(CivilDate){ 2024, 2, 29 }));
        CHECK(!civil_valid(&(CivilDate){ 2023, 2, 29 }));
        CHECK(!civil_valid(&(CivilDate){ 1900, 2, 29 }));
        CHECK(civil_valid(&(CivilDate){ 2000, 2, 29 }));
        CHECK(!civil_valid(&(CivilDate){ 2024, 13, 1 }));
        CHECK(!civil_valid(&(CivilDate){ 2024, 0, 1 }));
        CHECK(!civil_valid(&(CivilDate){ 2024, 4, 31 }));
        CHECK(!civil_valid(&(CivilDate){ 2024, 4, 0 }));
        CHECK_INT(day_of(2024, 4, 1), day_of(2024, 3, 32));
        CHECK_INT(day_of(2024, 2, 29), day_of(2024, 3, 0));
}

/* Instants computed with tzdata 2026f, elsewhere. */
TEST(wall_times_resolve_to_the_first_or_past_the_gap)
{
        static const struct {
                int line;
                const char *zone;
                int date[3], hour, minute;
                int expected[5]; /* UTC */
                CivilResolution how;
        } rows[] = {
                { __LINE__,
                  "Europe/Berlin",
                  { 2026, 10, 22 },
                  14,
                  0,
                  { 2026, 10, 22, 12, 0 },
                  CIVIL_PLAIN },
                { __LINE__,
                  "Europe/Berlin",
                  { 2026, 10, 29 },
                  14,
                  0,
                  { 2026, 10, 29, 13, 0 },
                  CIVIL_PLAIN },
                { __LINE__,
                  "Europe/Berlin",
                  { 2026, 10, 25 },
                  2,
                  30,
                  { 2026, 10, 25, 0, 30 },
                  CIVIL_REPEATED },
                { __LINE__,
                  "America/New_York",
                  { 2026, 11, 1 },
                  1,
                  30,
                  { 2026, 11, 1, 5, 30 },
                  CIVIL_REPEATED },
                { __LINE__,
                  "America/New_York",
                  { 2027, 3, 14 },
                  2,
                  30,
                  { 2027, 3, 14, 7, 30 },
                  CIVIL_SHIFTED },
                { __LINE__,
                  "America/New_York",
                  { 2027, 3, 21 },
                  2,
                  30,
                  { 2027, 3, 21, 6, 30 },
                  CIVIL_PLAIN },
                { __LINE__,
                  "Europe/Berlin",
                  { 2027, 3, 28 },
                  2,
                  30,
                  { 2027, 3, 28, 1, 30 },
                  CIVIL_SHIFTED },
                { __LINE__,
                  "Europe/Berlin",
                  { 2027, 4, 4 },
                  2,
                  30,
                  { 2027, 4, 4, 0, 30 },
                  CIVIL_PLAIN },
                { __LINE__,
                  "Australia/Lord_Howe",
                  { 2026, 10, 4 },
                  2,
                  15,
                  { 2026, 10, 3, 15, 45 },
                  CIVIL_SHIFTED },
                { __LINE__,
                  "Europe/Dublin",
                  { 2026, 10, 25 },
                  1,
                  30,
                  { 2026, 10, 25, 0, 30 },
                  CIVIL_REPEATED },
                { __LINE__,
                  "Europe/Berlin",
                  { 2026, 10, 24 },
                  23,
                  0,
                  { 2026, 10, 24, 21, 0 },
                  CIVIL_PLAIN },
                { __LINE__,
                  "Europe/Berlin",
                  { 2026, 10, 24 },
                  24,
                  0,
                  { 2026, 10, 24, 22, 0 },
                  CIVIL_PLAIN },
                /* Samoa left 30 December 2011 out. */
                { __LINE__,
                  "Pacific/Apia",
                  { 2011, 12, 30 },
                  12,
                  0,
                  { 2011, 12, 30, 22, 0 },
                  CIVIL_SHIFTED },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                const int *d = rows[i].date, *e = rows[i].expected;
                CivilResolution how;
                int64_t at_s;

                if (zone_load(rows[i].zone, &zone) < 0) {
                        CHECK_FAIL("line %d: no zone %s", rows[i].line, rows[i].zone);
                        continue;
                }
                at_s = civil_resolve(zone, day_of(d[0], d[1], d[2]),
                                     (rows[i].hour * 60 + rows[i].minute) * 60, &how);
                if (at_s != utc(e[0], e[1], e[2], e[3], e[4]) || how != rows[i].how)
                        CHECK_FAIL("line %d: %" PRIi64 " (%d), expected %" PRIi64 " (%d)",
                                   rows[i].line, at_s, how, utc(e[0], e[1], e[2], e[3], e[4]),
                                   rows[i].how);
        }
}

TEST(what_clocks_show_is_the_way_back)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        int32_t day, seconds;

        REQUIRE(zone_load("America/New_York", &zone) == 0);
        civil_local(zone, utc(2026, 11, 1, 3, 59), &day, &seconds);
        CHECK_INT(day_of(2026, 10, 31), day);
        CHECK_INT((23 * 60 + 59) * 60, seconds);
        civil_local(zone, utc(1960, 1, 1, 0, 0), &day, &seconds);
        CHECK_INT(day_of(1959, 12, 31), day);
        CHECK_INT(19 * HOUR_S, seconds);
}

CHECK_MAIN
