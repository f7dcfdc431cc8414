#include "desktop/presence-logind.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"
#include "util/text.h"
#include "util/usec.h"

#define NAME       "org.freedesktop.login1"
#define PATH       "/org/freedesktop/login1"
#define MANAGER    "org.freedesktop.login1.Manager"
#define SESSION    "org.freedesktop.login1.Session"
#define USER       "org.freedesktop.login1.User"
#define PROPERTIES "org.freedesktop.DBus.Properties"

#define ANSWER_WITHIN (5 * USEC_PER_SEC)

typedef enum LogindCall { CALL_SLEEP, CALL_USER, CALL_DISPLAY, CALL_SESSION, CALLS } LogindCall;

struct PresenceLogind {
        sd_event *event;
        void (*changed)(void *userdata);
        void *userdata;
        sd_bus *bus; /* NULL: none */
        bool lost;
        sd_bus_slot *lost_slot, *owner_slot, *manager_slot, *session_slot, *user_slot;
        sd_bus_slot *calls[CALLS];
        char *session_path, *session, *user_path;
        const char *missing; /* why nothing is told; NULL: nothing is missing */
        char *state;
        bool locked_was_true;
        PresenceValue said[PRESENCE_FACTS];
};

/* ---- what is known --------------------------------------------------------------------------- */

static void set(PresenceLogind *l, PresenceFact fact, PresenceValue value) {
        if (l->said[fact] == value)
                return;
        l->said[fact] = value;
        l->changed(l->userdata);
}

static void set_missing(PresenceLogind *l, const char *missing) {
        char *state;

        if (missing)
                state = text_format("%s", missing);
        else
                state = text_format("logind, session %s", l->session ? l->session : "?");
        if (state) {
                free(l->state);
                l->state = state;
        }
        l->missing = missing;
        l->changed(l->userdata);
}

static void forget_session(PresenceLogind *l) {
        l->session_slot = sd_bus_slot_unref(l->session_slot);
        l->calls[CALL_SESSION] = sd_bus_slot_unref(l->calls[CALL_SESSION]);
        free(l->session_path);
        free(l->session);
        l->session_path = l->session = NULL;
        l->locked_was_true = false;
        l->said[PRESENCE_ACTIVE] = PRESENCE_UNKNOWN;
        l->said[PRESENCE_LOCKED] = PRESENCE_UNKNOWN;
        l->said[PRESENCE_IDLE] = PRESENCE_UNKNOWN;
}

static void forget(PresenceLogind *l, const char *missing) {
        forget_session(l);
        l->user_slot = sd_bus_slot_unref(l->user_slot);
        free(l->user_path);
        l->user_path = NULL;
        for (size_t i = 0; i < CALLS; i++)
                l->calls[i] = sd_bus_slot_unref(l->calls[i]);
        /* Who does not answer any more will not say that the machine came back. */
        l->said[PRESENCE_ASLEEP] = PRESENCE_UNKNOWN;
        set_missing(l, missing);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int call(PresenceLogind *l, LogindCall which, const char *path, const char *interface,
                const char *member, sd_bus_message_handler_t answered, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;
        int r;

        l->calls[which] = sd_bus_slot_unref(l->calls[which]);
        r = sd_bus_message_new_method_call(l->bus, &m, NAME, path, interface, member);
        if (r < 0)
                return r;

        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r < 0)
                return r;

        r = sd_bus_message_set_auto_start(m, 0);
        if (r < 0)
                return r;

        return sd_bus_call_async(l->bus, &l->calls[which], m, answered, l, ANSWER_WITHIN);
}

