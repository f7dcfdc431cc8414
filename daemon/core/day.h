/*
 * The learner's day: it begins at day-starts (default 04:00 local), not at midnight, as in Anki.
 * Numbers are days since 1970-01-01 of the local date on which the day began.
 *
 * Two ways to the same number. A *live* question (what is today, when does tomorrow begin) is
 * answered from the zone. A *recorded* review is numbered from its instant and the offset from UTC
 * it was made at, so that every device folds it alike wherever it is. They agree but when the
 * offset changed between the beginning of the day and the review, by at most that change around the
 * beginning; so that promise and fold agree everywhere, an answer uses day_moment() live as well.
 */
#pragma once

#include "core/types.h"
#include "util/usec.h"
#include "util/zone.h"

enum {
        DAY_STARTS_DEFAULT_MIN = 4 * 60,
        DAY_STARTS_MAX_MIN = 24 * 60 - 1,
};

/* Instant at which `day` begins; wall-time rule of core/civil.h. Before 1970: 0. */
usec_t day_start(const Zone *zone, int32_t day, int day_starts_min);

/*
 * The day an instant belongs to: the largest d with day_start(d) <= at. So it never goes down when
 * time goes up, in any zone; a day that a zone left out is empty.
 */
int32_t day_number(const Zone *zone, usec_t at_real, int day_starts_min);

/* floor((at_ms + (tz_min - day_starts_min) minutes) / 24 h); tz_min is minutes east of UTC. */
int32_t day_of_review(int64_t at_ms, int tz_min, int day_starts_min);

/* The moment a review is made at, or was: as it is recorded. */
Moment day_moment(int64_t at_ms, int tz_min, int day_starts_min);

/* Minutes east of UTC to record with a review: the offset in force, rounded down to a minute. */
int day_tz_min(const Zone *zone, int64_t at_ms);
