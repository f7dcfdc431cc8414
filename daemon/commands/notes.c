#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands/action.h"
#include "store/deck.h"
#include "store/note.h"
#include "store/notetype.h"
#include "util/text.h"

int action_tag(Action *a, int64_t note, const char *tag, bool on) {
        JsonWriter w = { 0 };
        Op op;
        int r;

        r = target_note(a, note, &op);
        if (r != 0)
                return r;

        payload_string(&w, "tag", tag);
        json_put_key(&w, "on");
        json_put_bool(&w, on);
        return action_put(a, "tag", &op, &w);
}

static bool has_field(const NoteType *type, const char *name) {
        for (size_t i = 0; i < type->n_fields; i++)
                if (strcmp(type->fields[i], name) == 0)
                        return true;
        return false;
}

static const char *input_field(const FieldValue *fields, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(fields[i].name, name) == 0)
                        return fields[i].value ? fields[i].value : "";
        return "";
}

static bool is_blank(const char *s) {
        return s[strspn(s, " \t\r\n")] == '\0';
}

static int check_fields(Store *store, const NoteType *type, const FieldValue *fields, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const char *value = fields[i].value ? fields[i].value : "";
                const char *problem = text_field_problem(value, strlen(value));

                if (!has_field(type, fields[i].name))
                        return store_fail(store, STORE_E_INVALID,
                                          "The note type \"%s\" has no field \"%s\".", type->name,
                                          fields[i].name);
                if (problem)
                        return store_fail(store, STORE_E_INVALID, "The field \"%s\" %s.",
                                          fields[i].name, problem);
                for (size_t j = 0; j < i; j++)
                        if (strcmp(fields[j].name, fields[i].name) == 0)
                                return store_fail(store, STORE_E_INVALID,
                                                  "The field \"%s\" is given twice.",
                                                  fields[i].name);
        }
        return 0;
}

static int check_tags(Store *store, const char *const *tags, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const char *problem = note_tag_problem(tags[i]);

                if (problem)
                        return store_fail(store, STORE_E_INVALID, "The tag \"%s\" %s.", tags[i],
                                          problem);
        }
        return 0;
}

int note_input_check(Store *store, const NoteType *type, const NoteInput *input) {
        unsigned ords[NOTETYPE_ORDS_MAX];
        int r;

        r = check_fields(store, type, input->fields, input->n_fields);
        if (r != 0)
                return r;

        r = check_tags(store, input->tags, input->n_tags);
        if (r != 0)
                return r;

        if (type->n_fields == 0 ||
            is_blank(input_field(input->fields, input->n_fields, type->fields[0])))
                return store_fail(store, STORE_E_INVALID, "The first field, \"%s\", is empty.",
                                  type->n_fields > 0 ? type->fields[0] : "");
        if (note_ords(type, input->fields, input->n_fields, ords) == 0)
                return store_fail(store, STORE_E_INVALID, "%s",
                                  type->cloze
                                          ? "There is nothing to ask: no {{c1::...}} in the text."
                                          : "There is nothing to ask: every card would be empty.");
        return 0;
}

int note_input_type(Store *store, const NoteInput *input, const NoteTypeRow **ret) {
        const char *name = input->notetype && *input->notetype ? input->notetype : "Basic";
        int r;

        r = notetype_by_name(store, name, ret);
        if (r == STORE_E_NOT_FOUND)
                return store_fail(store, STORE_E_INVALID, "There is no note type \"%s\".", name);
        return r;
}

int action_note_put(Action *a, const uint8_t uuid[static UUID_SIZE], const NoteInput *input,
                    int64_t *ret_note) {
        const NoteTypeRow *row;
        const Deck *deck;
        JsonWriter w = { 0 };
        int64_t type, deck_id;
        Op op = { 0 };
        int r;

        r = note_input_type(a->store, input, &row);
        if (r != 0)
                return r;

        r = note_input_check(a->store, &row->type, input);
        if (r != 0)
                return r;
        type = row->id;

        r = action_deck(a, input->deck, &deck_id);
        if (r != 0)
                return r;

        r = notetype_get(a->store, type, &row);
        if (r != 0)
                return r;

        r = deck_get(a->store, deck_id, &deck);
        if (r != 0)
                return r;

        payload_string(&w, "type", row->uuid);
        json_put_key(&w, "deck");
        json_put_string(&w, deck->uuid);
        json_put_key(&w, "fields");
        json_open(&w, '{');
        for (size_t i = 0; i < input->n_fields; i++) {
                json_put_key(&w, input->fields[i].name);
                json_put_string(&w, input->fields[i].value ? input->fields[i].value : "");
        }
        json_close(&w, '}');
        if (input->n_tags > 0) {
                json_put_key(&w, "tags");
                json_open(&w, '[');
                for (size_t i = 0; i < input->n_tags; i++)
                        json_put_string(&w, input->tags[i]);
                json_close(&w, ']');
        }

        op_target_uuid(&op, uuid);
        r = action_put(a, "note.put", &op, &w);
        if (r < 0)
                return r;

        return ret_note ? fold_note_id(a->store, uuid, ret_note) : 0;
}

static int add(Action *a, const NoteInput *input, int64_t *ret_note) {
        uint8_t uuid[UUID_SIZE];
        int r;

        r = action_uuid(a, uuid);
        if (r < 0)
                return r;

        return action_note_put(a, uuid, input, ret_note);
}

