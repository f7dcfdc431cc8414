/*
 * Checking a copy and syncing it take a second or so for a million reviews, and cannot be cut into slices: a
 * thread does both, on a connection of its own to a file nobody else knows, while the daemon goes on.
 *
 * A backup reads through a connection of its own that holds one read transaction from beginning to end:
 * a snapshot, which neither grades meanwhile nor store_recover() disturb.
 */
#include "store/backup.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/civil.h"
#include "store/schema.h"
#include "store/stmt.h"
#include "util/usec.h"

#define PREFIX "ebb-"
#define SUFFIX ".db"

enum {
        STAMP_LEN = 16, /* 20261123T120000Z */
        STALE_MS = 24 * 3600 * 1000,
};

static const char *const kind_names[] = {
        [BACKUP_DAILY] = "daily",         [BACKUP_WEEKLY] = "weekly", [BACKUP_MONTHLY] = "monthly",
        [BACKUP_MIGRATION] = "migration", [BACKUP_IMPORT] = "import", [BACKUP_RESTORE] = "restore",
        [BACKUP_MANUAL] = "manual",
};

const char *backup_kind_name(BackupKind kind) {
        return kind_names[kind];
}

/* ---- names ---- */

static void instant_of(int64_t at_ms, int32_t *ret_day, int *ret_second) {
        int64_t seconds = at_ms / 1000;

        if (at_ms < 0)
                seconds = 0;
        *ret_day = (int32_t) (seconds / 86400);
        *ret_second = (int) (seconds % 86400);
}

static char *backup_name(int64_t at_ms, BackupKind kind) {
        CivilDate date;
        int32_t day;
        int second;

        instant_of(at_ms, &day, &second);
        date = civil_from_day(day);
        return text_format(PREFIX "%04d%02d%02dT%02d%02d%02dZ-%s" SUFFIX, (int) date.year,
                           date.month, date.mday, second / 3600, second / 60 % 60, second % 60,
                           backup_kind_name(kind));
}

static bool read_digits(const char *s, int n, int *ret) {
        *ret = 0;
        for (int i = 0; i < n; i++) {
                if (s[i] < '0' || s[i] > '9')
                        return false;
                *ret = *ret * 10 + (s[i] - '0');
        }
        return true;
}

/* Exactly what backup_name() writes. */
static bool read_name(const char *name, int64_t *ret_at_ms, BackupKind *ret_kind) {
        int year, month, mday, hour, minute, second;
        const char *s = name + strlen(PREFIX), *kind;
        CivilDate date;
        size_t len;

        if (!text_starts_with(name, PREFIX) || strlen(s) <= STAMP_LEN + 1)
                return false;
        if (!read_digits(s, 4, &year) || !read_digits(s + 4, 2, &month) ||
            !read_digits(s + 6, 2, &mday) || s[8] != 'T' || !read_digits(s + 9, 2, &hour) ||
            !read_digits(s + 11, 2, &minute) || !read_digits(s + 13, 2, &second) || s[15] != 'Z' ||
            s[16] != '-')
                return false;

        date = (CivilDate){ year, month, mday };
        if (!civil_valid(&date) || hour > 23 || minute > 59 || second > 59)
                return false;

        kind = s + STAMP_LEN + 1;
        len = strlen(kind);
        if (len <= strlen(SUFFIX) || strcmp(kind + len - strlen(SUFFIX), SUFFIX) != 0)
                return false;

        len -= strlen(SUFFIX);
        for (size_t i = 0; i < ELEMENTS(kind_names); i++)
                if (strlen(kind_names[i]) == len && memcmp(kind_names[i], kind, len) == 0) {
                        *ret_at_ms = ((int64_t) civil_to_day(&date) * 86400 + hour * 3600 +
                                      minute * 60 + second) *
                                     1000;
                        *ret_kind = (BackupKind) i;
                        return true;
                }
        return false;
}

static char *folder_of(const char *path) {
        _cleanup_free_ char *copy = strdup(path);

        return copy ? strdup(dirname(copy)) : NULL;
}

static char *backups_folder(const char *store_path) {
        _cleanup_free_ char *folder = folder_of(store_path);

        return folder ? text_format("%s/backups", folder) : NULL;
}

