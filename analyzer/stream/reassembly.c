/*
 * libnids behind one small interface. What libnids needs, and why each value is what it is, is said at each
 * step.
 */
#include "analyzer/stream/reassembly.h"

#include <arpa/inet.h>
#include <nids.h>
#include <stdlib.h>
#include <string.h>

/* Header octets of a composed packet, without options. */
#define HEADERS 40
/* Most payload that a composed IPv4 packet takes. */
#define MAX_PAYLOAD (65535 - HEADERS)
/* libnids drops a direction's whole queue above this, in units of its own accounting ... */
#define QUEUE_LIMIT 65535
/* ... which is made ours: a segment costs its payload and libnids's records for it, in units of 16 octets. */
#define UNIT            16
#define SEGMENT_RECORDS 112

struct reassembly_pair {
    struct reassembly *reassembly;
    struct tcp_stream *stream; /* NULL while the pair is free, or when libnids gave the stream up */
    void *owner;
    unsigned slot;
    bool filler; /* the octet to come is the last one of a hole, not one of the wire */
    struct reassembly_pair *next_free;
};

struct reassembly {
    reassembly_deliver *deliver;
    pcap_t *dead; /* gives libnids the link type: raw IP */
    unsigned count;
    uint64_t complaints;
    struct reassembly_pair *free_pairs;
    struct reassembly_pair pairs[];
};

/* libnids's callbacks carry no context of ours before a stream exists, and its state is the process's anyway.
 */
static struct reassembly *the_reassembly;

struct composed {
    struct pcap_pkthdr header;
    /* libnids wants its packets aligned like an int */
    union {
        uint32_t alignment;
        uint8_t octets[HEADERS + MAX_PAYLOAD];
    } packet;
};

static struct composed composed;

static void count_complaint(void)
{
    if (the_reassembly != NULL)
        the_reassembly->complaints++;
}

static void out_of_memory(char *where) // NOLINT(readability-non-const-parameter): libnids's type
{
    (void)where;
    abort(); /* libnids cannot go on without memory, and must not be returned to */
}

static struct half_stream *receiver(const struct reassembly_pair *pair, enum stream_side from)
{
    return from == STREAM_CLIENT ? &pair->stream->server : &pair->stream->client;
}

static struct half_stream *sender(const struct reassembly_pair *pair, enum stream_side from)
{
    return from == STREAM_CLIENT ? &pair->stream->client : &pair->stream->server;
}

/* The number of the next octet, as libnids reckons it. */
static uint32_t expected(const struct reassembly_pair *pair, enum stream_side from)
{
    const struct half_stream *to = receiver(pair, from);

    return sender(pair, from)->first_data_seq + (uint32_t)to->count + (uint32_t)to->urg_count;
}

static void hand_over(struct reassembly_pair *pair, enum stream_side from, struct half_stream *half)
{
    if (half->count_new <= 0)
        return;
    if (pair->filler) {
        pair->filler = false;
        return;
    }
    /* everything is consumed in every callback, so the new octets start the buffer */
    the_reassembly->deliver(pair->owner, from, (const uint8_t *)half->data, (size_t)half->count_new);
}

