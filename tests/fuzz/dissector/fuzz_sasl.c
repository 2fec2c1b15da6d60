/*
 * Feeds each SASL mechanism hostile messages, decoded from base64 as a session does it.
 *
 * The input: an octet for the mechanism, then messages, each begun by an octet for its circumstances and
 * ended by a line feed.
 */
#include "dissector/sasl/base64.h"
#include "dissector/sasl/sasl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Half of the messages are decoded, so that the fuzzer need not learn base64. */
static void decode(struct bounded_text *message, struct budget *budget, const uint8_t *octets, size_t length,
                   bool encoded)
{
    struct base64 base64 = {0};
    for (size_t i = 0; i < length; i++) {
        uint8_t octet = octets[i];
        if (!encoded || base64_octet(&base64, octets[i], &octet))
            bounded_text_append(message, budget, &octet, 1, SASL_MESSAGE_OCTETS);
    }
    if (encoded && !base64_is_whole(&base64))
        bounded_text_clear(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct budget budget = {.limit = 65536};
    struct credentials who = {0};
    uint8_t number = 0;
    if (size == 0)
        return 0;
    enum sasl_mechanism mechanism = data[0] % SASL_MECHANISMS;
    for (size_t at = 1; at < size && number < 8; number++) {
        uint8_t how = data[at++];
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (data + at)) : size - at;
        struct bounded_text decoded = {0};
        decode(&decoded, &budget, data + at, length, how & 1);
        /* A copy of its own, so that the sanitizer sees a read beyond it. */
        char *copy = malloc(decoded.count + 1);
        check(copy != NULL);
        memcpy(copy + 1, bounded_text_view(&decoded).octets, decoded.count);
        const struct sasl_message message = {
            .octets = {copy + 1, decoded.count},
            .whole = decoded.length == decoded.count,
            .initial = number == 0 && how & 2,
            .number = number,
            .prompt = (enum sasl_prompt)(how >> 2 & 3) % 3,
        };
        sasl_read(mechanism, &message, &budget, &who);
        free(copy);
        bounded_text_free(&decoded, &budget);
        at += length + 1;
    }
    check(who.username.count <= IMAP_KEPT_OCTETS && who.secret.count <= SECRET_OCTETS);
    credentials_free(&who, &budget);
    check(budget.used == 0);
    return 0;
}
