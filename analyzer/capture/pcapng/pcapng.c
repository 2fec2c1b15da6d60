/*
 * pcapng captures: what the blocks mean.
 */
#include "analyzer/capture/pcapng/pcapng.h"

#include "analyzer/capture/link_type.h"
#include "analyzer/capture/pcapng/interface.h"
#include "analyzer/decap/decap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Interfaces that one section may have. */
#define MAX_INTERFACES 65536
/* Link types that are reported by name. */
#define MAX_NAMED 8

struct pcapng {
    struct blocks *blocks;
    struct capture_error *error;
    struct interface *interfaces; /* of the present section */
    size_t interface_count, interface_room;
    uint64_t frames;
    int64_t time_ns; /* of the last frame */
    struct {
        uint64_t places;
        uint64_t frame, octet; /* where the first place was */
        uint64_t resumed;      /* where reading went on; 0: it did not */
    } damage;
    struct {
        uint64_t frames;
        int link_type; /* of the first one */
    } unknown;         /* frames of link types that are not understood */
    int named[MAX_NAMED];
    size_t named_count;
    char link_types[MAX_NAMED * LINK_TYPE_NAME_SIZE];
};

/* --- what is reported at the end --- */

static void add_unknown(struct pcapng *pcapng)
{
    char frames[CAPTURE_NUMBER_SIZE], name[LINK_TYPE_NAME_SIZE];

    link_type_name(pcapng->unknown.link_type, name);
    capture_number(pcapng->unknown.frames, frames);
    capture_error_add(pcapng->error, "has %s frame%s of link type %s, which is not understood", frames,
                      pcapng->unknown.frames == 1 ? "" : "s", name);
}

static void add_damage(struct pcapng *pcapng)
{
    char frame[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE], resumed[CAPTURE_NUMBER_SIZE];

    capture_number(pcapng->damage.frame, frame);
    capture_number(pcapng->damage.octet, octet);
    if (pcapng->damage.resumed == 0) {
        capture_error_add(pcapng->error, "corrupt in frame %s, at octet %s", frame, octet);
    } else {
        capture_number(pcapng->damage.resumed, resumed);
        capture_error_add(pcapng->error, "corrupt in frame %s, at octet %s; read on from octet %s", frame,
                          octet, resumed);
    }
    if (pcapng->damage.places > 1)
        capture_error_add(pcapng->error, "corrupt in %s more place%s",
                          capture_number(pcapng->damage.places - 1, frame),
                          pcapng->damage.places == 2 ? "" : "s");
}

/* The capture's end; `whole`: the file itself has no fault. */
static enum capture_status finish(struct pcapng *pcapng, bool whole)
{
    if (pcapng->damage.places > 0)
        add_damage(pcapng);
    if (pcapng->unknown.frames > 0)
        add_unknown(pcapng);
    return whole && pcapng->error->text[0] == '\0' ? CAPTURE_END : CAPTURE_BROKEN;
}

static bool carries_frame(uint32_t type)
{
    switch (type) {
    case BLOCK_PACKET:
    case BLOCK_SIMPLE_PACKET:
    case BLOCK_ENHANCED_PACKET:
        return true;
    default:
        return false;
    }
}

/* Wireshark numbers these too. */
static bool is_numbered(uint32_t type)
{
    switch (type) {
    case BLOCK_JOURNAL:
    case BLOCK_SYSTEM_EVENT:
    case BLOCK_SYSTEM_EVENT_FLAGS:
    case BLOCK_SYSTEM_EVENT_2:
    case BLOCK_SYSTEM_EVENT_FLAGS_2:
    case BLOCK_SYSTEM_EVENT_LARGE:
    case BLOCK_SYSTEM_EVENT_FLAGS_LARGE:
    case BLOCK_CUSTOM:
    case BLOCK_CUSTOM_NOT_COPIED:
        return true;
    default:
        return carries_frame(type);
    }
}

static enum capture_status end_cut(struct pcapng *pcapng, const struct block *block)
{
    char frame[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];

