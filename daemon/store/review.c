#include "store/review.h"

#include "store/internal.h"
#include "store/op.h"

enum { SQL_EACH, SQL_LAST };
static const Sql sql[] = {
        [SQL_EACH] = { "SELECT card, at_ms, tz_min, day_starts_min, grade, took_ms, mode, was, n,"
                       " state, step, interval FROM review INDEXED BY review_at"
                       " WHERE at_ms >= ? AND at_ms < ? AND undone = 0 ORDER BY at_ms" },
        [SQL_LAST] = { "SELECT at_ms FROM review INDEXED BY review_at WHERE undone = 0"
                       " ORDER BY at_ms DESC LIMIT 1" },
};

int review_each(Store *store, int64_t since_ms, int64_t until_ms,
                int (*f)(const Review *review, void *userdata), void *userdata) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_EACH], &st, "ii", since_ms, until_ms);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                Review review = {
                        .card = sqlite3_column_int64(st, 0),
                        .at_ms = sqlite3_column_int64(st, 1),
                        .tz_min = sqlite3_column_int(st, 2),
                        .day_starts_min = sqlite3_column_int(st, 3),
                        .grade = (Grade) sqlite3_column_int(st, 4),
                        .took_ms = (uint32_t) sqlite3_column_int64(st, 5),
                        .mode = (ReviewMode) sqlite3_column_int(st, 6),
                        .was = (CardState) sqlite3_column_int(st, 7),
                        .outcome = { .reps_before = (uint32_t) sqlite3_column_int64(st, 8),
                                     .state = (CardState) sqlite3_column_int(st, 9),
                                     .step = (uint32_t) sqlite3_column_int(st, 10) },
                };

                outcome_set_interval(&review.outcome, sqlite3_column_int64(st, 11));
                r = f(&review, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int review_last(Store *store, int64_t *ret_ms) {
        return stmt_int(store, &sql[SQL_LAST], 0, ret_ms, "");
}
