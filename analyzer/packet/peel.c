/*
 * The peeler: calls layer after layer until a TCP segment is reached, or something that holds none.
 */
#include "analyzer/packet/peel.h"

#include "analyzer/packet/layers/layers.h"
#include "analyzer/packet/plain.h"

#include <pcap/dlt.h>
#include <stdlib.h>

/* Of files that say OpenBSD's number for raw IP, or the one written into files since. */
#define OPENBSD_DLT_RAW 14
#define LINKTYPE_RAW    101

struct peeler {
    struct fragments *fragments;
    bool verify;
};

static int (*const layers[LAYERS - PEEL_RESULTS])(struct peeling *) = {
    [LAYER_ETHERNET - PEEL_RESULTS] = layer_ethernet, [LAYER_NULL - PEEL_RESULTS] = layer_null,
    [LAYER_LOOP - PEEL_RESULTS] = layer_loop,         [LAYER_SLL - PEEL_RESULTS] = layer_sll,
    [LAYER_SLL2 - PEEL_RESULTS] = layer_sll2,         [LAYER_NFLOG - PEEL_RESULTS] = layer_nflog,
    [LAYER_RADIOTAP - PEEL_RESULTS] = layer_radiotap, [LAYER_WIRELESS - PEEL_RESULTS] = layer_wireless,
    [LAYER_PPP - PEEL_RESULTS] = layer_ppp,           [LAYER_PPPOE - PEEL_RESULTS] = layer_pppoe,
    [LAYER_LLC - PEEL_RESULTS] = layer_llc,           [LAYER_ETHERTYPE - PEEL_RESULTS] = layer_ethertype,
    [LAYER_MPLS - PEEL_RESULTS] = layer_mpls,         [LAYER_IP - PEEL_RESULTS] = layer_ip,
    [LAYER_IPV4 - PEEL_RESULTS] = layer_ipv4,         [LAYER_IPV6 - PEEL_RESULTS] = layer_ipv6,
    [LAYER_PROTOCOL - PEEL_RESULTS] = layer_protocol, [LAYER_GRE - PEEL_RESULTS] = layer_gre,
    [LAYER_UDP - PEEL_RESULTS] = layer_udp,
};

/* The layer that frames of this link type begin with. */
static int first_layer(int link_type)
{
    switch (link_type) {
    case DLT_EN10MB:
        return LAYER_ETHERNET;
    case DLT_NULL:
        return LAYER_NULL;
    case DLT_LOOP:
        return LAYER_LOOP;
    case DLT_LINUX_SLL:
        return LAYER_SLL;
    case DLT_LINUX_SLL2:
        return LAYER_SLL2;
    case DLT_NFLOG:
        return LAYER_NFLOG;
    case DLT_IEEE802_11:
        return LAYER_WIRELESS;
    case DLT_IEEE802_11_RADIO:
        return LAYER_RADIOTAP;
    case DLT_PPP:
    case DLT_PPP_SERIAL:
        return LAYER_PPP;
    case DLT_PPP_ETHER:
        return LAYER_PPPOE;
    case DLT_RAW:
    case OPENBSD_DLT_RAW:
    case LINKTYPE_RAW:
        return LAYER_IP;
    case DLT_IPV4:
        return LAYER_IPV4;
    case DLT_IPV6:
        return LAYER_IPV6;
    default:
        return PEEL_UNKNOWN_LINK;
    }
}

struct peeler *peeler_new(void)
{
    struct peeler *peeler = calloc(1, sizeof *peeler);

    if (peeler == NULL)
        return NULL;
    peeler->fragments = fragments_new();
    if (peeler->fragments == NULL) {
        free(peeler);
        return NULL;
    }
    return peeler;
}

void peeler_verify_checksums(struct peeler *peeler)
{
    peeler->verify = true;
}

/* Apart from peel(), whose way mostly is short. */
static __attribute__((noinline)) enum peel_result
peel_layers(struct peeler *peeler, const struct frame *frame, struct segment *segment)
{
    struct peeling peeling = {
        .at = frame->octets,
        .captured = frame->captured,
        .length = frame->length < frame->captured ? frame->captured : frame->length,
        .time_ns = frame->time_ns,
        .segment = segment,
        .fragments = peeler->fragments,
        .verify = peeler->verify,
    };
    int next = first_layer(frame->link_type);

    segment_start(segment);
    for (int i = 0; next >= PEEL_RESULTS; i++) {
        if (i == PEEL_MAX_LAYERS)
            return PEEL_MALFORMED;
        next = layers[next - PEEL_RESULTS](&peeling);
    }
    return (enum peel_result)next;
}

enum peel_result peel(struct peeler *peeler, const struct frame *frame, struct segment *segment)
{
    enum peel_result result = PEEL_SEGMENT;

    fragments_release(peeler->fragments);
    if (peeler->verify || !plain_take(frame, segment))
        result = peel_layers(peeler, frame, segment);
    if (result == PEEL_SEGMENT) {
        segment->time_ns = frame->time_ns;
        segment->frame = frame->number;
        segment->capture = frame->capture;
    }
    return result;
}

struct fragments_counts peeler_fragments(const struct peeler *peeler)
{
    return fragments_counts(peeler->fragments);
}

int peel_knows_link(int link_type)
{
    return first_layer(link_type) != PEEL_UNKNOWN_LINK;
}

void peeler_free(struct peeler *peeler)
{
    if (peeler == NULL)
        return;
    fragments_free(peeler->fragments);
    free(peeler);
}
