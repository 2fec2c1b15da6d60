/*
 * The options of commands that take no other than --db and --help.
 */
#ifndef IMAPTAP_ANALYZER_CLI_DATABASE_OPTION_H
#define IMAPTAP_ANALYZER_CLI_DATABASE_OPTION_H

/* Reads them, and leaves `optind` at the first argument behind. *path is changed where --db names a database.
 * Returns -1 when the command goes on, else the status that it ends with: help was printed, or an option is
 * wrong, and getopt_long has said so. */
int database_option(int argc, char **argv, void (*print_help)(void), const char **path);

#endif
