#!/usr/bin/env python3
"""Sends captures to a veth at growing rates and counts what `tcpdump -w /dev/null` and `imaptap live` drop of them.

The two listen in turn, never at once, with the same kernel filter and 64 MiB of buffer each. The sender (in whose time the kernel
copies each frame for the listener) has a processor of its own and the listener, with all its processes, has the others: else a
listener that works more would only make the sender slower. A rate is held for some seconds, since a buffer bridges shorter ones. Of
imaptap the logins are counted too: where it drops nothing, all must be in its database. scripts/compare-tcpdump builds and installs
what this needs.
"""
import argparse
import os
import re
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "integration", "live")]
import processes
import span

WORKLOADS = {  # name: (scale of the generator's workload, what it is)
    "dense": (0.2, "nothing but logins"),
    "mixed": (0.5, "3% IMAP among full-size segments of other traffic"),
}
RATES = (50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 400_000, 500_000, 0)  # frames a second; 0: as fast as it goes
BUFFER_MIB = 64
FILTER = "tcp port 143 or tcp port 993"
RUNS_AT_BEST = 3
PROCESSORS = sorted(os.sched_getaffinity(0))
SENDERS, LISTENERS = (PROCESSORS[:1], PROCESSORS[1:]) if len(PROCESSORS) > 1 else (PROCESSORS, PROCESSORS)


def only_at(processors, command):
    return ["taskset", "-c", ",".join(map(str, processors)), *command]


def count_frames(capture):
    frames, at = 0, 24
    with open(capture, "rb") as file:
        octets = memoryview(file.read())
    while at < len(octets):
        at += 16 + struct.unpack_from("<I", octets, at + 8)[0]
        frames += 1
    return frames


class Sender:
    def __init__(self, capture, seconds):
        self.capture, self.seconds, self.frames = capture, seconds, count_frames(capture)

    def send(self, rate):
        """Sends the capture, with other addresses each time, for the seconds asked for. Returns (passes, frames a second)."""
        passes = max(1, round((rate or max(RATES)) * self.seconds / self.frames))
        pace = ["--pps", str(rate)] if rate else ["--topspeed"]
        run = subprocess.run(only_at(SENDERS, ["tcpreplay", "-q", "-K", "--no-flow-stats", "--loop", str(passes), "--unique-ip", "-i",
                                               "wire0", *pace, self.capture]), check=True, capture_output=True, text=True)
        sent = int(re.search(r"Successful packets:\s+(\d+)", run.stdout)[1])
        if sent != passes * self.frames:
            raise SystemExit(f"tcpreplay sent {sent} of {passes * self.frames} frames\n{run.stdout}{run.stderr}")
        return passes, float(re.search(r"([\d.]+) pps", run.stdout)[1])


def run_tcpdump(sender, rate, folder):
    with open(os.path.join(folder, "tcpdump.err"), "w+", encoding="utf-8") as errors:
        tcpdump = subprocess.Popen(only_at(LISTENERS, ["tcpdump", "-n", "-i", "span0", "-B", str(BUFFER_MIB * 1024), "-w", "/dev/null",
                                                       FILTER]), stderr=errors)
        wait_until(lambda: "listening on" in said(errors))
        passes, pace = sender.send(rate)
        time.sleep(1)
        cpu = processes.cpu_seconds(tcpdump.pid)
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait()
        drops = int(re.search(r"(\d+) packets? dropped by kernel", said(errors))[1])
    return {"passes": passes, "pace": pace, "drops": drops, "cpu": cpu}


