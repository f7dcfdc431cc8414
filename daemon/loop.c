/* Puts the parts together and keeps them going. */
#include "loop.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "bus/bus.h"
#include "conf/conf.h"
#include "engine.h"
#include "jobs/job.h"
#include "store/backup.h"
#include "store/store.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/usec.h"

enum {
        IDLE_AFTER_S = 5,            /* without a call or a click, tidy up */
        IDLE_MORE_MS = 20,           /* when tidying up has more to do */
        BACKUP_SOONEST_S = 120,      /* after the start: a login has more urgent things to do */
        BACKUP_RETRY_S = 60 * 60,    /* after one that failed */
        BACKUP_ACCURACY_S = 10 * 60, /* so that it wakes nobody up on its own */
};

typedef struct Loop {
        const LoopOptions *options;
        sd_event *event;
        Conf *conf;
        Store *store;
        Engine *engine;
        Jobs *jobs;
        Bus *bus;
        sd_event_source *idle, *backup, *clock;
        int clock_fd;
        int exit_code; /* when a part ends the loop */
} Loop;

static int64_t now_ms(void) {
        return (int64_t) (clock_now_real() / USEC_PER_MSEC);
}

static void loop_done(Loop *l) {
        /* Jobs first: a cancelled one still answers on the bus, and gives the store back untouched. */
        l->jobs = jobs_free(l->jobs);
        l->engine = engine_free(l->engine);
        l->bus = bus_free(l->bus);
        sd_event_source_disable_unref(l->idle);
        sd_event_source_disable_unref(l->backup);
        sd_event_source_disable_unref(l->clock);
        if (l->clock_fd >= 0)
                (void) close(l->clock_fd);
        l->store = store_free(l->store);
        l->conf = conf_free(l->conf);
        sd_event_unref(l->event);
}

