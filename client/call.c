/*
 * See call.h. sd-bus alone; the daemon is started by the bus where it has an activation file.
 */
#include "client/call.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "client/cmd.h"
#include "client/out.h"
#include "util/text.h"

enum { VALUE_DEPTH_MAX = 16 };

static void value_done(Value *v) {
        for (size_t i = 0; i < v->n; i++)
                value_done(&v->items[i]);

        free(v->items);
}

static int value_add(Value *v, Value **ret) {
        Value *items;

        /* Grown in powers of two: a full block is one whose count is a power of two. */
        if ((v->n & (v->n - 1)) == 0) {
                items = reallocarray(v->items, v->n ? v->n * 2 : 1, sizeof(*items));
                if (!items)
                        return -ENOMEM;

                v->items = items;
        }
        *ret = &v->items[v->n++];
        **ret = (Value){};
        return 0;
}

static int value_read_all(sd_bus_message *m, Value *v, unsigned depth);

static int value_read_basic(sd_bus_message *m, char type, Value *v) {
        union {
                uint8_t y;
                int b, fd;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                const char *s;
        } raw = {};
        int r;

        r = sd_bus_message_read_basic(m, type, &raw);
        if (r < 0)
                return r;

        v->type = type;
        switch (type) {
        case 'y':
                v->u = raw.y;
                break;
        case 'q':
                v->u = raw.q;
                break;
        case 'u':
                v->u = raw.u;
                break;
        case 't':
                v->u = raw.t;
                break;
        case 'b':
        case 'h':
                v->i = raw.b;
                break;
        case 'n':
                v->i = raw.n;
                break;
        case 'i':
                v->i = raw.i;
                break;
        case 'x':
                v->i = raw.x;
                break;
        case 'd':
                v->d = raw.d;
                break;
        default:
                v->s = raw.s;
        }
        return 0;
}

static int value_read(sd_bus_message *m, char type, const char *contents, Value *v,
                      unsigned depth) {
        int r;

        if (depth > VALUE_DEPTH_MAX)
                return -EBADMSG;
        if (!strchr("avre", type))
                return value_read_basic(m, type, v);

        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;

        if (type == 'v') {
                char inner;

                r = sd_bus_message_peek_type(m, &inner, &contents);
                if (r < 0)
                        return r;

                r = value_read(m, inner, contents, v, depth + 1);
        } else {
                v->type = type;
                r = value_read_all(m, v, depth + 1);
        }
        if (r < 0)
                return r;

        return sd_bus_message_exit_container(m);
}

static int value_read_all(sd_bus_message *m, Value *v, unsigned depth) {
        const char *contents;
        Value *item;
        char type;
        int r;

        for (;;) {
                r = sd_bus_message_peek_type(m, &type, &contents);
                if (r <= 0)
                        return r;

                r = value_add(v, &item);
                if (r < 0)
                        return r;

                r = value_read(m, type, contents, item, depth);
                if (r < 0)
                        return r;
        }
}

Reply *reply_free(Reply *reply) {
        if (!reply)
                return NULL;

        value_done(&reply->args);
        sd_bus_message_unref(reply->message);
        free(reply);
        return NULL;
}

int reply_new(sd_bus_message *message, Reply **ret) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        int r;

        reply = calloc(1, sizeof(*reply));
        if (!reply)
                return -ENOMEM;

        reply->message = sd_bus_message_ref(message);
        reply->args.type = 'r';
        r = value_read_all(message, &reply->args, 0);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(reply);
        return 0;
}

const Value *reply_arg(const Reply *reply, size_t index) {
        static const Value none = {};

        return reply && index < reply->args.n ? &reply->args.items[index] : &none;
}

const Value *value_at(const Value *v, size_t index) {
        return v && index < v->n ? &v->items[index] : NULL;
}

const Value *value_get(const Value *dict, const char *key) {
        VALUE_FOREACH(entry, dict)
        if (entry->n == 2 && strcmp(value_string(&entry->items[0], ""), key) == 0)
                return &entry->items[1];

        return NULL;
}

const char *value_string(const Value *v, const char *fallback) {
        return v && v->type && strchr("sog", v->type) ? v->s : fallback;
}

