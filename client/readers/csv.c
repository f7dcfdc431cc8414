/* Tables written as text; see the header for the grammar. */
#include "client/readers/csv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_CHUNK = 65536 };

void csv_init(Csv *csv, const Input *input, char separator) {
        *csv = (Csv){ .input = input, .separator = separator, .line = 1 };
}

void csv_done(Csv *csv) {
        free(csv->buf);
        free(csv->text);
        *csv = (Csv){ 0 };
}

/* Reads more behind what is there. 1 when there is more, 0 at the end. */
static int fill(Csv *csv) {
        ssize_t n;

        if (csv->eof)
                return 0;
        if (csv->start > 0 && csv->cap - csv->end < CSV_CHUNK) {
                memmove(csv->buf, csv->buf + csv->start, csv->end - csv->start);
                csv->end -= csv->start;
                csv->start = 0;
        }
        if (csv->cap - csv->end < CSV_CHUNK) {
                size_t cap = csv->cap * 2 + CSV_CHUNK;
                char *buf = realloc(csv->buf, cap);

                if (!buf)
                        return -ENOMEM;
                csv->buf = buf;
                csv->cap = cap;
        }

        n = csv->input->read(csv->input->userdata, csv->offset, csv->buf + csv->end, CSV_CHUNK);
        if (n < 0)
                return (int) n;
        csv->eof = n == 0;
        csv->end += (size_t) n;
        csv->offset += (uint64_t) n;
        return n > 0;
}

/* The byte `at` behind the start: 0..255, -1 at the end of the file, or below that a negative errno less 1. */
static int byte_at(Csv *csv, size_t at) {
        while (csv->end - csv->start <= at) {
                int r = fill(csv);

                if (r < 0)
                        return r - 1;
                if (r == 0)
                        return -1;
        }
        return (unsigned char) csv->buf[csv->start + at];
}

/* Length of the line end `at` behind the start, where one is. */
static int line_end_at(Csv *csv, size_t at) {
        int c = byte_at(csv, at);

        if (c == '\n')
                return 1;
        if (c == '\r')
                return byte_at(csv, at + 1) == '\n' ? 2 : 1;
        return 0;
}

/*
 * Where the line ends that contains the byte `from` behind the start; at CSV_RECORD_MAX when it is
 * longer. Negative errno on failure.
 */
static ssize_t find_line_end(Csv *csv, size_t from) {
        for (size_t at = from;; at++) {
                int c = byte_at(csv, at);

                if (c < -1)
                        return c + 1;
                if (c == -1 || c == '\n' || c == '\r' || at >= CSV_RECORD_MAX)
                        return (ssize_t) at;
        }
}

/* Takes `len` bytes and the line end behind them, and counts lines. Returns how many bytes that were. */
static size_t take(Csv *csv, size_t len) {
        const char *p;

        len += (size_t) line_end_at(csv, len);
        p = csv->buf + csv->start;
        for (size_t i = 0; i < len; i++)
                if (p[i] == '\n' || (p[i] == '\r' && (i + 1 == len || p[i + 1] != '\n')))
                        csv->line++;
        csv->start += len;
        return len;
}

/* The rest of a line whose beginning was refused as too long. */
static int skip_rest(Csv *csv) {
        while (csv->skipping) {
                size_t at = 0, have = csv->end - csv->start;
                const char *p = csv->buf + csv->start;
                int r;

                while (at < have && p[at] != '\n' && p[at] != '\r')
                        at++;
                if (at < have) {
                        (void) take(csv, at);
                        csv->skipping = false;
                        break;
                }
                csv->start += at;
                r = fill(csv);
                if (r < 0)
                        return r;
                if (r == 0)
                        csv->skipping = false;
        }
        return 0;
}

int csv_peek_line(Csv *csv, const char **ret, size_t *ret_len) {
        ssize_t len;
        int r;

        r = skip_rest(csv);
        if (r < 0)
                return r;
        r = byte_at(csv, 0);
        if (r < 0)
                return r == -1 ? 0 : r + 1;
        len = find_line_end(csv, 0);
        if (len < 0)
                return (int) len;

        *ret = csv->buf + csv->start;
        *ret_len = (size_t) len;
        return 1;
}

