/*
 * The daemon's log. A library of its own, so that only what logs links libsystemd.
 */
#include "util/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/cleanup.h"

typedef enum LogTarget { LOG_TARGET_STDERR, LOG_TARGET_TERMINAL, LOG_TARGET_JOURNAL } LogTarget;

static const char *log_ident = "ebb";
static int log_level = LOG_INFO;
static LogTarget log_target;

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream stderr was connected to. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        uint64_t dev, ino;
        struct stat st;

        if (!stream || sscanf(stream, "%" SCNu64 ":%" SCNu64, &dev, &ino) != 2)
                return false;
        return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_setup(const char *ident, int max_level) {
        log_ident = ident;
        log_level = max_level;
        if (stderr_is_journal())
                log_target = LOG_TARGET_JOURNAL;
        else
                log_target = isatty(STDERR_FILENO) ? LOG_TARGET_TERMINAL : LOG_TARGET_STDERR;
}

void log_set_max_level(int max_level) {
        log_level = max_level;
}

int log_max_level(void) {
        return log_level;
}

static int send_to_journal(int level, int error, const char *file, int line, const char *message) {
        _cleanup_free_ char *text = NULL, *code_file = NULL, *ident = NULL;
        char priority[32], code_line[32], code[32];
        struct iovec fields[6];
        int n = 0;

        if (asprintf(&text, "MESSAGE=%s", message) < 0 ||
            asprintf(&code_file, "CODE_FILE=%s", file) < 0 ||
            asprintf(&ident, "SYSLOG_IDENTIFIER=%s", log_ident) < 0)
                return -ENOMEM;
        (void) snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
        (void) snprintf(code_line, sizeof(code_line), "CODE_LINE=%d", line);
        (void) snprintf(code, sizeof(code), "ERRNO=%d", error);

        fields[n++] = (struct iovec){ text, strlen(text) };
        fields[n++] = (struct iovec){ priority, strlen(priority) };
        fields[n++] = (struct iovec){ ident, strlen(ident) };
        fields[n++] = (struct iovec){ code_file, strlen(code_file) };
        fields[n++] = (struct iovec){ code_line, strlen(code_line) };
        if (error > 0)
                fields[n++] = (struct iovec){ code, strlen(code) };
        return sd_journal_sendv(fields, n);
}

void log_full(int level, int error, const char *file, int line, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        int saved_errno = errno;
        va_list ap;

        if (level > log_level)
                return;

        error = error < 0 ? -error : error;
        va_start(ap, format);
        errno = error; /* for %m */
        if (vasprintf(&message, format, ap) < 0)
                message = NULL;
        va_end(ap);

        if (!message) {
                errno = saved_errno;
                return;
        }

        /* One entry is one line: what a message quotes must not forge a second one. */
        for (char *p = message; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        *p = ' ';

        if (log_target != LOG_TARGET_JOURNAL ||
            send_to_journal(level, error, file, line, message) < 0) {
                if (log_target == LOG_TARGET_TERMINAL)
                        (void) dprintf(STDERR_FILENO, "%s: %s\n", log_ident, message);
                else
                        (void) dprintf(STDERR_FILENO, "<%d>%s\n", level, message);
        }
        errno = saved_errno;
}
