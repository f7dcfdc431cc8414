#include "client/readers/sheet.h"

#include <errno.h>

#include "client/readers/csv.h"
#include "jobs/notestream.h"
#include "tests/check.h"

static int collect(void *userdata, const char *data, size_t len) {
        TextBuf *b = userdata;

        textbuf_add(b, data, len);
        return b->error;
}

/*
 * The stream of a table, short: "guid|type|deck|tags|field|field" for a note, "!line why" for what was refused,
 * "=match scope" for options, "*name: fields" for a note type, each on a line. Caller frees.
 */
static char *notes_of_bytes(const char *text, size_t len, const SheetOptions *options) {
        SheetOptions none = { 0 };
        CsvText piece = { text, len };
        Input input = { csv_read_text, &piece };
        TextBuf out = { 0 }, all = { 0 };
        NoteWriter writer = { .write = collect, .userdata = &out };
        NoteStream stream = { 0 };
        char *problem = NULL, *result;
        NoteLine line;
        int r;

        r = sheet_read(&input, options ? options : &none, &writer, &problem);
        if (r == SHEET_E_REFUSED) {
                textbuf_done(&out);
                return problem;
        }
        if (r < 0 || notestream_push(&stream, out.buf, out.len) < 0)
                return strdup("broke");
        notestream_push_eof(&stream);
        while ((r = notestream_next(&stream, &line, &problem)) == 0) {
                switch (line.kind) {
                case NOTELINE_HEADER:
                case NOTELINE_END:
                        break;
                case NOTELINE_OPTIONS:
                        textbuf_addf(&all, "=%d %d\n", line.has_match ? (int) line.match : -1,
                                     line.has_scope ? (int) line.scope : -1);
                        break;
                case NOTELINE_NOTETYPE:
                        textbuf_addf(&all, "*%s:", line.type.name);
                        for (size_t i = 0; i < line.type.n_fields; i++)
                                textbuf_addf(&all, " %s", line.type.fields[i]);
                        textbuf_addc(&all, '\n');
                        break;
                case NOTELINE_NOTE:
                        textbuf_addf(&all, "%s|%s|%s|", line.guid, line.notetype, line.deck);
                        for (size_t i = 0; i < line.n_tags; i++)
                                textbuf_addf(&all, "%s%s", i ? " " : "", line.tags[i]);
                        for (size_t i = 0; i < line.n_fields; i++)
                                textbuf_addf(&all, "|%s%s%s",
                                             line.fields[i].name ? line.fields[i].name : "",
                                             line.fields[i].name ? "=" : "", line.fields[i].value);
                        textbuf_addc(&all, '\n');
                        break;
                case NOTELINE_REFUSED:
                        textbuf_addf(&all, "!%" PRIu64 " %s\n", line.line, line.why);
                        break;
                }
                noteline_done(&line);
        }
        if (r == NOTESTREAM_E_INVALID) {
                textbuf_adds(&all, problem);
                free(problem);
        }
        notestream_done(&stream);
        textbuf_done(&out);
        return textbuf_take(&all, &result) < 0 ? NULL : result;
}

static char *notes_of(const char *text, const SheetOptions *options) {
        return notes_of_bytes(text, strlen(text), options);
}

typedef struct Row {
        const char *text, *notes;
} Row;

static void check_rows(const char *file, int line, const Row *rows, size_t n,
                       const SheetOptions *options) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *notes = notes_of(rows[i].text, options);

                if (!notes || strcmp(rows[i].notes, notes) != 0)
                        CHECK_FAIL("%s:%d row %zu:\n%s--- expected:\n%s", file, line, i, notes,
                                   rows[i].notes);
        }
}
#define CHECK_ROWS(rows, options) check_rows(__FILE__, __LINE__, rows, ELEMENTS(rows), options)

