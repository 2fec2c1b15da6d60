/*
 * The formats: each to the octet.
 */
#include "tests/unit/db/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void open_empty(struct fixture *fixture)
{
    fixture_close(fixture, fixture_open(fixture, false));
}

static void expect(struct fixture *fixture, enum query_format format, unsigned width, const char *sql,
                   const char *expected)
{
    struct query_options options = {.format = format, .width = width};
    enum query_status status;
    char *text = fixture_query(fixture, sql, &options, &status);

    if (status != QUERY_OK)
        fail_msg("%s", fixture->why);
    assert_string_equal(text, expected);
    free(text);
}

static const char sample[] = "SELECT 'ali*ce' AS username, 3 AS refused, 1.5 AS share, NULL AS code"
                             " UNION ALL SELECT 'b', -20, 0.25, ''";

static void test_table_aligns_text_left_and_numbers_right(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 0, sample,
           "username  refused  share  code\n"
           "--------  -------  -----  ----\n"
           "ali*ce          3    1.5  -\n"
           "b             -20   0.25  \n");
}

static void test_table_shows_a_column_of_nothing_as_text(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 0, "SELECT NULL AS code, 1 AS n",
           "code  n\n"
           "----  -\n"
           "-     1\n");
}

static void test_table_shortens_paths_and_texts_only(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 32, "SELECT 12345678901234 AS n, 'abcdefghijklmnopqr' AS source",
           "             n  source\n"
           "--------------  ----------------\n"
           "12345678901234  abcdefghijklmno\xE2\x80\xA6\n");
    expect(*state, QUERY_TABLE, 31, "SELECT 12345678901234 AS n, 'abcdefghijklmnopqr' AS source",
           "[1]\n"
           "n       12345678901234\n"
           "source  abcdefghijklmnopqr\n");
}

static void test_without_utf_8_points_show_what_is_left_out(void **state)
{
    struct query_options options = {.format = QUERY_TABLE, .width = 16, .ascii = true};
    enum query_status status;
    char *text;

    open_empty(*state);
    text = fixture_query(*state, "SELECT 'abcdefghijklmnopqr' AS source", &options, &status);
    assert_string_equal(text, "source\n----------------\nabcdefghijklm...\n");
    free(text);
}

static void test_table_of_no_rows_has_its_head(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 0, "SELECT 1 AS a, 2 AS bcd WHERE 0",
           "a  bcd\n"
           "-  ---\n");
}

static void test_table_aligns_wide_and_combining_characters(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 0,
           "SELECT '\xE4\xB8\xAD\xE6\x96\x87' AS u, 'x' AS y UNION ALL SELECT 'e\xCC\x81t\xC3\xA9', 'x'",
           "u     y\n"
           "----  -\n"
           "\xE4\xB8\xAD\xE6\x96\x87  x\n"
           "e\xCC\x81t\xC3\xA9   x\n");
}

static void test_table_shortens_the_widest_text_to_fit(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 32,
           "SELECT 'a title that is far too long' AS title, 123456 AS n, 'short' AS b",
           "title                   n  b\n"
           "-----------------  ------  -----\n"
           "a title that is \xE2\x80\xA6  123456  short\n");
    expect(*state, QUERY_TABLE, 37,
           "SELECT 'abcdefghijklmnopqrst' AS source, 'abcdefghijklmnopqrs' AS error, 1 AS n",
           "source            error             n\n"
           "----------------  ----------------  -\n"
           "abcdefghijklmno\xE2\x80\xA6  abcdefghijklmno\xE2\x80\xA6  1\n");
}

static void test_rows_that_fit_no_table_are_blocks(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 20,
           "SELECT 'a user name that is too long' AS username, 123456 AS n, NULL AS code, "
           "'2001:db8:1234:5678::1' AS ip, 'a b c d e f g h' AS t"
           " UNION ALL SELECT 'b', 1, 'x', '::1', 'i'",
           "[1]\n"
           "username\n"
           "  a user name that is too long\n"
           "n         123456\n"
           "code      -\n"
           "ip\n"
           "  2001:db8:1234:5678::1\n"
           "t         a b c d e\n"
           "          f g h\n"
           "\n"
           "[2]\n"
           "username  b\n"
           "n         1\n"
           "code      x\n"
           "ip        ::1\n"
           "t         i\n");
}

