/*
 * How the notification servers differ, one row each: measured on the versions named in the .c
 * file. Everything the daemon does differently for a server is decided by its profile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SERVER_CAPABILITIES_MAX = 48 };

/* Who owns org.freedesktop.Notifications, in its own words. The strings belong to whoever hands it out. */
typedef struct ServerInfo {
        const char *name, *vendor, *version, *spec;
        size_t n_capabilities;
        const char *capabilities[SERVER_CAPABILITIES_MAX];
} ServerInfo;

/*
 * When an action "default" is declared: what a click on the card itself does. libnotify wants a label
 * for it, which some servers make a button of.
 */
typedef enum ServerDefaultAction {
        SERVER_DEFAULT_NEVER,
        SERVER_DEFAULT_SINGLE, /* a card's only action is declared as the default and nothing else */
        SERVER_DEFAULT_ALWAYS, /* beside the buttons */
} ServerDefaultAction;

typedef struct ServerProfile {
        const char *title; /* for people: "Xfce", "GNOME Shell" */
        unsigned buttons;  /* how many are drawn and can be clicked; 0: none is */
        bool actions;      /* actions may be declared at all (capability) */
        unsigned
                actions_declared; /* how many of them to declare; >= buttons where a menu lists them */
        bool markup;              /* the body is markup and must be escaped (capability) */
        bool markup_unsure;       /* it says it is not, and may take it for markup all the same */
        int expire_never_ms;      /* what this server understands as "stays" */
        unsigned summary_chars; /* what fits; cut by us, never by the server */
        unsigned body_chars;
        unsigned body_lines;
        unsigned columns; /* where wrapping makes lines that the server then cuts off; else 0 */
        ServerDefaultAction default_action;
        bool in_place; /* replacing a live, unclicked card keeps buttons and popup right */
        bool critical_passes_dnd; /* urgency critical is shown while Do Not Disturb is on */
        bool cross_expires;       /* closed by the learner is told as expired */
        unsigned
                label_chars; /* what a button shows of its label where there are several; 0: enough */
        bool close_by_expiry; /* only what expires goes from the screen, not what is told to close */
} ServerProfile;

/* The profile of a server; unknown ones get a careful one (three buttons, reopened, everything escaped by capability). */
void server_profile_get(const ServerInfo *info, ServerProfile *ret);

bool server_has_capability(const ServerInfo *info, const char *capability);
