#include "ops.h"

#include <stdarg.h>

void test_uuid(char letter, unsigned number, uint8_t ret[static UUID_SIZE]) {
        uint8_t digest[16] = { (uint8_t) letter, (uint8_t) number };

        uuid_v8(digest, ret);
}

const char *test_uuid_text(char letter, unsigned number) {
        static char text[4][UUID_TEXT_SIZE];
        static unsigned next;
        uint8_t uuid[UUID_SIZE];

        next = (next + 1) % 4;
        test_uuid(letter, number, uuid);
        uuid_format(uuid, text[next]);
        return text[next];
}

static TestOp start(const char *writer, int64_t seq, int64_t ms, const char *kind) {
        TestOp t = { .op = { .seq = seq, .action = seq, .hlc = (uint64_t) ms << 16 } };

        memcpy(t.op.writer, writer, WRITER_NAME_SIZE);
        (void) snprintf(t.kind, sizeof(t.kind), "%s", kind);
        return t;
}

/* Pointers into the struct are set again wherever it was copied to. */
static void point(TestOp *t, bool review) {
        t->op.kind = t->kind;
        t->op.payload = review ? NULL : t->payload;
        t->op.payload_len = review ? 0 : strlen(t->payload);
}

static void fix(TestOp *t, bool review) {
        point(t, review);
        if (op_seal(&t->op) < 0)
                abort();
}

TestOp op_about(const char *writer, int64_t seq, int64_t ms, const char *kind, char letter,
                unsigned number, const char *format, ...) {
        TestOp t = start(writer, seq, ms, kind);
        uint8_t uuid[UUID_SIZE];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(t.payload, sizeof(t.payload), format, args);
        va_end(args);
        test_uuid(letter, number, uuid);
        op_target_uuid(&t.op, uuid);
        fix(&t, false);
        return t;
}

TestOp op_card(const char *writer, int64_t seq, int64_t ms, const char *kind, unsigned note,
               unsigned ord, const char *format, ...) {
        TestOp t = start(writer, seq, ms, kind);
        uint8_t uuid[UUID_SIZE];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(t.payload, sizeof(t.payload), format, args);
        va_end(args);
        test_uuid('n', note, uuid);
        op_target_card(&t.op, uuid, ord);
        fix(&t, false);
        return t;
}

TestOp op_review(const char *writer, int64_t seq, int64_t at_ms, unsigned note, unsigned ord,
                 Grade grade) {
        TestOp t = start(writer, seq, at_ms, "review");
        uint8_t uuid[UUID_SIZE];

        test_uuid('n', note, uuid);
        op_target_card(&t.op, uuid, ord);
        t.op.at_ms = at_ms;
        t.op.day_starts_min = 240;
        t.op.grade = grade;
        /* No promise that could be followed: what comes out is the model's. */
        t.op.outcome =
                (Outcome){ .reps_before = 1000000, .state = CARD_REVIEW, .interval_days = 1 };
        fix(&t, true);
        return t;
}

TestOp op_of(const char *writer, int64_t seq, int64_t ms, const char *kind, const TestOp *named) {
        TestOp t = start(writer, seq, ms, kind);

        (void) snprintf(t.payload, sizeof(t.payload), "{}");
        op_target_op(&t.op, named->op.writer, named->op.seq, named->op.hash);
        fix(&t, false);
        return t;
}

TestOp op_text(const char *writer, int64_t seq, int64_t ms, const char *kind, const char *target,
               const char *format, ...) {
        TestOp t = start(writer, seq, ms, kind);
        va_list args;

        va_start(args, format);
        (void) vsnprintf(t.payload, sizeof(t.payload), format, args);
        va_end(args);
        if (op_target_text(&t.op, target) < 0)
                abort();
        fix(&t, false);
        return t;
}

void op_seal_again(TestOp *t) {
        fix(t, strcmp(t->kind, "review") == 0);
}

void apply(Fixture *f, TestOp *t) {
        bool begun = sqlite3_get_autocommit(store_db(f->store));
        int r;

        point(t, strcmp(t->kind, "review") == 0);
        r = begun ? transaction_begin(f->store) : 0;
        if (r == 0)
                r = fold_apply(f->store, &t->op);
        if (r == FOLD_KNOWN)
                r = 0;
        if (r == 0 && begun)
                r = transaction_commit(f->store);
        if (r != 0)
                CHECK_FAIL("applying %s: %d %s", t->kind, r, store_error(f->store));
}

int64_t test_note(Fixture *f, unsigned note) {
        int64_t id = 0;

        if (note_by_uuid(f->store, test_uuid_text('n', note), &id) != 0)
                CHECK_FAIL("%s", store_error(f->store));
        return id;
}

Card test_card(Fixture *f, unsigned note, unsigned ord) {
        char query[160];

        (void) snprintf(query, sizeof(query),
                        "SELECT id FROM card WHERE note = %" PRIi64 " AND ord = %u",
                        test_note(f, note), ord);
        return card_of(f, sql_int(f, query));
}
