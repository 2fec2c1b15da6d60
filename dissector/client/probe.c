/* Decides whether octets are a literal or the next command. */
#include "dissector/client/probe.h"

#include "dissector/client/command.h"
#include "dissector/client/validator.h"

#include <string.h>

static size_t prefix_length(struct imap_text tag)
{
    while (tag.length && tag.octets[tag.length - 1] >= '0' && tag.octets[tag.length - 1] <= '9')
        tag.length--;
    return tag.length;
}

/* a1 and a2, RUBY0001 and RUBY0002: the same word with another number. */
static bool continues(struct imap_text tag, struct imap_text before)
{
    size_t prefix = prefix_length(tag);
    return prefix < tag.length && before.length > prefix && prefix_length(before) == prefix &&
           memcmp(tag.octets, before.octets, prefix) == 0;
}

static enum probe_answer judge(const struct probe *probe, uint8_t end, struct imap_text before)
{
    struct imap_text tag = {probe->octets, probe->tag_length};
    size_t at = (size_t)probe->tag_length + 1;
    struct imap_text name = {probe->octets + at, probe->length - at};
    if (command_login_kind(name) != COMMAND_UNKNOWN)
        return end == ' ' ? PROBE_COMMAND : PROBE_LITERAL;
    bool known = command_kind(name) != COMMAND_UNKNOWN;
    return known && continues(tag, before) ? PROBE_COMMAND : PROBE_LITERAL;
}

enum probe_answer probe_octet(struct probe *probe, uint8_t octet, struct imap_text tag)
{
    struct violation noted = {0};
    bool ends = octet == ' ' || octet == '\r' || octet == '\n';
    if (probe->length == PROBE_OCTETS)
        return PROBE_LITERAL;
    if (probe->tag_length && ends)
        return judge(probe, octet, tag);
    if (octet == ' ' && probe->length) {
        probe->tag_length = probe->length;
    } else {
        validator_tag(&noted, (struct imap_text){(const char *)&octet, 1});
        if (noted.count || ends)
            return PROBE_LITERAL;
    }
    probe->octets[probe->length++] = (char)octet;
    return PROBE_OPEN;
}
