#include "core/preset-text.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/fsrs.h"
#include "util/cleanup.h"
#include "util/parse.h"

typedef enum ValueType {
        VALUE_RETENTION,
        VALUE_STEPS, /* two fields: the steps and how many */
        VALUE_DAYS,  /* int32_t */
        VALUE_COUNT, /* uint32_t */
        VALUE_BOOL,
        VALUE_CHOICE, /* an enum, one of `choices` */
        VALUE_WEIGHTS,
} ValueType;

typedef struct Row {
        PresetOption option;
        ValueType type;
        size_t offset, offset_n;
        int64_t min, max;
        const char *const *choices; /* NULL at the end; the index is the number that is stored */
} Row;

static const char *const leech_actions[] = {
        [LEECH_TAG] = "tag", [LEECH_SUSPEND] = "suspend", NULL
};

static const char *const new_orders[] = { [NEW_ORDER_POSITION] = "position",
                                          [NEW_ORDER_RANDOM] = "random",
                                          [NEW_ORDER_DECK] = "deck",
                                          NULL };

static const char *const review_orders[] = { [REVIEW_ORDER_RISK] = "risk",
                                             [REVIEW_ORDER_DUE] = "due",
                                             [REVIEW_ORDER_RANDOM] = "random",
                                             [REVIEW_ORDER_DECK] = "deck",
                                             NULL };

static const char *const new_mixes[] = { [NEW_MIX_EVENLY] = "evenly",
                                         [NEW_MIX_AFTER_REVIEWS] = "after-reviews",
                                         [NEW_MIX_BEFORE_REVIEWS] = "before-reviews",
                                         NULL };

#define AT(field)          offsetof(Preset, field), 0, 0, 0, NULL
#define RANGE(field, a, b) offsetof(Preset, field), 0, a, b, NULL
#define ONE_OF(field, c)   offsetof(Preset, field), 0, 0, 0, c

/* clang-format off */
static const Row rows[] = {
        { { "desired-retention", "0.70 to 0.97", "Probability of recall at which a review comes due" },
          VALUE_RETENTION, AT(desired_retention) },
        { { "learning-steps", "up to 8 delays of 1s to 365d such as \"1m 10m\", or none", "Delays before a new card is reviewed by days" },
          VALUE_STEPS, offsetof(Preset, learning_steps_s), offsetof(Preset, n_learning_steps), 0, 0, NULL },
        { { "relearning-steps", "up to 8 delays of 1s to 365d such as \"10m\", or none", "Delays after a lapse" },
          VALUE_STEPS, offsetof(Preset, relearning_steps_s), offsetof(Preset, n_relearning_steps), 0, 0, NULL },
        { { "max-interval", "1 to 36500 days", "Longest interval" },
          VALUE_DAYS, RANGE(max_interval_days, 1, PRESET_INTERVAL_MAX) },
        { { "new-per-day", "0 to 9999", "New cards a day" },
          VALUE_COUNT, RANGE(new_per_day, 0, PRESET_PER_DAY_MAX) },
        { { "reviews-per-day", "0 to 9999", "Reviews a day; learning cards are not limited" },
          VALUE_COUNT, RANGE(reviews_per_day, 0, PRESET_PER_DAY_MAX) },
        { { "bury-siblings", "yes or no", "Leave other cards of a note for the next day" },
          VALUE_BOOL, AT(bury_siblings) },
        { { "leech-threshold", "0 to 9999, 0 is never", "Lapses after which a card is a leech" },
          VALUE_COUNT, RANGE(leech_threshold, 0, PRESET_PER_DAY_MAX) },
        { { "leech-action", "tag or suspend", "What happens to a leech; suspend tags it as well" },
          VALUE_CHOICE, ONE_OF(leech_action, leech_actions) },
        { { "new-order", "position, random or deck", "Order of new cards" },
          VALUE_CHOICE, ONE_OF(new_order, new_orders) },
        { { "review-order", "risk, due, random or deck", "Order of reviews; risk asks first what is likeliest forgotten" },
          VALUE_CHOICE, ONE_OF(review_order, review_orders) },
        { { "new-mix", "evenly, after-reviews or before-reviews", "Where new cards come among the reviews" },
          VALUE_CHOICE, ONE_OF(new_mix, new_mixes) },
        { { "fuzz", "yes or no", "Spread intervals a little, so that cards learned together come apart" },
          VALUE_BOOL, AT(fuzz) },
        { { "short-term", "yes or no", "Use the steps and the model of reviews within a day" },
          VALUE_BOOL, AT(short_term) },
        { { "weights", "21 numbers (19 or 17 of an older FSRS), or default", "Weights of FSRS-6" },
          VALUE_WEIGHTS, AT(w) },
};
/* clang-format on */

