/*
 * Finding cards: a parsed query (core/query.h) to SQL with bound values, run, and paged through.
 *
 * Words are looked up in a full-text index over fields and tags (note_fts in the schema), without
 * regard to case and accents, from the beginning of each word. Text in scripts without spaces between words
 * (Chinese, Japanese, Thai ...) is found anywhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/query.h"
#include "core/types.h"
#include "store/store.h"

typedef enum SearchOrder {
        SEARCH_ORDER_ADDED, /* by note, then ordinal */
        SEARCH_ORDER_DUE,   /* what is due first; cards without a due date last */
        SEARCH_ORDER_STABILITY,
        SEARCH_ORDER_LAPSES, /* most first */
} SearchOrder;

/*
 * Cards that match, from the offset-th on: ret_cards[0 .. *ret_n), at most `limit`. *ret_total counts all
 * matches. Cards of deleted notes and cards without a question are never found. 0 or a negative errno.
 */
int search_cards(Store *store, const Query *query, const Moment *now, SearchOrder order,
                 uint64_t offset, size_t limit, int64_t *ret_cards, size_t *ret_n,
                 uint64_t *ret_total);

/* The notes of those cards, by number, each once: for export and for verbs that take notes. */
int search_notes(Store *store, const Query *query, const Moment *now, uint64_t offset, size_t limit,
                 int64_t *ret_notes, size_t *ret_n, uint64_t *ret_total);

/*
 * For the fold, within its transaction: the text of a note changed (fields are HTML, tags separated by
 * spaces), or the note is gone from sight (alive 0, or deleted).
 */
int search_put_note(Store *store, int64_t note, const char *const *fields, size_t n_fields,
                    const char *tags);
int search_delete_note(Store *store, int64_t note);
