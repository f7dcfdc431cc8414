/*
 * The review in the terminal: question, answer, grade, next card. The daemon decides what comes and what a
 * grade means; here is only the screen, or on a dumb terminal one line per step.
 */
#include "client/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/out.h"
#include "client/term.h"
#include "util/clock.h"
#include "util/text.h"

enum { GRADES = 4, SKIPPED_MAX = 128 };

typedef struct Card {
        int64_t id, note; /* id 0: none */
        uint64_t revision;
        char *deck, *question, *answer; /* printable */
        char *previews[GRADES + 1];
        unsigned flag;
} Card;

/* What was done to which card, so that undo brings that card back. */
typedef struct Done {
        int64_t card;
        unsigned grade; /* 0: something else */
} Done;

typedef struct Review {
        Call *call;
        const char *deck;
        Card card;
        bool shown;           /* the answer is on screen */
        size_t top, overflow; /* first line on screen, lines below it */
        bool help;
        char *message; /* one line above the keys, until the next key */
        usec_t begun_boot, asked_boot;
        Done *done;
        size_t n_done;
        unsigned grades[GRADES + 1]; /* given and not undone */
        uint64_t due;                /* cards that can be asked now, this one included */
        int64_t last;                /* card asked before this one */
        int64_t skipped[SKIPPED_MAX];
        size_t n_skipped;
} Review;

static void card_done(Card *card) {
        free(card->deck);
        free(card->question);
        free(card->answer);
        for (size_t i = 0; i <= GRADES; i++)
                free(card->previews[i]);
        *card = (Card){};
}

static void review_done(Review *review) {
        card_done(&review->card);
        free(review->message);
        free(review->done);
}

