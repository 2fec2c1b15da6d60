"""Reads scenarios: conversations written as text, with what must be concluded beside them. README.md says how they are written."""
import base64
import copy
import ipaddress
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from capture_maker import Conversation  # noqa: E402

START_NS = 1_700_000_000_000_000_000
STEP_NS = 10_000_000  # between two lines
GREETINGS = {
    "Plain": "OK IMAP4rev1 ready",
    "Dovecot": "OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN AUTH=LOGIN] Dovecot ready.",
    "Exchange2003": "OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (be.example) ready.",
    "Exchange2007": "OK Microsoft Exchange Server 2007 IMAP4 service ready",
    "Exchange2010": "OK The Microsoft Exchange IMAP4 service is ready.",
    "ExchangeOnline": "OK The Microsoft Exchange IMAP4 service is ready. [TABBADAAUABSADAANwBDAEEA]",
    "Courier": "OK [CAPABILITY IMAP4rev1 UIDPLUS CHILDREN NAMESPACE SORT QUOTA IDLE AUTH=PLAIN] Courier-IMAP ready. "
               "Copyright 1998-2018 Double Precision, Inc.  See COPYING for distribution information.",
    "Cyrus": "OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN SASL-IR] mail.example Cyrus IMAP 3.4.3 server ready",
    "Stalwart": "OK [CAPABILITY IMAP4rev2 IMAP4rev1 ENABLE SASL-IR LITERAL+ ID AUTH=PLAIN] Stalwart IMAP4rev2 at your service.",
    "Gmail": "OK Gimap ready for requests from 192.0.2.9 k12mb70",
    "hMailServer": "OK IMAPrev1",
    "nginx": "OK IMAP4 ready",
    "Zimbra": "OK mail.example Zimbra IMAP4rev1 server ready",
    "Yandex": "OK Yandex IMAP4rev1 at sas1-abc.mail.example:143 ready to talk with 192.0.2.9:40000, 2024-Jan-01 10:00:00, abc",
    "UW": "OK [CAPABILITY IMAP4REV1 LITERAL+ SASL-IR LOGIN-REFERRALS] mail.example IMAP4rev1 2007e.404 at Mon, 1 Jan 2024 10:00:00 +0000 (UTC)",
    "QQ": "OK [CAPABILITY IMAP4 IMAP4rev1 ID AUTH=LOGIN NAMESPACE] QQMail XMIMAP4Server ready",
    "Coremail": "OK Coremail System IMap Server Ready(126com[x])",
    "James": "OK JAMES IMAP4rev1 Server mail.example is ready.",
}


class Talk(Conversation):
    """A conversation of its own addresses, also IPv6, also in a VLAN."""

    def __init__(self, client, server, server_port, client_port, vlan, vni=None):
        super().__init__(client_port=client_port, start_ns=0, server_port=server_port)
        self.addresses = {"C": ipaddress.ip_address(client).packed, "S": ipaddress.ip_address(server).packed}
        self.vlan, self.vni = vlan, vni
        self.client, self.server, self.port, self.client_port = client, server, server_port, client_port

    def segment(self, side, flags, payload=b""):
        super().segment(side, flags, payload)
        time, frame = self.frames.pop()
        self.frames.append((time, self._dress(side, frame)))

    def _dress(self, side, frame):
        other = "S" if side == "C" else "C"
        kind = b"\x08\0"
        if len(self.addresses["C"]) == 16:
            segment = frame[34:]  # behind what the base class took for IPv4
            kind = b"\x86\xdd"
            packet = struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + self.addresses[side] + self.addresses[other]
        else:
            packet, segment = frame[14:34], frame[34:]
        tag = b"" if self.vlan is None else b"\x81\0" + struct.pack(">H", self.vlan)
        return _in_vxlan(self.vni, frame[:12] + tag + kind + packet + segment)

    def is_from_client(self, frame):
        return self.addresses["C"] + self.addresses["S"] in frame[:62]


def _in_vxlan(vni, frame):
    """The frame in a tunnel (RFC 7348), between two hosts that nothing else comes from; None: as it is."""
    if vni is None:
        return frame
    udp = struct.pack(">HHHH", 50000, 4789, 16 + len(frame), 0)
    outer = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 36 + len(frame), 0, 0, 64, 17, 0, b"\xac\x10\0\1", b"\xac\x10\0\2")
    return frame[:12] + b"\x08\0" + outer + udp + b"\x08\0\0\0" + struct.pack(">I", vni << 8) + frame


