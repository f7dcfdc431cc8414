#include "desktop/dnd.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "desktop/presence-probe.h"

#define SERVER "org.freedesktop.Notifications"
#define PATH   "/org/freedesktop/Notifications"
#define CHANGE "org.freedesktop.DBus.Properties"

/* By the name of GetServerInformation. */
static const struct {
        const char *server;
        ProbeRow row;
} rows[] = {
        { "dunst",
          { SERVER, PATH, "org.dunstproject.cmd0", "paused", PROBE_PROPERTY, CHANGE, false } },
        /* The property Modes, which tells when it changes, came later than the modes. */
        { "mako",
          { SERVER, "/fr/emersion/Mako", "fr.emersion.Mako", "ListModes", PROBE_MODES, CHANGE,
            true } },
        { "SwayNotificationCenter",
          { "org.erikreider.swaync.cc", "/org/erikreider/swaync/cc", "org.erikreider.swaync.cc",
            "GetDnd", PROBE_CALL, "org.erikreider.swaync.cc", false } },
        { "Plasma", { SERVER, PATH, SERVER, "Inhibited", PROBE_PROPERTY, CHANGE, false } },
        { "Xfce Notify Daemon",
          { "org.xfce.Xfconf", "/org/xfce/Xfconf", "org.xfce.Xfconf", "GetProperty", PROBE_XFCONF,
            "org.xfce.Xfconf", false } },
};

struct Dnd {
        sd_bus *bus;
        void (*changed)(void *userdata);
        void *userdata;
        sd_bus_slot *owner_slot, *info_slot;
        char *server;
        Probe *probe;
};

static void forget(Dnd *d) {
        d->info_slot = sd_bus_slot_unref(d->info_slot);
        d->probe = probe_free(d->probe);
        free(d->server);
        d->server = NULL;
}

static void on_probe(Probe *p, void *userdata) {
        Dnd *d = userdata;

        d->changed(d->userdata);
}

static int on_info(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Dnd *d = userdata;
        const char *name;

        d->info_slot = sd_bus_slot_unref(d->info_slot);
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "s", &name) < 0)
                return 0;

        free(d->server);
        d->server = strdup(name);
        for (size_t i = 0; i < ELEMENTS(rows) && !d->probe; i++)
                if (strcasecmp(name, rows[i].server) == 0)
                        /* Without memory for it the answer stays unknown. */
                        (void) probe_new(d->bus, &rows[i].row, on_probe, d, &d->probe);
        d->changed(d->userdata);
        return 0;
}

static void ask_name(Dnd *d) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(d->bus, &m, SERVER, PATH, SERVER,
                                           "GetServerInformation");
        if (r >= 0)
                (void) probe_call(d->bus, m, &d->info_slot, on_info, d);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *old_owner, *new_owner;
        Dnd *d = userdata;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;

        forget(d);
        if (*new_owner)
                ask_name(d);
        d->changed(d->userdata);
        return 0;
}

int dnd_new(sd_bus *bus, void (*changed)(void *userdata), void *userdata, Dnd **ret) {
        _cleanup_(dnd_freep) Dnd *d = NULL;
        int r;

        d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;

        d->bus = bus;
        d->changed = changed;
        d->userdata = userdata;

        r = sd_bus_add_match_async(bus, &d->owner_slot,
                                   "type='signal',sender='org.freedesktop.DBus',"
                                   "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                   "arg0='" SERVER "'",
                                   on_owner, NULL, d);
        if (r < 0)
                return r;

        ask_name(d);
        *ret = TAKE_PTR(d);
        return 0;
}

Dnd *dnd_free(Dnd *d) {
        if (!d)
                return NULL;

        forget(d);
        sd_bus_slot_unref(d->owner_slot);
        free(d);
        return NULL;
}

PresenceValue dnd_value(const Dnd *d) {
        return d ? probe_value(d->probe) : PRESENCE_UNKNOWN;
}

const char *dnd_server(const Dnd *d) {
        return d && d->server ? d->server : "";
}

void dnd_refresh(Dnd *d) {
        if (!d)
                return;
        if (d->probe)
                probe_refresh(d->probe);
        else if (!d->server && !d->info_slot)
                ask_name(d); /* it was too busy to answer, or there is none */
}
