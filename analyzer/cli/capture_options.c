/*
 * Parses and settles what read and live have in common.
 */
#include "analyzer/cli/capture_options.h"

#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool capture_options_ports(const struct option_spec *option, void *at, const char *value)
{
    struct port_list *list = at;
    char *end = NULL;

    (void)option;
    list->text = value;
    list->count = 0;
    for (;; value = end + 1) {
        unsigned long port = strtoul(value, &end, 10);

        if (*value < '0' || *value > '9' || port == 0 || port > 65535 || list->count == PORT_LIST_MAX)
            return false;
        list->ports[list->count++] = (uint16_t)port;
        if (*end != ',')
            return *end == '\0';
    }
}

int capture_options_parse(const struct command *command, int argc, char **argv,
                          struct capture_options *options)
{
    /* before the options are parsed, which puts them in front */
    if (run_facts_collect(&options->run, argc, argv, NULL) != 0) {
        fprintf(stderr, "imaptap: no random number is available for the run: %s\n", strerror(errno));
        return EXIT_UNREAD;
    }
    return options_parse(command, argc, argv, options);
}

int capture_options_settle(struct capture_options *options, struct pipeline_options *pipeline)
{
    pipeline->ports = options->ports.ports;
    pipeline->port_count = options->ports.count;
    pipeline->verify_checksums = options->verify_checksums;
    pipeline->password_shape = options->password_shape;
    sandbox_forbid_core_files();
    if (!sandbox_suffice(options->require_sandbox, stderr))
        return EXIT_UNREAD;
    if (!options->mask_users)
        return -1;
    if (user_mask_new_key(&options->mask) != 0) {
        fputs("imaptap: no random key is available to mask user names\n", stderr);
        return EXIT_UNREAD;
    }
    pipeline->mask = &options->mask;
    return -1;
}
