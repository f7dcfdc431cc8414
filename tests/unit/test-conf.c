/* The configuration: what is taken, what is refused and with which words, and that its documents tell the same. */
#include <errno.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "tests/check.h"
#include "util/text.h"

static Conf *read_conf(const char *text, char **ret_errors) {
        Conf *c = NULL;

        *ret_errors = NULL;
        if (conf_parse("ebb.conf", text, strlen(text), &c, ret_errors) < 0)
                return NULL;
        return c;
}

/* `errors` NULL: the text is fine. */
static void check_text(int row, const char *text, const char *errors) {
        _cleanup_free_ char *actual = NULL;
        _cleanup_(conf_freep) Conf *c = read_conf(text, &actual);

        if (!errors && !c)
                CHECK_FAIL("row %d is refused: %s", row, actual);
        else if (errors && !actual)
                CHECK_FAIL("row %d is taken: %s", row, text);
        else if (errors && strcmp(errors, actual) != 0)
                CHECK_FAIL("row %d says\n%s\nexpected\n%s", row, actual, errors);
}

TEST(an_empty_file_gives_the_defaults_of_the_header)
{
        _cleanup_free_ char *errors = NULL;
        _cleanup_(conf_freep) Conf *c = NULL;

        setenv("XDG_DATA_HOME", "/data", 1);
        c = read_conf("", &errors);
        REQUIRE(c);
        CHECK_INT(240, c->day_starts_min);
        CHECK_STR("/data/ebb", c->data_folder);
        CHECK(!c->zone);
        CHECK(c->remind);
        CHECK_INT(5, c->min_due);
        CHECK_INT(7200, c->min_gap_s);
        CHECK_INT(1200, c->quiet_from_min);
        CHECK_INT(480, c->quiet_until_min);
        CHECK_INT(86400, c->overdue_any_s);
        CHECK_INT(5, c->batch);
        CHECK_INT(600, c->card_timeout_s);
        CHECK_INT(CONF_TEXT_FULL, c->text);
        CHECK_INT(3, c->n_grades);
        CHECK_INT(1, c->grades[0]);
        CHECK_INT(3, c->grades[1]);
        CHECK_INT(4, c->grades[2]);
        CHECK(c->intervals);
        CHECK(c->backup_daily);
        CHECK_INT(7, c->keep_daily);
        CHECK_INT(8, c->keep_weekly);
        CHECK_INT(12, c->keep_monthly);
}

TEST(a_file_that_does_not_exist_gives_the_defaults)
{
        _cleanup_free_ char *errors = NULL;
        _cleanup_(conf_freep) Conf *c = NULL;

        REQUIRE(conf_load("/nonexistent/ebb.conf", &c, &errors) == 0);
        CHECK_INT(5, c->batch);
}

TEST(a_folder_in_place_of_the_file_is_said_to_be_one)
{
        _cleanup_free_ char *errors = NULL;
        Conf *c = NULL;

        CHECK_INT(-EISDIR, conf_load("/tmp", &c, &errors));
        CHECK_STR("/tmp: Cannot be read: Is a directory.", errors);
}

