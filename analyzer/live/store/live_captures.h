/*
 * The rows of `captures` that a live capture keeps: one for each interface, each analyzer that reads it, and
 * each life of that analyzer. What lies between the end of one and the beginning of the next was not seen.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_STORE_LIVE_CAPTURES_H
#define IMAPTAP_ANALYZER_LIVE_STORE_LIVE_CAPTURES_H

#include "analyzer/live/store/live_store.h"

struct live_captures;

/* NULL: out of memory. */
struct live_captures *live_captures_new(const struct live_store_options *options);

/* The worker's analyzer has the interface open. */
void live_captures_start(struct live_captures *captures, unsigned worker, unsigned interface);

/* *id: its row, which is made when there is none; 0: it is not open. Returns a store_status. */
int live_captures_row(struct live_captures *captures, struct store *store, unsigned worker,
                      unsigned interface, int64_t *id);

/* So many octets of its connections were lost, more than before. Returns a store_status. */
int live_captures_lost(struct live_captures *captures, struct store *store, unsigned worker,
                       unsigned interface, int64_t octets);

/* It is over; its row stays known until the worker starts it again, since its connections may end later.
 * Returns a store_status. */
int live_captures_end(struct live_captures *captures, struct store *store, unsigned worker,
                      const struct event_capture *event);

/* So many events wait for the database now. */
void live_captures_waiting(struct live_captures *captures, size_t events);

/* Brings the rows whose figures changed up to date. Returns a store_status. */
int live_captures_update(struct live_captures *captures, struct store *store);

/* Ends all rows, because another file follows: from live_captures_begin_again on, new ones are made, which
 * count from there. Returns a store_status. */
int live_captures_settle(struct live_captures *captures, struct store *store);
void live_captures_begin_again(struct live_captures *captures);

/* The transaction was committed, or rolled back. */
void live_captures_committed(struct live_captures *captures);
void live_captures_rolled_back(struct live_captures *captures);

/* The rows that were made in the file that is open. */
const int64_t *live_captures_ids(const struct live_captures *captures, size_t *count);

void live_captures_free(struct live_captures *captures);

#endif
