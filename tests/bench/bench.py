#!/usr/bin/env python3
"""Measures imaptap beside the empty libpcap loop, a bare libnids loop and other tools, all on the same captures.

Every program first runs once on each capture to warm up; in that run the memory of all its processes together is sampled
(PSS, from /proc). Then the timed runs follow, the programs in turn. After every run of imaptap its rows are compared with
the generator's truth. Captures are made once and kept. scripts/bench builds and installs what this needs.
"""
import argparse
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

import budgets
import tables

WORKLOADS = {  # name: (the generator's workload, scale, what it is)
    "dense": ("dense", 1, "100,000 connections: greeting, CAPABILITY, LOGIN, verdict, LOGOUT"),
    "mixed": ("mixed", 1, "3% IMAP among full-size segments of other traffic"),
    "fetch": ("fetch", 1, "5,000 logins, then 200 kB of mail each"),
    "wide": ("wide", 1, "200,000 connections, 100,000 of them open at once"),
    "hostile": ("hostile", 1, "1,000,000 SYNs, endless lines, literals of 4 GiB, one-octet segments; 5,000 good logins"),
    "growth4": ("dense", 4, "dense four times"),
    "growth16": ("dense", 16, "dense sixteen times"),
}
IMAPTAPS = ("imaptap", "imaptap+sha256")  # read --no-hash, and read as it is without options
PEERS_LEAVE_OUT = {"growth4", "growth16"}  # these ask how imaptap grows
BESIDE = {"hostile": "dense", "growth16": "dense"}  # what their budgets compare them with: measured in turn with them
TIMEOUT_S = 120  # of a peer
SLOW_S = 20  # what imaptap takes longer for is not run five times either


class Programs:
    """How each program is run on a capture."""

    def __init__(self, tools, imaptap):
        self.tools, self.imaptap = tools, imaptap

    def command(self, name, capture, database):
        return {
            "empty loop": [os.path.join(self.tools, "empty_loop"), capture],
            "imaptap": [self.imaptap, "read", "--no-hash", "-q", "-d", database, capture],
            "imaptap+sha256": [self.imaptap, "read", "-q", "-d", database, capture],
            "openssl": ["openssl", "dgst", "-sha256", capture],
            "libnids loop": [os.path.join(self.tools, "nids_loop"), capture],
            "dsniff": ["dsniff", "-n", "-p", capture],
            "ndpiReader": ["ndpiReader", "-q", "-i", capture],
            "tshark": ["tshark", "-q", "-n", "-r", capture, "-z", "credentials"],
        }[name]

    def names(self, wanted):
        every = ["empty loop", "imaptap", "imaptap+sha256", "openssl", "libnids loop", "dsniff", "ndpiReader", "tshark"]
        return [name for name in every if (not wanted or name in wanted) and self.is_there(name)]

    def is_there(self, name):
        program = self.command(name, "", "")[0]
        if shutil.which(program):
            return True
        print(f"bench: {program} is not installed: left out", file=sys.stderr)
        return False


# --- running a program ---

def children_of(pid):
    children = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                children += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return children


def memory_of(pid):
    """PSS of the process and all its descendants, in octets: pages that they share count once."""
    total, waiting = 0, [pid]
    while waiting:
        pid = waiting.pop()
        waiting += children_of(pid)
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            pass  # it has just ended
    return total


def run(command, sample_s=None, timeout_s=TIMEOUT_S):
    """Runs it with its output thrown away. Returns its times in seconds, and its peak memory when that is sampled."""
    nothing = os.open("/dev/null", os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, descriptor) for descriptor in range(3)]
    begin = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setpgroup=0)
    peak, over = 0, False
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG if sample_s else 0)
        if done:
            break
        peak = max(peak, memory_of(pid))
        if time.perf_counter() - begin > timeout_s and not over:
            over = True
            os.killpg(pid, signal.SIGKILL)
        time.sleep(sample_s)
    wall = time.perf_counter() - begin
    os.close(nothing)
    return {"wall": wall, "user": usage.ru_utime, "system": usage.ru_stime, "peak": peak, "over": over,
            "status": os.waitstatus_to_exitcode(status)}


# --- captures and their truth ---

