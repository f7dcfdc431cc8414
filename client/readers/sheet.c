/* A table becomes a note stream; see the header for the rules. */
#include "client/readers/sheet.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/readers/csv.h"
#include "util/cleanup.h"
#include "util/text.h"

enum {
        FIELDS_MAX = 64, /* of a note */
        TAGS_MAX = 256,
        NAME_MAX_BYTES = 200,
        DECK_DEPTH_MAX = 32,
        DECK_MAX_BYTES = 1000,
};

typedef enum Role {
        ROLE_FIELD,
        ROLE_FRONT, /* a field that asks */
        ROLE_TAGS,
        ROLE_GUID,
        ROLE_DECK,
        ROLE_NOTETYPE,
        ROLE_IGNORED,
} Role;

typedef struct Sheet {
        const SheetOptions *options;
        const Input *input;
        NoteWriter *out;

        /* From the header lines. */
        char separator;
        SheetChoice html;
        char *tags, *columns, *deck, *notetype;
        const char *match, *scope;
        unsigned notetype_column, deck_column, tags_column, guid_column; /* from 1; 0: none */
        bool anki;                       /* there was a header line */
        uint64_t data_offset, data_line; /* where the header lines end */

        /* Found out. */
        size_t width; /* columns of the table */
        bool skip_first;
        bool names_known;
        char *names[CSV_FIELDS_MAX]; /* as written; NULL: none */
        Role roles[CSV_FIELDS_MAX];
        char *type_name; /* of the notes when no column says so; NULL: Basic or Cloze */
        bool by_name;    /* the stream names the fields */
        size_t n_fields;
        size_t order[FIELDS_MAX]; /* column of each field */
        char *field_names[FIELDS_MAX];
} Sheet;

static void sheet_done(Sheet *sheet) {
        free(sheet->tags);
        free(sheet->columns);
        free(sheet->deck);
        free(sheet->notetype);
        free(sheet->type_name);
        for (size_t i = 0; i < CSV_FIELDS_MAX; i++)
                free(sheet->names[i]);
        for (size_t i = 0; i < FIELDS_MAX; i++)
                free(sheet->field_names[i]);
}

char sheet_separator(const char *name) {
        static const struct {
                const char *name;
                char separator;
        } names[] = {
                { "tab", '\t' },  { "comma", ',' }, { "semicolon", ';' }, { "pipe", '|' },
                { "colon", ':' }, { "space", ' ' }, { "\\t", '\t' },
        };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strcasecmp(name, names[i].name) == 0)
                        return names[i].separator;
        /* One byte that could not be part of a longer character, a quote or a line end. */
        if (name[0] && !name[1] && (unsigned char) name[0] < 0x80 && !strchr("\"\r\n#", name[0]) &&
            (name[0] == '\t' || (unsigned char) name[0] >= 0x20))
                return name[0];
        return 0;
}

/*
 * Names columns are known by, in lower case. Those marked FRONT ask; the others tell only that a first
 * row of them is names and no note.
 */
static const struct {
        const char *name;
        Role role;
} known_names[] = {
        { "front", ROLE_FRONT },        { "question", ROLE_FRONT },
        { "expression", ROLE_FRONT },   { "word", ROLE_FRONT },
        { "term", ROLE_FRONT },         { "prompt", ROLE_FRONT },
        { "phrase", ROLE_FRONT },       { "vocabulary", ROLE_FRONT },
        { "vocab", ROLE_FRONT },        { "kanji", ROLE_FRONT },
        { "hanzi", ROLE_FRONT },        { "text", ROLE_FRONT },
        { "sentence", ROLE_FRONT },     { "cue", ROLE_FRONT },
        { "back", ROLE_FIELD },         { "answer", ROLE_FIELD },
        { "meaning", ROLE_FIELD },      { "definition", ROLE_FIELD },
        { "translation", ROLE_FIELD },  { "reading", ROLE_FIELD },
        { "kana", ROLE_FIELD },         { "pinyin", ROLE_FIELD },
        { "romaji", ROLE_FIELD },       { "pronunciation", ROLE_FIELD },
        { "ipa", ROLE_FIELD },          { "hint", ROLE_FIELD },
        { "note", ROLE_FIELD },         { "notes", ROLE_FIELD },
        { "comment", ROLE_FIELD },      { "extra", ROLE_FIELD },
        { "back extra", ROLE_FIELD },   { "example", ROLE_FIELD },
        { "examples", ROLE_FIELD },     { "explanation", ROLE_FIELD },
        { "source", ROLE_FIELD },       { "audio", ROLE_FIELD },
        { "image", ROLE_FIELD },        { "response", ROLE_FIELD },
        { "gloss", ROLE_FIELD },        { "part of speech", ROLE_FIELD },
        { "english", ROLE_FIELD },      { "german", ROLE_FIELD },
        { "deutsch", ROLE_FIELD },      { "french", ROLE_FIELD },
        { "spanish", ROLE_FIELD },      { "italian", ROLE_FIELD },
        { "portuguese", ROLE_FIELD },   { "dutch", ROLE_FIELD },
        { "russian", ROLE_FIELD },      { "japanese", ROLE_FIELD },
        { "chinese", ROLE_FIELD },      { "korean", ROLE_FIELD },
        { "latin", ROLE_FIELD },        { "greek", ROLE_FIELD },
        { "arabic", ROLE_FIELD },       { "tags", ROLE_TAGS },
        { "tag", ROLE_TAGS },           { "labels", ROLE_TAGS },
        { "guid", ROLE_GUID },          { "deck", ROLE_DECK },
        { "deck name", ROLE_DECK },     { "notetype", ROLE_NOTETYPE },
        { "note type", ROLE_NOTETYPE }, { "model", ROLE_NOTETYPE },
};