static void say(Review *review, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(Review *review, const char *format, ...) {
        va_list ap;
        char *text;

        free(review->message);
        review->message = NULL;
        va_start(ap, format);
        if (vasprintf(&text, format, ap) >= 0) {
                review->message = out_line(text);
                free(text);
        }
        va_end(ap);
}

static char *printable(const Value *info, const char *key) {
        const char *text = value_string(value_get(info, key), "");

        return text_printable(text, strlen(text));
}

static int card_read(Card *card, int64_t id, uint64_t revision, const Value *info) {
        card_done(card);
        card->id = id;
        card->note = value_int(value_get(info, "note"), 0);
        card->revision = revision;
        card->flag = (unsigned) value_int(value_get(info, "flag"), 0);
        card->deck = printable(info, "deck");
        card->question = printable(info, "question");
        card->answer = printable(info, "answer");
        VALUE_FOREACH(preview, value_get(info, "previews")) {
                int64_t grade = value_int(value_at(preview, 0), 0);

                if (grade >= 1 && grade <= GRADES && !card->previews[grade])
                        card->previews[grade] = out_line(value_string(value_at(preview, 1), ""));
        }
        return card->deck && card->question && card->answer ? 0 : -ENOMEM;
}

/* How many cards of the deck can be asked now. An error leaves the number as it was. */
static void count_due(Review *review) {
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (!*review->deck) {
                if (call_properties(review->call, NULL, EBB_IF_MANAGER, &reply) >= 0)
                        review->due =
                                (uint64_t) value_int(value_get(reply_arg(reply, 0), "DueCount"), 0);
                return;
        }
        if (call(review->call, EBB_IF_DECKS, "List", &reply, NULL) < 0)
                return;

        VALUE_FOREACH(deck, reply_arg(reply, 0))
        if (strcmp(value_string(value_at(deck, 0), ""), review->deck) == 0)
                review->due = (uint64_t) (value_int(value_at(deck, 2), 0) +
                                          value_int(value_at(deck, 3), 0) +
                                          value_int(value_at(deck, 4), 0));
}

static int ask_next(Review *review, Reply **ret) {
        if (review->last == 0)
                return call(review->call, EBB_IF_REVIEW, "Next", ret, "sa{sv}", review->deck, 0);

        /* Not the same card again while there is another. */
        return call(review->call, EBB_IF_REVIEW, "Next", ret, "sa{sv}", review->deck, 1, "after",
                    "x", review->last);
}

static void card_begin(Review *review) {
        review->shown = false;
        review->top = 0;
        review->asked_boot = clock_now_boot();
}

static bool is_skipped(const Review *review, int64_t id) {
        for (size_t i = 0; i < review->n_skipped; i++)
                if (review->skipped[i] == id)
                        return true;

        return false;
}

/*
 * The daemon gave a card that was skipped: another one that is due, into review->card. When there is none, all
 * that was skipped comes again, and the card stays. 0 or a negative errno.
 */
static int pass_over_skipped(Review *review) {
        _cleanup_(reply_freep) Reply *found = NULL, *reply = NULL;
        _cleanup_free_ char *query = NULL;
        const Value *info;
        int64_t id = 0;
        int r;

        query = *review->deck ? text_format("is:due deck:\"%s\"", review->deck) : strdup("is:due");
        if (!query)
                return -ENOMEM;

        r = call(review->call, EBB_IF_CARDS, "Search", &found, "suu", query, UINT32_C(0),
                 (uint32_t) SKIPPED_MAX + 1);
        if (r < 0)
                return r;

        VALUE_FOREACH(row, reply_arg(found, 1))
        if (id == 0 && !is_skipped(review, value_int(value_at(row, 0), 0)))
                id = value_int(value_at(row, 0), 0);
        if (id == 0) {
                review->n_skipped = 0;
                return 0;
        }
        r = call(review->call, EBB_IF_CARDS, "Get", &reply, "x", id);
        if (r < 0)
                return r;

        info = reply_arg(reply, 0);
        return card_read(&review->card, id, (uint64_t) value_int(value_get(info, "revision"), 0),
                         info);
}

/* The next card into review->card; its id is 0 when nothing is left. 0, or a negative errno from the bus. */
static int fetch(Review *review) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        int r;

        review->last = review->card.id;
        r = ask_next(review, &reply);
        /* It may have been replaced by a newer one, or been started again by the bus: one more try. */
        if (r < 0 && call_daemon_gone(review->call))
                r = ask_next(review, &reply);
        if (r < 0)
                return r;

        r = card_read(&review->card, value_int(reply_arg(reply, 0), 0),
                      (uint64_t) value_int(reply_arg(reply, 1), 0), reply_arg(reply, 2));
        if (r >= 0 && is_skipped(review, review->card.id))
                r = pass_over_skipped(review);
        if (r < 0)
                return r;

        count_due(review);
        card_begin(review);
        return 0;
}

/* One card by its number: after an undo, and after an edit. */
static int fetch_card(Review *review, int64_t id) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        const Value *info;
        int r;

        r = call(review->call, EBB_IF_CARDS, "Get", &reply, "x", id);
        if (r < 0)
                return r;

        info = reply_arg(reply, 0);
        r = card_read(&review->card, id, (uint64_t) value_int(value_get(info, "revision"), 0),
                      info);
        if (r < 0)
                return r;

        count_due(review);
        return 0;
}

static void remember(Review *review, int64_t card, unsigned grade) {
        Done *done = reallocarray(review->done, review->n_done + 1, sizeof(*done));

        if (!done)
                return;
        review->done = done;
        review->done[review->n_done++] = (Done){ card, grade };
        review->grades[grade]++;
}

static int send_grade(Review *review, unsigned grade, Reply **ret) {
        usec_t took = (clock_now_boot() - review->asked_boot) / USEC_PER_MSEC;

        return call(review->call, EBB_IF_REVIEW, "Grade", ret, "xtuu", review->card.id,
                    review->card.revision, (uint32_t) grade,
                    (uint32_t) (took > UINT32_MAX ? 0 : took));
}

