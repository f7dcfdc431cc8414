#include "store/search.h"

#include "tests/store/sample.h"

static Query query;

static Sample collection(void) {
        Sample s = sample_new();

        sample_sql(
                &s,
                "INSERT INTO deck (id, uuid, known, name, parent, preset) VALUES"
                " (2, randomblob(16), 1, 'Languages', NULL, 1), (3, randomblob(16), 1, 'French', 2, 1),"
                " (4, randomblob(16), 1, 'Lang*', NULL, 1), (5, randomblob(16), 1, 'Été', NULL, 1);"
                "INSERT INTO tag (id, name) VALUES (1, 'sea'), (2, 'sea::deep'), (3, 'leech'),"
                " (4, 'seaside');");
        sample_note(&s, 1, 1, "The <b>ti</b>de pool &amp; the Crème brûlée", "sea");
        sample_note(&s, 2, 2, "pool of tides<br>calm", "sea::deep");
        sample_note(&s, 3, 3, "{{c1::marée::tide}} haute C++ \xe2\x86\x92", "leech");
        sample_note(&s, 4, 4,
                    "\xe7\xa7\x81\xe3\x81\xaf\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x82\x92"
                    "\xe5\xad\xa6\xe3\x81\xb6 NASA",
                    "seaside");
        sample_note(&s, 5, 5, "say \"tide\" and don't", "");
        sample_note(&s, 6, 1, "hidden tide", "");
        sample_sql(
                &s,
                "INSERT INTO note_tag VALUES (1, 1), (2, 2), (3, 3), (4, 4);"
                "UPDATE card SET queue = 0 WHERE id = 6;"
                "UPDATE card SET queue = 3, state = 2, due_day = 20779, stability = 40, difficulty ="
                " 5.5, interval = 30, reps = 9, lapses = 4, flag = 2 WHERE id = 1;"
                "UPDATE card SET queue = 3, state = 2, due_day = 20787, stability = 12, difficulty ="
                " 7, interval = 8, reps = 3 WHERE id = 2;"
                "UPDATE card SET queue = 2, state = 1, due_ms = 1795435200000, stability = 0.5,"
                " difficulty = 6, interval = -600, reps = 1 WHERE id = 3;"
                "UPDATE card SET queue = 4, state = 3, due_ms = 1795435260000, suspended = 1,"
                " stability = 2, difficulty = 8, interval = -600, reps = 20, lapses = 9 WHERE id = 4;"
                "UPDATE card SET queue = 5, buried_day = 20781 WHERE id = 5;"
                "UPDATE note SET notetype = 3, created = (1795435200000 - 3 * 86400000) * 65536"
                " WHERE id = 3;"
                "INSERT INTO writer (id, name) VALUES (9, 'w');"
                "INSERT INTO review (card, at_ms, writer, seq, hash, hlc, tz_min, day_starts_min, grade,"
                " took_ms, mode, was, n, state, step, interval, undone) VALUES"
                " (1, 1795435200000, 9, 1, 0, 0, 0, 240, 1, 0, 0, 2, 0, 2, 0, 1, 0),"
                /* On the day before, at 03:59 and at 04:00 by the clock they were made at. */
                " (2, 1795316340000, 9, 2, 0, 0, 60, 240, 3, 0, 0, 2, 0, 2, 0, 1, 0),"
                " (3, 1795316400000, 9, 3, 0, 0, 60, 240, 3, 0, 0, 2, 0, 2, 0, 1, 0),"
                " (4, 1795435200000, 9, 4, 0, 0, 0, 240, 4, 0, 0, 2, 0, 2, 0, 1, 1);");
        return s;
}

/* Numbers of the cards found, "1 3 4". */
static char *found(Sample *s, const char *text, SearchOrder order) {
        _cleanup_(textbuf_done) TextBuf problem = {}, out = {};
        int64_t cards[32];
        uint64_t total;
        char *result = NULL;
        size_t n = 0;
        int r;

        if (query_parse(text, strlen(text), &query, &problem) != 0) {
                CHECK_FAIL("%s: %s", text, problem.buf);
                return strdup("");
        }
        r = search_cards(s->store, &query, &now, order, 0, ELEMENTS(cards), cards, &n, &total);
        if (r != 0)
                CHECK_FAIL("%s: %d %s", text, r, store_error(s->store));
        else
                CHECK_INT(n, total);
        for (size_t i = 0; i < n; i++)
                textbuf_addf(&out, "%s%lld", i > 0 ? " " : "", (long long) cards[i]);
        (void) textbuf_take(&out, &result);
        return result;
}

