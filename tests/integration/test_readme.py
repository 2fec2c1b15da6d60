"""The README's example is what the program prints."""
import os
import re
import shlex
import subprocess

import harness

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Readme(harness.ImaptapTest):
    def test_the_example_is_true(self):
        os.symlink(os.path.join(TOP, "samples"), self.path("samples"))
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            block = re.search(r"^```\n(\$ imaptap .*?)^```$", file.read(), re.M | re.S).group(1)
        examples = re.findall(r"^\$ imaptap (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)
        self.assertGreaterEqual(len(examples), 2)
        for command, output in examples:
            self.assertEqual(self.imaptap(*shlex.split(command)).out.strip(), output.strip(), command)

    def test_every_line_of_what_is_understood_names_its_tests(self):
        listed = subprocess.run(["ctest", "-N"], cwd=os.path.dirname(harness.BINARY), capture_output=True, check=True, text=True)
        tests = re.findall(r"Test +#\d+: (\S+)", listed.stdout)
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            table = re.search(r"^## What is understood\n(.*?)^## |^What could", file.read(), re.M | re.S).group(1)
        lines = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("| ")][1:]
        self.assertGreater(len(lines), 12)
        for what, _, backing in (line for line in lines if not line[0].startswith("---")):
            names = re.findall(r"`([^`]+)`", backing)
            self.assertTrue(names, what)
            for name in names:
                self.assertTrue(any(name in test for test in tests), f"{what}: {name}")


if __name__ == "__main__":
    harness.main()
