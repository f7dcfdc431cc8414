#include "fixture.h"

CHECK_MAIN

/* What an undo or redo says it did. */
#define CHECK_UNDO(expected)                                                                       \
        do {                                                                                       \
                char *what_ = NULL;                                                                \
                CHECK_INT(0, commands_undo(f.store, &f.when, &what_));                             \
                CHECK_STR(expected, what_);                                                        \
                free(what_);                                                                       \
        } while (0)
#define CHECK_REDO(expected)                                                                       \
        do {                                                                                       \
                char *what_ = NULL;                                                                \
                CHECK_INT(0, commands_redo(f.store, &f.when, &what_));                             \
                CHECK_STR(expected, what_);                                                        \
                free(what_);                                                                       \
        } while (0)

static void check_front(Fixture *f, int64_t note, const char *front) {
        _cleanup_(note_freep) Note *n = NULL;

        REQUIRE(note_get(f->store, note, &n) == 0);
        CHECK_STR(front, note_field(n, "Front"));
}

/* What people see: the digest without the operations themselves, clocks and the times of change. */
static char *sight_of(Fixture *f) {
        char *text = digest_of(f->store), *ops = text ? strstr(text, "# 7\n") : NULL;

        if (ops)
                *ops = '\0';
        return text;
}

TEST(a_grade_is_undone_and_done_again)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        CardSched graded;

        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        graded = card_of(&f, card).sched;
        CHECK_UNDO("Graded card 1 Good");
        CHECK_INT(CARD_NEW, card_of(&f, card).sched.state);
        CHECK_INT(0, card_of(&f, card).sched.reps);
        CHECK_REDO("Graded card 1 Good");
        CHECK_INT(graded.due_ms, card_of(&f, card).sched.due_ms);
        CHECK_INT(1, card_of(&f, card).sched.reps);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(undo_reaches_back_to_the_beginning_and_redo_forward_again)
{
        Fixture f = fixture_new();
        int64_t note = add_basic(&f, "one", "a"), card = first_card(&f, note);
        FieldValue two = { "Front", "two" }, three = { "Front", "three" };
        char *what = NULL;

        REQUIRE(commands_note_edit(f.store, &f.when, note, &two, 1) == 0);
        REQUIRE(commands_note_edit(f.store, &f.when, note, &three, 1) == 0);
        REQUIRE(commands_card_flag(f.store, &f.when, &card, 1, 3, NULL) == 0);
        REQUIRE(commands_card_suspend(f.store, &f.when, &card, 1, true, NULL) == 0);
        for (int round = 0; round < 3; round++) {
                CHECK_UNDO("Suspended card 1");
                CHECK(!card_of(&f, card).suspended);
                CHECK_UNDO("Flagged card 1");
                CHECK_INT(0, card_of(&f, card).flag);
                CHECK_UNDO("Edited note 1");
                check_front(&f, note, "two");
                CHECK_UNDO("Edited note 1");
                check_front(&f, note, "one");
                CHECK_UNDO("Added note 1");
                CHECK_INT(CARD_QUEUE_HIDDEN, card_of(&f, card).queue);
                CHECK_INT(STORE_E_NOTHING, commands_undo(f.store, &f.when, &what));

                CHECK_REDO("Added note 1");
                CHECK_REDO("Edited note 1");
                check_front(&f, note, "two");
                CHECK_REDO("Edited note 1");
                check_front(&f, note, "three");
                CHECK_REDO("Flagged card 1");
                CHECK_INT(3, card_of(&f, card).flag);
                CHECK_REDO("Suspended card 1");
                CHECK(card_of(&f, card).suspended);
                CHECK_INT(STORE_E_NOTHING, commands_redo(f.store, &f.when, &what));
                CHECK_INT(0, verify_all(f.store));
        }
        fixture_done(&f);
}

TEST(a_new_action_ends_what_can_be_done_again)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        char *what = NULL;

        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_UNDO("Graded card 1 Good");
        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        CHECK_INT(STORE_E_NOTHING, commands_redo(f.store, &f.when, &what));
        CHECK_UNDO("Graded card 1 Easy");
        CHECK_UNDO("Added note 1");
        fixture_done(&f);
}

