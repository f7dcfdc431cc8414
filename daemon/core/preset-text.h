/*
 * A preset's options by name, as text for people and as JSON for the ops. One row an option:
 * whoever adds a field to Preset adds a row here, and client, bus and store know it.
 *
 * Text is built in a TextBuf, the one thing in core that allocates.
 */
#pragma once

#include <stddef.h>

#include "core/types.h"
#include "util/json.h"
#include "util/text.h"

enum {
        PRESET_TEXT_E_UNKNOWN = 1, /* no such option; `problem` names the nearest */
        PRESET_TEXT_E_VALUE = 2,   /* `problem` names what is allowed */
};

typedef struct PresetOption {
        const char *key;
        const char *range; /* what is allowed, for a sentence: "0.70 to 0.97" */
        const char *help;
} PresetOption;

size_t preset_text_count(void);
const PresetOption *preset_text_option(size_t index);

/* 0, one of the above, -ENOMEM; `preset` is changed only on 0. */
int preset_text_set(Preset *preset, const char *key, const char *value, TextBuf *problem);

/* Appends the value of an option: what preset_text_set() reads back to the same value. */
void preset_text_get(const Preset *preset, size_t index, TextBuf *out);

/* A JSON object with every option. Steps are arrays of seconds, choices are strings. */
void preset_text_to_json(const Preset *preset, JsonWriter *w);

/*
 * Reads what another version or device may have written: what is missing, unknown or of the wrong type is
 * the default, what is out of range is forced into it. Never fails, so that a fold cannot; the
 * same object gives the same preset everywhere.
 */
void preset_text_from_json(const Json *object, Preset *ret);
