#include "store/op.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/stmt.h"
#include "util/json.h"
#include "util/sha256.h"
#include "util/text.h"

typedef enum TargetForm {
        TARGET_NONE,
        TARGET_UUID,
        TARGET_CARD,
        TARGET_OP,
        TARGET_TEXT, /* also of kinds not known */
} TargetForm;

static const struct {
        const char *kind;
        TargetForm form;
} kinds[] = {
        { "writer", TARGET_NONE },     { "note.put", TARGET_UUID },
        { "note.del", TARGET_UUID },   { "note.restore", TARGET_UUID },
        { "tag", TARGET_UUID },        { "card.suspend", TARGET_CARD },
        { "card.bury", TARGET_CARD },  { "card.flag", TARGET_CARD },
        { "card.deck", TARGET_CARD },  { "card.reset", TARGET_CARD },
        { "card.due", TARGET_CARD },   { "review.undo", TARGET_OP },
        { "review.redo", TARGET_OP },  { "clock.fix", TARGET_TEXT },
        { "deck.put", TARGET_UUID },   { "deck.merge", TARGET_UUID },
        { "preset.put", TARGET_UUID }, { "notetype.put", TARGET_UUID },
        { "block", TARGET_TEXT },      { "undo", TARGET_NONE },
        { "redo", TARGET_NONE },       { "import", TARGET_NONE },
};

static TargetForm form_of(const char *kind) {
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (strcmp(kinds[i].kind, kind) == 0)
                        return kinds[i].form;
        return TARGET_TEXT;
}

static void put_be(uint8_t *p, uint64_t value, int bytes) {
        for (int i = bytes - 1; i >= 0; i--, value >>= 8)
                p[i] = (uint8_t) value;
}

static uint64_t get_be(const uint8_t *p, int bytes) {
        uint64_t value = 0;

        for (int i = 0; i < bytes; i++)
                value = value << 8 | p[i];
        return value;
}

void op_target_uuid(Op *op, const uint8_t uuid[static UUID_SIZE]) {
        memcpy(op->target, uuid, UUID_SIZE);
        op->target_len = UUID_SIZE;
}

void op_target_card(Op *op, const uint8_t uuid[static UUID_SIZE], unsigned ord) {
        memcpy(op->target, uuid, UUID_SIZE);
        put_be(op->target + UUID_SIZE, ord, 2);
        op->target_len = OP_CARD_TARGET;
}

void op_target_op(Op *op, const char *writer, int64_t seq, uint32_t hash) {
        memcpy(op->target, writer, 16);
        put_be(op->target + 16, (uint64_t) seq, 8);
        put_be(op->target + 24, hash, 4);
        op->target_len = OP_OP_TARGET;
}

void op_target_read_op(const uint8_t target[static OP_OP_TARGET],
                       char ret_writer[static WRITER_NAME_SIZE], int64_t *ret_seq,
                       uint32_t *ret_hash) {
        memcpy(ret_writer, target, 16);
        ret_writer[16] = '\0';
        *ret_seq = (int64_t) get_be(target + 16, 8);
        *ret_hash = (uint32_t) get_be(target + 24, 4);
}

int op_target_text(Op *op, const char *text) {
        size_t len = strlen(text);

        if (len == 0 || len > OP_TARGET_MAX)
                return -EBADMSG;

        memcpy(op->target, text, len);
        op->target_len = len;
        return 0;
}

void outcome_set_interval(Outcome *o, int64_t interval) {
        o->interval_days = interval > 0 ? (int32_t) interval : 0;
        o->interval_s = interval < 0 ? (int32_t) -interval : 0;
}

enum { TARGET_TEXT_SIZE = OP_TARGET_MAX + 1 };

static void format_card(const uint8_t *target, char *ret) {
        uuid_format(target, ret);
        (void) snprintf(ret + 36, 8, "/%u", (unsigned) get_be(target + UUID_SIZE, 2));
}

