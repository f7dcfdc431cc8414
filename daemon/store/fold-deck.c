/*
 * Decks, presets and note types from their operations.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/fold.h"
#include "store/internal.h"
#include "util/json.h"

enum {
        SQL_DECK_FIND,
        SQL_DECK_INSERT,
        SQL_PRESET_FIND,
        SQL_PRESET_INSERT,
        SQL_TYPE_FIND,
        SQL_TYPE_INSERT,
        SQL_OPS,
        SQL_DECK_ROW,
        SQL_DECK_UPDATE,
        SQL_PRESET_ROW,
        SQL_PRESET_UPDATE,
        SQL_TYPE_ROW,
        SQL_TYPE_UPDATE,
        SQL_PENDING,
        SQL_PENDING_NEXT,
        SQL_PENDING_DONE,
        SQL_DECK_CARDS,
        SQL_DECK_CARDS_AFTER,
        SQL_BUILTIN,
        SQL_TYPE_NOTES,
};
static const Sql sql[] = {
        [SQL_DECK_FIND] = { "SELECT id FROM deck WHERE uuid = ?" },
        [SQL_DECK_INSERT] = { "INSERT INTO deck (uuid) VALUES (?)" },
        [SQL_PRESET_FIND] = { "SELECT id FROM preset WHERE uuid = ?" },
        [SQL_PRESET_INSERT] = { "INSERT INTO preset (uuid) VALUES (?)" },
        [SQL_TYPE_FIND] = { "SELECT id FROM notetype WHERE uuid = ?" },
        [SQL_TYPE_INSERT] = { "INSERT INTO notetype (uuid) VALUES (?)" },
        [SQL_OPS] = { "SELECT op.kind, op.hlc, op.payload, op.writer, op.seq, op.hash FROM op"
                      " JOIN writer ON writer.id = op.writer WHERE op.target = ?"
                      " ORDER BY op.hlc, writer.name, op.seq, op.hash" },
        [SQL_DECK_ROW] = { "SELECT uuid, known, name, parent, preset, into_deck, parent_stamp,"
                           " into_stamp FROM deck WHERE id = ?" },
        [SQL_DECK_UPDATE] = { "UPDATE deck SET known = ?, name = ?, parent = ?, preset = ?,"
                              " into_deck = ?, parent_stamp = ?, into_stamp = ? WHERE id = ?" },
        [SQL_PRESET_ROW] = { "SELECT uuid, known, name, json FROM preset WHERE id = ?" },
        [SQL_PRESET_UPDATE] = { "UPDATE preset SET known = ?, name = ?, json = ? WHERE id = ?" },
        [SQL_TYPE_ROW] = { "SELECT uuid, known, name, json FROM notetype WHERE id = ?" },
        [SQL_TYPE_UPDATE] = { "UPDATE notetype SET known = ?, name = ?, json = ? WHERE id = ?" },
        [SQL_PENDING] = { "INSERT OR REPLACE INTO pending (deck, card) VALUES (?, ?)" },
        [SQL_PENDING_NEXT] = { "SELECT deck, card FROM pending LIMIT 1" },
        [SQL_PENDING_DONE] = { "DELETE FROM pending WHERE deck = ?" },
        [SQL_DECK_CARDS] = { "SELECT card.id FROM card JOIN note ON note.id = card.note"
                             " WHERE card.deck = ? AND ifnull(card.own_deck, note.deck) = ?"
                             " ORDER BY card.id" },
        [SQL_DECK_CARDS_AFTER] = { "SELECT id FROM card WHERE deck = ? AND id > ?"
                                   " AND (reps > 0 OR state <> 0) ORDER BY id LIMIT ?" },
        [SQL_BUILTIN] = { "SELECT n.value, j.value FROM meta n JOIN meta j"
                          " WHERE n.key = 'name:' || hex(?1) AND j.key = 'json:' || hex(?1)" },
        [SQL_TYPE_NOTES] = { "SELECT id FROM note WHERE notetype = ?" },
};

const uint8_t fold_default_deck[UUID_SIZE] = {
        0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 2
};

/* At once for decks of usual size; the rest when there is nothing else to do. */
enum { SETTLE_AT_ONCE = 2000, STAMP_BYTES = 8 + 16 + 8 + 4 };

