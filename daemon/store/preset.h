/*
 * Presets: how the cards of decks are scheduled. Values: core/types.h; names and text of the options: core/preset-text.h.
 */
#pragma once

#include "core/types.h"
#include "store/store.h"

enum { PRESET_DEFAULT = 1 };

typedef struct PresetRow {
        int64_t id;
        char uuid[37];
        char *name;
        Preset preset;
} PresetRow;

/* Cached: valid until a preset changes. */
int preset_get(Store *store, int64_t id, const PresetRow **ret);
int preset_by_name(Store *store, const char *name, const PresetRow **ret);
int preset_of_deck(Store *store, int64_t deck, const PresetRow **ret);
int preset_list(Store *store, const PresetRow *const **ret, size_t *ret_n); /* by name */
