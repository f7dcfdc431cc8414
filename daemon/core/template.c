#include "core/template.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/cloze.h"
#include "util/cleanup.h"

/* What filters and tests for emptiness may read in one rendering, so that many tags of a long field end. */
enum { WORK_MAX = 16 << 20 };

/* A piece of text that belongs to somebody else. */
typedef struct Span {
        const char *s;
        size_t len;
} Span;

typedef enum TagKind {
        TAG_TEXT, /* not a tag */
        TAG_FIELD,
        TAG_SECTION,  /* # */
        TAG_INVERTED, /* ^ */
        TAG_END,      /* / */
        TAG_UNCLOSED, /* a tag that never ends: text */
} TagKind;

typedef struct Tag {
        TagKind kind;
        Span whole;
        Span key; /* trimmed, without the mark before it */
} Tag;

typedef struct Reader {
        const char *at, *end;
        Span open, close;
        bool no_close, no_comment; /* none follows: not looked for again */
} Reader;

static Span span(const char *s, size_t len) {
        return (Span){ s, len };
}

static Span span_of(const char *s) {
        return span(s ? s : "", s ? strlen(s) : 0);
}

static bool span_is(Span a, const char *s) {
        return strlen(s) == a.len && memcmp(a.s, s, a.len) == 0;
}

