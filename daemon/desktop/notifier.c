/*
 * The notifier: one wanted card, one helper, one request at a time. Everything that happens sets
 * what is known and then takes one step() towards what is wanted.
 *
 * A server that hangs is first met where it can do no harm: a new helper asks for its name before it
 * posts anything. Only the first helper can have a card on its way into a frozen server. It is given up, not
 * killed at once: when the server thaws within libnotify's 25 s it takes that card off the screen again, or
 * a card with dead buttons would stay there.
 */
#include "desktop/notifier.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "client/notify/protocol.h"
#include "desktop/card-fit.h"
#include "util/text.h"
#include "util/usec.h"

#define ANSWER_WITHIN (5 * USEC_PER_SEC) /* of every request to the helper */
#define LINGER        (3 * USEC_PER_SEC) /* an unused helper stays, for the next card */
#define GIVE_UP_AFTER                                                                              \
        (30 * USEC_PER_SEC) /* a helper inside a call that libnotify ends after 25 s */
#define RETRY_MAX      (60 * USEC_PER_SEC)
#define EXPIRE_GRACE   (500 * USEC_PER_MSEC) /* the server's own timer first, it looks better */
#define TIMER_ACCURACY (50 * USEC_PER_MSEC)

#define APP_NAME      "Ebb"
#define DESKTOP_ENTRY "org.ebbd.Ebb"

extern char **environ;

/* A process of ours until it is reaped. The helper in use is one; others are on their way out. */
typedef struct Child Child;
struct Child {
        Notifier *notifier;
        pid_t pid;
        int pidfd;
        sd_event_source *source;
        sd_event_source *kill_timer;
        Child *next;
};

typedef struct Card {
        NotifierCard card;
        bool ended; /* clicked or gone: it is not shown again */
} Card;

typedef struct Server {
        ServerInfo info;
        ServerProfile profile;
        char *buf;
} Server;

typedef enum Request {
        REQUEST_NONE,
        REQUEST_HELLO,
        REQUEST_SHOW,
        REQUEST_CLOSE,
        REQUEST_END, /* it hung up; its exit status is on its way */
} Request;

struct Notifier {
        sd_event *event;
        char *helper_path;
        const NotifierHandler *handler;
        void *userdata;

        NotifierState state;
        Card *wanted;
        bool probe;

        Child *children;
        Child *helper; /* one of the children, or NULL */
        int fd;
        sd_event_source *socket;
        bool server_there;
        bool told_why; /* the helper's own words on why it ends were passed on */
        Request request;
        uint64_t request_generation;
        uint64_t on_screen; /* generation, 0: none */
        unsigned failures;  /* in a row */
        char *buf;          /* one datagram */

        Server *server; /* the last that answered */
        ServerProfile unknown;

        sd_event_source *turn;
        sd_event_source *answer_timer;
        sd_event_source *linger_timer;
        sd_event_source *retry_timer;
        sd_event_source *expire_timer;
};

static void step(Notifier *n);

/* What was decided */

static Card *card_free(Card *c) {
        if (!c)
                return NULL;

        free((char *) c->card.summary);
        free((char *) c->card.body);
        free((char *) c->card.command_hint);
        for (size_t i = 0; i < c->card.n_actions; i++) {
                free((char *) c->card.actions[i].key);
                free((char *) c->card.actions[i].label);
        }
        free(c);

        return NULL;
}
DEFINE_CLEANUP(Card *, card_free);

static int string_copy(const char *s, const char **ret) {
        if (!s)
                return 0;

        *ret = strdup(s);
        return *ret ? 0 : -ENOMEM;
}

static int card_copy(const NotifierCard *card, Card **ret) {
        _cleanup_(card_freep) Card *c = NULL;
        int r;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;

        c->card = (NotifierCard){
                .kind = card->kind,
                .generation = card->generation,
                .n_actions = card->n_actions,
                .expire_ms = card->expire_ms,
                .critical = card->critical,
        };
        r = string_copy(card->summary, &c->card.summary);
        if (r >= 0)
                r = string_copy(card->body, &c->card.body);
        if (r >= 0)
                r = string_copy(card->command_hint, &c->card.command_hint);
        for (size_t i = 0; r >= 0 && i < card->n_actions; i++) {
                c->card.actions[i].rank = card->actions[i].rank;
                r = string_copy(card->actions[i].key, &c->card.actions[i].key);
                if (r >= 0)
                        r = string_copy(card->actions[i].label, &c->card.actions[i].label);
        }
        if (r < 0)
                return r;

        *ret = TAKE_PTR(c);
        return 0;
}

