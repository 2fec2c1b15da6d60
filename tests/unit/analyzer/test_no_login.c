/*
 * Why a connection ended without a login: one row a case, and what TLS records say.
 */
#include "analyzer/pipeline/no_login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define CLIENT_HELLO "\x16\x03\x01\x00\x04\x01\x00\x00\x00"
#define SERVER_HELLO "\x16\x03\x03\x00\x04\x02\x00\x00\x00"
#define CIPHERED     "\x17\x03\x03\x00\x02xx"
#define UNKNOWN_CA   "\x15\x03\x03\x00\x02\x02\x30"
#define CLOSE_NOTIFY "\x15\x03\x03\x00\x02\x01\x00"

struct octets {
    const char *at;
    size_t length;
};

#define OCTETS(text)                                                                                         \
    {                                                                                                        \
        (text), sizeof(text) - 1                                                                             \
    }
#define NONE                                                                                                 \
    {                                                                                                        \
        NULL, 0                                                                                              \
    }

/* What a row says differs from: a greeting and a known command, both captured whole, the client closed first.
 */
struct row {
    const char *name;
    enum no_login reason;
    struct octets client_tls, server_tls; /* records */
    struct imap_session_facts session;
    bool no_session, logins, midstream, lost;
    bool client_unseen, server_unseen, client_silent, server_silent;
    uint16_t port; /* 0: 143 */
    enum connection_end end;
    enum connection_closer closer; /* CLOSED_BY_NOBODY: the client */
    bool not_closed;
};

#define SPOKEN   .spoken = true, .answered = true
#define ANSWERED .answered = true

