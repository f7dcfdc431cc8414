#include "store/schema.h"

#include <string.h>

#include "core/types.h"
#include "store/internal.h"
#include "store/search.h"
#include "util/clock.h"

/*
 * Never edit a row that was released: add one.
 *
 * op and review are the truth, append-only. Their id is (writer, seq, hash), and hash the first 32 bits
 * of the SHA-256 of the operation's line (store/op.h). `target` is what an operation is about, so that all
 * about one object is found together: 16 bytes of UUID for notes, decks, presets and note types;
 * those and two bytes of ordinal for a card; for operations about another operation writer (16), seq (8) and
 * hash (4); for clock.fix the writer's 16 characters; else the name.
 *
 * review is clustered by card and time, so that a card's history is read from a page or two. at_ms includes fix_ms,
 * the sum of the clock.fix operations that concern it; interval is in days, or, when negative, in seconds; action
 * is null for a review that begins an action; fix_ms and undone are derived.
 *
 * Everything else is derived, and rebuilt by store/fold.c from these two alone.
 *   note      fields is a JSON object by name, sorted; created and modified are clocks of operations;
 *             first_sum finds notes by their first field
 *   card      given: the template gives a card; own_deck: set by card.deck; position: order among new cards;
 *             revision counts changes and is the one column that cannot be rebuilt
 *   deck      parent_stamp and into_stamp order the links, to cut a circle at its latest
 *   tally     cards by queue, day (0 where a queue has none) and deck
 *   card_learning holds all that counting needs; queue too, or SQLite looks for it in the table
 *   pending   decks whose cards are still to be folded with their preset's new values: those after card
 */
