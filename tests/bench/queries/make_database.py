#!/usr/bin/python3
"""Makes a database of very many logins, such as a sensor in front of a provider would have after a month.

    make_database.py --imaptap build/imaptap --logins 1000000 --out big.db

The same options give the same rows. The tables and rules are made by imaptap itself (it reads a sample, whose rows are then removed);
the rows go straight into the tables. A user has one server and up to three clients, as a mail program at home and one in the pocket;
a sixth of the users log in through one of two proxies. 1 in 7 clients sends its user names bare, and 1 in 12 user names holds `*` or
`%`. Passwords are wrong now and then, some connections are encrypted, some were met in their middle, and 1 in 100 logins got no
verdict.
"""
import argparse
import os
import random
import sqlite3
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
DAY_NS = 86_400 * 10**9
BEGIN_NS = 1_793_500_000 * 10**9
PRODUCTS = (("Dovecot", "Dovecot ready.", "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE STARTTLS AUTH=PLAIN"),
            ("Exchange 2003", "Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail) ready.", "IMAP4 IMAP4rev1 LITERAL+"),
            ("Cyrus", "Cyrus IMAP 3.6.1 server ready", "IMAP4rev1 LITERAL+ ID ENABLE STARTTLS AUTH=PLAIN"),
            (None, "IMAP4 ready", None))
TABLES = {
    "captures": "id source kind fingerprint link_types packets bytes first_ns last_ns state",
    "connections": "id capture_id client_ip client_port server_ip server_port first_ns last_ns greeting server_product capabilities "
                   "encryption midstream one_sided not_imap lost_octets end",
    "logins": "id connection_id capture_id time_ns frame tag command mechanism username username_form username_length password_form "
              "exposure result response_code response_text latency_ns after_result after_text incomplete",
    "violations": "login_id rule argument position count octets",
}


