"""Packets that end the analyzer, and analyzers that die again and again."""
import os
import re
import signal

import span
import harness
from capture_maker import Conversation
from span import octets


def login(client_port=40000, user="star*user", password="Sesam-1"):
    return octets(Conversation(client_port=client_port).open().login(f"a1 LOGIN {user} {password}", "NO no").close())


class Deadly(span.LiveTest, harness.ImaptapTest):
    """A preloaded library stands for the fault: it ends the analyzer in a packet with a certain password."""

    def start_with_fault(self):
        environment = os.environ | {"LD_PRELOAD": os.environ["DEADLY"]}
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.start(env=environment)

    def kill_by_packet(self):
        deaths = self.said().count("the analyzer died")
        self.send(login(user="deadly*user", password="Deadly-1"))
        self.wait_for(lambda: self.said().count("the analyzer died") > deaths, "the death")
        self.wait_for(lambda: self.query("SELECT sum(state = 'failed'), sum(state = 'running') FROM captures") ==
                      [(deaths + 1, 1)], "the next analyzer")

    def wait_for_login_of(self, user):
        self.wait_for(lambda: (user,) in self.query("SELECT username FROM logins"), f"the login of {user}")

    def test_a_packet_that_ends_two_analyzers_is_named_written_nowhere_and_left_out(self):
        self.start_with_fault()
        self.kill_by_packet()
        self.assertRegex(self.said(), r"the analyzer died \(\S.*\) in the frame of \d{4}-\S+ \S+ UTC from 10\.9\.0\.\d port "
                         r"\d+ to 10\.9\.0\.\d port \d+: frames are missing")
        self.assertNotIn("left out", self.said())
        self.kill_by_packet()
        self.assertRegex(self.said(), r"10\.9\.0\.1 port 40000.*, a connection that ended one before and is left out")
        self.send(login(user="deadly*user", password="Deadly-1"))  # a third time
        self.send(login(client_port=40001))
        self.wait_for_login_of("star*user")
        self.stop()
        self.assertEqual(self.said().count("the analyzer died"), 2)
        # what was reported before a death is kept: nothing of the third time
        self.assertLessEqual(self.one("SELECT count(*) FROM connections WHERE client_port = 40000"), 2)
        self.assertEqual(self.ask("SELECT count(*) FROM captures WHERE state = 'failed' AND error LIKE '%died%'"), [(2,)])
        for name in os.listdir(self.folder):  # neither in the database nor in the log, nor in a core file
            with open(self.path(name), "rb") as file:
                self.assertNotRegex(file.read(), rb"Deadly-1")

    def test_another_connection_of_the_same_hosts_is_not_left_out(self):
        self.start_with_fault()
        self.kill_by_packet()
        self.kill_by_packet()
        self.send(login(client_port=40002))
        self.wait_for_login_of("star*user")
        self.stop()


class Pauses(span.LiveTest, harness.ImaptapTest):
    def test_grow_while_analyzers_die_again_and_again(self):
        self.start()
        for pause in (100, 200, 400, 800):
            self.wait_for(self.analyzers, "an analyzer")
            os.kill(self.analyzers()[0], signal.SIGKILL)
            self.wait_for_words(rf"the analyzer died \(Killed\).*until the next one runs, in {pause} ms")
        self.wait_for_a_login_of(login)
        out = self.stop()
        self.assertIn("4 times an analyzer died", out)


class Drops(span.LiveTest, harness.ImaptapTest):
    def test_are_reported_with_what_helps_and_counted(self):
        self.start("--buffer", "1")
        analyzer = self.analyzers()[0]
        os.kill(analyzer, signal.SIGSTOP)
        conversation = Conversation().open()
        for _ in range(3000):
            conversation.say("S", "* " + "x" * 1300 + "\r\n")
        self.send(octets(conversation))
        os.kill(analyzer, signal.SIGCONT)
        self.wait_for_words(r"span0: the kernel drops frames \([\d,]+ so far\).* a larger --buffer \(now 1\) .* more --workers")
        self.send(login(client_port=40001))
        self.wait_for_logins(1)
        out = self.stop()
        packets, drops = self.one("SELECT packets, kernel_drops FROM captures")
        self.assertGreater(drops, 0)
        self.assertEqual(packets + drops, len(conversation.frames) + 9)  # what was not read was dropped, and counted
        self.assertRegex(out, re.escape(f"{drops:,}") + " frames")


if __name__ == "__main__":
    span.main()