static bool name_role(const char *name, Role *ret) {
        for (size_t i = 0; i < ELEMENTS(known_names); i++)
                if (strcasecmp(name, known_names[i].name) == 0) {
                        *ret = known_names[i].role;
                        return true;
                }
        return false;
}

static void refuse(Sheet *sheet, uint64_t line, const char *why, const char *text, size_t len) {
        notewriter_refused(sheet->out, line, why, text, len);
}

static bool has_control(const char *s, size_t len) {
        for (size_t i = 0; i < len; i++)
                if (((unsigned char) s[i] < 0x20 && !strchr("\t\n\r", s[i])) || s[i] == 0x7f)
                        return true;
        return false;
}

/* --- Header lines. --- */

typedef struct HeaderKey {
        const char *key;
        int (*set)(Sheet *sheet, const char *value, const char **ret_why);
} HeaderKey;

static int set_text(char **target, const char *value) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*target);
        *target = copy;
        return 0;
}

static int set_separator(Sheet *sheet, const char *value, const char **ret_why) {
        sheet->separator = sheet_separator(value);
        if (!sheet->separator)
                *ret_why = "names a separator that is none";
        return 0;
}

static int set_html(Sheet *sheet, const char *value, const char **ret_why) {
        if (strcasecmp(value, "true") == 0)
                sheet->html = SHEET_YES;
        else if (strcasecmp(value, "false") == 0)
                sheet->html = SHEET_NO;
        else
                *ret_why = "says html neither true nor false";
        return 0;
}

static int set_tags(Sheet *sheet, const char *value, const char **ret_why) {
        return set_text(&sheet->tags, value);
}

static int set_columns(Sheet *sheet, const char *value, const char **ret_why) {
        return set_text(&sheet->columns, value);
}

static int set_notetype(Sheet *sheet, const char *value, const char **ret_why) {
        return set_text(&sheet->notetype, value);
}

static int set_deck(Sheet *sheet, const char *value, const char **ret_why) {
        return set_text(&sheet->deck, value);
}

static int set_column(unsigned *target, const char *value, const char **ret_why) {
        char *end;
        unsigned long n = strtoul(value, &end, 10);

        if (!isdigit((unsigned char) *value) || *end || n < 1 || n > CSV_FIELDS_MAX)
                *ret_why = "names a column that is no number from 1 to 128";
        else
                *target = (unsigned) n;
        return 0;
}

static int set_notetype_column(Sheet *sheet, const char *value, const char **ret_why) {
        return set_column(&sheet->notetype_column, value, ret_why);
}

static int set_deck_column(Sheet *sheet, const char *value, const char **ret_why) {
        return set_column(&sheet->deck_column, value, ret_why);
}

static int set_tags_column(Sheet *sheet, const char *value, const char **ret_why) {
        return set_column(&sheet->tags_column, value, ret_why);
}

static int set_guid_column(Sheet *sheet, const char *value, const char **ret_why) {
        return set_column(&sheet->guid_column, value, ret_why);
}

static int set_match(Sheet *sheet, const char *value, const char **ret_why) {
        if (strcasecmp(value, "update current") == 0)
                sheet->match = "update";
        else if (strcasecmp(value, "keep current") == 0)
                sheet->match = "keep";
        else if (strcasecmp(value, "keep both") == 0)
                sheet->match = "both";
        else
                *ret_why = "says what to do with matches in words that are not known";
        return 0;
}

static int set_scope(Sheet *sheet, const char *value, const char **ret_why) {
        if (strcasecmp(value, "notetype") == 0)
                sheet->scope = "notetype";
        else if (strcasecmp(value, "notetype + deck") == 0)
                sheet->scope = "notetype+deck";
        else
                *ret_why = "names a scope of matches that is not known";
        return 0;
}

static const HeaderKey header_keys[] = {
        { "separator", set_separator },
        { "html", set_html },
        { "tags", set_tags },
        { "columns", set_columns },
        { "notetype", set_notetype },
        { "deck", set_deck },
        { "notetype column", set_notetype_column },
        { "deck column", set_deck_column },
        { "tags column", set_tags_column },
        { "guid column", set_guid_column },
        { "if matches", set_match },
        { "match scope", set_scope },
};

/*
 * One header line, without its line end. A program for tables that saved the file again has made every line
 * as long as the table is wide, so separators at the end of a value are cut, but where they are one.
 */
