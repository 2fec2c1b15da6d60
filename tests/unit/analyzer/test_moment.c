/*
 * Times as people write them.
 */
#include "analyzer/cli/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* 2026-11-24 02:22:51 UTC. */
#define NOW_S  INT64_C(1795486971)
#define S_NS   INT64_C(1000000000)
#define NOW_NS (NOW_S * S_NS)

static void test_times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"1970-01-01", 0},
        {"2026-11-24", (NOW_S - 8571) * S_NS},
        {"2026-11-24T02:22", (NOW_S - 51) * S_NS},
        {"2026-11-24T02:22:51", NOW_NS},
        {"2026-11-24T02:22:51Z", NOW_NS},
        {"2026-11-24 02:22:51z", NOW_NS},
        {"2026-11-24T02:22:51.5Z", NOW_NS + S_NS / 2},
        {"2026-11-24T02:22:51.123456789Z", NOW_NS + 123456789},
        {"2026-11-24T03:22:51+01:00", NOW_NS},
        {"2026-11-23T18:22:51-0800", NOW_NS},
        {"2024-02-29", INT64_C(1709164800) * S_NS},
        {"2261-12-31T23:59:59Z", INT64_C(9214646399) * S_NS},
        {"0s", NOW_NS},
        {"45s", NOW_NS - 45 * S_NS},
        {"30m", NOW_NS - 1800 * S_NS},
        {"24h", NOW_NS - 86400 * S_NS},
        {"90d", NOW_NS - 90 * 86400 * S_NS},
        {"2w", NOW_NS - 14 * 86400 * S_NS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = -1;

        if (!moment_parse(cases[i].text, NOW_NS, &ns) || ns != cases[i].ns)
            fail_msg("%s: %lld", cases[i].text, (long long)ns);
    }
}

static void test_what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {"",
                                        "now",
                                        "yesterday",
                                        "2026",
                                        "2026-11",
                                        "2026-13-01",
                                        "2026-02-29",
                                        "2026-04-31",
                                        "2026-11-24T",
                                        "2026-11-24T24:00",
                                        "2026-1-1",
                                        "26-11-24",
                                        "2026-11-24T02:60",
                                        "2026-11-24T02:22:51.",
                                        "2026-11-24T02:22:51+1",
                                        "1969-12-31",
                                        "2262-01-01",
                                        "2026-11-24T02:22:5",
                                        "2026-11-24T02:22:51ZZ",
                                        "2026-11-24T02:22:51+24:00",
                                        "90",
                                        "d",
                                        "90 d",
                                        "-90d",
                                        "90dd",
                                        "1.5h",
                                        "99999999999w",
                                        "99999999999999999999s",
                                        "1y",
                                        "2026-11-24x"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns;

        if (moment_parse(cases[i], NOW_NS, &ns))
            fail_msg("taken: '%s'", cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_are_read),
        cmocka_unit_test(test_what_is_no_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
