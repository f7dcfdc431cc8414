/*
 * The engine carries out what the policies decide: it looks at the collection and the clock, lets
 * core/remind say whether to ask now and core/ask what to show next, tells the notifier, and feeds
 * clicks and time back as events. The one place where store, policy and desktop meet.
 *
 * Everything runs on the thread of the sd-event loop and nothing blocks but the store's commit.
 * Positive results are named below; a `ret_problem` is a sentence for people, owned by the caller, set
 * with every positive and negative result.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "conf/conf.h"
#include "store/store.h"
#include "util/cleanup.h"
#include "util/usec.h"

typedef struct Engine Engine;

enum {
        ENGINE_E_NOTHING_DUE = 1,
        ENGINE_E_NOTHING_ON_SCREEN,
        ENGINE_E_NO_SERVER,
        ENGINE_E_STALE, /* the card changed since it was shown */
        ENGINE_E_INVALID,
        ENGINE_E_CLOCK,   /* the clock cannot be right; nothing was recorded */
        ENGINE_E_NO_SUCH, /* deck or card */
        ENGINE_E_STORE,   /* the store could not be written; the card stays on screen */
};

typedef struct EngineCounts {
        uint32_t due; /* learning + review + fresh */
        uint32_t learning;
        uint32_t review;
        uint32_t fresh; /* new cards within today's limits */
        uint32_t reviewed_today;
        usec_t next_due_real; /* of what is not due yet; 0 = none */
} EngineCounts;

typedef struct EngineDecision {
        usec_t at_real;
        bool asked;
        const char *kind;     /* "due", "paced", "learning", "popup", "advice"; static */
        const char *sentence; /* valid until the next event loop turn */
} EngineDecision;

typedef struct EngineHandler {
        /* Counts, what is on screen, the server or the problem sentence changed: compare and emit. */
        void (*changed)(Engine *e, void *userdata);
        void (*graded)(Engine *e, int64_t card, unsigned grade, usec_t due_real,
                       bool in_notification, void *userdata);
} EngineHandler;

/*
 * `notify_path` is the ebb-notify program. `store` and `conf` must outlive the engine or be
 * replaced with engine_set_*. Nothing is shown before engine_start().
 */
int engine_new(sd_event *event, Store *store, const Conf *conf, const char *notify_path,
               const EngineHandler *handler, void *userdata, Engine **ret);
Engine *engine_free(Engine *e);
DEFINE_CLEANUP(Engine *, engine_free);
int engine_start(Engine *e);

typedef struct EnginePresence {
        const char *fact, *value; /* static */
        const char
                *source; /* who says so, or why nobody does; valid until the next event loop turn */
} EnginePresence;

/* False after the last. The serial is another whenever one of them may be. */
bool engine_presence(Engine *e, size_t index, EnginePresence *ret);
uint32_t engine_presence_serial(const Engine *e);

/*
 * Follows from here on whether the learner is there and may be disturbed (desktop/presence.h), and
 * watches on this bus whether somebody is, or can be activated as, org.freedesktop.Notifications;
 * without it the engine believes that nobody is. Call once, before or after engine_start().
 */
int engine_watch_server(Engine *e, sd_bus *bus);

/* After a reload; both recompute everything that depends on them. */
void engine_set_conf(Engine *e, const Conf *conf);
void engine_set_store(Engine *e, Store *store);

/* The clock was set, the zone changed (the zone is loaded anew), or the machine came back from sleep. */
void engine_time_changed(Engine *e);

/* Somebody changed the collection through commands: recount, and take a card off the screen that is not due any more. */
void engine_collection_changed(Engine *e);

/* The time context of now for store queries and commands; also moves the day on when it has ended. */
When engine_when(Engine *e);

const EngineCounts *engine_counts(Engine *e);
const char *engine_on_screen(Engine *e); /* "idle", "question", "answer", "notice" */
const char *engine_server(Engine *e);    /* "dunst 1.9.0" or "" */
const char *engine_problem(Engine *e);   /* "" or a sentence */

/*
 * No reminders for a time: "90m" (a duration), "today" (the learner's day), "2026-12-01" (as that day
 * begins), "off" (lifts it). A card on screen goes, uncounted. ENGINE_E_INVALID.
 */
int engine_hush(Engine *e, const char *how, usec_t *ret_until_real, char **ret_problem);
usec_t engine_hushed_until(Engine *e); /* 0: not hushed */

/* The newest decision is index 0. False when there is none at `index`. */
bool engine_decision(Engine *e, size_t index, EngineDecision *ret);

/*
 * Grades for a client that shows cards itself and for the buttons alike. On success the store
 * has committed. *ret_due_real: when the card returns.
 */
int engine_grade(Engine *e, int64_t card, uint64_t revision, unsigned grade, uint32_t took_ms,
                 uint64_t *ret_revision, usec_t *ret_due_real, char **ret_interval,
                 char **ret_problem);

/* The notification: the same as its buttons. `deck` "" is all decks. */
int engine_popup(Engine *e, const char *deck, char **ret_problem);
int engine_show_answer(Engine *e, char **ret_problem);
int engine_answer(Engine *e, unsigned grade, char **ret_interval, char **ret_problem);
int engine_later(Engine *e, char **ret_problem);