static Server *server_free(Server *s) {
        if (s)
                free(s->buf);
        free(s);

        return NULL;
}
DEFINE_CLEANUP(Server *, server_free);

static int server_new(const NotifyMessage *m, Server **ret) {
        _cleanup_(server_freep) Server *s = NULL;
        NotifyMessage copy;
        int len;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->buf = malloc(NOTIFY_MESSAGE_MAX);
        if (!s->buf)
                return -ENOMEM;

        len = notify_message_encode(m, s->buf);
        if (len < 0)
                return len;
        s->buf = realloc(s->buf, (size_t) len) ?: s->buf; /* it shrinks */
        len = notify_message_decode(s->buf, (size_t) len, &copy);
        if (len < 0)
                return len;

        s->info.name = copy.strings[NOTIFY_SERVER_NAME];
        s->info.vendor = copy.strings[NOTIFY_SERVER_VENDOR];
        s->info.version = copy.strings[NOTIFY_SERVER_VERSION];
        s->info.spec = copy.strings[NOTIFY_SERVER_SPEC];
        for (size_t i = NOTIFY_SERVER_CAPABILITIES;
             i < copy.n_strings && s->info.n_capabilities < SERVER_CAPABILITIES_MAX; i++)
                s->info.capabilities[s->info.n_capabilities++] = copy.strings[i];
        server_profile_get(&s->info, &s->profile);

        *ret = TAKE_PTR(s);
        return 0;
}

static bool server_equal(const Server *a, const Server *b) {
        if (!a || strcmp(a->info.name, b->info.name) != 0 ||
            strcmp(a->info.vendor, b->info.vendor) != 0 ||
            strcmp(a->info.version, b->info.version) != 0 ||
            a->info.n_capabilities != b->info.n_capabilities)
                return false;

        for (size_t i = 0; i < a->info.n_capabilities; i++)
                if (strcmp(a->info.capabilities[i], b->info.capabilities[i]) != 0)
                        return false;

        return true;
}

/* What is told */

static void tell_error(Notifier *n, const char *sentence) {
        if (n->handler->on_error)
                n->handler->on_error(sentence, n->userdata);
}

__attribute__((format(printf, 2, 3))) static void tell_errorf(Notifier *n, const char *format,
                                                              ...) {
        char sentence[512];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(sentence, sizeof(sentence), format, args);
        va_end(args);

        tell_error(n, sentence);
}

static const char *server_title(const Notifier *n) {
        return n->server ? n->server->profile.title : "the desktop";
}

/* Timers */

static void timer_stop(sd_event_source **timer) {
        if (*timer)
                (void) sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
}

static bool timer_runs(sd_event_source *timer) {
        int enabled = SD_EVENT_OFF;

        return timer && sd_event_source_get_enabled(timer, &enabled) >= 0 &&
               enabled != SD_EVENT_OFF;
}

static int timer_start(Notifier *n, sd_event_source **timer, usec_t delay,
                       sd_event_time_handler_t handler) {
        int r;

        if (!*timer)
                return sd_event_add_time_relative(n->event, timer, CLOCK_MONOTONIC, delay,
                                                  TIMER_ACCURACY, handler, n);

        r = sd_event_source_set_time_relative(*timer, delay);
        if (r < 0)
                return r;

        return sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}

/* Processes */

static Child *child_free(Child *c) {
        if (!c)
                return NULL;

        for (Child **at = &c->notifier->children; *at; at = &(*at)->next)
                if (*at == c) {
                        *at = c->next;
                        break;
                }
        (void) sd_event_source_disable_unref(c->source);
        (void) sd_event_source_disable_unref(c->kill_timer);
        if (c->pidfd >= 0)
                (void) close(c->pidfd);
        free(c);

        return NULL;
}

static int on_kill_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Child *c = userdata;

        (void) kill(c->pid, SIGKILL);
        return 0;
}

static void helper_lost(Notifier *n, const char *why);

static int on_child(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Child *c = userdata;
        Notifier *n = c->notifier;
        siginfo_t info = { 0 };
        char why[64] = "it ended";

        if (waitid(P_PID, (id_t) c->pid, &info, WEXITED | WNOHANG) < 0) {
                if (errno != ECHILD)
                        return 0;
        } else if (info.si_pid == 0)
                return 0;
        else if (info.si_code == CLD_EXITED)
                (void) snprintf(why, sizeof(why), "it ended with status %d", info.si_status);
        else
                (void) snprintf(why, sizeof(why), "it was ended by signal %d", info.si_status);

        if (c == n->helper)
                helper_lost(n, why);
        (void) child_free(c);

        return 0;
}

