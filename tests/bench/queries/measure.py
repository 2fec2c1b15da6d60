#!/usr/bin/python3
"""Measures every canned query on a database, as CPU time and as a ratio to a full scan of the tables that it reads.

    measure.py --imaptap build/imaptap DATABASE [--runs 3] [--markdown] [--limit SECONDS]

Whole processes of `imaptap query`, which writes csv to /dev/null; the least CPU time of the runs (user and system: what else the machine
does matters little there). The tables that a query reads are those that SQLite asks its authorizer about. With --limit the exit
status is 1 when a query takes longer.
"""
import argparse
import os
import resource
import sqlite3
import subprocess
import sys


def cpu(command, runs):
    best = None
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = took if best is None else min(best, took)
    return best


class Database:
    def __init__(self, imaptap, path, runs):
        self.imaptap, self.path, self.runs = imaptap, path, runs
        self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.tables = {name: [row[1] for row in self.connection.execute(f"PRAGMA table_info({name})")]
                       for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                       if not name.startswith("sqlite_")}
        self.scans = {}

    def query(self, text):
        return cpu([self.imaptap, "query", "-d", self.path, "--format", "csv", "--max-rows", "0", text], self.runs)

    def reads(self, sql):
        read = set()

        def authorize(action, table, *_):
            if action == sqlite3.SQLITE_READ and table in self.tables:
                read.add(table)
            return sqlite3.SQLITE_OK

        self.connection.set_authorizer(authorize)
        self.connection.execute(f"EXPLAIN {sql}", {name: None for name in ("client", "server", "user", "rule", "since", "until")})
        self.connection.set_authorizer(None)
        return read

    def scan(self, table):
        """Every row is read to its last column, without an index."""
        if table not in self.scans:
            last = self.tables[table][-1]
            self.scans[table] = self.query(f'SELECT count(*) FROM {table} NOT INDEXED WHERE "{last}" IS \'no such value\'')
        return self.scans[table]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--imaptap", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--limit", type=float)
    parser.add_argument("database")
    options = parser.parse_args()
    database = Database(options.imaptap, os.path.abspath(options.database), options.runs)
    lines = subprocess.run([options.imaptap, "query", "--list"], check=True, capture_output=True, text=True).stdout.splitlines()
    slow = []
    print("| query | seconds | scan of its tables | ratio |\n| --- | ---: | ---: | ---: |" if options.markdown else
          f"{'query':25}{'seconds':>8}{'scan':>8}{'ratio':>8}")
    for name in [line.split()[0] for line in lines if not line.startswith(" ")]:
        sql = subprocess.run([options.imaptap, "query", "--sql", name], check=True, capture_output=True, text=True).stdout
        took, scan = database.query(name), sum(database.scan(table) for table in database.reads(sql))
        print(f"| `{name}` | {took:.2f} | {scan:.2f} | {took / scan:.1f} |" if options.markdown else
              f"{name:25}{took:8.2f}{scan:8.2f}{took / scan:8.1f}", flush=True)
        if options.limit is not None and took > options.limit:
            slow.append(name)
    if slow:
        sys.exit(f"slower than {options.limit} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
