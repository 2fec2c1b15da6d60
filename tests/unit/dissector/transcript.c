/* Runs conversations against a session and compares the rows. */
#include "tests/unit/dissector/transcript.h"

#include "tests/unit/dissector/damaged.h"

#include "dissector/shared.h"

#include "dissector/exposures.h"
#include "dissector/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANDOM_CHUNKINGS 40

/* --- rows
 * ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void put(struct transcript *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out->rows + out->length, sizeof out->rows - out->length, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && (size_t)length < sizeof out->rows - out->length);
    out->length += (size_t)length;
}

static void put_octets(struct transcript *out, struct imap_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char octet = (unsigned char)text.octets[i];
        put(out, octet > ' ' - 1 && octet < 0x7f ? "%c" : "\\x%02x", octet);
    }
}

static void put_text(struct transcript *out, const char *name, struct imap_text text)
{
    if (!text.octets)
        return;
    put(out, " %s=", name);
    put_octets(out, text);
}

static const char *const results[] = {"-", "OK", "NO", "BAD", "BYE"};
static const char *const forms[] = {"-", "atom", "quoted", "literal", "literal+", "literal8", "sasl"};
static const char *const arguments[] = {"tag",     "username", "password", "mechanism", "initial-response",
                                        "command", "response"};

static void put_violation(struct transcript *out, const struct imap_violation *violation)
{
    put(out, "! %s %s", imap_rule_info(violation->rule)->id, arguments[violation->argument]);
    if (violation->position >= 0)
        put(out, " @%lld", (long long)violation->position);
    if (violation->count >= 0)
        put(out, " x%lld", (long long)violation->count);
    if (violation->octet_count) {
        put(out, " ");
        put_octets(out, (struct imap_text){(const char *)violation->octets, violation->octet_count});
    }
    put(out, "\n");
}

static void on_login(void *user, const struct imap_login *login)
{
    struct transcript *out = user;
    put(out, "%s %u @%llu", login->command == IMAP_LOGIN ? "LOGIN" : "AUTHENTICATE", login->number,
        (unsigned long long)login->begin.frame);
    put_text(out, "tag", login->tag);
    put_text(out, "mechanism", login->mechanism);
    put_text(out, "user", login->username);
    if (login->username_form)
        put(out, "%s%s:%lld", login->username.octets ? ":" : " user:", forms[login->username_form],
            (long long)login->username_length);
    if (login->password_form)
        put(out, " password:%s", forms[login->password_form]);
    if (login->password_length >= 0)
        put(out, ":%lld", (long long)login->password_length);
    if (login->password_empty > 0)
        put(out, ":empty");
    if (login->password_charset > IMAP_CHARSET_ASCII)
        put(out, ":%s", login->password_charset == IMAP_CHARSET_UTF8 ? "utf8" : "other");
    put_text(out, "authzid", login->authzid);
    put_text(out, "workstation", login->workstation);
    put(out, " %s", results[login->result]);
    put_text(out, "oauth", login->oauth_error);
    put_text(out, "code", login->response_code);
    put_text(out, "text", login->response_text);
    if (login->latency_ns >= 0)
        put(out, " +%lld", (long long)login->latency_ns / 1000);
    put(out, "%s\n", login->incomplete ? " incomplete" : "");
    for (unsigned i = 0; i < login->violation_count; i++)
        put_violation(out, &login->violations[i]);
    if (login->exposure)
        put(out, "exposed %s\n", imap_exposure_info(login->exposure)->id);
}

static void on_after(void *user, uint32_t number, enum imap_result result, struct imap_text text)
{
    struct transcript *out = user;
    put(out, "AFTER %u %s ", number, results[result]);
    put_octets(out, text);
    put(out, "\n");
}

static void put_facts(struct transcript *out, const struct imap_session *session, bool done)
{
    static const char *const encryptions[] = {"none", "starttls", "implicit"};
    static const char *const starttls[] = {"none", "unanswered", "accepted", "refused"};
    struct imap_session_facts facts;
    imap_session_facts(session, &facts);
    put(out, "%s %s", encryptions[facts.encryption], done ? "done" : "open");
    if (facts.starttls)
        put(out, " starttls:%s", starttls[facts.starttls]);
    if (facts.starttls_pipelined)
        put(out, " pipelined");
    if (facts.starttls_untagged)
        put(out, " starttls-untagged");
    if (facts.plain_after_starttls)
        put(out, " plain-after-starttls");
    if (facts.tls_to_plain)
        put(out, " tls-to-plain");
    if (facts.bye_greeting)
        put(out, " bye-greeting");
    if (facts.preauth)
        put(out, " preauth");
    if (facts.login_disabled)
        put(out, " login-disabled");
    if (facts.logout)
        put(out, " logout");
    if (facts.not_imap)
        put(out, " not-imap");
    put_text(out, "greeting", facts.greeting);
    put_text(out, "product", facts.server_product);
    put_text(out, "host", facts.server_host);
    put_text(out, "capabilities", facts.capabilities);
    put_text(out, "client", facts.client_ident);
    put_text(out, "server", facts.server_ident);
    put_text(out, "origin", facts.origin_ip);
    put_text(out, "source", facts.origin_source);
    put(out, "\n");
}

struct imap_session *transcript_begin(struct transcript *transcript,
                                      const struct imap_session_options *options)
{
    const struct imap_session_handler handler = {.login = on_login, .after = on_after};
    transcript->length = 0;
    transcript->rows[0] = '\0';
    struct imap_session *session = imap_session_new(options, &handler, transcript);
    assert_non_null(session);
    return session;
}

/* --- runs
 * ---------------------------------------------------------------------------------------------------- */

