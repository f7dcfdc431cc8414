/* Messages between ebbd and ebb-notify as bytes, and the checks both sides make. */
#include "client/notify/protocol.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/text.h"

#define MAGIC UINT32_C(0x45626e00) /* "Ebn", then the version */

typedef struct Header {
        uint32_t magic;
        uint8_t kind;
        uint8_t urgency;
        uint8_t flags;
        uint8_t n_strings;
        uint64_t generation;
        int32_t number;
        uint32_t unused;
} Header;

typedef struct KindRow {
        NotifyKind kind;
        size_t min_strings;
        size_t max_strings;
        bool pairs; /* what follows the first min_strings comes in twos: action key and label */
        enum { NONE, SOME, EITHER } generation;
} KindRow;

static const KindRow kinds[] = {
        /* kind, strings at least, at most, pairs, generation */
        { NOTIFY_HELLO, NOTIFY_HELLO_STRINGS, NOTIFY_HELLO_STRINGS, false, NONE },
        { NOTIFY_SHOW, NOTIFY_SHOW_ACTIONS, NOTIFY_SHOW_ACTIONS + 2 * NOTIFY_ACTIONS_MAX, true,
          SOME },
        { NOTIFY_CLOSE, 0, 0, false, SOME },
        { NOTIFY_QUIT, 0, 0, false, NONE },
        { NOTIFY_SERVER, NOTIFY_SERVER_CAPABILITIES, NOTIFY_STRINGS_MAX, false, NONE },
        { NOTIFY_GONE, 0, 0, false, NONE },
        { NOTIFY_SHOWN, 0, 0, false, SOME },
        { NOTIFY_CLICKED, 1, 2, false, SOME },
        { NOTIFY_REPLY, 1, 1, false, SOME },
        { NOTIFY_CLOSED, 0, 0, false, SOME },
        { NOTIFY_ERROR, 1, 1, false, EITHER },
};

static const KindRow *kind_row(unsigned kind) {
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if ((unsigned) kinds[i].kind == kind)
                        return kinds + i;

        return NULL;
}

static bool key_valid(const char *key) {
        size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-");

        return len > 0 && len <= NOTIFY_KEY_MAX && key[len] == '\0';
}

/* What both directions hold: the header of a kind agrees with its row and its strings with each other. */
static bool message_valid(const NotifyMessage *m) {
        const KindRow *row = kind_row((unsigned) m->kind);

        if (!row || m->n_strings < row->min_strings || m->n_strings > row->max_strings)
                return false;
        if (row->generation != EITHER && (row->generation == SOME) != (m->generation != 0))
                return false;
        if (m->urgency > 2 || (m->flags & ~(NOTIFY_IN_PLACE | NOTIFY_CLOSE_BY_EXPIRY)) != 0)
                return false;

        for (size_t i = 0; i < m->n_strings; i++)
                if (!m->strings[i] || !utf8_valid(m->strings[i], strlen(m->strings[i])))
                        return false;

        if (row->pairs) {
                if ((m->n_strings - row->min_strings) % 2 != 0)
                        return false;
                for (size_t i = row->min_strings; i < m->n_strings; i += 2)
                        if (!key_valid(m->strings[i]))
                                return false;
        }

        return m->kind != NOTIFY_CLICKED || key_valid(m->strings[0]);
}

int notify_message_encode(const NotifyMessage *message, char *out) {
        size_t len = sizeof(Header);
        Header header;

        assert(message);
        assert(out);

        if (!message_valid(message))
                return -EBADMSG;

        header = (Header){
                .magic = MAGIC | NOTIFY_PROTOCOL_VERSION,
                .kind = (uint8_t) message->kind,
                .urgency = message->urgency,
                .flags = message->flags,
                .n_strings = (uint8_t) message->n_strings,
                .generation = message->generation,
                .number = message->number,
        };
        memcpy(out, &header, sizeof(header));

        for (size_t i = 0; i < message->n_strings; i++) {
                size_t size = strlen(message->strings[i]) + 1;

                if (size > NOTIFY_MESSAGE_MAX - len)
                        return -EBADMSG;
                memcpy(out + len, message->strings[i], size);
                len += size;
        }

        return (int) len;
}

int notify_message_decode(const char *buf, size_t len, NotifyMessage *ret) {
        NotifyMessage m = { 0 };
        Header header;
        size_t at = sizeof(Header);

        assert(buf || len == 0);
        assert(ret);

        if (len < sizeof(Header) || len > NOTIFY_MESSAGE_MAX)
                return -EBADMSG;
        memcpy(&header, buf, sizeof(header));

        if ((header.magic & ~UINT32_C(0xff)) != MAGIC || header.unused != 0)
                return -EBADMSG;
        if ((header.magic & 0xff) != NOTIFY_PROTOCOL_VERSION)
                return -EPROTO;
        if (header.n_strings > NOTIFY_STRINGS_MAX)
                return -EBADMSG;

        m.kind = (NotifyKind) header.kind;
        m.urgency = header.urgency;
        m.flags = header.flags;
        m.generation = header.generation;
        m.number = header.number;

        for (; m.n_strings < header.n_strings; m.n_strings++) {
                const char *end = memchr(buf + at, '\0', len - at);

                if (!end)
                        return -EBADMSG;
                m.strings[m.n_strings] = buf + at;
                at = (size_t) (end - buf) + 1;
        }
        if (at != len || !message_valid(&m))
                return -EBADMSG;

        *ret = m;
        return 0;
}

int notify_message_send(int fd, const NotifyMessage *message) {
        char buf[NOTIFY_MESSAGE_MAX];
        ssize_t n;
        int len;

        len = notify_message_encode(message, buf);
        if (len < 0)
                return len;

        do
                n = send(fd, buf, (size_t) len, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);

        return n < 0 ? -errno : 0;
}

int notify_message_receive(int fd, char *buf, NotifyMessage *ret) {
        ssize_t n;

        do
                n = recv(fd, buf, NOTIFY_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
        while (n < 0 && errno == EINTR);

        if (n < 0)
                return errno == ECONNRESET ? -EPIPE : -errno;
        if (n == 0)
                return -EPIPE;

        return notify_message_decode(buf, (size_t) n, ret);
}
