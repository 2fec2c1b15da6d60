#!/usr/bin/python3
"""The rows that a sample must yield, worked out without imaptap: truth.py CAPTURE [QUERY.sql] > NAME.expected

tshark takes the packets apart; this script puts the octets of each connection in order, reads the login phase line by line
and judges each LOGIN by the rules of the grammar. It is written for the samples only: captures without loss,
complete from the handshake on, and it stops with a message at anything that it does not know how to judge.
The rows go into a small database in memory, so that ../../truth.sql and the sqlite3 shell write them as they write imaptap's.
"""
import base64
import hashlib
import ipaddress
import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
IMAP_PORT = 143
SILENT = (b"CAPABILITY", b"ID", b"NAMESPACE", b"NOOP", b"ENABLE", b"LOGOUT")  # their OK says nothing of the mailbox
SPECIALS = b'(){"\\' + bytes(range(0x20)) + b"\x7f"

FIELDS = ["frame.number", "frame.time_epoch", "vlan.id", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
          "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.flags", "tcp.payload"]

SCHEMA = """
CREATE TABLE captures(state, packets);
CREATE TABLE connections(id INTEGER PRIMARY KEY, vlan, client_ip, client_port, server_ip, server_port, community_id,
    encryption, midstream, one_sided, lost_octets, greeting, capabilities, first_ns);
CREATE TABLE logins(id INTEGER PRIMARY KEY, connection_id, frame, tag, command, mechanism, username, username_form,
    username_length, password_form, password_length, exposure, result, response_code, response_text, after_result, after_text);
CREATE TABLE violations(login_id, rule, argument, position, count, octets);
"""


def stop(message):
    raise SystemExit("truth.py: " + message)


def community_id(client, client_port, server, server_port):
    """Community ID version 1 with seed 0, https://github.com/corelight/community-id-spec."""
    one = (ipaddress.ip_address(client).packed, client_port)
    two = (ipaddress.ip_address(server).packed, server_port)
    if one > two:
        one, two = two, one
    octets = struct.pack("!H", 0) + one[0] + two[0] + bytes([socket.IPPROTO_TCP, 0]) + struct.pack("!HH", one[1], two[1])
    return "1:" + base64.b64encode(hashlib.sha1(octets).digest()).decode()


class Stream:
    """One direction of a connection: octets in order, and the frame that brought each."""

    def __init__(self, next_seq):
        self.next_seq = next_seq

    def add(self, seq, payload):
        """The octets of a segment that are new."""
        offset = (self.next_seq - seq) & 0xFFFFFFFF
        if offset > 0x7FFFFFFF:
            stop("a segment is missing")
        fresh = payload[offset:]
        self.next_seq = (self.next_seq + len(fresh)) & 0xFFFFFFFF
        return fresh


class Login:
    def __init__(self, frame, tag):
        self.frame, self.tag = frame, tag
        self.arguments = []  # (form, octets as sent, value)
        self.early_literal = []  # of each synchronizing literal: whether its octets came before the server's "+"
        self.capabilities = None
        self.result = self.code = self.text = self.after_result = self.after_text = None
        self.violations = []


