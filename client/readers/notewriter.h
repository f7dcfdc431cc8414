/*
 * Writes the note stream (described in daemon/jobs/notestream.h, which reads it): one call, one line. After
 * a failure all calls do nothing; notewriter_end() says what it was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/json.h"

typedef struct NoteWriter {
        /* 0 or a negative errno; all of it or nothing. */
        int (*write)(void *userdata, const char *data, size_t len);
        void *userdata;
        uint64_t notes, refused;
        int error;
} NoteWriter;

/* Strings that are NULL are left out. */
typedef struct NoteOut {
        const char *guid, *notetype, *deck;
        const char *const *tags;
        size_t n_tags;
        const char *const *names; /* of the fields; NULL: by column */
        const char *const *fields;
        size_t n_fields;
        uint64_t line;
} NoteOut;

void notewriter_header(NoteWriter *w, const char *source, const char *name);
/* match: update, keep, both; scope: notetype, notetype+deck. */
void notewriter_options(NoteWriter *w, const char *match, const char *scope);
/* A note type with one card: the first field asks, the others answer. */
void notewriter_notetype(NoteWriter *w, const char *name, const char *const *fields, size_t n);
/* A note whose line would be too long for the stream is refused instead, with `text`. */
void notewriter_note(NoteWriter *w, const NoteOut *note, const char *text, size_t text_len);
/* `why` goes on from "line 7 "; of `text` the first 80 characters are kept. */
void notewriter_refused(NoteWriter *w, uint64_t line, const char *why, const char *text,
                        size_t text_len);
/* 0, or what went wrong since the header. */
int notewriter_end(NoteWriter *w);
