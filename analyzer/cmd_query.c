/*
 * imaptap query: asks the database, by canned queries or SQL.
 */
#include "analyzer/command.h"
#include "db/query.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void print_help(void)
{
    fputs("Usage: imaptap query [-d FILE] [--format FORMAT] [NAME | SQL]\n\n"
          "Runs a canned query, or one SQL statement that only reads; without either, the canned\n"
          "queries are listed.\n\n"
          "  -d, --db FILE    the database (default " DEFAULT_DATABASE ")\n"
          "  --format FORMAT  table (default), csv, json or ndjson\n"
          "  --list           list the canned queries\n"
          "  --sql            print the SQL of the canned query NAME instead of running it\n"
          "  --help           this text\n\n"
          "Examples:\n"
          "  imaptap query senders\n"
          "  imaptap query --format csv \"SELECT username, result FROM logins WHERE result <> 'OK'\"\n",
          stdout);
}

static void print_list(void)
{
    size_t count;
    const struct query_canned *queries = query_canned(&count);

    for (size_t i = 0; i < count; i++)
        printf("%-25s%s\n", queries[i].name, queries[i].title);
}

static int format_of(const char *name)
{
    static const char *const names[] = {"table", "csv", "json", "ndjson"};
    static const enum query_format formats[] = {QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_NDJSON};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return (int)formats[i];
    return -1;
}

static unsigned terminal_width(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* SQL has a space in it; a single word is meant as a name. */
static const char *sql_of(const char *question)
{
    const struct query_canned *canned = query_find(question);

    if (canned != NULL)
        return canned->sql;
    return strpbrk(question, " \t\n;") != NULL ? question : NULL;
}

static int run(const char *database, const char *sql, const struct query_options *options)
{
    char why[1024];
    enum query_status status = query_run(database, sql, options, stdout, NULL, why, sizeof why);

    if (status == QUERY_OK)
        return EXIT_DONE;
    fprintf(stderr, "imaptap: %s\n", why);
    return status == QUERY_BAD_SQL ? EXIT_USAGE : EXIT_UNREAD;
}

int cmd_query(int argc, char **argv)
{
    static const struct option options[] = {
        {"db", required_argument, NULL, 'd'}, {"format", required_argument, NULL, 'f'},
        {"list", no_argument, NULL, 'l'},     {"sql", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},     {NULL, 0, NULL, 0}};
    const char *database = DEFAULT_DATABASE;
    struct query_options query = {.format = QUERY_TABLE, .width = terminal_width()};
    int option, format = QUERY_TABLE, list = 0, show = 0;
    const char *sql;

    while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            database = optarg;
            break;
        case 'f':
            format = format_of(optarg);
            break;
        case 'l':
            list = 1;
            break;
        case 's':
            show = 1;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
    }
    if (format < 0) {
        fputs("imaptap query: --format is table, csv, json or ndjson\n", stderr);
        return EXIT_USAGE;
    }
    query.format = (enum query_format)format;
    if (list || optind == argc) {
        print_list();
        return EXIT_DONE;
    }
    sql = sql_of(argv[optind]);
    if (optind + 1 < argc || sql == NULL) {
        fprintf(stderr,
                optind + 1 < argc
                    ? "imaptap query: takes one query: put SQL in quotes\n"
                    : "imaptap query: there is no canned query '%s'; imaptap query --list names them\n",
                argv[optind]);
        return EXIT_USAGE;
    }
    if (show) {
        fputs(sql, stdout);
        return EXIT_DONE;
    }
    return run(database, sql, &query);
}
