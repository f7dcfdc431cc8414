#include "util/text.h"

#include "tests/check.h"
#include "util/cleanup.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

TEST(every_code_point_survives_encode_and_decode)
{
        for (uint32_t c = 0; c <= 0x10ffff; c++) {
                bool surrogate = c >= 0xd800 && c <= 0xdfff;
                uint32_t back = 0;
                char out[4];
                size_t n;

                n = utf8_encode(c, out);
                if (utf8_decode(out, n, &back) != n || back != (surrogate ? 0xfffd : c))
                        CHECK_FAIL("U+%04X comes back as U+%04X", c, back);
                if (n > 1 && utf8_decode(out, n - 1, &back) != 0)
                        CHECK_FAIL("U+%04X cut short is taken", c);
        }
}

/* Most rows: Unicode 15, table 3-7, what is not in it. */
TEST(invalid_utf8_is_seen)
{
        static const char *const bad[] = {
                "\x80",
                "\xbf",
                "\xc0\x80",
                "\xc1\xbf",
                "\xc2",
                "\xc2 ",
                "\xe0\x80\x80",
                "\xe0\x9f\xbf",
                "\xe2\x82",
                "\xed\xa0\x80",
                "\xed\xbf\xbf",
                "\xf0\x80\x80\x80",
                "\xf0\x8f\xbf\xbf",
                "\xf0\x9f\x98",
                "\xf4\x90\x80\x80",
                "\xf5\x80\x80\x80",
                "\xfe",
                "\xff",
                "\xc3\xc3",
                "abcdefgh\x80",
                "abcdefghijk\xe2\x82 lmnop",
        };
        static const char *const good[] = { "",
                                            "a",
                                            "é€😀",
                                            "abcdefgh",
                                            "abcdefghé",
                                            "\xef\xbf\xbe",
                                            "\xf4\x8f\xbf\xbf",
                                            "\xed\x9f\xbf",
                                            "\xee\x80\x80" };

        for (size_t i = 0; i < ROWS(bad); i++)
                if (utf8_valid(bad[i], strlen(bad[i])))
                        CHECK_FAIL("row %zu is taken", i);
        for (size_t i = 0; i < ROWS(good); i++)
                if (!utf8_valid(good[i], strlen(good[i])))
                        CHECK_FAIL("row %zu is refused", i);
}

TEST(repair_replaces_byte_by_byte)
{
        _cleanup_free_ char *s = utf8_repair("a\xff\xe2\x82z", 5);

        CHECK_STR("a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz", s);
}

TEST(field_problems_are_named)
{
        static char big[TEXT_FIELD_MAX + 1];

        memset(big, 'x', sizeof(big));
        CHECK(!text_field_problem("", 0));
        CHECK(!text_field_problem(big, TEXT_FIELD_MAX));
        CHECK_STR("is longer than 1 MiB", text_field_problem(big, TEXT_FIELD_MAX + 1));
        CHECK_STR("holds a NUL character", text_field_problem("a\0b", 3));
        CHECK_STR("holds invalid UTF-8", text_field_problem("a\xff", 2));
}

TEST(printable_leaves_out_what_deceives)
{
        static const struct {
                const char *text, *safe;
        } rows[] = {
                { "a\tb\nc", "a b\nc" },
                { "\x1b[31mred\x1b[0m", "[31mred[0m" },
                { "a\u202egnp.exe", "agnp.exe" },
                { "\u2066x\u2069\u200e\u200f\u061c", "x" },
                { "\ufeff"
                  "a",
                  "a" },
                { "a\u2028b\xc2\x85"
                  "c\x7f",
                  "abc" },
                { "\xff", "\xef\xbf\xbd" },
                { "日本 e\u0301", "日本 e\u0301" },
                { "👩\u200d👧", "👩\u200d👧" }, /* joins a family, hides nothing */
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                _cleanup_free_ char *s = text_printable(rows[i].text, strlen(rows[i].text));

                if (!s || strcmp(rows[i].safe, s) != 0)
                        CHECK_FAIL("row %zu: \"%s\"", i, s);
        }
}

