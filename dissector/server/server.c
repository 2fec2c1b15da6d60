/*
 * The server's direction: finds the greeting, the tagged and untagged responses, and the literals between
 * them, which may hold anything.
 */
#include "dissector/name.h"
#include "dissector/sasl/oauth_error.h"
#include "dissector/server/product.h"
#include "dissector/session_state.h"
#include "dissector/shared_state.h"

#include <string.h>
#include <strings.h>

#define MOST_BAD_LINES      3
#define MOST_UNKNOWN_OCTETS 4096
/* What most lines need is not given back after each, but before the mailbox may be idle. */
#define TEXT_OCTETS_HELD 128

static enum response_kind response_kind(const struct server *server)
{
    static const struct {
        struct name name;
        enum response_kind kind;
    } names[] = {
        {NAME("OK"), RESPONSE_OK},           {NAME("NO"), RESPONSE_NO},
        {NAME("BAD"), RESPONSE_BAD},         {NAME("BYE"), RESPONSE_BYE},
        {NAME("PREAUTH"), RESPONSE_PREAUTH}, {NAME("CAPABILITY"), RESPONSE_CAPABILITY},
        {NAME("ID"), RESPONSE_ID},           {NAME("FLAGS"), RESPONSE_DATA},
        {NAME("LIST"), RESPONSE_DATA},       {NAME("LSUB"), RESPONSE_DATA},
        {NAME("SEARCH"), RESPONSE_DATA},     {NAME("ESEARCH"), RESPONSE_DATA},
        {NAME("STATUS"), RESPONSE_DATA},     {NAME("ENABLED"), RESPONSE_DATA},
        {NAME("NAMESPACE"), RESPONSE_DATA},  {NAME("EXISTS"), RESPONSE_NUMBERED},
        {NAME("FETCH"), RESPONSE_NUMBERED},  {NAME("EXPUNGE"), RESPONSE_NUMBERED},
        {NAME("RECENT"), RESPONSE_NUMBERED},
    };
    const struct imap_text name = {server->name, server->name_length};
    if (server->name_length > COMMAND_NAME_OCTETS)
        return RESPONSE_OTHER;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name_is(name, &names[i].name)) {
            bool numbered = names[i].kind == RESPONSE_NUMBERED;
            return numbered == server->numbered ? names[i].kind : RESPONSE_OTHER;
        }
    return RESPONSE_OTHER;
}

static bool ends_word(uint8_t octet)
{
    return octet <= ' ' && (octet == ' ' || octet == '\r' || octet == '\n');
}

static bool word_is(const struct server *server, char octet)
{
    return server->word.count == 1 && server->word.length == 1 && *server->word.octets == octet;
}

static bool is_status(enum response_kind kind)
{
    return kind >= RESPONSE_OK && kind <= RESPONSE_PREAUTH;
}

static void begin_line(struct server *server)
{
    server->state = SERVER_TAG;
    server->cut = false;
    bounded_text_clear(&server->word);
    bounded_text_clear(&server->text);
    server->name_length = 0;
    server->kind = RESPONSE_OTHER;
    server->numbered = false;
    server->brace = (struct literal_header){0};
    server->line_octets = 0;
}

/* Whether this line shows, after a hole, that the octets are in step again. */
static bool is_certain(const struct imap_session *session, enum response_kind kind)
{
    const struct server *server = &session->server;
    if (word_is(server, '*'))
        return kind != RESPONSE_OTHER;
    return kind >= RESPONSE_OK && kind <= RESPONSE_BAD &&
           command_find(session, bounded_text_view(&server->word), server->word.length) != NULL;
}

/* Not a line of another protocol like "250 OK": the tag is a command's, or may be where the client was not
 * seen.
 */
static bool answers_a_command(const struct imap_session *session)
{
    const struct server *server = &session->server;
    if (server->recognised || command_find(session, bounded_text_view(&server->word), server->word.length))
        return true;
    return !session->client.met && server->bad_lines == 0;
}

