/*
 * org.ebbd.Ebb1.Jobs, and an object with org.ebbd.Ebb1.Job for each job. A job whose client
 * leaves the bus before it ended is cancelled when it was reading from or writing to that client.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus/bus-private.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

enum { PROGRESS_EVERY_MS = 100 };

struct BusJob {
        Bus *bus;
        BusJob *next;
        Job *job;
        char *path;
        sd_bus_slot *slot;
        sd_bus_track *client;     /* NULL: goes on without whoever started it */
        sd_bus_message **waiting; /* calls of Wait without an answer yet */
        size_t n_waiting;
        usec_t told_boot; /* when progress was told last */
};

static BusJob *bus_job_find(Bus *b, const Job *job) {
        for (BusJob *j = b->jobs; j; j = j->next)
                if (j->job == job)
                        return j;
        return NULL;
}

static BusJob *bus_job_free(BusJob *j) {
        sd_bus_slot_unref(j->slot);
        sd_bus_track_unref(j->client);
        for (size_t i = 0; i < j->n_waiting; i++)
                sd_bus_message_unref(j->waiting[i]);
        free(j->waiting);
        free(j->path);
        free(j);
        return NULL;
}

static int property_job(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        BusJob *j = userdata;
        uint64_t done, total;

        if (strcmp(property, "Kind") == 0)
                return sd_bus_message_append(reply, "s", job_kind_name(job_kind(j->job)));
        if (strcmp(property, "State") == 0)
                return sd_bus_message_append(reply, "s", job_state_name(job_state(j->job)));

        job_progress(j->job, &done, &total);
        return sd_bus_message_append(reply, "t", strcmp(property, "Done") == 0 ? done : total);
}

static int append_value(sd_bus_message *m, const JobValue *v) {
        int r;

        if (v->text)
                return bus_put_text(m, v->key, v->text);
        if (!v->texts)
                return bus_put_value(m, v->key, "t", v->number);

        r = bus_open_array(m, v->key, "s");
        for (size_t i = 0; i < v->n_texts && r >= 0; i++)
                r = sd_bus_message_append_basic(m, 's', v->texts[i]);
        return r < 0 ? r : bus_close_array(m);
}

static int reply_end(BusJob *j, sd_bus_message *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const JobValue *values;
        size_t n;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "bs", (int) (job_state(j->job) == JOB_DONE),
                                  job_message(j->job));
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;

        values = job_values(j->job, &n);
        for (size_t i = 0; i < n; i++) {
                r = append_value(reply, &values[i]);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int method_wait(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        BusJob *j = userdata;
        sd_bus_message **more;

        if (job_state(j->job) != JOB_RUNNING)
                return reply_end(j, m);
        if (j->n_waiting == BUS_JOB_WAITERS_MAX)
                return sd_bus_error_setf(error, EBB_ERROR_BUSY,
                                         "%d callers wait for this job already.",
                                         BUS_JOB_WAITERS_MAX);

        more = reallocarray(j->waiting, j->n_waiting + 1, sizeof(*more));
        if (!more)
                return -ENOMEM;

        j->waiting = more;
        j->waiting[j->n_waiting++] = sd_bus_message_ref(m);
        return 1;
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        BusJob *j = userdata;

        job_cancel(j->job, "Cancelled.");
        return sd_bus_reply_method_return(m, "");
}

#define U SD_BUS_VTABLE_UNPRIVILEGED

/* clang-format off */
static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Kind", "s", property_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", property_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Done", "t", property_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Total", "t", property_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("Wait", SD_BUS_NO_ARGS,
                SD_BUS_RESULT("b", ok, "s", message, "a{sv}", result), method_wait, U),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_cancel, U),
        SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("b", ok, "s", message), 0),
        SD_BUS_VTABLE_END
};
/* clang-format on */

static void emit_job(BusJob *j, bool state) {
        const char *names[] = { "Done", "Total", state ? "State" : NULL, NULL };
        int r;

        j->told_boot = clock_now_boot();
        r = sd_bus_emit_properties_changed_strv(j->bus->bus, j->path, EBB_IF_JOB, (char **) names);
        if (r < 0)
                log_warning_errno(r, "Failed to tell the progress of %s: %m", j->path);
}

void bus_job_changed(Bus *b, Job *job) {
        BusJob *j = bus_job_find(b, job);

        if (j && clock_now_boot() >= j->told_boot + PROGRESS_EVERY_MS * USEC_PER_MSEC)
                emit_job(j, false);
}

void bus_job_ended(Bus *b, Job *job) {
        BusJob *j = bus_job_find(b, job);

        if (!j)
                return;

        j->client = sd_bus_track_unref(j->client);
        emit_job(j, true);
        (void) sd_bus_emit_signal(b->bus, j->path, EBB_IF_JOB, "Finished", "bs",
                                  (int) (job_state(job) == JOB_DONE), job_message(job));
        for (size_t i = 0; i < j->n_waiting; i++) {
                (void) reply_end(j, j->waiting[i]);
                sd_bus_message_unref(j->waiting[i]);
        }
        j->n_waiting = 0;
}

