/*
 * Writing HTML: text made safe, skeletons with places to fill in, and the page's own style and script under a
 * Content-Security-Policy that allows nothing else.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_PAGE_HTML_H
#define IMAPTAP_ANALYZER_REPORT_PAGE_HTML_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Columns of a text from the wire that stand in one place of a page; the tables of report_tables hold it
 * whole. */
#define HTML_COLUMNS 120

/* Writes the text so that it is text in an element and in a quoted attribute, whatever it holds; what acts
 * without showing (controls, marks that reverse a line) is shown as \xNN or \uNNNN. NULL writes nothing.
 * False: out of memory. */
bool html_text(FILE *out, const char *text);

/* The same, cut to HTML_COLUMNS, with an ellipsis where something is left out. */
bool html_short(FILE *out, const char *text);

/* Writes `length` octets of a text that shows as it is (that of a struct command_line) in the same way. */
void html_octets(FILE *out, const char *text, size_t length);

/* Writes a time as "2026-11-24 02:22:51.005", in UTC. */
void html_time(FILE *out, int64_t time_ns);

/* A place of a skeleton, written {{name}}, and what fills it. */
struct html_place {
    const char *name;
    bool (*fill)(void *user, FILE *out); /* false: stop */
};

/* Writes the skeleton, each place filled; `places` ends with a NULL name. False: a fill said so, or the
 * skeleton has a place that is not listed. */
bool html_fill(FILE *out, const char *skeleton, const struct html_place *places, void *user);

/* The fills of {{policy}}, {{style}} and {{script}}, the same in every page. */
bool html_policy(void *user, FILE *out);
bool html_style(void *user, FILE *out);
bool html_script(void *user, FILE *out);

#endif
