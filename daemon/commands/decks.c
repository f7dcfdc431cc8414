#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands/action.h"
#include "core/preset-text.h"
#include "store/deck.h"
#include "store/notetype.h"
#include "store/preset.h"
#include "util/text.h"

static int create(Action *a, const char *name, int64_t *ret) {
        const Deck *deck;
        int64_t id;
        int r;

        r = deck_by_name(a->store, name, &deck);
        if (r < 0)
                return r;
        if (r == 0)
                return store_fail(a->store, STORE_E_EXISTS, "There is a deck \"%s\" already.",
                                  name);
        if (!*name)
                return store_fail(a->store, STORE_E_INVALID, "A deck needs a name.");

        r = action_deck(a, name, &id);
        if (r != 0)
                return r;

        if (ret)
                *ret = id;
        return 0;
}

int commands_deck_create(Store *store, const When *when, const char *name, int64_t *ret_deck) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, create(&a, name, ret_deck));
}

static int target_deck(const Deck *deck, Op *op) {
        uint8_t uuid[UUID_SIZE];

        if (uuid_parse(deck->uuid, uuid) < 0)
                return -EUCLEAN;

        *op = (Op){ 0 };
        op_target_uuid(op, uuid);
        return 0;
}

/* How many levels of decks are below one. */
static int levels_below(Store *store, const Deck *deck, unsigned *ret) {
        const Deck *decks;
        unsigned depth = deck->depth, deepest = depth;
        int64_t id = deck->id;
        size_t n;
        int r;

        r = deck_list(store, &decks, &n);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++)
                if (decks[i].depth > deepest && deck_is_below(store, decks[i].id, id))
                        deepest = decks[i].depth;
        *ret = deepest - depth;
        return 0;
}

static int rename_deck(Action *a, const char *name, const char *new_name) {
        _cleanup_free_ char *above = NULL;
        char parent_uuid[UUID_TEXT_SIZE] = "";
        const char *problem, *tail = new_name;
        JsonWriter w = { 0 };
        const Deck *deck, *other;
        size_t len = strlen(name);
        unsigned below, depth = 1;
        int64_t id;
        Op op;
        int r;

        r = deck_by_name(a->store, name, &deck);
        if (r != 0)
                return r;

        r = target_deck(deck, &op);
        if (r < 0)
                return r;

        r = levels_below(a->store, deck, &below);
        if (r < 0)
                return r;

        id = deck->id;
        problem = deck_name_problem(new_name);
        if (problem)
                return store_fail(a->store, STORE_E_INVALID, "The deck name \"%s\" %s.", new_name,
                                  problem);
        if (strncmp(new_name, name, len) == 0 && strncmp(new_name + len, "::", 2) == 0)
                return store_fail(a->store, STORE_E_INVALID,
                                  "The deck \"%s\" cannot be moved below itself.", name);
        if (strcmp(name, new_name) == 0)
                return 0;

        r = deck_by_name(a->store, new_name, &other);
        if (r < 0)
                return r;
        if (r == 0)
                return store_fail(a->store, STORE_E_EXISTS, "There is a deck \"%s\" already.",
                                  new_name);

        for (const char *p = strstr(new_name, "::"); p; p = strstr(p + 2, "::")) {
                tail = p + 2;
                depth++;
        }
        if (depth + below > DECK_DEPTH_MAX)
                return store_fail(
                        a->store, STORE_E_INVALID,
                        "The decks below \"%s\" would be too deep there: a deck's name has at "
                        "most %d parts.",
                        name, DECK_DEPTH_MAX);
        if (tail > new_name) {
                int64_t parent;

                if (id == DECK_DEFAULT)
                        return store_fail(
                                a->store, STORE_E_INVALID,
                                "The first deck can be renamed, but not put below another.");

                above = strndup(new_name, (size_t) (tail - new_name) - 2);
                if (!above)
                        return -ENOMEM;

                r = action_deck(a, above, &parent);
                if (r != 0)
                        return r;

                r = deck_get(a->store, parent, &other);
                if (r != 0)
                        return r;
                memcpy(parent_uuid, other->uuid, sizeof(parent_uuid));
        }

        payload_string(&w, "name", tail);
        json_put_key(&w, "parent");
        json_put_string(&w, *parent_uuid ? parent_uuid : NULL);
        return action_put(a, "deck.put", &op, &w);
}

