#include "client/readers/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/*
 * Runs `probe` in a child that has confined itself. What it returns (an errno, 0 when it could do what it tried);
 * -1 when the child could not be confined in full.
 */
static int confined(int (*probe)(void)) {
        pid_t child = fork();
        int status;

        if (child == 0) {
                int r;

                if (confine() != 0)
                        _exit(255);
                r = probe();
                _exit(r);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
                return -2;
        if (WIFSIGNALED(status))
                return 128 + WTERMSIG(status);
        return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static int try_open(void) {
        return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int try_create(void) {
        return open("confine-was-here", O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
}

static int try_socket(void) {
        return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int try_fork(void) {
        pid_t child = fork();

        if (child == 0)
                _exit(0);
        return child < 0 ? errno : 0;
}

static int try_unlink(void) {
        return unlink("/etc/passwd-that-is-not-there") < 0 ? errno : 0;
}

static int try_memory(void) {
        void *p = malloc((size_t) 1 << 30);

        return p ? 0 : errno;
}

static int try_its_work(void) {
        char *p = malloc(4 << 20), buf[4];
        int ends[2] = { STDIN_FILENO, STDOUT_FILENO };

        if (!p)
                return 1;
        memset(p, 1, 4 << 20);
        free(p);
        return write(ends[1], "", 0) < 0 || read(ends[0], buf, 0) < 0 ? errno : 0;
}

static int limits_are_set(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
                return limit.rlim_max == 0 ? 0 : 1;
        return errno == EPERM ? 0 : 2; /* even asking is refused */
}

static void check_refused(const char *what, int (*probe)(void)) {
        int r = confined(probe);

        if (r == 0 || r == -2)
                CHECK_FAIL("%s: possible", what);
}

TEST(what_a_reader_does_not_need_is_refused)
{
        if (confined(limits_are_set) == -1)
                SKIP("neither landlock nor seccomp can be had here");
        check_refused("opening a file", try_open);
        check_refused("making a file", try_create);
        CHECK(access("confine-was-here", F_OK) < 0);
}

TEST(network_processes_and_memory_are_refused)
{
#if !HAVE_SECCOMP || SANITIZED
        SKIP("without seccomp, or with a sanitizer that needs the calls itself");
#endif
        if (confined(limits_are_set) == -1)
                SKIP("neither landlock nor seccomp can be had here");
        CHECK_INT(EPERM, confined(try_socket));
        CHECK_INT(EPERM, confined(try_fork));
        CHECK_INT(EPERM, confined(try_unlink));
        CHECK_INT(ENOMEM, confined(try_memory));
}

TEST(its_work_goes_on)
{
        if (confined(limits_are_set) == -1)
                SKIP("neither landlock nor seccomp can be had here");
        CHECK_INT(0, confined(limits_are_set));
        CHECK_INT(0, confined(try_its_work));
}

CHECK_MAIN
