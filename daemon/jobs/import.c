/*
 * A note stream into the collection, all or nothing. Three stages: the stream is read to its end and each
 * note checked and kept aside; then a backup is made; then all is applied. A stream that is cut
 * off or malformed, a client that goes away and a disk that is full leave the collection as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "commands.h"
#include "jobs/job-private.h"
#include "jobs/notestream.h"
#include "store/notetype.h"
#include "util/clock.h"

enum {
        READ_SIZE = 64 * 1024,
        READ_SLICE_MS = 4,
        APPLY_SLICE = 50,   /* notes */
        BACKUP_SLICE = 128, /* pages */
};

typedef enum ImportStage { STAGE_READ, STAGE_BACKUP, STAGE_APPLY } ImportStage;

/* The fields of a note type that came with the stream, for its notes by column. */
typedef struct StreamType {
        struct StreamType *next;
        char *name;
        char **fields;
        size_t n_fields;
} StreamType;

typedef struct ImportWork {
        ImportStage stage;
        int fd;
        bool poll;
        char *label, *deck, *source;
        bool match_given, dry_run;
        uint64_t refused; /* here; the stream and the import count their own */
        ImportMatch match;
        NoteStream stream;
        StreamType *types;
        Import *import;
        Backup *backup;
        char *backup_path;
        JobTexts messages;
        char buffer[READ_SIZE];
} ImportWork;

static void refuse(ImportWork *w, uint64_t line, const char *why) {
        _cleanup_free_ char *sentence =
                line > 0 ? text_format("Line %" PRIu64 ": %s", line, why) : strdup(why);

        if (sentence)
                job_texts_add(&w->messages, sentence);
}

/* Of a stream the source is known with its first line, matching with its second: only then can it begin. */
static int begin(Job *job) {
        ImportWork *w = job->work;
        const ImportOptions options = {
                .label = w->label,
                .importer = w->source ? w->source : "",
                .match = w->match,
                .deck = w->deck,
                .dry_run = w->dry_run,
        };
        int r;

        if (w->import)
                return 0;

        r = commands_import_begin(job->jobs->store, &options, &w->import);
        return r == 0 ? 0 : job_store_failed(job, r);
}

static int take_header(Job *job, const NoteLine *line) {
        ImportWork *w = job->work;

        w->source = strdup(line->source);
        if (!w->source)
                return -ENOMEM;
        if (!w->label[0] && line->name[0]) {
                free(w->label);
                w->label = strdup(line->name);
        }
        return w->label ? 0 : -ENOMEM;
}

static int keep_type(ImportWork *w, const NoteType *type) {
        StreamType *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;

        t->next = w->types;
        w->types = t;
        t->name = strdup(type->name);
        t->fields = calloc(type->n_fields + 1, sizeof(*t->fields));
        if (!t->name || !t->fields)
                return -ENOMEM;
        for (; t->n_fields < type->n_fields; t->n_fields++) {
                t->fields[t->n_fields] = strdup(type->fields[t->n_fields]);
                if (!t->fields[t->n_fields])
                        return -ENOMEM;
        }
        return 0;
}

static int take_notetype(Job *job, const NoteLine *line) {
        ImportWork *w = job->work;
        const NoteTypeRow *known;
        int r;

        r = begin(job);
        if (r < 0)
                return r;

        /* One that is there keeps its fields: columns are then meant for those. */
        r = notetype_by_name(job->jobs->store, line->type.name, &known);
        if (r < 0)
                return job_store_failed(job, r);
        if (r != 0) {
                r = keep_type(w, &line->type);
                if (r < 0)
                        return r;
        }

        r = commands_import_notetype(w->import, &line->type);
        if (r == STORE_E_INVALID)
                return job_say(job, -EINVAL, "The note type \"%s\" cannot be taken: %s",
                               line->type.name, store_error(job->jobs->store));
        return r == 0 ? 0 : job_store_failed(job, r);
}

/* Names of the fields of a note type, those of the stream first. NULL when there is no such type. */
static const char *const *field_names(Job *job, const char *notetype, size_t *ret_n) {
        ImportWork *w = job->work;
        const NoteTypeRow *known;

        for (const StreamType *t = w->types; t; t = t->next)
                if (strcmp(t->name, notetype) == 0) {
                        *ret_n = t->n_fields;
                        return (const char *const *) t->fields;
                }
        if (notetype_by_name(job->jobs->store, notetype[0] ? notetype : "Basic", &known) != 0)
                return NULL;
        *ret_n = known->type.n_fields;
        return known->type.fields;
}

