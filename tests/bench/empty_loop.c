/*
 * empty_loop FILE: libpcap reads the capture, and nothing is done with it. What everything else is measured
 * against.
 */
#include <pcap/pcap.h>
#include <stdio.h>

static void nothing(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
    (void)user;
    (void)header;
    (void)octets;
}

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
    int result;

    if (pcap == NULL) {
        fprintf(stderr, "empty_loop: %s\n", argc == 2 ? why : "usage: empty_loop FILE");
        return 2;
    }
    result = pcap_loop(pcap, -1, nothing, NULL);
    if (result != 0)
        fprintf(stderr, "empty_loop: %s\n", pcap_geterr(pcap));
    pcap_close(pcap);
    return result != 0;
}
