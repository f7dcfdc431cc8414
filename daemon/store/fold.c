#include "store/fold.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "core/day.h"
#include "store/internal.h"
#include "util/json.h"
#include "util/text.h"

enum {
        SQL_OP_FIND,
        SQL_OP_INSERT,
        SQL_REVIEW_FIND,
        SQL_REVIEW_INSERT,
        SQL_REVIEW_UNDONE,
        SQL_REVIEW_FIX,
        SQL_REVIEWS_OF_WRITER,
        SQL_EVENTS_OF_WRITER,
        SQL_OP_TARGET,
        SQL_SEEN,
        SQL_BLOCK_OPS,
        SQL_BLOCK_PUT,
        SQL_BURIED,
        SQL_BURIED_AGAIN,
        SQL_META_PUT,
};
static const Sql sql[] = {
        [SQL_OP_FIND] = { "SELECT id FROM op WHERE writer = ? AND seq = ? AND hash = ?" },
        [SQL_OP_INSERT] = { "INSERT INTO op (writer, seq, hash, hlc, kind, target, payload, action)"
                            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)" },
        [SQL_REVIEW_FIND] = { "SELECT card, at_ms, fix_ms FROM review"
                              " WHERE writer = ? AND seq = ? AND hash = ?" },
        [SQL_REVIEW_INSERT] = { "INSERT INTO review (card, at_ms, writer, seq, hash, hlc, tz_min,"
                                " day_starts_min, grade, took_ms, mode, was, n, state, step,"
                                " interval, action, fix_ms, undone)"
                                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
        [SQL_REVIEW_UNDONE] = { "UPDATE review SET undone = ? WHERE card = ? AND at_ms = ?"
                                " AND writer = ? AND seq = ? AND hash = ?" },
        [SQL_REVIEW_FIX] = { "UPDATE review SET at_ms = at_ms - fix_ms + ?1, fix_ms = ?1"
                             " WHERE card = ? AND at_ms = ? AND writer = ? AND seq = ? AND hash = ?" },
        [SQL_REVIEWS_OF_WRITER] = { "SELECT card, at_ms, seq, hash FROM review"
                                    " WHERE writer = ? AND seq BETWEEN ? AND ?" },
        [SQL_EVENTS_OF_WRITER] = { "SELECT target FROM op WHERE writer = ? AND seq BETWEEN ? AND ?"
                                   " AND kind IN ('card.reset', 'card.due')" },
        [SQL_OP_TARGET] = { "SELECT kind, target FROM op WHERE writer = ? AND seq = ? AND hash = ?" },
        [SQL_SEEN] = { "SELECT max(hlc) FROM op WHERE target = ?" },
        [SQL_BLOCK_OPS] = { "SELECT payload FROM op WHERE target = ? AND kind = 'block'" },
        [SQL_BLOCK_PUT] = { "INSERT OR REPLACE INTO block (key, state) VALUES (?, ?)" },
        [SQL_BURIED] = { "SELECT id FROM card WHERE queue = 5 AND buried_day <= ?" },
        [SQL_BURIED_AGAIN] = { "SELECT id FROM card WHERE buried_day > ? AND queue <> 5" },
        [SQL_META_PUT] = { "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)" },
};

bool fold_verifying(const Store *store) {
        return store->differs;
}

int fold_differs(Store *store, const char *format, ...) {
        _cleanup_free_ char *sentence = NULL;
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(&sentence, format, args);
        va_end(args);
        if (n < 0) {
                sentence = NULL;
                return -ENOMEM;
        }

        store->differs(sentence, store->differs_userdata);
        return 0;
}

void fold_begin_action(Store *store) {
        store->action = 0;
}

void fold_end_action(Store *store) {
        store->action = 0;
}

int fold_load(Store *store) {
        return store->last_seq < 0 ? store_load_own(store) : 0;
}

int64_t fold_last_seq(const Store *store) {
        return store->last_seq;
}

int fold_make(Store *store, int64_t now_ms, Op *op) {
        int64_t seen = 0;
        int r;

        if (op->target_len > 0 && !op_is_review(op)) {
                r = stmt_int(store, &sql[SQL_SEEN], 0, &seen, "b", op->target, op->target_len);
                if (r < 0)
                        return r;
        }
        r = fold_load(store);
        if (r < 0)
                return r;

        memcpy(op->writer, store->writer_name, WRITER_NAME_SIZE);
        op->seq = store->last_seq + 1;
        op->hlc = hlc_next(now_ms, store->last_hlc, (uint64_t) seen);
        op->action = store->action > 0 ? store->action : op->seq;
        r = op_seal(op);
        if (r < 0)
                return r;

        r = fold_apply(store, op);
        if (r != 0)
                return r < 0 ? r : -EEXIST;

        store->action = op->action;
        return 0;
}

static int apply_review(Store *store, const Op *op, int64_t writer) {
        int64_t card, fix;
        bool undone;
        Moment at;
        int r;

        r = fold_card_id(store, op->target, (unsigned) op->target[16] << 8 | op->target[17], &card);
        if (r < 0)
                return r;

        r = fold_clock_fix(store, op->writer, op->seq, &fix);
        if (r < 0)
                return r;

        r = fold_is_undone(store, op->writer, op->seq, op->hash, &undone);
        if (r < 0)
                return r;

        r = stmt_exec(store, &sql[SQL_REVIEW_INSERT], "iiiiiiiiiiiiiiiiIii", card, op->at_ms + fix,
                      writer, op->seq, (int64_t) op->hash, (int64_t) op->hlc, (int64_t) op->tz_min,
                      (int64_t) op->day_starts_min, (int64_t) op->grade, (int64_t) op->took_ms,
                      (int64_t) op->mode, (int64_t) op->was, (int64_t) op->outcome.reps_before,
                      (int64_t) op->outcome.state, (int64_t) op->outcome.step,
                      outcome_interval(&op->outcome),
                      op->action == op->seq ? INT64_MIN : op->action, fix, (int64_t) undone);
        if (r < 0)
                return r;

        r = fold_card(store, card, true);
        if (r < 0 || undone)
                return r;

        at = day_moment(op->at_ms + fix, op->tz_min, op->day_starts_min);
        return queue_reviewed(store, card, &at, op->was);
}

static int fold_card_target(Store *store, const uint8_t target[static OP_CARD_TARGET],
                            bool history) {
        int64_t card;
        int r;

        r = fold_card_id(store, target, (unsigned) target[16] << 8 | target[17], &card);
        if (r < 0)
                return r;

        return fold_card(store, card, history);
}

/* An undo or redo: of a review, or of a reset or a due date. */
static int apply_undo(Store *store, const Op *op) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        char name[WRITER_NAME_SIZE];
        int64_t seq, writer, card, at_ms;
        uint32_t hash;
        bool undone;
        int r;

        if (op->target_len != OP_OP_TARGET)
                return 0;

        op_target_read_op(op->target, name, &seq, &hash);
        r = store_writer_id(store, name, &writer);
        if (r < 0)
                return r;

        r = stmt_query(store, &sql[SQL_REVIEW_FIND], &st, "iii", writer, seq, (int64_t) hash);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;
        if (r > 0) {
                card = sqlite3_column_int64(st, 0);
                at_ms = sqlite3_column_int64(st, 1);
                stmt_resetp(&st);

                r = fold_is_undone(store, name, seq, hash, &undone);
                if (r < 0)
                        return r;

                r = stmt_exec(store, &sql[SQL_REVIEW_UNDONE], "iiiiii", (int64_t) undone, card,
                              at_ms, writer, seq, (int64_t) hash);
                if (r < 0)
                        return r;

                queue_forget(store);
                return fold_card(store, card, true);
        }
        stmt_resetp(&st);

        r = stmt_query(store, &sql[SQL_OP_TARGET], &st, "iii", writer, seq, (int64_t) hash);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;
        if (r > 0 && sqlite3_column_bytes(st, 1) == OP_CARD_TARGET) {
                uint8_t target[OP_CARD_TARGET];

                memcpy(target, sqlite3_column_blob(st, 1), sizeof(target));
                stmt_resetp(&st);
                return fold_card_target(store, target, true);
        }
        return 0; /* not here yet: it will look for this one */
}

