#!/usr/bin/python3
"""The clients of other-protocols, and a super-server for the one server that wants to be started for each connection.

other_protocols.py inetd ADDRESS PORT COMMAND...
other_protocols.py clients ADDRESS USER PASSWORD TEXT_FILE
"""
import ftplib
import io
import os
import poplib
import smtplib
import socket
import subprocess
import sys
import urllib.request
import warnings


def inetd(address, port, *command):
    listener = socket.create_server((address, int(port)))
    while True:
        connection, _ = listener.accept()
        subprocess.Popen(command, stdin=connection, stdout=connection, env={**os.environ, "POSTING_OK": ""})
        connection.close()


def pop3(server, user, password):
    mail = poplib.POP3(server)
    for attempt in ("LOGIN " + password, password):  # the wrong one reads like a tag and LOGIN
        try:
            mail.user(user)
            mail.pass_(attempt)
            break
        except poplib.error_proto:
            mail.quit()
            mail = poplib.POP3(server)
    mail.stat()
    mail.list()
    mail.retr(1)
    mail.quit()


def smtp(server, text):
    with smtplib.SMTP(server) as mail:
        mail.ehlo("client.example.com")
        mail.docmd("AUTH LOGIN")  # not offered: refused
        mail.docmd("HELP LOGIN me")
        mail.sendmail("a@example.com", ["nobody@example.com"], "Subject: log\n\n" + text)


def nntp(server, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nntplib
    with nntplib.NNTP(server) as news:
        news.group("local.logs")
        try:
            news.post(io.BytesIO(("From: a@example.com\nNewsgroups: local.logs\nSubject: log\n\n" + text).encode()))
            last = news.group("local.logs")[3]
            news.article(last)
        except nntplib.NNTPError as error:
            print("nntp:", error, file=sys.stderr)


def ftp(server, password, text):
    with ftplib.FTP(server) as files:
        try:
            files.login("bob", password)
        except ftplib.error_perm:
            files.close()
    with ftplib.FTP(server) as files:
        files.login("anonymous", password)
        files.cwd("pub")
        files.nlst()
        files.retrbinary("RETR log.txt", lambda octets: None)
        files.storbinary("STOR copy.txt", io.BytesIO(text.encode()))


def http(server, text):
    urllib.request.urlopen(f"http://{server}/log.txt", timeout=10).read()
    for path in ("/a1%20LOGIN%20bob", "/none"):
        try:
            urllib.request.urlopen(f"http://{server}{path}", timeout=10)
        except urllib.error.HTTPError:
            pass
    try:
        urllib.request.urlopen(f"http://{server}/log.txt", text.encode(), timeout=10)
    except urllib.error.HTTPError:
        pass


def clients(server, user, password, text_file):
    with open(text_file, encoding="utf-8") as file:
        text = file.read()
    pop3(server, user, password)
    smtp(server, text)
    nntp(server, text)
    ftp(server, password, text)
    http(server, text)


if __name__ == "__main__":
    {"inetd": inetd, "clients": clients}[sys.argv[1]](*sys.argv[2:])
