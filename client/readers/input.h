/* What a reader reads: bytes at an offset, so that a file can be gone through more than once. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef struct Input {
        /* Bytes read, 0 at the end, or a negative errno. */
        ssize_t (*read)(void *userdata, uint64_t offset, char *buf, size_t len);
        void *userdata;
} Input;
