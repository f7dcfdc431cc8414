#include "fixture.h"

CHECK_MAIN

TEST(a_note_gives_its_cards)
{
        Fixture f = fixture_new();
        int64_t note = add_basic(&f, "capital of France", "Paris");
        Card card = card_of(&f, first_card(&f, note));

        CHECK_INT(CARD_QUEUE_NEW, card.queue);
        CHECK_INT(CARD_NEW, card.sched.state);
        CHECK_INT(DECK_DEFAULT, card.deck);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_grade_moves_a_new_card_through_its_steps)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));

        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(CARD_LEARNING, card_of(&f, card).sched.state);
        CHECK_INT(NOON + 600 * 1000, card_of(&f, card).sched.due_ms);

        f.when = when_at(NOON + 600 * 1000);
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(CARD_REVIEW, card_of(&f, card).sched.state);
        CHECK_INT(2, card_of(&f, card).sched.reps);
        /* S0(Good) = 2.3065; a second Good on the day multiplies by exp(w17*w18)*S^-w19 = 1 at least. */
        CHECK_NEAR(2.3065, card_of(&f, card).sched.stability_days, 1e-6);
        CHECK_INT(TODAY + 2, card_of(&f, card).sched.due_day);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_grade_of_a_card_that_changed_is_refused)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        uint64_t revision = card_of(&f, card).revision;
        GradeResult result;

        CHECK_INT(0, commands_grade(f.store, &f.when, card, revision, GRADE_GOOD, 0,
                                    REVIEW_MODE_ASKED, &result));
        CHECK(result.card.revision != revision);
        CHECK_INT(STORE_E_STALE, commands_grade(f.store, &f.when, card, revision, GRADE_GOOD, 0,
                                                REVIEW_MODE_ASKED, &result));
        CHECK_INT(1, sql_int(&f, "SELECT count(*) FROM review"));
        fixture_done(&f);
}

TEST(a_grade_is_there_after_opening_again)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        Card before;

        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        before = card_of(&f, card);
        fixture_reopen(&f);
        CHECK_INT(before.sched.due_day, card_of(&f, card).sched.due_day);
        CHECK_INT(before.revision, card_of(&f, card).revision);
        fixture_done(&f);
}

TEST(siblings_are_buried_until_tomorrow)
{
        Fixture f = fixture_new();
        FieldValue fields[] = { { "Front", "q" }, { "Back", "a" } };
        NoteInput input = { .notetype = "Basic (and reversed card)",
                            .fields = fields,
                            .n_fields = 2 };
        _cleanup_free_ Card *cards = NULL;
        DueCounts due;
        size_t n = 0;
        int64_t note;

        REQUIRE(commands_note_add(f.store, &f.when, &input, &note) == 0);
        REQUIRE(card_list_of_note(f.store, note, &cards, &n) == 0);
        REQUIRE(n == 2);
        CHECK_INT(0, grade_now(&f, cards[0].id, GRADE_EASY));
        CHECK_INT(CARD_QUEUE_BURIED, card_of(&f, cards[1].id).queue);
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        CHECK_INT(0, due.fresh);

        f.when = when_at(NOON + DAY_MS);
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        CHECK_INT(1, due.fresh);
        CHECK_INT(CARD_QUEUE_NEW, card_of(&f, cards[1].id).queue);
        CHECK_INT(0, verify_all(f.store));

        f.when = when_at(NOON); /* the clock was set back */
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        CHECK_INT(0, due.fresh);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_leech_is_tagged_and_suspended_as_the_preset_says)
{
        Fixture f = fixture_new();
        int64_t note = add_basic(&f, "q", "a"), card = first_card(&f, note);
        FieldValue options[] = { { "leech-threshold", "2" }, { "leech-action", "suspend" } };
        _cleanup_(note_freep) Note *n = NULL;

        REQUIRE(commands_preset_put(f.store, &f.when, "Default", options, 2) == 0);
        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        for (int i = 1; i <= 2; i++) {
                CHECK(!card_of(&f, card).suspended);
                f.when = when_at(NOON + i * 100 * DAY_MS);
                CHECK_INT(0, grade_now(&f, card, GRADE_AGAIN));
                f.when = when_at(NOON + i * 100 * DAY_MS + HOUR_MS);
                if (i < 2)
                        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        }
        CHECK(card_of(&f, card).suspended);
        REQUIRE(note_get(f.store, note, &n) == 0);
        REQUIRE(n->n_tags == 1);
        CHECK_STR("leech", n->tags[0]);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_wrong_clock_stamps_nothing)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));

        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        f.when = when_at(NOON - 2 * DAY_MS);
        CHECK_INT(STORE_E_CLOCK, grade_now(&f, card, GRADE_GOOD));
        f.when = when_at(INT64_C(1577836800000)); /* 2020 */
        CHECK_INT(STORE_E_CLOCK, grade_now(&f, card, GRADE_GOOD));
        f.when = when_at(NOON - DAY_MS / 2);
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(an_undone_review_does_not_hold_the_clock)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        _cleanup_free_ char *what = NULL;

        f.when = when_at(NOON + 1500 * DAY_MS); /* a clock that ran ahead */
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        f.when = when_at(NOON);
        CHECK_INT(STORE_E_CLOCK, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(0, commands_undo(f.store, &f.when, &what));
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(what_is_refused_does_not_bury_again_what_came_back)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        int64_t other = first_card(&f, add_basic(&f, "r", "b"));
        FieldValue option = { "desired-retention", "0.8" };
        GradeResult result;
        Card before;
        DueCounts due;

        CHECK_INT(0, grade_now(&f, other, GRADE_EASY));
        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        CHECK_INT(0, commands_card_bury(f.store, &f.when, &card, 1, true, NULL));
        f.when = when_at(NOON + DAY_MS);
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        before = card_of(&f, card);
        CHECK_INT(CARD_QUEUE_REVIEW, before.queue);

        CHECK_INT(STORE_E_STALE, commands_grade(f.store, &f.when, card, before.revision - 1,
                                                GRADE_GOOD, 0, REVIEW_MODE_ASKED, &result));
        CHECK_INT(0, verify_all(f.store));

        /* Cards left to be folded when there is time, and a refusal before that time comes. */
        CHECK_INT(0, commands_preset_put(f.store, &f.when, "Default", &option, 1));
        CHECK_INT(0, sql_run(f.path, "INSERT OR REPLACE INTO pending VALUES (1, 0)"));
        CHECK_INT(STORE_E_STALE, commands_grade(f.store, &f.when, card, before.revision - 1,
                                                GRADE_GOOD, 0, REVIEW_MODE_ASKED, &result));
        CHECK_INT(0, store_idle(f.store));
        CHECK_INT(CARD_QUEUE_REVIEW, card_of(&f, card).queue);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_collection_of_yesterday_agrees_with_itself_when_only_read)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        _cleanup_free_ char *error = NULL;
        DueCounts due;

        CHECK_INT(0, commands_card_bury(f.store, &f.when, &card, 1, true, NULL));
        store_free(f.store);
        f.when = when_at(NOON + DAY_MS);
        REQUIRE(store_open(f.path, STORE_READ_ONLY, f.when.now_ms, &f.store, &error) == 0);
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}
