#!/usr/bin/env python3
"""docs/sql.md is true: the picture shows the tables as they are, and each worked question yields the answer beside it.

db_docs.py IMAPTAP [--write]: with --write, the answers are written into the file instead of compared.
"""
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "sql.md"
QUESTION = re.compile(r"(?<=^```sql\n)(.*?)(\n```\n\n```text\n)(.*?)(?=\n```$)", re.S | re.M)


def drawn(text):
    """What the picture shows: {table: [(type, column, key, words or None)]}, and its lines (parent, cardinality, child)."""
    picture = re.search(r"^```mermaid\nerDiagram\n(.*?)^```$", text, re.S | re.M)[1]
    tables = {name: [(kind, column, key, words.split(", ") if words else None)
                     for kind, column, key, words in re.findall(r'^ {8}(\w+) (\w+) ?(\w*) ?(?:"(.*)")?$', body, re.M)]
              for name, body in re.findall(r"^ {4}(\w+) \{\n(.*?)^ {4}\}$", picture, re.S | re.M)}
    return tables, set(re.findall(r"^ {4}(\w+) (\S+) (\w+) :", picture, re.M))


def compare_picture(text, database):
    tables, lines = drawn(text)
    connection = sqlite3.connect(database)
    wrong, references = [], set()
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
    if sorted(tables) != sorted(names):
        wrong.append(f"the picture shows the tables {sorted(tables)} instead of {sorted(names)}")
    for table in set(names) & set(tables):
        sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        foreign = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
        unique = {connection.execute(f"PRAGMA index_info({index[1]})").fetchone()[2]
                  for index in connection.execute(f"PRAGMA index_list({table})")
                  if index[3] == "u" and len(connection.execute(f"PRAGMA index_info({index[1]})").fetchall()) == 1}
        columns = []
        for _, column, kind, needed, _, primary in connection.execute(f"PRAGMA table_info({table})"):
            key = "PK" if primary else "FK" if column in foreign else "UK" if column in unique else ""
            columns.append((kind.lower(), column, key))
            if column in foreign:
                references.add((foreign[column], "||--o{" if needed else "|o--o{", table))
        if [row[:3] for row in tables[table]] != columns:
            wrong.append(f"the picture of {table} shows\n{[row[:3] for row in tables[table]]}\ninstead of\n{columns}")
        for _, column, _, words in tables[table]:
            known = re.findall(rf"\b{column} = '([^']*)'", sql) or re.findall(
                r"'([^']*)'", (re.search(rf"\b{column} IN \(('[^)]*)\)", sql) or ["", ""])[1])
            if words and words != known:
                wrong.append(f"the picture says of {table}.{column} {words} instead of {known}")
    connection.close()
    if lines != references:
        wrong.append(f"the picture's lines differ: {sorted(lines ^ references)}")
    return wrong


def main():
    imaptap, write = sys.argv[1], "--write" in sys.argv
    text = PAGE.read_text()
    captures = re.search(r"^    imaptap read (.*)$", text, re.M)[1].split()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/docs.db"
        subprocess.run([imaptap, "read", "-q", "-d", database, *captures], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

        drawn_wrongly = compare_picture(text, database)

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
    if drawn_wrongly:
        sys.exit("docs/sql.md: " + "\n".join(drawn_wrongly))


main()
