/* When to ask, and why not. Times are wall times of Berlin; 2026-11-23 is a Monday in winter (UTC+1). */
#include "core/remind.h"
#include "tests/check.h"

#define MONDAY_UTC   (UINT64_C(1795392000) * USEC_PER_SEC) /* 2026-11-23 00:00 UTC */
#define BERLIN(h, m) (MONDAY_UTC + ((h) -1) * USEC_PER_HOUR + (m) *USEC_PER_MIN)
#define DAYS(n)      ((n) *24)

enum { MONDAY = 20780 }; /* 1795392000 / 86400 */

static Zone *berlin, *new_york;

static RemindConfig config_default(void) {
        if (!berlin && zone_from_rule("CET-1CEST,M3.5.0,M10.5.0/3", &berlin) < 0)
                abort();
        if (!new_york && zone_from_rule("EST5EDT,M3.2.0,M11.1.0", &new_york) < 0)
                abort();
        return (RemindConfig){
                .enabled = true,
                .learning = true,
                .fade = true,
                .weekday = { { 10 * 60, 13 * 60 + 30, 16 * 60 + 30 }, 3 },
                .weekend = { { 11 * 60 }, 1 },
                .slot_window = 90 * USEC_PER_MIN,
                .quiet_from_min = 20 * 60,
                .quiet_until_min = 8 * 60,
                .budget = 3,
                .total_budget = 8,
                .min_gap = 2 * USEC_PER_HOUR,
                .min_due = 5,
                .overdue_any = 24 * USEC_PER_HOUR,
                .settle = 2 * USEC_PER_MIN,
                .engaged = 60 * USEC_PER_MIN,
                .catchup = 20,
                .day_starts_min = 4 * 60,
                .zone = berlin,
        };
}

typedef struct Fixture {
        RemindConfig c;
        RemindState s;
} Fixture;

/* On a machine that is awake: deadlines on the way have been met, and what was asked is not shown. */
static RemindDecision feed(Fixture *f, usec_t now_real, RemindEvent ev) {
        while (f->s.last_next_real < now_real)
                (void) remind_step(&f->s, &f->c, f->s.last_next_real,
                                   &(RemindEvent){ REMIND_TIME });
        return remind_step(&f->s, &f->c, now_real, &ev);
}

static RemindDecision at(Fixture *f, usec_t now_real) {
        return feed(f, now_real, (RemindEvent){ REMIND_TIME });
}

static RemindDecision counts(Fixture *f, usec_t now_real, uint32_t due) {
        return feed(f, now_real,
                    (RemindEvent){ REMIND_COUNTS, .due = due, .worth = due >= f->c.min_due,
                                   .oldest_due_real = due ? BERLIN(4, 0) : 0,
                                   .next_due_real = BERLIN(DAYS(1) + 4, 0) });
}

/* Monday, 08:30: twelve cards are due, a server answers, the session has settled. */
static Fixture morning(void) {
        Fixture f = { .c = config_default() };

        remind_init(&f.s);
        (void) feed(&f, BERLIN(8, 25), (RemindEvent){ REMIND_START });
        (void) feed(&f, BERLIN(8, 25), (RemindEvent){ REMIND_SERVER, .server = true });
        (void) counts(&f, BERLIN(8, 30), 12);
        return f;
}

/* Asks at a time at which it must ask, and sends it away or answers it a minute later. */
static void ask(Fixture *f, usec_t now_real, RemindGone how, unsigned reviews) {
        CHECK_INT(REMIND_ASK, at(f, now_real).verdict);
        (void) feed(f, now_real, (RemindEvent){ REMIND_SHOWN });
        for (unsigned i = 0; i < reviews; i++)
                (void) feed(f, now_real + (i + 1) * USEC_PER_SEC, (RemindEvent){ REMIND_REVIEWED });
        (void) feed(f, now_real + USEC_PER_MIN, (RemindEvent){ REMIND_GONE, .how = how });
}

static const RemindFacts here = {
        REMIND_YES, REMIND_NO, REMIND_NO, REMIND_NO, REMIND_NO, REMIND_NO
};

static RemindDecision presence(Fixture *f, usec_t now_real, RemindFacts facts) {
        return feed(f, now_real, (RemindEvent){ REMIND_PRESENCE, .facts = facts });
}

/* ---- slots ----------------------------------------------------------------------------------- */

TEST(a_slot_asks_and_the_time_between_slots_does_not)
{
        Fixture f = morning();

        CHECK_INT(REMIND_NO_CHANCE, at(&f, BERLIN(9, 59)).verdict);
        CHECK_INT(BERLIN(10, 0), at(&f, BERLIN(9, 59)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 0)).verdict);
}

