#include "core/forecast.h"

#include <assert.h>
#include <string.h>

static void add(uint32_t *count, uint32_t n) {
        *count = *count > UINT32_MAX - n ? UINT32_MAX : *count + n;
}

void forecast_init(Forecast *f, int32_t today, uint32_t days) {
        assert(f);

        memset(f, 0, sizeof(*f));
        f->today = today;
        f->days = days < 1 ? 1 : days > FORECAST_DAYS_MAX ? FORECAST_DAYS_MAX : days;
}

void forecast_add(Forecast *f, int32_t due_day, uint32_t n) {
        int64_t ahead;

        assert(f);
        assert(f->days > 0);

        ahead = (int64_t) due_day - f->today;
        f->total += n;
        if (ahead < 0)
                add(&f->overdue, n);
        if (ahead >= f->days)
                add(&f->later, n);
        else
                add(&f->due[ahead < 0 ? 0 : ahead], n);
}

void forecast_steadiness(const int32_t *days, size_t n, int32_t today, Steadiness *ret) {
        uint32_t run = 0;

        assert(days || n == 0);
        assert(ret);

        *ret = (Steadiness){};
        for (size_t i = 0; i < n; i++) {
                run = i > 0 && (int64_t) days[i - 1] - days[i] == 1 ? run + 1 : 1;
                if (run > ret->longest_run)
                        ret->longest_run = run;
                /* The first run is the current one when it reaches today or yesterday. */
                if (run == i + 1 && (int64_t) today - days[0] <= 1)
                        ret->current_run = run;
        }
        ret->days_active = (uint32_t) n;
}
