#include "store/stmt.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "store/internal.h"
#include "util/text.h"

sqlite3 *store_db(Store *store) {
        return store->db;
}

int store_fail(Store *store, int code, const char *format, ...) {
        char *text = NULL;
        va_list args;

        va_start(args, format);
        if (vasprintf(&text, format, args) < 0)
                text = NULL;
        va_end(args);

        /* Built before the old one goes: its arguments may hold it. */
        free(store->error);
        store->error = text;
        return code;
}

static const struct {
        int sqlite;
        int errnum;
        const char *sentence; /* with the path as its argument */
} failures[] = {
        { SQLITE_FULL, ENOSPC,
          "The disk is full: %s could not be written. Make room and try again." },
        { SQLITE_READONLY, EROFS,
          "%s cannot be written: the file or its file system is read-only." },
        { SQLITE_BUSY, EBUSY, "%s is in use by another program. Close it and try again." },
        { SQLITE_LOCKED, EBUSY, "%s is in use by another program. Close it and try again." },
        { SQLITE_CORRUPT, EUCLEAN,
          "%s is damaged. It is left as it is; put a backup in its place: ebb backup restore." },
        { SQLITE_NOTADB, EUCLEAN, "%s is not a database." },
        { SQLITE_NOMEM, ENOMEM, "Not enough memory to work with %s." },
        { SQLITE_CANTOPEN, ENOENT, "%s cannot be opened." },
        { SQLITE_PERM, EACCES, "%s cannot be opened: permission denied." },
        { SQLITE_AUTH, EACCES, "%s cannot be opened: permission denied." },
        { SQLITE_IOERR, EIO, "%s could not be read or written: the disk reports an error." },
        { SQLITE_TOOBIG, EFBIG, "A value is too big for %s." },
};

bool store_disk_full(const Store *store) {
        return store->full;
}

int stmt_failed(Store *store, int sqlite_code) {
        store->full = (sqlite_code & 0xff) == SQLITE_FULL;

        for (size_t i = 0; i < ELEMENTS(failures); i++)
                if (failures[i].sqlite == (sqlite_code & 0xff)) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                        return store_fail(store, -failures[i].errnum, failures[i].sentence,
                                          store->path);
#pragma GCC diagnostic pop
                }

        return store_fail(store, -EINVAL, "%s: %s.", store->path,
                          store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(sqlite_code));
}

static int slot_find(Store *store, const Sql *sql, sqlite3_stmt **ret) {
        size_t i = ((uintptr_t) sql / sizeof(Sql)) * 0x9e3779b1u % STORE_STATEMENTS;
        int rc;

        for (size_t n = 0; n < STORE_STATEMENTS; n++, i = (i + 1) % STORE_STATEMENTS) {
                StatementSlot *slot = &store->statements[i];

                if (slot->sql == sql) {
                        *ret = slot->st;
                        return 0;
                }
                if (slot->sql)
                        continue;

                rc = sqlite3_prepare_v3(store->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT,
                                        &slot->st, NULL);
                if (rc != SQLITE_OK)
                        return stmt_failed(store, rc);

                slot->sql = sql;
                *ret = slot->st;
                return 0;
        }

        return store_fail(store, -ENOBUFS, "Too many statements.");
}

static int bind_all(Store *store, sqlite3_stmt *st, const char *types, va_list args) {
        int rc = SQLITE_OK;

        for (int i = 1; types[i - 1] && rc == SQLITE_OK; i++)
                switch (types[i - 1]) {
                case 'i':
                        rc = sqlite3_bind_int64(st, i, va_arg(args, int64_t));
                        break;
                case 'I': {
                        int64_t value = va_arg(args, int64_t);

                        rc = value == INT64_MIN || value == INT32_MIN
                                     ? sqlite3_bind_null(st, i)
                                     : sqlite3_bind_int64(st, i, value);
                        break;
                }
                case 'd':
                        rc = sqlite3_bind_double(st, i, va_arg(args, double));
                        break;
                case 't':
                        rc = sqlite3_bind_text(st, i, va_arg(args, const char *), -1,
                                               SQLITE_STATIC);
                        break;
                case 'T': {
                        const char *text = va_arg(args, const char *);

                        rc = sqlite3_bind_text64(st, i, text, va_arg(args, size_t), SQLITE_STATIC,
                                                 SQLITE_UTF8);
                        break;
                }
                case 'b': {
                        const void *blob = va_arg(args, const void *);

                        rc = sqlite3_bind_blob64(st, i, blob, va_arg(args, size_t), SQLITE_STATIC);
                        break;
                }
                case 'n':
                        rc = sqlite3_bind_null(st, i);
                        break;
                default:
                        return store_fail(store, -EINVAL, "No such type of a value.");
                }

        return rc == SQLITE_OK ? 0 : stmt_failed(store, rc);
}

