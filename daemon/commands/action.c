#include "commands/action.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/deck.h"
#include "store/note.h"
#include "store/preset.h"
#include "util/clock.h"
#include "util/text.h"

/* 2026-11-01: no clock shows an earlier day and is right. */
#define BUILT_MS INT64_C(1793491200000)

enum { SQL_NEWEST, SQL_NOTE };
static const Sql sql[] = {
        [SQL_NEWEST] = { "SELECT at_ms FROM review JOIN writer ON writer.id = review.writer"
                         " WHERE writer.name = ? AND review.undone = 0"
                         " ORDER BY review.seq DESC LIMIT 1" },
        [SQL_NOTE] = { "SELECT uuid FROM note WHERE id = ?" },
};

int action_begin(Action *a, Store *store, const When *when) {
        int r;

        r = store_set_today(store, when);
        if (r < 0)
                return r;

        r = transaction_begin(store);
        if (r != 0)
                return r;

        *a = (Action){ .store = store, .when = when };
        fold_begin_action(store);
        r = fold_load(store);
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }

        a->first_seq = fold_last_seq(store);
        return 0;
}

int64_t action_count(const Action *a) {
        return fold_last_seq(a->store) - a->first_seq;
}

int action_end(Action *a, int r) {
        fold_end_action(a->store);

        if (r == 0 && action_count(a) > 0)
                return transaction_commit(a->store);

        if (r < 0 && store_disk_full(a->store))
                r = STORE_E_FULL;
        transaction_rollback(a->store);
        return r;
}

int action_put(Action *a, const char *kind, Op *op, JsonWriter *w) {
        _cleanup_free_ char *payload = NULL;
        int r;

        json_close(w, '}');
        op->payload_len = w->len;
        r = json_finish(w, &payload);
        if (r < 0)
                return r;

        op->kind = kind;
        op->payload = payload;
        r = fold_make(a->store, a->when->now_ms, op);
        op->payload = NULL;
        return r;
}

int action_uuid(Action *a, uint8_t ret[static UUID_SIZE]) {
        uint8_t random[10];
        int r;

        r = random_bytes(random, sizeof(random));
        if (r < 0)
                return store_fail(a->store, r, "The system gives no random numbers: %s.",
                                  strerror(-r));

        uuid_v7(a->when->now_ms, random, ret);
        return 0;
}

void payload_bool(JsonWriter *w, const char *key, bool value) {
        json_open(w, '{');
        json_put_key(w, key);
        json_put_bool(w, value);
}

void payload_int(JsonWriter *w, const char *key, int64_t value) {
        json_open(w, '{');
        json_put_key(w, key);
        json_put_int(w, value);
}

void payload_string(JsonWriter *w, const char *key, const char *value) {
        json_open(w, '{');
        json_put_key(w, key);
        json_put_string(w, value);
}

static int note_uuid(Action *a, int64_t note, uint8_t ret[static UUID_SIZE]) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(a->store, &sql[SQL_NOTE], &st, "i", note);
        if (r < 0)
                return r;

        r = stmt_step(a->store, st);
        if (r < 0)
                return r;
        if (r == 0)
                return store_fail(a->store, STORE_E_NOT_FOUND, "There is no note %" PRIi64 ".",
                                  note);
        if (sqlite3_column_bytes(st, 0) != UUID_SIZE)
                return store_fail(a->store, -EUCLEAN,
                                  "The collection is damaged: note %" PRIi64 " has no identity.",
                                  note);

        memcpy(ret, sqlite3_column_blob(st, 0), UUID_SIZE);
        return 0;
}

int target_note(Action *a, int64_t note, Op *op) {
        uint8_t uuid[UUID_SIZE];
        int r;

        r = note_uuid(a, note, uuid);
        if (r != 0)
                return r;

        *op = (Op){ 0 };
        op_target_uuid(op, uuid);
        return 0;
}

int target_card(Action *a, const Card *card, Op *op) {
        uint8_t uuid[UUID_SIZE];
        int r;

        r = note_uuid(a, card->note, uuid);
        if (r != 0)
                return r;

        *op = (Op){ 0 };
        op_target_card(op, uuid, card->ord);
        return 0;
}

int action_check_clock(Action *a) {
        int64_t newest;
        int r;

        if (a->when->now_ms < BUILT_MS)
                return store_fail(
                        a->store, STORE_E_CLOCK,
                        "The computer's clock is wrong: it shows a day before this version of Ebb "
                        "was made. Set it right, then grade again.");

        r = stmt_int(a->store, &sql[SQL_NEWEST], 0, &newest, "t", store_writer(a->store));
        if (r < 0)
                return r;

        if (a->when->now_ms < newest - MSEC_PER_DAY)
                return store_fail(
                        a->store, STORE_E_CLOCK,
                        "The computer's clock is more than a day behind the newest review. Set it "
                        "right, or undo the reviews made while it was ahead, then grade again.");
        return 0;
}

static int make_deck(Action *a, const char *tail, const Deck *parent, int64_t *ret) {
        char parent_uuid[UUID_TEXT_SIZE] = "", preset_uuid[UUID_TEXT_SIZE] = "";
        const PresetRow *preset;
        uint8_t uuid[UUID_SIZE];
        JsonWriter w = { 0 };
        Op op = { 0 };
        int r;

        /* A new deck goes by the rules of the one above it. */
        r = parent ? preset_get(a->store, parent->preset, &preset)
                   : preset_get(a->store, PRESET_DEFAULT, &preset);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        memcpy(preset_uuid, preset->uuid, sizeof(preset_uuid));
        if (parent)
                memcpy(parent_uuid, parent->uuid, sizeof(parent_uuid));

        r = action_uuid(a, uuid);
        if (r < 0)
                return r;

        op_target_uuid(&op, uuid);
        payload_string(&w, "name", tail);
        json_put_key(&w, "parent");
        json_put_string(&w, parent ? parent_uuid : NULL);
        json_put_key(&w, "preset");
        json_put_string(&w, preset_uuid);
        r = action_put(a, "deck.put", &op, &w);
        if (r < 0)
                return r;

        return fold_deck_id(a->store, uuid, ret);
}

int action_deck(Action *a, const char *name, int64_t *ret) {
        _cleanup_free_ char *path = NULL;
        const char *problem;
        const Deck *deck = NULL;
        size_t tail = 0;
        int r;

        if (!name || !*name) {
                *ret = DECK_DEFAULT;
                return 0;
        }

        problem = deck_name_problem(name);
        if (problem)
                return store_fail(a->store, STORE_E_INVALID, "The deck name \"%s\" %s.", name,
                                  problem);

        path = strdup(name);
        if (!path)
                return -ENOMEM;

        for (char *end = path;; end += 2) {
                const Deck *parent = deck;
                char *next = strstr(end, "::");

                if (next)
                        *next = '\0';
                r = deck_by_name(a->store, path, &deck);
                if (r < 0)
                        return r;
                if (r == STORE_E_NOT_FOUND) {
                        int64_t id;

                        r = make_deck(a, path + tail, parent, &id);
                        if (r < 0)
                                return r;

                        r = deck_get(a->store, id, &deck);
                        if (r != 0)
                                return r < 0 ? r : -EUCLEAN;
                }
                if (!next)
                        break;
                *next = ':';
                end = next;
                tail = (size_t) (next - path) + 2;
        }

        *ret = deck->id;
        return 0;
}
