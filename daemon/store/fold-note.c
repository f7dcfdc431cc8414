/*
 * A note from its operations: fields, tags, note type, deck, and which cards it has.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/template.h"
#include "store/fold.h"
#include "store/internal.h"
#include "store/note.h"
#include "store/search.h"
#include "util/json.h"
#include "util/text.h"

enum {
        SQL_FIND,
        SQL_INSERT,
        SQL_ROW,
        SQL_OPS,
        SQL_UPDATE,
        SQL_TAGS,
        SQL_TAG_FIND,
        SQL_TAG_INSERT,
        SQL_TAG_ON,
        SQL_TAG_OFF,
        SQL_CARDS,
        SQL_CARD_INSERT,
};
static const Sql sql[] = {
        [SQL_FIND] = { "SELECT id FROM note WHERE uuid = ?" },
        [SQL_INSERT] = { "INSERT INTO note (uuid) VALUES (?)" },
        [SQL_ROW] = { "SELECT uuid, known, deleted, notetype, deck, created, modified, first_sum,"
                      " fields FROM note WHERE id = ?" },
        [SQL_OPS] = { "SELECT op.kind, op.hlc, op.payload FROM op"
                      " JOIN writer ON writer.id = op.writer WHERE op.target = ?"
                      " ORDER BY op.hlc, writer.name, op.seq, op.hash" },
        [SQL_UPDATE] = { "UPDATE note SET known = ?, deleted = ?, notetype = ?, deck = ?, created = ?,"
                         " modified = ?, first_sum = ?, fields = ? WHERE id = ?" },
        [SQL_TAGS] = { "SELECT tag.name FROM note_tag JOIN tag ON tag.id = note_tag.tag"
                       " WHERE note_tag.note = ? ORDER BY tag.name" },
        [SQL_TAG_FIND] = { "SELECT id FROM tag WHERE name = ?" },
        [SQL_TAG_INSERT] = { "INSERT INTO tag (name) VALUES (?)" },
        [SQL_TAG_ON] = { "INSERT OR IGNORE INTO note_tag (note, tag) VALUES (?, ?)" },
        [SQL_TAG_OFF] = { "DELETE FROM note_tag WHERE note = ?"
                          " AND tag = (SELECT id FROM tag WHERE name = ?)" },
        [SQL_CARDS] = { "SELECT " CARD_COLUMNS " FROM card WHERE note = ?" },
        [SQL_CARD_INSERT] = { "INSERT INTO card (note, ord) VALUES (?, ?)" },
};

int fold_note_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret) {
        int r;

        r = stmt_int(store, &sql[SQL_FIND], 0, ret, "b", uuid, (size_t) UUID_SIZE);
        if (r < 0 || *ret > 0)
                return r;

        r = stmt_exec(store, &sql[SQL_INSERT], "b", uuid, (size_t) UUID_SIZE);
        if (r < 0)
                return r;

        *ret = sqlite3_last_insert_rowid(store->db);
        return 0;
}

/* A text with a name, or a tag with whether it is on; owned. */
typedef struct Entry {
        char *name;
        char *value; /* NULL for a tag */
        bool on;
} Entry;

typedef struct Entries {
        Entry *items;
        size_t n, cap;
} Entries;

static void entries_done(Entries *e) {
        for (size_t i = 0; i < e->n; i++) {
                free(e->items[i].name);
                free(e->items[i].value);
        }
        free(e->items);
}

static Entry *entries_get(Entries *e, const char *name) {
        for (size_t i = 0; i < e->n; i++)
                if (strcmp(e->items[i].name, name) == 0)
                        return &e->items[i];

        if (e->n == e->cap) {
                size_t cap = e->cap ? 2 * e->cap : 8;
                void *more = reallocarray(e->items, cap, sizeof(*e->items));

                if (!more)
                        return NULL;
                e->items = more;
                e->cap = cap;
        }

        e->items[e->n] = (Entry){ .name = strdup(name) };
        return e->items[e->n].name ? &e->items[e->n++] : NULL;
}

static int compare_entries(const void *a, const void *b) {
        return strcmp(((const Entry *) a)->name, ((const Entry *) b)->name);
}

typedef struct NoteState {
        bool known, deleted;
        int64_t notetype, deck;
        int64_t created, modified;
        int64_t first_sum; /* INT64_MIN: none */
        Entries fields, tags;
        char *json;
} NoteState;

static void note_state_done(NoteState *s) {
        entries_done(&s->fields);
        entries_done(&s->tags);
        free(s->json);
}

