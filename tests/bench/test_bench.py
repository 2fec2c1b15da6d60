"""The bench itself: what the generator says is true is what imaptap finds, and a database that differs is noticed."""
import json
import os
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
import harness  # noqa: E402

TOOLS = os.environ["BENCH_TOOLS"]


class Bench(harness.ImaptapTest):
    def run_tool(self, name, *arguments):
        run = subprocess.run([os.path.join(TOOLS, name), *arguments], capture_output=True, check=True, timeout=120)
        self.check_clean(run.stderr)
        return run.stdout.decode()

    def generate(self, workload, scale=0.01, seed=1, name="made"):
        self.run_tool("bench_generate", workload, self.path(name + ".pcap"), self.path(name + ".truth"),
                      "--scale", str(scale), "--seed", str(seed))
        with open(self.path(name + ".truth"), encoding="ascii") as file:
            return self.path(name + ".pcap"), file.read()

    def bench(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(HERE, "bench.py"), "--tools", TOOLS, "--imaptap", harness.BINARY,
                               "--scale", "0.002", "--runs", "1", "--cache", self.folder, "--json", self.path("figures.json"),
                               *arguments], capture_output=True, text=True, timeout=120, check=False)

    def test_rows_equal_the_truth(self):
        for workload in "dense", "mixed", "fetch", "wide", "hostile":
            with self.subTest(workload):
                capture, truth = self.generate(workload)
                database = self.path(workload + ".db")
                self.imaptap("read", "-q", "-d", database, capture)
                found = self.run_tool("bench_rows", database)
                self.assertEqual(truth, found + truth.splitlines(keepends=True)[-1])
                self.assertNotIn("logins 0\n", found)
                self.assertNotIn("violations 0\n", found)

    def test_a_seed_gives_the_same_octets_and_another_one_others(self):
        captures = []
        for name, seed in ("a", 7), ("b", 7), ("c", 8):
            path, _ = self.generate("dense", 0.001, seed, name)
            with open(path, "rb") as file:
                captures.append(file.read())
        self.assertEqual(captures[0], captures[1])
        self.assertNotEqual(captures[0], captures[2])

    def test_a_row_that_differs_is_noticed(self):
        for workload, scale in ("dense", 0.001), ("fetch", 0.002):
            self.read("-q", self.generate(workload, scale, name=workload)[0])
        right = self.run_tool("bench_rows", self.database)
        for change in ("UPDATE logins SET username = 'other' WHERE id = 3",
                       "UPDATE logins SET after_text = NULL WHERE id = (SELECT min(id) FROM logins WHERE after_text <> '')",
                       "DELETE FROM violations WHERE id = 5", "UPDATE violations SET position = 99 WHERE position >= 0"):
            with self.subTest(change):
                connection = sqlite3.connect(self.database)
                self.addCleanup(connection.close)
                connection.execute(change)
                connection.commit()
                changed = self.run_tool("bench_rows", self.database)
                self.assertNotEqual(changed, right)
                right = changed

    def test_figures_are_kept_and_shown(self):
        run = self.bench("--workload", "dense", "--program", "empty loop", "--program", "imaptap")
        self.assertIn("equal the truth in every run", run.stdout, run.stderr)
        with open(self.path("figures.json"), encoding="ascii") as file:
            figures = json.load(file)
        self.assertTrue(figures["workloads"]["dense"]["rows_equal_truth"])
        self.assertGreater(figures["workloads"]["dense"]["programs"]["imaptap"]["peak"], 0)
        self.assertEqual({b["budget"] for b in figures["budgets"]}, {"dense: time", "dense: memory"})
        shown = self.bench("--from", self.path("figures.json"), "--markdown")
        self.assertIn("| dense | imaptap | 1 |", shown.stdout)
        self.assertEqual(shown.returncode, run.returncode)

    def test_a_program_that_loses_rows_fails_the_bench(self):
        liar = self.write("liar", b"#!/bin/sh\nexec \"$IMAPTAP\" read -q -p 9 --no-detect -d \"$5\" \"$6\"\n")
        os.chmod(liar, 0o755)
        run = self.bench("--workload", "dense", "--program", "imaptap", "--imaptap", liar)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn("logins 0 instead of 200", run.stdout)


if __name__ == "__main__":
    harness.main()
