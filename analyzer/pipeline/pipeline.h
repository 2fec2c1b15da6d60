/*
 * The analyzer process's work: frames in, events out.
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_PIPELINE_H
#define IMAPTAP_ANALYZER_PIPELINE_PIPELINE_H

#include "analyzer/ipc/event_ring.h"
#include "analyzer/ipc/file_feed.h"
#include "analyzer/pipeline/user_mask.h"
#include "analyzer/sandbox/rights.h"

struct live_set;

/* Connections that are followed at a time. */
#define PIPELINE_MAX_CONNECTIONS 250000

struct pipeline_options {
    const uint16_t *ports; /* of IMAP servers */
    size_t port_count;
    bool detect; /* also follow what speaks IMAP on other ports */
    bool password_shape;
    bool verify_checksums;
    const struct mark *marks; /* beginnings to be looked for in pipes */
    size_t mark_count;
    bool hash;                      /* take the SHA-256 of whole captures */
    const struct user_mask *mask;   /* NULL: user names are kept */
    const struct rights_user *user; /* whom the process becomes when it is root; NULL: it stays who it is */
};

struct pipeline_input {
    int fd;
    uint32_t capture; /* the recorder's number of it */
};

/* What reading interfaces needs beyond pipeline_options. */
struct pipeline_live {
    struct live_set *set;                  /* the analysis frees it */
    int leash;                             /* when its other end is closed, the reading stops */
    const struct event_ring_ends *skipped; /* connections that are left out; they must stay */
    size_t skipped_count;
};

struct pipeline;

/* Prepares the reading of all inputs as one stream of traffic; their descriptors stay the caller's. Takes all
 * that must be opened or looked up, so that afterwards the process can give up its rights. NULL: out of
 * memory. */
struct pipeline *pipeline_new(const struct pipeline_options *options, const struct pipeline_input *inputs,
                              size_t count, struct event_ring *ring);

/* The same for the captures that come through `feed`, of which pipeline_new_fed becomes the receiver. */
struct pipeline *pipeline_new_fed(const struct pipeline_options *options, struct file_feed *feed,
                                  struct event_ring *ring);

/* The same for interfaces that are open; capture numbers are those of the set. When they are read, each has
 * been reported as started. */
struct pipeline *pipeline_new_live(const struct pipeline_options *options, const struct pipeline_live *live,
                                   struct event_ring *ring);

/* Reads everything and sends what is in it; of captures that are fed, whenever there is nothing to read.
 * Returns 0 when it was read and sent (a broken capture is reported by
 * an event), or -1 when the recorder is gone. */
int pipeline_read(struct pipeline *pipeline);

void pipeline_free(struct pipeline *pipeline);

#endif
