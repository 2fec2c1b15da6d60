/* Judges the arguments of LOGIN and AUTHENTICATE and keeps what may be kept of them. */
#include "dissector/client/login.h"

#include "dissector/charset.h"

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

static void flag_violations(struct imap_session *session, struct attempt *attempt,
                            const struct argument *argument, const struct validator *found,
                            enum imap_argument name)
{
    if (argument->holed) /* what was missing may change what the others mean */
        return;
    for (unsigned i = 0; i < VIOLATION_CLASSES; i++) {
        struct violation noted = found->violations_noted[i];
        if (noted.count == 0)
            continue;
        if (i == VIOLATION_QUOTED && argument->junk)
            noted.count = -1; /* how much follows the quote may be the length of a password */
        attempt_flag_violation(attempt, &session->budget, validator_rule((enum violation_class)i), name,
                               &noted);
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
    flag_violations(session, attempt, user, sure ? &user->sure : &user->found, IMAP_ARG_USERNAME);
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

/* What the octets of the password are, where they are certainly its own. */
static void describe_password(struct attempt *attempt, const struct argument *password)
{
    bool closed =
        password->form != IMAP_FORM_QUOTED || password->found.violations_noted[VIOLATION_QUOTED].count == 0;
    if (!password->complete || password->holed || password->junk || !closed)
        return;
    attempt->password_empty = password->value.length == 0;
    if (password->value.length == password->value.count)
        attempt->password_charset = charset_of(bounded_text_view(&password->value));
}

static void take_password(struct imap_session *session, struct attempt *attempt, struct argument *password)
{
    attempt->password_form = password->form;
    describe_password(attempt, password);
    if (password->complete)
        attempt->password_length =
            (int64_t)(password->holed ? password->literal.size : password->value.length);
    flag_violations(session, attempt, password, &password->found, IMAP_ARG_PASSWORD);
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

/* The line was cut in what may be the announcement of a literal: what form the argument has, and what its
 * octets are, was not seen. */
static void forget_announcement(struct lexer *lexer, enum command_end end)
{
    struct argument *last = lexer_current(lexer);
    if (end != COMMAND_CUT || lexer->state != LEXER_ATOM || !literal_header_is_begun(&last->literal) ||
        last->literal.length != last->sent)
        return;
    bounded_text_clear(&last->value);
    last->found = (struct validator){0};
    last->form = IMAP_FORM_NONE;
    last->sent = 0;
}

/* Octets stand right after a literal where a space or the line's end belongs: it was announced too short. A
 * quote or a brace there begins the next argument, and only the space is missing. */
static bool is_misannounced(const struct argument *literal, const struct argument *next)
{
    bool counted = literal && !literal->holed && literal->form >= IMAP_FORM_LITERAL &&
                   literal->form <= IMAP_FORM_LITERAL8;
    return counted && next && next->gap == 0 && next->form == IMAP_FORM_ATOM && next->literal.length == 0;
}

/* Finds the literal that is announced too short; NULL: none is. */
static const struct argument *misannounced(const struct lexer *lexer, unsigned first, unsigned count)
{
    for (unsigned i = 0; i + 1 < count && i < 2; i++)
        if (first + i + 1 <= LEXER_ARGUMENTS &&
            is_misannounced(&lexer->arguments[first + i], &lexer->arguments[first + i + 1]))
            return &lexer->arguments[first + i];
    return NULL;
}

/* Octets of an argument are missing: what follows it may be another one than it seems. */
static bool is_holed(const struct lexer *lexer)
{
    for (unsigned i = 0; i < LEXER_ARGUMENTS; i++)
        if (lexer->arguments[i].holed)
            return true;
    return false;
}

void login_arguments(struct imap_session *session, struct attempt *attempt, unsigned first,
                     enum command_end end)
{
    struct lexer *lexer = session->client.lexer;
    forget_announcement(lexer, end);
    unsigned count = lexer->count - first;
    const struct argument *short_one = misannounced(lexer, first, count);
    bool holed = is_holed(lexer);
    struct argument *user = count > 0 ? &lexer->arguments[first] : NULL;
    struct argument *password = count > 1 ? &lexer->arguments[first + 1] : NULL;
    bool wide = user && user->gap > 1;
    attempt->who.scraps = lexer->scraps;
    attempt->who.overflown = lexer->scraps.length > lexer->scraps.count;
    lexer->scraps = (struct bounded_text){0};
    bool empty_user = count == 1 && wide;

    if (short_one)
        flag(session, attempt, IMAP_RULE_LITERAL_LENGTH,
             short_one == user ? IMAP_ARG_USERNAME : IMAP_ARG_PASSWORD);
    if ((lexer->bad_spacing && !short_one && !holed) || (empty_user && end == COMMAND_REFUSED) ||
        (user && (user->tab || user->gap == 0 || (wide && !empty_user))) ||
        (end == COMMAND_WHOLE && has_bad_end(lexer, count, 2)))
        flag(session, attempt, IMAP_RULE_BAD_SPACING, IMAP_ARG_COMMAND);
    if (count > 2 && !short_one && !holed)
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
        end = COMMAND_CUT; /* which argument is missing is not known */
    }
    bool doubtful = user && is_doubtful(user, password, count);
    if (end == COMMAND_CUT && user && (doubtful || (user->doubtful && user->form == IMAP_FORM_ATOM)))
        attempt->username_form = user->form; /* what is doubtful may become certain by what is missing */
    else if (user)
        take_username(session, attempt, user, doubtful);
    if (password)
        take_password(session, attempt, password);
    if (short_one || count > 2) { /* it may be only a part */
        attempt->password_empty = -1;
        attempt->password_charset = IMAP_CHARSET_NONE;
    }
    bool run_on = user && !password && user->junk; /* Dovecot takes what follows the quote for the password */
    if (run_on) {
        attempt->password_form = IMAP_FORM_ATOM;
        attempt_expose(attempt, IMAP_EXPOSURE_PASSWORD);
    }
    if (end == COMMAND_WHOLE && !user)
        flag(session, attempt, IMAP_RULE_MISSING_ARGUMENT, IMAP_ARG_USERNAME);
    if (end == COMMAND_WHOLE && !password && !run_on)
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
    forget_announcement(lexer, end);
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
    if (count > 0 && mechanism->form != IMAP_FORM_ATOM && mechanism->form != IMAP_FORM_NONE)
        flag(session, attempt, IMAP_RULE_MECHANISM_NOT_ATOM, IMAP_ARG_MECHANISM);
    if (attempt->has_mechanism &&
        capabilities_lack_mechanism(&session->capabilities, bounded_text_view(&attempt->mechanism)))
        flag(session, attempt, IMAP_RULE_MECHANISM_NOT_ANNOUNCED, IMAP_ARG_MECHANISM);
    if (end == COMMAND_WHOLE && !attempt->has_mechanism)
        flag(session, attempt, IMAP_RULE_MISSING_ARGUMENT, IMAP_ARG_MECHANISM);
    if (count > 1 || end == COMMAND_WHOLE)
        attempt->initial_response = count > 1;
    if (count > 1 && capabilities_lack(&session->capabilities, CAPABILITY_SASL_IR | CAPABILITY_IMAP4REV2))
        flag(session, attempt, IMAP_RULE_UNADVERTISED_INITIAL_RESPONSE, IMAP_ARG_INITIAL_RESPONSE);
}
