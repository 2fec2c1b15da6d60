/*
 * Names of link types.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_LINK_TYPE_H
#define IMAPTAP_ANALYZER_CAPTURE_LINK_TYPE_H

#define LINK_TYPE_NAME_SIZE 32

/* Writes the name that libpcap has for the link type, e.g. "EN10MB", or "DLT 1234". */
void link_type_name(int link_type, char name[LINK_TYPE_NAME_SIZE]);

#endif
