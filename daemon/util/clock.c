/* The one place that asks the system for time and randomness. */
#include "util/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static const ClockSource *clock_source;

static usec_t clock_now(clockid_t id) {
        struct timespec ts;

        /* Cannot fail for these two clocks; before 1970 there was no Ebb. */
        if (clock_gettime(id, &ts) < 0 || ts.tv_sec < 0)
                return 0;
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

usec_t clock_now_real(void) {
        return clock_source ? clock_source->real(clock_source->userdata)
                            : clock_now(CLOCK_REALTIME);
}

usec_t clock_now_boot(void) {
        return clock_source ? clock_source->boot(clock_source->userdata)
                            : clock_now(CLOCK_BOOTTIME);
}

void clock_set_source(const ClockSource *source) {
        clock_source = source;
}

int random_bytes(void *ret, size_t len) {
        char *p = ret;

        while (len > 0) {
                ssize_t n = getrandom(p, len, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                len -= (size_t) n;
        }
        return 0;
}
