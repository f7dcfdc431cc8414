/* org.ebbd.Ebb1.Decks: the tree of decks, and presets. */
#include <errno.h>
#include <string.h>

#include "bus/bus-private.h"
#include "commands.h"
#include "core/preset-text.h"
#include "store/deck.h"
#include "store/preset.h"
#include "store/queue.h"
#include "util/text.h"

static int append_deck(Bus *b, sd_bus_message *reply, const DeckCounts *counts) {
        _cleanup_free_ char *name = NULL;
        const PresetRow *preset;
        const Deck *deck;
        int r;

        r = deck_get(b->parts.store, counts->deck, &deck);
        if (r != 0)
                return r;

        /* The next query may move the cached list. */
        name = strdup(deck->name);
        if (!name)
                return -ENOMEM;

        r = preset_of_deck(b->parts.store, counts->deck, &preset);
        if (r != 0)
                return r;

        return bus_done(sd_bus_message_append(reply, "(ssuuut)", name, preset->name,
                                              counts->due.fresh, counts->due.learning,
                                              counts->due.review, (uint64_t) counts->total));
}

static int method_list(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ DeckCounts *counts = NULL;
        When when = engine_when(b->parts.engine);
        size_t n = 0;
        int r;

        r = queue_due_by_deck(b->parts.store, &when, &counts, &n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_DECK, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(ssuuut)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = append_deck(b, reply, &counts[i]);
                if (r != 0)
                        return bus_store_error(b, r, EBB_ERROR_NO_SUCH_DECK, error);
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int reply_done(Bus *b, sd_bus_message *m, int r, const char *missing, sd_bus_error *error) {
        if (r != 0)
                return bus_store_error(b, r, missing, error);

        bus_collection_changed(b);
        return sd_bus_reply_method_return(m, "");
}

static int method_create(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        const char *deck;
        int r;

        r = sd_bus_message_read(m, "s", &deck);
        if (r < 0)
                return r;

        r = commands_deck_create(b->parts.store, &when, deck, NULL);
        return reply_done(b, m, r, EBB_ERROR_NO_SUCH_DECK, error);
}

static int method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        const char *deck, *new_name;
        int r;

        r = sd_bus_message_read(m, "ss", &deck, &new_name);
        if (r < 0)
                return r;

        r = commands_deck_rename(b->parts.store, &when, deck, new_name);
        return reply_done(b, m, r, EBB_ERROR_NO_SUCH_DECK, error);
}

static int method_delete(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        const char *deck, *into;
        int r;

        r = sd_bus_message_read(m, "ss", &deck, &into);
        if (r < 0)
                return r;

        r = commands_deck_delete(b->parts.store, &when, deck, into);
        return reply_done(b, m, r, EBB_ERROR_NO_SUCH_DECK, error);
}

static int method_set_preset(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        When when = engine_when(b->parts.engine);
        const char *deck, *preset, *missing;
        const Deck *row;
        int r;

        r = sd_bus_message_read(m, "ss", &deck, &preset);
        if (r < 0)
                return r;

        missing = deck_by_name(b->parts.store, deck, &row) == 0 ? EBB_ERROR_NO_SUCH_PRESET
                                                                : EBB_ERROR_NO_SUCH_DECK;
        r = commands_deck_set_preset(b->parts.store, &when, deck, preset);
        return reply_done(b, m, r, missing, error);
}

static int append_option(sd_bus_message *reply, const Preset *preset, const Preset *defaults,
                         size_t i) {
        _cleanup_(textbuf_done) TextBuf value = { 0 }, fallback = { 0 };
        const PresetOption *option = preset_text_option(i);

        preset_text_get(preset, i, &value);
        preset_text_get(defaults, i, &fallback);
        if (value.error < 0 || fallback.error < 0)
                return -ENOMEM;

        return sd_bus_message_append(reply, "(ssss)", option->key, value.buf ? value.buf : "",
                                     fallback.buf ? fallback.buf : "", option->help);
}

static int method_get_preset(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const PresetRow *row;
        const char *name;
        Preset defaults;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = preset_by_name(b->parts.store, name, &row);
        if (r == STORE_E_NOT_FOUND)
                return sd_bus_error_setf(error, EBB_ERROR_NO_SUCH_PRESET,
                                         "There is no preset \"%.200s\".", name);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_PRESET, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(ssss)");
        if (r < 0)
                return r;

        preset_init(&defaults);
        for (size_t i = 0; i < preset_text_count(); i++) {
                r = append_option(reply, &row->preset, &defaults, i);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_put_preset(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ FieldValue *options = NULL;
        When when = engine_when(b->parts.engine);
        const char *preset;
        size_t n;
        int r;

        r = sd_bus_message_read(m, "s", &preset);
        if (r < 0)
                return r;

        r = bus_read_fields(m, &options, &n, error);
        if (r < 0)
                return r;

        r = commands_preset_put(b->parts.store, &when, preset, options, n);
        return reply_done(b, m, r, EBB_ERROR_NO_SUCH_PRESET, error);
}

static int method_list_presets(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const PresetRow *const *presets;
        size_t n;
        int r;

        r = preset_list(b->parts.store, &presets, &n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NO_SUCH_PRESET, error);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                r = sd_bus_message_append_basic(reply, 's', presets[i]->name);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

#define U SD_BUS_VTABLE_UNPRIVILEGED

/* clang-format off */
const sd_bus_vtable bus_decks_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssuuut)", decks), method_list, U),
        SD_BUS_METHOD_WITH_ARGS("Create", SD_BUS_ARGS("s", deck), SD_BUS_NO_RESULT, method_create, U),
        SD_BUS_METHOD_WITH_ARGS("Rename", SD_BUS_ARGS("s", deck, "s", new_name), SD_BUS_NO_RESULT, method_rename, U),
        SD_BUS_METHOD_WITH_ARGS("Delete", SD_BUS_ARGS("s", deck, "s", into), SD_BUS_NO_RESULT, method_delete, U),
        SD_BUS_METHOD_WITH_ARGS("SetPreset", SD_BUS_ARGS("s", deck, "s", preset), SD_BUS_NO_RESULT, method_set_preset, U),
        SD_BUS_METHOD_WITH_ARGS("GetPreset", SD_BUS_ARGS("s", preset), SD_BUS_RESULT("a(ssss)", options), method_get_preset, U),
        SD_BUS_METHOD_WITH_ARGS("PutPreset", SD_BUS_ARGS("s", preset, "a{ss}", options), SD_BUS_NO_RESULT, method_put_preset, U),
        SD_BUS_METHOD_WITH_ARGS("ListPresets", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", presets), method_list_presets, U),
        SD_BUS_VTABLE_END
};
/* clang-format on */
