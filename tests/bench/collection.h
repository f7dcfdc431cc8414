/*
 * A big collection for benchmarks, the same every time: operations and all that the fold makes of them. The
 * rows are written directly, a hundred times as fast as by commands; `make-collection --verify` shows that they are
 * what the fold would have written.
 */
#pragma once

#include "store/store.h"

typedef struct CollectionPlan {
        int64_t cards;  /* a Basic note each, in 20 decks */
        double fresh;   /* per cent of the cards: new, without a review; the others have about 20 */
        int64_t due;    /* about so many cards are due, and no others */
        int64_t now_ms; /* when all this has just happened */
        bool searchable; /* with the full-text index, which takes most of the time */
} CollectionPlan;

/* Into an empty store. 0, or a negative errno with store_error(). */
int collection_make(Store *store, const CollectionPlan *plan);
