/*
 * IEEE 802.11 data frames, with or without a radiotap header. Fragments of frames are not put together, and
 * of an aggregate (A-MSDU) only the first part is looked at.
 */
#include "analyzer/decap/layers/layers.h"

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

static int data_frame(struct decapsulation *decapsulation, bool padded)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length, qos;
    bool aggregate;

    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    if ((header[0] & (TYPE_MASK | VERSION_MASK)) != DATA_TYPE || header[0] & SUBTYPE_NULL ||
        header[1] & PROTECTED)
        return DECAP_OTHER;
    if (decapsulation->captured < 24)
        return decapsulation_ends_before(decapsulation, 24);
    if (header[22] & FRAGMENT_NUMBER)
        return DECAP_OTHER;
    length = header_length_of(header);
    qos = (header[1] & TO_AND_FROM_DS) == TO_AND_FROM_DS ? 30 : 24;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    aggregate = header[0] & SUBTYPE_QOS && header[qos] & QOS_AGGREGATE;
    if (padded)
        length = (length + 3) & ~3U;
    if (aggregate)
        length += 14; /* the part's own addresses and length */
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    decapsulation_strip(decapsulation, length);
    return LAYER_LLC;
}

int layer_wireless(struct decapsulation *decapsulation)
{
    return data_frame(decapsulation, false);
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

int layer_radiotap(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length;
    bool padded;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    length = le16(header + 2);
    if (header[0] != 0 || length < 8)
        return DECAP_MALFORMED;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    padded = is_padded(header, length);
    decapsulation_strip(decapsulation, length);
    return data_frame(decapsulation, padded);
}