static bool spans_equal(Span a, Span b) {
        return a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static Span span_trim(Span a) {
        while (a.len > 0 && is_space(a.s[0]))
                a.s++, a.len--;
        while (a.len > 0 && is_space(a.s[a.len - 1]))
                a.len--;
        return a;
}

/* ---- reading a template ---- */

static void reader_init(Reader *r, const char *text) {
        static const char alternative[] = "{{=<% %>=}}";
        size_t len = strlen(text);

        *r = (Reader){ text, text + len, span_of("{{"), span_of("}}"), false, false };
        if (len >= sizeof(alternative) - 1 &&
            memcmp(text, alternative, sizeof(alternative) - 1) == 0) {
                r->at += sizeof(alternative) - 1;
                r->open = span_of("<%");
                r->close = span_of("%>");
        }
}

static const char *find(const char *from, const char *end, Span what) {
        return memmem(from, (size_t) (end - from), what.s, what.len);
}

static bool starts(const Reader *r, const char *at, const char *s, size_t len) {
        return (size_t) (r->end - at) >= len && memcmp(at, s, len) == 0;
}

/* End of the comment that begins at `at`, or NULL. */
static const char *comment_end(Reader *r, const char *at) {
        const char *end;

        if (r->no_comment || !starts(r, at, "<!--", 4))
                return NULL;

        end = find(at + 4, r->end, span_of("-->"));
        if (!end)
                r->no_comment = true;
        return end ? end + 3 : NULL;
}

static Tag tag_of(Span whole, Span inside) {
        Tag tag = { TAG_FIELD, whole, span_trim(inside) };

        if (tag.key.len > 0) {
                char mark = tag.key.s[0];

                tag.kind = mark == '#'   ? TAG_SECTION
                           : mark == '^' ? TAG_INVERTED
                           : mark == '/' ? TAG_END
                                         : TAG_FIELD;
                if (tag.kind != TAG_FIELD)
                        tag.key = span_trim(span(tag.key.s + 1, tag.key.len - 1));
        }
        return tag;
}

static bool read_tag(Reader *r, Tag *ret) {
        const char *from = r->at, *p = from, *end;

        if (from >= r->end)
                return false;

        if (starts(r, p, r->open.s, r->open.len)) {
                end = r->no_close ? NULL : find(p + r->open.len, r->end, r->close);
                if (end) {
                        const char *inside = p + r->open.len;

                        r->at = end + r->close.len;
                        *ret = tag_of(span(from, (size_t) (r->at - from)),
                                      span(inside, (size_t) (end - inside)));
                        return true;
                }
                r->no_close = true;
                r->at = p + r->open.len;
                *ret = (Tag){ TAG_UNCLOSED, span(from, r->open.len), {} };
                return true;
        }

        while (p < r->end && !starts(r, p, r->open.s, r->open.len)) {
                const char *after = comment_end(r, p);

                p = after ? after : p + 1;
        }
        r->at = p;
        *ret = (Tag){ TAG_TEXT, span(from, (size_t) (p - from)), {} };
        return true;
}

/* Takes the part behind the last ':' off, or all: filters are used from right to left. */
static Span take_last(Span *rest) {
        for (size_t i = rest->len; i > 0; i--)
                if (rest->s[i - 1] == ':') {
                        Span last = span(rest->s + i, rest->len - i);

                        rest->len = i - 1;
                        return span_trim(last);
                }

        Span last = *rest;

        *rest = span(rest->s, 0);
        return span_trim(last);
}

static bool is_cloze_filter(Span filter) {
        return span_is(filter, "cloze") || span_is(filter, "cloze-only");
}

static bool has_cloze_filter(Span key) {
        (void) take_last(&key);
        while (key.len > 0)
                if (is_cloze_filter(take_last(&key)))
                        return true;
        return false;
}

/* ---- filters ---- */

bool template_is_empty(const char *html, size_t len) {
        static const char *const tags[] = { "br", "div" };
        size_t i = 0;

        while (i < len) {
                size_t n = 0;

                if (is_space(html[i])) {
                        i++;
                        continue;
                }
                if (html[i++] != '<')
                        return false;
                if (i < len && html[i] == '/')
                        i++;
                for (size_t t = 0; t < ELEMENTS(tags) && n == 0; t++)
                        if (len - i >= strlen(tags[t]) &&
                            strncasecmp(html + i, tags[t], strlen(tags[t])) == 0)
                                n = strlen(tags[t]);
                if (n == 0)
                        return false;
                i += n;
                if (i < len && html[i] == ' ')
                        i++;
                if (i < len && html[i] == '/')
                        i++;
                if (i >= len || html[i++] != '>')
                        return false;
        }
        return true;
}

static void add_escaped(TextBuf *out, Span text) {
        for (size_t i = 0; i < text.len; i++)
                switch (text.s[i]) {
                case '&':
                        textbuf_adds(out, "&amp;");
                        break;
                case '<':
                        textbuf_adds(out, "&lt;");
                        break;
                case '>':
                        textbuf_adds(out, "&gt;");
                        break;
                default:
                        textbuf_addc(out, text.s[i]);
                }
}

/* Tags and comments out; entities stay, for this is still HTML. */
static void filter_text(Span in, TextBuf *out) {
        const char *p = in.s, *end = in.s + in.len;
        bool no_tag_end = false, no_comment_end = false;

        while (p < end) {
                const char *stop = NULL;

                if (*p == '<' && end - p >= 4 && memcmp(p, "<!--", 4) == 0 && !no_comment_end) {
                        stop = find(p + 4, end, span_of("-->"));
                        no_comment_end = !stop;
                        stop = stop ? stop + 3 : NULL;
                } else if (*p == '<' && end - p >= 2 && strchr("/!?", p[1]) && p[1] &&
                           !no_tag_end) {
                        stop = memchr(p, '>', (size_t) (end - p));
                        no_tag_end = !stop;
                        stop = stop ? stop + 1 : NULL;
                } else if (*p == '<' && end - p >= 2 && !no_tag_end &&
                           ((p[1] | 0x20) >= 'a' && (p[1] | 0x20) <= 'z')) {
                        stop = memchr(p, '>', (size_t) (end - p));
                        no_tag_end = !stop;
                        stop = stop ? stop + 1 : NULL;
                }
                if (stop) {
                        p = stop;
                        continue;
                }
                textbuf_addc(out, *p++);
        }
}

typedef enum Reading { READING_BOTH, READING_KANA, READING_KANJI } Reading;

/*
 * " base[reading]": the base begins after a space, a tag or the text's beginning. Plain text has no
 * small print above the line, so both are written one behind the other.
 */
static void filter_furigana(Span in, Reading how, TextBuf *out) {
        const char *p = in.s, *end = in.s + in.len, *base = p;
        bool no_bracket = false;

        while (p < end) {
                const char *close = NULL;

                if (*p == ' ' || *p == '>') {
                        textbuf_add(out, base, (size_t) (p - base));
                        /* A space only separates when a reading follows: written when it turns out otherwise. */
                        base = *p == ' ' ? p : p + 1;
                        if (*p == '>')
                                textbuf_addc(out, '>');
                        p++;
                        continue;
                }
                if (*p == '[' && p > base && !(p == base + 1 && *base == ' ') && !no_bracket) {
                        close = p + 1 < end ? memchr(p + 1, ']', (size_t) (end - p - 1)) : NULL;
                        no_bracket = !close;
                }
                if (!close || close == p + 1) {
                        p++;
                        continue;
                }

                Span reading = span(p + 1, (size_t) (close - p - 1));

                if (reading.len >= 6 && memcmp(reading.s, "sound:", 6) == 0) {
                        textbuf_add(out, base, (size_t) (close + 1 - base));
                } else {
                        if (*base == ' ')
                                base++;
                        if (how != READING_KANA)
                                textbuf_add(out, base, (size_t) (p - base));
                        if (how == READING_BOTH)
                                textbuf_addc(out, '(');
                        if (how != READING_KANJI)
                                textbuf_add(out, reading.s, reading.len);
                        if (how == READING_BOTH)
                                textbuf_addc(out, ')');
                }
                p = base = close + 1;
        }
        textbuf_add(out, base, (size_t) (end - base));
}

/* ---- rendering ---- */

typedef struct Section {
        Span name;
        bool visible;
} Section;

typedef struct Render {
        const TemplateNote *note;
        bool answer;
        const TextBuf *front_side; /* answers only */
        TextBuf *out;
        size_t work;
        bool cut;
        uint8_t empty[128]; /* of the first fields: 0 not known, 1 empty, 2 not */
} Render;

static void work(Render *r, size_t bytes) {
        r->work += bytes + 16;
        if (r->work > WORK_MAX)
                r->cut = true;
}

static void emit(Render *r, Span text) {
        size_t room;

        if (r->cut)
                return;

        room = TEMPLATE_OUTPUT_MAX - r->out->len;
        if (text.len > room) {
                r->cut = true;
                /* Not within a character. */
                for (text.len = room; text.len > 0 && (text.s[text.len] & 0xc0) == 0x80;)
                        text.len--;
        }
        textbuf_add(r->out, text.s, text.len);
}

static size_t find_field(const TemplateNote *note, Span name) {
        size_t i = 0;

        while (i < note->n_fields && !span_is(name, note->fields[i].name))
                i++;
        return i;
}

/* "c1" and this card's number, for sections on cloze types. */
static bool cloze_section(const TemplateNote *note, Span name, bool *ret_visible) {
        uint64_t n = 0;

        if (!note->cloze || name.len < 2 || name.len > 6 || name.s[0] != 'c')
                return false;
        for (size_t i = 1; i < name.len; i++) {
                if (name.s[i] < '0' || name.s[i] > '9')
                        return false;
                n = n * 10 + (uint64_t) (name.s[i] - '0');
        }
        *ret_visible = n == (uint64_t) note->ord + 1;
        return true;
}

typedef enum Special {
        SPECIAL_TAGS,
        SPECIAL_TYPE,
        SPECIAL_DECK,
        SPECIAL_SUBDECK,
        SPECIAL_CARD,
        SPECIAL_CARD_FLAG,
        SPECIAL_CARD_ID,
        SPECIAL_NONE,
} Special;

static const char *const special_names[] = {
        [SPECIAL_TAGS] = "Tags",       [SPECIAL_TYPE] = "Type", [SPECIAL_DECK] = "Deck",
        [SPECIAL_SUBDECK] = "Subdeck", [SPECIAL_CARD] = "Card", [SPECIAL_CARD_FLAG] = "CardFlag",
        [SPECIAL_CARD_ID] = "CardID",
};

static Special special_of(Span name) {
        size_t i = 0;

        while (i < ELEMENTS(special_names) && !span_is(name, special_names[i]))
                i++;
        return (Special) i;
}

/* Text as HTML. */
static void add_special(const TemplateNote *note, Special special, TextBuf *out) {
        const char *deck = note->deck ? note->deck : "", *sub;

        switch (special) {
        case SPECIAL_TAGS:
                add_escaped(out, span_of(note->tags));
                break;
        case SPECIAL_TYPE:
                add_escaped(out, span_of(note->type));
                break;
        case SPECIAL_DECK:
                add_escaped(out, span_of(deck));
                break;
        case SPECIAL_SUBDECK:
                while ((sub = strstr(deck, "::")))
                        deck = sub + 2;
                add_escaped(out, span_of(deck));
                break;
        case SPECIAL_CARD:
                add_escaped(out, span_of(note->card));
                break;
        case SPECIAL_CARD_FLAG:
                if (note->flag > 0)
                        textbuf_addf(out, "flag%u", note->flag);
                break;
        case SPECIAL_CARD_ID:
                textbuf_addf(out, "%lld", (long long) note->card_id);
                break;
        case SPECIAL_NONE:
                break;
        }
}

static bool field_is_empty(Render *r, size_t index) {
        Span value;
        bool empty;

        if (index < ELEMENTS(r->empty) && r->empty[index])
                return r->empty[index] == 1;

        value = span_of(r->note->fields[index].value);
        empty = template_is_empty(value.s, value.len);
        if (index < ELEMENTS(r->empty))
                r->empty[index] = empty ? 1 : 2;
        else
                work(r, value.len);
        return empty;
}

static bool section_filled(Render *r, Span name) {
        size_t i = find_field(r->note, name);
        Special special = special_of(name);
        bool visible;

        work(r, r->note->n_fields);
        if (i < r->note->n_fields)
                return !field_is_empty(r, i);

        if (special != SPECIAL_NONE) {
                _cleanup_(textbuf_done) TextBuf text = {};

                add_special(r->note, special, &text);
                work(r, text.len);
                return text.len > 0;
        }
        if (cloze_section(r->note, name, &visible))
                return visible;
        return r->answer && span_is(name, "FrontSide");
}

static void apply_filter(Render *r, Span filter, Span rest, Span field, Span in, TextBuf *out) {
        unsigned number = r->note->ord + 1;
        Span before = rest;

        if (span_is(filter, "text"))
                filter_text(in, out);
        else if (is_cloze_filter(filter)) {
                /* What is typed is compared with the deletions alone. */
                bool only = filter.len > 5 || span_is(take_last(&before), "type");

                cloze_render(in.s, in.len, number,
                             r->answer ? (only ? CLOZE_ANSWER_ONLY : CLOZE_ANSWER)
                                       : (only ? CLOZE_QUESTION_ONLY : CLOZE_QUESTION),
                             out);
        } else if (template_is_empty(in.s, in.len))
                return;
        else if (span_is(filter, "hint") && !r->answer) {
                textbuf_addc(out, '[');
                add_escaped(out, field);
                textbuf_addc(out, ']');
        } else if (span_is(filter, "type") && !r->answer)
                textbuf_adds(out, "____");
        else if (span_is(filter, "furigana"))
                filter_furigana(in, READING_BOTH, out);
        else if (span_is(filter, "kana"))
                filter_furigana(in, READING_KANA, out);
        else if (span_is(filter, "kanji"))
                filter_furigana(in, READING_KANJI, out);
        else if (span_is(filter, "tts") || (filter.len > 4 && memcmp(filter.s, "tts ", 4) == 0))
                textbuf_adds(out, "[sound:tts]");
        else
                textbuf_add(out, in.s, in.len);
}

static int render_field(Render *r, const Tag *tag) {
        _cleanup_(textbuf_done) TextBuf value = {};
        Span rest = tag->key, name = take_last(&rest);
        size_t index = find_field(r->note, name);
        Special special;
        unsigned filters = 0;

        work(r, r->note->n_fields + name.len);
        if (r->cut)
                return 0;

        if (index < r->note->n_fields) {
                Span text = span_of(r->note->fields[index].value);

                if (rest.len == 0) {
                        emit(r, text);
                        return 0;
                }
                work(r, text.len);
                textbuf_add(&value, text.s, text.len);
        } else if (span_is(name, "FrontSide")) {
                if (r->front_side)
                        emit(r, span(r->front_side->buf, r->front_side->len));
                return 0;
        } else if ((special = special_of(name)) != SPECIAL_NONE) {
                add_special(r->note, special, &value);
        } else {
                emit(r, tag->whole);
                return 0;
        }

        while (rest.len > 0 && value.error == 0 && !r->cut && filters++ < TEMPLATE_FILTERS_MAX) {
                _cleanup_(textbuf_done) TextBuf next = {};
                Span filter = take_last(&rest);

                work(r, value.len);
                apply_filter(r, filter, rest, name, span(value.buf ? value.buf : "", value.len),
                             &next);
                textbuf_done(&value);
                value = next;
                next = (TextBuf){};
        }
        if (value.error < 0)
                return value.error;

        emit(r, span(value.buf, value.len));
        return 0;
}

static int render(Render *r, const char *text) {
        Section open[TEMPLATE_DEPTH_MAX];
        size_t depth = 0, too_deep = 0;
        Reader reader;
        Tag tag;

        reader_init(&reader, text);
        while (!r->cut && read_tag(&reader, &tag)) {
                bool visible = too_deep == 0 && (depth == 0 || open[depth - 1].visible);
                int k = 0;

                switch (tag.kind) {
                case TAG_TEXT:
                case TAG_UNCLOSED:
                        if (visible)
                                emit(r, tag.whole);
                        break;
                case TAG_FIELD:
                        k = visible ? render_field(r, &tag) : 0;
                        break;
                case TAG_SECTION:
                case TAG_INVERTED:
                        if (depth == TEMPLATE_DEPTH_MAX || too_deep > 0) {
                                too_deep++;
                                break;
                        }
                        if (visible)
                                visible = section_filled(r, tag.key) == (tag.kind == TAG_SECTION);
                        open[depth++] = (Section){ tag.key, visible };
                        break;
                case TAG_END:
                        if (too_deep > 0) {
                                too_deep--;
                                break;
                        }
                        /* One that closes nothing is passed over; one that closes an outer section closes the inner as well. */
                        for (size_t i = depth; i > 0; i--)
                                if (spans_equal(open[i - 1].name, tag.key)) {
                                        depth = i - 1;
                                        break;
                                }
                        work(r, depth);
                        break;
                }
                if (k < 0)
                        return k;
        }
        if (r->out->error < 0)
                return r->out->error;
        return r->cut ? TEMPLATE_E_CUT : 0;
}

int template_question(const TemplateNote *note, const char *front, TextBuf *out) {
        Render r = { .note = note, .out = out };

        assert(note);
        assert(front);
        assert(out);

        return render(&r, front);
}

int template_answer(const TemplateNote *note, const char *front, const char *back, TextBuf *out) {
        _cleanup_(textbuf_done) TextBuf front_side = {};
        Render r = { .note = note, .answer = true, .front_side = &front_side, .out = out };
        int k;

        assert(note);
        assert(front);
        assert(back);
        assert(out);

        k = template_question(note, front, &front_side);
        if (k < 0)
                return k;

        return render(&r, back);
}

/* ---- which cards ---- */

/* Whether the question shows a field that is not empty. */
static bool shows_something(Render *r, const char *front) {
        Section open[TEMPLATE_DEPTH_MAX];
        size_t depth = 0, too_deep = 0;
        Reader reader;
        Tag tag;

        reader_init(&reader, front);
        while (!r->cut && read_tag(&reader, &tag)) {
                bool visible = too_deep == 0 && (depth == 0 || open[depth - 1].visible);
                size_t index;
                Span rest;

                switch (tag.kind) {
                case TAG_TEXT:
                case TAG_UNCLOSED:
                        break;
                case TAG_FIELD:
                        if (!visible)
                                break;
                        rest = tag.key;
                        index = find_field(r->note, take_last(&rest));
                        work(r, r->note->n_fields);
                        if (index < r->note->n_fields && !field_is_empty(r, index))
                                return true;
                        break;
                case TAG_SECTION:
                case TAG_INVERTED:
                        if (depth == TEMPLATE_DEPTH_MAX || too_deep > 0) {
                                too_deep++;
                                break;
                        }
                        index = find_field(r->note, tag.key);
                        work(r, r->note->n_fields);
                        if (visible)
                                visible = (index < r->note->n_fields &&
                                           !field_is_empty(r, index)) == (tag.kind == TAG_SECTION);
                        open[depth++] = (Section){ tag.key, visible };
                        break;
                case TAG_END:
                        if (too_deep > 0) {
                                too_deep--;
                                break;
                        }
                        for (size_t i = depth; i > 0; i--)
                                if (spans_equal(open[i - 1].name, tag.key)) {
                                        depth = i - 1;
                                        break;
                                }
                        work(r, depth);
                        break;
                }
        }
        return false;
}

static void find_cloze_numbers(const TemplateNote *note, const char *front, ClozeSet *set) {
        uint64_t seen[2] = {}; /* fields looked at already */
        Reader reader;
        Tag tag;

        reader_init(&reader, front);
        while (read_tag(&reader, &tag)) {
                Span rest = tag.key, value;
                size_t index;

                if (tag.kind != TAG_FIELD || !has_cloze_filter(tag.key))
                        continue;

                index = find_field(note, take_last(&rest));
                if (index >= note->n_fields || index >= 128 ||
                    (seen[index / 64] >> (index % 64) & 1))
                        continue;

                seen[index / 64] |= UINT64_C(1) << (index % 64);
                value = span_of(note->fields[index].value);
                cloze_find(value.s, value.len, set);
        }
}

size_t template_cards(const TemplateNote *note, const char *const *fronts, size_t n_fronts,
                      unsigned *ret_ords, size_t cap) {
        size_t n = 0;

        assert(note);
        assert(ret_ords);

        if (note->cloze && n_fronts > 0) {
                ClozeSet set = {};

                find_cloze_numbers(note, fronts[0], &set);
                for (unsigned i = 1; i <= CLOZE_NUMBER_MAX && n < cap; i++)
                        if (cloze_set_has(&set, i))
                                ret_ords[n++] = i - 1;
                return n;
        }

        for (size_t i = 0; i < n_fronts && n < cap; i++) {
                Render r = { .note = note };

                if (shows_something(&r, fronts[i]))
                        ret_ords[n++] = (unsigned) i;
        }
        return n;
}

/* ---- checking ---- */

static bool known(const TemplateNote *type, Span name, bool is_front) {
        bool ignored;

        return find_field(type, name) < type->n_fields || special_of(name) != SPECIAL_NONE ||
               (!is_front && span_is(name, "FrontSide")) || cloze_section(type, name, &ignored);
}

static bool bad(TextBuf *problem, const char *before, Span name, const char *after) {
        textbuf_adds(problem, before);
        textbuf_add(problem, name.s, name.len < 100 ? name.len : 100);
        textbuf_adds(problem, after);
        return false;
}

bool template_check(const TemplateNote *type, const char *text, bool is_front, TextBuf *problem) {
        Span open[TEMPLATE_DEPTH_MAX];
        bool cloze = false;
        size_t depth = 0;
        Reader reader;
        Tag tag;

        assert(type);
        assert(text);
        assert(problem);

        reader_init(&reader, text);
        while (read_tag(&reader, &tag)) {
                Span rest = tag.key, name;

                switch (tag.kind) {
                case TAG_TEXT:
                        break;
                case TAG_UNCLOSED:
                        return bad(problem, "A tag is opened with ", tag.whole,
                                   " and never closed.");
                case TAG_FIELD:
                        name = take_last(&rest);
                        cloze = cloze || has_cloze_filter(tag.key);
                        if (!known(type, name, is_front))
                                return bad(problem, "There is no field \"", name, "\".");
                        break;
                case TAG_SECTION:
                case TAG_INVERTED:
                        if (!known(type, tag.key, is_front))
                                return bad(problem, "A section asks for the field \"", tag.key,
                                           "\", which is not there.");
                        if (depth == TEMPLATE_DEPTH_MAX)
                                return bad(problem, "Sections are nested too deep at \"", tag.key,
                                           "\".");
                        open[depth++] = tag.key;
                        break;
                case TAG_END:
                        if (depth == 0)
                                return bad(problem, "The section \"", tag.key,
                                           "\" is closed, but was not opened.");
                        if (!spans_equal(open[depth - 1], tag.key))
                                return bad(problem, "The section \"", open[depth - 1],
                                           "\" must be closed before the one around it.");
                        depth--;
                        break;
                }
        }
        if (depth > 0)
                return bad(problem, "The section \"", open[depth - 1], "\" is not closed.");
        if (is_front && type->cloze && !cloze) {
                textbuf_adds(problem, "The front of a cloze type needs {{cloze:Field}}.");
                return false;
        }
        return true;
}
