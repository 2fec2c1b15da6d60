/*
 * Keeps events in the database: knows which of the analyzer's numbers (captures, connections) is which row.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LEDGER_H
#define IMAPTAP_ANALYZER_RECORDER_LEDGER_H

#include "analyzer/recorder/recorder.h"

struct ledger;

enum ledger_status {
    LEDGER_OK,
    LEDGER_STORE,   /* the database failed: store_error says why */
    LEDGER_NONSENSE /* the event contradicts what came before: the analyzer is not to be trusted */
};

/* `outcomes` has one entry an input and is filled as captures begin and end. NULL: out of memory. */
struct ledger *ledger_new(struct store *store, const struct inputs *inputs, struct outcome *outcomes);

/* There are more inputs now; `outcomes` may have moved. Returns 0, or -1 when out of memory. */
int ledger_grow(struct ledger *ledger, struct outcome *outcomes);

/* A new analyzer begins: its connections have nothing to do with the ones before. */
void ledger_restart(struct ledger *ledger);

enum ledger_status ledger_take(struct ledger *ledger, const struct event *event);

/* True when what was read of a capture is in the database already, under another row. Only between its end
 * and its settling. */
bool ledger_is_known(struct ledger *ledger, uint32_t capture);

/* Brings the row of a capture to its final state, which its outcome says. */
enum ledger_status ledger_settle(struct ledger *ledger, uint32_t capture);

void ledger_free(struct ledger *ledger);

#endif
