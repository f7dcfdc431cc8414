/*
 * The notification from the command line, undo, and what is due: short verbs for key bindings and status bars.
 */
#include "client/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "client/out.h"
#include "util/parse.h"
#include "util/text.h"

static uint64_t property(const Value *manager, const char *name) {
        return (uint64_t) value_int(value_get(manager, name), 0);
}

static const char *deck_option(const Cmd *cmd) {
        return cmd_has(cmd, OPT_DECK) ? cmd->options[OPT_DECK] : "";
}

/* A method that takes nothing and returns nothing. */
static int press(Cmd *cmd, const char *member) {
        return call(&cmd->call, EBB_IF_REVIEW, member, NULL, NULL) < 0 ? call_failed(&cmd->call)
                                                                       : CMD_OK;
}

int cmd_show_answer(Cmd *cmd) {
        return press(cmd, "ShowAnswer");
}

int cmd_later(Cmd *cmd) {
        return press(cmd, "Later");
}

int cmd_hush(Cmd *cmd) {
        const char *how = cmd->argv[cmd->argc - 1];
        _cleanup_(reply_freep) Reply *reply = NULL;
        _cleanup_free_ char *until = NULL;

        if (cmd->argc == 2 && strcmp(cmd->argv[0], "until") != 0)
                return cmd_usage_error(cmd,
                                       "\"%s\" is not understood; what may stand before a date is "
                                       "\"until\".",
                                       cmd->argv[0]);
        if (call(&cmd->call, EBB_IF_MANAGER, "Hush", &reply, "s", how) < 0)
                return call_failed(&cmd->call);

        until = out_value(out_mode(false), OUT_PAST, reply_arg(reply, 0));
        if (!out_is_terminal())
                printf("%s\n", until ? until : "");
        else if (value_int(reply_arg(reply, 0), 0))
                printf("No reminders until %s. ebb hush off lifts it.\n", until ? until : "then");
        else
                printf("Reminders come again.\n");
        return CMD_OK;
}

int cmd_answer(Cmd *cmd) {
        unsigned grade = cmd_parse_grade(cmd->argv[0]);
        _cleanup_(reply_freep) Reply *reply = NULL;
        _cleanup_free_ char *interval = NULL;

        if (grade == 0)
                return cmd_usage_error(cmd, "A grade is again, hard, good or easy, not \"%s\".",
                                       cmd->argv[0]);
        if (call(&cmd->call, EBB_IF_REVIEW, "Answer", &reply, "u", (uint32_t) grade) < 0)
                return call_failed(&cmd->call);

        interval = out_line(value_string(reply_arg(reply, 0), ""));
        if (out_is_terminal())
                printf("%s: it comes back in %s.\n", cmd_grade_name(grade),
                       interval ? interval : "?");
        else
                printf("%s\n", interval ? interval : "");
        return CMD_OK;
}

static int undo_or_redo(Cmd *cmd, const char *member, const char *done) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        _cleanup_free_ char *what = NULL;

        if (call(&cmd->call, EBB_IF_MANAGER, member, &reply, NULL) < 0)
                return call_failed(&cmd->call);

        what = out_value(out_mode(false), OUT_TEXT, reply_arg(reply, 0));
        if (out_is_terminal())
                printf("%s: %s\n", done, what ? what : "");
        else
                printf("%s\n", what ? what : "");
        return CMD_OK;
}

int cmd_undo(Cmd *cmd) {
        return undo_or_redo(cmd, "Undo", "Undone");
}

int cmd_redo(Cmd *cmd) {
        return undo_or_redo(cmd, "Redo", "Done again");
}

int cmd_next(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "id", "Card", OUT_NUMBER },
                { "revision", NULL, OUT_NUMBER },
                { "deck", "Deck", OUT_TEXT },
                { "question", "Question", OUT_TEXT },
        };
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (cmd_has(cmd, OPT_POPUP)) {
                if (call(&cmd->call, EBB_IF_REVIEW, "Popup", NULL, "s", deck_option(cmd)) < 0)
                        return call_failed(&cmd->call);
                return CMD_OK;
        }
        if (call(&cmd->call, EBB_IF_REVIEW, "Next", &reply, "sa{sv}", deck_option(cmd), 0) < 0)
                return call_failed(&cmd->call);
        if (value_int(reply_arg(reply, 0), 0) == 0) {
                if (mode == OUT_PEOPLE)
                        printf("Nothing is due.\n");
                return CMD_NOTHING;
        }

        if (mode == OUT_LINES) {
                for (size_t i = 0; i < ELEMENTS(columns); i++) {
                        _cleanup_free_ char *text =
                                out_value(mode, columns[i].kind,
                                          value_get(reply_arg(reply, 2), columns[i].key));

                        printf("%s%c", text ? text : "", i + 1 < ELEMENTS(columns) ? '\t' : '\n');
                }
                return CMD_OK;
        }
        out_record(mode, columns, ELEMENTS(columns), reply_arg(reply, 2));
        return CMD_OK;
}