static int set_tag(NoteState *s, const char *tag, bool on) {
        Entry *entry;

        if (!tag || note_tag_problem(tag))
                return 0;

        entry = entries_get(&s->tags, tag);
        if (!entry)
                return -ENOMEM;

        entry->on = on;
        return 0;
}

static int put_fields(NoteState *s, const Json *fields) {
        const Json *v;

        JSON_FOREACH(v, i, fields) {
                const char *text = json_string(v);
                Entry *entry;
                char *copy;

                if (!text)
                        continue;

                entry = entries_get(&s->fields, json_key(fields, i));
                copy = strdup(text);
                if (!entry || !copy) {
                        free(copy);
                        return -ENOMEM;
                }

                free(entry->value);
                entry->value = copy;
        }
        return 0;
}

static int object_of(Store *store, const Json *v,
                     int (*find)(Store *, const uint8_t[static UUID_SIZE], int64_t *),
                     int64_t *ret) {
        const char *text = json_string(v);
        uint8_t uuid[UUID_SIZE];

        return text && uuid_parse(text, uuid) == 0 ? find(store, uuid, ret) : 0;
}

static int put_note(Store *store, NoteState *s, int64_t hlc, const Json *p) {
        const Json *tags = json_get(p, "tags"), *v;
        int r;

        if (!s->known)
                s->created = hlc;
        s->known = true;
        s->modified = hlc;

        r = object_of(store, json_get(p, "type"), fold_notetype_id, &s->notetype);
        if (r < 0)
                return r;

        r = object_of(store, json_get(p, "deck"), fold_deck_id, &s->deck);
        if (r < 0)
                return r;

        JSON_FOREACH(v, i, tags) {
                r = set_tag(s, json_string(v), true);
                if (r < 0)
                        return r;
        }

        return put_fields(s, json_get(p, "fields"));
}

static int read_ops(Store *store, const uint8_t uuid[static UUID_SIZE], NoteState *s) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_OPS], &st, "b", uuid, (size_t) UUID_SIZE);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                const char *kind = stmt_text(st, 0);
                int64_t hlc = sqlite3_column_int64(st, 1);

                r = json_parse(stmt_text(st, 2), (size_t) sqlite3_column_bytes(st, 2), &doc, NULL);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        continue;

                r = 0;
                if (strcmp(kind, "note.put") == 0)
                        r = put_note(store, s, hlc, json_root(doc));
                else if (strcmp(kind, "note.del") == 0)
                        s->deleted = true;
                else if (strcmp(kind, "note.restore") == 0)
                        s->deleted = false;
                else if (strcmp(kind, "tag") == 0)
                        r = set_tag(s, json_string(json_get(json_root(doc), "tag")),
                                    json_bool(json_get(json_root(doc), "on"), false));
                if (r < 0)
                        return r;
        }

        return r;
}

/* By what notes of the same first field find each other: without the white space around it. */
int64_t note_first_sum(const char *first) {
        uint64_t sum = 0xcbf29ce484222325u; /* FNV-1a */
        size_t len;

        first += strspn(first, " \t\r\n");
        len = strlen(first);
        while (len > 0 && strchr(" \t\r\n", first[len - 1]))
                len--;
        for (size_t i = 0; i < len; i++)
                sum = (sum ^ (uint8_t) first[i]) * 0x100000001b3u;
        return (int64_t) (sum >> 1);
}

static int finish_state(Store *store, NoteState *s) {
        const NoteTypeRow *type;
        JsonWriter w = { 0 };
        int r;

        if (s->fields.n > 1)
                qsort(s->fields.items, s->fields.n, sizeof(Entry), compare_entries);
        json_open(&w, '{');
        for (size_t i = 0; i < s->fields.n; i++) {
                json_put_key(&w, s->fields.items[i].name);
                json_put_string(&w, s->fields.items[i].value ? s->fields.items[i].value : "");
        }
        json_close(&w, '}');
        r = json_finish(&w, &s->json);
        if (r < 0)
                return r;

        s->first_sum = INT64_MIN;
        if (s->known && notetype_get(store, s->notetype, &type) == 0 && type->type.n_fields > 0)
                for (size_t i = 0; i < s->fields.n; i++)
                        if (strcmp(s->fields.items[i].name, type->type.fields[0]) == 0)
                                s->first_sum = note_first_sum(s->fields.items[i].value);
        return 0;
}

