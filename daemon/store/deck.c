#include "store/deck.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/internal.h"
#include "util/text.h"

enum { SQL_ALL, SQL_MAX };
static const Sql sql[] = {
        [SQL_ALL] = { "SELECT id, uuid, known, name, parent, preset, into_deck, parent_stamp,"
                      " into_stamp FROM deck ORDER BY uuid" },
        [SQL_MAX] = { "SELECT max(id) FROM deck" },
};

enum { STAMP_BYTES = 36 };

/* A row, and what is made of it. */
typedef struct Link {
        int64_t id;
        uint8_t uuid[UUID_SIZE];
        bool known;
        char *name, *full;
        int64_t preset;
        int64_t to[2]; /* LINK_PARENT, LINK_INTO; 0: none */
        uint8_t stamp[2][STAMP_BYTES];
        unsigned depth;
        bool placed;
} Link;

enum { LINK_PARENT, LINK_INTO };

typedef struct Links {
        Link *items;
        size_t n;
        size_t *by_id; /* index + 1 */
        size_t n_by_id;
} Links;

static void links_done(Links *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].name);
                free(l->items[i].full);
        }
        free(l->items);
        free(l->by_id);
}

static Link *links_get(const Links *l, int64_t id) {
        return id > 0 && (size_t) id < l->n_by_id && l->by_id[id] > 0 ? &l->items[l->by_id[id] - 1]
                                                                      : NULL;
}

static int links_load(Store *store, Links *l) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int64_t max;
        size_t cap = 0;
        int r;

        r = stmt_int(store, &sql[SQL_MAX], 0, &max, "");
        if (r < 0)
                return r;
        if (max < 0 || max > 1 << 24)
                return store_fail(store, -EUCLEAN, "%s is damaged: a deck has number %" PRIi64 ".",
                                  store->path, max);

        l->n_by_id = (size_t) max + 1;
        l->by_id = calloc(l->n_by_id, sizeof(*l->by_id));
        if (!l->by_id)
                return -ENOMEM;

        r = stmt_query(store, &sql[SQL_ALL], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                Link link = { .id = sqlite3_column_int64(st, 0),
                              .known = sqlite3_column_int(st, 2),
                              .preset = stmt_int_or(st, 5, PRESET_DEFAULT),
                              .to = { stmt_int_or(st, 4, 0), stmt_int_or(st, 6, 0) } };

                if (l->n == cap) {
                        void *more =
                                reallocarray(l->items, cap = cap ? 2 * cap : 16, sizeof(*l->items));

                        if (!more)
                                return -ENOMEM;
                        l->items = more;
                }
                if (link.id < 1 || link.id > max || sqlite3_column_bytes(st, 1) != UUID_SIZE)
                        return store_fail(store, -EUCLEAN, "%s is damaged: a deck has no identity.",
                                          store->path);

                memcpy(link.uuid, sqlite3_column_blob(st, 1), UUID_SIZE);
                for (int i = 0; i < 2; i++)
                        if (sqlite3_column_bytes(st, 7 + i) == STAMP_BYTES)
                                memcpy(link.stamp[i], sqlite3_column_blob(st, 7 + i), STAMP_BYTES);

                /* A deck that was named before it was described has no name yet. */
                link.name = strdup(*stmt_text(st, 3) ? stmt_text(st, 3) : "Unnamed");
                if (!link.name)
                        return -ENOMEM;
                l->items[l->n++] = link;
                l->by_id[link.id] = l->n;
        }
        return r;
}

/*
 * Cuts circles of one kind of link, which two devices can make together, at the link that came
 * last. Each deck has one link of a kind, so every circle is found by walking from its members.
 */
static void links_cut(Links *l, int kind) {
        for (size_t i = 0; i < l->n; i++)
                for (;;) {
                        Link *last = NULL, *at = &l->items[i];
                        size_t steps = 0;

                        do {
                                if (!last ||
                                    memcmp(at->stamp[kind], last->stamp[kind], STAMP_BYTES) > 0)
                                        last = at;
                                at = links_get(l, at->to[kind]);
                        } while (at && at != &l->items[i] && ++steps <= l->n);

                        if (at != &l->items[i])
                                break;
                        last->to[kind] = 0;
                }
}

