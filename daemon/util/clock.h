/*
 * The only place that asks the system for the time, and the only one that draws random bytes.
 * Everything else is told. Tests put their own clock here with clock_set_source().
 */
#pragma once

#include <stddef.h>

#include "util/usec.h"

typedef struct ClockSource {
        usec_t (*real)(void *userdata);
        usec_t (*boot)(void *userdata);
        void *userdata;
} ClockSource;

usec_t clock_now_real(void);
usec_t clock_now_boot(void);

/* NULL puts the system's clocks back. The source must outlive its use. */
void clock_set_source(const ClockSource *source);

/* 0, or a negative errno. */
int random_bytes(void *ret, size_t len);
