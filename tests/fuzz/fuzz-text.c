/* Any bytes as text: copies are valid UTF-8, prefixes are inside and not too wide. */
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/cleanup.h"
#include "util/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = size > 0 ? (const char *) data : "";
        _cleanup_free_ char *repaired = utf8_repair(text, size), *safe = text_printable(text, size);
        _cleanup_free_ char *cut = NULL, *stripped = NULL;
        size_t columns = size > 0 ? data[0] % 40u : 0, prefix;
        int64_t n;
        double d;
        bool b;
        unsigned u;
        int y, m, day;

        if (!repaired || !safe)
                return 0;
        if (!memchr(text, 0, size) && !utf8_valid(repaired, strlen(repaired)))
                abort();
        if (!utf8_valid(safe, strlen(safe)) || strchr(safe, '\t') || strchr(safe, '\x1b'))
                abort();
        if (utf8_valid(text, size) != (text_field_problem(text, size) == NULL) &&
            !memchr(text, 0, size) && size <= TEXT_FIELD_MAX)
                abort();

        prefix = utf8_prefix(text, size, columns);
        if (prefix > size || utf8_width(text, prefix) > columns)
                abort();

        cut = text_ellipsis(safe, columns);
        stripped = strdup(repaired);
        if (!cut || !stripped)
                return 0;
        if (strlen(cut) > strlen(safe) + 3 || !utf8_valid(cut, strlen(cut)))
                abort();
        (void) text_strip(stripped);
        (void) text_distance(safe, repaired);

        (void) parse_int(safe, -1000, 1000, &n);
        (void) parse_double(safe, -1e9, 1e9, &d);
        (void) parse_bool(safe, &b);
        (void) parse_duration_s(safe, &n);
        (void) parse_clock_min(safe, &u);
        (void) parse_date(safe, &y, &m, &day);
        return 0;
}
