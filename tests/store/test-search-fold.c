/* The index follows what the fold makes of notes; the language itself is tested in test-search.c. */
#include "store/search.h"

#include "fixture.h"
#include "util/text.h"

static Query query;

static uint64_t found(Fixture *f, const char *text) {
        _cleanup_(textbuf_done) TextBuf problem = {};
        Moment now = when_moment(&f->when);
        int64_t card;
        uint64_t total = UINT64_MAX;
        size_t n;

        if (query_parse(text, strlen(text), &query, &problem) != 0 ||
            search_cards(f->store, &query, &now, SEARCH_ORDER_ADDED, 0, 1, &card, &n, &total) != 0)
                CHECK_FAIL("%s: %s", text, problem.buf ? problem.buf : store_error(f->store));
        return total;
}

TEST(notes_are_found_as_they_stand_after_edit_delete_restore_and_undo)
{
        const char *tag = "oceanography";
        FieldValue change = { "Back", "slack water" };
        Fixture f = fixture_new();
        int64_t note = add_basic(&f, "ebb", "falling <i>ti</i>de");
        _cleanup_free_ char *what = NULL;

        CHECK_INT(1, found(&f, "falling tide"));
        CHECK_INT(0, commands_note_edit(f.store, &f.when, note, &change, 1));
        CHECK_INT(0, found(&f, "falling"));
        CHECK_INT(1, found(&f, "ebb slack"));

        CHECK_INT(0, commands_note_tag(f.store, &f.when, &note, 1, &tag, 1, NULL, 0, NULL));
        CHECK_INT(1, found(&f, "oceano"));
        CHECK_INT(1, found(&f, "tag:Oceanography ebb"));

        CHECK_INT(0, commands_note_delete(f.store, &f.when, &note, 1, NULL));
        CHECK_INT(0, found(&f, "ebb"));
        CHECK_INT(0, found(&f, ""));
        CHECK_INT(0, commands_undo(f.store, &f.when, &what));
        CHECK_INT(1, found(&f, "ebb oceanography"));
        CHECK_INT(1, found(&f, "is:new added:1"));
        fixture_done(&f);
}

TEST(a_graded_card_is_found_by_what_the_grade_made_of_it)
{
        Fixture f = fixture_new();
        int64_t note = add_basic(&f, "ebb", "flow");

        CHECK_INT(0, found(&f, "rated:1"));
        CHECK_INT(0, grade_now(&f, first_card(&f, note), GRADE_EASY));
        CHECK_INT(1, found(&f, "rated:1:easy is:review reps=1 due>1"));
        CHECK_INT(0, found(&f, "rated:1:again or is:new"));
        fixture_done(&f);
}

CHECK_MAIN
