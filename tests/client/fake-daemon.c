/*
 * A stand-in for ebbd with a script instead of a collection: some cards, answers by rule, and on request
 * the accidents a client must survive. Says every grade and change on stdout, one line each.
 *
 *   fake-daemon [ACCIDENT]
 *     stale    the first grade is refused as stale
 *     vanish   leaves at the second grade without an answer
 *     empty    nothing is due
 *     hostile  error sentences hold escape sequences
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bus/names.h"
#include "util/cleanup.h"

#define RED "\033[31m"

typedef struct FakeCard {
        const char *deck, *question, *answer;
        bool gone; /* graded, suspended or buried */
        unsigned flag;
        uint64_t revision;
} FakeCard;

static FakeCard cards[] = {
        { "Languages::Japanese", "水", "みず\nwater" },
        { "Default", RED "What does ESC]0;x do?\033]0;owned\a \xe2\x80\xaeoverride",
          "Nothing\033[2J here" },
        { "Languages::Japanese",
          "日本語の文章は単語の間に空白がないので、端末の幅に合わせて文字の間で改行しなければならない。",
          "Wrapped between characters, not before closing marks." },
        { "Default",
          "Cafe\xcc\x81 with a combining accent, and a very long word: "
          "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
          "The end" },
        { "Default", "A long answer?",
          "1 one\n2 two\n3 three\n4 four\n5 five\n6 six\n7 seven\n8 eight\n9 nine\n10 ten\n"
          "11 eleven\n12 twelve\n13 thirteen\n14 fourteen\n15 fifteen\n16 sixteen\n17 seventeen\n"
          "18 eighteen\n19 nineteen\n20 twenty\n21 twenty-one\n22 twenty-two\n23 twenty-three\n"
          "24 twenty-four\n25 the last line" },
};

static const char *accident = "";
static unsigned grades, last_done;
static sd_event *event;

static uint32_t due(void) {
        uint32_t n = 0;

        for (size_t i = 0; i < ELEMENTS(cards); i++)
                n += !cards[i].gone && strcmp(accident, "empty") != 0;
        return n;
}

static void said(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void said(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        fflush(stdout);
}

static int emit_changed(sd_bus *bus) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &m, EBB_PATH, "org.freedesktop.DBus.Properties",
                                      "PropertiesChanged");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "sa{sv}as", EBB_IF_MANAGER, 1, "DueCount", "u", due(), 0);
        if (r < 0)
                return r;

        return sd_bus_send(bus, m, NULL);
}

static int append_card(sd_bus_message *m, size_t i) {
        const FakeCard *c = &cards[i];

        return sd_bus_message_append(
                m, "a{sv}", 17, "id", "x", (int64_t) i + 1, "note", "x", (int64_t) i + 101, "deck",
                "s", c->deck, "notetype", "s", "Basic", "state", "s", "review", "flag", "u",
                c->flag, "suspended", "b", 0, "buried", "b", 0, "due", "t", UINT64_C(1), "revision",
                "t", c->revision, "reps", "u", 3, "lapses", "u", 1, "stability", "d", 12.5, "tags",
                "as", 1, "n5", "question", "s", c->question, "answer", "s", c->answer, "previews",
                "a(us)", 4, 1, "1m", 2, "6m", 3, "10m", 4, "4d");
}

