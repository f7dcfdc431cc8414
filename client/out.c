/*
 * See out.h.
 */
#include "client/out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "client/cmd.h"
#include "util/clock.h"
#include "util/parse.h"
#include "util/text.h"

static bool terminal, colours;
static size_t columns_wide = 80;

void out_init(void) {
        const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR"),
                   *wide = getenv("COLUMNS");
        struct winsize size;
        int64_t n;

        terminal = isatty(STDOUT_FILENO);
        colours =
                terminal && (!no_color || !*no_color) && term && *term && strcmp(term, "dumb") != 0;

        if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                columns_wide = size.ws_col;
        else if (wide && parse_int(wide, 1, 10000, &n) == 0)
                columns_wide = (size_t) n;
        if (columns_wide < 10)
                columns_wide = 10;
}

OutMode out_mode(bool json) {
        return json ? OUT_JSON : terminal ? OUT_PEOPLE : OUT_LINES;
}

bool out_is_terminal(void) {
        return terminal;
}

size_t out_columns(void) {
        return columns_wide;
}

usec_t out_now(void) {
        return clock_now_real();
}

const char *out_style(OutStyle style) {
        static const char *const sequences[] = {
                [STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
                [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m",
        };

        return colours ? sequences[style] : "";
}

void out_error(const char *format, ...) {
        _cleanup_free_ char *text = NULL, *safe = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
                return;
        }

        /* Sentences of the daemon may quote a card. */
        safe = text_printable(text, strlen(text));
        (void) fflush(stdout);
        fprintf(stderr, "ebb: %s\n", safe ? safe : "out of memory");
}

char *out_line(const char *s) {
        char *safe;

        safe = text_printable(s, strlen(s));
        if (!safe)
                return NULL;

        for (char *p = safe; *p; p++)
                if (*p == '\n')
                        *p = ' ';

        return safe;
}

char *out_field(const char *s) {
        _cleanup_(textbuf_done) TextBuf b = {};
        char *ret;

        for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
                uint32_t c;

                n = utf8_decode(s, left, &c);
                if (n == 0) {
                        textbuf_adds(&b, "\xef\xbf\xbd");
                        n = 1;
                } else if (c == '\t')
                        textbuf_adds(&b, "\\t");
                else if (c == '\n')
                        textbuf_adds(&b, "\\n");
                else if (c == '\r')
                        textbuf_adds(&b, "\\r");
                else if (c == '\\')
                        textbuf_adds(&b, "\\\\");
                else if (!text_is_unsafe_char(c))
                        textbuf_add(&b, s, n);
        }
        return textbuf_take(&b, &ret) < 0 ? NULL : ret;
}

enum { DATE, DATE_TIME, ISO };

