/* The messages between ebbd and ebb-notify: what is written is read back, and nothing else is taken. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/notify/protocol.h"
#include "tests/check.h"
#include "util/cleanup.h"

static const NotifyMessage show = {
        .kind = NOTIFY_SHOW,
        .urgency = 1,
        .flags = NOTIFY_IN_PLACE,
        .number = 86400000,
        .generation = UINT64_C(0x100000002),
        .n_strings = 5,
        .strings = { "French, 3 of 5", "mer\nsea", "x-ebb.question", "show", "Show answer" },
};

TEST(message_is_read_back_as_it_was_written)
{
        char buf[NOTIFY_MESSAGE_MAX];
        NotifyMessage m;
        int len;

        len = notify_message_encode(&show, buf);
        REQUIRE(len > 0);
        REQUIRE(notify_message_decode(buf, (size_t) len, &m) == 0);
        CHECK_INT(NOTIFY_SHOW, m.kind);
        CHECK_INT(1, m.urgency);
        CHECK_INT(NOTIFY_IN_PLACE, m.flags);
        CHECK_INT(86400000, m.number);
        CHECK(m.generation == UINT64_C(0x100000002));
        CHECK_INT(5, m.n_strings);
        CHECK_STR("mer\nsea", m.strings[NOTIFY_SHOW_BODY]);
        CHECK_STR("Show answer", m.strings[NOTIFY_SHOW_ACTIONS + 1]);
}

typedef struct BadRow {
        int line;
        NotifyMessage message;
} BadRow;

static const BadRow bad[] = {
        { __LINE__, { .kind = (NotifyKind) 0 } },
        { __LINE__, { .kind = (NotifyKind) 200, .generation = 1 } },
        { __LINE__,
          { .kind = NOTIFY_SHOW, .generation = 1, .n_strings = 2, .strings = { "a", "b" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .n_strings = 3,
            .strings = { "a", "b", "c" } } }, /* no generation */
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .generation = 1,
            .n_strings = 4,
            .strings = { "a", "b", "c", "key" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .generation = 1,
            .n_strings = 5,
            .strings = { "a", "b", "c", "Key", "" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .generation = 1,
            .n_strings = 5,
            .strings = { "a", "b", "c", "", "x" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .generation = 1,
            .n_strings = 3,
            .strings = { "a", "\xff", "c" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW, .generation = 1, .n_strings = 3, .strings = { "a", NULL, "c" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .generation = 1,
            .urgency = 3,
            .n_strings = 3,
            .strings = { "a", "b", "c" } } },
        { __LINE__,
          { .kind = NOTIFY_SHOW,
            .generation = 1,
            .flags = 4,
            .n_strings = 3,
            .strings = { "a", "b", "c" } } },
        { __LINE__, { .kind = NOTIFY_QUIT, .n_strings = 1, .strings = { "now" } } },
        { __LINE__, { .kind = NOTIFY_QUIT, .generation = 1 } },
        { __LINE__,
          { .kind = NOTIFY_CLICKED, .generation = 1, .n_strings = 1, .strings = { "good:1" } } },
        { __LINE__, { .kind = NOTIFY_CLICKED, .generation = 1 } },
        { __LINE__, { .kind = NOTIFY_CLOSED } },
        { __LINE__, { .kind = NOTIFY_SERVER, .n_strings = 3, .strings = { "a", "b", "c" } } },
};

TEST(message_that_breaks_its_kinds_rules_is_not_written)
{
        char buf[NOTIFY_MESSAGE_MAX];

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                if (notify_message_encode(&bad[i].message, buf) != -EBADMSG)
                        CHECK_FAIL("row of line %d was written", bad[i].line);
}

TEST(message_longer_than_a_datagram_is_not_written)
{
        static char body[NOTIFY_MESSAGE_MAX];
        char buf[NOTIFY_MESSAGE_MAX];
        NotifyMessage m = show;

        memset(body, 'x', sizeof(body) - 1);
        m.strings[NOTIFY_SHOW_BODY] = body;
        CHECK_INT(-EBADMSG, notify_message_encode(&m, buf));
}

/* 24 bytes of header: magic, kind, urgency, flags, strings, generation, number, nothing. */
TEST(every_byte_that_is_cut_or_added_is_noticed)
{
        char buf[NOTIFY_MESSAGE_MAX + 1];
        NotifyMessage m;
        int len;

        len = notify_message_encode(&show, buf);
        REQUIRE(len > 24);
        for (int cut = 0; cut < len; cut++)
                CHECK_INT(-EBADMSG, notify_message_decode(buf, (size_t) cut, &m));
        buf[len] = '\0';
        CHECK_INT(-EBADMSG, notify_message_decode(buf, (size_t) len + 1, &m));
        CHECK_INT(-EBADMSG, notify_message_decode(buf, sizeof(buf), &m));
}

TEST(other_version_is_told_from_garbage)
{
        char buf[NOTIFY_MESSAGE_MAX];
        NotifyMessage m;
        int len;

        len = notify_message_encode(&show, buf);
        REQUIRE(len > 0);
        buf[0]++; /* the version, on a little-endian machine */
        CHECK(notify_message_decode(buf, (size_t) len, &m) < 0);
        memset(buf, 'x', 100);
        CHECK_INT(-EBADMSG, notify_message_decode(buf, 100, &m));
}

TEST(single_flipped_bytes_are_never_more_than_another_valid_message)
{
        char buf[NOTIFY_MESSAGE_MAX], again[NOTIFY_MESSAGE_MAX];
        NotifyMessage m;
        int len;

        len = notify_message_encode(&show, buf);
        REQUIRE(len > 0);
        for (int i = 0; i < len; i++)
                for (int b = 1; b < 256; b++) {
                        buf[i] = (char) (buf[i] ^ b);
                        if (notify_message_decode(buf, (size_t) len, &m) == 0) {
                                CHECK_INT(len, notify_message_encode(&m, again));
                                CHECK(memcmp(buf, again, (size_t) len) == 0);
                        }
                        buf[i] = (char) (buf[i] ^ b);
                }
}

TEST(socket_says_empty_hung_up_and_full_without_waiting)
{
        char buf[NOTIFY_MESSAGE_MAX];
        NotifyMessage m;
        int pair[2], r;

        REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
        CHECK_INT(-EAGAIN, notify_message_receive(pair[1], buf, &m));
        CHECK_INT(0, notify_message_send(pair[0], &show));
        CHECK_INT(0, notify_message_receive(pair[1], buf, &m));
        CHECK_STR("French, 3 of 5", m.strings[0]);

        do
                r = notify_message_send(pair[0], &show);
        while (r == 0);
        CHECK_INT(-EAGAIN, r);

        (void) close(pair[0]);
        while (notify_message_receive(pair[1], buf, &m) == 0)
                ;
        CHECK_INT(-EPIPE, notify_message_receive(pair[1], buf, &m));
        r = notify_message_send(pair[1], &show);
        CHECK(r == -EPIPE || r == -ECONNRESET);
        (void) close(pair[1]);
}

CHECK_MAIN
