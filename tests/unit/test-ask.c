/* The review in a notification: every way a card can be answered, sent away, lost or clicked twice. */
#include "core/ask.h"
#include "tests/check.h"

static const AskConfig config = {
        .batch = 3,
        .card_timeout = 10 * USEC_PER_MIN,
        .closing_expire = 8 * USEC_PER_SEC,
};

typedef struct Fixture {
        AskState s;
        AskEffects fx;
        usec_t now;
} Fixture;

static void step(Fixture *f, AskEvent ev) {
        ask_step(&f->s, &config, f->now, &ev, &f->fx);
}

/* A screen tells about the generation that is up. */
static void from_screen(Fixture *f, AskEventKind kind, unsigned grade) {
        step(f, (AskEvent){ kind, .generation = f->s.generation, .grade = grade });
}

static Fixture with_server(void) {
        Fixture f = { .now = 100 * USEC_PER_SEC };

        ask_init(&f.s);
        step(&f, (AskEvent){ ASK_SERVER_UP });
        return f;
}

static Fixture with_question(void) {
        Fixture f = with_server();

        step(&f, (AskEvent){ ASK_BEGIN, .available = 12 });
        step(&f, (AskEvent){ ASK_CARD, .card = 7, .revision = 40, .available = 12 });
        return f;
}

static Fixture with_answer(void) {
        Fixture f = with_question();

        f.now += 3 * USEC_PER_SEC;
        from_screen(&f, ASK_SHOW, 0);
        return f;
}

#define CHECK_EFFECTS(f, count, first)                                                             \
        do {                                                                                       \
                CHECK_INT(count, (f).fx.n);                                                        \
                if ((f).fx.n > 0)                                                                  \
                        CHECK_INT(first, (f).fx.list[0].kind);                                     \
        } while (0)

TEST(batch_begins_with_a_question_and_its_position)
{
        Fixture f = with_question();

        CHECK_EFFECTS(f, 1, ASK_DO_SHOW_QUESTION);
        CHECK_INT(ASK_QUESTION, f.s.phase);
        CHECK_INT(1, f.s.position);
        CHECK_INT(3, f.s.total);
        CHECK_INT(f.now + 10 * USEC_PER_MIN, f.s.deadline_boot);
}

TEST(batch_does_not_begin_without_a_server)
{
        Fixture f = { .now = 1 };

        ask_init(&f.s);
        step(&f, (AskEvent){ ASK_BEGIN, .available = 12 });
        CHECK_INT(0, f.fx.n);
        CHECK_INT(ASK_IDLE, f.s.phase);
}

TEST(second_begin_leaves_the_card_on_screen_alone)
{
        Fixture f = with_question();

        step(&f, (AskEvent){ ASK_BEGIN, .available = 12 });
        CHECK_INT(0, f.fx.n);
        CHECK_INT(7, f.s.card);
}

TEST(answer_is_a_new_generation)
{
        Fixture f = with_question();
        uint32_t question = f.s.generation;

        from_screen(&f, ASK_SHOW, 0);
        CHECK_EFFECTS(f, 1, ASK_DO_SHOW_ANSWER);
        CHECK(f.s.generation > question);
}

TEST(grade_names_the_time_from_question_to_grade)
{
        Fixture f = with_answer();

        f.now += 1500 * USEC_PER_MSEC;
        from_screen(&f, ASK_GRADE, 3);
        CHECK_EFFECTS(f, 1, ASK_DO_GRADE);
        CHECK_INT(3, f.fx.list[0].grade);
        CHECK_INT(4500, f.fx.list[0].took_ms);
}

TEST(time_of_a_forgotten_card_is_capped_at_ten_minutes)
{
        Fixture f = with_answer();

        f.now += 5 * USEC_PER_HOUR;
        from_screen(&f, ASK_GRADE, 3);
        CHECK_INT(600000, f.fx.list[0].took_ms);
}

TEST(second_click_on_the_same_grade_does_nothing)
{
        Fixture f = with_answer();
        uint32_t generation = f.s.generation;

        from_screen(&f, ASK_GRADE, 3);
        step(&f, (AskEvent){ ASK_GRADE, .generation = generation, .grade = 1 });
        CHECK_INT(0, f.fx.n);
        CHECK_INT(ASK_GRADING, f.s.phase);
        CHECK_INT(1, f.s.graded);
}

