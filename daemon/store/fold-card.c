/*
 * A card from its history and its registers.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/day.h"
#include "store/fold.h"
#include "store/internal.h"
#include "util/json.h"

enum {
        SQL_OPS,
        SQL_REVIEWS,
        SQL_UNDONE,
        SQL_FIXES,
        SQL_FIND,
        SQL_INSERT,
        SQL_UPDATE,
        SQL_TALLY,
        SQL_TALLY_CLEAR,
        SQL_PENDING,
};
static const Sql sql[] = {
        [SQL_OPS] = { "SELECT op.kind, op.payload, op.writer, op.seq, op.hash"
                      " FROM op JOIN writer ON writer.id = op.writer WHERE op.target = ?"
                      " ORDER BY op.hlc, writer.name, op.seq, op.hash" },
        [SQL_REVIEWS] = { "SELECT at_ms, writer, seq, hash, tz_min, day_starts_min, grade, took_ms, n,"
                          " state, step, interval, undone FROM review WHERE card = ?"
                          " ORDER BY at_ms" },
        [SQL_UNDONE] = { "SELECT op.kind = 'review.undo' FROM op JOIN writer ON writer.id = op.writer"
                         " WHERE op.target = ? AND op.kind IN ('review.undo', 'review.redo')"
                         " ORDER BY op.hlc DESC, writer.name DESC, op.seq DESC, op.hash DESC LIMIT 1" },
        [SQL_FIXES] = { "SELECT payload FROM op WHERE target = ? AND kind = 'clock.fix'" },
        [SQL_FIND] = { "SELECT id FROM card WHERE note = ? AND ord = ?" },
        [SQL_INSERT] = { "INSERT INTO card (note, ord) VALUES (?, ?)" },
        [SQL_UPDATE] = { "UPDATE card SET deck = ?, queue = ?, state = ?, step = ?, stability = ?,"
                         " difficulty = ?, due_day = ?, due_ms = ?, last_ms = ?, last_day = ?,"
                         " interval = ?, reps = ?, lapses = ?, given = ?, suspended = ?,"
                         " buried_day = ?, flag = ?, position = ?, revision = ?, own_deck = ?"
                         " WHERE id = ?" },
        [SQL_TALLY] = { "INSERT INTO tally (queue, day, deck, n) VALUES (?, ?, ?, ?)"
                        " ON CONFLICT DO UPDATE SET n = n + excluded.n" },
        [SQL_TALLY_CLEAR] = { "DELETE FROM tally WHERE queue = ? AND day = ? AND deck = ? AND n = 0" },
        [SQL_PENDING] = { "SELECT EXISTS (SELECT 1 FROM pending WHERE deck = ?)" },
};

int fold_card_id(Store *store, const uint8_t uuid[static UUID_SIZE], unsigned ord, int64_t *ret) {
        int64_t note;
        int r;

        r = fold_note_id(store, uuid, &note);
        if (r < 0)
                return r;

        r = stmt_int(store, &sql[SQL_FIND], 0, ret, "ii", note, (int64_t) ord);
        if (r < 0 || *ret > 0)
                return r;

        r = stmt_exec(store, &sql[SQL_INSERT], "ii", note, (int64_t) ord);
        if (r < 0)
                return r;

        *ret = sqlite3_last_insert_rowid(store->db);
        return 0;
}

/* Whether the newest of the undos and redos of an operation is an undo. */
int fold_is_undone(Store *store, const char *writer, int64_t seq, uint32_t hash, bool *ret) {
        Op op = { 0 };
        int64_t undone;
        int r;

        op_target_op(&op, writer, seq, hash);
        r = stmt_int(store, &sql[SQL_UNDONE], 0, &undone, "b", op.target, op.target_len);
        if (r < 0)
                return r;

        *ret = undone;
        return 0;
}

/* What the clock.fix operations add to the instants of a writer's operation. */
int fold_clock_fix(Store *store, const char *writer, int64_t seq, int64_t *ret) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int64_t sum = 0;
        int r;

        r = stmt_query(store, &sql[SQL_FIXES], &st, "b", writer, (size_t) 16);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                const Json *p;
                int64_t ms;

                r = json_parse(stmt_text(st, 0), (size_t) sqlite3_column_bytes(st, 0), &doc, NULL);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        continue;

                p = json_root(doc);
                ms = json_int(json_get(p, "ms"), 0);
                if (seq >= json_int(json_get(p, "first"), INT64_MAX) &&
                    seq <= json_int(json_get(p, "last"), 0) && ms > -HLC_MS_MAX && ms < HLC_MS_MAX)
                        sum += ms;
        }
        if (r < 0)
                return r;

        *ret = sum;
        return 0;
}

