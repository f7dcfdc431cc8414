#include "store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "store/fold.h"
#include "store/internal.h"

typedef enum Stage {
        STAGE_SETTLE, /* what waits to be folded is not a difference */
        STAGE_OPS,
        STAGE_REVIEWS,
        STAGE_PRESETS,
        STAGE_TYPES,
        STAGE_DECKS,
        STAGE_NOTES,
        STAGE_CARDS,
        STAGE_TALLY,
        STAGE_COUNT,
} Stage;

struct Verify {
        Store *store;
        void (*report)(const char *sentence, void *userdata);
        void *userdata;
        uint64_t differences;
        Stage stage;
        int64_t after, last; /* numbers in the stage; of reviews, of their cards */
};

enum {
        SQL_MAX_OP,
        SQL_MAX_CARD,
        SQL_MAX_PRESET,
        SQL_MAX_TYPE,
        SQL_MAX_DECK,
        SQL_MAX_NOTE,
        SQL_OPS,
        SQL_REVIEWS,
        SQL_PRESETS,
        SQL_TYPES,
        SQL_DECKS,
        SQL_NOTES,
        SQL_CARDS,
        SQL_TALLY,
};
static const Sql sql[] = {
        [SQL_MAX_OP] = { "SELECT max(id) FROM op" },
        [SQL_MAX_CARD] = { "SELECT max(id) FROM card" },
        [SQL_MAX_PRESET] = { "SELECT max(id) FROM preset" },
        [SQL_MAX_TYPE] = { "SELECT max(id) FROM notetype" },
        [SQL_MAX_DECK] = { "SELECT max(id) FROM deck" },
        [SQL_MAX_NOTE] = { "SELECT max(id) FROM note" },
        [SQL_OPS] = { "SELECT id, writer, seq, hash, hlc, kind, target, payload, action FROM op"
                      " WHERE id > ? ORDER BY id LIMIT ?" },
        [SQL_REVIEWS] = { "SELECT card.id, review.writer, seq, hash, hlc, at_ms, fix_ms, tz_min,"
                          " day_starts_min, grade, took_ms, mode, was, n, review.state, review.step,"
                          " review.interval, action, undone, note.uuid, card.ord"
                          " FROM card JOIN note ON note.id = card.note"
                          " JOIN review ON review.card = card.id"
                          " WHERE card.id > ? AND card.id <= ?" },
        [SQL_PRESETS] = { "SELECT id FROM preset WHERE id > ? ORDER BY id LIMIT ?" },
        [SQL_TYPES] = { "SELECT id FROM notetype WHERE id > ? ORDER BY id LIMIT ?" },
        [SQL_DECKS] = { "SELECT id FROM deck WHERE id > ? ORDER BY id LIMIT ?" },
        [SQL_NOTES] = { "SELECT id FROM note WHERE id > ? ORDER BY id LIMIT ?" },
        [SQL_CARDS] = { "SELECT id FROM card WHERE id > ? ORDER BY id LIMIT ?" },
        [SQL_TALLY] = { "SELECT queue, day, deck, sum(n), sum(m) FROM ("
                        " SELECT queue, day, deck, n, 0 AS m FROM tally UNION ALL"
                        " SELECT queue, CASE WHEN queue IN (2, 3) THEN ifnull(due_day, 0) ELSE 0 END,"
                        " deck, 0, count(*) FROM card WHERE queue <> 0 GROUP BY 1, 2, 3)"
                        " GROUP BY 1, 2, 3 HAVING sum(n) <> sum(m)" },
};

static void count_difference(const char *sentence, void *userdata) {
        Verify *v = userdata;

        v->differences++;
        if (v->report)
                v->report(sentence, v->userdata);
}

int verify_new(Store *store, void (*report)(const char *sentence, void *userdata), void *userdata,
               Verify **ret) {
        Verify *v = calloc(1, sizeof(*v));

        if (!v)
                return -ENOMEM;

        *v = (Verify){ .store = store, .report = report, .userdata = userdata };
        *ret = v;
        return 0;
}

Verify *verify_free(Verify *v) {
        free(v);
        return NULL;
}

uint64_t verify_differences(const Verify *v) {
        return v->differences;
}

static int check_hash(Store *store, Op *op, const char *what, int64_t id) {
        uint32_t hash = op->hash;
        int r;

        r = op_seal(op);
        if (r < 0)
                return r;
        if (op->hash != hash)
                return fold_differs(store,
                                    "%s %" PRIi64 ": operation %s/%" PRIi64
                                    " is not what it was when it was written.",
                                    what, id, op->writer, op->seq);
        return 0;
}

