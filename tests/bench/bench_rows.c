/*
 * bench_rows DATABASE [ROWS]: the truth as a database of imaptap's has it, to be compared with that of the
 * generator. ROWS takes the rows themselves. Hostile clients, whose rows nobody promised, have addresses of
 * 198.18.0.0/15 (RFC 2544).
 */
#include "tests/bench/truth.h"

#include <sqlite3.h>
#include <stdlib.h>

#define MAX_FIELDS 20
#define GOOD       " client_ip NOT LIKE '198.18.%' AND client_ip NOT LIKE '198.19.%'"

static const char connections_sql[] = "SELECT count(*) FROM connections WHERE" GOOD;
static const char logins_sql[] =
    "SELECT frame, time_ns, client_ip, client_port, server_ip, server_port, tag, command, username,"
    " username_form, username_length, password_form, exposure, result, response_code, response_text, "
    "after_result, "
    "after_text"
    " FROM logins l JOIN connections c ON c.id = l.connection_id WHERE" GOOD " ORDER BY frame";
static const char violations_sql[] =
    "SELECT l.frame, v.rule, v.argument, v.position, v.count, v.octets FROM violations v"
    " JOIN logins l ON l.id = v.login_id JOIN connections c ON c.id = l.connection_id WHERE" GOOD
    " ORDER BY l.frame, v.rule, v.argument";

typedef void take_row(struct truth *truth, const char *const *fields, size_t count);

static void take_count(struct truth *truth, const char *const *fields, size_t count)
{
    (void)count;
    truth->connections = strtoull(fields[0], NULL, 10);
}

static int ask(sqlite3 *db, const char *sql, take_row *take, struct truth *truth)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        const char *fields[MAX_FIELDS];
        int count = sqlite3_column_count(statement);

        rc = sqlite3_step(statement);
        for (int i = 0; rc == SQLITE_ROW && i < count; i++)
            fields[i] = (const char *)sqlite3_column_text(statement, i);
        if (rc == SQLITE_ROW)
            take(truth, fields, (size_t)count);
    }
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int main(int argc, char **argv)
{
    struct truth truth;
    FILE *rows = NULL;
    sqlite3 *db = NULL;
    int rc;

    if (argc < 2 || (argc > 2 && (rows = fopen(argv[2], "w")) == NULL)) {
        fputs("usage: bench_rows DATABASE [ROWS]\n", stderr);
        return 2;
    }
    truth_start(&truth, rows);
    rc = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL);
    if (rc == SQLITE_OK)
        rc = ask(db, connections_sql, take_count, &truth);
    if (rc == SQLITE_OK)
        rc = ask(db, logins_sql, truth_login, &truth);
    if (rc == SQLITE_OK)
        rc = ask(db, violations_sql, truth_violation, &truth);
    if (rc != SQLITE_OK)
        fprintf(stderr, "bench_rows: %s: %s\n", argv[1],
                db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    (void)sqlite3_close(db);
    if (rows != NULL && fclose(rows) != 0)
        rc = SQLITE_IOERR;
    if (rc != SQLITE_OK)
        return 1;
    truth_write(&truth, stdout);
    return 0;
}
