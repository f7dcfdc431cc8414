#include "store/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/day.h"
#include "core/interval.h"
#include "core/queue.h"
#include "store/fold.h"
#include "store/internal.h"

enum {
        SQL_TALLY,
        SQL_TOTALS,
        SQL_LEARNING,
        SQL_DONE,
        SQL_DECK_OF,
        SQL_NEXT_LEARNING,
        SQL_NEXT_DAY,
        SQL_WAITING,
        SQL_OLDEST_LEARNING,
        SQL_OLDEST_DAY,
        SQL_PICK_LEARNING,
        SQL_PICK_LEARNING_DAY,
        SQL_PICK_REVIEW,
        SQL_PICK_NEW,
};
static const Sql sql[] = {
        [SQL_TALLY] = { "SELECT queue, deck, n FROM tally WHERE (queue = 1 AND day = 0)"
                        " OR (queue = 2 AND day > 0 AND day <= ?1) OR (queue = 3 AND day <= ?1)" },
        [SQL_TOTALS] = { "SELECT deck, sum(n) FROM tally GROUP BY deck" },
        [SQL_LEARNING] = { "SELECT deck FROM card INDEXED BY card_learning"
                           " WHERE queue = 2 AND due_ms <= ?" },
        [SQL_DONE] = { "SELECT card.deck, review.was, review.at_ms, review.tz_min, review.day_starts_min"
                       " FROM review INDEXED BY review_at"
                       " JOIN card ON card.id = review.card"
                       " WHERE review.at_ms >= ? AND review.at_ms < ? AND review.undone = 0" },
        [SQL_DECK_OF] = { "SELECT deck FROM card WHERE id = ?" },
        [SQL_NEXT_LEARNING] = { "SELECT min(due_ms) FROM card INDEXED BY card_learning"
                                " WHERE queue = 2 AND due_ms > ?" },
        [SQL_NEXT_DAY] = { "SELECT min(day) FROM tally WHERE queue = ? AND day > ?" },
        [SQL_WAITING] = { "SELECT EXISTS (SELECT 1 FROM tally WHERE queue = 1)"
                          " OR EXISTS (SELECT 1 FROM tally WHERE queue = 5)"
                          " OR EXISTS (SELECT 1 FROM tally WHERE queue = 3 AND day <= ?)" },
        [SQL_OLDEST_LEARNING] = { "SELECT min(due_ms) FROM card INDEXED BY card_learning"
                                  " WHERE queue = 2 AND due_ms <= ?" },
        [SQL_OLDEST_DAY] = { "SELECT min(day) FROM tally WHERE queue = ? AND day > 0 AND day <= ?" },
        [SQL_PICK_LEARNING] = { "SELECT id, deck, due_ms, last_ms, state FROM card"
                                " INDEXED BY card_learning WHERE queue = 2 AND due_ms <= ?"
                                " ORDER BY due_ms LIMIT ?" },
        [SQL_PICK_LEARNING_DAY] = { "SELECT id, deck, due_day, last_ms, state FROM card"
                                    " INDEXED BY card_learning WHERE queue = 2 AND due_ms IS NULL"
                                    " AND due_day <= ? LIMIT ?" },
        [SQL_PICK_REVIEW] = { "SELECT id, due_day, stability, last_day FROM card"
                              " INDEXED BY card_review WHERE queue = 3 AND deck = ?"
                              " AND due_day <= ? ORDER BY due_day LIMIT ?" },
        [SQL_PICK_NEW] = { "SELECT id, position FROM card INDEXED BY card_new"
                           " WHERE queue = 1 AND deck = ? ORDER BY position LIMIT ?" },
};

/* How many candidates one pick looks at: the oldest due of each deck. A backlog beyond it waits its turn. */
enum { PICK_LEARNING = 500, PICK_REVIEWS = 4096, PICK_NEW = 200, PICK_NEW_RANDOM = 2000 };

