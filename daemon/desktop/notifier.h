/*
 * The one notification Ebb has on screen.
 *
 * The notifier is told which card is wanted and makes it so: it starts ebb-notify when there is something to
 * show, waits for the server's name, fits the card to that server (server-profiles.h: buttons, markup,
 * lengths, expiry), shows it, brings it back when the server restarts, and ends ebb-notify a few
 * seconds after the screen is empty. A helper that does not answer within 5 s is killed and another
 * started, later each time. No function here blocks, and all callbacks come from the event loop,
 * never from inside a call of this header; they may call anything here but notifier_free().
 *
 * A card is known by its generation, a number chosen by the caller that must differ from the cards
 * before it; a growing counter does.  What is reported about any generation but the one last shown is
 * dropped here: double signals, late clicks, buttons left over by a server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "desktop/server-profiles.h"
#include "util/cleanup.h"

typedef struct Notifier Notifier;

typedef enum NotifierCardKind {
        NOTIFIER_QUESTION,
        NOTIFIER_ANSWER,
        NOTIFIER_NOTICE,  /* something to tell, with or without actions */
        NOTIFIER_CLOSING, /* the last line of a batch: goes away by itself */
} NotifierCardKind;

enum { NOTIFIER_ACTIONS_MAX = 6 };

typedef struct NotifierAction {
        const char *key;   /* what on_action gets: [a-z0-9-], at most 32 bytes, not "default" */
        const char *label; /* "Good 4d"; letters, digits and spaces: some servers spoil the rest */
        unsigned rank;     /* where not all fit, the lowest ranks stay (ties: the earlier one) */
} NotifierAction;

typedef struct NotifierCard {
        NotifierCardKind kind;
        uint64_t generation; /* > 0 */
        const char *summary; /* plain text, one line: deck and position, unlike the last card's */
        const char *body; /* plain text of any length and origin; repaired, escaped and cut here */

        /* In the order in which they stand on screen: Again, Hard, Good, Easy. */
        size_t n_actions;
        NotifierAction actions[NOTIFIER_ACTIONS_MAX];

        /*
         * Line added to the body where the server draws no buttons. NULL: the usual one of the kind ("ebb
         * show-answer", "ebb answer good"); "": none.
         */
        const char *command_hint;

        unsigned expire_ms; /* 0: stays. Kept by a timer of ours, whatever the server does. */
        bool critical;      /* only for a card that must pass Do Not Disturb */
} NotifierCard;

typedef enum NotifierClosedReason {
        NOTIFIER_CLOSED_EXPIRED = 1, /* our timer or the server's */
        NOTIFIER_CLOSED_DISMISSED,   /* by the learner, without an action: "later", never a grade */
        NOTIFIER_CLOSED_OTHER,       /* the server does not say why, or another program closed it */
} NotifierClosedReason;

typedef enum NotifierState {
        NOTIFIER_UNKNOWN, /* nobody asked yet, or the answer is on its way */
        NOTIFIER_READY,   /* a server is there */
        NOTIFIER_ABSENT,  /* none, and none can be activated */
        NOTIFIER_STUCK,   /* the last helper did not answer or died; another will be tried */
} NotifierState;

/* Every member may be NULL. Strings live until the callback returns. */
typedef struct NotifierHandler {
        /*
         * A server answered, or (NULL) there is none (any more). Told when that changes, after notifier_probe(),
         * and NULL each time a card has to wait because a new helper found none.
         */
        void (*on_server)(const ServerInfo *info, void *userdata);

        /* The server took the card; also when a restarted server was given it again. */
        void (*on_shown)(uint64_t generation, void *userdata);

        /*
         * A button, or "default" for a click on the card itself (which is the button's key where the card has
         * only one). At most one a generation, and no on_closed
         * follows for it; the card is off the screen or will be with the next notifier_show() or
         * notifier_close(), one of which must follow.
         */
        void (*on_action)(uint64_t generation, const char *key, void *userdata);

        /* Gone without an action; it is not shown again. Not called after notifier_close(). */
        void (*on_closed)(uint64_t generation, NotifierClosedReason reason, void *userdata);

        /* A sentence for the log and for `ebb status`. The notifier has already done what can be done. */
        void (*on_error)(const char *sentence, void *userdata);
} NotifierHandler;

/*
 * `helper_path` is the program ebb-notify; it inherits the environment (DBUS_SESSION_BUS_ADDRESS). The handler
 * must outlive the notifier. Returns 0 or a negative errno; nothing is started yet.
 */
int notifier_new(sd_event *event, const char *helper_path, const NotifierHandler *handler,
                 void *userdata, Notifier **ret);

/* What is on screen is closed if the server answers within a moment; the helper sees to that, nobody waits. */
Notifier *notifier_free(Notifier *n);
DEFINE_CLEANUP(Notifier *, notifier_free);

/*
 * This card is wanted on screen now, instead of whatever was. Everything is copied. Calls that come
 * faster than the server are folded: only the last card is shown. While there is no server the card stays wanted and
 * appears with one; a caller that would rather give up calls notifier_close() from on_server(NULL).
 *
 * Returns 0, -EINVAL for a card that breaks the rules above, -ENOMEM.
 */
int notifier_show(Notifier *n, const NotifierCard *card);

/* Nothing is wanted on screen. */
void notifier_close(Notifier *n);

/* Find out whether there is a server, by starting a helper for a moment; on_server or on_error tells. */
void notifier_probe(Notifier *n);

NotifierState notifier_state(const Notifier *n);

/* True when a server answered and has not left since. */
bool notifier_can_show(const Notifier *n);

/* Generation that is wanted on screen, 0 for none. */
uint64_t notifier_generation(const Notifier *n);

/* The last server that answered, or NULL; valid until the next turn of the event loop. */
const ServerInfo *notifier_server(const Notifier *n);

/* Its profile; that of an unknown server before one has answered. */
const ServerProfile *notifier_profile(const Notifier *n);
