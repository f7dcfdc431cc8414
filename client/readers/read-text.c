/* ebb-read-text: a table written as text to a note stream on standard output. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/readers/confine.h"
#include "client/readers/sheet.h"
#include "util/cleanup.h"

enum {
        EXIT_IO = 1,
        EXIT_USAGE = 2,
        EXIT_REFUSED = 3,
        EXIT_CONFINE = 4,
        SPOOL_MAX = 128 << 20,
};

static const char help[] =
        "Usage: ebb-read-text [OPTION]... [FILE]\n"
        "Reads a table written as text (CSV, TSV, Anki's text files), or standard input, and writes\n"
        "its notes as a note stream (JSON, one object a line).\n"
        "\n"
        "  --separator=NAME     tab, comma, semicolon, pipe, colon, space, or one character\n"
        "  --header=yes|no|auto whether the first record holds the columns' names\n"
        "  --columns=A,B,C      the columns' names; \"-\" leaves a column out. front, back, tags, guid,\n"
        "                       deck and notetype, among others, are known\n"
        "  --html=yes|no|auto   whether fields are HTML\n"
        "  --deck=DECK          for notes whose record names none\n"
        "  --notetype=TYPE      likewise\n"
        "  --tags=\"A B\"         for all notes\n"
        "  --match=update|keep|both, --scope=notetype|notetype+deck\n"
        "                       what becomes of notes that are there; where to look for them\n"
        "  --name=NAME          of the file, for people\n"
        "  --confine-required   end when neither landlock nor seccomp can be had\n"
        "  --help, --version\n"
        "\n"
        "What is not said is found out from the file. Exit status: 0 the stream is whole (records may\n"
        "be refused in it, each with its reason), 1 reading or writing failed, 2 wrong usage, 3 the\n"
        "file as a whole is no such table, 4 not confined.\n";

/* Where bytes come from: a file that can be read anywhere, or all of a pipe in memory. */
typedef struct Source {
        int fd;
        char *spool;
        size_t len;
} Source;

