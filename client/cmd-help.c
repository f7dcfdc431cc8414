/*
 * --help, `ebb help VERB`, and the table as lines for what is generated from it or checked against it.
 */
#include "client/cmd.h"

#include <stdio.h>
#include <string.h>

#include "client/out.h"
#include "client/term.h"
#include "util/text.h"

/* Prints text broken at the width of the terminal, each line indented. */
static void print_wrapped(const char *text, size_t indent) {
        size_t wide = out_columns() < 80 ? out_columns() : 80;
        TermLines lines = {};

        if (term_wrap(text, strlen(text), wide > indent + 12 ? wide - indent : 12, &lines) < 0)
                return;
        for (size_t i = 0; i < lines.n; i++)
                printf("%*s%.*s\n", (int) indent, "", (int) lines.lines[i].len,
                       lines.lines[i].text);

        term_lines_done(&lines);
}

static void print_option(const Option *option) {
        _cleanup_free_ char *left = NULL;

        left = text_format("%c%c%c --%s%s%s", option->letter ? '-' : ' ',
                           option->letter ? option->letter : ' ', option->letter ? ',' : ' ',
                           option->name, option->argument ? " " : "",
                           option->argument ? option->argument : "");
        printf("  %-22s %s\n", left ? left : "", option->help);
}

void cmd_print_usage(void) {
        const Verb *verb;

        printf("ebb VERB [OPTIONS] [ARGUMENTS]\n\n"
               "Recalls what is about to be forgotten. Options and arguments of a verb: ebb help VERB.\n");
        for (size_t i = 0; (verb = cmd_verb(i)); i++) {
                if (cmd_heading(i))
                        printf("\n%s%s%s\n", out_style(STYLE_BOLD), cmd_heading(i),
                               out_style(STYLE_PLAIN));
                if (out_is_terminal() && out_columns() < 60)
                        printf("  %s\n", verb->name);
                else
                        printf("  %-15s %s\n", verb->name, verb->summary);
        }
        printf("\nExit status: 0 done, 1 error, 2 wrong usage, 3 nothing due or found, 4 the daemon cannot be\n"
               "reached, 5 refused (no such card or deck, changed meanwhile).\n"
               "To a pipe, verbs print tab-separated lines; many take --json. See ebb(1).\n");
}

static void print_verb(const Verb *verb) {
        size_t verbs_under = 0;
        const Verb *other;

        printf("ebb %s%s%s%s\n", verb->name, verb->options ? " [OPTIONS]" : "",
               *verb->arguments ? " " : "", verb->arguments);
        print_wrapped(verb->summary, 2);
        if (verb->help) {
                putchar('\n');
                print_wrapped(verb->help, 0);
        }
        if (verb->options) {
                putchar('\n');
                for (size_t i = 0; i < OPT_COUNT; i++)
                        if (verb->options & (UINT32_C(1) << i))
                                print_option(&cmd_options[i]);
        }
        if (verb->columns) {
                printf("\nTo a pipe it prints:");
                for (const char *p = verb->columns; *p;) {
                        size_t len = strcspn(p, " ");

                        printf("%s%.*s", p == verb->columns ? " " : " TAB ", (int) len, p);
                        p += len + (p[len] == ' ');
                }
                putchar('\n');
        }
        if (strchr(verb->statuses, '3'))
                printf("Exit status 3: nothing due, found or to do.\n");
        if (strchr(verb->statuses, '5'))
                printf("Exit status 5: refused, what it names is not there or is there already.\n");

        for (size_t i = 0; (other = cmd_verb(i)); i++)
                if (other != verb && text_starts_with(other->name, verb->name) &&
                    other->name[strlen(verb->name)] == ' ')
                        printf("%s  ebb %-15s %s\n", verbs_under++ ? "" : "\nSee also:\n",
                               other->name, other->summary);
}

/* One line a verb: name, arguments, options, what arguments are, exit statuses, columns, summary. */
static void print_table(void) {
        const Verb *verb;

        for (size_t i = 0; (verb = cmd_verb(i)); i++) {
                printf("%s\t%s\t", verb->name, verb->arguments);
                for (size_t k = 0, n = 0; k < OPT_COUNT; k++)
                        if (verb->options & (UINT32_C(1) << k))
                                printf("%s%s", n++ ? "," : "", cmd_options[k].name);
                printf("\t%s\t%s\t%s\t%s\n", verb->complete, verb->statuses,
                       verb->columns ? verb->columns : "", verb->summary);
        }
        for (size_t k = 0; k < OPT_COUNT; k++) {
                const Option *o = &cmd_options[k];

                printf("--%s\t%c\t%s\t%s\t%s\n", o->name, o->letter ? o->letter : '-',
                       o->argument ? o->argument : "", o->complete ? o->complete : "", o->help);
        }
}

int cmd_help(Cmd *cmd) {
        const Verb *verb;
        int words;

        if (cmd->argc == 0) {
                cmd_print_usage();
                return CMD_OK;
        }
        if (cmd->argc == 1 && strcmp(cmd->argv[0], "--table") == 0) {
                print_table();
                return CMD_OK;
        }
        verb = cmd_match(cmd->argv, cmd->argc, &words);
        if (!verb || words != cmd->argc) {
                const char *near = cmd_nearest(cmd->argv[0]);

                out_error("There is no verb \"%s\".%s%s%s", cmd->argv[0],
                          near ? " Did you mean \"" : "", near ? near : "", near ? "\"?" : "");
                return CMD_USAGE;
        }
        print_verb(verb);
        return CMD_OK;
}

int cmd_version(Cmd *cmd) {
        _cleanup_(reply_freep) Reply *reply = NULL;

        printf("client\t%s\n", EBB_VERSION);
        if (call_properties(&cmd->call, NULL, EBB_IF_MANAGER, &reply) < 0)
                return call_failed(&cmd->call);

        printf("daemon\t%s\n", value_string(value_get(reply_arg(reply, 0), "Version"), ""));
        return CMD_OK;
}
