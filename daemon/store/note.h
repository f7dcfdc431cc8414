/*
 * Notes as they stand: fields, tags, note type, deck.
 */
#pragma once

#include "core/notetype.h"
#include "store/store.h"

typedef struct Note {
        int64_t id;
        char uuid[37];
        int64_t notetype; /* store/notetype.h */
        int64_t deck;     /* where its cards are but for those moved one by one */
        bool alive;       /* false: deleted, or only named by others so far */
        int64_t created_ms;
        int64_t modified_ms;
        FieldValue *fields; /* in the note type's order; names it does not know come after them */
        size_t n_fields;    /* a field of the type that was never set is there with "" */
        char **tags;        /* sorted by bytes */
        size_t n_tags;
} Note;

/* Deleted notes are found too (alive tells). The result owns all its strings. */
int note_get(Store *store, int64_t id, Note **ret);
Note *note_free(Note *note);
DEFINE_CLEANUP(Note *, note_free);

/* "" when there is no such field. Valid as long as the note. */
const char *note_field(const Note *note, const char *name);

int note_by_uuid(Store *store, const char *uuid, int64_t *ret);

/* Tags in use by notes that are alive, by name, with the number of notes. Free with note_tags_free(). */
typedef struct TagCount {
        char *tag;
        int64_t notes;
} TagCount;
int note_list_tags(Store *store, TagCount **ret, size_t *ret_n);
TagCount *note_tags_free(TagCount *tags, size_t n);

/* Why a tag cannot be one, or NULL: empty, white space, a comma, quotes, controls, over 200 bytes. */
const char *note_tag_problem(const char *tag);
