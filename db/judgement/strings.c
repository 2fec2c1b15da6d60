/* Strings with numbers, and sets of numbers: open addressing over keyed hashes. */
#include "db/judgement/strings.h"

#include <sqlite3.h>
#include <string.h>

void *judge_room(void *array, size_t *room, size_t needed, size_t size)
{
    size_t larger = *room + *room / 2 + 64;
    void *moved;

    if (needed <= *room)
        return array;
    if (larger < needed)
        larger = needed;
    if (larger > SIZE_MAX / 2 / size)
        return NULL;
    moved = sqlite3_realloc64(array, larger * size);
    if (moved != NULL)
        *room = larger;
    return moved;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ (hash >> 29);
}

uint64_t numbers_mix(uint64_t key, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t hash = mix(mix(mix(mix(key, a), b), c), d);

    return hash != 0 ? hash : 1;
}

static uint32_t hash_of(const struct strings *strings, const char *octets, size_t length)
{
    uint64_t hash = strings->key ^ length, part;

    for (; length >= sizeof part; length -= sizeof part, octets += sizeof part) {
        memcpy(&part, octets, sizeof part);
        hash = mix(hash, part);
    }
    part = 0;
    memcpy(&part, octets, length);
    return (uint32_t)mix(hash, part);
}

/* Twice the slots, when they are half full. */
static bool strings_grow(struct strings *strings)
{
    uint32_t slots = strings->slot_count == 0 ? 1024 : strings->slot_count * 2;
    struct strings_slot *moved;

    if (strings->count < strings->slot_count / 2)
        return true;
    if (strings->slot_count > UINT32_MAX / 4)
        return false;
    moved = sqlite3_malloc64(slots * sizeof *moved);
    if (moved == NULL)
        return false;
    memset(moved, 0, slots * sizeof *moved);
    if (strings->slot_count == 0)
        sqlite3_randomness((int)sizeof strings->key, &strings->key);
    for (uint32_t i = 0; i < strings->slot_count; i++) {
        uint32_t slot = strings->slots[i].hash & (slots - 1);

        if (strings->slots[i].number == 0)
            continue;
        while (moved[slot].number != 0)
            slot = (slot + 1) & (slots - 1);
        moved[slot] = strings->slots[i];
    }
    sqlite3_free(strings->slots);
    strings->slots = moved;
    strings->slot_count = slots;
    return true;
}

static bool strings_add(struct strings *strings, const char *octets, size_t length)
{
    size_t begin_room = strings->begin_room;
    char *moved = judge_room(strings->octets, &strings->room, strings->used + length + 1, 1);
    size_t *begins;

    if (moved == NULL)
        return false;
    strings->octets = moved;
    begins = judge_room(strings->begins, &begin_room, (size_t)strings->count + 3, sizeof *begins);
    if (begins == NULL || begin_room > UINT32_MAX)
        return false;
    strings->begins = begins;
    strings->begin_room = (uint32_t)begin_room;
    memcpy(strings->octets + strings->used, octets, length);
    strings->octets[strings->used + length] = '\0';
    strings->count++;
    begins[strings->count] = strings->used;
    strings->used += length + 1;
    begins[strings->count + 1] = strings->used;
    return true;
}

/* The slot of a string, or the empty one where it belongs. */
static struct strings_slot *slot_for(const struct strings *strings, uint32_t hash, const char *octets,
                                     size_t length)
{
    uint32_t slot = hash & (strings->slot_count - 1);

    for (; strings->slots[slot].number != 0; slot = (slot + 1) & (strings->slot_count - 1)) {
        uint32_t number = strings->slots[slot].number;
        size_t begin;

        if (strings->slots[slot].hash != hash)
            continue;
        begin = strings->begins[number];
        if (strings->begins[number + 1] - begin - 1 == length &&
            memcmp(strings->octets + begin, octets, length) == 0)
            break;
    }
    return &strings->slots[slot];
}

uint32_t strings_find(const struct strings *strings, const char *octets, size_t length)
{
    return octets == NULL || length == 0 || strings->slot_count == 0
               ? 0
               : slot_for(strings, hash_of(strings, octets, length), octets, length)->number;
}

uint32_t strings_number(struct strings *strings, const char *octets, size_t length)
{
    struct strings_slot *slot;
    uint32_t hash;

    if (octets == NULL || length == 0)
        return 0;
    if (!strings_grow(strings))
        return UINT32_MAX;
    hash = hash_of(strings, octets, length);
    slot = slot_for(strings, hash, octets, length);
    if (slot->number != 0)
        return slot->number;
    if (!strings_add(strings, octets, length))
        return UINT32_MAX;
    *slot = (struct strings_slot){.hash = hash, .number = strings->count};
    return strings->count;
}

const char *strings_text(const struct strings *strings, uint32_t number)
{
    return number == 0 || number > strings->count ? "" : strings->octets + strings->begins[number];
}

void strings_free(struct strings *strings)
{
    sqlite3_free(strings->octets);
    sqlite3_free(strings->begins);
    sqlite3_free(strings->slots);
    *strings = (struct strings){0};
}

static size_t slot_of(const struct numbers *numbers, uint64_t key)
{
    size_t slot = (size_t)mix(0, key) & (numbers->slots - 1);

    while (numbers->keys[slot] != 0 && numbers->keys[slot] != key)
        slot = (slot + 1) & (numbers->slots - 1);
    return slot;
}

static bool numbers_grow(struct numbers *numbers)
{
    struct numbers larger = {.count = numbers->count,
                             .slots = numbers->slots == 0 ? 256 : numbers->slots * 2};

    if (numbers->count < numbers->slots / 2)
        return true;
    larger.keys = sqlite3_malloc64(larger.slots * sizeof *larger.keys);
    larger.values = sqlite3_malloc64(larger.slots * sizeof *larger.values);
    if (larger.keys == NULL || larger.values == NULL) {
        numbers_free(&larger);
        return false;
    }
    memset(larger.keys, 0, larger.slots * sizeof *larger.keys);
    for (size_t i = 0; i < numbers->slots; i++)
        if (numbers->keys[i] != 0) {
            size_t slot = slot_of(&larger, numbers->keys[i]);

            larger.keys[slot] = numbers->keys[i];
            larger.values[slot] = numbers->values[i];
        }
    numbers_free(numbers);
    *numbers = larger;
    return true;
}

int64_t *numbers_take(struct numbers *numbers, uint64_t key, int64_t absent)
{
    size_t slot;

    if (!numbers_grow(numbers))
        return NULL;
    slot = slot_of(numbers, key);
    if (numbers->keys[slot] == 0) {
        numbers->keys[slot] = key;
        numbers->values[slot] = absent;
        numbers->count++;
    }
    return &numbers->values[slot];
}

int64_t numbers_find(const struct numbers *numbers, uint64_t key, int64_t absent)
{
    size_t slot;

    if (numbers->slots == 0)
        return absent;
    slot = slot_of(numbers, key);
    return numbers->keys[slot] == 0 ? absent : numbers->values[slot];
}

void numbers_free(struct numbers *numbers)
{
    sqlite3_free(numbers->keys);
    sqlite3_free(numbers->values);
    *numbers = (struct numbers){0};
}
