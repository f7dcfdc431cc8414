/*
 * The verbs of ebb. Everything about one is its row in the table of cmd-table.c: --help, `ebb help
 * VERB`, the completions, the hint for a mistyped verb and the check of the man page come from there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/call.h"

/* Exit statuses. Scripts rely on them: never renumber. */
enum {
        CMD_OK = 0,
        CMD_ERROR = 1,
        CMD_USAGE = 2,
        CMD_NOTHING = 3,     /* nothing due, nothing found, nothing to do */
        CMD_UNREACHABLE = 4, /* no session bus, or no daemon on it */
        CMD_REFUSED = 5,     /* no such card or deck, exists already, changed meanwhile */
};

typedef enum OptionId {
        OPT_COLUMNS,
        OPT_INTO,
        OPT_DECK,
        OPT_DRY_RUN,
        OPT_FOLLOW,
        OPT_FORMAT,
        OPT_HEADER,
        OPT_HTML,
        OPT_I3BLOCKS,
        OPT_JSON,
        OPT_LIMIT,
        OPT_MATCH,
        OPT_NOTETYPE,
        OPT_OUTPUT,
        OPT_POLYBAR,
        OPT_POPUP,
        OPT_SCOPE,
        OPT_SEPARATOR,
        OPT_TAG,
        OPT_VERBOSE,
        OPT_WAYBAR,
        OPT_XBAR,
        OPT_YES,
        OPT_COUNT,
} OptionId;

#define OPT(id) (UINT32_C(1) << OPT_##id)

typedef struct Option {
        char letter; /* 0: long form only */
        const char *name;
        const char *argument; /* NULL: takes none */
        const char *complete; /* what the argument is, as in Verb */
        const char *help;
} Option;

typedef struct Cmd Cmd;

typedef struct Verb {
        const char *name;      /* one word, or two: "deck create" */
        const char *arguments; /* as shown in the usage */
        uint32_t options;      /* OPT() of those it takes */
        int min, max;          /* arguments; max -1 is any number */
        const char *
                complete; /* what arguments are: card, deck, tag, preset, grade, file, verb, backup or "" */
        const char *statuses; /* exit statuses it has besides 0, 1, 2 and 4 */
        bool query;           /* a word like "-tag:x" is an argument and not options */
        int (*run)(Cmd *cmd);
        const char *summary; /* one line without a stop */
        const char *help;    /* sentences; NULL when the summary says it all */
        const char
                *columns; /* its output for scripts, TAB between; NULL: none or described in help */
} Verb;

struct Cmd {
        const Verb *verb;
        char **argv; /* arguments, options taken out; NULL-terminated */
        int argc;
        const char *options[OPT_COUNT]; /* NULL when not given, "" without an argument */
        char **tags;                    /* every -t */
        size_t n_tags;
        Call call;
};

extern const Option cmd_options[OPT_COUNT];

/* The index-th verb; NULL after the last. Sorted by what they are for. */
const Verb *cmd_verb(size_t index);
const char *cmd_heading(size_t index); /* of the group that begins at this verb; else NULL */
const Verb *cmd_find(const char *name);

/*
 * The verb that argv begins with, its longest name first; *ret_words how many words it takes. NULL: none.
 */
const Verb *cmd_match(char **argv, int argc, int *ret_words);
const char *cmd_nearest(const char *word); /* for "did you mean"; NULL when nothing is near */

static inline bool cmd_has(const Cmd *cmd, OptionId option) {
        return cmd->options[option];
}

/* A usage error about this verb: the sentence, and where help is. Returns CMD_USAGE. */
int cmd_usage_error(const Cmd *cmd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "again", "a", "1" and so on -> 1..4; 0 when it is no grade. */
unsigned cmd_parse_grade(const char *s);
const char *cmd_grade_name(unsigned grade); /* "Again"; "?" for what is none */

/* All arguments from the index-th on, with spaces between. Caller frees; NULL when out of memory. */
char *cmd_join(const Cmd *cmd, int from);

/*
 * Cards named by arguments: numbers ("12", "12,14", "20-25"), or a query. A query asks on a terminal before
 * it goes on when `what` is not NULL ("Suspend"), unless --yes was given.
 */
typedef struct Selection {
        int64_t *cards;
        size_t n_cards;
        int64_t *notes; /* of these cards, each once */
        size_t n_notes;
} Selection;
void selection_done(Selection *s);
/* 0, or the exit status, after a message. */
int cmd_select(Cmd *cmd, int from, const char *what, bool with_notes, Selection *ret);

/* Asks a yes/no question on the terminal; `yes` true skips it. Without a terminal the answer is `otherwise`. */
bool cmd_confirm(const char *question, bool yes, bool otherwise);

/*
 * Opens an editor on the text, outside of any raw terminal mode. *ret is the new text; *ret_path is the file, which
 * stays until the caller unlinks it. 0 or an exit status, after a message.
 */
int cmd_run_editor(const char *text, char **ret, char **ret_path);

/* Edits the note of a card in the editor and saves it. For `ebb edit` and the review. 0 or an exit status. */
int cmd_edit_note(Call *c, int64_t note, bool *ret_changed);

/* Today's figures in one line for people: "5 due: 2 learning, 3 review, 0 new". Caller frees. */
char *cmd_due_line(const Value *manager);

int cmd_add(Cmd *cmd);
int cmd_edit(Cmd *cmd);
int cmd_show(Cmd *cmd);
int cmd_list(Cmd *cmd);
int cmd_delete(Cmd *cmd);
int cmd_suspend(Cmd *cmd);
int cmd_unsuspend(Cmd *cmd);
int cmd_bury(Cmd *cmd);
int cmd_unbury(Cmd *cmd);
int cmd_flag(Cmd *cmd);
int cmd_reset(Cmd *cmd);
int cmd_move(Cmd *cmd);
int cmd_history(Cmd *cmd);
int cmd_tag_list(Cmd *cmd);
int cmd_tag_add(Cmd *cmd);
int cmd_tag_remove(Cmd *cmd);
int cmd_notetypes(Cmd *cmd);

int cmd_deck_list(Cmd *cmd);
int cmd_deck_create(Cmd *cmd);
int cmd_deck_rename(Cmd *cmd);
int cmd_deck_delete(Cmd *cmd);
int cmd_deck_preset(Cmd *cmd);
int cmd_deck_presets(Cmd *cmd);
int cmd_deck_options(Cmd *cmd);

int cmd_review(Cmd *cmd);
int cmd_next(Cmd *cmd);
int cmd_show_answer(Cmd *cmd);
int cmd_answer(Cmd *cmd);
int cmd_later(Cmd *cmd);
int cmd_hush(Cmd *cmd);
int cmd_undo(Cmd *cmd);
int cmd_redo(Cmd *cmd);

int cmd_due(Cmd *cmd);
int cmd_status(Cmd *cmd);
int cmd_why(Cmd *cmd);
int cmd_stats(Cmd *cmd);

int cmd_import(Cmd *cmd);
int cmd_export(Cmd *cmd);
int cmd_backup(Cmd *cmd);
int cmd_backup_list(Cmd *cmd);
int cmd_backup_restore(Cmd *cmd);
int cmd_verify(Cmd *cmd);

int cmd_config(Cmd *cmd);
int cmd_config_check(Cmd *cmd);
int cmd_version(Cmd *cmd);
int cmd_help(Cmd *cmd);

void cmd_print_usage(void);
