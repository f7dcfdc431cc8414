/*
 * Time zones from TZif files (RFC 8536; versions 1 to 4, footer included). Loaded once, asked
 * often: no TZ variable, no tzset(), no global state. A loaded zone is immutable.
 *
 * It reads the zone files the system has (/usr/share/zoneinfo, or $TZDIR); knows no dates (core/civil.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

typedef struct Zone Zone;

enum {
        ZONE_FILE_MAX = 256 * 1024, /* the largest real file has some 4 KiB */
        ZONE_NAME_MAX = 255,
        ZONE_OFFSET_MAX_S = 26 * 3600, /* RFC 8536 3.2: between -25 and +26 hours, exclusive */
};

/*
 * Loads a zone by name ("Europe/Berlin"), or the system's for NULL: the TZ variable when set to a name or
 * a path or a POSIX rule, else /etc/localtime, else UTC when there is none.
 *
 * Names hold letters, digits and "+-_./", no leading "/", no empty, "." or ".." part.
 *
 * Returns 0, -EINVAL for a name that cannot be one, -ENOENT when the system has no such zone,
 * -EBADMSG for a file that is no valid TZif (also when larger than ZONE_FILE_MAX), or another errno.
 */
int zone_load(const char *name, Zone **ret);

/* The same from bytes; `name` is copied. 0, -EBADMSG, -ENOMEM. */
int zone_parse(const void *data, size_t len, const char *name, Zone **ret);

/* From a POSIX TZ rule alone ("CET-1CEST,M3.5.0,M10.5.0/3"). 0, -EBADMSG, -ENOMEM. */
int zone_from_rule(const char *rule, Zone **ret);

Zone *zone_free(Zone *zone);
DEFINE_CLEANUP(Zone *, zone_free);

/* UTC, static: needs no loading, may be given to zone_free(). */
const Zone *zone_utc(void);

/* The name it was loaded under; the system's: what /etc/localtime or TZ points at, or "localtime". */
const char *zone_name(const Zone *zone);

bool zone_name_valid(const char *name);

/* Seconds east of UTC in force at an instant, for any instant. */
int32_t zone_offset_at(const Zone *zone, int64_t at_s);

/*
 * The first change of the offset after an instant: *ret_at_s is the first second of the new
 * offset. False when there is none (any more). Changes of name or of the DST flag alone are passed over.
 */
bool zone_next_change(const Zone *zone, int64_t after_s, int64_t *ret_at_s, int32_t *ret_offset);
