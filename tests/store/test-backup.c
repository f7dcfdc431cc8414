#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "store/schema.h"
#include "tests/store/sample.h"
#include "util/usec.h"

static void add_notes(Sample *s, int n) {
        _cleanup_free_ char *sql = NULL;

        sql = text_format(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                " INSERT INTO note (uuid, known, fields) SELECT randomblob(16), 1,"
                " hex(randomblob(200)) FROM n",
                n);
        sample_sql(s, sql);
}

static int64_t notes_in(const char *path) {
        return sample_int(NULL, path, "SELECT count(*) FROM note");
}

/* Files in backups/ whose names begin or end so. */
static size_t files(const Sample *s, const char *part) {
        _cleanup_free_ char *folder = text_format("%s/backups", s->folder);
        DIR *d = opendir(folder);
        struct dirent *e;
        size_t n = 0;

        while (d && (e = readdir(d)))
                n += e->d_name[0] != '.' || strlen(e->d_name) > 2 ? strstr(e->d_name, part) != NULL
                                                                  : 0;
        if (d)
                (void) closedir(d);
        return n;
}

static char *make(Sample *s, BackupKind kind, int64_t now_ms) {
        _cleanup_(backup_freep) Backup *b = NULL;
        int r;

        r = backup_new(s->store, kind, now_ms, &b);
        while (r == 0 && (r = backup_step(b, 50)) == 0)
                ;
        if (r != BACKUP_DONE)
                CHECK_FAIL("backup: %d %s", r, store_error(s->store));
        return r == BACKUP_DONE ? strdup(backup_path(b)) : NULL;
}

static char *in_folder(const Sample *s, const char *name) {
        return text_format("%s/%s", s->folder, name);
}

TEST(a_backup_made_in_slices_is_a_whole_collection_under_its_name)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        _cleanup_free_ char *expected = NULL;
        uint64_t done, total, last = 0;
        Sample s = sample_new();
        int steps = 0, r;
        struct stat st;

        add_notes(&s, 300);
        expected = in_folder(&s, "backups/ebb-20261123T120000Z-daily.db");
        REQUIRE(backup_new(s.store, BACKUP_DAILY, NOW_MS, &b) == 0);
        CHECK_STR(expected, backup_path(b));
        while ((r = backup_step(b, 3)) == 0) {
                steps++;
                CHECK(access(expected, F_OK) < 0);
                backup_progress(b, &done, &total);
                CHECK(done >= last && done <= total && total > 0);
                last = done;
        }
        CHECK_INT(BACKUP_DONE, r);
        CHECK_INT(BACKUP_DONE, backup_step(b, 3));
        CHECK(steps > 20);
        CHECK_INT(300, notes_in(expected));
        CHECK_INT(SCHEMA_APPLICATION_ID, sample_int(NULL, expected, "PRAGMA application_id"));
        CHECK_INT(1, files(&s, ""));
        CHECK(stat(expected, &st) == 0 && (st.st_mode & 0777) == 0600);
        sample_done(&s);
}

TEST(changes_meanwhile_neither_enter_nor_disturb_a_backup)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        Sample s = sample_new();
        int r;

        add_notes(&s, 300);
        REQUIRE(backup_new(s.store, BACKUP_MANUAL, NOW_MS, &b) == 0);
        for (int i = 0; (r = backup_step(b, 5)) == 0; i++) {
                CHECK(i < 1000);
                add_notes(&s, 3);
        }
        CHECK_INT(BACKUP_DONE, r);
        CHECK_INT(300, notes_in(backup_path(b)));
        sample_done(&s);
}

TEST(a_backup_given_up_leaves_nothing)
{
        Sample s = sample_new();
        Backup *b = NULL;

        add_notes(&s, 300);
        REQUIRE(backup_new(s.store, BACKUP_DAILY, NOW_MS, &b) == 0);
        CHECK_INT(0, backup_step(b, 3));
        CHECK_INT(1, files(&s, ".part"));
        backup_free(b);
        CHECK_INT(0, files(&s, ""));
        sample_done(&s);
}

