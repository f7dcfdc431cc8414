/*
 * The reader keeps everything of a document in one arena: a list of blocks that are freed together.
 * While a container is open its members wait on a stack; when it closes they move to the arena side
 * by side, so that the n-th member is found at once and no pointer ever moves.
 */
#include "util/json.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

struct Json {
        const char *key; /* in an object, else NULL */
        union {
                const char *string;
                const Json *members;
                double number;
                int64_t whole;
                bool boolean;
        };
        uint32_t length; /* members, or bytes of the string */
        uint8_t type;
        bool is_whole;
};

typedef struct JsonBlock JsonBlock;
struct JsonBlock {
        JsonBlock *next;
        size_t used, size;
        _Alignas(max_align_t) char data[];
};

struct JsonDoc {
        Json root;
        JsonBlock *blocks;
};

typedef struct JsonParser {
        const char *text, *p, *end;
        JsonDoc *doc;
        Json *stack;
        size_t stack_len, stack_cap;
        size_t values;
        int depth;
} JsonParser;

static void *arena_alloc(JsonDoc *doc, size_t size) {
        JsonBlock *block = doc->blocks;
        void *p;

        size = (size + 7) & ~(size_t) 7;
        if (!block || block->size - block->used < size) {
                size_t least = block ? block->size * 2 : 512;

                if (least > 1 << 20)
                        least = 1 << 20;
                if (least < size)
                        least = size;
                block = malloc(sizeof(*block) + least);
                if (!block)
                        return NULL;
                *block = (JsonBlock){ .next = doc->blocks, .size = least };
                doc->blocks = block;
        }

        p = block->data + block->used;
        block->used += size;
        return p;
}

/* Gives back the end of what arena_alloc() returned last. */
static void arena_trim(JsonDoc *doc, const void *last, size_t size) {
        doc->blocks->used =
                (size_t) ((const char *) last - doc->blocks->data) + ((size + 7) & ~(size_t) 7);
}

JsonDoc *json_doc_free(JsonDoc *doc) {
        if (!doc)
                return NULL;

        while (doc->blocks) {
                JsonBlock *next = doc->blocks->next;

                free(doc->blocks);
                doc->blocks = next;
        }
        free(doc);
        return NULL;
}

static void skip_space(JsonParser *j) {
        while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
                j->p++;
}

static bool next_is(JsonParser *j, char c) {
        return j->p < j->end && *j->p == c;
}

static int parse_word(JsonParser *j, const char *word) {
        size_t n = strlen(word);

        if ((size_t) (j->end - j->p) < n || memcmp(j->p, word, n) != 0)
                return -EBADMSG;
        j->p += n;
        return 0;
}

static int parse_hex4(JsonParser *j, uint32_t *ret) {
        uint32_t c = 0;

        for (int i = 0; i < 4; i++, j->p++) {
                char x = j->p < j->end ? *j->p : 0;

                if (x >= '0' && x <= '9')
                        c = c << 4 | (uint32_t) (x - '0');
                else if ((x | 0x20) >= 'a' && (x | 0x20) <= 'f')
                        c = c << 4 | (uint32_t) ((x | 0x20) - 'a' + 10);
                else
                        return -EBADMSG;
        }
        *ret = c;
        return 0;
}

/* What follows a backslash. */
static int parse_escape(JsonParser *j, uint32_t *ret) {
        static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
        const char *at;
        uint32_t low;
        int r;

        if (j->p == j->end || !*j->p)
                return -EBADMSG;
        if (*j->p != 'u') {
                at = strchr(names, *j->p);
                if (!at)
                        return -EBADMSG;
                *ret = (uint8_t) values[at - names];
                j->p++;
                return 0;
        }

        j->p++;
        r = parse_hex4(j, ret);
        if (r < 0)
                return r;
        if (*ret == 0 || (*ret >= 0xdc00 && *ret <= 0xdfff))
                return -EBADMSG;
        if (*ret < 0xd800 || *ret > 0xdbff)
                return 0;

        r = parse_word(j, "\\u");
        if (r < 0)
                return r;
        r = parse_hex4(j, &low);
        if (r < 0)
                return r;
        if (low < 0xdc00 || low > 0xdfff)
                return -EBADMSG;
        *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
        return 0;
}