/* ---- idle work ------------------------------------------------------------------------------- */

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata) {
        Loop *l = userdata;
        int r;

        if (jobs_busy(l->jobs))
                return 0; /* its end arms this again */

        r = store_idle(l->store);
        if (r < 0)
                log_debug("Tidying up the collection was not possible now: %s",
                          store_error(l->store));
        if (r > 0 && sd_event_source_set_time_relative(source, IDLE_MORE_MS * USEC_PER_MSEC) >= 0) {
                /* Cards are still to be folded with what their preset says now. */
                (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
                return 0;
        }
        (void) malloc_trim(0);
        return 0;
}

static void keep_awake(Loop *l) {
        int enabled = SD_EVENT_OFF;

        if (!l->idle || sd_event_source_get_enabled(l->idle, &enabled) > 0)
                return;
        if (sd_event_source_set_time_relative(l->idle, IDLE_AFTER_S * USEC_PER_SEC) >= 0)
                (void) sd_event_source_set_enabled(l->idle, SD_EVENT_ONESHOT);
}

/* ---- the daily backup ------------------------------------------------------------------------ */

/* Whether the collection was written to since an instant. */
static bool changed_since(const Loop *l, int64_t at_ms) {
        _cleanup_free_ char *wal = text_format("%s-wal", store_path(l->store));
        const char *paths[] = { store_path(l->store), wal };

        for (size_t i = 0; i < ELEMENTS(paths); i++) {
                struct stat st;

                if (paths[i] && stat(paths[i], &st) == 0 &&
                    st.st_mtim.tv_sec * MSEC_PER_SEC + st.st_mtim.tv_nsec / 1000000 > at_ms)
                        return true;
        }
        return false;
}

/* When the newest daily backup was made; 0 when there is none. */
static int64_t last_backup_ms(const Loop *l) {
        _cleanup_(backup_list_done) BackupList list = { 0 };

        if (backup_list(store_path(l->store), &list) < 0)
                return 0;
        for (size_t i = 0; i < list.n; i++)
                if (list.files[i].kind == BACKUP_DAILY || list.files[i].kind == BACKUP_WEEKLY ||
                    list.files[i].kind == BACKUP_MONTHLY)
                        return list.files[i].at_ms;
        return 0;
}

static void arm_backup(Loop *l, int64_t after_s) {
        if (sd_event_source_set_time_relative(l->backup, (uint64_t) after_s * USEC_PER_SEC) >= 0)
                (void) sd_event_source_set_enabled(l->backup, SD_EVENT_ONESHOT);
}

static void plan_backup(Loop *l) {
        int64_t due_ms, after_s;

        if (!l->conf->backup_daily || store_read_only(l->store)) {
                (void) sd_event_source_set_enabled(l->backup, SD_EVENT_OFF);
                return;
        }

        due_ms = last_backup_ms(l) + MSEC_PER_DAY;
        after_s = (due_ms - now_ms()) / MSEC_PER_SEC;
        if (after_s < BACKUP_SOONEST_S)
                after_s = BACKUP_SOONEST_S;
        /* Made by a clock that was ahead: it is not waited for. */
        if (after_s > 24 * 60 * 60)
                after_s = 24 * 60 * 60;
        arm_backup(l, after_s);
}

static int on_backup(sd_event_source *source, uint64_t usec, void *userdata) {
        Loop *l = userdata;
        _cleanup_free_ char *problem = NULL;
        int64_t last_ms = last_backup_ms(l);
        Job *job;
        int r;

        if (last_ms > now_ms() - MSEC_PER_DAY && last_ms <= now_ms()) {
                plan_backup(l);
                return 0;
        }
        if (!changed_since(l, last_ms)) {
                arm_backup(l, 24 * 60 * 60);
                return 0;
        }

        r = jobs_backup(l->jobs, BACKUP_DAILY, &job, &problem);
        if (r < 0)
                log_error_errno(r, "Failed to begin the daily backup, trying again in an hour: %m");
        if (r != 0)
                arm_backup(l, BACKUP_RETRY_S);
        return 0;
}

/* ---- what the parts tell --------------------------------------------------------------------- */

static When job_when(void *userdata) {
        Loop *l = userdata;

        return engine_when(l->engine);
}

static void on_job_changed(Job *job, void *userdata) {
        Loop *l = userdata;

        bus_job_changed(l->bus, job);
}

static void on_job_ended(Job *job, void *userdata) {
        Loop *l = userdata;

        if (job_state(job) == JOB_FAILED)
                log_warning("The job %u (%s) failed: %s", job_id(job), job_kind_name(job_kind(job)),
                            job_message(job));
        else
                log_info("The job %u (%s) has ended: %s", job_id(job), job_kind_name(job_kind(job)),
                         job_message(job));
        bus_job_ended(l->bus, job);
        keep_awake(l);

        if (job_kind(job) != JOB_BACKUP || !l->backup)
                return;
        if (job_state(job) == JOB_DONE)
                plan_backup(l);
        else
                arm_backup(l, BACKUP_RETRY_S);
}

static void on_job_removed(Job *job, void *userdata) {
        Loop *l = userdata;

        bus_job_removed(l->bus, job);
}

static void on_collection_changed(void *userdata) {
        Loop *l = userdata;

        engine_collection_changed(l->engine);
        bus_changed(l->bus);
}

static const JobsHandler jobs_handler = {
        .when = job_when,
        .changed = on_job_changed,
        .ended = on_job_ended,
        .removed = on_job_removed,
        .collection_changed = on_collection_changed,
};

static void on_engine_changed(Engine *e, void *userdata) {
        Loop *l = userdata;

        bus_changed(l->bus);
}

static void on_graded(Engine *e, int64_t card, unsigned grade, usec_t due_real,
                      bool in_notification, void *userdata) {
        Loop *l = userdata;

        bus_graded(l->bus, card, grade, due_real, in_notification);
        keep_awake(l);
}

static const EngineHandler engine_handler = {
        .changed = on_engine_changed,
        .graded = on_graded,
};

/* ---- reload and restore ---------------------------------------------------------------------- */

/* One log entry a mistake, and one sentence for the bus. */
static void tell_conf_errors(Loop *l, const char *errors) {
        _cleanup_free_ char *copy = strdup(errors), *problem = NULL;
        char *save = NULL;
        size_t n = 0;

        for (char *line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
             line = strtok_r(NULL, "\n", &save)) {
                log_error("%s", line);
                if (n++ == 0)
                        problem = text_format(
                                "The configuration was not read again, the old one is in force: %s",
                                line);
        }
        bus_set_problem(l->bus, problem);
}

static int reload(char **ret_errors, void *userdata) {
        Loop *l = userdata;
        _cleanup_(conf_freep) Conf *conf = NULL;
        uint64_t monotonic = 0;
        int r;

        (void) sd_event_now(l->event, CLOCK_MONOTONIC, &monotonic);
        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic);
        r = conf_load(l->options->conf_path, &conf, ret_errors);
        if (r < 0) {
                tell_conf_errors(l, *ret_errors ? *ret_errors : strerror(-r));
                log_notice("The configuration was not read again, the old values stay in force");
                (void) sd_notify(false, "READY=1");
                return r;
        }

        if (!l->options->data_folder && strcmp(conf->data_folder, l->conf->data_folder) != 0)
                log_notice("The folder %s is used from the next start on", conf->data_folder);

        engine_set_conf(l->engine, conf);
        bus_set_conf(l->bus, conf);
        bus_set_problem(l->bus, NULL);
        jobs_set_keep(l->jobs,
                      &(BackupKeep){ conf->keep_daily, conf->keep_weekly, conf->keep_monthly });
        conf_free(l->conf);
        l->conf = TAKE_PTR(conf);
        plan_backup(l);
        log_info("The configuration was read again");
        (void) sd_notify(false, "READY=1");
        return 0;
}

