/*
 * One network interface, through libpcap.
 */
#include "analyzer/capture/live/interface.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SECOND 1000000000

struct live_interface {
    pcap_t *handle;
    uint32_t index;
    int64_t scale;    /* nanoseconds in a unit of the handle's fractions of a second */
    int64_t since_ns; /* frames from before were not shared among the group yet */
    uint64_t number;  /* of the last frame */
    struct live_counts counts;
};

/* What libpcap says, with what the caller can do. */
static void describe_failure(pcap_t *handle, int status, const char *name, char *why, size_t why_size)
{
    const char *detail = pcap_geterr(handle);

    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
        (void)snprintf(why, why_size,
                       "%s: no permission to capture: run as root, or give the program CAP_NET_RAW", name);
    else if (status == PCAP_ERROR_NO_SUCH_DEVICE)
        (void)snprintf(why, why_size, "%s: there is no such interface", name);
    else if (status == PCAP_ERROR_IFACE_NOT_UP)
        (void)snprintf(why, why_size, "%s: the interface is down", name);
    else
        (void)snprintf(why, why_size, "%s: %s", name, detail[0] ? detail : pcap_statustostr(status));
}

/* Settings that must precede the activation; each of them is right by its kind, so none can fail. */
static void configure(pcap_t *handle, const struct live_options *options)
{
    (void)pcap_set_snaplen(handle, (int)options->snaplen);
    (void)pcap_set_promisc(handle, options->promiscuous);
    (void)pcap_set_buffer_size(handle, (int)options->buffer_octets);
    (void)pcap_set_timeout(handle, LIVE_BLOCK_MS);
    /* where nanoseconds are not available, microseconds will do */
    (void)pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);
}

static int set_filter(pcap_t *handle, const struct live_filter *filter, const char *name, char *why,
                      size_t why_size)
{
    struct bpf_program program;
    char detail[512];
    int status;

    if (live_filter_compile(handle, filter, &program, detail, sizeof detail) != 0) {
        (void)snprintf(why, why_size, "%s: %s", name, detail);
        return -1;
    }
    status = pcap_setfilter(handle, &program);
    live_filter_free(&program);
    if (status != 0)
        (void)snprintf(why, why_size, "%s: the filter cannot be set: %s", name, pcap_geterr(handle));
    return status;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

/* The hash is of addresses and ports, without order; fragments of IPv4 are put together before. */
static int join_group(struct live_interface *interface, uint16_t group, const char *name, char *why,
                      size_t why_size)
{
    uint32_t how = (uint32_t)group | (uint32_t)(PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG) << 16;

    if (setsockopt(pcap_fileno(interface->handle), SOL_PACKET, PACKET_FANOUT, &how, sizeof how) != 0) {
        (void)snprintf(why, why_size, "%s: cannot be shared among several workers: %s", name,
                       strerror(errno));
        return -1;
    }
    interface->since_ns = now_ns();
    return 0;
}

struct live_interface *live_interface_open(const char *name, uint32_t index, uint16_t group,
                                           const struct live_options *options, char *why, size_t why_size)
{
    struct live_interface *interface = calloc(1, sizeof *interface);
    char error[PCAP_ERRBUF_SIZE] = "";
    int status;

    if (interface == NULL) {
        (void)snprintf(why, why_size, "%s: out of memory", name);
        return NULL;
    }
    interface->index = index;
    interface->handle = pcap_create(name, error);
    if (interface->handle == NULL) {
        (void)snprintf(why, why_size, "%s: %s", name, error);
        goto failed;
    }
    configure(interface->handle, options);
    status = pcap_activate(interface->handle);
    if (status < 0) {
        describe_failure(interface->handle, status, name, why, why_size);
        goto failed;
    }
    if (set_filter(interface->handle, &options->filter, name, why, why_size) != 0)
        goto failed;
    if (pcap_setnonblock(interface->handle, 1, error) != 0) {
        (void)snprintf(why, why_size, "%s: %s", name, error);
        goto failed;
    }
    if (group != 0 && join_group(interface, group, name, why, why_size) != 0)
        goto failed;
    interface->scale = pcap_get_tstamp_precision(interface->handle) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    return interface;
failed:
    live_interface_close(interface);
    return NULL;
}

int live_interface_fd(const struct live_interface *interface)
{
    return pcap_get_selectable_fd(interface->handle);
}

enum live_status live_interface_next(struct live_interface *interface, struct frame *frame)
{
    struct pcap_pkthdr *header;
    const uint8_t *octets;
    int64_t time_ns;
    int status;

    do {
        status = pcap_next_ex(interface->handle, &header, &octets);
        if (status != 1)
            return status == 0 ? LIVE_QUIET : LIVE_GONE;
        time_ns = (int64_t)header->ts.tv_sec * SECOND + (int64_t)header->ts.tv_usec * interface->scale;
    } while (time_ns < interface->since_ns);
    *frame = (struct frame){
        .octets = octets,
        .captured = header->caplen,
        .length = header->len < header->caplen ? header->caplen : header->len,
        .time_ns = time_ns,
        .link_type = pcap_datalink(interface->handle),
        .number = ++interface->number,
        .capture = interface->index,
    };
    return LIVE_FRAME;
}

const char *live_interface_error(const struct live_interface *interface)
{
    return pcap_geterr(interface->handle);
}

/* Not through pcap_stats, which also looks into /sys: this process can open nothing. The kernel begins to
 * count again whenever it is asked. */
struct live_counts live_interface_counts(struct live_interface *interface)
{
    struct tpacket_stats_v3 counted = {0};
    socklen_t size = sizeof counted;

    if (getsockopt(pcap_fileno(interface->handle), SOL_PACKET, PACKET_STATISTICS, &counted, &size) == 0) {
        interface->counts.received += counted.tp_packets;
        interface->counts.dropped += counted.tp_drops;
    }
    return interface->counts;
}

int live_interface_link_type(const struct live_interface *interface)
{
    return pcap_datalink(interface->handle);
}

void live_interface_close(struct live_interface *interface)
{
    if (interface == NULL)
        return;
    if (interface->handle != NULL)
        pcap_close(interface->handle);
    free(interface);
}
