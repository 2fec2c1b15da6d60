/*
 * Two temporary views, which look through a temporary table of one row.
 */
#include "db/query/narrowing.h"

#include "db/query/parameters.h"
#include "db/query/time_window.h"

#include <stdlib.h>

/* Lists of addresses are asked for once, not for each row. */
#define ENDS                                                                                                 \
    "((SELECT client FROM temp.narrowed) IS NULL"                                                            \
    "  OR client_ip IN (SELECT value FROM json_each((SELECT client FROM temp.narrowed))))"                   \
    " AND ((SELECT server FROM temp.narrowed) IS NULL"                                                       \
    "  OR server_ip IN (SELECT value FROM json_each((SELECT server FROM temp.narrowed))))"
#define OF_USER " username = (SELECT user FROM temp.narrowed) COLLATE NOCASE"

static const char table_sql[] = "CREATE TEMP TABLE narrowed (client TEXT, server TEXT, user TEXT)";
static const char insert_sql[] = "INSERT INTO temp.narrowed (client, server, user) VALUES (?1, ?2, ?3)";

/* %s: what holds the window, "main." or "temp.windowed_". */
static const char views_sql[] = "CREATE TEMP VIEW logins AS SELECT * FROM %slogins"
                                " WHERE ((SELECT user FROM temp.narrowed) IS NULL OR" OF_USER ")"
                                " AND ((SELECT client IS NULL AND server IS NULL FROM temp.narrowed)"
                                "  OR connection_id IN (SELECT id FROM main.connections WHERE " ENDS "));"
                                "CREATE TEMP VIEW connections AS SELECT * FROM %sconnections WHERE " ENDS
                                " AND ((SELECT user FROM temp.narrowed) IS NULL"
                                "  OR id IN (SELECT connection_id FROM %slogins WHERE" OF_USER ")"
                                "  OR id NOT IN (SELECT connection_id FROM %slogins));";

bool narrowing_is_any(const struct query_parameters *parameters)
{
    return parameters != NULL &&
           (parameters->since_ns != INT64_MIN || parameters->until_ns != INT64_MAX ||
            parameters->client != NULL || parameters->server != NULL || parameters->user != NULL);
}

static int keep_values(sqlite3 *db, const struct query_parameters *parameters)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_exec(db, table_sql, NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, insert_sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = parameters_bind_clients(statement, 1, parameters->client);
    if (rc == SQLITE_OK)
        rc = parameters_bind_servers(statement, 2, parameters->server);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 3, parameters->user, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK && sqlite3_step(statement) != SQLITE_DONE)
        rc = sqlite3_errcode(db);
    (void)sqlite3_finalize(statement);
    return rc;
}

static int make_views(sqlite3 *db, const char *from)
{
    char *sql = sqlite3_mprintf(views_sql, from, from, from, from);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(db, sql, NULL, NULL, NULL);

    sqlite3_free(sql);
    return rc;
}

int narrowing_apply(sqlite3 *db, const struct query_parameters *parameters)
{
    bool window = parameters->since_ns != INT64_MIN || parameters->until_ns != INT64_MAX;
    int rc = SQLITE_OK;

    if (parameters->client == NULL && parameters->server == NULL && parameters->user == NULL)
        return time_window_narrow(db, parameters->since_ns, parameters->until_ns);
    if (window)
        rc = time_window_judge(db, parameters->since_ns, parameters->until_ns);
    if (rc == SQLITE_OK)
        rc = keep_values(db, parameters);
    if (rc == SQLITE_OK)
        rc = make_views(db, window ? "temp.windowed_" : "main.");
    return rc == SQLITE_OK ? time_window_make_views(db) : rc;
}