static ssize_t source_read(void *userdata, uint64_t offset, char *buf, size_t len) {
        const Source *source = userdata;
        ssize_t n;

        if (source->spool) {
                if (offset >= source->len)
                        return 0;
                if (len > source->len - offset)
                        len = source->len - (size_t) offset;
                memcpy(buf, source->spool + offset, len);
                return (ssize_t) len;
        }
        do
                n = pread(source->fd, buf, len, (off_t) offset);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static int source_spool(Source *source) {
        size_t cap = 0;

        for (;;) {
                ssize_t n;

                if (source->len == cap) {
                        char *spool;

                        if (cap == SPOOL_MAX)
                                return -EFBIG;
                        cap = cap ? cap * 2 : 1 << 16;
                        spool = realloc(source->spool, cap);
                        if (!spool)
                                return -ENOMEM;
                        source->spool = spool;
                }
                n = read(source->fd, source->spool + source->len, cap - source->len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                source->len += (size_t) n;
        }
}

typedef struct Sink {
        char buf[65536];
        size_t len;
} Sink;

static int write_all(const char *data, size_t len) {
        while (len > 0) {
                ssize_t n = write(STDOUT_FILENO, data, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                len -= (size_t) n;
        }
        return 0;
}

static int sink_flush(Sink *sink) {
        int r = write_all(sink->buf, sink->len);

        sink->len = 0;
        return r;
}

static int sink_write(void *userdata, const char *data, size_t len) {
        Sink *sink = userdata;
        int r;

        if (len > sizeof(sink->buf) - sink->len) {
                r = sink_flush(sink);
                if (r < 0)
                        return r;
        }
        if (len > sizeof(sink->buf))
                return write_all(data, len);
        memcpy(sink->buf + sink->len, data, len);
        sink->len += len;
        return 0;
}

static int parse_choice(const char *s, SheetChoice *ret) {
        static const char *const words[] = { "auto", "yes", "no" };

        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (strcmp(s, words[i]) == 0) {
                        *ret = (SheetChoice) i;
                        return 0;
                }
        return -EINVAL;
}

static bool is_one_of(const char *s, const char *a, const char *b, const char *c) {
        return strcmp(s, a) == 0 || strcmp(s, b) == 0 || (c && strcmp(s, c) == 0);
}

enum {
        OPTION_SEPARATOR = 256,
        OPTION_HEADER,
        OPTION_COLUMNS,
        OPTION_HTML,
        OPTION_DECK,
        OPTION_NOTETYPE,
        OPTION_TAGS,
        OPTION_MATCH,
        OPTION_SCOPE,
        OPTION_NAME,
        OPTION_CONFINE,
        OPTION_HELP,
        OPTION_VERSION,
};

static const struct option long_options[] = {
        { "separator", required_argument, NULL, OPTION_SEPARATOR },
        { "header", required_argument, NULL, OPTION_HEADER },
        { "columns", required_argument, NULL, OPTION_COLUMNS },
        { "html", required_argument, NULL, OPTION_HTML },
        { "deck", required_argument, NULL, OPTION_DECK },
        { "notetype", required_argument, NULL, OPTION_NOTETYPE },
        { "tags", required_argument, NULL, OPTION_TAGS },
        { "match", required_argument, NULL, OPTION_MATCH },
        { "scope", required_argument, NULL, OPTION_SCOPE },
        { "name", required_argument, NULL, OPTION_NAME },
        { "confine-required", no_argument, NULL, OPTION_CONFINE },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        { 0 },
};

/* -1: go on; else the exit status. */
static int parse_arguments(int argc, char **argv, SheetOptions *options, bool *confine_required) {
        for (;;) {
                int c = getopt_long(argc, argv, "", long_options, NULL);
                bool good = true;

                switch (c) {
                case -1:
                        if (argc - optind <= 1)
                                return -1;
                        fprintf(stderr, "ebb-read-text: one file at a time\n");
                        return EXIT_USAGE;
                case OPTION_SEPARATOR:
                        options->separator = sheet_separator(optarg);
                        good = options->separator;
                        break;
                case OPTION_HEADER:
                        good = parse_choice(optarg, &options->header) == 0;
                        break;
                case OPTION_COLUMNS:
                        options->columns = optarg;
                        break;
                case OPTION_HTML:
                        good = parse_choice(optarg, &options->html) == 0;
                        break;
                case OPTION_DECK:
                        options->deck = optarg;
                        break;
                case OPTION_NOTETYPE:
                        options->notetype = optarg;
                        break;
                case OPTION_TAGS:
                        options->tags = optarg;
                        break;
                case OPTION_MATCH:
                        options->match = optarg;
                        good = is_one_of(optarg, "update", "keep", "both");
                        break;
                case OPTION_SCOPE:
                        options->scope = optarg;
                        good = is_one_of(optarg, "notetype", "notetype+deck", NULL);
                        break;
                case OPTION_NAME:
                        options->name = optarg;
                        break;
                case OPTION_CONFINE:
                        *confine_required = true;
                        break;
                case OPTION_HELP:
                        fputs(help, stdout);
                        return 0;
                case OPTION_VERSION:
                        puts("ebb-read-text " EBB_VERSION);
                        return 0;
                default:
                        return EXIT_USAGE;
                }
                if (!good) {
                        fprintf(stderr,
                                "ebb-read-text: \"%s\" is no value of this option; see --help\n",
                                optarg);
                        return EXIT_USAGE;
                }
        }
}

int main(int argc, char **argv) {
        static Source source;
        static Sink sink;
        NoteWriter writer = { .write = sink_write, .userdata = &sink };
        Input input = { source_read, &source };
        _cleanup_free_ char *problem = NULL;
        bool confine_required = false;
        SheetOptions options = { 0 };
        const char *path;
        struct stat st;
        int r;

        r = parse_arguments(argc, argv, &options, &confine_required);
        if (r >= 0)
                return r;

        path = argv[optind];
        if (path && strcmp(path, "-") != 0) {
                const char *slash = strrchr(path, '/');

                source.fd = open(path, O_RDONLY | O_CLOEXEC);
                if (source.fd < 0) {
                        fprintf(stderr, "ebb-read-text: cannot open %s: %m\n", path);
                        return EXIT_IO;
                }
                if (!options.name)
                        options.name = slash ? slash + 1 : path;
        }

        /* A reader that goes away is an error to report, not the end of us. */
        (void) signal(SIGPIPE, SIG_IGN);
        r = confine();
        if (r != 0 && confine_required) {
                fprintf(stderr, "ebb-read-text: cannot be confined: %s\n",
                        r < 0 ? strerror(-r) : "the kernel has neither landlock nor seccomp");
                return EXIT_CONFINE;
        }
        if (r != 0)
                fprintf(stderr, "ebb-read-text: reading without full confinement\n");

        r = 0;
        if (fstat(source.fd, &st) < 0 || !S_ISREG(st.st_mode))
                r = source_spool(&source);
        if (r == 0)
                r = sheet_read(&input, &options, &writer, &problem);
        if (r == SHEET_E_REFUSED) {
                fprintf(stderr, "ebb-read-text: %s\n", problem);
                return EXIT_REFUSED;
        }
        if (r == 0)
                r = sink_flush(&sink);
        free(source.spool);
        if (r == -EFBIG)
                fprintf(stderr, "ebb-read-text: more than 128 MiB came through the pipe; give the "
                                "file's name instead\n");
        else if (r < 0)
                fprintf(stderr, "ebb-read-text: %s\n", strerror(-r));
        return r < 0 ? EXIT_IO : 0;
}
