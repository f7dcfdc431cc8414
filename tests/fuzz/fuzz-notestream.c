/* Any bytes as a note stream, in pieces; and each line alone. */
#include "jobs/notestream.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        NoteStream stream = { 0 };
        const char *text = (const char *) data;
        size_t piece = size > 0 ? data[0] % 64u + 1 : 1;
        char *problem = NULL;
        NoteLine line;
        int r = NOTESTREAM_E_MORE;

        for (size_t at = 0; r == NOTESTREAM_E_MORE && at < size; at += piece) {
                if (notestream_push(&stream, text + at, size - at < piece ? size - at : piece) < 0)
                        break;
                while ((r = notestream_next(&stream, &line, &problem)) == 0)
                        noteline_done(&line);
        }
        if (r == NOTESTREAM_E_MORE) {
                notestream_push_eof(&stream);
                r = notestream_next(&stream, &line, &problem);
                if (r == 0)
                        noteline_done(&line);
        }
        if (r == NOTESTREAM_E_INVALID)
                free(problem);
        notestream_done(&stream);

        for (size_t at = 0; at < size;) {
                const char *end = memchr(text + at, '\n', size - at);
                size_t len = end ? (size_t) (end - text) - at : size - at;

                r = noteline_parse(text + at, len, &line, &problem);
                if (r == 0)
                        noteline_done(&line);
                else if (r == NOTESTREAM_E_INVALID)
                        free(problem);
                at += len + 1;
        }
        return 0;
}
