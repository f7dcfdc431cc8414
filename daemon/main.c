/* ebbd: reads its arguments. What it does is loop.c and the parts it puts together. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "loop.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/text.h"

static const char help[] =
        "ebbd, the daemon of Ebb: keeps the cards and asks them when they are due.\n"
        "\n"
        "  ebbd [--config FILE] [--data FOLDER]   serve org.ebbd.Ebb1 on the session bus\n"
        "  ebbd --check-config [FILE]             name every mistake in a configuration\n"
        "\n"
        "  --config FILE    read this instead of ~/.config/ebb/ebb.conf\n"
        "  --data FOLDER    keep the collection here, whatever the configuration says\n"
        "  --help           this text\n"
        "  --version        the version\n"
        "\n"
        "It stays in the foreground; systemd or the bus starts it. See ebbd(8), ebb.conf(5).\n";

static char *default_conf_path(void) {
        const char *conf_home = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

        if (conf_home && conf_home[0] == '/')
                return text_format("%s/ebb/ebb.conf", conf_home);
        return text_format("%s/.config/ebb/ebb.conf", home && home[0] == '/' ? home : "");
}

static int check_config(const char *path) {
        _cleanup_(conf_freep) Conf *conf = NULL;
        _cleanup_free_ char *errors = NULL;
        int r;

        r = conf_load(path, &conf, &errors);
        if (r < 0) {
                fprintf(stderr, "%s\n", errors ? errors : strerror(-r));
                return LOOP_EXIT_CONFIG;
        }
        printf("%s: no mistakes\n", path);
        return LOOP_EXIT_OK;
}

/* One that was named must be there; the default one need not. */
static bool is_missing(const char *path) {
        if (access(path, F_OK) == 0)
                return false;
        fprintf(stderr, "%s: Cannot be read: %s.\n", path, strerror(errno));
        return true;
}

static void prepare_process(void) {
        sigset_t signals;

        /* Before anything can start a thread; children get their own (desktop/notifier.h). */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);
        /* A pipe that nobody reads any more is an error of that write, not the end of the daemon. */
        (void) signal(SIGPIPE, SIG_IGN);
        /* Cards are nobody else's business. */
        (void) umask(0077);
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { "check-config", no_argument, NULL, 'k' },
                { "config", required_argument, NULL, 'c' },
                { "data", required_argument, NULL, 'd' },
                { 0 },
        };
        _cleanup_free_ char *default_conf = default_conf_path();
        const char *conf = NULL, *data = NULL, *notify = getenv("EBB_NOTIFY");
        bool check = false;
        int c;

        if (!default_conf)
                return LOOP_EXIT_FAILED;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        fputs(help, stdout);
                        return LOOP_EXIT_OK;
                case 'V':
                        puts("ebbd " EBB_VERSION);
                        return LOOP_EXIT_OK;
                case 'k':
                        check = true;
                        break;
                case 'c':
                        conf = optarg;
                        break;
                case 'd':
                        data = optarg;
                        break;
                default:
                        fputs("Try: ebbd --help\n", stderr);
                        return LOOP_EXIT_USAGE;
                }
        if (check && optind < argc)
                conf = argv[optind++];
        if (optind < argc) {
                fprintf(stderr, "ebbd: \"%s\" is one argument too many. Try: ebbd --help\n",
                        argv[optind]);
                return LOOP_EXIT_USAGE;
        }
        if (data && data[0] != '/') {
                fputs("ebbd: --data must be an absolute path.\n", stderr);
                return LOOP_EXIT_USAGE;
        }
        if (conf && is_missing(conf))
                return LOOP_EXIT_CONFIG;
        if (check)
                return check_config(conf ? conf : default_conf);

        prepare_process();
        log_setup("ebbd", LOG_INFO);
        return loop_run(&(LoopOptions){
                .conf_path = conf ? conf : default_conf,
                .data_folder = data,
                .notify_path = notify && notify[0] ? notify : EBB_LIBEXECDIR "/ebb-notify",
        });
}
