/*
 * What was found in the texts that servers said last: they greet all their clients with the same words, send
 * them the same capabilities and answer their logins alike, and to look at every octet is much work.
 */
#ifndef IMAPTAP_DISSECTOR_SERVER_REPLY_CACHE_H
#define IMAPTAP_DISSECTOR_SERVER_REPLY_CACHE_H

#include "dissector/pairs.h"
#include "dissector/server/capability.h"
#include "dissector/server/product.h"

/* Longer texts are looked at each time. */
#define REPLY_CACHE_GREETING_OCTETS 240
#define REPLY_CACHE_LIST_OCTETS     504
#define REPLY_CACHE_REPLY_OCTETS    120
#define REPLY_CACHE_GREETINGS       32
#define REPLY_CACHE_LISTS           32
#define REPLY_CACHE_REPLIES         32

struct reply_cache_greeting {
    uint8_t length; /* 0: none */
    uint8_t product_length;
    char greeting[REPLY_CACHE_GREETING_OCTETS];
    char product[PRODUCT_OCTETS];
};

struct reply_cache_list {
    unsigned flags;
    uint16_t length; /* 0: none */
    char list[REPLY_CACHE_LIST_OCTETS];
};

struct reply_cache_reply {
    struct pairs pairs; /* of `text`; none: an empty one */
    char text[REPLY_CACHE_REPLY_OCTETS];
};

/* All zero is the start. A text has one place, where it takes the last one's. */
struct reply_cache {
    struct reply_cache_greeting greetings[REPLY_CACHE_GREETINGS];
    struct reply_cache_list lists[REPLY_CACHE_LISTS];
    struct reply_cache_reply replies[REPLY_CACHE_REPLIES];
};

/* As product_find, whose answer for this greeting is then remembered; `product` is empty so far. */
void reply_cache_product(struct reply_cache *known, struct imap_text greeting, struct bounded_text *product,
                         struct budget *budget);

/* The pairs of this reply; NULL: they are not remembered. */
const struct pairs *reply_cache_reply(const struct reply_cache *known, struct imap_text reply);
/* Remembers a reply that may be reported. */
void reply_cache_reply_keep(struct reply_cache *known, const struct pairs *pairs);

/* As capabilities_set for a list that is there in full. */
unsigned reply_cache_capabilities(struct reply_cache *known, struct imap_text list,
                                  struct capabilities *capabilities, struct budget *budget);

#endif
