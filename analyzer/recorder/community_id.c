/*
 * The Community ID, version 1, with seed 0.
 */
#include "analyzer/recorder/community_id.h"

#include "analyzer/recorder/address.h"

#include <netinet/in.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

struct end {
    const uint8_t *address;
    uint16_t port;
};

/* The lower (address, port) comes first, whoever is the client. */
static void put_in_order(struct end ends[2])
{
    int order = memcmp(ends[0].address, ends[1].address, 16);
    struct end first = ends[0];

    if (order < 0 || (order == 0 && ends[0].port <= ends[1].port))
        return;
    ends[0] = ends[1];
    ends[1] = first;
}

void community_id(const struct event_connection *connection, char text[COMMUNITY_ID_SIZE])
{
    struct end ends[2] = {{connection->client, connection->client_port},
                          {connection->server, connection->server_port}};
    size_t skipped = address_is_ipv4(connection->client) && address_is_ipv4(connection->server) ? 12 : 0;
    size_t address = 16 - skipped;
    uint8_t input[2 + 2 * 16 + 2 + 4] = {0};
    uint8_t digest[SHA1_DIGEST_SIZE];
    uint8_t *at = input + 2;
    struct sha1_ctx sha1;

    put_in_order(ends);
    for (int end = 0; end < 2; end++, at += address)
        memcpy(at, ends[end].address + skipped, address);
    *at++ = IPPROTO_TCP;
    *at++ = 0;
    for (int end = 0; end < 2; end++) {
        *at++ = (uint8_t)(ends[end].port >> 8);
        *at++ = (uint8_t)ends[end].port;
    }
    sha1_init(&sha1);
    sha1_update(&sha1, (size_t)(at - input), input);
    sha1_digest(&sha1, sizeof digest, digest);
    memcpy(text, "1:", 2);
    base64_encode_raw(text + 2, sizeof digest, digest);
    text[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
}
