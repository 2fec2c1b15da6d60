/*
 * The views and canned queries: they show who sends what to whom, and never take "not seen" for "no".
 */
#include "tests/unit/db/fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One login of `client` to `server`, on a connection of its own. */
struct attempt {
    const char *client, *server, *username;
    enum imap_form form;
    enum imap_result result;
    enum imap_argument wildcard; /* where an unquoted one stands; IMAP_ARG_TAG: nowhere */
};

static void add_attempts(struct fixture *fixture, const struct attempt *attempts, size_t count)
{
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");

    for (size_t i = 0; i < count; i++) {
        struct imap_login login = fixture_login(attempts[i].username, attempts[i].form, attempts[i].result);

        login.begin.time_ns += (int64_t)i * 1000000000;
        login.begin.frame += i;
        login.exposure = IMAP_EXPOSURE_PASSWORD;
        if (attempts[i].wildcard != IMAP_ARG_TAG)
            fixture_violate(&login, RULE_WILDCARD, attempts[i].wildcard);
        (void)fixture_add(store, fixture_connect(store, capture, attempts[i].client, attempts[i].server),
                          capture, &login);
    }
    fixture_complete(store, capture, "a");
    fixture_close(fixture, store);
}

static const struct attempt attempts[] = {
    {"10.0.0.1", "10.9.9.9", "ali*ce", IMAP_FORM_ATOM, IMAP_RESULT_NO, IMAP_ARG_USERNAME},
    {"10.0.0.1", "10.9.9.9", "ali*ce", IMAP_FORM_ATOM, IMAP_RESULT_BAD, IMAP_ARG_USERNAME},
    {"10.0.0.1", "10.9.9.9", "bob", IMAP_FORM_ATOM, IMAP_RESULT_OK, IMAP_ARG_PASSWORD},
    {"10.0.0.2", "10.9.9.9", "ali*ce", IMAP_FORM_QUOTED, IMAP_RESULT_OK, IMAP_ARG_TAG},
    {"10.0.0.2", "10.9.9.9", "50%", IMAP_FORM_LITERAL, IMAP_RESULT_OK, IMAP_ARG_TAG},
    {"10.0.0.3", "10.9.9.9", "c%d", IMAP_FORM_ATOM, IMAP_RESULT_BYE, IMAP_ARG_USERNAME},
    {"10.0.0.3", "10.9.9.9", "c%d", IMAP_FORM_LITERAL_PLUS, IMAP_RESULT_NONE, IMAP_ARG_TAG},
    {"10.0.0.4", "10.9.9.9", "dora", IMAP_FORM_ATOM, IMAP_RESULT_NO, IMAP_ARG_TAG},
    {"10.0.0.4", "10.9.9.8", "e*", IMAP_FORM_SASL, IMAP_RESULT_OK,
     IMAP_ARG_TAG}, /* SASL knows no wildcards */
};

static void test_senders_show_who_quotes(void **state)
{
    struct fixture *fixture = *state;

    add_attempts(fixture, attempts, sizeof attempts / sizeof *attempts);
    assert_string_equal(
        fixture_ask(fixture->path,
                    "SELECT group_concat(client_ip || '>' || server_ip || ' ' || logins || ' ' || "
                    "wildcard_unquoted ||"
                    " ' ' || wildcard_quoted || ' ' || refused || ' ' || wildcard_refused || ' ' || "
                    "unanswered || ' ' ||"
                    " verdict, x'0a') FROM (SELECT * FROM senders ORDER BY client_ip, server_ip)"),
        "10.0.0.1>10.9.9.9 3 3 0 2 2 0 never quotes\n"
        "10.0.0.2>10.9.9.9 2 0 2 0 0 0 quotes\n"
        "10.0.0.3>10.9.9.9 2 1 1 1 1 1 mixed\n"
        "10.0.0.4>10.9.9.8 1 0 0 0 0 0 not tried\n"
        "10.0.0.4>10.9.9.9 1 0 0 1 0 0 not tried");
}

