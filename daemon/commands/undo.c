/*
 * Undo and redo. To undo an action is a new action: for each of its operations, last one first, an operation that
 * puts back what was before it. What that was stands in the operations about the same thing with an earlier stamp,
 * so nothing needs to be kept for it, and it reaches back to the beginning. To redo is to undo the undoing.
 *
 * A value that someone else has changed since is left alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands/action.h"
#include "store/note.h"
#include "util/text.h"

enum {
        SQL_WRITER,
        SQL_ACTION_OF,
        SQL_FIRST,
        SQL_OPS,
        SQL_REVIEWS,
        SQL_PAYLOAD,
        SQL_PAST,
        SQL_NOTE,
        SQL_CARD,
        SQL_REVIEW,
        SQL_EARLIER,
        SQL_DECK,
        SQL_TARGET_NAME,
};
static const Sql sql[] = {
        [SQL_WRITER] = { "SELECT id FROM writer WHERE name = ?" },
        [SQL_ACTION_OF] = { "SELECT action FROM op WHERE writer = ?1 AND seq = ?2 UNION ALL"
                            " SELECT ifnull(action, seq) FROM review WHERE writer = ?1 AND seq = ?2"
                            " LIMIT 1" },
        [SQL_FIRST] = { "SELECT kind, payload FROM op WHERE writer = ? AND seq = ?" },
        [SQL_OPS] = { "SELECT seq, hash, hlc, kind, target, action FROM op"
                      " WHERE writer = ? AND seq >= ? ORDER BY seq" },
        [SQL_REVIEWS] = { "SELECT seq, hash, hlc, ifnull(action, seq) FROM review"
                          " WHERE writer = ? AND seq >= ? ORDER BY seq" },
        [SQL_PAYLOAD] = { "SELECT payload FROM op WHERE writer = ? AND seq = ? AND hash = ?" },
        [SQL_PAST] = { "SELECT op.hlc, op.payload FROM op JOIN writer ON writer.id = op.writer"
                       " WHERE op.target = ? AND op.kind = ?"
                       " ORDER BY op.hlc, writer.name, op.seq, op.hash" },
        [SQL_NOTE] = { "SELECT id FROM note WHERE uuid = ?" },
        [SQL_CARD] = { "SELECT card.id FROM card JOIN note ON note.id = card.note"
                       " WHERE note.uuid = ? AND card.ord = ?" },
        [SQL_REVIEW] = { "SELECT card, grade FROM review WHERE writer = ? AND seq = ?" },
        [SQL_EARLIER] = { "SELECT EXISTS (SELECT 1 FROM op WHERE target = ? AND kind = ? AND hlc < ?)" },
        [SQL_DECK] = { "SELECT name FROM deck WHERE uuid = ?" },
        [SQL_TARGET_NAME] = { "SELECT name FROM preset WHERE uuid = ?1 UNION ALL"
                              " SELECT name FROM notetype WHERE uuid = ?1" },
};

/* One operation of an action, without its payload. */
typedef struct Done {
        int64_t seq;
        uint32_t hash;
        int64_t hlc;
        char kind[OP_KIND_MAX + 1]; /* "review" for a review */
        uint8_t target[OP_TARGET_MAX];
        size_t target_len;
} Done;

typedef struct DoneList {
        Done *items;
        size_t n, cap;
} DoneList;

static void done_list_done(DoneList *l) {
        free(l->items);
}

static int done_add(DoneList *l, const Done *done) {
        if (l->n == l->cap) {
                void *more =
                        reallocarray(l->items, l->cap = l->cap ? 2 * l->cap : 8, sizeof(*l->items));

                if (!more)
                        return -ENOMEM;
                l->items = more;
        }
        l->items[l->n++] = *done;
        return 0;
}

