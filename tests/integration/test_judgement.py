"""Who is at fault: the samples must give the proof that they were made for, and a proxy is seen through --mask-users."""
import json
import os
import re

import harness
from capture_maker import Conversation, pcap

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")
VERDICTS = "SELECT username, rule, argument, verdict FROM judged_findings WHERE client_ip = '%s' ORDER BY login_id, argument"


class Asking:
    def sample(self, name, *options):
        self.read(*options, os.path.join(SAMPLES, name))

    def query(self, *arguments):
        return self.imaptap("query", "-d", self.database, *arguments).out

    def diagnosis(self, client):
        return self.ask(f"SELECT verdict, diagnosis FROM diagnosis WHERE client_ip = '{client}' ORDER BY cause <> 'syntax'")[0]


class Exchange(harness.ImaptapTest, Asking):
    BROKEN = ("SELECT username, proxy_ip, server_ip, username_form_in, password_form_in, username_form_out, "
              "password_form_out, rules_out, result_in, result_out FROM proxied WHERE rules_out IS NOT NULL ORDER BY time_ns")

    def test_one_line_proves_kb_932605(self):
        self.sample("exchange-kb932605.pcap")
        legs = ("10.1.0.20", "10.1.0.143", "quoted", "quoted", "atom", "atom")
        user, password = "unquoted-wildcard (username)", "unquoted-wildcard (password)"
        self.assertEqual(self.ask(self.BROKEN), [
            ("ali*ce", *legs, user, "NO", "BAD"), ("ali*ce", *legs, user, "NO", "BAD"),
            ("carol", *legs, password, "NO", "NO"), ("100%frank", *legs, user, "NO", "BAD"),
            ("eve", *legs, password, "NO", "NO"), ("heidi", *legs, password, "NO", "NO"),
            ("ju*dy", *legs, f"{password}, {user}", "NO", "BAD")])
        self.assertEqual(self.ask("SELECT count(*), min(delay_ms) > 0, max(delay_ms) < 10 FROM proxied"), [(9, 1, 1)])
        # the words of NO are those of a wrong password, too
        self.assertEqual(self.ask("SELECT DISTINCT result, verdict FROM judged_findings ORDER BY result"),
                         [("BAD", "proved"), ("NO", "unknown")])
        verdict, said = self.diagnosis("10.1.0.20")
        self.assertEqual(verdict, "proved")
        self.assertIn("10.1.0.20 sends * in the user name without quotes, and 10.1.0.143 (Exchange 2003) refuses it (BAD in frame "
                      "66", said)
        self.assertTrue(said.endswith("This is KB 932605: install Update Rollup 3 for Exchange Server 2007, or a later one, on "
                                      "10.1.0.20. It hits 3 users in 4 logins."), said)
        self.assertEqual(self.diagnosis("10.1.0.101")[0], "unrelated")
        self.assertIn("is not at fault", self.diagnosis("10.1.0.101")[1])

    def test_masked_users_are_paired_all_the_same(self):
        self.sample("exchange-kb932605.pcap", "--mask-users")
        self.assertEqual([row[1:] for row in self.ask(self.BROKEN)][0],
                         ("10.1.0.20", "10.1.0.143", "quoted", "quoted", "atom", "atom", "unquoted-wildcard (username)",
                          "NO", "BAD"))
        self.assertEqual(self.diagnosis("10.1.0.20")[0], "proved")
        self.assertNotIn("ali*ce", self.query("--format", "csv", "proxied"))

    def test_a_person_reads_the_answer_whole(self):
        self.sample("exchange-kb932605.pcap")
        said = re.sub(r"\s+", " ", self.query("diagnosis"))
        self.assertIn("This is KB 932605: install Update Rollup 3 for Exchange Server 2007, or a later one, on 10.1.0.20.", said)
        self.assertIn("10.1.0.20 received a quoted string, sent an atom to 10.1.0.143 (Exchange 2003): BAD, "
                      "unquoted-wildcard (username)", self.query("proxied").splitlines()[2])


