#!/usr/bin/python3
"""Searches files for passwords: find_secrets.py PASSWORDS FILE|FOLDER...   (or PASSWORDS --self-test)

A password is found as it is, in any case, escaped for a quoted string or for JSON or C, in any piece of eight octets, in
base64 at each of the three alignments (so also inside the base64 of something longer), in hexadecimal and in UTF-16.
Prints "file: what" for each file with a find; exits with 0 when something was found, 1 when not.
"""
import base64
import os
import subprocess
import sys
import tempfile

PIECE = 8


def base64_cores(secret):
    """The part of the base64 that depends on the secret alone, for each place at which it may begin within a group."""
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + secret).decode()
        first = (lead * 8 + 5) // 6  # characters that hold a bit of what stands before
        last = (lead + len(secret)) * 8 // 6  # characters that hold no bit of what comes after
        yield text[first:last].encode()


def patterns(passwords):
    """(octets to look for, what they are); the plain ones in small letters."""
    plain, exact = {}, {}
    for secret in passwords:
        octets = secret.encode()
        for begin in range(len(octets) - PIECE + 1):
            plain[octets[begin:begin + PIECE].lower()] = secret
        escaped = octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        plain[escaped.lower()] = secret
        plain[octets.hex().encode()] = secret + " in hexadecimal"
        plain[octets.hex(" ").encode()] = secret + " in hexadecimal"
        for core in base64_cores(octets):
            exact[core] = secret + " in base64"
    return plain, exact


class Searcher:
    """grep with all patterns at once."""

    def __init__(self, passwords):
        plain, exact = patterns(passwords)
        self.runs = []
        for what, options in ((plain, ["-i"]), (exact, [])):
            listed = tempfile.NamedTemporaryFile()
            listed.write(b"\n".join(what) + b"\n")
            listed.flush()
            self.runs.append((what, ["grep", "-a", "-o", "-m1", "-F", "-f", listed.name] + options, listed))

    def find(self, octets):
        """What of the passwords stands in the octets, or None. Without its NULs UTF-16 reads like ASCII."""
        octets = octets + b"\n" + octets.replace(b"\0", b"")
        for what, command, _ in self.runs:
            result = subprocess.run(command, input=octets, capture_output=True, env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
            if result.returncode > 1:
                raise SystemExit("find_secrets.py: " + result.stderr.decode())
            if result.stdout:
                match = result.stdout.splitlines()[0]
                return what.get(match) or what[match.lower()]
        return None


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in names)
        else:
            yield path


def self_test(passwords, searcher):
    """Each password is found in each form, planted among other octets, and an innocent file is not suspected."""
    for secret in passwords:
        octets = secret.encode()
        planted = [octets, octets.upper(), octets[:PIECE], octets[-PIECE:], octets.hex().encode(), secret.encode("utf-16-le"),
                   octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')]
        planted += [base64.b64encode(lead + octets + tail) for lead in (b"", b"\0user\0", b"x\0longer@example.org\0", b"ab")
                    for tail in (b"", b"\x01", b"\x01\x01")]
        for form in planted:
            if searcher.find(os.urandom(500) + b"\0" + form + b"\0" + os.urandom(500)) is None:
                raise SystemExit(f"find_secrets.py: cannot find {form!r}")
    innocent = b'a1 LOGIN star*user * BAD [SYNTAX] c2VjcmV0 "tulpen" Sesam Tulpe* Krokus% Logon failure: unknown user name\r\n' * 9
    if searcher.find(innocent) is not None:
        raise SystemExit("find_secrets.py: suspects an innocent file")
    print(f"the search finds {len(passwords)} passwords in {len(planted)} forms each")


def main(list_file, *arguments):
    with open(list_file, encoding="utf-8") as lines:
        passwords = lines.read().splitlines()
    if not passwords or min(map(len, passwords)) < PIECE:
        raise SystemExit(f"find_secrets.py: {list_file}: a password is shorter than {PIECE} octets")
    searcher = Searcher(passwords)
    if arguments == ("--self-test",):
        self_test(passwords, searcher)
        return 0
    found = 1
    for path in files(arguments):
        with open(path, "rb") as file:
            what = searcher.find(file.read())
        if what:
            print(f"{path}: {what}")
            found = 0
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
