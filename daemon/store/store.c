#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/day.h"
#include "store/backup.h"
#include "store/fold.h"
#include "store/internal.h"
#include "store/schema.h"
#include "util/json.h"
#include "util/text.h"

enum { HEADER_SIZE = 100, BUSY_MS = 20, CHECKPOINT_PAGES = 4000, SETTLE_CARDS = 500 };

Moment when_moment(const When *when) {
        return day_moment(when->now_ms, when->tz_min, when->day_starts_min);
}

const char *store_path(const Store *store) {
        return store->path;
}

const char *store_error(const Store *store) {
        return store->error ? store->error : "Something failed without saying what.";
}

const char *store_problem(const Store *store) {
        return store->problem;
}

bool store_read_only(const Store *store) {
        return store->read_only;
}

uint64_t store_generation(const Store *store) {
        return store->generation;
}

const char *store_writer(const Store *store) {
        return store->writer_name;
}

enum { SQL_META, SQL_WRITERS, SQL_WRITER, SQL_WRITER_ADD, SQL_LAST_SEQ, SQL_LAST_HLC, SQL_TABLES };
static const Sql sql[] = {
        [SQL_META] = { "SELECT value FROM meta WHERE key = ?" },
        [SQL_WRITERS] = { "SELECT id, name FROM writer ORDER BY id" },
        [SQL_WRITER] = { "SELECT id FROM writer WHERE name = ?" },
        [SQL_WRITER_ADD] = { "INSERT INTO writer (name) VALUES (?)" },
        [SQL_LAST_SEQ] = { "SELECT max(ifnull((SELECT max(seq) FROM op WHERE writer = ?1), 0),"
                           " ifnull((SELECT max(seq) FROM review WHERE writer = ?1), 0))" },
        [SQL_LAST_HLC] = { "SELECT max(ifnull((SELECT hlc FROM op WHERE writer = ?1"
                           " ORDER BY seq DESC LIMIT 1), 0), ifnull((SELECT hlc FROM review"
                           " WHERE writer = ?1 ORDER BY seq DESC LIMIT 1), 0))" },
        [SQL_TABLES] = { "SELECT count(*) FROM sqlite_master" },
};

static void close_database(Store *store) {
        for (size_t i = 0; i < STORE_STATEMENTS; i++) {
                (void) sqlite3_finalize(store->statements[i].st);
                store->statements[i] = (StatementSlot){ 0 };
        }
        (void) sqlite3_close(store->db);
        store->db = NULL;
        store->in_transaction = false;
}

void store_forget_all(Store *store) {
        deck_forget(store);
        preset_forget(store);
        notetype_forget(store);
        queue_forget(store);
        free(store->writers);
        store->writers = NULL;
        store->n_writers = 0;
        store->last_seq = -1;
        store->today_day = CARD_NO_DAY;
        store->action = 0;
}

Store *store_free(Store *store) {
        if (!store)
                return NULL;

        if (store->db && !store->read_only && store->lock_fd >= 0)
                (void) sqlite3_exec(store->db, "PRAGMA optimize", NULL, NULL, NULL);
        close_database(store);
        store_forget_all(store);
        if (store->lock_fd >= 0)
                (void) close(store->lock_fd); /* after SQLite is done: the next one may come */
        free(store->path);
        free(store->error);
        free(store->problem);
        free(store);
        return NULL;
}

static int load_writers(Store *store) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        free(store->writers);
        store->writers = NULL;
        store->n_writers = 0;

        r = stmt_query(store, &sql[SQL_WRITERS], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                int64_t id = sqlite3_column_int64(st, 0);
                void *more;

                if (id <= 0 || id > 1 << 20)
                        return store_fail(store, -EUCLEAN,
                                          "%s is damaged: a writer has number %" PRIi64 ".",
                                          store->path, id);

                more = reallocarray(store->writers, (size_t) id, sizeof(*store->writers));
                if (!more)
                        return -ENOMEM;
                store->writers = more;
                memset(store->writers + store->n_writers, 0,
                       ((size_t) id - store->n_writers) * sizeof(*store->writers));
                store->n_writers = (size_t) id;
                (void) snprintf(store->writers[id - 1], WRITER_NAME_SIZE, "%s", stmt_text(st, 1));
        }

        return r;
}

