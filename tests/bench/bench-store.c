/*
 * The collection at size: 1,000,000 cards with a review each, and 10,000 cards with 100 each. Prints one figure
 * a line. EBB_BENCH_CARDS makes it smaller; TMPDIR should be on a real disk.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "core/day.h"
#include "store/fold.h"
#include "store/queue.h"
#include "store/verify.h"
#include "util/cleanup.h"

#define NOON   INT64_C(1795435200000)
#define DAY_MS INT64_C(86400000)

static When when = { .now_ms = NOON,
                     .day_starts_min = 240,
                     .today_day = 20780,
                     .day_ends_ms = INT64_C(20781) * DAY_MS + 4 * 3600 * 1000 };
static char folder[80];
static int64_t cards = 1000000;

static double now_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return x < y ? -1 : x > y;
}

static void print_times(const char *what, double *us, size_t n) {
        qsort(us, n, sizeof(*us), compare);
        printf("%-52s median %8.1f us  p99 %8.1f us  max %8.1f us  (n=%zu)\n", what, us[n / 2],
               us[n * 99 / 100], us[n - 1], n);
        fflush(stdout);
}

static void must(int r, Store *store, const char *what) {
        if (r == 0)
                return;
        fprintf(stderr, "%s: %d %s\n", what, r, store ? store_error(store) : "");
        exit(1);
}

static Store *open_at(const char *name) {
        _cleanup_free_ char *error = NULL;
        Store *store = NULL;
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (store_open(path, 0, NOON, &store, &error) != 0) {
                fprintf(stderr, "%s\n", error ? error : path);
                exit(1);
        }
        return store;
}

static void run(Store *store, const char *sql) {
        char *error = NULL;

        if (sqlite3_exec(store_db(store), sql, NULL, NULL, &error) != SQLITE_OK) {
                fprintf(stderr, "%s\n%s\n", sql, error);
                exit(1);
        }
}

static long rss_kib(void) {
        FILE *f = fopen("/proc/self/status", "r");
        char line[128];
        long kib = 0;

        while (f && fgets(line, sizeof(line), f))
                if (sscanf(line, "RssAnon: %ld", &kib) == 1)
                        break;
        if (f)
                fclose(f);
        return kib;
}

/*
 * Rows as the fold would have written them, by SQL: making them by commands would take an hour. Nine of ten cards are
 * in review, spread over a year with 4,500 due today; the rest is new.
 */
