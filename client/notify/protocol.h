/*
 * What the daemon and ebb-notify say to each other: one message a datagram on a SOCK_SEQPACKET
 * pair, which the helper inherits as fd 3. Both sides check every message they receive.
 *
 * A message is a header in native byte order followed by its strings, each ended by a NUL. All
 * strings are valid UTF-8. Which strings a kind carries is its row in the table of protocol.c.
 *
 *   daemon to helper                                     answered by
 *     HELLO   app name, desktop entry, icon              SERVER or GONE, within 5 s
 *     SHOW    summary, body, category, then pairs of     SHOWN or ERROR, within 5 s
 *             action key and label
 *     CLOSE   -                                          CLOSED (also when nothing was on screen)
 *     QUIT    -                                          the end of the helper; so does a hang-up
 *
 *   helper to daemon
 *     SERVER  name, vendor, version, spec, then the capabilities; sent whenever a server appears
 *     GONE    - the server left, or none is there; what was on screen is forgotten
 *     SHOWN   number: the server's id
 *     CLICKED action key, without its generation tag; then, or alone, a window activation token
 *     REPLY   text typed into the notification
 *     CLOSED  number: reason as in the notification spec (1 expired, 2 dismissed, 3 by us, 4 other)
 *     ERROR   a sentence; with the generation of a card that could not be shown
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        NOTIFY_PROTOCOL_VERSION = 1,
        NOTIFY_MESSAGE_MAX = 16 * 1024, /* bytes of a datagram */
        NOTIFY_STRINGS_MAX = 64,
        NOTIFY_ACTIONS_MAX = 8,
        NOTIFY_KEY_MAX = 32, /* bytes of an action key, tag not counted; [a-z0-9-] */
};

typedef enum NotifyKind {
        NOTIFY_HELLO = 1,
        NOTIFY_SHOW,
        NOTIFY_CLOSE,
        NOTIFY_QUIT,

        NOTIFY_SERVER = 64,
        NOTIFY_GONE,
        NOTIFY_SHOWN,
        NOTIFY_CLICKED,
        NOTIFY_REPLY,
        NOTIFY_CLOSED,
        NOTIFY_ERROR,
} NotifyKind;

/* Where a kind's strings are. */
enum {
        NOTIFY_HELLO_APP = 0,
        NOTIFY_HELLO_DESKTOP_ENTRY,
        NOTIFY_HELLO_ICON,
        NOTIFY_HELLO_STRINGS,

        NOTIFY_SHOW_SUMMARY = 0,
        NOTIFY_SHOW_BODY,
        NOTIFY_SHOW_CATEGORY,
        NOTIFY_SHOW_ACTIONS, /* first key */

        NOTIFY_SERVER_NAME = 0,
        NOTIFY_SERVER_VENDOR,
        NOTIFY_SERVER_VERSION,
        NOTIFY_SERVER_SPEC,
        NOTIFY_SERVER_CAPABILITIES, /* first of them */
};

typedef enum NotifyFlags {
        NOTIFY_IN_PLACE = 1 << 0, /* SHOW: a card that was not clicked may be replaced in place */
        NOTIFY_CLOSE_BY_EXPIRY = 1 << 1, /* SHOW: the server takes away only what expires */
} NotifyFlags;

typedef struct NotifyMessage {
        NotifyKind kind;
        uint8_t urgency;     /* SHOW: 0 low, 1 normal, 2 critical */
        uint8_t flags;       /* SHOW: NotifyFlags */
        int32_t number;      /* SHOW: expiry in ms, 0 never; SHOWN: id; CLOSED: reason */
        uint64_t generation; /* of the card, SHOW and everything that speaks of it; else 0 */
        size_t n_strings;
        const char *strings[NOTIFY_STRINGS_MAX];
} NotifyMessage;

/*
 * Writes the message into out[0..NOTIFY_MESSAGE_MAX). Returns its length, or -EBADMSG when it is not a
 * valid message of its kind (a string is NULL or invalid UTF-8, too many, too long).
 */
int notify_message_encode(const NotifyMessage *message, char *out);

/*
 * Reads a datagram. The strings point into `buf` and live as long as it does. Returns 0, or -EBADMSG for
 * anything that notify_message_encode() would not have written, -EPROTO for another version of this protocol.
 */
int notify_message_decode(const char *buf, size_t len, NotifyMessage *ret);

/*
 * Sends one message without blocking and without SIGPIPE; 0 or a negative errno (-EAGAIN when the
 * other side does not read, -EPIPE or -ECONNRESET when it is gone).
 */
int notify_message_send(int fd, const NotifyMessage *message);

/*
 * Receives one message without blocking into buf[0..NOTIFY_MESSAGE_MAX). Returns 0, or -EAGAIN, -EBADMSG,
 * -EPROTO, or -EPIPE when the other side hung up.
 */
int notify_message_receive(int fd, char *buf, NotifyMessage *ret);
