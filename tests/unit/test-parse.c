#include "util/parse.h"

#include <errno.h>
#include <locale.h>

#include "tests/check.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

TEST(int_takes_whole_numbers_in_range_only)
{
        static const struct {
                const char *text;
                int r;
                int64_t value;
        } rows[] = {
                { "0", 0, 0 },          { "-7", 0, -7 },
                { "+7", 0, 7 },         { "007", 0, 7 },
                { "100", 0, 100 },      { "101", -ERANGE, 0 },
                { "-101", -ERANGE, 0 }, { "99999999999999999999", -ERANGE, 0 },
                { "", -EINVAL, 0 },     { "-", -EINVAL, 0 },
                { " 1", -EINVAL, 0 },   { "1 ", -EINVAL, 0 },
                { "1.0", -EINVAL, 0 },  { "0x10", -EINVAL, 0 },
                { "--1", -EINVAL, 0 },  { "one", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                int64_t n = 0;

                if (parse_int(rows[i].text, -100, 100, &n) != rows[i].r || n != rows[i].value)
                        CHECK_FAIL("row %zu: \"%s\" gives %" PRIi64, i, rows[i].text, n);
        }
}

TEST(int_holds_the_whole_range)
{
        int64_t n;

        CHECK_INT(0, parse_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n));
        CHECK(n == INT64_MIN);
        CHECK_INT(-ERANGE, parse_int("9223372036854775808", INT64_MIN, INT64_MAX, &n));
}