static int compare_done(const void *a, const void *b) {
        const Done *x = a, *y = b;

        return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int load_action(Store *store, int64_t writer, int64_t action, DoneList *l) {
        int r;

        for (int which = 0; which < 2; which++) {
                _cleanup_stmt_ sqlite3_stmt *st = NULL;
                bool review = which == 1;

                r = stmt_query(store, &sql[review ? SQL_REVIEWS : SQL_OPS], &st, "ii", writer,
                               action);
                if (r < 0)
                        return r;

                while ((r = stmt_step(store, st)) > 0) {
                        Done done = { .seq = sqlite3_column_int64(st, 0),
                                      .hash = (uint32_t) sqlite3_column_int64(st, 1),
                                      .hlc = sqlite3_column_int64(st, 2) };

                        if (sqlite3_column_int64(st, review ? 3 : 5) != action)
                                break;
                        (void) snprintf(done.kind, sizeof(done.kind), "%s",
                                        review ? "review" : stmt_text(st, 3));
                        if (!review && sqlite3_column_bytes(st, 4) <= OP_TARGET_MAX) {
                                done.target_len = (size_t) sqlite3_column_bytes(st, 4);
                                if (done.target_len > 0)
                                        memcpy(done.target, sqlite3_column_blob(st, 4),
                                               done.target_len);
                        }
                        r = done_add(l, &done);
                        if (r < 0)
                                return r;
                }
                if (r < 0)
                        return r;
        }

        qsort(l->items, l->n, sizeof(Done), compare_done);
        return 0;
}

static int load_payload(Store *store, int64_t writer, const Done *done, JsonDoc **ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_PAYLOAD], &st, "iii", writer, done->seq,
                       (int64_t) done->hash);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r <= 0)
                return r < 0 ? r : -EUCLEAN;

        return json_parse(stmt_text(st, 0), (size_t) sqlite3_column_bytes(st, 0), ret, NULL);
}

/* All operations of one kind about one thing, oldest first. */
typedef struct Past {
        JsonDoc **docs;
        size_t n, n_before; /* those before the one to be undone */
} Past;

static void past_done(Past *p) {
        for (size_t i = 0; i < p->n; i++)
                json_doc_free(p->docs[i]);
        free(p->docs);
}

static int load_past(Store *store, const Done *done, Past *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_PAST], &st, "bt", done->target, done->target_len,
                       done->kind);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                void *more = reallocarray(ret->docs, ret->n + 1, sizeof(*ret->docs));

                if (!more)
                        return -ENOMEM;
                ret->docs = more;

                r = json_parse(stmt_text(st, 1), (size_t) sqlite3_column_bytes(st, 1),
                               &ret->docs[ret->n], NULL);
                if (r < 0)
                        return r;
                ret->n++;
                if (sqlite3_column_int64(st, 0) < done->hlc)
                        ret->n_before = ret->n;
        }
        return r;
}

/* A member of a payload; of "fields" when `field`, the whole payload when there is no key. */
static const Json *member_of(const JsonDoc *doc, bool field, const char *key) {
        const Json *root = json_root(doc);

        return !key ? root : json_get(field ? json_get(root, "fields") : root, key);
}

static const Json *newest(const Past *p, size_t n, bool field, const char *key) {
        while (n-- > 0) {
                const Json *v = member_of(p->docs[n], field, key);

                if (v)
                        return v;
        }
        return NULL;
}

static bool same_value(const Json *a, const Json *b) {
        _cleanup_free_ char *x = NULL, *y = NULL;
        JsonWriter w = { 0 };

        if (!a || !b)
                return a == b;

        json_put_value(&w, a);
        if (json_finish(&w, &x) < 0)
                return false;
        json_put_value(&w, b);
        return json_finish(&w, &y) == 0 && strcmp(x, y) == 0;
}

/* Whether the value an operation set is still in force, and what it was before. */
static bool value_before(const Past *p, const JsonDoc *doc, bool field, const char *key,
                         const Json **ret) {
        if (!same_value(newest(p, p->n, field, key), member_of(doc, field, key)))
                return false;

        *ret = newest(p, p->n_before, field, key);
        return true;
}

