/* org.ebbd.Ebb1.Cards: notes and cards, found, read and changed. */
#include <errno.h>
#include <string.h>

#include "bus/bus-private.h"
#include "commands.h"
#include "core/query.h"
#include "core/render.h"
#include "store/cardtext.h"
#include "store/deck.h"
#include "store/note.h"
#include "store/notetype.h"
#include "store/search.h"
#include "util/parse.h"
#include "util/text.h"

enum { QUESTION_LINE_CHARS = 200 };

static int append_card_ids(Bus *b, sd_bus_message *reply, int64_t note) {
        _cleanup_free_ Card *cards = NULL;
        size_t n = 0;
        int r;

        r = card_list_of_note(b->parts.store, note, &cards, &n);
        if (r != 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "x");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = sd_bus_message_append_basic(reply, 'x', &cards[i].id);
                if (r < 0)
                        return r;
        }
        return bus_done(sd_bus_message_close_container(reply));
}

static int method_add(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ FieldValue *fields = NULL;
        _cleanup_free_ const char **tags = NULL;
        When when = engine_when(b->parts.engine);
        NoteInput input = { 0 };
        int64_t note;
        int r;

        r = sd_bus_message_read(m, "ss", &input.notetype, &input.deck);
        if (r < 0)
                return r;

        r = bus_read_fields(m, &fields, &input.n_fields, error);
        if (r < 0)
                return r;

        r = bus_read_strings(m, &tags, &input.n_tags, error);
        if (r < 0)
                return r;

        input.fields = fields;
        input.tags = tags;
        r = commands_note_add(b->parts.store, &when, &input, &note);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_NOTETYPE, error);

        bus_collection_changed(b);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "x", note);
        if (r < 0)
                return r;

        r = append_card_ids(b, reply, note);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_NOTE, error);

        return sd_bus_send(NULL, reply, NULL);
}

/* A card people can see; what is hidden does not exist for them. */
static int get_card(Bus *b, int64_t id, Card *ret, sd_bus_error *error) {
        int r;

        r = card_get(b->parts.store, id, ret);
        if (r == STORE_E_NOT_FOUND || (r == 0 && !ret->exists))
                return sd_bus_error_setf(error, EBB_ERROR_NO_SUCH_CARD,
                                         "There is no card %" PRIi64 ".", id);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_CARD, error);
        return 0;
}

static int get_note(Bus *b, int64_t id, Note **ret, sd_bus_error *error) {
        _cleanup_(note_freep) Note *note = NULL;
        int r;

        r = note_get(b->parts.store, id, &note);
        if (r == STORE_E_NOT_FOUND || (r == 0 && !note->alive))
                return sd_bus_error_setf(error, EBB_ERROR_NO_SUCH_NOTE,
                                         "There is no note %" PRIi64 ".", id);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_NOTE, error);

        *ret = TAKE_PTR(note);
        return 0;
}

static int method_get(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int64_t id;
        Card card;
        int r;

        r = sd_bus_message_read(m, "x", &id);
        if (r < 0)
                return r;

        r = get_card(b, id, &card, error);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = bus_put_card(b, reply, &card, true);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_CARD, error);

        return sd_bus_send(NULL, reply, NULL);
}

static int append_note(Bus *b, sd_bus_message *reply, const Note *note) {
        const NoteTypeRow *type;
        const Deck *deck;
        int r;

        r = notetype_get(b->parts.store, note->notetype, &type);
        if (r != 0)
                return r;

        r = deck_get(b->parts.store, note->deck, &deck);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "ss", type->type.name, r == 0 ? deck->name : "");
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(ss)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < note->n_fields; i++) {
                r = sd_bus_message_append(reply, "(ss)", note->fields[i].name,
                                          note->fields[i].value);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < note->n_tags; i++) {
                r = sd_bus_message_append_basic(reply, 's', note->tags[i]);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return append_card_ids(b, reply, note->id);
}

static int method_get_note(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(note_freep) Note *note = NULL;
        int64_t id;
        int r;

        r = sd_bus_message_read(m, "x", &id);
        if (r < 0)
                return r;

        r = get_note(b, id, &note, error);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_note(b, reply, note);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_NOTE, error);

        return sd_bus_send(NULL, reply, NULL);
}

