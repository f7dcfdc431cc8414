/*
 * TZif, read strictly: a file is a whole and consistent zone or it is refused. Everything is
 * copied out of the file at loading time; asking allocates nothing.
 */
#include "util/zone.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        DAY_S = 86400,
        HOUR_S = 3600,
        HEADER_SIZE = 44,
        TTINFO_SIZE = 6,
        RULE_EVENTS = 8, /* two a year, of four years */
};

/* Rules repeat; beyond this (some 30 million years) instants are as at it. */
#define INSTANT_MAX INT64_C(1000000000000000)

/* A day of the year on which a POSIX rule switches, and the second of that day on the old clock. */
typedef struct RuleDay {
        enum { RULE_JULIAN, RULE_DAY, RULE_MONTH } kind;
        int day;         /* J1..J365 | 0..365 | weekday 0 (Sunday) .. 6 */
        int month, week; /* RULE_MONTH: 1..12, 1..5 (5: the last) */
        int32_t time_s;
} RuleDay;

typedef struct Rule {
        bool present;
        bool has_dst;
        int32_t standard_s, dst_s; /* east of UTC */
        RuleDay start, end;
} Rule;

struct Zone {
        char *name;
        Rule rule;
        int32_t first_offset_s; /* before the first transition */
        size_t n;
        int64_t *at_s; /* n transitions, ascending */
        int32_t *offset_s;
};

typedef struct Cursor {
        const unsigned char *p;
        size_t left;
} Cursor;

static const Zone utc = { .name = (char *) "UTC" };

const Zone *zone_utc(void) {
        return &utc;
}

Zone *zone_free(Zone *zone) {
        if (!zone || zone == &utc)
                return NULL;
        free(zone->name);
        free(zone->at_s);
        free(zone->offset_s);
        free(zone);
        return NULL;
}

const char *zone_name(const Zone *zone) {
        return zone->name;
}

/* --- POSIX rules (IEEE 1003.1 8.3, with the hours of RFC 8536 3.3.1) --- */

static int rule_number(const char **s, int max, int *ret) {
        int n = 0, digits = 0;

        while (**s >= '0' && **s <= '9' && digits < 4) {
                n = n * 10 + (*(*s)++ - '0');
                digits++;
        }
        if (digits == 0 || n > max)
                return -EBADMSG;

        *ret = n;
        return 0;
}

/* [+-]h[h[h]][:mm[:ss]] */
static int rule_time(const char **s, int max_hours, int32_t *ret) {
        int sign = 1, h, m = 0, sec = 0, r;

        if (**s == '+' || **s == '-')
                sign = *(*s)++ == '-' ? -1 : 1;

        r = rule_number(s, max_hours, &h);
        if (r < 0)
                return r;

        if (**s == ':') {
                (*s)++;
                r = rule_number(s, 59, &m);
                if (r < 0)
                        return r;

                if (**s == ':') {
                        (*s)++;
                        r = rule_number(s, 59, &sec);
                        if (r < 0)
                                return r;
                }
        }
        *ret = sign * (h * HOUR_S + m * 60 + sec);
        return 0;
}

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* A name is not kept: only that it is one. */
static int rule_name(const char **s) {
        const char *start = *s;

        if (**s == '<') {
                start = ++*s;
                while (is_letter(**s) || is_digit(**s) || **s == '+' || **s == '-')
                        (*s)++;
                if (**s != '>' || *s - start < 3)
                        return -EBADMSG;
                (*s)++;
                return 0;
        }
        while (is_letter(**s))
                (*s)++;
        return *s - start < 3 ? -EBADMSG : 0;
}

static int rule_expect(const char **s, char c) {
        if (**s != c)
                return -EBADMSG;
        (*s)++;
        return 0;
}

static int rule_day_month(const char **s, RuleDay *ret) {
        int r;

        ret->kind = RULE_MONTH;
        r = rule_number(s, 12, &ret->month);
        if (r < 0 || ret->month < 1)
                return -EBADMSG;

        r = rule_expect(s, '.');
        if (r < 0)
                return r;

        r = rule_number(s, 5, &ret->week);
        if (r < 0 || ret->week < 1)
                return -EBADMSG;

        r = rule_expect(s, '.');
        if (r < 0)
                return r;
        return rule_number(s, 6, &ret->day);
}

