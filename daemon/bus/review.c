/* org.ebbd.Ebb1.Review: asking and grading, for clients that show cards and for the notification. */
#include <errno.h>
#include <string.h>

#include "bus/bus-private.h"
#include "store/deck.h"
#include "store/queue.h"

enum { LEARN_AHEAD_DEFAULT_MIN = 20, LEARN_AHEAD_MAX_MIN = 24 * 60 };

static int reply_nothing(sd_bus_message *m) {
        return sd_bus_reply_method_return(m, "xta{sv}", INT64_C(0), UINT64_C(0), 0);
}

static int reply_card(Bus *b, sd_bus_message *m, const Card *card) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "xt", card->id, card->revision);
        if (r < 0)
                return r;

        r = bus_put_card(b, reply, card, false);
        if (r != 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_next(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        uint32_t learn_ahead_min = LEARN_AHEAD_DEFAULT_MIN;
        int64_t after = 0;
        const BusOption options[] = {
                { "after", 'x', &after },
                { "learn-ahead", 'u', &learn_ahead_min },
                { 0 },
        };
        const Deck *deck = NULL;
        const char *name;
        Card card;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = bus_read_options(m, options, error);
        if (r < 0)
                return r;
        if (learn_ahead_min > LEARN_AHEAD_MAX_MIN)
                return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                         "\"learn-ahead\" is %u minutes, a day is the most.",
                                         learn_ahead_min);

        if (name[0]) {
                r = deck_by_name(b->parts.store, name, &deck);
                if (r != 0)
                        return bus_store_error(b, r, EBB_ERROR_NO_SUCH_DECK, error);
        }

        r = queue_pick(b->parts.store, &when, deck ? deck->id : 0, after,
                       learn_ahead_min * MSEC_PER_MIN, &card);
        if (r == STORE_E_NOTHING)
                return reply_nothing(m);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_DECK, error);

        r = reply_card(b, m, &card);
        if (r > 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_CARD, error);
        return r;
}

static int method_grade(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *interval = NULL, *problem = NULL;
        uint64_t revision, new_revision;
        uint32_t grade, took_ms;
        usec_t due_real;
        int64_t card;
        int r;

        r = sd_bus_message_read(m, "xtuu", &card, &revision, &grade, &took_ms);
        if (r < 0)
                return r;

        r = bus_check_grade(grade, error);
        if (r < 0)
                return r;

        r = engine_grade(b->parts.engine, card, revision, grade, took_ms, &new_revision, &due_real,
                         &interval, &problem);
        if (r != 0)
                return bus_engine_error(b, r, problem, EBB_ERROR_NO_SUCH_CARD, error);

        return sd_bus_reply_method_return(m, "tts", new_revision, due_real, interval);
}

static int method_popup(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        const char *deck;
        int r;

        r = sd_bus_message_read(m, "s", &deck);
        if (r < 0)
                return r;

        r = engine_popup(b->parts.engine, deck, &problem);
        if (r != 0)
                return bus_engine_error(b, r, problem, EBB_ERROR_NO_SUCH_DECK, error);

        return sd_bus_reply_method_return(m, "");
}

static int method_show_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        int r;

        r = engine_show_answer(b->parts.engine, &problem);
        if (r != 0)
                return bus_engine_error(b, r, problem, EBB_ERROR_NO_SUCH_CARD, error);

        return sd_bus_reply_method_return(m, "");
}

static int method_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *interval = NULL, *problem = NULL;
        uint32_t grade;
        int r;

        r = sd_bus_message_read(m, "u", &grade);
        if (r < 0)
                return r;

        r = bus_check_grade(grade, error);
        if (r < 0)
                return r;

        r = engine_answer(b->parts.engine, grade, &interval, &problem);
        if (r != 0)
                return bus_engine_error(b, r, problem, EBB_ERROR_NO_SUCH_CARD, error);

        return sd_bus_reply_method_return(m, "s", interval);
}

static int method_later(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        int r;

        r = engine_later(b->parts.engine, &problem);
        if (r != 0)
                return bus_engine_error(b, r, problem, EBB_ERROR_NO_SUCH_CARD, error);

        return sd_bus_reply_method_return(m, "");
}

void bus_graded(Bus *b, int64_t card, unsigned grade, usec_t due_real, bool in_notification) {
        (void) sd_bus_emit_signal(b->bus, EBB_PATH, EBB_IF_REVIEW, "Graded", "xuts", card,
                                  (uint32_t) grade, (uint64_t) due_real,
                                  in_notification ? "notification" : "client");
        bus_changed(b);
}

#define U SD_BUS_VTABLE_UNPRIVILEGED

/* clang-format off */
const sd_bus_vtable bus_review_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Next", SD_BUS_ARGS("s", deck, "a{sv}", options),
                SD_BUS_RESULT("x", card, "t", revision, "a{sv}", card_info), method_next, U),
        SD_BUS_METHOD_WITH_ARGS("Grade", SD_BUS_ARGS("x", card, "t", revision, "u", grade, "u", took_ms),
                SD_BUS_RESULT("t", new_revision, "t", due, "s", interval), method_grade, U),
        SD_BUS_METHOD_WITH_ARGS("Popup", SD_BUS_ARGS("s", deck), SD_BUS_NO_RESULT, method_popup, U),
        SD_BUS_METHOD_WITH_ARGS("ShowAnswer", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_show_answer, U),
        SD_BUS_METHOD_WITH_ARGS("Answer", SD_BUS_ARGS("u", grade), SD_BUS_RESULT("s", interval), method_answer, U),
        SD_BUS_METHOD_WITH_ARGS("Later", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_later, U),
        SD_BUS_SIGNAL_WITH_ARGS("Graded", SD_BUS_ARGS("x", card, "u", grade, "t", due, "s", via), 0),
        SD_BUS_VTABLE_END
};
/* clang-format on */