static int exit_code_of(int r) {
        switch (r) {
        case STORE_E_LOCKED:
                return LOOP_EXIT_TAKEN;
        case STORE_E_FOREIGN:
        case STORE_E_NEWER:
        case STORE_E_DAMAGED:
                return LOOP_EXIT_DATA;
        default:
                return LOOP_EXIT_FAILED;
        }
}

static int restore(const char *path, char **ret_saved, char **ret_problem, void *userdata) {
        Loop *l = userdata;
        _cleanup_free_ char *store_at = strdup(store_path(l->store)), *problem = NULL;
        _cleanup_(textbuf_done) TextBuf why = { 0 };
        Store *store = NULL;
        int restored, r;

        if (!store_at)
                return -ENOMEM;

        /* The parts hold no pointer into the store between turns of the loop, only the store itself. */
        l->store = store_free(l->store);
        restored = backup_restore(store_at, path, now_ms(), ret_saved, &why);
        r = store_open(store_at, 0, now_ms(), &store, &problem);
        if (r != 0) {
                log_error("The collection cannot be opened again after restoring %s, ending: %s",
                          path, problem ? problem : strerror(r < 0 ? -r : EIO));
                *ret_problem = TAKE_PTR(problem);
                l->exit_code = exit_code_of(r);
                (void) sd_event_exit(l->event, l->exit_code);
                return r;
        }

        l->store = store;
        engine_set_store(l->engine, store);
        jobs_set_store(l->jobs, store);
        bus_set_store(l->bus, store);
        if (restored != 0) {
                (void) textbuf_take(&why, ret_problem);
                log_error("%s was not restored: %s", path, *ret_problem ? *ret_problem : "");
                return restored;
        }

        log_notice("The collection was replaced by the backup %s", path);
        return 0;
}

static void on_active(void *userdata) {
        keep_awake(userdata);
}