size_t preset_text_count(void) {
        return ELEMENTS(rows);
}

const PresetOption *preset_text_option(size_t index) {
        assert(index < ELEMENTS(rows));

        return &rows[index].option;
}

static void *field(Preset *p, size_t offset) {
        return (char *) p + offset;
}

static const void *const_field(const Preset *p, size_t offset) {
        return (const char *) p + offset;
}

/* An enum's storage is an int here as everywhere gcc and clang are used without -fshort-enums. */
_Static_assert(sizeof(LeechAction) == sizeof(int), "enums are ints");

static size_t choice_index(const Row *row, const char *value) {
        size_t i = 0;

        while (row->choices[i] && strcasecmp(row->choices[i], value) != 0)
                i++;
        return i;
}

/* The next word of a list separated by white space and commas, into a small buffer. 1: one; 0: no more; -EINVAL: too long. */
static int next_word(const char **list, char ret[static 32]) {
        size_t len;

        *list += strspn(*list, " \t\n\r,");
        len = strcspn(*list, " \t\n\r,");
        if (len == 0)
                return 0;
        if (len >= 32)
                return -EINVAL;

        memcpy(ret, *list, len);
        ret[len] = 0;
        *list += len;
        return 1;
}

static int parse_steps(const char *value, uint32_t ret[static PRESET_STEPS_MAX], size_t *ret_n) {
        char word[32];
        size_t n = 0;
        int r;

        memset(ret, 0, PRESET_STEPS_MAX * sizeof(ret[0]));
        if (strcasecmp(value, "none") == 0)
                value = "";
        while ((r = next_word(&value, word)) > 0) {
                int64_t seconds;

                if (n == PRESET_STEPS_MAX || parse_duration_s(word, &seconds) < 0 || seconds < 1 ||
                    seconds > PRESET_STEP_MAX_S)
                        return -EINVAL;
                ret[n++] = (uint32_t) seconds;
        }
        *ret_n = n;
        return r;
}

static int parse_weights(const Preset *p, const char *value, double ret[static FSRS_WEIGHTS]) {
        double w[FSRS_WEIGHTS];
        char word[32];
        size_t n = 0;
        int r;

        if (strcasecmp(value, "default") == 0)
                value = "";
        else if (!value[strspn(value, " \t\n\r,")])
                return -EINVAL;
        while ((r = next_word(&value, word)) > 0)
                if (n == FSRS_WEIGHTS || parse_double(word, -1e6, 1e6, &w[n++]) < 0)
                        return -EINVAL;
        return r < 0 ? r : fsrs_migrate(w, n, p->n_relearning_steps, p->short_term, ret);
}

static int parse_retention(const char *value, double *ret) {
        size_t len = strlen(value);
        char number[32];

        if (len > 1 && len < sizeof(number) && value[len - 1] == '%') {
                double percent;

                memcpy(number, value, len - 1);
                number[len - 1] = 0;
                if (parse_double(number, 0, 100, &percent) < 0)
                        return -EINVAL;
                *ret = percent / 100;
                return *ret >= PRESET_RETENTION_MIN && *ret <= PRESET_RETENTION_MAX ? 0 : -EINVAL;
        }
        return parse_double(value, PRESET_RETENTION_MIN, PRESET_RETENTION_MAX, ret);
}

static int set(Preset *p, const Row *row, const char *value) {
        void *at = field(p, row->offset);
        int64_t n;
        size_t i;

        switch (row->type) {
        case VALUE_RETENTION:
                return parse_retention(value, at);
        case VALUE_STEPS:
                return parse_steps(value, at, field(p, row->offset_n));
        case VALUE_DAYS:
                if (parse_int(value, row->min, row->max, &n) < 0)
                        return -EINVAL;
                *(int32_t *) at = (int32_t) n;
                return 0;
        case VALUE_COUNT:
                if (parse_int(value, row->min, row->max, &n) < 0)
                        return -EINVAL;
                *(uint32_t *) at = (uint32_t) n;
                return 0;
        case VALUE_BOOL:
                return parse_bool(value, at);
        case VALUE_CHOICE:
                i = choice_index(row, value);
                if (!row->choices[i])
                        return -EINVAL;
                *(int *) at = (int) i;
                return 0;
        case VALUE_WEIGHTS:
                return parse_weights(p, value, at);
        }
        return -EINVAL;
}