    capture_error_add(pcapng->error, "cut short %s frame %s, at octet %s",
                      is_numbered(block->type) ? "in" : "before", capture_number(pcapng->frames + 1, frame),
                      capture_number(blocks_position(pcapng->blocks), octet));
    return finish(pcapng, false);
}

static enum capture_status end_failed(struct pcapng *pcapng)
{
    char frame[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];

    capture_error_add(pcapng->error, "cannot be read on in frame %s, at octet %s: %s",
                      capture_number(pcapng->frames + 1, frame),
                      capture_number(blocks_position(pcapng->blocks), octet),
                      strerror(blocks_error(pcapng->blocks)));
    return finish(pcapng, false);
}

static void note_damage(struct pcapng *pcapng, const struct block *block, uint64_t resumed)
{
    if (pcapng->damage.places++ > 0)
        return;
    pcapng->damage.frame = pcapng->frames + 1;
    pcapng->damage.octet = block->position;
    pcapng->damage.resumed = resumed;
}

/* --- sections and interfaces --- */

static bool begin_section(struct pcapng *pcapng, const struct block *block)
{
    uint32_t version;

    pcapng->interface_count = 0;
    if (block->body == NULL || block->length < 16)
        return false;
    version = block_u16(pcapng->blocks, block->body + 4);
    if (version == 1)
        return true;
    capture_error_add(pcapng->error, "has a section of pcapng's version %u, which is not understood",
                      version);
    return false;
}

static void add_interface(struct pcapng *pcapng, const struct block *block)
{
    if (pcapng->interface_count == pcapng->interface_room) {
        size_t room = pcapng->interface_room ? pcapng->interface_room * 2 : 8;
        struct interface *larger =
            room > MAX_INTERFACES ? NULL : realloc(pcapng->interfaces, room * sizeof *larger);

        if (larger == NULL) {
            note_damage(pcapng, block, blocks_position(pcapng->blocks));
            return;
        }
        pcapng->interfaces = larger;
        pcapng->interface_room = room;
    }
    /* even one that cannot be read counts, or those after it would be numbered wrongly */
    if (!interface_read(pcapng->blocks, block, &pcapng->interfaces[pcapng->interface_count++]))
        note_damage(pcapng, block, blocks_position(pcapng->blocks));
}

/* Adds the name of a link type that is met for the first time. */
static void name_link_type(struct pcapng *pcapng, int link_type)
{
    char name[LINK_TYPE_NAME_SIZE];

    for (size_t i = 0; i < pcapng->named_count; i++)
        if (pcapng->named[i] == link_type)
            return;
    if (pcapng->named_count == MAX_NAMED)
        return;
    if (pcapng->named_count > 0)
        strcat(pcapng->link_types, ",");
    link_type_name(link_type, name);
    strcat(pcapng->link_types, name);
    pcapng->named[pcapng->named_count++] = link_type;
}

/* --- frames --- */

/* Where the frame's octets begin in the body, after filling *frame from what precedes them; 0: there is
 * no frame. */
static uint32_t read_packet(struct pcapng *pcapng, const struct block *block, struct frame *frame,
                            struct interface **interface)
{
    const struct blocks *blocks = pcapng->blocks;
    const uint8_t *body = block->body;
    uint32_t number, begin = block->type == BLOCK_SIMPLE_PACKET ? 4 : 20;

    if (body == NULL || block->length < begin)
        return 0;
    number = block->type == BLOCK_ENHANCED_PACKET ? block_u32(blocks, body)
             : block->type == BLOCK_PACKET        ? block_u16(blocks, body)
                                                  : 0;
    if (number >= pcapng->interface_count)
        return 0;
    *interface = &pcapng->interfaces[number];
    if (block->type == BLOCK_SIMPLE_PACKET) {
        frame->time_ns = pcapng->time_ns;
        frame->length = frame->captured = block_u32(blocks, body);
        if ((*interface)->snapshot_length != 0 && frame->captured > (*interface)->snapshot_length)
            frame->captured = (*interface)->snapshot_length;
    } else {
        frame->time_ns = interface_time(*interface, block_u32(blocks, body + 4), block_u32(blocks, body + 8));
        frame->captured = block_u32(blocks, body + 12);
        frame->length = block_u32(blocks, body + 16);
    }
    return frame->captured > block->length - begin ? 0 : begin;
}

