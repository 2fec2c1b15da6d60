/*
 * IEEE 802.11 data frames, with or without a radiotap header. Fragments of frames are not put together, and
 * of an aggregate (A-MSDU) only the first part is looked at.
 */
#include "analyzer/packet/layers/layers.h"

enum { /* the frame control field, as two octets in order */
       DATA_TYPE = 0x08,
       TYPE_MASK = 0x0c,
       VERSION_MASK = 0x03,
       SUBTYPE_NULL = 0x40,
       SUBTYPE_QOS = 0x80,
       TO_AND_FROM_DS = 0x03,
       PROTECTED = 0x40,
       ORDER = 0x80,
};

#define QOS_AGGREGATE   0x80
#define FRAGMENT_NUMBER 0x0f

enum {
    RADIOTAP_TIME = 0x01,
    RADIOTAP_FLAGS = 0x02,
    RADIOTAP_PADDED = 0x20, /* of the flags: the 802.11 header is padded to 4 octets */
};

static uint32_t header_length_of(const uint8_t *header)
{
    uint32_t length = 24;

    if ((header[1] & TO_AND_FROM_DS) == TO_AND_FROM_DS)
        length += 6;
    if (header[0] & SUBTYPE_QOS) {
        length += 2;
        if (header[1] & ORDER)
            length += 4;
    }
    return length;
}

static int data_frame(struct peeling *peeling, bool padded)
{
    const uint8_t *header = peeling->at;
    uint32_t length, qos;
    bool aggregate;

    if (peeling->captured < 2)
        return peeling_ends_before(peeling, 2);
    if ((header[0] & (TYPE_MASK | VERSION_MASK)) != DATA_TYPE || header[0] & SUBTYPE_NULL ||
        header[1] & PROTECTED)
        return PEEL_OTHER;
    if (peeling->captured < 24)
        return peeling_ends_before(peeling, 24);
    if (header[22] & FRAGMENT_NUMBER)
        return PEEL_OTHER;
    length = header_length_of(header);
    qos = (header[1] & TO_AND_FROM_DS) == TO_AND_FROM_DS ? 30 : 24;
    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    aggregate = header[0] & SUBTYPE_QOS && header[qos] & QOS_AGGREGATE;
    if (padded)
        length = (length + 3) & ~3U;
    if (aggregate)
        length += 14; /* the part's own addresses and length */
    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    peeling_strip(peeling, length);
    return LAYER_LLC;
}

int layer_wireless(struct peeling *peeling)
{
    return data_frame(peeling, false);
}

/* True when the flags say that the 802.11 header is padded. Of the fields only the time stamp is in front of
 * them. */
static bool is_padded(const uint8_t *header, uint32_t length)
{
    uint32_t present = le32(header + 4), at = 8;

    if (!(present & RADIOTAP_FLAGS))
        return false;
    while (le32(header + at - 4) & 0x80000000U) { /* one more word of bits */
        if (length - at < 4)
            return false;
        at += 4;
    }
    if (present & RADIOTAP_TIME)
        at = ((at + 7) & ~7U) + 8;
    return at < length && header[at] & RADIOTAP_PADDED;
}

int layer_radiotap(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t length;
    bool padded;

    if (peeling->captured < 8)
        return peeling_ends_before(peeling, 8);
    length = le16(header + 2);
    if (header[0] != 0 || length < 8)
        return PEEL_MALFORMED;
    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    padded = is_padded(header, length);
    peeling_strip(peeling, length);
    return data_frame(peeling, padded);
}
