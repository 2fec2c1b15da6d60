#!/usr/bin/python3
"""Searches files for passwords: find_secrets.py PASSWORDS FILE|FOLDER...   (or PASSWORDS --self-test)

A password is found as it is, in any case, escaped for a quoted string or for JSON or C, in any piece of eight octets, in
base64 at each of the three alignments (so also inside the base64 of something longer), in hexadecimal and in UTF-16.
Prints "file: what" for each file with a find; exits with 0 when something was found, 1 when not.
"""
import base64
import os
import re
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
        plain[octets.decode().encode("utf-16-le").lower()] = secret + " in UTF-16"
        for core in base64_cores(octets):
            exact[core] = secret + " in base64"
    return plain, exact


def compile_all(passwords):
    plain, exact = patterns(passwords)
    join = b"|".join
    return (plain, re.compile(join(map(re.escape, plain)))), (exact, re.compile(join(map(re.escape, exact))))


def search(octets, compiled):
    """What of the passwords stands in the octets, or None."""
    (plain, plain_search), (exact, exact_search) = compiled
    match = plain_search.search(octets.lower())
    if match:
        return plain[match[0]]
    match = exact_search.search(octets)
    return exact[match[0]] if match else None


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in names)
        else:
            yield path


def self_test(passwords, compiled):
    """Each password is found in each form, planted in a file among other octets, and an innocent file is not suspected."""
    for secret in passwords:
        octets = secret.encode()
        planted = [octets, octets.upper(), octets[:PIECE], octets[-PIECE:], octets.hex().encode(), secret.encode("utf-16-le"),
                   octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')]
        planted += [base64.b64encode(lead + octets + tail) for lead in (b"", b"\0user\0", b"x\0longer@example.org\0", b"ab")
                    for tail in (b"", b"\x01", b"\x01\x01")]
        for form in planted:
            with tempfile.NamedTemporaryFile() as file:
                file.write(os.urandom(500) + b"\0" + form + b"\0" + os.urandom(500))
                file.flush()
                with open(file.name, "rb") as planted_file:
                    if search(planted_file.read(), compiled) is None:
                        raise SystemExit(f"find_secrets.py: cannot find {form!r}")
    innocent = b'a1 LOGIN star*user * BAD [SYNTAX] c2VjcmV0 "tulpen" Sesam Tulpe* Krokus% Logon failure: unknown user name\r\n' * 9
    if search(innocent, compiled) is not None:
        raise SystemExit("find_secrets.py: suspects an innocent file")
    print(f"the search finds {len(passwords)} passwords in {len(planted)} forms each")


def main(list_file, *arguments):
    with open(list_file, encoding="utf-8") as lines:
        passwords = lines.read().splitlines()
    if not passwords or min(map(len, passwords)) < PIECE:
        raise SystemExit(f"find_secrets.py: {list_file}: a password is shorter than {PIECE} octets")
    compiled = compile_all(passwords)
    if arguments == ("--self-test",):
        self_test(passwords, compiled)
        return 0
    found = 1
    for path in files(arguments):
        with open(path, "rb") as file:
            what = search(file.read(), compiled)
        if what:
            print(f"{path}: {what}")
            found = 0
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