TEST(a_grade_takes_the_burying_of_siblings_along_when_undone)
{
        Fixture f = fixture_new();
        FieldValue fields[] = { { "Front", "q" }, { "Back", "a" } };
        NoteInput input = { .notetype = "Basic (and reversed card)",
                            .fields = fields,
                            .n_fields = 2 };
        int64_t note;

        REQUIRE(commands_note_add(f.store, &f.when, &input, &note) == 0);
        CHECK_INT(0, grade_now(&f, 1, GRADE_EASY));
        CHECK_INT(CARD_QUEUE_BURIED, card_of(&f, 2).queue);
        CHECK_UNDO("Graded card 1 Easy");
        CHECK_INT(CARD_QUEUE_NEW, card_of(&f, 2).queue);
        CHECK_REDO("Graded card 1 Easy");
        CHECK_INT(CARD_QUEUE_BURIED, card_of(&f, 2).queue);
        fixture_done(&f);
}

/* One row a command: done, undone and done again, the collection looks as before and after it. */
static int do_add(Fixture *f) {
        FieldValue fields[] = { { "Text", "{{c1::a}} and {{c2::b}}" } };
        const char *tags[] = { "t" };
        NoteInput input = { "Cloze", "New::Deep", fields, 1, tags, 1 };
        int64_t note;

        return commands_note_add(f->store, &f->when, &input, &note);
}
static int do_edit(Fixture *f) {
        FieldValue fields[] = { { "Front", "changed" }, { "Back", "too" } };

        return commands_note_edit(f->store, &f->when, 1, fields, 2);
}
static int do_delete(Fixture *f) {
        return commands_note_delete(f->store, &f->when, (int64_t[]){ 1, 2 }, 2, NULL);
}
static int do_tag(Fixture *f) {
        const char *add[] = { "x", "y" }, *remove[] = { "old" };

        return commands_note_tag(f->store, &f->when, (int64_t[]){ 1, 2 }, 2, add, 2, remove, 1,
                                 NULL);
}
static int do_suspend(Fixture *f) {
        return commands_card_suspend(f->store, &f->when, (int64_t[]){ 1, 2 }, 2, true, NULL);
}
static int do_bury(Fixture *f) {
        return commands_card_bury(f->store, &f->when, (int64_t[]){ 1, 2 }, 2, true, NULL);
}
static int do_flag(Fixture *f) {
        return commands_card_flag(f->store, &f->when, (int64_t[]){ 1 }, 1, 7, NULL);
}
static int do_move(Fixture *f) {
        return commands_card_move(f->store, &f->when, (int64_t[]){ 1, 2 }, 2, "Elsewhere", NULL);
}
static int do_reset(Fixture *f) {
        return commands_card_reset(f->store, &f->when, (int64_t[]){ 2 }, 1, NULL);
}
static int do_due(Fixture *f) {
        return commands_card_set_due(f->store, &f->when, (int64_t[]){ 1, 2 }, 2, TODAY + 14, NULL);
}
static int do_grade(Fixture *f) {
        return grade_now(f, 2, GRADE_AGAIN);
}
static int do_rename(Fixture *f) {
        return commands_deck_rename(f->store, &f->when, "Deck", "Above::Renamed");
}
static int do_delete_deck(Fixture *f) {
        return commands_deck_delete(f->store, &f->when, "Deck", "");
}
static int do_set_preset(Fixture *f) {
        return commands_deck_set_preset(f->store, &f->when, "Deck", "Hard");
}
static int do_preset(Fixture *f) {
        FieldValue options[] = { { "desired-retention", "0.8" } };

        return commands_preset_put(f->store, &f->when, "Default", options, 1);
}
static int do_notetype(Fixture *f) {
        const char *fields[] = { "Front", "Back", "Extra" };
        Template templates[] = { { "Only", "{{Extra}}", "{{Back}}" } };
        NoteType type = { .name = "Basic",
                          .fields = fields,
                          .n_fields = 3,
                          .templates = templates,
                          .n_templates = 1,
                          .css = "" };

        return commands_notetype_put(f->store, &f->when, &type, NULL);
}

