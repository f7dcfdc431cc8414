/* The life of jobs: started, sliced, ended, told, forgotten. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "jobs/job-private.h"
#include "util/usec.h"

const char *job_kind_name(JobKind kind) {
        static const char *const names[] = {
                [JOB_IMPORT] = "import",
                [JOB_EXPORT] = "export",
                [JOB_VERIFY] = "verify",
                [JOB_BACKUP] = "backup",
        };

        return names[kind];
}

const char *job_state_name(JobState state) {
        static const char *const names[] = {
                [JOB_RUNNING] = "running",
                [JOB_DONE] = "done",
                [JOB_FAILED] = "failed",
                [JOB_CANCELLED] = "cancelled",
        };

        return names[state];
}

int jobs_new(sd_event *event, Store *store, const JobsHandler *handler, void *userdata,
             Jobs **ret) {
        Jobs *jobs = calloc(1, sizeof(*jobs));

        if (!jobs)
                return -ENOMEM;

        *jobs = (Jobs){
                .event = sd_event_ref(event),
                .store = store,
                .keep = BACKUP_KEEP_DEFAULT,
                .handler = handler,
                .userdata = userdata,
        };
        *ret = jobs;
        return 0;
}

static void job_remove(Job *job) {
        Job **at = &job->jobs->list;

        while (*at && *at != job)
                at = &(*at)->next;
        if (*at) {
                *at = job->next;
                job->jobs->handler->removed(job, job->jobs->userdata);
        }

        if (job->work)
                job->type->done(job);
        sd_event_source_disable_unref(job->slice);
        sd_event_source_disable_unref(job->io);
        sd_event_source_disable_unref(job->expire);
        for (size_t i = 0; i < job->n_values; i++) {
                free(job->values[i].text);
                for (size_t j = 0; j < job->values[i].n_texts; j++)
                        free(job->values[i].texts[j]);
                free(job->values[i].texts);
        }
        free(job->message);
        free(job);
}

Jobs *jobs_free(Jobs *jobs) {
        if (!jobs)
                return NULL;

        while (jobs->list) {
                job_cancel(jobs->list, "The daemon ends.");
                job_remove(jobs->list);
        }
        sd_event_unref(jobs->event);
        free(jobs);
        return NULL;
}

bool jobs_busy(const Jobs *jobs) {
        for (const Job *j = jobs->list; j; j = j->next)
                if (j->state == JOB_RUNNING)
                        return true;
        return false;
}

void jobs_set_store(Jobs *jobs, Store *store) {
        jobs->store = store;
}

void jobs_set_keep(Jobs *jobs, const BackupKeep *keep) {
        jobs->keep = *keep;
}

Job *jobs_next(const Jobs *jobs, const Job *job) {
        return job ? job->next : jobs->list;
}

static int on_expire(sd_event_source *source, uint64_t usec, void *userdata) {
        job_remove(userdata);
        return 0;
}

/* From running to one of the ends. What it worked with is given back at once. */
static void job_end(Job *job, JobState state) {
        job->slice = sd_event_source_disable_unref(job->slice);
        job->io = sd_event_source_disable_unref(job->io);
        job->state = state;
        if (job->work) {
                job->type->done(job);
                job->work = NULL;
        }

        /* Accuracy of a second: nobody waits for this. */
        if (sd_event_add_time_relative(job->jobs->event, &job->expire, CLOCK_MONOTONIC,
                                       JOB_KEEP_S * USEC_PER_SEC, USEC_PER_SEC, on_expire,
                                       job) >= 0)
                (void) sd_event_source_set_description(job->expire, "job-expire");
        job->jobs->handler->ended(job, job->jobs->userdata);
}

static void job_step(Job *job) {
        int r;

        r = job->type->step(job);
        if (r == JOB_WAIT)
                return;
        if (r == JOB_MORE) {
                (void) sd_event_source_set_enabled(job->slice, SD_EVENT_ONESHOT);
                return;
        }

        if (r < 0 && !job->message)
                (void) job_say(job, r, "The %s failed: %s.", job_kind_name(job->type->kind),
                               strerror(-r));
        job_end(job, r < 0 ? JOB_FAILED : JOB_DONE);
}

static int on_slice(sd_event_source *source, void *userdata) {
        job_step(userdata);
        return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        job_step(userdata);
        return 0;
}

