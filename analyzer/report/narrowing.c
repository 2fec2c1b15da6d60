/*
 * One sentence for what --since, --until, --client, --server and --user left.
 */
#include "analyzer/report/narrowing.h"

#include "db/format_number.h"

void narrowing_say(const void *what, int which, FILE *out)
{
    const struct query_parameters *parameters = what;
    bool since = parameters->since_ns != INT64_MIN, until = parameters->until_ns != INT64_MAX;

    (void)which;
    fputs("Only what happened", out);
    if (since)
        fprintf(out, " since %s", format_time(parameters->since_ns).text);
    if (until)
        fprintf(out, "%s before %s", since ? " and" : "", format_time(parameters->until_ns).text);
    if (parameters->client != NULL)
        fprintf(out, " from %s", parameters->client);
    if (parameters->server != NULL)
        fprintf(out, " at %s", parameters->server);
    if (parameters->user != NULL)
        fprintf(out, " to the user %s", parameters->user);
    fputc('.', out);
}
