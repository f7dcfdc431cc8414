/*
 * The table of verbs and what is found by it. The man page is checked against it by
 * tests/client/check-words.py, completions are generated from it.
 */
#include "client/cmd.h"

#include <string.h>

#include "util/text.h"

const Option cmd_options[OPT_COUNT] = {
        [OPT_COLUMNS] = { 0, "columns", "NAMES", NULL,
                          "what the columns are, with commas between" },
        [OPT_HEADER] = { 0, "header", "WHEN", "when",
                         "the first line names the columns: auto, yes or no" },
        [OPT_SCOPE] = { 0, "scope", "SCOPE", "scope",
                        "where to look for a note: notetype or notetype+deck" },
        [OPT_INTO] = { 0, "into", "DECK", "deck", "where the cards go" },
        [OPT_DECK] = { 'd', "deck", "DECK", "deck",
                       "the deck; to review or count, with its subdecks" },
        [OPT_DRY_RUN] = { 0, "dry-run", NULL, NULL, "say what would happen, change nothing" },
        [OPT_FOLLOW] = { 'f', "follow", NULL, NULL, "go on, with a line at every change" },
        [OPT_FORMAT] = { 0, "format", "FORMAT", "format", "the reader: text" },
        [OPT_HTML] = { 0, "html", NULL, NULL, "fields are HTML and not text" },
        [OPT_I3BLOCKS] = { 0, "i3blocks", NULL, NULL, "text as i3blocks reads it" },
        [OPT_JSON] = { 0, "json", NULL, NULL, "JSON, for programs" },
        [OPT_LIMIT] = { 'n', "limit", "N", NULL, "at most so many" },
        [OPT_MATCH] = { 0, "match", "HOW", "match", "notes that are there: update, keep or both" },
        [OPT_NOTETYPE] = { 'n', "notetype", "TYPE", "notetype", "the note type" },
        [OPT_OUTPUT] = { 'o', "output", "FILE", "file", "the file to write" },
        [OPT_POLYBAR] = { 0, "polybar", NULL, NULL, "text as polybar's scripts print it" },
        [OPT_POPUP] = { 0, "popup", NULL, NULL, "as a notification" },
        [OPT_SEPARATOR] = { 0, "separator", "CHAR", NULL,
                            "between columns: tab, comma, semicolon and so on" },
        [OPT_TAG] = { 't', "tag", "TAG", "tag", "a tag; may be given more than once" },
        [OPT_VERBOSE] = { 'v', "verbose", NULL, NULL, "also what is known of the desktop" },
        [OPT_WAYBAR] = { 0, "waybar", NULL, NULL, "JSON as waybar's custom modules read it" },
        [OPT_XBAR] = { 0, "xbar", NULL, NULL, "text and menu as xbar and Argos read them" },
        [OPT_YES] = { 'y', "yes", NULL, NULL, "do not ask" },
};

#define CARDS "CARD...|QUERY"
#define CARDS_HELP                                                                                 \
        "Cards are named by number (12, 12,14 or 20-25) or by a search query in quotes; with a "   \
        "query it asks first on a terminal."
#define CARD_COLUMNS "card note deck state due question"

