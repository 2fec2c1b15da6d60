"""What comes from the wire: logins are kept as they happen, behind tags, from several interfaces, and nothing else."""
import struct
import subprocess

import span
import harness
from capture_maker import Conversation
from span import octets


def login(line="a1 LOGIN star*user Sesam-1", answer="BAD Unexpected char", **options):
    return Conversation(**options).open().login(line, answer).close()


def tagged(frames, *tags):
    """The same frames with 802.1Q tags, outermost first."""
    inserted = b"".join(struct.pack(">HH", kind, number) for kind, number in tags)
    return [frame[:12] + inserted + frame[12:] for frame in frames]


class Capture(span.LiveTest, harness.ImaptapTest):
    def test_keeps_a_login_as_it_happens(self):
        self.start()
        conversation = Conversation().open().login("a1 LOGIN star*user Sesam-1", "BAD Unexpected char")
        self.send(octets(conversation))
        self.wait_for_logins(1)
        self.assertEqual(self.one("SELECT username, result, response_text FROM logins"),
                         ("star*user", "BAD", "Unexpected char"))
        self.assertIn(("unquoted-wildcard", "username"), self.ask("SELECT rule, argument FROM violations"))
        self.assertIsNone(self.one('SELECT "end" FROM connections'))
        before = len(conversation.frames)
        self.send(octets(conversation.close())[before:])
        self.wait_for(lambda: self.query('SELECT "end" FROM connections') == [("fin",)])
        out = self.stop()
        self.assertEqual(self.one("SELECT source, kind, link_types, packets, kernel_drops, interface_drops, state, "
                                  "error FROM captures"), ("span0", "live", "EN10MB", 9, 0, 0, "complete", None))
        self.assertEqual(self.one("SELECT r.state FROM captures c JOIN runs r ON r.id = c.run_id"), "complete")
        self.assertIn("Watched: span0: 9 frames", out)
        self.assertIn("1 IMAP connection, 1 login: 1 refused", out)
        self.check_database()

    def test_ends_with_the_status_that_was_asked_for(self):
        self.start("--exit-code")
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.stop(status=1)

    def test_keeps_what_came_right_before_the_end(self):
        self.start()
        self.send(octets(login()))
        self.stop()
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")

    def test_shares_the_load_between_workers_by_connection(self):
        self.start("--workers", "2", wait=False)
        self.wait_until_open(2)
        conversations = [login(client_port=port) for port in range(20000, 20060)]
        for turn in range(len(conversations[0].frames)):  # all of them at a time
            self.send([octets(conversation)[turn] for conversation in conversations])
        self.wait_for_logins(60)
        self.stop()
        self.assertEqual(self.ask("SELECT count(*), count(DISTINCT client_port), sum(one_sided), sum(midstream), "
                                  "sum(lost_octets) FROM connections"), [(60, 60, 0, 0, 0)])
        packets = [count for count, in self.ask("SELECT packets FROM captures")]
        self.assertEqual(sum(packets), 60 * len(conversations[0].frames))
        self.assertEqual(len(packets), 2)
        self.assertGreater(min(packets), 0)

    def test_takes_nothing_but_imap_from_the_kernel(self):
        self.start()
        self.send(octets(login(server_port=80)))
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.stop()
        self.assertEqual(self.one("SELECT packets FROM captures"), 9)

    def test_follows_imap_on_any_port_when_asked_to(self):
        self.start("--detect")
        self.send(octets(login(server_port=8143)))
        self.wait_for_logins(1)
        self.assertEqual(self.one("SELECT server_port FROM connections"), 8143)
        self.stop()

    def test_takes_the_ports_that_are_named(self):
        self.start("-p", "1143,8143")
        self.send(octets(login()) + octets(login(server_port=8143)))
        self.wait_for_logins(1)
        self.stop()
        self.assertEqual(self.ask("SELECT server_port FROM connections"), [(8143,)])

    def test_looks_behind_tags(self):
        self.start()
        self.send(tagged(octets(login(client_port=40001)), (0x8100, 7)))
        self.send(tagged(octets(login(client_port=40002)), (0x88A8, 8), (0x8100, 9)))
        self.send(tagged(octets(login(client_port=40003)), (0x88A8, 8), (0x8100, 9), (0x8100, 10)))
        self.send(tagged(octets(login(client_port=40004, server_port=80)), (0x8100, 7)))
        self.send(tagged(octets(login(client_port=40005, server_port=80)), (0x88A8, 8), (0x8100, 9)))
        self.wait_for_logins(3)
        self.assertEqual(self.ask("SELECT client_port, vlan FROM connections ORDER BY 1"),
                         [(40001, 7), (40002, 9), (40003, 10)])
        self.stop()
        self.assertEqual(self.one("SELECT packets FROM captures"), 27)

    def test_reads_the_two_directions_from_two_interfaces(self):
        self.add_pair(1)
        self.start(interfaces=("span0", "span1"))
        for client_port in range(40000, 40020):
            for _, frame in login(client_port=client_port).frames:
                self.send([frame], number=0 if frame[34:36] == struct.pack(">H", client_port) else 1)
        self.wait_for_logins(20)
        self.stop()
        self.assertEqual(self.ask("SELECT DISTINCT result FROM logins"), [("BAD",)])
        self.assertEqual(self.ask("SELECT DISTINCT one_sided, lost_octets FROM connections"), [(0, 0)])
        self.assertEqual(self.ask("SELECT source, packets FROM captures ORDER BY id"), [("span0", 100), ("span1", 80)])

    def test_reads_all_interfaces_together(self):
        self.start(interfaces=("any",))
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.stop()
        self.assertEqual(self.one("SELECT source, link_types FROM captures"), ("any", "LINUX_SLL"))

    def test_filter_replaces_the_default(self):
        self.start("--filter", "tcp port 143 and not port 40000")
        self.send(octets(login()) + octets(login(client_port=40001)))
        self.wait_for_logins(1)
        self.stop()
        self.assertEqual(self.ask("SELECT client_port FROM connections"), [(40001,)])

    def test_hides_users_when_asked_to(self):
        self.start("--mask-users")
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.stop()
        self.assertNotIn("star", self.one("SELECT username FROM logins"))

    def test_no_output_holds_a_password(self):
        self.start()
        self.send(octets(login("a1 LOGIN star*user Sesam-1", "NO wrong password Sesam-1")))
        self.wait_for_logins(1)
        self.process.send_signal(span.signal.SIGUSR1)
        out = self.stop()
        subprocess.run(["sync"], check=False)
        with open(self.database, "rb") as file:
            self.assertNotIn(b"Sesam", file.read() + out.encode() + self.said().encode())


