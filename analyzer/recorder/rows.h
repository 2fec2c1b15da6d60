/*
 * Keeps what one analyzer tells of connections and logins as rows of the database, and knows which of its
 * connections is which row.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_ROWS_H
#define IMAPTAP_ANALYZER_RECORDER_ROWS_H

#include "analyzer/ipc/event.h"
#include "db/store.h"

struct rows;

enum rows_status {
    ROWS_OK,
    ROWS_STORE,   /* the database failed: store_error says why */
    ROWS_UNKNOWN, /* the event is about a connection, a login or a capture (id 0) that has no row */
    ROWS_NO_MEMORY
};

/* `undo`: what was taken can be taken back. NULL: out of memory. */
struct rows *rows_new(bool undo);

/* `capture_id`: the row of the capture that the event names; 0: it has none. *more_lost: octets of the
 * connection that were lost since it was told last; fewer than none: the analyzer is not to be trusted. */
enum rows_status rows_take_connection(struct rows *rows, struct store *store, int64_t capture_id,
                                      const struct event_connection *told, int64_t *more_lost);
/* *id (may be NULL): the login's row. */
enum rows_status rows_take_login(struct rows *rows, struct store *store, int64_t capture_id,
                                 const struct event_login *told, int64_t *id);
enum rows_status rows_take_after(struct rows *rows, struct store *store, const struct event_after *told);

/* All connections are unknown from now on: another analyzer, or another database, begins. */
void rows_forget(struct rows *rows);
/* This one is: its end was not told. */
void rows_forget_one(struct rows *rows, uint32_t slot);

/* With `undo`: the transaction was committed; or it was rolled back, and nothing taken since the last commit
 * counts. */
void rows_committed(struct rows *rows);
void rows_rolled_back(struct rows *rows);

void rows_free(struct rows *rows);

#endif
