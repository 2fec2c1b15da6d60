/* The capabilities that a server announces. */
#include "dissector/server/capability.h"

#include "dissector/name.h"

#include <string.h>
#include <strings.h>

static unsigned flag_of(struct imap_text name)
{
    static const struct {
        struct name name;
        unsigned flag;
    } known[] = {
        {NAME("LITERAL+"), CAPABILITY_LITERAL_PLUS},         {NAME("LITERAL-"), CAPABILITY_LITERAL_MINUS},
        {NAME("IMAP4rev2"), CAPABILITY_IMAP4REV2},           {NAME("SASL-IR"), CAPABILITY_SASL_IR},
        {NAME("LOGINDISABLED"), CAPABILITY_LOGINDISABLED},   {NAME("STARTTLS"), CAPABILITY_STARTTLS},
        {NAME("UNAUTHENTICATE"), CAPABILITY_UNAUTHENTICATE},
    };
    /* the length alone excludes most names */
    static const unsigned lengths = 1U << 7 | 1U << 8 | 1U << 9 | 1U << 13 | 1U << 14;
    if (name.length >= 32 || !(lengths >> name.length & 1))
        return 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (name_is(name, &known[i].name))
            return known[i].flag;
    return 0;
}

static struct imap_text next_name(struct imap_text *list)
{
    while (list->length && *list->octets == ' ')
        *list = (struct imap_text){list->octets + 1, list->length - 1};
    struct imap_text name = {list->octets, 0};
    while (name.length < list->length && name.octets[name.length] != ' ')
        name.length++;
    *list = (struct imap_text){list->octets + name.length, list->length - name.length};
    return name;
}

static void keep_run(struct capabilities *capabilities, struct budget *budget, struct imap_text run)
{
    if (capabilities->text.length && run.length)
        bounded_text_append(&capabilities->text, budget, " ", 1, CAPABILITY_OCTETS);
    bounded_text_append(&capabilities->text, budget, run.octets, run.length, CAPABILITY_OCTETS);
}

unsigned capabilities_set(struct capabilities *capabilities, struct budget *budget, struct imap_text list,
                          bool partial)
{
    bounded_text_clear(&capabilities->text);
    capabilities->seen = true;
    capabilities->stale = false;
    capabilities->partial = partial;
    capabilities->flags = 0;
    struct imap_text run = {NULL, 0}; /* names with one space between them */
    for (struct imap_text name = next_name(&list); name.length; name = next_name(&list)) {
        if (partial && list.length == 0)
            break; /* this name may be only the start of one */
        capabilities->flags |= flag_of(name);
        if (run.length && name.octets == run.octets + run.length + 1) {
            run.length += 1 + name.length;
        } else {
            keep_run(capabilities, budget, run);
            run = name;
        }
    }
    keep_run(capabilities, budget, run);
    return capabilities->flags;
}

void capabilities_set_known(struct capabilities *capabilities, struct budget *budget, struct imap_text list,
                            unsigned flags)
{
    bounded_text_clear(&capabilities->text);
    capabilities->seen = true;
    capabilities->stale = false;
    capabilities->partial = false;
    capabilities->flags = flags;
    keep_run(capabilities, budget, list);
}

unsigned capability_flags(struct imap_text list)
{
    unsigned flags = 0;
    for (struct imap_text name = next_name(&list); name.length; name = next_name(&list))
        flags |= flag_of(name);
    return flags;
}

bool capabilities_lack(const struct capabilities *capabilities, unsigned flags)
{
    return capabilities->seen && !capabilities->stale && !capabilities->partial &&
           !(capabilities->flags & flags);
}

bool capabilities_have(const struct capabilities *capabilities, unsigned flag)
{
    return capabilities->seen && !capabilities->stale && (capabilities->flags & flag);
}

bool capabilities_lack_mechanism(const struct capabilities *capabilities, struct imap_text mechanism)
{
    static const char start[] = "AUTH=";
    size_t skip = sizeof start - 1;
    struct imap_text list = bounded_text_view(&capabilities->text);
    if (!capabilities->seen || capabilities->stale || capabilities->partial ||
        capabilities->text.length > capabilities->text.count)
        return false;
    for (struct imap_text name = next_name(&list); name.length; name = next_name(&list))
        if (name.length == skip + mechanism.length && strncasecmp(name.octets, start, skip) == 0 &&
            strncasecmp(name.octets + skip, mechanism.octets, mechanism.length) == 0)
            return false;
    return true;
}

struct imap_text capability_code(struct imap_text text, bool *partial)
{
    static const char start[] = "[CAPABILITY ";
    size_t skip = sizeof start - 1;
    /* most lines have no code at all, and a call to learn that is dear */
    if (text.length < skip || *text.octets != *start || strncasecmp(text.octets, start, skip) != 0)
        return (struct imap_text){NULL, 0};
    const char *close = memchr(text.octets, ']', text.length);
    size_t end = close ? (size_t)(close - text.octets) : text.length;
    *partial = close == NULL;
    return (struct imap_text){text.octets + skip, end - skip};
}
