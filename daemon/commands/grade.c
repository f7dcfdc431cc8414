#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands/action.h"
#include "store/note.h"
#include "store/preset.h"

/* Puts the other cards of the note off to tomorrow, new ones and due ones, as the preset says. */
static int bury_siblings(Action *a, const Card *card, unsigned *ret) {
        _cleanup_free_ Card *cards = NULL;
        size_t n;
        int r;

        r = card_list_of_note(a->store, card->note, &cards, &n);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                const Card *c = &cards[i];

                if (c->id == card->id)
                        continue;
                if (c->queue != CARD_QUEUE_NEW &&
                    !(c->queue == CARD_QUEUE_REVIEW && c->sched.due_day <= a->when->today_day))
                        continue;

                r = action_bury(a, c, a->when->today_day + 1);
                if (r < 0)
                        return r;
                (*ret)++;
        }
        return 0;
}

/* One that is tagged already stays so when this grade is undone. */
static int tag_leech(Action *a, int64_t id) {
        _cleanup_(note_freep) Note *note = NULL;
        int r;

        r = note_get(a->store, id, &note);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        for (size_t i = 0; i < note->n_tags; i++)
                if (strcmp(note->tags[i], "leech") == 0)
                        return 0;
        return action_tag(a, id, "leech", true);
}

static int grade(Action *a, int64_t id, uint64_t revision, Grade given, uint32_t took_ms,
                 ReviewMode mode, GradeResult *ret) {
        Moment now = when_moment(a->when);
        int32_t days[CARD_SIBLINGS_MAX];
        Siblings siblings = { .due_days = days };
        char key[CARD_KEY_SIZE];
        const PresetRow *row;
        GradeResult result = { 0 };
        CardSched after;
        Preset preset;
        Card card;
        Op op;
        int r;

        r = action_check_clock(a);
        if (r != 0)
                return r;

        r = card_get(a->store, id, &card);
        if (r != 0)
                return r;
        if (!grade_valid(given))
                return store_fail(a->store, STORE_E_INVALID,
                                  "There is no grade %d: it is 1 Again, 2 Hard, 3 Good or 4 Easy.",
                                  (int) given);
        if (card.queue == CARD_QUEUE_HIDDEN)
                return store_fail(a->store, STORE_E_NOT_FOUND, "There is no card %" PRIi64 ".", id);
        if (card.revision != revision)
                return store_fail(
                        a->store, STORE_E_STALE,
                        "Card %" PRIi64 " has changed since it was shown; nothing was graded.", id);
        if (card.queue == CARD_QUEUE_SUSPENDED)
                return store_fail(a->store, STORE_E_INVALID,
                                  "Card %" PRIi64 " is suspended. Unsuspend it to grade it.", id);

        r = preset_of_deck(a->store, card.deck, &row);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;
        preset = row->preset;

        r = card_key(a->store, id, key);
        if (r != 0)
                return r;

        r = card_siblings(a->store, &card, days, ELEMENTS(days), &siblings.n);
        if (r < 0)
                return r;

        schedule_answer(&preset, &card.sched, &now, given, card_seed(key, card.sched.reps),
                        &siblings, &after);

        r = target_card(a, &card, &op);
        if (r != 0)
                return r;

        op.kind = "review";
        op.at_ms = a->when->now_ms;
        op.tz_min = a->when->tz_min;
        op.day_starts_min = a->when->day_starts_min;
        op.grade = given;
        op.took_ms = took_ms;
        op.mode = mode;
        op.was = card.sched.state;
        op.outcome = schedule_outcome(&card.sched, &after);
        r = fold_make(a->store, a->when->now_ms, &op);
        if (r < 0)
                return r;

        if (preset.bury_siblings) {
                r = bury_siblings(a, &card, &result.buried);
                if (r < 0)
                        return r;
        }

        r = card_get(a->store, id, &result.card);
        if (r != 0)
                return r;

        if (schedule_is_leech(&preset, &card.sched, &result.card.sched)) {
                result.leech = true;
                r = tag_leech(a, card.note);
                if (r < 0)
                        return r;

                if (preset.leech_action == LEECH_SUSPEND) {
                        r = action_suspend(a, &result.card, true);
                        if (r < 0)
                                return r;
                }

                r = card_get(a->store, id, &result.card);
                if (r != 0)
                        return r;
        }

        *ret = result;
        return 0;
}

int commands_grade(Store *store, const When *when, int64_t card, uint64_t revision, Grade given,
                   uint32_t took_ms, ReviewMode mode, GradeResult *ret) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, grade(&a, card, revision, given, took_ms, mode, ret));
}
