/*
 * Addresses and networks as people write them.
 */
#include "db/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_network_holds_what_lies_in_it(void **state)
{
    static const struct {
        const char *network, *address;
        bool held;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7", true},           {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.0/24", "192.0.2.255", true},      {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.99/24", "192.0.2.1", true},       {"192.0.2.128/25", "192.0.2.127", false},
        {"10.0.0.0/7", "11.255.255.255", true},     {"10.0.0.0/7", "12.0.0.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},         {"0.0.0.0/0", "2001:db8::1", false},
        {"2001:db8::/32", "2001:db8:ffff::", true}, {"2001:DB8::/33", "2001:db8:8000::", false},
        {"2001:db8:0:0::1", "2001:db8::1", true},   {"::/0", "192.0.2.1", false},
        {"::/0", "::ffff:192.0.2.1", true},         {"0.0.0.0/0", "", false},
        {"0.0.0.0/0", "mail.example", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network network;

        assert_true(network_parse(cases[i].network, &network));
        if (network_holds(&network, cases[i].address) != cases[i].held)
            fail_msg("%s and %s", cases[i].network, cases[i].address);
    }
}

static void test_what_is_no_network_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "/",
        "/24",
        "mail.example",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2.0/+8",
        "192.0.2.0/8 ",
        " 192.0.2.0",
        "192.0.2.0/08x",
        "2001:db8::/129",
        "2001:db8::/4294967297",
        "::1%eth0",
        "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network network;

        if (network_parse(cases[i], &network))
            fail_msg("taken: '%s'", cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_holds_what_lies_in_it),
        cmocka_unit_test(test_what_is_no_network_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
