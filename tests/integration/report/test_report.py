"""What imaptap report says, as text, as a page and as tables."""
import csv
import hashlib
import html
import json
import os
import re
import sqlite3
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from capture_maker import Conversation, pcap

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "samples")


class Reporting:
    def read_lines(self, *lines, **options):
        """Reads a capture in which each (line, answer) is a login on a connection of its own."""
        frames = []
        for number, (line, answer) in enumerate(lines):
            frames += Conversation(client_port=40000 + number, start_ns=1_700_000_000_000_000_000 + number * 10**9,
                                   **options).open().login(line, answer).close().frames
        return self.read(self.write("c.pcap", pcap(frames)))

    def report(self, *arguments, **options):
        return self.imaptap("report", "-d", self.database, *arguments, **options).out

    def page(self, *arguments):
        self.report("--html", self.path("r.html"), *arguments)
        with open(self.path("r.html"), encoding="utf-8") as file:
            return file.read()

    def fill(self, count):
        """Adds logins like the first, of other users, each with a finding."""
        connection = sqlite3.connect(self.database)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(logins)") if row[1] not in ("id", "username")]
        connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                           f"INSERT INTO logins (username, {', '.join(columns)}) "
                           f"SELECT 'a*' || i, {', '.join('l.' + name for name in columns)} FROM n, logins l WHERE l.id = 1", (count,))
        connection.execute("INSERT INTO violations (login_id, rule, argument, position, count, octets) "
                           "SELECT id, 'unquoted-wildcard', 'username', 1, 1, '*' FROM logins WHERE id > 1")
        connection.execute("INSERT INTO causes (login_id, cause, rule, certainty, author_login_id, sentence) "
                           "SELECT l.id, cause, rule, certainty, l.id, sentence FROM causes, logins l WHERE login_id = 1 AND l.id > 1")
        connection.commit()
        connection.close()


