/*
 * Search, statistics and backup on a collection of 100,000 notes and 1,000,000 reviews, made by SQL. Prints the
 * best of five runs; fails when one is over its bar.
 */
#include "store/backup.h"
#include "store/stats.h"
#include "tests/store/sample.h"
#include "util/clock.h"

enum { NOTES = 100000, REVIEWS = 1000000, RUNS = 5, VOCABULARY = 30000 };

static Query query;

static double ms_since(usec_t begin) {
        return (double) (clock_now_boot() - begin) / 1000;
}

static uint64_t dice = 88172645463325252u;

static uint64_t roll(uint64_t below) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return dice % below;
}

/* Words by a law like Zipf's: number 0 most often. */
static void add_word(TextBuf *out) {
        uint64_t n = roll(1 + roll(1 + roll(VOCABULARY)));

        textbuf_addf(out, "%c", (int) ('a' + n % 23));
        for (; n > 0; n /= 19)
                textbuf_addf(out, "%c", (int) ('b' + n % 19));
        textbuf_addc(out, ' ');
}

static void fill(Sample *s) {
        sample_sql(s, "BEGIN");
        for (int i = 1; i <= NOTES; i++) {
                _cleanup_(textbuf_done) TextBuf front = {}, back = {};
                const char *fields[2];

                for (int k = 0; k < 8; k++)
                        add_word(&front);
                for (int k = 0; k < 8; k++)
                        if (i % 4 == 0) {
                                char c[4];

                                textbuf_add(&back, c,
                                            utf8_encode(0x4e00 + (uint32_t) roll(2000), c));
                        } else
                                add_word(&back);
                fields[0] = front.buf;
                fields[1] = back.buf;
                CHECK_INT(0, search_put_note(s->store, i, fields, 2, "tag"));
        }
        sample_sql(
                s,
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                " INSERT INTO note (id, uuid, known, fields) SELECT i, randomblob(16), 1,"
                " hex(randomblob(60)) FROM n;"
                "INSERT INTO card (id, note, ord, queue, state, due_day, stability, difficulty,"
                " interval, reps) SELECT id, id, 0, 3, 2, 20780 + id % 90 - 5, id % 300, 5, id % 200,"
                " 10 FROM note;"
                "INSERT INTO tally (queue, day, deck, n) SELECT 3, due_day, 1, count(*) FROM card"
                " GROUP BY due_day;"
                "INSERT INTO writer (id, name) VALUES (9, 'w');"
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
                " INSERT INTO review (card, at_ms, writer, seq, hash, hlc, tz_min, day_starts_min,"
                " grade, took_ms, mode, was, n, state, step, interval) SELECT 1 + abs(random()) % 100000,"
                " 1795435200000 - i * 75600, 9, i, 0, 0, 60, 240, 1 + abs(random()) % 4, 5000, 0, 2, 0, 2,"
                " 0, 10 FROM n;"
                "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

static int failures;

static void report(const char *what, double ms, double bar_ms, uint64_t n) {
        printf("%-44s %8.2f ms  (bar %.0f ms, %llu)\n", what, ms, bar_ms, (unsigned long long) n);
        failures += ms > bar_ms;
}

static void search(Sample *s, const char *text, double bar_ms) {
        _cleanup_(textbuf_done) TextBuf problem = {};
        _cleanup_free_ char *what = text_format("search %s", text);
        int64_t cards[50];
        uint64_t total = 0;
        double best = 1e9;
        size_t n;

        for (int i = 0; i < RUNS; i++) {
                usec_t begin = clock_now_boot();

                if (query_parse(text, strlen(text), &query, &problem) != 0 ||
                    search_cards(s->store, &query, &now, SEARCH_ORDER_ADDED, 0, 50, cards, &n,
                                 &total) != 0)
                        failures++;
                best = fmin(best, ms_since(begin));
        }
        report(what, best, bar_ms, total);
}

static void reviews(Sample *s, uint32_t days, double bar_ms) {
        _cleanup_free_ char *what = text_format("statistics of %u days", days);
        double best = 1e9;
        uint64_t n = 0;

        for (int i = 0; i < RUNS; i++) {
                usec_t begin = clock_now_boot();
                StatsReviews stats;

                if (stats_reviews(s->store, STATS_ALL_DECKS, TODAY, days, &stats) != 0) {
                        failures++;
                        return;
                }
                n = stats.total.reviews;
                stats_reviews_done(&stats);
                best = fmin(best, ms_since(begin));
        }
        report(what, best, bar_ms, n);
}

static void others(Sample *s) {
        double best[3] = { 1e9, 1e9, 1e9 };
        StatsCards cards = {};
        Forecast forecast;
        size_t n = 0;

        for (int i = 0; i < RUNS; i++) {
                _cleanup_free_ StatsDeck *decks = NULL;
                usec_t begin = clock_now_boot();

                failures += stats_cards(s->store, STATS_ALL_DECKS, TODAY, &cards) != 0;
                best[0] = fmin(best[0], ms_since(begin));
                begin = clock_now_boot();
                failures += stats_forecast(s->store, STATS_ALL_DECKS, &now, 30, &forecast) != 0;
                best[1] = fmin(best[1], ms_since(begin));
                begin = clock_now_boot();
                failures += stats_by_deck(s->store, TODAY - 30, &decks, &n) != 0;
                best[2] = fmin(best[2], ms_since(begin));
        }
        report("cards by state", best[0], 100, cards.total);
        report("forecast of 30 days", best[1], 10, forecast.total);
        report("reviews by deck, 30 days", best[2], 100, n);
}

static void backup(Sample *s) {
        _cleanup_(backup_freep) Backup *b = NULL;
        usec_t begin = clock_now_boot(), slice;
        double longest = 0;
        uint64_t done, total;
        int r;

        r = backup_new(s->store, BACKUP_DAILY, NOW_MS, &b);
        while (r == 0) {
                slice = clock_now_boot();
                r = backup_step(b, 512);
                longest = fmax(longest, ms_since(slice));
        }
        failures += r != BACKUP_DONE;
        backup_progress(b, &done, &total);
        report("backup, all, pages", ms_since(begin), 10000, total);
        report("backup, longest slice", longest, 1000, 512);
}

int main(void) {
        Sample s = sample_new();
        usec_t begin = clock_now_boot();

        fill(&s);
        printf("collection of %d notes and %d reviews made in %.0f ms; index %lld bytes\n", NOTES,
               REVIEWS, ms_since(begin),
               (long long) sample_int(&s, NULL, "SELECT sum(length(block)) FROM note_fts_data"));
        search(&s, "cbde", 10);
        search(&s, "b", 60);
        search(&s, "ab cd", 10);
        search(&s, "\"ab cd\"", 10);
        search(&s, "\xe4\xb8\x80\xe4\xb8\x8d", 10);
        search(&s, "\xe4\xb8\x8d", 10);
        search(&s, "cb* or stability>290", 100);
        search(&s, "is:due -rated:7", 200);
        search(&s, "", 100);
        reviews(&s, 1, 10);
        reviews(&s, 30, 50);
        reviews(&s, 3660, 300);
        others(&s);
        backup(&s);
        sample_done(&s);
        return failures > 0;
}

CheckTest *check_tests;
int check_failures;
const char *check_skipped;
