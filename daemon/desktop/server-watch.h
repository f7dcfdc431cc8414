/*
 * Whether anybody shows notifications here: org.freedesktop.Notifications has an owner on the bus, or
 * can be activated. Asks without waiting, and follows the name afterwards; never calls the server.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "util/cleanup.h"

typedef struct ServerWatch ServerWatch;

/* `changed` is called from the bus's event loop, first when the answers are in, then at every change. */
int server_watch_new(sd_bus *bus, void (*changed)(bool present, void *userdata), void *userdata,
                     ServerWatch **ret);
ServerWatch *server_watch_free(ServerWatch *w);
DEFINE_CLEANUP(ServerWatch *, server_watch_free);
