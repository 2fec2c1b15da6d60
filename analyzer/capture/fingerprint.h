/*
 * Knows a capture by its content: a digest of its size, its first and its last 64 KiB. It is quick for any
 * size of file, and it is no SHA-256 of the file and never called one.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_FINGERPRINT_H
#define IMAPTAP_ANALYZER_CAPTURE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* Octets of the text form, the terminator counted. */
#define CAPTURE_FINGERPRINT_SIZE 48

struct fingerprint;

/* Takes a digest in passing, for pipes: feed all octets in order, in any chunking. NULL: out of memory. */
struct fingerprint *fingerprint_new(void);
void fingerprint_feed(struct fingerprint *print, const void *octets, size_t length);
/* Writes the text form of all that was fed so far. */
void fingerprint_text(struct fingerprint *print, char text[CAPTURE_FINGERPRINT_SIZE]);
void fingerprint_free(struct fingerprint *print);

/* The same digest of a regular file, by pread: the descriptor's position stays. Returns 0, or -1 with errno
 * set. */
int fingerprint_of_file(int fd, char text[CAPTURE_FINGERPRINT_SIZE]);

/* The same of the first `size` octets only, as if the file ended there. */
int fingerprint_of_range(int fd, uint64_t size, char text[CAPTURE_FINGERPRINT_SIZE]);

#endif
