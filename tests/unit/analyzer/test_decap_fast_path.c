/*
 * Most frames go a shorter way than from layer to layer. Whatever stands in their headers, what is reported
 * is the same: here each frame is compared with its datagram alone, which takes the long way.
 */
#include "tests/unit/analyzer/decap_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET_HEADER 14
#define HEADERS         40

/* What decapsulation found, with the payload as an offset into the datagram. */
static enum decap_result decap_at(struct decap *decap, int link_type, const uint8_t *octets,
                                  uint32_t captured, uint32_t length, struct segment *segment)
{
    uint32_t skip = link_type == DLT_EN10MB ? ETHERNET_HEADER : 0;
    uint8_t *copy;
    enum decap_result result;

    memset(segment, 0, sizeof *segment);
    result = decap_first(decap, link_type, octets, captured, length, segment, &copy);
    if (result == DECAP_SEGMENT) {
        assert_in_range(segment->payload - copy, skip + HEADERS, captured);
        segment->payload = (const uint8_t *)(segment->payload - copy - skip);
    }
    free(copy);
    return result;
}

/* Frames with one octet changed, which may make fragments of them, go through a decap of their own. */
static void compare(const uint8_t *frame, uint32_t captured, uint32_t length)
{
    struct decap *one = decap_new(), *other = decap_new();
    struct segment plain, layered;
    enum decap_result result = decap_at(one, DLT_EN10MB, frame, captured, length, &plain);

    assert_int_equal(result, decap_at(other, DLT_IPV4, frame + ETHERNET_HEADER, captured - ETHERNET_HEADER,
                                      length - ETHERNET_HEADER, &layered));
    if (result == DECAP_SEGMENT)
        assert_memory_equal(&plain, &layered, sizeof plain);
    decap_free(one);
    decap_free(other);
}

static void any_octet_of_the_headers_means_the_same_as_to_the_layers(void **state)
{
    uint32_t length;
    uint8_t *frame = decap_octets(MACS "0800" REPLY4, &length);

    (void)state;
    for (uint32_t at = ETHERNET_HEADER; at < ETHERNET_HEADER + HEADERS; at++) {
        uint8_t was = frame[at];

        for (unsigned value = 0; value < 256; value++) {
            frame[at] = (uint8_t)value;
            compare(frame, length, length);
        }
        frame[at] = was;
    }
    free(frame);
}

static void wherever_the_frame_is_cut_the_same_is_missing(void **state)
{
    uint32_t length;
    uint8_t *frame = decap_octets(MACS "0800" REPLY4, &length);

    (void)state;
    for (uint32_t captured = ETHERNET_HEADER; captured <= length; captured++)
        for (uint8_t words = 0; words < 16; words++) { /* of the TCP header */
            frame[ETHERNET_HEADER + 32] = (uint8_t)(words << 4);
            compare(frame, captured, length);
        }
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_octet_of_the_headers_means_the_same_as_to_the_layers),
        cmocka_unit_test(wherever_the_frame_is_cut_the_same_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