static void test_wildcard_logins_show_how_they_were_written(void **state)
{
    struct fixture *fixture = *state;

    add_attempts(fixture, attempts, sizeof attempts / sizeof *attempts);
    assert_string_equal(
        fixture_ask(fixture->path,
                    "SELECT group_concat(username || ' ' || coalesce(username_wildcard, '-') || ' ' ||"
                    " coalesce(password_wildcard, '-'), x'0a')"
                    " FROM (SELECT * FROM wildcard_logins ORDER BY login_id)"),
        "ali*ce unquoted -\n"
        "ali*ce unquoted -\n"
        "bob - unquoted\n"
        "ali*ce quoted -\n"
        "50% literal -\n"
        "c%d unquoted -\n"
        "c%d literal+ -");
}

static void test_affected_users_show_who_got_in_another_way(void **state)
{
    struct fixture *fixture = *state;

    add_attempts(fixture, attempts, sizeof attempts / sizeof *attempts);
    assert_string_equal(
        fixture_ask(
            fixture->path,
            "SELECT group_concat(username || ' ' || server_ip || ' ' || refused || ' ' || clients || ' ' || "
            "rules"
            " || ' ' || first_time || ' ' || last_time || ' ' || got_in || ' ' || coalesce(got_in_by, '-'),"
            " x'0a') FROM (SELECT * FROM affected_users ORDER BY username)"),
        "ali*ce 10.9.9.9 2 10.0.0.1 unquoted-wildcard 2023-11-14T22:13:20.123456Z "
        "2023-11-14T22:13:21.123456Z yes quoted\n"
        "c%d 10.9.9.9 1 10.0.0.3 unquoted-wildcard 2023-11-14T22:13:25.123456Z 2023-11-14T22:13:25.123456Z "
        "no -");
}

static void test_wrong_password_alone_affects_nobody(void **state)
{
    static const struct attempt refused[] = {
        {"10.0.0.4", "10.9.9.9", "dora", IMAP_FORM_ATOM, IMAP_RESULT_NO, IMAP_ARG_TAG}};
    struct fixture *fixture = *state;

    add_attempts(fixture, refused, 1);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM affected_users"), 0);
}

static void test_mailbox_that_is_refused_after_the_login_counts_as_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");
    struct imap_login login = fixture_login("ali*ce", IMAP_FORM_ATOM, IMAP_RESULT_OK);
    int64_t broken, working, other, unsafe;

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    broken = fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    working = fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    other = fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    unsafe = fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    assert_int_equal(store_login_after(store, broken, IMAP_RESULT_BAD,
                                       fixture_text("User is authenticated but not connected.")),
                     STORE_OK);
    assert_int_equal(store_login_after(store, working, IMAP_RESULT_OK, fixture_text("LIST completed.")),
                     STORE_OK);
    assert_int_equal(store_login_after(store, other, IMAP_RESULT_BAD, fixture_text("Unknown command")),
                     STORE_OK);
    assert_int_equal(
        store_login_after(store, unsafe, IMAP_RESULT_NO,
                          fixture_text("SELECT Unsafe Login. Please contact kefu@188.com for help")),
        STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(
        fixture_ask(fixture->path,
                    "SELECT group_concat(refused) FROM (SELECT * FROM judged_logins ORDER BY id)"),
        "1,0,0,1");
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(cause) FROM causes"),
                        "mailbox,policy");
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM affected_users"), 0);
}

