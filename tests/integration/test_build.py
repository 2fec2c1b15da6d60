"""Building: what whoever has a fresh machine meets."""
import contextlib
import os
import subprocess

import harness

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Configure(harness.ImaptapTest):
    def configure(self, *options, status=0):
        run = subprocess.run(["cmake", "-S", TOP, "-B", self.path("build"), *options], capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def without_cmocka(self):
        """A pkg-config that knows everything but cmocka."""
        path = self.write("pkg-config", b"""#!/bin/sh
for word in "$@"; do case $word in cmocka*) exit 1 ;; esac; done
exec pkg-config "$@"
""")
        os.chmod(path, 0o755)
        return f"-DPKG_CONFIG_EXECUTABLE={path}"

    def targets(self):
        run = subprocess.run(["cmake", "--build", self.path("build"), "--target", "help"], capture_output=True, text=True, timeout=60)
        return {line.removeprefix("... ").split(" ")[0] for line in run.stdout.splitlines()}

    def cache(self):
        with open(self.path("build", "CMakeCache.txt"), encoding="utf-8") as file:
            return file.read()

    def test_without_cmocka_the_tests_are_left_out_and_a_line_says_so(self):
        for _ in "first", "again":
            self.assertIn("cmocka is not installed: the tests are left out", self.configure(self.without_cmocka()))
            self.assertIn("imaptap", self.targets())
            self.assertNotIn("test_digest", self.targets())

    def test_with_cmocka_they_are_built_and_none_is_optimised_by_a_profile(self):
        self.assertNotIn("left out", self.configure())
        self.assertIn("test_digest", self.targets())
        self.assertIn("IMAPTAP_PROFILE:BOOL=OFF", self.cache())

    def test_tests_that_were_asked_for_are_not_left_out(self):
        self.assertIn("cmocka", self.configure(self.without_cmocka(), "-DBUILD_TESTING=ON", status=1))

    def test_a_package_is_optimised_by_a_profile(self):
        self.configure("-DIMAPTAP_PROFILE=ON", "-DBUILD_TESTING=OFF", "-DCMAKE_C_COMPILER=gcc")
        self.assertIn("profile", self.targets())


class Script(harness.ImaptapTest):
    """The function `build` of scripts/common.sh, with a cmake that only says what it builds."""

    def build(self, cmake, on_terminal=True):
        os.chmod(self.write("bin/cmake", b"#!/bin/sh\n" + cmake), 0o755)
        os.makedirs(self.path("out"))
        master, slave = os.openpty()
        process = subprocess.Popen(["sh", "-euc", f". {TOP}/scripts/common.sh; build out; echo built"], stdout=subprocess.PIPE,
                                   stderr=slave if on_terminal else subprocess.PIPE, cwd=self.folder, text=True,
                                   env=os.environ | {"PATH": f"{self.path('bin')}:{os.environ['PATH']}", "top": TOP})
        self.addCleanup(process.kill)
        os.close(slave)
        out, printed = process.communicate(timeout=60)
        if on_terminal:
            octets = b""
            with contextlib.suppress(OSError):  # how a terminal ends
                while more := os.read(master, 4096):
                    octets += more
            printed = octets.decode()
        os.close(master)
        return process.returncode, out, printed

    def test_a_terminal_sees_how_far_it_is(self):
        status, out, printed = self.build(b'echo "[ 42%] Building"; echo "[100%] Built"')
        self.assertEqual((status, out), (0, "built\n"))
        self.assertIn("building: [ 42%]", printed)
        self.assertIn("building: [100%]", printed)

    def test_elsewhere_it_is_silent(self):
        self.assertEqual(self.build(b'echo "[ 42%] Building"', on_terminal=False), (0, "built\n", ""))

    def test_a_failure_shows_the_log_and_ends_the_script(self):
        status, out, printed = self.build(b'echo "[ 42%] Building"; echo "what went wrong" >&2; exit 1', on_terminal=False)
        self.assertEqual((status, out), (1, ""))
        self.assertIn("what went wrong", printed)


if __name__ == "__main__":
    harness.main()