const char *store_writer_name(Store *store, int64_t id) {
        if ((!store->writers || id > (int64_t) store->n_writers) && load_writers(store) < 0)
                return NULL;
        return id >= 1 && id <= (int64_t) store->n_writers ? store->writers[id - 1] : NULL;
}

int store_writer_id(Store *store, const char *name, int64_t *ret) {
        int r;

        for (size_t i = 0; i < store->n_writers; i++)
                if (strcmp(store->writers[i], name) == 0) {
                        *ret = (int64_t) i + 1;
                        return 0;
                }

        r = stmt_int(store, &sql[SQL_WRITER], 0, ret, "t", name);
        if (r < 0 || *ret > 0)
                return r;

        r = stmt_exec(store, &sql[SQL_WRITER_ADD], "t", name);
        if (r < 0)
                return r;

        *ret = sqlite3_last_insert_rowid(store->db);
        return load_writers(store);
}

/* What this store goes on from: its writer and the writer's newest operation. */
int store_load_own(Store *store) {
        int64_t hlc, today;
        const char *name;
        int r;

        r = stmt_int(store, &sql[SQL_META], 0, &store->writer, "t", "writer");
        if (r < 0)
                return r;

        name = store_writer_name(store, store->writer);
        if (!name || writer_name_check(name) < 0)
                return store_fail(store, -EUCLEAN, "%s is damaged: it does not say who writes it.",
                                  store->path);
        memcpy(store->writer_name, name, WRITER_NAME_SIZE);

        r = stmt_int(store, &sql[SQL_LAST_SEQ], 0, &store->last_seq, "i", store->writer);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_LAST_HLC], 0, &hlc, "i", store->writer);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_META], CARD_NO_DAY, &today, "t", "today");
        if (r < 0)
                return r;

        store->last_hlc = (uint64_t) hlc;
        store->today_day = (int32_t) today;
        return 0;
}

/* mkdir -p, each new folder for the user alone. */
static int make_folder(const char *path) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;

        for (char *slash = copy + 1;; slash++) {
                if (*slash && *slash != '/')
                        continue;

                char kept = *slash;

                *slash = '\0';
                if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS)
                        return -errno;
                *slash = kept;
                if (!kept)
                        return 0;
        }
}

/*
 * The lock is a file of its own beside the store: SQLite's own locks come and go, and any descriptor
 * of the store that we closed would take them along.
 */
static int take_lock(Store *store) {
        _cleanup_free_ char *path = text_format("%s.lock", store->path);
        _cleanup_close_ int fd = -1;

        if (!path)
                return -ENOMEM;

        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && (errno == EROFS || errno == EACCES)) {
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                if (fd < 0)
                        return 0; /* nobody can write there */
        }
        if (fd < 0)
                return store_fail(store, -errno, "%s cannot be opened: %s.", path, strerror(errno));

        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return store_fail(store, -errno, "%s cannot be locked: %s.", path,
                                          strerror(errno));
                return store_fail(
                        store, STORE_E_LOCKED,
                        "%s is in use by another ebbd. Only one can have a collection open.",
                        store->path);
        }

        store->lock_fd = TAKE_FD(fd);
        return 0;
}