static int set_writer(Store *store, int64_t id, Op *op) {
        const char *name = store_writer_name(store, id);

        if (!name || strlen(name) != WRITER_NAME_SIZE - 1)
                return fold_differs(store, "Writer %" PRIi64 " has no name.", id);

        memcpy(op->writer, name, WRITER_NAME_SIZE);
        return 1;
}

static int step_ops(Verify *v, size_t max) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        size_t n = 0;
        int r;

        r = stmt_query(v->store, &sql[SQL_OPS], &st, "ii", v->after, (int64_t) max);
        if (r < 0)
                return r;

        while ((r = stmt_step(v->store, st)) > 0) {
                Op op = { .seq = sqlite3_column_int64(st, 2),
                          .hash = (uint32_t) sqlite3_column_int64(st, 3),
                          .hlc = (uint64_t) sqlite3_column_int64(st, 4),
                          .kind = stmt_text(st, 5),
                          .payload = stmt_text(st, 7),
                          .payload_len = (size_t) sqlite3_column_bytes(st, 7),
                          .action = sqlite3_column_int64(st, 8) };

                n++;
                v->after = sqlite3_column_int64(st, 0);
                if (sqlite3_column_bytes(st, 6) > 0 &&
                    sqlite3_column_bytes(st, 6) <= OP_TARGET_MAX) {
                        op.target_len = (size_t) sqlite3_column_bytes(st, 6);
                        memcpy(op.target, sqlite3_column_blob(st, 6), op.target_len);
                }

                r = set_writer(v->store, sqlite3_column_int64(st, 1), &op);
                if (r > 0)
                        r = check_hash(v->store, &op, "Row", v->after);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : n == max;
}

static int step_reviews(Verify *v, size_t max) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int64_t until = v->after + (int64_t) max;
        int r;

        r = stmt_query(v->store, &sql[SQL_REVIEWS], &st, "ii", v->after, until);
        if (r < 0)
                return r;

        while ((r = stmt_step(v->store, st)) > 0) {
                int64_t card = sqlite3_column_int64(st, 0), fix;
                Op op = { .seq = sqlite3_column_int64(st, 2),
                          .hash = (uint32_t) sqlite3_column_int64(st, 3),
                          .hlc = (uint64_t) sqlite3_column_int64(st, 4),
                          .kind = "review",
                          .at_ms = sqlite3_column_int64(st, 5) - sqlite3_column_int64(st, 6),
                          .tz_min = sqlite3_column_int(st, 7),
                          .day_starts_min = sqlite3_column_int(st, 8),
                          .grade = (Grade) sqlite3_column_int(st, 9),
                          .took_ms = (uint32_t) sqlite3_column_int64(st, 10),
                          .mode = (ReviewMode) sqlite3_column_int(st, 11),
                          .was = (CardState) sqlite3_column_int(st, 12),
                          .outcome = { .reps_before = (uint32_t) sqlite3_column_int64(st, 13),
                                       .state = (CardState) sqlite3_column_int(st, 14),
                                       .step = (uint32_t) sqlite3_column_int(st, 15) } };
                bool undone;

                op.action = stmt_int_or(st, 17, op.seq);
                outcome_set_interval(&op.outcome, sqlite3_column_int64(st, 16));
                if (sqlite3_column_bytes(st, 19) != UUID_SIZE)
                        continue; /* its note says so */
                op_target_card(&op, sqlite3_column_blob(st, 19),
                               (unsigned) sqlite3_column_int(st, 20));

                r = set_writer(v->store, sqlite3_column_int64(st, 1), &op);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;

                r = fold_is_undone(v->store, op.writer, op.seq, op.hash, &undone);
                if (r < 0)
                        return r;
                if (undone != sqlite3_column_int(st, 18)) {
                        r = fold_differs(v->store,
                                         "Card %" PRIi64 ": review %s/%" PRIi64 " should %scount.",
                                         card, op.writer, op.seq, undone ? "not " : "");
                        if (r < 0)
                                return r;
                }

                r = fold_clock_fix(v->store, op.writer, op.seq, &fix);
                if (r < 0)
                        return r;
                if (fix != sqlite3_column_int64(st, 6)) {
                        r = fold_differs(v->store,
                                         "Card %" PRIi64 ": the clock of review %s/%" PRIi64
                                         " is corrected by %" PRIi64
                                         " ms, but should be by %" PRIi64 ".",
                                         card, op.writer, op.seq,
                                         (int64_t) sqlite3_column_int64(st, 6), fix);
                        if (r < 0)
                                return r;
                }

                r = check_hash(v->store, &op, "Card", card);
                if (r < 0)
                        return r;
        }

        v->after = until;
        return r < 0 ? r : v->after < v->last;
}

