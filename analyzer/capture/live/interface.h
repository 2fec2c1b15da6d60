/*
 * One network interface as a sequence of frames, as the kernel hands them out: through libpcap, which on
 * Linux shares a ring of blocks with the kernel (TPACKET_V3). A block is handed out when it is full, or after
 * LIVE_BLOCK_MS.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_LIVE_INTERFACE_H
#define IMAPTAP_ANALYZER_CAPTURE_LIVE_INTERFACE_H

#include "analyzer/capture/live/filter.h"
#include "analyzer/decap/frame.h"

#define LIVE_BLOCK_MS 100

#define LIVE_SNAPLEN_MAX 262144

struct live_options {
    struct live_filter filter;
    uint32_t buffer_octets; /* of the ring that is shared with the kernel */
    uint32_t snaplen;       /* octets of a frame that are kept */
    bool promiscuous;
};

enum live_status {
    LIVE_FRAME,
    LIVE_QUIET, /* there is none for now */
    LIVE_GONE   /* there will be none: live_interface_error says why */
};

struct live_counts {
    uint64_t received; /* by the kernel for us, those dropped counted */
    uint64_t dropped;  /* for want of room in the ring */
};

struct live_interface;

/* Opens the interface `name` ("any": all of them); its frames will carry `index` as their capture. `group`:
 * 0, or the number of a PACKET_FANOUT group that shares the interface's frames: both directions of a
 * connection, and fragments of IPv4, go to the same member. NULL: `why` says why. */
struct live_interface *live_interface_open(const char *name, uint32_t index, uint16_t group,
                                           const struct live_options *options, char *why, size_t why_size);

/* To wait for reading. */
int live_interface_fd(const struct live_interface *interface);

/* The next frame, valid until the next call; never waits. */
enum live_status live_interface_next(struct live_interface *interface, struct frame *frame);

/* A sentence; valid as long as the interface. */
const char *live_interface_error(const struct live_interface *interface);

/* Asks the kernel. */
struct live_counts live_interface_counts(struct live_interface *interface);

/* DLT_... */
int live_interface_link_type(const struct live_interface *interface);

void live_interface_close(struct live_interface *interface);

#endif
