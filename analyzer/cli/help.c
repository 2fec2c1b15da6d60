/*
 * Lays out a subcommand's help in 80 columns.
 */
#include "analyzer/cli/help.h"

#include "analyzer/cli/options.h"
#include "analyzer/report/wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 80

/* Where the sentences begin; a longer option has a line of its own. */
#define HELP_COLUMN 26

/* Paragraphs end with a newline each; a line that begins with a space stays as it is. */
static void print_text(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char *paragraph = strndup(text, length);

        if (paragraph != NULL && paragraph[0] != ' ')
            (void)wrap_words(out, paragraph, COLUMNS, 0, 0);
        else
            fprintf(out, "%.*s\n", (int)length, text);
        free(paragraph);
        text += length + (text[length] == '\n');
    }
}

static void print_option(FILE *out, const struct option_spec *option)
{
    char letter[8] = "    ", sentence[1024];
    int used;

    if (option->group != NULL)
        fprintf(out, "\n%s:\n", option->group);
    if (option->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    used = fprintf(out, "  %s--%s%s%s", letter, option->name, option->argument != NULL ? " " : "",
                   option->argument != NULL ? option->argument : "");
    if (used > HELP_COLUMN - 2) {
        fputc('\n', out);
        used = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - used, "");
    (void)snprintf(sentence, sizeof sentence, "%s%s%s%s", option->help,
                   option->initial != NULL ? " (default " : "",
                   option->initial != NULL ? option->initial : "", option->initial != NULL ? ")" : "");
    (void)wrap_words(out, sentence, COLUMNS, HELP_COLUMN, HELP_COLUMN);
}

void help_print(const struct command *command, FILE *out)
{
    struct option_spec all[OPTIONS_MOST];
    size_t count = options_of(command, all);
    const char *usage = command->usage;

    for (const char *head = "Usage:"; *usage != '\0'; head = "      ") {
        size_t length = strcspn(usage, "\n");

        fprintf(out, "%s imaptap %s %.*s\n", head, command->name, (int)length, usage);
        usage += length + (usage[length] == '\n');
    }
    fputc('\n', out);
    print_text(out, command->about);
    if (all[0].group == NULL)
        fputs("\nOptions:\n", out);
    for (size_t i = 0; i < count; i++)
        print_option(out, &all[i]);
    if (command->notes != NULL) {
        fputc('\n', out);
        print_text(out, command->notes);
    }
    fprintf(out, "\nExample:\n%s", command->example);
}