/* --- what is due --- */

char *cmd_due_line(const Value *manager) {
        uint64_t due = property(manager, "DueCount");

        if (due == 0)
                return strdup("Nothing is due.");

        return text_format("%" PRIu64 " due: %" PRIu64 " learning, %" PRIu64 " review, %" PRIu64
                           " new",
                           due, property(manager, "LearningCount"),
                           property(manager, "ReviewCount"), property(manager, "NewCount"));
}

typedef struct Counts {
        uint64_t learning, review, fresh;
} Counts;

static int counts_of_deck(Cmd *cmd, const char *deck, Counts *ret) {
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_DECKS, "List", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        VALUE_FOREACH(row, reply_arg(reply, 0))
        if (strcmp(value_string(value_at(row, 0), ""), deck) == 0) {
                ret->fresh = (uint64_t) value_int(value_at(row, 2), 0);
                ret->learning = (uint64_t) value_int(value_at(row, 3), 0);
                ret->review = (uint64_t) value_int(value_at(row, 4), 0);
                return CMD_OK;
        }

        out_error("There is no deck \"%s\".", deck);
        return CMD_REFUSED;
}

static int counts_of_all(Cmd *cmd, Counts *ret) {
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call_properties(&cmd->call, NULL, EBB_IF_MANAGER, &reply) < 0)
                return call_failed(&cmd->call);

        ret->learning = property(reply_arg(reply, 0), "LearningCount");
        ret->review = property(reply_arg(reply, 0), "ReviewCount");
        ret->fresh = property(reply_arg(reply, 0), "NewCount");
        return CMD_OK;
}

int cmd_due(Cmd *cmd) {
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        uint64_t due;
        Counts n = {};
        int r;

        r = *deck_option(cmd) ? counts_of_deck(cmd, deck_option(cmd), &n) : counts_of_all(cmd, &n);
        if (r != CMD_OK)
                return r;

        due = n.learning + n.review + n.fresh;
        switch (mode) {
        case OUT_JSON:
                printf("{\"due\":%" PRIu64 ",\"learning\":%" PRIu64 ",\"review\":%" PRIu64
                       ",\"new\":%" PRIu64 "}\n",
                       due, n.learning, n.review, n.fresh);
                break;
        case OUT_LINES:
                printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", due, n.learning,
                       n.review, n.fresh);
                break;
        case OUT_PEOPLE:
                if (due == 0)
                        printf("Nothing is due.\n");
                else
                        printf("%" PRIu64 " due: %" PRIu64 " learning, %" PRIu64 " review, %" PRIu64
                               " new\n",
                               due, n.learning, n.review, n.fresh);
        }
        return due ? CMD_OK : CMD_NOTHING;
}

/* --- status --- */

static const OutColumn status_columns[] = {
        { "DueCount", NULL, OUT_NUMBER },
        { "LearningCount", NULL, OUT_NUMBER },
        { "ReviewCount", NULL, OUT_NUMBER },
        { "NewCount", NULL, OUT_NUMBER },
        { "NextDue", "Next card", OUT_INSTANT },
        { "ReviewedToday", "Reviewed today", OUT_NUMBER },
        { "CardCount", "Cards", OUT_NUMBER },
        { "OnScreen", "On screen", OUT_TEXT },
        { "NotificationServer", "Notifications", OUT_TEXT },
        { "HushedUntil", "Hush ends", OUT_INSTANT },
        { "Version", "Version", OUT_TEXT },
        { "Problem", "Problem", OUT_TEXT },
};

