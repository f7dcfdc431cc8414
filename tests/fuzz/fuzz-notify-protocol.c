/* A datagram that is read is written again byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "client/notify/protocol.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char again[NOTIFY_MESSAGE_MAX];
        NotifyMessage m;

        if (notify_message_decode((const char *) data, size, &m) < 0)
                return 0;
        if (notify_message_encode(&m, again) != (int) size || memcmp(again, data, size) != 0)
                abort();

        return 0;
}