/* Columns as xterm and VTE show them. */
TEST(width_counts_columns)
{
        static const struct {
                const char *text;
                size_t width;
        } rows[] = {
                { "", 0 },         { "abc", 3 },     { "é", 1 },
                { "e\u0301", 1 },  { "日本", 4 },    { "ｱ", 1 },
                { "ア", 2 },       { "한국", 4 },    { "\u1112\u1161\u11ab", 2 },
                { "😀", 2 },        { "…", 1 },       { "\u00ad", 1 },
                { "\u200b", 0 },   { "א\u05b0", 1 }, { "ก\u0e33", 2 },
                { "\t\n\x1b", 0 }, { "\xff", 1 },    { "Ａ", 2 },
                { "€", 1 },        { "\u3000", 2 },
        };

        for (size_t i = 0; i < ROWS(rows); i++)
                if (utf8_width(rows[i].text, strlen(rows[i].text)) != rows[i].width)
                        CHECK_FAIL("row %zu: \"%s\" is %zu wide", i, rows[i].text,
                                   utf8_width(rows[i].text, strlen(rows[i].text)));
}

TEST(prefix_fits_and_keeps_marks_with_their_base)
{
        static const struct {
                const char *text;
                size_t columns, bytes;
        } rows[] = {
                { "abc", 0, 0 },      { "abc", 2, 2 },
                { "abc", 9, 3 },      { "日本", 3, 3 },
                { "日本", 4, 6 },     { "日本", 1, 0 },
                { "e\u0301x", 1, 3 }, { "xe\u0301\u0302y", 2, 6 },
                { "", 5, 0 },
        };

        for (size_t i = 0; i < ROWS(rows); i++)
                CHECK_INT(rows[i].bytes,
                          utf8_prefix(rows[i].text, strlen(rows[i].text), rows[i].columns));
}

TEST(ellipsis_cuts_at_a_word_when_one_is_near)
{
        static const struct {
                const char *text;
                size_t chars;
                const char *cut;
        } rows[] = {
                { "short", 10, "short" },
                { "exactly ten", 11, "exactly ten" },
                { "The quick brown fox jumps", 21, "The quick brown fox…" },
                { "The quick brown fox jumps", 20, "The quick brown fox…" },
                { "abcdefghijklmnopqrstuvwxyz", 10, "abcdefghi…" },
                { "a bcdefghijklmnopqrstuvwxyz", 10, "a bcdefgh…" },
                { "日本語日本語日本語", 4, "日本語…" },
                { "e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301…" },
                { "ab", 1, "…" },
                { "ab", 0, "" },
                { "", 5, "" },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                _cleanup_free_ char *s = text_ellipsis(rows[i].text, rows[i].chars);

                if (!s || strcmp(rows[i].cut, s) != 0)
                        CHECK_FAIL("row %zu: \"%s\", expected \"%s\"", i, s, rows[i].cut);
        }
}

TEST(strip_takes_white_space_off_both_ends)
{
        char a[] = " \t a b \r\n", b[] = "  ", c[] = "x";

        CHECK_STR("a b", text_strip(a));
        CHECK_STR("", text_strip(b));
        CHECK_STR("x", text_strip(c));
}

TEST(distance_counts_typing_mistakes)
{
        static const struct {
                const char *a, *b;
                size_t distance;
        } rows[] = {
                { "due", "due", 0 },      { "deu", "due", 1 },   { "reveiw", "review", 1 },
                { "stats", "status", 1 }, { "", "abc", 3 },      { "kitten", "sitting", 3 },
                { "add", "edit", 3 },     { "undo", "redo", 2 },
        };

        for (size_t i = 0; i < ROWS(rows); i++) {
                CHECK_INT(rows[i].distance, text_distance(rows[i].a, rows[i].b));
                CHECK_INT(rows[i].distance, text_distance(rows[i].b, rows[i].a));
        }
        CHECK(text_distance("a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") > 1000);
}

TEST(textbuf_grows_and_hands_over)
{
        TextBuf b = { 0 };
        char *s;

        REQUIRE(textbuf_take(&b, &s) == 0);
        CHECK_STR("", s);
        free(s);
        for (int i = 0; i < 1000; i++)
                textbuf_addf(&b, "%d,", i % 10);
        textbuf_adds(&b, "end");
        textbuf_addc(&b, '.');
        CHECK_INT(2004, b.len);
        REQUIRE(textbuf_take(&b, &s) == 0);
        CHECK(strncmp(s, "0,1,2,", 6) == 0);
        CHECK_STR("9,end.", s + 1998);
        free(s);
        CHECK(!b.buf);
}

CHECK_MAIN
