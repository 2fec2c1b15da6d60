#!/usr/bin/python3
"""The clients and the small servers of mixed-50-users; everything runs over real sockets.

mixed.py servers ADDRESS            DNS on UDP port 53 and POP3 on port 110
mixed.py clients ADDRESS ACCOUNTS   50 IMAP users, eight at a time, among HTTP, DNS, POP3 and a closed port
"""
import concurrent.futures
import imaplib
import poplib
import socket
import socketserver
import struct
import sys
import threading
import urllib.request

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from imap_client import Client  # noqa: E402

SAMPLE = "mixed-50-users"
STYLES = ["imaplib", "quoted", "literal", "literal+", "atoms"]
# Where the turn of styles would not show what a wildcard does.
STYLE_OF = {"do*ra": "imaplib", "ma*rie": "atoms", "fritz": "atoms", "olga": "atoms", "cem": "quoted"}


class Pop3(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"+OK POP3 ready\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            self.wfile.write(b"+OK 0 0\r\n" if word == b"STAT" else b"+OK\r\n")
            if word == b"QUIT":
                return


class Dns(socketserver.BaseRequestHandler):
    """Answers every question for an address with 10.3.0.143."""

    def handle(self):
        query, sock = self.request
        answer = query[:2] + struct.pack("!HHHHH", 0x8580, 1, 1, 0, 0) + query[12:]
        answer += struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton("10.3.0.143"))
        sock.sendto(answer, self.client_address)


def servers(address):
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    pop3 = socketserver.ThreadingTCPServer((address, 110), Pop3)
    threading.Thread(target=pop3.serve_forever, daemon=True).start()
    socketserver.ThreadingUDPServer((address, 53), Dns).serve_forever()


def resolve(server, source, name):
    query = struct.pack("!HHHHHH", hash(name) & 0xFFFF, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0" + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.bind((source, 0))
        sock.sendto(query, (server, 53))
        sock.recv(512)


def with_imaplib(server, source, user, password):
    class From(imaplib.IMAP4):
        def _create_socket(self, timeout):
            return socket.create_connection((self.host, self.port), source_address=(source, 0))

    mail = From(server)
    try:
        mail.login(user, password)
        mail.select()
    except imaplib.IMAP4.error:
        pass
    mail.logout()


def raw(server, source, user, password, style):
    mail = Client(server, source=(source, 0))
    mail.wait("*")
    user, password = user.encode(), password.encode()
    if style == "quoted":
        mail.send(b'1 LOGIN "%s" "%s"\r\n' % (user, password))
    elif style == "literal":
        mail.send(b"1 LOGIN {%d}\r\n" % len(user))
        mail.wait("+")
        mail.send(b"%s {%d}\r\n" % (user, len(password)))
        mail.wait("+")
        mail.send(password + b"\r\n")
    elif style == "literal+":
        mail.send(b"1 LOGIN {%d+}\r\n%s {%d+}\r\n%s\r\n" % (len(user), user, len(password), password))
    else:
        line = b"1 LOGIN %s %s\r\n" % (user, password)
        for begin in range(0, len(line), 7):
            mail.send(line[begin:begin + 7])
    mail.wait("1")
    mail.send(b"2 NOOP\r\n")
    mail.wait("2")
    mail.send(b"3 LOGOUT\r\n")
    mail.wait("eof")
    mail.close()


def one_user(server, number, user, passwords):
    """What one desk does: a name lookup, a web page at times, and then mail."""
    source = f"10.3.0.{11 + number}"
    resolve(server, source, "mail.example.com")
    if number % 5 == 0:
        urllib.request.urlopen(f"http://{server}/", timeout=10).read()
    style = STYLE_OF.get(user, STYLES[number % len(STYLES)])
    for password in passwords:
        if style == "imaplib":
            with_imaplib(server, source, user, password)
        else:
            raw(server, source, user, password, style)


def pop3_user(server, user, password):
    mail = poplib.POP3(server)
    mail.user(user)
    mail.pass_(password)
    mail.stat()
    mail.quit()


def clients(server, accounts):
    users, wrong, pop3 = {}, {}, {}
    with open(accounts, encoding="utf-8") as lines:
        for line in lines:
            sample, user, password, *note = line.rstrip("\n").split("\t")
            if sample == SAMPLE:
                {"": users, "wrong": wrong, "pop3": pop3}["".join(note)][user] = password
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = []
        for number, (user, password) in enumerate(users.items()):
            attempts = [wrong[user], password] if user in wrong else [password]
            jobs.append(pool.submit(one_user, server, number, user, attempts))
            if number % 20 == 10:
                jobs.append(pool.submit(pop3_user, server, *list(pop3.items())[number // 20 % len(pop3)]))
            if number == 25:
                jobs.append(pool.submit(socket.socket().connect_ex, (server, 144)))
        for job in jobs:
            job.result()


if __name__ == "__main__":
    {"servers": servers, "clients": clients}[sys.argv[1]](*sys.argv[2:])
