/* Reads the user name of an NTLM exchange. */
#include "dissector/sasl/sasl.h"

#include <string.h>

#define AUTHENTICATE_MESSAGE 3
#define DOMAIN_FIELD         28
#define USER_FIELD           36
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

static void append_code_point(struct kept *to, struct budget *budget, uint32_t code)
{
    char octets[4];
    size_t length = 0;
    if (code < 0x80) {
        octets[length++] = (char)code;
    } else {
        if (code < 0x800) {
            octets[length++] = (char)(0xc0 | code >> 6);
        } else {
            if (code < 0x10000) {
                octets[length++] = (char)(0xe0 | code >> 12);
            } else {
                octets[length++] = (char)(0xf0 | code >> 18);
                octets[length++] = (char)(0x80 | (code >> 12 & 0x3f));
            }
            octets[length++] = (char)(0x80 | (code >> 6 & 0x3f));
        }
        octets[length++] = (char)(0x80 | (code & 0x3f));
    }
    kept_append(to, budget, octets, length, IMAP_KEPT_OCTETS);
}

static void append_utf16(struct kept *to, struct budget *budget, struct imap_text text)
{
    for (size_t i = 0; i + 2 <= text.length; i += 2) {
        uint32_t code = little16(text.octets + i);
        if (code >= 0xd800 && code <= 0xdbff && i + 4 <= text.length) {
            uint32_t low = little16(text.octets + i + 2);
            if (low >= 0xdc00 && low <= 0xdfff) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        append_code_point(to, budget, code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
    }
}

/* Without flags: UTF-16 of most names has a zero in every second octet. */
static bool looks_like_utf16(struct imap_text text)
{
    return text.length >= 2 && text.length % 2 == 0 && text.octets[1] == 0;
}

bool ntlm_read(struct imap_text message, struct budget *budget, struct kept *username)
{
    struct imap_text domain, user;
    if (message.length < SHORTEST || memcmp(message.octets, "NTLMSSP", 8) != 0 ||
        little32(message.octets + 8) != AUTHENTICATE_MESSAGE || !get_field(message, DOMAIN_FIELD, &domain) ||
        !get_field(message, USER_FIELD, &user))
        return false;
    size_t first = (size_t)(user.octets - message.octets);
    bool has_flags = message.length >= FLAGS + 4 && first >= FLAGS + 4;
    bool utf16 = has_flags ? little32(message.octets + FLAGS) & NEGOTIATE_UNICODE : looks_like_utf16(user);
    struct imap_text parts[] = {domain, user};
    for (size_t i = 0; i < 2; i++) {
        if (utf16)
            append_utf16(username, budget, parts[i]);
        else
            kept_append(username, budget, parts[i].octets, parts[i].length, IMAP_KEPT_OCTETS);
        if (i == 0 && parts[i].length)
            kept_append(username, budget, "\\", 1, IMAP_KEPT_OCTETS);
    }
    return true;
}
