/*
 * Whether the notification server holds notifications back. Each server has its own way to ask, chosen by the
 * name it gives itself; where the switch lies in GSettings (GNOME, MATE, Cinnamon) or nowhere, it is
 * unknown. Only asks, never sets.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "desktop/presence-facts.h"
#include "util/cleanup.h"

typedef struct Dnd Dnd;

int dnd_new(sd_bus *bus, void (*changed)(void *userdata), void *userdata, Dnd **ret);
Dnd *dnd_free(Dnd *d);
DEFINE_CLEANUP(Dnd *, dnd_free);

PresenceValue dnd_value(const Dnd *d);
const char *dnd_server(const Dnd *d); /* "dunst", "" when there is none or it does not answer */

/* Asks again those that do not tell by themselves. */
void dnd_refresh(Dnd *d);
