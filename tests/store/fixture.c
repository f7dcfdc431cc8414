#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/day.h"
#include "store/stmt.h"
#include "util/text.h"

When when_at(int64_t now_ms) {
        int32_t day = day_of_review(now_ms, 0, 240);

        return (When){ .now_ms = now_ms,
                       .tz_min = 0,
                       .day_starts_min = 240,
                       .today_day = day,
                       .day_ends_ms = (day + 1) * DAY_MS + 4 * HOUR_MS };
}

static void open_store(Fixture *f) {
        _cleanup_free_ char *error = NULL;
        int r = store_open(f->path, 0, f->when.now_ms, &f->store, &error);

        if (r != 0) {
                printf("the store does not open: %d %s\n", r, error ? error : "");
                abort();
        }
}

Fixture fixture_new(void) {
        Fixture f = { .when = when_at(NOON) };
        const char *tmp = getenv("TMPDIR");

        (void) snprintf(f.folder, sizeof(f.folder), "%s/ebb-store-XXXXXX",
                        tmp && strlen(tmp) < 40 ? tmp : "/tmp");
        if (!mkdtemp(f.folder))
                abort();
        (void) snprintf(f.path, sizeof(f.path), "%s/collection.db", f.folder);
        open_store(&f);
        return f;
}

void fixture_reopen(Fixture *f) {
        store_free(f->store);
        f->store = NULL;
        open_store(f);
}

static void remove_folder(const char *path) {
        DIR *d = opendir(path);
        struct dirent *e;

        while (d && (e = readdir(d))) {
                char name[512];

                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                (void) snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
                if (unlink(name) < 0)
                        remove_folder(name);
        }
        if (d)
                closedir(d);
        (void) rmdir(path);
}

void fixture_done(Fixture *f) {
        store_free(f->store);
        remove_folder(f->folder);
}

int64_t add_basic(Fixture *f, const char *front, const char *back) {
        FieldValue fields[] = { { "Front", front }, { "Back", back } };
        NoteInput input = { .notetype = "", .deck = "", .fields = fields, .n_fields = 2 };
        int64_t note = 0;
        int r = commands_note_add(f->store, &f->when, &input, &note);

        if (r != 0)
                CHECK_FAIL("adding a note: %d %s", r, store_error(f->store));
        return note;
}

int64_t first_card(Fixture *f, int64_t note) {
        _cleanup_free_ Card *cards = NULL;
        size_t n = 0;
        int r = card_list_of_note(f->store, note, &cards, &n);

        if (r != 0 || n == 0) {
                CHECK_FAIL("note %" PRIi64 " has no cards: %d", note, r);
                return 0;
        }
        return cards[0].id;
}

Card card_of(Fixture *f, int64_t id) {
        Card card = { 0 };
        int r = card_get(f->store, id, &card);

        if (r != 0)
                CHECK_FAIL("card %" PRIi64 ": %s", id, store_error(f->store));
        return card;
}

int grade_now(Fixture *f, int64_t card, Grade grade) {
        GradeResult result;
        int r = commands_grade(f->store, &f->when, card, card_of(f, card).revision, grade, 1500,
                               REVIEW_MODE_ASKED, &result);

        if (r != 0)
                printf("  grade: %d %s\n", r, store_error(f->store));
        return r;
}

int64_t sql_int(Fixture *f, const char *query) {
        sqlite3_stmt *st = NULL;
        int64_t value = INT64_MIN;

        if (sqlite3_prepare_v2(store_db(f->store), query, -1, &st, NULL) == SQLITE_OK &&
            sqlite3_step(st) == SQLITE_ROW)
                value = sqlite3_column_int64(st, 0);
        else
                CHECK_FAIL("%s: %s", query, sqlite3_errmsg(store_db(f->store)));
        sqlite3_finalize(st);
        return value;
}

int sql_run(const char *path, const char *statements) {
        sqlite3 *db = NULL;
        int rc = sqlite3_open(path, &db);

        if (rc == SQLITE_OK)
                rc = sqlite3_exec(db, statements, NULL, NULL, NULL);
        sqlite3_close(db);
        return rc;
}