static void copy_target(const Done *done, Op *op) {
        *op = (Op){ .target_len = done->target_len };
        memcpy(op->target, done->target, done->target_len);
}

static int put_plain(Action *a, const Done *done, const char *kind) {
        JsonWriter w = { 0 };
        Op op;

        copy_target(done, &op);
        json_open(&w, '{');
        return action_put(a, kind, &op, &w);
}

static int undo_history_entry(Action *a, const Done *done) {
        JsonWriter w = { 0 };
        Op op = { 0 };

        op_target_op(&op, store_writer(a->store), done->seq, done->hash);
        json_open(&w, '{');
        return action_put(a, "review.undo", &op, &w);
}

static int undo_tags(Action *a, const Done *done, const Past *past, const Json *tags) {
        const Json *v;
        int64_t note;
        int r;

        r = stmt_int(a->store, &sql[SQL_NOTE], 0, &note, "b", done->target, done->target_len);
        if (r < 0 || note == 0)
                return r;

        JSON_FOREACH(v, i, tags) {
                bool before = false;
                const Json *other;

                for (size_t j = 0; j < past->n_before; j++) {
                        const Json *list = json_get(json_root(past->docs[j]), "tags");

                        JSON_FOREACH(other, k, list) {
                                before = before || same_value(other, v);
                        }
                }
                if (before || !json_string(v))
                        continue;

                r = action_tag(a, note, json_string(v), false);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int undo_note_put(Action *a, const Done *done, const JsonDoc *doc) {
        static const char *const plain[] = { "type", "deck" };
        _cleanup_(past_done) Past past = { 0 };
        const Json *fields = json_get(json_root(doc), "fields"), *before;
        JsonWriter w = { 0 };
        bool any = false;
        Op op;
        int r;

        r = load_past(a->store, done, &past);
        if (r < 0)
                return r;
        if (past.n_before == 0)
                return put_plain(a, done, "note.del"); /* it made the note */

        json_open(&w, '{');
        for (size_t i = 0; i < ELEMENTS(plain); i++)
                if (json_get(json_root(doc), plain[i]) &&
                    value_before(&past, doc, false, plain[i], &before) && before) {
                        json_put_key(&w, plain[i]);
                        json_put_value(&w, before);
                        any = true;
                }
        json_put_key(&w, "fields");
        json_open(&w, '{');
        for (size_t i = 0; i < json_length(fields); i++) {
                if (!value_before(&past, doc, true, json_key(fields, i), &before))
                        continue;
                json_put_key(&w, json_key(fields, i));
                json_put_string(&w, before ? json_string(before) : "");
                any = true;
        }
        json_close(&w, '}');

        copy_target(done, &op);
        if (any)
                r = action_put(a, "note.put", &op, &w);
        else
                json_writer_done(&w);
        if (r < 0)
                return r;

        return undo_tags(a, done, &past, json_get(json_root(doc), "tags"));
}

static int undo_deck_put(Action *a, const Done *done, const JsonDoc *doc) {
        static const char *const members[] = { "name", "parent", "preset" };
        _cleanup_(past_done) Past past = { 0 };
        JsonWriter w = { 0 };
        const Json *before;
        bool any = false;
        Op op;
        int r;

        r = load_past(a->store, done, &past);
        if (r < 0)
                return r;

        copy_target(done, &op);
        if (past.n_before == 0 && memcmp(done->target, fold_default_deck, UUID_SIZE) != 0) {
                char uuid[UUID_TEXT_SIZE];

                uuid_format(fold_default_deck, uuid);
                payload_string(&w, "into", uuid);
                return action_put(a, "deck.merge", &op, &w);
        }

        json_open(&w, '{');
        for (size_t i = 0; i < ELEMENTS(members); i++) {
                if (!json_get(json_root(doc), members[i]) ||
                    !value_before(&past, doc, false, members[i], &before))
                        continue;
                json_put_key(&w, members[i]);
                if (before)
                        json_put_value(&w, before);
                else if (strcmp(members[i], "name") == 0)
                        json_put_string(&w, "Default");
                else
                        json_put_null(&w);
                any = true;
        }
        if (!any) {
                json_writer_done(&w);
                return 0;
        }
        return action_put(a, "deck.put", &op, &w);
}

/* Kinds that set one value. Without one before, `missing` is written. */
static int undo_value(Action *a, const Done *done, const JsonDoc *doc, const char *key,
                      const char *missing) {
        _cleanup_(past_done) Past past = { 0 };
        JsonWriter w = { 0 };
        const Json *before;
        Op op;
        int r;

        r = load_past(a->store, done, &past);
        if (r < 0)
                return r;
        if (!value_before(&past, doc, false, key, &before))
                return 0;

        json_open(&w, '{');
        json_put_key(&w, key);
        if (before)
                json_put_value(&w, before);
        else
                json_put_raw(&w, missing, strlen(missing));
        copy_target(done, &op);
        return action_put(a, done->kind, &op, &w);
}

static int undo_whole(Action *a, const Done *done, const JsonDoc *doc) {
        _cleanup_(past_done) Past past = { 0 };
        JsonWriter w = { 0 };
        const Json *before, *v;
        Op op;
        int r;

        r = load_past(a->store, done, &past);
        if (r < 0)
                return r;
        if (!value_before(&past, doc, false, NULL, &before))
                return 0;

        json_open(&w, '{');
        if (!before) {
                json_put_key(&w, "gone");
                json_put_bool(&w, true);
        }
        JSON_FOREACH(v, i, before) {
                json_put_key(&w, json_key(before, i));
                json_put_value(&w, v);
        }
        copy_target(done, &op);
        return action_put(a, done->kind, &op, &w);
}

static int undo_tag(Action *a, const Done *done, const JsonDoc *doc) {
        const Json *root = json_root(doc);
        const char *tag = json_string(json_get(root, "tag"));
        JsonWriter w = { 0 };
        Op op;

        if (!tag)
                return 0;

        copy_target(done, &op);
        payload_string(&w, "tag", tag);
        json_put_key(&w, "on");
        json_put_bool(&w, !json_bool(json_get(root, "on"), false));
        return action_put(a, "tag", &op, &w);
}

static int undo_clock_fix(Action *a, const Done *done, const JsonDoc *doc) {
        const Json *root = json_root(doc);
        JsonWriter w = { 0 };
        Op op;

        copy_target(done, &op);
        payload_int(&w, "first", json_int(json_get(root, "first"), 0));
        json_put_key(&w, "last");
        json_put_int(&w, json_int(json_get(root, "last"), 0));
        json_put_key(&w, "ms");
        json_put_int(&w, -json_int(json_get(root, "ms"), 0));
        return action_put(a, "clock.fix", &op, &w);
}

static int undo_op(Action *a, int64_t writer, const Done *done) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        const char *kind = done->kind;
        int r;

        if (strcmp(kind, "review") == 0 || strcmp(kind, "card.reset") == 0 ||
            strcmp(kind, "card.due") == 0)
                return undo_history_entry(a, done);
        if (strcmp(kind, "review.undo") == 0)
                return put_plain(a, done, "review.redo");
        if (strcmp(kind, "review.redo") == 0)
                return put_plain(a, done, "review.undo");
        if (strcmp(kind, "note.del") == 0)
                return put_plain(a, done, "note.restore");
        if (strcmp(kind, "note.restore") == 0)
                return put_plain(a, done, "note.del");

        r = load_payload(a->store, writer, done, &doc);
        if (r < 0)
                return r;

        if (strcmp(kind, "note.put") == 0)
                return undo_note_put(a, done, doc);
        if (strcmp(kind, "tag") == 0)
                return undo_tag(a, done, doc);
        if (strcmp(kind, "card.suspend") == 0)
                return undo_value(a, done, doc, "on", "false");
        if (strcmp(kind, "card.bury") == 0)
                return undo_value(a, done, doc, "until", "null");
        if (strcmp(kind, "card.flag") == 0)
                return undo_value(a, done, doc, "flag", "0");
        if (strcmp(kind, "card.deck") == 0)
                return undo_value(a, done, doc, "deck", "null");
        if (strcmp(kind, "deck.merge") == 0)
                return undo_value(a, done, doc, "into", "null");
        if (strcmp(kind, "deck.put") == 0)
                return undo_deck_put(a, done, doc);
        if (strcmp(kind, "preset.put") == 0 || strcmp(kind, "notetype.put") == 0)
                return undo_whole(a, done, doc);
        if (strcmp(kind, "clock.fix") == 0)
                return undo_clock_fix(a, done, doc);
        return 0; /* undo, redo, import, writer, block: nothing to put back */
}

/* What an action did, for people. */
static int64_t find_note(Store *store, const Done *done) {
        int64_t id;

        return stmt_int(store, &sql[SQL_NOTE], 0, &id, "b", done->target, (size_t) UUID_SIZE) < 0
                       ? 0
                       : id;
}

static int64_t find_card(Store *store, const Done *done) {
        int64_t id, ord = done->target[16] << 8 | done->target[17];

        return stmt_int(store, &sql[SQL_CARD], 0, &id, "bi", done->target, (size_t) UUID_SIZE,
                        ord) < 0
                       ? 0
                       : id;
}

static char *find_name(Store *store, size_t which, const Done *done) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;

        if (stmt_query(store, &sql[which], &st, "b", done->target, (size_t) UUID_SIZE) < 0 ||
            stmt_step(store, st) <= 0)
                return strdup("");
        return strdup(stmt_text(st, 0));
}

