/*
 * A source's octets in one piece. What is asked for is moved to the front of the buffer when it does not fit
 * at the end.
 */
#include "analyzer/capture/lookahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM ((size_t)256 * 1024)

struct lookahead {
    struct source *source;
    uint8_t *octets;
    size_t room, begin, end;
    uint64_t position;
    int error;
    bool ended;
};

struct lookahead *lookahead_new(struct source *source)
{
    struct lookahead *lookahead = calloc(1, sizeof *lookahead);

    if (lookahead == NULL)
        return NULL;
    lookahead->source = source;
    lookahead->room = FIRST_ROOM;
    lookahead->octets = malloc(FIRST_ROOM);
    if (lookahead->octets == NULL) {
        free(lookahead);
        return NULL;
    }
    return lookahead;
}

static bool make_room(struct lookahead *lookahead, size_t wanted)
{
    size_t room = lookahead->room;
    uint8_t *octets;

    if (lookahead->begin + wanted <= room)
        return true;
    memmove(lookahead->octets, lookahead->octets + lookahead->begin, lookahead->end - lookahead->begin);
    lookahead->end -= lookahead->begin;
    lookahead->begin = 0;
    while (room < wanted)
        room *= 2;
    if (room == lookahead->room)
        return true;
    octets = realloc(lookahead->octets, room);
    if (octets == NULL) {
        lookahead->error = ENOMEM;
        return false;
    }
    lookahead->octets = octets;
    lookahead->room = room;
    return true;
}

static const uint8_t *fetch(struct lookahead *lookahead, size_t wanted)
{
    if (lookahead->error != 0 || wanted > LOOKAHEAD_MAX || !make_room(lookahead, wanted))
        return NULL;
    while (lookahead->end - lookahead->begin < wanted && !lookahead->ended) {
        ssize_t n = source_read(lookahead->source, lookahead->octets + lookahead->end,
                                lookahead->room - lookahead->end);

        if (n < 0) {
            lookahead->error = errno;
            return NULL;
        }
        lookahead->ended = n == 0;
        lookahead->end += (size_t)n;
    }
    return lookahead->end - lookahead->begin < wanted ? NULL : lookahead->octets + lookahead->begin;
}

const uint8_t *lookahead_at(struct lookahead *lookahead, size_t wanted)
{
    if (lookahead->end - lookahead->begin >= wanted)
        return lookahead->octets + lookahead->begin;
    return fetch(lookahead, wanted);
}

size_t lookahead_left(const struct lookahead *lookahead)
{
    return lookahead->end - lookahead->begin;
}

void lookahead_take(struct lookahead *lookahead, size_t octets)
{
    lookahead->begin += octets;
    lookahead->position += octets;
    if (lookahead->begin == lookahead->end)
        lookahead->begin = lookahead->end = 0;
}

uint64_t lookahead_position(const struct lookahead *lookahead)
{
    return lookahead->position;
}

int lookahead_error(const struct lookahead *lookahead)
{
    return lookahead->error;
}

void lookahead_free(struct lookahead *lookahead)
{
    if (lookahead == NULL)
        return;
    free(lookahead->octets);
    free(lookahead);
}
