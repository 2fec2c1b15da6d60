/*
 * Captures in libpcap's own format. libpcap judges the file's header. The records of usual files are walked
 * in the buffer that they were read into, with the same results (stdio takes two thirds of the time of a
 * capture without IMAP); for the others libpcap gets the stdio stream that it wants, whose octets come from
 * the source.
 */
#include "analyzer/capture/classic.h"

#include "analyzer/capture/link_type.h"
#include "analyzer/capture/lookahead.h"
#include "analyzer/decap/decap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER ((size_t)256 * 1024)
#define SECOND INT64_C(1000000000)

#define MAGIC_MICRO 0xa1b2c3d4
#define MAGIC_NANO  0xa1b23c4d
#define FILE_HEADER 24
/* What libpcap believes of the length of a frame. */
#define MAX_CAPTURED 262144

/* Of a file of this machine's byte order. */
struct record_header {
    uint32_t seconds, fraction, captured, length;
};
#define RECORD_HEADER sizeof(struct record_header)

struct classic {
    struct source *source;
    struct capture_error *error;
    pcap_t *pcap;
    struct lookahead *lookahead; /* of a file that is walked, after its header; NULL: libpcap reads it */
    uint32_t snapshot;           /* octets of a frame that are kept */
    bool nano;                   /* fractions are nanoseconds */
    FILE *stream;                /* belongs to `pcap` once that is open */
    char *buffer;
    char header[FILE_HEADER]; /* of a file that is walked */
    uint32_t record_header;   /* octets in front of each frame */
    int link_type;
    char link_name[LINK_TYPE_NAME_SIZE];
    int read_error; /* errno of the source's failure; 0: none */
    uint64_t frames;
};

static ssize_t read_source(void *cookie, char *octets, size_t room)
{
    struct classic *classic = cookie;
    ssize_t n = source_read(classic->source, octets, room);

    if (n < 0)
        classic->read_error = errno;
    return n;
}

/* Enough for ftello. */
static int report_position(void *cookie, off64_t *offset, int whence)
{
    const struct classic *classic = cookie;

    if (whence != SEEK_CUR || *offset != 0) {
        errno = ESPIPE;
        return -1;
    }
    *offset = (off64_t)source_position(classic->source);
    return 0;
}

static FILE *open_stream(struct classic *classic)
{
    const cookie_io_functions_t functions = {.read = read_source, .seek = report_position};
    FILE *stream;

    classic->buffer = malloc(BUFFER);
    if (classic->buffer == NULL)
        return NULL;
    stream = fopencookie(classic, "rb", functions);
    if (stream != NULL)
        (void)setvbuf(stream, classic->buffer, _IOFBF, BUFFER);
    return stream;
}

static void describe_unopened(const struct classic *classic, const char *reason)
{
    char octets[CAPTURE_NUMBER_SIZE];

    if (classic->read_error != 0)
        capture_error_set(classic->error, "cannot be read: %s", strerror(classic->read_error));
    else if (feof(classic->stream))
        capture_error_set(classic->error, "cut short in the file's header, at octet %s",
                          capture_number(source_position(classic->source), octets));
    else
        capture_error_set(classic->error, "has a file header that is not understood: %s", reason);
}

/* The records of Alexey Kuznetsov's patches to libpcap have 8 octets more. */
static uint32_t record_header_of(struct source *source)
{
    const uint8_t *magic;

    if (source_head(source, 4, &magic) < 4)
        return 16;
    return (magic[0] == 0xa1 && magic[2] == 0xcd) || (magic[3] == 0xa1 && magic[1] == 0xcd) ? 24 : 16;
}

/* Prepares to walk the records, if this is a file of the usual kind: of this machine's byte order and
 * version 2.4. Gives a stream of its header alone. NULL: it is not, or memory is short. */
