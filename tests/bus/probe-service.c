/*
 * Stands in for ebbd in its own unit file and reports what a process in that unit may still do.
 * On org.ebbd.Ebb1, object /org/ebbd/Ebb1, interface org.ebbd.Ebb1.Probe:
 *
 *   Probe() -> s     lines `name=ok` or `name=ERRNO`, see probes[]
 *   Notify() -> i    exit status of the child ebb-notify (its path is $PROBE_CHILD)
 *   Hang()           answers, then blocks the loop: for the watchdog
 *   Reloads() -> u   how many SIGHUP came
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "util/cleanup.h"

static unsigned reloads;

static int answer(long r) {
        return r < 0 ? errno : 0;
}

/* Opens HOME/path, or path when it is absolute; what was made is removed again. */
static int open_try(const char *path, int flags) {
        char full[4096];
        int fd;

        snprintf(full, sizeof(full), "%s%s%s", path[0] == '/' ? "" : getenv("HOME"),
                 path[0] == '/' ? "" : "/", path);
        fd = open(full, flags | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno;

        close(fd);
        if (flags & O_CREAT)
                (void) unlink(full);
        return 0;
}

static int socket_try(int family) {
        _cleanup_close_ int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        return answer(fd);
}

static int map_writable_code(void) {
        void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);

        if (p == MAP_FAILED)
                return errno;
        munmap(p, 4096);
        return 0;
}

static int make_data_executable(void) {
        void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int r;

        if (p == MAP_FAILED)
                return errno;
        r = answer(mprotect(p, 4096, PROT_READ | PROT_EXEC));
        munmap(p, 4096);
        return r;
}

/* In a child, so that the namespace it may get is not ours. */
static int unshare_user(void) {
        int status;
        pid_t pid = fork();

        if (pid < 0)
                return errno;
        if (pid == 0)
                _exit(unshare(CLONE_NEWUSER) < 0 ? errno : 0);
        if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
                return ECHILD;
        return WEXITSTATUS(status);
}

static int run_program(const char *program) {
        int status;
        pid_t pid = fork();

        if (pid < 0)
                return errno;
        if (pid == 0) {
                int fd = open("/dev/null", O_WRONLY);

                (void) dup2(fd, STDOUT_FILENO);
                execl(program, program, NULL);
                _exit(errno);
        }
        if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
                return ECHILD;
        return WEXITSTATUS(status);
}

static int set_suid_bit(void) {
        char path[4096];
        int fd, r;

        snprintf(path, sizeof(path), "%s/.local/share/ebb/suid", getenv("HOME"));
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno;
        r = answer(fchmod(fd, 04700));
        close(fd);
        (void) unlink(path);
        return r;
}

static int change_personality(void) {
        int old = personality(0xffffffff);
        int r = answer(personality(ADDR_NO_RANDOMIZE));

        (void) personality(old);
        return r;
}

static int go_realtime(void) {
        struct sched_param p = { .sched_priority = 1 };
        int r = answer(sched_setscheduler(0, SCHED_FIFO, &p));
        struct sched_param other = { 0 };

        (void) sched_setscheduler(0, SCHED_OTHER, &other);
        return r;
}

static int trace_another(void) {
        pid_t pid = fork();
        int r;

        if (pid < 0)
                return errno;
        if (pid == 0) {
                pause();
                _exit(0);
        }
        r = answer(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
        kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r;
}

static const struct {
        const char *name;
        int (*run)(void);
        const char *path; /* opened when there is no function */
        int flags;
} probes[] = {
        { "write_own_data", NULL, ".local/share/ebb/probe", O_WRONLY | O_CREAT },
        { "read_own_config", NULL, ".config/ebb", O_RDONLY | O_DIRECTORY },
        { "write_own_config", NULL, ".config/ebb/probe", O_WRONLY | O_CREAT },
        { "write_home", NULL, ".probe", O_WRONLY | O_CREAT },
        { "read_secret_in_home", NULL, ".secret", O_RDONLY },
        { "write_etc", NULL, "/etc/.probe", O_WRONLY | O_CREAT },
        { "write_marker_in_var", NULL, "/var/tmp/ebb-probe-marker", O_WRONLY },
        { "read_marker_in_tmp", NULL, "/tmp/ebb-probe-marker", O_RDONLY },
        { "write_private_tmp", NULL, "/tmp/mine", O_WRONLY | O_CREAT },
        { "read_zone_database", NULL, "/etc/os-release", O_RDONLY },
        { "read_other_process", NULL, "/proc/1/status", O_RDONLY },
        { "write_kernel_tunable", NULL, "/proc/sys/kernel/core_pattern", O_WRONLY },
        { "open_unix_socket", NULL, NULL, AF_UNIX },
        { "open_inet_socket", NULL, NULL, AF_INET },
        { "open_inet6_socket", NULL, NULL, AF_INET6 },
        { "open_netlink_socket", NULL, NULL, AF_NETLINK },
        { "map_writable_code", map_writable_code },
        { "make_data_executable", make_data_executable },
        { "unshare_user", unshare_user },
        { "trace_another", trace_another },
        { "set_suid_bit", set_suid_bit },
        { "change_personality", change_personality },
        { "go_realtime", go_realtime },
};

static int on_probe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char text[4096];
        size_t n = 0;

        for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
                int r = probes[i].run    ? probes[i].run()
                        : probes[i].path ? open_try(probes[i].path, probes[i].flags)
                                         : socket_try(probes[i].flags);

                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s=%s\n", probes[i].name,
                                       r ? strerrorname_np(r) : "ok");
        }
        n += (size_t) snprintf(text + n, sizeof(text) - n, "run_other_program=%s\n",
                               run_program("/usr/bin/id") ? "denied" : "ok");
        return sd_bus_reply_method_return(m, "s", text);
}

static int on_notify(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "i", run_program(getenv("PROBE_CHILD")));
}

static int on_hang(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        (void) sd_bus_reply_method_return(m, "");
        (void) sd_bus_flush(sd_bus_message_get_bus(m));
        while (pause() < 0)
                ;
        return 0;
}

static int on_reloads(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "u", reloads);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Probe", "", "s", on_probe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Notify", "", "i", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Hang", "", "", on_hang, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reloads", "", "u", on_reloads, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        reloads++;
        return 0;
}

static int serve(void) {
        __attribute__((cleanup(sd_event_unrefp))) sd_event *event = NULL;
        __attribute__((cleanup(sd_bus_flush_close_unrefp))) sd_bus *bus = NULL;
        sigset_t mask;
        int r;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGHUP);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);

        r = sd_event_default(&event);
        if (r < 0)
                return r;

        r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r < 0)
                return r;

        r = sd_event_add_signal(event, NULL, SIGHUP, on_hangup, NULL);
        if (r < 0)
                return r;

        r = sd_bus_open_user(&bus);
        if (r < 0)
                return r;

        r = sd_bus_add_object_vtable(bus, NULL, "/org/ebbd/Ebb1", "org.ebbd.Ebb1.Probe", vtable,
                                     NULL);
        if (r < 0)
                return r;

        r = sd_bus_request_name(bus, "org.ebbd.Ebb1", 0);
        if (r < 0)
                return r;

        r = sd_bus_attach_event(bus, event, 0);
        if (r < 0)
                return r;

        r = sd_event_set_watchdog(event, true);
        if (r < 0)
                return r;

        (void) sd_notify(0, "READY=1");
        return sd_event_loop(event);
}

int main(void) {
        int r = serve();

        if (r < 0) {
                fprintf(stderr, "probe-service: %s\n", strerror(-r));
                return 1;
        }
        return 0;
}
