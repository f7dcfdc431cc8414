/*
 * Writing notes: from one line, from many, and in the editor. Fields are HTML in the collection; what people
 * write is text, and is shown to them as text again as long as it holds nothing that text cannot say.
 */
#include "client/cmd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client/out.h"
#include "util/parse.h"
#include "util/text.h"

enum { FIELDS_MAX = 64, FILE_MAX = 16 << 20 };

#define SEPARATOR " :: "

/* Takes white space off both ends; the text stays where it begins. */
static void strip(char *text) {
        char *start = text_strip(text);

        memmove(text, start, strlen(start) + 1);
}

/* --- text and HTML --- */

static char *html_from_text(const char *text) {
        _cleanup_(textbuf_done) TextBuf b = {};
        char *ret;

        for (; *text; text++)
                switch (*text) {
                case '&':
                        textbuf_adds(&b, "&amp;");
                        break;
                case '<':
                        textbuf_adds(&b, "&lt;");
                        break;
                case '>':
                        textbuf_adds(&b, "&gt;");
                        break;
                case '\n':
                        textbuf_adds(&b, "<br>");
                        break;
                default:
                        textbuf_addc(&b, *text);
                }

        return textbuf_take(&b, &ret) < 0 ? NULL : ret;
}

/* The text html_from_text() would make this of, or NULL when there is none. */
static char *text_from_html(const char *html) {
        static const struct {
                const char *html;
                char c;
        } rows[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "<br>", '\n' } };
        _cleanup_(textbuf_done) TextBuf b = {};
        _cleanup_free_ char *text = NULL, *back = NULL;

        for (const char *p = html; *p;) {
                size_t i;

                for (i = 0; i < ELEMENTS(rows); i++)
                        if (text_starts_with(p, rows[i].html))
                                break;
                textbuf_addc(&b, i < ELEMENTS(rows) ? rows[i].c : *p);
                p += i < ELEMENTS(rows) ? strlen(rows[i].html) : 1;
        }
        if (textbuf_take(&b, &text) < 0)
                return NULL;

        back = html_from_text(text);
        return back && strcmp(back, html) == 0 ? TAKE_PTR(text) : NULL;
}

/* --- a note as it is written --- */

typedef struct Draft {
        char *notetype, *deck;
        char *names[FIELDS_MAX], *values[FIELDS_MAX]; /* values are HTML when `html` says so */
        bool html[FIELDS_MAX];
        size_t n;
        char **tags; /* borrowed from the command line, or `tag_line` split */
        size_t n_tags;
        char *tag_line, *own_tags[FIELDS_MAX];
} Draft;

static void draft_done(Draft *draft) {
        free(draft->notetype);
        free(draft->deck);
        free(draft->tag_line);
        for (size_t i = 0; i < draft->n; i++) {
                free(draft->names[i]);
                free(draft->values[i]);
        }
        *draft = (Draft){};
}

