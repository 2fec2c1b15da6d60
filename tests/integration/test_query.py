"""Asking: what narrows a canned query, limits, files, and other programs that open the database."""
import csv
import datetime
import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess

import capture_maker
import harness

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")
CAPTURES = ("exchange-kb932605.pcap", "hoodiecrow.pcap", "dovecot.pcap", "ipv6.pcap")
WINDOWED = ["--since", "2026-11-24T02:22:50.9Z", "--until", "2026-11-24T02:22:51.2Z"]
SINCE_NS, UNTIL_NS = 1795486970_900000000, 1795486971_200000000


def octets(path):
    with open(path, "rb") as file:
        return file.read()


class Asking:
    def read_samples(self):
        self.read("-q", *(os.path.join(SAMPLES, name) for name in CAPTURES))

    def query(self, *arguments, database=None, status=0):
        return self.imaptap("query", "-d", database or self.database, *arguments, status=status)

    def rows(self, *arguments, database=None):
        return list(csv.reader(io.StringIO(self.query("--format", "csv", *arguments, database=database).out, newline="")))[1:]

    def canned(self):
        """{name: the parameters it takes}, as --list shows."""
        found, name = {}, None
        for line in self.query("--list").out.splitlines():
            if line.startswith(" "):
                found[name] = line.split()
            else:
                name = line.split()[0]
        return found


class List(harness.ImaptapTest, Asking):
    def test_names_every_query_with_a_line_and_its_parameters(self):
        canned = self.canned()
        for name in ("findings", "senders", "diagnosis", "affected-users", "wildcard-logins", "refused-logins",
                     "cleartext-logins", "mechanisms", "servers", "timeline", "loss", "captures"):
            self.assertIn("--since", canned[name])
            self.assertRegex(self.query("--list").out, rf"(?m)^{name} +\S.*\S$")
        self.assertEqual(canned["findings"], ["--since", "--until", "--client", "--server", "--user", "--rule"])
        self.assertEqual(canned["captures"], ["--since", "--until"])

    def test_a_column_has_the_name_that_tables_and_views_have_for_it(self):
        self.read("-q", self.write("one.pcap", capture_maker.one_login()))
        for name in self.canned():
            columns = set(self.query("--format", "csv", name).out.splitlines()[0].split(","))
            other_names = {"client", "server", "port", "user_name", "reason", "code", "form", "written", "first", "last"}
            self.assertEqual(columns & other_names, set(), name)
            if {"result", "frame"} <= columns and name != "findings-in-full":  # for alerts, which come before the judgement
                self.assertIn("cause", columns, name)


