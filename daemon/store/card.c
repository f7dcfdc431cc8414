#include "store/card.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/day.h"
#include "core/interval.h"
#include "core/schedule.h"
#include "store/fold.h"
#include "store/internal.h"

enum { SQL_GET, SQL_OF_NOTE, SQL_SIBLINGS, SQL_COUNT, SQL_LITE };
static const Sql sql[] = {
        [SQL_GET] = { "SELECT " CARD_COLUMNS " FROM card WHERE id = ?" },
        [SQL_OF_NOTE] = { "SELECT " CARD_COLUMNS " FROM card WHERE note = ? AND queue <> 0"
                          " ORDER BY ord" },
        [SQL_SIBLINGS] = { "SELECT due_day FROM card WHERE note = ? AND id <> ? AND queue <> 0"
                           " AND due_day IS NOT NULL" },
        [SQL_COUNT] = { "SELECT sum(n) FROM tally" },
        [SQL_LITE] = { "SELECT uuid, known, deleted, deck, created FROM note WHERE id = ?" },
};

void card_read(sqlite3_stmt *st, CardRow *ret) {
        int64_t interval = sqlite3_column_int64(st, 13);

        *ret = (CardRow){
                .card = {
                        .id = sqlite3_column_int64(st, 0),
                        .note = sqlite3_column_int64(st, 1),
                        .ord = (unsigned) sqlite3_column_int(st, 2),
                        .deck = sqlite3_column_int64(st, 3),
                        .queue = (CardQueue) sqlite3_column_int(st, 4),
                        .sched = {
                                .state = (CardState) sqlite3_column_int(st, 5),
                                .step = (uint32_t) sqlite3_column_int(st, 6),
                                .stability_days = sqlite3_column_double(st, 7),
                                .difficulty = sqlite3_column_double(st, 8),
                                .due_day = (int32_t) stmt_int_or(st, 9, CARD_NO_DAY),
                                .due_ms = stmt_int_or(st, 10, CARD_NO_MS),
                                .last_ms = stmt_int_or(st, 11, CARD_NO_MS),
                                .last_day = (int32_t) stmt_int_or(st, 12, CARD_NO_DAY),
                                .interval_days = interval > 0 ? (int32_t) interval : 0,
                                .interval_s = interval < 0 ? (int32_t) -interval : 0,
                                .reps = (uint32_t) sqlite3_column_int(st, 14),
                                .lapses = (uint32_t) sqlite3_column_int(st, 15),
                        },
                        .suspended = sqlite3_column_int(st, 17),
                        .buried_until_day = (int32_t) stmt_int_or(st, 18, CARD_NO_DAY),
                        .flag = sqlite3_column_int(st, 19),
                        .position = sqlite3_column_int64(st, 20),
                        .revision = (uint64_t) sqlite3_column_int64(st, 21),
                },
                .given = sqlite3_column_int(st, 16),
                .own_deck = stmt_int_or(st, 22, 0),
        };
        ret->card.exists = ret->card.queue != CARD_QUEUE_HIDDEN;
}

int card_get_row(Store *store, int64_t id, CardRow *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_GET], &st, "i", id);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;
        if (r == 0)
                return store_fail(store, STORE_E_NOT_FOUND, "There is no card %" PRIi64 ".", id);

        card_read(st, ret);
        return 0;
}

int card_get(Store *store, int64_t id, Card *ret) {
        CardRow row;
        int r;

        r = card_get_row(store, id, &row);
        if (r != 0)
                return r;

        *ret = row.card;
        return 0;
}

int card_list_of_note(Store *store, int64_t note, Card **ret, size_t *ret_n) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        _cleanup_free_ Card *cards = NULL;
        size_t n = 0, cap = 0;
        int r;

        r = stmt_query(store, &sql[SQL_OF_NOTE], &st, "i", note);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                CardRow row;

                if (n == cap) {
                        void *more = reallocarray(cards, cap = cap ? 2 * cap : 4, sizeof(*cards));

                        if (!more)
                                return -ENOMEM;
                        cards = more;
                }
                card_read(st, &row);
                cards[n++] = row.card;
        }
        if (r < 0)
                return r;

        *ret = TAKE_PTR(cards);
        *ret_n = n;
        return 0;
}

