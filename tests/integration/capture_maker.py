"""Makes small captures for the integration tests: IMAP conversations as classic pcap, octet by octet."""
import struct

CLIENT, SERVER = "10.9.0.1", "10.9.0.2"


def _address(text):
    return bytes(int(part) for part in text.split("."))


class Conversation:
    """One TCP conversation; `frames` collects (time in ns, octets)."""

    def __init__(self, client_port=40000, start_ns=1_700_000_000_000_000_000, server_port=143):
        self.ports = {"C": client_port, "S": server_port}
        self.addresses = {"C": _address(CLIENT), "S": _address(SERVER)}
        self.numbers = {"C": 1000, "S": 5000}
        self.now = start_ns
        self.frames = []

    def segment(self, side, flags, payload=b""):
        other = "S" if side == "C" else "C"
        tcp = struct.pack(">HHIIBBHHH", self.ports[side], self.ports[other], self.numbers[side] & 0xFFFFFFFF,
                          self.numbers[other] if flags & 0x10 else 0, 0x50, flags, 65535, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, self.addresses[side],
                         self.addresses[other])
        self.frames.append((self.now, b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + payload))
        self.numbers[side] += len(payload) + (1 if flags & 3 else 0)
        self.now += 1_000_000

    def open(self):
        self.segment("C", 0x02)
        self.segment("S", 0x12)
        self.segment("C", 0x10)
        self.say("S", "* OK ready\r\n")
        return self

    def say(self, side, text):
        self.segment(side, 0x18, text.encode("latin-1"))
        return self

    def login(self, line, answer="OK done"):
        tag = line.split(" ", 1)[0]
        self.say("C", line + "\r\n")
        self.say("S", f"{tag} {answer}\r\n")
        return self

    def close(self):
        self.segment("C", 0x11)
        self.segment("S", 0x11)
        self.segment("C", 0x10)
        return self


def pcap(frames, link_type=1, big_endian=False, nanoseconds=False):
    """The octets of a capture file holding `frames` in their order."""
    order = ">" if big_endian else "<"
    unit = 1 if nanoseconds else 1000
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type)]
    for time_ns, octets in frames:
        out.append(struct.pack(order + "IIII", time_ns // 10**9, time_ns % 10**9 // unit, len(octets), len(octets)))
        out.append(octets)
    return b"".join(out)


def one_login(line="a1 LOGIN star*user Sesam-1", answer="BAD Unexpected char", **options):
    return pcap(Conversation(**options).open().login(line, answer).close().frames)
