/*
 * Removes what is older than it is kept.
 */
#include "analyzer/live/store/live_retention.h"

#include "analyzer/live/log.h"
#include "db/format_number.h"

/* Between two steps: others write meanwhile. */
#define PAUSE_MS 50
/* After a step that failed. */
#define RETRY_MS 1000
/* Between two sweeps. */
#define RETENTION_MS     3600000
#define RETENTION_MIN_MS 1000

static int64_t retention_every_ms(const struct live_retention *retention)
{
    int64_t tenth = retention->keep_ns / 10 / 1000000;

    return tenth > RETENTION_MS ? RETENTION_MS : tenth < RETENTION_MIN_MS ? RETENTION_MIN_MS : tenth;
}

int64_t live_retention_due_ms(const struct live_retention *retention)
{
    return retention->keep_ns > 0 ? retention->due_ms : INT64_MAX;
}

static void end_sweep(struct live_retention *retention)
{
    const struct purge_counts *removed = &retention->removed;

    retention->sweeping = false;
    if (removed->captures + removed->connections + removed->logins > 0)
        log_say(LOG_LEVEL_NOTICE, "older than --keep, and removed: %s logins, %s connections, %s captures",
                format_number((uint64_t)removed->logins).text,
                format_number((uint64_t)removed->connections).text,
                format_number((uint64_t)removed->captures).text);
}

static void fail(struct live_retention *retention, struct store *store)
{
    if (!retention->failed)
        log_say(LOG_LEVEL_WARNING, "what is older than --keep cannot be removed now: %s", store_error(store));
    retention->failed = true;
}

void live_retention_work(struct live_retention *retention, struct store *store, int64_t now_ms,
                         int64_t now_ns)
{
    if (now_ms < live_retention_due_ms(retention))
        return;
    retention->due_ms = now_ms + RETRY_MS;
    if (store == NULL)
        return;
    if (!retention->sweeping) {
        retention->sweep = (struct retention){.before_ns = now_ns - retention->keep_ns};
        retention->removed = (struct purge_counts){0};
        retention->sweeping = true;
    }
    if (retention_step(store, &retention->sweep, &retention->removed) != STORE_OK) {
        fail(retention, store);
        return;
    }
    retention->failed = false;
    retention->due_ms = now_ms + PAUSE_MS;
    if (retention->sweep.phase != RETENTION_OVER)
        return;
    end_sweep(retention);
    retention->due_ms = now_ms + retention_every_ms(retention);
}
