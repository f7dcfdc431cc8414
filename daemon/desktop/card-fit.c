/* Fitting a card to a server; see the header. */
#include "desktop/card-fit.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "util/text.h"

typedef struct KindRow {
        const char *category;
        const char *hint; /* on servers that draw no buttons */
} KindRow;

static const KindRow kinds[] = {
        [NOTIFIER_QUESTION] = { "x-ebb.question", "ebb show-answer" },
        [NOTIFIER_ANSWER] = { "x-ebb.answer", "ebb answer again|hard|good|easy" },
        [NOTIFIER_NOTICE] = { "x-ebb.notice", "ebb next" },
        [NOTIFIER_CLOSING] = { "x-ebb.closing", "" },
};

static bool key_valid(const char *key) {
        size_t len;

        if (!key || strcmp(key, "default") == 0)
                return false;
        len = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-");

        return len > 0 && len <= NOTIFY_KEY_MAX && key[len] == '\0';
}

bool card_fit_valid(const NotifierCard *card) {
        if (!card || card->generation == 0 || !card->summary || !card->body)
                return false;
        if ((size_t) card->kind >= ELEMENTS(kinds) || card->n_actions > NOTIFIER_ACTIONS_MAX ||
            card->expire_ms > INT_MAX)
                return false;

        for (size_t i = 0; i < card->n_actions; i++) {
                if (!key_valid(card->actions[i].key) || !card->actions[i].label)
                        return false;
                for (size_t j = 0; j < i; j++)
                        if (strcmp(card->actions[i].key, card->actions[j].key) == 0)
                                return false;
        }

        return true;
}

const char *card_fit_clicked(const NotifierCard *card, const char *key) {
        assert(card);
        assert(key);

        return card->n_actions == 1 && strcmp(key, "default") == 0 ? card->actions[0].key : key;
}

/* Does the i-th action belong to the `room` most important ones? */
static bool action_fits(const NotifierCard *card, size_t i, size_t room) {
        size_t before = 0;

        for (size_t j = 0; j < card->n_actions; j++)
                if (card->actions[j].rank < card->actions[i].rank ||
                    (card->actions[j].rank == card->actions[i].rank && j < i))
                        before++;

        return before < room;
}

/* MATE empties a button with "<" in its label, LXQt eats the "&". */
static void label_fit(const char *label, char *out, size_t cap) {
        char *to = out;

        (void) render_line(label, strlen(label), CARD_FIT_LABEL_MAX, false, out, cap);
        for (const char *from = out; *from; from++)
                if (!strchr("<>&_", *from))
                        *to++ = *from;
        *to = '\0';
}

/* "Again 1m" to "Again", on all buttons alike, where one would be cut by the server. */
static void labels_shorten(const NotifierCard *card, unsigned chars, CardFit *ret) {
        bool fit = true;

        for (size_t i = 0; i < card->n_actions; i++)
                fit = fit && utf8_width(ret->labels[i], strlen(ret->labels[i])) <= chars;
        if (fit)
                return;

        for (size_t i = 0; i < card->n_actions; i++) {
                char *space = strrchr(ret->labels[i], ' ');

                if (space)
                        *space = '\0';
        }
}

/* The index of the action a click on the card stands for. */
static size_t action_first(const NotifierCard *card) {
        size_t first = 0;

        for (size_t i = 1; i < card->n_actions; i++)
                if (card->actions[i].rank < card->actions[first].rank)
                        first = i;

        return first;
}

static void action_add(NotifyMessage *m, const char *key, const char *label) {
        m->strings[m->n_strings++] = key;
        m->strings[m->n_strings++] = label;
}

static void actions_fit(const NotifierCard *card, const ServerProfile *profile, CardFit *ret) {
        NotifyMessage *m = &ret->message;

        if (card->n_actions == 0 || !profile->actions)
                return;

        for (size_t i = 0; i < card->n_actions; i++) {
                label_fit(card->actions[i].label, ret->labels[i], sizeof(ret->labels[i]));
                if (!*ret->labels[i])
                        (void) strncpy(ret->labels[i], card->actions[i].key, NOTIFY_KEY_MAX);
        }

        if (profile->label_chars > 0 && card->n_actions > 1)
                labels_shorten(card, profile->label_chars, ret);

        if (profile->default_action == SERVER_DEFAULT_SINGLE && card->n_actions == 1) {
                action_add(m, "default", ret->labels[0]);
                return;
        }

        /* A grade is never given by a click on the card: that only brings it back. */
        if (profile->default_action == SERVER_DEFAULT_ALWAYS)
                action_add(m, "default",
                           card->kind == NOTIFIER_ANSWER ? "Show again"
                                                         : ret->labels[action_first(card)]);

        for (size_t i = 0; i < card->n_actions; i++)
                if (action_fits(card, i, profile->actions_declared))
                        action_add(m, card->actions[i].key, ret->labels[i]);
}