static int sync_folder(const char *folder) {
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int sync_file(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* ---- listing ---- */

void backup_list_done(BackupList *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->files[i].path);
        free(list->files);
        *list = (BackupList){};
}

static int newest_first(const void *a, const void *b) {
        const BackupFile *x = a, *y = b;

        if (x->at_ms != y->at_ms)
                return x->at_ms > y->at_ms ? -1 : 1;
        return strcmp(x->path, y->path);
}

int backup_list(const char *store_path, BackupList *ret) {
        _cleanup_(backup_list_done) BackupList list = {};
        _cleanup_free_ char *folder = NULL;
        struct dirent *entry;
        size_t cap = 0;
        DIR *dir;
        int r = 0;

        assert(store_path);
        assert(ret);

        folder = backups_folder(store_path);
        if (!folder)
                return -ENOMEM;

        dir = opendir(folder);
        if (!dir && errno != ENOENT)
                return -errno;

        while (dir && r == 0 && (entry = readdir(dir))) {
                BackupFile file = {};
                struct stat st;

                if (!read_name(entry->d_name, &file.at_ms, &file.kind) ||
                    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                    !S_ISREG(st.st_mode))
                        continue;

                if (list.n == cap) {
                        BackupFile *more;

                        cap = cap ? 2 * cap : 32;
                        more = reallocarray(list.files, cap, sizeof(*more));
                        if (!more) {
                                r = -ENOMEM;
                                break;
                        }
                        list.files = more;
                }
                file.bytes = (uint64_t) st.st_size;
                file.path = text_format("%s/%s", folder, entry->d_name);
                if (!file.path)
                        r = -ENOMEM;
                else
                        list.files[list.n++] = file;
        }
        if (dir)
                (void) closedir(dir);
        if (r < 0)
                return r;

        if (list.n > 0)
                qsort(list.files, list.n, sizeof(list.files[0]), newest_first);
        *ret = list;
        list = (BackupList){};
        return 0;
}

/* ---- making ---- */

typedef enum Phase { PHASE_COPY, PHASE_CHECK, PHASE_DONE } Phase;

struct Backup {
        Store *store;  /* for store_error(); NULL in backup_now() */
        sqlite3 *own;  /* connection to the collection, when it is ours */
        sqlite3 *copy; /* the temporary file */
        sqlite3_backup *work;
        Phase phase;
        char *folder, *path, *tmp;
        uint64_t done, total;
        bool finished;
        pthread_t checker;
        bool checking; /* `checker` is to be joined */
        atomic_bool checked;
        int check_result; /* of `checker`, once `checked` */
};

static int errno_of(int sqlite_code) {
        switch (sqlite_code & 0xff) {
        case SQLITE_OK:
        case SQLITE_DONE:
        case SQLITE_ROW:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
                return -EACCES;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        default:
                return -EIO;
        }
}

static int failed(Backup *backup, int r) {
        const char *why;

        if (!backup->store || r >= 0)
                return r;

        why = r == -ENOSPC    ? "the disk is full"
              : r == -EUCLEAN ? "the copy is damaged, and so may be the collection; run ebb verify"
                              : strerror(-r);
        return store_fail(backup->store, r, "The backup %s was not made: %s.", backup->path, why);
}

static void remove_database(const char *path) {
        static const char *const suffixes[] = { "", "-journal", "-wal", "-shm" };

        for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
                _cleanup_free_ char *name = text_format("%s%s", path, suffixes[i]);

                if (name)
                        (void) unlink(name); /* most are not there */
        }
}

static void close_all(Backup *backup) {
        if (backup->checking) {
                if (backup->copy)
                        sqlite3_interrupt(backup->copy);
                (void) pthread_join(backup->checker, NULL);
                backup->checking = false;
        }
        if (backup->work)
                (void) sqlite3_backup_finish(backup->work);
        (void) sqlite3_close(backup->copy);
        (void) sqlite3_close(backup->own);
        backup->work = NULL;
        backup->copy = backup->own = NULL;
}

Backup *backup_free(Backup *backup) {
        if (!backup)
                return NULL;

        close_all(backup);
        if (!backup->finished && backup->tmp)
                remove_database(backup->tmp);
        free(backup->folder);
        free(backup->path);
        free(backup->tmp);
        free(backup);
        return NULL;
}

