"""The commands as a user meets them: help, version, wrong usage, query and its formats, rules, progress."""
import csv
import io
import json
import os
import pty
import select
import shutil
import subprocess
import time

import capture_maker
import harness

COMMANDS = ("read", "query", "rules", "lint", "migrate", "verify", "purge", "merge")


class Usage(harness.ImaptapTest):
    def test_help_has_an_example_everywhere(self):
        for arguments in (["--help"], *([command, "--help"] for command in COMMANDS)):
            self.assertIn("Example", self.imaptap(*arguments).out)

    def test_the_version_names_the_libraries(self):
        for name in ("imaptap 0.", "libpcap", "libnids", "SQLite 3."):
            self.assertIn(name, self.imaptap("--version").out)

    def test_wrong_usage_is_status_2(self):
        for arguments in ([], ["reed"], ["read"], ["read", "--no-such-option", "x"], ["read", "--port", "0", "x"],
                          ["read", "--port", "143,", "x"], ["read", "--port", "99999", "x"], ["query", "no-such-query"],
                          ["query", "--format", "xml", "senders"], ["rules", "extra"]):
            self.imaptap(*arguments, status=2)


    def test_a_summary_that_cannot_be_written_is_reported(self):
        capture = self.write("one.pcap", capture_maker.one_login())
        with open("/dev/full", "wb") as full:
            run = subprocess.run([harness.BINARY, "read", "-d", self.database, capture], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, 3)
        self.assertRegex(run.stderr, b"summary cannot be written: No space left")
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 1)


class Query(harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        self.read(self.write("one.pcap", capture_maker.one_login('a1 LOGIN star*user Sesam-1')))

    def query(self, *arguments, status=0):
        return self.imaptap("query", "-d", self.database, *arguments, status=status)

    def test_formats(self):
        sql = "SELECT username, frame, response_code FROM logins"
        rows = list(csv.reader(io.StringIO(self.query("--format", "csv", sql).out)))
        self.assertEqual(rows, [["username", "frame", "response_code"], ["star*user", "5", ""]])
        expected = {"username": "star*user", "frame": 5, "response_code": None}
        self.assertEqual(json.loads(self.query("--format", "json", sql).out), [expected])
        self.assertEqual(json.loads(self.query("--format", "ndjson", sql).out), expected)
        self.assertIn("star*user", self.query(sql).out)

    def test_cannot_write(self):
        before = open(self.database, "rb").read()
        for sql in ("DELETE FROM logins", "DROP TABLE logins", "ATTACH 'x.db' AS x", "PRAGMA user_version = 9",
                    "SELECT load_extension('x')", "CREATE TEMP TABLE t(x)", "SELECT 1; DELETE FROM logins"):
            self.query(sql, status=2)
        self.assertEqual(open(self.database, "rb").read(), before)

    def test_without_a_database_says_so(self):
        run = self.imaptap("query", "-d", self.path("none.db"), "senders", status=3)
        self.assertIn("none.db", run.err)
        self.assertFalse(os.path.exists(self.path("none.db")))


class Rules(harness.ImaptapTest):
    def test_the_list_the_json_and_the_table_are_the_same(self):
        self.read(self.write("one.pcap", capture_maker.one_login()))
        rows = json.loads(self.imaptap("rules", "--format", "json").out)
        text = self.imaptap("rules").out
        names = ["rule", "severity", "title", "reference", "remedy", "rfc2060", "rfc3501", "rfc9051"]
        exposures = [row for row in rows if "exposure" in row]
        rows = [row for row in rows if "exposure" not in row]
        self.assertEqual([row["exposure"] for row in exposures], ["password", "guessable"])
        for row in exposures:
            self.assertEqual(list(row), ["exposure", *names[2:]])
            self.assertIn(f"{row['exposure']} (exposure)\n  {row['title']}\n", text)
        self.assertEqual(sorted(tuple(row[name] for name in names) for row in rows),
                         sorted(self.ask(f"SELECT {', '.join(names)} FROM rules")))
        self.assertGreaterEqual(len(rows), 18)
        for row in rows:
            self.assertIn(row["rule"], text)


class Progress(harness.ImaptapTest):
    def read_on_terminal(self, *arguments):
        capture = self.write("one.pcap", capture_maker.one_login())
        controller, terminal = pty.openpty()
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        process = subprocess.Popen([harness.BINARY, "read", "-d", self.database, *arguments, fifo],
                                   stderr=terminal, stdout=subprocess.PIPE)
        os.close(terminal)
        with open(fifo, "wb") as writer:
            writer.write(open(capture, "rb").read())
            writer.flush()
            seen = b""
            end = time.monotonic() + (1.5 if "-q" in arguments else 30)
            while b"1 logins" not in seen and time.monotonic() < end:
                if select.select([controller], [], [], 0.1)[0]:
                    seen += os.read(controller, 4096)
        out = process.communicate(timeout=60)[0]
        try:
            while True:
                part = os.read(controller, 4096)
                if not part:
                    break
                seen += part
        except OSError:
            pass
        os.close(controller)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"Read: 1 capture", out)
        return seen.decode()

    def test_is_shown_on_a_terminal_and_removed_again(self):
        seen = self.read_on_terminal()
        for word in ("frames", "connections", "logins", "/s"):
            self.assertIn(word, seen)
        self.assertTrue(seen.endswith("\r\033[K"), repr(seen[-20:]))

    def test_of_files_shows_the_share_and_the_time_left(self):
        frames = []
        for port in range(20000, 26000):
            frames += capture_maker.Conversation(client_port=port).open().login(f"a LOGIN u{port}* p", "NO no").close().frames
        capture = self.write("big.pcap", capture_maker.pcap(frames))
        controller, terminal = pty.openpty()
        process = subprocess.Popen([harness.BINARY, "read", "-d", self.database, capture], stderr=terminal,
                                   stdout=subprocess.DEVNULL)
        os.close(terminal)
        seen = b""
        try:
            while part := os.read(controller, 4096):
                seen += part
        except OSError:
            pass
        os.close(controller)
        self.assertEqual(process.wait(60), 0)
        self.assertRegex(seen.decode(), r"\r *\d+%, \d+ s left: [^\r]* frames, [^\r]* connections, [^\r]* logins, ")

    def test_is_left_out_with_q(self):
        self.assertEqual(self.read_on_terminal("-q"), "")

    def test_is_left_out_without_a_terminal(self):
        self.assertEqual(self.read(self.write("two.pcap", capture_maker.one_login())).err, "")


