"""Captures replayed as fast as tcpreplay can: every login that the kernel delivered is kept, and what it dropped is counted."""
import csv
import os
import re
import shutil
import signal
import struct
import subprocess
import sys

import span
import harness
from capture_maker import Conversation
from span import octets

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")


def frames_of(path):
    """The octets of each record of a classic pcap file, behind those of the file's header."""
    with open(path, "rb") as file:
        octets = file.read()
    yield octets[:24]
    at = 24
    while at < len(octets):
        length = 16 + struct.unpack_from("<I", octets, at + 8)[0]
        yield octets[at:at + length]
        at += length


class Replay(span.LiveTest, harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        if shutil.which("tcpreplay") is None:
            self.skipTest("needs tcpreplay")
        self.capture, self.truth = self.path("traffic.pcap"), self.path("truth.csv")
        self.metrics = self.path("imaptap.prom")

    def generate(self, connections):
        subprocess.run([sys.executable, os.path.join(TOOLS, "generate_imap.py"), "--connections", str(connections),
                        "--out", self.capture, "--truth", self.truth], check=True)

    def replay(self):
        """Sends the capture; returns how many frames left."""
        replay = subprocess.run(["tcpreplay", "-q", "-K", "--topspeed", "--no-flow-stats", "-i", "wire0", self.capture],
                                check=True, capture_output=True, text=True, timeout=120)
        return int(re.search(r"Successful packets:\s+(\d+)", replay.stdout)[1])

    def begin_tcpdump(self):
        """Another program that listens at the same port."""
        errors = open(self.path("tcpdump.err"), "w+b")
        self.addCleanup(errors.close)
        tcpdump = subprocess.Popen(["tcpdump", "-n", "-i", "span0", "-B", "65536", "-w", "/dev/null"], stderr=errors)
        self.addCleanup(tcpdump.wait)
        self.addCleanup(tcpdump.kill)
        self.wait_for(lambda: b"listening on" in self.printed_by_tcpdump(), "tcpdump")
        return tcpdump

    def printed_by_tcpdump(self):
        with open(self.path("tcpdump.err"), "rb") as file:
            return file.read()

    def rows(self, database=None):
        """The logins, in the words of the truth."""
        with open(os.path.join(TOOLS, "truth.sql"), encoding="ascii") as file:
            query = file.read().split(";")[1]
        return [tuple("NULL" if value is None else str(value) for value in row) for row in self.ask(query, database)]

    def true_rows(self):
        with open(self.truth, encoding="ascii", newline="") as file:
            return [tuple(row) for row in csv.reader(file)][3:]

    def figures(self):
        with open(self.metrics, encoding="ascii") as file:
            return dict(line.rsplit(" ", 1) for line in file.read().splitlines() if not line.startswith("#"))

    def test_every_login_is_kept_when_nothing_was_dropped(self):
        self.generate(2000)
        self.start()
        tcpdump = self.begin_tcpdump()
        sent = self.replay()
        self.wait_for_logins(len(self.true_rows()))
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait()
        self.stop()
        self.assertEqual(self.one("SELECT packets, kernel_drops, interface_drops, lost_octets FROM captures"), (sent, 0, 0, 0))
        self.assertEqual(self.rows(), self.true_rows())
        self.assertIn(b"%d packets received by filter" % sent, self.printed_by_tcpdump())
        self.check_database()

    def test_what_the_kernel_dropped_is_counted_and_the_rest_is_kept(self):
        self.generate(1000)
        self.start("--buffer", "1", "--metrics", self.metrics)
        os.kill(self.analyzers()[0], signal.SIGSTOP)  # from here on nothing makes room in the kernel's buffer
        sent = self.replay()
        os.kill(self.analyzers()[0], signal.SIGCONT)
        after = octets(Conversation().open().login("a1 LOGIN after*wards Sesam-1", "NO no").close())
        self.wait_for(lambda: self.query("SELECT sum(kernel_drops) FROM captures") > [(0,)], "drops in the database")
        self.send(after)
        self.wait_for(lambda: self.query("SELECT 1 FROM logins WHERE username = 'after*wards'"), "the login afterwards")
        self.wait_for_words(r"span0: the kernel drops frames.*--buffer")
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for_words("dropped by the kernel")
        out = self.stop()
        packets, drops = self.one("SELECT packets, kernel_drops FROM captures")
        self.assertEqual(packets + drops, sent + len(after))
        self.assertRegex(self.said(), f"{drops:,} frames dropped by the kernel")
        self.assertRegex(out, f"{drops:,}")
        self.assertEqual(self.figures()['imaptap_kernel_dropped_packets_total{interface="span0"}'], str(drops))
        self.assertEqual(self.figures()['imaptap_received_packets_total{interface="span0"}'], str(packets))
        # what came through is the beginning of the capture: it yields what a file with just that yields
        frames = list(frames_of(self.capture))
        self.assertEqual(len(frames) - 1, sent)
        whole = self.write("delivered.pcap", b"".join(frames[:1 + packets - len(after)]))
        self.imaptap("read", "-q", "-d", self.path("read.db"), whole)
        kept = [row for row in self.rows() if row[8] != "after*wards"]
        self.assertEqual(kept, self.rows(self.path("read.db")))
        self.assertGreater(len(kept), 100)
        self.check_database()


if __name__ == "__main__":
    span.main()
