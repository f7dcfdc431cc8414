/* Lines of the log: what is read must be written back to the letter. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        void *memory = NULL;
        char *again = NULL;
        size_t len = 0;
        Op op;

        if (op_parse("k7q2m9xa4d0nb3yc", data ? (const char *) data : "", size, &op, &memory) ==
            0) {
                if (op_format(&op, &again, &len) == 0 &&
                    (len != size || memcmp(again, data, size) != 0))
                        abort();
                free(again);
                free(memory);
        }
        return 0;
}
