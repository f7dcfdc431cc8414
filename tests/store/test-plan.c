/* What is asked all the time reads indexes alone, whatever the size of the collection. */
#include <string.h>

#include "fixture.h"
#include "store/stmt.h"

typedef struct Plan {
        int statements; /* that were looked at */
        int tables;     /* of these, what reads a table: not an index that holds all it needs */
        int scans;      /* what reads all of something */
} Plan;

/* The plans of the statements the store has prepared that hold `word`. */
static Plan plan_of(Fixture *f, const char *word) {
        sqlite3 *db = store_db(f->store);
        Plan plan = { 0 };

        for (sqlite3_stmt *st = sqlite3_next_stmt(db, NULL); st; st = sqlite3_next_stmt(db, st)) {
                _cleanup_stmt_final_ sqlite3_stmt *explain = NULL;
                char text[2048];

                if (!strstr(sqlite3_sql(st), word))
                        continue;
                (void) snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sqlite3_sql(st));
                if (sqlite3_prepare_v2(db, text, -1, &explain, NULL) != SQLITE_OK) {
                        CHECK_FAIL("%s: %s", text, sqlite3_errmsg(db));
                        continue;
                }
                plan.statements++;
                while (sqlite3_step(explain) == SQLITE_ROW) {
                        const char *detail = (const char *) sqlite3_column_text(explain, 3);
                        bool search = strncmp(detail, "SEARCH", 6) == 0;
                        bool scan = strncmp(detail, "SCAN", 4) == 0 &&
                                    strcmp(detail, "SCAN CONSTANT ROW") != 0;

                        if ((search || scan) && !strstr(detail, "USING COVERING INDEX") &&
                            !strstr(detail, "USING PRIMARY KEY")) {
                                plan.tables++;
                                printf("  %s: %s\n", text + 19, detail);
                        }
                        if (scan) {
                                plan.scans++;
                                printf("  %s: %s\n", text + 19, detail);
                        }
                }
        }
        return plan;
}

/* One statement is left prepared for each question: they are asked with all kinds of cards there. */
static Fixture asked(void) {
        Fixture f = fixture_new();
        DueCounts due;
        int64_t ms;

        for (int i = 0; i < 3; i++) {
                char front[16];

                (void) snprintf(front, sizeof(front), "front %d", i);
                CHECK_INT(0, grade_now(&f, first_card(&f, add_basic(&f, front, "back")),
                                       i == 0 ? GRADE_AGAIN : GRADE_EASY));
        }
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        CHECK_INT(0, queue_next_due(f.store, &f.when, &ms));
        return f;
}

TEST(due_count_reads_the_tally_by_its_key)
{
        Fixture f = asked();
        Plan plan = plan_of(&f, "FROM tally WHERE (queue");

        CHECK_INT(1, plan.statements);
        CHECK_INT(0, plan.tables);
        CHECK_INT(0, plan.scans);
        fixture_done(&f);
}

TEST(cards_in_their_steps_are_counted_in_their_index)
{
        Fixture f = asked();
        Plan plan = plan_of(&f, "SELECT deck FROM card INDEXED BY card_learning");

        CHECK_INT(1, plan.statements);
        CHECK_INT(0, plan.tables);
        CHECK_INT(0, plan.scans);
        fixture_done(&f);
}

TEST(next_due_reads_indexes_alone)
{
        Fixture f = asked();
        Plan plan = plan_of(&f, "SELECT min(");

        CHECK(plan.statements >= 2);
        CHECK_INT(0, plan.tables);
        CHECK_INT(0, plan.scans);
        fixture_done(&f);
}

TEST(grades_of_a_day_are_counted_on_as_if_counted_anew)
{
        Fixture f = asked();
        uint32_t before, after;
        DueCounts due, anew;
        int64_t card = first_card(&f, add_basic(&f, "one more", "back"));

        CHECK_INT(0, review_count_today(f.store, &f.when, &before));
        CHECK_INT(3, before);
        CHECK_INT(0, grade_now(&f, card, GRADE_GOOD));
        CHECK_INT(0, queue_due(f.store, &f.when, &due));
        CHECK_INT(0, review_count_today(f.store, &f.when, &after));
        CHECK_INT(4, after);

        /* Another process has nothing to count on from. */
        fixture_reopen(&f);
        CHECK_INT(0, queue_due(f.store, &f.when, &anew));
        CHECK_INT(0, review_count_today(f.store, &f.when, &after));
        CHECK_INT(4, after);
        CHECK_INT(anew.fresh, due.fresh);
        CHECK_INT(anew.learning, due.learning);
        CHECK_INT(anew.review, due.review);
        fixture_done(&f);
}

CHECK_MAIN
