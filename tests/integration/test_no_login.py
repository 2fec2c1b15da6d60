"""Why there is no login: conversations as text, and the reason that each ends with."""
import harness
from capture_maker import Conversation, pcap

CLIENT_HELLO = "\x16\x03\x01\x00\x04\x01\x00\x00\x00"
SERVER_HELLO = "\x16\x03\x03\x00\x04\x02\x00\x00\x00"
CIPHERED = "\x17\x03\x03\x00\x04\x01\x02\x03\x04"
GREETING = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"


def alert(description):
    return "\x15\x03\x03\x00\x02\x02" + chr(description)


def converse(text, port=143, client_port=40000):
    """Each item is what a side says ("C: ..."), or a segment without octets: "C FIN", "S FIN", "C RST"."""
    talk = Conversation(server_port=port, client_port=client_port)
    for flags, side in ((0x02, "C"), (0x12, "S"), (0x10, "C")):
        talk.segment(side, flags)
    for item in text:
        if item[1] == ":":
            talk.say(item[0], item[3:])
        else:
            talk.segment(item[0], {"FIN": 0x11, "RST": 0x14, "ACK": 0x10}[item[2:]])
    return talk.frames


CLIENT_CLOSES = ("C FIN", "S FIN", "C ACK")
SERVER_CLOSES = ("S FIN", "C FIN", "S ACK")

# name: (port, conversation, no_login, no_login_text, encryption, starttls)
CASES = {
    "nothing sent": (143, CLIENT_CLOSES, "nothing-sent", None, "none", None),
    "nothing sent, reset": (993, ("C RST",), "nothing-sent", None, "none", None),
    "a check of the service": (143, (GREETING, *CLIENT_CLOSES), "client-silent", None, "none", None),
    "no greeting": (143, ("C: a1 CAPABILITY\r\n", "S ACK", *CLIENT_CLOSES), "server-silent", None, "none", None),
    "the client left": (143, (GREETING, "C: a1 NOOP\r\n", "S: a1 OK\r\n", *CLIENT_CLOSES), "client-left", None, "none", None),
    "the server left": (143, (GREETING, "C: a1 NOOP\r\n", "S: a1 OK\r\n", *SERVER_CLOSES), "server-left", None, "none", None),
    "a later BYE": (143, (GREETING, "C: a1 NOOP\r\n", "S: a1 OK\r\n* BYE Autologout\r\n", *SERVER_CLOSES), "server-left", "Autologout",
                    "none", None),
    "a BYE that may repeat a password": (143, (GREETING, "C: a1 XPASS bob\r\n", "S: * BYE no XPASS bob\r\n", *SERVER_CLOSES),
                                         "server-left", None, "none", None),
    "reset": (143, (GREETING, "C: a1 NOOP\r\n", "S: a1 OK\r\n", "C RST"), "reset", None, "none", None),
    "the capture ends": (143, (GREETING, "C: a1 NOOP\r\n"), "unfinished", None, "none", None),
    "LOGINDISABLED": (143, ("S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n", "C: a1 NOOP\r\n", "S: a1 OK\r\n", *CLIENT_CLOSES),
                      "login-disabled", None, "none", None),
    "STARTTLS refused": (143, (GREETING, "C: a1 STARTTLS\r\n", "S: a1 NO not now\r\n", *CLIENT_CLOSES), "starttls-refused", "not now",
                         "none", "refused"),
    "STARTTLS unanswered": (143, (GREETING, "C: a1 STARTTLS\r\n", "S ACK", *CLIENT_CLOSES), "starttls-unanswered", None, "none",
                            "unanswered"),
    "STARTTLS abandoned": (143, (GREETING, "C: a1 STARTTLS\r\n", "S: a1 OK go\r\n", *CLIENT_CLOSES), "starttls-abandoned", None,
                           "none", "accepted"),
    "STARTTLS": (143, (GREETING, "C: a1 STARTTLS\r\n", "S: a1 OK go\r\n", "C: " + CLIENT_HELLO, "S: " + SERVER_HELLO + CIPHERED,
                       "C: " + CIPHERED, *CLIENT_CLOSES), "encrypted", None, "starttls", "accepted"),
    "STARTTLS, an alert of the server": (143, (GREETING, "C: a1 STARTTLS\r\n", "S: a1 OK go\r\n", "C: " + CLIENT_HELLO,
                                               "S: " + alert(70), *SERVER_CLOSES), "tls-alert", "server: protocol_version (70)",
                                         "none", "accepted"),
    "TLS": (993, ("C: " + CLIENT_HELLO, "S: " + SERVER_HELLO + CIPHERED, "C: " + CIPHERED, *CLIENT_CLOSES), "encrypted", None,
            "implicit", None),
    "an alert of the client": (993, ("C: " + CLIENT_HELLO, "S: " + SERVER_HELLO, "C: " + alert(48), *CLIENT_CLOSES), "tls-alert",
                               "client: unknown_ca (48)", "none", None),
    "TLS unanswered": (993, ("C: " + CLIENT_HELLO, "S ACK", *SERVER_CLOSES), "tls-unanswered", None, "none", None),
    "plain text to TLS": (993, ("C: a1 CAPABILITY\r\n", "S: " + alert(10), *SERVER_CLOSES), "plain-on-tls-port",
                          "server: unexpected_message (10)", "none", None),
    "a login": (143, (GREETING, "C: a1 LOGIN bob x\r\n", "S: a1 OK\r\n", *CLIENT_CLOSES), None, None, "none", None),
}

