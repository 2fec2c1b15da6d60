/*
 * What the files of the judgement share: the logins that matter in memory, and what is decided of each.
 *
 * A login is known by its index: those that failed come first, in the order of their rows, then the accepted
 * ones that can say something about them. Texts are numbers (strings.h). Times are nanoseconds.
 */
#ifndef IMAPTAP_DB_JUDGEMENT_JUDGE_H
#define IMAPTAP_DB_JUDGEMENT_JUDGE_H

#include "db/judgement/strings.h"
#include "dissector/replies/replies.h"

#include <sqlite3.h>

#define JUDGE_SECOND ((int64_t)1000000000)

/* How far apart two logins may be to say something of each other. */
#define WINDOW_PROOF    (86400 * JUDGE_SECOND) /* for BAD: the same user accepted without the fault */
#define WINDOW_BAD      (3600 * JUDGE_SECOND)  /* the same words, the same user refused without the fault */
#define WINDOW_NO       (900 * JUDGE_SECOND)   /* for NO: the same user accepted without the fault */
#define WINDOW_OUTAGE   (300 * JUDGE_SECOND)   /* nobody was let in */
#define WINDOW_NAMELESS (60 * JUDGE_SECOND)    /* a login without a user name */
#define WINDOW_OPEN_LEG (30 * JUDGE_SECOND)    /* an inbound login that was never answered */
#define WINDOW_LONG_LEG (120 * JUDGE_SECOND)   /* how long a proxy may take */
#define WINDOW_SKEW     (2 * JUDGE_SECOND)     /* how far two clocks may differ */
#define WINDOW_SLACK    (JUDGE_SECOND / 50)

#define NO_LOGIN UINT32_MAX

enum judge_result { RESULT_NONE, RESULT_OK, RESULT_NO, RESULT_BAD, RESULT_BYE };

enum judge_form {
    FORM_NONE,
    FORM_ATOM,
    FORM_QUOTED,
    FORM_LITERAL,
    FORM_LITERAL_PLUS,
    FORM_LITERAL8,
    FORM_SASL
};

/* Whether an AUTHENTICATE brought its response on its own line. */
enum judge_initial { INITIAL_UNKNOWN, INITIAL_NOT_SENT, INITIAL_SENT };

/* Columns argument of `violations`. */
enum judge_argument { ARGUMENT_COMMAND, ARGUMENT_USERNAME, ARGUMENT_PASSWORD, ARGUMENT_OTHER };

/* Rules by bit: those that the judgement knows, then others as they are met. */
enum judge_rule {
    RULE_WILDCARD,
    RULE_SPECIAL,
    RULE_EIGHT_BIT,
    RULE_BAD_QUOTED,
    RULE_NUL,
    RULE_LITERAL8,
    RULE_NOT_AWAITED,
    RULE_UNADVERTISED_LITERAL,
    RULE_OVERSIZED,
    RULE_UNADVERTISED_INITIAL,
    RULE_BAD_BASE64,
    RULE_MISSING,
    RULE_EXTRA,
    RULE_SPACING,
    RULE_LINE_END,
    RULE_TAG,
    RULE_PIPELINED,
    RULE_LOGIN_DISABLED,
    RULE_NOT_ANNOUNCED,
    RULE_ALREADY,
    RULE_RESPONSE_CONTINUED,
    RULE_NOT_UTF8,
    RULE_LITERAL_LENGTH,
    RULES_KNOWN
};
#define RULE_BIT(rule) (UINT64_C(1) << (rule))
#define RULES_MOST     60

/* A rule that a login broke, with one octet of it (0: none is named). */
struct judge_broken {
    int64_t login;
    uint8_t rule, argument;
    uint32_t octets; /* text of the column */
};

struct judge_login {
    int64_t id, time, connection, frame, capture;
    int64_t answered; /* when the verdict came, or the connection closed; INT64_MAX: not known */
    uint64_t broken;  /* rules */
    uint32_t end, net, client, server;
    uint32_t product;
    uint32_t user;      /* the name, ASCII letters in lower case */
    uint32_t actor;     /* whose mailbox it is: authzid where it is given, else user */
    uint32_t key;       /* of actor: its local part */
    uint32_t master;    /* of NAME*MASTER: NAME's local part */
    uint32_t mechanism; /* 0: LOGIN */
    uint8_t result, username_form, password_form;
    bool failed, refused_mailbox, incomplete, domain;
    bool copy; /* the same packets, captured before */
    bool empty_password;
    bool dovecot, courier, cyrus; /* by its greeting, or its own ID */
    uint8_t initial;              /* enum judge_initial */
    uint16_t client_port, server_port;
    uint64_t packets; /* equal for copies of the same packets */
};

