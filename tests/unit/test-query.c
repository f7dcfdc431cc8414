#include "core/query.h"

#include "tests/check.h"
#include "util/cleanup.h"

static Query query;

TEST(good_queries_are_understood)
{
        static const struct {
                int line;
                const char *text, *plain;
        } rows[] = {
                { __LINE__, "", "" },
                { __LINE__, "  \t\n ", "" },
                { __LINE__, "tide", "tide" },
                { __LINE__, "tide pool", "(tide and pool)" },
                { __LINE__, "tide　pool", "(tide and pool)" },
                { __LINE__, "tide and pool", "(tide and pool)" },
                { __LINE__, "\"tide pool\"", "\"tide pool\"" },
                { __LINE__, "a\"b c\"d", "((a and \"b c\") and d)" },
                { __LINE__, "a b or c d", "((a and b) or (c and d))" },
                { __LINE__, "a or b or c", "((a or b) or c)" },
                { __LINE__, "a OR b AND c", "(a or (b and c))" },
                { __LINE__, "(a or b) c", "((a or b) and c)" },
                { __LINE__, "a(b)c", "((a and b) and c)" },
                { __LINE__, "-a", "-a" },
                { __LINE__, "--a", "--a" },
                { __LINE__, "not a b", "(-a and b)" },
                { __LINE__, "-(a b)", "-(a and b)" },
                { __LINE__, "-\"a b\"", "-\"a b\"" },
                { __LINE__, "a-b", "a\\-b" },
                { __LINE__, "order android nothing", "((order and android) and nothing)" },
                { __LINE__, "\\or", "\\or" },
                { __LINE__, "\"or\"", "\"or\"" },
                { __LINE__, "\\-a", "\\-a" },
                { __LINE__, "a\\ b", "a\\ b" },
                { __LINE__, "deck\\:x", "deck\\:x" },
                { __LINE__, "12:30", "12\\:30" },
                { __LINE__, "é:x", "é\\:x" },
                { __LINE__, "a<b", "a\\<b" },
                { __LINE__, "deck:French", "deck:\"French\"" },
                { __LINE__, "DECK:French", "deck:\"French\"" },
                { __LINE__, "deck:\"My deck\"", "deck:\"My deck\"" },
                { __LINE__, "deck:Lang::Fr*", "deck:\"Lang::Fr*\"" },
                { __LINE__, "tag:a\\*b", "tag:\"a\\*b\"" },
                { __LINE__, "tag:\"a\\\"b\"", "tag:\"a\\\"b\"" },
                { __LINE__, "tag:a\\\\b", "tag:\"a\\\\b\"" },
                { __LINE__, "-tag:x", "-tag:\"x\"" },
                { __LINE__, "note:Basic", "note:\"Basic\"" },
                { __LINE__, "is:due", "is:due" },
                { __LINE__, "is:Suspended", "is:suspended" },
                { __LINE__, "is:leech or is:buried", "(is:leech or is:buried)" },
                { __LINE__, "flag:0 flag:7", "(flag:0 and flag:7)" },
                { __LINE__, "rated:7", "rated:7" },
                { __LINE__, "rated:7:1", "rated:7:1" },
                { __LINE__, "rated:1:Again", "rated:1:1" },
                { __LINE__, "rated:1:easy", "rated:1:4" },
                { __LINE__, "added:30", "added:30" },
                { __LINE__, "due<7", "prop:due<7" },
                { __LINE__, "due<=-1", "prop:due<=-1" },
                { __LINE__, "stability>30", "prop:stability>30" },
                { __LINE__, "difficulty>=7.5", "prop:difficulty>=7.5" },
                { __LINE__, "Lapses>=4", "prop:lapses>=4" },
                { __LINE__, "reps=0", "prop:reps=0" },
                { __LINE__, "prop:interval!=3", "prop:interval!=3" },
                { __LINE__, "interval<0.1", "prop:interval<0.1" },
                { __LINE__, "cid:5", "cid:5" },
                { __LINE__, "nid:5,6,7", "((nid:5 or nid:6) or nid:7)" },
                { __LINE__, "-cid:1,2 x", "(-(cid:1 or cid:2) and x)" },
                { __LINE__, "日本語", "日本語" },
                { __LINE__, "due", "due" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(textbuf_done) TextBuf problem = {}, plain = {}, again = {};
                int r = query_parse(rows[i].text, strlen(rows[i].text), &query, &problem);

                if (r != 0) {
                        CHECK_FAIL("row %d: %s", rows[i].line, problem.buf);
                        continue;
                }
                query_print(&query, &plain);
                if (strcmp(plain.buf ? plain.buf : "", rows[i].plain) != 0)
                        CHECK_FAIL("row %d: %s, expected %s", rows[i].line, plain.buf,
                                   rows[i].plain);

                CHECK_INT(0, query_parse(rows[i].plain, strlen(rows[i].plain), &query, &problem));
                query_print(&query, &again);
                CHECK_STR(rows[i].plain, again.buf ? again.buf : "");
        }
}

TEST(bad_queries_are_refused_with_the_place)
{
        static const struct {
                int line;
                const char *text, *problem;
        } rows[] = {
                { __LINE__, "(", "There is nothing in the parentheses (at character 1)." },
                { __LINE__, "a ()", "There is nothing in the parentheses (at character 3)." },
                { __LINE__, "(a", "The parenthesis is not closed (at character 1)." },
                { __LINE__, "a)", "A parenthesis is closed that was not opened (at character 2)." },
                { __LINE__, ")", "A parenthesis is closed that was not opened (at character 1)." },
                { __LINE__, "\"a", "The quotation marks are not closed (at character 1)." },
                { __LINE__, "é \"a\\\"", "The quotation marks are not closed (at character 3)." },
                { __LINE__, "\"\"",
                  "There is nothing between the quotation marks (at character 1)." },
                { __LINE__, "or a", "\"or\" needs something on both sides (at character 1)." },
                { __LINE__, "a or", "\"or\" needs something on both sides (at character 3)." },
                { __LINE__, "a or or b", "\"or\" needs something on both sides (at character 6)." },
                { __LINE__, "a and", "\"and\" needs something on both sides (at character 3)." },
                { __LINE__, "(a or)", "\"or\" needs something on both sides (at character 4)." },
                { __LINE__, "a -", "Nothing stands behind the negation (at character 3)." },
                { __LINE__, "a - b", "Nothing stands directly behind the \"-\" (at character 3)." },
                { __LINE__, "not", "Nothing stands behind the negation (at character 1)." },
                { __LINE__, "deck:", "Nothing stands behind the colon (at character 6)." },
                { __LINE__, "deck: x", "Nothing stands behind the colon (at character 6)." },
                { __LINE__, "dek:x",
                  "There is no search key \"dek:\"; put it in quotation marks to look for the text, or "
                  "use deck:, tag:, note:, is:, flag:, rated:, added:, prop:, cid: or nid: (at "
                  "character 1)." },
                { __LINE__, "a is:late",
                  "\"is:\" takes due, new, learning, review, suspended, buried or leech, not \"late\" "
                  "(at character 6)." },
                { __LINE__, "flag:8",
                  "\"flag:\" takes a number from 0 to 7, not \"8\" (at character 6)." },
                { __LINE__, "rated:0",
                  "A number of days from 1 to 36500 is needed, not \"0\" (at character 7)." },
                { __LINE__, "rated:1:5",
                  "A grade is 1 to 4, or again, hard, good or easy, not \"5\" (at character 7)." },
                { __LINE__, "due<", "A number is needed, not \"\" (at character 5)." },
                { __LINE__, "due<x", "A number is needed, not \"x\" (at character 5)." },
                { __LINE__, "due<nan", "A number is needed, not \"nan\" (at character 5)." },
                { __LINE__, "due<1e99", "A number is needed, not \"1e99\" (at character 5)." },
                { __LINE__, "prop:ease>2",
                  "\"prop:\" takes due, stability, difficulty, interval, lapses or reps, a comparison "
                  "and a number, as in prop:due<7 (at character 6)." },
                { __LINE__,
                  "cid:", "Numbers with commas between are needed, not \"\" (at character 5)." },
                { __LINE__, "cid:1,,2",
                  "Numbers with commas between are needed, not \"\" (at character 5)." },
                { __LINE__, "nid:0",
                  "Numbers with commas between are needed, not \"0\" (at character 5)." },
                { __LINE__, "a\x01", "The search holds a control character (at character 2)." },
                { __LINE__, "a\xff", "The search is not valid UTF-8 (at character 1)." },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(textbuf_done) TextBuf problem = {};
                int r = query_parse(rows[i].text, strlen(rows[i].text), &query, &problem);

                if (r != QUERY_E_BAD ||
                    strcmp(problem.buf ? problem.buf : "", rows[i].problem) != 0)
                        CHECK_FAIL("row %d: %d %s, expected %s", rows[i].line, r, problem.buf,
                                   rows[i].problem);
        }
}

TEST(nul_is_a_control_character)
{
        _cleanup_(textbuf_done) TextBuf problem = {};

        CHECK_INT(QUERY_E_BAD, query_parse("a\0b", 3, &query, &problem));
        CHECK_STR("The search holds a control character (at character 2).", problem.buf);
}

TEST(size_depth_and_parts_are_bounded)
{
        static const struct {
                const char *piece;
                int times;
                bool good;
        } rows[] = {
                { "a ", 128, true },     { "a ", 129, false },    { "(", 33, false },
                { "-", 33, false },      { "abc,", 1025, false }, { "\"a\"", 129, false },
                { "not ", 2000, false },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(textbuf_done) TextBuf text = {}, problem = {};
                int r;

                for (int k = 0; k < rows[i].times; k++)
                        textbuf_adds(&text, rows[i].piece);
                r = query_parse(text.buf, text.len, &query, &problem);
                CHECK_INT(rows[i].good ? 0 : QUERY_E_BAD, r);
                CHECK(rows[i].good || problem.len > 0);
        }
}

TEST(nodes_stand_after_those_they_refer_to)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        static const char text[] = "-(a or b) (c -d) cid:1,2";

        REQUIRE(query_parse(text, strlen(text), &query, &problem) == 0);
        for (size_t i = 0; i < query.n_nodes; i++) {
                const QueryNode *n = &query.nodes[i];

                CHECK(n->left == QUERY_NONE || n->left < i);
                CHECK(n->right == QUERY_NONE || n->right < i);
        }
        CHECK_INT(QUERY_AND, query_root(&query)->kind);
}

CHECK_MAIN
