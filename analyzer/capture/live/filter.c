/*
 * The kernel's filter for a live capture.
 *
 * In the language of pcap-filter(7), `vlan`, `mpls` and `pppoes` shift all offsets after them, also those of
 * the other side of an `or`. So each way of wrapping is an expression of its own, compiled alone, and the
 * programs are joined: where one would refuse the frame, the next begins.
 *
 * The kernel takes the outer VLAN tag out of a frame before a filter sees it; libpcap knows, and makes `vlan`
 * look there too. What has no name in that language is asked for by its octets: their place is that after an
 * outer tag that was taken out, or without any.
 */
#include "analyzer/capture/live/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel takes no longer program. */
#define MAX_INSTRUCTIONS 4096

/* IP datagrams whose content the kernel's filter does not see: extension headers and fragments of IPv6 (but
 * of ICMPv6, which every host sends, and of what is encrypted), fragments but the first of IPv4, the
 * authentication header, and all tunnels. */
#define ANY_DATAGRAM                                                                                         \
    "(ip[6:2] & 0x1fff != 0 and (ip proto 4 or ip proto 6 or ip proto 17 or ip proto 41 or ip proto 47"      \
    " or ip proto 51 or ip proto 137))"                                                                      \
    " or ip proto 4 or ip proto 41 or ip proto 47 or ip proto 51 or ip proto 137"                            \
    " or (ip6 and (ip6[6] = 4 or ip6[6] = 41 or ip6[6] = 47 or ip6[6] = 137))"                               \
    " or (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60 or ip6[6] = 135"   \
    " or ip6[6] = 139 or ip6[6] = 140) and ip6[40] != 58 and ip6[40] != 50 and ip6[40] != 59)"               \
    " or udp dst port 4789 or udp dst port 4790 or udp dst port 8472 or udp dst port 6081"                   \
    " or udp dst port 6635 or udp port 2152 or udp port 3544 or udp dst port 4754 or udp port 5247"

/* The EtherTypes after which a pseudowire's Ethernet is looked for, at this place. */
#define ETHERNET_AT(place)                                                                                   \
    "(ether[" place ":2] = 0x0800 or ether[" place ":2] = 0x86dd or ether[" place ":2] = 0x8100"             \
    " or ether[" place ":2] = 0x88a8 or ether[" place ":2] = 0x8847 or ether[" place ":2] = 0x8864)"
/* A pseudowire below an MPLS stack: its first octets, with a control word or without. */
#define PSEUDOWIRE(bottom, below, type, type_behind_word)                                                    \
    "ether proto 0x8847 and ether[" bottom                                                                   \
    "] & 1 = 1 and (" ETHERNET_AT(type) " or (ether[" below                                                  \
                                        "] & 0xf0 = 0 and " ETHERNET_AT(type_behind_word) "))"
/* IP after LLC, or LLC and SNAP (RFC 1042, 802.1H), in a frame whose length is at the first place. */
#define LLC(length, llc, organization)                                                                       \
    "ether[" length ":2] <= 1500 and (ether[" llc ":2] = 0x0606 or (ether[" llc                              \
    ":2] = 0xaaaa and (ether[" organization ":4] & 0xffffff00 = 0 or ether[" organization                    \
    ":4] & 0xffffff00 = 0xf800)))"

/* Each %s is the datagrams wanted. */
static const char *const on_ethernet[] = {
    "%s",
    "vlan and (%s)",
    "vlan and vlan and (%s)",
    "vlan and vlan and vlan",
    "ether proto 0x9200 or ether proto 0x6558 or ether proto 0x8848 or ether proto 0x88e7",
    "vlan and (ether proto 0x9200 or ether proto 0x6558 or ether proto 0x8847 or ether proto 0x8848 or ether "
    "proto 0x88e7)",
    "mpls and (%s)",
    "mpls and mpls and (%s)",
    "mpls and mpls and mpls and (%s)",
    "mpls and mpls and mpls and mpls",
    PSEUDOWIRE("16", "18", "30", "34"),
    "ether[16] & 1 = 0 and " PSEUDOWIRE("20", "22", "34", "38"),
    "ether[16] & 1 = 0 and ether[20] & 1 = 0 and " PSEUDOWIRE("24", "26", "38", "42"),
    "pppoes and (%s)",
    "vlan and pppoes and (%s)",
    /* address and control, a protocol in one octet, MPLS */
    "ether proto 0x8864 and (ether[20] = 0xff or ether[20] & 1 = 1 or ether[20:2] = 0x0281)",
    "vlan and ether proto 0x8864 and (ether[24] = 0xff or ether[24] & 1 = 1 or ether[24:2] = 0x0281)",
    LLC("12", "14", "17"),
    "(ether[12:2] = 0x8100 or ether[12:2] = 0x88a8 or ether[12:2] = 0x9100) and " LLC("16", "18", "21"),
    NULL,
};

/* The protocol is all that the kernel's filter sees before IP. */
static const char *const on_cooked[] = {
    "%s",
    "ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864 or ether proto 0x6558 or ether proto "
    "0x88e7",
    "ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100 or ether proto 0x9200",
    NULL,
};
static const char *const on_cooked_1[] = {"ether[14:2] = 4", NULL};

static const char *const on_ip[] = {"%s", NULL};

