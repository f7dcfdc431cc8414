/*
 * Verbs about decks and the presets that schedule them.
 */
#include "client/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/out.h"
#include "util/text.h"

int cmd_deck_list(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "deck", "Deck", OUT_TEXT, 0, true },
                { "new", "New", OUT_NUMBER, 2 },
                { "learning", "Learning", OUT_NUMBER, 3 },
                { "review", "Review", OUT_NUMBER, 4 },
                { "total", "Cards", OUT_NUMBER, 5 },
                { "preset", "Preset", OUT_TEXT, 1, true },
        };
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_DECKS, "List", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        out_rows(out_mode(cmd_has(cmd, OPT_JSON)), columns, ELEMENTS(columns), reply_arg(reply, 0),
                 true, true);
        return reply_arg(reply, 0)->n ? CMD_OK : CMD_NOTHING;
}

/* Calls a method that takes strings and returns nothing; says so to people. */
static int change(Cmd *cmd, const char *member, const char *first, const char *second,
                  const char *format) {
        int r;

        r = second ? call(&cmd->call, EBB_IF_DECKS, member, NULL, "ss", first, second)
                   : call(&cmd->call, EBB_IF_DECKS, member, NULL, "s", first);
        if (r < 0)
                return call_failed(&cmd->call);

        if (out_is_terminal()) {
                _cleanup_free_ char *safe = out_line(first);

                printf("Deck %s %s.\n", safe ? safe : "", format);
        }
        return CMD_OK;
}

int cmd_deck_create(Cmd *cmd) {
        return change(cmd, "Create", cmd->argv[0], NULL, "made");
}

int cmd_deck_rename(Cmd *cmd) {
        return change(cmd, "Rename", cmd->argv[0], cmd->argv[1], "renamed");
}

int cmd_deck_preset(Cmd *cmd) {
        return change(cmd, "SetPreset", cmd->argv[0], cmd->argv[1], "has another preset");
}

int cmd_deck_delete(Cmd *cmd) {
        const char *into = cmd_has(cmd, OPT_INTO) ? cmd->options[OPT_INTO] : "";
        _cleanup_free_ char *question = NULL;

        question = text_format("Delete the deck \"%s\" and move its cards to \"%s\"?", cmd->argv[0],
                               *into ? into : "Default");
        if (!question || !cmd_confirm(question, cmd_has(cmd, OPT_YES), true))
                return CMD_NOTHING;

        return change(cmd, "Delete", cmd->argv[0], into, "deleted");
}

int cmd_deck_presets(Cmd *cmd) {
        _cleanup_(json_writer_done) JsonWriter w = {};
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_DECKS, "ListPresets", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        if (!cmd_has(cmd, OPT_JSON)) {
                VALUE_FOREACH(name, reply_arg(reply, 0)) {
                        _cleanup_free_ char *text = out_value(out_mode(false), OUT_TEXT, name);

                        puts(text ? text : "");
                }
                return CMD_OK;
        }
        json_open(&w, '[');
        VALUE_FOREACH(name, reply_arg(reply, 0))
        json_put_string(&w, value_string(name, ""));
        json_close(&w, ']');
        out_json_finish(&w);
        return CMD_OK;
}

static int put_options(Cmd *cmd, const char *preset, int from) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = call_new(&cmd->call, NULL, EBB_IF_DECKS, "PutPreset", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", preset);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (int i = from; r >= 0 && i < cmd->argc; i++) {
                char *equals = strchr(cmd->argv[i], '=');

                if (!equals || equals == cmd->argv[i])
                        return cmd_usage_error(cmd, "\"%s\" is not KEY=VALUE.", cmd->argv[i]);
                *equals = '\0';
                r = sd_bus_message_append(m, "{ss}", cmd->argv[i], equals + 1);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = call_send(&cmd->call, m, NULL);
        if (r < 0)
                return call_failed(&cmd->call);

        return CMD_OK;
}

int cmd_deck_options(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "option", "Option", OUT_TEXT, 0 },
                { "value", "Value", OUT_TEXT, 1, true },
                { "default", "Default", OUT_TEXT, 2, true },
                { "help", "Help", OUT_TEXT, 3, true },
        };
        bool named = cmd->argc > 0 && !strchr(cmd->argv[0], '=');
        const char *preset = named ? cmd->argv[0] : "Default";
        _cleanup_(reply_freep) Reply *reply = NULL;
        int r;

        if (cmd->argc > named) {
                r = put_options(cmd, preset, named);
                if (r != CMD_OK || !out_is_terminal())
                        return r;
        }
        if (call(&cmd->call, EBB_IF_DECKS, "GetPreset", &reply, "s", preset) < 0)
                return call_failed(&cmd->call);

        out_rows(out_mode(cmd_has(cmd, OPT_JSON)), columns, ELEMENTS(columns), reply_arg(reply, 0),
                 true, true);
        return CMD_OK;
}
