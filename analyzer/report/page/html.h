/*
 * Writing HTML: text made safe, skeletons with places to fill in, and the page's own style and script under a
 * Content-Security-Policy that allows nothing else.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_PAGE_HTML_H
#define IMAPTAP_ANALYZER_REPORT_PAGE_HTML_H

#include "analyzer/report/wrap.h"
#include "db/query.h"

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

/* Writes ". Only what happened ..." where the parameters narrow something (narrowing_say). False: out of
 * memory. */
bool html_narrowing(FILE *out, const struct query_parameters *parameters);

/* Writes a time as "2026-11-24 02:22:51.005", in UTC. */
void html_time(FILE *out, int64_t time_ns);

/* A place of a skeleton, written {{name}}, and what fills it. */
struct html_place {
    const char *name;
    bool (*fill)(void *user, FILE *out); /* false: stop */
};

struct html_page {
    const char *kind;                /* "report" */
    const char *contents;            /* the navigation; "": none */
    const char *body;                /* the skeleton of what follows the verdict */
    const struct html_place *places; /* those of the body, and {{word}}, {{source}}, {{verdict}}, {{footer}};
                                        ends with a NULL name */
    void *user;
};

/* Writes the frame that all pages have, and the body in it, each place filled. False: a fill said so, or
 * there is a place that is not listed. */
bool html_page(FILE *out, const struct html_page *page);

/* Writes the verdict's heading and lines; its element stays open. False: out of memory. */
bool html_verdict(FILE *out, const char *style, const char *word, words_say *say, const void *what);

#endif