static int append_fields(sd_bus_message *m, const Draft *draft) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{ss}");
        if (r < 0)
                return r;

        for (size_t i = 0; i < draft->n; i++) {
                _cleanup_free_ char *html = NULL;

                if (!draft->html[i]) {
                        html = html_from_text(draft->values[i]);
                        if (!html)
                                return -ENOMEM;
                }
                r = sd_bus_message_append(m, "{ss}", draft->names[i],
                                          html ? html : draft->values[i]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

/* Adds the note. 0 or a negative errno with the sentence in the call. */
static int send_draft(Call *c, const Draft *draft, Reply **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = call_new(c, NULL, EBB_IF_CARDS, "Add", &m);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "ss", draft->notetype, draft->deck);
        if (r >= 0)
                r = append_fields(m, draft);
        if (r >= 0)
                r = call_append_strings(m, draft->tags, draft->n_tags);
        if (r < 0) {
                sd_bus_error_free(&c->error);
                return sd_bus_error_set_errnof(&c->error, r, "This is no valid UTF-8 text.");
        }
        return call_send(c, m, ret);
}

static void print_added(const Reply *reply) {
        _cleanup_free_ char *cards = NULL;
        int64_t note = value_int(reply_arg(reply, 0), 0);
        OutMode mode = out_mode(false);

        cards = out_value(mode, OUT_NUMBER, reply_arg(reply, 1));
        if (mode == OUT_PEOPLE)
                printf("Added note %" PRIi64 " (%s %s).\n", note,
                       reply_arg(reply, 1)->n == 1 ? "card" : "cards", cards ? cards : "");
        else
                printf("%" PRIi64 "\t%s\n", note, cards ? cards : "");
}

/* --- one line --- */

/* The fields of a note type, from ListNoteTypes. NULL when there is none of that name. */
static const Value *notetype_fields(const Reply *types, const char *name) {
        VALUE_FOREACH(type, reply_arg(types, 0))
        if (strcasecmp(value_string(value_at(type, 0), ""), name) == 0)
                return value_at(type, 1);

        return NULL;
}

static const char *notetype_of(const Cmd *cmd, const char *text) {
        if (cmd_has(cmd, OPT_NOTETYPE))
                return cmd->options[OPT_NOTETYPE];

        return strstr(text, "{{c1::") ? "Cloze" : "Basic";
}

/*
 * Fills a draft from "front :: back". 0; CMD_USAGE with a sentence in *ret_problem; CMD_ERROR.
 */
static int draft_from_line(const Cmd *cmd, const Reply *types, const char *text, Draft *ret,
                           char **ret_problem) {
        const char *notetype = notetype_of(cmd, text), *rest = text;
        const Value *fields = notetype_fields(types, notetype);

        if (!fields || fields->n == 0) {
                *ret_problem = text_format(
                        "There is no note type \"%s\"; ebb notetypes lists them.", notetype);
                return CMD_REFUSED;
        }
        ret->notetype = strdup(notetype);
        ret->deck = strdup(cmd_has(cmd, OPT_DECK) ? cmd->options[OPT_DECK] : "");
        ret->tags = cmd->tags;
        ret->n_tags = cmd->n_tags;

        /* The last field takes what is left, further separators included. */
        for (size_t i = 0; rest && i < fields->n && i < FIELDS_MAX; i++) {
                const char *next = i + 1 < fields->n ? strstr(rest, SEPARATOR) : NULL;

                ret->values[i] = next ? strndup(rest, (size_t) (next - rest)) : strdup(rest);
                ret->names[i] = strdup(value_string(value_at(fields, i), ""));
                ret->html[i] = cmd_has(cmd, OPT_HTML);
                ret->n++;
                if (!ret->values[i] || !ret->names[i])
                        return CMD_ERROR;
                strip(ret->values[i]);
                rest = next ? next + strlen(SEPARATOR) : NULL;
        }
        if (!ret->notetype || !ret->deck)
                return CMD_ERROR;
        if (*ret->values[0] == '\0') {
                *ret_problem = text_format("The front is empty.");
                return CMD_USAGE;
        }
        if (ret->n == 1 && fields->n > 1 && strcasecmp(notetype, "Cloze") != 0) {
                *ret_problem = text_format("The back is missing: write 'FRONT :: BACK'.");
                return CMD_USAGE;
        }
        return CMD_OK;
}

static int add_text(Cmd *cmd, const Reply *types, const char *text, char **ret_problem) {
        _cleanup_(draft_done) Draft draft = {};
        _cleanup_(reply_freep) Reply *reply = NULL;
        int r;

        r = draft_from_line(cmd, types, text, &draft, ret_problem);
        if (r != CMD_OK)
                return r;

        if (send_draft(&cmd->call, &draft, &reply) < 0) {
                *ret_problem = strdup(call_sentence(&cmd->call));
                return call_status(&cmd->call);
        }
        print_added(reply);
        return CMD_OK;
}

/* Every line of stdin a note. Lines that are refused are named, and the others added all the same. */
static int add_lines(Cmd *cmd, const Reply *types) {
        _cleanup_free_ char *line = NULL;
        size_t cap = 0, number = 0, added = 0, refused = 0;
        ssize_t len;

        while ((len = getline(&line, &cap, stdin)) >= 0) {
                _cleanup_free_ char *problem = NULL;
                int r;

                number++;
                if (strlen(line) < (size_t) len) {
                        out_error("Line %zu: it holds a NUL character.", number);
                        refused++;
                        continue;
                }
                if (*text_strip(line) == '\0')
                        continue;

                r = add_text(cmd, types, text_strip(line), &problem);
                if (r == CMD_OK) {
                        added++;
                        continue;
                }
                out_error("Line %zu: %s", number, problem ? problem : "Out of memory.");
                if (r == CMD_UNREACHABLE)
                        return r;
                refused++;
        }
        if (out_is_terminal())
                printf("%zu added, %zu refused.\n", added, refused);

        return refused ? CMD_ERROR : added ? CMD_OK : CMD_NOTHING;
}

/* --- the editor --- */

static int write_file(const char *text, char **ret_path) {
        const char *folder = getenv("XDG_RUNTIME_DIR");
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -1;
        size_t len = strlen(text);

        if (!folder || access(folder, W_OK) < 0)
                folder = getenv("TMPDIR");
        path = text_format("%s/ebb-note-XXXXXX.txt", folder && *folder ? folder : "/tmp");
        if (!path)
                return -ENOMEM;

        fd = mkostemps(path, 4, O_CLOEXEC);
        if (fd < 0)
                return -errno;

        for (size_t done = 0; done < len;) {
                ssize_t n = write(fd, text + done, len - done);

                if (n < 0) {
                        int saved = errno;

                        (void) unlink(path);
                        return -saved;
                }
                done += (size_t) n;
        }
        *ret_path = TAKE_PTR(path);
        return 0;
}

static int read_file(const char *path, char **ret) {
        _cleanup_(textbuf_done) TextBuf b = {};
        _cleanup_fclose_ FILE *f = NULL;
        char buf[4096];
        size_t n;

        f = fopen(path, "re");
        if (!f)
                return -errno;

        while ((n = fread(buf, 1, sizeof(buf), f)) > 0 && b.len < FILE_MAX)
                textbuf_add(&b, buf, n);
        if (ferror(f))
                return -EIO;
        if (b.len >= FILE_MAX)
                return -EFBIG;
        if (b.buf && (strlen(b.buf) < b.len || !utf8_valid(b.buf, b.len)))
                return -EILSEQ;

        return textbuf_take(&b, ret);
}

static const char *find_editor(void) {
        static const char *const names[] = { "VISUAL", "EDITOR" };

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                const char *editor = getenv(names[i]);

                if (editor && *editor)
                        return editor;
        }
        return "vi";
}

