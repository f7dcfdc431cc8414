/*
 * Records of a table written as text: RFC 4180 with any one-byte separator, and what files in the
 * wild do besides: spaces around quotes, "\r" or "\r\n" as line ends, comments, broken quotes.
 *
 * A field whose first character is a quote runs to the next single quote; doubled quotes inside are one;
 * separators and line ends inside are text. A quote elsewhere is a character like any other. A line
 * that begins with "#" where a record would begin is a comment. Blank lines are skipped.
 *
 * A broken record never takes the lines after it along: when a quote is not closed properly, only the
 * line where it was opened is refused, and reading goes on with the next one (but the line with the
 * quote that closed it badly, when that is one too many there, is refused as well).
 *
 * Memory: one record, which is at most CSV_RECORD_MAX bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/readers/input.h"

enum {
        CSV_RECORD_MAX = 2 << 20, /* bytes */
        CSV_FIELDS_MAX = 128,
};

typedef struct CsvField {
        const char *
                text; /* white space off both ends unless quoted; line ends are "\n"; NUL-terminated */
        size_t len;
} CsvField;

typedef struct CsvRecord {
        uint64_t line; /* where it begins, from 1 */
        const char *
                raw; /* as it stands in the file, without the line end; its beginning when it is very long */
        size_t raw_len;
        const char *
                problem; /* why it is none, as a phrase after "line 7 "; NULL: the fields are there */
        uint64_t
                problem_line; /* when not 0, `problem` ends with " line " and this number is to follow */
        bool stray;           /* a quote stands inside a field that is not quoted */
        size_t n_fields;
        CsvField fields[CSV_FIELDS_MAX];
} CsvRecord;

typedef struct Csv {
        const Input *input;
        uint64_t offset; /* of what is read next */
        char *buf;
        size_t start, end, cap; /* of buf: not yet taken, read */
        bool eof;
        char separator;                    /* may be set between records */
        uint64_t line;                     /* at start */
        uint64_t bad_close, bad_open_line; /* file offset of the quote that closed badly, plus 1 */
        char *text;                        /* decoded fields */
        size_t text_cap;
        bool skipping; /* the rest of a line that was too long */
        CsvRecord record;
} Csv;

void csv_init(Csv *csv, const Input *input, char separator);
void csv_done(Csv *csv);

/* The next record, valid until the next call. 1, 0 at the end, or a negative errno. */
int csv_next(Csv *csv, const CsvRecord **ret);

/*
 * The line that comes next, without its end, without taking it; its first CSV_RECORD_MAX bytes when it
 * is longer. 1, 0 at the end, or a negative errno. csv_skip_line() takes it. Only between records.
 */
int csv_peek_line(Csv *csv, const char **ret, size_t *ret_len);
int csv_skip_line(Csv *csv);

/* An Input over text in memory. */
typedef struct CsvText {
        const char *text;
        size_t len;
} CsvText;
ssize_t csv_read_text(void *text, uint64_t offset, char *buf, size_t len);
