/* Finds tag, command and arguments in the words of a line, and begins and ends the command that they make. */
#include "dissector/client/command_line.h"
#include "dissector/name.h"
#include "dissector/octets.h"

#include <string.h>
#include <strings.h>

static bool is_separator(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

/* A separator, a line's end, and the quote or brace that may follow LOGIN at once. */
static bool ends_word(uint8_t octet)
{
    return (octet <= '"' && (is_separator(octet) || octet == '"' || octet == '\r' || octet == '\n')) ||
           octet == '{';
}

static bool is_login(enum command_kind kind)
{
    return kind == COMMAND_LOGIN || kind == COMMAND_AUTHENTICATE;
}

void command_line_drop_lexer(struct imap_session *session)
{
    struct client *client = &session->client;
    if (client->lexer)
        lexer_free(client->lexer, &session->budget);
    budget_give(&session->budget, client->lexer, sizeof *client->lexer);
    client->lexer = NULL;
}

void command_line_drop_exchange(struct imap_session *session)
{
    exchange_free(session, session->client.sasl);
    session->client.sasl = NULL;
}

/* The next octet is the first of a line that belongs to no command. */
void command_line_begin_line(struct imap_session *session)
{
    struct client *client = &session->client;
    command_line_drop_lexer(session);
    client->state = CLIENT_TAG;
    client->command = NULL;
    client->cut = client->untagged = client->ident = client->proxy = client->fresh = false;
    client->bad_spacing = client->bad_line_end = false;
    bounded_text_clear(&client->word);
    if (client->name_length > 0)
        octets_wipe(client->name, sizeof client->name);
    client->name_length = 0;
    client->brace = (struct literal_header){0};
    client->line_octets = 0;
}

static bool tag_is_valid(const struct client *client)
{
    struct violation noted = {0};
    validator_tag(&noted, bounded_text_view(&client->word));
    return client->word.length > 0 && noted.count == 0;
}

/* The exchange is over for the client: what follows is no response of it. */
void command_line_end_exchange(struct imap_session *session)
{
    struct command *command = session->client.exchange;
    session->client.exchange = NULL;
    command_line_drop_exchange(session);
    if (command)
        verdict_sent(session, command);
}

/* LOGIN and AUTHENTICATE. Without memory the line is skipped like another command's. */
static void begin_login(struct imap_session *session, struct command *command)
{
    struct client *client = &session->client;
    if (!command)
        return;
    if (attempt_begin(session, command))
        client->lexer = budget_take(&session->budget, sizeof *client->lexer);
    if (!client->lexer) {
        command_drop(session, command);
        return;
    }
    command->attempt->begin = client->begin;
    client->state = CLIENT_ARGUMENTS;
}

/* A line that is no command, while a login waits for its verdict: its words may be what a literal that was
 * announced too short left of a password. */
void command_line_suspect(struct imap_session *session)
{
    struct client *client = &session->client;
    struct command *login = NULL;
    client->suspect = true;
    for (struct command *command = session->first; command; command = command->next)
        if (command->attempt)
            login = command;
    if (!login)
        return;
    struct bounded_text *scraps = &login->attempt->who.scraps;
    size_t length = client->name_length < COMMAND_NAME_OCTETS ? client->name_length : COMMAND_NAME_OCTETS;
    bounded_text_append(scraps, &session->budget, " ", 1, SECRET_OCTETS);
    bounded_text_append(scraps, &session->budget, client->word.octets, client->word.count, SECRET_OCTETS);
    bounded_text_append(scraps, &session->budget, " ", 1, SECRET_OCTETS);
    bounded_text_append(scraps, &session->budget, client->name, length, SECRET_OCTETS);
}

/* What a command says of the connection. Behind a STARTTLS that was not answered its octets came before any
 * TLS, and after one that was accepted in the place of TLS. */
static void note_command(struct imap_session *session, enum command_kind kind)
{
    if (command_starttls_waits(session))
        session->starttls_pipelined = true;
    if (session->starttls == IMAP_STARTTLS_ACCEPTED)
        session->plain_after_starttls = true;
    if (kind == COMMAND_STARTTLS)
        session->starttls = IMAP_STARTTLS_UNANSWERED;
    if (kind == COMMAND_LOGOUT)
        session->client.logout = true;
}

static void begin_command(struct imap_session *session, enum command_kind kind)
{
    struct client *client = &session->client;
    if (kind == COMMAND_UNKNOWN)
        command_line_suspect(session);
    if (client->exchange)
        command_line_end_exchange(session);
    if (kind == COMMAND_UNKNOWN)
        client_drop_unconfirmed(session);
    else
        note_command(session, kind);
    client->command = command_new(session, kind, bounded_text_view(&client->word), client->word.length);
    client->state = CLIENT_REST;
    client->brace = (struct literal_header){0};
    if (kind == COMMAND_ID) {
        client->ident = true;
        session->text_changes++;
        bounded_text_clear(&session->client_ident);
    }
    if (is_login(kind))
        begin_login(session, client->command);
}

/* "PROXY TCP4 " and the like as the first words of all. */
static bool is_proxy_line(const struct client *client)
{
    return client->first_line && client->word.count == 5 && memcmp(client->word.octets, "PROXY", 5) == 0 &&
           ((client->name_length == 4 && memcmp(client->name, "TCP", 3) == 0) ||
            (client->name_length == 7 && memcmp(client->name, "UNKNOWN", 7) == 0));
}

/* Behind lines that are none of IMAP, what looks like a command may be none ("Connection: close"): only the
 * server can show that it is one. */
static void recognise(struct imap_session *session, enum command_kind kind)
{
    struct client *client = &session->client;
    if (kind == COMMAND_UNKNOWN || client->recognised)
        return;
    static const struct name sasl = NAME("AUTH"); /* "AUTH LOGIN" of SMTP and POP3 */
    bool foreign = client->bad_lines > 0 || name_is(bounded_text_view(&client->word), &sasl);
    if (!foreign || session->server.recognised)
        client->recognised = true;
    else
        client->unconfirmed = true;
}

/* The second word of the line is complete. */
void command_line_classify(struct imap_session *session)
{
    struct client *client = &session->client;
    enum command_kind kind = COMMAND_UNKNOWN;
    if (client->name_length <= COMMAND_NAME_OCTETS)
        kind = command_kind((struct imap_text){client->name, client->name_length});
    bool certain = kind != COMMAND_UNKNOWN && tag_is_valid(client);
    if (is_proxy_line(client)) {
        bounded_text_clear(&client->word);
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
    if (client->sasl && client->sasl->mechanism == SASL_OTHER) {
        client->unconfirmed = true; /* it may be a response */
        client->stretch++;
    }
    client->uncertain = false;
    recognise(session, kind);
    begin_command(session, kind);
}

/* The scan took the first word, LOGIN or AUTHENTICATE, for the command, but it is the tag of another one. */
static void become_other(struct imap_session *session, enum command_kind kind)
{
    struct client *client = &session->client;
    command_drop(session, client->command);
    command_line_drop_lexer(session);
    client->untagged = false;
    client->uncertain = false;
    begin_command(session, kind);
}

static enum command_kind kind_of_argument(const struct argument *argument)
{
    return argument->form == IMAP_FORM_ATOM ? command_kind(bounded_text_view(&argument->value))
                                            : COMMAND_UNKNOWN;
}

/* LOGIN without a tag, or a command whose tag is LOGIN? The word after it decides, unless it is LOGIN
 * itself.
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
        command_drop(session, client->command);
        command_line_drop_lexer(session);
        client->command = NULL;
        client->untagged = false;
        client->state = CLIENT_REST;
    }
}

/* The first word of the line is complete. */
static void end_word(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    enum command_kind kind = command_login_kind(bounded_text_view(&client->word));
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

static void tag_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    bool awaited = client->exchange && client->challenges > client->responses;
    if (client->line_octets == 1 && awaited && !client->exchange->answer_lost &&
        !server_is_answering(session)) {
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
    bounded_text_append(&client->word, &session->budget, &octet, 1, TAG_OCTETS);
    if (client->word.length == 3 && session_is_tls(&client->word))
        session_met_tls(session, IMAP_FROM_CLIENT);
}

/* An argument follows the name LOGIN without a space. */
static bool begins_argument(const struct client *client, uint8_t octet)
{
    return (octet == '"' || octet == '{') && client->name_length == 5 &&
           strncasecmp(client->name, "LOGIN", 5) == 0;
}

static void name_octet(struct imap_session *session, uint8_t octet)
{
    struct client *client = &session->client;
    if (is_separator(octet) && client->name_length == 0) {
        client->bad_spacing = true;
    } else if (is_separator(octet) || begins_argument(client, octet)) {
        command_line_classify(session);
        if (client->state == CLIENT_ARGUMENTS)
            lexer_octet(client->lexer, &session->budget, octet);
    } else {
        command_name_append(client->name, &client->name_length, &octet, 1);
    }
}

size_t command_line_plain(struct imap_session *session, const uint8_t *octets, size_t length,
                          const struct imap_mark *mark)
{
    struct client *client = &session->client;
    uint64_t before = client->word.length;
    size_t part = 0;
    if (client->exchange) /* its responses are no words */
        return 0;
    while (part < length && !ends_word(octets[part]))
        part++;
    if (part == 0)
        return 0;
    if (client->state == CLIENT_NAME) {
        command_name_append(client->name, &client->name_length, octets, part);
        return part;
    }
    if (before == 0)
        client->begin = *mark;
    bounded_text_append(&client->word, &session->budget, octets, part, TAG_OCTETS);
    if (before < TLS_SIGN_OCTETS && session_is_tls(&client->word))
        session_met_tls(session, IMAP_FROM_CLIENT);
    return part;
}

void command_line_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark)
{
    struct client *client = &session->client;
    if (client->state == CLIENT_TAG) {
        tag_octet(session, octet, mark);
    } else if (client->state == CLIENT_NAME) {
        name_octet(session, octet);
    } else {
        lexer_octet(client->lexer, &session->budget, octet);
        if (client->untagged)
            look_for_tag(session);
    }
}

/* What the line was, as far as is known at its end, or at the end of all octets: 0 for a tag and a
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
    bounded_text_append(&attempt->tag, &session->budget, client->word.octets, client->word.count, TAG_OCTETS);
    struct violation noted = {0};
    validator_tag(&noted, bounded_text_view(&attempt->tag));
    if (noted.count)
        attempt_flag_violation(attempt, &session->budget, IMAP_RULE_BAD_TAG, IMAP_ARG_TAG, &noted);
}

/* The command's octets are over, for whatever reason. */
void command_line_end_login(struct imap_session *session, enum command_end end)
{
    struct client *client = &session->client;
    struct command *command = client->command;
    enum command_kind kind;
    int tags = count_tags(client, &kind);
    bool missing = tags < 0;
    unsigned first = tags > 0 ? 1 : 0;

    /* Half a line that begins with LOGIN proves nothing, nor does one met in the middle of a
     * stream. */
    if (client->untagged && (end == COMMAND_CUT || (missing && client->uncertain))) {
        command_drop(session, command);
        return;
    }
    client->uncertain = false;
    recognise(session, kind);
    command->unconfirmed = command->unconfirmed || client->unconfirmed;
    struct attempt *attempt = command->attempt;
    command->kind = kind;
    attempt->command = kind == COMMAND_LOGIN ? IMAP_LOGIN : IMAP_AUTHENTICATE;
    attempt->sent_ns = client->last_ns;
    attempt->incomplete = attempt->incomplete || end == COMMAND_CUT;
    judge_tag(session, attempt, missing);
    if (client->bad_spacing)
        attempt_flag(attempt, &session->budget, IMAP_RULE_BAD_SPACING, IMAP_ARG_COMMAND);
    if (client->bad_line_end)
        attempt_flag(attempt, &session->budget, IMAP_RULE_BAD_LINE_END, IMAP_ARG_COMMAND);
    if (kind == COMMAND_LOGIN)
        login_arguments(session, attempt, first, end);
    else
        authenticate_arguments(session, attempt, first, end);
    if (kind == COMMAND_AUTHENTICATE && end == COMMAND_WHOLE) {
        bool initial = client->lexer->count > first + 1;
        client->exchange = command;
        client->challenges = client->responses = 0;
        client->sasl =
            exchange_begin(session, command, initial ? &client->lexer->arguments[first + 1] : NULL);
        if (attempt->rank == VERDICT_TAGGED)
            command_line_end_exchange(session);
        return;
    }
    attempt->untimed = end == COMMAND_CUT;
    verdict_sent(session, command);
}

/* STARTTLS without a tag. */
static bool end_untagged_starttls(struct imap_session *session)
{
    static const struct name starttls = NAME("STARTTLS");
    struct client *client = &session->client;
    if (client->uncertain || !name_is(bounded_text_view(&client->word), &starttls))
        return false;
    recognise(session, COMMAND_STARTTLS);
    session->starttls_untagged = true;
    begin_command(session, COMMAND_STARTTLS);
    return true;
}

bool command_line_end_lonely(struct imap_session *session)
{
    struct client *client = &session->client;
    enum command_kind kind = command_login_kind(bounded_text_view(&client->word));
    if (end_untagged_starttls(session))
        return true;
    if (!is_login(kind) || client->uncertain)
        return false;
    client->untagged = true;
    begin_command(session, kind);
    if (client->lexer && client->command)
        command_line_end_login(session, COMMAND_WHOLE);
    return true;
}

void command_line_end_arguments(struct imap_session *session)
{
    struct client *client = &session->client;
    enum command_kind second = client->untagged && client->lexer->count == 1
                                   ? kind_of_argument(&client->lexer->arguments[0])
                                   : COMMAND_UNKNOWN;
    if (second != COMMAND_UNKNOWN && !is_login(second))
        become_other(session, second);
    else
        command_line_end_login(session, COMMAND_WHOLE);
}