static int rule_day(const char **s, RuleDay *ret) {
        RuleDay day = { .time_s = 2 * HOUR_S };
        int r;

        if (**s == 'M') {
                (*s)++;
                r = rule_day_month(s, &day);
        } else if (**s == 'J') {
                (*s)++;
                day.kind = RULE_JULIAN;
                r = rule_number(s, 365, &day.day);
                if (r == 0 && day.day < 1)
                        r = -EBADMSG;
        } else {
                day.kind = RULE_DAY;
                r = rule_number(s, 365, &day.day);
        }
        if (r < 0)
                return r;

        if (**s == '/') {
                (*s)++;
                r = rule_time(s, 167, &day.time_s);
                if (r < 0)
                        return r;
        }
        *ret = day;
        return 0;
}

/* Offsets in rules are west of UTC. A rule with DST but no days is refused: what they are is not said. */
static int rule_parse(const char *s, Rule *ret) {
        Rule rule = { .present = true };
        int32_t west;
        int r;

        r = rule_name(&s);
        if (r < 0)
                return r;

        r = rule_time(&s, 24, &west);
        if (r < 0)
                return r;

        rule.standard_s = -west;
        rule.dst_s = rule.standard_s + HOUR_S;
        if (*s) {
                rule.has_dst = true;
                r = rule_name(&s);
                if (r < 0)
                        return r;

                if (*s && *s != ',') {
                        r = rule_time(&s, 24, &west);
                        if (r < 0)
                                return r;
                        rule.dst_s = -west;
                }

                r = rule_expect(&s, ',');
                if (r < 0)
                        return r;

                r = rule_day(&s, &rule.start);
                if (r < 0)
                        return r;

                r = rule_expect(&s, ',');
                if (r < 0)
                        return r;

                r = rule_day(&s, &rule.end);
                if (r < 0)
                        return r;
        }
        if (*s)
                return -EBADMSG;

        *ret = rule;
        return 0;
}

