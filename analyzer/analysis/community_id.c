/*
 * The Community ID, version 1, with seed 0.
 */
#include "analyzer/analysis/community_id.h"

#include <netinet/in.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

void community_id(const struct connection *connection, char text[COMMUNITY_ID_SIZE])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const struct connection_key *key = &connection->key;
    size_t skipped = memcmp(key->address[0], mapped, sizeof mapped) == 0 &&
                             memcmp(key->address[1], mapped, sizeof mapped) == 0
                         ? sizeof mapped
                         : 0;
    size_t address = 16 - skipped;
    uint8_t input[2 + 2 * 16 + 2 + 4] = {0};
    uint8_t digest[SHA1_DIGEST_SIZE];
    uint8_t *at = input + 2;
    struct sha1_ctx sha1;

    /* the key already has the lower end first, as the ID wants it */
    for (int end = 0; end < 2; end++, at += address)
        memcpy(at, key->address[end] + skipped, address);
    *at++ = IPPROTO_TCP;
    *at++ = 0;
    for (int end = 0; end < 2; end++) {
        *at++ = (uint8_t)(key->port[end] >> 8);
        *at++ = (uint8_t)key->port[end];
    }
    sha1_init(&sha1);
    sha1_update(&sha1, (size_t)(at - input), input);
    sha1_digest(&sha1, sizeof digest, digest);
    memcpy(text, "1:", 2);
    base64_encode_raw(text + 2, sizeof digest, digest);
    text[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
}
