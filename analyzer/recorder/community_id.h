/*
 * The Community ID of a connection: a name for its 5-tuple that other tools (Zeek, Suricata, Wireshark)
 * compute alike.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_COMMUNITY_ID_H
#define IMAPTAP_ANALYZER_RECORDER_COMMUNITY_ID_H

#include "analyzer/ipc/event.h"

#define COMMUNITY_ID_SIZE 40

/* Writes "1:" and the base64 of the SHA-1 over seed 0 and the 5-tuple, terminated. */
void community_id(const struct event_connection *connection, char text[COMMUNITY_ID_SIZE]);

#endif