static int history_add(FoldHistory *h, const FoldEvent *event) {
        if (h->n == h->cap) {
                size_t cap = h->cap ? 2 * h->cap : 16;
                void *more = reallocarray(h->events, cap, sizeof(*h->events));

                if (!more)
                        return -ENOMEM;
                h->events = more;
                h->cap = cap;
        }
        h->events[h->n++] = *event;
        return 0;
}

static bool event_before(const FoldEvent *a, const FoldEvent *b) {
        int r;

        if (a->at_ms != b->at_ms)
                return a->at_ms < b->at_ms;

        r = strcmp(a->writer, b->writer);
        if (r != 0)
                return r < 0;
        return a->seq != b->seq ? a->seq < b->seq : a->hash < b->hash;
}

/* Nearly sorted as it comes: by time but for ties, resets at the end. */
static void history_sort(FoldHistory *h) {
        for (size_t i = 1; i < h->n; i++) {
                FoldEvent event = h->events[i];
                size_t at = i;

                while (at > 0 && event_before(&event, &h->events[at - 1])) {
                        h->events[at] = h->events[at - 1];
                        at--;
                }
                h->events[at] = event;
        }
}

static int history_reviews(Store *store, int64_t card, FoldHistory *h) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(store, &sql[SQL_REVIEWS], &st, "i", card);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                FoldEvent e = {
                        .kind = CARD_EVENT_REVIEW,
                        .at_ms = sqlite3_column_int64(st, 0),
                        .writer = store_writer_name(store, sqlite3_column_int64(st, 1)),
                        .seq = sqlite3_column_int64(st, 2),
                        .hash = (uint32_t) sqlite3_column_int64(st, 3),
                        .tz_min = sqlite3_column_int(st, 4),
                        .day_starts_min = sqlite3_column_int(st, 5),
                        .grade = (Grade) sqlite3_column_int(st, 6),
                        .took_ms = (uint32_t) sqlite3_column_int64(st, 7),
                        .outcome = { .reps_before = (uint32_t) sqlite3_column_int64(st, 8),
                                     .state = (CardState) sqlite3_column_int(st, 9),
                                     .step = (uint32_t) sqlite3_column_int(st, 10) },
                        .undone = sqlite3_column_int(st, 12),
                };

                outcome_set_interval(&e.outcome, sqlite3_column_int64(st, 11));
                if (!e.writer || !grade_valid(e.grade))
                        return store_fail(store, -EUCLEAN,
                                          "%s is damaged: a review of card %" PRIi64 " cannot be.",
                                          store->path, card);

                r = history_add(h, &e);
                if (r < 0)
                        return r;
        }

        return r;
}

/* Values a card's own operations set, in the order of their stamps: the last one wins. */
typedef struct Registers {
        bool suspended;
        int32_t buried_day;
        int flag;
        int64_t own_deck;
} Registers;

static int read_event(Store *store, const char *kind, const Json *p, const char *writer,
                      int64_t seq, uint32_t hash, FoldHistory *h) {
        FoldEvent e = {
                .kind = strcmp(kind, "card.reset") == 0 ? CARD_EVENT_RESET : CARD_EVENT_DUE,
                .at_ms = json_int(json_get(p, "at"), -1),
                .writer = writer,
                .seq = seq,
                .hash = hash,
                .tz_min = (int) json_int(json_get(p, "tz"), INT32_MAX),
                .day_starts_min = (int) json_int(json_get(p, "ds"), -1),
                .due_day = (int32_t) json_int(json_get(p, "day"), 0),
        };
        int64_t fix;
        int r;

        if (e.at_ms < 0 || e.at_ms > HLC_MS_MAX || e.tz_min < -24 * 60 || e.tz_min > 24 * 60 ||
            e.day_starts_min < 0 || e.day_starts_min >= 24 * 60 ||
            (e.kind == CARD_EVENT_DUE && (e.due_day < 0 || e.due_day > 4000000)))
                return 0;

        r = fold_clock_fix(store, writer, seq, &fix);
        if (r < 0)
                return r;

        r = fold_is_undone(store, writer, seq, hash, &e.undone);
        if (r < 0)
                return r;

        e.at_ms += fix;
        return history_add(h, &e);
}

