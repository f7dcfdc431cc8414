#include "collection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "store/card.h"
#include "store/fold.h"
#include "store/op.h"
#include "store/preset.h"
#include "store/queue.h"
#include "store/search.h"
#include "store/stmt.h"
#include "util/cleanup.h"

#define DAY_MS INT64_C(86400000)
#define WRITER "bench00000000000"
#define BASIC  "00000000-0000-8000-8000-000000000003"

enum { DECKS = 20, TZ_MIN = 0, YEARS_DAYS = 5 * 365, REVIEWS_MAX = 1000 };

enum { SQL_WRITER, SQL_OP, SQL_DECK, SQL_NOTE, SQL_CARD, SQL_REVIEW, SQL_TALLY };
static const Sql sql[] = {
        [SQL_WRITER] = { "INSERT INTO writer (id, name) VALUES (1000, '" WRITER "')" },
        [SQL_OP] = { "INSERT INTO op (writer, seq, hash, hlc, kind, target, payload, action)"
                     " VALUES (1000, ?, ?, ?, 'note.put', ?, ?, ?)" },
        [SQL_DECK] = { "SELECT id FROM deck WHERE name = ?" },
        [SQL_NOTE] = { "INSERT INTO note (id, uuid, known, notetype, deck, created, modified,"
                       " first_sum, fields) VALUES (?, ?, 1, 1, ?, ?, ?, ?, ?)" },
        [SQL_CARD] = { "INSERT INTO card (id, note, ord, deck, queue, state, step, stability,"
                       " difficulty, due_day, due_ms, last_ms, last_day, interval, reps, lapses,"
                       " given, position)"
                       " VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)" },
        [SQL_REVIEW] = { "INSERT INTO review (card, at_ms, writer, seq, hash, hlc, tz_min,"
                         " day_starts_min, grade, took_ms, mode, was, n, state, step, interval)"
                         " VALUES (?, ?, 1000, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)" },
        [SQL_TALLY] = { "INSERT INTO tally SELECT queue, CASE WHEN queue IN (2, 3)"
                        " THEN ifnull(due_day, 0) ELSE 0 END, deck, count(*) FROM card GROUP BY 1, 2, 3" },
};

typedef struct Maker {
        Store *store;
        const CollectionPlan *plan;
        struct {
                int64_t id;
                char uuid[UUID_TEXT_SIZE];
                Preset preset;
        } decks[DECKS];
        int64_t seq;
        uint64_t random;
} Maker;

