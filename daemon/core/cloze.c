/*
 * One pass to see which deletions are closed, one to write. At most CLOZE_DEPTH_MAX are open at a time, so what
 * is never closed is what the stack holds at the end, and time is linear in the text.
 */
#include "core/cloze.h"

#include <assert.h>
#include <string.h>

typedef struct Open {
        size_t at; /* of "{{c" */
        bool literal;
        bool active;
        bool hint_seen;
        const char *hint;
        size_t hint_len;
} Open;

typedef enum TokenKind { TOKEN_TEXT, TOKEN_OPEN, TOKEN_CLOSE } TokenKind;

bool cloze_set_has(const ClozeSet *set, unsigned number) {
        return number <= CLOZE_NUMBER_MAX && (set->bits[number / 64] >> (number % 64) & 1);
}

size_t cloze_set_count(const ClozeSet *set) {
        size_t n = 0;

        for (size_t i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
                n += (size_t) __builtin_popcountll(set->bits[i]);
        return n;
}

/* The next number of a list at *i; false at its end. What is too large comes out as CLOZE_NUMBER_MAX + 1. */
static bool next_number(const char *text, size_t len, size_t *i, unsigned *ret) {
        unsigned n = 0;

        while (*i < len && text[*i] == ',')
                (*i)++;
        if (*i >= len || text[*i] < '0' || text[*i] > '9')
                return false;

        for (; *i < len && text[*i] >= '0' && text[*i] <= '9'; (*i)++)
                if (n <= CLOZE_NUMBER_MAX)
                        n = n * 10 + (unsigned) (text[*i] - '0');
        *ret = n > CLOZE_NUMBER_MAX ? CLOZE_NUMBER_MAX + 1 : n;
        return true;
}

/* Length of "{{c1,2::" at `at`, 0 when there is none. */
static size_t open_length(const char *text, size_t len, size_t at) {
        size_t i = at + 3;
        bool digits = false;

        if (len - at < 6 || memcmp(text + at, "{{c", 3) != 0)
                return 0;

        for (; i < len && ((text[i] >= '0' && text[i] <= '9') || text[i] == ','); i++)
                digits |= text[i] != ',';
        return digits && len - i >= 2 && text[i] == ':' && text[i + 1] == ':' ? i + 2 - at : 0;
}

static bool open_has(const char *text, size_t len, size_t at, unsigned number) {
        size_t i = at + 3;
        unsigned n;

        while (next_number(text, len, &i, &n))
                if (n == number)
                        return true;
        return false;
}

/* What stands at `at`, and how long it is. A text runs to the next "{{" or "}}" at least. */
static TokenKind next_token(const char *text, size_t len, size_t at, size_t *ret_len) {
        size_t n = open_length(text, len, at), i = at + 1;

        if (n > 0) {
                *ret_len = n;
                return TOKEN_OPEN;
        }
        if (len - at >= 2 && text[at] == '}' && text[at + 1] == '}') {
                *ret_len = 2;
                return TOKEN_CLOSE;
        }
        while (i < len && !(text[i] == '}' && i + 1 < len && text[i + 1] == '}') &&
               !(text[i] == '{' && i + 1 < len && text[i + 1] == '{'))
                i++;
        *ret_len = i - at;
        return TOKEN_TEXT;
}

/* Fills in where deletions open that never close, outermost first; adds the numbers of the others to `set`. */
static size_t find_unclosed(const char *text, size_t len, ClozeSet *set,
                            size_t unclosed[static CLOZE_DEPTH_MAX]) {
        size_t depth = 0, n;

        for (size_t i = 0; i < len; i += n) {
                TokenKind kind = next_token(text, len, i, &n);

                if (kind == TOKEN_OPEN && depth < CLOZE_DEPTH_MAX)
                        unclosed[depth++] = i;
                else if (kind == TOKEN_CLOSE && depth > 0) {
                        size_t list = unclosed[--depth] + 3;
                        unsigned number;

                        while (set && next_number(text, len, &list, &number))
                                if (number >= 1 && number <= CLOZE_NUMBER_MAX)
                                        set->bits[number / 64] |= UINT64_C(1) << (number % 64);
                }
        }
        return depth;
}

void cloze_find(const char *text, size_t len, ClozeSet *set) {
        size_t unclosed[CLOZE_DEPTH_MAX];

        assert(text || len == 0);
        assert(set);

        (void) find_unclosed(text, len, set, unclosed);
}

typedef struct Writer {
        ClozeSide side;
        bool question, only;
        TextBuf *out;
        Open open[CLOZE_DEPTH_MAX];
        size_t depth;
        size_t n_active; /* open and active */
        bool any;        /* something was written for an "only" side */
} Writer;

static bool shown(const Writer *w) {
        return w->n_active > 0 ? !w->question : !w->only;
}

static void write_text(Writer *w, const char *s, size_t len) {
        Open *top = w->depth > 0 ? &w->open[w->depth - 1] : NULL;

        if (top && !top->literal && !top->hint_seen) {
                const char *mark = memmem(s, len, "::", 2);

                if (mark) {
                        top->hint_seen = true;
                        top->hint = mark + 2;
                        top->hint_len = (size_t) (s + len - top->hint);
                        len = (size_t) (mark - s);
                }
        }
        if (shown(w))
                textbuf_add(w->out, s, len);
}

static void write_open(Writer *w, const Open *open) {
        if (open->active && w->n_active == 0) {
                if (w->only && w->any)
                        textbuf_adds(w->out, ", ");
                w->any = true;
        }
        if (open->active && w->side == CLOZE_ANSWER)
                textbuf_adds(w->out, "<span class=\"cloze\">");
        w->n_active += open->active;
        w->open[w->depth++] = *open;
}

static void write_close(Writer *w) {
        const Open *open = &w->open[--w->depth];

        w->n_active -= open->active;
        if (!open->active)
                return;

        if (w->side == CLOZE_ANSWER)
                textbuf_adds(w->out, "</span>");
        if (w->question && w->n_active == 0) {
                textbuf_addc(w->out, '[');
                if (open->hint_len > 0)
                        textbuf_add(w->out, open->hint, open->hint_len);
                else
                        textbuf_adds(w->out, "...");
                textbuf_addc(w->out, ']');
        }
}

void cloze_render(const char *text, size_t len, unsigned number, ClozeSide side, TextBuf *out) {
        Writer w = { .side = side,
                     .question = side == CLOZE_QUESTION || side == CLOZE_QUESTION_ONLY,
                     .only = side == CLOZE_QUESTION_ONLY || side == CLOZE_ANSWER_ONLY,
                     .out = out };
        size_t unclosed[CLOZE_DEPTH_MAX], n_unclosed, n;
        ClozeSet set = {};

        assert(text || len == 0);
        assert(out);

        n_unclosed = find_unclosed(text, len, &set, unclosed);
        if (side != CLOZE_PLAIN && (number < 1 || !cloze_set_has(&set, number)))
                return;

        for (size_t i = 0; i < len && out->error == 0; i += n) {
                TokenKind kind = next_token(text, len, i, &n);

                if (kind == TOKEN_TEXT || (kind == TOKEN_CLOSE && w.depth == 0))
                        write_text(&w, text + i, n);
                else if (kind == TOKEN_CLOSE)
                        write_close(&w);
                else if (w.depth < CLOZE_DEPTH_MAX) {
                        Open open = { .at = i };

                        /* Below one that is never closed all are: they are the bottom of the stack. */
                        open.literal = w.depth < n_unclosed && unclosed[w.depth] == i;
                        open.active = !open.literal && side != CLOZE_PLAIN &&
                                      open_has(text, len, i, number);
                        write_open(&w, &open);
                        if (open.literal)
                                write_text(&w, text + i, n);
                }
        }
}
