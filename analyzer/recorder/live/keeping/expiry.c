/*
 * Removes what is older than it is kept.
 */
#include "analyzer/recorder/live/keeping/expiry.h"

#include "analyzer/recorder/amount.h"
#include "analyzer/recorder/live/log.h"

/* Between two steps: others write meanwhile. */
#define PAUSE_MS 50
/* After a step that failed. */
#define RETRY_MS 1000
/* Between two sweeps. */
#define SWEEP_MS     3600000
#define SWEEP_MIN_MS 1000

static int64_t sweep_every_ms(const struct expiry *expiry)
{
    int64_t tenth = expiry->keep_ns / 10 / 1000000;

    return tenth > SWEEP_MS ? SWEEP_MS : tenth < SWEEP_MIN_MS ? SWEEP_MIN_MS : tenth;
}

int64_t expiry_due_ms(const struct expiry *expiry)
{
    return expiry->keep_ns > 0 ? expiry->due_ms : INT64_MAX;
}

static void end_sweep(struct expiry *expiry)
{
    const struct purge_counts *removed = &expiry->removed;

    expiry->sweeping = false;
    if (removed->captures + removed->connections + removed->logins > 0)
        log_say(LOG_LEVEL_NOTICE, "older than --keep, and removed: %s logins, %s connections, %s captures",
                amount_of((uint64_t)removed->logins).text, amount_of((uint64_t)removed->connections).text,
                amount_of((uint64_t)removed->captures).text);
}

static void fail(struct expiry *expiry, struct store *store)
{
    if (!expiry->failed)
        log_say(LOG_LEVEL_WARNING, "what is older than --keep cannot be removed now: %s", store_error(store));
    expiry->failed = true;
}

void expiry_work(struct expiry *expiry, struct store *store, int64_t now_ms, int64_t now_ns)
{
    if (now_ms < expiry_due_ms(expiry))
        return;
    expiry->due_ms = now_ms + RETRY_MS;
    if (store == NULL)
        return;
    if (!expiry->sweeping) {
        expiry->sweep = (struct sweep){.before_ns = now_ns - expiry->keep_ns};
        expiry->removed = (struct purge_counts){0};
        expiry->sweeping = true;
    }
    if (sweep_step(store, &expiry->sweep, &expiry->removed) != STORE_OK) {
        fail(expiry, store);
        return;
    }
    expiry->failed = false;
    expiry->due_ms = now_ms + PAUSE_MS;
    if (expiry->sweep.phase != SWEEP_OVER)
        return;
    end_sweep(expiry);
    expiry->due_ms = now_ms + sweep_every_ms(expiry);
}