static bool is_number(const struct server *server)
{
    for (unsigned i = 0; i < server->name_length; i++)
        if (i >= COMMAND_NAME_OCTETS || server->name[i] < '0' || server->name[i] > '9')
            return false;
    return server->name_length > 0;
}

/* The second word is complete (the third, after a number). */
static void classify(struct imap_session *session)
{
    struct server *server = &session->server;
    if (word_is(server, '*') && is_number(server) && !server->numbered) {
        server->numbered = true;
        server->name_length = 0;
        return;
    }
    enum response_kind kind = server->kind = response_kind(server);
    server->state = SERVER_REST;
    if (server->uncertain && is_certain(session, kind))
        server->uncertain = false;
    if (server->uncertain)
        return;
    if (word_is(server, '*') || (kind >= RESPONSE_OK && kind <= RESPONSE_BAD && answers_a_command(session)))
        server->recognised = true;
    if (server->recognised && session->client.state == CLIENT_TLS) { /* which it does not understand */
        session->tls_to_plain = true;
        session->encryption = IMAP_ENCRYPTION_NONE;
    }
    if (is_status(kind) || (word_is(server, '*') && (kind == RESPONSE_CAPABILITY || kind == RESPONSE_ID)))
        server->state = SERVER_TEXT;
}

static void strike(struct imap_session *session)
{
    struct server *server = &session->server;
    if (!server->recognised && !server->uncertain && !session->client.recognised &&
        ++server->bad_lines >= MOST_BAD_LINES)
        session->outcome = OUTCOME_NOT_IMAP;
}

static unsigned set_capabilities(struct imap_session *session, struct capabilities *capabilities,
                                 struct imap_text list, bool partial)
{
    struct imap_shared *shared = session->options.shared;
    session->text_changes++;
    if (shared && !partial)
        return reply_cache_capabilities(&shared->known, list, capabilities, &session->budget);
    return capabilities_set(capabilities, &session->budget, list, partial);
}

static void take_capabilities(struct imap_session *session, struct imap_text list, bool partial)
{
    unsigned flags = session->authenticated
                         ? capability_flags(list)
                         : set_capabilities(session, &session->capabilities, list, partial);
    if (flags & CAPABILITY_UNAUTHENTICATE)
        session->unauthenticate = true;
}

/* An untagged list while a login waits: many servers announce so what holds once it has succeeded. */
static void take_untagged_capabilities(struct imap_session *session, struct imap_text list, bool partial)
{
    if (session->first && session->first->attempt && !session->authenticated) {
        if (set_capabilities(session, &session->provisional, list, partial) & CAPABILITY_UNAUTHENTICATE)
            session->unauthenticate = true;
    } else {
        take_capabilities(session, list, partial);
    }
}

static void find_product(struct imap_session *session, struct imap_text text)
{
    struct imap_shared *shared = session->options.shared;
    if (shared)
        reply_cache_product(&shared->known, text, &session->product, &session->budget);
    else
        product_find(text, &session->product, &session->budget);
}

/* The first line. Of a stream that was met after its start it may be any: it can only be the greeting when
 * the client has said nothing, and it is taken for it when it looks like one or when a login follows. */
static void greet(struct imap_session *session, struct imap_text text)
{
    bool partial;
    if (session->server.holed && session->client.met)
        return;
    session->text_changes++;
    find_product(session, text);
    product_host(text, &session->host, &session->budget);
    bounded_text_append(&session->greeting, &session->budget, text.octets, text.length, GREETING_OCTETS);
    session->greeting_guessed = true;
    if (session->server.holed && !session->product.length && !capability_code(text, &partial).octets)
        return;
    session->greeting_seen = true;
}

/* The greetings of MUPDATE (RFC 3656 section 3.1) and ACAP (RFC 2244 section 6.2.1), which look like IMAP's.
 */
