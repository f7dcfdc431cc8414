/*
 * Operations: what happened, as the log keeps it. One line of canonical JSON each:
 *
 *   {"s":16,"h":"0194c1f0a2b3-0000","k":"tag","a":15,"t":"<uuid>","p":{"tag":"verb","on":true}}
 *   {"s":17,"h":"0194c1f0a2b3-0001","k":"review","c":"<uuid>/0","at":1763924400123,"tz":60,"ds":240,
 *    "g":3,"ms":4210,"m":0,"w":2,"n":5,"st":2,"sp":0,"i":12}
 *
 * s sequence, h clock, k kind, a action (left out when it is s), t target, p payload; of a review c card, at
 * instant, tz and ds minutes, g grade, ms time taken, m mode, w state before, n reviews before, and the promise: st
 * state, sp step, i interval in days, or negative in seconds. Canonical: as util/json writes it, members in
 * this order, no white space. New kinds and new members of p may come; the frame stays.
 *
 * An operation's id is (writer, seq, hash), hash the first 32 bits of the line's SHA-256.
 *
 * Kinds and payloads (a target is a UUID but where said):
 *   writer        {"app","format","parent"}              first of a log
 *   note.put      {"type","deck","fields":{},"tags":[]}  each member optional; last writer wins per field, type, deck, tag
 *   note.del, note.restore  {}
 *   tag           {"tag","on"}
 *   card.suspend  {"on"}    card.bury {"until": day or null}    card.flag {"flag"}
 *   card.deck     {"deck": uuid or null}                 target "<note uuid>/<ordinal>", as for all card.*
 *   card.reset    {"at","tz","ds"}                       part of the card's history
 *   card.due      {"at","tz","ds","day"}                 likewise
 *   review.undo, review.redo {}                          target "<writer>/<seq>/<hash>": a review, card.reset or card.due
 *   clock.fix     {"first","last","ms"}                  target: the writer
 *   deck.put      {"name","parent","preset"}             last writer wins per member; parent may be null
 *   deck.merge    {"into": uuid or null}
 *   preset.put    {"name","options":{}} or {"gone":true} as one value
 *   notetype.put  {"name","type":{}} or {"gone":true}    as one value
 *   block         {"state":"kept|skipped|auto_skipped"}  target: the block's name; kept > skipped > auto_skipped
 *   undo, redo    {"of": action}                         no target; followed by what undoes it
 *   import        {"label","notes"}                      no target; followed by the notes
 * Others are kept and passed on.
 */
#pragma once

#include "core/hlc.h"
#include "core/schedule.h"
#include "core/uuid.h"
#include "store/review.h"
#include "store/store.h"

enum {
        OP_TARGET_MAX = 255,
        OP_KIND_MAX = 40,
        OP_CARD_TARGET = UUID_SIZE + 2,
        OP_OP_TARGET = 16 + 8 + 4,
        OP_LINE_MAX = 64 << 20,
};

typedef struct Op {
        char writer[WRITER_NAME_SIZE];
        int64_t seq;
        uint32_t hash;
        uint64_t hlc;
        int64_t action;
        const char *kind;
        uint8_t target[OP_TARGET_MAX]; /* as in the table; a review's is its card */
        size_t target_len;             /* 0: none */
        const char *payload;           /* NULL for a review */
        size_t payload_len;
        /* review */
        int64_t at_ms;
        int tz_min;
        int day_starts_min;
        Grade grade;
        uint32_t took_ms;
        ReviewMode mode;
        CardState was;
        Outcome outcome;
} Op;

static inline bool op_is_review(const Op *op) {
        return !op->payload;
}

/* The line of an operation without newline; the caller's. */
int op_format(const Op *op, char **ret, size_t *ret_len);

/* Fills op->hash. */
int op_seal(Op *op);

/*
 * Reads a line back; `writer` wrote it. kind and payload point into *ret_memory (free()). -EBADMSG
 * for what is not such a line, is not canonical, or holds values out of range.
 */
int op_parse(const char *writer, const char *line, size_t len, Op *ret, void **ret_memory);

/* Targets. */
void op_target_card(Op *op, const uint8_t uuid[static UUID_SIZE], unsigned ord);
void op_target_uuid(Op *op, const uint8_t uuid[static UUID_SIZE]);
void op_target_op(Op *op, const char *writer, int64_t seq, uint32_t hash);
int op_target_text(Op *op, const char *text);

/* What a target of OP_OP_TARGET bytes names. */
void op_target_read_op(const uint8_t target[static OP_OP_TARGET],
                       char ret_writer[static WRITER_NAME_SIZE], int64_t *ret_seq,
                       uint32_t *ret_hash);

/* Interval as one number: days, or negative seconds. */
static inline int64_t outcome_interval(const Outcome *o) {
        return o->interval_days > 0 ? o->interval_days : -(int64_t) o->interval_s;
}
void outcome_set_interval(Outcome *o, int64_t interval);

/* The line of an operation of the collection; of a forked writer the first branch. The caller's. STORE_E_NOT_FOUND. */
int op_read(Store *store, const char *writer, int64_t seq, char **ret, size_t *ret_len);
