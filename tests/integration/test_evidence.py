"""What a responder must show later: which run read which capture, when, how, and what it could not see."""
import contextlib
import getpass
import gzip
import hashlib
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import time

import capture_maker
import harness
from capture_maker import Conversation, pcap


class Runs(harness.ImaptapTest):
    def test_a_run_says_what_read_the_captures_where_and_when(self):
        before = time.time_ns()
        capture = self.write("a b.pcap", capture_maker.one_login())
        self.read("-q", capture, "--exit-code", "-p", "143", status=1)
        run = dict(zip(("uuid", "imaptap", "pcap", "nids", "sqlite", "line", "filter", "host", "user", "start", "end", "state"),
                       self.one("SELECT uuid, imaptap_version, libpcap_version, libnids_version, sqlite_version, command_line, "
                                "filter, host, user, started_ns, ended_ns, state FROM runs")))
        self.assertRegex(run["uuid"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        version = self.imaptap("--version").out
        self.assertIn(f"imaptap {run['imaptap']}\n{run['pcap']}\nlibnids {run['nids']}\nSQLite {run['sqlite']}\n", version)
        self.assertEqual(run["line"], f"imaptap read -d {self.database} -q '{capture}' --exit-code -p 143")
        self.assertEqual((run["filter"], run["host"], run["user"]), (None, socket.gethostname(), getpass.getuser()))
        self.assertTrue(before <= run["start"] <= run["end"] <= time.time_ns())
        self.assertEqual(run["state"], "complete")
        self.assertEqual(self.one("SELECT c.size, c.lost_octets, c.evicted, c.read_ns BETWEEN r.started_ns AND r.ended_ns "
                                  "FROM captures c JOIN runs r ON r.id = run_id"), (os.path.getsize(capture), 0, 0, 1))

    def test_a_command_line_of_any_kind_is_kept_in_bounds_and_as_text(self):
        capture = self.write("it's.pcap", capture_maker.one_login())
        subprocess.run([harness.BINARY, "read", "-d", self.database, capture, b"\xff*.pcap", *(["x" * 200] * 40)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        line = self.one("SELECT command_line FROM runs")
        self.assertIn(capture.replace("'", "'\\''"), line)
        self.assertIn(r"'\xFF*.pcap'", line)
        self.assertRegex(line, r" \.\.\. and \d+ more$")
        self.assertLess(len(line), 4200)

    def test_inputs_that_yield_nothing_stand_there_too(self):
        self.write("in/nothing.pcap", pcap(Conversation().open().close().frames[:1]))
        self.write("in/empty.pcap", pcap([]))
        self.write("in/cut.pcap", capture_maker.one_login()[:30])
        self.read(self.path("in"), status=3)
        self.assertEqual(self.ask("SELECT state, count(*), sum(run_id) FROM captures GROUP BY state"),
                         [("complete", 2, 2), ("failed", 1, 1)])
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 0)

    def test_captures_that_are_known_change_not_an_octet(self):
        captures = [self.write(f"{i}.pcap", pcap(Conversation(client_port=4000 + i).open().login("a LOGIN u p").frames))
                    for i in range(3)]
        self.read(*captures)
        before = open(self.database, "rb").read()
        self.read(*reversed(captures))
        self.read(captures[1])
        self.assertEqual(open(self.database, "rb").read(), before)
        self.assertEqual(self.one("SELECT count(*) FROM runs"), 1)

    def test_a_copy_is_known_and_a_file_that_grew_is_replaced_never_doubled(self):
        conversation = Conversation().open().login("a LOGIN u* p")
        capture = self.write("ring.pcap", pcap(conversation.frames))
        self.read(capture)
        before = open(self.database, "rb").read()
        run = self.read(self.write("copy of it.pcap", open(capture, "rb").read()))
        self.assertIn("in the database already", run.out)
        self.assertEqual(open(self.database, "rb").read(), before)
        self.write("ring.pcap", pcap(conversation.login("b LOGIN v* q").close().frames))
        self.read(capture)
        self.assertEqual(self.ask("SELECT source, run_id, size, sha256 FROM captures"),
                         [(capture, 2, os.path.getsize(capture), sha256(capture))])
        self.assertEqual(self.ask("SELECT username FROM logins ORDER BY frame"), [("u*",), ("v*",)])

    def test_each_capture_belongs_to_the_run_that_read_it(self):
        first = self.write("1.pcap", capture_maker.one_login())
        second = self.write("2.pcap", pcap(Conversation(client_port=4001).open().login("a LOGIN u p").frames))
        self.read(first)
        self.read(first, second)
        self.assertEqual(self.ask("SELECT run_id, source FROM captures ORDER BY id"), [(1, first), (2, second)])

    def test_what_was_lost_and_evicted_is_shown_of_the_capture(self):
        frames = Conversation().open().login("a LOGIN u p").frames
        whole = Conversation(client_port=4001).open().say("S", "* OK more\r\n" * 30).say("C", "b LOGIN v q\r\n").frames
        hole = [frame for number, frame in enumerate(whole) if number != 4]
        self.read(self.write("1.pcap", pcap(frames)), self.write("2.pcap", pcap(hole)))
        self.assertEqual(self.ask("SELECT lost_octets, evicted FROM captures ORDER BY id"),
                         [(row[0], 0) for row in self.ask("SELECT (SELECT sum(lost_octets) FROM connections "
                                                          "WHERE capture_id = captures.id) FROM captures ORDER BY id")])
        self.assertGreater(self.one("SELECT sum(lost_octets) FROM captures"), 0)


def sha256(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


class Hashes(harness.ImaptapTest):
    HASHES = "SELECT source, sha256 FROM captures ORDER BY source"

    def check_hashes(self):
        rows = self.ask(self.HASHES)
        self.assertEqual(rows, [(source, sha256(source)) for source, _ in rows])
        return len(rows)

    def test_are_of_the_files_as_they_lie_on_disk(self):
        octets = capture_maker.one_login()
        self.write("in/plain.pcap", octets)
        self.write("in/packed.pcap.gz", gzip.compress(pcap(Conversation(client_port=4001).open().login("a LOGIN u p").frames)))
        self.write("in/tail.pcap", pcap(Conversation(client_port=4002).open().login("a LOGIN u p").frames) + b"\xff" * 200000)
        self.write("in/empty.pcap", pcap([]))
        self.read(self.path("in"), status=3)  # the tail is no frame
        self.assertEqual(self.check_hashes(), 4)
        self.assertEqual(self.one("SELECT state FROM captures WHERE source LIKE '%tail%'"), "failed")

    def test_are_of_large_files_that_are_merged(self):
        for number in range(3):
            frames = []
            for port in range(20000, 20400):
                frames += Conversation(client_port=port + 1000 * number).open().login("a LOGIN u p", "NO " + "x" * 900).close().frames
            self.write(f"in/{number}.pcap", pcap(frames))
        self.read(self.path("in"))
        self.assertEqual(self.check_hashes(), 3)

    def test_of_a_pipe_is_of_all_that_came_through(self):
        octets = capture_maker.one_login() + b"\xff" * 100000
        self.read("-", input=octets, status=3)
        self.assertEqual(self.one("SELECT sha256, size FROM captures"), (hashlib.sha256(octets).hexdigest(), len(octets)))

    def test_are_left_out_on_demand(self):
        self.read("--no-hash", self.write("1.pcap", capture_maker.one_login()))
        self.read("--no-hash", "-", input=pcap(Conversation(client_port=4001).open().login("a LOGIN u p").frames))
        self.assertEqual(self.ask("SELECT sha256 FROM captures"), [(None,), (None,)])

    def test_left_out_are_filled_in_by_a_later_read(self):
        captures = [self.write(f"in/{i}.pcap", pcap(Conversation(client_port=4000 + i).open().login("a LOGIN u p").frames))
                    for i in range(3)]
        self.read("--no-hash", *captures[:2])
        self.read("--no-hash", *captures)
        self.assertEqual(self.ask("SELECT DISTINCT sha256 FROM captures"), [(None,)])
        rows = self.ask("SELECT id, source, read_ns, run_id FROM captures")
        self.read(*captures)
        self.assertEqual(self.check_hashes(), 3)
        self.assertEqual(self.ask("SELECT id, source, read_ns, run_id FROM captures"), rows)

    def test_left_out_are_not_filled_in_from_a_file_that_was_changed_since(self):
        octets = bytearray(pcap([frame for port in range(10000, 11000)
                                 for frame in Conversation(client_port=port).open().login("a LOGIN u p", "NO no").close().frames]))
        capture = self.write("1.pcap", bytes(octets))
        self.read("--no-hash", capture)
        octets[len(octets) // 2] ^= 1  # where its fingerprint does not see it
        self.write("1.pcap", bytes(octets))
        self.read(capture)
        self.assertEqual(self.ask("SELECT sha256 FROM captures"), [(None,)])

    def test_of_a_part_is_none(self):
        frames = []
        for port in range(10000, 16000):
            frames += Conversation(client_port=port).open().login("a LOGIN u* p", "NO no").close().frames
        capture = self.write("grows.pcap", pcap(frames))
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        process = subprocess.Popen([harness.BINARY, "read", "-q", "-d", self.database, capture, fifo],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        with open(fifo, "wb") as writer:  # the capture is open by now
            with open(capture, "ab") as file:
                file.write(b"more")
            writer.write(capture_maker.one_login(client_port=9999))
        process.wait(timeout=120)
        self.assertEqual(self.ask("SELECT sha256 FROM captures WHERE source LIKE '%grows%'"), [(None,)])

    def test_of_a_followed_file_is_of_all_of_it_or_none(self):
        os.mkdir(self.path("ring"))
        whole = capture_maker.one_login()
        next_one = pcap(Conversation(client_port=4001, start_ns=1_800_000_000_000_000_000).open().login("a LOGIN u p").frames)
        process = subprocess.Popen([harness.BINARY, "read", "-q", "-d", self.database, "--follow", self.path("ring")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        self.write("ring/1.pcap", whole)
        with open(self.path("ring/2.pcap"), "wb") as file:  # stays open
            file.write(next_one)
            file.flush()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    if self.ask("SELECT count(*) FROM logins") == [(2,)]:
                        break
                except Exception:
                    pass
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        self.assertEqual(self.ask(self.HASHES), [(self.path("ring/1.pcap"), hashlib.sha256(whole).hexdigest()),
                                                 (self.path("ring/2.pcap"), None)])


class HashesAfterTheSummary(harness.ImaptapTest):
    """Hashing ends after all else: the summary is there, the rows are complete, and only the hash can be missing."""

    def setUp(self):
        super().setUp()
        self.capture = self.write("large.pcap", capture_maker.one_login())
        with open(self.capture, "r+b") as file:  # quick to read, since nothing is in it, and slow to hash
            file.seek(0, os.SEEK_END)
            for _ in range(4000):
                file.write(struct.pack("<IIII", 1700000100, 0, 262144, 262144))
                file.seek(262144, os.SEEK_CUR)
            file.truncate(file.tell())
        os.utime(self.capture, (1700000000, 1700000000))

    def start(self, *arguments, **streams):
        """On one processor, where all of the hashing follows the reading."""
        one = {min(os.sched_getaffinity(0))}
        process = subprocess.Popen([harness.BINARY, "read", *arguments, "-d", self.database, self.capture],
                                   preexec_fn=lambda: os.sched_setaffinity(0, one), **streams)
        self.addCleanup(process.kill)
        return process

    def interrupt(self, number):
        """Reads, and sends the signal as soon as the summary is seen."""
        process = self.start("-q", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = process.stdout.read1(65536).decode()
        process.send_signal(number)
        out, err = process.communicate(timeout=200)
        self.assertIn("1 IMAP connection, 1 login: 1 refused", first + out.decode())
        self.check_database()
        self.assertEqual(self.ask("SELECT c.state, sha256, r.state FROM captures c JOIN runs r ON r.id = run_id"),
                         [("complete", None, "complete")])
        return process.returncode, err.decode()

    def test_stopped_only_the_hash_is_missing_and_the_next_read_fills_it_in(self):
        status, printed = self.interrupt(signal.SIGINT)
        self.assertEqual(status, 3)
        self.assertIn("only SHA-256 is missing", printed)
        self.assertIn("in the database already", self.read(self.capture).out)
        with open(self.capture, "rb") as file:
            self.assertEqual(self.ask("SELECT sha256, (SELECT count(*) FROM runs) FROM captures"),
                             [(hashlib.file_digest(file, "sha256").hexdigest(), 1)])

    def test_killed_leaves_a_good_database_and_verify_fills_it_in(self):
        self.interrupt(signal.SIGKILL)
        self.assertIn("hashed now", self.imaptap("verify", "-d", self.database, status=3).out)
        self.assertIn("intact", self.imaptap("verify", "-d", self.database).out)

    def test_a_terminal_says_that_only_hashing_is_left(self):
        master, slave = os.openpty()
        process = self.start(stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        printed = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while octets := os.read(master, 4096):
                printed += octets
        os.close(master)
        self.assertEqual(process.wait(timeout=200), 0)
        self.assertRegex(printed, rb"\d+% of the SHA-256 of ")


class Verify(harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        self.captures = [self.write(f"{name}.pcap", pcap(Conversation(client_port=4000 + i).open().login(f"a LOGIN u*{i} p").frames))
                         for i, name in enumerate(("one", "two", "three"))]
        self.read(*self.captures)

    def verify(self, *arguments, status=0, writes=False):
        before = open(self.database, "rb").read()
        run = self.imaptap("verify", "-d", self.database, *arguments, status=status)
        self.assertEqual(open(self.database, "rb").read() != before, writes)
        return run

    def verdicts(self, run):
        return [line[:12].strip() for line in run.out.splitlines() if line[:1].isalpha()]

    def test_says_that_all_are_intact_and_what_rests_on_each(self):
        run = self.verify()
        self.assertEqual(self.verdicts(run), ["intact"] * 3)
        self.assertIn(f"SHA-256 {sha256(self.captures[0])}", run.out)
        self.assertEqual(run.out.count("1 connections, 1 logins, 1 findings"), 3)
        self.assertTrue(run.out.endswith("3 captures, 3 intact\n"), run.out)

    def test_shows_what_changed_and_what_is_missing(self):
        with open(self.captures[0], "r+b") as file:  # the same size
            file.seek(60)
            file.write(b"\xee")
        with open(self.captures[1], "ab") as file:
            file.write(b"more")
        os.unlink(self.captures[2])
        run = self.verify(status=3)
        self.assertEqual(self.verdicts(run), ["changed", "changed", "missing"])
        size = os.path.getsize(self.captures[1])
        self.assertIn(f"{size - 4} octets were read, it has {size} now", run.out)
        self.assertIn("No such file or directory", run.out)
        self.assertIn("3 captures, 2 changed, 1 missing", run.out)

    def test_finds_them_elsewhere_by_their_content(self):
        os.makedirs(self.path("vault/deep"))
        for number, capture in enumerate(self.captures):
            os.rename(capture, self.path(f"vault/deep/{number}.evidence"))
        self.write("vault/decoy", b"\0" * os.path.getsize(self.path("vault/deep/0.evidence")))
        self.assertEqual(self.verdicts(self.verify(status=3)), ["missing"] * 3)
        run = self.verify(self.path("vault"))
        self.assertEqual(self.verdicts(run), ["intact"] * 3)
        self.assertIn(f"found as {self.path('vault/deep/2.evidence')}", run.out)
        self.assertEqual(self.verdicts(self.verify(self.path("vault/deep/1.evidence"), status=3)),
                         ["missing", "intact", "missing"])

    def test_without_a_hash_only_a_change_can_be_shown(self):
        self.database = self.path("unhashed.db")
        self.read("--no-hash", *self.captures)
        for capture in self.captures:
            os.utime(capture)  # written to since, for all that can be known
        self.assertEqual(self.verdicts(self.verify(status=3)), ["not hashed"] * 3)
        with open(self.captures[0], "r+b") as file:
            file.seek(60)
            file.write(b"\xee")
        self.assertEqual(self.verdicts(self.verify(status=3)), ["changed", "not hashed", "not hashed"])

    def test_fills_in_a_hash_that_is_missing(self):
        self.database = self.path("unhashed.db")
        self.read("--no-hash", *self.captures)
        os.utime(self.captures[2])
        run = self.verify(status=3, writes=True)
        self.assertEqual(self.verdicts(run), ["hashed now", "hashed now", "not hashed"])
        self.assertIn(f"SHA-256 {sha256(self.captures[1])}", run.out)
        self.assertEqual(self.ask("SELECT sha256 FROM captures ORDER BY id"),
                         [(sha256(self.captures[0]),), (sha256(self.captures[1]),), (None,)])
        self.assertEqual(self.verdicts(self.verify(status=3)), ["intact", "intact", "not hashed"])

    def test_never_fills_in_the_hash_of_what_was_not_read_whole(self):
        self.database = self.path("cut.db")
        self.read("--no-hash", self.write("cut.pcap", capture_maker.one_login()[:-10]), status=3)
        self.assertEqual(self.verdicts(self.verify(status=3)), ["not hashed"])

    def test_a_pipe_is_found_as_a_file(self):
        octets = capture_maker.one_login()
        self.read("-", input=octets)
        self.assertEqual(self.verdicts(self.verify(status=3)), ["intact"] * 3 + ["missing"])
        self.assertEqual(self.verdicts(self.verify(self.write("copy", octets))), ["intact"] * 4)

    def test_names_are_shown_escaped_and_what_cannot_be_searched_is_reported(self):
        strange = self.write("a\x1b[31mb.pcap", capture_maker.one_login())
        self.read(strange)
        run = self.verify(self.path("nowhere"), status=3)
        self.assertNotIn("\x1b", run.out)
        self.assertIn(r"a\x1B[31mb.pcap", run.out)
        self.assertIn("nowhere: cannot be opened", run.err)
        self.imaptap("verify", "-d", self.path("none.db"), status=3)


class AtOnce(harness.ImaptapTest):
    """Several processes that read into one database."""

    def capture(self, name, first_port, connections=1500):
        frames = []
        for port in range(first_port, first_port + connections):
            frames += Conversation(client_port=port).open().login("a LOGIN u* p", "NO no").close().frames
        return self.write(name, pcap(frames))

    def start(self, *arguments):
        process = subprocess.Popen([harness.BINARY, "read", "-q", "-d", self.database, *arguments], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def test_all_succeed(self):
        processes = [self.start(self.capture(f"{i}.pcap", 10000 + 5000 * i)) for i in range(4)]
        for process in processes:
            out, err = process.communicate(timeout=200)
            self.assertEqual(process.returncode, 0, out + err)
        self.assertEqual(self.ask("SELECT state, count(*) FROM captures GROUP BY 1"), [("complete", 4)])
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 6000)
        self.check_database()

    def test_the_same_capture_is_waited_for_and_known_then(self):
        os.mkfifo(self.path("fifo"))
        capture = self.capture("one.pcap", 10000)
        late = pcap(Conversation(client_port=9, start_ns=1_900_000_000_000_000_000).open().login("a LOGIN u p").frames)
        first = self.start(capture, self.path("fifo"))
        with open(self.path("fifo"), "wb", buffering=0) as writer:  # the first stays in its run until this ends
            writer.write(late)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                if os.path.exists(self.database) and self.ask("SELECT 1 FROM sqlite_master WHERE name = 'runs'") and \
                        self.ask("SELECT 1 FROM captures WHERE source = '%s'" % capture):
                    break
                time.sleep(0.05)
            second = self.start(capture)
            line = second.stderr.readline()
        self.assertIn("waiting for another process, which is reading the same capture", line)
        for process in (first, second):
            out, err = process.communicate(timeout=100)
            self.assertEqual(process.returncode, 0, out + err)
        self.assertIn("in the database already", out)
        self.assertEqual(self.one("SELECT count(*) FROM captures WHERE source = '%s'" % capture), 1)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 1501)


class Crafted(harness.ImaptapTest):
    def test_triggers_of_a_database_are_not_run(self):
        self.read(self.write("1.pcap", capture_maker.one_login()))
        connection = sqlite3.connect(self.database)
        for event in ("INSERT ON runs", "INSERT ON captures", "UPDATE ON captures", "INSERT ON logins", "UPDATE ON runs"):
            connection.execute(f"CREATE TRIGGER \"{event}\" AFTER {event} BEGIN INSERT INTO rules VALUES"
                               f" ('{event}', 'info', 'x', 'x', 'x', 'no', 'no', 'no'); END")
        connection.close()
        self.read(self.write("2.pcap", pcap(Conversation(client_port=4001).open().login("a LOGIN u p").frames)))
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 2)
        self.assertEqual(self.ask("SELECT rule FROM rules WHERE title = 'x'"), [])


class Killed(harness.ImaptapTest):
    def start(self):
        """A read that waits in a FIFO, with its first logins committed."""
        fifo = self.path("fifo")
        if not os.path.exists(fifo):
            os.mkfifo(fifo)
        process = subprocess.Popen([harness.BINARY, "read", "-q", "-d", self.database, fifo],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        self.writer = os.open(fifo, os.O_WRONLY)
        frames = []
        for port in range(10000, 14000):
            frames += Conversation(client_port=port).open().login("a LOGIN u* p", "NO no").close().frames
        with open(self.writer, "wb", closefd=False) as writer:
            writer.write(pcap(frames))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.ask("SELECT state FROM runs") == [("running",)]:
                    return process
            except Exception:
                pass
            time.sleep(0.05)
        self.fail("the run never showed")

    def test_a_run_that_was_killed_is_aborted_once_the_next_one_looks(self):
        process = self.start()
        process.kill()
        process.wait()
        os.close(self.writer)
        self.assertEqual(self.ask("SELECT state, ended_ns FROM runs"), [("running", None)])
        self.read(self.write("1.pcap", capture_maker.one_login()))
        self.assertEqual(self.ask("SELECT state FROM runs ORDER BY id"), [("aborted",), ("complete",)])

    def test_a_run_that_was_stopped_is_aborted(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        process.wait()
        os.close(self.writer)
        self.assertEqual(self.one("SELECT state, ended_ns > started_ns FROM runs"), ("aborted", 1))
        self.assertEqual(self.one("SELECT state FROM captures"), "failed")


if __name__ == "__main__":
    harness.main()
