/*
 * One cause in words, for somebody under pressure: who, to whom, what, how sure and by which logins, and what
 * to do now. No name of a user stands in them, so that they are the same with --mask-users.
 */
#include "db/judgement/judge.h"

#include <string.h>

struct sentence {
    const struct judge *judge;
    const struct judge_login *login;
    const struct judge_verdict *verdict;
    sqlite3_str *text;
};

const char *judge_cause_name(unsigned cause)
{
    static const char *const names[CAUSES] = {
        [CAUSE_UNKNOWN] = "unknown",
        [CAUSE_SYNTAX] = "syntax",
        [CAUSE_FORM] = "form",
        [CAUSE_MECHANISM] = "mechanism",
        [CAUSE_CREDENTIALS] = "credentials",
        [CAUSE_ACCOUNT] = "account",
        [CAUSE_LIMIT] = "limit",
        [CAUSE_POLICY] = "policy",
        [CAUSE_PRIVACY] = "privacy",
        [CAUSE_UNAVAILABLE] = "unavailable",
        [CAUSE_MAILBOX] = "mailbox",
        [CAUSE_HUNG_UP] = "hung-up",
        [CAUSE_GAVE_UP] = "gave-up",
    };

    return names[cause];
}

static void put(struct sentence *s, const char *text)
{
    sqlite3_str_appendall(s->text, text);
}

static const char *text_of(const struct sentence *s, uint32_t number)
{
    return strings_text(&s->judge->strings, number);
}

static void put_client(struct sentence *s, const struct judge_login *login)
{
    put(s, text_of(s, login->client));
}

static void put_server(struct sentence *s, const struct judge_login *login)
{
    put(s, text_of(s, login->server));
    if (login->server_port != 143)
        sqlite3_str_appendf(s->text, " port %d", login->server_port);
    if (login->product != 0)
        sqlite3_str_appendf(s->text, " (%s)", text_of(s, login->product));
}

static const char *result_word(const struct judge_login *login)
{
    static const char *const words[] = {"no answer", "OK", "NO", "BAD", "BYE"};

    return words[login->result];
}

/* The answer, its words, and where it stands. */
static void put_answer(struct sentence *s)
{
    const char *said = text_of(s, s->verdict->said);

    sqlite3_str_appendf(s->text, "%s in frame %lld", result_word(s->login), (long long)s->login->frame);
    if (s->verdict->code != 0 && s->login->result != RESULT_OK)
        sqlite3_str_appendf(s->text, ", [%.*s]", (int)strcspn(text_of(s, s->verdict->code), " "),
                            text_of(s, s->verdict->code));
    if (*said != '\0')
        sqlite3_str_appendf(s->text, ", \"%.120s\"", said);
}

static void put_frame(struct sentence *s, uint32_t login)
{
    const struct judge_login *other = &s->judge->logins[login];

    sqlite3_str_appendf(s->text, "frame %lld", (long long)other->frame);
    if (other->capture != s->login->capture)
        put(s, " of another capture");
}

static const char *form_word(unsigned form)
{
    static const char *const words[] = {"nothing",    "an atom",    "a quoted string", "a literal",
                                        "a literal+", "a literal8", "a SASL response"};

    return words[form];
}

static void put_mechanism(struct sentence *s, const struct judge_login *login)
{
    if (login->mechanism == 0)
        put(s, "LOGIN");
    else
        sqlite3_str_appendf(s->text, "AUTHENTICATE %s", text_of(s, login->mechanism));
}

/* --- syntax --- */

struct phrase {
    const char *fault, *remedy;
};

