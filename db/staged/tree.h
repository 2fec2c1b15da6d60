/*
 * The b-tree of a table or an index, written into pages from its first row to its last
 * (https://sqlite.org/fileformat2.html#b_tree_pages): leaves, and above them one page that leads to them.
 */
#ifndef IMAPTAP_DB_STAGED_TREE_H
#define IMAPTAP_DB_STAGED_TREE_H

#include "db/staged/image.h"
#include "db/store/row_buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum tree_kind { TREE_TABLE, TREE_INDEX };

/* A tree that is being written. */
struct tree {
    struct image *image;
    enum tree_kind kind;
    uint32_t root; /* page that it begins with */
    uint32_t leaf; /* page that is being filled: the root, while nothing else is needed */
    int64_t last;  /* number of the last row */
};

/* Begins an empty tree in the page `root`. */
void tree_begin(struct tree *tree, struct image *image, uint32_t root, enum tree_kind kind);

/* Adds a row to a table: its number, from 1, is greater than those before. `keyed`: the first column is that
 * number (INTEGER PRIMARY KEY). `columns` are at most RECORD_COLUMNS. False: out of memory, or of pages. */
bool tree_add_row(struct tree *tree, int64_t row, bool keyed, const struct row_buffer_value *values,
                  unsigned columns);

/* Adds the entry of a row to an index of one column that holds numbers. Entries come in the order of `key`,
 * those of one key in the order of their rows. False: out of memory, or of pages. */
bool tree_add_entry(struct tree *tree, int64_t key, int64_t row);

/* Writes the database's header and a page of a table behind it into page 1, which has no rows yet: the table
 * of the schema, whose rows are added to `tree`, and must fit into this page. */
void tree_begin_schema(struct tree *tree, struct image *image);

#endif