def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


def capture_of(options, name):
    """Makes the capture unless it is there; a changed generator makes a new one. Returns the paths of it and its truth."""
    workload, scale, _ = WORKLOADS[name]
    generator = os.path.join(options.tools, "bench_generate")
    stem = os.path.join(options.cache, f"{workload}-{scale * options.scale:g}-{options.seed}-{digest_of(generator)}")
    if not os.path.exists(stem + ".truth"):
        print(f"bench: makes {stem}.pcap", file=sys.stderr)
        subprocess.run([generator, workload, stem + ".part", stem + ".part.truth", "--scale", str(scale * options.scale),
                        "--seed", str(options.seed)], check=True)
        os.rename(stem + ".part", stem + ".pcap")
        os.rename(stem + ".part.truth", stem + ".truth")
    return stem + ".pcap", stem + ".truth"


def read_truth(text):
    return dict(line.split(" ", 1) for line in text.splitlines())


def check_rows(options, database, truth):
    """What is wrong with the database; None: it equals the truth."""
    found = subprocess.run([os.path.join(options.tools, "bench_rows"), database], capture_output=True, check=False)
    if found.returncode != 0:
        return found.stderr.decode().strip()
    found = read_truth(found.stdout.decode())
    wrong = [f"{key} {found[key]} instead of {truth[key]}" for key in found if found[key] != truth[key]]
    return "; ".join(wrong) or None


# --- measuring ---

class Measurement:
    """All runs of all programs on one workload."""

    def __init__(self, options, name, programs):
        self.options, self.name, self.programs = options, name, programs
        self.capture, truth_path = capture_of(options, name)
        with open(truth_path, encoding="ascii") as file:
            self.truth = read_truth(file.read())
        self.database = os.path.join(options.cache, f"bench-{os.getpid()}.db")
        self.runs = {}
        self.peaks = {}
        self.wrong = []
        self.beside = Measurement(options, BESIDE[name], programs) if name in BESIDE else None
        self.beside_seconds = []

    def names(self):
        names = self.programs.names(self.options.program)
        return names if self.name not in PEERS_LEAVE_OUT else [n for n in names if n in ("empty loop", *IMAPTAPS)]

    def once(self, program, sample_s=None):
        for suffix in "", "-journal", "-wal", "-shm":
            if os.path.exists(self.database + suffix):
                os.unlink(self.database + suffix)
        os.sync()  # what an earlier run left to be written would slow this one down
        timeout_s = 10 * TIMEOUT_S if program in IMAPTAPS else TIMEOUT_S
        result = run(self.programs.command(program, self.capture, self.database), sample_s, timeout_s)
        if program in ("empty loop", *IMAPTAPS) and result["status"] != 0:
            self.wrong.append(f"{program} ended with status {result['status']}")
        if program in IMAPTAPS:
            wrong = check_rows(self.options, self.database, self.truth)
            if wrong:
                self.wrong.append(wrong)
        return result

    def warm_up(self, program):
        result = self.once(program, 0.002)
        self.peaks[program] = result["peak"]
        # what is slow runs but once: sampling its memory does not slow it to speak of
        slow = program != "empty loop" and result["wall"] > (SLOW_S if program in IMAPTAPS else self.options.slow)
        self.runs[program] = [result] if slow else []
        return slow

    def measure(self):
        fast = [program for program in self.names() if not self.warm_up(program)]
        for number in range(self.options.runs):
            for program in fast:
                self.runs[program].append(self.once(program))
            if self.beside and "imaptap" in fast:
                self.beside_seconds.append(self.beside.once("imaptap")["wall"])
            print(f"bench: {self.name}: run {number + 1} of {self.options.runs}", file=sys.stderr)
        for suffix in "", "-journal":
            if os.path.exists(self.database + suffix):
                os.unlink(self.database + suffix)
        return self.summary()

    def summary(self):
        empty = statistics.median(r["wall"] for r in self.runs["empty loop"]) if "empty loop" in self.runs else None
        programs = {}
        for program, runs in self.runs.items():
            seconds = [r["wall"] for r in runs]
            programs[program] = {
                "runs": len(runs), "median": statistics.median(seconds), "min": min(seconds), "max": max(seconds),
                "cpu": statistics.median(r["user"] + r["system"] for r in runs),
                "ratio": statistics.median(seconds) / empty if empty else None,
                "peak": self.peaks[program], "over": any(r["over"] for r in runs), "seconds": seconds,
            }
        beside = None
        if self.beside_seconds:
            self.wrong += self.beside.wrong
            beside = {"workload": self.beside.name, "frames": int(self.beside.truth["frames"]),
                      "median": statistics.median(self.beside_seconds), "seconds": self.beside_seconds}
        return {"what": WORKLOADS[self.name][2], "octets": os.path.getsize(self.capture),
                "frames": int(self.truth["frames"]), "logins": int(self.truth["logins"]),
                "programs": programs, "beside": beside, "rows_equal_truth": not self.wrong if any(program in self.runs for program in IMAPTAPS) else None,
                "wrong": self.wrong}


