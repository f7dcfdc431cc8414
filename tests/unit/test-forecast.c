#include "core/forecast.h"

#include "tests/check.h"
#include "util/cleanup.h"

TEST(overdue_cards_are_due_today)
{
        Forecast f;

        forecast_init(&f, 100, 30);
        forecast_add(&f, 99, 2);
        forecast_add(&f, INT32_MIN, 1);
        forecast_add(&f, 100, 4);
        CHECK_INT(7, f.due[0]);
        CHECK_INT(3, f.overdue);
        CHECK_INT(0, f.later);
        CHECK_INT(7, f.total);
}

TEST(the_last_day_is_within_and_the_next_is_later)
{
        Forecast f;

        forecast_init(&f, 100, 30);
        forecast_add(&f, 129, 5);
        forecast_add(&f, 130, 6);
        forecast_add(&f, INT32_MAX, 7);
        CHECK_INT(5, f.due[29]);
        CHECK_INT(13, f.later);
        CHECK_INT(18, f.total);
}

TEST(days_are_forced_into_range_and_counts_do_not_wrap)
{
        Forecast f;

        forecast_init(&f, 0, 0);
        CHECK_INT(1, f.days);
        forecast_init(&f, 0, 100000);
        CHECK_INT(FORECAST_DAYS_MAX, f.days);
        forecast_add(&f, 1, UINT32_MAX);
        forecast_add(&f, 1, 2);
        CHECK_INT(UINT32_MAX, f.due[1]);
}

TEST(runs_of_days_are_counted_up_to_today_or_yesterday)
{
        static const struct {
                int line;
                int32_t today, days[8];
                size_t n;
                uint32_t current, longest;
        } rows[] = {
                { __LINE__, 10, {}, 0, 0, 0 },
                { __LINE__, 10, { 10 }, 1, 1, 1 },
                { __LINE__, 10, { 9 }, 1, 1, 1 },
                { __LINE__, 10, { 8 }, 1, 0, 1 },
                { __LINE__, 10, { 10, 9, 8 }, 3, 3, 3 },
                { __LINE__, 10, { 9, 8, 5, 4, 3, 2 }, 6, 2, 4 },
                { __LINE__, 10, { 10, 8, 7 }, 3, 1, 2 },
                { __LINE__, 10, { 7, 6, 5 }, 3, 0, 3 },
                { __LINE__, INT32_MAX, { INT32_MAX, INT32_MIN }, 2, 1, 1 },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Steadiness s;

                forecast_steadiness(rows[i].days, rows[i].n, rows[i].today, &s);
                if (s.current_run != rows[i].current || s.longest_run != rows[i].longest ||
                    s.days_active != rows[i].n)
                        CHECK_FAIL("row %d: %u %u %u", rows[i].line, s.current_run, s.longest_run,
                                   s.days_active);
        }
}

CHECK_MAIN
