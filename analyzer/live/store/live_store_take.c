/*
 * Takes what analyzers send into the memory where it waits, and counts what finds no room there.
 */
#include "analyzer/live/store/live_store_internal.h"

#include "analyzer/live/log.h"
#include "analyzer/recorder/analyzer_run.h"

#include <string.h>

/* There was no room for the event. */
static void lose(struct live_store *live_store, unsigned worker, const struct event *event)
{
    if (!live_store->full)
        log_say(LOG_LEVEL_ERROR, "no more findings can wait in memory: from here on they are lost");
    live_store->full = true;
    live_store->lost.events++;
    if (event->kind == EVENT_LOGIN)
        live_store->lost.logins++;
    if (event->kind != EVENT_CONNECTION || !event->connection.ended)
        return;
    live_store->lost.connections++;
    live_store->workers[worker].reused[event->connection.slot / 8] |=
        (uint8_t)(1 << event->connection.slot % 8);
}

void live_store_take(struct live_store *live_store, unsigned worker, const struct event *event,
                     const uint8_t *encoding, size_t length)
{
    bool starts = event->kind == EVENT_CAPTURE_STARTED;
    struct event_queue_record record = {starts ? EVENT_QUEUE_EVENT_FIRST : EVENT_QUEUE_EVENT, worker,
                                        encoding, length};
    uint32_t slot = event->kind == EVENT_CONNECTION ? event->connection.slot : 0;
    uint8_t *reused = &live_store->workers[worker].reused[slot / 8], bit = (uint8_t)(1 << slot % 8);

    if (event->kind == EVENT_FINISHED)
        return;
    if (event->kind == EVENT_CONNECTION && *reused & bit)
        record.kind = EVENT_QUEUE_EVENT_REUSED;
    if (event_queue_count(live_store->queue) == 0)
        live_store->oldest_ms = analyzer_run_now_ms();
    if (!event_queue_put(live_store->queue, &record, starts || event->kind == EVENT_CAPTURE_ENDED))
        lose(live_store, worker, event);
    else if (record.kind == EVENT_QUEUE_EVENT_REUSED)
        *reused &= (uint8_t)~bit;
    live_captures_waiting(live_store->captures, event_queue_count(live_store->queue));
}

void live_store_restart(struct live_store *live_store, unsigned worker)
{
    struct event_queue_record record = {EVENT_QUEUE_RESTART, worker, NULL, 0};

    memset(live_store->workers[worker].reused, 0, PIPELINE_MAX_CONNECTIONS / 8 + 1);
    if (event_queue_count(live_store->queue) == 0)
        live_store->oldest_ms = analyzer_run_now_ms();
    (void)event_queue_put(live_store->queue, &record, true);
}
