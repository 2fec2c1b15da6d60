/*
 * Merges the two sides, which come sorted, and says of each sender and user what changed.
 */
#include "analyzer/report/compare/compare.h"

#include <stdlib.h>
#include <string.h>

/* The two sides of a merge: each stands on a row or is at its end. */
struct merge {
    struct queries_rows *before, *after;
    bool more_before, more_after;
    const char *first, *second; /* the columns that a row is known by */
};

static bool merge_begin(struct merge *merge, struct queries *before, struct queries *after,
                        enum queries_question question, const char *first, const char *second)
{
    *merge = (struct merge){.before = queries_ask(before, question, 0, 0),
                            .after = queries_ask(after, question, 0, 0),
                            .first = first,
                            .second = second};
    merge->more_before = queries_next(merge->before);
    merge->more_after = queries_next(merge->after);
    return merge->before != NULL && merge->after != NULL;
}

static void merge_end(struct merge *merge)
{
    queries_end(merge->before);
    queries_end(merge->after);
}

/* Which side has the next row: below 0 the one before, above 0 the one after, 0 both. */
static int merge_side(const struct merge *merge)
{
    int order;

    if (!merge->more_before || !merge->more_after)
        return merge->more_before ? -1 : 1;
    order = strcmp(queries_text(merge->before, merge->first), queries_text(merge->after, merge->first));
    return order != 0 ? order
                      : strcmp(queries_text(merge->before, merge->second),
                               queries_text(merge->after, merge->second));
}

static void merge_step(struct merge *merge, int side)
{
    if (side <= 0)
        merge->more_before = queries_next(merge->before);
    if (side >= 0)
        merge->more_after = queries_next(merge->after);
}

static enum sender_change judge_sender(const struct sender_figures *before,
                                       const struct sender_figures *after)
{
    if (before->unquoted == 0 && after->unquoted == 0)
        return SENDER_CHANGES;
    if (before->unquoted == 0)
        return before->logins > 0 ? SENDER_BEGAN : SENDER_NEW;
    if (after->unquoted > 0)
        return SENDER_STILL;
    if (after->logins == 0)
        return SENDER_NOT_SEEN;
    return after->quoted > 0 || after->bare == 0 ? SENDER_STOPPED : SENDER_UNTRIED;
}

static bool is_kept_out(const struct user_figures *figures)
{
    return figures->broken_refused > 0 || (figures->refused > 0 && figures->accepted == 0);
}

static enum user_change judge_user(const struct user_figures *before, const struct user_figures *after)
{
    if (is_kept_out(after)) {
        if (is_kept_out(before))
            return USER_STILL;
        return before->accepted > 0 ? USER_NEWLY : USER_FIRST;
    }
    if (!is_kept_out(before))
        return USER_CHANGES;
    return after->accepted > 0 ? USER_GETS_IN : USER_NOT_SEEN;
}

static struct sender_figures sender_figures(const struct queries_rows *rows)
{
    return (struct sender_figures){.connections = queries_number(rows, "connections"),
                                   .encrypted = queries_number(rows, "encrypted"),
                                   .logins = queries_number(rows, "logins"),
                                   .refused = queries_number(rows, "refused"),
                                   .unquoted = queries_number(rows, "unquoted"),
                                   .unquoted_refused = queries_number(rows, "unquoted_refused"),
                                   .quoted = queries_number(rows, "quoted"),
                                   .bare = queries_number(rows, "bare"),
                                   .last_unquoted_ns = queries_number(rows, "last_unquoted_ns"),
                                   .first_quoted_ns = queries_number(rows, "first_quoted_ns")};
}

static struct user_figures user_figures(const struct queries_rows *rows)
{
    return (struct user_figures){.logins = queries_number(rows, "logins"),
                                 .accepted = queries_number(rows, "accepted"),
                                 .refused = queries_number(rows, "refused"),
                                 .broken_refused = queries_number(rows, "broken_refused")};
}

static bool pass_senders(struct merge *merge, const struct compare_receiver *receiver, void *user,
                         struct compared *compared)
{
    bool good = true;

