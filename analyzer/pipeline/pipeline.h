/*
 * The analyzer process's work: frames in, events out. Whoever starts it chooses where frames come from:
 * pipeline_files.h (files and pipes) or pipeline_live.h (interfaces).
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_PIPELINE_H
#define IMAPTAP_ANALYZER_PIPELINE_PIPELINE_H

#include "analyzer/pipeline/user_mask.h"
#include "analyzer/sandbox/rights.h"

/* Connections that are followed at a time. */
#define PIPELINE_MAX_CONNECTIONS 250000

struct pipeline_options {
    const uint16_t *ports; /* of IMAP servers */
    size_t port_count;
    bool detect; /* also follow what speaks IMAP on other ports */
    bool password_shape;
    bool verify_checksums;
    const struct mark *marks; /* beginnings to be looked for in pipes */
    size_t mark_count;
    bool hash;                      /* take the SHA-256 of whole captures */
    const struct user_mask *mask;   /* NULL: user names are kept */
    const struct rights_user *user; /* whom the process becomes when it is root; NULL: it stays who it is */
};

struct pipeline;

void pipeline_free(struct pipeline *pipeline);

#endif
