"""Findings in the names of others: each line is valid by the schema in the tree, and says what the database says."""
import glob
import json
import os
import re

import capture_maker
import harness
from capture_maker import Conversation, pcap

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def validator(name):
    import jsonschema

    with open(os.path.join(TREE, "db", "finding", f"{name}.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


class Schemas(harness.ImaptapTest):
    def lines(self, schema, *arguments):
        run = self.imaptap("query", "-d", self.database, "--format", "ndjson", "--schema", schema, *arguments)
        return [json.loads(line) for line in run.out.splitlines()]

    def assert_valid(self, name, lines):
        check = validator(name)
        for line in lines:
            errors = [f"{list(error.path)}: {error.message}" for error in check.iter_errors(line)]
            self.assertEqual(errors, [], line)

    def read_odd_login(self):
        """One login whose user name holds what JSON and terminals stumble over."""
        frames = Conversation().open().login(
            'a1 LOGIN "J\u00f6rg \\\\ \x1b[31m" Sesam-1', "NO no").close().frames
        self.read("-q", self.write("odd.pcap", pcap(frames)))

    def test_of_every_finding_in_the_samples_are_valid(self):
        self.read("-q", *sorted(glob.glob(os.path.join(TREE, "samples", "*.pcap*"))))
        (count,), = self.ask("SELECT count(*) FROM violations")
        self.assertGreater(count, 20)
        for name in ("eve", "ecs"):
            lines = self.lines(name, "SELECT * FROM findings")
            self.assertEqual(len(lines), count)
            self.assert_valid(name, lines)

    def test_say_what_the_login_exposed_besides(self):
        self.read("-q", self.write("a.pcap", capture_maker.one_login()))
        line, = self.lines("eve", "findings")
        self.assertEqual((line["imaptap"]["rule"], line["imaptap"]["exposure"]), ("unquoted-wildcard", "password"))
        line, = self.lines("ecs", "findings")
        self.assertEqual((line["rule"]["id"], line["labels"]), ("unquoted-wildcard", {"exposure": "password"}))

    def test_are_silent_about_an_exposure_that_was_not_seen(self):
        self.read("-q", self.write("a.pcap", pcap(Conversation().open().login("a1 LOGIN star*", "BAD no").close().frames)))
        self.assertIsNone(self.one("SELECT exposure FROM logins"))
        for name in ("eve", "ecs"):
            lines = self.lines(name, "findings")
            self.assertGreater(len(lines), 0)
            self.assert_valid(name, lines)
            self.assertNotIn("exposure", json.dumps(lines))

    def test_of_eve_hold_what_is_in_the_database(self):
        self.read("-q", self.write("a.pcap", capture_maker.one_login()))
        line, = self.lines("eve", "findings", "--rule", "unquoted-wildcard")
        row = self.one("SELECT time, client_ip, client_port, server_ip, server_port, community_id, username, octets, "
                       "position, result, frame FROM findings WHERE rule = 'unquoted-wildcard'")
        ours = line["imaptap"]
        self.assertEqual((line["timestamp"].replace("+0000", "Z"), line["src_ip"], line["src_port"], line["dest_ip"],
                          line["dest_port"], line["community_id"], ours["username"], ours["octets"],
                          ours["position"], ours["result"], ours["frame"]), row)
        self.assertEqual((line["event_type"], line["proto"], line["app_proto"]), ("imaptap", "TCP", "imap"))
        self.assertIs(ours["refused"], True)

    def test_of_ecs_hold_what_is_in_the_database(self):
        self.read("-q", self.write("a.pcap", capture_maker.one_login()))
        line, = self.lines("ecs", "findings", "--rule", "unquoted-wildcard")
        row = self.one("SELECT time, client_ip, client_port, server_ip, server_port, community_id, username, rule, title, "
                       "remedy FROM findings WHERE rule = 'unquoted-wildcard'")
        self.assertEqual((line["@timestamp"], line["client"]["ip"], line["client"]["port"], line["server"]["ip"],
                          line["server"]["port"], line["network"]["community_id"], line["user"]["name"],
                          line["rule"]["id"], line["rule"]["name"], line["rule"]["description"]), row)
        self.assertEqual(line["event"], {"kind": "alert", "category": ["authentication"], "outcome": "failure"})

    def test_say_one_flow_for_one_connection(self):
        frames = []
        for port in (40001, 40002):
            frames += Conversation(client_port=port).open().login("a LOGIN x* y", "NO no").login(
                "b LOGIN z* y", "NO no").close().frames
        self.read("-q", self.write("two.pcap", pcap(frames)))
        flows = [(line["src_port"], line["flow_id"]) for line in self.lines("eve", "findings")]
        self.assertEqual(len(set(flows)), 2)
        self.assertEqual(len({flow for _, flow in flows}), 2)

    def test_escape_what_a_terminal_acts_on(self):
        self.read_odd_login()
        for name in ("eve", "ecs"):
            out = self.imaptap("query", "-d", self.database, "--format", "ndjson", "--schema", name, "findings").out
            self.assertNotRegex(out, r"[^\x0a\x20-\x7e]")
            lines = [json.loads(line) for line in out.splitlines()]
            self.assert_valid(name, lines)
            user = lines[0]["imaptap"]["username"] if name == "eve" else lines[0]["user"]["name"]
            self.assertEqual(user, self.one("SELECT username FROM logins"))

    def test_hold_no_octet_of_a_password(self):
        self.read("-q", self.write("a.pcap", capture_maker.one_login()))
        for name in ("eve", "ecs"):
            run = self.imaptap("query", "-d", self.database, "--format", "ndjson", "--schema", name, "findings")
            self.assertNotIn("Sesam", run.out)

    def test_are_refused_where_they_do_not_fit(self):
        self.read("-q", self.write("a.pcap", capture_maker.one_login()))
        for arguments, words in ((("--schema", "eve", "findings"), "--schema needs --format ndjson"),
                                 (("--format", "ndjson", "--schema", "cef", "findings"), "--schema is eve or ecs"),
                                 (("--format", "ndjson", "--schema", "eve", "senders"), "the column .* is missing"),
                                 (("--format", "ndjson", "--schema", "ecs", "SELECT 1 AS rule"), "is missing")):
            err = self.imaptap("query", "-d", self.database, *arguments, status=2).err
            self.assertTrue(re.search(words, err), err)

    def test_can_be_had_of_sql_too(self):
        self.read("-q", self.write("a.pcap", capture_maker.one_login()))
        lines = self.lines("eve", "SELECT * FROM findings WHERE severity = 'error'")
        self.assertEqual([line["imaptap"]["rule"] for line in lines], ["unquoted-wildcard"])


if __name__ == "__main__":
    harness.main()
