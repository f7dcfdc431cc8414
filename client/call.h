/*
 * Talking to the daemon: the connection, method calls, and replies read into a tree of values, so that
 * verbs look at answers by position and key instead of reading a message piece by piece.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "bus/names.h"
#include "util/cleanup.h"

/* One value of a message. Containers hold `items`; a variant is replaced by what it holds. */
typedef struct Value Value;
struct Value {
        char type; /* as in the signature; 'a' array, 'r' struct, 'e' entry of a dictionary */
        union {
                int64_t i;     /* n i x h, and b as 0 or 1 */
                uint64_t u;    /* y q u t */
                double d;      /* d */
                const char *s; /* s o g: lives as long as the reply */
        };
        Value *items;
        size_t n;
};

/* An answer: `args` is a struct of the output arguments. */
typedef struct Reply {
        sd_bus_message *message;
        Value args;
} Reply;

Reply *reply_free(Reply *reply);
DEFINE_CLEANUP(Reply *, reply_free);

/* Reads what is left of a message; the reply keeps a reference to it. 0 or a negative errno. */
int reply_new(sd_bus_message *message, Reply **ret);

/* The index-th output argument. Like those below it accepts what is not there, and never returns NULL. */
const Value *reply_arg(const Reply *reply, size_t index);

/* All of these accept NULL and values of another type, and then return the fallback. */
const Value *value_at(const Value *v, size_t index);        /* NULL when there is none */
const Value *value_get(const Value *dict, const char *key); /* NULL when there is none */
const char *value_string(const Value *v, const char *fallback);
int64_t value_int(const Value *v, int64_t fallback); /* any whole number or boolean */
double value_double(const Value *v, double fallback);

#define VALUE_FOREACH(var, array)                                                                  \
        for (const Value *var = (array) ? (array)->items : NULL;                                   \
             var && var < (array)->items + (array)->n; var++)

/* Name of the error when there is no bus at all. */
#define CALL_ERROR_NO_BUS "org.ebbd.Ebb1.Client.NoBus"

/* The connection. Opened by the first call; `error` is that of the last failed one. */
typedef struct Call {
        sd_bus *bus;
        sd_bus_error error;
} Call;

void call_done(Call *c);

/* Opens the connection now. 0 or a negative errno with `error` set, as from all calls. */
int call_connect(Call *c);

/*
 * Calls a method of the daemon and waits for the answer. `types` and what follows are its arguments, as for
 * sd_bus_message_append(). ret may be NULL.
 */
int call(Call *c, const char *interface, const char *member, Reply **ret, const char *types, ...);

/* The same in two steps, for arguments that are put together, and for other objects; `path` NULL is the root. */
int call_new(Call *c, const char *path, const char *interface, const char *member,
             sd_bus_message **ret);
int call_send(Call *c, sd_bus_message *m, Reply **ret);

/* All properties of an interface: one argument, a dictionary. */
int call_properties(Call *c, const char *path, const char *interface, Reply **ret);

/* Appends an array of strings or numbers to a message. */
int call_append_strings(sd_bus_message *m, char *const *strings, size_t n);
int call_append_ids(sd_bus_message *m, const int64_t *ids, size_t n);

bool call_failed_with(const Call *c, const char *error_name);
bool call_daemon_gone(const Call *c); /* the last failure was that there is no daemon (any more) */

/* The sentence of the last failure, one of our own when the daemon could not be reached. Valid until the next call. */
const char *call_sentence(const Call *c);
/* Its exit status; see cmd.h. */
int call_status(const Call *c);
/* Prints the sentence to stderr and returns the exit status. */
int call_failed(const Call *c);
