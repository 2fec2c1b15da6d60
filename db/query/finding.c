/*
 * Rows of findings in the names of a common schema, a JSON object a line.
 */
#include "db/finding/finding.h"
#include "db/query/writer.h"

#include <stdlib.h>

static bool begin(struct query_writer *writer)
{
    (void)writer; /* that the columns are there was checked */
    return true;
}

static bool write_row(struct query_writer *writer, enum finding_schema schema)
{
    char *line = finding_line(schema, writer->statement);
    bool written = line != NULL && fputs(line, writer->out) != EOF && putc('\n', writer->out) != EOF;

    free(line);
    return written;
}

static bool eve_row(struct query_writer *writer)
{
    return write_row(writer, FINDING_EVE);
}

static bool ecs_row(struct query_writer *writer)
{
    return write_row(writer, FINDING_ECS);
}

static void free_nothing(struct query_writer *writer)
{
    (void)writer;
}

const struct query_format_functions query_format_eve = {begin, eve_row, begin, free_nothing};
const struct query_format_functions query_format_ecs = {begin, ecs_row, begin, free_nothing};
