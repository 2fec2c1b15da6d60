/* Remembers which greeting names which product, which capabilities a list holds, and what pairs a reply has.
 */
#include "dissector/server/reply_cache.h"

#include <string.h>

/* Who picks texts that share a place gains nothing but the work that there would be without it. */
static size_t place_of(struct imap_text text, size_t places)
{
    uint64_t sum = text.length;
    for (size_t i = 0; i + sizeof sum <= text.length; i += sizeof sum) {
        uint64_t word;
        memcpy(&word, text.octets + i, sizeof word);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return (sum >> 32) % places;
}

static bool same(struct imap_text a, struct imap_text b)
{
    return a.length == b.length && a.length > 0 && memcmp(a.octets, b.octets, a.length) == 0;
}

void reply_cache_product(struct reply_cache *known, struct imap_text greeting, struct bounded_text *product,
                         struct budget *budget)
{
    struct reply_cache_greeting *place = &known->greetings[place_of(greeting, REPLY_CACHE_GREETINGS)];
    if (greeting.length == 0 || greeting.length > sizeof place->greeting) {
        product_find(greeting, product, budget);
        return;
    }
    if (same((struct imap_text){place->greeting, place->length}, greeting)) {
        bounded_text_append(product, budget, place->product, place->product_length, PRODUCT_OCTETS);
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

unsigned reply_cache_capabilities(struct reply_cache *known, struct imap_text list,
                                  struct capabilities *capabilities, struct budget *budget)
{
    struct reply_cache_list *place = &known->lists[place_of(list, REPLY_CACHE_LISTS)];
    if (list.length == 0 || list.length > sizeof place->list)
        return capabilities_set(capabilities, budget, list, false);
    if (same((struct imap_text){place->list, place->length}, list)) {
        capabilities_set_known(capabilities, budget, list, place->flags);
        return place->flags;
    }
    unsigned flags = capabilities_set(capabilities, budget, list, false);
    if (capabilities->text.count == list.length) { /* it was kept, and as it came */
        place->flags = flags;
        place->length = (uint16_t)list.length;
        memcpy(place->list, list.octets, list.length);
    }
    return flags;
}

const struct pairs *reply_cache_reply(const struct reply_cache *known, struct imap_text reply)
{
    const struct pairs *pairs = &known->replies[place_of(reply, REPLY_CACHE_REPLIES)].pairs;
    return same(pairs->text, reply) ? pairs : NULL;
}

void reply_cache_reply_keep(struct reply_cache *known, const struct pairs *pairs)
{
    struct imap_text text = pairs->text;
    struct reply_cache_reply *place = &known->replies[place_of(text, REPLY_CACHE_REPLIES)];
    if (text.length == 0 || text.length > sizeof place->text)
        return;
    memcpy(place->text, text.octets, text.length);
    place->pairs = *pairs;
    place->pairs.text.octets = place->text;
}
