/* Which server gets what, and how a card is fitted to it. */
#include <string.h>

#include "desktop/card-fit.h"
#include "desktop/server-profiles.h"
#include "tests/check.h"
#include "util/cleanup.h"

typedef struct ServerRow {
        int line;
        const char *name, *vendor;
        const char *title;
        unsigned buttons;
        int never_ms;
        bool in_place;
        const char *actions; /* declared for four grades, in order */
} ServerRow;

#define ALL_CAPS                                                                                   \
        { "actions", "body", "body-markup" }

/* What was seen on the real servers, name and vendor as they give it. */
static const ServerRow servers[] = {
        { __LINE__, "dunst", "knopwob", "dunst", 0, 0, true, "again hard good easy" },
        { __LINE__, "mako", "emersion", "mako", 0, 0, true, "again hard good easy" },
        { __LINE__, "Xfce Notify Daemon", "Xfce", "Xfce", 4, 0, true, "again hard good easy" },
        { __LINE__, "Notification Daemon", "MATE", "MATE", 4, 0, true,
          "default again hard good easy" },
        { __LINE__, "Notification Daemon", "GNOME", "notification-daemon", 4, 0, true,
          "default again hard good easy" },
        { __LINE__, "lxqt-notificationd", "lxqt.org", "LXQt", 3, 0, false, "again good easy" },
        { __LINE__, "SwayNotificationCenter", "ErikReider", "swaync", 4, 86400000, false,
          "default again hard good easy" },
        { __LINE__, "gnome-shell", "GNOME", "GNOME Shell", 3, 0, false, "default again good easy" },
        { __LINE__, "Plasma", "KDE", "Plasma", 4, 0, false, "default again hard good easy" },
        { __LINE__, "quickshell", "", "quickshell", 0, 0, false, "again hard good easy" },
        { __LINE__, "something new", "", "something new", 3, 0, false, "again good easy" },
        { __LINE__, "", "", "unknown", 3, 0, false, "again good easy" },
};

static const NotifierCard grades = {
        .kind = NOTIFIER_ANSWER,
        .generation = 17,
        .summary = "French",
        .body = "la mer",
        .n_actions = 4,
        .actions = { { "again", "Again", 1 },
                     { "hard", "Hard", 3 },
                     { "good", "Good 4d", 0 },
                     { "easy", "Easy", 2 } },
};

static const NotifierCard question = {
        .kind = NOTIFIER_QUESTION,
        .generation = 16,
        .summary = "French",
        .body = "the sea",
        .n_actions = 1,
        .actions = { { "show", "Show answer", 0 } },
};

static ServerProfile profile_of(const char *name, const char *vendor) {
        ServerInfo info = { name, vendor, "1", "1.2", 3, ALL_CAPS };
        ServerProfile p;

        server_profile_get(&info, &p);
        return p;
}

static const char *keys_of(const CardFit *fit, char *out) {
        out[0] = '\0';
        for (size_t i = NOTIFY_SHOW_ACTIONS; i < fit->message.n_strings; i += 2) {
                if (*out)
                        strcat(out, " ");
                strcat(out, fit->message.strings[i]);
        }

        return out;
}

TEST(every_server_of_the_table_gets_what_was_measured)
{
        for (size_t i = 0; i < ELEMENTS(servers); i++) {
                const ServerRow *row = servers + i;
                ServerProfile p = profile_of(row->name, row->vendor);
                char keys[200];
                CardFit fit;

                card_fit(&grades, &p, &fit);
                if (strcmp(p.title, row->title) != 0 || p.buttons != row->buttons ||
                    p.expire_never_ms != row->never_ms || p.in_place != row->in_place ||
                    strcmp(keys_of(&fit, keys), row->actions) != 0)
                        CHECK_FAIL("row of line %d: %s, %u buttons, %d ms, in place %d, \"%s\"",
                                   row->line, p.title, p.buttons, p.expire_never_ms, p.in_place,
                                   keys_of(&fit, keys));
                CHECK_INT(row->never_ms, fit.message.number);
        }
}

TEST(the_two_servers_that_end_a_card_oddly_are_known_by_their_vendors)
{
        ServerProfile mate = profile_of("Notification Daemon", "MATE");
        ServerProfile plain = profile_of("Notification Daemon", "GNOME");
        ServerProfile dunst = profile_of("dunst", "knopwob");
        CardFit fit;

        CHECK(mate.cross_expires && !mate.close_by_expiry);
        CHECK(!plain.cross_expires && plain.close_by_expiry);
        CHECK(!dunst.cross_expires && !dunst.close_by_expiry);

        card_fit(&question, &plain, &fit);
        CHECK_INT(NOTIFY_IN_PLACE | NOTIFY_CLOSE_BY_EXPIRY, fit.message.flags);
        card_fit(&question, &dunst, &fit);
        CHECK_INT(NOTIFY_IN_PLACE, fit.message.flags);
}

