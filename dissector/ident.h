/*
 * The arguments of ID (RFC 2971), kept as they were sent, but for literals, which become quoted strings so
 * that the whole stays one line.
 */
#ifndef IMAPTAP_DISSECTOR_IDENT_H
#define IMAPTAP_DISSECTOR_IDENT_H

#include "dissector/bounded_text.h"
#include "dissector/client/literal_header.h"

#define IDENT_OCTETS 2048

void ident_octets(struct bounded_text *ident, struct budget *budget, const void *octets, size_t length);
/* What was kept so far ends with the announcement `brace`: a literal begins. */
void ident_literal_begin(struct bounded_text *ident, struct budget *budget,
                         const struct literal_header *brace);
void ident_literal(struct bounded_text *ident, struct budget *budget, const uint8_t *octets, size_t length);
void ident_literal_end(struct bounded_text *ident, struct budget *budget);

#endif