class Connection:
    """Reads the login phase from the octets of both directions, in the order in which they were captured."""

    def __init__(self, key, time):
        self.key, self.first_ns = key, time
        self.streams = {}
        self.text = {"C": b"", "S": b""}
        self.frames = {"C": [], "S": []}  # of each octet of text
        self.greeting = self.capabilities = None
        self.encryption = "none"
        self.logins = []
        self.commands = {}  # tag -> Login, "STARTTLS" or None
        self.names = {}  # tag -> name of the command
        self.authenticated = None  # the Login that succeeded
        self.after_tag = None
        self.done = False
        self.login = None  # being read: its line so far, with literals taken out
        self.order = []  # tags of the commands, as sent
        self.answered = set()
        self.server_literal = 0  # octets of a literal in a response that are still to come
        self.in_response = False  # the next line is the rest of a response that held a literal

    def feed(self, side, frame, payload):
        if self.done:
            return
        self.text[side] += payload
        self.frames[side] += [frame] * len(payload)
        while not self.done and (self.server_line() if side == "S" else self.client_step()):
            pass

    def take(self, side, count):
        octets, frame = self.text[side][:count], self.frames[side][0]
        self.text[side] = self.text[side][count:]
        self.frames[side] = self.frames[side][count:]
        return octets, frame

    def line(self, side):
        end = self.text[side].find(b"\r\n")
        if end < 0:
            return None, None
        octets, frame = self.take(side, end + 2)
        return octets[:-2], frame

    # -- client -----------------------------------------------------------------------------------------

    def client_step(self):
        if self.login and self.login["literal"] is not None:
            if len(self.text["C"]) < self.login["literal"]:
                return False
            octets, _ = self.take("C", self.login["literal"])
            self.login["parts"].append(octets)
            self.login["literal"] = None
            return True
        line, frame = self.line("C")
        if line is None:
            return False
        if self.login is None:
            self.login = {"parts": [], "frame": frame, "literal": None, "early": []}
        self.login["parts"].append(line)
        match = re.search(rb"(~?)\{(\d+)(\+?)\}$", line)
        if match:
            if match[1]:
                stop("a literal8")
            size = int(match[2])
            if not match[3]:
                # Whatever is here already came before the server could have said "+".
                self.login["early"].append(len(self.text["C"]) > 0)
            self.login["literal"] = size
            return True
        command, self.login = self.login, None
        self.command(command)
        return True

    def command(self, command):
        parts, frame = command["parts"], command["frame"]
        words = parts[0].split(b" ", 2)
        if len(words) < 2:
            stop(f"frame {frame}: no tagged command: {parts[0]!r}")
        tag, name = words[0].decode(), words[1].upper()
        self.names[tag] = name
        if self.authenticated and self.after_tag is None:
            self.after_tag = tag
        if name == b"LOGIN" and not self.authenticated:
            login = Login(frame, tag)
            login.early_literal = command["early"]
            login.capabilities = self.capabilities
            self.read_arguments(login, [words[2] if len(words) > 2 else b""] + parts[1:])
            self.logins.append(login)
            self.commands[tag] = login
        elif name == b"AUTHENTICATE":
            stop(f"frame {frame}: AUTHENTICATE")
        elif name == b"STARTTLS":
            self.commands[tag] = "STARTTLS"
        else:
            self.commands[tag] = None
        self.order.append(tag)

    @staticmethod
    def read_arguments(login, parts):
        """parts: text, literal, text, literal ... text; fills login.arguments."""
        text = parts[0]
        literals = parts[1::2]
        rest = parts[2::2]
        while True:
            match = re.match(rb"\{(\d+)(\+?)\}$", text)
            if match:
                octets = literals.pop(0)
                login.arguments.append(("literal+" if match[2] else "literal", octets, octets))
                text = rest.pop(0)
            elif text.startswith(b'"'):
                match = re.match(rb'"(?:[^"\\\r\n]|\\.)*"', text, re.S)
                if not match:
                    stop(f"frame {login.frame}: an unclosed quoted string")
                login.arguments.append(("quoted", match[0], re.sub(rb"\\(.)", rb"\1", match[0][1:-1], flags=re.S)))
                text = text[len(match[0]):]
            else:
                match = re.match(rb"[^ ]+", text)
                if not match:
                    stop(f"frame {login.frame}: an argument is missing")
                login.arguments.append(("atom", match[0], match[0]))
                text = text[len(match[0]):]
            if not text:
                break
            if not text.startswith(b" ") or text.startswith(b"  ") or text == b" ":
                stop(f"frame {login.frame}: odd spacing")
            text = text[1:]
        if len(login.arguments) != 2:
            stop(f"frame {login.frame}: {len(login.arguments)} arguments")

    # -- server -----------------------------------------------------------------------------------------

    def server_line(self):
        if self.server_literal:
            if len(self.text["S"]) < self.server_literal:
                return False
            self.take("S", self.server_literal)
            self.server_literal = 0
            self.in_response = True
        line, frame = self.line("S")
        if line is None:
            return False
        continued, self.in_response = self.in_response, False
        match = re.search(rb"\{(\d+)\}$", line)
        if match:
            self.server_literal = int(match[1])
        if continued:
            return True
        text = line.decode()
        if self.greeting is None:
            if not text.startswith("* OK "):
                stop(f"frame {frame}: greeting {text!r}")
            self.greeting = text[5:]
        match = re.match(r"\* OK \[CAPABILITY ([^\]]*)\]|\* CAPABILITY (.*)$", text)
        if match and not self.authenticated and not self.login_is_next():
            # What comes between a LOGIN and its OK (Dovecot) describes the state after it.
            self.capabilities = match[1] or match[2].strip()
        match = re.match(r"([^ *+]+) (OK|NO|BAD) ?(.*)$", text)
        if match:
            self.verdict(match[1], match[2], match[3])
        elif text.startswith("* BYE ") and self.login_waits():
            for tag, command in self.commands.items():
                if isinstance(command, Login) and command.result is None:
                    self.verdict(tag, "BYE", text[6:])
        return True

    def login_waits(self):
        return any(isinstance(c, Login) and c.result is None for c in self.commands.values())

    def login_is_next(self):
        """Whether the server is at work on a LOGIN: no command before it waits for its answer."""
        waiting = [tag for tag in self.order if tag not in self.answered]
        return bool(waiting) and isinstance(self.commands[waiting[0]], Login)

    def verdict(self, tag, result, text):
        self.answered.add(tag)
        command = self.commands.get(tag)
        if isinstance(command, Login) and command.result is None:
            command.result = result
            match = re.match(r"\[([^\]]*)\] ?(.*)$", text)
            command.code, command.text = (match[1], match[2]) if match else (None, text)
            if result == "OK":
                self.authenticated = command
                # What was pipelined behind the login is its first command.
                after = self.order[self.order.index(tag) + 1:]
                if after:
                    self.after_tag = after[0]
        elif command == "STARTTLS" and result == "OK":
            self.encryption, self.done = "starttls", True
        elif self.authenticated and tag == self.after_tag:
            if self.names[tag] in SILENT and result == "OK":
                after = self.order[self.order.index(tag) + 1:]
                self.after_tag = after[0] if after else None
                return
            self.authenticated.after_result, self.authenticated.after_text = result, text
            self.done = True

    # -- judgement --------------------------------------------------------------------------------------

    def judge(self, login):
        def add(rule, argument, position=None, count=None, octets=None):
            login.violations.append((rule, argument, position, count, octets))

        literal = 0
        for name, (form, sent, _) in zip(("username", "password"), login.arguments):
            secret = name == "password"

            def found(rule, at, show_octets):
                distinct = bytes(dict.fromkeys(sent[i] for i in at)).decode("latin-1")
                add(rule, name, None if secret else at[0], None if secret else len(at),
                    distinct if show_octets or not secret else None)

            if form == "atom":
                wildcards = [i for i, octet in enumerate(sent) if octet in b"*%"]
                specials = [i for i, octet in enumerate(sent) if octet in SPECIALS]
                if wildcards:
                    found("unquoted-wildcard", wildcards, True)
                if specials:
                    found("unquoted-special", specials, False)
            if form == "quoted":
                odd = [m.start() for m in re.finditer(rb"\\(.)", sent) if m[1] not in b'"\\']
                if odd:
                    found("bad-quoted", odd, False)
            if any(octet > 127 for octet in sent):
                stop(f"frame {login.frame}: octets over 127")
            if 0 in sent:
                stop(f"frame {login.frame}: NUL")
            if form == "literal":
                if login.early_literal[literal]:
                    add("literal-not-awaited", name)
                literal += 1
            if form == "literal+":
                known = login.capabilities
                if known is not None and not re.search(r"\b(LITERAL[+-]|IMAP4rev2)(?= |$)", known):
                    add("unadvertised-literal", name)


