/*
 * The default kernel filter: what the decapsulation can use passes, what it cannot does not. The frames come
 * from the decapsulation's own tests and from the samples of tunnels.
 */
#include "analyzer/capture/live/filter.h"
#include "tests/unit/analyzer/decap_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN 262144

static const uint16_t imap_ports[] = {143, 993};

static struct bpf_program compile(int link_type, const uint16_t *ports, size_t count, bool every_tcp)
{
    struct live_filter filter = {.ports = ports, .port_count = count, .every_tcp = every_tcp};
    pcap_t *handle = pcap_open_dead(link_type, SNAPLEN);
    struct bpf_program program;
    char why[512] = "";

    if (live_filter_compile(handle, &filter, &program, why, sizeof why) != 0)
        fail_msg("link type %d: %s", link_type, why);
    pcap_close(handle);
    return program;
}

static bool passes(struct bpf_program *program, const uint8_t *octets, uint32_t length)
{
    struct pcap_pkthdr header = {.caplen = length, .len = length};

    return pcap_offline_filter(program, &header, octets) != 0;
}

static void test_all_that_decapsulation_understands_passes(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (size_t i = 0; i < decap_frame_count; i++) {
        struct bpf_program program;
        uint32_t length;
        uint8_t *octets;

        if (pcap_datalink_val_to_name(decap_frames[i].link_type) == NULL)
            continue; /* a number that only files have */
        program = compile(decap_frames[i].link_type, imap_ports, 2, false);
        octets = decap_octets(decap_frames[i].hex, &length);
        if (!passes(&program, octets, length)) {
            print_error("refused: %s\n", decap_frames[i].name);
            failures++;
        }
        free(octets);
        live_filter_free(&program);
    }
    assert_int_equal(failures, 0);
}

static void check_sample(const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *file = pcap_open_offline(path, error);
    struct decap *decap = decap_new();
    struct bpf_program program;
    struct pcap_pkthdr *header;
    const uint8_t *octets;
    struct segment segment;
    unsigned number = 0;

    if (file == NULL)
        fail_msg("%s", error);
    program = compile(pcap_datalink(file), imap_ports, 2, false);
    while (pcap_next_ex(file, &header, &octets) == 1) {
        struct frame frame = {.octets = octets,
                              .captured = header->caplen,
                              .length = header->len,
                              .link_type = pcap_datalink(file),
                              .number = ++number};
        enum decap_result result = decap_frame(decap, &frame, &segment);
        bool wanted =
            result == DECAP_FRAGMENT ||
            (result == DECAP_SEGMENT && (segment.source_port == 143 || segment.destination_port == 143));

        if (wanted && !passes(&program, octets, header->caplen))
            fail_msg("%s: frame %u is refused", path, number);
    }
    live_filter_free(&program);
    decap_free(decap);
    pcap_close(file);
}

static void test_the_samples_of_tunnels_pass(void **state)
{
    DIR *folder = opendir(IMAPTAP_TUNNEL_SAMPLES);
    unsigned samples = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[1024];

        if (strstr(entry->d_name, ".pcap") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", IMAPTAP_TUNNEL_SAMPLES, entry->d_name);
        check_sample(path);
        samples++;
    }
    closedir(folder);
    assert_true(samples > 10);
}

/* Datagrams from a web server, a DNS answer, and a fragment that can hold no TCP. */
#define WEB4 "45000034000100004006f627c000028fc000020c" WEB_TCP
#define WEB_TCP                                                                                              \
    "00509c40112233445566778850181234fa090000"                                                               \
    "2a204f4b2072656164790d0a"
#define WEB6             "600000000020064020010db800000000000000000000014320010db8000000000000000000000012" WEB_TCP
#define DNS4             "450000200001000040110000c000028fc000020c0035c001000c0000abcd8180"
#define FRAGMENT_OF_ICMP "45000020000100b940010000c000028fc000020c0035c001000c0000abcd8180"

