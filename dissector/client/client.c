/*
 * The client's direction: finds the lines, the commands in them, and the literals and SASL responses between
 * them, so that what looks like a command is one.
 */
#include "dissector/client/login.h"

#include <string.h>

/* After so many lines that are no IMAP, or so many octets without one that is, it is none. */
#define MOST_STRIKES        4
#define MOST_UNKNOWN_OCTETS 4096

static bool is_separator(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

static bool is_login(enum command_kind kind)
{
    return kind == COMMAND_LOGIN || kind == COMMAND_AUTHENTICATE;
}

static void drop_lexer(struct imap_session *session)
{
    struct client *client = &session->client;
    if (client->lexer)
        lexer_free(client->lexer, &session->budget);
    budget_give(&session->budget, client->lexer, sizeof *client->lexer);
    client->lexer = NULL;
}

static void drop_sasl(struct imap_session *session)
{
    exchange_free(session, session->client.sasl);
    session->client.sasl = NULL;
}

/* The next octet is the first of a line that belongs to no command. */
static void begin_line(struct imap_session *session)
{
    struct client *client = &session->client;
    drop_lexer(session);
    client->state = CLIENT_TAG;
    client->command = NULL;
    client->untagged = client->ident = client->proxy = client->fresh = false;
    client->bad_spacing = client->bad_line_end = client->wide_gap = false;
    kept_clear(&client->word);
    explicit_bzero(client->name, sizeof client->name);
    client->name_length = 0;
    client->brace = (struct brace){0};
    client->line_octets = 0;
}

static bool tag_is_valid(const struct client *client)
{
    struct offence offence = {0};
    validator_tag(&offence, kept_view(&client->word));
    return client->word.length > 0 && offence.count == 0;
}

static void flag_command(struct imap_session *session, struct attempt *attempt, enum imap_rule rule)
{
    attempt_flag(attempt, &session->budget, rule, IMAP_ARG_COMMAND);
}

/* The exchange is over for the client: what follows is no response of it. */
static void end_exchange(struct imap_session *session)
{
    struct command *command = session->client.exchange;
    session->client.exchange = NULL;
    drop_sasl(session);
    if (command)
        session_sent(session, command);
}

/* LOGIN and AUTHENTICATE. Without memory the line is skipped like another command's. */
static void begin_login(struct imap_session *session, struct command *command)
{
    struct client *client = &session->client;
    client->lexer = command && session_attempt(session, command)
                        ? budget_take(&session->budget, sizeof *client->lexer)
                        : NULL;
    if (!client->lexer) {
        if (command)
            session_drop(session, command);
        client->command = NULL;
        client->state = CLIENT_REST;
        return;
    }
    command->attempt->begin = client->begin;
    client->state = CLIENT_ARGUMENTS;
}

static void begin_command(struct imap_session *session, enum command_kind kind)
{
    struct client *client = &session->client;
    if (client->exchange)
        end_exchange(session);
    client->command = session_command(session, kind, kept_view(&client->word), client->word.length);
    client->state = CLIENT_REST;
    client->brace = (struct brace){0};
    if (kind == COMMAND_ID) {
        client->ident = true;
        kept_clear(&session->client_ident);
    }
    if (is_login(kind))
        begin_login(session, client->command);
}

static void set_origin(struct imap_session *session, const char *origin, const char *source)
{
    kept_clear(&session->origin);
    kept_append(&session->origin, &session->budget, origin, strlen(origin), ORIGIN_OCTETS);
    session->origin_source = source;
}

/* "PROXY TCP4 " and the like as the first words of all. */
static bool is_proxy_line(const struct client *client)
{
    return client->first_line && client->word.length == 5 && memcmp(client->word.octets, "PROXY", 5) == 0 &&
           ((client->name_length == 4 && memcmp(client->name, "TCP", 3) == 0) ||
            (client->name_length == 7 && memcmp(client->name, "UNKNOWN", 7) == 0));
}

/* The second word of the line is complete. */
static void classify(struct imap_session *session)
{
    struct client *client = &session->client;
    enum command_kind kind = COMMAND_UNKNOWN;
    if (client->name_length <= COMMAND_NAME_OCTETS)
        kind = command_kind((struct imap_text){client->name, client->name_length});
    bool certain = kind != COMMAND_UNKNOWN && tag_is_valid(client);
    if (is_proxy_line(client)) {
        kept_clear(&client->word);
        client->proxy = true;
        client->state = CLIENT_REST;
        return;
    }
    if (client->exchange && !certain) {
        client->state = CLIENT_RESPONSE;
        return;
    }
    if (client->uncertain && !certain) {
        client->state = CLIENT_REST;
        return;
    }
    client->uncertain = false;
    client->recognised = client->recognised || kind != COMMAND_UNKNOWN;
    begin_command(session, kind);
}

/* The scan took the first word, LOGIN or AUTHENTICATE, for the command, but it is the tag of another one. */
static void become_other(struct imap_session *session, enum command_kind kind)
{
    struct client *client = &session->client;
    session_drop(session, client->command);
    drop_lexer(session);
    client->untagged = false;
    client->uncertain = false;
    begin_command(session, kind);
}

static enum command_kind kind_of_argument(const struct argument *argument)
{
    return argument->form == IMAP_FORM_ATOM ? command_kind(kept_view(&argument->value)) : COMMAND_UNKNOWN;
}

/* LOGIN without a tag, or a command whose tag is LOGIN? The word behind it tells, unless it is LOGIN itself.
 */
static void look_for_tag(struct imap_session *session)
{
    struct client *client = &session->client;
    struct lexer *lexer = client->lexer;
    if (lexer->count != 1 || lexer->state != LEXER_SEPARATOR || lexer->gap != 1)
        return;
    enum command_kind kind = kind_of_argument(&lexer->arguments[0]);
    if (is_login(kind))
        return;
    if (kind != COMMAND_UNKNOWN) {
        become_other(session, kind);
    } else if (client->uncertain) {
        session_drop(session, client->command);
        drop_lexer(session);
        client->command = NULL;
        client->untagged = false;
        client->state = CLIENT_REST;
    }
}

/* The first word of the line is complete. */
static void end_word(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    enum command_kind kind = command_kind(kept_view(&client->word));
    if (!is_login(kind) || client->exchange) {
        client->state = CLIENT_NAME;
        client->bad_spacing = client->bad_spacing || octet == '\t';
        return;
    }
    client->untagged = true;
    begin_command(session, kind);
    if (client->lexer)
        lexer_octet(client->lexer, &session->budget, octet);
}

/* A TLS record: its type, and a version from SSL 3.0 to what TLS 1.3 writes (RFC 8446 section 5.1). */
static bool is_tls(const struct kept *word)
{
    const uint8_t *octets = (const uint8_t *)word->octets;
    return word->count == 3 && octets[0] >= 0x14 && octets[0] <= 0x17 && octets[1] == 3 && octets[2] <= 4;
}

static void tag_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    if (client->line_octets == 1 && client->exchange && client->challenges > client->responses) {
        client->state = CLIENT_RESPONSE;
        return;
    }
    if (is_separator(octet)) {
        if (client->word.length)
            end_word(session, octet);
        else
            client->bad_spacing = true;
        return;
    }
    if (client->word.length == 0)
        client->begin = *mark;
    kept_append(&client->word, &session->budget, &octet, 1, TAG_OCTETS);
    if (client->word.length == 3 && is_tls(&client->word))
        session_encrypted(session);
}