static char *describe_review(Store *store, int64_t writer, int64_t seq) {
        static const char *const grades[] = { "Again", "Hard", "Good", "Easy" };
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int grade;

        if (stmt_query(store, &sql[SQL_REVIEW], &st, "ii", writer, seq) < 0 ||
            stmt_step(store, st) <= 0)
                return strdup("Graded a card");

        grade = sqlite3_column_int(st, 1);
        return text_format("Graded card %" PRIi64 " %s", (int64_t) sqlite3_column_int64(st, 0),
                           grade_valid(grade) ? grades[grade - 1] : "");
}

static char *describe(Store *store, int64_t writer, const DoneList *l) {
        static const struct {
                const char *kind, *on, *off, *member;
        } cards[] = {
                { "card.suspend", "Suspended", "Unsuspended", "on" },
                { "card.bury", "Buried", "Unburied", "until" },
                { "card.flag", "Flagged", "Unflagged", "flag" },
                { "card.deck", "Moved", "Moved", "deck" },
                { "card.reset", "Reset", "Reset", "at" },
                { "card.due", "Set the due day of", "Set the due day of", "at" },
        };
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        _cleanup_free_ char *name = NULL;
        const Done *last;
        const Json *p;
        int64_t n = 0, earlier = 0;

        if (l->n == 0)
                return strdup("Nothing");
        if (strcmp(l->items[0].kind, "review") == 0)
                return describe_review(store, writer, l->items[0].seq);

        /* A deck made on the way to something comes first: the last operation is what was wanted. */
        last = strcmp(l->items[0].kind, "import") == 0 ? &l->items[0] : &l->items[l->n - 1];
        for (size_t i = l->n; i-- > 0;)
                if (strcmp(l->items[i].kind, last->kind) == 0) {
                        n++;
                        /* A deck is deleted with those below it, which come after it. */
                        if (strcmp(last->kind, "deck.merge") == 0)
                                last = &l->items[i];
                }
        if (load_payload(store, writer, last, &doc) < 0)
                return strdup(last->kind);
        p = json_root(doc);

        for (size_t i = 0; i < ELEMENTS(cards); i++) {
                const Json *v = json_get(p, cards[i].member);
                bool on = json_bool(v, false) || json_int(v, 0) > 0 || json_string(v);

                if (strcmp(last->kind, cards[i].kind) != 0)
                        continue;
                if (n > 1)
                        return text_format("%s %" PRIi64 " cards", on ? cards[i].on : cards[i].off,
                                           n);
                return text_format("%s card %" PRIi64, on ? cards[i].on : cards[i].off,
                                   find_card(store, last));
        }

        if (strcmp(last->kind, "import") == 0)
                return text_format(
                        "Imported %" PRIi64 " notes from %s", json_int(json_get(p, "notes"), 0),
                        json_string(json_get(p, "label")) ? json_string(json_get(p, "label"))
                                                          : "a file");
        if (strcmp(last->kind, "note.put") == 0) {
                (void) stmt_int(store, &sql[SQL_EARLIER], 0, &earlier, "bti", last->target,
                                last->target_len, "note.put", last->hlc);
                return text_format("%s note %" PRIi64, earlier ? "Edited" : "Added",
                                   find_note(store, last));
        }
        if (strcmp(last->kind, "note.del") == 0 || strcmp(last->kind, "note.restore") == 0) {
                const char *verb = strcmp(last->kind, "note.del") == 0 ? "Deleted" : "Restored";

                return n > 1 ? text_format("%s %" PRIi64 " notes", verb, n)
                             : text_format("%s note %" PRIi64, verb, find_note(store, last));
        }
        if (strcmp(last->kind, "tag") == 0)
                return text_format(
                        "%s \"%s\"%s",
                        json_bool(json_get(p, "on"), false) ? "Added the tag" : "Removed the tag",
                        json_string(json_get(p, "tag")) ? json_string(json_get(p, "tag")) : "",
                        n > 1 ? " and others" : "");
        if (strcmp(last->kind, "deck.put") == 0 || strcmp(last->kind, "deck.merge") == 0) {
                (void) stmt_int(store, &sql[SQL_EARLIER], 0, &earlier, "bti", last->target,
                                last->target_len, "deck.put", last->hlc);
                name = find_name(store, SQL_DECK, last);
                return text_format("%s the deck %s",
                                   strcmp(last->kind, "deck.merge") == 0 ? "Deleted"
                                   : earlier                             ? "Changed"
                                                                         : "Made",
                                   name ? name : "");
        }
        if (strcmp(last->kind, "preset.put") == 0 || strcmp(last->kind, "notetype.put") == 0) {
                name = find_name(store, SQL_TARGET_NAME, last);
                return text_format("Changed the %s %s",
                                   strcmp(last->kind, "preset.put") == 0 ? "preset" : "note type",
                                   name ? name : "");
        }
        if (strcmp(last->kind, "clock.fix") == 0)
                return strdup("Corrected the times of reviews");
        return strdup(last->kind);
}