typedef struct Moved {
        int64_t card, at_ms, seq, hash;
} Moved;

static int apply_clock_fix(Store *store, const Op *op, const Json *p) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ Moved *moved = NULL;
        char name[WRITER_NAME_SIZE] = { 0 };
        int64_t first = json_int(json_get(p, "first"), INT64_MAX);
        int64_t last = json_int(json_get(p, "last"), 0);
        int64_t writer;
        size_t n = 0, cap = 0;
        int r;

        if (op->target_len != 16)
                return 0;

        memcpy(name, op->target, 16);
        if (writer_name_check(name) < 0)
                return 0;

        r = store_writer_id(store, name, &writer);
        if (r < 0)
                return r;

        r = stmt_query(store, &sql[SQL_REVIEWS_OF_WRITER], &st, "iii", writer, first, last);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                if (n == cap) {
                        void *more = reallocarray(moved, cap = cap ? 2 * cap : 64, sizeof(*moved));

                        if (!more)
                                return -ENOMEM;
                        moved = more;
                }
                moved[n++] = (Moved){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                                      sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3) };
        }
        if (r < 0)
                return r;
        stmt_resetp(&st);

        for (size_t i = 0; i < n; i++) {
                int64_t fix;

                r = fold_clock_fix(store, name, moved[i].seq, &fix);
                if (r < 0)
                        return r;

                r = stmt_exec(store, &sql[SQL_REVIEW_FIX], "iiiiii", fix, moved[i].card,
                              moved[i].at_ms, writer, moved[i].seq, moved[i].hash);
                if (r < 0)
                        return r;
        }

        queue_forget(store);
        for (size_t i = 0; i < n; i++) {
                r = fold_card(store, moved[i].card, true);
                if (r < 0)
                        return r;
        }

        r = stmt_query(store, &sql[SQL_EVENTS_OF_WRITER], &st, "iii", writer, first, last);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                if (sqlite3_column_bytes(st, 0) != OP_CARD_TARGET)
                        continue;

                r = fold_card_target(store, sqlite3_column_blob(st, 0), true);
                if (r < 0)
                        return r;
        }
        return r;
}