int csv_skip_line(Csv *csv) {
        const char *line;
        size_t len;
        int r;

        r = csv_peek_line(csv, &line, &len);
        if (r <= 0)
                return r;
        if (len >= CSV_RECORD_MAX) {
                csv->start += len;
                csv->skipping = true;
                return skip_rest(csv);
        }
        (void) take(csv, len);
        return 0;
}

typedef enum Ending {
        END_GOOD,
        END_TEXT_AFTER_QUOTE,
        END_OPEN_QUOTE,
        END_TOO_LONG,
} Ending;

/*
 * Goes over one record from the start. *ret_len is where it ends, or, when it does not end well,
 * where that was seen; *ret_first_line is the end of its first line, SIZE_MAX when that is where the record ends.
 */
static int scan(Csv *csv, Ending *ret, size_t *ret_len, size_t *ret_first_line) {
        enum { FIELD_START, PLAIN, QUOTED, AFTER_QUOTE } state = FIELD_START;
        size_t at = 0, first_line = SIZE_MAX;

        for (;; at++) {
                int c = byte_at(csv, at);

                if (c < -1)
                        return c + 1;
                if (at > CSV_RECORD_MAX && c != -1) {
                        *ret = state == QUOTED && first_line != SIZE_MAX ? END_OPEN_QUOTE
                                                                         : END_TOO_LONG;
                        break;
                }
                if (state == QUOTED) {
                        if (c == -1) {
                                *ret = END_OPEN_QUOTE;
                                break;
                        }
                        if (c == '"')
                                state = AFTER_QUOTE;
                        else if ((c == '\n' || c == '\r') && first_line == SIZE_MAX)
                                first_line = at;
                        continue;
                }
                if (c == -1 || c == '\n' || c == '\r') {
                        *ret = END_GOOD;
                        break;
                }
                if (c == csv->separator) {
                        state = FIELD_START;
                        continue;
                }
                switch (state) {
                case FIELD_START:
                        if (c == '"')
                                state = QUOTED;
                        else if (c != ' ')
                                state = PLAIN;
                        break;
                case AFTER_QUOTE:
                        /* Doubled, the end with spaces behind it, or a mistake. */
                        if (c == '"' && csv->buf[csv->start + at - 1] == '"')
                                state = QUOTED;
                        else if (c != ' ') {
                                *ret = END_TEXT_AFTER_QUOTE;
                                *ret_len = at;
                                *ret_first_line = first_line;
                                return 0;
                        }
                        break;
                case PLAIN:
                case QUOTED:
                        break;
                }
        }
        *ret_len = at;
        *ret_first_line = first_line;
        return 0;
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

/* Cuts a record that scan() found good into fields. -ENOMEM, or 0 with `problem` set when there are too many. */
static int split(Csv *csv, const char *raw, size_t len) {
        CsvRecord *record = &csv->record;
        size_t i = 0;
        char *out;

        /* Decoded fields are never longer than the record, and each one is ended by a NUL. */
        if (csv->text_cap < len + CSV_FIELDS_MAX + 1) {
                size_t cap = (len + CSV_FIELDS_MAX + 1) * 3 / 2;
                char *text = realloc(csv->text, cap);

                if (!text)
                        return -ENOMEM;
                csv->text = text;
                csv->text_cap = cap;
        }
        out = csv->text;

        for (;;) {
                CsvField *field = &record->fields[record->n_fields];
                size_t begin = i;

                if (record->n_fields == CSV_FIELDS_MAX) {
                        record->problem = "has more than 128 columns";
                        return 0;
                }
                while (i < len && raw[i] == ' ' && raw[i] != csv->separator)
                        i++;
                field->text = out;
                if (i < len && raw[i] == '"') {
                        for (i++; i < len; i++) {
                                if (raw[i] == '"' && (++i == len || raw[i] != '"'))
                                        break;
                                if (raw[i] == '\r') {
                                        if (i + 1 == len || raw[i + 1] != '\n')
                                                *out++ = '\n';
                                } else
                                        *out++ = raw[i];
                        }
                        field->len = (size_t) (out - field->text);
                        while (i < len && raw[i] != csv->separator)
                                i++;
                } else {
                        size_t stop;

                        for (i = begin; i < len && raw[i] != csv->separator; i++)
                                record->stray = record->stray || raw[i] == '"';
                        stop = i;
                        while (begin < stop && is_blank(raw[begin]))
                                begin++;
                        while (stop > begin && is_blank(raw[stop - 1]))
                                stop--;
                        memcpy(out, raw + begin, stop - begin);
                        field->len = stop - begin;
                        out += field->len;
                }
                *out++ = 0;
                record->n_fields++;
                if (i >= len)
                        return 0;
                i++;
        }
}

static size_t count_quotes(const char *s, size_t len) {
        size_t n = 0;

        for (size_t i = 0; i < len; i++)
                n += s[i] == '"';
        return n;
}

int csv_next(Csv *csv, const CsvRecord **ret) {
        CsvRecord *record = &csv->record;
        size_t len = 0, first_line = SIZE_MAX;
        uint64_t offset;
        Ending ending;
        int c, r;

        assert(csv);
        assert(ret);

        for (;;) {
                r = skip_rest(csv);
                if (r < 0)
                        return r;
                c = byte_at(csv, 0);
                if (c < 0)
                        return c == -1 ? 0 : c + 1;
                if (c == '#')
                        r = csv_skip_line(csv);
                else if (c == '\n' || c == '\r')
                        (void) take(csv, 0);
                else
                        break;
                if (r < 0)
                        return r;
        }

        record->line = csv->line;
        record->problem = NULL;
        record->problem_line = 0;
        record->stray = false;
        record->n_fields = 0;
        r = scan(csv, &ending, &len, &first_line);
        if (r < 0)
                return r;
        offset = csv->offset - (csv->end - csv->start);

        switch (ending) {
        case END_GOOD:
                break;
        case END_TEXT_AFTER_QUOTE:
                record->problem = "has text after a closing quote";
                if (first_line != SIZE_MAX) {
                        record->problem = "opens a quote that is not closed";
                        csv->bad_close = offset + len;
                        csv->bad_open_line = record->line;
                        len = first_line;
                } else {
                        ssize_t end = find_line_end(csv, len);

                        if (end < 0)
                                return (int) end;
                        len = (size_t) end;
                }
                break;
        case END_OPEN_QUOTE:
                record->problem = "opens a quote that is not closed";
                if (first_line != SIZE_MAX)
                        len = first_line;
                break;
        case END_TOO_LONG:
                record->problem = "is longer than 2 MiB";
                break;
        }
        if (len >= CSV_RECORD_MAX) {
                record->problem = "is longer than 2 MiB";
                csv->skipping = true;
                len = CSV_RECORD_MAX;
        }

        record->raw = csv->buf + csv->start;
        record->raw_len = len;
        if (!record->problem && csv->bad_close > offset && csv->bad_close <= offset + len &&
            first_line == SIZE_MAX && count_quotes(record->raw, len) % 2 == 1) {
                record->problem = "ends a quote badly that begins in";
                record->problem_line = csv->bad_open_line;
        }
        if (!record->problem) {
                r = split(csv, record->raw, len);
                if (r < 0)
                        return r;
        }

        if (csv->skipping)
                csv->start += len;
        else
                len = take(csv, len);
        record->raw = csv->buf + csv->start - len;
        *ret = record;
        return 1;
}

ssize_t csv_read_text(void *userdata, uint64_t offset, char *buf, size_t len) {
        const CsvText *text = userdata;

        if (offset >= text->len)
                return 0;
        if (len > text->len - offset)
                len = text->len - (size_t) offset;
        memcpy(buf, text->text + offset, len);
        return (ssize_t) len;
}