static int choose_names(Backup *backup, const char *store_path, BackupKind kind, int64_t now_ms) {
        backup->folder = backups_folder(store_path);
        if (!backup->folder)
                return -ENOMEM;
        if (mkdir(backup->folder, 0700) < 0 && errno != EEXIST)
                return -errno;

        /* Two within a second: the later one gets a later name. */
        for (int i = 0; i < 100; i++) {
                _cleanup_free_ char *name = backup_name(now_ms + i * 1000, kind);

                free(backup->path);
                free(backup->tmp);
                backup->path = name ? text_format("%s/%s", backup->folder, name) : NULL;
                backup->tmp = name ? text_format("%s/.%s.part", backup->folder, name) : NULL;
                if (!backup->path || !backup->tmp)
                        return -ENOMEM;
                if (access(backup->path, F_OK) < 0)
                        return errno == ENOENT ? 0 : -errno;
        }
        return -EEXIST;
}

/* Opens a database, for reading alone or, for the copy, anew. */
static int open_database(const char *path, int flags, const char *pragmas, sqlite3 **ret) {
        sqlite3 *db = NULL;
        int rc;

        rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
        if (rc != SQLITE_OK) {
                int r = errno_of(rc);

                (void) sqlite3_close(db);
                return r;
        }
        *ret = db;
        return 0;
}

#define PRAGMAS_READ "PRAGMA cache_size=-64; PRAGMA query_only=ON; PRAGMA busy_timeout=2000;"
/* No journal: a copy that fails is removed. Not synced page by page, but once at the end. */
#define PRAGMAS_WRITE                                                                              \
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"          \
        " PRAGMA cache_size=-256;"

static int open_copy(const char *path, sqlite3 **ret) {
        int fd, r;

        remove_database(path); /* what a crash in the same second may have left */
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;

        (void) close(fd);
        r = open_database(path, SQLITE_OPEN_READWRITE, PRAGMAS_WRITE, ret);
        if (r < 0)
                (void) unlink(path);
        return r;
}

static int begin_copy(Backup *backup, sqlite3 *source) {
        int r;

        r = open_copy(backup->tmp, &backup->copy);
        if (r < 0)
                return r;

        backup->work = sqlite3_backup_init(backup->copy, "main", source, "main");
        return backup->work ? 0 : errno_of(sqlite3_errcode(backup->copy));
}

int backup_new(Store *store, BackupKind kind, int64_t now_ms, Backup **ret) {
        _cleanup_(backup_freep) Backup *backup = NULL;
        int r;

        assert(store);
        assert(ret);

        backup = calloc(1, sizeof(*backup));
        if (!backup)
                return -ENOMEM;

        backup->store = store;
        r = choose_names(backup, store_path(store), kind, now_ms);
        if (r == 0)
                r = open_database(store_path(store), SQLITE_OPEN_READONLY,
                                  PRAGMAS_READ "BEGIN; SELECT count(*) FROM sqlite_schema;",
                                  &backup->own);
        if (r == 0)
                r = begin_copy(backup, backup->own);
        if (r < 0)
                return store_fail(store, r, "No backup can be made in %s: %s.",
                                  backup->folder ? backup->folder : "the folder backups",
                                  strerror(-r));

        *ret = TAKE_PTR(backup);
        return 0;
}

static int copy_pages(Backup *backup, int pages) {
        int rc;

        rc = sqlite3_backup_step(backup->work, pages);
        backup->total = (uint64_t) sqlite3_backup_pagecount(backup->work);
        backup->done = backup->total - (uint64_t) sqlite3_backup_remaining(backup->work);
        if (rc == SQLITE_OK || ((rc & 0xff) == SQLITE_BUSY && pages > 0))
                return 0;
        if (rc != SQLITE_DONE)
                return errno_of(rc);

        rc = sqlite3_backup_finish(backup->work);
        backup->work = NULL;
        if (rc != SQLITE_OK)
                return errno_of(rc);

        (void) sqlite3_close(backup->own); /* the snapshot ends here: the log can shrink again */
        backup->own = NULL;

        /* The copy says WAL in its header like its source; one file is to be one backup. */
        rc = sqlite3_exec(backup->copy, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
        backup->phase = PHASE_CHECK;
        return errno_of(rc);
}

static bool said_ok(sqlite3 *db) {
        sqlite3_stmt *st = NULL;
        bool ok = false;

        if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL) == SQLITE_OK &&
            sqlite3_step(st) == SQLITE_ROW) {
                const char *said = (const char *) sqlite3_column_text(st, 0);

                ok = said && strcmp(said, "ok") == 0;
        }
        (void) sqlite3_finalize(st);
        return ok;
}

