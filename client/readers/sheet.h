/*
 * A table written as text (CSV, TSV, Anki's text files) becomes a note stream. No process, no files: bytes
 * come from an Input, lines go to a NoteWriter.
 *
 * The table may begin with Anki's header lines:
 *   #separator:tab|comma|semicolon|pipe|colon|space|one character   #html:true|false   #tags:a b   tags:a b
 *   #columns:a,b,c   #notetype:N   #deck:A::B   #notetype|deck|tags|guid column:3
 *   #if matches:update current|keep current|keep both   #match scope:notetype|notetype + deck
 * Other lines that begin with "#" are comments.
 *
 * What is not said is found out, from the whole file:
 * - the separator: one under which the first line names known columns, else the one under which most
 *   records have the same number of columns;
 * - a header row: two or more known names (front, answer, meaning, tags, guid, deck, ...);
 * - HTML: a cell that holds a tag or an entity. Else text is escaped, and line ends become <br>;
 * - the note type: {{c1::...}} in the first field makes Cloze, one or two fields make Basic. More fields
 *   make a note type of their own, with the columns' names; the first one (front, question, expression, ...)
 *   asks, the others answer. With Anki's header lines and no names, the third column is tags, as in Anki.
 *
 * A record that cannot be a note is refused with its line and the reason: invalid UTF-8, NUL and control
 * characters, broken quotes, more columns than the table has, one where others have several, an empty first
 * field, a bad tag, deck, guid, note type or a field over 1 MiB. Fewer columns are filled up with empty fields. Empty
 * records are passed over.
 */
#pragma once

#include <stdbool.h>

#include "client/readers/input.h"
#include "client/readers/notewriter.h"

typedef enum SheetChoice { SHEET_AUTO, SHEET_YES, SHEET_NO } SheetChoice;

/* What is NULL, 0 or AUTO is taken from the file; what is given here goes before what the file says. */
typedef struct SheetOptions {
        const char *name;         /* of the file, for people */
        char separator;           /* 0: find out */
        SheetChoice header, html; /* header: the first record holds column names */
        const char *columns;      /* names, separated by commas; "-" is left out */
        const char *deck, *notetype, *tags;
        const char *match, *scope; /* as notewriter_options() has them */
} SheetOptions;

enum {
        SHEET_E_REFUSED = 1, /* the whole file; *ret_problem, the caller's, is a sentence */
};

/* 0, SHEET_E_REFUSED, or a negative errno (of reading, writing or memory). */
int sheet_read(const Input *input, const SheetOptions *options, NoteWriter *out,
               char **ret_problem);

/* The separator of a name (tab, comma, semicolon, pipe, colon, space) or of one character; 0 when it is none. */
char sheet_separator(const char *name);
