/*
 * Small numbers this device keeps for itself over restarts, such as when it last asked. Not operations:
 * they are never merged, never undone, and nothing breaks when they are lost.
 */
#pragma once

#include "store/store.h"

/* `key` is a literal like "remind.last-asked". */
int device_get(Store *store, const char *key, int64_t fallback, int64_t *ret);
int device_set(Store *store, const char *key, int64_t value);
