/*
 * See term.h. The state is static because signal handlers need it, and there is one terminal.
 */
#include "client/term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "util/cleanup.h"

static int lines_add(TermLines *lines, const char *text, size_t len) {
        if (lines->n == lines->cap) {
                size_t cap = lines->cap ? lines->cap * 2 : 16;
                TermLine *grown = reallocarray(lines->lines, cap, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                lines->lines = grown;
                lines->cap = cap;
        }
        lines->lines[lines->n++] = (TermLine){ text, len };
        return 0;
}

void term_lines_done(TermLines *lines) {
        free(lines->lines);
        *lines = (TermLines){};
}

/* Marks that do not begin a line, of those found where lines break without a space. */
static bool is_closing(uint32_t c) {
        static const uint32_t closing[] = {
                0x3001, 0x3002, 0x3005, 0x3009, 0x300b, 0x300d, 0x300f, 0x3011, 0x3015, 0x301c,
                0x30fb, 0x30fc, 0xff01, 0xff09, 0xff0c, 0xff0e, 0xff1a, 0xff1b, 0xff1f, 0xff3d,
                0xff5d, '!',    ')',    ',',    '.',    ':',    ';',    '?',    ']',    '}',
                0x3041, 0x3043, 0x3045, 0x3047, 0x3049, 0x3063, 0x3083, 0x3085, 0x3087, 0x30a1,
                0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30c3, 0x30e3, 0x30e5, 0x30e7,
        };

        for (size_t i = 0; i < ELEMENTS(closing); i++)
                if (closing[i] == c)
                        return true;

        return false;
}

/* Where the line that begins at text may end, given that no more than `fits` of its len bytes have room. */
static size_t find_break(const char *text, size_t len, size_t fits) {
        size_t best = 0, n;
        int width_before = 0;
        uint32_t c;

        /* One character beyond what fits decides whether a line may end exactly there. */
        for (size_t at = 0; at <= fits && at < len; at += n) {
                int width;

                n = utf8_decode(text + at, len - at, &c);
                if (n == 0)
                        n = 1;
                width = utf8_width_char(c);
                if (at > 0 && (c == ' ' || (width > 0 && (width == 2 || width_before == 2) &&
                                            text[at - 1] != ' ' && !is_closing(c))))
                        best = at;
                if (width > 0)
                        width_before = width;
        }
        return best;
}

static int wrap_paragraph(const char *text, size_t len, size_t columns, TermLines *lines) {
        int r;

        do {
                size_t fits = utf8_prefix(text, len, columns), end = len;
                uint32_t c;

                if (fits < len) {
                        end = find_break(text, len, fits);
                        if (end == 0)
                                end = fits;
                        if (end == 0) {
                                end = utf8_decode(text, len, &c);
                                if (end == 0)
                                        end = 1;
                        }
                }
                fits = end;
                while (fits > 0 && text[fits - 1] == ' ')
                        fits--;
                r = lines_add(lines, text, fits);
                if (r < 0)
                        return r;

                while (end < len && text[end] == ' ')
                        end++;
                text += end;
                len -= end;
        } while (len > 0);

        return 0;
}

int term_wrap(const char *text, size_t len, size_t columns, TermLines *lines) {
        const char *end = text + len;
        int r;

        for (;;) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));

                r = wrap_paragraph(text, (size_t) ((newline ? newline : end) - text),
                                   columns < 2 ? 2 : columns, lines);
                if (r < 0 || !newline)
                        return r;

                text = newline + 1;
        }
}

/* Alternate screen, cursor hidden; and back: plain text, cursor shown. */
#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[0m\033[?25h\033[?1049l"

static const int ending_signals[] = { SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGSEGV,
                                      SIGABRT, SIGBUS,  SIGFPE, SIGILL };

static struct termios found;
static volatile sig_atomic_t active, resized, stop_wanted;

/* Called from signal handlers too: only what is allowed there. */
static void restore(void) {
        if (!active)
                return;

        active = 0;
        (void) !write(STDOUT_FILENO, LEAVE, strlen(LEAVE));
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

static void on_ending_signal(int sig) {
        int saved = errno;

        restore();
        /* SA_RESETHAND: this one ends the process as if it had never been caught. */
        (void) raise(sig);
        errno = saved;
}

static void on_resize(int sig) {
        (void) sig;
        resized = 1;
}

static void on_stop(int sig) {
        (void) sig;
        stop_wanted = 1;
}

static void handle(int sig, void (*handler)(int), int flags) {
        struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

        (void) sigaction(sig, &action, NULL);
}

bool term_usable(void) {
        const char *term = getenv("TERM");

        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
               strcmp(term, "dumb") != 0 && strcmp(term, "unknown") != 0;
}

static int enter(void) {
        struct termios raw;

        if (tcgetattr(STDIN_FILENO, &found) < 0)
                return -errno;

        raw = found;
        raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN);
        raw.c_iflag &= (tcflag_t) ~(IXON | ISTRIP);
        raw.c_iflag |= ICRNL;
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        active = 1;
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0) {
                active = 0;
                return -errno;
        }
        (void) !write(STDOUT_FILENO, ENTER, strlen(ENTER));
        return 0;
}

