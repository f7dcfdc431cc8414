/* Hostile text to safe text, without allocating; see the header. */
#include "core/render.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define ELLIPSIS "…"
enum { ELLIPSIS_LEN = sizeof(ELLIPSIS) - 1 };

static bool is_blank(uint32_t c) {
        return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == 0xa0 || c == 0x1680 ||
               (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_newline(uint32_t c) {
        return c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* The next character of s[*at..len); U+FFFD for a byte that is none. CR LF and CR are '\n'. */
static uint32_t next_char(const char *s, size_t len, size_t *at) {
        uint32_t c;
        size_t n;

        n = utf8_decode(s + *at, len - *at, &c);
        if (n == 0) {
                *at += 1;
                return 0xfffd;
        }
        *at += n;

        if (c == '\r') {
                if (*at < len && s[*at] == '\n')
                        *at += 1;
                return '\n';
        }

        return c;
}

/* Notifications */

typedef struct Cutter {
        const RenderLimits *limits;
        char *out;
        size_t cap, len;
        size_t chars, lines;

        /* Where the text may end in "…": after the last whole word, and after the last whole character. */
        size_t word_len, word_chars;
        size_t char_len;
        bool full;
} Cutter;

static bool cutter_fits(const Cutter *k, size_t bytes) {
        if (k->limits->chars > 0 && k->chars + 1 > k->limits->chars)
                return false;

        return k->len + bytes + 1 <= k->cap;
}

static void cutter_cut(Cutter *k) {
        size_t limit = k->limits->chars > 0 ? k->limits->chars : k->chars;

        k->len = k->word_chars >= limit * 3 / 4 && k->word_len > 0 ? k->word_len : k->char_len;
        while (k->len > 0 && (k->out[k->len - 1] == ' ' || k->out[k->len - 1] == '\n'))
                k->len--;
        memcpy(k->out + k->len, ELLIPSIS, ELLIPSIS_LEN);
        k->len += ELLIPSIS_LEN;
        k->full = true;
}

static void cutter_put(Cutter *k, uint32_t c) {
        char bytes[8];
        size_t n;
        bool blank = c == ' ' || c == '\n';

        if (k->full)
                return;

        if (k->limits->markup && c == '&')
                n = strlen(strcpy(bytes, "&amp;"));
        else if (k->limits->markup && c == '<')
                n = strlen(strcpy(bytes, "&lt;"));
        else if (k->limits->markup && c == '>')
                n = strlen(strcpy(bytes, "&gt;"));
        else
                n = utf8_encode(c, bytes);

        /* A place to cut must leave room for the ellipsis, and lie before a base character. */
        if ((k->limits->chars == 0 || k->chars + 1 <= k->limits->chars) &&
            k->len + ELLIPSIS_LEN + 1 <= k->cap) {
                if (blank) {
                        k->word_len = k->len;
                        k->word_chars = k->chars;
                }
                if (utf8_width_char(c) > 0 || blank)
                        k->char_len = k->len;
        }

        if (!cutter_fits(k, n)) {
                cutter_cut(k);
                return;
        }

        memcpy(k->out + k->len, bytes, n);
        k->len += n;
        k->chars++;
}

size_t render_body(const char *text, size_t len, const RenderLimits *limits, char *out,
                   size_t cap) {
        Cutter k = { .limits = limits, .out = out, .cap = cap, .lines = 1 };
        unsigned newlines = 0;
        bool space = false;

        assert(text || len == 0);
        assert(limits);
        assert(out && cap >= 8);

        for (size_t at = 0; at < len && !k.full;) {
                uint32_t c = next_char(text, len, &at);

                if (is_newline(c))
                        newlines++;
                else if (is_blank(c))
                        space = true;
                else if (!text_is_unsafe_char(c) && c != 0) {
                        /* White space is written only between two characters that stay. */
                        if (newlines > 2)
                                newlines = 2;
                        if (k.len > 0 && newlines > 0 &&
                            (limits->lines == 0 || k.lines < limits->lines)) {
                                for (; newlines > 0 &&
                                       (limits->lines == 0 || k.lines < limits->lines);
                                     newlines--) {
                                        cutter_put(&k, '\n');
                                        k.lines++;
                                }
                        } else if (k.len > 0 && (newlines > 0 || space))
                                cutter_put(&k, ' ');
                        newlines = 0;
                        space = false;
                        cutter_put(&k, c);
                }
        }
        out[k.len] = '\0';

        return k.len;
}

size_t render_line(const char *text, size_t len, unsigned chars, bool markup, char *out,
                   size_t cap) {
        RenderLimits limits = { .chars = chars, .lines = 1, .markup = markup };

        return render_body(text, len, &limits, out, cap);
}

/* HTML */

typedef enum TagAct {
        TAG_INLINE,
        TAG_BLOCK, /* a line of its own */
        TAG_BR,
        TAG_ITEM,
        TAG_CELL,
        TAG_IMAGE,
        TAG_READING, /* ruby: in brackets behind its word */
        TAG_PRE,
        TAG_HIDDEN, /* vanishes with what it holds */
} TagAct;

typedef struct TagRow {
        const char *name;
        TagAct act;
} TagRow;

/* A name that is not here is no tag: "vector<int>" is text. */
static const TagRow tags[] = {
        { "a", TAG_INLINE },
        { "abbr", TAG_INLINE },
        { "anki-mathjax", TAG_INLINE },
        { "article", TAG_BLOCK },
        { "audio", TAG_HIDDEN },
        { "b", TAG_INLINE },
        { "bdi", TAG_INLINE },
        { "big", TAG_INLINE },
        { "blockquote", TAG_BLOCK },
        { "body", TAG_BLOCK },
        { "br", TAG_BR },
        { "caption", TAG_BLOCK },
        { "center", TAG_BLOCK },
        { "cite", TAG_INLINE },
        { "code", TAG_INLINE },
        { "col", TAG_INLINE },
        { "colgroup", TAG_INLINE },
        { "dd", TAG_BLOCK },
        { "del", TAG_INLINE },
        { "details", TAG_BLOCK },
        { "dfn", TAG_INLINE },
        { "div", TAG_BLOCK },
        { "dl", TAG_BLOCK },
        { "dt", TAG_BLOCK },
        { "em", TAG_INLINE },
        { "figcaption", TAG_BLOCK },
        { "figure", TAG_BLOCK },
        { "font", TAG_INLINE },
        { "footer", TAG_BLOCK },
        { "h1", TAG_BLOCK },
        { "h2", TAG_BLOCK },
        { "h3", TAG_BLOCK },
        { "h4", TAG_BLOCK },
        { "h5", TAG_BLOCK },
        { "h6", TAG_BLOCK },
        { "head", TAG_HIDDEN },
        { "header", TAG_BLOCK },
        { "hr", TAG_BLOCK },
        { "html", TAG_BLOCK },
        { "i", TAG_INLINE },
        { "iframe", TAG_HIDDEN },
        { "img", TAG_IMAGE },
        { "input", TAG_INLINE },
        { "ins", TAG_INLINE },
        { "kbd", TAG_INLINE },
        { "label", TAG_INLINE },
        { "li", TAG_ITEM },
        { "link", TAG_INLINE },
        { "main", TAG_BLOCK },
        { "mark", TAG_INLINE },
        { "meta", TAG_INLINE },
        { "nobr", TAG_INLINE },
        { "object", TAG_HIDDEN },
        { "ol", TAG_BLOCK },
        { "p", TAG_BLOCK },
        { "pre", TAG_PRE },
        { "q", TAG_INLINE },
        { "rb", TAG_INLINE },
        { "rp", TAG_HIDDEN },
        { "rt", TAG_READING },
        { "ruby", TAG_INLINE },
        { "s", TAG_INLINE },
        { "samp", TAG_INLINE },
        { "script", TAG_HIDDEN },
        { "section", TAG_BLOCK },
        { "small", TAG_INLINE },
        { "source", TAG_INLINE },
        { "span", TAG_INLINE },
        { "strike", TAG_INLINE },
        { "strong", TAG_INLINE },
        { "style", TAG_HIDDEN },
        { "sub", TAG_INLINE },
        { "summary", TAG_BLOCK },
        { "sup", TAG_INLINE },
        { "svg", TAG_HIDDEN },
        { "table", TAG_BLOCK },
        { "tbody", TAG_INLINE },
        { "td", TAG_CELL },
        { "tfoot", TAG_INLINE },
        { "th", TAG_CELL },
        { "thead", TAG_INLINE },
        { "title", TAG_HIDDEN },
        { "tr", TAG_BLOCK },
        { "tt", TAG_INLINE },
        { "u", TAG_INLINE },
        { "ul", TAG_BLOCK },
        { "var", TAG_INLINE },
        { "video", TAG_HIDDEN },
        { "wbr", TAG_INLINE },
};

typedef struct EntityRow {
        const char *name;
        uint32_t c;
} EntityRow;

static const EntityRow entities[] = {
        { "amp", '&' },       { "lt", '<' },       { "gt", '>' },       { "quot", '"' },
        { "apos", '\'' },     { "nbsp", 0xa0 },    { "ensp", ' ' },     { "emsp", ' ' },
        { "thinsp", ' ' },    { "shy", 0xad },     { "copy", 0xa9 },    { "reg", 0xae },
        { "deg", 0xb0 },      { "plusmn", 0xb1 },  { "sup2", 0xb2 },    { "sup3", 0xb3 },
        { "micro", 0xb5 },    { "middot", 0xb7 },  { "frac12", 0xbd },  { "frac14", 0xbc },
        { "frac34", 0xbe },   { "laquo", 0xab },   { "raquo", 0xbb },   { "iexcl", 0xa1 },
        { "iquest", 0xbf },   { "sect", 0xa7 },    { "para", 0xb6 },    { "cent", 0xa2 },
        { "pound", 0xa3 },    { "yen", 0xa5 },     { "euro", 0x20ac },  { "times", 0xd7 },
        { "divide", 0xf7 },   { "szlig", 0xdf },   { "agrave", 0xe0 },  { "aacute", 0xe1 },
        { "acirc", 0xe2 },    { "atilde", 0xe3 },  { "auml", 0xe4 },    { "aring", 0xe5 },
        { "aelig", 0xe6 },    { "ccedil", 0xe7 },  { "egrave", 0xe8 },  { "eacute", 0xe9 },
        { "ecirc", 0xea },    { "euml", 0xeb },    { "igrave", 0xec },  { "iacute", 0xed },
        { "icirc", 0xee },    { "iuml", 0xef },    { "ntilde", 0xf1 },  { "ograve", 0xf2 },
        { "oacute", 0xf3 },   { "ocirc", 0xf4 },   { "otilde", 0xf5 },  { "ouml", 0xf6 },
        { "oslash", 0xf8 },   { "ugrave", 0xf9 },  { "uacute", 0xfa },  { "ucirc", 0xfb },
        { "uuml", 0xfc },     { "Auml", 0xc4 },    { "Ouml", 0xd6 },    { "Uuml", 0xdc },
        { "Eacute", 0xc9 },   { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 },
        { "rsquo", 0x2019 },  { "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bdquo", 0x201e },
        { "hellip", 0x2026 }, { "bull", 0x2022 },  { "larr", 0x2190 },  { "uarr", 0x2191 },
        { "rarr", 0x2192 },   { "darr", 0x2193 },  { "harr", 0x2194 },  { "rArr", 0x21d2 },
        { "forall", 0x2200 }, { "part", 0x2202 },  { "exist", 0x2203 }, { "empty", 0x2205 },
        { "isin", 0x2208 },   { "sum", 0x2211 },   { "minus", 0x2212 }, { "radic", 0x221a },
        { "infin", 0x221e },  { "int", 0x222b },   { "asymp", 0x2248 }, { "ne", 0x2260 },
        { "equiv", 0x2261 },  { "le", 0x2264 },    { "ge", 0x2265 },    { "alpha", 0x3b1 },
        { "beta", 0x3b2 },    { "gamma", 0x3b3 },  { "delta", 0x3b4 },  { "epsilon", 0x3b5 },
        { "theta", 0x3b8 },   { "lambda", 0x3bb }, { "mu", 0x3bc },     { "pi", 0x3c0 },
        { "rho", 0x3c1 },     { "sigma", 0x3c3 },  { "tau", 0x3c4 },    { "phi", 0x3c6 },
        { "omega", 0x3c9 },   { "Delta", 0x394 },  { "Sigma", 0x3a3 },  { "Omega", 0x3a9 },
};

/*
 * Every search runs to the end of the text at most once without success: what is not found from here
 * is not found from any later place either. That keeps a megabyte of "<a" linear.
 */
typedef struct Html {
        const char *s;
        size_t len, at;
        size_t last_gt; /* place behind the last '>' */
        bool no_quote[2], no_bracket;

        char *out;
        size_t cap, n;
        bool full;
        bool plain; /* no tag in it: white space is as it was meant */
        unsigned pre;
        unsigned newlines;
        bool space;
} Html;

static void html_write(Html *h, uint32_t c) {
        char bytes[4];
        size_t n;

        n = utf8_encode(c, bytes);
        if (h->full || h->n + n + 1 > h->cap) {
                h->full = true;
                return;
        }
        memcpy(h->out + h->n, bytes, n);
        h->n += n;
}

/* A character that shows; the white space that was due before it comes first. */
static void html_put(Html *h, uint32_t c) {
        if (h->n > 0)
                for (; h->newlines > 0; h->newlines--)
                        html_write(h, '\n');
        if (h->space && h->n > 0 && h->out[h->n - 1] != '\n')
                html_write(h, ' ');
        h->newlines = 0;
        h->space = false;
        html_write(h, c);
}

static void html_puts(Html *h, const char *s) {
        for (size_t at = 0, len = strlen(s); at < len;)
                html_put(h, next_char(s, len, &at));
}

static void html_text(Html *h, uint32_t c) {
        bool as_is = h->plain || h->pre > 0;

        if (is_newline(c)) {
                if (as_is)
                        h->newlines++;
                else
                        h->space = true;
                if (h->newlines > 2 && !h->plain)
                        h->newlines = 2;
        } else if (is_blank(c)) {
                if (!as_is)
                        h->space = true;
                else if (h->n > 0 || h->pre > 0) {
                        for (; h->newlines > 0 && h->n > 0; h->newlines--)
                                html_write(h, '\n');
                        html_write(h, c == 0xa0 || text_is_unsafe_char(c) || c == '\t' ? ' ' : c);
                }
        } else if (c != 0 && c != 0xad && !text_is_unsafe_char(c))
                html_put(h, c);
}

static void html_line_break(Html *h) {
        if (h->newlines == 0)
                h->newlines = 1;
        h->space = false;
}

/* A quoted value's end, or where it begins when it has none before the last '>'. */
static size_t html_quote_end(Html *h, size_t at) {
        char quote = h->s[at];
        bool *none = &h->no_quote[quote == '"'];
        const char *end;

        if (*none)
                return at;

        end = at + 1 < h->last_gt ? memchr(h->s + at + 1, quote, h->last_gt - at - 1) : NULL;
        if (!end) {
                *none = true;
                return at;
        }

        return (size_t) (end - h->s);
}

/* The place of the '>' that ends the tag beginning at `at`; it exists. */
static size_t html_tag_end(Html *h, size_t at) {
        for (; at < h->last_gt; at++) {
                if (h->s[at] == '>')
                        return at;
                if ((h->s[at] == '"' || h->s[at] == '\'') && h->s[at - 1] == '=')
                        at = html_quote_end(h, at);
        }

        return h->last_gt - 1;
}

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static const TagRow *tag_find(const char *s, size_t len) {
        for (size_t i = 0; i < ELEMENTS(tags); i++)
                if (strlen(tags[i].name) == len && strncasecmp(tags[i].name, s, len) == 0)
                        return tags + i;

        return NULL;
}

/* The tag that begins at `at`, or NULL: then "<" is a character like others. */
static const TagRow *tag_at(const Html *h, size_t at, bool *ret_closing, size_t *ret_name_end) {
        size_t name = at + 1, end;

        if (at + 2 >= h->last_gt + 0 || h->s[at] != '<')
                return NULL;

        *ret_closing = h->s[name] == '/';
        if (*ret_closing)
                name++;
        for (end = name; end < h->last_gt && is_name(h->s[end]) && end - name <= 16;)
                end++;
        if (end == name || end >= h->last_gt || !strchr(" \t\r\n/>", h->s[end]))
                return NULL;

        *ret_name_end = end;
        return tag_find(h->s + name, end - name);
}

/* Moves behind "</name>", or to the end of the text. */
static void html_skip_element(Html *h, const char *name) {
        size_t len = strlen(name);

        for (; h->at < h->len; h->at++)
                if (h->s[h->at] == '<' && h->len - h->at > len + 2 && h->s[h->at + 1] == '/' &&
                    strncasecmp(h->s + h->at + 2, name, len) == 0 &&
                    !is_name(h->s[h->at + 2 + len])) {
                        const char *gt = memchr(h->s + h->at, '>', h->len - h->at);

                        h->at = gt ? (size_t) (gt - h->s) + 1 : h->len;
                        return;
                }
}

static void html_image(Html *h, size_t from, size_t to) {
        for (size_t at = from; at + 5 < to; at++) {
                size_t end;

                if (strncasecmp(h->s + at, "alt=", 4) != 0 || is_name(h->s[at - 1]) ||
                    (h->s[at + 4] != '"' && h->s[at + 4] != '\''))
                        continue;
                end = html_quote_end(h, at + 4);
                if (end > to || end <= at + 5)
                        break;
                html_put(h, '[');
                for (size_t i = at + 5; i < end;)
                        html_text(h, next_char(h->s, end, &i));
                html_put(h, ']');
                return;
        }

        html_puts(h, "[image]");
}

static void html_tag_act(Html *h, const TagRow *tag, bool closing, size_t from, size_t to) {
        switch (tag->act) {
        case TAG_INLINE:
                return;
        case TAG_BLOCK:
                html_line_break(h);
                return;
        case TAG_BR:
                h->newlines = h->newlines < 2 ? h->newlines + 1 : 2;
                h->space = false;
                return;
        case TAG_ITEM:
                html_line_break(h);
                if (!closing) {
                        html_put(h, 0x2022);
                        h->space = true;
                }
                return;
        case TAG_CELL:
                h->space = true;
                return;
        case TAG_IMAGE:
                if (!closing)
                        html_image(h, from, to);
                return;
        case TAG_READING:
                html_put(h, closing ? ')' : '(');
                return;
        case TAG_PRE:
                html_line_break(h);
                h->pre = !closing;
                return;
        case TAG_HIDDEN:
                if (!closing && h->s[to - 1] != '/')
                        html_skip_element(h, tag->name);
                return;
        }
}

static bool html_comment(Html *h) {
        const char *end;

        if (h->len - h->at < 4 || memcmp(h->s + h->at, "<!--", 4) != 0)
                return false;

        end = memmem(h->s + h->at + 4, h->len - h->at - 4, "-->", 3);
        h->at = end ? (size_t) (end - h->s) + 3 : h->len;
        return true;
}

static bool html_tag(Html *h) {
        const TagRow *tag;
        size_t from, to;
        bool closing;

        if (html_comment(h))
                return true;

        tag = tag_at(h, h->at, &closing, &from);
        if (!tag)
                return false;

        to = html_tag_end(h, from);
        h->at = to + 1;
        html_tag_act(h, tag, closing, from, to);

        return true;
}

static bool html_numeric(const char *s, size_t len, uint32_t *ret) {
        bool hex = len > 1 && (s[1] == 'x' || s[1] == 'X');
        uint32_t c = 0;

        if (len < 2 + (size_t) hex || len > 10)
                return false;

        for (size_t i = 1 + (size_t) hex; i < len; i++) {
                char d = s[i];

                if (d >= '0' && d <= '9')
                        c = c * (hex ? 16 : 10) + (uint32_t) (d - '0');
                else if (hex && ((d | 32) >= 'a' && (d | 32) <= 'f'))
                        c = c * 16 + (uint32_t) ((d | 32) - 'a') + 10;
                else
                        return false;
                if (c > 0x10ffff)
                        c = 0x110000; /* stays too large */
        }

        *ret = c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0xfffd : c;
        return true;
}

static bool html_entity(Html *h) {
        size_t end = h->at + 1;
        uint32_t c = 0;

        while (end < h->len && end - h->at < 12 && (is_name(h->s[end]) || h->s[end] == '#'))
                end++;
        if (end >= h->len || h->s[end] != ';' || end == h->at + 1)
                return false;

        if (h->s[h->at + 1] == '#') {
                if (!html_numeric(h->s + h->at + 1, end - h->at - 1, &c))
                        return false;
        } else {
                for (size_t i = 0; i < ELEMENTS(entities) && c == 0; i++)
                        if (strlen(entities[i].name) == end - h->at - 1 &&
                            memcmp(entities[i].name, h->s + h->at + 1, end - h->at - 1) == 0)
                                c = entities[i].c;
                if (c == 0)
                        return false;
        }

        h->at = end + 1;
        html_text(h, c);
        return true;
}

/* [sound:file.mp3] and [anki:play:q:0] */
static bool html_sound(Html *h) {
        const char *end;

        if (h->no_bracket ||
            !((h->len - h->at > 7 && memcmp(h->s + h->at, "[sound:", 7) == 0) ||
              (h->len - h->at > 11 && memcmp(h->s + h->at, "[anki:play:", 11) == 0)))
                return false;

        end = memchr(h->s + h->at, ']', h->len - h->at);
        if (!end) {
                h->no_bracket = true;
                return false;
        }

        h->at = (size_t) (end - h->s) + 1;
        html_puts(h, "[sound]");
        return true;
}

static bool html_is_plain(const Html *h) {
        size_t name_end;
        bool closing;

        for (size_t at = 0; at < h->last_gt; at++)
                if (h->s[at] == '<' && tag_at(h, at, &closing, &name_end))
                        return false;

        return true;
}

size_t render_html_to_text(const char *html, size_t len, char *out, size_t cap) {
        Html h = { .s = html, .len = len, .out = out, .cap = cap };
        const char *gt;

        assert(html || len == 0);
        assert(out && cap >= 8);

        gt = len > 0 ? memrchr(html, '>', len) : NULL;
        h.last_gt = gt ? (size_t) (gt - html) + 1 : 0;
        h.plain = html_is_plain(&h);

        while (h.at < h.len && !h.full) {
                char c = h.s[h.at];

                if ((c == '<' && html_tag(&h)) || (c == '&' && html_entity(&h)) ||
                    (c == '[' && html_sound(&h)))
                        continue;
                html_text(&h, next_char(h.s, h.len, &h.at));
        }

        while (h.n > 0 && out[h.n - 1] == ' ')
                h.n--;
        out[h.n] = '\0';

        return h.n;
}