def tagged(frame, vlan):
    """The frame as it looks behind a router, in a VLAN: one hop less to live (IPv4)."""
    offset = 16 if frame[12:14] == b"\x81\0" else 12
    rest = bytearray(frame[offset:])
    if rest[:2] == b"\x08\0":
        rest[2 + 8] -= 1
    return frame[:12] + b"\x81\0" + struct.pack(">H", vlan) + bytes(rest)


class Login:
    """A command whose cause is known: where it stands, and what must be said of it."""

    def __init__(self, talk, tag, line):
        self.talk, self.tag, self.line, self.expected = talk, tag, line, None

    @property
    def key(self):
        return self.talk.client, self.talk.client_port, self.talk.vlan, self.tag

    def __str__(self):
        return f"{self.talk.client}:{self.talk.client_port} {self.tag} {self.line}"


class Scenario:
    def __init__(self, name, file, network=None):
        self.name, self.file, self.network = name, file, network
        self.options, self.talks, self.labels, self.logins, self.verdicts, self.queries = [], [], {}, [], [], []
        self.now, self.current, self.kb, self.copy_vlan = START_NS, None, False, None

    # --- the lines ---

    def add(self, line):
        """One line of the scenario."""
        text = line.strip()
        word = text.split(" ", 1)[0]
        rest = text[len(word):].strip()
        if word == "options":
            self.options += rest.split()
        elif word == "wait":
            self.now += int(float(rest) * 1e9)
        elif word == "diagnosis":
            self.verdicts.append(_verdict(rest))
            self.kb = self.kb or "KB 932605" in self.verdicts[-1]["says"]
        elif word == "query":
            name, how, what = re.fullmatch(r'(\S+) (shows|lacks) "(.*)"', rest).groups()
            self.queries.append((name, how == "shows", what))
        elif re.match(r"(\w+ = )?[0-9a-f.:\[\]]+ > ", text):
            self._connect(text)
        elif word == "repeat":
            count, lines = rest.split(": ", 1)
            for number in range(int(count)):
                for one in lines.replace("{n}", str(number)).split("; "):
                    self.add(one)
        elif word == "copy":
            self.copy_vlan = int(rest.removeprefix("vlan="))
        else:
            self._say(text)

    def _connect(self, text):
        label, client, client_port, server, port, rest = re.fullmatch(
            r"(?:(\w+) = )?([0-9a-f.]+|\[[0-9a-f:]+\])(?::(\d+))? > ([0-9a-f.]+|\[[0-9a-f:]+\])(?::(\d+))?(.*)", text).groups()
        client, server = self._placed(client), self._placed(server)
        vlan, vni = re.search(r" vlan=(\d+)", rest), re.search(r" vxlan=(\d+)", rest)
        product = re.search(r" ([A-Z]\w*)( |$)", rest.split(' "')[0])
        said = re.search(r' "(.*)"$', rest)
        quiet = " quiet" in rest or " silent" in rest
        talk = Talk(client, server, int(port or 143), int(client_port or 40000 + len(self.talks)),
                    int(vlan[1]) if vlan else None, int(vni[1]) if vni else None)
        self.talks.append(talk)
        talk.tags, talk.ended, talk.logins, talk.one_sided = 0, False, {}, " onesided" in rest
        self.labels[label or str(len(self.talks))] = self.current = talk
        talk.now = self.now
        if " midstream" not in rest:
            talk.segment("C", 0x02)
            talk.segment("S", 0x12)
            talk.segment("C", 0x10)
            if not quiet:
                talk.say("S", "* " + (said[1] if said else GREETINGS[product[1] if product else "Plain"]) + "\r\n")
        self._pass()

    def _placed(self, address):
        """The address in the network of this scenario, where it has one."""
        address = address.strip("[]")
        if self.network is None:
            return address
        if ":" in address:
            return str(ipaddress.ip_address(ipaddress.ip_address("2001:db8:" + f"{self.network + 1:x}::").packed[:8] +
                                            ipaddress.ip_address(address).packed[8:]))
        octets = address.split(".")
        return f"{100 + self.network // 250}.{self.network % 250}.{octets[1]}.{octets[3]}"

    def _pass(self):
        self.now = max(self.now, max(talk.now for talk in self.talks)) + STEP_NS

    def _say(self, text):
        talk = self.current
        label = re.match(r"(\w+): ", text)
        if label and label[1] in self.labels:
            talk, text = self.labels[label[1]], text[label.end():]
        talk.now = max(talk.now, self.now)
        text, arrow, expected = text.partition(" => ")
        text = text.rstrip()
        if text == "close":
            self._end(talk, "C")
        elif text == "hangup":
            self._end(talk, "S")
        elif text == "reset":
            talk.segment("S", 0x14)
            talk.ended = True
        elif text == "open":
            talk.ended = True
        elif text.startswith("lost "):
            side, said = text[5:].split(" ", 1)
            talk.say(side, _octets(said) + "\r\n")
            talk.frames.pop()
        elif re.match(r"[CS] ", text) or text in "CS":
            self._raw(talk, text[0], text[2:])
        elif text.startswith("<- "):
            talk.say("S", f"a{talk.tags} {_octets(text[3:])}\r\n")
        else:
            command, sent, answer = text.partition(" ->")
            assert sent, f"{self.file}: {text}"
            talk.tags += 1
            self._command(talk, f"a{talk.tags} {_octets(command)}\r\n", command)
            if answer:
                talk.now += STEP_NS
                talk.say("S", f"a{talk.tags} {_octets(answer.strip())}\r\n")
        if arrow:
            self._expect(talk, text, expected)
        self._pass()

    def _command(self, talk, line, command):
        if re.search(r"(LOGIN|AUTHENTICATE)", command.upper()):
            login = Login(talk, line.split(" ", 1)[0], command)
            self.logins.append(login)
            talk.logins[login.tag] = login
        talk.say("C", line)

    def _raw(self, talk, side, said):
        ending = "" if said.endswith("\\") and not said.endswith("\\\\") else "\r\n"
        said = said[:-1] if not ending else said
        octets = _octets(said) + ending
        for tagged in re.finditer(r"^(\S+) ((?:LOGIN|AUTHENTICATE)\b.*)", octets if side == "C" else "", re.IGNORECASE | re.MULTILINE):
            login = Login(talk, tagged[1], tagged[2].rstrip())
            self.logins.append(login)
            talk.logins[login.tag] = login
        talk.say(side, octets)

    def _end(self, talk, side):
        if talk.ended:
            return
        other = "S" if side == "C" else "C"
        talk.segment(side, 0x11)
        talk.segment(other, 0x11)
        talk.segment(side, 0x10)
        talk.ended = True

    def _expect(self, talk, text, expected):
        tag = f"a{talk.tags}"
        raw = re.match(r"[CS] (\S+)", text)
        if raw and raw[1] in talk.logins:
            tag = raw[1]
        login = talk.logins.get(tag) or [one for one in self.logins if one.talk is talk][-1]
        words = expected.split()
        login.expected = {"cause": words[0].split("|"), "certainty": (words[1] if len(words) > 1 else "unknown").split("|")}
        for key, value in zip(words[2::2], words[3::2]):
            assert key in ("rule", "without", "author"), expected
            login.expected[key] = value

    # --- what comes of it ---

    def frames(self):
        """All frames in order of time; connections that did not end are closed by the client."""
        for talk in self.talks:
            if not talk.ended:
                talk.now = max(talk.now, talk.frames[-1][0] + 1_000_000)
                self._end(talk, "C")
            if talk.one_sided:
                talk.frames = [(time, frame) for time, frame in talk.frames if talk.is_from_client(frame)]
        frames = merged(self.talks)
        if self.copy_vlan is not None:
            frames += [(time + 30_000, tagged(frame, self.copy_vlan)) for time, frame in frames]
        return sorted(frames, key=lambda frame: frame[0])

    def clone(self):
        return copy.deepcopy(self)


