/*
 * The database, opened for writing as every command that writes does it.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_OPEN_STORE_H
#define IMAPTAP_ANALYZER_RECORDER_OPEN_STORE_H

#include "db/store.h"

/* How long another process's lock on the database is waited for. */
#define OPEN_STORE_BUSY_MS 60000

/* Opens the database at `path`, makes or upgrades it as needed, and brings its table of rules up to date.
 * What went wrong, and what the user should know, is printed on standard error. `live`: others may ask the
 * database meanwhile. NULL: it could not be opened. */
struct store *open_store(const char *path, bool live);

/* The same for a database that must be there. `quiet`: nothing but errors is printed. */
struct store *open_store_there(const char *path, bool quiet);

/* The same, but waits up to `busy_ms` for another process's lock, and prints nothing: `why` holds the
 * sentence when it fails. Returns a store_status. */
int open_store_within(struct store **store, const char *path, bool live, int busy_ms, char *why,
                      size_t why_size);

/* The same for closing: returns false when it failed, which was reported. */
bool close_store(struct store *store);

#endif
