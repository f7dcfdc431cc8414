/*
 * ebb-notify: the notification client. A child of ebbd for as long as something is on screen; it shows
 * what it is told over the socket it inherits and reports what happens to it. It knows nothing of
 * cards. Everything that can hang with the notification server hangs here, where the daemon may
 * end it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <libnotify/notify.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/notify/popup.h"
#include "client/notify/protocol.h"

enum {
        END_WITHIN_S = 2, /* a server that hangs must not keep us */
        ASK_AGAIN_S = 1,  /* one that has its name and does not answer to it yet */
};

#define SERVER_NAME "org.freedesktop.Notifications"

static int socket_fd = 3;
static int term_fd = -1;
static GMainLoop *loop;
static GDBusConnection *bus;
static guint server_watch;
static guint ask_timer;

/*
 * notify_uninit() would close what is on screen one call at a time and wait 25 s for each, so it is
 * never called; the card is closed here, and the alarm sees to it that even that has an end.
 */
static G_GNUC_NORETURN void end(int status) {
        alarm(END_WITHIN_S);
        popup_end();
        if (bus)
                (void) g_dbus_connection_flush_sync(bus, NULL, NULL);
        _exit(status);
}

static void report(const NotifyMessage *message) {
        int r;

        r = notify_message_send(socket_fd, message);
        if (r == -EBADMSG)
                fprintf(stderr, "ebb-notify: a report of kind %d does not fit its message\n",
                        (int) message->kind);
        else if (r < 0)
                end(EXIT_SUCCESS); /* the daemon is gone or stopped reading: it will start another */
}

static void report_shown(uint64_t generation, int32_t id) {
        report(&(NotifyMessage){ .kind = NOTIFY_SHOWN, .generation = generation, .number = id });
}

static void report_clicked(uint64_t generation, const char *key, const char *token) {
        report(&(NotifyMessage){
                .kind = NOTIFY_CLICKED,
                .generation = generation,
                .n_strings = token ? 2 : 1,
                .strings = { key, token },
        });
}

static void report_closed(uint64_t generation, int32_t reason) {
        report(&(NotifyMessage){
                .kind = NOTIFY_CLOSED, .generation = generation, .number = reason });
}

static void report_error(uint64_t generation, const char *sentence) {
        char *valid = g_utf8_make_valid(sentence, (gssize) strnlen(sentence, 1024));

        report(&(NotifyMessage){
                .kind = NOTIFY_ERROR,
                .generation = generation,
                .n_strings = 1,
                .strings = { valid },
        });
        g_free(valid);
}

static const PopupHandler popup_handler = {
        .shown = report_shown,
        .clicked = report_clicked,
        .closed = report_closed,
        .failed = report_error,
};

static void ask_cancel(void) {
        if (ask_timer)
                g_source_remove(ask_timer);
        ask_timer = 0;
}

static void on_server_vanished(GDBusConnection *c, const char *name, gpointer userdata) {
        (void) c;
        (void) name;
        (void) userdata;
        ask_cancel();
        popup_forget();
        report(&(NotifyMessage){ .kind = NOTIFY_GONE });
}

/* Who the server is. GNOME's name is held by a script that is up before the shell behind it answers. */
static gboolean server_ask(gpointer userdata) {
        NotifyMessage m = { .kind = NOTIFY_SERVER, .n_strings = NOTIFY_SERVER_CAPABILITIES };
        char *info[NOTIFY_SERVER_CAPABILITIES] = { 0 };
        GList *caps;

        (void) userdata;
        ask_timer = 0;

        if (!notify_get_server_info(info, info + 1, info + 2, info + 3)) {
                report(&(NotifyMessage){ .kind = NOTIFY_GONE });
                ask_timer = g_timeout_add_seconds(ASK_AGAIN_S, server_ask, NULL);
                return G_SOURCE_REMOVE;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(info); i++) {
                char *valid = g_utf8_make_valid(info[i] ? info[i] : "",
                                                info[i] ? (gssize) strnlen(info[i], 200) : 0);
                g_free(info[i]);
                m.strings[i] = info[i] = valid;
        }

        caps = notify_get_server_caps();
        for (GList *l = caps; l && m.n_strings < NOTIFY_STRINGS_MAX; l = l->next)
                if (strlen(l->data) <= 100 && g_utf8_validate(l->data, -1, NULL))
                        m.strings[m.n_strings++] = l->data;

        report(&m);

        g_list_free_full(caps, g_free);
        for (size_t i = 0; i < G_N_ELEMENTS(info); i++)
                g_free(info[i]);

        return G_SOURCE_REMOVE;
}

/* At the start or after a restart. */
static void on_server_appeared(GDBusConnection *c, const char *name, const char *owner,
                               gpointer userdata) {
        (void) c;
        (void) name;
        (void) owner;
        (void) userdata;
        ask_cancel();
        popup_forget();
        (void) server_ask(NULL);
}

static void on_bus_closed(GDBusConnection *c, gboolean vanished, GError *error, gpointer userdata) {
        (void) c;
        (void) vanished;
        (void) userdata;
        fprintf(stderr, "ebb-notify: the session bus is gone: %s\n",
                error ? error->message : "closed");
        report_error(0, "The session bus is gone, and with it every notification.");
        _exit(EXIT_FAILURE);
}

/* libnotify warns of buttons it does not know: those a server kept from an older card. */
static void libnotify_log(const char *domain, GLogLevelFlags level, const char *text,
                          gpointer userdata) {
        if (!g_str_has_prefix(text, "Received unknown action"))
                g_log_default_handler(domain, level, text, userdata);
}