TEST(buttons_that_would_be_cut_lose_their_interval_all_alike)
{
        static const NotifierCard wide = {
                .kind = NOTIFIER_ANSWER,
                .generation = 1,
                .summary = "French",
                .body = "la mer",
                .n_actions = 2,
                .actions = { { "again", "Again 1m", 0 }, { "good", "Good 4d", 1 } },
        };
        ServerProfile lxqt = profile_of("lxqt-notificationd", "lxqt.org");
        ServerProfile xfce = profile_of("Xfce Notify Daemon", "Xfce");
        CardFit fit;

        card_fit(&wide, &lxqt, &fit);
        CHECK_STR("Again", fit.message.strings[NOTIFY_SHOW_ACTIONS + 1]);
        CHECK_STR("Good", fit.message.strings[NOTIFY_SHOW_ACTIONS + 3]);
        card_fit(&wide, &xfce, &fit);
        CHECK_STR("Again 1m", fit.message.strings[NOTIFY_SHOW_ACTIONS + 1]);
        card_fit(&question, &lxqt, &fit);
        CHECK_STR("Show answer", fit.message.strings[NOTIFY_SHOW_ACTIONS + 1]);
}

TEST(server_without_the_actions_capability_gets_none)
{
        ServerInfo info = {
                "Xfce Notify Daemon", "Xfce", "1", "1.2", 2, { "body", "body-markup" }
        };
        ServerProfile p;
        CardFit fit;

        server_profile_get(&info, &p);
        CHECK_INT(0, p.buttons);
        card_fit(&grades, &p, &fit);
        CHECK_INT(NOTIFY_SHOW_ACTIONS, fit.message.n_strings);
        CHECK_STR("la mer\nebb answer again|hard|good|easy", fit.body);
}

TEST(text_is_escaped_exactly_where_the_body_is_markup)
{
        NotifierCard card = question;
        ServerProfile p = profile_of("Plasma", "KDE");
        CardFit fit;

        card.body = "a < b && c > d";
        card.summary = "1 < 2 & more";
        card_fit(&card, &p, &fit);
        CHECK_STR("a &lt; b &amp;&amp; c &gt; d", fit.body);
        CHECK_STR("1 < 2 & more", fit.summary);

        p.markup = false;
        card_fit(&card, &p, &fit);
        CHECK_STR("a < b && c > d", fit.body);
}

/* dunst without body-markup renders markup or does not, depending on its settings: seen both ways. */
TEST(dunst_without_the_markup_capability_gets_text_that_is_the_same_either_way)
{
        ServerInfo info = { "dunst", "knopwob", "1.9.0", "1.2", 2, { "actions", "body" } };
        NotifierCard card = question;
        ServerProfile p;
        CardFit fit;

        server_profile_get(&info, &p);
        card.command_hint = "";
        card.body = "<b>a</b> & b && &lt; c > d";
        card_fit(&card, &p, &fit);
        CHECK_STR("‹b›a‹/b› & b && ＆lt; c › d", fit.body);
}

TEST(three_buttons_are_the_learners_own_three_in_their_usual_order)
{
        NotifierCard card = grades;
        ServerProfile p = profile_of("gnome-shell", "GNOME");
        char keys[200];
        CardFit fit;

        card.actions[0].rank = 1; /* Again, Hard, Good */
        card.actions[1].rank = 2;
        card.actions[2].rank = 0;
        card.actions[3].rank = 9;
        card_fit(&card, &p, &fit);
        CHECK_STR("default again hard good", keys_of(&fit, keys));
}

TEST(single_action_is_the_default_where_no_button_is_drawn)
{
        ServerProfile p = profile_of("mako", "");
        char keys[200];
        CardFit fit;

        card_fit(&question, &p, &fit);
        CHECK_STR("default", keys_of(&fit, keys));
        CHECK_STR("Show answer", fit.message.strings[NOTIFY_SHOW_ACTIONS + 1]);
        CHECK_STR("show", card_fit_clicked(&question, "default"));
        CHECK_STR("default", card_fit_clicked(&grades, "default"));
        CHECK_STR("the sea\nebb show-answer", fit.body);
}

