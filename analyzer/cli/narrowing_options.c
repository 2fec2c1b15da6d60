/*
 * Reads what a question is narrowed by.
 */
#include "analyzer/cli/narrowing_options.h"

#include "analyzer/cli/moment.h"
#include "db/network.h"

bool narrowing_time(const struct option_spec *option, void *at, const char *value)
{
    (void)option;
    return moment_parse(value, moment_now(), at);
}

bool narrowing_network(const struct option_spec *option, void *at, const char *value)
{
    struct network network;

    (void)option_text(option, at, value);
    return network_parse(value, &network);
}

int narrowing_check(const struct command *command, const struct query_parameters *parameters)
{
    if (parameters->since_ns >= parameters->until_ns)
        return usage_error(command, "--until is not after --since: nothing lies between");
    return -1;
}
