"""The octets of every direction of every connection, as the connection table delivers them, are those that tshark follows; for all
samples and for generated captures. Where the two differ the test names the reason."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))

import harness
import mangle

DELIVER = os.environ["IMAPTAP_DELIVER"]
STREAMS_A_RUN = 200

# Samples whose streams tshark cannot distinguish, and why.
MERGED = {"vlan.pcap": "one stream for the same addresses and ports in two VLANs"}
# A sample that holds no IMAP.
OTHERS = {"other-protocols.pcap"}


HOLE = re.compile(rb"\[(\d+) bytes missing in capture file\]\0")


def hole(length):
    """As tshark writes it."""
    return f"[{length} bytes missing in capture file]\0".encode()


def differ(ours, theirs):
    """True when an octet differs that both have. tshark gives up a hole at the first acknowledgment of what it should hold, so it has
    holes where a segment was captured a little late; and it does not report a hole that nothing follows."""

    def octets_of(text):
        out, end = [], 0
        for match in HOLE.finditer(text):
            out += list(text[end:match.start()]) + [None] * int(match[1])
            end = match.end()
        out += list(text[end:])
        while out and out[-1] is None:
            out.pop()
        return out

    one, two = octets_of(ours), octets_of(theirs)
    return len(one) < len(two) or any(a is None and b is not None or None not in (a, b) and a != b for a, b in zip(one, two))


def delivered(capture, *options):
    """What deliver says: {(address, port, address, port): [octets that either side sent, connection by connection]}, the client's
    end first."""
    run = subprocess.run([DELIVER, capture, *options], capture_output=True, timeout=120, check=True)
    places, octets = {}, {}
    for line in run.stdout.decode().splitlines():
        number, kind, *rest = line.split(" ")
        if kind == "begin":
            places[number] = tuple(rest)
            octets[number] = {"C": [], "S": []}
        elif kind in "CS" and rest[1] != "lost":
            octets[number][kind].append(bytes.fromhex(rest[1]))
        elif kind in "CS" and rest[2] != "0":
            octets[number][kind].append(hole(int(rest[2])))
    found = {}
    for number, place in places.items():
        found.setdefault(place, []).append(tuple(b"".join(octets[number][side]) for side in "CS"))
    return found


def tshark(*arguments):
    run = subprocess.run(["tshark", "-n", *arguments], capture_output=True, timeout=120, check=True)
    return run.stdout.decode()


def split_place(text):
    address, _, port = text.strip().rpartition(":")
    return address.strip("[]"), port


def followed(capture):
    """The same from tshark."""
    streams = sorted({int(line) for line in tshark("-r", capture, "-T", "fields", "-e", "tcp.stream", "-Y",
                                                   "tcp.port == 143").replace(",", "\n").split()})
    found = {}
    for first in range(0, len(streams), STREAMS_A_RUN):
        wanted = [argument for stream in streams[first:first + STREAMS_A_RUN] for argument in ("-z", f"follow,tcp,raw,{stream}")]
        for text in tshark("-r", capture, "-q", *wanted).split("=" * 67 + "\nFollow: tcp,raw\n")[1:]:
            lines = text.split("=" * 67)[0].splitlines()
            nodes = [split_place(line.partition(": ")[2]) for line in lines[1:3]]
            octets = [b"".join(bytes.fromhex(line) for line in lines[3:] if line.startswith("\t") == back) for back in (False, True)]
            if nodes[0][1] == "143":
                nodes.reverse()
                octets.reverse()
            if any(octets):
                found.setdefault(nodes[0] + nodes[1], []).append(tuple(octets))
    return found


def reason_to_skip(mangler):
    """Why tshark's octets are others than ours, if they are; None: they are not."""
    if mangler.loss == "snap":
        return "tshark joins what is left of packets that were cut, and says nothing of the hole"
    if mangler.loss in ("client", "server", "handshake") and "reuse" in mangler.operations:
        return "tshark knows a new connection by its SYN alone"
    if mangler.loss in ("client", "server", "handshake") and "shuffle" in mangler.operations:
        return "where a connection that is met in its middle begins is a matter of taste"
    return None


class Tshark(harness.ImaptapTest):
    def compare(self, capture, *options):
        ours, theirs = delivered(capture, *options), followed(capture)
        wrong = []
        for place in sorted(set(ours) | set(theirs)):
            if ours.get(place) != theirs.get(place):
                wrong.append(f"{place}\n   delivered {ours.get(place)}\n   tshark    {theirs.get(place)}")
        if wrong:
            self.fail(f"{capture}: {len(wrong)} of {len(theirs)} differ\n" + "\n".join(wrong[:10]))
        return len(ours)

    def test_samples(self):
        captures = glob.glob(os.path.join(ROOT, "samples", "**", "*.pcap*"), recursive=True)
        self.assertGreater(len(captures), 5)
        for capture in captures:
            if os.path.basename(capture) not in {*MERGED, *OTHERS}:
                with self.subTest(os.path.basename(capture)):
                    self.assertGreater(self.compare(capture), 0)
                    self.compare(capture, "--through-nids")

    def test_generated(self):
        for options in ([], ["--drop", "handshake"], ["--one-sided", "client"], ["--one-sided", "server"]):
            with self.subTest(" ".join(options)):
                capture = self.path("generated.pcap")
                subprocess.run([sys.executable, os.path.join(ROOT, "tests", "tools", "generate_imap.py"), "--connections", "200",
                                "--out", capture, *options], check=True)
                self.assertEqual(self.compare(capture), 200)
                self.compare(capture, "--through-nids")

    def test_mangled(self):
        manglers, octets = mangle.capture_of(range(1, 400))
        capture = self.write("mangled.pcap", octets)
        theirs = followed(capture)
        compared = 0
        for options in ([], ["--through-nids"]):
            ours = delivered(capture, *options)
            for mangler in manglers:
                place = mangler.client_ip, str(mangler.client_port), mangler.server_ip, "143"
                if reason_to_skip(mangler):
                    continue
                compared += 1
                with self.subTest(f"seed {mangler.seed}, {', '.join(sorted(mangler.operations))}"):
                    one, two = sorted(ours.get(place, [])), sorted(theirs.get(place, []))
                    self.assertEqual(len(one), len(two))
                    for mine, its in zip(one, two):
                        self.assertFalse(differ(mine[0], its[0]) or differ(mine[1], its[1]),
                                         f"\n   delivered {mine}\n   tshark    {its}")
        self.assertGreater(compared, 400)


if __name__ == "__main__":
    harness.main()
