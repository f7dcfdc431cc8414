/*
 * What a benchmark of processes and bus calls needs a clock close by for. Each prints one line of numbers, microseconds:
 * smallest, median, 99th percentile, largest, how many.
 *
 *   measure run N COMMAND...      from fork to the end of a program, its output thrown away
 *   measure ready N COMMAND...    from fork to READY=1; then it is ended with SIGTERM
 *   measure calls MS              a call of ebbd every two milliseconds: how long the answers take
 *   measure grades N              grades by Review.Grade, from call to answer
 *   measure clicks N              plays the notification server, clicks Show answer and Good: from the click on
 *                                 Good to the signal Graded, which is sent after the commit
 *   measure sync FOLDER N         overwrites 4 KiB and calls fdatasync
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "bus/names.h"
#include "util/cleanup.h"

extern char **environ;

typedef struct Times {
        double *us;
        size_t n, cap;
} Times;

static double now_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static void die(const char *what, int r) {
        fprintf(stderr, "measure: %s: %s\n", what, strerror(abs(r)));
        exit(1);
}

static void add(Times *t, double us) {
        if (t->n == t->cap) {
                t->cap = t->cap ? 2 * t->cap : 1024;
                t->us = reallocarray(t->us, t->cap, sizeof(*t->us));
                if (!t->us)
                        die("times", ENOMEM);
        }
        t->us[t->n++] = us;
}

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return x < y ? -1 : x > y;
}

static int print_times(Times *t) {
        if (t->n == 0) {
                fputs("measure: nothing was measured\n", stderr);
                return 1;
        }
        qsort(t->us, t->n, sizeof(*t->us), compare);
        printf("%.1f %.1f %.1f %.1f %zu\n", t->us[0], t->us[t->n / 2], t->us[t->n * 99 / 100],
               t->us[t->n - 1], t->n);
        free(t->us);
        return 0;
}

/* ---- programs -------------------------------------------------------------------------------- */

static pid_t spawn(char **command) {
        posix_spawn_file_actions_t files;
        pid_t pid;
        int r;

        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
        r = posix_spawnp(&pid, command[0], &files, NULL, command, environ);
        posix_spawn_file_actions_destroy(&files);
        if (r != 0)
                die(command[0], r);
        return pid;
}

static int run(int n, char **command) {
        Times times = { 0 };

        for (int i = 0; i < n; i++) {
                double before = now_us();
                pid_t pid = spawn(command);
                int status;

                if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
                    WEXITSTATUS(status) > 1) {
                        fprintf(stderr, "measure: %s failed\n", command[0]);
                        return 1;
                }
                add(&times, now_us() - before);
        }
        return print_times(&times);
}

static int ready(int n, char **command) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Times times = { 0 };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        /* Abstract: nothing is left behind. */
        (void) snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "ebb-measure-%d",
                        (int) getpid());
        if (fd < 0 || bind(fd, (struct sockaddr *) &address,
                           (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 +
                                        strlen(address.sun_path + 1))) < 0)
                die("socket", errno);
        address.sun_path[0] = '@';
        (void) setenv("NOTIFY_SOCKET", address.sun_path, 1);

        for (int i = 0; i < n; i++) {
                double before = now_us();
                pid_t pid = spawn(command);
                bool is_ready = false;
                int status;

                while (!is_ready) {
                        struct pollfd p = { .fd = fd, .events = POLLIN };
                        char text[1024];
                        ssize_t len;

                        if (poll(&p, 1, 60000) <= 0 ||
                            (len = recv(fd, text, sizeof(text) - 1, 0)) < 0) {
                                (void) kill(pid, SIGKILL);
                                fprintf(stderr, "measure: %s is not ready in a minute\n",
                                        command[0]);
                                return 1;
                        }
                        text[len] = '\0';
                        is_ready = strstr(text, "READY=1");
                }
                add(&times, now_us() - before);
                (void) kill(pid, SIGTERM);
                if (waitpid(pid, &status, 0) != pid)
                        die("waitpid", errno);
        }
        return print_times(&times);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static sd_bus *open_bus(void) {
        sd_bus *bus;
        int r = sd_bus_open_user(&bus);

        if (r < 0)
                die("bus", r);
        return bus;
}

