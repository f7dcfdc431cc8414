/*
 * fsdown MOUNTPOINT [FILE]: pulls the plug of a mounted ext4 or xfs. From now on every read and write
 * fails with EIO, and what was not on the disk yet, its journal included, is lost. Only for a loop image
 * that was made for the test.
 *
 * Prints how long FILE was when the plug was pulled. What a writer acknowledges there later proves
 * nothing: an fdatasync() that began before the shutdown and goes on in it can answer 0 although the
 * journal's transaction was thrown away (jbd2 finds it neither running nor committing). A power cut
 * leaves nobody who could acknowledge.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "util/cleanup.h"

#define FS_IOC_SHUTDOWN         _IOR('X', 125, uint32_t)
#define FS_SHUTDOWN_NO_LOGFLUSH 2u

int main(int argc, char **argv) {
        _cleanup_close_ int fd = -1;
        uint32_t how = FS_SHUTDOWN_NO_LOGFLUSH;
        struct stat st = { 0 };

        if (argc < 2 || argc > 3)
                return 2;
        fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (argc > 2 && stat(argv[2], &st) < 0) {
                perror(argv[2]);
                return 1;
        }
        if (fd < 0 || ioctl(fd, FS_IOC_SHUTDOWN, &how) < 0) {
                perror(argv[1]);
                return 1;
        }
        if (argc > 2)
                printf("%lld\n", (long long) st.st_size);
        return 0;
}
