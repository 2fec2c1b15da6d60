/*
 * What was found in the texts that servers said last: they greet all their clients with the same words, tell
 * them the same capabilities and answer their logins alike, and to look at every octet is much work.
 */
#ifndef IMAPTAP_DISSECTOR_SERVER_KNOWN_H
#define IMAPTAP_DISSECTOR_SERVER_KNOWN_H

#include "dissector/pairs.h"
#include "dissector/server/capability.h"
#include "dissector/server/product.h"

/* Longer texts are looked at each time. */
#define KNOWN_GREETING_OCTETS 240
#define KNOWN_LIST_OCTETS     504
#define KNOWN_REPLY_OCTETS    120
#define KNOWN_GREETINGS       32
#define KNOWN_LISTS           32
#define KNOWN_REPLIES         32

struct known_greeting {
    uint8_t length; /* 0: none */
    uint8_t product_length;
    char greeting[KNOWN_GREETING_OCTETS];
    char product[PRODUCT_OCTETS];
};

struct known_list {
    unsigned flags;
    uint16_t length; /* 0: none */
    char list[KNOWN_LIST_OCTETS];
};

struct known_reply {
    struct pairs pairs; /* of `text`; none: an empty one */
    char text[KNOWN_REPLY_OCTETS];
};

/* All zero is the start. A text has one place, where it takes the last one's. */
struct known {
    struct known_greeting greetings[KNOWN_GREETINGS];
    struct known_list lists[KNOWN_LISTS];
    struct known_reply replies[KNOWN_REPLIES];
};

/* As product_find, whose answer for this greeting is then remembered; `product` is empty so far. */
void known_product(struct known *known, struct imap_text greeting, struct kept *product,
                   struct budget *budget);

/* The pairs of this reply; NULL: they are not remembered. */
const struct pairs *known_reply(const struct known *known, struct imap_text reply);
/* Remembers a reply that may be told. */
void known_reply_keep(struct known *known, const struct pairs *pairs);

/* As capabilities_set for a list that is there in full. */
unsigned known_capabilities(struct known *known, struct imap_text list, struct capabilities *capabilities,
                            struct budget *budget);

#endif
