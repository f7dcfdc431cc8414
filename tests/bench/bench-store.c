/*
 * The store at size, on a file that make-collection made and this changes. One line a figure: its name, then
 * microseconds (smallest, median, 99th percentile, largest, how many) or one number.
 *
 *   bench-store queries FILE     what is due, what is next, which card to ask
 *   bench-store grades FILE N    with synchronous=FULL, as always, and with OFF
 *   bench-store fold FILE        every card anew from its reviews, in seconds
 *   bench-store verify FILE      all of the collection rebuilt from its operations and compared, in seconds
 *   bench-store import FILE N    so many notes, through the commands, in seconds
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "core/day.h"
#include "store/fold.h"
#include "store/queue.h"
#include "store/stmt.h"
#include "store/verify.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define DAY_MS INT64_C(86400000)

static When when;
static Store *store;

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
        printf("%s %.1f %.1f %.1f %.1f %zu\n", what, us[0], us[n / 2], us[n * 99 / 100], us[n - 1],
               n);
        fflush(stdout);
}

static void must(int r, const char *what) {
        if (r == 0)
                return;
        fprintf(stderr, "bench-store: %s: %d %s\n", what, r, store ? store_error(store) : "");
        exit(1);
}

static void set_now(int64_t now_ms) {
        Moment m = day_moment(now_ms, 0, DAY_STARTS_DEFAULT_MIN);

        when = (When){ .now_ms = now_ms,
                       .day_starts_min = DAY_STARTS_DEFAULT_MIN,
                       .today_day = m.day,
                       .day_ends_ms = m.next_day_ms };
}

static int64_t number(const char *query) {
        _cleanup_stmt_final_ sqlite3_stmt *st = NULL;

        must(stmt_prepare(store, query, &st), query);
        if (stmt_step(store, st) != 1)
                must(-1, query);
        return sqlite3_column_int64(st, 0);
}

static void queries(void) {
        double us[2000];
        DueCounts due;
        int64_t ms;
        Card card;

        for (size_t i = 0; i < ELEMENTS(us); i++) {
                double before = now_us();

                must(queue_due(store, &when, &due), "due");
                us[i] = now_us() - before;
        }
        print_times("due-count", us, ELEMENTS(us));
        for (size_t i = 0; i < ELEMENTS(us); i++) {
                double before = now_us();

                must(queue_next_due(store, &when, &ms), "next due");
                us[i] = now_us() - before;
        }
        print_times("next-due", us, ELEMENTS(us));
        for (size_t i = 0; i < 200; i++) {
                double before = now_us();

                must(queue_pick(store, &when, 0, 0, 0, &card), "pick");
                us[i] = now_us() - before;
        }
        print_times("next-card", us, 200);
        /* A minute after the collection was graded through, with cards waiting in their steps. */
        for (size_t i = 0; i < 300; i++) {
                GradeResult result;

                must(queue_pick(store, &when, 0, 0, 0, &card), "pick");
                must(commands_grade(store, &when, card.id, card.revision, GRADE_AGAIN, 3000,
                                    REVIEW_MODE_ASKED, &result),
                     "grade");
        }
        set_now(when.now_ms + 2 * 3600000);
        for (size_t i = 0; i < ELEMENTS(us); i++) {
                double before = now_us();

                must(queue_due(store, &when, &due), "due");
                us[i] = now_us() - before;
        }
        print_times("due-count-with-learning", us, ELEMENTS(us));
}

static void grades(const char *what, int64_t cards, int n, int64_t first) {
        double *us = calloc((size_t) n, sizeof(*us));
        GradeResult result;
        Card card;

        for (int i = 0; us && i < n; i++) {
                uint64_t spread = ((uint64_t) first + (uint64_t) i) * 2654435761u;
                double before;

                set_now(when.now_ms + 50);
                must(card_get(store, 1 + (int64_t) (spread % (uint64_t) cards), &card), "card");
                before = now_us();
                must(commands_grade(store, &when, card.id, card.revision, GRADE_GOOD, 3000,
                                    REVIEW_MODE_ASKED, &result),
                     "grade");
                us[i] = now_us() - before;
                if (i % 100 == 99)
                        (void) store_idle(store);
        }
        if (us)
                print_times(what, us, (size_t) n);
        free(us);
}