static void name_octet(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    if (is_separator(octet)) {
        if (client->name_length == 0) {
            client->bad_spacing = true;
            return;
        }
        classify(session);
        if (client->state == CLIENT_ARGUMENTS)
            lexer_octet(client->lexer, &session->budget, octet);
        return;
    }
    if (octet == '"' && client->name_length == 5 && strncasecmp(client->name, "LOGIN", 5) == 0) {
        classify(session);
        if (client->state == CLIENT_ARGUMENTS)
            lexer_octet(client->lexer, &session->budget, octet);
        return;
    }
    if (client->name_length < COMMAND_NAME_OCTETS)
        client->name[client->name_length] = (char)octet;
    if (client->name_length <= COMMAND_NAME_OCTETS)
        client->name_length++;
}

static void line_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    client->line_octets++;
    if (client->sasl)
        exchange_octet(session, client->sasl, client->exchange->attempt, octet);
    switch (client->state) {
    case CLIENT_TAG:
        tag_octet(session, octet, mark);
        break;
    case CLIENT_NAME:
        name_octet(session, octet);
        break;
    case CLIENT_ARGUMENTS:
        lexer_octet(client->lexer, &session->budget, octet);
        if (client->untagged)
            look_for_tag(session);
        break;
    case CLIENT_REST:
        brace_octet(&client->brace, octet);
        if (client->ident)
            ident_octets(&session->client_ident, &session->budget, &octet, 1);
        else if (client->proxy)
            kept_append(&client->word, &session->budget, &octet, 1, TAG_OCTETS);
        break;
    case CLIENT_START:
    case CLIENT_PROXY:
    case CLIENT_RESPONSE:
    case CLIENT_LITERAL:
        break;
    }
    if (client->line_octets > MOST_UNKNOWN_OCTETS && !client->recognised && !client->uncertain &&
        !session->server.recognised)
        session_not_imap(session);
}