static int unknown(const char *key, TextBuf *problem) {
        size_t best = ELEMENTS(rows), best_distance = 4;

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                size_t distance = text_distance(key, rows[i].option.key);

                if (distance < best_distance) {
                        best = i;
                        best_distance = distance;
                }
        }
        textbuf_adds(problem, "A preset has no option \"");
        textbuf_add(problem, key, utf8_prefix(key, strlen(key), 40));
        textbuf_adds(problem, "\"");
        if (best < ELEMENTS(rows))
                textbuf_addf(problem, "; did you mean \"%s\"?", rows[best].option.key);
        else
                textbuf_addc(problem, '.');
        return problem->error < 0 ? problem->error : PRESET_TEXT_E_UNKNOWN;
}

int preset_text_set(Preset *preset, const char *key, const char *value, TextBuf *problem) {
        Preset changed = *preset;
        size_t i = 0;

        assert(preset);
        assert(key);
        assert(value);
        assert(problem);

        while (i < ELEMENTS(rows) && strcmp(rows[i].option.key, key) != 0)
                i++;
        if (i == ELEMENTS(rows))
                return unknown(key, problem);

        if (set(&changed, &rows[i], value) < 0) {
                size_t shown = utf8_prefix(value, strlen(value), 40);

                textbuf_addf(problem, "%s must be %s, not \"", key, rows[i].option.range);
                textbuf_add(problem, value, shown);
                textbuf_adds(problem, value[shown] ? "…\"." : "\".");
                return problem->error < 0 ? problem->error : PRESET_TEXT_E_VALUE;
        }

        /* More relearning steps bound the weights further. */
        preset_normalize(&changed);
        *preset = changed;
        return 0;
}

/* "1d12h", "1h30m", "90s" never: the largest units first, nothing that is zero. */
static void add_duration(TextBuf *out, uint32_t seconds) {
        static const struct {
                uint32_t seconds;
                char unit;
        } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };

        for (size_t i = 0; i < ELEMENTS(units); i++) {
                if (seconds >= units[i].seconds)
                        textbuf_addf(out, "%u%c", seconds / units[i].seconds, units[i].unit);
                seconds %= units[i].seconds;
        }
}

/* As short as it can be and read back equal. */
static void add_double(TextBuf *out, double d) {
        for (int digits = 4; digits <= 17; digits++) {
                _cleanup_(textbuf_done) TextBuf text = {};
                double back = 0;

                textbuf_addf(&text, "%.*g", digits, d);
                if (digits == 17 || (text.buf && parse_double(text.buf, -1e9, 1e9, &back) == 0 &&
                                     !(back < d) && !(back > d))) {
                        textbuf_adds(out, text.buf ? text.buf : "");
                        return;
                }
        }
}

void preset_text_get(const Preset *preset, size_t index, TextBuf *out) {
        const Row *row = &rows[index];
        const void *at = const_field(preset, row->offset);
        const uint32_t *steps = at;
        size_t n;

        assert(index < ELEMENTS(rows));

        switch (row->type) {
        case VALUE_RETENTION:
                add_double(out, *(const double *) at);
                break;
        case VALUE_STEPS:
                n = *(const size_t *) const_field(preset, row->offset_n);
                if (n == 0)
                        textbuf_adds(out, "none");
                for (size_t i = 0; i < n; i++) {
                        if (i > 0)
                                textbuf_addc(out, ' ');
                        add_duration(out, steps[i]);
                }
                break;
        case VALUE_DAYS:
                textbuf_addf(out, "%d", *(const int32_t *) at);
                break;
        case VALUE_COUNT:
                textbuf_addf(out, "%u", *(const uint32_t *) at);
                break;
        case VALUE_BOOL:
                textbuf_adds(out, *(const bool *) at ? "yes" : "no");
                break;
        case VALUE_CHOICE:
                textbuf_adds(out, row->choices[*(const int *) at]);
                break;
        case VALUE_WEIGHTS:
                for (size_t i = 0; i < FSRS_WEIGHTS; i++) {
                        if (i > 0)
                                textbuf_addc(out, ' ');
                        add_double(out, ((const double *) at)[i]);
                }
                break;
        }
}

