#include "core/uuid.h"

#include <errno.h>
#include <string.h>

static const char hex[] = "0123456789abcdef";

static void stamp(uint8_t uuid[static UUID_SIZE], uint8_t version) {
        uuid[6] = (uint8_t) ((uuid[6] & 0x0f) | version << 4);
        uuid[8] = (uint8_t) ((uuid[8] & 0x3f) | 0x80);
}

void uuid_v7(int64_t now_ms, const uint8_t random[static 10], uint8_t ret[static UUID_SIZE]) {
        uint64_t ms = now_ms < 0 ? 0 : (uint64_t) now_ms;

        for (int i = 0; i < 6; i++)
                ret[i] = (uint8_t) (ms >> (40 - 8 * i));
        memcpy(ret + 6, random, 10);
        stamp(ret, 7);
}

void uuid_v8(const uint8_t digest[static 16], uint8_t ret[static UUID_SIZE]) {
        memcpy(ret, digest, UUID_SIZE);
        stamp(ret, 8);
}

static int is_dash(int at) {
        return at == 8 || at == 13 || at == 18 || at == 23;
}

void uuid_format(const uint8_t uuid[static UUID_SIZE], char ret[static UUID_TEXT_SIZE]) {
        int at = 0;

        for (int i = 0; i < UUID_SIZE; i++) {
                if (is_dash(at))
                        ret[at++] = '-';
                ret[at++] = hex[uuid[i] >> 4];
                ret[at++] = hex[uuid[i] & 15];
        }
        ret[at] = '\0';
}

int uuid_parse_prefix(const char *text, uint8_t ret[static UUID_SIZE]) {
        uint8_t uuid[UUID_SIZE] = { 0 };
        int n = 0;

        for (int at = 0; at < UUID_TEXT_SIZE - 1; at++) {
                const char *digit;

                if (is_dash(at)) {
                        if (text[at] != '-')
                                return -EINVAL;
                        continue;
                }

                digit = text[at] ? strchr(hex, text[at]) : NULL;
                if (!digit)
                        return -EINVAL;
                uuid[n / 2] = (uint8_t) (uuid[n / 2] << 4 | (digit - hex));
                n++;
        }

        memcpy(ret, uuid, UUID_SIZE);
        return 0;
}

int uuid_parse(const char *text, uint8_t ret[static UUID_SIZE]) {
        if (strlen(text) != UUID_TEXT_SIZE - 1)
                return -EINVAL;
        return uuid_parse_prefix(text, ret);
}