/* Who kept a block kept it: no clock decides. */
static int block_state(const char *payload, size_t len, int *ret) {
        static const char *const names[] = { "auto_skipped", "skipped", "kept" };
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        const char *state;
        int r;

        *ret = 0;
        r = json_parse(payload, len, &doc, NULL);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return 0;

        state = json_string(json_get(json_root(doc), "state"));
        for (size_t i = 0; state && i < ELEMENTS(names); i++)
                if (strcmp(state, names[i]) == 0)
                        *ret = (int) i + 1;
        return 0;
}

static int fold_block(Store *store, const uint8_t *key, size_t len) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int best = 0, r;

        r = stmt_query(store, &sql[SQL_BLOCK_OPS], &st, "b", key, len);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                int state;

                r = block_state(stmt_text(st, 0), (size_t) sqlite3_column_bytes(st, 0), &state);
                if (r < 0)
                        return r;
                best = state > best ? state : best;
        }
        if (r < 0 || best == 0)
                return r;

        return stmt_exec(store, &sql[SQL_BLOCK_PUT], "Ti", key, len, (int64_t) best);
}

static int apply_uuid(Store *store, const Op *op,
                      int (*find)(Store *, const uint8_t[static UUID_SIZE], int64_t *),
                      int (*fold)(Store *, int64_t)) {
        int64_t id;
        int r;

        if (op->target_len != UUID_SIZE)
                return 0;

        r = find(store, op->target, &id);
        if (r < 0)
                return r;

        return fold(store, id);
}

