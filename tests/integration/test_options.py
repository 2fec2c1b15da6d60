"""Options, the help and the hints, of every command that the list of commands names."""
import json
import os
import re
import signal
import subprocess
import time

import capture_maker
import harness

# A value that each kind of argument takes.
VALUES = {"FILE": "a.db", "DIR": "folder", "LIST": "143", "IFACE": "lo", "EXPR": "tcp", "MIB": "1", "OCTETS": "96", "N": "1",
          "MS": "5", "AGE": "1d", "NAME": "nobody", "WAY": "syslog", "SCHEMA": "eve", "TIME": "2026-11-24", "NETWORK": "192.0.2.0/24",
          "RULE": "bad-tag", "SECONDS": "1", "COLUMNS": "username"}
FORMATS = {"query": "table", "report": "text", "compare": "text", "rules": "text", "lint": "text"}


class Table:
    def commands(self):
        names = re.findall(r"^  ([a-z]+)  +\S", self.imaptap("--help").out, re.M)
        self.assertGreater(len(names), 11)
        return [name for name in names if name not in ("help", "version")]

    def options(self, command):
        """(letter, name, argument) of each line of the help that declares one."""
        found = re.findall(r"^  (?:-(\w), |    )--([a-z-]+)(?: ([A-Z]+))?(?:  |$)", self.imaptap(command, "--help").out, re.M)
        self.assertIn(("h", "help", ""), found)
        return found

    def value(self, command, argument):
        return FORMATS[command] if argument == "FORMAT" else VALUES[argument]


class Help(Table, harness.ImaptapTest):
    def test_fits_80_columns(self):
        for arguments in (["--help"], *([command, "--help"] for command in self.commands())):
            for line in self.imaptap(*arguments).out.splitlines():
                self.assertLessEqual(len(line), 80, f"{arguments}: {line}")

    def test_has_an_example_of_the_command(self):
        for command in self.commands():
            self.assertIn(f"imaptap {command}", self.imaptap(command, "--help").out.split("\nExample:\n")[1])

    def test_of_a_command_is_the_same_both_ways(self):
        for command in self.commands():
            self.assertEqual(self.imaptap("help", command).out, self.imaptap(command, "--help").out)
        self.assertEqual(self.imaptap("help").out, self.imaptap("--help").out)

    def test_of_an_unknown_command_is_wrong_usage(self):
        self.assertIn("did you mean 'query'?", self.imaptap("help", "qurey", status=2).err)

    def test_the_version_has_three_names(self):
        self.assertEqual(len({self.imaptap(name).out for name in ("-V", "--version", "version")}), 1)


class Accepted(Table, harness.ImaptapTest):
    """What the help declares is what the parser takes."""

    def test_every_option_is_taken_long_and_short(self):
        for command in self.commands():
            for letter, name, argument in self.options(command):
                values = [self.value(command, argument)] if argument else []
                self.imaptap(command, f"--{name}", *values, "--help")
                if letter:
                    self.imaptap(command, f"-{letter}", *values, "--help")

    def test_a_value_is_needed_where_one_is_declared_and_only_there(self):
        for command in self.commands():
            for _, name, argument in self.options(command):
                if name != "help":
                    run = self.imaptap(command, *([f"--{name}"] if argument else [f"--{name}=x"]), status=2)
                    self.assertIn(f"imaptap {command}: --{name} ", run.err)
                    self.assertIn(f"imaptap {command} --help", run.err)

    def test_quiet_is_taken_everywhere(self):
        for command in self.commands():
            self.assertIn(("q", "quiet", ""), self.options(command))