static int query(Store *store, const Sql *sql, sqlite3_stmt **ret, const char *types,
                 va_list args) {
        sqlite3_stmt *st = NULL;
        int r;

        r = slot_find(store, sql, &st);
        if (r < 0)
                return r;

        if (sqlite3_stmt_busy(st))
                return store_fail(store, -EBUSY, "A statement is used inside itself: %s",
                                  sql->text);

        r = bind_all(store, st, types, args);
        if (r < 0)
                return r;

        *ret = st;
        return 0;
}

int stmt_query(Store *store, const Sql *sql, sqlite3_stmt **ret, const char *types, ...) {
        va_list args;
        int r;

        va_start(args, types);
        r = query(store, sql, ret, types, args);
        va_end(args);
        return r;
}

int stmt_step(Store *store, sqlite3_stmt *st) {
        int rc = sqlite3_step(st);

        if (rc == SQLITE_ROW)
                return 1;
        if (rc == SQLITE_DONE)
                return 0;
        return stmt_failed(store, rc);
}

int stmt_exec(Store *store, const Sql *sql, const char *types, ...) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        va_list args;
        int r;

        va_start(args, types);
        r = query(store, sql, &st, types, args);
        va_end(args);
        if (r < 0)
                return r;

        do
                r = stmt_step(store, st);
        while (r > 0);

        return r;
}

int stmt_int(Store *store, const Sql *sql, int64_t fallback, int64_t *ret, const char *types, ...) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        va_list args;
        int r;

        va_start(args, types);
        r = query(store, sql, &st, types, args);
        va_end(args);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;

        *ret = r > 0 ? stmt_int_or(st, 0, fallback) : fallback;
        return 0;
}

int stmt_prepare(Store *store, const char *text, sqlite3_stmt **ret) {
        int rc = sqlite3_prepare_v2(store->db, text, -1, ret, NULL);

        return rc == SQLITE_OK ? 0 : stmt_failed(store, rc);
}

const char *stmt_text(sqlite3_stmt *st, int column) {
        const char *text = (const char *) sqlite3_column_text(st, column);

        return text ? text : "";
}

int64_t stmt_int_or(sqlite3_stmt *st, int column, int64_t fallback) {
        return sqlite3_column_type(st, column) == SQLITE_NULL ? fallback
                                                              : sqlite3_column_int64(st, column);
}

enum { SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK };
static const Sql sql[] = {
        [SQL_BEGIN] = { "BEGIN IMMEDIATE" },
        [SQL_COMMIT] = { "COMMIT" },
        [SQL_ROLLBACK] = { "ROLLBACK" },
};

int transaction_begin(Store *store) {
        int r;

        if (store->unsure)
                return store_fail(store, STORE_E_UNSURE,
                                  "Whether the last change of %s was saved is not known yet.",
                                  store->path);
        if (store->read_only)
                return store_fail(store, STORE_E_READ_ONLY, "%s",
                                  store->problem ? store->problem
                                                 : "The collection is open for reading only.");

        if (store->on_write)
                store->on_write(store->on_write_userdata);

        r = stmt_exec(store, &sql[SQL_BEGIN], "");
        if (r < 0)
                return r;

        store->in_transaction = true;
        store->full = false;
        return 0;
}

void transaction_rollback(Store *store) {
        if (!store->in_transaction)
                return;

        store->in_transaction = false;
        if (!sqlite3_get_autocommit(store->db)) {
                char *error = TAKE_PTR(store->error);

                /* Fails only when SQLite has rolled back already; the sentence in place is the one that matters. */
                (void) stmt_exec(store, &sql[SQL_ROLLBACK], "");
                free(store->error);
                store->error = error;
        }
        store_forget_all(store);
}

int transaction_commit(Store *store) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int rc, r;

        r = stmt_query(store, &sql[SQL_COMMIT], &st, "");
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }

        rc = sqlite3_step(st);
        if (rc == SQLITE_DONE) {
                store->in_transaction = false;
                store->generation++;
                return 0;
        }

        stmt_resetp(&st);
        r = stmt_failed(store, rc);
        transaction_rollback(store);

        /*
         * A full disk fails before the frame that commits is written. Anything else may have come after
         * it: a COMMIT that answered EIO was found applied after opening the file again.
         */
        if (store->full)
                return STORE_E_FULL;

        store->unsure = true;
        return store_fail(store, STORE_E_UNSURE,
                          "The disk reported an error while %s was written; whether the change was "
                          "saved is not known.",
                          store->path);
}
