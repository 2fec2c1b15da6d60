/*
 * One cause in words, for somebody under pressure: who, to whom, what, how sure and by which logins, and what
 * to do now. No name of a user stands in them, so that they are the same with --mask-users.
 */
#include "db/judgement/sentence.h"

#include <string.h>

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

void sentence_put(struct sentence *s, const char *text)
{
    sqlite3_str_appendall(s->text, text);
}

const char *sentence_text(const struct sentence *s, uint32_t number)
{
    return strings_text(&s->judge->strings, number);
}

void sentence_client(struct sentence *s, const struct judge_login *login)
{
    sentence_put(s, sentence_text(s, login->client));
}

void sentence_server(struct sentence *s, const struct judge_login *login)
{
    sentence_put(s, sentence_text(s, login->server));
    if (login->server_port != 143)
        sqlite3_str_appendf(s->text, " port %d", login->server_port);
    if (login->product != 0)
        sqlite3_str_appendf(s->text, " (%s)", sentence_text(s, login->product));
}

static const char *result_word(const struct judge_login *login)
{
    static const char *const words[] = {"no answer", "OK", "NO", "BAD", "BYE"};

    return words[login->result];
}

/* The answer, its words, and where it stands. */
void sentence_answer(struct sentence *s)
{
    const char *said = sentence_text(s, s->verdict->said);

    sqlite3_str_appendf(s->text, "%s in frame %lld", result_word(s->login), (long long)s->login->frame);
    if (s->verdict->code != 0 && s->login->result != RESULT_OK)
        sqlite3_str_appendf(s->text, ", [%.*s]", (int)strcspn(sentence_text(s, s->verdict->code), " "),
                            sentence_text(s, s->verdict->code));
    if (*said != '\0')
        sqlite3_str_appendf(s->text, ", \"%.120s\"", said);
}

void sentence_frame(struct sentence *s, uint32_t login)
{
    const struct judge_login *other = &s->judge->logins[login];

    sqlite3_str_appendf(s->text, "frame %lld", (long long)other->frame);
    if (other->capture != s->login->capture)
        sentence_put(s, " of another capture");
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
        const char *octets = sentence_text(s, broken->octets);

        if ((RULE_BIT(broken->rule) & rules) == 0 || judge_takes_from_user(s->judge, login, broken))
            continue;
        sentence_put(s, between);
        if (*octets != '\0' && RULE_BIT(broken->rule) & rules_of_bare_arguments)
            sqlite3_str_appendf(s->text, "%s in ", octets);
        if (broken->rule == RULE_MISSING)
            sentence_put(s, "the command without ");
        sentence_put(s, argument_word(broken->rule, broken->argument));
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
        sentence_put(s, between);
        if (rule < RULES_KNOWN)
            sentence_put(s, phrases[rule].remedy);
        else
            sqlite3_str_appendf(s->text, "keep the rule %s", judge_rule_name(s->judge, rule));
        between = "; ";
    }
}

static void put_certainty(struct sentence *s)
{
    sentence_put(s, s->verdict->certainty == CERTAINTY_PROVED ? " Proved" : " Likely");
    if (s->verdict->inbound != NO_LOGIN) {
        sentence_put(s, ": it came in without that (");
        sentence_frame(s, s->verdict->inbound);
        sentence_put(s, ")");
    }
    if (s->verdict->evidence != NO_LOGIN) {
        sentence_put(s, s->verdict->inbound != NO_LOGIN ? ", and" : ":");
        sentence_put(s, " the same user was let in there without that (");
        sentence_frame(s, s->verdict->evidence);
        sentence_put(s, ")");
    }
    if (s->verdict->inbound == NO_LOGIN && s->verdict->evidence == NO_LOGIN)
        sentence_put(s, ": no login without that was seen for comparison");
    sentence_put(s, ".");
}

static void say_syntax(struct sentence *s)
{
    const struct judge_login *author = &s->judge->logins[s->verdict->author];

    sentence_client(s, s->login);
    sentence_put(s, " sends ");
    put_faults(s, s->login, s->verdict->rules);
    sentence_put(s, ", and ");
    sentence_server(s, s->login);
    sentence_put(s, s->login->refused_mailbox ? " then gives no mailbox (" : " refuses it (");
    sentence_answer(s);
    sentence_put(s, ").");
    put_certainty(s);
    if (author != s->login) {
        sentence_put(s, " ");
        sentence_client(s, s->login);
        sentence_put(s, " passed it on as it came in (");
        sentence_frame(s, s->verdict->author);
        sentence_put(s, ").");
    }
    sentence_put(s, " ");
    sentence_client(s, author);
    sentence_put(s, " must ");
    put_remedies(s, s->verdict->rules);
    sentence_put(s, (s->verdict->rules & rules_of_bare_arguments) != 0
                        ? ". Until then a name or password without such characters works."
                        : ".");
    if (s->verdict->kb) {
        sentence_put(
            s, " This is KB 932605: install Update Rollup 3 for Exchange Server 2007, or a later one, on ");
        sentence_client(s, author);
        sentence_put(s, ".");
    }
}