static int64_t links_target(const Links *l, int64_t id) {
        const Link *link = links_get(l, id);

        while (link && link->to[LINK_INTO] > 0 && links_get(l, link->to[LINK_INTO]))
                link = links_get(l, link->to[LINK_INTO]);
        return link ? link->id : 0;
}

static bool same_name_before(const Links *l, const Link *link) {
        for (size_t i = 0; i < l->n; i++)
                if (&l->items[i] == link)
                        return false;
                else if (l->items[i].placed &&
                         l->items[i].to[LINK_PARENT] == link->to[LINK_PARENT] && l->items[i].full &&
                         link->full && strcmp(l->items[i].full, link->full) == 0)
                        return true;
        return false;
}

/* Full names, from the top down; decks of one name under one parent are numbered by their identity. */
static int links_name(Links *l) {
        bool again = true;

        for (unsigned depth = 0; again && depth < DECK_DEPTH_MAX; depth++) {
                again = false;
                for (size_t i = 0; i < l->n; i++) {
                        Link *link = &l->items[i];
                        Link *parent = links_get(l, link->to[LINK_PARENT]);

                        if (link->placed || link->to[LINK_INTO] > 0)
                                continue;
                        if (depth == 0 ? parent != NULL
                                       : !parent || !parent->placed || parent->depth != depth - 1)
                                continue;

                        for (unsigned n = 1; n == 1 || same_name_before(l, link); n++) {
                                char number[16] = "";

                                if (n > 1)
                                        (void) snprintf(number, sizeof(number), " (%u)", n);
                                free(link->full);
                                link->full = text_format("%s%s%s%s", parent ? parent->full : "",
                                                         parent ? "::" : "", link->name, number);
                                if (!link->full)
                                        return -ENOMEM;
                        }
                        link->depth = depth;
                        link->placed = true;
                        again = true;
                }
                if (depth == 0)
                        again = true;
        }
        return 0;
}

/* Like strcmp(), but "::" before all else, so that children follow their parent. */
static int compare_names(const char *a, const char *b) {
        while (*a && *a == *b) {
                a++;
                b++;
        }
        if (strncmp(a, "::", 2) == 0 && *b)
                return -1;
        if (strncmp(b, "::", 2) == 0 && *a)
                return 1;
        return (unsigned char) *a - (unsigned char) *b;
}

static int compare_decks(const void *a, const void *b) {
        const Deck *x = a, *y = b;
        int r = compare_names(x->name, y->name);

        return r != 0 ? r : x->id < y->id ? -1 : 1;
}

void deck_forget(Store *store) {
        for (size_t i = 0; i < store->n_decks; i++)
                free(store->decks[i].name);
        free(store->decks);
        free(store->deck_targets);
        store->decks = NULL;
        store->deck_targets = NULL;
        store->n_decks = 0;
        store->n_deck_targets = 0;
        store->decks_valid = false;
        queue_forget(store);
}