static int parse_string(JsonParser *j, const char **ret, uint32_t *ret_len) {
        const char *scan, *start;
        bool escaped = false;
        size_t n = 0;
        char *out;

        if (!next_is(j, '"'))
                return -EBADMSG;
        j->p++;

        /* Decoded text is never longer than what it was written as, so its end gives the size. */
        start = scan = j->p;
        while (scan < j->end && *scan != '"') {
                if ((unsigned char) *scan < 0x20) {
                        j->p = scan;
                        return -EBADMSG;
                }
                if (*scan == '\\') {
                        escaped = true;
                        scan++;
                }
                if (scan < j->end)
                        scan++;
        }
        if (scan >= j->end) {
                j->p = j->end;
                return -EBADMSG;
        }
        if ((size_t) (scan - start) >= UINT32_MAX)
                return -EBADMSG;

        out = arena_alloc(j->doc, (size_t) (scan - start) + 1);
        if (!out)
                return -ENOMEM;

        if (!escaped) {
                if (!utf8_valid(start, (size_t) (scan - start)))
                        return -EBADMSG;
                n = (size_t) (scan - start);
                memcpy(out, start, n);
        } else {
                while (j->p < scan) {
                        uint32_t c;
                        size_t k;
                        int r;

                        if (*j->p == '\\') {
                                j->p++;
                                r = parse_escape(j, &c);
                                if (r < 0)
                                        return r;
                                n += utf8_encode(c, out + n);
                                continue;
                        }
                        k = utf8_decode(j->p, (size_t) (scan - j->p), &c);
                        if (k == 0)
                                return -EBADMSG;
                        memcpy(out + n, j->p, k);
                        n += k;
                        j->p += k;
                }
        }

        out[n] = 0;
        arena_trim(j->doc, out, n + 1);
        j->p = scan + 1;
        *ret = out;
        *ret_len = (uint32_t) n;
        return 0;
}

static int skip_digits(JsonParser *j) {
        const char *start = j->p;

        while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
                j->p++;
        return j->p == start ? -EBADMSG : 0;
}

static int parse_number(JsonParser *j, Json *ret) {
        const char *start = j->p;
        bool whole = true;
        char buf[JSON_MAX_NUMBER + 1];
        size_t n;
        double d;
        int r;

        if (next_is(j, '-'))
                j->p++;
        if (next_is(j, '0'))
                j->p++;
        else {
                r = skip_digits(j);
                if (r < 0)
                        return r;
        }
        if (next_is(j, '.')) {
                whole = false;
                j->p++;
                r = skip_digits(j);
                if (r < 0)
                        return r;
        }
        if (next_is(j, 'e') || next_is(j, 'E')) {
                whole = false;
                j->p++;
                if (next_is(j, '+') || next_is(j, '-'))
                        j->p++;
                r = skip_digits(j);
                if (r < 0)
                        return r;
        }

        n = (size_t) (j->p - start);
        if (n > JSON_MAX_NUMBER) {
                j->p = start;
                return -EBADMSG;
        }
        memcpy(buf, start, n);
        buf[n] = 0;

        ret->type = JSON_NUMBER;
        if (whole && strcmp(buf, "-0") != 0) {
                errno = 0;
                ret->whole = strtoll(buf, NULL, 10);
                if (errno == 0) {
                        ret->is_whole = true;
                        return 0;
                }
        }

        d = strtod_l(buf, NULL, newlocale(LC_ALL_MASK, "C", NULL));
        if (!isfinite(d)) {
                j->p = start;
                return -EBADMSG;
        }
        ret->number = d;
        return 0;
}

