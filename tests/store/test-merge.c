/*
 * What comes out when two devices change the same things: the rules one by one, then whole random histories
 * in random orders, some operations twice, against a model that knows nothing of tables.
 */
#include "ops.h"

CHECK_MAIN

#define T(days) (NOON + (days) *DAY_MS)

#define ALL(f, ...)                                                                                \
        do {                                                                                       \
                TestOp *all_[] = { __VA_ARGS__ };                                                  \
                for (size_t i_ = 0; i_ < ELEMENTS(all_); i_++)                                     \
                        apply(f, all_[i_]);                                                        \
        } while (0)

static TestOp note_put(const char *writer, int64_t seq, int64_t ms, const char *field,
                       const char *value) {
        return op_about(writer, seq, ms, "note.put", 'n', 1, "{\"fields\":{\"%s\":\"%s\"}}", field,
                        value);
}

static char *digest(TestOp **ops, size_t n) {
        Fixture f = fixture_new();
        char *text;

        for (size_t i = 0; i < n; i++)
                apply(&f, ops[i]);
        text = digest_of(f.store);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
        return text;
}

#define DIGEST(...)                                                                                \
        ({                                                                                         \
                TestOp *d_[] = { __VA_ARGS__ };                                                    \
                digest(d_, ELEMENTS(d_));                                                          \
        })

static void check_field(Fixture *f, const char *field, const char *value) {
        _cleanup_(note_freep) Note *note = NULL;

        REQUIRE(note_get(f->store, test_note(f, 1), &note) == 0);
        CHECK_STR(value, note_field(note, field));
}

static bool alive(Fixture *f) {
        _cleanup_(note_freep) Note *note = NULL;

        return note_get(f->store, test_note(f, 1), &note) == 0 && note->alive;
}

/* A note, and two reviews of its card three days apart; then one on each device, an hour apart. */
typedef struct Two {
        TestOp note, first, second, a, b;
} Two;

static Two two_devices(void) {
        return (Two){
                .note = note_put(WRITER_A, 1, T(-70), "Front", "q"),
                .first = op_review(WRITER_A, 2, T(-67), 1, 0, GRADE_EASY),
                .second = op_review(WRITER_A, 3, T(-64), 1, 0, GRADE_GOOD),
                .a = op_review(WRITER_A, 4, T(0), 1, 0, GRADE_GOOD),
                .b = op_review(WRITER_B, 1, T(0) + HOUR_MS, 1, 0, GRADE_AGAIN),
        };
}