static void say(char *why, size_t why_size, const char *what, const char *detail)
{
    (void)snprintf(why, why_size, "%s: %s", what, detail);
}

/* "tcp and (port 143 or ...) or ..."; free it. NULL: out of memory. */
static char *datagrams_wanted(const struct live_filter *filter)
{
    size_t room = sizeof ANY_DATAGRAM + 64 + filter->port_count * sizeof " or port 65535", at = 0;
    char *text = malloc(room);

    if (text == NULL)
        return NULL;
    if (filter->every_tcp || filter->port_count == 0) {
        (void)snprintf(text, room, "tcp or %s", ANY_DATAGRAM);
        return text;
    }
    at = (size_t)snprintf(text, room, "(tcp and (");
    for (size_t i = 0; i < filter->port_count; i++)
        at += (size_t)snprintf(text + at, room - at, "%sport %u", i > 0 ? " or " : "", filter->ports[i]);
    (void)snprintf(text + at, room - at, ")) or %s", ANY_DATAGRAM);
    return text;
}

/* Appends `more` to `whole`: its refusals so far lead there. Returns 0, or -1 when there is no room. */
static int join(struct bpf_program *whole, const struct bpf_program *more)
{
    struct bpf_insn *larger;

    if (whole->bf_len + more->bf_len > MAX_INSTRUCTIONS)
        return -1;
    larger = realloc(whole->bf_insns, (whole->bf_len + more->bf_len) * sizeof *larger);
    if (larger == NULL)
        return -1;
    for (unsigned i = 0; i < whole->bf_len; i++)
        if (larger[i].code == (BPF_RET | BPF_K) && larger[i].k == 0)
            larger[i] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, whole->bf_len - i - 1);
    memcpy(larger + whole->bf_len, more->bf_insns, more->bf_len * sizeof *larger);
    whole->bf_insns = larger;
    whole->bf_len += more->bf_len;
    return 0;
}

/* Compiles one expression, with `wanted` for its %s, and joins it. */
static int add(pcap_t *handle, const char *expression, const char *wanted, struct bpf_program *program,
               char *why, size_t why_size)
{
    const char *place = strstr(expression, "%s");
    struct bpf_program part;
    char *text = NULL;
    int status;

    if (place == NULL)
        text = strdup(expression);
    else if (asprintf(&text, "%.*s%s%s", (int)(place - expression), expression, wanted, place + 2) < 0)
        text = NULL;
    if (text == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return -1;
    }
    status = pcap_compile(handle, &part, text, 1, PCAP_NETMASK_UNKNOWN);
    free(text);
    if (status != 0) {
        say(why, why_size, "the kernel's filter cannot be written", pcap_geterr(handle));
        return -1;
    }
    status = join(program, &part);
    if (status != 0)
        (void)snprintf(why, why_size, "the kernel's filter becomes too long: name fewer ports");
    pcap_freecode(&part);
    return status;
}

static int add_all(pcap_t *handle, const char *const *expressions, const char *wanted,
                   struct bpf_program *program, char *why, size_t why_size)
{
    for (; *expressions != NULL; expressions++)
        if (add(handle, *expressions, wanted, program, why, why_size) != 0)
            return -1;
    return 0;
}

static int compile_default(pcap_t *handle, const char *wanted, struct bpf_program *program, char *why,
                           size_t why_size)
{
    switch (pcap_datalink(handle)) {
    case DLT_EN10MB:
        return add_all(handle, on_ethernet, wanted, program, why, why_size);
    case DLT_LINUX_SLL:
        if (add_all(handle, on_cooked_1, wanted, program, why, why_size) != 0)
            return -1;
        return add_all(handle, on_cooked, wanted, program, why, why_size);
    case DLT_LINUX_SLL2:
        return add_all(handle, on_cooked, wanted, program, why, why_size);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return add_all(handle, on_ip, wanted, program, why, why_size);
    default:
        return add(handle, "", wanted, program, why, why_size);
    }
}

int live_filter_compile(pcap_t *handle, const struct live_filter *filter, struct bpf_program *program,
                        char *why, size_t why_size)
{
    char *wanted;
    int status;

    memset(program, 0, sizeof *program);
    if (filter->expression != NULL) {
        status = add(handle, filter->expression, "%s", program, why, why_size);
        if (status != 0)
            say(why, why_size, "the filter cannot be used here", pcap_geterr(handle));
        return status;
    }
    wanted = datagrams_wanted(filter);
    if (wanted == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return -1;
    }
    status = compile_default(handle, wanted, program, why, why_size);
    free(wanted);
    if (status != 0)
        live_filter_free(program);
    return status;
}

int live_filter_check(const char *expression, char *why, size_t why_size)
{
    struct live_filter filter = {.expression = expression};
    struct bpf_program program;
    pcap_t *handle = pcap_open_dead(DLT_EN10MB, 262144);
    int status;

    if (handle == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return -1;
    }
    status = live_filter_compile(handle, &filter, &program, why, why_size);
    if (status == 0)
        live_filter_free(&program);
    else
        (void)snprintf(why, why_size, "%s", pcap_geterr(handle));
    pcap_close(handle);
    return status;
}

void live_filter_free(struct bpf_program *program)
{
    free(program->bf_insns);
    memset(program, 0, sizeof *program);
}