/* 0 also when the card had changed: then it is asked again as it is now. */
static int grade_card(Review *review, unsigned grade) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        bool again = false;
        int r;

        r = send_grade(review, grade, &reply);
        /* The revision makes it safe to send a grade twice: when the first one counted, the second is stale. */
        if (r < 0 && call_daemon_gone(review->call)) {
                again = true;
                r = send_grade(review, grade, &reply);
        }
        if (r < 0 && again && call_failed_with(review->call, EBB_ERROR_STALE))
                r = 0;
        if (r < 0 && (call_failed_with(review->call, EBB_ERROR_STALE) ||
                      call_failed_with(review->call, EBB_ERROR_NO_SUCH_CARD))) {
                r = fetch(review);
                if (r >= 0)
                        say(review, "That card had changed meanwhile; this grade did not count.");
                return r;
        }
        if (r < 0)
                return r;

        remember(review, review->card.id, grade);
        return fetch(review);
}

/* A call with one card, or cards and a value, that takes the card away from this review. */
static int put_away(Review *review, const char *member, const char *what) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        int64_t id = review->card.id;
        int r;

        r = call(review->call, EBB_IF_CARDS, member, &reply, "axb", 1, id, 1);
        if (r < 0)
                return r;

        remember(review, id, 0);
        r = fetch(review);
        if (r >= 0)
                say(review, "%s card %" PRIi64 ". u undoes it.", what, id);
        return r;
}

static int skip_card(Review *review) {
        int64_t id = review->card.id;
        int r;

        if (review->n_skipped == SKIPPED_MAX)
                review->n_skipped = 0;
        review->skipped[review->n_skipped++] = id;
        r = fetch(review);
        if (r >= 0 && review->card.id == id)
                say(review, "This is the only card left.");
        return r;
}

static int flag_card(Review *review) {
        unsigned flag = review->card.flag ? 0 : 1;
        int r;

        r = call(review->call, EBB_IF_CARDS, "Flag", NULL, "axu", 1, review->card.id,
                 (uint32_t) flag);
        if (r < 0)
                return r;

        remember(review, review->card.id, 0);
        r = fetch_card(review, review->card.id);
        if (r >= 0)
                say(review, flag ? "Flagged." : "The flag is off.");
        return r;
}

static int undo(Review *review) {
        _cleanup_(reply_freep) Reply *reply = NULL;
        Done last;
        int r;

        if (review->n_done == 0) {
                say(review, "Nothing of this review is left to undo.");
                return 0;
        }
        r = call(review->call, EBB_IF_MANAGER, "Undo", &reply, NULL);
        if (r < 0) {
                if (call_failed_with(review->call, EBB_ERROR_NOTHING_TO_UNDO)) {
                        say(review, "%s", call_sentence(review->call));
                        return 0;
                }
                return r;
        }
        last = review->done[--review->n_done];
        review->grades[last.grade]--;

        r = fetch_card(review, last.card);
        if (r < 0 && call_failed_with(review->call, EBB_ERROR_NO_SUCH_CARD))
                r = fetch(review);
        if (r < 0)
                return r;

        card_begin(review);
        say(review, "Undone: %s", value_string(reply_arg(reply, 0), ""));
        return 0;
}

static int edit_card(Review *review) {
        bool changed = false;
        int r, status;

        term_stop();
        status = cmd_edit_note(review->call, review->card.note, &changed);
        if (status != CMD_OK && status != CMD_NOTHING) {
                fputs("Enter goes on with the review. ", stderr);
                while ((r = getchar()) != '\n' && r != EOF)
                        ;
        }
        if (term_start() < 0)
                return -EIO;

        if (!changed) {
                say(review, "Nothing was changed.");
                return 0;
        }
        remember(review, review->card.id, 0);
        r = fetch_card(review, review->card.id);
        if (r < 0 && call_failed_with(review->call, EBB_ERROR_NO_SUCH_CARD))
                r = fetch(review);
        if (r >= 0)
                say(review, "Saved.");
        return r;
}

/* --- the screen --- */

static unsigned total_grades(const Review *review) {
        unsigned n = 0;

        for (size_t i = 1; i <= GRADES; i++)
                n += review->grades[i];

        return n;
}

