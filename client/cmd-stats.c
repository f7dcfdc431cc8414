/*
 * Figures for people: today, the last week, retention against the target, what is coming.
 */
#include "client/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/out.h"
#include "util/text.h"

enum { DAYS = 30, WEEK = 7, CHART_ROWS = 6, SECONDS_A_DAY = 86400 };

/* Where a day of the reply has what: (day, reviews, again, hard, good, easy, took_ms, cards, asked, passed). */
enum { DAY_NUMBER, DAY_REVIEWS, DAY_AGAIN, DAY_TOOK_MS = 6, DAY_CARDS, DAY_ASKED, DAY_PASSED };

typedef struct Sum {
        int64_t reviews, cards, again, took_ms, asked, passed, active;
} Sum;

/* Over the last n days of the reply, today being the last. */
static Sum sum_days(const Value *stats, size_t n) {
        const Value *days = value_get(stats, "days");
        size_t len = days ? days->n : 0;
        Sum sum = {};

        for (size_t i = len > n ? len - n : 0; i < len; i++) {
                const Value *day = value_at(days, i);

                sum.reviews += value_int(value_at(day, DAY_REVIEWS), 0);
                sum.cards += value_int(value_at(day, DAY_CARDS), 0);
                sum.again += value_int(value_at(day, DAY_AGAIN), 0);
                sum.took_ms += value_int(value_at(day, DAY_TOOK_MS), 0);
                sum.asked += value_int(value_at(day, DAY_ASKED), 0);
                sum.passed += value_int(value_at(day, DAY_PASSED), 0);
                sum.active += value_int(value_at(day, DAY_REVIEWS), 0) > 0;
        }
        return sum;
}

static void print_sum(const char *title, const Sum *sum) {
        printf("%s%-13s%s%" PRIi64 " %s", out_style(STYLE_DIM), title, out_style(STYLE_PLAIN),
               sum->reviews, sum->reviews == 1 ? "review" : "reviews");
        if (sum->reviews > 0)
                printf(", %" PRIi64 " min, %" PRIi64 " Again", (sum->took_ms + 59999) / 60000,
                       sum->again);
        putchar('\n');
}

static void print_retention(const char *title, const Sum *sum, double desired) {
        double is;

        if (sum->asked == 0)
                return;

        is = (double) sum->passed / (double) sum->asked;
        printf("%s%-13s%s%.1f %% of %" PRIi64, out_style(STYLE_DIM), title, out_style(STYLE_PLAIN),
               100 * is, sum->asked);
        if (desired > 0)
                printf(", wanted %.0f %%", 100 * desired);
        putchar('\n');
}

static int64_t chart_scale(const Value *forecast, size_t n) {
        int64_t most = 1;

        for (size_t i = 0; i < n; i++)
                if (value_int(value_at(forecast, i), 0) > most)
                        most = value_int(value_at(forecast, i), 0);

        return most;
}

/*
 * Bars of eighths of a line, one column or two a day as the terminal allows, with the largest number at the side and
 * a mark at each week.
 */
