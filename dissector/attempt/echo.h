/*
 * Finds a credential in what the server says: servers repeat the offending argument in their complaints, and
 * a password must not be kept in that disguise either.
 */
#ifndef IMAPTAP_DISSECTOR_ATTEMPT_ECHO_H
#define IMAPTAP_DISSECTOR_ATTEMPT_ECHO_H

#include "dissector/pairs.h"

/* What a text that repeats a credential is replaced with. */
#define ECHO_WITHHELD "[withheld: repeats a credential]"

/* True when `text` holds `credential`: as it is, as it stands in a quoted string, in base64 at any alignment,
 * or any six octets in a row of it. `cut`: the text went on, so that one begun at its
 * end counts. */
bool echo_repeats(const struct pairs *text, struct imap_text credential, bool cut);
/* As echo_repeats for any of the words in `words`; a short one is in too many texts to count. */
bool echo_repeats_word(const struct pairs *text, struct imap_text words, bool cut);
/* True when `text` is what stands for a withheld one. */
bool echo_is_withheld(struct imap_text text);

#endif
