"""Generated LOGIN lines, taken apart by imaptap and by parsers that it shares no code with: Dovecot, as it runs here, and imap-handler
from npm, which hoodiecrow parses with.

Where the other parser refuses a line, imaptap must have found a breach; where imaptap found none, the other must take the line; and
where both take it, they must have seen the same octets. IMAPTAP_SEED chooses other lines.
"""
import base64
import codecs
import concurrent.futures
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import harness
from capture_maker import Conversation, pcap

SEED = int(os.environ.get("IMAPTAP_SEED", "1"))
MODULES = os.path.join(os.environ.get("IMAPTAP_SAMPLE_CACHE") or
                       os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "imaptap-samples"),
                       "node_modules")
PLAIN = b"abcXYZ019.-_/@!#$&'+;=?^`|}~"
ROWS = """
    SELECT c.client_port, l.username, l.username_form, l.username_length, l.password_form, l.password_length, l.result,
           (SELECT group_concat(v.rule || ' ' || v.argument || ' ' || coalesce(v.octets, ''), char(10)) FROM violations v
             WHERE v.login_id = l.id)
      FROM logins l JOIN connections c ON c.id = l.connection_id ORDER BY l.id"""


def escape(error):
    return "".join(f"\\x{octet:02X}" for octet in error.object[error.start:error.end]), error.end


codecs.register_error("imaptap", escape)


def as_kept(octets):
    """The octets as the database writes them."""
    return octets.decode("utf-8", "imaptap")


class Lines:
    """Makes LOGIN lines as lists of pieces; the server is awaited before every piece but the first."""

    def __init__(self, seed, specials, quoted, eight_bit):
        self.random = random.Random(seed)
        self.specials, self.quoted, self.eight_bit = specials, quoted, eight_bit

    def octets(self, alphabet, least=1):
        return bytes(self.random.choice(alphabet) for _ in range(self.random.randint(least, 7)))

    def atom(self):
        odd = self.random.random() < 0.4
        return [b"a" + self.octets(PLAIN + self.specials if odd else PLAIN, 0)]

    def quoted_string(self):
        inner = self.octets(PLAIN + b" *%(){[]<" + (self.eight_bit if self.random.random() < 0.2 else b""), 0)
        for escaped in self.quoted:
            if self.random.random() < 0.3:
                at = self.random.randint(0, len(inner))
                inner = inner[:at] + escaped + inner[at:]
        closing = b"" if self.random.random() < 0.03 else b'"'
        return [b'"' + inner + closing]

    def literal(self):
        octets = self.octets(PLAIN + b' *%(){[]<"\\\r\n\t' + self.eight_bit) + b"z"  # imap-handler refuses a space at the very end
        if self.random.random() < 0.5:
            return [b"{%d+}\r\n" % len(octets) + octets]
        return [b"{%d}\r\n" % len(octets), octets]

    def argument(self):
        return self.random.choice([self.atom, self.atom, self.quoted_string, self.literal])()

    def line(self):
        pieces = [b"a1 LOGIN"]
        count = self.random.choice([2] * 20 + [1, 3])
        for _ in range(count):
            first, *rest = self.argument()
            gap = b"  " if self.random.random() < 0.02 else b" "
            pieces[-1] += gap + first
            pieces += rest
        pieces[-1] += (b" " if self.random.random() < 0.02 else b"") + b"\r\n"
        return pieces


