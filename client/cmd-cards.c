/*
 * Verbs about cards that exist: find them, look at them, change where they stand. How cards are named on the
 * command line is here too.
 */
#include "client/cmd.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/out.h"
#include "util/parse.h"
#include "util/text.h"

enum {
        PAGE = 500,           /* rows of a search fetched at a time */
        RANGE_MAX = 100000,   /* cards of "A-B" */
        NUMBERS_A_QUERY = 60, /* of cid:...; a query has a limit on its length and parts */
};

char *cmd_join(const Cmd *cmd, int from) {
        _cleanup_(textbuf_done) TextBuf b = {};
        char *ret;

        for (int i = from; i < cmd->argc; i++) {
                if (i > from)
                        textbuf_addc(&b, ' ');
                textbuf_adds(&b, cmd->argv[i]);
        }
        return textbuf_take(&b, &ret) < 0 ? NULL : ret;
}

bool cmd_confirm(const char *question, bool yes, bool otherwise) {
        _cleanup_free_ char *line = NULL;
        const char *answer;
        size_t cap = 0;

        if (yes)
                return true;
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return otherwise;

        (void) fflush(stdout);
        fprintf(stderr, "%s [y/N] ", question);
        if (getline(&line, &cap, stdin) < 0)
                return false;

        answer = text_strip(line);
        return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

void selection_done(Selection *s) {
        free(s->cards);
        free(s->notes);
        *s = (Selection){};
}

static int add_id(int64_t **ids, size_t *n, int64_t id) {
        int64_t *grown;

        if ((*n & (*n - 1)) == 0) {
                grown = reallocarray(*ids, *n ? *n * 2 : 1, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                *ids = grown;
        }
        (*ids)[(*n)++] = id;
        return 0;
}

/* "12", "12,14", "20-25": appends them. 0, or -EINVAL when it is nothing of the kind. */
static int parse_numbers(const char *arg, Selection *s) {
        _cleanup_free_ char *copy = strdup(arg);
        char *rest = copy, *part;

        if (!copy)
                return -ENOMEM;

        while ((part = strsep(&rest, ","))) {
                char *dash = strchr(part, '-');
                int64_t first, last;

                if (dash)
                        *dash = '\0';
                if (parse_int(part, 1, INT64_MAX, &first) < 0)
                        return -EINVAL;
                last = first;
                if (dash &&
                    (parse_int(dash + 1, first, INT64_MAX, &last) < 0 || last - first >= RANGE_MAX))
                        return -EINVAL;

                for (int64_t id = first; id <= last; id++)
                        if (add_id(&s->cards, &s->n_cards, id) < 0)
                                return -ENOMEM;
        }
        return 0;
}

/* True when every argument from `from` on names cards by number, which then are in *ret. */
static bool select_numbers(const Cmd *cmd, int from, int until, Selection *ret) {
        for (int i = from; i < until; i++)
                if (parse_numbers(cmd->argv[i], ret) < 0) {
                        selection_done(ret);
                        return false;
                }
        return until > from;
}

/* Appends all cards a query finds, and their notes. */
static int select_query(Call *c, const char *query, Selection *ret) {
        uint32_t offset = 0;

        for (;;) {
                _cleanup_(reply_freep) Reply *reply = NULL;
                const Value *rows;

                if (call(c, EBB_IF_CARDS, "Search", &reply, "suu", query, offset, (uint32_t) PAGE) <
                    0)
                        return call_failed(c);

                rows = reply_arg(reply, 1);
                VALUE_FOREACH(row, rows) {
                        int64_t note = value_int(value_at(row, 1), 0);
                        bool seen = false;

                        if (add_id(&ret->cards, &ret->n_cards, value_int(value_at(row, 0), 0)) < 0)
                                return CMD_ERROR;
                        /* Cards of a note come one after the other. */
                        for (size_t i = ret->n_notes; i > 0 && i + 16 > ret->n_notes; i--)
                                seen = seen || ret->notes[i - 1] == note;
                        if (!seen && add_id(&ret->notes, &ret->n_notes, note) < 0)
                                return CMD_ERROR;
                }
                offset += (uint32_t) rows->n;
                if (rows->n == 0 || offset >= (uint64_t) value_int(reply_arg(reply, 0), 0))
                        return CMD_OK;
        }
}

/* The notes of cards named by number. Numbers that are none are refused. */
static int find_notes(Call *c, Selection *s) {
        Selection found = {};
        int r = CMD_OK;

        for (size_t i = 0; i < s->n_cards && r == CMD_OK; i += NUMBERS_A_QUERY) {
                _cleanup_(textbuf_done) TextBuf query = {};

                textbuf_adds(&query, "cid:");
                for (size_t k = i; k < s->n_cards && k < i + NUMBERS_A_QUERY; k++)
                        textbuf_addf(&query, "%s%" PRIi64, k > i ? "," : "", s->cards[k]);
                r = query.error ? CMD_ERROR : select_query(c, query.buf, &found);
        }
        for (size_t i = 0; i < s->n_cards && r == CMD_OK; i++) {
                bool there = false;

                for (size_t k = 0; k < found.n_cards && !there; k++)
                        there = found.cards[k] == s->cards[i];
                if (!there) {
                        out_error("There is no card %" PRIi64 ".", s->cards[i]);
                        r = CMD_REFUSED;
                }
        }
        s->notes = TAKE_PTR(found.notes);
        s->n_notes = found.n_notes;
        selection_done(&found);
        return r;
}

static int select_until(Cmd *cmd, int from, int until, const char *what, bool with_notes,
                        Selection *ret) {
        _cleanup_(textbuf_done) TextBuf query = {};
        _cleanup_free_ char *question = NULL;
        int r;

        if (select_numbers(cmd, from, until, ret)) {
                r = with_notes ? find_notes(&cmd->call, ret) : CMD_OK;
                if (r != CMD_OK)
                        selection_done(ret);
                return r;
        }

        for (int i = from; i < until; i++) {
                if (i > from)
                        textbuf_addc(&query, ' ');
                textbuf_adds(&query, cmd->argv[i]);
        }
        if (query.error || !query.buf)
                return cmd_usage_error(cmd, "Which cards?");

        r = select_query(&cmd->call, query.buf, ret);
        if (r != CMD_OK) {
                selection_done(ret);
                return r;
        }
        if (ret->n_cards == 0) {
                out_error("No card matches.");
                return CMD_NOTHING;
        }
        if (with_notes)
                question = text_format("%s %zu %s with %zu %s?", what, ret->n_notes,
                                       ret->n_notes == 1 ? "note" : "notes", ret->n_cards,
                                       ret->n_cards == 1 ? "card" : "cards");
        else
                question = text_format("%s %zu %s?", what, ret->n_cards,
                                       ret->n_cards == 1 ? "card" : "cards");
        if (!question || !cmd_confirm(question, cmd_has(cmd, OPT_YES), true)) {
                selection_done(ret);
                return CMD_NOTHING;
        }
        return CMD_OK;
}

int cmd_select(Cmd *cmd, int from, const char *what, bool with_notes, Selection *ret) {
        return select_until(cmd, from, cmd->argc, what, with_notes, ret);
}

/* "3 cards suspended." for people, the number for scripts. */
static int print_changed(const Reply *reply, const char *thing, const char *what) {
        int64_t n = value_int(reply_arg(reply, 0), 0);

        if (out_is_terminal())
                printf("%" PRIi64 " %s%s %s.\n", n, thing, n == 1 ? "" : "s", what);
        else
                printf("%" PRIi64 "\n", n);

        return n > 0 ? CMD_OK : CMD_NOTHING;
}

/* Cards.MEMBER(cards, then one argument of `type`), and what happened to them. */
static int change_cards(Cmd *cmd, const Selection *s, const char *member, char type,
                        const void *value, const char *what) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(reply_freep) Reply *reply = NULL;
        int r;

        r = call_new(&cmd->call, NULL, EBB_IF_CARDS, member, &m);
        if (r >= 0)
                r = call_append_ids(m, s->cards, s->n_cards);
        if (r >= 0 && type)
                r = sd_bus_message_append_basic(m, type, value);
        if (r >= 0)
                r = call_send(&cmd->call, m, &reply);
        if (r < 0)
                return call_failed(&cmd->call);

        return print_changed(reply, "card", what);
}

static int change_state(Cmd *cmd, const char *member, int on, const char *verb, const char *what) {
        _cleanup_(selection_done) Selection s = {};
        int r;

        r = cmd_select(cmd, 0, verb, false, &s);
        if (r != CMD_OK)
                return r;

        return change_cards(cmd, &s, member, 'b', &on, what);
}

int cmd_suspend(Cmd *cmd) {
        return change_state(cmd, "Suspend", 1, "Suspend", "suspended");
}

int cmd_unsuspend(Cmd *cmd) {
        return change_state(cmd, "Suspend", 0, "Unsuspend", "no longer suspended");
}

int cmd_bury(Cmd *cmd) {
        return change_state(cmd, "Bury", 1, "Bury", "buried until tomorrow");
}

int cmd_unbury(Cmd *cmd) {
        return change_state(cmd, "Bury", 0, "Unbury", "no longer buried");
}

int cmd_flag(Cmd *cmd) {
        _cleanup_(selection_done) Selection s = {};
        uint32_t flag;
        int64_t n;
        int r;

        if (parse_int(cmd->argv[0], 0, 7, &n) < 0)
                return cmd_usage_error(cmd, "A flag is 0 (none) to 7, not \"%s\".", cmd->argv[0]);

        flag = (uint32_t) n;
        r = cmd_select(cmd, 1, "Flag", false, &s);
        if (r != CMD_OK)
                return r;

        return change_cards(cmd, &s, "Flag", 'u', &flag, flag ? "flagged" : "without a flag now");
}

int cmd_reset(Cmd *cmd) {
        _cleanup_(selection_done) Selection s = {};
        int r;

        r = cmd_select(cmd, 0, "Reset", false, &s);
        if (r != CMD_OK)
                return r;

        return change_cards(cmd, &s, "Reset", 0, NULL, "new again");
}

int cmd_move(Cmd *cmd) {
        _cleanup_(selection_done) Selection s = {};
        int r;

        if (!*cmd->argv[cmd->argc - 1])
                return cmd_usage_error(cmd, "The name of the deck is empty.");

        r = select_until(cmd, 0, cmd->argc - 1, "Move", false, &s);
        if (r != CMD_OK)
                return r;

        return change_cards(cmd, &s, "Move", 's', cmd->argv[cmd->argc - 1], "moved");
}

int cmd_delete(Cmd *cmd) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(reply_freep) Reply *reply = NULL;
        _cleanup_(selection_done) Selection s = {};
        int r;

        r = cmd_select(cmd, 0, "Delete", true, &s);
        if (r != CMD_OK)
                return r;

        /* By number one knows what is deleted, but not how many cards go with it. */
        if (cmd->argv[0][0] >= '0' && cmd->argv[0][0] <= '9') {
                _cleanup_free_ char *question = NULL;

                question = text_format("Delete %zu %s with all cards?", s.n_notes,
                                       s.n_notes == 1 ? "note" : "notes");
                if (!question || !cmd_confirm(question, cmd_has(cmd, OPT_YES), true))
                        return CMD_NOTHING;
        }
        r = call_new(&cmd->call, NULL, EBB_IF_CARDS, "Delete", &m);
        if (r >= 0)
                r = call_append_ids(m, s.notes, s.n_notes);
        if (r >= 0)
                r = call_send(&cmd->call, m, &reply);
        if (r < 0)
                return call_failed(&cmd->call);

        return print_changed(reply, "note", "deleted (ebb undo brings them back)");
}