static int reply_next(sd_bus_message *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *deck, *key;
        int64_t after = 0;
        size_t found = ELEMENTS(cards);
        int r;

        r = sd_bus_message_read(call, "s", &deck);
        if (r >= 0)
                r = sd_bus_message_enter_container(call, 'a', "{sv}");
        while (r >= 0 && sd_bus_message_enter_container(call, 'e', "sv") > 0) {
                r = sd_bus_message_read(call, "s", &key);
                if (r >= 0 && strcmp(key, "after") == 0)
                        r = sd_bus_message_read(call, "v", "x", &after);
                else if (r >= 0)
                        return sd_bus_reply_method_errorf(call, EBB_ERROR_INVALID,
                                                          "There is no option \"%s\".", key);
                if (r >= 0)
                        r = sd_bus_message_exit_container(call);
        }
        if (r < 0)
                return r;
        if (*deck && strcmp(deck, "Default") != 0 && strncmp(deck, "Languages", 9) != 0)
                return sd_bus_reply_method_errorf(call, EBB_ERROR_NO_SUCH_DECK,
                                                  "There is no deck \"%s\".", deck);

        for (size_t i = 0; i < ELEMENTS(cards) && due() > 0; i++)
                if (!cards[i].gone && strncmp(cards[i].deck, deck, strlen(deck)) == 0 &&
                    (found == ELEMENTS(cards) || found + 1 == (size_t) after))
                        found = i;

        r = sd_bus_message_new_method_return(call, &m);
        if (r < 0)
                return r;
        if (found == ELEMENTS(cards))
                r = sd_bus_message_append(m, "xta{sv}", INT64_C(0), UINT64_C(0), 0);
        else {
                r = sd_bus_message_append(m, "xt", (int64_t) found + 1, cards[found].revision);
                if (r >= 0)
                        r = append_card(m, found);
        }
        return r < 0 ? r : sd_bus_send(NULL, m, NULL);
}

static int reply_grade(sd_bus_message *call) {
        uint64_t revision;
        uint32_t grade, took_ms;
        int64_t id;
        int r;

        r = sd_bus_message_read(call, "xtuu", &id, &revision, &grade, &took_ms);
        if (r < 0)
                return r;

        grades++;
        if (strcmp(accident, "vanish") == 0 && grades == 2) {
                said("vanish");
                exit(0);
        }
        if (strcmp(accident, "stale") == 0 && grades == 1) {
                cards[id - 1].revision++;
                return sd_bus_reply_method_errorf(call, EBB_ERROR_STALE,
                                                  "Card %" PRIi64 " has changed.", id);
        }
        if (id < 1 || (size_t) id > ELEMENTS(cards) || cards[id - 1].revision != revision)
                return sd_bus_reply_method_errorf(call, EBB_ERROR_STALE,
                                                  "Card %" PRIi64 " has changed.", id);

        said("grade %" PRIi64 " %u", id, grade);
        cards[id - 1].gone = true;
        cards[id - 1].revision++;
        last_done = (unsigned) id;
        (void) emit_changed(sd_bus_message_get_bus(call));
        return sd_bus_reply_method_return(call, "tts", revision + 1, UINT64_C(1), "10m");
}

/* Suspend, Bury and Flag: cards, then one value. */
static int reply_change(sd_bus_message *call, const char *member) {
        const int64_t *ids;
        size_t bytes;
        uint32_t flag = 0;
        int on = 0, r;

        r = sd_bus_message_read_array(call, 'x', (const void **) &ids, &bytes);
        if (r >= 0 && strcmp(member, "Flag") == 0)
                r = sd_bus_message_read(call, "u", &flag);
        else if (r >= 0 && strcmp(member, "Reset") != 0)
                r = sd_bus_message_read(call, "b", &on);
        if (r < 0)
                return r;

        for (size_t i = 0; i < bytes / sizeof(*ids); i++) {
                if (ids[i] < 1 || (size_t) ids[i] > ELEMENTS(cards))
                        return sd_bus_reply_method_errorf(
                                call, EBB_ERROR_NO_SUCH_CARD, "There is no card %" PRIi64 ".%s",
                                ids[i], strcmp(accident, "hostile") == 0 ? RED : "");
                if (strcmp(member, "Flag") == 0)
                        cards[ids[i] - 1].flag = flag;
                else
                        cards[ids[i] - 1].gone = on;
                cards[ids[i] - 1].revision++;
                last_done = (unsigned) ids[i];
                said("%s %" PRIi64 " %u", member, ids[i],
                     strcmp(member, "Flag") == 0 ? flag : (unsigned) on);
        }
        return sd_bus_reply_method_return(call, "u", (uint32_t) (bytes / sizeof(*ids)));
}

