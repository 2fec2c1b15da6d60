/*
 * The decap: calls layer after layer until a TCP segment is reached, or something that holds none.
 */
#include "analyzer/decap/decap.h"

#include "analyzer/decap/fast_path.h"
#include "analyzer/decap/layers/layers.h"

#include <stdlib.h>

struct decap {
    struct fragments *fragments;
    bool verify;
};

static int (*const layers[LAYERS - DECAP_RESULTS])(struct decapsulation *) = {
    [LAYER_ETHERNET - DECAP_RESULTS] = layer_ethernet,
    [LAYER_NULL - DECAP_RESULTS] = layer_null,
    [LAYER_LOOP - DECAP_RESULTS] = layer_loop,
    [LAYER_SLL - DECAP_RESULTS] = layer_sll,
    [LAYER_SLL2 - DECAP_RESULTS] = layer_sll2,
    [LAYER_NFLOG - DECAP_RESULTS] = layer_nflog,
    [LAYER_RADIOTAP - DECAP_RESULTS] = layer_radiotap,
    [LAYER_WIRELESS - DECAP_RESULTS] = layer_wireless,
    [LAYER_PPP - DECAP_RESULTS] = layer_ppp,
    [LAYER_PPPOE - DECAP_RESULTS] = layer_pppoe,
    [LAYER_LLC - DECAP_RESULTS] = layer_llc,
    [LAYER_ETHERTYPE - DECAP_RESULTS] = layer_ethertype,
    [LAYER_MPLS - DECAP_RESULTS] = layer_mpls,
    [LAYER_IP - DECAP_RESULTS] = layer_ip,
    [LAYER_IPV4 - DECAP_RESULTS] = layer_ipv4,
    [LAYER_IPV6 - DECAP_RESULTS] = layer_ipv6,
    [LAYER_PROTOCOL - DECAP_RESULTS] = layer_protocol,
    [LAYER_GRE - DECAP_RESULTS] = layer_gre,
    [LAYER_UDP - DECAP_RESULTS] = layer_udp,
    [LAYER_PPP_SERIAL - DECAP_RESULTS] = layer_ppp_serial,
    [LAYER_PPP_DIRECTION - DECAP_RESULTS] = layer_ppp_direction,
    [LAYER_PPP_DAEMON - DECAP_RESULTS] = layer_ppp_daemon,
    [LAYER_HDLC - DECAP_RESULTS] = layer_hdlc,
    [LAYER_HDLC_DIRECTION - DECAP_RESULTS] = layer_hdlc_direction,
    [LAYER_FDDI - DECAP_RESULTS] = layer_fddi,
    [LAYER_PKTAP - DECAP_RESULTS] = layer_pktap,
    [LAYER_PPI - DECAP_RESULTS] = layer_ppi,
    [LAYER_JUNIPER - DECAP_RESULTS] = layer_juniper,
};

struct decap *decap_new(void)
{
    struct decap *decap = calloc(1, sizeof *decap);

    if (decap == NULL)
        return NULL;
    decap->fragments = fragments_new();
    if (decap->fragments == NULL) {
        free(decap);
        return NULL;
    }
    return decap;
}

void decap_verify_checksums(struct decap *decap)
{
    decap->verify = true;
}

/* Apart from decap_frame(), whose way mostly is short. */
static __attribute__((noinline)) enum decap_result
decap_layers(struct decap *decap, const struct frame *frame, struct segment *segment)
{
    struct decapsulation decapsulation = {
        .at = frame->octets,
        .captured = frame->captured,
        .length = frame->length < frame->captured ? frame->captured : frame->length,
        .time_ns = frame->time_ns,
        .segment = segment,
        .fragments = decap->fragments,
        .verify = decap->verify,
    };
    int next = layer_of_link(frame->link_type);

    segment_start(segment);
    for (int i = 0; next >= DECAP_RESULTS; i++) {
        if (i == DECAP_MAX_LAYERS)
            return DECAP_MALFORMED;
        next = layers[next - DECAP_RESULTS](&decapsulation);
    }
    return (enum decap_result)next;
}

enum decap_result decap_frame(struct decap *decap, const struct frame *frame, struct segment *segment)
{
    enum decap_result result = DECAP_SEGMENT;

    fragments_release(decap->fragments);
    if (decap->verify || !fast_path_take(frame, segment))
        result = decap_layers(decap, frame, segment);
    if (result == DECAP_SEGMENT) {
        segment->time_ns = frame->time_ns;
        segment->frame = frame->number;
        segment->capture = frame->capture;
    }
    return result;
}

struct fragments_counts decap_fragments(const struct decap *decap)
{
    return fragments_counts(decap->fragments);
}

int decap_knows_link(int link_type)
{
    return layer_of_link(link_type) != DECAP_UNKNOWN_LINK;
}

void decap_free(struct decap *decap)
{
    if (decap == NULL)
        return;
    fragments_free(decap->fragments);
    free(decap);
}