int commands_note_add(Store *store, const When *when, const NoteInput *input, int64_t *ret_note) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, add(&a, input, ret_note));
}

static int get_alive(Action *a, int64_t id, Note **ret) {
        _cleanup_(note_freep) Note *note = NULL;
        int r;

        r = note_get(a->store, id, &note);
        if (r != 0)
                return r;
        if (!note->alive)
                return store_fail(a->store, STORE_E_NOT_FOUND, "Note %" PRIi64 " was deleted.", id);

        *ret = TAKE_PTR(note);
        return 0;
}

static int edit(Action *a, int64_t id, const FieldValue *fields, size_t n) {
        _cleanup_(note_freep) Note *note = NULL;
        const NoteTypeRow *row;
        JsonWriter w = { 0 };
        bool changed = false;
        Op op;
        int r;

        r = get_alive(a, id, &note);
        if (r != 0)
                return r;

        r = notetype_get(a->store, note->notetype, &row);
        if (r != 0)
                return r;

        r = check_fields(a->store, &row->type, fields, n);
        if (r != 0)
                return r;

        for (size_t i = 0; i < n; i++)
                if (row->type.n_fields > 0 && strcmp(fields[i].name, row->type.fields[0]) == 0 &&
                    is_blank(fields[i].value ? fields[i].value : ""))
                        return store_fail(a->store, STORE_E_INVALID,
                                          "The first field, \"%s\", cannot be empty.",
                                          fields[i].name);

        r = target_note(a, id, &op);
        if (r != 0)
                return r;

        json_open(&w, '{');
        json_put_key(&w, "fields");
        json_open(&w, '{');
        for (size_t i = 0; i < n; i++) {
                const char *value = fields[i].value ? fields[i].value : "";

                if (strcmp(note_field(note, fields[i].name), value) == 0)
                        continue;
                json_put_key(&w, fields[i].name);
                json_put_string(&w, value);
                changed = true;
        }
        json_close(&w, '}');
        if (!changed) {
                json_writer_done(&w);
                return 0;
        }
        return action_put(a, "note.put", &op, &w);
}

int commands_note_edit(Store *store, const When *when, int64_t note, const FieldValue *fields,
                       size_t n_fields) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, edit(&a, note, fields, n_fields));
}

static int set_alive(Action *a, const int64_t *notes, size_t n, bool alive, unsigned *ret_changed) {
        unsigned changed = 0;
        int r;

        for (size_t i = 0; i < n; i++) {
                _cleanup_(note_freep) Note *note = NULL;
                JsonWriter w = { 0 };
                Op op;

                r = note_get(a->store, notes[i], &note);
                if (r != 0)
                        return r;
                if (note->alive == alive)
                        continue;

                r = target_note(a, notes[i], &op);
                if (r != 0)
                        return r;

                json_open(&w, '{');
                r = action_put(a, alive ? "note.restore" : "note.del", &op, &w);
                if (r < 0)
                        return r;
                changed++;
        }

        if (ret_changed)
                *ret_changed = changed;
        return 0;
}

int commands_note_delete(Store *store, const When *when, const int64_t *notes, size_t n,
                         unsigned *ret_changed) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, set_alive(&a, notes, n, false, ret_changed));
}

int commands_note_restore(Store *store, const When *when, const int64_t *notes, size_t n,
                          unsigned *ret_changed) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(&a, set_alive(&a, notes, n, true, ret_changed));
}

static bool has_tag(const Note *note, const char *tag) {
        for (size_t i = 0; i < note->n_tags; i++)
                if (strcmp(note->tags[i], tag) == 0)
                        return true;
        return false;
}

static int tag_notes(Action *a, const int64_t *notes, size_t n, const char *const *add_tags,
                     size_t n_add, const char *const *remove_tags, size_t n_remove,
                     unsigned *ret_changed) {
        unsigned changed = 0;
        int r;

        r = check_tags(a->store, add_tags, n_add);
        if (r != 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                _cleanup_(note_freep) Note *note = NULL;
                int64_t before = action_count(a);

                r = get_alive(a, notes[i], &note);
                if (r != 0)
                        return r;

                for (size_t j = 0; j < n_add; j++)
                        if (!has_tag(note, add_tags[j])) {
                                r = action_tag(a, notes[i], add_tags[j], true);
                                if (r != 0)
                                        return r;
                        }
                for (size_t j = 0; j < n_remove; j++)
                        if (has_tag(note, remove_tags[j])) {
                                r = action_tag(a, notes[i], remove_tags[j], false);
                                if (r != 0)
                                        return r;
                        }
                changed += action_count(a) > before;
        }

        if (ret_changed)
                *ret_changed = changed;
        return 0;
}

int commands_note_tag(Store *store, const When *when, const int64_t *notes, size_t n,
                      const char *const *add_tags, size_t n_add, const char *const *remove_tags,
                      size_t n_remove, unsigned *ret_changed) {
        Action a;
        int r;

        r = action_begin(&a, store, when);
        if (r != 0)
                return r;

        return action_end(
                &a, tag_notes(&a, notes, n, add_tags, n_add, remove_tags, n_remove, ret_changed));
}
