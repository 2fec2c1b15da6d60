/* Writes octets in a form that a terminal can take. */
#include "analyzer/lint/show.h"

#include <stdlib.h>

size_t show_octet(FILE *out, uint8_t octet)
{
    static const char *const names[] = {['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r"};

    if (octet < sizeof names / sizeof names[0] && names[octet] != NULL) {
        fputs(names[octet], out);
        return 2;
    }
    if (octet >= ' ' && octet < 0x7f) {
        putc(octet, out);
        return 1;
    }
    fprintf(out, "\\x%02x", octet);
    return 4;
}

size_t show_text(FILE *out, struct imap_text text)
{
    size_t columns = 0;

    for (size_t i = 0; i < text.length; i++)
        columns += show_octet(out, (uint8_t)text.octets[i]);
    return columns;
}

char *show_string(struct imap_text text)
{
    char *string = NULL;
    size_t size;
    FILE *out = open_memstream(&string, &size);

    if (out == NULL)
        return NULL;
    show_text(out, text);
    if (fclose(out) != 0) {
        free(string);
        return NULL;
    }
    return string;
}
