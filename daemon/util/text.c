/* Text that may come from anywhere. Nothing here depends on the locale. */
#include "util/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

typedef struct TextRange {
        uint32_t first, last;
} TextRange;

#include "util/text-width.h"

#define REPLACEMENT 0xfffd

size_t utf8_decode(const char *s, size_t len, uint32_t *ret) {
        const uint8_t *b = (const uint8_t *) s;
        uint32_t c, least;
        size_t n;

        if (len == 0)
                return 0;

        if (b[0] < 0x80) {
                *ret = b[0];
                return 1;
        }
        if (b[0] < 0xc2)
                return 0;
        if (b[0] < 0xe0)
                n = 2, least = 0x80, c = b[0] & 0x1f;
        else if (b[0] < 0xf0)
                n = 3, least = 0x800, c = b[0] & 0x0f;
        else if (b[0] < 0xf5)
                n = 4, least = 0x10000, c = b[0] & 0x07;
        else
                return 0;

        if (len < n)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((b[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (b[i] & 0x3f);
        }
        if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;

        *ret = c;
        return n;
}

size_t utf8_encode(uint32_t c, char out[static 4]) {
        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                c = REPLACEMENT;

        if (c < 0x80) {
                out[0] = (char) c;
                return 1;
        }
        if (c < 0x800) {
                out[0] = (char) (0xc0 | c >> 6);
                out[1] = (char) (0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                out[0] = (char) (0xe0 | c >> 12);
                out[1] = (char) (0x80 | (c >> 6 & 0x3f));
                out[2] = (char) (0x80 | (c & 0x3f));
                return 3;
        }
        out[0] = (char) (0xf0 | c >> 18);
        out[1] = (char) (0x80 | (c >> 12 & 0x3f));
        out[2] = (char) (0x80 | (c >> 6 & 0x3f));
        out[3] = (char) (0x80 | (c & 0x3f));
        return 4;
}

bool utf8_valid(const char *s, size_t len) {
        while (len > 0) {
                uint32_t c;
                size_t n;

                /* Eight ASCII bytes at a time: most texts are nearly all ASCII. */
                if (len >= 8) {
                        uint64_t eight;

                        memcpy(&eight, s, 8);
                        if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                                s += 8;
                                len -= 8;
                                continue;
                        }
                }

                n = utf8_decode(s, len, &c);
                if (n == 0)
                        return false;
                s += n;
                len -= n;
        }
        return true;
}

/* As utf8_decode(), but always gets on: an invalid byte is U+FFFD, one byte long. */
static size_t next_char(const char *s, size_t len, uint32_t *ret) {
        size_t n = utf8_decode(s, len, ret);

        if (n == 0) {
                *ret = REPLACEMENT;
                n = 1;
        }
        return n;
}

char *utf8_repair(const char *s, size_t len) {
        _cleanup_(textbuf_done) TextBuf b = { 0 };
        char *copy;

        for (size_t i = 0, n; i < len; i += n) {
                char out[4];
                uint32_t c;

                n = next_char(s + i, len - i, &c);
                textbuf_add(&b, out, utf8_encode(c, out));
        }

        return textbuf_take(&b, &copy) < 0 ? NULL : copy;
}

const char *text_field_problem(const char *s, size_t len) {
        if (len > TEXT_FIELD_MAX)
                return "is longer than 1 MiB";
        if (memchr(s, 0, len))
                return "holds a NUL character";
        if (!utf8_valid(s, len))
                return "holds invalid UTF-8";
        return NULL;
}

bool text_is_unsafe_char(uint32_t c) {
        if (c < 0x20)
                return c != '\t' && c != '\n';
        return (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

char *text_printable(const char *s, size_t len) {
        _cleanup_(textbuf_done) TextBuf b = { 0 };
        char *copy;

        for (size_t i = 0, n; i < len; i += n) {
                char out[4];
                uint32_t c;

                n = next_char(s + i, len - i, &c);
                if (text_is_unsafe_char(c))
                        continue;
                textbuf_add(&b, out, utf8_encode(c == '\t' ? ' ' : c, out));
        }

        return textbuf_take(&b, &copy) < 0 ? NULL : copy;
}

static bool in_ranges(const TextRange *ranges, size_t n, uint32_t c) {
        size_t low = 0, high = n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (c > ranges[mid].last)
                        low = mid + 1;
                else if (c < ranges[mid].first)
                        high = mid;
                else
                        return true;
        }
        return false;
}

int utf8_width_char(uint32_t c) {
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
                return 0;
        if (c < 0x300)
                return 1;
        if (in_ranges(text_width_zero, ELEMENTS(text_width_zero), c))
                return 0;
        if (in_ranges(text_width_wide, ELEMENTS(text_width_wide), c))
                return 2;
        return 1;
}

size_t utf8_width(const char *s, size_t len) {
        size_t width = 0;

        for (size_t i = 0, n; i < len; i += n) {
                uint32_t c;

                n = next_char(s + i, len - i, &c);
                width += (size_t) utf8_width_char(c);
        }
        return width;
}

size_t utf8_prefix(const char *s, size_t len, size_t columns) {
        size_t i = 0, width = 0;

        while (i < len) {
                uint32_t c;
                size_t n = next_char(s + i, len - i, &c);

                width += (size_t) utf8_width_char(c);
                if (width > columns)
                        break;
                i += n;
        }
        return i;
}

/* Where a cut keeps a base and its combining marks together: true for a mark that belongs to what stands before it. */
static bool is_mark(uint32_t c) {
        return c >= 0x300 && in_ranges(text_width_zero, ELEMENTS(text_width_zero), c);
}

char *text_ellipsis(const char *s, size_t chars) {
        size_t len = strlen(s), count = 0, end = 0, word_end = 0;
        _cleanup_(textbuf_done) TextBuf b = { 0 };
        char *copy;
        bool cut = false;

        /* `end` is where a cut to chars - 1 characters would be, so that "…" has its place. */
        for (size_t i = 0, n; i < len; i += n) {
                uint32_t c;

                n = next_char(s + i, len - i, &c);
                if (count > 0 && is_mark(c)) {
                        if (count + 1 <= chars)
                                end = i + n;
                        continue;
                }
                if (++count > chars) {
                        cut = true;
                        break;
                }
                if (count < chars) {
                        if ((c == ' ' || c == '\n' || c == '\t') && count > chars - chars / 4)
                                word_end = i;
                        end = i + n;
                } else if (c == ' ' || c == '\n' || c == '\t')
                        word_end = i;
        }

        if (!cut)
                textbuf_add(&b, s, len);
        else if (chars > 0) {
                if (word_end > 0)
                        end = word_end;
                while (end > 0 && strchr(" \t\n", s[end - 1]))
                        end--;
                textbuf_add(&b, s, end);
                textbuf_adds(&b, "…");
        }

        return textbuf_take(&b, &copy) < 0 ? NULL : copy;
}

static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_strip(char *s) {
        size_t len;

        while (is_space(*s))
                s++;
        len = strlen(s);
        while (len > 0 && is_space(s[len - 1]))
                len--;
        s[len] = 0;
        return s;
}

bool text_starts_with(const char *s, const char *prefix) {
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Optimal string alignment: insert, delete, replace, and swap of neighbours, each at cost 1. */
size_t text_distance(const char *a, const char *b) {
        size_t rows[3][33], la = strlen(a), lb = strlen(b);
        size_t *before = rows[0], *last = rows[1], *now = rows[2];

        if (la > 32 || lb > 32)
                return SIZE_MAX;

        for (size_t j = 0; j <= lb; j++)
                last[j] = j;
        for (size_t i = 1; i <= la; i++) {
                size_t *spare;

                now[0] = i;
                for (size_t j = 1; j <= lb; j++) {
                        size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);

                        if (last[j] + 1 < d)
                                d = last[j] + 1;
                        if (now[j - 1] + 1 < d)
                                d = now[j - 1] + 1;
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                            before[j - 2] + 1 < d)
                                d = before[j - 2] + 1;
                        now[j] = d;
                }
                spare = before;
                before = last;
                last = now;
                now = spare;
        }
        return last[lb];
}

char *text_format(const char *format, ...) {
        char *s = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&s, format, ap);
        va_end(ap);
        return n < 0 ? NULL : s;
}

/* Room for `more` bytes and the NUL. */
static bool textbuf_room(TextBuf *b, size_t more) {
        size_t cap = b->cap ? b->cap : 64;
        char *buf;

        if (b->error < 0)
                return false;
        if (b->len + more < b->cap)
                return true;

        while (cap <= b->len + more) {
                if (cap > SIZE_MAX / 2) {
                        b->error = -ENOMEM;
                        return false;
                }
                cap *= 2;
        }
        buf = realloc(b->buf, cap);
        if (!buf) {
                b->error = -ENOMEM;
                return false;
        }
        b->buf = buf;
        b->cap = cap;
        return true;
}

void textbuf_add(TextBuf *b, const char *s, size_t len) {
        if (!textbuf_room(b, len))
                return;
        if (len > 0)
                memcpy(b->buf + b->len, s, len);
        b->len += len;
        b->buf[b->len] = 0;
}

void textbuf_adds(TextBuf *b, const char *s) {
        textbuf_add(b, s, strlen(s));
}

void textbuf_addc(TextBuf *b, char c) {
        textbuf_add(b, &c, 1);
}

void textbuf_addf(TextBuf *b, const char *format, ...) {
        va_list ap, again;
        int n;

        va_start(ap, format);
        va_copy(again, ap);
        n = vsnprintf(NULL, 0, format, ap);
        if (n < 0)
                b->error = -ENOMEM;
        else if (textbuf_room(b, (size_t) n)) {
                (void) vsnprintf(b->buf + b->len, (size_t) n + 1, format, again);
                b->len += (size_t) n;
        }
        va_end(again);
        va_end(ap);
}

int textbuf_take(TextBuf *b, char **ret) {
        if (b->error == 0 && !b->buf)
                textbuf_add(b, "", 0);
        if (b->error < 0) {
                int r = b->error;

                textbuf_done(b);
                return r;
        }

        *ret = b->buf;
        *b = (TextBuf){ 0 };
        return 0;
}

void textbuf_done(TextBuf *b) {
        free(b->buf);
        *b = (TextBuf){ 0 };
}