/* Where the octets are cut: after step `step`'s first `at` ones; or into single ones; or at random. */
struct cut {
    size_t step, at;
    bool singly;
    bool randomly;
    struct imap_shared *shared; /* with the runs before; NULL: nothing is */
};

static size_t count_steps(const struct conversation *conversation)
{
    size_t count = conversation->count;
    while (!conversation->count && count < MOST_STEPS &&
           (conversation->steps[count].octets || conversation->steps[count].length))
        count++;
    return count;
}

/* The same numbers in every run. */
static size_t any_below(size_t limit)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
}

static size_t chunk(const struct cut *cut, size_t step, size_t at, size_t length)
{
    if (cut->singly)
        return 1;
    if (cut->randomly)
        return 1 + any_below(length - at);
    return step == cut->step && at < cut->at && cut->at < length ? cut->at - at : length - at;
}

/* The texts that were reported last, as one number, and the session's number for them. */
struct watched {
    uint64_t texts;
    uint32_t changes;
};

static uint64_t add_text(uint64_t sum, struct imap_text text)
{
    sum = (sum ^ (text.octets ? text.length : UINT64_MAX)) * 1099511628211u;
    for (size_t i = 0; i < text.length; i++)
        sum = (sum ^ (unsigned char)text.octets[i]) * 1099511628211u;
    return sum;
}

/* Texts do not change unless their number does. */
static void watch(struct watched *watched, const struct imap_session *session)
{
    struct imap_session_facts facts;
    imap_session_facts(session, &facts);
    const struct imap_text reported[] = {facts.greeting,     facts.server_product, facts.server_host,
                                         facts.capabilities, facts.client_ident,   facts.server_ident,
                                         facts.origin_ip,    facts.origin_source};
    uint64_t texts = 0;
    for (size_t i = 0; i < sizeof reported / sizeof *reported; i++)
        texts = add_text(texts, reported[i]);
    assert_true(texts == watched->texts || facts.text_changes != watched->changes);
    *watched = (struct watched){texts, facts.text_changes};
}

/* The octets are copied, so that the sanitizer sees when a byte beyond the chunk is read. */
static void feed(struct imap_session *session, const struct step *step, size_t at, size_t length,
                 const struct imap_mark *mark)
{
    char *octets = malloc(length);
    assert_non_null(octets);
    memcpy(octets, step->octets + at, length);
    bool more = imap_session_feed(session, step->direction, octets, length, mark);
    assert_int_equal(more, !imap_session_done(session));
    free(octets);
}