TEST(every_condition_finds_its_cards)
{
        static const struct {
                int line;
                const char *query, *cards;
        } rows[] = {
                { __LINE__, "", "1 2 3 4 5" },
                /* Words begin words; HTML, accents, case and quotation marks do not matter. */
                { __LINE__, "tide", "1 2 5" },
                { __LINE__, "TIDE", "1 2 5" },
                { __LINE__, "tid pool", "1 2" },
                { __LINE__, "ide", "" },
                { __LINE__, "creme brulee", "1" },
                { __LINE__, "Brûlée", "1" },
                { __LINE__, "maree", "3" },
                { __LINE__, "\"tide pool\"", "1" },
                { __LINE__, "\"tide poo\"", "" },
                { __LINE__, "\"pool tide\"", "" },
                { __LINE__, "tides\\ calm", "2" },
                { __LINE__, "c++", "3" },
                { __LINE__, "→", "3" },
                { __LINE__, "don't", "5" },
                { __LINE__, "amp", "" },
                { __LINE__, "nasa", "4" },
                /* Anywhere in scripts without spaces, a character alone as well. */
                { __LINE__, "日本", "4" },
                { __LINE__, "本語を", "4" },
                { __LINE__, "語", "4" },
                { __LINE__, "本日", "" },
                { __LINE__, "\"日本語\"", "4" },
                /* Tags are text too. */
                { __LINE__, "seaside", "4" },
                { __LINE__, "deep", "2" },
                { __LINE__, "\"calm sea\"", "" },
                /* Nothing to look for. */
                { __LINE__, "?", "1 2 3 4 5" },
                { __LINE__, "tide —", "1 2 5" },
                { __LINE__, "tide -pool", "5" },
                { __LINE__, "-tide", "3 4" },
                { __LINE__, "calm or haute", "2 3" },
                { __LINE__, "-(calm or haute) tide", "1 5" },
                { __LINE__, "tide or is:learning", "1 2 3 4 5" },
                { __LINE__, "tide (flag:2 or is:buried)", "1 5" },

                { __LINE__, "deck:Default", "1" },
                { __LINE__, "deck:languages", "2 3" },
                { __LINE__, "deck:Languages::French", "3" },
                { __LINE__, "deck:French", "" },
                { __LINE__, "deck:*French", "3" },
                { __LINE__, "deck:Lang*", "2 3 4" },
                { __LINE__, "deck:Lang\\*", "4" },
                { __LINE__, "deck:*", "1 2 3 4 5" },
                { __LINE__, "deck:éTÉ", "5" },
                { __LINE__, "-deck:Languages", "1 4 5" },
                { __LINE__, "tag:sea", "1 2" },
                { __LINE__, "tag:SEA::*", "2" },
                { __LINE__, "tag:sea*", "1 2 4" },
                { __LINE__, "tag:*e*", "1 2 3 4" },
                { __LINE__, "-tag:*", "5" },
                { __LINE__, "tag:none-such", "" },
                { __LINE__, "note:cloze", "3" },
                { __LINE__, "-note:Cloze", "1 2 4 5" },

                { __LINE__, "is:due", "1 3" },
                { __LINE__, "-is:due", "2 4 5" },
                { __LINE__, "is:new", "5" },
                { __LINE__, "is:learning", "3 4" },
                { __LINE__, "is:review", "1 2" },
                { __LINE__, "is:suspended", "4" },
                { __LINE__, "is:buried", "5" },
                { __LINE__, "-is:buried", "1 2 3 4" },
                { __LINE__, "is:leech", "3" },
                { __LINE__, "flag:2", "1" },
                { __LINE__, "flag:0", "2 3 4 5" },
                { __LINE__, "rated:1", "1" },
                { __LINE__, "rated:2", "1 3" },
                { __LINE__, "rated:3", "1 2 3" },
                { __LINE__, "rated:3:good", "2 3" },
                { __LINE__, "rated:1:4", "" },
                { __LINE__, "-rated:3", "4 5" },
                { __LINE__, "added:1", "1 2 4 5" },
                { __LINE__, "added:3", "1 2 4 5" },
                { __LINE__, "added:4", "1 2 3 4 5" },
                { __LINE__, "due<0", "1" },
                { __LINE__, "due<=0", "1 3 4" },
                { __LINE__, "due=7", "2" },
                { __LINE__, "-due<=0", "2 5" },
                { __LINE__, "due!=0", "1 2" },
                { __LINE__, "stability>30", "1" },
                { __LINE__, "stability<3", "3 4" },
                { __LINE__, "difficulty>=7", "2 4" },
                { __LINE__, "interval<1", "3 4" },
                { __LINE__, "interval>8", "1" },
                { __LINE__, "lapses>=4", "1 4" },
                { __LINE__, "reps=0", "5" },
                { __LINE__, "cid:2,4,99", "2 4" },
                { __LINE__, "nid:3", "3" },
                { __LINE__, "cid:6", "" },
        };
        Sample s = collection();

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *cards = found(&s, rows[i].query, SEARCH_ORDER_ADDED);

                if (strcmp(cards, rows[i].cards) != 0)
                        CHECK_FAIL("row %d: %s finds \"%s\", expected \"%s\"", rows[i].line,
                                   rows[i].query, cards, rows[i].cards);
        }
        sample_done(&s);
}

