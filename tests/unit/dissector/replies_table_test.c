/* The facts: what servers were seen to say, each with its cause. And the templates: whole, and no two at
 * odds. */
#include "dissector/replies/replies.h"
#include "dissector/replies/templates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVER, STATUS, CODE, TEXT, CAUSE, CERTAINTY, INSTEAD, COLUMNS };

static enum reply_status status_of(const char *name)
{
    static const char *const names[REPLY_STATUSES] = {
        [REPLY_OK] = "OK",   [REPLY_PREAUTH] = "PREAUTH", [REPLY_NO] = "NO",
        [REPLY_BAD] = "BAD", [REPLY_BYE] = "BYE",         [REPLY_UNTAGGED] = "untagged",
    };
    for (int status = 0; status < REPLY_STATUSES; status++)
        if (strcmp(names[status], name) == 0)
            return (enum reply_status)status;
    return REPLY_OK; /* greeting */
}

static struct reply reply_of(char *const *columns)
{
    bool has_code = strcmp(columns[CODE], "-") != 0;
    return (struct reply){
        .status = status_of(columns[STATUS]),
        .code = has_code ? columns[CODE] : NULL,
        .code_length = has_code ? strlen(columns[CODE]) : 0,
        .text = columns[TEXT],
        .length = strlen(columns[TEXT]),
    };
}

static bool agrees(enum reply_cause cause, const char *fact)
{
    if (strcmp(fact, "other") == 0 || strcmp(fact, "success") == 0)
        return cause == REPLY_NONE || cause == REPLY_STATE;
    if (strcmp(fact, "syntax") == 0)
        return cause == REPLY_SYNTAX || cause == REPLY_WEAK_SYNTAX;
    return strcmp(reply_cause_name(cause), fact) == 0;
}

static bool split(char *line, char *columns[COLUMNS])
{
    int count = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *column; count < COLUMNS && (column = strsep(&line, "\t")) != NULL;)
        columns[count++] = column;
    return count == COLUMNS && line == NULL;
}

/* Returns how many facts the table has. */
static int check_table(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[2048];
    int facts = 0;
    int agreeing = 0;
    int wrong = 0;
    while (fgets(line, sizeof line, file)) {
        char *columns[COLUMNS];
        if (line[0] == '#')
            continue;
        assert_true(split(line, columns));
        struct reply reply = reply_of(columns);
        struct reply_meaning meaning = replies_judge(&reply);
        bool as_fact = agrees(meaning.cause, columns[CAUSE]);
        bool excused = strcmp(columns[INSTEAD], reply_cause_name(meaning.cause)) == 0;
        facts++;
        agreeing += as_fact;
        if (as_fact ? strcmp(columns[INSTEAD], "-") == 0 : excused)
            continue;
        printf("%s\t%s\t%s\t%s\t%s\t%s: judged %s (%s, by %s)\n", columns[SERVER], columns[STATUS],
               columns[CODE], columns[TEXT], columns[CAUSE], columns[CERTAINTY],
               reply_cause_name(meaning.cause), reply_certainty_name(meaning.certainty),
               reply_source_name(meaning.source));
        wrong++;
    }
    fclose(file);
    printf("%d facts, %d judged as they are\n", facts, agreeing);
    assert_int_equal(wrong, 0);
    return facts;
}

static void every_fact_is_judged_as_it_is(void **state)
{
    (void)state;
    assert_true(check_table(REPLIES_FOLDER "/replies.tsv") > 600);
}

static void texts_in_their_spirit_are_judged_by_their_words(void **state)
{
    (void)state;
    assert_true(check_table(REPLIES_FOLDER "/replies_unseen.tsv") > 80);
}

/* A template's text with something in its places. */
static void fill(char *to, const char *text, const char *number, const char *word)
{
    while (*text) {
        if (*text != '{') {
            *to++ = *text++;
            continue;
        }
        to = stpcpy(to, strncmp(text, "{n}", 3) == 0 ? number : word);
        text += strcspn(text, "}") + 1;
    }
    *to = '\0';
}

static const struct reply_template *find(const struct reply_template *template, const char *text,
                                         struct reply_span *spans, size_t *count)
{
    return template_find(template->saying, template->code, strlen(template->code), text, strlen(text), spans,
                         count);
}

/* And where two match, they do not contradict each other. */
static void every_template_matches_itself(void **state)
{
    static const char *const fillings[][2] = {
        {"7", "alice"}, {"4294967295", "a b c"}, {"\xe2\x80\xa6", "\xe2\x80\xa6"}};
    const struct reply_template *template;
    (void)state;
    for (size_t number = 0; (template = template_at(number)) != NULL; number++)
        for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++) {
            char text[REPLY_TEXT_OCTETS];
            fill(text, template->text, fillings[i][0], fillings[i][1]);
            const struct reply_template *found = find(template, text, NULL, NULL);
            if (!found)
                fail_msg("\"%s\" does not match itself", template->text);
            if (found->cause != template->cause)
                fail_msg("\"%s\" contradicts \"%s\"", template->text, found->text);
        }
}

static void every_template_says_who_says_so(void **state)
{
    const struct reply_template *template;
    (void)state;
    for (size_t number = 0; (template = template_at(number)) != NULL; number++) {
        assert_true(strlen(template->products) > 2);
        assert_int_not_equal(template->cause, REPLY_ALERT);
        assert_true(template->code[0] == '\0' ||
                    replies_code_is_known(template->code, strlen(template->code)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_is_judged_as_it_is),
        cmocka_unit_test(texts_in_their_spirit_are_judged_by_their_words),
        cmocka_unit_test(every_template_matches_itself),
        cmocka_unit_test(every_template_says_who_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
