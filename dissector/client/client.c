/*
 * The client's direction: finds the lines, the commands in them, and the literals and SASL responses between
 * them, so that what looks like a command is one.
 */
#include "dissector/client/command_line.h"

#include "dissector/sasl/oauth_error.h"

#include <string.h>

/* After so many lines that are no IMAP, or so many octets without one that is, it is none. */
#define MOST_BAD_LINES      4
#define MOST_UNKNOWN_OCTETS 4096

static void set_origin(struct imap_session *session, const char *origin, const char *source)
{
    session->text_changes++;
    bounded_text_clear(&session->origin);
    bounded_text_append(&session->origin, &session->budget, origin, strlen(origin), ORIGIN_OCTETS);
    session->origin_source = source;
}

static void line_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    client->line_octets++;
    if (client->sasl)
        exchange_octet(session, client->sasl, client->exchange->attempt, octet);
    if (client->state != CLIENT_RESPONSE)
        command_line_octet(session, octet, mark);
}

/* The rest of a line that is no login, or as much of it as is there. */
static size_t feed_rest(struct imap_session *session, const uint8_t *octets, size_t length)
{
    struct client *client = &session->client;
    size_t part = 0;
    while (part < length && octets[part] != '\r' && octets[part] != '\n')
        part++;
    client->line_octets += part;
    literal_header_octets(&client->brace, octets, part);
    if (client->ident) {
        session->text_changes++;
        ident_octets(&session->client_ident, &session->budget, octets, part);
    } else if (client->proxy)
        bounded_text_append(&client->word, &session->budget, octets, part, TAG_OCTETS);
    return part;
}

static enum imap_argument literal_argument(const struct client *client)
{
    unsigned index = client->lexer->count - 1;
    if (client->command->kind == COMMAND_AUTHENTICATE)
        return index == 0 ? IMAP_ARG_MECHANISM : IMAP_ARG_INITIAL_RESPONSE;
    if (index > 1)
        return IMAP_ARG_COMMAND;
    return index == 0 ? IMAP_ARG_USERNAME : IMAP_ARG_PASSWORD;
}

static void begin_literal(struct imap_session *session, const struct literal_header *brace)
{
    struct client *client = &session->client;
    client->state = CLIENT_LITERAL;
    client->literal = brace->size;
    client->fresh = true;
    client->synchronizing = !brace->plus;
    client->awaited = brace->plus || session->options.client_alone;
    client->unheard = !session_is_heard(session);
    if (client->lexer) {
        if (client->bad_line_end)
            attempt_flag(client->command->attempt, &session->budget, IMAP_RULE_BAD_LINE_END,
                         IMAP_ARG_COMMAND);
        login_literal_announced(session, client->command->attempt, lexer_current(client->lexer),
                                literal_argument(client));
    }
    if (client->ident) {
        session->text_changes++;
        ident_literal_begin(&session->client_ident, &session->budget, brace);
    }
}

static void end_literal(struct imap_session *session)
{
    struct client *client = &session->client;
    client->brace = (struct literal_header){0};
    if (client->lexer) {
        lexer_literal_end(client->lexer);
        client->state = CLIENT_ARGUMENTS;
        return;
    }
    if (client->ident) {
        session->text_changes++;
        ident_literal_end(&session->client_ident, &session->budget);
    }
    client->state = CLIENT_REST;
}

static void strike(struct imap_session *session)
{
    struct client *client = &session->client;
    if (!client->recognised && !client->uncertain && !session->server.recognised &&
        ++client->bad_lines >= MOST_BAD_LINES)
        session->outcome = OUTCOME_NOT_IMAP;
}

static void end_response(struct imap_session *session)
{
    struct client *client = &session->client;
    struct attempt *attempt = client->exchange->attempt;
    bool awaited =
        client->challenges > client->responses || !session_is_heard(session) || client->exchange->answer_lost;
    client->responses++;
    if (client->sasl)
        exchange_response(session, client->sasl, client->exchange, awaited);
    attempt->sent_ns = client->last_ns;
    if (client->bad_line_end)
        attempt_flag(attempt, &session->budget, IMAP_RULE_BAD_LINE_END, IMAP_ARG_COMMAND);
}

void client_drop_unconfirmed(struct imap_session *session)
{
    struct client *client = &session->client;
    if (!client->unconfirmed)
        return;
    client->uncertain = true;
    for (struct command *command = session->first, *next; command; command = next) {
        next = command->next;
        if (command->attempt && command->unconfirmed && command != client->command &&
            command != client->exchange)
            command_free(session, command);
    }
}

