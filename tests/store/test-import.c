#include "fixture.h"
#include "store/notetype.h"

CHECK_MAIN

enum { TEXT_FIELD_TOO_BIG = (1 << 20) + 2 };

static const char *importer = "text";

static int import(Fixture *f, ImportMatch match, bool dry_run, const ImportNote *notes, size_t n,
                  ImportCounts *counts) {
        _cleanup_(commands_import_freep) Import *i = NULL;
        ImportOptions options = { .label = "words.csv",
                                  .importer = importer,
                                  .match = match,
                                  .deck = "Words",
                                  .dry_run = dry_run };
        int r = commands_import_begin(f->store, &options, &i);

        for (size_t k = 0; r == 0 && k < n; k++) {
                int one = commands_import_add(i, &notes[k]);

                if (one != 0 && one != STORE_E_INVALID)
                        return one;
        }
        while (r == 0 && (r = commands_import_step(i, &f->when, 10)) > 0 && r == 1)
                r = 0;
        commands_import_counts(i, counts);
        return r;
}

static FieldValue one_fields[] = { { "Front", "eins" }, { "Back", "one" } };
static FieldValue two_fields[] = { { "Front", "zwei" }, { "Back", "two" } };
static const char *tags[] = { "num" };
static const ImportNote with_guid[] = {
        { .note = { "", "", one_fields, 2, tags, 1 }, .guid = "g1" },
        { .note = { "", "", two_fields, 2, tags, 1 }, .guid = "g2", .suspended = true },
};
static const ImportNote without_guid[] = {
        { .note = { "", "", one_fields, 2, NULL, 0 } },
        { .note = { "", "Other", two_fields, 2, NULL, 0 } },
};

TEST(an_import_adds_notes_as_one_action)
{
        Fixture f = fixture_new();
        ImportCounts counts;
        const Deck *deck;
        char *what = NULL;

        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, with_guid, 2, &counts));
        CHECK_INT(2, counts.added);
        CHECK_INT(2, sql_int(&f, "SELECT count(*) FROM card WHERE queue <> 0"));
        CHECK_INT(1, sql_int(&f, "SELECT count(*) FROM card WHERE suspended = 1"));
        CHECK_INT(0, deck_by_name(f.store, "Words", &deck));
        CHECK_INT(deck->id, card_of(&f, 1).deck);
        CHECK_INT(0, verify_all(f.store));

        CHECK_INT(0, commands_undo(f.store, &f.when, &what));
        CHECK_STR("Imported 2 notes from words.csv", what);
        free(what);
        CHECK_INT(0, sql_int(&f, "SELECT count(*) FROM card WHERE queue <> 0"));
        CHECK_INT(0, commands_redo(f.store, &f.when, &what));
        free(what);
        CHECK_INT(2, sql_int(&f, "SELECT count(*) FROM card WHERE queue <> 0"));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_second_import_of_the_same_changes_nothing)
{
        Fixture f = fixture_new();
        ImportCounts counts;
        int64_t ops;

        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, with_guid, 2, &counts));
        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, without_guid, 2, &counts));
        CHECK_INT(2, counts.unchanged); /* found by note type and first field */
        ops = sql_int(&f, "SELECT count(*) FROM op");
        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, with_guid, 2, &counts));
        CHECK_INT(2, counts.unchanged);
        CHECK_INT(ops, sql_int(&f, "SELECT count(*) FROM op"));
        fixture_done(&f);
}

TEST(the_same_file_imported_on_two_devices_gives_the_same_notes)
{
        Fixture f = fixture_new(), g = fixture_new();
        ImportCounts counts;
        _cleanup_(note_freep) Note *a = NULL, *b = NULL;

        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, with_guid, 2, &counts));
        CHECK_INT(0, import(&g, IMPORT_UPDATE, false, with_guid, 2, &counts));
        REQUIRE(note_get(f.store, 1, &a) == 0 && note_get(g.store, 1, &b) == 0);
        CHECK_STR(a->uuid, b->uuid);
        CHECK_INT('8', a->uuid[14]); /* version */
        fixture_done(&f);
        fixture_done(&g);
}

