/* What sessions share: its beginning and end. */
#include "dissector/shared_state.h"

#include <stdlib.h>
#include <string.h>

struct imap_shared *imap_shared_new(void)
{
    return calloc(1, sizeof(struct imap_shared));
}

void imap_shared_free(struct imap_shared *shared)
{
    if (!shared)
        return;
    pool_empty(&shared->pool);
    explicit_bzero(shared, sizeof *shared); /* what servers said, as long as nobody knew it for a secret */
    free(shared);
}
