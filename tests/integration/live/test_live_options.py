"""What the options of a live capture do, seen from outside: in the kernel, and in /proc."""
import os
import pwd
import re
import shutil
import signal

import span
import harness
from capture_maker import Conversation
from span import octets

CAP_NET_RAW = 1 << 13


def login(client_port=40000, user="star*user"):
    return octets(Conversation(client_port=client_port).open().login(f"a1 LOGIN {user} Sesam-1", "NO no").close())


def status(process):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


class Interface(span.LiveTest, harness.ImaptapTest):
    def promiscuity(self):
        shown = span.run("ip", "-d", "link", "show", "span0").stdout.decode()
        return int(re.search(r"promiscuity (\d+)", shown).group(1))

    def ring(self):
        """The octets that the analyzer shares with the kernel."""
        with open(f"/proc/{self.analyzers()[0]}/maps", encoding="ascii") as file:
            ends = [line.split()[0].split("-") for line in file if "socket:" in line]
        return sum(int(end, 16) - int(start, 16) for start, end in ends)

    def test_sees_frames_for_others_by_default(self):
        self.start()
        self.assertEqual(self.promiscuity(), 1)
        self.stop()
        self.assertEqual(self.promiscuity(), 0)

    def test_no_promiscuous_leaves_it_as_it_is(self):
        self.start("--no-promiscuous")
        self.assertEqual(self.promiscuity(), 0)
        self.stop()

    def test_buffer_is_memory_shared_with_the_kernel(self):
        for arguments, mib in (((), 64), (("--buffer", "3"), 3)):
            with self.subTest(mib):
                self.start(*arguments)
                self.assertAlmostEqual(self.ring() / 2**20, mib, delta=1)
                self.stop()
                os.remove(self.database)

    def test_snaplen_cuts_frames(self):
        self.start("--snaplen", "80")
        self.send(login(user="u" * 100))
        self.send(login(client_port=40001, user="bob"))
        self.wait_for(lambda: self.query('SELECT count(*) FROM connections WHERE "end" IS NOT NULL') == [(2,)])
        out = self.stop()
        self.assertEqual(self.ask("SELECT username FROM logins WHERE NOT incomplete"), [("bob",)])
        self.assertGreater(self.one("SELECT lost_octets FROM connections WHERE client_port = 40000"), 0)
        self.assertRegex(out, "octets of IMAP connections were never captured")


class Flush(span.LiveTest, harness.ImaptapTest):
    def test_is_how_long_events_wait_for_a_commit(self):
        self.start("--flush", "60000", wait=False)
        self.wait_for(lambda: os.path.exists(self.database) and self.children(self.process.pid) and self.analyzers(),
                      "the analyzer")

        ports = iter(range(41000, 42000))

        def many_wait():
            self.send(login(client_port=next(ports)))
            self.process.send_signal(signal.SIGUSR1)
            return max([int(number) for number in re.findall(r"(\d+) events wait", self.said())], default=0) > 100

        self.wait_for(many_wait, "events that wait")
        self.assertEqual(self.query("SELECT count(*) FROM logins"), [(0,)])
        self.stop()
        self.assertGreater(self.one("SELECT count(*) FROM logins"), 0)

    def test_of_little_commits_at_once(self):
        self.start("--flush", "1")
        self.send(login())
        self.wait_for_logins(1)
        self.stop()


class User(span.LiveTest, harness.ImaptapTest):
    """Started by root, the processes become another user."""

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)

    def assert_is(self, process, user, capabilities):
        facts, entry = status(process), pwd.getpwnam(user)
        self.assertEqual(facts["Uid"].split(), [str(entry.pw_uid)] * 4)
        self.assertEqual(facts["Gid"].split(), [str(entry.pw_gid)] * 4)
        self.assertEqual(facts["Groups"].strip(), "")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(facts[kind], 16) & ~capabilities, 0, f"{kind} of {process}")
        self.assertEqual(facts["NoNewPrivs"], "1")

    def test_all_processes_become_it_and_only_the_launcher_may_capture(self):
        os.mkdir(self.path("kept"))
        shutil.chown(self.path("kept"), "daemon")
        self.database = self.path("kept", "findings.db")
        self.start("--user", "daemon", "--workers", "2", wait=False)
        self.wait_until_open(2)
        self.assertEqual(len(self.analyzers()), 2)
        self.assert_is(self.process.pid, "daemon", 0)
        self.assert_is(self.launcher(), "daemon", CAP_NET_RAW)
        self.assertEqual(int(status(self.launcher())["CapEff"], 16), CAP_NET_RAW)
        for analyzer in self.analyzers():
            self.assert_is(analyzer, "daemon", 0)
        self.send(login())
        self.wait_for_logins(1)
        os.kill(self.analyzers()[0], signal.SIGKILL)  # the next one can open the interface all the same
        self.wait_for(lambda: self.query("SELECT count(*) FROM captures WHERE state = 'running'") == [(2,)] and
                      self.query("SELECT count(*) FROM captures") == [(3,)], "a new analyzer")
        self.assertEqual(os.stat(self.database).st_uid, pwd.getpwnam("daemon").pw_uid)
        self.assertEqual(os.stat(self.database).st_mode & 0o777, 0o600)
        self.stop()
        self.check_database()

    def test_without_it_what_reads_packets_is_not_root(self):
        self.start()
        for process in (self.launcher(), *self.analyzers()):
            self.assertNotIn("0", status(process)["Uid"].split())
        self.stop()

    def test_that_cannot_write_the_database_is_reported(self):
        self.start("--user", "daemon", wait=False)
        self.finish(status=3)
        self.assertIn("the database", self.said())

    def test_that_is_not_there_is_reported(self):
        self.start("--user", "no-such-user", wait=False)
        self.finish(status=2)
        self.assertIn("there is no user 'no-such-user'", self.said())


if __name__ == "__main__":
    span.main()
