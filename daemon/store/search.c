/*
 * The index keeps the plain text of each note once more (FTS5 with its own content), since deleting
 * from an index without content needs the old text to the letter: a later version that takes HTML apart in
 * another way would corrupt it. bm25 is not used, so the sizes of columns are not kept.
 *
 * Single characters for Chinese and Japanese: on 100,000 notes, half of them Japanese, this index takes 7.9 MB, a trigram
 * index 29.7 MB, which moreover finds no words of one or two characters.
 */
#include "store/search.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cloze.h"
#include "core/render.h"
#include "store/deck.h"
#include "store/notetype.h"
#include "store/stmt.h"
#include "util/text.h"
#include "util/usec.h"

/* Stands between fields, so that no phrase crosses from one to the next. Private use: a letter to the tokenizer. */
#define FIELD_BREAK " \xee\x80\x80 "

/* The tag the fold gives to leeches. */
#define LEECH_TAG_NAME "leech"

/* ---- text as it is indexed ---- */

/* Characters that are a word of their own. */
static bool stands_alone(uint32_t c) {
        static const struct {
                uint32_t first, last;
        } ranges[] = {
                { 0x0e00, 0x0eff }, /* Thai, Lao */
                { 0x1000, 0x109f }, /* Burmese */
                { 0x1780, 0x17ff }, /* Khmer */
                { 0x2190, 0x23ff }, /* arrows, mathematics, technical */
                { 0x25a0, 0x27bf }, /* shapes, symbols */
                { 0x2e80, 0x2fdf }, /* radicals */
                { 0x3005, 0x3007 }, /* 々〆〇 */
                { 0x3040, 0x30ff }, /* kana */
                { 0x31f0, 0x31ff }, /* more katakana */
                { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff }, { 0xf900, 0xfaff }, /* Han */
                { 0xff66, 0xff9f },   /* half-width katakana */
                { 0x1f000, 0x1faff }, /* emoji */
                { 0x20000, 0x3ffff }, /* Han, extensions */
        };

        if (c < 0x0e00)
                return c > 0 && c < 0x80 && strchr("#+<=>|~$", (int) c);
        for (size_t i = 0; i < ELEMENTS(ranges); i++)
                if (c >= ranges[i].first && c <= ranges[i].last)
                        return true;
        return false;
}

static void add_plain(TextBuf *out, const char *s, size_t len) {
        size_t done = 0;

        for (size_t i = 0, n; i < len; i += n) {
                uint32_t c;

                n = utf8_decode(s + i, len - i, &c);
                if (n == 0) {
                        n = 1;
                        continue;
                }
                if (!stands_alone(c) && c != '"' && c != 0xe000)
                        continue;

                textbuf_add(out, s + done, i - done);
                textbuf_addc(out, ' ');
                if (stands_alone(c)) {
                        textbuf_add(out, s + i, n);
                        textbuf_addc(out, ' ');
                }
                done = i + n;
        }
        textbuf_add(out, s + done, len - done);
}

static int add_html(TextBuf *out, const char *html) {
        _cleanup_(textbuf_done) TextBuf plain = {};
        _cleanup_free_ char *text = NULL;
        size_t len = strlen(html);

        if (strstr(html, "{{c")) {
                cloze_render(html, len, 0, CLOZE_PLAIN, &plain);
                if (plain.error < 0)
                        return plain.error;
                html = plain.buf ? plain.buf : "";
                len = plain.len;
        }
        if (!strpbrk(html, "<&[")) {
                add_plain(out, html, len);
                return out->error;
        }

        text = malloc(3 * len + 8);
        if (!text)
                return -ENOMEM;

        add_plain(out, text, render_html_to_text(html, len, text, 3 * len + 8));
        return out->error;
}

enum { SQL_PUT, SQL_DELETE };
static const Sql sql[] = {
        [SQL_PUT] = { "INSERT OR REPLACE INTO note_fts (rowid, text) VALUES (?, ?)" },
        [SQL_DELETE] = { "DELETE FROM note_fts WHERE rowid = ?" },
};

int search_put_note(Store *store, int64_t note, const char *const *fields, size_t n_fields,
                    const char *tags) {
        _cleanup_(textbuf_done) TextBuf text = {};
        int r;

        assert(store);
        assert(fields || n_fields == 0);

        for (size_t i = 0; i < n_fields; i++) {
                if (i > 0)
                        textbuf_adds(&text, FIELD_BREAK);
                r = add_html(&text, fields[i]);
                if (r < 0)
                        return r;
        }
        if (tags && *tags) {
                textbuf_adds(&text, FIELD_BREAK);
                add_plain(&text, tags, strlen(tags));
        }
        if (text.error < 0)
                return text.error;

        return stmt_exec(store, &sql[SQL_PUT], "it", note, text.buf ? text.buf : "");
}

