/*
 * Memory in large pages.
 */
#include "analyzer/stream/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

void *pages_new(size_t count)
{
    void *pages = aligned_alloc(PAGES_SIZE, count * PAGES_SIZE);

    if (pages != NULL)
        (void)madvise(pages, count * PAGES_SIZE, MADV_HUGEPAGE); /* where there are none, small ones do */
    return pages;
}
