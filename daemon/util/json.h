/*
 * JSON, as little as Ebb needs: a reader with limits for lines that come from outside (op payloads,
 * note streams), and a writer that always produces valid, escaped, single-line UTF-8.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

typedef struct Json Json; /* a value inside a document; owned by the document */
typedef struct JsonDoc JsonDoc;

typedef enum JsonType {
        JSON_NULL,
        JSON_BOOL,
        JSON_NUMBER,
        JSON_STRING,
        JSON_ARRAY,
        JSON_OBJECT
} JsonType;

enum {
        JSON_MAX_DEPTH = 32,
        JSON_MAX_VALUES = 1 << 20,
        JSON_MAX_NUMBER = 512, /* bytes of one number as written */
};

/*
 * Reads exactly one value from text[0..len). Strings must be valid UTF-8 and hold no NUL (also not
 * as an escape); duplicate keys, trailing text, depth > JSON_MAX_DEPTH and numbers that do not
 * fit a double are errors. Lone surrogates are errors.
 *
 * Returns 0, -EBADMSG for text that is not such JSON (*ret_where, when given, gets the byte offset), -ENOMEM.
 */
int json_parse(const char *text, size_t len, JsonDoc **ret, size_t *ret_where);
JsonDoc *json_doc_free(JsonDoc *doc);
DEFINE_CLEANUP(JsonDoc *, json_doc_free);

const Json *json_root(const JsonDoc *doc);
JsonType json_type(const Json *v);

/* All of these accept NULL and values of another type, and then return the fallback / NULL / 0. */
const Json *json_get(const Json *object, const char *key);
const Json *json_at(const Json *array, size_t index);
size_t json_length(const Json *v);                      /* members of an array or object */
const char *json_key(const Json *object, size_t index); /* name of the index-th member */
const Json *json_member(const Json *object, size_t index);
const char *json_string(const Json *v);   /* NUL-terminated; NULL when not a string */
size_t json_string_length(const Json *v); /* in bytes */
double json_double(const Json *v, double fallback);
int64_t json_int(const Json *v,
                 int64_t fallback); /* fallback also when not a whole number in range */
bool json_bool(const Json *v, bool fallback);

/* Iterates over the members of an array or object. */
#define JSON_FOREACH(var, index, container)                                                        \
        for (size_t index = 0;                                                                     \
             index < json_length(container) && ((var) = json_member(container, index), 1);         \
             index++)

/*
 * The writer. Commas and colons are its business; keys and strings are escaped. Invalid UTF-8 in
 * a string is replaced by U+FFFD. After an allocation failure all calls do nothing and
 * json_finish() returns -ENOMEM.
 */
typedef struct JsonWriter {
        char *buf;
        size_t len, cap;
        int error;
        bool comma;
} JsonWriter;

void json_open(JsonWriter *w, char bracket);  /* '{' or '[' */
void json_close(JsonWriter *w, char bracket); /* '}' or ']' */
void json_put_key(JsonWriter *w, const char *key);
void json_put_string(JsonWriter *w, const char *s);           /* NULL writes null */
void json_put_text(JsonWriter *w, const char *s, size_t len); /* a NUL in it becomes U+FFFD */
void json_put_int(JsonWriter *w, int64_t n);
void json_put_double(JsonWriter *w,
                     double d); /* fewest digits that read back equal; inf, nan: null */
void json_put_bool(JsonWriter *w, bool b);
void json_put_null(JsonWriter *w);
void json_put_raw(JsonWriter *w, const char *json, size_t len); /* one value, already JSON */
void json_put_value(JsonWriter *w, const Json *v);              /* copies a read value */
int json_finish(JsonWriter *w, char **ret); /* ownership to the caller; resets the writer */
void json_writer_done(JsonWriter *w);
