/*
 * Holds the recorder process to what it needs from then on: its database, and the folder that it follows.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_RECORDER_SANDBOX_H
#define IMAPTAP_ANALYZER_RECORDER_RECORDER_SANDBOX_H

#include <stdbool.h>

/* Call it when the database `database` is there and all captures, or the launcher, are open. `followed`: a
 * folder of which captures will be opened, or NULL. `replaced`: a file that is rewritten now and then, or
 * NULL. `live`: a launcher starts the analyzers. What SQLite
 * cannot keep in memory goes to the database's folder from then on. Returns 0, or -1 with errno set. */
int recorder_sandbox_enter(const char *database, const char *followed, const char *replaced, bool live);

/* The first half of it, which leaves the system calls: sandbox_enter_recorder_calls is the rest. The database
 * need not be there yet, but its folder must. */
int recorder_sandbox_enter_files(const char *database, const char *followed, const char *replaced, bool live);

#endif
