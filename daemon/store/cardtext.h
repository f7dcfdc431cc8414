/*
 * What a card says, as plain text: its note through the templates of its note type, without HTML.
 */
#pragma once

#include "store/card.h"

/*
 * Both are the caller's. The answer is what comes after <hr id=answer> where the template has it, since the
 * question stands above it anyway; of a cloze it is the whole text, uncovered. Card text is hostile: it is valid UTF-8 without
 * control characters, but of any length up to TEMPLATE_OUTPUT_MAX.
 *
 * STORE_E_NOT_FOUND when the note or its type is not there.
 */
int card_text(Store *store, const Card *card, char **ret_question, char **ret_answer);