static int compare_keys(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* 0 when all keys differ, -EBADMSG when not. */
static int check_keys(const Json *members, size_t n) {
        _cleanup_free_ const char **keys = NULL;

        if (n <= 16) {
                for (size_t i = 1; i < n; i++)
                        for (size_t k = 0; k < i; k++)
                                if (strcmp(members[i].key, members[k].key) == 0)
                                        return -EBADMSG;
                return 0;
        }

        keys = malloc(n * sizeof(*keys));
        if (!keys)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                keys[i] = members[i].key;
        qsort(keys, n, sizeof(*keys), compare_keys);
        for (size_t i = 1; i < n; i++)
                if (strcmp(keys[i - 1], keys[i]) == 0)
                        return -EBADMSG;
        return 0;
}

static int push_member(JsonParser *j, const Json *member) {
        if (j->stack_len == j->stack_cap) {
                size_t cap = j->stack_cap ? j->stack_cap * 2 : 32;
                Json *stack = realloc(j->stack, cap * sizeof(*stack));

                if (!stack)
                        return -ENOMEM;
                j->stack = stack;
                j->stack_cap = cap;
        }
        j->stack[j->stack_len++] = *member;
        return 0;
}

static int parse_value(JsonParser *j, Json *ret);

static int parse_container(JsonParser *j, char closing, Json *ret) {
        size_t base = j->stack_len, n;
        Json *members = NULL;
        int r;

        if (j->depth == JSON_MAX_DEPTH)
                return -EBADMSG;
        j->depth++;
        j->p++;
        skip_space(j);
        while (!next_is(j, closing)) {
                const char *key = NULL;
                Json member;
                uint32_t len;

                if (j->stack_len > base) {
                        r = parse_word(j, ",");
                        if (r < 0)
                                return r;
                        skip_space(j);
                }
                if (closing == '}') {
                        r = parse_string(j, &key, &len);
                        if (r < 0)
                                return r;
                        skip_space(j);
                        r = parse_word(j, ":");
                        if (r < 0)
                                return r;
                        skip_space(j);
                }

                r = parse_value(j, &member);
                if (r < 0)
                        return r;
                member.key = key;
                r = push_member(j, &member);
                if (r < 0)
                        return r;
                skip_space(j);
        }
        j->p++;
        j->depth--;

        n = j->stack_len - base;
        if (n > 0) {
                if (closing == '}') {
                        r = check_keys(j->stack + base, n);
                        if (r < 0)
                                return r;
                }
                members = arena_alloc(j->doc, n * sizeof(*members));
                if (!members)
                        return -ENOMEM;
                memcpy(members, j->stack + base, n * sizeof(*members));
                j->stack_len = base;
        }
        ret->type = closing == '}' ? JSON_OBJECT : JSON_ARRAY;
        ret->members = members;
        ret->length = (uint32_t) n;
        return 0;
}

static int parse_value(JsonParser *j, Json *ret) {
        *ret = (Json){ 0 };
        if (j->p == j->end || ++j->values > JSON_MAX_VALUES)
                return -EBADMSG;

        switch (*j->p) {
        case '{':
                return parse_container(j, '}', ret);
        case '[':
                return parse_container(j, ']', ret);
        case '"':
                ret->type = JSON_STRING;
                return parse_string(j, &ret->string, &ret->length);
        case 't':
                ret->type = JSON_BOOL;
                ret->boolean = true;
                return parse_word(j, "true");
        case 'f':
                ret->type = JSON_BOOL;
                return parse_word(j, "false");
        case 'n':
                ret->type = JSON_NULL;
                return parse_word(j, "null");
        default:
                return parse_number(j, ret);
        }
}

int json_parse(const char *text, size_t len, JsonDoc **ret, size_t *ret_where) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        JsonParser j = { .text = text, .p = text, .end = text + len };
        int r;

        assert(text);
        assert(ret);

        doc = calloc(1, sizeof(*doc));
        if (!doc)
                return -ENOMEM;

        j.doc = doc;
        skip_space(&j);
        r = parse_value(&j, &doc->root);
        if (r == 0) {
                skip_space(&j);
                if (j.p < j.end)
                        r = -EBADMSG;
        }
        free(j.stack);
        if (r < 0) {
                if (r == -EBADMSG && ret_where)
                        *ret_where = (size_t) (j.p - text);
                return r;
        }

        *ret = TAKE_PTR(doc);
        return 0;
}