static FILE *open_walk(struct classic *classic)
{
    const uint8_t *head;
    uint32_t magic;
    uint16_t version[2];

    if (source_head(classic->source, FILE_HEADER, &head) < FILE_HEADER)
        return NULL;
    memcpy(&magic, head, sizeof magic);
    memcpy(version, head + 4, sizeof version);
    if ((magic != MAGIC_MICRO && magic != MAGIC_NANO) || version[0] != 2 || version[1] != 4)
        return NULL;
    memcpy(classic->header, head, FILE_HEADER);
    classic->nano = magic == MAGIC_NANO;
    classic->lookahead = lookahead_new(classic->source);
    if (classic->lookahead == NULL || lookahead_at(classic->lookahead, FILE_HEADER) == NULL)
        return NULL;
    lookahead_take(classic->lookahead, FILE_HEADER);
    return fmemopen(classic->header, FILE_HEADER, "rb");
}

struct classic *classic_open(struct source *source, struct capture_error *error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    struct classic *classic = calloc(1, sizeof *classic);

    if (classic == NULL)
        goto no_memory;
    classic->source = source;
    classic->error = error;
    classic->record_header = record_header_of(source);
    classic->stream = open_walk(classic);
    if (classic->lookahead == NULL)
        classic->stream = open_stream(classic);
    if (classic->stream == NULL)
        goto no_memory;
    classic->pcap =
        pcap_fopen_offline_with_tstamp_precision(classic->stream, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (classic->pcap == NULL) {
        describe_unopened(classic, reason);
        classic_free(classic);
        return NULL;
    }
    classic->snapshot = (uint32_t)pcap_snapshot(classic->pcap);
    classic->link_type = pcap_datalink(classic->pcap);
    link_type_name(classic->link_type, classic->link_name);
    if (!decap_knows_link(classic->link_type)) {
        capture_error_set(error, "has link type %s, which is not understood", classic->link_name);
        classic_free(classic);
        return NULL;
    }
    return classic;
no_memory:
    capture_error_set(error, "cannot be read: %s", strerror(ENOMEM));
    classic_free(classic);
    return NULL;
}

static void describe_broken(const struct classic *classic)
{
    char frame[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];
    off_t at = ftello(classic->stream);
    uint64_t position = at < 0 ? source_position(classic->source) : (uint64_t)at;

    if (classic->read_error == 0 && !feof(classic->stream) && position >= classic->record_header)
        position -= classic->record_header; /* libpcap looks no further than the header */
    capture_number(classic->frames + 1, frame);
    capture_number(position, octet);
    if (classic->read_error != 0)
        capture_error_set(classic->error, "cannot be read on in frame %s, at octet %s: %s", frame, octet,
                          strerror(classic->read_error));
    else if (feof(classic->stream))
        capture_error_set(classic->error, "cut short in frame %s, at octet %s", frame, octet);
    else
        capture_error_set(classic->error, "corrupt in frame %s, at octet %s: %s", frame, octet,
                          pcap_geterr(classic->pcap));
}

/* The seconds are an unsigned number of 32 bits in the file, whatever libpcap makes of it. */
static int64_t time_of(const struct pcap_pkthdr *header)
{
    int64_t fraction = header->ts.tv_usec;

    if (fraction < 0 || fraction >= SECOND)
        fraction = 0;
    return (int64_t)(uint32_t)header->ts.tv_sec * SECOND + fraction;
}

/* There is no whole record any more. */
static __attribute__((noinline)) enum capture_status end_walk(const struct classic *classic, size_t wanted)
{
    char frame[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];
    int error = lookahead_error(classic->lookahead);
    size_t left = lookahead_left(classic->lookahead);

    if (error == 0 && left == 0 && wanted == RECORD_HEADER)
        return CAPTURE_END;
    capture_number(classic->frames + 1, frame);
    capture_number(lookahead_position(classic->lookahead) + left, octet);
    if (error != 0)
        capture_error_set(classic->error, "cannot be read on in frame %s, at octet %s: %s", frame, octet,
                          strerror(error));
    else
        capture_error_set(classic->error, "cut short in frame %s, at octet %s", frame, octet);
    return CAPTURE_BROKEN;
}

/* The record's header cannot be. */
static __attribute__((noinline)) enum capture_status refuse_record(const struct classic *classic,
                                                                   uint32_t captured)
{
    char number[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];
    bool over = captured > classic->snapshot;

    capture_error_set(
        classic->error,
        "corrupt in frame %s, at octet %s: invalid packet capture length %u, bigger than %s of %u",
        capture_number(classic->frames + 1, number),
        capture_number(lookahead_position(classic->lookahead), octet), captured, over ? "snaplen" : "maximum",
        over ? classic->snapshot : MAX_CAPTURED);
    return CAPTURE_BROKEN;
}

static void take_record(struct classic *classic, struct record_header *header, const uint8_t *record,
                        struct frame *frame)
{
    int64_t fraction = (int64_t)(int32_t)header->fraction * (classic->nano ? 1 : 1000);

    lookahead_take(classic->lookahead, RECORD_HEADER + header->captured);
    if (header->captured > classic->snapshot) /* as Solaris wrote it: the octets beyond are none */
        header->captured = classic->snapshot;
    if (fraction < 0 || fraction >= SECOND)
        fraction = 0;
    classic->frames++;
    frame->octets = record + RECORD_HEADER;
    frame->captured = header->captured;
    frame->length = header->length > header->captured ? header->length : header->captured;
    frame->time_ns = (int64_t)header->seconds * SECOND + fraction;
    frame->link_type = classic->link_type;
    frame->number = classic->frames;
}

static enum capture_status walk(struct classic *classic, struct frame *frame)
{
    struct record_header header;
    const uint8_t *record = lookahead_at(classic->lookahead, RECORD_HEADER);

    if (record == NULL)
        return end_walk(classic, RECORD_HEADER);
    memcpy(&header, record, sizeof header);
    if (header.captured > MAX_CAPTURED)
        return refuse_record(classic, header.captured);
    record = lookahead_at(classic->lookahead, RECORD_HEADER + header.captured);
    if (record == NULL)
        return end_walk(classic, RECORD_HEADER + header.captured);
    take_record(classic, &header, record, frame);
    return CAPTURE_FRAME;
}

static __attribute__((noinline)) enum capture_status next_of_libpcap(struct classic *classic,
                                                                     struct frame *frame)
{
    struct pcap_pkthdr *header;
    const u_char *octets;
    int result = pcap_next_ex(classic->pcap, &header, &octets);

    if (result != 1) {
        if (result == PCAP_ERROR_BREAK && classic->read_error == 0)
            return CAPTURE_END;
        describe_broken(classic);
        return CAPTURE_BROKEN;
    }
    classic->frames++;
    frame->octets = octets;
    frame->captured = header->caplen;
    frame->length = header->len > header->caplen ? header->len : header->caplen;
    frame->time_ns = time_of(header);
    frame->link_type = classic->link_type;
    frame->number = classic->frames;
    return CAPTURE_FRAME;
}

enum capture_status classic_next(struct classic *classic, struct frame *frame)
{
    return classic->lookahead != NULL ? walk(classic, frame) : next_of_libpcap(classic, frame);
}

bool classic_next_near(struct classic *classic, struct frame *frame)
{
    struct record_header header;
    const uint8_t *record;
    size_t left;

    if (classic->lookahead == NULL)
        return false;
    left = lookahead_left(classic->lookahead);
    if (left < RECORD_HEADER)
        return false;
    record = lookahead_at(classic->lookahead, RECORD_HEADER); /* moves nothing, since it is there */
    memcpy(&header, record, sizeof header);
    if (header.captured > MAX_CAPTURED || header.captured > left - RECORD_HEADER)
        return false;
    take_record(classic, &header, record, frame);
    return true;
}

const char *classic_link_types(const struct classic *classic)
{
    return classic->link_name;
}

void classic_free(struct classic *classic)
{
    if (classic == NULL)
        return;
    if (classic->pcap != NULL)
        pcap_close(classic->pcap);
    else if (classic->stream != NULL)
        (void)fclose(classic->stream);
    lookahead_free(classic->lookahead);
    free(classic->buffer);
    free(classic);
}
