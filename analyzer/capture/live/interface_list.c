/*
 * Asks libpcap for the interfaces.
 */
#include "analyzer/capture/live/interface_list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <string.h>

static void print_address(FILE *out, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *octets;

    if (address == NULL || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return;
    octets = address->sa_family == AF_INET
                 ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
                 : (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (inet_ntop(address->sa_family, octets, text, sizeof text) != NULL)
        fprintf(out, "  %s", text);
}

/* libpcap also lists what carries no network frames: Bluetooth, D-Bus, netfilter's queues, USB. */
static bool carries_frames(const char *name)
{
    static const char *const others[] = {"bluetooth", "dbus-", "nflog", "nfqueue", "usbmon"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

bool interface_list_print(FILE *out, FILE *errors)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_if_t *all = NULL;

    if (pcap_findalldevs(&all, why) != 0) {
        fprintf(errors, "imaptap: the interfaces cannot be listed: %s\n", why);
        return false;
    }
    for (const pcap_if_t *one = all; one != NULL; one = one->next) {
        if (!carries_frames(one->name))
            continue;
        fprintf(out, "%-15s  %s", one->name, (one->flags & PCAP_IF_UP) != 0 ? "up  " : "down");
        for (const pcap_addr_t *address = one->addresses; address != NULL; address = address->next)
            print_address(out, address->addr);
        fputc('\n', out);
    }
    pcap_freealldevs(all);
    if (fflush(out) == 0)
        return true;
    fprintf(errors, "imaptap: the list cannot be written: %s\n", strerror(errno));
    return false;
}