static char *format_elapsed(usec_t elapsed) {
        uint64_t s = elapsed / USEC_PER_SEC;

        return s < 3600 ? text_format("%" PRIu64 ":%02" PRIu64, s / 60, s % 60)
                        : text_format("%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60,
                                      s % 60);
}

/* Words that stay whole, packed into lines of the terminal's width. */
static void add_items(TextBuf *b, char *const *items, size_t n, size_t columns, size_t *lines) {
        size_t used = 0;

        for (size_t i = 0; i < n; i++) {
                size_t wide = utf8_width(items[i], strlen(items[i]));
                size_t fits = utf8_prefix(items[i], strlen(items[i]), columns);

                if (used > 0 && used + 2 + wide > columns) {
                        textbuf_addc(b, '\n');
                        used = 0;
                }
                if (used == 0)
                        (*lines)++;
                else
                        textbuf_adds(b, "  ");
                textbuf_add(b, items[i], fits);
                used += (used ? 2 : 0) + wide;
        }
        textbuf_addc(b, '\n');
}

static void add_wrapped(TextBuf *b, const char *text, size_t columns, size_t *lines) {
        TermLines wrapped = {};

        if (term_wrap(text, strlen(text), columns, &wrapped) < 0)
                return;
        for (size_t i = 0; i < wrapped.n; i++, (*lines)++) {
                textbuf_add(b, wrapped.lines[i].text, wrapped.lines[i].len);
                textbuf_addc(b, '\n');
        }
        term_lines_done(&wrapped);
}

static const char help_text[] = "space  show the answer\n"
                                "1 a    Again\n"
                                "2 h    Hard\n"
                                "3 g    Good\n"
                                "4 e    Easy\n"
                                "u      undo\n"
                                "E      edit the note\n"
                                "s      suspend\n"
                                "b      bury until tomorrow\n"
                                "f      flag\n"
                                "k      skip for now\n"
                                "↑ ↓    scroll\n"
                                "q      quit";

/* The grades with their intervals; only their letters where whole names would take too many lines. */
static size_t grade_items(const Review *review, size_t columns, size_t rows, char **items) {
        size_t wide = 0;

        for (unsigned grade = 1; grade <= GRADES; grade++) {
                const char *preview = review->card.previews[grade];

                items[grade - 1] = text_format("%u %s%s%s", grade, cmd_grade_name(grade),
                                               preview ? " " : "", preview ? preview : "");
                if (items[grade - 1])
                        wide += utf8_width(items[grade - 1], strlen(items[grade - 1])) + 2;
        }
        if (wide <= columns * 2 || rows >= 20)
                return GRADES;

        for (unsigned grade = 1; grade <= GRADES; grade++) {
                const char *preview = review->card.previews[grade];

                free(items[grade - 1]);
                items[grade - 1] = text_format("%c%s%s", cmd_grade_name(grade)[0] | 0x20,
                                               preview ? " " : "", preview ? preview : "");
        }
        return GRADES;
}

static void add_keys(const Review *review, TextBuf *b, size_t columns, size_t rows, size_t *lines) {
        char *items[GRADES];
        size_t n = 0;

        if (review->help)
                items[n++] = strdup("any key: back");
        else if (review->shown)
                n = grade_items(review, columns, rows, items);
        else {
                items[n++] = strdup("space: answer");
                items[n++] = strdup("?: keys");
                items[n++] = strdup("q: quit");
        }
        for (size_t i = 0; i < n; i++)
                if (!items[i])
                        b->error = -ENOMEM;
        if (!b->error) {
                textbuf_adds(b, out_style(STYLE_BOLD));
                add_items(b, items, n, columns, lines);
        }
        for (size_t i = 0; i < n; i++)
                free(items[i]);
}

