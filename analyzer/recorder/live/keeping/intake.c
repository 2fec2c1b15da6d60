/*
 * Records that wait, one behind the other in one piece of memory, which grows as needed.
 */
#include "analyzer/recorder/live/keeping/intake.h"

#include <stdlib.h>
#include <string.h>

/* Memory that is kept while nothing waits. */
#define KEPT ((size_t)1 << 20)

struct header {
    uint32_t kind, worker, length;
};

struct intake {
    uint8_t *octets;
    size_t start, end, room; /* the records are from start to end */
    size_t count;
};

struct intake *intake_new(void)
{
    return calloc(1, sizeof(struct intake));
}

/* Makes room for `more` octets behind the last. */
static bool make_room(struct intake *intake, size_t more)
{
    size_t waiting = intake->end - intake->start, room = intake->room;
    uint8_t *larger;

    if (intake->room - intake->end >= more)
        return true;
    if (intake->start >= waiting && intake->room - waiting >= more) {
        memcpy(intake->octets, intake->octets + intake->start, waiting);
        intake->start = 0;
        intake->end = waiting;
        return true;
    }
    while (room - intake->end < more)
        room = room ? room * 2 : KEPT;
    larger = realloc(intake->octets, room);
    if (larger == NULL)
        return false;
    intake->octets = larger;
    intake->room = room;
    return true;
}

bool intake_put(struct intake *intake, const struct intake_record *record, bool needed)
{
    struct header header = {record->kind, record->worker, (uint32_t)record->length};
    size_t limit = INTAKE_OCTETS + (needed ? INTAKE_RESERVE : 0), more = sizeof header + record->length;

    if (intake->end - intake->start + more > limit || !make_room(intake, more))
        return false;
    memcpy(intake->octets + intake->end, &header, sizeof header);
    if (record->length > 0)
        memcpy(intake->octets + intake->end + sizeof header, record->octets, record->length);
    intake->end += more;
    intake->count++;
    return true;
}

bool intake_at(const struct intake *intake, size_t *place, struct intake_record *record)
{
    struct header header;

    if (intake->start + *place >= intake->end)
        return false;
    memcpy(&header, intake->octets + intake->start + *place, sizeof header);
    record->kind = header.kind;
    record->worker = header.worker;
    record->octets = intake->octets + intake->start + *place + sizeof header;
    record->length = header.length;
    *place += sizeof header + header.length;
    return true;
}

void intake_remove(struct intake *intake, size_t place)
{
    struct intake_record record;

    for (size_t at = 0; at < place && intake_at(intake, &at, &record);)
        intake->count--;
    intake->start += place;
    if (intake->start < intake->end)
        return;
    intake->start = intake->end = 0;
    if (intake->room > KEPT) {
        free(intake->octets);
        intake->octets = NULL;
        intake->room = 0;
    }
}

size_t intake_count(const struct intake *intake)
{
    return intake->count;
}

void intake_free(struct intake *intake)
{
    if (intake == NULL)
        return;
    free(intake->octets);
    free(intake);
}