int commands_deck_rename(Store *store, const When *when, const char *name, const char *new_name) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, rename_deck(&a, name, new_name));
}

static int delete_deck(Action *a, const char *name, const char *into) {
        char into_uuid[UUID_TEXT_SIZE];
        _cleanup_free_ Op *ops = NULL;
        const Deck *decks, *deck, *target;
        size_t n, n_ops = 0;
        int r;

        r = deck_by_name(a->store, name, &deck);
        if (r != 0)
                return r;
        if (deck->id == DECK_DEFAULT)
                return store_fail(
                        a->store, STORE_E_INVALID,
                        "The deck \"%s\" is where cards go that have no other; it cannot be deleted.",
                        name);

        r = into && *into ? deck_by_name(a->store, into, &target)
                          : deck_get(a->store, DECK_DEFAULT, &target);
        if (r != 0)
                return r;
        if (deck_is_below(a->store, target->id, deck->id))
                return store_fail(a->store, STORE_E_INVALID,
                                  "The cards of \"%s\" cannot go to \"%s\": it is deleted with it.",
                                  name, target->name);

        memcpy(into_uuid, target->uuid, sizeof(into_uuid));
        r = deck_list(a->store, &decks, &n);
        if (r < 0)
                return r;

        ops = calloc(n, sizeof(*ops));
        if (!ops)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++)
                if (deck_is_below(a->store, decks[i].id, deck->id)) {
                        r = target_deck(&decks[i], &ops[n_ops++]);
                        if (r < 0)
                                return r;
                }

        for (size_t i = 0; i < n_ops; i++) {
                JsonWriter w = { 0 };

                payload_string(&w, "into", into_uuid);
                r = action_put(a, "deck.merge", &ops[i], &w);
                if (r < 0)
                        return r;
        }
        return 0;
}

int commands_deck_delete(Store *store, const When *when, const char *name, const char *into) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, delete_deck(&a, name, into));
}

static int set_preset(Action *a, const char *name, const char *preset) {
        const PresetRow *row;
        JsonWriter w = { 0 };
        const Deck *deck;
        Op op;
        int r;

        r = deck_by_name(a->store, name, &deck);
        if (r != 0)
                return r;

        r = preset_by_name(a->store, preset, &row);
        if (r != 0)
                return r;
        if (deck->preset == row->id)
                return 0;

        r = target_deck(deck, &op);
        if (r < 0)
                return r;

        payload_string(&w, "preset", row->uuid);
        return action_put(a, "deck.put", &op, &w);
}

int commands_deck_set_preset(Store *store, const When *when, const char *deck, const char *preset) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, set_preset(&a, deck, preset));
}

static int preset_json(const Preset *preset, char **ret) {
        JsonWriter w = { 0 };

        preset_text_to_json(preset, &w);
        return json_finish(&w, ret);
}

static int put_preset(Action *a, const char *name, const FieldValue *options, size_t n) {
        _cleanup_free_ char *before = NULL, *after = NULL;
        uint8_t uuid[UUID_SIZE];
        const PresetRow *row;
        JsonWriter w = { 0 };
        Preset preset;
        Op op = { 0 };
        int r;

        if (!*name || strlen(name) > DECK_NAME_MAX || text_field_problem(name, strlen(name)))
                return store_fail(a->store, STORE_E_INVALID,
                                  "A preset needs a name of at most 200 bytes.");

        r = preset_by_name(a->store, name, &row);
        if (r < 0)
                return r;
        if (r == 0) {
                preset = row->preset;
                if (uuid_parse(row->uuid, uuid) < 0)
                        return -EUCLEAN;

                r = preset_json(&preset, &before);
                if (r < 0)
                        return r;
        } else {
                preset_init(&preset);
                r = action_uuid(a, uuid);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < n; i++) {
                _cleanup_(textbuf_done) TextBuf problem = { 0 };

                r = preset_text_set(&preset, options[i].name, options[i].value, &problem);
                if (r < 0)
                        return r;
                if (r > 0)
                        return store_fail(a->store, STORE_E_INVALID, "%s",
                                          problem.buf ? problem.buf
                                                      : "A preset's option cannot be so.");
        }

        preset_normalize(&preset);
        r = preset_json(&preset, &after);
        if (r < 0)
                return r;
        if (before && strcmp(before, after) == 0)
                return 0;

        op_target_uuid(&op, uuid);
        payload_string(&w, "name", name);
        json_put_key(&w, "options");
        json_put_raw(&w, after, strlen(after));
        return action_put(a, "preset.put", &op, &w);
}

