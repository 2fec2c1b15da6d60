/*
 * Memory in large pages.
 */
#include "analyzer/stream/huge_pages.h"

#include <stdlib.h>
#include <sys/mman.h>

void *huge_pages_new(size_t count)
{
    void *pages = aligned_alloc(HUGE_PAGES_SIZE, count * HUGE_PAGES_SIZE);

    if (pages != NULL)
        (void)madvise(pages, count * HUGE_PAGES_SIZE,
                      MADV_HUGEPAGE); /* where there are none, small ones do */
    return pages;
}
