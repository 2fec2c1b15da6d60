/*
 * Parameters are bound, never pasted into SQL.
 */
#include "db/query/parameters.h"
#include "db/network.h"

#include <jansson.h>
#include <string.h>

#define NAMES ":since, :until, :client, :server, :user and :rule"

/* The addresses of a column that lie in the network, as a JSON array: plain SQL can ask for each of them, and
 * so by an index. NULL: out of memory, or the database cannot be read. */
static char *addresses_in(sqlite3 *db, const char *sql, const struct network *network)
{
    json_t *addresses = json_array();
    sqlite3_stmt *statement = NULL;
    char *text = NULL;
    int rc = addresses != NULL ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;

    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *address = (const char *)sqlite3_column_text(statement, 0);

        rc = SQLITE_OK;
        if (address != NULL && network_holds(network, address) &&
            json_array_append_new(addresses, json_string(address)) != 0)
            rc = SQLITE_NOMEM;
    }
    if (rc == SQLITE_DONE)
        text = json_dumps(addresses, JSON_COMPACT);
    (void)sqlite3_finalize(statement);
    json_decref(addresses);
    return text;
}

static int bind_network(sqlite3_stmt *statement, int index, const char *sql, const char *text)
{
    struct network network;
    char *json;
    int rc;

    if (text == NULL)
        return sqlite3_bind_null(statement, index);
    if (!network_parse(text, &network))
        return SQLITE_MISMATCH;
    json = addresses_in(sqlite3_db_handle(statement), sql, &network);
    if (json == NULL)
        return SQLITE_ERROR;
    rc = sqlite3_bind_text(statement, index, json, -1, SQLITE_TRANSIENT);
    free(json);
    return rc;
}

int parameters_bind_clients(sqlite3_stmt *statement, int index, const char *network)
{
    return bind_network(statement, index, "SELECT DISTINCT client_ip FROM main.connections", network);
}

int parameters_bind_servers(sqlite3_stmt *statement, int index, const char *network)
{
    return bind_network(statement, index, "SELECT DISTINCT server_ip FROM main.connections", network);
}

static int bind_time(sqlite3_stmt *statement, int index, int64_t time_ns, int64_t none)
{
    return time_ns == none ? sqlite3_bind_null(statement, index)
                           : sqlite3_bind_int64(statement, index, time_ns);
}

/* SQLITE_NOTFOUND: there is no parameter of this name. */
static int bind_one(sqlite3_stmt *statement, int index, const struct query_parameters *parameters)
{
    const char *name = sqlite3_bind_parameter_name(statement, index);

    if (name == NULL)
        return SQLITE_NOTFOUND;
    if (strcmp(name, ":since") == 0)
        return bind_time(statement, index, parameters->since_ns, INT64_MIN);
    if (strcmp(name, ":until") == 0)
        return bind_time(statement, index, parameters->until_ns, INT64_MAX);
    if (strcmp(name, ":client") == 0)
        return parameters_bind_clients(statement, index, parameters->client);
    if (strcmp(name, ":server") == 0)
        return parameters_bind_servers(statement, index, parameters->server);
    if (strcmp(name, ":user") == 0)
        return sqlite3_bind_text(statement, index, parameters->user, -1, SQLITE_STATIC);
    if (strcmp(name, ":rule") == 0)
        return sqlite3_bind_text(statement, index, parameters->rule, -1, SQLITE_STATIC);
    return SQLITE_NOTFOUND;
}

static bool names(sqlite3_stmt *statement, const char *parameter, const char *value, char *why,
                  size_t why_size)
{
    if (value == NULL || sqlite3_bind_parameter_index(statement, parameter) > 0)
        return true;
    (void)snprintf(why, why_size, "this SQL does not take --%s: there is no %s in it", parameter + 1,
                   parameter);
    return false;
}

bool parameters_bind(sqlite3_stmt *statement, const struct query_parameters *parameters, char *why,
                     size_t why_size)
{
    int count = sqlite3_bind_parameter_count(statement);

    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        int rc = bind_one(statement, i, parameters);

        if (rc == SQLITE_OK)
            continue;
        if (rc == SQLITE_NOTFOUND)
            (void)snprintf(why, why_size, "SQL: the parameter %s is not known: there are " NAMES,
                           name != NULL ? name : "?");
        else if (rc == SQLITE_MISMATCH)
            (void)snprintf(why, why_size, "%s must be an address or a network", name);
        else
            (void)snprintf(why, why_size, "cannot give %s its value: %s", name,
                           sqlite3_errmsg(sqlite3_db_handle(statement)));
        return false;
    }
    return names(statement, ":client", parameters->client, why, why_size) &&
           names(statement, ":server", parameters->server, why, why_size) &&
           names(statement, ":user", parameters->user, why, why_size) &&
           names(statement, ":rule", parameters->rule, why, why_size);
}
