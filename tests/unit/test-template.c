/* Expected texts are written by hand from Anki's documented behaviour. */
#include "core/template.h"

#include "tests/check.h"
#include "util/cleanup.h"

static const TemplateField fields[] = {
        { "Front", "sea" },
        { "Back", "mer <b>f</b>" },
        { "Empty", "" },
        { "Blank", "<div><br /></div> \n<BR>" },
        { "Text", "The {{c1::tide::what}} {{c2::rises}}" },
        { "Kana",
          "\xe5\x92\x8c [x] \xe6\xbc\xa2\xe5\xad\x97[\xe3\x81\x8b] [sound:a.mp3] b[sound:c.mp3]" },
        { "Long Name", "long" },
};

static TemplateNote note_of(bool cloze, unsigned ord) {
        return (TemplateNote){ .fields = fields,
                               .n_fields = ELEMENTS(fields),
                               .cloze = cloze,
                               .ord = ord,
                               .tags = "a b&c",
                               .type = "Basic",
                               .deck = "Languages::French",
                               .card = "Card 1",
                               .flag = 3,
                               .card_id = 12 };
}

typedef struct Row {
        int line;
        bool cloze, answer;
        const char *template;
        const char *expected;
} Row;

static void check_rows(const Row *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_(textbuf_done) TextBuf out = {};
                TemplateNote note = note_of(rows[i].cloze, 0);
                int r;

                r = rows[i].answer ? template_answer(&note, "Q {{Front}}{{FrontSide}}",
                                                     rows[i].template, &out)
                                   : template_question(&note, rows[i].template, &out);
                if (r != 0 || strcmp(out.buf ? out.buf : "", rows[i].expected) != 0)
                        CHECK_FAIL("row %d: %d \"%s\", expected \"%s\"", rows[i].line, r,
                                   out.buf ? out.buf : "", rows[i].expected);
        }
}

TEST(fields_and_specials_are_replaced)
{
        static const Row rows[] = {
                { __LINE__, false, false, "{{Front}}", "sea" },
                { __LINE__, false, false, "a {{ Front }} b", "a sea b" },
                { __LINE__, false, false, "{{Long Name}}", "long" },
                { __LINE__, false, false, "{{Back}}", "mer <b>f</b>" },
                { __LINE__, false, false, "{{Feild}}", "{{Feild}}" },
                { __LINE__, false, false, "{{front}}", "{{front}}" },
                { __LINE__, false, false, "{{}}", "{{}}" },
                { __LINE__, false, false, "", "" },
                { __LINE__, false, false, "{{Tags}}|{{Type}}|{{Deck}}|{{Subdeck}}|{{Card}}",
                  "a b&amp;c|Basic|Languages::French|French|Card 1" },
                { __LINE__, false, false, "{{CardFlag}} {{CardID}}", "flag3 12" },
                { __LINE__, false, false, "[{{FrontSide}}]", "[]" },
                { __LINE__, false, true, "{{FrontSide}}<hr id=answer>{{Back}}",
                  "Q sea<hr id=answer>mer <b>f</b>" },
                { __LINE__, false, false, "<!-- {{Front}} --> {{Front}}",
                  "<!-- {{Front}} --> sea" },
                { __LINE__, false, false, "<!-- {{Front}}", "<!-- sea" },
                { __LINE__, false, false, "{{=<% %>=}}<%Front%> {{Front}}", "sea {{Front}}" },
        };

        check_rows(rows, ELEMENTS(rows));
}

TEST(sections_follow_the_field)
{
        static const Row rows[] = {
                { __LINE__, false, false, "{{#Front}}yes{{/Front}}", "yes" },
                { __LINE__, false, false, "{{^Front}}no{{/Front}}", "" },
                { __LINE__, false, false, "{{#Empty}}yes{{/Empty}}{{^Empty}}no{{/Empty}}", "no" },
                { __LINE__, false, false, "{{#Blank}}yes{{/Blank}}{{^Blank}}no{{/Blank}}", "no" },
                { __LINE__, false, false, "{{# Front }}{{^Empty}}a{{/Empty}}b{{/ Front }}c",
                  "abc" },
                { __LINE__, false, false, "{{#Empty}}{{#Front}}a{{/Front}}b{{/Empty}}c", "c" },
                { __LINE__, false, false, "{{#Nothing}}a{{/Nothing}}{{^Nothing}}b{{/Nothing}}",
                  "b" },
                { __LINE__, false, false, "{{#Tags}}t{{/Tags}}", "t" },
                { __LINE__, true, false, "{{#c1}}one{{/c1}}{{#c2}}two{{/c2}}", "one" },
                { __LINE__, false, false, "{{#c1}}one{{/c1}}", "" },
                /* Not balanced. */
                { __LINE__, false, false, "{{#Empty}}a", "" },
                { __LINE__, false, false, "{{#Front}}a", "a" },
                { __LINE__, false, false, "a{{/Front}}b", "ab" },
                { __LINE__, false, false, "{{#Empty}}a{{/Front}}b{{/Empty}}c", "c" },
                { __LINE__, false, false, "{{#Front}}{{#Empty}}a{{/Front}}b", "b" },
                { __LINE__, false, false, "{{Front", "{{Front" },
                { __LINE__, false, false, "{{{{Front}}", "{{{{Front}}" },
                { __LINE__, false, false, "{", "{" },
        };

        check_rows(rows, ELEMENTS(rows));
}