/* The limit on file sizes stands in for a full disk: writes fail in the middle. */
TEST(a_backup_that_finds_no_room_leaves_nothing)
{
        _cleanup_(backup_freep) Backup *b = NULL;
        struct rlimit before, small;
        Sample s = sample_new();
        int r;

        add_notes(&s, 600);
        CHECK_INT(0, store_idle(s.store));
        (void) signal(SIGXFSZ, SIG_IGN);
        REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
        small = (struct rlimit){ 100 * 1024, before.rlim_max };
        REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
        r = backup_new(s.store, BACKUP_DAILY, NOW_MS, &b);
        while (r == 0 && (r = backup_step(b, 10)) == 0)
                ;
        (void) setrlimit(RLIMIT_FSIZE, &before);
        CHECK(r < 0);
        CHECK(strstr(store_error(s.store), "was not made"));
        CHECK_INT(0, files(&s, ""));
        CHECK_INT(600, sample_int(&s, NULL, "SELECT count(*) FROM note"));
        sample_done(&s);
}

TEST(a_backup_of_a_damaged_collection_is_not_kept)
{
        Sample s = sample_new();
        struct stat st;
        char noise[4096];
        int fd;

        add_notes(&s, 600);
        s.store = store_free(s.store);
        memset(noise, 0x5a, sizeof(noise));
        fd = open(s.path, O_RDWR);
        REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
        CHECK(pwrite(fd, noise, sizeof(noise), st.st_size - 4096) == 4096);
        (void) close(fd);
        sample_open(&s);
        for (int pages = -1; pages < 20; pages += 11) {
                _cleanup_(backup_freep) Backup *b = NULL;
                int r;

                r = backup_new(s.store, BACKUP_DAILY, NOW_MS, &b);
                while (r == 0 && (r = backup_step(b, pages)) == 0)
                        ;
                CHECK_INT(-EUCLEAN, r);
                CHECK(strstr(store_error(s.store), "the copy is damaged"));
                CHECK_INT(0, files(&s, ""));
        }
        sample_done(&s);
}

TEST(two_backups_of_one_second_have_two_names)
{
        _cleanup_free_ char *a = NULL, *b = NULL;
        Sample s = sample_new();

        a = make(&s, BACKUP_DAILY, NOW_MS);
        b = make(&s, BACKUP_DAILY, NOW_MS + 999);
        CHECK(a && b && strcmp(a, b) != 0);
        CHECK_INT(2, files(&s, "-daily.db"));
        sample_done(&s);
}

TEST(a_blocking_backup_is_the_same)
{
        _cleanup_free_ char *path = NULL;
        Sample s = sample_new();

        add_notes(&s, 100);
        REQUIRE(backup_now(store_db(s.store), s.path, BACKUP_MIGRATION, NOW_MS, &path) == 0);
        CHECK(strstr(path, "/backups/ebb-20261123T120000Z-migration.db"));
        CHECK_INT(100, notes_in(path));
        sample_done(&s);
}

static void touch(const Sample *s, const char *name) {
        _cleanup_free_ char *path = text_format("%s/backups/%s", s->folder, name);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);

        CHECK(fd >= 0 && write(fd, "x", 1) == 1);
        (void) close(fd);
}