static char *status_waybar(const Value *manager) {
        _cleanup_free_ char *line = NULL, *next = NULL, *tooltip = NULL, *count = NULL;
        const char *problem = value_string(value_get(manager, "Problem"), "");
        _cleanup_(json_writer_done) JsonWriter w = {};
        uint64_t due = property(manager, "DueCount");
        char *ret;

        /* Without a daemon, or with nothing due, there is nothing to look at: an empty text hides the module. */
        line = manager ? cmd_due_line(manager) : strdup("The daemon is not running.");
        next = manager && property(manager, "NextDue") ? out_instant(property(manager, "NextDue"))
                                                       : NULL;
        tooltip = text_format("%s%s%s%s%s%s%" PRIu64, line ? line : "", *problem ? "\n" : "",
                              problem, next ? "\nNext card: " : "", next ? next : "",
                              "\nReviewed today: ", property(manager, "ReviewedToday"));
        count = due > 0 ? text_format("%" PRIu64, due) : strdup(*problem ? "!" : "");

        json_open(&w, '{');
        json_put_key(&w, "text");
        json_put_string(&w, count);
        json_put_key(&w, "tooltip");
        json_put_string(&w, tooltip);
        json_put_key(&w, "class");
        json_put_string(&w, !manager ? "off" : *problem ? "problem" : due > 0 ? "due" : "idle");
        json_close(&w, '}');
        return json_finish(&w, &ret) < 0 ? NULL : ret;
}

/* Bars that print what a program says: nothing when there is nothing to look at. */
static char *status_short(const Value *manager) {
        const char *problem = value_string(value_get(manager, "Problem"), "");
        uint64_t due = property(manager, "DueCount");

        return due > 0 ? text_format("%" PRIu64 " due", due) : strdup(*problem ? "Ebb!" : "");
}

/* i3blocks: long text, short text. With --follow (interval=persist) only the first line is one. */
static char *status_i3blocks(const Cmd *cmd, const Value *manager) {
        _cleanup_free_ char *text = status_short(manager);

        if (!text || cmd_has(cmd, OPT_FOLLOW))
                return TAKE_PTR(text);
        return text_format("%s\n%" PRIu64, text, property(manager, "DueCount"));
}

/* xbar, SwiftBar, Argos: the bar, then its menu. A bar in which one can see nothing has no menu. */
static char *status_xbar(const Value *manager) {
        _cleanup_free_ char *text = status_short(manager), *line = NULL, *problem = NULL;
        const char *told = value_string(value_get(manager, "Problem"), "");

        line = manager ? cmd_due_line(manager) : strdup("The daemon is not running.");
        problem = out_line(told);
        if (!text || !line || !problem)
                return NULL;
        /* A bar of the menu's own would begin another parameter. */
        for (char *p = problem; *p; p++)
                if (*p == '|')
                        *p = '/';

        return text_format("%s\n---\n%s\nReviewed today: %" PRIu64 "%s%s\n"
                           "Next card | shell=ebb param1=next param2=--popup terminal=false\n"
                           "Later | shell=ebb param1=later terminal=false",
                           *text ? text : "Ebb", line, property(manager, "ReviewedToday"),
                           *problem ? "\n" : "", problem);
}

/* What a status bar reads; NULL when none was asked for. */
static char *status_bar(const Cmd *cmd, const Value *manager) {
        if (cmd_has(cmd, OPT_WAYBAR))
                return status_waybar(manager);
        if (cmd_has(cmd, OPT_POLYBAR))
                return status_short(manager);
        if (cmd_has(cmd, OPT_I3BLOCKS))
                return status_i3blocks(cmd, manager);
        if (cmd_has(cmd, OPT_XBAR))
                return status_xbar(manager);
        return NULL;
}

static bool for_bar(const Cmd *cmd) {
        return cmd_has(cmd, OPT_WAYBAR) || cmd_has(cmd, OPT_POLYBAR) ||
               cmd_has(cmd, OPT_I3BLOCKS) || cmd_has(cmd, OPT_XBAR);
}

/* One line for --follow. */
static char *status_line(const Cmd *cmd, const Value *manager) {
        _cleanup_(json_writer_done) JsonWriter w = {};
        char *ret;

        if (for_bar(cmd))
                return status_bar(cmd, manager);
        if (cmd_has(cmd, OPT_JSON)) {
                json_open(&w, '{');
                out_json_members(&w, status_columns, ELEMENTS(status_columns), manager);
                json_close(&w, '}');
                return json_finish(&w, &ret) < 0 ? NULL : ret;
        }
        if (!manager)
                return strdup(out_is_terminal() ? "The daemon is not running." : "");
        if (out_is_terminal())
                return cmd_due_line(manager);

        return text_format("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s",
                           property(manager, "DueCount"), property(manager, "LearningCount"),
                           property(manager, "ReviewCount"), property(manager, "NewCount"),
                           value_string(value_get(manager, "OnScreen"), ""));
}

