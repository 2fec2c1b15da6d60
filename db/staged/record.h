/*
 * A row as SQLite's record format has it (https://sqlite.org/fileformat2.html#record_format): a header of
 * what each column is, and behind it the values.
 */
#ifndef IMAPTAP_DB_STAGED_RECORD_H
#define IMAPTAP_DB_STAGED_RECORD_H

#include "db/store/row_buffer.h"

#include <stddef.h>
#include <stdint.h>

/* Columns of a record. */
#define RECORD_COLUMNS 64
/* The most octets of a varint. */
#define RECORD_VARINT 9

/* Octets that `value` takes as a varint, SQLite's number of 1 to 9 octets. */
size_t record_varint_size(uint64_t value);
/* Writes it; returns its octets. */
size_t record_put_varint(uint8_t *to, uint64_t value);
/* Writes the `octets` low octets of a number, the highest first: 1 to 4, 6 or 8, as records have them. */
void record_put_number(uint8_t *to, uint64_t value, unsigned octets);

/* What a record will be. */
struct record_shape {
    size_t octets; /* of all of it */
    size_t header; /* of its header */
    uint64_t types[RECORD_COLUMNS];
};

/* Finds the shape of `columns` values, at most RECORD_COLUMNS. `keyed`: the first is the number of the row,
 * which SQLite keeps outside of the record, where NULL stands for it. */
void record_measure(const struct row_buffer_value *values, unsigned columns, bool keyed,
                    struct record_shape *shape);
/* Writes the record of the same values, shape->octets octets. */
void record_write(uint8_t *to, const struct row_buffer_value *values, unsigned columns,
                  const struct record_shape *shape);

#endif