/* a{sv} of a session. */
static int read_session(PresenceLogind *l, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name, *contents;
                int on;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = sd_bus_message_peek_type(m, NULL, &contents);
                if (r >= 0 && strcmp(contents, "b") == 0) {
                        r = sd_bus_message_read(m, "v", "b", &on);
                        if (r < 0)
                                return r;
                        if (strcmp(name, "Active") == 0)
                                set(l, PRESENCE_ACTIVE, on ? PRESENCE_YES : PRESENCE_NO);
                        else if (strcmp(name, "IdleHint") == 0)
                                set(l, PRESENCE_IDLE, presence_of_idle_hint(on));
                        else if (strcmp(name, "LockedHint") == 0) {
                                l->locked_was_true |= on;
                                set(l, PRESENCE_LOCKED,
                                    presence_of_locked_hint(on, l->locked_was_true));
                        }
                } else if (r >= 0)
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int on_session(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;

        l->calls[CALL_SESSION] = sd_bus_slot_unref(l->calls[CALL_SESSION]);
        if (sd_bus_message_is_method_error(m, NULL) || read_session(l, m) < 0)
                log_debug("logind does not tell about the session %s.", l->session);
        return 0;
}

static int on_session_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;

        /* All of them: a property may be told as changed without its value. */
        (void) call(l, CALL_SESSION, l->session_path, PROPERTIES, "GetAll", on_session, "s",
                    SESSION);
        return 0;
}

static int on_display(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;
        const char *id, *path;
        int r;

        l->calls[CALL_DISPLAY] = sd_bus_slot_unref(l->calls[CALL_DISPLAY]);
        if (sd_bus_message_is_method_error(m, NULL) ||
            sd_bus_message_read(m, "v", "(so)", &id, &path) < 0 || !*id) {
                /* A user who lingers has a manager without a session. */
                forget_session(l);
                set_missing(l, "logind, without a session of this user");
                return 0;
        }
        if (l->session_path && strcmp(l->session_path, path) == 0)
                return 0;

        forget_session(l);
        l->session_path = strdup(path);
        l->session = strdup(id);
        if (!l->session_path || !l->session)
                return -ENOMEM;

        r = sd_bus_match_signal_async(l->bus, &l->session_slot, NAME, path, PROPERTIES,
                                      "PropertiesChanged", on_session_changed, NULL, l);
        if (r >= 0)
                r = call(l, CALL_SESSION, path, PROPERTIES, "GetAll", on_session, "s", SESSION);
        if (r < 0)
                return r;

        set_missing(l, NULL);
        return 0;
}

static void ask_display(PresenceLogind *l) {
        (void) call(l, CALL_DISPLAY, l->user_path, PROPERTIES, "Get", on_display, "ss", USER,
                    "Display");
}

static int on_user_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ask_display(userdata);
        return 0;
}

static int on_user(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;
        const char *path;
        int r;

        l->calls[CALL_USER] = sd_bus_slot_unref(l->calls[CALL_USER]);
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "o", &path) < 0) {
                forget_session(l);
                set_missing(l, "logind, which does not know this user");
                return 0;
        }

        l->user_slot = sd_bus_slot_unref(l->user_slot);
        free(l->user_path);
        l->user_path = strdup(path);
        if (!l->user_path)
                return -ENOMEM;

        r = sd_bus_match_signal_async(l->bus, &l->user_slot, NAME, path, PROPERTIES,
                                      "PropertiesChanged", on_user_changed, NULL, l);
        if (r < 0)
                return r;

        ask_display(l);
        return 0;
}

static void find_session(PresenceLogind *l) {
        if (call(l, CALL_USER, PATH, MANAGER, "GetUser", on_user, "u", (uint32_t) getuid()) < 0)
                set_missing(l, "logind, which cannot be asked");
}

static int on_preparing(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;
        int on;

        l->calls[CALL_SLEEP] = sd_bus_slot_unref(l->calls[CALL_SLEEP]);
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "b", &on) >= 0)
                set(l, PRESENCE_ASLEEP, on ? PRESENCE_YES : PRESENCE_NO);
        return 0;
}

static void ask_all(PresenceLogind *l) {
        (void) call(l, CALL_SLEEP, PATH, PROPERTIES, "Get", on_preparing, "ss", MANAGER,
                    "PreparingForSleep");
        find_session(l);
}

