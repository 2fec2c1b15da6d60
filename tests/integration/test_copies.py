"""One capture, read as a file, compressed, through a pipe, or in part before: its rows are kept once."""
import bz2
import gzip
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
        before = open(self.database, "rb").read()
        self.read(packed)
        self.assertEqual(open(self.database, "rb").read(), before)
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


if __name__ == "__main__":
    harness.main()
