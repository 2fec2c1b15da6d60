/*
 * Findings as lines: in Suricata's names, in those of the Elastic Common Schema, and for a log.
 */
#include "db/finding/finding.h"

#include "db/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ECS_VERSION "8.11.0"

/* What a row must have. */
static const char *const columns[] = {
    "time",         "rule",           "severity",      "title",         "reference",     "remedy",
    "argument",     "position",       "count",         "octets",        "client_ip",     "client_port",
    "server_ip",    "server_port",    "community_id",  "vlan",          "tunnel",        "encryption",
    "command",      "mechanism",      "username",      "tag",           "username_form", "password_form",
    "exposure",     "result",         "response_code", "response_text", "refused",       "after_result",
    "after_text",   "server_product", "capture",       "frame",         "connection_id", "login_id",
    "violation_id",
};

bool finding_schema_parse(const char *name, enum finding_schema *schema)
{
    if (strcmp(name, "eve") == 0)
        *schema = FINDING_EVE;
    else if (strcmp(name, "ecs") == 0)
        *schema = FINDING_ECS;
    else
        return false;
    return true;
}

static int column_of(sqlite3_stmt *row, const char *name)
{
    int count = sqlite3_column_count(row);

    for (int i = 0; i < count; i++) {
        const char *here = sqlite3_column_name(row, i);

        if (here != NULL && strcmp(here, name) == 0)
            return i;
    }
    return -1;
}

const char *finding_missing_column(sqlite3_stmt *rows)
{
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (column_of(rows, columns[i]) < 0)
            return columns[i];
    return NULL;
}

/* NULL: the value is. */
static const char *text_of(sqlite3_stmt *row, const char *name)
{
    return (const char *)sqlite3_column_text(row, column_of(row, name));
}

static int64_t number_of(sqlite3_stmt *row, const char *name)
{
    return sqlite3_column_int64(row, column_of(row, name));
}

/* A new value; NULL: the database's is, or out of memory. */
static json_t *value_of(sqlite3_stmt *row, const char *name)
{
    int column = column_of(row, name);
    const char *text;
    size_t length;
    char *escaped;
    json_t *value;

    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        return NULL;
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(row, column));
    default:
        text = (const char *)sqlite3_column_text(row, column);
        if (text == NULL)
            return NULL;
        /* somebody may have written into the database what is no UTF-8 */
        escaped = text_escape(text, (size_t)sqlite3_column_bytes(row, column), &length);
        value = escaped == NULL ? NULL : json_stringn(escaped, length);
        sqlite3_free(escaped);
        return value;
    }
}

/* Sets object[key] to the column's value, and to nothing where that is NULL. */
static void put(json_t *object, const char *key, sqlite3_stmt *row, const char *column)
{
    json_t *value = value_of(row, column);

    if (value != NULL)
        (void)json_object_set_new(object, key, value);
}

static void put_text(json_t *object, const char *key, const char *text)
{
    (void)json_object_set_new(object, key, json_string(text));
}

/* --- Suricata --- */

/* The same number for all findings of a connection (FNV-1a of what names it), which any reader of JSON can
 * keep: 53 bits. */
static json_int_t flow_id(sqlite3_stmt *row)
{
    const char *id = text_of(row, "community_id");
    uint64_t hash = UINT64_C(14695981039346656037);
    int64_t connection = number_of(row, "connection_id");

    for (; id != NULL && *id != '\0'; id++)
        hash = (hash ^ (uint8_t)*id) * UINT64_C(1099511628211);
    for (unsigned shift = 0; shift < 64; shift += 8)
        hash = (hash ^ (uint8_t)((uint64_t)connection >> shift)) * UINT64_C(1099511628211);
    return (json_int_t)(hash >> 11);
}

/* As Suricata writes times: "2026-11-24T02:22:51.123456+0000", from "2026-11-24T02:22:51.123456Z". */
static void put_timestamp(json_t *event, sqlite3_stmt *row)
{
    const char *time = text_of(row, "time");
    char text[48] = "";

    if (time != NULL)
        (void)snprintf(text, sizeof text, "%.*s+0000", (int)strcspn(time, "Z"), time);
    put_text(event, "timestamp", text);
}

