/*
 * Options, declared once: a table of each subcommand feeds its parser and its help.
 */
#ifndef IMAPTAP_ANALYZER_CLI_OPTIONS_H
#define IMAPTAP_ANALYZER_CLI_OPTIONS_H

#include "analyzer/cli/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_spec;

/* Keeps `value` (NULL for an option without one) at `at`. False: it is no value for this option. */
typedef bool option_take(const struct option_spec *option, void *at, const char *value);

struct option_spec {
    const char *name;     /* "follow" for --follow */
    char letter;          /* 'd' for -d; 0: none */
    const char *argument; /* what the help calls its value, "FILE"; NULL: it has none */
    const char *help;     /* one sentence, without a full stop */
    const char *initial;  /* the value without the option; the help names it; NULL: `at` stays as it is */
    option_take *take;
    size_t at; /* where in the settings, in octets */
    const char
        *takes; /* completes "--port takes ..." for a wrong value; option_word and option_number need none */
    const char *words;    /* option_word: the known ones, "text, json or sarif" */
    uint64_t least, most; /* option_number */
    const char *group;    /* of the first option of a group: its heading in the help */
};

/* What is kept in a bool (set or clear), const char *, unsigned (the ordinal of the word) and uint64_t. */
option_take option_set, option_clear, option_text, option_word, option_number;

/* "90d" in nanoseconds, in an int64_t; not below `least`. */
option_take option_age;

/* The settings of each subcommand begin with this. */
struct common_options {
    const char *database; /* --db, else IMAPTAP_DB, else DEFAULT_DATABASE */
    bool database_named;  /* with --db */
    bool quiet;
    char **operands; /* what is no option */
    int operand_count;
};

/* Reads the arguments of the command, from its name on, into `settings` (a struct that begins with struct
 * common_options), which keeps pointers to them. Returns -1 to go on, else the status to exit with: the help
 * was printed, or usage was wrong, which was said. */
int options_parse(const struct command *command, int argc, char **argv, void *settings);

/* Says what is wrong with the usage, and where help is. Returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int usage_error(const struct command *command, const char *format, ...);

/* The same of a word that is unknown, with the nearest one that is known (nearest_word). */
int unknown_word(const struct command *command, const char *what, const char *word, const void *known,
                 size_t count, size_t size);

/* All options of the command, with those that all have. Returns how many, at most OPTIONS_MOST. */
#define OPTIONS_MOST 40
size_t options_of(const struct command *command, struct option_spec all[OPTIONS_MOST]);

#endif