static const struct row rows[] = {
    {"a login", NO_LOGIN_NONE, .logins = true, .session = {SPOKEN}},
    {"no IMAP", NO_LOGIN_NONE, .session = {.not_imap = true}},
    {"no octet at all", NO_LOGIN_NOTHING_SENT, .no_session = true},
    {"the client left", NO_LOGIN_CLIENT_LEFT, .session = {SPOKEN}},
    {"the server left", NO_LOGIN_SERVER_LEFT, .session = {SPOKEN}, .closer = CLOSED_BY_SERVER},
    {"reset", NO_LOGIN_RESET, .session = {SPOKEN}, .end = CONNECTION_RESET},
    {"the capture ends", NO_LOGIN_UNFINISHED, .session = {SPOKEN}, .end = CONNECTION_CAPTURE,
     .not_closed = true},
    {"nothing came behind the greeting", NO_LOGIN_CLIENT_SILENT, .session = {ANSWERED},
     .client_silent = true},
    {"a greeting, and the server left", NO_LOGIN_SERVER_LEFT, .session = {ANSWERED}, .client_silent = true,
     .closer = CLOSED_BY_SERVER},
    {"a greeting, and the capture ends", NO_LOGIN_UNFINISHED, .session = {ANSWERED}, .client_silent = true,
     .end = CONNECTION_CAPTURE, .not_closed = true},
    {"no greeting", NO_LOGIN_SERVER_SILENT, .session = {.spoken = true}, .server_silent = true},
    {"no greeting yet", NO_LOGIN_UNFINISHED, .session = {.spoken = true}, .server_silent = true,
     .end = CONNECTION_CAPTURE, .not_closed = true},
    {"BYE", NO_LOGIN_BYE_GREETING, .session = {ANSWERED, .bye_greeting = true}, .client_silent = true},
    {"PREAUTH", NO_LOGIN_PREAUTH, .session = {SPOKEN, .preauth = true}},
    {"met in the middle", NO_LOGIN_MIDSTREAM, .session = {SPOKEN}, .midstream = true},
    {"BYE, met in the middle of one direction", NO_LOGIN_BYE_GREETING,
     .session = {ANSWERED, .bye_greeting = true}, .client_unseen = true, .client_silent = true},
    {"one direction", NO_LOGIN_ONE_SIDED, .session = {ANSWERED}, .client_unseen = true,
     .client_silent = true},
    {"a hole", NO_LOGIN_LOST, .session = {SPOKEN}, .lost = true},
    {"LOGINDISABLED", NO_LOGIN_LOGIN_DISABLED, .session = {SPOKEN, .login_disabled = true}},
    {"LOGINDISABLED, and STARTTLS refused", NO_LOGIN_STARTTLS_REFUSED,
     .session = {SPOKEN, .login_disabled = true, .starttls = IMAP_STARTTLS_REFUSED}},
    {"LOGINDISABLED, to who said nothing", NO_LOGIN_CLIENT_SILENT,
     .session = {ANSWERED, .login_disabled = true}, .client_silent = true},
    {"STARTTLS unanswered", NO_LOGIN_STARTTLS_UNANSWERED,
     .session = {SPOKEN, .starttls = IMAP_STARTTLS_UNANSWERED}},
    {"STARTTLS untagged", NO_LOGIN_STARTTLS_UNTAGGED, .session = {ANSWERED, .starttls_untagged = true}},
    {"STARTTLS untagged and refused", NO_LOGIN_STARTTLS_UNTAGGED,
     .session = {ANSWERED, .starttls_untagged = true, .starttls = IMAP_STARTTLS_REFUSED}},
    {"STARTTLS untagged, then tagged", NO_LOGIN_STARTTLS_ABANDONED,
     .session = {SPOKEN, .starttls_untagged = true, .starttls = IMAP_STARTTLS_ACCEPTED}},
    {"STARTTLS accepted, and no TLS", NO_LOGIN_STARTTLS_ABANDONED,
     .session = {SPOKEN, .starttls = IMAP_STARTTLS_ACCEPTED}},
    {"TLS", NO_LOGIN_ENCRYPTED, OCTETS(CLIENT_HELLO), OCTETS(SERVER_HELLO),
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}},
    {"TLS of which one direction was captured", NO_LOGIN_ENCRYPTED, OCTETS(CLIENT_HELLO),
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}, .server_unseen = true, .server_silent = true},
    {"TLS met in the middle", NO_LOGIN_ENCRYPTED, OCTETS(CIPHERED), OCTETS(CIPHERED),
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}, .midstream = true},
    {"a ClientHello, and the capture ends", NO_LOGIN_ENCRYPTED, OCTETS(CLIENT_HELLO), .server_silent = true,
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}, .end = CONNECTION_CAPTURE, .not_closed = true},
    {"a ClientHello without an answer", NO_LOGIN_TLS_UNANSWERED, OCTETS(CLIENT_HELLO), .server_silent = true,
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}},
    {"STARTTLS, and a ClientHello without an answer", NO_LOGIN_TLS_UNANSWERED, OCTETS(CLIENT_HELLO),
     .session = {SPOKEN, .starttls = IMAP_STARTTLS_ACCEPTED, .encryption = IMAP_ENCRYPTION_STARTTLS}},
    {"an alert of the client", NO_LOGIN_TLS_ALERT, OCTETS(CLIENT_HELLO UNKNOWN_CA), OCTETS(SERVER_HELLO),
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}},
    {"an alert of the server", NO_LOGIN_TLS_ALERT, OCTETS(CLIENT_HELLO), OCTETS(UNKNOWN_CA),
     .session = {SPOKEN, .starttls = IMAP_STARTTLS_ACCEPTED, .encryption = IMAP_ENCRYPTION_STARTTLS}},
    {"the end of TLS", NO_LOGIN_ENCRYPTED, OCTETS(CLIENT_HELLO CLOSE_NOTIFY), OCTETS(SERVER_HELLO),
     .session = {.encryption = IMAP_ENCRYPTION_IMPLICIT}},
    {"TLS to a server of plain text", NO_LOGIN_TLS_ON_PLAIN_PORT, OCTETS(CLIENT_HELLO),
     .session = {ANSWERED, .tls_to_plain = true}},
    {"plain text, and an alert", NO_LOGIN_PLAIN_ON_TLS_PORT, NONE, OCTETS(UNKNOWN_CA),
     .session = {.spoken = true}},
    {"a login in plain text, and an alert", NO_LOGIN_PLAIN_ON_TLS_PORT, NONE, OCTETS(UNKNOWN_CA),
     .logins = true, .session = {.spoken = true}},
    {"plain text to port 993, and the server left", NO_LOGIN_PLAIN_ON_TLS_PORT, .session = {.spoken = true},
     .server_silent = true, .port = 993, .closer = CLOSED_BY_SERVER},
    {"plain text to port 993, and no server captured", NO_LOGIN_ONE_SIDED, .session = {.spoken = true},
     .server_silent = true, .server_unseen = true, .port = 993},
    {"plain text on port 993, answered", NO_LOGIN_CLIENT_LEFT, .session = {SPOKEN}, .port = 993},
};

