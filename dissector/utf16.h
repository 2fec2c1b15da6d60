/* UTF-16LE, which Microsoft's protocols hide in base64, as UTF-8. */
#ifndef IMAPTAP_DISSECTOR_UTF16_H
#define IMAPTAP_DISSECTOR_UTF16_H

#include "dissector/bounded_text.h"

/* Appends the text as UTF-8, half a pair of surrogates as U+FFFD; an odd octet at the end is left out.
 * `limit` as for bounded_text_append. */
void utf16_append(struct bounded_text *to, struct budget *budget, struct imap_text text, size_t limit);

#endif