class Tokens(harness.ImaptapTest):
    def judge(self, conversations):
        """Reads the conversations (by client port); the row of each."""
        frames = [frame for conversation in conversations.values() for frame in conversation.frames]
        self.read("--password-shape", self.write("lines.pcap", pcap(frames)))
        rows = {port: row for port, *row in self.ask(ROWS)}
        self.assertEqual(sorted(rows), sorted(conversations))
        return rows

    def test_imap_handler_takes_what_breaks_no_rule_and_nothing_else(self):
        if not shutil.which("node") or not os.path.isdir(os.path.join(MODULES, "imap-handler")):
            self.skipTest("imap-handler is not installed (samples/make/install)")
        # Not asked: what imap-handler reads for FETCH and flags ([ < , : and a leading \ or %), and escaped quotes, which it drops.
        lines = Lines(SEED, b'*%(){"\\\x01\x7f\xfc', [b"\\\\"], b"\xfc\xc3\xa9")
        pieces = {10000 + i: lines.line() for i in range(3000)}
        parsed = self.imap_handler([b"".join(parts)[:-2].decode("latin-1") for parts in pieces.values()])
        conversations = {}
        for port, parts in pieces.items():
            conversations[port] = talk = Conversation(client_port=port, start_ns=1_700_000_000_000_000_000 + port * 10**9).open()
            for i, piece in enumerate(parts):
                talk.say("C", piece.decode("latin-1"))
                talk.say("S", "+ \r\n" if i + 1 < len(parts) else "a1 OK done\r\n")
            talk.close()
        taken = 0
        for (port, row), theirs in zip(sorted(self.judge(conversations).items()), parsed):
            username, form, length, password_form, password_length, _, broken = row
            about = f"{pieces[port]}: imaptap {row}, imap-handler {theirs}"
            self.assertEqual(broken is None, theirs is not None and len(theirs) == 2, about)
            if broken is None:
                kinds = {"ATOM": ["atom"], "STRING": ["quoted"], "LITERAL": ["literal", "literal+"]}
                seen, secret = (value.encode("latin-1") for _, value in theirs)
                self.assertEqual((username, length, password_length), (as_kept(seen), len(seen), len(secret)), about)
                self.assertIn(form, kinds[theirs[0][0]], about)
                self.assertIn(password_form, kinds[theirs[1][0]], about)
                taken += 1
        self.assertGreater(taken, 1000)

    def imap_handler(self, lines):
        """For each line the types and values of the arguments; None: it was refused."""
        script = """
            const parse = require('imap-handler').parser;
            const lines = JSON.parse(require('fs').readFileSync(0, 'utf8'));
            console.log(JSON.stringify(lines.map(line => {
                try { return parse(line, {literalPlus: true}).attributes.map(one => [one.type, one.value]); } catch (error) { return null; }
            })));"""
        run = subprocess.run(["node", "-e", script], input=json.dumps(lines).encode(), capture_output=True, check=True,
                             env=dict(os.environ, NODE_PATH=MODULES))
        return json.loads(run.stdout)

    def test_dovecot_sees_the_same_octets(self):
        if os.geteuid() != 0 or not shutil.which("dovecot"):
            self.skipTest("needs root, and Dovecot")
        port = self.start_dovecot()
        lines = Lines(SEED, b'*%(){"\\[]<\x01\x7f\xfc', [b"\\\\", b'\\"', b"\\q"], b"\xfc\xc3\xa9")
        said = [lines.line() for _ in range(1000)]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:  # each refusal takes Dovecot a second
            talks = list(pool.map(lambda parts: self.talk(port, parts), said))
        conversations = dict(talks)
        pieces = {client: parts for (client, _), parts in zip(talks, said)}
        seen = self.seen_by_dovecot()
        taken = 0
        for client, row in self.judge(conversations).items():
            username, _, length, _, password_length, result, broken = row
            about = f"{pieces[client]}: imaptap {row}, Dovecot {seen.get(client)}"
            if broken is None:
                self.assertIn(client, seen, about)
            if result == "BAD":
                self.assertIsNotNone(broken, about)
                continue
            user, secret = seen[client]
            self.assertEqual((username, length, password_length), (as_kept(user), len(user), len(secret)), about)
            taken += 1
        self.assertGreater(taken, 400)

    def start_dovecot(self):
        """Refuses every user, and writes what it was sent into its log."""
        os.chmod(self.folder, 0o755)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = self.write("dovecot.conf", f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/run
log_path = {self.folder}/log
listen = 127.0.0.1
protocols = imap
default_vsz_limit = 0
disable_plaintext_auth = no
auth_mechanisms = plain
auth_username_chars =
auth_username_format =
auth_failure_delay = 0 secs
auth_debug = yes
auth_debug_passwords = yes
mail_max_userip_connections = 10000
ssl = no
passdb {{
  driver = passwd-file
  args = /dev/null
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  service_count = 0
  client_limit = 200
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""".encode())
        subprocess.run(["dovecot", "-c", config], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(subprocess.run, ["dovecot", "-c", config, "stop"], check=True, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
        return port

    def talk(self, port, pieces):
        """Sends a line piece by piece; the client's port, and what was said."""
        end = time.monotonic() + 20
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), 20)
                break
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        with connection, connection.makefile("rb") as answers:
            client = connection.getsockname()[1]
            talk = Conversation(client_port=client, start_ns=time.time_ns())
            for side, flags in ("C", 0x02), ("S", 0x12), ("C", 0x10):
                talk.segment(side, flags)
            talk.say("S", answers.readline().decode("latin-1"))
            for i, piece in enumerate(pieces):
                connection.sendall(piece)
                talk.say("C", piece.decode("latin-1"))
                while line := answers.readline():
                    talk.say("S", line.decode("latin-1"))
                    if line.startswith((b"+", b"a1 ", b"* BAD", b"* BYE")):
                        break
                if not line.startswith(b"+"):
                    break
            talk.close()
        return client, talk

    def seen_by_dovecot(self):
        """The user name and the password of every login, by the client's port."""
        with open(self.path("log"), encoding="latin-1") as log:
            found = re.findall(r"client in: AUTH.*\brport=(\d+)\b.*\bresp=(\S+)", log.read())
        return {int(port): base64.b64decode(response).split(b"\0")[1:] for port, response in found}


if __name__ == "__main__":
    harness.main()
