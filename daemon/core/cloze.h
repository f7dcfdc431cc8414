/*
 * Cloze deletions: {{c1::text}}, {{c1::text::hint}}, {{c1,3::text}}, nested. Behaviour as Anki's
 * (26.08, facts only): "{{c" without digits and "::" is literal text, as is a "}}" outside; deeper than
 * CLOZE_DEPTH_MAX the markers are dropped and the text stays; an unclosed deletion is literal.
 * c0 makes no card and is always shown.
 *
 * Text is built in a TextBuf, the one thing in core that allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/text.h"

enum {
        CLOZE_DEPTH_MAX = 10,
        CLOZE_NUMBER_MAX = 500, /* larger numbers are shown as text and make no card (Anki) */
};

/* Which numbers a note uses. Zero-initialise. */
typedef struct ClozeSet {
        uint64_t bits[CLOZE_NUMBER_MAX / 64 + 1];
} ClozeSet;

bool cloze_set_has(const ClozeSet *set, unsigned number);
size_t cloze_set_count(const ClozeSet *set);

/* Adds the numbers (1 .. CLOZE_NUMBER_MAX) that text[0..len) uses. */
void cloze_find(const char *text, size_t len, ClozeSet *set);

typedef enum ClozeSide {
        CLOZE_QUESTION,      /* the deletions of `number` are "[...]" or "[hint]" */
        CLOZE_ANSWER,        /* ... are shown, in <span class="cloze"> */
        CLOZE_QUESTION_ONLY, /* only those deletions, joined by ", " */
        CLOZE_ANSWER_ONLY,
        CLOZE_PLAIN, /* all text, no markers; `number` is not used */
} ClozeSide;

/*
 * Appends text as the card of `number` shows it; nothing when it does not use that number. What lies inside a
 * hidden deletion is hidden with it; inside a shown one of another number, active ones are still replaced.
 */
void cloze_render(const char *text, size_t len, unsigned number, ClozeSide side, TextBuf *out);
