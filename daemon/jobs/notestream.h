/*
 * The note stream: what every reader of a foreign format writes and the daemon takes in. JSON, one
 * object a line, UTF-8, in this order:
 *
 *   {"ebb":"notes","v":1,"source":"text","name":"jlpt-n5.csv"}
 *           first. source: which reader ([a-z0-9-]+); with a note's guid it makes the note's identity.
 *           name: for people, "" when there is none.
 *   {"options":{"match":"update","scope":"notetype"}}
 *           at most once, before the first note. match: update, keep, both; what becomes of a note that
 *           is there. scope: notetype, notetype+deck; where a note without guid looks for its like.
 *   {"notetype":{"name":"N","cloze":false,"fields":["A","B"],"templates":[{"name":"Card 1",
 *           "front":"{{A}}","back":"{{B}}"}],"css":""}}
 *           before the first note that names it. One that is there by that name is kept as it is. cloze
 *           and css may be left out.
 *   {"note":{"guid":"g","notetype":"Basic","deck":"A::B","tags":["t"],"fields":{"Front":"q","Back":"a"},
 *           "line":7,"suspended":false}}
 *           fields by name, or "cols":["q","a"] in the order of the note type. All but these may be left
 *           out: no notetype is Basic, no deck is the importer's. Fields are HTML, as in Anki.
 *   {"refused":{"line":9,"why":"holds invalid UTF-8","text":"its first 80 characters"}}
 *           what the reader could not make a note of; why goes on from "line 9 ".
 *   {"end":{"notes":1,"refused":1}}
 *           last, with what was written before it. A stream without it was cut off: nothing of it counts.
 *
 * A key not named here is an error: reader and daemon are of one version, so it is a mistake.
 *
 * A line is read by a pure function; NoteStream checks their order and counts on top of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/notetype.h"
#include "util/cleanup.h"
#include "util/json.h"
#include "util/text.h"

enum {
        NOTESTREAM_VERSION = 1,
        NOTESTREAM_LINE_MAX = 4 << 20, /* bytes, without the newline */
        NOTESTREAM_TAGS_MAX = 256,
        NOTESTREAM_DECK_DEPTH_MAX = 32,
        NOTESTREAM_NAME_MAX = 200,       /* bytes of a tag, a field, note type or template name, */
                                         /* one part of a deck's name, a guid, the source */
        NOTESTREAM_DECK_MAX = 1000,      /* bytes of a deck's whole name */
        NOTESTREAM_TEMPLATE_MAX = 65536, /* bytes of one side of a template, of the css */
        NOTESTREAM_TEXT_MAX = 1000, /* bytes of why and text of what was refused, of the name */
};

enum {
        NOTESTREAM_E_INVALID = 1, /* not such a line, or not in its place; *ret_problem says why */
        NOTESTREAM_E_MORE = 2,    /* notestream_next(): no whole line is there yet */
};

typedef enum NoteLineKind {
        NOTELINE_HEADER,
        NOTELINE_OPTIONS,
        NOTELINE_NOTETYPE,
        NOTELINE_NOTE,
        NOTELINE_REFUSED,
        NOTELINE_END,
} NoteLineKind;

/* The numbers are those of ImportMatch. */
typedef enum NoteMatch { NOTEMATCH_UPDATE, NOTEMATCH_KEEP, NOTEMATCH_BOTH } NoteMatch;
typedef enum NoteScope { NOTESCOPE_NOTETYPE, NOTESCOPE_NOTETYPE_DECK } NoteScope;

/*
 * Strings live until noteline_done(); one that was left out is "". Points into itself: never copied or
 * moved. 5 KiB.
 */
typedef struct NoteLine {
        NoteLineKind kind;

        const char *source, *name; /* HEADER */

        bool has_match, has_scope; /* OPTIONS */
        NoteMatch match;
        NoteScope scope;

        NoteType type; /* NOTETYPE */

        const char *guid, *notetype, *deck; /* NOTE */
        const FieldValue *fields;           /* names are NULL when by column */
        size_t n_fields;
        bool by_column;
        const char *const *tags; /* no two alike */
        size_t n_tags;
        bool suspended;

        uint64_t line;          /* NOTE, REFUSED: in the source; 0 unknown */
        const char *why, *text; /* REFUSED */

        uint64_t notes, refused; /* END */

        JsonDoc *doc;
        FieldValue field_store[NOTETYPE_FIELDS_MAX];
        const char *string_store[NOTESTREAM_TAGS_MAX]; /* tags, or field names of a type */
        Template template_store[NOTETYPE_TEMPLATES_MAX];
} NoteLine;

/*
 * Reads one line (no newline in it). 0; NOTESTREAM_E_INVALID with *ret_problem, the caller's, a phrase
 * that goes on from "line 3 of the note stream ": `has a note whose tag "a b" holds white space`;
 * -ENOMEM. On success the line belongs to the caller: noteline_done().
 */
int noteline_parse(const char *text, size_t len, NoteLine *ret, char **ret_problem);
void noteline_done(NoteLine *line);

/* Zero-initialise. Takes bytes as they come, gives lines, holds one line and what was pushed after it. */
typedef struct NoteStream {
        TextBuf pending;
        size_t taken;   /* of pending */
        size_t scanned; /* of pending, looked through for a newline */
        uint64_t lines, notes, refused;
        bool header, options, ended, eof;
} NoteStream;

/* Hands over bytes. 0 or -ENOMEM. Take all lines out before pushing more, or memory grows. */
int notestream_push(NoteStream *stream, const char *data, size_t len);
/* There is no more: notestream_next() then tells a stream that was cut off from a whole one. */
void notestream_push_eof(NoteStream *stream);

/*
 * The next line, in its place. 0 with *ret to be released by noteline_done(); NOTESTREAM_E_MORE: push
 * more, or, after notestream_push_eof(), all was read and the stream is whole; NOTESTREAM_E_INVALID with
 * *ret_problem, the caller's, a whole sentence, after which the stream is of no more use; -ENOMEM.
 */
int notestream_next(NoteStream *stream, NoteLine *ret, char **ret_problem);
void notestream_done(NoteStream *stream);
