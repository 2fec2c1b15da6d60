#!/usr/bin/python3
"""soak.py [MINUTES [SEED]]: a live capture under steady load with everything that can happen to it, and what came of that.

span0 mirrors the switch of a mail network: imaplib at Dovecot and hoodiecrow-imap. span1 gets generated captures, replayed one
after the other. Between a tenth and seven tenths of the time, analyzers are killed and interfaces go down and up, at random
moments; at four tenths the database's disk is full until imaptap notices, and twenty seconds more; all the time a reader holds long transactions.
At the end every login must be in the database with its verdict. One that is missing must lie in a hole that the table
`captures` shows: between the last frame of a row and the first of the next one of the same interface.
"""
import ctypes
import csv
import heapq
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "..", "..", "tools")
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "integration", "live")]
import mail_network
import processes
import span

CLONE_NEWNS = 0x20000
REAL_RATE = 5          # logins a second at real servers
PASS_CONNECTIONS = 200  # of a replayed capture
PASS_PPS = 1500
PASS_EVERY = 6         # seconds
DISK = 512             # MiB
FULL = 20              # seconds
NEAR = 5               # seconds: so far a login's moment may be from that of its packets
AROUND = 2             # seconds: so far around a hole a conversation may reach into it


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Load:
    """The traffic, and what it must yield: {key: (first, last moment)} with key = all that is known of a login."""

    def __init__(self, folder, network):
        self.folder, self.network, self.stopping = folder, network, threading.Event()
        self.expected = {}
        self.replayed = self.passes = 0
        self.threads = [threading.Thread(target=self._replay), threading.Thread(target=self._log_in)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        self.process.terminate()
        for thread in self.threads:
            thread.join()

    def _log_in(self):
        servers = [word for server in (mail_network.DOVECOT, mail_network.HOODIECROW) for word in ("--server", server)]
        self.process = subprocess.Popen(
            self.network.clients.command(sys.executable, os.path.join(TOOLS, "login_load.py"), "--accounts",
                                         os.path.join(self.folder, "accounts.tsv"), "--rate", str(REAL_RATE), *servers),
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            server, port, user, _, verdict, begun, known = line.rstrip("\n").split("\t")
            key = ("span0", mail_network.CLIENT, int(port), server, user, verdict)
            if verdict == "-":
                say("a client could not log in", line)
            while key in self.expected:  # a port that is used again
                key += ("again",)
            self.expected[key] = (float(begun), float(known))

    def _replay(self):
        capture, truth = os.path.join(self.folder, "pass.pcap"), os.path.join(self.folder, "pass.csv")
        while not self.stopping.is_set():
            self.passes += 1
            subprocess.run([sys.executable, os.path.join(TOOLS, "generate_imap.py"), "--connections", str(PASS_CONNECTIONS),
                            "--concurrent", "20", "--seed", str(self.passes), "--out", capture, "--truth", truth], check=True)
            begun = time.time()
            done = subprocess.run(["tcpreplay", "-q", "-K", "-T", "nano", "--pps", str(PASS_PPS), "--no-flow-stats", "-i", "wire1", capture],
                                  check=True, capture_output=True, text=True)
            ended = time.time()
            sent = int(re.search(r"Successful packets:\s+(\d+)", done.stdout)[1])
            self.replayed += sent
            with open(truth, encoding="ascii", newline="") as file:
                for row in csv.DictReader(list(file)[2:]):
                    moment = begun + (ended - begun) * int(row["frame"]) / sent
                    key = ("span1", row["client_ip"], int(row["client_port"]), row["server_ip"], row["username"],
                           None if row["result"] == "NULL" else row["result"])
                    while key in self.expected:
                        key += ("again",)
                    self.expected[key] = (moment, moment)
            self.stopping.wait(PASS_EVERY - (time.time() - begun))


class Reader:
    """Holds a transaction on the database for a quarter of a minute, and again."""

    def __init__(self, database):
        self.database, self.stopping, self.reads = database, threading.Event(), 0
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        while not self.stopping.is_set():
            connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)
            try:
                connection.execute("BEGIN")
                first = connection.execute("SELECT count(*) FROM findings").fetchone()
                self.stopping.wait(15)
                assert first == connection.execute("SELECT count(*) FROM findings").fetchone()
                self.reads += 1
            except sqlite3.OperationalError as error:  # a full disk has no room for a reader's shared memory either
                say("the reader:", error)
            finally:
                connection.close()
            self.stopping.wait(5)

    def stop(self):
        self.stopping.set()
        self.thread.join()


class Soak:
    def __init__(self, minutes, seed):
        self.seconds, self.random = int(minutes * 60), random.Random(seed)
        self.done = {"kills": 0, "flaps": 0}
        self.down = []  # interfaces
        self.samples = []

    def prepare(self, folder):
        self.folder, self.disk = folder, os.path.join(folder, "disk")
        self.database = os.path.join(self.disk, "mail.db")
        os.chmod(folder, 0o755)
        os.mkdir(self.disk)
        os.mkdir(os.path.join(folder, "metrics"))
        os.chmod(os.path.join(folder, "metrics"), 0o777)  # the recorder becomes nobody
        span.run("mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", self.disk)
        for number in range(2):
            span.run("ip", "link", "add", f"span{number}", "type", "veth", "peer", "name", f"wire{number}")
            for name in (f"span{number}", f"wire{number}"):
                span.run("ip", "link", "set", name, "up")

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.imaptap = subprocess.Popen([os.environ["IMAPTAP"], "live", "-i", "span0", "-i", "span1", "-d", self.database, "--metrics",
                                         os.path.join(self.folder, "metrics", "imaptap.prom")], stdout=subprocess.PIPE, stderr=self.log, text=True)
        while not os.path.exists(self.database) or self.ask("SELECT count(*) FROM captures") != [(2,)]:
            if self.imaptap.poll() is not None:
                raise SystemExit(self.said())
            time.sleep(0.1)

    def said(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            return file.read()

    def ask(self, sql):
        connection = sqlite3.connect(self.database, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:  # while it is being made
            return []
        finally:
            connection.close()

    # what happens

    def kill_analyzer(self):
        victims = processes.kinds(self.imaptap.pid)["analyzer"]
        if victims:
            os.kill(self.random.choice(victims), signal.SIGKILL)
            self.done["kills"] += 1

    def take_down(self):
        name = self.random.choice(("span0", "span1"))
        if name in self.down:
            return
        self.down.append(name)
        span.run("ip", "link", "set", name, "down")
        self.later(self.random.uniform(0.2, 3), self.bring_up)
        self.done["flaps"] += 1

    def bring_up(self):
        span.run("ip", "link", "set", self.down.pop(0), "up")

    def fill_disk(self):
        say("the disk is full")
        with open(os.path.join(self.disk, "filler"), "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass
        self.later(1, self.look_whether_full)

    def look_whether_full(self):
        """The journal has room for a while."""
        if "the disk is full" in self.said():
            say("imaptap has noticed")
            self.later(FULL, self.free_disk)
        else:
            self.later(1, self.look_whether_full)

    def free_disk(self):
        os.remove(os.path.join(self.disk, "filler"))
        say("the disk has room again")

    def later(self, seconds, what):
        heapq.heappush(self.events, (time.monotonic() - self.began + seconds, len(self.events), what))

    def plan(self):
        self.began, self.events = time.monotonic(), []
        self.later(0.4 * self.seconds, self.fill_disk)
        for number in range(max(4, self.seconds // 90)):
            what = self.kill_analyzer if number % 2 == 0 else self.take_down
            self.later(self.random.uniform(0.1, 0.7) * self.seconds, what)

    def sample(self, minute):
        found = processes.sample(self.imaptap.pid)
        self.samples.append((minute, found))
        say(f"minute {minute:g}:", "; ".join(f"{kind} RSS {rss} PSS {pss} anonymous {own} KiB, {fds} descriptors"
                                           for kind, (rss, pss, own, fds) in found.items()))

    def run(self):
        self.plan()
        next_sample, every = 0, min(60, self.seconds / 10)
        while (now := time.monotonic() - self.began) < self.seconds:
            if self.events and now >= self.events[0][0]:
                heapq.heappop(self.events)[2]()
            elif now >= next_sample and len(processes.kinds(self.imaptap.pid)["analyzer"]) == 1:
                self.sample(next_sample / 60)
                next_sample += every
            else:
                time.sleep(0.1)
            if self.imaptap.poll() is not None:
                raise SystemExit("imaptap ended\n" + self.said())

    def end(self):
        self.imaptap.send_signal(signal.SIGTERM)
        self.summary = self.imaptap.communicate(timeout=120)[0]
        return self.imaptap.returncode

    # what came of it

    def holes(self):
        """{interface: [(from, to)]} in seconds: what the table `captures` says was not seen."""
        rows = {}
        for source, first, last in self.ask("SELECT source, first_ns, last_ns FROM captures ORDER BY source, id"):
            rows.setdefault(source, []).append((first, last))
        holes = {}
        for source, spans in rows.items():
            spans = [one for one in spans if one[0] is not None]
            holes[source] = [(one[1] / 1e9, other[0] / 1e9) for one, other in zip(spans, spans[1:])]
        return holes

    def judge(self, expected):
        found = {}  # {what is known of a login: [its moments]}: a port may be used again
        for *row, time_ns in self.ask(
                "SELECT source, client_ip, client_port, server_ip, username, result, time_ns FROM logins "
                "JOIN connections ON connections.id = connection_id JOIN captures ON captures.id = logins.capture_id"):
            found.setdefault(tuple(row), []).append(time_ns / 1e9)
        missing = {}
        for key, (first, last) in expected.items():
            moments = found.get(key[:6], [])
            if not any(first - NEAR <= moment <= last + NEAR for moment in moments):
                missing[key] = (first, last)
        found = [moment for moments in found.values() for moment in moments]
        holes, unexplained = self.holes(), []
        inside = {(source, *hole): 0 for source, some in holes.items() for hole in some}
        for key, (first, last) in sorted(missing.items(), key=lambda one: one[1]):
            for hole in holes.get(key[0], []):
                if hole[0] - AROUND <= last and first <= hole[1] + AROUND:
                    inside[(key[0], *hole)] += 1
                    break
            else:
                unexplained.append((key, first))
        return found, missing, inside, unexplained


def is_steady(samples):
    """No process's own memory in the last quarter is above that of before, once the first two minutes are over."""
    samples = [found for minute, found in samples if minute >= 2] or [found for _, found in samples][1:]
    cut = len(samples) * 3 // 4
    steady = True
    for kind in ("recorder", "launcher", "analyzer"):
        for place, what, slack in ((2, "anonymous memory, KiB", 1024), (3, "descriptors", 0)):
            before, after = (max(one[kind][place] for one in some) for some in (samples[:cut], samples[cut:]))
            good = after <= before * (1.05 if slack else 1) + slack
            steady = steady and good
            say(f"{kind}: at most {before} {what}, in the last quarter {after}" + ("" if good else ": it grows"))
    return steady


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    lacking = mail_network.missing() + ("" if shutil.which("tcpreplay") else " tcpreplay")
    if lacking:
        raise SystemExit("needs " + lacking)
    span.enter_namespace()
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        raise SystemExit("needs a mount namespace")
    span.run("mount", "--make-rprivate", "/")
    say(f"{minutes:g} minutes, seed {seed}")
    with tempfile.TemporaryDirectory(prefix="imaptap-soak-") as folder:
        soak = Soak(minutes, seed)
        soak.prepare(folder)
        network = mail_network.MailNetwork(folder)
        try:
            soak.start()
            load, reader = Load(folder, network), Reader(soak.database)
            load.start()
            try:
                soak.run()
            finally:
                load.stop()
                reader.stop()
            time.sleep(1)
            status = soak.end()
            good = report(soak, load, reader, status)
        finally:
            if soak.imaptap.poll() is None:
                soak.imaptap.kill()
            network.close()
            subprocess.run(["umount", "-l", soak.disk], check=False)
    raise SystemExit(0 if good else 1)


def report(soak, load, reader, status):
    found, missing, inside, unexplained = soak.judge(load.expected)
    print(soak.said())
    print(soak.summary)
    drops, = soak.ask("SELECT sum(packets), sum(kernel_drops), sum(interface_drops), sum(lost_octets), count(*) FROM captures")
    say(f"status {status}; {soak.done['kills']} kills, {soak.done['flaps']} flaps, {reader.reads} long reads, "
        f"{load.passes} captures with {load.replayed} frames replayed")
    say("frames %d, dropped by the kernel %d, by the interface %d, octets lost %d, rows of captures %d" % drops)
    for (source, begin, end), count in inside.items():
        say(f"hole of {source} from {begin:.3f} for {end - begin:.3f} s: {count} logins")
    say(f"{len(load.expected)} logins, {len(found)} in the database, {len(missing)} missing or without their verdict, of these "
        f"{len(unexplained)} outside of holes")
    for key, moment in unexplained[:20]:
        say("missing:", key, moment)
    sound = soak.ask("PRAGMA integrity_check") == [("ok",)] and soak.ask("PRAGMA foreign_key_check") == []
    steady = is_steady(soak.samples)
    full = "can be written again" in soak.said()
    good = status == 0 and full and sound and steady and not unexplained and drops[1:3] == (0, 0)
    say("good" if good else "NOT good", "" if sound else "the database is damaged", "" if full else "the disk was never full")
    return good


if __name__ == "__main__":
    main()