static uint32_t read_be32(const uint8_t *p) {
        return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* Looks at the file before SQLite does, to say clearly what is wrong with it. */
static int check_file(Store *store, bool *ret_missing, bool *ret_writable) {
        _cleanup_free_ char *wal = text_format("%s-wal", store->path);
        _cleanup_close_ int fd = -1;
        uint8_t header[HEADER_SIZE];
        struct stat st, wal_st;
        uint64_t page_size;
        ssize_t n;

        if (!wal)
                return -ENOMEM;

        *ret_writable = true;
        fd = open(store->path, O_RDWR | O_CLOEXEC);
        if (fd < 0 && (errno == EROFS || errno == EACCES)) {
                *ret_writable = false;
                fd = open(store->path, O_RDONLY | O_CLOEXEC);
        }
        if (fd < 0 && errno == ENOENT) {
                *ret_missing = true;
                return 0;
        }
        if (fd < 0)
                return store_fail(store, -errno, "%s cannot be opened: %s.", store->path,
                                  strerror(errno));

        if (fstat(fd, &st) < 0)
                return store_fail(store, -errno, "%s cannot be read: %s.", store->path,
                                  strerror(errno));
        if (!S_ISREG(st.st_mode))
                return store_fail(store, STORE_E_FOREIGN,
                                  "%s is not a file, so it cannot hold a collection.", store->path);

        *ret_missing = st.st_size == 0;
        if (st.st_size == 0)
                return 0;

        n = pread(fd, header, sizeof(header), 0);
        if (n < 0)
                return store_fail(store, -errno, "%s cannot be read: %s.", store->path,
                                  strerror(errno));
        if ((size_t) n < sizeof(header) || memcmp(header, "SQLite format 3", 16) != 0)
                return store_fail(
                        store, STORE_E_FOREIGN,
                        "%s is not a database. It is left as it is; move it away, or name "
                        "another file for the collection.",
                        store->path);

        /* With a write-ahead log the pages may be there. */
        page_size = (uint64_t) header[16] << 8 | header[17];
        page_size = page_size == 1 ? 65536 : page_size;
        if ((stat(wal, &wal_st) < 0 || wal_st.st_size == 0) &&
            (uint64_t) st.st_size < page_size * read_be32(header + 28))
                return store_fail(store, STORE_E_DAMAGED,
                                  "%s is cut short: %" PRIi64 " of %" PRIu64
                                  " bytes are there. It is left as "
                                  "it is; put a backup in its place: ebb backup restore.",
                                  store->path, (int64_t) st.st_size,
                                  page_size * read_be32(header + 28));
        return 0;
}

static int create_file(Store *store) {
        int fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
                return store_fail(store, -errno, "%s cannot be made: %s.", store->path,
                                  strerror(errno));
        (void) close(fd);
        return 0;
}

static const char pragmas[] = "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=FULL;"
                              "PRAGMA foreign_keys=ON;"
                              "PRAGMA cache_size=-256;"
                              "PRAGMA temp_store=FILE;"
                              "PRAGMA trusted_schema=OFF;"
                              "PRAGMA cell_size_check=ON;";

static const char pragmas_reading[] = "PRAGMA query_only=ON;"
                                      "PRAGMA cache_size=-256;"
                                      "PRAGMA temp_store=MEMORY;"
                                      "PRAGMA trusted_schema=OFF;";

static int open_for_reading(Store *store) {
        _cleanup_free_ char *wal = text_format("%s-wal", store->path);
        _cleanup_free_ char *uri = NULL;
        TextBuf escaped = { 0 };
        struct stat st;
        int rc, r;

        if (!wal)
                return -ENOMEM;

        /* Where SQLite cannot make its shared memory it needs to be told that nobody writes. */
        textbuf_adds(&escaped, "file:");
        for (const char *p = store->path; *p; p++)
                if (strchr("%?# ", *p))
                        textbuf_addf(&escaped, "%%%02x", (unsigned char) *p);
                else
                        textbuf_addc(&escaped, *p);
        textbuf_adds(&escaped,
                     stat(wal, &st) == 0 && st.st_size > 0 ? "?mode=ro" : "?mode=ro&immutable=1");
        r = textbuf_take(&escaped, &uri);
        if (r < 0)
                return r;

        rc = sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_exec(store->db, pragmas_reading, NULL, NULL, NULL);
        return rc == SQLITE_OK ? 0 : stmt_failed(store, rc);
}

static int open_database(Store *store, int64_t now_ms) {
        bool missing, writable;
        int64_t application, version;
        int64_t tables;
        int rc, r;
        static const Sql sql_application = { "PRAGMA application_id" };
        static const Sql sql_version = { "PRAGMA user_version" };

        r = check_file(store, &missing, &writable);
        if (r != 0)
                return r;

        store->read_only = store->flags & STORE_READ_ONLY || !writable;
        if (missing && store->read_only)
                return store_fail(store, -ENOENT, "There is no collection at %s.", store->path);

        if (missing) {
                r = create_file(store);
                if (r < 0)
                        return r;
        }

        if (store->read_only) {
                r = open_for_reading(store);
                if (r < 0)
                        return r;
        } else {
                rc = sqlite3_open_v2(store->path, &store->db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
                if (rc != SQLITE_OK)
                        return stmt_failed(store, rc);
                (void) sqlite3_extended_result_codes(store->db, 1);
                (void) sqlite3_busy_timeout(store->db, BUSY_MS);
        }

        r = stmt_int(store, &sql_application, 0, &application, "");
        if (r < 0)
                return r;

        r = stmt_int(store, &sql_version, 0, &version, "");
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_TABLES], 0, &tables, "");
        if (r < 0)
                return r;

        /* A database without anything in it is what a crash before the first commit leaves. */
        missing = application == 0 && version == 0 && tables == 0;
        if (!missing && application != SCHEMA_APPLICATION_ID)
                return store_fail(store, STORE_E_FOREIGN,
                                  "%s is a database of another program. It is left as it is; name "
                                  "another file for the collection.",
                                  store->path);
        if (version > schema_version_known())
                return store_fail(store, STORE_E_NEWER,
                                  "%s was written by a newer version of Ebb (format %" PRIi64
                                  ", this one knows %d). Update Ebb to open it.",
                                  store->path, version, schema_version_known());
        if (store->read_only && version < schema_version_known())
                return store_fail(
                        store, -EROFS,
                        "%s is of an older version and cannot be brought up to date: it cannot be "
                        "written.",
                        store->path);

        if (!store->read_only) {
                rc = sqlite3_exec(store->db, pragmas, NULL, NULL, NULL);
                if (rc != SQLITE_OK)
                        return stmt_failed(store, rc);
                (void) sqlite3_wal_autocheckpoint(store->db, CHECKPOINT_PAGES);
        }

        if (version < schema_version_known()) {
                if (!missing) {
                        r = backup_now(store->db, store->path, BACKUP_MIGRATION, now_ms, NULL);
                        if (r < 0)
                                return store_fail(
                                        store, r,
                                        "%s must be brought up to date, but the backup before it "
                                        "failed: %s. Nothing was changed.",
                                        store->path, strerror(-r));
                }

                r = schema_migrate(store, (int) version, now_ms);
                if (r < 0)
                        return r;
                if (r > 0)
                        return -EIO;
        }

        return store_load_own(store);
}