static void test_table_wraps_a_last_column_of_text(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 24,
           "SELECT 1 AS n, 'the quick brown fox jumps over' AS said UNION ALL SELECT 22, 'a' UNION ALL "
           "SELECT 3, "
           "'and abcdefghijklmnopqrstuvwxyz'",
           " n  said\n"
           "--  --------------------\n"
           " 1  the quick brown fox\n"
           "    jumps over\n"
           "22  a\n"
           " 3  and\n"
           "    abcdefghijklmnopqrs\xE2\x80\xA6\n");
    /* A line may be filled exactly. */
    expect(*state, QUERY_TABLE, 5, "SELECT 'ab cd \xE4\xB8\xAD\xE6\x96\x87 ef' AS t",
           "t\n-----\nab cd\n\xE4\xB8\xAD\xE6\x96\x87\nef\n");
    /* What may be shortened is not wrapped for ever; all else is. */
    expect(*state, QUERY_TABLE, 16,
           "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 14)"
           " SELECT group_concat('fifteen-columns', ' ') AS said FROM n",
           "said\n----------------\nfifteen-columns\nfifteen-columns\nfifteen-columns\nfifteen-columns\n"
           "fifteen-columns\nfifteen-columns\nfifteen-columns\nfifteen-columns\nfifteen-columns\nfifteen-"
           "columns\n"
           "fifteen-columns\nfifteen-columns\xE2\x80\xA6\n");
    expect(*state, QUERY_TABLE, 2, "SELECT 'a b c d e f g h i j k l m n' AS t",
           "t\n--\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\n");
}

static void test_table_never_sends_control_characters(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 0,
           "SELECT char(27) || '[2J' || char(10) || char(155) || char(8238) AS \"x\x1B[31m\", x'00ff' AS b",
           "x\\x1B[31m                b\n"
           "-----------------------  -------\n"
           "\\x1B[2J\\x0A\\u009B\\u202E  X'00FF'\n");
}

static void test_table_of_many_rows_settles_its_widths_and_goes_on(void **state)
{
    struct query_options options = {.format = QUERY_TABLE};
    struct fixture *fixture = *state;
    enum query_status status;
    size_t lines = 0;
    char *text;

    open_empty(fixture);
    text =
        fixture_query(fixture,
                      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)"
                      " SELECT i, printf('%040d', i) AS text FROM n UNION ALL SELECT 1, printf('%060d', 7)",
                      &options, &status);
    assert_int_equal(status, QUERY_OK);
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 150003);
    /* Without a limit nothing is cut, also where a row is wider than those that settled the widths. */
    assert_non_null(strstr(text, "\n    1  000000000000000000000000000000000000000000000000000000000007\n"));
    free(text);
}

static void test_csv_follows_rfc_4180(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_CSV, 0,
           "SELECT 'a,b' AS \"x,y\", 'say \"hi\"' AS q, 'two' || char(13, 10) || 'lines' AS l, '' AS empty, "
           "NULL AS none,"
           " 7 AS n, 0.1 AS r, x'0a' AS b, ' s ' AS s",
           "\"x,y\",q,l,empty,none,n,r,b,s\r\n"
           "\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",\"\",,7,0.1,X'0A', s \r\n");
}

static void test_csv_keeps_octets_in_a_file_and_escapes_them_on_a_terminal(void **state)
{
    static const char sql[] = "SELECT 'a' || char(27) || '[31m' AS x";
    struct query_options options = {.format = QUERY_CSV};
    struct fixture *fixture = *state;
    char shown[64] = "";
    ssize_t length;
    FILE *terminal;
    int master;

    open_empty(fixture);
    expect(fixture, QUERY_CSV, 0, sql, "x\r\na\x1B[31m\r\n");
    master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        skip(); /* no terminals here */
    terminal = fopen(ptsname(master), "w");
    assert_non_null(terminal);
    assert_int_equal(
        query_run(fixture->path, sql, &options, terminal, NULL, fixture->why, sizeof fixture->why), QUERY_OK);
    (void)fclose(terminal);
    for (size_t at = 0; (length = read(master, shown + at, sizeof shown - 1 - at)) > 0;)
        at += (size_t)length; /* it comes line by line */
    assert_null(strchr(shown, 0x1B));
    assert_non_null(strstr(shown, "a\\x1B[31m"));
    (void)close(master);
}

static void test_json_keeps_numbers_and_null(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_JSON, 0, sample,
           "[\n"
           "{\"username\":\"ali*ce\",\"refused\":3,\"share\":1.5,\"code\":null},\n"
           "{\"username\":\"b\",\"refused\":-20,\"share\":0.25,\"code\":\"\"}\n"
           "]\n");
    expect(*state, QUERY_JSON, 0, "SELECT 9223372036854775807 AS big, 0.1 AS tenth, 1e999 AS endless",
           "[\n{\"big\":9223372036854775807,\"tenth\":0.1,\"endless\":null}\n]\n");
}

static void test_json_of_no_rows_is_an_empty_list(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_JSON, 0, "SELECT 1 AS a WHERE 0", "[]\n");
    expect(*state, QUERY_NDJSON, 0, "SELECT 1 AS a WHERE 0", "");
}