static const char *const presence_keys[] = { "fact", "value", "source" };

static void print_presence(OutMode mode, const Value *manager) {
        VALUE_FOREACH(row, value_get(manager, "Presence")) {
                _cleanup_free_ char *fact = out_value(mode, OUT_TEXT, value_at(row, 0));
                _cleanup_free_ char *value = out_value(mode, OUT_TEXT, value_at(row, 1));
                _cleanup_free_ char *source = out_value(mode, OUT_TEXT, value_at(row, 2));

                if (!fact || !value || !source)
                        return;
                if (mode == OUT_PEOPLE) {
                        if (row == value_get(manager, "Presence")->items)
                                printf("Presence:\n");
                        printf("  %-15s %-8s (%s)\n", fact, value, source);
                } else
                        printf("Presence.%s\t%s\t%s\n", fact, value, source);
        }
}

static void print_status(const Cmd *cmd, const Value *manager) {
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        _cleanup_free_ char *line = NULL;

        if (for_bar(cmd)) {
                line = status_bar(cmd, manager);
                puts(line ? line : cmd_has(cmd, OPT_WAYBAR) ? "{}" : "");
                return;
        }
        if (mode == OUT_PEOPLE) {
                line = cmd_due_line(manager);
                puts(line ? line : "");
        }
        if (mode == OUT_JSON && cmd_has(cmd, OPT_VERBOSE)) {
                _cleanup_(json_writer_done) JsonWriter w = {};

                json_open(&w, '{');
                out_json_members(&w, status_columns, ELEMENTS(status_columns), manager);
                json_put_key(&w, "Presence");
                json_open(&w, '[');
                VALUE_FOREACH(row, value_get(manager, "Presence")) {
                        json_open(&w, '{');
                        for (size_t i = 0; i < ELEMENTS(presence_keys); i++) {
                                json_put_key(&w, presence_keys[i]);
                                json_put_string(&w, value_string(value_at(row, i), ""));
                        }
                        json_close(&w, '}');
                }
                json_close(&w, ']');
                json_close(&w, '}');
                out_json_finish(&w);
                return;
        }
        out_record(mode, status_columns, ELEMENTS(status_columns), manager);
        if (cmd_has(cmd, OPT_VERBOSE))
                print_presence(mode, manager);
}

typedef struct Follow {
        Cmd *cmd;
        bool there, changed;
        char *printed;
} Follow;

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Follow *f = userdata;

        f->there = f->changed = true;
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *before, *after;
        Follow *f = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0) {
                f->there = *after;
                f->changed = true;
        }
        return 0;
}

/* Prints when it differs from what was printed last. 0, or an exit status. */
static int follow_print(Follow *f) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(reply_freep) Reply *reply = NULL;
        _cleanup_free_ char *line = NULL;
        int r = 0;

        f->changed = false;
        if (f->there) {
                r = call_new(&f->cmd->call, NULL, "org.freedesktop.DBus.Properties", "GetAll", &m);
                if (r >= 0)
                        r = sd_bus_message_append(m, "s", EBB_IF_MANAGER);
                /* Who only looks does not start a daemon that somebody stopped. */
                if (r >= 0 && f->printed)
                        r = sd_bus_message_set_auto_start(m, 0);
                if (r >= 0)
                        r = call_send(&f->cmd->call, m, &reply);
                if (r < 0 && (!f->printed || !call_daemon_gone(&f->cmd->call)))
                        return call_failed(&f->cmd->call);
        }
        line = status_line(f->cmd, reply ? reply_arg(reply, 0) : NULL);
        if (!line || (f->printed && strcmp(line, f->printed) == 0))
                return CMD_OK;

        free(f->printed);
        f->printed = TAKE_PTR(line);
        printf("%s\n", f->printed);
        return fflush(stdout) == 0 ? CMD_OK : CMD_ERROR;
}

