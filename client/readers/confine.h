/*
 * Gives up everything a reader does not need, for good: no new privileges, limits on memory, processor time,
 * open files and written bytes, no files (landlock), no system calls but reading, writing and memory
 * (seccomp). To be called after the input was opened and before anything of it is read.
 */
#pragma once

enum {
        CONFINE_E_PARTLY =
                1, /* limits are in force, but neither landlock nor seccomp could be had */
};

/* 0, CONFINE_E_PARTLY, or a negative errno when not even the limits could be set. */
int confine(void);
