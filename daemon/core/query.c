/* Recursive descent; depth and nodes are bounded, nothing is allocated but for the sentence of an error. */
#include "core/query.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

typedef struct Parser {
        const char *text;
        size_t len, at;
        Query *query;
        TextBuf *problem;
        unsigned depth;
} Parser;

static const char *const state_names[] = {
        [QUERY_IS_DUE] = "due",
        [QUERY_IS_NEW] = "new",
        [QUERY_IS_LEARNING] = "learning",
        [QUERY_IS_REVIEW] = "review",
        [QUERY_IS_SUSPENDED] = "suspended",
        [QUERY_IS_BURIED] = "buried",
        [QUERY_IS_LEECH] = "leech",
};

static const char *const property_names[] = {
        [QUERY_DUE] = "due",
        [QUERY_STABILITY] = "stability",
        [QUERY_DIFFICULTY] = "difficulty",
        [QUERY_INTERVAL] = "interval",
        [QUERY_LAPSES] = "lapses",
        [QUERY_REPS] = "reps",
};

static const char *const compare_names[] = {
        [QUERY_LESS] = "<",       [QUERY_LESS_EQUAL] = "<=",    [QUERY_EQUAL] = "=",
        [QUERY_NOT_EQUAL] = "!=", [QUERY_GREATER_EQUAL] = ">=", [QUERY_GREATER] = ">",
};

static const char *const grade_names[] = { "again", "hard", "good", "easy" };

/* ---- errors ---- */

/* Characters, from 1. */
static size_t position(const Parser *p, size_t at) {
        size_t n = 1;

        for (size_t i = 0; i < at && i < p->len; i++)
                n += ((unsigned char) p->text[i] & 0xc0) != 0x80;
        return n;
}

/* "<sentence so far> at character N." The caller has written the beginning. */
static int fail_at(Parser *p, size_t at) {
        textbuf_addf(p->problem, " (at character %zu).", position(p, at));
        return p->problem->error < 0 ? p->problem->error : QUERY_E_BAD;
}

static int fail(Parser *p, size_t at, const char *what) {
        textbuf_adds(p->problem, what);
        return fail_at(p, at);
}

static void add_quoted(Parser *p, const char *s, size_t len) {
        size_t shown = utf8_prefix(s, len, 30);

        textbuf_addc(p->problem, '"');
        textbuf_add(p->problem, s, shown);
        textbuf_adds(p->problem, shown < len ? "…\"" : "\"");
}

static void add_list(Parser *p, const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        textbuf_adds(p->problem, i + 1 < n ? ", " : " or ");
                textbuf_adds(p->problem, names[i]);
        }
}

/* ---- characters ---- */