int job_new(Jobs *jobs, const JobType *type, Job **ret, char **ret_problem) {
        Job *job;

        for (const Job *j = jobs->list; j; j = j->next)
                if (j->state == JOB_RUNNING && j->type->kind == type->kind) {
                        *ret_problem =
                                text_format("Another %s is running; try again when it has ended.",
                                            job_kind_name(type->kind));
                        return JOBS_E_BUSY;
                }

        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;

        job->jobs = jobs;
        job->type = type;
        if (sd_event_add_defer(jobs->event, &job->slice, on_slice, job) < 0) {
                free(job);
                return -ENOMEM;
        }
        (void) sd_event_source_set_priority(job->slice, SD_EVENT_PRIORITY_IDLE);
        (void) sd_event_source_set_enabled(job->slice, SD_EVENT_OFF);
        (void) sd_event_source_set_description(job->slice, job_kind_name(type->kind));
        *ret = job;
        return 0;
}

void job_start(Job *job) {
        job->id = ++job->jobs->last_id;
        job->next = job->jobs->list;
        job->jobs->list = job;
        (void) sd_event_source_set_enabled(job->slice, SD_EVENT_ONESHOT);
}

void job_discard(Job *job) {
        job_remove(job);
}

int job_wait_fd(Job *job, int fd, uint32_t events) {
        int r;

        if (!job->io) {
                r = sd_event_add_io(job->jobs->event, &job->io, fd, events, on_io, job);
                if (r < 0)
                        return r;

                (void) sd_event_source_set_priority(job->io, SD_EVENT_PRIORITY_IDLE);
        }

        /* Once: until the next step says whether it waits again. */
        return sd_event_source_set_enabled(job->io, SD_EVENT_ONESHOT);
}

void job_cancel(Job *job, const char *why) {
        if (job->state != JOB_RUNNING)
                return;
        (void) job_say(job, 0, "%s", why);
        job_end(job, JOB_CANCELLED);
}

int job_say(Job *job, int r, const char *format, ...) {
        char *sentence = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&sentence, format, ap) < 0)
                sentence = NULL;
        va_end(ap);

        free(job->message);
        job->message = sentence;
        return r;
}

int job_store_failed(Job *job, int r) {
        const char *sentence = store_error(job->jobs->store);

        return job_say(job, r < 0 ? r : -EIO, "%s",
                       sentence[0] ? sentence : "The collection cannot be used.");
}

void job_set_progress(Job *job, uint64_t done, uint64_t total) {
        if (job->done == done && job->total == total)
                return;
        job->done = done;
        job->total = total;
        job->jobs->handler->changed(job, job->jobs->userdata);
}

void job_put_number(Job *job, const char *key, uint64_t number) {
        job->values[job->n_values++] = (JobValue){ .key = key, .number = number };
}

void job_put_text(Job *job, const char *key, const char *text) {
        char *copy = strdup(text ? text : "");

        if (copy)
                job->values[job->n_values++] = (JobValue){ .key = key, .text = copy };
}

void job_texts_add(JobTexts *t, const char *sentence) {
        if (!t->texts)
                t->texts = calloc(JOB_TEXTS_MAX, sizeof(*t->texts));
        if (t->n == JOB_TEXTS_MAX || !t->texts || !(t->texts[t->n] = strdup(sentence)))
                t->more++;
        else
                t->n++;
}

void job_texts_done(JobTexts *t) {
        for (size_t i = 0; i < t->n; i++)
                free(t->texts[i]);
        free(t->texts);
        *t = (JobTexts){ 0 };
}

void job_put_texts(Job *job, const char *key, JobTexts *t) {
        if (!t->texts)
                t->texts = calloc(1, sizeof(*t->texts));
        if (!t->texts)
                return;

        job->values[job->n_values++] = (JobValue){ .key = key, .texts = t->texts, .n_texts = t->n };
        if (t->more > 0)
                job_put_number(job, "more", t->more);
        *t = (JobTexts){ 0 };
}

int job_open_fd(int fd, int flags, bool *ret_poll) {
        _cleanup_close_ int own = -1;
        char path[64];
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
                return -EINVAL;

        *ret_poll = !S_ISREG(st.st_mode);
        if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
                (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                own = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        }
        if (own < 0)
                own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (own < 0)
                return -errno;

        /* Sockets cannot be opened anew; whoever hands one over is told of this in org.ebbd.Ebb1(5). */
        if (*ret_poll && fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK) < 0)
                return -errno;

        return TAKE_FD(own);
}

When job_when(Job *job) {
        return job->jobs->handler->when(job->jobs->userdata);
}

unsigned job_id(const Job *job) {
        return job->id;
}

JobKind job_kind(const Job *job) {
        return job->type->kind;
}

JobState job_state(const Job *job) {
        return job->state;
}

void job_progress(const Job *job, uint64_t *ret_done, uint64_t *ret_total) {
        *ret_done = job->done;
        *ret_total = job->total;
}

const char *job_message(const Job *job) {
        return job->state != JOB_RUNNING && job->message ? job->message : "";
}

const JobValue *job_values(const Job *job, size_t *ret_n) {
        *ret_n = job->n_values;
        return job->values;
}
