/* One IMAP session: its commands in the order they were sent, their verdicts, and what is known of the
 * connection. */
#include "dissector/attempt/echo.h"
#include "dissector/session_state.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Shorter user names are found in any text. */
#define LEAST_MASKED_USER 3

struct imap_session *imap_session_new(const struct imap_session_options *options,
                                      const struct imap_session_handler *handler, void *user)
{
    struct budget budget = {.limit = IMAP_SESSION_MAX_OCTETS};
    struct imap_session *session = budget_take(&budget, sizeof *session);
    if (!session)
        return NULL;
    session->budget = budget;
    session->options = *options;
    session->handler = *handler;
    session->user = user;
    session->client.first_line = true;
    return session;
}

/* --- commands ----------------------------------------------------------------------------------------------
 */

static void unlink_command(struct imap_session *session, struct command *command)
{
    struct command **link = &session->first, *before = NULL;
    while (*link != command) {
        before = *link;
        link = &before->next;
    }
    *link = command->next;
    if (session->last == command)
        session->last = before;
    session->commands--;
    if (command->attempt)
        session->logins--;
    if (session->client.command == command)
        session->client.command = NULL;
    if (session->client.exchange == command)
        session->client.exchange = NULL;
}

static void free_command(struct imap_session *session, struct command *command)
{
    unlink_command(session, command);
    attempt_free(command->attempt, &session->budget);
    budget_give(&session->budget, command, sizeof *command + command->tag_kept);
}

void session_drop(struct imap_session *session, struct command *command)
{
    if (command->follows)
        session->to_follow = command->follows;
    free_command(session, command);
}

struct command *session_command(struct imap_session *session, enum command_kind kind, struct imap_text tag,
                                uint64_t tag_length)
{
    for (struct command *old = session->first; old && session->commands >= MOST_COMMANDS; old = old->next)
        if (!old->attempt) {
            free_command(session, old);
            break;
        }
    size_t kept = tag.length < OTHER_TAG_OCTETS ? tag.length : OTHER_TAG_OCTETS;
    struct command *command = budget_take(&session->budget, sizeof *command + kept);
    if (!command)
        return NULL;
    command->kind = kind;
    command->tag_length = tag_length;
    command->tag_kept = (uint32_t)kept;
    memcpy(command->tag, tag.octets, kept);
    command->follows = session->to_follow;
    session->to_follow = 0;
    if (session->last)
        session->last->next = command;
    else
        session->first = command;
    session->last = command;
    session->commands++;
    return command;
}

static bool tag_matches(const struct command *command, struct imap_text tag, uint64_t tag_length,
                        bool exactly)
{
    if (command->tag_length != tag_length || command->tag_kept > tag.length)
        return false;
    return exactly ? memcmp(command->tag, tag.octets, command->tag_kept) == 0
                   : strncasecmp(command->tag, tag.octets, command->tag_kept) == 0;
}

