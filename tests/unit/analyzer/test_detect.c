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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_unmistakable_imap_is_recognised)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
