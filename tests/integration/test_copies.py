"""One capture, read as a file, compressed, through a pipe, or in part before: its rows are kept once."""
import bz2
import gzip
import hashlib
import itertools
import lzma
import os

import harness
from capture_maker import Conversation, pcap

PACKERS = (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress))


class Copies(harness.ImaptapTest):
    ROWS = "SELECT username, result, frame FROM logins ORDER BY frame"

    def setUp(self):
        super().setUp()
        conversations = [Conversation(client_port=4000 + i, start_ns=(1_700_000_000 + i) * 10**9).open()
                         .login(f"a LOGIN u*{i} p", "NO no").close() for i in range(40)]
        self.octets = pcap([frame for conversation in conversations for frame in conversation.frames])
        self.plain = self.write("plain.pcap", self.octets)

    def packed(self, suffix="gz"):
        return self.write("packed." + suffix, dict(PACKERS)[suffix](self.octets))

    def read_database(self):
        with open(self.database, "rb") as file:
            return file.read()

    def expect_once(self):
        self.assertEqual(self.one("SELECT count(*) FROM captures WHERE state = 'complete'"), 1)
        self.assertEqual([row[0] for row in self.ask(self.ROWS)], [f"u*{i}" for i in range(40)])
        self.assertEqual(self.one("SELECT count(*) FROM connections"), 40)
        self.check_database()

    def test_read_one_after_the_other_are_one(self):
        for suffix, _ in PACKERS:
            for order in itertools.permutations((self.plain, self.packed(suffix))):
                self.database = self.path(f"{suffix}-{os.path.basename(order[0])}.db")
                self.read(order[0])
                self.assertIn("in the database already", self.read(order[1]).out)
                self.expect_once()

    def test_read_together_are_one(self):
        for number, order in enumerate(itertools.permutations((self.plain, self.packed("gz"), self.packed("xz")))):
            self.database = self.path(f"{number}.db")
            self.assertIn("2 captures were in the database already", self.read(*order).out)
            self.expect_once()

    def test_a_compressed_one_that_is_known_is_not_unpacked_again(self):
        packed = self.packed()
        self.read(self.plain)
        self.read(packed)  # by its content
        before = self.read_database()
        self.read(packed)
        self.assertEqual(self.read_database(), before)
        self.assertEqual(self.one("SELECT packed_fingerprint IS NOT NULL FROM captures"), 1)

    def test_a_pipe_is_one_too(self):
        self.read(self.packed())
        for octets in self.octets, gzip.compress(self.octets), lzma.compress(self.octets):
            self.assertIn("in the database already", self.read("-", input=octets).out)
        self.expect_once()

    def test_a_compressed_one_that_was_cut_is_replaced_by_the_whole(self):
        whole = gzip.compress(self.octets)
        capture = self.write("packed.gz", whole[:-300])
        self.read(capture, status=3)
        self.assertEqual(self.ask("SELECT state, fingerprint FROM captures"), [("failed", None)])
        self.read(capture, status=3)  # once more: still one row
        self.write("packed.gz", whole)
        self.read(capture)
        self.assertEqual(self.one("SELECT count(*) FROM captures"), 1)
        self.expect_once()

    def test_a_hash_that_is_missing_is_filled_in_for_the_compressed_file(self):
        packed = self.packed()
        self.read("--no-hash", packed)
        self.assertIn("hashed now", self.imaptap("verify", "-d", self.database, status=3).out)
        self.assertIn("intact", self.imaptap("verify", "-d", self.database).out)