TEST(what_becomes_of_a_note_that_is_there_is_the_learners_choice)
{
        Fixture f = fixture_new();
        FieldValue changed[] = { { "Front", "eins" }, { "Back", "uno" } };
        ImportNote note = { .note = { "", "", changed, 2, NULL, 0 } };
        ImportCounts counts;
        _cleanup_(note_freep) Note *kept = NULL, *updated = NULL;

        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, without_guid, 1, &counts));
        CHECK_INT(0, import(&f, IMPORT_KEEP, false, &note, 1, &counts));
        CHECK_INT(1, counts.kept);
        REQUIRE(note_get(f.store, 1, &kept) == 0);
        CHECK_STR("one", note_field(kept, "Back"));

        CHECK_INT(0, import(&f, IMPORT_UPDATE, false, &note, 1, &counts));
        CHECK_INT(1, counts.updated);
        REQUIRE(note_get(f.store, 1, &updated) == 0);
        CHECK_STR("uno", note_field(updated, "Back"));

        CHECK_INT(0, import(&f, IMPORT_BOTH, false, &note, 1, &counts));
        CHECK_INT(1, counts.added);
        CHECK_INT(2, sql_int(&f, "SELECT count(*) FROM note"));
        CHECK_INT(0, verify_all(f.store));
        fixture_done(&f);
}

TEST(a_dry_run_counts_and_changes_nothing)
{
        Fixture f = fixture_new();
        ImportCounts counts;

        CHECK_INT(0, import(&f, IMPORT_UPDATE, true, with_guid, 2, &counts));
        CHECK_INT(2, counts.added);
        CHECK_INT(0, sql_int(&f, "SELECT count(*) FROM note"));
        CHECK_INT(0, sql_int(&f, "SELECT count(*) FROM op"));
        fixture_done(&f);
}

TEST(an_import_given_up_leaves_nothing)
{
        Fixture f = fixture_new();
        ImportOptions options = { .label = "", .importer = "text" };
        Import *i = NULL;

        REQUIRE(commands_import_begin(f.store, &options, &i) == 0);
        CHECK_INT(0, commands_import_add(i, &with_guid[0]));
        CHECK_INT(0, grade_now(&f, first_card(&f, add_basic(&f, "q", "a")),
                               GRADE_GOOD)); /* goes on meanwhile */
        commands_import_free(i);
        CHECK_INT(1, sql_int(&f, "SELECT count(*) FROM note"));
        fixture_done(&f);
}

TEST(a_note_that_cannot_be_is_refused_with_a_reason_and_the_rest_goes_in)
{
        static char huge[TEXT_FIELD_TOO_BIG];
        FieldValue empty[] = { { "Front", "  " }, { "Back", "x" } };
        FieldValue unknown[] = { { "Face", "x" } };
        FieldValue invalid[] = { { "Front", "\xff\xfe" } };
        FieldValue big[] = { { "Front", huge } };
        FieldValue twice[] = { { "Front", "x" }, { "Front", "y" } };
        FieldValue no_cloze[] = { { "Text", "plain" } };
        const char *bad_tag[] = { "a b" };
        const struct {
                ImportNote note;
                const char *reason;
        } rows[] = {
                { { .note = { "", "", empty, 2, NULL, 0 } },
                  "The first field, \"Front\", is empty." },
                { { .note = { "", "", unknown, 1, NULL, 0 } },
                  "The note type \"Basic\" has no field \"Face\"." },
                { { .note = { "", "", invalid, 1, NULL, 0 } },
                  "The field \"Front\" holds invalid UTF-8." },
                { { .note = { "", "", big, 1, NULL, 0 } }, NULL },
                { { .note = { "", "", twice, 2, NULL, 0 } },
                  "The field \"Front\" is given twice." },
                { { .note = { "None", "", one_fields, 2, NULL, 0 } },
                  "There is no note type \"None\"." },
                { { .note = { "Cloze", "", no_cloze, 1, NULL, 0 } },
                  "There is nothing to ask: no {{c1::...}} in the text." },
                { { .note = { "", "", one_fields, 2, bad_tag, 1 } },
                  "The tag \"a b\" holds white space." },
                { { .note = { "", "x::", one_fields, 2, NULL, 0 } },
                  "The deck name \"x::\" has an empty part." },
        };
        Fixture f = fixture_new();
        _cleanup_(commands_import_freep) Import *i = NULL;
        ImportOptions options = { .label = "", .importer = "text" };
        ImportCounts counts;

        memset(huge, 'x', sizeof(huge) - 1);
        REQUIRE(commands_import_begin(f.store, &options, &i) == 0);
        for (size_t k = 0; k < ELEMENTS(rows); k++) {
                CHECK_INT(STORE_E_INVALID, commands_import_add(i, &rows[k].note));
                if (rows[k].reason)
                        CHECK_STR(rows[k].reason, store_error(f.store));
        }
        CHECK_INT(0, commands_import_add(i, &with_guid[0]));
        CHECK_INT(0, commands_import_step(i, &f.when, 100));
        commands_import_counts(i, &counts);
        CHECK_INT(ELEMENTS(rows), counts.refused);
        CHECK_INT(1, counts.added);
        commands_import_free(TAKE_PTR(i)); /* before its store */
        fixture_done(&f);
}