TEST(only_files_named_as_backups_are_listed_newest_first)
{
        static const char *const others[] = {
                "ebb-20261123T120000Z-daily.db-wal", ".ebb-20261123T120000Z-daily.db.part",
                "ebb-20261323T120000Z-daily.db",     "ebb-20261123T240000Z-daily.db",
                "ebb-20260229T120000Z-daily.db",     "ebb-20261123T120000Z-hourly.db",
                "ebb-20261123T120000Z-.db",          "ebb-20261123T120000-daily.db",
                "ebb-2026112T120000Z-daily.db",      "collection.db",
                "ebb-20261123T120000Z-daily.sqlite", "ebb-.db",
        };
        _cleanup_(backup_list_done) BackupList list = {};
        _cleanup_free_ char *folder = NULL;
        Sample s = sample_new();

        CHECK_INT(0, backup_list(s.path, &list));
        CHECK_INT(0, list.n);

        folder = in_folder(&s, "backups");
        REQUIRE(mkdir(folder, 0700) == 0);
        for (size_t i = 0; i < ELEMENTS(others); i++)
                touch(&s, others[i]);
        touch(&s, "ebb-20240229T235959Z-manual.db");
        touch(&s, "ebb-20261123T120000Z-import.db");
        touch(&s, "ebb-19700101T000001Z-daily.db");
        REQUIRE(backup_list(s.path, &list) == 0);
        REQUIRE(list.n == 3);
        CHECK_INT(NOW_MS, list.files[0].at_ms);
        CHECK_INT(BACKUP_IMPORT, list.files[0].kind);
        CHECK_INT(1, list.files[0].bytes);
        CHECK_INT(INT64_C(1709251199000), list.files[1].at_ms);
        CHECK_INT(BACKUP_MANUAL, list.files[1].kind);
        CHECK_INT(1000, list.files[2].at_ms);
        sample_done(&s);
}

/* ---- rotation ---- */

static const BackupKeep keep_default = BACKUP_KEEP_DEFAULT;

enum { MANY = 400 };

static uint64_t dice = 88172645463325252u;

static uint64_t roll(uint64_t below) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return dice % below;
}

static int64_t month_of(int64_t at_ms) {
        time_t t = (time_t) (at_ms / 1000);
        struct tm tm;

        gmtime_r(&t, &tm);
        return tm.tm_year * 12 + tm.tm_mon;
}

/* Weeks begin on Monday; day 0 was a Thursday. */
static int64_t week_of(int64_t at_ms) {
        return (at_ms / MSEC_PER_DAY + 3) / 7;
}

static int64_t day_of(int64_t at_ms) {
        return at_ms / MSEC_PER_DAY;
}

/*
 * By counting, for each file: it is wanted when no newer one shares its span, and fewer than `most`
 * spans that hold a file are newer.
 */
static bool wanted(const BackupFile *f, size_t n, size_t i, int64_t (*span)(int64_t),
                   unsigned most) {
        int64_t seen = INT64_MAX;
        unsigned spans = 0;

        for (size_t k = 0; k < i; k++) {
                if (span(f[k].at_ms) == span(f[i].at_ms))
                        return false;
                if (span(f[k].at_ms) != seen) {
                        seen = span(f[k].at_ms);
                        spans++;
                }
        }
        return spans < most;
}

TEST(rotation_keeps_the_newest_of_days_weeks_and_months_and_nothing_else)
{
        for (int round = 0; round < 200; round++) {
                BackupKeep keep = { 1 + (unsigned) roll(9), (unsigned) roll(9),
                                    (unsigned) roll(14) };
                size_t n = (size_t) roll(MANY), again = 0;
                BackupFile list[MANY] = {}, left[MANY];
                bool kept[MANY];
                int64_t at = NOW_MS;

                for (size_t i = 0; i < n; i++) {
                        at -= (int64_t) roll(round % 2 ? 2 * MSEC_PER_DAY
                                                       : 40 * MSEC_PER_DAY / (n + 1)) +
                              1;
                        list[i] = (BackupFile){ .at_ms = at, .kind = BACKUP_DAILY };
                }
                backup_choose(list, n, &keep, NOW_MS, kept);
                for (size_t i = 0; i < n; i++) {
                        bool day = wanted(list, n, i, day_of, keep.days);
                        bool week = wanted(list, n, i, week_of, keep.weeks);
                        bool month = wanted(list, n, i, month_of, keep.months);

                        if (kept[i] != (day || week || month))
                                CHECK_FAIL("round %d, file %zu is %s", round, i,
                                           kept[i] ? "kept" : "deleted");
                        if (kept[i])
                                CHECK_INT(day    ? BACKUP_DAILY
                                          : week ? BACKUP_WEEKLY
                                                 : BACKUP_MONTHLY,
                                          list[i].kind);
                        if (kept[i])
                                left[again++] = list[i];
                }
                /* What was kept is kept when asked again. */
                backup_choose(left, again, &keep, NOW_MS, kept);
                for (size_t i = 0; i < again; i++)
                        CHECK(kept[i]);
        }
}

