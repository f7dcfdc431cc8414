#include "core/preset-text.h"

#include "core/fsrs.h"
#include "tests/check.h"
#include "util/cleanup.h"

static size_t option_index(const char *key) {
        size_t i = 0;

        while (i < preset_text_count() && strcmp(preset_text_option(i)->key, key) != 0)
                i++;
        return i;
}

static char *value_of(const Preset *p, const char *key) {
        TextBuf out = {};
        char *text = NULL;

        preset_text_get(p, option_index(key), &out);
        (void) textbuf_take(&out, &text);
        return text;
}

TEST(every_option_has_its_name_range_and_help_once)
{
        for (size_t i = 0; i < preset_text_count(); i++) {
                const PresetOption *o = preset_text_option(i);

                CHECK_INT(i, option_index(o->key));
                CHECK(*o->range && *o->help);
        }
        CHECK_INT(15, preset_text_count());
}

TEST(good_values_are_taken_and_written_back)
{
        static const struct {
                int line;
                const char *key, *value, *back;
        } rows[] = {
                { __LINE__, "desired-retention", "0.85", "0.85" },
                { __LINE__, "desired-retention", "85%", "0.85" },
                { __LINE__, "desired-retention", "0.7", "0.7" },
                { __LINE__, "desired-retention", "0.97", "0.97" },
                { __LINE__, "learning-steps", "1m 10m", "1m 10m" },
                { __LINE__, "learning-steps", "90s, 1d12h", "1m30s 1d12h" },
                { __LINE__, "learning-steps", "5", "5m" },
                { __LINE__, "learning-steps", "none", "none" },
                { __LINE__, "learning-steps", "", "none" },
                { __LINE__, "relearning-steps", "365d", "365d" },
                { __LINE__, "max-interval", "365", "365" },
                { __LINE__, "new-per-day", "0", "0" },
                { __LINE__, "reviews-per-day", "9999", "9999" },
                { __LINE__, "bury-siblings", "off", "no" },
                { __LINE__, "fuzz", "true", "yes" },
                { __LINE__, "short-term", "no", "no" },
                { __LINE__, "leech-threshold", "6", "6" },
                { __LINE__, "leech-action", "Suspend", "suspend" },
                { __LINE__, "new-order", "random", "random" },
                { __LINE__, "review-order", "deck", "deck" },
                { __LINE__, "new-mix", "before-reviews", "before-reviews" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(textbuf_done) TextBuf problem = {};
                _cleanup_free_ char *back = NULL;
                Preset p;

                preset_init(&p);
                if (preset_text_set(&p, rows[i].key, rows[i].value, &problem) != 0)
                        CHECK_FAIL("row %d: %s", rows[i].line, problem.buf);
                back = value_of(&p, rows[i].key);
                CHECK_STR(rows[i].back, back);
        }
}

TEST(bad_values_change_nothing_and_name_what_is_allowed)
{
        static const struct {
                int line;
                const char *key, *value, *problem;
        } rows[] = {
                { __LINE__, "desired-retention", "0.69",
                  "desired-retention must be 0.70 to 0.97, not \"0.69\"." },
                { __LINE__, "desired-retention", "98%",
                  "desired-retention must be 0.70 to 0.97, not \"98%\"." },
                { __LINE__, "desired-retention", "nan",
                  "desired-retention must be 0.70 to 0.97, not \"nan\"." },
                { __LINE__, "learning-steps", "1m x",
                  "learning-steps must be up to 8 delays of 1s to 365d such as \"1m 10m\", or none, not "
                  "\"1m x\"." },
                { __LINE__, "relearning-steps", "366d", NULL },
                { __LINE__, "relearning-steps", "0s", NULL },
                { __LINE__, "learning-steps", "1 1 1 1 1 1 1 1 1", NULL },
                { __LINE__, "max-interval", "0",
                  "max-interval must be 1 to 36500 days, not \"0\"." },
                { __LINE__, "max-interval", "36501", NULL },
                { __LINE__, "new-per-day", "-1", "new-per-day must be 0 to 9999, not \"-1\"." },
                { __LINE__, "new-per-day", "10000", NULL },
                { __LINE__, "new-per-day", "", NULL },
                { __LINE__, "fuzz", "maybe", "fuzz must be yes or no, not \"maybe\"." },
                { __LINE__, "leech-action", "burn",
                  "leech-action must be tag or suspend, not \"burn\"." },
                { __LINE__, "weights", "1 2 3", NULL },
                { __LINE__, "weights", "", NULL },
                { __LINE__, "weights", "a", NULL },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(textbuf_done) TextBuf problem = {};
                Preset p, before;

                preset_init(&p);
                before = p;
                CHECK_INT(PRESET_TEXT_E_VALUE,
                          preset_text_set(&p, rows[i].key, rows[i].value, &problem));
                CHECK(memcmp(&p, &before, sizeof(p)) == 0);
                if (rows[i].problem)
                        CHECK_STR(rows[i].problem, problem.buf);
                else
                        CHECK(problem.len > 0);
        }
}

TEST(an_unknown_option_names_the_nearest)
{
        _cleanup_(textbuf_done) TextBuf problem = {}, other = {};
        Preset p;

        preset_init(&p);
        CHECK_INT(PRESET_TEXT_E_UNKNOWN, preset_text_set(&p, "new-per-dya", "1", &problem));
        CHECK_STR("A preset has no option \"new-per-dya\"; did you mean \"new-per-day\"?",
                  problem.buf);
        CHECK_INT(PRESET_TEXT_E_UNKNOWN, preset_text_set(&p, "colour", "1", &other));
        CHECK_STR("A preset has no option \"colour\".", other.buf);
}

TEST(weights_are_read_back_to_the_same_bits)
{
        _cleanup_(textbuf_done) TextBuf problem = {}, text = {};
        _cleanup_free_ char *back = NULL;
        Preset p, q;

        preset_init(&p);
        for (size_t i = 0; i < FSRS_WEIGHTS; i++)
                textbuf_addf(&text, "%.17g,", p.w[i] * (1 + 1e-9));
        REQUIRE(preset_text_set(&p, "weights", text.buf, &problem) == 0);
        CHECK(memcmp(p.w, fsrs_default_weights, sizeof(p.w)) != 0);

        back = value_of(&p, "weights");
        preset_init(&q);
        REQUIRE(preset_text_set(&q, "weights", back, &problem) == 0);
        CHECK(memcmp(&p, &q, sizeof(p)) == 0);

        REQUIRE(preset_text_set(&q, "weights", "default", &problem) == 0);
        CHECK(memcmp(q.w, fsrs_default_weights, sizeof(q.w)) == 0);
}

static int through_json(const Preset *p, Preset *ret) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        _cleanup_free_ char *text = NULL;
        JsonWriter w = {};
        int r;

        preset_text_to_json(p, &w);
        r = json_finish(&w, &text);
        if (r < 0)
                return r;

        r = json_parse(text, strlen(text), &doc, NULL);
        if (r < 0)
                return r;

        preset_text_from_json(json_root(doc), ret);
        return 0;
}