static void format_target(const Op *op, char ret[static TARGET_TEXT_SIZE]) {
        TargetForm form = form_of(op->kind);

        if (form == TARGET_UUID && op->target_len == UUID_SIZE)
                uuid_format(op->target, ret);
        else if (form == TARGET_CARD && op->target_len == OP_CARD_TARGET)
                format_card(op->target, ret);
        else if (form == TARGET_OP && op->target_len == OP_OP_TARGET)
                (void) snprintf(ret, TARGET_TEXT_SIZE, "%.16s/%" PRIu64 "/%08x",
                                (const char *) op->target, get_be(op->target + 16, 8),
                                (unsigned) get_be(op->target + 24, 4));
        else {
                memcpy(ret, op->target, op->target_len);
                ret[op->target_len] = '\0';
        }
}

int op_format(const Op *op, char **ret, size_t *ret_len) {
        char text[TARGET_TEXT_SIZE];
        JsonWriter w = { 0 };
        size_t len;
        int r;

        json_open(&w, '{');
        json_put_key(&w, "s");
        json_put_int(&w, op->seq);
        json_put_key(&w, "h");
        hlc_format(op->hlc, text);
        json_put_string(&w, text);
        json_put_key(&w, "k");
        json_put_string(&w, op->kind);
        if (op->action != op->seq) {
                json_put_key(&w, "a");
                json_put_int(&w, op->action);
        }

        if (op_is_review(op)) {
                const struct {
                        const char *key;
                        int64_t value;
                } numbers[] = {
                        { "at", op->at_ms },
                        { "tz", op->tz_min },
                        { "ds", op->day_starts_min },
                        { "g", op->grade },
                        { "ms", op->took_ms },
                        { "m", op->mode },
                        { "w", op->was },
                        { "n", op->outcome.reps_before },
                        { "st", op->outcome.state },
                        { "sp", op->outcome.step },
                        { "i", outcome_interval(&op->outcome) },
                };

                format_card(op->target, text);
                json_put_key(&w, "c");
                json_put_string(&w, text);
                for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                        json_put_key(&w, numbers[i].key);
                        json_put_int(&w, numbers[i].value);
                }
        } else {
                if (op->target_len > 0) {
                        format_target(op, text);
                        json_put_key(&w, "t");
                        json_put_string(&w, text);
                }
                json_put_key(&w, "p");
                json_put_raw(&w, op->payload, op->payload_len);
        }
        json_close(&w, '}');

        len = w.len;
        r = json_finish(&w, ret);
        if (r < 0)
                return r;

        if (ret_len)
                *ret_len = len;
        return 0;
}

static uint32_t hash_line(const char *line, size_t len) {
        uint8_t digest[32];
        Sha256 sha;

        sha256_init(&sha);
        sha256_add(&sha, line, len);
        sha256_finish(&sha, digest);
        return (uint32_t) get_be(digest, 4);
}

int op_seal(Op *op) {
        _cleanup_free_ char *line = NULL;
        size_t len;
        int r;

        r = op_format(op, &line, &len);
        if (r < 0)
                return r;

        op->hash = hash_line(line, len);
        return 0;
}

/* A decimal number without sign or leading zeros, up to max; *end is what follows. */
static int parse_number(const char *s, int64_t max, const char **end, int64_t *ret) {
        int64_t value = 0;
        const char *p = s;

        for (; *p >= '0' && *p <= '9'; p++) {
                if (value > max / 10)
                        return -EBADMSG;
                value = value * 10 + (*p - '0');
        }

        if (p == s || (*s == '0' && p > s + 1) || value > max)
                return -EBADMSG;

        *end = p;
        *ret = value;
        return 0;
}

static int parse_card(Op *op, const char *text) {
        uint8_t uuid[UUID_SIZE];
        const char *end;
        int64_t ord;

        if (!text || strlen(text) < UUID_TEXT_SIZE || uuid_parse_prefix(text, uuid) < 0 ||
            text[UUID_TEXT_SIZE - 1] != '/')
                return -EBADMSG;
        if (parse_number(text + UUID_TEXT_SIZE, UINT16_MAX, &end, &ord) < 0 || *end)
                return -EBADMSG;

        op_target_card(op, uuid, (unsigned) ord);
        return 0;
}

