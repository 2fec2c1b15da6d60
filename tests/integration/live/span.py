"""A network namespace with a span port, and imaptap watching it; what the tests of live captures share.

Nothing leaves the namespace. `span0` is the port that imaptap watches, `wire0` its other end: what is sent there
arrives. A second pair is made on demand.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

CLONE_NEWNET = 0x40000000


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=60)


def enter_namespace():
    """Moves this process, and all that it starts, into a network namespace of its own; or skips the test."""
    if shutil.which("ip") is None:
        raise unittest.SkipTest("needs ip (Debian: iproute2)")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise unittest.SkipTest(f"needs root for a network namespace: {os.strerror(ctypes.get_errno())}")
    for setting in ("all", "default"):  # nobody speaks but the test
        path = f"/proc/sys/net/ipv6/conf/{setting}/disable_ipv6"
        if os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write("1")
    run("ip", "link", "set", "lo", "up")


class LiveTest(harness.ImaptapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        enter_namespace()

    def setUp(self):
        super().setUp()
        self.process = None
        self.earlier = 0  # the last capture of the processes before the present one
        self.add_pair(0)

    def add_pair(self, number):
        run("ip", "link", "add", f"span{number}", "type", "veth", "peer", "name", f"wire{number}")
        self.addCleanup(subprocess.run, ["ip", "link", "del", f"wire{number}"], capture_output=True)
        self.up(f"span{number}", f"wire{number}")

    def up(self, *names):
        for name in names:
            run("ip", "link", "set", name, "up")

    # the process

    def start(self, *arguments, interfaces=("span0",), wait=True, **options):
        named = [word for name in interfaces for word in ("-i", name)]
        self.earlier = (self.query("SELECT coalesce(max(id), 0) FROM captures") or [(0,)])[0][0]
        self.errors = open(self.path("stderr"), "w+b")
        self.addCleanup(self.errors.close)
        self.process = subprocess.Popen([harness.BINARY, "live", "-d", self.database, *named, *arguments],
                                        stdout=subprocess.PIPE, stderr=self.errors, cwd=self.folder, **options)
        self.addCleanup(self.end)
        if wait:
            self.wait_until_open(len(interfaces))

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.stdout.close()
        self.process.wait()

    def wait_for(self, condition, what="it"):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited too long for {what}\n{self.said()}")
            self.assertIsNone(self.process.poll(), f"it ended\n{self.said()}")
            self.assertNotIn("which its sandbox denies", self.said())
            time.sleep(0.05)

    def wait_until_open(self, count=1):
        """A row of a process that was killed says "running" too, until the next one looks."""
        self.wait_for(lambda: self.query("SELECT count(*) FROM captures WHERE state = 'running' AND "
                                         f"id > {self.earlier}") == [(count,)], "the interfaces")

    def wait_for_frames(self, count):
        """Until the analyzer has reported that it has read so many."""
        def are_read():
            self.process.send_signal(signal.SIGUSR1)
            return re.search(rf"span0: open; {count} frames", self.said())

        self.wait_for(are_read, f"{count} frames")

    def wait_for_a_login_of(self, frames_of):
        """Sends a login, each time from another port, until one more is kept: by then the interface is read. (That a row of
        `captures` is running does not show it: it can be that of an analyzer which has just died.)"""
        before = self.query("SELECT count(*) FROM logins")
        ports = iter(range(41000, 60000))

        def is_kept():
            self.send(frames_of(client_port=next(ports)))
            time.sleep(0.2)
            return self.query("SELECT count(*) FROM logins") > before

        self.wait_for(is_kept, "a login")

    def wait_for_logins(self, count):
        self.wait_for(lambda: self.query("SELECT count(*) FROM logins") == [(count,)], f"{count} logins")

    def wait_for_words(self, pattern):
        self.wait_for(lambda: re.search(pattern, self.said()), pattern)

    def query(self, sql):
        """The rows, or [] while there is no database yet."""
        try:
            return self.ask(sql) if os.path.exists(self.database) else []
        except Exception as error:  # while it is being made
            if "no such table" in str(error) or "locked" in str(error):
                return []
            raise

    def said(self):
        with open(self.path("stderr"), "rb") as file:
            return file.read().decode()

    def stop(self, status=0, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.finish(status)

    def finish(self, status=0):
        out = self.process.stdout.read().decode()
        self.process.wait(timeout=60)
        self.check_clean(self.said().encode())
        self.assertEqual(self.process.returncode, status, out + self.said())
        return out

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]

    def launcher(self):
        return self.children(self.process.pid)[0]

    def analyzers(self):
        return self.children(self.launcher())

    # the wire

    def send(self, frames, number=0):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with wire:
            wire.bind((f"wire{number}", 0))
            for frame in frames:
                wire.send(frame)


def octets(conversation):
    """The frames of a conversation, or of a list of them, without their times."""
    return [frame for _, frame in conversation.frames]


def main():
    harness.main()