static const struct {
        const char *heading; /* begins a group */
        Verb verb;
} verbs[] = {
        { "Reviewing",
          { "review", "", OPT(DECK), 0, 0, "", "3", false, cmd_review,
            "review what is due, in the terminal",
            "Shows the question, then the answer, then takes the grade. ? lists the keys. On a dumb "
            "terminal, or with input from elsewhere, it reads one line per step.",
            NULL } },
        { NULL,
          { "next", "", OPT(DECK) | OPT(POPUP) | OPT(JSON), 0, 0, "", "3", false, cmd_next,
            "show the next card, here or as a notification",
            "Prints the question of the card that would be asked next and grades nothing. With --popup the card "
            "comes as a notification at once.",
            "card revision deck question" } },
        { NULL,
          { "show-answer", "", 0, 0, 0, "", "3", false, cmd_show_answer,
            "press Show answer on the notification", NULL, NULL } },
        { NULL,
          { "answer", "GRADE", 0, 1, 1, "grade", "3 5", false, cmd_answer,
            "grade the card on the notification", "GRADE is again, hard, good or easy, or 1 to 4.",
            "interval" } },
        { NULL,
          { "later", "", 0, 0, 0, "", "3", false, cmd_later,
            "send the notification away until later", NULL, NULL } },
        { NULL,
          { "hush", "TIME|today|[until] DATE|off", 0, 1, 2, "hush", "", false, cmd_hush,
            "no reminders for a time",
            "For a time such as 90m or 3d, for today, until a date such as 2026-12-01; off lifts it. "
            "A card on screen goes, ungraded.",
            "until" } },
        { NULL,
          { "undo", "", 0, 0, 0, "", "3", false, cmd_undo, "undo the newest action",
            "Any action: a grade, an edit, a deletion, an import. Without limit.", "what" } },
        { NULL,
          { "redo", "", 0, 0, 0, "", "3", false, cmd_redo, "do again what was undone last", NULL,
            "what" } },

        { "What is due",
          { "due", "", OPT(DECK) | OPT(JSON), 0, 0, "", "3", false, cmd_due,
            "how many cards are due", "For scripts: exit status 3 means that nothing is due.",
            "due learning review new" } },
        { NULL,
          { "status", "",
            OPT(JSON) | OPT(VERBOSE) | OPT(WAYBAR) | OPT(POLYBAR) | OPT(I3BLOCKS) | OPT(XBAR) |
                    OPT(FOLLOW),
            0, 0, "", "", false, cmd_status, "what the daemon is doing",
            "With --follow it prints anew whenever something changes, and sleeps in between.",
            "key value" } },
        { NULL,
          { "stats", "", OPT(DECK) | OPT(JSON), 0, 0, "", "", false, cmd_stats,
            "today, the last week, retention and the next 30 days", NULL, "key value" } },
        { NULL,
          { "why", "", OPT(LIMIT) | OPT(JSON), 0, 0, "", "3", false, cmd_why,
            "why Ebb asked, or did not",
            "The newest decisions on whether to ask by notification, newest first.",
            "when asked kind sentence" } },

        { "Notes and cards",
          { "add", "['FRONT :: BACK'|-]", OPT(DECK) | OPT(TAG) | OPT(NOTETYPE) | OPT(HTML), 0, -1,
            "", "5", false, cmd_add, "add a note",
            "One line holds the fields with \" :: \" between them. A line with {{c1::...}} becomes a Cloze "
            "note. Without arguments the editor opens on a template; with - every line of the "
            "input is a note. A deck that is missing is made.",
            "note cards" } },
        { NULL,
          { "edit", "CARD", 0, 1, 1, "card", "3 5", false, cmd_edit,
            "edit the note of a card in the editor",
            "Uses $VISUAL or $EDITOR. Exit status 3 means that nothing was changed.", NULL } },
        { NULL,
          { "show", "CARD", OPT(JSON), 1, 1, "card", "5", false, cmd_show,
            "everything about a card", NULL, "key value" } },
        { NULL,
          { "list", "[QUERY]", OPT(JSON) | OPT(LIMIT), 0, -1, "query", "3", true, cmd_list,
            "list cards that match a query",
            "Words, \"phrases\", deck:NAME, tag:NAME, note:TYPE, is:due|new|learning|review|suspended|"
            "buried|leech, flag:N, rated:N[:GRADE], added:N, due<7, stability>30, difficulty, interval, "
            "lapses>=4, reps, cid:N, nid:N, -not, or, ( ). Without a query, all cards.",
            CARD_COLUMNS } },
        { NULL,
          { "search", "QUERY", OPT(JSON) | OPT(LIMIT), 1, -1, "query", "3", true, cmd_list,
            "the same as list", NULL, CARD_COLUMNS } },
        { NULL,
          { "delete", CARDS, OPT(YES), 1, -1, "card", "3 5", true, cmd_delete,
            "delete the notes of cards, with all their cards",
            "Asks on a terminal; ebb undo brings them back. " CARDS_HELP, "deleted" } },
        { NULL,
          { "move", CARDS " DECK", OPT(YES), 2, -1, "card", "3 5", true, cmd_move,
            "move cards to another deck", "A deck that is missing is made. " CARDS_HELP,
            "changed" } },
        { NULL,
          { "suspend", CARDS, OPT(YES), 1, -1, "card", "3 5", true, cmd_suspend,
            "do not ask cards any more", CARDS_HELP, "changed" } },
        { NULL,
          { "unsuspend", CARDS, OPT(YES), 1, -1, "card", "3 5", true, cmd_unsuspend,
            "ask suspended cards again", CARDS_HELP, "changed" } },
        { NULL,
          { "bury", CARDS, OPT(YES), 1, -1, "card", "3 5", true, cmd_bury,
            "do not ask cards before the next day", CARDS_HELP, "changed" } },
        { NULL,
          { "unbury", CARDS, OPT(YES), 1, -1, "card", "3 5", true, cmd_unbury,
            "ask buried cards again today", CARDS_HELP, "changed" } },
        { NULL,
          { "flag", "FLAG " CARDS, OPT(YES), 2, -1, "card", "3 5", true, cmd_flag,
            "set the flag of cards", "FLAG is 0 (none) to 7. " CARDS_HELP, "changed" } },
        { NULL,
          { "reset", CARDS, OPT(YES), 1, -1, "card", "3 5", true, cmd_reset, "make cards new again",
            "Their reviews stay in the history. " CARDS_HELP, "changed" } },
        { NULL,
          { "history", "CARD", OPT(JSON), 1, 1, "card", "3 5", false, cmd_history,
            "the reviews of a card, oldest first", NULL,
            "when kind grade took_ms stability_days difficulty interval undone" } },
        { NULL,
          { "tag", "", OPT(JSON), 0, 0, "", "3", false, cmd_tag_list, "list tags", NULL,
            "tag notes" } },
        { NULL,
          { "tag add", "TAG[,TAG] " CARDS, OPT(YES), 2, -1, "tag", "3 5", true, cmd_tag_add,
            "add tags to the notes of cards", CARDS_HELP, "changed" } },
        { NULL,
          { "tag remove", "TAG[,TAG] " CARDS, OPT(YES), 2, -1, "tag", "3 5", true, cmd_tag_remove,
            "remove tags from the notes of cards", CARDS_HELP, "changed" } },
        { NULL,
          { "notetypes", "", OPT(JSON), 0, 0, "", "", false, cmd_notetypes,
            "list note types with their fields", NULL, "notetype fields templates" } },

        { "Decks",
          { "deck", "", OPT(JSON), 0, 0, "", "3", false, cmd_deck_list,
            "list decks and what is due in them", NULL, "deck new learning review total preset" } },
        { NULL,
          { "deck create", "DECK", 0, 1, 1, "", "5", false, cmd_deck_create, "make a deck",
            "Parts of the name are separated by \"::\"; those above it are made too.", NULL } },
        { NULL,
          { "deck rename", "DECK NAME", 0, 2, 2, "deck", "5", false, cmd_deck_rename,
            "give a deck another name or place", "Its subdecks go with it.", NULL } },
        { NULL,
          { "deck delete", "DECK", OPT(INTO) | OPT(YES), 1, 1, "deck", "5", false, cmd_deck_delete,
            "delete a deck; its cards go to Default or --into", NULL, NULL } },
        { NULL,
          { "deck preset", "DECK PRESET", 0, 2, 2, "deck", "5", false, cmd_deck_preset,
            "let a deck be scheduled by a preset", NULL, NULL } },
        { NULL,
          { "deck presets", "", OPT(JSON), 0, 0, "", "", false, cmd_deck_presets, "list presets",
            NULL, "preset" } },
        { NULL,
          { "deck options", "[PRESET] [KEY=VALUE]...", OPT(JSON), 0, -1, "preset", "5", false,
            cmd_deck_options, "show or change the options of a preset",
            "Without PRESET it is Default. A preset that is missing is made by the first change.",
            "option value default help" } },

        { "The collection",
          { "import", "FILE",
            OPT(COLUMNS) | OPT(DECK) | OPT(DRY_RUN) | OPT(FORMAT) | OPT(HEADER) | OPT(HTML) |
                    OPT(JSON) | OPT(MATCH) | OPT(NOTETYPE) | OPT(SCOPE) | OPT(SEPARATOR) | OPT(TAG),
            1, 1, "file", "3", false, cmd_import, "import notes from a file",
            "CSV, TSV and Anki's text files. All of it is imported or nothing; what is there already is "
            "updated (--match). FILE - is the input.",
            "key value" } },
        { NULL,
          { "export", "[QUERY]", OPT(OUTPUT) | OPT(DECK), 0, -1, "query", "3", true, cmd_export,
            "write notes to an Anki text file", "Without -o it goes to the output.", NULL } },
        { NULL,
          { "backup", "", 0, 0, 0, "", "", false, cmd_backup, "back up the collection now", NULL,
            "path" } },
        { NULL,
          { "backup list", "", OPT(JSON), 0, 0, "", "3", false, cmd_backup_list, "list backups",
            NULL, "path when bytes kind" } },
        { NULL,
          { "backup restore", "FILE", OPT(YES), 1, 1, "backup", "5", false, cmd_backup_restore,
            "put a backup in place of the collection",
            "The present collection is backed up first. Asks on a terminal; elsewhere it needs -y.",
            "saved" } },
        { NULL,
          { "verify", "", OPT(JSON), 0, 0, "", "", false, cmd_verify,
            "check everything derived against the operations",
            "Exit status 1 means that something differs.", "key value" } },

        { "The program",
          { "config", "", OPT(JSON), 0, 0, "", "", false, cmd_config, "show the configuration",
            NULL, "option value default where" } },
        { NULL,
          { "config check", "", 0, 0, 0, "", "", false, cmd_config_check,
            "check the configuration file",
            "Names every line that is wrong. Without a mistake the daemon uses it from now on.",
            NULL } },
        { NULL,
          { "version", "", 0, 0, 0, "", "", false, cmd_version, "versions of client and daemon",
            NULL, "key value" } },
        { NULL,
          { "help", "[VERB]", 0, 0, 2, "verb", "", false, cmd_help, "explain a verb", NULL,
            NULL } },
};