TEST(every_option_is_read)
{
        _cleanup_free_ char *errors = NULL;
        _cleanup_(conf_freep) Conf *c = NULL;

        setenv("HOME", "/home/learner", 1);
        c = read_conf("\xef\xbb\xbf[general]\r\n day-starts = 03:30\r\ndata = ~/cards\nzone: UTC\n"
                      "# a comment\n; another\n\n"
                      "[remind]\nenabled=no\nmin-due=1000\nmin-gap=1h30m\nquiet=22:15-06:45\n"
                      "overdue-any = 12h ; half a day\n"
                      "slots = 07:30,12:00 , 23:59\nslots-weekend = never\nslot-window=30\n"
                      "budget=24\ntotal-budget=100\nsettle=0\nengaged=15m\ncatchup=1\nfade=no\n"
                      "learning=no\npace=20m\npace-hours=08:00-12:30\n"
                      "decks = Law >= 10, Languages::Japanese\n"
                      "[holiday]\ndates = 2026-12-24 .. 2027-01-02, 2028-02-29\n"
                      "[review]\nbatch=100\ncard-timeout=never\ntext=count-only\n"
                      "three-buttons = hard, good, easy\nintervals=off\n"
                      "[backup]\ndaily=0\nkeep-daily=1\nkeep-weekly=0\nkeep-monthly=0",
                      &errors);
        if (!c) {
                CHECK_FAIL("refused: %s", errors);
                return;
        }
        CHECK_INT(210, c->day_starts_min);
        CHECK_STR("/home/learner/cards", c->data_folder);
        CHECK_STR("UTC", c->zone);
        CHECK(!c->remind);
        CHECK_INT(1000, c->min_due);
        CHECK_INT(5400, c->min_gap_s);
        CHECK_INT(22 * 60 + 15, c->quiet_from_min);
        CHECK_INT(6 * 60 + 45, c->quiet_until_min);
        CHECK_INT(43200, c->overdue_any_s);
        CHECK_INT(3, c->slots.n);
        CHECK_INT(7 * 60 + 30, c->slots.minute[0]);
        CHECK_INT(24 * 60 - 1, c->slots.minute[2]);
        CHECK_INT(0, c->slots_weekend.n);
        CHECK_INT(1800, c->slot_window_s);
        CHECK_INT(24, c->budget);
        CHECK_INT(100, c->total_budget);
        CHECK_INT(0, c->settle_s);
        CHECK_INT(900, c->engaged_s);
        CHECK_INT(1, c->catchup);
        CHECK(!c->fade);
        CHECK(!c->learning);
        CHECK_INT(1200, c->pace_s);
        CHECK_INT(8 * 60, c->pace_from_min);
        CHECK_INT(12 * 60 + 30, c->pace_until_min);
        CHECK_INT(2, c->n_decks);
        CHECK_STR("Law", c->decks[0].name);
        CHECK_INT(10, c->decks[0].min_due);
        CHECK_STR("Languages::Japanese", c->decks[1].name);
        CHECK_INT(0, c->decks[1].min_due);
        CHECK_INT(2, c->n_holidays);
        CHECK_INT(20811, c->holidays[0].first_day); /* date -d 2026-12-24 +%s is 86400 * 20811 */
        CHECK_INT(20820, c->holidays[0].last_day);
        CHECK_INT(21243, c->holidays[1].first_day);
        CHECK_INT(21243, c->holidays[1].last_day);
        CHECK_INT(100, c->batch);
        CHECK_INT(0, c->card_timeout_s);
        CHECK_INT(CONF_TEXT_COUNT, c->text);
        CHECK_INT(2, c->grades[0]);
        CHECK(!c->intervals);
        CHECK(!c->backup_daily);
        CHECK_INT(1, c->keep_daily);
        CHECK_INT(0, c->keep_weekly);
        CHECK_INT(0, c->keep_monthly);
}

TEST(quiet_never_is_an_empty_span)
{
        _cleanup_free_ char *errors = NULL;
        _cleanup_(conf_freep) Conf *c = read_conf("[remind]\nquiet = never\n", &errors);

        REQUIRE(c);
        CHECK_INT(c->quiet_from_min, c->quiet_until_min);
}

TEST(all_mistakes_of_a_file_are_named_at_once_with_their_lines)
{
        check_text(
                0,
                "batch = 3\n"
                "[general]\n"
                "day-start = 04:00\n"
                "[revue]\n"
                "bach = 3\n"
                "[review]\n"
                "batch = 0\n"
                "batch = 4\n"
                "just words\n"
                "min-due = 3\n"
                "text = \xff\n"
                "[review\n",
                "ebb.conf:1: The option \"batch\" stands before the first [section].\n"
                "ebb.conf:3: There is no option \"day-start\" in [general]; did you mean \"day-starts\"?\n"
                "ebb.conf:4: There is no section [revue]; did you mean [review]?\n"
                "ebb.conf:7: \"batch\" is \"0\", but must be a whole number from 1 to 100.\n"
                "ebb.conf:8: The option \"batch\" is set a second time, line 7 was the first.\n"
                "ebb.conf:9: This line is neither \"option = value\", nor [section], nor a comment.\n"
                "ebb.conf:10: There is no option \"min-due\" in [review]; it belongs to [remind].\n"
                "ebb.conf:11: This line holds invalid UTF-8.\n"
                "ebb.conf:12: The section name has no \"]\" after it.");
}

