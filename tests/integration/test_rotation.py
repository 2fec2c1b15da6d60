"""read --follow behind real capturing programs, while a client logs in."""
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import unittest

import harness
import test_follow


class Server(threading.Thread):
    """As much of an IMAP server as a login needs."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection, connection.makefile("rwb") as talk:
            talk.write(b"* OK ready\r\n")
            talk.flush()
            for line in talk:
                tag, command = line.split()[:2]
                talk.write(tag + (b" BAD no" if b"*" in line else b" OK done") + b"\r\n")
                talk.flush()
                if command == b"LOGOUT":
                    return


CLIENT = r"""
import socket, sys, time
sys.path.insert(0, sys.argv[1])
import test_rotation
test_rotation.Server(1143)
for number in range(int(sys.argv[2])):
    connection = socket.create_connection(("127.0.0.1", 1143))
    talk = connection.makefile("rwb")
    talk.readline()
    time.sleep(float(sys.argv[3]))
    talk.write(b"a LOGIN user%d%s Sesam-1\r\n" % (number, b"*" if number % 2 else b""))
    talk.flush()
    talk.readline()
    print(number, time.time(), flush=True)
    talk.write(b"b LOGOUT\r\n")
    talk.flush()
    talk.readline()
    connection.close()
"""


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "a network namespace of its own needs root")
class Rotation(test_follow.Follow, harness.ImaptapTest):
    """A real capturing program on loopback in a network namespace of its own."""

    def capture(self, command, logins, pause, noise=":"):
        """Runs the capturing program, and logs in while it rotates; returns {number: latency in seconds}."""
        script = self.write("client.py", CLIENT.encode())
        here = os.path.dirname(os.path.abspath(__file__))
        # it captures once it has a file, and is ended when all that it captured was seen
        shell = (f"ip link set lo up; {command} >/dev/null 2>&1 & capture=$!;"
                 f" until [ -n \"$(ls {self.captures})\" ]; do sleep 0.1; done; {noise} &"
                 f" {sys.executable} {script} {here} {logins} {pause}; echo end; read -r _; kill -INT $capture; wait $capture")
        self.follow("--port", "1143")
        client = subprocess.Popen(["unshare", "-n", "sh", "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(client.kill)
        self.addCleanup(client.stdin.close)
        self.addCleanup(client.stdout.close)
        said, seen = {}, {}

        def listen():
            for line in client.stdout:
                if line == "end\n":
                    return
                number, when = line.split()
                said[int(number)] = float(when)

        listener = threading.Thread(target=listen)
        listener.start()
        while listener.is_alive() or (len(seen) < logins and time.time() < max(said.values(), default=0) + 30):
            for user in self.users():
                seen.setdefault(int(user.strip("user*")), time.time())
            time.sleep(0.05)
        time.sleep(1)  # what follows the last verdict is captured too
        client.communicate("\n", timeout=60)
        self.assertEqual(len(said), logins)
        self.assertEqual(sorted(seen), list(range(logins)))
        return {number: seen[number] - said[number] for number in seen}

    def check(self, latency, logins, least_files):
        out, _ = self.stop()
        self.assertIn(f"{logins} logins", out)
        self.assertEqual(self.users(), sorted(f"user{n}{'*' if n % 2 else ''}" for n in range(logins)))
        self.assertEqual(self.one("SELECT count(*) FROM logins WHERE result IS NULL"), 0)
        self.assertEqual(self.one("SELECT count(*) FROM connections WHERE midstream OR lost_octets > 0"), 0)
        self.assertGreaterEqual(self.one("SELECT count(*) FROM captures WHERE state = 'complete'"), least_files)
        self.assertLess(statistics.median(latency.values()), 2.0)
        self.assertLess(max(latency.values()), 10.0)  # a machine with much else to do

    def test_tcpdump_by_time(self):
        latency = self.capture(f"tcpdump -Z root -i lo -U -G 1 -w {self.captures}/%s.pcap port 1143", 12, 0.4)
        self.check(latency, 12, 4)
        across = ("SELECT count(*) FROM logins l JOIN connections c ON c.id = l.connection_id"
                  " WHERE l.capture_id <> c.capture_id")
        self.assertGreater(self.one(across), 0)
        found = self.users()
        # the same files afterwards, named in any order, and as a folder
        files = sorted(os.path.join(self.captures, name) for name in os.listdir(self.captures))
        for number, inputs in enumerate(([self.captures], files[::-1], files[1::2] + files[::2])):
            self.database = self.path(f"again-{number}.db")
            self.read("--port", "1143", *inputs)
            self.assertEqual(self.users(), found)
            self.assertGreater(self.one(across), 0)
            self.assertEqual(self.one("SELECT count(*) FROM connections WHERE midstream OR lost_octets > 0"), 0)

    def test_tcpdump_by_size_in_a_ring(self):
        noise = self.write("noise.py", b"import socket, time\n"
                           b"sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                           b"for i in range(300):\n"
                           b"    sender.sendto(bytes(30000), ('127.0.0.1', 9))\n"
                           b"    time.sleep(0.02)\n")  # a file is written again a second or two after it was full
        latency = self.capture(f"tcpdump -Z root -i lo -U -C 1 -W 3 -w {self.captures}/ring udp port 9 or port 1143",
                               12, 0.5, f"{sys.executable} {noise}")
        self.check(latency, 12, 6)
        self.assertEqual(len(os.listdir(self.captures)), 3)

    @unittest.skipUnless(shutil.which("dumpcap"), "needs dumpcap")
    def test_dumpcap_in_a_ring(self):
        latency = self.capture(f"dumpcap -q -i lo -f 'port 1143' -b packets:15 -b files:3 -w {self.captures}/c.pcapng",
                               12, 0.3)
        self.check(latency, 12, 5)


if __name__ == "__main__":
    harness.main()
