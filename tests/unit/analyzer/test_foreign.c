/*
 * What is no capture is named by its first octets, with what makes a capture of it.
 */
#include "analyzer/capture/foreign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONVERT ": editcap -F pcapng FILE NEW makes a capture of it"

/* Octets that no format begins with, after those of a row. */
#define FILLER 0x81

/* LITERAL: its octets, and how many these are. */
#define OCTETS(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static const struct {
    size_t length; /* of the file, at most FOREIGN_HEAD */
    const uint8_t *octets;
    size_t known;
    const char *sentence;
} rows[] = {
    {0, OCTETS(""), "is empty"},
    {1, OCTETS("G"), "is no capture file: it has 1 octet"},
    {3, OCTETS("GMB"), "is no capture file: it has 3 octets"},
    {72, OCTETS("GMBU"), "is no capture file but a capture of Microsoft Network Monitor" CONVERT},
    {72, OCTETS("RTSS"), "is no capture file but a capture of Microsoft Network Monitor 1" CONVERT},
    {16, OCTETS("snoop\0\0\0\0\0\0\2\0\0\0\4"), "is no capture file but a capture of snoop" CONVERT},
    {72, OCTETS("TRSNIFF data    \x1a"), "is no capture file but a capture of Sniffer" CONVERT},
    {72, OCTETS("XCP\0"), "is no capture file but a capture of Windows Sniffer or NetXray" CONVERT},
    {16, OCTETS("btsnoop\0\0\0\0\1\0\0\3\xea"),
     "is no capture file but a log of Bluetooth (btsnoop), which holds no IMAP"},
    {72, OCTETS("PK\3\4"), "is no capture file but a ZIP archive: unpack it first"},
    {72,
     OCTETS("\x7f"
            "ELF"),
     "is no capture file but a program"},
    {16, OCTETS("SQLite format 3\0"), "is no capture file but a SQLite database"},
    {72, OCTETS("SQLite format 3\0"), "is no capture file but a SQLite database"},
    /* a record of Endace: 1.1.2023, Ethernet, 80 octets of which 60 were on the wire */
    {72, OCTETS("\0\0\0\0\x80\xcd\xb0\x63\2\4\0\x50\0\0\0\x3c"),
     "is no capture file but perhaps a capture of Endace (ERF)" CONVERT},
    {72, OCTETS("\0\0\0\0\x80\xcd\xb0\x63\2\4\xf0\x50\0\0\0\x3c"),
     "is no capture file: starts with 00 00 00 00"},
    {16, OCTETS("12:01:02.3 IP a "), "is no capture file but text: starts with 31 32 3a 30"},
    {72, OCTETS("\1\2\3\4"), "is no capture file: starts with 01 02 03 04"},
};

/* The first octets of a row, and filler after them. */
static void make_head(size_t row, uint8_t head[FOREIGN_HEAD])
{
    memset(head, FILLER, FOREIGN_HEAD);
    memcpy(head, rows[row].octets, rows[row].known);
}

static void each_beginning_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t head[FOREIGN_HEAD];
        char text[FOREIGN_TEXT];

        make_head(i, head);
        foreign_describe(head, rows[i].length, text, sizeof text);
        assert_string_equal(text, rows[i].sentence);
    }
}

static void a_database_of_imaptap_is_known_from_others(void **state)
{
    uint8_t head[FOREIGN_HEAD] = "SQLite format 3";
    char text[FOREIGN_TEXT];

    (void)state;
    memcpy(head + 68, "imtp", 4);
    foreign_describe(head, sizeof head, text, sizeof text);
    assert_string_equal(text, "is no capture file but a database of imaptap: name it with --db");
    foreign_describe(head, sizeof head - 1, text, sizeof text);
    assert_string_equal(text, "is no capture file but a SQLite database");
}

static void no_octet_beyond_the_head_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t length = 0; length <= FOREIGN_HEAD; length++) {
            uint8_t head[FOREIGN_HEAD], *exact = malloc(length + 1);
            char text[FOREIGN_TEXT], tiny[8];

            make_head(i, head);
            memcpy(exact + 1, head, length);
            foreign_describe(exact + 1, length, text, sizeof text);
            assert_true(strlen(text) > 0);
            foreign_describe(exact + 1, length, tiny, sizeof tiny);
            assert_true(strlen(tiny) < sizeof tiny);
            free(exact);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_beginning_is_named),
        cmocka_unit_test(a_database_of_imaptap_is_known_from_others),
        cmocka_unit_test(no_octet_beyond_the_head_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