/* %s: the octets, or the argument. */
static const struct phrase phrases[RULES_KNOWN] = {
    [RULE_WILDCARD] = {"without quotes", "send it as a quoted string or a literal"},
    [RULE_SPECIAL] = {"without quotes",
                      "send it as a quoted string, with \" and \\ escaped, or as a literal"},
    [RULE_EIGHT_BIT] = {"as it is, in an atom or a quoted string",
                        "send it as a literal, or log in with AUTHENTICATE PLAIN"},
    [RULE_BAD_QUOTED] = {"quoted wrongly",
                         "close the quoted string, and write \\\\ and \\\" for \\ and \" in it"},
    [RULE_NUL] = {"with the octet NUL", "strip the NUL"},
    [RULE_LITERAL8] = {"as a literal8", "send a plain literal or a quoted string"},
    [RULE_NOT_AWAITED] = {"as a literal that the server had not asked for yet",
                          "wait for the line that begins with +"},
    [RULE_UNADVERTISED_LITERAL] = {"as {n+}, which the server does not announce",
                                   "send {n} and wait for the line that begins with +, or a quoted string"},
    [RULE_OVERSIZED] = {"as a non-synchronizing literal of more than 4096 octets", "send {n} and wait"},
    [RULE_UNADVERTISED_INITIAL] = {"as an initial response, though SASL-IR is not announced",
                                   "send the response as a line of its own, when it is asked for"},
    [RULE_BAD_BASE64] = {"that is no base64", "encode the whole response as one base64 string"},
    [RULE_MISSING] = {"", "send it; an empty one is \"\""},
    [RULE_EXTRA] = {"followed by more than two arguments",
                    "send an argument that holds a space as a quoted string"},
    [RULE_SPACING] = {"with other than one space between the parts",
                      "send one space between them, and none at the end"},
    [RULE_LINE_END] = {"with a line that does not end with CR LF", "end it with CR LF"},
    [RULE_TAG] = {"that is none", "send a tag of letters and digits"},
    [RULE_PIPELINED] = {"in plain text behind STARTTLS", "send nothing more before TLS is complete"},
    [RULE_LOGIN_DISABLED] = {"though LOGINDISABLED is announced", "use STARTTLS first"},
    [RULE_NOT_ANNOUNCED] = {"by a mechanism that is not announced", "choose one that is"},
    [RULE_ALREADY] = {"though it is logged in already", "log in once"},
    [RULE_RESPONSE_CONTINUED] = {"broken into several lines", "send it as one line"},
    [RULE_NOT_UTF8] = {"in another encoding than UTF-8", "send UTF-8"},
    [RULE_LITERAL_LENGTH] = {"as a literal of another length than announced",
                             "announce its length in octets"},
};

static const char *argument_word(unsigned rule, unsigned argument)
{
    return rule == RULE_BAD_BASE64 || rule == RULE_RESPONSE_CONTINUED || rule == RULE_NOT_UTF8
               ? "a SASL response"
           : rule == RULE_TAG              ? "a tag"
           : argument == ARGUMENT_USERNAME ? "the user name"
           : argument == ARGUMENT_PASSWORD ? "the password"
           : argument == ARGUMENT_COMMAND  ? "the command"
                                           : "an argument";
}

/* Each rule that is blamed: the argument, its octets, and what is wrong with them. */
static void put_faults(struct sentence *s, const struct judge_login *login, uint64_t rules)
{
    size_t first, last = judge_broken_of(s->judge, login->id, &first);
    const char *between = "";

    for (size_t i = first; i < last; i++) {
        const struct judge_broken *broken = &s->judge->broken[i];
        const char *octets = text_of(s, broken->octets);

        if ((RULE_BIT(broken->rule) & rules) == 0 || judge_takes_from_user(s->judge, login, broken))
            continue;
        put(s, between);
        if (*octets != '\0' && RULE_BIT(broken->rule) & rules_of_bare_arguments)
            sqlite3_str_appendf(s->text, "%s in ", octets);
        if (broken->rule == RULE_MISSING)
            put(s, "the command without ");
        put(s, argument_word(broken->rule, broken->argument));
        if (broken->rule >= RULES_KNOWN)
            sqlite3_str_appendf(s->text, " against the rule %s", judge_rule_name(s->judge, broken->rule));
        else if (broken->rule != RULE_MISSING)
            sqlite3_str_appendf(s->text, " %s", phrases[broken->rule].fault);
        between = ", or ";
    }
}

static void put_remedies(struct sentence *s, uint64_t rules)
{
    const char *between = "";

    for (unsigned rule = 0; rule < s->judge->rule_count; rule++) {
        if ((rules & RULE_BIT(rule)) == 0)
            continue;
        put(s, between);
        if (rule < RULES_KNOWN)
            put(s, phrases[rule].remedy);
        else
            sqlite3_str_appendf(s->text, "keep the rule %s", judge_rule_name(s->judge, rule));
        between = "; ";
    }
}