TEST(a_slot_asks_once_and_the_next_again)
{
        Fixture f = morning();

        ask(&f, BERLIN(10, 0), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(REMIND_NO_CHANCE, at(&f, BERLIN(10, 30)).verdict);
        CHECK_INT(BERLIN(13, 30), at(&f, BERLIN(10, 30)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(13, 30)).verdict);
}

TEST(a_slot_whose_window_has_passed_is_not_made_up_for)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_SERVER, .server = false });
        CHECK_INT(REMIND_NO_SERVER, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_NO_SERVER, at(&f, BERLIN(11, 29)).verdict);
        CHECK_INT(REMIND_NO_CHANCE,
                  feed(&f, BERLIN(11, 30), (RemindEvent){ REMIND_SERVER, .server = true }).verdict);
}

TEST(weekends_have_their_own_slots)
{
        Fixture f = morning();
        usec_t saturday = BERLIN(DAYS(5), 0);

        (void) counts(&f, saturday + 9 * USEC_PER_HOUR, 12);
        CHECK_INT(REMIND_NO_CHANCE, at(&f, saturday + 10 * USEC_PER_HOUR).verdict);
        CHECK_INT(REMIND_ASK, at(&f, saturday + 11 * USEC_PER_HOUR).verdict);
}

TEST(slots_stay_on_the_wall_clock_when_summer_time_begins)
{
        Fixture f = morning();
        /* 2027-03-28 is a Sunday; 11:00 CEST is 09:00 UTC. 1806192000 is 2027-03-28 00:00 UTC. */
        usec_t midnight_utc = UINT64_C(1806192000) * USEC_PER_SEC;

        (void) counts(&f, midnight_utc + 6 * USEC_PER_HOUR, 12);
        CHECK_INT(midnight_utc + 9 * USEC_PER_HOUR,
                  at(&f, midnight_utc + 8 * USEC_PER_HOUR + 59 * USEC_PER_MIN).next_real);
        CHECK_INT(REMIND_ASK, at(&f, midnight_utc + 9 * USEC_PER_HOUR).verdict);
}

TEST(slots_follow_the_learner_into_another_zone)
{
        Fixture f = morning();

        ask(&f, BERLIN(10, 0), REMIND_GONE_DISMISSED, 0);
        f.c.zone = new_york;
        /* 16:00 in Berlin is 10:00 in New York: the slot of today is used up, 13:30 there is 19:30 here. */
        (void) feed(&f, BERLIN(15, 0), (RemindEvent){ REMIND_ZONE });
        CHECK_INT(REMIND_NO_CHANCE, at(&f, BERLIN(16, 0)).verdict);
        CHECK_INT(BERLIN(19, 30), at(&f, BERLIN(16, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(19, 30)).verdict);
}

TEST(without_slots_nothing_is_ever_asked)
{
        Fixture f = morning();

        f.c.weekday.n = f.c.weekend.n = 0;
        CHECK_INT(REMIND_NO_CHANCE, feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_CONFIG }).verdict);
        CHECK_INT(USEC_INFINITY, at(&f, BERLIN(10, 0)).next_real);
}

TEST(changed_settings_are_never_a_reason_to_ask_at_once)
{
        Fixture f = morning();

        CHECK(feed(&f, BERLIN(10, 5), (RemindEvent){ REMIND_CONFIG }).verdict != REMIND_ASK);
        CHECK(at(&f, BERLIN(10, 30)).verdict != REMIND_ASK);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(13, 30)).verdict);
}

/* ---- guards ---------------------------------------------------------------------------------- */

TEST(nothing_is_asked_when_reminders_are_off_or_nothing_is_due)
{
        Fixture f = morning();

        (void) counts(&f, BERLIN(9, 0), 0);
        CHECK_INT(REMIND_NOTHING_DUE, at(&f, BERLIN(10, 0)).verdict);
        (void) counts(&f, BERLIN(10, 1), 12);
        f.c.enabled = false;
        CHECK_INT(REMIND_OFF, at(&f, BERLIN(10, 2)).verdict);
        CHECK_INT(USEC_INFINITY, at(&f, BERLIN(10, 2)).next_real);
}

TEST(an_empty_collection_never_wakes_the_machine)
{
        Fixture f = morning();

        CHECK_INT(USEC_INFINITY, feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_COUNTS }).next_real);
}

TEST(few_cards_wait_for_more_or_until_one_has_waited_long)
{
        Fixture f = morning();

        (void) counts(&f, BERLIN(9, 0), 2);
        CHECK_INT(REMIND_TOO_FEW, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 10, 0)).verdict);
}

TEST(new_cards_that_were_never_due_wait_since_there_was_something_to_ask)
{
        Fixture f = morning();

        f.s.due_since_real = BERLIN(9, 0);
        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_COUNTS, .due = 3 });
        CHECK_INT(REMIND_TOO_FEW, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 10, 0)).verdict);
}

TEST(quiet_hours_hold_from_their_first_minute_to_their_last)
{
        Fixture f = morning();

        f.c.weekday = (RemindSlots){ { 7 * 60, 19 * 60 }, 2 };
        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_CONFIG });
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(19, 59)).verdict);
        CHECK_INT(REMIND_QUIET, at(&f, BERLIN(20, 0)).verdict);
        CHECK_INT(REMIND_QUIET, at(&f, BERLIN(DAYS(1) + 7, 59)).verdict);
        CHECK_INT(BERLIN(DAYS(1) + 8, 0), at(&f, BERLIN(DAYS(1) + 7, 59)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 8, 0)).verdict);
}