static enum no_login reason_of(const struct row *row)
{
    struct tls_watch tls = {0};
    struct no_login_facts facts = {
        .session = row->no_session ? NULL : &row->session,
        .tls = &tls,
        .logins = row->logins,
        .seen = {!row->client_unseen, !row->server_unseen},
        .sent = {!row->client_silent, !row->server_silent},
        .midstream = row->midstream,
        .lost = row->lost,
        .server_port = row->port ? row->port : 143,
        .end = row->end,
        .closer = row->not_closed ? CLOSED_BY_NOBODY
                  : row->closer   ? row->closer
                                  : CLOSED_BY_CLIENT,
    };

    tls_watch_octets(&tls, STREAM_CLIENT, (const uint8_t *)row->client_tls.at, row->client_tls.length);
    tls_watch_octets(&tls, STREAM_SERVER, (const uint8_t *)row->server_tls.at, row->server_tls.length);
    return no_login_reason(&facts);
}

static void the_reason_is_what_was_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (reason_of(&rows[i]) != rows[i].reason)
            fail_msg("%s: %d instead of %d", rows[i].name, reason_of(&rows[i]), rows[i].reason);
}

/* Whatever the segments: an alert is found, after records that are passed over. */
static void an_alert_is_found_however_it_is_cut(void **state)
{
    static const char flight[] = SERVER_HELLO SERVER_HELLO UNKNOWN_CA;

    (void)state;
    for (size_t cut = 0; cut < sizeof flight - 1; cut++) {
        struct tls_watch tls = {0};

        tls_watch_octets(&tls, STREAM_SERVER, (const uint8_t *)flight, cut);
        assert_int_equal(tls_watch_wants(&tls), cut >= 3);
        tls_watch_octets(&tls, STREAM_SERVER, (const uint8_t *)flight + cut, sizeof flight - 1 - cut);
        assert_true(tls.sides[STREAM_SERVER].alerted);
        assert_int_equal(tls.sides[STREAM_SERVER].alert, 48);
        assert_false(tls_watch_wants(&tls));
    }
}

static void what_is_encrypted_is_not_looked_at(void **state)
{
    static const char alert[] = CIPHERED UNKNOWN_CA;
    struct tls_watch tls = {0};

    (void)state;
    tls_watch_octets(&tls, STREAM_CLIENT, (const uint8_t *)CLIENT_HELLO, sizeof CLIENT_HELLO - 1);
    tls_watch_octets(&tls, STREAM_SERVER, (const uint8_t *)alert, sizeof alert - 1);
    assert_false(tls.sides[STREAM_SERVER].alerted);
    assert_true(tls_watch_wants(&tls)); /* the client's alert may still come in the clear */
    tls_watch_octets(&tls, STREAM_CLIENT, (const uint8_t *)CIPHERED, sizeof CIPHERED - 1);
    assert_false(tls_watch_wants(&tls));
}

static void plain_text_is_no_tls(void **state)
{
    struct tls_watch tls = {0};

    (void)state;
    tls_watch_octets(&tls, STREAM_SERVER, (const uint8_t *)"* OK ready\r\n", 12);
    assert_false(tls.sides[STREAM_SERVER].speaks);
    assert_false(tls_watch_wants(&tls));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_is_what_was_seen),
        cmocka_unit_test(an_alert_is_found_however_it_is_cut),
        cmocka_unit_test(what_is_encrypted_is_not_looked_at),
        cmocka_unit_test(plain_text_is_no_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
