/*
 * What takes a while: import, export, backup, verify. The daemon does it as a job; here is its progress, and for
 * an import the reader that turns a file into a note stream.
 */
#include "client/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client/out.h"
#include "util/text.h"

typedef struct JobWait {
        const char *label;
        Call *call;
        Reply *end;
        uint64_t done, total;
        int error;
        bool bar; /* one is on screen */
} JobWait;

static void draw_bar(JobWait *w) {
        size_t wide = out_columns() > 30 + strlen(w->label) ? 24 : 10;
        uint64_t filled;

        if (!isatty(STDERR_FILENO))
                return;

        w->bar = true;
        if (w->total == 0) {
                fprintf(stderr, "\r%s %" PRIu64 " ", w->label, w->done);
                return;
        }
        filled = w->done >= w->total ? wide : w->done * wide / w->total;
        fprintf(stderr, "\r%s [", w->label);
        for (uint64_t i = 0; i < wide; i++)
                fputc(i < filled ? '#' : '.', stderr);
        fprintf(stderr, "] %3" PRIu64 " %%", w->done >= w->total ? 100 : w->done * 100 / w->total);
}

static void clear_bar(JobWait *w) {
        if (w->bar)
                fprintf(stderr, "\r%*s\r",
                        (int) (strlen(w->label) + 36 < out_columns() ? strlen(w->label) + 36
                                                                     : out_columns() - 1),
                        "");
        w->bar = false;
}

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        JobWait *w = userdata;

        if (reply_new(m, &reply) < 0)
                return 0;

        w->done = (uint64_t) value_int(value_get(reply_arg(reply, 1), "Done"), (int64_t) w->done);
        w->total =
                (uint64_t) value_int(value_get(reply_arg(reply, 1), "Total"), (int64_t) w->total);
        draw_bar(w);
        return 0;
}

static int on_end(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        JobWait *w = userdata;

        if (sd_bus_message_is_method_error(m, NULL)) {
                sd_bus_error_free(&w->call->error);
                (void) sd_bus_error_copy(&w->call->error, sd_bus_message_get_error(m));
                w->error = -EIO;
                return 0;
        }
        w->error = reply_new(m, &w->end);
        return 0;
}

/*
 * Waits for the job that `started` names. *ret: (ok, message, result). 0 or a negative errno with the error in the
 * call.
 */
