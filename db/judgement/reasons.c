/* One cause in words, where how the login is written is not at fault: the server, the mechanism, the
 * password, or a reason that the server gives. */
#include "db/judgement/sentence.h"

#include <string.h>

static const char *form_word(unsigned form)
{
    static const char *const words[] = {"nothing",    "an atom",    "a quoted string", "a literal",
                                        "a literal+", "a literal8", "a SASL response"};

    return words[form];
}

static void put_mechanism(struct sentence *s, const struct judge_login *login)
{
    if (login->mechanism == 0)
        sentence_put(s, "LOGIN");
    else
        sqlite3_str_appendf(s->text, "AUTHENTICATE %s", sentence_text(s, login->mechanism));
}

static bool announces(const struct sentence *s, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = sentence_text(s, s->verdict->capabilities); *at != '\0';
         at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && sqlite3_strnicmp(at, name, (int)length) == 0)
            return true;
    return false;
}

/* Courier, and [ ] } in an atom. */
static void say_habit(struct sentence *s)
{
    sentence_server(s, s->login);
    sentence_put(s, " refuses the user name of ");
    sentence_client(s, s->login);
    sentence_put(s, " as an atom (");
    sentence_answer(s);
    sentence_put(
        s, "): likely for the bracket or brace in it, which Courier does not take there, though the grammar "
           "does. The fault is the server's. Until it is repaired, ");
    sentence_client(s, s->login);
    sentence_put(s, " can send a quoted string.");
}

/* One sends its response with the command, the other does not. */
static void say_form_of_response(struct sentence *s)
{
    bool sent = s->login->initial == INITIAL_SENT;

    sentence_server(s, s->login);
    sentence_put(s, sent ? " refuses the initial response of "
                         : " refuses the exchange without an initial response of ");
    sentence_client(s, s->login);
    sentence_put(s, " (");
    sentence_answer(s);
    sentence_put(s, sent && announces(s, "SASL-IR") ? "), though it announces SASL-IR," : ")");
    sentence_put(s, " and lets the same user in ");
    sentence_put(s, sent ? "when the response comes on a line of its own (" : "with one (");
    sentence_frame(s, s->verdict->evidence);
    sentence_put(
        s,
        "): no rule is broken, so the fault is the server's. Until it is repaired, switch initial responses "
        "(SASL-IR) ");
    sentence_put(s, sent ? "off in " : "on in ");
    sentence_client(s, s->login);
    sentence_put(s, ".");
}

void sentence_form(struct sentence *s)
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

    sentence_server(s, s->login);
    sqlite3_str_appendf(s->text, " refuses the %s of ", name ? "user name" : "password");
    sentence_client(s, s->login);
    sqlite3_str_appendf(s->text, " as %s (",
                        form_word(name ? s->login->username_form : s->login->password_form));
    sentence_answer(s);
    sqlite3_str_appendf(s->text, ") and lets the same user in when it is %s (",
                        form_word(name ? other->username_form : other->password_form));
    sentence_frame(s, s->verdict->evidence);
    sentence_put(s,
                 s->login->broken == 0
                     ? "): no rule is broken, so the fault is the server's. "
                     : "): it takes what the client is not allowed to send, and refuses what it is; so the "
                       "fault is the server's. ");
    sentence_put(s, "Until it is repaired, ");
    sentence_client(s, s->login);
    sqlite3_str_appendf(s->text, " can send %s.",
                        form_word(name ? other->username_form : other->password_form));
}

/* The mechanisms that the server announces. */
static void put_announced(struct sentence *s)
{
    const char *between = ", or a mechanism that the server announces: ";

    for (const char *at = sentence_text(s, s->verdict->capabilities); *at != '\0';
         at += strcspn(at, " "), at += strspn(at, " "))
        if (sqlite3_strnicmp(at, "AUTH=", 5) == 0) {
            sqlite3_str_appendf(s->text, "%s%.*s", between, (int)strcspn(at + 5, " "), at + 5);
            between = ", ";
        }
}