static int reply_undo(sd_bus_message *call) {
        if (last_done == 0)
                return sd_bus_reply_method_errorf(call, EBB_ERROR_NOTHING_TO_UNDO,
                                                  "There is nothing to undo.");

        said("undo %u", last_done);
        cards[last_done - 1].gone = false;
        cards[last_done - 1].revision++;
        last_done = 0;
        return sd_bus_reply_method_return(call, "s", "Graded a card Good");
}

/* Everything matches but "nothing". */
static int reply_search(sd_bus_message *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        bool none;
        const char *query;
        uint32_t offset, limit;
        int r;

        r = sd_bus_message_read(call, "suu", &query, &offset, &limit);
        if (r < 0)
                return r;
        if (strcmp(query, "is:odd") == 0)
                return sd_bus_reply_method_errorf(call, EBB_ERROR_INVALID,
                                                  "\"is:odd\" is no state, at character 4.");

        none = strcmp(query, "nothing") == 0;
        r = sd_bus_message_new_method_return(call, &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "u", none ? 0 : (uint32_t) ELEMENTS(cards));
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(xxssts)");
        for (size_t i = offset; r >= 0 && !none && i < ELEMENTS(cards) && i < offset + limit; i++)
                r = sd_bus_message_append(m, "(xxssts)", (int64_t) i + 1, (int64_t) i + 101,
                                          cards[i].deck, "review", UINT64_C(1700000000000000),
                                          cards[i].question);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_send(NULL, m, NULL);
}

static int reply_add(sd_bus_message *call) {
        const char *notetype, *deck, *key, *value;
        int r;

        r = sd_bus_message_read(call, "ss", &notetype, &deck);
        if (r >= 0)
                r = sd_bus_message_enter_container(call, 'a', "{ss}");
        said("add %s|%s", notetype, deck);
        while (r >= 0 && (r = sd_bus_message_read(call, "{ss}", &key, &value)) > 0)
                said("field %s=%s", key, value);
        if (r >= 0)
                r = sd_bus_message_exit_container(call);
        if (r >= 0)
                r = sd_bus_message_enter_container(call, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(call, "s", &value)) > 0)
                said("tag %s", value);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(call, "xax", INT64_C(106), 2, INT64_C(6), INT64_C(7));
}

static int reply_edit(sd_bus_message *call) {
        const char *key, *value;
        int64_t note;
        int r;

        r = sd_bus_message_read(call, "x", &note);
        if (r >= 0)
                r = sd_bus_message_enter_container(call, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(call, "{ss}", &key, &value)) > 0)
                said("edit %" PRIi64 " %s=%s", note, key, value);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(call, "");
}

static int reply_get(sd_bus_message *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int64_t id;
        int r;

        r = sd_bus_message_read(call, "x", &id);
        if (r < 0)
                return r;
        if (id < 1 || (size_t) id > ELEMENTS(cards))
                return sd_bus_reply_method_errorf(call, EBB_ERROR_NO_SUCH_CARD,
                                                  "There is no card %" PRIi64 ".", id);

        r = sd_bus_message_new_method_return(call, &m);
        if (r >= 0)
                r = append_card(m, (size_t) id - 1);
        return r < 0 ? r : sd_bus_send(NULL, m, NULL);
}