class Usage(harness.ImaptapTest):
    def live(self, *arguments, status=2):
        return self.imaptap("live", "-d", self.database, *arguments, status=status).err

    def test_wrong_usage_starts_nothing(self):
        for arguments, sentence in (
                ((), "name an interface"),
                (("-i", "lo", "more"), "nothing else"),
                (("-i", "lo", "-i", "lo"), "twice"),
                (("-i", "a-name-that-is-too-long"), "name of an interface"),
                (("-i", "lo", "--filter", "tcp prot 143"), "--filter: .*syntax error"),
                (("-i", "lo", "--buffer", "0"), "--buffer takes"),
                (("-i", "lo", "--buffer", "64k"), "--buffer takes"),
                (("-i", "lo", "--snaplen", "-1"), "--snaplen takes"),
                (("-i", "lo", "--workers", "33"), "--workers takes"),
                (("-i", "lo", "--flush", ""), "--flush takes"),
                (("-i", "lo", "--keep", "90"), "--keep takes"),
                (("-i", "lo", "--keep", "0d"), "--keep takes"),
                (("-i", "lo", "-p", "imap"), "--port takes")):
            with self.subTest(arguments):
                self.assertRegex(self.live(*arguments), sentence)
                self.assertEqual(self.ask("SELECT count(*) FROM sqlite_master"), [(0,)])

    def test_help_has_an_example(self):
        self.assertIn("Example:", self.imaptap("live", "--help").out)


if __name__ == "__main__":
    span.main()
