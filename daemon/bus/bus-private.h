/* What the files of this folder share. */
#pragma once

#include <systemd/sd-bus.h>

#include "bus/bus.h"
#include "bus/names.h"
#include "core/notetype.h"
#include "store/card.h"
#include "util/usec.h"

enum {
        BUS_IDS_MAX = 10000,     /* cards or notes named in one call */
        BUS_TAGS_MAX = 1000,     /* tags named in one call */
        BUS_FIELDS_MAX = 64,     /* fields or options named in one call */
        BUS_SEARCH_MAX = 1000,   /* cards in one answer of Search */
        BUS_JOB_WAITERS_MAX = 64 /* calls of Wait that one job keeps */
};

typedef struct BusJob BusJob;

struct Bus {
        sd_bus *bus;
        sd_event *event;
        const BusHandler *handler;
        void *userdata;
        BusParts parts;
        char *problem;
        BusJob *jobs;
        sd_event_source *emit; /* sends what changed, once a turn */

        /* As last told in PropertiesChanged. */
        struct {
                EngineCounts counts;
                usec_t hushed_until_real;
                char *on_screen, *server, *problem;
                uint32_t presence; /* serial */
        } told;
};

extern const sd_bus_vtable bus_manager_vtable[];
extern const sd_bus_vtable bus_review_vtable[];
extern const sd_bus_vtable bus_cards_vtable[];
extern const sd_bus_vtable bus_decks_vtable[];
extern const sd_bus_vtable bus_jobs_vtable[];

/* Ends every BusJob: those who wait get no answer any more. */
void bus_jobs_done(Bus *b);

/* The sentence of the property Problem, "" when there is none. */
const char *bus_problem(Bus *b);

/*
 * Turns what a command or a query answered into an error with its sentence. `missing` is the error of
 * STORE_E_NOT_FOUND and _NOTHING. After an unsure commit the store is opened again first.
 */
int bus_store_error(Bus *b, int code, const char *missing, sd_bus_error *error);

/* The same for the engine; `problem` may be NULL. */
int bus_engine_error(Bus *b, int code, const char *problem, const char *missing,
                     sd_bus_error *error);

/* After a change through commands: tells the engine. */
void bus_collection_changed(Bus *b);

/* Numbers that stay in the message: valid as long as it. Refuses too many and those <= 0. */
int bus_read_ids(sd_bus_message *m, const int64_t **ret, size_t *ret_n, sd_bus_error *error);

/* Strings that stay in the message; the array is the caller's. */
int bus_read_strings(sd_bus_message *m, const char ***ret, size_t *ret_n, sd_bus_error *error);

/* a{ss}; strings stay in the message, the array is the caller's. */
int bus_read_fields(sd_bus_message *m, FieldValue **ret, size_t *ret_n, sd_bus_error *error);

/* The a{sv} of a call: NULL keys end the list. Values of other types and other keys are refused. */
typedef struct BusOption {
        const char *key;
        char type; /* 's' const char *, 'b' int, 'u' uint32_t, 'x' int64_t */
        void *ret;
} BusOption;
int bus_read_options(sd_bus_message *m, const BusOption *options, sd_bus_error *error);

/* sd-bus answers some successes with a positive number, which would be taken for an answer of the store. */
static inline int bus_done(int r) {
        return r < 0 ? r : 0;
}

/* One entry of an a{sv}. */
int bus_put_text(sd_bus_message *m, const char *key, const char *value);
int bus_put_value(sd_bus_message *m, const char *key, const char *type, ...);

/* An entry of an a{sv} that is an array of `element`s, appended between these two. */
int bus_open_array(sd_bus_message *m, const char *key, const char *element);
int bus_close_array(sd_bus_message *m);

/* Grades of the bus are those of the core. */
int bus_check_grade(unsigned grade, sd_bus_error *error);

/* When a card is due, µs; 0 never. Of a day: its beginning. */
usec_t bus_due_real(const When *when, const CardSched *sched);

/* Card info, the dictionary of Cards.Get and Review.Next. */
int bus_put_card(Bus *b, sd_bus_message *m, const Card *card, bool with_fields);

/* "new", "learning", "review", "relearning", or "suspended", "buried", "hidden" when it waits in none. */
const char *bus_card_state(const Card *card);
