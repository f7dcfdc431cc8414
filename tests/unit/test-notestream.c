#include "jobs/notestream.h"

#include <errno.h>

#include "tests/check.h"

#define HEADER    "{\"ebb\":\"notes\",\"v\":1,\"source\":\"text\",\"name\":\"a.csv\"}"
#define NOTE      "{\"note\":{\"cols\":[\"q\",\"a\"]}}"
#define END(n, m) "{\"end\":{\"notes\":" #n ",\"refused\":" #m "}}"

/* What is wrong with a line; "" when nothing is. */
static const char *problem_of(const char *text, size_t len) {
        static char last[4096];
        char *problem = NULL;
        NoteLine line;
        int r;

        r = noteline_parse(text, len, &line, &problem);
        if (r == 0) {
                noteline_done(&line);
                return "";
        }
        snprintf(last, sizeof(last), "%s", r == NOTESTREAM_E_INVALID ? problem : "broke");
        free(problem);
        return last;
}

TEST(header_is_read)
{
        char *problem;
        NoteLine line;

        REQUIRE(noteline_parse(HEADER, strlen(HEADER), &line, &problem) == 0);
        CHECK_INT(NOTELINE_HEADER, line.kind);
        CHECK_STR("text", line.source);
        CHECK_STR("a.csv", line.name);
        noteline_done(&line);
}

TEST(note_by_names_is_read)
{
        static const char text[] =
                "{\"note\":{\"guid\":\"#x1\",\"notetype\":\"Basic\",\"deck\":\"A::B c\",\"tags\":[\"t\","
                "\"u::v\",\"t\"],\"fields\":{\"Front\":\"1 < 2\",\"Back\":\"\"},\"line\":7,"
                "\"suspended\":true}}";
        char *problem;
        NoteLine line;

        REQUIRE(noteline_parse(text, strlen(text), &line, &problem) == 0);
        CHECK_INT(NOTELINE_NOTE, line.kind);
        CHECK_STR("#x1", line.guid);
        CHECK_STR("Basic", line.notetype);
        CHECK_STR("A::B c", line.deck);
        CHECK_INT(2, line.n_tags); /* the second t adds nothing */
        CHECK_STR("u::v", line.tags[1]);
        CHECK(!line.by_column);
        CHECK_INT(2, line.n_fields);
        CHECK_STR("Front", line.fields[0].name);
        CHECK_STR("1 < 2", line.fields[0].value);
        CHECK_STR("Back", line.fields[1].name);
        CHECK_STR("", line.fields[1].value);
        CHECK_INT(7, line.line);
        CHECK(line.suspended);
        noteline_done(&line);
}

TEST(note_by_columns_has_no_names)
{
        char *problem;
        NoteLine line;

        REQUIRE(noteline_parse(NOTE, strlen(NOTE), &line, &problem) == 0);
        CHECK(line.by_column);
        CHECK_INT(2, line.n_fields);
        CHECK(!line.fields[0].name);
        CHECK_STR("a", line.fields[1].value);
        CHECK_STR("", line.guid);
        CHECK_STR("", line.deck);
        CHECK_INT(0, line.n_tags);
        noteline_done(&line);
}

TEST(note_type_is_read)
{
        static const char text[] =
                "{\"notetype\":{\"name\":\"Word\",\"fields\":[\"A\",\"B\"],\"templates\":[{\"name\":\"C\","
                "\"front\":\"{{A}}\",\"back\":\"{{B}}\"}]}}";
        char *problem;
        NoteLine line;

        REQUIRE(noteline_parse(text, strlen(text), &line, &problem) == 0);
        CHECK_INT(NOTELINE_NOTETYPE, line.kind);
        CHECK_STR("Word", line.type.name);
        CHECK(!line.type.cloze);
        CHECK_INT(2, line.type.n_fields);
        CHECK_STR("B", line.type.fields[1]);
        CHECK_INT(1, line.type.n_templates);
        CHECK_STR("{{B}}", line.type.templates[0].back);
        CHECK_STR("", line.type.css);
        noteline_done(&line);
}

TEST(options_refused_and_end_are_read)
{
        static const char options[] =
                "{\"options\":{\"match\":\"keep\",\"scope\":\"notetype+deck\"}}";
        static const char refused[] =
                "{\"refused\":{\"line\":9,\"why\":\"is odd\",\"text\":\"x\"}}";
        static const char end[] = END(4, 5);
        char *problem;
        NoteLine line;

        REQUIRE(noteline_parse(options, strlen(options), &line, &problem) == 0);
        CHECK(line.has_match && line.match == NOTEMATCH_KEEP);
        CHECK(line.has_scope && line.scope == NOTESCOPE_NOTETYPE_DECK);
        noteline_done(&line);
        REQUIRE(noteline_parse(refused, strlen(refused), &line, &problem) == 0);
        CHECK_INT(9, line.line);
        CHECK_STR("is odd", line.why);
        CHECK_STR("x", line.text);
        noteline_done(&line);
        REQUIRE(noteline_parse(end, strlen(end), &line, &problem) == 0);
        CHECK_INT(4, line.notes);
        CHECK_INT(5, line.refused);
        noteline_done(&line);
}

