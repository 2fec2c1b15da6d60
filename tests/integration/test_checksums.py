"""read --verify-checksums."""
import struct

import harness
from capture_maker import Conversation, pcap


def complement(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", total ^ 0xFFFF)


def filled_in(frame):
    """The frame (Ethernet, IPv4, TCP) with right checksums."""
    link, ip, tcp = frame[:14], frame[14:34], frame[34:]
    ip = ip[:10] + complement(ip[:10] + ip[12:]) + ip[12:]
    pseudo = ip[12:20] + struct.pack(">HH", 6, len(tcp))
    return link + ip + tcp[:16] + complement(pseudo + tcp[:16] + tcp[18:]) + tcp[18:]


class Checksums(harness.ImaptapTest):
    def capture(self, damage=lambda number, octets: octets):
        frames = Conversation().open().login("a LOGIN star*user Sesam-1", "NO no").close().frames
        return self.write("c.pcap", pcap([(time, damage(number, filled_in(octets)))
                                          for number, (time, octets) in enumerate(frames)]))

    def test_right_ones_are_taken(self):
        run = self.read("--verify-checksums", self.capture())
        self.assertIn("Missed: nothing", run.out)
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")

    def test_wrong_ones_are_dropped_and_counted(self):
        def damage(number, octets):
            return octets.replace(b"star", b"stir") if number == 4 else octets

        run = self.read("--verify-checksums", self.capture(damage))
        self.assertIn("1 frame has a wrong checksum and was dropped", run.out)
        self.assertEqual(self.one("SELECT count(*) FROM logins WHERE username = 'stir*user'"), 0)

    def test_wrong_ip_headers_are_dropped(self):
        run = self.read("--verify-checksums",
                        self.capture(lambda number, octets: octets[:22] + b"\1" + octets[23:]))
        self.assertIn("9 frames have a wrong checksum and were dropped", run.out)

    def test_they_are_taken_unless_asked(self):
        run = self.read(self.capture(lambda number, octets: octets[:24] + b"\0\0" + octets[26:50] + b"\0\0" + octets[52:]))
        self.assertNotIn("checksum", run.out)
        self.assertEqual(self.one("SELECT username FROM logins"), "star*user")


if __name__ == "__main__":
    harness.main()