static void test_ndjson_has_an_object_a_line(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_NDJSON, 0, sample,
           "{\"username\":\"ali*ce\",\"refused\":3,\"share\":1.5,\"code\":null}\n"
           "{\"username\":\"b\",\"refused\":-20,\"share\":0.25,\"code\":\"\"}\n");
}

static void test_json_escapes_what_a_terminal_would_act_on(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_NDJSON, 0,
           "SELECT char(27, 127, 155, 8238, 917569) || '\"\\\xC3\xBC' || char(10) AS x, CAST(x'61ff00' AS "
           "TEXT) AS t",
           "{\"x\":\"\\u001B\\u007F\\u009B\\u202E\\uDB40\\uDC41\\\"\\\\\xC3\xBC\\n\",\"t\":"
           "\"a\\\\xFF\\\\x00\"}\n");
}

static void test_json_gives_columns_of_one_name_different_keys(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_NDJSON, 0, "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a",
           "{\"a\":1,\"a_2\":2,\"a_2_2\":3,\"a_3\":4}\n");
}

static void test_markdown_is_a_table_of_github_flavour(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_MARKDOWN, 0, sample,
           "| username | refused | share | code |\n"
           "| --- | ---: | ---: | --- |\n"
           "| ali\\*ce | 3 | 1.5 |  |\n"
           "| b | -20 | 0.25 |  |\n");
    expect(*state, QUERY_MARKDOWN, 0, "SELECT 1 AS a WHERE 0", "| a |\n| --- |\n");
}

static void test_markdown_leaves_no_markup_alive(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_MARKDOWN, 0,
           "SELECT 'a|b' AS p, '<script>' AS s, '[x](http://y)' AS l, 'www.z' AS w, 'm@x' AS m,"
           " char(10, 155, 8238) AS c, '2026-11-24T10:00Z' AS t",
           "| p | s | l | w | m | c | t |\n| --- | --- | --- | --- | --- | --- | --- |\n"
           "| a\\|b | \\<script\\> | \\[x\\](http\\://y) | www\\.z | m\\@x |"
           " \\\\x0A\\\\u009B\\\\u202E | 2026-11-24T10:00Z |\n");
}

static void test_table_aligns_emoji(void **state)
{
    open_empty(*state);
    expect(*state, QUERY_TABLE, 0, "SELECT '\xF0\x9F\x98\x80' AS u, 'x' AS y UNION ALL SELECT 'ab', 'x'",
           "u   y\n"
           "--  -\n"
           "\xF0\x9F\x98\x80  x\n"
           "ab  x\n");
    /* A wide character that does not fit whole is left out, and what combines stays with its letter. */
    expect(*state, QUERY_TABLE, 16,
           "SELECT "
           "'\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
           "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80' AS said",
           "said\n----------------"
           "\n\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98"
           "\x80\xF0\x9F\x98\x80\xE2\x80\xA6\n");
    expect(*state, QUERY_TABLE, 16,
           "SELECT 'abcdefghijklmnoe\xCC\x81' AS said UNION ALL SELECT 'abcdefghijklmne\xCC\x81oo'",
           "said\n----------------\n"
           "abcdefghijklmnoe\xCC\x81\n"
           "abcdefghijklmne\xCC\x81\xE2\x80\xA6\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_table_aligns_text_left_and_numbers_right),
        FIXTURE_TEST(test_table_shows_a_column_of_nothing_as_text),
        FIXTURE_TEST(test_table_shortens_paths_and_texts_only),
        FIXTURE_TEST(test_without_utf_8_points_show_what_is_left_out),
        FIXTURE_TEST(test_rows_that_fit_no_table_are_blocks),
        FIXTURE_TEST(test_table_of_no_rows_has_its_head),
        FIXTURE_TEST(test_table_aligns_wide_and_combining_characters),
        FIXTURE_TEST(test_table_shortens_the_widest_text_to_fit),
        FIXTURE_TEST(test_table_wraps_a_last_column_of_text),
        FIXTURE_TEST(test_table_never_sends_control_characters),
        FIXTURE_TEST(test_table_of_many_rows_settles_its_widths_and_goes_on),
        FIXTURE_TEST(test_csv_follows_rfc_4180),
        FIXTURE_TEST(test_csv_keeps_octets_in_a_file_and_escapes_them_on_a_terminal),
        FIXTURE_TEST(test_json_keeps_numbers_and_null),
        FIXTURE_TEST(test_json_of_no_rows_is_an_empty_list),
        FIXTURE_TEST(test_ndjson_has_an_object_a_line),
        FIXTURE_TEST(test_json_escapes_what_a_terminal_would_act_on),
        FIXTURE_TEST(test_json_gives_columns_of_one_name_different_keys),
        FIXTURE_TEST(test_markdown_is_a_table_of_github_flavour),
        FIXTURE_TEST(test_markdown_leaves_no_markup_alive),
        FIXTURE_TEST(test_table_aligns_emoji),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