/* Takes the process away from the notifier; it is reaped when it has ended. `kill_after` 0: kill it now. */
static void helper_leave(Notifier *n, usec_t kill_after) {
        Child *c = TAKE_PTR(n->helper);

        n->socket = sd_event_source_disable_unref(n->socket);
        if (n->fd >= 0)
                (void) close(n->fd); /* it sees the hang-up, closes its card and goes */
        n->fd = -1;
        n->request = REQUEST_NONE;
        n->on_screen = 0;
        n->server_there = false;
        timer_stop(&n->answer_timer);
        timer_stop(&n->linger_timer);
        timer_stop(&n->expire_timer);

        if (!c)
                return;
        if (kill_after == 0 ||
            sd_event_add_time_relative(n->event, &c->kill_timer, CLOCK_MONOTONIC, kill_after,
                                       USEC_PER_SEC, on_kill_timer, c) < 0)
                (void) kill(c->pid, SIGKILL);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        Notifier *n = userdata;

        timer_stop(&n->retry_timer);
        step(n);
        return 0;
}

/* Something went wrong with the helper or the server: wait, longer each time, then try again. */
static usec_t retry_later(Notifier *n) {
        usec_t delay = USEC_PER_SEC << (n->failures < 6 ? n->failures : 6);

        if (delay > RETRY_MAX)
                delay = RETRY_MAX;
        n->failures++;
        (void) timer_start(n, &n->retry_timer, delay, on_retry);

        return delay;
}

static void turn_later(Notifier *n);

static void helper_failed(Notifier *n) {
        n->state = NOTIFIER_STUCK;
        n->probe = false;
        (void) retry_later(n);
        turn_later(n);
}

static void helper_lost(Notifier *n, const char *why) {
        bool told = n->told_why;

        helper_leave(n, GIVE_UP_AFTER);
        helper_failed(n);
        if (!told)
                tell_errorf(n, "The notification client stopped: %s; it is started again.", why);
}

static int on_unanswered(sd_event_source *s, uint64_t usec, void *userdata) {
        Notifier *n = userdata;
        Request request = n->request;

        helper_leave(n, request == REQUEST_SHOW ? GIVE_UP_AFTER : 0);
        helper_failed(n);
        tell_errorf(n,
                    "The notification server of %s did not answer within 5 seconds; "
                    "the card will be tried again.",
                    server_title(n));
        return 0;
}

static int on_socket(sd_event_source *s, int fd, uint32_t revents, void *userdata);

static int helper_spawn(const char *path, int fd, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        char *argv[] = { (char *) "ebb-notify", (char *) "--fd", (char *) "3", NULL };
        sigset_t none, all;
        int r;

        r = -posix_spawn_file_actions_init(&actions);
        if (r < 0)
                return r;
        r = -posix_spawnattr_init(&attributes);
        if (r < 0) {
                (void) posix_spawn_file_actions_destroy(&actions);
                return r;
        }

        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        (void) posix_spawnattr_setsigmask(&attributes, &none);
        (void) posix_spawnattr_setsigdefault(&attributes, &all);
        (void) posix_spawnattr_setflags(&attributes,
                                        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

        r = -posix_spawn_file_actions_adddup2(&actions, fd, 3);
        if (r == 0)
                r = -posix_spawn(ret, path, &actions, &attributes, argv, environ);

        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attributes);

        return r;
}

static int child_watch(Notifier *n, pid_t pid, Child **ret) {
        Child *c;
        int r;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;

        c->notifier = n;
        c->pid = pid;
        c->pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (c->pidfd < 0) {
                r = -errno;
                free(c);
                return r;
        }
        r = sd_event_add_io(n->event, &c->source, c->pidfd, EPOLLIN, on_child, c);
        if (r >= 0) /* its last words first */
                r = sd_event_source_set_priority(c->source, SD_EVENT_PRIORITY_IDLE);
        if (r < 0) {
                (void) sd_event_source_disable_unref(c->source);
                (void) close(c->pidfd);
                free(c);
                return r;
        }
        c->next = n->children;
        n->children = c;

        *ret = c;
        return 0;
}

