"""Upkeep: what purge removes is gone for good, and merge joins databases without doubles."""
import os
import pty
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import time

import harness
from capture_maker import Conversation, pcap

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")
OLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit", "db", "older")
OLD_NS, DAY_NS = 1_600_000_000_000_000_000, 86_400 * 10**9
TABLES = ("runs", "captures", "connections", "logins", "violations")


def octets(path):
    with open(path, "rb") as file:
        return file.read()


def change(path, *statements):
    connection = sqlite3.connect(path)
    for sql in statements:
        connection.execute(sql)
    connection.commit()
    connection.close()


def many(connection, capture, logins, user="many"):
    """Adds logins to a capture by SQL."""
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM connections").fetchone()[0]
    columns = [row[1] for row in connection.execute("PRAGMA table_info(connections)")]
    values = ", ".join({"id": "?", "capture_id": str(capture)}.get(name, f'"{name}"') for name in columns)
    connection.executemany(f"INSERT INTO connections SELECT {values} FROM connections WHERE id = (SELECT min(id) FROM connections)",
                           [(first + i,) for i in range(logins)])
    connection.executemany("INSERT INTO logins (connection_id, capture_id, time_ns, frame, command, username, incomplete)"
                           f" VALUES (?, {capture}, 1, 1, 'LOGIN', ?, 0)", [(first + i, f"{user}{i}") for i in range(logins)])
    connection.commit()