static void pragma(const char *text) {
        must(sqlite3_exec(store_db(store), text, NULL, NULL, NULL), text);
}

static void fold(int64_t cards) {
        double before = now_us();

        must(transaction_begin(store), "begin");
        for (int64_t card = 1; card <= cards; card++)
                must(fold_card(store, card, true), "fold");
        must(transaction_commit(store), "commit");
        printf("fold %.3f %" PRIi64 "\n", (now_us() - before) / 1e6,
               number("SELECT count(*) FROM review"));
}

static void on_difference(const char *sentence, void *userdata) {
        fprintf(stderr, "%s\n", sentence);
}

static void verify(void) {
        _cleanup_(verify_freep) Verify *v = NULL;
        double before = now_us();
        int done, r;

        must(verify_new(store, on_difference, NULL, &v), "verify");
        while ((r = verify_step(v, 1000, &done)) > 0)
                ;
        must(r, "verify");
        if (verify_differences(v) > 0)
                exit(1);
        printf("verify %.3f %" PRIi64 "\n", (now_us() - before) / 1e6,
               number("SELECT count(*) FROM review"));
}

static void import_notes(int n) {
        ImportOptions options = { .label = "bench", .importer = "text", .deck = "Imported" };
        Import *import = NULL;
        ImportCounts counts;
        double before = now_us();
        int r;

        must(commands_import_begin(store, &options, &import), "import");
        for (int i = 0; i < n; i++) {
                char front[64], back[128], guid[32];
                const char *tags[] = { "verb", "n5" };
                FieldValue fields[] = { { "Front", front }, { "Back", back } };
                ImportNote note = { .note = { "", "", fields, 2, tags, 2 }, .guid = guid };

                (void) snprintf(front, sizeof(front), "question number %d of the import", i);
                (void) snprintf(back, sizeof(back),
                                "an answer with <b>some</b> words in it, as long as usual: %d", i);
                (void) snprintf(guid, sizeof(guid), "guid%d", i);
                must(commands_import_add(import, &note), "add");
        }
        while ((r = commands_import_step(import, &when, 50)) > 0)
                ;
        must(r, "import");
        commands_import_counts(import, &counts);
        commands_import_free(import);
        printf("import %.3f %" PRIu64 "\n", (now_us() - before) / 1e6, counts.added);
}

int main(int argc, char **argv) {
        const char *verb = argc > 2 ? argv[1] : "";
        _cleanup_free_ char *error = NULL;
        int n = argc > 3 ? atoi(argv[3]) : 0;
        int64_t cards;

        set_now((int64_t) (clock_now_real() / USEC_PER_MSEC));
        if (argc < 3 || store_open(argv[2], 0, when.now_ms, &store, &error) != 0) {
                fprintf(stderr, "bench-store: %s\n", error ? error : "VERB FILE [N]");
                return 2;
        }
        cards = number("SELECT max(id) FROM card");

        if (strcmp(verb, "queries") == 0)
                queries();
        else if (strcmp(verb, "grades") == 0 && n > 0) {
                grades("grade-full", cards, n, 0);
                pragma("PRAGMA synchronous=OFF");
                grades("grade-off", cards, n, n);
        } else if (strcmp(verb, "fold") == 0)
                fold(cards);
        else if (strcmp(verb, "verify") == 0)
                verify();
        else if (strcmp(verb, "import") == 0 && n > 0)
                import_notes(n);
        else {
                fprintf(stderr, "bench-store: what is \"%s\"?\n", verb);
                return 2;
        }
        store_free(store);
        return 0;
}