TEST(every_command_is_undone_and_done_again)
{
        static const struct {
                const char *name;
                int (*run)(Fixture *f);
        } rows[] = {
                { "add", do_add },
                { "edit", do_edit },
                { "delete", do_delete },
                { "tag", do_tag },
                { "suspend", do_suspend },
                { "bury", do_bury },
                { "flag", do_flag },
                { "move", do_move },
                { "reset", do_reset },
                { "set due", do_due },
                { "grade", do_grade },
                { "rename deck", do_rename },
                { "delete deck", do_delete_deck },
                { "set preset", do_set_preset },
                { "preset", do_preset },
                { "note type", do_notetype },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Fixture f = fixture_new();
                const char *old[] = { "old" };
                FieldValue fields[] = { { "Front", "in a deck" }, { "Back", "a" } };
                NoteInput input = { "", "Deck", fields, 2, old, 1 };
                _cleanup_free_ char *before = NULL, *after = NULL, *undone = NULL, *redone = NULL;
                FieldValue retention = { "desired-retention", "0.95" };
                Note *one = NULL;
                char *what = NULL;
                int64_t note;

                add_basic(&f, "q", "a");
                REQUIRE(commands_note_add(f.store, &f.when, &input, &note) == 0);
                REQUIRE(commands_preset_put(f.store, &f.when, "Hard", &retention, 1) == 0);
                REQUIRE(grade_now(&f, 2, GRADE_EASY) == 0);
                f.when = when_at(NOON + 9 * DAY_MS);

                before = sight_of(&f);
                CHECK_INT(0, rows[i].run(&f));
                after = sight_of(&f);
                CHECK(strcmp(before, after) != 0);

                f.when = when_at(NOON + 9 * DAY_MS + 5000);
                CHECK_INT(0, commands_undo(f.store, &f.when, &what));
                free(what);
                CHECK_INT(0, verify_all(f.store));
                undone = sight_of(&f);
                CHECK_INT(0, commands_redo(f.store, &f.when, &what));
                free(what);
                CHECK_INT(0, verify_all(f.store));
                redone = sight_of(&f);

                /* What was made is hidden, not gone, and a note remembers that it was changed: look at cards. */
                if (strcmp(rows[i].name, "add") != 0 && strcmp(rows[i].name, "rename deck") != 0 &&
                    strcmp(rows[i].name, "move") != 0) {
                        const char *a = strstr(before, "# 1\n"), *b = strstr(undone, "# 1\n");
                        size_t n = (size_t) (strstr(before, "# 3\n") - a);

                        if (strncmp(a, b, n) != 0)
                                CHECK_FAIL("%s: not as before after undo\n%s\n%s", rows[i].name, a,
                                           b);
                        a = strstr(after, "# 1\n");
                        b = strstr(redone, "# 1\n");
                        n = (size_t) (strstr(after, "# 3\n") - a);
                        if (strncmp(a, b, n) != 0)
                                CHECK_FAIL("%s: not as after it after redo\n%s\n%s", rows[i].name,
                                           a, b);
                }
                if (note_get(f.store, 1, &one) == 0 && strcmp(rows[i].name, "edit") == 0)
                        CHECK_STR("changed", note_field(one, "Front"));
                note_free(one);
                fixture_done(&f);
        }
}

TEST(an_undo_of_a_deck_takes_it_away)
{
        Fixture f = fixture_new();
        const Deck *deck;

        REQUIRE(commands_deck_create(f.store, &f.when, "A::B", NULL) == 0);
        CHECK_INT(0, deck_by_name(f.store, "A::B", &deck));
        CHECK_UNDO("Made the deck B");
        CHECK_INT(STORE_E_NOT_FOUND, deck_by_name(f.store, "A::B", &deck));
        CHECK_INT(STORE_E_NOT_FOUND, deck_by_name(f.store, "A", &deck));
        CHECK_REDO("Made the deck B");
        CHECK_INT(0, deck_by_name(f.store, "A::B", &deck));
        fixture_done(&f);
}

