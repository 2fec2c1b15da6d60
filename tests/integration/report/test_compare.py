"""Before and after a repair."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import capture_maker
import harness
from capture_maker import Conversation, pcap

BARE, QUOTED = "a1 LOGIN {0} Sesam-77", 'a1 LOGIN "{0}" "Sesam-77"'


class Comparing:
    def capture(self, name, *logins, start=1_700_000_000):
        """(client, line, answer)s as a capture; a line of None: a connection that is encrypted from the start."""
        frames = []
        for number, (client, line, answer) in enumerate(logins):
            self.addCleanup(setattr, capture_maker, "CLIENT", capture_maker.CLIENT)
            capture_maker.CLIENT = client
            talk = Conversation(client_port=40000 + number, start_ns=(start + number) * 10**9, server_port=143 if line else 993)
            talk.addresses["C"] = capture_maker._address(client)
            if line:
                talk.open().login(line, answer)
            else:
                talk.segment("C", 2)
                talk.segment("S", 0x12)
                talk.segment("C", 0x18, bytes.fromhex("160301000401000000"))
                talk.segment("S", 0x18, bytes.fromhex("160303000402000000"))
            frames += talk.close().frames
        return self.write(name, pcap(frames))

    def sides(self, before, after):
        self.imaptap("read", "-d", self.path("before.db"), self.capture("before.pcap", *before))
        self.imaptap("read", "-d", self.path("after.db"), self.capture("after.pcap", *after, start=1_700_100_000))
        return self.compare("--format", "json", "before.db", "after.db")

    def compare(self, *arguments):
        return json.loads(self.imaptap("compare", *arguments).out)

    @staticmethod
    def changes(answer, kind, name):
        return {row[name]: row["change"] for row in answer[kind]}


class Compare(Comparing, harness.ImaptapTest):
    def test_who_stopped_who_began_and_who_goes_on(self):
        answer = self.sides(
            [("10.0.0.1", BARE.format("a*"), "BAD no"), ("10.0.0.2", BARE.format("b*"), "BAD no"),
             ("10.0.0.3", QUOTED.format("c*"), "OK in"), ("10.0.0.4", QUOTED.format("plain"), "OK in")],
            [("10.0.0.1", QUOTED.format("a*"), "OK in"), ("10.0.0.2", BARE.format("b*"), "BAD no"),
             ("10.0.0.3", BARE.format("c*"), "BAD no"), ("10.0.0.4", QUOTED.format("plain"), "OK in"),
             ("10.0.0.5", BARE.format("e*"), "BAD no")])
        self.assertEqual(self.changes(answer, "senders", "client_ip"),
                         {"10.0.0.1": "stopped", "10.0.0.2": "still", "10.0.0.3": "began", "10.0.0.5": "new"})
        self.assertEqual(self.changes(answer, "users", "username"),
                         {"a*": "gets in", "b*": "still refused", "c*": "newly refused", "e*": "refused"})
        self.assertEqual(answer["summary"]["verdict"], "not repaired")
        self.assertEqual(answer["summary"]["senders"], {"stopped": 1, "still": 1, "began": 1, "new": 1, "not known": 0, "not seen": 0})

    def test_a_repair_is_shown(self):
        answer = self.sides([("10.0.0.1", BARE.format("a*"), "BAD no")], [("10.0.0.1", QUOTED.format("a*"), "OK in")])
        self.assertEqual(answer["summary"]["verdict"], "repaired")
        text = self.imaptap("compare", "before.db", "after.db").out
        self.assertTrue(text.startswith("Verdict: repaired\n  1 sender of * or % without quotes before, 0 after: 1 stopped"), text)
        self.assertIn("unquoted (0 refused), 1 quoted; last bare on 2023-11-14 22:13:20 UTC, quoted since 2023-11-16 02:00:00 UTC",
                      " ".join(text.split()))
        self.assertEqual([(row["last_unquoted_ns"] // 10**9, row["quoted_since_ns"] // 10**9) for row in answer["senders"]],
                         [(1_700_000_000, 1_700_100_000)])
        self.assertIn("Users: Now get in\n  a* at 10.9.0.2: before 0 let in, 1 refused; after 1 let in, 0 refused\n", text)

    def test_what_was_not_seen_is_not_repaired(self):
        for after, sender in ((("10.0.0.9", QUOTED.format("x"), "OK in"), "not seen"),
                              (("10.0.0.1", None, None), "not seen"),
                              (("10.0.0.1", BARE.format("plain"), "OK in"), "not known")):
            with self.subTest(after=after):
                for name in ("before.db", "after.db"):
                    if os.path.exists(self.path(name)):
                        os.remove(self.path(name))
                answer = self.sides([("10.0.0.1", BARE.format("a*"), "BAD no")], [after])
                self.assertEqual(self.changes(answer, "senders", "client_ip"), {"10.0.0.1": sender})
                self.assertEqual(self.changes(answer, "users", "username"), {"a*": "not seen"})
                self.assertEqual(answer["summary"]["verdict"], "not known")

    def test_two_captures_of_one_database(self):
        self.read(self.capture("m.pcap", ("10.0.0.1", BARE.format("a*"), "BAD no")))
        self.read(self.capture("n.pcap", ("10.0.0.1", QUOTED.format("a*"), "OK in"), start=1_700_100_000))
        answer = self.compare("-d", self.database, "--before", "1", "--after", "2", "--format", "json")
        self.assertEqual(answer["summary"]["verdict"], "repaired")
        self.assertEqual(answer["summary"]["after"]["source"], self.path("n.pcap"))
        answer = self.compare("-d", self.database, "--before", "2", "--after", "1", "--format", "json")
        self.assertEqual(answer["summary"]["verdict"], "not repaired")

    def test_a_side_that_is_not_there_is_refused(self):
        self.read(self.capture("m.pcap", ("10.0.0.1", BARE.format("a*"), "BAD no")))
        run = self.imaptap("compare", "-d", self.database, "--before", "1", "--after", "7", status=3)
        self.assertIn("there is no capture with a number given", run.err)
        self.assertIn("no.db", self.imaptap("compare", self.database, "no.db", status=3).err)
        for arguments in ([], [self.database], ["--before", "1", "a.db", "b.db"], ["--before", "x", "--after", "1"]):
            self.imaptap("compare", *arguments, status=2)

    def test_both_sides_can_be_narrowed(self):
        bare, quoted = BARE.format("a*"), QUOTED.format("a*")
        self.sides([("10.0.0.1", bare, "BAD no"), ("10.0.1.1", bare.replace("a*", "b*"), "BAD no")],
                   [("10.0.0.1", quoted, "OK in"), ("10.0.1.1", bare.replace("a*", "b*"), "BAD no")])
        self.assertEqual(self.compare("--format", "json", "before.db", "after.db")["summary"]["verdict"], "not repaired")
        for arguments, said in ((("--client", "10.0.0.0/24"), "from 10.0.0.0/24"), (("--user", "A*"), "to the user A*")):
            answer = self.compare("--format", "json", *arguments, "before.db", "after.db")
            self.assertEqual(answer["summary"]["verdict"], "repaired", arguments)
            self.assertEqual(self.changes(answer, "users", "username"), {"a*": "gets in"})
            self.assertEqual(answer["summary"]["narrowed_to"], f"Only what happened {said}.")
        text = self.imaptap("compare", "--since", "2023-11-15", "before.db", "after.db").out
        self.assertTrue(text.startswith("Verdict: not known\n  Only what happened since 2023-11-15 00:00:00 UTC.\n"), text)

    def test_a_wrong_password_is_not_counted_as_a_broken_rule(self):
        answer = self.sides([("10.0.0.1", BARE.format("a*"), "NO [LIMIT] Too many")], [("10.0.0.1", QUOTED.format("a*"), "OK in")])
        self.assertEqual([row["before"]["refused_for_a_broken_rule"] for row in answer["users"]], [0])

    def test_the_exit_status_says_whether_it_is_repaired(self):
        self.sides([("10.0.0.1", BARE.format("a*"), "BAD no")], [("10.0.0.1", QUOTED.format("a*"), "OK in")])
        for arguments, status in ((["before.db", "after.db"], 0), (["after.db", "before.db"], 1),
                                  (["--client", "203.0.113.9", "before.db", "after.db"], 1)):
            self.imaptap("compare", "--exit-code", *arguments, status=status)
        self.imaptap("compare", "after.db", "before.db", status=0)

    def test_the_page_says_the_same_and_holds_no_markup_of_the_wire(self):
        self.sides([("10.0.0.1", BARE.format("<script>alert(1)</script>*"), "BAD no")],
                   [("10.0.0.1", QUOTED.format("<script>alert(1)</script>*"), "OK in")])
        self.imaptap("compare", "--html", self.path("c.html"), "before.db", "after.db")
        with open(self.path("c.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("<h1>Verdict: repaired</h1>", page)
        self.assertEqual(page.count("<script"), 1)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;*", page)


if __name__ == "__main__":
    harness.main()