class Hints(Table, harness.ImaptapTest):
    def check(self, *arguments, words):
        run = self.imaptap(*arguments, status=2)
        self.assertEqual(run.out, "")
        self.assertEqual(len(run.err.splitlines()), 1, run.err)
        for word in words:
            self.assertIn(word, run.err)

    def test_an_unknown_command_gets_the_nearest(self):
        for wrong, meant in (("reed", "read"), ("qeury", "query"), ("repot", "report"), ("rule", "rules"), ("verif", "verify")):
            self.check(wrong, words=[f"'{wrong}'", f"did you mean '{meant}'?", "imaptap --help"])

    def test_a_word_that_is_like_none_gets_no_hint(self):
        self.assertNotIn("did you mean", self.imaptap("frobnicate", status=2).err)
        self.assertNotIn("did you mean", self.imaptap("read", "--frobnicate", status=2).err)

    def test_an_unknown_option_gets_the_nearest_of_every_command(self):
        for command in self.commands():
            for _, name, argument in self.options(command):
                wrong = name[0] + name[2] + name[1] + name[3:] if len(name) > 3 and name[1] != name[2] else name + "x"
                self.check(command, f"--{wrong}", words=[f"imaptap {command}: ", f"'--{wrong}'", f"'--{name}'", f"imaptap {command} --help"])

    def test_an_unknown_letter_is_named(self):
        self.check("read", "-Z", words=["imaptap read: ", "'-Z'", "imaptap read --help"])

    def test_a_capture_in_place_of_a_command_is_named_with_read(self):
        capture = self.write("foo.pcap", b"")
        self.check(capture, words=[f"imaptap read {capture}"])
        self.check("-r", "bar.pcap", words=["imaptap read bar.pcap"])
        self.check("-r", words=["imaptap read FILE"])

    def test_a_wrong_word_gets_the_known_ones(self):
        self.check("compare", "--format", "xml", words=["imaptap compare: ", "--format is text or json", "'xml'", "--help"])
        self.check("query", "sender", words=["did you mean 'senders'?"])
        self.check("query", "findings", "--rule", "bad-tga", words=["did you mean 'bad-tag'?"])


class Slips(harness.ImaptapTest):
    def test_rules_by_name(self):
        out = self.imaptap("rules", "bad-tag", "nul-octet").out
        self.assertEqual(re.findall(r"^([a-z-]+) \(", out, re.M), ["bad-tag", "nul-octet"])
        rows = json.loads(self.imaptap("rules", "--format", "json", "bad-tag").out)
        self.assertEqual([row["rule"] for row in rows], ["bad-tag"])
        self.assertIn("did you mean 'bad-tag'?", self.imaptap("rules", "bad-tga", status=2).err)

    def test_live_lists_the_interfaces(self):
        self.assertRegex(self.imaptap("live", "-D").out, r"(?m)^lo +(up|down)")

    def test_an_interrupted_read_says_what_it_did(self):
        whole = capture_maker.one_login()
        os.mkfifo(self.path("fifo"))
        process = subprocess.Popen([harness.BINARY, "read", "-d", self.database, self.path("fifo")], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with open(self.path("fifo"), "wb") as writer:
            writer.write(whole)
            writer.flush()
            time.sleep(1.5)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"the reading was stopped", err)
        self.assertRegex(out, rb"Read: 1 capture, [^,]*octets, 9 frames\n  1 IMAP connection, 1 login")


class Database(harness.ImaptapTest):
    """--db, else IMAPTAP_DB, else imaptap.db."""

    def setUp(self):
        super().setUp()
        self.capture = self.write("one.pcap", capture_maker.one_login())

    def made(self, *arguments, **environment):
        self.imaptap("read", "-q", *arguments, self.capture, env={**os.environ, **environment})
        return sorted(name for name in os.listdir(self.folder) if name.endswith(".db"))

    def test_is_imaptap_db_in_the_working_folder(self):
        self.assertEqual(self.made(), ["imaptap.db"])

    def test_is_that_of_the_environment(self):
        self.assertEqual(self.made(IMAPTAP_DB="mine.db"), ["mine.db"])

    def test_is_not_an_empty_name_of_the_environment(self):
        self.assertEqual(self.made(IMAPTAP_DB=""), ["imaptap.db"])

    def test_is_that_of_the_option_before_all(self):
        self.assertEqual(self.made("--db", "other.db", IMAPTAP_DB="mine.db"), ["other.db"])

    def test_of_the_environment_does_not_get_in_the_way_of_two_to_compare(self):
        self.made("-d", "a.db")
        out = self.imaptap("compare", "a.db", "a.db", env={**os.environ, "IMAPTAP_DB": "mine.db"}).out
        self.assertIn("not repaired", out)


if __name__ == "__main__":
    harness.main()