/* Columns get the names of the fields in their order. What stands in a column too many is no field of anything. */
static const char *name_columns(Job *job, const NoteLine *line,
                                FieldValue fields[static NOTETYPE_FIELDS_MAX], size_t *ret_n) {
        const char *const *names;
        size_t n_names = 0;

        names = field_names(job, line->notetype, &n_names);
        if (!names)
                return "The note type is not known.";

        *ret_n = 0;
        for (size_t i = 0; i < line->n_fields; i++) {
                if (i < n_names)
                        fields[(*ret_n)++] = (FieldValue){ names[i], line->fields[i].value };
                else if (line->fields[i].value[0])
                        return "It has more columns than its note type has fields.";
        }
        return NULL;
}

static int take_note(Job *job, const NoteLine *line) {
        ImportWork *w = job->work;
        FieldValue named[NOTETYPE_FIELDS_MAX];
        ImportNote note = {
                .note = { .notetype = line->notetype,
                          .deck = line->deck,
                          .fields = line->fields,
                          .n_fields = line->n_fields,
                          .tags = line->tags,
                          .n_tags = line->n_tags },
                .guid = line->guid,
                .suspended = line->suspended,
                .line = line->line,
        };
        int r;

        r = begin(job);
        if (r < 0)
                return r;

        if (line->by_column) {
                const char *problem = name_columns(job, line, named, &note.note.n_fields);

                if (problem) {
                        w->refused++;
                        refuse(w, line->line, problem);
                        return 0;
                }
                note.note.fields = named;
        }

        r = commands_import_add(w->import, &note);
        if (r == STORE_E_INVALID) {
                refuse(w, line->line, store_error(job->jobs->store));
                return 0;
        }
        return r == 0 ? 0 : job_store_failed(job, r);
}

static int take_line(Job *job, const NoteLine *line) {
        ImportWork *w = job->work;

        switch (line->kind) {
        case NOTELINE_HEADER:
                return take_header(job, line);
        case NOTELINE_OPTIONS:
                if (line->has_match && !w->match_given)
                        w->match = (ImportMatch) line->match;
                return 0;
        case NOTELINE_NOTETYPE:
                return take_notetype(job, line);
        case NOTELINE_NOTE:
                return take_note(job, line);
        case NOTELINE_REFUSED:
                refuse(w, line->line, line->why);
                return 0;
        case NOTELINE_END:
                return begin(job);
        }
        return 0;
}

/* 0: there is more to take out; JOB_WAIT; or a failure. At the end w->stream.eof is set. */
static int read_more(Job *job) {
        ImportWork *w = job->work;
        ssize_t n;
        int r;

        n = read(w->fd, w->buffer, sizeof(w->buffer));
        if (n < 0 && errno == EINTR)
                return 0;
        if (n < 0 && errno == EAGAIN && w->poll) {
                r = job_wait_fd(job, w->fd, EPOLLIN);
                return r < 0 ? r : JOB_WAIT;
        }
        if (n < 0)
                return job_say(job, -errno, "The note stream cannot be read: %s.", strerror(errno));
        if (n > 0)
                return notestream_push(&w->stream, w->buffer, (size_t) n);

        notestream_push_eof(&w->stream);
        return 0;
}

/* One line, or more bytes. 0 to go on, JOB_WAIT, JOB_MORE when the stream has ended whole. */
static int take_next(Job *job) {
        ImportWork *w = job->work;
        _cleanup_free_ char *problem = NULL;
        NoteLine line;
        int r;

        r = notestream_next(&w->stream, &line, &problem);
        if (r == NOTESTREAM_E_MORE)
                return w->stream.eof ? JOB_MORE : read_more(job);
        if (r == NOTESTREAM_E_INVALID)
                return job_say(job, -EBADMSG, "%s", problem);
        if (r < 0)
                return r;

        r = take_line(job, &line);
        noteline_done(&line);
        return r;
}

static int read_slice(Job *job) {
        ImportWork *w = job->work;
        usec_t until_boot = clock_now_boot() + READ_SLICE_MS * USEC_PER_MSEC;
        int64_t cards;
        int r;

        do {
                r = take_next(job);
                if (r == JOB_MORE)
                        break;
                if (r != 0)
                        return r;
        } while (clock_now_boot() < until_boot);

        job_set_progress(job, w->stream.notes, 0);
        if (r != JOB_MORE)
                return JOB_MORE;

        /* There is nothing to lose where nothing is yet. */
        r = card_count(job->jobs->store, &cards);
        if (r != 0)
                return job_store_failed(job, r);

        w->stage = w->dry_run || cards == 0 ? STAGE_APPLY : STAGE_BACKUP;
        return JOB_MORE;
}

