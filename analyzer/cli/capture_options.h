/*
 * What read and live have in common on the command line.
 */
#ifndef IMAPTAP_ANALYZER_CLI_CAPTURE_OPTIONS_H
#define IMAPTAP_ANALYZER_CLI_CAPTURE_OPTIONS_H

#include "analyzer/cli/options.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/pipeline/user_mask.h"
#include "analyzer/recorder/run_facts.h"

#define PORT_LIST_MAX 64

struct port_list {
    const char *text; /* as given */
    uint16_t ports[PORT_LIST_MAX];
    size_t count;
};

struct capture_options {
    struct common_options common;
    struct port_list ports;
    bool verify_checksums, exit_code, mask_users, password_shape, require_sandbox;
    struct user_mask mask;
    struct run_facts run;
};

/* Reads numbers with commas between into a struct port_list. */
option_take capture_options_ports;

/* clang-format off */
#define CAPTURE_OPTION(member) .at = offsetof(struct capture_options, member)

/* The rows for the table of a command whose settings begin with struct capture_options. */
#define CAPTURE_OPTIONS                                                                                      \
    {"port", 'p', "LIST", "ports of IMAP servers, with commas", "143,993", capture_options_ports,            \
     CAPTURE_OPTION(ports), .takes = "port numbers with commas between", .group = "Analysis"},               \
    {"verify-checksums", .help = "drop TCP segments and IPv4 headers with a wrong checksum; off, because "   \
                                 "they are wrong in captures of a host that leaves them to its network card",\
     .take = option_set, CAPTURE_OPTION(verify_checksums)},                                                  \
    {"exit-code", .help = "exit with status 1 when a login breaks the grammar",                              \
     .take = option_set, CAPTURE_OPTION(exit_code)},                                                         \
    {"mask-users", .help = "replace the names of users and of NTLM's workstations by a keyed hash (the key " \
                           "lasts for this run)",                                                            \
     .take = option_set, CAPTURE_OPTION(mask_users), .group = "Privacy and safety"},                         \
    {"password-shape", .help = "also keep lengths, positions and counts of passwords; never octets",         \
     .take = option_set, CAPTURE_OPTION(password_shape)},                                                    \
    {"require-sandbox", .help = "read nothing when this kernel lacks seccomp or Landlock, which hold what "  \
                                "parses packets (imaptap --version names what it has)",                      \
     .take = option_set, CAPTURE_OPTION(require_sandbox)}
/* clang-format on */

/* options_parse, and before that what a run is. The same return values. */
int capture_options_parse(const struct command *command, int argc, char **argv,
                          struct capture_options *options);

/* Fills in what the analysis needs of them; it points into `options`. From here on this process leaves no
 * core file. Returns -1 to go on, else an exit status: why was said. */
int capture_options_settle(struct capture_options *options, struct pipeline_options *pipeline);

#endif