/* Waits for the bus, and for whoever reads our output to go away. 0, or an exit status to end with. */
static int follow_wait(sd_bus *bus) {
        struct pollfd fds[] = {
                { .fd = sd_bus_get_fd(bus), .events = POLLIN },
                { .fd = STDOUT_FILENO },
        };
        int events = sd_bus_get_events(bus);

        if (events >= 0)
                fds[0].events = (short) events;
        if (poll(fds, ELEMENTS(fds), -1) < 0 && errno != EINTR)
                return CMD_ERROR;

        return fds[1].revents & (POLLERR | POLLHUP) ? CMD_ERROR : CMD_OK;
}

static int follow(Cmd *cmd) {
        Follow f = { .cmd = cmd, .there = true, .changed = true };
        int r;

        r = call_connect(&cmd->call);
        if (r < 0)
                return call_failed(&cmd->call);

        r = sd_bus_match_signal(cmd->call.bus, NULL, EBB_BUS_NAME, EBB_PATH,
                                "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed,
                                &f);
        if (r >= 0)
                r = sd_bus_add_match(cmd->call.bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',"
                                     "member='NameOwnerChanged',arg0='" EBB_BUS_NAME "'",
                                     on_owner, &f);
        if (r < 0) {
                (void) sd_bus_error_set_errno(&cmd->call.error, r);
                return call_failed(&cmd->call);
        }
        for (;;) {
                while ((r = sd_bus_process(cmd->call.bus, NULL)) > 0)
                        ;
                if (r < 0) {
                        (void) sd_bus_error_set_errno(&cmd->call.error, r);
                        r = call_failed(&cmd->call);
                        break;
                }
                if (f.changed) {
                        r = follow_print(&f);
                        if (r != CMD_OK)
                                break;
                        /* The call may have taken in signals, which wait in the queue. */
                        continue;
                }
                r = follow_wait(cmd->call.bus);
                if (r != CMD_OK) {
                        r = CMD_OK;
                        break;
                }
        }
        free(f.printed);
        return r;
}

int cmd_status(Cmd *cmd) {
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (cmd_has(cmd, OPT_FOLLOW))
                return follow(cmd);

        if (call_properties(&cmd->call, NULL, EBB_IF_MANAGER, &reply) < 0) {
                /* A status bar shows what it is given; an empty module is better than an error text. */
                if (for_bar(cmd))
                        print_status(cmd, NULL);
                return call_failed(&cmd->call);
        }
        print_status(cmd, reply_arg(reply, 0));
        return CMD_OK;
}

/* The sentence is what one came for: however narrow the terminal, it is not left out. */
static void why_people(const Value *decisions) {
        VALUE_FOREACH(row, decisions) {
                _cleanup_free_ char *when = out_value(OUT_PEOPLE, OUT_PAST, value_at(row, 0));
                _cleanup_free_ char *sentence = out_line(value_string(value_at(row, 3), ""));

                printf("%s%s%s  %s\n", out_style(STYLE_DIM), when ? when : "",
                       out_style(STYLE_PLAIN), sentence ? sentence : "");
        }
}

int cmd_why(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "when", NULL, OUT_PAST, 0 },
                { "asked", NULL, OUT_BOOL, 1 },
                { "kind", NULL, OUT_TEXT, 2 },
                { "sentence", NULL, OUT_TEXT, 3 },
        };
        _cleanup_(reply_freep) Reply *reply = NULL;
        int64_t limit = 10;
        OutMode mode;

        if (cmd_has(cmd, OPT_LIMIT) && parse_int(cmd->options[OPT_LIMIT], 1, 10000, &limit) < 0)
                return cmd_usage_error(cmd, "\"%s\" is no number of lines.",
                                       cmd->options[OPT_LIMIT]);
        if (call(&cmd->call, EBB_IF_MANAGER, "Why", &reply, "u", (uint32_t) limit) < 0)
                return call_failed(&cmd->call);

        mode = out_mode(cmd_has(cmd, OPT_JSON));
        if (mode == OUT_PEOPLE)
                why_people(reply_arg(reply, 0));
        else
                out_rows(mode, columns, ELEMENTS(columns), reply_arg(reply, 0), true, true);
        if (reply_arg(reply, 0)->n)
                return CMD_OK;

        if (out_is_terminal() && !cmd_has(cmd, OPT_JSON))
                printf("Nothing was decided yet.\n");
        return CMD_NOTHING;
}