/* A line of one word: DONE, a response, an empty line ... or a command without anything. */
static void end_lonely_word(struct imap_session *session)
{
    struct client *client = &session->client;
    if (client->exchange) {
        bool empty = client->challenges > client->responses || /* a response may be empty */
                     (client->sasl && client->sasl->mechanism == SASL_LOGIN);
        if (client->line_octets || empty)
            end_response(session);
    } else if (!client->word.length) {
        client_drop_unconfirmed(session);
    } else if (!command_line_end_lonely(session)) {
        client_drop_unconfirmed(session);
        command_line_suspect(session);
        strike(session);
    }
}

static void end_arguments(struct imap_session *session)
{
    struct client *client = &session->client;
    if (lexer_line_end(client->lexer))
        begin_literal(session, &lexer_current(client->lexer)->literal);
    else
        command_line_end_arguments(session);
}

static void end_proxy_line(struct imap_session *session)
{
    char origin[ORIGIN_OCTETS];
    if (origin_from_line(bounded_text_view(&session->client.word), origin))
        set_origin(session, origin, "PROXY");
}

static void end_ident(struct imap_session *session)
{
    char origin[ORIGIN_OCTETS];
    if (origin_from_ident(bounded_text_view(&session->client_ident), origin))
        set_origin(session, origin, "ID");
}

static void end_line(struct imap_session *session, bool bad)
{
    struct client *client = &session->client;
    client->carriage_returns = 0;
    client->bad_line_end = client->bad_line_end || bad;
    if (client->state == CLIENT_NAME && client->name_length)
        command_line_classify(session);
    switch (client->state) {
    case CLIENT_TAG:
    case CLIENT_NAME:
        end_lonely_word(session);
        break;
    case CLIENT_ARGUMENTS:
        end_arguments(session);
        break;
    case CLIENT_REST:
        if (client->proxy)
            end_proxy_line(session);
        else if (!client->uncertain && literal_header_is_closed(&client->brace))
            begin_literal(session, &client->brace);
        else if (!client->command || client->command->kind == COMMAND_UNKNOWN) {
            client_drop_unconfirmed(session);
            strike(session);
        }
        break;
    case CLIENT_RESPONSE:
        end_response(session);
        break;
    case CLIENT_START:
    case CLIENT_PROXY:
    case CLIENT_LITERAL:
    case CLIENT_TLS:
        break;
    }
    client->first_line = false;
    if (client->ident && client->state == CLIENT_REST)
        end_ident(session);
    if (client->state != CLIENT_LITERAL)
        command_line_begin_line(session);
    client->bad_line_end = false;
}

static void flag_unawaited(struct imap_session *session, const struct probe *probe)
{
    const struct command *command = session->client.command;
    if (probe->unawaited && !command->answer_lost)
        attempt_flag(command->attempt, &session->budget, IMAP_RULE_LITERAL_NOT_AWAITED, probe->argument);
}

/* The first octet of a literal that the server has not asked for, as far as is known: the server may take
 * what comes for commands. A login shows by its own octets what they are. False: the octets are no literal's.
 */
static bool begin_unawaited(struct imap_session *session, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    if (client->lexer) {
        struct probe probe = {.unawaited = !client->unheard,
                              .argument = literal_argument(client),
                              .count = client->lexer->count,
                              .bad_spacing = client->lexer->bad_spacing,
                              .begin = *mark};
        if (client->literal > 0)
            client->lexer->probe = budget_take(&session->budget, sizeof probe);
        if (client->lexer->probe)
            *client->lexer->probe = probe;
        else
            flag_unawaited(session, &probe);
        return true;
    }
    if (client->ident || client->literal == 0)
        return true;
    client->uncertain = client->unconfirmed = true;
    client->stretch++;
    command_line_begin_line(session);
    return false;
}

static size_t feed_literal(struct imap_session *session, const uint8_t *octets, size_t length)
{
    struct client *client = &session->client;
    client->fresh = false;
    if (length > client->literal)
        length = (size_t)client->literal;
    if (client->lexer)
        lexer_literal(client->lexer, &session->budget, octets, length);
    else if (client->ident) {
        session->text_changes++;
        ident_literal(&session->client_ident, &session->budget, octets, length);
    }
    client->literal -= length;
    if (client->literal == 0)
        end_literal(session);
    return length;
}

/* As many octets as can be taken together. */
static size_t feed_plain(struct imap_session *session, const uint8_t *octets, size_t length,
                         const struct imap_mark *mark)
{
    struct client *client = &session->client;
    size_t part = 0;
    if (client->state == CLIENT_REST)
        return feed_rest(session, octets, length);
    if (client->state == CLIENT_ARGUMENTS && !client->untagged && !client->sasl)
        part = lexer_plain(client->lexer, &session->budget, octets, length);
    else if (client->state == CLIENT_TAG || client->state == CLIENT_NAME)
        part = command_line_plain(session, octets, length, mark);
    client->line_octets += part;
    return part;
}

