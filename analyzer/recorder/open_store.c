/*
 * Opens and closes the database for commands that write.
 */
#include "analyzer/recorder/open_store.h"

#include "db/database_file.h"
#include "dissector/rules.h"

#include <stdio.h>

/* `notice`: NULL, or is called with a sentence when something takes long. */
static int open_with_notice(struct store **opened, const char *path, bool live, int busy_ms,
                            store_report *notice, char *why, size_t why_size)
{
    struct store_rule rules[IMAP_RULES];
    struct store *store;
    int status = store_open_reporting(&store, path, live, busy_ms, notice, NULL, why, why_size);

    *opened = NULL;
    if (status != STORE_OK)
        return status;
    for (int i = 0; i < IMAP_RULES; i++) {
        const struct imap_rule_info *info = imap_rule_info((enum imap_rule)i);

        rules[i] = (struct store_rule){info->id,     info->severity, info->title,   info->reference,
                                       info->remedy, info->rfc2060,  info->rfc3501, info->rfc9051};
    }
    status = store_rules(store, rules, IMAP_RULES);
    if (status != STORE_OK) {
        char ignored[64];

        (void)snprintf(why, why_size, "%s", store_error(store));
        (void)store_close(store, ignored, sizeof ignored);
        return status;
    }
    *opened = store;
    return STORE_OK;
}

int open_store_within(struct store **opened, const char *path, bool live, int busy_ms, char *why,
                      size_t why_size)
{
    return open_with_notice(opened, path, live, busy_ms, NULL, why, why_size);
}

static void print_notice(void *user, const char *sentence)
{
    (void)user;
    fprintf(stderr, "imaptap: %s\n", sentence);
}

static struct store *open_saying(const char *path, bool live, bool quiet)
{
    struct store *store;
    char why[1024];

    if (open_with_notice(&store, path, live, OPEN_STORE_BUSY_MS, quiet ? NULL : print_notice, why,
                         sizeof why) != STORE_OK) {
        fprintf(stderr, "imaptap: %s\n", why);
        return NULL;
    }
    if (store_notice(store) != NULL && !quiet)
        fprintf(stderr, "imaptap: %s\n", store_notice(store));
    return store;
}

struct store *open_store(const char *path, bool live)
{
    return open_saying(path, live, false);
}

struct store *open_store_there(const char *path, bool quiet)
{
    char why[1024];
    enum database_file found = database_file_check(path, why, sizeof why);

    if (found == DATABASE_OURS || found == DATABASE_OLDER)
        return open_saying(path, false, quiet);
    if (found == DATABASE_EMPTY)
        (void)snprintf(why, sizeof why, "%s: the database is empty: name another one with --db", path);
    fprintf(stderr, "imaptap: %s\n", why);
    return NULL;
}

bool close_store(struct store *store)
{
    char why[1024];

    if (store_close(store, why, sizeof why) == STORE_OK)
        return true;
    fprintf(stderr, "imaptap: %s\n", why);
    return false;
}
