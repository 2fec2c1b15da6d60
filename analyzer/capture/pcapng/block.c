/*
 * The blocks of a pcapng file: type, length, body and the length again.
 */
#include "analyzer/capture/pcapng/block.h"

#include "analyzer/capture/lookahead.h"

#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
/* Type and both lengths. */
#define FRAME 12U
/* Blocks longer than this are no packets. */
#define MAX_KEPT LOOKAHEAD_MAX
/* After damage, longer blocks are not believed. */
#define MAX_RESUMED ((size_t)1 << 20)

struct blocks {
    struct lookahead *ahead;
    uint32_t taken; /* octets of the last block, still in front */
    bool swapped;   /* the section's byte order is not this machine's */
};

struct blocks *blocks_new(struct source *source)
{
    struct blocks *blocks = calloc(1, sizeof *blocks);

    if (blocks == NULL)
        return NULL;
    blocks->ahead = lookahead_new(source);
    if (blocks->ahead == NULL) {
        free(blocks);
        return NULL;
    }
    return blocks;
}

uint16_t block_u16(const struct blocks *blocks, const uint8_t *octets)
{
    uint16_t number;

    memcpy(&number, octets, sizeof number);
    return blocks->swapped ? __builtin_bswap16(number) : number;
}

uint32_t block_u32(const struct blocks *blocks, const uint8_t *octets)
{
    uint32_t number;

    memcpy(&number, octets, sizeof number);
    return blocks->swapped ? __builtin_bswap32(number) : number;
}

uint64_t block_u64(const struct blocks *blocks, const uint8_t *octets)
{
    uint64_t number;

    memcpy(&number, octets, sizeof number);
    return blocks->swapped ? __builtin_bswap64(number) : number;
}

/* True when the section's block at `octets` shows its byte order; *swapped says then whether it is the other
 * one. */
static bool byte_order(const uint8_t *octets, bool *swapped)
{
    uint32_t magic;

    memcpy(&magic, octets + 8, sizeof magic);
    *swapped = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
    return *swapped || magic == BYTE_ORDER_MAGIC;
}

static enum block_status too_short(const struct blocks *blocks)
{
    return lookahead_error(blocks->ahead) != 0 ? BLOCK_FAILED : BLOCK_CUT;
}

/* Some old writers left the padding out of both lengths of a block, but not out of the block. */
static uint32_t padded(uint32_t length)
{
    return (length + 3) & ~3U;
}

/* Passes over a block that is too long to be kept. */
static enum block_status pass(struct blocks *blocks, uint64_t length)
{
    while (length > 0) {
        size_t part = length < MAX_KEPT ? (size_t)length : MAX_KEPT;

        if (lookahead_at(blocks->ahead, part) == NULL)
            return too_short(blocks);
        lookahead_take(blocks->ahead, part);
        length -= part;
    }
    return BLOCK_FOUND;
}

/* Reads type and length, in the byte order of the section that may begin here. */
static enum block_status read_head(struct blocks *blocks, struct block *block, uint32_t *length)
{
    const uint8_t *octets = lookahead_at(blocks->ahead, 8);

    block->type = 0;
    block->position = lookahead_position(blocks->ahead);
    if (octets == NULL && lookahead_error(blocks->ahead) == 0 && lookahead_left(blocks->ahead) == 0)
        return BLOCK_END;
    if (octets == NULL)
        return too_short(blocks);
    block->type = block_u32(blocks, octets);
    if (block->type == BLOCK_SECTION) {
        octets = lookahead_at(blocks->ahead, FRAME);
        if (octets == NULL)
            return too_short(blocks);
        if (!byte_order(octets, &blocks->swapped))
            return BLOCK_DAMAGED;
    }
    *length = block_u32(blocks, octets + 4);
    return *length < FRAME || *length > UINT32_MAX - 3 ? BLOCK_DAMAGED : BLOCK_FOUND;
}

enum block_status block_next(struct blocks *blocks, struct block *block)
{
    const uint8_t *octets;
    enum block_status status;
    uint32_t said, length;

    lookahead_take(blocks->ahead, blocks->taken);
    blocks->taken = 0;
    status = read_head(blocks, block, &said);
    if (status != BLOCK_FOUND)
        return status;
    length = padded(said);
    block->length = said - FRAME;
    block->body = NULL;
    if (length > MAX_KEPT)
        return block->type == BLOCK_NAMES || block->type == BLOCK_SECRETS ? pass(blocks, length)
                                                                          : BLOCK_DAMAGED;
    octets = lookahead_at(blocks->ahead, length);
    if (octets == NULL)
        return too_short(blocks);
    if (block_u32(blocks, octets + length - 4) != said)
        return BLOCK_DAMAGED;
    block->body = octets + 8;
    blocks->taken = length;
    return BLOCK_FOUND;
}

/* The least length by which a block can be recognised among other octets; 0: none can. */
static uint32_t least_length(uint32_t type)
{
    switch (type) {
    case BLOCK_SECTION:
        return 28;
    case BLOCK_INTERFACE:
        return 20;
    case BLOCK_PACKET:
    case BLOCK_ENHANCED_PACKET:
        return 32;
    case BLOCK_SIMPLE_PACKET:
        return 16;
    case BLOCK_STATISTICS:
        return 24;
    default:
        return 0;
    }
}

/* True when a whole block stands here, both of its lengths equal. */
static bool is_block(struct blocks *blocks)
{
    const uint8_t *octets = lookahead_at(blocks->ahead, FRAME);
    bool swapped = blocks->swapped;
    struct blocks as_if;
    uint32_t least, said, length;

    if (octets == NULL)
        return false;
    least = least_length(block_u32(blocks, octets));
    if (least == 0 || (block_u32(blocks, octets) == BLOCK_SECTION && !byte_order(octets, &swapped)))
        return false;
    as_if = (struct blocks){.swapped = swapped};
    said = block_u32(&as_if, octets + 4);
    if (said < least || said > MAX_RESUMED)
        return false;
    length = padded(said);
    octets = lookahead_at(blocks->ahead, length);
    return octets != NULL && block_u32(&as_if, octets + length - 4) == said;
}

enum block_status block_resume(struct blocks *blocks)
{
    while (lookahead_at(blocks->ahead, 1 + FRAME) != NULL) {
        lookahead_take(blocks->ahead, 1);
        if (is_block(blocks))
            return BLOCK_FOUND;
    }
    lookahead_take(blocks->ahead, lookahead_left(blocks->ahead));
    return BLOCK_END;
}

uint64_t blocks_position(const struct blocks *blocks)
{
    return lookahead_position(blocks->ahead) + blocks->taken;
}

int blocks_error(const struct blocks *blocks)
{
    return lookahead_error(blocks->ahead);
}

void blocks_free(struct blocks *blocks)
{
    if (blocks == NULL)
        return;
    lookahead_free(blocks->ahead);
    free(blocks);
}
