/* Template and field, separated by the first NUL; both sides, as cloze type and not. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/template.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = calloc(1, size + 2);
        TemplateField fields[2];
        const char *front = text;

        if (!text)
                return 0;
        if (size > 0)
                memcpy(text, data, size);
        fields[0] = (TemplateField){ "F", text + strlen(text) + 1 };
        fields[1] = (TemplateField){ "E", "" };

        for (int cloze = 0; cloze < 2; cloze++) {
                TemplateNote note = {
                        .fields = fields, .n_fields = 2, .cloze = cloze, .deck = "a::b"
                };
                _cleanup_(textbuf_done) TextBuf question = {}, answer = {}, problem = {};
                unsigned ords[4];

                (void) template_question(&note, front, &question);
                (void) template_answer(&note, front, front, &answer);
                (void) template_cards(&note, &front, 1, ords, 4);
                (void) template_check(&note, front, true, &problem);
                if (question.len > TEMPLATE_OUTPUT_MAX || answer.len > TEMPLATE_OUTPUT_MAX)
                        abort();
        }
        return 0;
}
