/* Expected texts are written by hand from Anki's documented behaviour. */
#include "core/cloze.h"

#include "tests/check.h"
#include "util/cleanup.h"

static const char *const sides[] = { "question", "answer", "question-only", "answer-only",
                                     "plain" };

static void check_render(int line, const char *text, unsigned number, ClozeSide side,
                         const char *expected) {
        _cleanup_(textbuf_done) TextBuf out = {};

        cloze_render(text, strlen(text), number, side, &out);
        if (out.error != 0 || strcmp(out.buf ? out.buf : "", expected) != 0)
                CHECK_FAIL("row %d, %s of %u in \"%s\": \"%s\", expected \"%s\"", line, sides[side],
                           number, text, out.buf ? out.buf : "", expected);
}

TEST(deletions_are_hidden_shown_and_hinted_as_in_anki)
{
#define S "<span class=\"cloze\">"
#define E "</span>"
        static const struct {
                int line;
                const char *text;
                unsigned number;
                ClozeSide side;
                const char *expected;
        } rows[] = {
                { __LINE__, "The {{c1::sea}} rises", 1, CLOZE_QUESTION, "The [...] rises" },
                { __LINE__, "The {{c1::sea}} rises", 1, CLOZE_ANSWER, "The " S "sea" E " rises" },
                { __LINE__, "The {{c1::sea}} rises", 2, CLOZE_QUESTION, "" },
                { __LINE__, "no deletion", 1, CLOZE_QUESTION, "" },
                { __LINE__, "{{c1::sea::what}}", 1, CLOZE_QUESTION, "[what]" },
                { __LINE__, "{{c1::sea::what}}", 1, CLOZE_ANSWER, S "sea" E },
                { __LINE__, "{{c1::sea::}}", 1, CLOZE_QUESTION, "[...]" },
                { __LINE__, "{{c1::std::vector}}", 1, CLOZE_ANSWER, S "std" E },
                { __LINE__, "{{c1::a}} {{c2::b::hint}}", 1, CLOZE_QUESTION, "[...] b" },
                { __LINE__, "{{c1::a}} {{c1::b}}", 1, CLOZE_QUESTION, "[...] [...]" },
                { __LINE__, "{{c1,3::a}} {{c2::b}}", 3, CLOZE_QUESTION, "[...] b" },
                { __LINE__, "{{c1,3::a}} {{c2::b}}", 1, CLOZE_QUESTION, "[...] b" },
                { __LINE__, "{{c1,3::a}} {{c2::b}}", 2, CLOZE_QUESTION, "a [...]" },
                /* What is inside a hidden one is hidden; an active one inside a shown one is replaced. */
                { __LINE__, "{{c1::a {{c2::b}} c}}", 1, CLOZE_QUESTION, "[...]" },
                { __LINE__, "{{c1::a {{c2::b}} c}}", 1, CLOZE_ANSWER, S "a b c" E },
                { __LINE__, "{{c1::a {{c2::b}} c}}", 2, CLOZE_QUESTION, "a [...] c" },
                { __LINE__, "{{c1::a {{c2::b}} c}}", 2, CLOZE_ANSWER, "a " S "b" E " c" },
                { __LINE__, "{{c1::a::h {{c2::b}} c}}", 1, CLOZE_QUESTION, "[h ]" },
                { __LINE__, "{{c1::{{c1::a}} b}}", 1, CLOZE_QUESTION, "[...]" },
                /* Literal text. */
                { __LINE__, "}} {{c1::a}} }}", 1, CLOZE_QUESTION, "}} [...] }}" },
                { __LINE__, "{{c::a}} {{c1::b}}", 1, CLOZE_QUESTION, "{{c::a}} [...]" },
                { __LINE__, "{{c1:a}} {{c1::b}}", 1, CLOZE_QUESTION, "{{c1:a}} [...]" },
                { __LINE__, "{{x}} {{c1::b}}", 1, CLOZE_QUESTION, "{{x}} [...]" },
                { __LINE__, "{{c,::a}} {{c1::b}}", 1, CLOZE_QUESTION, "{{c,::a}} [...]" },
                { __LINE__, "{{c1::a {{c2::b}}", 2, CLOZE_QUESTION, "{{c1::a [...]" },
                { __LINE__, "{{c1::a", 1, CLOZE_QUESTION, "" },
                { __LINE__, "{{c2::{{c1::a}} b", 1, CLOZE_QUESTION, "{{c2::[...] b" },
                { __LINE__, "{{c0::a}} {{c1::b}}", 1, CLOZE_QUESTION, "a [...]" },
                { __LINE__, "{{c0::a}}", 0, CLOZE_QUESTION, "" },
                { __LINE__, "{{c501::a}} {{c1::b}}", 1, CLOZE_QUESTION, "a [...]" },
                { __LINE__, "{{c18446744073709551617::a}}", 1, CLOZE_QUESTION, "" },
                /* Alone. */
                { __LINE__, "x {{c1::a}} y {{c1::b::h}} {{c2::c}}", 1, CLOZE_ANSWER_ONLY, "a, b" },
                { __LINE__, "x {{c1::a}} y {{c1::b::h}}", 1, CLOZE_QUESTION_ONLY, "[...], [h]" },
                { __LINE__, "x {{c1::a {{c2::b}}::h}} y", 7, CLOZE_PLAIN, "x a b y" },
                { __LINE__, "x {{c1::a::h}} }}", 0, CLOZE_PLAIN, "x a }}" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                check_render(rows[i].line, rows[i].text, rows[i].number, rows[i].side,
                             rows[i].expected);
}

TEST(numbers_of_closed_deletions_make_cards)
{
        static const char text[] =
                "{{c2::a {{c1,4::b}}}} {{c0::c}} {{c500::d}} {{c501::e}} {{c9::f";
        ClozeSet set = {};

        cloze_find(text, strlen(text), &set);
        CHECK_INT(4, cloze_set_count(&set));
        CHECK(cloze_set_has(&set, 1) && cloze_set_has(&set, 2) && cloze_set_has(&set, 4));
        CHECK(cloze_set_has(&set, 500) && !cloze_set_has(&set, 9) && !cloze_set_has(&set, 501));
}

TEST(deletions_deeper_than_ten_lose_their_markers)
{
        _cleanup_(textbuf_done) TextBuf text = {}, out = {};
        ClozeSet set = {};

        for (int i = 1; i <= 12; i++)
                textbuf_addf(&text, "{{c%d::%c", i, 'a' + i - 1);
        for (int i = 0; i < 12; i++)
                textbuf_adds(&text, "}}");

        cloze_find(text.buf, text.len, &set);
        CHECK_INT(10, cloze_set_count(&set));

        cloze_render(text.buf, text.len, 1, CLOZE_PLAIN, &out);
        CHECK_STR("abcdefghijkl}}}}", out.buf);
}

/* Quadratic time would take hours here. */
TEST(a_megabyte_of_openings_is_text)
{
        _cleanup_(textbuf_done) TextBuf text = {}, out = {};
        ClozeSet set = {};

        for (int i = 0; i < 150000; i++)
                textbuf_adds(&text, i % 2 ? "{{c1::" : "{{c1,1,");
        cloze_find(text.buf, text.len, &set);
        CHECK_INT(0, cloze_set_count(&set));
        cloze_render(text.buf, text.len, 1, CLOZE_QUESTION, &out);
        CHECK_INT(0, out.len);
}

CHECK_MAIN
