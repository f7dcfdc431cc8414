#include "util/log.h"

#include <unistd.h>

#include "tests/check.h"
#include "util/clock.h"

/* What `log` writes to stderr, which is a pipe meanwhile. */
static const char *logged(void (*log)(void)) {
        static char text[4096];
        int ends[2], before = dup(STDERR_FILENO);
        ssize_t n;

        if (before < 0 || pipe(ends) < 0)
                return "no pipe";
        (void) dup2(ends[1], STDERR_FILENO);
        log_setup("ebbd", LOG_INFO);
        log();
        (void) dup2(before, STDERR_FILENO);
        (void) close(ends[1]);
        n = read(ends[0], text, sizeof(text) - 1);
        (void) close(ends[0]);
        (void) close(before);
        text[n > 0 ? n : 0] = 0;
        return text;
}

static void log_plain(void) {
        log_warning("%d cards", 3);
}

static void log_errno(void) {
        int r;

        errno = EAGAIN;
        r = log_error_errno(-ENOENT, "Failed to open %s: %m", "x");
        if (r != -ENOENT || errno != EAGAIN)
                log_error("changed");
}

static void log_forged(void) {
        log_info("a\n<0>forged\x1b[31m");
}

static void log_too_fine(void) {
        log_debug("hidden");
        log_set_max_level(LOG_ERR);
        log_info("hidden");
}

TEST(line_begins_with_its_priority)
{ CHECK_STR("<4>3 cards\n", logged(log_plain)); }

TEST(percent_m_is_the_error_given_and_errno_stays)
{ CHECK_STR("<3>Failed to open x: No such file or directory\n", logged(log_errno)); }

TEST(message_cannot_forge_a_second_line)
{ CHECK_STR("<6>a <0>forged [31m\n", logged(log_forged)); }

TEST(levels_that_are_not_wanted_are_not_written)
{ CHECK_STR("", logged(log_too_fine)); }

static usec_t fixed(void *userdata) {
        return *(usec_t *) userdata;
}

TEST(clock_of_a_test_takes_the_place_of_the_system)
{
        usec_t now = 7 * USEC_PER_DAY;
        ClockSource source = { .real = fixed, .boot = fixed, .userdata = &now };

        clock_set_source(&source);
        CHECK_INT(7 * USEC_PER_DAY, clock_now_real());
        now++;
        CHECK_INT(7 * USEC_PER_DAY + 1, clock_now_boot());
        clock_set_source(NULL);
        CHECK(clock_now_real() > UINT64_C(1700000000) * USEC_PER_SEC);
}

TEST(random_bytes_are_not_the_same_twice)
{
        char a[32] = { 0 }, b[32] = { 0 };

        CHECK_INT(0, random_bytes(a, sizeof(a)));
        CHECK_INT(0, random_bytes(b, sizeof(b)));
        CHECK(memcmp(a, b, sizeof(a)) != 0);
}

CHECK_MAIN
