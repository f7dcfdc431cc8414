/*
 * Answers: ts-fsrs's whole scheduler (tests/data/fsrs6.json) but for the rules in which Anki differs, each
 * row attributed; then Anki's rules by themselves, recorded reviews, and what presets may hold.
 */
#include "tests/check.h"

#include "core/day.h"
#include "core/fsrs.h"
#include "core/interval.h"
#include "core/schedule.h"
#include "tests/unit/vectors.h"

enum { DAY_S = 86400, DAY_STARTS = 240 };

/* 2026-11-23 00:00 UTC; the learner's day of it begins at 04:00. */
#define MIDNIGHT_MS INT64_C(1795392000000)
enum { THE_DAY = 20780 };

static Moment at(int days, int hours, int minutes) {
        return day_moment(MIDNIGHT_MS + (days * INT64_C(1440) + hours * 60 + minutes) * 60000, 0,
                          DAY_STARTS);
}

static Preset preset_plain(void) {
        Preset p;

        preset_init(&p);
        p.fuzz = false;
        return p;
}

static CardSched reviewed(double stability, double difficulty, int32_t interval, int32_t last_day) {
        CardSched card = CARD_SCHED_NEW;

        card.state = CARD_REVIEW;
        card.stability_days = stability;
        card.difficulty = difficulty;
        card.interval_days = interval;
        card.last_day = last_day;
        card.last_ms = MIDNIGHT_MS + (last_day - THE_DAY) * MSEC_PER_DAY;
        card.due_day = last_day + interval;
        card.reps = 5;
        return card;
}

static CardSched learning(CardState state, uint32_t step) {
        CardSched card = reviewed(3, 5, 0, THE_DAY);

        card.state = state;
        card.step = step;
        card.due_day = CARD_NO_DAY;
        card.due_ms = MIDNIGHT_MS;
        return card;
}

static int64_t wait_s(const CardSched *card) {
        return card->interval_s ? card->interval_s : card->interval_days * (int64_t) DAY_S;
}

/* --- the peer's scheduler --- */

typedef enum Rule {
        RULE_SAME,
        RULE_HARD_SECONDS,    /* Hard at the first step: the peer rounds to whole minutes */
        RULE_HARD_LATER_STEP, /* Hard at a later step: the peer waits as at the first */
        RULE_EASY_AFTER_GOOD, /* leaving the steps the peer does not keep Easy above Good */
        RULE_MAXIMUM,         /* keeping the buttons in order, the peer passes the maximum */
        RULE_DAY_STEP,       /* a step of a day: the peer's card is in REVIEW, Anki's in LEARNING */
        RULE_AFTER_DAY_STEP, /* and answering Again there, the peer skips the relearning steps */
        RULE_UNKNOWN,
        RULE_COUNT,
} Rule;

typedef struct Row {
        const Preset *preset;
        CardSched before;
        CardSched ours[GRADE_COUNT];
        int64_t theirs_s[GRADE_COUNT];
} Row;

static int32_t own_days(const Row *row, Grade g) {
        FsrsParams p = fsrs_params(row->preset->w, row->preset->short_term);

        return interval_round(
                fsrs_interval(&p, row->ours[g - 1].stability_days, row->preset->desired_retention),
                1, row->preset->max_interval_days);
}

/* Which rule explains what one button says; checked by what each side should say under it. */
static Rule rule_of_button(const Row *row, Grade g) {
        const CardSched *before = &row->before, *ours = &row->ours[g - 1];
        const Preset *p = row->preset;
        bool relearning = before->state == CARD_RELEARNING;
        const uint32_t *steps = relearning ? p->relearning_steps_s : p->learning_steps_s;
        size_t n_steps = relearning ? p->n_relearning_steps : p->n_learning_steps;
        int64_t ours_s = wait_s(ours), theirs_s = row->theirs_s[g - 1], first_s;

        if (ours_s == theirs_s)
                return RULE_SAME;

        if (p->short_term && before->state != CARD_REVIEW && n_steps > 0) {
                /* Mean of two, or half as much again: in minutes, halves up. */
                first_s = n_steps > 1 ? (steps[0] + steps[1]) / 2 : steps[0] * 3 / 2;
                first_s = (first_s + 30) / 60 * 60;
                if (g == GRADE_HARD && before->step == 0 && theirs_s == first_s &&
                    theirs_s - ours_s == 30)
                        return RULE_HARD_SECONDS;
                if (g == GRADE_HARD && before->step > 0 && theirs_s == first_s &&
                    ours_s == steps[before->step])
                        return RULE_HARD_LATER_STEP;
        }
        if (p->short_term && before->state != CARD_REVIEW && g == GRADE_EASY) {
                int32_t good = own_days(row, GRADE_GOOD), easy = own_days(row, GRADE_EASY);

                if (easy <= good && theirs_s == easy * (int64_t) DAY_S &&
                    ours_s == (good + 1) * (int64_t) DAY_S)
                        return RULE_EASY_AFTER_GOOD;
        }
        if (g > GRADE_HARD && ours->interval_days == p->max_interval_days &&
            theirs_s == row->theirs_s[g - 2] + DAY_S &&
            row->theirs_s[g - 2] >= p->max_interval_days * (int64_t) DAY_S)
                return RULE_MAXIMUM;
        if (before->state == CARD_REVIEW && before->step >= p->n_relearning_steps &&
            before->step > 0 && g == GRADE_AGAIN &&
            theirs_s == own_days(row, GRADE_AGAIN) * (int64_t) DAY_S &&
            ours_s == p->relearning_steps_s[0])
                return RULE_AFTER_DAY_STEP;
        return RULE_UNKNOWN;
}

