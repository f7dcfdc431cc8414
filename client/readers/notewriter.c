/* Writes the note stream. */
#include "client/readers/notewriter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

enum {
        LINE_BYTES = 4 << 20, /* NOTESTREAM_LINE_MAX */
        TEXT_CHARS = 80,
        TEXT_BYTES = 900, /* 80 characters with many marks on them; NOTESTREAM_TEXT_MAX is 1000 */
};

/* Cuts to at most `max` bytes, between characters. */
static void cut_bytes(char *s, size_t max) {
        size_t len = strlen(s);

        if (len <= max)
                return;
        while (max > 0 && ((unsigned char) s[max] & 0xc0) == 0x80)
                max--;
        s[max] = 0;
}

static void put_string(JsonWriter *json, const char *key, const char *value) {
        if (!value)
                return;
        json_put_key(json, key);
        json_put_string(json, value);
}

static void put_strings(JsonWriter *json, const char *key, const char *const *values, size_t n) {
        json_put_key(json, key);
        json_open(json, '[');
        for (size_t i = 0; i < n; i++)
                json_put_string(json, values[i]);
        json_close(json, ']');
}

static void open_line(JsonWriter *json, const char *kind) {
        json_open(json, '{');
        json_put_key(json, kind);
        json_open(json, '{');
}

/* True when it was written; false when it is longer than a line may be, or after a failure. */
static bool close_line(NoteWriter *w, JsonWriter *json) {
        _cleanup_free_ char *line = NULL;
        size_t len;
        int r;

        json_close(json, '}');
        json_close(json, '}');
        len = json->len;
        r = json_finish(json, &line);
        if (r >= 0 && len > LINE_BYTES)
                return false;
        if (r >= 0) {
                line[len] = '\n'; /* in place of the NUL */
                r = w->write(w->userdata, line, len + 1);
        }
        if (r < 0)
                w->error = r;
        return r >= 0;
}

void notewriter_header(NoteWriter *w, const char *source, const char *name) {
        _cleanup_free_ char *line = NULL, *printable = text_printable(name, strlen(name));
        JsonWriter json = { 0 };
        size_t len;
        int r;

        if (!printable) {
                w->error = -ENOMEM;
                return;
        }
        cut_bytes(printable, TEXT_BYTES);

        json_open(&json, '{');
        put_string(&json, "ebb", "notes");
        json_put_key(&json, "v");
        json_put_int(&json, 1);
        put_string(&json, "source", source);
        put_string(&json, "name", printable);
        json_close(&json, '}');
        len = json.len;
        r = json_finish(&json, &line);
        if (r >= 0) {
                line[len] = '\n';
                r = w->write(w->userdata, line, len + 1);
        }
        if (r < 0)
                w->error = r;
}

void notewriter_options(NoteWriter *w, const char *match, const char *scope) {
        JsonWriter json = { 0 };

        if (w->error < 0 || (!match && !scope))
                return;
        open_line(&json, "options");
        put_string(&json, "match", match);
        put_string(&json, "scope", scope);
        (void) close_line(w, &json);
}

void notewriter_notetype(NoteWriter *w, const char *name, const char *const *fields, size_t n) {
        _cleanup_(textbuf_done) TextBuf front = { 0 }, back = { 0 };
        JsonWriter json = { 0 };

        if (w->error < 0)
                return;
        textbuf_addf(&front, "{{%s}}", fields[0]);
        textbuf_adds(&back, "{{FrontSide}}\n\n<hr id=answer>\n");
        for (size_t i = 1; i < n; i++)
                textbuf_addf(&back, "\n{{#%s}}<div>{{%s}}</div>{{/%s}}", fields[i], fields[i],
                             fields[i]);
        if (front.error < 0 || back.error < 0) {
                w->error = -ENOMEM;
                return;
        }

        open_line(&json, "notetype");
        put_string(&json, "name", name);
        put_strings(&json, "fields", fields, n);
        json_put_key(&json, "templates");
        json_open(&json, '[');
        json_open(&json, '{');
        put_string(&json, "name", "Card 1");
        put_string(&json, "front", front.buf);
        put_string(&json, "back", back.buf);
        json_close(&json, '}');
        json_close(&json, ']');
        (void) close_line(w, &json);
}

void notewriter_note(NoteWriter *w, const NoteOut *note, const char *text, size_t text_len) {
        JsonWriter json = { 0 };

        if (w->error < 0)
                return;
        open_line(&json, "note");
        put_string(&json, "guid", note->guid);
        put_string(&json, "notetype", note->notetype);
        put_string(&json, "deck", note->deck);
        if (note->n_tags > 0)
                put_strings(&json, "tags", note->tags, note->n_tags);
        if (note->names) {
                json_put_key(&json, "fields");
                json_open(&json, '{');
                for (size_t i = 0; i < note->n_fields; i++)
                        put_string(&json, note->names[i], note->fields[i]);
                json_close(&json, '}');
        } else
                put_strings(&json, "cols", note->fields, note->n_fields);
        if (note->line > 0) {
                json_put_key(&json, "line");
                json_put_int(&json, (int64_t) note->line);
        }

        if (close_line(w, &json))
                w->notes++;
        else if (w->error == 0)
                notewriter_refused(w, note->line, "is longer than a note may be (4 MiB)", text,
                                   text_len);
}

void notewriter_refused(NoteWriter *w, uint64_t line, const char *why, const char *text,
                        size_t text_len) {
        _cleanup_free_ char *safe = NULL, *cut = NULL;
        JsonWriter json = { 0 };

        if (w->error < 0)
                return;
        safe = text_printable(text, text_len < TEXT_BYTES ? text_len : TEXT_BYTES);
        cut = safe ? text_ellipsis(safe, TEXT_CHARS) : NULL;
        if (!cut) {
                w->error = -ENOMEM;
                return;
        }
        cut_bytes(cut, TEXT_BYTES);

        open_line(&json, "refused");
        json_put_key(&json, "line");
        json_put_int(&json, (int64_t) line);
        put_string(&json, "why", why);
        put_string(&json, "text", cut);
        if (close_line(w, &json))
                w->refused++;
}

int notewriter_end(NoteWriter *w) {
        JsonWriter json = { 0 };

        if (w->error < 0)
                return w->error;
        open_line(&json, "end");
        json_put_key(&json, "notes");
        json_put_int(&json, (int64_t) w->notes);
        json_put_key(&json, "refused");
        json_put_int(&json, (int64_t) w->refused);
        (void) close_line(w, &json);
        return w->error;
}
