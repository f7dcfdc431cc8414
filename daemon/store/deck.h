/*
 * Decks: a tree by names with "::" between ("Languages::Japanese"). Two decks of the same name, made on two devices,
 * are two decks; the later one is shown with a number behind ("Bio (2)") until one is renamed or merged.
 */
#pragma once

#include "store/store.h"

enum {
        DECK_DEFAULT = 1, /* the deck that is always there */
        DECK_NAME_MAX = 200,
        DECK_DEPTH_MAX = 32,
};

typedef struct Deck {
        int64_t id;
        char uuid[37];
        char *name;       /* full: "Languages::Japanese" */
        const char *tail; /* last part, inside name */
        int64_t parent;   /* 0: none */
        int64_t preset;
        unsigned depth; /* 0: no parent */
} Deck;

/*
 * All decks, parents before their children, names in order within a parent. Cached: valid until the next change of
 * the store (or call of a command). Deleted ones are not listed.
 */
int deck_list(Store *store, const Deck **ret, size_t *ret_n);

/* Valid as the list. STORE_E_NOT_FOUND. */
int deck_get(Store *store, int64_t id, const Deck **ret);
int deck_by_name(Store *store, const char *name, const Deck **ret); /* exact full name */

/* True when `deck` is `ancestor` or below it. */
bool deck_is_below(Store *store, int64_t deck, int64_t ancestor);

/* Why a full name cannot be one, or NULL. */
const char *deck_name_problem(const char *name);
