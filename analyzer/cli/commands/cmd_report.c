/*
 * imaptap report: what a person wants to know of a database.
 */
#include "analyzer/cli/command.h"
#include "analyzer/report/output_file.h"
#include "analyzer/report/report.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void print_help(void)
{
    fputs("Usage: imaptap report [-d FILE] [--html FILE] [--csv DIR]\n\n"
          "Reports on everything in the database: the verdict first, then what was read and what was\n"
          "missed, who sends what to whom, which users were hit, the worst findings, and what to do.\n"
          "No password is in it.\n\n"
          "  -d, --db FILE  the database (default " DEFAULT_DATABASE ")\n"
          "  --html FILE    write one page for a browser, which needs nothing else, instead of text\n"
          "  --csv DIR      write the tables, whole, into the folder DIR, for a spreadsheet\n"
          "  --help         this text\n\n"
          "Example: imaptap report --html report.html --csv report\n",
          stdout);
}

static unsigned terminal_columns(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
               ? size.ws_col
               : REPORT_COLUMNS;
}

static bool told(const struct report_source *source, char *why, size_t why_size)
{
    if (facts_error(source->facts) != NULL)
        (void)snprintf(why, why_size, "%s", facts_error(source->facts));
    else
        (void)snprintf(why, why_size, "the report cannot be written: %s", strerror(errno));
    return false;
}

static bool write_page(const struct report_source *source, const char *path, char *why, size_t why_size)
{
    struct output_file file;
    bool good;

    if (!output_file_open(&file, path, why, why_size))
        return false;
    good = report_page(source, file.stream);
    if (!good)
        (void)told(source, why, why_size);
    if (good)
        return output_file_keep(&file, why, why_size);
    output_file_drop(&file);
    return false;
}

static int run(struct report_source *source, const char *page)
{
    char why[1024];
    bool good;

    source->facts = facts_open(source->database, why, sizeof why);
    good = source->facts != NULL;
    if (good && source->tables != NULL)
        good = report_tables(source->facts, source->tables, why, sizeof why);
    if (good && page != NULL)
        good = write_page(source, page, why, sizeof why);
    if (good && page == NULL && source->tables == NULL)
        good = (report_text(source, stdout) && fflush(stdout) == 0) || told(source, why, sizeof why);
    facts_close(source->facts);
    if (!good)
        fprintf(stderr, "imaptap: %s\n", why);
    return good ? EXIT_DONE : EXIT_UNREAD;
}

int cmd_report(int argc, char **argv)
{
    static const struct option options[] = {{"db", required_argument, NULL, 'd'},
                                            {"html", required_argument, NULL, 'p'},
                                            {"csv", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct report_source source = {.database = DEFAULT_DATABASE, .columns = terminal_columns()};
    const char *page = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            source.database = optarg;
            break;
        case 'p':
            page = optarg;
            break;
        case 'c':
            source.tables = optarg;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fputs("imaptap report: takes no argument but options; name the database with --db\n", stderr);
        return EXIT_USAGE;
    }
    return run(&source, page);
}