/* State and step of the button that was pressed. */
static Rule rule_of_state(const Row *row, Grade g, const Json *out) {
        const CardSched *ours = &row->ours[g - 1];
        double state = vectors_number(out, 2), step = vectors_number(out, 5);

        if (ours->state == state && ours->step == step)
                return RULE_SAME;
        if (ours->state == CARD_LEARNING && state == CARD_REVIEW && ours->step == step &&
            row->preset->learning_steps_s[ours->step] >= DAY_S)
                return RULE_DAY_STEP;
        if (ours->state == CARD_RELEARNING && ours->step == 0 && state == CARD_REVIEW &&
            rule_of_button(row, g) == RULE_AFTER_DAY_STEP)
                return RULE_AFTER_DAY_STEP;
        return RULE_UNKNOWN;
}

static uint32_t step_of_text(const char *text) {
        char *unit;
        unsigned long n = strtoul(text, &unit, 10);

        return (uint32_t) n * (*unit == 'd' ? DAY_S : *unit == 'h' ? 3600 : 60);
}

static size_t steps_of(const Json *texts, uint32_t *ret) {
        for (size_t i = 0; i < json_length(texts); i++)
                ret[i] = step_of_text(json_string(json_at(texts, i)));
        return json_length(texts);
}

static Preset preset_of_sequence(const Json *root, const Json *sequence) {
        const Json *config =
                json_at(json_get(root, "configs"), (size_t) json_int(json_get(sequence, "c"), 99));
        Preset p = preset_plain();

        p.short_term = json_bool(json_get(config, "short"), true);
        p.n_learning_steps = steps_of(json_get(config, "learning"), p.learning_steps_s);
        p.n_relearning_steps = steps_of(json_get(config, "relearning"), p.relearning_steps_s);
        p.desired_retention = json_double(json_get(sequence, "dr"), NAN);
        p.max_interval_days = (int32_t) json_int(json_get(sequence, "max"), 0);
        vectors_weights(root, (size_t) json_int(json_get(sequence, "p"), 99), p.w);
        fsrs_clamp(p.w, p.n_relearning_steps, p.short_term);
        return p;
}

/*
 * Each row begins where the peer's row before it ended, so that a difference does not spread. Memory,
 * reps and lapses hold everywhere; what buttons promise holds but for the rules.
 *
 * No stability begins below 0.1 in these rows, and no step reaches over midnight.
 */
