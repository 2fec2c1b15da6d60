#!/usr/bin/python3
"""Writes a capture of many interleaved IMAP connections, and the rows that it must yield.

    generate_imap.py --out big.pcap --truth big.csv
    imaptap read -q -d big.db big.pcap
    sqlite3 -readonly -csv -header -nullvalue NULL big.db < truth.sql | tr -d '\\r' | cmp - big.csv

The same options give the same octets. Every connection is complete and in order: handshake, greeting, mostly CAPABILITY, one or
two LOGINs in random forms and cut into random segments, the verdict, a first command, LOGOUT, FINs. A tenth of the
names and of the passwords of each form hold `*` or `%`. What is left out of the capture is left out on purpose:
--drop and --one-sided.
"""
import argparse
import random
import re
import socket
import struct

ATOM, QUOTED, LITERAL, LITERAL_PLUS = FORMS = ["atom", "quoted", "literal", "literal+"]
WILDCARDS, SPECIALS = "*%", "()\\"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLUMNS = ("frame client_ip client_port server_ip server_port greeting capabilities tag username username_form username_length "
           "password_form exposure result response_code response_text after_result after_text violations").split()

# (greeting, capabilities in an untagged response or None, text of OK, text of NO, text of BAD)
SERVERS = [
    ("[CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN] Dovecot ready.",
     "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN",
     "[CAPABILITY IMAP4rev1 LITERAL+ IDLE UIDPLUS MOVE] Logged in", "[AUTHENTICATIONFAILED] Authentication failed.",
     "Error in IMAP command received by server."),
    ("Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail.example.com) ready.",
     "IMAP4 IMAP4rev1 IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN",
     "LOGIN completed.", "Logon failure: unknown user name or bad password.", "Protocol Error: \"Expected SPACE not found\"."),
    ("Hoodiecrow ready for rumble", "IMAP4rev1", "User logged in", "Login failed: authentication failure",
     "Error parsing command"),
    ("imap.example.net IMAP4rev1 v12.264 server ready", "IMAP4REV1 NAMESPACE MAILBOX-REFERRALS AUTH=LOGIN",
     "[CAPABILITY IMAP4REV1 IDLE NAMESPACE] User authenticated", "LOGIN failed", "Bad LOGIN user name argument"),
]


def csv_field(value):
    """One field as the sqlite3 shell writes it."""
    if value is None:
        return "NULL"
    text = str(value)
    if not text or re.search(r"[\x00-\x20\"',\x7f-\uffff]", text):
        return '"' + text.replace('"', '""') + '"'
    return text


def checksum(octets):
    """The Internet checksum: octets as one number modulo 2^16 - 1 is their one's complement sum."""
    if len(octets) & 1:
        octets += b"\0"
    return 0xFFFF - (int.from_bytes(octets, "big") % 0xFFFF or 0xFFFF)


class Side:
    """One end of a connection: everything of its packets that stays the same, and its place in the stream."""

    def __init__(self, name, rng, source, target):
        (address, port), (other, other_port) = source, target
        self.name = name
        self.sequence = rng.getrandbits(32) if rng.random() < 0.9 else 0x100000000 - rng.randrange(1, 400)
        self.ports = struct.pack("!HH", port, other_port)
        self.window = rng.randrange(2000, 65536)
        self.ttl = rng.choice((64, 57, 128, 255))
        self.identification = rng.getrandbits(16)
        ethernet = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" if name == "server" else b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
        self.six = ":" in address
        family = socket.AF_INET6 if self.six else socket.AF_INET
        self.addresses = socket.inet_pton(family, address) + socket.inet_pton(family, other)
        self.ethernet = ethernet + (b"\x86\xdd" if self.six else b"\x08\x00")

    def packet(self, peer, flags, payload=b""):
        options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" if flags & 2 else b""
        length = 20 + len(options) + len(payload)
        acknowledged = peer.sequence if flags & 0x10 else 0
        head = self.ports + struct.pack("!IIBBHHH", self.sequence, acknowledged, (20 + len(options)) << 2, flags,
                                        self.window, 0, 0) + options
        total = checksum(self.addresses + struct.pack("!HH", 6, length) + head + payload)
        head = head[:16] + struct.pack("!H", total) + head[18:]
        self.sequence = (self.sequence + len(payload) + (1 if flags & 3 else 0)) & 0xFFFFFFFF
        if self.six:
            ip = struct.pack("!IHBB", 0x60000000, length, 6, self.ttl) + self.addresses
        else:
            self.identification = (self.identification + 1) & 0xFFFF
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, self.identification, 0x4000, self.ttl, 6, 0)
            ip = ip[:10] + struct.pack("!H", checksum(ip + self.addresses)) + self.addresses
        return self.ethernet + ip + head + payload