/* A deck named by an operation. One never heard of is made only when writing. */
static int deck_of(Store *store, const Json *v, int64_t *ret) {
        const char *text = json_string(v);
        uint8_t uuid[UUID_SIZE];

        *ret = 0;
        return text && uuid_parse(text, uuid) == 0 ? fold_deck_id(store, uuid, ret) : 0;
}

/* Both `registers` and `h` may be NULL. */
static int read_ops(Store *store, const uint8_t uuid[static UUID_SIZE], unsigned ord,
                    Registers *registers, FoldHistory *h) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        Op op = { 0 };
        int r;

        op_target_card(&op, uuid, ord);
        r = stmt_query(store, &sql[SQL_OPS], &st, "b", op.target, op.target_len);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                const char *kind = stmt_text(st, 0);
                const char *writer = store_writer_name(store, sqlite3_column_int64(st, 2));
                const Json *p;
                int64_t value;

                r = json_parse(stmt_text(st, 1), (size_t) sqlite3_column_bytes(st, 1), &doc, NULL);
                if (r == -ENOMEM)
                        return r;
                if (r < 0 || !writer)
                        continue;

                p = json_root(doc);
                if (strcmp(kind, "card.reset") == 0 || strcmp(kind, "card.due") == 0) {
                        r = h ? read_event(store, kind, p, writer, sqlite3_column_int64(st, 3),
                                           (uint32_t) sqlite3_column_int64(st, 4), h)
                              : 0;
                        if (r < 0)
                                return r;
                }
                if (!registers)
                        continue;

                if (strcmp(kind, "card.suspend") == 0)
                        registers->suspended = json_bool(json_get(p, "on"), false);
                else if (strcmp(kind, "card.bury") == 0) {
                        value = json_int(json_get(p, "until"), CARD_NO_DAY);
                        registers->buried_day =
                                value > 0 && value < 4000000 ? (int32_t) value : CARD_NO_DAY;
                } else if (strcmp(kind, "card.flag") == 0) {
                        value = json_int(json_get(p, "flag"), 0);
                        registers->flag = value > 0 && value <= CARD_FLAG_MAX ? (int) value : 0;
                } else if (strcmp(kind, "card.deck") == 0) {
                        r = deck_of(store, json_get(p, "deck"), &registers->own_deck);
                        if (r < 0)
                                return r;
                }
        }

        return r;
}

void fold_history_done(FoldHistory *history) {
        free(history->events);
        *history = (FoldHistory){ 0 };
}

static int load_history(Store *store, int64_t card, const uint8_t uuid[static UUID_SIZE],
                        unsigned ord, Registers *registers, FoldHistory *h) {
        int r;

        r = history_reviews(store, card, h);
        if (r < 0)
                return r;

        r = read_ops(store, uuid, ord, registers, h);
        if (r < 0)
                return r;

        history_sort(h);
        return 0;
}

int fold_history(Store *store, const Card *card, FoldHistory *ret) {
        _cleanup_(fold_history_done) FoldHistory h = { 0 };
        NoteLite note;
        int r;

        r = note_get_lite(store, card->note, &note);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        r = load_history(store, card->id, note.uuid, card->ord, NULL, &h);
        if (r < 0)
                return r;

        *ret = h;
        h = (FoldHistory){ 0 };
        return 0;
}

void fold_event(const Preset *preset, const char *key, const FoldEvent *e, CardSched *sched) {
        Moment at = day_moment(e->at_ms, e->tz_min, e->day_starts_min);

        switch (e->kind) {
        case CARD_EVENT_REVIEW:
                (void) schedule_replay(preset, sched, &at, e->grade, &e->outcome,
                                       card_seed(key, sched->reps), sched);
                return;
        case CARD_EVENT_RESET:
                schedule_reset(sched, sched);
                return;
        case CARD_EVENT_DUE:
                schedule_set_due(preset, sched, &at, e->due_day, sched);
                return;
        }
}