class Logins(harness.ImaptapTest, Asking):
    def test_each_login_is_one_row_with_its_cause_and_each_rule_once(self):
        talk = (capture_maker.Conversation().open().login("a1 AUTHENTICATE PLAIN AGJvYgBTZXNhbQ==", "NO [AUTHENTICATIONFAILED] Invalid")
                .login("a2 LOGIN a*b x*y", "BAD no").login('a3 LOGIN "a*b" "x*y"', "OK in").close())
        self.read("-q", self.write("three.pcap", capture_maker.pcap(talk.frames)))
        rows = json.loads(self.query("--format", "json", "logins").out)
        self.assertEqual([[row[name] for name in ("client_ip", "client_port", "server_ip", "server_port")] for row in rows],
                         3 * [["10.9.0.1", rows[0]["client_port"], "10.9.0.2", 143]])
        self.assertEqual([[row[name] for name in ("username", "command", "mechanism", "username_form", "result")] for row in rows],
                         [["bob", "AUTHENTICATE", "PLAIN", "sasl", "NO"], ["a*b", "LOGIN", None, "atom", "BAD"],
                          ["a*b", "LOGIN", None, "quoted", "OK"]])
        self.assertEqual([[row[name] for name in ("cause", "certainty")] for row in rows],
                         [["credentials", "likely"], ["syntax", "proved"], [None, None]])
        self.assertEqual(rows[1]["rules"], "unquoted-wildcard")
        self.assertIsNone(rows[2]["rules"])
        self.assertEqual({row["exposure"] for row in rows}, {"password"})
        self.assertRegex(rows[0]["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual([row["frame"] for row in rows], sorted(row["frame"] for row in rows))
        self.assertEqual([row[5] for row in self.rows("logins", "--rule", "unquoted-wildcard")], ["a*b"])
        self.assertEqual([row[5] for row in self.rows("logins", "--user", "BOB")], ["bob"])


class Parameters(harness.ImaptapTest, Asking):
    def setUp(self):
        super().setUp()
        self.read_samples()

    def test_a_value_that_nothing_has_leaves_nothing_and_one_that_all_have_leaves_all(self):
        none = {"--client": "203.0.113.9", "--server": "203.0.113.0/24", "--user": "nobody", "--rule": "nul-octet"}
        for name, parameters in self.canned().items():
            for parameter in parameters[2:]:
                self.assertEqual(self.rows(name, parameter, none[parameter]), [], (name, parameter))
        for name in ("senders", "findings", "affected-users", "diagnosis"):
            for parameter in "--client", "--server":
                both = self.rows(name, parameter, "0.0.0.0/0") + self.rows(name, parameter, "::/0")
                self.assertEqual(sorted(both), sorted(self.rows(name)), (name, parameter))

    def test_a_window_shows_what_a_database_without_the_rest_would(self):
        rest = self.path("rest.db")
        shutil.copy(self.database, rest)
        with sqlite3.connect(rest) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"DELETE FROM logins WHERE time_ns < {SINCE_NS} OR time_ns >= {UNTIL_NS}")
            connection.execute(f"DELETE FROM connections WHERE first_ns >= {UNTIL_NS} OR last_ns < {SINCE_NS}")
            connection.execute(f"DELETE FROM captures WHERE first_ns >= {UNTIL_NS} OR last_ns < {SINCE_NS}")
            left = connection.execute("SELECT count(*) FROM logins").fetchone()[0]
        connection.close()
        self.assertTrue(0 < left < self.one("SELECT count(*) FROM logins"))
        for name in self.canned():
            self.assertEqual(self.rows(name, *WINDOWED), self.rows(name, database=rest), name)

    def test_a_window_narrows_the_views_and_free_sql_too(self):
        self.assertEqual(self.rows(*WINDOWED, "SELECT sum(logins) FROM senders"),
                         [[str(self.one(f"SELECT count(*) FROM logins WHERE time_ns >= {SINCE_NS} AND time_ns < {UNTIL_NS}"))]])
        self.assertEqual(self.rows(*WINDOWED, "SELECT :since, :until"), [[str(SINCE_NS), str(UNTIL_NS)]])

    def test_addresses_may_be_networks_of_both_families(self):
        clients = {row[0] for row in self.rows("senders", "--client", "192.0.2.8/29")}
        self.assertEqual(clients, {"192.0.2.10", "192.0.2.11", "192.0.2.12"})
        six = self.ask("SELECT DISTINCT client_ip FROM connections WHERE client_ip LIKE '%:%'")
        self.assertTrue(six)
        self.assertEqual({row[0] for row in self.rows("senders", "--client", "2001:DB8::/32")}, {row[0] for row in six})

    def test_affected_users_are_found_by_the_network_behind_a_proxy(self):
        self.assertEqual({row[0] for row in self.rows("affected-users", "--client", "10.1.0.101")}, {"ali*ce"})
        behind = self.rows("affected-users", "--client", "10.1.0.96/28")
        self.assertEqual(sorted(behind), sorted(self.rows("affected-users", "--client", "10.1.0.20")))

    def test_users_are_found_in_any_case_and_never_pasted(self):
        self.assertEqual({row[0] for row in self.rows("wildcard-logins", "--user", "ALI*CE")}, {"ali*ce"})
        for user in ("' OR 1=1 --", "%", "*", "ali_ce"):
            self.assertEqual(self.rows("wildcard-logins", "--user", user), [])

    def test_findings_are_the_violations_and_exposure_is_none_of_them(self):
        self.assertEqual(len(self.rows("findings")), self.one("SELECT count(*) FROM violations"))
        self.assertEqual({row[1] for row in self.rows("cleartext-logins")}, {"password"})
        for name in ("cleartext-password", "guessable-exchange", "password"):
            self.assertIn(f"there is no rule '{name}'", self.query("findings", "--rule", name, status=2).err)
        self.assertIn("does not take --rule", self.query("cleartext-logins", "--rule", "bad-tag", status=2).err)

    def test_free_sql_takes_the_parameters_it_names(self):
        sql = "SELECT DISTINCT username FROM logins WHERE username = :user"
        self.assertEqual(self.rows("--user", "ali*ce", sql), [["ali*ce"]])
        self.assertEqual(self.rows(sql), [])
        self.assertIn("does not take --client", self.query("--client", "192.0.2.1", sql, status=2).err)
        self.assertIn(":nonsense", self.query("SELECT :nonsense", status=2).err)

    def test_what_a_query_does_not_take_is_wrong_usage(self):
        self.assertIn("senders does not take --user", self.query("senders", "--user", "x", status=2).err)
        for arguments, word in ((["--since", "yesterday"], "takes a time"), (["--until", "2026-02-30"], "takes a time"),
                                (["--client", "mail.example"], "--client"), (["--server", "192.0.2.0/33"], "--server"),
                                (["--rule", "no-such"], "no rule"), (["--since", "1h", "--until", "2h"], "between"),
                                (["--max-rows", "-1"], "--max-rows"), (["--max-time", "x"], "--max-time"),
                                (["--format", "xml"], "markdown")):
            self.assertIn(word, self.query("findings", *arguments, status=2).err)

    def test_ages_count_back_from_now(self):
        ago = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromtimestamp(SINCE_NS // 10**9, datetime.timezone.utc)
        if ago.total_seconds() < 3600:
            self.skipTest("the clock stands before the samples")
        self.assertEqual(self.rows("senders", "--since", f"{ago.days + 2}d"), self.rows("senders"))
        self.assertEqual(self.rows("senders", "--since", "60s"), [])


class Limits(harness.ImaptapTest, Asking):
    ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"

    def setUp(self):
        super().setUp()
        self.read("-q", self.write("one.pcap", capture_maker.one_login()))

    def test_rows_past_the_limit_are_cut_and_reported(self):
        run = self.query("--format", "json", "--max-rows", "3", self.ENDLESS, status=3)
        self.assertEqual(json.loads(run.out), [{"i": 1}, {"i": 2}, {"i": 3}])
        self.assertIn("cut after 3", run.err)
        self.assertEqual(self.query("--max-rows", "1", "captures").err, "")

    def test_sql_past_its_time_is_cut_and_reported(self):
        run = self.query("--max-rows", "0", "--max-time", "1", f"SELECT count(*) FROM ({self.ENDLESS})", status=3)
        self.assertIn("stopped after 1 s", run.err)

    def test_a_function_that_does_not_return_is_ended(self):
        sql = "SELECT instr(zeroblob(16000000), CAST(zeroblob(8000000) || x'01' AS BLOB))"
        run = self.query("-o", self.path("out"), "--max-time", "1", sql, status=3)
        self.assertIn("too long", run.err)
        self.assertEqual([name for name in os.listdir(self.folder) if "out" in name], [])

    def test_memory_is_limited(self):
        run = self.query("-o", self.path("out"), 'SELECT ' + ", ".join(["zeroblob(15000000) || ''"] * 40), status=2)
        self.assertIn("256 MiB of memory", run.err)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_nothing_is_written_by_hostile_sql(self):
        before = octets(self.database)
        names = sorted(os.listdir(self.folder))
        for sql in ("ATTACH 'x.db' AS x", "VACUUM INTO 'x.db'", "SELECT writefile('x.db', 'x')", "SELECT load_extension('x')",
                    "SELECT edit('x', 'sh -c id')", "PRAGMA temp_store_directory = '.'", "PRAGMA journal_mode = WAL",
                    "PRAGMA mmap_size = 1000000000000", "PRAGMA hard_heap_limit = 0", "PRAGMA threads = 64",
                    "INSERT INTO logins SELECT * FROM logins", "CREATE TEMP TRIGGER t AFTER INSERT ON rules BEGIN SELECT 1; END",
                    "SELECT * FROM pragma_hard_heap_limit(0)"):
            self.query(sql, status=2)
        for sql in ("SELECT randomblob(2000000000)", "SELECT zeroblob(1000000000)",
                    "SELECT 'a' LIKE printf('%.*c', 10000, '%')"):
            self.assertRegex(self.query(sql, status=2).err, "too big|too complex")
        self.assertEqual(octets(self.database), before)
        self.assertEqual(sorted(os.listdir(self.folder)), names)


class Output(harness.ImaptapTest, Asking):
    def setUp(self):
        super().setUp()
        self.read("-q", self.write("one.pcap", capture_maker.one_login()))
        self.out = self.path("out.csv")

    def test_a_file_is_for_its_owner_alone_and_replaces_what_was_there(self):
        self.write("out.csv", b"before")
        os.chmod(self.out, 0o644)
        self.assertEqual(self.query("--format", "csv", "-o", self.out, "SELECT username FROM logins").out, "")
        self.assertEqual(octets(self.out), b"username\r\nstar*user\r\n")
        self.assertEqual(stat.S_IMODE(os.stat(self.out).st_mode), 0o600)

    def test_a_failure_leaves_what_was_there_and_nothing_beside_it(self):
        self.write("out.csv", b"before")
        names = sorted(os.listdir(self.folder))
        self.query("-o", self.out, "SELECT nonsense", status=2)
        self.query("-o", self.out, "--max-rows", "1", "SELECT * FROM rules", status=3)
        self.query("-o", self.out, "SELECT username, abs(-9223372036854775808) FROM logins", status=2)
        self.assertEqual(octets(self.out), b"before")
        self.assertEqual(sorted(os.listdir(self.folder)), names)

    def test_a_full_disk_is_reported(self):
        self.assertIn("No space left", self.query("-o", "/dev/full", "captures", status=3).err)

    def test_a_file_that_cannot_be_made_is_reported(self):
        self.assertIn("no/such", self.query("-o", "no/such/file", "captures", status=3).err)
        self.assertIn("directory", self.query("-o", self.folder, "captures", status=3).err)

    def test_a_link_is_followed(self):
        self.write("real.csv", b"before")
        os.symlink("real.csv", self.path("link.csv"))
        self.query("--format", "csv", "-o", self.path("link.csv"), "SELECT 1 AS a")
        self.assertTrue(os.path.islink(self.path("link.csv")))
        self.assertEqual(octets(self.path("real.csv")), b"a\r\n1\r\n")

    def test_the_database_is_never_written_over(self):
        before = octets(self.database)
        os.link(self.database, self.path("same.db"))
        for name in (self.database, self.path("same.db")):
            self.assertIn("name another file", self.query("-o", name, "captures", status=2).err)
        self.assertEqual(octets(self.database), before)


class Shell(harness.ImaptapTest, Asking):
    """Debian's sqlite3 shell, as somebody without imaptap has it."""

    def setUp(self):
        super().setUp()
        self.read_samples()

    def shell(self, sql):
        run = subprocess.run(["sqlite3", "-readonly", "-bail", "-csv", self.database], input=sql, capture_output=True, text=True,
                             timeout=120)
        self.assertEqual((run.returncode, run.stderr), (0, ""), sql)
        return list(csv.reader(io.StringIO(run.stdout, newline="")))

    def test_every_canned_query_gives_the_same_rows(self):
        for name in self.canned():
            self.assertEqual(self.shell(self.query("--sql", name).out), self.rows(name), name)

    def test_every_view_can_be_read(self):
        views = self.ask("SELECT name FROM sqlite_master WHERE type = 'view'")
        self.assertGreater(len(views), 8)
        for (view,) in views:
            self.shell(f"SELECT * FROM {view};")

    def test_every_table_view_and_column_is_explained_by_a_comment(self):
        for kind, name, sql in self.ask("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
                                        " AND name NOT LIKE 'sqlite%'"):
            self.assertRegex(sql, r"\A[^\n]*\n    -- \w", name)
            if kind == "table":
                for column in (row[1] for row in self.ask(f"PRAGMA table_info({name})")):
                    self.assertRegex(sql, rf'\n    "?{column}"? [^\n]*(\n        [^\n]*)*-- \w', (name, column))


if __name__ == "__main__":
    harness.main()
