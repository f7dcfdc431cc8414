/*
 * What is known of the desktop, and who said so. Sources say yes, no, or nothing about facts; this puts
 * them together. Pure: no bus, no clock, no memory of its own.
 *
 * A yes from anybody counts more than a no from somebody else: a locked screen is locked, whichever of
 * two lockers knows it. What no source speaks of is unknown.
 */
#pragma once

#include <stddef.h>

typedef enum PresenceFact {
        PRESENCE_ACTIVE,     /* the session is the one in front */
        PRESENCE_LOCKED,     /* or covered by a screen saver */
        PRESENCE_IDLE,       /* the desktop says that nobody is there */
        PRESENCE_DND,        /* the notification server holds back */
        PRESENCE_PRESENTING, /* a program keeps the screen from blanking: a film, a talk, a call */
        PRESENCE_ASLEEP,     /* the machine is about to sleep, or has not come back yet */
        PRESENCE_FACTS,
} PresenceFact;

typedef enum PresenceValue { PRESENCE_UNKNOWN, PRESENCE_NO, PRESENCE_YES } PresenceValue;

typedef enum PresenceSource {
        PRESENCE_LOGIND,
        PRESENCE_GNOME_SCREENSAVER,
        PRESENCE_SCREENSAVER, /* of freedesktop.org: KDE and others */
        PRESENCE_CINNAMON_SCREENSAVER,
        PRESENCE_MATE_SCREENSAVER,
        PRESENCE_SESSION_MANAGER,
        PRESENCE_POWER_MANAGEMENT,
        PRESENCE_SERVER, /* the notification server */
        PRESENCE_SOURCES,
} PresenceSource;

/* What each source says. All zero: nothing. */
typedef struct PresenceTable {
        PresenceValue said[PRESENCE_SOURCES][PRESENCE_FACTS];
} PresenceTable;

/* Whoever decided it in *ret_source, the first of several; PRESENCE_SOURCES when it is unknown. May be NULL. */
PresenceValue presence_combine(const PresenceTable *table, PresenceFact fact,
                               PresenceSource *ret_source);

const char *presence_fact_name(PresenceFact fact);       /* "locked" */
const char *presence_value_name(PresenceValue value);    /* "yes", "no", "unknown" */
const char *presence_source_name(PresenceSource source); /* the name on the bus */

/*
 * What a hint of logind is worth. Most desktops never set IdleHint, so that false says nothing; LockedHint
 * false counts from the first true on, which shows that this session's locker sets it.
 */
PresenceValue presence_of_idle_hint(int hint);
PresenceValue presence_of_locked_hint(int hint, int was_ever_true);
