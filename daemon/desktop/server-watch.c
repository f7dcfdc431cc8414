#include "desktop/server-watch.h"

#include <errno.h>
#include <string.h>

#define SERVER_NAME "org.freedesktop.Notifications"

struct ServerWatch {
        sd_bus_slot *owner_slot, *has_slot, *activatable_slot;
        void (*changed)(bool present, void *userdata);
        void *userdata;
        bool owned, activatable;
        bool told, present; /* what was said last */
};

static void tell(ServerWatch *w) {
        bool present = w->owned || w->activatable;

        if (w->told && present == w->present)
                return;

        w->told = true;
        w->present = present;
        w->changed(present, w->userdata);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServerWatch *w = userdata;
        const char *name, *old_owner, *new_owner;
        int r;

        r = sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner);
        if (r < 0)
                return 0; /* the bus itself sends this; what cannot be read is not about us */

        w->owned = new_owner[0] != '\0';
        tell(w);
        return 0;
}

static int on_has_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServerWatch *w = userdata;
        int owned;

        w->has_slot = sd_bus_slot_unref(w->has_slot);
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "b", &owned) < 0)
                owned = false;

        w->owned = owned;
        tell(w);
        return 0;
}

static int on_activatable(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServerWatch *w = userdata;
        const char *name;

        w->activatable_slot = sd_bus_slot_unref(w->activatable_slot);
        if (sd_bus_message_is_method_error(m, NULL) ||
            sd_bus_message_enter_container(m, 'a', "s") < 0)
                return 0;

        while (sd_bus_message_read(m, "s", &name) > 0)
                if (strcmp(name, SERVER_NAME) == 0)
                        w->activatable = true;
        if (w->activatable)
                tell(w);
        return 0;
}

int server_watch_new(sd_bus *bus, void (*changed)(bool present, void *userdata), void *userdata,
                     ServerWatch **ret) {
        _cleanup_(server_watch_freep) ServerWatch *w = NULL;
        int r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;

        w->changed = changed;
        w->userdata = userdata;

        r = sd_bus_add_match_async(bus, &w->owner_slot,
                                   "type='signal',sender='org.freedesktop.DBus',"
                                   "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                   "arg0='" SERVER_NAME "'",
                                   on_owner_changed, NULL, w);
        if (r < 0)
                return r;

        r = sd_bus_call_method_async(bus, &w->activatable_slot, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "ListActivatableNames", on_activatable, w, NULL);
        if (r < 0)
                return r;

        r = sd_bus_call_method_async(bus, &w->has_slot, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "NameHasOwner", on_has_owner, w, "s", SERVER_NAME);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(w);
        return 0;
}

ServerWatch *server_watch_free(ServerWatch *w) {
        if (!w)
                return NULL;

        sd_bus_slot_unref(w->owner_slot);
        sd_bus_slot_unref(w->has_slot);
        sd_bus_slot_unref(w->activatable_slot);
        free(w);
        return NULL;
}
