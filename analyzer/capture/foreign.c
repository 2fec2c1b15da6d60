/*
 * What a file is that is no capture: a table of beginnings, and Endace's format, which has none.
 */
#include "analyzer/capture/foreign.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CONVERT "editcap -F pcapng FILE NEW makes a capture of it"
#define UNPACK  "unpack it first"

/* Of SQLite's header: where the application's mark is, and imaptap's. */
#define SQLITE_APPLICATION 68
#define IMAPTAP_MARK       "imtp"

static const struct {
    const char *what, *how;
    uint8_t length;
    char octets[17];
} beginnings[] = {
    {"a capture of Microsoft Network Monitor", CONVERT, 4, "GMBU"},
    {"a capture of Microsoft Network Monitor 1", CONVERT, 4, "RTSS"},
    {"a capture of snoop", CONVERT, 8, "snoop\0\0"},
    {"a capture of Sniffer", CONVERT, 16, "TRSNIFF data    "},
    {"a capture of Windows Sniffer or NetXray", CONVERT, 4, "XCP"},
    {"a capture of Windows Sniffer or NetXray", CONVERT, 4, "VL\0"},
    {"a capture of AIX's iptrace", CONVERT, 10, "iptrace 1."},
    {"a capture of AIX's iptrace", CONVERT, 10, "iptrace 2."},
    {"a capture of Observer", CONVERT, 16, "ObserverPktBuffe"},
    {"a capture of 5View", CONVERT, 4, "\xaa\xaa\xaa\xaa"},
    {"a capture of HP-UX's nettl", CONVERT, 4, "TR\0d"},
    {"a log of Bluetooth (btsnoop), which holds no IMAP", NULL, 8, "btsnoop"},
    {"a file compressed with gzip, of an unknown method", UNPACK, 2, "\x1f\x8b"},
    {"a ZIP archive", UNPACK, 4, "PK\3\4"},
    {"a 7-Zip archive", UNPACK, 6, "7z\xbc\xaf\x27\x1c"},
    {"a RAR archive", UNPACK, 6, "Rar!\x1a\x07"},
    {"a file compressed with compress", UNPACK, 2, "\x1f\x9d"},
    {"a file compressed with LZO", UNPACK, 8, "\x89LZO\0\r\n\x1a"},
    {"a PDF document", NULL, 5, "%PDF-"},
    {"a program", NULL, 4,
     "\x7f"
     "ELF"},
};

static uint32_t le32(const uint8_t *octets)
{
    return (uint32_t)octets[3] << 24 | (uint32_t)octets[2] << 16 | (uint32_t)octets[1] << 8 | octets[0];
}

/* Endace's records begin with a time, a kind and lengths: these must fit each other. */
static bool looks_like_erf(const uint8_t *head, size_t length)
{
    uint32_t seconds, kind, record, wire;

    if (length < 16)
        return false;
    seconds = le32(head + 4);
    kind = head[8] & 0x7f;
    record = (uint32_t)head[10] << 8 | head[11];
    wire = (uint32_t)head[14] << 8 | head[15];
    return seconds > 600000000 && seconds < 2147483648U && kind >= 1 && kind <= 27 && record >= 18 &&
           wire >= 14 && wire <= 9600 && record <= wire + 64;
}

static bool is_text(const uint8_t *head, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (head[i] == 0x7f || (head[i] < ' ' && head[i] != '\t' && head[i] != '\n' && head[i] != '\r'))
            return false;
    return true;
}

static void describe(char *text, size_t size, const char *what, const char *how)
{
    (void)snprintf(text, size, "is no capture file but %s%s%s", what, how == NULL ? "" : ": ",
                   how == NULL ? "" : how);
}

void foreign_describe(const uint8_t *head, size_t length, char *text, size_t size)
{
    static const char sqlite[] = "SQLite format 3";

    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (length >= beginnings[i].length && memcmp(head, beginnings[i].octets, beginnings[i].length) == 0) {
            describe(text, size, beginnings[i].what, beginnings[i].how);
            return;
        }
    if (length == 0)
        (void)snprintf(text, size, "is empty");
    else if (length < 4)
        (void)snprintf(text, size, "is no capture file: it has %zu octet%s", length, length == 1 ? "" : "s");
    else if (length >= SQLITE_APPLICATION + 4 && memcmp(head, sqlite, sizeof sqlite) == 0 &&
             memcmp(head + SQLITE_APPLICATION, IMAPTAP_MARK, 4) == 0)
        describe(text, size, "a database of imaptap", "name it with --db");
    else if (length >= sizeof sqlite && memcmp(head, sqlite, sizeof sqlite) == 0)
        describe(text, size, "a SQLite database", NULL);
    else if (looks_like_erf(head, length))
        describe(text, size, "perhaps a capture of Endace (ERF)", CONVERT);
    else
        (void)snprintf(text, size, "is no capture file%s: starts with %02x %02x %02x %02x",
                       is_text(head, length) ? " but text" : "", head[0], head[1], head[2], head[3]);
}