static void on_lost(void *userdata) {
        Loop *l = userdata;

        log_error("The session bus went away; ending, everything is saved");
        l->exit_code = LOOP_EXIT_NO_BUS;
        (void) sd_event_exit(l->event, l->exit_code);
}

static const BusHandler bus_handler = {
        .reload = reload,
        .restore = restore,
        .active = on_active,
        .lost = on_lost,
};

/* ---- what wakes it up ------------------------------------------------------------------------ */

static int on_end_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                         void *userdata) {
        Loop *l = userdata;

        log_info("Ending on SIG%s", sigabbrev_np((int) info->ssi_signo));
        return sd_event_exit(l->event, LOOP_EXIT_OK);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        _cleanup_free_ char *errors = NULL;

        (void) reload(&errors, userdata);
        return 0;
}

static void time_changed(Loop *l, const char *what) {
        log_info("%s, looking again at what is due", what);
        engine_time_changed(l->engine);
        plan_backup(l);
}

/* A timer that is never due, but is told when somebody sets the clock. */
static int arm_clock(int fd) {
        const struct itimerspec never = { .it_value.tv_sec = INT64_C(1) << 40 };

        if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
                return -errno;
        return 0;
}

static int on_clock_set(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        uint64_t expirations;

        if (read(fd, &expirations, sizeof(expirations)) < 0 && errno == EAGAIN)
                return 0;
        (void) arm_clock(fd);
        time_changed(userdata, "The clock was set");
        return 0;
}

static int on_etc_changed(sd_event_source *source, const struct inotify_event *event,
                          void *userdata) {
        if (event->len > 0 && strcmp(event->name, "localtime") == 0)
                time_changed(userdata, "The time zone was changed");
        return 0;
}

static int watch_time(Loop *l) {
        int r;

        l->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (l->clock_fd < 0)
                return -errno;

        r = arm_clock(l->clock_fd);
        if (r < 0)
                return r;

        r = sd_event_add_io(l->event, &l->clock, l->clock_fd, EPOLLIN, on_clock_set, l);
        if (r < 0)
                return r;

        /* Replaced by renaming, as timedated does, or written to, or made where there was none. */
        r = sd_event_add_inotify(l->event, NULL, "/etc",
                                 IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR,
                                 on_etc_changed, l);
        if (r < 0)
                log_warning_errno(r, "Failed to watch the time zone, a change needs a restart: %m");
        return 0;
}

static int watch_signals(Loop *l) {
        static const struct {
                int signal;
                sd_event_signal_handler_t handler;
        } signals[] = {
                { SIGTERM, on_end_signal },
                { SIGINT, on_end_signal },
                { SIGHUP, on_hangup },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                r = sd_event_add_signal(l->event, NULL, signals[i].signal, signals[i].handler, l);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_timers(Loop *l) {
        int r;

        r = sd_event_add_time_relative(l->event, &l->idle, CLOCK_MONOTONIC,
                                       IDLE_AFTER_S * USEC_PER_SEC, USEC_PER_SEC, on_idle, l);
        if (r < 0)
                return r;

        r = sd_event_add_time_relative(l->event, &l->backup, CLOCK_BOOTTIME,
                                       BACKUP_SOONEST_S * USEC_PER_SEC,
                                       BACKUP_ACCURACY_S * USEC_PER_SEC, on_backup, l);
        if (r < 0)
                return r;

        plan_backup(l);
        return 0;
}

/* ---- start ----------------------------------------------------------------------------------- */

static int start_bus(Loop *l) {
        int r;

        r = bus_new(&bus_handler, l, &l->bus);
        if (r < 0) {
                log_error(
                        "There is no session bus to be reached (%s). Start ebbd in a session, or with dbus-run-session.",
                        strerror(-r));
                return LOOP_EXIT_NO_BUS;
        }

        r = bus_request_name(l->bus);
        if (r == BUS_E_TAKEN) {
                log_error("Another ebbd runs in this session already.");
                return LOOP_EXIT_TAKEN;
        }
        if (r < 0) {
                log_error_errno(r, "Failed to take the name on the session bus: %m");
                return LOOP_EXIT_NO_BUS;
        }
        return 0;
}

/* The folder with those above it, all for the learner alone. */
static int make_folders(const char *path) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;

        for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = 0;
                if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS)
                        return -errno;
                *slash = '/';
        }
        /* Read-only, or without the right to write: the store says so better. */
        if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS)
                return -errno;
        return 0;
}

