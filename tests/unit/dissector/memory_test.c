/* A session that gets no memory, from any point on or just once: it loses what it cannot keep, and nothing
 * else happens. */
#include "tests/unit/dissector/transcript.h"

#include "dissector/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* The allocation that fails, from 1 (0: none), and whether all after it do. */
static unsigned failing, allocations;
static bool for_ever;

void *__wrap_malloc(size_t size)
{
    allocations++;
    if (failing && (allocations == failing || (for_ever && allocations > failing)))
        return NULL;
    return __real_malloc(size);
}

static const struct step steps[] = {
    C("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    S("* OK [CAPABILITY IMAP4rev1] Cyrus IMAP 3.6.1 ready\r\n"),
    C("a0 ID (\"name\" {3}\r\nabc \"x-originating-ip\" \"192.0.2.3\")\r\n"),
    S("* ID (\"name\" \"y\")\r\na0 OK\r\n* CAPABILITY IMAP4rev1 LITERAL- X-LONGER\r\n"),
    C("LOGIN LOGIN \"bob\" \"secret\" again secret\r\n"),
    S("LOGIN BAD secret\r\n"),
    C("a1 AUTHENTICATE DIGEST-MD5 "
      "dXNlcm5hbWU9ImJvYiIscmVzcG9uc2U9MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\r\n"),
    S("a1 NO 12345678901234567890123456789012\r\n"),
    C("a2 AUTHENTICATE PLAIN\r\nAGJvYgBzZWNyZXQ=\r\na3 LOGIN *(%\xff {6+}\r\nsecret \"\r\na4 NOOP\r\n"),
    S("* BAD secret\r\n"),
    S("a4 BAD [X] secret\r\na3 OK [ALERT] secret\r\n"),
};

/* `share`: the memory is a pool's, which has none yet. */
static void run(struct transcript *out, unsigned nth, bool ever, bool share)
{
    struct imap_shared *shared = share ? imap_shared_new() : NULL;
    allocations = failing = 0;
    struct imap_session *session = transcript_begin(out, &(struct imap_session_options){.shared = shared});
    failing = nth;
    for_ever = ever;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct imap_mark mark = {.time_ns = 1, .frame = i + 1};
        imap_session_feed(session, steps[i].direction, steps[i].octets, steps[i].length, &mark);
    }
    imap_session_end(session);
    imap_session_free(session);
    imap_shared_free(shared);
    failing = 0;
}

static void check_every_want(bool share)
{
    static struct transcript whole, out;
    run(&whole, 0, false, share);
    unsigned count = allocations;
    assert_true(count > 20);
    assert_null(strstr(whole.rows, "secret"));
    for (unsigned nth = 2; nth <= count; nth++)
        for (int ever = 0; ever < 2; ever++) {
            run(&out, nth, ever, share);
            if (strstr(out.rows, "secret"))
                fail_msg("without allocation %u the secret is shown:\n%s", nth, out.rows);
        }
}

static void no_secret_is_reported_for_want_of_memory(void **state)
{
    (void)state;
    check_every_want(false);
    check_every_want(true);
}

static void without_memory_there_is_no_session(void **state)
{
    const struct imap_session_handler handler = {.login = NULL};
    (void)state;
    allocations = 0;
    failing = 1;
    assert_null(imap_session_new(&(struct imap_session_options){0}, &handler, NULL));
    failing = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_secret_is_reported_for_want_of_memory),
        cmocka_unit_test(without_memory_there_is_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
