#!/usr/bin/env python3
"""docs/sql.md tells the truth: each of its worked questions yields the answer beside it.

db_docs.py IMAPTAP [--write]: with --write, the answers are written into the file instead of compared.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "sql.md"
QUESTION = re.compile(r"(?<=^```sql\n)(.*?)(\n```\n\n```text\n)(.*?)(?=\n```$)", re.S | re.M)


def main():
    imaptap, write = sys.argv[1], "--write" in sys.argv
    text = PAGE.read_text()
    captures = re.search(r"^    imaptap read (.*)$", text, re.M)[1].split()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/docs.db"
        subprocess.run([imaptap, "read", "-q", "-d", database, *captures], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

        def answer(match):
            nonlocal wrong
            run = subprocess.run([imaptap, "query", "-d", database, match[1]], check=True, stdout=subprocess.PIPE, text=True)
            said = "\n".join(line.rstrip() for line in run.stdout.splitlines())
            if said != match[3]:
                wrong += 1
                if not write:
                    print(f"docs/sql.md: {match[1]}\nanswers:\n{said}\ninstead of:\n{match[3]}\n")
            return match[1] + match[2] + said

        answered, questions = QUESTION.subn(answer, text)
    if write:
        PAGE.write_text(answered)
    elif wrong or questions < 12:
        sys.exit(f"{wrong} of {questions} questions are answered differently")


main()
