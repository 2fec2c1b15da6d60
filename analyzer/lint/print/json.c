/* What the JSON of both formats needs. */
#include "analyzer/lint/print/json.h"

#include "analyzer/lint/servers.h"
#include "analyzer/lint/show.h"

#include <stdlib.h>

json_t *json_text(struct imap_text text)
{
    json_t *value;
    char *shown;

    if (text.octets == NULL)
        return json_null();
    value = json_stringn(text.octets, text.length);
    if (value != NULL)
        return value;
    shown = show_string(text);
    value = shown != NULL ? json_string(shown) : NULL;
    free(shown);
    return value;
}

json_t *json_octets(const struct imap_violation *violation)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < violation->octet_count; i++) {
        char octet = (char)violation->octets[i];
        char *shown = show_string((struct imap_text){&octet, 1});

        if (shown == NULL || json_array_append_new(list, json_string(shown)) != 0) {
            json_decref(list);
            list = NULL;
        }
        free(shown);
    }
    return list;
}

json_t *json_servers(const struct lint_finding *finding)
{
    json_t *lists = json_object();

    for (int answer = 0; answer < SERVER_ANSWERS; answer++) {
        json_t *names = json_array();

        for (unsigned server = 0; server < SERVERS; server++)
            if (server_answer(server, finding) == (enum server_answer)answer)
                json_array_append_new(names, json_string(server_name(server)));
        json_object_set_new(lists, server_answer_name((enum server_answer)answer), names);
    }
    return lists;
}

void json_item(struct print *print, json_t *value)
{
    if (value == NULL) {
        print->failed = true;
        return;
    }
    fputs(print->printed > 0 ? ",\n" : "\n", print->out);
    if (json_dumpf(value, print->out, JSON_COMPACT | JSON_ENSURE_ASCII) != 0)
        print->failed = true;
    json_decref(value);
}
