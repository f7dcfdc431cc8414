/* Any bytes as JSON; what is taken is written, read again, and must be written the same. */
#include "util/json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL, *again = NULL;
        _cleanup_free_ char *first = NULL, *second = NULL;
        JsonWriter w = { 0 };
        size_t where = 0;

        if (json_parse(size > 0 ? (const char *) data : "", size, &doc, &where) < 0) {
                if (where > size)
                        abort();
                return 0;
        }

        json_put_value(&w, json_root(doc));
        if (json_finish(&w, &first) < 0)
                return 0;
        if (json_parse(first, strlen(first), &again, NULL) < 0)
                abort();
        json_put_value(&w, json_root(again));
        if (json_finish(&w, &second) < 0)
                return 0;
        if (strcmp(first, second) != 0)
                abort();
        return 0;
}
