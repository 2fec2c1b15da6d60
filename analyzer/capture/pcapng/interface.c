/*
 * Interfaces of a pcapng file: their options that matter, and their time stamps.
 */
#include "analyzer/capture/pcapng/interface.h"

#include <pcap/dlt.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define LINKTYPE_RAW  101

enum {
    OPTION_END = 0,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14,
};

/* `resolution`: a negative power of 10, or of 2 when the highest bit is set. */
static void set_resolution(struct interface *interface, uint8_t resolution)
{
    uint32_t power = resolution & 0x7f;

    if (resolution & 0x80) {
        interface->units = power < 64 ? UINT64_C(1) << power : 0;
    } else {
        interface->units = power < 20 ? 1 : 0;
        for (uint32_t i = 0; i < power && power < 20; i++)
            interface->units *= 10;
    }
    interface->factor = 0;
    if (interface->units != 0 && NS_PER_SECOND % interface->units == 0)
        interface->factor = NS_PER_SECOND / interface->units;
}

bool interface_read(const struct blocks *blocks, const struct block *block, struct interface *interface)
{
    uint32_t at = 8;

    memset(interface, 0, sizeof *interface);
    interface->link_type = -1;
    if (block->body == NULL || block->length < 8)
        return false;
    interface->link_type = block_u16(blocks, block->body);
    if (interface->link_type == LINKTYPE_RAW)
        interface->link_type = DLT_RAW;
    interface->snapshot_length = block_u32(blocks, block->body + 4);
    set_resolution(interface, 6);
    while (block->length - at >= 4) {
        uint32_t code = block_u16(blocks, block->body + at), length = block_u16(blocks, block->body + at + 2);
        const uint8_t *value = block->body + at + 4;

        if (code == OPTION_END)
            break;
        if (length > block->length - at - 4)
            return false;
        if (code == OPTION_RESOLUTION && length >= 1) {
            set_resolution(interface, value[0]);
        } else if (code == OPTION_OFFSET && length >= 8) {
            interface->offset = (int64_t)block_u64(blocks, value);
        }
        length = (length + 3) & ~3U;
        if (length > block->length - at - 4)
            break;
        at += 4 + length;
    }
    return true;
}

int64_t interface_time(const struct interface *interface, uint32_t high, uint32_t low)
{
    uint64_t stamp = (uint64_t)high << 32 | low;
    __int128 time;

    if (interface->factor != 0)
        time = (__int128)stamp * (int64_t)interface->factor;
    else if (interface->units != 0)
        time = (__int128)stamp * (int64_t)NS_PER_SECOND / interface->units;
    else
        time = 0; /* units so small that 64 bits of them are less than a minute */
    time += (__int128)interface->offset * (int64_t)NS_PER_SECOND;
    if (time < 0)
        return 0;
    return time > INT64_MAX ? INT64_MAX : (int64_t)time;
}