static int question_line(Bus *b, const Card *card,
                         char out[static RENDER_SIZE(QUESTION_LINE_CHARS)]) {
        _cleanup_free_ char *question = NULL, *answer = NULL;
        int r;

        r = card_text(b->parts.store, card, &question, &answer);
        if (r != 0)
                return r;

        (void) render_line(question, strlen(question), QUESTION_LINE_CHARS, false, out,
                           RENDER_SIZE(QUESTION_LINE_CHARS));
        return 0;
}

static int append_found(Bus *b, sd_bus_message *reply, const When *when, int64_t id) {
        char question[RENDER_SIZE(QUESTION_LINE_CHARS)] = "";
        const Deck *deck;
        Card card;
        int r;

        r = card_get(b->parts.store, id, &card);
        if (r != 0)
                return r;

        r = question_line(b, &card, question);
        if (r < 0)
                return r;

        r = deck_get(b->parts.store, card.deck, &deck);
        if (r < 0)
                return r;

        return bus_done(sd_bus_message_append(reply, "(xxssts)", card.id, card.note,
                                              r == 0 ? deck->name : "", bus_card_state(&card),
                                              bus_due_real(when, &card.sched), question));
}

static int parse_query(const char *text, Query **ret, sd_bus_error *error) {
        _cleanup_(textbuf_done) TextBuf problem = { 0 };
        _cleanup_free_ Query *query = malloc(sizeof(*query));
        int r;

        if (!query)
                return -ENOMEM;

        r = query_parse(text, strlen(text), query, &problem);
        if (r == QUERY_E_BAD)
                return sd_bus_error_set(error, EBB_ERROR_INVALID,
                                        problem.buf ? problem.buf : "The query cannot be read.");
        if (r < 0)
                return r;

        *ret = TAKE_PTR(query);
        return 0;
}

static int method_search(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ int64_t *cards = NULL;
        _cleanup_free_ Query *query = NULL;
        When when = engine_when(b->parts.engine);
        Moment now = when_moment(&when);
        uint32_t offset, limit;
        uint64_t total = 0;
        const char *text;
        size_t n = 0;
        int r;

        r = sd_bus_message_read(m, "suu", &text, &offset, &limit);
        if (r < 0)
                return r;
        if (limit > BUS_SEARCH_MAX)
                return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                         "%u cards are too many for one answer, %d are allowed.",
                                         limit, BUS_SEARCH_MAX);

        r = parse_query(text, &query, error);
        if (r < 0)
                return r;

        cards = calloc(limit + 1, sizeof(*cards));
        if (!cards)
                return -ENOMEM;

        r = search_cards(b->parts.store, query, &now, SEARCH_ORDER_ADDED, offset, limit, cards, &n,
                         &total);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_CARD, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "u", (uint32_t) (total < UINT32_MAX ? total : UINT32_MAX));
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(xxssts)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = append_found(b, reply, &when, cards[i]);
                if (r != 0)
                        return bus_store_error(b, r, EBB_ERROR_NO_SUCH_CARD, error);
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_edit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ FieldValue *fields = NULL;
        When when = engine_when(b->parts.engine);
        int64_t note;
        size_t n;
        int r;

        r = sd_bus_message_read(m, "x", &note);
        if (r < 0)
                return r;

        r = bus_read_fields(m, &fields, &n, error);
        if (r < 0)
                return r;

        r = commands_note_edit(b->parts.store, &when, note, fields, n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_NOTE, error);

        bus_collection_changed(b);
        return sd_bus_reply_method_return(m, "");
}

/* What all calls that change many things at once end with. */
static int reply_changed(Bus *b, sd_bus_message *m, int r, unsigned changed, const char *missing,
                         sd_bus_error *error) {
        if (r != 0)
                return bus_store_error(b, r, missing, error);

        if (changed > 0)
                bus_collection_changed(b);
        return sd_bus_reply_method_return(m, "u", (uint32_t) changed);
}

static int method_delete(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        unsigned changed = 0;
        const int64_t *notes;
        size_t n;
        int r;

        r = bus_read_ids(m, &notes, &n, error);
        if (r < 0)
                return r;

        r = commands_note_delete(b->parts.store, &when, notes, n, &changed);
        return reply_changed(b, m, r, changed, EBB_ERROR_NO_SUCH_NOTE, error);
}