/* What the line was, as far as one can tell at its end, or at the end of all octets: 0 for a tag and a
 * command, 1 when the tag is missing, -1 for neither. */
static int count_tags(const struct client *client, enum command_kind *kind)
{
    *kind = client->command->kind;
    if (!client->untagged)
        return 0;
    const struct lexer *lexer = client->lexer;
    enum command_kind second = lexer->count ? kind_of_argument(&lexer->arguments[0]) : COMMAND_UNKNOWN;
    bool tagged = second == COMMAND_AUTHENTICATE;
    if (second == COMMAND_LOGIN)
        tagged = *kind == COMMAND_LOGIN ? lexer->count != 2 : lexer->count == 3;
    if (tagged) {
        *kind = second;
        return 1;
    }
    return -1;
}

static void judge_tag(struct imap_session *session, struct attempt *attempt, bool missing)
{
    struct client *client = &session->client;
    if (missing) {
        attempt_flag(attempt, &session->budget, IMAP_RULE_BAD_TAG, IMAP_ARG_TAG);
        return;
    }
    attempt->has_tag = true;
    kept_append(&attempt->tag, &session->budget, client->word.octets, client->word.count, TAG_OCTETS);
    struct offence offence = {0};
    validator_tag(&offence, kept_view(&attempt->tag));
    if (offence.count)
        attempt_flag_offence(attempt, &session->budget, IMAP_RULE_BAD_TAG, IMAP_ARG_TAG, &offence);
}

