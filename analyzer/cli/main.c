/*
 * The table of subcommands.
 */
#include "analyzer/cli/command.h"
#include "analyzer/sandbox/sandbox.h"
#include "analyzer/stream/reassembly.h"
#include "db/memory.h"

#include <pcap/pcap.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *title;
    int (*run)(int argc, char **argv);
    void (*prepare)(void); /* SQLite, for it */
} commands[] = {
    {"read", "find the IMAP logins in capture files and keep them in a database", cmd_read, memory_exclusive},
    {"live", "the same on network interfaces, as the packets come", cmd_live, memory_exclusive},
    {"query", "ask the database: canned queries or SQL", cmd_query, memory_counted},
    {"report", "report on the database: as text, as a page, as tables", cmd_report, memory_counted},
    {"compare", "what changed between two databases: before and after a repair", cmd_compare, memory_counted},
    {"rules", "list what can be wrong with a login", cmd_rules, memory_exclusive},
    {"lint", "judge the command lines that a client sends", cmd_lint, memory_exclusive},
    {"verify", "compare the captures with what was read, and count what rests on each", cmd_verify,
     memory_exclusive},
    {"migrate", "bring a database of an older version up to date", cmd_migrate, memory_exclusive},
    {"purge", "remove what need not be kept any longer", cmd_purge, memory_exclusive},
    {"merge", "join the databases of several sensors", cmd_merge, memory_exclusive},
};

static void print_help(FILE *out)
{
    fputs("imaptap finds IMAP logins in network captures, judges each against the IMAP grammar\n"
          "and keeps the findings in a SQLite database.\n\n"
          "Usage: imaptap COMMAND [ARGUMENTS]\n\n",
          out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-8s%s\n", commands[i].name, commands[i].title);
    fputs("\n`imaptap COMMAND --help` explains a command. Example:\n"
          "  imaptap read incident.pcap && imaptap query senders\n",
          out);
}

static void print_version(void)
{
    char sandbox[128];

    sandbox_describe(sandbox, sizeof sandbox);
    printf("imaptap %s\n%s\nlibnids %s\nSQLite %s\nheld by %s\n", IMAPTAP_VERSION, pcap_lib_version(),
           reassembly_library(), sqlite3_libversion(), sandbox);
}

int main(int argc, char **argv)
{
    /* what a statement that fails is to restore stays in memory: where foreign keys are looked at, a batch of
     * rows touches a few hundred pages */
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 4 << 20);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            commands[i].prepare();
            return commands[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "imaptap: there is no command '%s'; see imaptap --help\n", argv[1]);
    return EXIT_USAGE;
}