int64_t value_int(const Value *v, int64_t fallback) {
        if (!v || !v->type)
                return fallback;
        if (strchr("bnixh", v->type))
                return v->i;
        if (strchr("yqut", v->type))
                return v->u > INT64_MAX ? INT64_MAX : (int64_t) v->u;

        return fallback;
}

double value_double(const Value *v, double fallback) {
        if (v && v->type == 'd')
                return v->d;

        return v && v->type && strchr("bnixyqut", v->type) ? (double) value_int(v, 0) : fallback;
}

void call_done(Call *c) {
        sd_bus_error_free(&c->error);
        c->bus = sd_bus_flush_close_unref(c->bus);
}

static int open_address(const char *folder, sd_bus **ret) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *address = NULL;
        int r;

        address = text_format("unix:path=%s/bus", folder);
        if (!address)
                return -ENOMEM;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;

        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;

        r = sd_bus_set_bus_client(bus, 1);
        if (r < 0)
                return r;

        r = sd_bus_start(bus);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(bus);
        return 0;
}

int call_connect(Call *c) {
        const char *folder = getenv("XDG_RUNTIME_DIR");
        char fallback[32];
        int r;

        if (c->bus)
                return 0;

        r = sd_bus_open_user(&c->bus);
        if (r >= 0)
                return 0;

        /* A variable left over from another login, or none at all as under cron or ssh: the usual place may still answer. */
        if (!folder || !*folder) {
                (void) snprintf(fallback, sizeof(fallback), "/run/user/%u", (unsigned) getuid());
                folder = fallback;
        }
        if (open_address(folder, &c->bus) >= 0)
                return 0;

        sd_bus_error_free(&c->error);
        (void) sd_bus_error_set_const(
                &c->error, CALL_ERROR_NO_BUS,
                "There is no session bus to reach the daemon on: neither DBUS_SESSION_BUS_ADDRESS nor "
                "$XDG_RUNTIME_DIR/bus leads to one. Log in on a desktop or through systemd, or start one "
                "with `dbus-run-session -- $SHELL`.");
        return r;
}

int call_new(Call *c, const char *path, const char *interface, const char *member,
             sd_bus_message **ret) {
        int r;

        r = call_connect(c);
        if (r < 0)
                return r;

        return sd_bus_message_new_method_call(c->bus, ret, EBB_BUS_NAME, path ? path : EBB_PATH,
                                              interface, member);
}

int call_send(Call *c, sd_bus_message *m, Reply **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r;

        sd_bus_error_free(&c->error);
        r = sd_bus_call(c->bus, m, 0, &c->error, &answer);
        if (r < 0) {
                if (!sd_bus_error_is_set(&c->error))
                        (void) sd_bus_error_set_errno(&c->error, r);
                return r;
        }
        if (!ret)
                return 0;

        r = reply_new(answer, ret);
        if (r < 0)
                (void) sd_bus_error_set_errno(&c->error, r);

        return r;
}

int call(Call *c, const char *interface, const char *member, Reply **ret, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = call_new(c, NULL, interface, member, &m);
        if (r < 0)
                return r;

        if (types && *types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
                if (r < 0) {
                        sd_bus_error_free(&c->error);
                        return sd_bus_error_set_errnof(
                                &c->error, r, "This cannot be sent: it is no valid UTF-8.");
                }
        }
        return call_send(c, m, ret);
}

int call_properties(Call *c, const char *path, const char *interface, Reply **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = call_new(c, path, "org.freedesktop.DBus.Properties", "GetAll", &m);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "s", interface);
        if (r < 0)
                return r;

        return call_send(c, m, ret);
}

