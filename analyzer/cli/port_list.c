/*
 * The list of ports that commands take.
 */
#include "analyzer/cli/port_list.h"

#include <errno.h>
#include <stdlib.h>

int port_list_parse(struct port_list *list, const char *text)
{
    const char *at = text;

    list->count = 0;
    for (;;) {
        char *end;
        unsigned long port;

        errno = 0;
        port = strtoul(at, &end, 10);
        if (end == at || *at < '0' || *at > '9' || errno != 0 || port == 0 || port > 65535 ||
            (*end != ',' && *end != '\0') || list->count == PORT_LIST_MAX)
            return -1;
        list->ports[list->count++] = (uint16_t)port;
        if (*end == '\0')
            break;
        at = end + 1;
    }
    list->text = text;
    return 0;
}