static void print_difference(const char *sentence, void *userdata) {
        printf("  %s\n", sentence);
}

uint64_t verify_all(Store *store) {
        _cleanup_(verify_freep) Verify *v = NULL;
        int done, r;

        r = verify_new(store, print_difference, NULL, &v);
        if (r < 0)
                return UINT64_MAX;

        while ((r = verify_step(v, 50, &done)) > 0)
                ;
        if (r < 0) {
                printf("  verify: %d %s\n", r, store_error(store));
                return UINT64_MAX;
        }
        return verify_differences(v);
}

char *digest_of(Store *store) {
        static const char *const queries[] = {
                "SELECT hex(note.uuid), note.known, deleted, hex(t.uuid), hex(d.uuid), created, modified,"
                " first_sum, fields FROM note JOIN notetype t ON t.id = notetype"
                " JOIN deck d ON d.id = deck ORDER BY note.uuid",
                "SELECT hex(note.uuid), tag.name FROM note_tag JOIN note ON note.id = note"
                " JOIN tag ON tag.id = tag ORDER BY 1, 2",
                "SELECT hex(note.uuid), ord, hex(d.uuid), queue, state, step, stability, difficulty,"
                " due_day, due_ms, last_ms, last_day, interval, reps, lapses, given, suspended,"
                " buried_day, flag, position, hex(o.uuid) FROM card JOIN note ON note.id = note"
                " JOIN deck d ON d.id = card.deck LEFT JOIN deck o ON o.id = own_deck"
                " WHERE given = 1 OR reps > 0 ORDER BY note.uuid, ord",
                "SELECT hex(d.uuid), d.known, d.name, hex(p.uuid), hex(s.uuid), hex(i.uuid),"
                " hex(d.parent_stamp), hex(d.into_stamp) FROM deck d LEFT JOIN deck p ON p.id = d.parent"
                " LEFT JOIN preset s ON s.id = d.preset LEFT JOIN deck i ON i.id = d.into_deck"
                " ORDER BY d.uuid",
                "SELECT hex(uuid), known, name, json FROM preset ORDER BY uuid",
                "SELECT hex(uuid), known, name, json FROM notetype ORDER BY uuid",
                "SELECT queue, day, hex(d.uuid), n FROM tally JOIN deck d ON d.id = deck ORDER BY 1, 2, 3",
                "SELECT name, seq, hash, hlc, at_ms, fix_ms, undone, hex(note.uuid), card.ord FROM review"
                " JOIN writer ON writer.id = writer JOIN card ON card.id = review.card"
                " JOIN note ON note.id = card.note ORDER BY 1, 2, 3",
                "SELECT name, seq, hash, hlc, kind, hex(target), payload, action FROM op"
                " JOIN writer ON writer.id = writer ORDER BY 1, 2, 3",
                "SELECT key, state FROM block ORDER BY 1",
        };
        TextBuf b = { 0 };
        char *text = NULL;

        while (fold_settle(store, 1000) > 0)
                ;
        for (size_t i = 0; i < ELEMENTS(queries); i++) {
                sqlite3_stmt *st = NULL;

                if (sqlite3_prepare_v2(store_db(store), queries[i], -1, &st, NULL) != SQLITE_OK) {
                        CHECK_FAIL("%s", sqlite3_errmsg(store_db(store)));
                        break;
                }
                textbuf_addf(&b, "# %zu\n", i);
                while (sqlite3_step(st) == SQLITE_ROW) {
                        for (int c = 0; c < sqlite3_column_count(st); c++) {
                                const char *value = (const char *) sqlite3_column_text(st, c);

                                textbuf_addf(&b, "%s|", value ? value : "-");
                        }
                        textbuf_addc(&b, '\n');
                }
                sqlite3_finalize(st);
        }
        return textbuf_take(&b, &text) == 0 ? text : NULL;
}