static void feed_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    if (octet == '\r') {
        if (client->carriage_returns < 2)
            client->carriage_returns++;
        client->last_ns = mark->time_ns;
    } else if (octet == '\n') {
        client->last_ns = mark->time_ns;
        end_line(session, client->carriage_returns != 1);
    } else {
        line_octet(session, octet, mark);
    }
}

/* The first octets may be a header of the PROXY protocol, version 2. When they are not, those that looked
 * like it were the signature's own, and are taken for what they are. */
static void feed_start(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    size_t matched = client->start_octets;
    if (octet == (uint8_t)PROXY_SIGNATURE[matched]) {
        if (++client->start_octets == PROXY_SIGNATURE_OCTETS) {
            bounded_text_append(&client->word, &session->budget, PROXY_SIGNATURE, PROXY_SIGNATURE_OCTETS,
                                TAG_OCTETS);
            client->state = CLIENT_PROXY;
        }
        return;
    }
    client->state = CLIENT_TAG;
    client_feed(session, (const uint8_t *)PROXY_SIGNATURE, matched, mark);
    client_feed(session, &octet, 1, mark);
}

static void feed_proxy(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    char origin[ORIGIN_OCTETS];
    bounded_text_append(&client->word, &session->budget, &octet, 1, PROXY_MOST_OCTETS);
    if (client->word.length < PROXY_HEADER_OCTETS)
        return;
    bool kept = client->word.count >= PROXY_HEADER_OCTETS;
    if (kept && client->word.length < PROXY_HEADER_OCTETS + origin_header_rest(client->word.octets))
        return;
    if (kept && origin_from_header(bounded_text_view(&client->word), origin))
        set_origin(session, origin, "PROXY");
    command_line_begin_line(session);
}

/* The octet after a CR that the server took for a line's end. True: it is the LF that belongs to it. */
static bool settle_owed(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    client->lf_owed = false;
    if (octet != '\n' && client->lexer)
        attempt_flag(client->command->attempt, &session->budget, IMAP_RULE_BAD_LINE_END, IMAP_ARG_COMMAND);
    return octet == '\n';
}

/* What was taken for a literal is the next command. */
static void return_to_command(struct imap_session *session)
{
    struct probe probe = *session->client.lexer->probe;
    lexer_forget_literal(session->client.lexer, &session->budget);
    command_line_end_login(session, COMMAND_REFUSED);
    command_line_begin_line(session);
    client_feed(session, (const uint8_t *)probe.octets, probe.length, &probe.begin);
    explicit_bzero(&probe, sizeof probe);
}

/* Looks whether the octets of what may be a literal are the next command. */
static void look_closer(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    const struct command *command = client->command;
    struct imap_text tag = {command->tag, command->tag_kept};
    enum probe_answer answer = probe_octet(client->lexer->probe, octet, tag);
    if (answer == PROBE_COMMAND) {
        return_to_command(session);
    } else if (answer == PROBE_LITERAL) {
        flag_unawaited(session, client->lexer->probe);
        lexer_drop_probe(client->lexer, &session->budget);
    }
}

/* The client speaks TLS: nothing of it is IMAP, and a server that does not answer need not be waited for. */
static void feed_tls(struct imap_session *session, size_t length)
{
    session->client.line_octets += length;
    if (session->client.line_octets > MOST_UNKNOWN_OCTETS && !session->tls_to_plain)
        session->outcome = OUTCOME_OVER;
}

void client_feed(struct imap_session *session, const uint8_t *octets, size_t length,
                 const struct imap_mark *mark)
{
    struct client *client = &session->client;
    client->met = client->met || length > 0;
    while (length > 0 && session->outcome == OUTCOME_OPEN) {
        size_t used = 1;
        if (client->lf_owed && settle_owed(session, *octets)) {
            octets++;
            length--;
            continue;
        }
        bool probed = false;
        if (client->state >= CLIENT_ARGUMENTS) {
            if (client->state == CLIENT_TLS) {
                feed_tls(session, length);
                return;
            }
            if (client->state == CLIENT_LITERAL && client->fresh && !client->awaited &&
                !begin_unawaited(session, mark))
                continue;
            probed = client->lexer && client->lexer->probe != NULL;
            if (probed)
                look_closer(session, *octets);
        }
        if (client->carriage_returns && *octets != '\r' && *octets != '\n') {
            end_line(session, true); /* a CR alone ends the line too */
            continue;
        }
        if (client->state == CLIENT_START)
            feed_start(session, *octets, mark);
        else if (client->state == CLIENT_PROXY)
            feed_proxy(session, *octets);
        else if (client->state == CLIENT_LITERAL)
            used = feed_literal(session, octets, probed ? 1 : length);
        else if ((used = feed_plain(session, octets, probed ? 1 : length, mark)) == 0) {
            feed_octet(session, *octets, mark);
            used = 1;
        }
        octets += used;
        length -= used;
        if (client->line_octets > MOST_UNKNOWN_OCTETS && !client->recognised && !client->uncertain &&
            !session->server.recognised && session->outcome == OUTCOME_OPEN)
            session->outcome = OUTCOME_NOT_IMAP;
    }
}

