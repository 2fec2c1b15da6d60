/*
 * The words that stand in the database for the values of the record's enums.
 */
#ifndef IMAPTAP_DB_NAMES_H
#define IMAPTAP_DB_NAMES_H

#include "db/store.h"

/* Each returns a static string, or NULL for "none" and for a value that is out of range. */
const char *name_of_command(enum imap_command command);
const char *name_of_form(enum imap_form form);
const char *name_of_result(enum imap_result result);
const char *name_of_exposure(enum imap_exposure exposure);
const char *name_of_charset(enum imap_charset charset);
const char *name_of_argument(enum imap_argument argument);
const char *name_of_kind(enum store_kind kind);
const char *name_of_state(enum store_state state);

#endif
