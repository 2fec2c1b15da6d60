/*
 * Rows made by hand: written through plain SQL.
 */
#include "tests/unit/db/hand_made.h"

#include "db/judgement/judgement.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const char emptying[] =
    "DELETE FROM violations; DELETE FROM logins; DELETE FROM connections; DELETE FROM captures;"
    "INSERT INTO captures (id, source, kind, packets, bytes, state) VALUES (1, 'a.pcap', 'file', 1, 1, "
    "'complete');";

static const char * or (const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void add_violations(sqlite3_str *sql, size_t id, const char *rules)
{
    for (const char *rule = rules; rule != NULL; rule = strchr(rule, ';')) {
        char name[40], argument[20], octets[20] = "";
        int position = -1;

        rule += *rule == ';';
        assert_true(sscanf(rule, "%39[^ ;] %19[^ ;] %19[^ ;] %d", name, argument, octets, &position) >= 2);
        sqlite3_str_appendf(
            sql,
            "INSERT OR IGNORE INTO rules VALUES (%Q, 'error', 'title', 'RFC', 'remedy', 'yes', 'yes', 'yes');"
            "INSERT INTO violations (login_id, rule, argument, position, count, octets)"
            " VALUES (%d, %Q, %Q, nullif(%d, -1), iif(%d < 0, NULL, 1), nullif(%Q, ''));",
            name, (int)id, name, argument, position, position, octets);
    }
}

static void add_row(sqlite3_str *sql, size_t id, const struct hand_made *row)
{
    sqlite3_str_appendf(
        sql,
        "INSERT INTO connections (id, capture_id, client_ip, client_port, server_ip, server_port,"
        " server_product, server_ident, capabilities, encryption, midstream, one_sided, not_imap, "
        "lost_octets)"
        " VALUES (%d, 1, %Q, 40000, %Q, %d, %Q, %Q, %Q, %Q, 0, 0, %d, 0);",
        (int)id, or (row->client, "c"), or (row->server, "s"), row->port != 0 ? row->port : 143, row->product,
        row->ident, row->capabilities, or (row->encryption, "none"), row->not_imap);
    if (row->username == NULL)
        return;
    sqlite3_str_appendf(
        sql,
        "INSERT INTO logins (id, connection_id, capture_id, time_ns, frame, command, mechanism, username,"
        " username_form, username_length, password_form, exposure, result, response_code, response_text, "
        "latency_ns, "
        "after_result, "
        "after_text, incomplete)"
        " VALUES (%d, %d, 1, 1700000000000000000 + %d * 1000000, %d, %Q, %Q, %Q, %Q, %d, %Q, %Q, %Q, %Q, %Q,"
        " iif(%d, %d * 1000000, NULL), iif(%d, 'BAD', NULL), %Q, 0);",
        (int)id, (int)id, row->at_ms, (int)id, row->mechanism != NULL ? "AUTHENTICATE" : "LOGIN",
        row->mechanism, row->username, or (row->form, "atom"), (int)strlen(row->username),
        or (row->password_form, "atom"), row->exposure, row->result, row->code, row->said,
        row->result != NULL, row->latency_ms != 0 ? row->latency_ms : 1, row->after != NULL, row->after);
    add_violations(sql, id, row->rules);
}

static void judge(const char *path)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(judgement_work_out(db, "main"), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void hand_made_put(struct fixture *fixture, const struct hand_made *rows, size_t count)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    char *text;

    if (!fixture_exists(fixture->path))
        fixture_close(fixture, fixture_open(fixture, false));
    sqlite3_str_appendall(sql, "BEGIN;");
    sqlite3_str_appendall(sql, emptying);
    for (size_t i = 0; i < count; i++)
        add_row(sql, i + 1, &rows[i]);
    sqlite3_str_appendall(sql, "COMMIT");
    text = sqlite3_str_finish(sql);
    assert_non_null(text);
    assert_string_equal(fixture_ask(fixture->path, text), "");
    sqlite3_free(text);
    judge(fixture->path);
}
