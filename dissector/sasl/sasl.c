/* Reads who logs in from the messages of a SASL exchange. */
#include "dissector/sasl/sasl.h"

#include <string.h>
#include <strings.h>

enum sasl_mechanism sasl_mechanism(struct imap_text name)
{
    static const struct {
        const char *name;
        enum sasl_mechanism mechanism;
    } known[] = {
        {"PLAIN", SASL_PLAIN},
        {"LOGIN", SASL_LOGIN},
        {"CRAM-MD5", SASL_CRAM_MD5},
        {"DIGEST-MD5", SASL_DIGEST_MD5},
        {"NTLM", SASL_NTLM},
        {"XOAUTH2", SASL_XOAUTH2},
        {"OAUTHBEARER", SASL_OAUTHBEARER},
        {"EXTERNAL", SASL_EXTERNAL},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == name.length && memcmp(known[i].name, name.octets, name.length) == 0)
            return known[i].mechanism;
    return name.length > 6 && memcmp(name.octets, "SCRAM-", 6) == 0 ? SASL_SCRAM : SASL_OTHER;
}

bool sasl_is_readable(enum sasl_mechanism mechanism)
{
    return mechanism == SASL_PLAIN || mechanism == SASL_LOGIN || mechanism == SASL_XOAUTH2 ||
           mechanism == SASL_OAUTHBEARER;
}

bool sasl_is_guessable(enum sasl_mechanism mechanism)
{
    return mechanism == SASL_CRAM_MD5 || mechanism == SASL_DIGEST_MD5 || mechanism == SASL_NTLM ||
           mechanism == SASL_SCRAM;
}

enum sasl_prompt sasl_prompt(struct imap_text challenge)
{
    static const struct {
        char start[5];
        enum sasl_prompt prompt;
    } starts[] = {
        {"VXNl", SASL_USER_PROMPT},     /* Use */
        {"dXNl", SASL_USER_PROMPT},     /* use */
        {"UGFz", SASL_PASSWORD_PROMPT}, /* Pas */
        {"cGFz", SASL_PASSWORD_PROMPT}, /* pas */
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (challenge.length >= 4 && memcmp(challenge.octets, starts[i].start, 4) == 0)
            return starts[i].prompt;
    return SASL_NO_PROMPT;
}

/* --- pieces of a message
 * --------------------------------------------------------------------------------------- */

/* Cuts off what precedes the first `end`; false: there is none, and nothing changes. */
static bool cut_until(struct imap_text *rest, char end, struct imap_text *piece)
{
    const char *found = rest->length ? memchr(rest->octets, end, rest->length) : NULL;
    if (!found)
        return false;
    *piece = (struct imap_text){rest->octets, (size_t)(found - rest->octets)};
    *rest = (struct imap_text){found + 1, rest->length - piece->length - 1};
    return true;
}

static bool cut_start(struct imap_text *rest, const char *start)
{
    size_t length = strlen(start);
    if (rest->length < length || strncasecmp(rest->octets, start, length) != 0)
        return false;
    *rest = (struct imap_text){rest->octets + length, rest->length - length};
    return true;
}

static void set(struct bounded_text *to, bool *has, struct budget *budget, struct imap_text text,
                size_t limit)
{
    bounded_text_clear(to);
    bounded_text_append(to, budget, text.octets, text.length, limit);
    *has = true;
}

static void set_username(struct credentials *who, struct budget *budget, struct imap_text text)
{
    set(&who->username, &who->has_username, budget, text, IMAP_KEPT_OCTETS);
}

static void set_authzid(struct credentials *who, struct budget *budget, struct imap_text text)
{
    if (text.length)
        set(&who->authzid, &who->has_authzid, budget, text, IMAP_KEPT_OCTETS);
}

static void set_secret(struct credentials *who, struct budget *budget, struct imap_text text)
{
    set(&who->secret, &who->has_secret, budget, text, SECRET_OCTETS);
}

/* --- mechanisms
 * ------------------------------------------------------------------------------------------------ */

/* RFC 4616: authzid NUL authcid NUL passwd. With one NUL only, nobody knows which part is the password. */
static void read_plain(struct imap_text message, struct budget *budget, struct credentials *who)
{
    struct imap_text rest = message, authzid, authcid;
    who->is_password = cut_until(&rest, '\0', &authzid) && cut_until(&rest, '\0', &authcid);
    if (who->is_password && authzid.length && rest.length == 0) { /* NAME NUL PASSWORD NUL, most likely */
        who->is_password = false;
        who->shifted = true;
    }
    if (who->is_password) {
        set_authzid(who, budget, authzid);
        set_username(who, budget, authcid);
    }
    set_secret(who, budget, who->is_password ? rest : message);
}

/* draft-murchison-sasl-login: the user name, then the password. When the first message was empty or
 * unreadable, only the server's prompt says which of the two comes. */
static void read_login(const struct sasl_message *message, struct budget *budget, struct credentials *who)
{
    bool first = message->number == 0 && message->prompt != SASL_PASSWORD_PROMPT;
    bool unsure = message->unprompted && !who->has_username;
    if (unsure || (message->initial && message->octets.length == 0))
        return;
    if (first && message->octets.length == 0 && message->prompt == SASL_NO_PROMPT)
        return;
    if (first || (!who->has_username && message->prompt == SASL_USER_PROMPT)) {
        set_username(who, budget, message->octets);
        return;
    }
    set_secret(who, budget, message->octets);
    who->is_password = true;
}

static bool is_hexadecimal(struct imap_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.octets[i] == '\0' || !strchr("0123456789abcdefABCDEF", text.octets[i]))
            return false;
    return true;
}

