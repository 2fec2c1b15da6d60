/*
 * Keeps what one analyzer reports of connections and logins as rows of the database, and knows which of its
 * connections is which row.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_EVENT_ROWS_H
#define IMAPTAP_ANALYZER_RECORDER_EVENT_ROWS_H

#include "analyzer/ipc/event.h"
#include "db/store.h"

struct event_rows;

enum event_rows_status {
    EVENT_ROWS_OK,
    EVENT_ROWS_STORE,   /* the database failed: store_error says why */
    EVENT_ROWS_UNKNOWN, /* the event is about a connection, a login or a capture (id 0) that has no row */
    EVENT_ROWS_NO_MEMORY
};

/* `undo`: what was taken can be taken back. NULL: out of memory. */
struct event_rows *event_rows_new(bool undo);

/* `capture_id`: the row of the capture that the event names; 0: it has none. *more_lost: octets of the
 * connection that were lost since it was reported last; fewer than none: do not trust the analyzer. */
enum event_rows_status event_rows_take_connection(struct event_rows *rows, struct store *store,
                                                  int64_t capture_id, const struct event_connection *event,
                                                  int64_t *more_lost);
/* *id (may be NULL): the login's row. */
enum event_rows_status event_rows_take_login(struct event_rows *rows, struct store *store, int64_t capture_id,
                                             const struct event_login *event, int64_t *id);
enum event_rows_status event_rows_take_after(struct event_rows *rows, struct store *store,
                                             const struct event_after *event);

/* All connections are unknown from now on: another analyzer, or another database, begins. */
void event_rows_forget(struct event_rows *rows);
/* This one is: its end was not reported. */
void event_rows_forget_one(struct event_rows *rows, uint32_t slot);

/* With `undo`: the transaction was committed; or it was rolled back, and nothing taken since the last commit
 * counts. */
void event_rows_committed(struct event_rows *rows);
void event_rows_rolled_back(struct event_rows *rows);

void event_rows_free(struct event_rows *rows);

#endif
