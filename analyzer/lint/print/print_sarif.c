/* Findings for code scanning: SARIF 2.1.0. There is no snippet and no artifact content: both may be secret.
 */
#include "analyzer/lint/print/json.h"
#include "analyzer/lint/show.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* SARIF section 3.27.10; what is no error or warning is a note. */
static const char *level_of(const struct imap_rule_info *rule)
{
    if (strcmp(rule->severity, "error") == 0 || strcmp(rule->severity, "warning") == 0)
        return rule->severity;
    return "note";
}

static json_t *rule_of(const struct imap_rule_info *rule)
{
    return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s, s:s, s:s}}", "id", rule->id,
                     "shortDescription", "text", rule->title, "help", "text", rule->remedy,
                     "defaultConfiguration", "level", level_of(rule), "properties", "reference",
                     rule->reference, "rfc2060", rule->rfc2060, "rfc3501", rule->rfc3501, "rfc9051",
                     rule->rfc9051);
}

static void begin(struct print *print)
{
    fputs("{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\",\n"
          "\"runs\": [{\"columnKind\": \"unicodeCodePoints\",\n"
          "\"tool\": {\"driver\": {\"name\": \"imaptap\", \"version\": \"" IMAPTAP_VERSION "\", \"rules\": [",
          print->out);
    for (int i = 0; i < IMAP_RULES; i++) {
        print->printed = (uint64_t)i;
        json_item(print, rule_of(imap_rule_info((enum imap_rule)i)));
    }
    json_item(print, rule_of(&lint_hint));
    print->printed = 0;
    fputs("\n]}},\n\"results\": [", print->out);
}

/* RFC 3986: every octet but the unreserved ones and the slash is escaped; an absolute path becomes a URI. */
static json_t *uri_of(const char *file)
{
    char *string = NULL;
    size_t size;
    FILE *out = open_memstream(&string, &size);
    json_t *uri;

    if (out == NULL)
        return NULL;
    if (*file == '/')
        fputs("file://", out);
    for (const unsigned char *at = (const unsigned char *)file; *at != '\0'; at++)
        fprintf(out, *at < 0x80 && (isalnum(*at) || strchr("/-._~", *at) != NULL) ? "%c" : "%%%02X", *at);
    uri = fclose(out) == 0 ? json_string(string) : NULL;
    free(string);
    return uri;
}

static json_t *message_of(const struct lint_finding *found)
{
    char *string = NULL;
    size_t size;
    FILE *out = open_memstream(&string, &size);
    json_t *message;

    if (out == NULL)
        return NULL;
    fprintf(out, "%s: %s. %s.", found->rule->title, found->masked, found->rule->remedy);
    if (found->corrected.octets != NULL) {
        fputs(" Corrected: ", out);
        show_text(out, found->corrected);
    }
    message = fclose(out) == 0 ? json_string(string) : NULL;
    free(string);
    return message;
}

static void finding(struct print *print, const struct lint_finding *found)
{
    json_t *item = json_pack(
        "{s:s, s:I, s:s, s:{s:o}, s:[{s:{s:{s:o}, s:{s:I, s:I}}}], s:{s:s, s:o, s:s, s:o, s:s}}", "ruleId",
        found->rule->id, "ruleIndex", (json_int_t)lint_rule_number(found), "level", level_of(found->rule),
        "message", "text", message_of(found), "locations", "physicalLocation", "artifactLocation", "uri",
        uri_of(found->file), "region", "startLine", (json_int_t)found->place.line, "startColumn",
        (json_int_t)found->place.column, "properties", "argument", lint_argument(found->violation->argument),
        "octets", json_octets(found->violation), "command", found->masked, "corrected",
        json_text(found->corrected), "reference", found->rule->reference);

    if (item != NULL && print->servers &&
        json_object_set_new(json_object_get(item, "properties"), "servers", json_servers(found)) != 0) {
        json_decref(item);
        item = NULL;
    }
    json_item(print, item);
}

static void end(struct print *print, const struct lint_result *result, bool unread)
{
    (void)result;
    fprintf(print->out, "\n],\n\"invocations\": [{\"executionSuccessful\": %s}]}]}\n",
            unread ? "false" : "true");
}

const struct printer printer_sarif = {"sarif", begin, finding, end};
