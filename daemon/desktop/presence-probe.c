#include "desktop/presence-probe.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"
#include "util/usec.h"

#define ANSWER_WITHIN   (5 * USEC_PER_SEC)
#define INHIBIT_IDLE    UINT32_C(8) /* org.gnome.SessionManager */
#define XFCONF_NEVERSET "org.xfce.Xfconf.Error.PropertyNotFound"

struct Probe {
        sd_bus *bus;
        const ProbeRow *row;
        void (*changed)(Probe *p, void *userdata);
        void *userdata;
        sd_bus_slot *owner_slot, *signal_slot, *call_slot;
        bool again; /* something was told while an answer was awaited */
        PresenceValue value;
};

static void ask(Probe *p);

static void set(Probe *p, PresenceValue value) {
        if (value == p->value)
                return;
        p->value = value;
        p->changed(p, p->userdata);
}

/* mako has no switch, but modes; these are what people call the one that hides everything. */
static int read_modes(sd_bus_message *m, int *ret) {
        static const char *const quiet[] = { "do-not-disturb", "do_not_disturb", "dnd", "silent",
                                             "invisible" };
        const char *mode;
        int found = false, r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &mode)) > 0)
                for (size_t i = 0; i < ELEMENTS(quiet); i++)
                        found |= strcasecmp(mode, quiet[i]) == 0;
        if (r < 0)
                return r;
        *ret = found;
        return 0;
}

static PresenceValue read_answer(const Probe *p, sd_bus_message *m) {
        int on = false, r = -EINVAL;

        if (sd_bus_message_is_method_error(m, NULL))
                /* Never set is off; whoever else answers with an error does not know the question. */
                return p->row->kind == PROBE_XFCONF &&
                                       sd_bus_message_is_method_error(m, XFCONF_NEVERSET)
                               ? PRESENCE_NO
                               : PRESENCE_UNKNOWN;

        switch (p->row->kind) {
        case PROBE_CALL:
        case PROBE_INHIBITED:
                r = sd_bus_message_read(m, "b", &on);
                break;
        case PROBE_PROPERTY:
        case PROBE_XFCONF:
                r = sd_bus_message_read(m, "v", "b", &on);
                break;
        case PROBE_MODES:
                r = read_modes(m, &on);
                break;
        }
        return r < 0 ? PRESENCE_UNKNOWN : on ? PRESENCE_YES : PRESENCE_NO;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Probe *p = userdata;
        PresenceValue value = read_answer(p, m);

        p->call_slot = sd_bus_slot_unref(p->call_slot);
        /* The answer may be older than what was told meanwhile. */
        if (p->again) {
                p->again = false;
                ask(p);
        }
        set(p, value);
        return 0;
}

static int append_question(const ProbeRow *row, sd_bus_message *m) {
        switch (row->kind) {
        case PROBE_CALL:
        case PROBE_MODES:
                return 0;
        case PROBE_INHIBITED:
                return sd_bus_message_append(m, "u", INHIBIT_IDLE);
        case PROBE_PROPERTY:
                return sd_bus_message_append(m, "ss", row->interface, row->member);
        case PROBE_XFCONF:
                return sd_bus_message_append(m, "ss", "xfce4-notifyd", "/do-not-disturb");
        }
        return -EINVAL;
}

int probe_call(sd_bus *bus, sd_bus_message *m, sd_bus_slot **ret_slot,
               sd_bus_message_handler_t answered, void *userdata) {
        int r;

        r = sd_bus_message_set_auto_start(m, 0);
        if (r < 0)
                return r;

        return sd_bus_call_async(bus, ret_slot, m, answered, userdata, ANSWER_WITHIN);
}

static void ask(Probe *p) {
        const ProbeRow *row = p->row;
        bool property = row->kind == PROBE_PROPERTY;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (p->call_slot) {
                p->again = true;
                return;
        }

        r = sd_bus_message_new_method_call(p->bus, &m, row->name, row->path,
                                           property ? "org.freedesktop.DBus.Properties"
                                                    : row->interface,
                                           property ? "Get" : row->member);
        if (r >= 0)
                r = append_question(row, m);
        if (r >= 0)
                r = probe_call(p->bus, m, &p->call_slot, on_answer, p);
        if (r < 0)
                set(p, PRESENCE_UNKNOWN);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ask(userdata);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *old_owner, *new_owner;
        Probe *p = userdata;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;

        /* What the one before may still answer does not count. */
        p->call_slot = sd_bus_slot_unref(p->call_slot);
        p->again = false;
        if (*new_owner)
                ask(p);
        else
                set(p, PRESENCE_UNKNOWN);
        return 0;
}

int probe_new(sd_bus *bus, const ProbeRow *row, void (*changed)(Probe *p, void *userdata),
              void *userdata, Probe **ret) {
        _cleanup_(probe_freep) Probe *p = NULL;
        _cleanup_free_ char *match = NULL;
        int r;

        match = text_format("type='signal',sender='org.freedesktop.DBus',"
                            "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
                            row->name);
        p = calloc(1, sizeof(*p));
        if (!p || !match)
                return -ENOMEM;

        p->bus = bus;
        p->row = row;
        p->changed = changed;
        p->userdata = userdata;

        r = sd_bus_add_match_async(bus, &p->owner_slot, match, on_owner, NULL, p);
        if (r < 0)
                return r;

        r = sd_bus_match_signal_async(bus, &p->signal_slot, row->name, row->path,
                                      row->signal_interface, NULL, on_signal, NULL, p);
        if (r < 0)
                return r;

        ask(p);
        *ret = TAKE_PTR(p);
        return 0;
}

Probe *probe_free(Probe *p) {
        if (!p)
                return NULL;

        sd_bus_slot_unref(p->owner_slot);
        sd_bus_slot_unref(p->signal_slot);
        sd_bus_slot_unref(p->call_slot);
        free(p);
        return NULL;
}

PresenceValue probe_value(const Probe *p) {
        return p ? p->value : PRESENCE_UNKNOWN;
}

const ProbeRow *probe_row(const Probe *p) {
        return p->row;
}

void probe_refresh(Probe *p) {
        if (p && p->row->silent)
                ask(p);
}