/* Four lines of 33 columns is what mako shows of a body: more would be cut off by it. */
TEST(body_on_mako_leaves_out_the_hint_and_then_its_own_end_before_mako_cuts)
{
        ServerProfile p = profile_of("mako", "");
        NotifierCard card = question;
        CardFit fit;

        card.body = "What does the stability of a memory mean in FSRS?"; /* two lines */
        card_fit(&card, &p, &fit);
        CHECK_STR("What does the stability of a memory mean in FSRS?\nebb show-answer", fit.body);

        card.body = "What does the stability of a memory mean in FSRS, and at which probability of "
                    "recall is it read off?"; /* four, the last is "off?" */
        card_fit(&card, &p, &fit);
        CHECK_STR(card.body, fit.body);

        card.body = "What does the stability of a memory mean in FSRS, and at which probability of "
                    "recall is it read off, in days, by those who know?";
        card_fit(&card, &p, &fit);
        CHECK(strlen(fit.body) > 90 && strlen(fit.body) < 132);
        CHECK_STR("…", fit.body + strlen(fit.body) - 3);
}

TEST(no_grade_is_ever_the_default_action)
{
        for (size_t i = 0; i < ELEMENTS(servers); i++) {
                ServerProfile p = profile_of(servers[i].name, servers[i].vendor);
                NotifierCard card = grades;
                CardFit fit;

                card_fit(&card, &p, &fit);
                for (size_t j = NOTIFY_SHOW_ACTIONS; j < fit.message.n_strings; j += 2)
                        if (strcmp(fit.message.strings[j], "default") == 0)
                                CHECK_STR("Show again", fit.message.strings[j + 1]);
        }
}

TEST(labels_lose_what_servers_choke_on)
{
        NotifierCard card = grades;
        ServerProfile p = profile_of("Xfce Notify Daemon", "Xfce");
        CardFit fit;

        card.actions[0].label = "Again <1m";
        card.actions[1].label = "R&D_x";
        card.actions[2].label = "<>";
        card_fit(&card, &p, &fit);
        CHECK_STR("Again 1m", fit.labels[0]);
        CHECK_STR("RDx", fit.labels[1]);
        CHECK_STR("good", fit.labels[2]);
}

TEST(longest_text_of_all_fits_the_message)
{
        static char body[200000];
        ServerProfile p = profile_of("dunst", "");
        NotifierCard card = grades;
        char out[NOTIFY_MESSAGE_MAX];
        CardFit fit;

        memset(body, '&', sizeof(body) - 1);
        card.body = body;
        card.summary = body;
        card.command_hint = body;
        for (size_t i = 0; i < 4; i++)
                card.actions[i].label = "\xf0\x9f\x8c\x8a\xf0\x9f\x8c\x8a\xf0\x9f\x8c\x8a";
        card_fit(&card, &p, &fit);
        CHECK(notify_message_encode(&fit.message, out) > 0);
        CHECK(strlen(fit.body) < sizeof(fit.body));
        CHECK_STR("…", fit.body + strlen(fit.body) - 3);
}

TEST(expiry_of_the_card_goes_before_the_servers_never)
{
        NotifierCard card = question;
        ServerProfile p = profile_of("SwayNotificationCenter", "");
        CardFit fit;

        card.expire_ms = 5000;
        card_fit(&card, &p, &fit);
        CHECK_INT(5000, fit.message.number);
}

TEST(urgency_is_critical_only_where_that_passes_do_not_disturb)
{
        NotifierCard card = question;
        ServerProfile p = profile_of("dunst", "");
        CardFit fit;

        card.critical = true;
        card_fit(&card, &p, &fit);
        CHECK_INT(1, fit.message.urgency);
        p = profile_of("gnome-shell", "GNOME");
        card_fit(&card, &p, &fit);
        CHECK_INT(2, fit.message.urgency);
        card_fit(&question, &p, &fit);
        CHECK_INT(1, fit.message.urgency);
}

TEST(card_that_breaks_the_rules_is_refused)
{
        NotifierCard card = question;

        CHECK(card_fit_valid(&card));
        card.generation = 0;
        CHECK(!card_fit_valid(&card));
        card = question;
        card.actions[0].key = "default";
        CHECK(!card_fit_valid(&card));
        card.actions[0].key = "Show";
        CHECK(!card_fit_valid(&card));
        card.actions[0].key = "good:1";
        CHECK(!card_fit_valid(&card));
        card.actions[0].key = "a-key-of-more-than-thirty-two-bytes";
        CHECK(!card_fit_valid(&card));
        card = grades;
        card.actions[1].key = "again";
        CHECK(!card_fit_valid(&card));
        card = question;
        card.body = NULL;
        CHECK(!card_fit_valid(&card));
        card = question;
        card.n_actions = NOTIFIER_ACTIONS_MAX + 1;
        CHECK(!card_fit_valid(&card));
}

CHECK_MAIN
