/*
 * A database that stands in memory as pages which imaptap writes itself, and SQLite reads: a file system
 * (https://sqlite.org/vfs.html) with this one file in it.
 */
#ifndef IMAPTAP_DB_STAGED_IMAGE_H
#define IMAPTAP_DB_STAGED_IMAGE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of a page: the most that SQLite has, so that nearly every row fits into one. */
#define IMAGE_PAGE 65536u
/* Of the database, whether they are there or not: SQLite sees a file of always the same size. */
#define IMAGE_PAGES 4096u

struct image;

/* No pages. NULL: out of memory. */
struct image *image_new(void);

/* Adds a page, whose octets are anything. Returns its number, which begins with 1; 0: out of memory, or there
 * are IMAGE_PAGES. */
uint32_t image_add(struct image *image);

/* The octets of a page, which stay where they are until image_swap. */
uint8_t *image_at(struct image *image, uint32_t number);

/* Lets two pages change their numbers. */
void image_swap(struct image *image, uint32_t a, uint32_t b);

/* How many there are. */
uint32_t image_count(const struct image *image);

/* Forgets those behind the first `count`; the memory of some is kept for the next. */
void image_cut(struct image *image, uint32_t count);

/* Attaches them to a connection as the schema "staged", to be read only. SQLite reads each page where it
 * stands, again for each statement, so pages may change between two statements, also within one transaction;
 * PRAGMA settings made here see to that. Page 1 must be there, and stay as it is. Returns a code of SQLite's.
 * The pages must stay until the connection is closed. */
int image_attach(struct image *image, sqlite3 *db);

/* After the connection is closed. */
void image_free(struct image *image);

#endif