# The same, of conversations that the dissector must understand first.
UNDERSTOOD = {
    "BYE": (143, ("S: * BYE too many connections\r\n", *SERVER_CLOSES), "bye-greeting", None, "none", None),
    "PREAUTH": (143, ("S: * PREAUTH hi\r\n", "C: a1 NOOP\r\n", "S: a1 OK\r\n", *CLIENT_CLOSES), "preauth", None, "none", None),
    "STARTTLS without a tag": (143, (GREETING, "C: STARTTLS\r\n", "S: STARTTLS BAD what?\r\n", *CLIENT_CLOSES), "starttls-untagged",
                               "what?", "none", "refused"),
    "TLS to plain text": (143, ("C: " + CLIENT_HELLO, GREETING, *SERVER_CLOSES), "tls-on-plain-port", None, "none", None),
    "TLS to plain text, the greeting first": (143, (GREETING, "C: " + CLIENT_HELLO, "S: * BAD what?\r\n", *SERVER_CLOSES),
                                              "tls-on-plain-port", None, "none", None),
}

# What is no IMAP, whatever the port.
OTHERS = {
    "HTTP": ("C: GET / HTTP/1.1\r\nHost: x\r\n\r\n", "S: HTTP/1.1 400 Bad Request\r\n\r\n"),
    "SSH": ("S: SSH-2.0-OpenSSH_9.2\r\n", "C: SSH-2.0-PuTTY\r\n"),
    "SMTP": ("S: 220 mx.example ESMTP\r\n", "C: EHLO x\r\n", "S: 250-mx.example\r\n250 AUTH LOGIN\r\n", "C: AUTH LOGIN\r\n",
             "S: 334 VXNlcm5hbWU6\r\n", "C: Ym9i\r\n", "S: 334 UGFzc3dvcmQ6\r\n", "C: eA==\r\n", "S: 535 no\r\n"),
    "POP3": ("S: +OK ready\r\n", "C: AUTH LOGIN\r\n", "S: + VXNlcm5hbWU6\r\n", "C: Ym9i\r\n", "S: -ERR no\r\n"),
    "FTP": ("S: 220 (vsFTPd 3.0.3)\r\n", "C: USER LOGIN\r\n", "S: 331 Please specify the password.\r\n", "C: PASS LOGIN x y\r\n",
            "S: 530 Login incorrect.\r\n"),
    "NNTP": ("S: 200 news.example ready\r\n", "C: AUTHINFO USER bob\r\n", "S: 381 more\r\n", "C: AUTHINFO PASS x\r\n", "S: 281 ok\r\n"),
    "IRC": ("S: :irc.example NOTICE * :*** Looking up\r\n", "C: NICK bob\r\n", "C: USER bob 0 * :LOGIN a b\r\n"),
    "Redis": ("C: *2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n", "S: +OK\r\n"),
    "telnet": ("S: \xff\xfd\x18\xff\xfd\x20", "C: \xff\xfb\x18", "S: login: ", "C: bob\r\n", "S: Password: ", "C: x\r\n"),
    "ACAP": ("S: * ACAP (IMPLEMENTATION \"x\") (SASL \"PLAIN\")\r\n", "C: a1 AUTHENTICATE \"PLAIN\" \"AGJvYgB4\"\r\n", "S: a1 OK \"in\"\r\n"),
    "MUPDATE": ("S: * AUTH \"PLAIN\"\r\n* OK MUPDATE \"mup.example\" \"Cyrus\" \"3\" \"x\"\r\n",
                "C: A01 AUTHENTICATE \"PLAIN\" \"AHByb3h5AHB3\"\r\n", "S: A01 OK \"Authenticated\"\r\n"),
    "ManageSieve": ("S: \"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\nOK \"ready\"\r\n", "C: AUTHENTICATE \"PLAIN\" \"AGJvYgB4\"\r\n",
                    "S: NO \"no\"\r\n"),
}
PORTS = (21, 22, 23, 25, 80, 110, 119, 143, 674, 993, 2000, 3905, 4190, 6379, 6667)


