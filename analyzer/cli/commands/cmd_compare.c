/*
 * imaptap compare: before and after a repair.
 */
#include "analyzer/cli/command.h"
#include "analyzer/report/compare/compare.h"
#include "analyzer/report/output_file.h"
#include "analyzer/report/report.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Captures that can be named for one side. */
#define MOST_CAPTURES 1000

/* One side as it was asked for. */
struct side {
    const char *database;
    int64_t captures[MOST_CAPTURES];
    size_t count;
    struct facts *facts;
    char *name;
};

static void print_help(void)
{
    fputs("Usage: imaptap compare [OPTIONS] BEFORE.db AFTER.db\n"
          "       imaptap compare [OPTIONS] [-d FILE] --before N --after N\n\n"
          "Says what changed between two databases, or two captures of one: which senders of * or %\n"
          "without quotes stopped and which began, which users now get in and which are newly refused.\n"
          "What was not seen afterwards is never called repaired.\n\n"
          "  -d, --db FILE    the database of both captures (default " DEFAULT_DATABASE ")\n"
          "  --before N       number of a capture from before, as imaptap query captures tells; may be\n"
          "                   given several times\n"
          "  --after N        the same from after\n"
          "  --format FORMAT  text (default) or json\n"
          "  --html FILE      write one page for a browser instead\n"
          "  --help           this text\n\n"
          "Example: imaptap compare monday.db tuesday.db\n",
          stdout);
}

static bool add_capture(struct side *side, const char *text)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number <= 0 || side->count == MOST_CAPTURES)
        return false;
    side->captures[side->count++] = number;
    return true;
}

/* "case.db" or "case.db, capture 3" */
static bool name_side(struct side *side)
{
    int length;

    if (side->count == 0)
        length = asprintf(&side->name, "%s", side->database);
    else
        length = asprintf(&side->name, "%s, capture %" PRId64 "%s", side->database, side->captures[0],
                          side->count > 1 ? " and others" : "");
    if (length < 0)
        side->name = NULL;
    return length >= 0;
}

/* A number that is no capture would make a side that is empty, and looks as if nothing was seen. */
static bool open_side(struct side *side, char *why, size_t why_size)
{
    struct facts_rows *rows;

    side->facts = facts_open(side->database, why, why_size);
    if (side->facts == NULL)
        return false;
    if (!name_side(side) || (side->count > 0 && !facts_choose(side->facts, side->captures, side->count))) {
        (void)snprintf(why, why_size, "out of memory");
        return false;
    }
    rows = facts_ask(side->facts, FACTS_SIDE_TOTALS, 0, 0);
    if (facts_next(rows) && side->count > 0 && facts_number(rows, "captures") < (int64_t)side->count) {
        (void)snprintf(
            why, why_size,
            "%s: there is no capture with a number given, or one was given twice; imaptap query captures "
            "tells the numbers",
            side->database);
        facts_end(rows);
        return false;
    }
    facts_end(rows);
    return true;
}

static bool write_page(const struct compare_source *source, const char *path, char *why, size_t why_size)
{
    struct output_file file;

    if (!output_file_open(&file, path, why, why_size))
        return false;
    if (compare_page(source, file.stream))
        return output_file_keep(&file, why, why_size);
    output_file_drop(&file);
    (void)snprintf(why, why_size, "%s: the page cannot be written", path);
    return false;
}

static int run(struct side *before, struct side *after, bool json, const char *page)
{
    struct winsize size;
    struct compare_source source = {.columns = REPORT_COLUMNS};
    char why[1024];
    bool good = open_side(before, why, sizeof why) && open_side(after, why, sizeof why);

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        source.columns = size.ws_col;
    if (good) {
        source.before = before->facts;
        source.after = after->facts;
        source.before_name = before->name;
        source.after_name = after->name;
        if (page != NULL) {
            good = write_page(&source, page, why, sizeof why);
        } else {
            good =
                (json ? compare_json(&source, stdout) : compare_text(&source, stdout)) && fflush(stdout) == 0;
            if (!good)
                (void)snprintf(why, sizeof why, "the comparison cannot be written: %s", strerror(errno));
        }
        if (facts_error(before->facts) != NULL || facts_error(after->facts) != NULL)
            (void)snprintf(why, sizeof why, "%s",
                           facts_error(before->facts) != NULL ? facts_error(before->facts)
                                                              : facts_error(after->facts));
    }
    if (!good)
        fprintf(stderr, "imaptap: %s\n", why);
    facts_close(before->facts);
    facts_close(after->facts);
    free(before->name);
    free(after->name);
    return good ? EXIT_DONE : EXIT_UNREAD;
}

/* Which two sides the arguments name. */
static bool choose(struct side *before, struct side *after, const char *database, int count, char **arguments)
{
    bool captures = before->count > 0 && after->count > 0;

    if (captures ? count != 0 : count != 2 || before->count + after->count > 0 || database != NULL)
        return false;
    before->database = captures ? (database != NULL ? database : DEFAULT_DATABASE) : arguments[0];
    after->database = captures ? before->database : arguments[1];
    return true;
}

int cmd_compare(int argc, char **argv)
{
    static const struct option options[] = {{"db", required_argument, NULL, 'd'},
                                            {"before", required_argument, NULL, 'b'},
                                            {"after", required_argument, NULL, 'a'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"html", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static struct side before, after;
    const char *database = NULL, *format = "text", *page = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
        bool good = true;

        switch (option) {
        case 'd':
            database = optarg;
            break;
        case 'b':
            good = add_capture(&before, optarg);
            break;
        case 'a':
            good = add_capture(&after, optarg);
            break;
        case 'f':
            format = optarg;
            break;
        case 'p':
            page = optarg;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
        if (!good) {
            fputs("imaptap compare: --before and --after take the number of a capture; imaptap query "
                  "captures tells them\n",
                  stderr);
            return EXIT_USAGE;
        }
    }
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
        fputs("imaptap compare: --format is text or json\n", stderr);
        return EXIT_USAGE;
    }
    if (!choose(&before, &after, database, argc - optind, argv + optind)) {
        fputs("imaptap compare: name two databases, or with --before and --after captures of one; see "
              "imaptap compare --help\n",
              stderr);
        return EXIT_USAGE;
    }
    return run(&before, &after, strcmp(format, "json") == 0, page);
}
