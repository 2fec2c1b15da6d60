/*
 * What a file is that is no capture, as its first octets say, and how it becomes one.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_FOREIGN_H
#define IMAPTAP_ANALYZER_CAPTURE_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

/* Octets that are looked at. */
#define FOREIGN_HEAD 72
/* Room for the longest sentence. */
#define FOREIGN_TEXT 256

/* Writes a sentence without the file's name, of at most `size` octets, e.g. "is no pcap or pcapng file but a
 * capture of Network Monitor: editcap -F pcapng makes one of it". `head`: the first `length` octets,
 * FOREIGN_HEAD of them unless the file has fewer; they are not checked for being a capture. */
void foreign_describe(const uint8_t *head, size_t length, char *text, size_t size);

#endif
