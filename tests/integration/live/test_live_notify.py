"""What a live capture passes on to others: alerts, figures for a monitor, and the supervisor."""
import fcntl
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import termios
import time

import span
import harness
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import test_schemas
from capture_maker import Conversation
from span import octets


def login(line="a1 LOGIN star*user Sesam-1", answer="BAD Unexpected char", **options):
    return Conversation(**options).open().login(line, answer).close()


class Alerts(span.LiveTest, harness.ImaptapTest):
    def alert(self, *arguments):
        self.start("--alert", "ndjson", *arguments)
        self.send(octets(login()))
        lines = [json.loads(self.process.stdout.readline())]  # as they happen, not at the end
        return {line["imaptap"]["rule"] if "imaptap" in line else line["rule"]["id"]: line for line in lines}

    def test_of_eve_come_as_they_are_committed(self):
        alerts = self.alert()
        self.assertEqual(set(alerts), {"unquoted-wildcard"})
        self.assertEqual(alerts["unquoted-wildcard"]["imaptap"]["username"], "star*user")
        self.assertEqual(self.one("SELECT count(*) FROM logins"), 1)
        test_schemas.Schemas.assert_valid(self, "eve", alerts.values())
        self.assertEqual(self.stop(), "")  # no other alert; the summary goes where the log goes
        self.assertIn("1 IMAP connection, 1 login: 1 refused", self.said())

    def test_of_a_login_that_broke_no_rule_do_not_come_though_it_was_exposed(self):
        self.start("--alert", "ndjson")
        self.send(octets(login("a1 LOGIN bob Sesam-1", "OK in")))
        self.wait_for_logins(1)
        self.assertEqual(self.one("SELECT exposure FROM logins"), "password")
        self.assertEqual(self.stop(), "")

    def test_of_ecs_come_too(self):
        alerts = self.alert("--schema", "ecs")
        test_schemas.Schemas.assert_valid(self, "ecs", alerts.values())
        self.assertEqual(alerts["unquoted-wildcard"]["event"]["outcome"], "failure")
        self.stop()

    def test_hold_no_octet_of_a_password(self):
        self.assertNotIn("Sesam", json.dumps(self.alert()))
        self.stop()

    def test_that_nobody_reads_do_not_hold_up_the_capture(self):
        self.start("--alert", "ndjson")
        self.process.stdout.close()
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.wait_for_words(r"\d+ alerts could not be sent")
        self.send(octets(login(client_port=40001)))
        self.wait_for_logins(2)
        self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout = open(os.devnull, "rb")

    def test_wait_for_a_slow_reader(self):
        self.start("--alert", "ndjson")
        frames = [frame for port in range(20000, 20150) for frame in octets(login(client_port=port))]
        self.send(frames)  # more than a pipe takes
        self.wait_for_logins(150)
        lines = [json.loads(self.process.stdout.readline()) for _ in range(150)]
        self.assertEqual(len({line["src_port"] for line in lines}), 150)
        self.stop()

    def test_that_a_reader_does_not_take_do_not_hold_up_the_end(self):
        self.start("--alert", "ndjson")
        self.send([frame for port in range(20000, 20150) for frame in octets(login(client_port=port))])
        self.wait_for_logins(150)
        self.process.terminate()
        self.process.wait(timeout=60)
        self.assertRegex(self.said(), r"\d+ alerts could not be sent: who reads them is gone, or too slow")
        self.assertEqual(self.process.returncode, 0)


class Syslog(span.LiveTest, harness.ImaptapTest):
    """/dev/log of a mount namespace of its own is the socket of the test."""

    def serve(self, name):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(self.path(name))
        server.settimeout(30)
        return server

    def start_with_syslog(self, name):
        script = f"touch /dev/log 2>/dev/null; mount --bind {self.path(name)} /dev/log && exec \"$@\""
        probe = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", "true"], capture_output=True)
        if probe.returncode != 0:
            self.skipTest("no mount namespace: " + probe.stderr.decode())
        self.errors = open(self.path("stderr"), "w+b")
        self.addCleanup(self.errors.close)
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script, "sh", harness.BINARY, "live", "-d", self.database, "-i", "span0",
             "--alert", "syslog"], stdout=subprocess.PIPE, stderr=self.errors)
        self.addCleanup(self.end)
        self.wait_until_open()

    def test_takes_findings_as_messages(self):
        server = self.serve("log")
        self.start_with_syslog("log")
        self.send(octets(login()))
        message = server.recv(4096).decode()
        self.stop()
        self.assertRegex(message, r"^<28>[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d imaptap\[\d+\]: finding "
                         r"rule=unquoted-wildcard severity=error "
                         r'argument=username octets="\*" user="star\*user" result=BAD client=\S+ client_port=40000 '
                         r"server=\S+ server_port=143 community_id=1:\S+ time=\S+Z$")

    def test_that_hangs_holds_nothing_up(self):
        server = self.serve("log")
        self.start_with_syslog("log")
        self.send([frame for port in range(20000, 20080) for frame in octets(login(client_port=port))])
        self.wait_for_logins(80)  # though nobody takes a message
        self.send(octets(login(client_port=30000)))
        self.wait_for_logins(81)
        messages = [server.recv(4096).decode() for _ in range(81)]  # now somebody does: none was lost
        self.assertEqual(len({re.search(r"client_port=(\d+)", text).group(1) for text in messages}), 81)
        self.stop()
        self.assertNotIn("could not be sent", self.said())

    def test_that_was_started_anew_is_found(self):
        server = self.serve("log")
        self.start_with_syslog("log")
        self.send(octets(login()))
        server.recv(4096)
        server.close()
        self.send(octets(login(client_port=40001)))
        self.wait_for_logins(2)
        server = self.serve("new-log")
        span.run("nsenter", "-t", str(self.process.pid), "-m", "mount", "--bind", self.path("new-log"), "/dev/log")
        self.send(octets(login(client_port=40002)))
        messages = [server.recv(4096).decode() for _ in range(2)]  # the one that waited, too
        self.assertIn("client_port=40001", messages[0])
        self.assertIn("client_port=40002", messages[-1])
        self.stop()