static void hello(const NotifyMessage *m) {
        GError *error = NULL;

        if (bus)
                return;

        (void) g_log_set_handler("libnotify", G_LOG_LEVEL_WARNING, libnotify_log, NULL);

        (void) notify_init(m->strings[NOTIFY_HELLO_APP]);
        popup_setup(m->strings[NOTIFY_HELLO_DESKTOP_ENTRY], m->strings[NOTIFY_HELLO_ICON],
                    &popup_handler);

        bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
        if (!bus) {
                char *sentence = g_strdup_printf(
                        "There is no session bus to show notifications on: %s", error->message);

                report_error(0, sentence);
                _exit(EXIT_FAILURE);
        }

        /* GDBus would end us with SIGTERM before the daemon is told. */
        g_dbus_connection_set_exit_on_close(bus, FALSE);
        g_signal_connect(bus, "closed", G_CALLBACK(on_bus_closed), NULL);

        /* Starts a server that can be activated; says "vanished" at once where there is none. */
        server_watch = g_bus_watch_name_on_connection(
                bus, SERVER_NAME, G_BUS_NAME_WATCHER_FLAGS_AUTO_START, on_server_appeared,
                on_server_vanished, NULL, NULL);
}

static void message_act(const NotifyMessage *m) {
        switch (m->kind) {
        case NOTIFY_HELLO:
                hello(m);
                return;
        case NOTIFY_SHOW:
                if (server_watch)
                        popup_show(m);
                return;
        case NOTIFY_CLOSE:
                popup_close(m->generation);
                return;
        case NOTIFY_QUIT:
                end(EXIT_SUCCESS);
        case NOTIFY_SERVER:
        case NOTIFY_GONE:
        case NOTIFY_SHOWN:
        case NOTIFY_CLICKED:
        case NOTIFY_REPLY:
        case NOTIFY_CLOSED:
        case NOTIFY_ERROR:
                break;
        }
        fprintf(stderr, "ebb-notify: ignoring a message of kind %d\n", (int) m->kind);
}

static gboolean on_socket(gint fd, GIOCondition condition, gpointer userdata) {
        static char buf[NOTIFY_MESSAGE_MAX];
        NotifyMessage m;
        int r;

        (void) condition;
        (void) userdata;

        r = notify_message_receive(fd, buf, &m);
        if (r == -EAGAIN)
                return G_SOURCE_CONTINUE;
        if (r == -EPIPE)
                end(EXIT_SUCCESS);
        if (r < 0) {
                fprintf(stderr, "ebb-notify: not a message of this version's daemon: %s\n",
                        g_strerror(-r));
                end(EXIT_FAILURE);
        }

        message_act(&m);
        return G_SOURCE_CONTINUE;
}

static gboolean on_term(gint fd, GIOCondition condition, gpointer userdata) {
        (void) fd;
        (void) condition;
        (void) userdata;
        end(EXIT_SUCCESS);
}

/* Inside a call to a frozen server the loop does not run: the alarm ends us then. */
static void term_handler(int signo) {
        uint64_t one = 1;
        int saved = errno;

        (void) signo;
        (void) !write(term_fd, &one, sizeof(one));
        alarm(END_WITHIN_S);
        errno = saved;
}

static int usage(FILE *out) {
        fprintf(out,
                "usage: ebb-notify [--fd N]\n\n"
                "Shows notifications for ebbd, which starts it with a socket as file descriptor N\n"
                "(default 3). Not meant to be run by hand.\n\n"
                "  --fd N      the socket\n"
                "  --help      this text\n"
                "  --version   the version\n");

        return out == stdout ? EXIT_SUCCESS : 2;
}

/* The socket's number from the command line, or the exit status as -1 - status. */
static int options_read(int argc, char **argv) {
        static const struct option options[] = {
                { "fd", required_argument, NULL, 'f' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        int fd = 3;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'f': {
                        char *rest;
                        long n = strtol(optarg, &rest, 10);

                        if (*rest || rest == optarg || n < 0 || n > 1024) {
                                fprintf(stderr, "ebb-notify: --fd %s is not a file descriptor\n",
                                        optarg);
                                return -1 - 2;
                        }
                        fd = (int) n;
                        break;
                }
                case 'h':
                        return -1 - usage(stdout);
                case 'v':
                        puts("ebb-notify " EBB_VERSION);
                        return -1;
                default:
                        return -1 - usage(stderr);
                }
        if (optind < argc)
                return -1 - usage(stderr);

        return fd;
}

int main(int argc, char **argv) {
        struct sigaction term = { .sa_handler = term_handler, .sa_flags = SA_RESTART };
        socklen_t len = sizeof(int);
        int type;

        socket_fd = options_read(argc, argv);
        if (socket_fd < 0)
                return -1 - socket_fd;

        if (getsockopt(socket_fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET) {
                fprintf(stderr,
                        "ebb-notify: file descriptor %d is not the socket of an ebbd; "
                        "this program is started by it\n",
                        socket_fd);
                return 2;
        }
        (void) fcntl(socket_fd, F_SETFD, FD_CLOEXEC);

        term_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (term_fd < 0) {
                perror("ebb-notify: eventfd");
                return EXIT_FAILURE;
        }
        (void) sigaction(SIGTERM, &term, NULL);
        (void) sigaction(SIGINT, &term, NULL);
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);

        loop = g_main_loop_new(NULL, FALSE);
        g_unix_fd_add(socket_fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_socket, NULL);
        g_unix_fd_add(term_fd, G_IO_IN, on_term, NULL);
        g_main_loop_run(loop);

        return EXIT_FAILURE; /* only end() leaves */
}
