"""The analyzer and the recorder: what each may do, and what is left when one of them dies."""
import os
import signal
import sqlite3
import subprocess
import time

import capture_maker
import harness
from capture_maker import Conversation, pcap


class Fifo(harness.ImaptapTest):
    """Reads from a FIFO, so that a test decides how far the analyzer has come."""

    def start(self, octets, *more):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.process = subprocess.Popen([harness.BINARY, "read", "-d", self.database, fifo, *more],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.process.kill)
        self.writer = os.open(fifo, os.O_WRONLY)
        os.write(self.writer, octets)
        self.wait_for(lambda: self.analyzer() is not None)
        self.wait_for(self.is_committed)

    def is_committed(self):
        """What was written into the FIFO is read at once, and then committed."""
        try:
            return self.ask("SELECT count(*) FROM logins") == [(1,)]
        except sqlite3.OperationalError:  # it is being made
            return False

    def wait_for(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline, "waited too long")
            time.sleep(0.02)

    def analyzer(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        children = open(path).read().split()
        return int(children[0]) if children else None

    def finish(self, status):
        os.close(self.writer)
        out, err = self.process.communicate(timeout=60)
        self.check_clean(err)
        self.assertEqual(self.process.returncode, status, out.decode() + err.decode())
        return out.decode(), err.decode()


class Analyzer(Fifo, harness.ImaptapTest):
    def test_has_nothing_but_its_capture_and_its_pipe(self):
        self.start(capture_maker.one_login())
        folder = f"/proc/{self.analyzer()}/fd"
        open_files = sorted(os.readlink(f"{folder}/{fd}").split(":")[0] for fd in os.listdir(folder) if fd != "2")
        self.assertEqual(open_files, [self.path("fifo"), "pipe"])
        limits = open(f"/proc/{self.analyzer()}/limits").read()
        for limit in ("Max open files", "Max file size", "Max core file size", "Max processes"):
            self.assertRegex(limits, rf"{limit} +0 +0 ")
        self.assertIn("NoNewPrivs:\t1", open(f"/proc/{self.analyzer()}/status").read())
        self.finish(0)

    def test_that_dies_costs_the_rest_of_one_capture(self):
        whole = capture_maker.one_login()
        later = Conversation(client_port=41000, start_ns=1_800_000_000_000_000_000).open().login("b LOGIN other p")
        self.start(whole, self.write("later.pcap", pcap(later.close().frames)))
        os.kill(self.analyzer(), signal.SIGABRT)
        out, err = self.finish(3)
        self.assertRegex(err, r"fifo: the analyzer died \(Aborted\) in frame \d+")
        self.assertRegex(self.one("SELECT error FROM captures WHERE state = 'failed'"), r"died .* in frame (8|9)")
        self.assertEqual(self.ask("SELECT username FROM logins ORDER BY id"), [("star*user",), ("other",)])
        self.assertEqual(self.ask("SELECT state FROM captures ORDER BY id"), [("failed",), ("complete",)])
        self.check_database()

    def test_ends_with_the_recorder(self):
        self.start(capture_maker.one_login())
        analyzer = self.analyzer()
        self.process.kill()
        self.process.wait()
        self.wait_for(lambda: not os.path.exists(f"/proc/{analyzer}") or
                      open(f"/proc/{analyzer}/stat").read().split(")")[1].split()[0] == "Z")
        os.close(self.writer)


class Recorder(Fifo, harness.ImaptapTest):
    def test_that_is_stopped_keeps_what_was_found(self):
        self.start(capture_maker.one_login())
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        os.close(self.writer)
        self.check_clean(err)
        self.assertEqual(self.process.returncode, 3)
        self.assertIn(b"stopped", err)
        self.assertEqual(self.one("SELECT state FROM captures"), "failed")
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")
        self.check_database()

    def test_that_is_killed_leaves_a_database_that_a_new_read_completes(self):
        frames = []
        for port in range(20000, 26000):
            frames += Conversation(client_port=port).open().login(f"a LOGIN u{port}* p", "NO no").close().frames
        capture = self.write("big.pcap", pcap(frames))
        undisturbed = self.path("undisturbed.db")
        self.imaptap("read", "-q", "-d", undisturbed, capture)
        rows = "SELECT username, result, frame, time_ns FROM logins ORDER BY frame"
        expected = self.ask(rows, undisturbed)
        self.assertEqual(len(expected), 6000)
        for number, delay in enumerate((0.02, 0.1, 0.3, 0.6, 1.1, 1.6)):
            self.database = self.path(f"killed-{number}.db")
            process = subprocess.Popen([harness.BINARY, "read", "-q", "-d", self.database, capture],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            process.kill()
            process.wait()
            self.read("-q", capture)
            self.assertEqual(self.ask(rows), expected)
            self.check_database()


if __name__ == "__main__":
    harness.main()