static int start_store(Loop *l) {
        const char *folder =
                l->options->data_folder ? l->options->data_folder : l->conf->data_folder;
        _cleanup_free_ char *path = text_format("%s/ebb.db", folder), *problem = NULL;
        int r;

        if (!path)
                return LOOP_EXIT_FAILED;

        r = make_folders(folder);
        if (r < 0) {
                log_error("The folder %s cannot be made: %s.", folder, strerror(-r));
                return LOOP_EXIT_FOLDER;
        }

        r = store_open(path, 0, now_ms(), &l->store, &problem);
        if (r != 0) {
                log_error("%s", problem ? problem : strerror(r < 0 ? -r : EIO));
                return exit_code_of(r);
        }
        if (store_problem(l->store))
                log_warning("%s", store_problem(l->store));
        return 0;
}

static int start_parts(Loop *l) {
        int r;

        r = engine_new(l->event, l->store, l->conf, l->options->notify_path, &engine_handler, l,
                       &l->engine);
        if (r < 0)
                return r;

        r = jobs_new(l->event, l->store, &jobs_handler, l, &l->jobs);
        if (r < 0)
                return r;

        jobs_set_keep(l->jobs, &(BackupKeep){ l->conf->keep_daily, l->conf->keep_weekly,
                                              l->conf->keep_monthly });

        r = bus_start(l->bus, l->event,
                      &(BusParts){ .store = l->store,
                                   .conf = l->conf,
                                   .conf_path = l->options->conf_path,
                                   .engine = l->engine,
                                   .jobs = l->jobs });
        if (r < 0)
                return r;

        r = watch_signals(l);
        if (r < 0)
                return r;

        r = watch_time(l);
        if (r < 0)
                return r;

        r = add_timers(l);
        if (r < 0)
                return r;

        r = engine_watch_server(l->engine, bus_connection(l->bus));
        if (r < 0)
                return r;

        return engine_start(l->engine);
}

static int start_conf(Loop *l) {
        _cleanup_free_ char *errors = NULL;
        char *save = NULL;
        int r;

        r = conf_load(l->options->conf_path, &l->conf, &errors);
        if (r >= 0)
                return 0;
        for (char *line = errors ? strtok_r(errors, "\n", &save) : NULL; line;
             line = strtok_r(NULL, "\n", &save))
                log_error("%s", line);
        return LOOP_EXIT_CONFIG;
}

int loop_run(const LoopOptions *options) {
        _cleanup_(loop_done) Loop l = { .options = options, .clock_fd = -1 };
        int r;

        r = start_conf(&l);
        if (r != 0)
                return r;

        r = sd_event_default(&l.event);
        if (r < 0) {
                log_error_errno(r, "Failed to make an event loop: %m");
                return LOOP_EXIT_FAILED;
        }

        r = start_bus(&l);
        if (r != 0)
                return r;

        r = start_store(&l);
        if (r != 0)
                return r;

        r = start_parts(&l);
        if (r < 0) {
                log_error_errno(r, "Failed to start: %m");
                return LOOP_EXIT_FAILED;
        }

        (void) sd_event_set_watchdog(l.event, true);
        (void) sd_notify(false, "READY=1");
        r = sd_event_loop(l.event);
        (void) sd_notify(false, "STOPPING=1");
        if (r < 0) {
                log_error_errno(r, "The event loop ended by an error: %m");
                return LOOP_EXIT_FAILED;
        }
        return r;
}
