"""A client that writes an argument just as it is given."""
import socket
import time


def wait_for(address, port=143, seconds=15):
    """Waits until something greets at the address."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.create_connection((address, port), 2) as connection:
                if connection.recv(1):
                    return True
        except OSError:
            pass
        time.sleep(0.2)
    return False


def argument(value, form):
    """The pieces of an argument; before the second one the server must have asked for it."""
    octets = value.encode()
    if form == "bare":
        return [octets]
    if form == "quoted":
        return [b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"']
    if form == "unescaped":
        return [b'"' + octets + b'"']
    return [b"{%d}\r\n" % len(octets), octets]


def login(address, tag, user, user_form, password, password_form, seconds=8):
    """Logs in and out; the answers are for the capture."""
    pieces = [tag.encode() + b" LOGIN "]
    for index, (value, form) in enumerate([(user, user_form), (password, password_form)]):
        first, *rest = argument(value, form)
        pieces[-1] += (b" " if index else b"") + first
        pieces += rest
    pieces[-1] += b"\r\n"
    with socket.create_connection((address, 143), seconds) as connection:
        connection.settimeout(seconds)
        with connection.makefile("rb") as lines:
            try:
                lines.readline()
                for index, piece in enumerate(pieces):
                    connection.sendall(piece)
                    if index + 1 < len(pieces) and not _await(lines, b"+ ", b"+\r", tag.encode() + b" "):
                        return
                _await(lines, tag.encode() + b" ", b"* BAD", b"* BYE")
                connection.sendall(b"z LOGOUT\r\n")
                _await(lines, b"z ")
            except OSError:
                pass  # a silent server, or one that hangs up: the capture shows it


def _await(lines, *beginnings):
    """Reads to a line that begins so; False at the end, or where the command is over before its literals."""
    while line := lines.readline():
        if line.startswith(beginnings):
            return line.startswith(b"+") or len(beginnings) != 3 or beginnings[0] != b"+ "
    return False
