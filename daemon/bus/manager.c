/* org.ebbd.Ebb1.Manager: what a status bar shows, configuration, undo, statistics, backups. */
#include <errno.h>
#include <string.h>

#include "bus/bus-private.h"
#include "commands.h"
#include "store/backup.h"
#include "store/deck.h"
#include "store/stats.h"
#include "util/text.h"

static int property_counts(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *error) {
        Bus *b = userdata;
        const EngineCounts *c = engine_counts(b->parts.engine);
        const struct {
                const char *name;
                uint32_t value;
        } counts[] = {
                { "DueCount", c->due },
                { "LearningCount", c->learning },
                { "ReviewCount", c->review },
                { "NewCount", c->fresh },
                { "ReviewedToday", c->reviewed_today },
        };

        for (size_t i = 0; i < ELEMENTS(counts); i++)
                if (strcmp(counts[i].name, property) == 0)
                        return sd_bus_message_append(reply, "u", counts[i].value);
        return -ENOENT;
}

static int property_next_due(sd_bus *bus, const char *path, const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error) {
        Bus *b = userdata;

        return sd_bus_message_append(reply, "t", engine_counts(b->parts.engine)->next_due_real);
}

static int property_hushed_until(sd_bus *bus, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *error) {
        Bus *b = userdata;

        return sd_bus_message_append(reply, "t", engine_hushed_until(b->parts.engine));
}

static int property_presence(sd_bus *bus, const char *path, const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error) {
        Bus *b = userdata;
        EnginePresence p;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(sss)");
        for (size_t i = 0; r >= 0 && engine_presence(b->parts.engine, i, &p); i++)
                r = sd_bus_message_append(reply, "(sss)", p.fact, p.value, p.source);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int property_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *text;

        if (strcmp(property, "Version") == 0)
                text = EBB_VERSION;
        else if (strcmp(property, "OnScreen") == 0)
                text = engine_on_screen(b->parts.engine);
        else if (strcmp(property, "NotificationServer") == 0)
                text = engine_server(b->parts.engine);
        else
                text = bus_problem(b);
        return sd_bus_message_append(reply, "s", text ? text : "");
}

static int property_card_count(sd_bus *bus, const char *path, const char *interface,
                               const char *property, sd_bus_message *reply, void *userdata,
                               sd_bus_error *error) {
        Bus *b = userdata;
        int64_t n;
        int r;

        r = card_count(b->parts.store, &n);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_STORE, error);

        return sd_bus_message_append(reply, "t", (uint64_t) n);
}

static int method_reload(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *errors = NULL;
        int r;

        r = b->handler->reload(&errors, b->userdata);
        if (r < 0 && errors)
                return sd_bus_error_set(error, EBB_ERROR_CONFIG, errors);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "");
}

