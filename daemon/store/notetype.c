#include "store/notetype.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/internal.h"
#include "util/json.h"

enum { SQL_ALL };
static const Sql sql[] = {
        [SQL_ALL] = { "SELECT id, uuid, name, json FROM notetype WHERE known = 1 ORDER BY name, uuid" },
};

void notetype_forget(Store *store) {
        for (size_t i = 0; i < store->n_notetypes; i++) {
                free(store->notetypes[i]);
                free(store->notetype_memory[i]);
        }
        free(store->notetypes);
        free(store->notetype_memory);
        store->notetypes = NULL;
        store->notetype_memory = NULL;
        store->n_notetypes = 0;
        store->notetypes_valid = false;
}

int notetype_to_json(const NoteType *type, char **ret) {
        JsonWriter w = { 0 };

        json_open(&w, '{');
        json_put_key(&w, "kind");
        json_put_string(&w, type->cloze ? "cloze" : "plain");
        json_put_key(&w, "fields");
        json_open(&w, '[');
        for (size_t i = 0; i < type->n_fields; i++)
                json_put_string(&w, type->fields[i]);
        json_close(&w, ']');
        json_put_key(&w, "templates");
        json_open(&w, '[');
        for (size_t i = 0; i < type->n_templates; i++) {
                json_open(&w, '{');
                json_put_key(&w, "name");
                json_put_string(&w, type->templates[i].name);
                json_put_key(&w, "front");
                json_put_string(&w, type->templates[i].front);
                json_put_key(&w, "back");
                json_put_string(&w, type->templates[i].back);
                json_close(&w, '}');
        }
        json_close(&w, ']');
        json_put_key(&w, "css");
        json_put_string(&w, type->css ? type->css : "");
        json_close(&w, '}');
        return json_finish(&w, ret);
}

/* One piece of memory: a document, and the arrays that point into it. */
typedef struct TypeMemory {
        const char *fields[NOTETYPE_FIELDS_MAX];
        Template templates[NOTETYPE_TEMPLATES_MAX];
        char strings[];
} TypeMemory;

static const char *keep(TypeMemory *m, size_t *at, const char *s) {
        char *place = m->strings + *at;
        size_t size = strlen(s ? s : "") + 1;

        memcpy(place, s ? s : "", size);
        *at += size;
        return place;
}

int notetype_from_json(const char *json, size_t len, NoteType *ret, void **ret_memory) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        _cleanup_free_ TypeMemory *m = NULL;
        const Json *root, *fields, *templates, *v;
        NoteType type = { 0 };
        size_t at = 0;
        int r;

        r = json_parse(json, len, &doc, NULL);
        if (r < 0)
                return r;

        root = json_root(doc);
        fields = json_get(root, "fields");
        templates = json_get(root, "templates");

        /* Unescaped strings are never longer than the text they were read from. */
        m = malloc(sizeof(*m) + len + 2 * (json_length(fields) + 3 * json_length(templates)) + 16);
        if (!m)
                return -ENOMEM;

        type.cloze = json_string(json_get(root, "kind")) &&
                     strcmp(json_string(json_get(root, "kind")), "cloze") == 0;
        JSON_FOREACH(v, i, fields) {
                if (type.n_fields < NOTETYPE_FIELDS_MAX && json_string(v))
                        m->fields[type.n_fields++] = keep(m, &at, json_string(v));
        }
        JSON_FOREACH(v, i, templates) {
                if (type.n_templates == NOTETYPE_TEMPLATES_MAX || (type.cloze && i > 0))
                        break;
                m->templates[type.n_templates++] = (Template){
                        .name = keep(m, &at, json_string(json_get(v, "name"))),
                        .front = keep(m, &at, json_string(json_get(v, "front"))),
                        .back = keep(m, &at, json_string(json_get(v, "back"))),
                };
        }
        type.css = keep(m, &at, json_string(json_get(root, "css")));
        type.fields = m->fields;
        type.templates = m->templates;

        *ret = type;
        *ret_memory = TAKE_PTR(m);
        return 0;
}

static int notetype_load(Store *store) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        if (store->notetypes_valid)
                return 0;

        notetype_forget(store);
        r = stmt_query(store, &sql[SQL_ALL], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                size_t n = store->n_notetypes + 1, name_len = strlen(stmt_text(st, 2));
                NoteTypeRow *row;
                void *more;

                more = reallocarray(store->notetypes, n, sizeof(*store->notetypes));
                if (!more)
                        return -ENOMEM;
                store->notetypes = more;
                more = reallocarray(store->notetype_memory, n, sizeof(*store->notetype_memory));
                if (!more)
                        return -ENOMEM;
                store->notetype_memory = more;

                row = calloc(1, sizeof(*row) + name_len + 1);
                if (!row)
                        return -ENOMEM;
                store->notetypes[n - 1] = row;
                store->notetype_memory[n - 1] = NULL;
                store->n_notetypes = n;

                r = notetype_from_json(stmt_text(st, 3), (size_t) sqlite3_column_bytes(st, 3),
                                       &row->type, &store->notetype_memory[n - 1]);
                if (r < 0)
                        return store_fail(store, r == -EBADMSG ? -EUCLEAN : r,
                                          "%s is damaged: note type \"%s\" cannot be read.",
                                          store->path, stmt_text(st, 2));

                row->id = sqlite3_column_int64(st, 0);
                row->type.name = memcpy(row + 1, stmt_text(st, 2), name_len + 1);
                if (sqlite3_column_bytes(st, 1) == UUID_SIZE)
                        uuid_format(sqlite3_column_blob(st, 1), row->uuid);
        }
        if (r < 0)
                return r;

        store->notetypes_valid = true;
        return 0;
}

int notetype_get(Store *store, int64_t id, const NoteTypeRow **ret) {
        int r;

        r = notetype_load(store);
        if (r < 0)
                return r;

        for (size_t i = 0; i < store->n_notetypes; i++)
                if (store->notetypes[i]->id == id) {
                        *ret = store->notetypes[i];
                        return 0;
                }
        return store_fail(store, STORE_E_NOT_FOUND, "There is no note type %" PRIi64 ".", id);
}

int notetype_by_name(Store *store, const char *name, const NoteTypeRow **ret) {
        int r;

        r = notetype_load(store);
        if (r < 0)
                return r;

        for (int any_case = 0; any_case < 2; any_case++)
                for (size_t i = 0; i < store->n_notetypes; i++) {
                        const char *other = store->notetypes[i]->type.name;

                        if (any_case ? strcasecmp(other, name) == 0 : strcmp(other, name) == 0) {
                                *ret = store->notetypes[i];
                                return 0;
                        }
                }
        return store_fail(store, STORE_E_NOT_FOUND, "There is no note type \"%s\".", name);
}

int notetype_list(Store *store, const NoteTypeRow *const **ret, size_t *ret_n) {
        int r;

        r = notetype_load(store);
        if (r < 0)
                return r;

        *ret = (const NoteTypeRow *const *) store->notetypes;
        *ret_n = store->n_notetypes;
        return 0;
}