class RealServers(harness.ImaptapTest, Asking):
    def test_hoodiecrow_is_strict(self):
        self.sample("hoodiecrow.pcap")
        self.assertEqual(self.ask(VERDICTS % "192.0.2.10"), [
            ("star*user", "unquoted-wildcard", "username", "proved"), ("per%cent", "unquoted-wildcard", "username", "proved"),
            ("CORP\\bob", "unquoted-special", "username", "proved")])
        self.assertEqual(self.ask(VERDICTS % "192.0.2.12"), [
            ("star*user", "unquoted-wildcard", "username", "proved"), ("tulpen", "unquoted-wildcard", "password", "proved"),
            ("star*user", "unadvertised-literal", "username", "proved")])
        self.assertEqual(self.diagnosis("192.0.2.11"), (
            "no finding", "192.0.2.11 quotes * and % in 2 logins to 192.0.2.143 (Hoodiecrow): accepted."))

    def test_dovecot_is_lenient(self):
        self.sample("dovecot.pcap")
        self.assertEqual(set(self.ask(VERDICTS % "198.51.100.10")), {
            ("star*user", "unquoted-wildcard", "username", "tolerated"),
            ("per%cent", "unquoted-wildcard", "username", "tolerated"),
            ("CORP\\bob", "unquoted-special", "username", "tolerated")})
        self.assertEqual(self.one("SELECT wildcards > 0 FROM tolerated_counts WHERE client_ip = '198.51.100.10'"), 1)
        refused = {row[:2]: row[3] for row in self.ask((VERDICTS % "198.51.100.12").replace("ORDER", "AND refused ORDER"))}
        self.assertEqual(refused, {("star*user", "unquoted-wildcard"): "unrelated", ("CORPbob", "bad-quoted"): "unrelated",
                                   ("b(ob", "unquoted-special"): "likely"})
        self.assertEqual(self.diagnosis("198.51.100.13"), (
            "not seen", "No login was seen from 198.51.100.13 to 198.51.100.143 (Dovecot): all 2 connections were encrypted."))
        self.assertIn('"CORP\\bob"  CORPbob', self.query("lost-backslash"))
        self.assertIn("star*user", self.query("wildcard-logins"))
        self.assertIn("198.51.100.12", self.query("cleartext-with-starttls"))


class CannedQueries(harness.ImaptapTest, Asking):
    def test_guessing(self):
        conversation = Conversation().open()
        for number in range(12):
            conversation.login(f"a{number} LOGIN root guess-{number}", "NO wrong")
        self.read(self.write("guessing.pcap", pcap(conversation.frames)))
        self.assertEqual(self.query("--format", "csv", "guessing").splitlines()[1].split(",")[:6],
                         ["10.9.0.1", "12", "12", "1", "0", "12"])

    def test_starttls_pipelined(self):
        conversation = Conversation().open().say("C", "a STARTTLS\r\nb LOGIN bob secret\r\n")
        conversation.say("S", "a NO later\r\nb OK done\r\n")
        self.read(self.write("pipelined.pcap", pcap(conversation.frames)))
        self.assertIn("bob,OK,,refused,none,10.9.0.1", self.query("--format", "csv", "starttls-pipelined"))

    def test_findings_show_the_command_as_it_was_written_without_the_password(self):
        lines = {"LOGIN ali*ce secret": "LOGIN ali*ce ********",
                 'LOGIN "ali*ce" secr*t%': 'LOGIN "ali*ce" ******** (password: * and % unquoted)',
                 'LOGIN "C\\\\b\\"" se%ret': 'LOGIN "C\\\\b\\"" ******** (password: % unquoted)',
                 'LOGIN "b\xfc\\\\" "secret"': 'LOGIN "b\\xFC\\" ********',
                 "LOGIN {3+}\r\na*b secr*t": "LOGIN {3+}\\r\\na*b ******** (password: * unquoted)",
                 "LOGIN ~{3+}\r\na*b {6+}\r\nsecret": "LOGIN ~{3}\\r\\na*b ********",
                 "LOGIN bob*": "LOGIN bob*",
                 "LOGIN  secret": "LOGIN  ********",
                 "AUTHENTICATE PLAIN !Gb": "AUTHENTICATE PLAIN ********",
                 "LOGIN " + 90 * "a" + "* secret": "LOGIN " + 63 * "a" + "..."}
        conversation = Conversation().open()
        for number, line in enumerate(lines):
            conversation.login(f"a{number} {line}", "BAD no")
        self.read(self.write("forms.pcap", pcap(conversation.frames)))
        rows = json.loads(self.query("--format", "json", "findings"))
        self.assertEqual({row["command_line"] for row in rows}, set(lines.values()))

    def test_non_ascii(self):
        conversation = Conversation().open().login('a LOGIN "j\xfcrgen" x', "BAD no")
        self.read(self.write("umlaut.pcap", pcap(conversation.frames)))
        self.assertIn("j\\xFCrgen,quoted,username,not UTF-8,BAD", self.query("--format", "csv", "non-ascii"))


