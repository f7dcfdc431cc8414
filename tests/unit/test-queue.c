/*
 * What is asked next: order of kinds, orders inside a kind, limits, mixing, and no card twice in a row.
 */
#include "tests/check.h"

#include "core/fsrs.h"
#include "core/queue.h"

enum { TODAY = 20000, MAX_CARDS = 16 };
#define NOW_MS (TODAY * INT64_C(86400000) + 43200000)

static Preset preset;

static QueueContext context(void) {
        preset_init(&preset);
        return (QueueContext){
                .now = { NOW_MS, TODAY, NOW_MS + 43200000 },
        };
}

static QueueCard learning(int64_t card, int64_t due_ms) {
        return (QueueCard){ .card = card,
                            .state = CARD_LEARNING,
                            .due_day = CARD_NO_DAY,
                            .due_ms = due_ms,
                            .last_ms = due_ms == CARD_NO_MS ? CARD_NO_MS : due_ms - 600000,
                            .preset = &preset };
}

static QueueCard review(int64_t card, int32_t due_day, double stability_days, int32_t last_day) {
        return (QueueCard){ .card = card,
                            .state = CARD_REVIEW,
                            .due_day = due_day,
                            .due_ms = CARD_NO_MS,
                            .stability_days = stability_days,
                            .last_day = last_day,
                            .last_ms = CARD_NO_MS,
                            .preset = &preset };
}

static QueueCard fresh(int64_t card, int64_t position) {
        return (QueueCard){ .card = card,
                            .state = CARD_NEW,
                            .due_day = CARD_NO_DAY,
                            .due_ms = CARD_NO_MS,
                            .last_day = CARD_NO_DAY,
                            .last_ms = CARD_NO_MS,
                            .position = position,
                            .preset = &preset };
}

/* Ids in the order in which they would be asked, each leaving the queue when asked: "3 1 2". */
static const char *asked(QueueContext *c, const QueueCard *cards, size_t n) {
        static char text[256];
        QueueCard left[MAX_CARDS];
        size_t len = 0, next;

        memcpy(left, cards, n * sizeof(*cards));
        text[0] = '\0';
        while ((next = queue_next(c, left, n)) != QUEUE_NONE) {
                len += (size_t) snprintf(text + len, sizeof(text) - len, "%s%" PRIi64,
                                         len ? " " : "", left[next].card);
                c->new_done += left[next].state == CARD_NEW;
                c->reviews_done += left[next].state == CARD_REVIEW;
                left[next] = left[--n];
        }
        return text;
}

TEST(nothing_is_asked_when_nothing_is_due)
{
        QueueContext c = context();
        QueueCard cards[] = {
                learning(1, NOW_MS + 1),
                review(2, TODAY + 1, 10, TODAY - 9),
        };

        CHECK(queue_next(&c, cards, 2) == QUEUE_NONE);
        CHECK(queue_next(&c, NULL, 0) == QUEUE_NONE);
}

TEST(learning_that_is_due_comes_first_longest_due_before_others)
{
        QueueContext c = context();
        QueueCard by_day = learning(3, CARD_NO_MS);
        by_day.due_day = TODAY;
        by_day.last_ms = CARD_NO_MS;
        QueueCard cards[] = {
                fresh(5, 0),         review(4, TODAY - 30, 1, TODAY - 40), by_day,
                learning(1, NOW_MS), learning(2, NOW_MS - 5000),
        };

        c.new_mix = NEW_MIX_AFTER_REVIEWS;
        CHECK_STR("2 1 3 4 5", asked(&c, cards, 5));
}

/* With the default decay R falls below 0.9 just at S: 12 of 10 days is riskier than 101 of 100. */
TEST(reviews_come_by_descending_risk_of_being_forgotten)
{
        QueueContext c = context();
        QueueCard cards[] = {
                review(1, TODAY - 1, 100, TODAY - 101),
                review(2, TODAY - 2, 10, TODAY - 12),
                review(3, TODAY, 50, TODAY - 50),
                review(4, TODAY, 1, TODAY - 9),
        };

        CHECK_STR("4 2 1 3", asked(&c, cards, 4));
}

TEST(risk_is_one_when_retrievability_is_the_desired_one)
{
        preset_init(&preset);
        CHECK_NEAR(1, queue_risk(&preset, 25, TODAY - 25, TODAY), 1e-9);
        preset.desired_retention = 0.8;
        CHECK_NEAR(0.5, queue_risk(&preset, 25, TODAY - 25, TODAY), 1e-9);
        CHECK_NEAR(0, queue_risk(&preset, 25, TODAY, TODAY), 1e-9);
        CHECK_NEAR(0, queue_risk(&preset, 25, TODAY + 3, TODAY), 1e-9);
}

/* The same memory is the more pressing, the more the deck wants to be remembered. */
TEST(risk_is_relative_to_what_the_deck_accepts)
{
        QueueContext c = context();
        Preset strict;
        QueueCard cards[] = { review(1, TODAY, 10, TODAY - 10), review(2, TODAY, 10, TODAY - 10) };

        preset_init(&strict);
        strict.desired_retention = 0.95;
        cards[1].preset = &strict;
        CHECK_STR("2 1", asked(&c, cards, 2));
}

