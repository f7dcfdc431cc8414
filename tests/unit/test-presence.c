#include "desktop/presence-facts.h"

#include <string.h>

#include "tests/check.h"

TEST(nothing_said_is_unknown_and_from_nobody)
{
        PresenceTable table = { 0 };
        PresenceSource source;

        for (PresenceFact f = 0; f < PRESENCE_FACTS; f++) {
                CHECK(presence_combine(&table, f, &source) == PRESENCE_UNKNOWN);
                CHECK(source == PRESENCE_SOURCES);
        }
}

TEST(a_yes_counts_more_than_a_no_whoever_is_first)
{
        PresenceTable table = { 0 };
        PresenceSource source;

        table.said[PRESENCE_LOGIND][PRESENCE_LOCKED] = PRESENCE_NO;
        table.said[PRESENCE_MATE_SCREENSAVER][PRESENCE_LOCKED] = PRESENCE_YES;
        CHECK(presence_combine(&table, PRESENCE_LOCKED, &source) == PRESENCE_YES);
        CHECK(source == PRESENCE_MATE_SCREENSAVER);

        table.said[PRESENCE_LOGIND][PRESENCE_LOCKED] = PRESENCE_YES;
        table.said[PRESENCE_MATE_SCREENSAVER][PRESENCE_LOCKED] = PRESENCE_NO;
        CHECK(presence_combine(&table, PRESENCE_LOCKED, &source) == PRESENCE_YES);
        CHECK(source == PRESENCE_LOGIND);
}

TEST(a_no_counts_more_than_silence)
{
        PresenceTable table = { 0 };
        PresenceSource source;

        table.said[PRESENCE_SCREENSAVER][PRESENCE_LOCKED] = PRESENCE_NO;
        CHECK(presence_combine(&table, PRESENCE_LOCKED, &source) == PRESENCE_NO);
        CHECK(source == PRESENCE_SCREENSAVER);
}

TEST(facts_do_not_mix)
{
        PresenceTable table = { 0 };

        table.said[PRESENCE_SERVER][PRESENCE_DND] = PRESENCE_YES;
        CHECK(presence_combine(&table, PRESENCE_DND, NULL) == PRESENCE_YES);
        CHECK(presence_combine(&table, PRESENCE_PRESENTING, NULL) == PRESENCE_UNKNOWN);
        CHECK(presence_combine(&table, PRESENCE_IDLE, NULL) == PRESENCE_UNKNOWN);
}

TEST(idle_hint_false_says_nothing)
{
        CHECK(presence_of_idle_hint(1) == PRESENCE_YES);
        CHECK(presence_of_idle_hint(0) == PRESENCE_UNKNOWN);
}

TEST(locked_hint_false_counts_once_it_was_true)
{
        CHECK(presence_of_locked_hint(0, 0) == PRESENCE_UNKNOWN);
        CHECK(presence_of_locked_hint(1, 0) == PRESENCE_YES);
        CHECK(presence_of_locked_hint(1, 1) == PRESENCE_YES);
        CHECK(presence_of_locked_hint(0, 1) == PRESENCE_NO);
}

TEST(everything_has_a_name_of_its_own)
{
        for (PresenceFact a = 0; a < PRESENCE_FACTS; a++)
                for (PresenceFact b = 0; b < PRESENCE_FACTS; b++)
                        CHECK((strcmp(presence_fact_name(a), presence_fact_name(b)) == 0) ==
                              (a == b));
        for (PresenceSource a = 0; a < PRESENCE_SOURCES; a++)
                for (PresenceSource b = 0; b < PRESENCE_SOURCES; b++)
                        CHECK((strcmp(presence_source_name(a), presence_source_name(b)) == 0) ==
                              (a == b));
}

CHECK_MAIN
