/* What sessions share: memory that goes from one to the next, and what was found in servers' texts. */
#include "dissector/server/reply_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void memory_that_is_given_back_is_taken_again_and_holds_nothing(void **state)
{
    static const char nothing[2000];
    static struct pool pool;
    (void)state;
    for (size_t size = 1; size <= sizeof nothing; size += 13) {
        char *octets = pool_take(&pool, size);
        assert_non_null(octets);
        memset(octets, 's', size);
        pool_give(&pool, octets, size);
        assert_ptr_equal(pool_take(&pool, size), octets);
        assert_memory_equal(octets, nothing, size);
        pool_give(&pool, octets, size);
    }
    pool_empty(&pool);
}

static void a_pool_keeps_no_more_than_its_limit(void **state)
{
    enum { SIZE = 2000, COUNT = 1000 };
    static struct pool pool;
    static void *pieces[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        pieces[i] = pool_take(&pool, SIZE);
    for (size_t i = 0; i < COUNT; i++)
        pool_give(&pool, pieces[i], SIZE);
    assert_in_range(pool.octets, POOL_MOST_OCTETS - SIZE, POOL_MOST_OCTETS);
    pool_empty(&pool);
    assert_int_equal(pool.octets, 0);
}

static void check_product(struct reply_cache *known, const char *greeting, const char *product)
{
    struct budget budget = {.limit = 1024};
    struct bounded_text found = {0};
    reply_cache_product(known, (struct imap_text){greeting, strlen(greeting)}, &found, &budget);
    assert_int_equal(found.count, strlen(product));
    assert_memory_equal(bounded_text_view(&found).octets, product, found.count);
    bounded_text_free(&found, &budget);
}

/* Of 1,000 greetings many share a place, and these have one length. */
static void a_greeting_names_its_product_whatever_came_before(void **state)
{
    static struct reply_cache known;
    (void)state;
    for (int turn = 0; turn < 2; turn++)
        for (int number = 0; number < 1000; number++) {
            char greeting[64], product[64];
            (void)snprintf(greeting, sizeof greeting, "host Cyrus IMAP 3.6.%03d ready", number);
            (void)snprintf(product, sizeof product, "Cyrus IMAP 3.6.%03d", number);
            check_product(&known, greeting, product);
            check_product(&known, greeting, product);
            memcpy(strstr(greeting, "Cyrus"), "Virus", 5);
            check_product(&known, greeting, "");
            check_product(&known, greeting, "");
        }
    check_product(&known, "", "");
}

static void a_greeting_that_is_too_long_to_be_remembered_names_its_product_too(void **state)
{
    static struct reply_cache known;
    char greeting[REPLY_CACHE_GREETING_OCTETS + 32];
    (void)state;
    memset(greeting, ' ', sizeof greeting - 1);
    greeting[sizeof greeting - 1] = '\0';
    memcpy(greeting + sizeof greeting - 8, "Dovecot", 7);
    check_product(&known, greeting, "Dovecot");
    check_product(&known, greeting, "Dovecot");
}

/* Of 1,000 replies many share a place. */
static void a_reply_has_its_pairs_whatever_came_before(void **state)
{
    static struct reply_cache known;
    (void)state;
    for (int number = 0; number < 1000; number++) {
        char text[64];
        struct imap_text reply = {text, 0};
        struct pairs pairs;
        reply.length = (size_t)snprintf(text, sizeof text, "no user %d here", number);
        pairs_of(&pairs, reply);
        assert_null(reply_cache_reply(&known, reply));
        reply_cache_reply_keep(&known, &pairs);
        memset(text, '-', sizeof text); /* it has the text itself */
        (void)snprintf(text, sizeof text, "no user %d here", number);
        assert_non_null(reply_cache_reply(&known, reply));
        assert_memory_equal(reply_cache_reply(&known, reply)->set, pairs.set, sizeof pairs.set);
        assert_memory_equal(reply_cache_reply(&known, reply)->text.octets, text, reply.length);
        text[0] = 'X';
        assert_null(reply_cache_reply(&known, reply));
    }
}

static void a_reply_that_is_empty_or_too_long_is_not_remembered(void **state)
{
    static struct reply_cache known;
    static const char text[REPLY_CACHE_REPLY_OCTETS + 1];
    struct pairs pairs;
    (void)state;
    for (size_t length = 0; length <= sizeof text; length += sizeof text) {
        pairs_of(&pairs, (struct imap_text){text, length});
        reply_cache_reply_keep(&known, &pairs);
        assert_null(reply_cache_reply(&known, pairs.text));
    }
    pairs_of(&pairs, (struct imap_text){text, REPLY_CACHE_REPLY_OCTETS});
    reply_cache_reply_keep(&known, &pairs);
    assert_non_null(reply_cache_reply(&known, pairs.text));
}

static void without_memory_no_product_is_remembered(void **state)
{
    static struct reply_cache known;
    struct budget none = {.limit = 0};
    struct bounded_text found = {0};
    (void)state;
    reply_cache_product(&known, (struct imap_text){"Dovecot", 7}, &found, &none);
    assert_int_equal(found.count, 0);
    check_product(&known, "Dovecot", "Dovecot");
}

static void check_capabilities(struct reply_cache *known, const char *list, unsigned flags, const char *kept)
{
    struct budget budget = {.limit = 4096};
    struct capabilities found = {.partial = true};
    assert_int_equal(reply_cache_capabilities(known, (struct imap_text){list, strlen(list)}, &found, &budget),
                     flags);
    assert_int_equal(found.flags, flags);
    assert_true(found.seen && !found.partial);
    assert_int_equal(found.text.count, strlen(kept));
    assert_memory_equal(bounded_text_view(&found.text).octets, kept, found.text.count);
    bounded_text_free(&found.text, &budget);
}

static void a_list_has_its_capabilities_whatever_came_before(void **state)
{
    static struct reply_cache known;
    (void)state;
    for (int turn = 0; turn < 2; turn++)
        for (int number = 0; number < 1000; number++) {
            char list[64];
            (void)snprintf(list, sizeof list, "IMAP4rev1 LITERAL+ X%03d", number);
            check_capabilities(&known, list, CAPABILITY_LITERAL_PLUS, list);
            check_capabilities(&known, list, CAPABILITY_LITERAL_PLUS, list);
            list[strlen("IMAP4rev1 LITERAL")] = '-';
            check_capabilities(&known, list, CAPABILITY_LITERAL_MINUS, list);
            check_capabilities(&known, list, CAPABILITY_LITERAL_MINUS, list);
        }
}

static void spaces_too_many_are_left_out_of_a_list_that_comes_again(void **state)
{
    static struct reply_cache known;
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        check_capabilities(&known, " IMAP4rev1  SASL-IR ", CAPABILITY_SASL_IR, "IMAP4rev1 SASL-IR");
        check_capabilities(&known, "", 0, "");
    }
}