class Upkeep:
    def capture(self, name, user, start_ns=OLD_NS, port=40000):
        talk = Conversation(start_ns=start_ns, client_port=port).open().login(f"a1 LOGIN {user} Sesam-1", "NO no").close()
        return self.write(name, pcap(talk.frames))

    def rows(self, database=None):
        return {table: self.ask(f"SELECT * FROM {table} ORDER BY 1", database) for table in TABLES}

    def check(self, database):
        self.assertEqual(self.ask("PRAGMA integrity_check", database), [("ok",)])
        self.assertEqual(self.ask("PRAGMA foreign_key_check", database), [])

    def kill_at_random(self, *arguments):
        process = subprocess.Popen([harness.BINARY, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.random())
        process.send_signal(signal.SIGKILL)
        process.wait()


class Purge(harness.ImaptapTest, Upkeep):
    def purge(self, *arguments, status=0):
        return self.imaptap("purge", "-d", self.database, *arguments, status=status)

    def test_dry_run_lists_what_would_go_and_removes_nothing(self):
        self.read("-q", self.capture("old.pcap", "old*user"))
        self.read("-q", self.capture("new.pcap", "new*user", time.time_ns() - DAY_NS))
        before = octets(self.database)
        out = self.purge("--dry-run", "--older-than", "90d").out
        self.assertIn("old.pcap", out)
        self.assertNotIn("new.pcap", out)
        self.assertIn("new.pcap", self.purge("-n", "--capture", "2").out)
        self.assertIn("no capture 9", self.purge("-n", "--capture", "9", status=3).err)
        self.assertEqual(octets(self.database), before)

    def test_a_hundred_thousand_logins_are_migrated_and_removed(self):
        # what one statement of a migration may have to undo is more than SQLite keeps of it in memory
        shutil.copy(os.path.join(OLDER, "version-2.sqlite"), self.database)
        os.chmod(self.database, 0o600)
        connection = sqlite3.connect(self.database)
        many(connection, 1, 100000)
        kept = connection.execute("SELECT count(*) FROM logins").fetchone()[0]
        removed = connection.execute("SELECT count(*) FROM logins WHERE capture_id = 1").fetchone()[0]
        connection.close()
        self.imaptap("migrate", "-d", self.database)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), kept)
        self.assertIn(f" {removed:,} logins", self.purge("-y", "--capture", "1").out)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), kept - removed)
        self.check(self.database)

    def ask_on_terminal(self, answer, *arguments):
        controller, terminal = pty.openpty()
        process = subprocess.Popen([harness.BINARY, "purge", "-d", self.database, "--capture", "1", *arguments], stdin=terminal,
                                   stdout=subprocess.DEVNULL, stderr=terminal)
        os.write(controller, answer)
        status = process.wait(60)
        os.close(terminal)
        seen = os.read(controller, 4096).decode() if answer or not arguments else ""
        os.close(controller)
        self.assertEqual(status, 0)
        return seen, self.ask("SELECT count(*) FROM captures") == [(0,)]

    def test_a_question_is_asked_on_a_terminal(self):
        self.read("-q", self.capture("old.pcap", "old*user"))
        for answer, gone in ((b"n\n", False), (b"\n", False), (b"y\n", True)):
            seen, is_gone = self.ask_on_terminal(answer)
            self.assertIn("Remove this for good? [y/N]", seen)
            self.assertEqual(is_gone, gone)

    def test_no_question_is_asked_with_yes(self):
        self.read("-q", self.capture("old.pcap", "old*user"))
        self.assertEqual(self.ask_on_terminal(b"", "--yes"), ("", True))

    def test_old_captures_go_for_good_and_new_ones_stay(self):
        self.read("-q", self.capture("old.pcap", "old*user"))
        self.read("-q", self.capture("new.pcap", "new*user", time.time_ns() - DAY_NS))
        out = self.purge("--older-than", "90d").out
        self.assertIn("Removed: 1 capture, 1 connection, 1 login, 1 violation, 1 run\n", out)
        self.assertEqual(self.ask("SELECT username FROM logins"), [("new*user",)])
        self.assertEqual(self.one("SELECT count(*) FROM runs"), 1)
        self.assertNotIn(b"old*user", octets(self.database))
        self.assertNotIn(b"old.pcap", octets(self.database))
        self.assertIn(b"new*user", octets(self.database))
        self.assertIn("Removed: 0 captures", self.purge("--older-than", "90d").out)
        self.check_database()

    def test_a_capture_goes_by_its_number_and_can_be_read_again(self):
        names = [self.capture("one.pcap", "one"), self.capture("two.pcap", "two", port=40001)]
        self.read("-q", *names)
        self.purge("--capture", "1")
        self.assertEqual(self.ask("SELECT username FROM logins"), [("two",)])
        self.assertEqual(self.one("SELECT count(*) FROM runs"), 1)
        self.read("-q", *names)
        self.assertEqual(self.ask("SELECT username FROM logins ORDER BY 1"), [("one",), ("two",)])
        self.assertEqual(self.ask("SELECT id FROM captures ORDER BY 1"), [(2,), (3,)])

    def test_the_file_becomes_smaller(self):
        self.read("-q", self.capture("old.pcap", "old"))
        connection = sqlite3.connect(self.database)
        many(connection, 1, 12000)
        connection.close()
        before = os.path.getsize(self.database)
        self.purge("--capture", "1")
        self.assertLess(os.path.getsize(self.database), before / 2)
        self.assertNotIn(b"many11999", octets(self.database))
        self.assertEqual(self.ask("SELECT count(*) FROM logins, connections"), [(0,)])

    def test_a_connection_that_went_on_stays(self):
        talk = Conversation().open().login("a1 LOGIN first Sesam-1", "NO no")
        cut = len(talk.frames)
        talk.login("a2 LOGIN second Sesam-1").close()
        self.read("-q", self.write("one.pcap", pcap(talk.frames[:cut])), self.write("two.pcap", pcap(talk.frames[cut:])))
        self.assertIn("Kept: 1 connection", self.purge("--capture", "1").out)
        self.assertEqual(self.ask("SELECT username FROM logins"), [("second",)])
        self.assertEqual(self.ask("SELECT capture_id FROM connections"), [(2,)])
        self.check_database()

    def test_a_live_capture_that_goes_on_loses_its_old_connections(self):
        self.read("-q", self.capture("old.pcap", "old"), self.capture("new.pcap", "new", time.time_ns() - DAY_NS, 40001))
        change(self.database, "UPDATE connections SET capture_id = 2", "UPDATE logins SET capture_id = 2",
               "UPDATE captures SET kind = 'live', state = 'running', last_ns = 9223372036854775807 WHERE id = 2",
               "DELETE FROM captures WHERE id = 1")
        self.purge("--older-than", "90d")
        self.assertEqual(self.ask("SELECT username FROM logins"), [("new",)])
        self.assertEqual(self.one("SELECT count(*) FROM captures"), 1)

    def test_while_it_is_recorded_to_a_capture_is_refused_and_others_go(self):
        self.read("-q", self.capture("old.pcap", "old*user"), self.capture("two.pcap", "two", port=40001))
        change(self.database, "UPDATE captures SET state = 'running', kind = 'live' WHERE id = 2")
        recorder = sqlite3.connect(self.database)
        recorder.execute("PRAGMA journal_mode = WAL")
        recorder.execute("SELECT count(*) FROM logins").fetchall()
        self.assertIn("being recorded", self.purge("--capture", "2", status=3).err)
        self.assertIn("could not be made smaller", self.purge("--capture", "1").out)
        self.assertEqual(recorder.execute("SELECT username FROM logins").fetchall(), [("two",)])
        self.assertNotIn(b"old*user", octets(self.database))
        self.assertNotIn(b"old*user", octets(self.database + "-wal"))
        recorder.close()

    def test_a_backup_that_still_holds_it_is_named(self):
        self.read("-q", self.capture("old.pcap", "old"))
        self.write("findings.db.version-1.backup", b"")
        self.assertIn("findings.db.version-1.backup", self.purge("--capture", "1").err)

    def test_killed_at_any_moment_it_can_be_done_again(self):
        self.read("-q", self.capture("old.pcap", "old"), self.capture("new.pcap", "new", port=40001))
        connection = sqlite3.connect(self.database)
        many(connection, 1, 20000)
        connection.close()
        for _ in range(4):
            self.kill_at_random("purge", "-d", self.database, "--capture", "1")
            self.check_database()
            left = self.one("SELECT count(*) FROM logins WHERE capture_id = 1")
            if left < 20001:  # whatever is not whole says so
                self.assertIn(self.ask("SELECT state FROM captures WHERE id = 1"), ([("failed",)], []))
        self.purge("--capture", "1", status=0 if self.ask("SELECT 1 FROM captures WHERE id = 1") else 3)
        self.assertEqual(self.ask("SELECT username FROM logins"), [("new",)])
        self.check_database()

    def test_wrong_usage(self):
        self.read("-q", self.capture("old.pcap", "old"))
        for arguments in ([], ["--older-than", "yesterday"], ["--capture", "0"], ["--capture", "x"], ["--capture", "1", "extra"],
                          ["--capture", "1", "--older-than", "1d"]):
            self.purge(*arguments, status=2)
        self.assertIn("no capture 9", self.purge("--capture", "9", status=3).err)
        self.imaptap("purge", "-d", self.path("none.db"), "--capture", "1", status=3)
        self.assertFalse(os.path.exists(self.path("none.db")))


