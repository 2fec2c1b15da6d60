"""The README's example is what the program prints."""
import os
import re
import shlex

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


if __name__ == "__main__":
    harness.main()
