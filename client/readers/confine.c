/* Confinement of a reader; see the header. */
#include "client/readers/confine.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if HAVE_LANDLOCK
#include <linux/landlock.h>
#endif
#if HAVE_SECCOMP
#include <seccomp.h>
#endif

#include "util/cleanup.h"

/* A sanitizer keeps terabytes of address space, and looks for leaks with files and calls of its own: such
 * a build is not confined, and says so. */
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

static bool is_file(int fd) {
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int set_limits(void) {
        static const struct {
                __rlimit_resource_t resource;
                rlim_t value;
        } limits[] = {
                { RLIMIT_CORE, 0 },
                { RLIMIT_CPU, 120 },
#if !SANITIZED
                { RLIMIT_NOFILE, 0 }, /* what is open stays open */
                { RLIMIT_NPROC, 0 },
                { RLIMIT_AS, 512 << 20 },
#endif
        };

        for (size_t i = 0; i < ELEMENTS(limits); i++) {
                struct rlimit limit;

                if (getrlimit(limits[i].resource, &limit) < 0)
                        return -errno;
                if (limit.rlim_max > limits[i].value)
                        limit.rlim_max = limits[i].value;
                limit.rlim_cur = limit.rlim_max;
                if (setrlimit(limits[i].resource, &limit) < 0)
                        return -errno;
        }

        /* Notes and complaints go to pipes; where they are sent to files, those may grow. */
        if (!is_file(STDOUT_FILENO) && !is_file(STDERR_FILENO)) {
                struct rlimit none = { 0, 0 };

                if (setrlimit(RLIMIT_FSIZE, &none) < 0)
                        return -errno;
        }
        return 0;
}

/* True when no file can be opened any more. */
static bool give_up_files(void) {
#if HAVE_LANDLOCK && !SANITIZED
        /* What the first version knows: later ones are asked for nothing, so this holds on every kernel that has it. */
        struct landlock_ruleset_attr attr = {
                .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
        };
        /* RLIMIT_NOFILE forbids the descriptor this needs, so it runs before set_limits(). */
        _cleanup_close_ int fd = (int) syscall(SYS_landlock_create_ruleset, &attr,
                                               sizeof(attr.handled_access_fs), 0);

        return fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
#else
        return false;
#endif
}

/* True when only the calls of the list are left. */
static bool give_up_calls(void) {
#if HAVE_SECCOMP && !SANITIZED
        static const int allowed[] = {
                SCMP_SYS(read),         SCMP_SYS(pread64),      SCMP_SYS(readv),
                SCMP_SYS(write),        SCMP_SYS(writev),       SCMP_SYS(lseek),
                SCMP_SYS(fstat),        SCMP_SYS(fstat64),      SCMP_SYS(newfstatat),
                SCMP_SYS(close),        SCMP_SYS(brk),          SCMP_SYS(mmap),
                SCMP_SYS(mmap2),        SCMP_SYS(munmap),       SCMP_SYS(mremap),
                SCMP_SYS(madvise),      SCMP_SYS(futex),        SCMP_SYS(getrandom),
                SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
                SCMP_SYS(getpid),       SCMP_SYS(gettid),       SCMP_SYS(tgkill),
                SCMP_SYS(exit),         SCMP_SYS(exit_group),   SCMP_SYS(restart_syscall),
        };
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        bool in_force = filter;

        for (size_t i = 0; in_force && i < ELEMENTS(allowed); i++)
                in_force = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
        in_force = in_force && seccomp_load(filter) == 0;
        if (filter)
                seccomp_release(filter);
        return in_force;
#else
        return false;
#endif
}

int confine(void) {
        bool files, calls;
        int r;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;

        files = give_up_files();
        r = set_limits();
        if (r < 0)
                return r;
        calls = give_up_calls();
        return files || calls ? 0 : CONFINE_E_PARTLY;
}
