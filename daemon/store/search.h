/*
 * Finding cards: a parsed query (core/query.h) to SQL with bound values, run, and paged through.
 *
 * Words are looked up in a full-text index over fields and tags (note_fts in the schema), without
 * regard to case and accents, from the beginning of each word. Scripts without spaces between words (Chinese,
 * Japanese, Thai ...) and symbols are indexed character by character, so that text in them is
 * found anywhere. A word without any letter, number or symbol ("?") says nothing, and is passed over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/query.h"
#include "core/types.h"
#include "store/store.h"

/*
 * The index, as the schema makes it: part of a released migration, so never changed here either. Symbols and "#" are
 * letters to it, so that "C++" and "C#" are found.
 */
#define SEARCH_SCHEMA                                                                              \
        "CREATE VIRTUAL TABLE note_fts USING fts5 (text, columnsize=0, tokenize=\"unicode61"       \
        " remove_diacritics 2 categories 'L* N* Co So Sm Sc' tokenchars '#'\");"

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