int search_delete_note(Store *store, int64_t note) {
        assert(store);

        return stmt_exec(store, &sql[SQL_DELETE], "i", note);
}

/* ---- patterns ---- */

/* Upper and lower case alike, as far as names of decks and tags need it: Latin, Greek, Cyrillic. */
static uint32_t fold_case(uint32_t c) {
        if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
                return c + 32;
        if (c >= 0x100 && c <= 0x17f && c != 0x130 && c != 0x131 && c != 0x138 && c != 0x149 &&
            c != 0x178 && c != 0x17f) {
                bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);

                return odd_is_upper ? c + (c & 1) : c | 1;
        }
        if (c >= 0x391 && c <= 0x3a9)
                return c + 32;
        if (c >= 0x410 && c <= 0x42f)
                return c + 32;
        return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

static uint32_t next_folded(const char **s) {
        uint32_t c;
        size_t n = utf8_decode(*s, strlen(*s), &c);

        if (n == 0) {
                c = (unsigned char) **s;
                n = 1;
        }
        *s += n;
        return fold_case(c);
}

/*
 * Whether `name` or what it is below ("a::b" is below "a") matches a pattern with "*"; a backslash makes
 * the next character plain. Greedy with one place to go back to: linear for one "*", at worst the product.
 */
static bool pattern_matches(const char *pattern, const char *name) {
        const char *p = pattern, *s = name, *back_p = NULL, *back_s = NULL;

        for (;;) {
                if (*p == '*') {
                        back_p = ++p;
                        back_s = s;
                        continue;
                }
                if (!*p && (!*s || strncmp(s, "::", 2) == 0))
                        return true;
                if (*p && *s) {
                        const char *p_next = *p == '\\' && p[1] ? p + 1 : p, *s_next = s;

                        if (next_folded(&p_next) == next_folded(&s_next)) {
                                p = p_next;
                                s = s_next;
                                continue;
                        }
                }
                if (!back_p || !*back_s)
                        return false;

                (void) next_folded(&back_s);
                p = back_p;
                s = back_s;
        }
}

/* ---- from the tree to SQL ---- */

typedef struct Bind {
        char type; /* i, d or t */
        int64_t i; /* for t: offset into texts */
        double d;
} Bind;

typedef struct Builder {
        Store *store;
        const Query *query;
        const Moment *now;
        TextBuf sql;
        TextBuf texts;
        Bind binds[QUERY_NODES_MAX * 4 + 8];
        size_t n_binds;
} Builder;

static void bind_int(Builder *b, int64_t i) {
        assert(b->n_binds < ELEMENTS(b->binds));
        b->binds[b->n_binds++] = (Bind){ .type = 'i', .i = i };
}

static void bind_double(Builder *b, double d) {
        assert(b->n_binds < ELEMENTS(b->binds));
        b->binds[b->n_binds++] = (Bind){ .type = 'd', .d = d };
}

static void bind_text(Builder *b, const char *s) {
        assert(b->n_binds < ELEMENTS(b->binds));
        b->binds[b->n_binds++] = (Bind){ .type = 't', .i = (int64_t) b->texts.len };
        textbuf_add(&b->texts, s, strlen(s) + 1);
}

static bool has_token(const char *s) {
        size_t len = strlen(s);

        for (size_t i = 0, n; i < len; i += n) {
                uint32_t c;

                n = utf8_decode(s + i, len - i, &c);
                if (n == 0)
                        return false;
                if (stands_alone(c) || (c >= '0' && c <= '9') ||
                    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
                        return true;
                /* Beyond ASCII all is taken as a letter but punctuation. */
                if (c >= 0xc0 && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x3000 && c <= 0x303f) &&
                    !(c >= 0xff00 && c <= 0xff0f) && c != 0xd7 && c != 0xf7)
                        return true;
        }
        return false;
}

/* Whether a subtree is words alone, which the full-text index can answer as one. */
static bool is_text(const Query *q, uint16_t index) {
        const QueryNode *node = &q->nodes[index];

        switch ((QueryKind) node->kind) {
        case QUERY_WORD:
        case QUERY_PHRASE:
                return has_token(q->text + node->text);
        case QUERY_AND:
        case QUERY_OR:
                return is_text(q, node->left) && is_text(q, node->right);
        default:
                return false;
        }
}

