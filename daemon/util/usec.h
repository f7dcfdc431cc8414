/*
 * Time as 64-bit microseconds. Four kinds, never mixed, and told apart by the variable's name:
 *
 *   *_real   an instant, microseconds since 1970-01-01 UTC
 *   *_boot   a deadline on CLOCK_BOOTTIME
 *   *_day    a learner's day number: days since 1970-01-01 of the local date that began at day-starts
 *   civil    date + minutes + zone (core/civil.h)
 *
 * Operations are stored with millisecond instants, named *_ms (UTC, since 1970).
 */
#pragma once

#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)
#define MSEC_PER_SEC  INT64_C(1000)
#define MSEC_PER_MIN  (60 * MSEC_PER_SEC)
#define MSEC_PER_DAY  (24 * 60 * MSEC_PER_MIN)