static const char *const migrations[] = {
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
        "CREATE TABLE writer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
        "CREATE TABLE op (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL REFERENCES writer,"
        " seq INTEGER NOT NULL, hash INTEGER NOT NULL, hlc INTEGER NOT NULL, kind TEXT NOT NULL,"
        " target BLOB, payload TEXT NOT NULL, action INTEGER NOT NULL,"
        " UNIQUE (writer, seq, hash)) STRICT;"
        "CREATE INDEX op_target ON op (target) WHERE target IS NOT NULL;"

        "CREATE TABLE notetype (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE,"
        " known INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL DEFAULT '',"
        " json TEXT NOT NULL DEFAULT '{}') STRICT;"
        "CREATE TABLE preset (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE,"
        " known INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL DEFAULT '',"
        " json TEXT NOT NULL DEFAULT '{}') STRICT;"
        "CREATE TABLE deck (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE,"
        " known INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL DEFAULT '', parent INTEGER,"
        " preset INTEGER, into_deck INTEGER, parent_stamp BLOB, into_stamp BLOB) STRICT;"

        "CREATE TABLE note (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE,"
        " known INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,"
        " notetype INTEGER NOT NULL DEFAULT 1 REFERENCES notetype,"
        " deck INTEGER NOT NULL DEFAULT 1 REFERENCES deck,"
        " created INTEGER NOT NULL DEFAULT 0, modified INTEGER NOT NULL DEFAULT 0,"
        " first_sum INTEGER, fields TEXT NOT NULL DEFAULT '{}') STRICT;"
        "CREATE INDEX note_first ON note (notetype, first_sum) WHERE first_sum IS NOT NULL;"
        "CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
        "CREATE TABLE note_tag (note INTEGER NOT NULL REFERENCES note,"
        " tag INTEGER NOT NULL REFERENCES tag, PRIMARY KEY (note, tag)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX note_tag_tag ON note_tag (tag);"

        "CREATE TABLE card (id INTEGER PRIMARY KEY, note INTEGER NOT NULL REFERENCES note,"
        " ord INTEGER NOT NULL, deck INTEGER NOT NULL DEFAULT 1, queue INTEGER NOT NULL DEFAULT 0,"
        " state INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL DEFAULT 0,"
        " stability REAL NOT NULL DEFAULT 0, difficulty REAL NOT NULL DEFAULT 0,"
        " due_day INTEGER, due_ms INTEGER, last_ms INTEGER, last_day INTEGER,"
        " interval INTEGER NOT NULL DEFAULT 0, reps INTEGER NOT NULL DEFAULT 0,"
        " lapses INTEGER NOT NULL DEFAULT 0, given INTEGER NOT NULL DEFAULT 0,"
        " suspended INTEGER NOT NULL DEFAULT 0, buried_day INTEGER,"
        " flag INTEGER NOT NULL DEFAULT 0, position INTEGER NOT NULL DEFAULT 0,"
        " revision INTEGER NOT NULL DEFAULT 1, own_deck INTEGER,"
        " UNIQUE (note, ord)) STRICT;"
        "CREATE INDEX card_deck ON card (deck);"
        "CREATE INDEX card_new ON card (deck, position) WHERE queue = 1;"
        "CREATE INDEX card_learning ON card (due_ms, deck, queue) WHERE queue = 2;"
        "CREATE INDEX card_review ON card (deck, due_day, stability, last_day) WHERE queue = 3;"
        "CREATE INDEX card_buried ON card (buried_day) WHERE queue = 5;"
        "CREATE TABLE tally (queue INTEGER NOT NULL, day INTEGER NOT NULL, deck INTEGER NOT NULL,"
        " n INTEGER NOT NULL, PRIMARY KEY (queue, day, deck)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE pending (deck INTEGER PRIMARY KEY, card INTEGER NOT NULL) STRICT;"

        "CREATE TABLE review (card INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
        " writer INTEGER NOT NULL REFERENCES writer, seq INTEGER NOT NULL, hash INTEGER NOT NULL,"
        " hlc INTEGER NOT NULL, tz_min INTEGER NOT NULL, day_starts_min INTEGER NOT NULL,"
        " grade INTEGER NOT NULL, took_ms INTEGER NOT NULL, mode INTEGER NOT NULL,"
        " was INTEGER NOT NULL, n INTEGER NOT NULL, state INTEGER NOT NULL, step INTEGER NOT NULL,"
        " interval INTEGER NOT NULL, action INTEGER, fix_ms INTEGER NOT NULL DEFAULT 0,"
        " undone INTEGER NOT NULL DEFAULT 0,"
        " PRIMARY KEY (card, at_ms, writer, seq, hash)) STRICT, WITHOUT ROWID;"
        "CREATE UNIQUE INDEX review_op ON review (writer, seq, hash);"
        /* Holds all that statistics ask of a review: a million are counted in a fifth of a second. */
        "CREATE INDEX review_at ON review (at_ms, undone, grade, took_ms, was, tz_min,"
        " day_starts_min);"

        "CREATE TABLE block (key TEXT PRIMARY KEY, state INTEGER NOT NULL) STRICT, WITHOUT ROWID;" SEARCH_SCHEMA,
};

/*
 * What is there from the beginning, the same on every device and not made by operations, so that two devices that start
 * alone share it. An operation may change these like any other.
 */
#define BUILTIN(n)                                                                                 \
        "x'000000000000800080000000000000" #n "'" /* version 8, never made from a digest */

static const char builtin[] = "INSERT INTO preset (id, uuid, known, name) VALUES (1, " BUILTIN(
        01) ", 1, 'Default');"
            "INSERT INTO deck (id, uuid, known, name, preset) VALUES (1, " BUILTIN(
                    02) ", 1, 'Default', 1);"
                        "INSERT INTO notetype (id, uuid, known, name, json) VALUES"
                        " (1, " BUILTIN(
                                03) ", 1, 'Basic', '{\"kind\":\"plain\",\"fields\":[\"Front\",\"Back\"],"
                                    "\"templates\":[{\"name\":\"Card 1\",\"front\":\"{{Front}}\","
                                    "\"back\":\"{{FrontSide}}<hr id=answer>{{Back}}\"}],\"css\":\"\"}'),"
                                    " (2, " BUILTIN(
                                            04) ", 1, 'Basic (and reversed card)',"
                                                " '{\"kind\":\"plain\",\"fields\":[\"Front\",\"Back\"],"
                                                "\"templates\":[{\"name\":\"Card 1\",\"front\":\"{{Front}}\","
                                                "\"back\":\"{{FrontSide}}<hr id=answer>{{Back}}\"},"
                                                "{\"name\":\"Card 2\",\"front\":\"{{Back}}\","
                                                "\"back\":\"{{FrontSide}}<hr id=answer>{{Front}}\"}],\"css\":\"\"}'),"
                                                " (3, " BUILTIN(
                                                        05) ", 1, 'Cloze', '{\"kind\":\"cloze\",\"fields\":[\"Text\",\"Back Extra\"],"
                                                            "\"templates\":[{\"name\":\"Cloze\",\"front\":\"{{cloze:Text}}\","
                                                            "\"back\":\"{{cloze:Text}}<br>{{Back Extra}}\"}],\"css\":\"\"}');"
                                                            /* To come back to when a change of them is undone. */
                                                            "INSERT INTO meta (key, value) SELECT 'name:' || hex(uuid), name FROM preset;"
                                                            "INSERT INTO meta (key, value) SELECT 'json:' || hex(uuid), json FROM preset;"
                                                            "INSERT INTO meta (key, value) SELECT 'name:' || hex(uuid), name FROM notetype;"
                                                            "INSERT INTO meta (key, value) SELECT 'json:' || hex(uuid), json FROM notetype;";

