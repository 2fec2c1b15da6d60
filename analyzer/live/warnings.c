/*
 * Warns of drops when they begin, of silence a minute after the start, and of a database that stays shut.
 */
#include "analyzer/live/warnings.h"

#include "db/format_number.h"

#include <inttypes.h>
#include <stdio.h>

/* Without a drop for so long, the next one is a new beginning. */
#define CALM_MS 60000

/* True when drops begin. */
static bool begins(uint64_t drops, uint64_t *before, int64_t *last_ms, int64_t now_ms)
{
    bool more = drops > *before, calm = *last_ms == 0 || now_ms - *last_ms >= CALM_MS;

    *before = drops;
    if (more)
        *last_ms = now_ms;
    return more && calm;
}

static bool look_at_drops(struct warnings *watch, int64_t now_ms, const struct worker_pool_totals *totals,
                          char *text, size_t size)
{
    for (size_t i = 0; i < watch->interface_count; i++) {
        struct warnings_interface *state = &watch->states[i];
        const struct worker_pool_interface *seen = &totals->interfaces[i];

        if (begins(seen->kernel_drops, &state->kernel_drops, &state->kernel_ms, now_ms)) {
            (void)snprintf(
                text, size,
                "%s: the kernel drops frames (%s so far), since they are not read in time: a larger "
                "--buffer (now %" PRIu32 ") bridges bursts, more --workers read faster",
                watch->interfaces[i], format_number(seen->kernel_drops).text, watch->buffer_octets >> 20);
            return true;
        }
        if (begins(seen->interface_drops, &state->interface_drops, &state->interface_ms, now_ms)) {
            (void)snprintf(text, size,
                           "%s: the interface itself drops frames (%s so far): give it a larger ring with "
                           "`ethtool -G %s rx N`",
                           watch->interfaces[i], format_number(seen->interface_drops).text,
                           watch->interfaces[i]);
            return true;
        }
    }
    return false;
}

static bool look_at_evictions(struct warnings *watch, const struct worker_pool_totals *totals, char *text,
                              size_t size)
{
    if (totals->evicted == watch->evicted)
        return false;
    if (watch->evicted == 0)
        (void)snprintf(
            text, size,
            "more connections are open than can be followed, and the oldest were given up (%s so far): "
            "more --workers follow more",
            format_number(totals->evicted).text);
    else
        text[0] = '\0';
    watch->evicted = totals->evicted;
    return text[0] != '\0';
}

static bool look_at_silence(struct warnings *watch, int64_t now_ms, const struct worker_pool_totals *totals,
                            char *text, size_t size)
{
    uint64_t packets = 0;

    if (watch->silence_reported || now_ms - watch->started_ms < WARNINGS_SILENCE_MS)
        return false;
    watch->silence_reported = true;
    for (size_t i = 0; i < watch->interface_count; i++)
        packets += totals->interfaces[i].packets;
    if (packets == 0)
        (void)snprintf(
            text, size,
            "not one packet was seen in a minute (port %s and what may hide it): is the span port or "
            "tap connected, and does it show the mail server's traffic?",
            watch->ports);
    else if (totals->connections == 0)
        (void)snprintf(
            text, size,
            "no IMAP was seen in a minute, though packets were: is this the mail server's traffic, and "
            "are its ports among %s (--port)?",
            watch->ports);
    else if (totals->two_sided == 0)
        (void)snprintf(
            text, size,
            "only one direction of the connections was seen in a minute: no verdict of a login can be "
            "known. Does the span port or tap show both directions, or the other one on another "
            "interface (name both with -i)?");
    else
        return false;
    return true;
}

bool warnings_next(struct warnings *watch, int64_t now_ms, const struct worker_pool_totals *totals,
                   char *text, size_t size)
{
    return look_at_drops(watch, now_ms, totals, text, size) || look_at_evictions(watch, totals, text, size) ||
           look_at_silence(watch, now_ms, totals, text, size);
}

bool warnings_database(struct warnings *watch, int64_t now_ms, bool written, uint64_t waiting,
                       const struct live_store_lost *lost, char *text, size_t size)
{
    if (written || watch->trouble_ms == 0) {
        watch->trouble_ms = written ? 0 : now_ms; /* that it began was reported */
        return false;
    }
    if (now_ms - watch->trouble_ms < WARNINGS_TROUBLE_MS)
        return false;
    watch->trouble_ms = now_ms;
    (void)snprintf(text, size, "the database still cannot be written: %s events wait in memory, %s are lost",
                   format_number(waiting).text, format_number(lost->events).text);
    return true;
}