TEST(filters_work_from_right_to_left)
{
        static const Row rows[] = {
                { __LINE__, false, false, "{{text:Back}}", "mer f" },
                { __LINE__, false, false, "{{nonsense:Front}}", "sea" },
                { __LINE__, false, false, "{{text:nonsense:Back}}", "mer f" },
                { __LINE__, false, false, "{{hint:Back}}", "[Back]" },
                { __LINE__, false, true, "{{hint:Back}}", "mer <b>f</b>" },
                { __LINE__, false, false, "{{hint:Empty}}", "" },
                { __LINE__, false, false, "{{type:Front}}", "____" },
                { __LINE__, false, true, "{{type:Front}}", "sea" },
                { __LINE__, false, true, "{{type:nc:Front}}", "sea" },
                { __LINE__, true, false, "{{cloze:Text}}", "The [what] rises" },
                { __LINE__, true, true, "{{cloze:Text}}",
                  "The <span class=\"cloze\">tide</span> rises" },
                { __LINE__, true, true, "{{text:cloze:Text}}", "The tide rises" },
                { __LINE__, true, false, "{{cloze-only:Text}}", "[what]" },
                { __LINE__, true, true, "{{cloze-only:Text}}", "tide" },
                { __LINE__, true, false, "{{type:cloze:Text}}", "____" },
                { __LINE__, true, true, "{{type:cloze:Text}}", "tide" },
                { __LINE__, true, false, "{{cloze:Front}}", "" },
                { __LINE__, false, false, "{{tts en_US voices=x:Front}}", "[sound:tts]" },
                { __LINE__, false, false, "{{kanji:Kana}}",
                  "\xe5\x92\x8c [x]\xe6\xbc\xa2\xe5\xad\x97 [sound:a.mp3] b[sound:c.mp3]" },
                { __LINE__, false, false, "{{kana:Kana}}",
                  "\xe5\x92\x8c [x]\xe3\x81\x8b [sound:a.mp3] b[sound:c.mp3]" },
                { __LINE__, false, false, "{{furigana:Kana}}",
                  "\xe5\x92\x8c [x]\xe6\xbc\xa2\xe5\xad\x97(\xe3\x81\x8b) [sound:a.mp3] "
                  "b[sound:c.mp3]" },
        };

        check_rows(rows, ELEMENTS(rows));
}