void preset_text_to_json(const Preset *preset, JsonWriter *w) {
        assert(preset);
        assert(w);

        json_open(w, '{');
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const Row *row = &rows[i];
                const void *at = const_field(preset, row->offset);

                json_put_key(w, row->option.key);
                switch (row->type) {
                case VALUE_RETENTION:
                        json_put_double(w, *(const double *) at);
                        break;
                case VALUE_STEPS:
                        json_open(w, '[');
                        for (size_t k = 0; k < *(const size_t *) const_field(preset, row->offset_n);
                             k++)
                                json_put_int(w, ((const uint32_t *) at)[k]);
                        json_close(w, ']');
                        break;
                case VALUE_DAYS:
                        json_put_int(w, *(const int32_t *) at);
                        break;
                case VALUE_COUNT:
                        json_put_int(w, *(const uint32_t *) at);
                        break;
                case VALUE_BOOL:
                        json_put_bool(w, *(const bool *) at);
                        break;
                case VALUE_CHOICE:
                        json_put_string(w, row->choices[*(const int *) at]);
                        break;
                case VALUE_WEIGHTS:
                        json_open(w, '[');
                        for (size_t k = 0; k < FSRS_WEIGHTS; k++)
                                json_put_double(w, ((const double *) at)[k]);
                        json_close(w, ']');
                        break;
                }
        }
        json_close(w, '}');
}

static int64_t bounded(int64_t n, int64_t min, int64_t max) {
        return n < min ? min : n > max ? max : n;
}

/* A number may be written 20 or 20.0, and may be larger than any integer. */
static int64_t whole(const Json *v, int64_t min, int64_t max) {
        double d = json_double(v, 0);

        return d <= (double) min ? min : d >= (double) max ? max : bounded((int64_t) d, min, max);
}

static void from_json(Preset *p, const Row *row, const Json *v) {
        void *at = field(p, row->offset);
        const Json *one;
        size_t n = 0;

        switch (row->type) {
        case VALUE_RETENTION:
                if (json_type(v) == JSON_NUMBER)
                        *(double *) at = json_double(v, 0);
                break;
        case VALUE_STEPS:
                if (json_type(v) != JSON_ARRAY)
                        break;
                JSON_FOREACH(one, i, v)
                        if (json_type(one) == JSON_NUMBER && n < PRESET_STEPS_MAX)
                                ((uint32_t *) at)[n++] =
                                        (uint32_t) whole(one, 1, PRESET_STEP_MAX_S);
                *(size_t *) field(p, row->offset_n) = n;
                break;
        case VALUE_DAYS:
                if (json_type(v) == JSON_NUMBER)
                        *(int32_t *) at = (int32_t) whole(v, row->min, row->max);
                break;
        case VALUE_COUNT:
                if (json_type(v) == JSON_NUMBER)
                        *(uint32_t *) at = (uint32_t) whole(v, row->min, row->max);
                break;
        case VALUE_BOOL:
                *(bool *) at = json_bool(v, *(const bool *) at);
                break;
        case VALUE_CHOICE:
                if (json_type(v) == JSON_STRING && row->choices[choice_index(row, json_string(v))])
                        *(int *) at = (int) choice_index(row, json_string(v));
                break;
        case VALUE_WEIGHTS: {
                double w[FSRS_WEIGHTS];

                if (json_type(v) != JSON_ARRAY || json_length(v) > FSRS_WEIGHTS)
                        break;
                JSON_FOREACH(one, i, v) {
                        if (json_type(one) != JSON_NUMBER)
                                return;
                        w[n++] = json_double(one, 0);
                }
                /* Another number of weights than any version has: those in place stay. */
                (void) fsrs_migrate(w, n, p->n_relearning_steps, p->short_term, at);
                break;
        }
        }
}

void preset_text_from_json(const Json *object, Preset *ret) {
        assert(ret);

        preset_init(ret);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const Json *v = json_get(object, rows[i].option.key);

                if (v)
                        from_json(ret, &rows[i], v);
        }
        preset_normalize(ret);
}