/* "3/20  Languages::Japanese       1:05", cut where the terminal is narrow. */
static void add_header(const Review *review, TextBuf *b, size_t columns) {
        _cleanup_free_ char *left = NULL, *right = NULL, *deck = NULL;
        unsigned graded = total_grades(review);
        size_t used, fits, wide;

        left = text_format("%u/%" PRIu64 "%s%s", graded + 1,
                           graded + (review->due ? review->due : 1), review->card.flag ? " ⚑" : "",
                           review->top > 0 ? " ↑" : "");
        right = format_elapsed(clock_now_boot() - review->begun_boot);
        deck = out_line(review->card.deck);
        if (!left || !right || !deck)
                return;

        used = utf8_width(left, strlen(left)) + 2;
        textbuf_adds(b, out_style(STYLE_DIM));
        textbuf_add(b, left, utf8_prefix(left, strlen(left), columns));
        wide = utf8_width(deck, strlen(deck));
        if (used + 2 + strlen(right) + 3 <= columns) {
                size_t room = columns - used - 2 - strlen(right);

                fits = wide <= room ? strlen(deck) : utf8_prefix(deck, strlen(deck), room - 1);
                textbuf_addf(b, "  %.*s%s", (int) fits, deck, wide <= room ? "" : "…");
                used += utf8_width(deck, fits) + (wide <= room ? 0 : 1);
                textbuf_addf(b, "%*s%s", (int) (columns - used - strlen(right)), "", right);
        }
        textbuf_addc(b, '\n');
}

/* Question, a rule, the answer; *ret_rule is the line of the rule. */
static int wrap_card(const Review *review, size_t columns, TermLines *lines, size_t *ret_rule) {
        static const char rule[] = "────────────────────";
        size_t rule_wide = columns < 20 ? columns : 20;
        int r;

        if (review->help)
                return term_wrap(help_text, strlen(help_text), columns, lines);

        r = term_wrap(review->card.question, strlen(review->card.question), columns, lines);
        if (r < 0)
                return r;

        *ret_rule = lines->n;
        if (!review->shown)
                return 0;

        r = term_wrap(rule, utf8_prefix(rule, strlen(rule), rule_wide), columns, lines);
        if (r < 0)
                return r;

        return term_wrap(review->card.answer, strlen(review->card.answer), columns, lines);
}

static void draw(Review *review, bool to_answer) {
        _cleanup_(textbuf_done) TextBuf screen = {}, keys = {};
        size_t columns, rows, n_keys = 0, room, rule = 0, shown;
        TermLines lines = {};
        bool airy;

        term_size(&columns, &rows);
        if (review->message)
                add_wrapped(&keys, review->message, columns, &n_keys);
        add_keys(review, &keys, columns, rows, &n_keys);
        if (keys.error || wrap_card(review, columns, &lines, &rule) < 0) {
                term_lines_done(&lines);
                return;
        }

        /* Header, an empty line, the card, an empty line, keys; without empty lines where every line counts. */
        airy = rows >= n_keys + 8;
        room = rows > n_keys + 1 + (airy ? 2 : 0) ? rows - n_keys - 1 - (airy ? 2 : 0) : 1;

        if (lines.n <= room)
                review->top = 0;
        else if (to_answer)
                review->top = rule;
        if (lines.n > room && review->top > lines.n - room)
                review->top = lines.n - room;
        shown = lines.n - review->top < room ? lines.n - review->top : room;
        review->overflow = lines.n - review->top - shown;

        add_header(review, &screen, columns);
        if (airy)
                textbuf_addc(&screen, '\n');
        for (size_t i = 0; i < room; i++) {
                const TermLine *line = i < shown ? &lines.lines[review->top + i] : NULL;
                /* The last line of the room makes way for the hint that there is more. */
                bool more = review->overflow > 0 && i + 1 == room && room > 1;

                if (more)
                        textbuf_addf(&screen, "%s↓ %zu more", out_style(STYLE_DIM),
                                     review->overflow + 1);
                else if (line)
                        textbuf_add(&screen, line->text, line->len);
                textbuf_addc(&screen, '\n');
        }
        if (airy)
                textbuf_addc(&screen, '\n');
        textbuf_add(&screen, keys.buf, keys.len);
        term_lines_done(&lines);
        if (!screen.error)
                term_draw(&screen);
}

