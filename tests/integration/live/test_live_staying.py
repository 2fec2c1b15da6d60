"""A live capture stays up: whatever ends, goes away or fills up, what was committed stays, and the rest goes on."""
import os
import re
import signal
import sqlite3
import subprocess
import time

import span
import harness
import capture_maker
from capture_maker import Conversation
from span import octets


def login(client_port=40000, user="star*user"):
    return octets(Conversation(client_port=client_port).open().login(f"a1 LOGIN {user} Sesam-1", "NO no").close())


class Interfaces(span.LiveTest, harness.ImaptapTest):
    def test_one_that_is_not_there_is_waited_for(self):
        self.start(interfaces=("span1",), wait=False)
        self.wait_for_words("span1: there is no such interface: waiting")
        self.add_pair(1)
        self.wait_until_open()
        self.send(login(), number=1)
        self.wait_for_logins(1)
        self.stop()

    def test_one_that_is_down_is_waited_for(self):
        span.run("ip", "link", "set", "span0", "down")
        self.start(wait=False)
        self.wait_for_words("span0: the interface is down: waiting")
        self.up("span0")
        self.wait_until_open()
        self.send(login())
        self.wait_for_logins(1)
        self.stop()

    def test_one_that_goes_down_is_read_again_when_it_is_up(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        span.run("ip", "link", "set", "span0", "down")
        self.wait_for_words("span0: the interface went down")
        self.up("span0")
        self.wait_for_words("span0: the interface is up")
        self.wait_for_a_login_of(login)
        self.stop()
        before, after = self.ask("SELECT state, error, packets, last_ns FROM captures ORDER BY id")
        self.assertEqual((before[0], before[2]), ("failed", 9))
        self.assertIn("went down", before[1])
        self.assertEqual(after[:2], ("complete", None))
        self.assertEqual(after[2] % 9, 0)  # none of those from before
        self.assertEqual(self.ask("SELECT count(*) FROM captures a, captures b WHERE b.id > a.id AND a.last_ns < b.first_ns"),
                         [(1,)])  # what lies between was not seen
        self.check_database()

    def test_those_that_stay_up_are_read_on_while_another_is_down(self):
        self.add_pair(1)
        self.start(interfaces=("span0", "span1"))
        span.run("ip", "link", "set", "span1", "down")
        self.wait_for_words("span1: the interface went down")
        self.send(login())
        self.wait_for_logins(1)
        self.up("span1")
        self.wait_for_words("span1: the interface is up")
        self.stop()
        self.assertEqual(self.ask("SELECT source, state, packets FROM captures ORDER BY id"),
                         [("span0", "complete", 9), ("span1", "failed", 0), ("span1", "complete", 0)])

    def test_one_that_is_down_at_the_end_has_one_row(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        span.run("ip", "link", "set", "span0", "down")
        self.wait_for_words("span0: the interface went down")
        self.stop()
        self.assertEqual(self.ask("SELECT state, packets FROM captures"), [("failed", 9)])

    def test_one_that_is_removed_and_made_again_is_read_again(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        span.run("ip", "link", "del", "span0")
        self.wait_for_words("span0: the interface is gone")
        time.sleep(0.5)
        self.add_pair(0)
        self.wait_for_a_login_of(login)
        self.stop()
        self.assertGreaterEqual(self.one("SELECT count(*) FROM captures"), 2)
        self.check_database()

    def test_others_are_read_while_one_is_missing(self):
        self.start(interfaces=("span0", "span1"), wait=False)
        self.wait_until_open(1)
        self.send(login())
        self.wait_for_logins(1)
        self.add_pair(1)
        self.wait_for(lambda: self.query("SELECT source FROM captures WHERE state = 'running' ORDER BY source") ==
                      [("span0",), ("span1",)], "both interfaces")
        self.send(login(client_port=40001), number=1)
        self.wait_for_logins(2)
        self.stop()


class Signals(span.LiveTest, harness.ImaptapTest):
    def test_interrupt_ends_it_with_a_summary(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        self.assertIn("Watched: span0", self.stop(number=signal.SIGINT))

    def test_at_the_end_one_file_is_left(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        self.stop()
        self.imaptap("query", "-d", self.database, "findings")
        self.assertEqual(sorted(os.listdir(self.folder)), ["findings.db", "stderr"])
        self.check_database()

    def test_hangup_begins_a_new_file(self):
        self.start()
        conversation = Conversation().open().login("a1 LOGIN star*user Sesam-1", "OK in")
        self.send(octets(conversation))
        self.wait_for_logins(1)
        moved = self.path("yesterday.db")
        os.rename(self.database, moved)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_words("opened again")
        before = len(conversation.frames)
        self.send(octets(conversation.say("C", "a2 NOOP\r\n").say("S", "a2 OK done\r\n").close())[before:])
        self.send(login(client_port=40001, user="new*user"))
        self.wait_for_logins(1)
        self.stop()
        self.assertEqual(self.ask("SELECT username FROM logins", moved), [("star*user",)])
        self.assertEqual(self.ask("SELECT state, packets FROM captures", moved), [("complete", 6)])
        self.assertEqual(self.ask("PRAGMA integrity_check", moved), [("ok",)])
        self.assertFalse(os.path.exists(moved + "-wal"))
        self.assertEqual(self.ask("SELECT username FROM logins"), [("new*user",)])
        # the connection that was open is known in both
        self.assertEqual(self.ask('SELECT client_port, "end" FROM connections ORDER BY 1'),
                         [(40000, "fin"), (40001, "fin")])
        self.assertEqual(self.ask("SELECT state, packets FROM captures"), [("complete", 14)])
        for database in (moved, self.database):
            self.assertEqual(self.ask("SELECT count(*), min(state) FROM runs", database), [(1, "complete")])
        self.check_database()

    def test_hangup_with_the_file_in_place_goes_on_in_it(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_words("opened again")
        self.send(login(client_port=40001))
        self.wait_for_logins(2)
        self.stop()
        self.assertEqual(self.ask("SELECT state, packets FROM captures"), [("complete", 9), ("complete", 9)])
        self.assertEqual(self.ask("SELECT state FROM runs"), [("complete",)])

    def test_usr1_prints_figures(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for_words("1 connections .* 1 logins, 0 octets never captured; 0 events wait")
        self.assertRegex(self.said(), "span0: open; 9 frames, .* 0 frames dropped by the kernel")
        self.stop()


class Deaths(span.LiveTest, harness.ImaptapTest):
    def test_an_analyzer_that_dies_is_started_again(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        dead = self.analyzers()[0]
        os.kill(dead, signal.SIGKILL)
        self.wait_for(lambda: self.query("SELECT count(*) FROM captures") == [(2,)], "a new analyzer")
        self.send(login(client_port=40001))
        self.wait_for_logins(2)
        out = self.stop()
        self.assertRegex(self.said(), r"the analyzer died \(Killed\)")
        self.assertEqual(self.ask("SELECT state FROM captures ORDER BY id"), [("failed",), ("complete",)])
        self.assertRegex(self.ask("SELECT error FROM captures ORDER BY id")[0][0], "died .* was not seen")
        self.assertIn("1 time an analyzer died", out)
        self.check_database()

    def test_analyzers_end_with_the_recorder(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        others = [self.launcher(), *self.analyzers()]
        self.process.kill()
        self.process.wait()
        deadline = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{pid}/exe") for pid in others):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")
        self.check_database()

    def test_what_a_killed_recorder_saw_is_reported_as_a_part_by_the_next_one(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        self.process.kill()
        self.process.wait()
        self.assertEqual(self.ask("SELECT state, error FROM captures"), [("running", None)])
        self.imaptap("read", "-q", "-d", self.database, self.write("1.pcap", capture_maker.one_login()))
        self.assertEqual(self.ask("SELECT kind, state FROM captures ORDER BY id"), [("live", "failed"), ("file", "complete")])
        self.assertIn("imaptap was killed", self.one("SELECT error FROM captures WHERE kind = 'live'"))
        self.assertIn("1 capture could not be read to its end", self.imaptap("report", "-d", self.database).out)
        self.check_database()

    def test_without_its_launcher_it_ends_and_keeps_what_it_has(self):
        self.start()
        self.send(login())
        os.kill(self.launcher(), signal.SIGKILL)
        self.finish(status=3)
        self.assertIn("launcher of analyzers is gone", self.said())
        self.check_database()

    def test_open_connections_are_picked_up_again(self):
        self.start()
        conversation = Conversation().open()
        self.send(octets(conversation))
        self.wait_for_frames(len(conversation.frames))
        os.kill(self.analyzers()[0], signal.SIGKILL)
        self.wait_for(lambda: self.query("SELECT count(*) FROM captures WHERE state = 'running'") == [(1,)] and
                      self.query("SELECT count(*) FROM captures") == [(2,)], "a new analyzer")
        before = len(conversation.frames)
        self.send(octets(conversation.login("a1 LOGIN star*user Sesam-1", "NO no"))[before:])
        self.wait_for_logins(1)
        self.stop()
        self.assertEqual(self.one("SELECT midstream FROM connections"), 1)


class Trouble(span.LiveTest, harness.ImaptapTest):
    def test_a_locked_database_is_waited_for(self):
        self.start()
        other = sqlite3.connect(self.database, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.send(login())
        self.wait_for_words("locked.*the capture goes on")
        for port in range(40001, 40011):
            self.send(login(client_port=port))
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for_words(r"[1-9]\d* events wait")
        other.execute("COMMIT")
        self.wait_for_logins(11)
        self.stop()
        self.assertRegex(self.said(), "can be written again, after .* lost meanwhile: 0 logins, 0 connections")
        self.assertEqual(self.ask('SELECT DISTINCT "end" FROM connections'), [("fin",)])
        self.assertGreaterEqual(self.one("SELECT events_waiting FROM captures"), 3 * 11)  # connection, login, end of each
        self.check_database()

    def test_a_full_disk_is_waited_for(self):
        folder = self.path("small")
        os.mkdir(folder)
        span.run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        self.database = os.path.join(folder, "findings.db")
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        ports = iter(range(41000, 60000))
        self.sent = 1

        def is_full():
            self.sent += 20
            self.send([frame for _ in range(20) for frame in login(client_port=next(ports))])
            return re.search("disk is full.*the capture goes on", self.said())

        self.wait_for(is_full, "the full disk")
        os.remove(os.path.join(folder, "filler"))
        self.wait_for_logins(self.sent)
        out = self.stop()
        self.assertRegex(self.said(), "can be written again, after .* lost meanwhile: 0 logins, 0 connections")
        self.assertIn(f"{self.sent:,} logins", out)
        self.check_database()


class Keeping(span.LiveTest, harness.ImaptapTest):
    def test_what_is_older_than_it_is_kept_goes_while_the_capture_goes_on(self):
        self.start("--keep", "5s", "--flush", "100")
        self.send(login())
        self.wait_for_logins(1)
        self.wait_for_words("older than --keep, and removed: 1 logins, 1 connections, 0 captures")
        self.send(login(client_port=40001, user="new*user"))
        self.wait_for_logins(1)
        self.assertEqual(self.ask("SELECT username FROM logins"), [("new*user",)])
        self.assertEqual(self.ask("SELECT state FROM captures"), [("running",)])
        self.stop()
        self.check_database()

    def test_what_an_earlier_run_left_goes_at_the_start(self):
        self.start()
        self.send(login())
        self.wait_for_logins(1)
        self.stop()
        with sqlite3.connect(self.database) as database:  # a hundred days pass
            for table, column in (("captures", "first_ns"), ("captures", "last_ns"), ("captures", "read_ns"),
                                  ("connections", "first_ns"), ("connections", "last_ns"), ("logins", "time_ns"),
                                  ("runs", "started_ns")):
                database.execute(f"UPDATE {table} SET {column} = {column} - 100 * 86400 * 1000000000")
        database.close()
        self.start("--keep", "90d", wait=False)
        self.wait_for_words("removed: 1 logins, 1 connections, 1 captures")
        self.wait_until_open()
        self.stop()
        self.assertEqual(self.ask("SELECT (SELECT count(*) FROM logins), (SELECT count(*) FROM runs), "
                                  "(SELECT count(*) FROM captures)"), [(0, 1, 1)])
        with open(self.database, "rb") as file:
            self.assertNotIn(b"star*user", file.read())


if __name__ == "__main__":
    span.main()