TEST(rule_1_a_card_reviewed_on_two_devices_counts_both_in_the_order_of_time)
{
        Fixture f = fixture_new();
        Two t = two_devices();
        Card card;

        ALL(&f, &t.note, &t.first, &t.second, &t.b, &t.a);
        card = test_card(&f, 1, 0);
        CHECK_INT(4, card.sched.reps);
        CHECK_INT(1, card.sched.lapses);
        CHECK_INT(CARD_RELEARNING, card.sched.state); /* Again came last, though it arrived first */
        CHECK_INT(T(0) + HOUR_MS, card.sched.last_ms);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(rule_2_an_operation_delivered_twice_changes_nothing)
{
        Two t = two_devices();
        _cleanup_free_ char *once = DIGEST(&t.note, &t.first, &t.second, &t.a, &t.b);
        _cleanup_free_ char *twice =
                DIGEST(&t.note, &t.first, &t.first, &t.note, &t.second, &t.a, &t.a, &t.b);

        CHECK_STR(once, twice);
}

TEST(rule_3_operations_delivered_in_any_order_give_the_same_state)
{
        Two t = two_devices();
        _cleanup_free_ char *one = DIGEST(&t.note, &t.first, &t.second, &t.a, &t.b);
        _cleanup_free_ char *two = DIGEST(&t.b, &t.a, &t.second, &t.first, &t.note);
        _cleanup_free_ char *three = DIGEST(&t.second, &t.b, &t.note, &t.a, &t.first);

        CHECK_STR(one, two);
        CHECK_STR(one, three);
}

/* Two stores' cards stand alike. */
static void check_same_card(TestOp **one, size_t n_one, TestOp **two, size_t n_two) {
        Fixture f = fixture_new(), g = fixture_new();
        Card a, b;

        for (size_t i = 0; i < n_one; i++)
                apply(&f, one[i]);
        for (size_t i = 0; i < n_two; i++)
                apply(&g, two[i]);
        a = test_card(&f, 1, 0);
        b = test_card(&g, 1, 0);
        CHECK_INT(b.sched.reps, a.sched.reps);
        CHECK_INT(b.sched.state, a.sched.state);
        CHECK_INT(b.sched.last_ms, a.sched.last_ms);
        CHECK_INT(b.sched.due_day, a.sched.due_day);
        CHECK(a.sched.stability_days == b.sched.stability_days);
        CHECK(a.sched.difficulty == b.sched.difficulty);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
        fixture_done(&g);
}

TEST(rule_4_undo_of_another_devices_review_removes_that_one_only)
{
        Two t = two_devices();
        TestOp undo = op_of(WRITER_B, 2, T(1), "review.undo", &t.a);
        TestOp *with[] = { &t.note, &t.first, &t.second, &t.a, &t.b, &undo };
        TestOp *without[] = { &t.note, &t.first, &t.second, &t.b };

        check_same_card(with, ELEMENTS(with), without, ELEMENTS(without));
}

TEST(rule_5_an_undo_may_arrive_before_what_it_undoes)
{
        Two t = two_devices();
        TestOp undo = op_of(WRITER_B, 2, T(1), "review.undo", &t.a);
        _cleanup_free_ char *early = DIGEST(&undo, &t.note, &t.first, &t.second, &t.b, &t.a);
        _cleanup_free_ char *late = DIGEST(&t.note, &t.first, &t.second, &t.a, &t.b, &undo);

        CHECK_STR(late, early);
}

TEST(rule_6_redo_after_undo_counts_the_review_again)
{
        Two t = two_devices();
        TestOp undo = op_of(WRITER_B, 2, T(1), "review.undo", &t.a);
        TestOp redo = op_of(WRITER_A, 5, T(2), "review.redo", &t.a);
        TestOp *with[] = { &t.note, &t.first, &t.second, &t.a, &redo, &t.b, &undo };
        TestOp *without[] = { &t.note, &t.first, &t.second, &t.a, &t.b };

        check_same_card(with, ELEMENTS(with), without, ELEMENTS(without));
}

TEST(rule_7_undone_on_both_devices_is_undone_once)
{
        Two t = two_devices();
        TestOp undo = op_of(WRITER_B, 2, T(1), "review.undo", &t.a);
        TestOp undo2 = op_of(WRITER_A, 5, T(1) + 1, "review.undo", &t.a);
        TestOp *with[] = { &t.note, &t.first, &t.second, &t.a, &t.b, &undo, &undo2 };
        TestOp *without[] = { &t.note, &t.first, &t.second, &t.b };

        check_same_card(with, ELEMENTS(with), without, ELEMENTS(without));
}

TEST(rule_8_different_fields_edited_on_two_devices_both_stay)
{
        Fixture f = fixture_new();
        TestOp put = op_about(WRITER_A, 1, T(0), "note.put", 'n', 1,
                              "{\"fields\":{\"Front\":\"q\",\"Back\":\"a\"}}");
        TestOp front = note_put(WRITER_A, 2, T(5), "Front", "q2");
        TestOp back = note_put(WRITER_B, 1, T(6), "Back", "a2");

        ALL(&f, &back, &put, &front);
        check_field(&f, "Front", "q2");
        check_field(&f, "Back", "a2");
        fixture_done(&f);
}

TEST(rule_9_the_same_field_edited_twice_keeps_the_later)
{
        Fixture f = fixture_new();
        TestOp x = note_put(WRITER_A, 1, T(5), "Front", "x"),
               y = note_put(WRITER_B, 1, T(6), "Front", "y");

        ALL(&f, &y, &x);
        check_field(&f, "Front", "y");
        CHECK_INT(
                2,
                sql_int(&f,
                        "SELECT count(*) FROM op WHERE kind = 'note.put'")); /* x is in the history */
        fixture_done(&f);
}

TEST(rule_10_at_the_same_clock_the_greater_writer_wins)
{
        Fixture f = fixture_new();
        TestOp y = note_put(WRITER_B, 1, T(5), "Front", "y"),
               x = note_put(WRITER_A, 9, T(5), "Front", "x");

        ALL(&f, &y, &x);
        check_field(&f, "Front", "y");
        fixture_done(&f);
}

TEST(rule_11_deleted_here_and_edited_later_there_stays_deleted)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(1), "Front", "x"),
               edit = note_put(WRITER_B, 1, T(9), "Front", "y");
        TestOp del = op_about(WRITER_A, 2, T(7), "note.del", 'n', 1, "{}");

        ALL(&f, &put, &edit, &del);
        CHECK(!alive(&f));
        check_field(&f, "Front", "y"); /* for whoever restores it */
        CHECK_INT(CARD_QUEUE_HIDDEN, test_card(&f, 1, 0).queue);
        fixture_done(&f);
}

