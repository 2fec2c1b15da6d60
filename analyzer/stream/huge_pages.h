/*
 * Memory in large pages, where the system has them. A table that is looked up at random places waits for the
 * processor to find its pages, more than for their content.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_HUGE_PAGES_H
#define IMAPTAP_ANALYZER_STREAM_HUGE_PAGES_H

#include <stddef.h>

/* Octets of a large page. */
#define HUGE_PAGES_SIZE ((size_t)2 << 20)

/* `count` large pages of memory, not cleared; free() frees them. NULL: out of memory. */
void *huge_pages_new(size_t count);

#endif
