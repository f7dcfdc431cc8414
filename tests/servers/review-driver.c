/*
 * The notifier driven like the daemon drives it, for runs against a real server without a
 * collection: question, answer, grade, next, and a closing line.
 *
 *   review-driver [CARDS]         EBB_NOTIFY names the ebb-notify program
 *
 * A line for each thing that happens, on stdout:
 *   server NAME | server none | shown GENERATION KIND | action GENERATION KEY | closed GENERATION REASON
 *   error SENTENCE | done LATEST-TIMER-IN-MS
 * On stdin: "show-answer", "answer KEY" as the commands do, "again" to show a dismissed card once more, "quit".
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "desktop/notifier.h"
#include "tests/servers/lateness.h"
#include "util/usec.h"

static const char *const fronts[] = {
        "What does the stability of a memory mean in FSRS, and at which probability of recall is it read off?",
        "Which comparison is true in C: a < b && b > c, or \"neither\" & 'both'?",
        "la mer 🌊 日本語 é → ∞",
};

static const char *const backs[] = {
        "The interval, in days, after which the probability of recall has fallen to 90 %.",
        "It depends: <b>this is no markup</b> & must be shown as it is.",
        "the sea\nLa mer, qu'on voit danser\nle long des golfes clairs",
};

static struct {
        sd_event *event;
        Notifier *notifier;
        unsigned cards, at;
        uint64_t generation;
        NotifierCardKind kind;
        Lateness late;
} driver;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void) vprintf(format, args);
        va_end(args);
        putchar('\n');
        fflush(stdout);
}

static void show(NotifierCardKind kind) {
        char summary[64];
        NotifierCard card = {
                .kind = driver.kind = kind,
                .generation = ++driver.generation,
                .summary = summary,
                .body = "",
        };

        (void) snprintf(summary, sizeof(summary), "Algorithms, %u of %u", driver.at + 1,
                        driver.cards);
        switch (kind) {
        case NOTIFIER_QUESTION:
                card.body = fronts[driver.at % 3];
                card.n_actions = 1;
                card.actions[0] = (NotifierAction){ "show", "Show answer", 0 };
                break;
        case NOTIFIER_ANSWER:
                card.body = backs[driver.at % 3];
                card.n_actions = 4;
                card.actions[0] = (NotifierAction){ "again", "Again 1m", 1 };
                card.actions[1] = (NotifierAction){ "hard", "Hard 2d", 3 };
                card.actions[2] = (NotifierAction){ "good", "Good 4d", 0 };
                card.actions[3] = (NotifierAction){ "easy", "Easy 12d", 2 };
                break;
        case NOTIFIER_NOTICE:
                break;
        case NOTIFIER_CLOSING:
                (void) snprintf(summary, sizeof(summary), "%u cards done", driver.cards);
                card.body = "Next at 18:30.";
                card.expire_ms = 2500;
                break;
        }
        if (notifier_show(driver.notifier, &card) < 0)
                say("error the card was refused");
}

static int on_late_quit(sd_event_source *s, uint64_t usec, void *userdata) {
        return sd_event_exit(driver.event, 0);
}

static void next(void) {
        driver.at++;
        show(driver.at < driver.cards ? NOTIFIER_QUESTION : NOTIFIER_CLOSING);
}

static void on_server(const ServerInfo *info, void *userdata) {
        say("server %s", info ? info->name : "none");
}

static void on_shown(uint64_t generation, void *userdata) {
        static const char *const kinds[] = { "question", "answer", "notice", "closing" };

        say("shown %llu %s", (unsigned long long) generation, kinds[driver.kind]);
}

static void on_action(uint64_t generation, const char *key, void *userdata) {
        say("action %llu %s", (unsigned long long) generation, key);
        if (driver.kind == NOTIFIER_QUESTION)
                show(NOTIFIER_ANSWER);
        else if (strcmp(key, "default") == 0)
                show(NOTIFIER_ANSWER);
        else
                next();
}

static void on_closed(uint64_t generation, NotifierClosedReason reason, void *userdata) {
        say("closed %llu %d", (unsigned long long) generation, (int) reason);

        /* A moment for a server that has to take it away when told. */
        if (driver.kind == NOTIFIER_CLOSING)
                (void) sd_event_add_time_relative(driver.event, NULL, CLOCK_MONOTONIC,
                                                  500 * USEC_PER_MSEC, 0, on_late_quit, NULL);
}

static void on_error(const char *sentence, void *userdata) {
        say("error %s", sentence);
}

static int on_stdin(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        char line[100];

        if (!fgets(line, sizeof(line), stdin)) {
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
                return 0;
        }
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "show-answer") == 0)
                show(NOTIFIER_ANSWER);
        else if (strcmp(line, "again") == 0)
                show(driver.kind);
        else if (strncmp(line, "answer ", 7) == 0)
                next();
        else if (strcmp(line, "quit") == 0)
                return sd_event_exit(driver.event, 0);

        return 0;
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata) {
        uint64_t now;

        (void) sd_event_now(driver.event, CLOCK_MONOTONIC, &now);
        (void) sd_event_source_set_time(s, lateness_tick(&driver.late, now, 10 * USEC_PER_MSEC));

        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

int main(int argc, char **argv) {
        static const NotifierHandler handler = { on_server, on_shown, on_action, on_closed,
                                                 on_error };
        int r;

        driver.cards = argc > 1 ? (unsigned) atoi(argv[1]) : 3;
        (void) setvbuf(stdin, NULL, _IONBF, 0);
        if (!getenv("EBB_NOTIFY") || sd_event_default(&driver.event) < 0 ||
            notifier_new(driver.event, getenv("EBB_NOTIFY"), &handler, NULL, &driver.notifier) <
                    0 ||
            sd_event_add_time_relative(driver.event, NULL, CLOCK_MONOTONIC, 0, 1, on_tick, NULL) <
                    0)
                return 1;
        (void) sd_event_add_io(driver.event, NULL, STDIN_FILENO, EPOLLIN, on_stdin, NULL);

        show(NOTIFIER_QUESTION);
        r = sd_event_loop(driver.event);
        say("done %llu", (unsigned long long) (driver.late.worst / 1000));

        driver.notifier = notifier_free(driver.notifier);
        driver.event = sd_event_unref(driver.event);

        return r < 0;
}