TEST(a_review_keeps_the_rest_of_its_hour_quiet)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(9, 38), (RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(REMIND_REVIEWED_RECENTLY, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(BERLIN(10, 38), at(&f, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 38)).verdict);
}

TEST(two_slots_close_together_keep_the_gap)
{
        Fixture f = morning();

        f.c.weekday = (RemindSlots){ { 10 * 60, 11 * 60 }, 2 };
        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_CONFIG });
        ask(&f, BERLIN(10, 0), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(REMIND_ASKED_RECENTLY, at(&f, BERLIN(11, 0)).verdict);
        CHECK_INT(BERLIN(12, 1), at(&f, BERLIN(11, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(12, 1)).verdict);
}

TEST(what_is_put_off_after_a_long_time_is_not_asked_again_at_once)
{
        Fixture f = morning();

        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 0)).verdict);
        (void) feed(&f, BERLIN(10, 0), (RemindEvent){ REMIND_SHOWN });
        (void) feed(&f, BERLIN(15, 0), (RemindEvent){ REMIND_GONE, .how = REMIND_GONE_LATER });
        CHECK_INT(REMIND_ASKED_RECENTLY, at(&f, BERLIN(16, 30)).verdict);
        CHECK_INT(BERLIN(17, 0), at(&f, BERLIN(16, 30)).next_real);
}

/* Shown and gone in the same moment: what cannot be fetched. Each kind must come to an end. */
TEST(what_cannot_be_shown_is_not_tried_without_end)
{
        for (unsigned kind = 0; kind < 3; kind++) {
                Fixture f = morning();
                usec_t now = kind == 2 ? BERLIN(12, 10) : BERLIN(10, 0);
                RemindDecision d;
                unsigned tries = 0;

                f.c.min_gap = f.c.engaged = f.c.settle = 0;
                f.c.total_budget = f.c.budget = 1000;
                if (kind == 1) {
                        f.c.pace = 5 * USEC_PER_MIN;
                        f.c.pace_from_min = 540;
                        f.c.pace_until_min = 1080;
                        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_CONFIG });
                }
                if (kind == 2)
                        (void) feed(&f, BERLIN(12, 0), (RemindEvent){ REMIND_REVIEWED });
                d = feed(&f, now,
                         (RemindEvent){ REMIND_COUNTS, .due = 9, .learning = 9, .worth = true });
                CHECK_INT(REMIND_ASK, d.verdict);
                for (; d.verdict == REMIND_ASK && tries < 10; tries++) {
                        (void) feed(&f, now, (RemindEvent){ REMIND_SHOWN });
                        d = feed(&f, now, (RemindEvent){ REMIND_GONE, .how = REMIND_GONE_DONE });
                }
                CHECK_INT(1, tries);
        }
}

TEST(what_is_finished_today_rests_until_tomorrow)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_REVIEWED });
        (void) counts(&f, BERLIN(9, 0), 0);
        (void) counts(&f, BERLIN(13, 0), 6);
        CHECK_INT(REMIND_FINISHED, at(&f, BERLIN(13, 30)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 10, 0)).verdict);
}

TEST(budget_of_the_day_is_kept)
{
        Fixture f = morning();

        f.c.budget = 1;
        ask(&f, BERLIN(10, 0), REMIND_GONE_DONE, 1);
        CHECK_INT(REMIND_OVER_BUDGET, at(&f, BERLIN(13, 30)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 10, 0)).verdict);
}

TEST(nothing_while_a_card_is_on_screen_and_two_never_live)
{
        Fixture f = morning();

        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 0)).verdict);
        (void) feed(&f, BERLIN(10, 0), (RemindEvent){ REMIND_SHOWN });
        CHECK(at(&f, BERLIN(13, 30)).verdict == REMIND_ON_SCREEN);
}

TEST(nothing_before_the_session_has_settled)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(10, 0), (RemindEvent){ REMIND_START });
        CHECK_INT(REMIND_SETTLING, at(&f, BERLIN(10, 1)).verdict);
        CHECK_INT(BERLIN(10, 2), at(&f, BERLIN(10, 1)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 2)).verdict);
}

TEST(clock_set_back_does_not_silence_for_days)
{
        Fixture f = morning();

        f.s.last_asked_real = f.s.last_review_real = BERLIN(DAYS(30), 0);
        CHECK_INT(REMIND_REVIEWED_RECENTLY, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(13, 30)).verdict);
}

/* ---- presence -------------------------------------------------------------------------------- */

