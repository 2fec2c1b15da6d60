/*
 * Records that are walked in their buffer come out as libpcap reads them, whatever is wrong with the file.
 */
#include "capture_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 3000

static uint32_t random_state = 1;

static uint32_t any_below(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

/* A capture with a snapshot length of `snapshot` and records of many lengths. */
static void make_capture(struct maker *maker, bool nano, uint32_t snapshot)
{
    maker_u32(maker, nano ? 0xa1b23c4d : 0xa1b2c3d4);
    maker_u16(maker, 2);
    maker_u16(maker, 4);
    maker_u32(maker, 0);
    maker_u32(maker, 0);
    maker_u32(maker, snapshot);
    maker_u32(maker, DLT_EN10MB);
    for (uint32_t i = 0; i < 12; i++)
        maker_record(maker, 1700000000 + i, any_below(1000000), any_below(200), (uint8_t)i);
}

/* Puts odd values where they hurt: anywhere, or into a number of a record's header. */
static void spoil(struct maker *maker)
{
    static const uint32_t odd[] = {0,          1,      15,     16,     0x7fffffff, 0x80000000,
                                   0xffffffff, 262144, 262145, 999999, 1000000};
    uint32_t changes = any_below(3);

    for (uint32_t i = 0; i < changes; i++) {
        uint32_t at = 16 + any_below((uint32_t)maker->length - 20);

        if (any_below(2) == 0)
            maker->octets[at] = (uint8_t)any_below(256);
        else
            memcpy(maker->octets + at, &odd[any_below(sizeof odd / sizeof odd[0])], 4);
    }
    if (any_below(4) == 0)
        maker->length = 24 + any_below((uint32_t)maker->length - 24);
}

/* Reads the file both ways and compares frame by frame, and the end. */
static void compare(struct maker *maker)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    int fd = maker_file(maker, 0, maker->length);
    struct capture_file *file = capture_file_new(fd, 0);
    FILE *stream = fmemopen(maker->octets, maker->length, "rb");
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    struct pcap_pkthdr *header = NULL;
    const u_char *octets = NULL;
    int expected = PCAP_ERROR;
    struct frame frame;
    enum capture_status status;

    assert_non_null(file);
    if (pcap == NULL)
        fclose(stream);
    for (;;) {
        status = capture_file_next(file, &frame);
        if (pcap != NULL)
            expected = pcap_next_ex(pcap, &header, &octets);
        if (status != CAPTURE_FRAME)
            break;
        assert_int_equal(expected, 1);
        assert_int_equal(frame.captured, header->caplen);
        assert_int_equal(frame.length, header->len > header->caplen ? header->len : header->caplen);
        assert_int_equal(frame.time_ns / 1000000000, (uint32_t)header->ts.tv_sec);
        if (header->ts.tv_usec >= 0 && header->ts.tv_usec < 1000000000)
            assert_int_equal(frame.time_ns % 1000000000, header->ts.tv_usec);
        assert_int_equal(frame.link_type, pcap_datalink(pcap));
        assert_memory_equal(frame.octets, octets, frame.captured);
    }
    /* a link type that is not understood ends it at once */
    if (pcap == NULL || pcap_datalink(pcap) == DLT_EN10MB) {
        assert_int_equal(status, expected == PCAP_ERROR_BREAK ? CAPTURE_END : CAPTURE_BROKEN);
        if (pcap != NULL && expected == PCAP_ERROR && strstr(pcap_geterr(pcap), "truncated") == NULL)
            if (strstr(capture_file_error(file), pcap_geterr(pcap)) == NULL)
                fail_msg("\"%s\" for libpcap's \"%s\"", capture_file_error(file), pcap_geterr(pcap));
    }
    if (pcap != NULL)
        pcap_close(pcap);
    capture_file_free(file);
    close(fd);
}

static void spoilt_files_are_read_as_libpcap_reads_them(void **state)
{
    static const uint32_t snapshots[] = {65535, 262144, 64, 1, 0, 0x80000000};

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct maker maker = {0};

        make_capture(&maker, round & 1, snapshots[round % (int)(sizeof snapshots / sizeof snapshots[0])]);
        if (round >= 12)
            spoil(&maker);
        compare(&maker);
        maker_free(&maker);
    }
}

/* Records cross the ends of what is read at once. */
static void long_files_are_read_as_libpcap_reads_them(void **state)
{
    struct maker maker = {0};

    (void)state;
    maker_pcap(&maker, 0xa1b2c3d4, DLT_EN10MB);
    for (uint32_t i = 0; i < 3000; i++)
        maker_record(&maker, 1700000000 + i, i, i % 50 == 0 ? 60000 : any_below(1500), (uint8_t)i);
    compare(&maker);
    maker.length -= 700;
    compare(&maker);
    maker_free(&maker);
}

/* What was read is not touched again: a file that shrinks meanwhile just ends. */
static void a_file_that_is_cut_while_it_is_read_is_reported(void **state)
{
    struct maker maker = {0};
    struct capture_file *file;
    struct frame frame;
    unsigned frames = 0;
    int fd;

    (void)state;
    maker_pcap(&maker, 0xa1b2c3d4, DLT_EN10MB);
    for (uint32_t i = 0; i < 3000; i++)
        maker_record(&maker, 1700000000 + i, i, 1000, (uint8_t)i);
    fd = maker_file(&maker, 0, maker.length);
    file = capture_file_new(fd, 0);
    assert_int_equal(capture_file_next(file, &frame), CAPTURE_FRAME);
    assert_int_equal(ftruncate(fd, 1000000), 0);
    while (capture_file_next(file, &frame) == CAPTURE_FRAME)
        frames++;
    assert_true(frames < 1000);
    assert_non_null(strstr(capture_file_error(file), "cut short in frame"));
    capture_file_free(file);
    close(fd);
    maker_free(&maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spoilt_files_are_read_as_libpcap_reads_them),
        cmocka_unit_test(long_files_are_read_as_libpcap_reads_them),
        cmocka_unit_test(a_file_that_is_cut_while_it_is_read_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