static char *format_date(usec_t at_real, int form) {
        time_t t = (time_t) (at_real / USEC_PER_SEC);
        char buf[64];
        struct tm tm;
        size_t n;

        if (!(form == ISO ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
                return strdup("?");

        n = form == ISO         ? strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm)
            : form == DATE_TIME ? strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M", &tm)
                                : strftime(buf, sizeof(buf), "%Y-%m-%d", &tm);
        return strdup(n ? buf : "?");
}

char *out_instant(usec_t at_real) {
        usec_t now_real = out_now();
        char buf[16];

        if (at_real == 0)
                return strdup("never");
        if (at_real <= now_real)
                return strdup("now");
        if (at_real - now_real < USEC_PER_DAY)
                return text_format(
                        "in %s",
                        format_duration_short(
                                (int64_t) ((at_real - now_real + USEC_PER_SEC - 1) / USEC_PER_SEC),
                                buf));

        return format_date(at_real, DATE);
}

static char *value_list(OutMode mode, const Value *v) {
        _cleanup_(textbuf_done) TextBuf b = {};
        char *ret;

        VALUE_FOREACH(item, v) {
                _cleanup_free_ char *text =
                        out_value(mode, item->type == 's' ? OUT_TEXT : OUT_NUMBER, item);

                if (b.len)
                        textbuf_adds(&b, mode == OUT_PEOPLE ? ", " : ",");
                textbuf_adds(&b, text ? text : "");
        }
        return textbuf_take(&b, &ret) < 0 ? NULL : ret;
}

static char *format_size(uint64_t bytes) {
        if (bytes < 1024)
                return text_format("%" PRIu64 " B", bytes);
        if (bytes < 1024 * 1024)
                return text_format("%.1f KiB", (double) bytes / 1024);

        return text_format("%.1f MiB", (double) bytes / (1024 * 1024));
}

char *out_value(OutMode mode, OutKind kind, const Value *v) {
        bool people = mode == OUT_PEOPLE;
        char buf[16];

        if (!v)
                return strdup("");
        if (v->type == 'a')
                return value_list(mode, v);

        switch (kind) {
        case OUT_TEXT:
                return people ? out_line(value_string(v, "")) : out_field(value_string(v, ""));
        case OUT_NUMBER:
                return text_format("%" PRIi64, value_int(v, 0));
        case OUT_DECIMAL:
                return text_format("%.2f", value_double(v, 0));
        case OUT_PERCENT:
                return people ? text_format("%.1f %%", 100 * value_double(v, 0))
                              : text_format("%.4f", value_double(v, 0));
        case OUT_BOOL:
                return strdup(value_int(v, 0) ? "yes" : "no");
        case OUT_INSTANT:
                if (people && value_int(v, 0))
                        return out_instant((usec_t) value_int(v, 0));
                return value_int(v, 0) ? format_date((usec_t) value_int(v, 0), ISO) : strdup("");
        case OUT_PAST:
                if (!value_int(v, 0))
                        return strdup(people ? "never" : "");
                return format_date((usec_t) value_int(v, 0), people ? DATE_TIME : ISO);
        case OUT_GRADE:
                return people ? strdup(cmd_grade_name((unsigned) value_int(v, 0)))
                              : text_format("%" PRIi64, value_int(v, 0));
        case OUT_MSEC:
                return people ? value_int(v, 0)
                                        ? text_format("%.1f s", (double) value_int(v, 0) / 1000)
                                        : strdup("")
                              : text_format("%" PRIi64, value_int(v, 0));
        case OUT_SIZE:
                return people ? format_size((uint64_t) value_int(v, 0))
                              : text_format("%" PRIi64, value_int(v, 0));
        case OUT_DAYS:
                if (!people)
                        return text_format("%.4f", value_double(v, 0));
                if (value_double(v, 0) <= 0)
                        return strdup("");
                return strdup(format_duration_short((int64_t) (value_double(v, 0) * 86400), buf));
        }
        return strdup("");
}

static void json_put(JsonWriter *w, OutKind kind, const Value *v) {
        _cleanup_free_ char *text = NULL;

        if (!v) {
                json_put_null(w);
                return;
        }
        if (v->type == 'a') {
                json_open(w, '[');
                VALUE_FOREACH(item, v)
                json_put(w, kind, item);
                json_close(w, ']');
                return;
        }
        switch (kind) {
        case OUT_TEXT:
                json_put_string(w, value_string(v, ""));
                break;
        case OUT_BOOL:
                json_put_bool(w, value_int(v, 0));
                break;
        case OUT_INSTANT:
        case OUT_PAST:
                text = out_value(OUT_JSON, kind, v);
                json_put_string(w, text && *text ? text : NULL);
                break;
        case OUT_DECIMAL:
        case OUT_PERCENT:
        case OUT_DAYS:
                json_put_double(w, value_double(v, 0));
                break;
        case OUT_NUMBER:
        case OUT_GRADE:
        case OUT_MSEC:
        case OUT_SIZE:
                json_put_int(w, value_int(v, 0));
        }
}

void out_json_finish(JsonWriter *w) {
        _cleanup_free_ char *text = NULL;

        if (json_finish(w, &text) < 0) {
                out_error("Out of memory.");
                return;
        }
        puts(text);
}

void out_json_members(JsonWriter *w, const OutColumn *columns, size_t n, const Value *dict) {
        for (size_t i = 0; i < n; i++) {
                const Value *v = value_get(dict, columns[i].key);

                if (!v)
                        continue;
                json_put_key(w, columns[i].key);
                json_put(w, columns[i].kind, v);
        }
}

static void rows_json(const OutColumn *columns, size_t n, const Value *rows, bool first,
                      bool last) {
        static bool begun;

        if (first) {
                fputs("[", stdout);
                begun = false;
        }
        VALUE_FOREACH(row, rows) {
                _cleanup_(json_writer_done) JsonWriter w = {};
                _cleanup_free_ char *text = NULL;

                json_open(&w, '{');
                for (size_t i = 0; i < n; i++) {
                        json_put_key(&w, columns[i].key);
                        json_put(&w, columns[i].kind, value_at(row, (size_t) columns[i].item));
                }
                json_close(&w, '}');
                if (json_finish(&w, &text) < 0)
                        continue;

                printf("%s\n%s", begun ? "," : "", text);
                begun = true;
        }
        if (last)
                fputs(begun ? "\n]\n" : "]\n", stdout);
}

static void rows_lines(const OutColumn *columns, size_t n, const Value *rows) {
        VALUE_FOREACH(row, rows)
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *text = out_value(OUT_LINES, columns[i].kind,
                                                      value_at(row, (size_t) columns[i].item));

                printf("%s%c", text ? text : "", i + 1 < n ? '\t' : '\n');
        }
}

static bool is_number(OutKind kind) {
        return kind == OUT_NUMBER || kind == OUT_DECIMAL || kind == OUT_PERCENT ||
               kind == OUT_SIZE || kind == OUT_MSEC || kind == OUT_DAYS;
}