static bool is_letter(char c) {
        return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Length of the white space at `at`: 0 when there is none. U+3000 is what a Japanese keyboard's space bar gives. */
static size_t space_length(const Parser *p, size_t at) {
        char c;

        if (at >= p->len)
                return 0;

        c = p->text[at];
        if (c == ' ' || (c >= '\t' && c <= '\r'))
                return 1;
        return p->len - at >= 3 && memcmp(p->text + at, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

static void skip_space(Parser *p) {
        for (size_t n; (n = space_length(p, p->at)) > 0;)
                p->at += n;
}

static bool ends_word(const Parser *p, size_t at) {
        return at >= p->len || space_length(p, at) > 0 || strchr("()\"", p->text[at]);
}

static bool name_is(const char *s, size_t len, const char *name) {
        return strlen(name) == len && strncasecmp(s, name, len) == 0;
}

static size_t name_index(const char *s, size_t len, const char *const *names, size_t n) {
        size_t i = 0;

        while (i < n && !name_is(s, len, names[i]))
                i++;
        return i;
}

/* Whether the bare word `name` stands here. */
static bool at_keyword(const Parser *p, const char *name) {
        size_t len = strlen(name);

        return p->len - p->at >= len && name_is(p->text + p->at, len, name) &&
               ends_word(p, p->at + len);
}

/* ---- building ---- */

static int add_node(Parser *p, QueryNode node, uint16_t *ret) {
        Query *q = p->query;

        if (q->n_nodes == QUERY_NODES_MAX)
                return fail(p, p->at, "The search has too many parts");

        q->nodes[q->n_nodes] = node;
        *ret = (uint16_t) q->n_nodes++;
        return 0;
}

static QueryNode node_of(QueryKind kind) {
        return (QueryNode){ .kind = (uint8_t) kind, .left = QUERY_NONE, .right = QUERY_NONE };
}

static int add_pair(Parser *p, QueryKind kind, uint16_t left, uint16_t right, uint16_t *ret) {
        QueryNode node = node_of(kind);

        node.left = left;
        node.right = right;
        return add_node(p, node, ret);
}

/*
 * Copies a value to Query.text: quoted, or up to the end of the word. A pattern keeps the backslash before "*"
 * and "\". There is always room: what is copied is at most what was read, and a NUL for each node.
 */
static int read_value(Parser *p, bool pattern, const char **ret) {
        Query *q = p->query;
        size_t start = p->at, out = q->text_len;
        bool quoted = p->at < p->len && p->text[p->at] == '"';

        if (q->n_nodes == QUERY_NODES_MAX || out + (p->len - p->at) + 1 > sizeof(q->text))
                return fail(p, p->at, "The search has too many parts");

        p->at += quoted;
        while (quoted ? p->at < p->len && p->text[p->at] != '"' : !ends_word(p, p->at)) {
                char c = p->text[p->at++];

                if (c == '\\' && p->at < p->len) {
                        char next = p->text[p->at++];

                        if (pattern && (next == '*' || next == '\\'))
                                q->text[out++] = '\\';
                        c = next;
                } else if (c == '\\' && pattern)
                        q->text[out++] = '\\';
                q->text[out++] = c;
        }
        if (quoted && p->at >= p->len)
                return fail(p, start, "The quotation marks are not closed");

        p->at += quoted;
        q->text[out] = 0;
        *ret = q->text + q->text_len;
        q->text_len = out + 1;
        return 0;
}

static uint32_t text_offset(const Parser *p, const char *value) {
        return (uint32_t) (value - p->query->text);
}

/* ---- terms ---- */

static int read_text_term(Parser *p, QueryKind kind, uint16_t *ret) {
        QueryNode node = node_of(kind);
        size_t start = p->at;
        const char *value;
        int r;

        r = read_value(p, kind != QUERY_WORD && kind != QUERY_PHRASE, &value);
        if (r != 0)
                return r;

        if (!*value)
                return fail(p, start,
                            kind == QUERY_PHRASE ? "There is nothing between the quotation marks"
                                                 : "Nothing stands behind the colon");
        node.text = text_offset(p, value);
        return add_node(p, node, ret);
}

static int read_state(Parser *p, uint16_t *ret) {
        QueryNode node = node_of(QUERY_IS);
        size_t start = p->at, i;
        const char *value;
        int r;

        r = read_value(p, false, &value);
        if (r != 0)
                return r;

        i = name_index(value, strlen(value), state_names, ELEMENTS(state_names));
        if (i == ELEMENTS(state_names)) {
                textbuf_adds(p->problem, "\"is:\" takes ");
                add_list(p, state_names, ELEMENTS(state_names));
                textbuf_adds(p->problem, ", not ");
                add_quoted(p, value, strlen(value));
                return fail_at(p, start);
        }
        node.what = (uint8_t) i;
        return add_node(p, node, ret);
}

static int bad_number(Parser *p, size_t start, const char *what, const char *value) {
        textbuf_adds(p->problem, what);
        textbuf_adds(p->problem, ", not ");
        add_quoted(p, value, strlen(value));
        return fail_at(p, start);
}

static int read_flag(Parser *p, uint16_t *ret) {
        QueryNode node = node_of(QUERY_FLAG);
        size_t start = p->at;
        const char *value;
        int64_t n;
        int r;

        r = read_value(p, false, &value);
        if (r != 0)
                return r;
        if (parse_int(value, 0, 7, &n) < 0)
                return bad_number(p, start, "\"flag:\" takes a number from 0 to 7", value);

        node.number = (double) n;
        return add_node(p, node, ret);
}

/* added:N, rated:N, rated:N:GRADE */
static int read_days(Parser *p, QueryKind kind, uint16_t *ret) {
        QueryNode node = node_of(kind);
        size_t start = p->at;
        const char *value;
        char *grade = NULL;
        int64_t n;
        int r;

        r = read_value(p, false, &value);
        if (r != 0)
                return r;

        if (kind == QUERY_RATED)
                grade = strchr(value, ':');
        if (grade) {
                size_t i;

                *grade++ = 0;
                i = name_index(grade, strlen(grade), grade_names, ELEMENTS(grade_names));
                if (i < ELEMENTS(grade_names))
                        node.grade = (uint8_t) (i + 1);
                else if (parse_int(grade, 1, 4, &n) == 0)
                        node.grade = (uint8_t) n;
                else
                        return bad_number(p, start,
                                          "A grade is 1 to 4, or again, hard, good or easy", grade);
        }
        if (parse_int(value, 1, 36500, &n) < 0)
                return bad_number(p, start, "A number of days from 1 to 36500 is needed", value);

        node.number = (double) n;
        return add_node(p, node, ret);
}

/* cid:1,2,3: one node each, joined by or. */
static int read_ids(Parser *p, QueryKind kind, uint16_t *ret) {
        uint16_t all = QUERY_NONE;
        size_t start = p->at;
        const char *value;
        char *next;
        int r;

        r = read_value(p, false, &value);
        if (r != 0)
                return r;

        for (char *one = p->query->text + text_offset(p, value); one; one = next) {
                QueryNode node = node_of(kind);
                uint16_t index = QUERY_NONE;

                next = strchr(one, ',');
                if (next)
                        *next++ = 0;
                if (parse_int(one, 1, INT64_MAX, &node.id) < 0)
                        return bad_number(p, start, "Numbers with commas between are needed", one);

                r = add_node(p, node, &index);
                if (r == 0 && all != QUERY_NONE)
                        r = add_pair(p, QUERY_OR, all, index, &index);
                if (r != 0)
                        return r;

                all = index;
        }
        *ret = all;
        return 0;
}

/* Length of "due<=" at `at`, 0 when there is no such thing. */
static size_t property_length(const Parser *p, size_t at, QueryNode *node) {
        size_t i = at, name;

        while (i < p->len && is_letter(p->text[i]))
                i++;
        name = name_index(p->text + at, i - at, property_names, ELEMENTS(property_names));
        if (name == ELEMENTS(property_names))
                return 0;

        /* The longer ones first. */
        static const QueryCompare order[] = { QUERY_LESS_EQUAL, QUERY_GREATER_EQUAL,
                                              QUERY_NOT_EQUAL,  QUERY_LESS,
                                              QUERY_GREATER,    QUERY_EQUAL };

        for (size_t k = 0; k < ELEMENTS(order); k++) {
                const char *mark = compare_names[order[k]];

                if (p->len - i >= strlen(mark) && memcmp(p->text + i, mark, strlen(mark)) == 0) {
                        node->what = (uint8_t) name;
                        node->compare = (uint8_t) order[k];
                        return i + strlen(mark) - at;
                }
        }
        return 0;
}

static int read_property(Parser *p, size_t mark_len, QueryNode node, uint16_t *ret) {
        size_t start = p->at + mark_len;
        const char *value;
        int r;

        p->at = start;
        r = read_value(p, false, &value);
        if (r != 0)
                return r;
        if (parse_double(value, -1e6, 1e6, &node.number) < 0)
                return bad_number(p, start, "A number is needed", value);

        return add_node(p, node, ret);
}

static int read_prop(Parser *p, QueryKind kind, uint16_t *ret) {
        QueryNode node = node_of(QUERY_PROPERTY);
        size_t n = property_length(p, p->at, &node);

        if (n > 0)
                return read_property(p, n, node, ret);

        textbuf_adds(p->problem, "\"prop:\" takes ");
        add_list(p, property_names, ELEMENTS(property_names));
        textbuf_adds(p->problem, ", a comparison and a number, as in prop:due<7");
        return fail_at(p, p->at);
}

static int read_is(Parser *p, QueryKind kind, uint16_t *ret) {
        return read_state(p, ret);
}

static int read_flag_key(Parser *p, QueryKind kind, uint16_t *ret) {
        return read_flag(p, ret);
}

static const struct {
        const char *name;
        QueryKind kind;
        int (*read)(Parser *p, QueryKind kind, uint16_t *ret);
} keys[] = {
        { "deck", QUERY_DECK, read_text_term },
        { "tag", QUERY_TAG, read_text_term },
        { "note", QUERY_NOTETYPE, read_text_term },
        { "is", QUERY_IS, read_is },
        { "flag", QUERY_FLAG, read_flag_key },
        { "rated", QUERY_RATED, read_days },
        { "added", QUERY_ADDED, read_days },
        { "prop", QUERY_PROPERTY, read_prop },
        { "cid", QUERY_CARD, read_ids },
        { "nid", QUERY_NOTE, read_ids },
};

static int read_term(Parser *p, uint16_t *ret) {
        QueryNode property = node_of(QUERY_PROPERTY);
        size_t start = p->at, i = start, n;

        if (p->text[p->at] == '"')
                return read_text_term(p, QUERY_PHRASE, ret);

        while (i < p->len && is_letter(p->text[i]))
                i++;
        if (i > start && i < p->len && p->text[i] == ':') {
                for (size_t k = 0; k < ELEMENTS(keys); k++)
                        if (name_is(p->text + start, i - start, keys[k].name)) {
                                p->at = i + 1;
                                return keys[k].read(p, keys[k].kind, ret);
                        }

                textbuf_adds(p->problem, "There is no search key ");
                add_quoted(p, p->text + start, i + 1 - start);
                textbuf_adds(p->problem,
                             "; put it in quotation marks to look for the text, or use ");
                for (size_t k = 0; k < ELEMENTS(keys); k++)
                        textbuf_addf(p->problem, "%s%s:",
                                     k == 0                   ? ""
                                     : k + 1 < ELEMENTS(keys) ? ", "
                                                              : " or ",
                                     keys[k].name);
                return fail_at(p, start);
        }

        n = property_length(p, start, &property);
        if (n > 0)
                return read_property(p, n, property, ret);

        return read_text_term(p, QUERY_WORD, ret);
}

/* ---- grammar ---- */

static int read_or(Parser *p, uint16_t *ret);

static bool at_end(Parser *p) {
        skip_space(p);
        return p->at >= p->len || p->text[p->at] == ')';
}

static int read_unary_inner(Parser *p, uint16_t *ret) {
        size_t start = p->at;
        uint16_t inner;
        int r;

        if (p->text[p->at] == '-' || at_keyword(p, "not")) {
                p->at += p->text[p->at] == '-' ? 1 : 3;
                /* "- x" is more likely a dash than a negation. */
                if (p->text[start] == '-' && space_length(p, p->at) > 0)
                        return fail(p, start, "Nothing stands directly behind the \"-\"");
                if (at_end(p))
                        return fail(p, start, "Nothing stands behind the negation");

                p->depth++;
                if (p->depth > QUERY_DEPTH_MAX)
                        return fail(p, start, "The search is nested too deep");
                r = read_unary_inner(p, &inner);
                p->depth--;
                if (r != 0)
                        return r;

                return add_pair(p, QUERY_NOT, inner, QUERY_NONE, ret);
        }
        if (p->text[p->at] == '(') {
                p->at++;
                p->depth++;
                if (p->depth > QUERY_DEPTH_MAX)
                        return fail(p, start, "The search is nested too deep");
                if (at_end(p))
                        return fail(p, start, "There is nothing in the parentheses");
                r = read_or(p, ret);
                p->depth--;
                if (r != 0)
                        return r;
                if (p->at >= p->len)
                        return fail(p, start, "The parenthesis is not closed");

                p->at++;
                return 0;
        }
        if (at_keyword(p, "or") || at_keyword(p, "and")) {
                add_quoted(p, p->text + p->at, at_keyword(p, "or") ? 2 : 3);
                return fail(p, start, " needs something on both sides");
        }
        return read_term(p, ret);
}

static int read_and(Parser *p, uint16_t *ret) {
        uint16_t left, right;
        int r;

        r = read_unary_inner(p, &left);
        if (r != 0)
                return r;

        while (!at_end(p) && !at_keyword(p, "or")) {
                if (at_keyword(p, "and")) {
                        size_t start = p->at;

                        p->at += 3;
                        if (at_end(p))
                                return fail(p, start, "\"and\" needs something on both sides");
                }
                r = read_unary_inner(p, &right);
                if (r == 0)
                        r = add_pair(p, QUERY_AND, left, right, &left);
                if (r != 0)
                        return r;
        }
        *ret = left;
        return 0;
}

static int read_or(Parser *p, uint16_t *ret) {
        uint16_t left, right;
        int r;

        r = read_and(p, &left);
        if (r != 0)
                return r;

        while (!at_end(p)) { /* then it is "or" */
                size_t start = p->at;

                p->at += 2;
                if (at_end(p))
                        return fail(p, start, "\"or\" needs something on both sides");
                r = read_and(p, &right);
                if (r == 0)
                        r = add_pair(p, QUERY_OR, left, right, &left);
                if (r != 0)
                        return r;
        }
        *ret = left;
        return 0;
}

int query_parse(const char *text, size_t len, Query *ret, TextBuf *problem) {
        Parser p = { .text = text, .len = len, .query = ret, .problem = problem };
        uint16_t root;
        int r;

        assert(text || len == 0);
        assert(ret);
        assert(problem);

        ret->n_nodes = 0;
        ret->text_len = 0;

        if (len > QUERY_TEXT_MAX)
                return fail(&p, 0, "The search is longer than 4096 bytes");
        if (!utf8_valid(text, len))
                return fail(&p, 0, "The search is not valid UTF-8");
        for (size_t i = 0; i < len; i++)
                if (((unsigned char) text[i] < 0x20 && !space_length(&p, i)) || text[i] == 0x7f)
                        return fail(&p, i, "The search holds a control character");

        if (at_end(&p) && p.at >= p.len)
                return add_node(&p, node_of(QUERY_ALL), &root);
        if (p.text[p.at] == ')')
                return fail(&p, p.at, "A parenthesis is closed that was not opened");

        r = read_or(&p, &root);
        if (r != 0)
                return r;
        if (p.at < p.len)
                return fail(&p, p.at, "A parenthesis is closed that was not opened");

        assert((size_t) root + 1 == ret->n_nodes);
        return 0;
}

/* ---- printing ---- */

static void print_word(const char *s, TextBuf *out) {
        size_t len = strlen(s);

        if (name_is(s, len, "or") || name_is(s, len, "and") || name_is(s, len, "not"))
                textbuf_addc(out, '\\');
        for (const char *c = s; *c; c++) {
                if (strchr(" \t\n\v\f\r()\":\\<>=!-", *c) || strncmp(c, "\xe3\x80\x80", 3) == 0)
                        textbuf_addc(out, '\\');
                textbuf_addc(out, *c);
        }
}

static void print_quoted(const char *s, bool pattern, TextBuf *out) {
        textbuf_addc(out, '"');
        for (const char *c = s; *c; c++) {
                if (*c == '"' || (*c == '\\' && !pattern))
                        textbuf_addc(out, '\\');
                textbuf_addc(out, *c);
                /* A pair that was kept stays a pair. */
                if (*c == '\\' && pattern && c[1])
                        textbuf_addc(out, *++c);
        }
        textbuf_addc(out, '"');
}

static void print_number(double n, TextBuf *out) {
        _cleanup_(textbuf_done) TextBuf text = {};
        double back = 0;

        textbuf_addf(&text, "%.15g", n);
        if (text.buf && (parse_double(text.buf, -1e6, 1e6, &back) < 0 || back < n || back > n)) {
                textbuf_addf(out, "%.17g", n);
                return;
        }
        textbuf_adds(out, text.buf ? text.buf : "");
}

static void print_node(const Query *q, uint16_t index, TextBuf *out) {
        const QueryNode *node = &q->nodes[index];
        const char *text = q->text + node->text;

        switch ((QueryKind) node->kind) {
        case QUERY_ALL:
                break;
        case QUERY_AND:
        case QUERY_OR:
                textbuf_addc(out, '(');
                print_node(q, node->left, out);
                textbuf_adds(out, node->kind == QUERY_AND ? " and " : " or ");
                print_node(q, node->right, out);
                textbuf_addc(out, ')');
                break;
        case QUERY_NOT:
                textbuf_addc(out, '-');
                print_node(q, node->left, out);
                break;
        case QUERY_WORD:
                print_word(text, out);
                break;
        case QUERY_PHRASE:
                print_quoted(text, false, out);
                break;
        case QUERY_DECK:
        case QUERY_TAG:
        case QUERY_NOTETYPE:
                textbuf_adds(out, node->kind == QUERY_DECK  ? "deck:"
                                  : node->kind == QUERY_TAG ? "tag:"
                                                            : "note:");
                print_quoted(text, true, out);
                break;
        case QUERY_IS:
                textbuf_addf(out, "is:%s", state_names[node->what]);
                break;
        case QUERY_FLAG:
                textbuf_addf(out, "flag:%d", (int) node->number);
                break;
        case QUERY_RATED:
                textbuf_addf(out, "rated:%d", (int) node->number);
                if (node->grade)
                        textbuf_addf(out, ":%d", node->grade);
                break;
        case QUERY_ADDED:
                textbuf_addf(out, "added:%d", (int) node->number);
                break;
        case QUERY_PROPERTY:
                textbuf_addf(out, "prop:%s%s", property_names[node->what],
                             compare_names[node->compare]);
                print_number(node->number, out);
                break;
        case QUERY_CARD:
                textbuf_addf(out, "cid:%lld", (long long) node->id);
                break;
        case QUERY_NOTE:
                textbuf_addf(out, "nid:%lld", (long long) node->id);
                break;
        }
}

void query_print(const Query *query, TextBuf *out) {
        assert(query);
        assert(query->n_nodes > 0);
        assert(out);

        print_node(query, (uint16_t) (query->n_nodes - 1), out);
}