static int deck_load(Store *store) {
        _cleanup_(links_done) Links l = { 0 };
        int r;

        if (store->decks_valid)
                return 0;

        deck_forget(store);
        r = links_load(store, &l);
        if (r < 0)
                return r;

        links_cut(&l, LINK_INTO);
        for (size_t i = 0; i < l.n; i++) {
                l.items[i].to[LINK_PARENT] = links_target(&l, l.items[i].to[LINK_PARENT]);
                if (l.items[i].to[LINK_PARENT] == l.items[i].id)
                        l.items[i].to[LINK_PARENT] = 0;
        }
        links_cut(&l, LINK_PARENT);
        r = links_name(&l);
        if (r < 0)
                return r;

        store->deck_targets = calloc(l.n_by_id, sizeof(*store->deck_targets));
        store->decks = calloc(l.n + 1, sizeof(*store->decks));
        if (!store->deck_targets || !store->decks)
                return -ENOMEM;

        store->n_deck_targets = l.n_by_id;
        for (size_t i = 0; i < l.n; i++) {
                Link *link = &l.items[i];
                Deck *deck = &store->decks[store->n_decks];

                store->deck_targets[link->id] = links_target(&l, link->id);
                if (!link->placed)
                        continue;

                *deck = (Deck){ .id = link->id,
                                .name = TAKE_PTR(link->full),
                                .parent = link->to[LINK_PARENT],
                                .preset = link->preset,
                                .depth = link->depth };
                deck->tail = strrchr(deck->name, ':') && link->depth > 0
                                     ? strrchr(deck->name, ':') + 1
                                     : deck->name;
                uuid_format(link->uuid, deck->uuid);
                store->n_decks++;
        }

        qsort(store->decks, store->n_decks, sizeof(Deck), compare_decks);
        store->decks_valid = true;
        return 0;
}

int deck_list(Store *store, const Deck **ret, size_t *ret_n) {
        int r;

        r = deck_load(store);
        if (r < 0)
                return r;

        *ret = store->decks;
        *ret_n = store->n_decks;
        return 0;
}

int deck_get(Store *store, int64_t id, const Deck **ret) {
        int r;

        r = deck_load(store);
        if (r < 0)
                return r;

        for (size_t i = 0; i < store->n_decks; i++)
                if (store->decks[i].id == id) {
                        *ret = &store->decks[i];
                        return 0;
                }
        return store_fail(store, STORE_E_NOT_FOUND, "There is no deck %" PRIi64 ".", id);
}

int deck_by_name(Store *store, const char *name, const Deck **ret) {
        int r;

        r = deck_load(store);
        if (r < 0)
                return r;

        for (size_t i = 0; i < store->n_decks; i++)
                if (strcmp(store->decks[i].name, name) == 0) {
                        *ret = &store->decks[i];
                        return 0;
                }
        return store_fail(store, STORE_E_NOT_FOUND, "There is no deck \"%s\".", name);
}

int deck_resolve(Store *store, int64_t deck, int64_t *ret) {
        int r;

        r = deck_load(store);
        if (r < 0)
                return r;

        *ret = deck > 0 && (size_t) deck < store->n_deck_targets && store->deck_targets[deck] > 0
                       ? store->deck_targets[deck]
                       : DECK_DEFAULT;
        return 0;
}

bool deck_is_below(Store *store, int64_t deck, int64_t ancestor) {
        const Deck *d;

        for (unsigned i = 0; i <= DECK_DEPTH_MAX && deck > 0; i++) {
                if (deck == ancestor)
                        return true;
                if (deck_get(store, deck, &d) != 0)
                        return false;
                deck = d->parent;
        }
        return false;
}

const char *deck_name_problem(const char *name) {
        unsigned depth = 0;

        if (!*name)
                return "is empty";
        if (!utf8_valid(name, strlen(name)))
                return "holds invalid UTF-8";

        for (const char *part = name;; depth++) {
                const char *end = strstr(part, "::");
                size_t len = end ? (size_t) (end - part) : strlen(part);
                uint32_t c;

                if (depth >= DECK_DEPTH_MAX)
                        return "has too many parts";
                if (len == 0)
                        return "has an empty part";
                if (len > DECK_NAME_MAX)
                        return "has a part of more than 200 bytes";
                if (part[0] == ' ' || part[len - 1] == ' ')
                        return "has a part that begins or ends with a space";
                if (part[0] == ':' || part[len - 1] == ':')
                        return "has a part that begins or ends with a colon";
                for (size_t i = 0; i < len;) {
                        i += utf8_decode(part + i, len - i, &c);
                        if (text_is_unsafe_char(c) || c == '\n' || c == '\t')
                                return "holds a control character";
                }
                if (!end)
                        return NULL;
                part = end + 2;
        }
}
