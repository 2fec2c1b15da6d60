"""What is concluded of conversations: each scenario is a capture, and what must be said of it (README.md)."""
import glob
import json
import os
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
import harness  # noqa: E402
from capture_maker import pcap  # noqa: E402
from scenario import Scenario, Talk, merged, scenarios, tagged  # noqa: E402

FILES = sorted(glob.glob(os.path.join(HERE, "scenarios", "*.txt")))
CAUSES = """SELECT connections.client_ip, connections.client_port, connections.vlan, logins.tag, causes.cause, causes.certainty,
                   causes.rule, authors.client_ip
            FROM causes JOIN logins ON logins.id = causes.login_id JOIN connections ON connections.id = logins.connection_id
                 LEFT JOIN logins AS author_logins ON author_logins.id = causes.author_login_id
                 LEFT JOIN connections AS authors ON authors.id = author_logins.connection_id
            ORDER BY causes.login_id"""
CLEAN_WORLD_VLAN = 99
COPY_VLAN = 98


class Judging(harness.ImaptapTest):
    def judge(self, scenario, frames):
        """The causes by login, of these frames."""
        if os.path.exists(self.database):
            os.remove(self.database)
        self.read(*scenario.options, self.write("capture.pcap", pcap(frames, nanoseconds=True)))
        found = {}
        for client, port, vlan, tag, *cause in self.ask(CAUSES):
            found.setdefault((client, port, vlan, tag), tuple(cause))
        return found

    def check_login(self, login, found):
        cause, certainty, rule, author = found.get(login.key, (None, None, None, None))
        expected = login.expected
        if expected is None or expected["cause"] == ["none"]:
            if expected is not None:
                self.assertIsNone(cause, login)
            return
        self.assertIn(cause, expected["cause"], login)
        self.assertIn(certainty, expected["certainty"], f"{login}: {cause}")
        if "rule" in expected:
            self.assertIn(expected["rule"], rule or "", login)
        if "without" in expected:
            self.assertNotIn(expected["without"], rule or "", login)
        if "author" in expected:
            self.assertEqual(author, expected["author"], login)

    def check_verdict(self, verdict, rows):
        server, _, port = verdict["server"].partition("/")
        rows = [row for row in rows if row["client_ip"] == verdict["client"] and row["server_ip"] == server and
                (not port or row["server_port"] == int(port))]
        fitting = [row for row in rows if (row["cause"] or "none") in verdict["cause"]]
        self.assertTrue(fitting, f"no row for {verdict}: {rows}")
        for row in fitting:
            self.assertIn(row["verdict"], verdict["verdict"], row)
            for words in verdict["says"]:
                self.assertIn(words, row["diagnosis"])
            for words in verdict["never"]:
                self.assertNotIn(words, row["diagnosis"])
            for column in ("logins", "users"):
                for count in verdict[column]:
                    self.assertEqual(row[column], int(count), f"{column}: {row}")

    def check(self, scenario):
        found = self.judge(scenario, scenario.frames())
        for login in scenario.logins:
            self.check_login(login, found)
        if scenario.verdicts:
            rows = json.loads(self.imaptap("query", "-d", self.database, "diagnosis", "--format", "json").out)
            for verdict in scenario.verdicts:
                self.check_verdict(verdict, rows)
        if not scenario.kb:
            self.assertEqual([], self.ask("SELECT diagnosis FROM diagnosis WHERE diagnosis LIKE '%932605%'"))
        for name, shows, words in scenario.queries:
            (self.assertIn if shows else self.assertNotIn)(words, self.imaptap("query", "-d", self.database, name).out)


# --- what is added for the property, which may prove nothing ---

def clean_login(client, server, port, vlan, start_ns, user, number):
    talk = Talk(client, server, port, 50000 + number, vlan)
    talk.now = start_ns
    return talk.open().login(f'z1 LOGIN "{user}" "secret"', "OK done").close()


def user_of(line):
    """The name in a LOGIN, where it is plain to see."""
    words = line.split(" ")
    user = words[1].strip('"') if len(words) > 2 and words[0].upper() == "LOGIN" else ""
    return user if user and user.isascii() and not set('"\\{') & set(user) else ""


def clean_logins(scenario, server_of, vlan):
    """Each user of the scenario gets in, quoted, at the server that is given."""
    return [clean_login(login.talk.client, server_of(login.talk), login.talk.port, vlan, scenario.now + number * 1_000_000,
                        user_of(login.line), number)
            for number, login in enumerate(scenario.logins) if user_of(login.line)]


def clean_login_elsewhere(scenario):
    elsewhere = clean_logins(scenario, lambda talk: "2001:db8:ffff::2" if ":" in talk.client else "10.200.0.2", None)
    return scenario.frames() + merged(elsewhere)


