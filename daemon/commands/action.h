/*
 * What the files of commands share: an action is one transaction, and one or more operations.
 */
#pragma once

#include "commands.h"
#include "store/fold.h"
#include "store/notetype.h"
#include "util/json.h"

typedef struct Action {
        Store *store;
        const When *when;
        int64_t first_seq; /* operations made before it */
} Action;

/* Begins the transaction. 0, or an answer that is passed on. */
int action_begin(Action *a, Store *store, const When *when);

/*
 * Ends it: commits when r is 0 and something was done, else takes everything back. Returns what the command
 * returns.
 */
int action_end(Action *a, int r);

/*
 * One operation. `w` holds the payload, unfinished and without its closing brace; it is released. The target is in `op`.
 */
int action_put(Action *a, const char *kind, Op *op, JsonWriter *w);

/* The number of operations so far. */
int64_t action_count(const Action *a);

/* A new identity. */
int action_uuid(Action *a, uint8_t ret[static UUID_SIZE]);

/* A payload with one member. */
void payload_bool(JsonWriter *w, const char *key, bool value);
void payload_int(JsonWriter *w, const char *key, int64_t value);
void payload_string(JsonWriter *w, const char *key, const char *value); /* NULL: null */

/* Targets from local numbers. STORE_E_NOT_FOUND. */
int target_note(Action *a, int64_t note, Op *op);
int target_card(Action *a, const Card *card, Op *op);

/* The clock cannot be right: before this program was made, or a day before the newest review. */
int action_check_clock(Action *a);

/* A deck by its full name, made with those above it when missing. "" is Default. */
int action_deck(Action *a, const char *name, int64_t *ret);

/* In notes.c: a checked note becomes operations. `uuid` is its identity. */
int action_note_put(Action *a, const uint8_t uuid[static UUID_SIZE], const NoteInput *input,
                    int64_t *ret_note);
/* Why a note of a type cannot be; 0 or STORE_E_INVALID with the sentence. */
int note_input_check(Store *store, const NoteType *type, const NoteInput *input);
int note_input_type(Store *store, const NoteInput *input, const NoteTypeRow **ret);

/* In decks.c */
int notetype_check(Store *store, const NoteType *type);
int action_notetype(Action *a, const NoteType *type, int64_t *ret);

/* In cards.c */
int action_suspend(Action *a, const Card *card, bool on);
int action_bury(Action *a, const Card *card, int32_t until_day);
int action_tag(Action *a, int64_t note, const char *tag, bool on);
