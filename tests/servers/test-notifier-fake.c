/*
 * The notifier with the real ebb-notify against a server that misbehaves, on a private bus. EBB_NOTIFY and
 * FAKE_SERVER name the two programs. Every test also holds that no timer of this loop, which stands for the
 * daemon's, was late.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "desktop/notifier.h"
#include "tests/check.h"
#include "tests/servers/lateness.h"
#include "util/usec.h"

enum {
        PATIENCE_MS = 15000,
        TICK_MS = 5,
        LATE_MAX_MS = 50,
};

typedef struct Process {
        pid_t pid;
        int in, out; /* its stdin and stdout */
        sd_event_source *source;
        char text[65536]; /* all it ever said */
        size_t len;
} Process;

static struct {
        sd_event *event;
        Notifier *notifier;
        Process bus, server;
        char log[65536]; /* what the notifier reported, a line each */
        size_t log_len;
        Lateness late;
        sd_event_source *ticker;
} rig;

/* The loop */

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata) {
        uint64_t now;

        (void) sd_event_now(rig.event, CLOCK_MONOTONIC, &now);
        (void) sd_event_source_set_time(s, lateness_tick(&rig.late, now, TICK_MS * USEC_PER_MSEC));
        (void) sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);

        return 0;
}

static uint64_t now_ms(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

static void run_ms(unsigned ms) {
        uint64_t end = now_ms() + ms;

        while (now_ms() < end)
                (void) sd_event_run(rig.event, (end - now_ms()) * 1000);
}

/* Runs the loop until `text` stands in `where`, which grows meanwhile. */
static bool wait_for(const char *where, const char *text) {
        uint64_t end = now_ms() + PATIENCE_MS;

        while (!strstr(where, text) && now_ms() < end)
                (void) sd_event_run(rig.event, 100 * 1000);
        if (!strstr(where, text))
                printf("  waited in vain for \"%s\" in:\n%s", text, where);

        return strstr(where, text) != NULL;
}

static unsigned count(const char *where, const char *text) {
        unsigned n = 0;

        for (const char *p = where; (p = strstr(p, text)); p++)
                n++;

        return n;
}

__attribute__((format(printf, 1, 2))) static void report(const char *format, ...) {
        va_list args;

        va_start(args, format);
        rig.log_len += (size_t) vsnprintf(rig.log + rig.log_len, sizeof(rig.log) - rig.log_len,
                                          format, args);
        va_end(args);
}

/* Processes */

static int on_output(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Process *p = userdata;
        ssize_t n = read(fd, p->text + p->len, sizeof(p->text) - p->len - 1);

        if (n <= 0)
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        else
                p->len += (size_t) n;
        p->text[p->len] = '\0';

        return 0;
}

static bool process_start(Process *p, const char *const *argv) {
        int in[2], out[2];

        *p = (Process){ 0 };
        if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
                return false;

        p->pid = fork();
        if (p->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) dup2(in[0], STDIN_FILENO);
                (void) dup2(out[1], STDOUT_FILENO);
                (void) execvp(argv[0], (char *const *) argv);
                _exit(127);
        }
        (void) close(in[0]);
        (void) close(out[1]);
        p->in = in[1];
        p->out = out[0];

        return p->pid > 0 &&
               sd_event_add_io(rig.event, &p->source, p->out, EPOLLIN, on_output, p) >= 0;
}

static void process_end(Process *p) {
        if (p->pid <= 0)
                return;

        (void) kill(p->pid, SIGKILL);
        (void) waitpid(p->pid, NULL, 0);
        (void) sd_event_source_disable_unref(p->source);
        (void) close(p->in);
        (void) close(p->out);
        *p = (Process){ 0 };
}

__attribute__((format(printf, 1, 2))) static void server_say(const char *format, ...) {
        char line[256];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        (void) !write(rig.server.in, line, strlen(line));
        (void) !write(rig.server.in, "\n", 1);
}

static bool server_start(const char *a, const char *b, const char *c, const char *d) {
        const char *argv[] = { getenv("FAKE_SERVER"), a, b, c, d, NULL };

        return process_start(&rig.server, argv) && wait_for(rig.server.text, "ready\n");
}

/* The notifier's owner */

static void on_server(const ServerInfo *info, void *userdata) {
        report("server %s\n", info ? info->name : "none");
}

