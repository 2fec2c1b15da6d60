"""The README's examples are what the program prints; a line of ... stands for lines that are left out."""
import os
import re
import shlex
import subprocess

import harness

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Readme(harness.ImaptapTest):
    def check_excerpt(self, excerpt, output, command):
        at = 0
        for part in re.split(r"^\.\.\.$", excerpt, flags=re.M):
            found = output.find(part.strip(), at)
            self.assertGreaterEqual(found, 0, f"{command} does not print:\n{part}\nbut:\n{output[at:]}")
            at = found + len(part.strip())

    def test_the_examples_are_true(self):
        os.symlink(os.path.join(TOP, "samples"), self.path("samples"))
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            blocks = re.findall(r"^```\n(\$ imaptap .*?)^```$", file.read(), re.M | re.S)
        examples = [example for block in blocks for example in re.findall(r"^\$ imaptap (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)]
        self.assertGreaterEqual(len(examples), 4)
        for command, shown in examples:
            output = self.imaptap(*shlex.split(command)).out
            if "\n...\n" in shown:
                self.check_excerpt(shown, output, command)
            else:
                self.assertEqual(output.strip(), shown.strip(), command)

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
