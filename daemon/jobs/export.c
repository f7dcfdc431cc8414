/*
 * Notes as an Anki text file: tab separated, with columns for guid, note type, deck and tags, so that
 * importing the file finds each note again. Written as fast as the other side reads, never faster.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/query.h"
#include "jobs/job-private.h"
#include "store/deck.h"
#include "store/note.h"
#include "store/notetype.h"
#include "store/search.h"

enum { EXPORT_IDS_SLICE = 1000, EXPORT_NOTES_SLICE = 50, EXPORT_BUFFER = 64 * 1024 };

typedef struct ExportWork {
        int fd;
        bool poll;
        Query query;
        int64_t *notes; /* what was found when the job began */
        size_t n_notes, next;
        bool found_all;
        size_t n_fields; /* columns for fields: those of the widest note type */
        TextBuf out;
        size_t written; /* of out */
        uint64_t n_written, bytes;
} ExportWork;

static int find_notes(Job *job) {
        ExportWork *w = job->work;
        When when = job_when(job);
        Moment now = when_moment(&when);
        uint64_t total;
        int64_t *more;
        size_t n;
        int r;

        more = reallocarray(w->notes, w->n_notes + EXPORT_IDS_SLICE, sizeof(*more));
        if (!more)
                return -ENOMEM;

        w->notes = more;
        r = search_notes(job->jobs->store, &w->query, &now, w->n_notes, EXPORT_IDS_SLICE,
                         w->notes + w->n_notes, &n, &total);
        if (r != 0)
                return job_store_failed(job, r);

        w->n_notes += n;
        w->found_all = n < EXPORT_IDS_SLICE;
        return JOB_MORE;
}

static int put_header(Job *job) {
        ExportWork *w = job->work;
        const NoteTypeRow *const *types;
        size_t n;
        int r;

        r = notetype_list(job->jobs->store, &types, &n);
        if (r != 0)
                return job_store_failed(job, r);

        for (size_t i = 0; i < n; i++)
                if (types[i]->type.n_fields > w->n_fields)
                        w->n_fields = types[i]->type.n_fields;
        textbuf_addf(&w->out,
                     "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n"
                     "#deck column:3\n#tags column:%zu\n",
                     w->n_fields + 4);
        return 0;
}

/* One cell. Quotes are needed around what would end it, and at the start of what would open one. */
static void put_cell(TextBuf *out, const char *text) {
        if (!strpbrk(text, "\t\n\r\"") && text[0] != '#') {
                textbuf_adds(out, text);
                return;
        }

        textbuf_addc(out, '"');
        for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
                textbuf_add(out, text, (size_t) (quote - text));
                textbuf_adds(out, "\"\"");
        }
        textbuf_adds(out, text);
        textbuf_addc(out, '"');
}

static int put_note(Job *job, int64_t id) {
        _cleanup_(note_freep) Note *note = NULL;
        ExportWork *w = job->work;
        const NoteTypeRow *type;
        const Deck *deck;
        int r;

        r = note_get(job->jobs->store, id, &note);
        if (r == STORE_E_NOT_FOUND || (r == 0 && !note->alive))
                return 0; /* deleted since */
        if (r != 0)
                return job_store_failed(job, r);

        r = notetype_get(job->jobs->store, note->notetype, &type);
        if (r != 0)
                return job_store_failed(job, r);

        put_cell(&w->out, note->uuid);
        textbuf_addc(&w->out, '\t');
        put_cell(&w->out, type->type.name);
        textbuf_addc(&w->out, '\t');

        r = deck_get(job->jobs->store, note->deck, &deck);
        if (r < 0)
                return job_store_failed(job, r);

        put_cell(&w->out, r == 0 ? deck->name : "");
        for (size_t i = 0; i < w->n_fields; i++) {
                textbuf_addc(&w->out, '\t');
                if (i < type->type.n_fields)
                        put_cell(&w->out, note_field(note, type->type.fields[i]));
        }
        textbuf_addc(&w->out, '\t');
        for (size_t i = 0; i < note->n_tags; i++) {
                if (i > 0)
                        textbuf_addc(&w->out, ' ');
                textbuf_adds(&w->out, note->tags[i]);
        }
        textbuf_addc(&w->out, '\n');
        w->n_written++;
        return 0;
}

/* 0: all is written; JOB_WAIT; JOB_MORE for what cannot be waited for; or a failure. */
static int flush_out(Job *job) {
        ExportWork *w = job->work;

        while (w->written < w->out.len) {
                ssize_t n = write(w->fd, w->out.buf + w->written, w->out.len - w->written);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN && w->poll)
                        return job_wait_fd(job, w->fd, EPOLLOUT) < 0 ? -EIO : JOB_WAIT;
                if (n < 0)
                        return job_say(job, -errno, "The export cannot be written: %s.",
                                       errno == EPIPE ? "nobody reads it any more"
                                                      : strerror(errno));
                w->written += (size_t) n;
                w->bytes += (uint64_t) n;
        }

        w->written = w->out.len = 0;
        return 0;
}

static int export_slice(Job *job) {
        ExportWork *w = job->work;
        int r;

        if (!w->found_all)
                return find_notes(job);

        if (w->n_fields == 0) {
                r = put_header(job);
                if (r < 0)
                        return r;
        }

        /* What a slow reader left over comes first, so that never more than a buffer waits. */
        if (w->out.len < EXPORT_BUFFER)
                for (int i = 0; i < EXPORT_NOTES_SLICE && w->next < w->n_notes; i++) {
                        r = put_note(job, w->notes[w->next++]);
                        if (r < 0)
                                return r;
                }
        if (w->out.error < 0)
                return w->out.error;

        r = flush_out(job);
        if (r != 0)
                return r;

        job_set_progress(job, w->next, w->n_notes);
        if (w->next < w->n_notes)
                return JOB_MORE;

        job_put_number(job, "notes", w->n_written);
        job_put_number(job, "bytes", w->bytes);
        return job_say(job, 0, "Exported %" PRIu64 " note%s.", w->n_written,
                       w->n_written == 1 ? "" : "s");
}

static void export_done(Job *job) {
        ExportWork *w = job->work;

        if (w->fd >= 0)
                (void) close(w->fd);
        free(w->notes);
        textbuf_done(&w->out);
        free(w);
}

static const JobType export_type = { JOB_EXPORT, export_slice, export_done };

int jobs_export(Jobs *jobs, int fd, const char *query, Job **ret, char **ret_problem) {
        _cleanup_(textbuf_done) TextBuf problem = { 0 };
        ExportWork *w;
        Job *job;
        int r;

        r = job_new(jobs, &export_type, &job, ret_problem);
        if (r != 0)
                return r;

        w = job->work = calloc(1, sizeof(*w));
        if (!w) {
                job_discard(job);
                return -ENOMEM;
        }

        w->fd = -1;
        r = query_parse(query, strlen(query), &w->query, &problem);
        if (r != 0) {
                job_discard(job);
                if (r < 0)
                        return r;
                *ret_problem = strdup(problem.buf ? problem.buf : "The query cannot be read.");
                return JOBS_E_INVALID;
        }

        w->fd = job_open_fd(fd, O_WRONLY, &w->poll);
        if (w->fd < 0) {
                job_discard(job);
                *ret_problem = text_format("What was handed over cannot be written to.");
                return JOBS_E_INVALID;
        }

        job_start(job);
        *ret = job;
        return 0;
}
