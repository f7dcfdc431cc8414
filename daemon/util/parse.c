/* Strict readers of small values; nothing here depends on the locale. */
#include "util/parse.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

int parse_int(const char *s, int64_t min, int64_t max, int64_t *ret) {
        const char *p = s;
        char *end;
        long long n;

        if (*p == '-' || *p == '+')
                p++;
        if (!is_digit(*p))
                return -EINVAL;

        errno = 0;
        n = strtoll(s, &end, 10);
        if (*end)
                return -EINVAL;
        if (errno == ERANGE || n < min || n > max)
                return -ERANGE;

        *ret = n;
        return 0;
}

int parse_double(const char *s, double min, double max, double *ret) {
        const char *p = s;
        size_t digits = 0;
        double d;

        /* The grammar is checked here: strtod() would take white space, hex, inf and nan. */
        if (*p == '-' || *p == '+')
                p++;
        for (; is_digit(*p); p++)
                digits++;
        if (*p == '.')
                for (p++; is_digit(*p); p++)
                        digits++;
        if (digits == 0)
                return -EINVAL;
        if (*p == 'e' || *p == 'E') {
                p++;
                if (*p == '-' || *p == '+')
                        p++;
                if (!is_digit(*p))
                        return -EINVAL;
                while (is_digit(*p))
                        p++;
        }
        if (*p)
                return -EINVAL;

        /* The C locale is a constant of the C library: nothing is allocated, nothing to free. */
        d = strtod_l(s, NULL, newlocale(LC_ALL_MASK, "C", NULL));
        if (!isfinite(d) || d < min || d > max)
                return -ERANGE;

        *ret = d;
        return 0;
}

int parse_bool(const char *s, bool *ret) {
        static const struct {
                const char *word;
                bool value;
        } words[] = {
                { "yes", true }, { "no", false },  { "true", true }, { "false", false },
                { "on", true },  { "off", false }, { "1", true },    { "0", false },
        };

        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (strcasecmp(s, words[i].word) == 0) {
                        *ret = words[i].value;
                        return 0;
                }
        return -EINVAL;
}

int parse_duration_s(const char *s, int64_t *ret) {
        static const struct {
                char letter;
                int64_t seconds;
        } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
        size_t unit = 0; /* the first that may still come: large ones stand before small ones */
        int64_t total = 0;

        if (!*s)
                return -EINVAL;

        while (*s) {
                int64_t n = 0, seconds;

                if (!is_digit(*s))
                        return -EINVAL;
                for (; is_digit(*s); s++)
                        if (__builtin_mul_overflow(n, 10, &n) ||
                            __builtin_add_overflow(n, *s - '0', &n))
                                return -ERANGE;

                if (!*s) {
                        if (unit > 0)
                                return -EINVAL; /* "1h30": half an hour or half a minute? */
                        seconds = 60;
                } else {
                        while (unit < ELEMENTS(units) && units[unit].letter != *s)
                                unit++;
                        if (unit == ELEMENTS(units))
                                return -EINVAL;
                        seconds = units[unit++].seconds;
                        s++;
                }
                if (__builtin_mul_overflow(n, seconds, &n) ||
                    __builtin_add_overflow(total, n, &total))
                        return -ERANGE;
        }

        *ret = total;
        return 0;
}

int parse_clock_min(const char *s, unsigned *ret) {
        unsigned hour, minute;

        if (strlen(s) != 5 || !is_digit(s[0]) || !is_digit(s[1]) || s[2] != ':' ||
            !is_digit(s[3]) || !is_digit(s[4]))
                return -EINVAL;

        hour = (unsigned) ((s[0] - '0') * 10 + s[1] - '0');
        minute = (unsigned) ((s[3] - '0') * 10 + s[4] - '0');
        if (hour > 23 || minute > 59)
                return -ERANGE;

        *ret = hour * 60 + minute;
        return 0;
}

int parse_date(const char *s, int *ret_year, int *ret_month, int *ret_day) {
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int year, month, day, last;

        if (strlen(s) != 10)
                return -EINVAL;
        for (int i = 0; i < 10; i++)
                if (i == 4 || i == 7 ? s[i] != '-' : !is_digit(s[i]))
                        return -EINVAL;

        year = atoi(s);
        month = atoi(s + 5);
        day = atoi(s + 8);
        if (month < 1 || month > 12)
                return -ERANGE;
        last = days[month - 1];
        if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
                last = 29;
        if (day < 1 || day > last)
                return -ERANGE;

        *ret_year = year;
        *ret_month = month;
        *ret_day = day;
        return 0;
}

/* `tenths` of a unit, without a ".0". */
static void put_tenths(char out[static 16], int64_t tenths, const char *unit) {
        if (tenths % 10 == 0)
                (void) snprintf(out, 16, "%d%s", (int) (tenths / 10), unit);
        else
                (void) snprintf(out, 16, "%d.%d%s", (int) (tenths / 10), (int) (tenths % 10), unit);
}

const char *format_duration_short(int64_t seconds, char out[static 16]) {
        /* Each bound is where the smaller unit would round up to one of the next, so "60m" cannot be. */
        if (seconds < 0)
                seconds = 0;
        if (seconds < 60)
                (void) snprintf(out, 16, "%ds", (int) seconds);
        else if (seconds < 3570)
                (void) snprintf(out, 16, "%dm", (int) ((seconds + 30) / 60));
        else if (seconds < 86400 - 180)
                put_tenths(out, (seconds + 180) / 360, "h");
        else if (seconds < 30 * 86400 - 43200)
                (void) snprintf(out, 16, "%dd", (int) ((seconds + 43200) / 86400));
        else if (seconds < 365 * 86400)
                put_tenths(out, (seconds + 129600) / 259200, "mo");
        else if (seconds < INT64_C(100) * 365 * 86400 - 1576800)
                put_tenths(out, (seconds + 1576800) / 3153600, "y");
        else if (seconds < INT64_C(1000) * 365 * 86400 - 15768000)
                (void) snprintf(out, 16, "%dy", (int) ((seconds + 15768000) / 31536000));
        else
                (void) snprintf(out, 16, ">999y");
        return out;
}
