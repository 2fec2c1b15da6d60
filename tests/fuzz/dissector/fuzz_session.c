/*
 * Feeds a session hostile conversations: both directions, losses, any order. Beside what the sanitizers see
 * it checks that the memory stays within the promise, and that the rows depend neither on where the octets
 * were cut nor on the sessions before.
 *
 * The input: an octet of options, then records of an octet (bit 0: direction; bits 1 to 3 all set: a loss,
 * else octets; bits 4 to 7 and the next octet: how many) and the octets.
 */
#include "dissector/session_state.h"
#include "dissector/shared.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that was reported, as one number. */
struct digest {
    uint64_t value;
};

static void add(struct digest *digest, const void *octets, size_t length)
{
    const uint8_t *at = octets;
    for (size_t i = 0; i < length; i++)
        digest->value = (digest->value ^ at[i]) * 1099511628211u;
}

static void add_number(struct digest *digest, int64_t number)
{
    add(digest, &number, sizeof number);
}

static void add_text(struct digest *digest, struct imap_text text)
{
    add_number(digest, text.octets ? (int64_t)text.length : -1);
    if (text.octets)
        add(digest, text.octets, text.length);
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void on_login(void *user, const struct imap_login *login)
{
    struct digest *digest = user;
    check(login->command < IMAP_COMMANDS && login->username_form < IMAP_FORMS &&
          login->password_form < IMAP_FORMS && login->exposure < IMAP_EXPOSURES &&
          login->result < IMAP_RESULTS && login->number > 0 &&
          login->violation_count <= IMAP_MAX_VIOLATIONS && login->username.length <= IMAP_KEPT_OCTETS);
    add_number(digest, login->number);
    add_number(digest, (int64_t)login->begin.frame);
    add_number(digest, login->command);
    add_text(digest, login->tag);
    add_text(digest, login->mechanism);
    add_text(digest, login->username);
    add_number(digest, login->username_form);
    add_number(digest, login->username_length);
    add_number(digest, login->password_form);
    add_number(digest, login->password_length);
    add_number(digest, login->exposure);
    add_number(digest, login->password_empty);
    add_number(digest, login->password_charset);
    add_text(digest, login->oauth_error);
    add_text(digest, login->authzid);
    add_text(digest, login->workstation);
    add_number(digest, login->result);
    add_text(digest, login->response_code);
    add_text(digest, login->response_text);
    add_number(digest, login->latency_ns);
    add_number(digest, login->incomplete);
    add_number(digest, login->initial_response);
    for (unsigned i = 0; i < login->violation_count; i++) {
        const struct imap_violation *violation = &login->violations[i];
        check(violation->rule < IMAP_RULES && violation->argument < IMAP_ARGUMENTS &&
              violation->octet_count <= IMAP_VIOLATION_OCTETS);
        add_number(digest, violation->rule);
        add_number(digest, violation->argument);
        add_number(digest, violation->position);
        add_number(digest, violation->count);
        add(digest, violation->octets, violation->octet_count);
    }
}

static void on_after(void *user, uint32_t number, enum imap_result result, struct imap_text text)
{
    struct digest *digest = user;
    add_number(digest, number);
    add_number(digest, result);
    add_text(digest, text);
}

static void add_texts(struct digest *digest, const struct imap_session_facts *facts)
{
    add_text(digest, facts->greeting);
    add_text(digest, facts->capabilities);
    add_text(digest, facts->client_ident);
    add_text(digest, facts->server_ident);
    add_text(digest, facts->server_product);
    add_text(digest, facts->server_host);
    add_text(digest, facts->origin_ip);
    add_text(digest, facts->origin_source);
}

static void add_facts(struct digest *digest, const struct imap_session *session)
{
    struct imap_session_facts facts;
    imap_session_facts(session, &facts);
    add_texts(digest, &facts);
    add_number(digest, facts.encryption);
    add_number(digest, facts.starttls);
    add_number(digest, facts.starttls_pipelined);
    add_number(digest, facts.starttls_untagged);
    add_number(digest, facts.plain_after_starttls);
    add_number(digest, facts.tls_to_plain);
    add_number(digest, facts.bye_greeting);
    add_number(digest, facts.preauth);
    add_number(digest, facts.login_disabled);
    add_number(digest, facts.logout);
    add_number(digest, facts.not_imap);
}

/* The texts that were reported last, and the session's number for them. */
struct watched {
    struct digest texts;
    uint32_t changes;
};

/* They do not change unless their number does. */
static void watch(struct watched *watched, const struct imap_session *session)
{
    struct digest texts = {0};
    struct imap_session_facts facts;
    imap_session_facts(session, &facts);
    add_texts(&texts, &facts);
    check(texts.value == watched->texts.value || facts.text_changes != watched->changes);
    *watched = (struct watched){texts, facts.text_changes};
}

/* The octets go in chunks of at most `most`, each a copy of its own. */
static void feed(struct imap_session *session, enum imap_direction direction, const uint8_t *octets,
                 size_t length, size_t most, const struct imap_mark *mark)
{
    while (length > 0) {
        size_t part = length < most ? length : most;
        uint8_t *copy = malloc(part);
        check(copy != NULL);
        memcpy(copy, octets, part);
        imap_session_feed(session, direction, copy, part, mark);
        check(session->budget.used <= IMAP_SESSION_MAX_OCTETS);
        free(copy);
        octets += part;
        length -= part;
    }
}

static uint64_t run(const uint8_t *data, size_t size, size_t most, struct imap_shared *shared)
{
    struct digest digest = {14695981039346656037u};
    const struct imap_session_handler handler = {.login = on_login, .after = on_after};
    const struct imap_session_options options = {
        .password_shape = data[0] & 1, .hide_users = data[0] & 2, .shared = shared};
    struct imap_session *session = imap_session_new(&options, &handler, &digest);
    struct imap_mark mark = {.time_ns = 1, .frame = 1, .capture = 1};
    struct watched watched = {{0}, UINT32_MAX};
    check(session != NULL);
    for (size_t at = 1; at + 2 <= size; mark.frame++, mark.time_ns += 1000) {
        enum imap_direction direction = data[at] & 1 ? IMAP_FROM_SERVER : IMAP_FROM_CLIENT;
        bool lost = (data[at] & 0x0e) == 0x0e;
        size_t length = (size_t)(data[at] & 0xf0) << 4 | data[at + 1];
        at += 2;
        if (lost) {
            imap_session_lost(session, direction, length, &mark);
            watch(&watched, session);
            continue;
        }
        if (length > size - at)
            length = size - at;
        feed(session, direction, data + at, length, most, &mark);
        watch(&watched, session);
        at += length;
    }
    add_number(&digest, imap_session_done(session));
    imap_session_end(session);
    watch(&watched, session);
    add_facts(&digest, session);
    imap_session_free(session);
    return digest.value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct imap_shared *shared; /* with the inputs before, which must not show */
    if (size == 0)
        return 0;
    if (shared == NULL)
        shared = imap_shared_new();
    uint64_t whole = run(data, size, SIZE_MAX, NULL);
    check(run(data, size, 1, NULL) == whole);
    check(run(data, size, 7, shared) == whole);
    return 0;
}
