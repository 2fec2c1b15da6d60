/*
 * The products that the last greetings named: servers greet all their clients with the same words, and to
 * look for every known name in them is much work.
 */
#ifndef IMAPTAP_DISSECTOR_SERVER_KNOWN_H
#define IMAPTAP_DISSECTOR_SERVER_KNOWN_H

#include "dissector/server/product.h"

/* Longer greetings are looked at each time. */
#define KNOWN_GREETING_OCTETS 240
#define KNOWN_GREETINGS       32

struct known_greeting {
    uint8_t length; /* 0: none */
    uint8_t product_length;
    char greeting[KNOWN_GREETING_OCTETS];
    char product[PRODUCT_OCTETS];
};

/* All zero is the start. A greeting has one place, where it takes the last one's. */
struct known_products {
    struct known_greeting places[KNOWN_GREETINGS];
};

/* As product_find, which `product`, empty so far, is then remembered of. */
void known_product(struct known_products *known, struct imap_text greeting, struct kept *product,
                   struct budget *budget);

#endif
