/* The notification on screen and the "reopen" recipe; see the header. */
#include "client/notify/popup.h"

#include <inttypes.h>
#include <libnotify/notify.h>
#include <stdio.h>
#include <string.h>

enum { SETTLE_MS = 250 }; /* slowest answer of a measured server that answers at all: 26 ms */

/* A SHOW that waits for the card before it to leave the screen. */
typedef struct Order {
        char *buf;
        NotifyMessage message;
} Order;

static struct {
        char *desktop_entry;
        char *icon;
        PopupHandler handler;

        NotifyNotification *on_screen;
        uint64_t generation;
        gint64 clicked_at; /* monotonic µs, 0: not clicked */
        bool close_sent;
        bool close_by_expiry;

        Order next;
        uint64_t close_wanted; /* generation of a CLOSE that waits for the server's word */
        guint settle_timer;
} popup;

static void proceed(void);

void popup_setup(const char *desktop_entry, const char *icon, const PopupHandler *handler) {
        g_free(popup.desktop_entry);
        g_free(popup.icon);
        popup.desktop_entry = g_strdup(desktop_entry);
        popup.icon = g_strdup(icon);
        popup.handler = *handler;
}

static void order_done(Order *order) {
        g_clear_pointer(&order->buf, g_free);
        memset(&order->message, 0, sizeof(order->message));
}

static void order_set(Order *order, const NotifyMessage *message) {
        char *buf = g_malloc(NOTIFY_MESSAGE_MAX);
        int len;

        order_done(order);
        len = notify_message_encode(message, buf);
        if (len < 0 || notify_message_decode(buf, (size_t) len, &order->message) < 0)
                g_free(buf); /* cannot be: it was decoded a moment ago */
        else
                order->buf = buf;
}

static void settle_cancel(void) {
        if (popup.settle_timer)
                g_source_remove(popup.settle_timer);
        popup.settle_timer = 0;
}

static void screen_forget(void) {
        settle_cancel();
        if (popup.on_screen) {
                /* The server may still send something for its id: nobody listens any more. */
                g_signal_handlers_disconnect_by_data(popup.on_screen, &popup);
                notify_notification_clear_actions(popup.on_screen);
                g_object_unref(popup.on_screen);
        }
        popup.on_screen = NULL;
        popup.generation = 0;
        popup.clicked_at = 0;
        popup.close_sent = false;
}

static void on_closed(NotifyNotification *n, gpointer userdata) {
        int reason = notify_notification_get_closed_reason(n);
        uint64_t generation = popup.generation;

        (void) userdata;
        if (n != popup.on_screen)
                return;

        screen_forget();

        if (popup.close_wanted || popup.next.buf)
                proceed();
        else
                popup.handler.closed(generation, reason >= 1 && reason <= 3 ? reason : 4);
}

/*
 * Keys carry the generation ("good:17"), since a server may hold on to the buttons of an older
 * card; "default" has to be called so. A second signal for the same card is dropped.
 */
static void on_action(NotifyNotification *n, char *action, gpointer userdata) {
        char tag[24];
        char *key;
        char *token;

        (void) userdata;
        if (n != popup.on_screen || popup.clicked_at || popup.close_sent)
                return;

        key = g_strdup(action);
        snprintf(tag, sizeof(tag), ":%" PRIu64, popup.generation);
        if (g_str_has_suffix(key, tag))
                key[strlen(key) - strlen(tag)] = '\0';
        else if (strcmp(key, "default") != 0) {
                g_free(key);
                return;
        }

        popup.clicked_at = g_get_monotonic_time();
        token = g_strdup(notify_notification_get_activation_token(n));
        if (token && (*token == '\0' || !g_utf8_validate(token, -1, NULL)))
                g_clear_pointer(&token, g_free);

        popup.handler.clicked(popup.generation, key, token);
        g_free(token);
        g_free(key);
}

static gboolean on_settled(gpointer userdata) {
        (void) userdata;
        popup.settle_timer = 0;

        if (popup.on_screen && popup.close_sent)
                screen_forget(); /* it had its time: some never say that they closed */
        proceed();

        return G_SOURCE_REMOVE;
}

static void settle_start(gint64 usec) {
        settle_cancel();
        popup.settle_timer = g_timeout_add((guint) (usec / 1000), on_settled, NULL);
}

