/* Reads the note stream; see the header for the format. Nothing here knows the store. */
#include "jobs/notestream.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What went wrong, while a line is read. */
typedef struct Problem {
        TextBuf text;
} Problem;

/* Values quoted in a sentence are cut, and made safe to show. */
static int invalid(Problem *problem, const char *format, const char *value) {
        if (value) {
                _cleanup_free_ char *safe = text_printable(value, strlen(value));
                _cleanup_free_ char *cut = safe ? text_ellipsis(safe, 60) : NULL;

                if (!cut)
                        return -ENOMEM;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                textbuf_addf(&problem->text, format, cut);
#pragma GCC diagnostic pop
        } else
                textbuf_adds(&problem->text, format);
        return problem->text.error < 0 ? problem->text.error : NOTESTREAM_E_INVALID;
}

static int check_keys(Problem *problem, const Json *object, const char *const *known,
                      const char *what) {
        for (size_t i = 0; i < json_length(object); i++) {
                const char *key = json_key(object, i);
                bool found = false;

                for (size_t k = 0; known[k]; k++)
                        found = found || strcmp(key, known[k]) == 0;
                if (!found) {
                        textbuf_addf(&problem->text, "has %s with the unknown key ", what);
                        return invalid(problem, "\"%s\"", key);
                }
        }
        return 0;
}

/* A string of at most `max` bytes on one line; "" when it is left out. */
static int get_string(Problem *problem, const Json *object, const char *key, size_t max,
                      const char **ret) {
        const Json *v = json_get(object, key);

        *ret = "";
        if (!v)
                return 0;
        if (json_type(v) != JSON_STRING)
                return invalid(problem, "has a \"%s\" that is not a string", key);
        if (json_string_length(v) > max) {
                textbuf_addf(&problem->text, "has a \"%s\" of more than %zu bytes", key, max);
                return invalid(problem, "", NULL);
        }
        *ret = json_string(v);
        return 0;
}

static int get_bool(Problem *problem, const Json *object, const char *key, bool *ret) {
        const Json *v = json_get(object, key);

        *ret = false;
        if (v && json_type(v) != JSON_BOOL)
                return invalid(problem, "has a \"%s\" that is neither true nor false", key);
        *ret = json_bool(v, false);
        return 0;
}

static int get_count(Problem *problem, const Json *object, const char *key, bool required,
                     uint64_t *ret) {
        const Json *v = json_get(object, key);
        int64_t n = json_int(v, -1);

        *ret = 0;
        if (!v && !required)
                return 0;
        if (n < 0)
                return invalid(problem, "has no \"%s\" that is a whole number", key);
        *ret = (uint64_t) n;
        return 0;
}

static bool has_control(const char *s) {
        for (; *s; s++)
                if ((unsigned char) *s < 0x20 || *s == 0x7f)
                        return true;
        return false;
}

/* Names are one line and not empty. */
static int check_name(Problem *problem, const char *what, const char *name) {
        const char *end = name + strlen(name);

        if (!*name)
                textbuf_addf(&problem->text, "has %s without a name", what);
        else if ((size_t) (end - name) > NOTESTREAM_NAME_MAX)
                textbuf_addf(&problem->text, "has %s whose name is longer than %d bytes", what,
                             NOTESTREAM_NAME_MAX);
        else if (has_control(name))
                textbuf_addf(&problem->text, "has %s whose name holds a control character", what);
        else if (*name == ' ' || end[-1] == ' ')
                textbuf_addf(&problem->text, "has %s whose name begins or ends with a space", what);
        else
                return 0;
        return invalid(problem, "", NULL);
}

static int check_deck(Problem *problem, const char *deck) {
        size_t depth = 0;

        if (!*deck)
                return 0;
        if (has_control(deck))
                return invalid(problem, "names the deck \"%s\", which holds a control character",
                               deck);

        for (const char *part = deck, *end; part; part = end ? end + 2 : NULL) {
                size_t n;

                end = strstr(part, "::");
                n = end ? (size_t) (end - part) : strlen(part);
                if (n == 0 || strspn(part, " ") >= n)
                        return invalid(problem,
                                       "names the deck \"%s\", of which a part between \"::\" is "
                                       "empty",
                                       deck);
                if (n > NOTESTREAM_NAME_MAX)
                        return invalid(problem,
                                       "names the deck \"%s\", of which a part is longer than 200 "
                                       "bytes",
                                       deck);
                if (++depth > NOTESTREAM_DECK_DEPTH_MAX)
                        return invalid(problem, "names the deck \"%s\", which is deeper than 32",
                                       deck);
        }
        return 0;
}