void queue_forget(Store *store) {
        free(store->done);
        store->done = NULL;
        store->n_done = 0;
        store->done_total = 0;
        store->done_day = CARD_NO_DAY;
}

int store_set_today(Store *store, const When *when) {
        int r;

        if (store->in_transaction)
                return 0;

        r = store->unsure ? 0 : fold_load(store);
        if (r < 0 || store->today_day == when->today_day)
                return r;
        if (store->read_only || store->unsure) {
                store->today_day = when->today_day;
                return 0;
        }

        r = transaction_begin(store);
        if (r != 0)
                return r < 0 ? r : 0;

        r = fold_set_today(store, when->today_day);
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }

        r = transaction_commit(store);
        return r == STORE_E_FULL ? 0 : r;
}

/* What of a deck's is due, own cards only, before limits; and what was done today. */
typedef struct DeckDue {
        uint32_t fresh, learning, review;
        uint32_t fresh_done, review_done;
        uint32_t fresh_left, review_left; /* of the limits, subdecks' answers taken off */
        int64_t total;
} DeckDue;

static size_t deck_index(const Deck *decks, size_t n, int64_t id) {
        for (size_t i = 0; i < n; i++)
                if (decks[i].id == id)
                        return i;
        return n;
}

static uint32_t to_count(int64_t n) {
        return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t) n;
}

static int add_done(Store *store, int64_t deck, CardState was) {
        size_t i = 0;

        while (i < store->n_done && store->done[i].deck != deck)
                i++;
        if (i == store->n_done) {
                void *more = reallocarray(store->done, i + 1, sizeof(*store->done));

                if (!more)
                        return -ENOMEM;
                store->done = more;
                store->done[store->n_done++] = (DoneToday){ .deck = deck };
        }
        store->done[i].fresh += was == CARD_NEW;
        store->done[i].review += was == CARD_REVIEW;
        store->done_total++;
        return 0;
}

static int count_done(Store *store, const When *when) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int64_t since = when->day_ends_ms - 2 * MSEC_PER_DAY; /* a day that is longer, too */
        int r;

        if (store->done_day == when->today_day && store->done_since_ms == since)
                return 0;

        queue_forget(store);
        r = stmt_query(store, &sql[SQL_DONE], &st, "ii", since, when->day_ends_ms);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                int64_t deck = sqlite3_column_int64(st, 0);
                CardState was = (CardState) sqlite3_column_int(st, 1);

                if (day_of_review(sqlite3_column_int64(st, 2), sqlite3_column_int(st, 3),
                                  sqlite3_column_int(st, 4)) != when->today_day)
                        continue;

                r = add_done(store, deck, was);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        store->done_day = when->today_day;
        store->done_since_ms = since;
        store->done_until_ms = when->day_ends_ms;
        return 0;
}

/* One more review, so that a day's reviews are not counted again after each of them. */
int queue_reviewed(Store *store, int64_t card, const Moment *at, CardState was) {
        int64_t deck;
        int r;

        if (store->done_day == CARD_NO_DAY || at->day != store->done_day ||
            at->at_ms < store->done_since_ms || at->at_ms >= store->done_until_ms)
                return 0;

        r = stmt_int(store, &sql[SQL_DECK_OF], 0, &deck, "i", card);
        if (r < 0)
                return r;

        r = add_done(store, deck, was);
        if (r < 0)
                queue_forget(store);
        return r;
}

int review_count_today(Store *store, const When *when, uint32_t *ret) {
        int r;

        r = count_done(store, when);
        if (r < 0)
                return r;

        *ret = store->done_total;
        return 0;
}

