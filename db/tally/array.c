/*
 * Room is doubled, so that an item is moved once or twice on average.
 */
#include "db/tally/array.h"

#include <sqlite3.h>

#define FIRST_ITEMS 64

void *array_room(void *array, size_t *capacity, size_t wanted, size_t item)
{
    size_t items = *capacity == 0 ? FIRST_ITEMS : *capacity;
    void *grown;

    if (wanted <= *capacity)
        return array;
    while (items < wanted)
        items *= 2;
    grown = sqlite3_realloc64(array, items * item);
    if (grown != NULL)
        *capacity = items;
    return grown;
}
