/*
 * Replaces names of users and of their machines by a keyed hash, so that findings can be handed over without
 * showing who is concerned. The same name under the same key always becomes the same text; without the key
 * nobody can try names.
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_USER_MASK_H
#define IMAPTAP_ANALYZER_PIPELINE_USER_MASK_H

#include "dissector/login.h"

struct user_mask {
    uint8_t key[32];
};

/* Room for one masked name. */
struct user_mask_text {
    char text[40];
};

/* Fills a key that is known to nobody and lasts as long as the process. Returns 0, or -1. */
int user_mask_new_key(struct user_mask *mask);

/* The masked form of `name`, which stands in `room`: the kind of name, "user" or "host", "-" and 16
 * hexadecimal digits. A missing name stays missing, an empty one empty. */
struct imap_text user_mask_apply(const struct user_mask *mask, const char *kind, struct imap_text name,
                                 struct user_mask_text *room);

#endif