static int check_tag(Problem *problem, const char *tag) {
        if (!*tag)
                return invalid(problem, "has an empty tag", NULL);
        if (strlen(tag) > NOTESTREAM_NAME_MAX)
                return invalid(problem, "has the tag \"%s\", which is longer than 200 bytes", tag);
        if (has_control(tag) || strchr(tag, ' ') || strstr(tag, "\u3000") || strstr(tag, "\u00a0"))
                return invalid(problem,
                               "has the tag \"%s\", which holds white space or a control "
                               "character",
                               tag);
        return 0;
}

static int parse_header(Problem *problem, const Json *root, NoteLine *ret) {
        static const char *const keys[] = { "ebb", "v", "source", "name", NULL };
        const char *what = json_string(json_get(root, "ebb"));
        int r;

        if (!what || strcmp(what, "notes") != 0)
                return invalid(problem, "does not say \"ebb\":\"notes\"", NULL);
        if (json_int(json_get(root, "v"), 0) != NOTESTREAM_VERSION)
                return invalid(problem, "is of a version other than 1", NULL);

        r = check_keys(problem, root, keys, "a header");
        if (r == 0)
                r = get_string(problem, root, "source", NOTESTREAM_NAME_MAX, &ret->source);
        if (r == 0)
                r = get_string(problem, root, "name", NOTESTREAM_TEXT_MAX, &ret->name);
        if (r != 0)
                return r;
        if (!*ret->source ||
            strspn(ret->source, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(ret->source))
                return invalid(problem,
                               "has the source \"%s\", which is not a word of a-z, 0-9 and -",
                               ret->source);
        return 0;
}

static int parse_options(Problem *problem, const Json *object, NoteLine *ret) {
        static const char *const keys[] = { "match", "scope", NULL };
        static const char *const matches[] = { "update", "keep", "both" };
        static const char *const scopes[] = { "notetype", "notetype+deck" };
        const char *match, *scope;
        int r;

        r = check_keys(problem, object, keys, "options");
        if (r == 0)
                r = get_string(problem, object, "match", NOTESTREAM_NAME_MAX, &match);
        if (r == 0)
                r = get_string(problem, object, "scope", NOTESTREAM_NAME_MAX, &scope);
        if (r != 0)
                return r;

        for (size_t i = 0; i < ELEMENTS(matches); i++)
                if (strcmp(match, matches[i]) == 0) {
                        ret->match = (NoteMatch) i;
                        ret->has_match = true;
                }
        if (!ret->has_match && json_get(object, "match"))
                return invalid(problem, "has the match \"%s\", not update, keep or both", match);

        for (size_t i = 0; i < ELEMENTS(scopes); i++)
                if (strcmp(scope, scopes[i]) == 0) {
                        ret->scope = (NoteScope) i;
                        ret->has_scope = true;
                }
        if (!ret->has_scope && json_get(object, "scope"))
                return invalid(problem, "has the scope \"%s\", not notetype or notetype+deck",
                               scope);
        return 0;
}

static int parse_notetype(Problem *problem, const Json *object, NoteLine *ret) {
        static const char *const keys[] = { "name", "cloze", "fields", "templates", "css", NULL };
        static const char *const template_keys[] = { "name", "front", "back", NULL };
        const Json *fields = json_get(object, "fields"), *templates, *v;
        NoteType *type = &ret->type;
        int r;

        r = check_keys(problem, object, keys, "a note type");
        if (r == 0)
                r = get_string(problem, object, "name", NOTESTREAM_NAME_MAX, &type->name);
        if (r == 0)
                r = check_name(problem, "a note type", type->name);
        if (r == 0)
                r = get_bool(problem, object, "cloze", &type->cloze);
        if (r == 0)
                r = get_string(problem, object, "css", NOTESTREAM_TEMPLATE_MAX, &type->css);
        if (r != 0)
                return r;

        if (json_type(fields) != JSON_ARRAY || json_length(fields) == 0)
                return invalid(problem, "has the note type \"%s\" without fields", type->name);
        if (json_length(fields) > NOTETYPE_FIELDS_MAX)
                return invalid(problem, "has the note type \"%s\" with more than 64 fields",
                               type->name);
        JSON_FOREACH(v, i, fields) {
                const char *name = json_string(v);

                if (!name)
                        return invalid(problem,
                                       "has the note type \"%s\" with a field whose name is not a "
                                       "string",
                                       type->name);
                r = check_name(problem, "a field", name);
                if (r != 0)
                        return r;
                for (size_t k = 0; k < i; k++)
                        if (strcmp(ret->string_store[k], name) == 0)
                                return invalid(problem, "has a note type with two fields \"%s\"",
                                               name);
                ret->string_store[i] = name;
        }
        type->fields = ret->string_store;
        type->n_fields = json_length(fields);

        templates = json_get(object, "templates");
        if (json_type(templates) != JSON_ARRAY || json_length(templates) == 0)
                return invalid(problem, "has the note type \"%s\" without templates", type->name);
        if (json_length(templates) > (type->cloze ? 1 : NOTETYPE_TEMPLATES_MAX))
                return invalid(problem, "has the note type \"%s\" with too many templates",
                               type->name);
        JSON_FOREACH(v, i, templates) {
                Template *t = &ret->template_store[i];

                r = check_keys(problem, v, template_keys, "a template");
                if (r == 0)
                        r = get_string(problem, v, "name", NOTESTREAM_NAME_MAX, &t->name);
                if (r == 0)
                        r = check_name(problem, "a template", t->name);
                if (r == 0)
                        r = get_string(problem, v, "front", NOTESTREAM_TEMPLATE_MAX, &t->front);
                if (r == 0)
                        r = get_string(problem, v, "back", NOTESTREAM_TEMPLATE_MAX, &t->back);
                if (r != 0)
                        return r;
                if (!*t->front)
                        return invalid(problem, "has the template \"%s\" with an empty front",
                                       t->name);
        }
        type->templates = ret->template_store;
        type->n_templates = json_length(templates);
        return 0;
}

static int parse_fields(Problem *problem, const Json *object, NoteLine *ret) {
        const Json *fields = json_get(object, "fields"), *cols = json_get(object, "cols"), *v;
        int r;

        if (!fields == !cols)
                return invalid(problem,
                               "has a note with neither or both of \"fields\" and \"cols\"", NULL);
        ret->by_column = cols;
        if (json_type(fields ? fields : cols) != (fields ? JSON_OBJECT : JSON_ARRAY))
                return invalid(problem, "has a note whose fields are not a list of strings", NULL);
        if (cols)
                fields = cols;
        if (json_length(fields) == 0)
                return invalid(problem, "has a note without fields", NULL);
        if (json_length(fields) > NOTETYPE_FIELDS_MAX)
                return invalid(problem, "has a note of more than 64 fields", NULL);

        JSON_FOREACH(v, i, fields) {
                const char *name = json_key(fields, i), *value = json_string(v), *wrong;

                if (name) {
                        r = check_name(problem, "a field", name);
                        if (r != 0)
                                return r;
                }
                if (!value)
                        return invalid(problem, "has a note with a field that is not a string",
                                       NULL);
                wrong = text_field_problem(value, json_string_length(v));
                if (wrong)
                        return invalid(problem, "has a note with a field that %s", wrong);
                ret->field_store[i] = (FieldValue){ .name = name, .value = value };
        }
        ret->fields = ret->field_store;
        ret->n_fields = json_length(fields);
        return 0;
}

static int parse_tags(Problem *problem, const Json *object, NoteLine *ret) {
        const Json *tags = json_get(object, "tags"), *v;
        int r;

        if (tags && json_type(tags) != JSON_ARRAY)
                return invalid(problem, "has a note whose tags are not a list of strings", NULL);
        if (json_length(tags) > NOTESTREAM_TAGS_MAX)
                return invalid(problem, "has a note of more than 256 tags", NULL);

        JSON_FOREACH(v, i, tags) {
                const char *tag = json_string(v);
                bool twice = false;

                if (!tag)
                        return invalid(problem, "has a note with a tag that is not a string", NULL);
                r = check_tag(problem, tag);
                if (r != 0)
                        return r;
                for (size_t k = 0; k < ret->n_tags; k++)
                        twice = twice || strcmp(ret->string_store[k], tag) == 0;
                if (!twice)
                        ret->string_store[ret->n_tags++] = tag;
        }
        ret->tags = ret->string_store;
        return 0;
}

static int parse_note(Problem *problem, const Json *object, NoteLine *ret) {
        static const char *const keys[] = { "guid", "notetype", "deck",      "tags", "fields",
                                            "cols", "line",     "suspended", NULL };
        int r;

        r = check_keys(problem, object, keys, "a note");
        if (r == 0)
                r = get_string(problem, object, "guid", NOTESTREAM_NAME_MAX, &ret->guid);
        if (r == 0)
                r = get_string(problem, object, "notetype", NOTESTREAM_NAME_MAX, &ret->notetype);
        if (r == 0 && *ret->notetype)
                r = check_name(problem, "a note type", ret->notetype);
        if (r == 0)
                r = get_string(problem, object, "deck", NOTESTREAM_DECK_MAX, &ret->deck);
        if (r == 0)
                r = check_deck(problem, ret->deck);
        if (r == 0)
                r = get_bool(problem, object, "suspended", &ret->suspended);
        if (r == 0)
                r = get_count(problem, object, "line", false, &ret->line);
        if (r == 0)
                r = parse_tags(problem, object, ret);
        if (r == 0)
                r = parse_fields(problem, object, ret);
        return r;
}

static int parse_refused(Problem *problem, const Json *object, NoteLine *ret) {
        static const char *const keys[] = { "line", "why", "text", NULL };
        int r;

        r = check_keys(problem, object, keys, "a refusal");
        if (r == 0)
                r = get_count(problem, object, "line", false, &ret->line);
        if (r == 0)
                r = get_string(problem, object, "why", NOTESTREAM_TEXT_MAX, &ret->why);
        if (r == 0)
                r = get_string(problem, object, "text", NOTESTREAM_TEXT_MAX, &ret->text);
        if (r == 0 && !*ret->why)
                r = invalid(problem, "has a refusal without a reason", NULL);
        return r;
}

static int parse_end(Problem *problem, const Json *object, NoteLine *ret) {
        static const char *const keys[] = { "notes", "refused", NULL };
        int r;

        r = check_keys(problem, object, keys, "an end");
        if (r == 0)
                r = get_count(problem, object, "notes", true, &ret->notes);
        if (r == 0)
                r = get_count(problem, object, "refused", true, &ret->refused);
        return r;
}

static int parse_root(Problem *problem, const Json *root, NoteLine *ret) {
        static const struct {
                const char *key;
                NoteLineKind kind;
                int (*parse)(Problem *, const Json *, NoteLine *);
        } kinds[] = {
                { "options", NOTELINE_OPTIONS, parse_options },
                { "notetype", NOTELINE_NOTETYPE, parse_notetype },
                { "note", NOTELINE_NOTE, parse_note },
                { "refused", NOTELINE_REFUSED, parse_refused },
                { "end", NOTELINE_END, parse_end },
        };
        const char *key;

        if (json_type(root) != JSON_OBJECT || json_length(root) == 0)
                return invalid(problem, "is not an object", NULL);
        if (json_get(root, "ebb")) {
                ret->kind = NOTELINE_HEADER;
                return parse_header(problem, root, ret);
        }

        key = json_key(root, 0);
        if (json_length(root) > 1)
                return invalid(problem, "holds more than \"%s\"", key);
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (strcmp(key, kinds[i].key) == 0) {
                        if (json_type(json_member(root, 0)) != JSON_OBJECT)
                                return invalid(problem, "has a \"%s\" that is not an object", key);
                        ret->kind = kinds[i].kind;
                        return kinds[i].parse(problem, json_member(root, 0), ret);
                }
        return invalid(problem, "is of the unknown kind \"%s\"", key);
}

int noteline_parse(const char *text, size_t len, NoteLine *ret, char **ret_problem) {
        Problem problem = { 0 };
        size_t where;
        int r;

        assert(text || len == 0);
        assert(ret);
        assert(ret_problem);

        /* Not the whole of it: the stores are only read as far as they were filled. */
        memset(ret, 0, offsetof(NoteLine, field_store));
        ret->source = ret->name = ret->guid = ret->notetype = ret->deck = ret->why = ret->text = "";

        if (len > NOTESTREAM_LINE_MAX)
                r = invalid(&problem, "is longer than 4 MiB", NULL);
        else {
                r = json_parse(len > 0 ? text : "", len, &ret->doc, &where);
                if (r == -EBADMSG) {
                        textbuf_addf(&problem.text, "is not JSON from byte %zu on", where + 1);
                        r = invalid(&problem, "", NULL);
                } else if (r == 0)
                        r = parse_root(&problem, json_root(ret->doc), ret);
        }

        if (r == NOTESTREAM_E_INVALID) {
                int k = textbuf_take(&problem.text, ret_problem);

                if (k < 0)
                        r = k;
        }
        if (r != 0) {
                textbuf_done(&problem.text);
                noteline_done(ret);
        }
        return r;
}

void noteline_done(NoteLine *line) {
        line->doc = json_doc_free(line->doc);
}

int notestream_push(NoteStream *stream, const char *data, size_t len) {
        TextBuf *pending = &stream->pending;

        /* What was taken makes room first, so that the buffer stays about as long as a line. */
        if (stream->taken > 0) {
                memmove(pending->buf, pending->buf + stream->taken, pending->len - stream->taken);
                pending->len -= stream->taken;
                stream->scanned -= stream->taken;
                stream->taken = 0;
        }
        textbuf_add(pending, data, len);
        return pending->error;
}

void notestream_push_eof(NoteStream *stream) {
        stream->eof = true;
}

static int complain(char **ret_problem, const char *sentence) {
        *ret_problem = strdup(sentence);
        return *ret_problem ? NOTESTREAM_E_INVALID : -ENOMEM;
}

/* NULL when the line may stand here. */
static const char *misplaced(const NoteStream *stream, const NoteLine *line) {
        if (stream->ended)
                return "comes after the end of the stream";
        if (!stream->header)
                return line->kind == NOTELINE_HEADER ? NULL : "comes before the header";

        switch (line->kind) {
        case NOTELINE_HEADER:
                return "is a second header";
        case NOTELINE_OPTIONS:
                if (stream->options)
                        return "holds options a second time";
                return stream->notes > 0 ? "holds options after the first note" : NULL;
        case NOTELINE_END:
                if (line->notes != stream->notes || line->refused != stream->refused)
                        return "counts other notes than came before it";
                return NULL;
        case NOTELINE_NOTETYPE:
        case NOTELINE_NOTE:
        case NOTELINE_REFUSED:
                return NULL;
        }
        return NULL;
}

int notestream_next(NoteStream *stream, NoteLine *ret, char **ret_problem) {
        TextBuf *pending = &stream->pending;
        _cleanup_free_ char *problem = NULL;
        const char *wrong, *newline = NULL, *start;
        size_t len;
        int r;

        if (pending->len > stream->scanned)
                newline = memchr(pending->buf + stream->scanned, '\n',
                                 pending->len - stream->scanned);
        stream->scanned = newline ? (size_t) (newline - pending->buf) + 1 : pending->len;

        if (!newline) {
                if (pending->len - stream->taken > NOTESTREAM_LINE_MAX)
                        return complain(ret_problem,
                                        "The note stream has a line of more than 4 MiB.");
                if (!stream->eof)
                        return NOTESTREAM_E_MORE;
                if (pending->len > stream->taken || !stream->ended)
                        return complain(ret_problem, stream->lines == 0 && pending->len == 0
                                                             ? "The note stream is empty."
                                                             : "The note stream was cut off before "
                                                               "its end.");
                return NOTESTREAM_E_MORE;
        }

        start = pending->buf + stream->taken;
        len = (size_t) (newline - start);
        stream->taken = stream->scanned;
        stream->lines++;

        r = noteline_parse(start, len, ret, &problem);
        if (r < 0)
                return r;
        wrong = problem;
        if (r == 0) {
                wrong = misplaced(stream, ret);
                if (wrong)
                        noteline_done(ret);
        }
        if (wrong) {
                *ret_problem = text_format("Line %" PRIu64 " of the note stream %s.", stream->lines,
                                           wrong);
                return *ret_problem ? NOTESTREAM_E_INVALID : -ENOMEM;
        }

        stream->header = true;
        stream->options = stream->options || ret->kind == NOTELINE_OPTIONS;
        stream->notes += ret->kind == NOTELINE_NOTE;
        stream->refused += ret->kind == NOTELINE_REFUSED;
        stream->ended = ret->kind == NOTELINE_END;
        return 0;
}

void notestream_done(NoteStream *stream) {
        textbuf_done(&stream->pending);
        *stream = (NoteStream){ 0 };
}