TEST(each_known_disturbance_holds_and_unknown_does_not)
{
        static const struct {
                size_t fact;
                RemindFact value;
                RemindVerdict verdict;
        } rows[] = {
                { offsetof(RemindFacts, active), REMIND_NO, REMIND_INACTIVE },
                { offsetof(RemindFacts, locked), REMIND_YES, REMIND_LOCKED },
                { offsetof(RemindFacts, idle), REMIND_YES, REMIND_IDLE },
                { offsetof(RemindFacts, dnd), REMIND_YES, REMIND_DND },
                { offsetof(RemindFacts, presenting), REMIND_YES, REMIND_PRESENTING },
                { offsetof(RemindFacts, busy), REMIND_YES, REMIND_BUSY },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                Fixture f = morning();
                RemindFacts facts = here;

                *(RemindFact *) ((char *) &facts + rows[i].fact) = rows[i].value;
                CHECK_INT(rows[i].verdict, presence(&f, BERLIN(10, 0), facts).verdict);
                *(RemindFact *) ((char *) &facts + rows[i].fact) = REMIND_UNKNOWN;
                (void) presence(&f, BERLIN(10, 1), facts);
                CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 4)).verdict);
        }
}

TEST(card_text_is_safe_only_when_the_screen_is_known_to_be_private)
{
        Fixture f = morning();

        CHECK(at(&f, BERLIN(10, 0)).discreet);
        (void) presence(&f, BERLIN(10, 1), here);
        CHECK(!at(&f, BERLIN(10, 1)).discreet);
}

TEST(coming_back_settles_and_then_uses_what_is_left_of_the_slot)
{
        Fixture f = morning();
        RemindFacts away = here;

        away.locked = REMIND_YES;
        (void) presence(&f, BERLIN(9, 0), away);
        CHECK_INT(REMIND_LOCKED, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_SETTLING, presence(&f, BERLIN(11, 0), here).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(11, 2)).verdict);
}

TEST(a_machine_that_slept_settles_and_says_which_slot_passed)
{
        Fixture f = morning();
        RemindDecision d;

        (void) at(&f, BERLIN(9, 0));
        d = remind_step(&f.s, &f.c, BERLIN(14, 0), /* the timer was for 10:00 */
                        &(RemindEvent){ REMIND_TIME });
        CHECK_INT(10 * 60, d.missed_min);
        CHECK_INT(REMIND_SETTLING, d.verdict);
        CHECK_INT(13 * 60 + 30, d.chance_min);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(14, 2)).verdict);
}

TEST(what_expired_unseen_comes_once_more_and_does_not_count)
{
        Fixture f = morning();
        RemindFacts away = here;

        away.idle = REMIND_YES;
        (void) presence(&f, BERLIN(9, 0), here);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 0)).verdict);
        (void) feed(&f, BERLIN(10, 0), (RemindEvent){ REMIND_SHOWN });
        (void) presence(&f, BERLIN(10, 5), away);
        (void) feed(&f, BERLIN(10, 10), (RemindEvent){ REMIND_GONE, .how = REMIND_GONE_EXPIRED });
        CHECK_INT(0, f.s.points);
        (void) presence(&f, BERLIN(11, 0), here);
        CHECK_INT(BERLIN(12, 10), at(&f, BERLIN(11, 5)).next_real); /* min-gap after 10:10 */
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(12, 10)).verdict);
}

/* ---- what the learner says ------------------------------------------------------------------- */

TEST(later_means_the_next_slot_whatever_is_due_and_costs_nothing)
{
        Fixture f = morning();

        f.c.budget = 1;
        ask(&f, BERLIN(10, 0), REMIND_GONE_LATER, 0);
        (void) counts(&f, BERLIN(12, 0), 1);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(13, 30)).verdict);
        CHECK_INT(0, f.s.points);
}

TEST(later_after_the_last_slot_means_the_first_of_tomorrow)
{
        Fixture f = morning();

        ask(&f, BERLIN(16, 30), REMIND_GONE_LATER, 0);
        (void) counts(&f, BERLIN(DAYS(1) + 5, 0), 1);
        f.s.oldest_due_real = f.s.due_since_real = BERLIN(DAYS(1) + 5, 0);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 10, 0)).verdict);
}

TEST(the_third_later_running_counts_as_sending_away)
{
        Fixture f = morning();

        ask(&f, BERLIN(10, 0), REMIND_GONE_LATER, 0);
        ask(&f, BERLIN(13, 30), REMIND_GONE_LATER, 0);
        CHECK_INT(0, f.s.points);
        ask(&f, BERLIN(16, 30), REMIND_GONE_LATER, 0);
        CHECK_INT(1, f.s.points);
}

TEST(not_today_holds_until_the_day_of_the_learner_ends)
{
        Fixture f = morning();

        ask(&f, BERLIN(10, 0), REMIND_GONE_NOT_TODAY, 0);
        CHECK_INT(REMIND_NOT_TODAY, at(&f, BERLIN(13, 30)).verdict);
        CHECK_INT(0, f.s.points);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(1) + 10, 0)).verdict);
}

TEST(hush_holds_to_its_end_and_can_be_lifted)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(9, 30), (RemindEvent){ REMIND_HUSH, .until_real = BERLIN(11, 0) });
        CHECK_INT(REMIND_HUSHED, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(BERLIN(11, 0), at(&f, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(11, 0)).verdict);

        f = morning();
        (void) feed(&f, BERLIN(9, 30), (RemindEvent){ REMIND_HUSH, .until_real = BERLIN(11, 0) });
        CHECK_INT(REMIND_ASK, feed(&f, BERLIN(10, 0), (RemindEvent){ REMIND_HUSH }).verdict);
}