TEST(a_peers_scheduler_is_followed_but_for_rules_of_ankis)
{
        _cleanup_(json_doc_freep) JsonDoc *doc = vectors_open();
        const Json *root = json_root(doc), *sequence;
        size_t buttons[RULE_COUNT] = { 0 }, states[RULE_COUNT] = { 0 }, n_rows = 0, n_differ = 0;

        REQUIRE(doc);
        JSON_FOREACH(sequence, s, json_get(root, "schedule")) {
                const Json *reviews = json_get(sequence, "rev"), *outs = json_get(sequence, "out");
                Preset p = preset_of_sequence(root, sequence);
                Row row = { .preset = &p, .before = CARD_SCHED_NEW };

                for (size_t i = 0; i < json_length(reviews); i++, n_rows++) {
                        const Json *review = json_at(reviews, i), *out = json_at(outs, i);
                        int64_t start_ms = MIDNIGHT_MS + 9 * 60 * MSEC_PER_MIN;
                        Moment now = day_moment(start_ms + (int64_t) vectors_number(review, 0) *
                                                                   MSEC_PER_SEC,
                                                0, 0);
                        Grade g = (Grade) vectors_number(review, 1);
                        CardSched *after = &row.ours[g - 1];
                        bool differs = false;
                        Rule rule;

                        schedule_preview(&p, &row.before, &now, 0, NULL, row.ours);
                        CHECK_NEAR(vectors_number(out, 0), after->stability_days, 1e-5);
                        CHECK_NEAR(vectors_number(out, 1), after->difficulty, 1e-5);
                        CHECK_INT(vectors_number(out, 6), after->reps);
                        CHECK_INT(vectors_number(out, 7), after->lapses);

                        for (size_t k = 0; k < GRADE_COUNT; k++)
                                row.theirs_s[k] = (int64_t) vectors_number(json_at(out, 8), k);
                        CHECK_INT(vectors_number(out, 4), row.theirs_s[g - 1]);
                        for (Grade k = GRADE_AGAIN; k <= GRADE_EASY; k++) {
                                rule = rule_of_button(&row, k);
                                buttons[rule]++;
                                differs = differs || rule != RULE_SAME;
                                if (rule == RULE_UNKNOWN)
                                        CHECK_FAIL("sequence %zu row %zu %s: %" PRIi64
                                                   " s, expected %" PRIi64,
                                                   s, i, grade_name(k), wait_s(&row.ours[k - 1]),
                                                   row.theirs_s[k - 1]);
                        }
                        rule = rule_of_state(&row, g, out);
                        states[rule]++;
                        differs = differs || rule != RULE_SAME;
                        if (rule == RULE_UNKNOWN)
                                CHECK_FAIL("sequence %zu row %zu: %s %u", s, i,
                                           card_state_name(after->state), after->step);
                        n_differ += differs;

                        row.before = *after;
                        row.before.stability_days = vectors_number(out, 0);
                        row.before.difficulty = vectors_number(out, 1);
                        row.before.state = (CardState) vectors_number(out, 2);
                        row.before.interval_days = (int32_t) vectors_number(out, 3);
                        row.before.step = (uint32_t) vectors_number(out, 5);
                }
        }
        CHECK_INT(1477, n_rows);
        CHECK_INT(n_rows * GRADE_COUNT - 361 - 112 - 248 - 61 - 17, buttons[RULE_SAME]);
        CHECK_INT(555, n_differ);
        CHECK_INT(0, buttons[RULE_UNKNOWN] + states[RULE_UNKNOWN]);
        CHECK_INT(361, buttons[RULE_HARD_SECONDS]);
        CHECK_INT(112, buttons[RULE_HARD_LATER_STEP]);
        CHECK_INT(248, buttons[RULE_EASY_AFTER_GOOD]);
        CHECK_INT(61, buttons[RULE_MAXIMUM]);
        CHECK_INT(17, buttons[RULE_AFTER_DAY_STEP]);
        CHECK_INT(1455, states[RULE_SAME]);
        CHECK_INT(17, states[RULE_DAY_STEP]);
        CHECK_INT(5, states[RULE_AFTER_DAY_STEP]);
}

/* --- steps --- */

TEST(a_new_card_waits_the_first_steps_or_goes_straight_to_days)
{
        Preset p = preset_plain();
        CardSched card = CARD_SCHED_NEW, after[GRADE_COUNT];
        Moment now = at(0, 12, 0);

        schedule_preview(&p, &card, &now, 0, NULL, after);
        CHECK_INT(60, after[0].interval_s);
        CHECK_INT(330, after[1].interval_s); /* between 60 and 600 */
        CHECK_INT(600, after[2].interval_s);
        CHECK_INT(8, after[3].interval_days); /* first stability 8.2956 at 90 % */
        CHECK_INT(CARD_LEARNING, after[0].state);
        CHECK_INT(0, after[1].step);
        CHECK_INT(1, after[2].step);
        CHECK_INT(CARD_REVIEW, after[3].state);
        CHECK_INT(now.at_ms + 600000, after[2].due_ms);
        CHECK_INT(CARD_NO_DAY, after[2].due_day);
        CHECK_INT(THE_DAY + 8, after[3].due_day);
        CHECK_INT(CARD_NO_MS, after[3].due_ms);
        for (int g = 0; g < GRADE_COUNT; g++) {
                CHECK_INT(1, after[g].reps);
                CHECK_INT(0, after[g].lapses);
                CHECK_INT(now.at_ms, after[g].last_ms);
                CHECK_INT(THE_DAY, after[g].last_day);
        }
}