static void add_match(const Query *q, uint16_t index, TextBuf *out) {
        const QueryNode *node = &q->nodes[index];

        if (node->kind == QUERY_AND || node->kind == QUERY_OR) {
                textbuf_addc(out, '(');
                add_match(q, node->left, out);
                textbuf_adds(out, node->kind == QUERY_AND ? " AND " : " OR ");
                add_match(q, node->right, out);
                textbuf_addc(out, ')');
                return;
        }
        textbuf_addc(out, '"');
        add_plain(out, q->text + node->text, strlen(q->text + node->text));
        textbuf_adds(out, node->kind == QUERY_WORD ? "\" *" : "\"");
}

static int build_match(Builder *b, uint16_t index) {
        _cleanup_(textbuf_done) TextBuf match = {};

        add_match(b->query, index, &match);
        if (match.error < 0)
                return match.error;

        textbuf_adds(&b->sql, "c.note IN (SELECT rowid FROM note_fts WHERE note_fts MATCH ?)");
        bind_text(b, match.buf);
        return 0;
}

static void add_id(TextBuf *list, int64_t id) {
        textbuf_addf(list, "%s%lld", list->len > 0 ? "," : "[", (long long) id);
}

/* `before` (SELECT value FROM json_each(?)) `after`, the list bound as one JSON array. */
static int build_ids(Builder *b, const char *before, TextBuf *list, const char *after) {
        textbuf_adds(list, list->len > 0 ? "]" : "[]");
        if (list->error < 0)
                return list->error;

        textbuf_adds(&b->sql, before);
        textbuf_adds(&b->sql, "(SELECT value FROM json_each(?))");
        textbuf_adds(&b->sql, after);
        bind_text(b, list->buf);
        return 0;
}

static int build_deck(Builder *b, const char *pattern) {
        _cleanup_(textbuf_done) TextBuf list = {};
        const Deck *decks;
        size_t n;
        int r;

        r = deck_list(b->store, &decks, &n);
        if (r != 0)
                return r;

        for (size_t i = 0; i < n; i++)
                if (pattern_matches(pattern, decks[i].name))
                        add_id(&list, decks[i].id);
        return build_ids(b, "c.deck IN ", &list, "");
}

static int build_tag(Builder *b, const char *pattern) {
        static const Sql tags = { "SELECT id, name FROM tag" };
        _cleanup_(textbuf_done) TextBuf list = {};
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        r = stmt_query(b->store, &tags, &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(b->store, st)) > 0)
                if (pattern_matches(pattern, stmt_text(st, 1)))
                        add_id(&list, sqlite3_column_int64(st, 0));
        if (r < 0)
                return r;

        return build_ids(b, "c.note IN (SELECT note FROM note_tag WHERE tag IN ", &list, ")");
}

static int build_notetype(Builder *b, const char *pattern) {
        _cleanup_(textbuf_done) TextBuf list = {};
        const NoteTypeRow *const *types;
        size_t n;
        int r;

        r = notetype_list(b->store, &types, &n);
        if (r != 0)
                return r;

        for (size_t i = 0; i < n; i++)
                if (pattern_matches(pattern, types[i]->type.name))
                        add_id(&list, types[i]->id);
        return build_ids(b, "c.note IN (SELECT id FROM note WHERE notetype IN ", &list, ")");
}

static int64_t day_began_ms(const Moment *now) {
        return now->next_day_ms - MSEC_PER_DAY;
}

static int build_state(Builder *b, QueryState state) {
        switch (state) {
        case QUERY_IS_DUE:
                textbuf_adds(&b->sql,
                             "((c.queue = 3 AND c.due_day <= ?) OR (c.queue = 2 AND"
                             " (coalesce(c.due_ms <= ?, 0) OR coalesce(c.due_day <= ?, 0))))");
                bind_int(b, b->now->day);
                bind_int(b, b->now->at_ms);
                bind_int(b, b->now->day);
                return 0;
        case QUERY_IS_NEW:
                textbuf_adds(&b->sql, "c.state = 0");
                return 0;
        case QUERY_IS_LEARNING:
                textbuf_adds(&b->sql, "c.state IN (1, 3)");
                return 0;
        case QUERY_IS_REVIEW:
                textbuf_adds(&b->sql, "c.state = 2");
                return 0;
        case QUERY_IS_SUSPENDED:
                textbuf_adds(&b->sql, "c.suspended <> 0");
                return 0;
        case QUERY_IS_BURIED:
                textbuf_adds(&b->sql, "(c.suspended = 0 AND coalesce(c.buried_day > ?, 0))");
                bind_int(b, b->now->day);
                return 0;
        case QUERY_IS_LEECH:
                return build_tag(b, LEECH_TAG_NAME);
        }
        return 0;
}

