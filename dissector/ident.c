/* Keeps the arguments of ID. */
#include "dissector/ident.h"

void ident_octets(struct bounded_text *ident, struct budget *budget, const void *octets, size_t length)
{
    bounded_text_append(ident, budget, octets, length, IDENT_OCTETS);
}

void ident_literal_begin(struct bounded_text *ident, struct budget *budget,
                         const struct literal_header *brace)
{
    /* When the announcement itself was too long to be kept, nothing more is. */
    if (ident->length == ident->count && ident->count >= brace->length)
        bounded_text_cut(ident, ident->count - brace->length);
    ident_octets(ident, budget, "\"", 1);
}

void ident_literal(struct bounded_text *ident, struct budget *budget, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '"' || octets[i] == '\\')
            ident_octets(ident, budget, "\\", 1);
        ident_octets(ident, budget, &octets[i], 1);
        if (ident->length > ident->count)
            return;
    }
}

void ident_literal_end(struct bounded_text *ident, struct budget *budget)
{
    ident_octets(ident, budget, "\"", 1);
}
