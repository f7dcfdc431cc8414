/*
 * A collection in a folder of its own under TMPDIR, and a clock the test sets. Everything is removed at the end.
 */
#pragma once

#include <sqlite3.h>

#include "commands.h"
#include "store/deck.h"
#include "store/fold.h"
#include "store/note.h"
#include "store/preset.h"
#include "store/queue.h"
#include "store/verify.h"
#include "tests/check.h"

/* 2026-11-23 12:00 UTC; the learner's day is 20780 and ends at 04:00. */
#define NOON    INT64_C(1795435200000)
#define DAY_MS  INT64_C(86400000)
#define TODAY   20780
#define HOUR_MS INT64_C(3600000)

typedef struct Fixture {
        char folder[64];
        char path[96];
        Store *store;
        When when;
} Fixture;

/* UTC, day-starts 04:00. */
When when_at(int64_t now_ms);

Fixture fixture_new(void);
void fixture_reopen(Fixture *f);
void fixture_done(Fixture *f);

/* A Basic note in Default; its first card. */
int64_t add_basic(Fixture *f, const char *front, const char *back);
int64_t first_card(Fixture *f, int64_t note);
Card card_of(Fixture *f, int64_t card);

/* Grades with the card's own revision. */
int grade_now(Fixture *f, int64_t card, Grade grade);

/* A number from SQL. */
int64_t sql_int(Fixture *f, const char *query);
int sql_run(const char *path, const char *statements);

/* Runs a whole verification; the number of differences, each printed. */
uint64_t verify_all(Store *store);

/*
 * All that people can tell of a collection, as text, without local numbers: two stores with the same
 * operations give the same. The caller's.
 */
char *digest_of(Store *store);
