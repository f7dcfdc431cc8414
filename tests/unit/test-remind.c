/* When to ask, and why not. Times are wall times of Berlin; 2026-11-23 is a Monday in winter (UTC+1). */
#include "core/remind.h"
#include "tests/check.h"

#define MONDAY_UTC   (UINT64_C(1795392000) * USEC_PER_SEC) /* 2026-11-23 00:00 UTC */
#define BERLIN(h, m) (MONDAY_UTC + ((h) -1) * USEC_PER_HOUR + (m) *USEC_PER_MIN)

static Zone *berlin;

static RemindConfig config_default(void) {
        if (!berlin && zone_from_rule("CET-1CEST,M3.5.0,M10.5.0/3", &berlin) < 0)
                abort();
        return (RemindConfig){
                .enabled = true,
                .min_due = 5,
                .min_gap = 2 * USEC_PER_HOUR,
                .overdue_any = 24 * USEC_PER_HOUR,
                .settle = 2 * USEC_PER_MIN,
                .quiet_from_min = 20 * 60,
                .quiet_until_min = 8 * 60,
                .zone = berlin,
        };
}

/* A state in which everything allows asking at 10:00. */
static RemindState ready(void) {
        RemindState s;

        remind_init(&s);
        s.due = 12;
        s.oldest_due_real = BERLIN(4, 0);
        s.server = true;
        return s;
}

static RemindDecision at(RemindState *s, const RemindConfig *c, usec_t now_real) {
        return remind_step(s, c, now_real, &(RemindEvent){ REMIND_TIME });
}

TEST(enough_cards_by_day_are_asked)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(10, 0)).verdict);
}

TEST(nothing_is_asked_when_reminders_are_off_or_nothing_is_due)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        c.enabled = false;
        CHECK_INT(REMIND_OFF, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(USEC_INFINITY, at(&s, &c, BERLIN(10, 0)).next_real);

        c.enabled = true;
        s.due = 0;
        s.next_due_real = BERLIN(17, 0);
        CHECK_INT(REMIND_NOTHING_DUE, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(BERLIN(17, 0), at(&s, &c, BERLIN(10, 0)).next_real);
}

TEST(few_cards_wait_for_more_or_until_one_has_waited_long)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        s.due = 2;
        CHECK_INT(REMIND_TOO_FEW, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(BERLIN(4, 0) + 24 * USEC_PER_HOUR, at(&s, &c, BERLIN(10, 0)).next_real);
        s.next_due_real = BERLIN(11, 0);
        CHECK_INT(BERLIN(11, 0), at(&s, &c, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(10 + 24, 0)).verdict);
}

TEST(quiet_hours_hold_from_their_first_minute_to_their_last)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(19, 59)).verdict);
        CHECK_INT(REMIND_QUIET, at(&s, &c, BERLIN(20, 0)).verdict);
        CHECK_INT(BERLIN(24 + 8, 0), at(&s, &c, BERLIN(20, 0)).next_real);
        CHECK_INT(REMIND_QUIET, at(&s, &c, BERLIN(24 + 7, 59)).verdict);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(24 + 8, 0)).verdict);
}

TEST(quiet_hours_within_a_day_and_none_at_all)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        c.quiet_from_min = 9 * 60;
        c.quiet_until_min = 17 * 60;
        CHECK_INT(REMIND_QUIET, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(BERLIN(17, 0), at(&s, &c, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(17, 0)).verdict);

        c.quiet_until_min = c.quiet_from_min;
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(USEC_INFINITY, remind_next_quiet(&c, BERLIN(10, 0)));
}

TEST(quiet_hours_end_on_the_wall_clock_when_summer_time_begins)
{
        RemindConfig c = config_default();
        RemindState s = ready();
        /* 2027-03-28 02:00 CET becomes 03:00 CEST; 08:00 CEST is 06:00 UTC. 1806192000 is 2027-03-28 00:00 UTC. */
        usec_t midnight_utc = UINT64_C(1806192000) * USEC_PER_SEC;

        CHECK_INT(REMIND_QUIET, at(&s, &c, midnight_utc).verdict);
        CHECK_INT(midnight_utc + 6 * USEC_PER_HOUR, at(&s, &c, midnight_utc).next_real);
}

TEST(asking_and_reviewing_both_keep_the_gap)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        (void) remind_step(&s, &c, BERLIN(10, 0), &(RemindEvent){ REMIND_SHOWN });
        CHECK_INT(REMIND_ON_SCREEN, at(&s, &c, BERLIN(10, 1)).verdict);
        CHECK_INT(REMIND_ASKED_RECENTLY,
                  remind_step(&s, &c, BERLIN(10, 5), &(RemindEvent){ REMIND_GONE }).verdict);
        CHECK_INT(BERLIN(12, 5), at(&s, &c, BERLIN(10, 5)).next_real);

        (void) remind_step(&s, &c, BERLIN(11, 30), &(RemindEvent){ REMIND_REVIEWED });
        CHECK_INT(REMIND_REVIEWED_RECENTLY, at(&s, &c, BERLIN(12, 5)).verdict);
        CHECK_INT(BERLIN(13, 30), at(&s, &c, BERLIN(12, 5)).next_real);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(13, 30)).verdict);
}