int cmd_run_editor(const char *text, char **ret, char **ret_path) {
        struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_quit;
        _cleanup_free_ char *path = NULL, *command = NULL;
        const char *editor = find_editor();
        int status, r;
        pid_t pid;

        r = write_file(text, &path);
        if (r < 0) {
                out_error("A temporary file cannot be written: %s.", strerror(-r));
                return CMD_ERROR;
        }
        command = text_format("%s \"$1\"", editor);
        (void) fflush(NULL);

        /* Ctrl-C in the editor is for the editor. */
        (void) sigaction(SIGINT, &ignore, &old_int);
        (void) sigaction(SIGQUIT, &ignore, &old_quit);
        pid = command ? fork() : -1;
        if (pid == 0) {
                (void) sigaction(SIGINT, &old_int, NULL);
                (void) sigaction(SIGQUIT, &old_quit, NULL);
                (void) execl("/bin/sh", "sh", "-c", command, editor, path, NULL);
                _exit(127);
        }
        while ((r = pid < 0 ? -1 : waitpid(pid, &status, 0)) < 0 && pid > 0 && errno == EINTR)
                ;
        (void) sigaction(SIGINT, &old_int, NULL);
        (void) sigaction(SIGQUIT, &old_quit, NULL);
        if (r < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                _cleanup_free_ char *left = NULL;
                bool same = read_file(path, &left) == 0 && strcmp(left, text) == 0;

                if (same)
                        (void) unlink(path);
                out_error("The editor \"%s\" failed; set $EDITOR to another.%s%s%s", editor,
                          same ? "" : " What was written is kept in ", same ? "" : path,
                          same ? "" : ".");
                return CMD_ERROR;
        }

        r = read_file(path, ret);
        if (r < 0) {
                out_error("%s cannot be read: %s.", path,
                          r == -EILSEQ ? "it is no UTF-8 text" : strerror(-r));
                return CMD_ERROR;
        }
        *ret_path = TAKE_PTR(path);
        return CMD_OK;
}

