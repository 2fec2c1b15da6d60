/* Judges the arguments of LOGIN and AUTHENTICATE and keeps what may be kept of them. */
#include "dissector/client/login.h"

#include <string.h>

/* RFC 7888 section 5, RFC 9051 section 4.3: the longest non-synchronizing literal without LITERAL+. */
#define LITERAL_MINUS_LIMIT 4096

static void flag(struct imap_session *session, struct attempt *attempt, enum imap_rule rule,
                 enum imap_argument argument)
{
    attempt_flag(attempt, &session->budget, rule, argument);
}

void login_literal_announced(struct imap_session *session, struct attempt *attempt,
                             const struct argument *argument, enum imap_argument name)
{
    const struct capabilities *capabilities = &session->capabilities;
    if (argument->form == IMAP_FORM_LITERAL8)
        flag(session, attempt, IMAP_RULE_LITERAL8_ARGUMENT, name);
    if (!argument->literal.plus || capabilities_have(capabilities, CAPABILITY_LITERAL_PLUS))
        return;
    if (capabilities_lack(capabilities,
                          CAPABILITY_LITERAL_PLUS | CAPABILITY_LITERAL_MINUS | CAPABILITY_IMAP4REV2))
        flag(session, attempt, IMAP_RULE_UNADVERTISED_LITERAL, name);
    else if (capabilities_lack(capabilities, CAPABILITY_LITERAL_PLUS) &&
             argument->literal.size > LITERAL_MINUS_LIMIT)
        flag(session, attempt, IMAP_RULE_OVERSIZED_LITERAL, name);
}

static void flag_offences(struct imap_session *session, struct attempt *attempt,
                          const struct validator *found, bool junk, enum imap_argument name)
{
    for (unsigned i = 0; i < VIOLATION_CLASSES; i++) {
        struct violation offence = found->violations_noted[i];
        if (offence.count == 0)
            continue;
        if (i == VIOLATION_QUOTED && junk)
            offence.count = -1; /* how much stands behind the quote may be the length of a password */
        attempt_flag_violation(attempt, &session->budget, validator_rule((enum violation_class)i), name,
                               &offence);
    }
}

/* Whether octets of the user name may be the password: the client's quoting went wrong and the two ran
 * together. */
static bool is_doubtful(const struct argument *user, const struct argument *password, unsigned count)
{
    if (!user->doubtful)
        return false;
    if (count < 2 || user->junk)
        return true;
    return user->form == IMAP_FORM_ATOM &&
           (count > 2 || (password->form == IMAP_FORM_ATOM && password->doubtful));
}

/* `sure`: only what precedes the doubtful octets. */
static void take_username(struct imap_session *session, struct attempt *attempt, struct argument *user,
                          bool sure)
{
    attempt->username_form = user->form;
    flag_offences(session, attempt, sure ? &user->sure : &user->found, user->junk, IMAP_ARG_USERNAME);
    if (!user->complete || user->holed)
        return;
    attempt->who.has_username = true;
    attempt->who.username = user->value;
    user->value = (struct bounded_text){0};
    if (!sure)
        return;
    struct bounded_text *name = &attempt->who.username;
    if (user->sure_length < name->count)
        bounded_text_append(&attempt->who.scraps, &session->budget, name->octets + user->sure_length,
                            name->count - (size_t)user->sure_length, SECRET_OCTETS);
    bounded_text_append(&attempt->who.scraps, &session->budget, " ", 1, SECRET_OCTETS);
    bounded_text_cut(name, user->sure_length);
}

static void take_password(struct imap_session *session, struct attempt *attempt, struct argument *password)
{
    attempt->password_form = password->form;
    if (password->complete)
        attempt->password_length =
            (int64_t)(password->holed ? password->literal.size : password->value.length);
    flag_offences(session, attempt, &password->found, password->junk, IMAP_ARG_PASSWORD);
    attempt->who.has_secret = true;
    if (password->value.length <= SECRET_OCTETS) {
        attempt->who.secret = password->value;
        password->value = (struct bounded_text){0};
    } else {
        bounded_text_append(&attempt->who.secret, &session->budget, password->value.octets,
                            password->value.count, SECRET_OCTETS);
    }
    if (password->complete || password->sent > 0)
        attempt_expose(attempt, IMAP_EXPOSURE_PASSWORD);
}

/* A single space at the end of the line where an argument is missing was written before an empty one. */
static bool has_bad_end(const struct lexer *lexer, unsigned count, unsigned wanted)
{
    if (lexer->state != LEXER_SEPARATOR)
        return false;
    return lexer->tab || lexer->gap > (count < wanted ? wanted - count : 0);
}