class Text(Reporting, harness.ImaptapTest):
    def test_the_verdict_is_said_in_three_lines_first(self):
        self.read(os.path.join(SAMPLES, "exchange-kb932605.pcap"))
        text = self.report()
        verdict = text.split("\n\n")[0].splitlines()
        self.assertEqual(verdict[0], "Verdict: fault proved")
        self.assertIn("10.1.0.20 sends * or % without quotes to 10.1.0.143 (Exchange 2003): 7 of 14 logins, 7 refused (4", text)
        headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
        self.assertEqual(headings, ["Verdict: fault proved", "Read", "Missed", "Why logins failed", "Diagnosis", "Senders of * or % without quotes",
                                    "Users refused with a login that breaks a rule", "Worst findings", "Encrypted", "No login, and why",
                                    "Next steps"])

    def diagnosis(self, *options):
        return json.loads(self.imaptap("query", "-d", self.database, "--format", "json", "diagnosis", *options).out)

    def test_heading_page_and_sentences_are_those_of_the_diagnosis(self):
        auth = "NO [AUTHENTICATIONFAILED] Invalid credentials"
        cases = {"fault proved": (("a1 LOGIN al*ce Sesam-77", "BAD no"), ('a1 LOGIN "al*ce" "Sesam-77"', "OK in")),
                 "fault likely": (("a1 LOGIN bob Tul*pe", "BAD no"),),
                 "another reason": (("a1 LOGIN bob Tulpe", "NO [LIMIT] Too many"), ("a2 LOGIN bob Tulpe", auth)),
                 "rules broken": (("a1 LOGIN al*ce Sesam-77", "OK in"),),
                 "cause unknown": (("a1 LOGIN bob Tulpe", "NO Hm"),),
                 "no finding": (('a1 LOGIN "al*ce" "Sesam-77"', "OK in"),)}
        for heading, lines in cases.items():
            with self.subTest(heading=heading):
                self.database = self.path(f"{heading}.db")
                self.read_lines(*lines)
                text, page = self.report(), self.page()
                self.assertEqual(text.splitlines()[0], f"Verdict: {heading}")
                self.assertIn(f"<h1>Verdict: {heading}</h1>", page)
                rows = self.diagnosis()
                worst = rows[0]["verdict"]
                self.assertIn(worst, heading.replace("rules broken", "tolerated").replace("another reason", "unrelated"))
                self.assertEqual("No finding:" in text, worst == "no finding")
                words = " ".join(text.split())
                for row in rows:
                    self.assertEqual(row["diagnosis"] in words, row["verdict"] != "no finding", text)
                    self.assertIn(html.escape(row["diagnosis"]).replace("&#x27;", "&#39;"), page)

    def test_a_sender_is_shown_with_its_last_bare_login_and_since_when_it_quotes(self):
        bare, quoted = ("a1 LOGIN al*ce Sesam-77", "BAD no"), ('a1 LOGIN "al*ce" "Sesam-77"', "OK in")
        for number, (lines, said) in enumerate((((quoted, bare, bare), "last bare on 2023-11-14 22:13:22 UTC, quoted before that in some logins"),
                                                ((bare, quoted, quoted), "last bare on 2023-11-14 22:13:20 UTC, quoted since 2023-11-14 22:13:21 UTC"),
                                                ((bare,), "last bare on 2023-11-14 22:13:20 UTC Users"))):
            with self.subTest(said=said):
                self.database = self.path(f"{number}.db")
                self.read_lines(*lines)
                self.assertIn(said, " ".join(self.report().split()))

    def test_each_failed_login_is_counted_by_its_cause(self):
        self.read_lines(("a1 LOGIN al*ce Sesam-77", "BAD no"), ('a1 LOGIN "al*ce" "Sesam-77"', "OK in"),
                        ("a1 LOGIN bob Tulpe", "NO [LIMIT] Too many"), ("a1 LOGIN eve Tulpe", "NO [LIMIT] Too many"))
        text = self.report()
        self.assertIn("Why logins failed\n  limit        2 logins of 2 users: too many connections or attempts (2 proved)\n"
                      "  syntax       1 login of 1 user: how the command was written (1 proved)\n", text)
        self.assertEqual(self.one("SELECT count(*) FROM causes"), 3)

    def test_a_wrong_password_is_not_said_to_be_refused_for_a_broken_rule(self):
        self.read_lines(("a1 LOGIN bob* Tulpe", "NO [LIMIT] Too many"), ('a1 LOGIN eve Tulpe', "NO [LIMIT] Too many"))
        text = self.report()
        self.assertIn("No user was refused for a rule that was broken; 2 logins failed for other reasons.", " ".join(text.split()))
        self.assertIn("Users refused with a login that breaks a rule\n  None\n", text)

    def test_who_only_passed_a_fault_on_is_not_asked_to_repair_it(self):
        outer, inner = Conversation(client_port=40000), Conversation(client_port=41000)
        outer.addresses["S"] = inner.addresses["C"] = bytes((10, 9, 0, 7))
        inner.open()
        outer.open().say("C", "a1 LOGIN al*ce Sesam-77\r\n")
        inner.now = outer.now + 1_000_000
        inner.login("x1 LOGIN al*ce Sesam-77", "BAD no")
        outer.now = inner.now + 1_000_000
        outer.say("S", "a1 BAD no\r\n").close()
        self.read(self.write("c.pcap", pcap(sorted(outer.frames + inner.close().frames))))
        self.assertEqual([(row["client_ip"], row["verdict"]) for row in self.diagnosis()],
                         [("10.9.0.1", "likely"), ("10.9.0.7", "unrelated")])
        text = self.report()
        self.assertIn("Make 10.9.0.1 send every", text)
        self.assertTrue(text.splitlines()[1].startswith("  10.9.0.1 sends * or % without quotes to 10.9.0.7: 1 of 1 login"), text)

    def test_a_finding_is_shown_with_its_masked_line_and_a_caret(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"), ("a2 LOGIN bob Tul*pe-77%", "BAD no"))
        text = self.report()
        self.assertIn("      a1 LOGIN ali*ce ********\n                  ^ * in the username\n", text)
        self.assertIn("      a2 LOGIN bob ********\n                   ^ * and % in the password\n", text)

    def test_the_caret_stands_under_the_octet_in_quotes_and_behind_long_names(self):
        for line, shown, octet in (('a1 LOGIN "a\\b" Sesam-77', 'a1 LOGIN "a\\b" ********', "\\"),
                                   ("a1 LOGIN m\xfcl(ler Sesam-77", "a1 LOGIN m\\xfcl(ler ********", "("),
                                   ("a1 LOGIN " + 300 * "x" + "*" + 300 * "y" + " Sesam-77", None, "*")):
            with self.subTest(line=line):
                self.database = self.path(f"{len(line)}.db")
                self.read_lines((line, "NO no"))
                found = re.search(r"      (.*)\n      ( *)\^ " + re.escape(octet), self.report())
                self.assertEqual(found[1][len(found[2])], octet)
                self.assertLessEqual(len(found[1]), 120)
                if shown:
                    self.assertEqual(found[1], shown)

    def test_no_finding_and_not_seen_are_different(self):
        self.read_lines(('a1 LOGIN "ali*ce" "Sesam-77"', "OK in"))
        text = self.report()
        self.assertTrue(text.startswith("Verdict: no finding\n  No finding: the one login seen breaks no rule"), text)
        self.assertIn("Missed\n  Nothing\n", text)
        self.assertIn("Users refused with a login that breaks a rule\n  None\n", text)
        self.database = self.path("other.db")
        self.read(self.write("t.pcap", pcap(Conversation(server_port=993).open().close().frames)))
        text = self.report()
        self.assertTrue(text.startswith("Verdict: nothing seen\n  Not seen: "), text)
        self.assertIn("Whether users were refused is not known.", text)
        self.assertIn("Users refused with a login that breaks a rule\n  Not known: no login was seen\n", text)
        self.assertNotIn("  None\n", text)

    def test_control_characters_of_the_wire_do_not_reach_the_terminal(self):
        self.read_lines(("a1 LOGIN al\x1b[31mi*ce Sesam-77", "NO \x1b]0;x\x07 \xe2\x80\xae"))
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", self.report()))

    def test_a_name_that_was_masked_is_pointed_at_as_a_whole(self):
        frames = Conversation().open().login("a1 LOGIN ali*ce Sesam-77", "BAD no").close().frames
        self.read("--mask-users", self.write("c.pcap", pcap(frames)))
        self.assertRegex(self.report(), r"      a1 LOGIN user-[0-9a-f]{16} \*{8}\n      {9}\^ \* in the username\n".replace("{9}", " {9}"))

    def test_a_database_that_is_not_there_is_named(self):
        run = self.imaptap("report", "-d", self.path("no.db"), status=3)
        self.assertIn("no.db: there is no such database", run.err)
        self.imaptap("report", "--html", self.path("x.html"), "-d", self.path("no.db"), status=3)
        self.assertFalse(os.path.exists(self.path("x.html")))

    def test_the_database_is_not_changed(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        with open(self.database, "rb") as file:
            before = file.read()
        self.report()
        self.page("--csv", self.path("tables"))
        with open(self.database, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(sorted(os.listdir(self.folder)), ["c.pcap", "findings.db", "r.html", "tables"])


class Narrowed(Reporting, harness.ImaptapTest):
    """Four clients, an hour between each: what is narrowed to one says what a database of its capture alone would."""
    LINES = {"10.9.1.1": ("a1 LOGIN al*ce Sesam-77", "BAD no"), "10.9.1.2": ('a1 LOGIN "bob" "Tulpe"', "NO [LIMIT] Too many"),
             "10.9.2.1": ("a1 LOGIN c%rl Sesam-77", "OK in"), "10.9.2.2": ('a1 LOGIN "dora" "Tulpe"', "OK in")}
    START = 1_700_000_000

    def setUp(self):
        super().setUp()
        self.captures = {}
        for number, (client, (line, answer)) in enumerate(self.LINES.items()):
            talk = Conversation(start_ns=(self.START + 3600 * number) * 10**9)
            talk.addresses["C"] = bytes(int(part) for part in client.split("."))
            talk.addresses["S"] = bytes((10, 9, 0, 1 + number % 2))
            self.captures[client] = self.write(f"{client}.pcap", pcap(talk.open().login(line, answer).close().frames))
        self.read(*self.captures.values())

    def sections(self, *arguments):
        """What a report says, without what it was read from."""
        text = re.sub(r"(?s)\nRead\n.*?\n\n", "\n", self.report(*arguments))
        return re.sub(r" of \d+ captures?;", " of captures;", text).replace(self.database, "DB")

    def alone(self, client):
        all_of_them, self.database = self.database, self.path(f"{client}.db")
        if not os.path.exists(self.database):
            self.read(self.captures[client])
        text = self.sections()
        self.database = all_of_them
        return text

    def check(self, client, said, *arguments):
        head, rest = self.sections(*arguments).split("\n  Only ", 1)
        only, rest = rest.split(".\n", 1)
        self.assertEqual(" ".join(only.split()), said)
        self.assertEqual(f"{head}\n{rest}".split(), self.alone(client).split(), arguments)

    def test_by_client_server_user_and_time_each_section_is_of_them_alone(self):
        self.check("10.9.1.1", "what happened from 10.9.1.1", "--client", "10.9.1.1")
        self.check("10.9.2.1", "what happened from 10.9.2.0/24 at 10.9.0.1", "--client", "10.9.2.0/24", "--server", "10.9.0.1")
        self.check("10.9.1.2", "what happened to the user BOB", "--user", "BOB")
        self.check("10.9.2.2", "what happened since 2023-11-15 01:13:19 UTC", "--since", "2023-11-15T01:13:19Z")
        self.check("10.9.1.1", "what happened before 2023-11-14 22:30:00 UTC", "--until", "2023-11-14T22:30:00Z")
        self.check("10.9.1.2", "what happened since 2023-11-14 22:30:00 UTC and before 2023-11-15 01:00:00 UTC from 10.9.1.0/24",
                   "--since", "2023-11-14T22:30:00Z", "--until", "2023-11-15T01:00:00Z", "--client", "10.9.1.0/24")

    def test_what_nobody_has_is_not_seen(self):
        text = self.report("--client", "203.0.113.9")
        self.assertTrue(text.startswith("Verdict: nothing seen\n  Only what happened from 203.0.113.9.\n  Not seen: "), text)

    def test_tables_and_page_are_narrowed_too(self):
        self.report("--csv", self.path("t"), "--client", "10.9.1.1")
        for name, column in (("findings", "client_ip"), ("senders", "client_ip"), ("diagnosis", "client_ip"), ("rules", "times")):
            with open(self.path(f"t/{name}.csv"), encoding="utf-8") as file:
                self.assertEqual({row[column] for row in csv.DictReader(file)}, {"1" if column == "times" else "10.9.1.1"}, name)
        page = self.page("--user", "al*ce")
        self.assertIn(". Only what happened to the user al*ce.", page)
        self.assertNotIn("c%rl", page)

    def test_the_cause_of_a_login_is_the_same_when_its_proof_is_left_out(self):
        self.database = self.path("proof.db")
        other = Conversation(client_port=41000, start_ns=(self.START + 60) * 10**9)
        other.addresses["C"], other.addresses["S"] = bytes((10, 9, 7, 7)), bytes((10, 9, 0, 1))
        self.read(self.captures["10.9.1.1"], self.write("other.pcap", pcap(other.open().login('a1 LOGIN "al*ce" "Sesam-77"', "OK").close().frames)))
        for arguments in ((), ("--client", "10.9.1.1"), ("--client", "10.9.1.1", "--since", "2023-11-14")):
            self.assertEqual(self.report(*arguments).splitlines()[0], "Verdict: fault proved", arguments)

    def test_hints_name_the_database(self):
        self.assertIn(f"imaptap query -d {self.database} findings\n", self.report())

    def test_wrong_values_are_wrong_usage(self):
        for arguments in (("--since", "x"), ("--client", "mail.example"), ("--since", "1h", "--until", "2h")):
            self.report(*arguments, status=2)


class Json(Reporting, harness.ImaptapTest):
    LINES = (("a1 LOGIN al*ce Sesam-77", "BAD no"), ('a1 LOGIN "al*ce" "Sesam-77"', "OK in"), ('a1 LOGIN "b\xff" "Tulpe"', "NO [LIMIT] Too many"))

    def test_one_object_says_what_the_text_and_the_queries_say(self):
        self.read_lines(*self.LINES)
        answer = json.loads(self.report("--format", "json"))
        self.assertEqual((answer["verdict"], answer["narrowed_to"]), ("fault proved", None))
        words = " ".join(self.report().split())
        for sentence in answer["lines"] + answer["next_steps"] + [row["diagnosis"] for row in answer["diagnosis"]]:
            self.assertIn(sentence, words)
        rows = json.loads(self.imaptap("query", "-d", self.database, "--format", "json", "diagnosis").out)
        self.assertEqual([{name: row[name] for name in rows[0]} for row in answer["diagnosis"]], rows)
        self.assertEqual(answer["totals"][0]["logins"], 3)
        self.assertEqual({row["rule"] for row in answer["findings"]}, {"unquoted-wildcard", "eight-bit-octet"})
        self.assertEqual(json.loads(self.report("--format", "json", "--user", "al*ce"))["narrowed_to"], "Only what happened to the user al*ce.")

    def test_no_octet_of_a_password_is_in_it(self):
        self.read_lines(*self.LINES)
        self.assertNotRegex(self.report("--format", "json"), "Sesam|Tulpe")

    def test_the_exit_status_says_whether_rules_were_broken(self):
        self.read_lines(*self.LINES)
        self.report("--exit-code", status=1)
        self.report("--exit-code", "--client", "203.0.113.9", status=0)
        self.report("--exit-code", "--format", "json", status=1)
        self.report(status=0)

    def test_a_dash_is_standard_output(self):
        self.read_lines(*self.LINES)
        self.assertEqual(self.report("-o", "-"), self.report())
        self.assertTrue(self.report("--html", "-").startswith("<!DOCTYPE html>"))
        self.assertEqual(self.report("-o", self.path("r.txt")), "")
        with open(self.path("r.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.report())
        self.assertEqual(stat.S_IMODE(os.stat(self.path("r.txt")).st_mode), 0o600)
        self.assertFalse(os.path.exists("-"))


class Page(Reporting, harness.ImaptapTest):
    HOSTILE = '<script>alert(1)</script>"\'&'

    def test_text_from_the_wire_is_only_text(self):
        self.read_lines((f"a1 LOGIN {self.HOSTILE}* Sesam-77", "BAD </noscript></table><img src=x onerror=alert(2)>"))
        page = self.page()
        self.assertEqual(page.count("<script"), 1)
        self.assertNotIn("<img", page)
        self.assertEqual(page.count("<noscript"), 0)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;*", page)

    def test_nothing_but_its_own_style_and_script_is_allowed(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        page = self.page()
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
        self.assertRegex(policy, r"^default-src 'none'; style-src 'sha256-[^' ]+'; script-src 'sha256-[^' ]+'; base-uri 'none'; "
                                 r"form-action 'none'$")
        self.assertNotRegex(page, r"(?i)\s(src|href)=\"?(?!#)[a-z]")
        self.assertNotRegex(page, r"(?i)<[^>]*\son[a-z]+=|<[^>]*\sstyle=|url\((?!#)|@import")

    def test_each_finding_has_rule_rfc_remedy_frame_and_filter(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        page = self.page()
        for part in ("unquoted-wildcard", "RFC 2060, 3501 and 9051, section 9", "Send the argument as a quoted string",
                     "frame.number == 5", "ip.addr == 10.9.0.1 &amp;&amp; tcp.port == 40000", "tshark -r &#39;",
                     'a1 LOGIN ali<mark>*</mark>ce ********\n            ^ * in the username'):
            self.assertIn(part, page)

    def test_the_capture_facts_stand_in_the_appendix(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        page = self.page()
        uuid, command, fingerprint = self.one("SELECT uuid, command_line, fingerprint FROM runs, captures")
        with open(self.path("c.pcap"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        for part in (uuid, html.escape(command), fingerprint, digest):
            self.assertIn(part, page)

    def test_what_is_left_out_is_said_and_the_table_that_has_it_is_named(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        self.fill(60000)
        page = self.page("--csv", self.path("tables"))
        self.assertLessEqual(page.count("<tr"), 50000)
        self.assertIn("Left out here: 12,501 of 60,001 findings.", page)
        self.assertIn(f"{self.path('tables')}/findings.csv, written with this page", page)
        with open(self.path("tables", "findings.csv"), newline="", encoding="utf-8") as file:
            self.assertEqual(sum(1 for _ in csv.reader(file)), 60002)

    def test_without_tables_it_is_said_how_to_get_them(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        self.fill(500)
        self.assertIn("Left out here: 101 of 501 rows.</strong> All of them stand in affected-users.csv, which "
                      "<code>imaptap report --csv DIR</code> writes", self.page())

    def test_a_page_replaces_another_as_a_whole_and_is_private(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"))
        self.page()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("r.html")).st_mode), 0o600)
        self.imaptap("report", "-d", self.database, "--html", self.path("none", "r.html"), status=3)
        self.assertEqual(sorted(os.listdir(self.folder)), ["c.pcap", "findings.db", "r.html"])


class Tables(Reporting, harness.ImaptapTest):
    def table(self, name):
        with open(self.path("tables", name), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, strict=True))

    def test_a_file_for_each_view(self):
        self.read(os.path.join(SAMPLES, "exchange-kb932605.pcap"))
        self.report("--csv", self.path("tables"))
        self.assertEqual(sorted(os.listdir(self.path("tables"))), [
            "affected-users.csv", "captures.csv", "causes.csv", "diagnosis.csv", "findings.csv", "rules.csv", "senders.csv", "servers.csv", "timeline.csv"])
        for name in os.listdir(self.path("tables")):
            self.assertEqual(stat.S_IMODE(os.stat(self.path("tables", name)).st_mode), 0o600)
            with open(self.path("tables", name), "rb") as file:
                octets = file.read()
            self.assertTrue(octets.endswith(b"\r\n"))
            self.assertEqual(octets.count(b"\n"), octets.count(b"\r\n"))
        findings = self.table("findings.csv")
        self.assertEqual([row["command_line"] for row in findings][:3],
                         ["a1 LOGIN ali*ce ********", "a1 LOGIN ali*ce ********", "a1 LOGIN 100%frank ********"])
        self.assertEqual(len(findings), self.one("SELECT count(*) FROM judged_findings"))
        self.assertEqual([row["frame_filter"] for row in findings],
                         [f"frame.number == {frame}" for frame in [row["frame"] for row in findings]])
        self.assertEqual({row["verdict"] for row in self.table("senders.csv")}, {"proved", "unrelated", "no finding"})

    def test_a_cell_is_never_a_formula(self):
        names = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("x","y")', "plain", "'x", "a=b"]
        lines = []
        for number, name in enumerate(names):
            lines.append((f'a{number} LOGIN {{{len(name)}+}}\r\n{name} x*', "BAD no"))
        self.read_lines(*lines)
        self.report("--csv", self.path("tables"))
        found = {row["username"] for row in self.table("affected-users.csv")}
        self.assertEqual(found, {"'" + name if name[0] in "=+-@\t\r" else name for name in names})
        with open(self.path("tables", "affected-users.csv"), "rb") as file:
            self.assertNotRegex(file.read(), rb'(?m)(^|,)"?[=+@\t-]')


if __name__ == "__main__":
    harness.main()
