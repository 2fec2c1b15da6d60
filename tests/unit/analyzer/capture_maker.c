/*
 * Makes capture files, octet by octet.
 */
#include "tests/unit/analyzer/capture_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

void maker_octets(struct maker *maker, const void *octets, size_t length)
{
    if (length == 0)
        return;
    if (maker->length + length > maker->room) {
        maker->room = (maker->length + length) * 2;
        maker->octets = realloc(maker->octets, maker->room);
    }
    memcpy(maker->octets + maker->length, octets, length);
    maker->length += length;
}

void maker_u16(struct maker *maker, uint16_t number)
{
    if (maker->swapped)
        number = __builtin_bswap16(number);
    maker_octets(maker, &number, sizeof number);
}

void maker_u32(struct maker *maker, uint32_t number)
{
    if (maker->swapped)
        number = __builtin_bswap32(number);
    maker_octets(maker, &number, sizeof number);
}

void maker_u64(struct maker *maker, uint64_t number)
{
    if (maker->swapped)
        number = __builtin_bswap64(number);
    maker_octets(maker, &number, sizeof number);
}

void maker_free(struct maker *maker)
{
    free(maker->octets);
    memset(maker, 0, sizeof *maker);
}

static void fill_octets(struct maker *maker, uint32_t length, uint8_t fill)
{
    uint8_t *octets = malloc(length ? length : 1);

    memset(octets, fill, length);
    maker_octets(maker, octets, length);
    free(octets);
}

void maker_pcap(struct maker *maker, uint32_t magic, uint32_t link_type)
{
    maker_u32(maker, magic);
    maker_u16(maker, 2);
    maker_u16(maker, 4);
    maker_u64(maker, 0);
    maker_u32(maker, 262144);
    maker_u32(maker, link_type);
}

void maker_record(struct maker *maker, uint32_t seconds, uint32_t fraction, uint32_t length, uint8_t fill)
{
    maker_u32(maker, seconds);
    maker_u32(maker, fraction);
    maker_u32(maker, length);
    maker_u32(maker, length);
    fill_octets(maker, length, fill);
}

void maker_block(struct maker *maker, uint32_t type)
{
    maker->block = maker->length;
    maker_u32(maker, type);
    maker_u32(maker, 0);
}

void maker_end(struct maker *maker)
{
    uint32_t length = (uint32_t)(maker->length - maker->block) + 4;

    while (maker->length % 4 != 0)
        maker_octets(maker, "", 1);
    if (!maker->unpadded)
        length = (uint32_t)(maker->length - maker->block) + 4;
    maker_u32(maker, length);
    memcpy(maker->octets + maker->block + 4, maker->octets + maker->length - 4, 4);
}

void maker_section(struct maker *maker)
{
    maker_block(maker, 0x0a0d0d0a);
    maker_u32(maker, 0x1a2b3c4d);
    maker_u16(maker, 1);
    maker_u16(maker, 0);
    maker_u64(maker, UINT64_MAX);
    maker_end(maker);
}

void maker_interface(struct maker *maker, uint16_t link_type, uint32_t snapshot_length, const void *options,
                     size_t options_length)
{
    maker_block(maker, 1);
    maker_u16(maker, link_type);
    maker_u16(maker, 0);
    maker_u32(maker, snapshot_length);
    maker_octets(maker, options, options_length);
    maker_end(maker);
}

void maker_packet(struct maker *maker, uint32_t interface, uint64_t stamp, uint32_t length, uint8_t fill)
{
    maker_block(maker, 6);
    maker_u32(maker, interface);
    maker_u32(maker, (uint32_t)(stamp >> 32));
    maker_u32(maker, (uint32_t)stamp);
    maker_u32(maker, length);
    maker_u32(maker, length);
    fill_octets(maker, length, fill);
    maker_end(maker);
}

static void write_all(int fd, const struct maker *maker, size_t begin, size_t end)
{
    while (begin < end) {
        ssize_t n = write(fd, maker->octets + begin, end - begin);

        assert_true(n > 0);
        begin += (size_t)n;
    }
}

int maker_file(const struct maker *maker, size_t begin, size_t end)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);

    assert_true(fd >= 0);
    write_all(fd, maker, begin, end);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

int maker_pipe(const struct maker *maker, size_t begin, size_t end)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
    write_all(ends[1], maker, begin, end);
    close(ends[1]);
    return ends[0];
}

ssize_t maker_feed(void *user, void *octets, size_t room)
{
    struct feeder *feeder = user;
    size_t n = feeder->maker->length - feeder->next;

    if (feeder->next == feeder->fails_at) {
        errno = EIO;
        return -1;
    }
    if (n > feeder->fails_at - feeder->next)
        n = feeder->fails_at - feeder->next;
    if (n > feeder->most)
        n = feeder->most;
    if (n > room)
        n = room;
    if (n > 0)
        memcpy(octets, feeder->maker->octets + feeder->next, n);
    feeder->next += n;
    return (ssize_t)n;
}

unsigned read_all(struct capture_file *file, enum capture_status *status)
{
    struct frame frame;
    uint64_t number = 0;
    unsigned count = 0, sum = 0;

    while ((*status = capture_file_next(file, &frame)) == CAPTURE_FRAME) {
        for (uint32_t i = 0; i < frame.captured; i++)
            sum += frame.octets[i];
        assert_true(frame.captured <= frame.length);
        assert_true(frame.number > number);
        assert_true(frame.time_ns >= 0);
        number = frame.number;
        count++;
    }
    assert_true(sum < UINT32_MAX);
    return count;
}

void reading_begin(struct reading *reading)
{
    reading->fd = maker_file(&reading->maker, 0, reading->maker.length);
    reading->file = capture_file_new(reading->fd, 3);
}

void reading_end(struct reading *reading)
{
    capture_file_free(reading->file);
    close(reading->fd);
    maker_free(&reading->maker);
}

void reading_frame(struct reading *reading, uint64_t number, int64_t time_ns, int link_type,
                   uint32_t captured, uint8_t fill)
{
    assert_int_equal(capture_file_next(reading->file, &reading->frame), CAPTURE_FRAME);
    assert_int_equal(reading->frame.number, number);
    assert_int_equal(reading->frame.time_ns, time_ns);
    assert_int_equal(reading->frame.link_type, link_type);
    assert_int_equal(reading->frame.captured, captured);
    assert_int_equal(reading->frame.capture, 3);
    for (uint32_t i = 0; i < captured; i++)
        assert_int_equal(reading->frame.octets[i], fill);
}

void reading_broken(struct reading *reading, const char *error)
{
    assert_int_equal(capture_file_next(reading->file, &reading->frame), CAPTURE_BROKEN);
    assert_string_equal(capture_file_error(reading->file), error);
}
