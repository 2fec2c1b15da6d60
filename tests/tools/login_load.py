#!/usr/bin/python3
"""Logs in again and again with Python's imaplib, and prints what each login got: what an observer must have seen.

    login_load.py --accounts accounts.tsv --server 192.0.2.143 --server 192.0.2.144 --count 100 --rate 50

A line a login, with tabs between: the server, the client's port, the user name as the server should see it, how it was written
(`atom` or `quoted`), the verdict (OK, NO or BAD; `-` when the connection broke before), and the times, in seconds since 1970, when
the connection was begun and when the verdict was there. The servers take turns, as do the accounts (SAMPLE, USER and PASSWORD with
tabs between), the two ways, and a wrong password every fifth time. Ends by itself after --count logins, or with what is under way
at SIGTERM.
"""
import argparse
import imaplib
import re
import signal
import sys
import threading
import time


def log_in(server, user, password, form):
    """The client's port, the verdict, and when it was there."""
    port, verdict = 0, "-"
    mail = None
    try:
        mail = imaplib.IMAP4(server, timeout=20)
        port = mail.sock.getsockname()[1]
        mail.login(f'"{user}"' if form == "quoted" else user, password)
        verdict = "OK"
    except imaplib.IMAP4.abort:
        pass
    except imaplib.IMAP4.error as error:
        verdict = "BAD" if re.search(r"command error: BAD|^LOGIN BAD", str(error)) else "NO"
    except OSError:
        pass
    known = time.time()
    try:
        if mail is not None:
            mail.logout()
    except (imaplib.IMAP4.error, OSError):
        pass
    return port, verdict, known


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--accounts", required=True)
    parser.add_argument("--server", action="append", required=True)
    parser.add_argument("--count", type=int, default=sys.maxsize)
    parser.add_argument("--rate", type=float, default=1000, help="logins a second, at most")
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()

    with open(options.accounts, encoding="ascii") as file:
        accounts = [line.rstrip("\n").split("\t")[1:3] for line in file]
    stopping, lock = threading.Event(), threading.Lock()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    began, numbers = time.monotonic(), iter(range(options.count))

    def work():
        while not stopping.is_set():
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            if stopping.wait(max(0, began + number / options.rate - time.monotonic())):
                return
            turn, server = divmod(number, len(options.server))
            turn, account = divmod(turn, len(accounts))
            (user, password), form = accounts[account], ("atom", "quoted")[turn % 2]
            start = time.time()
            port, verdict, known = log_in(options.server[server], user, "wrong" if turn % 5 == 4 else password, form)
            with lock:
                print(options.server[server], port, user, form, verdict, f"{start:.6f}", f"{known:.6f}", sep="\t",
                      flush=True)

    threads = [threading.Thread(target=work) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():  # so that signals are heard
            thread.join(0.2)


if __name__ == "__main__":
    main()