static int write_tags(Store *store, int64_t note, NoteState *s, bool *ret_changed) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        Entries extra = { 0 };
        int r;

        /* Those that are there and should stay are turned off in `s`: they need nothing. */
        r = stmt_query(store, &sql[SQL_TAGS], &st, "i", note);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                bool wanted = false;

                for (size_t i = 0; i < s->tags.n; i++)
                        if (s->tags.items[i].on &&
                            strcmp(s->tags.items[i].name, stmt_text(st, 0)) == 0) {
                                s->tags.items[i].on = false;
                                wanted = true;
                        }
                if (!wanted && !entries_get(&extra, stmt_text(st, 0))) {
                        entries_done(&extra);
                        return -ENOMEM;
                }
        }
        stmt_resetp(&st);

        for (size_t i = 0; i < extra.n && r >= 0; i++) {
                *ret_changed = true;
                r = fold_verifying(store)
                            ? fold_differs(store,
                                           "Note %" PRIi64
                                           ": it has the tag \"%s\", but should not.",
                                           note, extra.items[i].name)
                            : stmt_exec(store, &sql[SQL_TAG_OFF], "it", note, extra.items[i].name);
        }
        entries_done(&extra);

        for (size_t i = 0; i < s->tags.n && r >= 0; i++) {
                const char *name = s->tags.items[i].name;
                int64_t tag;

                if (!s->tags.items[i].on)
                        continue;

                *ret_changed = true;
                if (fold_verifying(store)) {
                        r = fold_differs(store, "Note %" PRIi64 ": it should have the tag \"%s\".",
                                         note, name);
                        continue;
                }

                r = stmt_int(store, &sql[SQL_TAG_FIND], 0, &tag, "t", name);
                if (r >= 0 && tag == 0) {
                        r = stmt_exec(store, &sql[SQL_TAG_INSERT], "t", name);
                        tag = sqlite3_last_insert_rowid(store->db);
                }
                if (r >= 0)
                        r = stmt_exec(store, &sql[SQL_TAG_ON], "ii", note, tag);
        }

        return r;
}

/* Which cards the fields give, as a bitmap of ordinals. */
typedef struct Ords {
        unsigned list[NOTETYPE_ORDS_MAX];
        size_t n;
} Ords;

static bool has_ord(const Ords *ords, unsigned ord) {
        for (size_t i = 0; i < ords->n; i++)
                if (ords->list[i] == ord)
                        return true;
        return false;
}

size_t note_ords(const NoteType *type, const FieldValue *fields, size_t n_fields,
                 unsigned ords[static NOTETYPE_ORDS_MAX]) {
        const char *fronts[NOTETYPE_TEMPLATES_MAX];
        TemplateField values[NOTETYPE_FIELDS_MAX];
        TemplateNote note = { .fields = values, .n_fields = type->n_fields, .cloze = type->cloze };

        for (size_t i = 0; i < type->n_fields; i++) {
                values[i] = (TemplateField){ .name = type->fields[i], .value = "" };
                for (size_t j = 0; j < n_fields; j++)
                        if (strcmp(fields[j].name, type->fields[i]) == 0 && fields[j].value)
                                values[i].value = fields[j].value;
        }
        for (size_t i = 0; i < type->n_templates; i++)
                fronts[i] = type->templates[i].front;

        return template_cards(&note, fronts, type->n_templates, ords, NOTETYPE_ORDS_MAX);
}

