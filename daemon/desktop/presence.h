/*
 * Whether the learner is there and may be disturbed: logind on the system bus (presence-logind), screen savers and
 * inhibitors on the session bus, and the notification server's own Do Not Disturb (dnd). Every source is
 * optional and may come and go; none is waited for, polled, or started.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "desktop/presence-facts.h"
#include "util/cleanup.h"

typedef struct Presence Presence;

/* `changed` is called from the event loop, when a fact or who tells it is another. */
int presence_new(sd_event *event, sd_bus *session_bus, void (*changed)(void *userdata),
                 void *userdata, Presence **ret);
Presence *presence_free(Presence *p);
DEFINE_CLEANUP(Presence *, presence_free);

PresenceValue presence_value(const Presence *p, PresenceFact fact);

/*
 * Who says so, or, of what is unknown, why: "org.gnome.ScreenSaver", "there is no logind". Valid
 * until the next turn of the event loop.
 */
const char *presence_source(const Presence *p, PresenceFact fact);

/*
 * Before a decision that asks for it: asks those sources again that do not tell by themselves, and tries the system
 * bus again where it is missing. Answers come as changes.
 */
void presence_refresh(Presence *p);