TEST(stale_generation_never_grades)
{
        Fixture f = with_answer();

        step(&f, (AskEvent){ ASK_GRADE, .generation = f.s.generation - 1, .grade = 4 });
        CHECK_INT(0, f.fx.n);
        CHECK_INT(ASK_ANSWER, f.s.phase);
}

TEST(grade_button_on_a_question_does_nothing)
{
        Fixture f = with_question();

        from_screen(&f, ASK_GRADE, 3);
        CHECK_INT(0, f.fx.n);
}

TEST(grade_command_works_from_the_question)
{
        Fixture f = with_question();

        step(&f, (AskEvent){ ASK_GRADE, .grade = 2 });
        CHECK_EFFECTS(f, 1, ASK_DO_GRADE);
}

TEST(default_action_shows_the_answer_and_never_grades)
{
        Fixture f = with_question();

        from_screen(&f, ASK_DEFAULT, 0);
        CHECK_EFFECTS(f, 1, ASK_DO_SHOW_ANSWER);
        from_screen(&f, ASK_DEFAULT, 0);
        CHECK_EFFECTS(f, 1, ASK_DO_SHOW_ANSWER);
        CHECK_INT(0, f.s.graded);
}

TEST(closing_a_card_means_later)
{
        Fixture f = with_answer();

        from_screen(&f, ASK_CLOSED, 0);
        CHECK_INT(2, f.fx.n);
        CHECK_INT(ASK_DO_DISMISSED, f.fx.list[1].kind);
        CHECK_INT(ASK_IDLE, f.s.phase);
        CHECK_INT(0, f.s.graded);
}

TEST(late_close_of_the_question_leaves_the_answer_up)
{
        Fixture f = with_question();
        uint32_t question = f.s.generation;

        from_screen(&f, ASK_SHOW, 0);
        step(&f, (AskEvent){ ASK_CLOSED, .generation = question });
        CHECK_INT(0, f.fx.n);
        CHECK_INT(ASK_ANSWER, f.s.phase);
}

TEST(committed_grade_brings_the_next_card)
{
        Fixture f = with_answer();

        from_screen(&f, ASK_GRADE, 3);
        step(&f, (AskEvent){ ASK_GRADED });
        CHECK_EFFECTS(f, 1, ASK_DO_FETCH);
        step(&f, (AskEvent){ ASK_CARD, .card = 8, .revision = 2, .available = 11 });
        CHECK_INT(2, f.s.position);
        CHECK_INT(3, f.s.total);
}

TEST(total_shrinks_when_fewer_cards_are_left)
{
        Fixture f = with_answer();

        from_screen(&f, ASK_GRADE, 3);
        step(&f, (AskEvent){ ASK_GRADED });
        step(&f, (AskEvent){ ASK_CARD, .card = 8, .revision = 2, .available = 1 });
        CHECK_INT(2, f.s.position);
        CHECK_INT(2, f.s.total);
}

TEST(batch_ends_with_one_line_that_leaves_by_itself)
{
        Fixture f = with_server();

        step(&f, (AskEvent){ ASK_BEGIN, .available = 12 });
        for (unsigned i = 0; i < 3; i++) {
                step(&f, (AskEvent){ ASK_CARD, .card = i + 1, .revision = 1, .available = 12 - i });
                from_screen(&f, ASK_SHOW, 0);
                from_screen(&f, ASK_GRADE, i == 1 ? 1 : 3);
                step(&f, (AskEvent){ ASK_GRADED });
        }
        CHECK_INT(2, f.fx.n);
        CHECK_INT(ASK_DO_FINISHED, f.fx.list[0].kind);
        CHECK_INT(ASK_DO_SHOW_CLOSING, f.fx.list[1].kind);
        CHECK_INT(3, f.s.graded);
        CHECK_INT(2, f.s.recalled);

        f.now = f.s.deadline_boot;
        step(&f, (AskEvent){ ASK_TIME });
        CHECK_EFFECTS(f, 1, ASK_DO_CLOSE);
        CHECK_INT(ASK_IDLE, f.s.phase);
}

