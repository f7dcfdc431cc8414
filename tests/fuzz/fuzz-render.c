/* The first byte chooses function, limits and room; the rest is the text. */
#include <stdlib.h>
#include <string.h>

#include "core/render.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

#define REQUIRE(x)                                                                                 \
        do {                                                                                       \
                if (!(x))                                                                          \
                        abort();                                                                   \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        RenderLimits limits;
        size_t cap, len;
        char *out;

        if (size < 2)
                return 0;

        limits.chars = data[0] & 0x3f;
        limits.lines = data[1] & 0x07;
        limits.markup = (data[1] & 0x08) != 0;
        cap = (data[1] & 0x10) ? (size_t) 8 + data[0] : 3 * size + 8;
        if ((data[1] & 0x10) == 0 && limits.chars == 0)
                cap = RENDER_SIZE(size);

        out = malloc(cap);
        REQUIRE(out);

        if (data[0] & 0x80)
                len = render_html_to_text((const char *) data + 2, size - 2, out, cap);
        else
                len = render_body((const char *) data + 2, size - 2, &limits, out, cap);
        REQUIRE(len < cap && out[len] == '\0' && strlen(out) == len && utf8_valid(out, len));

        for (size_t at = 0; at < len;) {
                uint32_t c;

                at += utf8_decode(out + at, len - at, &c);
                REQUIRE(c == '\n' || !text_is_unsafe_char(c));
        }
        if (!(data[0] & 0x80) && limits.markup)
                REQUIRE(!strpbrk(out, "<>"));

        free(out);
        return 0;
}