void login_arguments(struct imap_session *session, struct attempt *attempt, unsigned first,
                     enum command_end end)
{
    struct lexer *lexer = session->client.lexer;
    unsigned count = lexer->count - first;
    struct argument *user = count > 0 ? &lexer->arguments[first] : NULL;
    struct argument *password = count > 1 ? &lexer->arguments[first + 1] : NULL;
    bool wide = user && user->gap > 1;
    attempt->who.scraps = lexer->scraps;
    attempt->who.overflown = lexer->scraps.length > lexer->scraps.count;
    lexer->scraps = (struct bounded_text){0};
    bool empty_user = count == 1 && wide;

    if (lexer->bad_spacing || (user && (user->tab || user->gap == 0 || (wide && !empty_user))) ||
        (end == COMMAND_WHOLE && has_bad_end(lexer, count, 2)))
        flag(session, attempt, IMAP_RULE_BAD_SPACING, IMAP_ARG_COMMAND);
    if (count > 2)
        flag(session, attempt, IMAP_RULE_EXTRA_ARGUMENT, IMAP_ARG_COMMAND);
    if (empty_user) {
        password = user;
        user = NULL;
    }
    /* No user name was written (two spaces), and what came is followed by more without a space: a literal
     * whose length was counted wrongly, most likely the password's. */
    if (wide && count > 1 && password->gap == 0) {
        bounded_text_append(&attempt->who.scraps, &session->budget, " ", 1, SECRET_OCTETS);
        bounded_text_append(&attempt->who.scraps, &session->budget, user->value.octets, user->value.count,
                            SECRET_OCTETS);
        attempt->username_form = user->form;
        user = NULL;
        end = COMMAND_CUT; /* which argument is missing cannot be told */
    }
    if (user)
        take_username(session, attempt, user, is_doubtful(user, password, count));
    if (password)
        take_password(session, attempt, password);
    if (end == COMMAND_WHOLE && !user)
        flag(session, attempt, IMAP_RULE_MISSING_ARGUMENT, IMAP_ARG_USERNAME);
    if (end == COMMAND_WHOLE && !password)
        flag(session, attempt, IMAP_RULE_MISSING_ARGUMENT, IMAP_ARG_PASSWORD);
}

/* RFC 4422 section 3.1: a mechanism's name is 1*20 upper-case letters, digits, "-" and "_". Anything else may
 * be an initial response that took the name's place. */
static bool is_mechanism(struct imap_text name)
{
    bool upper = false, lower = false;
    for (size_t i = 0; i < name.length; i++) {
        char octet = name.octets[i];
        if (octet >= 'A' && octet <= 'Z')
            upper = true;
        else if (octet >= 'a' && octet <= 'z')
            lower = true;
        else if (!(octet >= '0' && octet <= '9') && octet != '-' && octet != '_')
            return false;
    }
    return name.length > 0 && name.length <= 20 && !(upper && lower);
}

void authenticate_arguments(struct imap_session *session, struct attempt *attempt, unsigned first,
                            enum command_end end)
{
    struct lexer *lexer = session->client.lexer;
    unsigned count = lexer->count - first;
    struct argument *mechanism = &lexer->arguments[first];
    if (lexer->bad_spacing || (count > 0 && (mechanism->gap != 1 || mechanism->tab)) ||
        (end == COMMAND_WHOLE && has_bad_end(lexer, count, 1)))
        flag(session, attempt, IMAP_RULE_BAD_SPACING, IMAP_ARG_COMMAND);
    if (count > 2)
        flag(session, attempt, IMAP_RULE_EXTRA_ARGUMENT, IMAP_ARG_COMMAND);
    if (count > 0 && mechanism->complete && !mechanism->holed &&
        is_mechanism(bounded_text_view(&mechanism->value))) {
        attempt->has_mechanism = true;
        attempt->mechanism = mechanism->value;
        mechanism->value = (struct bounded_text){0};
        for (uint32_t i = 0; i < attempt->mechanism.count; i++)
            if (attempt->mechanism.octets[i] >= 'a')
                attempt->mechanism.octets[i] = (char)(attempt->mechanism.octets[i] - 'a' + 'A');
    }
    if (end == COMMAND_WHOLE && !attempt->has_mechanism)
        flag(session, attempt, IMAP_RULE_MISSING_ARGUMENT, IMAP_ARG_MECHANISM);
    if (count > 1 && capabilities_lack(&session->capabilities, CAPABILITY_SASL_IR | CAPABILITY_IMAP4REV2))
        flag(session, attempt, IMAP_RULE_UNADVERTISED_INITIAL_RESPONSE, IMAP_ARG_INITIAL_RESPONSE);
}
