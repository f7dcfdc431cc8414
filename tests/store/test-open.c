/* Files that are not what they should be: each is refused with a sentence, and left as it is. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/schema.h"

CHECK_MAIN

static int try_open(const char *path, StoreFlags flags, char **error) {
        Store *store = NULL;
        int r = store_open(path, flags, NOON, &store, error);

        store_free(store);
        return r;
}

static void write_file(const char *path, const char *text) {
        FILE *f = fopen(path, "w");

        if (f) {
                fputs(text, f);
                fclose(f);
        }
}

/* Closes the collection, spoils the file with `how`, opens it: the code, a word of the sentence, bytes unchanged. */
static void check_spoiled(void (*how)(Fixture *f), int code, const char *word) {
        Fixture f = fixture_new();
        _cleanup_free_ char *error = NULL;
        struct stat before, after;

        add_basic(&f, "q", "a");
        store_free(f.store);
        f.store = NULL;
        how(&f);
        REQUIRE(stat(f.path, &before) == 0);
        CHECK_INT(code, try_open(f.path, 0, &error));
        CHECK(error && strstr(error, word));
        CHECK(error && strstr(error, f.path));
        REQUIRE(stat(f.path, &after) == 0);
        CHECK_INT(before.st_size, after.st_size);
        fixture_done(&f);
}

static void make_text(Fixture *f) {
        write_file(f->path,
                   "this is not a database, however long it may be: "
                   "0123456789012345678901234567890123456789012345678901234567890123456789\n");
}
static void make_short(Fixture *f) {
        write_file(f->path, "SQLite");
}
static void cut(Fixture *f) {
        struct stat st;

        if (stat(f->path, &st) < 0 || truncate(f->path, st.st_size / 2) < 0)
                abort();
}
static void make_newer(Fixture *f) {
        CHECK_INT(SQLITE_OK, sql_run(f->path, "PRAGMA user_version = 9999"));
}
static void make_foreign(Fixture *f) {
        CHECK_INT(SQLITE_OK, sql_run(f->path, "PRAGMA application_id = 42"));
}
static void make_folder(Fixture *f) {
        if (unlink(f->path) < 0 || mkdir(f->path, 0700) < 0)
                abort();
}
static void lose_writer(Fixture *f) {
        CHECK_INT(SQLITE_OK, sql_run(f->path, "DELETE FROM meta WHERE key = 'writer'"));
}

TEST(a_text_file_is_refused)
{ check_spoiled(make_text, STORE_E_FOREIGN, "not a database"); }
TEST(a_few_bytes_are_refused)
{ check_spoiled(make_short, STORE_E_FOREIGN, "not a database"); }
TEST(a_truncated_store_is_refused)
{ check_spoiled(cut, STORE_E_DAMAGED, "cut short"); }
TEST(a_store_of_a_newer_version_is_refused)
{ check_spoiled(make_newer, STORE_E_NEWER, "newer version"); }
TEST(a_database_of_another_program_is_refused)
{ check_spoiled(make_foreign, STORE_E_FOREIGN, "another program"); }
TEST(a_store_that_lost_its_writer_is_refused)
{ check_spoiled(lose_writer, STORE_E_DAMAGED, "damaged"); }

TEST(a_folder_is_refused)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *error = NULL;
        int r;

        store_free(f.store);
        f.store = NULL;
        make_folder(&f);
        r = try_open(f.path, 0, &error);
        CHECK(r != 0);
        CHECK(error && strstr(error, f.path));
        fixture_done(&f);
}

TEST(a_file_of_zero_bytes_is_a_new_collection)
{
        Fixture f = fixture_new();
        char path[120];

        (void) snprintf(path, sizeof(path), "%s/empty.db", f.folder);
        write_file(path, "");
        CHECK_INT(0, try_open(path, 0, NULL));
        CHECK_INT(0, try_open(path, 0, NULL));
        fixture_done(&f);
}

TEST(a_collection_is_for_its_owner_alone)
{
        Fixture f = fixture_new();
        char path[160], folder[140];
        struct stat st;
        Store *store = NULL;

        (void) umask(0);
        (void) snprintf(folder, sizeof(folder), "%s/share/ebb", f.folder);
        (void) snprintf(path, sizeof(path), "%s/c.db", folder);
        REQUIRE(store_open(path, 0, NOON, &store, NULL) == 0);
        REQUIRE(stat(folder, &st) == 0);
        CHECK_INT(0700, st.st_mode & 0777);
        REQUIRE(stat(path, &st) == 0);
        CHECK_INT(0600, st.st_mode & 0777);
        store_free(store);
        fixture_done(&f);
}

TEST(a_second_daemon_is_refused)
{
        Fixture f = fixture_new();
        int status = -1;
        pid_t child = fork();

        if (child == 0) {
                _cleanup_free_ char *error = NULL;
                int r = try_open(f.path, 0, &error);

                _exit(r == STORE_E_LOCKED && error && strstr(error, "in use by another ebbd") ? 0
                                                                                              : 1);
        }
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
        CHECK_INT(0, status);
        CHECK_INT(0, grade_now(&f, first_card(&f, add_basic(&f, "q", "a")), GRADE_GOOD));
        fixture_done(&f);
}