static bool is_foreign_greeting(enum response_kind kind, const struct server *server, struct imap_text text)
{
    static const struct name acap = NAME("ACAP"), auth = NAME("AUTH");
    struct imap_text name = {server->name, server->name_length};
    if (kind == RESPONSE_OTHER && server->name_length <= COMMAND_NAME_OCTETS)
        return name_is(name, &acap) || name_is(name, &auth);
    return kind == RESPONSE_OK && text.length >= 8 && strncasecmp(text.octets, "MUPDATE ", 8) == 0;
}

static void untagged(struct imap_session *session, enum response_kind kind, struct imap_text text, bool cut,
                     int64_t time_ns)
{
    struct server *server = &session->server;
    if (!server->greeted && is_foreign_greeting(kind, server, text)) {
        session->outcome = OUTCOME_NOT_IMAP;
        return;
    }
    if (!server->greeted && (kind == RESPONSE_OK || kind == RESPONSE_PREAUTH || kind == RESPONSE_BYE)) {
        bool first = !server->holed && !cut;
        session->preauth = first && kind == RESPONSE_PREAUTH;
        session->bye_greeting = first && kind == RESPONSE_BYE;
        greet(session, text);
    }
    if (kind == RESPONSE_BAD)
        verdict_untagged(session, IMAP_RESULT_BAD, text, cut, time_ns);
    else if (kind == RESPONSE_BYE)
        verdict_untagged(session, IMAP_RESULT_BYE, text, cut, time_ns);
    else if (kind == RESPONSE_CAPABILITY)
        take_untagged_capabilities(session, text, cut);
    else if (kind == RESPONSE_ID) {
        session->text_changes++;
        bounded_text_clear(&session->server_ident);
        ident_octets(&session->server_ident, &session->budget, text.octets, text.length);
        session->server_ident_seen = true;
    } else if (kind == RESPONSE_NUMBERED && !session->logged_in && session->logins == 0 &&
               !session->unauthenticate)
        session->outcome = OUTCOME_OVER; /* a mailbox is open: the login phase was before what was captured */
}

static void tagged(struct imap_session *session, enum response_kind kind, struct imap_text text, bool cut,
                   int64_t time_ns)
{
    static const enum imap_result results[] = {
        [RESPONSE_OK] = IMAP_RESULT_OK, [RESPONSE_NO] = IMAP_RESULT_NO, [RESPONSE_BAD] = IMAP_RESULT_BAD};
    struct server *server = &session->server;
    verdict_tagged(session, bounded_text_view(&server->word), server->word.length, results[kind], text, cut,
                   time_ns);
}

/* A line whose second word was understood. */
static void respond(struct imap_session *session, enum response_kind kind, int64_t time_ns)
{
    struct server *server = &session->server;
    struct imap_text text = bounded_text_view(&server->text);
    bool cut = server->text.length > server->text.count;
    while (!cut && text.length && text.octets[text.length - 1] == '\r')
        text.length--;
    bool partial = false;
    struct imap_text list = is_status(kind) ? capability_code(text, &partial) : (struct imap_text){NULL, 0};
    if (word_is(server, '*'))
        untagged(session, kind, text, cut, time_ns);
    else if (kind >= RESPONSE_OK && kind <= RESPONSE_BAD)
        tagged(session, kind, text, cut, time_ns);
    if (list.octets && session->outcome == OUTCOME_OPEN)
        take_capabilities(session, list, partial);
}

/* What the server asks for, or why it refuses a token. */
static void challenge(struct imap_session *session)
{
    struct server *server = &session->server;
    size_t length = server->name_length < COMMAND_NAME_OCTETS ? server->name_length : COMMAND_NAME_OCTETS;
    struct imap_text whole = bounded_text_view(&server->text);
    while (whole.length && whole.octets[whole.length - 1] == '\r')
        whole.length--;
    client_challenged(session, (struct imap_text){server->name, length}, whole);
}

