/*
 * The octets of one descriptor, in order: counted, and fingerprinted on the way.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_SOURCE_H
#define IMAPTAP_ANALYZER_CAPTURE_SOURCE_H

#include "analyzer/capture/digest.h"
#include "analyzer/capture/fingerprint.h"
#include "analyzer/capture/mark.h"

#include <stdbool.h>
#include <sys/types.h>

/* Octets at the beginning that can be looked at before they are read. */
#define SOURCE_HEAD 4096

struct source;

/* Reads from the descriptor's present position on; a regular file's position is not moved. NULL: out of
 * memory. */
struct source *source_new(int fd);

/* Where octets come from that are no descriptor's own: returns as read(2) does, and may wait as long as it
 * likes. */
typedef ssize_t source_reader(void *user, void *octets, size_t room);

/* The same as source_new for such octets. */
struct source *source_new_fed(source_reader *reader, void *user);

/* Has a descriptor that is no regular file hashed in passing, as a regular file can be hashed by whoever has
 * it. Before anything is read; does nothing when out of memory. */
void source_hash(struct source *source);

/* Has a descriptor that is no regular file looked at for beginnings that are other captures: `marks`, at most
 * MARKS_MAX, by their octets in ascending order, which stay the caller's. Before anything is read. */
void source_mark(struct source *source, const struct mark *marks, size_t count);

/* The marks that were met so far, a bit each, the first one's the lowest. */
uint64_t source_marks_met(const struct source *source);

/* Points *octets at the first octets, without taking them: `wanted` of them (at most SOURCE_HEAD), fewer at
 * the end. Only before the first source_read. Returns how many there are, or -1 with errno set. */
ssize_t source_head(struct source *source, size_t wanted, const uint8_t **octets);

/* Reads at most `room` octets. Returns 0 at the end, or -1 with errno set. */
ssize_t source_read(struct source *source, void *octets, size_t room);

/* Octets taken so far. */
uint64_t source_position(const struct source *source);

/* Reads to the end, and writes the fingerprint of all octets; "" when the file cannot be read again. `ended`:
 * the end was met, what a regular file holds after it by now is none of it. */
void source_fingerprint(struct source *source, bool ended, char text[CAPTURE_FINGERPRINT_SIZE]);

/* Behind source_fingerprint: writes the SHA-256 of all octets of a source that is hashed; "" when it is not,
 * or when the end was not met. May be called once. */
void source_sha256(struct source *source, char text[DIGEST_TEXT]);

void source_free(struct source *source);

#endif