static void test_finding_has_everything_around_it(void **state)
{
    struct fixture *fixture = *state;

    add_attempts(fixture, attempts, 1);
    assert_string_equal(
        fixture_ask(
            fixture->path,
            "SELECT time || '|' || capture || '|' || frame || '|' || client_ip || '|' || client_port || '|' "
            "||"
            " server_ip || '|' || server_port || '|' || server_product || '|' || encryption || '|' || "
            "command ||"
            " '|' || username || '|' || username_form || '|' || password_form || '|' || exposure || '|' || "
            "result || '|' ||"
            " response_text || '|' || refused || '|' || rule || '|' || severity || '|' || title || '|' ||"
            " argument || '|' || reference || '|' || remedy || '|' || tag"
            " FROM findings WHERE rule = 'unquoted-wildcard'"),
        "2023-11-14T22:13:20.123456Z|mail.pcap|7|10.0.0.1|50000|10.9.9.9|143|Exchange "
        "2003|none|LOGIN|ali*ce|atom|atom|password|NO|"
        "said|1|unquoted-wildcard|error|Wildcard in an atom|username|RFC 3501 section 9|Quote it|a1");
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM findings"), 1);
}

/* Viewers show the SQL that made a table: each of its columns has a line of its own, with a comment. */
static void test_every_table_column_and_view_is_explained(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_string_equal(fixture_ask(fixture->path,
                                    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                                    " AND name NOT LIKE 'sqlite%' AND instr(sql, '-- ') = 0"),
                        "");
    assert_string_equal(
        fixture_ask(
            fixture->path,
            "WITH RECURSIVE lines(name, line, rest) AS ("
            " SELECT name, '', sql || char(10) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
            "'sqlite%'"
            " UNION ALL SELECT name, substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, "
            "char(10)) + 1)"
            " FROM lines WHERE rest <> '')"
            " SELECT group_concat(l.name || '.' || c.name) FROM lines l, pragma_table_info(l.name) c"
            " WHERE ltrim(replace(l.line, '\"', '')) GLOB c.name || ' [IT]*' AND instr(l.line, '-- ') = 0"),
        "NULL");
}

static void test_canned_queries_run_on_an_empty_database(void **state)
{
    struct query_options options = {.format = QUERY_TABLE, .width = 120};
    struct fixture *fixture = *state;
    size_t count;
    const struct query_canned *canned = query_canned(&count);

    fixture_close(fixture, fixture_open(fixture, false));
    for (size_t i = 0; i < count; i++) {
        uint64_t rows = 99;
        FILE *out = fopen("/dev/null", "w");

        assert_non_null(out);
        if (query_run(fixture->path, canned[i].sql, &options, out, &rows, fixture->why,
                      sizeof fixture->why) != QUERY_OK)
            fail_msg("%s: %s", canned[i].name, fixture->why);
        assert_int_equal(rows, 0);
        (void)fclose(out);
    }
}