static int backup_slice(Job *job) {
        ImportWork *w = job->work;
        When when = job_when(job);
        int r;

        if (!w->backup) {
                r = backup_new(job->jobs->store, BACKUP_IMPORT, when.now_ms, &w->backup);
                if (r != 0)
                        return job_say(
                                job, r < 0 ? r : -EIO,
                                "Nothing was imported: the backup before it cannot be made: %s.",
                                strerror(r < 0 ? -r : EIO));
        }

        r = backup_step(w->backup, BACKUP_SLICE);
        if (r < 0)
                return job_say(job, r,
                               "Nothing was imported: the backup before it cannot be made: %s.",
                               strerror(-r));
        if (r != BACKUP_DONE)
                return JOB_MORE;

        w->backup_path = strdup(backup_path(w->backup));
        w->backup = backup_free(w->backup);
        w->stage = STAGE_APPLY;
        return JOB_MORE;
}

static int finish(Job *job) {
        ImportWork *w = job->work;
        ImportCounts c;
        uint64_t refused, same;

        commands_import_counts(w->import, &c);
        refused = c.refused + w->stream.refused + w->refused;
        same = c.unchanged + c.kept;
        job_put_number(job, "added", c.added);
        job_put_number(job, "updated", c.updated);
        job_put_number(job, "unchanged", c.unchanged);
        job_put_number(job, "kept", c.kept);
        job_put_number(job, "refused", refused);
        job_put_texts(job, "messages", &w->messages);
        if (w->backup_path)
                job_put_text(job, "backup", w->backup_path);
        if (!w->dry_run && c.added + c.updated > 0)
                job->jobs->handler->collection_changed(job->jobs->userdata);
        return job_say(job, 0,
                       w->dry_run ? "Would add %" PRIu64 " and update %" PRIu64 " notes; %" PRIu64
                                    " would stay as they are, %" PRIu64 " would be refused."
                                  : "Added %" PRIu64 " and updated %" PRIu64 " notes; %" PRIu64
                                    " stayed as they were, %" PRIu64 " were refused.",
                       c.added, c.updated, same, refused);
}

static int apply_slice(Job *job) {
        ImportWork *w = job->work;
        When when = job_when(job);
        ImportCounts c;
        int r;

        r = commands_import_step(w->import, &when, APPLY_SLICE);
        if (r < 0 || r > 1)
                return job_store_failed(job, r);

        commands_import_counts(w->import, &c);
        job_set_progress(job, c.added + c.updated + c.unchanged + c.kept, w->stream.notes);
        return r == 1 ? JOB_MORE : finish(job);
}

static int import_slice(Job *job) {
        ImportWork *w = job->work;

        switch (w->stage) {
        case STAGE_READ:
                return read_slice(job);
        case STAGE_BACKUP:
                return backup_slice(job);
        case STAGE_APPLY:
                return apply_slice(job);
        }
        return -EINVAL;
}

static void import_done(Job *job) {
        ImportWork *w = job->work;

        while (w->types) {
                StreamType *t = w->types;

                w->types = t->next;
                for (size_t i = 0; i < t->n_fields; i++)
                        free(t->fields[i]);
                free(t->fields);
                free(t->name);
                free(t);
        }
        commands_import_free(w->import);
        backup_free(w->backup);
        notestream_done(&w->stream);
        job_texts_done(&w->messages);
        if (w->fd >= 0)
                (void) close(w->fd);
        free(w->label);
        free(w->deck);
        free(w->source);
        free(w->backup_path);
        free(w);
}

static const JobType import_type = { JOB_IMPORT, import_slice, import_done };

static int read_options(ImportWork *w, const JobImport *options, char **ret_problem) {
        static const char *const names[] = {
                [IMPORT_UPDATE] = "update", [IMPORT_KEEP] = "keep", [IMPORT_BOTH] = "both"
        };

        w->label = strdup(options->label);
        w->deck = strdup(options->deck);
        if (!w->label || !w->deck)
                return -ENOMEM;

        w->dry_run = options->dry_run;
        if (!options->match[0])
                return 0;
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strcmp(names[i], options->match) == 0) {
                        w->match = (ImportMatch) i;
                        w->match_given = true;
                        return 0;
                }

        *ret_problem = text_format("\"match\" is \"%.100s\", but must be update, keep or both.",
                                   options->match);
        return JOBS_E_INVALID;
}

int jobs_import(Jobs *jobs, int fd, const JobImport *options, Job **ret, char **ret_problem) {
        ImportWork *w;
        Job *job;
        int r;

        r = job_new(jobs, &import_type, &job, ret_problem);
        if (r != 0)
                return r;

        w = job->work = calloc(1, sizeof(*w));
        if (!w) {
                job_discard(job);
                return -ENOMEM;
        }

        w->fd = -1;
        r = read_options(w, options, ret_problem);
        if (r != 0) {
                job_discard(job);
                return r;
        }

        w->fd = job_open_fd(fd, O_RDONLY, &w->poll);
        if (w->fd < 0) {
                job_discard(job);
                *ret_problem = text_format("What was handed over cannot be read from.");
                return JOBS_E_INVALID;
        }

        job_start(job);
        *ret = job;
        return 0;
}
