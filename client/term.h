/*
 * The terminal: text broken into lines by display width, and a full screen that is always given back as it
 * was found, whatever ends the program. No terminfo: the few ECMA-48 sequences used are those every terminal
 * that is not dumb has had for decades.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/text.h"

/* Lines of a text; they point into it. */
typedef struct TermLine {
        const char *text;
        size_t len;
} TermLine;

typedef struct TermLines {
        TermLine *lines;
        size_t n, cap;
} TermLines;

/*
 * Appends the lines of a text at most `columns` wide (at least 2, so that every character fits): broken at
 * spaces, between wide characters (not before closing marks), and inside a word only when it is longer than
 * a line. Spaces at a break are left out. The text must be printable (text_printable()). 0 or -ENOMEM.
 */
int term_wrap(const char *text, size_t len, size_t columns, TermLines *lines);
void term_lines_done(TermLines *lines);

/* False for a dumb terminal, or when stdin or stdout is none. */
bool term_usable(void);

/*
 * Full screen on and off. Between them the terminal is restored on exit(), on every signal that ends the
 * process, and while it is stopped. 0 or a negative errno.
 */
int term_start(void);
void term_stop(void);

void term_size(size_t *ret_columns, size_t *ret_rows);

/* Keys that are no character. Letters and digits are themselves. */
typedef enum TermKey {
        TERM_TIMEOUT = 0,
        TERM_END = -1,    /* the terminal hung up */
        TERM_REDRAW = -2, /* the size changed, or the program was stopped and goes on */
        TERM_OTHER = -3,  /* a key that means nothing here */
        TERM_UP = -4,
        TERM_DOWN = -5,
        TERM_PAGE_UP = -6,
        TERM_PAGE_DOWN = -7,
        TERM_ENTER = '\n',
        TERM_ESCAPE = 27,
        TERM_SPACE = ' ',
} TermKey;

/* Waits for a key. */
int term_key(int timeout_ms);
/* Throws away what was typed ahead. */
void term_flush_keys(void);

/* Replaces what is on screen: as many lines as it has rows, each ended by "\n" and not wider than it. */
void term_draw(const TextBuf *screen);