/* "=== Front ===" -> the index of that field; (HTML) behind the name is passed over. -1: no heading. */
static int heading(const Draft *draft, const char *line, size_t len) {
        if (len < 8 || strncmp(line, "=== ", 4) != 0 || strncmp(line + len - 4, " ===", 4) != 0)
                return -1;

        line += 4;
        len -= 8;
        if (len > 7 && strncmp(line + len - 7, " (HTML)", 7) == 0)
                len -= 7;
        for (size_t i = 0; i < draft->n; i++)
                if (strlen(draft->names[i]) == len && strncmp(draft->names[i], line, len) == 0)
                        return (int) i;

        return -1;
}

/* The draft as a text to edit. */
static char *draft_write(const Draft *draft, const char *intro, bool with_head) {
        _cleanup_(textbuf_done) TextBuf b = {};
        char *ret;

        textbuf_adds(&b, intro);
        if (with_head) {
                textbuf_addf(&b, "Deck: %s\nTags:", *draft->deck ? draft->deck : "Default");
                for (size_t i = 0; i < draft->n_tags; i++)
                        textbuf_addf(&b, " %s", draft->tags[i]);
                textbuf_addc(&b, '\n');
        }
        for (size_t i = 0; i < draft->n; i++)
                textbuf_addf(&b, "\n=== %s%s ===\n%s\n", draft->names[i],
                             draft->html[i] ? " (HTML)" : "", draft->values[i]);

        return textbuf_take(&b, &ret) < 0 ? NULL : ret;
}

static void read_head(Draft *draft, const char *line, size_t len) {
        char *rest, *tag;

        if (len >= 5 && strncmp(line, "Deck:", 5) == 0) {
                free(draft->deck);
                draft->deck = strndup(line + 5, len - 5);
                if (draft->deck)
                        strip(draft->deck);
        } else if (len >= 5 && strncmp(line, "Tags:", 5) == 0) {
                free(draft->tag_line);
                draft->tag_line = strndup(line + 5, len - 5);
                draft->tags = draft->own_tags;
                draft->n_tags = 0;
                rest = draft->tag_line;
                while ((tag = strsep(&rest, " \t,")) && draft->n_tags < FIELDS_MAX)
                        if (*tag)
                                draft->own_tags[draft->n_tags++] = tag;
        }
}

/* Reads what draft_write() wrote and somebody changed. False when no heading is left. */
static bool draft_read(Draft *draft, const char *text, bool with_head) {
        TextBuf values[FIELDS_MAX] = {};
        bool seen = false, ok = true;
        int field = -1;

        for (const char *end; *text; text = *end ? end + 1 : end) {
                int found;

                end = strchrnul(text, '\n');
                found = heading(draft, text, (size_t) (end - text));
                if (found >= 0) {
                        field = found;
                        seen = true;
                } else if (field >= 0) {
                        textbuf_add(&values[field], text, (size_t) (end - text));
                        textbuf_addc(&values[field], '\n');
                } else if (with_head)
                        read_head(draft, text, (size_t) (end - text));
        }
        for (size_t i = 0; i < draft->n; i++) {
                char *value = NULL;

                ok = textbuf_take(&values[i], &value) == 0 && ok;
                if (!value)
                        continue;
                strip(value);
                free(draft->values[i]);
                draft->values[i] = value;
        }
        return ok && seen;
}