static void put_certainty(struct sentence *s)
{
    put(s, s->verdict->certainty == CERTAINTY_PROVED ? " Proved" : " Likely");
    if (s->verdict->inbound != NO_LOGIN) {
        put(s, ": it came in without that (");
        put_frame(s, s->verdict->inbound);
        put(s, ")");
    }
    if (s->verdict->evidence != NO_LOGIN) {
        put(s, s->verdict->inbound != NO_LOGIN ? ", and" : ":");
        put(s, " the same user was let in there without that (");
        put_frame(s, s->verdict->evidence);
        put(s, ")");
    }
    if (s->verdict->inbound == NO_LOGIN && s->verdict->evidence == NO_LOGIN)
        put(s, ": no login without that was seen for comparison");
    put(s, ".");
}

static void say_syntax(struct sentence *s)
{
    const struct judge_login *author = &s->judge->logins[s->verdict->author];

    put_client(s, s->login);
    put(s, " sends ");
    put_faults(s, s->login, s->verdict->rules);
    put(s, ", and ");
    put_server(s, s->login);
    put(s, s->login->refused_mailbox ? " then gives no mailbox (" : " refuses it (");
    put_answer(s);
    put(s, ").");
    put_certainty(s);
    if (author != s->login) {
        put(s, " ");
        put_client(s, s->login);
        put(s, " passed it on as it came in (");
        put_frame(s, s->verdict->author);
        put(s, ").");
    }
    put(s, " ");
    put_client(s, author);
    put(s, " must ");
    put_remedies(s, s->verdict->rules);
    put(s, (s->verdict->rules & rules_of_bare_arguments) != 0
               ? ". Until then a name or password without such characters works."
               : ".");
    if (s->verdict->kb) {
        put(s, " This is KB 932605: install Update Rollup 3 for Exchange Server 2007, or a later one, on ");
        put_client(s, author);
        put(s, ".");
    }
}

/* --- the others --- */

static bool announces(const struct sentence *s, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = text_of(s, s->verdict->capabilities); *at != '\0';
         at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && sqlite3_strnicmp(at, name, (int)length) == 0)
            return true;
    return false;
}

/* Courier, and [ ] } in an atom. */
static void say_habit(struct sentence *s)
{
    put_server(s, s->login);
    put(s, " refuses the user name of ");
    put_client(s, s->login);
    put(s, " as an atom (");
    put_answer(s);
    put(s, "): likely for the bracket or brace in it, which Courier does not take there, though the grammar "
           "does. The fault is the server's. Until it is repaired, ");
    put_client(s, s->login);
    put(s, " can send a quoted string.");
}

/* One sends its response with the command, the other does not. */
static void say_form_of_response(struct sentence *s)
{
    bool sent = s->login->initial == INITIAL_SENT;

    put_server(s, s->login);
    put(s,
        sent ? " refuses the initial response of " : " refuses the exchange without an initial response of ");
    put_client(s, s->login);
    put(s, " (");
    put_answer(s);
    put(s, sent && announces(s, "SASL-IR") ? "), though it announces SASL-IR," : ")");
    put(s, " and lets the same user in ");
    put(s, sent ? "when the response comes on a line of its own (" : "with one (");
    put_frame(s, s->verdict->evidence);
    put(s,
        "): no rule is broken, so the fault is the server's. Until it is repaired, switch initial responses "
        "(SASL-IR) ");
    put(s, sent ? "off in " : "on in ");
    put_client(s, s->login);
    put(s, ".");
}

