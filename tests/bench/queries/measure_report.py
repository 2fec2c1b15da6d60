#!/usr/bin/python3
"""Measures `imaptap report --html` on databases: CPU time, peak memory, and the page's size; and how long a page opens.

    measure_report.py --imaptap build/imaptap [--modules node_modules] [--markdown] DATABASE...

Whole processes; the greatest memory of two runs and the least CPU time. With --modules, where playwright-core is, the page is opened in
headless Chromium too: the seconds from asking for it to the load event, and to the first frame drawn after that, the least of three.
"""
import argparse
import json
import os
import sqlite3
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def report(imaptap, database, page):
    """CPU seconds, and the peak of resident memory in MiB."""
    process = subprocess.Popen([imaptap, "report", "-d", database, "--html", page], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{database}: imaptap report failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def opening(modules, page):
    run = subprocess.run(["node", os.path.join(HERE, "open_page.js"), page], check=True, capture_output=True,
                         env={**os.environ, "NODE_PATH": modules})
    return json.loads(run.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--imaptap", required=True)
    parser.add_argument("--modules")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("databases", nargs="+")
    options = parser.parse_args()
    columns = ("logins", "findings", "seconds", "peak MiB", "page MiB", "load s", "drawn s")
    print("| " + " | ".join(columns) + " |\n|" + " ---: |" * len(columns) if options.markdown else
          "".join(f"{name:>12}" for name in columns))
    for database in options.databases:
        connection = sqlite3.connect(f"file:{os.path.abspath(database)}?mode=ro", uri=True)
        logins = connection.execute("SELECT count(*) FROM logins").fetchone()[0]
        findings = connection.execute("SELECT count(*) FROM violations").fetchone()[0]
        connection.close()
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "report.html")
            runs = [report(options.imaptap, database, page) for _ in range(2)]
            times = opening(options.modules, page) if options.modules else {}
            row = (f"{logins:,}", f"{findings:,}", f"{min(seconds for seconds, _ in runs):.2f}", f"{max(peak for _, peak in runs):.1f}",
                   f"{os.path.getsize(page) / 2**20:.1f}",
                   *(f"{times[name]:.2f}" if name in times else "-" for name in ("load", "drawn")))
        print("| " + " | ".join(row) + " |" if options.markdown else "".join(f"{cell:>12}" for cell in row), flush=True)


if __name__ == "__main__":
    main()
