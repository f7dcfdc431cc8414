/*
 * The service on the session bus: org.ebbd.Ebb1, one file per interface (bus-private.h), what it
 * promises in config/org.ebbd.Ebb1.xml. A handler reads its arguments, makes one call into commands, engine,
 * jobs or the store's queries, and replies.
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "conf/conf.h"
#include "engine.h"
#include "jobs/job.h"
#include "store/store.h"
#include "util/cleanup.h"

typedef struct Bus Bus;

enum {
        BUS_E_TAKEN = 1, /* another daemon owns the name */
};

typedef struct BusHandler {
        /* Read the configuration again. -EINVAL with *ret_errors, the caller's: old values stay. */
        int (*reload)(char **ret_errors, void *userdata);
        /*
         * Put the backup in place of the collection. 0 with *ret_saved, the caller's, NULL when there was
         * nothing to save; otherwise *ret_problem, the caller's, a sentence.
         */
        int (*restore)(const char *path, char **ret_saved, char **ret_problem, void *userdata);
        /* Somebody called a method: idle work can wait. */
        void (*active)(void *userdata);
        /* The bus went away and does not come back. */
        void (*lost)(void *userdata);
} BusHandler;

/* Connects to the session bus. Nothing is answered before bus_start(); calls wait until then. */
int bus_new(const BusHandler *handler, void *userdata, Bus **ret);
Bus *bus_free(Bus *b);
DEFINE_CLEANUP(Bus *, bus_free);

/* 0, BUS_E_TAKEN, or a negative errno. Synchronous: for the start alone. */
int bus_request_name(Bus *b);

/* All of them must outlive the bus, or be replaced. */
typedef struct BusParts {
        Store *store;
        const Conf *conf;
        const char *conf_path;
        Engine *engine;
        Jobs *jobs;
} BusParts;
int bus_start(Bus *b, sd_event *event, const BusParts *parts);
void bus_set_store(Bus *b, Store *store);
void bus_set_conf(Bus *b, const Conf *conf);

/* A sentence for the property Problem while the engine has none; NULL: nothing to tell. Copied. */
void bus_set_problem(Bus *b, const char *sentence);

/* Before the end: sends what waits. */
void bus_flush(Bus *b);

/* For the engine to watch for a notification server on. */
sd_bus *bus_connection(Bus *b);

/* Something the properties tell may have changed: one signal goes out at the end of this turn of the loop. */
void bus_changed(Bus *b);

void bus_graded(Bus *b, int64_t card, unsigned grade, usec_t due_real, bool in_notification);

/* What the jobs tell (jobs/job.h). */
void bus_job_changed(Bus *b, Job *job);
void bus_job_ended(Bus *b, Job *job);
void bus_job_removed(Bus *b, Job *job);
