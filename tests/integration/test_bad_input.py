"""Input that cannot be read, and databases that cannot be written: a sentence that names the file and the reason, everything
good before it kept, and the right exit status."""
import gzip
import lzma
import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import unittest

import capture_maker
import harness


def as_nobody(command):
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]


def nobody_can_run():
    return os.geteuid() == 0 and subprocess.run(as_nobody([harness.BINARY, "--version"]),
                                                capture_output=True).returncode == 0


class Inputs(harness.ImaptapTest):
    def fails(self, *arguments, reason):
        run = self.read(*arguments, status=3)
        self.assertRegex(run.err, reason)
        return run

    def test_no_such_file(self):
        self.fails(self.path("none.pcap"), reason=r"none\.pcap: cannot be opened: No such file")
        self.assertFalse(os.path.exists(self.database))

    @unittest.skipUnless(nobody_can_run(), "needs root and a binary that others may run")
    def test_no_permission(self):
        capture = self.write("secret.pcap", capture_maker.one_login())
        os.chmod(capture, 0o600)
        os.chmod(self.folder, 0o777)
        run = subprocess.run(as_nobody([harness.BINARY, "read", "-d", self.database, capture]), capture_output=True)
        self.assertEqual(run.returncode, 3)
        self.assertIn(b"secret.pcap: cannot be opened: Permission denied", run.stderr)

    def test_a_folder_without_captures(self):
        self.write("folder/notes.txt", b"no capture")
        self.fails(self.path("folder"), reason=r"folder: holds no capture files")

    def test_an_empty_file(self):
        self.fails(self.write("empty.pcap", b""), reason=r"empty\.pcap: .*empty")

    def test_random_octets(self):
        octets = random.Random(1).randbytes(10000)
        self.fails(self.write("noise.pcap", octets), reason=r"noise\.pcap: .*no capture")

    def test_what_is_no_capture_is_named_leaves_no_row_and_makes_no_database(self):
        whole = capture_maker.one_login()
        self.imaptap("read", "-q", "-d", self.path("other.db"), self.write("whole.pcap", whole))
        rows = (("monitor.cap", b"GMBU" + bytes(100), r"is no capture file but a capture of Microsoft Network Monitor: editcap -F pcapng"),
                ("other.db", None, r"is no capture file but a database of imaptap: name it with --db"),
                ("text.gz", gzip.compress(b"a text\n" * 100), r"unpacked, it is no capture file but text"),
                ("snoop.xz", lzma.compress(b"snoop\0\0\0" + bytes(100)), r"unpacked, it is no capture file but a capture of snoop"),
                ("nothing.gz", gzip.compress(b""), r"unpacked, it is empty"))
        for name, octets, reason in rows:
            with self.subTest(name):
                path = self.path(name) if octets is None else self.write(name, octets)
                run = self.fails(path, reason=re.escape(name) + ": " + reason)
                self.assertEqual(run.out, "")
                self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("findings")], [])
        for name, octets, reason in rows:
            if octets is not None:
                with self.subTest(name + " through a pipe"):
                    run = self.read("-", status=3, input=octets)
                    self.assertRegex(run.err, "-: " + reason)
                    self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("findings")], [])
        # beside a capture, and into a database that is there
        run = self.read("-q", *[self.path(name) for name, _, _ in rows], self.path("whole.pcap"), status=3)
        self.assertIn("2 inputs are no captures", run.out)
        self.assertEqual(self.ask("SELECT source FROM captures"), [(self.path("whole.pcap"),)])
        before = self.ask("SELECT * FROM captures"), self.ask("SELECT * FROM runs")
        self.fails(self.path("text.gz"), reason="text.gz: unpacked")
        self.assertEqual((self.ask("SELECT * FROM captures"), self.ask("SELECT * FROM runs")), before)
        self.check_database()

    def test_cut_in_the_middle_of_a_record(self):
        whole = capture_maker.one_login()
        capture = self.write("cut.pcap", whole[:-20])
        run = self.fails(capture, reason=rf"cut\.pcap: cut short in frame 9, at octet {len(whole) - 20}")
        self.assertIn("star*user", run.out)
        self.assertEqual(self.one("SELECT state, packets FROM captures"), ("failed", 8))
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")

    def test_standard_input_that_ends_too_early(self):
        whole = capture_maker.one_login()
        run = self.read("-", status=3, input=whole[:-20])
        self.assertRegex(run.err, rf"-: cut short in frame 9, at octet {len(whole) - 20}")
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")

    def test_a_corrupt_record(self):
        whole = bytearray(capture_maker.one_login())
        at = 24
        for _ in range(8):
            at += 16 + int.from_bytes(whole[at + 8:at + 12], "little")
        whole[at + 8:at + 12] = b"\xff\xff\xff\xf0"
        self.fails(self.write("corrupt.pcap", bytes(whole)), reason=rf"corrupt\.pcap: corrupt in frame 9, at octet {at}:")
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")

    def test_a_pattern_that_no_shell_has_expanded(self):
        self.write("one.pcap", capture_maker.one_login())
        self.fails(self.path("*.pcap"), reason=r"\*\.pcap: cannot be opened: No such file")

    def test_every_cut_keeps_what_came_before(self):
        whole = capture_maker.one_login()
        for end in range(0, len(whole), 37):
            self.database = self.path(f"cut-{end}.db")
            run = self.read(self.write(f"cut-{end}.pcap", whole[:end]), status=0 if end == 24 else 3) \
                if not self.ends_at_a_record(whole, end) else self.read(self.write(f"cut-{end}.pcap", whole[:end]))
            self.assertNotIn("Traceback", run.err)

    @staticmethod
    def ends_at_a_record(whole, end):
        at = 24
        while at < end:
            at += 16 + int.from_bytes(whole[at + 8:at + 12], "little")
        return at == end

    def test_an_unknown_link_type(self):
        frames = capture_maker.Conversation().open().frames
        capture = self.write("odd.pcap", capture_maker.pcap(frames, link_type=147))
        self.fails(capture, reason=r"odd\.pcap: .*link type")

    def test_the_good_ones_among_bad_ones_are_read(self):
        good = self.write("good.pcap", capture_maker.one_login())
        bad = self.write("bad.pcap", b"nonsense")
        run = self.fails(bad, good, self.path("none.pcap"), reason=r"bad\.pcap")
        self.assertIn("none.pcap", run.err)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 1)
        self.assertEqual(self.ask("SELECT state FROM captures WHERE source LIKE '%good.pcap'"), [("complete",)])