static void build_rated(Builder *b, const QueryNode *node) {
        int64_t days = (int64_t) node->number;

        /* By the day each review recorded; the instant, two days wide, is for the index. */
        textbuf_adds(&b->sql, "c.id IN (SELECT card FROM review WHERE at_ms >= ? AND undone = 0 AND"
                              " (at_ms + (tz_min - day_starts_min) * 60000) / 86400000 >= ?");
        bind_int(b, day_began_ms(b->now) - (days + 1) * MSEC_PER_DAY);
        bind_int(b, b->now->day - days + 1);
        if (node->grade) {
                textbuf_adds(&b->sql, " AND grade = ?");
                bind_int(b, node->grade);
        }
        textbuf_addc(&b->sql, ')');
}

static void build_property(Builder *b, const QueryNode *node) {
        static const char *const comparisons[] = {
                [QUERY_LESS] = "<",       [QUERY_LESS_EQUAL] = "<=",    [QUERY_EQUAL] = "=",
                [QUERY_NOT_EQUAL] = "<>", [QUERY_GREATER_EQUAL] = ">=", [QUERY_GREATER] = ">",
        };
        const char *compare = comparisons[node->compare];

        switch ((QueryProperty) node->what) {
        case QUERY_DUE:
                /* Within the day, counted from its beginning; the great number keeps the division from rounding up. */
                textbuf_addf(&b->sql,
                             "coalesce(coalesce(c.due_day - ?, (c.due_ms - ?) / 86400000 - 100000)"
                             " %s ?, 0)",
                             compare);
                bind_int(b, b->now->day);
                bind_int(b, day_began_ms(b->now) - 100000 * MSEC_PER_DAY);
                break;
        case QUERY_STABILITY:
                textbuf_addf(&b->sql, "(c.state <> 0 AND c.stability %s ?)", compare);
                break;
        case QUERY_DIFFICULTY:
                textbuf_addf(&b->sql, "(c.state <> 0 AND c.difficulty %s ?)", compare);
                break;
        case QUERY_INTERVAL:
                /* Negative: seconds. */
                textbuf_addf(&b->sql,
                             "(c.state <> 0 AND iif(c.interval < 0, c.interval / -86400.0,"
                             " c.interval) %s ?)",
                             compare);
                break;
        case QUERY_LAPSES:
                textbuf_addf(&b->sql, "c.lapses %s ?", compare);
                break;
        case QUERY_REPS:
                textbuf_addf(&b->sql, "c.reps %s ?", compare);
                break;
        }
        bind_double(b, node->number);
}

/* Every condition is 0 or 1, never null, so that NOT turns it round. */
static int build(Builder *b, uint16_t index) {
        const Query *q = b->query;
        const QueryNode *node = &q->nodes[index];
        int r;

        if (is_text(q, index))
                return build_match(b, index);

        switch ((QueryKind) node->kind) {
        case QUERY_ALL:
        case QUERY_WORD:
        case QUERY_PHRASE:
                textbuf_addc(&b->sql, '1');
                return 0;
        case QUERY_AND:
        case QUERY_OR:
                textbuf_addc(&b->sql, '(');
                r = build(b, node->left);
                if (r != 0)
                        return r;
                textbuf_adds(&b->sql, node->kind == QUERY_AND ? " AND " : " OR ");
                r = build(b, node->right);
                if (r != 0)
                        return r;
                textbuf_addc(&b->sql, ')');
                return 0;
        case QUERY_NOT:
                textbuf_adds(&b->sql, "NOT ");
                return build(b, node->left);
        case QUERY_DECK:
                return build_deck(b, q->text + node->text);
        case QUERY_TAG:
                return build_tag(b, q->text + node->text);
        case QUERY_NOTETYPE:
                return build_notetype(b, q->text + node->text);
        case QUERY_IS:
                return build_state(b, (QueryState) node->what);
        case QUERY_FLAG:
                textbuf_adds(&b->sql, "c.flag = ?");
                bind_int(b, (int64_t) node->number);
                return 0;
        case QUERY_RATED:
                build_rated(b, node);
                return 0;
        case QUERY_ADDED:
                /* Clocks of operations: milliseconds and 16 bits of counter. */
                textbuf_adds(&b->sql, "c.note IN (SELECT id FROM note WHERE created >= ?)");
                bind_int(b, (day_began_ms(b->now) - ((int64_t) node->number - 1) * MSEC_PER_DAY) *
                                    65536);
                return 0;
        case QUERY_PROPERTY:
                build_property(b, node);
                return 0;
        case QUERY_CARD:
                textbuf_adds(&b->sql, "c.id = ?");
                bind_int(b, node->id);
                return 0;
        case QUERY_NOTE:
                textbuf_adds(&b->sql, "c.note = ?");
                bind_int(b, node->id);
                return 0;
        }
        return 0;
}

