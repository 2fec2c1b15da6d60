/*
 * Hashes one file after the other, a piece at a time. Pieces are small: an event of the analyzer waits for
 * one at most.
 */
#include "analyzer/recorder/hashing.h"

#include "analyzer/capture/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)128 * 1024)

struct hashing {
    const struct inputs *inputs;
    struct digest *digest;
    bool *wanted;   /* one an input */
    size_t current; /* the input that is hashed */
    uint64_t done;  /* octets of it */
    uint64_t done_before, total;
    uint8_t piece[PIECE];
};

struct hashing *hashing_new(const struct inputs *inputs, const struct outcome *outcomes)
{
    struct hashing *hashing = malloc(sizeof *hashing);

    if (hashing == NULL)
        return NULL;
    hashing->inputs = inputs;
    hashing->current = 0;
    hashing->done = hashing->done_before = hashing->total = 0;
    hashing->digest = digest_new();
    hashing->wanted = calloc(inputs->count + 1, sizeof *hashing->wanted);
    if (hashing->digest == NULL || hashing->wanted == NULL) {
        hashing_free(hashing);
        return NULL;
    }
    for (size_t i = 0; i < inputs->count; i++) {
        hashing->wanted[i] = !inputs->items[i].is_pipe && !inputs->items[i].grows &&
                             (outcomes[i].state == OUTCOME_PENDING || outcomes[i].unhashed);
        if (hashing->wanted[i])
            hashing->total += inputs->items[i].octets;
    }
    return hashing;
}

/* Whether the file is still what it was when it was opened. */
static bool is_unchanged(const struct input *input)
{
    struct stat about;

    return fstat(input->fd, &about) == 0 && (uint64_t)about.st_size == input->octets &&
           about.st_mtim.tv_sec == input->modified.tv_sec && about.st_mtim.tv_nsec == input->modified.tv_nsec;
}

static void go_on(struct hashing *hashing)
{
    digest_restart(hashing->digest);
    hashing->current++;
    hashing->done_before += hashing->done;
    hashing->done = 0;
}

bool hashing_step(struct hashing *hashing)
{
    struct input *input;
    ssize_t n;

    while (hashing->current < hashing->inputs->count && !hashing->wanted[hashing->current])
        hashing->current++;
    if (hashing->current == hashing->inputs->count)
        return false;
    input = &hashing->inputs->items[hashing->current];
    do
        n = pread(input->fd, hashing->piece, PIECE, (off_t)hashing->done);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        digest_feed(hashing->digest, hashing->piece, (size_t)n);
        hashing->done += (uint64_t)n;
        return true;
    }
    if (n == 0 && hashing->done == input->octets && is_unchanged(input))
        digest_finish(hashing->digest, input->sha256);
    go_on(hashing);
    return true;
}

uint64_t hashing_done(const struct hashing *hashing)
{
    return hashing->done_before + hashing->done;
}

uint64_t hashing_total(const struct hashing *hashing)
{
    return hashing->total;
}

void hashing_free(struct hashing *hashing)
{
    if (hashing == NULL)
        return;
    digest_free(hashing->digest);
    free(hashing->wanted);
    free(hashing);
}
