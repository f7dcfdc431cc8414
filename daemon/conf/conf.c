/*
 * The table of options and its reader. inih splits lines; what is a mistake, and saying so, is
 * decided here: inih gives no line numbers to its handler and only the first line it could not
 * read, so its lines come from a reader of ours that counts them.
 */
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>

#include "core/civil.h"
#include "util/parse.h"
#include "util/text.h"
#include "util/zone.h"

enum { CONF_FILE_MAX = 64 * 1024, N_OPTIONS_MAX = 48 };

typedef struct Row Row;

/* 0, -EINVAL (the value is not what `wants` says), -ENOMEM. */
typedef int (*RowParser)(Conf *c, const Row *row, const char *value);

struct Row {
        const char *section, *key;
        RowParser parse;
        size_t offset;
        int64_t min, max;
        const char *fallback;
        const char *wants; /* ends the sentence "x is ..., but must be" */
        const char *help;
};

/* What conf_load() really returns: Conf first, so that one is the other. */
typedef struct ConfFull {
        Conf conf;
        char *values[N_OPTIONS_MAX];
        int lines[N_OPTIONS_MAX];
} ConfFull;

#define FIELD(c, row, type) ((type *) ((char *) (c) + (row)->offset))

static int parse_row_bool(Conf *c, const Row *row, const char *value) {
        return parse_bool(value, FIELD(c, row, bool));
}

static int parse_row_number(Conf *c, const Row *row, const char *value) {
        int64_t n;

        if (parse_int(value, row->min, row->max, &n) < 0)
                return -EINVAL;

        *FIELD(c, row, unsigned) = (unsigned) n;
        return 0;
}

static int parse_row_duration(Conf *c, const Row *row, const char *value) {
        int64_t n;

        if (parse_duration_s(value, &n) < 0 || n < row->min || n > row->max)
                return -EINVAL;

        *FIELD(c, row, unsigned) = (unsigned) n;
        return 0;
}

static int parse_row_timeout(Conf *c, const Row *row, const char *value) {
        if (strcmp(value, "never") == 0 || strcmp(value, "0") == 0) {
                *FIELD(c, row, unsigned) = 0;
                return 0;
        }
        return parse_row_duration(c, row, value);
}

static int parse_row_clock(Conf *c, const Row *row, const char *value) {
        unsigned n;

        if (parse_clock_min(value, &n) < 0)
                return -EINVAL;

        *FIELD(c, row, unsigned) = n;
        return 0;
}

/* "20:00-08:00" */
static int parse_span(const char *value, unsigned *ret_from, unsigned *ret_until) {
        unsigned from, until;
        char clock[6];

        if (strlen(value) != 11 || value[5] != '-')
                return -EINVAL;

        memcpy(clock, value, 5);
        clock[5] = 0;
        if (parse_clock_min(clock, &from) < 0 || parse_clock_min(value + 6, &until) < 0)
                return -EINVAL;

        *ret_from = from;
        *ret_until = until;
        return 0;
}

static int parse_row_quiet(Conf *c, const Row *row, const char *value) {
        if (strcmp(value, "never") == 0) {
                c->quiet_from_min = c->quiet_until_min = 0;
                return 0;
        }
        return parse_span(value, &c->quiet_from_min, &c->quiet_until_min);
}

static int parse_row_pace_hours(Conf *c, const Row *row, const char *value) {
        unsigned from, until;

        if (parse_span(value, &from, &until) < 0 || from >= until)
                return -EINVAL;

        c->pace_from_min = from;
        c->pace_until_min = until;
        return 0;
}

