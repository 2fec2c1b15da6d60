/*
 * One capture file (or pipe) as a sequence of frames: classic pcap through libpcap, pcapng, and either of
 * them compressed with gzip, bzip2, xz, zstd or lz4. What it is, its content says.
 *
 * Works on descriptors that somebody else opened, so that the process which reads hostile octets needs no
 * right to open anything.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_CAPTURE_FILE_H
#define IMAPTAP_ANALYZER_CAPTURE_CAPTURE_FILE_H

#include "analyzer/capture/source.h"
#include "analyzer/decap/frame.h"

enum capture_status {
    CAPTURE_FRAME, /* a frame was read */
    CAPTURE_END,   /* the capture is over, whole */
    CAPTURE_BROKEN /* cut short, corrupt or unreadable: capture_file_error says why; what came before counts
                    */
};

struct capture_file;

/* Opens the capture behind `fd`, which stays the caller's and is not closed; nothing is read yet. Frames will
 * carry `index` as their capture. NULL: out of memory. */
struct capture_file *capture_file_new(int fd, uint32_t index);

/* The same for octets that `reader` brings (source.h). */
struct capture_file *capture_file_new_fed(source_reader *reader, void *user, uint32_t index);

/* Has a pipe hashed in passing (source_hash). Before the first frame is read. */
void capture_file_hash(struct capture_file *file);

/* Has a pipe looked at for beginnings that are other captures (source_mark), and returns which were met. */
void capture_file_mark(struct capture_file *file, const struct mark *marks, size_t count);
uint64_t capture_file_marks_met(const struct capture_file *file);

/* Reads the next frame into *frame; the first call reads the file's header. After CAPTURE_END or
 * CAPTURE_BROKEN every further call returns the same. */
enum capture_status capture_file_next(struct capture_file *file, struct frame *frame);

/* Reads the next frame, if it is at hand: then the octets of those before it stay valid, until the next call
 * of capture_file_next. False: it is not, or there is none. */
bool capture_file_next_near(struct capture_file *file, struct frame *frame);

/* Why the capture is broken, one sentence without the file's name, e.g. "cut short in frame 17, at octet
 * 2,031". Valid as long as the file. */
const char *capture_file_error(const struct capture_file *file);

/* True when it is broken since it is no capture at all: the error says what it is. */
bool capture_file_is_foreign(const struct capture_file *file);

/* Octets of the file consumed so far (for progress). */
uint64_t capture_file_position(const struct capture_file *file);

/* Link types met so far as text, e.g. "EN10MB" or "EN10MB,RAW"; "" before the first frame. Valid as long as
 * the file. */
const char *capture_file_link_types(const struct capture_file *file);

/* The fingerprint of the capture, unpacked, complete once it ended or broke (the remainder of the file is
 * read for it): the same as fingerprint_of_file gives for a regular file that is not compressed. "" for a
 * compressed one that broke. `text` takes CAPTURE_FINGERPRINT_SIZE octets, terminated. */
void capture_file_fingerprint(struct capture_file *file, char *text);

/* Behind capture_file_fingerprint: the same of a compressed file as it came, else "". */
void capture_file_packed_fingerprint(const struct capture_file *file, char *text);

/* Behind capture_file_fingerprint: the SHA-256 of everything that came through a pipe that is hashed, else ""
 * (source_sha256). `text` takes DIGEST_TEXT octets. */
void capture_file_sha256(struct capture_file *file, char *text);

void capture_file_free(struct capture_file *file);

#endif