TEST(double_has_its_own_grammar)
{
        static const struct {
                const char *text;
                int r;
                double value;
        } rows[] = {
                { "0.9", 0, 0.9 },       { "-1e1", 0, -10 },    { ".5", 0, 0.5 },
                { "5.", 0, 5 },          { "1E-2", 0, 0.01 },   { "100.0001", -ERANGE, 0 },
                { "1e999", -ERANGE, 0 }, { "", -EINVAL, 0 },    { ".", -EINVAL, 0 },
                { "e5", -EINVAL, 0 },    { "1e", -EINVAL, 0 },  { "1e+", -EINVAL, 0 },
                { "inf", -EINVAL, 0 },   { "nan", -EINVAL, 0 }, { "0x1p3", -EINVAL, 0 },
                { " 1", -EINVAL, 0 },    { "1,5", -EINVAL, 0 }, { "1.5.5", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                double d = 0;

                if (parse_double(rows[i].text, -100, 100, &d) != rows[i].r || d != rows[i].value)
                        CHECK_FAIL("row %zu: \"%s\" gives %g", i, rows[i].text, d);
        }
}

TEST(bool_takes_its_eight_words)
{
        static const char *const yes[] = { "yes", "TRUE", "On", "1" };
        static const char *const no[] = { "no", "False", "off", "0" };
        static const char *const bad[] = { "", "y", "2", "yes ", "truefalse", "ja" };
        bool b;

        for (size_t i = 0; i < 4; i++) {
                b = false;
                CHECK(parse_bool(yes[i], &b) == 0 && b);
                b = true;
                CHECK(parse_bool(no[i], &b) == 0 && !b);
        }
        for (size_t i = 0; i < ROWS(bad); i++)
                CHECK_INT(-EINVAL, parse_bool(bad[i], &b));
}

TEST(duration_reads_units_from_large_to_small)
{
        static const struct {
                const char *text;
                int r;
                int64_t seconds;
        } rows[] = {
                { "90s", 0, 90 },
                { "10m", 0, 600 },
                { "10", 0, 600 },
                { "0", 0, 0 },
                { "2h", 0, 7200 },
                { "1d", 0, 86400 },
                { "1h30m", 0, 5400 },
                { "1d2h3m4s", 0, 93784 },
                { "", -EINVAL, 0 },
                { "m", -EINVAL, 0 },
                { "1h30", -EINVAL, 0 },
                { "30m1h", -EINVAL, 0 },
                { "1m1m", -EINVAL, 0 },
                { "-1m", -EINVAL, 0 },
                { "1.5h", -EINVAL, 0 },
                { "1 h", -EINVAL, 0 },
                { "1w", -EINVAL, 0 },
                { "99999999999999999999s", -ERANGE, 0 },
                { "9223372036854775807d", -ERANGE, 0 },
                { "9223372036854775807", -ERANGE, 0 },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                int64_t s = 0;

                if (parse_duration_s(rows[i].text, &s) != rows[i].r || s != rows[i].seconds)
                        CHECK_FAIL("row %zu: \"%s\" gives %" PRIi64, i, rows[i].text, s);
        }
}

TEST(clock_is_hh_mm)
{
        static const struct {
                const char *text;
                int r;
                unsigned minutes;
        } rows[] = {
                { "00:00", 0, 0 },          { "04:00", 0, 240 },     { "23:59", 0, 1439 },
                { "24:00", -ERANGE, 0 },    { "12:60", -ERANGE, 0 }, { "4:00", -EINVAL, 0 },
                { "04:00:00", -EINVAL, 0 }, { "04.00", -EINVAL, 0 }, { "", -EINVAL, 0 },
                { "-1:00", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                unsigned m = 0;

                if (parse_clock_min(rows[i].text, &m) != rows[i].r || m != rows[i].minutes)
                        CHECK_FAIL("row %zu: \"%s\" gives %u", i, rows[i].text, m);
        }
}

TEST(date_is_one_of_the_calendar)
{
        static const char *const good[] = { "2026-11-23", "2024-02-29", "2000-02-29", "0001-01-01",
                                            "2026-12-31" };
        static const char *const bad[] = { "2026-02-29",
                                           "1900-02-29",
                                           "2026-13-01",
                                           "2026-00-10",
                                           "2026-04-31",
                                           "2026-1-01",
                                           "26-01-01",
                                           "2026/01/01",
                                           "2026-01-00",
                                           "2026-01-011",
                                           "" };
        int y, m, d;

        for (size_t i = 0; i < ROWS(good); i++)
                if (parse_date(good[i], &y, &m, &d) != 0)
                        CHECK_FAIL("row %zu: %s is refused", i, good[i]);
        for (size_t i = 0; i < ROWS(bad); i++)
                if (parse_date(bad[i], &y, &m, &d) == 0)
                        CHECK_FAIL("row %zu: %s is taken", i, bad[i]);
        CHECK_INT(0, parse_date("2024-02-29", &y, &m, &d));
        CHECK(y == 2024 && m == 2 && d == 29);
}

TEST(short_durations_round_into_six_characters)
{
        static const struct {
                int64_t seconds;
                const char *text;
        } rows[] = {
                { -5, "0s" },
                { 0, "0s" },
                { 45, "45s" },
                { 60, "1m" },
                { 89, "1m" },
                { 90, "2m" },
                { 600, "10m" },
                { 59 * 60 + 29, "59m" },
                { 59 * 60 + 30, "1h" },
                { 3600, "1h" },
                { 5400, "1.5h" },
                { 3 * 3600, "3h" },
                { 86399, "1d" },
                { 2 * 86400, "2d" },
                { 29 * 86400, "29d" },
                { 30 * 86400, "1mo" },
                { 45 * 86400, "1.5mo" },
                { 364 * 86400, "12.1mo" },
                { 365 * 86400, "1y" },
                { INT64_C(840) * 86400, "2.3y" },
                { INT64_C(36500) * 86400, "100y" },
                { INT64_MAX, ">999y" },
        };
        char out[16];

        for (size_t i = 0; i < ROWS(rows); i++)
                CHECK_STR(rows[i].text, format_duration_short(rows[i].seconds, out));
        for (int64_t s = 0; s < INT64_C(2000) * 365 * 86400; s += s / 97 + 1)
                if (strlen(format_duration_short(s, out)) > 6)
                        CHECK_FAIL("%" PRIi64 " s is \"%s\"", s, out);
}

CHECK_MAIN
