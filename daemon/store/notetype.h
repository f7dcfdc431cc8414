/*
 * Note types as they stand. Three are always there: Basic, Basic (and reversed card), Cloze.
 */
#pragma once

#include "core/notetype.h"
#include "store/store.h"

enum {
        NOTETYPE_BASIC = 1,
        NOTETYPE_BASIC_REVERSED = 2,
        NOTETYPE_CLOZE = 3,
};

typedef struct NoteTypeRow {
        int64_t id;
        char uuid[37];
        NoteType type;
} NoteTypeRow;

/* Cached: valid until a note type changes. STORE_E_NOT_FOUND. */
int notetype_get(Store *store, int64_t id, const NoteTypeRow **ret);
int notetype_by_name(Store *store, const char *name,
                     const NoteTypeRow **ret); /* the exact name, else any case */
int notetype_list(Store *store, const NoteTypeRow *const **ret, size_t *ret_n); /* by name */

/* A note type as the JSON kept in ops, and back. Pointers inside ret live as long as *ret_memory (free()). */
int notetype_to_json(const NoteType *type, char **ret);
int notetype_from_json(const char *json, size_t len, NoteType *ret, void **ret_memory);