/* The oldest with exactly this tag, else the only one that differs in case. */
static struct command *find_command(const struct imap_session *session, struct imap_text tag,
                                    uint64_t tag_length)
{
    struct command *found = NULL;
    unsigned count = 0;
    for (struct command *command = session->first; command; command = command->next) {
        if (tag_matches(command, tag, tag_length, true))
            return command;
        if (tag_matches(command, tag, tag_length, false)) {
            found = command;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

bool session_awaits(const struct imap_session *session, struct imap_text tag, uint64_t tag_length)
{
    return find_command(session, tag, tag_length) != NULL;
}

/* --- texts that repeat a credential
 * -------------------------------------------------------------------------- */

static bool repeats(const struct imap_session *session, const struct credentials *who, struct imap_text text,
                    bool cut)
{
    if (echo_repeats(text, kept_view(&who->secret), cut) ||
        echo_repeats_word(text, kept_view(&who->scraps), cut))
        return true;
    struct imap_text user = kept_view(&who->username);
    return session->options.hide_users && user.length >= LEAST_MASKED_USER && echo_repeats(text, user, cut);
}

static bool repeats_credential(const struct imap_session *session, struct imap_text text, bool cut)
{
    for (const struct command *command = session->first; command; command = command->next)
        if (command->attempt && repeats(session, &command->attempt->who, text, cut))
            return true;
    if (session->logged_in && repeats(session, session->logged_in, text, cut))
        return true;
    const struct lexer *lexer = session->client.lexer;
    for (unsigned i = 1; lexer && i < LEXER_ARGUMENTS; i++)
        if (echo_repeats(text, kept_view(&lexer->arguments[i].value), cut))
            return true;
    return lexer && echo_repeats_word(text, kept_view(&lexer->scraps), cut);
}

/* A response code of the RFCs is told even where the text is not: it says why, and it cannot be an echo. */
static size_t known_code(struct imap_text text)
{
    static const char *const codes[] = {
        "ALERT",
        "ALREADYEXISTS",
        "AUTHENTICATIONFAILED",
        "AUTHORIZATIONFAILED",
        "CANNOT",
        "CLIENTBUG",
        "CONTACTADMIN",
        "CORRUPTION",
        "EXPIRED",
        "INUSE",
        "LIMIT",
        "NONEXISTENT",
        "NOPERM",
        "OVERQUOTA",
        "PARSE",
        "PRIVACYREQUIRED",
        "SERVERBUG",
        "SYNTAX",
        "TRYCREATE",
        "UNAVAILABLE",
    };
    if (text.length < 2 || *text.octets != '[')
        return 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        size_t length = strlen(codes[i]);
        if (text.length > length + 1 && strncasecmp(text.octets + 1, codes[i], length) == 0 &&
            (text.octets[length + 1] == ']' || text.octets[length + 1] == ' '))
            return length;
    }
    return 0;
}

static void keep_reply(struct imap_session *session, struct kept *reply, struct imap_text text, bool cut)
{
    kept_clear(reply);
    if (!repeats_credential(session, text, cut)) {
        kept_append(reply, &session->budget, text.octets, text.length, REPLY_OCTETS);
        return;
    }
    size_t code = known_code(text);
    if (code) {
        kept_append(reply, &session->budget, text.octets, code + 1, REPLY_OCTETS);
        kept_append(reply, &session->budget, "] ", 2, REPLY_OCTETS);
    }
    kept_append(reply, &session->budget, ECHO_WITHHELD, sizeof ECHO_WITHHELD - 1, REPLY_OCTETS);
}

/* --- logins
 * -------------------------------------------------------------------------------------------------- */

static void forget_login(struct imap_session *session)
{
    if (session->logged_in)
        credentials_free(session->logged_in, &session->budget);
    budget_give(&session->budget, session->logged_in, sizeof *session->logged_in);
    session->logged_in = NULL;
}

/* What the answer to the next command may repeat. Without memory that answer is not told. */
static void remember_login(struct imap_session *session, struct attempt *attempt)
{
    forget_login(session);
    session->logged_in = budget_take(&session->budget, sizeof *session->logged_in);
    if (!session->logged_in)
        return;
    *session->logged_in = attempt->who;
    attempt->who = (struct credentials){0};
    session->logged_in_number = attempt->number;
}

static void tell_after(struct imap_session *session, uint32_t number, enum imap_result result,
                       struct imap_text text)
{
    if (session->handler.after)
        session->handler.after(session->user, number, result, text);
}

/* Reports the attempt of `command`, and forgets both, but for what the answer to the next command may repeat.
 */
static void settle(struct imap_session *session, struct command *command)
{
    struct attempt *attempt = command->attempt;
    struct imap_login login;
    attempt_record(attempt, session->options.password_shape, &login);
    if (session->handler.login)
        session->handler.login(session->user, &login);
    if (attempt->result == IMAP_RESULT_OK) {
        if (attempt->after_result != IMAP_RESULT_NONE) {
            tell_after(session, attempt->number, attempt->after_result, kept_view(&attempt->after_text));
            session->after_told = true;
        } else {
            remember_login(session, attempt);
        }
    }
    free_command(session, command);
}

static bool has_fallback(const struct attempt *attempt)
{
    return attempt->rank == VERDICT_BYE || attempt->rank == VERDICT_UNTAGGED_BAD;
}

/* Gives up the oldest login that still waits; false: there is none. */
static bool evict(struct imap_session *session)
{
    for (struct command *command = session->first; command; command = command->next)
        if (command->attempt && command->attempt->sent) {
            settle(session, command);
            return true;
        }
    return false;
}

bool session_attempt(struct imap_session *session, struct command *command)
{
    while (
        (session->logins >= MOST_LOGINS || session->budget.used + ROOM_FOR_LOGIN > session->budget.limit) &&
        evict(session))
        ;
    command->attempt = attempt_new(&session->budget);
    if (!command->attempt)
        return false;
    session->logins++;
    for (const struct command *other = session->first; other; other = other->next)
        if (other->kind == COMMAND_STARTTLS)
            attempt_flag(command->attempt, &session->budget, IMAP_RULE_STARTTLS_PIPELINED, IMAP_ARG_COMMAND);
    if (command->kind == COMMAND_LOGIN && capabilities_have(&session->capabilities, CAPABILITY_LOGINDISABLED))
        attempt_flag(command->attempt, &session->budget, IMAP_RULE_LOGIN_DISABLED, IMAP_ARG_COMMAND);
    return true;
}

void session_sent(struct imap_session *session, struct command *command)
{
    struct attempt *attempt = command->attempt;
    attempt->sent = true;
    attempt->number = ++session->numbers;
    session->to_follow = attempt->number;
    if (attempt->rank == VERDICT_TAGGED)
        settle(session, command);
}

static void set_verdict(struct imap_session *session, struct attempt *attempt, enum verdict_rank rank,
                        enum imap_result result, struct imap_text text, bool cut, int64_t time_ns)
{
    if (attempt->rank >= rank)
        return;
    attempt->rank = rank;
    attempt->result = result;
    attempt->verdict_ns = time_ns;
    keep_reply(session, &attempt->reply, text, cut);
}

/* The first command after login `number` was answered. */
static void answer_follower(struct imap_session *session, uint32_t number, enum imap_result result,
                            struct imap_text text, bool cut)
{
    if (session->logged_in && session->logged_in_number == number) {
        struct kept reply = {0};
        keep_reply(session, &reply, text, cut);
        tell_after(session, number, result, kept_view(&reply));
        kept_free(&reply, &session->budget);
        forget_login(session);
        session->after_told = true;
        return;
    }
    for (struct command *command = session->first; command; command = command->next)
        if (command->attempt && command->attempt->number == number) {
            command->attempt->after_result = result;
            keep_reply(session, &command->attempt->after_text, text, cut);
        }
}

/* The command before whose answer no tagged one came will get none. */
static void settle_before(struct imap_session *session, const struct command *answered)
{
    struct command *command = session->first;
    while (command && command != answered) {
        struct command *next = command->next;
        if (command->attempt && command->attempt->sent && has_fallback(command->attempt))
            settle(session, command);
        command = next;
    }
}

/* Ends the session when its login phase is over. */
static void finish_when_over(struct imap_session *session, enum command_kind kind, enum imap_result result)
{
    bool ok = result == IMAP_RESULT_OK;
    if (ok && kind == COMMAND_STARTTLS)
        session->encryption = IMAP_ENCRYPTION_STARTTLS;
    if (ok && (kind == COMMAND_STARTTLS || kind == COMMAND_COMPRESS)) {
        session_finish(session);
        return;
    }
    if (ok && kind == COMMAND_UNAUTHENTICATE) {
        session->authenticated = session->after_told = false;
        forget_login(session);
    }
    if (session->unauthenticate || (session->logins > 0 && !session->server.holed))
        return;
    bool login_missed = session->client.holed || session->server.holed;
    if (session->after_told || (ok && kind == COMMAND_AUTHENTICATED && !session->logged_in && login_missed))
        session_finish(session);
}

/* A login was answered: what was announced meanwhile holds for the next one only if this one failed. */
static void settle_capabilities(struct imap_session *session, enum imap_result result)
{
    if (session->provisional.seen && result != IMAP_RESULT_OK) {
        kept_free(&session->capabilities.text, &session->budget);
        session->capabilities = session->provisional;
    } else {
        kept_free(&session->provisional.text, &session->budget);
    }
    session->provisional = (struct capabilities){0};
}

void session_tagged(struct imap_session *session, struct imap_text tag, uint64_t tag_length,
                    enum imap_result result, struct imap_text text, bool cut, int64_t time_ns)
{
    struct command *command = find_command(session, tag, tag_length);
    if (!command)
        return;
    if (command == session->client.command || command == session->client.exchange)
        client_settle_line_end(session);
    command = find_command(session, tag, tag_length);
    if (!command)
        return;
    enum command_kind kind = command->kind;
    uint32_t follows = command->follows;
    command->follows = 0;
    settle_before(session, command);
    if (follows)
        answer_follower(session, follows, result, text, cut);
    client_answered(session, command);
    if (command->attempt) {
        struct attempt *attempt = command->attempt;
        set_verdict(session, attempt, VERDICT_TAGGED, result, text, cut, time_ns);
        session->authenticated = session->authenticated || result == IMAP_RESULT_OK;
        settle_capabilities(session, result);
        if (attempt->sent)
            settle(session, command);
        else if (command == session->client.command)
            client_refused(session, command);
        else
            session_sent(session, command); /* AUTHENTICATE: its exchange is over */
    } else {
        client_refused(session, command);
        free_command(session, command);
    }
    finish_when_over(session, kind, result);
}

void session_untagged(struct imap_session *session, enum imap_result result, struct imap_text text, bool cut,
                      int64_t time_ns)
{
    enum verdict_rank rank = result == IMAP_RESULT_BYE ? VERDICT_BYE : VERDICT_UNTAGGED_BAD;
    client_settle_line_end(session);
    for (struct command *command = session->first; command; command = command->next) {
        struct attempt *attempt = command->attempt;
        if (!attempt || attempt->rank >= rank)
            continue;
        set_verdict(session, attempt, rank, result, text, cut, time_ns);
        if (rank == VERDICT_BYE)
            continue;
        client_refused(session, command);
        break;
    }
}

/* --- the end
 * --------------------------------------------------------------------------------------------------- */

/* Frees all that only a session that goes on needs. */
static void let_go(struct imap_session *session)
{
    session->done = true;
    while (session->first)
        free_command(session, session->first);
    forget_login(session);
    client_free(session);
    server_free(session);
}

void session_finish(struct imap_session *session)
{
    if (session->done)
        return;
    session->done = true;
    client_end(session);
    while (evict(session))
        ;
    let_go(session);
}

void session_encrypted(struct imap_session *session)
{
    bool plain = session->client.recognised || session->server.recognised;
    session->encryption = plain ? IMAP_ENCRYPTION_STARTTLS : IMAP_ENCRYPTION_IMPLICIT;
    session_finish(session);
}

void session_not_imap(struct imap_session *session)
{
    session->not_imap = true;
    let_go(session);
}

bool imap_session_feed(struct imap_session *session, enum imap_direction direction, const void *octets,
                       size_t length, const struct imap_mark *mark)
{
    if (!session->done) {
        if (direction == IMAP_FROM_CLIENT)
            client_feed(session, octets, length, mark);
        else
            server_feed(session, octets, length, mark);
    }
    return !session->done;
}

bool imap_session_lost(struct imap_session *session, enum imap_direction direction, uint64_t length,
                       const struct imap_mark *mark)
{
    if (!session->done) {
        if (direction == IMAP_FROM_CLIENT)
            client_lost(session, length, mark);
        else
            server_lost(session, length);
    }
    return !session->done;
}

void imap_session_end(struct imap_session *session)
{
    session_finish(session);
}

bool imap_session_done(const struct imap_session *session)
{
    return session->done;
}

static struct imap_text fact(const struct kept *kept, bool seen)
{
    return seen ? kept_view(kept) : (struct imap_text){NULL, 0};
}

void imap_session_facts(const struct imap_session *session, struct imap_session_facts *facts)
{
    *facts = (struct imap_session_facts){
        .greeting = fact(&session->greeting, session->greeting_seen),
        .capabilities = fact(&session->capabilities.text, session->capabilities.seen),
        .client_ident = fact(&session->client_ident, session->client_ident.octets != NULL),
        .server_ident = fact(&session->server_ident, session->server_ident_seen),
        .server_product = fact(&session->product, session->product.length > 0),
        .origin_ip = fact(&session->origin, session->origin_source != NULL),
        .origin_source = {session->origin_source,
                          session->origin_source ? strlen(session->origin_source) : 0},
        .encryption = session->encryption,
        .not_imap = session->not_imap,
        .spoken = session->client.recognised,
    };
}

void imap_session_free(struct imap_session *session)
{
    if (!session)
        return;
    let_go(session);
    kept_free(&session->greeting, &session->budget);
    kept_free(&session->capabilities.text, &session->budget);
    kept_free(&session->provisional.text, &session->budget);
    kept_free(&session->client_ident, &session->budget);
    kept_free(&session->server_ident, &session->budget);
    kept_free(&session->product, &session->budget);
    kept_free(&session->origin, &session->budget);
    struct budget budget = session->budget;
    budget_give(&budget, session, sizeof *session);
}
