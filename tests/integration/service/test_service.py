"""The unit for systemd: it is valid, well walled, and installed where systemd looks."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
UNIT = os.path.join(TREE, "packaging", "imaptap@.service")
BUILD = os.environ["BUILD"]


@unittest.skipIf(shutil.which("systemd-analyze") is None, "needs systemd-analyze (Debian: systemd)")
class Unit(harness.ImaptapTest):
    def analyze(self, *arguments, **options):
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=120, **options)

    def test_exposes_little(self):
        run = self.analyze("security", "--offline=true", "--no-pager", UNIT)
        level = float(re.search(r"exposure level for \S+: ([0-9.]+)", run.stdout).group(1))
        self.assertLess(level, 2.0, run.stdout)

    def test_passes_verification(self):
        """With the program where it was built: systemd looks whether it is there."""
        with open(UNIT, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("ExecStart=/usr/bin/imaptap ", text)
        path = self.write("imaptap@eth1.service", text.replace("/usr/bin/imaptap", harness.BINARY).encode())
        run = self.analyze("verify", "--man=no", path)
        ours = [line for line in run.stderr.splitlines() if "imaptap@" in line]
        self.assertEqual((run.returncode, ours), (0, []), run.stderr)

    def test_names_options_that_live_has(self):
        with open(UNIT, encoding="utf-8") as file:
            command = re.search(r"^ExecStart=/usr/bin/imaptap (.*)$", file.read(), re.M).group(1)
        text = self.imaptap("live", "--help").out
        for option in re.findall(r"(?<= )--?[a-z-]+", command):
            self.assertRegex(text, rf"(^| ){option}[ ,\n]", option)


class Installation(harness.ImaptapTest):
    def test_puts_program_unit_and_user_in_place(self):
        prefix = self.path("usr")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)
        for name in ("bin/imaptap", "lib/systemd/system/imaptap@.service", "lib/sysusers.d/imaptap.conf"):
            self.assertTrue(os.path.exists(os.path.join(prefix, name)), name)
        with open(os.path.join(prefix, "lib/systemd/system/imaptap@.service"), encoding="utf-8") as file:
            unit = file.read()
        self.assertRegex(unit, r"(?m)^ExecStart=/\S+/bin/imaptap live ")
        documentation = re.search(r"(?m)^Documentation=file:(\S+)$", unit).group(1)
        self.assertTrue(documentation.endswith("/share/doc/imaptap/README.md"), documentation)
        self.assertTrue(os.path.exists(os.path.join(prefix, "share/doc/imaptap/README.md")))

    @unittest.skipIf(shutil.which("systemd-sysusers") is None, "needs systemd-sysusers (Debian: systemd)")
    def test_makes_the_user(self):
        os.makedirs(self.path("etc"))
        run = subprocess.run(["systemd-sysusers", f"--root={self.folder}",
                              os.path.join(TREE, "packaging", "imaptap.sysusers")], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        with open(self.path("etc", "passwd"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"(?m)^imaptap:x:\d+:\d+:.*:/var/lib/imaptap:.*/nologin$")


if __name__ == "__main__":
    harness.main()