TEST(batch_that_finds_nothing_leaves_no_line)
{
        Fixture f = with_server();

        step(&f, (AskEvent){ ASK_BEGIN, .available = 1 });
        step(&f, (AskEvent){ ASK_NO_CARD });
        CHECK_INT(2, f.fx.n);
        CHECK_INT(ASK_DO_CLOSE, f.fx.list[1].kind);
        CHECK_INT(ASK_IDLE, f.s.phase);
}

TEST(stale_card_is_not_counted_and_the_next_is_fetched)
{
        Fixture f = with_answer();

        from_screen(&f, ASK_GRADE, 3);
        step(&f, (AskEvent){ ASK_STALE });
        CHECK_EFFECTS(f, 1, ASK_DO_FETCH);
        CHECK_INT(0, f.s.graded);
        CHECK_INT(0, f.s.position);
}

TEST(grade_that_was_not_saved_keeps_the_card_and_says_so)
{
        Fixture f = with_answer();

        from_screen(&f, ASK_GRADE, 3);
        step(&f, (AskEvent){ ASK_NOT_SAVED });
        CHECK_EFFECTS(f, 1, ASK_DO_SHOW_PROBLEM);
        CHECK_INT(ASK_ANSWER, f.s.phase);
        CHECK_INT(7, f.s.card);
        CHECK_INT(0, f.s.graded);
}

TEST(card_graded_elsewhere_makes_room_for_the_next)
{
        Fixture f = with_question();

        step(&f, (AskEvent){ ASK_CHANGED });
        CHECK_EFFECTS(f, 1, ASK_DO_FETCH);
}

TEST(card_stays_wanted_while_the_server_restarts)
{
        Fixture f = with_answer();

        step(&f, (AskEvent){ ASK_SERVER_GONE });
        CHECK_INT(0, f.fx.n);
        CHECK_INT(ASK_ANSWER, f.s.phase);
        step(&f, (AskEvent){ ASK_SERVER_UP });
        from_screen(&f, ASK_GRADE, 3);
        CHECK_EFFECTS(f, 1, ASK_DO_GRADE);
}

TEST(unanswered_card_leaves_and_is_not_graded)
{
        Fixture f = with_question();

        f.now = f.s.deadline_boot - 1;
        step(&f, (AskEvent){ ASK_TIME });
        CHECK_INT(0, f.fx.n);
        f.now = f.s.deadline_boot;
        step(&f, (AskEvent){ ASK_TIME });
        CHECK_INT(2, f.fx.n);
        CHECK_INT(ASK_DO_EXPIRED, f.fx.list[1].kind);
        CHECK_INT(0, f.s.graded);
}

/* Any event in any order: never more effects than fit, never a grade without a card, generations only grow. */
TEST(random_events_never_break_the_rules)
{
        uint64_t x = 88172645463325252u;
        Fixture f = with_server();
        uint32_t generation = 0;
        unsigned grades = 0;

        for (int i = 0; i < 200000; i++) {
                AskEvent ev = {};

                x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                ev.kind = (AskEventKind) (x % (ASK_TIME + 1));
                ev.grade = 1 + (x >> 8) % 4;
                ev.card = 1 + (int64_t) ((x >> 16) % 5);
                ev.available = (x >> 24) % 6;
                ev.generation = (x >> 32) % 3 ? f.s.generation : (uint32_t) ((x >> 40) % 4);
                f.now += (x >> 48) % 1000 * USEC_PER_SEC;
                step(&f, ev);

                if (f.fx.n > ASK_MAX_EFFECTS)
                        CHECK_FAIL("event %d gave %u effects", i, f.fx.n);
                for (unsigned k = 0; k < f.fx.n; k++)
                        if (f.fx.list[k].kind == ASK_DO_GRADE) {
                                grades++;
                                CHECK(f.s.card != 0);
                                CHECK(ev.kind == ASK_GRADE);
                        }
                CHECK(f.s.generation >= generation);
                CHECK(f.s.recalled <= f.s.graded);
                CHECK(f.s.position <= config.batch);
                generation = f.s.generation;
                if (check_failures)
                        return;
        }
        CHECK(grades > 100);
}

CHECK_MAIN
