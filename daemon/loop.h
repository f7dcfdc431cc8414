/*
 * The daemon once its arguments are read: the parts put together, and everything that wakes it up that is
 * neither a click nor a call: signals, clock and zone changes, the daily backup, idle work.
 */
#pragma once

/* Exit codes: those of sysexits.h, which systemd shows by name. Listed in ebbd(8). */
enum {
        LOOP_EXIT_OK = 0,
        LOOP_EXIT_FAILED = 1,
        LOOP_EXIT_USAGE = 64,  /* a mistake on the command line */
        LOOP_EXIT_DATA = 65,   /* the collection is damaged, foreign, or of a newer version */
        LOOP_EXIT_NO_BUS = 69, /* no session bus, or it went away */
        LOOP_EXIT_FOLDER = 73, /* a folder cannot be made */
        LOOP_EXIT_TAKEN = 75,  /* another ebbd runs, or something else holds the collection */
        LOOP_EXIT_CONFIG = 78, /* mistakes in the configuration */
};

typedef struct LoopOptions {
        const char *conf_path;
        const char *data_folder; /* NULL: what the configuration says */
        const char *notify_path; /* the program ebb-notify */
} LoopOptions;

/* Runs until it is told to end. Everything is logged; returns an exit code. SIGTERM, SIGINT and SIGHUP must be blocked. */
int loop_run(const LoopOptions *options);