static int on_manager(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;
        int on;

        if (sd_bus_message_is_signal(m, MANAGER, "PrepareForSleep")) {
                if (sd_bus_message_read(m, "b", &on) >= 0) {
                        l->calls[CALL_SLEEP] = sd_bus_slot_unref(l->calls[CALL_SLEEP]);
                        set(l, PRESENCE_ASLEEP, on ? PRESENCE_YES : PRESENCE_NO);
                }
        } else if (sd_bus_message_is_signal(m, MANAGER, "SessionNew") ||
                   sd_bus_message_is_signal(m, MANAGER, "SessionRemoved") ||
                   sd_bus_message_is_signal(m, MANAGER, "UserNew"))
                find_session(l);
        return 0;
}

/* ---- the bus --------------------------------------------------------------------------------- */

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;
        const char *name, *old_owner, *new_owner;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;

        forget(l, *new_owner ? "logind, which has not answered yet" : "there is no logind");
        if (*new_owner)
                ask_all(l);
        return 0;
}

static int on_lost(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PresenceLogind *l = userdata;

        /* The bus closes itself after this; it is opened anew by the next refresh. */
        log_info("The system bus went away: sleep and locking are not known until it is back.");
        l->lost = true;
        forget(l, "the system bus went away");
        return 0;
}

static void close_bus(PresenceLogind *l) {
        forget(l, "there is no system bus");
        l->lost_slot = sd_bus_slot_unref(l->lost_slot);
        l->owner_slot = sd_bus_slot_unref(l->owner_slot);
        l->manager_slot = sd_bus_slot_unref(l->manager_slot);
        l->bus = sd_bus_close_unref(l->bus);
        l->lost = false;
}

static int open_bus(PresenceLogind *l) {
        int r;

        r = sd_bus_open_system(&l->bus);
        if (r < 0)
                return r;

        r = sd_bus_match_signal(l->bus, &l->lost_slot, "org.freedesktop.DBus.Local",
                                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                "Disconnected", on_lost, l);
        if (r >= 0)
                r = sd_bus_add_match_async(l->bus, &l->owner_slot,
                                           "type='signal',sender='org.freedesktop.DBus',"
                                           "interface='org.freedesktop.DBus',"
                                           "member='NameOwnerChanged',arg0='" NAME "'",
                                           on_owner, NULL, l);
        if (r >= 0)
                r = sd_bus_match_signal_async(l->bus, &l->manager_slot, NAME, PATH, MANAGER, NULL,
                                              on_manager, NULL, l);
        if (r >= 0)
                r = sd_bus_attach_event(l->bus, l->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;

        ask_all(l);
        return 0;
}

void presence_logind_refresh(PresenceLogind *l) {
        int r;

        if (!l || (l->bus && !l->lost))
                return;

        close_bus(l);
        r = open_bus(l);
        if (r < 0) {
                close_bus(l);
                log_debug("There is no system bus (%s): sleep and locking are not known.",
                          strerror(-r));
        }
}

int presence_logind_new(sd_event *event, void (*changed)(void *userdata), void *userdata,
                        PresenceLogind **ret) {
        _cleanup_(presence_logind_freep) PresenceLogind *l = NULL;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;

        l->event = sd_event_ref(event);
        l->changed = changed;
        l->userdata = userdata;
        presence_logind_refresh(l);
        *ret = TAKE_PTR(l);
        return 0;
}

static void tell_nobody(void *userdata) {
}

PresenceLogind *presence_logind_free(PresenceLogind *l) {
        if (!l)
                return NULL;

        l->changed = tell_nobody;
        close_bus(l);
        free(l->state);
        sd_event_unref(l->event);
        free(l);
        return NULL;
}

PresenceValue presence_logind_value(const PresenceLogind *l, PresenceFact fact) {
        return l ? l->said[fact] : PRESENCE_UNKNOWN;
}

const char *presence_logind_state(const PresenceLogind *l) {
        return l && l->state ? l->state : "";
}
