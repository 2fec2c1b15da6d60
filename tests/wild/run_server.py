"""Logs in to a server with every name and password, bare, quoted and as a literal, and with some names in quotes that lack their
backslash. usage: run_server.py SERVER

The tag says what was tried: u or p for user name or password, the value, and how it was written."""
import sys
import tempfile

import probes
import raw
import servers

# Names that need a backslash within quotes, written without it. Whether a server drops the odd backslash or keeps it, there is an
# account of the name that it then sees.
UNESCAPED = ("dquote", "backslash")


def main():
    name = sys.argv[1]
    number, start = servers.SERVERS[name]
    tries = probes.tries(name, number, None, 1, probes.LEGAL)
    for one in tries:
        if one.argument == "password":  # an account each
            one.user = "pw." + one.label
    start([(one.user, one.password) for one in tries], tempfile.mkdtemp(prefix="wild."))
    if not raw.wait_for(f"127.{number}.9.9"):
        sys.exit("does not greet")
    for one in tries:
        unescaped = ["unescaped"] if one.argument == "username" and one.label in UNESCAPED else []
        for form in ("bare", "quoted", "literal", *unescaped):
            forms = (form, "quoted") if one.argument == "username" else ("quoted", form)
            raw.login(one.address, f"{one.argument[0]}-{one.label}-{form}", one.user, forms[0], one.password, forms[1])


if __name__ == "__main__":
    main()
