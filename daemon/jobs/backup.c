/* A copy of the collection in slices, then rotation: store/backup.h. */
#include "store/backup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/job-private.h"

enum { BACKUP_SLICE_PAGES = 128 };

typedef struct BackupWork {
        BackupKind kind;
        Backup *backup;
} BackupWork;

static int backup_slice(Job *job) {
        BackupWork *w = job->work;
        uint64_t done, total;
        When when = job_when(job);
        int r;

        if (!w->backup) {
                r = backup_new(job->jobs->store, w->kind, when.now_ms, &w->backup);
                if (r != 0)
                        return job_say(job, r < 0 ? r : -EIO, "The backup cannot be begun: %s.",
                                       strerror(r < 0 ? -r : EIO));
        }

        r = backup_step(w->backup, BACKUP_SLICE_PAGES);
        if (r < 0)
                return job_say(job, r, "The backup %s cannot be written: %s.",
                               backup_path(w->backup), strerror(-r));

        backup_progress(w->backup, &done, &total);
        job_set_progress(job, done, total);
        if (r != BACKUP_DONE)
                return JOB_MORE;

        job_put_text(job, "path", backup_path(w->backup));
        (void) job_say(job, 0, "The backup is %s.", backup_path(w->backup));
        /* Old ones that could not be deleted are no reason to call this one failed. */
        (void) backup_rotate(store_path(job->jobs->store), &job->jobs->keep, when.now_ms, NULL);
        return 0;
}

static void backup_work_done(Job *job) {
        BackupWork *w = job->work;

        backup_free(w->backup);
        free(w);
}

static const JobType backup_type = { JOB_BACKUP, backup_slice, backup_work_done };

int jobs_backup(Jobs *jobs, BackupKind kind, Job **ret, char **ret_problem) {
        BackupWork *w;
        Job *job;
        int r;

        r = job_new(jobs, &backup_type, &job, ret_problem);
        if (r != 0)
                return r;

        w = job->work = calloc(1, sizeof(*w));
        if (!w) {
                job_discard(job);
                return -ENOMEM;
        }

        w->kind = kind;
        job_start(job);
        *ret = job;
        return 0;
}