/* Calls f for each part between commas, without the blanks around it. An empty part is a mistake. */
static int each_part(const char *value, int (*f)(char *part, void *userdata), void *userdata) {
        _cleanup_free_ char *copy = strdup(value);
        char *rest = copy, *part;
        int r;

        if (!copy)
                return -ENOMEM;

        while ((part = strsep(&rest, ","))) {
                part = text_strip(part);
                if (!part[0])
                        return -EINVAL;
                r = f(part, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_slot(char *part, void *userdata) {
        RemindSlots *slots = userdata;
        unsigned minute;

        if (slots->n == REMIND_SLOTS_MAX || parse_clock_min(part, &minute) < 0)
                return -EINVAL;
        if (slots->n > 0 && slots->minute[slots->n - 1] >= minute)
                return -EINVAL;

        slots->minute[slots->n++] = (uint16_t) minute;
        return 0;
}

static int parse_row_slots(Conf *c, const Row *row, const char *value) {
        RemindSlots slots = {};
        int r = 0;

        if (strcmp(value, "never") != 0)
                r = each_part(value, take_slot, &slots);
        if (r == 0)
                *FIELD(c, row, RemindSlots) = slots;
        return r;
}

typedef struct Holidays {
        RemindHoliday list[REMIND_HOLIDAYS_MAX];
        size_t n;
} Holidays;

static int parse_day(const char *s, int32_t *ret) {
        CivilDate date;
        int year, month, mday;

        if (parse_date(s, &year, &month, &mday) < 0)
                return -EINVAL;

        date = (CivilDate){ year, month, mday };
        *ret = civil_to_day(&date);
        return 0;
}

/* "2026-12-24" or "2026-12-24..2027-01-02" */
static int take_holiday(char *part, void *userdata) {
        Holidays *holidays = userdata;
        RemindHoliday h;
        char *dots = strstr(part, "..");

        if (holidays->n == REMIND_HOLIDAYS_MAX)
                return -EINVAL;
        if (dots)
                *dots = 0;
        if (parse_day(text_strip(part), &h.first_day) < 0 ||
            parse_day(dots ? text_strip(dots + 2) : part, &h.last_day) < 0 ||
            h.last_day < h.first_day)
                return -EINVAL;

        holidays->list[holidays->n++] = h;
        return 0;
}

static int parse_row_holidays(Conf *c, const Row *row, const char *value) {
        Holidays holidays = {};
        int r = 0;

        if (strcmp(value, "none") != 0)
                r = each_part(value, take_holiday, &holidays);
        if (r == 0) {
                memcpy(c->holidays, holidays.list, sizeof(c->holidays));
                c->n_holidays = holidays.n;
        }
        return r;
}

static void forget_decks(Conf *c) {
        for (size_t i = 0; i < c->n_decks; i++)
                free(c->decks[i].name);
        c->n_decks = 0;
}

/* "Law" or "Law >= 10" */
static int take_deck(char *part, void *userdata) {
        Conf *c = userdata;
        char *own = strstr(part, ">="), *name;
        int64_t min_due = 0;

        if (c->n_decks == REMIND_DECKS_MAX)
                return -EINVAL;
        if (own) {
                *own = 0;
                if (parse_int(text_strip(own + 2), 1, 1000, &min_due) < 0)
                        return -EINVAL;
        }
        name = text_strip(part);
        if (!name[0])
                return -EINVAL;

        name = strdup(name);
        if (!name)
                return -ENOMEM;
        c->decks[c->n_decks++] = (ConfDeck){ name, (unsigned) min_due };
        return 0;
}

static int parse_row_decks(Conf *c, const Row *row, const char *value) {
        int r = 0;

        forget_decks(c);
        if (strcmp(value, "all") != 0)
                r = each_part(value, take_deck, c);
        if (r < 0)
                forget_decks(c);
        return r;
}

static int parse_row_text(Conf *c, const Row *row, const char *value) {
        if (strcmp(value, "full") == 0)
                c->text = CONF_TEXT_FULL;
        else if (strcmp(value, "careful") == 0)
                c->text = CONF_TEXT_CAREFUL;
        else if (strcmp(value, "count-only") == 0)
                c->text = CONF_TEXT_COUNT;
        else
                return -EINVAL;
        return 0;
}

static int parse_row_grades(Conf *c, const Row *row, const char *value) {
        static const char *const names[] = { "again", "hard", "good", "easy" };
        _cleanup_free_ char *copy = strdup(value);
        unsigned grades[3];
        size_t n = 0;
        char *save = NULL;

        if (!copy)
                return -ENOMEM;

        for (char *w = strtok_r(copy, " \t,", &save); w; w = strtok_r(NULL, " \t,", &save)) {
                unsigned grade = 0;

                for (unsigned i = 0; i < ELEMENTS(names); i++)
                        if (strcmp(w, names[i]) == 0)
                                grade = i + 1;
                for (size_t i = 0; i < n; i++)
                        if (grades[i] == grade)
                                return -EINVAL;
                if (grade == 0 || n == ELEMENTS(grades))
                        return -EINVAL;
                grades[n++] = grade;
        }
        if (n != ELEMENTS(grades))
                return -EINVAL;

        memcpy(c->grades, grades, sizeof(grades));
        c->n_grades = n;
        return 0;
}

static const char *home_folder(void) {
        const char *home = getenv("HOME");
        const struct passwd *entry;

        if (home && home[0] == '/')
                return home;
        entry = getpwuid(getuid());
        return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : "/";
}

static int replace_text(char **text, char *fresh) {
        if (!fresh)
                return -ENOMEM;
        free(*text);
        *text = fresh;
        return 0;
}

static int parse_row_folder(Conf *c, const Row *row, const char *value) {
        char **text = FIELD(c, row, char *);
        const char *data_home;

        if (value[0] == '/')
                return replace_text(text, strdup(value));
        if (text_starts_with(value, "~/"))
                return replace_text(text, text_format("%s%s", home_folder(), value + 1));
        if (strcmp(value, row->fallback) != 0)
                return -EINVAL;

        data_home = getenv("XDG_DATA_HOME");
        if (data_home && data_home[0] == '/')
                return replace_text(text, text_format("%s/ebb", data_home));
        return replace_text(text, text_format("%s/.local/share/ebb", home_folder()));
}

static int parse_row_zone(Conf *c, const Row *row, const char *value) {
        _cleanup_(zone_freep) Zone *zone = NULL;
        char **text = FIELD(c, row, char *);
        int r;

        if (strcmp(value, row->fallback) == 0) {
                free(*text);
                *text = NULL;
                return 0;
        }

        r = zone_load(value, &zone);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;

        return replace_text(text, strdup(value));
}

#define DAY_S 86400

/* clang-format off */
static const Row rows[] = {
        { "general", "day-starts", parse_row_clock, offsetof(Conf, day_starts_min), 0, 0, "04:00",
          "a time of day such as 04:00",
          "When the learner's day begins, in local time: cards of a day are due from then on." },
        { "general", "data", parse_row_folder, offsetof(Conf, data_folder), 0, 0, "$XDG_DATA_HOME/ebb",
          "an absolute path, or one that begins with ~/",
          "The folder of the collection and its backups. A change needs a restart." },
        { "general", "zone", parse_row_zone, offsetof(Conf, zone), 0, 0, "system",
          "\"system\" or a time zone the system knows, such as Europe/Berlin",
          "The time zone days are counted in." },

        { "remind", "enabled", parse_row_bool, offsetof(Conf, remind), 0, 0, "yes",
          "yes or no",
          "Whether to ask by notification at all." },
        { "remind", "slots", parse_row_slots, offsetof(Conf, slots), 0, 0, "10:00, 13:30, 16:30",
          "\"never\" or up to 8 times of day in order, such as 10:00, 16:30",
          "When to ask, Monday to Friday. What is due then is asked once; what is missed is not made up for." },
        { "remind", "slots-weekend", parse_row_slots, offsetof(Conf, slots_weekend), 0, 0, "11:00",
          "\"never\" or up to 8 times of day in order, such as 10:00, 16:30",
          "When to ask on Saturday and Sunday." },
        { "remind", "slot-window", parse_row_duration, offsetof(Conf, slot_window_s), 60, DAY_S / 2, "90m",
          "a duration from 1m to 12h, such as 90m",
          "How long after its time a slot may still be used, when you come back or have finished something." },
        { "remind", "quiet", parse_row_quiet, offsetof(Conf, quiet_from_min), 0, 0, "20:00-08:00",
          "\"never\" or two times of day, such as 20:00-08:00",
          "Hours of the day in which nothing is asked." },
        { "remind", "budget", parse_row_number, offsetof(Conf, budget), 1, 24, "3",
          "a whole number from 1 to 24",
          "How often to ask in a day at most. Fewer when you send reminders away." },
        { "remind", "total-budget", parse_row_number, offsetof(Conf, total_budget), 1, 100, "8",
          "a whole number from 1 to 100",
          "The same, with the cards of learning steps." },
        { "remind", "min-gap", parse_row_duration, offsetof(Conf, min_gap_s), 0, 30 * DAY_S, "2h",
          "a duration up to 30d, such as 90m or 2h",
          "Leave at least this long between two askings." },
        { "remind", "min-due", parse_row_number, offsetof(Conf, min_due), 1, 1000, "5",
          "a whole number from 1 to 1000",
          "Ask only when at least this many cards are due." },
        { "remind", "overdue-any", parse_row_duration, offsetof(Conf, overdue_any_s), 60, 365 * DAY_S, "1d",
          "a duration from 1m to 365d, such as 12h or 1d",
          "Fewer cards than min-due are enough once the oldest has waited this long." },
        { "remind", "settle", parse_row_duration, offsetof(Conf, settle_s), 0, 3600, "2m",
          "a duration up to 1h, such as 2m",
          "Ask nothing this soon after you came: login, unlocking, waking up." },
        { "remind", "engaged", parse_row_duration, offsetof(Conf, engaged_s), 0, DAY_S, "1h",
          "a duration up to 1d, such as 1h",
          "Ask nothing this soon after you reviewed." },
        { "remind", "catchup", parse_row_number, offsetof(Conf, catchup), 1, 100, "20",
          "a whole number from 1 to 100",
          "After some days away, the first asking is for this many cards, however many wait." },
        { "remind", "fade", parse_row_bool, offsetof(Conf, fade), 0, 0, "yes",
          "yes or no",
          "Whether a slot falls silent once you mostly review before it by yourself." },
        { "remind", "learning", parse_row_bool, offsetof(Conf, learning), 0, 0, "yes",
          "yes or no",
          "Whether a card that you just learned is asked when its step is over, if you have only paused." },
        { "remind", "pace", parse_row_timeout, offsetof(Conf, pace_s), 300, DAY_S / 2, "never",
          "\"never\" or a duration from 5m to 12h, such as 20m",
          "Instead of slots: one card this often, within pace-hours." },
        { "remind", "pace-hours", parse_row_pace_hours, offsetof(Conf, pace_from_min), 0, 0, "09:00-18:00",
          "two times of day in order, such as 09:00-18:00",
          "The hours for pace." },
        { "remind", "decks", parse_row_decks, offsetof(Conf, decks), 0, 0, "all",
          "\"all\" or up to 16 names of decks, such as Law >= 10, Languages::Japanese",
          "Ask about these decks and those below them only. With >= N a deck has a min-due of its own." },

        { "holiday", "dates", parse_row_holidays, offsetof(Conf, holidays), 0, 0, "none",
          "\"none\" or up to 32 dates or spans, such as 2026-12-24..2027-01-02, 2027-05-01",
          "Days on which nothing is asked." },

        { "review", "batch", parse_row_number, offsetof(Conf, batch), 1, 100, "5",
          "a whole number from 1 to 100",
          "How many cards to ask in one go." },
        { "review", "card-timeout", parse_row_timeout, offsetof(Conf, card_timeout_s), 5, DAY_S, "10m",
          "\"never\" or a duration from 5s to 1d",
          "An unanswered card leaves the screen after this long, ungraded." },
        { "review", "text", parse_row_text, offsetof(Conf, text), 0, 0, "full",
          "full, careful or count-only",
          "full shows cards in notifications; count-only shows how many are due and no text of a card; careful shows "
          "cards only while the desktop tells that nothing is presented and nobody wants quiet." },
        { "review", "three-buttons", parse_row_grades, offsetof(Conf, grades), 0, 0, "again good easy",
          "three different grades out of again, hard, good, easy",
          "The grades offered where a notification can have three buttons only." },
        { "review", "intervals", parse_row_bool, offsetof(Conf, intervals), 0, 0, "yes",
          "yes or no",
          "Whether buttons name the next interval: \"Good 4d\" instead of \"Good\"." },

        { "backup", "daily", parse_row_bool, offsetof(Conf, backup_daily), 0, 0, "yes",
          "yes or no",
          "Whether to back the collection up once a day. Before imports and upgrades it is done anyway." },
        { "backup", "keep-daily", parse_row_number, offsetof(Conf, keep_daily), 1, 366, "7",
          "a whole number from 1 to 366",
          "Of how many days to keep a backup." },
        { "backup", "keep-weekly", parse_row_number, offsetof(Conf, keep_weekly), 0, 520, "8",
          "a whole number from 0 to 520",
          "Of how many weeks to keep a backup." },
        { "backup", "keep-monthly", parse_row_number, offsetof(Conf, keep_monthly), 0, 1200, "12",
          "a whole number from 0 to 1200",
          "Of how many months to keep a backup." },
};
/* clang-format on */
_Static_assert(ELEMENTS(rows) <= N_OPTIONS_MAX, "ConfFull has no room for all options");

typedef struct Reading {
        const char *name;
        const char *at, *end; /* what is left of the text */
        int line;
        const char *section; /* of the table; NULL before the first and in an unknown one */
        bool in_unknown;     /* the section was complained about; its options are passed over */
        bool expected;       /* the line given to inih last should reach the handler */
        ConfFull *full;
        TextBuf errors;
        int error; /* negative errno: give up */
} Reading;

__attribute__((format(printf, 2, 3))) static void complain(Reading *g, const char *format, ...) {
        _cleanup_free_ char *sentence = NULL, *shown = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&sentence, format, ap);
        va_end(ap);
        if (n < 0) {
                sentence = NULL;
                g->error = -ENOMEM;
                return;
        }

        shown = text_printable(sentence, (size_t) n);
        textbuf_addf(&g->errors, "%s:%d: %s\n", g->name, g->line, shown ? shown : sentence);
}

/* A word close enough to be a slip of the finger. */
static bool is_near(const char *word, const char *known, size_t *best) {
        size_t d = text_distance(word, known);

        if (d >= *best || d > (strlen(known) + 2) / 3)
                return false;
        *best = d;
        return true;
}

static void enter_section(Reading *g, const char *name) {
        const char *near = NULL;
        size_t best = SIZE_MAX;

        g->section = NULL;
        g->in_unknown = false;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                if (strcmp(rows[i].section, name) == 0) {
                        g->section = rows[i].section;
                        return;
                }
                if (is_near(name, rows[i].section, &best))
                        near = rows[i].section;
        }

        g->in_unknown = true;
        if (near)
                complain(g, "There is no section [%s]; did you mean [%s]?", name, near);
        else
                complain(g, "There is no section [%s].", name);
}

static void check_handled(Reading *g) {
        if (g->expected)
                complain(g,
                         "This line is neither \"option = value\", nor [section], nor a comment.");
        g->expected = false;
}

/* ini_reader: one line without the blanks around it, "" for one that is already complained about. */
static char *read_line(char *ret, int num, void *userdata) {
        Reading *g = userdata;
        const char *line, *newline;
        size_t len;

        check_handled(g);
        if (g->at == g->end || g->error < 0)
                return NULL;

        newline = memchr(g->at, '\n', (size_t) (g->end - g->at));
        line = g->at;
        len = (size_t) ((newline ? newline : g->end) - line);
        g->at = newline ? newline + 1 : g->end;
        g->line++;

        /* Leading blanks would make it a continuation of the line before, for inih. */
        while (len > 0 && strchr(" \t\r\f\v", line[0]) && line[0])
                line++, len--;
        while (len > 0 && strchr(" \t\r\f\v", line[len - 1]) && line[len - 1])
                len--;

        ret[0] = 0;
        if (len == 0)
                return ret;
        if (text_field_problem(line, len)) {
                complain(g, "This line %s.", text_field_problem(line, len));
                return ret;
        }
        if (line[0] == '#' || line[0] == ';')
                return ret;
        if (len >= (size_t) num) {
                complain(g, "This line is longer than %d bytes.", num - 1);
                return ret;
        }

        memcpy(ret, line, len);
        ret[len] = 0;
        if (ret[0] != '[') {
                g->expected = true;
                return ret;
        }

        char *bracket = strchr(ret, ']');
        if (bracket) {
                *bracket = 0;
                enter_section(g, text_strip(ret + 1));
        } else {
                complain(g, "The section name has no \"]\" after it.");
                g->section = NULL;
                g->in_unknown = true;
        }
        ret[0] = 0;
        return ret;
}

static void complain_unknown(Reading *g, const char *key) {
        const char *near = NULL;
        size_t best = SIZE_MAX;

        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (strcmp(rows[i].key, key) == 0) {
                        complain(g, "There is no option \"%s\" in [%s]; it belongs to [%s].", key,
                                 g->section, rows[i].section);
                        return;
                }
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (strcmp(rows[i].section, g->section) == 0 && is_near(key, rows[i].key, &best))
                        near = rows[i].key;

        if (near)
                complain(g, "There is no option \"%s\" in [%s]; did you mean \"%s\"?", key,
                         g->section, near);
        else
                complain(g, "There is no option \"%s\" in [%s].", key, g->section);
}

static int set_row(ConfFull *full, size_t i, const char *value, int line) {
        int r;

        r = rows[i].parse(&full->conf, &rows[i], value);
        if (r < 0)
                return r;

        full->lines[i] = line;
        return replace_text(&full->values[i], strdup(value));
}

/* ini_handler */
static int handle_option(void *userdata, const char *section, const char *key, const char *value) {
        Reading *g = userdata;
        int r;

        g->expected = false;
        if (g->in_unknown)
                return 1;
        if (!g->section) {
                complain(g, "The option \"%s\" stands before the first [section].", key);
                return 1;
        }

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                if (strcmp(rows[i].section, g->section) != 0 || strcmp(rows[i].key, key) != 0)
                        continue;

                if (g->full->lines[i] > 0) {
                        complain(g,
                                 "The option \"%s\" is set a second time, line %d was the first.",
                                 key, g->full->lines[i]);
                        return 1;
                }
                r = set_row(g->full, i, value, g->line);
                if (r == -EINVAL) {
                        complain(g, "\"%s\" is \"%s\", but must be %s.", key, value, rows[i].wants);
                        g->full->lines[i] = g->line;
                } else if (r < 0)
                        g->error = r;
                return 1;
        }

        complain_unknown(g, key);
        return 1;
}