static int fail(const char *what, const sd_bus_error *error) {
        fprintf(stderr, "measure: %s: %s\n", what, error->message ? error->message : "failed");
        return 1;
}

static int calls(int ms) {
        sd_bus *bus = open_bus();
        Times times = { 0 };
        double end = now_us() + ms * 1e3;

        while (now_us() < end) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                double before = now_us();
                uint32_t due;

                if (sd_bus_get_property_trivial(bus, EBB_BUS_NAME, EBB_PATH, EBB_IF_MANAGER,
                                                "DueCount", &error, 'u', &due) < 0)
                        return fail("DueCount", &error);
                add(&times, now_us() - before);
                (void) usleep(2000);
        }
        sd_bus_flush_close_unref(bus);
        return print_times(&times);
}

static int grades(int n) {
        sd_bus *bus = open_bus();
        Times times = { 0 };

        for (int i = 0; i < n; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *next = NULL, *answer = NULL;
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int64_t card;
                uint64_t revision;
                double before;

                if (sd_bus_call_method(bus, EBB_BUS_NAME, EBB_PATH, EBB_IF_REVIEW, "Next", &error,
                                       &next, "sa{sv}", "", 0) < 0 ||
                    sd_bus_message_read(next, "xt", &card, &revision) < 0)
                        return fail("Next", &error);
                if (card == 0)
                        break;
                before = now_us();
                if (sd_bus_call_method(bus, EBB_BUS_NAME, EBB_PATH, EBB_IF_REVIEW, "Grade", &error,
                                       &answer, "xtuu", card, revision, 3, 2500) < 0)
                        return fail("Grade", &error);
                add(&times, now_us() - before);
        }
        sd_bus_flush_close_unref(bus);
        return print_times(&times);
}

/* ---- clicks ---------------------------------------------------------------------------------- */

#define SERVER_NAME "org.freedesktop.Notifications"
#define SERVER_PATH "/org/freedesktop/Notifications"

static struct {
        sd_bus *bus;
        uint32_t id, next_id;
        char key[100]; /* to be clicked on what is on screen; "" = nothing there to click */
        bool is_grade;
        double clicked_us; /* 0 = no grade is under way */
        Times times;
} desktop = { .next_id = 1 };

static int method_info(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "ssss", "measure", "bench", "1.0", "1.2");
}

static int method_caps(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "as", 3, "actions", "body", "body-markup");
}

/* Keys are tagged with a generation: "good:12". */
static bool is_key(const char *key, const char *name) {
        size_t n = strlen(name);

        return strncmp(key, name, n) == 0 && key[n] == ':';
}

static int method_notify(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *app, *icon, *summary, *body, *key, *label;
        uint32_t replaces;
        int r;

        r = sd_bus_message_read(m, "susss", &app, &replaces, &icon, &summary, &body);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        desktop.key[0] = '\0';
        while ((r = sd_bus_message_read(m, "ss", &key, &label)) > 0)
                if (is_key(key, "show") || is_key(key, "good")) {
                        (void) snprintf(desktop.key, sizeof(desktop.key), "%s", key);
                        desktop.is_grade = is_key(key, "good");
                }
        if (r < 0)
                return r;
        desktop.id = replaces ? replaces : desktop.next_id++;
        return sd_bus_reply_method_return(m, "u", desktop.id);
}

static int method_close(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint32_t id;
        int r;

        r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;
        if (id == desktop.id)
                desktop.key[0] = '\0';
        (void) sd_bus_emit_signal(desktop.bus, SERVER_PATH, SERVER_NAME, "NotificationClosed", "uu",
                                  id, UINT32_C(3));
        return sd_bus_reply_method_return(m, "");
}

static const sd_bus_vtable server_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetServerInformation", "", "ssss", method_info, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetCapabilities", "", "as", method_caps, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", method_notify, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CloseNotification", "u", "", method_close, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("NotificationClosed", "uu", 0),
        SD_BUS_SIGNAL("ActionInvoked", "us", 0),
        SD_BUS_VTABLE_END,
};