static int add_in_editor(Cmd *cmd, const Reply *types) {
        const char *notetype = cmd_has(cmd, OPT_NOTETYPE) ? cmd->options[OPT_NOTETYPE] : "Basic";
        _cleanup_free_ char *before = NULL, *after = NULL, *path = NULL;
        const Value *fields = notetype_fields(types, notetype);
        _cleanup_(draft_done) Draft draft = {};
        _cleanup_(reply_freep) Reply *reply = NULL;
        int r;

        if (!fields) {
                out_error("There is no note type \"%s\"; ebb notetypes lists them.", notetype);
                return CMD_REFUSED;
        }
        draft.notetype = strdup(notetype);
        draft.deck = strdup(cmd_has(cmd, OPT_DECK) ? cmd->options[OPT_DECK] : "");
        draft.tags = cmd->tags;
        draft.n_tags = cmd->n_tags;
        for (size_t i = 0; i < fields->n && i < FIELDS_MAX; i++) {
                draft.names[i] = strdup(value_string(value_at(fields, i), ""));
                draft.values[i] = strdup("");
                draft.html[i] = cmd_has(cmd, OPT_HTML);
                draft.n++;
                if (!draft.names[i] || !draft.values[i])
                        return CMD_ERROR;
        }
        before =
                draft.notetype && draft.deck
                        ? draft_write(
                                  &draft,
                                  "# A new note. Write below the headings, save and leave the editor. "
                                  "Leave it as it is to add nothing.\n",
                                  true)
                        : NULL;
        if (!before)
                return CMD_ERROR;

        r = cmd_run_editor(before, &after, &path);
        if (r != CMD_OK)
                return r;
        if (strcmp(before, after) == 0) {
                (void) unlink(path);
                out_error("Nothing was written, nothing is added.");
                return CMD_NOTHING;
        }
        if (!draft_read(&draft, after, true)) {
                out_error("The headings are gone. What you wrote is kept in %s.", path);
                return CMD_ERROR;
        }
        if (send_draft(&cmd->call, &draft, &reply) < 0) {
                r = call_failed(&cmd->call);
                out_error("What you wrote is kept in %s.", path);
                return r;
        }
        (void) unlink(path);
        print_added(reply);
        return CMD_OK;
}

int cmd_add(Cmd *cmd) {
        _cleanup_free_ char *text = NULL, *problem = NULL;
        _cleanup_(reply_freep) Reply *types = NULL;
        int r;

        if (call(&cmd->call, EBB_IF_CARDS, "ListNoteTypes", &types, NULL) < 0)
                return call_failed(&cmd->call);

        if (cmd->argc == 0 && isatty(STDIN_FILENO))
                return add_in_editor(cmd, types);
        if (cmd->argc == 0)
                return cmd_usage_error(
                        cmd,
                        "There is no terminal for the editor; write 'FRONT :: BACK', or - for the input.");
        if (cmd->argc == 1 && strcmp(cmd->argv[0], "-") == 0)
                return add_lines(cmd, types);

        text = cmd_join(cmd, 0);
        r = text ? add_text(cmd, types, text, &problem) : CMD_ERROR;
        if (r != CMD_OK)
                out_error("%s", problem ? problem : "Out of memory.");
        return r;
}