int note_get_lite(Store *store, int64_t id, NoteLite *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_LITE], &st, "i", id);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;
        if (r == 0)
                return store_fail(store, STORE_E_NOT_FOUND, "There is no note %" PRIi64 ".", id);
        if (sqlite3_column_bytes(st, 0) != UUID_SIZE)
                return store_fail(store, -EUCLEAN,
                                  "%s is damaged: note %" PRIi64 " has no identity.", store->path,
                                  id);

        memcpy(ret->uuid, sqlite3_column_blob(st, 0), UUID_SIZE);
        ret->alive = sqlite3_column_int(st, 1) && !sqlite3_column_int(st, 2);
        ret->deck = sqlite3_column_int64(st, 3);
        ret->created = sqlite3_column_int64(st, 4);
        return 0;
}

int card_key(Store *store, int64_t card, char ret[static CARD_KEY_SIZE]) {
        CardRow row;
        NoteLite note;
        int r;

        r = card_get_row(store, card, &row);
        if (r != 0)
                return r;

        r = note_get_lite(store, row.card.note, &note);
        if (r != 0)
                return r;

        uuid_format(note.uuid, ret);
        (void) snprintf(ret + 36, CARD_KEY_SIZE - 36, "/%u", row.card.ord % 65536);
        return 0;
}

uint64_t card_seed(const char *key, uint32_t reps) {
        return interval_seed(key, strlen(key), reps);
}

int card_siblings(Store *store, const Card *card, int32_t *days, size_t max, size_t *ret_n) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        size_t n = 0;
        int r;

        r = stmt_query(store, &sql[SQL_SIBLINGS], &st, "ii", card->note, card->id);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0 && n < max)
                days[n++] = sqlite3_column_int(st, 0);
        if (r < 0)
                return r;

        *ret_n = n;
        return 0;
}

int card_preview(Store *store, const When *when, const Card *card,
                 CardSched ret_after[static GRADE_COUNT]) {
        Moment now = when_moment(when);
        char key[CARD_KEY_SIZE];
        const PresetRow *preset;
        int32_t days[CARD_SIBLINGS_MAX];
        Siblings siblings = { .due_days = days };
        int r;

        r = preset_of_deck(store, card->deck, &preset);
        if (r != 0)
                return r;

        r = card_key(store, card->id, key);
        if (r != 0)
                return r;

        r = card_siblings(store, card, days, ELEMENTS(days), &siblings.n);
        if (r < 0)
                return r;

        schedule_preview(&preset->preset, &card->sched, &now, card_seed(key, card->sched.reps),
                         &siblings, ret_after);
        return 0;
}

int card_count(Store *store, int64_t *ret) {
        return stmt_int(store, &sql[SQL_COUNT], 0, ret, "");
}

int card_history(Store *store, int64_t id, CardEvent **ret, size_t *ret_n) {
        _cleanup_(fold_history_done) FoldHistory history = { 0 };
        _cleanup_free_ CardEvent *events = NULL;
        CardSched sched = CARD_SCHED_NEW;
        char key[CARD_KEY_SIZE];
        const PresetRow *preset;
        Card card;
        int r;

        r = card_get(store, id, &card);
        if (r != 0)
                return r;

        r = preset_of_deck(store, card.deck, &preset);
        if (r != 0)
                return r;

        r = card_key(store, id, key);
        if (r != 0)
                return r;

        r = fold_history(store, &card, &history);
        if (r < 0)
                return r;

        events = calloc(history.n + 1, sizeof(*events));
        if (!events)
                return -ENOMEM;

        for (size_t i = 0; i < history.n; i++) {
                const FoldEvent *e = &history.events[i];

                if (!e->undone)
                        fold_event(&preset->preset, key, e, &sched);
                events[i] = (CardEvent){
                        .kind = e->kind,
                        .at_ms = e->at_ms,
                        .day = day_of_review(e->at_ms, e->tz_min, e->day_starts_min),
                        .grade = e->grade,
                        .took_ms = e->took_ms,
                        .undone = e->undone,
                        .after = sched,
                };
        }

        *ret_n = history.n;
        *ret = TAKE_PTR(events);
        return 0;
}