class NoLogin(harness.ImaptapTest):
    def check(self, cases):
        for number, (name, (port, text, reason, said, encryption, starttls)) in enumerate(cases.items()):
            with self.subTest(name):
                self.database = self.path(f"{number}.db")
                run = self.read("-q", self.write("talk.pcap", pcap(converse(text, port))))
                self.assertEqual(self.one("SELECT no_login, no_login_text, encryption, starttls, not_imap FROM connections"),
                                 (reason, said, encryption, starttls, 0))
                self.assertNotIn("both directions", run.out + self.imaptap("report", "-d", self.database).out)

    def test_the_reason_is_what_was_seen(self):
        self.check(CASES)

    def test_the_reason_is_what_the_dissector_understood(self):
        self.check(UNDERSTOOD)

    def test_the_words_of_a_bye_are_said(self):
        self.read(self.write("bye.pcap", pcap(converse(*reversed(UNDERSTOOD["BYE"][:2])))))
        rows = self.imaptap("query", "-d", self.database, "--format", "csv", "no-login").out.splitlines()
        self.assertEqual(rows[1].split(",")[3:6], ["bye-greeting", "too many connections", "1"])

    def test_a_clear_greeting_behind_a_client_hello_is_kept(self):
        self.read("-q", self.write("tls.pcap", pcap(converse(*reversed(UNDERSTOOD["TLS to plain text"][:2])))))
        self.assertIn("ready", self.one("SELECT greeting FROM connections"))

    def test_a_login_behind_starttls_in_plain_text_is_found(self):
        text = (GREETING, "C: a1 STARTTLS\r\n", "S: a1 OK go\r\n", "C: a2 LOGIN bob x\r\n", "S: a2 OK\r\n", *CLIENT_CLOSES)
        self.read("-q", self.write("plain.pcap", pcap(converse(text))))
        self.assertEqual(self.one("SELECT username, result, exposure FROM logins"), ("bob", "OK", "password"))
        self.assertEqual(self.one("SELECT encryption, starttls, no_login FROM connections"), ("none", "accepted", None))
        self.assertEqual(self.ask("SELECT username, rule FROM findings"), [("bob", "starttls-pipelined")])
        found = self.imaptap("query", "-d", self.database, "--format", "csv", "starttls-pipelined").out
        self.assertIn("bob,OK,,accepted,none,10.9.0.1", found)
        self.assertIn("starttls-pipelined", self.imaptap("report", "-d", self.database).out)

    def test_what_was_captured_in_part_is_not_judged(self):
        frames = converse((GREETING, "C: a1 NOOP\r\n", "S: a1 OK\r\n", *CLIENT_CLOSES))
        parts = {
            "midstream": frames[4:],
            "one-sided": [frame for frame in frames if frame[1][26:30] == bytes((10, 9, 0, 1))],
            "lost-octets": frames[:5] + frames[6:],
        }
        for name, part in parts.items():
            with self.subTest(name):
                self.database = self.path(name + ".db")
                self.read("-q", self.write("part.pcap", pcap(part)))
                self.assertEqual(self.one("SELECT no_login FROM connections"), name)

    def test_a_query_counts_the_reasons(self):
        frames = converse(CASES["LOGINDISABLED"][1]) + converse(CASES["LOGINDISABLED"][1], client_port=40001)
        frames += converse(CASES["an alert of the client"][1], 993)
        run = self.read(self.write("talks.pcap", pcap(frames)))
        self.assertIn(f"3 connections ended without a login; why: imaptap query -d {self.database} no-login", run.out)
        rows = self.imaptap("query", "-d", self.database, "--format", "csv", "no-login").out.splitlines()
        self.assertEqual(rows[1].split(",")[:6], ["10.9.0.1", "10.9.0.2", "143", "login-disabled", "", "2"])
        self.assertEqual(rows[2].split(",")[:6], ["10.9.0.1", "10.9.0.2", "993", "tls-alert", "client: unknown_ca (48)", "1"])
        report = self.imaptap("report", "-d", self.database).out
        self.assertIn("No login, and why", report)
        self.assertIn("2 connections (The server forbids logins without TLS", report)

    def test_scans_of_ports_leave_no_row(self):
        talk = Conversation()
        talk.segment("C", 0x02)
        talk.segment("S", 0x14)
        self.read("-q", self.write("scan.pcap", pcap(talk.frames)))
        self.assertEqual(self.ask("SELECT * FROM connections"), [])