/* The codes of one connection, as store_open() promises them. */
static int answer(int r) {
        switch (r) {
        case -EBUSY:
                return STORE_E_LOCKED;
        case -EUCLEAN:
                return STORE_E_DAMAGED;
        default:
                return r;
        }
}

/*
 * A store that was put back to an earlier state must not go on under its name: the sequence numbers after that state
 * were used already, perhaps seen by others.
 */
static int become_new_writer(Store *store, int64_t now_ms) {
        Op op = { .kind = "writer" };
        _cleanup_free_ char *payload = NULL;
        char parent[WRITER_NAME_SIZE];
        JsonWriter w = { 0 };
        int r;

        memcpy(parent, store->writer_name, sizeof(parent));
        json_open(&w, '{');
        json_put_key(&w, "app");
        json_put_string(&w, EBB_VERSION);
        json_put_key(&w, "format");
        json_put_int(&w, 1);
        json_put_key(&w, "parent");
        json_put_string(&w, parent);
        json_close(&w, '}');
        op.payload_len = w.len;
        r = json_finish(&w, &payload);
        if (r < 0)
                return r;
        op.payload = payload;

        r = transaction_begin(store);
        if (r != 0)
                return r;

        r = schema_new_writer(store);
        if (r >= 0) {
                store_forget_all(store);
                r = store_load_own(store);
        }
        if (r >= 0)
                r = fold_make(store, now_ms, &op);
        store->action = 0;
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }
        return transaction_commit(store);
}