static CardQueue queue_of(const CardRow *row, bool alive, int32_t today) {
        if (!alive || !row->given)
                return CARD_QUEUE_HIDDEN;
        if (row->card.suspended)
                return CARD_QUEUE_SUSPENDED;
        if (row->card.buried_until_day != CARD_NO_DAY && row->card.buried_until_day > today)
                return CARD_QUEUE_BURIED;

        switch (row->card.sched.state) {
        case CARD_NEW:
                return CARD_QUEUE_NEW;
        case CARD_LEARNING:
        case CARD_RELEARNING:
                return CARD_QUEUE_LEARNING;
        case CARD_REVIEW:
                return CARD_QUEUE_REVIEW;
        }
        return CARD_QUEUE_HIDDEN;
}

static int64_t tally_day(const Card *card) {
        return (card->queue == CARD_QUEUE_REVIEW || card->queue == CARD_QUEUE_LEARNING) &&
                               card->sched.due_day != CARD_NO_DAY
                       ? card->sched.due_day
                       : 0;
}

static int tally_add(Store *store, const Card *card, int64_t n) {
        int r;

        if (card->queue == CARD_QUEUE_HIDDEN)
                return 0;

        r = stmt_exec(store, &sql[SQL_TALLY], "iiii", (int64_t) card->queue, tally_day(card),
                      card->deck, n);
        if (r < 0 || n > 0)
                return r;

        return stmt_exec(store, &sql[SQL_TALLY_CLEAR], "iii", (int64_t) card->queue,
                         tally_day(card), card->deck);
}

static int write_card(Store *store, const CardRow *old, CardRow *row) {
        const CardSched *s = &row->card.sched;
        const Card *c = &row->card;
        bool moved = old->card.queue != c->queue || old->card.deck != c->deck ||
                     tally_day(&old->card) != tally_day(c);
        int r;

        r = stmt_exec(store, &sql[SQL_UPDATE], "iiiiddIIIIiiiiiIiiiIi", c->deck, (int64_t) c->queue,
                      (int64_t) s->state, (int64_t) s->step, s->stability_days, s->difficulty,
                      (int64_t) s->due_day, s->due_ms, s->last_ms, (int64_t) s->last_day,
                      s->interval_days > 0 ? (int64_t) s->interval_days : -(int64_t) s->interval_s,
                      (int64_t) s->reps, (int64_t) s->lapses, (int64_t) row->given,
                      (int64_t) c->suspended, (int64_t) c->buried_until_day, (int64_t) c->flag,
                      c->position, (int64_t) ++row->card.revision,
                      row->own_deck > 0 ? row->own_deck : INT64_MIN, c->id);
        if (r < 0 || !moved)
                return r;

        r = tally_add(store, &old->card, -1);
        if (r < 0)
                return r;

        return tally_add(store, c, 1);
}

static bool same_sched(const CardSched *a, const CardSched *b) {
        return a->state == b->state && a->step == b->step &&
               a->stability_days == b->stability_days && a->difficulty == b->difficulty &&
               a->due_day == b->due_day && a->due_ms == b->due_ms && a->last_ms == b->last_ms &&
               a->last_day == b->last_day && a->interval_days == b->interval_days &&
               a->interval_s == b->interval_s && a->reps == b->reps && a->lapses == b->lapses;
}

static bool same_row(const CardRow *a, const CardRow *b) {
        return same_sched(&a->card.sched, &b->card.sched) && a->card.deck == b->card.deck &&
               a->card.queue == b->card.queue && a->card.suspended == b->card.suspended &&
               a->card.buried_until_day == b->card.buried_until_day &&
               a->card.flag == b->card.flag && a->card.position == b->card.position &&
               a->given == b->given && a->own_deck == b->own_deck;
}

