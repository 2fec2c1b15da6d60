/*
 * Feeds getopt_long from a subcommand's table.
 */
#include "analyzer/cli/options.h"

#include "analyzer/cli/help.h"
#include "analyzer/cli/moment.h"
#include "analyzer/cli/nearest.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for the first option of the table. */
#define FIRST_CODE 256

bool option_set(const struct option_spec *option, void *at, const char *value)
{
    (void)option;
    (void)value;
    *(bool *)at = true;
    return true;
}

bool option_clear(const struct option_spec *option, void *at, const char *value)
{
    (void)option;
    (void)value;
    *(bool *)at = false;
    return true;
}

bool option_text(const struct option_spec *option, void *at, const char *value)
{
    (void)option;
    *(const char **)at = value;
    return true;
}

bool option_word(const struct option_spec *option, void *at, const char *value)
{
    const char *word = option->words;

    for (unsigned ordinal = 0;; ordinal++) {
        size_t length = strcspn(word, ", ");

        if (strlen(value) == length && memcmp(word, value, length) == 0) {
            *(unsigned *)at = ordinal;
            return true;
        }
        word += length;
        if (*word == '\0')
            return false;
        word += strlen(*word == ',' ? ", " : " or ");
    }
}

bool option_number(const struct option_spec *option, void *at, const char *value)
{
    unsigned long long number;
    char *end;

    errno = 0;
    number = strtoull(value, &end, 10);
    *(uint64_t *)at = number;
    return *value >= '0' && *value <= '9' && *end == '\0' && errno == 0 && number >= option->least &&
           number <= option->most;
}

bool option_age(const struct option_spec *option, void *at, const char *value)
{
    return moment_age(value, at) && *(int64_t *)at >= (int64_t)option->least;
}

static bool take_database(const struct option_spec *option, void *at, const char *value)
{
    struct common_options *common = at;

    (void)option;
    common->database = value;
    common->database_named = true;
    return true;
}

size_t options_of(const struct command *command, struct option_spec all[OPTIONS_MOST])
{
    size_t count = 0;

    if (command->database != NULL)
        all[count++] = (struct option_spec){"db",
                                            'd',
                                            "FILE",
                                            command->database,
                                            "$IMAPTAP_DB, else " DEFAULT_DATABASE,
                                            .take = take_database};
    assert(count + command->option_count + 2 <= OPTIONS_MOST);
    for (size_t i = 0; i < command->option_count; i++)
        all[count++] = command->options[i];
    all[count++] =
        (struct option_spec){"quiet",
                             'q',
                             .help = command->quiet != NULL ? command->quiet : "only results and errors",
                             .take = option_set,
                             .at = offsetof(struct common_options, quiet),
                             .group = command->option_count > 0 ? "Other" : NULL};
    all[count++] = (struct option_spec){"help", 'h', .help = "this text"};
    return count;
}

int usage_error(const struct command *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "imaptap %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see imaptap %s --help\n", command->name);
    return EXIT_USAGE;
}

static int wrong_value(const struct command *command, const struct option_spec *option, const char *value)
{
    if (option->takes != NULL)
        return usage_error(command, "--%s takes %s, not '%s'", option->name, option->takes, value);
    if (option->words != NULL)
        return usage_error(command, "--%s is %s, not '%s'", option->name, option->words, value);
    return usage_error(command, "--%s takes a number from %llu to %llu, not '%s'", option->name,
                       (unsigned long long)option->least, (unsigned long long)option->most, value);
}

int unknown_word(const struct command *command, const char *what, const char *word, const void *known,
                 size_t count, size_t size)
{
    const char *nearest = nearest_word(word, known, count, size);
    const char *dashes = strcmp(what, "option") == 0 ? "--" : "";

    if (nearest == NULL)
        return usage_error(command, "there is no %s '%s%s'", what, dashes, word);
    return usage_error(command, "there is no %s '%s%s'; did you mean '%s%s'?", what, dashes, word, dashes,
                       nearest);
}

/* What getopt_long says of an argument: `letter` is what it took offence at, 0 with a long one. */
static int bad_option(const struct command *command, int result, char **argv, const struct option_spec *all,
                      size_t count)
{
    const struct option_spec *option = NULL;
    char name[64];

    for (size_t i = 0; i < count; i++)
        if (optopt == FIRST_CODE + (int)i || (all[i].letter != 0 && optopt == all[i].letter))
            option = &all[i];
    if (option != NULL)
        return usage_error(command, result == ':' ? "--%s needs a value: %s" : "--%s takes no value%s",
                           option->name, result == ':' ? option->argument : "");
    if (optopt != 0)
        return usage_error(command, "there is no option '-%c'", optopt);
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[optind - 1] + 2, "="), argv[optind - 1] + 2);
    return unknown_word(command, "option", name, all, count, sizeof *all);
}

/* The table as getopt_long wants it. */
static void describe(const struct option_spec *all, size_t count, struct option *longs, char *letters)
{
    *letters++ = ':';
    for (size_t i = 0; i < count; i++) {
        bool value = all[i].argument != NULL;

        longs[i] =
            (struct option){all[i].name, value ? required_argument : no_argument, NULL, FIRST_CODE + (int)i};
        if (all[i].letter != 0)
            *letters++ = all[i].letter;
        if (all[i].letter != 0 && value)
            *letters++ = ':';
    }
    longs[count] = (struct option){NULL, 0, NULL, 0};
    *letters = '\0';
}

static void begin(const struct option_spec *all, size_t count, char *settings)
{
    struct common_options *common = (struct common_options *)(void *)settings;

    *common = (struct common_options){.database = getenv("IMAPTAP_DB")};
    if (common->database == NULL || common->database[0] == '\0')
        common->database = DEFAULT_DATABASE;
    for (size_t i = 0; i < count; i++)
        if (all[i].initial != NULL && all[i].take != take_database)
            (void)all[i].take(&all[i], settings + all[i].at, all[i].initial);
}

int options_parse(const struct command *command, int argc, char **argv, void *settings)
{
    struct common_options *common = settings;
    struct option_spec all[OPTIONS_MOST];
    struct option longs[OPTIONS_MOST + 1];
    char letters[2 * OPTIONS_MOST + 2];
    size_t count = options_of(command, all);
    int result;

    begin(all, count, settings);
    describe(all, count, longs, letters);
    optind = 0; /* GNU: from the beginning, whoever parsed before */
    opterr = 0;
    while ((result = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        size_t at = 0;

        if (result == '?' || result == ':')
            return bad_option(command, result, argv, all, count);
        while (result != FIRST_CODE + (int)at && result != all[at].letter)
            at++;
        if (all[at].take == NULL) {
            help_print(command, stdout);
            return EXIT_DONE;
        }
        if (!all[at].take(&all[at], (char *)settings + all[at].at, optarg))
            return wrong_value(command, &all[at], optarg);
    }
    common->operands = argv + optind;
    common->operand_count = argc - optind;
    return -1;
}
