/* A card as a dictionary, and the words for its state. Keys: org.ebbd.Ebb1(5). */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "bus/bus-private.h"
#include "core/fsrs.h"
#include "store/cardtext.h"
#include "store/deck.h"
#include "store/note.h"
#include "store/notetype.h"
#include "store/preset.h"
#include "util/parse.h"

const char *bus_card_state(const Card *card) {
        switch (card->queue) {
        case CARD_QUEUE_HIDDEN:
                return "hidden";
        case CARD_QUEUE_SUSPENDED:
                return "suspended";
        case CARD_QUEUE_BURIED:
                return "buried";
        case CARD_QUEUE_NEW:
        case CARD_QUEUE_LEARNING:
        case CARD_QUEUE_REVIEW:
                break;
        }
        return card_state_name(card->sched.state);
}

/* As the buttons of the notification tell it: from now to when the card would be due. */
static const char *interval_text(const When *when, const CardSched *after, char out[static 16]) {
        int64_t seconds;

        if (after->due_ms != CARD_NO_MS)
                seconds = (after->due_ms - when->now_ms + 500) / MSEC_PER_SEC;
        else
                seconds = ((int64_t) after->due_day - when->today_day) * 86400;
        return format_duration_short(seconds > 0 ? seconds : 0, out);
}

static int put_previews(Bus *b, sd_bus_message *m, const When *when, const Card *card) {
        CardSched after[GRADE_COUNT];
        char text[16];
        int r;

        r = card_preview(b->parts.store, when, card, after);
        if (r != 0)
                return r;

        r = bus_open_array(m, "previews", "(us)");
        if (r < 0)
                return r;

        for (uint32_t i = 0; i < GRADE_COUNT; i++) {
                r = sd_bus_message_append(m, "(us)", i + 1, interval_text(when, &after[i], text));
                if (r < 0)
                        return r;
        }

        return bus_close_array(m);
}

/* The leech tag is how a leech is known, as in Anki. */
static bool is_leech(const Note *note) {
        for (size_t i = 0; i < note->n_tags; i++)
                if (strcasecmp(note->tags[i], "leech") == 0)
                        return true;
        return false;
}

static int put_tags(sd_bus_message *m, const Note *note) {
        int r;

        r = bus_open_array(m, "tags", "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < note->n_tags; i++) {
                r = sd_bus_message_append_basic(m, 's', note->tags[i]);
                if (r < 0)
                        return r;
        }

        return bus_close_array(m);
}

static int put_fields(sd_bus_message *m, const Note *note) {
        int r;

        r = bus_open_array(m, "fields", "(ss)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < note->n_fields; i++) {
                r = sd_bus_message_append(m, "(ss)", note->fields[i].name, note->fields[i].value);
                if (r < 0)
                        return r;
        }

        return bus_close_array(m);
}

static int put_schedule(Bus *b, sd_bus_message *m, const When *when, const Card *card) {
        const CardSched *s = &card->sched;
        int r;

        r = bus_put_text(m, "state", bus_card_state(card));
        if (r < 0)
                return r;

        r = bus_put_value(m, "due", "t", bus_due_real(when, s));
        if (r < 0)
                return r;

        r = bus_put_value(m, "revision", "t", card->revision);
        if (r < 0)
                return r;

        r = bus_put_value(m, "reps", "u", s->reps);
        if (r < 0)
                return r;

        r = bus_put_value(m, "lapses", "u", s->lapses);
        if (r < 0)
                return r;

        r = bus_put_value(m, "interval_days", "d",
                          s->interval_s > 0 ? s->interval_s / 86400.0 : (double) s->interval_days);
        if (r < 0 || s->stability_days <= 0)
                return r;

        r = bus_put_value(m, "stability", "d", s->stability_days);
        if (r < 0)
                return r;

        r = bus_put_value(m, "difficulty", "d", s->difficulty);
        if (r < 0 || s->last_ms == CARD_NO_MS)
                return r;

        return bus_put_value(m, "last_review", "t", (uint64_t) s->last_ms * USEC_PER_MSEC);
}

static int put_retrievability(Bus *b, sd_bus_message *m, const When *when, const Card *card) {
        const CardSched *s = &card->sched;
        const PresetRow *preset;
        FsrsParams params;
        double days;
        int r;

        if (s->stability_days <= 0 || s->last_ms == CARD_NO_MS)
                return 0;

        r = preset_of_deck(b->parts.store, card->deck, &preset);
        if (r != 0)
                return r;

        params = fsrs_params(preset->preset.w, preset->preset.short_term);
        days = (double) (when->now_ms - s->last_ms) / (double) MSEC_PER_DAY;
        return bus_put_value(m, "retrievability", "d",
                             fsrs_retrievability(&params, days > 0 ? days : 0, s->stability_days));
}

static int put_note(Bus *b, sd_bus_message *m, const Card *card, bool with_fields) {
        _cleanup_(note_freep) Note *note = NULL;
        const NoteTypeRow *type;
        int r;

        r = note_get(b->parts.store, card->note, &note);
        if (r != 0)
                return r;

        r = notetype_get(b->parts.store, note->notetype, &type);
        if (r != 0)
                return r;

        r = bus_put_text(m, "notetype", type->type.name);
        if (r < 0)
                return r;

        r = bus_put_value(m, "leech", "b", (int) is_leech(note));
        if (r < 0)
                return r;

        r = put_tags(m, note);
        if (r < 0 || !with_fields)
                return r;

        return put_fields(m, note);
}

static int put_text(Bus *b, sd_bus_message *m, const Card *card) {
        _cleanup_free_ char *question = NULL, *answer = NULL;
        int r;

        r = card_text(b->parts.store, card, &question, &answer);
        if (r != 0)
                return r;

        r = bus_put_text(m, "question", question);
        if (r < 0)
                return r;

        return bus_put_text(m, "answer", answer);
}

int bus_put_card(Bus *b, sd_bus_message *m, const Card *card, bool with_fields) {
        When when = engine_when(b->parts.engine);
        const Deck *deck;
        int r;

        r = deck_get(b->parts.store, card->deck, &deck);
        if (r != 0)
                return r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        r = bus_put_value(m, "id", "x", card->id);
        if (r < 0)
                return r;

        r = bus_put_value(m, "note", "x", card->note);
        if (r < 0)
                return r;

        r = bus_put_value(m, "ord", "u", card->ord);
        if (r < 0)
                return r;

        r = bus_put_text(m, "deck", deck->name);
        if (r < 0)
                return r;

        r = bus_put_value(m, "flag", "u", (uint32_t) card->flag);
        if (r < 0)
                return r;

        r = bus_put_value(m, "suspended", "b", (int) card->suspended);
        if (r < 0)
                return r;

        r = bus_put_value(m, "buried", "b", (int) (card->queue == CARD_QUEUE_BURIED));
        if (r < 0)
                return r;

        r = put_schedule(b, m, &when, card);
        if (r < 0)
                return r;

        r = put_retrievability(b, m, &when, card);
        if (r != 0)
                return r;

        r = put_note(b, m, card, with_fields);
        if (r != 0)
                return r;

        r = put_text(b, m, card);
        if (r != 0)
                return r;

        r = put_previews(b, m, &when, card);
        if (r != 0)
                return r;

        return bus_done(sd_bus_message_close_container(m));
}