def run_imaptap(sender, rate, folder, workers):
    database = os.path.join(folder, "mail.db")
    imaptap = subprocess.Popen(only_at(LISTENERS, [os.environ["IMAPTAP"], "live", "-q", "-i", "span0", "-d", database, "--buffer",
                                                   str(BUFFER_MIB), "--workers", str(workers)]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: ask(database, "SELECT count(*) FROM captures") == (workers,))
        passes, pace = sender.send(rate)
        before = None
        while before != (before := ask(database, "SELECT count(*) FROM logins")):
            time.sleep(2)  # what waits in the buffer is read, and committed
        cpu = sum(processes.cpu_seconds(pid) for pids in processes.kinds(imaptap.pid).values() for pid in pids)
    finally:
        imaptap.send_signal(signal.SIGTERM)
        imaptap.wait(timeout=60)
    drops, interface, logins = ask(database, "SELECT sum(kernel_drops), sum(interface_drops), (SELECT count(*) FROM logins) FROM captures")
    os.remove(database)
    return {"passes": passes, "pace": pace, "drops": drops + interface, "cpu": cpu, "logins": logins}


def said(file):
    with open(file.name, encoding="utf-8") as again:
        return again.read()


def ask(database, sql):
    if not os.path.exists(database):
        return None
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()
    except sqlite3.OperationalError:  # it is being made
        return None
    finally:
        connection.close()


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("a program did not begin to listen")
        time.sleep(0.05)


def logins_of(capture, folder):
    database = os.path.join(folder, "read.db")
    subprocess.run([os.environ["IMAPTAP"], "read", "-q", "--no-hash", "-d", database, capture], check=True, stdout=subprocess.DEVNULL)
    logins, = ask(database, "SELECT count(*) FROM logins")
    os.remove(database)
    return logins


def compare(name, options, folder):
    scale, what = WORKLOADS[name]
    capture = os.path.join(folder, name + ".pcap")
    subprocess.run([os.path.join(options.tools, "bench_generate"), name, capture, os.path.join(folder, "truth"), "--scale", str(scale)],
                   check=True, stdout=subprocess.DEVNULL)
    sender, logins = Sender(capture, options.seconds), logins_of(capture, folder)
    print(f"\n{name}: {what}; {sender.frames:,} frames and {logins:,} logins a pass, {options.seconds} s a rate, {options.workers} worker(s)\n")
    print("| frames a second | sent to tcpdump | it dropped | CPU | sent to imaptap | it dropped | CPU | logins kept |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    best, good = None, True

    def row(rate):
        tcpdump = run_tcpdump(sender, rate, folder)
        imaptap = run_imaptap(sender, rate, folder, options.workers)
        share = imaptap["logins"] / (imaptap["passes"] * logins)
        print(f"| {f'{rate:,}' if rate else 'all it can'} | {tcpdump['pace']:,.0f}/s | {tcpdump['drops']:,} | {tcpdump['cpu']:.2f} s | "
              f"{imaptap['pace']:,.0f}/s | {imaptap['drops']:,} | {imaptap['cpu']:.2f} s | {share:.2%} |", flush=True)
        return tcpdump, imaptap, share

    for rate in options.rates:
        tcpdump, imaptap, share = row(rate)
        good = good and (imaptap["drops"] > 0 or share == 1)
        if tcpdump["drops"] == 0:
            best = rate
        if tcpdump["pace"] < 0.9 * rate:
            print(f"\nMore than {tcpdump['pace']:,.0f} a second cannot be sent here.")
            break
    if best is None:
        print("\ntcpdump drops at every rate.")
        return good
    print()
    runs = [row(best) for _ in range(RUNS_AT_BEST)]
    drops = [imaptap["drops"] for _, imaptap, _ in runs]
    print(f"\nThe highest rate at which tcpdump dropped nothing is the one asked for as {f'{best:,}' if best else 'all it can'}. There, in "
          f"{RUNS_AT_BEST} more runs, imaptap dropped {', '.join(f'{one:,}' for one in drops)} frames.")
    return good and statistics.median(drops) == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tools", required=True, help="the folder of bench_generate")
    parser.add_argument("--workload", action="append", choices=WORKLOADS)
    parser.add_argument("--seconds", type=float, default=8, help="how long a rate is held (8)")
    parser.add_argument("--workers", type=int, default=1, help="of imaptap (1)")
    parser.add_argument("--rates", type=lambda text: [int(word) for word in text.split(",")], default=RATES,
                        help="frames a second, with commas between; 0: as fast as it goes")
    options = parser.parse_args()
    lacking = [name for name in ("ip", "tcpreplay", "tcpdump", "taskset") if shutil.which(name) is None]
    if lacking:
        raise SystemExit("needs " + ", ".join(lacking))
    span.enter_namespace()
    span.run("ip", "link", "add", "span0", "mtu", "9000", "type", "veth", "peer", "name", "wire0", "mtu", "9000")
    for name in ("span0", "wire0"):
        span.run("ip", "link", "set", name, "up")
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory(prefix="imaptap-compare-") as folder:
        good = [compare(name, options, folder) for name in options.workload or WORKLOADS]
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
