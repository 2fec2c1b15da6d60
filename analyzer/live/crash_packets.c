/*
 * In which packet an analyzer died.
 */
#include "analyzer/live/crash_packets.h"

#include "db/format_number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_same(const struct event_ring_ends *a, const struct event_ring_ends *b)
{
    for (int turned = 0; turned < 2; turned++)
        if (a->port[0] == b->port[turned] && a->port[1] == b->port[!turned] &&
            memcmp(a->address[0], b->address[turned], 16) == 0 &&
            memcmp(a->address[1], b->address[!turned], 16) == 0)
            return true;
    return false;
}

/* Adds to a list in which the oldest gives way. */
static void add(struct event_ring_ends *list, size_t *count, size_t room, const struct event_ring_ends *ends)
{
    if (*count == room)
        memmove(list, list + 1, --*count * sizeof *list);
    list[(*count)++] = *ends;
}

static bool has(const struct event_ring_ends *list, size_t count, const struct event_ring_ends *ends)
{
    for (size_t i = 0; i < count; i++)
        if (is_same(&list[i], ends))
            return true;
    return false;
}

static void write_end(const struct event_ring_ends *ends, int which, char *text, size_t size)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const uint8_t *address = ends->address[which];
    bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
    char words[INET6_ADDRSTRLEN] = "?";

    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, words, sizeof words);
    (void)snprintf(text, size, "%s port %u", words, ends->port[which]);
}

void crash_packets_blame(struct crash_packets *crash_packets, const struct event_ring_figures *figures,
                         char *place, size_t size)
{
    struct event_ring_ends ends = figures->ends;
    char from[64], to[64];
    const char *verdict = "";

    place[0] = '\0';
    if (!atomic_load(&figures->inside))
        return;
    if (!atomic_load(&figures->ends_known)) {
        (void)snprintf(place, size, "in the frame of %s", format_time(atomic_load(&figures->frame_ns)).text);
        return;
    }
    if (has(crash_packets->suspects, crash_packets->suspect_count, &ends)) {
        if (!has(crash_packets->skipped, crash_packets->skipped_count, &ends))
            add(crash_packets->skipped, &crash_packets->skipped_count, CRASH_PACKETS_SKIPPED, &ends);
        verdict = ", a connection that ended one before and is left out from now on";
    } else {
        add(crash_packets->suspects, &crash_packets->suspect_count, CRASH_PACKETS_SUSPECTS, &ends);
    }
    write_end(&ends, 0, from, sizeof from);
    write_end(&ends, 1, to, sizeof to);
    (void)snprintf(place, size, "in the frame of %s from %s to %s%s",
                   format_time(atomic_load(&figures->frame_ns)).text, from, to, verdict);
}