static void test_canned_queries_answer_on_a_filled_database(void **state)
{
    static const struct {
        const char *name, *csv;
    } answers[] = {
        {"affected-users",
         "username,server_ip,refused,certainty,rules,clients,first_time,last_time,got_in,got_in_by\r\n"
         "ali*ce,10.9.9.9,2,proved,unquoted-wildcard,10.0.0.1,2023-11-14T22:13:20Z,2023-11-"
         "14T22:13:21Z,yes,quoted\r\n"
         "c%d,10.9.9.9,1,unknown,unquoted-wildcard,10.0.0.3,2023-11-14T22:13:25Z,2023-11-"
         "14T22:13:25Z,no,\r\n"},
        {"backslash-in-quotes",
         "username,not_escaped_in,result,cause,client_ip,server_ip,server_product,time,capture,frame\r\n"},
        {"captures", "id,source,kind,state,first_time,last_time,packets,bytes,connections,logins,error\r\n"
                     "1,mail.pcap,file,complete,2023-11-14T22:13:20Z,2023-11-14T22:13:21Z,10,1000,9,9,\r\n"},
        {"cleartext-logins",
         "username,exposure,method,server_ip,server_port,logins,first_time,last_time\r\n"
         "ali*ce,password,LOGIN,10.9.9.9,143,3,2023-11-14T22:13:20Z,2023-11-14T22:13:23Z\r\n"
         "c%d,password,LOGIN,10.9.9.9,143,2,2023-11-14T22:13:25Z,2023-11-14T22:13:26Z\r\n"
         "50%,password,LOGIN,10.9.9.9,143,1,2023-11-14T22:13:24Z,2023-11-14T22:13:24Z\r\n"
         "bob,password,LOGIN,10.9.9.9,143,1,2023-11-14T22:13:22Z,2023-11-14T22:13:22Z\r\n"
         "dora,password,LOGIN,10.9.9.9,143,1,2023-11-14T22:13:27Z,2023-11-14T22:13:27Z\r\n"
         "e*,password,LOGIN,10.9.9.8,143,1,2023-11-14T22:13:28Z,2023-11-14T22:13:28Z\r\n"},
        {"cleartext-with-starttls", "client_ip,server_ip,server_port,users,logins,first_time,last_time\r\n"},
        {"diagnosis",
         "client_ip,server_ip,server_port,cause,verdict,logins,users,diagnosis\r\n"
         "10.0.0.1,10.9.9.9,143,syntax,proved,1,1,\"10.0.0.1 sends the user name without quotes, and 10.9"
         ".9.9 (Exchange 2003) refuses it (BAD in frame 8, \"\"said\"\"). Proved: the same user was let i"
         "n there without that (frame 10). 10.0.0.1 must send it as a quoted string or a literal. Until t"
         "hen a name or password without such characters works.\"\r\n"
         "10.0.0.1,10.9.9.9,143,,tolerated,1,1,\"10.0.0.1 sends * or % unquoted, and 10.9.9.9 (Exchange 2"
         "003) takes it (1 login): it works there, and fails at a strict server. Quote it before that.\"\r\n"
         "10.0.0.3,10.9.9.9,143,unknown,unknown,2,1,\"10.9.9.9 (Exchange 2003) refuses the login of 10.0."
         "0.3 (BYE in frame 12, \"\"said\"\"); why is not known: the server gives no reason that is known."
         " The command breaks rules all the same, which may be why or not: unquoted-wildcard. It hits 1 user "
         "in 2 logins.\"\r\n"
         "10.0.0.1,10.9.9.9,143,unknown,unknown,1,1,\"10.9.9.9 (Exchange 2003) refuses the login of 10.0."
         "0.1 (NO in frame 7, \"\"said\"\"); why is not known: more than one reason fits."
         " The command breaks rules all the same, which may be why or not: unquoted-wildcard.\"\r\n"
         "10.0.0.4,10.9.9.9,143,unknown,unknown,1,1,\"10.9.9.9 (Exchange 2003) refuses the login of 10.0."
         "0.4 (NO in frame 14, \"\"said\"\"); why is not known: the server gives no reason that is known."
         "\"\r\n"
         "10.0.0.2,10.9.9.9,143,,no finding,2,0,10.0.0.2 quotes * and % in 2 logins to 10.9.9.9 (Exchange"
         " 2003): accepted.\r\n"
         "10.0.0.4,10.9.9.8,143,,no finding,1,0,\"No finding in 1 login of 10.0.0.4 to 10.9.9.8 (Exchange"
         " 2003); no * or % that needs quotes was seen, so whether it quotes them is not known.\"\r\n"},
        {"findings", "severity,rule,argument,octets,username,command_line,result,cause,client_ip,server_ip,"
                     "server_port,time,"
                     "capture,frame\r\n"
                     "error,unquoted-wildcard,username,,ali*ce,LOGIN ali*ce "
                     "********,NO,unknown,10.0.0.1,10.9.9.9,143,2023-11-14T22:13:20Z,mail.pcap,"
                     "7\r\n"
                     "error,unquoted-wildcard,username,,ali*ce,LOGIN ali*ce "
                     "********,BAD,syntax,10.0.0.1,10.9.9.9,143,2023-11-14T22:13:21Z,mail.pcap,"
                     "8\r\n"
                     "error,unquoted-wildcard,password,,bob,LOGIN bob ******** (password: * or % "
                     "unquoted),OK,,10.0.0.1,10.9.9.9,143,2023-11-14T22:13:22Z,mail.pcap,9\r\n"
                     "error,unquoted-wildcard,username,,c%d,LOGIN c%d "
                     "********,BYE,unknown,10.0.0.3,10.9.9.9,143,2023-11-14T22:13:25Z,mail.pcap,"
                     "12\r\n"},
        {"guessing",
         "client_ip,logins,refused,most_users,let_in,most_refused,first_time,last_time,servers\r\n"},
        {"logins",
         "time,client_ip,client_port,server_ip,server_port,username,command,mechanism,username_form,result,"
         "cause,certainty,rules,exposure,capture,frame\r\n"
         "2023-11-14T22:13:20Z,10.0.0.1,50000,10.9.9.9,143,ali*ce,LOGIN,,atom,NO,unknown,unknown,unquoted-"
         "wildcard,password,mail.pcap,7\r\n"
         "2023-11-14T22:13:21Z,10.0.0.1,50000,10.9.9.9,143,ali*ce,LOGIN,,atom,BAD,syntax,proved,unquoted-"
         "wildcard,password,mail.pcap,8\r\n"
         "2023-11-14T22:13:22Z,10.0.0.1,50000,10.9.9.9,143,bob,LOGIN,,atom,OK,,,unquoted-wildcard,password,"
         "mail.pcap,9\r\n"
         "2023-11-14T22:13:23Z,10.0.0.2,50000,10.9.9.9,143,ali*ce,LOGIN,,quoted,OK,,,,password,mail.pcap,"
         "10\r\n"
         "2023-11-14T22:13:24Z,10.0.0.2,50000,10.9.9.9,143,50%,LOGIN,,literal,OK,,,,password,mail.pcap,11\r\n"
         "2023-11-14T22:13:25Z,10.0.0.3,50000,10.9.9.9,143,c%d,LOGIN,,atom,BYE,unknown,unknown,unquoted-"
         "wildcard,password,mail.pcap,12\r\n"
         "2023-11-14T22:13:26Z,10.0.0.3,50000,10.9.9.9,143,c%d,LOGIN,,literal+,,unknown,unknown,,password,"
         "mail.pcap,13\r\n"
         "2023-11-14T22:13:27Z,10.0.0.4,50000,10.9.9.9,143,dora,LOGIN,,atom,NO,unknown,unknown,,password,"
         "mail.pcap,14\r\n"
         "2023-11-14T22:13:28Z,10.0.0.4,50000,10.9.9.8,143,e*,LOGIN,,sasl,OK,,,,password,mail.pcap,15\r\n"},
        {"loss", "id,source,state,kernel_drops,interface_drops,connections,lost_octets,midstream,one_sided,"
                 "encrypted,not_imap,"
                 "incomplete_logins,unanswered_logins,error\r\n"
                 "1,mail.pcap,complete,,,9,0,0,0,0,0,0,1,\r\n"},
        {"hung-up", "username,method,username_form,rules,end,ms,client_ip,server_ip,server_product,time,"
                    "capture,frame\r\n"},
        {"lost-backslash",
         "sent,seen,result,cause,client_ip,server_ip,server_product,time,capture,frame\r\n"},
        {"master-users", "user,master,username_form,result,cause,client_ip,server_ip,time,capture,frame\r\n"},
        {"mechanisms", "method,username_form,logins,accepted,refused,unanswered\r\n"
                       "LOGIN,atom,5,1,4,0\r\n"
                       "LOGIN,literal,1,1,0,0\r\n"
                       "LOGIN,literal+,1,0,0,1\r\n"
                       "LOGIN,quoted,1,1,0,0\r\n"
                       "LOGIN,sasl,1,1,0,0\r\n"},
        {"no-login", "client_ip,server_ip,server_port,no_login,said,connections,meaning,server_product,first_"
                     "time,last_time\r\n"},
        {"non-ascii", "username,username_form,violation_in,user_encoding,result,cause,client_ip,server_ip,"
                      "server_product,time,"
                      "capture,frame\r\n"},
        {"proxied", "username,client_ip,result_in,cause,delay_ms,legs\r\n"},
        {"refused-logins",
         "time,username,result,cause,certainty,response_code,said,rules,client_ip,server_ip,server_port,"
         "capture,frame\r\n"
         "2023-11-14T22:13:20Z,ali*ce,NO,unknown,unknown,,said,unquoted-wildcard,10.0.0.1,10.9.9.9,143,ma"
         "il.pcap,7\r\n"
         "2023-11-14T22:13:21Z,ali*ce,BAD,syntax,proved,,said,unquoted-wildcard,10.0.0.1,10.9.9.9,143,mai"
         "l.pcap,8\r\n"
         "2023-11-14T22:13:25Z,c%d,BYE,unknown,unknown,,said,unquoted-wildcard,10.0.0.3,10.9.9.9,143,mail"
         ".pcap,12\r\n"
         "2023-11-14T22:13:27Z,dora,NO,unknown,unknown,,said,,10.0.0.4,10.9.9.9,143,mail.pcap,14\r\n"},
        {"senders",
         "client_ip,server_ip,server_product,verdict,logins,wildcard_unquoted,wildcard_quoted,"
         "wildcard_refused,refused,unanswered,last_unquoted_time,quoted_since_time\r\n"
         "10.0.0.1,10.9.9.9,Exchange 2003,never quotes,3,3,0,2,2,0,2023-11-14T22:13:22Z,\r\n"
         "10.0.0.3,10.9.9.9,Exchange 2003,mixed,2,1,1,1,1,1,2023-11-14T22:13:25Z,2023-11-14T22:13:26Z\r\n"
         "10.0.0.2,10.9.9.9,Exchange 2003,quotes,2,0,2,0,0,0,,\r\n"
         "10.0.0.4,10.9.9.8,Exchange 2003,not tried,1,0,0,0,0,0,,\r\n"
         "10.0.0.4,10.9.9.9,Exchange 2003,not tried,1,0,0,0,1,0,,\r\n"},
        {"servers", "server_ip,server_port,server_product,clients,connections,logins,accepted,refused,"
                    "wildcards_accepted,"
                    "wildcards_refused,greeting\r\n"
                    "10.9.9.9,143,Exchange 2003,4,8,8,3,4,1,3,ready\r\n"
                    "10.9.9.8,143,Exchange 2003,1,1,1,1,0,0,0,ready\r\n"},
        {"starttls-pipelined", "username,result,cause,starttls,encryption,client_ip,server_ip,server_port,"
                               "server_product,time,capture,frame\r\n"},
        {"timeline", "hour,logins,accepted,refused,unanswered,wildcard_unquoted,wildcard_refused\r\n"
                     "2023-11-14T22:00Z,9,4,4,1,4,3\r\n"},
        {"wildcard-logins",
         "username,username_wildcard,password_wildcard,result,cause,response_text,client_ip,server_ip,server_"
         "port,time,capture,"
         "frame\r\n"
         "ali*ce,unquoted,,NO,unknown,said,10.0.0.1,10.9.9.9,143,2023-11-14T22:13:20Z,mail.pcap,7\r\n"
         "ali*ce,unquoted,,BAD,syntax,said,10.0.0.1,10.9.9.9,143,2023-11-14T22:13:21Z,mail.pcap,8\r\n"
         "bob,,unquoted,OK,,said,10.0.0.1,10.9.9.9,143,2023-11-14T22:13:22Z,mail.pcap,9\r\n"
         "ali*ce,quoted,,OK,,said,10.0.0.2,10.9.9.9,143,2023-11-14T22:13:23Z,mail.pcap,10\r\n"
         "50%,literal,,OK,,said,10.0.0.2,10.9.9.9,143,2023-11-14T22:13:24Z,mail.pcap,11\r\n"
         "c%d,unquoted,,BYE,unknown,said,10.0.0.3,10.9.9.9,143,2023-11-14T22:13:25Z,mail.pcap,12\r\n"
         "c%d,literal+,,,unknown,said,10.0.0.3,10.9.9.9,143,2023-11-14T22:13:26Z,mail.pcap,13\r\n"},
    };
    struct query_options options = {.format = QUERY_CSV};
    struct fixture *fixture = *state;
    size_t count;

    (void)query_canned(&count);
    assert_int_equal(count,
                     sizeof answers / sizeof *answers + 1); /* findings-in-full has a test of its own */
    add_attempts(fixture, attempts, sizeof attempts / sizeof *attempts);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct query_canned *canned = query_find(answers[i].name);
        enum query_status status;
        char *text;

        assert_non_null(canned);
        text = fixture_query(fixture, canned->sql, &options, &status);
        if (status != QUERY_OK)
            fail_msg("%s: %s", canned->name, fixture->why);
        assert_string_equal(text, answers[i].csv);
        free(text);
    }
}

