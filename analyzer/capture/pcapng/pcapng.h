/*
 * pcapng captures: several sections, several interfaces with link types and clocks of their own, and damage
 * after which reading goes on. (libpcap refuses all of these.)
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_PCAPNG_PCAPNG_H
#define IMAPTAP_ANALYZER_CAPTURE_PCAPNG_PCAPNG_H

#include "analyzer/capture/capture_error.h"
#include "analyzer/capture/capture_file.h"

struct pcapng;

/* The source and the error stay the caller's. NULL: *error says why. */
struct pcapng *pcapng_open(struct source *source, struct capture_error *error);

/* The next frame; its `capture` is the caller's to fill. A simple packet, which carries no time, has that of
 * the frame before. */
enum capture_status pcapng_next(struct pcapng *pcapng, struct frame *frame);

/* The link types of the packets met so far, each once. Valid until the next call of pcapng_next. */
const char *pcapng_link_types(const struct pcapng *pcapng);

void pcapng_free(struct pcapng *pcapng);

#endif