static int check_copy(Backup *backup) {
        if (!said_ok(backup->copy))
                return -EUCLEAN;

        return sync_file(backup->tmp);
}

static void *check_in_thread(void *userdata) {
        Backup *backup = userdata;

        backup->check_result = check_copy(backup);
        atomic_store(&backup->checked, true);
        return NULL;
}

/* Signals stay with the thread that has always had them. */
static int start_check(Backup *backup) {
        sigset_t all, before;
        int r;

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_BLOCK, &all, &before);
        r = -pthread_create(&backup->checker, NULL, check_in_thread, backup);
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        backup->checking = r == 0;
        return r;
}

static int publish(Backup *backup) {
        int r;

        close_all(backup);
        if (rename(backup->tmp, backup->path) < 0)
                return -errno;

        backup->finished = true;
        backup->phase = PHASE_DONE;
        r = sync_folder(backup->folder);
        return r < 0 ? r : BACKUP_DONE;
}

/* `wait`: nothing else is to be done meanwhile. */
static int check(Backup *backup, bool wait) {
        static const struct timespec pause = { .tv_nsec = 2000000 };
        int r;

        if (wait) {
                r = check_copy(backup);
                return r < 0 ? r : publish(backup);
        }
        if (!backup->checking) {
                r = start_check(backup);
                if (r < 0)
                        return r;
        }
        if (!atomic_load(&backup->checked)) {
                /* Whoever calls again at once must not do so all the time. */
                (void) nanosleep(&pause, NULL);
                return 0;
        }
        return backup->check_result < 0 ? backup->check_result : publish(backup);
}

int backup_step(Backup *backup, int pages) {
        int r = 0;

        assert(backup);

        switch (backup->phase) {
        case PHASE_COPY:
                r = copy_pages(backup, pages);
                break;
        case PHASE_CHECK:
                r = check(backup, pages < 0);
                break;
        case PHASE_DONE:
                return BACKUP_DONE;
        }
        if (r < 0) {
                close_all(backup);
                if (!backup->finished)
                        remove_database(backup->tmp);
        }
        return failed(backup, r);
}

void backup_progress(const Backup *backup, uint64_t *ret_done, uint64_t *ret_total) {
        *ret_done = backup->done;
        *ret_total = backup->total;
}

const char *backup_path(const Backup *backup) {
        return backup->path;
}

int backup_now(void *sqlite3, const char *store_path, BackupKind kind, int64_t now_ms,
               char **ret_path) {
        _cleanup_(backup_freep) Backup *backup = NULL;
        int r;

        assert(sqlite3);
        assert(store_path);

        backup = calloc(1, sizeof(*backup));
        if (!backup)
                return -ENOMEM;

        r = choose_names(backup, store_path, kind, now_ms);
        if (r < 0)
                return r;

        r = begin_copy(backup, sqlite3);
        if (r < 0)
                return r;

        while ((r = backup_step(backup, -1)) == 0)
                ;
        if (r < 0)
                return r;

        if (ret_path)
                *ret_path = TAKE_PTR(backup->path);
        return 0;
}

/* ---- rotation ---- */

typedef enum Span { SPAN_DAY, SPAN_WEEK, SPAN_MONTH } Span;

/* A number that is the same for all instants of one day, week or month. */
static int64_t span_of(int64_t at_ms, Span span) {
        int32_t day, year;
        CivilDate date;
        int second, week;

        instant_of(at_ms, &day, &second);
        switch (span) {
        case SPAN_DAY:
                return day;
        case SPAN_WEEK:
                week = civil_iso_week(day, &year);
                return (int64_t) year * 100 + week;
        case SPAN_MONTH:
                date = civil_from_day(day);
                return (int64_t) date.year * 100 + date.month;
        }
        return 0;
}