enum { SQL_META, SQL_WRITER };
static const Sql sql[] = {
        [SQL_META] = { "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)" },
        [SQL_WRITER] = { "INSERT INTO writer (name) VALUES (?)" },
};

int schema_version_known(void) {
        return (int) ELEMENTS(migrations);
}

int schema_new_writer(Store *store) {
        char name[WRITER_NAME_SIZE];
        uint8_t bytes[10];
        int r;

        r = random_bytes(bytes, sizeof(bytes));
        if (r < 0)
                return store_fail(store, r, "The system gives no random numbers: %s.",
                                  strerror(-r));

        writer_name(bytes, name);
        r = stmt_exec(store, &sql[SQL_WRITER], "t", name);
        if (r < 0)
                return r;

        return stmt_exec(store, &sql[SQL_META], "ti", "writer",
                         (int64_t) sqlite3_last_insert_rowid(store->db));
}

static int fill_new(Store *store, int64_t now_ms) {
        char collection[2 * WRITER_NAME_SIZE];
        uint8_t bytes[20];
        int rc, r;

        rc = sqlite3_exec(store->db, builtin, NULL, NULL, NULL);
        if (rc != SQLITE_OK)
                return stmt_failed(store, rc);

        r = random_bytes(bytes, sizeof(bytes));
        if (r < 0)
                return store_fail(store, r, "The system gives no random numbers: %s.",
                                  strerror(-r));

        writer_name(bytes, collection);
        writer_name(bytes + 10, collection + 16);
        collection[26] = '\0'; /* 16 bytes of chance, at 5 bits a letter */

        r = stmt_exec(store, &sql[SQL_META], "tt", "collection", collection);
        if (r < 0)
                return r;

        r = stmt_exec(store, &sql[SQL_META], "ti", "created", now_ms);
        if (r < 0)
                return r;

        return schema_new_writer(store);
}

int schema_migrate(Store *store, int from_version, int64_t now_ms) {
        char pragma[64];
        int rc, r;

        rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc != SQLITE_OK)
                return stmt_failed(store, rc);
        store->in_transaction = true;

        for (int i = from_version; i < schema_version_known(); i++) {
                rc = sqlite3_exec(store->db, migrations[i], NULL, NULL, NULL);
                if (rc != SQLITE_OK) {
                        r = stmt_failed(store, rc);
                        transaction_rollback(store);
                        return r;
                }
        }

        r = from_version == 0 ? fill_new(store, now_ms) : 0;
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }

        /* Pragmas take no bound values; both are our own constants. */
        (void) snprintf(pragma, sizeof(pragma), "PRAGMA application_id=%d; PRAGMA user_version=%d",
                        SCHEMA_APPLICATION_ID, schema_version_known());
        rc = sqlite3_exec(store->db, pragma, NULL, NULL, NULL);
        if (rc != SQLITE_OK) {
                r = stmt_failed(store, rc);
                transaction_rollback(store);
                return r;
        }

        return transaction_commit(store);
}
