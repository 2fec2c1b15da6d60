"""imaptap lint: each rule that a command line can break, where the caret points, what the corrected line is, and that
no password is in any output of any case in any format."""
import base64
import csv
import json
import os
import re
import subprocess

import harness

SECRET = "Sesam-47"
BASE64_SECRET = base64.b64encode(b"\0bob\0" + SECRET.encode()).decode()
MASK = "********"
# What must be nowhere: the password, halves of it, and what it looks like in base64.
FORBIDDEN = (SECRET, "Sesam", "sam-", "-47", BASE64_SECRET, BASE64_SECRET[8:], base64.b64encode(SECRET.encode()).decode()[:8])
# What tests/wild measured; how it wrote user names.
MEASURED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wild", "measured.csv")
MEASURED_NAMES = {"star": "a*b", "percent": "a%b", "dquote": 'a"b', "backslash": "a\\b", "paren": "a(b", "brace": "a{b", "space": "a b",
                  "umlaut": "\xfc", "empty": "", "openbracket": "a[b", "closebracket": "a]b", "closebrace": "a}b", "tilde": "a~b"}
LEGAL = ("openbracket", "closebracket", "closebrace", "tilde")
WRITTEN = {"bare": "{}", "quoted": '"{}"', "unescaped": '"{}"'}


def measured_answers():
    """What each server makes of a fault, or of an octet that is legal but not portable: {(value, written): {server: answer}}.

    OK accepts. BAD refuses, and so does NO where the server answers otherwise to the same name when it is written without a fault;
    where it does not, NO shows nothing. That of the password counts as much as that of the user name."""
    with open(MEASURED, encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["part"] == "server"]
    faultless = {(row["software"], row["argument"], row["value"], row["result"], row["response_text"]) for row in rows
                 if row["written"] == "literal"}
    answers = {}
    for row in rows:
        legal = row["value"] in LEGAL and row["written"] == "bare"
        if not legal and row["broken"] in ("", "NULL"):
            continue
        servers = answers.setdefault((row["value"], row["written"]), {})
        answer = {"OK": "accept", "BAD": "refuse"}.get(row["result"])
        if row["result"] == "NO" and (row["software"], row["argument"], row["value"], "NO", row["response_text"]) not in faultless:
            answer = "refuse"
        known = servers.setdefault(row["software"], answer or "unknown")
        if answer is not None and known != answer:
            assert known == "unknown", f"{row} contradicts another row"
            servers[row["software"]] = answer
    return answers