static json_t *eve(sqlite3_stmt *row)
{
    static const char *const ours[] = {
        "rule",       "severity",   "title",          "argument",      "position",      "count",
        "octets",     "username",   "username_form",  "password_form", "exposure",      "command",
        "mechanism",  "tag",        "result",         "response_code", "response_text", "after_result",
        "after_text", "encryption", "server_product", "vlan",          "tunnel",        "reference",
        "remedy",     "capture",    "frame",          "login_id",      "violation_id",
    };
    json_t *event = json_object(), *imaptap = json_object();

    put_timestamp(event, row);
    (void)json_object_set_new(event, "flow_id", json_integer(flow_id(row)));
    put_text(event, "event_type", "imaptap");
    put(event, "src_ip", row, "client_ip");
    put(event, "src_port", row, "client_port");
    put(event, "dest_ip", row, "server_ip");
    put(event, "dest_port", row, "server_port");
    put_text(event, "proto", "TCP");
    put_text(event, "app_proto", "imap");
    put(event, "community_id", row, "community_id");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        put(imaptap, ours[i], row, ours[i]);
    if (sqlite3_column_type(row, column_of(row, "refused")) != SQLITE_NULL)
        (void)json_object_set_new(imaptap, "refused", json_boolean(number_of(row, "refused")));
    (void)json_object_set_new(event, "imaptap", imaptap);
    return event;
}

/* --- Elastic --- */

static json_t *end_of(sqlite3_stmt *row, const char *ip, const char *port)
{
    json_t *end = json_object();

    put(end, "ip", row, ip);
    put(end, "port", row, port);
    return end;
}

static const char *outcome_of(sqlite3_stmt *row)
{
    if (sqlite3_column_type(row, column_of(row, "refused")) == SQLITE_NULL)
        return "unknown";
    return number_of(row, "refused") != 0 ? "failure" : "success";
}

static json_t *ecs(sqlite3_stmt *row)
{
    json_t *event = json_object(), *rule = json_object(), *user = json_object(), *network = json_object();

    put(event, "@timestamp", row, "time");
    (void)json_object_set_new(event, "event",
                              json_pack("{s:s, s:[s], s:s}", "kind", "alert", "category", "authentication",
                                        "outcome", outcome_of(row)));
    (void)json_object_set_new(event, "client", end_of(row, "client_ip", "client_port"));
    (void)json_object_set_new(event, "server", end_of(row, "server_ip", "server_port"));
    put(user, "name", row, "username");
    if (json_object_size(user) > 0)
        (void)json_object_set(event, "user", user);
    json_decref(user);
    put(rule, "id", row, "rule");
    put(rule, "name", row, "title");
    put(rule, "category", row, "severity");
    put(rule, "description", row, "remedy");
    put(rule, "reference", row, "reference");
    (void)json_object_set_new(event, "rule", rule);
    if (sqlite3_column_type(row, column_of(row, "exposure")) != SQLITE_NULL) {
        json_t *labels = json_object();

        put(labels, "exposure", row, "exposure");
        (void)json_object_set_new(event, "labels", labels);
    }
    put(network, "community_id", row, "community_id");
    if (json_object_size(network) > 0)
        (void)json_object_set(event, "network", network);
    json_decref(network);
    (void)json_object_set_new(event, "ecs", json_pack("{s:s}", "version", ECS_VERSION));
    return event;
}

char *finding_line(enum finding_schema schema, sqlite3_stmt *row)
{
    json_t *event = schema == FINDING_EVE ? eve(row) : ecs(row);
    char *line = event == NULL ? NULL : json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII);

    json_decref(event);
    return line;
}

/* --- a log --- */

/* Text from the wire as a string of JSON: in quotes, and nothing in it that a log or terminal acts on. */
static char *quoted(sqlite3_stmt *row, const char *name)
{
    json_t *value = value_of(row, name);
    char *text;

    if (value == NULL)
        return strdup("-");
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    json_decref(value);
    return text;
}

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

char *finding_sentence(sqlite3_stmt *row)
{
    char *user = quoted(row, "username"), *octets = quoted(row, "octets"), *sentence = NULL;

    if (user != NULL && octets != NULL)
        sentence = sqlite3_mprintf(
            "finding rule=%s severity=%s argument=%s octets=%s user=%s result=%s client=%s client_port=%lld "
            "server=%s server_port=%lld community_id=%s time=%s",
            or_dash(text_of(row, "rule")), or_dash(text_of(row, "severity")),
            or_dash(text_of(row, "argument")), octets, user, or_dash(text_of(row, "result")),
            or_dash(text_of(row, "client_ip")), (long long)number_of(row, "client_port"),
            or_dash(text_of(row, "server_ip")), (long long)number_of(row, "server_port"),
            or_dash(text_of(row, "community_id")), or_dash(text_of(row, "time")));
    free(user);
    free(octets);
    user = sentence == NULL ? NULL : strdup(sentence);
    sqlite3_free(sentence);
    return user;
}

enum finding_severity finding_severity(sqlite3_stmt *row)
{
    const char *severity = text_of(row, "severity");

    if (severity != NULL && strcmp(severity, "error") == 0)
        return FINDING_ERROR;
    return severity != NULL && strcmp(severity, "warning") == 0 ? FINDING_WARNING : FINDING_INFO;
}