TEST(bad_lines_are_refused_with_the_reason)
{
#define TYPE(rest) "{\"notetype\":{\"name\":\"N\"," rest "}}"
#define FIELDS     "\"fields\":[\"A\"]"
#define CARDS      "\"templates\":[{\"name\":\"C\",\"front\":\"{{A}}\",\"back\":\"\"}]"
#define N(rest)    "{\"note\":{" rest ",\"cols\":[\"q\"]}}"
        static const struct {
                const char *line, *problem;
        } rows[] = {
                { "", "is not JSON from byte 1 on" },
                { "x", "is not JSON from byte 1 on" },
                { "{\"note\":{\"cols\":[\"q\"]}", "is not JSON from byte 23 on" },
                { "{\"note\":{\"cols\":[\"\\ud800\"]}}", "is not JSON from byte" },
                { "{\"note\":{\"cols\":[\"\\u0000\"]}}", "is not JSON from byte" },
                { "{\"note\":{\"cols\":[\"\xff\"]}}", "is not JSON from byte" },
                { "[]", "is not an object" },
                { "{}", "is not an object" },
                { "7", "is not an object" },
                { "{\"card\":{}}", "is of the unknown kind \"card\"" },
                { "{\"note\":{\"cols\":[\"q\"]},\"x\":1}", "holds more than \"note\"" },
                { "{\"note\":7}", "has a \"note\" that is not an object" },
                { "{\"ebb\":\"ops\",\"v\":1,\"source\":\"a\"}", "does not say \"ebb\":\"notes\"" },
                { "{\"ebb\":\"notes\",\"v\":2,\"source\":\"a\"}", "is of a version other than 1" },
                { "{\"ebb\":\"notes\",\"source\":\"a\"}", "is of a version other than 1" },
                { "{\"ebb\":\"notes\",\"v\":1}", "has the source \"\"" },
                { "{\"ebb\":\"notes\",\"v\":1,\"source\":\"A b\"}", "has the source \"A b\"" },
                { "{\"ebb\":\"notes\",\"v\":1,\"source\":\"a\",\"z\":1}",
                  "has a header with the unknown key \"z\"" },
                { "{\"options\":{\"match\":\"merge\"}}", "has the match \"merge\"" },
                { "{\"options\":{\"match\":\"\"}}", "has the match \"\"" },
                { "{\"options\":{\"scope\":\"deck\"}}", "has the scope \"deck\"" },
                { "{\"options\":{\"match\":1}}", "has a \"match\" that is not a string" },
                { "{\"note\":{}}", "neither or both" },
                { "{\"note\":{\"cols\":[\"q\"],\"fields\":{\"A\":\"q\"}}}", "neither or both" },
                { "{\"note\":{\"cols\":[]}}", "has a note without fields" },
                { "{\"note\":{\"cols\":{\"A\":\"q\"}}}", "not a list of strings" },
                { "{\"note\":{\"fields\":[\"q\"]}}", "not a list of strings" },
                { "{\"note\":{\"cols\":[1]}}", "has a note with a field that is not a string" },
                { "{\"note\":{\"fields\":{\"\":\"q\"}}}", "has a field without a name" },
                { "{\"note\":{\"fields\":{\"A\":\"q\",\"A\":\"r\"}}}", "is not JSON from byte" },
                { N("\"gid\":\"x\""), "has a note with the unknown key \"gid\"" },
                { N("\"guid\":1"), "has a \"guid\" that is not a string" },
                { N("\"suspended\":1"), "has a \"suspended\" that is neither true nor false" },
                { N("\"line\":-1"), "has no \"line\" that is a whole number" },
                { N("\"line\":1.5"), "has no \"line\" that is a whole number" },
                { N("\"tags\":\"a b\""), "tags are not a list" },
                { N("\"tags\":[1]"), "has a note with a tag that is not a string" },
                { N("\"tags\":[\"\"]"), "has an empty tag" },
                { N("\"tags\":[\"a b\"]"), "has the tag \"a b\", which holds white space" },
                { N("\"tags\":[\"a\\u3000b\"]"), "holds white space" },
                { N("\"tags\":[\"a\\u0007\"]"), "control character" },
                { N("\"deck\":\"A::::B\""), "of which a part between \"::\" is empty" },
                { N("\"deck\":\"::A\""), "of which a part between \"::\" is empty" },
                { N("\"deck\":\"A::\""), "of which a part between \"::\" is empty" },
                { N("\"deck\":\"A:: ::B\""), "of which a part between \"::\" is empty" },
                { N("\"deck\":\"A\\nB\""), "holds a control character" },
                { N("\"deck\":\"a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::a::"
                    "a::a::a::a::a::a::a::a::a\""),
                  "is deeper than 32" },
                { N("\"notetype\":\" Basic\""), "begins or ends with a space" },
                { N("\"notetype\":\"Ba\\tsic\""), "has a note type whose name holds a control" },
                { TYPE(CARDS), "without fields" },
                { TYPE(FIELDS), "without templates" },
                { TYPE("\"fields\":[]," CARDS), "without fields" },
                { TYPE("\"fields\":[1]," CARDS), "a field whose name is not a string" },
                { TYPE("\"fields\":[\"A\",\"A\"]," CARDS),
                  "has a note type with two fields \"A\"" },
                { TYPE(FIELDS ",\"templates\":[]"), "without templates" },
                { TYPE(FIELDS ",\"templates\":[7]"), "has a template without a name" },
                { TYPE(FIELDS ",\"templates\":[{\"name\":\"C\"}]"), "with an empty front" },
                { TYPE(FIELDS ",\"templates\":[{\"name\":\"C\",\"q\":1}]"),
                  "the unknown key \"q\"" },
                { TYPE(FIELDS ",\"css\":1," CARDS), "has a \"css\" that is not a string" },
                { "{\"notetype\":{" FIELDS "," CARDS "}}", "has a note type without a name" },
                { "{\"refused\":{\"line\":1}}", "has a refusal without a reason" },
                { "{\"refused\":{\"line\":\"1\",\"why\":\"x\"}}", "has no \"line\"" },
                { "{\"end\":{\"notes\":1}}", "has no \"refused\" that is a whole number" },
                { "{\"end\":{\"notes\":-1,\"refused\":0}}", "has no \"notes\"" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const char *problem = problem_of(rows[i].line, strlen(rows[i].line));

                if (!*problem || !strstr(problem, rows[i].problem))
                        CHECK_FAIL("row %zu: \"%s\", expected \"%s\"", i, problem, rows[i].problem);
        }
}

/* A line of `before`, then `piece` n times with commas between, then `after`. */
static char *repeated(const char *before, const char *piece, size_t n, const char *after) {
        TextBuf b = { 0 };
        char *s;

        textbuf_adds(&b, before);
        for (size_t i = 0; i < n; i++)
                textbuf_addf(&b, "%s%s", i ? "," : "", piece);
        textbuf_adds(&b, after);
        return textbuf_take(&b, &s) < 0 ? NULL : s;
}

TEST(limits_hold_to_the_last_one_allowed)
{
        static char kilobyte[1025], name[202];
        _cleanup_free_ char *mebibyte = NULL;
        char *s;

        s = repeated("{\"note\":{\"cols\":[", "\"x\"", 64, "]}}");
        CHECK_STR("", problem_of(s, strlen(s)));
        free(s);
        s = repeated("{\"note\":{\"cols\":[", "\"x\"", 65, "]}}");
        CHECK_STR("has a note of more than 64 fields", problem_of(s, strlen(s)));
        free(s);
        s = repeated("{\"note\":{\"cols\":[\"q\"],\"tags\":[", "\"x\"", 256, "]}}");
        CHECK_STR("", problem_of(s, strlen(s)));
        free(s);
        s = repeated("{\"note\":{\"cols\":[\"q\"],\"tags\":[", "\"x\"", 257, "]}}");
        CHECK_STR("has a note of more than 256 tags", problem_of(s, strlen(s)));
        free(s);

        memset(kilobyte, 'x', 1023);
        kilobyte[1023] = ',';
        mebibyte = repeated("", kilobyte, 1024, "");
        mebibyte[TEXT_FIELD_MAX] = 0;
        s = text_format("{\"note\":{\"cols\":[\"%s\"]}}", mebibyte);
        CHECK_STR("", problem_of(s, strlen(s)));
        free(s);
        s = text_format("{\"note\":{\"cols\":[\"%sx\"]}}", mebibyte);
        CHECK_STR("has a note with a field that is longer than 1 MiB", problem_of(s, strlen(s)));
        free(s);
        s = text_format("{\"note\":{\"cols\":[\"%s\",\"%s\",\"%s\",\"%s\"]}}", mebibyte, mebibyte,
                        mebibyte, mebibyte);
        CHECK_STR("is longer than 4 MiB", problem_of(s, strlen(s)));
        free(s);

        memset(name, 'n', 200);
        s = text_format(
                "{\"note\":{\"cols\":[\"q\"],\"tags\":[\"%s\"],\"guid\":\"%s\",\"deck\":\"%s\"}}",
                name, name, name);
        CHECK_STR("", problem_of(s, strlen(s)));
        free(s);
        name[200] = 'n';
        s = text_format("{\"note\":{\"cols\":[\"q\"],\"tags\":[\"%s\"]}}", name);
        CHECK(strstr(problem_of(s, strlen(s)), "longer than 200 bytes"));
        free(s);
        s = text_format("{\"note\":{\"cols\":[\"q\"],\"deck\":\"A::%s\"}}", name);
        CHECK(strstr(problem_of(s, strlen(s)), "longer than 200 bytes"));
        free(s);
}

/* Feeds a stream in pieces; the kinds that came, one letter each, then the problem if there was one. */
static const char *kinds_of(const char *text, size_t piece) {
        static char out[4096];
        NoteStream stream = { 0 };
        size_t len = strlen(text), at = 0, n = 0;
        bool eof = false;

        out[0] = 0;
        for (;;) {
                char *problem;
                NoteLine line;
                int r;

                r = notestream_next(&stream, &line, &problem);
                if (r == NOTESTREAM_E_INVALID) {
                        snprintf(out + n, sizeof(out) - n, " %s", problem);
                        free(problem);
                        break;
                }
                if (r == 0) {
                        out[n++] = "hotnre"[line.kind];
                        out[n] = 0;
                        noteline_done(&line);
                        continue;
                }
                if (eof)
                        break;
                if (at == len) {
                        notestream_push_eof(&stream);
                        eof = true;
                        continue;
                }
                if (piece > len - at)
                        piece = len - at;
                if (notestream_push(&stream, text + at, piece) < 0)
                        break;
                at += piece;
        }
        notestream_done(&stream);
        return out;
}

TEST(whole_stream_is_taken_in_pieces_of_any_size)
{
        static const char text[] = HEADER "\n{\"options\":{}}\n" NOTE "\n" NOTE
                                          "\n{\"refused\":{\"why\":\"x\"}}\n" END(2, 1) "\n";

        for (size_t piece = 1; piece < sizeof(text); piece++)
                CHECK_STR("honnre", kinds_of(text, piece));
}

TEST(stream_that_was_cut_off_is_told_from_a_whole_one)
{
        static const char text[] = HEADER "\n" NOTE "\n" END(1, 0) "\n";

        for (size_t len = 1; len < strlen(text); len++) {
                _cleanup_free_ char *cut = strndup(text, len);

                if (!strstr(kinds_of(cut, 7), "The note stream was cut off before its end."))
                        CHECK_FAIL("cut at %zu: %s", len, kinds_of(cut, 7));
        }
        CHECK_STR("hne", kinds_of(text, 7));
        CHECK_STR(" The note stream is empty.", kinds_of("", 7));
}

TEST(lines_out_of_place_are_refused)
{
        static const struct {
                const char *text, *result;
        } rows[] = {
                { NOTE "\n", " Line 1 of the note stream comes before the header." },
                { HEADER "\n" HEADER "\n", "h Line 2 of the note stream is a second header." },
                { HEADER "\n{\"options\":{}}\n{\"options\":{}}\n",
                  "ho Line 3 of the note stream holds options a second time." },
                { HEADER "\n" NOTE "\n{\"options\":{}}\n",
                  "hn Line 3 of the note stream holds options after the first note." },
                { HEADER "\n" NOTE "\n" END(2, 0) "\n",
                  "hn Line 3 of the note stream counts other notes than came before it." },
                { HEADER "\n" END(0, 1) "\n",
                  "h Line 2 of the note stream counts other notes than came before it." },
                { HEADER "\n" END(0, 0) "\n" NOTE "\n",
                  "he Line 3 of the note stream comes after the end of the stream." },
                { HEADER "\n\n", "h Line 2 of the note stream is not JSON from byte 1 on." },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (strcmp(rows[i].result, kinds_of(rows[i].text, 1000)) != 0)
                        CHECK_FAIL("row %zu: %s", i, kinds_of(rows[i].text, 1000));
}

TEST(line_without_end_is_refused_at_the_limit)
{
        static char chunk[65536];
        NoteStream stream = { 0 };
        size_t pushed = 0;
        char *problem;
        NoteLine line;
        int r = NOTESTREAM_E_MORE;

        memset(chunk, 'x', sizeof(chunk));
        while (r == NOTESTREAM_E_MORE && pushed < (size_t) 64 << 20) {
                REQUIRE(notestream_push(&stream, chunk, sizeof(chunk)) == 0);
                pushed += sizeof(chunk);
                r = notestream_next(&stream, &line, &problem);
        }
        REQUIRE(r == NOTESTREAM_E_INVALID);
        CHECK_STR("The note stream has a line of more than 4 MiB.", problem);
        CHECK(pushed <= NOTESTREAM_LINE_MAX + sizeof(chunk));
        free(problem);
        notestream_done(&stream);
}

CHECK_MAIN