# line(s): findings as (rule, argument, masked line up to the caret, corrected line)
VIOLATIONS = {
    "a1 LOGIN ali*ce Sesam-47": [
        ("unquoted-wildcard", "username", "a1 LOGIN ali", 'a1 LOGIN "ali*ce" "<password>"')],
    "a1 login %alice \"Sesam-47\"": [
        ("unquoted-wildcard", "username", "a1 LOGIN ", 'a1 LOGIN "%alice" "<password>"')],
    "a1 LOGIN alice Sesam-47*%": [
        ("unquoted-wildcard", "password", "a1 LOGIN alice ", 'a1 LOGIN "alice" "<password>"')],
    "a1 LOGIN CORP\\bob Sesam-47": [
        ("unquoted-special", "username", "a1 LOGIN CORP", 'a1 LOGIN "CORP\\\\bob" "<password>"')],
    "a1 LOGIN bob(1) Sesam-47)": [
        ("unquoted-special", "username", "a1 LOGIN bob", 'a1 LOGIN "bob(1)" "<password>"'),
        ("unquoted-special", "password", "a1 LOGIN bob(1) ", 'a1 LOGIN "bob(1)" "<password>"')],
    "a1 LOGIN b\"b\" Sesam-47": [
        ("unquoted-special", "username", "a1 LOGIN b", 'a1 LOGIN "b\\"b\\"" "<password>"')],
    "a1 LOGIN {x Sesam-47": [
        ("unquoted-special", "username", "a1 LOGIN ", 'a1 LOGIN "{x" "<password>"')],
    "a1 LOGIN b\xfc Sesam-47": [
        ("eight-bit-octet", "username", "a1 LOGIN b", 'a1 LOGIN {3}\r\nb\xfc "<password>"')],
    'a1 LOGIN "b\xfc" "Sesam-47\xfc"': [
        ("eight-bit-octet", "username", 'a1 LOGIN "b', 'a1 LOGIN {3}\r\nb\xfc "<password>"'),
        ("eight-bit-octet", "password", 'a1 LOGIN "b\\xc3\\xbc" ', 'a1 LOGIN {3}\r\nb\xfc "<password>"')],
    'a1 LOGIN "CORP\\bob" "Sesam-47"': [
        ("bad-quoted", "username", 'a1 LOGIN "CORP', 'a1 LOGIN "CORP\\\\bob" "<password>"')],
    'a1 LOGIN "a\\b\\c" "Sesam-47"': [
        ("bad-quoted", "username", 'a1 LOGIN "a', 'a1 LOGIN "<user>" "<password>"')],
    'a1 LOGIN "bob" "Sesam-47': [
        ("bad-quoted", "password", 'a1 LOGIN "bob" ', 'a1 LOGIN "bob" "<password>"')],
    'a1 LOGIN "bob" "Sesam\\-47"': [
        ("bad-quoted", "password", 'a1 LOGIN "bob" ', 'a1 LOGIN "bob" "<password>"')],
    'a1 LOGIN "bob Sesam-47': [
        ("bad-quoted", "username", "a1 LOGIN ", 'a1 LOGIN "<user>" "<password>"'),
        ("missing-argument", "password", 'a1 LOGIN "bob[...] ', 'a1 LOGIN "<user>" "<password>"')],
    'a1 LOGIN "bo*b': [
        ("bad-quoted", "username", "a1 LOGIN ", 'a1 LOGIN "<user>" "<password>"'),
        ("missing-argument", "password", 'a1 LOGIN "bo*b ', 'a1 LOGIN "<user>" "<password>"')],
    'a1 LOGIN "bob"Sesam-47': [
        ("bad-quoted", "username", 'a1 LOGIN "bob"', 'a1 LOGIN "<user>" "<password>"')],
    'a1 LOGIN bob"Sesam-47"': [
        ("unquoted-special", "username", "a1 LOGIN bob", 'a1 LOGIN "<user>" "<password>"'),
        ("missing-argument", "password", "a1 LOGIN bob[...] ", 'a1 LOGIN "<user>" "<password>"')],
    "a1 LOGIN b\0b Sesam-47": [
        ("nul-octet", "username", "a1 LOGIN b", 'a1 LOGIN "bb" "<password>"')],
    "a1 LOGIN ~{3}\nbob Sesam-47": [
        ("literal8-argument", "username", "a1 LOGIN ", 'a1 LOGIN "bob" "<password>"')],
    "a1 LOGIN {4}\nb\0*b Sesam-47*": [
        ("unquoted-wildcard", "password", "a1 LOGIN {4}\\r\\nb\\x00*b ", 'a1 LOGIN "b*b" "<password>"'),
        ("nul-octet", "username", "a1 LOGIN {4}\\r\\nb", 'a1 LOGIN "b*b" "<password>"')],
    'a1 AUTHENTICATE "PLAIN"': [
        ("mechanism-not-atom", "mechanism", "a1 AUTHENTICATE ", "a1 AUTHENTICATE PLAIN")],
    "a1 AUTHENTICATE PLAIN Sesam-47": [
        ("bad-base64", "initial-response", "a1 AUTHENTICATE PLAIN ", "a1 AUTHENTICATE PLAIN")],
    "a1 AUTHENTICATE LOGIN\nYm9i\nSesam-47": [
        ("bad-base64", "password", "a1 AUTHENTICATE LOGIN", "a1 AUTHENTICATE LOGIN")],
    "a1 AUTHENTICATE": [
        ("missing-argument", "mechanism", "a1 AUTHENTICATE ", None)],
    "a1 LOGIN bob": [
        ("missing-argument", "password", "a1 LOGIN bob ", 'a1 LOGIN "bob" "<password>"')],
    "a1 LOGIN": [
        ("missing-argument", "username", "a1 LOGIN", 'a1 LOGIN "<user>" "<password>"'),
        ("missing-argument", "password", "a1 LOGIN ", 'a1 LOGIN "<user>" "<password>"')],
    "a1 LOGIN  Sesam-47": [
        ("missing-argument", "username", "a1 LOGIN", 'a1 LOGIN "<user>" "<password>"')],
    "a1 LOGIN bob my Sesam-47": [
        ("extra-argument", "command", f"a1 LOGIN bob {MASK} ", 'a1 LOGIN "<user>" "<password>"')],
    'a1 LOGIN "bob" my Sesam-47': [
        ("extra-argument", "command", f'a1 LOGIN "bob" {MASK} ', 'a1 LOGIN "bob" "<password>"')],
    "a1  LOGIN bob Sesam-47": [
        ("bad-spacing", "command", "a1 ", 'a1 LOGIN "bob" "<password>"')],
    "a1 LOGIN bob\tSesam-47": [
        ("bad-spacing", "command", "a1 LOGIN bob", 'a1 LOGIN "bob" "<password>"')],
    'a1 LOGIN "bob""Sesam-47"': [
        ("bad-spacing", "command", 'a1 LOGIN "bob"', 'a1 LOGIN "bob" "<password>"')],
    " a1 LOGIN bob Sesam-47": [
        ("bad-spacing", "command", "", 'a1 LOGIN "bob" "<password>"')],
    "a1 LOGIN bob Sesam-47 ": [
        ("bad-spacing", "command", f"a1 LOGIN bob {MASK}", 'a1 LOGIN "bob" "<password>"')],
    "a1 LOGIN bob Sesam-47\r\r": [
        ("bad-line-end", "command", f"a1 LOGIN bob {MASK}", 'a1 LOGIN "bob" "<password>"')],
    "LOGIN bob Sesam-47": [
        ("bad-tag", "tag", "", 'A1 LOGIN "bob" "<password>"')],
    "a+1 LOGIN bob Sesam-47": [
        ("bad-tag", "tag", "a", 'A1 LOGIN "bob" "<password>"')],
}
HINTS = {
    "a1 LOGIN al[i]ce Sesam-47": [
        ("unportable-octet", "username", "a1 LOGIN al", 'a1 LOGIN "al[i]ce" "<password>"')],
    "a1 LOGIN al~ice Sesam-47": [
        ("unportable-octet", "username", "a1 LOGIN al", 'a1 LOGIN "al~ice" "<password>"')],
    "a1 LOGIN al}ice Sesam-47": [
        ("unportable-octet", "username", "a1 LOGIN al", 'a1 LOGIN "al}ice" "<password>"')],
}
CLEAN = [
    "a1 LOGIN alice Sesam-47",
    'a1 LOGIN "al*i(c)e" "Sesam-47%"',
    'a1 LOGIN "a\\"b\\\\c" Sesam-47\r',
    "a1 LOGIN {7}\nal*\nice {8}\nSesam-47\n",
    "a1 LOGIN {3+}\nb\xfc {8+}\nSesam-47",
    f"a1 AUTHENTICATE PLAIN {BASE64_SECRET}",
    f"a1 AUTHENTICATE PLAIN\n{BASE64_SECRET}",
    "a1 AUTHENTICATE LOGIN\nYm9i\nU2VzYW0tNDc=",
    'a1 LOGIN "al[i]ce" Sesam-47',
    "a1 LOGIN al]ice Sesam-47",
    "a1 NOOP",
    "",
]
# Rules that a line alone cannot break: they need the network or the server's side.
NOT_OF_A_LINE = {"literal-not-awaited", "unadvertised-literal", "oversized-literal", "unadvertised-initial-response",
                 "starttls-pipelined", "mechanism-not-announced", "response-not-awaited", "response-continued",
                 "literal-length", "response-not-utf8", "already-authenticated", "login-disabled"}