/* Numbers first, so that no statement is open while the fold uses the same tables. */
static int step_objects(Verify *v, size_t which, size_t max, int (*fold)(Store *, int64_t)) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ int64_t *ids = calloc(max + 1, sizeof(*ids));
        size_t n = 0;
        int r;

        if (!ids)
                return -ENOMEM;

        r = stmt_query(v->store, &sql[which], &st, "ii", v->after, (int64_t) max);
        if (r < 0)
                return r;

        while ((r = stmt_step(v->store, st)) > 0)
                ids[n++] = sqlite3_column_int64(st, 0);
        if (r < 0)
                return r;
        stmt_resetp(&st);

        for (size_t i = 0; i < n; i++) {
                r = fold(v->store, ids[i]);
                if (r < 0)
                        return r;
                v->after = ids[i];
        }
        return n == max;
}

static int fold_card_whole(Store *store, int64_t card) {
        return fold_card(store, card, true);
}

static int step_tally(Verify *v) {
        static const char *const queues[] = { "hidden", "new",       "learning",
                                              "review", "suspended", "buried" };
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(v->store, &sql[SQL_TALLY], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(v->store, st)) > 0) {
                int64_t queue = sqlite3_column_int64(st, 0);

                r = fold_differs(v->store,
                                 "Deck %" PRIi64 ": the count of %s cards of day %" PRIi64
                                 " is %" PRIi64 ", but should be %" PRIi64 ".",
                                 (int64_t) sqlite3_column_int64(st, 2),
                                 queue >= 0 && queue < (int64_t) ELEMENTS(queues) ? queues[queue]
                                                                                  : "other",
                                 (int64_t) sqlite3_column_int64(st, 1),
                                 (int64_t) sqlite3_column_int64(st, 3),
                                 (int64_t) sqlite3_column_int64(st, 4));
                if (r < 0)
                        return r;
        }
        return r;
}

static int step_stage(Verify *v, size_t max) {
        switch (v->stage) {
        case STAGE_SETTLE:
        case STAGE_COUNT:
                return 0;
        case STAGE_OPS:
                return step_ops(v, max);
        case STAGE_REVIEWS:
                return step_reviews(v, max);
        case STAGE_PRESETS:
                return step_objects(v, SQL_PRESETS, max, fold_preset);
        case STAGE_TYPES:
                return step_objects(v, SQL_TYPES, max, fold_notetype);
        case STAGE_DECKS:
                return step_objects(v, SQL_DECKS, max, fold_deck);
        case STAGE_NOTES:
                return step_objects(v, SQL_NOTES, max, fold_note);
        case STAGE_CARDS:
                return step_objects(v, SQL_CARDS, max, fold_card_whole);
        case STAGE_TALLY:
                return step_tally(v);
        }
        return 0;
}

int verify_step(Verify *v, size_t max, int *ret_done) {
        static const size_t last[] = {
                [STAGE_OPS] = SQL_MAX_OP,         [STAGE_REVIEWS] = SQL_MAX_CARD,
                [STAGE_PRESETS] = SQL_MAX_PRESET, [STAGE_TYPES] = SQL_MAX_TYPE,
                [STAGE_DECKS] = SQL_MAX_DECK,     [STAGE_NOTES] = SQL_MAX_NOTE,
                [STAGE_CARDS] = SQL_MAX_CARD,
        };
        int64_t part;
        int r;

        if (v->stage == STAGE_COUNT)
                return 0;

        if (v->stage == STAGE_SETTLE)
                r = v->store->read_only ? 0 : fold_settle(v->store, max);
        else {
                /* As of the day the rows were written for: a store that is only read stays there. */
                r = store_load_own(v->store);
                if (r < 0)
                        return r;

                /* The fold, but what it would write it reports. */
                v->store->differs = count_difference;
                v->store->differs_userdata = v;
                r = step_stage(v, max);
                v->store->differs = NULL;
        }
        if (r < 0)
                return r;

        if (r == 0) {
                v->stage++;
                v->after = 0;
                v->last = 0;
                if (v->stage < STAGE_TALLY) {
                        r = stmt_int(v->store, &sql[last[v->stage]], 0, &v->last, "");
                        if (r < 0)
                                return r;
                }
        }

        part = v->last > 0 && v->after < v->last ? v->after * 1000 / v->last : 0;
        *ret_done = (int) ((v->stage * 1000 + part) / STAGE_COUNT);
        return v->stage < STAGE_COUNT;
}
