"""One connection in several VLANs and tunnels: its halves, its copies, and two customers that only look alike."""
import struct

import harness
from capture_maker import Conversation, pcap

LINE = "a1 LOGIN star*user Sesam-1"


def tagged(frame, vlan):
    """The frame with an 802.1Q tag."""
    return frame[:12] + struct.pack(">HH", 0x8100, vlan) + frame[12:]


def routed(frame):
    """As it leaves a router: a hop less to live, other link addresses."""
    ip = bytearray(frame[14:])
    ip[8] -= 1
    return b"\2\0\0\0\0\7\2\0\0\0\0\x08" + frame[12:14] + bytes(ip)


def in_gre(frame):
    """The frame's packet in GRE."""
    packet = frame[14:]
    outer = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 24 + len(packet), 0, 0, 64, 47, 0, b"\x0a\x08\0\1", b"\x0a\x08\0\2")
    return frame[:14] + outer + struct.pack(">HH", 0, 0x0800) + packet


def in_vxlan(frame, vni):
    """The frame in VXLAN."""
    vxlan = struct.pack(">II", 0x08000000, vni << 8) + frame
    udp = struct.pack(">HHHH", 50000, 4789, 8 + len(vxlan), 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(vxlan), 0, 0, 64, 17, 0, b"\x0a\x08\0\1", b"\x0a\x08\0\2")
    return frame[:14] + ip + udp + vxlan


def of_server(frame):
    return frame[26:30] == bytes((10, 9, 0, 2))


def talk(line=LINE, answer="BAD Unexpected char", **options):
    return Conversation(**options).open().login(line, answer).close().frames


def twice(frames, first, second):
    """Each frame by one way, and 50 us later by the other."""
    return [pair for time, frame in frames for pair in ((time, first(frame)), (time + 50_000, second(frame)))]


class Halves(harness.ImaptapTest):
    def check(self, name, client, server, paths):
        frames = [(time, server(frame) if of_server(frame) else client(frame)) for time, frame in talk()]
        for begin, what in ((0, "all"), (3, "from the greeting on"), (4, "from the login on")):
            with self.subTest(f"{name}, {what}"):
                self.database = self.path(f"{name}{begin}.db")
                self.read("-q", self.write("halves.pcap", pcap(frames[begin:])))
                self.assertEqual(self.one("SELECT vlan, tunnel, server_vlan, server_tunnel, one_sided, lost_octets, copied_packets "
                                          "FROM connections"), (*paths, 0, 0, 0))
                self.assertEqual(self.one("SELECT username, result FROM logins"), ("star*user", "BAD"))

    def test_a_vlan_for_each_direction(self):
        self.check("vlans", lambda frame: tagged(frame, 10), lambda frame: tagged(frame, 20), (10, None, 20, ""))

    def test_only_the_client_is_tagged(self):
        self.check("tagged", lambda frame: tagged(frame, 10), lambda frame: frame, (10, None, 0, ""))

    def test_only_the_server_is_tagged(self):
        self.check("untagged", lambda frame: frame, lambda frame: tagged(frame, 20), (None, None, 20, ""))

    def test_a_network_identifier_for_each_direction(self):
        self.check("vxlan", lambda frame: in_vxlan(frame, 7), lambda frame: in_vxlan(frame, 8), (None, "vxlan 7", 0, "vxlan 8"))

    def test_only_one_direction_is_in_a_tunnel(self):
        self.check("gre", in_gre, lambda frame: tagged(frame, 20), (None, "gre", 20, ""))


class Copies(harness.ImaptapTest):
    WAYS = {
        "before and behind a router": (lambda frame: tagged(frame, 10), lambda frame: tagged(routed(frame), 20)),
        "plain and in GRE": (lambda frame: frame, in_gre),
        "in two networks of VXLAN": (lambda frame: in_vxlan(frame, 7), lambda frame: in_vxlan(routed(frame), 8)),
    }

    def test_what_is_captured_twice_counts_once(self):
        for number, (name, (first, second)) in enumerate(self.WAYS.items()):
            for begin in (0, 6, 8):
                with self.subTest(f"{name}, from frame {begin + 1} on"):
                    self.database = self.path(f"{number}-{begin}.db")
                    run = self.read(self.write("twice.pcap", pcap(twice(talk(), first, second)[begin:])))
                    copies = 3 if begin < 8 else 2
                    self.assertEqual(self.one("SELECT copied_packets, lost_octets, server_vlan, server_tunnel FROM connections"),
                                     (copies, 0, None, None))
                    self.assertEqual(self.one("SELECT username, result FROM logins"), ("star*user", "BAD"))
                    self.assertIn(f"{copies} packets were captured again in another VLAN or tunnel: each counts once", run.out)
                    self.assertNotIn("captured more than once", run.out)

    def test_a_copy_fills_what_the_other_lacks(self):
        frames = twice(talk(), *self.WAYS["before and behind a router"])
        for missing in range(len(frames)):
            with self.subTest(missing=missing):
                self.database = self.path(f"{missing}.db")
                self.read("-q", self.write("twice.pcap", pcap(frames[:missing] + frames[missing + 1:])))
                self.assertEqual(self.one("SELECT count(*), sum(lost_octets) FROM connections"), (1, 0))
                self.assertEqual(self.one("SELECT username, result FROM logins"), ("star*user", "BAD"))


