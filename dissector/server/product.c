/* Names the server software by its greeting. */
#include "dissector/server/product.h"

#include "dissector/pairs.h"
#include "dissector/sasl/base64.h"
#include "dissector/utf16.h"

#include <string.h>

#define EXCHANGE_ONLINE "The Microsoft Exchange IMAP4 service is ready. ["

struct product {
    const char *sign; /* stands in the greeting */
    const char *name;
    bool versioned; /* the version follows the sign */
};

/* The first that fits counts, so the specific ones come first. */
static const struct product products[] = {
    {"Microsoft Exchange Server 2003 ", "Exchange 2003", false},
    {"Microsoft Exchange Server 2007 ", "Exchange 2007", false},
    {"Microsoft Exchange 2000 ", "Exchange 2000", false},
    {"Microsoft Exchange IMAP4rev1 server version 5.5", "Exchange 5.5", false},
    {EXCHANGE_ONLINE, "Exchange Online", false},
    {"The Microsoft Exchange IMAP4 service is ready", "Exchange 2010 or later", false},
    {"Microsoft Exchange", "Exchange", false},
    {"Dovecot", "Dovecot", false},
    {"Cyrus IMAP4 ", "Cyrus IMAP", true},
    {"Cyrus IMAP ", "Cyrus IMAP", true},
    {"Courier-IMAP", "Courier", false},
    {"Gimap ready", "Gmail", false},
    {"Domino IMAP4 Server Release ", "Domino", true},
    {"Domino IMAP4 Server", "Domino", false},
    {"Hoodiecrow", "Hoodiecrow", false},
    {"Zimbra ", "Zimbra", true},
    {"Stalwart", "Stalwart", false},
    {"MDaemon ", "MDaemon", true},
    {"MailEnable", "MailEnable", false},
    {"SmarterMail", "SmarterMail", false},
    {"Kerio Connect ", "Kerio Connect", true},
    {"CommuniGate Pro IMAP Server ", "CommuniGate Pro", true},
    {"IceWarp ", "IceWarp", true},
    {"AXIGEN", "Axigen", false},
    {"Axigen", "Axigen", false},
    {"GroupWise", "GroupWise", false},
    {"Oracle Communications Messaging", "Oracle Messaging Server", false},
    {"Sun Java(tm) System Messaging Server ", "Sun Messaging Server", true},
    {"Mirapoint", "Mirapoint", false},
    {"Mercury/32 ", "Mercury/32", true},
    {"Binc IMAP ", "Binc IMAP", true},
    {"dbmail imap", "DBMail", false},
    {"GreenMail ", "GreenMail", true},
    {"DavMail ", "DavMail", true},
    {"JAMES IMAP4rev1", "Apache James", false},
    {"Yandex IMAP4rev1", "Yandex", false},
    {" Panda IMAP ", "Panda IMAP", false},
    {" IMAP4rev1 2", "UW IMAP", false},
    {"IMAPrev1", "hMailServer", false},
};

static bool is_digit(char octet)
{
    return octet >= '0' && octet <= '9';
}

/* The octets of a version at the start of the text: 0 when it does not begin with a digit, or "v" and one. */
static size_t version_length(struct imap_text text)
{
    size_t skip = text.length > 1 && *text.octets == 'v' ? 1 : 0;
    if (text.length == skip || !is_digit(text.octets[skip]))
        return 0;
    size_t length = skip;
    while (length < text.length && text.octets[length] > ' ' && text.octets[length] < 0x7f &&
           !strchr(",;()[]\"", text.octets[length]))
        length++;
    return length;
}

void product_find(struct imap_text greeting, struct bounded_text *product, struct budget *budget)
{
    const char *code =
        greeting.length && *greeting.octets == '[' ? memchr(greeting.octets, ']', greeting.length) : NULL;
    if (code)
        greeting = (struct imap_text){code + 1, greeting.length - (size_t)(code + 1 - greeting.octets)};
    struct pairs pairs;
    pairs_of(&pairs, greeting);
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        const struct product *known = &products[i];
        size_t length = strlen(known->sign);
        const char *found = pairs_find(&pairs, known->sign, length);
        if (!found)
            continue;
        bounded_text_append(product, budget, known->name, strlen(known->name), PRODUCT_OCTETS);
        size_t used = (size_t)(found - greeting.octets) + length;
        struct imap_text rest = {found + length, greeting.length - used};
        size_t version = known->versioned ? version_length(rest) : 0;
        if (version && version < PRODUCT_OCTETS / 2) {
            bounded_text_append(product, budget, " ", 1, PRODUCT_OCTETS);
            bounded_text_append(product, budget, rest.octets, version, PRODUCT_OCTETS);
        }
        return;
    }
}

void product_host(struct imap_text greeting, struct bounded_text *host, struct budget *budget)
{
    static const char sign[] = EXCHANGE_ONLINE;
    size_t skip = sizeof sign - 1, length = 0;
    char decoded[2 * HOST_OCTETS];
    struct base64 base64 = {0};
    if (greeting.length < skip || memcmp(greeting.octets, sign, skip) != 0)
        return;
    const char *close = memchr(greeting.octets + skip, ']', greeting.length - skip);
    for (const char *at = greeting.octets + skip; close && at < close; at++) {
        uint8_t octet;
        if (!base64_octet(&base64, (uint8_t)*at, &octet))
            continue;
        if (length == sizeof decoded)
            return;
        decoded[length++] = (char)octet;
    }
    if (close && base64_is_whole(&base64) && length % 2 == 0)
        utf16_append(host, budget, (struct imap_text){decoded, length}, HOST_OCTETS);
}
