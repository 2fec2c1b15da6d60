/* Remembers which greeting names which product. */
#include "dissector/server/known.h"

#include <string.h>

/* Who picks greetings that share a place gains nothing but the work that there would be without it. */
static struct known_greeting *place_of(struct known_products *known, struct imap_text greeting)
{
    uint64_t sum = greeting.length;
    for (size_t i = 0; i + sizeof sum <= greeting.length; i += sizeof sum) {
        uint64_t word;
        memcpy(&word, greeting.octets + i, sizeof word);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return &known->places[(sum >> 32) % KNOWN_GREETINGS];
}

void known_product(struct known_products *known, struct imap_text greeting, struct kept *product,
                   struct budget *budget)
{
    struct known_greeting *place = place_of(known, greeting);
    if (greeting.length == 0 || greeting.length > sizeof place->greeting) {
        product_find(greeting, product, budget);
        return;
    }
    if (place->length == greeting.length && memcmp(place->greeting, greeting.octets, greeting.length) == 0) {
        kept_append(product, budget, place->product, place->product_length, PRODUCT_OCTETS);
        return;
    }
    product_find(greeting, product, budget);
    if (product->count != product->length)
        return; /* there was no memory for it */
    place->length = (uint8_t)greeting.length;
    memcpy(place->greeting, greeting.octets, greeting.length);
    place->product_length = (uint8_t)product->count;
    if (product->count)
        memcpy(place->product, product->octets, product->count);
}