static void end_line(struct imap_session *session, const struct imap_mark *mark)
{
    struct server *server = &session->server;
    if (server->state == SERVER_NAME && (server->name_length || server->numbered))
        classify(session);
    if (server->state == SERVER_REST && word_is(server, '*') && !server->uncertain &&
        literal_header_is_closed(&server->brace)) {
        server->literal = server->brace.size;
        server->state = SERVER_LITERAL;
        return;
    }
    enum response_kind kind = server->kind;
    if (server->state == SERVER_TEXT && kind == RESPONSE_ID && literal_header_is_closed(&server->brace)) {
        while (server->text.count && server->text.octets[server->text.count - 1] == '\r')
            bounded_text_cut(&server->text, server->text.count - 1);
        ident_literal_begin(&server->text, &session->budget, &server->brace);
        server->literal = server->brace.size;
        server->state = SERVER_LITERAL;
        return;
    }
    if (word_is(server, '+'))
        challenge(session);
    else if (server->uncertain)
        ;
    else if (server->state == SERVER_TEXT || word_is(server, '*'))
        respond(session, kind, mark->time_ns);
    else if (server->word.length)
        strike(session);
    if (session->outcome == OUTCOME_OPEN) {
        server->greeted = server->greeted || !server->uncertain;
        if (server->text.capacity > TEXT_OCTETS_HELD || session->logged_in)
            bounded_text_free(&server->text, &session->budget);
        begin_line(server);
    }
}

static void end_literal(struct imap_session *session)
{
    struct server *server = &session->server;
    server->brace = (struct literal_header){0};
    server->state = SERVER_REST;
    if (server->text.count) {
        ident_literal_end(&server->text, &session->budget);
        server->state = SERVER_TEXT;
    }
}

/* So many octets without anything of IMAP are none. */
static void judge_length(struct imap_session *session)
{
    const struct server *server = &session->server;
    if (server->line_octets > MOST_UNKNOWN_OCTETS && !server->recognised && !server->uncertain &&
        !session->client.recognised && session->outcome == OUTCOME_OPEN)
        session->outcome = OUTCOME_NOT_IMAP;
}

/* The first word, or as much of it as is there. */
static size_t feed_tag(struct imap_session *session, const uint8_t *octets, size_t length)
{
    struct server *server = &session->server;
    uint64_t before = server->word.length;
    size_t part = 0;
    while (part < length && !ends_word(octets[part]))
        part++;
    if (part == 0)
        return 0;
    bounded_text_append(&server->word, &session->budget, octets, part, TAG_OCTETS);
    if (before < TLS_SIGN_OCTETS && session_is_tls(&server->word))
        session_met_tls(session, IMAP_FROM_SERVER);
    return part;
}

/* One octet of the second word, or between the words. */
static void word_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct server *server = &session->server;
    if (octet == '\n') {
        end_line(session, mark);
    } else if (octet == '\r') {
        return;
    } else if (server->state == SERVER_TAG) {
        if (server->word.length)
            server->state = SERVER_NAME;
    } else if (octet == ' ') {
        classify(session);
    } else {
        command_name_append(server->name, &server->name_length, &octet, 1);
    }
}

/* The second word, or as much of it as is there. */
static size_t feed_name(struct imap_session *session, const uint8_t *octets, size_t length)
{
    size_t part = 0;
    while (part < length && !ends_word(octets[part]))
        part++;
    struct server *server = &session->server;
    command_name_append(server->name, &server->name_length, octets, part);
    if (word_is(server, '+') && client_takes_challenge(session))
        bounded_text_append(&server->text, &session->budget, octets, part, OAUTH_CHALLENGE_OCTETS);
    return part;
}

/* The rest of a line, or as much of it as is there. */
static size_t feed_rest(struct imap_session *session, const uint8_t *octets, size_t length,
                        const struct imap_mark *mark)
{
    struct server *server = &session->server;
    const uint8_t *end = memchr(octets, '\n', length);
    size_t part = end ? (size_t)(end - octets) : length;
    literal_header_octets(&server->brace, octets, part);
    if (server->state == SERVER_TEXT)
        bounded_text_append(&server->text, &session->budget, octets, part, REPLY_OCTETS);
    server->line_octets += part;
    judge_length(session);
    if (end && session->outcome == OUTCOME_OPEN)
        end_line(session, mark);
    return end ? part + 1 : part;
}

