#!/usr/bin/python3
"""latency.py [LOGINS]: how long after a verdict's packet a reader of the database sees the login.

imaplib logs in at Dovecot and hoodiecrow-imap, `imaptap live` watches the mirror of their switch, and a reader asks the database every
five milliseconds. The packet's time is the kernel's (time_ns + latency_ns of the row).
"""
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "integration", "live")]
import mail_network
import span

LOAD = os.path.join(HERE, "..", "..", "tools", "login_load.py")


def watch(folder, network, name, count, rate, options):
    """Returns the delays in milliseconds, and imaptap's own histogram of commits."""
    database, metrics = os.path.join(folder, name + ".db"), os.path.join(folder, name + ".prom")
    imaptap = subprocess.Popen([os.environ["IMAPTAP"], "live", "-q", "-i", "span0", "-d", database, "--metrics", metrics, *options],
                               stdout=subprocess.DEVNULL)
    connection = None
    try:
        while connection is None or connection.execute("SELECT count(*) FROM captures").fetchone() != (1,):
            time.sleep(0.1)
            if os.path.exists(database):
                try:
                    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
                    connection.execute("SELECT 1 FROM captures")
                except sqlite3.OperationalError:  # it is being made
                    connection = None
        load = subprocess.Popen(network.clients.command(
            sys.executable, LOAD, "--accounts", os.path.join(folder, "accounts.tsv"), "--server", mail_network.DOVECOT, "--server",
            mail_network.HOODIECROW, "--rate", str(rate), "--count", str(count)), stdout=subprocess.DEVNULL)
        delays, last = [], 0
        while len(delays) < count:
            rows = connection.execute("SELECT id, time_ns + latency_ns FROM logins WHERE id > ?", (last,)).fetchall()
            now = time.time_ns()
            for last, verdict_ns in rows:
                delays.append((now - verdict_ns) / 1e6)
            time.sleep(0.005)
            if load.poll() is not None and not rows and imaptap.poll() is not None:
                raise SystemExit("imaptap ended")
        load.wait()
        connection.close()
    finally:
        imaptap.send_signal(signal.SIGTERM)
        imaptap.wait(timeout=60)
    with open(metrics, encoding="ascii") as file:
        histogram = dict(line.rsplit(" ", 1) for line in file.read().splitlines() if line.startswith("imaptap_commit_latency_seconds"))
    return sorted(delays), histogram


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    lacking = mail_network.missing()
    if lacking:
        raise SystemExit("needs " + lacking)
    span.enter_namespace()
    span.run("ip", "link", "add", "span0", "type", "veth", "peer", "name", "wire0")
    for name in ("span0", "wire0"):
        span.run("ip", "link", "set", name, "up")
    with tempfile.TemporaryDirectory(prefix="imaptap-latency-") as folder:
        os.chmod(folder, 0o755)
        network = mail_network.MailNetwork(folder)
        try:
            print("| logins a second | `--flush` | least | median | 99% | most | commits' `sum / count` |")
            print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
            for rate, flush in ((1, 500), (20, 500), (20, 100), (20, 10)):
                some = count if rate > 1 else min(count, 40)
                delays, histogram = watch(folder, network, f"at-{rate}-{flush}", some, rate, ["--flush", str(flush)])
                sum_ms = 1000 * float(histogram["imaptap_commit_latency_seconds_sum"])
                commits = int(histogram["imaptap_commit_latency_seconds_count"])
                print(f"| {rate} | {flush} ms | {delays[0]:.0f} ms | {delays[len(delays) // 2]:.0f} ms | "
                      f"{delays[len(delays) * 99 // 100]:.0f} ms | {delays[-1]:.0f} ms | {sum_ms / commits:.0f} ms ({commits}) |", flush=True)
        finally:
            network.close()


if __name__ == "__main__":
    main()