TEST(rule_12_restored_after_that_it_is_alive_with_the_edit)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(1), "Front", "x"),
               edit = note_put(WRITER_B, 1, T(9), "Front", "y");
        TestOp del = op_about(WRITER_A, 2, T(7), "note.del", 'n', 1, "{}");
        TestOp restore = op_about(WRITER_B, 2, T(10), "note.restore", 'n', 1, "{}");

        ALL(&f, &restore, &put, &edit, &del);
        CHECK(alive(&f));
        check_field(&f, "Front", "y");
        CHECK_INT(CARD_QUEUE_NEW, test_card(&f, 1, 0).queue);
        fixture_done(&f);
}

TEST(rule_13_a_review_of_a_deleted_note_is_kept_and_the_note_stays_deleted)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-9), "Front", "x");
        TestOp del = op_about(WRITER_A, 2, T(-3), "note.del", 'n', 1, "{}");
        TestOp review = op_review(WRITER_B, 1, T(-2), 1, 0, GRADE_GOOD);

        ALL(&f, &put, &del, &review);
        CHECK(!alive(&f));
        CHECK_INT(1, test_card(&f, 1, 0).sched.reps);
        CHECK_INT(CARD_QUEUE_HIDDEN, test_card(&f, 1, 0).queue);
        fixture_done(&f);
}

TEST(rule_14_suspended_here_and_reviewed_there_both_hold)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-9), "Front", "x");
        TestOp suspend = op_card(WRITER_A, 2, T(-3), "card.suspend", 1, 0, "{\"on\":true}");
        TestOp review = op_review(WRITER_B, 1, T(-2), 1, 0, GRADE_GOOD);

        ALL(&f, &put, &suspend, &review);
        CHECK(test_card(&f, 1, 0).suspended);
        CHECK_INT(1, test_card(&f, 1, 0).sched.reps);
        CHECK_INT(CARD_QUEUE_SUSPENDED, test_card(&f, 1, 0).queue);
        fixture_done(&f);
}

TEST(rule_15_of_suspend_and_unsuspend_the_later_wins)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-9), "Front", "x");
        TestOp on = op_card(WRITER_A, 2, T(-3), "card.suspend", 1, 0, "{\"on\":true}");
        TestOp off = op_card(WRITER_B, 1, T(-2), "card.suspend", 1, 0, "{\"on\":false}");

        ALL(&f, &off, &put, &on);
        CHECK(!test_card(&f, 1, 0).suspended);
        fixture_done(&f);
}

static TestOp deck_put(const char *writer, int64_t seq, int64_t ms, unsigned deck,
                       const char *name) {
        return op_about(writer, seq, ms, "deck.put", 'd', deck, "{\"name\":\"%s\"}", name);
}

static TestOp deck_parent(const char *writer, int64_t seq, int64_t ms, unsigned deck,
                          unsigned parent) {
        return op_about(writer, seq, ms, "deck.put", 'd', deck, "{\"parent\":\"%s\"}",
                        test_uuid_text('d', parent));
}

static TestOp note_deck(const char *writer, int64_t seq, int64_t ms, unsigned deck) {
        return op_about(writer, seq, ms, "note.put", 'n', 1, "{\"deck\":\"%s\"}",
                        test_uuid_text('d', deck));
}

static const char *deck_of(Fixture *f) {
        const Deck *deck;

        return deck_get(f->store, test_card(f, 1, 0).deck, &deck) == 0 ? deck->name : "none";
}

TEST(rule_16_moved_to_two_decks_it_is_in_the_later_only)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-9), "Front", "x");
        TestOp one = deck_put(WRITER_A, 2, T(-8), 1, "One"),
               two = deck_put(WRITER_B, 1, T(-8), 2, "Two");
        TestOp to_one = note_deck(WRITER_A, 3, T(-5), 1), to_two = note_deck(WRITER_B, 2, T(-4), 2);

        ALL(&f, &put, &to_two, &one, &two, &to_one);
        CHECK_STR("Two", deck_of(&f));
        CHECK_INT(1, sql_int(&f, "SELECT sum(n) FROM tally"));
        fixture_done(&f);
}