TEST(a_note_type_that_comes_along_is_made)
{
        Fixture f = fixture_new();
        const char *names[] = { "Word", "Meaning" };
        Template templates[] = { { "Ask", "{{Word}}", "{{Meaning}}" },
                                 { "Back", "{{Meaning}}", "{{Word}}" } };
        NoteType type = { .name = "Vocabulary",
                          .fields = names,
                          .n_fields = 2,
                          .templates = templates,
                          .n_templates = 2,
                          .css = ".card { color: red }" };
        FieldValue fields[] = { { "Word", "w" }, { "Meaning", "m" } };
        ImportNote note = { .note = { "Vocabulary", "", fields, 2, NULL, 0 }, .guid = "x" };
        _cleanup_(commands_import_freep) Import *i = NULL;
        ImportOptions options = { .label = "", .importer = "anki" };
        const NoteTypeRow *row;

        REQUIRE(commands_import_begin(f.store, &options, &i) == 0);
        CHECK_INT(0, commands_import_notetype(i, &type));
        CHECK_INT(0, commands_import_add(i, &note));
        CHECK_INT(0, commands_import_step(i, &f.when, 100));
        REQUIRE(notetype_by_name(f.store, "Vocabulary", &row) == 0);
        CHECK_STR(".card { color: red }", row->type.css);
        CHECK_INT(2, sql_int(&f, "SELECT count(*) FROM card WHERE queue = 1"));
        CHECK_INT(0, verify_all(f.store));
        commands_import_free(TAKE_PTR(i)); /* before its store */
        fixture_done(&f);
}

TEST(a_grade_during_an_import_goes_first_and_the_import_is_still_whole)
{
        Fixture f = fixture_new();
        int64_t card = first_card(&f, add_basic(&f, "q", "a"));
        _cleanup_(commands_import_freep) Import *i = NULL;
        ImportOptions options = { .label = "", .importer = "text" };
        ImportCounts counts;
        int r, steps = 0;

        REQUIRE(commands_import_begin(f.store, &options, &i) == 0);
        for (int k = 0; k < 100; k++) {
                char front[32];
                FieldValue fields[] = { { "Front", front } };
                ImportNote note = { .note = { "", "", fields, 1, NULL, 0 } };

                (void) snprintf(front, sizeof(front), "number %d", k);
                CHECK_INT(0, commands_import_add(i, &note));
        }
        while ((r = commands_import_step(i, &f.when, 10)) == 1) {
                CHECK_INT(1, sql_int(&f, "SELECT count(*) FROM note")); /* nothing is seen of it */
                f.when.now_ms += 60000;
                if (steps++ % 4 == 2)
                        CHECK_INT(0, grade_now(&f, card, GRADE_AGAIN));
                if (steps > 1000)
                        break; /* it must get through */
        }
        CHECK_INT(0, r);
        CHECK(steps < 1000);
        commands_import_counts(i, &counts);
        CHECK_INT(100, counts.added);
        CHECK_INT(101, sql_int(&f, "SELECT count(*) FROM note"));
        CHECK_INT(3, sql_int(&f, "SELECT count(*) FROM review"));
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(0, verify_all(f.store));
        commands_import_free(TAKE_PTR(i)); /* before its store */
        fixture_done(&f);
}

TEST(two_imports_at_once_are_refused)
{
        Fixture f = fixture_new();
        ImportOptions options = { .label = "", .importer = "text" };
        Import *one = NULL, *two = NULL;

        REQUIRE(commands_import_begin(f.store, &options, &one) == 0);
        CHECK_INT(STORE_E_INVALID, commands_import_begin(f.store, &options, &two));
        commands_import_free(one);
        CHECK_INT(0, commands_import_begin(f.store, &options, &two));
        commands_import_free(two);
        fixture_done(&f);
}