int store_open(const char *path, StoreFlags flags, int64_t now_ms, Store **ret, char **ret_error) {
        _cleanup_(store_freep) Store *store = NULL;
        _cleanup_free_ char *folder = NULL;
        int r;

        if (ret_error)
                *ret_error = NULL;

        store = calloc(1, sizeof(*store));
        folder = strdup(path);
        if (!store || !folder)
                return -ENOMEM;

        store->lock_fd = -1;
        store->flags = flags;
        store->today_day = CARD_NO_DAY;
        store->done_day = CARD_NO_DAY;
        store->path = strdup(path);
        if (!store->path)
                return -ENOMEM;

        r = flags & STORE_READ_ONLY ? 0 : make_folder(dirname(folder));
        if (r < 0)
                (void) store_fail(store, r, "The folder of %s cannot be made: %s.", path,
                                  strerror(-r));
        if (r == 0 && !(flags & STORE_READ_ONLY))
                r = take_lock(store);
        if (r == 0)
                r = open_database(store, now_ms);
        if (r == 0 && flags & STORE_RESTORED)
                r = become_new_writer(store, now_ms);
        if (r != 0) {
                if (ret_error)
                        *ret_error = strdup(store_error(store));
                return answer(r);
        }

        if (store->read_only) {
                store->problem = text_format(
                        "%s is read-only: cards can be looked at, but not graded or changed.",
                        path);
                if (!store->problem)
                        return -ENOMEM;
        }

        *ret = TAKE_PTR(store);
        return 0;
}

int store_open_beside(Store *store, Store **ret) {
        _cleanup_(store_freep) Store *beside = NULL;
        int rc, r;

        beside = calloc(1, sizeof(*beside));
        if (!beside)
                return -ENOMEM;

        beside->lock_fd = -1;
        beside->today_day = CARD_NO_DAY;
        beside->done_day = CARD_NO_DAY;
        beside->path = strdup(store->path);
        if (!beside->path)
                return -ENOMEM;

        rc = sqlite3_open_v2(beside->path, &beside->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             NULL);
        if (rc == SQLITE_OK) {
                (void) sqlite3_extended_result_codes(beside->db, 1);
                (void) sqlite3_busy_timeout(beside->db, BUSY_MS);
                rc = sqlite3_exec(beside->db, pragmas, NULL, NULL, NULL);
        }
        /* With a small cache a big transaction writes the same pages to the log again and again. */
        if (rc == SQLITE_OK)
                rc = sqlite3_exec(beside->db, "PRAGMA cache_size=-6000", NULL, NULL, NULL);
        r = rc == SQLITE_OK ? store_load_own(beside) : stmt_failed(beside, rc);
        if (r < 0)
                return store_fail(store, r, "%s", store_error(beside));

        (void) sqlite3_wal_autocheckpoint(beside->db, CHECKPOINT_PAGES);
        *ret = TAKE_PTR(beside);
        return 0;
}

void store_changed_beside(Store *store) {
        store_forget_all(store);
        store->generation++;
}

bool store_on_write(Store *store, void (*f)(void *userdata), void *userdata) {
        if (f && store->on_write)
                return false;

        store->on_write = f;
        store->on_write_userdata = userdata;
        return true;
}

int store_recover(Store *store, int64_t now_ms) {
        int r;

        transaction_rollback(store);
        close_database(store);
        store_forget_all(store);
        store->unsure = false;

        r = open_database(store, now_ms);
        if (r != 0) {
                store->unsure = true;
                return answer(r);
        }

        store->generation++;
        return 0;
}

int store_idle(Store *store) {
        int rc = SQLITE_OK, r;

        if (!store->db || store->in_transaction || store->unsure)
                return 0;

        if (!store->read_only) {
                r = fold_settle(store, SETTLE_CARDS);
                if (r != 0)
                        return r;
        }

        if (!store->read_only)
                rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                               NULL);
        (void) sqlite3_db_release_memory(store->db);
        return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : stmt_failed(store, rc);
}
