/* One login attempt and the record made of it. */
#include "dissector/attempt/attempt.h"

#include "dissector/attempt/echo.h"

#include <stddef.h>
#include <string.h>

#define FIRST_VIOLATIONS 4

struct attempt *attempt_new(struct budget *budget)
{
    struct attempt *attempt = budget_take(budget, sizeof *attempt);
    if (attempt) {
        attempt->password_length = -1;
        attempt->password_empty = -1;
        attempt->initial_response = -1;
    }
    return attempt;
}

void attempt_free(struct attempt *attempt, struct budget *budget)
{
    if (!attempt)
        return;
    bounded_text_free(&attempt->tag, budget);
    bounded_text_free(&attempt->mechanism, budget);
    credentials_free(&attempt->who, budget);
    bounded_text_free(&attempt->reply, budget);
    bounded_text_free(&attempt->after_text, budget);
    bounded_text_free(&attempt->oauth_error, budget);
    budget_give(budget, attempt->violations, attempt->violation_room * sizeof *attempt->violations);
    budget_give(budget, attempt, sizeof *attempt);
}

static bool make_room(struct attempt *attempt, struct budget *budget)
{
    if (attempt->violation_count < attempt->violation_room)
        return true;
    unsigned room = attempt->violation_room ? 2 * attempt->violation_room : FIRST_VIOLATIONS;
    if (room > IMAP_MAX_VIOLATIONS)
        room = IMAP_MAX_VIOLATIONS;
    if (room == attempt->violation_room)
        return false;
    struct attempt_violation *violations = budget_take(budget, room * sizeof *violations);
    if (!violations)
        return false;
    if (attempt->violations)
        memcpy(violations, attempt->violations, attempt->violation_count * sizeof *violations);
    budget_give(budget, attempt->violations, attempt->violation_room * sizeof *violations);
    attempt->violations = violations;
    attempt->violation_room = room;
    return true;
}

void attempt_flag_violation(struct attempt *attempt, struct budget *budget, enum imap_rule rule,
                            enum imap_argument argument, const struct violation *noted)
{
    for (unsigned i = 0; i < attempt->violation_count; i++)
        if (attempt->violations[i].rule == rule && attempt->violations[i].argument == argument)
            return;
    if (make_room(attempt, budget))
        attempt->violations[attempt->violation_count++] =
            (struct attempt_violation){.noted = *noted, .rule = (uint8_t)rule, .argument = (uint8_t)argument};
}

void attempt_flag(struct attempt *attempt, struct budget *budget, enum imap_rule rule,
                  enum imap_argument argument)
{
    attempt_flag_violation(attempt, budget, rule, argument, &(struct violation){.position = -1});
}

void attempt_expose(struct attempt *attempt, enum imap_exposure exposure)
{
    if (exposure > attempt->exposure)
        attempt->exposure = exposure;
}

bool attempt_has(const struct attempt *attempt, enum imap_rule rule)
{
    for (unsigned i = 0; i < attempt->violation_count; i++)
        if (attempt->violations[i].rule == rule)
            return true;
    return false;
}

void attempt_absolve(struct attempt *attempt, enum imap_rule rule)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < attempt->violation_count; i++)
        if (attempt->violations[i].rule != rule)
            attempt->violations[kept++] = attempt->violations[i];
    attempt->violation_count = kept;
}

void attempt_forget_verdict(struct attempt *attempt)
{
    if (attempt->rank == VERDICT_TAGGED)
        return;
    attempt->rank = VERDICT_NONE;
    attempt->result = IMAP_RESULT_NONE;
}

static struct imap_text text_or_missing(const struct bounded_text *kept, bool there)
{
    return there ? bounded_text_view(kept) : (struct imap_text){NULL, 0};
}

