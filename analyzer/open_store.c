/*
 * Opens and closes the database for commands that write.
 */
#include "analyzer/open_store.h"

#include "dissector/rules.h"

#include <stdio.h>

static void tell(void *user, const char *sentence)
{
    (void)user;
    fprintf(stderr, "imaptap: %s\n", sentence);
}

struct store *open_store(const char *path, bool live)
{
    struct store_rule rules[IMAP_RULES];
    struct store *store;
    char why[1024];

    if (store_open_telling(&store, path, live, OPEN_STORE_BUSY_MS, tell, NULL, why, sizeof why) != STORE_OK) {
        fprintf(stderr, "imaptap: %s\n", why);
        return NULL;
    }
    if (store_notice(store) != NULL)
        fprintf(stderr, "imaptap: %s\n", store_notice(store));
    for (int i = 0; i < IMAP_RULES; i++) {
        const struct imap_rule_info *info = imap_rule_info((enum imap_rule)i);

        rules[i] = (struct store_rule){info->id,     info->severity, info->title,   info->reference,
                                       info->remedy, info->rfc2060,  info->rfc3501, info->rfc9051};
    }
    if (store_rules(store, rules, IMAP_RULES) != STORE_OK) {
        fprintf(stderr, "imaptap: %s\n", store_error(store));
        store_close(store, why, sizeof why);
        return NULL;
    }
    return store;
}

bool close_store(struct store *store)
{
    char why[1024];

    if (store_close(store, why, sizeof why) == STORE_OK)
        return true;
    fprintf(stderr, "imaptap: %s\n", why);
    return false;
}
