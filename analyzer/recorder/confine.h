/*
 * Holds the recorder process to what it needs from then on: its database, and the folder that it follows.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_CONFINE_H
#define IMAPTAP_ANALYZER_RECORDER_CONFINE_H

/* Call it when the database `database` is there and all captures are open. `followed`: a folder of which
 * captures will be opened, or NULL. What SQLite cannot keep in memory goes to the database's folder from then
 * on. Returns 0, or -1 with errno set. */
int confine_recorder(const char *database, const char *followed);

#endif