/* The rows are in `rows`, the facts in `facts`. */
static void run(const struct conversation *conversation, const struct cut *cut, struct transcript *rows,
                struct transcript *facts)
{
    struct imap_session_options options = conversation->options;
    options.shared = cut->shared;
    struct imap_session *session = transcript_begin(rows, &options);
    struct watched watched = {0, UINT32_MAX};
    size_t count = count_steps(conversation);
    watch(&watched, session);
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &conversation->steps[i];
        struct imap_mark mark = {.time_ns = (int64_t)(i + 1) * 1000, .frame = i + 1, .capture = 1};
        if (!step->octets)
            imap_session_lost(session, step->direction, step->length, &mark);
        for (size_t at = 0; step->octets && at < step->length;) {
            size_t length = chunk(cut, i, at, step->length);
            feed(session, step, at, length, &mark);
            watch(&watched, session);
            at += length;
        }
        watch(&watched, session);
    }
    bool done = imap_session_done(session);
    imap_session_end(session);
    watch(&watched, session);
    facts->length = 0;
    put_facts(facts, session, done);
    imap_session_free(session);
}

static void compare(const struct conversation *conversation, const char *what, const char *is,
                    const char *wanted)
{
    if (strcmp(is, wanted) != 0)
        fail_msg("%s: %s\n--- is\n%s--- wanted\n%s", conversation->name, what, is, wanted);
}

static void encode(const char *secret, char *encoded)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t length = strlen(secret); length >= 3; length -= 3, secret += 3) {
        unsigned bits = (unsigned)(unsigned char)secret[0] << 16 | (unsigned)(unsigned char)secret[1] << 8 |
                        (unsigned char)secret[2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *encoded++ = digits[bits >> shift & 63];
    }
    *encoded = '\0';
}

static void search_secret(const struct conversation *conversation, const char *text)
{
    const char *secret = conversation->secret ? conversation->secret : "secret";
    char encoded[256];
    encode(secret, encoded);
    if (strstr(text, secret) || (*encoded && strstr(text, encoded)))
        fail_msg("%s: the secret is shown:\n%s", conversation->name, text);
}

static void check(const struct conversation *conversation, struct imap_shared *shared)
{
    static struct transcript rows, facts, again, facts_again;
    run(conversation, &(struct cut){0}, &rows, &facts);
    compare(conversation, "rows", rows.rows, conversation->rows);
    if (conversation->facts)
        compare(conversation, "facts", facts.rows, conversation->facts);
    search_secret(conversation, rows.rows);
    search_secret(conversation, facts.rows);

    run(conversation, &(struct cut){.shared = shared}, &again, &facts_again);
    compare(conversation, "rows, with what other sessions left", again.rows, rows.rows);
    compare(conversation, "facts, with what other sessions left", facts_again.rows, facts.rows);

    struct cut cut = {.singly = true};
    for (size_t turn = 0; turn <= RANDOM_CHUNKINGS; turn++) {
        run(conversation, &cut, &again, &facts_again);
        compare(conversation, "rows, cut otherwise", again.rows, rows.rows);
        compare(conversation, "facts, cut otherwise", facts_again.rows, facts.rows);
        cut = (struct cut){.randomly = true, .shared = shared};
    }
    for (size_t step = 0; step < count_steps(conversation); step++)
        for (size_t at = 1; conversation->steps[step].octets && at < conversation->steps[step].length; at++) {
            run(conversation, &(struct cut){.step = step, .at = at}, &again, &facts_again);
            compare(conversation, "rows, cut in two", again.rows, rows.rows);
            compare(conversation, "facts, cut in two", facts_again.rows, facts.rows);
        }
}

void check_conversations(const struct conversation *conversations, size_t count)
{
    struct imap_shared *shared = imap_shared_new();
    assert_non_null(shared);
    for (size_t i = 0; i < count; i++)
        check(&conversations[i], shared);
    imap_shared_free(shared);
    for (size_t i = 0; i < count; i++)
        check_damaged(&conversations[i]);
    print_message("%lu damaged conversations so far\n", damaged_count());
}