TEST(rule_17_tags_added_on_two_devices_both_stay)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-9), "Front", "x");
        TestOp x = op_about(WRITER_A, 2, T(-5), "tag", 'n', 1, "{\"tag\":\"x\",\"on\":true}");
        TestOp y = op_about(WRITER_B, 1, T(-4), "tag", 'n', 1, "{\"tag\":\"y\",\"on\":true}");
        _cleanup_(note_freep) Note *note = NULL;

        ALL(&f, &y, &put, &x);
        REQUIRE(note_get(f.store, test_note(&f, 1), &note) == 0);
        REQUIRE(note->n_tags == 2);
        CHECK_STR("x", note->tags[0]);
        CHECK_STR("y", note->tags[1]);
        fixture_done(&f);
}

static TestOp weights(const char *writer, int64_t seq, int64_t ms, double w3) {
        return op_about(
                writer, seq, ms, "preset.put", 'p', 1,
                "{\"name\":\"P\",\"options\":{\"weights\":[0.2,1.2,2.3,%g,6.4,0.8,3,0.001,1.8,0.1,"
                "0.7,1.4,0.06,0.2,1.6,0.6,1.8,0.5,0.09,0.06,0.15]}}",
                w3);
}

TEST(rule_18_of_two_optimiser_runs_one_whole_vector_wins_and_history_is_folded_with_it)
{
        Fixture f = fixture_new();
        TestOp deck = op_about(WRITER_A, 1, T(-99), "deck.put", 'd', 1,
                               "{\"name\":\"D\",\"preset\":\"%s\"}", test_uuid_text('p', 1));
        TestOp put =
                op_about(WRITER_A, 2, T(-90), "note.put", 'n', 1,
                         "{\"deck\":\"%s\",\"fields\":{\"Front\":\"q\"}}", test_uuid_text('d', 1));
        TestOp review = op_review(WRITER_A, 3, T(-9), 1, 0, GRADE_EASY);
        TestOp one = weights(WRITER_A, 4, T(-5), 7), two = weights(WRITER_B, 1, T(-4), 11);

        ALL(&f, &two, &deck, &put, &review, &one);
        CHECK_NEAR(11, test_card(&f, 1, 0).sched.stability_days,
                   1e-6); /* S0(Easy) is the fourth weight */
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(rule_19_a_block_kept_here_and_timed_out_there_is_kept)
{
        Fixture f = fixture_new();
        TestOp kept = op_text(WRITER_A, 1, T(5), "block", "2026-11-23/1", "{\"state\":\"kept\"}");
        TestOp out =
                op_text(WRITER_B, 1, T(9), "block", "2026-11-23/1", "{\"state\":\"auto_skipped\"}");

        ALL(&f, &kept, &out);
        CHECK_INT(3, sql_int(&f, "SELECT state FROM block WHERE key = '2026-11-23/1'"));
        fixture_done(&f);
}

TEST(rule_20_reviews_before_a_reset_do_not_count)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-19), "Front", "x");
        TestOp before = op_review(WRITER_A, 2, T(-15), 1, 0, GRADE_EASY);
        TestOp reset = op_card(WRITER_B, 1, T(-10), "card.reset", 1, 0,
                               "{\"at\":%" PRIi64 ",\"tz\":0,\"ds\":240}", T(-10));
        TestOp after = op_review(WRITER_A, 3, T(-9), 1, 0, GRADE_GOOD);

        ALL(&f, &put, &before, &after, &reset);
        /* As a first review: S0(Good). Counts of reviews go on, so that seeds and records do. */
        CHECK_NEAR(2.3065, test_card(&f, 1, 0).sched.stability_days, 1e-6);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(rule_21_a_wrong_clock_is_corrected_by_an_operation)
{
        Two t = two_devices();
        TestOp bad = op_review(WRITER_B, 1, T(0) - 500 * DAY_MS, 1, 0, GRADE_GOOD);
        TestOp good = op_review(WRITER_B, 1, T(0), 1, 0, GRADE_GOOD);
        TestOp fix = op_text(WRITER_A, 9, T(1), "clock.fix", WRITER_B,
                             "{\"first\":1,\"last\":1,\"ms\":%" PRIi64 "}", 500 * DAY_MS);
        TestOp *late[] = { &t.note, &t.first, &t.second, &bad, &fix };
        TestOp *early[] = { &fix, &bad, &t.note, &t.first, &t.second };
        TestOp *right[] = { &t.note, &t.first, &t.second, &good };

        check_same_card(late, ELEMENTS(late), right, ELEMENTS(right));
        check_same_card(early, ELEMENTS(early), right, ELEMENTS(right));
}

