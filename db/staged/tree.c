/*
 * Fills pages with cells. A page has its header and the places of its cells in front, and the cells
 * themselves at its end, the first one last.
 */
#include "db/staged/tree.h"

#include "db/staged/record.h"

#include <stdlib.h>
#include <string.h>

/* First octet of a page: what it is. */
enum { INDEX_ABOVE = 2, TABLE_ABOVE = 5, INDEX_LEAF = 10, TABLE_LEAF = 13 };

#define LEAF_HEADER  8
#define ABOVE_HEADER 12
/* In front of page 1. */
#define FILE_HEADER 100
/* A cell's number of a page. */
#define PAGE_NUMBER 4
/* Of a record, a leaf of a table takes up to so many octets; of a longer one so many at least, and the rest
 * goes into pages of its own (https://sqlite.org/fileformat2.html#b_tree_pages, X and M). */
#define MOST_IN_LEAF  (IMAGE_PAGE - 35)
#define LEAST_IN_LEAF ((IMAGE_PAGE - 12) * 32 / 255 - 23)
#define OVERFLOW_ROOM (IMAGE_PAGE - PAGE_NUMBER)

/* The header of a page. */
struct head {
    uint8_t *page;
    uint8_t *at;                   /* where it begins */
    unsigned size, cells, content; /* content: where the last cell begins */
};

static unsigned number_at(const uint8_t *octets)
{
    return (unsigned)octets[0] << 8 | octets[1];
}

static struct head head_of(struct image *image, uint32_t number)
{
    struct head head = {.page = image_at(image, number)};

    head.at = head.page + (number == 1 ? FILE_HEADER : 0);
    head.size = head.at[0] == INDEX_ABOVE || head.at[0] == TABLE_ABOVE ? ABOVE_HEADER : LEAF_HEADER;
    head.cells = number_at(head.at + 3);
    head.content = number_at(head.at + 5);
    if (head.content == 0) /* as 65536 is written */
        head.content = IMAGE_PAGE;
    return head;
}

static void begin_page(struct image *image, uint32_t number, uint8_t what)
{
    uint8_t *at = image_at(image, number) + (number == 1 ? FILE_HEADER : 0);

    memset(at, 0, ABOVE_HEADER);
    at[0] = what;
}

/* Room for a cell of so many octets; NULL: the page is full. */
static uint8_t *add_cell(struct head *head, size_t octets)
{
    size_t places = (size_t)(head->at - head->page) + head->size + 2 * ((size_t)head->cells + 1);

    if (octets > head->content || head->content - octets < places)
        return NULL;
    head->content -= (unsigned)octets;
    record_put_number(head->at + head->size + 2 * (size_t)head->cells, head->content, 2);
    record_put_number(head->at + 3, ++head->cells, 2);
    record_put_number(head->at + 5, head->content, 2);
    return head->page + head->content;
}

/* Takes the last cell, of so many octets, away again. */
static void drop_cell(struct head *head, size_t octets)
{
    head->content += (unsigned)octets;
    record_put_number(head->at + 3, --head->cells, 2);
    record_put_number(head->at + 5, head->content, 2);
}

void tree_begin(struct tree *tree, struct image *image, uint32_t root, enum tree_kind kind)
{
    *tree = (struct tree){.image = image, .kind = kind, .root = root, .leaf = root};
    begin_page(image, root, kind == TREE_TABLE ? TABLE_LEAF : INDEX_LEAF);
}

/* The leaf is full: it becomes one of several below the root, and another one is begun. `cell` tells the root
 * where the full one ends. */
static bool next_leaf(struct tree *tree, const uint8_t *cell, size_t octets)
{
    uint32_t full = tree->leaf, made;
    struct head root;
    uint8_t *above;

    if (full == tree->root) {
        if (tree->root == 1)
            return false;
        full = image_add(tree->image);
        if (full == 0)
            return false;
        image_swap(tree->image, full, tree->root);
        begin_page(tree->image, tree->root, tree->kind == TREE_TABLE ? TABLE_ABOVE : INDEX_ABOVE);
    }
    made = image_add(tree->image);
    if (made == 0)
        return false;
    begin_page(tree->image, made, tree->kind == TREE_TABLE ? TABLE_LEAF : INDEX_LEAF);
    root = head_of(tree->image, tree->root);
    above = add_cell(&root, PAGE_NUMBER + octets);
    if (above == NULL)
        return false;
    record_put_number(above, full, PAGE_NUMBER);
    memcpy(above + PAGE_NUMBER, cell, octets);
    record_put_number(root.at + LEAF_HEADER, made, PAGE_NUMBER); /* what comes behind all others */
    tree->leaf = made;
    return true;
}

/* --- tables --- */

/* Room in the leaf, or in the next one. NULL: out of pages. */
static uint8_t *add_to_table(struct tree *tree, size_t octets)
{
    struct head leaf = head_of(tree->image, tree->leaf);
    uint8_t *cell = add_cell(&leaf, octets);
    uint8_t last[RECORD_VARINT];

    if (cell != NULL || leaf.cells == 0)
        return cell;
    if (!next_leaf(tree, last, record_put_varint(last, (uint64_t)tree->last)))
        return NULL;
    leaf = head_of(tree->image, tree->leaf);
    return add_cell(&leaf, octets);
}

