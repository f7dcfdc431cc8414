/* What parses prints to a query that parses to the same print. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/query.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(textbuf_done) TextBuf problem = {}, once = {}, twice = {};
        static Query query;

        if (query_parse((const char *) data, size, &query, &problem) != 0) {
                if (problem.len == 0)
                        abort();
                return 0;
        }

        query_print(&query, &once);
        /* Written out it may be longer than a query can be. */
        if (once.len > QUERY_TEXT_MAX)
                return 0;
        /* "--x" written out nests as deep; parentheses around every pair may nest deeper than they may be read. */
        if (query_parse(once.buf ? once.buf : "", once.len, &query, &problem) != 0)
                return 0;

        query_print(&query, &twice);
        if (once.len != twice.len || (once.len > 0 && memcmp(once.buf, twice.buf, once.len) != 0))
                abort();
        return 0;
}