static int wait_job(Call *c, const Reply *started, const char *label, Reply **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *progress = NULL, *end = NULL;
        const char *path = value_string(reply_arg(started, 0), EBB_PATH_JOB);
        JobWait w = { .label = label, .call = c };
        int r;

        r = sd_bus_match_signal_async(c->bus, &progress, EBB_BUS_NAME, path,
                                      "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                      on_progress, NULL, &w);
        if (r >= 0)
                r = call_new(c, path, EBB_IF_JOB, "Wait", &m);
        if (r >= 0)
                r = sd_bus_call_async(c->bus, &end, m, on_end, &w, UINT64_MAX);

        while (r >= 0 && !w.end && w.error == 0) {
                r = sd_bus_process(c->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(c->bus, UINT64_MAX);
                if (r == -EINTR)
                        r = 0;
        }
        clear_bar(&w);
        if (r < 0) {
                reply_free(w.end);
                sd_bus_error_free(&c->error);
                return sd_bus_error_set_errno(&c->error, r);
        }
        if (w.error < 0)
                return w.error;

        *ret = w.end;
        return 0;
}

/* Prints how the job ended. `keys` are the numbers and texts of its result, in their order. */
static int print_end(Cmd *cmd, const Reply *end, const OutColumn *keys, size_t n) {
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        bool ok = value_int(reply_arg(end, 0), 0);
        const char *message = value_string(reply_arg(end, 1), "");
        const Value *result = reply_arg(end, 2);
        _cleanup_(json_writer_done) JsonWriter w = {};
        _cleanup_free_ char *safe = out_line(message);

        if (mode == OUT_JSON) {
                json_open(&w, '{');
                json_put_key(&w, "ok");
                json_put_bool(&w, ok);
                json_put_key(&w, "message");
                json_put_string(&w, message);
                out_json_members(&w, keys, n, result);
                json_close(&w, '}');
                out_json_finish(&w);
        } else if (mode == OUT_LINES && ok)
                out_record(mode, keys, n, result);
        else if (ok)
                printf("%s\n", safe ? safe : "");
        if (!ok)
                out_error("%s", message);

        if (mode != OUT_JSON) {
                VALUE_FOREACH(text, value_get(result, "messages"))
                out_error("%s", value_string(text, ""));
                if (value_int(value_get(result, "more"), 0))
                        out_error("And %" PRIi64 " more.", value_int(value_get(result, "more"), 0));
        }
        return ok ? CMD_OK : CMD_ERROR;
}

/* A job without arguments, from start to end. */
static int run_job(Cmd *cmd, const char *member, const char *label, const OutColumn *keys, size_t n,
                   Reply **ret) {
        _cleanup_(reply_freep) Reply *started = NULL, *end = NULL;
        int r;

        if (call(&cmd->call, EBB_IF_JOBS, member, &started, NULL) < 0 ||
            wait_job(&cmd->call, started, label, &end) < 0)
                return call_failed(&cmd->call);

        r = print_end(cmd, end, keys, n);
        *ret = TAKE_PTR(end);
        return r;
}

int cmd_verify(Cmd *cmd) {
        static const OutColumn keys[] = {
                { "differences", "Differences", OUT_NUMBER },
                { "messages", NULL, OUT_TEXT },
                { "more", NULL, OUT_NUMBER },
        };
        _cleanup_(reply_freep) Reply *end = NULL;

        return run_job(cmd, "Verify", "Verifying", keys, 1 + 2 * cmd_has(cmd, OPT_JSON), &end);
}

int cmd_backup(Cmd *cmd) {
        static const OutColumn keys[] = { { "path", "Path", OUT_TEXT } };
        _cleanup_(reply_freep) Reply *started = NULL, *end = NULL;
        _cleanup_free_ char *path = NULL;

        if (out_is_terminal())
                return run_job(cmd, "Backup", "Backing up", keys, ELEMENTS(keys), &end);

        if (call(&cmd->call, EBB_IF_JOBS, "Backup", &started, NULL) < 0 ||
            wait_job(&cmd->call, started, "Backing up", &end) < 0)
                return call_failed(&cmd->call);
        if (!value_int(reply_arg(end, 0), 0)) {
                out_error("%s", value_string(reply_arg(end, 1), ""));
                return CMD_ERROR;
        }
        path = out_field(value_string(value_get(reply_arg(end, 2), "path"), ""));
        printf("%s\n", path ? path : "");
        return CMD_OK;
}

/*
 * The path last and never shortened: it may be wider than the terminal, and it is what
 * ebb backup restore needs.
 */
static void print_backups(const Value *rows) {
        VALUE_FOREACH(row, rows) {
                _cleanup_free_ char *when = out_value(OUT_PEOPLE, OUT_PAST, value_at(row, 1));
                _cleanup_free_ char *size = out_value(OUT_PEOPLE, OUT_SIZE, value_at(row, 2));
                _cleanup_free_ char *kind = out_line(value_string(value_at(row, 3), ""));
                _cleanup_free_ char *path = out_line(value_string(value_at(row, 0), ""));

                printf("%s  %11s  %-9s  %s\n", when ? when : "", size ? size : "", kind ? kind : "",
                       path ? path : "");
        }
}

int cmd_backup_list(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "path", "File", OUT_TEXT, 0 },
                { "when", "When", OUT_PAST, 1 },
                { "bytes", "Size", OUT_SIZE, 2 },
                { "kind", "Kind", OUT_TEXT, 3 },
        };
        OutMode mode = out_mode(cmd_has(cmd, OPT_JSON));
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_MANAGER, "ListBackups", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        if (mode == OUT_PEOPLE)
                print_backups(reply_arg(reply, 0));
        else
                out_rows(mode, columns, ELEMENTS(columns), reply_arg(reply, 0), true, true);
        if (reply_arg(reply, 0)->n)
                return CMD_OK;

        if (out_is_terminal() && !cmd_has(cmd, OPT_JSON))
                printf("There is no backup yet; ebb backup makes one.\n");
        return CMD_NOTHING;
}

