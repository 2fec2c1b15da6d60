"""Tables on terminals of any width: what a reader must be able to copy is never cut."""
import csv
import fcntl
import io
import os
import pty
import sqlite3
import struct
import subprocess
import termios
import unicodedata

import harness
from capture_maker import Conversation, pcap

USERS = ("a*", "star*user", "a.rather.long.name%of.somebody@department.example.org", "j\u00fcrgen*m\u00fcller", "\u4e2d\u6587*")
WHOLE = ("username", "client", "server", "client_ip", "server_ip", "rule", "verdict", "result", "port")
WORDS = ("rules", "clients", "diagnosis")
QUERIES = ("findings", "wildcard-logins", "senders", "affected-users", "refused-logins", "diagnosis", "captures", "hung-up",
           "SELECT username, result, capture FROM findings", "SELECT rule, username, frame FROM findings",
           "SELECT client_ip, server_ip, verdict FROM senders", "SELECT capture, frame, client_ip AS client FROM findings",
           "SELECT username FROM findings")


def columns(line):
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1 for one in line)


class Terminal:
    def setUp(self):
        super().setUp()
        frames = []
        for number, user in enumerate(USERS):
            line = f"a1 LOGIN {user} Sesam-1".encode().decode("latin-1")
            frames += Conversation(client_port=30000 + number).open().login(line, "BAD what is this, and why does it come here").close().frames
        self.read("-q", self.write("a folder with a rather long name/" * 3 + "capture.pcap", pcap(frames)))
        connection = sqlite3.connect(self.database)
        connection.execute("UPDATE connections SET client_ip = '2001:db8:1234:5678:9abc:def0:1234:' || printf('%x', 4096 + id),"
                           " server_ip = '2001:db8:ffff:ffff:ffff:ffff:ffff:143'")
        connection.commit()
        connection.close()

    def on_terminal(self, width, *arguments, locale="C.UTF-8", status=0):
        """What is written to a terminal of so many columns."""
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25, width, 0, 0))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name != "LANG"}
        process = subprocess.Popen([harness.BINARY, "query", "-d", self.database, *arguments], stdout=terminal, stderr=subprocess.PIPE,
                                   env={**environment, "LC_ALL": locale})
        os.close(terminal)
        seen = b""
        try:
            while part := os.read(controller, 65536):
                seen += part
        except OSError:
            pass
        os.close(controller)
        err = process.communicate(timeout=60)[1]
        self.check_clean(err)
        self.assertEqual(process.returncode, status, err)
        return seen.decode().replace("\r\n", "\n")

    def kept(self, query):
        """The values that may not be cut; words of sentences and lists each."""
        found = set()
        for row in csv.DictReader(io.StringIO(self.imaptap("query", "-d", self.database, "--format", "csv", query).out)):
            for name, value in row.items():
                if name in WHOLE and value:
                    found.add(value)
                elif name in WORDS:
                    found.update(value.split())
        self.assertTrue(found or query in ("captures", "hung-up"), query)
        return found


class Widths(Terminal, harness.ImaptapTest):
    def test_at_any_width_nothing_that_matters_is_cut(self):
        kept = {query: self.kept(query) for query in QUERIES}
        for width in range(40, 201):
            query = QUERIES[width * 3 % len(QUERIES)]
            out = self.on_terminal(width, query)
            for value in kept[query]:
                self.assertIn(value, out, f"{query} at {width}")
            for line in out.splitlines():
                longest = max(map(columns, line.split()), default=0)
                self.assertLessEqual(columns(line), max(width, longest + 2), f"{query} at {width}: {line}")

    def test_a_narrow_terminal_gets_blocks_and_a_wide_one_a_table(self):
        sql = "SELECT username, client_ip, server_ip FROM findings WHERE rule = 'unquoted-wildcard'"
        self.assertTrue(self.on_terminal(80, sql).startswith("[1]\nusername "))
        self.assertTrue(self.on_terminal(160, sql).startswith("username "))

    def test_a_path_is_shortened_before_rows_become_blocks(self):
        out = self.on_terminal(80, "SELECT id, source, state FROM captures")
        self.assertTrue(out.startswith("id  source"))
        self.assertIn("\u2026", out)
        self.assertNotIn("capture.pcap", out)

    def test_the_c_locale_gets_no_other_character_than_ascii_for_what_is_left_out(self):
        out = self.on_terminal(80, "SELECT id, source, state FROM captures", locale="C")
        self.assertTrue(out.isascii())
        self.assertIn("...  complete", out)

    def test_a_file_gets_all(self):
        self.assertIn("capture.pcap", self.imaptap("query", "-d", self.database, "captures").out)


class Choices(Terminal, harness.ImaptapTest):
    def query(self, *arguments, status=0):
        return self.imaptap("query", "-d", self.database, *arguments, status=status)

    def test_lines_are_a_block_a_row(self):
        out = self.query("--format", "lines", "SELECT 1 AS n, 'a b' AS text, NULL AS nought UNION ALL SELECT 2, 'c', 3").out
        self.assertEqual(out, "[1]\nn       1\ntext    a b\nnought  -\n\n[2]\nn       2\ntext    c\nnought  3\n")

    def test_columns_are_chosen_and_ordered_in_every_format(self):
        sql = "SELECT 1 AS a, 'x' AS b, 2.5 AS c"
        for form, expected in (("csv", "c,a\n2.5,1\n"), ("json", '[\n{"c":2.5,"a":1}\n]\n'), ("ndjson", '{"c":2.5,"a":1}\n'),
                               ("markdown", "| c | a |\n| ---: | ---: |\n| 2.5 | 1 |\n"), ("lines", "[1]\nc  2.5\na  1\n"),
                               ("table", "  c  a\n---  -\n2.5  1\n")):
            out = self.query("--format", form, "--columns", "C,a", sql).out
            self.assertEqual(out.replace(" ", "") if "json" in form else out.replace("\r", ""), expected, form)

    def test_an_unknown_column_is_wrong_usage_and_names_those_there_are(self):
        run = self.query("--columns", "a,z", "SELECT 1 AS a, 2 AS b", status=2)
        self.assertIn("there is no column 'z'; there are a, b", run.err)
        self.query("--columns", "", "SELECT 1 AS a", status=2)
        self.query("--columns", "a,", "SELECT 1 AS a", status=2)

    def test_nothing_found_says_so(self):
        run = self.query("findings", "--user", "nobody")
        self.assertEqual(run.err, "0 rows\n")
        self.assertIn("stand for themselves", self.query("findings", "--user", "nob%").err)
        self.assertEqual(self.query("-q", "findings", "--user", "nobody").err, "")
        self.assertEqual(self.query("findings").err, "")


if __name__ == "__main__":
    harness.main()