static void test_findings_in_full_are_the_findings_in_the_order_of_time(void **state)
{
    struct query_options options = {.format = QUERY_CSV};
    struct fixture *fixture = *state;
    enum query_status status;
    char *canned, *view;

    add_attempts(fixture, attempts, sizeof attempts / sizeof *attempts);
    canned = fixture_query(fixture, query_find("findings-in-full")->sql, &options, &status);
    assert_int_equal(status, QUERY_OK);
    view = fixture_query(fixture, "SELECT * FROM findings ORDER BY time_ns, violation_id", &options, &status);
    assert_int_equal(status, QUERY_OK);
    assert_non_null(strstr(canned, "unquoted-wildcard"));
    assert_string_equal(canned, view);
    free(canned);
    free(view);
}

/* A login that was exposed and broke no rule has none; one that broke a rule says what it exposed besides. */
static void test_exposure_alone_is_no_finding(void **state)
{
    struct fixture *fixture = *state;

    add_attempts(fixture, attempts, sizeof attempts / sizeof *attempts);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins WHERE exposure = 'password'"),
                     9);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(username || ' ' || exposure, ', ')"
                                                   " FROM (SELECT * FROM findings ORDER BY violation_id)"),
                        "ali*ce password, ali*ce password, bob password, c%d password");
}