TEST(text_filter_takes_tags_and_comments_out)
{
        static const struct {
                const char *in, *out;
        } rows[] = {
                { "a<b>c</b>", "ac" },
                { "a < b > c", "a < b > c" },
                { "a<b", "a<b" },
                { "<!-- x <b> -->y", "y" },
                { "&lt;b&gt;", "&lt;b&gt;" },
                { "<!DOCTYPE x>y", "y" },
                { "1<2", "1<2" },
                { "<", "<" },
                { "<!--", "<!--" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                TemplateField f = { "F", rows[i].in };
                TemplateNote note = { .fields = &f, .n_fields = 1 };
                _cleanup_(textbuf_done) TextBuf out = {};

                CHECK_INT(0, template_question(&note, "{{text:F}}", &out));
                CHECK_STR(rows[i].out, out.buf ? out.buf : "");
        }
}

TEST(a_field_may_have_the_name_of_a_special)
{
        TemplateField f = { "Tags", "mine" };
        TemplateNote note = { .fields = &f, .n_fields = 1, .tags = "theirs" };
        _cleanup_(textbuf_done) TextBuf out = {};

        CHECK_INT(0, template_question(&note, "{{Tags}}", &out));
        CHECK_STR("mine", out.buf);
}

TEST(a_card_exists_where_the_question_shows_a_field)
{
        static const char *const fronts[] = {
                "{{Front}}",
                "only text {{Empty}}",
                "{{#Empty}}{{Front}}{{/Empty}}",
                "{{^Empty}}{{Front}}{{/Empty}}",
                "{{Blank}}",
                "{{Tags}} {{Deck}}",
                "{{#Front}}text{{/Front}}",
                "{{hint:Back}}",
                "<!-- {{Front}} -->",
        };
        TemplateNote note = note_of(false, 0);
        unsigned ords[16];

        REQUIRE(template_cards(&note, fronts, ELEMENTS(fronts), ords, ELEMENTS(ords)) == 3);
        CHECK_INT(0, ords[0]);
        CHECK_INT(3, ords[1]);
        CHECK_INT(7, ords[2]);
        CHECK_INT(2, template_cards(&note, fronts, ELEMENTS(fronts), ords, 2));
}

TEST(cloze_cards_come_from_the_fields_shown_through_the_filter)
{
        static const TemplateField two[] = { { "Text", "{{c3::a}} {{c1::b}}" },
                                             { "Extra", "{{c2::c}}" } };
        TemplateNote note = { .fields = two, .n_fields = 2, .cloze = true };
        const char *front = "{{cloze:Text}} {{Extra}}",
                   *both = "{{text:cloze:Text}}{{cloze:Extra}}";
        const char *none = "{{Text}}";
        unsigned ords[8];

        REQUIRE(template_cards(&note, &front, 1, ords, 8) == 2);
        CHECK(ords[0] == 0 && ords[1] == 2);
        CHECK_INT(3, template_cards(&note, &both, 1, ords, 8));
        CHECK_INT(0, template_cards(&note, &none, 1, ords, 8));
}

TEST(mistakes_in_templates_are_named)
{
        static const struct {
                int line;
                bool cloze, front;
                const char *template, *problem;
        } rows[] = {
                { __LINE__, false, true, "{{Front}} {{#Back}}{{Tags}}{{/Back}}", "" },
                { __LINE__, false, false, "{{FrontSide}}", "" },
                { __LINE__, true, true, "{{#c1}}{{cloze:Text}}{{/c1}}", "" },
                { __LINE__, false, true, "{{Feild}}", "There is no field \"Feild\"." },
                { __LINE__, false, true, "{{text:Feild}}", "There is no field \"Feild\"." },
                { __LINE__, false, true, "{{FrontSide}}", "There is no field \"FrontSide\"." },
                { __LINE__, false, true, "{{#X}}{{/X}}",
                  "A section asks for the field \"X\", which is not there." },
                { __LINE__, false, true, "{{#Front}}", "The section \"Front\" is not closed." },
                { __LINE__, false, true, "{{/Front}}",
                  "The section \"Front\" is closed, but was not opened." },
                { __LINE__, false, true, "{{#Front}}{{#Back}}{{/Front}}{{/Back}}",
                  "The section \"Back\" must be closed before the one around it." },
                { __LINE__, false, true, "a {{Front", "A tag is opened with {{ and never closed." },
                { __LINE__, true, true, "{{Front}}",
                  "The front of a cloze type needs {{cloze:Field}}." },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(textbuf_done) TextBuf problem = {};
                TemplateNote type = note_of(rows[i].cloze, 0);
                bool good = template_check(&type, rows[i].template, rows[i].front, &problem);
                const char *said = problem.buf ? problem.buf : "";

                if (good != !*rows[i].problem || strcmp(said, rows[i].problem) != 0)
                        CHECK_FAIL("row %d: \"%s\", expected \"%s\"", rows[i].line, said,
                                   rows[i].problem);
        }
}

TEST(output_is_cut_at_one_mebibyte_between_characters)
{
        _cleanup_(textbuf_done) TextBuf value = {}, out = {};
        TemplateField f;
        TemplateNote note = { .fields = &f, .n_fields = 1 };

        for (int i = 0; i < 700000; i++)
                textbuf_adds(&value, "\xc3\xa9");
        f = (TemplateField){ "F", value.buf };

        CHECK_INT(TEMPLATE_E_CUT, template_question(&note, "x{{F}}{{F}}", &out));
        CHECK_INT(TEMPLATE_OUTPUT_MAX - 1, out.len);
        CHECK(utf8_valid(out.buf, out.len));
}

/* Each would take minutes if its cost were a product of two sizes that strangers choose. */
TEST(hostile_templates_end_soon)
{
        _cleanup_(textbuf_done) TextBuf deep = {}, many = {}, tags = {}, field = {}, blank = {};
        TextBuf *templates[] = { &deep, &many, &tags };
        TemplateField f[2];
        TemplateNote note = { .fields = f, .n_fields = 2 };

        for (int i = 0; i < 20000; i++) {
                textbuf_adds(&deep, "{{#F}}");
                textbuf_adds(&many, "{{text:text:furigana:cloze:text:F}}{{#E}}{{/X}}{{/E}}");
                textbuf_adds(&tags, "{{#F}}<!--{{");
        }
        for (int i = 0; i < 60000; i++)
                textbuf_adds(&field, i % 2 ? "<a " : "{{c1::[");
        for (int i = 0; i < 60000; i++)
                textbuf_adds(&blank, "<div>");
        f[0] = (TemplateField){ "F", field.buf };
        f[1] = (TemplateField){ "E", blank.buf };

        for (size_t i = 0; i < ELEMENTS(templates); i++) {
                _cleanup_(textbuf_done) TextBuf out = {};
                const char *front = templates[i]->buf;
                unsigned ord;

                CHECK(template_answer(&note, front, front, &out) >= 0);
                CHECK(out.len <= TEMPLATE_OUTPUT_MAX);
                CHECK(template_cards(&note, &front, 1, &ord, 1) <= 1);
        }
}

CHECK_MAIN
