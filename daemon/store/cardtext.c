#include "store/cardtext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/render.h"
#include "core/template.h"
#include "store/deck.h"
#include "store/note.h"
#include "store/notetype.h"

/* Start of what follows <hr id=answer>, however it is quoted; the text itself when there is none. */
static const char *answer_part(const char *html) {
        for (const char *p = html; (p = strcasestr(p, "<hr")); p += 3) {
                const char *end = strchr(p, '>'), *id = strcasestr(p, "id");

                if (!end)
                        break;
                if (id && id < end && strcasestr(id, "answer") && strcasestr(id, "answer") < end)
                        return end + 1;
        }
        return html;
}

static int to_text(const char *html, char **ret) {
        size_t len = strlen(html), cap = 3 * len + 8, used;
        char *out, *fit;

        out = malloc(cap);
        if (!out)
                return -ENOMEM;

        used = render_html_to_text(html, len, out, cap);

        /* The buffer is made for the worst case; the text is kept while the card is on screen. */
        fit = realloc(out, used + 1);
        *ret = fit ? fit : out;
        return 0;
}

static int join_tags(const Note *note, char **ret) {
        _cleanup_(textbuf_done) TextBuf tags = {};

        for (size_t i = 0; i < note->n_tags; i++) {
                if (i > 0)
                        textbuf_addc(&tags, ' ');
                textbuf_adds(&tags, note->tags[i]);
        }
        return textbuf_take(&tags, ret);
}

int card_text(Store *store, const Card *card, char **ret_question, char **ret_answer) {
        _cleanup_(note_freep) Note *note = NULL;
        _cleanup_(textbuf_done) TextBuf front = {}, back = {};
        _cleanup_free_ TemplateField *fields = NULL;
        _cleanup_free_ char *tags = NULL, *question = NULL, *answer = NULL;
        const NoteTypeRow *type;
        const Template *template;
        const Deck *deck;
        TemplateNote tn;
        int r;

        r = note_get(store, card->note, &note);
        if (r != 0)
                return r;

        r = notetype_get(store, note->notetype, &type);
        if (r != 0)
                return r;

        if (type->type.cloze)
                template = &type->type.templates[0];
        else if (card->ord < type->type.n_templates)
                template = &type->type.templates[card->ord];
        else
                return STORE_E_NOT_FOUND;

        r = deck_get(store, card->deck, &deck);
        if (r != 0)
                return r;

        fields = calloc(note->n_fields + 1, sizeof(*fields));
        if (!fields)
                return -ENOMEM;
        for (size_t i = 0; i < note->n_fields; i++)
                fields[i] = (TemplateField){ note->fields[i].name, note->fields[i].value };

        r = join_tags(note, &tags);
        if (r < 0)
                return r;

        tn = (TemplateNote){
                .fields = fields,
                .n_fields = note->n_fields,
                .cloze = type->type.cloze,
                .ord = card->ord,
                .tags = tags,
                .type = type->type.name,
                .deck = deck->name,
                .card = template->name,
                .flag = (unsigned) card->flag,
                .card_id = card->id,
        };

        /* What is too long is cut by the template; the screen shows less still. */
        r = template_question(&tn, template->front, &front);
        if (r < 0)
                return r;

        r = template_answer(&tn, template->front, template->back, &back);
        if (r < 0)
                return r;

        r = to_text(front.buf ? front.buf : "", &question);
        if (r < 0)
                return r;

        r = to_text(answer_part(back.buf ? back.buf : ""), &answer);
        if (r < 0)
                return r;

        *ret_question = TAKE_PTR(question);
        *ret_answer = TAKE_PTR(answer);
        return 0;
}
