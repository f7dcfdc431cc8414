/* Rebuilds what is derived and compares: store/verify.h in slices. */
#include "store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "jobs/job-private.h"

enum { VERIFY_SLICE = 100 };

typedef struct VerifyWork {
        Verify *verify;
        JobTexts differences;
} VerifyWork;

static void on_difference(const char *sentence, void *userdata) {
        VerifyWork *w = userdata;

        job_texts_add(&w->differences, sentence);
}

static int verify_slice(Job *job) {
        VerifyWork *w = job->work;
        uint64_t differences;
        int done = 0, r;

        if (!w->verify) {
                r = verify_new(job->jobs->store, on_difference, w, &w->verify);
                if (r != 0)
                        return job_store_failed(job, r);
        }

        r = verify_step(w->verify, VERIFY_SLICE, &done);
        if (r < 0)
                return job_store_failed(job, r);

        job_set_progress(job, (uint64_t) done, 1000);
        if (r > 0)
                return JOB_MORE;

        differences = verify_differences(w->verify);
        job_put_number(job, "differences", differences);
        job_put_texts(job, "messages", &w->differences);
        if (differences > 0)
                return job_say(job, -EUCLEAN,
                               "%" PRIu64 " derived values differ from what the operations give.",
                               differences);
        return job_say(job, 0, "Everything agrees with the operations.");
}

static void verify_done(Job *job) {
        VerifyWork *w = job->work;

        verify_free(w->verify);
        job_texts_done(&w->differences);
        free(w);
}

static const JobType verify_type = { JOB_VERIFY, verify_slice, verify_done };

int jobs_verify(Jobs *jobs, Job **ret, char **ret_problem) {
        Job *job;
        int r;

        r = job_new(jobs, &verify_type, &job, ret_problem);
        if (r != 0)
                return r;

        job->work = calloc(1, sizeof(VerifyWork));
        if (!job->work) {
                job_discard(job);
                return -ENOMEM;
        }

        job_start(job);
        *ret = job;
        return 0;
}
