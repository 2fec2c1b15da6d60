/*
 * SHA-256 of a whole file, in passing or piece by piece. What is only a part of a file is no file's SHA-256:
 * who feeds it says when all of it has been fed.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_DIGEST_H
#define IMAPTAP_ANALYZER_CAPTURE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of the text form, the terminator counted: 64 digits, in lower case. */
#define DIGEST_TEXT 65

struct digest;

/* NULL: out of memory. */
struct digest *digest_new(void);

/* Feeds the next octets, in any chunking. */
void digest_feed(struct digest *digest, const void *octets, size_t length);

/* Writes the digest of all that was fed, and begins again. */
void digest_finish(struct digest *digest, char text[DIGEST_TEXT]);

/* Forgets what was fed. */
void digest_restart(struct digest *digest);

void digest_free(struct digest *digest);

/* The digest of a regular file from its first octet to its end, by pread; *octets is how many there were.
 * Returns 0, or -1 with errno set. */
int digest_of_file(int fd, uint64_t *octets, char text[DIGEST_TEXT]);

/* True for a text of the form that digest_finish writes. */
bool digest_is_text(const char *text);

#endif
