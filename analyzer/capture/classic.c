/*
 * Captures in libpcap's own format. libpcap wants a stdio stream: it gets one whose octets come from the
 * source.
 */
#include "analyzer/capture/classic.h"

#include "analyzer/capture/link_type.h"
#include "analyzer/packet/peel.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER ((size_t)256 * 1024)
#define SECOND INT64_C(1000000000)

struct classic {
    struct source *source;
    struct capture_error *error;
    pcap_t *pcap;
    FILE *stream; /* belongs to `pcap` once that is open */
    char *buffer;
    uint32_t record_header; /* octets in front of each frame */
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
static int tell_position(void *cookie, off64_t *offset, int whence)
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
    const cookie_io_functions_t functions = {.read = read_source, .seek = tell_position};
    FILE *stream;

    classic->buffer = malloc(BUFFER);
    if (classic->buffer == NULL)
        return NULL;
    stream = fopencookie(classic, "rb", functions);
    if (stream != NULL)
        (void)setvbuf(stream, classic->buffer, _IOFBF, BUFFER);
    return stream;
}

static void tell_unopened(const struct classic *classic, const char *reason)
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

struct classic *classic_open(struct source *source, struct capture_error *error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    struct classic *classic = calloc(1, sizeof *classic);

    if (classic == NULL)
        goto no_memory;
    classic->source = source;
    classic->error = error;
    classic->record_header = record_header_of(source);
    classic->stream = open_stream(classic);
    if (classic->stream == NULL)
        goto no_memory;
    classic->pcap =
        pcap_fopen_offline_with_tstamp_precision(classic->stream, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (classic->pcap == NULL) {
        tell_unopened(classic, reason);
        classic_free(classic);
        return NULL;
    }
    classic->link_type = pcap_datalink(classic->pcap);
    link_type_name(classic->link_type, classic->link_name);
    if (!peel_knows_link(classic->link_type)) {
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

static void tell_broken(const struct classic *classic)
{
    char frame[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];
    off_t told = ftello(classic->stream);
    uint64_t position = told < 0 ? source_position(classic->source) : (uint64_t)told;

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

enum capture_status classic_next(struct classic *classic, struct frame *frame)
{
    struct pcap_pkthdr *header;
    const u_char *octets;
    int result = pcap_next_ex(classic->pcap, &header, &octets);

    if (result != 1) {
        if (result == PCAP_ERROR_BREAK && classic->read_error == 0)
            return CAPTURE_END;
        tell_broken(classic);
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
    free(classic->buffer);
    free(classic);
}
