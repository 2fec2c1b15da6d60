/*
 * A finding (a row of the view `findings`) as others want to read it: a line of JSON in the names of a common
 * schema, or one sentence for a log.
 */
#ifndef IMAPTAP_DB_FINDING_FINDING_H
#define IMAPTAP_DB_FINDING_FINDING_H

#include <sqlite3.h>
#include <stdbool.h>

enum finding_schema {
    FINDING_EVE, /* Suricata's eve.json; what only imaptap knows is under the key `imaptap` */
    FINDING_ECS  /* Elastic Common Schema */
};

/* How urgent, as the rule's severity. */
enum finding_severity { FINDING_ERROR, FINDING_WARNING, FINDING_INFO };

/* Reads "eve" or "ecs". */
bool finding_schema_parse(const char *name, enum finding_schema *schema);

/* The name of a column that a finding needs and the statement's rows do not have; NULL: they have all. */
const char *finding_missing_column(sqlite3_stmt *rows);

/* The row as one JSON object on one line, without a line's end; free it with free. Everything outside ASCII,
 * and all that a terminal would act on, is escaped. NULL: out of memory. */
char *finding_line(enum finding_schema schema, sqlite3_stmt *row);

/* The row as one stable line of `name=value` pairs, with text from the wire in quotes and escaped; free it
 * with free. NULL: out of memory. */
char *finding_sentence(sqlite3_stmt *row);

enum finding_severity finding_severity(sqlite3_stmt *row);

#endif