class Maker:
    def __init__(self, connection, logins, seed, spaces=0):
        self.rng, self.connection, self.wanted, self.spaces = random.Random(seed), connection, logins, spaces
        self.rows = {table: [] for table in TABLES}
        self.connections = self.logins = 0
        self.days = 30
        rng = self.rng
        self.servers = [(f"192.0.2.{i + 1}", rng.choice(PRODUCTS)) for i in range(20)]
        self.proxies = [("192.0.2.101", ("Exchange 2007", "The Microsoft Exchange IMAP4 service is ready.", "IMAP4 IMAP4rev1"), True),
                        ("192.0.2.102", ("Dovecot", "Dovecot ready.", "IMAP4rev1 LITERAL+"), False)]
        # (address, how it writes user names, its SASL mechanism)
        clients = [(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "atom" if rng.random() < 1 / 7 else rng.choice(("quoted", "quoted", "literal")),
                    rng.choice(("PLAIN", "CRAM-MD5")) if rng.random() < 0.2 else None) for i in range(max(5, logins // 200))]
        # (name, server, proxy or None, clients); few people have many of the logins, as everywhere
        self.users = [(self.user(i), rng.choice(self.servers), rng.choice(self.proxies) if rng.random() < 1 / 6 else None,
                       [rng.choice(clients) for _ in range(rng.choice((1, 2, 3)))]) for i in range(max(20, logins // 25))]

    def user(self, number):
        name = f"user.{number:06}"
        if self.rng.random() < 1 / 12:
            at = self.rng.randrange(1, len(name))
            name = name[:at] + self.rng.choice("*%") + name[at:]
        return name

    def add(self, table, *row):
        self.rows[table].append(row)
        if len(self.rows[table]) >= 50_000:
            self.flush()

    def flush(self):
        for table, columns in TABLES.items():
            names = ", ".join(f'"{name}"' for name in columns.split())
            marks = ", ".join("?" for _ in columns.split())
            self.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", self.rows[table])
            self.rows[table].clear()

    def connect(self, capture, client, server, product, time_ns, encryption="none"):
        rng = self.rng
        self.connections += 1
        hidden = encryption == "implicit"
        self.add("connections", self.connections, capture, client, rng.randrange(1024, 65536), server, 993 if hidden else 143, time_ns,
                 time_ns + 5 * 10**9, None if hidden else product[1], None if hidden else product[0], None if hidden else product[2],
                 encryption, int(rng.random() < 0.02), int(rng.random() < 0.01), 0, rng.choice((0,) * 50 + (1460,)), "fin")
        return self.connections

    def login(self, connection, capture, user, form, product, time_ns, wrong, mechanism=None, behind=None):
        """`behind`: what the server was answered where it passed this on, and when: then it says the same after that."""
        rng = self.rng
        self.logins += 1
        bare_wildcards = [i for i, octet in enumerate(user) if octet in "*%"] if form == "atom" and not mechanism else []
        strict = product[0] == "Exchange 2003"
        if behind and behind[0] is not None:
            refused = behind[0] != "OK"
            answer = ("NO" if refused else "OK", None, "Login failed." if refused else "Logged in", behind[1] + 500_000 - time_ns)
        elif rng.random() < 0.01:
            answer = (None, None, None, None)
        elif bare_wildcards and strict:
            answer = ("BAD", None, 'Protocol Error: "Expected SPACE not found".', 900_000)
        elif wrong:
            answer = ("NO", "AUTHENTICATIONFAILED" if product[0] == "Dovecot" else None, "Authentication failed.", 2_000_000_000)
        else:
            answer = ("OK", None, "Logged in", 1_500_000)
        after = ("OK", "Done.") if answer[0] == "OK" else (None, None)
        self.add("logins", self.logins, connection, capture, time_ns, self.logins % 4_000_000 + 1, f"a{rng.randrange(10)}",
                 "AUTHENTICATE" if mechanism else "LOGIN", mechanism, user, "sasl" if mechanism else form, len(user),
                 "sasl" if mechanism else form, "guessable" if mechanism == "CRAM-MD5" else "password", *answer, *after, 0)
        if bare_wildcards:
            self.add("violations", self.logins, "unquoted-wildcard", "username", bare_wildcards[0], len(bare_wildcards),
                     "".join(dict.fromkeys(user[i] for i in bare_wildcards)))
        if rng.random() < 0.005:
            self.add("violations", self.logins, *rng.choice((("bad-spacing", "command", None, 1, None),
                                                             ("bad-line-end", "command", None, 1, "\\x0A"),
                                                             ("unquoted-special", "password", None, None, None))))
        if self.spaces and rng.random() < self.spaces:
            self.add("violations", self.logins, "bad-spacing", "tag", 2, 1, None)
        return answer[0], time_ns + (answer[3] or 0)

    def session(self, capture, time_ns):
        rng = self.rng
        user, (server, product), proxy, clients = self.users[int(len(self.users) * rng.random() ** 2)]
        address, form, mechanism = rng.choice(clients)
        wrong = rng.random() < 0.05
        if rng.random() < 0.1:
            self.connect(capture, address, server, product, time_ns, rng.choice(("starttls", "implicit")))
        elif proxy:
            outer = self.connect(capture, address, proxy[0], proxy[1], time_ns)
            inner = self.connect(capture, proxy[0], server, product, time_ns + 2 * 10**6)
            behind = self.login(inner, capture, user, "atom" if proxy[2] else "quoted", product, time_ns + 3 * 10**6, wrong)
            self.login(outer, capture, user, form, proxy[1], time_ns + 10**6, wrong, mechanism, behind)
        else:
            connection = self.connect(capture, address, server, product, time_ns)
            for attempt in range(rng.choice((1, 1, 1, 1, 2))):
                self.login(connection, capture, user, form, product, time_ns + (attempt + 1) * 10**6, wrong, mechanism)

    def make(self):
        for day in range(self.days):
            begin = BEGIN_NS + day * DAY_NS
            self.add("captures", day + 1, f"/span/day-{day:02}.pcap", "file", f"fingerprint-{day}", "EN10MB", 40_000_000, 4 * 10**10,
                     begin, begin + DAY_NS - 1, "complete")
            goal = self.wanted * (day + 1) // self.days
            step = DAY_NS // max(1, goal - self.logins)
            time_ns = begin
            while self.logins < goal:
                time_ns = min(time_ns + self.rng.randrange(2 * step + 1), begin + DAY_NS - 10**10)
                self.session(day + 1, time_ns)
        self.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--imaptap", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--logins", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spaces", type=float, default=0, help="so many of the logins have a space too much behind their tag")
    options = parser.parse_args()
    if os.path.exists(options.out):
        sys.exit(f"{options.out}: is there already")
    sample = os.path.join(ROOT, "samples", "vlan.pcap")
    subprocess.run([options.imaptap, "read", "-q", "-d", options.out, sample], check=True, stdout=subprocess.DEVNULL)
    connection = sqlite3.connect(options.out)
    connection.execute("PRAGMA synchronous = OFF")
    for table in ("violations", "logins", "connections", "captures"):
        connection.execute(f"DELETE FROM {table}")
    Maker(connection, options.logins, options.seed, options.spaces).make()
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main()
