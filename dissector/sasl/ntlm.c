/* Reads the user name and the workstation of an NTLM exchange. */
#include "dissector/sasl/sasl.h"
#include "dissector/utf16.h"

#include <string.h>

#define AUTHENTICATE_MESSAGE 3
#define DOMAIN_FIELD         28
#define USER_FIELD           36
#define WORKSTATION_FIELD    44
#define FLAGS                60
#define SHORTEST             52 /* without session key and flags, as the oldest clients send it */
#define NEGOTIATE_UNICODE    1u

static unsigned little16(const char *octets)
{
    return (unsigned)(uint8_t)octets[0] | (unsigned)(uint8_t)octets[1] << 8;
}

static uint32_t little32(const char *octets)
{
    return little16(octets) | (uint32_t)little16(octets + 2) << 16;
}

/* A field is a length, room for it, and an offset into the message. */
static bool get_field(struct imap_text message, size_t at, struct imap_text *field)
{
    uint32_t length = little16(message.octets + at), offset = little32(message.octets + at + 4);
    if (offset > message.length || length > message.length - offset)
        return false;
    *field = (struct imap_text){message.octets + offset, length};
    return true;
}

/* Without flags: UTF-16 of most names has a zero in every second octet. */
static bool looks_like_utf16(struct imap_text text)
{
    return text.length >= 2 && text.length % 2 == 0 && text.octets[1] == 0;
}

static void set(struct bounded_text *to, struct budget *budget, struct imap_text text, bool utf16,
                size_t limit)
{
    if (utf16)
        utf16_append(to, budget, text, limit);
    else
        bounded_text_append(to, budget, text.octets, text.length, limit);
}

bool ntlm_read(struct imap_text message, struct budget *budget, struct bounded_text *username,
               struct bounded_text *workstation)
{
    struct imap_text domain, user, station;
    if (message.length < SHORTEST || memcmp(message.octets, "NTLMSSP", 8) != 0 ||
        little32(message.octets + 8) != AUTHENTICATE_MESSAGE || !get_field(message, DOMAIN_FIELD, &domain) ||
        !get_field(message, USER_FIELD, &user))
        return false;
    size_t first = (size_t)(user.octets - message.octets);
    bool has_flags = message.length >= FLAGS + 4 && first >= FLAGS + 4;
    bool utf16 = has_flags ? little32(message.octets + FLAGS) & NEGOTIATE_UNICODE : looks_like_utf16(user);
    set(username, budget, domain, utf16, IMAP_KEPT_OCTETS);
    if (domain.length)
        bounded_text_append(username, budget, "\\", 1, IMAP_KEPT_OCTETS);
    set(username, budget, user, utf16, IMAP_KEPT_OCTETS);
    if (get_field(message, WORKSTATION_FIELD, &station))
        set(workstation, budget, station, utf16, WORKSTATION_OCTETS);
    return true;
}