def read_connections(capture):
    command = ["tshark", "-n", "-r", capture, "-Y", f"tcp.port == {IMAP_PORT}", "-T", "fields", "-o",
               "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"]
    for field in FIELDS:
        command += ["-e", field]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    connections, active = [], {}
    for line in lines:
        frame, time, vlan, ip_src, ip_dst, ip6_src, ip6_dst, sport, dport, seq, flags, payload = line.split("\t")
        source, target = (ip_src or ip6_src, int(sport)), (ip_dst or ip6_dst, int(dport))
        side = "C" if target[1] == IMAP_PORT else "S"
        client, server = (source, target) if side == "C" else (target, source)
        key = (int(vlan) if vlan else None, client, server)
        flags = int(flags, 16)
        seconds, _, fraction = time.partition(".")
        if flags & 0x12 == 0x02:
            active[key] = Connection(key, int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9]))
            connections.append(active[key])
        connection = active.get(key) or stop(f"frame {frame}: no handshake")
        if flags & 0x02:
            connection.streams[side] = Stream((int(seq) + 1) & 0xFFFFFFFF)
            continue
        octets = bytes.fromhex(payload.replace(":", ""))
        if octets:
            connection.feed(side, int(frame), connection.streams[side].add(int(seq), octets))
    return connections


def main(capture, query=os.path.join(HERE, "..", "..", "truth.sql")):
    connections = [c for c in read_connections(capture) if c.greeting is not None or c.logins]
    packets = subprocess.run(["capinfos", "-c", "-M", "-T", "-r", capture], check=True, capture_output=True,
                             text=True).stdout.split("\t")[-1]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "truth.db")
        database = sqlite3.connect(path)
        database.executescript(SCHEMA)
        database.execute("INSERT INTO captures VALUES('complete', ?)", (int(packets),))
        for connection in connections:
            vlan, client, server = connection.key
            row = database.execute(
                "INSERT INTO connections VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?)",
                (vlan, *client, *server, community_id(*client, *server), connection.encryption, connection.greeting,
                 connection.capabilities, connection.first_ns)).lastrowid
            for login in connection.logins:
                connection.judge(login)
                (user_form, _, user), (password_form, _, _) = login.arguments
                number = database.execute(
                    "INSERT INTO logins VALUES(NULL, ?, ?, ?, 'LOGIN', NULL, ?, ?, ?, ?, NULL, 'password', ?, ?, ?, ?, ?)",
                    (row, login.frame, login.tag, user.decode(), user_form, len(user), password_form, login.result,
                     login.code, login.text, login.after_result, login.after_text)).lastrowid
                for violation in login.violations:
                    database.execute("INSERT INTO violations VALUES(?, ?, ?, ?, ?, ?)", (number, *violation))
        database.commit()
        database.close()
        with open(query, encoding="ascii") as statements:
            result = subprocess.run(["sqlite3", "-readonly", "-csv", "-header", "-nullvalue", "NULL", path],
                                    stdin=statements, check=True, capture_output=True, text=True)
        sys.stdout.write(result.stdout.replace("\r\n", "\n"))


if __name__ == "__main__":
    main(*sys.argv[1:])