/* The command's octets are over, for whatever reason. */
static void end_login(struct imap_session *session, enum command_end end)
{
    struct client *client = &session->client;
    struct command *command = client->command;
    enum command_kind kind;
    int tags = count_tags(client, &kind);
    bool missing = tags < 0;
    unsigned first = tags > 0 ? 1 : 0;

    /* Half a line that begins with LOGIN tells nothing for certain, nor does one met in the middle of a
     * stream. */
    if (client->untagged && (end == COMMAND_CUT || (missing && client->uncertain))) {
        session_drop(session, command);
        return;
    }
    client->uncertain = false;
    client->recognised = true;
    struct attempt *attempt = command->attempt;
    command->kind = kind;
    attempt->command = kind == COMMAND_LOGIN ? IMAP_LOGIN : IMAP_AUTHENTICATE;
    attempt->sent_ns = client->last_ns;
    attempt->incomplete = attempt->incomplete || end == COMMAND_CUT;
    judge_tag(session, attempt, missing);
    if (client->bad_spacing)
        flag_command(session, attempt, IMAP_RULE_BAD_SPACING);
    if (client->bad_line_end)
        flag_command(session, attempt, IMAP_RULE_BAD_LINE_END);
    if (kind == COMMAND_LOGIN)
        login_arguments(session, attempt, first, end);
    else
        authenticate_arguments(session, attempt, first, end);
    if (kind == COMMAND_AUTHENTICATE && end == COMMAND_WHOLE) {
        bool initial = client->lexer->count > first + 1;
        client->exchange = command;
        client->challenges = client->responses = 0;
        client->sasl =
            exchange_begin(session, attempt, initial ? &client->lexer->arguments[first + 1] : NULL);
        if (attempt->rank == VERDICT_TAGGED)
            end_exchange(session);
        return;
    }
    attempt->untimed = end == COMMAND_CUT;
    session_sent(session, command);
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

static void begin_literal(struct imap_session *session, const struct brace *brace)
{
    struct client *client = &session->client;
    client->state = CLIENT_LITERAL;
    client->literal = brace->size;
    client->fresh = true;
    client->synchronizing = !brace->plus;
    /* Without the server's octets nobody knows what it said. */
    client->awaited = brace->plus || !session->server.met || session->server.uncertain;
    if (client->lexer) {
        if (client->bad_line_end)
            flag_command(session, client->command->attempt, IMAP_RULE_BAD_LINE_END);
        login_literal_announced(session, client->command->attempt, lexer_current(client->lexer),
                                literal_argument(client));
    }
    if (client->ident)
        ident_literal_begin(&session->client_ident, &session->budget, brace);
}

static void end_literal(struct imap_session *session)
{
    struct client *client = &session->client;
    client->brace = (struct brace){0};
    if (client->lexer) {
        lexer_literal_end(client->lexer);
        client->state = CLIENT_ARGUMENTS;
        return;
    }
    if (client->ident)
        ident_literal_end(&session->client_ident, &session->budget);
    client->state = CLIENT_REST;
}

static void strike(struct imap_session *session)
{
    struct client *client = &session->client;
    if (!client->recognised && !client->uncertain && !session->server.recognised &&
        ++client->strikes >= MOST_STRIKES)
        session_not_imap(session);
}

static void end_response(struct imap_session *session)
{
    struct client *client = &session->client;
    struct attempt *attempt = client->exchange->attempt;
    client->responses++;
    if (client->sasl)
        exchange_response(session, client->sasl, attempt);
    attempt->sent_ns = client->last_ns;
    if (client->bad_line_end)
        flag_command(session, attempt, IMAP_RULE_BAD_LINE_END);
}

/* A line of one word: DONE, a response, an empty line ... or a command without anything. */
static void end_lonely_word(struct imap_session *session)
{
    struct client *client = &session->client;
    if (client->exchange) {
        if (client->line_octets || client->challenges > client->responses) /* a response may be empty */
            end_response(session);
        return;
    }
    if (client->word.length == 0)
        return;
    enum command_kind kind = command_kind(kept_view(&client->word));
    if (is_login(kind) && !client->uncertain) {
        client->untagged = true;
        begin_command(session, kind);
        if (client->lexer)
            end_login(session, COMMAND_WHOLE);
    } else {
        strike(session);
    }
}

static void end_arguments(struct imap_session *session)
{
    struct client *client = &session->client;
    if (lexer_line_end(client->lexer)) {
        begin_literal(session, &lexer_current(client->lexer)->literal);
        return;
    }
    enum command_kind second = client->untagged && client->lexer->count == 1
                                   ? kind_of_argument(&client->lexer->arguments[0])
                                   : COMMAND_UNKNOWN;
    if (second != COMMAND_UNKNOWN && !is_login(second))
        become_other(session, second);
    else
        end_login(session, COMMAND_WHOLE);
}

static void end_proxy_line(struct imap_session *session)
{
    char origin[ORIGIN_OCTETS];
    if (origin_from_line(kept_view(&session->client.word), origin))
        set_origin(session, origin, "PROXY");
}

static void end_ident(struct imap_session *session)
{
    char origin[ORIGIN_OCTETS];
    if (origin_from_ident(kept_view(&session->client_ident), origin))
        set_origin(session, origin, "ID");
}

static void end_line(struct imap_session *session, bool bad)
{
    struct client *client = &session->client;
    client->carriage_returns = 0;
    client->bad_line_end = client->bad_line_end || bad;
    if (client->state == CLIENT_NAME && client->name_length)
        classify(session);
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
        else if (!client->uncertain && brace_is_closed(&client->brace))
            begin_literal(session, &client->brace);
        else if (!client->command || client->command->kind == COMMAND_UNKNOWN)
            strike(session);
        break;
    case CLIENT_RESPONSE:
        end_response(session);
        break;
    case CLIENT_START:
    case CLIENT_PROXY:
    case CLIENT_LITERAL:
        break;
    }
    client->first_line = false;
    if (client->ident && client->state == CLIENT_REST)
        end_ident(session);
    if (client->state != CLIENT_LITERAL)
        begin_line(session);
    client->bad_line_end = false;
}

