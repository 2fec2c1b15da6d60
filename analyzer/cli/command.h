/*
 * A subcommand: what main knows of it, and what all of them share.
 */
#ifndef IMAPTAP_ANALYZER_CLI_COMMAND_H
#define IMAPTAP_ANALYZER_CLI_COMMAND_H

/* The exit statuses of every subcommand. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_VIOLATIONS = 1, /* done, and with --exit-code: violations were found */
    EXIT_USAGE = 2,
    EXIT_UNREAD = 3 /* some input could not be read, or its findings not be kept; what could be was */
};

#define DEFAULT_DATABASE "imaptap.db"

/* Each takes the arguments from its own name on and returns an exit status. */
int cmd_read(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_purge(int argc, char **argv);
int cmd_merge(int argc, char **argv);

#endif
