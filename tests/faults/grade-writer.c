/*
 * Grades without end: what fault.sh does its worst to. Each grade is one call of commands.h, as a
 * click is; a minute passes between two.
 *
 *   grade-writer FILE [MAX]        prints the number of each grade (1, 2, ...) once it is acknowledged
 *   grade-writer FILE check LAST   0 when the file is whole, agrees with its operations and has the
 *                                  grades 1 .. LAST
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "core/day.h"
#include "store/card.h"
#include "store/review.h"
#include "store/store.h"
#include "store/verify.h"
#include "util/cleanup.h"
#include "util/text.h"

enum { CARDS = 20, DAY_STARTS_MIN = 240 };

#define START_MS INT64_C(1830340800000) /* 2028-01-01 12:00 UTC */

static When when_of(int64_t grade) {
        int64_t now_ms = START_MS + grade * 60000;
        Moment m = day_moment(now_ms, 0, DAY_STARTS_MIN);

        return (When){ .now_ms = now_ms,
                       .tz_min = 0,
                       .day_starts_min = DAY_STARTS_MIN,
                       .today_day = m.day,
                       .day_ends_ms = m.next_day_ms };
}

static int count_one(const Review *review, void *userdata) {
        int64_t *n = userdata;

        (*n)++;
        return 0;
}

static int complain(Store *store, const char *what, int r) {
        fprintf(stderr, "%s: %s (%d)\n", what, store_error(store), r);
        return 5;
}

/* As many cards as are needed; those of an earlier, killed run stay. */
static int fill(Store *store) {
        When when = when_of(0);
        int64_t n, note;
        int r;

        r = card_count(store, &n);
        if (r != 0)
                return complain(store, "count", r);

        for (; n < CARDS; n++) {
                char front[32];
                FieldValue fields[] = { { "Front", front }, { "Back", "answer" } };
                NoteInput input = { .notetype = "", .deck = "", .fields = fields, .n_fields = 2 };

                snprintf(front, sizeof(front), "question %" PRIi64, n);
                r = commands_note_add(store, &when, &input, &note);
                if (r != 0)
                        return complain(store, "add", r);
        }
        return 0;
}

static int grade_on(Store *store, int64_t max) {
        int64_t n = 0;
        int r;

        r = fill(store);
        if (r != 0)
                return r;

        r = review_each(store, INT64_MIN, INT64_MAX, count_one, &n);
        if (r != 0)
                return complain(store, "count", r);

        for (int64_t end = n + max; n < end; n++) {
                When when = when_of(n + 1);
                int64_t id = 1 + n % CARDS;
                GradeResult result;
                Card card;
                char line[32];
                int length;

                r = card_get(store, id, &card);
                if (r != 0)
                        return complain(store, "get", r);

                r = commands_grade(store, &when, id, card.revision,
                                   n % 7 == 0 ? GRADE_AGAIN : GRADE_GOOD, 1000, REVIEW_MODE_ASKED,
                                   &result);
                if (r != 0)
                        return complain(store, "grade", r);

                length = snprintf(line, sizeof(line), "%" PRIi64 "\n", n + 1);
                if (write(STDOUT_FILENO, line, (size_t) length) != length)
                        return 6;
        }
        return 0;
}

static void print_difference(const char *sentence, void *userdata) {
        printf("%s\n", sentence);
}

static int check_file(const char *path) {
        sqlite3_stmt *stmt = NULL;
        sqlite3 *db = NULL;
        /* SQLite reads a WAL database on a disk that cannot be written only when told that nobody else does. */
        _cleanup_free_ char *uri =
                text_format("file:%s%s", path, access(path, W_OK) < 0 ? "?immutable=1" : "");
        int status = 10;

        if (!uri)
                return 10;
        if (sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
            sqlite3_step(stmt) == SQLITE_ROW) {
                const char *text = (const char *) sqlite3_column_text(stmt, 0);

                if (strcmp(text, "ok") == 0)
                        status = 0;
                else
                        printf("CORRUPT %s\n", text);
        } else
                printf("CORRUPT %s\n", sqlite3_errmsg(db));
        sqlite3_finalize(stmt);
        sqlite3_close(db);
        return status;
}

static int check(Store *store, int64_t last) {
        _cleanup_(verify_freep) Verify *verify = NULL;
        int64_t n = 0;
        int r, done;

        r = review_each(store, INT64_MIN, INT64_MAX, count_one, &n);
        if (r != 0)
                return complain(store, "count", r);
        if (n < last) {
                printf("LOST acknowledged %" PRIi64 ", there %" PRIi64 "\n", last, n);
                return 11;
        }

        r = verify_new(store, print_difference, NULL, &verify);
        if (r != 0)
                return complain(store, "verify", r);
        do
                r = verify_step(verify, 1000, &done);
        while (r > 0);
        if (r < 0)
                return complain(store, "verify", r);
        if (verify_differences(verify) > 0) {
                printf("TORN %" PRIu64 " differences\n", verify_differences(verify));
                return 12;
        }
        printf("whole, %" PRIi64 " grades\n", n);
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_(store_freep) Store *store = NULL;
        _cleanup_free_ char *error = NULL;
        bool checking = argc == 4 && strcmp(argv[2], "check") == 0;
        int r;

        if (argc < 2 || (argc > 3 && !checking))
                return 2;

        r = store_open(argv[1], checking ? STORE_READ_ONLY : 0, START_MS, &store, &error);
        if (r != 0) {
                fprintf(stderr, "open: %s (%d)\n", error, r);
                return 3;
        }
        if (checking) {
                r = check_file(argv[1]);
                return r ? r : check(store, atoll(argv[3]));
        }
        if (store_problem(store)) {
                fprintf(stderr, "open: %s\n", store_problem(store));
                return 4;
        }
        return grade_on(store, argc > 2 ? atoll(argv[2]) : INT64_MAX / 2);
}