static void on_stream(struct tcp_stream *stream, void **unused)
{
    struct reassembly_pair *pair = stream->user;

    (void)unused;
    switch (stream->nids_state) {
    case NIDS_JUST_EST:
        /* the address is the pair's slot + 1: see compose */
        pair = &the_reassembly->pairs[ntohl(stream->addr.saddr) - 1];
        pair->stream = stream;
        stream->user = pair;
        stream->client.collect = 1;
        stream->server.collect = 1;
        break;
    case NIDS_DATA:
        hand_over(pair, STREAM_SERVER, &stream->client);
        hand_over(pair, STREAM_CLIENT, &stream->server);
        break;
    default: /* closed, reset or timed out: none of these is ever composed, but then the stream is gone */
        if (pair != NULL)
            pair->stream = NULL;
        break;
    }
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* Composes one packet and gives it to libnids. `payload` may be NULL with `length` 0. The checksums stay
 * zero: libnids does not look at them. */
static void compose(const struct reassembly_pair *pair, enum stream_side from, uint8_t flags,
                    uint32_t sequence, uint32_t acknowledgment, const uint8_t *payload, size_t length)
{
    /* window scale 14 in both SYNs: with window 65535 nothing within 2^30 is ever outside the window */
    static const uint8_t scale[4] = {3, 3, 14, 0};
    uint8_t *ip = composed.packet.octets;
    uint8_t *tcp = ip + 20;
    size_t options = flags & TH_SYN ? sizeof scale : 0;
    size_t total = HEADERS + options + length;

    memset(ip, 0, HEADERS);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)total);
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
    put32(ip + 12, from == STREAM_CLIENT ? pair->slot + 1 : UINT32_MAX);
    put32(ip + 16, from == STREAM_CLIENT ? UINT32_MAX : pair->slot + 1);
    put16(tcp, from == STREAM_CLIENT ? 2 : 1);
    put16(tcp + 2, from == STREAM_CLIENT ? 1 : 2);
    put32(tcp + 4, sequence);
    put32(tcp + 8, acknowledgment);
    tcp[12] = (uint8_t)((20 + options) / 4 << 4);
    tcp[13] = flags;
    put16(tcp + 14, 65535);
    memcpy(tcp + 20, scale, options);
    if (length > 0)
        memcpy(tcp + 20 + options, payload, length);
    composed.header.caplen = composed.header.len = (bpf_u_int32)total;
    nids_pcap_handler(NULL, &composed.header, ip);
}

static int cost_of(size_t length)
{
    return (int)((length + SEGMENT_RECORDS + UNIT - 1) / UNIT);
}

#define TEXT_OF(number)            #number
#define VERSION_TEXT(major, minor) TEXT_OF(major) "." TEXT_OF(minor)

const char *reassembly_library(void)
{
    return VERSION_TEXT(NIDS_MAJOR, NIDS_MINOR);
}

struct reassembly *reassembly_new(unsigned pairs, reassembly_deliver *deliver)
{
    static struct nids_chksum_ctl no_checksums = {0, 0, NIDS_DONT_CHKSUM, 0};
    struct reassembly *reassembly;

    if (the_reassembly != NULL || pairs == 0 || pairs > 100000)
        return NULL;
    reassembly = calloc(1, sizeof *reassembly + pairs * sizeof reassembly->pairs[0]);
    if (reassembly == NULL)
        return NULL;
    reassembly->dead = pcap_open_dead(DLT_RAW, 65535);
    if (reassembly->dead == NULL) {
        free(reassembly);
        return NULL;
    }
    reassembly->deliver = deliver;
    reassembly->count = pairs;
    for (unsigned slot = pairs; slot-- > 0;) {
        reassembly->pairs[slot].reassembly = reassembly;
        reassembly->pairs[slot].slot = slot;
        reassembly->pairs[slot].next_free = reassembly->free_pairs;
        reassembly->free_pairs = &reassembly->pairs[slot];
    }
    nids_params.pcap_desc = reassembly->dead;
    /* its pool holds 3/4 of this: it never evicts, because we never open more */
    nids_params.n_tcp_streams = (int)(pairs * 4 / 3 + 2);
    nids_params.n_hosts = 1;
    nids_params.scan_num_hosts = 0; /* no port scan detection: it would need memory and alarm nobody */
    nids_params.dev_addon = 0;
    nids_params.tcp_workarounds = 0;
    nids_params.syslog = count_complaint;
    nids_params.no_mem = out_of_memory;
    the_reassembly = reassembly;
    if (!nids_init()) {
        pcap_close(reassembly->dead);
        free(reassembly);
        the_reassembly = NULL;
        return NULL;
    }
    nids_register_chksum_ctl(&no_checksums, 1);
    nids_register_tcp(on_stream);
    return reassembly;
}