class Customers(harness.ImaptapTest):
    def both(self, first, second):
        frames = [(time, tagged(frame, 10)) for time, frame in first] + [(time, tagged(frame, 20)) for time, frame in second]
        return sorted(frames, key=lambda frame: frame[0])

    def check(self, frames):
        self.read("-q", self.write("customers.pcap", pcap(frames)))
        self.assertEqual(self.ask("SELECT vlan, server_vlan, one_sided, copied_packets FROM connections ORDER BY vlan"),
                         [(10, None, 0, 0), (20, None, 0, 0)])
        self.assertEqual(self.ask("SELECT c.vlan, l.username, l.result FROM logins l JOIN connections c ON c.id = l.connection_id "
                                  "ORDER BY c.vlan"), [(10, "alice", "OK"), (20, "bob", "NO")])

    def test_with_the_same_addresses_stay_two(self):
        other = Conversation()
        other.numbers = {"C": 70_000_000, "S": 90_000_000}
        self.check(self.both(talk("a1 LOGIN alice x", "OK in"), other.open().login("a1 LOGIN bob y", "NO out").close().frames))

    def test_one_after_the_other_with_the_same_numbers_stay_two(self):
        later = 1_700_000_000_000_000_000 + 3_600_000_000_000
        self.check(self.both(talk("a1 LOGIN alice x", "OK in"), talk("a1 LOGIN bob y", "NO out", start_ns=later)))

    def test_at_once_with_the_same_numbers_stay_two(self):
        """As generators of traffic make them: only what they say differs."""
        first, second = talk("a1 LOGIN alice x", "OK in"), talk("a1 LOGIN bob y", "NO out")
        self.read("-q", self.write("customers.pcap", pcap(self.both(first, second))))
        self.assertEqual(self.ask("SELECT c.vlan, l.username, l.result FROM logins l JOIN connections c ON c.id = l.connection_id "
                                  "ORDER BY c.vlan"), [(10, "alice", "OK"), (20, "bob", "NO")])


class Again(harness.ImaptapTest):
    def test_the_same_numbers_days_later_are_another_connection(self):
        week = 7 * 86_400_000_000_000
        frames = Conversation().open().login(LINE).frames
        later = [(time + week, frame) for time, frame in frames]
        self.read("-q", self.write("one.pcap", pcap(frames)), self.write("two.pcap", pcap(later)))
        self.assertEqual(self.ask("SELECT \"end\" FROM connections ORDER BY first_ns"), [("replaced",), ("capture",)])
        self.assertEqual(self.one("SELECT count(*) FROM logins WHERE result = 'OK'"), 2)

    def test_a_syn_sent_again_is_the_same_connection(self):
        talk_again = Conversation().open().login(LINE).frames
        syn = (talk_again[0][0] + 64_000_000_000, talk_again[0][1])
        self.read("-q", self.write("again.pcap", pcap(talk_again + [syn])))
        self.assertEqual(self.one("SELECT count(*) FROM connections"), 1)

    def test_a_greeting_that_was_acknowledged_and_not_captured_is_lost(self):
        talk_whole = Conversation().open()
        talk_whole.segment("C", 0x10)
        frames = talk_whole.login(LINE).frames
        self.read("-q", self.write("lost.pcap", pcap(frames[:1] + frames[2:3] + frames[4:])))  # no SYN-ACK, no greeting
        self.assertEqual(self.one("SELECT lost_octets FROM connections"), len("* OK ready\r\n"))

    def test_a_syn_that_takes_no_number_loses_no_octet(self):
        """Some generators give the SYN none: then the octets begin at its own."""
        frames = Conversation()
        for side, flags in (("C", 0x02), ("S", 0x12)):
            frames.segment(side, flags)
            frames.numbers[side] -= 1
        frames.segment("C", 0x10)
        frames.say("S", "* OK ready\r\n").login(LINE)
        self.read("-q", self.write("uncounted.pcap", pcap(frames.frames)))
        self.assertEqual(self.one("SELECT greeting, midstream, lost_octets FROM connections"), ("ready", 0, 0))
        self.assertEqual(self.one("SELECT username, result FROM logins"), ("star*user", "OK"))


if __name__ == "__main__":
    harness.main()