int commands_preset_put(Store *store, const When *when, const char *preset,
                        const FieldValue *options, size_t n_options) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, put_preset(&a, preset, options, n_options));
}

int notetype_check(Store *store, const NoteType *type) {
        if (!type->name || !*type->name || strlen(type->name) > DECK_NAME_MAX ||
            text_field_problem(type->name, strlen(type->name)))
                return store_fail(store, STORE_E_INVALID,
                                  "A note type needs a name of at most 200 bytes.");
        if (type->n_fields < 1 || type->n_fields > NOTETYPE_FIELDS_MAX)
                return store_fail(store, STORE_E_INVALID,
                                  "The note type \"%s\" needs 1 to %d fields.", type->name,
                                  NOTETYPE_FIELDS_MAX);
        if (type->n_templates < 1 || type->n_templates > NOTETYPE_TEMPLATES_MAX ||
            (type->cloze && type->n_templates != 1))
                return store_fail(store, STORE_E_INVALID, "The note type \"%s\" needs %s.",
                                  type->name,
                                  type->cloze ? "exactly one template: it is a cloze type"
                                              : "1 to 64 templates");

        for (size_t i = 0; i < type->n_fields; i++) {
                const char *name = type->fields[i];

                if (!*name || strlen(name) > DECK_NAME_MAX ||
                    text_field_problem(name, strlen(name)))
                        return store_fail(store, STORE_E_INVALID,
                                          "The note type \"%s\" has a field without a usable name.",
                                          type->name);
                for (size_t j = 0; j < i; j++)
                        if (strcmp(type->fields[j], name) == 0)
                                return store_fail(store, STORE_E_INVALID,
                                                  "The note type \"%s\" has two fields \"%s\".",
                                                  type->name, name);
        }
        return 0;
}

int action_notetype(Action *a, const NoteType *type, int64_t *ret) {
        _cleanup_free_ char *json = NULL, *before = NULL;
        const NoteTypeRow *row;
        uint8_t uuid[UUID_SIZE];
        JsonWriter w = { 0 };
        Op op = { 0 };
        int r;

        r = notetype_check(a->store, type);
        if (r != 0)
                return r;

        r = notetype_to_json(type, &json);
        if (r < 0)
                return r;

        r = notetype_by_name(a->store, type->name, &row);
        if (r < 0)
                return r;
        if (r == 0) {
                r = notetype_to_json(&row->type, &before);
                if (r < 0)
                        return r;
                if (strcmp(before, json) == 0) {
                        *ret = row->id;
                        return 0;
                }
                r = uuid_parse(row->uuid, uuid);
        } else
                r = action_uuid(a, uuid);
        if (r < 0)
                return r;

        op_target_uuid(&op, uuid);
        payload_string(&w, "name", type->name);
        json_put_key(&w, "type");
        json_put_raw(&w, json, strlen(json));
        r = action_put(a, "notetype.put", &op, &w);
        if (r < 0)
                return r;

        return fold_notetype_id(a->store, uuid, ret);
}

int commands_notetype_put(Store *store, const When *when, const NoteType *type,
                          int64_t *ret_notetype) {
        int64_t id = 0;
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        r = action_end(&a, action_notetype(&a, type, &id));
        if (r == 0 && ret_notetype)
                *ret_notetype = id;
        return r;
}