class Log(span.LiveTest, harness.ImaptapTest):
    def start_with_pipe(self):
        reader, writer = os.pipe()
        with open(self.path("stderr"), "wb"):
            pass
        self.process = subprocess.Popen([harness.BINARY, "live", "-d", self.database, "-i", "span0"],
                                        stdout=subprocess.PIPE, stderr=writer)
        os.close(writer)
        self.addCleanup(self.end)
        self.wait_until_open()
        return reader

    def test_that_nobody_takes_does_not_hold_up_the_capture(self):
        reader = self.start_with_pipe()
        self.wait_until_full(reader)
        self.send(octets(login()))
        self.wait_for_logins(1)
        text = os.read(reader, 1 << 20)
        self.process.send_signal(span.signal.SIGUSR1)
        while b"lines of this log were lost, since nobody took them" not in text:
            text += os.read(reader, 1 << 16)
        self.process.terminate()
        self.process.wait(timeout=60)
        os.close(reader)

    def wait_until_full(self, reader):
        """Asks for figures until no more of them fit."""
        before, same = -1, 0
        while True:
            now = int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, b"\0\0\0\0"), sys.byteorder)
            same = same + 1 if now == before else 0
            if same == 5 and now > 50000:  # not only since the process was not let run for a while
                return
            before = now
            for _ in range(20):
                self.process.send_signal(span.signal.SIGUSR1)
                time.sleep(0.01)

    def test_that_nobody_reads_does_not_end_the_capture(self):
        os.close(self.start_with_pipe())
        self.process.send_signal(span.signal.SIGUSR1)
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.process.terminate()
        self.assertEqual(self.process.wait(timeout=60), 0)