static int header_line(Sheet *sheet, uint64_t line, const char *text, size_t len) {
        _cleanup_free_ char *copy = NULL;
        const char *why = NULL, *key, *value;
        char *colon, *end;
        int r;

        if (len > 65536)
                return 0; /* a very long comment */
        if (text_field_problem(text, len)) {
                refuse(sheet, line, text_field_problem(text, len), text, len);
                return 0;
        }
        copy = strndup(text, len);
        if (!copy)
                return -ENOMEM;

        colon = strchr(copy, ':');
        if (!colon)
                return 0;
        *colon = 0;
        key = text_strip(copy[0] == '#' ? copy + 1 : copy);
        value = colon + 1;
        for (size_t i = 0; i < ELEMENTS(header_keys); i++) {
                if (strcasecmp(key, header_keys[i].key) != 0)
                        continue;
                /* One character that is itself white space is a separator too. */
                if (header_keys[i].set == set_separator && strlen(value) == 1) {
                        sheet->anki = true;
                        return set_separator(sheet, value, &why);
                }
                if (header_keys[i].set != set_columns) {
                        bool free_form = header_keys[i].set == set_tags ||
                                         header_keys[i].set == set_deck ||
                                         header_keys[i].set == set_notetype;

                        for (end = colon + 1 + strlen(colon + 1);
                             end > value + 1 &&
                             (free_form ? sheet->separator && end[-1] == sheet->separator
                                        : strchr("\t,;|", end[-1]) != NULL);)
                                *--end = 0;
                        value = text_strip(colon + 1);
                }
                r = header_keys[i].set(sheet, value, &why);
                if (r < 0)
                        return r;
                sheet->anki = true;
                if (why)
                        refuse(sheet, line, why, text, len);
        }
        return 0;
}

/*
 * A program or a picture is refused whole: its scraps that happen to be UTF-8 are no notes. Text has no
 * NUL at all; a few are left to the lines they stand in, which are refused one by one.
 */
static int looks_binary(const Sheet *sheet, bool *ret) {
        char begin[4096];
        size_t nuls = 0;
        ssize_t n;

        n = sheet->input->read(sheet->input->userdata, 0, begin, sizeof(begin));
        if (n < 0)
                return (int) n;

        for (ssize_t i = 0; i < n; i++)
                nuls += begin[i] == '\0';

        *ret = nuls >= 16 && nuls > (size_t) n / 64;
        return 0;
}

static int read_header(Sheet *sheet, char **ret_problem) {
        _cleanup_(csv_done) Csv csv = { 0 };
        const char *line;
        bool first = true, binary = false;
        char begin[4];
        ssize_t n;
        size_t len;
        int r;

        csv_init(&csv, sheet->input, '\t');
        n = sheet->input->read(sheet->input->userdata, 0, begin, sizeof(begin));
        if (n < 0)
                return (int) n;
        if (n >= 2 && (memcmp(begin, "\xff\xfe", 2) == 0 || memcmp(begin, "\xfe\xff", 2) == 0 ||
                       (n == 4 && begin[0] && !begin[1] && begin[2] && !begin[3]) ||
                       (n == 4 && !begin[0] && begin[1] && !begin[2] && begin[3]))) {
                *ret_problem =
                        strdup("The file is written in UTF-16. Save it as UTF-8 and import it "
                               "again.");
                return *ret_problem ? SHEET_E_REFUSED : -ENOMEM;
        }
        r = looks_binary(sheet, &binary);
        if (r < 0)
                return r;

        if (binary || (n >= 4 && (memcmp(begin, "PK\3\4", 4) == 0 ||
                                  memcmp(begin, "SQLi", 4) == 0 || memcmp(begin, "%PDF", 4) == 0 ||
                                  memcmp(begin, "\xd0\xcf\x11\xe0", 4) == 0))) {
                *ret_problem = strdup(
                        "The file is not a table written as text. If it comes from a table program, "
                        "save it as CSV.");
                return *ret_problem ? SHEET_E_REFUSED : -ENOMEM;
        }
        if (n >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0)
                csv.offset = 3;

        for (;;) {
                r = csv_peek_line(&csv, &line, &len);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                if (!(len > 0 && line[0] == '#') &&
                    !(first && len >= 5 && strncasecmp(line, "tags:", 5) == 0))
                        break;
                r = header_line(sheet, csv.line, line, len);
                if (r < 0)
                        return r;
                r = csv_skip_line(&csv);
                if (r < 0)
                        return r;
                first = false;
        }
        sheet->data_offset = csv.offset - (csv.end - csv.start);
        sheet->data_line = csv.line;
        return 0;
}

static void open_data(const Sheet *sheet, Csv *csv, char separator) {
        csv_init(csv, sheet->input, separator);
        csv->offset = sheet->data_offset;
        csv->line = sheet->data_line;
}

/* --- Finding out. --- */

/* "<b>", "</div>", "<br/>", "<a href": a tag of the kind cards have; or an entity. */
static bool looks_like_html(const char *s, size_t len) {
        static const char *const tags[] = {
                "b",      "i",
                "u",      "s",
                "br",     "p",
                "a",      "em",
                "hr",     "h1",
                "h2",     "h3",
                "h4",     "li",
                "ol",     "ul",
                "td",     "th",
                "tr",     "div",
                "img",    "pre",
                "sub",    "sup",
                "span",   "code",
                "font",   "ruby",
                "rt",     "rb",
                "table",  "strong",
                "small",  "style",
                "center", "blockquote",
                "tt",     "anki-mathjax",
        };
        static const char *const entities[] = { "&nbsp;", "&lt;", "&gt;", "&amp;", "&quot;", "&#" };

        for (size_t i = 0; i < len; i++) {
                if (s[i] == '&') {
                        for (size_t k = 0; k < ELEMENTS(entities); k++) {
                                size_t n = strlen(entities[k]);

                                if (len - i > n && strncmp(s + i, entities[k], n) == 0 &&
                                    (k < ELEMENTS(entities) - 1 ||
                                     isdigit((unsigned char) s[i + n]) || s[i + n] == 'x'))
                                        return true;
                                if (len - i == n && k < ELEMENTS(entities) - 1 &&
                                    strncmp(s + i, entities[k], n) == 0)
                                        return true;
                        }
                        continue;
                }
                if (s[i] != '<')
                        continue;
                for (size_t k = 0, at = i + 1 + (i + 1 < len && s[i + 1] == '/');
                     k < ELEMENTS(tags); k++) {
                        size_t n = strlen(tags[k]);

                        if (at + n < len && strncasecmp(s + at, tags[k], n) == 0 &&
                            strchr("> /\n\t", s[at + n]) && s[at + n] &&
                            memchr(s + at + n, '>', len - at - n))
                                return true;
                }
        }
        return false;
}

