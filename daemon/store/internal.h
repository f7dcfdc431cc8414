/*
 * What the files of this layer share and nobody else sees: the store's insides.
 */
#pragma once

#include "core/hlc.h"
#include "core/uuid.h"
#include "store/card.h"
#include "store/deck.h"
#include "store/notetype.h"
#include "store/preset.h"
#include "store/queue.h"
#include "store/stmt.h"

enum {
        STORE_STATEMENTS = 256, /* slots; a power of two, well above the number of statements */
};

typedef struct StatementSlot {
        const Sql *sql;
        sqlite3_stmt *st;
} StatementSlot;

/* Reviews and new cards of today by deck, for the limits. */
typedef struct DoneToday {
        int64_t deck;
        uint32_t fresh;
        uint32_t review;
} DoneToday;

struct Store {
        sqlite3 *db;
        char *path;
        int lock_fd;
        StoreFlags flags;
        bool read_only;
        bool unsure; /* a COMMIT failed: nothing goes on before store_recover() */
        bool full;   /* the failure being handled was a full disk */
        bool in_transaction;
        char *error;
        char *problem;
        uint64_t generation;
        StatementSlot statements[STORE_STATEMENTS];

        /* This store's own writer, its last operation, and the highest clock it has stamped. */
        int64_t writer;
        char writer_name[WRITER_NAME_SIZE];
        int64_t last_seq;
        uint64_t last_hlc;
        int64_t action; /* of the operations being made; 0 = the next one begins an action */

        void (*on_write)(void *userdata);
        void *on_write_userdata;

        /* Set while store/verify.c runs the fold. */
        void (*differs)(const char *sentence, void *userdata);
        void *differs_userdata;

        int32_t today_day; /* for which buried cards are settled; CARD_NO_DAY = not yet */

        /* Caches, dropped by the fold when what they hold changes. */
        char (*writers)[WRITER_NAME_SIZE]; /* by id - 1 */
        size_t n_writers;
        Deck *decks; /* tree order */
        size_t n_decks;
        int64_t *deck_targets; /* by id: where its cards are after merges; 0 = unknown deck */
        size_t n_deck_targets;
        bool decks_valid;
        PresetRow **presets;
        size_t n_presets;
        bool presets_valid;
        NoteTypeRow **notetypes;
        void **notetype_memory;
        size_t n_notetypes;
        bool notetypes_valid;
        DoneToday *done;
        size_t n_done;
        uint32_t done_total;
        int32_t done_day; /* CARD_NO_DAY = not counted */
        int64_t done_since_ms, done_until_ms;
};

/* Each forgets one cache. */
void deck_forget(Store *store);
void preset_forget(Store *store);
void notetype_forget(Store *store);
void queue_forget(Store *store);
int queue_reviewed(Store *store, int64_t card, const Moment *at,
                   CardState was);   /* keeps it right */
void store_forget_all(Store *store); /* after a rollback */

/* Name of a writer by its number; valid until the store is freed. NULL: no such writer, or no memory. */
const char *store_writer_name(Store *store, int64_t id);

/* Number of a writer, made when it is new. */
int store_writer_id(Store *store, const char *name, int64_t *ret);

/* Where the cards of a deck are: itself, or what it was merged into. */
int deck_resolve(Store *store, int64_t deck, int64_t *ret);

/* A row of CARD_COLUMNS: what people see of a card, and what only the fold needs. */
typedef struct CardRow {
        Card card;
        bool given;       /* the template gives a card */
        int64_t own_deck; /* set by card.deck; 0 = the note's */
} CardRow;

#define CARD_COLUMNS                                                                               \
        "id, note, ord, deck, queue, state, step, stability, difficulty, due_day, due_ms, "        \
        "last_ms, last_day, interval, reps, lapses, given, suspended, buried_day, flag, "          \
        "position, revision, own_deck"

void card_read(sqlite3_stmt *st, CardRow *ret);
int card_get_row(Store *store, int64_t id, CardRow *ret);

/* What folding a card needs to know of its note. */
typedef struct NoteLite {
        uint8_t uuid[UUID_SIZE];
        bool alive;
        int64_t deck;
        int64_t created; /* clock of the first note.put */
} NoteLite;

int note_get_lite(Store *store, int64_t id, NoteLite *ret);

/*
 * Verification runs the fold without writing: where the fold would change a row it calls
 * fold_differs() instead.
 */
bool fold_verifying(const Store *store);
int fold_differs(Store *store, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Parts of the fold that its files share. */
int fold_card_row(Store *store, const NoteLite *note, const CardRow *old, CardRow *row,
                  bool history);
int fold_is_undone(Store *store, const char *writer, int64_t seq, uint32_t hash, bool *ret);
int fold_clock_fix(Store *store, const char *writer, int64_t seq, int64_t *ret);

int store_load_own(Store *store);
