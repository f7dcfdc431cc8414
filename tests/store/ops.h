/*
 * Operations of other writers, made by hand.
 */
#pragma once

#include "fixture.h"
#include "store/op.h"
#include "store/stmt.h"

#define WRITER_A "aaaaaaaaaaaaaaaa"
#define WRITER_B "bbbbbbbbbbbbbbbb"
#define WRITER_C "cccccccccccccccc"

/* An operation that owns its payload. */
typedef struct TestOp {
        Op op;
        char kind[32];
        char payload[400];
} TestOp;

/* `object` numbers notes, decks, ... of the test; UUIDs are made from kind letter and number. */
void test_uuid(char letter, unsigned number, uint8_t ret[static UUID_SIZE]);
const char *test_uuid_text(char letter, unsigned number); /* valid until the fourth next call */

TestOp op_about(const char *writer, int64_t seq, int64_t ms, const char *kind, char letter,
                unsigned number, const char *format, ...) __attribute__((format(printf, 7, 8)));
TestOp op_card(const char *writer, int64_t seq, int64_t ms, const char *kind, unsigned note,
               unsigned ord, const char *format, ...) __attribute__((format(printf, 7, 8)));
TestOp op_review(const char *writer, int64_t seq, int64_t at_ms, unsigned note, unsigned ord,
                 Grade grade);
TestOp op_of(const char *writer, int64_t seq, int64_t ms, const char *kind, const TestOp *named);
TestOp op_text(const char *writer, int64_t seq, int64_t ms, const char *kind, const char *target,
               const char *format, ...) __attribute__((format(printf, 6, 7)));

/* After a field was changed by hand. */
void op_seal_again(TestOp *op);

/* Each in a transaction of its own. */
void apply(Fixture *f, TestOp *op);

/* The card of a note of the test, and the note. */
int64_t test_note(Fixture *f, unsigned note);
Card test_card(Fixture *f, unsigned note, unsigned ord);
