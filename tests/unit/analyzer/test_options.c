/*
 * What a table of options keeps of a command line.
 */
#include "analyzer/cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct settings {
    struct common_options common;
    bool loud, soft;
    const char *name;
    unsigned format;
    uint64_t amount;
};

#define AT(member) .at = offsetof(struct settings, member)

static const struct option_spec options[] = {{"loud", 'l', .help = "", .take = option_set, AT(loud)},
                                             {"no-soft", .help = "", .take = option_clear, AT(soft)},
                                             {"name", 'n', "NAME", "", .take = option_text, AT(name)},
                                             {"format", .argument = "FORMAT", .help = "", .initial = "json",
                                              .take = option_word, AT(format),
                                              .words = "text, json or sarif"},
                                             {"amount", .argument = "N", .help = "", .initial = "7",
                                              .take = option_number, AT(amount), .least = 1, .most = 10}};

static const struct command command = {.name = "try",
                                       .usage = "[OPTIONS]",
                                       .about = "Tries.\n",
                                       .options = options,
                                       .option_count = sizeof options / sizeof options[0],
                                       .database = "the database",
                                       .quiet = "less",
                                       .example = "  imaptap try\n"};

/* The words, parted by spaces, after the command's name. */
static int parse(struct settings *settings, const char *line)
{
    static char words[256], *argv[16];
    int argc = 1;

    memset(settings, 0xFF, sizeof *settings); /* nothing is expected of the common ones */
    settings->loud = false;
    settings->soft = true;
    settings->name = NULL;
    snprintf(words, sizeof words, "%s", line);
    argv[0] = (char *)(uintptr_t) "try";
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return options_parse(&command, argc, argv, settings);
}

static void without_options_the_initial_values_stand(void **state)
{
    struct settings settings;

    (void)state;
    unsetenv("IMAPTAP_DB");
    assert_int_equal(parse(&settings, ""), -1);
    assert_false(settings.loud);
    assert_true(settings.soft);
    assert_null(settings.name);
    assert_int_equal(settings.format, 1);
    assert_int_equal(settings.amount, 7);
    assert_string_equal(settings.common.database, "imaptap.db");
    assert_false(settings.common.database_named || settings.common.quiet);
    assert_int_equal(settings.common.operand_count, 0);
}

static void each_kind_is_kept_where_the_table_says(void **state)
{
    struct settings settings;

    (void)state;
    assert_int_equal(parse(&settings, "-lq --no-soft a -nx --format=sarif b --amount 10 -d x.db -- -c"), -1);
    assert_true(settings.loud && settings.common.quiet && settings.common.database_named);
    assert_false(settings.soft);
    assert_string_equal(settings.name, "x");
    assert_int_equal(settings.format, 2);
    assert_int_equal(settings.amount, 10);
    assert_string_equal(settings.common.database, "x.db");
    assert_int_equal(settings.common.operand_count, 3);
    assert_string_equal(settings.common.operands[0], "a");
    assert_string_equal(settings.common.operands[2], "-c");
}

static void what_no_option_takes_is_wrong_usage(void **state)
{
    static const char *const lines[] = {
        "--amount 0", "--amount 11", "--amount -1", "--amount 1x", "--amount", "--format xml", "--format js",
        "--loud=1",   "--lou-d",     "-x",          "-n",          "--n",      "--format="};
    struct settings settings;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(parse(&settings, lines[i]), EXIT_USAGE);
}

static void a_long_option_may_be_shortened(void **state)
{
    struct settings settings;

    (void)state;
    assert_int_equal(parse(&settings, "--am 3"), -1);
    assert_int_equal(settings.amount, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(without_options_the_initial_values_stand),
                                              cmocka_unit_test(each_kind_is_kept_where_the_table_says),
                                              cmocka_unit_test(what_no_option_takes_is_wrong_usage),
                                              cmocka_unit_test(a_long_option_may_be_shortened)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