TEST(mistakes_are_refused_one_by_one)
{
        static const struct {
                const char *text, *errors;
        } table[] = {
                { "[general]\nday-starts = 24:00\n",
                  "ebb.conf:2: \"day-starts\" is \"24:00\", but must be a time of day such as 04:00." },
                { "[general]\ndata = cards\n",
                  "ebb.conf:2: \"data\" is \"cards\", but must be an absolute path, or one that begins with ~/." },
                { "[general]\nzone = Europe/Atlantis\n",
                  "ebb.conf:2: \"zone\" is \"Europe/Atlantis\", but must be \"system\" or a time zone the system knows, such as Europe/Berlin." },
                { "[general]\nzone = ../../etc/passwd\n",
                  "ebb.conf:2: \"zone\" is \"../../etc/passwd\", but must be \"system\" or a time zone the system knows, such as Europe/Berlin." },
                { "[remind]\nenabled = perhaps\n",
                  "ebb.conf:2: \"enabled\" is \"perhaps\", but must be yes or no." },
                { "[remind]\nmin-due = 1001\n",
                  "ebb.conf:2: \"min-due\" is \"1001\", but must be a whole number from 1 to 1000." },
                { "[remind]\nmin-due = 99999999999999999999\n",
                  "ebb.conf:2: \"min-due\" is \"99999999999999999999\", but must be a whole number from 1 to 1000." },
                { "[remind]\nmin-due =\n",
                  "ebb.conf:2: \"min-due\" is \"\", but must be a whole number from 1 to 1000." },
                { "[remind]\nmin-gap = 31d\n",
                  "ebb.conf:2: \"min-gap\" is \"31d\", but must be a duration up to 30d, such as 90m or 2h." },
                { "[remind]\nquiet = 20:00\n",
                  "ebb.conf:2: \"quiet\" is \"20:00\", but must be \"never\" or two times of day, such as 20:00-08:00." },
                { "[remind]\noverdue-any = 0\n",
                  "ebb.conf:2: \"overdue-any\" is \"0\", but must be a duration from 1m to 365d, such as 12h or 1d." },
                { "[remind]\nslots = 10:00, 09:00\n",
                  "ebb.conf:2: \"slots\" is \"10:00, 09:00\", but must be \"never\" or up to 8 times of day in order, such as 10:00, 16:30." },
                { "[remind]\nslots = 10:00,\n",
                  "ebb.conf:2: \"slots\" is \"10:00,\", but must be \"never\" or up to 8 times of day in order, such as 10:00, 16:30." },
                { "[remind]\nslots-weekend = 1:00,2:00,3:00\n",
                  "ebb.conf:2: \"slots-weekend\" is \"1:00,2:00,3:00\", but must be \"never\" or up to 8 times of day in order, such as 10:00, 16:30." },
                { "[remind]\nslots = 01:00,02:00,03:00,04:00,05:00,06:00,07:00,08:00,09:00\n",
                  "ebb.conf:2: \"slots\" is \"01:00,02:00,03:00,04:00,05:00,06:00,07:00,08:00,09:00\", but must be \"never\" or up to 8 times of day in order, such as 10:00, 16:30." },
                { "[remind]\npace = 4m\n",
                  "ebb.conf:2: \"pace\" is \"4m\", but must be \"never\" or a duration from 5m to 12h, such as 20m." },
                { "[remind]\npace-hours = 18:00-09:00\n",
                  "ebb.conf:2: \"pace-hours\" is \"18:00-09:00\", but must be two times of day in order, such as 09:00-18:00." },
                { "[remind]\ndecks = Law >= ten\n",
                  "ebb.conf:2: \"decks\" is \"Law >= ten\", but must be \"all\" or up to 16 names of decks, such as Law >= 10, Languages::Japanese." },
                { "[remind]\ndecks = >= 10\n",
                  "ebb.conf:2: \"decks\" is \">= 10\", but must be \"all\" or up to 16 names of decks, such as Law >= 10, Languages::Japanese." },
                { "[holiday]\ndates = 2026-02-30\n",
                  "ebb.conf:2: \"dates\" is \"2026-02-30\", but must be \"none\" or up to 32 dates or spans, such as 2026-12-24..2027-01-02, 2027-05-01." },
                { "[holiday]\ndates = 2027-01-02..2026-12-24\n",
                  "ebb.conf:2: \"dates\" is \"2027-01-02..2026-12-24\", but must be \"none\" or up to 32 dates or spans, such as 2026-12-24..2027-01-02, 2027-05-01." },
                { "[review]\ncard-timeout = 4s\n",
                  "ebb.conf:2: \"card-timeout\" is \"4s\", but must be \"never\" or a duration from 5s to 1d." },
                { "[review]\ntext = none\n",
                  "ebb.conf:2: \"text\" is \"none\", but must be full, careful or count-only." },
                { "[review]\nthree-buttons = good\n",
                  "ebb.conf:2: \"three-buttons\" is \"good\", but must be three different grades out of again, hard, good, easy." },
                { "[review]\nthree-buttons = good good easy\n",
                  "ebb.conf:2: \"three-buttons\" is \"good good easy\", but must be three different grades out of again, hard, good, easy." },
                { "[review]\nthree-buttons = again hard good easy\n",
                  "ebb.conf:2: \"three-buttons\" is \"again hard good easy\", but must be three different grades out of again, hard, good, easy." },
                { "[backup]\nkeep-daily = 0\n",
                  "ebb.conf:2: \"keep-daily\" is \"0\", but must be a whole number from 1 to 366." },
                { "[nowhere]\nbatch = 1\n", "ebb.conf:1: There is no section [nowhere]." },
                { "[review]\nxyzzy = 1\n",
                  "ebb.conf:2: There is no option \"xyzzy\" in [review]." },
                { "[review]\n= 1\n", "ebb.conf:2: There is no option \"\" in [review]." },
                { "[review]\nbatch ; = 1\n",
                  "ebb.conf:2: This line is neither \"option = value\", nor [section], nor a comment." },
                /* What is shown of a file can not run the terminal. */
                { "[review]\nba\033[31mtch\xe2\x80\xae = 1\n",
                  "ebb.conf:2: There is no option \"ba[31mtch\" in [review]." },
        };

        for (size_t i = 0; i < ELEMENTS(table); i++)
                check_text((int) i, table[i].text, table[i].errors);
}