TEST(rule_22_both_branches_of_a_forked_writer_are_kept)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-19), "Front", "x");
        TestOp one = op_review(WRITER_B, 5, T(-9), 1, 0, GRADE_GOOD);
        TestOp two = op_review(WRITER_B, 5, T(-8), 1, 0, GRADE_AGAIN);

        ALL(&f, &put, &one, &two);
        CHECK_INT(2, test_card(&f, 1, 0).sched.reps);
        fixture_done(&f);
}

TEST(rule_23_an_unknown_kind_is_kept_and_nothing_else_lost)
{
        Fixture f = fixture_new();
        TestOp future = op_text(WRITER_A, 1, T(-19), "from.the.future", "what", "{\"x\":1}");
        TestOp put = note_put(WRITER_A, 2, T(-18), "Front", "x");

        ALL(&f, &future, &put);
        CHECK_INT(1, sql_int(&f, "SELECT count(*) FROM op WHERE kind = 'from.the.future'"));
        check_field(&f, "Front", "x");
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(rule_24_decks_of_the_same_name_are_two_until_they_are_merged)
{
        Fixture f = fixture_new();
        TestOp put = note_put(WRITER_A, 1, T(-9), "Front", "x");
        TestOp one = deck_put(WRITER_A, 2, T(-8), 1, "Bio"),
               two = deck_put(WRITER_B, 1, T(-8), 2, "Bio");
        TestOp to_two = note_deck(WRITER_B, 2, T(-4), 2);
        TestOp merge = op_about(WRITER_A, 3, T(-1), "deck.merge", 'd', 2, "{\"into\":\"%s\"}",
                                test_uuid_text('d', 1));
        const Deck *decks;
        size_t n;

        ALL(&f, &put, &one, &two, &to_two);
        REQUIRE(deck_list(f.store, &decks, &n) == 0 && n == 3);
        CHECK_STR("Bio", decks[0].name);
        CHECK_STR("Bio (2)", decks[1].name);
        CHECK_STR("Bio (2)", deck_of(&f));

        apply(&f, &merge);
        CHECK_STR("Bio", deck_of(&f));
        REQUIRE(deck_list(f.store, &decks, &n) == 0);
        CHECK_INT(2, n);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_circle_of_parents_is_cut_at_its_latest_link)
{
        Fixture f = fixture_new();
        TestOp one = deck_put(WRITER_A, 1, T(-8), 1, "One"),
               two = deck_put(WRITER_B, 1, T(-8), 2, "Two");
        TestOp below_two = deck_parent(WRITER_A, 2, T(-5), 1, 2);
        TestOp below_one = deck_parent(WRITER_B, 2, T(-4), 2, 1);
        const Deck *deck;

        ALL(&f, &one, &two, &below_one, &below_two);
        CHECK_INT(0, deck_by_name(f.store, "Two::One", &deck));
        CHECK_INT(0, deck_by_name(f.store, "Two", &deck));
        fixture_done(&f);
}

TEST(an_object_may_be_named_before_it_is_described)
{
        Fixture f = fixture_new();
        TestOp review = op_review(WRITER_A, 3, T(-9), 1, 0, GRADE_GOOD);
        TestOp put = note_put(WRITER_A, 1, T(-19), "Front", "x");

        apply(&f, &review);
        CHECK_INT(CARD_QUEUE_HIDDEN, test_card(&f, 1, 0).queue);
        apply(&f, &put);
        CHECK_INT(1, test_card(&f, 1, 0).sched.reps);
        CHECK(test_card(&f, 1, 0).queue != CARD_QUEUE_HIDDEN);
        fixture_done(&f);
}

/* ---- random histories ---- */

enum { WRITERS = 3, PER_WRITER = 8, OPS = WRITERS * PER_WRITER, NOTES = 3 };

static uint64_t seed;

static unsigned rnd(unsigned n) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (unsigned) ((seed >> 16) % n);
}

