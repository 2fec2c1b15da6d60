/* Findings for programs: one object, its findings one a line. */
#include "analyzer/lint/print/json.h"

#include <inttypes.h>
#include <string.h>

static void begin(struct print *print)
{
    fputs("{\"findings\": [", print->out);
}

static void finding(struct print *print, const struct lint_finding *found)
{
    const struct imap_rule_info *rule = found->rule;
    json_t *item = json_pack("{s:o, s:I, s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:s, s:s, s:o}", "file",
                             json_text((struct imap_text){found->file, strlen(found->file)}), "line",
                             (json_int_t)found->place.line, "column", (json_int_t)found->place.column, "rule",
                             rule->id, "severity", rule->severity, "argument",
                             lint_argument(found->violation->argument), "title", rule->title, "username",
                             json_text(found->username), "octets", json_octets(found->violation), "command",
                             found->masked, "caret", (json_int_t)found->caret, "reference", rule->reference,
                             "remedy", rule->remedy, "corrected", json_text(found->corrected));

    if (item != NULL && print->servers && json_object_set_new(item, "servers", json_servers(found)) != 0) {
        json_decref(item);
        item = NULL;
    }
    json_item(print, item);
}

static void end(struct print *print, const struct lint_result *result, bool unread)
{
    fprintf(print->out,
            "\n], \"logins\": %" PRIu64 ", \"violations\": %" PRIu64 ", \"hints\": %" PRIu64
            ", \"complete\": %s}\n",
            result->logins, result->violations, result->hints, unread ? "false" : "true");
}

const struct printer printer_json = {"json", begin, finding, end};