# --- the machine and the versions ---

def first_line(command, words=None):
    try:
        text = subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")
        return " ".join(text.splitlines()[0].split()[:words])
    except (OSError, IndexError):
        return "not installed"


def package_version(package):
    return first_line(["dpkg-query", "-W", "-f=${Version}\n", package])


def surroundings(options):
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    packages = ["libpcap0.8", "libnids1.21", "libsqlite3-0", "dsniff", "libndpi-bin", "tshark"]
    return {
        "date": time.strftime("%Y-%m-%d"), "machine": f"{os.cpu_count()} x {models[0] if models else 'unknown'}",
        "kernel": os.uname().release, "seed": options.seed, "scale": options.scale, "runs": options.runs,
        "imaptap": first_line([options.imaptap, "--version"]),
        "packages": {package: package_version(package) for package in packages},
    }


def parse():
    cache = os.path.join(os.environ.get("TMPDIR", "/tmp"), "imaptap-bench")
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--workload", action="append", choices=WORKLOADS, help="only this one (may be given again)")
    parser.add_argument("--program", action="append", help="only this one (may be given again): empty loop, imaptap "
                        "(with --no-hash), imaptap+sha256 (as it is), openssl (SHA-256 alone), libnids loop, dsniff, ndpiReader, tshark")
    parser.add_argument("--runs", type=int, default=9, help="timed runs of each (default 9)")
    parser.add_argument("--quick", action="store_true", help="three runs, without the two larger sizes of growth and without "
                        "peers; budgets that need them are not judged")
    parser.add_argument("--slow", type=float, default=5, help="a peer that takes longer, in seconds, runs once (default 5)")
    parser.add_argument("--scale", type=float, default=1, help="size of the captures (default 1)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", default=cache, help=f"where captures are kept and databases are made (default {cache})")
    parser.add_argument("--json", help="where the figures go (default: results.json in the cache)")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/performance.md has it")
    parser.add_argument("--from", dest="source", metavar="JSON", help="measure nothing, show the figures of this file")
    parser.add_argument("--tools", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--imaptap", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.runs = min(options.runs, 3)
        options.workload = options.workload or [name for name in WORKLOADS if not name.startswith("growth")]
        options.program = options.program or ["empty loop", *IMAPTAPS]
    return options


def measure_all(options):
    os.makedirs(options.cache, exist_ok=True)
    programs = Programs(options.tools, options.imaptap)
    results = surroundings(options)
    results["workloads"] = {}
    for name in WORKLOADS:
        if not options.workload or name in options.workload:
            results["workloads"][name] = Measurement(options, name, programs).measure()
    results["budgets"] = budgets.judge(results["workloads"])
    with open(options.json or os.path.join(options.cache, "results.json"), "w", encoding="ascii") as file:
        json.dump(results, file, indent=1)
    return results


def main():
    options = parse()
    if options.source:
        with open(options.source, encoding="ascii") as file:
            results = json.load(file)
    else:
        results = measure_all(options)
    print((tables.markdown if options.markdown else tables.text)(results))
    wrong = any(workload["wrong"] for workload in results["workloads"].values())
    return 0 if not wrong and all(budget["met"] for budget in results["budgets"]) else 1


if __name__ == "__main__":
    sys.exit(main())
