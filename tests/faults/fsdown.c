/*
 * fsdown MOUNTPOINT: pulls the plug of a mounted ext4 or xfs. From now on every read and write fails
 * with EIO, and what was not on the disk yet, its journal included, is lost. Only for a loop image
 * that was made for the test.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "util/cleanup.h"

#define FS_IOC_SHUTDOWN         _IOR('X', 125, uint32_t)
#define FS_SHUTDOWN_NO_LOGFLUSH 2u

int main(int argc, char **argv) {
        _cleanup_close_ int fd = -1;
        uint32_t how = FS_SHUTDOWN_NO_LOGFLUSH;

        if (argc != 2)
                return 2;
        fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || ioctl(fd, FS_IOC_SHUTDOWN, &how) < 0) {
                perror(argv[1]);
                return 1;
        }
        return 0;
}
