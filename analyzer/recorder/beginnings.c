/*
 * Captures that a stream may begin with.
 */
#include "analyzer/recorder/beginnings.h"

#include <string.h>

/* Puts it in its place; one that is there already, or that there is no room for, is left out. */
static void take(void *user, int64_t id, int64_t octets, const char *fingerprint)
{
    struct beginnings *beginnings = user;
    size_t at = beginnings->count;

    if (octets <= 0 || fingerprint == NULL || strlen(fingerprint) >= CAPTURE_FINGERPRINT_SIZE ||
        at == MARKS_MAX)
        return;
    for (size_t i = 0; i < beginnings->count; i++)
        if (beginnings->ids[i] == id)
            return;
    for (; at > 0 && beginnings->marks[at - 1].octets > (uint64_t)octets; at--) {
        beginnings->marks[at] = beginnings->marks[at - 1];
        beginnings->ids[at] = beginnings->ids[at - 1];
    }
    beginnings->marks[at].octets = (uint64_t)octets;
    strcpy(beginnings->marks[at].fingerprint, fingerprint);
    beginnings->ids[at] = id;
    beginnings->count++;
}

int beginnings_find(struct beginnings *beginnings, struct store *store, const struct inputs *inputs)
{
    int status = STORE_OK;

    beginnings->count = 0;
    for (size_t i = 0; i < inputs->count && status == STORE_OK; i++)
        if (inputs->items[i].is_pipe)
            status = store_find_beginnings(store, inputs->items[i].name, MARKS_MAX, take, beginnings);
    return status;
}

int beginnings_remove(const struct beginnings *beginnings, struct store *store, uint64_t met, int64_t own)
{
    int status = STORE_OK;

    for (size_t i = 0; i < beginnings->count && status == STORE_OK; i++) {
        enum store_state state;
        int64_t id = 0;

        if (!(met >> i & 1) || beginnings->ids[i] == own)
            continue;
        /* another process may have replaced it meanwhile */
        status = store_find_capture(store, beginnings->marks[i].fingerprint, &id, &state);
        if (status == STORE_OK && id == beginnings->ids[i])
            status = store_capture_remove(store, id);
    }
    return status;
}