static void on_shown(uint64_t generation, void *userdata) {
        report("shown %" PRIu64 "\n", generation);
}

static void on_action(uint64_t generation, const char *key, void *userdata) {
        report("action %" PRIu64 " %s\n", generation, key);
}

static void on_closed(uint64_t generation, NotifierClosedReason reason, void *userdata) {
        report("closed %" PRIu64 " %d\n", generation, (int) reason);
}

static void on_error(const char *sentence, void *userdata) {
        report("error %s\n", sentence);
}

static const NotifierHandler handler = { on_server, on_shown, on_action, on_closed, on_error };

static int show(NotifierCardKind kind, uint64_t generation, unsigned expire_ms) {
        NotifierCard card = {
                .kind = kind,
                .generation = generation,
                .summary = "French, 1 of 5",
                .body = "a < b && c",
                .expire_ms = expire_ms,
        };

        if (kind == NOTIFIER_QUESTION) {
                card.n_actions = 1;
                card.actions[0] = (NotifierAction){ "show", "Show answer", 0 };
        } else if (kind == NOTIFIER_ANSWER) {
                card.n_actions = 4;
                card.actions[0] = (NotifierAction){ "again", "Again", 1 };
                card.actions[1] = (NotifierAction){ "hard", "Hard", 3 };
                card.actions[2] = (NotifierAction){ "good", "Good 4d", 0 };
                card.actions[3] = (NotifierAction){ "easy", "Easy", 2 };
        }

        return notifier_show(rig.notifier, &card);
}

/* The process id of the only helper that is alive as our child, 0 for none. */
static pid_t helper_pid(void) {
        char path[64], line[512];
        pid_t found = 0;
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int) getpid());
        f = fopen(path, "re");
        if (!f)
                return 0;
        if (fgets(line, sizeof(line), f))
                for (char *p = line; *p && *p != '\n';) {
                        pid_t pid = (pid_t) strtol(p, &p, 10);
                        char name[64] = "";
                        FILE *comm;

                        while (*p == ' ')
                                p++;
                        (void) snprintf(path, sizeof(path), "/proc/%d/comm", (int) pid);
                        comm = fopen(path, "re");
                        if (comm) {
                                (void) !fgets(name, sizeof(name), comm);
                                (void) fclose(comm);
                        }
                        if (strncmp(name, "ebb-notify", 10) == 0)
                                found = pid;
                }
        (void) fclose(f);

        return found;
}

static bool begin(void) {
        char option[64];
        const char *bus[] = { "dbus-daemon", option, "--nofork", "--print-address", NULL };
        int file;
        /* Nothing can be activated on it. */
        static const char config[] =
                "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>"
                "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>"
                "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>";

        memset(&rig, 0, sizeof(rig));
        if (!getenv("EBB_NOTIFY") || !getenv("FAKE_SERVER"))
                return false;
        (void) signal(SIGPIPE, SIG_IGN);
        file = memfd_create("bus.conf", 0); /* inherited: the option names it */
        if (file < 0 || write(file, config, sizeof(config) - 1) < 0 || lseek(file, 0, SEEK_SET) < 0)
                return false;
        (void) snprintf(option, sizeof(option), "--config-file=/proc/self/fd/%d", file);

        if (sd_event_new(&rig.event) < 0 || !process_start(&rig.bus, bus) ||
            !wait_for(rig.bus.text, "\n"))
                return false;
        (void) close(file);
        rig.bus.text[strcspn(rig.bus.text, "\n")] = '\0';
        (void) setenv("DBUS_SESSION_BUS_ADDRESS", rig.bus.text, 1);

        if (notifier_new(rig.event, getenv("EBB_NOTIFY"), &handler, NULL, &rig.notifier) < 0)
                return false;
        (void) sd_event_add_time_relative(rig.event, &rig.ticker, CLOCK_MONOTONIC, 0, 1, on_tick,
                                          NULL);
        rig.late = (Lateness){ .expected = now_ms() * 1000, .waited = lateness_waited() };

        return true;
}