static int request_send(Notifier *n, Request request, const NotifyMessage *m) {
        int r;

        r = notify_message_send(n->fd, m);
        if (r < 0)
                return r;

        n->request = request;
        n->request_generation = m->generation;
        timer_stop(&n->linger_timer);

        return timer_start(n, &n->answer_timer, ANSWER_WITHIN, on_unanswered);
}

static int helper_start(Notifier *n) {
        _cleanup_close_ int ours = -1, theirs = -1, high = -1;
        int pair[2];
        pid_t pid;
        int r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];

        /* Not 3 already, where dup2() onto itself would leave close-on-exec set. */
        high = fcntl(theirs, F_DUPFD_CLOEXEC, 4);
        if (high < 0)
                return -errno;

        r = helper_spawn(n->helper_path, high, &pid);
        if (r < 0)
                return r;

        r = child_watch(n, pid, &n->helper);
        if (r < 0) {
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0); /* it just got SIGKILL: this is not a wait */
                return r;
        }

        r = sd_event_add_io(n->event, &n->socket, ours, EPOLLIN, on_socket, n);
        if (r < 0) {
                helper_leave(n, 0);
                return r;
        }
        n->fd = TAKE_FD(ours);
        n->told_why = false;

        r = request_send(n, REQUEST_HELLO,
                         &(NotifyMessage){
                                 .kind = NOTIFY_HELLO,
                                 .n_strings = NOTIFY_HELLO_STRINGS,
                                 .strings = { APP_NAME, DESKTOP_ENTRY, DESKTOP_ENTRY },
                         });
        if (r < 0)
                helper_leave(n, 0);

        return r;
}

/* What the helper says */

static bool wanted_now(const Notifier *n) {
        return n->wanted && !n->wanted->ended;
}

/* True for news of the card that is wanted and was shown, and not clicked or closed before. */
static bool concerns_wanted(const Notifier *n, uint64_t generation) {
        return wanted_now(n) && n->wanted->card.generation == generation &&
               n->on_screen == generation;
}

static void request_done(Notifier *n) {
        n->request = REQUEST_NONE;
        timer_stop(&n->answer_timer);
}

static void on_server(Notifier *n, const NotifyMessage *m) {
        _cleanup_(server_freep) Server *server = NULL;
        bool news;
        int r;

        request_done(n);
        n->on_screen = 0;

        r = server_new(m, &server);
        if (r < 0) {
                tell_errorf(n, "The notification server's name cannot be used: %s.", strerror(-r));
                helper_leave(n, 0);
                helper_failed(n);
                return;
        }

        news = n->probe || n->state != NOTIFIER_READY || !server_equal(n->server, server);
        (void) server_free(n->server);
        n->server = TAKE_PTR(server);
        n->server_there = true;
        n->state = NOTIFIER_READY;
        n->probe = false;

        if (news && n->handler->on_server)
                n->handler->on_server(&n->server->info, n->userdata);
}

static void on_gone(Notifier *n) {
        bool news = n->request == REQUEST_HELLO || n->state != NOTIFIER_ABSENT;

        request_done(n);
        n->on_screen = 0;
        n->server_there = false;
        n->state = NOTIFIER_ABSENT;
        n->probe = false;
        timer_stop(&n->expire_timer);

        if (news && n->handler->on_server)
                n->handler->on_server(NULL, n->userdata);
}

static int on_expired(sd_event_source *s, uint64_t usec, void *userdata) {
        Notifier *n = userdata;
        uint64_t generation;

        if (!n->wanted || !concerns_wanted(n, n->wanted->card.generation))
                return 0;

        generation = n->wanted->card.generation;
        n->wanted = card_free(n->wanted);
        turn_later(n);
        if (n->handler->on_closed)
                n->handler->on_closed(generation, NOTIFIER_CLOSED_EXPIRED, n->userdata);

        return 0;
}

static void on_shown(Notifier *n, const NotifyMessage *m) {
        if (n->request != REQUEST_SHOW || n->request_generation != m->generation)
                return;

        request_done(n);
        n->on_screen = m->generation;
        n->failures = 0;
        timer_stop(&n->expire_timer);

        if (!concerns_wanted(n, m->generation))
                return;
        if (n->wanted->card.expire_ms > 0)
                (void) timer_start(n, &n->expire_timer,
                                   n->wanted->card.expire_ms * USEC_PER_MSEC + EXPIRE_GRACE,
                                   on_expired);
        if (n->handler->on_shown)
                n->handler->on_shown(m->generation, n->userdata);
}