static TestOp random_op(const char *writer, int64_t seq, const TestOp *pool, size_t n_pool) {
        static const char *const values[] = { "", "x", "y", "{{c1::a}} {{c2::b}}", "{{c2::b}}" };
        static const char *const fields[] = { "Front", "Back", "Text" };
        static const char *const blocks[] = { "kept", "skipped", "auto_skipped" };
        static const char *const types[] = { "00000000-0000-8000-8000-000000000003",
                                             "00000000-0000-8000-8000-000000000004",
                                             "00000000-0000-8000-8000-000000000005" };
        int64_t ms = T(-400) + rnd(300) * DAY_MS;
        unsigned note = rnd(NOTES), ord = rnd(2);
        const TestOp *named = n_pool > 0 ? &pool[rnd((unsigned) n_pool)] : NULL;

        switch (rnd(20)) {
        case 0 ... 5:
                return op_review(writer, seq, ms, note, ord, (Grade) (1 + rnd(4)));
        case 6:
        case 7:
                if (named &&
                    (strcmp(named->kind, "review") == 0 || strcmp(named->kind, "card.reset") == 0))
                        return op_of(writer, seq, ms, rnd(2) ? "review.undo" : "review.redo",
                                     named);
                return op_review(writer, seq, ms, note, ord, (Grade) (1 + rnd(4)));
        case 8:
        case 9:
                return op_about(writer, seq, ms, "note.put", 'n', note,
                                "{\"fields\":{\"%s\":\"%s\"}}", fields[rnd(3)], values[rnd(5)]);
        case 10:
                return op_about(writer, seq, ms, "note.put", 'n', note,
                                "{\"type\":\"%s\",\"deck\":\"%s\"}", types[rnd(3)],
                                test_uuid_text('d', rnd(3)));
        case 11:
                return op_about(writer, seq, ms, rnd(2) ? "note.del" : "note.restore", 'n', note,
                                "{}");
        case 12:
                return op_about(writer, seq, ms, "tag", 'n', note, "{\"tag\":\"%s\",\"on\":%s}",
                                rnd(2) ? "x" : "y", rnd(5) < 3 ? "true" : "false");
        case 13:
                return op_text(writer, seq, ms, "block", rnd(2) ? "b1" : "b2", "{\"state\":\"%s\"}",
                               blocks[rnd(3)]);
        case 14:
                return op_card(writer, seq, ms, "card.suspend", note, ord, "{\"on\":%s}",
                               rnd(2) ? "true" : "false");
        case 15:
                return op_card(writer, seq, ms, "card.reset", note, ord,
                               "{\"at\":%" PRIi64 ",\"tz\":0,\"ds\":240}", ms);
        case 16:
                return op_about(writer, seq, ms, "deck.put", 'd', rnd(3),
                                "{\"name\":\"%s\",\"parent\":\"%s\",\"preset\":\"%s\"}",
                                values[1 + rnd(2)], test_uuid_text('d', rnd(3)),
                                test_uuid_text('p', rnd(2)));
        case 17:
                return op_about(writer, seq, ms, "deck.merge", 'd', rnd(3), "{\"into\":\"%s\"}",
                                test_uuid_text('d', rnd(3)));
        case 18:
                return weights(writer, seq, ms, 5 + rnd(5));
        default:
                if (rnd(2))
                        return op_card(writer, seq, ms, "card.deck", note, ord, "{\"deck\":\"%s\"}",
                                       test_uuid_text('d', rnd(3)));
                return op_text(writer, seq, ms, "clock.fix", WRITER_B,
                               "{\"first\":1,\"last\":%u,\"ms\":%" PRIi64 "}", rnd(9),
                               rnd(40) * DAY_MS);
        }
}

static bool later(const TestOp *a, const TestOp *b) {
        Stamp x = { a->op.hlc, a->op.writer, a->op.seq, a->op.hash };
        Stamp y = { b->op.hlc, b->op.writer, b->op.seq, b->op.hash };

        return !b->kind[0] || stamp_compare(&x, &y) > 0;
}

static bool same_target(const TestOp *a, const TestOp *b) {
        return a->op.target_len == b->op.target_len &&
               memcmp(a->op.target, b->op.target, a->op.target_len) == 0;
}

/* The model: for one register, the latest operation that sets it. */
static const TestOp *winner(const TestOp *ops, const TestOp *like, const char *part) {
        static const TestOp none = { 0 };
        const TestOp *best = &none;

        for (size_t i = 0; i < OPS; i++) {
                bool pair = (strcmp(like->kind, "note.del") == 0 ||
                             strcmp(like->kind, "note.restore") == 0) &&
                            (strcmp(ops[i].kind, "note.del") == 0 ||
                             strcmp(ops[i].kind, "note.restore") == 0);

                if ((pair || strcmp(ops[i].kind, like->kind) == 0) && same_target(&ops[i], like) &&
                    (!part || strstr(ops[i].payload, part)) && later(&ops[i], best))
                        best = &ops[i];
        }
        return best;
}

