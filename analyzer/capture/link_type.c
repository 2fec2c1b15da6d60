/*
 * Names of link types.
 */
#include "analyzer/capture/link_type.h"

#include <pcap/pcap.h>
#include <stdio.h>

void link_type_name(int link_type, char name[LINK_TYPE_NAME_SIZE])
{
    const char *known = pcap_datalink_val_to_name(link_type);

    if (known != NULL)
        (void)snprintf(name, LINK_TYPE_NAME_SIZE, "%s", known);
    else
        (void)snprintf(name, LINK_TYPE_NAME_SIZE, "DLT %d", link_type);
}