static void finish(void) {
        CHECK(rig.late.worst <= LATE_MAX_MS * USEC_PER_MSEC);
        if (rig.late.worst > LATE_MAX_MS * USEC_PER_MSEC)
                printf("  a timer was %" PRIu64 " ms late\n", rig.late.worst / 1000);

        rig.notifier = notifier_free(rig.notifier);
        (void) sd_event_source_disable_unref(rig.ticker);
        process_end(&rig.server);
        process_end(&rig.bus);
        while (waitpid(-1, NULL, 0) > 0) /* helpers end by themselves */
                ;
        rig.event = sd_event_unref(rig.event);
}

/* Leaves the test tidily; a macro since it returns from it. */
#define MUST(expr)                                                                                 \
        do {                                                                                       \
                if (!(expr)) {                                                                     \
                        CHECK_FAIL("not true: %s; reported:\n%s", #expr, rig.log);                 \
                        finish();                                                                  \
                        return;                                                                    \
                }                                                                                  \
        } while (0)

TEST(question_answer_and_next_card_are_three_notifications_each_closed_before_the_next)
{
        MUST(begin());
        MUST(server_start("--name", "gnome-shell", NULL, NULL));

        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK(strstr(rig.log, "server gnome-shell\n"));
        CHECK(strstr(rig.server.text,
                     "notify 1 0 0 1 2 default=Show answer show:1=Show answer | French, 1 of 5 | "
                     "a &lt; b &amp;&amp; c\n"));

        server_say("click 1 show:1");
        server_say("closed 1 2");
        MUST(wait_for(rig.log, "action 1 show\n"));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 2, 0));
        MUST(wait_for(rig.log, "shown 2\n"));
        CHECK_INT(0, count(rig.server.text, "close 1\n"));
        CHECK(strstr(
                rig.server.text,
                "notify 2 0 0 1 4 default=Show again again:2=Again good:2=Good 4d easy:2=Easy"));

        /* This time the server leaves it on screen: we close it. */
        server_say("click 2 good:2");
        MUST(wait_for(rig.log, "action 2 good\n"));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 3, 0));
        MUST(wait_for(rig.log, "shown 3\n"));
        CHECK_INT(1, count(rig.server.text, "close 2\n"));
        CHECK(strstr(rig.server.text, "notify 3 0 "));
        CHECK_INT(0, count(rig.log, "closed"));

        finish();
}

TEST(server_that_never_says_closed_gets_the_next_card_all_the_same)
{
        MUST(begin());
        MUST(server_start("--silent-close", NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 2, 0));
        MUST(wait_for(rig.log, "shown 2\n"));
        CHECK_INT(1, count(rig.server.text, "close 1\n"));
        finish();
}

TEST(server_known_to_do_it_right_gets_an_unclicked_card_replaced_in_place)
{
        MUST(begin());
        MUST(server_start("--name", "dunst", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK(strstr(rig.server.text, "c\\nebb show-answer\n"));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 2, 0));
        MUST(wait_for(rig.log, "shown 2\n"));
        CHECK(strstr(rig.server.text,
                     "notify 1 1 0 1 4 again:2=Again hard:2=Hard good:2=Good 4d easy:2=Easy"));
        CHECK_INT(0, count(rig.server.text, "close"));

        server_say("click 1 show:1"); /* a button of the card before */
        server_say("click 1 good:2");
        MUST(wait_for(rig.log, "action 2 good\n"));
        CHECK_INT(1, count(rig.log, "action"));
        finish();
}

TEST(double_clicks_and_late_signals_count_once)
{
        MUST(begin());
        MUST(server_start("--first-id", "40", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 7, 0));
        MUST(wait_for(rig.log, "shown 7\n"));

        server_say("click 39 good:7");  /* an id of somebody else */
        server_say("click 40 good:6");  /* a button of an older card */
        server_say("click 40 wrong:7"); /* a button that never was */
        server_say("closed 39 2");
        server_say("click 40 hard:7"); /* declared? three buttons: no */
        server_say("click 40 good:7");
        server_say("click 40 easy:7");
        server_say("click 40 good:7");
        server_say("closed 40 2");
        server_say("closed 40 3");
        server_say("click 40 good:7");
        MUST(wait_for(rig.log, "action 7 good\n"));
        run_ms(300);
        CHECK_INT(1, count(rig.log, "action"));
        CHECK_INT(0, count(rig.log, "closed"));
        CHECK_INT(0, notifier_generation(rig.notifier));
        finish();
}