static bool model_undone(const TestOp *ops, const TestOp *review) {
        const TestOp *best = &(TestOp){ 0 };
        Op named = { 0 };

        op_target_op(&named, review->op.writer, review->op.seq, review->op.hash);
        for (size_t i = 0; i < OPS; i++)
                if (strncmp(ops[i].kind, "review.", 7) == 0 &&
                    ops[i].op.target_len == named.target_len &&
                    memcmp(ops[i].op.target, named.target, named.target_len) == 0 &&
                    later(&ops[i], best))
                        best = &ops[i];
        return strcmp(best->kind, "review.undo") == 0;
}

static void check_model(Fixture *f, const TestOp *ops) {
        char query[300];

        for (unsigned n = 0; n < NOTES; n++) {
                TestOp del = op_about(WRITER_A, 1, 0, "note.del", 'n', n, "{}");
                TestOp put = op_about(WRITER_A, 1, 0, "note.put", 'n', n, "{}");
                const TestOp *fate = winner(ops, &del, NULL),
                             *front = winner(ops, &put, "\"Front\"");
                _cleanup_(note_freep) Note *note = NULL;
                int64_t id;

                if (note_by_uuid(f->store, test_uuid_text('n', n), &id) != 0)
                        continue;
                REQUIRE(note_get(f->store, id, &note) == 0);
                CHECK_INT(winner(ops, &put, NULL)->kind[0] && strcmp(fate->kind, "note.del") != 0,
                          note->alive);
                if (front->kind[0]) {
                        char wanted[64];

                        (void) snprintf(wanted, sizeof(wanted), "\"Front\":\"%s\"",
                                        note_field(note, "Front"));
                        CHECK(strstr(front->payload, wanted));
                }

                for (unsigned ord = 0; ord < 2; ord++) {
                        TestOp suspend = op_card(WRITER_A, 1, 0, "card.suspend", n, ord, "{}");
                        const TestOp *on = winner(ops, &suspend, NULL);
                        int reps = 0;

                        for (size_t i = 0; i < OPS; i++)
                                reps += strcmp(ops[i].kind, "review") == 0 &&
                                        same_target(&ops[i], &suspend) &&
                                        !model_undone(ops, &ops[i]);
                        (void) snprintf(
                                query, sizeof(query),
                                "SELECT ifnull(sum(reps), 0) FROM card WHERE note = %" PRIi64
                                " AND ord = %u",
                                id, ord);
                        CHECK_INT(reps, sql_int(f, query));
                        (void) snprintf(
                                query, sizeof(query),
                                "SELECT ifnull(sum(suspended), 0) FROM card WHERE note = %" PRIi64
                                " AND ord = %u",
                                id, ord);
                        CHECK_INT(on->kind[0] && strstr(on->payload, "true"), sql_int(f, query));
                }

                for (unsigned t = 0; t < 2; t++) {
                        TestOp tag = op_about(WRITER_A, 1, 0, "tag", 'n', n, "{}");
                        const char *name = t ? "\"x\"" : "\"y\"";
                        const TestOp *on = winner(ops, &tag, name);
                        bool has = false;

                        for (size_t i = 0; i < note->n_tags; i++)
                                has = has || note->tags[i][0] == name[1];
                        CHECK_INT(on->kind[0] && strstr(on->payload, "true"), has);
                }
        }
}

TEST(rule_25_random_histories_in_any_order_some_twice_give_the_same_state)
{
        Fixture f = fixture_new(), g = fixture_new();
        int rounds = getenv("EBB_ROUNDS") ? atoi(getenv("EBB_ROUNDS")) : 1000;

        seed = 88172645463325252u;
        for (int round = 0; round < rounds && check_failures == 0; round++) {
                static const char *const writers[] = { WRITER_A, WRITER_B, WRITER_C };
                TestOp ops[OPS];
                size_t order[OPS + 5];
                _cleanup_free_ char *one = NULL, *two = NULL;

                for (size_t i = 0; i < OPS; i++)
                        ops[i] = random_op(writers[i / PER_WRITER], (int64_t) (i % PER_WRITER) + 1,
                                           ops, i);
                for (size_t i = 0; i < OPS + 5; i++)
                        order[i] = i < OPS ? i : rnd(OPS);
                for (size_t i = OPS + 4; i > 0; i--) {
                        size_t j = rnd((unsigned) i + 1), kept = order[i];

                        order[i] = order[j];
                        order[j] = kept;
                }

                REQUIRE(transaction_begin(f.store) == 0);
                for (size_t i = 0; i < OPS; i++)
                        apply(&f, &ops[i]);
                REQUIRE(transaction_begin(g.store) == 0);
                for (size_t i = 0; i < OPS + 5; i++)
                        apply(&g, &ops[order[i]]);

                one = digest_of(f.store);
                two = digest_of(g.store);
                if (strcmp(one, two) != 0) {
                        size_t at = 0;

                        while (one[at] == two[at])
                                at++;
                        CHECK_FAIL("history %d differs:\n%.300s\nagainst\n%.300s", round,
                                   one + (at > 150 ? at - 150 : 0),
                                   two + (at > 150 ? at - 150 : 0));
                }
                check_model(&f, ops);
                CHECK_INT(0, verify_all(f.store));
                CHECK_INT(0, verify_all(g.store));
                transaction_rollback(f.store);
                transaction_rollback(g.store);
        }
        fixture_done(&f);
        fixture_done(&g);
}

