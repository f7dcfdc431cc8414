/*
 * make-collection FILE CARDS [--fresh PERCENT] [--due N] [--now MS] [--no-search] [--verify]
 *
 * Writes a collection of this size. --verify then rebuilds all of it from its operations and compares.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collection.h"
#include "store/verify.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/usec.h"

static void say(const char *sentence, void *userdata) {
        int *left = userdata;

        if ((*left)-- > 0)
                fprintf(stderr, "%s\n", sentence);
}

static int verify(Store *store) {
        _cleanup_(verify_freep) Verify *v = NULL;
        int left = 20, done, r;

        r = verify_new(store, say, &left, &v);
        while (r >= 0) {
                r = verify_step(v, 1000, &done);
                if (r == 0)
                        break;
        }
        if (r < 0) {
                fprintf(stderr, "%s\n", store_error(store));
                return 1;
        }
        if (verify_differences(v) > 0)
                fprintf(stderr, "%" PRIu64 " differences\n", verify_differences(v));
        return verify_differences(v) > 0;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "fresh", required_argument, NULL, 'f' }, { "due", required_argument, NULL, 'd' },
                { "now", required_argument, NULL, 'n' },   { "no-search", no_argument, NULL, 's' },
                { "verify", no_argument, NULL, 'v' },      { 0 },
        };
        CollectionPlan plan = { .searchable = true };
        _cleanup_(store_freep) Store *store = NULL;
        _cleanup_free_ char *error = NULL;
        bool check = false;
        int c, r;

        plan.now_ms = (int64_t) (clock_now_real() / USEC_PER_MSEC);
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'f':
                        plan.fresh = atof(optarg);
                        break;
                case 'd':
                        plan.due = atoll(optarg);
                        break;
                case 'n':
                        plan.now_ms = atoll(optarg);
                        break;
                case 's':
                        plan.searchable = false;
                        break;
                case 'v':
                        check = true;
                        break;
                default:
                        return 2;
                }
        if (optind + 2 != argc || (plan.cards = atoll(argv[optind + 1])) < 1) {
                fputs("usage: make-collection FILE CARDS [--fresh PERCENT] [--due N]"
                      " [--now MS] [--no-search] [--verify]\n",
                      stderr);
                return 2;
        }

        r = store_open(argv[optind], 0, plan.now_ms, &store, &error);
        if (r != 0) {
                fprintf(stderr, "%s\n", error ? error : argv[optind]);
                return 1;
        }
        r = collection_make(store, &plan);
        if (r != 0) {
                fprintf(stderr, "%s\n", store_error(store));
                return 1;
        }
        return check ? verify(store) : 0;
}
