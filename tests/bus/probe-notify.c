/* Stands in for ebb-notify: shows one notification through libnotify. Exit status 0 when a server took it. */
#include <libnotify/notify.h>

int main(void) {
        NotifyNotification *n;

        if (!notify_init("Ebb"))
                return 2;
        n = notify_notification_new("probe", "from inside the sandbox", NULL);
        notify_notification_add_action(n, "default", "Open", NULL, NULL, NULL);
        return notify_notification_show(n, NULL) ? 0 : 3;
}
