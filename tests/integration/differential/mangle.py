#!/usr/bin/python3
"""Writes a capture of one known IMAP conversation, mangled under a seed, and says which logins can be found in it.

    mangle.py --seed 17 --out 17.pcap     (--seed 17-40: several conversations in one capture)

What is said is known to the octet; the seed decides how it is captured: cut into segments, sent again, overlapped, shuffled among
near neighbours, mirrored twice, put into IP fragments, wrapped in tunnels, and, for some seeds, robbed of packets. What was robbed is
recorded, so that it is known which logins must be found, which may be, and which must not be guessed.
"""
import argparse
import base64
import random
import struct
import sys
from dataclasses import dataclass

from packets import Endpoint, Wrapping, canonical

CLIENT, SERVER = 0, 1
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16
SHIFT = 5  # how many places a packet may come too late; the front end waits for sixteen segments


@dataclass
class Login:
    """One login of the conversation: the row it must yield, and where its octets stand in both directions."""

    row: dict
    violations: set
    command: tuple = (0, 0)  # client octets
    verdict: tuple = (0, 0)  # server octets
    prompt: tuple = None  # server octets: what the first answer of mechanism LOGIN waits for


@dataclass
class Segment:
    """A packet of the conversation: `at` counts the octets of its side; SYN stands before octet 0."""

    side: int
    flags: int
    at: int
    octets: bytes
    acked: int
    garbage: bool = False  # not what was said at this place


@dataclass
class Piece:
    """A frame as captured."""

    octets: bytes
    side: int
    begin: int = 0  # octets of the side that the frame carries whole
    end: int = 0
    maybe: bool = False  # a part of a datagram: with the rest lost, what it holds may or may not count
    length: int = 0  # on the wire


class Conversation:
    """What is said: octets by direction, in turns."""

    def __init__(self, rng, number):
        self.rng, self.number = rng, number
        self.turns = []  # (side, octets): a turn is answered, so it comes whole before the next
        self.logins = []
        self.said = [0, 0]
        self.tags = 0
        self.body = (0, 0)  # client octets of an APPEND command with a body that looks like a login
        self.say(SERVER, f"* OK mail{number} ready\r\n")
        self.exchange("CAPABILITY", "* CAPABILITY IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN AUTH=LOGIN\r\n")
        accepted = False
        for _ in range(rng.choice((1, 1, 2, 3))):
            accepted = self.login() == "OK"
            if accepted:
                break
        if accepted:
            fake = f"x LOGIN no*body{number} nothing\r\n"
            if rng.random() < 0.5:
                tag = self.tag()
                begin, _ = self.say(CLIENT, f"{tag} APPEND INBOX {{{len(fake)}}}\r\n")
                self.say(SERVER, "+ go\r\n")
                self.body = begin, self.say(CLIENT, fake + "\r\n")[1]
                self.say(SERVER, f"{tag} OK appended\r\n")
            else:
                self.exchange("SELECT INBOX", "* 3 EXISTS\r\n" * rng.randrange(1, 60))
            self.logins[-1].row["after_result"] = "OK"
        if rng.random() < 0.8:
            self.exchange("LOGOUT", "* BYE see you\r\n")

    def say(self, side, text):
        octets = text.encode()
        begin = self.said[side]
        self.turns.append((side, octets))
        self.said[side] += len(octets)
        return begin, self.said[side]

    def tag(self):
        self.tags += 1
        return f"a{self.tags}"

    def gaps(self):
        """What of the client is lost but an LF alone: behind its CR nothing else can have stood there."""
        text = b"".join(octets for side, octets in self.turns if side == CLIENT)
        return [(begin, end) for begin, end in self.coverage[1][CLIENT] if text[begin:end] != b"\n"]

    def exchange(self, command, answer):
        tag = self.tag()
        self.say(CLIENT, f"{tag} {command}\r\n")
        self.say(SERVER, f"{answer}{tag} OK done\r\n")

    def login(self):
        rng, tag = self.rng, self.tag()
        user = f"user{self.number}-{self.tags}"
        secret = f"Geheim-{rng.randrange(10**6)}"
        kind = rng.choice(("atom", "star", "quoted", "percent", "secret", "literal", "literal+", "both", "plain", "dialogue"))
        form, secret_form, command, mechanism = "atom", "atom", "LOGIN", None
        broken = set()
        if kind == "star":
            user = user.replace("-", "*")
        elif kind in ("quoted", "literal", "literal+", "both"):
            user = user.replace("-", "%*")
            form = "literal" if kind == "both" else kind
        elif kind == "percent":
            user = "%" + user
        if kind in ("star", "percent"):
            broken.add(("unquoted-wildcard", "username"))
        if kind == "secret":
            secret += "*"
            secret_form = "atom"
            broken.add(("unquoted-wildcard", "password"))
        if kind == "atom" and rng.random() < 0.5:
            secret_form = "quoted"
        if kind == "both":
            secret_form = "literal"
        if kind in ("plain", "dialogue"):
            command, mechanism = "AUTHENTICATE", "PLAIN" if kind == "plain" else "LOGIN"
            form = secret_form = "sasl"
        written = {"atom": secret, "quoted": f'"{secret}"', "literal": f"{{{len(secret)}}}\r\n", "sasl": ""}[secret_form]

        def coded(text):
            return base64.b64encode(text.encode()).decode() + "\r\n"

        pieces = {
            "quoted": [f'LOGIN "{user}" {written}\r\n'],
            "literal": [f"LOGIN {{{len(user)}}}\r\n", f"{user} {written}\r\n"],
            "literal+": [f"LOGIN {{{len(user)}+}}\r\n{user} {written}\r\n"],
            "both": [f"LOGIN {{{len(user)}}}\r\n", f"{user} {written}", secret + "\r\n"],
            "plain": ["AUTHENTICATE PLAIN " + coded(f"\0{user}\0{secret}")],
            "dialogue": ["AUTHENTICATE LOGIN\r\n", coded(user), coded(secret)],
        }.get(kind, [f"LOGIN {user} {written}\r\n"])
        login = Login({}, broken)
        begin = self.said[CLIENT]
        for index, piece in enumerate(pieces):
            self.say(CLIENT, f"{tag} {piece}" if index == 0 else piece)
            if index + 1 < len(pieces):
                prompt = self.say(SERVER, "+ \r\n")
                if kind == "dialogue" and index == 0:
                    login.prompt = prompt
        login.command = begin, self.said[CLIENT]
        result = rng.choice(("OK", "OK", "NO", "BAD"))
        login.verdict = self.say(SERVER, f"{tag} {result} verdict {self.number} {self.tags}\r\n")
        login.row = {"tag": tag, "command": command, "mechanism": mechanism, "username": user, "username_form": form,
                     "password_form": secret_form, "result": result,
                     "response_text": f"verdict {self.number} {self.tags}", "after_result": None}
        self.logins.append(login)
        return result