TEST(other_review_orders_are_by_due_day_by_deck_and_random)
{
        QueueContext c = context();
        QueueCard cards[] = {
                review(1, TODAY - 1, 1, TODAY - 90),
                review(2, TODAY - 3, 100, TODAY - 100),
                review(3, TODAY - 2, 10, TODAY - 10),
                review(4, TODAY - 2, 10, TODAY - 10),
        };
        char first[64];
        int differ = 0;

        c.review_order = REVIEW_ORDER_DUE;
        CHECK_STR("2 3 4 1", asked(&c, cards, 4));

        cards[0].deck = cards[2].deck = 1;
        cards[1].deck = cards[3].deck = 2;
        c.review_order = REVIEW_ORDER_DECK;
        CHECK_STR("3 1 2 4", asked(&c, cards, 4));

        c.review_order = REVIEW_ORDER_RANDOM;
        snprintf(first, sizeof(first), "%s", asked(&c, cards, 4));
        CHECK_STR(first, asked(&c, cards, 4));
        for (c.seed = 1; c.seed < 20; c.seed++)
                differ += strcmp(first, asked(&c, cards, 4)) != 0;
        CHECK(differ >= 10);
}

TEST(new_cards_come_by_position_by_deck_or_random)
{
        QueueContext c = context();
        QueueCard cards[] = { fresh(1, 30), fresh(2, 10), fresh(3, 20), fresh(4, 20) };
        int differ = 0;

        CHECK_STR("2 3 4 1", asked(&c, cards, 4));
        cards[1].deck = 1;
        c.new_order = NEW_ORDER_DECK;
        CHECK_STR("3 4 1 2", asked(&c, cards, 4));
        c.new_order = NEW_ORDER_RANDOM;
        for (c.seed = 1; c.seed < 20; c.seed++)
                differ += strcmp("2 3 4 1", asked(&c, cards, 4)) != 0;
        CHECK(differ >= 10);
}

/* 3 new among 6 reviews: each new one in the middle of its third of the day. */
TEST(new_cards_are_mixed_as_the_preset_says)
{
        QueueCard cards[9];
        QueueContext c = context();

        for (int i = 0; i < 6; i++)
                cards[i] = review(i + 1, TODAY, 10, TODAY - 20 + i);
        for (int i = 0; i < 3; i++)
                cards[6 + i] = fresh(7 + i, i);

        CHECK_STR("1 7 2 3 8 4 5 9 6", asked(&c, cards, 9));

        c = context();
        c.new_mix = NEW_MIX_AFTER_REVIEWS;
        CHECK_STR("1 2 3 4 5 6 7 8 9", asked(&c, cards, 9));

        c = context();
        c.new_mix = NEW_MIX_BEFORE_REVIEWS;
        CHECK_STR("7 8 9 1 2 3 4 5 6", asked(&c, cards, 9));
}

/* One review is passed, but a hundred wait behind it in the store: the new one can wait too. */
TEST(mixing_counts_what_waits_and_not_only_the_candidates)
{
        QueueContext c = context();
        QueueCard cards[] = { review(1, TODAY, 10, TODAY - 20), fresh(2, 0) };

        c.reviews_done = 20;
        c.reviews_waiting = 100;
        c.new_waiting = 1;
        CHECK_STR("1 2", asked(&c, cards, 2));
        c.reviews_done = 90;
        c.reviews_waiting = 30;
        c.new_done = 0;
        CHECK_STR("2 1", asked(&c, cards, 2));
}

TEST(limits_hold_back_new_cards_and_reviews_but_not_learning)
{
        QueueContext c = context();
        QueueLimit limits[] = { { 0, 0 }, { 0, 1 }, { 1, 0 } };
        QueueCard cards[] = {
                fresh(1, 0),
                review(2, TODAY, 10, TODAY - 20),
                learning(3, NOW_MS),
                fresh(4, 0),
                review(5, TODAY, 10, TODAY - 20),
                fresh(6, 0),
                review(7, TODAY, 10, TODAY - 20),
        };

        c.limits = limits;
        c.n_limits = 3;
        cards[3].limit = cards[4].limit = 1;
        cards[5].limit = cards[6].limit = 2;
        c.new_mix = NEW_MIX_AFTER_REVIEWS;
        CHECK_STR("3 5 6", asked(&c, cards, 7));
}

TEST(a_card_is_not_asked_twice_within_a_minute_if_another_is_due)
{
        QueueContext c = context();
        QueueCard cards[] = { learning(1, NOW_MS - 1000), fresh(2, 0) };

        cards[0].last_ms = NOW_MS - 59999;
        CHECK_INT(1, queue_next(&c, cards, 2));
        CHECK_INT(0, queue_next(&c, cards, 1));
        cards[0].last_ms = NOW_MS - 60000;
        CHECK_INT(0, queue_next(&c, cards, 2));
}

TEST(learning_is_asked_ahead_only_when_nothing_else_is_left)
{
        QueueContext c = context();
        QueueCard cards[] = { learning(1, NOW_MS + 300000), learning(2, NOW_MS + 100000),
                              learning(3, NOW_MS + 1300000), fresh(4, 0) };

        CHECK_STR("4", asked(&c, cards, 4));
        c.learn_ahead_ms = 1200000;
        CHECK_STR("4 2 1", asked(&c, cards, 4));
}

CHECK_MAIN