void sentence_mechanism(struct sentence *s)
{
    sentence_server(s, s->login);
    sentence_put(s, " refuses the login of ");
    sentence_client(s, s->login);
    sentence_put(s, " by ");
    put_mechanism(s, s->login);
    sentence_put(s, " (");
    sentence_answer(s);
    sentence_put(s, ")");
    if (s->verdict->ground == GROUND_NOT_ANNOUNCED) {
        sentence_put(s, ", which it does not announce: the client must choose LOGIN");
        put_announced(s);
        sentence_put(s, ".");
    } else if (s->verdict->evidence != NO_LOGIN) {
        sentence_put(s, " and lets the same user in by ");
        put_mechanism(s, &s->judge->logins[s->verdict->evidence]);
        sentence_put(s, " (");
        sentence_frame(s, s->verdict->evidence);
        sentence_put(
            s, "): likely the mechanism is the reason. Choose the other one in the client, or repair this "
               "one on the "
               "server.");
    } else {
        sentence_put(s, ": its words blame the mechanism. Choose another one in the client.");
    }
}

/* Of XOAUTH2 and OAUTHBEARER: there is no password to check. */
static bool is_token(const struct sentence *s)
{
    const char *mechanism = sentence_text(s, s->login->mechanism);

    return s->login->mechanism != 0 &&
           (strcmp(mechanism, "XOAUTH2") == 0 || strcmp(mechanism, "OAUTHBEARER") == 0);
}

static void say_token(struct sentence *s)
{
    sentence_server(s, s->login);
    sentence_put(s, " refuses the token that ");
    sentence_client(s, s->login);
    sqlite3_str_appendf(s->text, " sends by AUTHENTICATE %s (", sentence_text(s, s->login->mechanism));
    sentence_answer(s);
    if (s->verdict->oauth_error != 0)
        sqlite3_str_appendf(s->text, "; the server's error for the token: %s",
                            sentence_text(s, s->verdict->oauth_error));
    sentence_put(
        s, "): likely it has expired, was revoked, or is not for this user or for IMAP. Log in again in the "
           "client, "
           "so that it gets a new one.");
}

void sentence_credentials(struct sentence *s)
{
    if (is_token(s)) {
        say_token(s);
        return;
    }
    sentence_server(s, s->login);
    sentence_put(s, " refuses the user name or the password that ");
    sentence_client(s, s->login);
    sentence_put(s, " sends (");
    sentence_answer(s);
    sentence_put(s, s->verdict->ground == GROUND_SAME_WORDS
                        ? "), in the words that it has for logins without any fault, too"
                        : ")");
    sentence_put(s, s->verdict->ground == GROUND_EMPTY
                        ? ": likely since the password is empty. Store one in the client."
                    : s->login->empty_password
                        ? ": likely they are wrong, for the password is empty. Store one in the client."
                        : ": likely they are wrong. Check the password that is stored in the client.");
}

void sentence_reason(struct sentence *s)
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

    sentence_server(s, s->login);
    sentence_put(s, s->login->refused_mailbox ? " lets a user of " : " refuses the login of ");
    sentence_client(s, s->login);
    sentence_put(s, s->login->refused_mailbox ? " in, then refuses the mailbox (" : " (");
    sentence_answer(s);
    sentence_put(s, s->verdict->certainty == CERTAINTY_PROVED ? ") and says why: "
                                                              : "), and its words say why: ");
    if (strstr(sentence_text(s, s->verdict->said), "Unsafe Login") != NULL)
        sentence_put(
            s, "it wants to know the client. The client must send ID (RFC 2971) before it selects a mailbox, "
               "or use "
               "the provider's own application password");
    else
        sentence_put(s, reasons[s->verdict->cause]);
    sentence_put(s, "; how the login is written is not the reason.");
}

void sentence_disabled(struct sentence *s)
{
    sentence_server(s, s->login);
    sentence_put(s, " announces LOGINDISABLED, and ");
    sentence_client(s, s->login);
    sentence_put(s, " sent LOGIN all the same (");
    sentence_answer(s);
    if (strstr(sentence_text(s, s->verdict->capabilities), "STARTTLS") != NULL) {
        sentence_put(s, "): the client must use STARTTLS first.");
        return;
    }
    sentence_put(s, "): the client must use TLS");
    put_announced(s);
    sentence_put(s, ".");
}

void sentence_mailbox(struct sentence *s)
{
    sentence_server(s, s->login);
    sentence_put(s, s->login->result == RESULT_OK ? " lets " : " refuses ");
    sentence_put(s, s->login->result == RESULT_OK ? "a user of " : "the login of ");
    sentence_client(s, s->login);
    sentence_put(s, s->login->result == RESULT_OK ? " in, but no command works then ("
                                                  : ", for the mailbox cannot be opened (");
    sentence_answer(s);
    sentence_put(
        s, "): the password is likely right, but IMAP is switched off for the mailbox, or there is none. "
           "Look at "
           "the mailbox on "
           "the server.");
}