enum judge_cause {
    CAUSE_UNKNOWN,
    CAUSE_SYNTAX,
    CAUSE_FORM,
    CAUSE_MECHANISM,
    CAUSE_CREDENTIALS,
    CAUSE_ACCOUNT,
    CAUSE_LIMIT,
    CAUSE_POLICY,
    CAUSE_PRIVACY,
    CAUSE_UNAVAILABLE,
    CAUSE_MAILBOX,
    CAUSE_HUNG_UP,
    CAUSE_GAVE_UP,
    CAUSES
};
enum judge_certainty { CERTAINTY_UNKNOWN, CERTAINTY_LIKELY, CERTAINTY_PROVED };

/* Why a cause is what it is: picks the sentence. */
enum judge_ground {
    GROUND_NONE,
    GROUND_WORDS,         /* the server says so */
    GROUND_EVIDENCE,      /* the same user was let in without the fault */
    GROUND_LEG,           /* the inbound leg has no such fault */
    GROUND_ALONE,         /* nothing but the rule and the answer */
    GROUND_SAME_WORDS,    /* the server says the same to logins that break nothing */
    GROUND_NOT_ANNOUNCED, /* the mechanism */
    GROUND_DISABLED,      /* LOGINDISABLED was announced */
    GROUND_OTHER_MECHANISM,
    GROUND_OTHER_FORM,
    GROUND_BEHIND,        /* what became of it elsewhere */
    GROUND_HABIT,         /* this product is known to refuse it */
    GROUND_EMPTY,         /* the password is empty */
    GROUND_OUTAGE,        /* everybody was refused in those minutes */
    GROUND_CLEAN_REFUSED, /* the same user was refused without the fault, too */
    GROUND_TOLERATED,     /* the server takes the same from this user, or others */
    GROUND_NOT_CAPTURED,  /* octets are missing */
    GROUND_LATE,          /* it was let in before, on this connection */
    GROUND_CLOSED,
    GROUND_NO_REASON,  /* the server gives none */
    GROUND_NOT_DECIDED /* a reason that does not fit, or more than one */
};

/* What is decided of a login that failed, or of an inbound leg. */
struct judge_verdict {
    uint8_t cause, certainty, ground;
    uint8_t says, says_surely; /* enum reply_cause, enum reply_certainty: what the server's words stand for */
    bool by_code, late, lost, behind, kb;
    bool kept; /* the row that is there says the same */
    bool closed_by_server, closed_by_client;
    uint64_t rules;                     /* of syntax, and login-disabled of privacy */
    uint32_t author, evidence, inbound; /* logins, or NO_LOGIN */
    uint32_t said, code, words;         /* texts */
    uint32_t capabilities, client_ident, oauth_error;
    int64_t closed; /* after so long; -1: it did not */
};

/* Where an address is met: as what, and in which net (VLAN and tunnel). */
enum judge_role { ROLE_CLIENT, ROLE_SERVER, ROLES };
struct judge_address {
    uint32_t net[ROLES]; /* the first one */
    bool is[ROLES], several_nets[ROLES];
};

/* A connection to an end at which a login failed. */
struct judge_route {
    int64_t connection;
    uint32_t end, client; /* client 0: not one of a login that failed */
};

/* An element of a sorted list. */
struct judge_entry {
    uint32_t first, second, login;
    int64_t time;
};
struct judge_list {
    struct judge_entry *entries;
    size_t count, room;
};