void backup_choose(BackupFile *files, size_t n, const BackupKeep *keep, int64_t now_ms,
                   bool *ret_keep) {
        static const BackupKind kinds[] = { BACKUP_DAILY, BACKUP_WEEKLY, BACKUP_MONTHLY };
        const unsigned many[] = { keep->days > 0 ? keep->days : 1, keep->weeks, keep->months };
        bool seen[ELEMENTS(kind_names)] = {};

        assert(files || n == 0);
        assert(ret_keep || n == 0);

        for (size_t i = 0; i < n; i++) {
                BackupFile *f = &files[i];

                ret_keep[i] = f->kind == BACKUP_MANUAL;
                /* From the future: a clock that went wrong. Neither counted nor deleted. */
                if (f->at_ms > now_ms + MSEC_PER_DAY)
                        ret_keep[i] = true;
                else if (f->kind > BACKUP_MONTHLY && f->kind != BACKUP_MANUAL) {
                        ret_keep[i] = !seen[f->kind] ||
                                      now_ms - f->at_ms < BACKUP_KEEP_OTHER_DAYS * MSEC_PER_DAY;
                        seen[f->kind] = true;
                }
        }

        for (size_t span = 0; span < ELEMENTS(kinds); span++) {
                int64_t last = INT64_MIN;
                unsigned used = 0;

                for (size_t i = 0; i < n && used < many[span]; i++) {
                        int64_t number;

                        if (files[i].kind > BACKUP_MONTHLY ||
                            files[i].at_ms > now_ms + MSEC_PER_DAY)
                                continue;

                        number = span_of(files[i].at_ms, (Span) span);
                        if (number == last)
                                continue;

                        last = number;
                        used++;
                        if (!ret_keep[i])
                                files[i].kind = kinds[span];
                        ret_keep[i] = true;
                }
        }
}

/* What a crash in the middle of a backup left. */
static void remove_stale(const char *folder, int64_t now_ms) {
        struct dirent *entry;
        DIR *dir = opendir(folder);

        while (dir && (entry = readdir(dir))) {
                size_t len = strlen(entry->d_name);
                struct stat st;

                if (text_starts_with(entry->d_name, "." PREFIX) && len > 5 &&
                    strcmp(entry->d_name + len - 5, ".part") == 0 &&
                    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                    S_ISREG(st.st_mode) && (int64_t) st.st_mtime * 1000 + STALE_MS < now_ms)
                        (void) unlinkat(dirfd(dir), entry->d_name, 0); /* tried again next time */
        }
        if (dir)
                (void) closedir(dir);
}

int backup_rotate(const char *store_path, const BackupKeep *keep, int64_t now_ms,
                  size_t *ret_deleted) {
        _cleanup_(backup_list_done) BackupList list = {};
        _cleanup_free_ char *folder = NULL;
        _cleanup_free_ bool *kept = NULL;
        size_t deleted = 0;
        int r;

        assert(store_path);
        assert(keep);

        folder = backups_folder(store_path);
        if (!folder)
                return -ENOMEM;

        r = backup_list(store_path, &list);
        if (r < 0)
                return r;

        kept = calloc(list.n + 1, sizeof(*kept));
        if (!kept)
                return -ENOMEM;

        remove_stale(folder, now_ms);
        backup_choose(list.files, list.n, keep, now_ms, kept);
        for (size_t i = 0; i < list.n; i++)
                if (!kept[i]) {
                        if (unlink(list.files[i].path) < 0 && errno != ENOENT)
                                return -errno;
                        deleted++;
                }

        if (ret_deleted)
                *ret_deleted = deleted;
        return 0;
}

/* ---- restoring ---- */

static int refuse(TextBuf *problem, int code, const char *path, const char *what) {
        textbuf_addf(problem, "%s %s", path, what);
        return problem->error < 0 ? problem->error : code;
}