static int load_due(Store *store, const When *when, const Deck *decks, size_t n, DeckDue *due) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_TALLY], &st, "i", (int64_t) when->today_day);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                size_t i = deck_index(decks, n, sqlite3_column_int64(st, 1));
                int64_t count = sqlite3_column_int64(st, 2);

                if (i == n)
                        continue;
                switch ((CardQueue) sqlite3_column_int(st, 0)) {
                case CARD_QUEUE_NEW:
                        due[i].fresh += to_count(count);
                        break;
                case CARD_QUEUE_LEARNING:
                        due[i].learning += to_count(count);
                        break;
                case CARD_QUEUE_REVIEW:
                        due[i].review += to_count(count);
                        break;
                case CARD_QUEUE_HIDDEN:
                case CARD_QUEUE_SUSPENDED:
                case CARD_QUEUE_BURIED:
                        break;
                }
        }
        if (r < 0)
                return r;
        stmt_resetp(&st);

        r = stmt_query(store, &sql[SQL_LEARNING], &st, "i", when->now_ms);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                size_t i = deck_index(decks, n, sqlite3_column_int64(st, 0));

                if (i < n)
                        due[i].learning++;
        }
        if (r < 0)
                return r;

        r = count_done(store, when);
        if (r < 0)
                return r;

        for (size_t i = 0; i < store->n_done; i++) {
                size_t at = deck_index(decks, n, store->done[i].deck);

                if (at < n) {
                        due[at].fresh_done += store->done[i].fresh;
                        due[at].review_done += store->done[i].review;
                }
        }

        /* Answers in a subdeck count against every deck above it. Children come after their parent. */
        for (size_t i = n; i-- > 0;) {
                const PresetRow *preset;
                size_t parent = decks[i].parent > 0 ? deck_index(decks, n, decks[i].parent) : n;

                r = preset_of_deck(store, decks[i].id, &preset);
                if (r != 0)
                        return r < 0 ? r : -EUCLEAN;

                due[i].fresh_left = preset->preset.new_per_day > due[i].fresh_done
                                            ? preset->preset.new_per_day - due[i].fresh_done
                                            : 0;
                due[i].review_left = preset->preset.reviews_per_day > due[i].review_done
                                             ? preset->preset.reviews_per_day - due[i].review_done
                                             : 0;
                if (parent < n) {
                        due[parent].fresh_done += due[i].fresh_done;
                        due[parent].review_done += due[i].review_done;
                }
        }
        return 0;
}

/* What can be asked in each deck with those below it: at most its own limit, and theirs. */
static void sum_due(const Deck *decks, size_t n, DeckDue *due) {
        for (size_t i = n; i-- > 0;) {
                size_t parent = decks[i].parent > 0 ? deck_index(decks, n, decks[i].parent) : n;

                due[i].fresh = due[i].fresh < due[i].fresh_left ? due[i].fresh : due[i].fresh_left;
                due[i].review =
                        due[i].review < due[i].review_left ? due[i].review : due[i].review_left;
                if (parent < n) {
                        due[parent].fresh += due[i].fresh;
                        due[parent].learning += due[i].learning;
                        due[parent].review += due[i].review;
                        due[parent].total += due[i].total;
                }
        }
}

int queue_due(Store *store, const When *when, DueCounts *ret) {
        _cleanup_free_ DeckDue *due = NULL;
        DueCounts counts = { 0 };
        const Deck *decks;
        size_t n;
        int r;

        r = store_set_today(store, when);
        if (r < 0)
                return r;

        r = deck_list(store, &decks, &n);
        if (r < 0)
                return r;

        due = calloc(n + 1, sizeof(*due));
        if (!due)
                return -ENOMEM;

        r = load_due(store, when, decks, n, due);
        if (r < 0)
                return r;

        sum_due(decks, n, due);
        for (size_t i = 0; i < n; i++)
                if (decks[i].depth == 0) {
                        counts.fresh += due[i].fresh;
                        counts.learning += due[i].learning;
                        counts.review += due[i].review;
                }

        *ret = counts;
        return 0;
}

