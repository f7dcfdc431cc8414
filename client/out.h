/*
 * Output: for people on a terminal, as tab-separated lines for scripts, or as JSON. What a verb prints
 * is a table of columns over the values of a reply. Text of cards is hostile: whatever is printed
 * goes through here and leaves without control or other unsafe characters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/call.h"
#include "util/json.h"
#include "util/usec.h"

typedef enum OutMode { OUT_PEOPLE, OUT_LINES, OUT_JSON } OutMode;

typedef enum OutStyle { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD } OutStyle;

/* Looks at the terminal and the environment; call first. */
void out_init(void);
OutMode out_mode(bool json);
bool out_is_terminal(void);
size_t out_columns(void); /* width of the terminal, at least 10 */
usec_t out_now(void);

/* The sequence that begins a style on stdout, "" when colours are off. STYLE_PLAIN ends every other. */
const char *out_style(OutStyle style);

void out_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The columns or keys of an output. */
typedef enum OutKind {
        OUT_TEXT,    /* s, or an array of them */
        OUT_NUMBER,  /* a whole number, or an array of them */
        OUT_DECIMAL, /* d, two places */
        OUT_PERCENT, /* d, 0..1 */
        OUT_BOOL,    /* yes or no */
        OUT_INSTANT, /* t, microseconds; lines and JSON have it in ISO 8601 UTC, "" or null for none */
        OUT_PAST,    /* the same, to people by date and time */
        OUT_GRADE, /* u */
        OUT_MSEC,  /* u, milliseconds, as seconds */
        OUT_SIZE,  /* t, bytes */
        OUT_DAYS,  /* d, days */
} OutKind;

typedef struct OutColumn {
        const char *key;   /* in JSON and of a dictionary */
        const char *title; /* for people; NULL: not shown to them */
        OutKind kind;
        int item; /* position in a struct; for dictionaries unused */
        bool cut; /* shortened when the terminal is too narrow; else never */
} OutColumn;

/*
 * Prints an array of structs. More than one array can follow: `first` and `last` say which are the
 * beginning and the end of the output.
 */
void out_rows(OutMode mode, const OutColumn *columns, size_t n, const Value *rows, bool first,
              bool last);

/* Prints a dictionary: "Title: value" lines, key TAB value, or one object. Keys that are missing are left out. */
void out_record(OutMode mode, const OutColumn *columns, size_t n, const Value *dict);

/* The members of that object alone, for objects that hold more. */
void out_json_members(JsonWriter *w, const OutColumn *columns, size_t n, const Value *dict);
/* Prints and frees what the writer holds. */
void out_json_finish(JsonWriter *w);

/* One value as people or scripts see it. Caller frees; NULL when out of memory. */
char *out_value(OutMode mode, OutKind kind, const Value *v);

/* "now", "in 10m", "2026-11-27"; "never" for 0. */
char *out_instant(usec_t at_real);

/* On one line, safe to print. Caller frees; NULL when out of memory. */
char *out_line(const char *s);
/* For a field of a tab-separated line: \t \n \r and \\ written so, else as out_line(). */
char *out_field(const char *s);
