/*
 * One login attempt from its first octet to its report: what was sent, what was wrong with it, what the
 * server said. It holds the secret only to recognise an echo of it in a response.
 */
#ifndef IMAPTAP_DISSECTOR_ATTEMPT_ATTEMPT_H
#define IMAPTAP_DISSECTOR_ATTEMPT_ATTEMPT_H

#include "dissector/attempt/credentials.h"
#include "dissector/client/validator.h"

/* Octets of a tag that are kept. */
#define TAG_OCTETS 1024

/* What a verdict rests on; a better one replaces a lesser one. */
enum verdict_rank { VERDICT_NONE, VERDICT_UNTAGGED_BAD, VERDICT_BYE, VERDICT_TAGGED };

struct attempt_violation {
    struct violation noted; /* count 0: the violation names no octets */
    uint8_t rule;
    uint8_t argument;
};

struct attempt {
    uint32_t number; /* 0: not given yet */
    enum imap_command command;
    struct imap_mark begin;
    struct bounded_text tag, mechanism;
    bool has_tag, has_mechanism;
    struct credentials who;
    enum imap_form username_form, password_form;
    int64_t password_length; /* -1: missing */
    enum imap_exposure exposure;
    int password_empty;   /* -1: not seen */
    int initial_response; /* the same; -1 of LOGIN, too */
    enum imap_charset password_charset;
    struct bounded_text oauth_error; /* empty: none */
    bool sent;                       /* no more octets of it come */
    bool untimed;                    /* its last octet was not seen */
    bool incomplete;
    int64_t sent_ns; /* time of the last octet so far */

    enum verdict_rank rank;
    enum imap_result result;
    int64_t verdict_ns;
    bool reply_lost;               /* the text was not captured */
    struct bounded_text reply;     /* code and text, masked */
    enum imap_result after_result; /* came before the login's own verdict */
    struct bounded_text after_text;

    struct attempt_violation *violations;
    unsigned violation_count, violation_room;
};

struct attempt *attempt_new(struct budget *budget);
void attempt_free(struct attempt *attempt, struct budget *budget);

/* Adds a violation without octets; one of the same rule and argument is not added twice. */
void attempt_flag(struct attempt *attempt, struct budget *budget, enum imap_rule rule,
                  enum imap_argument argument);
void attempt_flag_violation(struct attempt *attempt, struct budget *budget, enum imap_rule rule,
                            enum imap_argument argument, const struct violation *noted);

/* Notes what was exposed; what weighs less than what was noted before changes nothing. */
void attempt_expose(struct attempt *attempt, enum imap_exposure exposure);

bool attempt_has(const struct attempt *attempt, enum imap_rule rule);
/* Takes back what was found of a rule: it rests on what was not seen. */
void attempt_absolve(struct attempt *attempt, enum imap_rule rule);
/* Takes back a verdict that is not the tagged one: that one may have been lost. */
void attempt_forget_verdict(struct attempt *attempt);

/* Fills the record that is handed out; its texts are the attempt's. `password_shape` as in the session's
 * options. */
void attempt_record(const struct attempt *attempt, bool password_shape, struct imap_login *login);

#endif
