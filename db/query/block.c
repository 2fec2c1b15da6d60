/*
 * Writes a row as a block.
 */
#include "db/query/block.h"

#include "db/display.h"

#include <inttypes.h>
#include <string.h>

/* Where a value begins that has a line of its own. */
#define OWN_LINE 2

void block_begin(FILE *out, uint64_t row)
{
    fprintf(out, "%s[%" PRIu64 "]\n", row > 1 ? "\n" : "", row);
}

size_t block_longest_word(const char *text)
{
    size_t longest = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " "), columns = display_width(text, length);

        longest = columns > longest ? columns : longest;
        text += length + strspn(text + length, " ");
    }
    return longest;
}

const char *block_line(const char *text, size_t width, size_t *length)
{
    size_t taken;
    const char *space;

    *length = strlen(text);
    if (width == 0 || display_width(text, *length) <= width)
        return NULL;
    space = memrchr(text, ' ', display_fit(text, *length, width, &taken) + 1);
    if (space == NULL)
        space = strchr(text, ' ');
    if (space == NULL)
        return NULL;
    *length = (size_t)(space - text);
    return space + 1;
}

void block_cell(FILE *out, const char *name, const char *value, size_t indent, size_t width, bool whole)
{
    size_t used = display_width(name, strlen(name)), length;
    size_t longest = whole ? display_width(value, strlen(value)) : block_longest_word(value);

    (void)fputs(name, out);
    if (width > 0 && indent + longest > width) {
        (void)putc('\n', out);
        used = 0;
        indent = OWN_LINE;
    }
    for (const char *next = value; next != NULL; value = next) {
        fprintf(out, "%*s", (int)(indent - used), "");
        next = block_line(value, whole ? 0 : width > indent ? width - indent : width > 0, &length);
        (void)fwrite(value, 1, length, out);
        (void)putc('\n', out);
        used = 0;
    }
}
