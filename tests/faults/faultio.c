/*
 * LD_PRELOAD library that makes calls on chosen files fail.
 *
 *   FAULTIO=CALL:ERRNO:FROM[:COUNT]   CALL: write, sync, open, unlink, ftruncate
 *   FAULTIO_PATH=TEXT                 only files whose path contains TEXT (default ".db")
 *   FAULTIO_LOG=1                     say on stderr what was made to fail
 *
 * FAULTIO=sync:EIO:3:1 makes the third fsync() or fdatasync() of a matching file fail once with EIO.
 * Without COUNT every call from FROM on fails.
 */
/* With it, libc's headers would rename the short names below into the long ones. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char fault_call[16];
static int fault_errno;
static long fault_from, fault_count = -1, fault_seen;
static bool fault_on;

static const struct {
        const char *name;
        int number;
} errnos[] = {
        { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EROFS", EROFS },
        { "EDQUOT", EDQUOT }, { "EACCES", EACCES },
};

__attribute__((constructor)) static void fault_setup(void) {
        const char *wanted = getenv("FAULTIO");
        char name[16] = "";

        if (!wanted)
                return;
        if (sscanf(wanted, "%15[^:]:%15[^:]:%ld:%ld", fault_call, name, &fault_from, &fault_count) <
            3)
                return;
        for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
                if (strcmp(errnos[i].name, name) == 0)
                        fault_errno = errnos[i].number;
        fault_on = fault_errno != 0;
}

static bool path_matches(const char *path) {
        const char *part = getenv("FAULTIO_PATH");

        return path && strstr(path, part ? part : ".db");
}

static bool fd_matches(int fd) {
        char link[64], path[4096];
        ssize_t n;

        if (!fault_on)
                return false;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path) - 1);
        if (n < 0)
                return false;
        path[n] = '\0';
        return path_matches(path);
}

/* Counts the call; true when it has to fail, errno is then set. */
static bool fails(const char *call) {
        long n;

        if (!fault_on || strcmp(call, fault_call) != 0)
                return false;
        n = __atomic_add_fetch(&fault_seen, 1, __ATOMIC_SEQ_CST);
        if (n < fault_from || (fault_count >= 0 && n >= fault_from + fault_count))
                return false;
        if (getenv("FAULTIO_LOG"))
                fprintf(stderr, "faultio: %s number %ld fails\n", call, n);
        errno = fault_errno;
        return true;
}

#define REAL(function, name) ((__typeof__(&(function))) dlsym(RTLD_NEXT, name))

int fsync(int fd);
int fsync(int fd) {
        return fd_matches(fd) && fails("sync") ? -1 : REAL(fsync, "fsync")(fd);
}

int fdatasync(int fd);
int fdatasync(int fd) {
        return fd_matches(fd) && fails("sync") ? -1 : REAL(fdatasync, "fdatasync")(fd);
}

ssize_t write(int fd, const void *data, size_t size);
ssize_t write(int fd, const void *data, size_t size) {
        return fd_matches(fd) && fails("write") ? -1 : REAL(write, "write")(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
        return fd_matches(fd) && fails("write") ? -1
                                                : REAL(pwrite, "pwrite")(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset);
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
        return fd_matches(fd) && fails("write")
                       ? -1
                       : REAL(pwrite64, "pwrite64")(fd, data, size, offset);
}

int ftruncate(int fd, off_t length);
int ftruncate(int fd, off_t length) {
        return fd_matches(fd) && fails("ftruncate") ? -1 : REAL(ftruncate, "ftruncate")(fd, length);
}

int ftruncate64(int fd, off64_t length);
int ftruncate64(int fd, off64_t length) {
        return fd_matches(fd) && fails("ftruncate") ? -1
                                                    : REAL(ftruncate64, "ftruncate64")(fd, length);
}

int unlink(const char *path);
int unlink(const char *path) {
        return path_matches(path) && fails("unlink") ? -1 : REAL(unlink, "unlink")(path);
}

static int open_or_fail(const char *path, int flags, va_list list) {
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;

        if (path_matches(path) && fails("open"))
                return -1;
        return REAL(open64, "open64")(path, flags, mode);
}

int open(const char *path, int flags, ...);
int open(const char *path, int flags, ...) {
        va_list list;
        int fd;

        va_start(list, flags);
        fd = open_or_fail(path, flags, list);
        va_end(list);
        return fd;
}

int open64(const char *path, int flags, ...);
int open64(const char *path, int flags, ...) {
        va_list list;
        int fd;

        va_start(list, flags);
        fd = open_or_fail(path, flags, list);
        va_end(list);
        return fd;
}
