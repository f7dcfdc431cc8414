/*
 * A note stream into the collection. Notes are checked and put aside as they come, in a temporary table
 * that SQLite keeps outside the collection; then all are applied in one transaction.
 *
 * 10,000 notes take most of a second, too long to keep a grade waiting. So that transaction is one of a second
 * connection, goes on in slices, and nothing of it is seen before it is whole. Only one can write: a
 * command that comes in between takes the half done import back, and it begins anew from what was put
 * aside. After the third time it goes through without a pause.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands/action.h"
#include "store/deck.h"
#include "store/note.h"
#include "util/sha256.h"
#include "util/text.h"

enum {
        SQL_STAGE,
        SQL_NEXT,
        SQL_FIND_UUID,
        SQL_FIND_FIRST,
        SQL_UUID,
};
static const Sql sql[] = {
        [SQL_STAGE] = { "INSERT INTO temp.import_note (note) VALUES (?)" },
        [SQL_NEXT] = { "SELECT id, note FROM temp.import_note WHERE id > ? ORDER BY id LIMIT 1" },
        [SQL_FIND_UUID] = { "SELECT id FROM note WHERE uuid = ? AND known = 1" },
        [SQL_FIND_FIRST] = { "SELECT id FROM note WHERE notetype = ? AND first_sum = ?"
                             " AND known = 1 AND deleted = 0 ORDER BY id" },
        [SQL_UUID] = { "SELECT uuid FROM note WHERE id = ?" },
};

enum { PATIENCE = 3 };

struct Import {
        Store *store;
        Store *beside; /* where it is written */
        Action action;
        When when;
        bool begun;
        unsigned taken_back;
        int64_t after;    /* the last note applied, as put aside */
        int64_t before;   /* operations of the action that are not of notes */
        uint64_t refused; /* when they were put aside */
        char *label, *importer, *deck;
        ImportMatch match;
        bool dry_run;
        NoteType *types;
        void **type_memory;
        size_t n_types;
        uint64_t staged;
        bool done;
        ImportCounts counts;
};

static void take_back(void *userdata) {
        Import *i = userdata;

        if (!i->begun)
                return;

        (void) action_end(&i->action, STORE_E_NOTHING);
        i->begun = false;
        i->taken_back++;
        i->counts = (ImportCounts){ .refused = i->refused };
}

Import *commands_import_free(Import *i) {
        if (!i)
                return NULL;

        if (i->beside) {
                take_back(i);
                (void) store_on_write(i->store, NULL, NULL);
                store_free(i->beside);
        }
        for (size_t t = 0; t < i->n_types; t++) {
                free((char *) i->types[t].name);
                free(i->type_memory[t]);
        }
        free(i->types);
        free(i->type_memory);
        free(i->label);
        free(i->importer);
        free(i->deck);
        free(i);
        return NULL;
}

int commands_import_begin(Store *store, const ImportOptions *options, Import **ret) {
        _cleanup_(commands_import_freep) Import *i = NULL;
        int rc, r;

        if (store_read_only(store))
                return store_fail(store, STORE_E_READ_ONLY, "%s", store_problem(store));

        i = calloc(1, sizeof(*i));
        if (!i)
                return -ENOMEM;

        i->store = store;
        i->match = options->match;
        i->dry_run = options->dry_run;
        i->label = strdup(options->label ? options->label : "");
        i->importer = strdup(options->importer ? options->importer : "");
        i->deck = strdup(options->deck ? options->deck : "");
        if (!i->label || !i->importer || !i->deck)
                return -ENOMEM;

        if (!store_on_write(store, take_back, i))
                return store_fail(store, STORE_E_INVALID,
                                  "Another import is running. Try again when it is done.");

        r = store_open_beside(store, &i->beside);
        if (r < 0) {
                (void) store_on_write(store, NULL, NULL);
                return r;
        }

        rc = sqlite3_exec(
                store_db(i->beside),
                "CREATE TEMP TABLE import_note (id INTEGER PRIMARY KEY, note TEXT NOT NULL)", NULL,
                NULL, NULL);
        if (rc != SQLITE_OK)
                return stmt_failed(store, rc);

        *ret = TAKE_PTR(i);
        return 0;
}

int commands_import_notetype(Import *i, const NoteType *type) {
        _cleanup_free_ char *json = NULL, *name = NULL;
        void *more;
        int r;

        r = notetype_check(i->store, type);
        if (r != 0)
                return r;

        r = notetype_to_json(type, &json);
        if (r < 0)
                return r;

        name = strdup(type->name);
        more = reallocarray(i->types, i->n_types + 1, sizeof(*i->types));
        if (!name || !more)
                return -ENOMEM;
        i->types = more;
        more = reallocarray(i->type_memory, i->n_types + 1, sizeof(*i->type_memory));
        if (!more)
                return -ENOMEM;
        i->type_memory = more;

        r = notetype_from_json(json, strlen(json), &i->types[i->n_types],
                               &i->type_memory[i->n_types]);
        if (r < 0)
                return r;

        i->types[i->n_types++].name = TAKE_PTR(name);
        return 0;
}

