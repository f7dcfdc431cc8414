/*
 * Statements: written down once in a table beside their use, prepared at first use, kept with the
 * store, and reset by a cleanup attribute.
 *
 *      enum { SQL_GET };
 *      static const Sql sql[] = { [SQL_GET] = { "SELECT name FROM deck WHERE id = ?" } };
 *
 *      _cleanup_stmt_ sqlite3_stmt *st = NULL;
 *
 *      r = stmt_query(store, &sql[SQL_GET], &st, "i", id);
 *      if (r < 0)
 *              return r;
 *
 *      r = stmt_step(store, st);
 *      if (r < 0)
 *              return r;
 *      if (r == 0)
 *              return STORE_E_NOT_FOUND;
 *
 * Only for the files of this layer.
 */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

typedef struct Sql {
        const char *text;
} Sql;

sqlite3 *store_db(Store *store);

/*
 * A prepared statement with its values bound. `types` has a letter for each `?`:
 *   i  int64_t     d  double     t  const char * (NULL: null)     n  null, no argument
 *   b  const void *, size_t      T  const char *, size_t
 *   I  int64_t, bound as null when INT64_MIN or INT32_MIN (CARD_NO_MS, CARD_NO_DAY)
 * Texts and blobs are not copied: they must live until the statement is reset. A statement must not
 * be used again before it was reset.
 */
int stmt_query(Store *store, const Sql *sql, sqlite3_stmt **ret, const char *types, ...);

/* 1: a row is there; 0: no more. Negative errno, with store_error(). */
int stmt_step(Store *store, sqlite3_stmt *st);

/* Bind, run to the end, reset. */
int stmt_exec(Store *store, const Sql *sql, const char *types, ...);

/* First column of the only row as a number; `fallback` when there is no row or it is null. */
int stmt_int(Store *store, const Sql *sql, int64_t fallback, int64_t *ret, const char *types, ...);

/* SQL made at run time (search): not kept. Finalise with _cleanup_stmt_final_. */
int stmt_prepare(Store *store, const char *text, sqlite3_stmt **ret);

/* What SQLite answered, as a negative errno, with a sentence for store_error(). */
int stmt_failed(Store *store, int sqlite_code);

/* Sets the sentence of store_error(), and returns `code`. */
int store_fail(Store *store, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Whether the last failure was a full disk. */
bool store_disk_full(const Store *store);

/* Column helpers: NULL text is "". */
const char *stmt_text(sqlite3_stmt *st, int column);
int64_t stmt_int_or(sqlite3_stmt *st, int column, int64_t fallback); /* when null */

static inline void stmt_resetp(sqlite3_stmt **st) {
        if (*st) {
                (void) sqlite3_reset(*st);
                (void) sqlite3_clear_bindings(*st);
        }
}

static inline void stmt_finalizep(sqlite3_stmt **st) {
        (void) sqlite3_finalize(*st);
}

#define _cleanup_stmt_       _cleanup_(stmt_resetp)
#define _cleanup_stmt_final_ _cleanup_(stmt_finalizep)

/*
 * One transaction. begin .. commit or rollback; nests by counting is not done: whoever begins ends.
 * transaction_commit(): 0; STORE_E_FULL, rolled back; STORE_E_UNSURE; or a negative errno, rolled back.
 */
int transaction_begin(Store *store);
int transaction_commit(Store *store);
void transaction_rollback(Store *store);

/*
 * A second connection to the same collection, for a transaction that lasts over several turns of the event loop: what it
 * writes is not seen through `store` before it commits. SQLite lets one write at a time, so whoever has it registers a
 * function with store_on_write() that gives way, and calls store_changed_beside() after a commit. Freed before `store`.
 */
int store_open_beside(Store *store, Store **ret);
void store_changed_beside(Store *store);
/* `f` is called before a transaction of `store` begins. NULL: nobody. False when somebody is there already. */
bool store_on_write(Store *store, void (*f)(void *userdata), void *userdata);
