/*
 * Everything that changes the collection. One function = one transaction = one user action =
 * one or more operations and their effect; undone as one. Nothing is changed when it fails.
 *
 * Returns 0, a positive STORE_E_*, or a negative errno; store_error() is then a sentence for
 * people. STORE_E_CLOCK, _FULL, _READ_ONLY and _UNSURE can come from every one of them and are not repeated.
 * After _UNSURE: store_recover(), then look; a grade can be sent again with the same revision: when it
 * was applied, the answer is STORE_E_STALE.
 */
#pragma once

#include "core/notetype.h"
#include "store/card.h"
#include "store/review.h"
#include "store/store.h"

/*
 * Grades a card. `revision` is the card's as it was shown: STORE_E_STALE when it has changed
 * since. STORE_E_NOT_FOUND; STORE_E_INVALID for a suspended or hidden card. In the same action:
 * siblings are buried and leeches tagged (and suspended) as the preset says.
 */
typedef struct GradeResult {
        Card card;       /* after it */
        bool leech;      /* this grade made it one */
        unsigned buried; /* siblings put off to the next day */
} GradeResult;
int commands_grade(Store *store, const When *when, int64_t card, uint64_t revision, Grade grade,
                   uint32_t took_ms, ReviewMode mode, GradeResult *ret);

/*
 * Adds a note. notetype "" is Basic, deck "" is Default; a missing deck is made, with those above it.
 * STORE_E_INVALID: unknown note type or field, a field that cannot be one, a bad tag, empty
 * first field, no cards (a cloze note without a cloze). Cards: card_list_of_note().
 */
typedef struct NoteInput {
        const char *notetype;
        const char *deck;
        const FieldValue *fields;
        size_t n_fields;
        const char *const *tags;
        size_t n_tags;
} NoteInput;
int commands_note_add(Store *store, const When *when, const NoteInput *input, int64_t *ret_note);

/* Changes the fields given. Fields that stay equal make no operation. */
int commands_note_edit(Store *store, const When *when, int64_t note, const FieldValue *fields,
                       size_t n_fields);

/* Numbers that do not exist make it fail as a whole: STORE_E_NOT_FOUND. *ret_changed may be NULL, as in those below. */
int commands_note_delete(Store *store, const When *when, const int64_t *notes, size_t n,
                         unsigned *ret_changed);
int commands_note_restore(Store *store, const When *when, const int64_t *notes, size_t n,
                          unsigned *ret_changed);
int commands_note_tag(Store *store, const When *when, const int64_t *notes, size_t n,
                      const char *const *add, size_t n_add, const char *const *remove,
                      size_t n_remove, unsigned *ret_changed);

int commands_card_suspend(Store *store, const When *when, const int64_t *cards, size_t n, bool on,
                          unsigned *ret_changed);
int commands_card_bury(Store *store, const When *when, const int64_t *cards, size_t n, bool on,
                       unsigned *ret_changed);
int commands_card_flag(Store *store, const When *when, const int64_t *cards, size_t n, int flag,
                       unsigned *ret_changed);
int commands_card_move(Store *store, const When *when, const int64_t *cards, size_t n,
                       const char *deck, unsigned *ret_changed);
int commands_card_reset(Store *store, const When *when, const int64_t *cards, size_t n,
                        unsigned *ret_changed);
/* due_day: today or later. */
int commands_card_set_due(Store *store, const When *when, const int64_t *cards, size_t n,
                          int32_t due_day, unsigned *ret_changed);

/* Makes a deck with those above it. STORE_E_EXISTS, STORE_E_INVALID. ret_deck may be NULL. */
int commands_deck_create(Store *store, const When *when, const char *name, int64_t *ret_deck);
/* To a new full name, its subdecks with it. STORE_E_INVALID below itself. */
int commands_deck_rename(Store *store, const When *when, const char *name, const char *new_name);
/* Cards of it and its subdecks move to `into` ("": Default), which must exist and not be below it. */
int commands_deck_delete(Store *store, const When *when, const char *name, const char *into);
int commands_deck_set_preset(Store *store, const When *when, const char *deck, const char *preset);

/*
 * Changes options of a preset by their names in core/preset-text.h; made with the defaults when missing.
 * STORE_E_INVALID names the first bad one, and nothing is changed.
 */
int commands_preset_put(Store *store, const When *when, const char *preset,
                        const FieldValue *options, size_t n_options);
/* Puts a note type: made, or, by its name, changed. */
int commands_notetype_put(Store *store, const When *when, const NoteType *type,
                          int64_t *ret_notetype);

/*
 * Undoes the newest action of this device that is not undone; without limit. Redo: the last one undone, as long
 * as nothing else was done since. *ret_what ("Graded card 12 Good") is the caller's. STORE_E_NOTHING.
 */
int commands_undo(Store *store, const When *when, char **ret_what);
int commands_redo(Store *store, const When *when, char **ret_what);

/*
 * A note stream, all or nothing, as one action. Notes are checked and kept aside by
 * commands_import_add() without touching the collection, and applied by commands_import_step() in slices
 * after which other commands may run; nothing is seen of it before the last.
 * One at a time (a second is STORE_E_INVALID); freed before the store.
 */
typedef struct Import Import;

typedef enum ImportMatch {
        IMPORT_UPDATE = 0, /* a note that is there gets the fields of the stream */
        IMPORT_KEEP = 1,   /* it is left alone */
        IMPORT_BOTH = 2,   /* a note of the same first field is no match; the same guid still is */
} ImportMatch;

typedef struct ImportOptions {
        const char *label;    /* "jlpt-n5.csv", for people */
        const char *importer; /* "anki", "text": with the guid it makes the note's identity */
        ImportMatch match;
        const char *deck; /* for notes that name none; "" is Default */
        bool dry_run;
} ImportOptions;

typedef struct ImportNote {
        NoteInput note;
        const char *guid; /* NULL or "": matched by note type and first field */
        bool suspended;
        uint64_t line; /* in the source, for messages; 0 unknown */
} ImportNote;

typedef struct ImportCounts {
        uint64_t added, updated, unchanged, kept, refused;
} ImportCounts;

int commands_import_begin(Store *store, const ImportOptions *options, Import **ret);
Import *commands_import_free(Import *import); /* gives up what was not applied */
DEFINE_CLEANUP(Import *, commands_import_free);

/* 0, or STORE_E_INVALID: this note is refused and counted; store_error() says why. */
int commands_import_add(Import *import, const ImportNote *note);

/* A note type the stream brings along; notes after it may name it. One that is there by that name is kept. */
int commands_import_notetype(Import *import, const NoteType *type);

/* Applies about `max` notes. 1 while there is more, 0 when all is in the collection. */
int commands_import_step(Import *import, const When *when, size_t max);
void commands_import_counts(const Import *import, ImportCounts *ret);
