/*
 * What the sessions of one thread may share. It changes how fast they are, never what they report. A session
 * that ends leaves nothing of a secret behind in it; what a server said stays there for a while when it
 * repeated nothing that was known for one.
 */
#ifndef IMAPTAP_DISSECTOR_SHARED_H
#define IMAPTAP_DISSECTOR_SHARED_H

struct imap_shared;

/* Less than 1 MiB, whatever the sessions do. NULL: out of memory. */
struct imap_shared *imap_shared_new(void);

/* NULL is allowed. No session may be left that uses it. */
void imap_shared_free(struct imap_shared *shared);

#endif
