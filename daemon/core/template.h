/*
 * Cards from notes: templates as Anki writes them. HTML in, HTML out; what a screen shows of it
 * is core/render.
 *
 *   {{Field}}                          {{FrontSide}} (answers only)
 *   {{#Field}}..{{/Field}}             shown when the field is not empty; {{^Field}}: when it is
 *   {{filter:Field}}                   text, cloze, cloze-only, hint, type, tts, furigana, kana, kanji; from right
 *                                      to left; a filter not known keeps the text
 *   {{Tags}} {{Type}} {{Deck}} {{Subdeck}} {{Card}} {{CardFlag}} {{CardID}}
 *                                      unless the note type has such a field
 *   {{#c1}}..{{/c1}}                   on cloze types: on that card only
 *   {{=<% %>=}} as the first thing     <%Field%> instead of {{Field}}
 *
 * Empty is: only white space, <br> and <div>. A field that does not exist is shown as it was written,
 * "{{Feild}}", so that the mistake is seen; template_check() names it. Comments pass through unread. A tag
 * that is not closed is literal; a section that is not closed ends with the template.
 *
 * Fields come from strangers. Output is at most TEMPLATE_OUTPUT_MAX bytes, sections nest at most
 * TEMPLATE_DEPTH_MAX deep (deeper ones are left out), and time is linear in template and output.
 *
 * Core allocates nothing, with one exception: text of a size nobody knows before is built in a
 * TextBuf (util/text.h), which belongs to the caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/text.h"

enum {
        TEMPLATE_OUTPUT_MAX = 1 << 20,
        TEMPLATE_DEPTH_MAX = 64,
        TEMPLATE_FILTERS_MAX = 16,
        TEMPLATE_CARDS_MAX = 512,
};

typedef struct TemplateField {
        const char *name;
        const char *value; /* HTML */
} TemplateField;

/* One card of a note, as a template sees it. Strings are borrowed; those not known may be NULL. */
typedef struct TemplateNote {
        const TemplateField *fields;
        size_t n_fields;
        bool cloze;       /* the note type's kind */
        unsigned ord;     /* of the card; on a cloze type its number - 1 */
        const char *tags; /* separated by spaces */
        const char *type; /* name of the note type */
        const char *deck; /* full name, "Languages::Japanese" */
        const char *card; /* name of the template */
        unsigned flag;
        int64_t card_id;
} TemplateNote;

enum {
        TEMPLATE_E_CUT = 1, /* the output was longer than TEMPLATE_OUTPUT_MAX; it holds what fits */
};

/*
 * Appends a card's question or answer to `out`, which should be empty. 0, TEMPLATE_E_CUT, -ENOMEM.
 * The answer renders the question again where it says {{FrontSide}}.
 */
int template_question(const TemplateNote *note, const char *front, TextBuf *out);
int template_answer(const TemplateNote *note, const char *front, const char *back, TextBuf *out);

/*
 * Which cards the note has, in ascending order: ordinals of the templates whose question shows a field
 * that is not empty (text of the template itself and special fields do not count, as in Anki); on a
 * cloze type, the cloze numbers - 1 in the fields that `fronts[0]` shows through the cloze filter. May
 * be none: then the note is nothing one could be asked. Returns how many, at most `cap`.
 */
size_t template_cards(const TemplateNote *note, const char *const *fronts, size_t n_fronts,
                      unsigned *ret_ords, size_t cap);

/*
 * What is wrong with a template, as a sentence appended to `problem`, for whoever writes a note
 * type: an unknown field, a section not closed or closed wrongly, a tag not closed, no cloze filter
 * on a cloze type's front. True when nothing is.
 */
bool template_check(const TemplateNote *type, const char *text, bool is_front, TextBuf *problem);

/* Empty as a section and a card see it. */
bool template_is_empty(const char *html, size_t len);