typedef struct Survey {
        uint64_t records;
        uint64_t widths[CSV_FIELDS_MAX + 1];
        size_t width; /* the most frequent one, the smaller of two; without columns that are always empty */
        size_t used; /* the last column that is not always empty */
        bool html;
} Survey;

static bool has_empty_field(const CsvRecord *record) {
        for (size_t i = 0; i < record->n_fields; i++)
                if (record->fields[i].len == 0)
                        return true;
        return false;
}

/* Goes over the whole table as it is with this separator. */
static int survey(const Sheet *sheet, char separator, Survey *ret) {
        _cleanup_(csv_done) Csv csv;
        const CsvRecord *record;
        int r;

        *ret = (Survey){ 0 };
        open_data(sheet, &csv, separator);
        while ((r = csv_next(&csv, &record)) > 0) {
                ret->records++;
                if (record->problem || record->stray ||
                    text_field_problem(record->raw, record->raw_len))
                        continue;
                /* "::" separates nothing: it stands in clozes and names of decks; nor do two spaces. */
                if ((separator == ':' || separator == ' ') && has_empty_field(record))
                        continue;
                ret->widths[record->n_fields]++;
                for (size_t i = 0; i < record->n_fields; i++) {
                        const CsvField *field = &record->fields[i];

                        if (field->len > 0 && i >= ret->used)
                                ret->used = i + 1;
                        ret->html = ret->html || looks_like_html(field->text, field->len);
                }
        }
        if (r < 0)
                return r;
        for (size_t i = 1; i <= CSV_FIELDS_MAX; i++)
                if (ret->widths[i] > ret->widths[ret->width])
                        ret->width = i;
        if (ret->used < ret->width)
                ret->width = ret->used;
        return 0;
}

/* How many fields a record has up to the last one that is not empty. */
static size_t used_fields(const CsvRecord *record) {
        size_t n = record->n_fields;

        while (n > 0 && record->fields[n - 1].len == 0)
                n--;
        return n;
}

/* How many of a record's fields are names of columns; 0 when one is empty or long, as no name is. */
static size_t count_names(const CsvRecord *record) {
        size_t n = 0;
        Role role;

        if (record->problem)
                return 0;
        for (size_t i = 0; i < used_fields(record); i++) {
                if (record->fields[i].len == 0 || record->fields[i].len > NAME_MAX_BYTES)
                        return 0;
                n += name_role(record->fields[i].text, &role);
        }
        return n;
}

/*
 * In the order of preference when several fit equally well. `weight`: how much of a fit is to be believed;
 * `least`: how many of the records must fit, since some of these occur in any sentence.
 */
static const struct {
        char separator;
        double weight, least;
} candidates[] = {
        { '\t', 1, 0.05 },  { ';', 0.97, 0.2 }, { ',', 0.96, 0.3 },
        { '|', 0.95, 0.2 }, { ':', 0.8, 0.5 },  { ' ', 0.5, 0.9 },
};

static int find_separator(Sheet *sheet, Survey *ret) {
        double best = 0;
        int r;

        /* One column, when nothing separates: then the tab, which does not occur, is as good as any. */
        sheet->separator = '\t';

        for (size_t i = 0; i < ELEMENTS(candidates); i++) {
                _cleanup_(csv_done) Csv csv;
                const CsvRecord *record;

                open_data(sheet, &csv, candidates[i].separator);
                r = csv_next(&csv, &record);
                if (r < 0)
                        return r;
                if (r > 0 && count_names(record) >= 2) {
                        sheet->separator = candidates[i].separator;
                        return survey(sheet, sheet->separator, ret);
                }
        }

        for (size_t i = 0; i < ELEMENTS(candidates); i++) {
                uint64_t alike = 0;
                Survey s;
                double fit;

                if (best >= candidates[i].weight)
                        break; /* no later one can be better */
                r = survey(sheet, candidates[i].separator, &s);
                if (r < 0)
                        return r;
                /* The most frequent number of columns that is more than one. */
                for (size_t k = 2; k <= CSV_FIELDS_MAX; k++)
                        if (s.widths[k] > alike)
                                alike = s.widths[k];
                fit = s.records ? (double) alike / (double) s.records : 0;
                if (fit < candidates[i].least || alike < s.widths[1])
                        continue;
                if (fit * candidates[i].weight > best) {
                        best = fit * candidates[i].weight;
                        sheet->separator = candidates[i].separator;
                }
        }
        return survey(sheet, sheet->separator, ret);
}

/* --- Columns, fields and the note type. --- */

static int take_name(char **target, const char *text, size_t len) {
        free(*target);
        *target = strndup(text, len);
        return *target ? 0 : -ENOMEM;
}

