/* The framework itself. */
#include "tests/check.h"

TEST(near_accepts_what_lies_within_the_relative_tolerance)
{
        CHECK_NEAR(100.0, 100.0005, 1e-5);
        CHECK_NEAR(0.0, 0.0, 1e-5);
}

TEST(failures_are_counted_in_the_running_test)
{ CHECK_INT(0, check_failures); }

CHECK_MAIN