static int bind_all(Builder *b, sqlite3_stmt *st) {
        for (size_t i = 0; i < b->n_binds; i++) {
                const Bind *bind = &b->binds[i];
                int column = (int) i + 1, rc = SQLITE_OK;

                switch (bind->type) {
                case 'i':
                        rc = sqlite3_bind_int64(st, column, bind->i);
                        break;
                case 'd':
                        rc = sqlite3_bind_double(st, column, bind->d);
                        break;
                case 't':
                        rc = sqlite3_bind_text(st, column, b->texts.buf + bind->i, -1,
                                               SQLITE_STATIC);
                        break;
                }
                if (rc != SQLITE_OK)
                        return stmt_failed(b->store, rc);
        }
        return 0;
}

static void builder_free(Builder *b) {
        textbuf_done(&b->sql);
        textbuf_done(&b->texts);
        free(b);
}

DEFINE_CLEANUP(Builder *, builder_free);

/*
 * One statement: all matches in order, of which a page is kept and the rest counted. Sorting and
 * stepping 100,000 rows takes less than running the conditions twice.
 */
static int run(Store *store, const Query *query, const Moment *now, const char *select,
               const char *order, uint64_t offset, size_t limit, int64_t *ret, size_t *ret_n,
               uint64_t *ret_total) {
        _cleanup_(builder_freep) Builder *b = NULL;
        _cleanup_stmt_final_ sqlite3_stmt *st = NULL;
        uint64_t total = 0;
        size_t n = 0;
        int r;

        b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;

        b->store = store;
        b->query = query;
        b->now = now;

        textbuf_adds(&b->sql, select);
        textbuf_adds(&b->sql, " FROM card c WHERE c.queue <> 0 AND ");
        r = build(b, (uint16_t) (query->n_nodes - 1));
        if (r != 0)
                return r;

        textbuf_adds(&b->sql, order);
        if (b->sql.error < 0 || b->texts.error < 0)
                return -ENOMEM;

        r = stmt_prepare(store, b->sql.buf, &st);
        if (r < 0)
                return r;

        r = bind_all(b, st);
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                if (total >= offset && n < limit)
                        ret[n++] = sqlite3_column_int64(st, 0);
                total++;
        }
        if (r < 0)
                return r;

        *ret_n = n;
        *ret_total = total;
        return 0;
}

int search_cards(Store *store, const Query *query, const Moment *now, SearchOrder order,
                 uint64_t offset, size_t limit, int64_t *ret_cards, size_t *ret_n,
                 uint64_t *ret_total) {
        static const char *const orders[] = {
                [SEARCH_ORDER_ADDED] = " ORDER BY c.note, c.ord",
                /* Within a day what is due by the day comes first. */
                [SEARCH_ORDER_DUE] =
                        " ORDER BY coalesce(c.due_day, c.due_ms / 86400000) NULLS LAST, c.due_ms, c.id",
                [SEARCH_ORDER_STABILITY] = " ORDER BY c.stability, c.id",
                [SEARCH_ORDER_LAPSES] = " ORDER BY c.lapses DESC, c.id",
        };

        assert(store);
        assert(query && query->n_nodes > 0);
        assert(now);
        assert(ret_cards || limit == 0);
        assert(ret_n && ret_total);

        return run(store, query, now, "SELECT c.id", orders[order], offset, limit, ret_cards, ret_n,
                   ret_total);
}

int search_notes(Store *store, const Query *query, const Moment *now, uint64_t offset, size_t limit,
                 int64_t *ret_notes, size_t *ret_n, uint64_t *ret_total) {
        assert(store);
        assert(query && query->n_nodes > 0);
        assert(now);
        assert(ret_notes || limit == 0);
        assert(ret_n && ret_total);

        return run(store, query, now, "SELECT DISTINCT c.note", " ORDER BY c.note", offset, limit,
                   ret_notes, ret_n, ret_total);
}