static void test_canned_queries_are_sorted_and_explained(void **state)
{
    size_t count;
    const struct query_canned *canned = query_canned(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(canned[i - 1].name, canned[i].name) < 0);
        assert_true(isupper((unsigned char)canned[i].title[0]));
        assert_null(strchr(canned[i].title, '\n'));
        assert_ptr_equal(query_find(canned[i].name), &canned[i]);
    }
    assert_null(query_find("no-such-query"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_senders_show_who_quotes),
        FIXTURE_TEST(test_wildcard_logins_show_how_they_were_written),
        FIXTURE_TEST(test_affected_users_show_who_got_in_another_way),
        FIXTURE_TEST(test_wrong_password_alone_affects_nobody),
        FIXTURE_TEST(test_mailbox_that_is_refused_after_the_login_counts_as_refused),
        FIXTURE_TEST(test_finding_has_everything_around_it),
        FIXTURE_TEST(test_every_table_column_and_view_is_explained),
        FIXTURE_TEST(test_canned_queries_run_on_an_empty_database),
        FIXTURE_TEST(test_canned_queries_answer_on_a_filled_database),
        FIXTURE_TEST(test_findings_in_full_are_the_findings_in_the_order_of_time),
        FIXTURE_TEST(test_exposure_alone_is_no_finding),
        cmocka_unit_test(test_canned_queries_are_sorted_and_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
