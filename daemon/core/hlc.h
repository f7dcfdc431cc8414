/*
 * Hybrid logical clock: 48 bits of UTC milliseconds and a counter of 16, so that what was written later on
 * one device compares later, and an edit made after seeing another device's value beats it, whatever
 * the two wall clocks say. Kept as one number, ms << 16 | counter, below 2^63.
 */
#pragma once

#include <stdint.h>

#define HLC_MS_MAX ((INT64_C(1) << 47) - 1)
#define HLC_MAX    ((uint64_t) INT64_MAX)

enum {
        HLC_TEXT_SIZE = 12 + 1 + 4 + 1, /* "0194c1f0a2b3-0000" */
        WRITER_NAME_SIZE = 16 + 1,      /* 80 random bits in Crockford's base32, lower case */
};

/* The stamp of a new operation: above `last` and `seen` but at most HLC_MAX, at `now_ms` when that is above both. */
uint64_t hlc_next(int64_t now_ms, uint64_t last, uint64_t seen);

static inline int64_t hlc_ms(uint64_t hlc) {
        return (int64_t) (hlc >> 16);
}

void hlc_format(uint64_t hlc, char ret[static HLC_TEXT_SIZE]);
int hlc_parse(const char *text, uint64_t *ret); /* 0 or -EINVAL; exactly that form */

/*
 * The order of operations everywhere: by clock, then writer, then sequence, then the hash of the
 * line, which tells the branches of a forked writer apart. Total.
 */
typedef struct Stamp {
        uint64_t hlc;
        const char *writer;
        int64_t seq;
        uint32_t hash;
} Stamp;

int stamp_compare(const Stamp *a, const Stamp *b);

/* A writer's name from 10 random bytes, and whether a text is one. */
void writer_name(const uint8_t random[static 10], char ret[static WRITER_NAME_SIZE]);
int writer_name_check(const char *text); /* 0 or -EINVAL */
