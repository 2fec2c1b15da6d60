/* What the octets of a text are: ASCII, UTF-8 or neither. */
#ifndef IMAPTAP_DISSECTOR_CHARSET_H
#define IMAPTAP_DISSECTOR_CHARSET_H

#include "dissector/login.h"

/* Of UTF-8 as in RFC 3629: no surrogates, nothing written longer than needed. */
enum imap_charset charset_of(struct imap_text text);

#endif