static void on_clicked(Notifier *n, const NotifyMessage *m) {
        char key[NOTIFY_KEY_MAX + 1];

        if (!concerns_wanted(n, m->generation))
                return;

        n->wanted->ended = true;
        timer_stop(&n->expire_timer);
        if (!n->handler->on_action)
                return;

        /* A copy: the handler may replace the card. */
        (void) snprintf(key, sizeof(key), "%s", card_fit_clicked(&n->wanted->card, m->strings[0]));
        n->handler->on_action(m->generation, key, n->userdata);
}

static NotifierClosedReason reason_of(const Notifier *n, int32_t number) {
        static const NotifierClosedReason reasons[] = {
                NOTIFIER_CLOSED_OTHER, NOTIFIER_CLOSED_EXPIRED,   /* 0, 1 */
                NOTIFIER_CLOSED_DISMISSED, NOTIFIER_CLOSED_OTHER, /* 2, 3: by a call, not ours */
        };
        NotifierClosedReason reason = NOTIFIER_CLOSED_OTHER;

        if (number >= 0 && number < (int) ELEMENTS(reasons))
                reason = reasons[number];
        if (reason == NOTIFIER_CLOSED_EXPIRED && n->wanted->card.expire_ms == 0 &&
            notifier_profile(n)->cross_expires)
                reason = NOTIFIER_CLOSED_DISMISSED;

        return reason;
}

static void on_closed(Notifier *n, const NotifyMessage *m) {
        bool concerns = concerns_wanted(n, m->generation);

        if (n->request == REQUEST_CLOSE && n->request_generation == m->generation)
                request_done(n);
        if (n->on_screen == m->generation)
                n->on_screen = 0;
        if (!concerns)
                return;

        n->wanted->ended = true;
        timer_stop(&n->expire_timer);
        if (n->handler->on_closed)
                n->handler->on_closed(m->generation, reason_of(n, m->number), n->userdata);
}

static void on_failed(Notifier *n, const NotifyMessage *m) {
        if (m->generation == 0)
                n->told_why = true; /* its end follows */
        else if (n->request == REQUEST_SHOW && n->request_generation == m->generation) {
                request_done(n);
                n->on_screen = 0;
                (void) retry_later(n);
        }

        tell_error(n, m->strings[0]);
}

static void message_act(Notifier *n, const NotifyMessage *m) {
        switch (m->kind) {
        case NOTIFY_SERVER:
                on_server(n, m);
                return;
        case NOTIFY_GONE:
                on_gone(n);
                return;
        case NOTIFY_SHOWN:
                on_shown(n, m);
                return;
        case NOTIFY_CLICKED:
                on_clicked(n, m);
                return;
        case NOTIFY_CLOSED:
                on_closed(n, m);
                return;
        case NOTIFY_ERROR:
                on_failed(n, m);
                return;
        case NOTIFY_REPLY: /* no card asks for text yet */
        case NOTIFY_HELLO:
        case NOTIFY_SHOW:
        case NOTIFY_CLOSE:
        case NOTIFY_QUIT:
                return;
        }
}

/* One message a turn of the loop, so that other sources get theirs. */
static int on_socket(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Notifier *n = userdata;
        NotifyMessage m;
        int r;

        r = notify_message_receive(n->fd, n->buf, &m);
        if (r == -EAGAIN)
                return 0;
        if (r == -EPIPE) {
                n->request = REQUEST_END;
                n->on_screen = 0;
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
                (void) timer_start(n, &n->answer_timer, ANSWER_WITHIN, on_unanswered);
                return 0;
        }
        if (r < 0) {
                helper_leave(n, 0);
                helper_failed(n);
                tell_error(n, "The notification client sent something that is no message; "
                              "is it of another version?");
                return 0;
        }

        message_act(n, &m);
        turn_later(n);

        return 0;
}

/* What is done */

static int on_linger(sd_event_source *s, uint64_t usec, void *userdata) {
        Notifier *n = userdata;

        (void) notify_message_send(n->fd, &(NotifyMessage){ .kind = NOTIFY_QUIT });
        helper_leave(n, GIVE_UP_AFTER);

        return 0;
}

static int card_send(Notifier *n) {
        _cleanup_free_ CardFit *fit = NULL;

        fit = malloc(sizeof(*fit));
        if (!fit)
                return -ENOMEM;
        card_fit(&n->wanted->card, &n->server->profile, fit);

        return request_send(n, REQUEST_SHOW, &fit->message);
}