static void scroll(Review *review, int key) {
        size_t columns, rows, page;

        term_size(&columns, &rows);
        page = rows > 10 ? rows - 8 : 2;
        switch (key) {
        case TERM_UP:
                review->top -= review->top > 0;
                break;
        case TERM_PAGE_UP:
                review->top = review->top > page ? review->top - page : 0;
                break;
        case TERM_DOWN:
                review->top += review->overflow > 0;
                break;
        default:
                review->top += review->overflow < page ? review->overflow : page;
        }
}

enum { QUIT = 1 };

static int show_answer(Review *review) {
        review->shown = true;
        draw(review, true);
        return 0;
}

static int on_space(Review *review) {
        if (!review->shown)
                return show_answer(review);

        /* Not a grade: whoever presses space twice has not thought about one. */
        if (review->overflow > 0)
                scroll(review, TERM_PAGE_DOWN);
        else
                say(review, "How well did you know it?");
        return 0;
}

/* 0 goes on, QUIT ends the review, negative is an error of the last call. */
static int on_key(Review *review, int key) {
        unsigned grade;
        char s[2] = { (char) key, '\0' };

        if (key == TERM_UP || key == TERM_DOWN || key == TERM_PAGE_UP || key == TERM_PAGE_DOWN) {
                scroll(review, key);
                return 0;
        }
        if (review->help) {
                review->help = false;
                review->top = 0;
                return key == TERM_END ? QUIT : 0;
        }
        switch (key) {
        case TERM_SPACE:
        case TERM_ENTER:
                return on_space(review);
        case 'u':
                return undo(review);
        case 'E':
                return edit_card(review);
        case 's':
                return put_away(review, "Suspend", "Suspended");
        case 'b':
                return put_away(review, "Bury", "Buried");
        case 'f':
                return flag_card(review);
        case 'k':
                return skip_card(review);
        case '?':
                review->help = true;
                review->top = 0;
                return 0;
        case 'q':
        case TERM_ESCAPE:
        case TERM_END:
                return QUIT;
        }
        grade = key > 0 ? cmd_parse_grade(s) : 0;
        if (grade == 0)
                return 0;
        if (!review->shown) {
                say(review, "Look at the answer first: space.");
                return 0;
        }
        return grade_card(review, grade);
}

static int run_screen(Review *review) {
        int key, r;

        r = term_start();
        if (r < 0)
                return r;

        draw(review, false);
        for (;;) {
                /* Wakes once a second for the time in the corner. */
                key = term_key(1000);
                if (key == TERM_TIMEOUT || key == TERM_REDRAW || key == TERM_OTHER) {
                        draw(review, false);
                        continue;
                }
                free(review->message);
                review->message = NULL;

                r = on_key(review, key);
                if (r != 0 || review->card.id == 0)
                        break;
                draw(review, false);
        }
        term_stop();
        return r < 0 ? r : 0;
}

/* --- one line per step --- */

static void print_wrapped(const char *text) {
        size_t columns = out_columns(), rows;
        TermLines lines = {};

        /* It may have another size than at the start. */
        if (out_is_terminal())
                term_size(&columns, &rows);
        if (term_wrap(text, strlen(text), columns, &lines) < 0)
                return;
        for (size_t i = 0; i < lines.n; i++)
                printf("%.*s\n", (int) lines.lines[i].len, lines.lines[i].text);
        term_lines_done(&lines);
}

static void print_grades(const Review *review) {
        for (unsigned grade = 1; grade <= GRADES; grade++) {
                const char *preview = review->card.previews[grade];

                printf("%s%u %s%s%s", grade > 1 ? ", " : "", grade, cmd_grade_name(grade),
                       preview ? " " : "", preview ? preview : "");
        }
        printf(", ? keys: ");
}

