/* Any bytes as a configuration: refused with sentences, or every option within its range. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "conf/conf.h"
#include "util/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(conf_freep) Conf *c = NULL;
        _cleanup_free_ char *errors = NULL;

        if (conf_parse("f", data ? (const char *) data : "", size, &c, &errors) < 0) {
                if (!errors || !errors[0] || !utf8_valid(errors, strlen(errors)))
                        abort();
                return 0;
        }
        if (c->batch < 1 || c->batch > 100 || c->min_due < 1 || c->day_starts_min > 1439 ||
            c->slots.n > REMIND_SLOTS_MAX || c->n_decks > REMIND_DECKS_MAX ||
            c->n_holidays > REMIND_HOLIDAYS_MAX || c->pace_from_min >= c->pace_until_min ||
            c->n_grades != 3 || c->data_folder[0] != '/')
                abort();
        return 0;
}