static size_t feed_literal(struct imap_session *session, const uint8_t *octets, size_t length)
{
    struct client *client = &session->client;
    if (client->fresh) {
        client->fresh = false;
        if (!client->awaited && client->lexer)
            attempt_flag(client->command->attempt, &session->budget, IMAP_RULE_LITERAL_NOT_AWAITED,
                         literal_argument(client));
    }
    if (length > client->literal)
        length = (size_t)client->literal;
    if (client->lexer)
        lexer_literal(client->lexer, &session->budget, octets, length);
    else if (client->ident)
        ident_literal(&session->client_ident, &session->budget, octets, length);
    client->literal -= length;
    if (client->literal == 0)
        end_literal(session);
    return length;
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
            kept_append(&client->word, &session->budget, PROXY_SIGNATURE, PROXY_SIGNATURE_OCTETS, TAG_OCTETS);
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
    kept_append(&client->word, &session->budget, &octet, 1, PROXY_MOST_OCTETS);
    if (client->word.length < PROXY_HEADER_OCTETS ||
        client->word.length < PROXY_HEADER_OCTETS + origin_header_rest(client->word.octets))
        return;
    if (origin_from_header(kept_view(&client->word), origin))
        set_origin(session, origin, "PROXY");
    begin_line(session);
}

void client_feed(struct imap_session *session, const uint8_t *octets, size_t length,
                 const struct imap_mark *mark)
{
    struct client *client = &session->client;
    client->met = client->met || length > 0;
    while (length > 0 && !session->done) {
        size_t used = 1;
        if (client->carriage_returns && *octets != '\r' && *octets != '\n') {
            end_line(session, true); /* a CR alone ends the line too */
            continue;
        }
        if (client->state == CLIENT_START)
            feed_start(session, *octets, mark);
        else if (client->state == CLIENT_PROXY)
            feed_proxy(session, *octets);
        else if (client->state == CLIENT_LITERAL)
            used = feed_literal(session, octets, length);
        else
            feed_octet(session, *octets, mark);
        octets += used;
        length -= used;
    }
}

void client_settle_line_end(struct imap_session *session)
{
    if (session->client.carriage_returns)
        end_line(session, true);
}

/* The command will get no more octets. */
static void interrupt(struct imap_session *session)
{
    struct client *client = &session->client;
    if (client->lexer) {
        end_login(session, COMMAND_CUT);
    } else if (client->exchange) {
        if (client->line_octets)
            client->exchange->attempt->incomplete = true;
        end_exchange(session);
    }
    begin_line(session);
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
    if (client->state == CLIENT_LITERAL && known && length <= client->literal) {
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
    client->uncertain = client->holed = true;
}

void client_refused(struct imap_session *session, const struct command *command)
{
    struct client *client = &session->client;
    if (client->state != CLIENT_LITERAL || !client->fresh || !client->synchronizing ||
        client->command != command)
        return;
    if (client->lexer)
        end_login(session, COMMAND_REFUSED);
    begin_line(session);
}

void client_challenged(struct imap_session *session, struct imap_text challenge)
{
    struct client *client = &session->client;
    client_settle_line_end(session);
    if (client->state == CLIENT_LITERAL && client->fresh)
        client->awaited = true;
    else if (client->exchange) {
        client->challenges++;
        if (client->sasl)
            client->sasl->prompt = sasl_prompt(challenge);
    }
}

void client_answered(struct imap_session *session, const struct command *command)
{
    struct client *client = &session->client;
    if (client->exchange != command)
        return;
    client->exchange = NULL;
    drop_sasl(session);
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
    drop_lexer(session);
    drop_sasl(session);
    kept_free(&session->client.word, &session->budget);
}
