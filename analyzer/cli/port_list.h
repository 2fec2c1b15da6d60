/*
 * The list of ports that commands take.
 */
#ifndef IMAPTAP_ANALYZER_CLI_PORT_LIST_H
#define IMAPTAP_ANALYZER_CLI_PORT_LIST_H

#include <stddef.h>
#include <stdint.h>

#define PORT_LIST_MAX 64

struct port_list {
    const char *text; /* as given */
    uint16_t ports[PORT_LIST_MAX];
    size_t count;
};

/* Those of IMAP, with and without TLS from the start. */
#define PORT_LIST_DEFAULT                                                                                    \
    {                                                                                                        \
        "143,993", {143, 993}, 2                                                                             \
    }

/* Reads numbers with commas between. Returns 0, or -1 when the text is something else. */
int port_list_parse(struct port_list *list, const char *text);

#endif
