/*
 * Text that may come from anywhere: UTF-8 checks, width on a terminal, cutting, trimming.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One code point from s[0..len); returns its length in bytes, 0 for invalid UTF-8 (overlong, surrogate, > U+10FFFF) or len 0. */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret);
size_t utf8_encode(uint32_t c, char out[static 4]);

bool utf8_valid(const char *s, size_t len);

/* A copy in which every invalid byte is U+FFFD. Caller frees; NULL when out of memory. */
char *utf8_repair(const char *s, size_t len);

/*
 * Why a text cannot be a field of a note, or NULL when it can. A field is valid UTF-8 without NUL,
 * at most TEXT_FIELD_MAX bytes. The result is a static phrase for a sentence: "holds invalid UTF-8".
 */
enum { TEXT_FIELD_MAX = 1 << 20 };
const char *text_field_problem(const char *s, size_t len);

/* True for characters that can reorder, hide or forge what surrounds a text on screen:
 * bidi marks, embeddings, overrides and isolates, C0/C1 controls but tab and newline, U+2028/9, BOM. */
bool text_is_unsafe_char(uint32_t c);

/* A copy safe to print: unsafe characters left out, tabs to spaces, invalid bytes to U+FFFD. Caller frees. */
char *text_printable(const char *s, size_t len);

/* Columns on a terminal: 0 for combining marks and controls, 2 for wide East Asian and emoji, else 1. */
int utf8_width_char(uint32_t c);
size_t utf8_width(const char *s, size_t len);

/* The longest prefix, in bytes, that is at most `columns` wide and ends between characters (combining marks stay with their base). */
size_t utf8_prefix(const char *s, size_t len, size_t columns);

/* A copy cut to at most `chars` characters, preferring a word end in the last quarter, with "…" when cut. Caller frees. */
char *text_ellipsis(const char *s, size_t chars);

/* In place: white space off both ends. Returns s or a place inside it. */
char *text_strip(char *s);

bool text_starts_with(const char *s, const char *prefix);

/* Damerau-Levenshtein distance of two short words, for "did you mean". Words longer than 32 bytes are far from everything. */
size_t text_distance(const char *a, const char *b);

/* malloc'ed printf; NULL when out of memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A growing text. Zero-initialise. After an allocation failure, appends do nothing and .error is -ENOMEM. */
typedef struct TextBuf {
        char *buf; /* NUL-terminated once anything was appended */
        size_t len, cap;
        int error;
} TextBuf;

void textbuf_add(TextBuf *b, const char *s, size_t len);
void textbuf_adds(TextBuf *b, const char *s);
void textbuf_addc(TextBuf *b, char c);
void textbuf_addf(TextBuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
int textbuf_take(TextBuf *b, char **ret); /* "" when nothing was added; resets */
void textbuf_done(TextBuf *b);