/* One that is in the collection goes before one that came along. */
static int find_type(Import *i, const NoteInput *input, const NoteType **ret) {
        const NoteTypeRow *row;
        int r;

        r = note_input_type(i->store, input, &row);
        if (r < 0)
                return r;
        if (r == 0) {
                *ret = &row->type;
                return 0;
        }

        for (size_t t = 0; t < i->n_types; t++)
                if (strcmp(i->types[t].name, input->notetype) == 0) {
                        *ret = &i->types[t];
                        return 0;
                }
        return STORE_E_INVALID;
}

static int stage(Import *i, const ImportNote *note, const char *deck) {
        _cleanup_free_ char *json = NULL;
        JsonWriter w = { 0 };
        int r;

        json_open(&w, '{');
        json_put_key(&w, "guid");
        json_put_string(&w, note->guid ? note->guid : "");
        json_put_key(&w, "type");
        json_put_string(&w, note->note.notetype ? note->note.notetype : "");
        json_put_key(&w, "deck");
        json_put_string(&w, deck);
        json_put_key(&w, "suspended");
        json_put_bool(&w, note->suspended);
        json_put_key(&w, "fields");
        json_open(&w, '{');
        for (size_t k = 0; k < note->note.n_fields; k++) {
                json_put_key(&w, note->note.fields[k].name);
                json_put_string(&w, note->note.fields[k].value ? note->note.fields[k].value : "");
        }
        json_close(&w, '}');
        json_put_key(&w, "tags");
        json_open(&w, '[');
        for (size_t k = 0; k < note->note.n_tags; k++)
                json_put_string(&w, note->note.tags[k]);
        json_close(&w, ']');
        json_close(&w, '}');
        r = json_finish(&w, &json);
        if (r < 0)
                return r;

        r = stmt_exec(i->beside, &sql[SQL_STAGE], "t", json);
        return r < 0 ? store_fail(i->store, r, "%s", store_error(i->beside)) : 0;
}

int commands_import_add(Import *i, const ImportNote *note) {
        const char *deck = note->note.deck && *note->note.deck ? note->note.deck : i->deck;
        const char *problem = *deck ? deck_name_problem(deck) : NULL;
        const NoteType *type = NULL;
        int r;

        r = problem ? store_fail(i->store, STORE_E_INVALID, "The deck name \"%s\" %s.", deck,
                                 problem)
                    : find_type(i, &note->note, &type);
        if (r == 0)
                r = note_input_check(i->store, type, &note->note);
        if (r == 0 && note->guid && strlen(note->guid) > 1000)
                r = store_fail(i->store, STORE_E_INVALID, "The guid is longer than 1000 bytes.");
        if (r == STORE_E_INVALID)
                i->counts.refused = ++i->refused;
        if (r != 0)
                return r;

        r = stage(i, note, deck);
        if (r < 0)
                return store_disk_full(i->beside) ? STORE_E_FULL : r;

        i->staged++;
        return 0;
}

/* A note as it was put aside. */
typedef struct Staged {
        JsonDoc *doc;
        NoteInput input;
        FieldValue *fields;
        const char **tags;
        const char *guid;
        bool suspended;
} Staged;

static void staged_done(Staged *s) {
        json_doc_free(s->doc);
        free(s->fields);
        free(s->tags);
}

static int staged_read(const char *text, size_t len, Staged *s) {
        const Json *root, *fields, *tags, *v;
        int r;

        r = json_parse(text, len, &s->doc, NULL);
        if (r < 0)
                return r;

        root = json_root(s->doc);
        fields = json_get(root, "fields");
        tags = json_get(root, "tags");
        s->fields = calloc(json_length(fields) + 1, sizeof(*s->fields));
        s->tags = calloc(json_length(tags) + 1, sizeof(*s->tags));
        if (!s->fields || !s->tags)
                return -ENOMEM;

        s->guid = json_string(json_get(root, "guid"));
        s->suspended = json_bool(json_get(root, "suspended"), false);
        JSON_FOREACH(v, k, fields) {
                s->fields[s->input.n_fields++] =
                        (FieldValue){ json_key(fields, k), json_string(v) };
        }
        JSON_FOREACH(v, k, tags) {
                s->tags[s->input.n_tags++] = json_string(v);
        }
        s->input.notetype = json_string(json_get(root, "type"));
        s->input.deck = json_string(json_get(root, "deck"));
        s->input.fields = s->fields;
        s->input.tags = s->tags;
        return 0;
}