int cmd_backup_restore(Cmd *cmd) {
        _cleanup_free_ char *path = NULL, *question = NULL, *saved = NULL;
        _cleanup_(reply_freep) Reply *reply = NULL;

        /* A name without a folder may be that of a listed backup; the daemon looks. */
        path = realpath(cmd->argv[0], NULL);
        if (!path)
                path = strdup(cmd->argv[0]);
        question =
                text_format("Put %s in place of the present collection, which is backed up first?",
                            path ? path : "?");
        if (!path || !question)
                return CMD_ERROR;
        if (!cmd_confirm(question, cmd_has(cmd, OPT_YES), false)) {
                if (!isatty(STDIN_FILENO))
                        return cmd_usage_error(cmd, "Without a terminal to ask on, -y is needed.");
                return CMD_NOTHING;
        }
        if (call(&cmd->call, EBB_IF_MANAGER, "RestoreBackup", &reply, "s", path) < 0)
                return call_failed(&cmd->call);

        saved = out_value(out_mode(false), OUT_TEXT, reply_arg(reply, 0));
        if (out_is_terminal())
                printf("Restored. What was there before is %s.\n", saved ? saved : "?");
        else
                printf("%s\n", saved ? saved : "");
        return CMD_OK;
}

/* --- export --- */

/* The file the export goes to: a new one beside `path`, renamed at the end, or `path` itself when it is no file. */
static int open_output(const char *path, char **ret_temporary, int *ret_fd) {
        _cleanup_free_ char *temporary = NULL;
        struct stat st;
        mode_t mask;
        int fd;

        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
                fd = open(path, O_WRONLY | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
                *ret_fd = fd;
                return 0;
        }
        temporary = text_format("%s.XXXXXX", path);
        if (!temporary)
                return -ENOMEM;

        fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return -errno;

        mask = umask(0);
        (void) umask(mask);
        (void) fchmod(fd, 0666 & ~mask);
        *ret_fd = fd;
        *ret_temporary = TAKE_PTR(temporary);
        return 0;
}

static char *export_query(const Cmd *cmd) {
        _cleanup_free_ char *query = cmd_join(cmd, 0);

        if (!cmd_has(cmd, OPT_DECK) || !query)
                return TAKE_PTR(query);

        return text_format("deck:\"%s\"%s%s%s", cmd->options[OPT_DECK], *query ? " (" : "", query,
                           *query ? ")" : "");
}

int cmd_export(Cmd *cmd) {
        const char *path = cmd->options[OPT_OUTPUT];
        _cleanup_free_ char *temporary = NULL, *query = NULL;
        _cleanup_(reply_freep) Reply *started = NULL, *end = NULL;
        _cleanup_close_ int opened = -1;
        int r, status;

        if (!path && out_is_terminal())
                return cmd_usage_error(cmd, "An export is for a file: -o FILE, or a pipe.");

        query = export_query(cmd);
        if (!query)
                return CMD_ERROR;
        if (path) {
                r = open_output(path, &temporary, &opened);
                if (r < 0) {
                        out_error("%s cannot be written: %s.", path, strerror(-r));
                        return CMD_ERROR;
                }
        }

        r = call(&cmd->call, EBB_IF_JOBS, "Export", &started, "ha{sv}",
                 opened >= 0 ? opened : STDOUT_FILENO, 1, "query", "s", query);
        if (r >= 0)
                r = wait_job(&cmd->call, started, "Exporting", &end);
        if (r < 0)
                status = call_failed(&cmd->call);
        else if (!value_int(reply_arg(end, 0), 0)) {
                out_error("%s", value_string(reply_arg(end, 1), ""));
                status = CMD_ERROR;
        } else
                status = value_int(value_get(reply_arg(end, 2), "notes"), 0) ? CMD_OK : CMD_NOTHING;

        if (temporary && (status == CMD_OK || status == CMD_NOTHING)) {
                if (rename(temporary, path) < 0) {
                        out_error("%s cannot be written: %s.", path, strerror(errno));
                        status = CMD_ERROR;
                }
        }
        if (temporary && status != CMD_OK && status != CMD_NOTHING)
                (void) unlink(temporary);
        if (path && (status == CMD_OK || status == CMD_NOTHING) && out_is_terminal()) {
                _cleanup_free_ char *safe = out_line(value_string(reply_arg(end, 1), ""));

                printf("%s\n", safe ? safe : "");
        }
        return status;
}

