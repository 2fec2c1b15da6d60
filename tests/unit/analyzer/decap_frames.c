/*
 * Frames of every kind that the decapsulation understands, as hex.
 */
#include "tests/unit/analyzer/decap_frames.h"

#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

/* The header behind its length, kind and link type: interface, flags, process and the like. */
#define PKTAP_REST                                                                                           \
    "656e3000000000000000000000000000000000000000000001000000020000000e00000000000000ffffffff"               \
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"               \
    "0000000000000000"
#define INNER_MACS "020000000004020000000003"

const struct take_segment decap_frames[] = {
    {"ethernet ipv4", DLT_EN10MB, MACS "0800" REPLY4, 0, "", false},
    {"ethernet ipv6", DLT_EN10MB, MACS "86dd" REPLY6, 0, "", true},
    {"ipv4 options", DLT_EN10MB,
     MACS "0800"
          "4700003c0001000040065e1ac000028fc000020c"
          "9404000001010100008f9c401122334455667788"
          "50181234fa0900002a204f4b2072656164790d0a",
     0, "", false},
    {"tcp options", DLT_EN10MB,
     MACS "0800"
          "45000040000100004006f61bc000028fc000020c"
          "008f9c40112233445566778880181234c0ef0000"
          "0101080a00000001000000022a204f4b20726561"
          "64790d0a",
     0, "", false},
    {"802.1Q", DLT_EN10MB,
     MACS "8100"
          "00050800" REPLY4,
     6, "", false},
    {"802.1ad", DLT_EN10MB,
     MACS "88a8"
          "00648100600786dd" REPLY6,
     8, "", true},
    {"QinQ 9100", DLT_EN10MB,
     MACS "9100"
          "006481000fff0800" REPLY4,
     4096, "", false},
    {"priority tag", DLT_EN10MB,
     MACS "8100"
          "00000800" REPLY4,
     0, "", false},
    {"802.1ah", DLT_EN10MB,
     MACS "88a8"
          "006488e70000002a" INNER_MACS "0800" REPLY4,
     101, "pbb 42", false},
    {"802.1ah without a tag of the backbone, with one of the customer", DLT_EN10MB,
     MACS "88e7"
          "40ffffff" INNER_MACS "8100"
          "000786dd" REPLY6,
     0, "pbb 16777215", true},
    {"FDDI", DLT_FDDI, "50" MACS "aaaa030000000800" REPLY4, 0, "", false},
    {"FDDI, synchronous", DLT_FDDI, "d4" MACS "aaaa0300000086dd" REPLY6, 0, "", true},
    {"Cisco's HDLC", DLT_C_HDLC, "0f000800" REPLY4, 0, "", false},
    {"Cisco's HDLC, to all, MPLS", DLT_C_HDLC, "8f00884700010140" REPLY6, 0, "mpls", true},
    {"Cisco's HDLC with a direction", DLT_C_HDLC_WITH_DIR, "010f0086dd" REPLY6, 0, "", true},
    {"Cisco's HDLC on a serial line", DLT_PPP_SERIAL, "0f000800" REPLY4, 0, "", false},
    {"PPP with a direction", DLT_PPP_WITH_DIR, "00ff030021" REPLY4, 0, "", false},
    {"PPP with a direction, compressed", DLT_PPP_WITH_DIR, "0157" REPLY6, 0, "", true},
    {"PPP of pppd", DLT_PPP_PPPD, "01030021" REPLY4, 0, "", false},
    {"PPP of pppd, compressed", DLT_PPP_PPPD, "0057" REPLY6, 0, "", true},
    {"PKTAP with Ethernet", DLT_PKTAP, "6c0000000100000001000000" PKTAP_REST MACS "0800" REPLY4, 0, "",
     false},
    {"PKTAP with raw IP, big-endian", DLT_PKTAP, "0000006c000000010000000c" PKTAP_REST REPLY6, 0, "", true},
    {"PKTAP with NULL", DLT_PKTAP, "6c0000000100000000000000" PKTAP_REST "1e000000" REPLY6, 0, "", true},
    {"PPI with Ethernet", DLT_PPI, "0000080001000000" MACS "0800" REPLY4, 0, "", false},
    {"PPI with fields and 802.11", DLT_PPI,
     "0000200069000000"
     "02001400000000000000000000000000000000000000a09c"
     "0801000002000000000102000000000202000000"
     "00030000aaaa030000000800" REPLY4,
     0, "", false},
    {"PPI with radiotap", DLT_PPI,
     "000008007f000000"
     "0000080000000000080200000200000000010200"
     "000000020200000000030000aaaa030000000800" REPLY4,
     0, "", false},
    {"Juniper's Ethernet", DLT_JUNIPER_ETHER, "4d474301" MACS "0800" REPLY4, 0, "", false},
    {"Juniper's Ethernet with extensions", DLT_JUNIPER_ETHER,
     "4d474380000a0402000005010101aabb" MACS "8100"
     "000586dd" REPLY6,
     6, "", true},
    {"Juniper's Ethernet without Ethernet", DLT_JUNIPER_ETHER,
     "4d474302"
     "02000000" REPLY4,
     0, "", false},
    {"802.3 with LLC and SNAP", DLT_EN10MB,
     MACS "003c"
          "aaaa030000000800" REPLY4,
     0, "", false},
    {"802.3 with LLC and SNAP, padded", DLT_EN10MB,
     MACS "0050"
          "aaaa0300000086dd" REPLY6 "000000000000000000",
     0, "", true},
    {"802.3 with IP's LLC", DLT_EN10MB,
     MACS "0037"
          "060603" REPLY4,
     0, "", false},
    {"802.3 with 802.1H", DLT_EN10MB,
     MACS "003c"
          "aaaa030000f80800" REPLY4,
     0, "", false},
    {"LLC behind a tag", DLT_EN10MB,
     MACS "8100"
          "0005003caaaa030000000800" REPLY4,
     6, "", false},
    {"cooked v1", DLT_LINUX_SLL, "00000001000602000000000100000800" REPLY4, 0, "", false},
    {"cooked v1 with a tag", DLT_LINUX_SLL, "00000001000602000000000100008100000586dd" REPLY6, 6, "", true},
    {"cooked v1 with LLC", DLT_LINUX_SLL,
     "00010001000602000000000100000004aaaa0300"
     "00000800" REPLY4,
     0, "", false},
    {"cooked v2", DLT_LINUX_SLL2, "86dd000000000002000100060200000000010000" REPLY6, 0, "", true},
    {"NULL, little-endian", DLT_NULL, "02000000" REPLY4, 0, "", false},
    {"NULL, big-endian", DLT_NULL, "00000002" REPLY4, 0, "", false},
    {"NULL, IPv6 of macOS", DLT_NULL, "1e000000" REPLY6, 0, "", true},
    {"NULL, IPv6 of OpenBSD", DLT_NULL, "00000018" REPLY6, 0, "", true},
    {"NULL, IPv6 of FreeBSD", DLT_NULL, "1c000000" REPLY6, 0, "", true},
    {"NULL, IPv6 of Linux", DLT_NULL, "0a000000" REPLY6, 0, "", true},
    {"NULL, IPv6 of Windows", DLT_NULL, "17000000" REPLY6, 0, "", true},
    {"LOOP", DLT_LOOP, "00000002" REPLY4, 0, "", false},
    {"LOOP, IPv6", DLT_LOOP, "00000018" REPLY6, 0, "", true},
    {"raw IPv4", DLT_RAW, REPLY4, 0, "", false},
    {"raw IPv4, written as LINKTYPE_RAW", 101, REPLY4, 0, "", false},
    {"raw IPv4 of OpenBSD", 14, REPLY4, 0, "", false},
    {"raw IPv6", DLT_RAW, REPLY6, 0, "", true},
    {"link type IPV4", DLT_IPV4, REPLY4, 0, "", false},
    {"link type IPV6", DLT_IPV6, REPLY6, 0, "", true},
    {"NFLOG, little-endian", DLT_NFLOG,
     "02000000080001000800010007000a00696e0000"
     "38000900" REPLY4,
     0, "", false},
    {"NFLOG, big-endian", DLT_NFLOG,
     "0a0000000008000186dd01000007000a696e0000"
     "004c0009" REPLY6,
     0, "", true},
    {"PPP", DLT_PPP, "ff030021" REPLY4, 0, "", false},
    {"PPP without address and control", DLT_PPP, "0057" REPLY6, 0, "", true},
    {"PPP with a short protocol", DLT_PPP, "21" REPLY4, 0, "", false},
    {"PPP_SERIAL", DLT_PPP_SERIAL, "ff030021" REPLY4, 0, "", false},
    {"PPP with MPLS", DLT_PPP, "ff03028100010140" REPLY4, 0, "mpls", false},
    {"PPPoE", DLT_EN10MB,
     MACS "8864"
          "11000011003521" REPLY4,
     0, "pppoe 17", false},
    {"PPPoE with a tag, IPv6", DLT_EN10MB,
     MACS "8100"
          "0009886411000011004957" REPLY6,
     10, "pppoe 17", true},
    {"PPP_ETHER", DLT_PPP_ETHER, "11000003003521" REPLY4, 0, "pppoe 3", false},
    {"802.11 to ds", DLT_IEEE802_11,
     "0801000002000000000102000000000202000000"
     "00030000aaaa030000000800" REPLY4,
     0, "", false},
    {"802.11 from ds", DLT_IEEE802_11,
     "0802000002000000000102000000000202000000"
     "00030000aaaa0300000086dd" REPLY6,
     0, "", true},
    {"802.11 between two stations of a distribution system", DLT_IEEE802_11,
     "0803000002000000000102000000000202000000"
     "00030000020000000004aaaa030000000800" REPLY4,
     0, "", false},
    {"802.11 QoS", DLT_IEEE802_11,
     "8801000002000000000102000000000202000000"
     "000300000000aaaa030000000800" REPLY4,
     0, "", false},
    {"802.11 QoS with four addresses and HT control", DLT_IEEE802_11,
     "8883000002000000000102000000000202000000"
     "00031000020000000004000000000000aaaa0300"
     "00000800" REPLY4,
     0, "", false},
    {"802.11 aggregate", DLT_IEEE802_11,
     "8801000002000000000102000000000202000000"
     "000310008000020000000001020000000002003c"
     "aaaa030000000800" REPLY4,
     0, "", false},
    {"radiotap", DLT_IEEE802_11_RADIO,
     "0000080000000000080200000200000000010200"
     "000000020200000000030000aaaa030000000800" REPLY4,
     0, "", false},
    {"radiotap with fields and a checksum behind", DLT_IEEE802_11_RADIO,
     "000019006f080000010203040506070810026c09"
     "8004d9a601080200000200000000010200000000"
     "020200000000030000aaaa030000000800" REPLY4 "deadbeef",
     0, "", false},
    {"radiotap with a time and padding", DLT_IEEE802_11_RADIO,
     "0000110003000000"
     "0102030405060708"
     "20"
     "88020000020000000001020000000002020000000003100000000000"
     "aaaa030000000800" REPLY4,
     0, "", false},
    {"radiotap with padding", DLT_IEEE802_11_RADIO,
     "0000090002000000208802000002000000000102"
     "0000000002020000000003100000000000aaaa03"
     "0000000800" REPLY4,
     0, "", false},
    {"radiotap with more words and padding", DLT_IEEE802_11_RADIO,
     "00001900030000a0000000200000000001020304"
     "0506070820880200000200000000010200000000"
     "02020000000003100000000000aaaa0300000008"
     "00" REPLY4,
     0, "", false},
    {"MPLS", DLT_EN10MB,
     MACS "8847"
          "0001000000011100" REPLY4,
     0, "mpls", false},
    {"MPLS upstream, IPv6", DLT_EN10MB,
     MACS "8848"
          "00002100" REPLY6,
     0, "mpls", true},
    {"pseudowire with a control word", DLT_EN10MB,
     MACS "8847"
          "000100000001110000000001" INNER_MACS "0800" REPLY4,
     0, "mpls, pseudowire", false},
    {"pseudowire with a tag inside", DLT_EN10MB,
     MACS "8847"
          "00011100" INNER_MACS "8100"
          "002186dd" REPLY6,
     0, "mpls, pseudowire", true},
    {"pseudowire, an address like IPv4", DLT_EN10MB,
     MACS "8847"
          "00011100485b390000040200000000030800" REPLY4,
     0, "mpls, pseudowire", false},
    {"pseudowire, an address like IPv6", DLT_EN10MB,
     MACS "8847"
          "0001110060ffffff00040200000000030800" REPLY4,
     0, "mpls, pseudowire", false},
    {"IP in IP", DLT_EN10MB,
     MACS "0800"
          "450000480002000040042646c6336401c6336402" REPLY4,
     0, "ipip", false},
    {"6in4", DLT_EN10MB,
     MACS "0800"
          "4500005c000200004029260dc6336401c6336402" REPLY6,
     0, "6in4", true},
    {"4in6", DLT_EN10MB,
     MACS "86dd"
          "600000000034044020010db80001000000000000"
          "0000000120010db8000100000000000000000002" REPLY4,
     0, "4in6", false},
    {"6in6", DLT_EN10MB,
     MACS "86dd"
          "600000000048294020010db80001000000000000"
          "0000000120010db8000100000000000000000002" REPLY6,
     0, "6in6", true},
    {"MPLS in IP", DLT_EN10MB,
     MACS "0800"
          "4500004c00020000408925bdc6336401c6336402"
          "00010100" REPLY4,
     0, "mpls", false},
    {"GRE", DLT_EN10MB,
     MACS "0800"
          "4500004c00020000402f2617c6336401c6336402"
          "00000800" REPLY4,
     0, "gre", false},
    {"GRE over IPv6 with all fields", DLT_EN10MB,
     MACS "86dd"
          "6000000000582f4020010db80001000000000000"
          "0000000120010db8000100000000000000000002"
          "b00086dd62e50000fffffffe00000003" REPLY6,
     0, "gre 4294967294", true},
    {"GRE with a key", DLT_EN10MB,
     MACS "0800"
          "4500006400020000402f25ffc6336401c6336402"
          "200086dd00000007" REPLY6,
     0, "gre 7", true},
    {"GRE with a checksum", DLT_EN10MB,
     MACS "0800"
          "4500005000020000402f2613c6336401c6336402"
          "80000800fcc10000" REPLY4,
     0, "gre", false},
    {"GRE, bridged", DLT_EN10MB,
     MACS "8100"
          "000308004500005e00020000402f2605c6336401"
          "c633640200006558" INNER_MACS "8100"
          "00090800" REPLY4,
     4, "gre", false},
    {"GRE with MPLS", DLT_EN10MB,
     MACS "0800"
          "4500005000020000402f2613c6336401c6336402"
          "0000884700010100" REPLY4,
     0, "gre, mpls", false},
    {"GRE with 802.11", DLT_EN10MB,
     MACS "0800"
          "4500006c00020000402f25f7c6336401c6336402"
          "00008200"
          "0801000002000000000102000000000202000000"
          "00030000aaaa030000000800" REPLY4,
     0, "gre", false},
    {"GRE with 802.11, the last kind, with a key", DLT_EN10MB,
     MACS "0800"
          "4500008400020000402f25dfc6336401c6336402"
          "2000900000000007"
          "0802000002000000000102000000000202000000"
          "00030000aaaa0300000086dd" REPLY6,
     0, "gre 7", true},
    {"GRE in UDP", DLT_EN10MB,
     MACS "0800"
          "450000540002000040112629c6336401c6336402"
          "c35012920040000000000800" REPLY4,
     0, "gre", false},
    {"GRE in UDP, bridged, with a key", DLT_EN10MB,
     MACS "0800"
          "4500007a0002000040112607c6336401c6336402"
          "c3501292006600002000655800000007" INNER_MACS "86dd" REPLY6,
     0, "gre 7", true},
    {"CAPWAP with 802.11", DLT_EN10MB,
     MACS "0800"
          "4500007800020000401125f9c6336401c6336402"
          "c350147f006400000010030000010000"
          "0801000002000000000102000000000202000000"
          "00030000aaaa030000000800" REPLY4,
     0, "capwap", false},
    {"CAPWAP to the access point, 802.11 QoS with its control swapped", DLT_EN10MB,
     MACS "0800"
          "4500008e00020000401125e3c6336401c6336402"
          "147fc350007a00000010030000010000"
          "0288000002000000000102000000000202000000"
          "000300000000aaaa0300000086dd" REPLY6,
     0, "capwap", true},
    {"CAPWAP with a radio's address and what it heard", DLT_EN10MB,
     MACS "0800"
          "4500008800020000401125e9c6336401c6336402"
          "c350147f007400000030033000010000"
          "0602000000000100"
          "04c0c80064000000"
          "0801000002000000000102000000000202000000"
          "00030000aaaa030000000800" REPLY4,
     0, "capwap", false},
    {"CAPWAP with Ethernet", DLT_EN10MB,
     MACS "0800"
          "450000660002000040112607c6336401c6336402"
          "c350147f005200000010020000010000" INNER_MACS "0800" REPLY4,
     0, "capwap", false},
    {"ERSPAN I", DLT_EN10MB,
     MACS "0800"
          "4500005a00020000402f2609c6336401c6336402"
          "000088be" INNER_MACS "0800" REPLY4,
     0, "erspan", false},
    {"ERSPAN II", DLT_EN10MB,
     MACS "0800"
          "4500006a00020000402f25f9c6336401c6336402"
          "100088be00000001100503e900000000" INNER_MACS "8100"
          "00050800" REPLY4,
     0, "erspan 1001", false},
    {"ERSPAN III", DLT_EN10MB,
     MACS "0800"
          "4500007e00020000402f25e5c6336401c6336402"
          "100022eb00000001200000030000000000000000" INNER_MACS "86dd" REPLY6,
     0, "erspan 3", true},
    {"ERSPAN III with a subheader", DLT_EN10MB,
     MACS "0800"
          "4500007200020000402f25f1c6336401c6336402"
          "100022eb00000001200504030000000100000001"
          "0000000000000000" INNER_MACS "0800" REPLY4,
     0, "erspan 3", false},
    {"ERSPAN III with IP", DLT_EN10MB,
     MACS "0800"
          "4500005c00020000402f2607c6336401c6336402"
          "100022eb00000001200504030000000100000800" REPLY4,
     0, "erspan 3", false},
    {"VXLAN", DLT_EN10MB,
     MACS "0800"
          "45000066000200004011261bc6336401c6336402"
          "c35012b5005200000800000000002a00" INNER_MACS "0800" REPLY4,
     0, "vxlan 42", false},
    {"VXLAN on Linux's port over IPv6", DLT_EN10MB,
     MACS "86dd"
          "60000000006a114020010db80001000000000000"
          "0000000120010db8000100000000000000000002"
          "c3502118006a461708000000ffffff00" INNER_MACS "8100"
          "000386dd" REPLY6,
     0, "vxlan 16777215", true},
    {"VXLAN with every reserved bit", DLT_EN10MB,
     MACS "0800"
          "45000066000200004011261bc6336401c6336402"
          "c35012b500520000ffffffff00002aff" INNER_MACS "0800" REPLY4,
     0, "vxlan 42", false},
    {"VXLAN with the bits of another protocol", DLT_EN10MB,
     MACS "0800"
          "45000066000200004011261bc6336401c6336402"
          "c3502118005200000c000002"
          "00002a00" INNER_MACS "0800" REPLY4,
     0, "vxlan 42", false},
    {"VXLAN-GPE at VXLAN's port", DLT_EN10MB,
     MACS "0800"
          "450000580002000040112629c6336401c6336402"
          "c35012b5004400000c00000100002a00" REPLY4,
     0, "vxlan 42", false},
    {"VXLAN-GPE", DLT_EN10MB,
     MACS "0800"
          "450000580002000040112629c6336401c6336402"
          "c35012b6004400000c00000100002a00" REPLY4,
     0, "vxlan 42", false},
    {"VXLAN-GPE with IPv6", DLT_EN10MB,
     MACS "0800"
          "4500006c0002000040112615c6336401c6336402"
          "c35012b6005800000c00000200002a00" REPLY6,
     0, "vxlan 42", true},
    {"GENEVE", DLT_EN10MB,
     MACS "0800"
          "45000066000200004011261bc6336401c6336402"
          "c35017c1005200000000655800002a00" INNER_MACS "0800" REPLY4,
     0, "geneve 42", false},
    {"GENEVE with an option and IP", DLT_EN10MB,
     MACS "0800"
          "450000600002000040112621c6336401c6336402"
          "c35017c1004c00000200080000002a0001028001"
          "00000007" REPLY4,
     0, "geneve 42", false},
    {"GTP-U", DLT_EN10MB,
     MACS "0800"
          "450000580002000040112629c6336401c6336402"
          "086808680044000030ff003400000001" REPLY4,
     0, "gtp-u", false},
    {"GTP-U with an extension header", DLT_EN10MB,
     MACS "0800"
          "450000600002000040112621c6336401c6336402"
          "08680868004c000034ff003c0000000100000085"
          "01100000" REPLY4,
     0, "gtp-u", false},
    {"GTP-U with a sequence number", DLT_EN10MB,
     MACS "0800"
          "4500005c0002000040112625c6336401c6336402"
          "086808680048000032ff00380000000100010000" REPLY4,
     0, "gtp-u", false},
    {"Teredo", DLT_EN10MB,
     MACS "0800"
          "45000064000200004011261dc6336401c6336402"
          "0dd8c35000500000" REPLY6,
     0, "teredo", true},
    {"Teredo with authentication and origin", DLT_EN10MB,
     MACS "0800"
          "450000790002000040112608c6336401c6336402"
          "c3500dd800650000000100000102030405060708"
          "00000063bf3f57fdff" REPLY6,
     0, "teredo", true},
    {"MPLS in UDP", DLT_EN10MB,
     MACS "0800"
          "45000054000200004011262dc6336401c6336402"
          "c35019eb0040000000010100" REPLY4,
     0, "mpls", false},
    {"GRE in VXLAN", DLT_EN10MB,
     MACS "8100"
          "000308004500009600020000401125ebc6336401"
          "c6336402c35012b5008200000800000000002a00" INNER_MACS "86dd"
          "60000000003c2f4020010db80001000000000000"
          "0000000120010db8000100000000000000000002"
          "2000080000000007" REPLY4,
     4, "vxlan 42, gre 7", false},
    {"IPv6 extension headers", DLT_EN10MB,
     MACS "86dd"
          "600000000050004020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "3c000502000001002b01010c0000000000000000"
          "00000000060200000000000020010db800000000"
          "0000000000000012008f9c401122334455667788"
          "5018123421df00002a204f4b2072656164790d0a",
     0, "", true},
    {"IPv6 authentication header", DLT_EN10MB,
     MACS "86dd"
          "600000000038334020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "0604000000000001000000010000000000000000"
          "00000000008f9c40112233445566778850181234"
          "000000002a204f4b2072656164790d0a",
     0, "", true},
    {"IPv4 authentication header", DLT_EN10MB,
     MACS "0800"
          "4500004c000100004033f5e2c000028fc000020c"
          "0604000000000001000000010000000000000000"
          "00000000008f9c40112233445566778850181234"
          "000000002a204f4b2072656164790d0a",
     0, "", false},
    {"IPv6 mobility header", DLT_EN10MB,
     MACS "86dd"
          "600000000028874020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "0600000000000000008f9c401122334455667788"
          "50181234000000002a204f4b2072656164790d0a",
     0, "", true},
    {"IPv6 shim6 header", DLT_EN10MB,
     MACS "86dd"
          "6000000000308c4020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "06010000000000000000000000000000008f9c40"
          "112233445566778850181234000000002a204f4b"
          "2072656164790d0a",
     0, "", true},
    {"IPv6 atomic fragment", DLT_EN10MB,
     MACS "86dd"
          "6000000000282c4020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "0600000000000009008f9c401122334455667788"
          "5018123421df00002a204f4b2072656164790d0a",
     0, "", true},
    {"IPv6 jumbo payload", DLT_EN10MB,
     MACS "86dd"
          "600000000000004020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "0600c20400000028008f9c401122334455667788"
          "5018123421df00002a204f4b2072656164790d0a",
     0, "", true},
    {"IPv6 jumbo payload, padded", DLT_EN10MB,
     MACS "86dd"
          "600000000000004020010db80000000000000000"
          "0000014320010db8000000000000000000000012"
          "0600c20400000028008f9c401122334455667788"
          "5018123421df00002a204f4b2072656164790d0a000000000000",
     0, "", true},
};

const size_t decap_frame_count = sizeof decap_frames / sizeof decap_frames[0];

uint8_t *decap_octets(const char *hex, uint32_t *length)
{
    uint8_t *octets = malloc(strlen(hex) / 2 + 1), *exact;
    uint32_t n = 0;

    for (const char *at = hex; *at != '\0'; at += 2) {
        char pair[3] = {at[0], at[1], '\0'};

        octets[n++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    exact = realloc(octets, n ? n : 1);
    *length = n;
    return exact;
}

enum decap_result decap_first(struct decap *decap, int link_type, const uint8_t *octets, uint32_t captured,
                              uint32_t length, struct segment *segment, uint8_t **copy)
{
    struct frame frame = {.captured = captured, .length = length, .link_type = link_type, .number = 1};

    *copy = malloc(captured);
    memcpy(*copy, octets, captured);
    frame.octets = *copy;
    return decap_frame(decap, &frame, segment);
}
