/*
 * Breaks sentences into lines.
 */
#include "analyzer/report/wrap.h"

#include "db/display.h"

#include <stdlib.h>
#include <string.h>

/* A sentence is broken so that it has at least this many columns. */
#define LEAST_COLUMNS 30

bool wrap_words(FILE *out, const char *words, size_t columns, size_t indent, size_t used)
{
    size_t length, taken;
    char *shown = display_escape(words, strlen(words), &length), *at = shown;

    if (shown == NULL)
        return false;
    if (columns < indent + LEAST_COLUMNS)
        columns = indent + LEAST_COLUMNS;
    while (display_width(at, strlen(at)) + used > columns) {
        size_t fits = display_fit(at, strlen(at), used < columns ? columns - used : 1, &taken);
        const char *space = memrchr(at, ' ', fits + 1);

        if (space == NULL)
            space = strchr(at, ' ');
        if (space == NULL)
            break;
        fprintf(out, "%.*s\n%*s", (int)(space - at), at, (int)indent, "");
        at += space - at + 1;
        used = indent;
    }
    fprintf(out, "%s\n", at);
    free(shown);
    return true;
}

char *words_of(words_say *say, const void *what, int which)
{
    char *words = NULL;
    size_t size;
    FILE *out = open_memstream(&words, &size);

    if (out != NULL)
        say(what, which, out);
    if (out != NULL && fclose(out) == 0)
        return words;
    free(words);
    return NULL;
}
