/*
 * TZif and POSIX rules: bad files and names by table, rules worked by hand, files cut and damaged.
 */
#include "tests/check.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/zone.h"

enum { HOUR_S = 3600 };

static int64_t utc(int year, int month, int mday, int hour, int minute) {
        struct tm tm = { .tm_year = year - 1900,
                         .tm_mon = month - 1,
                         .tm_mday = mday,
                         .tm_hour = hour,
                         .tm_min = minute };

        return timegm(&tm);
}

/* --- files made here --- */

typedef struct File {
        unsigned char bytes[1024];
        size_t len;
} File;

typedef struct Make {
        char version; /* 0: one block, else two */
        uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
        int64_t times[4];
        unsigned char indices[4];
        int32_t offsets[4];
        unsigned char isdst, desigidx;
        const char *chars;  /* charcnt of them */
        const char *footer; /* with its new lines; version 2 and later */
} Make;

static void put(File *f, uint64_t n, size_t size) {
        for (size_t i = size; i > 0; i--)
                f->bytes[f->len++] = (unsigned char) (n >> (8 * (i - 1)));
}

static void put_header(File *f, const Make *m) {
        memcpy(f->bytes + f->len, "TZif", 4);
        f->len += 4;
        put(f, (unsigned char) m->version, 1);
        put(f, 0, 8);
        put(f, 0, 7);
        put(f, m->isutcnt, 4);
        put(f, m->isstdcnt, 4);
        put(f, m->leapcnt, 4);
        put(f, m->timecnt, 4);
        put(f, m->typecnt, 4);
        put(f, m->charcnt, 4);
}

static void put_block(File *f, const Make *m, size_t time_size) {
        for (uint32_t i = 0; i < m->timecnt && i < 4; i++)
                put(f, (uint64_t) m->times[i], time_size);
        for (uint32_t i = 0; i < m->timecnt && i < 4; i++)
                put(f, m->indices[i], 1);
        for (uint32_t i = 0; i < m->typecnt && i < 4; i++) {
                put(f, (uint32_t) m->offsets[i], 4);
                put(f, m->isdst, 1);
                put(f, m->desigidx, 1);
        }
        for (uint32_t i = 0; i < m->charcnt && i < 8; i++)
                put(f, (unsigned char) m->chars[i], 1);
        for (uint32_t i = 0; i < m->leapcnt && i < 4; i++) {
                put(f, 78796800, time_size);
                put(f, 1, 4);
        }
        for (uint32_t i = 0; i < m->isstdcnt + m->isutcnt && i < 8; i++)
                put(f, 0, 1);
}

static File make(const Make *m) {
        File f = { .len = 0 };

        put_header(&f, m);
        put_block(&f, m, 4);
        if (m->version) {
                put_header(&f, m);
                put_block(&f, m, 8);
                memcpy(f.bytes + f.len, m->footer, strlen(m->footer));
                f.len += strlen(m->footer);
        }
        return f;
}

static const Make good = {
        .version = '2',
        .timecnt = 2,
        .typecnt = 2,
        .charcnt = 8,
        .times = { 1000000, 2000000 },
        .indices = { 1, 0 },
        .offsets = { 3600, 7200 },
        .chars = "AAA\0BBB\0",
        .footer = "\nAAA-1\n",
};

static int parse(const Make *m, Zone **ret) {
        File f = make(m);

        return zone_parse(f.bytes, f.len, "made", ret);
}

TEST(a_file_gives_its_offsets_between_its_transitions)
{
        for (size_t version = 0; version < 5; version++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                Make m = good;

                m.version = "\0"
                            "2349"[version];
                REQUIRE(parse(&m, &zone) == 0);
                CHECK_STR("made", zone_name(zone));
                CHECK_INT(3600, zone_offset_at(zone, INT64_MIN));
                CHECK_INT(3600, zone_offset_at(zone, 999999));
                CHECK_INT(7200, zone_offset_at(zone, 1000000));
                CHECK_INT(7200, zone_offset_at(zone, 1999999));
                CHECK_INT(3600, zone_offset_at(zone, 2000000));
                CHECK_INT(3600, zone_offset_at(zone, INT64_MAX));
        }
}

TEST(changes_are_found_one_after_the_other)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        int32_t offset;
        int64_t at_s;

        REQUIRE(parse(&good, &zone) == 0);
        CHECK(zone_next_change(zone, INT64_MIN, &at_s, &offset));
        CHECK_INT(1000000, at_s);
        CHECK_INT(7200, offset);
        CHECK(zone_next_change(zone, at_s, &at_s, &offset));
        CHECK_INT(2000000, at_s);
        CHECK_INT(3600, offset);
        CHECK(!zone_next_change(zone, at_s, &at_s, &offset));
        CHECK(!zone_next_change(zone, INT64_MAX, &at_s, &offset));
        CHECK(!zone_next_change(zone_utc(), 0, &at_s, &offset));
}

