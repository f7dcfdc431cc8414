/*
 * The collection: one SQLite file (WAL, synchronous=FULL), owned by one process at a time.
 *
 * Everything that changes is an operation (store/op.h); the tables one queries are a fold of the
 * operations (store/fold.h) and can be rebuilt from them (store/verify.h). Who wants something
 * changed calls a function of commands.h; the files of this layer only read, but for the fold.
 *
 * Errors. Negative errno: something broke. Positive: one of the answers below. In both cases
 * store_error() is a sentence for people, valid until the next call on the store, that names the file
 * or the thing and what can be done.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/types.h"
#include "util/cleanup.h"

typedef struct Store Store;

/* Expected answers, positive. */
enum {
        STORE_E_NOT_FOUND = 1, /* no such card, note, deck, ... */
        STORE_E_STALE,         /* the card changed since its revision was read */
        STORE_E_INVALID,       /* what was given cannot be: the sentence says what */
        STORE_E_EXISTS,        /* a deck of that name is there already */
        STORE_E_NOTHING,       /* nothing to undo, to redo, to ask */
        STORE_E_CLOCK, /* the computer's clock cannot be right: nothing is stamped with it */
        STORE_E_UNSURE, /* COMMIT failed; whether the change was applied shows after store_recover() */
        STORE_E_FULL,      /* the disk is full; nothing was changed, the store goes on */
        STORE_E_READ_ONLY, /* the store is open for reading only */
        /* of store_open() alone */
        STORE_E_LOCKED,  /* another daemon has it */
        STORE_E_FOREIGN, /* not a database, or not Ebb's */
        STORE_E_NEWER,   /* made by a newer version of Ebb */
        STORE_E_DAMAGED, /* truncated or corrupt */
};

/*
 * The time as the caller knows it; nothing below asks the system.
 *   now_ms          UTC
 *   tz_min          minutes east of UTC, as day_tz_min() gives it
 *   day_starts_min  minutes after midnight
 *   today_day       learner's day number of now (day_number())
 *   day_ends_ms     when it ends (day_start() of the next)
 */
typedef struct When {
        int64_t now_ms;
        int tz_min;
        int day_starts_min;
        int32_t today_day;
        int64_t day_ends_ms;
} When;

/* The moment a review made now would be recorded with: day_moment(). */
Moment when_moment(const When *when);

typedef enum StoreFlags {
        STORE_READ_ONLY = 1 << 0, /* do not create, migrate or write */
        STORE_RESTORED = 1 << 1,  /* the file was put in place of another: becomes a new writer */
} StoreFlags;

/*
 * Opens the collection `path`; makes it, and its folder (0700; the file is 0600), when missing. A file of zero bytes
 * is taken as missing. An older schema is migrated, after a backup. Anything else that is not a whole store of
 * a known version is left untouched and refused. Locked for this process until store_free().
 *
 * A file system or a file that cannot be written is opened for reading: store_problem() says why.
 *
 *   now_ms     for what is made at creation
 *   ret_error  on any failure a sentence, owned by the caller; may be NULL
 *
 * Returns 0, STORE_E_LOCKED, _FOREIGN, _NEWER, _DAMAGED, or a negative errno.
 */
int store_open(const char *path, StoreFlags flags, int64_t now_ms, Store **ret, char **ret_error);
Store *store_free(Store *store);
DEFINE_CLEANUP(Store *, store_free);

const char *store_path(const Store *store);
const char *store_error(const Store *store); /* of the last failed call; never NULL */
const char *store_problem(
        const Store *store); /* why the store cannot be written now; NULL: it can */
bool store_read_only(const Store *store);

/* After STORE_E_UNSURE or an I/O error: closes and opens the connection again. 0, or as store_open(). */
int store_recover(Store *store, int64_t now_ms);

/* Counts changes that were committed by this process; whoever caches compares. */
uint64_t store_generation(const Store *store);

/*
 * When there is nothing else to do: folds cards whose preset changed, some at a time, then moves the WAL into the file
 * and gives memory back. Cheap when there is nothing to do. 1: there is more to fold, call again; 0; or a negative
 * errno, which is nothing to act on.
 */
int store_idle(Store *store);

/* 16 characters, this store's own writer. */
const char *store_writer(const Store *store);

/* Sets whatever `today` decides (buried cards come back). Commands and queue calls do it themselves. */
int store_set_today(Store *store, const When *when);
