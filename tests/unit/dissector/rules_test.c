/* The tables of rules and of exposures: each entry is there, once, and says all that is said of one. */
#include "dissector/exposures.h"
#include "dissector/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int is_one_of(const char *text, const char *const *choices)
{
    for (; *choices; choices++)
        if (strcmp(text, *choices) == 0)
            return 1;
    return 0;
}

static void every_rule_is_whole(void **state)
{
    static const char *const answers[] = {"yes", "no", "conditional", NULL};
    (void)state;
    for (int rule = 0; rule < IMAP_RULES; rule++) {
        const struct imap_rule_info *info = imap_rule_info((enum imap_rule)rule);
        assert_non_null(info->id);
        assert_string_equal(info->severity, "error"); /* what is none is no rule */
        assert_true(strlen(info->title) > 20 && strlen(info->remedy) > 20);
        assert_non_null(strstr(info->reference, "RFC "));
        assert_true(is_one_of(info->rfc2060, answers));
        assert_true(is_one_of(info->rfc3501, answers));
        assert_true(is_one_of(info->rfc9051, answers));
    }
}

/* What a developer can send instead, and a vendor can try. */
static void every_remedy_has_a_line_to_send(void **state)
{
    (void)state;
    for (int rule = 0; rule < IMAP_RULES; rule++) {
        const struct imap_rule_info *info = imap_rule_info((enum imap_rule)rule);
        int has_line = strstr(info->remedy, "A1 LOGIN ") || strstr(info->remedy, "A1 AUTHENTICATE ") ||
                       strstr(info->remedy, "A1 STARTTLS");

        if (!has_line || !strstr(info->remedy, "<password>"))
            fail_msg("%s: %s", info->id, info->remedy);
        assert_non_null(strstr(info->reference, "section"));
    }
}

static void no_two_rules_share_a_name(void **state)
{
    (void)state;
    for (int rule = 0; rule < IMAP_RULES; rule++)
        for (int other = 0; other < rule; other++)
            assert_string_not_equal(imap_rule_info((enum imap_rule)rule)->id,
                                    imap_rule_info((enum imap_rule)other)->id);
}

static void names_stand_where_scripts_look_for_them(void **state)
{
    (void)state;
    assert_string_equal(imap_rule_info(IMAP_RULE_UNQUOTED_WILDCARD)->id, "unquoted-wildcard");
    assert_string_equal(imap_rule_info(IMAP_RULE_BAD_TAG)->id, "bad-tag");
    assert_string_equal(imap_rule_info(IMAP_RULE_LOGIN_DISABLED)->id, "login-disabled");
}

/* RFC 9051 speaks of LOGIN and of unsecure networks alone; an exchange is forbidden by none. */
static void every_exposure_is_whole(void **state)
{
    static const char *const forbidden[IMAP_EXPOSURES] = {
        [IMAP_EXPOSURE_GUESSABLE] = "no", [IMAP_EXPOSURE_PASSWORD] = "conditional"};
    (void)state;
    assert_null(imap_exposure_info(IMAP_EXPOSURE_NONE));
    for (int exposure = IMAP_EXPOSURE_NONE + 1; exposure < IMAP_EXPOSURES; exposure++) {
        const struct imap_exposure_info *info = imap_exposure_info((enum imap_exposure)exposure);
        assert_true(strlen(info->title) > 20 && strstr(info->remedy, "A1 STARTTLS"));
        assert_non_null(strstr(info->reference, "section"));
        assert_string_equal(info->rfc2060, "no");
        assert_string_equal(info->rfc3501, "no");
        assert_string_equal(info->rfc9051, forbidden[exposure]);
    }
    assert_string_equal(imap_exposure_info(IMAP_EXPOSURE_PASSWORD)->id, "password");
    assert_string_equal(imap_exposure_info(IMAP_EXPOSURE_GUESSABLE)->id, "guessable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_whole),
        cmocka_unit_test(every_remedy_has_a_line_to_send),
        cmocka_unit_test(no_two_rules_share_a_name),
        cmocka_unit_test(every_exposure_is_whole),
        cmocka_unit_test(names_stand_where_scripts_look_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