void bus_job_removed(Bus *b, Job *job) {
        for (BusJob **at = &b->jobs; *at; at = &(*at)->next)
                if ((*at)->job == job) {
                        BusJob *j = *at;

                        *at = j->next;
                        bus_job_free(j);
                        return;
                }
}

void bus_jobs_done(Bus *b) {
        while (b->jobs) {
                BusJob *j = b->jobs;

                b->jobs = j->next;
                bus_job_free(j);
        }
}

static int on_client_gone(sd_bus_track *track, void *userdata) {
        BusJob *j = userdata;

        job_cancel(j->job, "Cancelled, because the program that started it is gone.");
        return 0;
}

static int track_client(BusJob *j, sd_bus_message *m) {
        int r;

        r = sd_bus_track_new(j->bus->bus, &j->client, on_client_gone, j);
        if (r < 0)
                return r;

        return sd_bus_track_add_sender(j->client, m);
}

static int bus_job_new(Bus *b, Job *job, BusJob **ret) {
        BusJob *j = calloc(1, sizeof(*j));
        int r;

        if (!j)
                return -ENOMEM;

        j->bus = b;
        j->job = job;
        j->path = text_format("%s/%u", EBB_PATH_JOB, job_id(job));
        r = j->path ? sd_bus_add_object_vtable(b->bus, &j->slot, j->path, EBB_IF_JOB, job_vtable, j)
                    : -ENOMEM;
        if (r < 0) {
                bus_job_free(j);
                return r;
        }

        j->next = b->jobs;
        b->jobs = j;
        *ret = j;
        return 0;
}

/* What every method that starts a job ends with. `with_client`: it ends when its client does. */
static int reply_job(Bus *b, sd_bus_message *m, int r, Job *job, const char *problem,
                     bool with_client, sd_bus_error *error) {
        BusJob *j;

        if (r == JOBS_E_BUSY)
                return sd_bus_error_set(error, EBB_ERROR_BUSY, problem);
        if (r == JOBS_E_INVALID)
                return sd_bus_error_set(error, EBB_ERROR_INVALID, problem);
        if (r != 0)
                return r;

        r = bus_job_new(b, job, &j);
        if (r >= 0 && with_client)
                r = track_client(j, m);
        if (r < 0) {
                job_cancel(job, "It could not be put on the bus.");
                return r;
        }

        return sd_bus_reply_method_return(m, "o", j->path);
}

static int method_import(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        const char *label = "", *match = "", *deck = "";
        int fd, dry_run = 0, r;
        const BusOption options[] = {
                { "label", 's', &label },
                { "match", 's', &match },
                { "deck", 's', &deck },
                { "dry-run", 'b', &dry_run },
                { 0 },
        };
        Job *job = NULL;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;

        r = bus_read_options(m, options, error);
        if (r < 0)
                return r;

        r = jobs_import(b->parts.jobs, fd, &(JobImport){ label, match, deck, dry_run }, &job,
                        &problem);
        return reply_job(b, m, r, job, problem, true, error);
}

static int method_export(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        const char *query = "";
        const BusOption options[] = { { "query", 's', &query }, { 0 } };
        Job *job = NULL;
        int fd, r;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;

        r = bus_read_options(m, options, error);
        if (r < 0)
                return r;

        r = jobs_export(b->parts.jobs, fd, query, &job, &problem);
        return reply_job(b, m, r, job, problem, true, error);
}

static int method_verify(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        Job *job = NULL;
        int r;

        r = jobs_verify(b->parts.jobs, &job, &problem);
        return reply_job(b, m, r, job, problem, false, error);
}

static int method_backup(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_free_ char *problem = NULL;
        Job *job = NULL;
        int r;

        r = jobs_backup(b->parts.jobs, BACKUP_MANUAL, &job, &problem);
        return reply_job(b, m, r, job, problem, false, error);
}

static int method_list(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(reply, 'a', "o");
        if (r < 0)
                return r;

        for (const BusJob *j = b->jobs; j; j = j->next) {
                r = sd_bus_message_append_basic(reply, 'o', j->path);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

/* clang-format off */
const sd_bus_vtable bus_jobs_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Import", SD_BUS_ARGS("h", input, "a{sv}", options), SD_BUS_RESULT("o", job), method_import, U),
        SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("h", output, "a{sv}", options), SD_BUS_RESULT("o", job), method_export, U),
        SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_verify, U),
        SD_BUS_METHOD_WITH_ARGS("Backup", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_backup, U),
        SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("ao", jobs), method_list, U),
        SD_BUS_VTABLE_END
};
/* clang-format on */
