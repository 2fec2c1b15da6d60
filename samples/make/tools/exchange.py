#!/usr/bin/python3
"""The two servers and the clients of the reconstruction of KB 932605; every conversation runs over real sockets.

exchange.py backend ADDRESS ACCOUNTS            the Exchange 2003 back end: strict about wildcards in an atom
exchange.py cas ADDRESS BACKEND                 the Exchange 2007 proxy before Update Rollup 3: passes arguments on bare
exchange.py client CAS SOURCE USER PASSWORD...  one mail client: quotes both; each PASSWORD is one attempt

Banners, capabilities and error texts are those that Exchange 2003 and 2007 were reported to send. How the back end's
parser stumbles (BAD for a user name, NO for a password) is this script's guess; both are texts of the real one.
"""
import re
import socketserver
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from imap_client import Client  # noqa: E402

SAMPLE = "exchange-kb932605"
NAME = "Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1"
NOT_CONNECTED = "karl"  # his mailbox has been moved: the login succeeds, and nothing after it


def arguments(line):
    """(form, value) of each argument after the tag and the command."""
    result = []
    for quoted, atom in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line.split(" ", 2)[2]):
        result.append(("atom", atom) if atom else ("quoted", re.sub(r"\\(.)", r"\1", quoted)))
    return result


class Handler(socketserver.StreamRequestHandler):
    """Reads commands; `say` answers. A command's method is named after it."""

    disable_nagle_algorithm = True
    user = None

    def say(self, *lines):
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())

    def lines(self):
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            tag, _, rest = line.partition(" ")
            yield tag, rest.split(" ")[0].upper(), line


class Backend(Handler):
    accounts = {}

    def handle(self):
        self.say(f"* OK {NAME} (backend.example.com) ready.")
        for tag, command, line in self.lines():
            if command == "CAPABILITY":
                self.say("* CAPABILITY IMAP4 IMAP4rev1 IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN",
                         f"{tag} OK CAPABILITY completed.")
            elif command == "LOGIN":
                self.login(tag, arguments(line))
            elif command == "LOGOUT":
                self.say(f"* BYE {NAME} signing off.", f"{tag} OK LOGOUT completed.")
                return
            elif self.user == NOT_CONNECTED:
                self.say(f"{tag} BAD User is authenticated but not connected.")
            elif self.user and command == "SELECT":
                self.say("* 3 EXISTS", "* 0 RECENT", "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)",
                         "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)] Permanent flags",
                         "* OK [UIDVALIDITY 1142] UIDVALIDITY value", f"{tag} OK [READ-WRITE] SELECT completed.")
            else:
                self.say(f"{tag} BAD Protocol Error: \"Unidentifiable command specified\".")

    def login(self, tag, args):
        (user_form, user), (password_form, password) = args
        if user_form == "atom" and re.search("[*%]", user):
            self.say(f"{tag} BAD Protocol Error: \"Expected SPACE not found\".")
        elif (password_form == "atom" and re.search("[*%]", password)) or self.accounts.get(user) != password:
            self.say(f"{tag} NO Logon failure: unknown user name or bad password.")
        else:
            self.user = user
            self.say(f"{tag} OK LOGIN completed.")


class Cas(Handler):
    backend_address = ""

    def handle(self):
        backend = None
        self.say("* OK Microsoft Exchange Server 2007 IMAP4 service ready")
        for tag, command, line in self.lines():
            if command == "CAPABILITY":
                self.say("* CAPABILITY IMAP4 IMAP4rev1 LOGIN-REFERRALS UIDPLUS CHILDREN IDLE NAMESPACE LITERAL+",
                         f"{tag} OK CAPABILITY completed.")
            elif command == "LOGIN":
                (_, user), (_, password) = arguments(line)
                backend = Client(self.backend_address, source=(self.server.server_address[0], 0))
                backend.wait("*")
                backend.send(b"a0 CAPABILITY\r\n")
                backend.wait("a0")
                backend.send(f"a1 LOGIN {user} {password}\r\n".encode())
                if backend.wait("a1").startswith(b"a1 OK"):
                    self.say(f"{tag} OK LOGIN completed.")
                else:
                    self.say(f"{tag} NO LOGIN failed.")
                    backend.send(b"a2 LOGOUT\r\n")
                    backend.wait("a2")
                    backend.close()
                    backend = None
            elif command == "LOGOUT":
                if backend:
                    self.pass_on(backend, tag, line)
                    backend.close()
                else:
                    self.say("* BYE Microsoft Exchange Server 2007 IMAP4 server signing off.", f"{tag} OK LOGOUT completed.")
                return
            elif backend:
                self.pass_on(backend, tag, line)
            else:
                self.say(f"{tag} BAD Command received in Invalid state.")

    def pass_on(self, backend, tag, line):
        """One command goes to the back end, its answer comes back, octet by octet."""
        backend.send(line.encode() + b"\r\n")
        while True:
            answer = backend.reader.readline()
            self.wfile.write(answer)
            if answer.startswith(tag.encode() + b" "):
                return


def quote(text):
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def client(cas, source, user, passwords):
    """Outlook's manner: CAPABILITY, LOGIN with both quoted, then the first folder."""
    mail = Client(cas, source=(source, 0))
    mail.wait("*")
    number = 1

    def command(text):
        nonlocal number
        tag = f"{number:04}"
        number += 1
        mail.send(f"{tag} {text}\r\n".encode())
        return mail.wait(tag)

    command("CAPABILITY")
    for password in passwords:
        if b" OK " in command(f"LOGIN {quote(user)} {quote(password)}"):
            command('SELECT "INBOX"')
            break
    command("LOGOUT")
    mail.wait("eof")
    mail.close()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def main(role, *rest):
    if role == "client":
        client(rest[0], rest[1], rest[2], rest[3:])
        return
    if role == "backend":
        with open(rest[1], encoding="utf-8") as accounts:
            for line in accounts:
                sample, user, password, *wrong = line.rstrip("\n").split("\t")
                if sample == SAMPLE and not wrong:
                    Backend.accounts[user] = password
        handler = Backend
    else:
        Cas.backend_address = rest[1]
        handler = Cas
    Server((rest[0], 143), handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