class Databases(harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        self.capture = self.write("good.pcap", capture_maker.one_login())

    def refuses(self, reason):
        before = open(self.database, "rb").read()
        run = self.read(self.capture, status=3)
        self.assertRegex(run.err, reason)
        self.assertIn("findings.db", run.err)
        self.assertEqual(open(self.database, "rb").read(), before)
        self.assertEqual(sorted(os.listdir(self.folder)), ["findings.db", "good.pcap"])

    def test_of_another_program_is_refused_untouched(self):
        connection = sqlite3.connect(self.database)
        connection.executescript("CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1);")
        connection.close()
        self.refuses("another program")

    def test_of_a_newer_version_is_refused_untouched(self):
        self.read(self.capture)
        connection = sqlite3.connect(self.database)
        connection.execute("PRAGMA user_version = 999")
        connection.close()
        self.refuses("newer")

    def test_no_database_at_all_is_refused_untouched(self):
        self.write("findings.db", b"just some text that is long enough to be looked at" * 100)
        self.refuses("no SQLite database|not a (SQLite )?database|is no")

    @unittest.skipUnless(nobody_can_run(), "needs root and a binary that others may run")
    def test_a_read_only_database(self):
        self.read(self.capture)
        os.chmod(self.database, 0o444)
        os.chmod(self.folder, 0o755)
        os.chmod(self.capture, 0o644)
        other = self.write("other.pcap", capture_maker.one_login(client_port=40001))
        run = subprocess.run(as_nobody([harness.BINARY, "read", "-d", self.database, other]), capture_output=True)
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertRegex(run.stderr.decode(), r"findings\.db: .*(read-only|written|[Pp]ermission)")

    def test_a_locked_database_is_waited_for_and_then_reported(self):
        self.read(self.capture)
        other = self.write("other.pcap", capture_maker.one_login(client_port=40001))
        connection = sqlite3.connect(self.database, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        run = self.read(other, status=3)
        connection.execute("ROLLBACK")
        connection.close()
        self.assertRegex(run.err, r"findings\.db: .*lock")
        self.read(other)
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 2)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root: mounts a small disk")
    def test_a_full_disk_keeps_what_was_committed(self):
        frames = []
        for port in range(20000, 24000):
            frames += capture_maker.Conversation(client_port=port).open().login(
                "a1 LOGIN " + "u" * 900 + "* x", "NO no").close().frames
        big = self.write("big.pcap", capture_maker.pcap(frames))
        disk = self.path("disk")
        os.mkdir(disk)
        script = (f"mount -t tmpfs -o size=1m none {disk} && '{harness.BINARY}' read -d {disk}/findings.db {big}; "
                  f"status=$?; cp {disk}/findings.db {self.database}; exit $status")
        run = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True)
        self.check_clean(run.stderr)
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertRegex(run.stderr.decode(), r"findings\.db: .*full")
        self.check_database()

    def test_that_cannot_be_made_is_all_that_is_reported(self):
        run = self.imaptap("read", "-d", "/proc/findings.db", self.capture, status=3)
        self.assertRegex(run.err, r"\Aimaptap: /proc/findings.db: cannot make the database: [^\n]*\n\Z")
        self.assertEqual(run.out, "")

    def test_is_made_for_its_owner_alone(self):
        self.read(self.capture, preexec_fn=lambda: os.umask(0))
        self.assertEqual(stat.S_IMODE(os.stat(self.database).st_mode), 0o600)

    def test_leaves_one_file_behind(self):
        self.read(self.capture)
        self.assertEqual(sorted(os.listdir(self.folder)), ["findings.db", "good.pcap"])
        self.check_database()


if __name__ == "__main__":
    harness.main()
