/*
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), one after the other, in the byte order of their
 * section. Behind damage, the next block that is beyond doubt is looked for.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_PCAPNG_BLOCK_H
#define IMAPTAP_ANALYZER_CAPTURE_PCAPNG_BLOCK_H

#include "analyzer/capture/source.h"

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_JOURNAL = 9,
    BLOCK_SECRETS = 10,
    BLOCK_SYSTEM_EVENT = 0x204, /* of sysdig; likewise the five below */
    BLOCK_SYSTEM_EVENT_FLAGS = 0x208,
    BLOCK_SYSTEM_EVENT_2 = 0x216,
    BLOCK_SYSTEM_EVENT_FLAGS_2 = 0x217,
    BLOCK_SYSTEM_EVENT_LARGE = 0x221,
    BLOCK_SYSTEM_EVENT_FLAGS_LARGE = 0x222,
    BLOCK_CUSTOM = 0x0bad,
    BLOCK_CUSTOM_NOT_COPIED = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a
};

struct block {
    uint32_t type;
    const uint8_t
        *body;       /* valid until the next block is asked for; NULL: too long to be kept, and passed over */
    uint32_t length; /* octets of the body */
    uint64_t position; /* of the block in the file */
};

enum block_status {
    BLOCK_FOUND,
    BLOCK_END,
    BLOCK_CUT,     /* the file ends before the block does; *block has its type (0: not known) */
    BLOCK_DAMAGED, /* no block begins here */
    BLOCK_FAILED   /* blocks_error says why */
};

struct blocks;

/* Reads from the source's present position on; the source stays the caller's. NULL: out of memory. */
struct blocks *blocks_new(struct source *source);

/* The next block. A section's block sets the byte order of all that follow. */
enum block_status block_next(struct blocks *blocks, struct block *block);

/* Behind a block that is cut or damaged, goes forward to the next one that is beyond doubt: BLOCK_FOUND (it
 * is the next one to be read), or BLOCK_END. */
enum block_status block_resume(struct blocks *blocks);

/* Octets passed so far. */
uint64_t blocks_position(const struct blocks *blocks);

/* errno of the failure. */
int blocks_error(const struct blocks *blocks);

/* Numbers in the section's byte order. */
uint16_t block_u16(const struct blocks *blocks, const uint8_t *octets);
uint32_t block_u32(const struct blocks *blocks, const uint8_t *octets);
uint64_t block_u64(const struct blocks *blocks, const uint8_t *octets);

void blocks_free(struct blocks *blocks);

#endif