int queue_due_by_deck(Store *store, const When *when, DeckCounts **ret, size_t *ret_n) {
        _cleanup_free_ DeckCounts *counts = NULL;
        _cleanup_free_ DeckDue *due = NULL;
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        const Deck *decks;
        size_t n;
        int r;

        r = store_set_today(store, when);
        if (r < 0)
                return r;

        r = deck_list(store, &decks, &n);
        if (r < 0)
                return r;

        due = calloc(n + 1, sizeof(*due));
        counts = calloc(n + 1, sizeof(*counts));
        if (!due || !counts)
                return -ENOMEM;

        r = load_due(store, when, decks, n, due);
        if (r < 0)
                return r;

        r = stmt_query(store, &sql[SQL_TOTALS], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                size_t i = deck_index(decks, n, sqlite3_column_int64(st, 0));

                if (i < n)
                        due[i].total = sqlite3_column_int64(st, 1);
        }
        if (r < 0)
                return r;

        sum_due(decks, n, due);
        for (size_t i = 0; i < n; i++)
                counts[i] = (DeckCounts){
                        .deck = decks[i].id,
                        .due = { due[i].fresh, due[i].learning, due[i].review },
                        .total = due[i].total,
                };

        *ret = TAKE_PTR(counts);
        *ret_n = n;
        return 0;
}

int queue_next_due(Store *store, const When *when, int64_t *ret_ms) {
        int64_t learning, review_day, learning_day, waiting, day, at = 0;
        int r;

        r = store_set_today(store, when);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_NEXT_LEARNING], INT64_MAX, &learning, "i", when->now_ms);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_NEXT_DAY], INT64_MAX, &review_day, "ii",
                     (int64_t) CARD_QUEUE_REVIEW, (int64_t) when->today_day);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_NEXT_DAY], INT64_MAX, &learning_day, "ii",
                     (int64_t) CARD_QUEUE_LEARNING, (int64_t) when->today_day);
        if (r < 0)
                return r;

        /* What today's limits or burying hold back is due again tomorrow. */
        r = stmt_int(store, &sql[SQL_WAITING], 0, &waiting, "i", (int64_t) when->today_day);
        if (r < 0)
                return r;

        day = review_day < learning_day ? review_day : learning_day;
        if (waiting)
                day = (int64_t) when->today_day + 1;
        if (day != INT64_MAX)
                at = when->day_ends_ms + (day - when->today_day - 1) * MSEC_PER_DAY;
        if (learning != INT64_MAX && (at == 0 || learning < at))
                at = learning;

        *ret_ms = at;
        return 0;
}

int queue_oldest_due(Store *store, const When *when, int64_t *ret_ms) {
        int64_t oldest, day;
        int r;

        r = store_set_today(store, when);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_OLDEST_LEARNING], INT64_MAX, &oldest, "i", when->now_ms);
        if (r < 0)
                return r;

        for (int64_t queue = CARD_QUEUE_LEARNING; queue <= CARD_QUEUE_REVIEW; queue++) {
                int64_t at;

                r = stmt_int(store, &sql[SQL_OLDEST_DAY], INT64_MAX, &day, "ii", queue,
                             (int64_t) when->today_day);
                if (r < 0)
                        return r;
                if (day == INT64_MAX)
                        continue;

                at = when->day_ends_ms - (when->today_day - day + 1) * MSEC_PER_DAY;
                if (at < oldest)
                        oldest = at;
        }

        *ret_ms = oldest == INT64_MAX ? 0 : oldest;
        return 0;
}

typedef struct Candidates {
        QueueCard *cards;
        size_t n, cap;
} Candidates;

static void candidates_done(Candidates *c) {
        free(c->cards);
}

static int candidates_add(Candidates *c, const QueueCard *card) {
        if (c->n == c->cap) {
                size_t cap = c->cap ? 2 * c->cap : 64;
                void *more = reallocarray(c->cards, cap, sizeof(*c->cards));

                if (!more)
                        return -ENOMEM;
                c->cards = more;
                c->cap = cap;
        }
        c->cards[c->n++] = *card;
        return 0;
}

