/*
 * What the two directions of a session share: the commands that wait for an answer, the attempts among them,
 * and what is known of the connection. Private to the dissector.
 */
#ifndef IMAPTAP_DISSECTOR_SESSION_STATE_H
#define IMAPTAP_DISSECTOR_SESSION_STATE_H

#include "dissector/attempt/attempt.h"
#include "dissector/client/command.h"
#include "dissector/client/exchange.h"
#include "dissector/client/lexer.h"
#include "dissector/client/literal_header.h"
#include "dissector/client/origin.h"
#include "dissector/ident.h"
#include "dissector/server/capability.h"
#include "dissector/session.h"

#define GREETING_OCTETS 1024
/* Logins, and commands of all kinds, that may wait for their answers at a time; beyond that the oldest is
 * given up. */
#define MOST_LOGINS   16
#define MOST_COMMANDS 32
/* Octets of another command's tag that are compared. */
#define OTHER_TAG_OCTETS 128
/* What one login may need while it is scanned: three arguments, one of them growing, its tag and its record.
 */
#define ROOM_FOR_LOGIN (40 * 1024)

/* A command that waits for its tagged response. */
struct command {
    struct command *next;    /* the one sent after it */
    struct attempt *attempt; /* NULL: not a login */
    enum command_kind kind;
    uint32_t follows;       /* number of the login that it is the first command after; 0: of none */
    uint16_t stretch;       /* of the client's octets between two holes: which one it was sent in */
    bool unconfirmed : 1;   /* it may be no command: only an answer to its tag shows that it is one */
    bool answer_lost : 1;   /* octets of the server were lost since: its answer may be among them */
    bool cut : 1;           /* octets were lost right before its tag, which may be only the end of one */
    bool follower_lost : 1; /* octets of the client were lost since: other commands may be among them */
    uint32_t tag_kept;
    uint64_t tag_length;
    char tag[];
};

enum client_state {
    CLIENT_START,     /* nothing came yet but what may be a header of the PROXY protocol */
    CLIENT_PROXY,     /* such a header */
    CLIENT_TAG,       /* the first word of a line */
    CLIENT_NAME,      /* the second */
    CLIENT_REST,      /* of another command's line */
    CLIENT_RESPONSE,  /* a line of a SASL exchange */
    CLIENT_ARGUMENTS, /* of LOGIN or AUTHENTICATE */
    CLIENT_LITERAL,
    CLIENT_TLS /* nothing of it is IMAP */
};

struct client {
    enum client_state state;
    bool uncertain : 1;       /* the next octets may be in the middle of anything */
    bool met : 1;             /* any octet was fed */
    bool holed : 1;           /* octets were lost */
    bool recognised : 1;      /* a tagged command with a known name was seen */
    bool unconfirmed : 1;     /* what looks like a command may be none, until the server answers one */
    bool suspect : 1;         /* it sent a line that may hold anything */
    bool logout : 1;          /* LOGOUT was sent */
    bool cut : 1;             /* octets were lost right before the line */
    bool lf_owed : 1;         /* the line ended with a CR when the server answered: LF may follow */
    uint8_t bad_lines;        /* lines that are no IMAP */
    uint8_t carriage_returns; /* that wait for what follows them; 2: two or more */

    /* of the current line */
    bool bad_spacing : 1, bad_line_end : 1;
    struct bounded_text word;
    char name[COMMAND_NAME_OCTETS];
    uint8_t name_length; /* COMMAND_NAME_OCTETS + 1: longer */
    uint16_t stretch;    /* of all lines: counts what came between two holes, or what may be between them */
    struct literal_header brace;
    struct imap_mark begin;
    uint64_t line_octets;
    int64_t last_ns; /* time of the last line end */

    /* of the current command, which may have several lines */
    struct command *command; /* NULL: none */
    struct lexer *lexer;     /* of a login */
    bool untagged : 1;       /* the first word is LOGIN or AUTHENTICATE: the tag may be missing */
    bool ident : 1;          /* the arguments of ID are kept */
    bool first_line : 1;     /* no line came before it */
    uint8_t start_octets;    /* that the header of the PROXY protocol begins with too */
    bool proxy : 1;          /* a PROXY line: its arguments are kept in word */

