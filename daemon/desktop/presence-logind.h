/*
 * What logind tells on the system bus: sleep, and of the learner's session whether it is in front, locked,
 * idle. Works without a system bus, without logind, without a session, and follows each as it comes and goes.
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "desktop/presence-facts.h"
#include "util/cleanup.h"

typedef struct PresenceLogind PresenceLogind;

/* `changed` is called from the event loop. Without a system bus it is made all the same. */
int presence_logind_new(sd_event *event, void (*changed)(void *userdata), void *userdata,
                        PresenceLogind **ret);
PresenceLogind *presence_logind_free(PresenceLogind *l);
DEFINE_CLEANUP(PresenceLogind *, presence_logind_free);

PresenceValue presence_logind_value(const PresenceLogind *l, PresenceFact fact);

/* "logind, session c1", or why it tells nothing. Valid until the next turn of the event loop. */
const char *presence_logind_state(const PresenceLogind *l);

/* When there is no system bus, or it went away: tries again. */
void presence_logind_refresh(PresenceLogind *l);