static void fill(Store *store, int64_t n, int per_card) {
        _cleanup_free_ char *sql = NULL;
        int made;

        run(store, "PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; BEGIN");
        made = asprintf(
                &sql,
                "WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < %" PRIi64
                ")"
                " INSERT INTO note (id, uuid, known, created, modified, first_sum, fields)"
                " SELECT i, randomblob(16), 1, %" PRIi64 " + i, %" PRIi64 " + i, abs(random()),"
                " '{\"Back\":\"the answer to it, a line or two of it ' || i || '\","
                "\"Front\":\"a question of usual length, number ' || i || '\"}' FROM i",
                n, (NOON << 16), (NOON << 16));
        if (made < 0)
                exit(1);
        run(store, sql);
        free(sql);
        made = asprintf(
                &sql,
                "INSERT INTO card (id, note, ord, deck, queue, state, stability, difficulty, due_day,"
                " last_ms, last_day, interval, reps, given, position)"
                " SELECT id, id, 0, 1, CASE WHEN id %% 10 = 0 THEN 1 ELSE 3 END,"
                " CASE WHEN id %% 10 = 0 THEN 0 ELSE 2 END,"
                " CASE WHEN id %% 10 = 0 THEN 0 ELSE 20 + id %% 100 END,"
                " CASE WHEN id %% 10 = 0 THEN 0 ELSE 5 END,"
                " CASE WHEN id %% 10 = 0 THEN NULL ELSE 20780 + (id / 7) %% 200 END,"
                " CASE WHEN id %% 10 = 0 THEN NULL ELSE %" PRIi64 " END,"
                " CASE WHEN id %% 10 = 0 THEN NULL ELSE 20760 END,"
                " CASE WHEN id %% 10 = 0 THEN 0 ELSE 20 END, CASE WHEN id %% 10 = 0 THEN 0 ELSE %d END, 1,"
                " created FROM note",
                NOON - 20 * DAY_MS, per_card);
        if (made < 0)
                exit(1);
        run(store, sql);
        free(sql);
        made = asprintf(
                &sql,
                "INSERT INTO writer (id, name) VALUES (99, 'bench0000000000w');"
                "WITH RECURSIVE k(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM k WHERE k < %d)"
                " INSERT INTO review (card, at_ms, writer, seq, hash, hlc, tz_min, day_starts_min,"
                " grade, took_ms, mode, was, n, state, step, interval)"
                " SELECT id, %" PRIi64 " + k * %" PRIi64 " + id %% 100000, 99, id * %d + k,"
                " abs(random()) %% 4294967296, (%" PRIi64 " + k * %" PRIi64 ") << 16, 60, 240,"
                " 2 + (id + k) %% 2, 4210, 0, 2, k - 1, 2, 0, 20 FROM card, k WHERE state = 2",
                per_card, NOON - (20 + (int64_t) per_card * 20) * DAY_MS, 20 * DAY_MS, per_card,
                NOON - (20 + (int64_t) per_card * 20) * DAY_MS, 20 * DAY_MS);
        if (made < 0)
                exit(1);
        run(store, sql);
        run(store,
            "INSERT INTO tally SELECT queue, ifnull(due_day, 0), deck, count(*) FROM card GROUP BY 1, 2, 3;"
            "COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)");
}

static void bench_sync(void) {
        char path[128], block[4096] = { 0 };
        double us[2000];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/raw", folder);
        fd = open(path, O_RDWR | O_CREAT, 0600);
        for (size_t i = 0; i < ELEMENTS(us); i++) {
                double before = now_us();

                if (pwrite(fd, block, sizeof(block), (off_t) (i % 64) * 4096) < 0 ||
                    fdatasync(fd) < 0)
                        break;
                us[i] = now_us() - before;
        }
        close(fd);
        (void) unlink(path);
        print_times("raw overwrite of 4 KiB and fdatasync", us, ELEMENTS(us));
}

static void bench_queries(Store *store) {
        double us[1000];
        DueCounts due;
        int64_t ms;
        Card card;

        for (size_t i = 0; i < ELEMENTS(us); i++) {
                double before = now_us();

                must(queue_due(store, &when, &due), store, "due");
                us[i] = now_us() - before;
        }
        print_times("due count", us, ELEMENTS(us));
        printf("  due: %u new, %u learning, %u review\n", due.fresh, due.learning, due.review);
        for (size_t i = 0; i < ELEMENTS(us); i++) {
                double before = now_us();

                must(queue_next_due(store, &when, &ms), store, "next due");
                us[i] = now_us() - before;
        }
        print_times("next due", us, ELEMENTS(us));
        for (size_t i = 0; i < 100; i++) {
                double before = now_us();

                must(queue_pick(store, &when, 0, 0, 0, &card), store, "pick");
                us[i] = now_us() - before;
        }
        print_times("next card, by risk among those due", us, 100);
}

static void bench_grades(Store *store, int n, const char *what) {
        double *us = calloc((size_t) n, sizeof(*us));
        GradeResult result;
        Card card;

        for (int i = 0; us && i < n; i++) {
                double before;

                when.now_ms += 3000;
                must(card_get(store,
                              1 + (int64_t) (((uint64_t) i * 2654435761u) % (uint64_t) cards),
                              &card),
                     store, "card");
                before = now_us();
                must(commands_grade(store, &when, card.id, card.revision, GRADE_GOOD, 3000,
                                    REVIEW_MODE_ASKED, &result),
                     store, "grade");
                us[i] = now_us() - before;
                if (i % 20 == 19)
                        (void) store_idle(store);
        }
        print_times(what, us, (size_t) n);
        free(us);
}

