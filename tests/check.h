/*
 * The whole test framework: TEST(claim) { CHECK(...); } and CHECK_MAIN in one file of the binary.
 * Test names are claims. Output is one line a test, then `N passed, N failed`; the exit status is
 * 1 when one failed, 77 when a test called SKIP and nothing failed or passed.
 *
 * With arguments, only the tests whose names contain one of them run.
 */
#pragma once

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct CheckTest CheckTest;
struct CheckTest {
        const char *name;
        void (*run)(void);
        CheckTest *next;
};

extern CheckTest *check_tests;
extern int check_failures; /* in the running test */
extern const char *check_skipped;

#define TEST(test)                                                                                 \
        static void test(void);                                                                    \
        static CheckTest check_test_##test = { #test, test, NULL };                                \
        __attribute__((constructor)) static void check_add_##test(void) {                          \
                CheckTest **end = &check_tests;                                                    \
                while (*end)                                                                       \
                        end = &(*end)->next;                                                       \
                *end = &check_test_##test;                                                         \
        }                                                                                          \
        static void test(void)

#define CHECK_FAIL(...)                                                                            \
        do {                                                                                       \
                check_failures++;                                                                  \
                printf("  %s:%d: ", __FILE__, __LINE__);                                           \
                printf(__VA_ARGS__);                                                               \
                printf("\n");                                                                      \
        } while (0)

#define CHECK(expr)                                                                                \
        do {                                                                                       \
                if (!(expr))                                                                       \
                        CHECK_FAIL("not true: %s", #expr);                                         \
        } while (0)

/* As CHECK, but leaves the test: for what later lines depend on. */
#define REQUIRE(expr)                                                                              \
        do {                                                                                       \
                if (!(expr)) {                                                                     \
                        CHECK_FAIL("not true: %s", #expr);                                         \
                        return;                                                                    \
                }                                                                                  \
        } while (0)

#define CHECK_INT(expected, actual)                                                                \
        do {                                                                                       \
                int64_t check_e_ = (int64_t) (expected), check_a_ = (int64_t) (actual);            \
                if (check_e_ != check_a_)                                                          \
                        CHECK_FAIL("%s is %" PRIi64 ", expected %" PRIi64, #actual, check_a_,      \
                                   check_e_);                                                      \
        } while (0)

#define CHECK_STR(expected, actual)                                                                \
        do {                                                                                       \
                const char *check_e_ = (expected), *check_a_ = (actual);                           \
                if (!check_a_ || strcmp(check_e_, check_a_) != 0)                                  \
                        CHECK_FAIL("%s is \"%s\", expected \"%s\"", #actual,                       \
                                   check_a_ ? check_a_ : "(null)", check_e_);                      \
        } while (0)

/* Relative tolerance. */
#define CHECK_NEAR(expected, actual, rel)                                                          \
        do {                                                                                       \
                double check_e_ = (expected), check_a_ = (actual);                                 \
                if (!(fabs(check_a_ - check_e_) <= (rel) *fmax(fabs(check_e_), 1e-9)))             \
                        CHECK_FAIL("%s is %.10g, expected %.10g", #actual, check_a_, check_e_);    \
        } while (0)

#define SKIP(why)                                                                                  \
        do {                                                                                       \
                check_skipped = (why);                                                             \
                return;                                                                            \
        } while (0)

#define CHECK_MAIN                                                                                 \
        CheckTest *check_tests;                                                                    \
        int check_failures;                                                                        \
        const char *check_skipped;                                                                 \
        int main(int argc, char **argv) {                                                          \
                int passed = 0, failed = 0, skipped = 0;                                           \
                for (CheckTest *t = check_tests; t; t = t->next) {                                 \
                        bool wanted = argc < 2;                                                    \
                        for (int i = 1; i < argc; i++)                                             \
                                wanted = wanted || strstr(t->name, argv[i]);                       \
                        if (!wanted)                                                               \
                                continue;                                                          \
                        check_failures = 0;                                                        \
                        check_skipped = NULL;                                                      \
                        t->run();                                                                  \
                        if (check_failures)                                                        \
                                failed++;                                                          \
                        else if (check_skipped)                                                    \
                                skipped++;                                                         \
                        else                                                                       \
                                passed++;                                                          \
                        printf("%s %s%s%s\n",                                                      \
                               check_failures  ? "FAIL"                                            \
                               : check_skipped ? "skip"                                            \
                                               : "ok",                                             \
                               t->name, check_skipped ? ": " : "",                                 \
                               check_skipped ? check_skipped : "");                                \
                        fflush(stdout);                                                            \
                }                                                                                  \
                printf("%d passed, %d failed", passed, failed);                                    \
                if (skipped)                                                                       \
                        printf(", %d skipped", skipped);                                           \
                printf("\n");                                                                      \
                return failed ? 1 : passed || !skipped ? 0 : 77;                                   \
        }
