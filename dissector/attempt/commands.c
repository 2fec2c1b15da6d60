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
    if (session->last)
        session->last->next = command;
    else
        session->first = command;
    session->last = command;
    session->commands++;
    return command;
}

bool command_starttls_waits(const struct imap_session *session)
{
    const struct command *command = session->first;
    if (session->starttls == IMAP_STARTTLS_NONE) /* there was none */
        return false;
    while (command && command->kind != COMMAND_STARTTLS)
        command = command->next;
    return command != NULL;
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
struct command *command_find(const struct imap_session *session, struct imap_text tag, uint64_t tag_length)
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
