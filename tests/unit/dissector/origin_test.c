/* What is known of a connection's ends: the server's product, and the client behind a proxy. */
#include "dissector/server/product.h"
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLEAR        "exposed password\n"
#define CHECK(cases) check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define BOB          "a1 LOGIN bob secret\r\n"
#define BOBS(frame)  "LOGIN 1 @" frame " tag=a1 user=bob:atom:3 password:atom -\n" CLEAR
#define SIGNATURE    "\r\n\r\n\0\r\nQUIT\n"

static void the_proxy_protocol_gives_the_origin(void **state)
{
    static const struct conversation cases[] = {
        {"version 1, IPv4",
         {C("PROXY TCP4 192.0.2.7 198.51.100.1 5000 143\r\n" BOB)},
         .rows = BOBS("1"),
         .facts = "none open origin=192.0.2.7 source=PROXY\n"},
        {"version 1, IPv6",
         {C("PROXY TCP6 2001:DB8:0::7 2001:db8::1 5000 143\r\n" BOB)},
         .rows = BOBS("1"),
         .facts = "none open origin=2001:db8::7 source=PROXY\n"},
        {"version 1, unknown", {C("PROXY UNKNOWN\r\n" BOB)}, .rows = BOBS("1"), .facts = "none open\n"},
        {"version 1, no address",
         {C("PROXY TCP4 secret x y z\r\n" BOB)},
         .rows = BOBS("1"),
         .facts = "none open\n"},
        {"not in the first line",
         {C("a CAPABILITY\r\nPROXY TCP4 192.0.2.7 198.51.100.1 5000 143\r\n" BOB)},
         .rows = BOBS("1"),
         .facts = "none open\n"},
        {"version 2, IPv4, with more behind the addresses",
         {C(SIGNATURE "\x21\x11\x00\x10\xc0\x00\x02\x07\xc6\x33\x64\x01\x13\x88\x00\x8f\x04\x00\x01\r" BOB)},
         .rows = BOBS("1"),
         .facts = "none open origin=192.0.2.7 source=PROXY\n"},
        {"version 2, IPv6",
         {C(SIGNATURE
            "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
            "\x01\x13\x88\x00\x8f" BOB)},
         .rows = BOBS("1"),
         .facts = "none open origin=2001:db8::7 source=PROXY\n"},
        {"version 2, local",
         {C(SIGNATURE "\x20\x00\x00\x00" BOB)},
         .rows = BOBS("1"),
         .facts = "none open\n"},
        {"version 2, too short for its addresses",
         {C(SIGNATURE "\x21\x11\x00\x04\xc0\x00\x02\x07" BOB)},
         .rows = BOBS("1"),
         .facts = "none open\n"},
        {"before TLS",
         {C(SIGNATURE
            "\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\x13\x88\x00\x8f\x16\x03\x01\x00\x05")},
         .rows = "",
         .facts = "implicit open origin=192.0.2.7 source=PROXY\n"},
        {"empty lines are no header", {C("\r\n\r\n" BOB)}, .rows = BOBS("1"), .facts = "none open\n"},
        {"octets that almost are one",
         {C("\r\n\r\n\0\r\nQUIT?\n" BOB), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @1 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR,
         .facts = "none open\n"},
    };
    (void)state;
    CHECK(cases);
}

static void id_gives_the_origin(void **state)
{
    static const struct conversation cases[] = {
        {"as Dovecot's proxy says it",
         {C("1 ID (\"x-session-id\" \"s\\\"\" \"X-Originating-IP\" \"192.0.2.7\" \"x-originating-port\" "
            "\"5\")\r\n")},
         .rows = "",
         .facts = "none open client=(\"x-session-id\" \"s\\\"\" \"X-Originating-IP\" \"192.0.2.7\" "
                  "\"x-originating-port\" \"5\") origin=192.0.2.7 source=ID\n"},
        {"with bare names",
         {C("1 ID (x-originating-ip \"2001:db8::7\")\r\n")},
         .rows = "",
         .facts = "none open client=(x-originating-ip \"2001:db8::7\") origin=2001:db8::7 source=ID\n"},
        {"no address",
         {C("1 ID (\"x-originating-ip\" NIL \"y\n")},
         .rows = "",
         .facts = "none open client=(\"x-originating-ip\" NIL \"y\n"},
        {"more than an address",
         {C("1 ID (\"x-originating-ip\" \"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000\")\r\n")},
         .rows = "",
         .facts = "none open client=(\"x-originating-ip\" "
                  "\"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000\")\n"},
        {"none", {C("1 ID NIL\r\n2 ID ()\r\n")}, .rows = "", .facts = "none open client=()\n"},
        {"more than the PROXY protocol",
         {C("PROXY TCP4 192.0.2.7 198.51.100.1 5000 143\r\n1 ID (\"x-originating-ip\" \"192.0.2.8\")\r\n")},
         .rows = "",
         .facts = "none open client=(\"x-originating-ip\" \"192.0.2.8\") origin=192.0.2.8 source=ID\n"},
    };
    (void)state;
    CHECK(cases);
}

static void a_greeting_names_its_product(void **state)
{
    static const struct {
        const char *greeting, *product;
    } cases[] = {
        {"Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail) ready.", "Exchange 2003"},
        {"Microsoft Exchange Server 2007 IMAP4 service ready", "Exchange 2007"},
        {"Microsoft Exchange 2000 IMAP4rev1 server version 6.0.4417.0 (mail) ready.", "Exchange 2000"},
        {"Microsoft Exchange IMAP4rev1 server version 5.5.2653.23 (mail) ready", "Exchange 5.5"},
        {"The Microsoft Exchange IMAP4 service is ready.", "Exchange 2010 or later"},
        {"The Microsoft Exchange IMAP4 service is ready. [QgBMADAA]", "Exchange Online"},
        {"[CAPABILITY IMAP4rev1 SASL-IR] Dovecot (Debian) ready.", "Dovecot"},
        {"[CAPABILITY IMAP4rev1] mail Cyrus IMAP 3.6.1-Debian-3.6.1-4 server ready",
         "Cyrus IMAP 3.6.1-Debian-3.6.1-4"},
        {"mail Cyrus IMAP4 v2.3.16 server ready", "Cyrus IMAP v2.3.16"},
        {"[CAPABILITY IMAP4rev1] Courier-IMAP ready. Copyright 1998-2018 Double Precision, Inc.", "Courier"},
        {"Gimap ready for requests from 192.0.2.1 x", "Gmail"},
        {"Domino IMAP4 Server Release 9.0.1FP7 ready Tue, 1 Jan", "Domino 9.0.1FP7"},
        {"Hoodiecrow ready for rumble", "Hoodiecrow"},
        {"IMAPrev1", "hMailServer"},
        {"[CAPABILITY IMAP4REV1] mail IMAP4rev1 2007f.404 at Tue", "UW IMAP"},
        {"mail IceWarp x server", "IceWarp"},
        {"ready", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct budget budget = {.limit = 4096};
        struct bounded_text product = {0};
        product_find((struct imap_text){cases[i].greeting, strlen(cases[i].greeting)}, &product, &budget);
        bounded_text_append(&product, &budget, "", 1, PRODUCT_OCTETS);
        assert_string_equal(product.octets, cases[i].product);
        bounded_text_free(&product, &budget);
    }
}

static void exchange_online_hides_its_host_in_the_greeting(void **state)
{
#define ONLINE(name) "The Microsoft Exchange IMAP4 service is ready. [" name "]"
    static const struct {
        const char *greeting, *host;
    } cases[] = {
        {ONLINE("TQBBAEkATAAuAGUAeABhAG0AcABsAGUALgBvAHIAZwA="), "MAIL.example.org"},
        {ONLINE("TQBBAEkATAAuAGUAeABhAG0AcABsAGUALgBvAHIAZwA"), ""}, /* no padding */
        {ONLINE("TQBB"), ""},                                        /* three octets */
        {ONLINE(""), ""},
        {"The Microsoft Exchange IMAP4 service is ready. [TQA=", ""},
        {"The Microsoft Exchange IMAP4 service is ready.", ""},
        {"Dovecot ready. [TQA=]", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct budget budget = {.limit = 4096};
        struct bounded_text host = {0};
        product_host((struct imap_text){cases[i].greeting, strlen(cases[i].greeting)}, &host, &budget);
        bounded_text_append(&host, &budget, "", 1, HOST_OCTETS + 1);
        assert_string_equal(host.octets, cases[i].host);
        bounded_text_free(&host, &budget);
    }
}

static void a_host_name_that_is_too_long_is_none(void **state)
{
    static char greeting[2000] = ONLINE("");
    struct budget budget = {.limit = 4096};
    struct bounded_text host = {0};
    (void)state;
    memset(greeting + strlen(greeting) - 1, 'A', 1000);
    strcpy(greeting + 1100, "]");
    product_host((struct imap_text){greeting, strlen(greeting)}, &host, &budget);
    assert_int_equal(host.length, 0);
}

static void the_product_is_a_fact(void **state)
{
    static const struct conversation greeted = {
        "Exchange",
        {S("* OK Microsoft Exchange Server 2003 IMAP4rev1 server\r\n")},
        .rows = "",
        .facts = "none open greeting=Microsoft Exchange Server 2003 "
                 "IMAP4rev1 server product=Exchange 2003\n"};
    static const struct conversation online = {
        "Exchange Online",
        {S("* OK The Microsoft Exchange IMAP4 service is ready. [TQA=]\r\n")},
        .rows = "",
        .facts = "none open greeting=The Microsoft Exchange IMAP4 service is ready. [TQA=] product=Exchange "
                 "Online "
                 "host=M\n"};
    (void)state;
    check_conversations(&greeted, 1);
    check_conversations(&online, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proxy_protocol_gives_the_origin),
        cmocka_unit_test(id_gives_the_origin),
        cmocka_unit_test(a_greeting_names_its_product),
        cmocka_unit_test(exchange_online_hides_its_host_in_the_greeting),
        cmocka_unit_test(a_host_name_that_is_too_long_is_none),
        cmocka_unit_test(the_product_is_a_fact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
