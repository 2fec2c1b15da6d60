/* The verdicts: which response answers which login, and what becomes of the login then. */
#include "dissector/session_state.h"

#include <string.h>

void verdict_forget_login(struct imap_session *session)
{
    if (session->logged_in)
        credentials_free(session->logged_in, &session->budget);
    budget_give(&session->budget, session->logged_in, sizeof *session->logged_in);
    session->logged_in = NULL;
}

/* What the answer to the next command may repeat. Without memory that answer is not reported. */
static void remember_login(struct imap_session *session, struct attempt *attempt)
{
    verdict_forget_login(session);
    session->logged_in = budget_take(&session->budget, sizeof *session->logged_in);
    if (!session->logged_in)
        return;
    *session->logged_in = attempt->who;
    attempt->who = (struct credentials){0};
    session->logged_in_number = attempt->number;
}

static void report_after(struct imap_session *session, uint32_t number, enum imap_result result,
                         struct imap_text text)
{
    if (session->handler.after)
        session->handler.after(session->user, number, result, text);
}

/* The server has said something, and nothing of it was IMAP: what looks like a login is none. */
static bool is_foreign(const struct imap_session *session)
{
    const struct server *server = &session->server;
    return server->met && !server->recognised && !server->holed && server->bad_lines > 0;
}

/* Reports the attempt of `command`, and forgets both, but for what the answer to the next command may repeat.
 * What was never confirmed is forgotten without a word. */
static void settle(struct imap_session *session, struct command *command)
{
    struct attempt *attempt = command->attempt;
    struct imap_login login;
    if (attempt->number == 0 || is_foreign(session)) {
        command_free(session, command);
        return;
    }
    attempt_record(attempt, session->options.password_shape, &login);
    if (session->handler.login)
        session->handler.login(session->user, &login);
    if (attempt->result == IMAP_RESULT_OK) {
        if (attempt->after_result != IMAP_RESULT_NONE) {
            report_after(session, attempt->number, attempt->after_result,
                         bounded_text_view(&attempt->after_text));
            session->after_reported = true;
        } else {
            remember_login(session, attempt);
        }
    }
    command_free(session, command);
}

static bool has_fallback(const struct attempt *attempt)
{
    return attempt->rank == VERDICT_BYE || attempt->rank == VERDICT_UNTAGGED_BAD;
}

/* Gives up the oldest login that still waits; false: there is none. */
bool verdict_evict(struct imap_session *session)
{
    for (struct command *command = session->first; command; command = command->next)
        if (command->attempt && command->attempt->sent) {
            settle(session, command);
            return true;
        }
    return false;
}

bool attempt_begin(struct imap_session *session, struct command *command)
{
    while (
        (session->logins >= MOST_LOGINS || session->budget.used + ROOM_FOR_LOGIN > session->budget.limit) &&
        verdict_evict(session))
        ;
    command->attempt = attempt_new(&session->budget);
    if (!command->attempt)
        return false;
    session->logins++;
    if ((session->authenticated || session->preauth) && !session->client.holed && !session->server.holed)
        attempt_flag(command->attempt, &session->budget, IMAP_RULE_ALREADY_AUTHENTICATED, IMAP_ARG_COMMAND);
    if (command_starttls_waits(session) || session->starttls == IMAP_STARTTLS_ACCEPTED)
        attempt_flag(command->attempt, &session->budget, IMAP_RULE_STARTTLS_PIPELINED, IMAP_ARG_COMMAND);
    if (command->kind == COMMAND_LOGIN && capabilities_have(&session->capabilities, CAPABILITY_LOGINDISABLED))
        attempt_flag(command->attempt, &session->budget, IMAP_RULE_LOGIN_DISABLED, IMAP_ARG_COMMAND);
    return true;
}

