/*
 * UUIDs of RFC 9562, as 16 bytes and as 36 characters in lower case.
 */
#pragma once

#include <stdint.h>

enum { UUID_SIZE = 16, UUID_TEXT_SIZE = 36 + 1 };

/* Version 7: ordered by time. */
void uuid_v7(int64_t now_ms, const uint8_t random[static 10], uint8_t ret[static UUID_SIZE]);

/* Version 8: from the beginning of a SHA-256, the same for the same source everywhere. */
void uuid_v8(const uint8_t digest[static 16], uint8_t ret[static UUID_SIZE]);

void uuid_format(const uint8_t uuid[static UUID_SIZE], char ret[static UUID_TEXT_SIZE]);

/* 0 or -EINVAL; only the canonical form in lower case. `text` need not end after it: see uuid_parse_prefix. */
int uuid_parse(const char *text, uint8_t ret[static UUID_SIZE]);
int uuid_parse_prefix(const char *text, uint8_t ret[static UUID_SIZE]); /* first 36 characters */
