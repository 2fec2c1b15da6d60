"""kill -9 of either process at random moments: what is left is sound and honest, and a new read completes it.

IMAPTAP_KILLS says how many (scripts/torture: hundreds), IMAPTAP_SEED which moments; both are printed when it fails.
"""
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time

import harness
from capture_maker import Conversation, pcap

KILLS = int(os.environ.get("IMAPTAP_KILLS", "12"))
SEED = int(os.environ.get("IMAPTAP_SEED") or random.SystemRandom().randrange(10**9))
FILES = 2
LOGINS = int(os.environ.get("IMAPTAP_LOGINS", "300"))  # a file

ROWS = """
SELECT p.source, c.client_ip, c.client_port, c.server_ip, c.first_ns, c.last_ns, c.greeting, c.encryption, c.lost_octets, c."end",
       l.time_ns, l.frame, l.tag, l.command, l.username, l.username_form, l.password_form, l.exposure, l.result, l.response_text, l.latency_ns,
       v.rule, v.argument, v.position, v.count, v.octets
FROM captures p LEFT JOIN connections c ON c.capture_id = p.id LEFT JOIN logins l ON l.connection_id = c.id
LEFT JOIN violations v ON v.login_id = l.id {where}
ORDER BY p.source, c.client_port, c.first_ns, l.frame, v.rule, v.argument"""
FACTS = "SELECT source, state, packets, bytes, first_ns, last_ns, size, sha256, lost_octets, evicted FROM captures ORDER BY source"


class AtAnyMoment(harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        start = 1_700_000_000_000_000_000
        for number in range(FILES):
            frames = []
            for login in range(LOGINS):
                conversation = Conversation(client_port=10000 + number * LOGINS + login, start_ns=start).open()
                conversation.login(f"a LOGIN u{login}*{number} p", "NO no").close()
                frames += conversation.frames
                start = conversation.now
            self.write(f"in/{number}.pcap", pcap(frames))
        began = time.monotonic()
        self.read("-q", self.path("in"))
        self.whole_time = time.monotonic() - began
        self.rows, self.facts = self.ask(ROWS.format(where="")), self.ask(FACTS)
        self.assertEqual(len(self.rows), FILES * LOGINS)  # a wildcard each

    def analyzer(self, process):
        with contextlib.suppress(OSError):
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
                children = file.read().split()
            if children:
                return int(children[0])
        return None

    def kill_at_random(self, follow, victim):
        """Starts a read and kills one of its processes at a random moment; False: it was over by then."""
        arguments = ["--follow", self.path("in")] if follow else [self.path("in")]
        # Looking for leaks, LeakSanitizer has a child of its own, and waits for ever when that one is killed.
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        process = subprocess.Popen([harness.BINARY, "read", "-q", "-d", self.database, *arguments], env=environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(self.random.uniform(0, 0.9 * self.whole_time))
        was_running = process.poll() is None
        if victim == "analyzer":
            child = self.analyzer(process)
            was_running = was_running and child is not None
            with contextlib.suppress(OSError):
                if child is not None:
                    os.kill(child, signal.SIGKILL)
            if follow:
                time.sleep(self.random.uniform(0, 0.2))
                process.send_signal(signal.SIGINT)
        else:
            process.kill()
        _, err = process.communicate(timeout=120)
        self.check_clean(err)
        return was_running

    def check_what_is_left(self):
        if not os.path.exists(self.database) or not self.ask("SELECT 1 FROM sqlite_master WHERE name = 'captures'"):
            return
        self.check_database()
        for number, source, state in self.ask("SELECT id, source, state FROM captures"):
            self.assertIn(state, ("running", "failed", "complete"))
            if state == "complete":
                self.assertEqual(self.ask(ROWS.format(where=f"WHERE p.id = {number}")),
                                 [row for row in self.rows if row[0] == source])
        self.assertLessEqual({state for state, in self.ask("SELECT state FROM runs")}, {"running", "aborted", "complete"})

    def check_completed(self):
        self.read("-q", self.path("in"))
        self.check_database()
        facts = self.ask(FACTS)
        self.assertEqual([row[:7] + row[8:] for row in facts], [row[:7] + row[8:] for row in self.facts])
        for row, whole in zip(facts, self.facts):
            self.assertIn(row[7], (whole[7], None))  # a followed file that might still have grown was not hashed
        self.assertEqual(self.ask(ROWS.format(where="")), self.rows)
        self.assertEqual(self.ask("SELECT count(*) FROM runs WHERE state = 'running'"), [(0,)])

    def test_what_is_left_is_sound_and_a_new_read_completes_it(self):
        hit = {"recorder": 0, "analyzer": 0}
        number = 0
        try:
            # a read can be over before its kill, so a few kills may all miss: then there are more of them
            while number < KILLS or (min(hit.values()) == 0 and number < 10 * KILLS):
                self.database = self.path(f"killed-{number}.db")
                for victim in self.random.sample(("recorder", "analyzer"), self.random.choice((1, 2))):
                    hit[victim] += self.kill_at_random(self.random.random() < 0.4, victim)
                    if self.random.random() < 0.5:  # looking takes back what was cut off: the new read must manage without
                        self.check_what_is_left()
                self.check_completed()
                for name in os.listdir(self.folder):
                    if name.startswith("killed-"):
                        os.unlink(self.path(name))
                number += 1
        except (AssertionError, sqlite3.Error) as error:
            raise AssertionError(f"IMAPTAP_SEED={SEED} IMAPTAP_KILLS={KILLS}, kill {number}: {error}") from error
        if KILLS >= 100:
            print(f"{sum(hit.values())} kills of running processes: {hit} (seed {SEED})")
        self.assertGreater(min(hit.values()), 0)


if __name__ == "__main__":
    harness.main()
