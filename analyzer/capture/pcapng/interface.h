/*
 * An interface that a section of a pcapng file describes: its link type, and how its time stamps count.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_PCAPNG_INTERFACE_H
#define IMAPTAP_ANALYZER_CAPTURE_PCAPNG_INTERFACE_H

#include "analyzer/capture/pcapng/block.h"

struct interface {
    int link_type;            /* DLT_...; -1: not known */
    uint32_t snapshot_length; /* 0: unlimited */
    uint64_t units;           /* of the time stamp in a second; 0: more than 64 bits hold */
    uint64_t factor;          /* nanoseconds in a unit, when that is a whole number; else 0 */
    int64_t offset;           /* seconds to add */
    bool used;                /* a packet of it was met */
};

/* Reads the block that describes an interface. Returns false when it contradicts itself: the interface is
 * what could be read of it then, with a link type of -1 when that is nothing. */
bool interface_read(const struct blocks *blocks, const struct block *block, struct interface *interface);

/* Nanoseconds since 1970 UTC; what an int64_t cannot hold, or lies before, is put at the limit. */
int64_t interface_time(const struct interface *interface, uint32_t high, uint32_t low);

#endif