TEST(what_is_put_off_after_a_long_time_is_not_asked_again_at_once)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        (void) remind_step(&s, &c, BERLIN(10, 0), &(RemindEvent){ REMIND_SHOWN });
        CHECK_INT(REMIND_ASKED_RECENTLY,
                  remind_step(&s, &c, BERLIN(15, 0), &(RemindEvent){ REMIND_GONE }).verdict);
        CHECK_INT(BERLIN(17, 0), at(&s, &c, BERLIN(15, 0)).next_real);
}

TEST(without_a_gap_there_is_still_a_minute_between_two_askings)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        c.min_gap = 0;
        (void) remind_step(&s, &c, BERLIN(10, 0), &(RemindEvent){ REMIND_SHOWN });
        CHECK_INT(REMIND_ASKED_RECENTLY,
                  remind_step(&s, &c, BERLIN(10, 0), &(RemindEvent){ REMIND_GONE }).verdict);
        CHECK_INT(BERLIN(10, 1), at(&s, &c, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(10, 1)).verdict);
}

TEST(clock_set_back_does_not_silence_for_days)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        s.last_asked_real = BERLIN(10, 0) + 30 * USEC_PER_DAY;
        CHECK_INT(REMIND_ASKED_RECENTLY, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(12, 0)).verdict);
}

TEST(nothing_before_the_session_has_settled)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        CHECK_INT(REMIND_SETTLING,
                  remind_step(&s, &c, BERLIN(10, 0), &(RemindEvent){ REMIND_START }).verdict);
        CHECK_INT(BERLIN(10, 2), at(&s, &c, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, at(&s, &c, BERLIN(10, 2)).verdict);
}

TEST(without_a_server_it_waits_for_one_and_not_for_time)
{
        RemindConfig c = config_default();
        RemindState s = ready();

        s.server = false;
        CHECK_INT(REMIND_NO_SERVER, at(&s, &c, BERLIN(10, 0)).verdict);
        CHECK_INT(USEC_INFINITY, at(&s, &c, BERLIN(10, 0)).next_real);
        CHECK_INT(REMIND_ASK, remind_step(&s, &c, BERLIN(10, 0),
                                          &(RemindEvent){ REMIND_SERVER, .server = true })
                                      .verdict);
}

TEST(reason_is_a_sentence_with_its_figures)
{
        RemindConfig c = config_default();
        RemindState s = ready();
        char out[160];

        s.last_review_real = BERLIN(13, 8);
        remind_sentence(&s, &c, BERLIN(13, 30), REMIND_REVIEWED_RECENTLY, out, sizeof(out));
        CHECK_STR("Not asked: you reviewed 22 minutes ago (min-gap is 2 hours).", out);
        s.due = 1;
        remind_sentence(&s, &c, BERLIN(13, 30), REMIND_TOO_FEW, out, sizeof(out));
        CHECK_STR("Not asked: 1 card is due, fewer than min-due (5).", out);
}

/* Two random weeks: the deadline is always ahead, and the invariants of the rule hold at every step. */
TEST(random_weeks_keep_the_invariants)
{
        RemindConfig c = config_default();
        RemindState s = ready();
        usec_t now = BERLIN(0, 0), last_asked = 0, end;
        uint64_t x = 2463534242u;
        unsigned asked = 0;

        while (now < BERLIN(0, 0) + 14 * USEC_PER_DAY) {
                RemindEvent ev = { REMIND_TIME };
                RemindDecision d;

                x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                switch (x % 6) {
                case 0:
                        ev = (RemindEvent){ REMIND_COUNTS, .due = (x >> 8) % 20,
                                            .oldest_due_real =
                                                    now - (x >> 16) % (30 * USEC_PER_HOUR),
                                            .next_due_real = now + (x >> 24) % USEC_PER_DAY };
                        break;
                case 1:
                        ev.kind = REMIND_REVIEWED;
                        break;
                case 2:
                        ev.kind = REMIND_GONE;
                        break;
                default:
                        break;
                }
                d = remind_step(&s, &c, now, &ev);
                CHECK(d.next_real > now);
                if (d.verdict == REMIND_ASK) {
                        asked++;
                        CHECK(!remind_is_quiet(&c, now, &end));
                        CHECK(last_asked == 0 || now - last_asked >= c.min_gap);
                        last_asked = now;
                        (void) remind_step(&s, &c, now, &(RemindEvent){ REMIND_SHOWN });
                }
                now += (1 + (x >> 32) % 40) * USEC_PER_MIN;
                if (check_failures)
                        return;
        }
        CHECK(asked > 5);
        berlin = zone_free(berlin);
}

CHECK_MAIN
