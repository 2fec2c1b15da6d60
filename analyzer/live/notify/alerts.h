/*
 * Reports each finding to others as soon as it is committed: a line of JSON on standard output, or a message
 * to syslog. Who takes them too slowly, or hangs, never holds up the capture: lines wait in bounded memory,
 * and are counted as lost beyond it.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_NOTIFY_ALERTS_H
#define IMAPTAP_ANALYZER_LIVE_NOTIFY_ALERTS_H

#include "db/finding/finding.h"
#include "db/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alerts_way { ALERTS_NONE, ALERTS_NDJSON, ALERTS_SYSLOG };

/* Octets of lines that may wait. */
#define ALERTS_ROOM (4 * 1024 * 1024)

struct alerts;

/* `fd`: where lines are written to, which stays the caller's. Opens the way to syslog. NULL: out of memory.
 */
struct alerts *alerts_new(enum alerts_way way, enum finding_schema schema, int fd);

/* Reports the findings in these logins, which were just committed. */
void alerts_report(struct alerts *alerts, struct store *store, const int64_t *logins, size_t count);

/* True while lines wait: then the descriptor is to be polled for writing, and alerts_push called. It is -1
 * while there is none: then alerts_push is to be called now and then. */
bool alerts_is_waiting(const struct alerts *alerts);
int alerts_fd(const struct alerts *alerts);

/* Writes what can be written without waiting. */
void alerts_push(struct alerts *alerts);

/* Alerts that reached nobody, since the last call. */
uint64_t alerts_take_lost(struct alerts *alerts);

/* Writes what waits, for at most `patience_ms`, and frees. Returns how many alerts were lost by that. */
uint64_t alerts_close(struct alerts *alerts, int patience_ms);

#endif