/* --- the others --- */

static void put_after(struct sentence *s)
{
    if (s->verdict->closed >= 0)
        sqlite3_str_appendf(s->text, " %lld ms", (long long)(s->verdict->closed / 1000000));
}

static void say_hung_up(struct sentence *s)
{
    sentence_server(s, s->login);
    sentence_put(s, " closed the connection");
    put_after(s);
    sentence_put(s, s->verdict->closed >= 0 ? " after the login of " : " on the login of ");
    sentence_client(s, s->login);
    sqlite3_str_appendf(s->text, " (frame %lld), without a word. Look into the server's log for that time.",
                        (long long)s->login->frame);
}

static void say_gave_up(struct sentence *s)
{
    sentence_client(s, s->login);
    sentence_put(s, s->login->incomplete ? " broke off inside its login" : " left");
    put_after(s);
    sentence_put(s, s->verdict->closed >= 0 ? " after it began its login to " : " in its login to ");
    sentence_server(s, s->login);
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
        sentence_put(s, ".");
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
        sentence_put(s, "What ");
        sentence_server(s, s->login);
        sentence_put(s, " answered to the login of ");
        sentence_client(s, s->login);
        sqlite3_str_appendf(s->text, " in frame %lld was not seen.", (long long)s->login->frame);
        return;
    }
    sentence_server(s, s->login);
    sentence_put(s, " refuses the login of ");
    sentence_client(s, s->login);
    sentence_put(s, " (");
    sentence_answer(s);
    sqlite3_str_appendf(s->text, "); why is not known: %s", reason != NULL ? reason : reasons[GROUND_NONE]);
    if (s->verdict->evidence != NO_LOGIN) {
        sentence_put(s, " (");
        sentence_frame(s, s->verdict->evidence);
        sentence_put(s, ")");
    }
    sentence_put(s, ".");
    put_broken(s);
    if (s->login->empty_password)
        sentence_put(s, " The password that it sends is empty.");
}

/* Who sent what a proxy passed on, and was refused there. Only of a fault in the command can it be said that
 * it is not the sender's. */
static void say_behind(struct sentence *s)
{
    const struct judge_login *outbound = &s->judge->logins[s->verdict->evidence];
    bool own = s->verdict->author != NO_LOGIN && &s->judge->logins[s->verdict->author] == s->login;
    bool syntax = s->verdict->cause == CAUSE_SYNTAX;

    if (syntax && !own) {
        sentence_client(s, s->login);
        sentence_put(s, s->verdict->certainty == CERTAINTY_PROVED ? " is not at fault: "
                                                                  : " is likely not at fault: ");
    }
    sentence_server(s, s->login);
    sentence_put(s, " passed the login of ");
    sentence_client(s, s->login);
    sqlite3_str_appendf(s->text, " (frame %lld) on to ", (long long)s->login->frame);
    sentence_server(s, outbound);
    sentence_put(s, ", which refused it (");
    sentence_frame(s, s->verdict->evidence);
    sqlite3_str_appendf(s->text, "; cause: %s). ", judge_cause_name(s->verdict->cause));
    if (own && syntax) {
        sentence_client(s, s->login);
        sentence_put(s, " sends ");
        put_faults(s, s->login, s->verdict->rules);
        sentence_put(s, s->verdict->certainty == CERTAINTY_PROVED ? "; proved. It must "
                                                                  : "; likely the reason. It must ");
        put_remedies(s, s->verdict->rules);
        sentence_put(s, ".");
    } else {
        sentence_put(s, "See what is said of the login there.");
    }
}

char *judge_sentence(const struct judge *judge, uint32_t login)
{
    static void (*const say[CAUSES])(struct sentence *) = {
        [CAUSE_UNKNOWN] = say_unknown,
        [CAUSE_SYNTAX] = say_syntax,
        [CAUSE_FORM] = sentence_form,
        [CAUSE_MECHANISM] = sentence_mechanism,
        [CAUSE_CREDENTIALS] = sentence_credentials,
        [CAUSE_ACCOUNT] = sentence_reason,
        [CAUSE_LIMIT] = sentence_reason,
        [CAUSE_POLICY] = sentence_reason,
        [CAUSE_PRIVACY] = sentence_reason,
        [CAUSE_UNAVAILABLE] = sentence_reason,
        [CAUSE_MAILBOX] = sentence_mailbox,
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
        sentence_disabled(&s);
    else
        say[s.verdict->cause](&s);
    return sqlite3_str_finish(s.text);
}
