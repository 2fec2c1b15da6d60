/*
 * Arrays that grow as they are filled. The memory is SQLite's, so that its limit holds for it too.
 */
#ifndef IMAPTAP_DB_TALLY_ARRAY_H
#define IMAPTAP_DB_TALLY_ARRAY_H

#include <stddef.h>

/* The array with room for at least `wanted` items of `item` octets, of which it has `*capacity`: NULL and 0
 * at first. It can move. NULL: out of memory, and the array is as it was. Free it by sqlite3_free. */
void *array_room(void *array, size_t *capacity, size_t wanted, size_t item);

#endif