static int method_get_config(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        ConfOption o;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(ssss)");
        if (r < 0)
                return r;

        for (size_t i = 0; conf_option(b->parts.conf, i, &o); i++) {
                _cleanup_free_ char *name = text_format("%s.%s", o.section, o.key);
                _cleanup_free_ char *where =
                        o.line > 0 ? text_format("%s:%d", b->parts.conf_path, o.line)
                                   : strdup("default");

                if (!name || !where)
                        return -ENOMEM;

                r = sd_bus_message_append(reply, "(ssss)", name, o.value, o.fallback, where);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_why(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        EngineDecision d;
        uint32_t max;
        int r;

        r = sd_bus_message_read(m, "u", &max);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(tbss)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < max && engine_decision(b->parts.engine, i, &d); i++) {
                r = sd_bus_message_append(reply, "(tbss)", d.at_real, (int) d.asked, d.kind,
                                          d.sentence);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_hush(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        usec_t until_real;
        const char *how;
        int r;

        r = sd_bus_message_read(m, "s", &how);
        if (r < 0)
                return r;

        r = engine_hush(b->parts.engine, how, &until_real, &problem);
        if (r != 0)
                return bus_engine_error(b, r, problem, EBB_ERROR_INVALID, error);

        return sd_bus_reply_method_return(m, "t", until_real);
}

static int undo_or_redo(sd_bus_message *m, Bus *b, sd_bus_error *error,
                        int (*command)(Store *store, const When *when, char **ret_what)) {
        When when = engine_when(b->parts.engine);
        _cleanup_free_ char *what = NULL;
        int r;

        r = command(b->parts.store, &when, &what);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_NOTHING_TO_UNDO, error);

        bus_collection_changed(b);
        return sd_bus_reply_method_return(m, "s", what);
}

static int method_undo(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return undo_or_redo(m, userdata, error, commands_undo);
}

static int method_redo(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return undo_or_redo(m, userdata, error, commands_redo);
}

static int put_days(sd_bus_message *m, const StatsReviews *s) {
        int r;

        r = bus_open_array(m, "days", "(iuuuuutuuu)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < s->n_days; i++) {
                const StatsDay *d = &s->days[i];

                r = sd_bus_message_append(m, "(iuuuuutuuu)", d->day, d->reviews, d->grades[0],
                                          d->grades[1], d->grades[2], d->grades[3], d->took_ms,
                                          d->cards, d->retention_asked, d->retention_passed);
                if (r < 0)
                        return r;
        }

        return bus_close_array(m);
}

static int put_forecast(sd_bus_message *m, const Forecast *f) {
        int r;

        r = bus_open_array(m, "forecast", "u");
        if (r < 0)
                return r;

        for (uint32_t i = 0; i < f->days; i++) {
                r = sd_bus_message_append_basic(m, 'u', &f->due[i]);
                if (r < 0)
                        return r;
        }

        r = bus_close_array(m);
        if (r < 0)
                return r;

        r = bus_put_value(m, "forecast-overdue", "u", f->overdue);
        if (r < 0)
                return r;

        return bus_put_value(m, "forecast-later", "u", f->later);
}

static int put_decks(Bus *b, sd_bus_message *m, int32_t first_day) {
        _cleanup_free_ StatsDeck *decks = NULL;
        size_t n = 0;
        int r;

        r = stats_by_deck(b->parts.store, first_day, &decks, &n);
        if (r < 0)
                return r;

        r = bus_open_array(m, "decks", "(suutuu)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                const Deck *deck;

                r = deck_get(b->parts.store, decks[i].deck, &deck);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;

                r = sd_bus_message_append(m, "(suutuu)", deck->name, decks[i].reviews,
                                          decks[i].again, decks[i].took_ms,
                                          decks[i].retention_asked, decks[i].retention_passed);
                if (r < 0)
                        return r;
        }

        return bus_close_array(m);
}

static int put_figures(sd_bus_message *m, const StatsCards *c, const StatsReviews *s) {
        const struct {
                const char *key;
                uint64_t value;
        } numbers[] = {
                { "cards-total", c->total },
                { "cards-new", c->fresh },
                { "cards-learning", c->learning },
                { "cards-young", c->young },
                { "cards-mature", c->mature },
                { "cards-relearning", c->relearning },
                { "cards-suspended", c->suspended },
                { "cards-buried", c->buried },
                { "days-active", s->steadiness.days_active },
                { "run-current", s->steadiness.current_run },
                { "run-longest", s->steadiness.longest_run },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                r = bus_put_value(m, numbers[i].key, "t", numbers[i].value);
                if (r < 0)
                        return r;
        }

        r = bus_put_value(m, "stability-median", "d", c->stability_median);
        if (r < 0)
                return r;

        return bus_put_value(m, "desired-retention", "d", s->desired_retention);
}

static int put_statistics(Bus *b, sd_bus_message *reply, int64_t deck, const When *when,
                          uint32_t days) {
        _cleanup_(stats_reviews_done) StatsReviews reviews = { 0 };
        _cleanup_free_ Forecast *forecast = calloc(1, sizeof(*forecast));
        Moment now = when_moment(when);
        StatsCards cards;
        int r;

        if (!forecast)
                return -ENOMEM;

        r = stats_reviews(b->parts.store, deck, when->today_day, days, &reviews);
        if (r != 0)
                return r;

        r = stats_cards(b->parts.store, deck, when->today_day, &cards);
        if (r != 0)
                return r;

        r = stats_forecast(b->parts.store, deck, &now,
                           days < FORECAST_DAYS_MAX ? days : FORECAST_DAYS_MAX, forecast);
        if (r != 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;

        r = bus_put_value(reply, "today", "i", when->today_day);
        if (r < 0)
                return r;

        r = put_days(reply, &reviews);
        if (r < 0)
                return r;

        r = put_forecast(reply, forecast);
        if (r < 0)
                return r;

        r = put_figures(reply, &cards, &reviews);
        if (r < 0)
                return r;

        if (deck == STATS_ALL_DECKS) {
                r = put_decks(b, reply, when->today_day - (int32_t) days + 1);
                if (r < 0)
                        return r;
        }

        return bus_done(sd_bus_message_close_container(reply));
}

static int method_get_statistics(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        When when = engine_when(b->parts.engine);
        const Deck *deck = NULL;
        const char *name;
        uint32_t days;
        int r;

        r = sd_bus_message_read(m, "su", &name, &days);
        if (r < 0)
                return r;
        if (days < 1 || days > STATS_DAYS_MAX)
                return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                         "%u days cannot be told, only 1 to %d.", days,
                                         STATS_DAYS_MAX);

        if (name[0]) {
                r = deck_by_name(b->parts.store, name, &deck);
                if (r != 0)
                        return bus_store_error(b, r, EBB_ERROR_NO_SUCH_DECK, error);
        }

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = put_statistics(b, reply, deck ? deck->id : STATS_ALL_DECKS, &when, days);
        if (r != 0)
                return bus_store_error(b, r, EBB_ERROR_STORE, error);

        return sd_bus_send(NULL, reply, NULL);
}

static int method_list_backups(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(backup_list_done) BackupList list = { 0 };
        int r;

        r = backup_list(store_path(b->parts.store), &list);
        if (r < 0)
                return sd_bus_error_setf(error, EBB_ERROR_STORE,
                                         "The folder of the backups cannot be read: %s.",
                                         strerror(-r));

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "(stts)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < list.n; i++) {
                const BackupFile *f = &list.files[i];

                r = sd_bus_message_append(reply, "(stts)", f->path,
                                          (uint64_t) f->at_ms * USEC_PER_MSEC, f->bytes,
                                          backup_kind_name(f->kind));
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

/* The path of a listed backup by its path or its name alone; NULL when there is none. */
static const char *find_backup(const BackupList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++) {
                const char *path = list->files[i].path, *slash = strrchr(path, '/');

                if (strcmp(path, name) == 0 || (slash && strcmp(slash + 1, name) == 0))
                        return path;
        }
        return NULL;
}

static int method_restore_backup(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(backup_list_done) BackupList list = { 0 };
        _cleanup_free_ char *saved = NULL, *problem = NULL;
        const char *name, *path;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        if (jobs_busy(b->parts.jobs))
                return sd_bus_error_set(
                        error, EBB_ERROR_BUSY,
                        "Something else is being done with the collection; try again when it has ended.");

        r = backup_list(store_path(b->parts.store), &list);
        if (r < 0)
                return sd_bus_error_setf(error, EBB_ERROR_STORE,
                                         "The folder of the backups cannot be read: %s.",
                                         strerror(-r));

        path = find_backup(&list, name);
        if (!path)
                return sd_bus_error_setf(error, EBB_ERROR_NO_SUCH_BACKUP,
                                         "There is no backup \"%.1000s\".", name);

        r = b->handler->restore(path, &saved, &problem, b->userdata);
        if (r != 0)
                return sd_bus_error_set(error, EBB_ERROR_STORE,
                                        problem ? problem : "The backup cannot be restored.");

        bus_changed(b);
        return sd_bus_reply_method_return(m, "s", saved ? saved : "");
}

#define U SD_BUS_VTABLE_UNPRIVILEGED
#define C SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

/* clang-format off */
const sd_bus_vtable bus_manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("DueCount", "u", property_counts, 0, C),
        SD_BUS_PROPERTY("LearningCount", "u", property_counts, 0, C),
        SD_BUS_PROPERTY("ReviewCount", "u", property_counts, 0, C),
        SD_BUS_PROPERTY("NewCount", "u", property_counts, 0, C),
        SD_BUS_PROPERTY("NextDue", "t", property_next_due, 0, C),
        SD_BUS_PROPERTY("CardCount", "t", property_card_count, 0, 0),
        SD_BUS_PROPERTY("ReviewedToday", "u", property_counts, 0, C),
        SD_BUS_PROPERTY("OnScreen", "s", property_text, 0, C),
        SD_BUS_PROPERTY("NotificationServer", "s", property_text, 0, C),
        SD_BUS_PROPERTY("Problem", "s", property_text, 0, C),
        SD_BUS_PROPERTY("Presence", "a(sss)", property_presence, 0, C),
        SD_BUS_PROPERTY("HushedUntil", "t", property_hushed_until, 0, C),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reload, U),
        SD_BUS_METHOD_WITH_ARGS("GetConfig", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", options), method_get_config, U),
        SD_BUS_METHOD_WITH_ARGS("Why", SD_BUS_ARGS("u", max), SD_BUS_RESULT("a(tbss)", decisions), method_why, U),
        SD_BUS_METHOD_WITH_ARGS("Hush", SD_BUS_ARGS("s", how), SD_BUS_RESULT("t", until), method_hush, U),
        SD_BUS_METHOD_WITH_ARGS("Undo", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", what), method_undo, U),
        SD_BUS_METHOD_WITH_ARGS("Redo", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", what), method_redo, U),
        SD_BUS_METHOD_WITH_ARGS("GetStatistics", SD_BUS_ARGS("s", deck, "u", days), SD_BUS_RESULT("a{sv}", statistics), method_get_statistics, U),
        SD_BUS_METHOD_WITH_ARGS("ListBackups", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(stts)", backups), method_list_backups, U),
        SD_BUS_METHOD_WITH_ARGS("RestoreBackup", SD_BUS_ARGS("s", path), SD_BUS_RESULT("s", saved), method_restore_backup, U),
        SD_BUS_VTABLE_END
};
/* clang-format on */