class Metrics(span.LiveTest, harness.ImaptapTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("collector"))
        self.metrics = self.path("collector", "imaptap.prom")

    def figures(self):
        with open(self.metrics, encoding="ascii") as file:
            return dict(line.rsplit(" ", 1) for line in file.read().splitlines() if not line.startswith("#"))

    def measure(self):
        self.start("--metrics", self.metrics)
        self.send(octets(login()))
        self.send(octets(login("a1 LOGIN bob Sesam-2", "OK in", client_port=40001)))
        self.wait_for_logins(2)
        self.wait_for(lambda: os.path.exists(self.metrics) and
                      self.figures().get('imaptap_logins_total{result="OK"}') == "1", "the figures")
        self.stop()
        return self.figures()

    def test_hold_what_was_seen(self):
        figures = self.measure()
        for name, value in (('imaptap_received_packets_total{interface="span0"}', "18"),
                            ('imaptap_kernel_dropped_packets_total{interface="span0"}', "0"),
                            ('imaptap_interface_dropped_packets_total{interface="span0"}', "0"),
                            ("imaptap_lost_bytes_total", "0"), ("imaptap_evicted_connections_total", "0"),
                            ("imaptap_open_connections", "0"),
                            ("imaptap_events_waiting", "0"), ("imaptap_events_lost_total", "0"),
                            ('imaptap_logins_total{result="BAD"}', "1"), ('imaptap_logins_total{result="OK"}', "1"),
                            ('imaptap_logins_total{result="NO"}', "0"),
                            ('imaptap_violations_total{rule="unquoted-wildcard"}', "1"),
                            ('imaptap_exposed_logins_total{exposure="password"}', "2"),
                            ('imaptap_exposed_logins_total{exposure="guessable"}', "0"),
                            ('imaptap_violations_total{rule="bad-tag"}', "0")):
            self.assertEqual(figures[name], value, name)
        last, = self.ask("SELECT max(last_ns) FROM captures")
        self.assertAlmostEqual(float(figures["imaptap_last_packet_timestamp_seconds"]), last[0] / 1e9, places=3)
        self.assertGreaterEqual(int(figures["imaptap_commit_latency_seconds_count"]), 1)
        self.assertEqual(figures['imaptap_commit_latency_seconds_bucket{le="+Inf"}'],
                         figures["imaptap_commit_latency_seconds_count"])
        self.assertTrue(any(name.startswith("imaptap_build_info{version=") for name in figures))
        self.assertEqual(os.listdir(self.path("collector")), ["imaptap.prom"])

    def test_count_what_waits_for_a_database_that_is_locked(self):
        self.start("--metrics", self.metrics)
        other = sqlite3.connect(self.database, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.send(octets(login()))
        self.wait_for(lambda: os.path.exists(self.metrics) and int(self.figures()["imaptap_events_waiting"]) > 0,
                      "events that wait")
        other.execute("COMMIT")
        self.wait_for(lambda: self.figures()["imaptap_events_waiting"] == "0", "their commit")
        self.stop()

    def test_satisfy_promtool(self):
        cache = os.environ.get("IMAPTAP_TEST_CACHE") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "imaptap-tests")
        promtool = shutil.which("promtool") or shutil.which("promtool", path=cache)
        if promtool is None:
            self.skipTest("needs promtool (Debian: prometheus), which scripts/test fetches")
        self.measure()
        with open(self.metrics, "rb") as file:
            check = subprocess.run([promtool, "check", "metrics"], stdin=file, capture_output=True, text=True)
        self.assertEqual((check.returncode, check.stdout + check.stderr), (0, ""))

    def test_name_no_user_and_no_address(self):
        self.measure()
        with open(self.metrics, encoding="ascii") as file:
            text = file.read()
        self.assertNotRegex(text, r"star\*|bob|\d+\.\d+\.\d+\.\d+|Sesam")
        self.assertLessEqual(set(re.findall(r"(\w+)=\"", text)),
                             {"interface", "result", "exposure", "rule", "le", "version", "libpcap", "sqlite"})

    def test_can_be_read_by_the_collector(self):
        self.measure()
        self.assertEqual(os.stat(self.metrics).st_mode & 0o777, 0o644)


class Supervisor(span.LiveTest, harness.ImaptapTest):
    """As systemd does: a socket that it is notified on, a watchdog, and the journal for standard error."""

    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path("notify"))
        self.socket.settimeout(30)
        self.addCleanup(self.socket.close)

    def start_supervised(self, **more):
        self.start(env=os.environ | {"NOTIFY_SOCKET": self.path("notify")} | more, wait=False)

    def wait_for_message(self, word):
        while True:
            message = self.socket.recv(4096).decode()
            if word in message:
                return message

    def test_is_notified_that_it_runs_and_how(self):
        self.start_supervised()
        self.wait_for_message("READY=1")
        self.wait_until_open()
        self.send(octets(login()))
        self.assertRegex(self.wait_for_message("1 login"), r"STATUS=.*1 login")
        self.process.terminate()
        self.wait_for_message("STOPPING=1")
        self.finish()

    def test_is_notified_again_and_again_that_it_is_alive(self):
        self.start_supervised(WATCHDOG_USEC="400000")
        for _ in range(4):
            self.wait_for_message("WATCHDOG=1")
        self.stop()

    def test_that_hangs_holds_nothing_up(self):
        self.start_supervised(WATCHDOG_USEC="20000")  # a hundred times a second, and nobody takes it
        self.wait_until_open()
        self.wait_for(self.is_full, "a full socket")
        self.send(octets(login()))
        self.wait_for_logins(1)
        self.stop()

    def is_full(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.connect(self.path("notify"))
            other.setblocking(False)
            try:
                other.send(b"X=1")
            except BlockingIOError:
                return True
        return False

    def test_gets_priorities_with_what_is_said(self):
        script = "import os, sys; s = os.fstat(2); os.environ['JOURNAL_STREAM'] = f'{s.st_dev}:{s.st_ino}'; " \
                 "os.execv(sys.argv[1], sys.argv[1:])"
        self.errors = open(self.path("stderr"), "w+b")
        self.addCleanup(self.errors.close)
        self.process = subprocess.Popen([sys.executable, "-c", script, harness.BINARY, "live", "-d", self.database,
                                         "-i", "span0", "-i", "span9"], stdout=subprocess.PIPE, stderr=self.errors)
        self.addCleanup(self.end)
        self.wait_for_words("span9")
        self.stop()
        for line in self.said().splitlines():
            self.assertRegex(line, r"^<[3-6]>imaptap: ")

    def test_of_no_kind_sees_no_priorities(self):
        self.start()
        self.stop()
        self.assertNotRegex(self.said(), r"<\d>")


if __name__ == "__main__":
    span.main()