TEST(a_nul_byte_is_named)
{
        _cleanup_free_ char *errors = NULL;
        Conf *c = NULL;

        CHECK_INT(-EINVAL, conf_parse("ebb.conf", "[review]\nbatch\0= 1\n", 19, &c, &errors));
        CHECK_STR("ebb.conf:2: This line holds a NUL character.", errors);
}

TEST(a_line_longer_than_inih_reads_is_refused_not_cut)
{
        char text[400];
        _cleanup_free_ char *errors = NULL;

        memset(text, 'x', sizeof(text));
        memcpy(text, "[general]\ndata=/", 16);
        text[sizeof(text) - 1] = 0;
        CHECK(!read_conf(text, &errors));
        CHECK(errors && strncmp(errors, "ebb.conf:2: This line is longer than ", 37) == 0);
}

TEST(a_huge_file_is_refused)
{
        _cleanup_free_ char *text = malloc(70000), *errors = NULL;
        Conf *c = NULL;

        memset(text, '\n', 70000);
        CHECK_INT(-EINVAL, conf_parse("ebb.conf", text, 70000, &c, &errors));
        CHECK_STR("ebb.conf:1: The file is larger than 64 KiB, this cannot be a configuration.",
                  errors);
}

TEST(a_continued_line_is_not_joined_to_the_one_before)
{
        check_text(
                0, "[review]\nbatch = 3\n  4\n",
                "ebb.conf:3: This line is neither \"option = value\", nor [section], nor a comment.");
}