TEST(decks_are_made_moved_and_merged_as_a_tree)
{
        Fixture f = fixture_new();
        FieldValue fields[] = { { "Front", "q" }, { "Back", "a" } };
        NoteInput input = { "", "Lang::Ja", fields, 2, NULL, 0 };
        const Deck *deck;
        int64_t note;

        REQUIRE(commands_note_add(f.store, &f.when, &input, &note) == 0);
        CHECK_INT(STORE_E_EXISTS, commands_deck_create(f.store, &f.when, "Lang", NULL));
        CHECK_INT(STORE_E_INVALID, commands_deck_create(f.store, &f.when, "a::::b", NULL));
        CHECK_INT(STORE_E_INVALID, commands_deck_create(f.store, &f.when, "", NULL));
        CHECK_INT(STORE_E_INVALID, commands_deck_rename(f.store, &f.when, "Lang", "Lang::Sub"));
        CHECK_INT(STORE_E_INVALID, commands_deck_delete(f.store, &f.when, "Default", "Lang"));
        CHECK_INT(STORE_E_INVALID, commands_deck_delete(f.store, &f.when, "Lang", "Lang::Ja"));
        CHECK_INT(STORE_E_NOT_FOUND, commands_deck_delete(f.store, &f.when, "None", ""));

        CHECK_INT(0, commands_deck_rename(f.store, &f.when, "Lang", "Languages"));
        CHECK_INT(0, deck_by_name(f.store, "Languages::Ja", &deck));
        CHECK_INT(deck->id, card_of(&f, 1).deck);
        CHECK_INT(0, commands_deck_delete(f.store, &f.when, "Languages", ""));
        CHECK_INT(DECK_DEFAULT, card_of(&f, 1).deck);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(undoing_a_grade_leaves_the_tag_of_an_earlier_leech)
{
        Fixture f = fixture_new();
        int64_t note = add_basic(&f, "q", "a"), card = first_card(&f, note);
        FieldValue options[] = { { "leech-threshold", "1" }, { "leech-action", "tag" } };
        _cleanup_(note_freep) Note *n = NULL;
        _cleanup_free_ char *what = NULL;

        REQUIRE(commands_preset_put(f.store, &f.when, "Default", options, 2) == 0);
        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        for (int i = 1; i <= 2; i++) { /* a leech each time */
                f.when = when_at(NOON + i * 100 * DAY_MS);
                CHECK_INT(0, grade_now(&f, card, GRADE_AGAIN));
                if (i == 1)
                        CHECK_INT(0, grade_now(&f, card, GRADE_EASY));
        }
        CHECK_INT(2, card_of(&f, card).sched.lapses);

        CHECK_INT(0, commands_undo(f.store, &f.when, &what));
        CHECK_INT(1, card_of(&f, card).sched.lapses);
        REQUIRE(note_get(f.store, note, &n) == 0);
        CHECK_INT(1, n->n_tags);
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_deck_is_not_put_so_deep_that_those_below_it_are_lost)
{
        Fixture f = fixture_new();
        const char *deep = "1::2::3::4::5::6::7::8::9::10::11::12::13::14::15::16::17::18::19::20::"
                           "21::22::23::24::25::26::27::28::29::30::31::a";
        const Deck *decks;
        size_t n = 0;

        CHECK_INT(0, commands_deck_create(f.store, &f.when, "a::b", NULL));
        CHECK_INT(STORE_E_INVALID, commands_deck_rename(f.store, &f.when, "a", deep));
        CHECK_INT(0, commands_deck_rename(f.store, &f.when, "a", deep + 3));
        REQUIRE(deck_list(f.store, &decks, &n) == 0);
        CHECK_INT(33, n); /* Default, 2 to 31, a and b */
        fixture_done(&f);
}

TEST(undoing_the_deletion_of_a_tree_names_its_root)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *what = NULL;

        CHECK_INT(0, commands_deck_create(f.store, &f.when, "a::b", NULL));
        CHECK_INT(0, commands_deck_delete(f.store, &f.when, "a", NULL));
        CHECK_INT(0, commands_undo(f.store, &f.when, &what));
        CHECK_STR("Deleted the deck a", what);
        fixture_done(&f);
}
