#!/usr/bin/python3
"""A small strict IMAP server on a real socket, for the tunnel samples: imap_server.py ADDRESS

Refuses an unquoted wildcard in a login (BAD), lets everybody else in; serves one client after the other.
"""
import socket
import sys


def answer(tag, command):
    name = command.split(" ", 1)[0].upper()
    if name == "LOGIN":
        quoted = '"' in command
        if not quoted and any(octet in command for octet in "*%"):
            return f"{tag} BAD Unexpected wildcard\r\n"
        return f"{tag} OK Logged in\r\n"
    if name == "LOGOUT":
        return f"* BYE See you\r\n{tag} OK Logged out\r\n"
    return f"{tag} OK Done\r\n"


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1] At the end of the tunnel\r\n")
        for line in lines:
            tag, _, command = line.decode().rstrip("\r\n").partition(" ")
            connection.sendall(answer(tag, command).encode())
            if command.upper() == "LOGOUT":
                return


def main(address):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, 143))
    listener.listen()
    while True:
        serve(listener.accept()[0])


if __name__ == "__main__":
    main(sys.argv[1])