struct judge {
    sqlite3 *db;
    uint64_t key;
    struct strings strings;
    struct judge_login *logins;     /* the first `failed` ones failed */
    struct judge_verdict *verdicts; /* of those, by index */
    size_t count, room, verdict_room, failed;
    struct judge_broken *broken; /* sorted by login */
    size_t broken_count, broken_room;
    uint32_t end_count;
    bool nameless;                   /* one that failed has no user name */
    bool proxies;                    /* one that failed was sent by an address that is a server, too */
    sqlite3_stmt *later;             /* whether a later login of a connection was answered */
    sqlite3_stmt *whole;             /* an accepted login that matters */
    struct judge_address *addresses; /* by number of its text: of the logins that failed */
    size_t address_count;
    struct judge_route *routes; /* in the order of the connections */
    size_t route_count, route_room;
    struct numbers ends;        /* by server, port, net: its number */
    struct numbers wanted;      /* what others are looked for by */
    struct numbers tolerated;   /* by end, rule, argument, octet: it was let in; and the same with the user */
    struct numbers accepted;    /* what was ever let in: by end and mechanism, by end and user and form .. */
    struct numbers connections; /* of failed logins: id of the first login of it that was let in */
    uint32_t rules[RULES_MOST]; /* names of rules by bit */
    uint32_t rule_count;
    struct judge_list by_user;   /* end, user: all logins; and their other names */
    struct judge_list by_client; /* end, client: accepted ones, for those without a name */
    struct judge_list by_words;  /* end, words: clean ones that failed */
    struct judge_list times;     /* end: accepted logins, by time */
    struct judge_list clean;     /* end: clean logins that failed, by time */
    struct judge_list gone;      /* rows that are there and must go: the login stands in time */
    uint32_t *leg;               /* of each login that is an outbound leg: its inbound one; else NO_LOGIN */
    uint8_t *leg_grade;          /* and how surely: enum leg_grade */
    uint32_t *outbound;          /* of each login that is an inbound leg: the outbound one */
    struct numbers aliases; /* by client: the address at which a proxy is a server, where that is another */
    struct numbers changes; /* by client: it was seen to change the form of what it passes on */
};

enum leg_grade { LEG_NONE, LEG_SHIFTED /* until others agree */, LEG_AGREED, LEG_SLACK, LEG_EXACT };

/* All return SQLite result codes. */
int judge_load(struct judge *judge);
int judge_load_others(struct judge *judge);
int judge_legs(struct judge *judge);
int judge_lists(struct judge *judge);
int judge_causes(struct judge *judge);
int judge_compare(struct judge *judge);
int judge_write(struct judge *judge, const char *schema);

/* --- load.c, rows.c --- */
/* Reads the columns that are read of failed logins and of accepted ones that matter. */
int judge_read_login(struct judge *judge, sqlite3_stmt *row, struct judge_login *login);
/* Reads what is read of every accepted login. Its end is 0 where no login failed. */
int judge_read_accepted(struct judge *judge, sqlite3_stmt *row, struct judge_login *login);
/* Whether the user of such a row can be one that matters: in doubt it can. Where the login broke a rule,
 * every name that was met does. */
bool judge_may_be_wanted(struct judge *judge, sqlite3_stmt *row, bool broken);
/* The number of the end of a connection; 0: no login failed there. */
uint32_t judge_find_end(const struct judge *judge, uint32_t server, uint16_t port, uint32_t net);
int judge_add_login(struct judge *judge, const struct judge_login *login);
void judge_set_broken(const struct judge *judge, struct judge_login *login);
uint32_t judge_text(struct judge *judge, sqlite3_stmt *row, int column);
/* Marks what is asked for. */
bool judge_want(struct judge *judge, uint64_t kind, uint64_t a, uint64_t b);
bool judge_wants(const struct judge *judge, uint64_t kind, uint64_t a, uint64_t b);
enum { WANT_USER = 1, WANT_CLIENT, WANT_END, WANT_LOGIN };
/* The rules that a login broke, [first, last) of judge->broken. */
size_t judge_broken_of(const struct judge *judge, int64_t login, size_t *first);
bool judge_is_server(const struct judge *judge, uint32_t address);
bool judge_is_client(const struct judge *judge, uint32_t address);
/* Whether it is a client and a server, in one net each. */
bool judge_has_single_nets(const struct judge *judge, uint32_t address);

/* --- rules.c --- */
/* The bit of a rule, which is given one when it is new; RULES_MOST: it has none, and does not count. */
unsigned judge_rule(struct judge *judge, const char *name, size_t length);
const char *judge_rule_name(const struct judge *judge, unsigned rule);
extern const uint64_t rules_that_are_read;      /* the server must have parsed the line when it answers NO */
extern const uint64_t rules_that_change;        /* what the server reads as name or password */
extern const uint64_t rules_that_leave_nothing; /* to check: the server reads a part, or none, of it */
extern const uint64_t rules_of_bare_arguments;  /* an argument that is bare again proves nothing */