TEST(closing_without_an_action_is_told_once_and_never_a_grade)
{
        MUST(begin());
        MUST(server_start("--caps", "actions,body", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK(strstr(rig.server.text, "| a < b && c\n")); /* no markup: not escaped */
        server_say("closed 1 2");
        server_say("closed 1 2");
        MUST(wait_for(rig.log, "closed 1 2\n"));
        run_ms(300);
        CHECK_INT(1, count(rig.log, "closed"));
        CHECK_INT(0, count(rig.log, "action"));
        CHECK_INT(1, count(rig.server.text, "notify"));
        finish();
}

TEST(click_that_arrives_after_the_next_card_was_wanted_is_dropped)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 2, 0));
        server_say("click 1 good:1");
        MUST(wait_for(rig.log, "shown 2\n"));
        run_ms(300);
        CHECK_INT(0, count(rig.log, "action"));
        finish();
}

TEST(cards_that_come_faster_than_the_server_are_folded_into_the_last)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        for (uint64_t g = 1; g <= 20; g++)
                CHECK_INT(0, show(NOTIFIER_QUESTION, g, 0));
        CHECK_INT(-EINVAL, show(NOTIFIER_QUESTION, 20, 0));
        MUST(wait_for(rig.log, "shown 20\n"));
        CHECK_INT(1, count(rig.server.text, "notify"));
        CHECK_INT(1, count(rig.log, "shown"));
        finish();
}

TEST(frozen_server_delays_nothing_and_gets_the_card_when_it_thaws_once)
{
        pid_t first;

        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        first = helper_pid();
        CHECK(first > 0);

        server_say("click 1 show:1");
        server_say("closed 1 2");
        MUST(wait_for(rig.log, "action 1 show\n"));
        run_ms(50);
        (void) kill(rig.server.pid, SIGSTOP);
        CHECK_INT(0, show(NOTIFIER_ANSWER, 2, 0));
        MUST(wait_for(rig.log, "error The notification server"));
        CHECK_INT(NOTIFIER_STUCK, notifier_state(rig.notifier));
        run_ms(2000); /* another helper is tried */
        CHECK(helper_pid() > 0);

        (void) kill(rig.server.pid, SIGCONT);
        MUST(wait_for(rig.log, "shown 2\n"));
        CHECK(helper_pid() != first);
        CHECK_INT(NOTIFIER_READY, notifier_state(rig.notifier));

        /* The one on screen can be clicked, and is the only one left. */
        run_ms(500);
        CHECK_INT(3, count(rig.server.text, "notify"));
        CHECK_INT(1, count(rig.server.text, "close 2\n"));
        CHECK_INT(0, count(rig.server.text, "close 3\n"));
        server_say("click 2 good:2");
        server_say("click 3 easy:2");
        MUST(wait_for(rig.log, "action 2 easy\n"));
        CHECK_INT(0, count(rig.log, "good"));
        CHECK_INT(2, count(rig.log, "shown"));
        finish();
}

TEST(server_frozen_from_the_start_is_met_without_delay)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        (void) kill(rig.server.pid, SIGSTOP);
        notifier_probe(rig.notifier);
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "error The notification server"));
        run_ms(200);
        CHECK_INT(0, helper_pid()); /* killed */
        (void) kill(rig.server.pid, SIGCONT);
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK_INT(1, count(rig.server.text, "notify"));
        finish();
}

TEST(restarted_server_gets_the_card_again_with_a_new_id_and_the_old_id_means_nothing)
{
        MUST(begin());
        MUST(server_start("--first-id", "5", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));

        process_end(&rig.server);
        MUST(wait_for(rig.log, "server none\n"));
        CHECK(!notifier_can_show(rig.notifier));
        rig.log[rig.log_len = 0] = '\0';

        MUST(server_start("--first-id", "9", "--name", "mako"));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK(strstr(rig.log, "server mako\n"));
        CHECK(strstr(rig.server.text, "notify 9 0 "));
        server_say("click 5 show:1");
        server_say("closed 5 2");
        server_say("click 9 default"); /* the only action: it means the button */
        MUST(wait_for(rig.log, "action 1 show\n"));
        CHECK_INT(1, count(rig.log, "action"));
        CHECK_INT(0, count(rig.log, "closed"));
        finish();
}