const Json *json_root(const JsonDoc *doc) {
        return doc ? &doc->root : NULL;
}

JsonType json_type(const Json *v) {
        return v ? (JsonType) v->type : JSON_NULL;
}

const Json *json_get(const Json *object, const char *key) {
        if (json_type(object) != JSON_OBJECT)
                return NULL;
        for (uint32_t i = 0; i < object->length; i++)
                if (strcmp(object->members[i].key, key) == 0)
                        return &object->members[i];
        return NULL;
}

const Json *json_at(const Json *array, size_t index) {
        return json_type(array) == JSON_ARRAY ? json_member(array, index) : NULL;
}

size_t json_length(const Json *v) {
        return json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT ? v->length : 0;
}

const char *json_key(const Json *object, size_t index) {
        const Json *member = json_type(object) == JSON_OBJECT ? json_member(object, index) : NULL;

        return member ? member->key : NULL;
}

const Json *json_member(const Json *v, size_t index) {
        return index < json_length(v) ? &v->members[index] : NULL;
}

const char *json_string(const Json *v) {
        return json_type(v) == JSON_STRING ? v->string : NULL;
}

size_t json_string_length(const Json *v) {
        return json_type(v) == JSON_STRING ? v->length : 0;
}

double json_double(const Json *v, double fallback) {
        if (json_type(v) != JSON_NUMBER)
                return fallback;
        return v->is_whole ? (double) v->whole : v->number;
}

int64_t json_int(const Json *v, int64_t fallback) {
        if (json_type(v) != JSON_NUMBER)
                return fallback;
        if (v->is_whole)
                return v->whole;
        /* "1e3" and "5.0" are whole numbers too, as long as a double holds each one of its range. */
        if (fabs(v->number) > 9007199254740992.0 || v->number != floor(v->number))
                return fallback;
        return (int64_t) v->number;
}

bool json_bool(const Json *v, bool fallback) {
        return json_type(v) == JSON_BOOL ? v->boolean : fallback;
}

static char *writer_room(JsonWriter *w, size_t more) {
        size_t cap = w->cap ? w->cap : 256;
        char *buf;

        if (w->error < 0)
                return NULL;
        if (w->cap - w->len >= more)
                return w->buf + w->len;

        while (cap - w->len < more) {
                if (cap > SIZE_MAX / 2) {
                        w->error = -ENOMEM;
                        return NULL;
                }
                cap *= 2;
        }
        buf = realloc(w->buf, cap);
        if (!buf) {
                w->error = -ENOMEM;
                return NULL;
        }
        w->buf = buf;
        w->cap = cap;
        return buf + w->len;
}

static void writer_add(JsonWriter *w, const char *s, size_t len) {
        char *out = writer_room(w, len);

        if (!out)
                return;
        memcpy(out, s, len);
        w->len += len;
}

/* A value begins: the comma that is owed, and one owed from now on. */
static void writer_value(JsonWriter *w) {
        if (w->comma)
                writer_add(w, ",", 1);
        w->comma = true;
}

static void writer_quote(JsonWriter *w, const char *s, size_t len) {
        size_t need = 2;
        char *start, *out;

        for (size_t i = 0; i < len; i++) {
                unsigned char b = (unsigned char) s[i];

                need += b < 0x20 ? 6 : b == '"' || b == '\\' ? 2 : b < 0x80 ? 1 : 3;
        }
        start = out = writer_room(w, need);
        if (!out)
                return;

        *out++ = '"';
        for (size_t i = 0, n; i < len; i += n) {
                static const char hex[] = "0123456789abcdef";
                unsigned char b = (unsigned char) s[i];
                uint32_t c;

                n = 1;
                if (b >= 0x80) {
                        n = utf8_decode(s + i, len - i, &c);
                        if (n == 0) {
                                c = 0xfffd;
                                n = 1;
                        }
                        out += utf8_encode(c, out);
                } else if (b >= 0x20) {
                        if (b == '"' || b == '\\')
                                *out++ = '\\';
                        *out++ = (char) b;
                } else if (b == '\n' || b == '\t' || b == '\r') {
                        *out++ = '\\';
                        *out++ = b == '\n' ? 'n' : b == '\t' ? 't' : 'r';
                } else if (b == 0) {
                        out += utf8_encode(0xfffd, out);
                } else {
                        memcpy(out, "\\u00", 4);
                        out[4] = hex[b >> 4];
                        out[5] = hex[b & 15];
                        out += 6;
                }
        }
        *out++ = '"';
        w->len += (size_t) (out - start);
}

