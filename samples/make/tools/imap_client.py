#!/usr/bin/python3
"""A raw IMAP client on a real socket: sends exactly the octets it is given, one script of steps a connection.

imap_client.py [--from ADDRESS[/PORT]] SERVER STEP...

A step is one of
  TEXT            sent as it stands; \\r \\n \\t \\" \\\\ and \\xNN are understood
  wait:TAG        reads until the tagged response of TAG
  wait:+          reads until a continuation request
  wait:*          reads until one untagged response (the greeting)
  wait:eof        reads until the server closes
  pause:SECONDS
What the server says is printed, so that a log shows the whole conversation.
"""
import re
import socket
import sys
import time


def unescape(text):
    """The octets of TEXT with its escapes resolved."""
    table = {"r": b"\r", "n": b"\n", "t": b"\t", '"': b'"', "\\": b"\\"}
    result = b""
    for part in re.split(r'(\\x[0-9A-Fa-f]{2}|\\[rnt"\\])', text):
        if part.startswith("\\x"):
            result += bytes([int(part[2:], 16)])
        elif part.startswith("\\") and len(part) == 2:
            result += table[part[1]]
        else:
            result += part.encode()
    return result


class Client:
    """One connection; lines are read with a time limit, so that a script cannot hang."""

    def __init__(self, server, port=143, source=None):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(20)
        if source:
            self.socket.bind(source)
        self.socket.connect((server, port))
        self.reader = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets)

    def wait(self, tag):
        """Reads lines until one begins with TAG and a space; returns that line."""
        while True:
            line = self.reader.readline()
            if not line:
                if tag == "eof":
                    return b""
                raise SystemExit(f"imap_client: the server closed before it answered {tag}")
            sys.stdout.write("S: " + line.decode("utf-8", "backslashreplace"))
            if line.startswith(tag.encode() + b" ") or (tag == "+" and line.startswith(b"+")):
                return line

    def close(self):
        self.reader.close()
        self.socket.close()


def main(arguments):
    source = None
    if arguments[0] == "--from":
        address, _, port = arguments[1].partition("/")
        source = (address, int(port or 0))
        arguments = arguments[2:]
    client = Client(arguments[0], source=source)
    for step in arguments[1:]:
        if step.startswith("wait:"):
            client.wait(step[5:])
        elif step.startswith("pause:"):
            time.sleep(float(step[6:]))
        else:
            octets = unescape(step)
            print("C:", octets)
            client.send(octets)
    client.close()


if __name__ == "__main__":
    main(sys.argv[1:])
