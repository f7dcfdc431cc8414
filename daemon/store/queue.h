/*
 * What is due, how much, and what to ask next.
 */
#pragma once

#include "store/card.h"
#include "store/store.h"

typedef struct DueCounts {
        uint32_t fresh;    /* new cards, within today's limits */
        uint32_t learning; /* (re)learning, due now */
        uint32_t review;   /* due today, within today's limits */
} DueCounts;

/* What can be asked now, in all decks. */
int queue_due(Store *store, const When *when, DueCounts *ret);

/* The same for one deck and those below it; 0 is all. `ret_total`: cards that exist there; may be NULL. */
typedef struct DeckCounts {
        int64_t deck;
        DueCounts due; /* subdecks included, after the limits */
        int64_t total; /* subdecks included */
} DeckCounts;

/* In the order of deck_list(). The array is the caller's. */
int queue_due_by_deck(Store *store, const When *when, DeckCounts **ret, size_t *ret_n);

/*
 * When the next card that is not due yet becomes due: the nearest learning card, or the beginning of the
 * next day when there is something to ask then. 0 = never.
 */
int queue_next_due(Store *store, const When *when, int64_t *ret_ms);

/*
 * Since when the longest waiting card has been due: a learning card's instant, or the beginning of a review
 * card's day as it is reckoned today (day_ends_ms less whole days). 0 = nothing is due.
 */
int queue_oldest_due(Store *store, const When *when, int64_t *ret_ms);

/*
 * The card to ask next in `deck` and below (0: all).
 *   last_card  the card asked just before, 0 = none: not again while another is due
 *   learn_ahead_ms  how early learning cards may come when nothing else is left
 * STORE_E_NOTHING when there is nothing to ask now.
 */
int queue_pick(Store *store, const When *when, int64_t deck, int64_t last_card,
               int64_t learn_ahead_ms, Card *ret);