/* xorshift64*: the same numbers everywhere. */
static uint32_t draw(Maker *m, uint32_t below) {
        m->random ^= m->random >> 12;
        m->random ^= m->random << 25;
        m->random ^= m->random >> 27;
        return (uint32_t) ((m->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* The decks by operations, like anybody's. */
static int make_decks(Maker *m) {
        int r;

        for (unsigned i = 0; i < DECKS; i++) {
                _cleanup_free_ char *payload = NULL;
                Op op = { .seq = ++m->seq, .action = m->seq, .kind = "deck.put" };
                const PresetRow *preset;
                uint8_t random[10] = { 1, (uint8_t) i };
                uint8_t uuid[UUID_SIZE];
                int n;

                memcpy(op.writer, WRITER, WRITER_NAME_SIZE);
                op.hlc = (uint64_t) (m->plan->now_ms - (YEARS_DAYS + 1) * DAY_MS) << 16;
                uuid_v7(m->plan->now_ms - (YEARS_DAYS + 1) * DAY_MS, random, uuid);
                uuid_format(uuid, m->decks[i].uuid);
                op_target_uuid(&op, uuid);
                n = asprintf(&payload, "{\"name\":\"Deck %u\",\"parent\":null}", i);
                if (n < 0) {
                        payload = NULL;
                        return -ENOMEM;
                }
                op.payload = payload;
                op.payload_len = (size_t) n;
                r = op_seal(&op);
                if (r >= 0)
                        r = fold_apply(m->store, &op);
                if (r >= 0)
                        r = fold_deck_id(m->store, uuid, &m->decks[i].id);
                if (r >= 0)
                        r = preset_of_deck(m->store, m->decks[i].id, &preset);
                if (r != 0)
                        return r < 0 ? r : -EUCLEAN;
                m->decks[i].preset = preset->preset;
        }
        return 0;
}

static int make_note(Maker *m, int64_t id, size_t deck, int64_t at_ms,
                     uint8_t ret_uuid[static UUID_SIZE]) {
        Op op = { .seq = ++m->seq, .action = m->seq, .kind = "note.put" };
        uint8_t random[10] = { 0 };
        char front[96], back[128], fields[320], payload[480];
        const char *texts[] = { back, front };
        int r;

        for (size_t i = 0; i < 8; i++)
                random[2 + i] = (uint8_t) (id >> (8 * (7 - i)));
        uuid_v7(at_ms, random, ret_uuid);

        (void) snprintf(front, sizeof(front),
                        "A question of usual length, and its number is %" PRIi64, id);
        (void) snprintf(back, sizeof(back),
                        "The answer to %" PRIi64
                        ", with <b>some</b> words in it, as long as answers mostly are",
                        id);
        (void) snprintf(fields, sizeof(fields), "{\"Back\":\"%s\",\"Front\":\"%s\"}", back, front);
        (void) snprintf(payload, sizeof(payload),
                        "{\"type\":\"" BASIC
                        "\",\"deck\":\"%s\",\"fields\":{\"Front\":\"%s\",\"Back\":\"%s\"}}",
                        m->decks[deck].uuid, front, back);

        memcpy(op.writer, WRITER, WRITER_NAME_SIZE);
        op.hlc = (uint64_t) at_ms << 16;
        op.payload = payload;
        op.payload_len = strlen(payload);
        op_target_uuid(&op, ret_uuid);
        r = op_seal(&op);
        if (r < 0)
                return r;

        r = stmt_exec(m->store, &sql[SQL_OP], "iiibTi", op.seq, (int64_t) op.hash, (int64_t) op.hlc,
                      op.target, op.target_len, op.payload, op.payload_len, op.action);
        if (r < 0)
                return r;

        r = stmt_exec(m->store, &sql[SQL_NOTE], "ibiiiit", id, ret_uuid, (size_t) UUID_SIZE,
                      m->decks[deck].id, (int64_t) op.hlc, (int64_t) op.hlc, note_first_sum(front),
                      fields);
        if (r < 0 || !m->plan->searchable)
                return r;

        return search_put_note(m->store, id, texts, 2, "");
}

static int make_review(Maker *m, int64_t id, const uint8_t uuid[static UUID_SIZE], size_t deck,
                       const char *key, Grade grade, int64_t at_ms, CardSched *sched) {
        const Preset *preset = &m->decks[deck].preset;
        Op op = { .seq = ++m->seq,
                  .action = m->seq,
                  .kind = "review",
                  .hlc = (uint64_t) at_ms << 16,
                  .at_ms = at_ms,
                  .tz_min = TZ_MIN,
                  .day_starts_min = DAY_STARTS_DEFAULT_MIN,
                  .grade = grade,
                  .took_ms = 1500 + draw(m, 9000),
                  .was = sched->state };
        Moment at = day_moment(at_ms, TZ_MIN, DAY_STARTS_DEFAULT_MIN);
        FoldEvent event = { .kind = CARD_EVENT_REVIEW,
                            .at_ms = at_ms,
                            .tz_min = TZ_MIN,
                            .day_starts_min = DAY_STARTS_DEFAULT_MIN,
                            .grade = grade };
        CardSched after;
        int r;

        schedule_answer(preset, sched, &at, grade, card_seed(key, sched->reps), NULL, &after);
        op.outcome = schedule_outcome(sched, &after);
        memcpy(op.writer, WRITER, WRITER_NAME_SIZE);
        op_target_card(&op, uuid, 0);
        r = op_seal(&op);
        if (r < 0)
                return r;

        r = stmt_exec(m->store, &sql[SQL_REVIEW], "iiiiiiiiiiiiii", id, at_ms, op.seq,
                      (int64_t) op.hash, (int64_t) op.hlc, (int64_t) op.tz_min,
                      (int64_t) op.day_starts_min, (int64_t) op.grade, (int64_t) op.took_ms,
                      (int64_t) op.was, (int64_t) op.outcome.reps_before,
                      (int64_t) op.outcome.state, (int64_t) op.outcome.step,
                      outcome_interval(&op.outcome));
        if (r < 0)
                return r;

        event.outcome = op.outcome;
        fold_event(preset, key, &event, sched);
        return 0;
}

/*
 * A card's life: learned at some time in the last five years, then reviewed when it was due until nothing more is. Of those
 * that are to be due the last two months are left out; most of them are due then.
 */
static int make_card(Maker *m, int64_t id) {
        const CollectionPlan *plan = m->plan;
        bool fresh = draw(m, 1000) < (uint32_t) (plan->fresh * 10);
        int64_t made_ms = plan->now_ms - YEARS_DAYS * DAY_MS + id;
        int64_t until_ms = plan->now_ms, at_ms;
        size_t deck = (size_t) (id % DECKS);
        CardSched sched = CARD_SCHED_NEW;
        char key[CARD_KEY_SIZE];
        uint8_t uuid[UUID_SIZE];
        CardQueue queue;
        int r;

        r = make_note(m, id, deck, made_ms, uuid);
        if (r < 0)
                return r;

        uuid_format(uuid, key);
        strcat(key, "/0");
        /* Spread evenly over the cards. */
        if (id * plan->due / plan->cards != (id - 1) * plan->due / plan->cards) {
                until_ms -= 60 * DAY_MS;
                fresh = false;
        }
        at_ms = made_ms + (int64_t) draw(m, (YEARS_DAYS - 61) * 86400) * 1000;
        for (int i = 0; !fresh && i < REVIEWS_MAX; i++) {
                static const Grade grades[] = { GRADE_GOOD, GRADE_GOOD, GRADE_GOOD, GRADE_GOOD,
                                                GRADE_GOOD, GRADE_HARD, GRADE_EASY, GRADE_AGAIN };

                r = make_review(m, id, uuid, deck, key, grades[draw(m, 8)], at_ms, &sched);
                if (r < 0)
                        return r;

                /* Some time of the day on which it is due, but not in the future. */
                at_ms += sched.interval_days > 0 ? sched.interval_days * DAY_MS
                                                 : sched.interval_s * INT64_C(1000);
                at_ms += draw(m, 3600) * INT64_C(1000);
                if (at_ms >= until_ms && until_ms == plan->now_ms &&
                    schedule_is_due(&sched,
                                    &(Moment){ .at_ms = plan->now_ms + 3600000,
                                               .day = day_of_review(plan->now_ms, TZ_MIN,
                                                                    DAY_STARTS_DEFAULT_MIN) }))
                        at_ms = plan->now_ms - 1;
                else if (at_ms >= until_ms)
                        break;
        }

        queue = sched.state == CARD_NEW      ? CARD_QUEUE_NEW
                : sched.state == CARD_REVIEW ? CARD_QUEUE_REVIEW
                                             : CARD_QUEUE_LEARNING;
        return stmt_exec(m->store, &sql[SQL_CARD], "iiiiiiddIIIIiiii", id, id, m->decks[deck].id,
                         (int64_t) queue, (int64_t) sched.state, (int64_t) sched.step,
                         sched.stability_days, sched.difficulty, (int64_t) sched.due_day,
                         sched.due_ms, sched.last_ms, (int64_t) sched.last_day,
                         sched.interval_days > 0 ? (int64_t) sched.interval_days
                                                 : -(int64_t) sched.interval_s,
                         (int64_t) sched.reps, (int64_t) sched.lapses,
                         (int64_t) ((uint64_t) made_ms << 16));
}

static int run(Store *store, const char *statements) {
        int rc = sqlite3_exec(store_db(store), statements, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : stmt_failed(store, rc);
}

int collection_make(Store *store, const CollectionPlan *plan) {
        Maker m = { .store = store, .plan = plan, .random = 88172645463325252u };
        int r;

        r = run(store, "PRAGMA synchronous=OFF; PRAGMA cache_size=-300000");
        if (r < 0)
                return r;

        r = transaction_begin(store);
        if (r != 0)
                return r;

        r = stmt_exec(store, &sql[SQL_WRITER], "");
        if (r >= 0)
                r = make_decks(&m);
        for (int64_t id = 1; r >= 0 && id <= plan->cards; id++)
                r = make_card(&m, id);
        if (r >= 0)
                r = stmt_exec(store, &sql[SQL_TALLY], "");
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }

        r = transaction_commit(store);
        if (r != 0)
                return r;

        return run(store, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size=-256;"
                          "PRAGMA synchronous=FULL");
}