def copy_of_the_traffic(scenario):
    """The same packets at a second place: 50 us later, in another VLAN."""
    frames = scenario.frames()
    return frames + [(time + 50_000, tagged(frame, COPY_VLAN)) for time, frame in frames]


def another_vlan(scenario):
    """The same addresses, but another world: there every user gets in."""
    return scenario.frames() + merged(clean_logins(scenario, lambda talk: talk.server, CLEAN_WORLD_VLAN))


def all_scenarios():
    """Of all files, each in a network of its own; by the options that they are read with."""
    found, network = {}, 0
    for path in FILES:
        for scenario in scenarios(path, network):
            network += 1
            found.setdefault(tuple(scenario.options), []).append(scenario)
    return found


class Together(Judging):
    """All scenarios in one capture."""

    def causes_of_all(self, among, add):
        frames = [frame for scenario in among for frame in add(scenario.clone())]
        return self.judge(among[0], sorted(frames, key=lambda frame: frame[0]))


class AddedTraffic(Together):
    """What was not known is not proved by traffic that has nothing to do with it."""

    def check_added(self, add):
        for among in all_scenarios().values():
            before = self.causes_of_all(among, Scenario.frames)
            after = self.causes_of_all(among, add)
            self.assertGreater(len(before), len(among) / 2)
            self.assertEqual([], [f"{scenario.name}: {login} was {before[login.key]}, is {after.get(login.key)}"
                                  for scenario in among for login in scenario.logins
                                  if before.get(login.key, (None, None))[1] == "unknown"
                                  and after.get(login.key, (None, None))[1] == "proved"])

    def test_all_in_one_capture_are_judged_as_each_alone(self):
        for among in all_scenarios().values():
            found = self.causes_of_all(among, Scenario.frames)
            for login in [login for scenario in among for login in scenario.logins]:
                (login.expected or {}).pop("author", None)
                with self.subTest(login=str(login)):
                    self.check_login(login, found)

    def test_masked_users_prove_no_more(self):
        """And as much where a name is written alike."""
        strength = {None: 0, "unknown": 0, "likely": 1, "proved": 2}
        among = all_scenarios()[()]
        before = self.causes_of_all(among, Scenario.frames)
        among[0].options = ["--mask-users"]
        after = self.causes_of_all(among, Scenario.frames)
        self.assertEqual(set(before), set(after))
        for login, (cause, certainty, *_) in before.items():
            self.assertLessEqual(strength[after[login][1]], strength[certainty], f"{login}: {cause}, {after[login]}")
        self.assertGreater(sum(before[login][:2] == after[login][:2] for login in before), 0.9 * len(before))

    def test_a_clean_login_elsewhere_proves_nothing(self):
        self.check_added(clean_login_elsewhere)

    def test_a_copy_of_the_traffic_proves_nothing(self):
        self.check_added(copy_of_the_traffic)

    def test_another_vlan_proves_nothing(self):
        self.check_added(another_vlan)


class Windows(Together):
    """--since and --until: judged again, of what lies between them."""

    def diagnosis(self, *options):
        return json.loads(self.imaptap("query", "-d", self.database, "diagnosis", "--format", "json", *options).out or "[]")

    def test_a_window_that_holds_all_changes_nothing(self):
        self.causes_of_all(all_scenarios()[()], Scenario.frames)
        kept = self.diagnosis()
        self.assertGreater(len(kept), 300)
        again = self.diagnosis("--since", "2001-01-01", "--until", "2101-01-01")
        for one, other in zip(kept, again):
            self.assertEqual(one, other)
        self.assertEqual(len(kept), len(again))

    def test_what_lies_outside_the_window_proves_nothing(self):
        scenario = Scenario("windows", "")
        for line in ("10.0.0.9 > 10.0.0.143", "LOGIN ali*ce pw -> BAD no", "close", "wait 7200", "10.0.0.9 > 10.0.0.143",
                     'LOGIN "ali*ce" "pw" -> OK in'):
            scenario.add(line)
        self.judge(scenario, scenario.frames())
        verdicts = [[row["verdict"] for row in self.diagnosis(*options)] for options in
                    ((), ("--until", "2023-11-14T23:00:00Z"), ("--since", "2023-11-14T23:00:00Z"))]
        self.assertEqual(verdicts, [["proved"], ["likely"], ["no finding"]])


def name_of(scenario):
    return "test_" + "".join(letter if letter.isalnum() else "_" for letter in scenario.name)


def load():
    """A test class a file, each test named after its scenario."""
    for path in FILES:
        title = "".join(word.capitalize() for word in os.path.basename(path)[:-4].split("_"))
        tests = {}
        for scenario in scenarios(path):
            assert name_of(scenario) not in tests, f"two scenarios are named {scenario.name}"
            tests[name_of(scenario)] = lambda self, one=scenario: self.check(one.clone())
        globals()[title] = type(title, (Judging,), tests)


load()
if __name__ == "__main__":
    harness.main()
