/*
 * Prints what util/zone.c and core/civil.c say around each change of a zone's offset, for zones-peer.py:
 *
 *   C at offset            a change: first second, new offset
 *   O at offset            offset in force, each minute from 3 hours before a change to 3 after
 *   W wall instant         instant of a wall time (seconds since 1970 as if UTC), the same minutes
 *
 * Arguments: from, until (seconds), zone names. Each zone begins with "Z name", or "E name errno".
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/civil.h"

enum { DAY_S = 86400, AROUND_S = 3 * 3600 };

static void dump_around(const Zone *zone, int64_t change_s) {
        for (int64_t t = change_s - AROUND_S; t <= change_s + AROUND_S; t += 60) {
                int32_t offset = zone_offset_at(zone, t), day, seconds;
                int64_t wall_s;

                printf("O %" PRIi64 " %d\n", t, offset);
                /* On the minute, with the old offset's wall clock, so that gaps are met too. */
                wall_s = t + zone_offset_at(zone, change_s - 1);
                day = (int32_t) (wall_s >= 0 ? wall_s / DAY_S : -((DAY_S - 1 - wall_s) / DAY_S));
                seconds = (int32_t) (wall_s - day * (int64_t) DAY_S);
                printf("W %" PRIi64 " %" PRIi64 "\n", wall_s,
                       civil_resolve(zone, day, seconds, NULL));
        }
}

int main(int argc, char **argv) {
        int64_t from_s, until_s;

        if (argc < 4)
                return 2;

        from_s = strtoll(argv[1], NULL, 10);
        until_s = strtoll(argv[2], NULL, 10);
        for (int i = 3; i < argc; i++) {
                _cleanup_(zone_freep) Zone *zone = NULL;
                int64_t change_s = from_s;
                int32_t offset;
                int r;

                r = zone_load(argv[i], &zone);
                if (r < 0) {
                        printf("E %s %d\n", argv[i], -r);
                        continue;
                }
                printf("Z %s\n", argv[i]);
                while (zone_next_change(zone, change_s, &change_s, &offset) && change_s < until_s) {
                        printf("C %" PRIi64 " %d\n", change_s, offset);
                        dump_around(zone, change_s);
                }
        }
        return 0;
}