/* --- import --- */

/* Folders where readers lie, before $PATH: told by the environment, installed, in a build folder. */
static char *find_reader(const char *name) {
        static const char *const beside[] = { "../libexec/ebb", "../libexec", "../lib/ebb",
                                              "readers", "." };
        const char *folder = getenv("EBB_LIBEXEC");
        _cleanup_free_ char *self = NULL;
        char *path, *slash;

        if (folder && *folder)
                return text_format("%s/%s", folder, name);

        self = realpath("/proc/self/exe", NULL);
        slash = self ? strrchr(self, '/') : NULL;
        if (slash)
                *slash = '\0';
        for (size_t i = 0; slash && i < ELEMENTS(beside); i++) {
                path = text_format("%s/%s/%s", self, beside[i], name);
                if (path && access(path, X_OK) == 0)
                        return path;
                free(path);
        }
        return strdup(name);
}

/* Adds "--name=value" to the arguments of a reader. */
static void add_argument(char **argv, size_t *n, const char *name, const char *value) {
        argv[*n] = text_format("--%s=%s", name, value);
        if (argv[*n])
                (*n)++;
}

static char *join_tags(const Cmd *cmd) {
        _cleanup_(textbuf_done) TextBuf b = {};
        char *ret;

        for (size_t i = 0; i < cmd->n_tags; i++)
                textbuf_addf(&b, "%s%s", i ? " " : "", cmd->tags[i]);
        return textbuf_take(&b, &ret) < 0 ? NULL : ret;
}

/* Starts the reader with its output to a pipe; *ret_fd is the end to read. */
static int start_reader(const Cmd *cmd, const char *reader, pid_t *ret_pid, int *ret_fd) {
        static const OptionId passed[] = { OPT_COLUMNS,  OPT_DECK,  OPT_HEADER,   OPT_MATCH,
                                           OPT_NOTETYPE, OPT_SCOPE, OPT_SEPARATOR };
        _cleanup_close_ int out = -1, in = -1;
        _cleanup_free_ char *tags = join_tags(cmd);
        char *argv[ELEMENTS(passed) + 8] = {};
        size_t n = 1, n_texts;
        int fds[2];
        pid_t pid;

        argv[0] = (char *) reader;
        for (size_t i = 0; i < ELEMENTS(passed); i++)
                if (cmd_has(cmd, passed[i]))
                        add_argument(argv, &n, cmd_options[passed[i]].name,
                                     cmd->options[passed[i]]);
        if (cmd->n_tags > 0 && tags)
                add_argument(argv, &n, "tags", tags);
        if (cmd_has(cmd, OPT_HTML))
                add_argument(argv, &n, "html", "yes");
        n_texts = n;
        argv[n++] = (char *) "--";
        argv[n++] = cmd->argv[0];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;

        in = fds[0];
        out = fds[1];
        (void) fflush(NULL);
        pid = fork();
        if (pid == 0) {
                (void) dup2(out, STDOUT_FILENO);
                (void) execvp(reader, argv);
                fprintf(stderr, "ebb: The reader %s cannot be started: %s.\n", reader,
                        strerror(errno));
                _exit(127);
        }
        for (size_t i = 1; i < n_texts; i++)
                free(argv[i]);
        if (pid < 0)
                return -errno;

        *ret_pid = pid;
        *ret_fd = TAKE_FD(in);
        return 0;
}