    uint64_t literal; /* octets of it that are still to come */
    bool fresh : 1;   /* no octet came since it was announced */
    bool awaited : 1; /* the server has asked for it, or need not */
    bool unheard : 1; /* nobody knows whether the server has asked for it */
    bool synchronizing : 1;

    /* SASL exchange */
    struct command *exchange; /* AUTHENTICATE that is not answered yet; NULL: none */
    struct exchange *sasl;    /* what it is about; NULL without memory */
    uint32_t challenges, responses;
};

/* What the second word of a response says. */
enum response_kind {
    RESPONSE_OTHER,
    RESPONSE_OK,
    RESPONSE_NO,
    RESPONSE_BAD,
    RESPONSE_BYE,
    RESPONSE_PREAUTH,
    RESPONSE_CAPABILITY,
    RESPONSE_ID,
    RESPONSE_DATA,     /* LIST, FLAGS ... */
    RESPONSE_NUMBERED, /* FETCH, EXISTS ... after a number: a mailbox is open */
};

enum server_state { SERVER_TAG, SERVER_NAME, SERVER_TEXT, SERVER_REST, SERVER_LITERAL };

struct server {
    enum server_state state;
    bool uncertain : 1;
    bool met : 1;
    bool blind : 1; /* octets were lost, and none came since */
    bool cut : 1;   /* octets were lost right before the line */
    bool recognised : 1;
    bool greeted : 1; /* the first line was seen, or can not be */
    uint8_t bad_lines;
    struct bounded_text word;
    char name[COMMAND_NAME_OCTETS];
    uint8_t name_length;
    enum response_kind kind;
    bool numbered : 1; /* a number stood before the name */
    bool holed : 1;    /* octets were lost */
    struct literal_header brace;
    struct bounded_text text; /* of a status response, the list of CAPABILITY, the arguments of ID */
    uint64_t literal;
    uint64_t line_octets;
    int64_t last_ns; /* time of the last octet */
};

/* Why nothing more is wanted of a session. */
enum session_outcome {
    OUTCOME_OPEN,
    OUTCOME_OVER,     /* the login phase is over, or encryption began: what waits is reported */
    OUTCOME_NOT_IMAP, /* nothing of it is reported */
};

struct imap_session {
    struct imap_session_options options;
    struct imap_session_handler handler;
    void *user;
    struct budget budget;
    enum session_outcome outcome : 8; /* set in the depths, acted on when the octets were taken */
    bool done : 1;                    /* nothing is wanted any more, and what served it is freed */
    enum imap_encryption encryption : 8;
    enum imap_starttls starttls : 8;
    bool starttls_pipelined : 1; /* these as imap_session_facts reports them */
    bool starttls_untagged : 1;
    bool plain_after_starttls : 1;
    bool tls_to_plain : 1;
    bool bye_greeting : 1;
    bool preauth : 1;
    bool after_reported : 1; /* the verdict of the first command after a login was reported */
    bool authenticated : 1;
    bool unauthenticate : 1; /* the server offers UNAUTHENTICATE */
    bool greeting_seen : 1, server_ident_seen : 1;
    bool greeting_guessed : 1; /* what is kept of it is the greeting if a login follows */

    struct client client;
    struct server server;

    struct command *first, *last; /* in the order they were sent */
    unsigned commands, logins;
    uint32_t numbers;   /* numbers of logins given */
    uint32_t to_follow; /* the last login's number, until a command follows it; 0: none */
    struct credentials
        *logged_in; /* of the login reported with OK whose first command is not answered; else NULL */
    uint32_t logged_in_number;

    /* what imap_session_facts returns as text; `text_changes` counts how often any of it was touched */
    uint32_t text_changes;
    struct bounded_text greeting, refusal;
    struct capabilities capabilities;
    struct capabilities provisional; /* announced while a login waits: of the time after it, if it succeeds */
    struct bounded_text client_ident, server_ident;
    struct bounded_text product, host;
    struct bounded_text origin; /* presentation form */
    const char *origin_source;
};

/* client/client.c */
void client_feed(struct imap_session *session, const uint8_t *octets, size_t length,
                 const struct imap_mark *mark);