static int parse_target(Op *op, const char *text) {
        uint8_t uuid[UUID_SIZE];
        char writer[WRITER_NAME_SIZE];
        const char *end;
        int64_t seq;
        unsigned hash;

        switch (form_of(op->kind)) {
        case TARGET_NONE:
                return text ? -EBADMSG : 0;
        case TARGET_UUID:
                if (!text || uuid_parse(text, uuid) < 0)
                        return -EBADMSG;
                op_target_uuid(op, uuid);
                return 0;
        case TARGET_CARD:
                return parse_card(op, text);
        case TARGET_OP:
                if (!text || strlen(text) < 18 || text[16] != '/')
                        return -EBADMSG;
                memcpy(writer, text, 16);
                writer[16] = '\0';
                if (writer_name_check(writer) < 0 ||
                    parse_number(text + 17, INT64_MAX / 2, &end, &seq) < 0 || *end != '/' ||
                    strlen(end) != 9 || strspn(end + 1, "0123456789abcdef") != 8 ||
                    sscanf(end + 1, "%8x", &hash) != 1)
                        return -EBADMSG;
                op_target_op(op, writer, seq, hash);
                return 0;
        case TARGET_TEXT:
                return text ? op_target_text(op, text) : 0;
        }
        return -EBADMSG;
}

typedef struct Number {
        const char *key;
        int64_t min, max;
} Number;

static const Number review_numbers[] = {
        { "at", 0, HLC_MS_MAX }, { "tz", -24 * 60, 24 * 60 },    { "ds", 0, 24 * 60 - 1 },
        { "g", 1, GRADE_COUNT }, { "ms", 0, UINT32_MAX },        { "m", 0, 255 },
        { "w", 0, 3 },           { "n", 0, INT32_MAX },          { "st", 0, 3 },
        { "sp", 0, 255 },        { "i", -INT32_MAX, INT32_MAX },
};

static int parse_review(Op *op, const Json *root) {
        int64_t n[ELEMENTS(review_numbers)];
        int r;

        r = parse_card(op, json_string(json_get(root, "c")));
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTS(review_numbers); i++) {
                n[i] = json_int(json_get(root, review_numbers[i].key), INT64_MIN);
                if (n[i] < review_numbers[i].min || n[i] > review_numbers[i].max)
                        return -EBADMSG;
        }

        op->at_ms = n[0];
        op->tz_min = (int) n[1];
        op->day_starts_min = (int) n[2];
        op->grade = (Grade) n[3];
        op->took_ms = (uint32_t) n[4];
        op->mode = (ReviewMode) n[5];
        op->was = (CardState) n[6];
        op->outcome.reps_before = (uint32_t) n[7];
        op->outcome.state = (CardState) n[8];
        op->outcome.step = (uint32_t) n[9];
        outcome_set_interval(&op->outcome, n[10]);
        return 0;
}

int op_parse(const char *writer, const char *line, size_t len, Op *ret, void **ret_memory) {
        _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
        _cleanup_free_ char *memory = NULL, *again = NULL, *payload = NULL;
        size_t again_len, kind_len, payload_len = 0;
        const char *kind, *clock;
        const Json *root;
        Op op = { 0 };
        int r;

        if (writer_name_check(writer) < 0 || len > OP_LINE_MAX)
                return -EBADMSG;

        r = json_parse(line, len, &doc, NULL);
        if (r < 0)
                return r;

        root = json_root(doc);
        kind = json_string(json_get(root, "k"));
        clock = json_string(json_get(root, "h"));
        if (!kind || strlen(kind) == 0 || strlen(kind) > OP_KIND_MAX || !clock ||
            hlc_parse(clock, &op.hlc) < 0)
                return -EBADMSG;

        memcpy(op.writer, writer, WRITER_NAME_SIZE);
        op.seq = json_int(json_get(root, "s"), 0);
        op.action = json_int(json_get(root, "a"), op.seq);
        if (op.seq < 1 || op.action < 1 || op.action > op.seq)
                return -EBADMSG;

        op.kind = kind;
        if (strcmp(kind, "review") == 0)
                r = parse_review(&op, root);
        else {
                JsonWriter w = { 0 };

                if (json_type(json_get(root, "p")) != JSON_OBJECT)
                        return -EBADMSG;
                json_put_value(&w, json_get(root, "p"));
                payload_len = w.len;
                r = json_finish(&w, &payload);
                if (r < 0)
                        return r;

                op.payload = payload;
                op.payload_len = payload_len;
                r = parse_target(&op, json_string(json_get(root, "t")));
        }
        if (r < 0)
                return r;

        r = op_format(&op, &again, &again_len);
        if (r < 0)
                return r;

        if (again_len != len || memcmp(again, line, len) != 0)
                return -EBADMSG;

        kind_len = strlen(kind);
        memory = malloc(kind_len + 1 + payload_len + 1);
        if (!memory)
                return -ENOMEM;

        memcpy(memory, kind, kind_len + 1);
        op.kind = memory;
        if (payload) {
                memcpy(memory + kind_len + 1, payload, payload_len + 1);
                op.payload = memory + kind_len + 1;
        }
        op.hash = hash_line(line, len);

        *ret = op;
        *ret_memory = TAKE_PTR(memory);
        return 0;
}

