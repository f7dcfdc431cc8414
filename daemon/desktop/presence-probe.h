/*
 * One question to a program on the session bus whose answer is yes or no: asked when the program comes,
 * and again at each of its signals. Never waits, never starts the program.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "desktop/presence-facts.h"
#include "util/cleanup.h"

typedef enum ProbeKind {
        PROBE_CALL,      /* () -> b */
        PROBE_INHIBITED, /* (u) -> b, with 8: the session does not become idle */
        PROBE_PROPERTY,  /* b */
        PROBE_MODES,     /* () -> as, of mako */
        PROBE_XFCONF,    /* the switch of xfce4-notifyd */
} ProbeKind;

typedef struct ProbeRow {
        const char *name, *path, *interface, *member;
        ProbeKind kind;
        const char *signal_interface; /* whose signals are a reason to ask again */
        bool silent; /* some versions have no such signal: asked again by probe_refresh() too */
} ProbeRow;

typedef struct Probe Probe;

/* `row` must outlive the probe. `changed` is called from the bus's event loop, when the value is another. */
int probe_new(sd_bus *bus, const ProbeRow *row, void (*changed)(Probe *p, void *userdata),
              void *userdata, Probe **ret);
Probe *probe_free(Probe *p);
DEFINE_CLEANUP(Probe *, probe_free);

PresenceValue probe_value(const Probe *p);
const ProbeRow *probe_row(const Probe *p);
void probe_refresh(Probe *p);

/* A call to `row`'s program that starts nobody, and is given up after some seconds. */
int probe_call(sd_bus *bus, sd_bus_message *m, sd_bus_slot **ret_slot,
               sd_bus_message_handler_t answered, void *userdata);