const Verb *cmd_verb(size_t index) {
        return index < ELEMENTS(verbs) ? &verbs[index].verb : NULL;
}

const char *cmd_heading(size_t index) {
        return index < ELEMENTS(verbs) ? verbs[index].heading : NULL;
}

const Verb *cmd_find(const char *name) {
        for (size_t i = 0; i < ELEMENTS(verbs); i++)
                if (strcmp(verbs[i].verb.name, name) == 0)
                        return &verbs[i].verb;

        return NULL;
}

const Verb *cmd_match(char **argv, int argc, int *ret_words) {
        const Verb *verb;

        if (argc >= 2) {
                _cleanup_free_ char *two = text_format("%s %s", argv[0], argv[1]);

                verb = two ? cmd_find(two) : NULL;
                /* "deck list" and "tag list" are what "deck" and "tag" do. */
                if (!verb && strcmp(argv[1], "list") == 0 &&
                    (strcmp(argv[0], "deck") == 0 || strcmp(argv[0], "tag") == 0))
                        verb = cmd_find(argv[0]);
                if (verb) {
                        *ret_words = 2;
                        return verb;
                }
        }
        verb = argc >= 1 ? cmd_find(argv[0]) : NULL;
        if (verb)
                *ret_words = 1;

        return verb;
}