static int32_t hard_wait_s(const uint32_t *steps, size_t n, uint32_t step) {
        Preset p = preset_plain();
        CardSched card = learning(CARD_LEARNING, step), after;
        Moment now = at(0, 5, 0);

        memcpy(p.learning_steps_s, steps, n * sizeof(*steps));
        p.n_learning_steps = n;
        schedule_answer(&p, &card, &now, GRADE_HARD, 0, NULL, &after);
        CHECK_INT(CARD_LEARNING, after.state);
        CHECK_INT(step, after.step);
        return (int32_t) wait_s(&after);
}

TEST(hard_waits_between_the_first_steps_and_later_its_own)
{
        static const struct {
                int line;
                uint32_t steps[3];
                size_t n;
                uint32_t step;
                int32_t wait;
        } rows[] = {
                { __LINE__, { 60, 600 }, 2, 0, 330 },
                { __LINE__, { 60, 600 }, 2, 1, 600 },
                { __LINE__, { 60, 600, 3600 }, 3, 1, 600 },
                { __LINE__, { 600 }, 1, 0, 900 },
                { __LINE__, { 36000 }, 1, 0, 54000 },
                { __LINE__, { 4 * DAY_S }, 1, 0, 5 * DAY_S }, /* not 6: at most a day longer */
                { __LINE__,
                  { DAY_S, 4 * DAY_S },
                  2,
                  0,
                  3 * DAY_S }, /* 2.5: whole days, halves up */
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                int32_t wait = hard_wait_s(rows[i].steps, rows[i].n, rows[i].step);

                if (wait != rows[i].wait)
                        CHECK_FAIL("line %d: %d, expected %d", rows[i].line, wait, rows[i].wait);
        }
}

TEST(good_walks_the_steps_and_leaves_after_the_last)
{
        Preset p = preset_plain();
        CardSched card = CARD_SCHED_NEW;
        Moment now = at(0, 12, 0);

        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &card);
        now = at(0, 12, 10);
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &card);
        CHECK_INT(CARD_REVIEW, card.state);
        CHECK_INT(0, card.step);
        CHECK_INT(2, card.interval_days); /* 2.3065, and a Good the same day does not raise it */
        CHECK_INT(THE_DAY + 2, card.due_day);
        CHECK_INT(2, card.reps);
}

TEST(leaving_the_steps_easy_is_a_day_more_than_good_at_least)
{
        Preset p = preset_plain();
        CardSched card = learning(CARD_LEARNING, 1), after[GRADE_COUNT];
        Moment now = at(0, 12, 0);

        card.stability_days = 0.3;
        schedule_preview(&p, &card, &now, 0, NULL, after);
        CHECK_INT(1, after[2].interval_days);
        CHECK_INT(2, after[3].interval_days);
}

TEST(a_step_of_a_day_is_learning_and_due_by_day)
{
        Preset p = preset_plain();
        CardSched card = CARD_SCHED_NEW;
        Moment now = at(0, 12, 0);

        p.learning_steps_s[1] = DAY_S;
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &card);
        CHECK_INT(CARD_LEARNING, card.state);
        CHECK_INT(1, card.step);
        CHECK_INT(1, card.interval_days);
        CHECK_INT(THE_DAY + 1, card.due_day);
        CHECK_INT(CARD_NO_MS, card.due_ms);
        now = at(1, 3, 59); /* still the day before */
        CHECK(!schedule_is_due(&card, &now));
        now = at(1, 4, 0);
        CHECK(schedule_is_due(&card, &now));
}

TEST(a_step_that_reaches_into_the_next_day_is_due_when_that_begins)
{
        Preset p = preset_plain();
        CardSched card = CARD_SCHED_NEW, after;
        Moment now = at(1, 3, 49); /* 11 minutes before the day ends */

        CHECK_INT(THE_DAY, now.day);
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
        CHECK_INT(now.at_ms + 600000, after.due_ms);
        now = at(1, 3, 50);
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
        CHECK_INT(CARD_NO_MS, after.due_ms);
        CHECK_INT(THE_DAY + 1, after.due_day);
        CHECK_INT(CARD_LEARNING, after.state);

        p.learning_steps_s[1] = 2 * DAY_S;
        now = at(0, 12, 0);
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
        CHECK_INT(THE_DAY + 2, after.due_day);
        p.learning_steps_s[1] = 20 * 3600;
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
        CHECK_INT(THE_DAY + 1, after.due_day);
}