/* Names given as one record of text. */
static int take_names(Sheet *sheet, const char *text, char separator, size_t *ret_n) {
        CsvText piece = { text, strlen(text) };
        Input input = { csv_read_text, &piece };
        _cleanup_(csv_done) Csv csv;
        const CsvRecord *record;
        size_t n;
        int r;

        *ret_n = 0;
        csv_init(&csv, &input, separator);
        r = csv_next(&csv, &record);
        if (r <= 0)
                return r;
        if (record->problem)
                return 0;

        /* Trailing separators come from table programs. */
        n = record->n_fields;
        while (n > 0 && record->fields[n - 1].len == 0)
                n--;
        for (size_t i = 0; i < n; i++) {
                r = take_name(&sheet->names[i], record->fields[i].text, record->fields[i].len);
                if (r < 0)
                        return r;
        }
        *ret_n = n;
        return 0;
}

static bool same_names(const Sheet *sheet, const CsvRecord *record) {
        for (size_t i = 0; i < used_fields(record); i++)
                if (!sheet->names[i] || strcasecmp(sheet->names[i], record->fields[i].text) != 0)
                        return false;
        return record->n_fields > 0;
}

/* Names of columns: from the option, the header line, or the first record. */
static int find_names(Sheet *sheet, const Survey *s) {
        const SheetOptions *options = sheet->options;
        _cleanup_(csv_done) Csv csv;
        const CsvRecord *record;
        size_t n = 0;
        int r;

        sheet->width = s->width;
        if (options->columns)
                r = take_names(sheet, options->columns, ',', &n);
        else if (sheet->columns)
                r = take_names(sheet, sheet->columns, sheet->separator, &n);
        else
                r = 0;
        if (r < 0)
                return r;
        sheet->names_known = n > 0;
        if (n > 0)
                sheet->width = n;

        open_data(sheet, &csv, sheet->separator);
        r = csv_next(&csv, &record);
        if (r < 0)
                return r;
        if (r == 0 || record->problem)
                return 0;
        if (options->header == SHEET_YES)
                sheet->skip_first = true;
        else if (options->header == SHEET_AUTO && !sheet->names_known &&
                 (sheet->guid_column || sheet->notetype_column))
                /* An export of Anki's kind has no record of names; a note may still read "front", "back". */
                sheet->skip_first = false;
        else if (options->header == SHEET_AUTO)
                sheet->skip_first =
                        sheet->names_known ? same_names(sheet, record) : count_names(record) >= 2;
        if (!sheet->skip_first || sheet->names_known)
                return 0;

        sheet->names_known = true;
        sheet->width = used_fields(record);
        for (size_t i = 0; i < sheet->width; i++) {
                r = take_name(&sheet->names[i], record->fields[i].text, record->fields[i].len);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void find_roles(Sheet *sheet) {
        bool have_tags = sheet->tags_column, have_guid = sheet->guid_column,
             have_deck = sheet->deck_column, have_type = sheet->notetype_column;
        const struct {
                unsigned column;
                Role role;
        } said[] = {
                { sheet->notetype_column, ROLE_NOTETYPE },
                { sheet->deck_column, ROLE_DECK },
                { sheet->tags_column, ROLE_TAGS },
                { sheet->guid_column, ROLE_GUID },
        };

        for (size_t i = 0; i < ELEMENTS(said); i++)
                if (said[i].column > sheet->width)
                        sheet->width = said[i].column;
        for (size_t i = 0; i < sheet->width; i++) {
                Role role = ROLE_FIELD;
                bool *have;

                if (sheet->names[i] && strcmp(sheet->names[i], "-") == 0)
                        role = ROLE_IGNORED;
                else if (sheet->names[i] && name_role(sheet->names[i], &role) &&
                         role != ROLE_FIELD && role != ROLE_FRONT) {
                        /* The first of that name; what a header line says goes before. */
                        have = role == ROLE_TAGS   ? &have_tags
                               : role == ROLE_GUID ? &have_guid
                               : role == ROLE_DECK ? &have_deck
                                                   : &have_type;
                        if (*have)
                                role = ROLE_FIELD;
                        *have = true;
                }
                sheet->roles[i] = role;
        }
        for (size_t i = 0; i < ELEMENTS(said); i++)
                if (said[i].column > 0)
                        sheet->roles[said[i].column - 1] = said[i].role;
}

/* A name a template can hold; a second one alike gets a number. */
static int field_name(Sheet *sheet, size_t field) {
        size_t column = sheet->order[field];
        _cleanup_free_ char *name = NULL, *printable = NULL;
        const char *raw = sheet->names[column] ? sheet->names[column] : "", *base;
        unsigned number = 1;
        char *out;

        printable = text_printable(raw, strlen(raw));
        if (!printable)
                return -ENOMEM;
        out = printable;
        for (const char *p = printable; *p; p++) {
                char c = strchr("{}:\"\n", *p) ? ' ' : *p;

                if (c != ' ' || (out > printable && out[-1] != ' '))
                        *out++ = c;
        }
        *out = 0;
        for (base = printable; *base && strchr("#^/ ", *base); base++)
                ;
        name = strndup(base, utf8_prefix(base, strlen(base) < 100 ? strlen(base) : 100, SIZE_MAX));
        if (!name)
                return -ENOMEM;
        /* A cut at 100 bytes may have split a character. */
        while (!utf8_valid(name, strlen(name)))
                name[strlen(name) - 1] = 0;
        base = text_strip(name);

        for (;;) {
                _cleanup_free_ char *tried = NULL;
                bool taken = false;

                if (!*base && !sheet->names_known && field < 2)
                        tried = strdup(field == 0 ? "Front" : "Back");
                else if (!*base || strcmp(base, "FrontSide") == 0)
                        tried = text_format("Column %zu", column + 1);
                else if (number == 1)
                        tried = strdup(base);
                else
                        tried = text_format("%s %u", base, number);
                if (!tried)
                        return -ENOMEM;
                for (size_t i = 0; i < field; i++)
                        taken = taken || strcasecmp(sheet->field_names[i], tried) == 0;
                if (!taken) {
                        sheet->field_names[field] = TAKE_PTR(tried);
                        return 0;
                }
                base = *base ? base : "Column";
                number++;
        }
}

/* Names of fields are the note type's name, so that the same table always gives the same one. */
static int own_type_name(Sheet *sheet) {
        _cleanup_(textbuf_done) TextBuf b = { 0 };
        char *name;
        int r;

        for (size_t i = 0; i < sheet->n_fields; i++)
                textbuf_addf(&b, "%s%s", i ? ", " : "", sheet->field_names[i]);
        r = textbuf_take(&b, &name);
        if (r < 0)
                return r;
        sheet->type_name = text_ellipsis(name, 60);
        free(name);
        if (!sheet->type_name)
                return -ENOMEM;
        return 0;
}

static bool is_stock_type(const char *name) {
        return strcasecmp(name, "Basic") == 0 || strcasecmp(name, "Cloze") == 0 ||
               strcasecmp(name, "Basic (and reversed card)") == 0;
}

static int complain(char **ret_problem, char *problem) {
        *ret_problem = problem;
        return problem ? SHEET_E_REFUSED : -ENOMEM;
}

/* Which columns are fields, in which order and under which names, and of what note type. */
static int find_fields(Sheet *sheet, char **ret_problem) {
        const char *given = sheet->options->notetype ? sheet->options->notetype : sheet->notetype;
        bool by_column = false, stock;
        size_t front = SIZE_MAX, n = 0, n_columns = 0;
        int r;

        if (given && !*given)
                given = NULL;
        for (size_t i = 0; i < sheet->width; i++) {
                by_column = by_column || sheet->roles[i] == ROLE_NOTETYPE;
                n_columns += sheet->roles[i] == ROLE_FIELD || sheet->roles[i] == ROLE_FRONT;
                if (sheet->roles[i] == ROLE_FRONT && front == SIZE_MAX)
                        front = i;
        }
        /* A note type of the learner's keeps its own order; in all else, what asks comes first. */
        stock = !by_column && (!given || is_stock_type(given));
        if (stock && front != SIZE_MAX)
                sheet->order[n++] = front;
        for (size_t i = 0; i < sheet->width; i++) {
                if (sheet->roles[i] != ROLE_FIELD && sheet->roles[i] != ROLE_FRONT)
                        continue;
                if (stock && i == front)
                        continue;
                /* Anki's rule: the first column behind the fields of Basic is tags. */
                if (stock && sheet->anki && !sheet->names_known && !sheet->tags_column && n == 2 &&
                    n_columns == 3) {
                        sheet->roles[i] = ROLE_TAGS;
                        sheet->tags_column = (unsigned) i + 1;
                        continue;
                }
                if (n == FIELDS_MAX)
                        return complain(ret_problem,
                                        strdup("The table has more than 64 columns for "
                                               "fields."));
                sheet->order[n++] = i;
        }
        sheet->n_fields = n;
        if (n == 0)
                return sheet->width == 0 ? 0
                                         : complain(ret_problem,
                                                    strdup("The table has no column for a field."));
        for (size_t i = 0; i < n; i++) {
                r = field_name(sheet, i);
                if (r < 0)
                        return r;
        }

        if (by_column)
                return 0;
        if (given) {
                sheet->type_name = strdup(given);
                if (!sheet->type_name)
                        return -ENOMEM;
                if (is_stock_type(given) && n > 2)
                        return complain(
                                ret_problem,
                                text_format("The note type %s has 2 fields, but the table has "
                                            "%zu columns for fields. Leave the note type out, "
                                            "or say which columns to leave out.",
                                            given, n));
                sheet->by_name = !is_stock_type(given) && sheet->names_known;
        } else if (n > 2) {
                r = own_type_name(sheet);
                if (r < 0)
                        return r;
                sheet->by_name = true;
        }
        if (sheet->by_name)
                notewriter_notetype(sheet->out, sheet->type_name,
                                    (const char *const *) sheet->field_names, n);
        return 0;
}

/* --- Notes. --- */

/* Length of what stands between tags at p: white space (also the wide and the hard one) or a comma. */
static size_t tag_gap(const char *p) {
        if (*p && strchr(" \t\n\r,", *p))
                return 1;
        if (strncmp(p, "\u00a0", 2) == 0)
                return 2;
        return strncmp(p, "\u3000", 3) == 0 ? 3 : 0;
}

/* Cuts `text` into tags, in place; quotes are left out. NULL, or why not. */
static const char *add_tags(char *text, const char **tags, size_t *n) {
        for (char *p = text; *p;) {
                char *out, *begin;
                bool twice = false;
                size_t gap = tag_gap(p);

                if (gap > 0) {
                        p += gap;
                        continue;
                }
                for (begin = out = p; *p && !(gap = tag_gap(p)); p++)
                        if (*p != '"' && *p != '\'')
                                *out++ = *p;
                p += gap;
                *out = 0;
                if (out == begin)
                        continue;
                if (out - begin > NAME_MAX_BYTES)
                        return "has a tag longer than 200 bytes";
                if (has_control(begin, (size_t) (out - begin)))
                        return "has a tag with a control character";
                for (size_t i = 0; i < *n; i++)
                        twice = twice || strcmp(tags[i], begin) == 0;
                if (twice)
                        continue;
                if (*n == TAGS_MAX)
                        return "has more than 256 tags";
                tags[(*n)++] = begin;
        }
        return NULL;
}

static const char *deck_problem(const char *deck) {
        size_t depth = 0;

        if (strlen(deck) > DECK_MAX_BYTES)
                return "has a deck whose name is longer than 1000 bytes";
        if (strpbrk(deck, "\n\t\r") || has_control(deck, strlen(deck)))
                return "has a deck whose name holds a control character";
        if (!utf8_valid(deck, strlen(deck)))
                return "has a deck whose name is not UTF-8";
        for (const char *part = deck, *end; part; part = end ? end + 2 : NULL) {
                size_t len;

                end = strstr(part, "::");
                len = end ? (size_t) (end - part) : strlen(part);
                if (len == 0 || strspn(part, " ") >= len)
                        return "has a deck with an empty part in its name";
                if (len > NAME_MAX_BYTES)
                        return "has a deck whose name is longer than 200 bytes";
                if (++depth > DECK_DEPTH_MAX)
                        return "has a deck that is deeper than 32";
        }
        return NULL;
}

static const char *type_problem(const char *name) {
        size_t len = strlen(name);

        if (len > NAME_MAX_BYTES)
                return "has a note type whose name is longer than 200 bytes";
        if (strpbrk(name, "\n\t\r") || has_control(name, len))
                return "has a note type whose name holds a control character";
        if (!utf8_valid(name, len))
                return "has a note type whose name is not UTF-8";
        if (len > 0 && (name[0] == ' ' || name[len - 1] == ' '))
                return "has a note type whose name begins or ends with a space";
        return NULL;
}

static const char *guid_problem(const char *guid) {
        if (strlen(guid) > NAME_MAX_BYTES)
                return "has a guid longer than 200 bytes";
        return strpbrk(guid, "\n\t\r") ? "has a guid that holds white space" : NULL;
}

static void add_escaped(TextBuf *b, const char *s, size_t len) {
        size_t plain = 0;

        for (size_t i = 0; i < len; i++) {
                const char *as = s[i] == '&'    ? "&amp;"
                                 : s[i] == '<'  ? "&lt;"
                                 : s[i] == '>'  ? "&gt;"
                                 : s[i] == '"'  ? "&quot;"
                                 : s[i] == '\n' ? "<br>"
                                                : NULL;

                if (!as)
                        continue;
                textbuf_add(b, s + plain, i - plain);
                textbuf_adds(b, as);
                plain = i + 1;
        }
        textbuf_add(b, s + plain, len - plain);
}

static bool has_cloze(const char *s) {
        while ((s = strstr(s, "{{c"))) {
                s += 3;
                if (isdigit((unsigned char) *s)) {
                        s += strspn(s, "0123456789,");
                        if (s[0] == ':' && s[1] == ':')
                                return true;
                }
        }
        return false;
}

/* What one record says, while it becomes a note. */
typedef struct Row {
        NoteOut note;
        const char *tags[TAGS_MAX];
        const char *fields[FIELDS_MAX];
        size_t offsets[FIELDS_MAX];
        TextBuf text;
        char *tag_text;
} Row;

static void row_done(Row *row) {
        textbuf_done(&row->text);
        free(row->tag_text);
}

static const char *record_problem(const Sheet *sheet, const CsvRecord *record,
                                  char why[static 120]) {
        if (record->problem && record->problem_line) {
                (void) snprintf(why, 120, "%s line %" PRIu64, record->problem,
                                record->problem_line);
                return why;
        }
        if (record->problem)
                return record->problem;
        if (memchr(record->raw, 0, record->raw_len))
                return "holds a NUL character";
        if (!utf8_valid(record->raw, record->raw_len))
                return "holds invalid UTF-8";
        if (has_control(record->raw, record->raw_len))
                return "holds a control character";
        if (used_fields(record) > sheet->width) {
                (void) snprintf(why, 120, "has %zu columns where the table has %zu",
                                used_fields(record), sheet->width);
                return why;
        }
        if (record->n_fields == 1 && sheet->width > 1) {
                (void) snprintf(why, 120, "has 1 column where the table has %zu", sheet->width);
                return why;
        }
        return NULL;
}

static const char *column(const CsvRecord *record, size_t i) {
        return i < record->n_fields ? record->fields[i].text : "";
}

/* The columns that are no fields. NULL, or why the record is no note. */
static const char *read_meta(const Sheet *sheet, const CsvRecord *record, Row *row) {
        const char *problem = NULL;

        for (size_t i = 0; i < used_fields(record) && !problem; i++) {
                const char *text = record->fields[i].text;

                if (!*text)
                        continue;
                switch (sheet->roles[i]) {
                case ROLE_GUID:
                        row->note.guid = text;
                        problem = guid_problem(text);
                        break;
                case ROLE_DECK:
                        row->note.deck = text;
                        problem = deck_problem(text);
                        break;
                case ROLE_NOTETYPE:
                        row->note.notetype = text;
                        problem = type_problem(text);
                        break;
                case ROLE_FIELD:
                case ROLE_FRONT:
                case ROLE_TAGS:
                case ROLE_IGNORED:
                        break;
                }
        }
        return problem;
}

static int read_tags(const Sheet *sheet, const CsvRecord *record, Row *row, const char **ret_why) {
        const char *given = sheet->options->tags, *from = "";

        for (size_t i = 0; i < used_fields(record); i++)
                if (sheet->roles[i] == ROLE_TAGS)
                        from = record->fields[i].text;
        row->tag_text =
                text_format("%s %s %s", given ? given : "", sheet->tags ? sheet->tags : "", from);
        if (!row->tag_text)
                return -ENOMEM;
        *ret_why = add_tags(row->tag_text, row->tags, &row->note.n_tags);
        row->note.tags = row->tags;
        return 0;
}

/* The fields, as HTML. */
static int read_fields(const Sheet *sheet, const CsvRecord *record, bool html, Row *row,
                       const char **ret_why) {
        size_t n = sheet->n_fields;

        for (size_t i = 0; i < n; i++) {
                size_t c = sheet->order[i], before = row->text.len;
                const char *text = column(record, c);

                row->offsets[i] = before;
                if (html)
                        textbuf_adds(&row->text, text);
                else
                        add_escaped(&row->text, text, strlen(text));
                if (row->text.len - before > TEXT_FIELD_MAX) {
                        *ret_why = "has a field longer than 1 MiB";
                        return 0;
                }
                textbuf_addc(&row->text, 0);
        }
        if (row->text.error < 0)
                return row->text.error;
        for (size_t i = 0; i < n; i++)
                row->fields[i] = row->text.buf + row->offsets[i];

        /* Anki fills up to its widest note type, which is more than this one has. */
        if (!sheet->by_name)
                while (n > 1 && !*row->fields[n - 1])
                        n--;
        if (!*row->fields[0])
                *ret_why = "has an empty first field";
        row->note.fields = row->fields;
        row->note.n_fields = n;
        row->note.names = sheet->by_name ? (const char *const *) sheet->field_names : NULL;
        return 0;
}

static int read_record(const Sheet *sheet, const CsvRecord *record, bool html) {
        _cleanup_(row_done) Row row = { .note.line = record->line };
        char why_store[120];
        const char *why;
        int r = 0;

        why = record_problem(sheet, record, why_store);
        if (!why) {
                if (used_fields(record) == 0)
                        return 0;
                why = read_meta(sheet, record, &row);
        }
        if (!why)
                r = read_tags(sheet, record, &row, &why);
        if (r == 0 && !why)
                r = read_fields(sheet, record, html, &row, &why);
        if (r < 0)
                return r;
        if (why) {
                notewriter_refused(sheet->out, record->line, why, record->raw, record->raw_len);
                return sheet->out->error;
        }

        if (!row.note.deck)
                row.note.deck = sheet->options->deck ? sheet->options->deck : sheet->deck;
        if (!row.note.notetype)
                row.note.notetype = sheet->type_name;
        if (!row.note.notetype)
                row.note.notetype = has_cloze(row.fields[0]) ? "Cloze" : "Basic";
        notewriter_note(sheet->out, &row.note, record->raw, record->raw_len);
        return sheet->out->error;
}

static int read_records(const Sheet *sheet, bool html) {
        _cleanup_(csv_done) Csv csv;
        const CsvRecord *record;
        bool first = true;
        int r;

        open_data(sheet, &csv, sheet->separator);
        while ((r = csv_next(&csv, &record)) > 0) {
                if (!(first && sheet->skip_first)) {
                        r = read_record(sheet, record, html);
                        if (r < 0)
                                return r;
                }
                first = false;
        }
        return r;
}

/* What header lines and options say about all notes must hold before the first. */
static int check_said(Sheet *sheet, char **ret_problem) {
        const char *deck = sheet->options->deck ? sheet->options->deck : sheet->deck;
        const char *type = sheet->options->notetype ? sheet->options->notetype : sheet->notetype;
        const char *problem = NULL;

        if (deck && !*deck)
                deck = NULL;
        if (deck)
                problem = deck_problem(deck);
        if (problem)
                return complain(ret_problem, text_format("The table %s.", problem));
        if (type)
                problem = type_problem(type);
        if (problem)
                return complain(ret_problem, text_format("The table %s.", problem));
        return 0;
}

int sheet_read(const Input *input, const SheetOptions *options, NoteWriter *out,
               char **ret_problem) {
        _cleanup_(sheet_done) Sheet sheet = { .options = options, .input = input, .out = out };
        SheetChoice html;
        Survey found;
        int r;

        assert(input);
        assert(options);
        assert(out);
        assert(ret_problem);

        notewriter_header(out, "text", options->name ? options->name : "");
        r = read_header(&sheet, ret_problem);
        if (r == 0)
                r = check_said(&sheet, ret_problem);
        if (r != 0)
                return r;
        notewriter_options(out, options->match ? options->match : sheet.match,
                           options->scope ? options->scope : sheet.scope);

        if (options->separator)
                sheet.separator = options->separator;
        if (sheet.separator)
                r = survey(&sheet, sheet.separator, &found);
        else
                r = find_separator(&sheet, &found);
        if (r == 0)
                r = find_names(&sheet, &found);
        if (r < 0)
                return r;

        find_roles(&sheet);
        r = find_fields(&sheet, ret_problem);
        if (r != 0)
                return r;

        html = options->html != SHEET_AUTO ? options->html : sheet.html;
        r = read_records(&sheet, html == SHEET_YES || (html == SHEET_AUTO && found.html));
        if (r < 0)
                return r;
        return notewriter_end(out);
}
