/*
 * A note type as plain data: which fields its notes have and which cards are made from them.
 * Whoever fills one owns the strings; templates are read by core/template.h, kept by store/notetype.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
        NOTETYPE_FIELDS_MAX = 64,
        NOTETYPE_TEMPLATES_MAX = 64, /* of a cloze type exactly one */
        NOTETYPE_ORDS_MAX =
                500, /* cards of one note; cloze numbers are 1 .. 500, ordinal = number - 1 */
};

typedef struct Template {
        const char *name;
        const char *front;
        const char *back;
} Template;

typedef struct NoteType {
        const char *name;
        bool cloze;
        const char *const *fields; /* names, in their order */
        size_t n_fields;
        const Template *templates;
        size_t n_templates;
        const char *css; /* "" when there is none */
} NoteType;

/* A field of a note, or a value for one. */
typedef struct FieldValue {
        const char *name;
        const char *value;
} FieldValue;
