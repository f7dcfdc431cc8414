/*
 * What a fuzz target defines. It takes any bytes, gives them to one parser and returns 0; what the
 * parser answers does not matter, what it must not do is crash, leak, hang or read outside them.
 * `data` is not NUL-terminated and may be NULL when `size` is 0.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