#define BAD(...)                                                                                   \
        {                                                                                          \
                __LINE__, {                                                                        \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define BASE                                                                                       \
        .version = '2', .timecnt = 2, .typecnt = 2, .charcnt = 8, .times = { 1000000, 2000000 },   \
        .indices = { 1, 0 }, .offsets = { 3600, 7200 }, .chars = "AAA\0BBB\0",                     \
        .footer = "\nAAA-1\n"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
static const struct {
        int line;
        Make make;
} bad_files[] = {
        BAD(BASE, .version = '1'),
        BAD(BASE, .version = 'x'),
        BAD(BASE, .typecnt = 0),
        BAD(BASE, .typecnt = 257),
        BAD(BASE, .charcnt = 0),
        BAD(BASE, .charcnt = 7), /* the last name is not ended */
        BAD(BASE, .charcnt = 0xffffffff),
        BAD(BASE, .timecnt = 0xffffffff),
        BAD(BASE, .timecnt = 0x20000000),
        BAD(BASE, .timecnt = 200),
        BAD(BASE, .isutcnt = 1),
        BAD(BASE, .isstdcnt = 1),
        BAD(BASE, .isstdcnt = 0xfffffffe, .isutcnt = 2),
        BAD(BASE, .leapcnt = 1),
        BAD(BASE, .times = { 2000000, 1000000 }),
        BAD(BASE, .times = { 1000000, 1000000 }),
        BAD(BASE, .indices = { 2, 0 }),
        BAD(BASE, .indices = { 0, 255 }),
        BAD(BASE, .offsets = { 0, 26 * 3600 }),
        BAD(BASE, .offsets = { -25 * 3600, 0 }),
        BAD(BASE, .offsets = { INT32_MIN, 0 }),
        BAD(BASE, .isdst = 2),
        BAD(BASE, .desigidx = 8),
        BAD(BASE, .footer = ""),
        BAD(BASE, .footer = "\n"),
        BAD(BASE, .footer = "AAA-1\n"),
        BAD(BASE, .footer = "\nAAA-1"),
        BAD(BASE, .footer = "\nAAA-1\n\n"),
        BAD(BASE, .footer = "\nAAA-1\nx"),
        BAD(BASE, .footer = "\nA-1\n"),
        BAD(BASE, .version = 0, .charcnt = 7),
};
#pragma GCC diagnostic pop

TEST(files_that_are_not_zones_are_refused)
{
        for (size_t i = 0; i < ELEMENTS(bad_files); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                int r = parse(&bad_files[i].make, &zone);

                if (r != -EBADMSG || zone)
                        CHECK_FAIL("line %d: %d", bad_files[i].line, r);
        }
}

TEST(a_file_cut_anywhere_is_refused)
{
        File f = make(&good);

        for (size_t len = 0; len < f.len; len++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                unsigned char *exact = malloc(len + 1);

                REQUIRE(exact);
                memcpy(exact, f.bytes, len);
                CHECK_INT(-EBADMSG, zone_parse(exact, len, "cut", &zone));
                free(exact);
        }
}

TEST(trailing_bytes_after_a_version_1_block_are_refused)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        Make m = good;
        File f;

        m.version = 0;
        f = make(&m);
        f.bytes[f.len++] = 0;
        CHECK_INT(-EBADMSG, zone_parse(f.bytes, f.len, "x", &zone));
}

TEST(a_file_larger_than_the_limit_is_refused)
{
        _cleanup_(zone_freep) Zone *zone = NULL;
        _cleanup_free_ void *data = calloc(1, ZONE_FILE_MAX + 1);

        REQUIRE(data);
        CHECK_INT(-EBADMSG, zone_parse(data, ZONE_FILE_MAX + 1, "x", &zone));
}

/* --- rules --- */

TEST(rules_that_are_none_are_refused)
{
        static const char *const rules[] = {
                "",
                "A",
                "AB1",
                "AAA",
                "AAA+",
                "AAA25",
                "AAA-25",
                "AAA1:60",
                "AAA1:00:60",
                "AAA1:",
                "<AA>1",
                "<AAA1",
                "<A A>1",
                "AAA1BBB", /* DST without days */
                "AAA1BBB2",
                "AAA1BBB,",
                "AAA1BBB,M3.2.0",
                "AAA1BBB,M3.2.0,",
                "AAA1BBB,M3.2.0,M11.1",
                "AAA1BBB,M0.2.0,M11.1.0",
                "AAA1BBB,M13.2.0,M11.1.0",
                "AAA1BBB,M3.0.0,M11.1.0",
                "AAA1BBB,M3.6.0,M11.1.0",
                "AAA1BBB,M3.2.7,M11.1.0",
                "AAA1BBB,J0,J10",
                "AAA1BBB,J366,J10",
                "AAA1BBB,366,10",
                "AAA1BBB,M3.2.0/168,M11.1.0",
                "AAA1BBB,M3.2.0/,M11.1.0",
                "AAA1BBB,M3.2.0,M11.1.0x",
                "AAA1BBB,M3.2.0,M11.1.0,",
                "AAA1x",
                "AAA1 ",
                "AAA00000001",
                ":AAA1",
                "AAA1BBB,M3.2.0,M11.1.0/-168",
                "AAA99999999999999999999",
        };

        for (size_t i = 0; i < ELEMENTS(rules); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                int r = zone_from_rule(rules[i], &zone);

                if (r != -EBADMSG)
                        CHECK_FAIL("\"%s\": %d", rules[i], r);
        }
}

/* New York, southern half, Nuuk (negative hour), and Jn against n in a leap year. */
TEST(rules_change_when_their_days_say)
{
        static const struct {
                int line;
                const char *rule;
                int at[5]; /* UTC */
                int32_t before, after;
        } rows[] = {
                { __LINE__, "EST5EDT,M3.2.0,M11.1.0", { 2027, 3, 14, 7, 0 }, -18000, -14400 },
                { __LINE__, "EST5EDT,M3.2.0,M11.1.0", { 2026, 11, 1, 6, 0 }, -14400, -18000 },
                { __LINE__, "EST5EDT,M3.2.0,M11.1.0", { 2400, 3, 12, 7, 0 }, -18000, -14400 },
                { __LINE__, "AEST-10AEDT,M10.1.0,M4.1.0/3", { 2026, 10, 3, 16, 0 }, 36000, 39600 },
                { __LINE__, "AEST-10AEDT,M10.1.0,M4.1.0/3", { 2027, 4, 3, 16, 0 }, 39600, 36000 },
                { __LINE__,
                  "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                  { 2026, 3, 29, 1, 0 },
                  -7200,
                  -3600 },
                { __LINE__, "IST-1GMT0,M10.5.0,M3.5.0/1", { 2026, 10, 25, 1, 0 }, 3600, 0 },
                { __LINE__,
                  "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                  { 2026, 10, 3, 15, 30 },
                  37800,
                  39600 },
                { __LINE__, "AAA0BBB,J60/0,J300/0", { 2024, 3, 1, 0, 0 }, 0, 3600 },
                { __LINE__, "AAA0BBB,J60/0,J300/0", { 2023, 3, 1, 0, 0 }, 0, 3600 },
                { __LINE__, "AAA0BBB,59/0,299/0", { 2024, 2, 29, 0, 0 }, 0, 3600 },
                { __LINE__, "AAA0BBB,59/0,299/0", { 2023, 3, 1, 0, 0 }, 0, 3600 },
                { __LINE__, "AAA0BBB3,M3.5.0/1:30:15,M10.5.0", { 2026, 3, 29, 1, 30 }, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                const int *a = rows[i].at;
                int64_t at_s = utc(a[0], a[1], a[2], a[3], a[4]), next_s = 0;
                int32_t offset;

                if (zone_from_rule(rows[i].rule, &zone) < 0) {
                        CHECK_FAIL("line %d: refused", rows[i].line);
                        continue;
                }
                if (zone_offset_at(zone, at_s - 1) != rows[i].before ||
                    zone_offset_at(zone, at_s) != rows[i].after)
                        CHECK_FAIL("line %d: %d, %d", rows[i].line, zone_offset_at(zone, at_s - 1),
                                   zone_offset_at(zone, at_s));
                if (rows[i].before != rows[i].after &&
                    (!zone_next_change(zone, at_s - 1, &next_s, &offset) || next_s != at_s))
                        CHECK_FAIL("line %d: next change %" PRIi64, rows[i].line, next_s);
        }
}

TEST(a_rule_without_dst_and_one_that_lasts_all_year_never_change)
{
        static const char *const rules[] = { "<+0330>-3:30", "EST5EDT,0/0,J365/25",
                                             "ZZZ-2<+01>-1,0/0,J365/23" };
        static const int32_t offsets[] = { 12600, -14400, 3600 };

        for (size_t i = 0; i < ELEMENTS(rules); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                int32_t offset;
                int64_t at_s;

                REQUIRE(zone_from_rule(rules[i], &zone) == 0);
                for (int64_t t = utc(2023, 12, 25, 0, 0); t < utc(2025, 1, 7, 0, 0); t += 1800)
                        CHECK_INT(offsets[i], zone_offset_at(zone, t));
                CHECK(!zone_next_change(zone, 0, &at_s, &offset));
        }
}

TEST(any_instant_has_an_offset)
{
        static const int64_t instants[] = { INT64_MIN, INT64_MIN + 1, -1,
                                            0,         INT64_MAX - 1, INT64_MAX };
        _cleanup_(zone_freep) Zone *zone = NULL;

        REQUIRE(zone_from_rule("EST5EDT,M3.2.0,M11.1.0", &zone) == 0);
        for (size_t i = 0; i < ELEMENTS(instants); i++) {
                int32_t offset = zone_offset_at(zone, instants[i]), next;
                int64_t at_s;

                CHECK(offset == -18000 || offset == -14400);
                if (zone_next_change(zone, instants[i], &at_s, &next))
                        CHECK(at_s > instants[i]);
        }
}

/* --- names --- */

TEST(names_that_could_leave_the_folder_are_refused)
{
        static const char *const names[] = {
                "",
                "/",
                "/etc/passwd",
                "..",
                ".",
                "../etc/passwd",
                "Europe/../Berlin",
                "Europe/..",
                "Europe//Berlin",
                "Europe/",
                "./UTC",
                "Europe/./Berlin",
                "Europe/Berlin ",
                "a b",
                "Europe\\Berlin",
                "Z\n",
                "\xc3\xa9",
        };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;

                if (zone_name_valid(names[i]) || zone_load(names[i], &zone) != -EINVAL)
                        CHECK_FAIL("\"%s\" was taken", names[i]);
        }
        CHECK(zone_name_valid("Europe/Berlin"));
        CHECK(zone_name_valid("Etc/GMT+5"));
        CHECK(zone_name_valid("America/Port-au-Prince"));
        CHECK(zone_name_valid("...")); /* odd, but stays where it is */
}

TEST(a_name_too_long_is_refused)
{
        char name[ZONE_NAME_MAX + 2];

        memset(name, 'a', sizeof(name));
        name[ZONE_NAME_MAX + 1] = '\0';
        CHECK(!zone_name_valid(name));
        name[ZONE_NAME_MAX] = '\0';
        CHECK(zone_name_valid(name));
}

TEST(zones_the_system_lacks_and_files_that_are_none_are_told_apart)
{
        _cleanup_(zone_freep) Zone *zone = NULL;

        CHECK_INT(-ENOENT, zone_load("Middle/Earth", &zone));
        CHECK_INT(-ENOENT, zone_load("Europe", &zone));
        CHECK_INT(-ENOENT, zone_load("UTC/Berlin", &zone));
        CHECK_INT(-EBADMSG, zone_load("zone.tab", &zone));
}

/* Written into a folder of our own, TZDIR. */
TEST(what_is_no_regular_file_or_too_large_is_refused)
{
        char folder[] = "/tmp/ebb-zone-XXXXXX", path[64];
        _cleanup_(zone_freep) Zone *zone = NULL;
        FILE *f;

        REQUIRE(mkdtemp(folder));
        setenv("TZDIR", folder, 1);
        snprintf(path, sizeof(path), "%s/Fifo", folder);
        REQUIRE(mkfifo(path, 0600) == 0);
        CHECK_INT(-EBADMSG, zone_load("Fifo", &zone)); /* and does not wait for a writer */
        unlink(path);
        snprintf(path, sizeof(path), "%s/Large", folder);
        f = fopen(path, "we");
        REQUIRE(f && ftruncate(fileno(f), ZONE_FILE_MAX + 1) == 0);
        fclose(f);
        CHECK_INT(-EBADMSG, zone_load("Large", &zone));
        unlink(path);
        rmdir(folder);
        unsetenv("TZDIR");
}

TEST(the_system_zone_follows_tz)
{
        static const struct {
                const char *tz, *name;
                int32_t offset; /* 1 July 2026 */
                int r;
        } rows[] = {
                { "Asia/Tokyo", "Asia/Tokyo", 32400, 0 },
                { ":Asia/Tokyo", "Asia/Tokyo", 32400, 0 },
                { "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo", 32400, 0 },
                { "", "UTC", 0, 0 },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3", 7200, 0 },
                { "<+03>-3", "<+03>-3", 10800, 0 },
                { "Middle/Earth", NULL, 0, -ENOENT },
                { "../x", NULL, 0, -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;

                setenv("TZ", rows[i].tz, 1);
                CHECK_INT(rows[i].r, zone_load(NULL, &zone));
                if (!zone)
                        continue;
                CHECK_STR(rows[i].name, zone_name(zone));
                CHECK_INT(rows[i].offset, zone_offset_at(zone, utc(2026, 7, 1, 0, 0)));
        }
        unsetenv("TZ");
        {
                _cleanup_(zone_freep) Zone *zone = NULL;
                time_t t = utc(2026, 7, 1, 0, 0);
                struct tm tm;

                tzset();
                localtime_r(&t, &tm);
                CHECK_INT(0, zone_load(NULL, &zone));
                CHECK_INT(tm.tm_gmtoff, zone_offset_at(zone, t));
        }
}

CHECK_MAIN
