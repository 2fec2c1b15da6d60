/*
 * Writes records.
 */
#include "db/staged/record.h"

#include "dissector/octets.h"

#include <endian.h>
#include <string.h>

/* Serial types: what a value is, and how long. */
enum {
    TYPE_NULL = 0,
    TYPE_SIX_OCTETS = 5,
    TYPE_EIGHT_OCTETS = 6,
    TYPE_ZERO = 8,
    TYPE_ONE = 9,
    TYPE_TEXT = 13
};

size_t record_varint_size(uint64_t value)
{
    size_t size = 1;

    while (size < RECORD_VARINT && value >> (7 * size) != 0)
        size++;
    return size;
}

size_t record_put_varint(uint8_t *to, uint64_t value)
{
    size_t size = record_varint_size(value);
    size_t last = size - 1;

    if (size == RECORD_VARINT) { /* the ninth octet has eight bits of it, all others seven */
        to[last--] = (uint8_t)value;
        value >>= 8;
        to[last] = (uint8_t)(value | 0x80);
    } else {
        to[last] = value & 0x7F;
    }
    while (last > 0) {
        value >>= 7;
        to[--last] = (uint8_t)(value | 0x80);
    }
    return size;
}

static void put_two(uint8_t *to, uint64_t value)
{
    uint16_t number = htobe16((uint16_t)value);

    memcpy(to, &number, sizeof number);
}

static void put_four(uint8_t *to, uint64_t value)
{
    uint32_t number = htobe32((uint32_t)value);

    memcpy(to, &number, sizeof number);
}

void record_put_number(uint8_t *to, uint64_t value, unsigned octets)
{
    switch (octets) {
    case 8:
        put_four(to, value >> 32);
        put_four(to + 4, value);
        break;
    case 6:
        put_two(to, value >> 32);
        put_four(to + 2, value);
        break;
    case 4:
        put_four(to, value);
        break;
    case 3:
        to[0] = (uint8_t)(value >> 16);
        put_two(to + 1, value);
        break;
    case 2:
        put_two(to, value);
        break;
    case 1:
        to[0] = (uint8_t)value;
        break;
    default: /* there is no other */
        break;
    }
}

/* The smallest type that holds the number. */
static uint64_t type_of_number(int64_t number)
{
    /* as many bits without the sign's */
    uint64_t bits = number < 0 ? ~(uint64_t)number : (uint64_t)number;

    if (bits <= 0x7F)
        return number == 0 ? TYPE_ZERO : number == 1 ? TYPE_ONE : 1;
    if (bits <= 0x7FFF)
        return 2;
    if (bits <= 0x7FFFFF)
        return 3;
    if (bits <= 0x7FFFFFFF)
        return 4;
    return bits <= 0x7FFFFFFFFFFF ? TYPE_SIX_OCTETS : TYPE_EIGHT_OCTETS;
}

/* Octets of a value of this type. */
static size_t octets_of(uint64_t type)
{
    static const uint8_t sizes[TYPE_ONE + 1] = {0, 1, 2, 3, 4, 6, 8, 0, 0, 0};

    return type <= TYPE_ONE ? sizes[type] : (size_t)(type - TYPE_TEXT) / 2;
}

void record_measure(const struct row_buffer_value *values, unsigned columns, bool keyed,
                    struct record_shape *shape)
{
    size_t header = 0, body = 0;

    for (unsigned i = 0; i < columns; i++) {
        const struct row_buffer_value *value = &values[i];
        uint64_t type = TYPE_NULL;

        if (value->kind == ROW_BUFFER_TEXT)
            type = TYPE_TEXT + 2 * (uint64_t)value->length;
        else if (value->kind == ROW_BUFFER_NUMBER && !(keyed && i == 0))
            type = type_of_number(value->as.number);
        shape->types[i] = type;
        header += type < 0x80 ? 1 : record_varint_size(type);
        body += octets_of(type);
    }
    /* the header tells its own length, that of this number among it */
    header += header + 1 < 0x80 ? 1 : 2;
    shape->header = header;
    shape->octets = header + body;
}

void record_write(uint8_t *to, const struct row_buffer_value *values, unsigned columns,
                  const struct record_shape *shape)
{
    uint8_t *header = to + record_put_varint(to, shape->header);
    uint8_t *body = to + shape->header;

    for (unsigned i = 0; i < columns; i++) {
        uint64_t type = shape->types[i];
        size_t octets = octets_of(type);

        if (type < 0x80)
            *header++ = (uint8_t)type;
        else
            header += record_put_varint(header, type);
        if (octets == 0)
            continue;
        if (type >= TYPE_TEXT)
            octets_copy(body, values[i].as.text, octets);
        else
            record_put_number(body, (uint64_t)values[i].as.number, (unsigned)octets);
        body += octets;
    }
}
