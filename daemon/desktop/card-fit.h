/*
 * A card as one notification server can show it: which actions are declared, what its text is, how long it stays.
 * Pure; the notifier sends what comes out.
 */
#pragma once

#include "client/notify/protocol.h"
#include "core/render.h"
#include "desktop/notifier.h"
#include "desktop/server-profiles.h"

enum {
        CARD_FIT_SUMMARY_MAX = 120, /* characters; no profile has more */
        CARD_FIT_BODY_MAX = 400,
        CARD_FIT_HINT_MAX = 100,
        CARD_FIT_LABEL_MAX = 30,
};

/* Room for the texts a fitted message points to. */
typedef struct CardFit {
        NotifyMessage message;
        char summary[RENDER_SIZE(CARD_FIT_SUMMARY_MAX)];
        char body[RENDER_SIZE(CARD_FIT_BODY_MAX + CARD_FIT_HINT_MAX)];
        char labels[NOTIFIER_ACTIONS_MAX][RENDER_SIZE(CARD_FIT_LABEL_MAX)];
} CardFit;

/* Fills ret->message, a NOTIFY_SHOW. Its keys point into `card`, its other strings into `ret`. */
void card_fit(const NotifierCard *card, const ServerProfile *profile, CardFit *ret);

/* What a click on `key` means: the only action of a card is meant by its default too. */
const char *card_fit_clicked(const NotifierCard *card, const char *key);

/* True for a card that keeps the rules of desktop/notifier.h. */
bool card_fit_valid(const NotifierCard *card);