class Migrate(harness.ImaptapTest):
    """On a database that imaptap made when its databases were of version 1."""

    OLDER = os.path.join(os.path.dirname(__file__), "..", "unit", "db", "older", "version-1.sqlite")

    def setUp(self):
        super().setUp()
        shutil.copy(self.OLDER, self.database)
        self.backup = self.database + ".version-1.backup"

    def check_migrated(self, run):
        self.assertIn(f"brought from version 1 to 3; what it was before is kept in {self.backup}", run.err)
        self.assertEqual(self.one("PRAGMA user_version"), 3)
        self.assertEqual(self.ask("PRAGMA user_version", self.backup), [(1,)])
        self.assertEqual(os.stat(self.backup).st_mode & 0o777, 0o600)
        self.check_database()

    def test_brings_an_older_database_up_to_date_and_keeps_a_copy(self):
        before = open(self.database, "rb").read()
        run = self.imaptap("query", "-d", self.database, "senders", status=3)
        self.assertIn("imaptap migrate", run.err)
        self.assertEqual(open(self.database, "rb").read(), before)
        self.check_migrated(self.imaptap("migrate", "-d", self.database))
        self.assertIn("10.1.0.20", self.imaptap("query", "-d", self.database, "senders").out)
        before = open(self.database, "rb").read()
        self.assertEqual(self.imaptap("migrate", "-d", self.database).err, "")
        self.assertEqual(open(self.database, "rb").read(), before)

    def test_is_done_by_read_too(self):
        self.check_migrated(self.read(self.write("one.pcap", capture_maker.one_login())))
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 43)

    def test_makes_no_database(self):
        for name, content in (("none.db", None), ("empty.db", b"")):
            if content is not None:
                self.write(name, content)
            self.imaptap("migrate", "-d", self.path(name), status=3)
            self.assertEqual(os.path.exists(self.path(name)), content is not None)
        self.imaptap("migrate", "-d", self.database, "more", status=2)


if __name__ == "__main__":
    harness.main()