static int fold_cards(Store *store, int64_t id, const NoteLite *note, const Ords *ords) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ CardRow *rows = NULL;
        size_t n = 0, cap = 0;
        int r;

        r = stmt_query(store, &sql[SQL_CARDS], &st, "i", id);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                if (n == cap) {
                        void *more = reallocarray(rows, cap = cap ? 2 * cap : 4, sizeof(*rows));

                        if (!more)
                                return -ENOMEM;
                        rows = more;
                }
                card_read(st, &rows[n++]);
        }
        if (r < 0)
                return r;
        stmt_resetp(&st);

        for (size_t i = 0; i < ords->n; i++) {
                CardRow row = { .given = true,
                                .card = { .note = id,
                                          .ord = ords->list[i],
                                          .deck = DECK_DEFAULT,
                                          .sched = CARD_SCHED_NEW,
                                          .buried_until_day = CARD_NO_DAY } };
                CardRow none;
                bool there = false;

                for (size_t j = 0; j < n; j++)
                        there = there || rows[j].card.ord == ords->list[i];
                if (there)
                        continue;
                if (fold_verifying(store)) {
                        r = fold_differs(store, "Note %" PRIi64 ": its card %u is missing.", id,
                                         ords->list[i]);
                        if (r < 0)
                                return r;
                        continue;
                }

                r = stmt_exec(store, &sql[SQL_CARD_INSERT], "ii", id, (int64_t) ords->list[i]);
                if (r < 0)
                        return r;

                row.card.id = sqlite3_last_insert_rowid(store->db);
                none = row;
                none.given = false;
                none.card.queue = CARD_QUEUE_HIDDEN;
                r = fold_card_row(store, note, &none, &row, false);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < n; i++) {
                CardRow row = rows[i];

                row.given = has_ord(ords, row.card.ord);
                r = fold_card_row(store, note, &rows[i], &row, false);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int index_text(Store *store, int64_t id, const NoteState *s, const Entries *tags) {
        _cleanup_free_ const char **texts = NULL;
        _cleanup_free_ char *joined = NULL;
        TextBuf b = { 0 };
        int r;

        if (!s->known || s->deleted)
                return search_delete_note(store, id);

        texts = calloc(s->fields.n + 1, sizeof(*texts));
        if (!texts)
                return -ENOMEM;

        for (size_t i = 0; i < s->fields.n; i++)
                texts[i] = s->fields.items[i].value ? s->fields.items[i].value : "";
        for (size_t i = 0; i < tags->n; i++)
                if (tags->items[i].on)
                        textbuf_addf(&b, "%s%s", b.len > 0 ? " " : "", tags->items[i].name);
        r = textbuf_take(&b, &joined);
        if (r < 0)
                return r;

        return search_put_note(store, id, texts, s->fields.n, joined);
}

int fold_note(Store *store, int64_t id) {
        _cleanup_(note_state_done)
                NoteState s = { .notetype = NOTETYPE_BASIC, .deck = DECK_DEFAULT };
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        const NoteTypeRow *type;
        NoteLite note;
        Ords ords = { 0 };
        bool changed, tags_changed = false;
        int r;

        r = note_get_lite(store, id, &note);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        r = read_ops(store, note.uuid, &s);
        if (r < 0)
                return r;

        r = finish_state(store, &s);
        if (r < 0)
                return r;

        r = stmt_query(store, &sql[SQL_ROW], &st, "i", id);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r <= 0)
                return r < 0 ? r : -EUCLEAN;

        changed = sqlite3_column_int(st, 1) != s.known || sqlite3_column_int(st, 2) != s.deleted ||
                  sqlite3_column_int64(st, 3) != s.notetype ||
                  sqlite3_column_int64(st, 4) != s.deck ||
                  sqlite3_column_int64(st, 5) != s.created ||
                  sqlite3_column_int64(st, 6) != s.modified ||
                  stmt_int_or(st, 7, INT64_MIN) != s.first_sum ||
                  strcmp(stmt_text(st, 8), s.json) != 0;
        stmt_resetp(&st);

        if (changed && fold_verifying(store))
                r = fold_differs(store,
                                 "Note %" PRIi64
                                 ": its fields, note type, deck or existence are not "
                                 "what its operations say.",
                                 id);
        else if (changed)
                r = stmt_exec(store, &sql[SQL_UPDATE], "iiiiiiIti", (int64_t) s.known,
                              (int64_t) s.deleted, s.notetype, s.deck, s.created, s.modified,
                              s.first_sum, s.json, id);
        if (r < 0)
                return r;

        if (!fold_verifying(store) && s.known) {
                /* Before write_tags(), which marks off what is done. */
                r = index_text(store, id, &s, &s.tags);
                if (r < 0)
                        return r;
        }

        r = write_tags(store, id, &s, &tags_changed);
        if (r < 0)
                return r;

        if (s.known) {
                _cleanup_free_ FieldValue *values = calloc(s.fields.n + 1, sizeof(*values));

                if (!values)
                        return -ENOMEM;
                for (size_t i = 0; i < s.fields.n; i++)
                        values[i] = (FieldValue){ s.fields.items[i].name, s.fields.items[i].value };

                r = notetype_get(store, s.notetype, &type);
                if (r == 0)
                        ords.n = note_ords(&type->type, values, s.fields.n, ords.list);
                if (r < 0)
                        return r;
        }

        note.alive = s.known && !s.deleted;
        note.deck = s.deck;
        note.created = s.created;
        return fold_cards(store, id, &note, &ords);
}