/* --- words.c --- */
/* The class of what the server said, and the identity of its words. */
int judge_words(struct judge *judge, struct judge_login *login, struct judge_verdict *verdict,
                const char *code, const char *text);

/* --- evidence.c --- */
bool judge_add(struct judge_list *list, struct judge_entry entry);
void judge_sort(struct judge_list *list);
/* The first entry that is not before (first, second, time). */
size_t judge_lower(const struct judge_list *list, uint32_t first, uint32_t second, int64_t time);
/* How many entries lie in the window on both sides of `time`. */
size_t judge_near(const struct judge_list *list, uint32_t first, uint32_t second, int64_t time,
                  int64_t window);
/* An accepted login of the same user at the same end that breaks none of `rules`; NO_LOGIN: there is none. */
uint32_t judge_evidence(struct judge *judge, uint32_t login, uint64_t rules, int64_t window, bool own_client);
/* A login of the same user there that breaks no rule and was refused by `results`. */
uint32_t judge_clean_refusal(struct judge *judge, uint32_t login, bool bad_only, bool quoted);
uint32_t judge_other_form(struct judge *judge, uint32_t login, int64_t window);
/* Whether the form that `taken` was accepted in got the same words as the login, too, within the hour; and of
 * this very user and client. */
bool judge_form_refused(const struct judge *judge, uint32_t login, uint32_t taken, bool *same_user);
uint32_t judge_other_mechanism(struct judge *judge, uint32_t login);
/* Whether this client was refused as the same user by the mechanism of `taken`, too, for the password. */
bool judge_mechanism_refused(struct judge *judge, uint32_t login, uint32_t taken);
bool judge_outage(struct judge *judge, uint32_t login);
bool judge_same_bad(struct judge *judge, uint32_t login);
/* Whether a clean login other than this one got the same words there. */
bool judge_said_to_clean(struct judge *judge, uint32_t login);
/* Which of the rules a login broke were tolerated at that end: of anybody, and of this very user. */
void judge_tolerated(const struct judge *judge, uint32_t login, uint64_t *anybody, uint64_t *this_user);
/* Whether the server took this very fault from this very user. */
bool judge_takes_from_user(const struct judge *judge, const struct judge_login *login,
                           const struct judge_broken *broken);
/* Whether the other login has one of these faults of the login at the same argument, but for what the server
 * takes from this user. */
bool judge_shares(const struct judge *judge, const struct judge_login *login, const struct judge_login *other,
                  uint64_t rules);
bool judge_is_clean(const struct judge_login *login);
bool judge_note(struct judge *judge, struct numbers *numbers, unsigned kind, uint64_t a, uint64_t b,
                uint64_t c);
/* For whoever changes from one mechanism to another with success: notes it. */
bool judge_note_switches(struct judge *judge);
/* Whether a later login on its connection was answered. */
bool judge_was_answered_later(struct judge *judge, const struct judge_login *login);
/* Whether the server let anybody in by the mechanism. */
bool judge_ever_accepted(const struct judge *judge, uint32_t end, uint32_t mechanism);
/* --- causes.c --- */
/* Whether the server says a reason that has nothing to do with how the login is written. */
bool judge_is_reason(unsigned says);
bool judge_is_about_password(const struct judge *judge, const struct judge_login *login,
                             const struct judge_verdict *verdict);
bool judge_sender_quotes(const struct judge *judge, const struct judge_login *login);
/* What was accepted, by these keys. */
uint64_t judge_key(const struct judge *judge, unsigned kind, uint64_t a, uint64_t b, uint64_t c);
enum {
    ACCEPTED_MECHANISM = 11,
    ACCEPTED_USER_MECHANISM,
    ACCEPTED_USER_FORM,
    SWITCHED,
    QUOTES,
    TOLERATED,
    TOLERATED_USER
};
uint64_t judge_form_key(const struct judge_login *login);
#define FORM_KEY_INITIAL (UINT64_C(3) << 14) /* the bits of judge_initial in it */

/* --- sentences.c --- */
/* The sentences for a login with a verdict; free by sqlite3_free. NULL: out of memory. */
char *judge_sentence(const struct judge *judge, uint32_t login);
const char *judge_cause_name(unsigned cause);

#endif