static int method_tag(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ const char **add = NULL, **remove = NULL;
        When when = engine_when(b->parts.engine);
        size_t n, n_add, n_remove;
        unsigned changed = 0;
        const int64_t *notes;
        int r;

        r = bus_read_ids(m, &notes, &n, error);
        if (r < 0)
                return r;

        r = bus_read_strings(m, &add, &n_add, error);
        if (r < 0)
                return r;

        r = bus_read_strings(m, &remove, &n_remove, error);
        if (r < 0)
                return r;

        r = commands_note_tag(b->parts.store, &when, notes, n, add, n_add, remove, n_remove,
                              &changed);
        return reply_changed(b, m, r, changed, EBB_ERROR_NO_SUCH_NOTE, error);
}

static int method_list_tags(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        TagCount *tags = NULL;
        size_t n = 0;
        int r;

        r = note_list_tags(b->parts.store, &tags, &n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_STORE, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(su)");
        for (size_t i = 0; i < n && r >= 0; i++)
                r = sd_bus_message_append(reply, "(su)", tags[i].tag, (uint32_t) tags[i].notes);
        note_tags_free(tags, n);
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_move(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        unsigned changed = 0;
        const int64_t *cards;
        const char *deck;
        size_t n;
        int r;

        r = bus_read_ids(m, &cards, &n, error);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "s", &deck);
        if (r < 0)
                return r;

        r = commands_card_move(b->parts.store, &when, cards, n, deck, &changed);
        return reply_changed(b, m, r, changed, EBB_ERROR_NO_SUCH_CARD, error);
}

static int switch_cards(sd_bus_message *m, Bus *b, sd_bus_error *error,
                        int (*command)(Store *store, const When *when, const int64_t *cards,
                                       size_t n, bool on, unsigned *ret_changed)) {
        When when = engine_when(b->parts.engine);
        unsigned changed = 0;
        const int64_t *cards;
        size_t n;
        int on, r;

        r = bus_read_ids(m, &cards, &n, error);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "b", &on);
        if (r < 0)
                return r;

        r = command(b->parts.store, &when, cards, n, on, &changed);
        return reply_changed(b, m, r, changed, EBB_ERROR_NO_SUCH_CARD, error);
}

static int method_suspend(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return switch_cards(m, userdata, error, commands_card_suspend);
}

static int method_bury(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return switch_cards(m, userdata, error, commands_card_bury);
}

static int method_flag(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        unsigned changed = 0;
        const int64_t *cards;
        uint32_t flag;
        size_t n;
        int r;

        r = bus_read_ids(m, &cards, &n, error);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "u", &flag);
        if (r < 0)
                return r;
        if (flag > CARD_FLAG_MAX)
                return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                         "%u is no flag, only 0 (none) to %d are.", flag,
                                         CARD_FLAG_MAX);

        r = commands_card_flag(b->parts.store, &when, cards, n, (int) flag, &changed);
        return reply_changed(b, m, r, changed, EBB_ERROR_NO_SUCH_CARD, error);
}

static int method_reset(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        unsigned changed = 0;
        const int64_t *cards;
        size_t n;
        int r;

        r = bus_read_ids(m, &cards, &n, error);
        if (r < 0)
                return r;

        r = commands_card_reset(b->parts.store, &when, cards, n, &changed);
        return reply_changed(b, m, r, changed, EBB_ERROR_NO_SUCH_CARD, error);
}

static int append_event(sd_bus_message *reply, const CardEvent *e) {
        static const char *const kinds[] = {
                [CARD_EVENT_REVIEW] = "review",
                [CARD_EVENT_RESET] = "reset",
                [CARD_EVENT_DUE] = "due",
        };
        int64_t seconds = e->after.interval_s > 0 ? e->after.interval_s
                                                  : (int64_t) e->after.interval_days * 86400;
        char interval[16];

        return sd_bus_message_append(
                reply, "(tsuuddsb)", (uint64_t) e->at_ms * USEC_PER_MSEC, kinds[e->kind],
                e->kind == CARD_EVENT_REVIEW ? (uint32_t) e->grade : UINT32_C(0),
                e->kind == CARD_EVENT_REVIEW ? e->took_ms : UINT32_C(0), e->after.stability_days,
                e->after.difficulty, format_duration_short(seconds, interval), (int) e->undone);
}