static int reply_statistics(sd_bus_message *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &m);
        if (r >= 0)
                r = sd_bus_message_append(
                        m, "a{sv}", 8, "today", "i", 20780, "days", "a(iuuuuutuuu)", 2, 20779, 10,
                        2, 1, 6, 1, UINT64_C(90000), 9, 8, 6, 20780, 4, 0, 0, 4, 0, UINT64_C(30000),
                        4, 4, 4, "forecast", "au", 30, 5, 0, 1, 8, 3, 0, 0, 2, 4, 1, 0, 0, 6, 2, 1,
                        1, 1, 0, 0, 9, 0, 1, 2, 3, 0, 0, 0, 0, 1, 2, "forecast-later", "u", 7,
                        "desired-retention", "d", 0.9, "cards-total", "t", UINT64_C(60),
                        "cards-new", "t", UINT64_C(3), "run-current", "t", UINT64_C(2));
        return r < 0 ? r : sd_bus_send(NULL, m, NULL);
}

static int reply_properties(sd_bus_message *call) {
        return sd_bus_reply_method_return(call, "a{sv}", 9, "Version", "s", EBB_VERSION, "DueCount",
                                          "u", due(), "LearningCount", "u", 0, "ReviewCount", "u",
                                          due(), "NewCount", "u", 0, "NextDue", "t", UINT64_C(0),
                                          "ReviewedToday", "u", grades, "OnScreen", "s", "idle",
                                          "Problem", "s", "");
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(m);

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (strcmp(member, "Next") == 0)
                return reply_next(m);
        if (strcmp(member, "Grade") == 0)
                return reply_grade(m);
        if (strcmp(member, "Suspend") == 0 || strcmp(member, "Bury") == 0 ||
            strcmp(member, "Flag") == 0 || strcmp(member, "Reset") == 0)
                return reply_change(m, member);
        if (strcmp(member, "Undo") == 0)
                return reply_undo(m);
        if (strcmp(member, "Search") == 0)
                return reply_search(m);
        if (strcmp(member, "Get") == 0)
                return reply_get(m);
        if (strcmp(member, "GetAll") == 0)
                return reply_properties(m);
        if (strcmp(member, "GetStatistics") == 0)
                return reply_statistics(m);
        if (strcmp(member, "Add") == 0)
                return reply_add(m);
        if (strcmp(member, "Edit") == 0)
                return reply_edit(m);
        if (strcmp(member, "ListNoteTypes") == 0)
                return sd_bus_reply_method_return(m, "a(sasas)", 2, "Basic", 2, "Front", "Back", 1,
                                                  "Card 1", "Cloze", 2, "Text", "Extra", 1,
                                                  "Cloze");
        if (strcmp(member, "GetNote") == 0)
                return sd_bus_reply_method_return(m, "ssa(ss)asax", "Basic", "Default", 2, "Front",
                                                  "1 &lt; 2<br>&amp; so", "Back", "<b>bold</b>", 1,
                                                  "n5", 1, INT64_C(1));
        if (strcmp(member, "List") == 0)
                return sd_bus_reply_method_return(m, "a(ssuuut)", 2, "Default", "Default", 1, 2, 3,
                                                  UINT64_C(10), "Languages::Japanese", "Fast", 0, 0,
                                                  2, UINT64_C(2));
        if (strcmp(member, "ShowAnswer") == 0)
                return sd_bus_reply_method_errorf(m, EBB_ERROR_NOTHING_ON_SCREEN,
                                                  "There is no card on screen.");
        if (strcmp(member, "Why") == 0)
                return sd_bus_reply_method_return(m, "a(tbss)", 1, UINT64_C(1700000000000000), 0,
                                                  "due", "3 cards are due, 5 are needed.");
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_METHOD, "%s", member);
}

int main(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        if (argc > 1)
                accident = argv[1];

        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_bus_open_user(&bus);
        if (r >= 0)
                r = sd_bus_add_object(bus, NULL, EBB_PATH, on_call, NULL);
        if (r >= 0)
                r = sd_bus_request_name(bus, EBB_BUS_NAME, 0);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, 0);
        if (r < 0) {
                fprintf(stderr, "fake-daemon: %s\n", strerror(-r));
                return 1;
        }
        said("ready");
        r = sd_event_loop(event);
        sd_event_unref(event);
        return r < 0;
}