class Argument:
    """A user name or a password, and how it is put on the wire."""

    def __init__(self, rng, form, base):
        self.form = form
        self.value = base
        if rng.random() < 0.1:
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                self.insert(rng, rng.choice(WILDCARDS), 0)
        if rng.random() < 0.02:
            self.insert(rng, rng.choice(SPECIALS), 1)
        if form != ATOM and rng.random() < 0.05:
            self.insert(rng, rng.choice('" \\'), 1)

    def insert(self, rng, octet, begin):
        at = rng.randint(begin, len(self.value) - 1)
        self.value = self.value[:at] + octet + self.value[at:]

    def pieces(self):
        """What is sent, as a list: after each piece but the last the client waits for "+"."""
        if self.form == ATOM:
            return [self.value]
        if self.form == QUOTED:
            return ['"' + self.value.replace("\\", "\\\\").replace('"', '\\"') + '"']
        if self.form == LITERAL:
            return [f"{{{len(self.value)}}}\r\n", self.value]
        return [f"{{{len(self.value)}+}}\r\n{self.value}"]

    def violations(self, name, capabilities):
        found = []
        if self.form == ATOM:
            for rule, octets in (("unquoted-wildcard", WILDCARDS), ("unquoted-special", SPECIALS)):
                at = [i for i, octet in enumerate(self.value) if octet in octets]
                distinct = "".join(dict.fromkeys(self.value[i] for i in at))
                if at and name == "username":
                    found.append(f"{rule}/{name}/{at[0]}/{len(at)}/{distinct}")
                elif at:
                    found.append(f"{rule}/{name}///{distinct if rule == 'unquoted-wildcard' else ''}")
        if self.form == LITERAL_PLUS and capabilities is not None and "LITERAL+" not in capabilities.split():
            found.append(f"unadvertised-literal/{name}///")
        return found