/* Which actions the newest undos and redos name, found walking backwards: the newest word counts. */
typedef struct Words {
        struct {
                int64_t action, by; /* by: the undo or redo */
                bool undone;
        } * items;
        size_t n, cap;
} Words;

static void words_done(Words *w) {
        free(w->items);
}

static bool words_know(const Words *w, int64_t action) {
        for (size_t i = w->n; i-- > 0;)
                if (w->items[i].action == action)
                        return true;
        return false;
}

static bool words_undone(const Words *w, int64_t action) {
        for (size_t i = w->n; i-- > 0;)
                if (w->items[i].action == action)
                        return w->items[i].undone;
        return false;
}

static int words_add(Words *w, int64_t action, int64_t by, bool undone) {
        if (words_know(w, action))
                return 0;
        if (w->n == w->cap) {
                void *more = reallocarray(w->items, w->cap = w->cap ? 2 * w->cap : 16,
                                          sizeof(*w->items));

                if (!more)
                        return -ENOMEM;
                w->items = more;
        }
        w->items[w->n].action = action;
        w->items[w->n].by = by;
        w->items[w->n++].undone = undone;
        return 0;
}

/*
 * The action to undo, or, with `redo`, the undo to undo. 0: there is none. *ret_of is the action meant: for
 * a redo, the one that was undone.
 */
