/*
 * The one way from operations to state. Whatever arrives, from commands or from another
 * device, in whatever order and however often: the operation is written down, and what it is about is
 * folded anew from all operations about it, in the order of their stamps. So the state is a function
 * of the set of operations, and late, doubled or unknown ones need no case of their own.
 *
 * Folding one object reads its own operations only: a note's are a handful, a card's reviews lie
 * together on a page or two.
 */
#pragma once

#include "core/notetype.h"
#include "store/card.h"
#include "store/op.h"
#include "store/stmt.h"

enum { FOLD_KNOWN = 1 };

/* Within a transaction. 0, FOLD_KNOWN when it was there already, or a negative errno. */
int fold_apply(Store *store, const Op *op);

/*
 * Makes the next operation of this store and applies it: writer, sequence, clock (above that of everything
 * about the same target) and action are filled in. The operations from fold_begin_action() to
 * fold_end_action() are one action.
 */
int fold_make(Store *store, int64_t now_ms, Op *op);
void fold_begin_action(Store *store);
void fold_end_action(Store *store);
int64_t fold_last_seq(const Store *store);
int fold_load(Store *store); /* after a rollback: where this writer stands */

/* Numbers of objects by UUID; a row that knows nothing yet is made for one never heard of. */
int fold_note_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret);
int fold_card_id(Store *store, const uint8_t uuid[static UUID_SIZE], unsigned ord, int64_t *ret);
int fold_deck_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret);
int fold_preset_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret);
int fold_notetype_id(Store *store, const uint8_t uuid[static UUID_SIZE], int64_t *ret);

/* The deck that is always there. */
extern const uint8_t fold_default_deck[UUID_SIZE];

/* One entry of a card's history, in order. */
typedef struct FoldEvent {
        CardEventKind kind;
        int64_t at_ms;
        const char *writer;
        int64_t seq;
        uint32_t hash;
        int tz_min;
        int day_starts_min;
        bool undone;
        Grade grade;
        uint32_t took_ms;
        Outcome outcome;
        int32_t due_day;
} FoldEvent;

typedef struct FoldHistory {
        FoldEvent *events;
        size_t n, cap;
} FoldHistory;

int fold_history(Store *store, const Card *card, FoldHistory *ret);
void fold_history_done(FoldHistory *history);

/* What one event makes of a card. `key` is card_key(). */
void fold_event(const Preset *preset, const char *key, const FoldEvent *event, CardSched *sched);

/* Folds an object anew and writes what changed. `history`: of cards, the reviews too. */
int fold_note(Store *store, int64_t note);
int fold_card(Store *store, int64_t card, bool history);
int fold_deck(Store *store, int64_t deck);
int fold_preset(Store *store, int64_t preset);
int fold_notetype(Store *store, int64_t notetype);

/*
 * Cards whose preset changed are folded bit by bit: about `max` of them. 1: there are more. In a
 * transaction of its own.
 */
int fold_settle(Store *store, size_t max);

/* Sets which buried cards are in their queues, within a transaction. */
int fold_set_today(Store *store, int32_t today_day);

/* A number for a first field, without the white space around it. */
int64_t note_first_sum(const char *first);

/* Ordinals of the cards that fields give, at most NOTETYPE_ORDS_MAX of them; returns how many. */
size_t note_ords(const NoteType *type, const FieldValue *fields, size_t n_fields,
                 unsigned ords[static NOTETYPE_ORDS_MAX]);
