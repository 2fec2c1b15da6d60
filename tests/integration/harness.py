"""Runs the binary under test and asks its database; what the integration tests share."""
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

BINARY = os.environ["IMAPTAP"]


class ImaptapTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="imaptap-test-")
        self.addCleanup(self._folder.cleanup)
        self.folder = self._folder.name
        self.database = self.path("findings.db")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, octets):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(octets)
        return self.path(name)

    def imaptap(self, *arguments, status=0, **options):
        """Runs it; the exit status must be `status`, and no sanitizer may have spoken."""
        run = subprocess.run([BINARY, *arguments], capture_output=True, timeout=120, cwd=self.folder, **options)
        self.check_clean(run.stderr)
        self.assertEqual(run.returncode, status, f"{arguments}\n{run.stdout.decode()}{run.stderr.decode()}")
        run.out, run.err = run.stdout.decode(), run.stderr.decode()
        return run

    def check_clean(self, stderr):
        self.assertNotIn(b"Sanitizer", stderr, stderr.decode(errors="replace"))
        self.assertNotIn(b"runtime error", stderr, stderr.decode(errors="replace"))

    def read(self, *arguments, status=0, **options):
        return self.imaptap("read", "-d", self.database, *arguments, status=status, **options)

    def ask(self, sql, database=None):
        connection = sqlite3.connect(database or self.database)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def one(self, sql):
        rows = self.ask(sql)
        self.assertEqual(len(rows), 1, rows)
        return rows[0][0] if len(rows[0]) == 1 else rows[0]

    def check_database(self):
        self.assertEqual(self.ask("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(self.ask("PRAGMA foreign_key_check"), [])


def main():
    unittest.main(argv=[sys.argv[0], "-q", *sys.argv[1:]])