static int find_or_make(Store *store, size_t find, size_t insert,
                        const uint8_t uuid[static UUID_SIZE], int64_t *ret) {
        int r;

        r = stmt_int(store, &sql[find], 0, ret, "b", uuid, (size_t) UUID_SIZE);
        if (r < 0 || *ret > 0)
                return r;

        r = stmt_exec(store, &sql[insert], "b", uuid, (size_t) UUID_SIZE);
        if (r < 0)
                return r;

        *ret = sqlite3_last_insert_rowid(store->db);
        return 1;
}

int fold_deck_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret) {
        int r = find_or_make(store, SQL_DECK_FIND, SQL_DECK_INSERT, uuid, ret);

        if (r > 0)
                deck_forget(store);
        return r < 0 ? r : 0;
}

int fold_preset_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret) {
        int r = find_or_make(store, SQL_PRESET_FIND, SQL_PRESET_INSERT, uuid, ret);

        if (r > 0)
                preset_forget(store);
        return r < 0 ? r : 0;
}

int fold_notetype_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret) {
        int r = find_or_make(store, SQL_TYPE_FIND, SQL_TYPE_INSERT, uuid, ret);

        if (r > 0)
                notetype_forget(store);
        return r < 0 ? r : 0;
}

/* What of an object's operations is handed to `f`, in the order of their stamps. */
typedef int (*OpReader)(Store *store, const char *kind, const Json *p,
                        const uint8_t stamp[STAMP_BYTES], void *userdata);

static int read_ops(Store *store, const uint8_t uuid[static UUID_SIZE], OpReader f,
                    void *userdata) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_OPS], &st, "b", uuid, (size_t) UUID_SIZE);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                const char *writer = store_writer_name(store, sqlite3_column_int64(st, 3));
                uint8_t stamp[STAMP_BYTES];
                Op op = { 0 };

                r = json_parse(stmt_text(st, 2), (size_t) sqlite3_column_bytes(st, 2), &doc, NULL);
                if (r == -ENOMEM)
                        return r;
                if (r < 0 || !writer)
                        continue;

                /* Big-endian, so that memcmp() orders stamps. */
                for (int i = 0; i < 8; i++)
                        stamp[i] =
                                (uint8_t) ((uint64_t) sqlite3_column_int64(st, 1) >> (56 - 8 * i));
                op_target_op(&op, writer, sqlite3_column_int64(st, 4),
                             (uint32_t) sqlite3_column_int64(st, 5));
                memcpy(stamp + 8, op.target, OP_OP_TARGET);

                r = f(store, stmt_text(st, 0), json_root(doc), stamp, userdata);
                if (r < 0)
                        return r;
        }

        return r;
}

static int link_of(Store *store, const Json *v,
                   int (*find)(Store *, const uint8_t[static UUID_SIZE], int64_t *), int64_t *ret) {
        const char *text = json_string(v);
        uint8_t uuid[UUID_SIZE];

        *ret = INT64_MIN;
        return text && uuid_parse(text, uuid) == 0 ? find(store, uuid, ret) : 0;
}

typedef struct DeckState {
        bool known;
        char *name;
        int64_t parent, preset, into; /* INT64_MIN: null */
        uint8_t parent_stamp[STAMP_BYTES], into_stamp[STAMP_BYTES];
        bool has_parent_stamp, has_into_stamp;
} DeckState;

static void deck_state_done(DeckState *s) {
        free(s->name);
}