/* Sends the fields that differ. */
static int send_edit(Call *c, int64_t note, const Draft *draft, char *const *before,
                     bool *ret_changed) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Draft changed = {};
        int r;

        /* Borrows from the draft; nothing of it is freed here. */
        for (size_t i = 0; i < draft->n; i++)
                if (strcmp(draft->values[i], before[i]) != 0) {
                        changed.names[changed.n] = draft->names[i];
                        changed.values[changed.n] = draft->values[i];
                        changed.html[changed.n++] = draft->html[i];
                }
        *ret_changed = changed.n > 0;
        if (changed.n == 0)
                return 0;

        r = call_new(c, NULL, EBB_IF_CARDS, "Edit", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "x", note);
        if (r >= 0)
                r = append_fields(m, &changed);
        if (r < 0)
                return r;

        return call_send(c, m, NULL);
}

int cmd_edit_note(Call *c, int64_t note, bool *ret_changed) {
        _cleanup_free_ char *text = NULL, *after = NULL, *path = NULL;
        _cleanup_(draft_done) Draft draft = {};
        _cleanup_(reply_freep) Reply *reply = NULL;
        char *before[FIELDS_MAX];
        bool seen;
        int r;

        *ret_changed = false;
        if (call(c, EBB_IF_CARDS, "GetNote", &reply, "x", note) < 0)
                return call_failed(c);

        VALUE_FOREACH(field, reply_arg(reply, 2)) {
                const char *html = value_string(value_at(field, 1), "");
                size_t i = draft.n;

                if (i == FIELDS_MAX)
                        break;
                draft.names[i] = strdup(value_string(value_at(field, 0), ""));
                draft.values[i] = text_from_html(html);
                draft.html[i] = !draft.values[i];
                if (!draft.values[i])
                        draft.values[i] = strdup(html);
                draft.n++;
                if (!draft.names[i] || !draft.values[i])
                        return CMD_ERROR;
        }
        text = draft_write(&draft,
                           "# Change the fields below their headings, save and leave the editor.\n",
                           false);
        if (!text)
                return CMD_ERROR;

        r = cmd_run_editor(text, &after, &path);
        if (r != CMD_OK)
                return r;

        for (size_t i = 0; i < draft.n; i++)
                before[i] = strdup(draft.values[i]);
        seen = draft_read(&draft, after, false);
        for (size_t i = 0; i < draft.n; i++) {
                /* White space around a field is not shown to who edits; it alone is no change. */
                if (before[i])
                        strip(before[i]);
                else
                        seen = false;
        }
        r = !seen ? -EBADMSG : send_edit(c, note, &draft, before, ret_changed);
        for (size_t i = 0; i < draft.n; i++)
                free(before[i]);
        if (!seen) {
                out_error("The headings are gone. What you wrote is kept in %s.", path);
                return CMD_ERROR;
        }
        if (r < 0) {
                r = call_failed(c);
                out_error("What you wrote is kept in %s.", path);
                return r;
        }
        (void) unlink(path);
        return *ret_changed ? CMD_OK : CMD_NOTHING;
}

int cmd_edit(Cmd *cmd) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        bool changed;
        int64_t id;
        int r;

        if (parse_int(cmd->argv[0], 1, INT64_MAX, &id) < 0)
                return cmd_usage_error(cmd, "\"%s\" is no number of a card; ebb list shows them.",
                                       cmd->argv[0]);
        if (!isatty(STDIN_FILENO) && !getenv("EDITOR") && !getenv("VISUAL"))
                return cmd_usage_error(cmd, "There is no terminal for the editor.");
        if (call(&cmd->call, EBB_IF_CARDS, "Get", &reply, "x", id) < 0)
                return call_failed(&cmd->call);

        r = cmd_edit_note(&cmd->call, value_int(value_get(reply_arg(reply, 0), "note"), 0),
                          &changed);
        if (r == CMD_OK && out_is_terminal())
                printf("Saved.\n");
        if (r == CMD_NOTHING)
                out_error("Nothing was changed.");
        return r;
}
