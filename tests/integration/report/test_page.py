"""The page in headless Chromium: what it does with and without scripts, with the keyboard alone, and with hostile text."""
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness
from test_compare import BARE, QUOTED, Comparing
from test_report import Reporting

CACHE = os.environ.get("IMAPTAP_TEST_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "imaptap-tests")
MODULES = os.path.join(CACHE, "node_modules")
if not (shutil.which("node") and os.path.exists("/usr/bin/chromium") and os.path.isdir(os.path.join(MODULES, "playwright-core"))):
    print("node, chromium or playwright-core is missing: scripts/test installs them")
    sys.exit(77)

HOSTILE = "<script>alert(1)</script>"


class Browsing:
    def browse(self, script, page):
        self.opened = self.path(page)
        run = subprocess.run(["node", os.path.join(HERE, script), self.opened, self.folder], capture_output=True, timeout=280,
                             env={**os.environ, "NODE_PATH": MODULES})
        self.assertEqual(run.returncode, 0, run.stderr.decode())
        return json.loads(run.stdout)

    def browse_report(self):
        self.page()
        return self.browse("browser.js", "r.html")

    def check_peace(self, found):
        """Nothing was asked for but the page, nothing was blocked or failed, and no text became markup."""
        self.assertEqual(set(found["requests"]), {"file://" + self.opened})
        self.assertEqual(found["messages"], [])
        self.assertEqual(found["dialogs"], 0)
        self.assertEqual(found["scripts"], 1)
        self.assertEqual(found["markup"], 0)

    def check_printed(self, *texts):
        """The page as PDF has pages, and on paper stands what stands on the screen."""
        with open(self.path("printed.pdf"), "rb") as file:
            octets = file.read()
        pages = len(re.findall(rb"/Type\s*/Page\b", octets))
        self.assertGreater(pages, 0)
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-layout", self.path("printed.pdf"), "-"], capture_output=True, check=True).stdout.decode()
            for words in texts:
                self.assertIn(words, text)
        return pages


class Page(Browsing, Reporting, harness.ImaptapTest):
    def test_the_page_in_a_browser(self):
        self.read_lines(("a1 LOGIN ali*ce Sesam-77", "BAD no"), (f"a2 LOGIN {HOSTILE} Sesam-77", "BAD <img src=x onerror=alert(2)>"),
                        ("a3 LOGIN bob Sesam*77", "NO no"), ('a4 LOGIN "carol" "Sesam-77"', "OK in"))
        found = self.browse_report()
        self.check_peace(found)
        self.assertEqual(found["verdict"], "Verdict: fault likely")
        self.assertEqual(sorted(found["users"]), sorted([HOSTILE, "ali*ce", "bob"]))
        self.assertEqual((found["skip"], found["skipped"]), ("skip", "main"))
        self.assertEqual(found["unsorted"], "none")
        self.assertEqual(found["ascending"], ["ascending", HOSTILE, "ali*ce", "bob"])
        self.assertEqual(found["descending"], ["descending", "bob", "ali*ce", HOSTILE])
        self.assertEqual(found["sorts"], 1)
        self.assertEqual(found["searched"], ["1 of 3 findings match, 1 shown", HOSTILE])
        self.assertEqual(found["filtered"], ["unquoted-special"])
        self.assertEqual(found["all"], "3 of 3 findings match, 3 shown")
        self.assertTrue(found["opened"] and found["closed"] and found["closedByButton"])
        self.assertRegex(found["focus"], "^Details of finding ")
        for part in ("Send the argument as", "section 9", "frame.number == ", "ip.addr == 10.9.0.1 && tcp.port == 4000",
                     " && ip.addr == 10.9.0.2 && tcp.port == 143", "tshark -r '", "********"):
            self.assertIn(part, found["details"])
        self.assertEqual(found["marks"], 2)
        self.assertIn("img: 4 logins: 1 let in, 3 refused, 0 without a verdict. 2 refused logins held * or %", found["chart"])
        self.assertEqual(len(set(found["themes"])), 2)
        with open(self.path("light.png"), "rb") as light, open(self.path("dark.png"), "rb") as dark:
            self.assertNotEqual(light.read(), dark.read())
        self.assertEqual(found["printed"], ["none", "rgb(255, 255, 255)"])
        self.check_printed("Verdict: fault likely", HOSTILE, "ali*ce", "Next steps", "All findings", "c.pcap")
        self.assertEqual(found["plain"]["verdict"], "Verdict: fault likely")
        self.assertEqual((found["plain"]["rows"], found["plain"]["shown"], found["plain"]["filters"]), (3, True, False))
        self.assertEqual(found["plain"]["captions"], found["plain"]["tables"])
        self.assertEqual((found["stripped"]["verdict"], found["stripped"]["rows"]), ("Verdict: fault likely", 3))


class LargePage(Browsing, Reporting, harness.ImaptapTest):
    def test_many_findings_cost_nothing_until_they_are_wanted(self):
        self.read_lines((f"a1 LOGIN {HOSTILE}* Sesam-77", "BAD </noscript><script>alert(2)</script>"))
        self.fill(3000)
        found = self.browse_report()
        self.check_peace(found)
        self.assertLess(found["elements"], 12000)
        self.assertEqual(len(found["users"]), 200)
        self.assertEqual(found["ascending"][1:5], [HOSTILE + "*", HOSTILE + "*", "a*1", "a*10"])
        self.assertEqual(found["descending"][1:3], ["a*999", "a*998"])
        self.assertEqual(found["searched"][0], "2 of 3,002 findings match, 2 shown")
        self.assertEqual(found["all"], "3,002 of 3,002 findings match, 200 shown")
        self.assertEqual(found["more"], "3,002 of 3,002 findings match, 1,200 shown")
        self.assertEqual((found["plain"]["rows"], found["plain"]["shown"], found["plain"]["stripped"]), (3002, True, 0))
        self.assertEqual((found["stripped"]["rows"], found["stripped"]["said"]), (200, 1))
        self.assertGreater(self.check_printed("Verdict: "), 3)


class ComparePage(Browsing, Comparing, harness.ImaptapTest):
    def test_a_comparison_in_a_browser(self):
        self.sides([("10.0.0.1", BARE.format("a*"), "BAD no"), ("10.0.0.2", BARE.format("b*"), "BAD no"),
                    ("10.0.0.3", BARE.format(HOSTILE + "*"), "BAD <img src=x onerror=alert(2)>")],
                   [("10.0.0.1", QUOTED.format("a*"), "OK in"), ("10.0.0.2", BARE.format("b*"), "BAD no"),
                    ("10.0.0.3", QUOTED.format(HOSTILE + "*"), "OK in")])
        self.imaptap("compare", "--html", self.path("c.html"), self.path("before.db"), self.path("after.db"))
        found = self.browse("compare_browser.js", "c.html")
        self.check_peace(found)
        self.assertEqual(found["verdict"], found["plain"]["verdict"])
        self.assertIn("not repaired", found["verdict"])
        self.assertEqual(found["skipped"], "main")
        self.assertEqual(found["ascending"], ["ascending", HOSTILE + "*", "a*", "b*"])
        self.assertEqual(found["descending"], ["descending", "b*", "a*", HOSTILE + "*"])
        self.assertEqual(len(set(found["themes"])), 2)
        self.assertEqual(sorted(found["plain"]["senders"]), ["still", "stopped", "stopped"])
        self.assertEqual(found["plain"]["users"], 3)
        self.assertEqual(found["plain"]["captions"], found["plain"]["tables"])
        self.check_printed("not repaired", "<script>alert(1)", "10.0.0.2", "still refused")


if __name__ == "__main__":
    harness.main()