static int change_tags(Cmd *cmd, bool add) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(reply_freep) Reply *reply = NULL;
        _cleanup_(selection_done) Selection s = {};
        char *tags[64], *rest, *tag;
        size_t n = 0;
        int r;

        r = cmd_select(cmd, 1, "Tag", true, &s);
        if (r != CMD_OK)
                return r;

        rest = cmd->argv[0];
        while ((tag = strsep(&rest, ", ")) && n < ELEMENTS(tags))
                if (*tag)
                        tags[n++] = tag;
        if (n == 0)
                return cmd_usage_error(cmd, "Which tag?");

        r = call_new(&cmd->call, NULL, EBB_IF_CARDS, "Tag", &m);
        if (r >= 0)
                r = call_append_ids(m, s.notes, s.n_notes);
        if (r >= 0)
                r = call_append_strings(m, tags, add ? n : 0);
        if (r >= 0)
                r = call_append_strings(m, tags, add ? 0 : n);
        if (r >= 0)
                r = call_send(&cmd->call, m, &reply);
        if (r < 0)
                return call_failed(&cmd->call);

        return print_changed(reply, "note", "changed");
}

int cmd_tag_add(Cmd *cmd) {
        return change_tags(cmd, true);
}

int cmd_tag_remove(Cmd *cmd) {
        return change_tags(cmd, false);
}