static int read_deck_op(Store *store, const char *kind, const Json *p,
                        const uint8_t stamp[STAMP_BYTES], void *userdata) {
        DeckState *s = userdata;
        int r;

        if (strcmp(kind, "deck.merge") == 0) {
                memcpy(s->into_stamp, stamp, STAMP_BYTES);
                s->has_into_stamp = true;
                return link_of(store, json_get(p, "into"), fold_deck_id, &s->into);
        }
        if (strcmp(kind, "deck.put") != 0)
                return 0;

        s->known = true;
        if (json_string(json_get(p, "name"))) {
                char *name = strdup(json_string(json_get(p, "name")));

                if (!name)
                        return -ENOMEM;
                free(s->name);
                s->name = name;
        }
        if (json_get(p, "parent")) {
                memcpy(s->parent_stamp, stamp, STAMP_BYTES);
                s->has_parent_stamp = true;
                r = link_of(store, json_get(p, "parent"), fold_deck_id, &s->parent);
                if (r < 0)
                        return r;
        }
        if (json_get(p, "preset")) {
                r = link_of(store, json_get(p, "preset"), fold_preset_id, &s->preset);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool same_blob(sqlite3_stmt *st, int column, const uint8_t *blob, bool there) {
        if (!there)
                return sqlite3_column_type(st, column) == SQLITE_NULL;
        return sqlite3_column_bytes(st, column) == STAMP_BYTES &&
               memcmp(sqlite3_column_blob(st, column), blob, STAMP_BYTES) == 0;
}

/*
 * The cards in a deck that are there on behalf of another, merged into it, with their history: the preset they
 * had went with the deck they were in. The list first: folding moves cards.
 */
static int fold_deck_cards(Store *store, int64_t deck, int64_t of) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ int64_t *cards = NULL;
        size_t n = 0, cap = 0;
        int r;

        r = stmt_query(store, &sql[SQL_DECK_CARDS], &st, "ii", deck, of);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                if (n == cap) {
                        void *more = reallocarray(cards, cap = cap ? 2 * cap : 64, sizeof(*cards));

                        if (!more)
                                return -ENOMEM;
                        cards = more;
                }
                cards[n++] = sqlite3_column_int64(st, 0);
        }
        stmt_resetp(&st);

        for (size_t i = 0; i < n && r >= 0; i++)
                r = fold_card(store, cards[i], true);
        return r;
}

static int settle_some(Store *store, size_t max, bool *ret_more);

static int settle_deck(Store *store, int64_t deck) {
        bool more;
        int r;

        r = stmt_exec(store, &sql[SQL_PENDING], "ii", deck, INT64_C(0));
        if (r < 0)
                return r;

        return settle_some(store, SETTLE_AT_ONCE, &more);
}

int fold_deck(Store *store, int64_t id) {
        _cleanup_(deck_state_done)
                DeckState s = { .parent = INT64_MIN, .preset = INT64_MIN, .into = INT64_MIN };
        _cleanup_free_ int64_t *before = NULL;
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        uint8_t uuid[UUID_SIZE];
        size_t n_before;
        int64_t ignored;
        bool preset_changed, into_changed;
        int r;

        r = stmt_query(store, &sql[SQL_DECK_ROW], &st, "i", id);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r <= 0 || sqlite3_column_bytes(st, 0) != UUID_SIZE)
                return r < 0 ? r : -EUCLEAN;

        memcpy(uuid, sqlite3_column_blob(st, 0), UUID_SIZE);
        if (id == DECK_DEFAULT) {
                s.known = true;
                s.preset = PRESET_DEFAULT;
                s.name = strdup("Default");
                if (!s.name)
                        return -ENOMEM;
        }

        r = read_ops(store, uuid, read_deck_op, &s);
        if (r < 0)
                return r;

        /* What everything falls back to cannot go away, nor hang below what may. */
        if (id == DECK_DEFAULT) {
                s.into = INT64_MIN;
                s.parent = INT64_MIN;
        }

        preset_changed = stmt_int_or(st, 4, INT64_MIN) != s.preset;
        into_changed = stmt_int_or(st, 5, INT64_MIN) != s.into ||
                       !same_blob(st, 7, s.into_stamp, s.has_into_stamp);
        if (!preset_changed && !into_changed && sqlite3_column_int(st, 1) == s.known &&
            strcmp(stmt_text(st, 2), s.name ? s.name : "") == 0 &&
            stmt_int_or(st, 3, INT64_MIN) == s.parent &&
            same_blob(st, 6, s.parent_stamp, s.has_parent_stamp))
                return 0;
        stmt_resetp(&st);

        if (fold_verifying(store))
                return fold_differs(store,
                                    "Deck %" PRIi64 ": its name, place or preset are not what its "
                                    "operations say.",
                                    id);

        /* Where the cards of every deck are now, to see which have to move. */
        r = deck_resolve(store, id, &ignored);
        if (r < 0)
                return r;

        n_before = store->n_deck_targets;
        before = calloc(n_before + 1, sizeof(*before));
        if (!before)
                return -ENOMEM;
        memcpy(before, store->deck_targets, n_before * sizeof(*before));

        r = stmt_exec(store, &sql[SQL_DECK_UPDATE], "itIIIbbi", (int64_t) s.known,
                      s.name ? s.name : "", s.parent, s.preset, s.into,
                      s.has_parent_stamp ? s.parent_stamp : NULL, (size_t) STAMP_BYTES,
                      s.has_into_stamp ? s.into_stamp : NULL, (size_t) STAMP_BYTES, id);
        if (r < 0)
                return r;

        deck_forget(store);
        if (into_changed)
                for (size_t i = 1; i < n_before; i++) {
                        int64_t now;

                        r = deck_resolve(store, (int64_t) i, &now);
                        if (r < 0)
                                return r;
                        if (now == before[i] || before[i] == 0)
                                continue;

                        r = fold_deck_cards(store, before[i], (int64_t) i);
                        if (r < 0)
                                return r;
                }

        return preset_changed ? settle_deck(store, id) : 0;
}