static int method_history(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ CardEvent *events = NULL;
        size_t n = 0;
        int64_t id;
        Card card;
        int r;

        r = sd_bus_message_read(m, "x", &id);
        if (r < 0)
                return r;

        r = get_card(b, id, &card, error);
        if (r < 0)
                return r;

        r = card_history(b->parts.store, id, &events, &n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_CARD, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(tsuuddsb)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = append_event(reply, &events[i]);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int append_notetype(sd_bus_message *reply, const NoteType *type) {
        int r;

        r = sd_bus_message_open_container(reply, 'r', "sasas");
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(reply, 's', type->name);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < type->n_fields; i++) {
                r = sd_bus_message_append_basic(reply, 's', type->fields[i]);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < type->n_templates; i++) {
                r = sd_bus_message_append_basic(reply, 's', type->templates[i].name);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(reply);
}

static int method_list_notetypes(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const NoteTypeRow *const *types;
        size_t n;
        int r;

        r = notetype_list(b->parts.store, &types, &n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_NOTETYPE, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(sasas)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = append_notetype(reply, &types[i]->type);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

#define U SD_BUS_VTABLE_UNPRIVILEGED

/* clang-format off */
const sd_bus_vtable bus_cards_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Add", SD_BUS_ARGS("s", notetype, "s", deck, "a{ss}", fields, "as", tags),
                SD_BUS_RESULT("x", note, "ax", cards), method_add, U),
        SD_BUS_METHOD_WITH_ARGS("Get", SD_BUS_ARGS("x", card), SD_BUS_RESULT("a{sv}", card_info), method_get, U),
        SD_BUS_METHOD_WITH_ARGS("GetNote", SD_BUS_ARGS("x", note),
                SD_BUS_RESULT("s", notetype, "s", deck, "a(ss)", fields, "as", tags, "ax", cards), method_get_note, U),
        SD_BUS_METHOD_WITH_ARGS("Search", SD_BUS_ARGS("s", query, "u", offset, "u", limit),
                SD_BUS_RESULT("u", total, "a(xxssts)", cards), method_search, U),
        SD_BUS_METHOD_WITH_ARGS("Edit", SD_BUS_ARGS("x", note, "a{ss}", fields), SD_BUS_NO_RESULT, method_edit, U),
        SD_BUS_METHOD_WITH_ARGS("Delete", SD_BUS_ARGS("ax", notes), SD_BUS_RESULT("u", deleted), method_delete, U),
        SD_BUS_METHOD_WITH_ARGS("Tag", SD_BUS_ARGS("ax", notes, "as", add, "as", remove), SD_BUS_RESULT("u", changed), method_tag, U),
        SD_BUS_METHOD_WITH_ARGS("ListTags", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(su)", tags), method_list_tags, U),
        SD_BUS_METHOD_WITH_ARGS("Move", SD_BUS_ARGS("ax", cards, "s", deck), SD_BUS_RESULT("u", changed), method_move, U),
        SD_BUS_METHOD_WITH_ARGS("Suspend", SD_BUS_ARGS("ax", cards, "b", on), SD_BUS_RESULT("u", changed), method_suspend, U),
        SD_BUS_METHOD_WITH_ARGS("Bury", SD_BUS_ARGS("ax", cards, "b", on), SD_BUS_RESULT("u", changed), method_bury, U),
        SD_BUS_METHOD_WITH_ARGS("Flag", SD_BUS_ARGS("ax", cards, "u", flag), SD_BUS_RESULT("u", changed), method_flag, U),
        SD_BUS_METHOD_WITH_ARGS("Reset", SD_BUS_ARGS("ax", cards), SD_BUS_RESULT("u", changed), method_reset, U),
        SD_BUS_METHOD_WITH_ARGS("History", SD_BUS_ARGS("x", card), SD_BUS_RESULT("a(tsuuddsb)", entries), method_history, U),
        SD_BUS_METHOD_WITH_ARGS("ListNoteTypes", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sasas)", notetypes), method_list_notetypes, U),
        SD_BUS_VTABLE_END
};
/* clang-format on */
