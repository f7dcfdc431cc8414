/*
 * The daemon's log: lines with a priority on stderr, as sd-daemon(3) reads them ("ebbd: text" on a
 * terminal); under journald (JOURNAL_STREAM is our stderr) structured with CODE_FILE, CODE_LINE and
 * ERRNO instead. One entry is one line: control characters in a message become spaces. Only main,
 * loop, engine and bus log; everything below returns errors. Link log_dep: it is not part of util.
 */
#pragma once

#include <errno.h>
#include <syslog.h>

void log_setup(const char *ident, int max_level); /* LOG_ERR .. LOG_DEBUG */
void log_set_max_level(int max_level);
int log_max_level(void);

void log_full(int level, int error, const char *file, int line, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

#define log_error(...)   log_full(LOG_ERR, 0, __FILE__, __LINE__, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, 0, __FILE__, __LINE__, __VA_ARGS__)
#define log_notice(...)  log_full(LOG_NOTICE, 0, __FILE__, __LINE__, __VA_ARGS__)
#define log_info(...)    log_full(LOG_INFO, 0, __FILE__, __LINE__, __VA_ARGS__)
#define log_debug(...)                                                                             \
        do {                                                                                       \
                if (log_max_level() >= LOG_DEBUG)                                                  \
                        log_full(LOG_DEBUG, 0, __FILE__, __LINE__, __VA_ARGS__);                   \
        } while (0)

/* `r` is a negative errno; %m in the format is its text. The value of the expression is r. */
#define log_error_errno(r, ...)                                                                    \
        ({                                                                                         \
                int log_r_ = (r);                                                                  \
                log_full(LOG_ERR, log_r_, __FILE__, __LINE__, __VA_ARGS__);                        \
                log_r_;                                                                            \
        })
#define log_warning_errno(r, ...)                                                                  \
        ({                                                                                         \
                int log_r_ = (r);                                                                  \
                log_full(LOG_WARNING, log_r_, __FILE__, __LINE__, __VA_ARGS__);                    \
                log_r_;                                                                            \
        })