/* In words, for verification. */
static int say_differences(Store *store, const CardRow *old, const CardRow *row) {
        const CardSched *a = &old->card.sched, *b = &row->card.sched;
        const struct {
                const char *what;
                double is, should;
        } values[] = {
                { "state", a->state, b->state },
                { "learning step", a->step, b->step },
                { "stability", a->stability_days, b->stability_days },
                { "difficulty", a->difficulty, b->difficulty },
                { "due day", a->due_day, b->due_day },
                { "due instant", (double) a->due_ms, (double) b->due_ms },
                { "last review", (double) a->last_ms, (double) b->last_ms },
                { "day of the last review", a->last_day, b->last_day },
                { "interval in days", a->interval_days, b->interval_days },
                { "interval in seconds", a->interval_s, b->interval_s },
                { "number of reviews", a->reps, b->reps },
                { "number of lapses", a->lapses, b->lapses },
                { "deck", (double) old->card.deck, (double) row->card.deck },
                { "deck of its own", (double) old->own_deck, (double) row->own_deck },
                { "queue", old->card.queue, row->card.queue },
                { "suspension", old->card.suspended, row->card.suspended },
                { "day until which it is buried", old->card.buried_until_day,
                  row->card.buried_until_day },
                { "flag", old->card.flag, row->card.flag },
                { "position", (double) old->card.position, (double) row->card.position },
                { "existence", old->given, row->given },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS(values); i++)
                if (values[i].is != values[i].should) {
                        r = fold_differs(
                                store, "Card %" PRIi64 ": its %s is %.10g, but should be %.10g.",
                                row->card.id, values[i].what, values[i].is, values[i].should);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/*
 * Whether a card that went from one deck to another has to be folded from its history: other weights
 * make something else of it. So do the same ones when they are new and had not come to this card yet.
 */
static int counts_differently(Store *store, const CardRow *old, const PresetRow *after, bool *ret) {
        const PresetRow *before;
        int64_t pending = 0;
        int r;

        r = preset_of_deck(store, old->card.deck, &before);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        if (before == after && (old->card.sched.reps > 0 || old->card.sched.state != CARD_NEW)) {
                r = stmt_int(store, &sql[SQL_PENDING], 0, &pending, "i", old->card.deck);
                if (r < 0)
                        return r;
        }

        *ret = before != after || pending;
        return 0;
}

/* Folds `row`, whose `given` is already what it is to be. */
int fold_card_row(Store *store, const NoteLite *note, const CardRow *old, CardRow *row,
                  bool history) {
        _cleanup_(fold_history_done) FoldHistory h = { 0 };
        Registers registers = { .buried_day = CARD_NO_DAY };
        const PresetRow *after;
        int r;

        r = history ? load_history(store, row->card.id, note->uuid, row->card.ord, &registers, &h)
                    : read_ops(store, note->uuid, row->card.ord, &registers, NULL);
        if (r < 0)
                return r;

        row->own_deck = registers.own_deck;
        row->card.suspended = registers.suspended;
        row->card.buried_until_day = registers.buried_day;
        row->card.flag = registers.flag;
        row->card.position = note->created;

        r = deck_resolve(store, row->own_deck > 0 ? row->own_deck : note->deck, &row->card.deck);
        if (r < 0)
                return r;

        r = preset_of_deck(store, row->card.deck, &after);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        if (!history && row->card.deck != old->card.deck) {
                r = counts_differently(store, old, after, &history);
                if (r < 0)
                        return r;
                if (history) {
                        r = load_history(store, row->card.id, note->uuid, row->card.ord, NULL, &h);
                        if (r < 0)
                                return r;
                }
        }

        if (history) {
                CardSched sched = CARD_SCHED_NEW;
                char key[CARD_KEY_SIZE];

                uuid_format(note->uuid, key);
                (void) snprintf(key + 36, sizeof(key) - 36, "/%u", row->card.ord % 65536);
                for (size_t i = 0; i < h.n; i++)
                        if (!h.events[i].undone)
                                fold_event(&after->preset, key, &h.events[i], &sched);
                row->card.sched = sched;
        }

        row->card.queue = queue_of(row, note->alive, store->today_day);
        if (same_row(old, row))
                return 0;
        if (fold_verifying(store))
                return say_differences(store, old, row);
        return write_card(store, old, row);
}

int fold_card(Store *store, int64_t card, bool history) {
        CardRow old, row;
        NoteLite note;
        int r;

        r = card_get_row(store, card, &old);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        r = note_get_lite(store, old.card.note, &note);
        if (r != 0)
                return r < 0 ? r : -EUCLEAN;

        row = old;
        return fold_card_row(store, &note, &old, &row, history);
}
