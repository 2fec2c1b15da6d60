/*
 * Captures in libpcap's own format, read by libpcap on top of a source.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_CLASSIC_H
#define IMAPTAP_ANALYZER_CAPTURE_CLASSIC_H

#include "analyzer/capture/capture_error.h"
#include "analyzer/capture/capture_file.h"
#include "analyzer/capture/source.h"

struct classic;

/* Reads the file's header. The source and the error stay the caller's. NULL: *error says why. */
struct classic *classic_open(struct source *source, struct capture_error *error);

/* The next frame; its `capture` is the caller's to fill. */
enum capture_status classic_next(struct classic *classic, struct frame *frame);

/* Reads the next frame, if it is in memory whole: the octets of those before it stay where they are. False:
 * it is not, or there is none. */
bool classic_next_near(struct classic *classic, struct frame *frame);

/* The link type's name, e.g. "EN10MB". Valid as long as `classic`. */
const char *classic_link_types(const struct classic *classic);

void classic_free(struct classic *classic);

#endif