static void a_list_that_is_too_long_to_be_remembered_has_its_capabilities_too(void **state)
{
    static struct reply_cache known;
    char list[REPLY_CACHE_LIST_OCTETS + 32];
    (void)state;
    memset(list, 'X', sizeof list - 1);
    list[sizeof list - 1] = '\0';
    memcpy(list, "STARTTLS ", 9);
    for (int turn = 0; turn < 2; turn++)
        check_capabilities(&known, list, CAPABILITY_STARTTLS, list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_is_given_back_is_taken_again_and_holds_nothing),
        cmocka_unit_test(a_pool_keeps_no_more_than_its_limit),
        cmocka_unit_test(a_greeting_names_its_product_whatever_came_before),
        cmocka_unit_test(a_greeting_that_is_too_long_to_be_remembered_names_its_product_too),
        cmocka_unit_test(a_reply_has_its_pairs_whatever_came_before),
        cmocka_unit_test(a_reply_that_is_empty_or_too_long_is_not_remembered),
        cmocka_unit_test(without_memory_no_product_is_remembered),
        cmocka_unit_test(a_list_has_its_capabilities_whatever_came_before),
        cmocka_unit_test(spaces_too_many_are_left_out_of_a_list_that_comes_again),
        cmocka_unit_test(a_list_that_is_too_long_to_be_remembered_has_its_capabilities_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