TEST(without_steps_every_answer_is_in_days)
{
        Preset p = preset_plain();
        CardSched card = CARD_SCHED_NEW, after[GRADE_COUNT];
        Moment now = at(0, 12, 0);
        int32_t expected[] = { 1, 1, 2, 8 }; /* 0.212 1.2931 2.3065 8.2956 */

        p.n_learning_steps = p.n_relearning_steps = 0;
        schedule_preview(&p, &card, &now, 0, NULL, after);
        for (int g = 0; g < GRADE_COUNT; g++) {
                CHECK_INT(CARD_REVIEW, after[g].state);
                CHECK_INT(expected[g], after[g].interval_days);
        }
        card = reviewed(30, 5, 30, THE_DAY - 30);
        schedule_preview(&p, &card, &now, 0, NULL, after);
        CHECK_INT(CARD_REVIEW, after[0].state);
        CHECK_INT(1, after[0].lapses);
        CHECK(after[0].interval_days >= 1 && after[0].interval_days < 30);
}

TEST(again_on_a_review_is_a_lapse_and_relearns)
{
        Preset p = preset_plain();
        CardSched card = reviewed(30, 5, 30, THE_DAY - 30), after;
        Moment now = at(0, 12, 0);

        schedule_answer(&p, &card, &now, GRADE_AGAIN, 0, NULL, &card);
        CHECK_INT(CARD_RELEARNING, card.state);
        CHECK_INT(600, card.interval_s);
        CHECK_INT(1, card.lapses);
        CHECK_INT(6, card.reps);

        now = at(0, 12, 10);
        schedule_answer(&p, &card, &now, GRADE_AGAIN, 0, NULL, &after);
        CHECK_INT(CARD_RELEARNING, after.state);
        CHECK_INT(1, after.lapses); /* one forgetting, however often it is missed again */
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
        CHECK_INT(CARD_REVIEW, after.state);
}

TEST(a_step_the_preset_no_longer_has_counts_as_the_last)
{
        Preset p = preset_plain();
        CardSched card = learning(CARD_LEARNING, 6), after[GRADE_COUNT];
        Moment now = at(0, 12, 0);

        schedule_preview(&p, &card, &now, 0, NULL, after);
        CHECK_INT(600, after[1].interval_s);
        CHECK_INT(1, after[1].step);
        CHECK_INT(CARD_REVIEW, after[2].state);
}

/* --- time --- */

/* The pause is in days that begin at 04:00: a short night counts as one, a long evening as none. */
TEST(elapsed_days_are_counted_from_day_starts)
{
        Preset p = preset_plain();
        FsrsParams w = fsrs_params(p.w, true);
        CardSched card = CARD_SCHED_NEW, after;
        Moment late = at(0, 23, 0), night = at(1, 3, 59), morning = at(1, 4, 0);
        Memory first = fsrs_first(&w, GRADE_GOOD);

        schedule_answer(&p, &card, &late, GRADE_GOOD, 0, NULL, &card);
        schedule_answer(&p, &card, &night, GRADE_GOOD, 0, NULL, &after);
        CHECK_NEAR(fsrs_next(&w, first, 0, GRADE_GOOD).stability_days, after.stability_days, 0);
        schedule_answer(&p, &card, &morning, GRADE_GOOD, 0, NULL, &after);
        CHECK_NEAR(fsrs_next(&w, first, 1, GRADE_GOOD).stability_days, after.stability_days, 0);
        CHECK(after.stability_days > first.stability_days * 1.5);
}

TEST(a_clock_set_back_counts_as_the_same_day)
{
        Preset p = preset_plain();
        CardSched card = reviewed(10, 5, 10, THE_DAY), same, before;
        Moment now = at(0, 12, 0), back = at(-400, 12, 0);

        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &same);
        schedule_answer(&p, &card, &back, GRADE_GOOD, 0, NULL, &before);
        CHECK_NEAR(same.stability_days, before.stability_days, 0);
        CHECK_INT(THE_DAY - 400 + before.interval_days, before.due_day);
}

TEST(early_reviews_gain_less_and_late_ones_more)
{
        Preset p = preset_plain();
        Moment now = at(0, 12, 0);
        double last = 30;

        for (int elapsed = 1; elapsed <= 120; elapsed *= 2) {
                CardSched card = reviewed(30, 5, 30, THE_DAY - elapsed), after;

                schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
                CHECK(after.stability_days > last);
                last = after.stability_days;
        }
}

/* --- buttons --- */

static uint64_t next_random(uint64_t *x) {
        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        return *x;
}