static const char *first_field(const NoteType *type, const NoteInput *input) {
        for (size_t k = 0; k < input->n_fields; k++)
                if (strcmp(input->fields[k].name, type->fields[0]) == 0)
                        return input->fields[k].value;
        return "";
}

/*
 * The same source gives the same identity, here and on every other device. An export has the identity
 * itself as its guid (of the versions that are made here): it comes back as the note it was.
 */
static void identity(const Import *i, const NoteTypeRow *type, const Staged *s,
                     uint8_t ret[static UUID_SIZE]) {
        const char *parts[4] = { i->importer, "guid", s->guid, "" };
        uint8_t digest[32];
        Sha256 sha;

        if (uuid_parse(s->guid, ret) == 0 && (ret[6] >> 4 == 7 || ret[6] >> 4 == 8))
                return;

        if (!*s->guid) {
                parts[1] = "first";
                parts[2] = type->uuid;
                parts[3] = first_field(&type->type, &s->input);
        }

        sha256_init(&sha);
        for (size_t k = 0; k < ELEMENTS(parts); k++)
                sha256_add(&sha, parts[k], strlen(parts[k]) + 1);
        sha256_finish(&sha, digest);
        uuid_v8(digest, ret);
}

static bool same_stripped(const char *a, const char *b) {
        size_t n, m;

        a += strspn(a, " \t\r\n");
        b += strspn(b, " \t\r\n");
        for (n = strlen(a); n > 0 && strchr(" \t\r\n", a[n - 1]); n--)
                ;
        for (m = strlen(b); m > 0 && strchr(" \t\r\n", b[m - 1]); m--)
                ;
        return n == m && memcmp(a, b, n) == 0;
}

/* The note that is meant: by identity, else by note type and first field. 0: none. */
static int find_match(Import *i, const NoteTypeRow *type, const Staged *s,
                      const uint8_t uuid[static UUID_SIZE], int64_t *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        const char *first = first_field(&type->type, &s->input);
        int r;

        if (!*s->guid && i->match == IMPORT_BOTH) {
                *ret = 0;
                return 0;
        }

        r = stmt_int(i->beside, &sql[SQL_FIND_UUID], 0, ret, "b", uuid, (size_t) UUID_SIZE);
        if (r < 0 || *ret > 0 || *s->guid)
                return r;

        r = stmt_query(i->beside, &sql[SQL_FIND_FIRST], &st, "ii", type->id, note_first_sum(first));
        if (r < 0)
                return r;

        while ((r = stmt_step(i->beside, st)) > 0) {
                _cleanup_(note_freep) Note *note = NULL;

                r = note_get(i->beside, sqlite3_column_int64(st, 0), &note);
                if (r != 0)
                        return r < 0 ? r : -EUCLEAN;
                if (same_stripped(note_field(note, type->type.fields[0]), first)) {
                        *ret = note->id;
                        return 0;
                }
        }
        return r;
}

static bool note_has_tag(const Note *note, const char *tag) {
        for (size_t k = 0; k < note->n_tags; k++)
                if (strcmp(note->tags[k], tag) == 0)
                        return true;
        return false;
}

/* Fields are taken over and tags added; where the learner has put it, and how it stands, stays. */
static int update_note(Import *i, Action *a, int64_t id, const NoteTypeRow *type, const Staged *s) {
        _cleanup_(note_freep) Note *note = NULL;
        int64_t before = action_count(a);
        JsonWriter w = { 0 };
        bool any = false;
        Op op;
        int r;

        r = note_get(i->beside, id, &note);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;
        if (note->notetype != type->id) {
                i->counts.kept++; /* its fields would not fit */
                return 0;
        }

        if (!note->alive) {
                JsonWriter empty = { 0 };

                r = target_note(a, id, &op);
                if (r != 0)
                        return r;
                json_open(&empty, '{');
                r = action_put(a, "note.restore", &op, &empty);
                if (r < 0)
                        return r;
        }

        r = target_note(a, id, &op);
        if (r != 0)
                return r;

        json_open(&w, '{');
        json_put_key(&w, "fields");
        json_open(&w, '{');
        for (size_t k = 0; k < s->input.n_fields; k++) {
                if (strcmp(note_field(note, s->fields[k].name), s->fields[k].value) == 0)
                        continue;
                json_put_key(&w, s->fields[k].name);
                json_put_string(&w, s->fields[k].value);
                any = true;
        }
        json_close(&w, '}');
        if (any) {
                r = action_put(a, "note.put", &op, &w);
                if (r < 0)
                        return r;
        } else
                json_writer_done(&w);

        for (size_t k = 0; k < s->input.n_tags; k++)
                if (!note_has_tag(note, s->tags[k])) {
                        r = action_tag(a, id, s->tags[k], true);
                        if (r != 0)
                                return r;
                }

        if (action_count(a) > before)
                i->counts.updated++;
        else
                i->counts.unchanged++;
        return 0;
}

