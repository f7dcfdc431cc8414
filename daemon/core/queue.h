/*
 * What to ask next. Pure: the store feeds candidates and counts, this picks one. One pass over the
 * candidates, no allocation, no order required of them.
 *
 * Order of kinds: (re)learning due within the day, longest due first; (re)learning due by day, likewise;
 * then reviews and new cards, mixed as the preset says; then, when nothing else is left, learning that is
 * due within learn_ahead_ms. A card answered less than a minute ago steps back behind every other
 * that can be asked, of whatever kind.
 */
#pragma once

#include "core/types.h"

enum { QUEUE_REPEAT_MS = 60 * 1000 };

typedef struct QueueCard {
        int64_t card; /* id; ties are broken by it, smaller first */
        CardState state;
        int32_t due_day; /* as in CardSched */
        int64_t due_ms;
        double stability_days; /* REVIEW */
        int32_t last_day;      /* REVIEW */
        int64_t last_ms;       /* CARD_NO_MS when never answered */
        int64_t deck;          /* order of its deck among the decks */
        int64_t position;      /* NEW: position in which it was added */
        const Preset *preset;  /* of its deck: weights and desired retention */
        size_t limit;          /* index into QueueContext.limits */
} QueueCard;

/* What a deck (or group of decks that shares its limits) may still ask today. */
typedef struct QueueLimit {
        uint32_t new_left;
        uint32_t reviews_left;
} QueueLimit;

typedef struct QueueContext {
        Moment now;
        NewOrder new_order; /* of the deck that is being reviewed */
        ReviewOrder review_order;
        NewMix new_mix;
        uint64_t seed;          /* of the random orders; the same all day, or cards swap places */
        int64_t learn_ahead_ms; /* 0: learning is never asked before it is due */
        const QueueLimit *limits;
        size_t n_limits; /* a card whose limit is not below this is not limited */
        /*
         * For NEW_MIX_EVENLY: asked so far today, and how many of each kind wait in all. `waiting` may
         * be 0 when every card that waits is among the candidates: then they are counted.
         */
        uint32_t new_done, reviews_done;
        uint32_t new_waiting, reviews_waiting;
} QueueContext;

#define QUEUE_NONE SIZE_MAX

/*
 * Index of the card to ask, or QUEUE_NONE. Learning cards pass the limits. Candidates that are not
 * due are passed over.
 */
size_t queue_next(const QueueContext *context, const QueueCard *cards, size_t n);

/*
 * Risk of being forgotten, relative to what the preset accepts: (1 - R) / (1 - desired retention).
 * 1 when R is just the desired retention, above when later. Day numbers; same day is 0.
 */
double queue_risk(const Preset *preset, double stability_days, int32_t last_day, int32_t today);
