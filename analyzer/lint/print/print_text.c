/* Findings for people: as compilers show theirs, with a caret under the octet. */
#include "analyzer/lint/print/print.h"
#include "analyzer/lint/servers.h"
#include "analyzer/lint/show.h"

#include <inttypes.h>

static void begin(struct print *print)
{
    (void)print;
}

static void print_octets(FILE *out, const struct imap_violation *violation)
{
    for (unsigned i = 0; i < violation->octet_count; i++) {
        if (i > 0)
            fputs(i + 1U == violation->octet_count ? " and " : ", ", out);
        else
            putc(' ', out);
        show_octet(out, violation->octets[i]);
    }
    if (violation->rule == IMAP_RULE_MISSING_ARGUMENT)
        fprintf(out, " the %s is missing", lint_argument(violation->argument));
    else if (violation->argument == IMAP_ARG_PASSWORD || violation->argument == IMAP_ARG_INITIAL_RESPONSE)
        fprintf(out, " in the %s", lint_argument(violation->argument));
}

static void print_servers(FILE *out, const struct lint_finding *finding)
{
    static const struct {
        enum server_answer answer;
        const char *words;
    } parts[] = {
        {SERVER_ACCEPTS, "accepted by"}, {SERVER_REFUSES, "refused by"}, {SERVER_UNKNOWN, "not known of"}};
    const char *between = "  Servers: ";

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *comma = parts[i].words;

        for (unsigned server = 0; server < SERVERS; server++) {
            if (server_answer(server, finding) != parts[i].answer)
                continue;
            fprintf(out, "%s%s %s", between, comma, server_name(server));
            between = "";
            comma = ",";
        }
        if (*between == '\0')
            between = "; ";
    }
    putc('\n', out);
}

static void finding(struct print *print, const struct lint_finding *found)
{
    FILE *out = print->out;

    fprintf(out, "%s%s:%zu:%zu: %s: %s [%s]\n", print->printed > 0 ? "\n" : "", found->file,
            found->place.line, found->place.column, found->rule->severity, found->rule->title,
            found->rule->id);
    fprintf(out, "    %s\n    %*s^", found->masked, (int)found->caret, "");
    print_octets(out, found->violation);
    fprintf(out, "\n  Reference: %s\n  Remedy: %s\n", found->rule->reference, found->rule->remedy);
    if (found->corrected.octets != NULL) {
        fputs("  Corrected: ", out);
        show_text(out, found->corrected);
        putc('\n', out);
    }
    if (print->servers)
        print_servers(out, found);
}

static void print_count(FILE *out, uint64_t count, const char *what)
{
    fprintf(out, "%" PRIu64 " %s%s", count, what, count == 1 ? "" : "s");
}

static void end(struct print *print, const struct lint_result *result, bool unread)
{
    FILE *out = print->out;

    (void)unread;
    if (print->printed > 0)
        putc('\n', out);
    if (result->logins == 0) {
        fputs("No LOGIN and no AUTHENTICATE was found: nothing was judged.\n", out);
        return;
    }
    print_count(out, result->logins, "login");
    fputs(" judged: ", out);
    print_count(out, result->violations, "violation");
    fputs(", ", out);
    print_count(out, result->hints, "hint");
    fputs(".\n", out);
}

const struct printer printer_text = {"text", begin, finding, end};
