/*
 * How late a timer of an event loop fires because the loop was held up, not because the machine was
 * busy: the time this thread stood ready and waited for a processor (second figure of
 * /proc/thread-self/schedstat) is taken off. Where the kernel does not count it, nothing is.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/usec.h"

static inline usec_t lateness_waited(void) {
        _cleanup_fclose_ FILE *f = fopen("/proc/thread-self/schedstat", "re");
        uint64_t ran_ns, waited_ns;

        if (!f || fscanf(f, "%" SCNu64 " %" SCNu64, &ran_ns, &waited_ns) != 2)
                return 0;
        return waited_ns / 1000;
}

typedef struct Lateness {
        usec_t expected; /* of the next tick, on the loop's clock; 0: not begun */
        usec_t waited;   /* as of the last tick */
        usec_t worst;
} Lateness;

/* At each tick; returns when the next one is to come, so that one delay is counted once. */
static inline usec_t lateness_tick(Lateness *l, usec_t now, usec_t every) {
        usec_t waited = lateness_waited(), late = 0;

        if (l->expected && now > l->expected)
                late = now - l->expected;
        late = late > waited - l->waited ? late - (waited - l->waited) : 0;
        if (late > l->worst)
                l->worst = late;

        l->waited = waited;
        return l->expected = now + every;
}