int cmd_tag_list(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "tag", "Tag", OUT_TEXT, 0, true },
                { "notes", "Notes", OUT_NUMBER, 1 },
        };
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_CARDS, "ListTags", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        out_rows(out_mode(cmd_has(cmd, OPT_JSON)), columns, ELEMENTS(columns), reply_arg(reply, 0),
                 true, true);
        return reply_arg(reply, 0)->n ? CMD_OK : CMD_NOTHING;
}

int cmd_notetypes(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "notetype", "Note type", OUT_TEXT, 0 },
                { "fields", "Fields", OUT_TEXT, 1, true },
                { "templates", "Cards", OUT_TEXT, 2, true },
        };
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_CARDS, "ListNoteTypes", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        out_rows(out_mode(cmd_has(cmd, OPT_JSON)), columns, ELEMENTS(columns), reply_arg(reply, 0),
                 true, true);
        return CMD_OK;
}

int cmd_list(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "card", "Card", OUT_NUMBER, 0 },
                { "note", NULL, OUT_NUMBER, 1 },
                { "deck", "Deck", OUT_TEXT, 2, true },
                { "state", "State", OUT_TEXT, 3 },
                { "due", "Due", OUT_INSTANT, 4 },
                { "question", "Question", OUT_TEXT, 5, true },
        };
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        _cleanup_free_ char *query = cmd_join(cmd, 0);
        int64_t limit = INT64_MAX, total = 0, shown = 0;

        if (cmd_has(cmd, OPT_LIMIT) &&
            parse_int(cmd->options[OPT_LIMIT], 1, UINT32_MAX, &limit) < 0)
                return cmd_usage_error(cmd, "\"%s\" is no number of lines.",
                                       cmd->options[OPT_LIMIT]);
        if (!query)
                return CMD_ERROR;

        do {
                _cleanup_(reply_freep) Reply *reply = NULL;
                const Value *rows;
                int64_t page = limit - shown < PAGE ? limit - shown : PAGE;
                bool last;

                if (call(&cmd->call, EBB_IF_CARDS, "Search", &reply, "suu", query, (uint32_t) shown,
                         (uint32_t) page) < 0)
                        return call_failed(&cmd->call);

                total = value_int(reply_arg(reply, 0), 0);
                rows = reply_arg(reply, 1);
                last = rows->n == 0 || shown + (int64_t) rows->n >= (total < limit ? total : limit);
                out_rows(mode, columns, ELEMENTS(columns), rows, shown == 0, last);
                shown += (int64_t) rows->n;
                if (last)
                        break;
        } while (!ferror(stdout));

        if (mode == OUT_PEOPLE && total > 0)
                printf("%s%" PRIi64 " %s%s\n", out_style(STYLE_DIM), total,
                       total == 1 ? "card" : "cards", out_style(STYLE_PLAIN));
        if (mode == OUT_PEOPLE && total == 0)
                printf("No card matches.\n");
        return total > 0 ? CMD_OK : CMD_NOTHING;
}

