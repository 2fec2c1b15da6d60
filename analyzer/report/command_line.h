/*
 * The command line of a finding, rebuilt from the database as a reader may see it: ASCII, octets that are not
 * printable as \xNN, a password always ********; with the place of the fault.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_COMMAND_LINE_H
#define IMAPTAP_ANALYZER_REPORT_COMMAND_LINE_H

#include "analyzer/report/queries/queries.h"

/* Columns of a line; a longer one is shown around its fault, with [...] for what is left out. */
#define COMMAND_LINE_COLUMNS 100

struct command_line {
    char *text;
    size_t caret; /* column of the fault, from 0 */
    size_t width; /* columns that the octet at fault takes; 0: the fault is between octets, or not in one */
    char beside[160]; /* what stands beside the caret, e.g. "* in the password"; may be empty */
};

/* Of the row of QUERIES_FINDINGS or QUERIES_WORST. False: out of memory. Free it in either case. */
bool command_line_make(const struct queries_rows *rows, struct command_line *line);
void command_line_free(struct command_line *line);

/* Room for a display filter. */
#define FILTER_OCTETS 256

/* Writes display filters as Wireshark and tshark take them: for the frame alone, and for the whole
 * connection. */
void filter_of_frame(const struct queries_rows *rows, char filter[FILTER_OCTETS]);
void filter_of_connection(const struct queries_rows *rows, char filter[FILTER_OCTETS]);

#endif