TEST(holidays_are_silent_to_their_last_day)
{
        Fixture f = morning();

        f.c.holidays[0] = (RemindHoliday){ MONDAY, MONDAY + 1 };
        f.c.n_holidays = 1;
        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_CONFIG });
        CHECK_INT(REMIND_HOLIDAY, at(&f, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_HOLIDAY, at(&f, BERLIN(DAYS(1) + 16, 30)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(2) + 10, 0)).verdict);
}

/* ---- habits ---------------------------------------------------------------------------------- */

TEST(dismissals_hold_back_level_by_level)
{
        Fixture f = morning();

        /* Three: two a day. Six: one a day. Nine: one every third day. */
        ask(&f, BERLIN(10, 0), REMIND_GONE_DISMISSED, 0);
        ask(&f, BERLIN(13, 30), REMIND_GONE_DISMISSED, 0);
        ask(&f, BERLIN(16, 30), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(1, remind_level(&f.s));
        ask(&f, BERLIN(DAYS(1) + 10, 0), REMIND_GONE_DISMISSED, 0);
        ask(&f, BERLIN(DAYS(1) + 13, 30), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(REMIND_OVER_BUDGET, at(&f, BERLIN(DAYS(1) + 16, 30)).verdict);
        ask(&f, BERLIN(DAYS(2) + 10, 0), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(2, remind_level(&f.s));
        CHECK_INT(REMIND_OVER_BUDGET, at(&f, BERLIN(DAYS(2) + 13, 30)).verdict);
        ask(&f, BERLIN(DAYS(3) + 10, 0), REMIND_GONE_DISMISSED, 0);
        ask(&f, BERLIN(DAYS(4) + 10, 0), REMIND_GONE_DISMISSED, 0);
        ask(&f, BERLIN(DAYS(5) + 11, 0), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(3, remind_level(&f.s));
        CHECK_INT(REMIND_PAUSED, at(&f, BERLIN(DAYS(6) + 11, 0)).verdict);
        CHECK_INT(REMIND_PAUSED, at(&f, BERLIN(DAYS(7) + 10, 0)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(8) + 10, 0)).verdict);
}

TEST(one_answer_brings_a_level_back_and_five_reviews_all)
{
        Fixture f = morning();

        f.s.points = 12;
        ask(&f, BERLIN(10, 0), REMIND_GONE_DONE, 1);
        CHECK_INT(9, f.s.points);
        for (unsigned i = 0; i < 4; i++)
                (void) feed(&f, BERLIN(19, i), (RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(0, f.s.points);
}

TEST(points_fade_by_one_in_seven_days)
{
        Fixture f = morning();

        f.s.points = 3;
        f.s.points_day = MONDAY;
        (void) at(&f, BERLIN(DAYS(6) + 9, 0));
        CHECK_INT(3, f.s.points);
        (void) at(&f, BERLIN(DAYS(7) + 9, 0));
        CHECK_INT(2, f.s.points);
}

TEST(leaving_after_some_cards_is_no_refusal)
{
        Fixture f = morning();

        ask(&f, BERLIN(10, 0), REMIND_GONE_DISMISSED, 2);
        CHECK_INT(0, f.s.points);
}

/* Six cards unprompted at 09:00 on each of so many weekdays from Monday. */
static void study_before(Fixture *f, unsigned days) {
        for (unsigned d = 0; d < days; d++) {
                (void) counts(f, BERLIN(DAYS(d) + 8, 30), 12);
                for (unsigned i = 0; i < 6; i++)
                        (void) feed(f, BERLIN(DAYS(d) + 8, 40 + i),
                                    (RemindEvent){ REMIND_REVIEWED });
        }
}

TEST(a_slot_that_is_not_needed_falls_silent_until_it_is_again)
{
        Fixture f = morning();

        study_before(&f, 4);
        (void) counts(&f, BERLIN(DAYS(4) + 9, 0), 12);
        CHECK_INT(REMIND_FADED, at(&f, BERLIN(DAYS(4) + 10, 0)).verdict);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(4) + 13, 30)).verdict);

        /* Two study days without: one card in the evening of Friday and of Monday. */
        (void) feed(&f, BERLIN(DAYS(4) + 19, 0), (RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(REMIND_FADED, at(&f, BERLIN(DAYS(7) + 10, 0)).verdict);
        (void) feed(&f, BERLIN(DAYS(7) + 19, 0), (RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(8) + 10, 0)).verdict);
}

TEST(fading_can_be_switched_off)
{
        Fixture f = morning();

        f.c.fade = false;
        study_before(&f, 4);
        (void) counts(&f, BERLIN(DAYS(4) + 9, 0), 12);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(DAYS(4) + 10, 0)).verdict);
}

TEST(after_an_absence_a_small_batch_comes_first_and_once)
{
        Fixture f = morning();
        RemindDecision d;

        (void) feed(&f, BERLIN(8, 40), (RemindEvent){ REMIND_REVIEWED });
        (void) counts(&f, BERLIN(DAYS(7) + 9, 0), 300);
        d = at(&f, BERLIN(DAYS(7) + 10, 0));
        CHECK_INT(REMIND_ASK, d.verdict);
        CHECK(d.back);
        CHECK_INT(20, d.cards);
        (void) feed(&f, BERLIN(DAYS(7) + 10, 0), (RemindEvent){ REMIND_SHOWN });
        (void) feed(&f, BERLIN(DAYS(7) + 10, 1),
                    (RemindEvent){ REMIND_GONE, .how = REMIND_GONE_DISMISSED });
        d = at(&f, BERLIN(DAYS(7) + 13, 30));
        CHECK_INT(REMIND_ASK, d.verdict);
        CHECK(!d.back);
}

TEST(somebody_who_is_there_and_looks_away_is_not_absent)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(8, 40), (RemindEvent){ REMIND_REVIEWED });
        for (unsigned d = 1; d < 6; d++)
                (void) presence(&f, BERLIN(DAYS(d) + 9, 0), here);
        (void) counts(&f, BERLIN(DAYS(6) + 9, 0), 300);
        CHECK(!f.s.back);
}