/* Lines of a text that is wrapped between words at `columns`. */
static unsigned lines_wrapped(const char *text, unsigned columns) {
        unsigned lines = 0;
        size_t used = 0;

        while (*text) {
                size_t len = strcspn(text, " \n");
                size_t width = utf8_width(text, len);

                if (used == 0 || used + 1 + width > columns) {
                        lines += 1 + (width > 0 ? (unsigned) ((width - 1) / columns) : 0);
                        used = width > columns ? width % columns : width;
                } else
                        used += 1 + width;
                text += len;
                if (*text == '\n')
                        used = 0;
                text += *text != '\0';
        }

        return lines;
}

/* How many characters of the body fit on a server that wraps and then cuts. */
static void limits_wrap(const NotifierCard *card, const ServerProfile *profile,
                        RenderLimits *limits) {
        RenderLimits plain = { .chars = limits->chars, .lines = limits->lines };
        char text[RENDER_SIZE(CARD_FIT_BODY_MAX)];

        for (; plain.chars > profile->columns; plain.chars -= 4) {
                (void) render_body(card->body, strlen(card->body), &plain, text, sizeof(text));
                if (lines_wrapped(text, profile->columns) <= profile->body_lines)
                        break;
        }
        limits->chars = plain.chars;
}

/* The card's text goes before the hint where there is no room for both. */
static bool hint_fits(const ServerProfile *profile, const char *body, const char *hint) {
        return profile->columns == 0 ||
               lines_wrapped(body, profile->columns) + lines_wrapped(hint, profile->columns) <=
                       profile->body_lines;
}

/* Look-alikes for what could begin a tag or an entity, in place; three bytes for one, of five a character has. */
static void text_disarm(char *text, size_t cap) {
        size_t len = strlen(text);

        for (char *p = text; *p && len + 3 <= cap; p++) {
                const char *alike = *p == '<'                                    ? "‹"
                                    : *p == '>'                                  ? "›"
                                    : *p == '&' && p[1] && !strchr(" \n&", p[1]) ? "＆"
                                                                                 : NULL;

                if (!alike)
                        continue;
                memmove(p + 3, p + 1, strlen(p + 1) + 1);
                memcpy(p, alike, 3);
                p += 2;
                len += 2;
        }
}

static void body_fit(const NotifierCard *card, const ServerProfile *profile, CardFit *ret) {
        const char *hint = card->command_hint ? card->command_hint : kinds[card->kind].hint;
        bool hinted = profile->buttons == 0 && *hint &&
                      (card->n_actions > 0 || card->command_hint != NULL);
        RenderLimits limits = {
                .chars = profile->body_chars < CARD_FIT_BODY_MAX ? profile->body_chars
                                                                 : CARD_FIT_BODY_MAX,
                .lines = profile->body_lines,
                .markup = profile->markup,
        };
        size_t len;

        if (profile->columns > 0)
                limits_wrap(card, profile, &limits);
        else if (hinted && limits.lines > 1)
                limits.lines--;

        len = render_body(card->body, strlen(card->body), &limits, ret->body,
                          RENDER_SIZE(CARD_FIT_BODY_MAX));
        if (profile->markup_unsure) {
                text_disarm(ret->body, RENDER_SIZE(CARD_FIT_BODY_MAX));
                len = strlen(ret->body);
        }
        if (!hinted || !hint_fits(profile, ret->body, hint))
                return;

        if (len > 0)
                ret->body[len++] = '\n';
        (void) render_line(hint, strlen(hint), CARD_FIT_HINT_MAX, profile->markup, ret->body + len,
                           sizeof(ret->body) - len);
}

void card_fit(const NotifierCard *card, const ServerProfile *profile, CardFit *ret) {
        unsigned summary_chars;

        assert(card_fit_valid(card));
        assert(profile);
        assert(ret);

        summary_chars = profile->summary_chars < CARD_FIT_SUMMARY_MAX ? profile->summary_chars
                                                                      : CARD_FIT_SUMMARY_MAX;

        /* The summary is plain text on every server that was measured. */
        if (render_line(card->summary, strlen(card->summary), summary_chars, false, ret->summary,
                        sizeof(ret->summary)) == 0)
                strcpy(ret->summary, "Ebb");
        body_fit(card, profile, ret);

        ret->message = (NotifyMessage){
                .kind = NOTIFY_SHOW,
                .urgency = card->critical && profile->critical_passes_dnd ? 2 : 1,
                .flags = (profile->in_place ? NOTIFY_IN_PLACE : 0) |
                         (profile->close_by_expiry ? NOTIFY_CLOSE_BY_EXPIRY : 0),
                .number = card->expire_ms > 0 ? (int) card->expire_ms : profile->expire_never_ms,
                .generation = card->generation,
                .n_strings = NOTIFY_SHOW_ACTIONS,
        };
        ret->message.strings[NOTIFY_SHOW_SUMMARY] = ret->summary;
        ret->message.strings[NOTIFY_SHOW_BODY] = ret->body;
        ret->message.strings[NOTIFY_SHOW_CATEGORY] = kinds[card->kind].category;
        actions_fit(card, profile, ret);
}