TEST(results_come_in_the_order_asked_for)
{
        Sample s = collection();
        static const char *const expected[] = {
                [SEARCH_ORDER_ADDED] = "1 2 3 4 5",
                [SEARCH_ORDER_DUE] = "1 3 4 2 5",
                [SEARCH_ORDER_STABILITY] = "5 3 4 2 1",
                [SEARCH_ORDER_LAPSES] = "4 1 2 3 5",
        };

        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                _cleanup_free_ char *cards = found(&s, "", (SearchOrder) i);

                CHECK_STR(expected[i], cards);
        }
        sample_done(&s);
}

TEST(pages_join_to_the_whole_and_the_total_stays)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        Sample s = collection();
        int64_t cards[2];
        uint64_t total;
        size_t n;

        REQUIRE(query_parse("", 0, &query, &problem) == 0);
        for (uint64_t offset = 0; offset < 6; offset += 2) {
                CHECK_INT(0, search_cards(s.store, &query, &now, SEARCH_ORDER_ADDED, offset, 2,
                                          cards, &n, &total));
                CHECK_INT(5, total);
                CHECK_INT(offset < 4 ? 2 : 1, n);
                CHECK_INT(offset + 1, cards[0]);
        }
        CHECK_INT(0, search_cards(s.store, &query, &now, SEARCH_ORDER_ADDED, 100, 2, cards, &n,
                                  &total));
        CHECK_INT(0, n);
        CHECK_INT(5, total);
        sample_done(&s);
}

TEST(notes_with_several_cards_are_found_once)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        Sample s = collection();
        int64_t notes[8];
        uint64_t total;
        size_t n;

        sample_sql(&s, "INSERT INTO card (id, note, ord, queue) VALUES (20, 1, 1, 1)");
        REQUIRE(query_parse("tide", 4, &query, &problem) == 0);
        CHECK_INT(0, search_notes(s.store, &query, &now, 0, 8, notes, &n, &total));
        CHECK_INT(3, n);
        CHECK_INT(3, total);
        CHECK_INT(1, notes[0]);
        CHECK_INT(2, notes[1]);
        CHECK_INT(5, notes[2]);
        sample_done(&s);
}

TEST(a_changed_note_is_found_by_its_new_text_alone)
{
        _cleanup_free_ char *old = NULL, *new = NULL;
        const char *fields[] = { "ebb", "and\xff flow" };
        Sample s = collection();

        CHECK_INT(0, search_put_note(s.store, 1, fields, 2, NULL));
        old = found(&s, "brulee", SEARCH_ORDER_ADDED);
        CHECK_STR("", old);
        new = found(&s, "ebb flow", SEARCH_ORDER_ADDED);
        CHECK_STR("1", new);
        free(new);
        new = found(&s, "\"ebb and\"", SEARCH_ORDER_ADDED); /* not across fields */
        CHECK_STR("", new);
        CHECK_INT(0, search_delete_note(s.store, 1));
        free(new);
        new = found(&s, "ebb", SEARCH_ORDER_ADDED);
        CHECK_STR("", new);
        sample_sql(&s, "INSERT INTO note_fts (note_fts) VALUES ('integrity-check')");
        sample_done(&s);
}

/* The largest query there may be, of every kind, and each word with something SQL or FTS5 could take for its own. */
TEST(hostile_queries_are_only_values)
{
        static const char *const pieces[] = {
                "a'b",         "x\\\"y",     "a*b",      "NEAR(",
                "\"a AND b\"", "^a",         "text\\:x", "deck:\"'; --\"",
                "tag:%_",      "note:\"a\"", "{a}",      "a+b",
                "rated:1:1",   "added:9",    "due<-1",   "interval!=-5",
                "flag:7",      "is:leech",   "is:due",   "*",
        };
        _cleanup_(textbuf_done) TextBuf text = {}, problem = {};
        Sample s = collection();
        int64_t card;
        uint64_t total;
        size_t n;

        for (size_t i = 0; i < ELEMENTS(pieces); i++) {
                char *closed = strchr(pieces[i], '(');
                _cleanup_free_ char *piece = strdup(pieces[i]);

                if (closed)
                        piece[closed - pieces[i]] = '\0';
                CHECK_INT(0, query_parse(piece, strlen(piece), &query, &problem));
                CHECK_INT(0, search_cards(s.store, &query, &now, SEARCH_ORDER_DUE, 0, 1, &card, &n,
                                          &total));
        }
        for (int i = 0; i < 128; i++) {
                textbuf_adds(&text, i % 2 ? "or " : "");
                textbuf_adds(&text, i % 3 ? "is:due " : i % 5 ? "rated:3:2 " : "x\\\"y ");
        }
        REQUIRE(query_parse(text.buf, text.len, &query, &problem) == 0);
        CHECK_INT(0,
                  search_cards(s.store, &query, &now, SEARCH_ORDER_DUE, 0, 1, &card, &n, &total));
        sample_done(&s);
}

CHECK_MAIN