TEST(reading_only_serves_reads_and_refuses_writes)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        GradeResult result;
        Store *store = NULL;
        DueCounts due;
        Card c;

        store_free(f.store);
        f.store = NULL;
        REQUIRE(store_open(f.path, STORE_READ_ONLY, NOON, &store, NULL) == 0);
        CHECK(store_problem(store));
        CHECK_INT(0, queue_due(store, &f.when, &due));
        CHECK_INT(1, due.fresh);
        CHECK_INT(0, card_get(store, card, &c));
        CHECK_INT(STORE_E_READ_ONLY, commands_grade(store, &f.when, card, c.revision, GRADE_GOOD, 0,
                                                    REVIEW_MODE_ASKED, &result));
        CHECK_INT(0, verify_all(store));
        store_free(store);
        fixture_done(&f);
}

TEST(a_missing_store_is_not_made_for_reading)
{
        Fixture f = fixture_new();
        char path[120];

        (void) snprintf(path, sizeof(path), "%s/none.db", f.folder);
        CHECK(try_open(path, STORE_READ_ONLY, NULL) < 0);
        CHECK_INT(-1, access(path, F_OK));
        fixture_done(&f);
}

TEST(a_restored_store_goes_on_under_a_new_writer)
{
        Fixture f = fixture_new();
        char before[WRITER_NAME_SIZE];
        Store *store = NULL;

        add_basic(&f, "q", "a");
        (void) snprintf(before, sizeof(before), "%s", store_writer(f.store));
        store_free(f.store);
        f.store = NULL;
        REQUIRE(store_open(f.path, STORE_RESTORED, NOON, &store, NULL) == 0);
        f.store = store;
        CHECK(strcmp(before, store_writer(store)) != 0);
        CHECK_INT(1, sql_int(&f, "SELECT count(*) FROM op WHERE kind = 'writer' AND seq = 1"));
        CHECK_INT(0, grade_now(&f, 1, GRADE_GOOD));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

/* Each a statement that spoils one derived value, and a word of what verification says of it. */
static char said[400];

static void remember(const char *sentence, void *userdata) {
        (void) snprintf(said, sizeof(said), "%s", sentence);
}

TEST(verification_finds_every_spoiled_value)
{
        static const struct {
                const char *sql, *word;
        } rows[] = {
                { "UPDATE card SET stability = stability + 0.001 WHERE id = 1",
                  "Card 1: its stability" },
                { "UPDATE card SET due_day = due_day + 1 WHERE id = 1", "day" },
                { "UPDATE card SET lapses = 3 WHERE id = 1", "number of lapses" },
                { "UPDATE card SET queue = 0 WHERE id = 2", "queue" },
                { "UPDATE card SET suspended = 1 WHERE id = 2", "Card 2" },
                { "UPDATE card SET flag = 1 WHERE id = 2", "flag" },
                { "UPDATE note SET fields = '{}' WHERE id = 1", "Note 1" },
                { "UPDATE note SET deleted = 1 WHERE id = 2", "Note 2" },
                { "INSERT INTO tag (name) VALUES ('z'); INSERT INTO note_tag SELECT 1, max(id) FROM tag",
                  "tag \"z\"" },
                { "UPDATE tally SET n = n + 1", "count of" },
                { "UPDATE deck SET name = 'x' WHERE id = 2", "Deck 2" },
                { "UPDATE preset SET json = '{\"new-per-day\":1}' WHERE id = 1", "Preset 1" },
                { "UPDATE notetype SET name = 'x' WHERE id = 3", "Note type 3" },
                { "UPDATE review SET grade = 2", "not what it was" },
                { "UPDATE review SET undone = 1", "should count" },
                { "UPDATE op SET payload = '{\"fields\":{}}' WHERE id = 1", "not what it was" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Fixture f = fixture_new();
                _cleanup_(verify_freep) Verify *v = NULL;
                int done;

                add_basic(&f, "q", "a");
                add_basic(&f, "q2", "a");
                CHECK_INT(0, commands_deck_create(f.store, &f.when, "D", NULL));
                CHECK_INT(0, grade_now(&f, 1, GRADE_EASY));
                REQUIRE(sqlite3_exec(store_db(f.store), rows[i].sql, NULL, NULL, NULL) ==
                        SQLITE_OK);
                fixture_reopen(&f);
                said[0] = '\0';
                REQUIRE(verify_new(f.store, remember, NULL, &v) == 0);
                while (verify_step(v, 10, &done) > 0 && !strstr(said, rows[i].word))
                        ;
                if (!strstr(said, rows[i].word))
                        CHECK_FAIL("after %s: \"%s\" says nothing of %s", rows[i].sql, said,
                                   rows[i].word);
                CHECK(verify_differences(v) > 0);
                fixture_done(&f);
        }
}