static void say_form(struct sentence *s)
{
    const struct judge_login *other =
        &s->judge->logins[s->verdict->evidence != NO_LOGIN ? s->verdict->evidence : s->verdict->author];
    bool name = other->username_form != s->login->username_form;

    if (s->verdict->ground == GROUND_HABIT) {
        say_habit(s);
        return;
    }
    if (s->login->mechanism != 0 && other->initial != s->login->initial) {
        say_form_of_response(s);
        return;
    }

    put_server(s, s->login);
    sqlite3_str_appendf(s->text, " refuses the %s of ", name ? "user name" : "password");
    put_client(s, s->login);
    sqlite3_str_appendf(s->text, " as %s (",
                        form_word(name ? s->login->username_form : s->login->password_form));
    put_answer(s);
    sqlite3_str_appendf(s->text, ") and lets the same user in when it is %s (",
                        form_word(name ? other->username_form : other->password_form));
    put_frame(s, s->verdict->evidence);
    put(s, s->login->broken == 0
               ? "): no rule is broken, so the fault is the server's. "
               : "): it takes what the client is not allowed to send, and refuses what it is; so the "
                 "fault is the server's. ");
    put(s, "Until it is repaired, ");
    put_client(s, s->login);
    sqlite3_str_appendf(s->text, " can send %s.",
                        form_word(name ? other->username_form : other->password_form));
}

/* The mechanisms that the server announces. */
static void put_announced(struct sentence *s)
{
    const char *between = ", or a mechanism that the server announces: ";

    for (const char *at = text_of(s, s->verdict->capabilities); *at != '\0';
         at += strcspn(at, " "), at += strspn(at, " "))
        if (sqlite3_strnicmp(at, "AUTH=", 5) == 0) {
            sqlite3_str_appendf(s->text, "%s%.*s", between, (int)strcspn(at + 5, " "), at + 5);
            between = ", ";
        }
}

static void say_mechanism(struct sentence *s)
{
    put_server(s, s->login);
    put(s, " refuses the login of ");
    put_client(s, s->login);
    put(s, " by ");
    put_mechanism(s, s->login);
    put(s, " (");
    put_answer(s);
    put(s, ")");
    if (s->verdict->ground == GROUND_NOT_ANNOUNCED) {
        put(s, ", which it does not announce: the client must choose LOGIN");
        put_announced(s);
        put(s, ".");
    } else if (s->verdict->evidence != NO_LOGIN) {
        put(s, " and lets the same user in by ");
        put_mechanism(s, &s->judge->logins[s->verdict->evidence]);
        put(s, " (");
        put_frame(s, s->verdict->evidence);
        put(s, "): likely the mechanism is the reason. Choose the other one in the client, or repair this "
               "one on the "
               "server.");
    } else {
        put(s, ": its words blame the mechanism. Choose another one in the client.");
    }
}

/* Of XOAUTH2 and OAUTHBEARER: there is no password to check. */
static bool is_token(const struct sentence *s)
{
    const char *mechanism = text_of(s, s->login->mechanism);

    return s->login->mechanism != 0 &&
           (strcmp(mechanism, "XOAUTH2") == 0 || strcmp(mechanism, "OAUTHBEARER") == 0);
}

static void say_token(struct sentence *s)
{
    put_server(s, s->login);
    put(s, " refuses the token that ");
    put_client(s, s->login);
    sqlite3_str_appendf(s->text, " sends by AUTHENTICATE %s (", text_of(s, s->login->mechanism));
    put_answer(s);
    if (s->verdict->oauth_error != 0)
        sqlite3_str_appendf(s->text, "; the server's error for the token: %s",
                            text_of(s, s->verdict->oauth_error));
    put(s, "): likely it has expired, was revoked, or is not for this user or for IMAP. Log in again in the "
           "client, "
           "so that it gets a new one.");
}

static void say_credentials(struct sentence *s)
{
    if (is_token(s)) {
        say_token(s);
        return;
    }
    put_server(s, s->login);
    put(s, " refuses the user name or the password that ");
    put_client(s, s->login);
    put(s, " sends (");
    put_answer(s);
    put(s, s->verdict->ground == GROUND_SAME_WORDS
               ? "), in the words that it has for logins without any fault, too"
               : ")");
    put(s, s->verdict->ground == GROUND_EMPTY
               ? ": likely since the password is empty. Store one in the client."
           : s->login->empty_password
               ? ": likely they are wrong, for the password is empty. Store one in the client."
               : ": likely they are wrong. Check the password that is stored in the client.");
}