/* Any card at any time: state and due are consistent, buttons keep their order, previews hold. */
TEST(previews_are_what_happens_and_buttons_keep_their_order)
{
        uint64_t x = 4101842887655102017u;

        for (int n = 0; n < 30000; n++) {
                Preset p = preset_plain();
                CardSched card = CARD_SCHED_NEW, after[GRADE_COUNT], one;
                int32_t taken[6];
                Siblings siblings = { taken, next_random(&x) % 7 };
                Moment now = at(0, 5 + (int) (next_random(&x) % 20), (int) (next_random(&x) % 60));
                uint64_t seed = next_random(&x);

                p.fuzz = next_random(&x) % 4;
                p.desired_retention = 0.70 + (double) (next_random(&x) % 28) / 100;
                p.n_learning_steps = next_random(&x) % 3;
                p.n_relearning_steps = next_random(&x) % 2;
                p.short_term = next_random(&x) % 8;
                p.max_interval_days =
                        next_random(&x) % 2 ? 36500 : (int) (next_random(&x) % 60) + 1;
                if (next_random(&x) % 5) {
                        card = reviewed((double) (next_random(&x) % 40000) / 100 + 0.01,
                                        1 + (double) (next_random(&x) % 90) / 10,
                                        (int32_t) (next_random(&x) % 400), 0);
                        card.last_day = now.day - (int32_t) (next_random(&x) % 500);
                        card.state = 1 + next_random(&x) % 3;
                        card.step = card.state == CARD_REVIEW ? 0 : next_random(&x) % 3;
                }
                for (size_t i = 0; i < siblings.n; i++)
                        taken[i] = now.day + (int32_t) (next_random(&x) % 30);

                schedule_preview(&p, &card, &now, seed, &siblings, after);
                for (Grade g = GRADE_AGAIN; g <= GRADE_EASY; g++) {
                        const CardSched *a = &after[g - 1];

                        schedule_answer(&p, &card, &now, g, seed, &siblings, &one);
                        CHECK(memcmp(&one, a, sizeof(one)) == 0);
                        CHECK((a->interval_days > 0) != (a->interval_s > 0));
                        CHECK((a->due_day == CARD_NO_DAY) == (a->interval_s > 0));
                        CHECK((a->due_ms == CARD_NO_MS) == (a->interval_days > 0));
                        CHECK(a->state != CARD_REVIEW || a->interval_days <= p.max_interval_days);
                        CHECK(a->due_ms == CARD_NO_MS || a->due_ms < now.next_day_ms);
                }
                if (card.state == CARD_REVIEW && p.short_term)
                        for (int g = 1; g < 3; g++)
                                CHECK(after[g + 1].interval_days > after[g].interval_days ||
                                      after[g + 1].interval_days == p.max_interval_days);
                CHECK(after[3].interval_days > after[2].interval_days ||
                      after[3].interval_days == p.max_interval_days);
        }
}

TEST(fuzz_never_shortens_an_interval_that_grows)
{
        Preset p = preset_plain();
        Moment now = at(0, 12, 0);

        for (uint64_t seed = 0; seed < 500; seed++) {
                CardSched card = reviewed(20, 9, 20, THE_DAY - 20), after[GRADE_COUNT];

                p.fuzz = true;
                schedule_preview(&p, &card, &now, interval_mix(seed, 0), NULL, after);
                CHECK(after[1].interval_days >= 20);
                CHECK(after[2].interval_days > 20);
        }
}

TEST(a_review_avoids_the_days_of_its_siblings)
{
        Preset p = preset_plain();
        CardSched card = reviewed(20, 5, 20, THE_DAY - 20), after;
        Moment now = at(0, 12, 0);
        int32_t plain, days[3];
        Siblings siblings = { days, 3 };

        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &after);
        plain = after.interval_days;
        p.fuzz = true;
        for (int i = 0; i < 3; i++)
                days[i] = THE_DAY + plain - 1 + i;
        for (uint64_t seed = 0; seed < 500; seed++) {
                schedule_answer(&p, &card, &now, GRADE_GOOD, interval_mix(seed, 0), &siblings,
                                &after);
                CHECK(after.interval_days < plain - 1 || after.interval_days > plain + 1);
        }
}

/* --- recorded reviews --- */

