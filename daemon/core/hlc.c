#include "core/hlc.h"

#include <errno.h>
#include <string.h>

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char hex[] = "0123456789abcdef";

uint64_t hlc_next(int64_t now_ms, uint64_t last, uint64_t seen) {
        int64_t ms = now_ms < 0 ? 0 : now_ms > HLC_MS_MAX ? HLC_MS_MAX : now_ms;
        uint64_t now = (uint64_t) ms << 16;
        uint64_t least = last > seen ? last : seen;

        /* At the end of what can be written the writer decides, as between equal clocks. */
        if (least < HLC_MAX)
                least++;
        return now > least ? now : least;
}

static void format_hex(uint64_t value, int digits, char *ret) {
        for (int i = digits - 1; i >= 0; i--) {
                ret[i] = hex[value & 15];
                value >>= 4;
        }
}

static int parse_hex(const char *text, int digits, uint64_t *ret) {
        uint64_t value = 0;

        for (int i = 0; i < digits; i++) {
                const char *digit = text[i] ? strchr(hex, text[i]) : NULL;

                if (!digit)
                        return -EINVAL;
                value = value << 4 | (uint64_t) (digit - hex);
        }

        *ret = value;
        return 0;
}

void hlc_format(uint64_t hlc, char ret[static HLC_TEXT_SIZE]) {
        format_hex(hlc >> 16, 12, ret);
        ret[12] = '-';
        format_hex(hlc & 0xffff, 4, ret + 13);
        ret[17] = '\0';
}

int hlc_parse(const char *text, uint64_t *ret) {
        uint64_t ms, counter;
        int r;

        if (strlen(text) != HLC_TEXT_SIZE - 1 || text[12] != '-')
                return -EINVAL;

        r = parse_hex(text, 12, &ms);
        if (r < 0)
                return r;

        r = parse_hex(text + 13, 4, &counter);
        if (r < 0)
                return r;

        if (ms > (uint64_t) HLC_MS_MAX)
                return -EINVAL;

        *ret = ms << 16 | counter;
        return 0;
}

int stamp_compare(const Stamp *a, const Stamp *b) {
        int r;

        if (a->hlc != b->hlc)
                return a->hlc < b->hlc ? -1 : 1;

        r = strcmp(a->writer, b->writer);
        if (r != 0)
                return r;

        if (a->seq != b->seq)
                return a->seq < b->seq ? -1 : 1;

        return a->hash < b->hash ? -1 : a->hash > b->hash;
}

void writer_name(const uint8_t random[static 10], char ret[static WRITER_NAME_SIZE]) {
        for (int i = 0; i < 2; i++) {
                uint64_t bits = 0;

                for (int j = 0; j < 5; j++)
                        bits = bits << 8 | random[5 * i + j];
                for (int j = 7; j >= 0; j--) {
                        ret[8 * i + j] = base32[bits & 31];
                        bits >>= 5;
                }
        }
        ret[16] = '\0';
}

int writer_name_check(const char *text) {
        if (strlen(text) != WRITER_NAME_SIZE - 1 || strspn(text, base32) != WRITER_NAME_SIZE - 1)
                return -EINVAL;
        return 0;
}
