/*
 * What is taken for IMAP by a segment's first octets, and what is not.
 */
#include "analyzer/stream/detect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *payload;
    enum detected detected;
} cases[] = {
    {"* OK ready\r\n", DETECTED_GREETING},
    {"* ok [CAPABILITY IMAP4rev1] hi\r\n", DETECTED_GREETING},
    {"* PREAUTH welcome\r\n", DETECTED_GREETING},
    {"* BYE busy\r\n", DETECTED_GREETING},
    {"a1 LOGIN bob secret\r\n", DETECTED_COMMAND},
    {"A.9 login {3}\r\n", DETECTED_COMMAND},
    {"x authenticate PLAIN\r\n", DETECTED_COMMAND},
    {"* OKAY\r\n", DETECTED_NOTHING},
    {"* OK MUPDATE \"mup.example\"\r\n", DETECTED_NOTHING},
    {"A01 AUTHENTICATE \"PLAIN\" \"AGJvYg==\"\r\n", DETECTED_NOTHING},
    {"* 3 EXISTS\r\n", DETECTED_NOTHING},
    {"+OK POP3 ready\r\n", DETECTED_NOTHING},
    {"PASS LOGIN a b\r\n", DETECTED_NOTHING},
    {"AUTH LOGIN a b\r\n", DETECTED_NOTHING},
    {"220 mail ESMTP\r\n", DETECTED_NOTHING},
    {"GET /LOGIN HTTP/1.1\r\n", DETECTED_NOTHING},
    {"please LOGIN first\n", DETECTED_NOTHING},
    {"a1 LOGIN bob\r\n", DETECTED_NOTHING},
    {"a1 LOGIN bob sec", DETECTED_NOTHING},
    {" LOGIN bob secret\r\n", DETECTED_NOTHING},
    {"a* LOGIN bob secret\r\n", DETECTED_NOTHING},
    {"* OK", DETECTED_NOTHING},
    {"", DETECTED_NOTHING},
};

static void only_unmistakable_imap_is_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].payload);
        uint8_t *exact = malloc(length + !length); /* so that reading one octet too many is found */

        assert_non_null(exact);
        memcpy(exact, cases[i].payload, length);
        if (detect_imap(exact, length) != cases[i].detected)
            fail_msg("%s", cases[i].payload);
        free(exact);
    }
}

static void other_protocols_are_recognised(void **state)
{
    static const char *const others[] = {"240 Posted\r\n",
                                         "250-mail\r\n",
                                         "+OK\r\n",
                                         "-ERR no\r\n",
                                         "HTTP/1.1 200 OK\r\n",
                                         "SSH-2.0-OpenSSH_9.2\r\n",
                                         ":irc.example NOTICE * :*** Looking up\r\n",
                                         ":irc.example 001 bob :Welcome\r\n",
                                         "NICK bob\r\n",
                                         "* ACAP (IMPLEMENTATION \"x\")\r\n",
                                         "* AUTH \"PLAIN\"\r\n",
                                         "* OK MUPDATE \"mup.example\" \"Cyrus\"\r\n",
                                         "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n",
                                         "EHLO x\r\n",
                                         "\xff\xfd\x18",
                                         "*1\r\n$4\r\nPING\r\n",
                                         "-NOAUTH x\r\n",
                                         "530 Login incorrect.\r\n"};
    static const char *const imap[] = {"* OK ready\r\n",      "a1 OK done\r\n", "+ go\r\n",
                                       "100 OK done\r\n",     "123 NO x\r\n",   "123 LOGIN bob x\r\n",
                                       "123 Login bob x\r\n", "123 noop\r\n",   "250",
                                       "* AUTHX\r\n",         ": x\r\n",        ":a b\r\n",
                                       "* 1 EXISTS\r\n",      "2500 OK\r\n",    ""};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(detect_other((const uint8_t *)others[i], strlen(others[i])));
    for (size_t i = 0; i < sizeof imap / sizeof imap[0]; i++)
        assert_false(detect_other((const uint8_t *)imap[i], strlen(imap[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_unmistakable_imap_is_recognised),
                                       cmocka_unit_test(other_protocols_are_recognised)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
