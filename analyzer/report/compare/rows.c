/*
 * Keeps rows of a comparison.
 */
#include "analyzer/report/compare/rows.h"

#include <stdlib.h>
#include <string.h>

/* A copy, NULL for NULL; *good becomes false when there is no memory. */
static char *copy(const char *text, bool *good)
{
    char *copied = text != NULL ? strdup(text) : NULL;

    *good = *good && (text == NULL || copied != NULL);
    return copied;
}

static bool keep_sender(void *user, const struct compared_sender *sender)
{
    struct compare_rows *rows = user;
    struct kept_sender *kept;
    bool good = true;

    if (rows->compared.senders[sender->change] > rows->most)
        return true;
    kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return false;
    kept->row = *sender;
    kept->row.client = copy(sender->client, &good);
    kept->row.server = copy(sender->server, &good);
    kept->row.product = copy(sender->product, &good);
    *rows->last_sender[sender->change] = kept;
    rows->last_sender[sender->change] = &kept->next;
    return good;
}

static bool keep_user(void *user, const struct compared_user *row)
{
    struct compare_rows *rows = user;
    struct kept_user *kept;
    bool good = true;

    if (rows->compared.users[row->change] > rows->most)
        return true;
    kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return false;
    kept->row = *row;
    kept->row.name = copy(row->name, &good);
    kept->row.server = copy(row->server, &good);
    kept->row.product = copy(row->product, &good);
    *rows->last_user[row->change] = kept;
    rows->last_user[row->change] = &kept->next;
    return good;
}

bool compare_rows_read(const struct compare_source *source, int64_t most, struct compare_rows *rows)
{
    static const struct compare_receiver receiver = {keep_sender, keep_user};

    *rows = (struct compare_rows){.most = most};
    rows->narrowing = source->narrowing;
    rows->compared.before.name = source->before_name;
    rows->compared.after.name = source->after_name;
    for (int i = 0; i < SENDER_CHANGES; i++)
        rows->last_sender[i] = &rows->senders[i];
    for (int i = 0; i < USER_CHANGES; i++)
        rows->last_user[i] = &rows->users[i];
    return compare_run(source->before, source->after, &receiver, rows, &rows->compared);
}

void compare_rows_free(struct compare_rows *rows)
{
    for (int i = 0; i < SENDER_CHANGES; i++)
        while (rows->senders[i] != NULL) {
            struct kept_sender *kept = rows->senders[i];

            rows->senders[i] = kept->next;
            free((char *)kept->row.client);
            free((char *)kept->row.server);
            free((char *)kept->row.product);
            free(kept);
        }
    for (int i = 0; i < USER_CHANGES; i++)
        while (rows->users[i] != NULL) {
            struct kept_user *kept = rows->users[i];

            rows->users[i] = kept->next;
            free((char *)kept->row.name);
            free((char *)kept->row.server);
            free((char *)kept->row.product);
            free(kept);
        }
    compare_free(&rows->compared);
}