TEST(three_years_of_daily_backups_leave_a_year_in_at_most_27_files)
{
        BackupFile list[64] = {};
        bool kept[64];
        size_t n = 0;

        for (int day = 0; day < 3 * 365; day++) {
                int64_t now_ms = NOW_MS + day * MSEC_PER_DAY;
                size_t left = 0;

                memmove(list + 1, list, n * sizeof(list[0]));
                list[0] = (BackupFile){ .at_ms = now_ms, .kind = BACKUP_DAILY };
                n++;
                backup_choose(list, n, &keep_default, now_ms, kept);
                for (size_t i = 0; i < n; i++)
                        if (kept[i])
                                list[left++] = list[i];
                n = left;
                CHECK(n <= 27);
                for (size_t i = 0; i < 7 && i <= (size_t) day; i++)
                        CHECK_INT(now_ms - (int64_t) i * MSEC_PER_DAY, list[i].at_ms);
        }
        /* From 2029-11-21 back to 2028-12-31, the last of the month that is the twelfth. */
        CHECK_INT(325, (list[0].at_ms - list[n - 1].at_ms) / MSEC_PER_DAY);
        CHECK(n >= 20);
}

TEST(other_kinds_have_rules_of_their_own)
{
        BackupFile list[] = {
                { .at_ms = NOW_MS + 9 * MSEC_PER_DAY,
                  .kind = BACKUP_DAILY }, /* a clock that was wrong */
                { .at_ms = NOW_MS - 29 * MSEC_PER_DAY, .kind = BACKUP_IMPORT },
                { .at_ms = NOW_MS - 31 * MSEC_PER_DAY, .kind = BACKUP_IMPORT },
                { .at_ms = NOW_MS - 32 * MSEC_PER_DAY,
                  .kind = BACKUP_MIGRATION }, /* the newest of its kind */
                { .at_ms = NOW_MS - 33 * MSEC_PER_DAY, .kind = BACKUP_MIGRATION },
                { .at_ms = NOW_MS - 999 * MSEC_PER_DAY, .kind = BACKUP_MANUAL },
        };
        bool kept[ELEMENTS(list)];

        backup_choose(list, ELEMENTS(list), &keep_default, NOW_MS, kept);
        CHECK(kept[0] && kept[1] && !kept[2] && kept[3] && !kept[4] && kept[5]);
}

TEST(rotation_deletes_what_it_does_not_keep_and_stale_parts_alone)
{
        Sample s = sample_new();
        _cleanup_free_ char *folder = in_folder(&s, "backups"), *stale = NULL;
        struct timespec old[2] = { { .tv_sec = NOW_MS / 1000 - 2 * 86400 },
                                   { .tv_sec = NOW_MS / 1000 - 2 * 86400 } };
        size_t deleted = 0;

        REQUIRE(mkdir(folder, 0700) == 0);
        touch(&s, "ebb-20261123T110000Z-daily.db");
        touch(&s, "ebb-20261123T100000Z-daily.db");
        touch(&s, "ebb-20261123T090000Z-manual.db");
        touch(&s, "letters.db");
        touch(&s, ".ebb-20261101T110000Z-daily.db.part");
        stale = in_folder(&s, "backups/.ebb-20261101T110000Z-daily.db.part");
        REQUIRE(utimensat(AT_FDCWD, stale, old, 0) == 0);
        CHECK_INT(0, backup_rotate(s.path, &keep_default, NOW_MS, &deleted));
        CHECK_INT(1, deleted);
        CHECK_INT(1, files(&s, "-daily.db"));
        CHECK_INT(1, files(&s, "110000Z-daily.db"));
        CHECK_INT(3, files(&s, ""));
        sample_done(&s);
}

/* ---- restoring ---- */

