/*
 * Before and after a repair: what changed between two databases, or between captures of one. What was not
 * seen afterwards is never called repaired.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_COMPARE_COMPARE_H
#define IMAPTAP_ANALYZER_REPORT_COMPARE_COMPARE_H

#include "analyzer/report/queries/queries.h"

#include <stdio.h>

/* How a client writes its logins to a server, on one side. */
struct sender_figures {
    int64_t connections, encrypted, logins, refused;
    int64_t unquoted, unquoted_refused;        /* logins with * or % without quotes */
    int64_t quoted;                            /* with * or % in a quoted (or literal) user name */
    int64_t bare;                              /* with an argument that would be bare whatever it held */
    int64_t last_unquoted_ns, first_quoted_ns; /* of these logins; 0: there is none */
};

enum sender_change {
    SENDER_STOPPED,  /* sent * or % bare, and now is seen to quote */
    SENDER_STILL,    /* sends them bare as before */
    SENDER_BEGAN,    /* was seen before, and did not */
    SENDER_NEW,      /* sends them bare, and was not seen before */
    SENDER_UNTRIED,  /* sent them bare; what it sent now does not show it */
    SENDER_NOT_SEEN, /* sent them bare; now no login of it was seen */
    SENDER_CHANGES
};

/* How a user fared at a server, on one side. */
struct user_figures {
    int64_t logins, accepted, refused, broken_refused; /* broken_refused: the login broke a rule */
};

enum user_change {
    USER_GETS_IN,  /* was kept out, and now gets in */
    USER_STILL,    /* is kept out as before */
    USER_NEWLY,    /* got in, and now is kept out */
    USER_FIRST,    /* is kept out, and was not seen before */
    USER_NOT_SEEN, /* was kept out; now no verdict was seen */
    USER_CHANGES
};

/* One that changed, or did not though it should have. The texts are those of the database, for the time of
 * the call. */
struct compared_sender {
    const char *client, *server, *product; /* product: NULL when not known */
    struct sender_figures before, after;
    enum sender_change change;
};

struct compared_user {
    const char *name, *server, *product;
    struct user_figures before, after;
    enum user_change change;
};

/* What each side rests on. */
struct compared_side {
    const char *name; /* the caller's */
    char *source;     /* of the one capture; NULL: there are several, or none */
    int64_t captures, unfinished, first_ns, last_ns, connections, encrypted, lost_octets, logins, refused,
        unanswered, unquoted;
};

struct compared {
    struct compared_side before, after;
    int64_t senders[SENDER_CHANGES], users[USER_CHANGES]; /* how many of each change */
};

struct compare_receiver {
    bool (*sender)(void *user, const struct compared_sender *sender); /* false: stop */
    bool (*user)(void *user, const struct compared_user *row);
};

/* Reads both sides, hands on each sender and then each user, in the order of their addresses and names, and
 * fills the counts of `compared` meanwhile; its sides are filled before the first call. In memory that does
 * not grow with the databases. False: queries_error of one of them says why, or the receiver stopped. */
bool compare_run(struct queries *before, struct queries *after, const struct compare_receiver *receiver,
                 void *user, struct compared *compared);
void compare_free(struct compared *compared);

/* In one or two words: "repaired", "not repaired", "not known", "nothing to repair". */
const char *compare_word(const struct compared *compared);

/* Writes line `line` (from 0, below 3) of the verdict; `compared` is a struct compared. */
void compare_line(const void *compared, int line, FILE *out);

/* When * or % was last sent without quotes, in nanoseconds, and since when they are seen quoted behind that
 * (0: not seen). */
int64_t sender_last_unquoted(const struct compared_sender *sender);
int64_t sender_quoted_since(const struct compared_sender *sender);

/* A word for JSON, e.g. "stopped", and a heading for people. */
const char *sender_change_word(enum sender_change change);
const char *sender_change_title(enum sender_change change);
const char *user_change_word(enum user_change change);
const char *user_change_title(enum user_change change);

/* Write the whole comparison; `names` are of the two sides. False as compare_run, or `out` failed. */
struct compare_source {
    struct queries *before, *after;
    const char *before_name, *after_name;
    unsigned columns;                         /* for the text */
    const struct query_parameters *narrowing; /* of both sides; NULL: none */
};
bool compare_text(const struct compare_source *source, FILE *out);
bool compare_json(const struct compare_source *source, FILE *out);
bool compare_page(const struct compare_source *source, FILE *out);

#endif
