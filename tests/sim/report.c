/* What a learner saw in the year: a row of figures, and a picture of days by hours. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "sim.h"

void report_head(FILE *f) {
        fprintf(f,
                "learner     a day  first90 last90  max   used  sent away later unseen  pauses  own "
                "reviews  due at end\n");
}

static double per(double sum, size_t n) {
        return n ? sum / (double) n : 0;
}

void report_row(FILE *f, const char *name, const Year *years, size_t n) {
        double shown = 0, first = 0, last = 0, used = 0, away = 0, later = 0, expired = 0,
               learning = 0;
        double own = 0, reviews = 0, due = 0;
        unsigned max = 0;

        for (size_t i = 0; i < n; i++) {
                const Year *y = &years[i];

                shown += y->shown;
                first += y->shown_first;
                last += y->shown_last;
                used += y->used;
                away += y->dismissed;
                later += y->later;
                expired += y->expired;
                learning += y->learning;
                own += y->unprompted;
                reviews += y->reviews;
                due += y->due_at_end;
                if (y->max_a_day > max)
                        max = y->max_a_day;
        }
        fprintf(f,
                "%-10s  %5.2f   %5.2f  %5.2f  %3u  %4.0f%%      %4.0f%% %4.0f%%  %4.0f%%  %6.0f  %4.0f of %5.0f  %6.0f\n",
                name, per(shown / YEAR_DAYS, n), per(first / 90, n), per(last / 90, n), max,
                shown ? 100 * used / shown : 0, shown ? 100 * away / shown : 0,
                shown ? 100 * later / shown : 0, shown ? 100 * expired / shown : 0,
                per(learning, n), per(own, n), per(reviews, n), per(due, n));
}

enum { LEFT = 44, TOP = 58, DAY_W = 3, HOUR_H = 16, RIGHT = 16, BELOW = 44 };

static const struct {
        const char *name, *colour;
        double radius;
} looks[] = {
        [MARK_REVIEW] = { "reviewed unasked", "#9db8d9", 1.6 },
        [MARK_USED] = { "asked, answered", "#1a8f4b", 2.6 },
        [MARK_DISMISSED] = { "sent away", "#c8372d", 2.6 },
        [MARK_LATER] = { "later", "#e08b1b", 2.6 },
        [MARK_EXPIRED] = { "left alone", "#6b6b6b", 2.6 },
        [MARK_AWAY] = { NULL, NULL, 0 },
};

static double mark_x(const Mark *m) {
        return LEFT + (m->day + 0.5) * DAY_W;
}

static double mark_y(const Mark *m) {
        return TOP + m->minute * (double) HOUR_H / 60;
}

static void draw_frame(FILE *f, const Year *y) {
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        static const int first[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
        int width = YEAR_DAYS * DAY_W, height = 24 * HOUR_H;

        fprintf(f, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n");
        fprintf(f,
                "<text x=\"%d\" y=\"22\" font-size=\"15\" font-weight=\"bold\">%s: %.2f reminders a day, "
                "%u of %u answered</text>\n",
                LEFT, habit_names[y->kind], (double) y->shown / YEAR_DAYS, y->used, y->shown);
        for (int i = 0; i < 12; i++) {
                if (i % 2)
                        fprintf(f,
                                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f7f7f7\"/>\n",
                                LEFT + first[i] * DAY_W, TOP, (first[i + 1] - first[i]) * DAY_W,
                                height);
                fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                        LEFT + (first[i] + first[i + 1]) * DAY_W / 2, TOP + height + 16, months[i]);
        }
        if (y->kind != HABIT_CHAOS)
                fprintf(f,
                        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#000\" opacity=\".07\"/>\n"
                        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#000\" opacity=\".07\"/>\n",
                        LEFT, TOP, width, 8 * HOUR_H, LEFT, TOP + 20 * HOUR_H, width, 4 * HOUR_H);
        for (int h = 0; h <= 24; h += 2)
                fprintf(f,
                        "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>"
                        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%02d:00</text>\n",
                        LEFT, LEFT + width, TOP + h * HOUR_H, TOP + h * HOUR_H, LEFT - 6,
                        TOP + h * HOUR_H + 4, h);
}

static void draw_legend(FILE *f) {
        int x = LEFT;

        for (MarkKind k = MARK_REVIEW; k <= MARK_EXPIRED; k++) {
                fprintf(f,
                        "<circle cx=\"%d\" cy=\"42\" r=\"4\" fill=\"%s\"/><text x=\"%d\" y=\"46\">%s</text>\n",
                        x + 4, looks[k].colour, x + 13, looks[k].name);
                x += 140;
        }
        fprintf(f,
                "<rect x=\"%d\" y=\"36\" width=\"12\" height=\"12\" fill=\"#000\" opacity=\".07\"/>"
                "<text x=\"%d\" y=\"46\">quiet hours</text>\n",
                x, x + 18);
}

int report_svg(const char *path, const Year *y) {
        FILE *f = fopen(path, "we");

        if (!f)
                return -errno;
        fprintf(f,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                "font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">\n",
                LEFT + YEAR_DAYS * DAY_W + RIGHT, TOP + 24 * HOUR_H + BELOW);
        draw_frame(f, y);
        draw_legend(f);

        /* Unasked reviews below, so that each reminder stays visible. */
        for (int pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < y->n_marks; i++) {
                        const Mark *m = &y->marks[i];

                        if (m->kind == MARK_AWAY || (m->kind == MARK_REVIEW) != (pass == 0))
                                continue;
                        fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n",
                                mark_x(m), mark_y(m), looks[m->kind].radius, looks[m->kind].colour);
                }
        fprintf(f, "</svg>\n");
        return fclose(f) == 0 ? 0 : -errno;
}