static int run_lines(Review *review) {
        _cleanup_free_ char *buffer = NULL;
        char *line;
        size_t cap = 0;
        int64_t asked = 0;
        int r;

        while (review->card.id != 0) {
                if (review->card.id != asked || !review->shown) {
                        unsigned graded = total_grades(review);

                        printf("\n%u/%" PRIu64 "  %s\n", graded + 1,
                               graded + (review->due ? review->due : 1), review->card.deck);
                        print_wrapped(review->card.question);
                        asked = review->card.id;
                }
                if (review->shown)
                        print_grades(review);
                else
                        printf("Enter: answer, ? keys: ");
                (void) fflush(stdout);
                if (getline(&buffer, &cap, stdin) < 0) {
                        putchar('\n');
                        return 0;
                }
                line = text_strip(buffer);

                if (*line == '\0' && !review->shown) {
                        review->shown = true;
                        printf("---\n");
                        print_wrapped(review->card.answer);
                        continue;
                }
                if (strcmp(line, "?") == 0) {
                        printf("%s\n", help_text);
                        continue;
                }
                if (strcmp(line, "E") == 0) {
                        say(review, "Editing needs a real terminal: ebb edit %" PRIi64,
                            review->card.id);
                        r = 0;
                } else if (cmd_parse_grade(line) && review->shown)
                        r = grade_card(review, cmd_parse_grade(line));
                else
                        r = on_key(review, *line && !line[1] ? *line : TERM_OTHER);
                if (r != 0)
                        return r < 0 ? r : 0;
                if (review->message)
                        printf("%s\n", review->message);
                free(review->message);
                review->message = NULL;
        }
        return 0;
}

/* "12 reviews in 3:20. Recalled 10, forgotten 2." and what is left. */
static void print_summary(Review *review) {
        _cleanup_free_ char *elapsed = NULL, *when = NULL, *text = NULL;
        _cleanup_(textbuf_done) TextBuf b = {};
        _cleanup_(reply_freep) Reply *reply = NULL;
        unsigned n = total_grades(review);
        usec_t next_due;

        if (review->message)
                textbuf_addf(&b, "%s\n", review->message);
        elapsed = format_elapsed(clock_now_boot() - review->begun_boot);
        if (n > 0) {
                textbuf_addf(&b, "%u %s in %s. ", n, n == 1 ? "review" : "reviews",
                             elapsed ? elapsed : "?");
                if (review->grades[1] == 0)
                        textbuf_adds(&b, "All recalled.\n");
                else
                        textbuf_addf(&b, "Recalled %u, forgotten %u.\n", n - review->grades[1],
                                     review->grades[1]);
        }
        if (call_properties(review->call, NULL, EBB_IF_MANAGER, &reply) >= 0) {
                review->due = (uint64_t) value_int(value_get(reply_arg(reply, 0), "DueCount"), 0);
                next_due = (usec_t) value_int(value_get(reply_arg(reply, 0), "NextDue"), 0);
                when = out_instant(next_due);
                if (review->due > 0)
                        textbuf_addf(&b, "%" PRIu64 " still due.", review->due);
                else
                        textbuf_addf(&b, "Nothing is due%s.", n > 0 ? " any more" : "");
                if (review->due == 0 && next_due > 0)
                        textbuf_addf(&b, " The next card: %s.", when ? when : "?");
        }
        if (textbuf_take(&b, &text) == 0)
                print_wrapped(text);
}

int cmd_review(Cmd *cmd) {
        _cleanup_(review_done) Review review = { .call = &cmd->call };
        int r;

        review.deck = cmd_has(cmd, OPT_DECK) ? cmd->options[OPT_DECK] : "";
        review.begun_boot = clock_now_boot();
        r = fetch(&review);
        if (r < 0)
                return call_failed(&cmd->call);

        if (review.card.id == 0) {
                print_summary(&review);
                return CMD_NOTHING;
        }
        r = term_usable() ? run_screen(&review) : run_lines(&review);
        if (r < 0) {
                int status = call_failed(&cmd->call);

                /* What was graded before is saved; say how much that was. */
                if (total_grades(&review) > 0)
                        out_error(total_grades(&review) == 1
                                          ? "%u grade of this review is saved."
                                          : "%u grades of this review are saved.",
                                  total_grades(&review));
                return status;
        }
        print_summary(&review);
        return CMD_OK;
}
