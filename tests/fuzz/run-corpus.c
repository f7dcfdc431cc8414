/* main() for a fuzz target where libFuzzer is not: every file of the named folders, once. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/cleanup.h"

static int run_file(const char *folder, const char *name) {
        _cleanup_free_ uint8_t *data = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        char path[4096];
        long size;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        f = fopen(path, "re");
        if (!f || fseek(f, 0, SEEK_END) < 0)
                return -errno;

        size = ftell(f);
        rewind(f);

        /* Exactly as many bytes as there are, so that a read past the end is seen. */
        data = malloc(size > 0 ? (size_t) size : 1);
        if (!data || size < 0 || fread(data, 1, (size_t) size, f) != (size_t) size)
                return -EIO;

        LLVMFuzzerTestOneInput(data, (size_t) size);
        return 0;
}

int main(int argc, char **argv) {
        int passed = 0, failed = 0;

        LLVMFuzzerTestOneInput(NULL, 0);
        for (int i = 1; i < argc; i++) {
                struct dirent *entry;
                DIR *dir = opendir(argv[i]);

                if (!dir) {
                        printf("FAIL %s: %s\n", argv[i], strerror(errno));
                        failed++;
                        continue;
                }
                while ((entry = readdir(dir))) {
                        int r;

                        if (entry->d_name[0] == '.')
                                continue;

                        r = run_file(argv[i], entry->d_name);
                        if (r < 0) {
                                printf("FAIL %s: %s\n", entry->d_name, strerror(-r));
                                failed++;
                        } else
                                passed++;
                }
                closedir(dir);
        }
        if (passed == 0 && failed == 0) {
                printf("FAIL the corpus is empty\n");
                failed++;
        }
        printf("%d passed, %d failed\n", passed, failed);
        return failed > 0;
}