void client_settle_line_end(struct imap_session *session)
{
    if (!session->client.carriage_returns)
        return;
    end_line(session, session->client.carriage_returns > 1);
    session->client.lf_owed = true; /* it may be late, or lost */
}

/* The command will get no more octets. */
static void interrupt(struct imap_session *session)
{
    struct client *client = &session->client;
    if (client->lexer) {
        if (client->lexer->probe) /* it may have become the next command */
            lexer_forget_literal(client->lexer, &session->budget);
        command_line_end_login(session, COMMAND_CUT);
    } else if (client->exchange) {
        if (client->line_octets)
            client->exchange->attempt->incomplete = true;
        command_line_end_exchange(session);
    }
    command_line_begin_line(session);
}

void client_lost(struct imap_session *session, uint64_t length, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    bool known = length > 0;
    (void)mark;
    if (client->carriage_returns) {
        end_line(session, client->carriage_returns > 1); /* the LF is the first that is missing */
        if (known && --length == 0)
            return;
    }
    if (client->lf_owed) { /* it is the first that is missing */
        client->lf_owed = false;
        if (known && --length == 0)
            return;
    }
    if (client->state == CLIENT_TLS)
        return;
    bool probed = client->fresh || (client->lexer && client->lexer->probe);
    if (client->state == CLIENT_LITERAL && known && length <= client->literal &&
        (client->awaited || client->ident || !probed)) {
        client->fresh = false;
        if (client->lexer) {
            lexer_literal_hole(client->lexer, length);
            client->command->attempt->incomplete = true;
        }
        client->literal -= length;
        if (client->literal == 0)
            end_literal(session);
        return;
    }
    if (client->exchange)
        client->exchange->attempt->incomplete = client->exchange->attempt->untimed = true;
    interrupt(session);
    commands_lost(session, IMAP_FROM_CLIENT);
    client->uncertain = client->unconfirmed = client->holed = client->cut = true;
    client->stretch++;
    client->first_line = false;
    session->to_follow = 0; /* the command that follows the login may be among them */
    if (session->logged_in && !command_follows(session, session->logged_in_number))
        verdict_forget_login(session);
    if (session->starttls == IMAP_STARTTLS_ACCEPTED && !session->plain_after_starttls)
        session->outcome = OUTCOME_OVER; /* nobody knows whether TLS began */
}

bool client_is_sending(const struct imap_session *session, const struct command *command)
{
    const struct client *client = &session->client;
    return client->command == command && !(client->state == CLIENT_LITERAL && client->fresh);
}

void client_refused(struct imap_session *session, const struct command *command)
{
    struct client *client = &session->client;
    if (client->state != CLIENT_LITERAL || !client->fresh || !client->synchronizing ||
        client->command != command)
        return;
    if (client->lexer)
        command_line_end_login(session, COMMAND_REFUSED);
    command_line_begin_line(session);
}

bool client_takes_challenge(const struct imap_session *session)
{
    const struct exchange *sasl = session->client.sasl;
    return sasl && (sasl->mechanism == SASL_XOAUTH2 || sasl->mechanism == SASL_OAUTHBEARER);
}

void client_challenged(struct imap_session *session, struct imap_text start, struct imap_text whole)
{
    struct client *client = &session->client;
    client_settle_line_end(session);
    if (client->state == CLIENT_LITERAL && client->fresh)
        client->awaited = true;
    else if (client->exchange) {
        client->challenges++;
        if (client->sasl)
            client->sasl->prompt = sasl_prompt(start);
        if (client_takes_challenge(session) && client->sasl->answers > 0)
            (void)oauth_error_read(whole, &client->exchange->attempt->oauth_error, &session->budget);
    }
}

void client_answered(struct imap_session *session, const struct command *command)
{
    struct client *client = &session->client;
    if (client->exchange != command)
        return;
    client->exchange = NULL;
    command_line_drop_exchange(session);
    if (client->state == CLIENT_RESPONSE)
        client->state = CLIENT_REST;
}

void client_end(struct imap_session *session)
{
    client_settle_line_end(session);
    interrupt(session);
}

void client_free(struct imap_session *session)
{
    command_line_drop_lexer(session);
    command_line_drop_exchange(session);
    bounded_text_free(&session->client.word, &session->budget);
}
