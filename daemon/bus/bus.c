/* The connection, the name, and the properties that are told to everybody. */
#include "bus/bus-private.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "core/types.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

int bus_new(const BusHandler *handler, void *userdata, Bus **ret) {
        _cleanup_(bus_freep) Bus *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;

        b->handler = handler;
        b->userdata = userdata;

        r = sd_bus_open_user_with_description(&b->bus, "ebbd");
        if (r < 0)
                return r;

        *ret = TAKE_PTR(b);
        return 0;
}

Bus *bus_free(Bus *b) {
        if (!b)
                return NULL;

        bus_jobs_done(b);
        sd_event_source_disable_unref(b->emit);
        sd_bus_flush_close_unref(b->bus);
        sd_event_unref(b->event);
        free(b->problem);
        free(b->told.on_screen);
        free(b->told.server);
        free(b->told.problem);
        free(b);
        return NULL;
}

int bus_request_name(Bus *b) {
        int r;

        r = sd_bus_request_name(b->bus, EBB_BUS_NAME, 0);
        if (r == -EEXIST || r == -EALREADY)
                return BUS_E_TAKEN;
        return r < 0 ? r : 0;
}

static int on_any_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        if (sd_bus_message_is_method_call(m, NULL, NULL))
                b->handler->active(b->userdata);
        return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        b->handler->lost(b->userdata);
        return 0;
}

static void keep_text(char **told, const char *now) {
        char *copy = strdup(now);

        if (!copy)
                return;
        free(*told);
        *told = copy;
}

/* One PropertiesChanged with all that differs from what was told last. */
static int emit_changes(sd_event_source *source, void *userdata) {
        Bus *b = userdata;
        const EngineCounts *now = engine_counts(b->parts.engine), *was = &b->told.counts;
        const char *on_screen = engine_on_screen(b->parts.engine);
        const char *server = engine_server(b->parts.engine);
        const char *problem = bus_problem(b);
        usec_t hushed_until_real = engine_hushed_until(b->parts.engine);
        const char *names[12] = { 0 };
        size_t n = 0;
        int r;

        if (now->due != was->due)
                names[n++] = "DueCount";
        if (now->learning != was->learning)
                names[n++] = "LearningCount";
        if (now->review != was->review)
                names[n++] = "ReviewCount";
        if (now->fresh != was->fresh)
                names[n++] = "NewCount";
        if (now->next_due_real != was->next_due_real)
                names[n++] = "NextDue";
        if (now->reviewed_today != was->reviewed_today)
                names[n++] = "ReviewedToday";
        if (!b->told.on_screen || strcmp(on_screen, b->told.on_screen) != 0)
                names[n++] = "OnScreen";
        if (!b->told.server || strcmp(server, b->told.server) != 0)
                names[n++] = "NotificationServer";
        if (!b->told.problem || strcmp(problem, b->told.problem) != 0)
                names[n++] = "Problem";
        if (engine_presence_serial(b->parts.engine) != b->told.presence)
                names[n++] = "Presence";
        if (hushed_until_real != b->told.hushed_until_real)
                names[n++] = "HushedUntil";
        if (n == 0)
                return 0;

        b->told.counts = *now;
        b->told.hushed_until_real = hushed_until_real;
        keep_text(&b->told.on_screen, on_screen);
        keep_text(&b->told.server, server);
        keep_text(&b->told.problem, problem);
        b->told.presence = engine_presence_serial(b->parts.engine);

        r = sd_bus_emit_properties_changed_strv(b->bus, EBB_PATH, EBB_IF_MANAGER, (char **) names);
        if (r < 0)
                log_warning_errno(
                        r, "Failed to tell changed properties, clients may show old counts: %m");
        return 0;
}

int bus_start(Bus *b, sd_event *event, const BusParts *parts) {
        static const struct {
                const char *interface;
                const sd_bus_vtable *vtable;
        } interfaces[] = {
                { EBB_IF_MANAGER, bus_manager_vtable }, { EBB_IF_REVIEW, bus_review_vtable },
                { EBB_IF_CARDS, bus_cards_vtable },     { EBB_IF_DECKS, bus_decks_vtable },
                { EBB_IF_JOBS, bus_jobs_vtable },
        };
        int r;

        b->event = sd_event_ref(event);
        b->parts = *parts;
        b->told.counts = *engine_counts(parts->engine);
        keep_text(&b->told.on_screen, engine_on_screen(parts->engine));
        keep_text(&b->told.server, engine_server(parts->engine));
        keep_text(&b->told.problem, bus_problem(b));

        for (size_t i = 0; i < ELEMENTS(interfaces); i++) {
                r = sd_bus_add_object_vtable(b->bus, NULL, EBB_PATH, interfaces[i].interface,
                                             interfaces[i].vtable, b);
                if (r < 0)
                        return r;
        }

        r = sd_bus_add_filter(b->bus, NULL, on_any_message, b);
        if (r < 0)
                return r;

        r = sd_bus_match_signal(b->bus, NULL, "org.freedesktop.DBus.Local",
                                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                "Disconnected", on_disconnected, b);
        if (r < 0)
                return r;

        r = sd_event_add_defer(event, &b->emit, emit_changes, b);
        if (r < 0)
                return r;

        /* After the calls of this turn, so that many of them make one signal. */
        (void) sd_event_source_set_priority(b->emit, SD_EVENT_PRIORITY_NORMAL + 10);
        (void) sd_event_source_set_description(b->emit, "properties-changed");
        r = sd_event_source_set_enabled(b->emit, SD_EVENT_OFF);
        if (r < 0)
                return r;

        return sd_bus_attach_event(b->bus, event, SD_EVENT_PRIORITY_NORMAL);
}

void bus_set_store(Bus *b, Store *store) {
        b->parts.store = store;
}

void bus_set_conf(Bus *b, const Conf *conf) {
        b->parts.conf = conf;
}

void bus_set_problem(Bus *b, const char *sentence) {
        free(b->problem);
        b->problem = sentence ? strdup(sentence) : NULL;
        bus_changed(b);
}

void bus_flush(Bus *b) {
        (void) sd_bus_flush(b->bus);
}

sd_bus *bus_connection(Bus *b) {
        return b->bus;
}

void bus_changed(Bus *b) {
        if (b->emit)
                (void) sd_event_source_set_enabled(b->emit, SD_EVENT_ONESHOT);
}

const char *bus_problem(Bus *b) {
        const char *problem = engine_problem(b->parts.engine);

        if (problem && problem[0])
                return problem;
        problem = b->parts.store ? store_problem(b->parts.store) : NULL;
        if (problem && problem[0])
                return problem;
        return b->problem ? b->problem : "";
}

void bus_collection_changed(Bus *b) {
        engine_collection_changed(b->parts.engine);
        bus_changed(b);
}
