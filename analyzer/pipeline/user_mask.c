/*
 * Replaces names by a keyed hash: HMAC-SHA-256, cut to 64 bits.
 */
#include "analyzer/pipeline/user_mask.h"

#include <nettle/hmac.h>
#include <stdio.h>
#include <sys/random.h>

int user_mask_new_key(struct user_mask *mask)
{
    return getrandom(mask->key, sizeof mask->key, 0) == sizeof mask->key ? 0 : -1;
}

struct imap_text user_mask_apply(const struct user_mask *mask, const char *kind, struct imap_text name,
                                 struct user_mask_text *room)
{
    struct hmac_sha256_ctx hmac;
    uint8_t digest[8];
    int length;

    if (name.octets == NULL || name.length == 0)
        return name;
    hmac_sha256_set_key(&hmac, sizeof mask->key, mask->key);
    hmac_sha256_update(&hmac, name.length, (const uint8_t *)name.octets);
    hmac_sha256_digest(&hmac, sizeof digest, digest);
    length = snprintf(room->text, sizeof room->text, "%s-%02x%02x%02x%02x%02x%02x%02x%02x", kind, digest[0],
                      digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
    return (struct imap_text){room->text, (size_t)length};
}