def merged(talks):
    return sorted((frame for talk in talks for frame in talk.frames), key=lambda frame: frame[0])


def _octets(text):
    """Escapes as in Python; {b64:...} is base64 of what stands in it."""
    text = text.encode().decode("latin-1")
    text = re.sub(r"\\(x[0-9a-fA-F]{2}|0|r|n|t)", lambda found: found[0].encode().decode("unicode_escape"), text)
    return re.sub(r"\{b64:(.*?)\}", lambda found: base64.b64encode(found[1].encode("latin-1")).decode(), text)


def _verdict(text):
    head, *parts = re.split(r" (?=says |never |logins |users )", text)
    client, server, cause, verdict = re.fullmatch(r"(\S+) > (\S+) (\S+) (.+)", head).groups()
    found = {"client": client, "server": server, "cause": cause.split("|"), "verdict": verdict.split("|"), "says": [], "never": [], "logins": [], "users": []}
    for part in parts:
        key, words = part.split(" ", 1)
        found[key].append(words.strip().strip('"'))
    return found


def scenarios(path, first_network=None):
    """All scenarios of a file: each begins with `== name`. With `first_network` each has addresses of its own, so that all can
    be in one capture."""
    found = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("== "):
                network = None if first_network is None else first_network + len(found)
                found.append(Scenario(line[3:].strip(), os.path.basename(path), network))
            elif line.strip() and not line.startswith("#"):
                try:
                    found[-1].add(line)
                except Exception as error:
                    raise ValueError(f"{path}:{number}: {line.strip()}") from error
    return found
