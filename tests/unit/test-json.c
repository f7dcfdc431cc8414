#include "util/json.h"

#include <errno.h>
#include <float.h>
#include <locale.h>

#include "tests/check.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* The text read and written again; "refused at N" when it is no JSON. */
static const char *again(const char *text, size_t len) {
        static char out[4096];
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        _cleanup_free_ char *written = NULL;
        JsonWriter w = { 0 };
        size_t where = 0;
        int r;

        r = json_parse(text, len, &doc, &where);
        if (r < 0) {
                snprintf(out, sizeof(out), "refused at %zu", where);
                return out;
        }
        json_put_value(&w, json_root(doc));
        r = json_finish(&w, &written);
        snprintf(out, sizeof(out), "%s", r < 0 ? "broke" : written);
        return out;
}

TEST(good_json_is_read_and_written_in_its_plain_form)
{
        static const struct {
                const char *text, *plain;
        } rows[] = {
                { "null", "null" },
                { " \t\r\n true ", "true" },
                { "false", "false" },
                { "0", "0" },
                { "-0", "-0" },
                { "-12", "-12" },
                { "1.0", "1" },
                { "0.1", "0.1" },
                { "1e3", "1000" },
                { "1E+2", "100" },
                { "25e-1", "2.5" },
                { "9223372036854775807", "9223372036854775807" },
                { "-9223372036854775808", "-9223372036854775808" },
                { "9223372036854775808", "9.223372036854776e+18" },
                { "\"\"", "\"\"" },
                { "\"a\\u00e9\\u20ac\\ud83d\\ude00\"", "\"aé€😀\"" },
                { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\"" },
                { "\"\x7f\"", "\"\x7f\"" },
                { "[]", "[]" },
                { "{}", "{}" },
                { "[ 1 , [ ] , { } ]", "[1,[],{}]" },
                { "{\"a\" : 1 , \"b\" : { \"a\" : 2 } }", "{\"a\":1,\"b\":{\"a\":2}}" },
                { "{\"\":1}", "{\"\":1}" },
        };

        for (size_t i = 0; i < ROWS(rows); i++)
                if (strcmp(rows[i].plain, again(rows[i].text, strlen(rows[i].text))) != 0)
                        CHECK_FAIL("row %zu: %s", i, again(rows[i].text, strlen(rows[i].text)));
}

TEST(bad_json_is_refused_where_it_is_bad)
{
        static const struct {
                const char *text;
                size_t where;
        } rows[] = {
                { "", 0 },
                { " ", 1 },
                { "tru", 0 },
                { "truex", 4 },
                { "nul", 0 },
                { "1 2", 2 },
                { "01", 1 },
                { "+1", 0 },
                { "-", 1 },
                { "1.", 2 },
                { ".5", 0 },
                { "1e", 2 },
                { "1e400", 0 },
                { "0x1", 1 },
                { "NaN", 0 },
                { "-Infinity", 1 },
                { "[", 1 },
                { "[1", 2 },
                { "[1,", 3 },
                { "[1,]", 3 },
                { "[,1]", 1 },
                { "[1 2]", 3 },
                { "[1}", 2 },
                { "]", 0 },
                { "{", 1 },
                { "{1:2}", 1 },
                { "{\"a\"}", 4 },
                { "{\"a\":}", 5 },
                { "{\"a\":1,}", 7 },
                { "{'a':1}", 1 },
                { "{a:1}", 1 },
                { "{\"a\":1,\"a\":2}", 13 },
                { "\"", 1 },
                { "\"a", 2 },
                { "\"\\\"", 3 },
                { "\"\\x\"", 2 },
                { "\"\\u12\"", 5 },
                { "\"\\u12g4\"", 5 },
                { "\"\\u0000\"", 7 },
                { "\"\\ud800\"", 7 },
                { "\"\\ud800\\n\"", 7 },
                { "\"\\ud800\\ud800\"", 13 },
                { "\"\\udc00\"", 7 },
                { "\"a\nb\"", 2 },
                { "\"\x1f\"", 1 },
                { "\"\xff\"", 1 },
                { "\"\xc0\x80\"", 1 },
                { "\"\xed\xa0\x80\"", 1 },
                { "/* */1", 0 },
                { "\xef\xbb\xbf"
                  "1",
                  0 },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                char expected[40];

                snprintf(expected, sizeof(expected), "refused at %zu", rows[i].where);
                if (strcmp(expected, again(rows[i].text, strlen(rows[i].text))) != 0)
                        CHECK_FAIL("row %zu: %s: %s, expected %s", i, rows[i].text,
                                   again(rows[i].text, strlen(rows[i].text)), expected);
        }
        CHECK_STR("refused at 1", again("1\0", 2));
        CHECK_STR("refused at 2", again("\"a\0b\"", 5));
}

TEST(depth_ends_at_32)
{
        char text[80];

        memset(text, '[', 40);
        memset(text + 32, ']', 32);
        text[64] = 0;
        CHECK_STR(text, again(text, 64));
        memset(text, '[', 33);
        memset(text + 33, ']', 33);
        CHECK_STR("refused at 32", again(text, 66));
}

TEST(twice_the_same_key_is_refused_in_large_objects_too)
{
        char text[2000] = "{\"k0\":0";

        for (int i = 1; i < 100; i++)
                snprintf(text + strlen(text), 20, ",\"k%d\":%d", i, i);
        strcat(text, "}");
        CHECK_STR(text, again(text, strlen(text)));
        text[strlen(text) - 1] = 0;
        strcat(text, ",\"k57\":1}");
        CHECK(strncmp(again(text, strlen(text)), "refused", 7) == 0);
}