class Others(harness.ImaptapTest):
    def check(self, text, port, *options):
        self.read("-q", *options, self.write("other.pcap", pcap(converse((*text, *CLIENT_CLOSES), port))))
        self.assertEqual(self.ask("SELECT * FROM logins"), [])
        self.assertEqual(self.ask("SELECT * FROM connections WHERE NOT not_imap OR no_login IS NOT NULL"), [])

    def test_on_a_port_of_imap_are_no_imap(self):
        for name, text in OTHERS.items():
            with self.subTest(name):
                self.database = self.path(name + ".db")
                self.check(text, 143)
                self.assertEqual(self.one("SELECT not_imap FROM connections"), 1)

    def test_on_their_own_ports_are_no_imap_though_all_are_declared(self):
        ports = [option for port in PORTS for option in ("--port", str(port))]
        for name, text in OTHERS.items():
            for port in PORTS[::4]:
                with self.subTest(f"{name} {port}"):
                    self.database = self.path(f"{name}{port}.db")
                    self.check(text, port, *ports)

    def test_on_ports_that_nobody_named_are_not_followed(self):
        for name, text in OTHERS.items():
            with self.subTest(name):
                self.database = self.path(name + ".db")
                self.check(text, 20000)
                self.assertEqual(self.ask("SELECT * FROM connections"), [])

    def test_what_was_met_in_its_middle_is_none_when_neither_side_says_anything_of_imap(self):
        talk = Conversation(server_port=2049, client_port=993)  # NFS, from a port below 1024
        talk.say("C", "\x80\0\0\x90" + "\1\2\3\4" * 36).say("S", "\x80\0\0\xa0" + "\0" * 160)
        self.read("-q", self.write("nfs.pcap", pcap(talk.frames)))
        self.assertEqual(self.one("SELECT not_imap, no_login FROM connections"), (1, None))


if __name__ == "__main__":
    harness.main()
