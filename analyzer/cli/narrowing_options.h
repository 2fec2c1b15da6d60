/*
 * Options that narrow a question: a window of time, clients, servers, a user.
 */
#ifndef IMAPTAP_ANALYZER_CLI_NARROWING_OPTIONS_H
#define IMAPTAP_ANALYZER_CLI_NARROWING_OPTIONS_H

#include "analyzer/cli/options.h"
#include "db/query.h"

/* A time in nanoseconds since 1970 UTC, in an int64_t; a network, as text. */
option_take narrowing_time, narrowing_network;

#define NARROWING_TIME    "a time as 2026-11-24 or 2026-11-24T02:22:51Z, or an age as 90d or 24h"
#define NARROWING_NETWORK "an address or a network as 192.0.2.0/24"

/* clang-format off */
/* The rows for the table of a command; `parameters` is where in its settings the struct query_parameters lies, which
 * begins as QUERY_NO_PARAMETERS. */
#define NARROWING_OPTIONS(parameters)                                                                        \
    {"since", .argument = "TIME",                                                                            \
     .help = "what happened at or after TIME: 2026-11-24, 2026-11-24T02:22:51Z (UTC where no zone stands), " \
             "or so long ago: 90d, 24h, 30m",                                                                \
     .take = narrowing_time, .at = (parameters) + offsetof(struct query_parameters, since_ns),               \
     .takes = NARROWING_TIME, .group = "Narrowing"},                                                         \
    {"until", .argument = "TIME", .help = "what happened before TIME", .take = narrowing_time,               \
     .at = (parameters) + offsetof(struct query_parameters, until_ns), .takes = NARROWING_TIME},             \
    {"client", .argument = "NETWORK", .help = "of this client: an address, or a network as 192.0.2.0/24",    \
     .take = narrowing_network, .at = (parameters) + offsetof(struct query_parameters, client),              \
     .takes = NARROWING_NETWORK},                                                                            \
    {"server", .argument = "NETWORK", .help = "at this server", .take = narrowing_network,                   \
     .at = (parameters) + offsetof(struct query_parameters, server), .takes = NARROWING_NETWORK},            \
    {"user", .argument = "NAME", .help = "of this user", .take = option_text,                                \
     .at = (parameters) + offsetof(struct query_parameters, user)}
/* clang-format on */

/* Whether the window is one. Returns -1 to go on, else the status of a wrong usage, which was said. */
int narrowing_check(const struct command *command, const struct query_parameters *parameters);

#endif
