#include "desktop/presence.h"

#include <errno.h>
#include <string.h>

#include "desktop/dnd.h"
#include "desktop/presence-logind.h"
#include "desktop/presence-probe.h"

/* The numbers of GetSessionIdleTime are not asked: some count seconds, others milliseconds. */
static const struct {
        PresenceSource source;
        PresenceFact fact;
        ProbeRow row;
} rows[] = {
        { PRESENCE_GNOME_SCREENSAVER,
          PRESENCE_LOCKED,
          { "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "GetActive",
            PROBE_CALL, "org.gnome.ScreenSaver", false } },
        { PRESENCE_SCREENSAVER,
          PRESENCE_LOCKED,
          { "org.freedesktop.ScreenSaver", "/ScreenSaver", "org.freedesktop.ScreenSaver",
            "GetActive", PROBE_CALL, "org.freedesktop.ScreenSaver", false } },
        { PRESENCE_SCREENSAVER,
          PRESENCE_LOCKED,
          { "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver",
            "org.freedesktop.ScreenSaver", "GetActive", PROBE_CALL, "org.freedesktop.ScreenSaver",
            false } },
        { PRESENCE_CINNAMON_SCREENSAVER,
          PRESENCE_LOCKED,
          { "org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver", "org.cinnamon.ScreenSaver",
            "GetActive", PROBE_CALL, "org.cinnamon.ScreenSaver", false } },
        { PRESENCE_MATE_SCREENSAVER,
          PRESENCE_LOCKED,
          { "org.mate.ScreenSaver", "/org/mate/ScreenSaver", "org.mate.ScreenSaver", "GetActive",
            PROBE_CALL, "org.mate.ScreenSaver", false } },
        { PRESENCE_SESSION_MANAGER,
          PRESENCE_PRESENTING,
          { "org.gnome.SessionManager", "/org/gnome/SessionManager", "org.gnome.SessionManager",
            "IsInhibited", PROBE_INHIBITED, "org.gnome.SessionManager", false } },
        { PRESENCE_POWER_MANAGEMENT,
          PRESENCE_PRESENTING,
          { "org.freedesktop.PowerManagement.Inhibit", "/org/freedesktop/PowerManagement/Inhibit",
            "org.freedesktop.PowerManagement.Inhibit", "HasInhibit", PROBE_CALL,
            "org.freedesktop.PowerManagement.Inhibit", false } },
};

struct Presence {
        void (*changed)(void *userdata);
        void *userdata;
        PresenceLogind *logind;
        Dnd *dnd;
        Probe *probes[ELEMENTS(rows)];
        PresenceTable table;
};

static void gather(Presence *p) {
        PresenceTable table = { 0 };

        for (PresenceFact f = 0; f < PRESENCE_FACTS; f++)
                table.said[PRESENCE_LOGIND][f] = presence_logind_value(p->logind, f);
        table.said[PRESENCE_SERVER][PRESENCE_DND] = dnd_value(p->dnd);
        /* A source may be asked at two places; whichever answers. */
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                PresenceValue *said = &table.said[rows[i].source][rows[i].fact];

                if (probe_value(p->probes[i]) > *said)
                        *said = probe_value(p->probes[i]);
        }
        p->table = table;
}

static void on_changed(void *userdata) {
        Presence *p = userdata;

        gather(p);
        p->changed(p->userdata);
}

static void on_probe(Probe *probe, void *userdata) {
        on_changed(userdata);
}

static void tell_nobody(void *userdata) {
}

int presence_new(sd_event *event, sd_bus *session_bus, void (*changed)(void *userdata),
                 void *userdata, Presence **ret) {
        _cleanup_(presence_freep) Presence *p = NULL;
        int r;

        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;

        /* What is known before it is made whole is not told. */
        p->changed = tell_nobody;
        p->userdata = userdata;

        r = presence_logind_new(event, on_changed, p, &p->logind);
        if (r < 0)
                return r;

        r = dnd_new(session_bus, on_changed, p, &p->dnd);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                r = probe_new(session_bus, &rows[i].row, on_probe, p, &p->probes[i]);
                if (r < 0)
                        return r;
        }

        p->changed = changed;
        *ret = TAKE_PTR(p);
        return 0;
}

Presence *presence_free(Presence *p) {
        if (!p)
                return NULL;

        p->changed = tell_nobody;
        p->logind = presence_logind_free(p->logind);
        p->dnd = dnd_free(p->dnd);
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                probe_free(p->probes[i]);
        free(p);
        return NULL;
}

PresenceValue presence_value(const Presence *p, PresenceFact fact) {
        return p ? presence_combine(&p->table, fact, NULL) : PRESENCE_UNKNOWN;
}

const char *presence_source(const Presence *p, PresenceFact fact) {
        PresenceSource source;
        bool known;

        if (!p)
                return "nothing is watched";

        known = presence_combine(&p->table, fact, &source) != PRESENCE_UNKNOWN;
        if (known && source != PRESENCE_LOGIND && source != PRESENCE_SERVER)
                return presence_source_name(source);

        switch (fact) {
        case PRESENCE_DND:
                if (known)
                        return dnd_server(p->dnd);
                return *dnd_server(p->dnd) ? "the notification server does not tell"
                                           : "no notification server answers";
        case PRESENCE_PRESENTING:
                return "no session manager tells";
        case PRESENCE_ACTIVE:
        case PRESENCE_LOCKED:
        case PRESENCE_IDLE:
        case PRESENCE_ASLEEP:
        case PRESENCE_FACTS:
                break;
        }
        return presence_logind_state(p->logind);
}

void presence_refresh(Presence *p) {
        if (!p)
                return;

        presence_logind_refresh(p->logind);
        dnd_refresh(p->dnd);
}