class Mangler:
    """How one conversation is captured."""

    def __init__(self, seed):
        self.seed = seed
        self.rng = rng = random.Random(f"mangle {seed}")
        self.six = rng.random() < 0.35
        self.operations = set()
        # what is lost comes last, so that most seeds lose nothing
        self.loss = rng.choices((None, "drop", "snap", "handshake", "client", "server"), (60, 22, 4, 6, 4, 4))[0]
        if self.loss:
            self.operations.add("loss: " + self.loss)
        chances = {"cut": 0.5, "tiny": 0.1, "merge": 0.2, "repeat": 0.4, "overlap": 0.4, "keepalive": 0.2, "garbage": 0.2,
                   "mirror": 0.15, "acks": 0.7, "shuffle": 0.6, "fragments": 0.35, "forged": 0.1, "wrap": 0.25}
        self.operations |= {name for name, chance in chances.items() if rng.random() < chance}
        if self.loss in ("drop", "snap"):
            self.operations -= {"keepalive", "garbage", "overlap"}  # they would fill the holes, or fill them too late
        if self.loss == "snap":
            self.operations.discard("fragments")  # a copy cut elsewhere would fill the hole too late
        self.ending = rng.choice(("fin", "fin", "reset", "open"))
        self.operations.add("end: " + self.ending)
        self.client_ip, self.server_ip, self.client_port = self.addresses()
        self.wrapping = Wrapping(rng, seed)
        self.operations |= {"in " + kind for kind in self.wrapping.kinds}
        self.conversations = []
        self.pieces = []
        rounds = 2 if rng.random() < 0.1 else 1
        if rounds == 2:
            self.operations.add("reuse")
            self.ending = "fin"
        for turn in range(rounds):
            conversation = Conversation(rng, seed * 2 + turn)
            self.conversations.append(conversation)
            begin = len(self.pieces)
            self.capture(conversation, turn > 0)
            conversation.coverage = coverage(conversation, self.pieces[begin:])

    def addresses(self):
        a, b, c = self.seed >> 16 & 255, self.seed >> 8 & 255, self.seed & 255
        port = 40000 + self.seed % 20000
        if self.six:
            return canonical(f"2001:db8:1::{a:x}:{b:x}:{c:x}"), "2001:db8:2::143", port
        return f"10.{64 + a}.{b}.{c}", "10.2.0.143", port

    # -- segments ---------------------------------------------------------------------------------------

    def has(self, name):
        return name in self.operations

    def sizes(self, octets):
        rng = self.rng
        if self.has("tiny") and rng.random() < 0.4:
            return [1] * len(octets)
        if self.has("cut") and rng.random() < 0.6 and len(octets) > 1:
            cuts = sorted({rng.randrange(1, len(octets)) for _ in range(rng.randint(1, 4))})
            return [end - begin for begin, end in zip([0] + cuts, cuts + [len(octets)])]
        return [len(octets)]

    def segments(self, conversation):
        """The packets in the order they were sent."""
        rng = self.rng
        turns = conversation.turns
        text = self.text = [b"".join(octets for side, octets in turns if side == who) for who in (CLIENT, SERVER)]
        out = [Segment(CLIENT, SYN, -1, b"", 0), Segment(SERVER, SYN | ACK, -1, b"", 0), Segment(CLIENT, ACK, 0, b"", 0)]
        said = [0, 0]
        for side, octets in turns:
            for size in self.sizes(octets):
                at = said[side]
                flags = PSH | ACK
                out.append(Segment(side, flags, at, text[side][at:at + size], said[1 - side]))
                said[side] += size
                if self.has("acks") and rng.random() < 0.5:
                    out.append(Segment(1 - side, ACK, said[1 - side], b"", said[side]))
                if self.has("repeat") and rng.random() < 0.2:
                    out.append(Segment(side, flags, at, text[side][at:at + size], said[1 - side]))
                if self.has("overlap") and rng.random() < 0.3 and said[side]:
                    begin = rng.randrange(max(0, said[side] - 300), said[side])
                    end = rng.randrange(begin + 1, said[side] + 1)
                    out.append(Segment(side, flags, begin, text[side][begin:end], said[1 - side]))
                if self.has("keepalive") and rng.random() < 0.1 and said[side]:
                    out.append(Segment(side, ACK, said[side] - 1, b"\0", said[1 - side], garbage=True))
                    out.append(Segment(1 - side, ACK, said[1 - side], b"", said[side]))
                if self.has("garbage") and rng.random() < 0.2 and said[side] > 4:
                    length = rng.randrange(1, said[side])
                    begin = rng.randrange(0, said[side] - length)
                    fake = (b"a1 LOGIN for*ged pass\r\n" * (length // 20 + 1))[:length]
                    out.append(Segment(side, flags, begin, fake, said[1 - side], garbage=True))
        end = conversation.said
        if self.has("forged"):
            place = rng.randrange(4, len(out))
            side = rng.randrange(2)
            out.insert(place, Segment(side, RST, end[side] + 2**28 + rng.randrange(2**20), b"", 0))
        if self.ending == "fin":
            first = rng.randrange(2)
            for side in (first, 1 - first):
                out.append(Segment(side, FIN | ACK, end[side], b"", end[1 - side] + (side != first)))
            out.append(Segment(first, ACK, end[first] + 1, b"", end[1 - first] + 1))
        elif self.ending == "reset":
            out.append(Segment(CLIENT, RST | ACK, end[CLIENT], b"", end[SERVER]))
        return out

    def merge(self, segments):
        """Offload: neighbours of one side that follow each other become one."""
        out = []
        for segment in segments:
            last = out[-1] if out else None
            if (last and last.side == segment.side and last.octets and segment.octets and not last.garbage and not segment.garbage
                    and last.at + len(last.octets) == segment.at and self.rng.random() < 0.7):
                last.octets += segment.octets
                continue
            out.append(segment)
        return out

    # -- packets and frames -----------------------------------------------------------------------------

    def number(self, side, at):
        return (self.initial[side] + 1 + at) & 0xFFFFFFFF

    def frames_of(self, segment):
        """The frames of a segment: one, or its fragments, as Pieces."""
        source = self.ends[segment.side]
        packet = source.tcp(self.number(segment.side, segment.at), self.number(1 - segment.side, segment.acked), segment.flags,
                            segment.octets, self.window[segment.side])
        begin, end = segment.at, segment.at + len(segment.octets)
        if segment.garbage or not segment.octets:
            begin = end = 0
        inner = outer = None
        if self.has("fragments") and self.rng.random() < 0.5:
            size = self.rng.choice((8, 16, 24, 40, 64, 256))
            if self.wrapping.tunnels and self.rng.random() < 0.5:
                outer = size
            else:
                inner = size
        packets = source.fragments(packet, inner, self.rng) if inner else [packet]
        frames = [frame for one in packets for frame in self.wrapping.wrap(one, segment.side, outer)]
        if len(frames) > 1 and self.has("shuffle"):
            self.rng.shuffle(frames)
        return [Piece(frame, segment.side, begin, end, len(frames) > 1, len(frame)) for frame in frames]

    def capture(self, conversation, again):
        rng = self.rng
        # a connection that takes the ports of another, its handshake lost, is distinguished from stragglers by its numbers
        self.initial = [0xFFFFFFFF - rng.randrange(400) if self.has("wrap") and not again else rng.getrandbits(32) for _ in range(2)]
        self.window = [rng.randrange(1000, 65536) for _ in range(2)]
        self.ends = [Endpoint(self.client_ip, self.client_port, self.server_ip, 143, rng),
                     Endpoint(self.server_ip, 143, self.client_ip, self.client_port, rng)]
        segments = self.segments(conversation)
        if self.has("merge"):
            segments = self.merge(segments)
        if self.loss == "handshake":
            segments = [segment for segment in segments if not segment.flags & SYN][rng.randrange(2):]
        elif self.loss in ("client", "server"):
            segments = [segment for segment in segments if segment.side == (CLIENT if self.loss == "client" else SERVER)]
        segments = self.shuffle(segments)
        datagrams = [self.frames_of(segment) for segment in segments]
        if self.has("mirror"):
            datagrams = [one for frames in datagrams for one in (frames, list(frames))]
        lost = set()
        if self.loss == "drop":
            carrying = [i for i, frames in enumerate(datagrams) if frames[0].end > frames[0].begin]
            # all copies of some octets, or a few frames wherever
            for _ in range(rng.choice((1, 1, 2, 4))):
                victim = datagrams[rng.choice(carrying)]
                piece = rng.choice(victim)
                for frames in datagrams:
                    for other in frames:
                        if other.side == piece.side and other.begin < piece.end and piece.begin < other.end and rng.random() < 0.95:
                            lost.add(id(other))
        snap = rng.randrange(90, 200) if self.loss == "snap" else None
        kept = []
        for datagram in datagrams:
            whole = not any(id(piece) in lost or snap and len(piece.octets) > snap for piece in datagram)
            for piece in datagram:
                if id(piece) in lost:
                    continue
                piece = Piece(piece.octets, piece.side, piece.begin, piece.end, piece.maybe and not whole, piece.length)
                if snap and len(piece.octets) > snap:
                    cut = len(piece.octets) - snap
                    maybe = len(datagram) > 1 or cut >= piece.end - piece.begin
                    end = piece.end if maybe else piece.end - cut
                    piece = Piece(piece.octets[:snap], piece.side, piece.begin, end, maybe, piece.length)
                kept.append(piece)
        self.pieces += kept

    def shuffle(self, segments):
        """Some segments come up to SHIFT places too late. What replaces octets with others must stay behind them, since which of
        two came first decides; the first segment says where the direction begins."""
        if not self.has("shuffle"):
            return segments
        fixed = 0
        if self.loss in ("handshake", "client", "server"):
            met = [next((i for i, s in enumerate(segments) if s.side == side and s.octets), 0) for side in (CLIENT, SERVER)]
            fixed = max(met) + 1
        keyed = []
        latest = [0.0, 0.0]
        for index, segment in enumerate(segments):
            place = float(index)
            if index >= fixed and not segment.garbage and not segment.flags & (SYN | RST) and self.rng.random() < 0.3:
                place += self.rng.uniform(0, SHIFT)
            if segment.garbage:
                place = max(place, latest[segment.side] + 0.001)
            latest[segment.side] = max(latest[segment.side], place)
            keyed.append((place, index, segment))
        keyed.sort(key=lambda item: item[:2])
        out = [segment for _, _, segment in keyed]
        if out and out[-1].flags & RST == 0 and self.ending == "reset":
            # what comes behind a believed reset belongs to nothing
            resets = [segment for segment in out if segment.flags == RST | ACK]
            out = [segment for segment in out if segment.flags != RST | ACK] + resets
        return out

    # -- the truth --------------------------------------------------------------------------------------

    def truth(self):
        """(login, must): the logins that can be found, and how much of each must be."""
        out = []
        for conversation in self.conversations:
            sure, _, unsure = conversation.coverage
            for login in conversation.logins:
                begin, end = login.command
                judged = login.verdict[1] <= sure[SERVER]
                # a further answer of AUTHENTICATE might stand in what is missing behind it
                next_line = 0 if judged or login.row["command"] == "LOGIN" else 40
                state = {
                    "must": sure[CLIENT] >= min(end + next_line, conversation.said[CLIENT]),
                    "broken": any(begin < b and a < end for a, b in conversation.gaps()),
                    "judged": judged,
                    "unprompted": login.prompt is not None and self.may_lack(login, unsure[SERVER]),
                }
                out.append((login, state))
        return out

    def may_lack(self, login, unsure):
        """Whether the prompt cannot be known for one: it is lost, may be the rest of a line that is, or comes too late for its answer
        and so may be the second one."""
        begin, end = login.prompt
        if self.has("shuffle"):
            end = login.verdict[0]
        return any(a < end and begin <= b for a, b in unsure)

    def robbed(self):
        """Octets are missing, or may be."""
        return any(conversation.coverage[0] != conversation.said for conversation in self.conversations)

    def body_may_be_taken_for_a_login(self):
        """Octets of an APPEND command are missing: that its body is one cannot be known any more."""
        return any(conversation.coverage[0][CLIENT] < conversation.body[1] for conversation in self.conversations)


def coverage(conversation, pieces):
    """([octets captured for sure from the start, by side], [ranges that are lost for certain], [ranges that may be lost])."""
    sure, lost, unsure = [], [], []
    for side in (CLIENT, SERVER):
        length = conversation.said[side]
        certain, possible = bytearray(length), bytearray(length)
        for piece in pieces:
            if piece.side == side and piece.end > piece.begin:
                possible[piece.begin:piece.end] = b"\1" * (piece.end - piece.begin)
                if not piece.maybe:
                    certain[piece.begin:piece.end] = b"\1" * (piece.end - piece.begin)
        lost.append(missing(possible))
        unsure.append(missing(certain))
        sure.append(unsure[-1][0][0] if unsure[-1] else length)
    return sure, lost, unsure


def missing(octets):
    """The ranges of zeros."""
    ranges, at = [], octets.find(0)
    while at >= 0:
        end = octets.find(1, at)
        end = len(octets) if end < 0 else end
        ranges.append((at, end))
        at = octets.find(0, end)
    return ranges


def frames_of(manglers, rng):
    """The frames of several conversations as one capture: (time in ns, octets, length on the wire, side)."""
    out = []
    for index, mangler in enumerate(manglers):
        now = 1_700_000_000 * 10**9 + index * 3_000_000
        for piece in mangler.pieces:
            now += rng.randrange(1000, 2_000_000)
            out.append((now, piece.octets, piece.length, piece.side))
    out.sort(key=lambda frame: frame[0])
    return out


def pcap(frames):
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    for time, octets, length, _ in frames:
        out.append(struct.pack("<IIII", time // 10**9, time % 10**9, len(octets), length))
        out.append(octets)
    return b"".join(out)


def capture_of(seeds, side=None):
    """The manglers of the seeds, and the octets of a capture with all of them (or what one side sent)."""
    manglers = [Mangler(seed) for seed in seeds]
    frames = frames_of(manglers, random.Random(f"times {seeds[0]}"))
    return manglers, pcap([frame for frame in frames if side is None or frame[3] == side])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", required=True, help="N or N-M")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    first, _, last = options.seed.partition("-")
    manglers, octets = capture_of(range(int(first), int(last or first) + 1))
    with open(options.out, "wb") as file:
        file.write(octets)
    for mangler in manglers:
        print(f"seed {mangler.seed}: {mangler.client_ip} port {mangler.client_port}, vlan {mangler.wrapping.vlan}, "
              f"tunnel {mangler.wrapping.tunnel}; {', '.join(sorted(mangler.operations))}")
        for conversation in mangler.conversations:
            if any(conversation.coverage[1]):
                print("  lost: client", conversation.coverage[1][CLIENT], "server", conversation.coverage[1][SERVER])
        for login, state in mangler.truth():
            print(" ", "must" if state["must"] else "broken" if state["broken"] else "may",
                  "with its verdict:" if state["judged"] else "perhaps without its verdict:", login.row, sorted(login.violations))


if __name__ == "__main__":
    sys.exit(main())
