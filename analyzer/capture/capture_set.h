/*
 * Several captures as one stream of traffic: frames come in the order of their times, merged across all
 * captures whose times overlap, while each capture's own order is kept (its times may jump). Only as many
 * captures are open at a time as overlap.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_CAPTURE_SET_H
#define IMAPTAP_ANALYZER_CAPTURE_CAPTURE_SET_H

#include "analyzer/capture/capture_file.h"

struct capture_set;

/* What happens to the captures on the way; called from capture_set_next only. */
struct capture_set_handler {
    /* The capture's first frame is about to be delivered, or it was found to hold none (then `ended` follows
     * at once). */
    void (*started)(void *user, uint32_t index);
    /* The capture is over; `file` still answers capture_file_error, _position, _link_types, _fingerprint and
     * _sha256. */
    void (*ended)(void *user, uint32_t index, enum capture_status status, struct capture_file *file);
};

/* Takes `count` descriptors, which stay the caller's; the capture of fds[i] carries the index indexes[i].
 * NULL: out of memory. With a single capture nothing is read ahead. A pipe may be among them. */
struct capture_set *capture_set_new(const int *fds, const uint32_t *indexes, size_t count,
                                    const struct capture_set_handler *handler, void *user);

/* Has the pipes among them hashed in passing (capture_file_sha256). Before the first frame is asked for. */
void capture_set_hash(struct capture_set *set);

/* Has the pipes among them looked at for beginnings that are other captures (capture_file_mark). Before the
 * first frame is asked for. */
void capture_set_mark(struct capture_set *set, const struct mark *marks, size_t count);

/* The next frame of all, valid until the next call; CAPTURE_END when all are over. The end of a broken
 * capture is reported through `ended` and does not stop the others. CAPTURE_BROKEN: out of memory, the
 * captures not reported as ended are lost. */
enum capture_status capture_set_next(struct capture_set *set, struct frame *frame);

/* Reads the next frame, if it is at hand: then those before it stay valid, until the next call of
 * capture_set_next, and no handler is called. It is of the same capture as they. False: it is not, or there
 * is none. */
bool capture_set_next_near(struct capture_set *set, struct frame *frame);

/* Octets consumed of all captures together. */
uint64_t capture_set_position(struct capture_set *set);

void capture_set_free(struct capture_set *set);

#endif