void json_open(JsonWriter *w, char bracket) {
        assert(bracket == '{' || bracket == '[');

        writer_value(w);
        writer_add(w, &bracket, 1);
        w->comma = false;
}

void json_close(JsonWriter *w, char bracket) {
        assert(bracket == '}' || bracket == ']');

        writer_add(w, &bracket, 1);
        w->comma = true;
}

void json_put_key(JsonWriter *w, const char *key) {
        writer_value(w);
        writer_quote(w, key, strlen(key));
        writer_add(w, ":", 1);
        w->comma = false;
}

void json_put_string(JsonWriter *w, const char *s) {
        if (!s) {
                json_put_null(w);
                return;
        }
        json_put_text(w, s, strlen(s));
}

void json_put_text(JsonWriter *w, const char *s, size_t len) {
        writer_value(w);
        writer_quote(w, s, len);
}

void json_put_int(JsonWriter *w, int64_t n) {
        char buf[24];

        writer_value(w);
        writer_add(w, buf, (size_t) snprintf(buf, sizeof(buf), "%lld", (long long) n));
}

/*
 * 15 digits name a normal double unless it needs 16 or 17, and %g leaves trailing zeros out; numbers
 * below DBL_MIN have fewer significant digits, so for them the search begins at one.
 */
void json_put_double(JsonWriter *w, double d) {
        locale_t c_locale, before;
        char buf[40];

        if (!isfinite(d)) {
                json_put_null(w);
                return;
        }

        /* The C locale is a constant of the C library: nothing is allocated, nothing to free. */
        c_locale = newlocale(LC_ALL_MASK, "C", NULL);
        before = uselocale(c_locale);
        for (int digits = isnormal(d) ? 15 : 1; digits <= 17; digits++) {
                (void) snprintf(buf, sizeof(buf), "%.*g", digits, d);
                if (strtod(buf, NULL) == d)
                        break;
        }
        (void) uselocale(before);

        writer_value(w);
        writer_add(w, buf, strlen(buf));
}

void json_put_bool(JsonWriter *w, bool b) {
        json_put_raw(w, b ? "true" : "false", b ? 4 : 5);
}

void json_put_null(JsonWriter *w) {
        json_put_raw(w, "null", 4);
}

void json_put_raw(JsonWriter *w, const char *json, size_t len) {
        writer_value(w);
        writer_add(w, json, len);
}

void json_put_value(JsonWriter *w, const Json *v) {
        const Json *member;

        switch (json_type(v)) {
        case JSON_NULL:
                json_put_null(w);
                break;
        case JSON_BOOL:
                json_put_bool(w, v->boolean);
                break;
        case JSON_NUMBER:
                if (v->is_whole)
                        json_put_int(w, v->whole);
                else
                        json_put_double(w, v->number);
                break;
        case JSON_STRING:
                json_put_text(w, v->string, v->length);
                break;
        case JSON_ARRAY:
                json_open(w, '[');
                JSON_FOREACH(member, i, v)
                        json_put_value(w, member);
                json_close(w, ']');
                break;
        case JSON_OBJECT:
                json_open(w, '{');
                JSON_FOREACH(member, i, v) {
                        json_put_key(w, member->key);
                        json_put_value(w, member);
                }
                json_close(w, '}');
                break;
        }
}

int json_finish(JsonWriter *w, char **ret) {
        int r;

        writer_add(w, "", 1);
        r = w->error;
        if (r < 0) {
                json_writer_done(w);
                return r;
        }

        *ret = w->buf;
        *w = (JsonWriter){ 0 };
        return 0;
}

void json_writer_done(JsonWriter *w) {
        free(w->buf);
        *w = (JsonWriter){ 0 };
}
