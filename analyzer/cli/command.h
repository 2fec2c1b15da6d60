/*
 * A subcommand: what main and its help know of it, and what all of them share.
 */
#ifndef IMAPTAP_ANALYZER_CLI_COMMAND_H
#define IMAPTAP_ANALYZER_CLI_COMMAND_H

#include <stddef.h>

/* The exit statuses of every subcommand. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_VIOLATIONS = 1, /* done, and with --exit-code: violations were found */
    EXIT_USAGE = 2,
    EXIT_UNREAD = 3 /* some input could not be read, or its findings not be kept; what could be was */
};

#define DEFAULT_DATABASE "imaptap.db"

struct option_spec;

/* The members of a struct command for its table. */
#define OPTIONS(table) .options = (table), .option_count = sizeof(table) / sizeof(table)[0]

struct command {
    const char *name;
    const char *title;                 /* one line for the list of commands */
    const char *usage;                 /* what follows "imaptap NAME"; a line for each way */
    const char *about;                 /* paragraphs: lines that the help breaks */
    const struct option_spec *options; /* its own; --quiet, --help and --db are not among them */
    size_t option_count;
    const char *database;  /* what --db is to it; NULL: it has no database */
    const char *quiet;     /* what --quiet does; NULL: it leaves results and errors */
    const char *notes;     /* paragraphs behind the options, or NULL */
    const char *example;   /* whole lines */
    void (*prepare)(void); /* SQLite, for it; NULL: memory_exclusive */

    /* Takes the arguments from the command's name on. Returns an exit status. */
    int (*run)(int argc, char **argv);
};

/* All of them, in the order of the help: X(name), for command_NAME in commands/cmd_NAME.c. */
#define COMMANDS(X)                                                                                          \
    X(read)                                                                                                  \
    X(live)                                                                                                  \
    X(query)                                                                                                 \
    X(report)                                                                                                \
    X(compare)                                                                                               \
    X(rules)                                                                                                 \
    X(lint)                                                                                                  \
    X(verify)                                                                                                \
    X(migrate)                                                                                               \
    X(purge)                                                                                                 \
    X(merge)

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARE)

#endif