static int read_pragma(sqlite3 *db, const char *text, int64_t *ret) {
        sqlite3_stmt *st = NULL;
        int rc;

        rc = sqlite3_prepare_v2(db, text, -1, &st, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_step(st);
        if (rc == SQLITE_ROW)
                *ret = sqlite3_column_int64(st, 0);
        (void) sqlite3_finalize(st);
        return rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? -EIO : errno_of(rc);
}

/* A file on a medium that cannot be written needs no lock and no shared memory, unless it has a log. */
static int open_source(const char *path, sqlite3 **ret) {
        _cleanup_(textbuf_done) TextBuf uri = {};
        _cleanup_free_ char *wal = text_format("%s-wal", path);

        if (!wal)
                return -ENOMEM;

        textbuf_adds(&uri, "file:");
        for (const char *p = path; *p; p++)
                if (strchr("?#%", *p))
                        textbuf_addf(&uri, "%%%02x", (unsigned) *p);
                else
                        textbuf_addc(&uri, *p);
        textbuf_adds(&uri, access(wal, F_OK) == 0 ? "?mode=ro" : "?mode=ro&immutable=1");
        if (uri.error < 0)
                return uri.error;

        return open_database(uri.buf, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, PRAGMAS_READ, ret);
}

static void closedbp(sqlite3 **db) {
        (void) sqlite3_close(*db);
}

/* Whether a file is a whole collection of a version known here; opens it. */
static int inspect(const char *path, sqlite3 **ret, TextBuf *problem) {
        _cleanup_(closedbp) sqlite3 *db = NULL;
        int64_t application = 0, version = 0;
        struct stat st;
        int r;

        if (stat(path, &st) < 0)
                return errno == ENOENT ? refuse(problem, BACKUP_E_FOREIGN, path, "is not there.")
                                       : -errno;
        if (!S_ISREG(st.st_mode))
                return refuse(problem, BACKUP_E_FOREIGN, path, "is not a file.");

        r = open_source(path, &db);
        if (r == 0)
                r = read_pragma(db, "PRAGMA application_id", &application);
        if (r == 0)
                r = read_pragma(db, "PRAGMA user_version", &version);
        if (r == -EUCLEAN)
                return refuse(problem, BACKUP_E_FOREIGN, path, "is not a database, or is damaged.");
        if (r < 0)
                return r;

        if (application != SCHEMA_APPLICATION_ID)
                return refuse(problem, BACKUP_E_FOREIGN, path, "is not a collection of Ebb.");
        if (version > schema_version_known())
                return refuse(problem, BACKUP_E_NEWER, path,
                              "was written by a newer version of Ebb; update Ebb to restore it.");
        if (!said_ok(db))
                return refuse(problem, BACKUP_E_FOREIGN, path,
                              "is damaged; choose another backup.");

        *ret = TAKE_PTR(db);
        return 0;
}

static int copy_file(const char *from, const char *to) {
        _cleanup_close_ int in = -1, out = -1;
        char buf[64 * 1024];
        ssize_t n;

        in = open(from, O_RDONLY | O_CLOEXEC);
        if (in < 0)
                return -errno;

        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (out < 0)
                return -errno;

        while ((n = read(in, buf, sizeof(buf))) > 0)
                for (ssize_t done = 0, k; done < n; done += k) {
                        k = write(out, buf + done, (size_t) (n - done));
                        if (k < 0) {
                                int r = -errno;

                                (void) unlink(to);
                                return r;
                        }
                }
        if (n < 0 || fsync(out) < 0) {
                int r = -errno;

                (void) unlink(to);
                return r;
        }
        return 0;
}

/*
 * The present collection, whole, as a backup; when it is too damaged for that, byte by byte with its log. After
 * a good backup its log is empty.
 */
static int save_present(const char *store_path, int64_t now_ms, char **ret_saved) {
        _cleanup_free_ char *wal = text_format("%s-wal", store_path), *saved_wal = NULL;
        _cleanup_(backup_freep) Backup *names = NULL;
        _cleanup_(closedbp) sqlite3 *db = NULL;
        int r;

        if (!wal)
                return -ENOMEM;

        r = open_database(store_path, SQLITE_OPEN_READWRITE, "PRAGMA busy_timeout=2000;", &db);
        if (r == 0)
                r = backup_now(db, store_path, BACKUP_RESTORE, now_ms, ret_saved);
        if (r == 0 || r == -ENOSPC || r == -ENOMEM || r == -EBUSY)
                return r;

        names = calloc(1, sizeof(*names));
        if (!names)
                return -ENOMEM;

        r = choose_names(names, store_path, BACKUP_RESTORE, now_ms);
        if (r < 0)
                return r;

        saved_wal = text_format("%s-wal", names->path);
        if (!saved_wal)
                return -ENOMEM;

        r = copy_file(store_path, names->path);
        if (r < 0)
                return r;

        r = access(wal, F_OK) == 0 ? copy_file(wal, saved_wal) : 0;
        if (r < 0) {
                (void) unlink(names->path);
                return r;
        }
        *ret_saved = TAKE_PTR(names->path);
        return sync_folder(names->folder);
}

/* A folder that goes away with all files in it, two levels deep: where a restored copy is made ready. */
static void remove_folder(const char *path, int depth) {
        struct dirent *entry;
        DIR *dir = opendir(path);

        while (dir && (entry = readdir(dir))) {
                _cleanup_free_ char *name = text_format("%s/%s", path, entry->d_name);

                if (!name || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (unlink(name) < 0 && depth > 0)
                        remove_folder(name, depth - 1);
        }
        if (dir)
                (void) closedir(dir);
        (void) rmdir(path);
}

static void remove_folderp(char **path) {
        if (*path) {
                remove_folder(*path, 1);
                free(*path);
        }
}

/* The copy, in place of nothing yet, becomes a collection of its own: a writer that never wrote before. */
static int make_new_writer(const char *path, int64_t now_ms, TextBuf *problem) {
        _cleanup_(store_freep) Store *store = NULL;
        _cleanup_free_ char *error = NULL;
        int r;

        r = store_open(path, STORE_RESTORED, now_ms, &store, &error);
        if (r == 0)
                return 0;

        textbuf_adds(problem, error ? error : "The backup cannot be opened.");
        return r < 0 ? r : r == STORE_E_NEWER ? BACKUP_E_NEWER : BACKUP_E_FOREIGN;
}

static bool same_file(const char *a, const char *b) {
        struct stat x, y;

        return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int copy_database(sqlite3 *from, const char *to) {
        sqlite3_backup *work;
        sqlite3 *db = NULL;
        int rc, r;

        r = open_copy(to, &db);
        if (r < 0)
                return r;

        work = sqlite3_backup_init(db, "main", from, "main");
        rc = work ? sqlite3_backup_step(work, -1) : sqlite3_errcode(db);
        if (work)
                (void) sqlite3_backup_finish(work);
        if (rc == SQLITE_DONE)
                rc = sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
        r = errno_of(rc);
        (void) sqlite3_close(db);
        return r;
}

/* Held while the file is exchanged; store_open() takes the same. */
static int lock_store(const char *store_path, int *ret) {
        _cleanup_free_ char *path = text_format("%s.lock", store_path);
        _cleanup_close_ int fd = -1;

        if (!path)
                return -ENOMEM;

        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;

        *ret = TAKE_FD(fd);
        return 0;
}

static int restore(const char *store_path, const char *path, int64_t now_ms, char **ret_saved,
                   TextBuf *problem) {
        _cleanup_(remove_folderp) char *work = NULL;
        _cleanup_free_ char *folder = NULL, *copy = NULL, *saved = NULL, *wal = NULL, *shm = NULL;
        _cleanup_free_ char *template = NULL;
        _cleanup_(closedbp) sqlite3 *source = NULL;
        _cleanup_close_ int lock = -1;
        int r;

        folder = folder_of(store_path);
        wal = text_format("%s-wal", store_path);
        shm = text_format("%s-shm", store_path);
        template = folder ? text_format("%s/.restore-XXXXXX", folder) : NULL;
        if (!folder || !wal || !shm || !template)
                return -ENOMEM;

        if (same_file(store_path, path))
                return refuse(problem, BACKUP_E_SAME, path, "is the collection itself.");

        r = inspect(path, &source, problem);
        if (r != 0)
                return r;

        r = lock_store(store_path, &lock);
        if (r < 0)
                return r;

        if (!mkdtemp(template))
                return -errno;

        work = TAKE_PTR(template);
        copy = text_format("%s/collection.db", work);
        if (!copy)
                return -ENOMEM;

        r = copy_database(source, copy);
        if (r < 0)
                return r;

        r = make_new_writer(copy, now_ms, problem);
        if (r != 0)
                return r;

        r = sync_file(copy);
        if (r < 0)
                return r;

        if (access(store_path, F_OK) == 0) {
                r = save_present(store_path, now_ms, &saved);
                if (r < 0)
                        return r;
        }

        /*
         * A log left beside the restored file would be taken for its own. What was in it is in the backup just
         * made. From here to the rename a crash leaves the present collection without its log, whole.
         */
        if ((unlink(wal) < 0 && errno != ENOENT) || (unlink(shm) < 0 && errno != ENOENT))
                return -errno;
        if (rename(copy, store_path) < 0)
                return -errno;

        *ret_saved = TAKE_PTR(saved);
        return sync_folder(folder);
}

int backup_restore(const char *store_path, const char *path, int64_t now_ms, char **ret_saved,
                   TextBuf *problem) {
        int r;

        assert(store_path);
        assert(path);
        assert(ret_saved);
        assert(problem);

        r = restore(store_path, path, now_ms, ret_saved, problem);
        if (r < 0 && problem->len == 0)
                textbuf_addf(problem, "%s was not restored: %s. The collection is as it was.", path,
                             r == -EBUSY ? "the collection is in use by another program"
                                         : strerror(-r));
        return r;
}