static void say_reason(struct sentence *s)
{
    static const char *const reasons[CAUSES] = {
        [CAUSE_ACCOUNT] =
            "the account is locked, disabled, expired, or may not use IMAP. Ask whoever keeps the accounts",
        [CAUSE_LIMIT] =
            "there are too many connections or attempts. Use fewer at a time, wait, or raise the limit",
        [CAUSE_POLICY] =
            "a policy forbids it (which address, protocol or kind of password). See the account's settings",
        [CAUSE_PRIVACY] = "it wants an encrypted connection. Switch TLS or STARTTLS on in the client",
        [CAUSE_UNAVAILABLE] = "the server, or what it needs, is not available. Look at the server",
    };

    put_server(s, s->login);
    put(s, s->login->refused_mailbox ? " lets a user of " : " refuses the login of ");
    put_client(s, s->login);
    put(s, s->login->refused_mailbox ? " in, then refuses the mailbox (" : " (");
    put_answer(s);
    put(s, s->verdict->certainty == CERTAINTY_PROVED ? ") and says why: " : "), and its words say why: ");
    if (strstr(text_of(s, s->verdict->said), "Unsafe Login") != NULL)
        put(s, "it wants to know the client. The client must send ID (RFC 2971) before it selects a mailbox, "
               "or use "
               "the provider's own application password");
    else
        put(s, reasons[s->verdict->cause]);
    put(s, "; how the login is written is not the reason.");
}

static void say_disabled(struct sentence *s)
{
    put_server(s, s->login);
    put(s, " announces LOGINDISABLED, and ");
    put_client(s, s->login);
    put(s, " sent LOGIN all the same (");
    put_answer(s);
    if (strstr(text_of(s, s->verdict->capabilities), "STARTTLS") != NULL) {
        put(s, "): the client must use STARTTLS first.");
        return;
    }
    put(s, "): the client must use TLS");
    put_announced(s);
    put(s, ".");
}

static void say_mailbox(struct sentence *s)
{
    put_server(s, s->login);
    put(s, s->login->result == RESULT_OK ? " lets " : " refuses ");
    put(s, s->login->result == RESULT_OK ? "a user of " : "the login of ");
    put_client(s, s->login);
    put(s, s->login->result == RESULT_OK ? " in, but no command works then ("
                                         : ", for the mailbox cannot be opened (");
    put_answer(s);
    put(s, "): the password is likely right, but IMAP is switched off for the mailbox, or there is none. "
           "Look at "
           "the mailbox on "
           "the server.");
}

static void put_after(struct sentence *s)
{
    if (s->verdict->closed >= 0)
        sqlite3_str_appendf(s->text, " %lld ms", (long long)(s->verdict->closed / 1000000));
}

static void say_hung_up(struct sentence *s)
{
    put_server(s, s->login);
    put(s, " closed the connection");
    put_after(s);
    put(s, s->verdict->closed >= 0 ? " after the login of " : " on the login of ");
    put_client(s, s->login);
    sqlite3_str_appendf(s->text, " (frame %lld), without a word. Look into the server's log for that time.",
                        (long long)s->login->frame);
}

static void say_gave_up(struct sentence *s)
{
    put_client(s, s->login);
    put(s, s->login->incomplete ? " broke off inside its login" : " left");
    put_after(s);
    put(s, s->verdict->closed >= 0 ? " after it began its login to " : " in its login to ");
    put_server(s, s->login);
    sqlite3_str_appendf(
        s->text, " (frame %lld), %s. Look into the client's log for that time.", (long long)s->login->frame,
        s->login->mechanism != 0 && s->login->password_form == FORM_NONE ? "before the exchange was over"
                                                                         : "which had not answered");
}

/* Rules that may or may not be the reason. */
static void put_broken(struct sentence *s)
{
    const char *between = " The command breaks rules all the same, which may be why or not: ";

    for (unsigned rule = 0; rule < s->judge->rule_count; rule++)
        if ((s->login->broken & RULE_BIT(rule)) != 0) {
            sqlite3_str_appendf(s->text, "%s%s", between, judge_rule_name(s->judge, rule));
            between = ", ";
        }
    if (*between == ',')
        put(s, ".");
}

