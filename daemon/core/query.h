/*
 * The search language. Text to a small tree; what it matches is store/search. Pure.
 *
 *   tide pool            both words, anywhere in the note; a word also finds what begins with it
 *   "tide pool"          the phrase
 *   deck:name            that deck and its subdecks; tag:name that tag and its subtags; note:name the
 *                        note type; in these * is anything, and case does not matter
 *   is:due new learning review suspended buried leech
 *   flag:N               0 none .. 7
 *   rated:N  rated:N:G   answered in the last N days (1 = today), with grade 1-4 or again..easy
 *   added:N              the note was added in the last N days
 *   due<7 due>=0         days from today, overdue is negative; stability (days), difficulty,
 *                        interval (days), lapses, reps; each with < <= = != >= >; also prop:due<7
 *   cid:1,2 nid:3        numbers of cards and notes
 *   -x  not x            x or y  (and binds tighter)  ( ... )
 *
 * A backslash takes the meaning of the next character; in deck, tag and note it stays before a * or \\
 * that is meant literally, so that store/search can tell. White space and U+3000 separate.
 *
 * Keywords are read without regard to case. A keyword in quotes or after a backslash is a word:
 * "deck:x", \or. Values may be quoted: deck:"My deck". An unknown key is an error, not a word.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/text.h"

enum {
        QUERY_TEXT_MAX = 4096, /* bytes of a query */
        QUERY_NODES_MAX = 256,
        QUERY_DEPTH_MAX = 32, /* of parentheses and negations */
        QUERY_NONE = 0xffff,
};

typedef enum QueryKind {
        QUERY_ALL, /* the empty query */
        QUERY_AND, /* left, right */
        QUERY_OR,
        QUERY_NOT,    /* left */
        QUERY_WORD,   /* text: matches at the beginning of a word */
        QUERY_PHRASE, /* text: whole words in this order */
        QUERY_DECK,   /* text, may hold * */
        QUERY_TAG,
        QUERY_NOTETYPE,
        QUERY_IS,       /* state */
        QUERY_FLAG,     /* number */
        QUERY_RATED,    /* number of days, grade or 0 */
        QUERY_ADDED,    /* number of days */
        QUERY_PROPERTY, /* property, compare, number */
        QUERY_CARD,     /* id */
        QUERY_NOTE,     /* id */
} QueryKind;

typedef enum QueryState {
        QUERY_IS_DUE,
        QUERY_IS_NEW,
        QUERY_IS_LEARNING, /* learning and relearning */
        QUERY_IS_REVIEW,
        QUERY_IS_SUSPENDED,
        QUERY_IS_BURIED,
        QUERY_IS_LEECH,
} QueryState;

typedef enum QueryProperty {
        QUERY_DUE, /* days from today */
        QUERY_STABILITY,
        QUERY_DIFFICULTY,
        QUERY_INTERVAL,
        QUERY_LAPSES,
        QUERY_REPS,
} QueryProperty;

typedef enum QueryCompare {
        QUERY_LESS,
        QUERY_LESS_EQUAL,
        QUERY_EQUAL,
        QUERY_NOT_EQUAL,
        QUERY_GREATER_EQUAL,
        QUERY_GREATER,
} QueryCompare;

typedef struct QueryNode {
        uint8_t kind; /* QueryKind */
        uint8_t what; /* QueryState or QueryProperty */
        uint8_t compare;
        uint8_t grade;
        uint16_t left, right; /* index of a node */
        uint32_t text;        /* offset into Query.text, NUL-terminated there */
        double number;
        int64_t id;
} QueryNode;

/* Plain data, about 12 KB. Nodes stand after those they refer to; the last one is the root. */
typedef struct Query {
        QueryNode nodes[QUERY_NODES_MAX];
        size_t n_nodes;
        char text[QUERY_TEXT_MAX + QUERY_NODES_MAX];
        size_t text_len;
} Query;

enum {
        QUERY_E_BAD = 1, /* `problem` says what is wrong and at which character */
};

/* 0, QUERY_E_BAD, -ENOMEM. `text` may hold anything. */
int query_parse(const char *text, size_t len, Query *ret, TextBuf *problem);

static inline const QueryNode *query_root(const Query *query) {
        return &query->nodes[query->n_nodes - 1];
}

/*
 * The query in its plainest form, every operator written out, one space between: for tests and
 * for showing how a query was understood. Parses back to the same tree.
 */
void query_print(const Query *query, TextBuf *out);
