/* What the kinds of job share with job.c. */
#pragma once

#include "jobs/job.h"
#include "util/text.h"

enum {
        JOB_MORE = 1, /* call step() again when there is time */
        JOB_WAIT = 2, /* job_wait_fd() was called: step() when the descriptor is ready */
};

typedef struct JobType {
        JobKind kind;
        /* JOB_MORE, JOB_WAIT; 0: done, with job->message; negative: failed, also with a message. */
        int (*step)(Job *job);
        /* Frees job->work; also of a cancelled one. */
        void (*done)(Job *job);
} JobType;

struct Job {
        Jobs *jobs;
        Job *next;
        const JobType *type;
        unsigned id;
        JobState state;
        uint64_t done, total;
        char *message;
        JobValue values[JOB_VALUES_MAX];
        size_t n_values;
        void *work;
        sd_event_source *slice, *io, *expire;
};

struct Jobs {
        sd_event *event;
        Store *store;
        BackupKeep keep;
        const JobsHandler *handler;
        void *userdata;
        Job *list; /* newest first */
        unsigned last_id;
};

/* A new job of a kind, not started. JOBS_E_BUSY with a sentence when one runs. */
int job_new(Jobs *jobs, const JobType *type, Job **ret, char **ret_problem);
void job_start(Job *job);
void job_discard(Job *job); /* of one that was never started */

/* Sets the sentence, returns `r`. */
int job_say(Job *job, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The store's sentence for code `r`; returns a negative errno. */
int job_store_failed(Job *job, int r);

void job_set_progress(Job *job, uint64_t done, uint64_t total);
int job_wait_fd(Job *job, int fd, uint32_t events);

/* Entries of the result. */
void job_put_number(Job *job, const char *key, uint64_t number);
void job_put_text(Job *job, const char *key, const char *text);

/* A growing list of sentences; what goes beyond JOB_TEXTS_MAX is only counted. */
typedef struct JobTexts {
        char **texts;
        size_t n;
        uint64_t more;
} JobTexts;
void job_texts_add(JobTexts *t, const char *sentence);
void job_texts_done(JobTexts *t);
void job_put_texts(Job *job, const char *key,
                   JobTexts *t); /* takes them; "KEY-more" when not all */

/*
 * A descriptor of a client, for use without ever waiting. Pipes, sockets and terminals get a description of their
 * own where that is possible, so that the client's stays as it was. *ret_poll: it can be
 * waited for with epoll; regular files cannot and need not. -EINVAL for what is no stream (a folder).
 */
int job_open_fd(int fd, int flags, bool *ret_poll);

When job_when(Job *job);