    while (good && (merge->more_before || merge->more_after)) {
        int side = merge_side(merge);
        const struct queries_rows *known = side <= 0 ? merge->before : merge->after;
        struct compared_sender sender = {.client = queries_text(known, "client_ip"),
                                         .server = queries_text(known, "server_ip"),
                                         .product = queries_text(known, "server_product")};

        if (side <= 0)
            sender.before = sender_figures(merge->before);
        if (side >= 0)
            sender.after = sender_figures(merge->after);
        sender.change = judge_sender(&sender.before, &sender.after);
        if (sender.change != SENDER_CHANGES) {
            compared->senders[sender.change]++;
            good = receiver->sender(user, &sender);
        }
        merge_step(merge, side);
    }
    return good;
}

static bool pass_users(struct merge *merge, const struct compare_receiver *receiver, void *user,
                       struct compared *compared)
{
    bool good = true;

    while (good && (merge->more_before || merge->more_after)) {
        int side = merge_side(merge);
        const struct queries_rows *known = side <= 0 ? merge->before : merge->after;
        struct compared_user row = {.name = queries_text(known, "username"),
                                    .server = queries_text(known, "server_ip"),
                                    .product = queries_text(known, "server_product")};

        if (side <= 0)
            row.before = user_figures(merge->before);
        if (side >= 0)
            row.after = user_figures(merge->after);
        row.change = judge_user(&row.before, &row.after);
        if (row.change != USER_CHANGES) {
            compared->users[row.change]++;
            good = receiver->user(user, &row);
        }
        merge_step(merge, side);
    }
    return good;
}

static bool read_side(struct queries *queries, struct compared_side *side)
{
    struct queries_rows *rows = queries_ask(queries, QUERIES_SIDE_TOTALS, 0, 0);
    bool read = queries_next(rows);

    if (read) {
        const char *source = queries_text(rows, "source");

        side->source = source != NULL ? strdup(source) : NULL;
        side->captures = queries_number(rows, "captures");
        side->unfinished = queries_number(rows, "unfinished");
        side->first_ns = queries_number(rows, "first_ns");
        side->last_ns = queries_number(rows, "last_ns");
        side->connections = queries_number(rows, "connections");
        side->encrypted = queries_number(rows, "encrypted");
        side->lost_octets = queries_number(rows, "lost_octets");
        side->logins = queries_number(rows, "logins");
        side->refused = queries_number(rows, "refused");
        side->unanswered = queries_number(rows, "unanswered");
        side->unquoted = queries_number(rows, "unquoted");
    }
    queries_end(rows);
    return read;
}

int64_t sender_last_unquoted(const struct compared_sender *sender)
{
    return sender->before.last_unquoted_ns > sender->after.last_unquoted_ns ? sender->before.last_unquoted_ns
                                                                            : sender->after.last_unquoted_ns;
}

int64_t sender_quoted_since(const struct compared_sender *sender)
{
    int64_t last = sender_last_unquoted(sender), first = sender->before.first_quoted_ns;

    if (first <= last)
        first = sender->after.first_quoted_ns;
    return last > 0 && first > last ? first : 0;
}

bool compare_run(struct queries *before, struct queries *after, const struct compare_receiver *receiver,
                 void *user, struct compared *compared)
{
    struct merge merge;
    bool good = read_side(before, &compared->before) && read_side(after, &compared->after);

    if (good) {
        good = merge_begin(&merge, before, after, QUERIES_SIDE_SENDERS, "client_ip", "server_ip") &&
               pass_senders(&merge, receiver, user, compared);
        merge_end(&merge);
    }
    if (good) {
        good = merge_begin(&merge, before, after, QUERIES_SIDE_USERS, "username", "server_ip") &&
               pass_users(&merge, receiver, user, compared);
        merge_end(&merge);
    }
    return good && queries_error(before) == NULL && queries_error(after) == NULL;
}

void compare_free(struct compared *compared)
{
    free(compared->before.source);
    free(compared->after.source);
    *compared = (struct compared){.before.name = NULL};
}