static bool is_leap(int64_t year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t floor_div(int64_t a, int64_t b) {
        return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to the first of January of a year. */
static int64_t year_start(int64_t year) {
        int64_t y = year - 1;

        return 365 * y + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) - 719162;
}

static int64_t year_of(int64_t at_s) {
        int64_t day = floor_div(at_s, DAY_S), year = 1970 + floor_div(day * 400, 146097);

        while (year_start(year) > day)
                year--;
        while (year_start(year + 1) <= day)
                year++;
        return year;
}

/* Seconds from 1970-01-01 00:00 on the clock that is in force before the change. */
static int64_t rule_day_local(const RuleDay *rule, int64_t year) {
        static const int before_month[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
        static const int in_month[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = is_leap(year);
        int64_t day = year_start(year);
        int weekday, mday, length;

        switch (rule->kind) {
        case RULE_JULIAN: /* counts no 29 February */
                day += rule->day - 1 + (leap && rule->day >= 60);
                break;
        case RULE_DAY:
                day += rule->day;
                break;
        case RULE_MONTH:
                day += before_month[rule->month - 1] + (leap && rule->month > 2);
                length = in_month[rule->month - 1] + (leap && rule->month == 2);
                weekday = (int) (((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
                mday = (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
                if (mday >= length)
                        mday -= 7;
                day += mday;
                break;
        }
        return day * DAY_S + rule->time_s;
}

typedef struct RuleEvent {
        int64_t at_s;
        int32_t offset_s;
} RuleEvent;

/*
 * The changes of the years around an instant, ascending. At the same instant the beginning of DST comes
 * last and wins: that is how "all year" is written (RFC 8536 3.3.1).
 */
static void rule_events(const Rule *rule, int64_t at_s, RuleEvent ret[static RULE_EVENTS]) {
        int64_t year = year_of(at_s) - 1;

        for (size_t i = 0; i < RULE_EVENTS; i += 2, year++) {
                ret[i] = (RuleEvent){ rule_day_local(&rule->end, year) - rule->dst_s,
                                      rule->standard_s };
                ret[i + 1] = (RuleEvent){ rule_day_local(&rule->start, year) - rule->standard_s,
                                          rule->dst_s };
        }
        for (size_t i = 1; i < RULE_EVENTS; i++) {
                RuleEvent e = ret[i];
                size_t j = i;

                for (; j > 0 && ret[j - 1].at_s >= e.at_s &&
                       (ret[j - 1].at_s > e.at_s || e.offset_s == rule->standard_s);
                     j--)
                        ret[j] = ret[j - 1];
                ret[j] = e;
        }
}

static int32_t rule_offset_at(const Rule *rule, int64_t at_s) {
        RuleEvent events[RULE_EVENTS];
        int32_t offset;

        if (!rule->has_dst)
                return rule->standard_s;

        rule_events(rule, at_s, events);
        offset = events[0].offset_s == rule->dst_s ? rule->standard_s : rule->dst_s;
        for (size_t i = 0; i < RULE_EVENTS && events[i].at_s <= at_s; i++)
                offset = events[i].offset_s;
        return offset;
}

/* --- TZif --- */

static const unsigned char *take(Cursor *c, size_t n) {
        const unsigned char *p = c->p;

        if (n > c->left)
                return NULL;
        c->p += n;
        c->left -= n;
        return p;
}

static uint32_t be32(const unsigned char *p) {
        return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static int64_t be_time(const unsigned char *p, size_t size) {
        if (size == 4)
                return (int32_t) be32(p);
        return (int64_t) ((uint64_t) be32(p) << 32 | be32(p + 4));
}

typedef struct Header {
        char version;
        uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
} Header;

static int take_header(Cursor *c, Header *ret) {
        const unsigned char *p = take(c, HEADER_SIZE);
        Header h;

        if (!p || memcmp(p, "TZif", 4) != 0)
                return -EBADMSG;
        /* Later versions are to be read as the last one known (RFC 8536 3.1). */
        if (p[4] != 0 && (p[4] < '2' || p[4] > '9'))
                return -EBADMSG;

        h = (Header){
                .version = (char) p[4],
                .isutcnt = be32(p + 20),
                .isstdcnt = be32(p + 24),
                .leapcnt = be32(p + 28),
                .timecnt = be32(p + 32),
                .typecnt = be32(p + 36),
                .charcnt = be32(p + 40),
        };
        /* With each below the size of the largest file no product can overflow. */
        if (h.isutcnt > ZONE_FILE_MAX || h.isstdcnt > ZONE_FILE_MAX || h.leapcnt > ZONE_FILE_MAX ||
            h.timecnt > ZONE_FILE_MAX || h.typecnt > 256 || h.charcnt > ZONE_FILE_MAX)
                return -EBADMSG;

        *ret = h;
        return 0;
}

static size_t block_size(const Header *h, size_t time_size) {
        return h->timecnt * (time_size + 1) + h->typecnt * TTINFO_SIZE + h->charcnt +
               h->leapcnt * (time_size + 4) + h->isstdcnt + h->isutcnt;
}

static int check_types(const Header *h, const unsigned char *types) {
        for (uint32_t i = 0; i < h->typecnt; i++) {
                const unsigned char *t = types + i * TTINFO_SIZE;
                int32_t offset = (int32_t) be32(t);

                if (offset <= -(ZONE_OFFSET_MAX_S - HOUR_S) || offset >= ZONE_OFFSET_MAX_S)
                        return -EBADMSG;
                if (t[4] > 1 || t[5] >= h->charcnt)
                        return -EBADMSG;
        }
        return 0;
}

/*
 * The block that counts. Zones with leap seconds ("right/...") are refused: their instants are not
 * ours, which are POSIX time.
 */
static int take_block(Cursor *c, const Header *h, size_t time_size, Zone *zone) {
        const unsigned char *times = c->p, *indices, *types;
        int64_t last = INT64_MIN;
        int r;

        if (h->typecnt == 0 || h->charcnt == 0 || h->leapcnt != 0 ||
            (h->isutcnt != 0 && h->isutcnt != h->typecnt) ||
            (h->isstdcnt != 0 && h->isstdcnt != h->typecnt))
                return -EBADMSG;
        if (!take(c, block_size(h, time_size)))
                return -EBADMSG;

        indices = times + h->timecnt * time_size;
        types = indices + h->timecnt;
        if (types[h->typecnt * TTINFO_SIZE + h->charcnt - 1] != 0)
                return -EBADMSG;

        r = check_types(h, types);
        if (r < 0)
                return r;

        zone->first_offset_s = (int32_t) be32(types);
        if (h->timecnt == 0)
                return 0;

        zone->at_s = calloc(h->timecnt, sizeof(*zone->at_s));
        zone->offset_s = calloc(h->timecnt, sizeof(*zone->offset_s));
        if (!zone->at_s || !zone->offset_s)
                return -ENOMEM;

        for (uint32_t i = 0; i < h->timecnt; i++) {
                int64_t at_s = be_time(times + i * time_size, time_size);

                if (indices[i] >= h->typecnt || (i > 0 && at_s <= last))
                        return -EBADMSG;
                last = zone->at_s[i] = at_s;
                zone->offset_s[i] = (int32_t) be32(types + indices[i] * TTINFO_SIZE);
        }
        zone->n = h->timecnt;
        return 0;
}

/* "\n" rule "\n", and nothing after it. The rule may be empty. */
static int take_footer(Cursor *c, Zone *zone) {
        char rule[128];
        size_t len;

        if (c->left < 2 || c->left - 2 >= sizeof(rule) || c->p[0] != '\n' ||
            c->p[c->left - 1] != '\n')
                return -EBADMSG;

        len = c->left - 2;
        memcpy(rule, c->p + 1, len);
        rule[len] = '\0';
        if (len == 0)
                return 0;
        if (strlen(rule) != len)
                return -EBADMSG;
        return rule_parse(rule, &zone->rule);
}

static int zone_new(const char *name, Zone **ret) {
        _cleanup_(zone_freep) Zone *zone = NULL;

        zone = calloc(1, sizeof(*zone));
        if (!zone)
                return -ENOMEM;

        zone->name = strdup(name);
        if (!zone->name)
                return -ENOMEM;

        *ret = TAKE_PTR(zone);
        return 0;
}

int zone_parse(const void *data, size_t len, const char *name, Zone **ret) {
        _cleanup_(zone_freep) Zone *zone = NULL;
        Cursor c = { data, len };
        Header header;
        int r;

        assert(data || len == 0);
        assert(name);
        assert(ret);

        if (len > ZONE_FILE_MAX)
                return -EBADMSG;

        r = zone_new(name, &zone);
        if (r < 0)
                return r;

        r = take_header(&c, &header);
        if (r < 0)
                return r;

        if (header.version == 0) {
                r = take_block(&c, &header, 4, zone);
                if (r < 0)
                        return r;
                if (c.left > 0)
                        return -EBADMSG;
        } else {
                /* The first block is for readers of version 1; here only its length counts. */
                if (!take(&c, block_size(&header, 4)))
                        return -EBADMSG;

                r = take_header(&c, &header);
                if (r < 0)
                        return r;

                r = take_block(&c, &header, 8, zone);
                if (r < 0)
                        return r;

                r = take_footer(&c, zone);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(zone);
        return 0;
}

int zone_from_rule(const char *rule, Zone **ret) {
        _cleanup_(zone_freep) Zone *zone = NULL;
        int r;

        assert(rule);
        assert(ret);

        r = zone_new(rule, &zone);
        if (r < 0)
                return r;

        r = rule_parse(rule, &zone->rule);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(zone);
        return 0;
}

/* --- files --- */

bool zone_name_valid(const char *name) {
        size_t part = 0;
        const char *s = name;

        for (;; s++) {
                if (*s == '/' || *s == '\0') {
                        if (part == 0 || (part == 1 && s[-1] == '.') ||
                            (part == 2 && s[-1] == '.' && s[-2] == '.'))
                                return false;
                        if (*s == '\0')
                                return s - name <= ZONE_NAME_MAX;
                        part = 0;
                        continue;
                }
                if (!is_letter(*s) && !is_digit(*s) && !strchr("+-_.", *s))
                        return false;
                part++;
        }
}

static int load_path(const char *path, const char *name, Zone **ret) {
        _cleanup_free_ unsigned char *data = NULL;
        _cleanup_close_ int fd = -1;
        struct stat st;
        size_t len = 0;

        /* O_NONBLOCK: a fifo in the place of a zone is refused, not waited for. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOTDIR ? -ENOENT : -errno;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -ENOENT;
        if (!S_ISREG(st.st_mode) || st.st_size > ZONE_FILE_MAX)
                return -EBADMSG;

        data = malloc(ZONE_FILE_MAX + 1);
        if (!data)
                return -ENOMEM;

        for (;;) {
                ssize_t n = read(fd, data + len, ZONE_FILE_MAX + 1 - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t) n;
                if (len > ZONE_FILE_MAX)
                        return -EBADMSG;
        }
        return zone_parse(data, len, name, ret);
}

static int load_name(const char *name, Zone **ret) {
        const char *folder = getenv("TZDIR");
        char path[PATH_MAX];
        int r;

        if (!zone_name_valid(name))
                return -EINVAL;
        if (!folder || folder[0] != '/')
                folder = "/usr/share/zoneinfo";

        r = snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (r < 0 || (size_t) r >= sizeof(path))
                return -ENAMETOOLONG;
        return load_path(path, name, ret);
}

/* What follows ".../zoneinfo/" in a path, or NULL. */
static const char *name_in_path(const char *path) {
        const char *s = strstr(path, "/zoneinfo/");

        return s && zone_name_valid(s + strlen("/zoneinfo/")) ? s + strlen("/zoneinfo/") : NULL;
}

static int load_localtime(Zone **ret) {
        char target[PATH_MAX];
        const char *name = NULL;
        ssize_t n;
        int r;

        n = readlink("/etc/localtime", target, sizeof(target) - 1);
        if (n > 0) {
                target[n] = '\0';
                name = name_in_path(target);
        }

        r = load_path("/etc/localtime", name ? name : "localtime", ret);
        if (r == -ENOENT)
                return zone_new("UTC", ret);
        return r;
}

static int load_system(Zone **ret) {
        const char *tz = getenv("TZ"), *name;
        int r;

        if (!tz)
                return load_localtime(ret);
        if (tz[0] == ':')
                tz++;
        if (!tz[0]) /* as the C library has it: set but empty is UTC */
                return zone_new("UTC", ret);
        if (tz[0] == '/') {
                name = name_in_path(tz);
                return load_path(tz, name ? name : tz, ret);
        }

        r = load_name(tz, ret);
        if ((r == -ENOENT || r == -EINVAL) && zone_from_rule(tz, ret) == 0)
                return 0;
        return r;
}

int zone_load(const char *name, Zone **ret) {
        assert(ret);

        return name ? load_name(name, ret) : load_system(ret);
}

/* --- asking --- */

static int64_t instant_clamp(int64_t at_s) {
        return at_s > INSTANT_MAX ? INSTANT_MAX : at_s < -INSTANT_MAX ? -INSTANT_MAX : at_s;
}

/* Number of transitions at or before an instant. */
static size_t transitions_until(const Zone *zone, int64_t at_s) {
        size_t low = 0, high = zone->n;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (zone->at_s[middle] <= at_s)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int32_t zone_offset_at(const Zone *zone, int64_t at_s) {
        size_t passed = transitions_until(zone, at_s);

        if (passed == zone->n && zone->rule.present)
                return rule_offset_at(&zone->rule, instant_clamp(at_s));
        return passed > 0 ? zone->offset_s[passed - 1] : zone->first_offset_s;
}

static bool next_boundary(const Zone *zone, int64_t after_s, int64_t *ret) {
        size_t passed = transitions_until(zone, after_s);
        RuleEvent events[RULE_EVENTS];

        if (passed < zone->n) {
                *ret = zone->at_s[passed];
                return true;
        }
        if (!zone->rule.has_dst || after_s >= INSTANT_MAX)
                return false;

        after_s = instant_clamp(after_s);
        rule_events(&zone->rule, after_s, events);
        for (size_t i = 0; i < RULE_EVENTS; i++)
                if (events[i].at_s > after_s) {
                        *ret = events[i].at_s;
                        return true;
                }
        return false;
}

bool zone_next_change(const Zone *zone, int64_t after_s, int64_t *ret_at_s, int32_t *ret_offset) {
        int32_t before = zone_offset_at(zone, after_s), offset;
        int64_t at_s = after_s;

        /* A rule that changes at all does so within a few of its events ("all year" never does). */
        for (size_t i = 0; i < zone->n + RULE_EVENTS; i++) {
                if (!next_boundary(zone, at_s, &at_s))
                        return false;

                offset = zone_offset_at(zone, at_s);
                if (offset != before) {
                        *ret_at_s = at_s;
                        *ret_offset = offset;
                        return true;
                }
        }
        return false;
}
