/* The names of IMAP's commands. */
#include "dissector/client/command.h"

#include "dissector/name.h"
#include "dissector/octets.h"

#include <string.h>

/* So many stand first in the table. */
#define LOGIN_NAMES 2

/* RFC 3501, 9051 and the extensions in IANA's registry, and what servers and clients add in the wild. */
static const struct {
    struct name name;
    enum command_kind kind;
} names[] = {
    {NAME("LOGIN"), COMMAND_LOGIN},
    {NAME("AUTHENTICATE"), COMMAND_AUTHENTICATE},
    {NAME("CAPABILITY"), COMMAND_ANY_STATE},
    {NAME("NOOP"), COMMAND_ANY_STATE},
    {NAME("LOGOUT"), COMMAND_LOGOUT},
    {NAME("LANGUAGE"), COMMAND_ANY_STATE},
    {NAME("ID"), COMMAND_ID},
    {NAME("STARTTLS"), COMMAND_STARTTLS},
    {NAME("COMPRESS"), COMMAND_COMPRESS},
    {NAME("UNAUTHENTICATE"), COMMAND_UNAUTHENTICATE},
    {NAME("ENABLE"), COMMAND_AUTHENTICATED},
    {NAME("SELECT"), COMMAND_AUTHENTICATED},
    {NAME("EXAMINE"), COMMAND_AUTHENTICATED},
    {NAME("CREATE"), COMMAND_AUTHENTICATED},
    {NAME("DELETE"), COMMAND_AUTHENTICATED},
    {NAME("RENAME"), COMMAND_AUTHENTICATED},
    {NAME("SUBSCRIBE"), COMMAND_AUTHENTICATED},
    {NAME("UNSUBSCRIBE"), COMMAND_AUTHENTICATED},
    {NAME("LIST"), COMMAND_AUTHENTICATED},
    {NAME("LSUB"), COMMAND_AUTHENTICATED},
    {NAME("XLIST"), COMMAND_AUTHENTICATED},
    {NAME("RLIST"), COMMAND_AUTHENTICATED},
    {NAME("RLSUB"), COMMAND_AUTHENTICATED},
    {NAME("NAMESPACE"), COMMAND_AUTHENTICATED},
    {NAME("STATUS"), COMMAND_AUTHENTICATED},
    {NAME("APPEND"), COMMAND_AUTHENTICATED},
    {NAME("REPLACE"), COMMAND_AUTHENTICATED},
    {NAME("IDLE"), COMMAND_AUTHENTICATED},
    {NAME("NOTIFY"), COMMAND_AUTHENTICATED},
    {NAME("CHECK"), COMMAND_AUTHENTICATED},
    {NAME("CLOSE"), COMMAND_AUTHENTICATED},
    {NAME("UNSELECT"), COMMAND_AUTHENTICATED},
    {NAME("EXPUNGE"), COMMAND_AUTHENTICATED},
    {NAME("SEARCH"), COMMAND_AUTHENTICATED},
    {NAME("ESEARCH"), COMMAND_AUTHENTICATED},
    {NAME("FETCH"), COMMAND_AUTHENTICATED},
    {NAME("PARTIAL"), COMMAND_AUTHENTICATED},
    {NAME("STORE"), COMMAND_AUTHENTICATED},
    {NAME("COPY"), COMMAND_AUTHENTICATED},
    {NAME("MOVE"), COMMAND_AUTHENTICATED},
    {NAME("UID"), COMMAND_AUTHENTICATED},
    {NAME("SORT"), COMMAND_AUTHENTICATED},
    {NAME("THREAD"), COMMAND_AUTHENTICATED},
    {NAME("GETQUOTA"), COMMAND_AUTHENTICATED},
    {NAME("GETQUOTAROOT"), COMMAND_AUTHENTICATED},
    {NAME("SETQUOTA"), COMMAND_AUTHENTICATED},
    {NAME("GETACL"), COMMAND_AUTHENTICATED},
    {NAME("SETACL"), COMMAND_AUTHENTICATED},
    {NAME("DELETEACL"), COMMAND_AUTHENTICATED},
    {NAME("LISTRIGHTS"), COMMAND_AUTHENTICATED},
    {NAME("MYRIGHTS"), COMMAND_AUTHENTICATED},
    {NAME("GETMETADATA"), COMMAND_AUTHENTICATED},
    {NAME("SETMETADATA"), COMMAND_AUTHENTICATED},
    {NAME("GETANNOTATION"), COMMAND_AUTHENTICATED},
    {NAME("SETANNOTATION"), COMMAND_AUTHENTICATED},
    {NAME("COMPARATOR"), COMMAND_AUTHENTICATED},
    {NAME("CONVERT"), COMMAND_AUTHENTICATED},
    {NAME("CONVERSIONS"), COMMAND_AUTHENTICATED},
    {NAME("GENURLAUTH"), COMMAND_AUTHENTICATED},
    {NAME("RESETKEY"), COMMAND_AUTHENTICATED},
    {NAME("URLFETCH"), COMMAND_AUTHENTICATED},
    {NAME("UIDBATCHES"), COMMAND_AUTHENTICATED},
    {NAME("GETJMAPACCESS"), COMMAND_AUTHENTICATED},
    {NAME("CANCELUPDATE"), COMMAND_AUTHENTICATED},
    {NAME("PROXYAUTH"), COMMAND_AUTHENTICATED},
    {NAME("SCAN"), COMMAND_AUTHENTICATED},
    {NAME("XAPPLEPUSHSERVICE"), COMMAND_AUTHENTICATED},
};

static enum command_kind find(struct imap_text name, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (name_is(name, &names[i].name))
            return names[i].kind;
    return COMMAND_UNKNOWN;
}

enum command_kind command_kind(struct imap_text name)
{
    return find(name, sizeof names / sizeof *names);
}

bool command_is_silent(struct imap_text name)
{
    static const struct name silent[] = {NAME("CAPABILITY"), NAME("ID"),     NAME("NAMESPACE"),
                                         NAME("NOOP"),       NAME("ENABLE"), NAME("LOGOUT")};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (name_is(name, &silent[i]))
            return true;
    return false;
}

enum command_kind command_login_kind(struct imap_text name)
{
    return find(name, LOGIN_NAMES);
}

void command_name_append(char *name, uint8_t *name_length, const uint8_t *octets, size_t length)
{
    size_t room = *name_length < COMMAND_NAME_OCTETS ? (size_t)(COMMAND_NAME_OCTETS - *name_length) : 0;
    octets_copy(name + (COMMAND_NAME_OCTETS - room), octets, length < room ? length : room);
    *name_length = (uint8_t)(length > room ? COMMAND_NAME_OCTETS + 1 : *name_length + length);
}
