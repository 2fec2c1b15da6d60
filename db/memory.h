/*
 * How SQLite, of which a process has one, takes memory and uses threads. One of the first two is called
 * before SQLite is used at all.
 */
#ifndef IMAPTAP_DB_MEMORY_H
#define IMAPTAP_DB_MEMORY_H

#include <stddef.h>

/* The process has one thread, and SQLite takes what it needs. */
void memory_exclusive(void);

/* SQLite may sort with a second thread, and what it takes is counted. (Its own counting asks for a lock each
 * time: a tenth of a query.) */
void memory_counted(void);

/* From now on SQLite fails with SQLITE_NOMEM where it would have more than `octets`. After memory_counted. */
void memory_limit(size_t octets);

#endif