/* RFC 3501 section 7.1: resp-text is an optional code in brackets, a space and the text. */
static void split_reply(const struct attempt *attempt, struct imap_login *login)
{
    struct imap_text text = bounded_text_view(&attempt->reply);
    bool coded = text.length && text.octets[0] == '[' && !echo_is_withheld(text);
    const char *close = coded ? memchr(text.octets, ']', text.length) : NULL;
    if (close) {
        login->response_code = (struct imap_text){text.octets + 1, (size_t)(close - text.octets) - 1};
        size_t used = (size_t)(close - text.octets) + 1;
        if (used < text.length && text.octets[used] == ' ')
            used++;
        text = (struct imap_text){text.octets + used, text.length - used};
    }
    login->response_text = text;
}

/* Clocks of captures jump, and a hostile file may hold any time. */
static int64_t elapsed(int64_t from, int64_t to)
{
    int64_t difference;
    if (to <= from)
        return 0;
    return __builtin_sub_overflow(to, from, &difference) ? INT64_MAX : difference;
}

static void record_violation(const struct attempt_violation *from, bool password_shape,
                             struct imap_violation *to)
{
    *to = (struct imap_violation){.rule = (enum imap_rule)from->rule,
                                  .argument = (enum imap_argument)from->argument,
                                  .position = from->noted.count ? from->noted.position : -1,
                                  .count = from->noted.count ? from->noted.count : -1};
    bool secret = to->argument == IMAP_ARG_PASSWORD || to->argument == IMAP_ARG_INITIAL_RESPONSE;
    if (!secret || to->rule == IMAP_RULE_UNQUOTED_WILDCARD) {
        memcpy(to->octets, from->noted.octets, sizeof to->octets);
        to->octet_count = from->noted.octet_count;
    }
    if (secret && !password_shape)
        to->position = to->count = -1;
}

static int by_rule(const struct imap_violation *a, const struct imap_violation *b)
{
    return a->rule != b->rule ? (int)a->rule - (int)b->rule : (int)a->argument - (int)b->argument;
}

/* In the order of the table, so that equal logins look equal whatever came first in them. */
static void sort_violations(struct imap_login *login)
{
    for (unsigned i = 1; i < login->violation_count; i++) {
        struct imap_violation one = login->violations[i];
        unsigned j = i;
        for (; j > 0 && by_rule(&login->violations[j - 1], &one) > 0; j--)
            login->violations[j] = login->violations[j - 1];
        login->violations[j] = one;
    }
}

void attempt_record(const struct attempt *attempt, bool password_shape, struct imap_login *login)
{
    memset(login, 0, offsetof(struct imap_login, violations));
    login->number = attempt->number;
    login->begin = attempt->begin;
    login->command = attempt->command;
    login->tag = text_or_missing(&attempt->tag, attempt->has_tag);
    login->mechanism = text_or_missing(&attempt->mechanism, attempt->has_mechanism);
    login->username = text_or_missing(&attempt->who.username, attempt->who.has_username);
    login->username_form = attempt->username_form;
    login->username_length = attempt->who.has_username ? (int64_t)attempt->who.username.length : -1;
    login->password_form = attempt->password_form;
    login->password_length = password_shape ? attempt->password_length : -1;
    login->exposure = attempt->exposure;
    login->authzid = text_or_missing(&attempt->who.authzid, attempt->who.has_authzid);
    login->workstation = text_or_missing(&attempt->who.workstation, attempt->who.workstation.length > 0);
    login->result = attempt->result;
    login->latency_ns = -1;
    login->incomplete = attempt->incomplete;
    login->violation_count = attempt->violation_count;
    login->password_empty = attempt->password_empty;
    login->initial_response = attempt->initial_response;
    login->password_charset = attempt->password_charset;
    login->oauth_error = text_or_missing(&attempt->oauth_error, attempt->oauth_error.length > 0);
    if (attempt->result != IMAP_RESULT_NONE) {
        if (!attempt->reply_lost)
            split_reply(attempt, login);
        if (!attempt->untimed)
            login->latency_ns = elapsed(attempt->sent_ns, attempt->verdict_ns);
    }
    for (unsigned i = 0; i < attempt->violation_count; i++)
        record_violation(&attempt->violations[i], password_shape, &login->violations[i]);
    sort_violations(login);
}