static int choose(Store *store, int64_t writer, bool redo, int64_t *ret, int64_t *ret_of) {
        _cleanup_(words_done) Words words = { 0 };
        int64_t seq = fold_last_seq(store);
        int r;

        while (seq > 0) {
                _cleanup_stmt_ sqlite3_stmt *st = NULL;
                int64_t action;

                r = stmt_int(store, &sql[SQL_ACTION_OF], seq, &action, "ii", writer, seq);
                if (r < 0)
                        return r;

                r = stmt_query(store, &sql[SQL_FIRST], &st, "ii", writer, action);
                if (r < 0)
                        return r;

                r = stmt_step(store, st);
                if (r < 0)
                        return r;

                seq = action - 1;
                if (r > 0 && (strcmp(stmt_text(st, 0), "undo") == 0 ||
                              strcmp(stmt_text(st, 0), "redo") == 0)) {
                        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                        bool undone = strcmp(stmt_text(st, 0), "undo") == 0;
                        int64_t of;

                        r = json_parse(stmt_text(st, 1), (size_t) sqlite3_column_bytes(st, 1), &doc,
                                       NULL);
                        if (r < 0)
                                return r;

                        of = json_int(json_get(json_root(doc), "of"), 0);
                        if (redo && undone && !words_know(&words, of)) {
                                *ret = action;
                                *ret_of = of;
                                return 0;
                        }
                        r = words_add(&words, of, action, undone);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (r > 0 && strcmp(stmt_text(st, 0), "writer") == 0)
                        continue;
                if (words_undone(&words, action))
                        continue;

                /* A plain action that stands: what an undo is for, and where a redo ends. */
                *ret = redo && !words_know(&words, action) ? 0 : action;
                *ret_of = action;
                if (redo && words_know(&words, action))
                        continue;
                return 0;
        }

        *ret = 0;
        return 0;
}

static int undo_redo(Action *a, bool redo, char **ret_what) {
        _cleanup_(done_list_done) DoneList list = { 0 }, meant = { 0 };
        _cleanup_free_ char *what = NULL;
        JsonWriter w = { 0 };
        int64_t writer, action = 0, of = 0;
        Op op = { 0 };
        int r;

        r = stmt_int(a->store, &sql[SQL_WRITER], 0, &writer, "t", store_writer(a->store));
        if (r < 0)
                return r;

        r = choose(a->store, writer, redo, &action, &of);
        if (r < 0)
                return r;
        if (action == 0)
                return store_fail(a->store, STORE_E_NOTHING, "There is nothing to %s.",
                                  redo ? "redo" : "undo");

        r = load_action(a->store, writer, action, &list);
        if (r < 0)
                return r;

        r = load_action(a->store, writer, of, &meant);
        if (r < 0)
                return r;

        what = describe(a->store, writer, &meant);
        if (!what)
                return -ENOMEM;

        payload_int(&w, "of", of);
        r = action_put(a, redo ? "redo" : "undo", &op, &w);
        if (r < 0)
                return r;

        for (size_t i = list.n; i-- > 0;) {
                r = undo_op(a, writer, &list.items[i]);
                if (r < 0)
                        return r;
        }

        *ret_what = TAKE_PTR(what);
        return 0;
}

static int run(Store *store, const When *when, bool redo, char **ret_what) {
        _cleanup_free_ char *what = NULL;
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        r = action_end(&a, undo_redo(&a, redo, &what));
        if (r == 0)
                *ret_what = TAKE_PTR(what);
        return r;
}

int commands_undo(Store *store, const When *when, char **ret_what) {
        return run(store, when, false, ret_what);
}

int commands_redo(Store *store, const When *when, char **ret_what) {
        return run(store, when, true, ret_what);
}