static void add_actions(NotifyNotification *n, const NotifyMessage *m) {
        for (size_t i = NOTIFY_SHOW_ACTIONS; i + 1 < m->n_strings; i += 2) {
                char key[NOTIFY_KEY_MAX + 24];

                if (strcmp(m->strings[i], "default") == 0)
                        snprintf(key, sizeof(key), "default");
                else
                        snprintf(key, sizeof(key), "%s:%" PRIu64, m->strings[i], m->generation);
                notify_notification_add_action(n, key, m->strings[i + 1],
                                               NOTIFY_ACTION_CALLBACK(on_action), &popup, NULL);
        }
}

static void post(const NotifyMessage *m, NotifyNotification *reuse) {
        GError *error = NULL;
        NotifyNotification *n = reuse;
        const char *category = m->strings[NOTIFY_SHOW_CATEGORY];
        gint id = 0;

        if (n) {
                (void) notify_notification_update(n, m->strings[NOTIFY_SHOW_SUMMARY],
                                                  m->strings[NOTIFY_SHOW_BODY], popup.icon);
                notify_notification_clear_actions(n);
        } else {
                n = notify_notification_new(m->strings[NOTIFY_SHOW_SUMMARY],
                                            m->strings[NOTIFY_SHOW_BODY], popup.icon);
                g_signal_connect(n, "closed", G_CALLBACK(on_closed), &popup);
        }
        popup.on_screen = n;
        popup.generation = m->generation;
        popup.clicked_at = 0;
        popup.close_sent = false;
        popup.close_by_expiry = (m->flags & NOTIFY_CLOSE_BY_EXPIRY) != 0;

        notify_notification_set_hint(
                n, "desktop-entry",
                *popup.desktop_entry ? g_variant_new_string(popup.desktop_entry) : NULL);
        notify_notification_set_category(n, category);
        notify_notification_set_urgency(n, (NotifyUrgency) m->urgency);
        notify_notification_set_timeout(n, m->number > 0 ? m->number : NOTIFY_EXPIRES_NEVER);
        add_actions(n, m);

        if (!notify_notification_show(n, &error)) {
                char *sentence =
                        g_strdup_printf("The notification server did not take the card: %s",
                                        error ? error->message : "no reason given");

                g_clear_error(&error);
                screen_forget();
                popup.handler.failed(m->generation, sentence);
                g_free(sentence);
                return;
        }

        g_object_get(n, "id", &id, NULL);
        popup.handler.shown(m->generation, id);
}

/* A dead id is as good as closed. */
static void server_close(void) {
        NotifyNotification *n = popup.on_screen;

        popup.close_sent = true;
        if (!popup.close_by_expiry) {
                (void) notify_notification_close(n, NULL);
                return;
        }

        /* The same once more, of a moment's life; transient makes the server say when it is over. */
        notify_notification_clear_actions(n);
        notify_notification_set_hint(n, "transient", g_variant_new_boolean(TRUE));
        notify_notification_set_timeout(n, 1);
        (void) notify_notification_show(n, NULL);
}

static void send_close(void) {
        server_close();
        if (popup.on_screen)
                settle_start(SETTLE_MS * 1000);
}

/* One step further towards what is wanted; comes back when a signal or the timer arrives. */
static void proceed(void) {
        gint64 waited;

        if (popup.settle_timer)
                return;

        if (popup.on_screen && popup.next.buf && !popup.clicked_at && !popup.close_sent &&
            (popup.next.message.flags & NOTIFY_IN_PLACE)) {
                Order order = popup.next;

                popup.next = (Order){ 0 };
                post(&order.message, popup.on_screen);
                order_done(&order);
                return;
        }

        if (popup.on_screen && !popup.close_sent && (popup.next.buf || popup.close_wanted)) {
                waited = popup.clicked_at ? g_get_monotonic_time() - popup.clicked_at
                                          : SETTLE_MS * 1000;
                if (waited < SETTLE_MS * 1000)
                        settle_start(SETTLE_MS * 1000 - waited);
                else
                        send_close();
                return;
        }
        if (popup.on_screen)
                return;

        if (popup.close_wanted) {
                uint64_t generation = popup.close_wanted;

                popup.close_wanted = 0;
                popup.handler.closed(generation, 3);
        }
        if (popup.next.buf) {
                Order order = popup.next;

                popup.next = (Order){ 0 };
                post(&order.message, NULL);
                order_done(&order);
        }
}

void popup_show(const NotifyMessage *message) {
        order_set(&popup.next, message);
        proceed();
}

void popup_close(uint64_t generation) {
        order_done(&popup.next);
        popup.close_wanted = generation;
        proceed();
}

void popup_forget(void) {
        screen_forget();
        order_done(&popup.next);
        popup.close_wanted = 0;
}

void popup_end(void) {
        if (popup.on_screen && !popup.close_sent)
                server_close();
        screen_forget();
}
