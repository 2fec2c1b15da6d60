/*
 * IEEE 802.11 data frames, bare, with a radiotap header, and as access points pass them to their controller
 * in CAPWAP (RFC 5415). Fragments of frames are not put together, and of an aggregate (A-MSDU) only the first
 * part is looked at.
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

/* `control`: the header's first two octets, in the right order. */
static bool is_data(const uint8_t control[2])
{
    return (control[0] & (TYPE_MASK | VERSION_MASK)) == DATA_TYPE;
}

static uint32_t header_length_of(const uint8_t control[2])
{
    uint32_t length = 24;

    if ((control[1] & TO_AND_FROM_DS) == TO_AND_FROM_DS)
        length += 6;
    if (control[0] & SUBTYPE_QOS) {
        length += 2;
        if (control[1] & ORDER)
            length += 4;
    }
    return length;
}

static int data_frame(struct decapsulation *decapsulation, const uint8_t control[2], bool padded)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length, qos;
    bool aggregate;

    if (!is_data(control) || control[0] & SUBTYPE_NULL || control[1] & PROTECTED)
        return DECAP_OTHER;
    if (decapsulation->captured < 24)
        return decapsulation_ends_before(decapsulation, 24);
    if (header[22] & FRAGMENT_NUMBER)
        return DECAP_OTHER;
    length = header_length_of(control);
    qos = (control[1] & TO_AND_FROM_DS) == TO_AND_FROM_DS ? 30 : 24;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    aggregate = control[0] & SUBTYPE_QOS && header[qos] & QOS_AGGREGATE;
    if (padded)
        length = (length + 3) & ~3U;
    if (aggregate)
        length += 14; /* the part's own addresses and length */
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    decapsulation_strip(decapsulation, length);
    return LAYER_LLC;
}

static int frame_in_order(struct decapsulation *decapsulation, bool padded)
{
    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    return data_frame(decapsulation, decapsulation->at, padded);
}

int layer_wireless(struct decapsulation *decapsulation)
{
    return frame_in_order(decapsulation, false);
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
    return frame_in_order(decapsulation, padded);
}

enum {                                       /* the first 32 bits of CAPWAP's header */
       CAPWAP_VERSION_AND_KIND = 0xff000000, /* 0 and 0; of kind 1 is DTLS */
       CAPWAP_LENGTH = 0x00f80000,           /* in words of 32 bits */
       CAPWAP_BINDING = 0x00003e00,
       CAPWAP_BINDING_WIRELESS = 0x00000200,
       CAPWAP_NATIVE = 0x00000100, /* of the binding's kind; else it is Ethernet */
       CAPWAP_FRAGMENT = 0x00000080,
       CAPWAP_KEEP_ALIVE = 0x00000008,
};

/* Some access points send the two octets of control in the other order. */
static int swapped_or_not(struct decapsulation *decapsulation)
{
    uint8_t swapped[2];

    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    swapped[0] = decapsulation->at[1];
    swapped[1] = decapsulation->at[0];
    return data_frame(decapsulation,
                      is_data(decapsulation->at) || !is_data(swapped) ? decapsulation->at : swapped, false);
}

/* Fragments of CAPWAP are not put together. */
int layer_capwap(struct decapsulation *decapsulation)
{
    uint32_t header, length;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    header = be32(decapsulation->at);
    length = (header & CAPWAP_LENGTH) >> 19 << 2;
    if (header & (CAPWAP_VERSION_AND_KIND | CAPWAP_FRAGMENT | CAPWAP_KEEP_ALIVE))
        return DECAP_OTHER;
    if (length < 8)
        return DECAP_MALFORMED;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    tunnel_enter(decapsulation, "capwap", TUNNEL_ANY);
    decapsulation_strip(decapsulation, length);
    if (!(header & CAPWAP_NATIVE))
        return LAYER_ETHERNET;
    return (header & CAPWAP_BINDING) == CAPWAP_BINDING_WIRELESS ? swapped_or_not(decapsulation) : DECAP_OTHER;
}
