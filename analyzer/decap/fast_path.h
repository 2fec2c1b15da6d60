/*
 * The short way of decapsulation, for what most frames are: Ethernet, IPv4 without options, TCP. Used by
 * decap.c only.
 */
#ifndef IMAPTAP_ANALYZER_DECAP_FAST_PATH_H
#define IMAPTAP_ANALYZER_DECAP_FAST_PATH_H

#include "analyzer/decap/frame.h"
#include "analyzer/decap/segment.h"

/* Takes the frame apart as its layers would, checksums left out, and fills all of `segment` but when and
 * where it was captured. False: it is another frame, or there is something odd about it; the layers are to
 * take it, and `segment` means nothing. */
bool fast_path_take(const struct frame *frame, struct segment *segment);

#endif
