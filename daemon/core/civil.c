/*
 * Dates by counting from 1 March, so that the leap day is a year's last; wall times by asking the zone.
 */
#include "core/civil.h"

#include <stddef.h>

enum { DAY_S = 86400 };

bool civil_leap_year(int32_t year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int civil_days_in_month(int32_t year, int month) {
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

        if (month < 1 || month > 12)
                return 0;
        return days[month - 1] + (month == 2 && civil_leap_year(year));
}

bool civil_valid(const CivilDate *date) {
        return date->mday >= 1 && date->mday <= civil_days_in_month(date->year, date->month);
}

/* 146097 days are 400 years; 719468 days lie between 0000-03-01 and 1970-01-01. */
int32_t civil_to_day(const CivilDate *date) {
        int64_t y = (int64_t) date->year - (date->month <= 2);
        int64_t era = (y >= 0 ? y : y - 399) / 400;
        int64_t year_of_era = y - era * 400;
        int64_t month = (date->month + 9) % 12; /* 0 = March */
        int64_t day_of_year = (153 * month + 2) / 5 + date->mday - 1;

        return (int32_t) (era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                          day_of_year - 719468);
}

CivilDate civil_from_day(int32_t day) {
        int64_t z = (int64_t) day + 719468;
        int64_t era = (z >= 0 ? z : z - 146096) / 146097;
        int64_t day_of_era = z - era * 146097;
        int64_t year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year =
                day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t month = (5 * day_of_year + 2) / 153;

        return (CivilDate){
                .year = (int32_t) (year_of_era + era * 400 + (month >= 10)),
                .month = (int) (month < 10 ? month + 3 : month - 9),
                .mday = (int) (day_of_year - (153 * month + 2) / 5 + 1),
        };
}

int civil_weekday(int32_t day) {
        /* 1970-01-01 was a Thursday. */
        return (int) ((((int64_t) day + 3) % 7 + 7) % 7) + 1;
}

int civil_iso_week(int32_t day, int32_t *ret_year) {
        /* A week belongs to the year of its Thursday. */
        int32_t thursday = day + 4 - civil_weekday(day);
        int32_t year = civil_from_day(thursday).year;
        CivilDate first = { year, 1, 1 };

        if (ret_year)
                *ret_year = year;
        return (thursday - civil_to_day(&first)) / 7 + 1;
}

static bool shows(const Zone *zone, int64_t at_s, int64_t civil_s) {
        return at_s + zone_offset_at(zone, at_s) == civil_s;
}

int64_t civil_resolve(const Zone *zone, int32_t day, int32_t seconds, CivilResolution *ret_how) {
        int64_t civil_s = (int64_t) day * DAY_S + seconds;
        int64_t before = civil_s - zone_offset_at(zone, civil_s - DAY_S);
        int64_t after = civil_s - zone_offset_at(zone, civil_s + DAY_S);
        int64_t first = before < after ? before : after, second = before < after ? after : before;
        bool at_first = shows(zone, first, civil_s), at_second = shows(zone, second, civil_s);

        if (ret_how)
                *ret_how = at_first && at_second && first != second ? CIVIL_REPEATED
                           : at_first || at_second                  ? CIVIL_PLAIN
                                                                    : CIVIL_SHIFTED;
        return at_first ? first : at_second ? second : before;
}

void civil_local(const Zone *zone, int64_t at_s, int32_t *ret_day, int32_t *ret_seconds) {
        int64_t local_s = at_s + zone_offset_at(zone, at_s);
        int64_t seconds = local_s % DAY_S;

        if (seconds < 0)
                seconds += DAY_S;
        if (ret_day)
                *ret_day = (int32_t) ((local_s - seconds) / DAY_S);
        if (ret_seconds)
                *ret_seconds = (int32_t) seconds;
}