TEST(restoring_brings_the_old_state_back_as_a_new_writer_and_saves_the_present_one)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        _cleanup_free_ char *backup = NULL, *saved = NULL, *writer = NULL, *parent = NULL;
        Sample s = sample_new();

        writer = strdup(store_writer(s.store));
        add_notes(&s, 10);
        backup = make(&s, BACKUP_DAILY, NOW_MS - 1000);
        REQUIRE(backup);
        add_notes(&s, 5);
        s.store = store_free(s.store);

        CHECK_INT(0, backup_restore(s.path, backup, NOW_MS, &saved, &problem));
        REQUIRE(saved);
        CHECK_INT(15, notes_in(saved));
        sample_open(&s);
        CHECK_INT(10, sample_int(&s, NULL, "SELECT count(*) FROM note"));
        CHECK(strcmp(writer, store_writer(s.store)) != 0);
        parent = text_format("SELECT count(*) FROM op WHERE kind = 'writer' AND"
                             " json_extract(payload, '$.parent') = '%s'",
                             writer);
        CHECK_INT(1, sample_int(&s, NULL, parent));
        CHECK_INT(10, notes_in(backup));
        CHECK_INT(2, files(&s, ""));
        s.store = store_free(s.store);

        /* And back again. */
        free(backup);
        backup = NULL;
        CHECK_INT(0, backup_restore(s.path, saved, NOW_MS + 5000, &backup, &problem));
        CHECK_INT(15, notes_in(s.path));
        sample_open(&s);
        sample_done(&s);
}

TEST(restoring_where_there_is_no_collection_saves_nothing)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        _cleanup_free_ char *backup = NULL, *saved = NULL;
        Sample s = sample_new();

        add_notes(&s, 10);
        backup = make(&s, BACKUP_MANUAL, NOW_MS);
        s.store = store_free(s.store);
        REQUIRE(unlink(s.path) == 0);
        CHECK_INT(0, backup_restore(s.path, backup, NOW_MS, &saved, &problem));
        CHECK(!saved);
        CHECK_INT(10, notes_in(s.path));
        sample_open(&s);
        sample_done(&s);
}

static void write_file(const char *path, const char *bytes, size_t len) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t) len);
        (void) close(fd);
}

/* What a refused file must not leave behind. */
static size_t debris(const Sample *s) {
        DIR *d = opendir(s->folder);
        struct dirent *e;
        size_t n = 0;

        while (d && (e = readdir(d)))
                n += text_starts_with(e->d_name, ".restore") ||
                     text_starts_with(e->d_name, "given.db-");
        if (d)
                (void) closedir(d);
        return n;
}