class Silence(harness.ImaptapTest, Asking):
    """A server that hangs up on a login without a word, and STARTTLS with plain text behind it."""

    def talk(self, *said, closes="S"):
        talk = Conversation().open()
        for side, text in said:
            talk.say(side, text)
        talk.segment(closes, 0x11)
        talk.segment("C" if closes == "S" else "S", 0x11)
        self.read(self.write("one.pcap", pcap(talk.frames)))

    def test_the_connection_shows_who_closed_it_and_how_soon(self):
        self.talk(("C", "a1 LOGIN per%cent secret\r\n"))
        self.assertEqual(self.one("SELECT result, \"end\", closed_by, closed_ns - time_ns FROM logins JOIN connections c"
                                  " ON c.id = connection_id"), (None, "fin", "server", 1_000_000))
        self.assertEqual(self.query("--format", "csv", "hung-up").splitlines()[1].split(",")[:6],
                         ["per%cent", "LOGIN", "atom", "unquoted-wildcard", "fin", "1.0"])

    def test_a_client_that_gives_up_was_not_hung_up_on(self):
        self.talk(("C", "a1 LOGIN per%cent secret\r\n"), closes="C")
        self.assertEqual(self.one("SELECT closed_by FROM connections"), "client")
        self.assertEqual(len(self.query("--format", "csv", "hung-up").splitlines()), 1)

    def test_any_command_behind_starttls_is_found(self):
        self.talk(("C", "a1 STARTTLS\r\na2 NOOP\r\n"), ("S", "a1 OK go\r\n"))
        self.assertEqual(self.one("SELECT starttls, starttls_pipelined FROM connections"), ("accepted", 1))
        self.assertIn(",accepted,none,10.9.0.1", self.query("--format", "csv", "starttls-pipelined"))

    def test_a_connection_without_a_login_is_found_in_its_time_only(self):
        self.talk(("C", "a1 STARTTLS\r\na2 NOOP\r\n"), ("S", "a1 OK go\r\n"))  # on 2023-11-14 at 22:13:20 UTC
        for window, rows in ((["--since", "2023-11-14T22:00:00Z", "--until", "2023-11-14T23:00:00Z"], 1),
                             (["--since", "2023-11-14T23:00:00Z"], 0), (["--until", "2023-11-14T22:00:00Z"], 0)):
            with self.subTest(window):
                table = self.query("--format", "csv", *window, "starttls-pipelined").splitlines()
                self.assertEqual(len(table), 1 + rows)
                # no login waited for an answer
                self.assertEqual(len(self.query("--format", "csv", *window, "hung-up").splitlines()), 1)

    def test_a_login_that_was_hung_up_on_is_found_in_its_time_only(self):
        self.talk(("C", "a1 LOGIN per%cent secret\r\n"))
        self.assertEqual(len(self.query("--format", "csv", "--since", "2023-11-14T22:00:00Z", "hung-up").splitlines()), 2)
        self.assertEqual(len(self.query("--format", "csv", "--since", "2023-11-14T23:00:00Z", "hung-up").splitlines()), 1)

    def test_a_login_after_starttls_was_refused_is_not_pipelined(self):
        self.talk(("C", "a1 STARTTLS\r\n"), ("S", "a1 NO not now\r\n"), ("C", "a2 LOGIN bob secret\r\n"), ("S", "a2 OK\r\n"))
        self.assertEqual(self.one("SELECT starttls, starttls_pipelined FROM connections"), ("refused", 0))


if __name__ == "__main__":
    harness.main()