static void bench_fold(void) {
        Store *store = open_at("fold.db");
        double before;

        fill(store, 11112, 100);
        store_free(store);
        store = open_at("fold.db");
        before = now_us();
        must(transaction_begin(store), store, "begin");
        for (int64_t card = 1; card <= 11112; card++)
                must(fold_card(store, card, true), store, "fold");
        must(transaction_commit(store), store, "commit");
        printf("%-52s %.2f s\n", "fold of 1,000,000 reviews of 10,000 cards",
               (now_us() - before) / 1e6);
        store_free(store);
}

static void bench_import(Store *store) {
        const int n = 10000;
        ImportOptions options = { .label = "bench", .importer = "text", .deck = "Imported" };
        Import *import = NULL;
        ImportCounts counts;
        long rss = rss_kib();
        double before = now_us(), staged;

        must(commands_import_begin(store, &options, &import), store, "import");
        for (int i = 0; i < n; i++) {
                char front[64], back[128], guid[32];
                const char *tags[] = { "verb", "n5" };
                FieldValue fields[] = { { "Front", front }, { "Back", back } };
                ImportNote note = { .note = { "", "", fields, 2, tags, 2 }, .guid = guid };

                (void) snprintf(front, sizeof(front), "question number %d of the import", i);
                (void) snprintf(back, sizeof(back),
                                "an answer with <b>some</b> words in it, as long as usual: %d", i);
                (void) snprintf(guid, sizeof(guid), "guid%d", i);
                must(commands_import_add(import, &note), store, "add");
        }
        staged = now_us();
        while (commands_import_step(import, &when, 50) > 0)
                ;
        commands_import_counts(import, &counts);
        printf("%-52s checked and put aside %.2f s, applied %.2f s (%" PRIu64
               " added), memory +%ld KiB\n",
               "import of 10,000 notes", (staged - before) / 1e6, (now_us() - staged) / 1e6,
               counts.added, rss_kib() - rss);
        commands_import_free(import);
}

int main(void) {
        const char *tmp = getenv("TMPDIR");
        char command[160], path[128];
        struct stat st;
        double before;
        Store *store;
        DueCounts due;
        long rss;

        if (getenv("EBB_BENCH_CARDS"))
                cards = atoll(getenv("EBB_BENCH_CARDS"));
        (void) snprintf(folder, sizeof(folder), "%s/ebb-bench-XXXXXX",
                        tmp && strlen(tmp) < 60 ? tmp : "/tmp");
        if (!mkdtemp(folder))
                return 1;

        bench_sync();
        store = open_at("collection.db");
        fill(store, cards, 1);
        store_free(store);
        malloc_trim(0);
        (void) snprintf(path, sizeof(path), "%s/collection.db", folder);
        if (stat(path, &st) == 0)
                printf("%-52s %.0f bytes a card\n",
                       "size with notes and a review each, without their operations",
                       (double) st.st_size / (double) cards);

        rss = rss_kib();
        before = now_us();
        store = open_at("collection.db");
        must(queue_due(store, &when, &due), store, "due");
        printf("%-52s %.1f ms\n", "open, and count what is due", (now_us() - before) / 1e3);
        bench_queries(store);
        printf("%-52s +%ld KiB, of it SQLite %lld KiB\n", "memory", rss_kib() - rss,
               (long long) sqlite3_memory_used() / 1024);
        bench_grades(store, 2000, "grade, committed (WAL, synchronous=FULL)");
        (void) store_idle(store);
        malloc_trim(0);
        printf("%-52s +%ld KiB, of it SQLite %lld KiB\n", "memory after 2,000 grades, idle",
               rss_kib() - rss, (long long) sqlite3_memory_used() / 1024);
        run(store, "PRAGMA synchronous=OFF");
        bench_grades(store, 2000, "grade, without fsync");
        run(store, "PRAGMA synchronous=FULL");
        bench_import(store);
        store_free(store);
        bench_fold();

        (void) snprintf(command, sizeof(command), "rm -r '%s'", folder);
        return system(command) == 0 ? 0 : 1;
}
