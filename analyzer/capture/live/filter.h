/*
 * The kernel's filter for a live capture: a frame that nobody can use should not be copied to us.
 *
 * The default keeps what decapsulation (decap/) can make a segment of: TCP at the ports given, fragments
 * that carry no ports, and whatever is wrapped (VLANs, MPLS, PPPoE, GRE, VXLAN and so on). Where the kernel
 * can look through the wrapping, it does; where it cannot (tunnels, pseudowires), all of it is kept.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_LIVE_FILTER_H
#define IMAPTAP_ANALYZER_CAPTURE_LIVE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

struct live_filter {
    const char *expression; /* of the user, in the language of pcap-filter(7); NULL: the default */
    const uint16_t *ports;  /* of the default */
    size_t port_count;
    bool every_tcp; /* the default keeps TCP at all ports */
};

/* Compiles for the handle's link type. Where the default cannot be written for that link type, *program keeps
 * everything. Returns 0 (free *program with live_filter_free), or -1 with a sentence in `why`. */
int live_filter_compile(pcap_t *handle, const struct live_filter *filter, struct bpf_program *program,
                        char *why, size_t why_size);

/* Checks an expression as far as that can be done without an interface. Returns 0, or -1 with a sentence. */
int live_filter_check(const char *expression, char *why, size_t why_size);

void live_filter_free(struct bpf_program *program);

#endif