/* The command sent after `command`, or the next one to be sent, follows the login of that number. */
static void let_follow(struct imap_session *session, const struct command *command, uint32_t number)
{
    if (command->follower_lost)
        return;
    if (!command->next)
        session->to_follow = number;
    else if (!command->next->follows)
        command->next->follows = number;
}

static void number_login(struct imap_session *session, struct command *command)
{
    struct attempt *attempt = command->attempt;
    attempt->number = ++session->numbers;
    if (attempt->number == 1)
        session->text_changes++; /* what may be the greeting is taken for it */
    let_follow(session, command, attempt->number);
}

void verdict_sent(struct imap_session *session, struct command *command)
{
    struct attempt *attempt = command->attempt;
    attempt->sent = true;
    if (!command->unconfirmed || attempt->rank == VERDICT_TAGGED)
        number_login(session, command);
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
    attempt->reply_lost = text.octets == NULL;
    reply_keep(session, &attempt->reply, text, cut);
}

/* The first command after login `number` was answered. */
static void answer_follower(struct imap_session *session, uint32_t number, enum imap_result result,
                            struct imap_text text, bool cut)
{
    if (session->logged_in && session->logged_in_number == number) {
        struct bounded_text reply = {0};
        reply_keep(session, &reply, text, cut);
        report_after(session, number, result, text.octets ? bounded_text_view(&reply) : text);
        bounded_text_free(&reply, &session->budget);
        verdict_forget_login(session);
        session->after_reported = true;
        return;
    }
    for (struct command *command = session->first; command; command = command->next)
        if (command->attempt && command->attempt->number == number) {
            command->attempt->after_result = result;
            reply_keep(session, &command->attempt->after_text, text, cut);
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
    if (kind == COMMAND_STARTTLS)
        session->starttls = ok ? IMAP_STARTTLS_ACCEPTED : IMAP_STARTTLS_REFUSED;
    if (ok && kind == COMMAND_COMPRESS) {
        session->outcome = OUTCOME_OVER;
        return;
    }
    if (ok && kind == COMMAND_UNAUTHENTICATE) {
        session->authenticated = session->after_reported = session->preauth = false;
        verdict_forget_login(session);
    }
    if (session->unauthenticate || (session->logins > 0 && !session->server.holed))
        return;
    bool login_missed = session->client.holed || session->server.holed;
    if (session->after_reported || (ok && (kind == COMMAND_AUTHENTICATED || kind == COMMAND_SETTING) &&
                                    !session->logged_in && login_missed))
        session->outcome = OUTCOME_OVER;
}

/* Most clients number their commands; others use the same word again and again. */
static bool is_numbered(const struct command *command)
{
    for (uint32_t i = 0; i < command->tag_kept; i++)
        if (command->tag[i] >= '0' && command->tag[i] <= '9')
            return true;
    return false;
}

/* MUPDATE (RFC 3656) and ManageSieve (RFC 5804) quote the mechanism, and the text of the answer. */
static bool is_of_another_protocol(const struct command *command, struct imap_text text)
{
    const struct attempt *attempt = command->attempt;
    return attempt && text.length > 0 && *text.octets == '"' &&
           attempt_has(attempt, IMAP_RULE_MECHANISM_NOT_ATOM);
}

/* The answer to the command may have been lost, and another was sent with the same tag, or may have been:
 * this answer may be either's. */
static bool is_ambiguous(struct imap_session *session, struct command *command)
{
    bool repeated = (command->follower_lost && !is_numbered(command)) || command_is_repeated(command);
    if (!command->answer_lost || !repeated)
        return false;
    if (!command->attempt)
        command_free(session, command);
    else if (command->attempt->sent)
        settle(session, command);
    return true;
}

/* The server knows the command: what the client sends is in step. */
static void confirm(struct imap_session *session, const struct command *command)
{
    if (command->stretch == session->client.stretch)
        session->client.unconfirmed = false;
}

/* A login was answered: what was announced meanwhile holds for the next one only if this one failed. */
static void settle_capabilities(struct imap_session *session, enum imap_result result)
{
    if (session->provisional.seen && result != IMAP_RESULT_OK) {
        bounded_text_free(&session->capabilities.text, &session->budget);
        session->capabilities = session->provisional;
        session->text_changes++;
    } else {
        bounded_text_free(&session->provisional.text, &session->budget);
    }
    session->provisional = (struct capabilities){0};
}

/* Why there will be no login: words that can repeat no credentials, since none were sent. */
static void keep_refusal(struct imap_session *session, struct imap_text text)
{
    const struct client *client = &session->client;
    if (session->logins || session->numbers || client->suspect || client->holed || session->server.holed)
        return;
    session->text_changes++;
    bounded_text_clear(&session->refusal);
    bounded_text_append(&session->refusal, &session->budget, text.octets, text.length, GREETING_OCTETS);
}

void verdict_tagged(struct imap_session *session, struct imap_text tag, uint64_t tag_length,
                    enum imap_result result, struct imap_text text, bool cut, int64_t time_ns)
{
    client_settle_line_end(session);
    struct command *command = command_find(session, tag, tag_length);
    if (!command || is_ambiguous(session, command))
        return;
    if (is_of_another_protocol(command, text)) {
        session->outcome = OUTCOME_NOT_IMAP;
        return;
    }
    enum command_kind kind = command->kind;
    if (kind == COMMAND_STARTTLS && result != IMAP_RESULT_OK)
        keep_refusal(session, text);
    uint32_t follows = command->follows;
    command->follows = 0;
    confirm(session, command);
    settle_before(session, command);
    if (follows && command_is_silent(kind) && result == IMAP_RESULT_OK)
        let_follow(session, command, follows);
    else if (follows)
        answer_follower(session, follows, result, text, cut);
    client_answered(session, command);
    if (command->attempt) {
        struct attempt *attempt = command->attempt;
        set_verdict(session, attempt, VERDICT_TAGGED, result, text, cut, time_ns);
        session->authenticated = session->authenticated || result == IMAP_RESULT_OK;
        settle_capabilities(session, result);
        if (attempt->sent) {
            if (attempt->number == 0)
                number_login(session, command);
            settle(session, command);
        } else if (command == session->client.command)
            client_refused(session, command);
        else
            verdict_sent(session, command); /* AUTHENTICATE: its exchange is over */
    } else {
        client_refused(session, command);
        command_free(session, command);
    }
    finish_when_over(session, kind, result);
}

/* An untagged BAD answers a command that is no login. */
static void refuse_other(struct imap_session *session, struct command *command)
{
    if (command->kind == COMMAND_STARTTLS)
        session->starttls = IMAP_STARTTLS_REFUSED;
    client_refused(session, command);
    command_free(session, command);
}

void verdict_untagged(struct imap_session *session, enum imap_result result, struct imap_text text, bool cut,
                      int64_t time_ns)
{
    enum verdict_rank rank = result == IMAP_RESULT_BYE ? VERDICT_BYE : VERDICT_UNTAGGED_BAD;
    client_settle_line_end(session);
    if (rank == VERDICT_BYE && session->client.logout)
        return;
    if (result == IMAP_RESULT_BYE)
        keep_refusal(session, text);
    for (struct command *command = session->first; command; command = command->next) {
        struct attempt *attempt = command->attempt;
        if (!attempt && rank == VERDICT_UNTAGGED_BAD) {
            refuse_other(session, command);
            break;
        }
        if (!attempt || attempt->rank >= rank || (rank != VERDICT_BYE && client_is_sending(session, command)))
            continue;
        if (!command->answer_lost && !command->follower_lost && !command->unconfirmed)
            set_verdict(session, attempt, rank, result, text, cut, time_ns);
        if (rank == VERDICT_BYE)
            continue;
        client_refused(session, command);
        break;
    }
}
