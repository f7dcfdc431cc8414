#include "store/note.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/internal.h"
#include "util/json.h"
#include "util/text.h"

enum { SQL_GET, SQL_TAGS, SQL_BY_UUID, SQL_LIST_TAGS };
static const Sql sql[] = {
        [SQL_GET] = { "SELECT uuid, known, deleted, notetype, deck, created, modified, fields"
                      " FROM note WHERE id = ?" },
        [SQL_TAGS] = { "SELECT tag.name FROM note_tag JOIN tag ON tag.id = note_tag.tag"
                       " WHERE note_tag.note = ? ORDER BY tag.name" },
        [SQL_BY_UUID] = { "SELECT id FROM note WHERE uuid = ?" },
        [SQL_LIST_TAGS] = { "SELECT tag.name, count(*) FROM note_tag"
                            " JOIN tag ON tag.id = note_tag.tag JOIN note ON note.id = note_tag.note"
                            " WHERE note.known = 1 AND note.deleted = 0"
                            " GROUP BY tag.id ORDER BY tag.name" },
};

Note *note_free(Note *note) {
        if (!note)
                return NULL;

        for (size_t i = 0; i < note->n_fields; i++) {
                free((char *) note->fields[i].name);
                free((char *) note->fields[i].value);
        }
        for (size_t i = 0; i < note->n_tags; i++)
                free(note->tags[i]);
        free(note->fields);
        free(note->tags);
        free(note);
        return NULL;
}

static int add_field(Note *note, const char *name, const char *value) {
        FieldValue *field = &note->fields[note->n_fields];

        *field = (FieldValue){ strdup(name), strdup(value) };
        note->n_fields++;
        return field->name && field->value ? 0 : -ENOMEM;
}

/* In the order of the note type, then what else there is. */
static int read_fields(Store *store, Note *note, const char *json, size_t len) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        const NoteTypeRow *row;
        const NoteType none = { 0 }, *type = &none;
        const Json *object, *v;
        int r;

        r = json_parse(json, len, &doc, NULL);
        if (r < 0)
                return store_fail(store, r == -EBADMSG ? -EUCLEAN : r,
                                  "%s is damaged: the fields of note %" PRIi64 " cannot be read.",
                                  store->path, note->id);

        r = notetype_get(store, note->notetype, &row);
        if (r < 0)
                return r;
        if (r == 0)
                type = &row->type;

        object = json_root(doc);
        note->fields = calloc(type->n_fields + json_length(object) + 1, sizeof(*note->fields));
        if (!note->fields)
                return -ENOMEM;

        for (size_t i = 0; i < type->n_fields; i++) {
                const char *value = json_string(json_get(object, type->fields[i]));

                r = add_field(note, type->fields[i], value ? value : "");
                if (r < 0)
                        return r;
        }

        JSON_FOREACH(v, i, object) {
                bool known = false;

                for (size_t j = 0; j < type->n_fields; j++)
                        known = known || strcmp(type->fields[j], json_key(object, i)) == 0;
                if (known || !json_string(v))
                        continue;

                r = add_field(note, json_key(object, i), json_string(v));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_tags(Store *store, Note *note) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_TAGS], &st, "i", note->id);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                void *more = reallocarray(note->tags, note->n_tags + 1, sizeof(*note->tags));

                if (!more)
                        return -ENOMEM;
                note->tags = more;
                note->tags[note->n_tags] = strdup(stmt_text(st, 0));
                if (!note->tags[note->n_tags])
                        return -ENOMEM;
                note->n_tags++;
        }
        return r;
}

int note_get(Store *store, int64_t id, Note **ret) {
        _cleanup_(note_freep) Note *note = NULL;
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_GET], &st, "i", id);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;
        if (r == 0)
                return store_fail(store, STORE_E_NOT_FOUND, "There is no note %" PRIi64 ".", id);

        note = calloc(1, sizeof(*note));
        if (!note)
                return -ENOMEM;

        note->id = id;
        if (sqlite3_column_bytes(st, 0) == UUID_SIZE)
                uuid_format(sqlite3_column_blob(st, 0), note->uuid);
        note->alive = sqlite3_column_int(st, 1) && !sqlite3_column_int(st, 2);
        note->notetype = sqlite3_column_int64(st, 3);
        note->created_ms = hlc_ms((uint64_t) sqlite3_column_int64(st, 5));
        note->modified_ms = hlc_ms((uint64_t) sqlite3_column_int64(st, 6));

        r = deck_resolve(store, sqlite3_column_int64(st, 4), &note->deck);
        if (r < 0)
                return r;

        r = read_fields(store, note, stmt_text(st, 7), (size_t) sqlite3_column_bytes(st, 7));
        if (r < 0)
                return r;

        r = read_tags(store, note);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(note);
        return 0;
}

const char *note_field(const Note *note, const char *name) {
        for (size_t i = 0; i < note->n_fields; i++)
                if (strcmp(note->fields[i].name, name) == 0)
                        return note->fields[i].value;
        return "";
}

int note_by_uuid(Store *store, const char *uuid, int64_t *ret) {
        uint8_t bytes[UUID_SIZE];
        int r;

        if (uuid_parse(uuid, bytes) < 0)
                return store_fail(store, STORE_E_NOT_FOUND, "\"%s\" is no identity of a note.",
                                  uuid);

        r = stmt_int(store, &sql[SQL_BY_UUID], 0, ret, "b", bytes, sizeof(bytes));
        if (r < 0)
                return r;

        return *ret > 0 ? 0 : store_fail(store, STORE_E_NOT_FOUND, "There is no note %s.", uuid);
}

TagCount *note_tags_free(TagCount *tags, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(tags[i].tag);
        free(tags);
        return NULL;
}

int note_list_tags(Store *store, TagCount **ret, size_t *ret_n) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        TagCount *tags = NULL;
        size_t n = 0, cap = 0;
        int r;

        r = stmt_query(store, &sql[SQL_LIST_TAGS], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                if (n == cap) {
                        void *more = reallocarray(tags, cap = cap ? 2 * cap : 16, sizeof(*tags));

                        if (!more) {
                                note_tags_free(tags, n);
                                return -ENOMEM;
                        }
                        tags = more;
                }
                tags[n] = (TagCount){ strdup(stmt_text(st, 0)), sqlite3_column_int64(st, 1) };
                if (!tags[n++].tag) {
                        note_tags_free(tags, n);
                        return -ENOMEM;
                }
        }
        if (r < 0) {
                note_tags_free(tags, n);
                return r;
        }

        *ret = tags;
        *ret_n = n;
        return 0;
}

const char *note_tag_problem(const char *tag) {
        size_t len = strlen(tag);
        uint32_t c;

        if (len == 0)
                return "is empty";
        if (len > 200)
                return "is longer than 200 bytes";
        if (!utf8_valid(tag, len))
                return "holds invalid UTF-8";

        for (size_t i = 0; i < len;) {
                i += utf8_decode(tag + i, len - i, &c);
                if (c == ' ' || c == '\t' || c == '\n' || c == 0x3000)
                        return "holds white space";
                if (c == '"' || c == ',')
                        return "holds a quote or a comma";
                if (text_is_unsafe_char(c))
                        return "holds a control character";
        }
        return NULL;
}
