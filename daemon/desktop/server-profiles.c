/*
 * One row a notification server, as measured: dunst 1.9.0, mako 1.7.1, xfce4-notifyd 0.7.3,
 * notification-daemon 3.20, mate-notification-daemon 1.26, lxqt-notificationd 1.2.0, swaync 0.7.3,
 * GNOME Shell 43.9, Plasma 5.27.5; quickshell by its source. Of Cinnamon, COSMIC,
 * wired and fnott the name is not checked; a wrong one gets the row of an unknown server.
 * A column that only newer versions would answer differently keeps the careful value.
 */
#include "desktop/server-profiles.h"

#include <assert.h>
#include <string.h>

#include "core/render.h"
#include "util/cleanup.h"

typedef struct ProfileRow {
        const char *name;
        const char *vendor; /* NULL: any */
        const char *title;
        unsigned buttons;
        unsigned declared;
        int never_ms;
        unsigned summary, body, lines; /* characters, characters, lines */
        unsigned columns;
        ServerDefaultAction default_action;
        bool in_place;
        bool critical_passes;
        bool markup_unsure; /* where body-markup is not among the capabilities */
        bool cross_expires, close_by_expiry;
        unsigned label_chars;
} ProfileRow;

enum {
        ALL = 6,         /* of our actions: at most NOTIFIER_ACTIONS_MAX */
        LONG = 86400000, /* swaync reads 0 as its own ten seconds */
};

/*
 * Buttons. dunst draws none, but its menu lists all that were declared; a declared default action would
 * be taken by `dunstctl action` and the middle click instead of opening that menu, so grades stand
 * without one. mako draws none and shows no sign of them; its click takes the default. GNOME drops
 * the fourth silently, and a click on a card without a default takes away all our cards. LXQt turns four into a list with an OK button. A quickshell theme may draw none.
 *
 * Markup. dunst with "markup = no" and dunst whose settings do not mention markup both say that they have
 * none; the latter renders it, and drops what is none.
 *
 * Default. Xfce and LXQt make a button of a default with a label.
 *
 * In place. GNOME 43 loses the buttons, LXQt keeps the old ones, Plasma shows no popup once
 * the old one has expired. The others were seen to do it right.
 *
 * End. notification-daemon says that it closed what it was told to close, and leaves it on screen until it is
 * clicked, with dead buttons and everything newer behind it; what expires it takes away. MATE calls it expired
 * when the learner closes a card by its cross.
 *
 * Summary: GNOME, Xfce and swaync show one line of about forty characters, the others wrap.
 * Body: mako cuts what does not fit in 100 pixels, four lines of 33 columns with its own settings;
 * notification-daemon does not cut, and a long one pushes the buttons off the screen.
 */
static const ProfileRow rows[] = {
        /* name, vendor, title, buttons, declared, never, summary, body, lines, columns, default, in place, critical, unsure */
        { "dunst", NULL, "dunst", 0, ALL, 0, 80, 240, 8, 0, SERVER_DEFAULT_SINGLE, true, false,
          true },
        { "mako", NULL, "mako", 0, ALL, 0, 60, 120, 4, 33, SERVER_DEFAULT_SINGLE, true, false },
        { "Xfce Notify Daemon", NULL, "Xfce", 4, 4, 0, 40, 240, 6, 0, SERVER_DEFAULT_NEVER, true,
          true },
        { "Notification Daemon", "MATE", "MATE", 4, 4, 0, 60, 240, 8, 0, SERVER_DEFAULT_ALWAYS,
          true, false, .cross_expires = true },
        { "Notification Daemon", NULL, "notification-daemon", 4, 4, 0, 60, 200, 6, 0,
          SERVER_DEFAULT_ALWAYS, true, false, .close_by_expiry = true },
        { "lxqt-notificationd", NULL, "LXQt", 3, 3, 0, 60, 240, 8, 0, SERVER_DEFAULT_NEVER, false,
          false, .label_chars = 7 },
        { "SwayNotificationCenter", NULL, "swaync", 4, 4, LONG, 40, 200, 5, 0,
          SERVER_DEFAULT_ALWAYS, false, true },
        { "gnome-shell", NULL, "GNOME Shell", 3, 3, 0, 40, 240, 6, 0, SERVER_DEFAULT_ALWAYS, false,
          true },
        { "Plasma", NULL, "Plasma", 4, 4, 0, 60, 240, 8, 0, SERVER_DEFAULT_ALWAYS, false, true },
        { "cinnamon", NULL, "Cinnamon", 4, 4, 0, 60, 240, 8, 0, SERVER_DEFAULT_ALWAYS, false,
          false },
        { "cosmic-notifications", NULL, "COSMIC", 3, 3, 0, 40, 200, 6, 0, SERVER_DEFAULT_NEVER,
          false, false },
        { "quickshell", NULL, "quickshell", 0, 4, 0, 40, 200, 5, 0, SERVER_DEFAULT_NEVER, false,
          false },
        { "wired", NULL, "wired", 0, ALL, 0, 60, 200, 5, 0, SERVER_DEFAULT_SINGLE, false, false },
        { "fnott", NULL, "fnott", 0, ALL, 0, 60, 200, 5, 0, SERVER_DEFAULT_SINGLE, false, false },
};

/* A server nobody has looked at: assume the least that all measured ones can do. */
static const ProfileRow unknown = {
        "", NULL, "unknown", 3, 3, 0, 40, 200, 5, 0, SERVER_DEFAULT_NEVER, false, false,
};

bool server_has_capability(const ServerInfo *info, const char *capability) {
        assert(info);
        assert(capability);

        for (size_t i = 0; i < info->n_capabilities; i++)
                if (strcmp(info->capabilities[i], capability) == 0)
                        return true;

        return false;
}

static const ProfileRow *row_find(const ServerInfo *info) {
        if (!info->name)
                return &unknown;

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (strcasecmp(rows[i].name, info->name) == 0 &&
                    (!rows[i].vendor ||
                     (info->vendor && strcmp(rows[i].vendor, info->vendor) == 0)))
                        return rows + i;

        return &unknown;
}

void server_profile_get(const ServerInfo *info, ServerProfile *ret) {
        const ProfileRow *row;
        bool actions;

        assert(info);
        assert(ret);

        row = row_find(info);
        actions = server_has_capability(info, "actions");

        *ret = (ServerProfile){
                .title = row == &unknown && info->name && *info->name ? info->name : row->title,
                .buttons = actions ? row->buttons : 0,
                .actions = actions,
                .actions_declared = actions ? row->declared : 0,
                .markup = server_has_capability(info, "body-markup"),
                .markup_unsure = row->markup_unsure && !server_has_capability(info, "body-markup"),
                .expire_never_ms = row->never_ms,
                .summary_chars = row->summary,
                .body_chars = row->body,
                .body_lines = row->lines,
                .columns = row->columns,
                .default_action = actions ? row->default_action : SERVER_DEFAULT_NEVER,
                .in_place = row->in_place,
                .critical_passes_dnd = row->critical_passes,
                .cross_expires = row->cross_expires,
                .label_chars = row->label_chars,
                .close_by_expiry = row->close_by_expiry,
        };
}
