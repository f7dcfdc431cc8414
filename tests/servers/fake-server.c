/*
 * A notification server that does what it is told, right or wrong.
 *
 *   fake-server [--name NAME] [--vendor VENDOR] [--caps a,b,c] [--reject N] [--first-id N] [--silent-close]
 *
 * Takes org.freedesktop.Notifications on the session bus and tells on stdout, a line each:
 *   ready
 *   notify ID REPLACES EXPIRE URGENCY N-ACTIONS KEY=LABEL... | SUMMARY | BODY     (newlines as \n)
 *   rejected
 *   close ID
 * and obeys on stdin:
 *   click ID KEY          ActionInvoked
 *   closed ID REASON      NotificationClosed
 *   quit
 * --reject N answers the first N Notify calls with an error; --silent-close says nothing when it closes.
 * Freezing is the test's business: SIGSTOP and SIGCONT.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "util/cleanup.h"

#define NAME      "org.freedesktop.Notifications"
#define PATH_NAME "/org/freedesktop/Notifications"

static struct {
        sd_event *event;
        sd_bus *bus;
        const char *name, *vendor;
        char *caps;
        int reject;
        uint32_t next_id;
        int silent_close;
        char line[4096];
        size_t len;
} fake = { .name = "fake", .vendor = "tests", .next_id = 1 };

static void put_text(const char *s) {
        for (; *s; s++)
                if (*s == '\n')
                        fputs("\\n", stdout);
                else
                        putchar(*s);
}

static int method_info(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, "ssss", fake.name, fake.vendor, "1.0", "1.2");
}

static int method_caps(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *caps = strdup(fake.caps);
        char *rest = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "s");
        for (char *c = strtok_r(caps, ",", &rest); r >= 0 && c; c = strtok_r(NULL, ",", &rest))
                r = sd_bus_message_append(reply, "s", c);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

/* Only the urgency is of interest among the hints. */
static int read_urgency(sd_bus_message *m, uint8_t *ret) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *key;

                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                r = strcmp(key, "urgency") == 0 ? sd_bus_message_read(m, "v", "y", ret)
                                                : sd_bus_message_skip(m, "v");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
        }
        if (r < 0)
                return r;

        return sd_bus_message_exit_container(m);
}

static int method_notify(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *app, *icon, *summary, *body;
        const char *actions[64];
        uint32_t replaces, id;
        size_t n = 0;
        uint8_t urgency = 255;
        int32_t expire;
        int r;

        r = sd_bus_message_read(m, "susss", &app, &replaces, &icon, &summary, &body);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && n < 64 && (r = sd_bus_message_read(m, "s", actions + n)) > 0)
                n++;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = read_urgency(m, &urgency);
        if (r >= 0)
                r = sd_bus_message_read(m, "i", &expire);
        if (r < 0)
                return r;

        if (fake.reject > 0) {
                fake.reject--;
                puts("rejected");
                fflush(stdout);
                return sd_bus_error_set(error, NAME ".Error.ExcessNotificationGeneration",
                                        "Too many of them");
        }

        id = replaces ?: fake.next_id++;
        printf("notify %u %u %d %u %zu", id, replaces, expire, urgency, n / 2);
        for (size_t i = 0; i + 1 < n; i += 2)
                printf(" %s=%s", actions[i], actions[i + 1]);
        fputs(" | ", stdout);
        put_text(summary);
        fputs(" | ", stdout);
        put_text(body);
        putchar('\n');
        fflush(stdout);

        return sd_bus_reply_method_return(m, "u", id);
}

static int method_close(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint32_t id;
        int r;

        r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;

        printf("close %u\n", id);
        fflush(stdout);
        if (!fake.silent_close)
                (void) sd_bus_emit_signal(fake.bus, PATH_NAME, NAME, "NotificationClosed", "uu", id,
                                          UINT32_C(3));

        return sd_bus_reply_method_return(m, "");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetServerInformation", "", "ssss", method_info, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetCapabilities", "", "as", method_caps, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", method_notify, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CloseNotification", "u", "", method_close, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("NotificationClosed", "uu", 0),
        SD_BUS_SIGNAL("ActionInvoked", "us", 0),
        SD_BUS_VTABLE_END,
};

static void obey(const char *line) {
        char key[100];
        unsigned id, reason;

        if (sscanf(line, "click %u %99s", &id, key) == 2)
                (void) sd_bus_emit_signal(fake.bus, PATH_NAME, NAME, "ActionInvoked", "us", id,
                                          key);
        else if (sscanf(line, "closed %u %u", &id, &reason) == 2)
                (void) sd_bus_emit_signal(fake.bus, PATH_NAME, NAME, "NotificationClosed", "uu", id,
                                          reason);
        else if (strcmp(line, "quit") == 0)
                (void) sd_event_exit(fake.event, 0);
        else
                fprintf(stderr, "fake-server: what is \"%s\"?\n", line);
}

static int on_stdin(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ssize_t n = read(fd, fake.line + fake.len, sizeof(fake.line) - fake.len - 1);
        char *end;

        if (n <= 0)
                return sd_event_exit(fake.event, 0);

        fake.len += (size_t) n;
        fake.line[fake.len] = '\0';
        while ((end = strchr(fake.line, '\n'))) {
                *end = '\0';
                obey(fake.line);
                fake.len -= (size_t) (end + 1 - fake.line);
                memmove(fake.line, end + 1, fake.len + 1);
        }

        return 0;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "name", required_argument, NULL, 'n' },
                { "vendor", required_argument, NULL, 'v' },
                { "caps", required_argument, NULL, 'c' },
                { "reject", required_argument, NULL, 'r' },
                { "first-id", required_argument, NULL, 'i' },
                { "silent-close", no_argument, &fake.silent_close, 1 },
                { NULL, 0, NULL, 0 },
        };
        int c;

        fake.caps = strdup("actions,body,body-markup");
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'n':
                        fake.name = optarg;
                        break;
                case 'v':
                        fake.vendor = optarg;
                        break;
                case 'c':
                        free(fake.caps);
                        fake.caps = strdup(optarg);
                        break;
                case 'r':
                        fake.reject = atoi(optarg);
                        break;
                case 'i':
                        fake.next_id = (uint32_t) atoi(optarg);
                        break;
                case 0:
                        break;
                default:
                        return 2;
                }

        if (sd_event_default(&fake.event) < 0 || sd_bus_open_user(&fake.bus) < 0 ||
            sd_bus_attach_event(fake.bus, fake.event, 0) < 0 ||
            sd_bus_add_object_vtable(fake.bus, NULL, PATH_NAME, NAME, vtable, NULL) < 0 ||
            sd_event_add_io(fake.event, NULL, STDIN_FILENO, EPOLLIN, on_stdin, NULL) < 0 ||
            sd_bus_request_name(fake.bus, NAME, 0) < 0) {
                fprintf(stderr, "fake-server: cannot take the name on this bus\n");
                return 1;
        }
        puts("ready");
        fflush(stdout);

        c = sd_event_loop(fake.event);
        (void) sd_bus_flush_close_unref(fake.bus);
        (void) sd_event_unref(fake.event);
        free(fake.caps);

        return c < 0;
}
