/*
 * The truth of a capture, row by row.
 */
#include "tests/bench/truth.h"

#include <string.h>

void truth_start(struct truth *truth, FILE *rows)
{
    memset(truth, 0, sizeof *truth);
    sha256_init(&truth->logins.digest);
    sha256_init(&truth->violations.digest);
    truth->rows = rows;
}

static void add(struct truth *truth, struct truth_rows *rows, const char *const *fields, size_t count)
{
    rows->count++;
    for (size_t i = 0; i < count; i++) {
        const char *field = fields[i] == NULL ? "\\N" : fields[i];
        const char *behind = i + 1 < count ? "\t" : "\n";

        sha256_update(&rows->digest, strlen(field), (const uint8_t *)field);
        sha256_update(&rows->digest, 1, (const uint8_t *)behind);
        if (truth->rows != NULL)
            fprintf(truth->rows, "%s%s", field, behind);
    }
}

void truth_login(struct truth *truth, const char *const *fields, size_t count)
{
    add(truth, &truth->logins, fields, count);
}

void truth_violation(struct truth *truth, const char *const *fields, size_t count)
{
    add(truth, &truth->violations, fields, count);
}

static void write_digest(struct sha256_ctx *digest, const char *name, FILE *out)
{
    uint8_t octets[SHA256_DIGEST_SIZE];

    sha256_digest(digest, sizeof octets, octets);
    fprintf(out, "%s ", name);
    for (size_t i = 0; i < sizeof octets; i++)
        fprintf(out, "%02x", octets[i]);
    fputc('\n', out);
}

void truth_write(struct truth *truth, FILE *out)
{
    fprintf(out, "connections %llu\n", (unsigned long long)truth->connections);
    fprintf(out, "logins %llu\n", (unsigned long long)truth->logins.count);
    fprintf(out, "violations %llu\n", (unsigned long long)truth->violations.count);
    write_digest(&truth->logins.digest, "logins-sha256", out);
    write_digest(&truth->violations.digest, "violations-sha256", out);
}