class Connection:
    """One conversation. packets() is a generator of (side, packet, login or None: the row whose command begins here)."""

    def __init__(self, rng, client, server, options):
        self.rng, self.options = rng, options
        self.client = Side("client", rng, client, server)
        self.server = Side("server", rng, server, client)
        self.place = client + server
        self.kind = rng.choice(SERVERS)
        self.greeting = self.kind[0]
        match = re.match(r"\[CAPABILITY ([^]]*)\]", self.greeting)
        self.capabilities = match[1] if match else None
        self.tag_style = rng.choice(("a{}", "A{:03}", "{:04}", "{}", "x.{}", rng.choice(LETTERS).upper() * 4 + "{}"))
        self.tags = 0
        self.rows = []

    def tag(self):
        self.tags += 1
        return self.tag_style.format(self.tags)

    def send(self, side, peer, octets, share, mark=None):
        """Segments of `octets`, cut with probability `share`, each at times acknowledged by the peer."""
        rng = self.rng
        cuts = [0, len(octets)]
        if rng.random() < share:
            cuts += [rng.randint(1, len(octets)) for _ in range(rng.randint(1, 4))]
        cuts = sorted(set(cuts))
        for begin, end in zip(cuts, cuts[1:]):
            yield side.name, side.packet(peer, 0x18, octets[begin:end]), mark
            mark = None
            if rng.random() < 0.4:
                yield peer.name, peer.packet(side, 0x10), None

    def say(self, *lines):
        return self.send(self.server, self.client, "".join(line + "\r\n" for line in lines).encode(), 0.15)

    def ask(self, text, share=0.1, mark=None):
        return self.send(self.client, self.server, text.encode(), share, mark)

    def packets(self):
        rng, client, server = self.rng, self.client, self.server
        syn = client.packet(server, 0x02)
        syn_ack = server.packet(client, 0x12)
        ack = client.packet(server, 0x10)
        if self.options.drop != "handshake":
            yield "client", syn, None
            yield "server", syn_ack, None
            yield "client", ack, None
        yield from self.say("* OK " + self.greeting)
        if rng.random() < 0.8:
            tag = self.tag()
            yield from self.ask(f"{tag} CAPABILITY\r\n")
            yield from self.say("* CAPABILITY " + self.kind[1], f"{tag} OK CAPABILITY completed.")
            self.capabilities = self.kind[1]
        open_end = False
        for attempt in range(2):
            row = yield from self.login()
            if row["result"] in (None, "BYE"):
                open_end = True
                break
            if row["result"] == "OK":
                yield from self.first_command(row)
                break
            if attempt or rng.random() < 0.6:
                break
        if not open_end:
            tag = self.tag()
            yield from self.ask(f"{tag} LOGOUT\r\n")
            yield from self.say("* BYE Logging out", f"{tag} OK LOGOUT completed.")
        one, two = (client, server) if rng.random() < 0.5 else (server, client)
        yield one.name, one.packet(two, 0x11), None
        yield two.name, two.packet(one, 0x11), None
        yield one.name, one.packet(two, 0x10), None

    def login(self):
        rng = self.rng
        number = rng.randrange(1000000)
        user = Argument(rng, rng.choice(FORMS), rng.choice((f"user{number}", f"{rng.choice(LETTERS)}.n{number}@example.org",
                                                            f"u-{number:x}_{rng.choice(LETTERS)}")))
        password = Argument(rng, rng.choice(FORMS), f"Geheim-{number:x}-{rng.choice(LETTERS)}{rng.choice(LETTERS)}")
        tag = self.tag()
        row = dict.fromkeys(COLUMNS)
        row.update(tag=tag, username=user.value, username_form=user.form, username_length=len(user.value),
                   password_form=password.form, exposure="password")
        row["client_ip"], row["client_port"], row["server_ip"], row["server_port"] = self.place
        found = user.violations("username", self.capabilities) + password.violations("password", self.capabilities)
        row["violations"] = found
        self.rows.append(row)

        pieces = user.pieces()
        pieces = [f"{tag} {rng.choice(('LOGIN', 'LOGIN', 'LOGIN', 'login', 'Login'))} " + pieces[0]] + pieces[1:]
        rest = password.pieces()
        pieces = pieces[:-1] + [pieces[-1] + " " + rest[0]] + rest[1:]
        pieces[-1] += "\r\n"
        for number, piece in enumerate(pieces):
            if number:
                yield from self.say(rng.choice(("+ OK", "+ Ready for additional command text", "+ ")))
            yield from self.ask(piece, 0.5, row if not number else None)

        _, _, ok, no, bad = self.kind
        refused = any("unquoted-" in violation for violation in found)
        result = rng.choices(("OK", "NO", "BAD", "BYE", None),
                             (10, 45, 43, 1, 1) if refused else (76, 18, 4, 1, 1))[0]
        text = {"OK": ok, "NO": no, "BAD": bad, "BYE": "[UNAVAILABLE] Come back later.", None: None}[result]
        row["result"] = result
        if self.options.drop == "handshake" and self.tags == 1 and result in (None, "BYE"):
            self.rows.pop()  # met in mid-stream, and no answer says that it was a command
        if result == "BAD" and rng.random() < 0.5:
            yield from self.say("* BAD [SYNTAX] Unexpected char at position 13", f"{tag} BAD {text}")
        elif result == "BYE":
            yield from self.say("* BYE " + text)
        elif result:
            yield from self.say(f"{tag} {result} {text}")
        if text:
            match = re.match(r"\[([^]]*)\] (.*)$", text)
            row["response_code"], row["response_text"] = match.groups() if match else (None, text)
        return row

    def first_command(self, row):
        rng, tag = self.rng, self.tag()
        kind = rng.randrange(5)
        result, text = "OK", "Completed."
        if kind == 0:
            yield from self.ask(f"{tag} NOOP\r\n")
        elif kind == 1:
            yield from self.ask(f"{tag} SELECT INBOX\r\n")
            yield from self.say("* 3 EXISTS", "* 0 RECENT", "* OK [UIDVALIDITY 17] UIDs valid")
            text = "[READ-WRITE] SELECT completed."
        elif kind == 2:
            yield from self.ask(f'{tag} LIST "" *\r\n')
            # A literal from the server; what is in it is no response.
            name = f"no\r\n{tag} NO such\r\nthing"
            yield from self.say(f'* LIST () "/" {{{len(name)}}}\r\n{name}', '* LIST () "/" INBOX')
        elif kind == 3:
            # A literal from the client; what is in it is no login.
            body = "Subject: x\r\n\r\nx9 LOGIN no*body nothing\r\n"
            yield from self.ask(f"{tag} APPEND INBOX {{{len(body)}}}\r\n")
            yield from self.say("+ OK")
            yield from self.ask(body + "\r\n", 0.5)
            text = "[APPENDUID 17 4] APPEND completed."
        else:
            yield from self.ask(f"{tag} SELECT INBOX\r\n")
            result, text = "BAD", "User is authenticated but not connected."
        yield from self.say(f"{tag} {result} {text}")
        if kind:  # NOOP says nothing of the mailbox
            row["after_result"], row["after_text"] = result, text