class Merge(harness.ImaptapTest, Upkeep):
    VIEWS = ("SELECT * FROM senders ORDER BY 1, 2", "SELECT * FROM diagnosis ORDER BY 1, 2", "SELECT * FROM affected_users ORDER BY 1, 2",
             "SELECT time, frame, client_ip, client_port, username, rule, argument, octets FROM findings ORDER BY time, rule, argument")

    def setUp(self):
        super().setUp()
        self.a, self.b = self.path("a.db"), self.path("b.db")
        self.imaptap("read", "-q", "-d", self.a, os.path.join(SAMPLES, "exchange-kb932605.pcap"))
        self.imaptap("read", "-q", "-d", self.b, os.path.join(SAMPLES, "hoodiecrow.pcap"), os.path.join(SAMPLES, "ipv6.pcap"))

    def merge(self, *sources, status=0):
        return self.imaptap("merge", "-d", self.database, *sources, status=status)

    def test_two_sensors_are_as_one_that_read_all(self):
        whole = self.path("whole.db")
        self.imaptap("read", "-q", "-d", whole, *(os.path.join(SAMPLES, name) for name in (
            "exchange-kb932605.pcap", "hoodiecrow.pcap", "ipv6.pcap")))
        self.assertIn("a.db: added 1 capture, 26 connections, 28 logins", self.merge(self.a, self.b).out)
        for view in self.VIEWS:
            self.assertEqual(self.ask(view), self.ask(view, whole), view)
        self.assertEqual(sorted(self.ask("SELECT uuid FROM runs")), sorted(self.ask("SELECT uuid FROM runs", self.a) +
                                                                          self.ask("SELECT uuid FROM runs", self.b)))
        self.assertEqual(self.ask("SELECT c.source, r.uuid FROM captures c JOIN runs r ON r.id = c.run_id WHERE c.source LIKE '%ipv6%'"),
                         self.ask("SELECT c.source, r.uuid FROM captures c JOIN runs r ON r.id = c.run_id WHERE c.source LIKE '%ipv6%'", self.b))
        self.assertEqual(stat.S_IMODE(os.stat(self.database).st_mode), 0o600)
        self.check_database()

    def test_merging_again_changes_nothing(self):
        self.merge(self.a, self.b)
        before = self.rows()
        self.assertIn("left out 1 capture known already", self.merge(self.a, self.b, self.a).out)
        self.assertEqual(self.rows(), before)
        third = self.path("third.db")  # and by way of another database
        self.imaptap("merge", "-d", third, self.database)
        self.imaptap("merge", "-d", self.database, third)
        self.assertEqual(self.rows(), before)

    def test_sources_stay_as_they_are(self):
        change(self.b, "PRAGMA journal_mode = WAL")
        before = octets(self.a), octets(self.b), sorted(os.listdir(self.folder))
        self.merge(self.a, self.b)
        after = octets(self.a), octets(self.b), sorted(name for name in os.listdir(self.folder) if name != "findings.db")
        self.assertEqual(after, before)

    def test_live_captures_are_known_by_run_and_beginning_and_grow(self):
        change(self.a, "UPDATE captures SET kind = 'live', source = 'eth0', fingerprint = NULL, sha256 = NULL, state = 'running', packets = 10")
        change(self.b, "UPDATE captures SET kind = 'live', source = 'eth0', fingerprint = NULL, sha256 = NULL WHERE id = 1")
        self.merge(self.a, self.b)
        self.assertEqual(self.one("SELECT count(*) FROM captures WHERE source = 'eth0'"), 2)
        before = self.rows()
        self.merge(self.a, self.b)
        self.assertEqual(self.rows(), before)
        connection = sqlite3.connect(self.a)
        many(connection, 1, 3)
        connection.execute("UPDATE captures SET packets = 20, state = 'complete'")
        connection.commit()
        connection.close()
        self.assertIn("replaced 1 capture", self.merge(self.a).out)
        self.assertEqual(self.one("SELECT count(*) FROM logins WHERE username LIKE 'many%'"), 3)
        self.assertEqual(self.ask("SELECT id, state FROM captures WHERE source = 'eth0' ORDER BY packets = 20"), [(2, "complete"), (4, "complete")])
        self.check_database()

    def test_a_connection_that_began_in_a_known_capture_is_not_doubled(self):
        talk = Conversation().open().login("a1 LOGIN first Sesam-1", "NO no")
        cut = len(talk.frames)
        talk.login("a2 LOGIN second Sesam-1").close()
        names = self.write("one.pcap", pcap(talk.frames[:cut])), self.write("two.pcap", pcap(talk.frames[cut:]))
        sensor = self.path("sensor.db")
        self.imaptap("read", "-q", "-d", sensor, *names)
        half = self.path("half.db")
        with open(half, "wb") as file:
            file.write(octets(sensor))
        os.chmod(half, 0o600)
        self.imaptap("purge", "-d", half, "--capture", "2")
        self.merge(half)
        self.merge(sensor)
        self.assertEqual(self.ask("SELECT username FROM logins ORDER BY 1"), [("first",), ("second",)])
        self.assertEqual(self.one("SELECT count(*) FROM connections"), 1)
        self.check_database()

    def test_what_is_not_ours_or_newer_is_refused_and_the_others_are_taken(self):
        newer, foreign, text = self.path("newer.db"), self.path("foreign.db"), self.write("text.db", b"no database, only words" * 20)
        with open(newer, "wb") as file:
            file.write(octets(self.a))
        change(newer, "PRAGMA user_version = 99")
        change(foreign, "CREATE TABLE logins (x)")
        run = self.merge(newer, foreign, text, self.path("none.db"), self.b, status=3)
        for word in ("newer imaptap", "another program", "no SQLite database", "none.db"):
            self.assertIn(word, run.err)
        self.assertEqual(self.one("SELECT count(*) FROM captures"), 2)
        self.assertFalse(os.path.exists(self.path("none.db")))
        self.merge(self.database, status=2)
        self.merge(status=2)

    def test_a_crafted_source_is_refused_whole(self):
        self.merge(self.b)
        before = self.rows()
        for statements in (
                ["PRAGMA writable_schema = ON", "UPDATE sqlite_master SET type = 'view', rootpage = 0, sql = 'CREATE VIEW violations AS"
                 " SELECT 1 AS id, 1 AS login_id, ''x'' AS rule, 1 AS argument, 1 AS position, 1 AS count, 1 AS octets' WHERE name = 'violations'"],
                ["ALTER TABLE captures ADD COLUMN x AS (hex(packets))"],
                ["ALTER TABLE logins ADD COLUMN other TEXT"],
                ["PRAGMA ignore_check_constraints = ON", "UPDATE logins SET command = 'DROP' WHERE id = 28"],
                ["PRAGMA ignore_check_constraints = ON", "UPDATE connections SET client_ip = x'00ff' WHERE id = 26"],
                ["UPDATE violations SET rule = 'no-such' WHERE id = 1"]):
            crafted = self.path("crafted.db")
            with open(crafted, "wb") as file:
                file.write(octets(self.a))
            change(crafted, *statements)
            self.assertIn("crafted.db", self.merge(crafted, status=3).err)
            self.assertEqual(self.rows(), before, statements)
        self.check_database()

    def test_no_trigger_is_run(self):
        self.merge(self.b)
        body = "BEGIN UPDATE captures SET source = 'triggered'; END"
        change(self.database, f"CREATE TRIGGER t AFTER INSERT ON logins {body}")
        change(self.a, f"CREATE TRIGGER t AFTER INSERT ON logins {body}")
        self.merge(self.a)
        self.assertEqual(self.one("SELECT count(*) FROM captures WHERE source = 'triggered'"), 0)
        self.assertEqual(self.one("SELECT count(*) FROM captures"), 3)

    def test_killed_at_any_moment_a_source_is_there_whole_or_not(self):
        connection = sqlite3.connect(self.a)
        many(connection, 1, 20000)
        connection.close()
        for _ in range(4):
            self.kill_at_random("merge", "-d", self.database, self.a)
            if os.path.exists(self.database) and os.path.getsize(self.database):
                self.check_database()
                self.assertIn(self.one("SELECT count(*) FROM logins"), (0, 20028))
        self.merge(self.a)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 20028)


if __name__ == "__main__":
    harness.main()
