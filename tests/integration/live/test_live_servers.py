"""Real clients at real servers, seen from the span port of their switch."""
import os
import subprocess
import sys

import span
import harness
import mail_network
from mail_network import ACCOUNTS, DOVECOT, HOODIECROW

IMAPLIB = os.path.join(mail_network.TOOLS, "imaplib_client.py")
RAW = os.path.join(mail_network.TOOLS, "imap_client.py")
LOAD = os.path.join(mail_network.HERE, "..", "..", "tools", "login_load.py")

LOGINS = """
SELECT server_ip, username, username_form, password_form, result,
       (SELECT group_concat(rule || ' ' || argument, ', ') FROM (SELECT rule, argument FROM violations
         WHERE login_id = logins.id ORDER BY 1, 2))
FROM logins JOIN connections ON connections.id = connection_id ORDER BY logins.id"""


class Servers(span.LiveTest, harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        lacking = mail_network.missing()
        if lacking:
            self.skipTest("needs " + lacking)
        os.chmod(self.folder, 0o755)
        self.network = mail_network.MailNetwork(self.folder)
        self.addCleanup(self.network.close)

    def imaplib(self, server, user, password=None):
        self.network.client(sys.executable, IMAPLIB, server, user, password or ACCOUNTS[user])

    def curl(self, server, user):
        self.network.client("curl", "-sS", "-u", f"{user}:{ACCOUNTS[user]}", f"imap://{server}/")

    def fetchmail(self, server, user):
        rc = self.write("fetchmailrc", f'poll {server} protocol imap auth password user "{user}" password "{ACCOUNTS[user]}" '
                        'sslproto "" mda "/bin/cat"\n'.encode())
        os.chmod(rc, 0o600)
        self.network.client("fetchmail", "-f", rc, "--pidfile", self.path("fetchmail.pid"), "--nosyslog", "-c",
                            env=os.environ | {"HOME": self.folder})

    def raw(self, server, *steps):
        self.network.client(sys.executable, RAW, server, "wait:*", *steps)

    def assert_nothing_lost(self):
        self.assertEqual(self.ask("SELECT sum(kernel_drops), sum(interface_drops), sum(lost_octets) FROM captures"), [(0, 0, 0)])
        self.assertEqual(self.ask("SELECT DISTINCT midstream, one_sided, lost_octets FROM connections"), [(0, 0, 0)])
        self.check_database()

    def test_every_login_is_kept_with_its_verdict_while_the_capture_goes_on(self):
        self.start()
        for server in (DOVECOT, HOODIECROW):
            for user in ("clean.user", "star*user", "tulpen"):
                self.imaplib(server, user)
            self.imaplib(server, "clean.user", "wrong")
            for user in ("star*user", "per%cent"):
                self.curl(server, user)
            self.fetchmail(server, "star*user")
            password = ACCOUNTS["star*user"]
            self.raw(server, "a1 LOGIN {9}\\r\\n", "wait:+", f"star*user {{{len(password)}}}\\r\\n", "wait:+", f"{password}\\r\\n",
                     "wait:a1", "a2 LOGOUT\\r\\n", "wait:eof")
            self.raw(server, f"b1 LOGIN tulpen {ACCOUNTS['tulpen']}\\r\\n", "wait:b1", "b2 LOGOUT\\r\\n", "wait:eof")
        self.wait_for_logins(18)
        self.stop()
        wildcard, in_password = "unquoted-wildcard username", "unquoted-wildcard password"
        expected = []
        for server, unquoted, curl in ((DOVECOT, "OK", ("sasl", "sasl")), (HOODIECROW, "BAD", ("quoted", "atom"))):
            expected += [(server, "clean.user", "atom", "quoted", "OK", None),
                         (server, "star*user", "atom", "quoted", unquoted, wildcard),
                         (server, "tulpen", "atom", "quoted", "OK", None),
                         (server, "clean.user", "atom", "quoted", "NO", None),
                         (server, "star*user", *curl, "OK", None),  # AUTHENTICATE where that is announced
                         (server, "per%cent", *curl, "OK", None),
                         (server, "star*user", "quoted", "quoted", "OK", None),
                         (server, "star*user", "literal", "literal", "OK", None),
                         (server, "tulpen", "atom", "atom", unquoted, in_password)]
        self.assertEqual(self.ask(LOGINS), expected)
        self.assert_nothing_lost()

    def test_what_is_encrypted_is_reported_as_such(self):
        self.start()
        self.network.client("curl", "-sS", "--ssl-reqd", "-k", "-u", f"star*user:{ACCOUNTS['star*user']}", f"imap://{DOVECOT}/")
        self.wait_for(lambda: self.query('SELECT encryption FROM connections WHERE "end" IS NOT NULL') == [("starttls",)])
        self.stop()
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 0)
        self.assertEqual(self.one("SELECT server_product FROM connections"), "Dovecot")

    def test_clients_and_observer_agree_on_every_login_of_many(self):
        self.start()
        load = self.network.client(sys.executable, LOAD, "--accounts", self.path("accounts.tsv"), "--server", DOVECOT,
                                   "--server", HOODIECROW, "--count", "240", "--threads", "6")
        printed = [tuple(line.split("\t")[:5]) for line in load.stdout.decode().splitlines()]
        self.assertEqual(len(printed), 240, load.stderr)
        self.wait_for_logins(240)
        self.stop()
        seen = self.ask("SELECT server_ip, CAST(client_port AS TEXT), username, username_form, result FROM logins "
                        "JOIN connections ON connections.id = connection_id")
        self.assertEqual(sorted(printed), sorted(seen))
        self.assertEqual({verdict for *_, verdict in printed}, {"OK", "NO", "BAD"})
        self.assertEqual(self.one("SELECT count(*) FROM violations WHERE rule = 'unquoted-wildcard'"),
                         sum(form == "atom" and set("*%") & set(user) != set() for _, _, user, form, _ in printed))
        self.assert_nothing_lost()


if __name__ == "__main__":
    span.main()