/* A preset or a note type: the last operation says it all. */
typedef struct WholeState {
        const char *member;
        bool known;
        char *name, *json;
} WholeState;

static void whole_state_done(WholeState *s) {
        free(s->name);
        free(s->json);
}

static int read_whole(Store *store, const char *kind, const Json *p,
                      const uint8_t stamp[STAMP_BYTES], void *userdata) {
        WholeState *s = userdata;
        const Json *value = json_get(p, s->member);
        JsonWriter w = { 0 };

        if (strcmp(kind, "preset.put") != 0 && strcmp(kind, "notetype.put") != 0)
                return 0;

        if (json_bool(json_get(p, "gone"), false)) {
                s->known = false;
                return 0;
        }
        if (json_type(value) != JSON_OBJECT || !json_string(json_get(p, "name")))
                return 0;

        free(s->name);
        free(s->json);
        s->json = NULL;
        s->known = true;
        s->name = strdup(json_string(json_get(p, "name")));
        if (!s->name)
                return -ENOMEM;

        json_put_value(&w, value);
        return json_finish(&w, &s->json);
}

/* What came with the program cannot be taken away: without an operation it is as it came. */
static int read_builtin(Store *store, const uint8_t uuid[static UUID_SIZE], WholeState *s) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_BUILTIN], &st, "b", uuid, (size_t) UUID_SIZE);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r <= 0)
                return r;

        free(s->name);
        free(s->json);
        s->known = true;
        s->name = strdup(stmt_text(st, 0));
        s->json = strdup(stmt_text(st, 1));
        return s->name && s->json ? 0 : -ENOMEM;
}

/* Returns 1 when the row was changed. */
static int fold_whole(Store *store, int64_t id, const char *what, const char *member, size_t row,
                      size_t update) {
        _cleanup_(whole_state_done) WholeState s = { .member = member };
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        uint8_t uuid[UUID_SIZE];
        int r;

        r = stmt_query(store, &sql[row], &st, "i", id);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r <= 0 || sqlite3_column_bytes(st, 0) != UUID_SIZE)
                return r < 0 ? r : -EUCLEAN;

        memcpy(uuid, sqlite3_column_blob(st, 0), UUID_SIZE);
        r = read_ops(store, uuid, read_whole, &s);
        if (r < 0)
                return r;

        if (!s.known) {
                r = read_builtin(store, uuid, &s);
                if (r < 0)
                        return r;
        }

        if (sqlite3_column_int(st, 1) == s.known &&
            strcmp(stmt_text(st, 2), s.name ? s.name : "") == 0 &&
            strcmp(stmt_text(st, 3), s.json ? s.json : "{}") == 0)
                return 0;
        stmt_resetp(&st);

        if (fold_verifying(store))
                return fold_differs(store,
                                    "%s %" PRIi64 ": its content is not what its operations say.",
                                    what, id);

        r = stmt_exec(store, &sql[update], "itti", (int64_t) s.known, s.name ? s.name : "",
                      s.json ? s.json : "{}", id);
        return r < 0 ? r : 1;
}

