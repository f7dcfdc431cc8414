#include <errno.h>
#include <inttypes.h>

#include "commands/action.h"
#include "store/deck.h"
#include "store/note.h"

int action_suspend(Action *a, const Card *card, bool on) {
        JsonWriter w = { 0 };
        Op op;
        int r;

        r = target_card(a, card, &op);
        if (r != 0)
                return r;

        payload_bool(&w, "on", on);
        return action_put(a, "card.suspend", &op, &w);
}

int action_bury(Action *a, const Card *card, int32_t until_day) {
        JsonWriter w = { 0 };
        Op op;
        int r;

        r = target_card(a, card, &op);
        if (r != 0)
                return r;

        json_open(&w, '{');
        json_put_key(&w, "until");
        if (until_day == CARD_NO_DAY)
                json_put_null(&w);
        else
                json_put_int(&w, until_day);
        return action_put(a, "card.bury", &op, &w);
}

/* What a command does to each card; 1 when there was something to do. */
typedef struct Change {
        bool on;
        int flag;
        int64_t deck;
        char deck_uuid[UUID_TEXT_SIZE];
        int32_t due_day;
} Change;

typedef int (*CardChange)(Action *a, const Card *card, const Change *change);

static int suspend_card(Action *a, const Card *card, const Change *change) {
        int r;

        if (card->suspended == change->on)
                return 0;

        r = action_suspend(a, card, change->on);
        return r != 0 ? r : 1;
}

static int bury_card(Action *a, const Card *card, const Change *change) {
        bool buried = card->buried_until_day != CARD_NO_DAY &&
                      card->buried_until_day > a->when->today_day;
        int r;

        if (buried == change->on)
                return 0;

        r = action_bury(a, card, change->on ? a->when->today_day + 1 : CARD_NO_DAY);
        return r != 0 ? r : 1;
}

static int flag_card(Action *a, const Card *card, const Change *change) {
        JsonWriter w = { 0 };
        Op op;
        int r;

        if (card->flag == change->flag)
                return 0;

        r = target_card(a, card, &op);
        if (r != 0)
                return r;

        payload_int(&w, "flag", change->flag);
        r = action_put(a, "card.flag", &op, &w);
        return r != 0 ? r : 1;
}

static int move_card(Action *a, const Card *card, const Change *change) {
        JsonWriter w = { 0 };
        Op op;
        int r;

        if (card->deck == change->deck)
                return 0;

        r = target_card(a, card, &op);
        if (r != 0)
                return r;

        payload_string(&w, "deck", change->deck_uuid);
        r = action_put(a, "card.deck", &op, &w);
        return r != 0 ? r : 1;
}

static int put_event(Action *a, const Card *card, const char *kind, const int32_t *due_day) {
        JsonWriter w = { 0 };
        Op op;
        int r;

        r = target_card(a, card, &op);
        if (r != 0)
                return r;

        payload_int(&w, "at", a->when->now_ms);
        json_put_key(&w, "tz");
        json_put_int(&w, a->when->tz_min);
        json_put_key(&w, "ds");
        json_put_int(&w, a->when->day_starts_min);
        if (due_day) {
                json_put_key(&w, "day");
                json_put_int(&w, *due_day);
        }
        r = action_put(a, kind, &op, &w);
        return r != 0 ? r : 1;
}

static int reset_card(Action *a, const Card *card, const Change *change) {
        return card->sched.state == CARD_NEW ? 0 : put_event(a, card, "card.reset", NULL);
}

static int set_due_card(Action *a, const Card *card, const Change *change) {
        return put_event(a, card, "card.due", &change->due_day);
}

static int change_each(Action *a, const int64_t *cards, size_t n, CardChange f,
                       const Change *change, unsigned *ret_changed) {
        unsigned changed = 0;
        int r;

        for (size_t i = 0; i < n; i++) {
                int64_t before = action_count(a);
                Card card;

                r = card_get(a->store, cards[i], &card);
                if (r != 0)
                        return r;
                if (!card.exists)
                        return store_fail(a->store, STORE_E_NOT_FOUND,
                                          "There is no card %" PRIi64 ".", cards[i]);

                r = f(a, &card, change);
                if (r < 0)
                        return r;
                changed += action_count(a) > before;
        }

        if (ret_changed)
                *ret_changed = changed;
        return 0;
}

static int change_cards(Store *store, const When *when, const int64_t *cards, size_t n,
                        CardChange f, const Change *change, unsigned *ret_changed) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, change_each(&a, cards, n, f, change, ret_changed));
}

int commands_card_suspend(Store *store, const When *when, const int64_t *cards, size_t n, bool on,
                          unsigned *ret_changed) {
        return change_cards(store, when, cards, n, suspend_card, &(Change){ .on = on },
                            ret_changed);
}

int commands_card_bury(Store *store, const When *when, const int64_t *cards, size_t n, bool on,
                       unsigned *ret_changed) {
        return change_cards(store, when, cards, n, bury_card, &(Change){ .on = on }, ret_changed);
}

int commands_card_flag(Store *store, const When *when, const int64_t *cards, size_t n, int flag,
                       unsigned *ret_changed) {
        if (flag < 0 || flag > CARD_FLAG_MAX)
                return store_fail(store, STORE_E_INVALID,
                                  "There is no flag %d: flags are 1 to 7, and 0 for none.", flag);

        return change_cards(store, when, cards, n, flag_card, &(Change){ .flag = flag },
                            ret_changed);
}

static int move_cards(Action *a, const int64_t *cards, size_t n, const char *name,
                      unsigned *ret_changed) {
        Change change = { 0 };
        const Deck *deck;
        int r;

        r = action_deck(a, name, &change.deck);
        if (r != 0)
                return r;

        r = deck_get(a->store, change.deck, &deck);
        if (r != 0)
                return r;

        (void) snprintf(change.deck_uuid, sizeof(change.deck_uuid), "%s", deck->uuid);
        return change_each(a, cards, n, move_card, &change, ret_changed);
}

int commands_card_move(Store *store, const When *when, const int64_t *cards, size_t n,
                       const char *deck, unsigned *ret_changed) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, move_cards(&a, cards, n, deck, ret_changed));
}

/* Events in a card's history need a clock that is right, as grades do. */
static int change_history(Store *store, const When *when, const int64_t *cards, size_t n,
                          CardChange f, const Change *change, unsigned *ret_changed) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        r = action_check_clock(&a);
        if (r == 0)
                r = change_each(&a, cards, n, f, change, ret_changed);
        return action_end(&a, r);
}

int commands_card_reset(Store *store, const When *when, const int64_t *cards, size_t n,
                        unsigned *ret_changed) {
        return change_history(store, when, cards, n, reset_card, &(Change){ 0 }, ret_changed);
}

int commands_card_set_due(Store *store, const When *when, const int64_t *cards, size_t n,
                          int32_t due_day, unsigned *ret_changed) {
        if (due_day < when->today_day || due_day > when->today_day + PRESET_INTERVAL_MAX)
                return store_fail(
                        store, STORE_E_INVALID,
                        "A card can be made due today or later, at most 36500 days from now.");

        return change_history(store, when, cards, n, set_due_card, &(Change){ .due_day = due_day },
                              ret_changed);
}