const char *cmd_nearest(const char *word) {
        const char *best = NULL;
        size_t least = 3;

        /* Whoever stops early means what begins so; two letters are too few to tell. */
        for (size_t i = 0; strlen(word) > 2 && i < ELEMENTS(verbs); i++)
                if (text_starts_with(verbs[i].verb.name, word) &&
                    (!best || strlen(verbs[i].verb.name) < strlen(best)))
                        best = verbs[i].verb.name;
        if (best)
                return best;

        for (size_t i = 0; i < ELEMENTS(verbs); i++) {
                size_t distance = text_distance(word, verbs[i].verb.name);

                if (distance < least && distance < strlen(word)) {
                        least = distance;
                        best = verbs[i].verb.name;
                }
        }
        return best;
}

static const char *const grade_names[] = { "?", "Again", "Hard", "Good", "Easy" };

const char *cmd_grade_name(unsigned grade) {
        return grade_names[grade < ELEMENTS(grade_names) ? grade : 0];
}

unsigned cmd_parse_grade(const char *s) {
        for (unsigned grade = 1; grade < ELEMENTS(grade_names); grade++)
                if (strcasecmp(s, grade_names[grade]) == 0 ||
                    (s[0] && !s[1] &&
                     (s[0] == (char) ('0' + grade) ||
                      (s[0] | 0x20) == (grade_names[grade][0] | 0x20))))
                        return grade;

        return 0;
}
