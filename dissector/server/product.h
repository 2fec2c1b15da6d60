/* Which server software a greeting or the server's ID names. */
#ifndef IMAPTAP_DISSECTOR_SERVER_PRODUCT_H
#define IMAPTAP_DISSECTOR_SERVER_PRODUCT_H

#include "dissector/bounded_text.h"

#define PRODUCT_OCTETS 64
#define HOST_OCTETS    256

/* Appends the product and, where it stands right after the name, its version, e.g. "Cyrus IMAP 3.6.1";
 * nothing when the text names no known one. */
void product_find(struct imap_text greeting, struct bounded_text *product, struct budget *budget);

/* Appends the host name that Exchange Online's greeting holds in base64 of UTF-16LE; nothing when it is none.
 */
void product_host(struct imap_text greeting, struct bounded_text *host, struct budget *budget);

#endif
