/*
 * Opens tests/data/fsrs6.json for the tests that hold the model against it.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "core/types.h"
#include "util/cleanup.h"
#include "util/json.h"

static inline JsonDoc *vectors_open(void) {
        _cleanup_fclose_ FILE *f = NULL;
        _cleanup_free_ char *text = NULL;
        const char *folder = getenv("EBB_TEST_DATA");
        JsonDoc *doc = NULL;
        char path[4096];
        size_t len, size = 1 << 20;

        snprintf(path, sizeof(path), "%s/fsrs6.json", folder ? folder : "tests/data");
        f = fopen(path, "re");
        text = malloc(size);
        if (!f || !text)
                return NULL;

        len = fread(text, 1, size, f);
        if (len == size || json_parse(text, len, &doc, NULL) < 0)
                return NULL;
        return doc;
}

static inline double vectors_number(const Json *array, size_t index) {
        return json_double(json_at(array, index), NAN);
}

static inline void vectors_weights(const Json *root, size_t index,
                                   double ret[static FSRS_WEIGHTS]) {
        const Json *row = json_at(json_get(root, "params"), index);

        for (size_t i = 0; i < FSRS_WEIGHTS; i++)
                ret[i] = vectors_number(row, i);
}