static int on_graded(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (desktop.clicked_us > 0)
                add(&desktop.times, now_us() - desktop.clicked_us);
        desktop.clicked_us = 0;
        return 0;
}

/* Whatever is to be done, for so long; or until a grade that was clicked is there. */
static void serve(int ms) {
        double end = now_us() + ms * 1e3;

        for (;;) {
                double left = end - now_us();

                while (sd_bus_process(desktop.bus, NULL) > 0)
                        ;
                if (left <= 0)
                        return;
                (void) sd_bus_wait(desktop.bus, (uint64_t) left);
        }
}

static void click(void) {
        char key[100];
        uint32_t id = desktop.id;

        memcpy(key, desktop.key, sizeof(key));
        desktop.key[0] = '\0';
        desktop.clicked_us = desktop.is_grade ? now_us() : 0;
        (void) sd_bus_emit_signal(desktop.bus, SERVER_PATH, SERVER_NAME, "ActionInvoked", "us", id,
                                  key);
        /* As servers do: what was clicked is gone. */
        (void) sd_bus_emit_signal(desktop.bus, SERVER_PATH, SERVER_NAME, "NotificationClosed", "uu",
                                  id, UINT32_C(2));
        (void) sd_bus_flush(desktop.bus);
}

static int clicks(int n) {
        int idle = 0, r;

        desktop.bus = open_bus();
        if ((r = sd_bus_add_object_vtable(desktop.bus, NULL, SERVER_PATH, SERVER_NAME,
                                          server_vtable, NULL)) < 0 ||
            (r = sd_bus_match_signal(desktop.bus, NULL, EBB_BUS_NAME, EBB_PATH, EBB_IF_REVIEW,
                                     "Graded", on_graded, NULL)) < 0 ||
            (r = sd_bus_request_name(desktop.bus, SERVER_NAME, 0)) < 0)
                die("notification server", r);

        while ((int) desktop.times.n < n && idle < 200) {
                if (desktop.key[0]) {
                        click();
                        idle = 0;
                } else if (idle++ % 20 == 0) {
                        (void) sd_bus_call_method_async(desktop.bus, NULL, EBB_BUS_NAME, EBB_PATH,
                                                        EBB_IF_REVIEW, "Popup", NULL, NULL, "s",
                                                        "");
                }
                /* Longer than any answer takes, so that each is waited for. */
                serve(25);
        }
        sd_bus_flush_close_unref(desktop.bus);
        return print_times(&desktop.times);
}

/* ---- the disk -------------------------------------------------------------------------------- */

static int sync_times(const char *folder, int n) {
        static const char block[4096];
        Times times = { 0 };
        char path[4096];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/raw", folder);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                die(path, errno);
        /* Room first: what is measured is overwriting, as in a write-ahead log that is used again. */
        for (off_t i = 0; i < 64; i++)
                if (pwrite(fd, block, sizeof(block), i * 4096) < 0)
                        die(path, errno);
        if (fsync(fd) < 0)
                die(path, errno);
        for (int i = 0; i < n; i++) {
                double before = now_us();

                if (pwrite(fd, block, sizeof(block), (off_t) (i % 64) * 4096) < 0 ||
                    fdatasync(fd) < 0)
                        die(path, errno);
                add(&times, now_us() - before);
        }
        (void) close(fd);
        (void) unlink(path);
        return print_times(&times);
}

int main(int argc, char **argv) {
        const char *verb = argc > 2 ? argv[1] : "";

        if (strcmp(verb, "run") == 0 && argc > 3)
                return run(atoi(argv[2]), argv + 3);
        if (strcmp(verb, "ready") == 0 && argc > 3)
                return ready(atoi(argv[2]), argv + 3);
        if (strcmp(verb, "calls") == 0)
                return calls(atoi(argv[2]));
        if (strcmp(verb, "grades") == 0)
                return grades(atoi(argv[2]));
        if (strcmp(verb, "clicks") == 0)
                return clicks(atoi(argv[2]));
        if (strcmp(verb, "sync") == 0 && argc > 3)
                return sync_times(argv[2], atoi(argv[3]));
        fputs("measure: see the head of its source\n", stderr);
        return 2;
}
