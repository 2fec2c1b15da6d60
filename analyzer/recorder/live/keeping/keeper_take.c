/*
 * Takes what analyzers tell into the memory where it waits, and counts what finds no room there.
 */
#include "analyzer/recorder/live/keeping/keeper_internal.h"

#include "analyzer/recorder/live/log.h"
#include "analyzer/recorder/reading.h"

#include <string.h>

/* There was no room for the event. */
static void lose(struct keeper *keeper, unsigned worker, const struct event *event)
{
    if (!keeper->full)
        log_say(LOG_LEVEL_ERROR, "no more findings can wait in memory: from here on they are lost");
    keeper->full = true;
    keeper->lost.events++;
    if (event->kind == EVENT_LOGIN)
        keeper->lost.logins++;
    if (event->kind != EVENT_CONNECTION || !event->connection.ended)
        return;
    keeper->lost.connections++;
    keeper->workers[worker].anew[event->connection.slot / 8] |= (uint8_t)(1 << event->connection.slot % 8);
}

void keeper_take(struct keeper *keeper, unsigned worker, const struct event *event, const uint8_t *encoding,
                 size_t length)
{
    bool starts = event->kind == EVENT_CAPTURE_STARTED;
    struct intake_record record = {starts ? INTAKE_EVENT_FIRST : INTAKE_EVENT, worker, encoding, length};
    uint32_t slot = event->kind == EVENT_CONNECTION ? event->connection.slot : 0;
    uint8_t *anew = &keeper->workers[worker].anew[slot / 8], bit = (uint8_t)(1 << slot % 8);

    if (event->kind == EVENT_FINISHED)
        return;
    if (event->kind == EVENT_CONNECTION && *anew & bit)
        record.kind = INTAKE_EVENT_ANEW;
    if (intake_count(keeper->intake) == 0)
        keeper->oldest_ms = reading_now_ms();
    if (!intake_put(keeper->intake, &record, starts || event->kind == EVENT_CAPTURE_ENDED))
        lose(keeper, worker, event);
    else if (record.kind == INTAKE_EVENT_ANEW)
        *anew &= (uint8_t)~bit;
    live_captures_waiting(keeper->captures, intake_count(keeper->intake));
}

void keeper_restart(struct keeper *keeper, unsigned worker)
{
    struct intake_record record = {INTAKE_RESTART, worker, NULL, 0};

    memset(keeper->workers[worker].anew, 0, PIPELINE_MAX_CONNECTIONS / 8 + 1);
    if (intake_count(keeper->intake) == 0)
        keeper->oldest_ms = reading_now_ms();
    (void)intake_put(keeper->intake, &record, true);
}
