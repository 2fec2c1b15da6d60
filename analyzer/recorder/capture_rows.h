/*
 * Keeps events in the database: knows which of the analyzer's numbers (captures, connections) is which row.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_CAPTURE_ROWS_H
#define IMAPTAP_ANALYZER_RECORDER_CAPTURE_ROWS_H

#include "analyzer/ipc/event.h"
#include "analyzer/recorder/beginnings.h"
#include "analyzer/recorder/inputs.h"
#include "analyzer/recorder/outcome.h"
#include "db/store.h"

struct capture_rows;

enum capture_rows_status {
    CAPTURE_ROWS_OK,
    CAPTURE_ROWS_STORE,   /* the database failed: store_error says why */
    CAPTURE_ROWS_NONSENSE /* the event contradicts what came before: the analyzer is not to be trusted */
};

/* `outcomes` has one entry an input and is filled as captures begin and end; `beginnings`: those that the
 * analyzer looks for. NULL: out of memory. */
struct capture_rows *capture_rows_new(struct store *store, const struct inputs *inputs,
                                      const struct beginnings *beginnings, struct outcome *outcomes);

/* There are more inputs now; `outcomes` may have moved. Returns 0, or -1 when out of memory. */
int capture_rows_grow(struct capture_rows *capture_rows, struct outcome *outcomes);

/* A new analyzer begins: its connections have nothing to do with the ones before. */
void capture_rows_restart(struct capture_rows *capture_rows);

enum capture_rows_status capture_rows_take(struct capture_rows *capture_rows, const struct event *event);

/* True when what was read of a capture is in the database already, under another row. Only between its end
 * and its settling. */
bool capture_rows_is_known(struct capture_rows *capture_rows, uint32_t capture);

/* Brings the row of a capture to its final state, which its outcome says. */
enum capture_rows_status capture_rows_settle(struct capture_rows *capture_rows, uint32_t capture);

void capture_rows_free(struct capture_rows *capture_rows);

#endif