/* The decks one reviews in, with their presets and what their limits still let through. */
typedef struct Scope {
        const Deck *decks;
        size_t n;
        bool *in;
        const PresetRow **presets;
        QueueLimit *limits;
} Scope;

static void scope_done(Scope *s) {
        free(s->in);
        free(s->presets);
        free(s->limits);
}

static int add_learning(Store *store, const Scope *scope, size_t which, int64_t until,
                        Candidates *c) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[which], &st, "ii", until, (int64_t) PICK_LEARNING);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                size_t i = deck_index(scope->decks, scope->n, sqlite3_column_int64(st, 1));
                bool by_day = which == SQL_PICK_LEARNING_DAY;
                QueueCard card = {
                        .card = sqlite3_column_int64(st, 0),
                        .state = (CardState) sqlite3_column_int(st, 4),
                        .due_day = by_day ? sqlite3_column_int(st, 2) : CARD_NO_DAY,
                        .due_ms = by_day ? CARD_NO_MS : sqlite3_column_int64(st, 2),
                        .last_ms = stmt_int_or(st, 3, CARD_NO_MS),
                        .deck = (int64_t) i,
                        .limit = i,
                };

                if (i == scope->n || !scope->in[i])
                        continue;
                card.preset = &scope->presets[i]->preset;
                r = candidates_add(c, &card);
                if (r < 0)
                        return r;
        }
        return r;
}

static int add_reviews(Store *store, const Scope *scope, size_t i, int32_t today, Candidates *c) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_PICK_REVIEW], &st, "iii", scope->decks[i].id,
                       (int64_t) today, (int64_t) PICK_REVIEWS);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                QueueCard card = {
                        .card = sqlite3_column_int64(st, 0),
                        .state = CARD_REVIEW,
                        .due_day = sqlite3_column_int(st, 1),
                        .due_ms = CARD_NO_MS,
                        .stability_days = sqlite3_column_double(st, 2),
                        .last_day = (int32_t) stmt_int_or(st, 3, CARD_NO_DAY),
                        .last_ms = CARD_NO_MS,
                        .deck = (int64_t) i,
                        .preset = &scope->presets[i]->preset,
                        .limit = i,
                };

                r = candidates_add(c, &card);
                if (r < 0)
                        return r;
        }
        return r;
}

static int add_new(Store *store, const Scope *scope, size_t i, NewOrder order, Candidates *c) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_PICK_NEW], &st, "ii", scope->decks[i].id,
                       (int64_t) (order == NEW_ORDER_RANDOM ? PICK_NEW_RANDOM : PICK_NEW));
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                QueueCard card = {
                        .card = sqlite3_column_int64(st, 0),
                        .state = CARD_NEW,
                        .due_day = CARD_NO_DAY,
                        .due_ms = CARD_NO_MS,
                        .last_day = CARD_NO_DAY,
                        .last_ms = CARD_NO_MS,
                        .deck = (int64_t) i,
                        .position = sqlite3_column_int64(st, 1),
                        .preset = &scope->presets[i]->preset,
                        .limit = i,
                };

                r = candidates_add(c, &card);
                if (r < 0)
                        return r;
        }
        return r;
}

