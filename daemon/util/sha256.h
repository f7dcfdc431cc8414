/* SHA-256 as in FIPS 180-4, for op ids and file names; not for secrets. Vectors: tests/unit/test-sha256.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Sha256 {
        uint32_t h[8];
        uint64_t bytes;
        uint8_t block[64];
} Sha256;

void sha256_init(Sha256 *s);
void sha256_add(Sha256 *s, const void *data, size_t len);
void sha256_finish(Sha256 *s, uint8_t ret[static 32]);