/* Returns false when the block holds no frame after all. */
static bool take_packet(struct pcapng *pcapng, const struct block *block, struct frame *frame)
{
    struct interface *interface;
    uint32_t begin = read_packet(pcapng, block, frame, &interface);

    if (begin == 0 || interface->link_type == -1) {
        note_damage(pcapng, block, blocks_position(pcapng->blocks));
        pcapng->frames++;
        return false;
    }
    pcapng->frames++;
    pcapng->time_ns = frame->time_ns;
    frame->octets = block->body + begin;
    if (frame->length < frame->captured)
        frame->length = frame->captured;
    frame->link_type = interface->link_type;
    frame->number = pcapng->frames;
    if (!interface->used) {
        interface->used = true;
        name_link_type(pcapng, interface->link_type);
    }
    if (!decap_knows_link(frame->link_type) && pcapng->unknown.frames++ == 0)
        pcapng->unknown.link_type = frame->link_type;
    return true;
}

/* Looks for the next block after one that is no good. */
static bool resume(struct pcapng *pcapng, const struct block *block)
{
    bool found = block_resume(pcapng->blocks) == BLOCK_FOUND;

    if (found)
        note_damage(pcapng, block, blocks_position(pcapng->blocks));
    return found;
}

enum capture_status pcapng_next(struct pcapng *pcapng, struct frame *frame)
{
    struct block block;

    for (;;) {
        switch (block_next(pcapng->blocks, &block)) {
        case BLOCK_FOUND:
            break;
        case BLOCK_END:
            return finish(pcapng, true);
        case BLOCK_CUT:
            if (!resume(pcapng, &block))
                return end_cut(pcapng, &block);
            continue;
        case BLOCK_DAMAGED:
            if (!resume(pcapng, &block)) {
                note_damage(pcapng, &block, 0);
                return finish(pcapng, true);
            }
            continue;
        case BLOCK_FAILED:
            return end_failed(pcapng);
        }
        if (carries_frame(block.type)) {
            if (take_packet(pcapng, &block, frame))
                return CAPTURE_FRAME;
        } else if (block.type == BLOCK_SECTION) {
            if (!begin_section(pcapng, &block))
                return finish(pcapng, false);
        } else if (block.type == BLOCK_INTERFACE) {
            add_interface(pcapng, &block);
        } else if (is_numbered(block.type)) {
            pcapng->frames++;
        }
    }
}

struct pcapng *pcapng_open(struct source *source, struct capture_error *error)
{
    struct pcapng *pcapng = calloc(1, sizeof *pcapng);
    struct block block;

    if (pcapng != NULL) {
        pcapng->error = error;
        pcapng->blocks = blocks_new(source);
    }
    if (pcapng == NULL || pcapng->blocks == NULL) {
        capture_error_add(error, "cannot be read: %s", strerror(ENOMEM));
        free(pcapng);
        return NULL;
    }
    switch (block_next(pcapng->blocks, &block)) {
    case BLOCK_FOUND:
        if (begin_section(pcapng, &block))
            return pcapng;
        if (error->text[0] == '\0')
            capture_error_add(error, "has a file header that is not understood");
        break;
    case BLOCK_CUT:
        (void)block_resume(pcapng->blocks); /* to the end */
        (void)end_cut(pcapng, &block);
        break;
    case BLOCK_FAILED:
        (void)end_failed(pcapng);
        break;
    default:
        capture_error_add(error, "has a file header that is not understood");
        break;
    }
    pcapng_free(pcapng);
    return NULL;
}

const char *pcapng_link_types(const struct pcapng *pcapng)
{
    return pcapng->link_types;
}

void pcapng_free(struct pcapng *pcapng)
{
    if (pcapng == NULL)
        return;
    blocks_free(pcapng->blocks);
    free(pcapng->interfaces);
    free(pcapng);
}
