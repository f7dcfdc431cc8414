/*
 * Lines as a terminal shows them.
 */
#include "tests/check.h"
#include "client/term.h"

CHECK_MAIN

/* The lines with "|" between them. */
static char *wrapped(const char *text, size_t columns) {
        TermLines lines = {};
        TextBuf b = {};
        char *ret = NULL;

        if (term_wrap(text, strlen(text), columns, &lines) == 0)
                for (size_t i = 0; i < lines.n; i++) {
                        if (i > 0)
                                textbuf_addc(&b, '|');
                        textbuf_add(&b, lines.lines[i].text, lines.lines[i].len);
                }
        term_lines_done(&lines);
        return textbuf_take(&b, &ret) == 0 ? ret : NULL;
}

#define CHECK_WRAP(expected, text, columns)                                                        \
        do {                                                                                       \
                char *wrapped_ = wrapped(text, columns);                                           \
                CHECK_STR(expected, wrapped_);                                                     \
                free(wrapped_);                                                                    \
        } while (0)

TEST(a_text_that_fits_is_one_line)
{
        CHECK_WRAP("tide pool", "tide pool", 9);
        CHECK_WRAP("", "", 10);
}

TEST(lines_end_at_spaces_which_are_left_out)
{
        CHECK_WRAP("one two|three", "one two three", 8);
        CHECK_WRAP("one two|three", "one two three", 7);
        CHECK_WRAP("one|two|three", "one two three", 6);
        CHECK_WRAP("a|b", "a    b", 3);
}

TEST(newlines_are_kept_empty_lines_too)
{ CHECK_WRAP("a||b|", "a\n\nb\n", 10); }

TEST(a_word_longer_than_a_line_is_cut)
{
        CHECK_WRAP("abcde|fghij|k", "abcdefghijk", 5);
        CHECK_WRAP("x|abcde|fg y", "x abcdefg y", 5);
}

TEST(wide_characters_count_twice_and_lines_end_between_them)
{
        CHECK_WRAP("水水|水水", "水水水水", 4);
        CHECK_WRAP("水水|水水", "水水水水", 5);
        CHECK_WRAP("ab水|水cd", "ab水水cd", 4);
}

TEST(a_closing_mark_does_not_begin_a_line)
{ CHECK_WRAP("日本|語。", "日本語。", 6); }

TEST(combining_marks_stay_with_their_letter)
{
        CHECK_WRAP("cafe\xcc\x81|cafe\xcc\x81", "cafe\xcc\x81 cafe\xcc\x81", 4);
        CHECK_WRAP("e\xcc\x81"
                   "e\xcc\x81|e\xcc\x81",
                   "e\xcc\x81"
                   "e\xcc\x81"
                   "e\xcc\x81",
                   2);
}

TEST(a_terminal_of_one_column_still_ends)
{
        CHECK_WRAP("水|水", "水水", 1);
        CHECK_WRAP("ab|c", "abc", 0);
}

TEST(no_line_is_wider_than_asked)
{
        static const char text[] = "Cafe\xcc\x81 日本語 Donaudampfschifffahrt, (日本) ー。 x";

        for (size_t columns = 2; columns < 40; columns++) {
                TermLines lines = {};

                REQUIRE(term_wrap(text, strlen(text), columns, &lines) == 0);
                for (size_t i = 0; i < lines.n; i++)
                        CHECK(utf8_width(lines.lines[i].text, lines.lines[i].len) <= columns);
                term_lines_done(&lines);
        }
}
