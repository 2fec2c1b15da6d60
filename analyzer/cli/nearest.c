/*
 * Counts the slips between two words (optimal string alignment).
 */
#include "analyzer/cli/nearest.h"

#include <stdint.h>
#include <string.h>

#define LONGEST 40

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

size_t nearest_distance(const char *word, const char *known)
{
    size_t rows[3][LONGEST + 1], length = strlen(word), other = strlen(known), slips;
    size_t *last = rows[0], *before = rows[1], *row = rows[2];

    if (length == 0 || length > LONGEST || other > LONGEST)
        return SIZE_MAX;
    if (length > 2 && strncmp(word, known, length) == 0)
        return 0;
    for (size_t j = 0; j <= other; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t *freed = last;

        row[0] = i;
        for (size_t j = 1; j <= other; j++) {
            row[j] = least(least(before[j], row[j - 1]) + 1, before[j - 1] + (word[i - 1] != known[j - 1]));
            if (i > 1 && j > 1 && word[i - 1] == known[j - 2] && word[i - 2] == known[j - 1])
                row[j] = least(row[j], last[j - 2] + 1);
        }
        last = before;
        before = row;
        row = freed;
    }
    slips = before[other];
    return slips <= 1 + length / 4 && slips < length ? slips : SIZE_MAX;
}

const char *nearest_word(const char *word, const void *things, size_t count, size_t size)
{
    const char *nearest = NULL;
    size_t fewest = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)(const void *)((const char *)things + i * size);
        size_t slips = nearest_distance(word, name);

        if (slips < fewest) {
            fewest = slips;
            nearest = name;
        }
    }
    return nearest;
}
