/* From hostile text to a notification's body, and from simple HTML to text. */
#include <string.h>

#include "core/render.h"
#include "tests/check.h"
#include "util/cleanup.h"
#include "util/text.h"

typedef struct BodyRow {
        int line;
        const char *text;
        unsigned chars, lines;
        bool markup;
        const char *expected;
} BodyRow;

#define L __LINE__

static const BodyRow bodies[] = {
        { L, "", 240, 8, true, "" },
        { L, " \t\n\r\n ", 240, 8, true, "" },
        { L, "plain", 240, 8, true, "plain" },

        /* Markup: exactly three characters are escaped, where it is asked for. */
        { L, "a < b && c > d", 240, 8, true, "a &lt; b &amp;&amp; c &gt; d" },
        { L, "a < b && c > d", 240, 8, false, "a < b && c > d" },
        { L, "&amp; \"q\" 'a' →", 240, 8, true, "&amp;amp; \"q\" 'a' →" },
        { L, "<script>x</script>", 240, 8, true, "&lt;script&gt;x&lt;/script&gt;" },

        /* White space. */
        { L, "  a \t b  ", 240, 8, true, "a b" },
        { L, "a\r\nb\rc\nd", 240, 8, true, "a\nb\nc\nd" },
        { L, "a\n\n\n\n\nb", 240, 8, true, "a\n\nb" },
        { L, "a \n b", 240, 8, true, "a\nb" },
        { L, "a\xc2\xa0\xe2\x80\x89\xe3\x80\x80z", 240, 8, true, "a z" },
        { L, "a\xe2\x80\xa8z\xe2\x80\xa9y\xc2\x85x", 240, 8, true, "a\nz\ny\nx" },
        { L, "a\nb\nc\nd", 240, 2, true, "a\nb c d" },
        { L, "a\n\nb\nc", 240, 2, true, "a\nb c" },
        { L, "a\nb", 240, 1, true, "a b" },

        /* What reorders, hides or forges is dropped; what is not UTF-8 shows as such. */
        { L,
          "a\xe2\x80\xae"
          "evil\xe2\x80\xac"
          "b",
          240, 8, true, "aevilb" },
        { L, "\xe2\x81\xa6x\xe2\x81\xa9\xef\xbb\xbfy", 240, 8, true, "xy" },
        { L,
          "a\x01\x1b[31mb\x7f"
          "c",
          240, 8, true, "a[31mbc" },
        { L,
          "a\xff"
          "b\xc3",
          240, 8, true,
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd" },
        { L, "\xed\xa0\x80", 240, 8, true, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },

        /* Cutting: n characters with the "…", at a word where one ends in the last quarter. */
        { L, "12345", 5, 8, true, "12345" },
        { L, "123456", 5, 8, true, "1234…" },
        { L, "aaaa bbbb cc", 10, 8, true, "aaaa bbbb…" },
        { L, "aaaa bbbbbbbbbb", 10, 8, true, "aaaa bbbb…" },
        { L, "aaaa bbbb ", 9, 8, true, "aaaa bbbb" },
        { L, "aaaa bbbb c", 10, 8, true, "aaaa bbbb…" },
        { L, "<<<<<<", 4, 8, true, "&lt;&lt;&lt;…" },
        { L, "日本語日本語", 4, 8, true, "日本語…" },
        { L, "xxe\xcc\x81\xcc\x81yyy", 4, 8, true, "xx…" }, /* not between e and its accents */
        { L, "aaaaaaa\nbbbb", 8, 8, true, "aaaaaaa…" },
};

TEST(bodies_come_out_as_the_table_says)
{
        for (size_t i = 0; i < ELEMENTS(bodies); i++) {
                const BodyRow *row = bodies + i;
                RenderLimits limits = { row->chars, row->lines, row->markup };
                char out[RENDER_SIZE(240)];
                size_t len;

                len = render_body(row->text, strlen(row->text), &limits, out, sizeof(out));
                if (strcmp(out, row->expected) != 0 || len != strlen(out))
                        CHECK_FAIL("row of line %d: \"%s\", expected \"%s\"", row->line, out,
                                   row->expected);
        }
}

TEST(nul_inside_a_text_is_dropped)
{
        RenderLimits limits = { 240, 8, true };
        char out[RENDER_SIZE(240)];

        CHECK_INT(2, render_body("a\0b", 3, &limits, out, sizeof(out)));
        CHECK_STR("ab", out);
}

TEST(line_has_no_newline)
{
        char out[100];

        (void) render_line("French\n\nverbs <i>", 16, 40, false, out, sizeof(out));
        CHECK_STR("French verbs <i", out);
}

/* Every size of the buffer, from the smallest allowed on: whole characters, whole entities, room kept. */
TEST(small_buffer_cuts_between_characters_and_entities)
{
        static const char text[] = "日本 & <b> e\xcc\x81 ééé &&&& zzzz";

        for (size_t cap = 8; cap < 100; cap++) {
                char out[128];
                RenderLimits limits = { 0, 0, true };
                size_t len;

                memset(out, 'X', sizeof(out));
                len = render_body(text, strlen(text), &limits, out, cap);
                CHECK(len < cap && out[len] == '\0' && out[cap] == 'X');
                CHECK(utf8_valid(out, len));
                for (const char *p = out; (p = strchr(p, '&')); p++)
                        CHECK(strncmp(p, "&amp;", 5) == 0 || strncmp(p, "&lt;", 4) == 0 ||
                              strncmp(p, "&gt;", 4) == 0);
        }
}

TEST(limit_counts_characters_and_a_thousand_accents_are_no_way_round_it)
{
        char text[2003] = "e";
        char out[RENDER_SIZE(240)];
        RenderLimits limits = { 240, 8, true };

        for (size_t i = 1; i < 2001; i += 2)
                memcpy(text + i, "\xcc\x81", 2);
        CHECK(render_body(text, strlen(text), &limits, out, sizeof(out)) <= 240 * 2 + 3);
}

typedef struct HtmlRow {
        int line;
        const char *html;
        const char *expected;
} HtmlRow;

static const HtmlRow htmls[] = {
        { L, "", "" },
        { L, "plain", "plain" },
        { L, "  two  spaces\nand a line\n\n\nmore ", "two  spaces\nand a line\n\n\nmore" },

        /* What begins no tag stays. */
        { L, "a < b and c > d", "a < b and c > d" },
        { L, "vector<int> x; a<b", "vector<int> x; a<b" },
        { L, "<", "<" },
        { L, "1 <b", "1 <b" },
        { L, "</>", "</>" },
        { L, "<3", "<3" },
        { L, "if (a <br", "if (a <br" },

        /* Lines. */
        { L, "a<br>b<br/>c<BR />d", "a\nb\nc\nd" },
        { L, "a<div>b</div>c", "a\nb\nc" },
        { L, "<div>a</div><div>b</div>", "a\nb" },
        { L, "a<div><br></div><div>b</div>", "a\n\nb" },
        { L, "<p>a</p>\n<p>b</p>", "a\nb" },
        { L, "a<br><br><br><br>b", "a\n\nb" },
        { L, "<br>a<br>", "a" },
        { L, "<ul><li>one</li><li>two</li></ul>", "• one\n• two" },
        { L, "x<ol><li>one<li>two</ol>y", "x\n• one\n• two\ny" },
        { L, "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
        { L, "<b>bold</b> and <i class=\"x\">it</i>", "bold and it" },
        { L, "<b>a\n  b</b>", "a b" },
        { L, "<pre>a\n  b</pre>c", "a\n  b\nc" },
        { L, "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", "漢(かん)字" },

        /* Entities. */
        { L, "&lt;b&gt; &amp;amp; &quot;x&quot;&nbsp;&#39;&#x2192;&#8594;", "<b> &amp; \"x\" '→→" },
        { L, "&eacute;&Uuml;&mdash;&hellip;", "éÜ—…" },
        { L, "&unknown; & &; &#; &#x; &#xzz; AT&T", "&unknown; & &; &#; &#x; &#xzz; AT&T" },
        { L, "a&#0;b&#xD800;c&#x110000;d",
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd"
          "c\xef\xbf\xbd"
          "d" },
        { L, "a&#x202e;b&#27;c&shy;d", "abcd" },
        { L, "&lt;script&gt;", "<script>" },

        /* Pictures and sounds. */
        { L, "x <img src=\"a>b.png\"> y", "x [image] y" },
        { L, "<img alt='a map' src=x>", "[a map]" },
        { L, "<img src=\"x\" alt=\"\">", "[image]" },
        { L, "<img alt=\"x", "<img alt=\"x" },
        { L, "mer [sound:mer.mp3]", "mer [sound]" },
        { L, "[anki:play:q:0]", "[sound]" },
        { L, "[sound:never ends", "[sound:never ends" },

        /* What vanishes. */
        { L, "a<script>alert('</b>')</script>b", "ab" },
        { L, "a<style>p { x > y }</style>b", "ab" },
        { L, "a<!-- <b> -->b", "ab" },
        { L, "a<!-- never ends", "a" },
        { L, "a<script>never ends", "a" },
        { L, "a\xe2\x80\xae\x1b\xff", "a\xef\xbf\xbd" },
        { L, "<a href='x' title=\"a'b>c\">link</a>", "link" },
        { L, "<a href=\"x>link</a> b", "link b" },
};

TEST(html_becomes_the_text_of_the_table)
{
        for (size_t i = 0; i < ELEMENTS(htmls); i++) {
                char out[512];
                size_t len;

                len = render_html_to_text(htmls[i].html, strlen(htmls[i].html), out, sizeof(out));
                if (strcmp(out, htmls[i].expected) != 0 || len != strlen(out))
                        CHECK_FAIL("row of line %d: \"%s\", expected \"%s\"", htmls[i].line, out,
                                   htmls[i].expected);
        }
}

/* A megabyte of each: quadratic work would take minutes here. */
TEST(endless_beginnings_of_tags_are_read_in_linear_time)
{
        static const char *const pieces[] = { "<a",      "<a \"",   "<a x=\">", "<b a='",
                                              "&amp",    "[sound:", "<!--",     "<img alt=\"",
                                              "<script", "<li>",    "</p",      "<rt>",
                                              "<" };
        size_t size = 1 << 20;
        char *text = malloc(size), *out = malloc(3 * size + 8);

        REQUIRE(text && out);
        for (size_t i = 0; i < ELEMENTS(pieces); i++) {
                size_t n = strlen(pieces[i]);

                for (size_t at = 0; at + n <= size; at += n)
                        memcpy(text + at, pieces[i], n);
                memcpy(text + size - 8, "\"      ", 8);
                CHECK(render_html_to_text(text, size, out, 3 * size + 8) <= 3 * size);
        }
        free(text);
        free(out);
}

CHECK_MAIN
