/*
 * Long work in slices between events: import, export, verify, backup. A job runs when the event loop
 * has nothing more important to do, a few milliseconds at a time, and never waits in a read or a write.
 * At most one of a kind runs. A job that has ended stays for a minute, so that who asked late still hears how.
 *
 * Knows no bus: what happens is told to a handler.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "store/backup.h"
#include "store/store.h"
#include "util/cleanup.h"

typedef struct Jobs Jobs;
typedef struct Job Job;

typedef enum JobKind { JOB_IMPORT, JOB_EXPORT, JOB_VERIFY, JOB_BACKUP } JobKind;
typedef enum JobState { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED } JobState;

const char *job_kind_name(JobKind kind);    /* "import" */
const char *job_state_name(JobState state); /* "running" */

/* One entry of a result. Exactly one of text and texts is set, or none for a number. */
typedef struct JobValue {
        const char *key; /* static */
        uint64_t number;
        char *text;
        char **texts; /* n_texts of them */
        size_t n_texts;
} JobValue;

enum {
        JOB_VALUES_MAX = 12,
        JOB_TEXTS_MAX = 1000, /* sentences in one result; how many more there were is said */
        JOB_KEEP_S = 60,
};

typedef struct JobsHandler {
        When (*when)(void *userdata);
        void (*changed)(Job *job, void *userdata); /* progress; may come often */
        void (*ended)(Job *job, void *userdata);   /* once */
        void (*removed)(Job *job, void *userdata); /* the pointer ends with this call */
        void (*collection_changed)(void *userdata);
} JobsHandler;

int jobs_new(sd_event *event, Store *store, const JobsHandler *handler, void *userdata, Jobs **ret);

/* Cancels what runs; the handler hears of ends and removals. */
Jobs *jobs_free(Jobs *jobs);
DEFINE_CLEANUP(Jobs *, jobs_free);

bool jobs_busy(const Jobs *jobs);
/* Only while not busy. */
void jobs_set_store(Jobs *jobs, Store *store);
/* How many backups rotation keeps; in force from the next backup. */
void jobs_set_keep(Jobs *jobs, const BackupKeep *keep);

/* Every job there is, newest first: start with NULL. */
Job *jobs_next(const Jobs *jobs, const Job *job);

enum {
        JOBS_E_BUSY = 1, /* one of this kind runs */
        JOBS_E_INVALID,  /* *ret_problem, the caller's, says what */
};

/*
 * Starting one. 0, a code above, or a negative errno. Descriptors become the job's with success only. The job is
 * valid until `removed`.
 */
typedef struct JobImport {
        const char *label;
        const char *match; /* "update", "keep", "both"; "" is update */
        const char *deck;
        bool dry_run;
} JobImport;
int jobs_import(Jobs *jobs, int fd, const JobImport *options, Job **ret, char **ret_problem);
int jobs_export(Jobs *jobs, int fd, const char *query, Job **ret, char **ret_problem);
int jobs_verify(Jobs *jobs, Job **ret, char **ret_problem);
int jobs_backup(Jobs *jobs, BackupKind kind, Job **ret, char **ret_problem);

/* Nothing is changed by an import that is cancelled; a partial export stays where it was written. */
void job_cancel(Job *job, const char *why);

unsigned job_id(const Job *job); /* from 1, never reused */
JobKind job_kind(const Job *job);
JobState job_state(const Job *job);
void job_progress(const Job *job, uint64_t *ret_done, uint64_t *ret_total); /* total 0: unknown */
const char *job_message(const Job *job); /* a sentence once it has ended, else "" */
const JobValue *job_values(const Job *job, size_t *ret_n);
