/*
 * Any bytes as a TZif file: refused, or a zone that answers for any instant and whose changes go on in
 * time. Bytes without its magic are tried as a rule.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/civil.h"
#include "util/zone.h"

static void check(int holds) {
        if (!holds)
                abort();
}

static void ask(const Zone *zone) {
        static const int64_t instants[] = { INT64_MIN,  -62135596800, 0,
                                            1795392000, 4102444800,   INT64_MAX };
        int64_t at_s = -1000000000000;
        int32_t offset;

        for (size_t i = 0; i < sizeof(instants) / sizeof(*instants); i++) {
                offset = zone_offset_at(zone, instants[i]);
                check(offset > -ZONE_OFFSET_MAX_S && offset < ZONE_OFFSET_MAX_S);
        }
        for (int i = 0; i < 40; i++) {
                int64_t before_s = at_s;
                int32_t before = zone_offset_at(zone, at_s);

                if (!zone_next_change(zone, at_s, &at_s, &offset))
                        break;
                check(at_s > before_s && offset != before && zone_offset_at(zone, at_s) == offset);
        }
        for (int32_t day = 20000; day < 20400; day += 7)
                (void) civil_resolve(zone, day, 240 * 60, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(zone_freep) Zone *zone = NULL;

        if (size >= 4 && memcmp(data, "TZif", 4) == 0) {
                if (zone_parse(data, size, "fuzz", &zone) == 0)
                        ask(zone);
        } else if (size < 256) {
                char rule[256] = { 0 };

                if (size > 0)
                        memcpy(rule, data, size);
                if (zone_from_rule(rule, &zone) == 0)
                        ask(zone);
        }
        return 0;
}