TEST(card_waits_for_a_server_that_is_not_there_yet)
{
        MUST(begin());
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "server none\n"));
        CHECK_INT(NOTIFIER_ABSENT, notifier_state(rig.notifier));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 2, 0));
        MUST(server_start(NULL, NULL, NULL, NULL));
        MUST(wait_for(rig.log, "shown 2\n"));
        CHECK_INT(1, count(rig.server.text, "notify"));
        finish();
}

TEST(probe_tells_the_server_and_shows_nothing)
{
        MUST(begin());
        MUST(server_start("--name", "Plasma", NULL, NULL));
        notifier_probe(rig.notifier);
        MUST(wait_for(rig.log, "server Plasma\n"));
        CHECK(notifier_can_show(rig.notifier));
        CHECK_STR("Plasma", notifier_profile(rig.notifier)->title);
        CHECK_INT(0, count(rig.server.text, "notify"));
        finish();
}

TEST(rejected_card_is_tried_again_later)
{
        MUST(begin());
        MUST(server_start("--reject", "1", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "error The notification server did not take the card"));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK_INT(1, count(rig.server.text, "rejected"));
        finish();
}

TEST(server_without_actions_is_told_the_command)
{
        MUST(begin());
        MUST(server_start("--caps", "body", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_ANSWER, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        CHECK(strstr(rig.server.text, "notify 1 0 0 1 0 |"));
        CHECK(strstr(rig.server.text, "c\\nebb answer again|hard|good|easy\n"));
        finish();
}

TEST(card_with_an_end_is_taken_away_when_the_server_does_not)
{
        MUST(begin());
        MUST(server_start("--name", "SwayNotificationCenter", NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_CLOSING, 1, 200));
        MUST(wait_for(rig.log, "closed 1 1\n"));
        MUST(wait_for(rig.server.text, "close 1\n"));
        CHECK(strstr(rig.server.text, "notify 1 0 200 "));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 2, 0));
        MUST(wait_for(rig.server.text, "notify 2 0 86400000 "));
        finish();
}

TEST(helper_ends_some_seconds_after_the_screen_is_empty_and_comes_back)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        notifier_close(rig.notifier);
        MUST(wait_for(rig.server.text, "close 1\n"));
        run_ms(1000);
        CHECK(helper_pid() > 0);
        run_ms(3500);
        CHECK_INT(0, helper_pid());
        CHECK_INT(0, count(rig.log, "error"));
        CHECK_INT(0, count(rig.log, "closed"));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 2, 0));
        MUST(wait_for(rig.log, "shown 2\n"));
        CHECK_INT(1, count(rig.log, "server")); /* still the same one: no news */
        finish();
}

TEST(helper_that_dies_is_started_again_and_shows_the_card)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        (void) kill(helper_pid(), SIGKILL);
        MUST(wait_for(rig.log, "error The notification client stopped: it was ended by signal 9"));
        rig.log[rig.log_len = 0] = '\0';
        MUST(wait_for(rig.log, "shown 1\n"));
        server_say("click 2 show:1");
        MUST(wait_for(rig.log, "action 1 show\n"));
        finish();
}

TEST(bus_that_dies_ends_the_helper_and_not_the_daemon)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        process_end(&rig.bus);
        MUST(wait_for(rig.log, "error The session bus is gone"));
        CHECK_INT(1, count(rig.log, "error"));
        finish();
}

TEST(missing_helper_is_an_error_sentence_and_tried_again_later)
{
        MUST(begin());
        rig.notifier = notifier_free(rig.notifier);
        CHECK_INT(0, notifier_new(rig.event, "/nonexistent/ebb-notify", &handler, NULL,
                                  &rig.notifier));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log,
                      "error The notification client /nonexistent/ebb-notify cannot be used"));
        run_ms(200);
        CHECK_INT(1, count(rig.log, "error"));
        finish();
}

TEST(end_of_the_daemon_takes_the_card_off_the_screen)
{
        MUST(begin());
        MUST(server_start(NULL, NULL, NULL, NULL));
        CHECK_INT(0, show(NOTIFIER_QUESTION, 1, 0));
        MUST(wait_for(rig.log, "shown 1\n"));
        rig.notifier = notifier_free(rig.notifier);
        MUST(wait_for(rig.server.text, "close 1\n"));
        finish();
}

CHECK_MAIN
