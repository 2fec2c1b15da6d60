"""TCP segments, IP packets and fragments of them, and what they can be wrapped in; octet by octet."""
import socket
import struct

MACS = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02", b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
IPV4, IPV6, BRIDGED = 0x0800, 0x86DD, 0x6558
TCP, UDP, GRE = 6, 17, 47


def checksum(octets):
    """The Internet checksum: octets as one number modulo 2^16 - 1 are its one's complement sum."""
    if len(octets) & 1:
        octets += b"\0"
    return 0xFFFF - (int.from_bytes(octets, "big") % 0xFFFF or 0xFFFF)


def pack_address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def canonical(text):
    """An address as everybody writes it (RFC 5952)."""
    return socket.inet_ntop(socket.AF_INET6 if ":" in text else socket.AF_INET, pack_address(text))


class IpHeader:
    """IP packets from one address to another, numbered."""

    def __init__(self, source, target, rng):
        self.six = ":" in source
        self.addresses = pack_address(source) + pack_address(target)
        self.identification = rng.getrandbits(16)
        self.options = b"\x94\x04\0\0" if not self.six and rng.random() < 0.1 else b""
        self.extensions = rng.random() < 0.1

    @property
    def ethertype(self):
        return IPV6 if self.six else IPV4

    def packet(self, protocol, content, fragment=0, identification=None):
        if identification is None:
            self.identification = identification = (self.identification + 1) & 0xFFFF
        if self.six:
            if self.extensions and not fragment:
                content = struct.pack("!BBHI", protocol, 0, 0x0104, 0) + content
                protocol = 60
            return struct.pack("!IHBB", 0x60000000, len(content), protocol, 64) + self.addresses + content
        length = 20 + len(self.options)
        header = struct.pack("!BBHHHBBH", 0x40 | length // 4, 0, length + len(content), identification, fragment, 64, protocol, 0)
        total = checksum(header + self.addresses + self.options)
        return header[:10] + struct.pack("!H", total) + self.addresses + self.options + content

    def fragments(self, packet, size, rng):
        """The packet in fragments of `size` octets (a multiple of 8); now and then one comes twice or overlaps another."""
        if self.six:
            first, content = packet[6], packet[40:]
        else:
            header = (packet[0] & 15) * 4
            first, content = packet[9], packet[header:]
        if len(content) <= size:
            return [packet]
        if len(content) // size > 12:
            size = len(content) // 12 // 8 * 8 + 8
        self.identification = identification = (self.identification + 1) & 0xFFFF
        cuts = [(at, min(at + size, len(content))) for at in range(0, len(content), size)]
        for _ in range(rng.choice((0, 0, 1, 2))):
            begin, end = rng.choice(cuts)
            if begin >= 8 and rng.random() < 0.5:
                begin -= 8
            cuts.append((begin, end))
        out = []
        for begin, end in cuts:
            more = end < len(content)
            if self.six:
                piece = struct.pack("!BBHI", first, 0, begin | more, identification) + content[begin:end]
                out.append(self.packet(44, piece, 1))
            else:
                out.append(self.packet(first, content[begin:end], begin // 8 | (0x2000 if more else 0), identification))
        return out


class Endpoint:
    """One end of a TCP connection."""

    def __init__(self, address, port, other, other_port, rng):
        self.ip = IpHeader(address, other, rng)
        self.ports = struct.pack("!HH", port, other_port)
        self.timestamps = rng.random() < 0.3
        self.clock = rng.getrandbits(31)

    def tcp(self, sequence, acknowledgment, flags, payload, window):
        options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" if flags & 2 else b""
        if self.timestamps:
            self.clock += 1
            options += struct.pack("!BBBBII", 1, 1, 8, 10, self.clock, 7)
        head = self.ports + struct.pack("!IIBBHHH", sequence, acknowledgment if flags & 16 else 0, (20 + len(options)) << 2, flags,
                                        window, 0, 0) + options
        total = checksum(self.ip.addresses + struct.pack("!HH", TCP, len(head) + len(payload)) + head + payload)
        return self.ip.packet(TCP, head[:16] + struct.pack("!H", total) + head[18:] + payload)

    def fragments(self, packet, size, rng):
        return self.ip.fragments(packet, size, rng)


class Wrapping:
    """What all packets of a connection travel in: at most two tunnels, then a link layer with tags."""

    TUNNELS = ("gre", "gretap", "ip", "vxlan", "geneve", "erspan")
    LINKS = ("vlan", "qinq", "mpls", "pppoe")

    def __init__(self, rng, seed):
        self.rng = rng
        count = rng.choices((0, 1, 2), (55, 35, 10))[0]
        self.tunnels = [self.tunnel_of(rng.choice(self.TUNNELS), level, seed) for level in range(count)]  # innermost first
        self.link = rng.choice(self.LINKS) if rng.random() < 0.4 else None
        self.identifier = rng.randrange(1, 4095)
        self.label = rng.randrange(16, 1 << 20)
        self.session = rng.randrange(1, 65536)
        self.inside = rng.randrange(1, 4095) if rng.random() < 0.3 else None  # a tag on Ethernet inside of a tunnel
        self.kinds = [tunnel["kind"] for tunnel in self.tunnels] + ([self.link] if self.link else [])
        self.vlan = self.identifier if self.link in ("vlan", "qinq") else None
        self.text = None

    def tunnel_of(self, kind, level, seed):
        rng = self.rng
        six = rng.random() < 0.3
        numbers = level + 1, seed >> 8 & 255, seed & 255
        local = "2001:db8:%x::%x:%x:1" % ((0xA0 + level,) + numbers[1:]) if six else "172.%d.%d.%d" % ((16 + 2 * level,) + numbers[1:])
        remote = "2001:db8:%x::%x:%x:2" % ((0xA0 + level,) + numbers[1:]) if six else "172.%d.%d.%d" % ((17 + 2 * level,) + numbers[1:])
        return {"kind": kind, "key": rng.getrandbits(32) if rng.random() < 0.5 else None, "sum": rng.random() < 0.3,
                "number": rng.random() < 0.3, "identifier": rng.getrandbits(24), "session": rng.getrandbits(10),
                "options": rng.randrange(4), "port": rng.randrange(49152, 65536), "sequence": 0,
                "ip": (IpHeader(local, remote, rng), IpHeader(remote, local, rng))}

    def wrap(self, packet, side, size):
        """The frames that carry this IP packet; `size`: the outermost tunnel's packets are cut into fragments."""
        kind = IPV6 if packet[0] >> 4 == 6 else IPV4
        texts = []
        packets = [packet]
        for index, tunnel in enumerate(self.tunnels):
            header = tunnel["ip"][side]
            outermost = index == len(self.tunnels) - 1
            wrapped = []
            for one in packets:
                protocol, content, text = getattr(self, "_" + tunnel["kind"])(tunnel, kind, one, side)
                whole = header.packet(protocol, content)
                wrapped += header.fragments(whole, size, self.rng) if outermost and size else [whole]
            packets, kind = wrapped, header.ethertype
            texts.insert(0, text)
        frames, text = [], None
        for one in packets:
            frame, text = self._link(kind, one, side)
            frames.append(frame)
        self.text = ", ".join(([text] if text else []) + texts)
        return frames

    @property
    def tunnel(self):
        return self.text or None

    def _ethernet(self, kind, packet, side):
        """Ethernet inside of a tunnel."""
        if self.inside:
            return MACS[side] + struct.pack("!HHH", 0x8100, self.inside, kind) + packet
        return MACS[side] + struct.pack("!H", kind) + packet

    def _gre(self, tunnel, kind, packet, side, protocol=None):
        flags = (0x8000 if tunnel["sum"] else 0) | (0x2000 if tunnel["key"] is not None else 0) | (0x1000 if tunnel["number"] else 0)
        header = struct.pack("!HH", flags, protocol or kind) + (b"\0\0\0\0" if tunnel["sum"] else b"")
        text = "gre"
        if tunnel["key"] is not None:
            header += struct.pack("!I", tunnel["key"])
            text = f"gre {tunnel['key']}"
        if tunnel["number"]:
            tunnel["sequence"] += 1
            header += struct.pack("!I", tunnel["sequence"])
        return GRE, header + packet, text

    def _gretap(self, tunnel, kind, packet, side):
        return self._gre(tunnel, kind, self._ethernet(kind, packet, side), side, BRIDGED)

    def _ip(self, tunnel, kind, packet, _side):
        outer = "6" if tunnel["ip"][0].six else "4"
        inner = "6" if kind == IPV6 else "4"
        return 41 if inner == "6" else 4, packet, "ipip" if inner + outer == "44" else f"{inner}in{outer}"

    def _udp(self, tunnel, port, content):
        return UDP, struct.pack("!HHHH", tunnel["port"], port, 8 + len(content), 0) + content

    def _vxlan(self, tunnel, kind, packet, side):
        header = struct.pack("!II", 0x08000000, tunnel["identifier"] << 8)
        return *self._udp(tunnel, 4789, header + self._ethernet(kind, packet, side)), f"vxlan {tunnel['identifier']}"

    def _geneve(self, tunnel, kind, packet, side):
        options = b"\x01\x02\x03\0" * tunnel["options"]
        bridged = tunnel["sum"]
        header = struct.pack("!BBHI", len(options) // 4, 0, BRIDGED if bridged else kind, tunnel["identifier"] << 8)
        content = self._ethernet(kind, packet, side) if bridged else packet
        return *self._udp(tunnel, 6081, header + options + content), f"geneve {tunnel['identifier']}"

    def _erspan(self, tunnel, kind, packet, side):
        tunnel["sequence"] += 1
        header = struct.pack("!HHI", 0x1000, 0x88BE, tunnel["sequence"])
        header += struct.pack("!HHI", 0x1000 | (self.inside or 0), tunnel["session"], 0)
        return GRE, header + self._ethernet(kind, packet, side), f"erspan {tunnel['session']}"

    def _link(self, kind, packet, side):
        start, text = MACS[side], None
        if self.link == "vlan":
            start += struct.pack("!HH", 0x8100, 0xA000 | self.identifier)
        elif self.link == "qinq":
            start += struct.pack("!HHHH", 0x88A8, 0x0FA0, 0x8100, self.identifier)
        if self.link == "mpls":
            labels = struct.pack("!II", self.label << 12 | 64, (self.label ^ 1) << 12 | 0x100 | 64)
            return start + b"\x88\x47" + labels + packet, "mpls"
        if self.link == "pppoe":
            protocol = b"\x00\x57" if kind == IPV6 else b"\x00\x21"
            header = struct.pack("!HBBHH", 0x8864, 0x11, 0, self.session, len(packet) + 2)
            return start + header + protocol + packet, f"pppoe {self.session}"
        frame = start + struct.pack("!H", kind) + packet
        return frame + bytes(max(0, 60 - len(frame))), text