static int apply_effect(Store *store, const Op *op) {
        static const struct {
                const char *kind;
                int (*find)(Store *, const uint8_t[static UUID_SIZE], int64_t *);
                int (*fold)(Store *, int64_t);
        } by_uuid[] = {
                { "note.put", fold_note_id, fold_note },
                { "note.del", fold_note_id, fold_note },
                { "note.restore", fold_note_id, fold_note },
                { "tag", fold_note_id, fold_note },
                { "deck.put", fold_deck_id, fold_deck },
                { "deck.merge", fold_deck_id, fold_deck },
                { "preset.put", fold_preset_id, fold_preset },
                { "notetype.put", fold_notetype_id, fold_notetype },
        };
        static const struct {
                const char *kind;
                bool history;
        } by_card[] = {
                { "card.suspend", false }, { "card.bury", false }, { "card.flag", false },
                { "card.deck", false },    { "card.reset", true }, { "card.due", true },
        };

        for (size_t i = 0; i < ELEMENTS(by_uuid); i++)
                if (strcmp(op->kind, by_uuid[i].kind) == 0)
                        return apply_uuid(store, op, by_uuid[i].find, by_uuid[i].fold);

        for (size_t i = 0; i < ELEMENTS(by_card); i++)
                if (strcmp(op->kind, by_card[i].kind) == 0)
                        return op->target_len == OP_CARD_TARGET
                                       ? fold_card_target(store, op->target, by_card[i].history)
                                       : 0;

        if (strcmp(op->kind, "review.undo") == 0 || strcmp(op->kind, "review.redo") == 0)
                return apply_undo(store, op);
        if (strcmp(op->kind, "block") == 0)
                return fold_block(store, op->target, op->target_len);
        if (strcmp(op->kind, "clock.fix") == 0) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                int r = json_parse(op->payload, op->payload_len, &doc, NULL);

                return r < 0 ? r : apply_clock_fix(store, op, json_root(doc));
        }
        return 0;
}

int fold_apply(Store *store, const Op *op) {
        bool own = strcmp(op->writer, store->writer_name) == 0;
        int64_t writer, known;
        int r;

        r = fold_load(store);
        if (r < 0)
                return r;

        r = store_writer_id(store, op->writer, &writer);
        if (r < 0)
                return r;

        if (!own || op->seq != store->last_seq + 1) {
                r = stmt_int(store, &sql[op_is_review(op) ? SQL_REVIEW_FIND : SQL_OP_FIND], 0,
                             &known, "iii", writer, op->seq, (int64_t) op->hash);
                if (r < 0)
                        return r;
                if (known != 0)
                        return FOLD_KNOWN;
        }

        if (op_is_review(op))
                r = apply_review(store, op, writer);
        else {
                r = stmt_exec(store, &sql[SQL_OP_INSERT], "iiiitbTi", writer, op->seq,
                              (int64_t) op->hash, (int64_t) op->hlc, op->kind,
                              op->target_len > 0 ? op->target : NULL, op->target_len, op->payload,
                              op->payload_len, op->action);
                if (r >= 0)
                        r = apply_effect(store, op);
        }
        if (r < 0)
                return r;

        if (own && op->seq > store->last_seq) {
                store->last_seq = op->seq;
                store->last_hlc = op->hlc;
        }
        return 0;
}

static int fold_listed(Store *store, size_t which, int32_t day) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ int64_t *cards = NULL;
        size_t n = 0, cap = 0;
        int r;

        r = stmt_query(store, &sql[which], &st, "i", (int64_t) day);
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
                r = fold_card(store, cards[i], false);
        return r;
}

int fold_set_today(Store *store, int32_t today_day) {
        bool backwards = today_day < store->today_day;
        int r;

        store->today_day = today_day;
        r = stmt_exec(store, &sql[SQL_META_PUT], "ti", "today", (int64_t) today_day);
        if (r < 0)
                return r;

        return fold_listed(store, backwards ? SQL_BURIED_AGAIN : SQL_BURIED, today_day);
}