static void print_chart(const Value *forecast) {
        static const char *const eighths[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
        size_t n = forecast ? forecast->n : 0, side, wide;
        int64_t most;
        char label[24];

        if (n > DAYS)
                n = DAYS;
        if (n == 0)
                return;

        most = chart_scale(forecast, n);
        side = (size_t) snprintf(label, sizeof(label), "%" PRIi64, most);
        wide = side + 2 + 2 * n <= out_columns() ? 2 : 1;
        if (side + 2 + n > out_columns())
                n = out_columns() > side + 3 ? out_columns() - side - 2 : 1;

        for (int64_t row = CHART_ROWS; row > 0; row--) {
                printf("%*s ", (int) side, row == CHART_ROWS ? label : row == 1 ? "0" : "");
                for (size_t day = 0; day < n; day++) {
                        int64_t due = value_int(value_at(forecast, day), 0);
                        /* Rounded up: one card is seen, however many there are on another day. */
                        int64_t fill = (due * CHART_ROWS * 8 + most - 1) / most - (row - 1) * 8;

                        fill = fill < 0 ? 0 : fill > 8 ? 8 : fill;
                        fputs(eighths[fill], stdout);
                        if (wide == 2)
                                fputs(fill == 8 || fill == 0 ? eighths[fill] : eighths[fill],
                                      stdout);
                }
                putchar('\n');
        }
        printf("%*s %s", (int) side, "", out_style(STYLE_DIM));
        for (size_t day = 0; day < n;) {
                char mark[24];
                int len = day == 0 ? snprintf(mark, sizeof(mark), "today")
                                   : snprintf(mark, sizeof(mark), "+%zu", day);

                /* A mark takes the room of some days, and the last one must not run over the edge. */
                if (day % WEEK == 0 && (size_t) len <= (n - day) * wide) {
                        fputs(mark, stdout);
                        day += ((size_t) len + wide - 1) / wide;
                        if ((size_t) len % wide)
                                putchar(' ');
                } else {
                        printf("%*s", (int) wide, "");
                        day++;
                }
        }
        printf("%s\n", out_style(STYLE_PLAIN));
}

static void print_people(const Value *stats) {
        Sum today = sum_days(stats, 1), week = sum_days(stats, WEEK), month = sum_days(stats, DAYS);
        double desired = value_double(value_get(stats, "desired-retention"), 0);
        const Value *forecast = value_get(stats, "forecast");
        int64_t later = value_int(value_get(stats, "forecast-later"), 0), total = 0;

        print_sum("Today", &today);
        print_sum("7 days", &week);
        print_sum("30 days", &month);
        printf("%s%-13s%s%" PRIi64 " of 30 days, %" PRIi64 " in a row\n", out_style(STYLE_DIM),
               "Active", out_style(STYLE_PLAIN), month.active,
               value_int(value_get(stats, "run-current"), 0));
        print_retention("Recalled 7d", &week, desired);
        print_retention("Recalled 30d", &month, desired);
        printf("%s%-13s%s%" PRIi64 ": %" PRIi64 " new, %" PRIi64 " learning, %" PRIi64
               " young, %" PRIi64 " mature",
               out_style(STYLE_DIM), "Cards", out_style(STYLE_PLAIN),
               value_int(value_get(stats, "cards-total"), 0),
               value_int(value_get(stats, "cards-new"), 0),
               value_int(value_get(stats, "cards-learning"), 0) +
                       value_int(value_get(stats, "cards-relearning"), 0),
               value_int(value_get(stats, "cards-young"), 0),
               value_int(value_get(stats, "cards-mature"), 0));
        if (value_int(value_get(stats, "cards-suspended"), 0))
                printf(", %" PRIi64 " of them suspended",
                       value_int(value_get(stats, "cards-suspended"), 0));
        putchar('\n');

        VALUE_FOREACH(day, forecast)
        total += value_int(day, 0);
        printf("\n%sDue in the next 30 days%s: %" PRIi64, out_style(STYLE_BOLD),
               out_style(STYLE_PLAIN), total);
        if (value_int(value_get(stats, "forecast-overdue"), 0))
                printf(", %" PRIi64 " overdue", value_int(value_get(stats, "forecast-overdue"), 0));
        if (later)
                printf(", later %" PRIi64, later);
        putchar('\n');
        if (total > 0)
                print_chart(forecast);
}

static void format_day(int64_t day, char out[static 16]) {
        time_t t = (time_t) (day * SECONDS_A_DAY);
        struct tm tm;

        if (!gmtime_r(&t, &tm) || strftime(out, 16, "%Y-%m-%d", &tm) == 0)
                (void) snprintf(out, 16, "?");
}

/* The sums as keys of one level, the same for lines and JSON. */
/* A figure by its key. On the bus keys have hyphens; jq would read those as minus, so here they are underscores. */
static const Value *figure(const Value *stats, const char *key) {
        char name[32];
        size_t i;

        for (i = 0; key[i] && i + 1 < sizeof(name); i++)
                name[i] = key[i] == '_' ? '-' : key[i];
        name[i] = '\0';
        return value_get(stats, name);
}

static const struct {
        const char *key;
        size_t days;
} spans[] = { { "today", 1 }, { "week", WEEK }, { "month", DAYS } };

static const struct {
        const char *key;
        size_t offset;
} sums[] = {
        { "reviews", offsetof(Sum, reviews) },         { "again", offsetof(Sum, again) },
        { "took_ms", offsetof(Sum, took_ms) },         { "retention_asked", offsetof(Sum, asked) },
        { "retention_passed", offsetof(Sum, passed) }, { "days_active", offsetof(Sum, active) },
};

static const char *const figures[] = {
        "cards_total",  "cards_new",        "cards_learning",   "cards_young",
        "cards_mature", "cards_relearning", "cards_suspended",  "cards_buried",
        "run_current",  "run_longest",      "forecast_overdue", "forecast_later",
};

static const char *const decimals[] = { "stability_median", "desired_retention" };

static int64_t sum_field(const Sum *sum, size_t offset) {
        return *(const int64_t *) ((const char *) sum + offset);
}

static void print_lines(const Value *stats) {
        int64_t today = value_int(value_get(stats, "today"), 0), i = 0;

        for (size_t s = 0; s < ELEMENTS(spans); s++) {
                Sum sum = sum_days(stats, spans[s].days);

                for (size_t k = 0; k < ELEMENTS(sums); k++)
                        printf("%s_%s\t%" PRIi64 "\n", spans[s].key, sums[k].key,
                               sum_field(&sum, sums[k].offset));
        }
        for (size_t k = 0; k < ELEMENTS(figures); k++)
                printf("%s\t%" PRIi64 "\n", figures[k], value_int(figure(stats, figures[k]), 0));
        for (size_t k = 0; k < ELEMENTS(decimals); k++)
                printf("%s\t%.4f\n", decimals[k], value_double(figure(stats, decimals[k]), 0));
        VALUE_FOREACH(due, value_get(stats, "forecast")) {
                char day[16];

                format_day(today + i++, day);
                printf("due_%s\t%" PRIi64 "\n", day, value_int(due, 0));
        }
}

static void print_json(const Value *stats) {
        int64_t today = value_int(value_get(stats, "today"), 0), i = 0;
        _cleanup_(json_writer_done) JsonWriter w = {};

        json_open(&w, '{');
        for (size_t s = 0; s < ELEMENTS(spans); s++) {
                Sum sum = sum_days(stats, spans[s].days);

                json_put_key(&w, spans[s].key);
                json_open(&w, '{');
                for (size_t k = 0; k < ELEMENTS(sums); k++) {
                        json_put_key(&w, sums[k].key);
                        json_put_int(&w, sum_field(&sum, sums[k].offset));
                }
                json_close(&w, '}');
        }
        for (size_t k = 0; k < ELEMENTS(figures); k++) {
                json_put_key(&w, figures[k]);
                json_put_int(&w, value_int(figure(stats, figures[k]), 0));
        }
        for (size_t k = 0; k < ELEMENTS(decimals); k++) {
                json_put_key(&w, decimals[k]);
                json_put_double(&w, value_double(figure(stats, decimals[k]), 0));
        }
        json_put_key(&w, "forecast");
        json_open(&w, '{');
        VALUE_FOREACH(due, value_get(stats, "forecast")) {
                char day[16];

                format_day(today + i++, day);
                json_put_key(&w, day);
                json_put_int(&w, value_int(due, 0));
        }
        json_close(&w, '}');
        json_close(&w, '}');
        out_json_finish(&w);
}

int cmd_stats(Cmd *cmd) {
        const char *deck = cmd_has(cmd, OPT_DECK) ? cmd->options[OPT_DECK] : "";
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_MANAGER, "GetStatistics", &reply, "su", deck, (uint32_t) DAYS) <
            0)
                return call_failed(&cmd->call);

        switch (out_mode(cmd_has(cmd, OPT_JSON))) {
        case OUT_PEOPLE:
                print_people(reply_arg(reply, 0));
                break;
        case OUT_LINES:
                print_lines(reply_arg(reply, 0));
                break;
        case OUT_JSON:
                print_json(reply_arg(reply, 0));
        }
        return CMD_OK;
}
