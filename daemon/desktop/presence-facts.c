#include "desktop/presence-facts.h"

PresenceValue presence_combine(const PresenceTable *table, PresenceFact fact,
                               PresenceSource *ret_source) {
        PresenceValue value = PRESENCE_UNKNOWN;
        PresenceSource source = PRESENCE_SOURCES;

        /* UNKNOWN < NO < YES. */
        for (PresenceSource s = 0; s < PRESENCE_SOURCES; s++)
                if (table->said[s][fact] > value) {
                        value = table->said[s][fact];
                        source = s;
                }
        if (ret_source)
                *ret_source = source;
        return value;
}

const char *presence_fact_name(PresenceFact fact) {
        static const char *const names[] = {
                [PRESENCE_ACTIVE] = "active",
                [PRESENCE_LOCKED] = "locked",
                [PRESENCE_IDLE] = "idle",
                [PRESENCE_DND] = "do-not-disturb",
                [PRESENCE_PRESENTING] = "presenting",
                [PRESENCE_ASLEEP] = "asleep",
        };

        return fact < PRESENCE_FACTS ? names[fact] : "";
}

const char *presence_value_name(PresenceValue value) {
        return value == PRESENCE_YES ? "yes" : value == PRESENCE_NO ? "no" : "unknown";
}

const char *presence_source_name(PresenceSource source) {
        static const char *const names[] = {
                [PRESENCE_LOGIND] = "org.freedesktop.login1",
                [PRESENCE_GNOME_SCREENSAVER] = "org.gnome.ScreenSaver",
                [PRESENCE_SCREENSAVER] = "org.freedesktop.ScreenSaver",
                [PRESENCE_CINNAMON_SCREENSAVER] = "org.cinnamon.ScreenSaver",
                [PRESENCE_MATE_SCREENSAVER] = "org.mate.ScreenSaver",
                [PRESENCE_SESSION_MANAGER] = "org.gnome.SessionManager",
                [PRESENCE_POWER_MANAGEMENT] = "org.freedesktop.PowerManagement.Inhibit",
                [PRESENCE_SERVER] = "org.freedesktop.Notifications",
        };

        return source < PRESENCE_SOURCES ? names[source] : "";
}

PresenceValue presence_of_idle_hint(int hint) {
        return hint ? PRESENCE_YES : PRESENCE_UNKNOWN;
}

PresenceValue presence_of_locked_hint(int hint, int was_ever_true) {
        return hint ? PRESENCE_YES : was_ever_true ? PRESENCE_NO : PRESENCE_UNKNOWN;
}
