/*
 * --db and --help.
 */
#include "analyzer/cli/database_option.h"

#include "analyzer/cli/command.h"

#include <getopt.h>
#include <stddef.h>

int database_option(int argc, char **argv, void (*print_help)(void), const char **path)
{
    static const struct option options[] = {
        {"db", required_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            *path = optarg;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
    }
    return -1;
}