static int add_note(Import *i, Action *a, const Staged *s, const uint8_t uuid[static UUID_SIZE]) {
        _cleanup_free_ Card *cards = NULL;
        size_t n;
        int64_t id;
        int r;

        r = action_note_put(a, uuid, &s->input, &id);
        if (r != 0)
                return r;

        i->counts.added++;
        if (!s->suspended)
                return 0;

        r = card_list_of_note(i->beside, id, &cards, &n);
        if (r < 0)
                return r;

        for (size_t k = 0; k < n; k++) {
                r = action_suspend(a, &cards[k], true);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int apply_one(Import *i, Action *a, const Staged *s) {
        uint8_t uuid[UUID_SIZE];
        const NoteTypeRow *type;
        int64_t id;
        int r;

        r = note_input_type(i->beside, &s->input, &type);
        if (r != 0)
                return r;

        identity(i, type, s, uuid);
        r = find_match(i, type, s, uuid, &id);
        if (r < 0)
                return r;
        if (id > 0 && i->match == IMPORT_KEEP) {
                i->counts.kept++;
                return 0;
        }
        if (id > 0)
                return update_note(i, a, id, type, s);

        if (!*s->guid && i->match == IMPORT_BOTH) {
                r = action_uuid(a, uuid);
                if (r < 0)
                        return r;
        }
        return add_note(i, a, s, uuid);
}

static int put_label(Import *i, Action *a) {
        JsonWriter w = { 0 };
        Op op = { 0 };

        payload_string(&w, "label", i->label);
        json_put_key(&w, "notes");
        json_put_int(&w, (int64_t) i->staged);
        return action_put(a, "import", &op, &w);
}

static int begin(Import *i, Action *a) {
        int r;

        r = put_label(i, a);
        if (r < 0)
                return r;

        i->before = action_count(a);
        for (size_t t = 0; t < i->n_types; t++) {
                const NoteTypeRow *row;
                int64_t id;

                r = notetype_by_name(i->beside, i->types[t].name, &row);
                if (r == STORE_E_NOT_FOUND)
                        r = action_notetype(a, &i->types[t], &id);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* Applies the next note; STORE_E_NOT_FOUND when there is none. */
static int apply_next(Import *i, Action *a) {
        _cleanup_(staged_done) Staged s = { 0 };
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(i->beside, &sql[SQL_NEXT], &st, "i", i->after);
        if (r < 0)
                return r;

        r = stmt_step(i->beside, st);
        if (r < 0)
                return r;
        if (r == 0)
                return STORE_E_NOT_FOUND;

        i->after = sqlite3_column_int64(st, 0);
        r = staged_read(stmt_text(st, 1), (size_t) sqlite3_column_bytes(st, 1), &s);
        if (r < 0)
                return r;

        return apply_one(i, a, &s);
}

static int step(Import *i, const When *when, size_t max) {
        int r;

        if (!i->begun) {
                i->when = *when;
                i->after = 0;
                store_changed_beside(i->beside); /* by commands since it was last looked at */
                r = action_begin(&i->action, i->beside, &i->when);
                if (r != 0)
                        return r;

                i->begun = true;
                r = begin(i, &i->action);
                if (r != 0)
                        return r;
        }

        for (size_t n = 0; n < max || i->taken_back >= PATIENCE; n++) {
                r = apply_next(i, &i->action);
                if (r == STORE_E_NOT_FOUND) {
                        i->done = true;
                        break;
                }
                if (r != 0)
                        return r;
        }
        if (!i->done)
                return 0;

        /* An import that changed nothing is nothing to undo. */
        return action_count(&i->action) == i->before || i->dry_run ? STORE_E_NOTHING : 0;
}

int commands_import_step(Import *i, const When *when, size_t max) {
        int r;

        if (i->done)
                return 0;

        r = step(i, when, max);
        if (r == 0 && !i->done)
                return 1;

        if (i->begun) {
                i->begun = false;
                r = action_end(&i->action, r);
        }
        if (i->done && r == STORE_E_NOTHING)
                return 0;

        store_changed_beside(i->store);
        if (r == 0)
                return 0;

        i->done = false;
        i->counts = (ImportCounts){ .refused = i->refused };
        return store_fail(i->store, r, "%s", store_error(i->beside));
}

void commands_import_counts(const Import *i, ImportCounts *ret) {
        *ret = i->counts;
}
