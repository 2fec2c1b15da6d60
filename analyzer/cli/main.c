/*
 * The table of subcommands.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/help.h"
#include "analyzer/cli/nearest.h"
#include "analyzer/sandbox/sandbox.h"
#include "analyzer/stream/reassembly.h"
#include "db/memory.h"

#include <pcap/pcap.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COMMAND_ADDRESS(name) &command_##name,
static const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS)};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_help(FILE *out)
{
    fputs("imaptap finds IMAP logins in network captures, judges each against the IMAP\n"
          "grammar and keeps the findings in a SQLite database.\n\n"
          "Usage: imaptap COMMAND [ARGUMENTS]\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-9s%s\n", commands[i]->name, commands[i]->title);
    fputs("  help     explain a command: imaptap help COMMAND, or imaptap COMMAND --help\n"
          "  version  print the versions of imaptap and of what it is built on (-V)\n"
          "\nExample:\n  imaptap read incident.pcap && imaptap query senders\n",
          out);
}

static void print_version(void)
{
    char sandbox[128];

    sandbox_describe(sandbox, sizeof sandbox);
    printf("imaptap %s\n%s\nlibnids %s\nSQLite %s\nheld by %s\n", IMAPTAP_VERSION, pcap_lib_version(),
           reassembly_library(), sqlite3_libversion(), sandbox);
}

/* A file where a command should stand, or tcpdump's -r: what was meant is said. */
static bool is_capture(const char *name, const char *next)
{
    struct stat about;

    if (strcmp(name, "-r") != 0 && stat(name, &about) != 0)
        return false;
    fprintf(stderr, "imaptap: captures are read by `imaptap read %s`; see imaptap read --help\n",
            strcmp(name, "-r") != 0 ? name
            : next != NULL          ? next
                                    : "FILE");
    return true;
}

static int unknown_command(const char *name)
{
    static const char *const others[] = {"help", "version"};
    const char *names[COMMAND_COUNT + 2] = {others[0], others[1]}, *nearest;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i + 2] = commands[i]->name;
    nearest = nearest_word(name, names, COMMAND_COUNT + 2, sizeof names[0]);
    fprintf(stderr, "imaptap: there is no command '%s'", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("; see imaptap --help\n", stderr);
    return EXIT_USAGE;
}

/* `name` NULL: of all. */
static int help(const char *name)
{
    const struct command *command = name != NULL ? find(name) : NULL;

    if (name != NULL && command == NULL)
        return unknown_command(name);
    if (command != NULL)
        help_print(command, stdout);
    else
        print_help(stdout);
    return EXIT_DONE;
}

static bool is_one_of(const char *word, const char *one, const char *other, const char *third)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0 || strcmp(word, third) == 0;
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (is_one_of(argv[1], "--help", "-h", "help"))
        return help(argv[2]);
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        print_version();
        return EXIT_DONE;
    }
    command = find(argv[1]);
    if (command == NULL)
        return is_capture(argv[1], argv[2]) ? EXIT_USAGE : unknown_command(argv[1]);
    (command->prepare != NULL ? command->prepare : memory_exclusive)();
    return command->run(argc - 1, argv + 1);
}