class Streams(harness.ImaptapTest):
    """What a stream left that was cut is replaced when the whole comes."""

    def setUp(self):
        super().setUp()
        frames = []
        for i in range(3000):  # longer than what a fingerprint looks at
            frames += Conversation(client_port=4000 + i, start_ns=(1_700_000_000 + i) * 10**9).open().login(f"a LOGIN u*{i} p", "NO no").close().frames
        self.octets = pcap(frames)

    def logins(self):
        return self.one("SELECT count(*) || ' of ' || count(DISTINCT username) FROM logins")

    def expect_whole(self):
        self.assertEqual(self.ask("SELECT state FROM captures"), [("complete",)])
        self.assertEqual(self.logins(), "3000 of 3000")
        self.check_database()

    def test_the_whole_stream_replaces_what_was_cut(self):
        for length in 5000, 400_003, len(self.octets) - 10:
            self.read("-", input=self.octets[:length], status=3)
        self.assertEqual(self.one("SELECT count(*) FROM captures"), 1)  # each replaced the one before
        self.read("-", input=self.octets)
        self.expect_whole()

    def test_those_cut_earlier_and_later_are_all_replaced(self):
        for length in 700_001, 300_001, 300_001:
            self.read("-", input=self.octets[:length], status=3)
        self.read("-", input=self.octets)
        self.expect_whole()

    def test_a_compressed_stream_too(self):
        packed = gzip.compress(self.octets)
        self.read("-", input=packed[:len(packed) // 2], status=3)
        self.read("-", input=packed)
        self.expect_whole()

    def test_the_file_replaces_what_its_stream_left(self):
        self.read("-", input=self.octets[:300_001], status=3)
        self.read(self.write("whole.pcap", self.octets))
        self.expect_whole()

    def test_a_stream_replaces_what_a_file_left(self):
        self.read(self.write("cut.pcap", self.octets[:300_001]), status=3)
        self.read("-", input=self.octets)
        self.expect_whole()

    def test_another_stream_replaces_nothing(self):
        other = pcap(Conversation(client_port=9).open().login("a LOGIN other p", "NO no").close().frames)
        self.read("-", input=other[:-5], status=3)
        self.read("-", input=self.octets)
        self.assertEqual(self.ask("SELECT state FROM captures ORDER BY id"), [("failed",), ("complete",)])
        self.assertEqual(self.logins(), "3001 of 3001")

    def test_that_is_shorter_than_expected_is_failed_and_replaced_by_the_whole(self):
        digest = hashlib.sha256(self.octets).hexdigest()
        begin = self.octets[:24]
        for option, value, reason in (("--expect-size", str(len(self.octets)), rf"24 octets came, not {len(self.octets)}"),
                                      ("--sha256", digest.upper(), r"its SHA-256 is [0-9a-f]{64}")):
            run = self.read("--name", "span of mail1", option, value, "-", input=begin, status=3)
            self.assertRegex(run.err, "span of mail1: is not what was expected: " + reason)
            self.assertEqual(self.ask("SELECT source, state FROM captures"), [("span of mail1", "failed")])
        self.read("--expect-size", str(len(self.octets)), "--sha256", digest, "--name", "span of mail1", "-", input=self.octets)
        self.expect_whole()
        self.assertEqual(self.one("SELECT source FROM captures"), "span of mail1")
        self.read("--expect-size", "7", "-", input=self.octets, status=3)  # known, and not what it should be
        self.expect_whole()

    def test_expectations_are_of_standard_input_and_well_formed(self):
        capture = self.write("whole.pcap", self.octets)
        for arguments in (["--name", "x", capture], ["--expect-size", "5", capture], ["--sha256", "0" * 64, capture],
                          ["--expect-size", "0", "-"], ["--expect-size", "5x", "-"], ["--sha256", "0" * 63, "-"],
                          ["--sha256", "g" * 64, "-"], ["--no-hash", "--sha256", "0" * 64, "-"]):
            self.read(*arguments, status=2, input=b"")
        self.assertFalse(os.path.exists(self.database))

    def test_a_file_may_be_standard_input(self):
        one = {min(os.sched_getaffinity(0))}  # where nothing is hashed beside the reading
        capture = self.write("whole.pcap", self.octets)
        for number, digest in enumerate((hashlib.sha256(self.octets).hexdigest(), "0" * 64)):
            self.database = self.path(f"{number}.db")
            with open(capture, "rb") as file:
                self.read("--sha256", digest, "--name", "other name", "-", stdin=file, status=3 * number,
                          preexec_fn=lambda: os.sched_setaffinity(0, one))
            self.assertEqual(self.ask("SELECT source, state FROM captures"), [("other name", ("complete", "failed")[number])])

    def test_that_was_cut_between_frames_is_known_to_be_the_beginning_of_the_next_from_there(self):
        self.read("-", input=self.octets[:24])
        self.assertEqual(self.ask("SELECT state FROM captures"), [("complete",)])
        self.read("-", input=self.octets)
        self.expect_whole()


if __name__ == "__main__":
    harness.main()