TEST(a_replay_follows_the_record_that_fits)
{
        Preset p = preset_plain();
        CardSched card = reviewed(30, 5, 30, THE_DAY - 30), replayed, answered;
        Moment now = at(0, 12, 0);
        Outcome promised = { .reps_before = 5, .state = CARD_REVIEW, .interval_days = 77 };

        CHECK(schedule_replay(&p, &card, &now, GRADE_GOOD, &promised, 0, &replayed));
        CHECK_INT(THE_DAY + 77, replayed.due_day);
        CHECK_INT(77, replayed.interval_days);
        CHECK_INT(6, replayed.reps);
        schedule_answer(&p, &card, &now, GRADE_GOOD, 0, NULL, &answered);
        CHECK_NEAR(memory_round((Memory){ answered.stability_days, answered.difficulty })
                           .stability_days,
                   replayed.stability_days, 0);

        promised = (Outcome){ 5, CARD_RELEARNING, 0, 0, 1234 };
        CHECK(schedule_replay(&p, &card, &now, GRADE_AGAIN, &promised, 0, &replayed));
        CHECK_INT(now.at_ms + 1234000, replayed.due_ms);
        CHECK_INT(CARD_RELEARNING, replayed.state);
        CHECK_INT(1, replayed.lapses);
}

TEST(a_record_that_does_not_fit_is_answered_anew)
{
        static const Outcome bad[] = {
                { 4, CARD_REVIEW, 0, 77, 0 },
                { 6, CARD_REVIEW, 0, 77, 0 },
                { 5, CARD_NEW, 0, 77, 0 },
                { 5, (CardState) 9, 0, 77, 0 },
                { 5, CARD_REVIEW, 0, 0, 0 },
                { 5, CARD_REVIEW, 0, 77, 60 },
                { 5, CARD_REVIEW, 0, 0, 60 },
                { 5, CARD_REVIEW, 1, 77, 0 },
                { 5, CARD_REVIEW, 0, -1, 0 },
                { 5, CARD_REVIEW, 0, 36501, 0 },
                { 5, CARD_LEARNING, 8, 0, 60 },
                { 5, CARD_LEARNING, 0, 0, -60 },
                { 5, CARD_LEARNING, 0, 0, INT32_MAX },
        };
        Preset p = preset_plain();
        CardSched card = reviewed(30, 5, 30, THE_DAY - 30), replayed, expected;
        Moment now = at(0, 12, 0);

        schedule_answer(&p, &card, &now, GRADE_GOOD, 9, NULL, &expected);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                if (schedule_replay(&p, &card, &now, GRADE_GOOD, &bad[i], 9, &replayed))
                        CHECK_FAIL("row %zu was followed", i);
                CHECK_INT(expected.due_day, replayed.due_day);
        }
        CHECK(!schedule_replay(&p, &card, &now, GRADE_GOOD, NULL, 9, &replayed));
        CHECK_INT(expected.due_day, replayed.due_day);
}

/* What the daemon does: answer, record, fold. 300 days of one card, and each promise is kept. */
TEST(recording_and_replaying_keeps_every_promise)
{
        Preset p;
        CardSched live = CARD_SCHED_NEW;
        uint64_t x = 88172645463325252u;
        int64_t at_ms = MIDNIGHT_MS;

        preset_init(&p);
        for (int i = 0; i < 300; i++) {
                Moment now = day_moment(at_ms, 60, DAY_STARTS);
                Grade g = 1 + next_random(&x) % 4;
                uint64_t seed = interval_seed("card", 4, live.reps);
                CardSched promised, folded;
                Outcome outcome;

                schedule_answer(&p, &live, &now, g, seed, NULL, &promised);
                outcome = schedule_outcome(&live, &promised);
                CHECK(schedule_replay(&p, &live, &now, g, &outcome, seed, &folded));
                CHECK_INT(promised.due_day, folded.due_day);
                CHECK_INT(promised.due_ms, folded.due_ms);
                CHECK_INT(promised.state, folded.state);
                CHECK_INT(promised.step, folded.step);
                CHECK_INT(promised.reps, folded.reps);
                CHECK_INT(promised.lapses, folded.lapses);
                CHECK_NEAR(round(folded.stability_days * 1e4) / 1e4, folded.stability_days, 0);

                /* And without a record it comes to the same. */
                schedule_replay(&p, &live, &now, g, NULL, seed, &promised);
                CHECK(memcmp(&promised, &folded, sizeof(folded)) == 0);
                live = folded;
                at_ms += (int64_t) (next_random(&x) % (3 * 86400000));
        }
}

/* --- other changes --- */

TEST(reset_forgets_what_was_learned_and_counts_on)
{
        CardSched card = reviewed(30, 5, 30, THE_DAY), after;

        card.lapses = 3;
        schedule_reset(&card, &after);
        CHECK_INT(CARD_NEW, after.state);
        CHECK_NEAR(0, after.stability_days, 0);
        CHECK_INT(CARD_NO_DAY, after.due_day);
        CHECK_INT(CARD_NO_DAY, after.last_day);
        CHECK_INT(5, after.reps);
        CHECK_INT(3, after.lapses);
}

