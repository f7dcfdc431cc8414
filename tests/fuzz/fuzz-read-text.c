/*
 * Any bytes as a table. The first byte chooses options. Whatever the table is, the note stream that
 * comes of it must be one that its reader takes, to the last line.
 */
#include "client/readers/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "client/readers/csv.h"
#include "jobs/notestream.h"
#include "tests/fuzz/fuzz.h"

static int take(void *userdata, const char *data, size_t len) {
        NoteStream *stream = userdata;
        char *problem;
        NoteLine line;
        int r;

        if (notestream_push(stream, data, len) < 0)
                return -12;
        while ((r = notestream_next(stream, &line, &problem)) == 0)
                noteline_done(&line);
        if (r == NOTESTREAM_E_INVALID)
                abort();
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint8_t choice = size > 0 ? data[0] : 0;
        CsvText text = { size > 0 ? (const char *) data + 1 : "", size > 0 ? size - 1 : 0 };
        Input input = { csv_read_text, &text };
        SheetOptions options = {
                .name = "fuzz",
                .separator = "\0,\t;"[choice & 3],
                .header = (SheetChoice) (choice >> 2) % 3,
                .html = (SheetChoice) (choice >> 4) % 3,
                .columns = choice & 0x80 ? "front,back,-,tags,guid,deck" : NULL,
                .deck = choice & 0x40 ? "A::B" : NULL,
        };
        NoteStream stream = { 0 };
        NoteWriter writer = { .write = take, .userdata = &stream };
        char *problem = NULL;
        int r;

        r = sheet_read(&input, &options, &writer, &problem);
        free(problem);
        if (r == 0 && !stream.ended)
                abort();
        notestream_done(&stream);
        return 0;
}