TEST(a_slot_of_little_use_is_told_with_a_better_hour)
{
        Fixture f = morning();
        RemindDecision d = { .advice_min = -1 };
        char out[REMIND_SENTENCE_SIZE];

        f.s.hours[19] = 40;
        f.s.records[0] = (RemindRecord){ .minute = 600, .shown = 19, .used = 2, .in_use = true };
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(10, 0)).verdict);
        d = feed(&f, BERLIN(10, 0), (RemindEvent){ REMIND_SHOWN });
        CHECK_INT(600, d.advice_min);
        remind_sentence_advice(&f.s, &d, out, sizeof(out));
        CHECK_STR("10:00 was of use 2 of 20 times; most reviews of your own begin after 19:00. "
                  "Another time may suit you: [remind] slots.",
                  out);
}

/* ---- learning steps and pace ----------------------------------------------------------------- */

static RemindDecision ripe(Fixture *f, usec_t now_real) {
        return feed(f, now_real,
                    (RemindEvent){ REMIND_COUNTS, .due = 1, .learning = 1,
                                   .oldest_due_real = now_real,
                                   .next_due_real = BERLIN(DAYS(1) + 4, 0) });
}

TEST(a_learning_step_is_asked_in_a_pause_and_only_then)
{
        Fixture f = morning();
        RemindDecision d;

        (void) feed(&f, BERLIN(12, 0), (RemindEvent){ REMIND_REVIEWED });
        d = ripe(&f, BERLIN(12, 1)); /* in the middle of it: the review itself brings the card */
        CHECK_INT(REMIND_NO_CHANCE, d.verdict);
        CHECK_INT(BERLIN(12, 2), d.next_real);
        d = ripe(&f, BERLIN(12, 10));
        CHECK_INT(REMIND_ASK, d.verdict);
        CHECK_INT(REMIND_KIND_LEARNING, d.kind);
        CHECK_INT(1, d.cards);

        f = morning();
        (void) feed(&f, BERLIN(12, 0), (RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(REMIND_NO_CHANCE, ripe(&f, BERLIN(12, 20)).verdict); /* over */
}

TEST(a_refused_learning_step_is_not_asked_again_in_that_pause)
{
        Fixture f = morning();

        (void) feed(&f, BERLIN(12, 0), (RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(REMIND_ASK, ripe(&f, BERLIN(12, 10)).verdict);
        (void) feed(&f, BERLIN(12, 10), (RemindEvent){ REMIND_SHOWN });
        (void) feed(&f, BERLIN(12, 11), (RemindEvent){ REMIND_GONE, .how = REMIND_GONE_DISMISSED });
        CHECK_INT(REMIND_NO_CHANCE, ripe(&f, BERLIN(12, 15)).verdict);
}

static Fixture paced(void) {
        Fixture f = morning();

        f.c.pace = 20 * USEC_PER_MIN;
        f.c.pace_from_min = 9 * 60;
        f.c.pace_until_min = 18 * 60;
        (void) feed(&f, BERLIN(8, 35), (RemindEvent){ REMIND_CONFIG });
        return f;
}

TEST(paced_cards_come_one_by_one_within_their_hours)
{
        Fixture f = paced();
        RemindDecision d = at(&f, BERLIN(9, 0));

        CHECK_INT(REMIND_ASK, d.verdict);
        CHECK_INT(1, d.cards);
        (void) feed(&f, BERLIN(9, 0), (RemindEvent){ REMIND_SHOWN });
        (void) feed(&f, BERLIN(9, 1), (RemindEvent){ REMIND_REVIEWED });
        d = feed(&f, BERLIN(9, 1), (RemindEvent){ REMIND_GONE, .how = REMIND_GONE_DONE });
        CHECK_INT(BERLIN(9, 21), d.next_real);
        CHECK_INT(REMIND_ASK, at(&f, BERLIN(9, 21)).verdict);
        CHECK_INT(REMIND_NO_CHANCE, at(&f, BERLIN(18, 0)).verdict);
        CHECK_INT(BERLIN(DAYS(1) + 9, 0), at(&f, BERLIN(18, 0)).next_real);
}

TEST(paced_cards_that_are_sent_away_come_at_twice_the_distance)
{
        Fixture f = paced();

        f.s.points = 2;
        ask(&f, BERLIN(9, 0), REMIND_GONE_DISMISSED, 0);
        CHECK_INT(1, remind_level(&f.s));
        CHECK_INT(BERLIN(9, 41), at(&f, BERLIN(9, 30)).next_real); /* it left at 09:01 */
}

/* ---- decks, sentences, memory ---------------------------------------------------------------- */

TEST(decks_with_a_threshold_count_alone_and_the_others_together)
{
        RemindConfig c = config_default();
        size_t deck;

        CHECK(!remind_worth(&c, (RemindDeck[]){ { 9, 10 }, { 2, 0 }, { 2, 0 } }, 3, &deck));
        CHECK(remind_worth(&c, (RemindDeck[]){ { 10, 10 }, { 0, 0 } }, 2, &deck));
        CHECK_INT(0, deck);
        CHECK(remind_worth(&c, (RemindDeck[]){ { 1, 10 }, { 3, 0 }, { 2, 0 } }, 3, &deck));
        CHECK_INT(1, deck);
        CHECK(!remind_worth(&c, NULL, 0, &deck));
}

TEST(reason_is_a_sentence_with_its_figures)
{
        Fixture f = morning();
        RemindDecision d;
        char out[REMIND_SENTENCE_SIZE];

        (void) feed(&f, BERLIN(13, 8), (RemindEvent){ REMIND_REVIEWED });
        d = at(&f, BERLIN(13, 30));
        CHECK(d.tell);
        remind_sentence(&f.s, &f.c, BERLIN(13, 30), &d, out, sizeof(out));
        CHECK_STR("13:30 not asked: you reviewed 22 minutes ago.", out);
        d = at(&f, BERLIN(13, 31));
        CHECK(!d.tell);

        (void) counts(&f, BERLIN(15, 0), 1);
        d = at(&f, BERLIN(16, 30));
        remind_sentence(&f.s, &f.c, BERLIN(16, 30), &d, out, sizeof(out));
        CHECK_STR("16:30 not asked: 1 card is due, fewer than min-due (5).", out);

        d = feed(&f, BERLIN(16, 31),
                 (RemindEvent){ REMIND_HUSH, .until_real = BERLIN(DAYS(1) + 8, 5) });
        remind_sentence(&f.s, &f.c, BERLIN(16, 31), &d, out, sizeof(out));
        CHECK_STR("16:30 not asked: hushed until 2026-11-24 08:05 (ebb hush off lifts it).", out);
}

TEST(every_verdict_has_a_sentence_that_fits)
{
        Fixture f = morning();
        char out[REMIND_SENTENCE_SIZE], first[REMIND_SENTENCE_SIZE] = "";

        for (RemindVerdict v = REMIND_ASK; v <= REMIND_OVER_TOTAL; v++) {
                RemindDecision d = { .verdict = v, .chance_min = 990, .next_real = BERLIN(16, 30) };

                remind_sentence(&f.s, &f.c, BERLIN(10, 0), &d, out, sizeof(out));
                CHECK(strlen(out) > 20 && strlen(out) < sizeof(out) - 1);
                CHECK(out[strlen(out) - 1] == '.');
                CHECK(strcmp(first, out) != 0);
                (void) strcpy(first, out);
        }
}

enum { NUMBERS_MAX = 128 };

typedef struct Numbers {
        char names[NUMBERS_MAX][32];
        int64_t values[NUMBERS_MAX];
        size_t n, puts;
} Numbers;

static int put(const char *name, int64_t value, void *userdata) {
        Numbers *k = userdata;
        size_t i;

        for (i = 0; i < k->n && strcmp(k->names[i], name) != 0; i++)
                ;
        if (i == NUMBERS_MAX)
                return -1;
        (void) snprintf(k->names[i], sizeof(k->names[i]), "%s", name);
        k->values[i] = value;
        k->n += i == k->n;
        k->puts++;
        return 0;
}

static int get(const char *name, int64_t *value, void *userdata) {
        const Numbers *k = userdata;

        for (size_t i = 0; i < k->n; i++)
                if (strcmp(k->names[i], name) == 0)
                        *value = k->values[i];
        return 0;
}

TEST(what_matters_survives_a_restart)
{
        Fixture f = morning(), g;
        static Numbers k;
        RemindState kept;

        remind_init(&kept);
        study_before(&f, 4);
        ask(&f, BERLIN(DAYS(4) + 13, 30), REMIND_GONE_DISMISSED, 0);
        (void) feed(&f, BERLIN(DAYS(4) + 14, 0),
                    (RemindEvent){ REMIND_HUSH, .until_real = BERLIN(DAYS(4) + 16, 50) });
        CHECK_INT(0, remind_save(&f.s, &kept, put, &k));
        CHECK(k.puts > 10);
        k.puts = 0;
        CHECK_INT(0, remind_save(&f.s, &kept, put, &k));
        CHECK_INT(0, k.puts);

        g.c = f.c;
        remind_init(&g.s);
        CHECK_INT(0, remind_load(&g.s, &g.c, get, &k));
        (void) feed(&g, BERLIN(DAYS(4) + 16, 0),
                    (RemindEvent){ REMIND_START, .last_review_real = f.s.last_review_real });
        (void) feed(&g, BERLIN(DAYS(4) + 16, 0), (RemindEvent){ REMIND_SERVER, .server = true });
        (void) counts(&g, BERLIN(DAYS(4) + 16, 0), 12);
        CHECK_INT(1, g.s.points);
        CHECK_INT(1, g.s.asked_today);
        CHECK_INT(REMIND_HUSHED, at(&g, BERLIN(DAYS(4) + 16, 30)).verdict);
        CHECK_INT(REMIND_ASK, at(&g, BERLIN(DAYS(4) + 16, 50)).verdict);
        CHECK_INT(REMIND_FADED, at(&g, BERLIN(DAYS(7) + 10, 0)).verdict);
}

TEST(numbers_that_cannot_be_are_passed_over)
{
        Fixture f = morning();
        static Numbers k;
        RemindState kept, s;

        remind_init(&kept);
        remind_init(&s);
        ask(&f, BERLIN(10, 0), REMIND_GONE_DISMISSED, 0);
        (void) remind_save(&f.s, &kept, put, &k);
        for (unsigned round = 0; round < 6; round++) {
                static const int64_t odd[] = { INT64_MIN, INT64_MAX, INT32_MIN + 1,
                                               INT32_MAX, -1,        999999 };

                for (size_t i = 0; i < k.n; i++)
                        k.values[i] = odd[(i + round) % 6];
                remind_init(&s);
                CHECK_INT(0, remind_load(&s, &f.c, get, &k));
                f.s = s;
                (void) feed(&f, BERLIN(12, 0), (RemindEvent){ REMIND_START });
                (void) feed(&f, BERLIN(12, 0), (RemindEvent){ REMIND_SERVER, .server = true });
                CHECK(counts(&f, BERLIN(12, 0), 12).next_real > BERLIN(12, 0));
                (void) at(&f, BERLIN(13, 30));
                CHECK(f.s.points <= 1000000 && f.s.asked_today <= 1000000);
        }
}

/* Events in any order at any time: the deadline is always ahead, and a sentence is always there. */
TEST(random_events_never_break_the_machine)
{
        Fixture f = morning();
        usec_t now = BERLIN(0, 0);
        uint64_t x = 2463534242u;
        unsigned asked = 0;

        for (unsigned i = 0; i < 200000; i++) {
                RemindEvent ev;
                RemindDecision d;
                char out[REMIND_SENTENCE_SIZE];

                x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                ev = (RemindEvent){ .kind = (RemindEventKind) (x % (REMIND_TIME + 1)),
                                    .due = (x >> 8) % 20,
                                    .learning = (x >> 8) % 3,
                                    .worth = x >> 9 & 1,
                                    .oldest_due_real = now - (x >> 16) % (30 * USEC_PER_HOUR),
                                    .next_due_real = now + (x >> 24) % USEC_PER_DAY,
                                    .server = x >> 30 & 3,
                                    .called = x >> 33 & 1,
                                    .how = (RemindGone) ((x >> 34) % (REMIND_GONE_TAKEN + 1)) };
                if (ev.kind == REMIND_PRESENCE)
                        for (size_t k = 0; k < 6; k++)
                                ((RemindFact *) &ev.facts)[k] =
                                        (RemindFact) ((x >> (20 + 2 * k)) % 3);
                if (ev.kind == REMIND_HUSH)
                        ev.until_real = now + (x >> 20) % USEC_PER_MIN;
                d = remind_step(&f.s, &f.c, now, &ev);
                CHECK(d.next_real > now);
                remind_sentence(&f.s, &f.c, now, &d, out, sizeof(out));
                CHECK(out[0] != '\0');
                if (d.verdict == REMIND_ASK) {
                        asked++;
                        (void) feed(&f, now, (RemindEvent){ REMIND_SHOWN });
                }
                now += (x >> 40) % 50 == 0 ? 0 : (1 + (x >> 32) % 400) * USEC_PER_SEC;
                if (now > d.next_real && x >> 50 & 3)
                        now = d.next_real;
                if (check_failures)
                        return;
        }
        if (asked <= 20)
                CHECK_FAIL("asked %u times only", asked);
        berlin = zone_free(berlin);
        new_york = zone_free(new_york);
}

CHECK_MAIN