TEST(json_keeps_every_option)
{
        static const char *const values[][2] = {
                { "desired-retention", "0.83" },
                { "learning-steps", "30s 3d" },
                { "relearning-steps", "1h 2h" },
                { "max-interval", "99" },
                { "new-per-day", "3" },
                { "reviews-per-day", "4" },
                { "bury-siblings", "no" },
                { "leech-threshold", "5" },
                { "leech-action", "suspend" },
                { "new-order", "deck" },
                { "review-order", "random" },
                { "new-mix", "after-reviews" },
                { "fuzz", "no" },
                { "short-term", "no" },
        };
        _cleanup_(textbuf_done) TextBuf problem = {};
        Preset p, q;

        preset_init(&p);
        REQUIRE(through_json(&p, &q) == 0);
        CHECK(memcmp(&p, &q, sizeof(p)) == 0);

        for (size_t i = 0; i < ELEMENTS(values); i++)
                REQUIRE(preset_text_set(&p, values[i][0], values[i][1], &problem) == 0);
        p.w[0] += 0.01;
        REQUIRE(through_json(&p, &q) == 0);
        CHECK(memcmp(&p, &q, sizeof(p)) == 0);
}

TEST(json_of_others_is_forced_into_range_and_never_fails)
{
        static const struct {
                int line;
                const char *json, *key, *value;
        } rows[] = {
                { __LINE__, "null", "new-per-day", "20" },
                { __LINE__, "[]", "new-per-day", "20" },
                { __LINE__, "{\"future\":[1,{}]}", "fuzz", "yes" },
                { __LINE__, "{\"desired-retention\":0.2}", "desired-retention", "0.7" },
                { __LINE__, "{\"desired-retention\":\"0.8\"}", "desired-retention", "0.9" },
                { __LINE__, "{\"new-per-day\":1e300}", "new-per-day", "9999" },
                { __LINE__, "{\"new-per-day\":-5}", "new-per-day", "0" },
                { __LINE__, "{\"new-per-day\":12.0}", "new-per-day", "12" },
                { __LINE__, "{\"max-interval\":0}", "max-interval", "1" },
                { __LINE__, "{\"learning-steps\":[0,60,\"x\",1e12]}", "learning-steps",
                  "1s 1m 365d" },
                { __LINE__, "{\"learning-steps\":[]}", "learning-steps", "none" },
                { __LINE__, "{\"learning-steps\":[1,2,3,4,5,6,7,8,9]}", "learning-steps",
                  "1s 2s 3s 4s 5s 6s 7s 8s" },
                { __LINE__, "{\"leech-action\":\"burn\"}", "leech-action", "tag" },
                { __LINE__, "{\"fuzz\":0}", "fuzz", "yes" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                _cleanup_free_ char *value = NULL;
                Preset p;

                REQUIRE(json_parse(rows[i].json, strlen(rows[i].json), &doc, NULL) == 0);
                preset_text_from_json(json_root(doc), &p);
                value = value_of(&p, rows[i].key);
                if (strcmp(value, rows[i].value) != 0)
                        CHECK_FAIL("row %d: %s", rows[i].line, value);
        }
}

CHECK_MAIN
