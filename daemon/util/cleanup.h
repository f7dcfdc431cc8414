/*
 * Ownership by attribute: every owning local carries its release, and ownership leaves a function
 * only through TAKE_PTR() or TAKE_FD().
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                __typeof__(p) *taken_from_ = &(p);                                                 \
                __typeof__(p) taken_ = *taken_from_;                                               \
                *taken_from_ = NULL;                                                               \
                taken_;                                                                            \
        })

#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int *taken_from_ = &(fd);                                                          \
                int taken_ = *taken_from_;                                                         \
                *taken_from_ = -1;                                                                 \
                taken_;                                                                            \
        })

/* Defines x_freep() for use with _cleanup_(); `func` must accept NULL. */
#define DEFINE_CLEANUP(type, func)                                                                 \
        static inline void func##p(type *p) {                                                      \
                if (*p)                                                                            \
                        func(*p);                                                                  \
        }

#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void closep(int *fd) {
        if (*fd >= 0)
                (void) close(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f)
                (void) fclose(*f);
}

#define _cleanup_free_   _cleanup_(freep)
#define _cleanup_close_  _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