/* Writes octets into pages of their own, each with the number of the next. Returns the first one; 0: out of
 * pages. */
static uint32_t add_overflow(struct image *image, const uint8_t *octets, size_t length)
{
    uint32_t first = 0, before = 0;

    while (length > 0) {
        size_t part = length < OVERFLOW_ROOM ? length : OVERFLOW_ROOM;
        uint32_t number = image_add(image);
        uint8_t *page;

        if (number == 0)
            return 0;
        page = image_at(image, number);
        record_put_number(page, 0, PAGE_NUMBER);
        memcpy(page + PAGE_NUMBER, octets, part);
        if (before == 0)
            first = number;
        else
            record_put_number(image_at(image, before), number, PAGE_NUMBER);
        before = number;
        octets += part;
        length -= part;
    }
    return first;
}

/* A row that is too long for a page. */
static bool add_long_row(struct tree *tree, int64_t row, const struct row_buffer_value *values,
                         unsigned columns, const struct record_shape *shape)
{
    size_t here = LEAST_IN_LEAF + (shape->octets - LEAST_IN_LEAF) % OVERFLOW_ROOM;
    size_t numbers = record_varint_size(shape->octets) + record_varint_size((uint64_t)row);
    uint8_t *record = malloc(shape->octets), *cell;
    uint32_t overflow = 0;

    if (record == NULL)
        return false;
    if (here > MOST_IN_LEAF)
        here = LEAST_IN_LEAF;
    record_write(record, values, columns, shape);
    cell = add_to_table(tree, numbers + here + PAGE_NUMBER);
    if (cell != NULL)
        overflow = add_overflow(tree->image, record + here, shape->octets - here);
    if (overflow != 0) {
        cell += record_put_varint(cell, shape->octets);
        cell += record_put_varint(cell, (uint64_t)row);
        memcpy(cell, record, here);
        record_put_number(cell + here, overflow, PAGE_NUMBER);
    }
    free(record);
    return overflow != 0;
}

bool tree_add_row(struct tree *tree, int64_t row, bool keyed, const struct row_buffer_value *values,
                  unsigned columns)
{
    struct record_shape shape;
    uint8_t *cell;

    record_measure(values, columns, keyed, &shape);
    if (shape.octets > MOST_IN_LEAF) {
        if (!add_long_row(tree, row, values, columns, &shape))
            return false;
        tree->last = row;
        return true;
    }
    cell = add_to_table(tree,
                        record_varint_size(shape.octets) + record_varint_size((uint64_t)row) + shape.octets);
    if (cell == NULL)
        return false;
    cell += record_put_varint(cell, shape.octets);
    cell += record_put_varint(cell, (uint64_t)row);
    record_write(cell, values, columns, &shape);
    tree->last = row;
    return true;
}

/* --- indexes --- */

bool tree_add_entry(struct tree *tree, int64_t key, int64_t row)
{
    const struct row_buffer_value values[] = {pending_number(key), pending_number(row)};
    struct head leaf = head_of(tree->image, tree->leaf);
    struct record_shape shape;
    uint8_t *cell;
    size_t octets;

    record_measure(values, 2, false, &shape);
    octets = record_varint_size(shape.octets) + shape.octets;
    cell = add_cell(&leaf, octets);
    if (cell == NULL && leaf.cells > 1) {
        /* the last entry moves up, between the leaf and the next one */
        const uint8_t *moved = leaf.page + leaf.content;
        size_t moved_octets = (size_t)moved[0] + 1;

        drop_cell(&leaf, moved_octets);
        if (!next_leaf(tree, moved, moved_octets))
            return false;
        leaf = head_of(tree->image, tree->leaf);
        cell = add_cell(&leaf, octets);
    }
    if (cell == NULL)
        return false;
    cell += record_put_varint(cell, shape.octets);
    record_write(cell, values, 2, &shape);
    return true;
}

/* --- page 1 --- */

void tree_begin_schema(struct tree *tree, struct image *image)
{
    uint8_t *page = image_at(image, 1);

    memset(page, 0, FILE_HEADER);
    memcpy(page, "SQLite format 3", 16);
    record_put_number(page + 16, 1, 2); /* octets of a page: as 65536 is written */
    page[18] = page[19] = 1;            /* a journal, no log */
    page[21] = 64;                      /* parts of a page that a cell takes: always these */
    page[22] = page[23] = 32;
    record_put_number(page + 24, 1, 4); /* changes of the file */
    record_put_number(page + 28, IMAGE_PAGES, 4);
    record_put_number(page + 40, 1, 4); /* changes of the schema */
    record_put_number(page + 44, 4, 4); /* format of the schema */
    record_put_number(page + 56, 1, 4); /* UTF-8 */
    record_put_number(page + 92, 1, 4); /* the change that the number of pages was written with */
    record_put_number(page + 96, SQLITE_VERSION_NUMBER, 4);
    tree_begin(tree, image, 1, TREE_TABLE);
}
