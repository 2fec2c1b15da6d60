/*
 * What the database holds of each capture: by what its file is known again, and how many rows rest on it.
 */
#ifndef IMAPTAP_DB_CAPTURE_INDEX_H
#define IMAPTAP_DB_CAPTURE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_index_entry {
    int64_t id;
    const char *source; /* path as it was given, or the interface */
    bool is_file;
    bool is_complete;               /* false: "running" or "failed", rows may be missing */
    int64_t size;                   /* octets of the file; -1: not known */
    int64_t read_ns;                /* when it was begun to be read; -1: not known */
    const char *sha256;             /* of the whole file; NULL: it was not hashed */
    const char *fingerprint;        /* of what it holds, unpacked; NULL: not known */
    const char *packed_fingerprint; /* of a compressed file; NULL: not known */
    int64_t connections, logins, findings;
};

/* Takes one; its texts are valid until it returns. False ends the listing. */
typedef bool capture_index_take(void *user, const struct capture_index_entry *holding);

/* Lists all captures by their number; the database is opened read-only and closed again. Returns 0, or -1 and
 * a sentence that names the path in `why`. */
int capture_index_list(const char *path, capture_index_take *take, void *user, char *why, size_t why_size);

#endif
