"""What the analyzer and the recorder of the real program can still do, and what is said where a wall is lacking."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import capture_maker
import harness
import test_two_processes

SANITIZED = "SANITIZED" in os.environ


def status(process):
    with open(f"/proc/{process}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


class WhileReading(test_two_processes.Fifo, harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        self.start(capture_maker.one_login())

    def tearDown(self):
        self.finish(0)

    def test_both_processes_are_held(self):
        for process in (self.process.pid, self.analyzer()):
            facts = status(process)
            self.assertEqual(facts["Seccomp"], "2")
            self.assertEqual(facts["NoNewPrivs"], "1")
            with open(f"/proc/{process}/limits") as limits:
                self.assertRegex(limits.read(), "Max core file size +0 +0 ")

    def test_the_analyzer_has_no_capability_and_is_not_root(self):
        facts = status(self.analyzer())
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(facts[kind], 16), 0, kind)
        self.assertNotIn("0", facts["Uid"].split())
        if os.geteuid() == 0:
            self.assertNotIn("0", facts["Gid"].split())
            self.assertEqual(facts["Groups"].strip(), "")

    def test_the_recorder_keeps_no_capability_to_rule_the_machine(self):
        facts = status(self.process.pid)
        # CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID: for a user's database, and for the analyzer
        self.assertEqual(int(facts["CapEff"], 16) & ~0b11101011, 0)
        self.assertEqual(int(facts["CapBnd"], 16) if os.geteuid() == 0 else 0, 0)


class Trying(harness.ImaptapTest):
    """A library within the real program tries what is forbidden."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("kept"))
        self.database = self.path("kept", "findings.db")
        # Of the other byte order: these are read by libpcap, where the preloaded library waits.
        frames = capture_maker.Conversation().open().login("a1 LOGIN star*user Sesam-1", "BAD Unexpected char").close().frames
        self.capture = self.write("a.pcap", capture_maker.pcap(frames, big_endian=sys.byteorder == "little"))

    def attempt(self, what, status):
        environment = os.environ | {"LD_PRELOAD": os.environ["FORBIDDEN"], "TRY": what}
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        if os.path.exists(self.database):
            os.remove(self.database)
        run = subprocess.run([harness.BINARY, "read", "-d", self.database, self.capture], env=environment,
                             capture_output=True, text=True, timeout=60)
        self.assertIn(run.returncode, status, run.stderr)
        return run.stderr

    def denied(self, process, what, call):
        """The call is named and ends the process; in the sanitizers' builds it may fail instead."""
        err = self.attempt(f"{process} {what}", status=(3, -signal.SIGSYS, 0 if SANITIZED else 3))
        if not (SANITIZED and re.search(r"tried \w+: (Permission denied|Operation not permitted)", err)):
            self.assertIn(f"imaptap: the {process} made the system call {call}, which its sandbox denies: it was ended",
                          err)
            self.assertNotIn("tried", err)
        return err

    def test_the_analyzer_opens_nothing(self):
        err = self.denied("analyzer", "read /etc/passwd", "openat")
        if not SANITIZED:
            self.assertRegex(err, r"a.pcap: the analyzer died \(Bad system call\) in frame \d+")

    def test_the_analyzer_writes_nothing(self):
        self.denied("analyzer", f"write {self.path('kept', 'new')}", "openat")
        self.assertFalse(os.path.exists(self.path("kept", "new")))

    def test_the_analyzer_removes_nothing(self):
        self.denied("analyzer", f"remove {self.capture}", "unlink")
        self.assertTrue(os.path.exists(self.capture))

    def test_the_analyzer_has_no_network(self):
        self.denied("analyzer", "socket", "socket")
        self.denied("analyzer", "connect", "socket")

    def test_the_analyzer_starts_nothing(self):
        self.denied("analyzer", "fork", "clone")
        self.denied("analyzer", "exec", "execve")

    def test_the_analyzer_traces_nobody(self):
        self.denied("analyzer", "ptrace", "ptrace")

    def test_the_recorder_has_no_network(self):
        self.denied("recorder", "socket", "socket")
        self.denied("recorder", "connect", "socket")

    def test_the_recorder_starts_no_program(self):
        self.denied("recorder", "exec", "execve")

    def test_the_recorder_reaches_its_database_and_nothing_else(self):
        for what in ("read /etc/passwd", f"write {self.path('new')}", f"remove {self.capture}"):
            self.assertIn(f"tried {what.split()[0]}: Permission denied", self.attempt(f"recorder {what}", status=(0,)))
        self.assertTrue(os.path.exists(self.capture))
        self.assertFalse(os.path.exists(self.path("new")))
        self.assertIn("tried write: it can", self.attempt(f"recorder write {self.path('kept', 'new')}", status=(0,)))


class Lacking(harness.ImaptapTest):
    """A kernel without seccomp or Landlock, as its system calls answer."""

    def run_without(self, lacking, *arguments, status=0):
        run = subprocess.run([os.environ["WITHOUT"], lacking, harness.BINARY, *arguments], capture_output=True,
                             text=True, timeout=60)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run

    def read_without(self, lacking, *arguments, status=0):
        capture = self.write("a.pcap", capture_maker.one_login())
        return self.run_without(lacking, "read", "-d", self.database, *arguments, capture, status=status).stderr

    def test_is_reported_once_and_the_reading_goes_on(self):
        for lacking, word in (("seccomp", "seccomp filters"), ("landlock", "Landlock")):
            err = self.read_without(lacking)
            self.assertEqual(err.count("this kernel has no"), 1)
            self.assertIn(f"this kernel has no {word}", err)
            self.assertIn("imaptap goes on with what is left", err)
            self.assertEqual(self.ask("SELECT username FROM logins"), [("star*user",)])

    def test_both_are_reported(self):
        self.assertEqual(self.read_without("both").count("this kernel has no"), 2)

    def test_is_refused_when_a_sandbox_is_required(self):
        for lacking in ("seccomp", "landlock", "both"):
            err = self.read_without(lacking, "--require-sandbox", status=3)
            self.assertIn("nothing was read, as --require-sandbox asks", err)
            self.assertFalse(os.path.exists(self.database))

    def test_is_shown_with_the_version(self):
        self.assertIn("not by Landlock, which this kernel lacks", self.run_without("landlock", "--version").stdout)
        self.assertIn("not by seccomp filters, which this kernel lacks",
                      self.run_without("seccomp", "--version").stdout)

    def test_nothing_is_reported_where_both_are_there(self):
        capture = self.write("a.pcap", capture_maker.one_login())
        self.assertEqual(self.read("-q", "--require-sandbox", capture).err, "")
        self.assertRegex(self.imaptap("--version").out, r"held by seccomp; Landlock ABI \d+")


if __name__ == "__main__":
    harness.main()