/* RFC 2195: the user name, a space, and 32 hexadecimal digits. */
static void read_cram_md5(struct imap_text message, struct budget *budget, struct credentials *who)
{
    if (message.length < 33)
        return;
    struct imap_text digest = {message.octets + message.length - 32, 32};
    if (digest.octets[-1] != ' ' || !is_hexadecimal(digest))
        return;
    set_username(who, budget, (struct imap_text){message.octets, message.length - 33});
    set_secret(who, budget, digest);
}

/* One name=value of RFC 2831 section 7.1, with the quotes of the value undone. */
static bool cut_directive(struct imap_text *rest, struct imap_text *name, struct bounded_text *value,
                          struct budget *budget)
{
    while (rest->length && (*rest->octets == ',' || *rest->octets == ' '))
        *rest = (struct imap_text){rest->octets + 1, rest->length - 1};
    if (!cut_until(rest, '=', name))
        return false;
    bool quoted = cut_start(rest, "\"");
    size_t used = 0;
    for (; used < rest->length; used++) {
        char octet = rest->octets[used];
        if (octet == (quoted ? '"' : ','))
            break;
        if (quoted && octet == '\\' && used + 1 < rest->length)
            octet = rest->octets[++used];
        bounded_text_append(value, budget, &octet, 1, IMAP_KEPT_OCTETS);
    }
    bool closed = used < rest->length;
    *rest = (struct imap_text){rest->octets + used + closed, rest->length - used - closed};
    return closed || !quoted;
}

static bool is_named(struct imap_text name, const char *wanted)
{
    return name.length == strlen(wanted) && strncasecmp(name.octets, wanted, name.length) == 0;
}

static void read_digest_md5(struct imap_text message, struct budget *budget, struct credentials *who)
{
    struct imap_text name;
    struct bounded_text value = {0};
    while (cut_directive(&message, &name, &value, budget)) {
        if (is_named(name, "username"))
            set_username(who, budget, bounded_text_view(&value));
        else if (is_named(name, "authzid"))
            set_authzid(who, budget, bounded_text_view(&value));
        else if (is_named(name, "response"))
            set_secret(who, budget, bounded_text_view(&value));
        bounded_text_clear(&value);
    }
    bounded_text_free(&value, budget);
}

static void read_ntlm(struct imap_text message, struct budget *budget, struct credentials *who)
{
    bounded_text_clear(&who->username);
    bounded_text_clear(&who->workstation);
    if (ntlm_read(message, budget, &who->username, &who->workstation))
        who->has_username = who->has_secret = true;
}