/* One step from what is to what is wanted. Callbacks come only from here and from the event handlers. */
static void step(Notifier *n) {
        int r = 0;

        if (n->request != REQUEST_NONE || timer_runs(n->retry_timer))
                return;

        if (!n->helper) {
                if (!wanted_now(n) && !n->probe)
                        return;
                r = helper_start(n);
        } else if (n->server_there && wanted_now(n) && n->wanted->card.generation != n->on_screen)
                r = card_send(n);
        else if (n->server_there && !n->wanted && n->on_screen)
                r = request_send(
                        n, REQUEST_CLOSE,
                        &(NotifyMessage){ .kind = NOTIFY_CLOSE, .generation = n->on_screen });
        else if (!n->on_screen && !wanted_now(n)) {
                if (!timer_runs(n->linger_timer))
                        r = timer_start(n, &n->linger_timer, LINGER, on_linger);
        } else
                timer_stop(&n->linger_timer);

        if (r < 0) {
                helper_leave(n, 0);
                helper_failed(n);
                tell_errorf(n, "The notification client %s cannot be used: %s.", n->helper_path,
                            strerror(-r));
        }
}

static int on_turn(sd_event_source *s, void *userdata) {
        step(userdata);
        return 0;
}

static void turn_later(Notifier *n) {
        (void) sd_event_source_set_enabled(n->turn, SD_EVENT_ONESHOT);
}

int notifier_new(sd_event *event, const char *helper_path, const NotifierHandler *handler,
                 void *userdata, Notifier **ret) {
        _cleanup_(notifier_freep) Notifier *n = NULL;
        int r;

        assert(event);
        assert(helper_path);
        assert(handler);
        assert(ret);

        n = calloc(1, sizeof(*n));
        if (!n)
                return -ENOMEM;

        n->fd = -1;
        n->event = sd_event_ref(event);
        n->handler = handler;
        n->userdata = userdata;
        n->helper_path = strdup(helper_path);
        n->buf = malloc(NOTIFY_MESSAGE_MAX);
        if (!n->helper_path || !n->buf)
                return -ENOMEM;
        server_profile_get(&(ServerInfo){ 0 }, &n->unknown);

        r = sd_event_add_defer(event, &n->turn, on_turn, n);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(n->turn, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(n);
        return 0;
}

Notifier *notifier_free(Notifier *n) {
        if (!n)
                return NULL;

        /* SIGTERM as well: inside a call to a frozen server the helper does not see the hang-up. */
        if (n->helper)
                (void) kill(n->helper->pid, SIGTERM);
        helper_leave(n, GIVE_UP_AFTER);
        while (n->children)
                (void) child_free(n->children);

        (void) sd_event_source_disable_unref(n->turn);
        (void) sd_event_source_disable_unref(n->answer_timer);
        (void) sd_event_source_disable_unref(n->linger_timer);
        (void) sd_event_source_disable_unref(n->retry_timer);
        (void) sd_event_source_disable_unref(n->expire_timer);
        (void) card_free(n->wanted);
        (void) server_free(n->server);
        (void) sd_event_unref(n->event);
        free(n->helper_path);
        free(n->buf);
        free(n);

        return NULL;
}

int notifier_show(Notifier *n, const NotifierCard *card) {
        Card *c;
        int r;

        assert(n);

        if (!card_fit_valid(card) || (n->wanted && n->wanted->card.generation == card->generation))
                return -EINVAL;

        r = card_copy(card, &c);
        if (r < 0)
                return r;

        (void) card_free(n->wanted);
        n->wanted = c;
        turn_later(n);

        return 0;
}

void notifier_close(Notifier *n) {
        assert(n);

        n->wanted = card_free(n->wanted);
        timer_stop(&n->expire_timer);
        turn_later(n);
}

void notifier_probe(Notifier *n) {
        assert(n);

        n->probe = true;
        turn_later(n);
}

NotifierState notifier_state(const Notifier *n) {
        return n->state;
}

bool notifier_can_show(const Notifier *n) {
        return n->state == NOTIFIER_READY;
}

uint64_t notifier_generation(const Notifier *n) {
        return wanted_now(n) ? n->wanted->card.generation : 0;
}

const ServerInfo *notifier_server(const Notifier *n) {
        return n->server ? &n->server->info : NULL;
}

const ServerProfile *notifier_profile(const Notifier *n) {
        return n->server ? &n->server->profile : &n->unknown;
}
