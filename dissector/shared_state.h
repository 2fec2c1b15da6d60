/* What sessions share. Private to the dissector. */
#ifndef IMAPTAP_DISSECTOR_SHARED_STATE_H
#define IMAPTAP_DISSECTOR_SHARED_STATE_H

#include "dissector/pool.h"
#include "dissector/server/reply_cache.h"
#include "dissector/shared.h"

struct imap_shared {
    struct pool pool;
    struct reply_cache known;
};

#endif
