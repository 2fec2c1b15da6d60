"""kill -9 of any process of a live capture, at random moments under load: what was committed stays, once.

IMAPTAP_KILLS says how many (scripts/torture --live: a hundred), IMAPTAP_SEED which moments; both are printed when it fails.
"""
import os
import random
import signal
import sqlite3
import threading
import time

import span
import harness
from capture_maker import Conversation
from span import octets

KILLS = int(os.environ.get("IMAPTAP_KILLS", "20"))
SEED = int(os.environ.get("IMAPTAP_SEED") or random.SystemRandom().randrange(10**9))
AT_ONCE = 50  # conversations


class AtAnyMoment(span.LiveTest, harness.ImaptapTest):
    """The test's reader looks all the time: what it has seen was committed."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.seen, self.sent, self.ending, self.broken = {}, 0, threading.Event(), None

    def in_background(self, work):
        def run():
            try:
                while not self.ending.is_set():
                    work()
            except Exception as error:  # reported by the test
                self.broken = error

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.ending.set)

    def send_some(self):
        """Logins of users that were never there before, all at a time."""
        users = range(self.sent, self.sent + AT_ONCE)
        conversations = [octets(Conversation(client_port=1024 + user % 60000).open().login(f"a LOGIN u{user}* Sesam-1", "NO no").close())
                         for user in users]
        for turn in zip(*conversations):
            self.send(turn)
        self.sent += AT_ONCE
        time.sleep(0.02)

    def look(self):
        try:
            rows = self.ask(f"SELECT * FROM logins WHERE id > {max(self.seen, default=0)}")
        except sqlite3.OperationalError:  # it is being made, or put right after a kill
            rows = []
        self.seen.update((row[0], row) for row in rows)
        time.sleep(0.02)

    def start_under_load(self):
        # Looking for leaks, LeakSanitizer has a child of its own, and waits for ever when that one is killed.
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        self.start("-q", "--flush", self.random.choice(("1", "50", "500")), wait=False, env=environment)

    def kill(self, victim):
        try:
            pids = {"recorder": lambda: [self.process.pid], "launcher": lambda: [self.launcher()], "analyzer": self.analyzers}[victim]()
        except (IndexError, OSError):
            pids = []
        if not pids:
            return False  # it is being started
        os.kill(self.random.choice(pids), signal.SIGKILL)
        if victim == "analyzer":
            self.assertIsNone(self.process.poll())
            return True
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.errors.close()
        self.assertEqual(self.process.returncode, -signal.SIGKILL if victim == "recorder" else 3, self.said())
        return True

    def check_what_is_left(self):
        if self.broken is not None:
            raise self.broken
        before = dict(self.seen)
        self.check_database()
        kept = {row[0]: row for row in self.ask("SELECT * FROM logins")}
        for number, row in before.items():
            self.assertEqual(kept.get(number), row, "a committed row is gone, or another one")
        self.assertEqual(self.ask("SELECT username, count(*) FROM logins GROUP BY 1 HAVING count(*) > 1"), [])
        # a login is there with all that it broke
        self.assertEqual(self.ask("SELECT l.id FROM logins l LEFT JOIN violations v ON v.login_id = l.id GROUP BY 1 HAVING count(v.id) <> 1"), [])
        self.assertLessEqual(self.one("SELECT count(*) FROM runs WHERE state = 'running'"), 1)

    def wait_for_more(self):
        before = len(self.seen)
        self.wait_for(lambda: len(self.seen) > before or self.broken, "new logins")

    def test_what_was_committed_stays_once(self):
        hit = {"recorder": 0, "launcher": 0, "analyzer": 0}
        number = 0
        try:
            self.start_under_load()
            self.in_background(self.send_some)
            self.in_background(self.look)
            while number < KILLS:
                self.wait_for_more()
                time.sleep(self.random.uniform(0, 0.7))
                victim = ("analyzer", "recorder", "launcher")[number % 3]
                if not self.kill(victim):
                    continue
                number += 1
                hit[victim] += 1
                if self.random.random() < 0.5:  # looking takes back what was cut off: the next run must manage without
                    self.check_what_is_left()
                if victim != "analyzer":
                    self.check_clean(self.said().encode())
                    self.start_under_load()
            self.wait_for_more()
            self.ending.set()
            self.stop()
            self.check_what_is_left()
        except (AssertionError, sqlite3.Error) as error:
            raise AssertionError(f"IMAPTAP_SEED={SEED} IMAPTAP_KILLS={KILLS}, kill {number}: {error}") from error
        if KILLS >= 100:
            print(f"kills: {hit}; {self.sent} logins sent, {len(self.seen)} read while it ran, "
                  f"{self.one('SELECT count(*) FROM logins')} kept, none lost after it was read, none twice (seed {SEED})")


if __name__ == "__main__":
    span.main()