struct reassembly_pair *reassembly_open(struct reassembly *reassembly, void *owner, uint32_t client,
                                        uint32_t server)
{
    struct reassembly_pair *pair = reassembly->free_pairs;

    if (pair == NULL)
        return NULL;
    pair->owner = owner;
    pair->filler = false;
    compose(pair, STREAM_CLIENT, TH_SYN, client - 1, 0, NULL, 0);
    compose(pair, STREAM_SERVER, TH_SYN | TH_ACK, server - 1, client, NULL, 0);
    compose(pair, STREAM_CLIENT, TH_ACK, client, server, NULL, 0);
    if (pair->stream == NULL)
        return NULL;
    reassembly->free_pairs = pair->next_free;
    return pair;
}

bool reassembly_has_room(const struct reassembly_pair *pair, enum stream_side from, size_t length)
{
    size_t pieces = length / MAX_PAYLOAD + 1;

    return pair->stream == NULL ||
           receiver(pair, from)->rmem_alloc + cost_of(length) + (int)pieces * cost_of(0) <= QUEUE_LIMIT;
}

bool reassembly_is_empty(const struct reassembly_pair *pair, enum stream_side from)
{
    return pair->stream == NULL || receiver(pair, from)->list == NULL;
}

void reassembly_feed(struct reassembly_pair *pair, enum stream_side from, uint32_t sequence,
                     const uint8_t *octets, size_t length)
{
    while (length > 0 && pair->stream != NULL) {
        size_t piece = length < MAX_PAYLOAD ? length : MAX_PAYLOAD;
        enum stream_side other = side_across(from);

        /* libnids reckons a segment as its packet's octets, rounded, plus this: make it our own cost */
        nids_params.sk_buff_size = cost_of(piece) - (int)((HEADERS + piece + 16 + 15) & ~(size_t)15);
        /* the lower edge of the window: without acknowledgments it would stay behind for ever */
        receiver(pair, from)->ack_seq = expected(pair, from);
        compose(pair, from, TH_ACK, sequence, expected(pair, other), octets, piece);
        sequence += (uint32_t)piece;
        octets += piece;
        length -= piece;
    }
}

void reassembly_step(struct reassembly_pair *pair, enum stream_side from, uint32_t length)
{
    static const uint8_t filler[1] = {0};
    struct half_stream *to;

    if (pair->stream == NULL || length == 0)
        return;
    /* the hole but for its last octet is declared delivered; that octet is fed, which makes libnids look at
     * its queue */
    to = receiver(pair, from);
    to->count = (int)((unsigned)to->count + (length - 1));
    to->offset = (int)((unsigned)to->offset + (length - 1));
    pair->filler = true;
    reassembly_feed(pair, from, expected(pair, from), filler, 1);
    pair->filler = false;
}

void reassembly_close(struct reassembly_pair *pair)
{
    if (pair->stream != NULL)
        nids_free_tcp_stream(pair->stream);
    pair->stream = NULL;
    pair->next_free = pair->reassembly->free_pairs;
    pair->reassembly->free_pairs = pair;
}

uint64_t reassembly_complaints(const struct reassembly *reassembly)
{
    return reassembly->complaints;
}

void reassembly_free(struct reassembly *reassembly)
{
    if (reassembly == NULL)
        return;
    for (unsigned slot = 0; slot < reassembly->count; slot++)
        if (reassembly->pairs[slot].stream != NULL)
            nids_free_tcp_stream(reassembly->pairs[slot].stream);
    nids_unregister_tcp(on_stream); /* nids_exit would leave its record behind */
    nids_exit();
    nids_params.pcap_desc = NULL;
    pcap_close(reassembly->dead);
    free(reassembly);
    the_reassembly = NULL;
}
