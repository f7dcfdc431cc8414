/*
 * The tables, as a list of migrations; PRAGMA user_version counts those applied. What the columns mean is written
 * in schema.c beside them.
 */
#pragma once

#include "store/stmt.h"

enum { SCHEMA_APPLICATION_ID = 0x45626231 /* "Ebb1" */ };

int schema_version_known(void); /* the newest */

/*
 * Brings the open database to the newest schema, in one transaction. A new one gets its writer and
 * collection id, the built-in note types, the Default deck and preset.
 */
int schema_migrate(Store *store, int from_version, int64_t now_ms);

/* Gives the store a new writer, within a transaction. */
int schema_new_writer(Store *store);
