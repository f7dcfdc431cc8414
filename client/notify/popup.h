/*
 * One notification on screen, by libnotify. Calls here may block as long as the server does.
 *
 * Replacing a notification is not portable (buttons are lost or kept by mistake), so the next card is a new one:
 * after a click the server gets a moment to close the old one by itself, then it is closed, then a moment
 * again for the server to say so, and only then the next is posted.
 */
#pragma once

#include <stdint.h>

#include "client/notify/protocol.h"

typedef struct PopupHandler {
        void (*shown)(uint64_t generation, int32_t id);
        void (*clicked)(uint64_t generation, const char *key,
                        const char *token); /* token may be NULL */
        void (*closed)(uint64_t generation, int32_t reason);
        void (*failed)(uint64_t generation, const char *sentence);
} PopupHandler;

/* Once, after notify_init(). The strings are copied. */
void popup_setup(const char *desktop_entry, const char *icon, const PopupHandler *handler);

/* Ends in shown() or failed(), for the last of several calls. */
void popup_show(const NotifyMessage *message);

/* Ends in closed(), also when there was nothing to close. */
void popup_close(uint64_t generation);

/* The server is gone, and with it everything that was on screen or on its way there. */
void popup_forget(void);

/* Closes what is on screen and does not wait for signals. */
void popup_end(void);
