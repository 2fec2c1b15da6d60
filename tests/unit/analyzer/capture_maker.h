/*
 * Makes capture files, octet by octet, for the tests of capture/.
 */
#ifndef IMAPTAP_TESTS_UNIT_ANALYZER_CAPTURE_MAKER_H
#define IMAPTAP_TESTS_UNIT_ANALYZER_CAPTURE_MAKER_H

#include "analyzer/capture/capture_file.h"

#include <stdbool.h>

struct maker {
    uint8_t *octets;
    size_t length, room;
    bool swapped;  /* numbers are written in the other byte order than this machine's */
    bool unpadded; /* blocks of a pcapng file are padded, but their lengths are not */
    size_t block;  /* where the open block of a pcapng file begins */
};

void maker_octets(struct maker *maker, const void *octets, size_t length);
void maker_u16(struct maker *maker, uint16_t number);
void maker_u32(struct maker *maker, uint32_t number);
void maker_u64(struct maker *maker, uint64_t number);
void maker_free(struct maker *maker);

/* Classic pcap. */
void maker_pcap(struct maker *maker, uint32_t magic, uint32_t link_type);
/* A record whose octets all are `fill`. */
void maker_record(struct maker *maker, uint32_t seconds, uint32_t fraction, uint32_t length, uint8_t fill);

/* pcapng. A block's length stands in both places once it ends. */
void maker_block(struct maker *maker, uint32_t type);
void maker_end(struct maker *maker);
void maker_section(struct maker *maker);
/* `options`: octets of options, `options_length` of them; NULL: none. */
void maker_interface(struct maker *maker, uint16_t link_type, uint32_t snapshot_length, const void *options,
                     size_t options_length);
void maker_packet(struct maker *maker, uint32_t interface, uint64_t stamp, uint32_t length, uint8_t fill);

/* Descriptors of what was made, from `begin` up to `end`: a regular file in memory, or a pipe that holds all.
 */
int maker_file(const struct maker *maker, size_t begin, size_t end);
int maker_pipe(const struct maker *maker, size_t begin, size_t end);

/* A source_reader: brings what was made in pieces of `most` octets, and fails with EIO before octet
 * `fails_at`. */
struct feeder {
    const struct maker *maker;
    size_t next, most, fails_at;
};

ssize_t maker_feed(void *feeder, void *octets, size_t room);

/* Reads all frames; checks that each is sound (every octet is read). Returns how many there are; *status is
 * what ended them. */
unsigned read_all(struct capture_file *file, enum capture_status *status);

/* A capture of what was made, open for reading; its index is 3. */
struct reading {
    struct maker maker;
    int fd;
    struct capture_file *file;
    struct frame frame;
};

void reading_begin(struct reading *reading);
void reading_end(struct reading *reading);
/* Reads a frame, which is to be so; its octets all are `fill`. */
void reading_frame(struct reading *reading, uint64_t number, int64_t time_ns, int link_type,
                   uint32_t captured, uint8_t fill);
/* The capture is to be broken here, for this reason. */
void reading_broken(struct reading *reading, const char *error);

#endif