TEST(what_is_no_whole_collection_is_refused_and_nothing_changes)
{
        enum { EMPTY, WORDS, OTHER, CUT, MIXED_UP, NEWER, ITSELF, MISSING, FOLDER, N };
        static const struct {
                int code;
                const char *says;
        } expected[N] = {
                [EMPTY] = { BACKUP_E_FOREIGN, "is not a collection of Ebb." },
                [WORDS] = { BACKUP_E_FOREIGN, "is not a database, or is damaged." },
                [OTHER] = { BACKUP_E_FOREIGN, "is not a collection of Ebb." },
                [CUT] = { BACKUP_E_FOREIGN, "damaged" },
                [MIXED_UP] = { BACKUP_E_FOREIGN, "damaged" },
                [NEWER] = { BACKUP_E_NEWER, "was written by a newer version of Ebb" },
                [ITSELF] = { BACKUP_E_SAME, "is the collection itself." },
                [MISSING] = { BACKUP_E_FOREIGN, "is not there." },
                [FOLDER] = { BACKUP_E_FOREIGN, "is not a file." },
        };
        _cleanup_free_ char *backup = NULL, *noise = calloc(1, 4096);
        Sample s = sample_new();
        struct stat st;

        add_notes(&s, 300);
        backup = make(&s, BACKUP_DAILY, NOW_MS);
        REQUIRE(backup && stat(backup, &st) == 0);
        s.store = store_free(s.store);
        memset(noise, 0x5a, 4096);

        for (int i = 0; i < N; i++) {
                _cleanup_(textbuf_done) TextBuf problem = {};
                _cleanup_free_ char *path = in_folder(&s, "given.db"), *saved = NULL, *sql = NULL;
                sqlite3 *db = NULL;
                int fd, r;

                (void) unlink(path);
                if (i == CUT || i == MIXED_UP || i == NEWER) {
                        _cleanup_free_ char *bytes = malloc((size_t) st.st_size);

                        fd = open(backup, O_RDONLY);
                        CHECK(read(fd, bytes, (size_t) st.st_size) == st.st_size);
                        (void) close(fd);
                        write_file(path, bytes, (size_t) st.st_size / (i == CUT ? 2 : 1));
                }
                switch (i) {
                case EMPTY:
                        write_file(path, "", 0);
                        break;
                case WORDS:
                        for (int k = 0; k < 4096; k += 8)
                                memcpy(noise + k, "letters ", 8);
                        write_file(path, noise, 4096);
                        break;
                case OTHER:
                case NEWER:
                        CHECK_INT(SQLITE_OK, sqlite3_open(path, &db));
                        sql = text_format("PRAGMA user_version=%d; CREATE TABLE extra (x)",
                                          schema_version_known() + 1);
                        CHECK_INT(SQLITE_OK, sqlite3_exec(db, sql, NULL, NULL, NULL));
                        (void) sqlite3_close(db);
                        break;
                case MIXED_UP:
                        fd = open(path, O_WRONLY);
                        for (off_t at = 8192; at + 4096 <= st.st_size; at += 3 * 4096)
                                CHECK(pwrite(fd, noise, 4096, at) == 4096);
                        (void) close(fd);
                        break;
                case ITSELF:
                        CHECK_INT(0, link(s.path, path));
                        break;
                case FOLDER:
                        CHECK_INT(0, mkdir(path, 0700));
                        break;
                default:
                        break;
                }

                r = backup_restore(s.path, path, NOW_MS + i * 2000, &saved, &problem);
                if (r != expected[i].code ||
                    !strstr(problem.buf ? problem.buf : "", expected[i].says))
                        CHECK_FAIL("case %d: %d %s", i, r, problem.buf);
                CHECK_INT(300, notes_in(s.path));
                CHECK_INT(1, files(&s, ""));
                CHECK_INT(0, debris(&s));
                (void) rmdir(path);
        }
        sample_open(&s);
        CHECK_INT(300, sample_int(&s, NULL, "SELECT count(*) FROM note"));
        sample_done(&s);
}

TEST(an_open_collection_is_not_replaced)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        _cleanup_free_ char *backup = NULL, *saved = NULL;
        Sample s = sample_new();

        backup = make(&s, BACKUP_DAILY, NOW_MS);
        add_notes(&s, 3);
        CHECK_INT(-EBUSY, backup_restore(s.path, backup, NOW_MS, &saved, &problem));
        CHECK(problem.buf && strstr(problem.buf, "is in use by another program"));
        CHECK_INT(3, sample_int(&s, NULL, "SELECT count(*) FROM note"));
        sample_done(&s);
}

TEST(a_damaged_collection_is_saved_as_it_is_with_its_log)
{
        _cleanup_(textbuf_done) TextBuf problem = {};
        _cleanup_free_ char *backup = NULL, *saved = NULL, *wal = NULL, *saved_wal = NULL;
        char head[8] = {};
        Sample s = sample_new();
        int fd;

        add_notes(&s, 10);
        backup = make(&s, BACKUP_DAILY, NOW_MS - 1000);
        s.store = store_free(s.store);
        write_file(s.path, "broken collection", 17);
        wal = text_format("%s-wal", s.path);
        write_file(wal, "its log", 7);

        CHECK_INT(0, backup_restore(s.path, backup, NOW_MS, &saved, &problem));
        REQUIRE(saved);
        fd = open(saved, O_RDONLY);
        CHECK(read(fd, head, 6) == 6 && strcmp(head, "broken") == 0);
        (void) close(fd);
        saved_wal = text_format("%s-wal", saved);
        CHECK(access(saved_wal, F_OK) == 0);
        CHECK(access(wal, F_OK) < 0);
        sample_open(&s);
        CHECK_INT(10, sample_int(&s, NULL, "SELECT count(*) FROM note"));
        sample_done(&s);
}

CHECK_MAIN