TEST(a_day_may_be_set_for_cards_in_any_state)
{
        Preset p = preset_plain();
        CardSched card = reviewed(30, 5, 30, THE_DAY - 3), after;
        Moment now = at(0, 12, 0);

        schedule_set_due(&p, &card, &now, THE_DAY + 7, &after);
        CHECK_INT(THE_DAY + 7, after.due_day);
        CHECK_INT(30, after.interval_days);
        CHECK_NEAR(30, after.stability_days, 0);
        CHECK_INT(THE_DAY - 3, after.last_day);

        card = CARD_SCHED_NEW;
        schedule_set_due(&p, &card, &now, THE_DAY + 7, &after);
        CHECK_INT(CARD_REVIEW, after.state);
        CHECK_INT(7, after.interval_days);
        CHECK_NEAR(7, after.stability_days, 1e-4);
        CHECK_INT(THE_DAY, after.last_day);
        CHECK_INT(0, after.reps);

        card = learning(CARD_RELEARNING, 0);
        schedule_set_due(&p, &card, &now, THE_DAY - 7, &after);
        CHECK_INT(CARD_REVIEW, after.state);
        CHECK_INT(THE_DAY, after.due_day);
        CHECK_INT(CARD_NO_MS, after.due_ms);
        CHECK_INT(1, after.interval_days);
        CHECK_NEAR(3, after.stability_days, 0);

        schedule_set_due(&p, &card, &now, INT32_MAX, &after);
        CHECK_INT(THE_DAY + 36500, after.due_day);
}

TEST(an_imported_card_is_seeded_from_interval_and_ease)
{
        Preset p = preset_plain();
        CardSched card;

        schedule_seed(&p, 10, 2.5, THE_DAY + 4, 12, 2, &card);
        CHECK_INT(CARD_REVIEW, card.state);
        CHECK_NEAR(10, card.stability_days, 0);
        CHECK_NEAR(6.9141, card.difficulty, 0);
        CHECK_INT(THE_DAY + 4, card.due_day);
        CHECK_INT(THE_DAY - 6, card.last_day);
        CHECK_INT(12, card.reps);
        CHECK_INT(2, card.lapses);
}

TEST(a_leech_is_a_lapse_at_the_threshold_and_every_half_more)
{
        Preset p = preset_plain();
        unsigned leeches = 0;

        for (uint32_t lapses = 1; lapses <= 20; lapses++) {
                CardSched before = { .lapses = lapses - 1 }, after = { .lapses = lapses };

                if (schedule_is_leech(&p, &before, &after))
                        leeches |= 1u << lapses;
                CHECK(!schedule_is_leech(&p, &after, &after));
        }
        CHECK_INT(1u << 8 | 1u << 12 | 1u << 16 | 1u << 20, leeches);

        p.leech_threshold = 1;
        CHECK(schedule_is_leech(&p, &(CardSched){ .lapses = 4 }, &(CardSched){ .lapses = 5 }));
        p.leech_threshold = 0;
        CHECK(!schedule_is_leech(&p, &(CardSched){ .lapses = 4 }, &(CardSched){ .lapses = 5 }));
}

TEST(presets_are_forced_into_their_ranges)
{
        Preset p, q;

        memset(&p, 0xff, sizeof(p));
        p.fuzz = p.bury_siblings = p.short_term = true;
        preset_normalize(&p);
        CHECK_NEAR(0.90, p.desired_retention, 0); /* all ones is a NaN */
        CHECK_INT(8, p.n_learning_steps);
        CHECK_INT(PRESET_STEP_MAX_S, p.learning_steps_s[7]);
        CHECK_INT(1, p.max_interval_days);
        CHECK_INT(9999, p.new_per_day);
        CHECK_INT(LEECH_TAG, p.leech_action);
        CHECK_NEAR(0.212, p.w[0], 0);

        preset_init(&p);
        q = p;
        preset_normalize(&q);
        CHECK(memcmp(&p, &q, sizeof(p)) == 0);
        p.desired_retention = 0.5;
        preset_normalize(&p);
        CHECK_NEAR(0.70, p.desired_retention, 0);
        p.desired_retention = 1;
        preset_normalize(&p);
        CHECK_NEAR(0.97, p.desired_retention, 0);
}

CHECK_MAIN
