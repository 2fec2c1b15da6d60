/* The commands that wait for their tagged responses, in the order they were sent. */
#include "dissector/octets.h"
#include "dissector/session_state.h"

#include <string.h>
#include <strings.h>

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

void command_free(struct imap_session *session, struct command *command)
{
    unlink_command(session, command);
    attempt_free(command->attempt, &session->budget);
    budget_give(&session->budget, command, sizeof *command + command->tag_kept);
}

void command_drop(struct imap_session *session, struct command *command)
{
    if (command->follows)
        session->to_follow = command->follows;
    command_free(session, command);
}

struct command *command_new(struct imap_session *session, enum command_kind kind, struct imap_text tag,
                            uint64_t tag_length)
{
    for (struct command *old = session->first; old && session->commands >= MOST_COMMANDS; old = old->next)
        if (!old->attempt) {
            command_free(session, old);
            break;
        }
    size_t kept = tag_length < OTHER_TAG_OCTETS ? (size_t)tag_length : OTHER_TAG_OCTETS;
    if (tag.length < kept)
        return NULL;
    struct command *command = budget_take(&session->budget, sizeof *command + kept);
    if (!command)
        return NULL;
    command->kind = kind;
    command->tag_length = tag_length;
    command->tag_kept = (uint32_t)kept;
    octets_copy(command->tag, tag.octets, kept);
    command->follows = session->to_follow;
    session->to_follow = 0;
    command->stretch = session->client.stretch;
    command->unconfirmed = session->client.unconfirmed;
    command->cut = session->client.cut;
    command->answer_lost = session->server.blind;
    if (session->last)
        session->last->next = command;
    else
        session->first = command;
    session->last = command;
    session->commands++;
    return command;
}

static const struct command *waiting_starttls(const struct imap_session *session)
{
    const struct command *command = session->first;
    if (session->starttls == IMAP_STARTTLS_NONE) /* there was none */
        return NULL;
    while (command && command->kind != COMMAND_STARTTLS)
        command = command->next;
    return command;
}

bool command_starttls_waits(const struct imap_session *session)
{
    const struct command *command = waiting_starttls(session);
    return command && !command->answer_lost && session_is_heard(session);
}

/* What rests on something that the server has not said. */
static const enum imap_rule of_silence[] = {
    IMAP_RULE_LITERAL_NOT_AWAITED,           IMAP_RULE_UNADVERTISED_LITERAL, IMAP_RULE_OVERSIZED_LITERAL,
    IMAP_RULE_UNADVERTISED_INITIAL_RESPONSE, IMAP_RULE_STARTTLS_PIPELINED,   IMAP_RULE_LOGIN_DISABLED,
    IMAP_RULE_MECHANISM_NOT_ANNOUNCED,       IMAP_RULE_RESPONSE_NOT_AWAITED, IMAP_RULE_ALREADY_AUTHENTICATED,
};

static void lose_answer(struct command *command)
{
    struct attempt *attempt = command->attempt;
    command->answer_lost = true;
    for (size_t i = 0; attempt && i < sizeof of_silence / sizeof *of_silence; i++)
        attempt_absolve(attempt, of_silence[i]);
    if (attempt)
        attempt_forget_verdict(attempt);
}

void commands_lost(struct imap_session *session, enum imap_direction direction)
{
    bool answers = direction == IMAP_FROM_SERVER;
    if (answers && waiting_starttls(session))
        session->starttls_pipelined = false;
    for (struct command *command = session->first; command; command = command->next) {
        if (answers)
            lose_answer(command);
        else
            command->follower_lost = true;
    }
}

bool command_follows(const struct imap_session *session, uint32_t number)
{
    for (const struct command *command = session->first; command; command = command->next)
        if (command->follows == number)
            return true;
    return false;
}

bool command_is_repeated(const struct command *command)
{
    for (const struct command *other = command->next; other; other = other->next)
        if (other->tag_length == command->tag_length &&
            memcmp(other->tag, command->tag, command->tag_kept) == 0)
            return true;
    return false;
}

static bool tag_matches(const struct command *command, struct imap_text tag, uint64_t tag_length,
                        bool exactly)
{
    if (command->tag_length != tag_length || command->tag_kept > tag.length)
        return false;
    return exactly ? memcmp(command->tag, tag.octets, command->tag_kept) == 0
                   : strncasecmp(command->tag, tag.octets, command->tag_kept) == 0;
}

/* Octets were lost right before the tag: it may be the end of another command's, or of the same one's. */
static bool may_be_another(const struct imap_session *session, const struct command *found)
{
    if (found->cut || found->tag_length > found->tag_kept)
        return true;
    for (const struct command *command = session->first; command; command = command->next)
        if (command->tag_length > command->tag_kept ||
            (command->tag_kept > found->tag_kept &&
             memcmp(command->tag + command->tag_kept - found->tag_kept, found->tag, found->tag_kept) == 0))
            return true;
    return false;
}

/* The oldest with exactly this tag, else the only one that differs in case. */
struct command *command_find(const struct imap_session *session, struct imap_text tag, uint64_t tag_length)
{
    struct command *found = NULL;
    unsigned count = 0;
    for (struct command *command = session->first; command; command = command->next) {
        if (tag_matches(command, tag, tag_length, true))
            return session->server.cut && may_be_another(session, command) ? NULL : command;
        bool complete =
            !command->unconfirmed && !command->follower_lost && !client_is_sending(session, command);
        if (complete && tag_matches(command, tag, tag_length, false)) {
            found = command;
            count++;
        }
    }
    return count == 1 && !session->server.cut ? found : NULL;
}