int fold_preset(Store *store, int64_t id) {
        _cleanup_free_ int64_t *decks = NULL;
        const Deck *list;
        size_t n;
        int r;

        r = fold_whole(store, id, "Preset", "options", SQL_PRESET_ROW, SQL_PRESET_UPDATE);
        if (r <= 0)
                return r;

        preset_forget(store);
        r = deck_list(store, &list, &n);
        if (r < 0)
                return r;

        decks = calloc(n + 1, sizeof(*decks));
        if (!decks)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const PresetRow *row;

                /* Decks whose own preset is not there go by the default one, or did until now. */
                if (list[i].preset == id ||
                    (id == PRESET_DEFAULT && preset_get(store, list[i].preset, &row) != 0))
                        decks[i] = list[i].id;
        }

        for (size_t i = 0; i < n; i++) {
                if (decks[i] == 0)
                        continue;

                r = settle_deck(store, decks[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int fold_notetype(Store *store, int64_t id) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = fold_whole(store, id, "Note type", "type", SQL_TYPE_ROW, SQL_TYPE_UPDATE);
        if (r <= 0)
                return r;

        notetype_forget(store);
        r = stmt_query(store, &sql[SQL_TYPE_NOTES], &st, "i", id);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                r = fold_note(store, sqlite3_column_int64(st, 0));
                if (r < 0)
                        return r;
        }
        return r;
}

static int settle_some(Store *store, size_t max, bool *ret_more) {
        size_t done = 0;
        int r;

        *ret_more = false;
        for (;;) {
                _cleanup_stmt_ sqlite3_stmt *next = NULL, *st = NULL;
                _cleanup_free_ int64_t *cards = NULL;
                int64_t deck, after;
                size_t n = 0;

                r = stmt_query(store, &sql[SQL_PENDING_NEXT], &next, "");
                if (r < 0)
                        return r;

                r = stmt_step(store, next);
                if (r <= 0)
                        return r;

                deck = sqlite3_column_int64(next, 0);
                after = sqlite3_column_int64(next, 1);
                stmt_resetp(&next);
                if (done >= max) {
                        *ret_more = true;
                        return 0;
                }

                cards = calloc(max + 1, sizeof(*cards));
                if (!cards)
                        return -ENOMEM;

                r = stmt_query(store, &sql[SQL_DECK_CARDS_AFTER], &st, "iii", deck, after,
                               (int64_t) (max - done));
                if (r < 0)
                        return r;

                while ((r = stmt_step(store, st)) > 0 && n < max)
                        cards[n++] = sqlite3_column_int64(st, 0);
                stmt_resetp(&st);
                if (r < 0)
                        return r;

                for (size_t i = 0; i < n; i++) {
                        r = fold_card(store, cards[i], true);
                        if (r < 0)
                                return r;
                }

                r = n < max - done ? stmt_exec(store, &sql[SQL_PENDING_DONE], "i", deck)
                                   : stmt_exec(store, &sql[SQL_PENDING], "ii", deck, cards[n - 1]);
                if (r < 0)
                        return r;
                done += n > 0 ? n : 1;
        }
}

int fold_settle(Store *store, size_t max) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        bool more = false;
        int r;

        r = stmt_query(store, &sql[SQL_PENDING_NEXT], &st, "");
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r <= 0)
                return r;
        stmt_resetp(&st);

        r = transaction_begin(store);
        if (r != 0)
                return r < 0 ? r : 0;

        r = fold_load(store); /* the day, too: what was buried until today must not be again */
        if (r >= 0)
                r = settle_some(store, max, &more);
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }

        r = transaction_commit(store);
        return r != 0 ? -EIO : more;
}