enum { SQL_OP, SQL_REVIEW };
static const Sql sql[] = {
        [SQL_OP] = { "SELECT seq, hash, hlc, action, kind, payload, target FROM op"
                     " JOIN writer ON writer.id = op.writer WHERE writer.name = ? AND seq = ?"
                     " ORDER BY hash LIMIT 1" },
        [SQL_REVIEW] = { "SELECT seq, hash, hlc, ifnull(action, seq), note.uuid, card.ord, at_ms - fix_ms, tz_min,"
                         " day_starts_min, grade, took_ms, mode, was, n, review.state, review.step,"
                         " review.interval FROM review JOIN writer ON writer.id = review.writer"
                         " JOIN card ON card.id = review.card JOIN note ON note.id = card.note"
                         " WHERE writer.name = ? AND seq = ? ORDER BY hash LIMIT 1" },
};

int op_read(Store *store, const char *writer, int64_t seq, char **ret, size_t *ret_len) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        Op op = { 0 };
        int r;

        (void) snprintf(op.writer, sizeof(op.writer), "%s", writer);
        r = stmt_query(store, &sql[SQL_OP], &st, "ti", writer, seq);
        if (r < 0)
                return r;

        r = stmt_step(store, st);
        if (r < 0)
                return r;
        if (r > 0) {
                op.kind = stmt_text(st, 4);
                op.payload = stmt_text(st, 5);
                op.payload_len = (size_t) sqlite3_column_bytes(st, 5);
                op.target_len = (size_t) sqlite3_column_bytes(st, 6);
                if (op.target_len > OP_TARGET_MAX)
                        return -EUCLEAN;
                if (op.target_len > 0)
                        memcpy(op.target, sqlite3_column_blob(st, 6), op.target_len);
        } else {
                stmt_resetp(&st);
                r = stmt_query(store, &sql[SQL_REVIEW], &st, "ti", writer, seq);
                if (r < 0)
                        return r;

                r = stmt_step(store, st);
                if (r < 0)
                        return r;
                if (r == 0)
                        return store_fail(store, STORE_E_NOT_FOUND,
                                          "There is no operation %s/%" PRIi64 ".", writer, seq);
                if (sqlite3_column_bytes(st, 4) != UUID_SIZE)
                        return -EUCLEAN;

                op.kind = "review";
                op_target_card(&op, sqlite3_column_blob(st, 4),
                               (unsigned) sqlite3_column_int(st, 5));
                op.at_ms = sqlite3_column_int64(st, 6);
                op.tz_min = sqlite3_column_int(st, 7);
                op.day_starts_min = sqlite3_column_int(st, 8);
                op.grade = (Grade) sqlite3_column_int(st, 9);
                op.took_ms = (uint32_t) sqlite3_column_int64(st, 10);
                op.mode = (ReviewMode) sqlite3_column_int(st, 11);
                op.was = (CardState) sqlite3_column_int(st, 12);
                op.outcome.reps_before = (uint32_t) sqlite3_column_int64(st, 13);
                op.outcome.state = (CardState) sqlite3_column_int(st, 14);
                op.outcome.step = (uint32_t) sqlite3_column_int64(st, 15);
                outcome_set_interval(&op.outcome, sqlite3_column_int64(st, 16));
        }

        op.seq = sqlite3_column_int64(st, 0);
        op.hash = (uint32_t) sqlite3_column_int64(st, 1);
        op.hlc = (uint64_t) sqlite3_column_int64(st, 2);
        op.action = sqlite3_column_int64(st, 3);
        return op_format(&op, ret, ret_len);
}
