/*
 * From a card's text to what a notification, a terminal or a list may show. Input is hostile:
 * imported decks hold anything. Nothing here allocates; every function writes into out[0..cap), always
 * NUL-terminated, never more than cap bytes, never half a character or half an entity, and returns the length
 * without the NUL. `cap` must be at least 8. The output is valid UTF-8 without control (but newline), bidi
 * or other unsafe characters (util/text.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
        /* Enough for what render_body() and render_line() can write for n characters. */
        RENDER_BYTES_PER_CHAR = 5,
        RENDER_BODY_CHARS = 240,
        RENDER_BODY_LINES = 8,
};

#define RENDER_SIZE(chars) ((size_t) (chars) *RENDER_BYTES_PER_CHAR + 8)

typedef struct RenderLimits {
        unsigned chars; /* visible characters, the "…" counted; 0: no limit but cap */
        unsigned lines; /* 0: no limit. Lines beyond it are joined by a space. */
        bool markup;    /* escape & < > as the notification spec's markup wants it */
} RenderLimits;

/*
 * Plain text for a notification's body. White space within a line is folded to one space, off
 * its ends dropped; at most one empty line in a row, none at the ends. What is too long is cut
 * at the end of a word where one is near, and ends in "…".
 */
size_t render_body(const char *text, size_t len, const RenderLimits *limits, char *out, size_t cap);

/* The same on one line: newlines are spaces. For summaries, lists, labels. */
size_t render_line(const char *text, size_t len, unsigned chars, bool markup, char *out,
                   size_t cap);

/*
 * The text of a note's field written in simple HTML: tags are dropped, br, div, p, li, tr and headings
 * make lines, list items a bullet; named and numeric entities become characters; <img> becomes
 * "[image]" (or its alt text), [sound:...] "[sound]"; comments, script and style vanish with what they hold. A "<" that begins no tag
 * stays. A field without any markup comes out as it is, white space at its ends apart.
 *
 * 3 * len + 8 bytes are always enough.
 */
size_t render_html_to_text(const char *html, size_t len, char *out, size_t cap);
