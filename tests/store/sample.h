/*
 * A collection in a folder of its own, filled by SQL: for what only reads, so that rows can be anything the
 * schema allows, and what is expected does not come from the code that folds.
 */
#pragma once

#include <dirent.h>
#include <sqlite3.h>
#include <unistd.h>

#include "store/search.h"
#include "store/stmt.h"
#include "store/store.h"
#include "tests/check.h"
#include "util/text.h"

/* 2026-11-23 12:00 UTC; days begin at 04:00, so the day is 20780 and ends in 16 hours. */
#define NOW_MS INT64_C(1795435200000)
#define TODAY  20780

static const Moment now = { .at_ms = NOW_MS, .day = TODAY, .next_day_ms = NOW_MS + 16 * 3600000 };

typedef struct Sample {
        char folder[64], path[96];
        Store *store;
} Sample;

static inline void sample_open(Sample *s) {
        char *error = NULL;

        if (store_open(s->path, 0, NOW_MS, &s->store, &error) != 0) {
                printf("the store does not open: %s\n", error ? error : "");
                abort();
        }
}

static inline Sample sample_new(void) {
        const char *tmp = getenv("TMPDIR");
        Sample s = {};

        (void) snprintf(s.folder, sizeof(s.folder), "%s/ebb-sample-XXXXXX",
                        tmp && strlen(tmp) < 40 ? tmp : "/tmp");
        if (!mkdtemp(s.folder))
                abort();
        (void) snprintf(s.path, sizeof(s.path), "%s/collection.db", s.folder);
        sample_open(&s);
        return s;
}

static inline void sample_remove(const char *path) {
        DIR *d = opendir(path);
        struct dirent *e;

        while (d && (e = readdir(d))) {
                _cleanup_free_ char *name = text_format("%s/%s", path, e->d_name);

                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && name &&
                    unlink(name) < 0)
                        sample_remove(name);
        }
        if (d)
                (void) closedir(d);
        (void) rmdir(path);
}

static inline void sample_done(Sample *s) {
        (void) store_free(s->store);
        sample_remove(s->folder);
}

static inline void sample_sql(Sample *s, const char *statements) {
        char *error = NULL;

        if (sqlite3_exec(store_db(s->store), statements, NULL, NULL, &error) != SQLITE_OK)
                CHECK_FAIL("%s: %s", statements, error);
        sqlite3_free(error);
}

/* The first column of the first row; in any database file when `s` is NULL. */
static inline int64_t sample_int(Sample *s, const char *path, const char *query) {
        sqlite3 *db = s ? store_db(s->store) : NULL;
        sqlite3_stmt *st = NULL;
        int64_t value = INT64_MIN;

        if (!s)
                (void) sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
        if (sqlite3_prepare_v2(db, query, -1, &st, NULL) == SQLITE_OK &&
            sqlite3_step(st) == SQLITE_ROW)
                value = sqlite3_column_int64(st, 0);
        else
                CHECK_FAIL("%s: %s", query, sqlite3_errmsg(db));
        (void) sqlite3_finalize(st);
        if (!s)
                (void) sqlite3_close(db);
        return value;
}

/* A note with one field, and a new card of the same number, which SQL may change afterwards. */
static inline void sample_note(Sample *s, int64_t id, int64_t deck, const char *html,
                               const char *tags) {
        _cleanup_free_ char *sql = NULL;

        sql = text_format("INSERT INTO note (id, uuid, known, deck, created) VALUES"
                          " (%lld, randomblob(16), 1, %lld, %lld);"
                          "INSERT INTO card (id, note, ord, deck, queue, given) VALUES"
                          " (%lld, %lld, 0, %lld, 1, 1);",
                          (long long) id, (long long) deck, (long long) NOW_MS * 65536,
                          (long long) id, (long long) id, (long long) deck);
        if (sql)
                sample_sql(s, sql);
        CHECK_INT(0, search_put_note(s->store, id, &html, 1, tags));
}