TEST(options_tell_value_default_and_line)
{
        _cleanup_free_ char *errors = NULL;
        _cleanup_(conf_freep) Conf *c = read_conf("[review]\n\nbatch = 9\n", &errors);
        ConfOption o;
        size_t n = 0;
        bool seen = false;

        REQUIRE(c);
        for (; conf_option(c, n, &o); n++) {
                if (strcmp(o.key, "batch") != 0) {
                        CHECK_INT(0, o.line);
                        continue;
                }
                seen = true;
                CHECK_STR("review", o.section);
                CHECK_STR("9", o.value);
                CHECK_STR("5", o.fallback);
                CHECK_INT(3, o.line);
        }
        CHECK(seen);
        CHECK(n > 10);
}

static char *slurp(const char *relative) {
        const char *source = getenv("EBB_SOURCE");
        _cleanup_free_ char *path = text_format("%s/%s", source ? source : ".", relative);
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        char *text = calloc(1, 200000);

        if (f)
                (void) !fread(text, 1, 199999, f);
        return text;
}

TEST(the_shipped_file_holds_every_option_commented_at_its_default)
{
        _cleanup_free_ char *shipped = slurp("config/ebb.conf"), *errors = NULL, *expected = NULL;
        _cleanup_(conf_freep) Conf *c = read_conf("", &errors), *shipped_conf = NULL;
        _cleanup_(textbuf_done) TextBuf b = { 0 };
        const char *section = "";
        ConfOption o;

        textbuf_adds(
                &b,
                "# Configuration of Ebb: copy to ~/.config/ebb/ebb.conf and change what you like.\n"
                "# Every option stands here at its default. See ebb.conf(5).\n"
                "# After a change: systemctl --user reload ebbd\n");
        for (size_t i = 0; conf_option(c, i, &o); i++) {
                if (strcmp(section, o.section) != 0)
                        textbuf_addf(&b, "\n[%s]\n", o.section);
                section = o.section;
                textbuf_addf(&b, "\n# %s\n#%s = %s\n", o.help, o.key, o.fallback);
        }
        REQUIRE(textbuf_take(&b, &expected) == 0);
        CHECK_STR(expected, shipped);

        /* It is read as it stands, and with every option uncommented. */
        shipped_conf = read_conf(shipped, &errors);
        CHECK(shipped_conf);
        for (char *p = shipped; (p = strstr(p, "\n#")); p++)
                if (p[2] != ' ')
                        p[1] = ' ';
        check_text(0, shipped, NULL);
}

TEST(the_man_page_names_every_option_with_its_default)
{
        _cleanup_free_ char *page = slurp("config/ebb.conf.5"), *errors = NULL;
        _cleanup_(conf_freep) Conf *c = read_conf("", &errors);
        ConfOption o;

        for (size_t i = 0; conf_option(c, i, &o); i++) {
                _cleanup_free_ char *item = text_format("\n.BR %s ", o.key);
                _cleanup_free_ char *fallback = text_format("Default: %s.", o.fallback);
                const char *at = strstr(page, item);
                const char *next = at ? strstr(at, "\n.TP") : NULL;
                const char *found = at ? strstr(at, fallback) : NULL;

                if (!at)
                        CHECK_FAIL("ebb.conf(5) has no \"%s\"", o.key);
                else if (!found || (next && found > next))
                        CHECK_FAIL("ebb.conf(5) does not say \"%s\" of %s", fallback, o.key);
        }
}

CHECK_MAIN