int conf_parse(const char *name, const char *text, size_t len, Conf **ret, char **ret_errors) {
        ConfFull *full = calloc(1, sizeof(*full));
        _cleanup_(conf_freep) Conf *conf = (Conf *) full;
        Reading g = { .name = name, .at = text, .end = text + len, .full = full };
        _cleanup_free_ char *errors = NULL;
        int r;

        if (!full)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                r = set_row(full, i, rows[i].fallback, 0);
                if (r < 0)
                        return r;
        }

        if (len > CONF_FILE_MAX) {
                g.line = 1;
                complain(&g, "The file is larger than %d KiB, this cannot be a configuration.",
                         CONF_FILE_MAX / 1024);
        } else if (len > 0) {
                if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                        g.at += 3;
                (void) ini_parse_stream(read_line, &g, handle_option, &g);
                check_handled(&g);
        }

        r = textbuf_take(&g.errors, &errors);
        if (g.error < 0 || r < 0)
                return g.error < 0 ? g.error : r;
        if (errors[0]) {
                errors[strlen(errors) - 1] = 0;
                *ret_errors = TAKE_PTR(errors);
                return -EINVAL;
        }

        *ret = TAKE_PTR(conf);
        return 0;
}

static int read_all(const char *path, char **ret, size_t *ret_len) {
        _cleanup_free_ char *text = malloc(CONF_FILE_MAX + 2);
        _cleanup_close_ int fd = -1;
        struct stat st;
        size_t len = 0;

        if (!text)
                return -ENOMEM;

        /* O_NONBLOCK: a FIFO in its place must not hang the daemon. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;

        while (len < CONF_FILE_MAX + 1) {
                ssize_t n = read(fd, text + len, CONF_FILE_MAX + 1 - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t) n;
        }

        *ret = TAKE_PTR(text);
        *ret_len = len;
        return 0;
}

int conf_load(const char *path, Conf **ret, char **ret_errors) {
        _cleanup_free_ char *text = NULL;
        size_t len = 0;
        int r;

        *ret_errors = NULL;
        r = path ? read_all(path, &text, &len) : -ENOENT;
        if (r < 0 && r != -ENOENT) {
                *ret_errors = text_format("%s: Cannot be read: %s.", path, strerror(-r));
                /* -EINVAL is kept for mistakes in the text. */
                return r == -EINVAL ? -EIO : r;
        }

        return conf_parse(path ? path : "defaults", text ? text : "", len, ret, ret_errors);
}

Conf *conf_free(Conf *c) {
        ConfFull *full = (ConfFull *) c;

        if (!full)
                return NULL;

        for (size_t i = 0; i < N_OPTIONS_MAX; i++)
                free(full->values[i]);
        forget_decks(&full->conf);
        free(full->conf.data_folder);
        free(full->conf.zone);
        free(full);
        return NULL;
}

bool conf_option(const Conf *c, size_t i, ConfOption *ret) {
        const ConfFull *full = (const ConfFull *) c;

        if (i >= ELEMENTS(rows))
                return false;

        *ret = (ConfOption){
                .section = rows[i].section,
                .key = rows[i].key,
                .value = rows[i].parse == parse_row_folder ? full->conf.data_folder
                                                           : full->values[i],
                .fallback = rows[i].fallback,
                .help = rows[i].help,
                .line = full->lines[i],
        };
        return true;
}
