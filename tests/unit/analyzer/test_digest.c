/*
 * SHA-256, against the examples of FIPS 180-4, in any chunking.
 */
#include "analyzer/capture/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EMPTY   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void is_that_of_the_examples_and_begins_again(void **state)
{
    struct digest *digest = digest_new();
    char text[DIGEST_TEXT];

    (void)state;
    assert_non_null(digest);
    digest_finish(digest, text);
    assert_string_equal(text, EMPTY);
    digest_feed(digest, "a", 1);
    digest_feed(digest, "bc", 2);
    digest_finish(digest, text);
    assert_string_equal(text, ABC);
    digest_feed(digest, "left over", 9);
    digest_restart(digest);
    digest_feed(digest, "abc", 3);
    digest_finish(digest, text);
    assert_string_equal(text, ABC);
    digest_free(digest);
}

static void of_a_file_is_of_all_its_octets(void **state)
{
    char path[] = "/tmp/imaptap-digest-XXXXXX", text[DIGEST_TEXT];
    int fd = mkstemp(path);
    char block[1000];
    uint64_t octets;

    (void)state;
    assert_true(fd >= 0);
    (void)unlink(path);
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    assert_int_equal(digest_of_file(fd, &octets, text), 0);
    assert_int_equal(octets, 1000000);
    assert_string_equal(text, MILLION);
    (void)close(fd);
    assert_int_equal(digest_of_file(fd, &octets, text), -1);
}

static void is_known_by_its_form(void **state)
{
    (void)state;
    assert_true(digest_is_text(ABC));
    assert_false(digest_is_text(""));
    assert_false(digest_is_text(ABC "0"));
    assert_false(digest_is_text("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_that_of_the_examples_and_begins_again),
        cmocka_unit_test(of_a_file_is_of_all_its_octets),
        cmocka_unit_test(is_known_by_its_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