void client_lost(struct imap_session *session, uint64_t length, const struct imap_mark *mark);
/* The server has answered as if the line had ended at the CR that is the client's last octet. */
void client_settle_line_end(struct imap_session *session);
/* The server has refused `command`: when it waits with a literal that no octet of came, it is over. */
void client_refused(struct imap_session *session, const struct command *command);
/* Octets of `command` are on their way: no literal of it waits for the server, and it is not complete. */
bool client_is_sending(const struct imap_session *session, const struct command *command);
/* The server said "+" and, at least, the start of a challenge; `whole` is all of it where the client takes
 * it.
 */
void client_challenged(struct imap_session *session, struct imap_text start, struct imap_text whole);
/* Whether the whole of a challenge is wanted. */
bool client_takes_challenge(const struct imap_session *session);
/* `command` was answered: its exchange is over. */
void client_answered(struct imap_session *session, const struct command *command);
/* Drops the logins that are not confirmed: a line after them shows that they are none. */
void client_drop_unconfirmed(struct imap_session *session);
/* The connection ended: a command that is not complete is given what it has. */
void client_end(struct imap_session *session);
/* Frees buffers and the lexer. */
void client_free(struct imap_session *session);

/* server/server.c */
void server_feed(struct imap_session *session, const uint8_t *octets, size_t length,
                 const struct imap_mark *mark);
void server_lost(struct imap_session *session, uint64_t length);
/* A tagged response has begun: the last challenge was not the last word. */
bool server_is_answering(const struct imap_session *session);
/* The connection ended: a verdict whose text is not complete is one. */
void server_end(struct imap_session *session);
void server_free(struct imap_session *session);

/* attempt/commands.c: commands in the order they were sent. */

/* Notes that a command begins; its tag is the client's word. NULL: out of memory. */
struct command *command_new(struct imap_session *session, enum command_kind kind, struct imap_text tag,
                            uint64_t tag_length);
/* Whether a STARTTLS is certainly not answered yet. */
bool command_starttls_waits(const struct imap_session *session);
/* Octets of a direction were lost: what was not answered may never be, or commands are not known. */
void commands_lost(struct imap_session *session, enum imap_direction direction);
/* Whether a command waits that follows the login of that number. */
bool command_follows(const struct imap_session *session, uint32_t number);
/* Another command with exactly the tag of `command` was sent after it. */
bool command_is_repeated(const struct command *command);
/* Forgets a command and its attempt. */
void command_free(struct imap_session *session, struct command *command);
/* As command_free, for what turned out to be no command: the next one takes its place. */
void command_drop(struct imap_session *session, struct command *command);
/* The oldest with exactly this tag, else the only one that differs in case; NULL: none. */
struct command *command_find(const struct imap_session *session, struct imap_text tag, uint64_t tag_length);

/* attempt/reply.c */

/* Keeps a response text with its code in `reply`, or what stands for it when it repeats a credential. `cut`:
 * the text was longer than what is kept. A text without octets was not captured, and nothing is kept. */
void reply_keep(struct imap_session *session, struct bounded_text *reply, struct imap_text text, bool cut);

/* attempt/verdict.c */

/* Gives `command` an attempt; false: out of memory. */
bool attempt_begin(struct imap_session *session, struct command *command);
/* All octets of the attempt were sent (or will never come): numbers it, and reports it when its verdict is
 * there. */
void verdict_sent(struct imap_session *session, struct command *command);
/* A tagged response; `text` and `cut` as for reply_keep. */
void verdict_tagged(struct imap_session *session, struct imap_text tag, uint64_t tag_length,
                    enum imap_result result, struct imap_text text, bool cut, int64_t time_ns);
/* Untagged BAD and BYE. */
void verdict_untagged(struct imap_session *session, enum imap_result result, struct imap_text text, bool cut,
                      int64_t time_ns);
/* Reports the oldest login that still waits as it is; false: there is none. */
bool verdict_evict(struct imap_session *session);
/* Forgets the login whose first command is not answered. */
void verdict_forget_login(struct imap_session *session);

/* session.c */

/* True when a line begins like a TLS record; so many octets decide. */
#define TLS_SIGN_OCTETS 3
bool session_is_tls(const struct bounded_text *word);
/* Such a line came from that side. */
void session_met_tls(struct imap_session *session, enum imap_direction direction);
/* Whether the server was heard from the start, or from a line that is certain: only then is known what it has
 * not said. */
bool session_is_heard(const struct imap_session *session);

#endif
