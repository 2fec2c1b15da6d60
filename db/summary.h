/*
 * What a person wants to know right after captures were read: the few figures and rows of the summary that
 * `read` ends with, of those captures alone.
 */
#ifndef IMAPTAP_DB_SUMMARY_H
#define IMAPTAP_DB_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

struct summary_counts {
    int64_t connections, encrypted, midstream, one_sided, not_imap, lost_octets;
    int64_t logins, refused, unanswered, incomplete, broken; /* broken: with a violation */
    int64_t readable, guessable;                             /* by what they exposed */
};

/* A sender of unquoted wildcards, and the server that got them. All texts are escaped for a terminal. */
struct summary_sender {
    const char *client_ip, *server_ip, *server_product; /* product: "" when not known */
    int64_t logins, unquoted, quoted, unquoted_refused;
};

/* Why logins failed: a row of the view cause_counts, whose sentence the view diagnosis shows. */
struct summary_diagnosis {
    const char *verdict, *sentence;
    int64_t diagnoses; /* such rows in all, also those that are not passed on */
};

/* A user whose login broke the grammar and was refused for it, or for a reason that is not known. */
struct summary_user {
    const char *username, *client_ip, *server_ip, *rules;
    const char *certainty; /* that this is why: proved, likely, unknown */
    int64_t refused;
    int64_t let_in; /* logins of the same user at the same server that were accepted */
    int64_t users;  /* such users in all, also those whose rows are not passed on */
};

/* A rule that was broken, and how often. */
struct summary_rule {
    const char *rule, *severity, *title;
    int64_t count;
};

/* Any of the functions may be NULL. The rows are valid during the call; each kind comes sorted, worst first.
 */
struct summary_handler {
    void (*counts)(void *user, const struct summary_counts *counts);
    void (*sender)(void *user, const struct summary_sender *sender);
    void (*diagnosis)(void *user, const struct summary_diagnosis *row);
    void (*user)(void *user, const struct summary_user *row);
    void (*rule)(void *user, const struct summary_rule *rule);
};

/* Reads the summary of the captures `ids` (rows of `captures`) from the database at `path`: the counts, then
 * the senders, the diagnosis and the users, no more than `rows` of each, and the rules. Returns 0, or -1 with
 * a sentence in `why`; some of it may have been passed on by then. */
int summary_read(const char *path, const int64_t *ids, size_t count, unsigned rows,
                 const struct summary_handler *handler, void *user, char *why, size_t why_size);

#endif
