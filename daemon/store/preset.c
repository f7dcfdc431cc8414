#include "store/preset.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/preset-text.h"
#include "store/internal.h"

enum { SQL_ALL };
static const Sql sql[] = {
        [SQL_ALL] = { "SELECT id, uuid, name, json FROM preset WHERE known = 1 ORDER BY name, uuid" },
};

void preset_forget(Store *store) {
        for (size_t i = 0; i < store->n_presets; i++) {
                free(store->presets[i]->name);
                free(store->presets[i]);
        }
        free(store->presets);
        store->presets = NULL;
        store->n_presets = 0;
        store->presets_valid = false;
}

static int preset_load(Store *store) {
        _cleanup_stmt_ sqlite3_stmt *st = NULL;
        int r;

        if (store->presets_valid)
                return 0;

        preset_forget(store);
        r = stmt_query(store, &sql[SQL_ALL], &st, "");
        if (r < 0)
                return r;

        while ((r = stmt_step(store, st)) > 0) {
                _cleanup_(json_doc_freep) JsonDoc *doc = NULL;
                PresetRow *row;
                void *more;

                more = reallocarray(store->presets, store->n_presets + 1, sizeof(*store->presets));
                if (!more)
                        return -ENOMEM;
                store->presets = more;

                row = calloc(1, sizeof(*row));
                if (!row)
                        return -ENOMEM;
                store->presets[store->n_presets++] = row;

                row->id = sqlite3_column_int64(st, 0);
                row->name = strdup(stmt_text(st, 2));
                if (!row->name)
                        return -ENOMEM;
                if (sqlite3_column_bytes(st, 1) == UUID_SIZE)
                        uuid_format(sqlite3_column_blob(st, 1), row->uuid);

                r = json_parse(stmt_text(st, 3), (size_t) sqlite3_column_bytes(st, 3), &doc, NULL);
                if (r == -ENOMEM)
                        return r;
                preset_text_from_json(doc ? json_root(doc) : NULL, &row->preset);
        }
        if (r < 0)
                return r;

        store->presets_valid = true;
        return 0;
}

int preset_get(Store *store, int64_t id, const PresetRow **ret) {
        int r;

        r = preset_load(store);
        if (r < 0)
                return r;

        for (size_t i = 0; i < store->n_presets; i++)
                if (store->presets[i]->id == id) {
                        *ret = store->presets[i];
                        return 0;
                }
        return store_fail(store, STORE_E_NOT_FOUND, "There is no preset %" PRIi64 ".", id);
}

int preset_by_name(Store *store, const char *name, const PresetRow **ret) {
        int r;

        r = preset_load(store);
        if (r < 0)
                return r;

        for (size_t i = 0; i < store->n_presets; i++)
                if (strcmp(store->presets[i]->name, name) == 0) {
                        *ret = store->presets[i];
                        return 0;
                }
        return store_fail(store, STORE_E_NOT_FOUND, "There is no preset \"%s\".", name);
}

int preset_of_deck(Store *store, int64_t deck, const PresetRow **ret) {
        const Deck *d;
        int r;

        r = deck_get(store, deck, &d);
        if (r < 0)
                return r;

        if (r == 0 && preset_get(store, d->preset, ret) == 0)
                return 0;
        return preset_get(store, PRESET_DEFAULT, ret);
}

int preset_list(Store *store, const PresetRow *const **ret, size_t *ret_n) {
        int r;

        r = preset_load(store);
        if (r < 0)
                return r;

        *ret = (const PresetRow *const *) store->presets;
        *ret_n = store->n_presets;
        return 0;
}