static void say_unknown(struct sentence *s)
{
    static const char *const reasons[] = {
        [GROUND_NONE] = "the server gives no reason that is known",
        [GROUND_NO_REASON] = "the server gives no reason that is known",
        [GROUND_OUTAGE] = "the server let nobody in during these minutes, so it may be an outage",
        [GROUND_CLEAN_REFUSED] = "the same user was refused without any fault in the command, too",
        [GROUND_TOLERATED] = "the server takes the same from others or from this user",
        [GROUND_SAME_WORDS] = "the server says the same to logins without any fault",
        [GROUND_NOT_CAPTURED] = "not everything was captured",
        [GROUND_LATE] = "it had been let in before on this connection",
        [GROUND_NOT_DECIDED] = "more than one reason fits",
    };
    const char *reason = s->verdict->ground <= GROUND_NOT_DECIDED ? reasons[s->verdict->ground] : NULL;

    if (s->login->result == RESULT_NONE) {
        put(s, "What ");
        put_server(s, s->login);
        put(s, " answered to the login of ");
        put_client(s, s->login);
        sqlite3_str_appendf(s->text, " in frame %lld was not seen.", (long long)s->login->frame);
        return;
    }
    put_server(s, s->login);
    put(s, " refuses the login of ");
    put_client(s, s->login);
    put(s, " (");
    put_answer(s);
    sqlite3_str_appendf(s->text, "); why is not known: %s", reason != NULL ? reason : reasons[GROUND_NONE]);
    if (s->verdict->evidence != NO_LOGIN) {
        put(s, " (");
        put_frame(s, s->verdict->evidence);
        put(s, ")");
    }
    put(s, ".");
    put_broken(s);
    if (s->login->empty_password)
        put(s, " The password that it sends is empty.");
}

/* Who sent what a proxy passed on, and was refused there. Only of a fault in the command can it be said that
 * it is not the sender's. */
static void say_behind(struct sentence *s)
{
    const struct judge_login *outbound = &s->judge->logins[s->verdict->evidence];
    bool own = s->verdict->author != NO_LOGIN && &s->judge->logins[s->verdict->author] == s->login;
    bool syntax = s->verdict->cause == CAUSE_SYNTAX;

    if (syntax && !own) {
        put_client(s, s->login);
        put(s,
            s->verdict->certainty == CERTAINTY_PROVED ? " is not at fault: " : " is likely not at fault: ");
    }
    put_server(s, s->login);
    put(s, " passed the login of ");
    put_client(s, s->login);
    sqlite3_str_appendf(s->text, " (frame %lld) on to ", (long long)s->login->frame);
    put_server(s, outbound);
    put(s, ", which refused it (");
    put_frame(s, s->verdict->evidence);
    sqlite3_str_appendf(s->text, "; cause: %s). ", judge_cause_name(s->verdict->cause));
    if (own && syntax) {
        put_client(s, s->login);
        put(s, " sends ");
        put_faults(s, s->login, s->verdict->rules);
        put(s, s->verdict->certainty == CERTAINTY_PROVED ? "; proved. It must "
                                                         : "; likely the reason. It must ");
        put_remedies(s, s->verdict->rules);
        put(s, ".");
    } else {
        put(s, "See what is said of the login there.");
    }
}

char *judge_sentence(const struct judge *judge, uint32_t login)
{
    static void (*const say[CAUSES])(struct sentence *) = {
        [CAUSE_UNKNOWN] = say_unknown,
        [CAUSE_SYNTAX] = say_syntax,
        [CAUSE_FORM] = say_form,
        [CAUSE_MECHANISM] = say_mechanism,
        [CAUSE_CREDENTIALS] = say_credentials,
        [CAUSE_ACCOUNT] = say_reason,
        [CAUSE_LIMIT] = say_reason,
        [CAUSE_POLICY] = say_reason,
        [CAUSE_PRIVACY] = say_reason,
        [CAUSE_UNAVAILABLE] = say_reason,
        [CAUSE_MAILBOX] = say_mailbox,
        [CAUSE_HUNG_UP] = say_hung_up,
        [CAUSE_GAVE_UP] = say_gave_up,
    };
    struct sentence s = {.judge = judge,
                         .login = &judge->logins[login],
                         .verdict = &judge->verdicts[login],
                         .text = sqlite3_str_new(judge->db)};

    if (s.verdict->behind)
        say_behind(&s);
    else if (s.verdict->ground == GROUND_DISABLED)
        say_disabled(&s);
    else
        say[s.verdict->cause](&s);
    return sqlite3_str_finish(s.text);
}
