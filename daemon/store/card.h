/*
 * Cards as they stand. Rows are made and written by the fold alone.
 */
#pragma once

#include "core/types.h"
#include "store/store.h"

/* What a card waits in. The numbers are stored: never renumber. */
typedef enum CardQueue {
        CARD_QUEUE_HIDDEN = 0, /* note deleted or not there yet, or the template gives no card */
        CARD_QUEUE_NEW = 1,
        CARD_QUEUE_LEARNING = 2, /* learning and relearning, by instant or by day */
        CARD_QUEUE_REVIEW = 3,
        CARD_QUEUE_SUSPENDED = 4,
        CARD_QUEUE_BURIED = 5, /* until buried_until_day begins */
} CardQueue;

enum { CARD_FLAG_MAX = 7, CARD_SIBLINGS_MAX = 32 };

typedef struct Card {
        int64_t id;
        int64_t note;
        unsigned ord; /* template, or cloze number - 1 */
        int64_t deck;
        CardSched sched;
        CardQueue queue;
        bool suspended;
        bool exists;              /* false: hidden for whatever reason; people do not see it */
        int32_t buried_until_day; /* CARD_NO_DAY: not buried */
        int flag;                 /* 0 .. 7 */
        int64_t position;         /* order in which new cards are asked */
        uint64_t revision;        /* grows with every change of the card */
} Card;

/* A hidden card is found too (queue tells). STORE_E_NOT_FOUND when there is no such number. */
int card_get(Store *store, int64_t id, Card *ret);

/* Cards of a note that exist, by ordinal. The array is the caller's. */
int card_list_of_note(Store *store, int64_t note, Card **ret, size_t *ret_n);

/* "<note uuid>/<ord>", the card's name on every device; seeds its fuzz. */
enum { CARD_KEY_SIZE = 36 + 1 + 5 + 1 };
int card_key(Store *store, int64_t card, char ret[static CARD_KEY_SIZE]);
uint64_t card_seed(const char *key, uint32_t reps); /* interval_seed() over the key */

/*
 * Days on which other cards of the note are due, for schedule_answer(). `days` is the caller's;
 * at most `max` are filled in.
 */
int card_siblings(Store *store, const Card *card, int32_t *days, size_t max, size_t *ret_n);

/* What a grade given now would do, [grade - 1]. */
int card_preview(Store *store, const When *when, const Card *card,
                 CardSched ret_after[static GRADE_COUNT]);

/* All cards that exist, suspended and buried ones included. */
int card_count(Store *store, int64_t *ret);

/* One line of a card's history, oldest first. */
typedef enum CardEventKind { CARD_EVENT_REVIEW, CARD_EVENT_RESET, CARD_EVENT_DUE } CardEventKind;
typedef struct CardEvent {
        CardEventKind kind;
        int64_t at_ms; /* with clock fixes */
        int32_t day;
        Grade grade;      /* REVIEW */
        uint32_t took_ms; /* REVIEW; 0 unknown */
        bool undone;      /* then `after` is as before it */
        CardSched after;  /* as replayed with the weights in force */
} CardEvent;
int card_history(Store *store, int64_t card, CardEvent **ret, size_t *ret_n);