int queue_pick(Store *store, const When *when, int64_t deck, int64_t last_card,
               int64_t learn_ahead_ms, Card *ret) {
        _cleanup_(candidates_done) Candidates c = { 0 };
        _cleanup_(scope_done) Scope scope = { 0 };
        _cleanup_free_ DeckDue *due = NULL;
        const PresetRow *rules;
        QueueContext context;
        size_t best;
        int r;

        r = store_set_today(store, when);
        if (r < 0)
                return r;

        r = deck_list(store, &scope.decks, &scope.n);
        if (r < 0)
                return r;

        due = calloc(scope.n + 1, sizeof(*due));
        scope.in = calloc(scope.n + 1, sizeof(*scope.in));
        scope.presets = calloc(scope.n + 1, sizeof(*scope.presets));
        scope.limits = calloc(scope.n + 1, sizeof(*scope.limits));
        if (!due || !scope.in || !scope.presets || !scope.limits)
                return -ENOMEM;

        r = load_due(store, when, scope.decks, scope.n, due);
        if (r < 0)
                return r;

        /* How much is mixed is the rule of the deck one reviews in. */
        r = preset_of_deck(store, deck > 0 ? deck : DECK_DEFAULT, &rules);
        if (r != 0)
                return r;

        context = (QueueContext){
                .now = { .at_ms = when->now_ms,
                         .day = when->today_day,
                         .next_day_ms = when->day_ends_ms },
                .new_order = rules->preset.new_order,
                .review_order = rules->preset.review_order,
                .new_mix = rules->preset.new_mix,
                .seed = interval_mix((uint64_t) when->today_day, (uint64_t) store->writer),
                .learn_ahead_ms = learn_ahead_ms,
                .limits = scope.limits,
                .n_limits = scope.n,
        };

        for (size_t i = 0; i < scope.n; i++) {
                size_t parent = scope.decks[i].parent > 0
                                        ? deck_index(scope.decks, scope.n, scope.decks[i].parent)
                                        : scope.n;

                r = preset_of_deck(store, scope.decks[i].id, &scope.presets[i]);
                if (r != 0)
                        return r < 0 ? r : -EUCLEAN;

                scope.in[i] = deck <= 0 || scope.decks[i].id == deck ||
                              (parent < scope.n && scope.in[parent]);
                if (!scope.in[i])
                        continue;

                scope.limits[i] = (QueueLimit){ due[i].fresh_left, due[i].review_left };
                if (parent < scope.n && scope.in[parent]) {
                        if (scope.limits[parent].new_left < scope.limits[i].new_left)
                                scope.limits[i].new_left = scope.limits[parent].new_left;
                        if (scope.limits[parent].reviews_left < scope.limits[i].reviews_left)
                                scope.limits[i].reviews_left = scope.limits[parent].reviews_left;
                }
                if (!(parent < scope.n && scope.in[parent])) {
                        context.new_done += due[i].fresh_done;
                        context.reviews_done += due[i].review_done;
                }
                context.new_waiting += due[i].fresh < scope.limits[i].new_left
                                               ? due[i].fresh
                                               : scope.limits[i].new_left;
                context.reviews_waiting += due[i].review < scope.limits[i].reviews_left
                                                   ? due[i].review
                                                   : scope.limits[i].reviews_left;

                if (due[i].review > 0 && scope.limits[i].reviews_left > 0) {
                        r = add_reviews(store, &scope, i, when->today_day, &c);
                        if (r < 0)
                                return r;
                }
                if (due[i].fresh > 0 && scope.limits[i].new_left > 0) {
                        r = add_new(store, &scope, i, context.new_order, &c);
                        if (r < 0)
                                return r;
                }
        }

        r = add_learning(store, &scope, SQL_PICK_LEARNING, when->now_ms + learn_ahead_ms, &c);
        if (r < 0)
                return r;

        r = add_learning(store, &scope, SQL_PICK_LEARNING_DAY, when->today_day, &c);
        if (r < 0)
                return r;

        /* The card just asked steps back whether or not it was answered. */
        for (size_t i = 0; i < c.n; i++)
                if (c.cards[i].card == last_card)
                        c.cards[i].last_ms = when->now_ms;

        best = queue_next(&context, c.cards, c.n);
        if (best == QUEUE_NONE)
                return store_fail(store, STORE_E_NOTHING, "No card is due.");

        return card_get(store, c.cards[best].card, ret);
}