int call_append_strings(sd_bus_message *m, char *const *strings, size_t n) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = sd_bus_message_append_basic(m, 's', strings[i]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int call_append_ids(sd_bus_message *m, const int64_t *ids, size_t n) {
        return sd_bus_message_append_array(m, 'x', ids, n * sizeof(*ids));
}

bool call_failed_with(const Call *c, const char *error_name) {
        return sd_bus_error_has_name(&c->error, error_name);
}

/* What an error means for the caller. Names that end in a dot stand for all that begin with them. */
typedef struct ErrorRow {
        const char *name;
        int status;
        const char *sentence; /* NULL: the daemon's own */
} ErrorRow;

#define NO_ACTIVATION                                                                              \
        "The daemon is not running, and the session bus does not know how to start it. Start it "  \
        "with `systemctl --user start ebbd`, or with `ebbd` where there is no systemd."
#define NOT_STARTED                                                                                \
        "The session bus could not start the daemon. `journalctl --user -u ebbd` says why, "       \
        "or run `ebbd` in a terminal."
#define NO_ANSWER                                                                                  \
        "The daemon does not answer. `systemctl --user restart ebbd` starts it anew; no grade it " \
        "has confirmed is lost."
#define GONE "The daemon went away. Nothing that it has confirmed is lost; try again."

static const ErrorRow errors[] = {
        { EBB_ERROR_NO_SUCH_CARD, CMD_REFUSED },
        { EBB_ERROR_NO_SUCH_NOTE, CMD_REFUSED },
        { EBB_ERROR_NO_SUCH_DECK, CMD_REFUSED },
        { EBB_ERROR_NO_SUCH_PRESET, CMD_REFUSED },
        { EBB_ERROR_NO_SUCH_NOTETYPE, CMD_REFUSED },
        { EBB_ERROR_NO_SUCH_BACKUP, CMD_REFUSED },
        { EBB_ERROR_STALE, CMD_REFUSED },
        { EBB_ERROR_EXISTS, CMD_REFUSED },
        { EBB_ERROR_INVALID, CMD_USAGE },
        { EBB_ERROR_NOTHING_DUE, CMD_NOTHING },
        { EBB_ERROR_NOTHING_ON_SCREEN, CMD_NOTHING },
        { EBB_ERROR_NOTHING_TO_UNDO, CMD_NOTHING },
        { CALL_ERROR_NO_BUS, CMD_UNREACHABLE },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, CMD_UNREACHABLE, NO_ACTIVATION },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, CMD_UNREACHABLE, NO_ACTIVATION },
        { "org.freedesktop.DBus.Error.Spawn.", CMD_UNREACHABLE, NOT_STARTED },
        { "org.freedesktop.systemd1.", CMD_UNREACHABLE, NOT_STARTED },
        { SD_BUS_ERROR_NO_REPLY, CMD_UNREACHABLE, NO_ANSWER },
        { SD_BUS_ERROR_TIMEOUT, CMD_UNREACHABLE, NO_ANSWER },
        { "org.freedesktop.DBus.Error.TimedOut", CMD_UNREACHABLE, NO_ANSWER },
        { SD_BUS_ERROR_DISCONNECTED, CMD_UNREACHABLE, GONE },
        { "System.Error.ECONNRESET", CMD_UNREACHABLE, GONE },
        { "System.Error.ENOTCONN", CMD_UNREACHABLE, GONE },
        { "System.Error.EPIPE", CMD_UNREACHABLE, GONE },
        { "System.Error.ETIMEDOUT", CMD_UNREACHABLE, NO_ANSWER },
        { SD_BUS_ERROR_UNKNOWN_METHOD, CMD_ERROR,
          "The daemon that runs is of another version and does not know this yet. Restart it with "
          "`systemctl --user restart ebbd`." },
};

static const ErrorRow *error_row(const Call *c) {
        const char *name = c->error.name ? c->error.name : "";

        for (size_t i = 0; i < ELEMENTS(errors); i++) {
                size_t len = strlen(errors[i].name);

                if (errors[i].name[len - 1] == '.' ? strncmp(name, errors[i].name, len) == 0
                                                   : strcmp(name, errors[i].name) == 0)
                        return &errors[i];
        }
        return NULL;
}

bool call_daemon_gone(const Call *c) {
        return call_status(c) == CMD_UNREACHABLE;
}

const char *call_sentence(const Call *c) {
        const ErrorRow *row = error_row(c);

        /* NoReply also comes for a daemon that left the bus in the middle of the call; the bus says so. */
        if (row && row->sentence)
                return row->sentence;

        return c->error.message && *c->error.message ? c->error.message
                                                     : "The daemon refused without saying why.";
}

int call_status(const Call *c) {
        const ErrorRow *row = error_row(c);

        return row ? row->status : CMD_ERROR;
}

int call_failed(const Call *c) {
        out_error("%s", call_sentence(c));
        return call_status(c);
}
