/*
 * Rebuilds every derived value from the operations and compares, in steps small enough for the event
 * loop. Writes nothing. A change of the collection while it runs is noticed: what was changed is
 * compared as it is then.
 */
#pragma once

#include "store/store.h"

typedef struct Verify Verify;

/* `report` is called with a sentence for each difference. */
int verify_new(Store *store, void (*report)(const char *sentence, void *userdata), void *userdata,
               Verify **ret);

/*
 * Works on about `max` objects. *ret_done in 0 .. 1000. Returns 1 while there is more, 0 at the
 * end, or a negative errno.
 */
int verify_step(Verify *v, size_t max, int *ret_done);
uint64_t verify_differences(const Verify *v);
Verify *verify_free(Verify *v);
DEFINE_CLEANUP(Verify *, verify_free);