class Linting:
    """What the tests below share."""

    def lint(self, octets, *arguments, status=0):
        octets = octets if isinstance(octets, bytes) else octets.encode()
        run = self.imaptap("lint", *arguments, input=octets, status=status)
        for word in FORBIDDEN:
            self.assertNotIn(word, run.out + run.err)
        return run

    def findings(self, octets, *arguments, status=0):
        return json.loads(self.lint(octets, "--format", "json", *arguments, status=status).out)["findings"]

    def short(self, findings):
        return [(one["rule"], one["argument"], one["command"][:one["caret"]], one["corrected"]) for one in findings]


class Lint(harness.ImaptapTest, Linting):
    def test_violations_carets_and_corrected_lines(self):
        for line, expected in VIOLATIONS.items():
            with self.subTest(line):
                self.assertEqual(self.short(self.findings(line + "\n", status=1)), expected)

    def test_the_line_is_shown_as_it_was_sent(self):
        for line, shown in (('a1 login "CORP\\b\\"ob" "Sesam-47"\t', f'a1 LOGIN "CORP\\b\\"ob" {MASK}'),
                            ('a1 \t LOGIN   "a\\\\b" "Sesam-47"', f'a1 \\t LOGIN   "a\\\\b" {MASK}'),
                            ("a1 LOGIN {3+}\nb*b *Sesam-47", f"a1 LOGIN {{3+}}\\r\\nb*b {MASK}"),
                            ("a1 LOGIN" + " " * 99 + "bob Sesam-47", "a1 LOGIN" + " " * 8 + f"bob {MASK}"),
                            ("a1 AUTHENTICATE Sesam-47", "a1 AUTHENTICATE [...]")):
            with self.subTest(line):
                self.assertEqual({one["command"] for one in self.findings(line + "\n", status=1)}, {shown})

    def test_hints_are_no_violations(self):
        for line, expected in HINTS.items():
            with self.subTest(line):
                findings = self.findings(line + "\n")
                self.assertEqual(self.short(findings), expected)
                self.assertEqual(findings[0]["severity"], "hint")

    def test_right_lines_are_clean(self):
        for line in CLEAN:
            with self.subTest(line):
                self.assertEqual(self.findings(line + "\n", status=3 if line in ("", "a1 NOOP") else 0), [])

    def test_nothing_to_judge_is_not_clean(self):
        for octets in ("", "a1 NOOP\n", "\n\n"):
            self.assertIn("nothing was judged", self.lint(octets, status=3).err)

    def test_a_capture_is_named_and_not_judged(self):
        for magic in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a"):
            run = self.lint(magic + b"a1 LOGIN a*b c\r\n", status=3)
            self.assertIn("imaptap read", run.err)
            self.assertNotIn("unquoted-wildcard", run.out)

    def test_every_rule_of_a_line_has_a_case(self):
        rules = {row["rule"] for row in json.loads(self.imaptap("rules", "--format", "json").out) if "rule" in row}
        tried = {finding[0] for findings in VIOLATIONS.values() for finding in findings}
        self.assertEqual(tried | NOT_OF_A_LINE, rules)

    def test_lines_of_remedies_are_clean(self):
        remedies = [row["remedy"] for row in json.loads(self.imaptap("rules", "--format", "json").out)]
        lines = [line for remedy in remedies for line in re.findall(r'A\d LOGIN "[^"]*" "<password>"', remedy)]
        self.assertGreater(len(lines), len(remedies) // 2)
        self.assertEqual(self.findings("\r\n".join(lines) + "\r\n", "--stream"), [])

    def test_corrected_lines_are_clean(self):
        for line in list(VIOLATIONS) + list(HINTS):
            for finding in self.findings(line + "\n", status=int(line in VIOLATIONS)):
                if finding["corrected"] is not None:
                    with self.subTest(finding["corrected"]):
                        self.assertEqual(self.findings(finding["corrected"] + "\r\n", "--stream"), [])

    def test_a_password_is_masked_alike_whatever_its_length(self):
        texts = {self.lint(f"a1 LOGIN a*b {password}\n", status=1).out
                 for password in (SECRET, SECRET * 20, f'"{SECRET} {SECRET}"')}
        self.assertEqual(len(texts), 1)
        texts = {self.lint(f"a1 LOGIN bob *{password}\n", status=1).out for password in (SECRET, SECRET * 20)}
        self.assertEqual(len(texts), 1)

    def test_no_password_in_any_format(self):
        lines = "\n".join([*VIOLATIONS, *HINTS, *CLEAN]) + "\n"
        for name in ("text", "json", "sarif"):
            self.lint(lines, "--format", name, "--servers", status=1)
        stream = "\r\n".join([*VIOLATIONS, *HINTS]) + "\r\n"
        for name in ("text", "json", "sarif"):
            self.lint(stream, "--format", name, "--servers", "--stream", status=1)

    def test_lines_are_judged_each_by_itself(self):
        lines = "a1 LOGIN \"bob Sesam-47\na1 STARTTLS\na1 LOGIN {3}\nb*b Sesam-47\n\na1 LOGIN x*y Sesam-47\n"
        places = [(one["line"], one["column"], one["rule"]) for one in self.findings(lines, status=1)]
        self.assertEqual(places, [(1, 10, "bad-quoted"), (1, 4, "missing-argument"), (6, 11, "unquoted-wildcard")])

    def test_the_column_is_that_of_the_input(self):
        lines = "a1  LOGIN \xfcb*b Sesam-47\r\n  a2 LOGIN {6}\r\nbo\nb\0b *Sesam-47\r\n"
        places = [(one["line"], one["column"], one["rule"]) for one in self.findings(lines, status=1)]
        self.assertEqual(places, [(1, 13, "unquoted-wildcard"), (1, 11, "eight-bit-octet"), (1, 4, "bad-spacing"),
                                  (4, 5, "unquoted-wildcard"), (4, 2, "nul-octet"), (2, 1, "bad-spacing")])

    def test_columns_behind_a_doubtful_name_are_not_reported(self):
        places = {(one["rule"], one["column"]) for one in
                  self.findings('a1 LOGIN bob"my Sesam-47"\n', status=1) if one["argument"] == "password"}
        self.assertEqual(places, {("unquoted-special", 4)})


class Text(harness.ImaptapTest, Linting):
    def test_shows_everything_that_helps(self):
        out = self.lint("\na1 LOGIN ali*ce Sesam-47\n", status=1).out.splitlines()
        self.assertRegex(out[0], r"^stdin:2:13: error: .*wildcard.* \[unquoted-wildcard\]$")
        self.assertEqual(out[1:3], [f"    a1 LOGIN ali*ce {MASK}", "                ^ *"])
        self.assertTrue(out[3].startswith("  Reference: RFC 2060, 3501 and 9051"))
        self.assertTrue(out[4].startswith("  Remedy: "))
        self.assertEqual(out[5], '  Corrected: a1 LOGIN "ali*ce" "<password>"')
        self.assertEqual(out[-1], "1 login judged: 1 violation, 0 hints.")

    def test_names_the_wildcards_of_a_password(self):
        out = self.lint("a1 LOGIN bob %Sesam-47*\n", status=1).out.splitlines()
        self.assertEqual(out[1:3], [f"    a1 LOGIN bob {MASK}", "                 ^ % and * in the password"])

    def test_octets_cannot_reach_the_terminal(self):
        out = self.lint(b"a1\x1b LOGIN \x1b[31m\xc2\x9b\x07 Sesam-47\n", status=1).out
        self.assertTrue(out.isascii())
        self.assertTrue(all(octet >= " " or octet == "\n" for octet in out))
        self.assertIn("a1\\x1b LOGIN \\x1b[31m\\xc2\\x9b\\x07 ", out)

    def test_nothing_found_and_nothing_judged_differ(self):
        self.assertEqual(self.lint("a1 LOGIN bob Sesam-47\n").out, "1 login judged: 0 violations, 0 hints.\n")
        self.assertIn("nothing was judged", self.lint("a1 NOOP\n", status=3).out)

    def test_servers(self):
        users = {"a*b": "accepted by Courier, Cyrus, Dovecot; refused by Exchange 2003, hoodiecrow, UW imapd",
                 "a[b": "accepted by Courier, Cyrus, Dovecot; refused by hoodiecrow; not known of Exchange 2003, UW imapd",
                 "a\\{b": "accepted by Cyrus; refused by Courier, Dovecot, hoodiecrow; not known of Exchange 2003, UW imapd",
                 "a\\)b": "refused by Courier, hoodiecrow; not known of Cyrus, Dovecot, Exchange 2003, UW imapd"}
        lines = "".join(f"a1 LOGIN {user} Sesam-47\n" for user in users)
        out = self.lint(lines, "--servers", status=1).out
        listed = [line.removeprefix("  Servers: ") for line in out.splitlines() if line.startswith("  Servers: ")]
        self.assertEqual(listed, list(users.values()))
        self.assertNotIn("Servers:", self.lint(lines, status=1).out)
        found = self.findings(lines, "--servers", status=1)
        self.assertEqual(found[0]["servers"]["accept"], ["Courier", "Cyrus", "Dovecot"])
        self.assertEqual(found[1]["servers"]["refuse"], ["hoodiecrow"])
        self.assertNotIn("servers", self.findings(lines, status=1)[0])

    def test_servers_answer_as_they_were_measured(self):
        for (value, written), servers in measured_answers().items():
            line = "a1 LOGIN {} Sesam-47\n".format(WRITTEN[written].format(MEASURED_NAMES[value]))
            with self.subTest(line):
                (found,) = self.findings(line, "--servers", status=int(value not in LEGAL)) or [None]
                if found is None:  # an octet that none of them refuses needs no hint
                    self.assertEqual(set(servers.values()), {"accept"})
                    continue
                for server, answer in servers.items():
                    self.assertIn(server, found["servers"][answer], found["servers"])


class Stream(harness.ImaptapTest, Linting):
    def test_line_ends_and_literals_are_judged_as_they_are(self):
        octets = ("a1 LOGIN ali*ce Sesam-47\na2 LOGIN {4}\r\nb\r\nb {8}\r\nSesam-47\r\na3 APPEND x {19}\r\n"
                  "x LOGIN a*b Sesam-4\r\na4 LOGIN bob Sesam-47\r\r\na5 STARTTLS\r\n"
                  f"a6 AUTHENTICATE PLAIN\r\n{BASE64_SECRET}\r\na7 LOGIN b%b Sesam-47\r\n")
        found = [(one["line"], one["rule"]) for one in self.findings(octets, "--stream", status=1)]
        self.assertEqual(found, [(1, "unquoted-wildcard"), (1, "bad-line-end"), (8, "bad-line-end"),
                                 (12, "unquoted-wildcard")])

    def test_many_logins_keep_their_places(self):
        octets = "".join(f"a{i} LOGIN b*b Sesam-47\r\n" for i in range(500))
        found = self.findings(octets, "--stream", status=1)
        self.assertEqual([one["line"] for one in found], list(range(1, 501)))

    def test_what_is_not_whole_is_reported(self):
        for octets, word in (("a1 LOGIN b*b Ses", "ends inside"), ("a1 LOGIN {99}\r\nbob", "ends inside"),
                             ("hello\r\nwhat now\r\nis this\r\nno mail\r\nat all\r\n", "no stream of IMAP"),
                             (b"a0 NOOP\r\n\x16\x03\x01\x02\x00\x01", "TLS")):
            self.assertIn(word, self.lint(octets, "--stream", status=3).err)


class Sarif(harness.ImaptapTest, Linting):
    """SARIF 2.1.0, checked by hand against the standard's sections 3.13 to 3.52."""

    def sarif(self, octets, *arguments, status=1):
        return json.loads(self.lint(octets, "--format", "sarif", *arguments, status=status).out)

    def check_keys(self, what, required, optional=()):
        self.assertLessEqual(set(required), set(what))
        self.assertLessEqual(set(what), set(required) | set(optional))

    def check(self, log):
        self.check_keys(log, ("$schema", "version", "runs"))
        self.assertEqual(log["version"], "2.1.0")
        (run,) = log["runs"]
        self.check_keys(run, ("tool", "results", "columnKind", "invocations"))
        self.assertIn(run["columnKind"], ("utf16CodeUnits", "unicodeCodePoints"))
        self.check_keys(run["invocations"][0], ("executionSuccessful",))
        driver = run["tool"]["driver"]
        self.check_keys(driver, ("name", "version", "rules"))
        for rule in driver["rules"]:
            self.check_keys(rule, ("id", "shortDescription", "help", "defaultConfiguration", "properties"))
            self.assertIn(rule["defaultConfiguration"]["level"], ("error", "warning", "note"))
            self.assertTrue(rule["shortDescription"]["text"] and rule["help"]["text"])
        self.assertEqual(len({rule["id"] for rule in driver["rules"]}), len(driver["rules"]))
        for result in run["results"]:
            self.check_keys(result, ("ruleId", "ruleIndex", "level", "message", "locations", "properties"))
            self.assertEqual(driver["rules"][result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note"))
            self.assertTrue(result["message"]["text"])
            (location,) = result["locations"]
            place = location["physicalLocation"]
            self.check_keys(place, ("artifactLocation", "region"))
            self.assertRegex(place["artifactLocation"]["uri"], r"^(file://)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$")
            self.check_keys(place["region"], ("startLine", "startColumn"))
            self.assertGreaterEqual(min(place["region"].values()), 1)
        return run

    def test_structure(self):
        rules = json.loads(self.imaptap("rules", "--format", "json").out)
        run = self.check(self.sarif("\n".join([*VIOLATIONS, *HINTS]) + "\n", "--servers"))
        expected = sum(map(len, [*VIOLATIONS.values(), *HINTS.values()]))
        self.assertEqual(len(run["results"]), expected)
        self.assertEqual([rule["id"] for rule in run["tool"]["driver"]["rules"]],
                         [rule["rule"] for rule in rules if "rule" in rule] + ["unportable-octet"])
        self.assertTrue(run["invocations"][0]["executionSuccessful"])

    def test_without_results(self):
        self.assertEqual(self.check(self.sarif("a1 NOOP\n", status=3))["results"], [])

    def test_a_hint_is_a_note(self):
        (result,) = self.check(self.sarif("a1 LOGIN a}b Sesam-47\n", status=0))["results"]
        self.assertEqual((result["ruleId"], result["level"]), ("unportable-octet", "note"))

    def test_columns_count_code_points(self):
        for name, column in (("b*b", 11), ("\xfc*b", 11), ("\U0001f600*b", 11)):
            with self.subTest(name):
                run = self.check(self.sarif(f"a1 LOGIN {name} Sesam-47\n"))
                self.assertEqual(run["columnKind"], "unicodeCodePoints")
                (place,) = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]
                            if result["ruleId"] == "unquoted-wildcard"]
                self.assertEqual(place, {"startLine": 1, "startColumn": column})

    def test_places_are_uris(self):
        path = self.write("with space/t\xe4st%.txt", b"\na1 LOGIN a*b Sesam-47\n")
        (result,) = self.check(self.sarif("", path))["results"]
        place = result["locations"][0]["physicalLocation"]
        self.assertTrue(place["artifactLocation"]["uri"].endswith("/with%20space/t%C3%A4st%25.txt"))
        self.assertEqual(place["region"], {"startLine": 2, "startColumn": 11})


class Inputs(harness.ImaptapTest, Linting):
    def test_several_files(self):
        one = self.write("one.txt", b"a1 LOGIN a*b Sesam-47\n")
        two = self.write("two.txt", b"a1 LOGIN a%b Sesam-47")
        found = self.findings("a1 LOGIN x*y Sesam-47\n", one, "-", two, status=1)
        self.assertEqual([os.path.basename(finding["file"]) for finding in found], ["one.txt", "stdin", "two.txt"])

    def test_what_cannot_be_read_is_status_3_and_the_rest_is_judged(self):
        good = self.write("good.txt", b"a1 LOGIN a*b Sesam-47\n")
        for bad in (self.path("none.txt"), self.folder):
            run = self.lint("", bad, good, status=3)
            self.assertIn(bad, run.err)
            self.assertIn("good.txt:1:11", run.out)
        log = json.loads(self.lint("", "--format", "json", self.path("none.txt"), status=3).out)
        self.assertIs(log["complete"], False)

    def test_a_file_that_is_too_long_is_not_read(self):
        path = self.write("long.txt", b"")
        os.truncate(path, 64 * 1024 * 1024 + 1)
        self.assertIn("64 MiB", self.lint("", path, status=3).err)

    def test_wrong_usage_is_status_2(self):
        for arguments in (["--format", "xml"], ["--no-such-option"], ["--format"]):
            self.lint("", *arguments, status=2)

    def test_help_has_an_example_that_works(self):
        out = self.imaptap("lint", "--help").out
        example = out[out.index("Example:") + len("Example:"):].strip()
        run = subprocess.run(example.replace("imaptap", harness.BINARY), shell=True, capture_output=True, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"unquoted-wildcard", run.stdout)

    def test_output_that_cannot_be_written_is_status_3(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([harness.BINARY, "lint"], input=b"a1 LOGIN a*b x\n", stdout=full, stderr=subprocess.PIPE,
                                 timeout=60)
        self.check_clean(run.stderr)
        self.assertEqual(run.returncode, 3)


if __name__ == "__main__":
    harness.main()