/* The one card an argument names; 0 after a message. */
static int64_t card_argument(const Cmd *cmd) {
        int64_t id;

        if (parse_int(cmd->argv[0], 1, INT64_MAX, &id) == 0)
                return id;

        (void) cmd_usage_error(cmd, "\"%s\" is no number of a card; ebb list shows them.",
                               cmd->argv[0]);
        return 0;
}

int cmd_show(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "id", "Card", OUT_NUMBER },
                { "note", "Note", OUT_NUMBER },
                { "deck", "Deck", OUT_TEXT },
                { "notetype", "Note type", OUT_TEXT },
                { "ord", NULL, OUT_NUMBER },
                { "tags", "Tags", OUT_TEXT },
                { "state", "State", OUT_TEXT },
                { "suspended", NULL, OUT_BOOL },
                { "buried", NULL, OUT_BOOL },
                { "leech", NULL, OUT_BOOL },
                { "flag", NULL, OUT_NUMBER },
                { "due", "Due", OUT_INSTANT },
                { "last_review", "Last review", OUT_PAST },
                { "interval_days", "Interval", OUT_DAYS },
                { "stability", "Stability", OUT_DAYS },
                { "difficulty", "Difficulty", OUT_DECIMAL },
                { "retrievability", "Retrievability", OUT_PERCENT },
                { "reps", "Reviews", OUT_NUMBER },
                { "lapses", "Lapses", OUT_NUMBER },
                { "revision", NULL, OUT_NUMBER },
                { "question", NULL, OUT_TEXT },
                { "answer", NULL, OUT_TEXT },
        };
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        _cleanup_free_ char *question = NULL, *answer = NULL;
        _cleanup_(reply_freep) Reply *reply = NULL;
        const Value *info;
        const char *text;
        int64_t id;

        id = card_argument(cmd);
        if (id == 0)
                return CMD_USAGE;
        if (call(&cmd->call, EBB_IF_CARDS, "Get", &reply, "x", id) < 0)
                return call_failed(&cmd->call);

        info = reply_arg(reply, 0);
        if (mode == OUT_PEOPLE) {
                text = value_string(value_get(info, "question"), "");
                question = text_printable(text, strlen(text));
                text = value_string(value_get(info, "answer"), "");
                answer = text_printable(text, strlen(text));
                printf("%s%s%s\n%s────%s\n%s\n\n", out_style(STYLE_BOLD), question ? question : "",
                       out_style(STYLE_PLAIN), out_style(STYLE_DIM), out_style(STYLE_PLAIN),
                       answer ? answer : "");
        }
        out_record(mode, columns, ELEMENTS(columns), info);
        if (mode == OUT_PEOPLE) {
                int64_t flag = value_int(value_get(info, "flag"), 0);

                if (flag)
                        printf("Flagged %" PRIi64 ".\n", flag);
                if (value_int(value_get(info, "suspended"), 0))
                        printf("Suspended: it is not asked.\n");
                if (value_int(value_get(info, "buried"), 0))
                        printf("Buried: it is not asked before tomorrow.\n");
                if (value_int(value_get(info, "leech"), 0))
                        printf("A leech: forgotten again and again.\n");
        }
        return CMD_OK;
}

int cmd_history(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "when", "When", OUT_PAST, 0 },
                { "kind", "What", OUT_TEXT, 1 },
                { "grade", "Grade", OUT_GRADE, 2 },
                { "took_ms", "Took", OUT_MSEC, 3 },
                { "stability_days", "Stability", OUT_DAYS, 4 },
                { "difficulty", "Difficulty", OUT_DECIMAL, 5 },
                { "interval", "Interval", OUT_TEXT, 6 },
                { "undone", "Undone", OUT_BOOL, 7 },
        };
        _cleanup_(reply_freep) Reply *reply = NULL;
        int64_t id;

        id = card_argument(cmd);
        if (id == 0)
                return CMD_USAGE;
        if (call(&cmd->call, EBB_IF_CARDS, "History", &reply, "x", id) < 0)
                return call_failed(&cmd->call);

        out_rows(out_mode(cmd_has(cmd, OPT_JSON)), columns, ELEMENTS(columns), reply_arg(reply, 0),
                 true, true);
        if (reply_arg(reply, 0)->n)
                return CMD_OK;

        if (out_is_terminal() && !cmd_has(cmd, OPT_JSON))
                printf("Card %" PRIi64 " has not been reviewed yet.\n", id);
        return CMD_NOTHING;
}
