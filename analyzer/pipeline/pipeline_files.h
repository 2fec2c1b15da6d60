/*
 * The analyzer process's work on files and pipes.
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_PIPELINE_FILES_H
#define IMAPTAP_ANALYZER_PIPELINE_PIPELINE_FILES_H

#include "analyzer/ipc/event_ring.h"
#include "analyzer/ipc/file_feed.h"
#include "analyzer/pipeline/pipeline.h"

struct pipeline_input {
    int fd;
    uint32_t capture; /* the recorder's number of it */
};

/* Prepares the reading of all inputs as one stream of traffic; their descriptors stay the caller's. Takes all
 * that must be opened or looked up, so that afterwards the process can give up its rights. NULL: out of
 * memory. */
struct pipeline *pipeline_new_files(const struct pipeline_options *options,
                                    const struct pipeline_input *inputs, size_t count,
                                    struct event_ring *ring);

/* The same for the captures that come through `feed`, of which pipeline_new_fed becomes the receiver. */
struct pipeline *pipeline_new_fed(const struct pipeline_options *options, struct file_feed *feed,
                                  struct event_ring *ring);

/* Reads everything and sends what is in it; of captures that are fed, whenever there is nothing to read.
 * Returns 0 when it was read and sent (an event reports a broken capture), or -1 when the recorder is gone.
 */
int pipeline_read_files(struct pipeline *pipeline);

#endif