static size_t feed_literal(struct imap_session *session, const uint8_t *octets, size_t length)
{
    struct server *server = &session->server;
    if (length > server->literal)
        length = (size_t)server->literal;
    if (server->text.count)
        ident_literal(&server->text, &session->budget, octets, length);
    server->literal -= length;
    if (server->literal == 0)
        end_literal(session);
    return length;
}

void server_feed(struct imap_session *session, const uint8_t *octets, size_t length,
                 const struct imap_mark *mark)
{
    struct server *server = &session->server;
    if (length == 0)
        return;
    server->met = true;
    server->blind = false;
    server->last_ns = mark->time_ns;
    while (length > 0 && session->outcome == OUTCOME_OPEN) {
        size_t used = 1;
        if (server->state == SERVER_LITERAL) {
            used = feed_literal(session, octets, length);
        } else if (server->state == SERVER_TEXT || server->state == SERVER_REST) {
            used = feed_rest(session, octets, length, mark);
        } else {
            used = server->state == SERVER_TAG ? feed_tag(session, octets, length)
                                               : feed_name(session, octets, length);
            if (used == 0) {
                word_octet(session, *octets, mark);
                used = 1;
            }
            server->line_octets += used;
        }
        octets += used;
        length -= used;
        judge_length(session);
    }
}

/* A tagged line that is cut after OK, NO or BAD is a verdict; what it says is not known. */
static void respond_cut(struct imap_session *session, bool ended)
{
    struct server *server = &session->server;
    if (server->uncertain || (server->state != SERVER_NAME && server->state != SERVER_TEXT))
        return;
    bool named = server->state == SERVER_TEXT;
    enum response_kind kind = named ? server->kind : response_kind(server);
    const struct imap_text unknown = {NULL, 0};
    if (word_is(server, '*')) {
        if (named && ended && (kind == RESPONSE_BAD || kind == RESPONSE_BYE))
            verdict_untagged(session, kind == RESPONSE_BAD ? IMAP_RESULT_BAD : IMAP_RESULT_BYE, unknown, true,
                             server->last_ns);
    } else if (kind >= RESPONSE_OK && kind <= RESPONSE_BAD) {
        server->recognised = true;
        tagged(session, kind, unknown, true, server->last_ns);
    }
}

bool server_is_answering(const struct imap_session *session)
{
    const struct server *server = &session->server;
    return server->word.length > 0 && server->state != SERVER_LITERAL && !word_is(server, '*') &&
           !word_is(server, '+');
}

void server_end(struct imap_session *session)
{
    respond_cut(session, true);
}

void server_lost(struct imap_session *session, uint64_t length)
{
    struct server *server = &session->server;
    if (server->state == SERVER_LITERAL && length > 0 && length <= server->literal) {
        server->literal -= length;
        if (server->literal == 0)
            end_literal(session);
        return;
    }
    respond_cut(session, false);
    if (session->outcome != OUTCOME_OPEN)
        return;
    server->uncertain = true;
    server->holed = server->blind = true;
    session->capabilities.stale = session->provisional.stale = true;
    session->client.unheard = true; /* a "+" may have been among them */
    commands_lost(session, IMAP_FROM_SERVER);
    if (session->starttls == IMAP_STARTTLS_ACCEPTED && !session->plain_after_starttls)
        session->outcome = OUTCOME_OVER; /* nobody knows whether TLS began */
    begin_line(server);
    server->cut = length > 0; /* what a capture begins with is most likely the start of a line */
}

void server_free(struct imap_session *session)
{
    bounded_text_free(&session->server.word, &session->budget);
    bounded_text_free(&session->server.text, &session->budget);
}
