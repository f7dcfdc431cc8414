/*
 * Backups of the collection, online: while the daemon goes on. A backup is a whole database, copied in
 * slices under a temporary name, checked, synced, then renamed; so a file with a final name
 * is whole. They lie in the folder backups/ beside the collection:
 *
 *   ebb-20261123T120000Z-daily.db
 *
 * Nothing is deleted but by backup_rotate(), and by a slice that failed: its own temporary file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/cleanup.h"
#include "util/text.h"

typedef enum BackupKind {
        BACKUP_DAILY,
        BACKUP_WEEKLY,  /* a daily one that is kept for its week; never in a file's name */
        BACKUP_MONTHLY, /* likewise for its month */
        BACKUP_MIGRATION,
        BACKUP_IMPORT,
        BACKUP_RESTORE,
        BACKUP_MANUAL,
} BackupKind;

const char *backup_kind_name(BackupKind kind); /* "daily" */

typedef struct BackupFile {
        char *path;
        int64_t at_ms; /* from the name */
        uint64_t bytes;
        BackupKind kind;
} BackupFile;

typedef struct BackupList {
        BackupFile *files; /* newest first */
        size_t n;
} BackupList;

void backup_list_done(BackupList *list);

/* Every backup of the collection at `store_path`; none is no error. Other files are passed over. */
int backup_list(const char *store_path, BackupList *ret);

/* A backup in the making. */
typedef struct Backup Backup;

int backup_new(Store *store, BackupKind kind, int64_t now_ms, Backup **ret);
/*
 * Copies up to `pages` pages, < 0 all of them; then checks. 0: go on; BACKUP_DONE: the file is there, under
 * its final name. On an error the temporary file is gone; free the backup. The backup is the collection as it was at
 * backup_new(): changes made meanwhile are not in it, and do not disturb it.
 */
enum { BACKUP_DONE = 1 };
int backup_step(Backup *backup, int pages);
void backup_progress(const Backup *backup, uint64_t *ret_done, uint64_t *ret_total);
const char *backup_path(const Backup *backup); /* final name; valid while the backup is */
Backup *backup_free(Backup *backup);           /* an unfinished one leaves nothing behind */
DEFINE_CLEANUP(Backup *, backup_free);

/*
 * All at once, from any open database connection of a collection: for migrations, where the Store is not ready.
 * `sqlite3` is void here so that no header but the store's own knows SQLite. ret_path may be NULL.
 */
int backup_now(void *sqlite3, const char *store_path, BackupKind kind, int64_t now_ms,
               char **ret_path);

/* How many of each rotation keeps: [backup] of the configuration. */
typedef struct BackupKeep {
        unsigned days;   /* >= 1 */
        unsigned weeks;  /* 0: none for its week's sake */
        unsigned months; /* likewise */
} BackupKeep;
#define BACKUP_KEEP_DEFAULT ((BackupKeep){ .days = 7, .weeks = 8, .months = 12 })

/*
 * What rotation keeps: the newest of each of the newest days (by default 7) that have one, ISO weeks (8) and
 * months (12), all in UTC; manual ones always; those before a migration, an import or a restore 30 days, and the
 * newest of each kind always. `files` newest first. Pure. ret_keep[i]; the kind of a kept daily
 * file becomes BACKUP_WEEKLY or BACKUP_MONTHLY when that alone keeps it.
 */
enum { BACKUP_KEEP_OTHER_DAYS = 30 };
void backup_choose(BackupFile *files, size_t n, const BackupKeep *keep, int64_t now_ms,
                   bool *ret_keep);

/* Deletes what backup_choose() does not keep. ret_deleted may be NULL. */
int backup_rotate(const char *store_path, const BackupKeep *keep, int64_t now_ms,
                  size_t *ret_deleted);

enum {
        BACKUP_E_FOREIGN = 1, /* not a collection of Ebb, or a damaged one */
        BACKUP_E_NEWER = 2,   /* written by a newer version */
        BACKUP_E_SAME = 3,    /* the file is the collection itself */
};

/*
 * Puts `path` in place of the collection at `store_path`, which must not be open. The present one is
 * backed up first (kind restore; *ret_saved, caller frees, NULL when there was none), and stays in place on
 * any error. The restored collection is a new writer already, whose parent is the old one: it is opened as any
 * other. Not 0: a sentence in `problem`.
 */
int backup_restore(const char *store_path, const char *path, int64_t now_ms, char **ret_saved,
                   TextBuf *problem);
