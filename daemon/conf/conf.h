/*
 * The configuration: ~/.config/ebb/ebb.conf, read with inih. One row per option in conf.c: section,
 * key, parser, default, range, help; the man page and config/ebb.conf are checked against that table.
 *
 * What belongs to the collection (limits, steps, retention) is in presets, not here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/remind.h"
#include "util/cleanup.h"

typedef enum ConfText { CONF_TEXT_FULL, CONF_TEXT_CAREFUL, CONF_TEXT_COUNT } ConfText;

/* A deck one wants to be asked about. */
typedef struct ConfDeck {
        char *name;
        unsigned min_due; /* of its own; 0: counts with the others */
} ConfDeck;

typedef struct Conf {
        /* [general] */
        unsigned
                day_starts_min; /* day-starts: minutes after local midnight, 0..1439; default 04:00 */
        char *data_folder;      /* data: absolute; default $XDG_DATA_HOME/ebb */
        char *zone;             /* zone: IANA name; NULL = the system's */

        /* [remind] */
        bool remind;                      /* enabled: ask by notification at all; default yes */
        RemindSlots slots, slots_weekend; /* slots: 10:00, 13:30, 16:30; slots-weekend: 11:00 */
        unsigned slot_window_s;           /* slot-window: how long a slot is open; default 90 min */
        unsigned quiet_from_min;          /* quiet: "20:00-08:00"; from == until: never quiet */
        unsigned quiet_until_min;
        unsigned budget;       /* budget: at slots, a day; 1..24, default 3 */
        unsigned total_budget; /* total-budget: with learning steps; 1..100, default 8 */
        unsigned min_gap_s;    /* min-gap: seconds between two at slots; default 2 h */
        unsigned min_due;      /* min-due: ask only when so many are due; 1..1000, default 5 */
        unsigned
                overdue_any_s; /* overdue-any: fewer are enough when the oldest waits this long; default 24 h */
        unsigned settle_s;  /* settle: nothing so soon after coming; default 2 min */
        unsigned engaged_s; /* engaged: nothing so soon after a review; default 60 min */
        unsigned catchup;   /* catchup: first batch after an absence; 1..100, default 20 */
        bool fade;          /* fade: silent where the learner reviews unasked; default yes */
        bool learning;      /* learning: ask learning steps in a paused review; default yes */
        unsigned pace_s; /* pace: a card every so often instead of slots; 0 = never, the default */
        unsigned pace_from_min, pace_until_min; /* pace-hours: 09:00-18:00 */
        ConfDeck decks[REMIND_DECKS_MAX];       /* decks: only these; default all (n_decks 0) */
        size_t n_decks;

        /* [holiday] */
        RemindHoliday holidays[REMIND_HOLIDAYS_MAX]; /* dates */
        size_t n_holidays;

        /* [review] */
        unsigned batch; /* batch: cards in one go, 1..100, default 5 */
        unsigned
                card_timeout_s; /* card-timeout: an unanswered card leaves after this; 0 never; default 10 min */
        ConfText text; /* text: full | careful | count-only: hides card text in popups */
        unsigned grades
                [4]; /* three-buttons: which grades servers with three buttons offer; default again good easy */
        size_t n_grades;
        bool intervals; /* intervals: "Good 4d" instead of "Good"; default yes */

        /* [backup] */
        bool backup_daily; /* daily; default yes */
        unsigned keep_daily, keep_weekly, keep_monthly;
} Conf;

/*
 * Reads the file (NULL: all defaults; a file that does not exist is the same). All mistakes are
 * collected: on -EINVAL *ret_errors holds one line each, `file:line: sentence`. Other
 * negatives: the file could not be read, *ret_errors says why. *ret is only set on success.
 */
int conf_load(const char *path, Conf **ret, char **ret_errors);
/* The same from text; `name` stands for the file in the errors. For tests. */
int conf_parse(const char *name, const char *text, size_t len, Conf **ret, char **ret_errors);

Conf *conf_free(Conf *c);
DEFINE_CLEANUP(Conf *, conf_free);

/*
 * For `ebb config`, the documents and tests: the i-th option; false when there is none. Strings live as
 * long as `c`, or are static. `c` must come from conf_load() or conf_parse().
 */
typedef struct ConfOption {
        const char *section, *key, *value, *fallback, *help;
        int line; /* 0: default in force */
} ConfOption;
bool conf_option(const Conf *c, size_t i, ConfOption *ret);