static int call_import(Cmd *cmd, int fd, Reply **ret) {
        const char *slash = strrchr(cmd->argv[0], '/');
        const char *label = slash && slash[1] ? slash + 1 : cmd->argv[0];
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const struct {
                const char *key, *value;
        } texts[] = {
                { "label", strcmp(label, "-") == 0 ? "input" : label },
                { "match", cmd->options[OPT_MATCH] },
                { "deck", cmd->options[OPT_DECK] },
        };
        int r;

        r = call_new(&cmd->call, NULL, EBB_IF_JOBS, "Import", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "h", fd);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ELEMENTS(texts); i++)
                if (texts[i].value)
                        r = sd_bus_message_append(m, "{sv}", texts[i].key, "s", texts[i].value);
        if (r >= 0 && cmd_has(cmd, OPT_DRY_RUN))
                r = sd_bus_message_append(m, "{sv}", "dry-run", "b", 1);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return call_send(&cmd->call, m, ret);
}

/* Ends the reader when it still runs, and says whether it had failed by itself. */
static bool reader_failed(pid_t pid, bool end_it) {
        int status;

        if (end_it)
                (void) kill(pid, SIGTERM);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return true;

        return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int cmd_import(Cmd *cmd) {
        static const OutColumn keys[] = {
                { "added", "Added", OUT_NUMBER },         { "updated", "Updated", OUT_NUMBER },
                { "unchanged", "Unchanged", OUT_NUMBER }, { "kept", "Kept", OUT_NUMBER },
                { "refused", "Refused", OUT_NUMBER },     { "backup", "Backup", OUT_TEXT },
                { "messages", NULL, OUT_TEXT },           { "more", NULL, OUT_NUMBER },
        };
        const char *format = cmd_has(cmd, OPT_FORMAT) ? cmd->options[OPT_FORMAT] : "text";
        _cleanup_free_ char *name = NULL, *reader = NULL;
        _cleanup_(reply_freep) Reply *started = NULL, *end = NULL;
        const Value *result;
        int fd = -1, r, status;
        struct stat st;
        bool failed;
        pid_t pid = -1;

        if (strcmp(format, "text") != 0)
                return cmd_usage_error(cmd, "There is no reader for \"%s\"; there is: text.",
                                       format);
        /* Named here, not by the reader, so that a mistyped name does not read as a broken file. */
        if (strcmp(cmd->argv[0], "-") != 0 && access(cmd->argv[0], R_OK) < 0) {
                out_error("%s cannot be read: %s.", cmd->argv[0], strerror(errno));
                return CMD_ERROR;
        }
        if (stat(cmd->argv[0], &st) == 0 && S_ISDIR(st.st_mode)) {
                out_error("%s is a folder; name a file in it.", cmd->argv[0]);
                return CMD_ERROR;
        }
        if (call_connect(&cmd->call) < 0)
                return call_failed(&cmd->call);

        name = text_format("ebb-read-%s", format);
        reader = name ? find_reader(name) : NULL;
        if (!reader)
                return CMD_ERROR;

        r = start_reader(cmd, reader, &pid, &fd);
        if (r < 0) {
                out_error("The reader %s cannot be started: %s.", reader, strerror(-r));
                return CMD_ERROR;
        }
        r = call_import(cmd, fd, &started);
        (void) close(fd);
        if (r >= 0)
                r = wait_job(&cmd->call, started, "Importing", &end);
        failed = reader_failed(pid, r < 0);
        if (r < 0)
                return call_failed(&cmd->call);

        /* A reader that failed has said why; that its stream was cut off then says nothing more. */
        if (failed && !value_int(reply_arg(end, 0), 0))
                return CMD_ERROR;

        status = print_end(cmd, end, keys, ELEMENTS(keys) - 2 * !cmd_has(cmd, OPT_JSON));
        result = reply_arg(end, 2);
        if (status == CMD_OK && value_int(value_get(result, "added"), 0) == 0 &&
            value_int(value_get(result, "updated"), 0) == 0)
                return CMD_NOTHING;

        return status;
}