int term_start(void) {
        static bool registered;

        if (!registered) {
                (void) atexit(term_stop);
                registered = true;
        }
        (void) fflush(stdout);
        for (size_t i = 0; i < ELEMENTS(ending_signals); i++) {
                struct sigaction old;

                /* What was ignored before, as under nohup, stays ignored. */
                if (sigaction(ending_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
                        handle(ending_signals[i], on_ending_signal, SA_RESETHAND | SA_NODEFER);
        }
        handle(SIGWINCH, on_resize, 0);
        handle(SIGCONT, on_resize, 0);
        handle(SIGTSTP, on_stop, 0);
        return enter();
}

void term_stop(void) {
        restore();
        for (size_t i = 0; i < ELEMENTS(ending_signals); i++) {
                struct sigaction old;

                if (sigaction(ending_signals[i], NULL, &old) == 0 &&
                    old.sa_handler == on_ending_signal)
                        handle(ending_signals[i], SIG_DFL, 0);
        }
        handle(SIGWINCH, SIG_DFL, 0);
        handle(SIGCONT, SIG_DFL, 0);
        handle(SIGTSTP, SIG_DFL, 0);
}

void term_size(size_t *ret_columns, size_t *ret_rows) {
        struct winsize size;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
                size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
        *ret_columns = size.ws_col < 4 ? 4 : size.ws_col;
        *ret_rows = size.ws_row < 3 ? 3 : size.ws_row;
}

/* Gives the terminal back, stops as Ctrl-Z asks, and takes it again when continued. */
static int stop_and_return(void) {
        stop_wanted = 0;
        term_stop();
        (void) raise(SIGTSTP);
        return term_start() < 0 ? TERM_END : TERM_REDRAW;
}

/* 1 when there is input, 0 when not, negative when a signal asks for something. */
static int wait_input(int timeout_ms) {
        struct timespec timeout = { timeout_ms / 1000, (timeout_ms % 1000) * 1000000L };
        struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
        sigset_t block, before;
        int r;

        /* Blocked outside of the wait, so that none is lost between the look at the flags and it. */
        (void) sigemptyset(&block);
        (void) sigaddset(&block, SIGWINCH);
        (void) sigaddset(&block, SIGCONT);
        (void) sigaddset(&block, SIGTSTP);
        (void) sigprocmask(SIG_BLOCK, &block, &before);
        r = resized || stop_wanted ? -1 : ppoll(&in, 1, timeout_ms < 0 ? NULL : &timeout, &before);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}

static int read_byte(int timeout_ms) {
        unsigned char c;
        ssize_t n;

        if (wait_input(timeout_ms) <= 0)
                return TERM_TIMEOUT;

        n = read(STDIN_FILENO, &c, 1);
        return n == 1 ? c : TERM_END;
}

/* After an escape: a sequence, or the key alone when nothing follows at once. */
static int read_escape(void) {
        static const struct {
                const char *sequence;
                int key;
        } sequences[] = {
                { "[A", TERM_UP },      { "[B", TERM_DOWN },      { "OA", TERM_UP },
                { "OB", TERM_DOWN },    { "[5~", TERM_PAGE_UP },  { "[6~", TERM_PAGE_DOWN },
                { "[H", TERM_PAGE_UP }, { "[F", TERM_PAGE_DOWN },
        };
        char seen[16];
        size_t n = 0;
        int c;

        c = read_byte(50);
        if (c == TERM_TIMEOUT)
                return TERM_ESCAPE;

        while (c > 0 && n + 1 < sizeof(seen)) {
                seen[n++] = (char) c;
                /* The first byte introduces, a byte from @ on ends. */
                if (n > 1 && c >= 0x40)
                        break;
                c = read_byte(50);
        }
        seen[n] = '\0';
        for (size_t i = 0; i < ELEMENTS(sequences); i++)
                if (strcmp(seen, sequences[i].sequence) == 0)
                        return sequences[i].key;

        return c == TERM_END ? TERM_END : TERM_OTHER;
}

int term_key(int timeout_ms) {
        int c, r;

        r = wait_input(timeout_ms);
        if (stop_wanted)
                return stop_and_return();
        if (resized) {
                resized = 0;
                return TERM_REDRAW;
        }
        if (r < 0)
                return errno == EINTR ? TERM_REDRAW : TERM_END;
        if (r == 0)
                return TERM_TIMEOUT;

        c = read_byte(0);
        if (c == TERM_ESCAPE)
                return read_escape();
        if (c == '\r')
                return TERM_ENTER;
        if (c == 4) /* Ctrl-D */
                return 'q';
        if (c == 12) /* Ctrl-L */
                return TERM_REDRAW;
        if (c == TERM_TIMEOUT || c == TERM_END)
                return c;

        return c >= 32 && c < 127 ? c : c == TERM_ENTER ? c : TERM_OTHER;
}

void term_flush_keys(void) {
        (void) tcflush(STDIN_FILENO, TCIFLUSH);
}

void term_draw(const TextBuf *screen) {
        _cleanup_(textbuf_done) TextBuf out = {};
        const char *text = screen->buf ? screen->buf : "", *end = text + screen->len;

        /* A line is cleared before it is written: after the last column, some terminals clear what stands there. */
        textbuf_adds(&out, "\033[H");
        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));

                if (!newline)
                        newline = end;
                textbuf_adds(&out, "\033[0m\033[K");
                textbuf_add(&out, text, (size_t) (newline - text));
                if (newline + 1 < end)
                        textbuf_adds(&out, "\r\n");
                text = newline + 1;
        }
        for (size_t done = 0; done < out.len;) {
                ssize_t n = write(STDOUT_FILENO, out.buf + done, out.len - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return;
                done += (size_t) n;
        }
}
