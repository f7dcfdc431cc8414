/*
 * ebb, the client: finds the verb, takes its options out of the arguments, runs it.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/cmd.h"
#include "client/out.h"
#include "util/text.h"

int cmd_usage_error(const Cmd *cmd, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);

        out_error("%s See: ebb help %s", text ? text : "", cmd->verb->name);
        return CMD_USAGE;
}

static int unknown_verb(char **argv) {
        const char *near = cmd_nearest(argv[0]);

        out_error("There is no verb \"%s\".%s%s%s See: ebb --help", argv[0],
                  near ? " Did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return CMD_USAGE;
}

static int take_option(Cmd *cmd, size_t id, const char *value) {
        const Option *option = &cmd_options[id];

        if (option->argument && !*value && id != OPT_DECK)
                return cmd_usage_error(cmd, "--%s needs its %s.", option->name, option->argument);

        cmd->options[id] = value;
        if (id == OPT_TAG)
                cmd->tags[cmd->n_tags++] = (char *) value;

        return CMD_OK;
}

static int unknown_option(Cmd *cmd, const char *arg) {
        const char *near = NULL;
        size_t least = 3;

        for (size_t i = 0; arg[1] == '-' && i < OPT_COUNT; i++)
                if ((cmd->verb->options & (UINT32_C(1) << i)) &&
                    text_distance(arg + 2, cmd_options[i].name) < least) {
                        near = cmd_options[i].name;
                        least = text_distance(arg + 2, near);
                }
        if (near)
                return cmd_usage_error(cmd, "%s has no option %s. Did you mean --%s?",
                                       cmd->verb->name, arg, near);

        return cmd_usage_error(
                cmd, "%s has no option %s. (An argument that begins with \"-\" goes after \"--\".)",
                cmd->verb->name, arg);
}

/* One option at argv[*i]; moves *i on when its argument is the next word. */
static int parse_option(Cmd *cmd, char **argv, int argc, int *i) {
        const char *arg = argv[*i], *value = NULL;
        size_t len, id;

        if (arg[1] == '-') {
                len = strcspn(arg + 2, "=");
                value = arg[2 + len] ? arg + 2 + len + 1 : NULL;
        } else {
                len = 1;
                value = arg[2] ? arg + 2 : NULL;
        }

        for (id = 0; id < OPT_COUNT; id++) {
                const Option *o = &cmd_options[id];

                if (!(cmd->verb->options & (UINT32_C(1) << id)))
                        continue;
                if (arg[1] == '-' ? strlen(o->name) == len && strncmp(arg + 2, o->name, len) == 0
                                  : o->letter && o->letter == arg[1])
                        break;
        }
        if (id == OPT_COUNT)
                return unknown_option(cmd, arg);

        if (!cmd_options[id].argument)
                return value ? unknown_option(cmd, arg) : take_option(cmd, id, "");
        if (!value) {
                if (*i + 1 >= argc)
                        return cmd_usage_error(cmd, "%s needs its %s.", arg,
                                               cmd_options[id].argument);
                value = argv[++*i];
        }
        return take_option(cmd, id, value);
}

/* `-tag:x` after a verb that takes a query is a word of the query. */
static bool is_query_word(const Cmd *cmd, const char *arg) {
        return cmd->verb->query && arg[1] != '-' && arg[2];
}

static int parse(Cmd *cmd, char **argv, int argc) {
        bool only_arguments = false;
        int r;

        for (int i = 0; i < argc; i++) {
                char *arg = argv[i];

                if (only_arguments || arg[0] != '-' || !arg[1] || is_query_word(cmd, arg)) {
                        cmd->argv[cmd->argc++] = arg;
                        continue;
                }
                if (strcmp(arg, "--") == 0) {
                        only_arguments = true;
                        continue;
                }
                if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
                        cmd->argv[0] = (char *) cmd->verb->name;
                        cmd->argc = 1;
                        cmd->verb = cmd_find("help");
                        return CMD_OK;
                }
                if (cmd->verb->run == cmd_help && strcmp(arg, "--table") == 0) {
                        cmd->argv[cmd->argc++] = arg;
                        continue;
                }
                r = parse_option(cmd, argv, argc, &i);
                if (r != CMD_OK)
                        return r;
        }

        if (cmd->argc < cmd->verb->min)
                return cmd_usage_error(cmd, "%s needs: %s.", cmd->verb->name, cmd->verb->arguments);
        if (cmd->verb->max >= 0 && cmd->argc > cmd->verb->max)
                return cmd_usage_error(
                        cmd, cmd->verb->max ? "%s takes only: %s." : "%s takes no arguments.%s",
                        cmd->verb->name, cmd->verb->arguments);
        return CMD_OK;
}

static int run(char **argv, int argc) {
        _cleanup_free_ char **arguments = NULL, **tags = NULL;
        Cmd cmd = {};
        int words, r;

        if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
                cmd_print_usage();
                return argc == 0 ? CMD_USAGE : CMD_OK;
        }
        if (strcmp(argv[0], "--version") == 0) {
                printf("ebb %s\n", EBB_VERSION);
                return CMD_OK;
        }
        cmd.verb = cmd_match(argv, argc, &words);
        if (!cmd.verb)
                return unknown_verb(argv);

        arguments = calloc((size_t) argc + 2, sizeof(*arguments));
        tags = calloc((size_t) argc + 1, sizeof(*tags));
        if (!arguments || !tags) {
                out_error("Out of memory.");
                return CMD_ERROR;
        }
        cmd.argv = arguments;
        cmd.tags = tags;

        r = parse(&cmd, argv + words, argc - words);
        if (r == CMD_OK)
                r = cmd.verb->run(&cmd);

        call_done(&cmd.call);
        return r;
}

int main(int argc, char **argv) {
        int r;

        (void) setlocale(LC_TIME, "");
        out_init();
        r = run(argv + 1, argc - 1);

        /* A full disk behind the output must not pass for success; a reader who went away is no error. */
        errno = 0;
        if ((fflush(stdout) != 0 || ferror(stdout)) && r == CMD_OK && errno != EPIPE) {
                out_error("Writing the output failed: %s.", strerror(errno));
                r = CMD_ERROR;
        }
        return r;
}