def endpoints(rng, number, ipv6_share):
    """Client and server addresses; no two connections share all four values."""
    host, port = number % 4000, 1024 + (number // 4000 * 7919 + rng.randrange(7919)) % 64000
    if rng.random() < ipv6_share:
        return (f"2001:db8:1::{host + 1:x}", port), (f"2001:db8:2::{rng.randrange(1, 17):x}", 143)
    return (f"10.1.{host >> 8}.{host & 255}", port), (f"10.2.0.{rng.randrange(1, 17)}", 143)


def see(row, connection, side):
    """What of a row can be known when only one side was captured."""
    row["greeting"], row["capabilities"] = connection.greeting, connection.capabilities
    if side == "client":
        for column in "greeting capabilities result response_code response_text after_result after_text".split():
            row[column] = None
        row["violations"] = [v for v in row["violations"] if not v.startswith("unadvertised-literal")]
    row["violations"] = " ".join(sorted(row["violations"])) or None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, help="the capture (classic pcap, Ethernet)")
    parser.add_argument("--truth", help="the rows it must yield (csv)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--connections", type=int, default=20000)
    parser.add_argument("--concurrent", type=int, default=100, help="connections open at a time")
    parser.add_argument("--ipv6", type=float, default=0.1, metavar="SHARE", help="share of connections over IPv6")
    parser.add_argument("--drop", choices=["handshake"], help="leave this out of the capture")
    parser.add_argument("--one-sided", choices=["client", "server"], help="capture only what this side sent")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    now = 1700000000 * 1000000
    frame = begun = 0
    active, rows = [], []
    seen = set()
    with open(options.out, "wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        while True:
            while len(active) < options.concurrent and begun < options.connections:
                client, server = endpoints(rng, begun, options.ipv6)
                while (client, server) in seen:
                    client = (client[0], 1024 + (client[1] - 1023) % 64000)
                seen.add((client, server))
                connection = Connection(rng, client, server, options)
                active.append((connection, connection.packets()))
                begun += 1
            if not active:
                break
            chosen = rng.randrange(len(active))
            connection, packets = active[chosen]
            step = next(packets, None)
            if step is None:
                if options.one_sided != "server":
                    for row in connection.rows:
                        see(row, connection, options.one_sided)
                        rows.append(row)
                active[chosen] = active[-1]
                active.pop()
                continue
            side, packet, row = step
            if options.one_sided and side != options.one_sided:
                continue
            now += rng.randrange(1, 200)
            frame += 1
            if row is not None:
                row["frame"] = frame
            out.write(struct.pack("<IIII", now // 1000000, now % 1000000, len(packet), len(packet)) + packet)
    if options.truth:
        rows.sort(key=lambda row: row["frame"])
        with open(options.truth, "w", encoding="ascii", newline="") as truth:
            truth.write(f"connections\n{begun}\n")
            if rows:  # the sqlite3 shell writes no header above nothing
                truth.write(",".join(COLUMNS) + "\n")
            for row in rows:
                truth.write(",".join(csv_field(row[column]) for column in COLUMNS) + "\n")


if __name__ == "__main__":
    main()