TEST(values_are_found_and_others_answer_with_the_fallback)
{
        static const char text[] = "{\"s\":\"x\",\"n\":5,\"d\":2.5,\"e\":1e3,\"b\":true,"
                                   "\"a\":[10,20,30],\"z\":null,\"big\":1e300}";
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        const Json *root, *v;
        int64_t sum = 0;

        REQUIRE(json_parse(text, strlen(text), &doc, NULL) == 0);
        root = json_root(doc);
        CHECK_INT(JSON_OBJECT, json_type(root));
        CHECK_INT(8, json_length(root));
        CHECK_STR("d", json_key(root, 2));
        CHECK(!json_key(root, 8));
        CHECK_STR("x", json_string(json_get(root, "s")));
        CHECK_INT(1, json_string_length(json_get(root, "s")));
        CHECK_INT(5, json_int(json_get(root, "n"), -1));
        CHECK_INT(-1, json_int(json_get(root, "d"), -1));
        CHECK_INT(1000, json_int(json_get(root, "e"), -1));
        CHECK_INT(-1, json_int(json_get(root, "big"), -1));
        CHECK_INT(-1, json_int(json_get(root, "s"), -1));
        CHECK_NEAR(2.5, json_double(json_get(root, "d"), 0), 0);
        CHECK_NEAR(5, json_double(json_get(root, "n"), 0), 0);
        CHECK(json_bool(json_get(root, "b"), false));
        CHECK(json_bool(json_get(root, "z"), true));
        CHECK(!json_get(root, "no"));
        CHECK(!json_get(json_get(root, "no"), "no"));
        CHECK(!json_string(NULL));
        CHECK_INT(0, json_length(json_get(root, "s")));
        CHECK_INT(20, json_int(json_at(json_get(root, "a"), 1), -1));
        CHECK(!json_at(json_get(root, "a"), 3));
        CHECK(!json_at(root, 0));
        JSON_FOREACH(v, i, json_get(root, "a"))
                sum += json_int(v, 0);
        CHECK_INT(60, sum);
}

/* Shortest forms as Python's repr() writes them (another algorithm, David Gay's). */
TEST(doubles_are_short_and_read_back_equal)
{
        static const struct {
                double d;
                const char *text;
        } rows[] = {
                { 0.1, "0.1" },
                { 0.3, "0.3" },
                { 0.1 + 0.2, "0.30000000000000004" },
                { 1.0 / 3, "0.3333333333333333" },
                { 2.0 / 3, "0.6666666666666666" },
                { 100.0, "100" },
                { 123456789.125, "123456789.125" },
                { 1e21, "1e+21" },
                { DBL_MAX, "1.7976931348623157e+308" },
                { DBL_MIN, "2.2250738585072014e-308" },
                { 5e-324, "5e-324" },
                { 1.5e-323, "1.5e-323" },
                { -2.5, "-2.5" },
        };
        uint64_t state = 88172645463325252u;

        for (size_t i = 0; i < ROWS(rows); i++) {
                _cleanup_free_ char *text = NULL;
                JsonWriter w = { 0 };

                json_put_double(&w, rows[i].d);
                REQUIRE(json_finish(&w, &text) == 0);
                CHECK_STR(rows[i].text, text);
        }
        for (int i = 0; i < 20000; i++) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                _cleanup_free_ char *text = NULL;
                JsonWriter w = { 0 };
                double d;

                state ^= state << 13, state ^= state >> 7, state ^= state << 17;
                memcpy(&d, &state, sizeof(d));
                if (!isfinite(d))
                        continue;
                json_put_double(&w, d);
                REQUIRE(json_finish(&w, &text) == 0);
                REQUIRE(json_parse(text, strlen(text), &doc, NULL) == 0);
                if (json_double(json_root(doc), NAN) != d)
                        CHECK_FAIL("%a was written as %s", d, text);
        }
}

TEST(no_locale_changes_a_number)
{
        static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8" };
        bool set = false;

        for (size_t i = 0; i < ROWS(names) && !set; i++)
                set = setlocale(LC_NUMERIC, names[i]);
        if (!set)
                SKIP("no locale with a decimal comma is installed");
        CHECK_STR("[2.5,-0.125]", again("[2.5,-0.125]", 12));
        (void) setlocale(LC_NUMERIC, "C");
}

TEST(writer_minds_commas_and_escapes)
{
        _cleanup_free_ char *text = NULL;
        JsonWriter w = { 0 };

        json_open(&w, '{');
        json_put_key(&w, "a\"b");
        json_open(&w, '[');
        json_put_int(&w, INT64_MIN);
        json_put_bool(&w, false);
        json_put_string(&w, NULL);
        json_put_double(&w, INFINITY);
        json_put_text(&w, "x\0y", 3);
        json_open(&w, '[');
        json_close(&w, ']');
        json_close(&w, ']');
        json_put_key(&w, "k");
        json_put_string(&w, "\x01 \xff\n\xe2\x82");
        json_put_key(&w, "r");
        json_put_raw(&w, "{\"q\":1}", 7);
        json_close(&w, '}');
        REQUIRE(json_finish(&w, &text) == 0);
        CHECK_STR("{\"a\\\"b\":[-9223372036854775808,false,null,null,\"x\xef\xbf\xbdy\",[]],"
                  "\"k\":\"\\u0001 \xef\xbf\xbd\\n\xef\xbf\xbd\xef\xbf\xbd\",\"r\":{\"q\":1}}",
                  text);
}

CHECK_MAIN
