/* Long arguments, of which many octets are looked at together: each is judged as if it came alone. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG 100

static const struct imap_mark mark = {.time_ns = 1000, .frame = 1, .capture = 1};

struct form {
    const char *before, *behind; /* the argument */
};

static const struct form forms[] = {
    {"a1 LOGIN ", " secret\r\n"},           {"a1 LOGIN \"", "\" secret\r\n"},
    {"a1 LOGIN {100+}\r\n", " secret\r\n"}, {"a1 LOGIN alice {100+}\r\n", "\r\n"},
    {"a1 LOGIN {100+}\r\n", "\r\n"}, /* the only one: may hold the password after a separator */
};

/* The rows of a login whose argument has `octet` at `place`, sent in pieces of `piece` octets. */
static void run(struct transcript *transcript, const struct form *form, uint8_t octet, size_t place,
                size_t piece)
{
    static const struct imap_session_options options = {.password_shape = true};
    struct imap_session *session = transcript_begin(transcript, &options);
    char text[LONG + 64];
    size_t length = strlen(form->before);
    assert_non_null(session);
    memcpy(text, form->before, length);
    memset(text + length, 'x', LONG);
    text[length + place] = (char)octet;
    length += LONG;
    memcpy(text + length, form->behind, strlen(form->behind));
    length += strlen(form->behind);
    imap_session_feed(session, IMAP_FROM_SERVER, "* OK ready\r\n", 12, &mark);
    for (size_t at = 0; at < length; at += piece)
        imap_session_feed(session, IMAP_FROM_CLIENT, text + at, length - at < piece ? length - at : piece,
                          &mark);
    imap_session_feed(session, IMAP_FROM_SERVER, "a1 NO no\r\n", 10, &mark);
    imap_session_end(session);
    imap_session_free(session);
}

static void each_octet_of_a_long_argument_is_judged(void **state)
{
    static const size_t places[] = {0, 1, 31, 32, 33, 63, 64, 65, 95, 96, 99}; /* ends of runs, and others */
    static struct transcript together, alone;
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (unsigned octet = 0; octet < 256; octet++)
            for (size_t j = 0; j < sizeof places / sizeof *places; j++) {
                run(&together, &forms[i], (uint8_t)octet, places[j], SIZE_MAX);
                run(&alone, &forms[i], (uint8_t)octet, places[j], 1);
                if (strcmp(together.rows, alone.rows) != 0)
                    fail_msg("%s, octet %u at %zu:\n%s\nalone:\n%s", forms[i].before, octet, places[j],
                             together.rows, alone.rows);
            }
}

static void a_wildcard_far_behind_is_found_where_it_is(void **state)
{
    static struct transcript transcript;
    (void)state;
    for (size_t place = 0; place < LONG; place++) {
        char expected[64];
        run(&transcript, &forms[0], '*', place, SIZE_MAX);
        (void)snprintf(expected, sizeof expected, "! unquoted-wildcard username @%zu x1 *\n", place);
        assert_non_null(strstr(transcript.rows, expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_octet_of_a_long_argument_is_judged),
        cmocka_unit_test(a_wildcard_far_behind_is_found_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
