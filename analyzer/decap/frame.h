/*
 * One captured frame: the contract between the places where frames come from (capture/) and the decapsulation
 * (decap/).
 */
#ifndef IMAPTAP_ANALYZER_DECAP_FRAME_H
#define IMAPTAP_ANALYZER_DECAP_FRAME_H

#include <stdint.h>

struct frame {
    const uint8_t *octets; /* valid until the next frame of the same capture is asked for */
    uint32_t captured;     /* octets there are */
    uint32_t length;       /* octets there were on the wire; at least `captured` */
    int64_t time_ns;       /* nanoseconds since 1970 UTC, as the capture says: may jump, also backwards */
    int link_type;         /* DLT_..., of libpcap */
    uint64_t number;       /* from 1 within its capture, as Wireshark numbers it */
    uint32_t capture;      /* which capture: the index that the caller gave it */
};

#endif