static const struct {
    const char *name;
    int link_type;
    const char *hex;
} refused[] = {
    {"web", DLT_EN10MB, MACS "0800" WEB4},
    {"web over IPv6", DLT_EN10MB, MACS "86dd" WEB6},
    {"DNS", DLT_EN10MB, MACS "0800" DNS4},
    {"a fragment of ICMP", DLT_EN10MB, MACS "0800" FRAGMENT_OF_ICMP},
    {"ARP", DLT_EN10MB,
     MACS "0806"
          "0001080006040001"
          "020000000001c0000201000000000000c0000202"},
    {"spanning tree", DLT_EN10MB,
     MACS "0026"
          "424203"
          "0000000000"},
    {"multicast listener report", DLT_EN10MB,
     MACS "86dd"
          "600000000024000120010db80000000000000000"
          "00000143ff020000000000000000000000000016"
          "3a000502000001008f00000000000001"},
    {"LLDP", DLT_EN10MB,
     MACS "88cc"
          "0207040000000000010000"},
    {"web behind a tag", DLT_EN10MB,
     MACS "8100"
          "00050800" WEB4},
    {"web behind two tags", DLT_EN10MB,
     MACS "88a8"
          "00068100"
          "00050800" WEB4},
    {"web below a label", DLT_EN10MB,
     MACS "8847"
          "00010140" WEB4},
    {"web below two labels", DLT_EN10MB,
     MACS "8847"
          "0001004000011140" WEB4},
    {"web in PPPoE", DLT_EN10MB,
     MACS "8864"
          "110000010036"
          "0021" WEB4},
    {"PPPoE's own", DLT_EN10MB,
     MACS "8864"
          "110000010010"
          "c021"
          "0101000e"},
    {"web, bare", DLT_RAW, WEB4},
    {"web over IPv6, bare", DLT_RAW, WEB6},
    {"web, cooked", DLT_LINUX_SLL,
     "000000010006020000000001"
     "0000"
     "0800" WEB4},
    {"web, newer cooked", DLT_LINUX_SLL2,
     "0800"
     "0000"
     "00000001"
     "0001"
     "00"
     "06"
     "0200000000010000" WEB4},
};

static void test_other_traffic_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct bpf_program program = compile(refused[i].link_type, imap_ports, 2, false);
        uint32_t length;
        uint8_t *octets = decap_octets(refused[i].hex, &length);

        if (passes(&program, octets, length))
            fail_msg("passes: %s", refused[i].name);
        free(octets);
        live_filter_free(&program);
    }
}

static void test_every_tcp_passes_when_asked_for(void **state)
{
    struct bpf_program program = compile(DLT_EN10MB, imap_ports, 2, true);
    uint32_t length;
    uint8_t *octets = decap_octets(MACS "0800" WEB4, &length);

    (void)state;
    assert_true(passes(&program, octets, length));
    free(octets);
    octets = decap_octets(MACS "0800" DNS4, &length);
    assert_false(passes(&program, octets, length));
    free(octets);
    live_filter_free(&program);
}

/* The kernel takes 4,096 instructions. */
static void test_many_ports_fit(void **state)
{
    uint16_t ports[64];
    struct bpf_program program;

    (void)state;
    for (uint16_t i = 0; i < 64; i++)
        ports[i] = (uint16_t)(1000 + i * 7);
    program = compile(DLT_EN10MB, ports, 64, false);
    assert_true(program.bf_len <= 4096);
    live_filter_free(&program);
}

static void test_an_unknown_link_type_keeps_everything(void **state)
{
    struct bpf_program program = compile(DLT_USB_LINUX, imap_ports, 2, false);
    static const uint8_t octets[64];

    (void)state;
    assert_true(passes(&program, octets, sizeof octets));
    live_filter_free(&program);
}

static void test_an_expression_is_checked(void **state)
{
    char why[512] = "";

    (void)state;
    assert_int_equal(live_filter_check("tcp port 143 and host 192.0.2.1", why, sizeof why), 0);
    assert_int_equal(live_filter_check("tcp prot 143", why, sizeof why), -1);
    assert_non_null(strstr(why, "syntax error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_decapsulation_understands_passes),
        cmocka_unit_test(test_the_samples_of_tunnels_pass),
        cmocka_unit_test(test_other_traffic_is_refused),
        cmocka_unit_test(test_every_tcp_passes_when_asked_for),
        cmocka_unit_test(test_many_ports_fit),
        cmocka_unit_test(test_an_unknown_link_type_keeps_everything),
        cmocka_unit_test(test_an_expression_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