TEST(a_preset_counts_for_a_card_that_was_only_given_a_due_day)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        FieldValue option = { "desired-retention", "0.75" };

        CHECK_INT(0, commands_card_set_due(f.store, &f.when, &card, 1, TODAY + 30, NULL));
        CHECK_INT(0, commands_preset_put(f.store, &f.when, "Default", &option, 1));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_deck_of_a_preset_never_heard_of_follows_the_default_one)
{
        Fixture f = fixture_new();
        FieldValue option = { "desired-retention", "0.75" };
        TestOp deck = op_about(WRITER_A, 1, T(-70), "deck.put", 'd', 1,
                               "{\"name\":\"d\",\"preset\":\"%s\"}", test_uuid_text('p', 9));
        TestOp note =
                op_about(WRITER_A, 2, T(-69), "note.put", 'n', 1,
                         "{\"deck\":\"%s\",\"fields\":{\"Front\":\"q\"}}", test_uuid_text('d', 1));
        TestOp due = op_card(WRITER_A, 3, T(-68), "card.due", 1, 0,
                             "{\"at\":%" PRIi64 ",\"tz\":0,\"ds\":240,\"day\":%d}", T(-68), TODAY);

        ALL(&f, &deck, &note, &due);
        CHECK_INT(0, commands_preset_put(f.store, &f.when, "Default", &option, 1));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_card_that_moves_while_its_deck_waits_to_be_folded_is_folded)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));

        CHECK_INT(0, commands_deck_create(f.store, &f.when, "other", NULL));
        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        /* As a preset that changed leaves a big deck: values of before, and a note to see to them. */
        CHECK_INT(0, sql_run(f.path, "UPDATE card SET stability = 1;"
                                     "INSERT INTO pending VALUES (1, 0)"));
        CHECK_INT(0, commands_card_move(f.store, &f.when, &card, 1, "other", NULL));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_due_day_from_an_impossible_zone_is_passed_over)
{
        Fixture f = fixture_new();
        TestOp note = note_put(WRITER_A, 1, T(-70), "Front", "q");
        TestOp due = op_card(WRITER_A, 2, T(-68), "card.due", 1, 0,
                             "{\"at\":%" PRIi64 ",\"tz\":-2147483648,\"ds\":240,\"day\":%d}",
                             T(-68), TODAY);

        ALL(&f, &note, &due);
        CHECK_INT(CARD_NEW, test_card(&f, 1, 0).sched.state);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(an_operation_from_the_end_of_time_is_followed_by_one_that_can_be_read)
{
        Fixture f = fixture_new();
        FieldValue field = { "Front", "mine" };
        _cleanup_free_ char *line = NULL;
        void *memory = NULL;
        size_t len;
        Op op;
        TestOp note = note_put(WRITER_A, 1, T(-70), "Front", "q");

        note.op.hlc = (uint64_t) INT64_MAX;
        op_seal_again(&note);
        apply(&f, &note);
        CHECK_INT(0, commands_note_edit(f.store, &f.when, test_note(&f, 1), &field, 1));
        REQUIRE(op_read(f.store, store_writer(f.store), 1, &line, &len) == 0);
        CHECK_INT(0, op_parse(store_writer(f.store), line, len, &op, &memory));
        free(memory);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(an_own_operation_that_comes_back_late_takes_no_number_twice)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        TestOp fork;
        GradeResult result;

        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        fork = op_card(store_writer(f.store), 2, NOON, "card.flag", 9, 0, "{\"flag\":1}");
        /* What is refused makes the store forget where its writer stands. */
        CHECK_INT(STORE_E_STALE, commands_grade(f.store, &f.when, card, 1, GRADE_GOOD, 0,
                                                REVIEW_MODE_ASKED, &result));
        apply(&f, &fork);
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(4, sql_int(&f, "SELECT max(seq) FROM review"));
        fixture_done(&f);
}