/* A cell of a table, cut to `width` and filled up to it unless it is the last on its line. */
static void print_cell(const char *text, size_t width, bool right, bool last) {
        size_t len = strlen(text), wide = utf8_width(text, len);
        bool cut = wide > width;

        if (cut && width > 0) {
                len = utf8_prefix(text, len, width - 1);
                wide = utf8_width(text, len) + 1;
        } else if (cut)
                len = wide = 0;
        if (right)
                printf("%*s", (int) (width - wide), "");
        printf("%.*s%s", (int) len, text, cut && width > 0 ? "…" : "");
        if (!right && !last)
                printf("%*s", (int) (width - wide), "");
        if (!last)
                fputs("  ", stdout);
}

/*
 * Takes what is too wide from the columns that may be cut, the widest first, and where that is not enough leaves
 * out those that may not, from the last one on; the first column always stays.
 */
static void fit_widths(const OutColumn *columns, size_t n, size_t *widths, bool *hidden) {
        enum { CUT_TO = 6 };
        size_t total = 0;

        for (size_t i = 0; i < n; i++)
                total += hidden[i] ? 0 : widths[i] + (i > 0 ? 2 : 0);

        while (total > out_columns()) {
                size_t widest = n, last = 0;

                for (size_t i = 0; i < n; i++) {
                        if (hidden[i])
                                continue;
                        if (!columns[i].cut)
                                last = i;
                        else if (widths[i] > CUT_TO && (widest == n || widths[i] > widths[widest]))
                                widest = i;
                }
                if (widest < n) {
                        widths[widest]--;
                        total--;
                } else if (last > 0) {
                        hidden[last] = true;
                        total -= widths[last] + 2;
                } else
                        return;
        }
}

static void rows_people(const OutColumn *columns, size_t n, const Value *rows, bool first) {
        size_t widths[16] = {}, shown = 0, at;
        bool hidden[16] = {};
        char **cells;

        cells = calloc((rows ? rows->n : 0) * n + 1, sizeof(*cells));
        if (!cells)
                return;

        for (size_t i = 0; i < n; i++) {
                hidden[i] = !columns[i].title;
                if (!hidden[i])
                        widths[i] = utf8_width(columns[i].title, strlen(columns[i].title));
        }
        at = 0;
        VALUE_FOREACH(row, rows)
        for (size_t i = 0; i < n; i++, at++) {
                size_t wide;

                if (!columns[i].title)
                        continue;
                cells[at] = out_value(OUT_PEOPLE, columns[i].kind,
                                      value_at(row, (size_t) columns[i].item));
                wide = cells[at] ? utf8_width(cells[at], strlen(cells[at])) : 0;
                if (wide > widths[i])
                        widths[i] = wide;
        }
        fit_widths(columns, n, widths, hidden);
        for (size_t i = 0; i < n; i++)
                if (!hidden[i])
                        shown = i + 1;

        if (first) {
                fputs(out_style(STYLE_DIM), stdout);
                for (size_t i = 0; i < shown; i++)
                        if (!hidden[i])
                                print_cell(columns[i].title, widths[i], is_number(columns[i].kind),
                                           i + 1 == shown);
                printf("%s\n", out_style(STYLE_PLAIN));
        }
        at = 0;
        VALUE_FOREACH(row, rows) {
                for (size_t i = 0; i < n; i++, at++) {
                        if (!hidden[i])
                                print_cell(cells[at] ? cells[at] : "", widths[i],
                                           is_number(columns[i].kind), i + 1 == shown);
                        free(cells[at]);
                }
                putchar('\n');
        }
        free(cells);
}

void out_rows(OutMode mode, const OutColumn *columns, size_t n, const Value *rows, bool first,
              bool last) {
        switch (mode) {
        case OUT_JSON:
                rows_json(columns, n, rows, first, last);
                break;
        case OUT_LINES:
                rows_lines(columns, n, rows);
                break;
        case OUT_PEOPLE:
                if (rows && rows->n)
                        rows_people(columns, n, rows, first);
        }
}

void out_record(OutMode mode, const OutColumn *columns, size_t n, const Value *dict) {
        size_t widest = 0;

        if (mode == OUT_JSON) {
                _cleanup_(json_writer_done) JsonWriter w = {};

                json_open(&w, '{');
                out_json_members(&w, columns, n, dict);
                json_close(&w, '}');
                out_json_finish(&w);
                return;
        }
        for (size_t i = 0; i < n; i++)
                if (columns[i].title &&
                    utf8_width(columns[i].title, strlen(columns[i].title)) > widest)
                        widest = utf8_width(columns[i].title, strlen(columns[i].title));

        for (size_t i = 0; i < n; i++) {
                const Value *v = value_get(dict, columns[i].key);
                _cleanup_free_ char *text = NULL;

                if (!v || (mode == OUT_PEOPLE && !columns[i].title))
                        continue;
                text = out_value(mode, columns[i].kind, v);
                if (mode == OUT_LINES)
                        printf("%s\t%s\n", columns[i].key, text ? text : "");
                else if (text && *text)
                        printf("%s%s%s%*s  %s\n", out_style(STYLE_DIM), columns[i].title,
                               out_style(STYLE_PLAIN),
                               (int) (widest -
                                      utf8_width(columns[i].title, strlen(columns[i].title))),
                               "", text);
        }
}