/* RFC 5802 section 5.1: "," and "=" are written =2C and =3D. */
static void set_saslname(struct bounded_text *to, bool *has, struct budget *budget, struct imap_text name)
{
    bounded_text_clear(to);
    while (name.length) {
        bool escaped = name.length >= 3 && *name.octets == '=';
        char octet = *name.octets;
        if (escaped && strncasecmp(name.octets, "=2C", 3) == 0)
            octet = ',';
        else if (escaped && strncasecmp(name.octets, "=3D", 3) == 0)
            octet = '=';
        else
            escaped = false;
        bounded_text_append(to, budget, &octet, 1, IMAP_KEPT_OCTETS);
        size_t used = escaped ? 3 : 1;
        name = (struct imap_text){name.octets + used, name.length - used};
    }
    *has = true;
}

/* gs2-header of RFC 5801 section 4: channel binding, authzid. */
static bool cut_gs2_header(struct imap_text *message, struct imap_text *authzid)
{
    struct imap_text binding;
    return cut_until(message, ',', &binding) && binding.length && strchr("nyp", *binding.octets) &&
           cut_until(message, ',', authzid) && (authzid->length == 0 || cut_start(authzid, "a="));
}

/* RFC 5802 section 7: "n,,n=user,r=nonce", then "c=...,r=...,p=proof". */
static void read_scram(struct imap_text message, struct budget *budget, struct credentials *who)
{
    struct imap_text authzid, name;
    if (message.length >= 2 && memcmp(message.octets, "c=", 2) == 0) {
        const char *proof = memmem(message.octets, message.length, ",p=", 3);
        if (proof)
            set_secret(who, budget,
                       (struct imap_text){proof + 3, message.length - (size_t)(proof + 3 - message.octets)});
        return;
    }
    if (!cut_gs2_header(&message, &authzid) || !cut_start(&message, "n=") || !cut_until(&message, ',', &name))
        return;
    if (authzid.length)
        set_saslname(&who->authzid, &who->has_authzid, budget, authzid);
    set_saslname(&who->username, &who->has_username, budget, name);
}

/* The "auth=Bearer TOKEN" that ends with ^A. */
static void read_token(struct imap_text message, struct budget *budget, struct credentials *who)
{
    struct imap_text pair;
    while (cut_until(&message, '\001', &pair))
        if (cut_start(&pair, "auth=")) {
            (void)cut_start(&pair, "Bearer ");
            set_secret(who, budget, pair);
        }
    if (cut_start(&message, "auth=")) /* longer than what is read */
        set_secret(who, budget, message);
}

/* Google's and Microsoft's: "user=NAME ^A auth=Bearer TOKEN ^A ^A". */
static void read_xoauth2(struct imap_text message, struct budget *budget, struct credentials *who)
{
    struct imap_text user;
    if (cut_start(&message, "user=") && cut_until(&message, '\001', &user))
        set_username(who, budget, user);
    read_token(message, budget, who);
}

/* RFC 7628 section 3.1: "n,a=NAME, ^A host=... ^A auth=Bearer TOKEN ^A ^A". */
static void read_oauthbearer(struct imap_text message, struct budget *budget, struct credentials *who)
{
    struct imap_text authzid;
    if (cut_gs2_header(&message, &authzid) && authzid.length)
        set_saslname(&who->username, &who->has_username, budget, authzid);
    read_token(message, budget, who);
}

void sasl_read(enum sasl_mechanism mechanism, const struct sasl_message *message, struct budget *budget,
               struct credentials *who)
{
    struct imap_text octets = message->octets;
    if (mechanism == SASL_LOGIN)
        read_login(message, budget, who);
    else if (octets.length == 0)
        return;
    else if (mechanism == SASL_PLAIN)
        read_plain(octets, budget, who);
    else if (mechanism == SASL_CRAM_MD5 && message->whole)
        read_cram_md5(octets, budget, who);
    else if (mechanism == SASL_DIGEST_MD5)
        read_digest_md5(octets, budget, who);
    else if (mechanism == SASL_NTLM)
        read_ntlm(octets, budget, who);
    else if (mechanism == SASL_SCRAM)
        read_scram(octets, budget, who);
    else if (mechanism == SASL_XOAUTH2)
        read_xoauth2(octets, budget, who);
    else if (mechanism == SASL_OAUTHBEARER)
        read_oauthbearer(octets, budget, who);
    else if (mechanism == SASL_EXTERNAL)
        set_authzid(who, budget, octets);
}