TEST(separator_is_the_one_the_whole_file_agrees_on)
{
        static const Row rows[] = {
                { "q\ta\n", "|Basic|||q|a\n" },
                { "q,a\nr,b\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                { "q;a\nr;b\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                { "q|a\nr|b\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                { "q:a\nr:b\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                { "q a\nr b\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                /* Anki takes the first of TAB | ; : , that occurs anywhere, and would take the colon here. */
                { "at 12:30,noon\nlater,night\n",
                  "|Basic|||at 12:30|noon\n|Basic|||later|night\n" },
                /* And the semicolon here. */
                { "meet,\"to meet; to see\"\nread,\"to read; to say\"\n",
                  "|Basic|||meet|to meet; to see\n|Basic|||read|to read; to say\n" },
                { "1,5 kg;1,6 kg\n2,5 kg;2,6 kg\n",
                  "|Basic|||1,5 kg|1,6 kg\n|Basic|||2,5 kg|2,6 kg\n" },
                { "one, two\tthree, four\nfive\tsix\n",
                  "|Basic|||one, two|three, four\n|Basic|||five|six\n" },
                /* Sentences in one column: some with a comma, most without. */
                { "The {{c1::sun}} is, of course, a star.\nThe {{c1::moon}} is not.\nIt {{c2::shines}} "
                  "so.\n",
                  "|Cloze|||The {{c1::sun}} is, of course, a star.\n|Cloze|||The {{c1::moon}} is "
                  "not.\n|Cloze|||It {{c2::shines}} so.\n" },
                { "alone\n", "|Basic|||alone\n" },
                { "", "" },
                { "\n\n  \n", "" },
        };

        CHECK_ROWS(rows, NULL);
}

TEST(quotes_protect_separators_lines_and_quotes)
{
        static const Row rows[] = {
                { "\"a,b\",c\n", "|Basic|||a,b|c\n" },
                { "\"a \"\"b\"\" c\",d\n", "|Basic|||a &quot;b&quot; c|d\n" },
                { "\"a\nb\",c\nd,e\n", "|Basic|||a<br>b|c\n|Basic|||d|e\n" },
                { "\"a\r\nb\",c\r\nd,e", "|Basic|||a<br>b|c\n|Basic|||d|e\n" },
                { "\"\",\"\"\nq,\"\"\n", "|Basic|||q\n" },
                { "  \"a,b\"  , c \n", "|Basic|||a,b|c\n" },
                { "6\" pipe,15 cm\nx,y\n", "|Basic|||6&quot; pipe|15 cm\n|Basic|||x|y\n" },
                { "a,b\rc,d\r", "|Basic|||a|b\n|Basic|||c|d\n" },
        };
        SheetOptions comma = { .separator = ',' };

        CHECK_ROWS(rows, &comma);
}

TEST(headers_of_anki_are_understood)
{
        static const Row rows[] = {
                { "#separator:semicolon\n#html:false\n#tags:one two\n#deck:A::B\n#notetype:Basic\nq:x,y;a\n",
                  "|Basic|A::B|one two|q:x,y|a\n" },
                { "#separator:|\nq|a\n", "|Basic|||q|a\n" },
                { "#Separator:\t\nq\ta\n", "|Basic|||q|a\n" },
                { "#separator:tab\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags "
                  "column:6\n\"#g\"\tBasic\tD\tq\ta\tt u\nh\tCloze\tE::F\t{{c1::x}}\t\t\n",
                  "#g|Basic|D|t u|q|a\nh|Cloze|E::F||{{c1::x}}\n" },
                { "#if matches:keep current\n#match scope:notetype + deck\nq\ta\n",
                  "=1 1\n|Basic|||q|a\n" },
                { "#if matches:update current\nq\ta\n", "=0 -1\n|Basic|||q|a\n" },
                { "#if matches:keep both\nq\ta\n", "=2 -1\n|Basic|||q|a\n" },
                { "tags:old style\nq\ta\n", "|Basic||old style|q|a\n" },
                { "\xef\xbb\xbf#tags:t\nq\ta\n", "|Basic||t|q|a\n" },
                { "# only a remark\nq\ta\n# and another\nr\tb\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                /* Saved again by a program that makes every line as wide as the table. */
                { "#separator:comma,,\n#html:true,,\n#tags:t,,\nq,<b>a</b>,\n",
                  "|Basic||t|q|<b>a</b>\n" },
                /* An export has no record of names, whatever its first note says. */
                { "#separator:tab\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags "
                  "column:6\ng\tBasic\tD\tfront\tback\t\nh\tBasic\tD\tq\ta\t\n",
                  "g|Basic|D||front|back\nh|Basic|D||q|a\n" },
                /* Anki's rule for a third column without a name, in a file with Anki's headers. */
                { "#separator:tab\nq\ta\tt u\n", "|Basic||t u|q|a\n" },
                { "#separator:comma\n#columns:Back,Front,Tags\na,q,t\n", "|Basic||t|q|a\n" },
                { "#columns:Front,Back\n#separator:comma\nFront,Back\nq,a\n", "|Basic|||q|a\n" },
                { "#notetype:Word\n#columns:Kanji\tKana\n日\tひ\n",
                  "*Word: Kanji Kana\n|Word|||Kanji=日|Kana=ひ\n" },
                { "#notetype:Word\n日\tひ\n", "|Word|||日|ひ\n" },
                { "#separator:foo\n#html:maybe\n#guid column:0\n#if matches:burn\n#match scope:x\nq\ta\n",
                  "!1 names a separator that is none\n!2 says html neither true nor false\n!3 names a "
                  "column that is no number from 1 to 128\n!4 says what to do with matches in words that "
                  "are not known\n!5 names a scope of matches that is not known\n|Basic|||q|a\n" },
        };

        CHECK_ROWS(rows, NULL);
}

TEST(columns_are_known_by_name)
{
        static const Row rows[] = {
                { "front,back\nq,a\n", "|Basic|||q|a\n" },
                { "Answer;Question\na;q\n", "|Basic|||q|a\n" },
                { "question,answer,tags,deck,guid\nq,a,\"t u\",A::B,g1\n",
                  "g1|Basic|A::B|t u|q|a\n" },
                { "front,back,,\nq,a,,\nr,b,,\n", "|Basic|||q|a\n|Basic|||r|b\n" },
                { "reading,expression,meaning\nひ,日,sun\n",
                  "*expression, reading, meaning: expression reading meaning\n"
                  "|expression, reading, meaning|||expression=日|reading=ひ|meaning=sun\n" },
                { "front,back,my {own}: \"field\"\nq,a,x\n",
                  "*front, back, my own field: front back my own field\n"
                  "|front, back, my own field|||front=q|back=a|my own field=x\n" },
                { "word,meaning,#x{y}\nq,a,x\n",
                  "*word, meaning, x y: word meaning x y\n|word, meaning, x y|||word=q|meaning=a|x y=x\n" },
                { "word,note,note\nq,a,b\n",
                  "*word, note, note 2: word note note 2\n|word, note, note 2|||word=q|note=a|note 2=b\n" },
                /* Three columns nobody named: all are kept. */
                { "q,a,b\nr,c,d\n",
                  "*Front, Back, Column 3: Front Back Column 3\n|Front, Back, Column 3|||Front=q|Back=a|"
                  "Column 3=b\n|Front, Back, Column 3|||Front=r|Back=c|Column 3=d\n" },
        };

        CHECK_ROWS(rows, NULL);
}

TEST(options_go_before_the_file)
{
        static const Row rows[] = {
                { "#deck:X\n#tags:t\nfront\tback\nq\ta\n",
                  "=1 0\n|Basic|D::E|u v t|front|back\n|Basic|D::E|u v t|q|a\n" }
        };
        static const Row named[] = { { "x,q,y,a,g\n", "g|Basic|||q|a\n" } };
        static const Row all[] = { { "a,b\nc,d\n", "|Basic|||c|d\n" } };
        SheetOptions options = { .header = SHEET_NO,
                                 .deck = "D::E",
                                 .tags = "u,v",
                                 .match = "keep",
                                 .scope = "notetype" };
        SheetOptions columns = { .columns = "-,front,-,back,guid" };
        SheetOptions header = { .header = SHEET_YES };

        CHECK_ROWS(rows, &options);
        CHECK_ROWS(named, &columns);
        CHECK_ROWS(all, &header);
}

TEST(html_is_recognised_and_text_is_escaped)
{
        static const Row rows[] = {
                { "1 < 2 & 3 > 2\ta\n", "|Basic|||1 &lt; 2 &amp; 3 &gt; 2|a\n" },
                { "if a<b then\tx>y\n", "|Basic|||if a&lt;b then|x&gt;y\n" },
                { "<b>q</b>\ta & b\n", "|Basic|||<b>q</b>|a & b\n" },
                { "q\ta<br>b\n", "|Basic|||q|a<br>b\n" },
                { "q\tx&nbsp;y\n", "|Basic|||q|x&nbsp;y\n" },
                { "AT&T\ta; b\n", "|Basic|||AT&amp;T|a; b\n" },
                { "#html:false\n<b>q</b>\ta\n", "|Basic|||&lt;b&gt;q&lt;/b&gt;|a\n" },
                { "#html:true\n1 < 2\ta\n", "|Basic|||1 < 2|a\n" },
                { "#html:false\n\"a\nb\"\tc\n", "|Basic|||a<br>b|c\n" },
                { "#html:true\n\"a\nb\"\tc\n", "|Basic|||a\nb|c\n" },
        };

        CHECK_ROWS(rows, NULL);
}

TEST(bad_records_are_refused_with_line_and_reason)
{
        static const Row rows[] = {
                { "q,a\n\xff,b\nr,c\n", "|Basic|||q|a\n!2 holds invalid UTF-8\n|Basic|||r|c\n" },
                { "q,a\nx\x01,b\n", "|Basic|||q|a\n!2 holds a control character\n" },
                { "q,a\nx\x7f,b\n", "|Basic|||q|a\n!2 holds a control character\n" },
                { "q,a\nx,b,c\n", "|Basic|||q|a\n!2 has 3 columns where the table has 2\n" },
                { "q,a\nalone\nr,b\n",
                  "|Basic|||q|a\n!2 has 1 column where the table has 2\n|Basic|||r|b\n" },
                { "q,a\n,b\n", "|Basic|||q|a\n!2 has an empty first field\n" },
                { "q,a\n\"x\"y,b\nr,c\n",
                  "|Basic|||q|a\n!2 has text after a closing quote\n|Basic|||r|c\n" },
                { "q,a\n\"x,b\nr,c\ns,d\n", "|Basic|||q|a\n!2 opens a quote that is not closed\n"
                                            "|Basic|||r|c\n|Basic|||s|d\n" },
                { "\"x,b\nr,c\n\"y,d\ns,e\n",
                  "!1 opens a quote that is not closed\n|Basic|||r|c\n!3 opens a quote that is not "
                  "closed\n|Basic|||s|e\n" },
                { "q,a\n\"x\ny\"z,b\nr,c\n",
                  "|Basic|||q|a\n!2 opens a quote that is not closed\n!3 ends a quote badly that begins "
                  "in line 2\n|Basic|||r|c\n" },
                { "front,back,deck\nq,a,A::\nr,b,::\n",
                  "!2 has a deck with an empty part in its name\n!3 has a deck with an empty part in its "
                  "name\n" },
                { "front,back,guid\nq,a,\"x\ny\"\n", "!2 has a guid that holds white space\n" },
                { "front,back,notetype\nq,a,\" x\"\n",
                  "!2 has a note type whose name begins or ends with a space\n" },
                { "q,a\n,\n,,,\nr,b\n", "|Basic|||q|a\n|Basic|||r|b\n" },
        };
        SheetOptions comma = { .separator = ',' };
        _cleanup_free_ char *nul = notes_of_bytes("q,a\nx\0y,b\nr,c\n", 14, &comma);

        CHECK_ROWS(rows, &comma);
        CHECK_STR("|Basic|||q|a\n!2 holds a NUL character\n|Basic|||r|c\n", nul);
}

TEST(files_that_are_no_table_are_refused_as_a_whole)
{
        static const struct {
                const char *bytes;
                size_t len;
                const char *says;
        } rows[] = {
                { "\xff\xfeq\0\t\0a\0", 8, "UTF-16" },
                { "\xfe\xff\0q\0\t\0a", 8, "UTF-16" },
                { "q\0\t\0a\0\n\0", 8, "UTF-16" },
                { "PK\3\4xxxx", 8, "not a table" },
                { "SQLite format 3", 16, "not a table" },
                { "%PDF-1.4", 8, "not a table" },
                { "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0\0\3\0\0", 28, "not a table" },
                { "#deck:A::\nq\ta\n", 14, "empty part" },
                { "tags,guid\nt,g\n", 14, "no column for a field" },
                { "#notetype:Basic\n#columns:front\tback\tnote\nq\ta\tn\n", 48, "2 fields" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *said = notes_of_bytes(rows[i].bytes, rows[i].len, NULL);

                if (!said || !strstr(said, rows[i].says) || strchr(said, '\n'))
                        CHECK_FAIL("row %zu: %s", i, said);
        }
}

/* A table of `n` bytes of 'x' in its first field. */
static char *long_field(size_t n) {
        char *text = malloc(n + 16);

        if (!text)
                return NULL;
        memset(text, 'x', n);
        strcpy(text + n, ",a\nq,b\n");
        return text;
}

TEST(field_of_1_mib_is_taken_and_one_byte_more_refused)
{
        SheetOptions comma = { .separator = ',' };
        _cleanup_free_ char *fits = long_field(TEXT_FIELD_MAX),
                            *not = long_field(TEXT_FIELD_MAX + 1), *far = long_field(5 << 20);
        char *notes;

        notes = notes_of(fits, &comma);
        CHECK(notes && strlen(notes) > TEXT_FIELD_MAX && strstr(notes, "\n|Basic|||q|b\n"));
        free(notes);
        notes = notes_of(not, &comma);
        CHECK_STR("!1 has a field longer than 1 MiB\n|Basic|||q|b\n", notes);
        free(notes);
        notes = notes_of(far, &comma);
        CHECK_STR("!1 is longer than 2 MiB\n|Basic|||q|b\n", notes);
        free(notes);

        /* A quote left open before 3 MiB of good records costs its own line only. */
        memset(far, 'y', 3 << 20);
        for (size_t i = 2; i < 3 << 20; i += 4) {
                far[i - 1] = ',';
                far[i + 1] = '\n';
        }
        memcpy(far, "\"", 1);
        far[3 << 20] = 0;
        notes = notes_of(far, &comma);
        CHECK(notes &&
              text_starts_with(notes, "!1 opens a quote that is not closed\n|Basic|||y|y\n"));
        free(notes);
}

/* Each even line is broken in one of seven ways. */
TEST(hundred_thousand_lines_every_second_broken)
{
        static const struct {
                const char *text;
                size_t len;
                const char *why;
        } broken[] = {
                { "\xc3(,b\n", 5, "holds invalid UTF-8" },
                { "x\0,b\n", 5, "holds a NUL character" },
                { "\"open,b\n", 8, "opens a quote that is not closed" },
                { "\"x\"y,b\n", 7, "has text after a closing quote" },
                { "too,many,columns\n", 17, "has 3 columns where the table has 2" },
                { ",b\n", 3, "has an empty first field" },
                { "bell\a,b\n", 8, "holds a control character" },
        };
        TextBuf text = { 0 }, out = { 0 };
        CsvText piece;
        Input input = { csv_read_text, &piece };
        NoteWriter writer = { .write = collect, .userdata = &out };
        SheetOptions options = { 0 };
        NoteStream stream = { 0 };
        uint64_t notes = 0, refused = 0, wrong = 0;
        char *problem = NULL;
        NoteLine line;

        for (int i = 0; i < 50000; i++) {
                textbuf_addf(&text, "question %d,answer %d\n", i, i);
                textbuf_add(&text, broken[i % 7].text, broken[i % 7].len);
        }
        REQUIRE(text.error == 0);
        piece = (CsvText){ text.buf, text.len };
        REQUIRE(sheet_read(&input, &options, &writer, &problem) == 0);
        REQUIRE(notestream_push(&stream, out.buf, out.len) == 0);
        notestream_push_eof(&stream);
        while (notestream_next(&stream, &line, &problem) == 0) {
                if (line.kind == NOTELINE_NOTE)
                        wrong += line.line != 1 + 2 * notes++;
                if (line.kind == NOTELINE_REFUSED) {
                        wrong += line.line != 2 + 2 * refused;
                        wrong += strcmp(line.why, broken[refused++ % 7].why) != 0;
                }
                noteline_done(&line);
        }
        CHECK(stream.ended);
        CHECK_INT(50000, notes);
        CHECK_INT(50000, refused);
        CHECK_INT(0, wrong);
        notestream_done(&stream);
        textbuf_done(&text);
        textbuf_done(&out);
}

static char *file_of(const char *name, size_t *ret_len) {
        const char *folder = getenv("EBB_SOURCE");
        _cleanup_free_ char *path = text_format("%s/%s", folder ? folder : ".", name);
        _cleanup_fclose_ FILE *f = path ? fopen(path, "re") : NULL;
        char *data = malloc(1 << 20);

        if (!f || !data) {
                free(data);
                return NULL;
        }
        *ret_len = fread(data, 1, 1 << 20, f);
        return data;
}

/* Counts as in the description of the file: 718 rows, 46 tags, one guid that begins with "#". */
TEST(real_table_of_718_words)
{
        size_t len = 0, lines = 0, hash = 0;
        _cleanup_free_ char *data = file_of("tests/data/decks/open-anki-jlpt-n5.csv", &len),
                            *notes = NULL;

        REQUIRE(data);
        notes = notes_of_bytes(data, len, NULL);
        REQUIRE(notes);
        CHECK(text_starts_with(notes, "*expression, reading, meaning: expression reading meaning\n"
                                      "HI-.Ij?HS~|expression, reading, meaning||JLPT JLPT_4 JLPT_5 "
                                      "JLPT_N5|expression=ああ|reading=ああ|meaning=Ah!, Oh!\n"));
        for (const char *p = notes; *p; p = strchr(p, '\n') + 1) {
                lines++;
                hash += *p == '#';
                CHECK(*p != '!');
        }
        CHECK_INT(719, lines);
        CHECK_INT(1, hash);
}

TEST(starter_deck_is_thirty_cards_with_their_sources)
{
        size_t len = 0, notes_seen = 0, clozes = 0;
        _cleanup_free_ char *data = file_of("config/starter-deck.txt", &len), *notes = NULL;

        REQUIRE(data);
        notes = notes_of_bytes(data, len, NULL);
        REQUIRE(notes);
        for (char *line = notes, *end; *line; line = end + 1) {
                char guid[32];

                end = strchr(line, '\n');
                REQUIRE(end);
                *end = 0;
                snprintf(guid, sizeof(guid), "ebb-starter-%02zu|", ++notes_seen);
                if (!text_starts_with(line, guid) ||
                    !strstr(line, "|Ebb: how memory works|memory ") || !strstr(line, "<small>") ||
                    !strstr(line, "</small>"))
                        CHECK_FAIL("%s", line);
                /* One deletion each: one card each. */
                if (strstr(line, "|Cloze|")) {
                        clozes++;
                        CHECK(strstr(line, "{{c1::") && !strstr(line, "{{c2::"));
                } else
                        CHECK(strstr(line, "|Basic|") && !strstr(line, "{{"));
        }
        CHECK_INT(30, notes_seen);
        CHECK_INT(3, clozes);
}

CHECK_MAIN
