"""An IMAP server that accepts every login, whatever it looks like, and says in its greeting which try it is."""
import json
import re
import socket
import threading

OFFERS = {
    "nothing": "IMAP4rev1",
    "LITERAL+": "IMAP4rev1 LITERAL+",
    "SASL": "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN AUTH=LOGIN",
}

# What is sent before a command's tagged OK; a few clients give up without it.
UNTAGGED = {
    b"LIST": [b'* LIST (\\HasNoChildren) "/" INBOX'],
    b"LSUB": [b'* LSUB (\\HasNoChildren) "/" INBOX'],
    b"SELECT": [b"* FLAGS (\\Seen \\Deleted)", b"* 0 EXISTS", b"* 0 RECENT", b"* OK [UIDVALIDITY 1] valid",
                b"* OK [UIDNEXT 1] next", b"* OK [PERMANENTFLAGS (\\Seen \\Deleted)] kept"],
    b"STATUS": [b"* STATUS INBOX (MESSAGES 0 RECENT 0 UIDNEXT 1 UIDVALIDITY 1 UNSEEN 0)"],
    b"SEARCH": [b"* SEARCH"],
    b"LOGOUT": [b"* BYE done"],
}
UNTAGGED[b"EXAMINE"] = UNTAGGED[b"SELECT"]

CHALLENGES = {b"PLAIN": [b""], b"LOGIN": [b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6"]}


class ScriptedServer:
    """Listens on every loopback address; `by_address` maps an address to its try. `answered` holds the addresses whose
    login has been answered."""

    def __init__(self, by_address, port=143):
        self.by_address = by_address
        self.answered = set()
        listener = socket.create_server(("0.0.0.0", port), backlog=64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        address = connection.getsockname()[0]
        one = self.by_address.get(address)
        if one is None:
            connection.close()
            return
        connection.settimeout(30)
        try:
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream, one, address)
        except OSError:
            pass  # the client is gone, or was stopped

    def _talk(self, stream, one, address):
        def say(*lines):
            stream.write(b"".join(line + b"\r\n" for line in lines))
            stream.flush()

        capabilities = OFFERS[one.offer].encode()
        which = {"software": one.software, "offer": one.leg, "argument": one.argument, "value": one.label}
        say(b"* OK wild " + json.dumps(which).encode() + b" ready")  # imapproxy crashes on a brace at the end
        while line := stream.readline():
            while literal := re.search(rb"\{(\d+)(\+?)\}\r?\n\Z", line):
                if not literal.group(2):
                    say(b"+ go on")
                stream.read(int(literal.group(1)))
                line = line[:literal.start()] + b"LITERAL" + stream.readline()
            words = line.split()
            if len(words) < 2:
                continue
            tag, command = words[0], words[1].upper()
            if command == b"UID" and len(words) > 2:
                command = words[2].upper()
            before = [b"* CAPABILITY " + capabilities] if command == b"CAPABILITY" else UNTAGGED.get(command, [])
            if command == b"AUTHENTICATE":
                challenges = CHALLENGES.get(words[2].upper() if len(words) > 2 else b"")
                if challenges is None:
                    say(tag + b" NO no such mechanism")
                    continue
                for challenge in challenges[len(words) - 3:]:
                    say(b"+ " + challenge)
                    stream.readline()
            say(*before, tag + b" OK done")
            if command in (b"LOGIN", b"AUTHENTICATE"):
                self.answered.add(address)
            if command == b"LOGOUT":
                break
